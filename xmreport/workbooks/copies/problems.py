"""问题清单: the first sheet of a returned copy, every finding with a link to its cell, good to print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, count
from xml.sax.saxutils import escape, quoteattr

from xmreport.model.grid import Book, column_letters
from xmreport.model.returned import PROBLEM_SHEETS, PROBLEM_TITLE, is_problem_list
from xmreport.workbooks.copies.about import About
from xmreport.workbooks.copies.marks import Remark
from xmreport.workbooks.copies.package import SHEET, named
from xmreport.workbooks.copies.sheets import Workbook, element, quoted
from xmreport.workbooks.copies.styles import RED, THIN, YELLOW, Styles
from xmreport.workbooks.formats.stencil import place_of
from xmreport.workbooks.wording import clean, clipped, line_count, literal

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

_TITLE_SIZE = 22
_TITLE_FONT = f'<sz val="{_TITLE_SIZE}"/><name val="方正小标宋简体"/>'
_BODY_FONT = f'<sz val="{_BODY_SIZE}"/><name val="仿宋_GB2312"/>'
_STRONG_FONT = f'<sz val="{_BODY_SIZE}"/><name val="黑体"/>'
_LINK_FONT = f'<u/><sz val="{_BODY_SIZE}"/><color rgb="FF0563C1"/><name val="仿宋_GB2312"/>'
_CENTRED = '<alignment horizontal="center" vertical="center" wrapText="1"/>'
_LEFT = '<alignment horizontal="left" vertical="center" wrapText="1" indent="1"/>'
_PAGE = (
    '<printOptions horizontalCentered="1"/>'
    '<pageMargins left="0.5" right="0.5" top="0.7" bottom="0.7" header="0.3" footer="0.35"/>'
    '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>'
    "<headerFooter><oddFooter>&amp;C第 &amp;P 页，共 &amp;N 页</oddFooter></headerFooter>"
)
"""A4 landscape, one page wide."""


def add_list(workbook: Workbook, styles: Styles, remarks: Sequence[Remark], about: About) -> None:
    """Puts 问题清单 in front and opens the workbook on it."""
    taken = {name.casefold() for name in workbook.names}
    remarks = sorted(remarks, key=lambda remark: _order(remark, workbook))
    last = _HEADER_ROW + len(remarks)
    rows = [*_heading(styles, remarks, about), _titles(styles)]
    rows += [_line(styles, number, remark, workbook) for number, remark in enumerate(remarks, 1)]
    links = [_link(_HEADER_ROW + n, remark) for n, remark in enumerate(remarks, 1) if _leads(remark, workbook)]
    widths = (f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, (_, width) in enumerate(_COLUMNS, 1))
    merges = "".join(f'<mergeCell ref="A{row}:{_LAST}{row}"/>' for row in range(1, _HEADER_ROW))
    hyperlinks = f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else ""
    sheet = workbook.insert_first(
        next(name for name in _names() if name not in taken),
        f'<worksheet xmlns="{SHEET}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        '<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0">'
        f'<pane ySplit="{_HEADER_ROW}" topLeftCell="A{_HEADER_ROW + 1}" activePane="bottomLeft" state="frozen"/>'
        f'<selection pane="bottomLeft"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
        f"<cols>{''.join(widths)}</cols><sheetData>{''.join(rows)}</sheetData>"
        f'<mergeCells count="{_HEADER_ROW - 1}">{merges}</mergeCells>'
        f"{hyperlinks}{_PAGE}</worksheet>".encode(),
    )
    workbook.name_cells("_xlnm.Print_Area", sheet, f"$A$1:${_LAST}${last}")
    workbook.name_cells("_xlnm.Print_Titles", sheet, f"${_HEADER_ROW}:${_HEADER_ROW}")
    _show_alone(workbook)


def _names() -> Iterator[str]:
    return chain(PROBLEM_SHEETS, (f"{PROBLEM_SHEETS[0]}{number}" for number in count(2)))


def drop_list(workbook: Workbook, book: Book) -> None:
    """Removes the list of an earlier return."""
    for grid in book.grids:
        if is_problem_list(grid.sheet, grid.at(1, 1)):
            workbook.drop(workbook.sheet(grid.sheet))


def _order(remark: Remark, workbook: Workbook) -> tuple[bool, int, tuple[int, int]]:
    """Errors first; within them what concerns the whole file, then down the sheets."""
    finding = remark.finding
    sheet = workbook.names.index(finding.sheet) if finding.sheet in workbook.names else 0
    return not finding.is_error, sheet, place_of(finding.cell) if finding.cell else (0, 0)


def _heading(styles: Styles, remarks: Sequence[Remark], about: About) -> Iterator[str]:
    errors = sum(remark.finding.is_error for remark in remarks)
    warned = len(remarks) - errors
    unit = about.unit or "你单位"
    arrival = f"{unit}报来的{about.purpose or '报表'}，文件“{about.file}”，{about.arrived} 收到"
    verdict = (
        f"查出错误 {errors} 处、提醒 {warned} 处，现予退回。" if errors else f"没有错误，有提醒 {warned} 处，请核对。"
    )
    steps = "请在原表标红处修改后，将本文件直接放回收件文件夹；本页和批注不必删除。"
    legend = "点“单元格”一栏可跳到该处。红色为错误，必须改正；黄色为提醒，请核对，无误的可不改。"
    lines = (
        (f"{about.unit or ''}{PROBLEM_TITLE}", _TITLE_FONT, _CENTRED, _TITLE_SIZE),
        (f"{arrival}，经核对，{verdict}", _BODY_FONT, _LEFT, _BODY_SIZE),
        (steps, _STRONG_FONT, _LEFT, _BODY_SIZE),
        (legend, _BODY_FONT, _LEFT, _BODY_SIZE),
    )
    room = sum(width for _, width in _COLUMNS) * _CHARS_PER_LINE
    for row, (text, font, alignment, size) in enumerate(lines, 1):
        per_line, factor = _LINE_HEIGHT * size / _BODY_SIZE, _BODY_SIZE / size
        height = line_count(clean(text), room * factor) * per_line + 8
        yield _row(row, height, [_text(row, 1, text, styles.look(font, alignment))])


def _titles(styles: Styles) -> str:
    look = styles.look(_STRONG_FONT, _CENTRED, border=THIN)
    return _row(_HEADER_ROW, 24, [_text(_HEADER_ROW, n, name, look) for n, (name, _) in enumerate(_COLUMNS, 1)])


def _line(styles: Styles, number: int, remark: Remark, workbook: Workbook) -> str:
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
    centred, left = (styles.look(_BODY_FONT, alignment, border=THIN) for alignment in (_CENTRED, _LEFT))
    looks = [centred] * _CENTRED_COLUMNS + [left] * (len(_COLUMNS) - _CENTRED_COLUMNS)
    looks[1] = styles.look(_BODY_FONT, _CENTRED, border=THIN, fill=RED if finding.is_error else YELLOW)
    if _leads(remark, workbook):
        looks[3] = styles.look(_LINK_FONT, _CENTRED, border=THIN)
    cells = [_text(row, n, text, look) for n, (text, look) in enumerate(zip(texts, looks, strict=True), 1)]
    cells[0] = f'<c r="A{row}" s="{looks[0]}"><v>{number}</v></c>'
    rooms = ((width - 3) * _CHARS_PER_LINE for _, width in _COLUMNS)
    lines = max(line_count(text, room) for text, room in zip(texts, rooms, strict=True))
    return _row(row, min(_TALLEST, lines * _LINE_HEIGHT + 8), cells)


def _row(row: int, height: float, cells: Sequence[str]) -> str:
    return f'<row r="{row}" ht="{height:g}" customHeight="1">{"".join(cells)}</row>'


def _text(row: int, column: int, text: str, look: str) -> str:
    """Text stays text, even where it begins with '=' or reads like an error."""
    at = f"{column_letters(column)}{row}"
    if not text:
        return f'<c r="{at}" s="{look}"/>'
    held = f'<is><t xml:space="preserve">{escape(literal(clean(text)))}</t></is>'
    return f'<c r="{at}" s="{look}" t="inlineStr">{held}</c>'


def _leads(remark: Remark, workbook: Workbook) -> bool:
    """Whether the copy holds the cell that is spoken of."""
    return bool(remark.finding.cell) and remark.finding.sheet in workbook.names


def _link(row: int, remark: Remark) -> str:
    place = f"{quoted(remark.finding.sheet or '')}!{remark.finding.cell}"
    return f'<hyperlink ref="D{row}" location={quoteattr(place)}/>'


def _show_alone(workbook: Workbook) -> None:
    """Only the list is selected: a second selected sheet would take every keystroke too."""
    for sheet in workbook.sheets[1:]:
        for view in sheet.root.iter(named("sheetView")):
            view.attrib.pop("tabSelected", None)
    views = workbook.root.find(named("bookViews"))
    if views is None:
        views = element("bookViews", {})
        views.append(element("workbookView", {}))
        workbook.put(views)
    for view in views:
        view.set("activeTab", "0")
        view.set("firstSheet", "0")
