"""A sheet as it was read: values at true addresses, and what a careless reader would hide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

Scalar = None | bool | int | float | str | dt.date | dt.datetime | dt.time

UNCACHED = "公式未计算"
"""The fault of a formula that carries no computed value."""


@lru_cache(maxsize=16_384)
def column_letters(column: int) -> str:
    """Excel's letters of a 1-based column: 1 → A, 27 → AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The inverse, of capital letters: AA → 27."""
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column


def address(row: int, column: int) -> str:
    """Excel's address of a 1-based row and column: (7, 7) → G7."""
    return f"{column_letters(column)}{row}"


class Box(Struct, frozen=True):
    """A merged range, 1-based and inclusive."""

    top: int
    left: int
    bottom: int
    right: int


class Grid(Struct, frozen=True):
    """One sheet. `rows[0]` is Excel's row 1; rows may be of different lengths; blank cells are None."""

    sheet: str
    rows: tuple[tuple[Scalar, ...], ...]
    merges: tuple[Box, ...] = ()
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    struck_rows: frozenset[int] = frozenset()
    faults: Mapping[tuple[int, int], str] = {}
    """(row, column) → '#REF!' … or UNCACHED."""

    def at(self, row: int, column: int) -> Scalar:
        """The value at a 1-based row and column; None beyond the used range."""
        if 0 < row <= len(self.rows) and 0 < column <= len(self.rows[row - 1]):
            return self.rows[row - 1][column - 1]
        return None

    @property
    def width(self) -> int:
        return max(map(len, self.rows), default=0)


class Book(Struct, frozen=True):
    """A workbook as read. `format` is found by content: xlsx, xls (also .et), xlsb or ods."""

    format: str
    grids: tuple[Grid, ...]
    knows_faults: bool
    """False where the format does not tell error values and uncached formulas from blanks (.xlsb, .ods)."""
    mark: str | None = None
    """The hidden version mark of a blank form that this engine issued, where the file still carries it."""
    mode_1904: bool = False
    """Whether its days are counted from 1904: a bare number that stands for a day then means a later one."""
