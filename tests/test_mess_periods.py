"""Messes that show only beside what came before: earlier versions, last week's rows, other units' rows."""

import pytest
from building import f1, project, written

from xmreport.model.receipts import Outcome

PLACE = "古阳镇/前期手续办理情况表.xlsx"
FIRST, SECOND = "12-08 10:00", "12-15 10:00"


def week(*rows, unit="古阳镇", day="2022年12月8日", **more):
    return written(f1(*rows, unit=unit, stated=day, **more))


def told(receipt):
    return [(finding.code, finding.cell) for finding in receipt.findings]


def test_m27_a_procedure_done_last_week_and_not_this_week_is_a_warning(office):
    office.send(PLACE, week(project(1)), FIRST)
    back = {"立项.办理进展": "办理中", "立项.办结时间": None, "立项.拟办结时限": "2023.1"}
    receipt = office.send(PLACE, week(project(1, back), day="2022年12月15日"), SECOND)
    assert (receipt.outcome, told(receipt)) == (Outcome.ACCEPTED, [("P01", "O6")])


def test_m08_the_same_figures_in_another_unit_are_doubted_beside_last_week(office):
    office.send(PLACE, week(project(1, 总投资=52000, 年度计划投资=20000)), FIRST)
    receipt = office.send(PLACE, week(project(1, 总投资=5.2, 年度计划投资=2), day="2022年12月15日"), SECOND)
    assert told(receipt) == [("P03", "K6"), ("P03", "L6")]
    meant = week(project(1, 总投资=5.2, 年度计划投资=2), day="2022年12月15日", money="亿元")
    assert told(office.send(PLACE, meant, "12-15 11:00")) == [("S20", "K3"), ("P04", None)]


def test_m29_m47_a_project_gone_and_a_name_that_drifted_are_warnings(office):
    before = [project(1, 项目代码=None, 项目名称="供水站二期"), project(2)]
    office.send(PLACE, week(*before), FIRST)
    now = week(project(1, 项目代码=None, 项目名称="供水站（二期）"), day="2022年12月15日")
    receipt = office.send(PLACE, now, SECOND)
    assert sorted(told(receipt)) == [("P02", None), ("P02", None), ("P05", "B6")]


def test_m47_last_week_s_rows_with_another_day_count_and_are_told(office):
    office.send(PLACE, week(project(1), project(2)), FIRST)
    receipt = office.send(PLACE, week(project(1), project(2), day="2022年12月15日"), SECOND)
    assert (receipt.outcome, receipt.period, told(receipt)) == (Outcome.ACCEPTED, "2022-12-16", [("P04", None)])


@pytest.mark.parametrize(
    ("responsible", "counts"), [("古阳镇", "古阳镇"), ("县住建局", "县住建局"), ("县财政局", "县住建局")]
)
def test_m28_one_project_from_two_units_is_told_with_the_one_that_counts(office, responsible, counts):
    office.send("县住建局/表.xlsx", week(project(1, 责任单位=responsible), unit="县住建局"), FIRST)
    receipt = office.send(PLACE, week(project(1, 责任单位=responsible, 总投资=1300)), "12-08 11:00")
    (finding,) = receipt.findings
    assert (finding.code, finding.cell, finding.words["采用"]) == ("X01", "B6", counts)


def test_m49_another_period_than_the_one_due_is_told_at_the_stated_day(office):
    receipt = office.send(PLACE, week(project(1)), SECOND)
    assert (receipt.outcome, receipt.period, told(receipt)) == (Outcome.ACCEPTED, "2022-12-09", [("S08", "F3")])


def test_m44_m62_every_version_is_kept_and_old_bytes_do_not_come_back(office):
    one, other = week(project(1)), week(project(1, 总投资=1300))
    outcomes = [office.send(PLACE, data, f"12-08 1{hour}:00").outcome for hour, data in enumerate([one, other, one])]
    assert outcomes == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.DUPLICATE]
    assert office.receipts()[-1].findings[0].code == "D01"
    assert office.state("古阳镇", "12-08 20:00").counts.seq == 2
