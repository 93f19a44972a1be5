"""What a county sends up: forms of the level above, filled, which the city's own engine takes in as they are."""

import openpyxl
import pytest
import tabling
from conftest import ONE_TASK, WEEKLY, Office, form_one, project

from xmreport.model.receipts import Outcome
from xmreport.tables.lists.upward import upward_workbooks

COUNTY = (
    ONE_TASK
    + """
  协调办理手续清单: {出处: 四（三）}
  统计数据表: {出处: 四（三）}
指标:
  前期手续办结率:
    报表: 前期手续办理情况表
    计数: 手续
    条件: 办理进展 = 已办结
    除以: 手续
    除以条件: 办理进展 ≠ 不需办理
    口径: 已办结手续数 ÷（全部手续数 − 不需办理数）
  谋划项目总投资: {报表: 前期手续办理情况表, 求和: 总投资, 单位: 亿元, 口径: 所列项目总投资}
清单:
  - 名称: 省市级手续清单
    报表: 前期手续办理情况表
    表: 手续
    条件: 办理层级 属于 (省、市) 且 办理进展 属于 (正在办理、未办理)
    工作簿: 手续分解清单
    出处: 四（三）2
上报:
  - 名称: 古县上报表
    任务: 周报
    填报单位: 古县
    报送: 市项目推进中心
    表:
      - {报表: 协调办理手续清单, 清单: 省市级手续清单, 取: {备注: 建设性质}}
      - {报表: 统计数据表, 指标汇总: 是}
    出处: 四（三）2
"""
)
CITY = """
县区: 临汾市
层级: 市
区划代码: 141000
依据: 本办设定
发文日期: 2022-11-26
适用年度: 2022
单位:
  县市: [古县, 霍州市]
任务:
  手续上报:
    报表: 协调办理手续清单
    时限: 每周一 17:00
    起止: 2022-12-06 至 2023-01-10
    应报单位: [县市]
    报送至: 市项目推进中心
    出处: 一
  统计汇总:
    报表: 统计数据表
    时限: 每周一 17:00
    起止: 2022-12-06 至 2023-01-10
    应报单位: [县市]
    报送至: 市项目推进中心
    出处: 一
报表:
  协调办理手续清单: {标题: 临汾市协调办理手续清单, 出处: 一}
  统计数据表: {标题: 临汾市统计数据表, 出处: 一}
指标:
  谋划项目总投资:
    报表: 统计数据表
    取值: 数值
    条件: 指标 = "谋划项目总投资"
    单位: 亿元
    口径: 各县（市）上报
"""
NAME = "古县上报表.xlsx"


@pytest.fixture
def place(tmp_path):
    """A county's office and its city's in one workspace."""
    office = Office(tmp_path / "place", COUNTY)
    (office.home / "rules" / "linfen.yaml").write_text(CITY, "utf-8")
    (office.home / "inbox" / "linfen").mkdir()
    assert not office.workspace.rulebook.all_faults, office.workspace.rulebook.all_faults
    return office


def pending(name, **changed):
    level = {"用地.办理层级": "市", "用地.办理进展": "正在办理", "用地.办结时间": None, "用地.拟办结时限": "2023-01-15"}
    return project(name, **{**level, **changed})


def sent_up(office):
    """The county's workbook for the city."""
    return office.outbox / WEEKLY / "2022-12-09" / NAME


def below(sheet, heading):
    """What stands under a heading, as far as the table goes."""
    for row in sheet.iter_rows():
        for cell in row:
            if str(cell.value or "").rstrip("*") == heading:
                column = [sheet.cell(line, cell.column).value for line in range(cell.row + 1, sheet.max_row + 1)]
                numbers = [sheet.cell(line, 1).value for line in range(cell.row + 1, sheet.max_row + 1)]
                return [value for value, number in zip(column, numbers, strict=True) if isinstance(number, int)]
    raise AssertionError(heading)


def test_the_county_s_workbook_is_a_filled_form_of_the_city_in_the_county_s_name(place):
    lines = [pending("甲路", 总投资=25000), project("乙桥", 总投资=5000)]
    place.drop("古阳镇/周报.xlsx", form_one(*lines))
    place.take("12-09 10:00", publish=True)
    book = openpyxl.load_workbook(sent_up(place))
    listed, totals = book.worksheets
    text = "".join(str(cell.value) for row in listed.iter_rows(max_row=4) for cell in row if cell.value)
    assert "填报单位（盖章）：古县" in text
    assert "填报时间：2022年12月9日" in text
    assert below(listed, "项目名称") == ["甲路"]
    assert (below(listed, "手续"), below(listed, "责任单位"), below(listed, "备注")) == (
        ["用地"],
        ["县住建局"],
        ["新建"],
    )
    assert below(totals, "指标") == ["前期手续办结率", "谋划项目总投资"]
    assert below(totals, "数值") == [90, 3]
    assert below(totals, "计量单位") == ["%", "亿元"]
    assert below(totals, "统计期") == ["2022-12", "2022-12"]


def test_each_figure_names_the_form_and_the_month_it_is_of_and_has_two_decimals(tmp_path):
    more = """
指标:
  完成投资: {报表: 项目表, 求和: 完成投资, 单位: 万元, 口径: 完成投资}
  项目数量: {报表: 项目表, 计数: 项目, 单位: 个, 口径: 项目个数}
  增速: {报表: 统计数据表, 取值: 数值, 条件: 指标 = 增速, 单位: "%", 口径: 统计局数}
上报:
  - {名称: 上报表, 任务: 项目月报, 填报单位: 甲县, 报送: 市里, 表: [{报表: 统计数据表, 指标汇总: 是}], 出处: 一}
"""
    county = tabling.made_county(tmp_path, more)
    # As received in January 2022; the rate was entered for October.
    projects = tabling.source(county, "项目表", *({"项目名称": name, "完成投资": 8783.766162} for name in "甲乙"))
    rate = {"指标": "增速", "统计期": tabling.day("2022-10"), "数值": 6.5, "计量单位": "%"}
    sources = {"项目表": projects, "统计数据表": tabling.source(county, "统计数据表", rate)}
    [book] = upward_workbooks(tabling.on(county, "2022-12-20"), sources)
    told = [[line.values[name] for name in ("指标", "数值", "统计期", "数据来源")] for line in book.sheets[0].lines]
    assert told == [
        ["完成投资", 17567.53, tabling.day("2022-01"), "甲县“项目表”"],
        ["项目数量", 2, tabling.day("2022-01"), "甲县“项目表”"],
        ["增速", 6.5, tabling.day("2022-10"), "甲县“统计数据表”"],
    ]


def test_the_city_takes_the_county_s_workbook_in_and_publishes_it(place):
    place.drop("古阳镇/周报.xlsx", form_one(pending("甲路", 总投资=25000), pending("乙桥", 总投资=5000)))
    place.take("12-09 10:00", publish=True)
    (place.home / "inbox" / "linfen" / NAME).write_bytes(sent_up(place).read_bytes())
    parts = place.take("12-12 09:00", publish=True)
    assert {(each.outcome, each.unit, each.form, each.task, each.period) for each in parts} == {
        (Outcome.ACCEPTED, "古县", "协调办理手续清单", "手续上报", "2022-12-12"),
        (Outcome.ACCEPTED, "古县", "统计数据表", "统计汇总", "2022-12-12"),
    }
    assert all(not each.findings for each in parts), [each.findings for each in parts]
    city = place.home / "outbox" / "linfen"
    listed = openpyxl.load_workbook(city / "手续上报" / "2022-12-12" / "协调办理手续清单汇总表.xlsx").worksheets[0]
    assert below(listed, "项目名称") == ["甲路", "乙桥"]
    assert below(listed, "填报单位") == ["古县", "古县"]
    targets = openpyxl.load_workbook(city / "统计汇总" / "2022-12-12" / "目标完成情况表.xlsx", data_only=True)
    assert below(targets.worksheets[0], "完成") == [3]


def test_nothing_to_settle_above_goes_up_as_a_nil_return(place):
    place.drop("古阳镇/周报.xlsx", form_one(project("乙桥")))
    place.take("12-09 10:00", publish=True)
    (place.home / "inbox" / "linfen" / NAME).write_bytes(sent_up(place).read_bytes())
    parts = {each.form: each for each in place.take("12-12 09:00", publish=True)}
    assert parts["协调办理手续清单"].outcome is Outcome.ACCEPTED
    assert parts["协调办理手续清单"].nil
    assert len(parts["统计数据表"].rows) == 2


def test_nothing_goes_up_before_something_came_in(place):
    place.take("12-09 10:00", publish=True)
    assert sent_up(place).parent.is_dir()
    assert not sent_up(place).exists()


def test_the_workbook_is_the_same_bytes_while_nothing_changed(place):
    place.drop("古阳镇/周报.xlsx", form_one(pending("甲路")))
    place.take("12-09 10:00", publish=True)
    before = sent_up(place).read_bytes()
    sent_up(place).unlink()
    place.take("12-09 11:00", publish=True)
    assert sent_up(place).read_bytes() == before
