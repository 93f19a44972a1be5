"""Blank forms: filled in by a unit and dropped, they are recognised whole, with no finding of their own making."""

import io

import openpyxl
import pytest
from conftest import ONE_TASK, RULES, Office, at

from xmreport.issue import issue_blanks
from xmreport.model.receipts import Outcome
from xmreport.model.trouble import Trouble


def _blank(office, task, unit, now="12-07 09:00"):
    workspace = office.workspace
    county = workspace.rulebook.county(office.key)
    paths = [event.path for event in issue_blanks(workspace, county, task, at(now))]
    [path] = [path for path in paths if f"/{unit}" in path]
    return paths, openpyxl.load_workbook(office.home / path)


def _filled(book, values, day):
    """As a unit fills it in: by the headings, in the first empty line."""
    sheet = book.active
    headings, column_of = {}, {}
    header = next(row for row in range(1, 12) if sheet.cell(row, 1).value == "序号")
    for column in range(1, sheet.max_column + 1):
        top = sheet.cell(header, column).value or headings.get(column - 1)
        headings[column] = top
        below = sheet.cell(header + 1, column).value
        name = f"{top}.{below}" if below else str(top)
        column_of[name.replace("*", "").replace("\n", "").replace("（万元）", "")] = column
    for name, value in values.items():
        sheet.cell(header + 2, column_of[name], value)
    for row in sheet.iter_rows(max_row=header - 1):
        for cell in row:
            if isinstance(cell.value, str) and ("填报时间" in cell.value or "统计截止日" in cell.value):
                cell.value = cell.value.split("：")[0] + f"：{day}"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_a_blank_that_is_filled_in_is_accepted_without_a_finding(office):
    paths, book = _blank(office, "周报", "古阳镇")
    assert len(paths) == 3
    values = {
        "项目名称": "古阳镇供热管网",
        "项目单位": "古县城投公司",
        "责任单位": "古阳镇",
        "建设性质": "新建",
        "总投资": 3000,
        "年度计划投资": 1000,
    } | {
        f"{p}.{name}": value
        for p in ("立项", "用地", "规划", "环评", "能评")
        for name, value in {"办理层级": "县", "办理进展": "已办结", "办结时间": "2022-11-03"}.items()
    }
    receipt = office.send("古阳镇/报表.xlsx", _filled(book, values, "2022年12月8日"), "12-08 10:00")
    assert (receipt.outcome, receipt.row_count, receipt.period) == (Outcome.ACCEPTED, 1, "2022-12-09")
    assert receipt.findings == ()


def test_a_blank_dropped_as_it_was_issued_comes_back(office):
    _, book = _blank(office, "周报", "古阳镇")
    target = io.BytesIO()
    book.save(target)
    receipt = office.send("古阳镇/报表.xlsx", target.getvalue(), "12-08 10:00")
    assert receipt.outcome is Outcome.RETURNED
    assert [finding.code for finding in receipt.findings if finding.is_error] == ["S11"]


def _noted(book):
    return [cell.value for row in book.active for cell in row if isinstance(cell.value, str) and "报县" in cell.value]


def test_a_blank_says_until_when_and_to_whom_it_is_due(office):
    _, book = _blank(office, "周报", "古阳镇")
    assert _noted(book) == ["请于2022年12月9日17时前报县项目推进中心（周报，2022-12-09期）。"]


@pytest.mark.parametrize("task", ["周报", "联络人报送"])
def test_a_blank_of_what_is_due_says_how_nothing_is_reported(office, task):
    county = office.workspace.rulebook.county(office.key)
    named = county.forms[county.tasks[task].rules.form].file.name_column
    _, book = _blank(office, task, "古阳镇")
    told = [cell.value for row in book.active for cell in row if "零报告" in str(cell.value)]
    assert told == [f"没有可报的，在“{named}”第一格写“零报告”。"]


def test_a_blank_shows_how_dates_are_written_by_one_of_its_own_period(office):
    _, book = _blank(office, "周报", "古阳镇", "2023-01-04 09:00")
    told = [cell.value for row in book.active for cell in row if "日期写成" in str(cell.value)]
    assert told == ["注：带*的为必填项。日期写成 2023-01-06，只能定到月份的写 2023年1月。"]
    prompts = {rule.prompt for rule in book.active.data_validations.dataValidation if rule.promptTitle == "日期"}
    assert prompts == {"写成 2023-01-06；只能定到月份的，写 2023年1月。"}


FIGURES = """
  统计报送:
    {报表: 统计数据表, 时限: 按需, 起止: 2022-12-01 至 2023-12-31, 应报单位: [乡镇], 报送至: 县发改局, 出处: 二}
"""
ENTERED = """
指标:
  投资增速: {报表: 统计数据表, 取值: 数值, 条件: 指标 = 投资增速, 单位: "%", 口径: 统计局数}
  投资额: {报表: 统计数据表, 取值: 数值, 条件: 指标 = 投资额 且 统计期 ≥ 2022-10, 单位: 亿元, 口径: 统计局数}
"""


def test_a_blank_for_figures_lists_the_indicators_that_the_rules_look_for(tmp_path):
    rules = ONE_TASK.replace("报表:\n  前期", f"{FIGURES[1:]}报表:\n  统计数据表: {{出处: 二}}\n  前期") + ENTERED
    _, book = _blank(Office(tmp_path / "office", rules), "统计报送", "古阳镇")
    [named] = [rule for rule in book.active.data_validations.dataValidation if rule.type == "list"]
    assert (named.formula1, named.errorStyle) == ('"投资增速,投资额"', "warning")
    [figure] = [rule for rule in book.active.data_validations.dataValidation if rule.type == "decimal"]
    assert figure.errorStyle == "warning"


def test_a_blank_of_a_task_on_demand_is_due_whenever_something_changes(tmp_path):
    office = Office(tmp_path / "office", RULES.replace("时限: 2022-11-30", "时限: 按需"))
    _, book = _blank(office, "联络人报送", "古阳镇")
    assert _noted(book) == ["有变化时报县发改局（联络人报送）。"]


def test_every_unit_of_every_form_gets_one(office):
    workspace = office.workspace
    county = workspace.rulebook.county(office.key)
    assert len(list(issue_blanks(workspace, county, None, at("12-07 09:00")))) == 3 + 3 + 3 + 1


@pytest.mark.parametrize("task", ["活动总结", "没有的任务"])
def test_a_task_without_a_form_is_told(office, task):
    workspace = office.workspace
    with pytest.raises(Trouble, match=task):
        list(issue_blanks(workspace, workspace.rulebook.county(office.key), task, at("12-07 09:00")))


def test_no_blank_asks_for_a_suspended_period_or_an_exempt_unit(tmp_path):
    rules = RULES.replace("    遇节假日: 照常\n", "    遇节假日: 停报\n")
    rules = rules.replace("2022-12-07 至 2023-01-10", "2023-01-07 至 2023-02-10")
    exempt = "豁免:\n  - {单位: 县水利局, 任务: 周报, 至: 2023-12-31, 理由: 没有项目, 批准: 县发改局}\n"
    paths, book = _blank(Office(tmp_path, rules + exempt), "周报", "古阳镇", "2023-01-24T09:00")
    assert not [path for path in paths if "县水利局" in path]
    [asked] = [str(cell.value) for row in book.active.iter_rows() for cell in row if "请于" in str(cell.value)]
    assert "2023年2月3日" in asked
