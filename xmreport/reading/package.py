"""The inside of an .xlsx beside its cells: which sheets there are, what is struck out, what mark it carries."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Self

from xmreport.reading.failure import ReadFailure
from xmreport.reading.markup import Attributes, Start, local, true, walk

MARK = "xmreport"
"""The custom document property that a blank form of ours carries."""


_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class SheetPart:
    name: str
    hidden: bool
    part: str


class Package:
    """The parts of an .xlsx by name. Names are compared as Excel compares them: without regard to case."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ReadFailure("压缩结构不完整或已损坏") from error
        self._names = {name.replace("\\", "/").lstrip("/").casefold(): name for name in self._zip.namelist()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __contains__(self, part: str) -> bool:
        return part.casefold() in self._names

    def get(self, part: str) -> bytes | None:
        return b"".join(self.pieces(part)) if part in self else None

    def pieces(self, part: str) -> Iterator[bytes]:
        """A part bit by bit: a sheet may be hundreds of megabytes."""
        try:
            with self._zip.open(self._names[part.casefold()]) as content:
                while piece := content.read(_PIECE):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise ReadFailure("压缩包内的文件已损坏") from error

    def whole(self, part: str, most: int) -> bytes:
        """A part whole, or nothing of one that is larger."""
        found: list[bytes] = []
        for piece in self.pieces(part):
            most -= len(piece)
            if most < 0:
                return b""
            found.append(piece)
        return b"".join(found)

    def worksheets(self) -> tuple[SheetPart, ...]:
        """The worksheets in the workbook's order; chart and macro sheets are no worksheets."""
        workbook = self._workbook()
        xml = self.get(workbook)
        if xml is None:
            raise ReadFailure("找不到工作簿的目录")
        targets = self._related(workbook, "/worksheet")
        found: list[SheetPart] = []

        def sheet(attributes: Attributes) -> None:
            part = targets.get(local(attributes, "id"))
            if part is not None:
                state = attributes.get("state", "visible")
                found.append(SheetPart(attributes.get("name", ""), state != "visible", part))

        walk(xml, {"sheet": sheet})
        return tuple(found)

    def styles(self) -> bytes | None:
        return self._related_part("/styles", "xl/styles.xml")

    def strings(self) -> bytes | None:
        return self._related_part("/sharedStrings", "xl/sharedStrings.xml")

    def mode_1904(self) -> bool:
        """Whether days are counted from 1904."""
        found: list[bool] = []

        def properties(attributes: Attributes) -> None:
            found.append(true(attributes.get("date1904")))

        walk(self.get(self._workbook()) or b"", {"workbookPr": properties})
        return any(found)

    def struck_styles(self) -> frozenset[str]:
        """The cell styles (their index as cells write it) whose font is struck out."""
        xml = self.styles()
        if xml is None or b"strike" not in xml:
            return frozenset()
        styles = _Styles()
        walk(xml, styles.starts)
        return frozenset(styles.struck)

    def blank_strings(self) -> frozenset[int]:
        """The shared strings that hold no text: cells that point at one are blank."""
        xml = self.strings()
        filled: set[int] = set()
        count = 0
        inside = False

        def string(_: Attributes) -> None:
            nonlocal count, inside
            count, inside = count + 1, False

        def enter(_: Attributes) -> None:
            nonlocal inside
            inside = True

        def text(text: str) -> None:
            if inside and text.strip():
                filled.add(count - 1)

        if xml is not None:
            walk(xml, {"si": string, "t": enter}, text)
        return frozenset(range(count)) - filled

    def mark(self) -> str | None:
        """The hidden version mark, where the file still carries it."""
        xml = self.get("docProps/custom.xml")
        if xml is None or MARK.encode() not in xml:
            return None
        name = ""
        found: list[str] = []

        def property_(attributes: Attributes) -> None:
            nonlocal name
            name = attributes.get("name", "")

        def text(text: str) -> None:
            if name == MARK:
                found.append(text)

        walk(xml, {"property": property_}, text)
        return "".join(found).strip() or None

    def _workbook(self) -> str:
        return next(iter(self._related("", "/officeDocument").values()), "xl/workbook.xml")

    def _related_part(self, kind: str, usual: str) -> bytes | None:
        return self.get(next(iter(self._related(self._workbook(), kind).values()), usual))

    def _related(self, part: str, kind: str) -> dict[str, str]:
        """Relation id → part, for the relations of one kind."""
        folder, name = posixpath.split(part)
        xml = self.get(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, str] = {}

        def relation(attributes: Attributes) -> None:
            if attributes.get("Type", "").endswith(kind) and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "").replace("\\", "/")
                path = posixpath.normpath(posixpath.join("/", folder, target))
                found[attributes.get("Id", "")] = path.lstrip("/")

        if xml is not None:
            walk(xml, {"Relationship": relation})
        return found


class _Styles:
    """Fonts and the cell formats that use them; fonts of other blocks (dxfs) are not cells' own."""

    def __init__(self) -> None:
        self.struck: list[str] = []
        self._block = ""
        self._fonts = self._formats = -1
        self._struck_fonts: set[str] = set()
        self.starts: dict[str, Start] = {
            "font": self._font,
            "strike": self._strike,
            "xf": self._format,
            **{name: partial(self._enter, name) for name in ("fonts", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs")},
        }

    def _enter(self, block: str, _: Attributes) -> None:
        self._block = block

    def _font(self, _: Attributes) -> None:
        if self._block == "fonts":
            self._fonts += 1

    def _strike(self, attributes: Attributes) -> None:
        if self._block == "fonts" and true(attributes.get("val", "1")):
            self._struck_fonts.add(str(self._fonts))

    def _format(self, attributes: Attributes) -> None:
        if self._block == "cellXfs":
            self._formats += 1
            if attributes.get("fontId", "0") in self._struck_fonts:
                self.struck.append(str(self._formats))
