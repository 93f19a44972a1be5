"""A unit's own .xlsx as its parts: what is not touched stays as it is, and what nothing kept refers to does not travel.

Parts that are changed are trees; the others remain bytes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from io import BytesIO
from itertools import count
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from lxml import etree
from msgspec import Struct

from xmreport.workbooks.parsed import parsed

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
PROPERTIES = f"{_PACKAGE}/metadata/core-properties"
_RELATIONS, _TYPES = f"{_PACKAGE}/relationships", f"{_PACKAGE}/content-types"
_RELATIONS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
RELATION_ID = f"{{{RELATION}}}id"

_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPE_OF = {
    "officeDocument": f"{_OFFICE}.spreadsheetml.sheet.main+xml",
    "worksheet": f"{_OFFICE}.spreadsheetml.worksheet+xml",
    "styles": f"{_OFFICE}.spreadsheetml.styles+xml",
    "sharedStrings": f"{_OFFICE}.spreadsheetml.sharedStrings+xml",
    "comments": f"{_OFFICE}.spreadsheetml.comments+xml",
    "table": f"{_OFFICE}.spreadsheetml.table+xml",
    "drawing": f"{_OFFICE}.drawing+xml",
    "vmlDrawing": f"{_OFFICE}.vmlDrawing",
    "theme": f"{_OFFICE}.theme+xml",
    "custom-properties": f"{_OFFICE}.custom-properties+xml",
    "core-properties": "application/vnd.openxmlformats-package.core-properties+xml",
}
"""What a part is declared as: by what it serves for, whatever its file said. Pictures say it themselves."""
_KEPT = {
    "": {"officeDocument", "core-properties", "custom-properties"},
    "officeDocument": {"worksheet", "styles", "sharedStrings", "theme", "cellImage"},
    "worksheet": {"drawing", "table", "comments"},
    "drawing": {"image"},
    "theme": {"image"},
    "cellImage": {"image"},
}
"""Kind of part → the kinds of parts it may bring along: nothing that runs, fetches or points to another file."""

_IMAGES = {f"image/{kind}" for kind in ("png", "jpeg", "jpg", "gif", "bmp", "tiff", "x-emf", "x-wmf")}
"""Pictures that hold nothing but a picture."""
LARGEST_XML = 8 << 20
"""Bytes of the parts to be changed that are still worth loading; more is mostly empty cells with a border."""

Tree = Any  # lxml has no types


class Unmarkable(Exception):
    """The workbook is not written as one that can be marked in place."""


def named(name: str) -> str:
    """The tag of a worksheet's, workbook's or style sheet's element."""
    return f"{{{SHEET}}}{name}"


def number(element: Tree, attribute: str, default: int) -> int:
    """A whole number that an attribute holds.

    Raises:
        Unmarkable: it holds something else.
    """
    held = element.get(attribute)
    try:
        return default if held is None else int(held)
    except ValueError as error:
        raise Unmarkable(f"{attribute} is {held}") from error


class _Part(Struct):
    kind: str
    """The last word of the relation that leads here, such as worksheet."""
    name: str
    type: str
    content: bytes | Tree
    relations: dict[str, _Relation]


class _Relation(Struct, frozen=True):
    type: str
    """The whole of it: a relation is written as it was read."""
    part: str


class Package:
    """The parts that are kept, by name; the workbook's own is `book`.

    Raises:
        Unmarkable: a part that is needed is missing, or no XML.
    """

    def __init__(self, parts: Mapping[str, bytes]) -> None:
        self._held = {name.casefold(): (name, content) for name, content in parts.items()}
        self._defaults, self._types = self._declared()
        self._parts: dict[str, _Part] = {}
        self._loaded = 0
        self._root = self._kept_relations("", "")
        self.book = self.related("", "officeDocument") or ""
        if not self.book:
            raise Unmarkable("no workbook")

    def tree(self, name: str) -> Tree:
        """The part's tree, of which every change is packed."""
        part = self._parts[name]
        if isinstance(part.content, bytes):
            self._loaded += len(part.content)
            if self._loaded > LARGEST_XML:
                raise Unmarkable("too large")
            part.content = _parsed(part.content)
        return part.content

    def related(self, name: str, kind: str) -> str | None:
        """The first part of a kind that a part refers to."""
        return next((part for _, part in self.all_related(name, kind)), None)

    def all_related(self, name: str, kind: str) -> Iterator[tuple[str, str]]:
        """Relation id and part of every part of a kind that a part refers to."""
        relations = self._relations(name)
        return ((id_, each.part) for id_, each in relations.items() if self._parts[each.part].kind == kind)

    def add(self, beside: str, kind: str, pattern: str, content: bytes) -> tuple[str, str]:
        """A new part that another refers to: its relation's id and its name, the pattern with the first free number."""
        numbers = count(1) if "{}" in pattern else (1,)
        name = next((name for n in numbers if (name := pattern.format(n)).casefold() not in self._held), None)
        if name is None:
            raise Unmarkable(f"a part {pattern} that nothing refers to")
        self._held[name.casefold()] = (name, b"")
        self._parts[name] = _Part(kind, name, _TYPE_OF[kind], content, {})
        relations = self._relations(beside)
        id_ = next(id_ for n in count(1) if (id_ := f"rId{n}") not in relations)
        relations[id_] = _Relation(f"{RELATION}/{kind}", name)
        return id_, name

    def sever(self, name: str, id_: str) -> None:
        """A part refers to another no more; what nothing refers to is not packed."""
        self._relations(name).pop(id_)

    def packed(self) -> bytes:
        """The workbook's bytes, the same for the same parts."""
        target = BytesIO()
        parts = list(self._reached(""))
        with ZipFile(target, "w", ZIP_DEFLATED) as package:
            for name, content in [
                ("[Content_Types].xml", _types_of(parts)),
                ("_rels/.rels", _relations_of("", self._root)),
                *((part.name, _bytes(part.content)) for part in parts),
                *((_beside(part.name), _relations_of(part.name, part.relations)) for part in parts if part.relations),
            ]:
                entry = ZipInfo(name)
                entry.compress_type = ZIP_DEFLATED
                entry.create_system = 0
                package.writestr(entry, content)
        return target.getvalue()

    def _relations(self, name: str) -> dict[str, _Relation]:
        return self._parts[name].relations if name else self._root

    def _reached(self, name: str, seen: set[str] | None = None) -> Iterator[_Part]:
        seen = set() if seen is None else seen
        for relation in self._relations(name).values():
            if relation.part not in seen:
                seen.add(relation.part)
                yield self._parts[relation.part]
                yield from self._reached(relation.part, seen)

    def _declared(self) -> tuple[dict[str, str], dict[str, str]]:
        """Content types by extension and by part."""
        root = _parsed(self._held.get("[content_types].xml", ("", b""))[1])
        return (
            {each.get("Extension", "").casefold(): each.get("ContentType", "") for each in root.iter("{*}Default")},
            {
                each.get("PartName", "").lstrip("/").casefold(): each.get("ContentType", "")
                for each in root.iter("{*}Override")
            },
        )

    def _kept_relations(self, name: str, kind: str) -> dict[str, _Relation]:
        """What may stay of what a part refers to, and of what those refer to in turn."""
        folder = posixpath.dirname(name)
        _, xml = self._held.get(_beside(name).casefold(), ("", b""))
        found: dict[str, _Relation] = {}
        for relation in _parsed(xml).iter("{*}Relationship") if xml else ():
            type_ = relation.get("Type", "")
            their = type_.rpartition("/")[2]
            target = relation.get("Target", "").replace("\\", "/")
            path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/").casefold()
            if their not in _KEPT.get(kind, ()) or relation.get("TargetMode") == "External" or path not in self._held:
                continue
            part, content = self._held[path]
            declared = _TYPE_OF.get(their) or self._types.get(path) or self._defaults.get(path.rpartition(".")[2], "")
            if their == "image" and declared not in _IMAGES:
                continue
            found[relation.get("Id", "")] = _Relation(type_, part)
            if part in self._parts and self._parts[part].kind != their:
                raise Unmarkable(f"{part} is said to be two things")
            if part not in self._parts:
                self._parts[part] = _Part(their, part, declared, content, {})
                self._parts[part].relations = self._kept_relations(part, their)
        return found


def _parsed(xml: bytes) -> Tree:
    try:
        return parsed(xml)
    except ValueError as error:
        raise Unmarkable(str(error)) from error


def _bytes(content: bytes | Tree) -> bytes:
    if isinstance(content, bytes):
        return content
    xml: bytes = etree.tostring(content, encoding="UTF-8", xml_declaration=True, standalone=True)
    return xml


def _beside(name: str) -> str:
    """Where a part's relations are kept."""
    folder, file = posixpath.split(name)
    return posixpath.join(folder, "_rels", f"{file}.rels")


def _types_of(parts: list[_Part]) -> bytes:
    root = etree.Element(f"{{{_TYPES}}}Types", nsmap={None: _TYPES})
    for extension, type_ in (("rels", _RELATIONS_TYPE), ("xml", "application/xml")):
        etree.SubElement(root, f"{{{_TYPES}}}Default", Extension=extension, ContentType=type_)
    for part in parts:
        etree.SubElement(root, f"{{{_TYPES}}}Override", PartName=f"/{part.name}", ContentType=part.type)
    return _bytes(root)


def _relations_of(name: str, relations: dict[str, _Relation]) -> bytes:
    root = etree.Element(f"{{{_RELATIONS}}}Relationships", nsmap={None: _RELATIONS})
    for id_, relation in relations.items():
        target = posixpath.relpath(f"/{relation.part}", posixpath.join("/", posixpath.dirname(name)))
        etree.SubElement(root, f"{{{_RELATIONS}}}Relationship", Id=id_, Type=relation.type, Target=target)
    return _bytes(root)
