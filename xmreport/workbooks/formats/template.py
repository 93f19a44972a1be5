"""An official format as an office keeps it: a workbook, read once into what a table needs of it.

Column A of a template's sheet names what each row is and is never printed; the table begins in column B. A cell may
hold `{占位}`; in the 明细 row it names the field of its column. The sheet 样式 gives words their colours and formats;
the sheet 列型 of a generic template says how a column of each type looks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile
from zlib import error as NotDeflated

from msgspec import Struct
from msgspec.structs import replace

from xmreport.model.grid import Box, address
from xmreport.model.trouble import Trouble
from xmreport.workbooks.formats.looks import Look, Palette, look_of
from xmreport.workbooks.formats.page import Page, read_page
from xmreport.workbooks.formats.stencil import Stencil, StencilSheet, child, read_stencil, says_yes

HEAD, HEADER, BODY, NOTE, CHART, FOOT = "抬头", "表头", "明细", "附注", "图表", "表尾"
SECTION, SUBTOTAL, TOTAL = "分组", "小计", "合计"
HEADINGS = frozenset({HEAD, HEADER})
LINES = frozenset({BODY, SECTION, SUBTOTAL, TOTAL})
SUM, COUNT = "求和", "计数"
STYLES, KINDS = "样式", "列型"
WORDS = "栏名"
"""In the sheet 列型, the row of words that send a column there by its heading."""
MARKS = HEADINGS | LINES | {NOTE, CHART, FOOT, WORDS}
COLOURED, BY, SPARED = "着色", "按", "可省"

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_DEFAULT_WIDTH = 9.140625
_UNSAID_WIDTH = 13.0
"""Of a column that a file names without its width."""
_DEEPEST = 200
"""Rows of a template that are looked at: an office may have formatted whole columns."""


class TemplateBroken(Trouble):
    """A template that cannot be used as it is: which file, where, and what to do, in the office's own words."""

    def __init__(self, file: str, sheet: str | None, cell: str | None, message: str) -> None:
        self.file, self.sheet, self.cell, self.message = file, sheet, cell, message
        where = f"模板“{file}”" + (f"的工作表“{sheet}”" if sheet else "") + (f" {cell} 单元格" if cell else "")
        super().__init__(f"{where}：{message}")


class Placeholder(Struct, frozen=True):
    """`{字段|着色|按单位}`: a field, whether its words are coloured, and which field's word picks its number format;
    `{字段|可省}` in a heading: its row is not printed where there are no words.
    """

    field: str
    coloured: bool = False
    by: str | None = None
    spared: bool = False


class TemplateCell(Struct, frozen=True):
    text: str
    look: Look
    cell: str
    """Its address in the template, for whoever has to mend it."""

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(placeholder(inside).field for inside in PLACEHOLDER.findall(self.text))


class TemplateRow(Struct, frozen=True):
    kind: str
    number: int
    """The row in the template, as Excel counts."""
    height: float
    """Points; 0 where the template leaves it to the program."""
    cells: tuple[TemplateCell, ...]

    def is_spared(self, head: Mapping[str, str]) -> bool:
        held = (placeholder(inside) for cell in self.cells for inside in PLACEHOLDER.findall(cell.text))
        return any(each.spared and not head.get(each.field, "") for each in held)


class TemplateSheet(Struct, frozen=True):
    """One sheet's look. Columns are counted from 0, the marks in column A left out; so are the merges' columns."""

    file: str
    name: str
    widths: tuple[int, ...]
    """Pixels; 0 is a hidden column."""
    rows: tuple[TemplateRow, ...]
    merges: tuple[Box, ...]
    page: Page

    @property
    def headings(self) -> tuple[TemplateRow, ...]:
        return tuple(row for row in self.rows if row.kind in HEADINGS)

    @property
    def foot(self) -> tuple[TemplateRow, ...]:
        return tuple(row for row in self.rows if row.kind == FOOT)

    def find(self, kind: str) -> TemplateRow | None:
        return next((row for row in self.rows if row.kind == kind), None)

    def row(self, kind: str) -> TemplateRow:
        found = self.find(kind)
        if found is None:
            raise self.broken(None, f"缺少“{kind}”行：请在 A 列写上“{kind}”，并在这一行设好格式")
        return found

    def with_words(self, head: Mapping[str, str]) -> TemplateSheet:
        """Without the heading rows that are spared for want of words."""
        return replace(self, rows=tuple(row for row in self.rows if row.kind != HEAD or not row.is_spared(head)))

    def broken(self, cell: str | None, message: str) -> TemplateBroken:
        return TemplateBroken(self.file, self.name, cell, message)


class Template(Struct, frozen=True):
    file: str
    sheets: Mapping[str, TemplateSheet]
    styles: Mapping[str, Look]
    """A word and how a coloured cell that says it looks; a unit's word also carries its number format."""
    kinds: TemplateSheet | None = None
    """The sheet 列型: how the columns look that this template leaves open."""
    spare: str | None = None
    """A generic template's sheet for all that it does not name."""

    def sheet(self, name: str) -> TemplateSheet:
        if name not in self.sheets and self.spare:
            return self.sheets[self.spare]
        if name not in self.sheets:
            raise TemplateBroken(self.file, None, None, f"没有工作表“{name}”，现有：{'、'.join(self.sheets) or '无'}")
        return self.sheets[name]


def placeholder(inside: str) -> Placeholder:
    """What stands between the braces, taken apart."""
    field, *marks = (part.strip() for part in inside.split("|"))
    by = next((mark.removeprefix(BY) for mark in marks if mark.startswith(BY)), None)
    return Placeholder(field, COLOURED in marks, by, SPARED in marks)


@lru_cache(maxsize=4_096)
def whole(text: str) -> Placeholder | None:
    """The one placeholder that a cell's text consists of, if it does."""
    match = PLACEHOLDER.fullmatch(text.strip())
    return placeholder(match[1]) if match else None


def template_for(folder: Path, own: str, generic: str) -> Template:
    """The template of a workbook's own name where the office has one, else the generic one, if there is any."""
    if not generic or (folder / own).exists():
        return read_template(folder / own)
    found = read_template(folder / generic)
    return replace(found, spare=next(iter(found.sheets), None))


def read_template(path: Path) -> Template:
    """The template at `path`. Sheets whose column A holds no mark (explanations, for instance) are left aside."""
    try:
        status = path.stat()
    except FileNotFoundError as why:
        raise TemplateBroken(path.name, None, None, "找不到这个模板文件") from why
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=32)
def _read(path: Path, _changed: int, _size: int) -> Template:
    """Read once for each state of the file: the time of its last change and its size tell states apart."""
    try:
        book = read_stencil(path)
        palette = Palette.read(book.theme)
    except (BadZipFile, KeyError, ValueError, IndexError, NotDeflated) as why:
        raise TemplateBroken(path.name, None, None, "打不开，请用 Excel 另存为 .xlsx 后再放回") from why
    sheets = {
        sheet.title: _sheet(path.name, sheet, palette, _digit(book))
        for sheet in book.sheets
        if sheet.title != STYLES and any(_mark(sheet, row) in MARKS for row in _rows(sheet))
    }
    kinds = sheets.pop(KINDS, None)
    return Template(path.name, sheets, _styles(book, palette), kinds)


def _styles(book: Stencil, palette: Palette) -> dict[str, Look]:
    cells = (cell for sheet in book.sheets if sheet.title == STYLES for cell in sheet.cells.values())
    return {cell.text.strip(): look_of(cell, palette) for cell in cells if cell.text}


def _rows(sheet: StencilSheet) -> range:
    return range(1, min(sheet.last_row, _DEEPEST) + 1)


def _mark(sheet: StencilSheet, row: int) -> str:
    return sheet.text(row, 1).strip()


def _sheet(file: str, sheet: StencilSheet, palette: Palette, digit: int) -> TemplateSheet:
    boxes = [replace(box, left=box.left - 2, right=box.right - 2) for box in sheet.merges]
    width = _width(sheet)
    rows = tuple(
        _row(sheet, number, _mark(sheet, number), width, palette) for number in _rows(sheet) if _mark(sheet, number)
    )
    found = TemplateSheet(file, sheet.title, _widths(sheet, width, digit), rows, tuple(boxes), read_page(sheet))
    _judge(found, sheet)
    return found


def _width(sheet: StencilSheet) -> int:
    """How many columns the table has: as far as the 明细 row and the header reach."""
    rows = [row for row in _rows(sheet) if _mark(sheet, row) in {HEADER, BODY}]
    written = [c for row in rows for c in range(2, sheet.last_column + 1) if sheet.text(row, c)]
    merged = [box.right for box in sheet.merges if box.top in rows]
    return max([*written, *merged], default=1) - 1


def _row(sheet: StencilSheet, number: int, kind: str, width: int, palette: Palette) -> TemplateRow:
    cells = ((sheet.cell(number, column), address(number, column)) for column in range(2, width + 2))
    made = tuple(TemplateCell(cell.text, look_of(cell, palette), place) for cell, place in cells)
    return TemplateRow(kind, number, sheet.heights.get(number, 0.0), made)


def _widths(sheet: StencilSheet, width: int, digit: int) -> tuple[int, ...]:
    given: dict[int, int] = {}
    for each in sheet.part("cols"):
        # Excel keeps equal neighbours as one entry, with a first and a last column.
        columns = range(int(each.get("min", 1)), int(each.get("max", 1)) + 1)
        pixels = (
            0
            if says_yes(each, "hidden")
            else round((float(each.get("width", _UNSAID_WIDTH)) or _DEFAULT_WIDTH) * digit)
        )
        given.update(dict.fromkeys(columns, pixels))
    usual = float(sheet.part("sheetFormatPr").get("defaultColWidth", 0)) or _DEFAULT_WIDTH
    return tuple(given.get(column, round(usual * digit)) for column in range(2, width + 2))


def _digit(book: Stencil) -> int:
    """Pixels of a digit in the workbook's own font, in which it counts widths: Calibri 7, 宋体 and 等线 8 at 11 pt."""
    name, size = (child(book.font, each).get("val") for each in ("name", "sz"))
    return 7 if (name or "Calibri").isascii() and float(size or 11) <= 11 else 8


def _judge(found: TemplateSheet, sheet: StencilSheet) -> None:
    """Whatever an office may get wrong while it edits, said where it is wrong."""
    for number in _rows(sheet):
        mark = _mark(sheet, number)
        if mark and mark not in MARKS:
            raise found.broken(f"A{number}", f"不认识的行标记“{mark}”，可用：{'、'.join(sorted(MARKS))}")
        stray = [column for column in range(2, sheet.last_column + 1) if sheet.text(number, column)]
        if stray and not mark:
            raise found.broken(address(number, stray[0]), "这一行有内容，A 列却没有写明是什么行")
    body = [row for row in found.rows if row.kind == BODY]
    if not body or not any(cell.fields for cell in body[0].cells):
        raise found.broken(None, "没有“明细”行：须有一行在 A 列写“明细”，各格写 {字段名}")
    if len(body) > 1:
        raise found.broken(f"A{body[1].number}", "“明细”行只能有一行")
    for row in found.rows:
        for cell in row.cells:
            _judge_cell(found, row, cell)
    for box in found.merges:
        kinds = {row.kind for row in found.rows if box.top <= row.number <= box.bottom}
        if box.top != box.bottom and not kinds <= HEADINGS:
            raise found.broken(address(box.top, box.left + 2), "只有抬头和表头可以跨行合并")


def _judge_cell(found: TemplateSheet, row: TemplateRow, cell: TemplateCell) -> None:
    rest = PLACEHOLDER.sub("", cell.text)
    if "{" in rest or "}" in rest:
        raise found.broken(cell.cell, f"花括号没有成对：{cell.text}")
    for inside in PLACEHOLDER.findall(cell.text):
        field, *marks = (part.strip() for part in inside.split("|"))
        if not field:
            raise found.broken(cell.cell, "花括号里没有写字段名")
        for mark in marks:
            if mark not in {COLOURED, SPARED} and not (mark.startswith(BY) and len(mark) > len(BY)):
                raise found.broken(cell.cell, f"不认识的写法“|{mark}”，可用：|{COLOURED}、|{BY}字段名、|{SPARED}")
        if field in {SUM, COUNT} and row.kind not in {SUBTOTAL, TOTAL}:
            raise found.broken(cell.cell, f"{{{field}}} 只能写在小计行或合计行")
