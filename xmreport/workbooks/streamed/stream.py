"""A worksheet whose lines are handed to the file as they are made, so that a long table never stands in memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from xlsxwriter.worksheet import Worksheet

_AT_ONCE = 500
"""Rows that are handed on together."""


class StreamedSheet(Worksheet):  # type: ignore[misc]  # xlsxwriter has no types
    """Rows up to `first` and from `end` on are written cell by cell; those between come ready from `rows`.

    xlsxwriter writes sheet data through `_write_rows`: tests/test_large.py reads back what this puts in its place.
    """

    first = 0
    end = 0
    dim_rowmin: int
    dim_rowmax: int
    rows: Iterator[str]

    def stream(self, first: int, end: int, columns: int, rows: Iterator[str]) -> None:
        """Have the rows from `first` up to `end` taken when the file is written."""
        self.first, self.end, self.rows = first, end, rows
        for row in (first, end - 1):
            if self._check_dimensions(row, columns - 1):
                raise ValueError(f"第 {row + 1} 行在工作表之外")

    def join(self, row: int, first: int, last: int) -> None:
        """Merge cells of a streamed row."""
        self.merge.append([row, first, row, last])

    def _write_rows(self) -> None:
        top, bottom = self.dim_rowmin, self.dim_rowmax
        self._write_own(top, self.first - 1)
        while block := "".join(islice(self.rows, _AT_ONCE)):
            self.fh.write(block)
        self._write_own(self.end, bottom)
        self.dim_rowmin, self.dim_rowmax = top, bottom

    def _write_own(self, first: int, last: int) -> None:
        if first <= last:
            self.dim_rowmin, self.dim_rowmax = first, last
            super()._write_rows()
