"""Lists that rules define: what stands on them, in which order, and the workbooks they are bound in."""

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest
from msgspec.structs import replace
from tabling import ENTERED, MONTHLY, VISITS, day, made_county, on, plain, source

from xmreport.model.dates import CHINA
from xmreport.tables.lists.chosen import chosen, days_left
from xmreport.tables.lists.workbooks import list_workbooks
from xmreport.workbooks.official import build

TEMPLATES = Path(__file__).parent.parent / "templates_xlsx"
RULES = """
指标:
  完成投资: {报表: 项目表, 求和: 完成投资, 单位: 亿元, 口径: 累计完成投资}
  增速: {报表: 统计数据表, 取值: 数值, 条件: 指标 = 增速, 单位: "%", 口径: 统计局数}
目标:
  - {指标: 完成投资, 达到: 3亿元, 截止: 2022-12-31, 分解: {古阳镇: 2亿元, 岳阳镇: 1亿元}, 出处: 一}
  - {指标: 增速, 力争: 6.5%, 截止: 2022-12-31, 出处: 一}
清单:
  - {名称: 目标任务, 目标: [完成投资, 增速], 工作簿: 五张清单, 出处: 二}
  - 名称: 未开工项目
    标题: 甲县2022年未开工项目清单
    报表: 项目表
    条件: 是否开工 = 否
    列: [项目名称, 责任单位, 年度计划投资, 计划开工月]
    排序: 计划开工月
    期限: 计划开工月
    工作簿: 五张清单
    报送: 市项目推进中心
    出处: 二
  - 名称: 本月没有调研的项目
    报表: 项目表
    未见于: {报表: 调研表, 对应: {项目名称: 项目}, 条件: 调研日 ≥ 本期初}
    列: [项目名称]
    工作簿: 五张清单
    出处: 二
  - 名称: 调研情况
    报表: 调研表
    列: [项目, 调研日]
    工作簿: 五张清单
    出处: 二
  - {名称: 分单位, 报表: 项目表, 分组: 责任单位, 排序: 年度计划投资, 工作簿: 分单位清单, 出处: 三}
"""


def project(name, unit="古阳镇", **more):
    return {"项目名称": name, "责任单位": unit, "是否开工": "否", **more}


@pytest.fixture
def county(tmp_path):
    return made_county(tmp_path, RULES)


def packs(county, sources, task=MONTHLY, date="2022-12-20"):
    return {each.file: each for each in list_workbooks(on(county, date, task), sources)}


def rows_of(county, name, date="2022-12-20", **sources):
    each = next(each for each in county.lists if each.rules.name == name)
    return chosen(on(county, date), sources, each)


def names_of(rows):
    return [row["项目名称"] for row in rows]


def sheet_of(county, name, sources, pack="五张清单.xlsx"):
    return next(sheet for sheet in packs(county, sources)[pack].sheets if sheet.name == name)


# What stands on a list


def test_days_are_counted_to_the_last_day_of_a_month(county):
    rows = source(
        county,
        "项目表",
        project("甲", 计划开工月=day("2022-12")),
        project("乙", 计划开工月=day("2022-12-20")),
        project("丙", 计划开工月=day("2022-12-15")),
        project("丁"),
    )
    told = {row["项目名称"]: row["剩余天数"] for row in rows_of(county, "未开工项目", 项目表=rows)}
    assert told == {"丙": "超期5天", "乙": "今日到期", "甲": "剩11天", "丁": None}


def test_a_list_after_a_late_return_says_that_its_days_count_from_the_due_day(county):
    rows = {"项目表": source(county, "项目表", project("甲", 计划开工月=day("2022-12-28")))}
    late = replace(on(county, "2022-12-20"), as_of=dt.datetime(2022, 12, 30, 9, tzinfo=CHINA))
    (sheet,) = (s for s in next(iter(list_workbooks(late, rows))).sheets if s.name == "未开工项目")
    assert "剩余天数、是否到期都按应报之日 2022-12-28 算。" in sheet.notes
    assert not any("应报之日" in note for note in sheet_of(county, "未开工项目", rows).notes)


def test_dates_come_in_order_with_the_blank_ones_last(county):
    dates = {"甲": "2023-01", "乙": "2022-12-20", "丙": None, "丁": "2022-03"}
    rows = [project(name, 计划开工月=day(date) if date else None) for name, date in dates.items()]
    assert names_of(rows_of(county, "未开工项目", 项目表=source(county, "项目表", *rows))) == ["丁", "乙", "甲", "丙"]


def test_numbers_come_by_size_and_groups_stay_together(county):
    rows = [
        project("甲", 年度计划投资=900),
        project("乙", "岳阳镇", 年度计划投资=1),
        project("丙", 年度计划投资=1000),
        project("丁", 年度计划投资=20.5),
    ]
    found = rows_of(county, "分单位", 项目表=source(county, "项目表", *rows))
    assert names_of(found) == ["丁", "甲", "丙", "乙"]


def test_a_group_opens_with_its_name_and_its_number_of_rows(county):
    rows = source(county, "项目表", project("甲"), project("乙", None), project("丙"))
    sheet = sheet_of(county, "分单位", {"项目表": rows}, "分单位清单.xlsx")
    told = [line.values.get("分组") or (line.values["序号"], line.values["项目名称"]) for line in sheet.lines]
    assert told == ["古阳镇（2项）", (1, "甲"), (2, "丙"), "（未定部门）（1项）", (3, "乙")]


def test_groups_stand_in_the_order_of_the_roster_and_the_blank_one_last(county):
    owners = {"甲": None, "乙": "岳阳镇", "丙": "市水利局", "丁": "县住建局", "戊": "岳阳镇", "己": "古阳镇"}
    rows = source(county, "项目表", *(project(name, owner) for name, owner in owners.items()))
    assert names_of(rows_of(county, "分单位", 项目表=rows)) == ["丁", "己", "乙", "戊", "丙", "甲"]


def test_groups_of_an_option_stand_as_the_form_lists_its_options(tmp_path):
    more = "  - {名称: 分开工, 报表: 项目表, 分组: 是否开工, 工作簿: 分单位清单, 出处: 三}\n"
    county = made_county(tmp_path, RULES + more)
    rows = [project(name, 是否开工=word) for name, word in {"甲": None, "乙": "否", "丙": "是", "丁": "否"}.items()]
    assert names_of(rows_of(county, "分开工", 项目表=source(county, "项目表", *rows))) == ["丙", "乙", "丁", "甲"]


def test_a_row_that_another_form_knows_since_the_period_began_is_not_on_the_list(county):
    projects = source(county, "项目表", *(project(name) for name in ("甲", "乙 项目", "丙", "丁")))
    visits = source(
        county,
        "调研表",
        {"项目": "乙项目", "调研日": day("2022-12-01")},
        {"项目": "丙", "调研日": day("2022-11-28")},
        {"项目": "丁", "调研日": day("2022-11-29")},
    )
    assert names_of(rows_of(county, "本月没有调研的项目", 项目表=projects, 调研表=visits)) == ["甲", "丙"]


def test_a_row_that_cannot_be_looked_for_stays_on_the_list(county):
    projects = source(county, "项目表", project(None), project("甲"))
    visits = source(county, "调研表", *({"项目": name, "调研日": day("2022-12-01")} for name in (None, "甲")))
    assert names_of(rows_of(county, "本月没有调研的项目", 项目表=projects, 调研表=visits)) == [None]


def test_every_row_is_on_the_list_while_the_other_form_has_not_come(county):
    projects = source(county, "项目表", project("甲"), project("乙"))
    assert names_of(rows_of(county, "本月没有调研的项目", 项目表=projects)) == ["甲", "乙"]
    sheet = sheet_of(county, "本月没有调研的项目", {"项目表": projects})
    assert "还没有收到“调研表”，所列各项都没有与它对照。" in sheet.notes


@pytest.mark.parametrize(
    ("due", "text"),
    [("2022-12-21", "剩1天"), ("2022-12-20", "今日到期"), ("2022-12-19", "超期1天"), ("2022", "剩11天")],
)
def test_days_left_turn_on_the_day_itself(due, text):
    assert days_left(day(due), day("2022-12-20").last) == text


# How lists are bound


def test_a_pack_has_a_sheet_for_each_of_its_lists_numbered_in_the_rules_order(county):
    book = packs(county, {"项目表": source(county, "项目表", project("甲"))})["五张清单.xlsx"]
    told = [(sheet.name, sheet.head["附件"], sheet.head["标题"]) for sheet in book.sheets]
    assert told == [
        ("目标任务", "附件1", "甲县目标任务"),
        ("未开工项目", "附件2", "甲县2022年未开工项目清单"),
        ("本月没有调研的项目", "附件3", "甲县本月没有调研的项目"),
        ("调研情况", "附件4", "甲县调研情况"),
    ]


def test_a_pack_is_written_with_every_task_that_one_of_its_lists_is_drawn_from(county):
    rows = {"项目表": source(county, "项目表", project("甲"))}
    assert list(packs(county, rows)) == ["五张清单.xlsx", "分单位清单.xlsx"]
    assert list(packs(county, rows, VISITS)) == ["五张清单.xlsx"]
    assert list(packs(county, rows, ENTERED)) == ["五张清单.xlsx"]


def test_the_forms_of_a_list_are_its_own_the_one_it_is_looked_for_in_and_its_indicators(county):
    told = {each.rules.name: county.list_forms(each) for each in county.lists}
    assert told["目标任务"] == ("项目表", "统计数据表")
    assert told["本月没有调研的项目"] == ("项目表", "调研表")


def test_a_pack_rests_on_what_the_office_is_asked_to_hand_over(county):
    """Each form that a pack of a task needs is among those whose newest rows come with that task."""
    for task in county.tasks.values():
        book = list(list_workbooks(on(county, "2022-12-20", task.name), {}))
        kept = {each.file for each in book}
        needed = {f for each in county.lists if f"{each.rules.workbook}.xlsx" in kept for f in county.list_forms(each)}
        assert needed <= county.beside(task) | {task.rules.form}


def test_a_list_whose_form_has_not_been_received_says_so_and_is_still_there(county):
    sheet = sheet_of(county, "调研情况", {"项目表": source(county, "项目表", project("甲"))})
    assert sheet.lines == ()
    assert sheet.notes == ("还没有收到“调研表”，这张清单暂无数据。依据：甲政办发〔2022〕1号 二。",)


def test_a_list_without_rows_says_there_are_none_this_time(county):
    rows = source(county, "项目表", project("甲", 是否开工="是"))
    notes = sheet_of(county, "未开工项目", {"项目表": rows}).notes
    assert notes == ("本期无。依据：甲政办发〔2022〕1号 二。", "报送：市项目推进中心。")


def test_an_own_form_that_nobody_has_returned_is_not_taken_for_one_without_rows(county):
    notes = sheet_of(county, "未开工项目", {"项目表": source(county, "项目表")}).notes
    assert notes[0].startswith("还没有收到“项目表”")


# The printed list


def printed(county, sources, pack="五张清单.xlsx"):
    data = packs(county, sources)[pack]
    return openpyxl.load_workbook(io.BytesIO(build(data, TEMPLATES, on(county, "2022-12-20").as_of)), data_only=True)


def grid(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]


def test_the_columns_are_those_of_the_rules_with_the_days_left_beside_their_date(county):
    rows = source(
        county,
        "项目表",
        project("甲", 计划开工月=day("2022-12"), 年度计划投资=1234.5),
        project("乙", 是否开工="是"),
    )
    sheet = printed(county, {"项目表": rows})["未开工项目"]
    head, first, *rest = grid(sheet)
    assert [str(word).replace("\n", "") for word in head] == [
        *("序号", "项目名称", "责任单位", "年度计划投资（万元）", "计划开工月", "剩余天数"),
    ]
    assert first == [1, "甲", "古阳镇", 1234.5, "2022-12", "剩11天"]
    assert rest[0][0] == "共1项。依据：甲政办发〔2022〕1号 二。"
    assert sheet["A2"].value == "甲县2022年未开工项目清单"


def test_without_columns_in_the_rules_all_of_the_form_are_printed(county):
    rows = source(county, "项目表", project("甲", 填报单位="县水利局"))
    head, group, first, *_ = grid(printed(county, {"项目表": rows}, "分单位清单.xlsx")["分单位"])
    assert [str(word).split("\n")[0] for word in head] == [
        *("序号", "填报单位", "项目名称", "责任单位", "是否开工", "计划开工月", "年度计划投资", "完成投资"),
    ]
    assert group[0] == "古阳镇（1项）"
    assert first[:4] == [1, "县水利局", "甲", "古阳镇"]


def test_an_empty_list_prints_its_header_and_that_there_is_nothing(county):
    rows = source(county, "项目表", project("甲", 是否开工="是"))
    head, note, *_ = grid(printed(county, {"项目表": rows})["未开工项目"])
    assert head[:2] == ["序号", "项目名称"]
    assert note[0].startswith("本期无。")


def test_a_list_of_targets_is_printed_in_the_units_of_its_figures(county):
    rows = source(county, "项目表", project("甲", 完成投资=15_000), project("乙", "岳阳镇", 完成投资=10_000))
    figures = source(county, "统计数据表", {"指标": "增速", "统计期": day("2022-12"), "数值": 6.5})
    sheet = printed(county, {"项目表": rows, "统计数据表": figures})["目标任务"]
    head, *lines = grid(sheet)
    assert [str(word).replace("\n", "") for word in head] == [
        *("序号", "责任单位", "指标", "单位", "目标", "力争", "完成", "完成率（%）", "差额", "亮灯"),
    ]
    assert lines[:4] == [
        [1, "甲县", "完成投资", "亿元", 3, None, 2.5, pytest.approx(250 / 3), -0.5, "未到期"],
        [2, "甲县", "增速", "%", None, pytest.approx(0.065), pytest.approx(0.065), pytest.approx(100), 0, "正常"],
        [3, "古阳镇", "完成投资", "亿元", 2, None, 1.5, pytest.approx(75), -0.5, "未到期"],
        [4, "岳阳镇", "完成投资", "亿元", 1, None, 1, pytest.approx(100), 0, "正常"],
    ]
    formats = {sheet.cell(row, 7).number_format for row in (5, 6)}
    assert formats == {"0.00", "0.00%"}


def test_a_list_of_targets_keeps_the_targets_while_nothing_has_come(county):
    sheet = sheet_of(county, "目标任务", {"项目表": source(county, "项目表", project("甲", 完成投资=10_000))})
    growth = next(line for line in sheet.lines if line.values["指标"] == "增速")
    assert (growth.values["力争"], plain(growth.values["完成"])) == (pytest.approx(0.065), None)
    assert "还没有收到“统计数据表”，有关指标暂无数据。" in sheet.notes


def test_a_pack_takes_the_template_of_its_own_name_and_else_the_general_one(county):
    book = packs(county, {"项目表": source(county, "项目表", project("甲"))})["五张清单.xlsx"]
    assert (book.template, book.generic) == ("五张清单.xlsx", "通用清单.xlsx")
