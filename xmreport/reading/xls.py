"""An .xls (or .et), read by xlrd, which knows errors, hidden parts and fonts; by the fast reader where xlrd balks."""

from __future__ import annotations

import io
import struct
import zipfile

import xlrd
from xlrd.book import Book as XlrdBook
from xlrd.sheet import Sheet

from xmreport.model.grid import Book, Box, Grid, Scalar
from xmreport.reading.calamine import check_count, read_calamine
from xmreport.reading.failure import ReadFailure
from xmreport.reading.formats import in_percent, is_percent
from xmreport.reading.sheet import COLUMNS
from xmreport.reading.values import LONGEST, day_of, scalar, trimmed

_BALKS = (
    xlrd.XLRDError, xlrd.compdoc.CompDocError, struct.error, AssertionError, AttributeError, LookupError, TypeError,
    ValueError, ArithmeticError, RecursionError, EOFError, zipfile.BadZipFile,
)  # fmt: skip
"""What xlrd raises on files that are only odd: it was written without thinking of damaged ones."""


def read_xls(data: bytes) -> Book:
    """The book with all it hides, or with bare values where the file is too odd for that."""
    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, ragged_rows=True, logfile=io.StringIO())
        struck = frozenset(i for i, xf in enumerate(book.xf_list) if book.font_list[xf.font_index].struck_out)
        percent = frozenset(i for i, xf in enumerate(book.xf_list) if _shows_percent(book, xf.format_key))
    except _BALKS:
        return read_calamine(data, "xls")
    check_count(book.nsheets)
    grids = [_grid(book, sheet, struck, percent) for sheet in book.sheets()]
    return Book("xls", tuple(grids), knows_faults=True, mode_1904=book.datemode == 1)


def _grid(book: XlrdBook, sheet: Sheet, struck_formats: frozenset[int], percents: frozenset[int]) -> Grid:
    rows: list[list[Scalar]] = []
    faults: dict[tuple[int, int], str] = {}
    struck: set[int] = set()
    for r in range(sheet.nrows):
        types, values = sheet.row_types(r), sheet.row_values(r)
        if len(types) > COLUMNS:
            raise ReadFailure("工作表中的行列编号不合规")
        cells: list[Scalar] = []
        filled = 0
        crossed = 0
        for c, (kind, value) in enumerate(zip(types, values, strict=True)):
            if kind == xlrd.XL_CELL_ERROR:
                faults[r + 1, c + 1] = xlrd.error_text_from_code.get(value, "错误值")
                cells.append(None)
            else:
                cell = _scalar(kind, value, book.datemode)
                shown = kind == xlrd.XL_CELL_NUMBER and percents and sheet.cell_xf_index(r, c) in percents
                cells.append(in_percent(cell) if shown and isinstance(cell, float) else cell)
            if struck_formats and (kind == xlrd.XL_CELL_ERROR or cells[-1] is not None):
                filled += 1
                crossed += sheet.cell_xf_index(r, c) in struck_formats
        if filled and filled == crossed:
            struck.add(r + 1)
        rows.append(cells)
    kept = trimmed(rows)
    width = max(map(len, kept), default=0)
    return Grid(
        sheet=sheet.name,
        rows=kept,
        merges=tuple(Box(top + 1, left + 1, bottom, right) for top, bottom, left, right in sheet.merged_cells),
        hidden=sheet.visibility != 0,
        hidden_rows=frozenset(r + 1 for r, info in sheet.rowinfo_map.items() if info.hidden and r < len(kept)),
        hidden_columns=frozenset(c + 1 for c, info in sheet.colinfo_map.items() if info.hidden and c < width),
        struck_rows=frozenset(struck),
        faults=faults,
    )


def _shows_percent(book: XlrdBook, key: int) -> bool:
    known = book.format_map.get(key)
    return known is not None and is_percent(key, known.format_str)


def _scalar(kind: int, value: object, datemode: int) -> Scalar:
    if kind == xlrd.XL_CELL_TEXT:
        assert isinstance(value, str)
        return value[:LONGEST] or None
    if kind == xlrd.XL_CELL_NUMBER:
        return scalar(value)
    if kind == xlrd.XL_CELL_DATE:
        assert isinstance(value, float)
        return day_of(value, datemode == 1)
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value)
    return None
