"""Bytes and their kind → a book of grids."""

from __future__ import annotations

from xmreport.model.grid import Book
from xmreport.model.parts import Parts
from xmreport.reading.calamine import read_calamine
from xmreport.reading.failure import ReadFailure
from xmreport.reading.xls import read_xls
from xmreport.reading.xlsx import read_xlsx

MOST_CELLS = 1_000_000


def read(data: bytes, kind: str, most_cells: int = MOST_CELLS, parts: Parts | None = None) -> Book:
    """The workbook's grids. Raises ReadFailure where the file cannot be read; anything else is a fault of ours.

    Meant for a guarded worker: some files make the readers underneath die rather than raise. Parts that were inflated
    to judge the file make the reading several times faster, and change nothing else.
    """
    if kind == "xlsx":
        return read_xlsx(data, most_cells, parts)
    if kind == "xls":
        return read_xls(data)
    if kind in ("xlsb", "ods"):
        return read_calamine(data, kind)
    raise ReadFailure("这种格式不能读取")
