"""What the small parts of an .xlsx say: its relations, its sheets, struck fonts, our own mark."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Concatenate, ParamSpec, TypeVar

from msgspec import Struct

from xmreport.reading.markup import Attributes, Start, local_id, true, walk

MARK = "xmreport"
"""The custom document property that a blank form of ours carries."""

_SMALL, _MOST = 16 << 10, 64
"""Bytes of a part whose meaning is kept, and how many are."""
Rest = ParamSpec("Rest")
Answer = TypeVar("Answer")


def _remembered(ask: Callable[Concatenate[bytes, Rest], Answer]) -> Callable[Concatenate[bytes, Rest], Answer]:
    """What one program writes into its small parts is the same in file after file: it is worked out once."""
    kept = lru_cache(_MOST)(ask)

    # What is asked beside the part is hashable, which a type cannot say here.
    def answer(xml: bytes, /, *args: Rest.args, **kwargs: Rest.kwargs) -> Answer:
        if len(xml) > _SMALL:
            return ask(xml, *args, **kwargs)
        return kept(xml, *args, **kwargs)  # type: ignore[arg-type]

    return answer


class Relation(Struct, frozen=True):
    id: str
    type: str
    part: str


@_remembered
def relations(xml: bytes, folder: str) -> tuple[Relation, ...]:
    """What a part in that folder points at inside the package."""
    found: list[Relation] = []

    def relation(attributes: Attributes) -> None:
        if attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "").replace("\\", "/")
            path = posixpath.normpath(posixpath.join("/", folder, target))
            found.append(Relation(attributes.get("Id", ""), attributes.get("Type", ""), path.lstrip("/")))

    walk(xml, {"Relationship": relation})
    return tuple(found)


class SheetEntry(Struct, frozen=True):
    name: str
    hidden: bool
    relation: str


@_remembered
def sheets(xml: bytes) -> tuple[SheetEntry, ...]:
    """The sheets of all kinds that a workbook part lists."""
    found: list[SheetEntry] = []

    def sheet(attributes: Attributes) -> None:
        hidden = attributes.get("state", "visible") != "visible"
        found.append(SheetEntry(attributes.get("name", ""), hidden, local_id(attributes)))

    walk(xml, {"sheet": sheet})
    return tuple(found)


def mode_1904(xml: bytes) -> bool:
    """Whether a workbook part counts days from 1904."""
    found: list[bool] = []

    def properties(attributes: Attributes) -> None:
        found.append(true(attributes.get("date1904")))

    walk(xml, {"workbookPr": properties})
    return any(found)


@_remembered
def mark(xml: bytes) -> str | None:
    """The hidden version mark among the custom properties."""
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


def blank_strings(xml: bytes) -> frozenset[int]:
    """The shared strings that hold no text: cells that point at one are blank."""
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

    walk(xml, {"si": string, "t": enter}, text)
    return frozenset(range(count)) - filled


@_remembered
def struck_styles(xml: bytes) -> frozenset[str]:
    """The cell styles (their index as cells write it) whose font is struck out."""
    styles = _Styles()
    walk(xml, styles.starts)
    return frozenset(styles.struck)


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
