"""The state of a unit at a moment: what arrived, when, and what counts."""

import openpyxl
import pytest
from conftest import FIRST, RULES, SECOND, THIRD, WEEKLY, Office, at, form_one, project

from xmreport.model.receipts import Outcome, State

GOOD = form_one(project("甲"))
BETTER = form_one(project("甲"), project("乙"))
WRONG = form_one(project("甲", 总投资="3000-5000"))
STRANGE = b"not a workbook \x00\x01\x02"


def test_exactly_on_the_hour_is_on_time_and_one_second_later_is_late(office: Office):
    office.send("古阳镇/a.xlsx", GOOD, "12-09 17:00:00")
    office.send("县水利局/a.xlsx", form_one(project("乙"), unit="县水利局"), "12-09 17:00:01")
    states = office.states("12-09 17:00:01")
    assert (states["古阳镇"].state, states["古阳镇"].late_by_s) == (State.ON_TIME, 0)
    assert (states["县水利局"].state, states["县水利局"].late_by_s) == (State.LATE, 1)


def test_nothing_received_is_pending_up_to_the_hour_and_missing_after_it(office: Office):
    assert office.state("古阳镇", "12-09 17:00:00").state is State.PENDING
    assert office.state("古阳镇", "12-09 17:00:01").state is State.MISSING


def test_a_due_date_without_an_hour_ends_with_its_day(office: Office):
    on_the_sixth = form_one(project("甲"), day="2022年12月6日")
    assert office.send("古阳镇/a.xlsx", on_the_sixth, "12-06 23:59:59").late_by_s == 0
    late = office.send(
        "县水利局/a.xlsx", form_one(project("乙"), unit="县水利局", day="2022年12月6日"), "12-07 00:00:00"
    )
    assert (late.task, late.period, late.late_by_s) == ("情况摸底", "2022-12-06", 1)


def test_a_nil_return_is_its_own_state_on_time_or_late(office: Office):
    office.send("古阳镇/a.xlsx", form_one(nil=True), "12-09 16:00")
    office.send("县水利局/a.xlsx", form_one(nil=True, unit="县水利局"), "12-09 18:00")
    states = office.states("12-09 18:00")
    assert (states["古阳镇"].state, states["古阳镇"].late_by_s) == (State.NIL, 0)
    assert (states["县水利局"].state, states["县水利局"].late_by_s) == (State.NIL, 3600)
    assert (states["古阳镇"].late_total, states["县水利局"].late_total) == (0, 1)


def test_the_first_arrival_counts_even_if_it_was_returned(office: Office):
    assert office.send("古阳镇/a.xlsx", WRONG, "12-09 16:59").outcome is Outcome.RETURNED
    waiting = office.state("古阳镇", "12-09 17:30")
    assert (waiting.state, waiting.arrived_at, waiting.late_by_s) == (State.RETURNED, at("12-09 16:59"), 0)
    corrected = office.send("古阳镇/b.xlsx", GOOD, "12-09 18:00")
    assert (corrected.outcome, corrected.late_by_s) == (Outcome.ACCEPTED, 3600)
    state = office.state("古阳镇", "12-09 18:00")
    assert (state.state, state.arrived_at, state.late_by_s) == (State.ON_TIME, at("12-09 16:59"), 0)
    assert "首次报送" in (state.reason or "")


def test_where_the_first_acceptable_version_counts_a_correction_after_the_hour_is_late(office: Office):
    office.change_rules("    遇节假日: 照常\n", "    遇节假日: 照常\n    计时: 首次合格\n")
    office.send("古阳镇/a.xlsx", WRONG, "12-09 16:59")
    office.send("古阳镇/b.xlsx", GOOD, "12-09 18:00")
    state = office.state("古阳镇", "12-09 19:00")
    assert (state.state, state.arrived_at, state.late_by_s) == (State.LATE, at("12-09 18:00"), 3600)
    office.send("古阳镇/c.xlsx", BETTER, "12-09 19:00")
    assert office.state("古阳镇", "12-09 19:00").late_by_s == 3600


def test_a_quarantined_file_alone_leaves_the_unit_pending_then_missing_and_says_why(office: Office):
    office.send("古阳镇/坏.xlsx", STRANGE, "12-08 10:00")
    pending, missing = office.state("古阳镇", "12-08 11:00"), office.state("古阳镇", "12-09 18:00")
    assert (pending.state, missing.state) == (State.PENDING, State.MISSING)
    assert "坏.xlsx" in (pending.reason or "")
    assert "坏.xlsx" in (missing.reason or "")


def test_a_quarantined_file_explains_no_later_period(office: Office):
    office.send("古阳镇/坏.xlsx", STRANGE, "12-08 10:00")
    office.send("县水利局/坏.xlsx", STRANGE, "12-22 10:00")
    assert office.state("古阳镇", "12-23 18:00", period=THIRD).reason is None
    assert office.state("县水利局", "12-23 18:00", period=FIRST).reason is None


def test_a_quarantined_file_is_no_arrival(office: Office):
    office.send("古阳镇/坏.xlsx", STRANGE, "12-09 16:00")
    office.send("古阳镇/a.xlsx", GOOD, "12-09 17:30")
    state = office.state("古阳镇", "12-09 18:00")
    assert (state.state, state.late_by_s) == (State.LATE, 1800)


def test_a_return_whose_period_cannot_be_told_is_named_as_the_reason(office: Office):
    office.send("古阳镇/a.xlsx", form_one(project("甲"), day="2032年12月8日"), "12-08 10:00")
    state = office.state("古阳镇", "12-08 11:00")
    assert state.state is State.PENDING
    assert "a.xlsx" in (state.reason or "")


def test_a_returned_correction_leaves_the_accepted_version_in_force(office: Office):
    office.send("古阳镇/a.xlsx", GOOD, "12-08 10:00")
    office.send("古阳镇/b.xlsx", WRONG, "12-08 11:00")
    state = office.state("古阳镇", "12-08 12:00")
    assert (state.state, state.version) == (State.ON_TIME, 1)
    assert "退回" in (state.reason or "")
    office.send("古阳镇/c.xlsx", BETTER, "12-08 12:00")
    state = office.state("古阳镇", "12-08 12:00")
    assert (state.version, state.counts and state.counts.row_count, state.reason) == (2, 2, None)


def test_an_exempt_unit_owes_nothing_and_counts_when_it_reports_all_the_same(office: Office):
    exempt = "豁免: [{单位: 古阳镇, 任务: 周报, 至: 2022-12-16, 理由: 当期无新建项目, 批准: 县发改局}]\n"
    office.change_rules("指标:\n", f"{exempt}指标:\n")
    assert office.state("古阳镇", "12-09 18:00").state is State.EXEMPT
    assert "当期无新建项目" in (office.state("古阳镇", "12-09 18:00").reason or "")
    assert office.state("古阳镇", "12-23 18:00", period=THIRD).state is State.MISSING
    office.send("古阳镇/a.xlsx", GOOD, "12-08 10:00")
    assert office.state("古阳镇", "12-09 18:00").state is State.ON_TIME


def test_a_period_suspended_for_a_holiday_is_owed_by_nobody(office: Office):
    office.change_rules("    遇节假日: 照常\n", "    遇节假日: 停报\n")
    office.change_rules("2022-12-07 至 2023-01-10", "2023-01-07 至 2023-02-10")
    for unit, state in office.states("2023-01-27 18:00", period="2023-01-27").items():
        assert state.state is State.EXEMPT, unit
        assert "停报" in (state.reason or "")


def test_a_late_return_and_a_missing_one_add_up_within_the_task(office: Office):
    office.send("古阳镇/a.xlsx", GOOD, "12-09 18:00")
    second = office.states("12-17 10:00", period=SECOND)
    assert (second["古阳镇"].late_total, second["古阳镇"].missing_total) == (1, 1)
    assert (second["县水利局"].late_total, second["县水利局"].missing_total) == (0, 2)
    assert office.states("12-17 10:00")["县水利局"].missing_total == 1


def test_every_period_that_has_begun_is_listed_up_to_the_open_one(office: Office):
    listed = {(each.task, each.period) for each in _all(office, "12-10 08:00")}
    assert listed == {
        ("联络人报送", "2022-11-30"),
        ("情况摸底", "2022-12-06"),
        (WEEKLY, FIRST),
        (WEEKLY, SECOND),
        ("重点项目台账", "2022-11-27"),
    }
    assert (WEEKLY, SECOND) not in {(each.task, each.period) for each in _all(office, "12-09 23:59")}


def _all(office: Office, now: str):
    from xmreport.ledger.states import unit_states

    return unit_states(office.workspace.rulebook.county("guxian"), office.receipts(), at(now))


def test_a_unit_is_on_the_roster_of_a_period_only_while_it_exists(office: Office):
    office.change_rules("    - 古阳镇\n", "    - 古阳镇\n    - {名称: 三合镇, 自: 2022-12-15}\n")
    assert "三合镇" not in office.states("12-17 10:00", period=FIRST)
    assert "三合镇" in office.states("12-17 10:00", period=SECOND)


def test_the_view_as_of_an_earlier_moment_knows_nothing_of_what_came_after(office: Office):
    office.send("古阳镇/a.xlsx", WRONG, "12-08 10:00")
    office.send("古阳镇/b.xlsx", GOOD, "12-08 11:00")
    assert office.state("古阳镇", "12-08 09:59").state is State.PENDING
    assert office.state("古阳镇", "12-08 10:30").state is State.RETURNED
    assert office.state("古阳镇", "12-08 11:00").state is State.ON_TIME


@pytest.mark.parametrize("outcome", [Outcome.IGNORED, Outcome.DUPLICATE])
def test_what_changes_nothing_changes_no_state(office: Office, outcome: Outcome):
    office.send("古阳镇/a.xlsx", GOOD, "12-08 10:00")
    before = office.state("古阳镇", "12-09 18:00")
    name = "~$a.xlsx" if outcome is Outcome.IGNORED else "again.xlsx"
    assert office.send(f"古阳镇/{name}", GOOD, "12-08 11:00").outcome is outcome
    assert office.state("古阳镇", "12-09 18:00") == before


def test_where_the_first_return_named_another_unit_the_office_is_asked_to_look(office: Office):
    office.send("古阳镇/a.xlsx", form_one(project("甲"), unit="县水利局"), "12-08 10:00")
    assert office.state("古阳镇", "12-09 17:30").state is State.RETURNED
    office.send("古阳镇/a.xlsx", GOOD, "12-09 18:00")
    after = office.state("古阳镇", "12-09 18:00")
    assert (after.state, after.arrived_at) == (State.ON_TIME, at("12-08 10:00"))
    assert "写的是别的单位，是否算数请核对" in (after.reason or "")


def test_what_is_ignored_says_nothing_of_a_unit(office: Office):
    assert office.send("古阳镇/~$a.xlsx", b"\x00" * 165, "12-08 10:00").outcome is Outcome.IGNORED
    assert office.state("古阳镇", "12-09 17:30").reason is None


def test_what_is_reported_for_a_suspended_period_all_the_same_is_merged(tmp_path):
    suspended = RULES.replace("    遇节假日: 照常\n", "    遇节假日: 停报\n")
    office = Office(tmp_path, suspended.replace("2022-12-07 至 2023-01-10", "2023-01-07 至 2023-02-10"))
    office.drop("古阳镇/a.xlsx", form_one(project("甲"), day="2023年1月26日"))
    [receipt] = office.take("2023-01-26T10:00", publish=True)
    assert (receipt.outcome, receipt.period) == (Outcome.ACCEPTED, "2023-01-27")
    states = office.states("2023-01-28T11:00", period="2023-01-27")
    assert {state.state for state in states.values()} == {State.EXEMPT}
    assert str(states["古阳镇"].reason).endswith("报来的照样汇总")
    summary = openpyxl.load_workbook(office.outbox / WEEKLY / "2023-01-27" / "前期手续办理情况表汇总表.xlsx")
    cells = [str(cell.value) for sheet in summary for row in sheet.iter_rows() for cell in row]
    assert "甲" in cells
    told = [cell for cell in cells if cell.startswith("未纳入汇总")]
    assert told
    assert not [cell for cell in told if "古阳镇" in cell]
