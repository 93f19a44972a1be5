"""目标完成情况表: verdicts on the unrounded figure, lights, milestones, shares by unit, and what the workbook shows."""

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest
from conftest import FIRST, WEEKLY, Office, form_one
from tabling import ENTERED, day, made_county, on, plain, source

from xmreport.tables.bulletin.text import against_target
from xmreport.tables.targets.listed import target_lines
from xmreport.tables.targets.verdict import Verdict
from xmreport.tables.targets.workbook import targets
from xmreport.workbooks.official import build

TEMPLATES = Path(__file__).parent.parent / "templates_xlsx"
RULES = """
指标:
  开工率:
    报表: 项目表
    计数: 项目
    条件: 是否开工 = 是
    除以: 项目
    口径: 已开工项目数 ÷ 全部项目数
    另一口径: {除以条件: 计划开工月 ≤ 截止日, 口径: 已开工项目数 ÷ 到期应开工项目数}
  投资完成率: {报表: 项目表, 求和: 完成投资, 除以: 年度计划投资, 序时: 是, 口径: 累计完成投资 ÷ 年度计划投资}
  完成投资: {报表: 项目表, 求和: 完成投资, 单位: 亿元, 序时: 是, 口径: 累计完成投资}
  项目数: {报表: 项目表, 计数: 项目, 单位: 个, 口径: 所列项目}
  固投: {报表: 统计数据表, 取值: 数值, 条件: 指标 = 固投, 单位: 亿元, 口径: 统计局数}
"""
TARGETS = """
目标:
  - {指标: 开工率, 达到: 70%, 力争: 85%, 截止: 2022-12-31, 出处: 一、1}
  - {指标: 投资完成率, 力争: 90%, 截止: 2022-12-31, 出处: 一、2}
  - 指标: 项目数
    达到: 3个
    截止: 2022-12-31
    分解: {古阳镇: 2个, 岳阳镇: 1个}
    出处: 一、3
  - 指标: 固投
    力争: 44.3亿元
    截止: 2022-12-31
    分解: {古阳镇: 14.3亿元, 岳阳镇: 30亿元}
    出处: 一、4
"""


def milestones(*texts: str, goal: str = "达到: 90%") -> str:
    listed = ", ".join(f"{{日期: {text.split()[0]}, {text.split()[1]}: {text.split()[2]}, 出处: 二}}" for text in texts)
    return f"\n目标:\n  - {{指标: 开工率, {goal} 截止: 2022-12-31, 节点: [{listed}], 出处: 一}}\n"


def project(number, unit="古阳镇", **more):
    return {"项目名称": f"项目{number}", "责任单位": unit, "是否开工": "否", **more}


def begun(count, of, unit="古阳镇"):
    return [project(f"{unit}{n}", unit, 是否开工="是" if n < count else "否") for n in range(of)]


@pytest.fixture
def county(tmp_path):
    return made_county(tmp_path, RULES + TARGETS)


def verdict(county, name, value, date, lights=None) -> Verdict:
    target = next(each for each in county.targets if each.indicator == name)
    return Verdict(county.indicators[name], target, value, dt.date.fromisoformat(date))


def light(county, name, value, date):
    return verdict(county, name, value, date).light(county.file.lights)


def line_of(data, indicator):
    return next(line.values for line in data.sheets[0].lines if line.values["指标"] == indicator)


def sheet_of(data, name):
    return next(sheet for sheet in data.sheets if sheet.name == name)


# What is reached


def test_exactly_the_target_is_reached_and_a_hair_below_is_not(county):
    assert verdict(county, "开工率", 21 / 30, "2022-12-20").word == "已达标"
    assert verdict(county, "开工率", 0.699_999_9, "2022-12-20").word == "未到节点"
    assert verdict(county, "开工率", 0.699_999_9, "2022-12-31").word == "未达标"


def test_a_figure_that_rounds_up_to_its_target_has_not_reached_it(county):
    data = targets(on(county, "2022-12-20"), {"项目表": source(county, "项目表", *begun(1402, 2003))})
    line = line_of(data, "开工率")
    assert plain(line["完成"]) == pytest.approx(0.699_95)
    assert (line["达标情况"], line["亮灯"]) == ("未到节点", "未到期")


def test_twenty_five_of_thirty_shows_as_83_33_percent_in_figures_and_words(county):
    rows = begun(25, 30)
    for row in rows:
        row["计划开工月"] = day("2022-06")
    data = targets(on(county, "2022-12-20"), {"项目表": source(county, "项目表", *rows)})
    assert "另按“已开工项目数 ÷ 到期应开工项目数”：83.33%（25÷30）" in line_of(data, "开工率")["口径"]
    assert any("83.33%（25÷30）" in note for note in sheet_of(data, "开工率").notes)
    first, cell = opened(data, county, "目标完成情况"), shown_cell(data, county, "完成")
    assert (cell.value, cell.number_format) == (pytest.approx(25 / 30), "0.00%")
    assert first.title == "目标完成情况"


def test_without_data_there_is_neither_verdict_of_failure_nor_light(county):
    data = targets(on(county, "2022-12-20"), {})
    line = line_of(data, "开工率")
    assert (line["完成"], line["达标情况"], line["亮灯"]) == (None, "无数据", None)
    assert len(data.sheets) == 1


# Milestones


def test_the_milestone_in_force_and_the_next_are_shown_with_their_days(tmp_path):
    county = made_county(tmp_path, RULES + milestones("2022-11-30 力争 50%", "2022-12-15 达到 60%", goal="力争: 90%,"))
    data = targets(on(county, "2022-12-01"), {"项目表": source(county, "项目表", *begun(1, 2))})
    shown = "现行：2022-11-30 力争50%\n下一：2022-12-15 达到60%\n截止：2022-12-31"
    assert line_of(data, "开工率")["节点"] == shown


def test_a_target_of_milestones_alone_is_held_against_the_next_until_one_is_in_force(tmp_path):
    county = made_county(tmp_path, RULES + milestones("2022-11-30 达到 50%", "2022-12-15 达到 60%", goal=""))
    before = verdict(county, "开工率", 0.4, "2022-11-01")
    assert (before.word, before.goal.figure) == ("未到节点", 0.5)
    assert plain(before.against_goal["完成率"]) == pytest.approx(0.8)
    assert verdict(county, "开工率", 0.5, "2022-11-01").word == "已达标"
    assert verdict(county, "开工率", 0.55, "2022-12-01").word == "已达标"
    assert verdict(county, "开工率", 0.55, "2022-12-16").word == "未达标"
    days = ("2022-11-01", "2022-12-01", "2022-12-16")
    assert [against_target(verdict(county, "开工率", 0.55, day)) for day in days] == [
        "，目标为达到50%（截止2022-11-30），已达标",
        "，目标为达到50%（截止2022-11-30），已达标",
        "，目标为达到60%（截止2022-12-15），还差5.00个百分点",
    ]


def test_a_milestone_missed_is_overdue_the_day_after_while_the_target_is_not_due(tmp_path):
    county = made_county(tmp_path, RULES + milestones("2022-11-30 达到 50%", goal="达到: 90%,"))
    assert light(county, "开工率", 0.49, "2022-11-29") == "未到期"
    assert light(county, "开工率", 0.49, "2022-11-30") == "滞后"
    assert light(county, "开工率", 0.49, "2022-12-01") == "逾期未达"
    assert light(county, "开工率", 0.50, "2022-12-01") == "正常"
    assert light(county, "开工率", 0.50, "2023-01-01") == "逾期未达"


def test_a_milestone_is_in_force_from_its_own_day(tmp_path):
    county = made_county(tmp_path, RULES + milestones("2022-11-30 达到 50%", goal="达到: 90%,"))
    words = [verdict(county, "开工率", 0.49, date).word for date in ("2022-11-29", "2022-11-30")]
    assert words == ["未到节点", "未达标"]


@pytest.mark.parametrize(
    ("milestone", "goal", "value", "word"),
    [
        ("力争 50%", "达到: 90%,", 0.4, "未达标"),
        ("力争 50%", "达到: 90%,", 0.6, "未达标"),
        ("达到 50%", "力争: 90%,", 0.4, "未达标"),
        ("达到 50%", "力争: 90%,", 0.6, "未达力争"),
        ("力争 50%", "力争: 90%,", 0.4, "未达力争"),
    ],
)
def test_what_was_missed_at_the_end_is_called_by_the_firmest_that_is_due(tmp_path, milestone, goal, value, word):
    county = made_county(tmp_path, RULES + milestones(f"2022-11-30 {milestone}", goal=goal))
    assert verdict(county, "开工率", value, "2023-01-05").word == word


# Lights


def test_a_target_is_overdue_only_after_its_own_day(county):
    assert light(county, "开工率", 0.5, "2022-12-30") == "未到期"
    assert light(county, "开工率", 0.5, "2022-12-31") == "滞后"
    assert light(county, "开工率", 0.5, "2023-01-01") == "逾期未达"
    assert light(county, "开工率", 0.7, "2023-01-01") == "正常"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.75, "正常"),
        (0.700_01, "正常"),
        (0.70, "滞后"),
        (0.600_01, "滞后"),
        (0.60, "严重滞后"),
        (0.0, "严重滞后"),
        (0.90, "正常"),
    ],
)
def test_behind_the_time_gone_by_five_points_and_by_fifteen(county, value, expected):
    """At the end of September three quarters of the year have gone."""
    assert light(county, "投资完成率", value, "2022-09-30") == expected


def test_a_county_sets_its_own_thresholds(tmp_path):
    county = made_county(tmp_path, RULES + TARGETS + "亮灯: {滞后: 1, 严重滞后: 20}\n")
    assert [light(county, "投资完成率", value, "2022-09-30") for value in (0.745, 0.74, 0.56, 0.55)] == [
        "正常",
        "滞后",
        "滞后",
        "严重滞后",
    ]


def test_an_amount_is_held_against_the_time_gone_as_a_share_of_its_goal(tmp_path):
    rules = "目标:\n  - {指标: 完成投资, 达到: 10亿元, 截止: 2022-12-31, 出处: 一}\n"
    county = made_county(tmp_path, RULES + rules)
    assert verdict(county, "完成投资", 6.0, "2022-09-30").ahead == pytest.approx(-15)
    assert light(county, "完成投资", 6.0, "2022-09-30") == "严重滞后"
    data = targets(on(county, "2022-09-20"), {"项目表": source(county, "项目表", project(1, 完成投资=60_000))})
    assert line_of(data, "完成投资")["与序时进度差"].text == "({完成率}-9/12)*100"


def test_the_time_gone_is_of_the_targets_own_year(county):
    assert [
        verdict(county, "投资完成率", 0.5, date).months_gone for date in ("2021-12-31", "2022-11-30", "2023-01-05")
    ] == [
        0,
        11,
        12,
    ]
    assert verdict(county, "投资完成率", 0.95, "2022-11-30").ahead == pytest.approx(95 - 100 * 11 / 12)
    assert verdict(county, "开工率", 0.95, "2022-11-30").ahead is None


# Shares


def test_shares_stand_beside_what_each_unit_reached_and_add_up_to_the_county(county):
    rows = [*(project(n) for n in range(3)), project(9, "县水利局")]
    made = sheet_of(targets(on(county, "2022-12-20"), {"项目表": source(county, "项目表", *rows)}), "项目数")
    told = {
        line.values.get("单位", line.kind): [
            plain(line.values[name]) for name in ("分子", "分解.目标", "分解.完成率", "分解.差额")
        ]
        for line in made.lines
    }
    assert told == {
        "县水利局": [1, None, None, None],
        "古阳镇": [3, 2, 1.5, 1],
        "岳阳镇": [0, 1, 0, -1],
        "合计": [4, 3, pytest.approx(4 / 3), 1],
    }
    assert "目标分解到2个单位，合计3个；全县目标3个。出处：一、3。" in made.notes
    assert "没有分解目标的单位（1个）：县水利局。" in made.notes


def test_an_indicator_without_shares_prints_no_columns_for_them(county):
    data = targets(on(county, "2022-12-20"), {"项目表": source(county, "项目表", *begun(1, 2))})
    heads = [cell.value for cell in opened(data, county, "开工率")[3]]
    assert heads == ["序号", "单位", "已开工项目数", "全部项目数", "开工率"]
    assert [cell.value for cell in opened(data, county, "项目数")[3]] == [
        "序号",
        "单位",
        "项目数",
        "目标",
        "完成率",
        "差额",
    ]


def entered(*figures):
    return [{"指标": "固投", "统计期": day(month), "数值": figure, "责任单位": unit} for month, figure, unit in figures]


def test_an_entered_county_figure_stands_above_its_units_and_what_they_lack_is_told(county):
    rows = entered(("2022-12", 40.0, None), ("2022-12", 12.0, "古阳镇"), ("2022-11", 27.5, "岳阳镇"))
    data = targets(on(county, "2022-12-20", ENTERED), {"统计数据表": source(county, "统计数据表", *rows)})
    made = sheet_of(data, "固投")
    assert [(line.kind, line.values.get("单位")) for line in made.lines] == [
        ("分组", "甲县"),
        ("明细", "古阳镇"),
        ("明细", "岳阳镇"),
        ("合计", None),
    ]
    assert [str(line.values["统计期"]) for line in made.lines[:3]] == ["2022-12", "2022-12", "2022-11"]
    assert "各单位填报数共39.5亿元，全县填报数40亿元，相差0.5亿元。" in made.notes
    assert line_of(data, "固投")["完成"].text == "{固投!分组.分子}"
    assert "取县统计局填报的2022-12数" in line_of(data, "固投")["口径"]
    sheet = opened(data, county, "固投")
    assert [sheet.cell(row, 5).value for row in (4, 5, 6, 7)] == [40, 12, 27.5, 39.5]


def test_an_indicator_of_which_no_unit_has_a_figure_has_no_sheet_by_unit(tmp_path):
    rate = '  增速: {报表: 统计数据表, 取值: 数值, 条件: 指标 = 增速, 单位: "%", 口径: 统计局数}\n'
    county = made_county(tmp_path, RULES + rate + TARGETS)
    rows = [{"指标": "增速", "统计期": day("2022-12"), "数值": 6.5, "计量单位": "%"}]
    data = targets(on(county, "2022-12-20", ENTERED), {"统计数据表": source(county, "统计数据表", *rows)})
    assert "增速" not in [sheet.name for sheet in data.sheets]
    assert line_of(data, "增速")["完成"] == 0.065


@pytest.mark.parametrize(
    ("units", "bars"),
    [
        (15, {"column": [15]}),
        (16, {"bar": [16]}),
        (20, {"bar": [20]}),
        (38, {"bar": [19, 19]}),
        (41, {"bar": [13, 14, 14]}),
    ],
)
def test_a_chart_of_many_units_has_their_names_one_below_the_other_and_not_too_many(tmp_path, units, bars):
    county = made_county(tmp_path, RULES + TARGETS)
    rows = [project(number, f"第{number}乡") for number in range(units)]
    data = targets(on(county, "2022-12-20"), {"项目表": source(county, "项目表", *rows)})
    charts = sheet_of(data, "开工率").charts
    assert {chart.kind: [len(range(*each.part or (units,))) for each in charts] for chart in charts} == bars
    assert len({chart.title for chart in charts}) == len(charts)


@pytest.mark.parametrize(("date", "month", "gone"), [("2022-12-20", "2022-09", 9), ("2023-02-20", "2022-12", 12)])
def test_a_figure_of_a_month_is_held_against_the_time_gone_by_its_end(tmp_path, date, month, gone):
    county = made_county(tmp_path, RULES.replace("口径: 统计局数", "序时: 是, 口径: 统计局数") + TARGETS)
    data = targets(
        on(county, date, ENTERED), {"统计数据表": source(county, "统计数据表", *entered((month, 33.0, None)))}
    )
    line = line_of(data, "固投")
    assert line["与序时进度差"].text == f"({{完成率}}-{gone}/12)*100"
    assert f"序时按数据的月份（{month}）计" in line["口径"]


def test_entered_figures_of_units_alone_add_up_in_the_total(county):
    rows = entered(("2022-12", 12.0, "古阳镇"), ("2022-11", 27.5, "岳阳镇"))
    data = targets(on(county, "2022-12-20", ENTERED), {"统计数据表": source(county, "统计数据表", *rows)})
    assert line_of(data, "固投")["完成"].text == "{固投!合计.分子}"
    assert "全县数为各单位最近一次填报数之和" in line_of(data, "固投")["口径"]
    total = sheet_of(data, "固投").lines[-1]
    assert (total.kind, plain(total.values["分子"]), plain(total.values["分解.差额"])) == (
        "合计",
        39.5,
        pytest.approx(-4.8),
    )


def test_a_list_of_targets_has_the_county_first_and_then_each_unit_of_the_shares(county):
    rows = source(county, "项目表", *(project(n) for n in range(3)))
    lines = list(target_lines(on(county, "2022-12-20"), {"项目表": rows}, ["项目数", "固投"]))
    told = [
        [
            plain(line.values[name])
            for name in ("责任单位", "指标", "单位", "目标", "力争", "完成", "完成率", "差额", "亮灯")
        ]
        for line in lines
    ]
    assert told == [
        ["甲县", "项目数", "个", 3, None, 3, 100, 0, "正常"],
        ["甲县", "固投", "亿元", None, 44.3, None, None, None, None],
        ["古阳镇", "项目数", "个", 2, None, 3, 150, 1, "正常"],
        ["古阳镇", "固投", "亿元", None, 14.3, None, None, None, None],
        ["岳阳镇", "项目数", "个", 1, None, 0, 0, -1, "未到期"],
        ["岳阳镇", "固投", "亿元", None, 30, None, None, None, None],
    ]
    assert [line.values["序号"] for line in lines] == [1, 2, 3, 4, 5, 6]


# The workbook


def opened(data, county, name, *, values=True):
    moment = on(county, "2022-12-20").as_of
    return openpyxl.load_workbook(io.BytesIO(build(data, TEMPLATES, moment)), data_only=values)[name]


def shown_cell(data, county, heading, row=5):
    sheet = opened(data, county, "目标完成情况")
    column = next(cell.column for cell in sheet[4] if str(cell.value).replace("\n", "").startswith(heading))
    return sheet.cell(row, column)


def test_the_first_sheet_keeps_its_headings_with_the_light_beside_the_verdict(county):
    data = targets(on(county, "2022-12-20"), {"项目表": source(county, "项目表", *begun(1, 2))})
    heads = [str(cell.value).replace("\n", "") for cell in opened(data, county, "目标完成情况")[4]]
    assert heads == [
        *("序号", "指标", "单位", "目标", "力争", "节点", "完成", "完成率", "差额"),
        *("与序时进度差（百分点）", "达标情况", "亮灯", "口径"),
    ]


@pytest.mark.parametrize(
    ("completed", "word", "colour"),
    [
        (900, "正常", "FFE2EFDA"),
        (690, "滞后", "FFFFF2CC"),
        (500, "严重滞后", "FFF8CBAD"),
    ],
)
def test_lights_are_green_yellow_and_red(county, completed, word, colour):
    rows = source(county, "项目表", project(1, 年度计划投资=1000, 完成投资=completed))
    data = targets(on(county, "2022-09-20"), {"项目表": rows})
    cell = shown_cell(data, county, "亮灯", row=6)
    assert (cell.value, cell.fill.fgColor.rgb) == (word, colour)


def test_an_overdue_light_is_red(county):
    data = targets(on(county, "2023-01-20"), {"项目表": source(county, "项目表", *begun(1, 2))})
    cell = shown_cell(data, county, "亮灯")
    assert (cell.value, cell.fill.fgColor.rgb) == ("逾期未达", "FFFF9B9B")


def test_the_countys_figure_is_a_live_link_to_its_breakdown(county):
    data = targets(on(county, "2022-12-20"), {"项目表": source(county, "项目表", *begun(1, 2))})
    sheet = opened(data, county, "目标完成情况", values=False)
    assert sheet["G5"].value == "='开工率'!$E$5"
    assert sheet["H5"].value == "=G5/D5"


def test_a_form_that_all_returned_as_nil_has_been_received(office: Office):
    for unit in ("县住建局", "县水利局", "古阳镇"):
        office.drop(f"{unit}/一.xlsx", form_one(unit=unit, nil=True))
    office.take("12-08 09:00", publish=True)
    book = openpyxl.load_workbook(office.outbox / WEEKLY / FIRST / "目标完成情况表.xlsx")
    told = [str(cell) for row in book.worksheets[0].iter_rows(values_only=True) for cell in row]
    assert not [text for text in told if "还没有收到“前期手续办理情况表”" in text]
    assert book.sheetnames == ["目标完成情况"]  # no unit has a figure to show
