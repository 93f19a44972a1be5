"""Where printed pages end: what belongs together stands on one."""

import datetime as dt
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from xmreport.model.dates import CHINA
from xmreport.model.sheets import Chart, Line, SheetData, WorkbookData
from xmreport.workbooks.official import build
from xmreport.workbooks.streamed.body import LONG

TEMPLATES = Path(__file__).parent.parent / "templates_xlsx"
AS_OF = dt.datetime(2022, 12, 9, 17, 0, tzinfo=CHINA)
HEAD = {
    "附件": "附件1",
    "标题": "关于前期手续办理工作情况的通报",
    "副题": "（2022-12-09期）",
    "落款": "古县发展和改革局",
    "日期": "2022年12月9日",
    "填报单位": "古县发展和改革局",
    "截止时间": "2022-12-09 17:00",
    "分子名": "办结数",
    "分母名": "总数",
    "比率名": "办结率",
}
A4_UPRIGHT = 841.9
NOTES = ("注：甲。", "注：乙。")


def _sheet(template, sheet, lines, notes=(), groups=None, charts=()):
    data = SheetData(sheet, sheet, HEAD, tuple(lines), groups or {}, notes, charts)
    book = openpyxl.load_workbook(BytesIO(build(WorkbookData("x.xlsx", template, (data,)), TEMPLATES, AS_OF)))
    return book[sheet]


def _pages(sheet):
    """First and last row of each page that does not end where the program likes."""
    ends = [each.id for each in sheet.row_breaks.brk]
    return list(zip([1, *(end + 1 for end in ends)], [*ends, sheet.max_row], strict=True))


def _paragraph(number):
    return Line(
        "明细",
        {"正文": f"　　（{number}）按照要求，各单位要加强审核，对所报数据的真实、准确、完整负责，不得漏报、错报。"},
    )


def _late(number):
    values = dict.fromkeys(("类别", "应报时间", "实报时间", "迟报时长", "时长算法", "累计迟报", "累计未报", "说明"))
    return Line("明细", {"序号": number, "单位": f"第{number}镇", "状态": "未报", **values})


@pytest.mark.parametrize("paragraphs", range(10, 24))
def test_a_signature_stands_with_the_last_two_paragraphs(paragraphs):
    sheet = _sheet("通报.xlsx", "通报", map(_paragraph, range(paragraphs)))
    first, last = _pages(sheet)[-1]
    assert HEAD["落款"] in sheet.cell(last, 1).value
    assert first <= 2 + paragraphs - 1
    assert len(_pages(sheet)) > 1


@pytest.mark.parametrize("before", range(5, 20))
def test_a_heading_is_no_page_s_last_line(before):
    lines = [*map(_paragraph, range(before)), Line("分组", {"正文": "　　二、存在问题"}), *map(_paragraph, range(14))]
    sheet = _sheet("通报.xlsx", "通报", lines)
    pages = _pages(sheet)
    assert len(pages) > 1
    assert all("存在问题" not in str(sheet.cell(last, 1).value) for _, last in pages)


def test_no_page_is_fuller_than_its_paper():
    sheet = _sheet("通报.xlsx", "通报", map(_paragraph, range(40)))
    room = A4_UPRIGHT - 72 * (sheet.page_margins.top + sheet.page_margins.bottom)
    pages = _pages(sheet)
    assert len(pages) > 2
    for first, last in pages:
        assert sum(sheet.row_dimensions[row].height for row in range(first, last + 1)) * 0.99 < room


@pytest.mark.parametrize("units", [*range(12, 25), *range(26, 60, 3)])
def test_notes_stand_with_the_last_two_lines(units):
    sheet = _sheet("报送情况及迟报名单.xlsx", "迟报名单", map(_late, range(1, units + 1)), NOTES)
    pages = _pages(sheet)
    assert all(first <= 4 + units - 1 for first, _ in pages)
    assert pages[-1][1] == 4 + units + len(NOTES)
    assert len(pages) > 1 or units < 30


def test_a_table_on_one_page_is_fitted_to_its_width():
    sheet = _sheet("报送情况及迟报名单.xlsx", "迟报名单", map(_late, range(1, 9)), NOTES)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert not sheet.row_breaks.brk


def test_the_pages_of_a_very_long_table_end_where_they_will():
    sheet = _sheet("报送情况及迟报名单.xlsx", "迟报名单", map(_late, range(1, LONG + 2)), NOTES)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert not sheet.row_breaks.brk


def _listed(at):
    return Line("明细", {"序号": at, "办理部门": "县住建局"} | dict.fromkeys(LIST_FIELDS))


LIST_FIELDS = ("项目名称", "项目单位", "填报单位", "手续", "办理进展", "拟办结时限", "剩余天数", "需协调解决的问题")


@pytest.mark.parametrize("before", range(14, 34))
def test_a_group_s_heading_stands_with_its_first_line(before):
    heading = Line("分组", {"分组": "县住建局（9项）", "办理部门": "县住建局（9项）"})
    lines = [*map(_listed, range(before)), heading, *map(_listed, range(9))]
    sheet = _sheet("手续分解清单.xlsx", "县级手续分解清单", lines, NOTES)
    pages = _pages(sheet)
    assert len(pages) > 1 or before < 17
    assert all("9项" not in str(sheet.cell(last, 1).value) for _, last in pages)


@pytest.mark.parametrize("units", range(8, 26))
def test_a_chart_stands_with_the_notes_and_never_alone(units):
    lines = [
        Line("明细", {"序号": at, "单位": f"第{at}镇", "分子": 1, "分母": 2, "比率": 0.5, "计量": "个"})
        for at in range(units)
    ]
    chart = Chart("column", "图", "单位", ("比率",))
    sheet = _sheet("目标完成情况表.xlsx", "分解比率", lines, NOTES, {"分解": ()}, (chart,))
    pages = _pages(sheet)
    assert len(pages) > 1 or units < 20
    assert pages[-1][0] <= 3 + units + 1
