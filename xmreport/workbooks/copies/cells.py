"""A cell, and a value put into it as what it is."""

from __future__ import annotations

import datetime as dt
import math

from openpyxl.cell.cell import Cell
from openpyxl.styles import Border, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from xmreport.model.grid import Scalar
from xmreport.workbooks.wording import clean

_THIN = Side(style="thin")
THIN_BORDER = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_EARLIEST = 1900
"""Excel knows no day before this year: older ones are written as text."""


def cell_at(sheet: Worksheet, row: int, column: int) -> Cell:
    """The cell at a place that lies in no merge, or at the top left of one."""
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)
    return cell


def place(cell: Cell, value: Scalar) -> None:
    """Text stays text, even where it begins with '=' or reads like an error."""
    if isinstance(value, float) and not math.isfinite(value):
        value = str(value)
    if isinstance(value, dt.date) and value.year < _EARLIEST:
        value = value.isoformat()
    if isinstance(value, str):
        cell.value = clean(value)
        cell.data_type = "s"
    else:
        cell.value = value


def solid(colour: str) -> PatternFill:
    """One colour over the whole cell."""
    return PatternFill(fill_type="solid", start_color=colour, end_color=colour)
