"""Tiny workbooks of the forms F1, F2, F4 and F5, built cell by cell, and the way they walk through the engine."""

import datetime as dt
import io
from functools import lru_cache
from pathlib import Path

import openpyxl
import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P

from xmreport.examine import examine, open_desk
from xmreport.model.grid import address
from xmreport.rulebook.loading.folder import load_rulebook

RULES = Path(__file__).parent.parent / "rules"
DAY = dt.date(2022, 12, 9)
"""A Friday on which 古县's weekly report falls due; 霍州's fell due the day before."""

F1_BEFORE = [
    "序号",
    "项目名称",
    "项目代码",
    "项目单位",
    "责任单位",
    "建设性质",
    "所属领域",
    "是否产业项目",
    "建设内容及规模",
    "建设起止年限",
    "总投资",
    "年度计划投资",
    "计划开工时间",
]
F1_AFTER = ["需协调解决的问题", "协调层级", "备注"]
SUBS = ["办理层级", "办理进展", "办结时间", "拟办结时限"]
PROCEDURES = ("立项", "用地", "规划", "环评", "能评")
F4 = [
    "序号",
    "项目名称",
    "项目代码",
    "级别",
    "建设性质",
    "总投资",
    "年度计划投资",
    "11月底目标",
    "12月底目标",
    "计划开复工月",
    "是否开复工",
    "开复工时间",
    "本年累计完成投资",
    "责任单位",
    "责任人",
    "备注",
]
F2 = [
    "序号",
    "项目名称",
    "项目代码",
    "级别",
    "责任单位",
    "建设性质",
    "总投资",
    "年度计划投资",
    "本月完成投资",
    "1至本月累计完成投资",
    "占年度计划%",
    "形象进度",
    "是否开复工",
    "备注",
]
F5 = ["序号", "单位", "分管领导", "联络人", "职务", "电话", "手机", "备注"]

UNITS = {"guxian": "县住建局", "huozhou": "市住建局"}
TITLES = {"guxian": "古县2023年新建项目前期手续办理情况表", "huozhou": "霍州市2023年建设项目前期手续办理情况表"}
CODES = {"guxian": "141025", "huozhou": "141082"}


@lru_cache(maxsize=1)
def counties():
    """The shipped counties."""
    book = load_rulebook(RULES)
    assert not book.all_faults
    return dict(book.counties)


def project(number=1, changes=None, county="guxian", procedures=PROCEDURES, **more):
    """A project without a fault: field → cell. `changes` and keywords replace cells; None leaves one blank."""
    row = {
        "序号": number,
        "项目名称": f"第{number}供水站项目",
        "项目代码": f"2211-{CODES[county]}-89-01-{100000 + number}",
        "项目单位": "城南建设有限公司",
        "责任单位": UNITS[county],
        "建设性质": "新建",
        "所属领域": "社会事业",
        "是否产业项目": "否",
        "建设内容及规模": "建设供水站一座",
        "建设起止年限": "2023-2025",
        "总投资": 1200 * number,
        "年度计划投资": 500 * number,
        "计划开工时间": dt.date(2023, 3, 1),
    }
    for procedure in procedures:
        row |= {
            f"{procedure}.办理层级": "县",
            f"{procedure}.办理进展": "已办结",
            f"{procedure}.办结时间": dt.date(2022, 11, 3),
        }
    return row | (changes or {}) | more


def register(number=1, changes=None, **more):
    """A line of F4 without a fault."""
    row = {
        "序号": number,
        "项目名称": f"第{number}物流园项目",
        "项目代码": f"2111-141025-89-01-{200000 + number}",
        "级别": "省重点",
        "建设性质": "续建",
        "总投资": 9000,
        "年度计划投资": 3000,
        "是否开复工": "是",
        "开复工时间": dt.date(2022, 3, 15),
        "本年累计完成投资": 2400,
        "责任单位": "县住建局",
    }
    return row | (changes or {}) | more


def dispatch(number=1, changes=None, **more):
    """A line of F2 without a fault."""
    row = {
        "序号": number,
        "项目名称": f"第{number}调蓄库项目",
        "项目代码": f"2111-141082-89-01-{300000 + number}",
        "级别": "市重点",
        "责任单位": "市水利局",
        "建设性质": "续建",
        "总投资": 9000,
        "年度计划投资": 4000,
        "本月完成投资": 300,
        "1至本月累计完成投资": 3500,
        "占年度计划%": 87.5,
        "形象进度": "主体完工",
        "是否开复工": "是",
    }
    return row | (changes or {}) | more


def contact(number=1, changes=None, **more):
    """A line of F5 without a fault."""
    row = {
        "序号": number,
        "单位": "县住建局",
        "联络人": f"联络员{number}",
        "职务": "股长",
        "电话": f"0357-832200{number}",
    }
    return row | (changes or {}) | more


class Sheet:
    """Cells by row and column, merges, and where each field's column is. Rows can be put anywhere."""

    def __init__(self, name="Sheet1"):
        self.name = name
        self.cells = {}
        self.merges = []
        self.columns = {}
        self.body = 1
        self.hidden = False
        self.hidden_rows = set()
        self.hidden_columns = set()
        self.struck_rows = set()
        self.formats = {}

    def at(self, field, row=None):
        """The address of a field: `at("总投资", 6)` → K6. Without a row: the first of the body."""
        return address(row or self.body, self.columns[field])

    def put(self, row, column, value):
        """`column` is a number or a field."""
        self.cells[row, self.columns.get(column, column)] = value
        return self

    def fill(self, row, values):
        """A line by field (a mapping) or from column A on (a sequence)."""
        pairs = values.items() if isinstance(values, dict) else enumerate(values, 1)
        for column, value in pairs:
            if value is not None and (column in self.columns or isinstance(column, int)):
                self.put(row, column, value)
        return self

    def merge(self, top, left, bottom, right):
        self.merges.append((top, self.columns.get(left, left), bottom, self.columns.get(right, right)))
        return self

    def body_rows(self, rows):
        for index, row in enumerate(rows):
            self.fill(self.body + index, row)
        return self

    @property
    def bottom(self):
        return max(row for row, _ in self.cells)

    @property
    def right(self):
        return max(column for _, column in self.cells)


def head(sheet, title, unit, stated, money, top=1):
    """附件1, title, and the line of statements; None leaves a statement out."""
    sheet.put(top, 1, "附件1").put(top + 1, 1, title)
    if unit is not None:
        sheet.put(top + 2, 1, f"填报单位（盖章）：{unit}")
    if stated is not None:
        sheet.put(top + 2, 6, f"填报时间：{stated}")
    if money is not None:
        sheet.put(top + 2, 11, f"单位：{money}")


def f1(
    *rows,
    county="guxian",
    unit="",
    stated="2022年12月9日",
    money="万元",
    title=None,
    procedures=PROCEDURES,
    headings=None,
    without=(),
    extra=(),
    order=None,
    merged=True,
    top=1,
    name="Sheet1",
):
    """An F1 sheet with its two-line header.

    Args:
        rows: body lines, by field; none means one good project.
        headings: field or procedure → what stands in its heading instead.
        without: fields whose columns are left out (a procedure leaves out its whole group).
        extra: headings of columns put behind the others.
        order: fields and procedures in another order.
        merged: headings are merged cells; else a group's name stands over its first column only.
        top: the row where 附件1 stands; the header follows three rows below.
    """
    sheet = Sheet(name)
    head(sheet, title or TITLES[county], UNITS[county] if unit == "" else unit, stated, money, top)
    upper, said = top + 3, headings or {}
    for item in [*(order or (*F1_BEFORE, *procedures, *F1_AFTER)), *extra]:
        fields = [f"{item}.{sub}" for sub in SUBS] if item in procedures else [item]
        fields = [field for field in fields if field not in without and item not in without]
        first = len(sheet.columns) + 1
        sheet.columns |= {field: first + index for index, field in enumerate(fields)}
        if not fields:
            continue
        sheet.put(upper, first, said.get(item, item))
        last = first + len(fields) - 1
        if item in procedures:
            for field in fields:
                sheet.put(upper + 1, field, said.get(field, field.split(".")[1]))
        if merged:
            sheet.merge(upper, first, upper if item in procedures else upper + 1, last)
    sheet.body = upper + 2
    return sheet.body_rows(rows or [project(county=county, procedures=procedures)])


def flat(fields, title, rows, *, unit="县住建局", stated="2022年12月9日", money="万元", name="Sheet1"):
    """A sheet with a header of one line: F4 and F5."""
    sheet = Sheet(name)
    head(sheet, title, unit, stated, money)
    sheet.columns = {field: column for column, field in enumerate(fields, 1)}
    sheet.body = 5
    return sheet.fill(4, list(fields)).body_rows(rows)


def f4(*rows, **more):
    return flat(F4, "古县2022年省市重点项目目标任务表", rows or [register()], **({"unit": "县发改局"} | more))


def f2(*rows, **more):
    return flat(F2, "霍州市2022年省市重点项目月调度表", rows or [dispatch()], **({"unit": "市水利局"} | more))


def f5(*rows, **more):
    return flat(F5, "古县项目工作联络人名单", rows or [contact()], **more)


def saved(book):
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def xlsx(*sheets):
    """As openpyxl writes it: formulas carry no computed value."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        for (row, column), value in sheet.cells.items():
            cell = page.cell(row, column)
            cell.value = value
            if (row, column) in sheet.formats:
                cell.number_format = sheet.formats[row, column]
            if (isinstance(value, str) and not value.startswith("=")) or value in ERRORS:
                cell.data_type = "e" if value in ERRORS else "s"
            if row in sheet.struck_rows:
                cell.font = openpyxl.styles.Font(strike=True)
        for top, left, bottom, right in sheet.merges:
            page.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)
        for row in sheet.hidden_rows:
            page.row_dimensions[row].hidden = True
        for column in sheet.hidden_columns:
            page.column_dimensions[openpyxl.utils.get_column_letter(column)].hidden = True
        page.sheet_state = "hidden" if sheet.hidden else "visible"
    return saved(book)


ERRORS = ("#DIV/0!", "#REF!", "#N/A")


def written(*sheets, **options):
    """As Excel writes it (by xlsxwriter): shared strings, formulas with a value, and the 1904 system if wanted."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **options}) as book:
        dated = book.add_format({"num_format": "yyyy-mm-dd"})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            for top, left, bottom, right in sheet.merges:
                page.merge_range(top - 1, left - 1, bottom - 1, right - 1, "")
            for (row, column), value in sheet.cells.items():
                if isinstance(value, dt.date):
                    page.write_datetime(row - 1, column - 1, value, dated)
                elif isinstance(value, str):
                    page.write_string(row - 1, column - 1, value)
                else:
                    page.write(row - 1, column - 1, value)
    return buffer.getvalue()


def xls(*sheets, mode_1904=False):
    """As .xls and .et (BIFF)."""
    book = xlwt.Workbook()
    book.dates_1904 = mode_1904
    dated = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for sheet in sheets:
        page = book.add_sheet(sheet.name)
        taken = {(top, left) for top, left, _, _ in sheet.merges}
        for top, left, bottom, right in sheet.merges:
            page.write_merge(top - 1, bottom - 1, left - 1, right - 1, sheet.cells.get((top, left)))
        for (row, column), value in sheet.cells.items():
            if (row, column) not in taken:
                style = dated if isinstance(value, dt.date) else xlwt.Style.default_style
                page.write(row - 1, column - 1, value, style)
    return saved(book)


def ods(*sheets):
    """As .ods, with its merges."""
    book = OpenDocumentSpreadsheet()
    for sheet in sheets:
        page = Table(name=sheet.name)
        spans = {(top, left): (bottom - top + 1, right - left + 1) for top, left, bottom, right in sheet.merges}
        covered = {
            (row, column)
            for top, left, bottom, right in sheet.merges
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        } - spans.keys()
        for row in range(1, sheet.bottom + 1):
            line = TableRow()
            for column in range(1, sheet.right + 1):
                line.addElement(
                    _ods_cell(sheet.cells.get((row, column)), spans.get((row, column)), (row, column) in covered)
                )
            page.addElement(line)
        book.spreadsheet.addElement(page)
    return saved(book)


def _ods_cell(value, span, covered):
    kind = CoveredTableCell if covered else TableCell
    given = {"numberrowsspanned": span[0], "numbercolumnsspanned": span[1]} if span and not covered else {}
    if value is None:
        return kind(**given)
    if isinstance(value, dt.date):
        cell = kind(valuetype="date", datevalue=value.isoformat(), **given)
    elif isinstance(value, int | float):
        cell = kind(valuetype="float", value=str(value), **given)
    else:
        cell = kind(valuetype="string", **given)
    cell.addElement(P(text=str(value)))
    return cell


def examined(*sheets, county="guxian", unit="", name="前期手续办理情况表.xlsx", day=DAY, form=None):
    """A workbook of these sheets (or bytes) through the engine's own way for one file.

    `unit` is the folder it lands in: by default the county's 住建局; None is the county's own folder.
    """
    open_desk(counties())
    data = sheets[0] if isinstance(sheets[0], bytes) else (form or _quickest(*sheets))(*sheets)
    return examine(data, county, name, UNITS[county] if unit == "" else unit, day)


def _quickest(*sheets):
    """xlsxwriter is five times as fast, but knows no uncached formulas, and openpyxl's looks are used here."""
    looks = any(s.hidden or s.hidden_rows or s.hidden_columns or s.struck_rows or s.formats for s in sheets)
    values = [value for sheet in sheets for value in sheet.cells.values() if isinstance(value, str)]
    return xlsx if looks or any(value.startswith("=") or value in ERRORS for value in values) else written


def part_of(*sheets, **more):
    """The one part of a workbook that holds one."""
    found = examined(*sheets, **more)
    assert found.outcome is None, found.findings
    (part,) = found.parts
    return part


def errors(part):
    """(code, cell) of every error, in order of finding."""
    return [(finding.code, finding.cell) for finding in part.findings if finding.is_error]


def warnings(part):
    return [(finding.code, finding.cell) for finding in part.findings if not finding.is_error]


def values(part, field):
    """A field down all rows, dates as text."""
    found = [row.values.get(field) for row in part.rows]
    return [str(value) if hasattr(value, "precise") else value for value in found]
