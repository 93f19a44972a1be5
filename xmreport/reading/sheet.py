"""What a worksheet's XML says and the fast reader does not: merges, hidden and struck parts, percentages, faults."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable
from functools import lru_cache

from msgspec import Struct

from xmreport.model.grid import UNCACHED, Box, column_number
from xmreport.reading.failure import ReadFailure
from xmreport.reading.markup import Attributes, true, walk

COLUMNS, ROWS = 16_384, 1_048_576
_NO_STRING = -1
_AREA = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})")
_STYLED_ONLY = re.compile(rb'<c r="[A-Z]{1,3}\d{1,7}"(?: s="\d+")? ?/>')


class CellStyles(Struct, frozen=True):
    """The cell styles (their index as cells write it) that say more than how a value looks."""

    struck: frozenset[str] = frozenset()
    """Whose font is struck out."""
    percent: frozenset[str] = frozenset()
    """That show 0.065 as 6.5%."""


class SheetFacts(Struct, frozen=True):
    merges: tuple[Box, ...]
    hidden_rows: frozenset[int]
    hidden_columns: frozenset[int]
    struck_rows: frozenset[int]
    faults: dict[tuple[int, int], str]
    positions: array[int]
    """Of every cell that holds a value: row * COLUMNS + column - 1, both from 1."""
    strings: array[int]
    """The shared string each of them points at, or -1."""
    percents: tuple[tuple[int, int], ...]
    """(row, column) of the cells that are shown as percentages."""
    bottom: int
    right: int


def survey(pieces: Callable[[], Iterable[bytes]], styles: CellStyles, most: int) -> SheetFacts:
    """Walk a worksheet part once. Refuses more than `most` cells with values."""
    scan = Scan(styles, most)
    # Real sheets carry millions of merely styled cells: the quickest way past one is never to parse it.
    walk((_STYLED_ONLY.sub(b"", piece) for piece in pieces()), scan.starts, scan.text)
    if scan.counted:
        # A cell without an address takes its place from the one before it, which may have been left out.
        scan = Scan(styles, most)
        walk(pieces(), scan.starts, scan.text)
    return scan.facts()


class Scan:
    """The state of one walk. A cell is settled when the next one, or what follows the cells, begins.

    `_cell`, `_value` and `text` run for every cell of every file: they do as little as they can.
    """

    def __init__(self, styles: CellStyles, most: int) -> None:
        self.starts = {
            "worksheet": self._root,
            "c": self._cell,
            "v": self._value,
            "t": self._value_text,
            "f": self._formula,
            "row": self._row,
            "col": self._column,
            "mergeCell": self._merge,
            "mergeCells": self._after_cells,
            "extLst": self._after_cells,
        }
        self.counted = False
        """Whether any cell is written without its address."""
        self._struck_styles, self._percent_styles, self._most = styles.struck, styles.percent, most
        self._is_worksheet = False
        self._columns: dict[str, int] = {}
        self._merges: list[Box] = []
        self._hidden_rows: list[int] = []
        self._hidden_columns: list[tuple[int, int]] = []
        self._struck_rows: list[int] = []
        self._faults: dict[tuple[int, int], str] = {}
        self._percents: list[tuple[int, int]] = []
        self._positions, self._strings = array("q"), array("q")
        self._bottom = self._right = 0
        self._row_number, self._row_text = 0, "0"
        self._row_filled = self._row_struck = 0
        self._open: Attributes | None = None
        """The cell begun and not yet found to hold a value."""
        self._previous = (0, 0)
        """Where the cell before stands, as far as it was worked out."""
        self._reference: str | None = None
        """That cell's address, where its place was not worked out."""
        self._listening = self._has_formula = self._has_value = False

    # What stands in the XML, in its order

    def _root(self, _: Attributes) -> None:
        self._is_worksheet = True

    def _row(self, attributes: Attributes) -> None:
        self._end_row()
        self._row_number = _whole(attributes["r"]) if "r" in attributes else self._row_number + 1
        if not 0 < self._row_number <= ROWS:
            raise ReadFailure("工作表中的行列编号不合规")
        self._row_text = str(self._row_number)
        self._previous, self._reference = (self._row_number, 0), None
        if "hidden" in attributes and true(attributes["hidden"]):
            self._hidden_rows.append(self._row_number)

    def _cell(self, attributes: Attributes) -> None:
        if self._has_formula:
            self._settle()
        if "r" in attributes:
            self._reference = attributes["r"]
        else:
            self._count()
        self._open = attributes
        self._listening = False

    def _value(self, _: Attributes) -> None:
        if self._open is not None:
            self._listening = self._has_value = True

    def _value_text(self, _: Attributes) -> None:
        self._listening = self._open is not None

    def _formula(self, _: Attributes) -> None:
        self._listening = self._has_value = False
        self._has_formula = self._open is not None

    def text(self, text: str) -> None:
        if not self._listening or text.isspace():
            return
        attributes = self._open
        assert attributes is not None
        self._open = None
        self._listening = self._has_formula = False
        row, column = self._fill(attributes)
        kind = attributes.get("t")
        if kind == "e":
            self._faults[row, column] = text.strip()
            return
        self._positions.append(row * COLUMNS + column - 1)
        self._strings.append(_index(text) if kind == "s" else _NO_STRING)

    def _after_cells(self, _: Attributes) -> None:
        self._end_row()

    def _column(self, attributes: Attributes) -> None:
        if true(attributes.get("hidden")):
            self._hidden_columns.append((_whole(attributes.get("min", "")), _whole(attributes.get("max", ""))))

    def _merge(self, attributes: Attributes) -> None:
        box = merged(attributes.get("ref", ""))
        if box is not None:
            self._merges.append(box)

    # What is made of it

    def _fill(self, attributes: Attributes) -> tuple[int, int]:
        """Note that a cell holds something, and give its place."""
        row = self._row_number
        # The address less the row's number is the column, where the column is one already seen.
        reference = attributes.get("r", "")
        letters = reference.removesuffix(self._row_text)
        column = self._columns.get(letters)
        if column is None or len(letters) == len(reference):
            row, column = self._place()
        if row > self._bottom:  # noqa: PLR1730 - twice as fast as max(), for every cell
            self._bottom = row
        if column > self._right:  # noqa: PLR1730
            self._right = column
        if self._struck_styles:
            self._row_filled += 1
            self._row_struck += attributes.get("s", "0") in self._struck_styles
        if self._percent_styles and attributes.get("s", "0") in self._percent_styles:
            self._percents.append((row, column))
        return row, column

    def _place(self) -> tuple[int, int]:
        """The row and column of the latest cell, worked out from its address."""
        if self._reference is not None:
            letters = self._reference.rstrip("0123456789")
            row, column = _whole(self._reference[len(letters) :]), _column_number(letters)
            if not 0 < row <= ROWS:
                raise ReadFailure(f"单元格地址 {self._reference[:20]} 超出范围")
            self._columns[letters] = column
            self._previous, self._reference = (row, column), None
        return self._previous

    def _count(self) -> None:
        """A cell without an address stands right of the one before it."""
        row, column = self._place()
        if column >= COLUMNS:
            raise ReadFailure("工作表中的行列编号不合规")
        self._previous = (row, column + 1)
        self.counted = True

    def _settle(self) -> None:
        """A formula without a value. An empty text that was computed is one: `t="str"` with an empty `<v>`."""
        attributes = self._open
        if attributes is not None and not (attributes.get("t") == "str" and self._has_value):
            self._faults[self._fill(attributes)] = UNCACHED
        self._has_formula = False

    def _end_row(self) -> None:
        if self._has_formula:
            self._settle()
        if len(self._positions) > self._most:
            raise ReadFailure(f"有值的单元格超过 {self._most} 个", "F06")
        if self._row_filled and self._row_filled == self._row_struck:
            self._struck_rows.append(self._row_number)
        self._row_filled = self._row_struck = 0
        self._open, self._listening = None, False

    def facts(self) -> SheetFacts:
        # A relation may point at any part: one that is no worksheet would read as an empty one.
        if not self._is_worksheet:
            raise ReadFailure("工作表的内容不是工作表")
        self._end_row()
        hidden = {column for first, last in self._hidden_columns for column in range(first, min(last, self._right) + 1)}
        return SheetFacts(
            merges=tuple(clipped(self._merges, self._bottom, self._right)),
            hidden_rows=frozenset(row for row in self._hidden_rows if row <= self._bottom),
            hidden_columns=frozenset(hidden),
            struck_rows=frozenset(self._struck_rows),
            faults=self._faults,
            positions=self._positions,
            strings=self._strings,
            percents=tuple(self._percents),
            bottom=self._bottom,
            right=self._right,
        )


@lru_cache(4096)  # a form's merges are the same in file after file
def merged(reference: str) -> Box | None:
    """The box that a reference names; None where it names none of several cells."""
    area = _AREA.fullmatch(reference)
    if area is None:
        return None
    left, right = sorted((_column_number(area[1]), _column_number(area[3])))
    top, bottom = sorted((int(area[2]), int(area[4])))
    return Box(top, left, bottom, right) if top > 0 and (top, left) != (bottom, right) else None


def clipped(merges: Iterable[Box], bottom: int, right: int) -> list[Box]:
    """Merges within the used box: some run to the sheet's last row or column."""
    return [
        box
        if box.bottom <= bottom and box.right <= right
        else Box(box.top, box.left, min(box.bottom, bottom), min(box.right, right))
        for box in merges
        if box.top <= bottom and box.left <= right
    ]


def _column_number(letters: str) -> int:
    plain = len(letters) <= 3 and letters.isascii() and letters.isalpha() and letters.isupper()
    column = column_number(letters) if plain else 0
    if not 0 < column <= COLUMNS:
        raise ReadFailure(f"单元格地址 {letters[:20]} 超出范围")
    return column


def _whole(text: str) -> int:
    """A row or column number; anything else in its place means a damaged sheet."""
    if not (text.isascii() and text.strip().isdigit() and len(text) <= 12):
        raise ReadFailure("工作表中的行列编号不合规")
    return int(text)


def _index(text: str) -> int:
    try:
        index = int(text)
    except ValueError:
        return _NO_STRING
    return index if 0 <= index < 1 << 32 else _NO_STRING
