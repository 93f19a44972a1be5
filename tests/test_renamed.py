"""A unit that bears another name from today on has reported what it reported."""

import datetime as dt
import logging

import openpyxl
import pytest
from conftest import FIRST, ONE_TASK, WEEKLY, Office, form_one, project

from xmreport.ledger.received import renamed
from xmreport.model.dates import CHINA
from xmreport.model.receipts import Outcome, Receipt, State
from xmreport.rulebook.roster import Roster, Unit

OLD, NEW = "县水利局", "县水务局"
ROSTER = Roster(
    "古县", {"部门": (Unit.model_validate({"名称": NEW, "别名": [OLD, "县水保局"]}), Unit.model_validate("县住建局"))}
)


def of(*units: str) -> list[Receipt]:
    """Receipts of these units, one after the other; behind a / stand the rules of the day."""
    moment = dt.datetime(2022, 12, 8, 9, tzinfo=CHINA)
    told = [unit.partition("/")[::2] for unit in units]
    return [
        Receipt("表.xlsx", None, 1, Outcome.ACCEPTED, moment, rules, "guxian", unit, seq=seq)
        for seq, (unit, rules) in enumerate(told, 1)
    ]


@pytest.mark.parametrize(
    ("units", "names"),
    [
        ((OLD, OLD, f"{NEW}/2"), {OLD: NEW}),
        (("县水保局", f"{OLD}/2", f"{NEW}/3"), {"县水保局": NEW, OLD: NEW}),
        pytest.param((OLD, f"{NEW}/2", f"{OLD}/3"), {OLD: NEW}, id="a new name that was taken back for a while"),
        ((NEW, "县住建局"), {}),
        pytest.param((OLD, NEW), {}, id="two units that were joined: each reported for itself"),
        pytest.param(("县水保局", f"{OLD}/2", "县水保局/2"), {}, id="two that were joined under a new name"),
        pytest.param(("县林业局",), {}, id="one that nobody knows"),
    ],
)
def test_a_former_name_is_the_unit_s_where_no_rules_knew_both(units, names):
    assert renamed(ROSTER, of(*units)) == names


def test_what_a_renamed_unit_reported_still_counts(small: Office, caplog):
    for unit, name in ((OLD, "乙"), ("古阳镇", "甲")):
        small.send(f"{unit}/一.xlsx", form_one(project(name), unit=unit), "12-08 09:00")
    small.take("12-08 10:00", publish=True)
    small.change_rules(f"- {OLD}", f"- {{名称: {NEW}, 别名: [{OLD}]}}")
    small.take("12-08 11:00", publish=True)
    assert small.state(NEW, "12-08 11:00").state is State.ON_TIME
    [path] = (small.outbox / WEEKLY / FIRST).glob("*情况表汇总表.xlsx")
    cells = [cell for row in openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True) for cell in row]
    assert {"乙", NEW} <= set(cells)
    correction = small.send(f"{NEW}/一.xlsx", form_one(project("乙改"), unit=NEW), "12-08 12:00")
    assert correction.outcome is Outcome.ACCEPTED
    assert small.state(NEW, "12-08 12:00").version == 2
    assert "名册里没有了" not in caplog.text


def test_a_unit_that_left_the_roster_with_its_returns_is_told(small: Office, caplog):
    small.send(f"{OLD}/一.xlsx", form_one(project("乙"), unit=OLD), "12-08 09:00")
    small.take("12-08 10:00", publish=True)
    small.change_rules(f"- {OLD}", f"- {NEW}")
    with caplog.at_level(logging.WARNING, "xmreport"):
        small.take("12-08 11:00", publish=True)
    assert f"名册里没有了报过表的单位：{OLD}" in caplog.text


def test_a_renamed_unit_stays_responsible_for_its_projects_and_finds_them_again(small: Office):
    for hour, (unit, figure) in enumerate((("古阳镇", 3000), (OLD, 5000)), 9):
        line = project("渠", 责任单位=OLD, 总投资=figure)
        small.send(f"{unit}/一.xlsx", form_one(line, unit=unit), f"12-08 {hour:02}:00")
    small.change_rules(f"- {OLD}", f"- {{名称: {NEW}, 别名: [{OLD}]}}")
    small.take("12-08 11:00", publish=True)
    [path] = (small.outbox / WEEKLY / FIRST).glob("*情况表汇总表.xlsx")
    rows = list(openpyxl.load_workbook(path, data_only=True).worksheets[0].values)
    assert [cell for row in rows for cell in row if "两家报送" in str(cell)] == [
        f"同一项目两家报送：“渠”采用{NEW}的一行，古阳镇的一行未纳入。"
    ]
    assert OLD not in {cell for row in rows for cell in row}
    again = form_one(project("渠", 责任单位=NEW, 总投资=5000), unit=NEW, day="2022年12月12日")
    receipt = small.send(f"{NEW}/二.xlsx", again, "12-12 09:00")
    assert not {finding.code for finding in receipt.findings} & {"P02", "P05"}


UNDER_WAY = {"立项.办理进展": "正在办理", "立项.办结时间": None, "立项.办理层级": "县", "立项.拟办结时限": "2023-01-05"}
BY_OFFICE = f"""
清单:
  - 名称: 部门手续清单
    报表: 前期手续办理情况表
    表: 手续
    条件: 办理进展 = 正在办理 且 办理部门 = {OLD} 且 责任单位 属于 (市交通局、{OLD}) 且 填报单位 ≠ 县财政局
    列: [项目名称, 手续, 办理部门]
    分组: 办理部门
    工作簿: 部门手续清单
    出处: 四（三）2
"""


def _listed(office: Office) -> list[object]:
    [path] = (office.outbox / WEEKLY / FIRST).glob("部门手续清单.xlsx")
    sheet = openpyxl.load_workbook(path, data_only=True)["部门手续清单"]
    return [cell for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]


def test_a_former_name_in_the_rules_means_the_unit_and_is_shown_nowhere(small: Office):
    procedures = "    手续: [立项, 用地, 规划, 环评, 能评]\n"
    small.write_rules(ONE_TASK.replace(procedures, f"{procedures}    办理部门: {{立项: {OLD}}}\n") + BY_OFFICE)
    small.drop(f"{OLD}/一.xlsx", form_one(project("渠", 责任单位=OLD, **UNDER_WAY), unit=OLD))
    small.take("12-08 10:00", publish=True)
    assert {"渠", OLD} <= set(_listed(small))
    small.change_rules(f"    - {OLD}\n", f"    - {{名称: {NEW}, 别名: [{OLD}]}}\n")
    small.take("12-08 11:00", publish=True)
    assert {"渠", NEW} <= set(_listed(small))
    assert OLD not in _listed(small)
