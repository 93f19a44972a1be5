"""How much a sheet claims to hold: a quick look at its XML before a reader makes room for it.

Only cells that hold values count: a legitimate sheet may carry millions of cells that are merely styled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from xmreport.intake.plain import NEAR
from xmreport.model.grid import column_number
from xmreport.model.parts import PlainCells

_HOLDS = rb"[\"'][^<>]*+(?<!/)>\s*<(?:\w+:)?(?:v(?:\s[^<>]*+)?>[^<]|is[\s>]|f[\s>/])"
_PLAIN_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})' + _HOLDS)
_ANY_CELL = re.compile(rb"<(?:\w+:)?c\s(?:[^<>]*?\s)??r\s*=\s*[\"']([A-Za-z]{1,3})(\d{1,7})" + _HOLDS)
_ODD = (re.compile(rb":c[\s/>]"), re.compile(rb"<c[\n\r\t/>]"))
"""Cells that are written in another way than nearly every program writes them; two searches, for one is far slower."""
_COUNTS = re.compile(rb"\b(?:uniqueCount|count)\s*=\s*[\"']\s*(\d+)")
_STRING = re.compile(rb"<(?:\w+:)?si[\s>/]")
_SHARED = re.compile(
    rb"<(?:\w+:)?c\s[^<>]*?\bt\s*=\s*[\"']s[\"'][^<>]*(?<!/)>\s*<(?:\w+:)?v(?:\s[^<>]*)?>\s*(\d{1,9})\s*<"
)
_ODS = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(?:\s([^<>]*))?>")
_REPEATED = re.compile(rb"number-(?:rows|columns)-repeated\s*=\s*[\"']\s*(\d+)")
_LONG = 4096
"""Bytes from which a shared string is worth counting by its uses."""


class Extent(Struct, frozen=True):
    """How many cells of a sheet hold values, and the box from A1 that they span."""

    cells: int
    rows: int
    columns: int

    @property
    def area(self) -> int:
        return self.rows * self.columns


def of_sheet(xml: bytes, most: int) -> Extent:
    """The extent of a worksheet part; counting ends soon after `most` cells."""
    cells = bottom = 0
    columns: set[bytes] = set()
    # Nearly every program writes cells one way, and a literal beginning makes the search several times faster.
    plain = xml.count(b'<c r="') == xml.count(b"<c ") > 0 and not any(pattern.search(xml) for pattern in _ODD)
    for found in (_PLAIN_CELL if plain else _ANY_CELL).finditer(xml):
        letters, digits = found.groups()
        cells += 1
        columns.add(letters)
        bottom = max(bottom, int(digits))
        if cells > most:
            break
    return Extent(cells, bottom, max((column_number(letters.decode().upper()) for letters in columns), default=0))


def at_most(plain: PlainCells) -> Extent:
    """No less than the extent of a worksheet part that is plain: near A1, none is worth measuring cell by cell."""
    columns, rows = NEAR
    return Extent(plain.values, rows, columns)


def of_ods(xml: bytes) -> Iterator[Extent]:
    """The extents of the tables in an .ods, with repeated rows and cells counted as often as they are repeated."""
    table = _OdsTable()
    for found in _ODS.finditer(xml):
        name, attributes = found[1], found[2] or b""
        repeated = _REPEATED.search(attributes)
        times = int(repeated[1]) if repeated else 1
        if name == b"table":
            yield table.extent()
            table = _OdsTable()
        elif name == b"table-row":
            table.begin_row(times)
        else:
            table.add(times, holds=not attributes.endswith(b"/") or b"value-type" in attributes)
    yield table.extent()


class _OdsTable:
    """A cursor over one table: where the next cell stands, and the box so far."""

    def __init__(self) -> None:
        self.cells = self.rows = self.columns = 0
        self.above = self.repeat = self.column = 0

    def begin_row(self, times: int) -> None:
        self.above += self.repeat
        self.repeat, self.column = times, 0

    def add(self, times: int, *, holds: bool) -> None:
        self.column += times
        if holds:
            self.cells += times * self.repeat
            self.rows = self.above + self.repeat
            self.columns = max(self.columns, self.column)

    def extent(self) -> Extent:
        return Extent(self.cells, self.rows, self.columns)


def lies_about_strings(xml: bytes) -> bool:
    """Whether a shared-string part claims far more strings than it has: readers make room for what is claimed."""
    claimed = max(map(int, _COUNTS.findall(xml[:2048].partition(b"<si")[0])), default=0)
    # `count` is the number of uses, honestly far above the number of strings: judged by what could stand in a workbook.
    return claimed > 10_000 and claimed > 1000 * sum(1 for _ in _STRING.finditer(xml))


def long_strings(xml: bytes) -> dict[int, int]:
    """Index → bytes of the shared strings long enough to matter when a thousand cells use them."""
    # Cut at the plainest of beginnings, pieces can only be too long: where none is, no string is.
    if max(map(len, xml.split(b"<si>"))) <= _LONG - len(b"<si>"):
        return {}
    starts = [found.start() for found in _STRING.finditer(xml)]
    ends = [*starts[1:], len(xml)]
    sizes = (end - start for start, end in zip(starts, ends, strict=True))
    return {index: size for index, size in enumerate(sizes) if size > _LONG}


def unfolded(xml: bytes, sizes: dict[int, int]) -> int:
    """How many bytes a sheet's uses of those strings come to."""
    return sum(sizes.get(int(index), 0) for index in _SHARED.findall(xml))
