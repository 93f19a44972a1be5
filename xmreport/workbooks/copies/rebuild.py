"""A plain .xlsx made from what was read: for a workbook that cannot be copied in its own shape."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from io import BytesIO
from zipfile import ZipFile

import openpyxl
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from xmreport.model.grid import UNCACHED, Book, Box, Grid, Scalar, address, column_letters
from xmreport.workbooks.copies.package import Package
from xmreport.workbooks.copies.sheets import Workbook
from xmreport.workbooks.wording import clean, display_width, line_count

_THIN = Side(style="thin")
_BORDER = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_FONT = Font(name="宋体", size=11)
_PLAIN = Alignment(vertical="center", wrap_text=True)
_CENTRED = Alignment(horizontal="center", vertical="center", wrap_text=True)
_FRAME = Alignment(vertical="center")
_MOST_IN_FRAME = 4
_NARROWEST, _WIDEST = 8.0, 36.0
_LINE_HEIGHT, _TALLEST = 15.0, 409.0
_EARLIEST = 1900
"""Excel knows no day before this year: older ones are written as text."""
_BEGINNING = dt.datetime(1980, 1, 1)  # noqa: DTZ001 - without a zone, as a workbook's properties hold it
"""When the copy says it was made: the program's own clock would make other bytes each time."""
_UNTITLED = re.compile(r"[\\*?:/\[\]\x00-\x1f]")
"""What no sheet's name may hold in an .xlsx."""
_LONG_NUMBER = 1e11
"""From here on Excel shows a whole number as 1E+11 unless it is told not to."""


def rebuilt(book: Book) -> Workbook:
    """Values at their true addresses, merges, what was hidden, thin borders. Never a formula."""
    made = openpyxl.Workbook()
    if book.grids:
        made.remove(made.worksheets[0])
    for grid in book.grids:
        _fill(made.create_sheet(_UNTITLED.sub("_", grid.sheet) or "_"), grid)
    made.properties.created = _BEGINNING
    saved = BytesIO()
    made.save(saved)
    with ZipFile(saved) as packed:
        workbook = Workbook(Package({name: packed.read(name) for name in packed.namelist()}))
    for sheet, grid in zip(workbook.sheets, book.grids, strict=False):
        if grid.hidden:  # only now: openpyxl saves no workbook whose sheets are all hidden
            sheet.entry.set("state", "hidden")
    return workbook


def _fill(sheet: Worksheet, grid: Grid) -> None:
    for row, values in enumerate(grid.rows, 1):
        alignment = _PLAIN if _is_table(values) else _FRAME
        for column, value in enumerate(values, 1):
            _write(_cell_at(sheet, row, column), value, alignment)
    for (row, column), fault in grid.faults.items():
        # A formula that was never computed has no text of its own here: #N/A keeps it a fault when it comes back.
        cell = _cell_at(sheet, row, column)
        cell.value = "#N/A" if fault == UNCACHED else fault
        cell.data_type = "e"
    _size(sheet, grid)
    for box in grid.merges:
        _merge(sheet, box, len(grid.rows), grid.width)
    for row in grid.hidden_rows:
        sheet.row_dimensions[row].hidden = True
    for column in grid.hidden_columns:
        sheet.column_dimensions[column_letters(column)].hidden = True
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _cell_at(sheet: Worksheet, row: int, column: int) -> Cell:
    """The cell at a place that lies in no merge, or at the top left of one."""
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)
    return cell


def _place(cell: Cell, value: Scalar) -> None:
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


def _is_table(values: Sequence[Scalar]) -> bool:
    """Not a line of the frame, such as 填报单位 or 注, whose few texts run over the empty cells beside them."""
    return sum(value is not None for value in values) > _MOST_IN_FRAME


def _write(cell: Cell, value: Scalar, alignment: Alignment) -> None:
    cell.font, cell.border, cell.alignment = _FONT, _BORDER, alignment
    if value is None:
        return
    _place(cell, value)
    if isinstance(value, dt.datetime) and value.time() != dt.time():
        cell.number_format = "yyyy-mm-dd hh:mm"
    elif isinstance(value, dt.date):
        cell.number_format = "yyyy-mm-dd"
    elif isinstance(value, float | int) and math.isfinite(value) and abs(value) >= _LONG_NUMBER and value == int(value):
        cell.number_format = "0"


def _size(sheet: Worksheet, grid: Grid) -> None:
    """Widths by the table's texts in unmerged cells, heights by how often those wrap."""
    merged = {(box.top, box.left) for box in grid.merges}
    texts = {
        (row, column): _shown(value)
        for row, values in enumerate(grid.rows, 1)
        if _is_table(values)
        for column, value in enumerate(values, 1)
        if value is not None and (row, column) not in merged
    }
    widths = [_NARROWEST] * grid.width
    for (_, column), text in texts.items():
        longest = max(map(display_width, text.split("\n")))
        widths[column - 1] = min(_WIDEST, max(widths[column - 1], longest + 2.0))
    lines: dict[int, int] = {}
    for (row, column), text in texts.items():
        lines[row] = max(lines.get(row, 1), line_count(text, widths[column - 1] - 1))
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[column_letters(column)].width = width
    for row in range(1, len(grid.rows) + 1):
        sheet.row_dimensions[row].height = min(_TALLEST, lines.get(row, 1) * _LINE_HEIGHT + 3)


def _shown(value: Scalar) -> str:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d") if value.time() == dt.time() else value.strftime("%Y-%m-%d %H:%M")
    return str(value)


def _merge(sheet: Worksheet, box: Box, height: int, width: int) -> None:
    """A merge as far as the used range goes: a whole sheet merged for its looks would fill the memory."""
    bottom, right = min(box.bottom, height), min(box.right, width)
    if bottom < box.top or right < box.left or (bottom, right) == (box.top, box.left):
        return
    # Noted rather than made: making a merge would empty the cells under it, and a unit may have left values there.
    sheet.merged_cells.add(f"{address(box.top, box.left)}:{address(bottom, right)}")
    sheet.cell(box.top, box.left).alignment = _CENTRED
