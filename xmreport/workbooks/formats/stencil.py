"""A template's workbook as its XML says it: cells, their styles, and how its sheets are set up.

A general library for workbooks takes longer to import than all templates take to be read.
"""

from __future__ import annotations

import datetime as dt
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from msgspec import Struct

from xmreport.model.grid import Box, column_number
from xmreport.workbooks.parsed import parsed

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_TITLES = "_xlnm.Print_Titles"
_BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "mm-dd-yy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yy h:mm",
    37: "#,##0_);(#,##0)",
    38: "#,##0_);[Red](#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);[Red](#,##0.00)",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mmss.0",
    48: "##0.0E+0",
    49: "@",
}
"""Number formats that a file names by their number alone."""
_WORDS, _DATE = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.'), re.compile("[dmhysDMHYS]")
"""What a number format only says, and the letters of one that shows dates."""
_FIRST_DAY = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a cell has no zone
_ADDRESS = re.compile(r"([A-Z]+)(\d+)")
NOTHING = Element("nothing")
"""Stands for an element that a file does not have."""


class Style(Struct, frozen=True):
    """What a cell's format consists of, each as the file says it."""

    font: Element
    fill: Element
    border: Element
    alignment: Element
    number_format: str
    """'' where numbers show as they are."""


class StencilCell(Struct, frozen=True):
    text: str
    style: Style
    corner: Style
    """The style of the last cell of the block that this one begins; its own where it stands alone."""


class StencilSheet(Struct, frozen=True, dict=True):
    """One sheet. Rows and columns count from 1."""

    title: str
    root: Element
    """The part itself, for whoever asks how the sheet is set up."""
    cells: Mapping[tuple[int, int], StencilCell]
    """By row and column, without those that a merge covers."""
    merges: Sequence[Box]
    repeated: str
    """What repeats on every page: `'汇总表'!$4:$5,'汇总表'!$A:$D`."""
    plain: Style
    """How a cell looks that the file does not name."""

    def text(self, row: int, column: int) -> str:
        """What a cell says, '' where nothing."""
        cell = self.cells.get((row, column))
        return cell.text if cell else ""

    def cell(self, row: int, column: int) -> StencilCell:
        """A cell, whether the file names it or not."""
        return self.cells.get((row, column)) or StencilCell("", self.plain, self.plain)

    @cached_property
    def last_row(self) -> int:
        return max((row for row, _ in self.cells), default=1)

    @cached_property
    def last_column(self) -> int:
        return max((column for _, column in self.cells), default=1)

    @cached_property
    def heights(self) -> Mapping[int, float]:
        """Row → its points, where the file says so."""
        return {int(row.get("r", 0)): float(row.get("ht", 0)) for row in self.root.iterfind("{*}sheetData/{*}row")}

    def part(self, path: str) -> Element:
        """An element of the part, an empty one where it has none."""
        return child(self.root, path)


class Stencil(Struct, frozen=True):
    sheets: tuple[StencilSheet, ...]
    theme: bytes | None
    font: Element
    """The workbook's own font, in whose digits it counts column widths."""


def read_stencil(path: Path) -> Stencil:
    """The workbook at `path`.

    Raises:
        BadZipFile, KeyError, ValueError, IndexError, zlib.error: it is no workbook, or broken.
    """
    with ZipFile(path) as package:
        related = list(_related(package))
        parts = {kind: part for kind, _, part in related}
        named = {name: part for kind, name, part in related if kind == "worksheet"}
        styles = list(_styles(parsed(package.read(parts["styles"]))))
        strings = _strings(parsed(package.read(parts["sharedStrings"]))) if "sharedStrings" in parts else []
        sheets = tuple(
            _sheet(title, parsed(package.read(named[name])), styles, strings, repeated)
            for title, name, repeated in _titles(parsed(package.read(_WORKBOOK)))
            if name in named
        )
        return Stencil(sheets, package.read(parts["theme"]) if "theme" in parts else None, styles[0].font)


def child(element: Element, path: str) -> Element:
    """What lies below an element, an empty one where there is none."""
    found = element.find(_of_any_namespace(path))
    return NOTHING if found is None else found


@cache
def _of_any_namespace(path: str) -> str:
    return "/".join(f"{{*}}{name}" for name in path.split("/"))


def is_on(element: Element) -> bool:
    """Whether a switch is on: one that is there is, unless it says otherwise."""
    return element is not NOTHING and says_yes(element, "val", "1")


def says_yes(element: Element, name: str, unless_said: str = "0") -> bool:
    """Whether an attribute says yes."""
    return element.get(name, unless_said) in {"1", "true"}


def _related(package: ZipFile) -> Iterator[tuple[str, str, str]]:
    """What the workbook consists of: of which kind, under which name, in which part."""
    for each in parsed(package.read(_RELATIONS)):
        part = posixpath.normpath(posixpath.join("xl", each.get("Target", ""))).lstrip("/")
        yield each.get("Type", "").rpartition("/")[2], each.get("Id", ""), part


def _titles(book: Element) -> Iterator[tuple[str, str, str]]:
    """The title of each sheet, the name of its part, and what repeats on its pages."""
    repeated = {
        each.get("localSheetId"): each.text or ""
        for each in book.iterfind("{*}definedNames/{*}definedName")
        if each.get("name") == _TITLES
    }
    for at, sheet in enumerate(book.iterfind("{*}sheets/{*}sheet")):
        yield sheet.get("name", ""), sheet.get(_RELATION, ""), repeated.get(str(at), "")


def _styles(root: Element) -> Iterator[Style]:
    """Every style, by its number."""
    fonts, fills, borders = (list(child(root, name)) for name in ("fonts", "fills", "borders"))
    formats = {
        int(each.get("numFmtId", 0)): each.get("formatCode", "") for each in root.iterfind("{*}numFmts/{*}numFmt")
    }
    for each in child(root, "cellXfs"):
        number = int(each.get("numFmtId", 0))
        yield Style(
            fonts[int(each.get("fontId", 0))],
            fills[int(each.get("fillId", 0))],
            borders[int(each.get("borderId", 0))],
            child(each, "alignment"),
            formats.get(number, _BUILT_IN.get(number, "")),
        )


def _strings(root: Element) -> list[str]:
    return [_words(each) for each in root.iterfind("{*}si")]


def _words(element: Element) -> str:
    """Text with its runs put together; how it is pronounced is left out."""
    parts = [*element.iterfind("{*}t"), *element.iterfind("{*}r/{*}t")]
    return "".join(part.text or "" for part in parts)


def _sheet(title: str, root: Element, styles: Sequence[Style], strings: Sequence[str], repeated: str) -> StencilSheet:
    boxes = [_box(each.get("ref", "")) for each in root.iterfind("{*}mergeCells/{*}mergeCell")]
    said: dict[tuple[int, int], tuple[str, Style]] = {}
    row = 0
    for each in root.iterfind("{*}sheetData/{*}row"):
        row, column = int(each.get("r", row + 1)), 0
        for cell in each:
            row, column = place_of(cell.get("r", "")) if "r" in cell.attrib else (row, column + 1)
            style = styles[int(cell.get("s", 0))]
            said[row, column] = _text(cell, strings, style.number_format), style
    corners = {(box.top, box.left): said[box.bottom, box.right][1] for box in boxes if (box.bottom, box.right) in said}
    cells = {
        place: StencilCell(text, style, corners.get(place, style))
        for place, (text, style) in said.items()
        if not any(_covers(box, *place) for box in boxes)
    }
    return StencilSheet(title, root, cells, boxes, repeated, styles[0])


def _covers(box: Box, row: int, column: int) -> bool:
    """Whether a merge hides a cell: all but its first."""
    inside = box.top <= row <= box.bottom and box.left <= column <= box.right
    return inside and (row, column) != (box.top, box.left)


def _text(cell: Element, strings: Sequence[str], number_format: str) -> str:
    """What a cell says, as text."""
    said = {each.tag.rpartition("}")[2]: each for each in cell}
    kind, value = cell.get("t", "n"), said.get("v", NOTHING).text or ""
    if "f" in said:
        return f"={said['f'].text or ''}"
    if kind == "inlineStr":
        return _words(said.get("is", NOTHING))
    if not value:
        return ""
    if kind == "s":
        return strings[int(value)]
    if kind == "b":
        return str(bool(int(value)))
    if kind == "n":
        number = float(value) if re.search("[.eE]", value) else int(value)
        return str(_FIRST_DAY + dt.timedelta(number) if _DATE.search(_WORDS.sub("", number_format)) else number)
    return value


def place_of(address: str) -> tuple[int, int]:
    """Row and column of a cell: B7 is (7, 2)."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError(address)
    return int(match[2]), column_number(match[1])


def _box(reference: str) -> Box:
    first, _, last = reference.partition(":")
    return Box(*place_of(first), *place_of(last or first))
