"""After an edit of the rules what was accepted is held against them anew, once, and no Excel is read for it."""

import io
import logging

import openpyxl
import pytest
from conftest import FIRST, ONE_TASK, WEEKLY, Office, form_one, project, saved

import xmreport.examine
from xmreport.model.receipts import Outcome

STRICT = """    手续: [立项, 用地, 规划, 环评, 能评]
    核验:
      - {代码: R90, 应: 总投资 ≥ 2000, 标在: 总投资, 级别: 错误, 提示: 总投资不到2000万元。}
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


def test_a_period_that_is_over_is_left_alone(office: Office, caplog):
    office.change_rules(PLAIN, STRICT)
    assert _said(office, caplog, "12-12 10:00") == []


def test_rules_as_they_were_are_not_held_against_anything(office: Office, caplog):
    assert _said(office, caplog) == []


def test_a_first_pass_rechecks_nothing(small: Office, caplog):
    assert _said(small, caplog) == []
    assert ONE_TASK.count(PLAIN) == 1


def _change_form(office: Office, old: str, new: str) -> None:
    path = office.home / "rules" / "forms" / "前期手续办理情况表.yaml"
    text = path.read_text("utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), "utf-8")


def test_a_column_that_must_now_be_filled_in_is_missed_where_the_sheet_never_had_it(office: Office, caplog):
    _change_form(office, "{名称: 所属领域, 类型: 选项,", "{名称: 所属领域, 类型: 选项, 必填: 是,")
    [said] = _said(office, caplog)
    assert "2 份按新规则有错误：县水利局、古阳镇" in said


def test_a_field_that_must_now_be_filled_in_is_missed_where_a_row_has_left_it_blank(small: Office, caplog):
    for unit, remark in (("古阳镇", "正在推进"), ("县水利局", None)):
        small.send(f"{unit}/a.xlsx", form_one(project(unit, 备注=remark), unit=unit), "12-08 10:00")
    small.take("12-08 10:30", publish=True)
    _change_form(small, "{名称: 备注, 类型: 文本,", "{名称: 备注, 类型: 文本, 必填: 是,")
    [said] = _said(small, caplog)
    assert "1 份按新规则有错误：县水利局" in said


def test_a_value_that_was_taken_out_of_a_closed_choice_is_an_error_and_a_renamed_one_is_none(small: Office, caplog):
    for unit, kind in (("古阳镇", "新建"), ("县水利局", "技改")):
        small.send(f"{unit}/a.xlsx", form_one(project(unit, 建设性质=kind), unit=unit), "12-08 10:00")
    small.take("12-08 10:30", publish=True)
    _change_form(small, "    新建: []\n", "    新开工: [新建]\n")
    _change_form(small, "    技改: [技术改造]\n", "")
    [said] = _said(small, caplog)
    assert "1 份按新规则有错误：县水利局" in said


def test_an_amount_that_a_merged_cell_gives_to_the_first_row_alone_is_not_missed(small: Office, caplog):
    book = openpyxl.load_workbook(io.BytesIO(form_one(project("甲"), project("乙"))))
    book.active.merge_cells("G6:G7")
    receipt = small.send("古阳镇/a.xlsx", saved(book), "12-08 10:00")
    assert "V28" in {finding.code for finding in receipt.findings}
    small.take("12-08 10:30", publish=True)
    small.change_rules("依据: 古政办发〔2022〕69号", "依据: 古政办发〔2022〕70号")
    [said] = _said(small, caplog)
    assert "按新规则有错误" not in said


def test_what_is_found_in_order_is_said_with_what_it_was_held_against(office: Office, caplog):
    office.change_rules("依据: 古政办发〔2022〕69号", "依据: 古政办发〔2022〕70号")
    [said] = _said(office, caplog)
    assert "必填项、可选值和核验都没有发现错误" in said
    assert "都合格" not in said


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("每周五 17:00", "每周四 17:00", "“周报”2022-12-09（2 份）"),
        ("  周报:\n", "  每周报送:\n", "“周报”2022-12-09（2 份）"),
    ],
)
def test_a_period_that_the_rules_know_no_more_is_told_with_what_it_had_received(
    office: Office, caplog, old: str, new: str, named: str
):
    office.change_rules(old, new)
    told = _said(office, caplog)
    assert [line for line in told if f"没有了收过表的期次：{named}，" in line]
    office.change_rules(new, old)
    assert not [line for line in _said(office, caplog) if "期次" in line]
