"""问题清单: the first sheet of a returned copy, every finding with a link to its cell, good to print."""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import quote_sheetname
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from xmreport.model.returned import PROBLEM_SHEETS, PROBLEM_TITLE, is_problem_list
from xmreport.workbooks.copies.about import About
from xmreport.workbooks.copies.cells import THIN_BORDER, cell_at, place, solid
from xmreport.workbooks.copies.marks import RED, YELLOW, Remark
from xmreport.workbooks.wording import clean, clipped, line_count

_COLUMNS = (
    ("序号", 6),
    ("级别", 8),
    ("工作表", 15),
    ("单元格", 9),
    ("项目/字段", 20),
    ("原值", 18),
    ("问题", 36),
    ("怎么改", 38),
)
_CENTRED_COLUMNS = 4
_LAST = "H"
_HEADER_ROW = 5
_BODY_SIZE, _LINE_HEIGHT, _TALLEST = 11, 16.0, 409.0
_CHARS_PER_LINE = 0.9
"""仿宋 at 11 pt is a little wider than the digit that column widths are counted in."""
_LONGEST = 600

_TITLE_FONT = Font(name="方正小标宋简体", size=22)
_BODY_FONT = Font(name="仿宋_GB2312", size=_BODY_SIZE)
_STRONG_FONT = Font(name="黑体", size=_BODY_SIZE)
_LINK_FONT = Font(name="仿宋_GB2312", size=_BODY_SIZE, color="FF0563C1", underline="single")
_CENTRED = Alignment(horizontal="center", vertical="center", wrap_text=True)
_LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True, indent=1)


def add_list(workbook: Workbook, remarks: Sequence[Remark], about: About) -> None:
    """Puts 问题清单 in front and opens the workbook on it."""
    taken = {name.casefold() for name in workbook.sheetnames}
    sheet = workbook.create_sheet(next(name for name in PROBLEM_SHEETS if name not in taken), 0)
    _heading(sheet, remarks, about)
    _table(sheet, workbook, sorted(remarks, key=lambda remark: _order(remark, workbook)))
    _page(sheet)
    _show_alone(workbook)


def drop_list(workbook: Workbook) -> None:
    """Removes the list of an earlier return."""
    for sheet in list(workbook.worksheets):
        if is_problem_list(sheet.title, sheet["A1"].value):
            workbook.remove(sheet)


def _order(remark: Remark, workbook: Workbook) -> tuple[bool, int, tuple[int, int]]:
    """Errors first; within them what concerns the whole file, then down the sheets."""
    finding = remark.finding
    sheet = workbook.sheetnames.index(finding.sheet) if finding.sheet in workbook.sheetnames else 0
    return not finding.is_error, sheet, coordinate_to_tuple(finding.cell) if finding.cell else (0, 0)


def _heading(sheet: Worksheet, remarks: Sequence[Remark], about: About) -> None:
    errors = sum(remark.finding.is_error for remark in remarks)
    warned = len(remarks) - errors
    unit = about.unit or "你单位"
    arrival = f"{unit}报来的{about.purpose or '报表'}，文件“{about.file}”，{about.arrived} 收到"
    verdict = (
        f"查出错误 {errors} 处、提醒 {warned} 处，现予退回。" if errors else f"没有错误，有提醒 {warned} 处，请核对。"
    )
    steps = "请在原表标红处修改后，将本文件直接放回收件文件夹；本页和批注不必删除。"
    lines = (
        (f"{about.unit or ''}{PROBLEM_TITLE}", _TITLE_FONT, _CENTRED),
        (f"{arrival}，经核对，{verdict}", _BODY_FONT, _LEFT),
        (steps, _STRONG_FONT, _LEFT),
        ("点“单元格”一栏可跳到该处。红色为错误，必须改正；黄色为提醒，请核对，无误的可不改。", _BODY_FONT, _LEFT),
    )
    room = sum(width for _, width in _COLUMNS) * _CHARS_PER_LINE
    for row, (text, font, alignment) in enumerate(lines, 1):
        _write(cell_at(sheet, row, 1), text, font, alignment)
        sheet.merge_cells(f"A{row}:{_LAST}{row}")
        per_line = _LINE_HEIGHT * float(font.size) / _BODY_SIZE
        factor = _BODY_SIZE / float(font.size)
        sheet.row_dimensions[row].height = line_count(clean(text), room * factor) * per_line + 8


def _table(sheet: Worksheet, workbook: Workbook, remarks: Sequence[Remark]) -> None:
    for column, (name, width) in enumerate(_COLUMNS, 1):
        cell = cell_at(sheet, _HEADER_ROW, column)
        _write(cell, name, _STRONG_FONT, _CENTRED)
        cell.border = THIN_BORDER
        sheet.column_dimensions[cell.column_letter].width = width
    sheet.row_dimensions[_HEADER_ROW].height = 24
    for number, remark in enumerate(remarks, 1):
        _line(sheet, workbook, number, remark)


def _line(sheet: Worksheet, workbook: Workbook, number: int, remark: Remark) -> None:
    finding, row = remark.finding, _HEADER_ROW + number
    said = (
        str(number),
        "错误" if finding.is_error else "提醒",
        finding.sheet or "",
        finding.cell or "",
        (finding.field or "").replace(".", "·"),
        finding.value or "",
        remark.said.message,
        remark.said.advice,
    )
    texts = [clipped(clean(text), _LONGEST) for text in said]
    lines = 1
    for column, (text, (_, width)) in enumerate(zip(texts, _COLUMNS, strict=True), 1):
        cell = cell_at(sheet, row, column)
        _write(cell, text, _BODY_FONT, _CENTRED if column <= _CENTRED_COLUMNS else _LEFT)
        cell.border = THIN_BORDER
        lines = max(lines, line_count(text, (width - 3) * _CHARS_PER_LINE))
    sheet.cell(row, 1).value = number
    sheet.cell(row, 2).fill = solid(RED if finding.is_error else YELLOW)
    if finding.cell and finding.sheet in workbook.sheetnames:
        _link(cell_at(sheet, row, 4), finding.sheet, finding.cell)
    sheet.row_dimensions[row].height = min(_TALLEST, lines * _LINE_HEIGHT + 8)


def _write(cell: Cell, text: str, font: Font, alignment: Alignment) -> None:
    place(cell, text)
    cell.font, cell.alignment = font, alignment


def _link(cell: Cell, sheet: str, target: str) -> None:
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"{quote_sheetname(sheet)}!{target}")
    cell.font = _LINK_FONT


def _page(sheet: Worksheet) -> None:
    """A4 landscape, one page wide, the header on every page."""
    sheet.freeze_panes = f"A{_HEADER_ROW + 1}"
    sheet.print_title_rows = f"{_HEADER_ROW}:{_HEADER_ROW}"
    sheet.print_area = f"A1:{_LAST}{sheet.max_row}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_options.horizontalCentered = True
    margins = sheet.page_margins
    margins.left = margins.right = 0.5
    margins.top, margins.bottom, margins.header, margins.footer = 0.7, 0.7, 0.3, 0.35
    assert sheet.oddFooter is not None
    sheet.oddFooter.center.text = "第 &P 页，共 &N 页"
    sheet.sheet_view.showGridLines = False


def _show_alone(workbook: Workbook) -> None:
    """Only the list is selected: a second selected sheet would take every keystroke too."""
    for position, sheet in enumerate(workbook.worksheets):
        for view in sheet.views.sheetView:
            view.tabSelected = position == 0
    workbook.active = 0
    for window in workbook.views:
        window.firstSheet = 0
