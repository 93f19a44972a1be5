"""After an edit of the rules what was accepted is held against them anew, once, and no Excel is read for it."""

import logging

import pytest
from conftest import FIRST, ONE_TASK, WEEKLY, Office, form_one, project

import xmreport.examine
from xmreport.model.receipts import Outcome

STRICT = """    手续: [立项, 用地, 规划, 环评, 能评]
    核验:
      - {代码: R90, 应: 总投资 ≥ 2000, 标在: 总投资, 级别: 错误}
"""
PLAIN = "    手续: [立项, 用地, 规划, 环评, 能评]\n"
NOW = "12-08 11:00"


@pytest.fixture
def office(small: Office) -> Office:
    small.send("古阳镇/a.xlsx", form_one(project("甲", 总投资=1500)), "12-08 10:00")
    small.send("县水利局/b.xlsx", form_one(project("乙"), unit="县水利局"), "12-08 10:00")
    small.take("12-08 10:30", publish=True)
    return small


def _said(office: Office, caplog: pytest.LogCaptureFixture, now: str = NOW) -> list[str]:
    caplog.clear()
    with caplog.at_level(logging.WARNING, "xmreport"):
        office.take(now, publish=True)
    return [record.getMessage() for record in caplog.records]


def test_a_stricter_rule_names_the_units_whose_returns_it_finds_wrong_and_changes_no_outcome(
    office: Office, caplog, monkeypatch
):
    monkeypatch.setattr(xmreport.examine, "read", None)  # whoever reads Excel now fails
    office.change_rules(PLAIN, STRICT)
    [said] = _said(office, caplog)
    assert "复核了 2 份" in said
    assert "1 份按新规则有错误：古阳镇" in said
    assert [receipt.outcome for receipt in office.receipts()] == [Outcome.ACCEPTED] * 2
    assert office.state("古阳镇", NOW, WEEKLY, FIRST).counts is not None


def test_it_is_said_once(office: Office, caplog):
    office.change_rules(PLAIN, STRICT)
    assert len(_said(office, caplog)) == 1
    assert _said(office, caplog) == []


def test_an_edit_that_finds_nothing_wrong_says_how_many_were_looked_at(office: Office, caplog):
    office.change_rules("依据: 古政办发〔2022〕69号", "依据: 古政办发〔2022〕70号")
    [said] = _said(office, caplog)
    assert "复核了 2 份" in said
    assert "都合格" in said


def test_a_period_that_is_over_is_left_alone(office: Office, caplog):
    office.change_rules(PLAIN, STRICT)
    assert _said(office, caplog, "12-12 10:00") == []


def test_rules_as_they_were_are_not_held_against_anything(office: Office, caplog):
    assert _said(office, caplog) == []


def test_a_first_pass_rechecks_nothing(small: Office, caplog):
    assert _said(small, caplog) == []
    assert ONE_TASK.count(PLAIN) == 1
