"""The unit's own workbook, opened to be given back: its looks kept, nothing in it that acts or reaches outside."""

from __future__ import annotations

import datetime as dt
import logging
import math
import re
import warnings
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.utils.cell import column_index_from_string as column_index
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.worksheet import Worksheet

from xmreport.model.grid import Book, Grid, Scalar
from xmreport.workbooks.copies.cells import place

_log = logging.getLogger(__name__)

LARGEST_XML = 16 * 1024 * 1024
"""Inflated bytes of XML still worth loading, some ten seconds' work; more is mostly empty cells with a border."""
LARGEST_AREA = 1_000_000
"""Cells under merges, links and tables: openpyxl makes an object of each, also of those far beyond the last value."""

_SPREAD = re.compile(
    rb"<(?:\w+:)?(?:mergeCell|hyperlink|table)\s[^<>]*?\bref\s*=\s*[\"']"
    rb"\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})",
    re.IGNORECASE,
)

_OUTSIDE = re.compile(
    r"""'[^']*\[[^\]']+\][^']*'!  # '[1]汇总 表'!  or  'C:\x\[a.xlsx]Sheet1'!
      | \[[^\[\]]+\][\w.]*!       # [1]Sheet1!     ([列名] of a table is not followed by '!')
      | \|'?[^!]*!                # a DDE link, 程序|'主题'!项
      | ^'?\\\\                   # a share
      | ://                       # a site
      | \b(?:HYPERLINK|WEBSERVICE|IMAGE|RTD|CALL|REGISTER(?:\.ID)?|EXEC|FILTERXML|CUBE\w+|SQL\.REQUEST)\s*\(
    """,
    re.VERBOSE | re.IGNORECASE,
)


def opened(data: bytes, book: Book) -> Workbook | None:
    """The workbook without macros, links and connections, or None where it must be rebuilt from `book`."""
    if book.format != "xlsx":
        return None
    try:
        workbook = _loaded(data)
    except Exception as error:  # noqa: BLE001
        # openpyxl answers a file beyond its knowledge with nearly any exception; the remedy is one and the same.
        _log.info("openpyxl cannot open the workbook, rebuilding it: %s: %s", type(error).__name__, error)
        return None
    if workbook is None or {grid.sheet for grid in book.grids} - {sheet.title for sheet in workbook.worksheets}:
        return None
    _cut_ties(workbook)
    for grid in book.grids:
        _hold_values(workbook[grid.sheet], grid)
    return workbook


def _loaded(data: bytes) -> Workbook | None:
    with ZipFile(BytesIO(data)) as package:
        xml = [part for part in package.infolist() if part.filename.lower().endswith(".xml")]
        if sum(part.file_size for part in xml) > LARGEST_XML:
            return None
        if sum(_area(package.read(part)) for part in xml) > LARGEST_AREA:
            return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what openpyxl says it drops is dropped on purpose
        return load_workbook(BytesIO(data), keep_vba=False, keep_links=False)


def _area(part: bytes) -> int:
    """How many cells a part's merges, links and tables lie over."""
    if b"\0" in part[:64]:  # UTF-16, which no spreadsheet program writes
        part = part.decode("utf-16", "replace").encode()
    found = _SPREAD.findall(part)
    spread = ((column_index(a.decode()), int(b), column_index(c.decode()), int(d)) for a, b, c, d in found)
    return sum((abs(c - a) + 1) * (abs(d - b) + 1) for a, b, c, d in spread)


def _cut_ties(workbook: Workbook) -> None:
    """Nothing that runs, fetches or points to another file."""
    workbook.template = False
    for chartsheet in list(workbook.chartsheets):
        workbook.remove(chartsheet)
    _drop_names(workbook)
    for sheet in workbook.worksheets:
        _drop_names(sheet)
        _drop_drawn(sheet)
        _drop_validations(sheet)
        _drop_formats(sheet)
        _drop_links(sheet)


def _drop_drawn(sheet: Any) -> None:
    """Pivot tables, charts and query tables may draw on another file; none holds a value that the cells lack."""
    sheet._pivots.clear()  # noqa: SLF001
    sheet._charts.clear()  # noqa: SLF001
    for table in list(sheet.tables.values()):
        if table.tableType == "queryTable" or table.connectionId is not None:
            del sheet.tables[table.name]


def _drop_validations(sheet: Worksheet) -> None:
    rules = sheet.data_validations.dataValidation
    sheet.data_validations.dataValidation = [
        rule for rule in rules if not (_outside(rule.formula1) or _outside(rule.formula2))
    ]


def _outside(formula: str | None) -> bool:
    return bool(formula and _OUTSIDE.search(formula))


def _drop_names(owner: Workbook | Worksheet) -> None:
    for name, defined in list(owner.defined_names.items()):
        if _outside(defined.attr_text) or defined.xlm or defined.function or defined.vbProcedure:
            del owner.defined_names[name]


def _drop_formats(sheet: Worksheet) -> None:
    kept = ConditionalFormattingList()
    for group in sheet.conditional_formatting:
        for rule in group.rules:
            if not any(map(_outside, rule.formula)):
                kept.add(str(group.sqref), rule)
    sheet.conditional_formatting = kept


def _drop_links(sheet: Any) -> None:
    """Links to places in the workbook stay; those to files, shares and sites go, their text stays."""
    sheet._hyperlinks = [link for link in sheet._hyperlinks if not link.target]  # noqa: SLF001
    for cell in sheet._cells.values():  # noqa: SLF001
        if cell.hyperlink is not None and cell.hyperlink.target:
            cell.hyperlink = None


def _hold_values(sheet: Worksheet, grid: Grid) -> None:
    """What was read is what the copy holds.

    openpyxl writes formulas without their computed values, and would turn every one into a fault when the copy
    comes back: the copy holds the value. It also drops what lies hidden under a merge, calls a date beyond its
    calendar an error and reads a number past all bounds as infinite. A formula that is itself the fault stays, for
    the unit to see and mend.
    """
    cells = sheet._cells  # noqa: SLF001
    for row, values in enumerate(grid.rows, 1):
        for column, value in enumerate(values, 1):
            cell = cells.get((row, column))
            if value is None or (row, column) in grid.faults:
                continue
            if cell is None or isinstance(cell, MergedCell):
                cell = cells[row, column] = Cell(sheet, row=row, column=column)
            if cell.value is None or cell.data_type in {"f", "e"} or _misread(cell, value):
                place(cell, value)
    for (row, column), cell in cells.items():
        if isinstance(cell, Cell) and cell.data_type == "f":
            if (row, column) not in grid.faults:
                cell.value = None  # it came to an empty text
            elif _outside(_formula(cell)):
                cell.value = "#REF!"  # the file it points to does not travel with the copy


def _misread(cell: Cell, value: Scalar) -> bool:
    """A number cell that holds something else than what was read, or an infinity that Excel would not open."""
    if cell.data_type != "n" or isinstance(value, dt.date | dt.time):
        return False
    return cell.value != value or (isinstance(value, float) and not math.isfinite(value))


def _formula(cell: Cell) -> str:
    held = cell.value
    if isinstance(held, ArrayFormula):
        return held.text or ""
    if isinstance(held, DataTableFormula):
        return ""
    return str(held)
