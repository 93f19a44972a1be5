"""The fast reader, with its panics and errors turned into one failure."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from python_calamine import CalamineWorkbook, SheetMetadata, SheetTypeEnum, SheetVisibleEnum

from xmreport.model.grid import Book, Box, Grid
from xmreport.reading.failure import ReadFailure
from xmreport.reading.sheet import COLUMNS
from xmreport.reading.values import rows_of

MOST_SHEETS = 500


class FastBook:
    """A workbook as the fast reader sees it; its content, never a name, decides the format."""

    def __init__(self, data: bytes) -> None:
        with _failing_calmly():
            self._workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))

    @property
    def sheets(self) -> list[SheetMetadata]:
        return self._workbook.sheets_metadata

    def rows(self, name: str) -> list[list[Any]]:
        """A sheet's rows from row 1 and column A, so that addresses are true."""
        with _failing_calmly():
            return self._workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)

    def merges(self, name: str) -> tuple[Box, ...]:
        """Merged ranges, where the reader knows them."""
        with _failing_calmly():
            ranges = self._workbook.get_sheet_by_name(name).merged_cell_ranges or ()
        return tuple(Box(top + 1, left + 1, bottom + 1, right + 1) for (top, left), (bottom, right) in ranges)


def read_calamine(data: bytes, kind: str) -> Book:
    """A book by the fast reader alone: it knows neither error values nor hidden rows."""
    book = FastBook(data)
    sheets = [sheet for sheet in book.sheets if sheet.typ == SheetTypeEnum.WorkSheet]
    check_count(len(sheets))
    grids = [
        Grid(
            sheet=sheet.name,
            rows=rows_of(book.rows(sheet.name)),
            merges=book.merges(sheet.name),
            hidden=sheet.visible != SheetVisibleEnum.Visible,
        )
        for sheet in sheets
    ]
    if any(grid.width > COLUMNS for grid in grids):
        raise ReadFailure("工作表中的行列编号不合规")
    return Book(kind, tuple(grids), knows_faults=False)


def check_count(sheets: int) -> None:
    """Refuse a workbook without sheets, and one with absurdly many."""
    if not sheets:
        raise ReadFailure("工作簿中没有工作表")
    if sheets > MOST_SHEETS:
        raise ReadFailure(f"工作表超过 {MOST_SHEETS} 张")


@contextmanager
def _failing_calmly() -> Iterator[None]:
    """Whatever the reader raises means that this file cannot be read. Its panics are no ordinary exceptions."""
    try:
        yield
    except MemoryError:
        raise
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise ReadFailure("文件结构不完整或已损坏") from error
        raise
