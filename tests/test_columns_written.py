"""Tables written column by column are those written cell by cell; texts of one shape take the same room."""

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from building import F1_AFTER, F1_BEFORE, SUBS
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from xmreport.model.dates import CHINA, PartialDate
from xmreport.model.sheets import Chart, Formula, Line, LongTable, SheetData, WorkbookData
from xmreport.workbooks.cells import written
from xmreport.workbooks.fitting.measure import _lines, _unit, _units, lines, units
from xmreport.workbooks.fitting.shapes import shape, shapes
from xmreport.workbooks.official import build
from xmreport.workbooks.streamed.package import PackedBook

TEMPLATES = Path(__file__).parents[1] / "templates_xlsx"
AS_OF = dt.datetime(2022, 12, 9, 17, tzinfo=CHINA)
HEAD = dict.fromkeys(("附件", "标题", "县区", "填报单位", "截止时间", "任务", "期次", "金额单位"), "古县")
HEAD |= {"分子名": "已办结", "分母名": "应办", "比率名": "办结率"}
LETTERS = st.text(
    st.sampled_from("古县建设水务局项目（）《》，。、：；“”·—…①IlLi019 .,-/()abWXé\u0301　\n"), max_size=60
)


@given(LETTERS, st.floats(4, 80))
def test_a_text_takes_as_much_room_as_its_shape(text, room):
    assert units(text) == sum(map(_unit, text)) == _units(shape(text))
    assert lines(text, room) == _lines(text, room) == _lines(shape(text), room)


@given(st.lists(LETTERS))
def test_the_shapes_of_many_texts_are_those_of_each(texts):
    assert shapes(texts) == list(map(shape, texts))


def made(sheet: SheetData, template: str, monkeypatch, *, by_cell: bool) -> bytes:
    with monkeypatch.context() as patch:
        if by_cell:
            patch.setattr("xmreport.workbooks.streamed.body.FEW", 10**9)
        return build(WorkbookData("x.xlsx", template, (sheet,)), TEMPLATES, AS_OF)


def facts(data: bytes, name: str):
    """Every cell with its look, the measures, the merges and the drawn parts."""
    sheet = openpyxl.load_workbook(io.BytesIO(data))[name]
    values = openpyxl.load_workbook(io.BytesIO(data), data_only=True)[name]
    cells = {
        cell.coordinate: (cell.value, values[cell.coordinate].value, repr((cell.font, cell.fill, cell.border)),
                          repr((cell.alignment, cell.number_format, cell.quotePrefix)))
        for row in sheet.iter_rows() for cell in row
    }  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        drawn = {part: package.read(part) for part in package.namelist() if "chart" in part or "drawing" in part}
    heights = {at: each.height for at, each in sheet.row_dimensions.items()}
    widths = {at: each.width for at, each in sheet.column_dimensions.items()}
    printed = sheet.print_area, sheet.print_title_rows, sheet.page_setup.scale, sheet.freeze_panes
    return cells, heights, widths, {str(each) for each in sheet.merged_cells.ranges}, drawn, printed


def same(sheet: SheetData, template: str, monkeypatch) -> None:
    by_column, by_cell = (made(sheet, template, monkeypatch, by_cell=each) for each in (False, True))
    assert b"inlineStr" in sheet_xml(by_column)
    assert b"inlineStr" not in sheet_xml(by_cell)
    for found, expected in zip(facts(by_column, sheet.name), facts(by_cell, sheet.name), strict=True):
        assert found == expected


def sheet_xml(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read("xl/worksheets/sheet1.xml")


VALUES = st.one_of(
    st.none(), LETTERS, st.booleans(), st.integers(-(10**6), 10**9),
    st.floats(-1e6, 1e9).map(lambda number: round(number, 3)),
    st.builds(PartialDate, st.integers(1899, 2040), st.integers(1, 12), st.sampled_from([0, 1, 28])),
    st.sampled_from(["=1+1", "-", "@甲", "甲<乙>&丙", " 前后 ", "甲\r\n乙", "已办结", "超期3天", "很长的内容" * 80]),
)  # fmt: skip
FIELDS = ("填报单位", *F1_BEFORE[1:], *(f"立项.{sub}" for sub in SUBS), *F1_AFTER)
DATES = ("计划开工时间", "立项.办结时间", "立项.拟办结时限")


def test_a_day_before_excels_leap_year_that_was_none_is_text():
    assert written(PartialDate(1900, 2, 28)) == "1900-02-28"
    assert written(PartialDate(1900, 3, 1)) == dt.date(1900, 3, 1)


@settings(max_examples=6, phases=(Phase.explicit, Phase.generate))
@given(st.data())
def test_a_table_of_whatever_is_the_same_by_column_and_by_cell(data):
    rows = 40
    pools = {name: data.draw(st.lists(VALUES, min_size=1, max_size=6), label=name) for name in FIELDS}
    columns = {name: [pool[at * 7 % len(pool)] for at in range(rows)] for name, pool in pools.items()}
    for name in DATES:  # openpyxl reads no number there
        columns[name] = [None if isinstance(value, int | float) else value for value in columns[name]]
    columns["序号"] = list(range(1, rows + 1))
    table = LongTable(columns, rows, {20: Line("小计", {"填报单位": "甲镇"}), 41: Line("合计")})
    sheet = SheetData("汇总表", "汇总表", HEAD, table, {"手续": ("立项",)}, ("附注",))
    with pytest.MonkeyPatch.context() as patch:
        same(sheet, "前期手续办理情况表汇总表.xlsx", patch)


def test_formulas_charts_and_totals_are_the_same_by_column_and_by_cell(monkeypatch):
    said = [{"序号": at, "单位": f"第{at}镇", "计量": "个", "分子": at / 3, "分母": at} for at in range(1, 60)]
    rate = Formula("{分子}/{分母}", 1 / 3)
    lines = (*(Line("明细", {**each, "比率": rate}) for each in said), Line("合计", {**said[0], "比率": None}))
    chart = Chart("column", "办结率", "单位", ("比率",), percent=True)
    sheet = SheetData("办结率", "分解比率", HEAD, lines, {"分解": ()}, charts=(chart,))
    same(sheet, "目标完成情况表.xlsx", monkeypatch)


def test_a_part_that_cannot_be_made_says_why():
    book = PackedBook({})
    sheet = book.add_worksheet()
    sheet.write(0, 0, "甲")
    sheet._write_rows = _fails
    with pytest.raises(ValueError, match="其中一行"):
        book.close()


def _fails() -> None:
    raise ValueError("其中一行")


def test_what_is_packed_is_whole_and_the_same_each_time():
    sheet = SheetData("表", "汇总表", HEAD, [Line("合计")] * 3, {"手续": ("立项",)})
    data = [build(WorkbookData("x.xlsx", "前期手续办理情况表汇总表.xlsx", (sheet,)), TEMPLATES, AS_OF) for _ in "12"]
    assert data[0] == data[1]
    with zipfile.ZipFile(io.BytesIO(data[0])) as package:
        assert package.testzip() is None
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
