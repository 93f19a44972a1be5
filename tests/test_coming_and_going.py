"""A unit that joins or leaves the roster midway owes the periods whose due day finds it there, whenever it files."""

import pytest
from conftest import FIRST, SECOND, WEEKLY, Office, form_one, project, register

from xmreport.model.receipts import Outcome, State

UNIT = "县水利局"
DOCUMENT = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def _with_roster(office: Office, words: str) -> None:
    office.change_rules(f"- {UNIT}", f"- {{名称: {UNIT}, {words}}}")


def _codes(receipt) -> list[str]:
    return [finding.code for finding in receipt.findings]


@pytest.mark.parametrize("day", ["2022年12月15日", None])
def test_a_unit_that_joins_before_the_due_day_may_file_before_it_has_joined(small: Office, day):
    _with_roster(small, "自: 2022-12-16")
    receipt = small.send(f"{UNIT}/一.xlsx", form_one(project("甲"), unit=UNIT, day=day), "12-15 09:00")
    assert (receipt.outcome, receipt.period) == (Outcome.ACCEPTED, SECOND)
    assert small.state(UNIT, "12-16 18:00", period=SECOND).state is State.ON_TIME
    assert UNIT not in small.states("12-16 18:00", period=FIRST)


@pytest.mark.parametrize("day", ["2022年12月12日", "2022年12月9日", None])
def test_a_unit_that_has_left_may_file_late_what_it_still_owes(small: Office, day):
    _with_roster(small, "至: 2022-12-09")
    receipt = small.send(f"{UNIT}/一.xlsx", form_one(project("甲"), unit=UNIT, day=day), "12-12 09:00")
    assert (receipt.outcome, receipt.period) == (Outcome.ACCEPTED, FIRST)
    assert small.state(UNIT, "12-12 10:00").state is State.LATE


def test_a_unit_that_has_left_and_owes_nothing_any_more_is_told_so(small: Office):
    _with_roster(small, "至: 2022-12-09")
    small.send(f"{UNIT}/一.xlsx", form_one(project("甲"), unit=UNIT), "12-08 09:00")
    for day, now in (("2022年12月12日", "12-12 09:00"), ("2022年12月20日", "12-20 09:00")):
        receipt = small.send(f"{UNIT}/二.xlsx", form_one(project("乙"), unit=UNIT, day=day), now)
        assert (receipt.outcome, _codes(receipt)[0]) == (Outcome.QUARANTINED, "S18")


def test_a_workbook_that_cannot_be_read_is_booked_to_what_the_unit_still_owes(small: Office):
    _with_roster(small, "至: 2022-12-09")
    receipt = small.send(f"{UNIT}/一.xlsx", b"<html><table><tr><td>1</td></tr></table></html>", "12-12 09:00")
    assert (receipt.outcome, receipt.task, receipt.period) == (Outcome.RETURNED, WEEKLY, FIRST)


def test_a_document_counts_for_the_period_that_finds_its_unit_on_the_roster(office: Office):
    _with_roster(office, "自: 2023-02-25")
    receipt = office.send(f"{UNIT}/活动总结.pdf", DOCUMENT, "2023-02-24 09:00")
    assert (receipt.outcome, receipt.task) == (Outcome.ACCEPTED, "活动总结")


def test_what_is_due_on_no_day_goes_by_the_day_it_arrives(office: Office):
    office.change_rules("    - 县发改局\n", "    - {名称: 县发改局, 自: 2022-12-08}\n")
    early, later = (
        office.send(f"县发改局/{name}.xlsx", register((name, "是", 10), day=day), now)
        for name, day, now in (("一", "2022年12月7日", "12-07 09:00"), ("二", "2022年12月7日", "12-08 09:00"))
    )
    assert (early.outcome, _codes(early)[0]) == (Outcome.QUARANTINED, "S18")
    assert later.outcome is Outcome.ACCEPTED
