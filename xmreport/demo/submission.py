"""One return as a workbook: what a careful unit sends. `habits` makes of it what others send."""

from __future__ import annotations

import datetime as dt
from html import escape
from io import BytesIO
from typing import Any, NamedTuple

import xlsxwriter
from msgspec import Struct
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xmreport.demo.projects import PROCEDURES, Record

PROCEDURE_FIELDS = ("办理层级", "办理进展", "办结时间", "拟办结时限")
_CREATED = dt.datetime(2022, 11, 26, 9, 0)  # noqa: DTZ001 - a workbook's own time has no zone

_A3 = 8
_WIDE = {"序号": 6, "项目名称": 30, "项目": 30, "项目代码": 25, "项目单位": 24, "建设内容及规模": 32, "备注": 22}
_WIDE |= dict.fromkeys(("需协调解决的问题", "问题", "存在问题", "堵点问题", "原因", "未开工原因", "形象进度"), 22)
_WIDE |= dict.fromkeys(("推进情况", "办理要求", "落实情况", "解决办法", "建设内容", "经济社会效益"), 30)


class Heading(NamedTuple):
    """A column: the field it holds, and its heading in one or two rows."""

    field: str
    top: str
    sub: str | None = None


class Fault(NamedTuple):
    """A formula that gives an error value."""

    formula: str
    value: str


def _plain(*names: str) -> list[Heading]:
    return [Heading(name.rstrip("*"), name) for name in names]


PROGRESS = [
    *_plain("序号", "项目名称*", "项目代码", "项目单位*", "责任单位*", "建设性质*", "所属领域", "是否产业项目"),
    *_plain("建设内容及规模", "建设起止年限", "总投资*", "年度计划投资*", "计划开工时间"),
    *(Heading(f"{name}.{part}", name, part) for name in PROCEDURES for part in PROCEDURE_FIELDS),
    *_plain("需协调解决的问题", "协调层级", "备注"),
]
REGISTER = _plain(
    *("序号", "项目名称*", "项目代码", "级别*", "建设性质*", "总投资", "年度计划投资*", "11月底目标", "12月底目标"),
    *("计划开复工月", "是否开复工*", "开复工时间", "本年累计完成投资*", "责任单位*", "责任人", "备注"),
)
CONTACTS = _plain("序号", "单位*", "分管领导", "联络人*", "职务", "电话*", "手机", "备注")


class Draft(Struct):
    """A return before it is written, open to whatever its unit does to it."""

    title: str
    unit: str
    day: dt.date
    headings: list[Heading]
    records: list[Record]
    annex: str = "附件1"
    area: str = "0357"
    money: str | None = "万元"
    said_day: str = ""
    sheet: str = "Sheet1"
    sections: dict[int, str] = {}
    """Before which record (from 0) a section line stands."""
    totals: Record | None = None
    """The 合计 line, where the unit keeps one."""
    merged: list[tuple[str, int, int]] = []
    """Field, first and last record of cells that are one."""
    hidden: set[int] = set()
    hidden_fields: set[str] = set()
    only_line: str | None = None
    """What the first line says instead of a project: 零报告."""
    further_sheets: tuple[str, ...] = ()

    @property
    def stated(self) -> str:
        return self.said_day or f"{self.day.year}年{self.day.month}月{self.day.day}日"


def write(*drafts: Draft) -> bytes:
    """The drafts as one .xlsx, a sheet each."""
    output = BytesIO()
    with xlsxwriter.Workbook(output, {"in_memory": True}) as book:
        book.set_properties({"created": _CREATED})
        for draft in drafts:
            sheet = book.add_worksheet(draft.sheet)
            sheet.set_landscape()
            sheet.set_paper(_A3)
            sheet.fit_to_pages(1, 0)
            _Writer(book, sheet, draft).write()
            for name in draft.further_sheets:
                book.add_worksheet(name)
    return output.getvalue()


class _Writer:
    """Writes one draft to one sheet."""

    def __init__(self, book: xlsxwriter.Workbook, sheet: Worksheet, draft: Draft) -> None:
        self.sheet = sheet
        self.draft = draft
        self.last = len(draft.headings) - 1
        self.column = {heading.field: number for number, heading in enumerate(draft.headings)}
        frame = {"border": 1, "valign": "vcenter", "text_wrap": True, "font_name": "宋体", "font_size": 10}
        self.title: Format = book.add_format({"bold": True, "font_size": 18, "align": "center", "font_name": "宋体"})
        self.plain: Format = book.add_format({"font_name": "宋体", "font_size": 10})
        self.head: Format = book.add_format({**frame, "bold": True, "align": "center"})
        self.cell: Format = book.add_format(frame)
        self.date: Format = book.add_format({**frame, "num_format": "yyyy-mm-dd"})

    def write(self) -> None:
        row = self._frame()
        row = self._header(row)
        if self.draft.only_line:
            self._line(row, {"序号": None, self.draft.headings[1].field: self.draft.only_line})
            row += 1
        places = []
        for number, record in enumerate(self.draft.records):
            if number in self.draft.sections:
                self.sheet.merge_range(row, 0, row, self.last, self.draft.sections[number], self.cell)
                row += 1
            self._line(row, {"序号": number + 1, **record})
            if number in self.draft.hidden:
                self.sheet.set_row(row, None, None, {"hidden": True})
            places.append(row)
            row += 1
        for name, first, last in self.draft.merged:
            value = self.draft.records[first].get(name)
            column = self.column[name]
            self.sheet.merge_range(places[first], column, places[last], column, value, self.cell)
        if self.draft.totals:
            self._line(row, {"序号": "合计", **self.draft.totals})
            row += 1
        foot = f"填表人：张某　　审核人：李某　　联系电话：{self.draft.area}-0000000"
        self.sheet.write_string(row, 0, foot, self.plain)

    def _frame(self) -> int:
        draft = self.draft
        self.sheet.write_string(0, 0, draft.annex, self.plain)
        self.sheet.merge_range(1, 0, 1, self.last, draft.title, self.title)
        self.sheet.set_row(1, 28)
        self.sheet.write_string(2, 0, f"填报单位（盖章）：{draft.unit}", self.plain)
        self.sheet.write_string(2, self.last // 2, f"填报时间：{draft.stated}", self.plain)
        if draft.money:
            self.sheet.write_string(2, self.last - 1, f"单位：{draft.money}", self.plain)
        return 3

    def _header(self, row: int) -> int:
        deep = any(heading.sub for heading in self.draft.headings)
        number = 0
        while number <= self.last:
            heading = self.draft.headings[number]
            end = number
            if heading.sub:
                while end < self.last and self.draft.headings[end + 1].top == heading.top:
                    end += 1
                for column in range(number, end + 1):
                    self.sheet.write_string(row + 1, column, self.draft.headings[column].sub or "", self.head)
                self.sheet.merge_range(row, number, row, end, heading.top, self.head)
            elif deep:
                self.sheet.merge_range(row, number, row + 1, number, heading.top, self.head)
            else:
                self.sheet.write_string(row, number, heading.top, self.head)
            for column in range(number, end + 1):
                hidden = self.draft.headings[column].field in self.draft.hidden_fields
                self.sheet.set_column(column, column, _width(heading.field), None, {"hidden": hidden})
            number = end + 1
        self.sheet.set_row(row + deep, 30)
        self.sheet.freeze_panes(row + 1 + deep, 2)
        return row + 1 + deep

    def _line(self, row: int, record: Record) -> None:
        for heading in self.draft.headings:
            self._cell(row, self.column[heading.field], record.get(heading.field))

    def _cell(self, row: int, column: int, value: Any) -> None:
        if value is None:
            self.sheet.write_blank(row, column, None, self.cell)
        elif isinstance(value, Fault):
            self.sheet.write_formula(row, column, value.formula, self.cell, value.value)
        elif isinstance(value, dt.date):
            self.sheet.write_datetime(row, column, value, self.date)
        elif isinstance(value, int | float):
            self.sheet.write_number(row, column, value, self.cell)
        else:
            self.sheet.write_string(row, column, value, self.cell)


def _width(name: str) -> float:
    return _WIDE.get(name, 12)


def web_page(draft: Draft) -> bytes:
    """The draft as some systems export it: a web page that calls itself .xls."""
    lines: list[list[Any]] = [[heading.top + (heading.sub or "") for heading in draft.headings]]
    lines += [[record.get(heading.field) for heading in draft.headings] for record in draft.records]
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(value if value is not None else ''))}</td>" for value in line) + "</tr>"
        for line in lines
    )
    page = f"<html><head><meta charset='utf-8'></head><body><h1>{draft.title}</h1><table>{body}</table></body></html>"
    return page.encode()
