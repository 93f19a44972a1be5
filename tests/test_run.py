"""The way of a file: from the inbox to its outcome, its period, its record and what goes back."""

import contextlib
import datetime as dt
import errno
import io
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlwt
from conftest import FIRST, RULES, SECOND, WEEKLY, Here, Office, at, contacts, edited, form_one, project, register

import xmreport.intake.scan
import xmreport.leaving
import xmreport.run
import xmreport.sending
from xmreport.examine import open_desk
from xmreport.ledger import Drop, FileRecord, Ledger, OriginalDamaged
from xmreport.model.dates import CHINA
from xmreport.model.receipts import Outcome, Receipt, State
from xmreport.model.trouble import Trouble
from xmreport.run import Moment
from xmreport.tally import Tally

GOOD = form_one(project("甲"))
BETTER = form_one(project("甲"), project("乙"))
WRONG = form_one(project("甲", 总投资="3000-5000"))
WORD = b"%PDF-1.7 \xe6\xb4\xbb\xe5\x8a\xa8\xe6\x80\xbb\xe7\xbb\x93"


def codes(receipt: Receipt) -> list[str]:
    return [finding.code for finding in receipt.findings]


def returned_copy(office: Office, receipt: Receipt) -> Path:
    assert receipt.returned_copy
    return office.home / receipt.returned_copy


# Returned, corrected, accepted


def test_a_wrong_return_goes_back_marked_and_its_correction_is_accepted(office: Office):
    wrong = office.send("古阳镇/a.xlsx", WRONG, "12-08 10:00")
    assert wrong.outcome is Outcome.RETURNED
    assert [(f.code, f.sheet, f.cell) for f in wrong.findings] == [("V04", "Sheet", "G6")]
    copy = openpyxl.load_workbook(returned_copy(office, wrong))["Sheet"]["G6"]
    assert copy.comment is not None
    assert copy.fill.fill_type == "solid"
    assert office.waiting() == []
    assert office.send("古阳镇/a.xlsx", GOOD, "12-08 11:00").outcome is Outcome.ACCEPTED


def test_the_marked_copy_itself_corrected_and_dropped_back_is_accepted(office: Office):
    wrong = office.send("古阳镇/a.xlsx", WRONG, "12-08 10:00")
    copy = returned_copy(office, wrong)
    again = office.send(f"古阳镇/{copy.name}", edited(copy.read_bytes(), "Sheet", G6=4000), "12-08 11:00")
    assert (again.outcome, codes(again), again.row_count) == (Outcome.ACCEPTED, [], 1)
    assert again.rows[0].values["总投资"] == 4000


def test_the_marked_copy_dropped_back_as_it_is_goes_back_again_and_can_still_be_mended(office: Office):
    first = office.send("古阳镇/a.xlsx", WRONG, "12-08 10:00")
    second = office.send("古阳镇/a.xlsx", returned_copy(office, first).read_bytes(), "12-08 11:00")
    assert (second.outcome, codes(second)) == (Outcome.RETURNED, ["V04"])
    mended = edited(returned_copy(office, second).read_bytes(), "Sheet", G6=4000)
    assert office.send("古阳镇/a.xlsx", mended, "12-08 12:00").outcome is Outcome.ACCEPTED


def test_an_old_xls_goes_back_as_xlsx_and_one_mended_cell_makes_it_acceptable(office: Office):
    source = openpyxl.load_workbook(io.BytesIO(WRONG))["Sheet"]
    old = xlwt.Workbook()
    sheet = old.add_sheet("Sheet1")
    for row in source.iter_rows():
        for cell in row:
            if cell.value is not None:
                sheet.write(cell.row - 1, cell.column - 1, cell.value)
    target = io.BytesIO()
    old.save(target)
    wrong = office.send("古阳镇/旧.xls", target.getvalue(), "12-08 10:00")
    assert (wrong.outcome, codes(wrong)) == (Outcome.RETURNED, ["V04"])
    copy = returned_copy(office, wrong)
    assert copy.suffix == ".xlsx"
    again = office.send(f"古阳镇/{copy.name}", edited(copy.read_bytes(), "Sheet1", G6=4000), "12-08 11:00")
    assert (again.outcome, again.row_count) == (Outcome.ACCEPTED, 1)


def test_two_returns_in_one_minute_under_one_name_give_two_copies(office: Office):
    first = office.send("古阳镇/a.xlsx", WRONG, "12-08 10:00")
    second = office.send("古阳镇/a.xlsx", form_one(project("甲", 总投资="很多")), "12-08 10:00")
    assert first.returned_copy != second.returned_copy
    assert returned_copy(office, first).is_file()
    assert returned_copy(office, second).is_file()


def test_a_file_that_cannot_be_opened_goes_back_with_a_slip(office: Office):
    page = b"<html><head><title>x</title></head><body><table><tr><td>1</td></tr></table></body></html>"
    receipt = office.send("古阳镇/网页.xls", page, "12-08 10:00")
    assert (receipt.outcome, codes(receipt)) == (Outcome.RETURNED, ["F02"])
    assert (receipt.task, receipt.period) == (WEEKLY, FIRST)
    assert openpyxl.load_workbook(returned_copy(office, receipt)).sheetnames == ["退回说明"]
    assert office.state("古阳镇", "12-09 18:00").state is State.RETURNED


# Versions and duplicates


def test_a_resubmission_counts_before_and_after_the_deadline(office: Office):
    office.send("古阳镇/a.xlsx", GOOD, "12-09 16:00")
    office.send("古阳镇/b.xlsx", BETTER, "12-09 16:30")
    assert office.state("古阳镇", "12-09 16:30").counts.row_count == 2
    third = office.send("古阳镇/c.xlsx", form_one(project("丙")), "12-09 18:00")
    assert (third.outcome, third.late_by_s) == (Outcome.ACCEPTED, 3600)
    state = office.state("古阳镇", "12-09 18:00")
    assert (state.version, state.counts.seq, state.state, state.late_by_s) == (3, third.seq, State.ON_TIME, 0)


def test_of_several_tasks_the_name_of_a_file_that_cannot_be_opened_says_which_it_was_meant_for(office: Office):
    office.change_rules("  联络人报送:\n", f"{MONTHLY_CONTACTS}  联络人报送:\n")
    page = b"<html><head><title>x</title></head><body><table><tr><td>1</td></tr></table></body></html>"
    named = office.send("古阳镇/古阳镇联络人名单.xls", page, "12-08 10:00")
    assert (named.outcome, named.task, named.period) == (Outcome.RETURNED, "联络人月报", "2022-12-28")
    unnamed = office.send("县水利局/网页.xls", page, "12-08 10:01")
    assert (unnamed.outcome, unnamed.task) == (Outcome.RETURNED, None)


MONTHLY_CONTACTS = """  联络人月报:
    报表: 联络人名单
    时限: 每月28日 17:00
    起止: 2022-12-01 至 2022-12-31
    应报单位: [部门, 乡镇]
    报送至: 县发改局
    出处: 六（五）
"""


def test_the_same_bytes_again_are_a_duplicate_and_the_other_version_stays_in_force(office: Office):
    office.send("古阳镇/a.xlsx", GOOD, "12-08 10:00")
    second = office.send("古阳镇/b.xlsx", BETTER, "12-08 11:00")
    third = office.send("古阳镇/a.xlsx", GOOD, "12-08 12:00")
    assert (third.outcome, codes(third), third.rows) == (Outcome.DUPLICATE, ["D01"], ())
    assert "b.xlsx" in third.findings[0].words["现状"]
    assert office.state("古阳镇", "12-08 12:00").counts.seq == second.seq
    assert office.waiting() == []


def test_the_same_wrong_bytes_again_are_a_duplicate_that_says_the_first_was_returned(office: Office):
    office.send("古阳镇/a.xlsx", WRONG, "12-08 10:00")
    again = office.send("古阳镇/a.xlsx", WRONG, "12-08 11:00")
    assert again.outcome is Outcome.DUPLICATE
    assert "退回" in again.findings[0].words["现状"]
    assert again.returned_copy is None


def test_bytes_returned_under_other_rules_are_judged_anew(office: Office):
    office.send("古阳镇/a.xlsx", form_one(project("甲", 建设性质="盘活")), "12-08 10:00")
    office.change_rules("    附件: 附件1\n", "    附件: 附件1\n    选项:\n      建设性质: {新建: [盘活]}\n")
    again = office.send("古阳镇/a.xlsx", form_one(project("甲", 建设性质="盘活")), "12-08 11:00")
    assert again.outcome is Outcome.ACCEPTED


def test_the_same_bytes_for_two_periods_are_no_duplicate_but_a_warning(office: Office):
    undated = form_one(project("甲"), day=None)
    assert office.send("古阳镇/a.xlsx", undated, "12-08 10:00").period == FIRST
    second = office.send("古阳镇/a.xlsx", undated, "12-15 10:00")
    assert (second.outcome, second.period, codes(second)) == (Outcome.ACCEPTED, SECOND, ["P04"])


def test_one_unit_may_send_what_another_sent_word_for_word(office: Office):
    same = form_one(project("甲"), unit=None)
    office.send("古阳镇/a.xlsx", same, "12-08 10:00")
    assert office.send("县水利局/a.xlsx", same, "12-08 11:00").outcome is Outcome.ACCEPTED


def test_a_duplicate_within_one_pass_is_one(office: Office):
    office.drop("古阳镇/a.xlsx", GOOD)
    office.drop("古阳镇/b.xlsx", GOOD)
    assert sorted(receipt.outcome for receipt in office.take("12-08 10:00")) == ["accepted", "duplicate"]


# Task and period


@pytest.mark.parametrize(
    ("stated", "now", "task", "period"),
    [
        ("2022年12月5日", "12-06 10:00", "情况摸底", "2022-12-06"),
        ("2022年12月6日", "12-06 10:00", "情况摸底", "2022-12-06"),
        ("2022年12月7日", "12-07 10:00", WEEKLY, FIRST),
        ("2022年12月9日", "12-09 10:00", WEEKLY, FIRST),
        (None, "12-05 10:00", "情况摸底", "2022-12-06"),
        (None, "12-08 10:00", WEEKLY, FIRST),
        (None, "12-14 10:00", WEEKLY, SECOND),
    ],
)
def test_the_stated_day_else_the_day_of_arrival_decides_task_and_period(office: Office, stated, now, task, period):
    receipt = office.send("古阳镇/a.xlsx", form_one(project("甲"), day=stated), now)
    assert (receipt.outcome, receipt.task, receipt.period) == (Outcome.ACCEPTED, task, period)


@pytest.mark.parametrize(("day", "period"), [(10, FIRST), (12, FIRST), (13, SECOND)])
def test_a_period_owed_for_up_to_three_days_gets_the_report(office: Office, day: int, period: str):
    receipt = office.send("古阳镇/a.xlsx", form_one(project("甲"), day=f"2022年12月{day}日"), f"12-{day} 10:00")
    assert receipt.period == period


def test_a_period_received_already_gets_nothing_more(office: Office):
    office.send("古阳镇/a.xlsx", GOOD, "12-09 10:00")
    monday = office.send("古阳镇/b.xlsx", form_one(project("甲"), project("乙"), day="2022年12月12日"), "12-12 10:00")
    assert monday.period == SECOND


def test_a_returned_report_leaves_its_period_owed(office: Office):
    office.send("古阳镇/a.xlsx", WRONG, "12-09 10:00")
    assert office.send("古阳镇/b.xlsx", form_one(project("甲"), day="2022年12月12日"), "12-12 10:00").period == FIRST


def test_a_report_for_an_earlier_period_that_is_still_open_is_filed_there_with_a_warning(office: Office):
    receipt = office.send("古阳镇/a.xlsx", GOOD, "12-20 10:00")
    assert (receipt.outcome, receipt.period, codes(receipt)) == (Outcome.ACCEPTED, FIRST, ["S08"])


def test_a_report_for_a_closed_period_is_returned(office: Office):
    open_until = office.send("古阳镇/a.xlsx", GOOD, "12-23 17:00:00")
    assert open_until.outcome is Outcome.ACCEPTED
    closed = office.send("县水利局/a.xlsx", form_one(project("乙"), unit="县水利局"), "12-23 17:00:01")
    assert (closed.outcome, codes(closed), closed.period) == (Outcome.RETURNED, ["S09"], None)
    assert closed.findings[0].cell == "A3"
    assert returned_copy(office, closed).is_file()


@pytest.mark.parametrize("day", ["2022年12月20日", "2032年12月8日", "2022年10月8日"])
def test_a_report_for_a_period_to_come_or_for_none_is_returned(office: Office, day: str):
    receipt = office.send("古阳镇/a.xlsx", form_one(project("甲"), day=day), "12-08 10:00")
    assert (receipt.outcome, codes(receipt)) == (Outcome.RETURNED, ["S10"])


def test_a_day_beyond_all_periods_is_no_late_return_of_the_last_one(office: Office):
    receipt = office.send("古阳镇/a.xlsx", form_one(project("甲"), day="2032年12月8日"), "2023-03-01 10:00")
    assert (receipt.outcome, codes(receipt)) == (Outcome.RETURNED, ["S10"])


def test_after_the_last_period_a_report_is_a_late_return_of_it(office: Office):
    receipt = office.send("古阳镇/a.xlsx", form_one(project("甲"), day="2023年1月12日"), "2023-01-12 10:00")
    assert (receipt.outcome, receipt.period) == (Outcome.ACCEPTED, "2023-01-06")
    assert receipt.late_by_s


# On demand, contacts, documents


def test_a_task_on_demand_has_one_standing_period_and_takes_the_newest(office: Office):
    first = office.send("县发改局/a.xlsx", register(("甲", "是", 500), ("乙", "否", 0)), "12-01 10:00")
    second = office.send("县发改局/b.xlsx", register(("甲", "是", 600), ("乙", "是", 10)), "12-08 10:00")
    assert [(r.outcome, r.task, r.period, r.due_at) for r in (first, second)] == [
        (Outcome.ACCEPTED, "重点项目台账", "2022-11-27", None)
    ] * 2
    state = office.state("县发改局", "12-09 10:00", "重点项目台账", "2022-11-27")
    assert (state.state, state.counts.seq, state.version) == (State.ON_TIME, second.seq, 2)


def test_the_target_table_of_the_week_rests_on_the_newest_register(office: Office):
    office.drop("县发改局/a.xlsx", register(("甲", "是", 500), ("乙", "否", 0)))
    office.take("12-01 10:00")
    office.drop("古阳镇/a.xlsx", GOOD)
    office.take("12-08 10:00", publish=True)
    assert _rate(office, "省市重点项目开复工率") == pytest.approx(0.5)
    office.drop("县发改局/b.xlsx", register(("甲", "是", 600), ("乙", "是", 10)))
    office.take("12-09 09:00", publish=True)
    assert _rate(office, "省市重点项目开复工率") == pytest.approx(1)


def _rate(office: Office, indicator: str) -> float:
    sheet = openpyxl.load_workbook(office.outbox / WEEKLY / FIRST / "目标完成情况表.xlsx", data_only=True).worksheets[0]
    grid = [[cell.value for cell in row] for row in sheet.iter_rows()]
    head = next(row for row in grid if "指标" in row and "完成" in row)
    line = next(row for row in grid if indicator in str(row[head.index("指标")]))
    return float(line[head.index("完成")])


def test_a_list_of_contacts_is_taken_and_its_people_stand_in_the_register(office: Office):
    office.drop("古阳镇/名单.xlsx", contacts(("古阳镇", "张三", "0357-8322000")))
    [receipt] = office.take("11-29 10:00")
    assert (receipt.outcome, receipt.task, receipt.row_count) == (Outcome.ACCEPTED, "联络人报送", 1)
    office.take("12-08 10:00", publish=True)
    book = openpyxl.load_workbook(office.outbox / WEEKLY / FIRST / "报送情况及迟报名单.xlsx")
    said = [str(cell.value) for row in book["报送情况"].iter_rows() for cell in row if cell.value]
    assert any("张三" in text for text in said)


def test_both_contacts_of_a_unit_stand_in_the_register_and_a_newer_list_replaces_them(office: Office):
    office.drop("古阳镇/名单.xlsx", contacts(("古阳镇", "张三", "0357-8322000"), ("古阳镇", "李四", "0357-8322001")))
    office.take("11-29 10:00")
    office.take("12-08 10:00", publish=True)
    assert _contact(office, "古阳镇") == "张三 0357-8322000、李四 0357-8322001"
    office.drop("古阳镇/名单.xlsx", contacts(("古阳镇", "王五", "0357-8322002"), day="2022年11月30日"))
    office.take("12-08 11:00", publish=True)
    assert _contact(office, "古阳镇") == "王五 0357-8322002"


def _contact(office: Office, unit: str) -> object:
    sheet = openpyxl.load_workbook(office.outbox / WEEKLY / FIRST / "报送情况及迟报名单.xlsx")["报送情况"]
    grid = [[cell.value for cell in row] for row in sheet.iter_rows()]
    head = next(row for row in grid if "联络人" in row)
    return next(row[head.index("联络人")] for row in grid if unit in row)


def test_a_document_is_accepted_when_one_is_due_and_goes_back_when_a_table_is(office: Office):
    december = office.send("古阳镇/总结.pdf", WORD, "12-08 10:00")
    assert (december.outcome, codes(december)) == (Outcome.RETURNED, ["F04"])
    assert openpyxl.load_workbook(returned_copy(office, december)).sheetnames == ["退回说明"]
    february = office.send("古阳镇/总结.pdf", WORD, "2023-02-24 10:00")
    assert (february.outcome, february.task, february.period) == (Outcome.ACCEPTED, "活动总结", "2023-02-25")
    late = office.send("县水利局/总结.pdf", WORD, "2023-02-26 00:00:00")
    assert (late.outcome, late.late_by_s) == (Outcome.ACCEPTED, 1)


def test_a_documents_period_has_a_register_and_nothing_else(office: Office):
    office.drop("古阳镇/总结.pdf", WORD)
    office.take("2023-02-24 10:00", publish=True)
    folder = office.outbox / "活动总结" / "2023-02-25"
    assert [path.name for path in folder.iterdir()] == ["报送情况及迟报名单.xlsx"]


# Whose it is


@pytest.mark.parametrize(
    ("place", "stated", "unit"),
    [
        ("a.xlsx", "古阳镇", "古阳镇"),
        ("a.xlsx", "县住房和城乡建设局", "县住建局"),
        ("水利局前期手续(最终版)(1).xlsx", None, "县水利局"),
        ("县水利局.xlsx", "古阳镇", "古阳镇"),
        ("住房和城乡建设局/a.xlsx", None, "县住建局"),
        ("古阳镇/12月/第二周/a.xlsx", None, "古阳镇"),
        ("12月/古阳镇/a.xlsx", None, "古阳镇"),
    ],
)
def test_the_folder_then_the_sheet_then_the_file_name_says_whose_it_is(office: Office, place, stated, unit):
    receipt = office.send(place, form_one(project("甲"), unit=stated), "12-08 10:00")
    assert (receipt.outcome, receipt.unit) == (Outcome.ACCEPTED, unit)


@pytest.mark.parametrize("stated", [None, "某某科"])
def test_a_file_that_nothing_says_whose_it_is_is_set_aside(office: Office, stated: str | None):
    receipt = office.send("汇总.xlsx", form_one(project("甲"), unit=stated), "12-08 10:00")
    assert (receipt.outcome, receipt.unit) == (Outcome.QUARANTINED, None)
    assert "S02" in codes(receipt)
    assert office.waiting() == []


def test_a_sheet_of_another_unit_in_a_units_folder_is_returned_to_the_folders_unit(office: Office):
    receipt = office.send("古阳镇/a.xlsx", form_one(project("甲"), unit="县水利局"), "12-08 10:00")
    assert (receipt.outcome, receipt.unit, codes(receipt)) == (Outcome.RETURNED, "古阳镇", ["S04"])
    assert receipt.returned_copy.startswith("outbox/guxian/退回/古阳镇/")


def test_a_unit_that_owes_no_table_is_set_aside(office: Office):
    receipt = office.send("县财政局/a.xlsx", form_one(project("甲"), unit="县财政局"), "12-08 10:00")
    assert (receipt.outcome, codes(receipt)) == (Outcome.QUARANTINED, ["S18"])


def test_two_units_in_one_workbook_of_the_countys_own_folder_are_two_returns(office: Office):
    book = openpyxl.load_workbook(io.BytesIO(GOOD))
    other = openpyxl.load_workbook(io.BytesIO(form_one(project("乙", 总投资="很多"), unit="县水利局")))["Sheet"]
    sheet = book.create_sheet("水利")
    for row in other.iter_rows():
        for cell in row:
            sheet[cell.coordinate] = cell.value
    target = io.BytesIO()
    book.save(target)
    office.drop("两家.xlsx", target.getvalue())
    own, foreign = office.take("12-08 10:00")
    assert (own.unit, own.sheet, own.outcome) == ("古阳镇", "Sheet", Outcome.ACCEPTED)
    assert (foreign.unit, foreign.sheet, foreign.outcome) == ("县水利局", "水利", Outcome.RETURNED)
    assert returned_copy(office, foreign).is_file()
    assert office.waiting() == []


def test_one_project_from_two_units_counts_once_for_the_unit_responsible(office: Office):
    office.send("古阳镇/a.xlsx", form_one(project("甲", 总投资=9000), project("乙")), "12-08 10:00")
    office.drop("县住建局/a.xlsx", form_one(project("甲"), unit="县住建局"))
    [second] = office.take("12-08 11:00", publish=True)
    assert (second.outcome, codes(second)) == (Outcome.ACCEPTED, ["X01"])
    assert second.findings[0].words["采用"] == "县住建局"
    sheet = openpyxl.load_workbook(
        office.outbox / WEEKLY / FIRST / "前期手续办理情况表汇总表.xlsx", data_only=True
    ).worksheets[0]
    total = next(
        row for row in sheet.iter_rows(values_only=True) if any(str(v).replace(" ", "") == "合计" for v in row)
    )
    assert 6000 in total
    assert 12000 not in total


# What is not an ordinary file


def test_droppings_stay_are_told_once_and_stand_in_no_list(office: Office):
    for name in ("~$a.xlsx", "a.xlsx.tmp", "Thumbs.db", ".DS_Store"):
        office.drop(f"古阳镇/{name}", b"x")
    assert [receipt.outcome for receipt in office.take("12-08 10:00")] == [Outcome.IGNORED] * 4
    assert len(office.waiting()) == 4
    office.drop("古阳镇/a.xlsx.tmp", b"grown since")
    assert office.take("12-08 10:01") == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_links_and_pipes_are_recorded_once_never_opened_and_left(office: Office):
    secret = office.home / "secret.xlsx"
    secret.write_bytes(GOOD)
    (office.inbox / "古阳镇").mkdir()
    (office.inbox / "古阳镇" / "link.xlsx").symlink_to(secret)
    (office.inbox / "古阳镇" / "folder").symlink_to(office.home)
    os.mkfifo(office.inbox / "古阳镇" / "pipe.xlsx")
    found = office.take("12-08 10:00")
    assert [(r.outcome, codes(r), r.sha256) for r in found] == [(Outcome.QUARANTINED, ["F09"], None)] * 3
    assert len(office.waiting()) == 3
    assert office.take("12-08 10:01") == []


def test_a_file_over_the_limit_is_moved_out_of_the_inbox_unopened(office: Office):
    (office.home / "rules" / "office.yaml").write_text("静置秒数: 0\n单个文件上限MB: 1\n", "utf-8")
    data = GOOD + bytes(1 << 20)
    receipt = office.send("古阳镇/大.xlsx", data, "12-08 10:00")
    assert (receipt.outcome, codes(receipt)) == (Outcome.QUARANTINED, ["F10"])
    assert office.waiting() == []
    assert receipt.sha256 is None
    [kept] = (office.workspace.state / "originals" / "oversize").iterdir()
    assert kept.read_bytes() == data


def test_a_file_over_the_limit_comes_whole_from_another_disk_too(office: Office, monkeypatch):
    (office.home / "rules" / "office.yaml").write_text("静置秒数: 0\n单个文件上限MB: 1\n", "utf-8")
    data, longer = GOOD + bytes(1 << 20), GOOD + bytes(2 << 20)
    replace, copy = Path.replace, shutil.copyfileobj

    def elsewhere(self, target):
        if self.is_relative_to(office.inbox) and not Path(target).is_relative_to(office.inbox):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(self, target)

    def growing(source, target, length):
        copy(source, target, length)
        monkeypatch.setattr(shutil, "copyfileobj", copy)
        office.drop("古阳镇/大.xlsx", longer)

    monkeypatch.setattr(Path, "replace", elsewhere)
    monkeypatch.setattr(shutil, "copyfileobj", growing)
    office.send("古阳镇/大.xlsx", data, "12-08 10:00")
    assert office.waiting() == ["古阳镇/大.xlsx"]  # its sender had not finished
    office.take("12-08 10:01")
    assert office.waiting() == []
    kept = (office.workspace.state / "originals" / "oversize").iterdir()
    assert {path.read_bytes() for path in kept} == {data, longer}


def test_a_file_that_may_not_be_read_is_recorded_once_and_taken_when_it_can_be(office: Office, monkeypatch):
    office.drop("古阳镇/a.xlsx", GOOD)
    readable = [False]
    read = xmreport.run.read_bytes

    def refuse(found):
        if readable[0]:
            return read(found)
        raise PermissionError(13, "Permission denied", str(found.path))

    monkeypatch.setattr(xmreport.run, "read_bytes", refuse)
    monkeypatch.setattr("xmreport.inbox.can_be_read", lambda path: readable[0])
    [receipt] = office.take("12-08 10:00")
    assert (receipt.outcome, codes(receipt), office.waiting()) == (Outcome.QUARANTINED, ["F09"], ["古阳镇/a.xlsx"])
    assert office.take("12-08 10:01") == []
    readable[0] = True
    [receipt] = office.take("12-08 10:02")
    assert (receipt.outcome, office.waiting()) == (Outcome.ACCEPTED, [])


def test_whatever_became_of_a_file_its_bytes_are_kept(office: Office):
    strange = b"not a workbook \x00\x01"
    for number, data in enumerate((GOOD, WRONG, strange, GOOD)):
        office.drop(f"古阳镇/{number}.xlsx", data)
    receipts = office.take("12-08 10:00")
    assert {r.outcome for r in receipts} == {"accepted", "returned", "quarantined", "duplicate"}
    with Ledger.open(office.workspace.state) as ledger:
        assert {ledger.originals.read(r.sha256) for r in receipts} == {GOOD, WRONG, strange}
        assert ledger.verify() == []


def test_a_file_that_changes_during_the_look_is_left_for_the_next_run(office: Office, monkeypatch):
    target = office.drop("古阳镇/a.xlsx", GOOD[:2000])
    office.drop("县水利局/b.xlsx", form_one(project("乙"), unit="县水利局"))
    monkeypatch.setattr(xmreport.run.time, "sleep", lambda seconds: target.write_bytes(GOOD))
    assert [receipt.unit for receipt in office.take("12-08 10:00")] == ["县水利局"]
    assert office.waiting() == ["古阳镇/a.xlsx"]
    monkeypatch.undo()
    assert [receipt.outcome for receipt in office.take("12-08 10:01")] == [Outcome.ACCEPTED]


def test_a_file_replaced_while_it_is_judged_stays_and_is_judged_itself(office: Office, monkeypatch):
    target = office.drop("古阳镇/a.xlsx", GOOD)
    record = Ledger.record

    def replaced(self, entries):
        target.write_bytes(BETTER)
        return record(self, entries)

    monkeypatch.setattr(Ledger, "record", replaced)
    assert [r.row_count for r in office.take("12-08 10:00")] == [1]
    assert target.read_bytes() == BETTER
    monkeypatch.undo()
    assert [r.row_count for r in office.take("12-08 10:01")] == [2]
    assert office.waiting() == []


def test_a_file_saved_in_the_last_moment_before_the_other_is_taken_away_is_not_lost(office: Office, monkeypatch):
    target = office.drop("古阳镇/a.xlsx", GOOD)
    is_still = xmreport.intake.scan.is_still

    def saved_just_after(path, identity):
        still = is_still(path, identity)
        if path == target and still:
            monkeypatch.setattr(xmreport.intake.scan, "is_still", is_still)
            office.drop("古阳镇/a.new", BETTER).replace(target)
        return still

    monkeypatch.setattr(xmreport.intake.scan, "is_still", saved_just_after)
    assert [r.row_count for r in office.take("12-08 10:00")] == [1]
    assert office.waiting() == ["古阳镇/a.xlsx"]
    assert [r.row_count for r in office.take("12-08 10:01")] == [2]
    assert office.waiting() == []


def test_folders_may_lie_in_each_other_however_deep(office: Office):
    office.drop("古阳镇/a.xlsx", GOOD)
    deep = office.inbox / "县水利局"
    deep.mkdir()
    with contextlib.chdir(deep):
        for _ in range(1200):
            os.mkdir("d")  # noqa: PTH102 - the whole path would be too long
            os.chdir("d")
        assert [r.unit for r in office.take("12-08 10:00")] == ["古阳镇"]
        for _ in range(1200):  # what clears up after tests goes no deeper than Python calls itself
            os.chdir("..")
            os.rmdir("d")  # noqa: PTH106


def test_no_more_is_read_ahead_than_can_be_held(office: Office, monkeypatch):
    monkeypatch.setattr(xmreport.run, "HELD_MIB", len(GOOD) / 2**20)
    at_once = []
    held = xmreport.run.held
    monkeypatch.setattr(xmreport.run, "held", lambda files: at_once.append(held(files)) or at_once[-1])
    for number in range(5):
        office.drop(f"古阳镇/{number}.xlsx", form_one(*[project(f"甲{n}") for n in range(number + 1)]))
    assert len(office.take("12-08 10:00")) == 5
    assert max(at_once) < 2 * len(GOOD) + 5000


# Arrival


@pytest.mark.parametrize("trouble", ["unreadable", "damaged", "moving"])
def test_a_pass_that_left_a_file_lying_makes_it_no_later(office: Office, monkeypatch, trouble):
    target = office.drop("古阳镇/a.xlsx", form_one(project("甲"), day=None))
    with monkeypatch.context() as patch:
        if trouble == "unreadable":
            patch.setattr(os, "open", _failing(os.open, target, OSError(errno.EIO, "Input/output error")))
        elif trouble == "damaged":
            patch.setattr("xmreport.ledger.originals.Originals.keep", _raising(OriginalDamaged("0" * 64)))
        else:
            patch.setattr(xmreport.run.time, "sleep", lambda seconds: os.utime(target))
        assert office.take(None) == []
    assert office.waiting() == ["古阳镇/a.xlsx"]
    with Ledger.open(office.workspace.state) as ledger:
        assert ledger.last_pass() is None
    monkeypatch.setattr("xmreport.intake.scan.came", lambda path, status: at("2020-01-01 08:00"))
    [receipt] = office.take(None)
    assert receipt.arrived_at == at("2020-01-01 08:00")


def _failing(function, place, error):
    def called(path, *args, **kwargs):
        if Path(path) == place:
            raise error
        return function(path, *args, **kwargs)

    return called


def _raising(error):
    def raised(*args, **kwargs):
        raise error

    return raised


def test_in_a_real_pass_a_file_arrived_when_the_file_system_says(office: Office):
    before = dt.datetime.now(CHINA)
    target = office.drop("古阳镇/a.xlsx", form_one(project("甲"), day=None))
    os.utime(target, (0, 0))
    after = dt.datetime.now(CHINA)
    time.sleep(0.05)
    [receipt] = office.take(None)
    slack = dt.timedelta(seconds=0.02)  # the file system's clock ticks more coarsely
    assert before - slack <= receipt.arrived_at <= after + slack
    assert not receipt.replayed


def test_what_a_pass_did_not_see_cannot_have_arrived_before_it(office: Office, monkeypatch):
    office.take(None)
    with Ledger.open(office.workspace.state) as ledger:
        last = ledger.last_pass()
    monkeypatch.setattr("xmreport.intake.scan.came", lambda path, status: at("2020-01-01 08:00"))
    office.drop("古阳镇/a.xlsx", form_one(project("甲"), day=None))
    [receipt] = office.take(None)
    assert receipt.arrived_at == last


def test_a_clock_ahead_of_ours_makes_no_file_arrive_in_the_future(office: Office, monkeypatch):
    monkeypatch.setattr("xmreport.intake.scan.came", lambda path, status: at("2099-01-01 08:00"))
    office.drop("古阳镇/a.xlsx", form_one(project("甲"), day=None))
    [receipt] = office.take(None)
    assert receipt.arrived_at <= dt.datetime.now(CHINA)


def test_a_replay_says_so_and_tells_nothing_of_when_the_engine_last_looked(office: Office):
    receipt = office.send("古阳镇/a.xlsx", GOOD, "12-08 16:31")
    assert (receipt.replayed, receipt.arrived_at) == (True, at("12-08 16:31"))
    office.take("2099-01-01 08:00")
    with Ledger.open(office.workspace.state) as ledger:
        assert ledger.last_pass() is None


# Faults of ours and of the place


def test_a_fault_of_the_engine_sets_its_file_aside_and_the_rest_goes_on(office: Office, monkeypatch):
    real = xmreport.run.examine

    def broken(data, county, name, unit, day):
        if name == "毒.xlsx":
            raise ZeroDivisionError
        return real(data, county, name, unit, day)

    monkeypatch.setattr(xmreport.run, "examine", broken)
    office.drop("古阳镇/毒.xlsx", GOOD)
    office.drop("县水利局/b.xlsx", form_one(project("乙"), unit="县水利局"))
    with office.engine(lambda event: None) as engine:
        engine.take_settled(xmreport.run.Moment(at("12-08 10:00"), replayed=True))
        assert engine.tally.engine_faults == 1
    assert {(r.unit, r.outcome, *codes(r)) for r in office.receipts()} == {
        ("古阳镇", "quarantined", "F11"),
        ("县水利局", "accepted"),
    }


def test_a_screen_that_is_gone_ends_neither_intake_nor_publishing(office: Office, caplog):
    office.drop("古阳镇/a.xlsx", GOOD)
    office.drop("县水利局/b.xlsx", form_one(project("乙"), unit="县水利局"))
    with office.engine(_raising(BrokenPipeError(errno.EPIPE, "Broken pipe"))) as engine:
        engine.run_once(xmreport.run.Moment(at("12-08 10:00"), replayed=True))
    assert len(office.receipts()) == 2
    assert office.waiting() == []
    written = {path: path.stat().st_mtime_ns for path in office.outbox.rglob("*.xlsx")}
    assert len(written) > 3
    assert caplog.text.count("Broken pipe") == 1
    office.take("12-08 10:00", publish=True)
    assert {path: path.stat().st_mtime_ns for path in office.outbox.rglob("*.xlsx")} == written


def test_one_file_that_cannot_be_finished_holds_up_no_other(office: Office, monkeypatch, caplog):
    office.drop("古阳镇/a.xlsx", WRONG)
    with monkeypatch.context() as patch:
        patch.setattr("xmreport.sending.Sender.send_back", _raising(KeyError("可选")))
        office.take("12-08 10:00", publish=True)
        office.drop("县水利局/b.xlsx", form_one(project("乙"), unit="县水利局"))
        assert [receipt.unit for receipt in office.take("12-08 10:01", publish=True)] == ["县水利局"]
    assert caplog.text.count("a.xlsx 已记录，还没有办完") == 2  # once a process
    assert office.waiting() == ["古阳镇/a.xlsx"]
    office.take("12-08 10:02")
    assert office.waiting() == []
    assert len(list((office.outbox / "退回" / "古阳镇").iterdir())) == 1


def test_a_copy_that_cannot_be_marked_goes_back_as_a_slip_and_blocks_nothing(office: Office, monkeypatch):
    def broken(data, findings, about):
        raise ZeroDivisionError

    monkeypatch.setattr(xmreport.sending, "mark", broken)
    receipt = office.send("古阳镇/a.xlsx", WRONG, "12-08 10:00")
    [slip] = openpyxl.load_workbook(returned_copy(office, receipt)).worksheets
    assert slip.title == "退回说明"
    [finding] = receipt.findings
    said = "".join(str(cell.value) for row in slip.iter_rows() for cell in row)
    assert "标红的副本没有做成" in said
    assert f"{finding.sheet}!{finding.cell}：" in said
    assert office.waiting() == []


class _Marking(Here):
    """Works here; `asked` is called with the number of each copy before it is made."""

    width = 1

    def __init__(self, asked: Callable[[int], object]) -> None:
        self.asked, self.copies = asked, 0

    def submit(self, fn, /, *args, **kwargs):
        if fn is xmreport.sending.mark:
            self.copies += 1
            self.asked(self.copies)
        return super().submit(fn, *args, **kwargs)


def _take_by(office: Office, executor: Here, now: str) -> Tally:
    """One pass whose workers are these."""
    workspace = office.workspace
    open_desk(dict(workspace.rulebook.counties))
    with xmreport.run.Engine(workspace, ["guxian"], lambda _: None, executor) as engine:
        engine.recover()
        engine.take_settled(xmreport.run.Moment(at(now), replayed=True))
        return engine.tally


def test_copies_are_begun_ahead_of_the_one_that_is_sent_and_never_many(office: Office, monkeypatch):
    said = []
    deliver = xmreport.sending.deliver
    monkeypatch.setattr(xmreport.sending, "deliver", lambda *args: said.append("sent") or deliver(*args))
    for number in range(4):
        office.drop(f"古阳镇/{number}.xlsx", form_one(project(f"甲{number}", 总投资="3000-5000")))
        office.drop(f"县水利局/{number}.xlsx", form_one(project(f"乙{number}"), unit="县水利局"))
    _take_by(office, _Marking(lambda _: said.append("begun")), "12-08 10:00")
    assert said == ["begun", "begun", "sent", "begun", "sent", "begun", "sent", "sent"]
    assert office.waiting() == []


def test_a_copy_that_nobody_takes_on_goes_back_as_a_slip_and_stops_nothing(office: Office):
    office.drop("古阳镇/a.xlsx", WRONG)
    office.drop("县水利局/b.xlsx", form_one(project("乙"), unit="县水利局"))
    tally = _take_by(office, _Marking(_raising(RuntimeError("cannot schedule new futures"))), "12-08 10:00")
    assert (tally.files, tally.engine_faults) == (2, 1)
    assert office.waiting() == []
    [copy] = (office.outbox / "退回" / "古阳镇").iterdir()
    assert openpyxl.load_workbook(copy).sheetnames == ["退回说明"]


def test_a_copy_that_is_made_is_sent_though_whoever_makes_the_next_is_away(office: Office):
    def away(number: int) -> None:
        if number > 1:
            raise Trouble("集群没有答复")

    office.drop("古阳镇/a.xlsx", WRONG)
    office.drop("县水利局/b.xlsx", form_one(project("乙", 总投资="3000-5000"), unit="县水利局"))
    marking = _Marking(away)
    assert _take_by(office, marking, "12-08 10:00").troubles == 1
    assert (office.waiting(), marking.copies) == (["县水利局/b.xlsx"], 2)
    office.take("12-08 10:01")
    assert office.waiting() == []


def test_a_locked_outbox_delays_the_copy_and_the_next_pass_delivers_it(office: Office):
    office.outbox.mkdir(parents=True)
    (office.outbox / "退回").write_text("in the way", "utf-8")
    office.drop("古阳镇/a.xlsx", WRONG)
    office.drop("县水利局/b.xlsx", form_one(project("乙"), unit="县水利局"))
    receipts = office.take("12-08 10:00")
    assert sorted(receipt.outcome for receipt in receipts) == ["accepted", "returned"]
    assert office.waiting() == ["古阳镇/a.xlsx"]
    assert office.take("12-08 10:01") == []
    (office.outbox / "退回").unlink()
    [told] = office.take("12-08 10:02")
    assert returned_copy(office, told).is_file()
    assert office.waiting() == []
    assert len(office.receipts()) == 2


def test_a_file_that_cannot_be_taken_out_is_recorded_once_and_taken_out_later(office: Office, monkeypatch):
    def held(path, identity):
        raise PermissionError(13, "in use", str(path))

    office.drop("古阳镇/a.xlsx", GOOD)
    monkeypatch.setattr("xmreport.leaving.remove", held)
    office.take("12-08 10:00")
    assert office.take("12-08 10:01") == []
    monkeypatch.undo()
    office.take("12-08 10:02")
    assert office.waiting() == []
    assert len(office.receipts()) == 1


def test_what_was_begun_under_rules_that_are_broken_now_waits_for_them(office: Office):
    receipt = office.send("古阳镇/a.xlsx", GOOD, "12-08 10:00")
    drop = Drop("inbox/guxian/古阳镇/b.xlsx", "1:2:3")
    with Ledger.open(office.workspace.state) as ledger:
        ledger.record(FileRecord(drop, (receipt,)))
    office.write_rules("县区: 古县\n")
    assert office.take("12-08 10:01") == []
    with Ledger.open(office.workspace.state) as ledger:
        assert [each for each, _ in ledger.unfinished()] == [drop]


def test_a_damaged_original_is_an_alarm_for_its_file_alone(office: Office, caplog):
    receipt = office.send("古阳镇/a.xlsx", GOOD, "12-08 10:00")
    kept = office.workspace.state / "originals" / receipt.sha256[:2] / receipt.sha256
    kept.chmod(0o600)
    kept.write_bytes(b"something else")
    office.drop("古阳镇/again.xlsx", GOOD)
    office.drop("县水利局/b.xlsx", form_one(project("乙"), unit="县水利局"))
    assert [r.unit for r in office.take("12-08 11:00")] == ["县水利局"]
    assert office.waiting() == ["古阳镇/again.xlsx"]
    assert receipt.sha256 in caplog.text


# Publishing


def test_a_second_pass_with_nothing_new_publishes_nothing(office: Office):
    office.drop("古阳镇/a.xlsx", GOOD)
    office.take("12-08 10:00", publish=True)
    assert office.events
    office.take("12-08 10:05", publish=True)
    assert office.events == []


def test_a_deadline_passing_is_something_new(office: Office):
    office.take("12-09 16:59", publish=True)
    office.take("12-09 17:00:01", publish=True)
    assert any(f"{WEEKLY}/{FIRST}" in event.path for event in office.events)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"")], ids=["gone", "empty"])
def test_a_workbook_that_was_thrown_away_is_written_again_as_it_was(office: Office, spoil):
    office.drop("古阳镇/a.xlsx", GOOD)
    office.take("12-08 10:00", publish=True)
    gone = office.outbox / WEEKLY / FIRST / "前期手续办理情况表汇总表.xlsx"
    before = gone.read_bytes()
    spoil(gone)
    office.take("12-08 10:05", publish=True)
    assert gone.read_bytes() == before


def test_one_countys_broken_template_keeps_no_file_from_being_taken(office: Office):
    (office.home / "templates_xlsx" / "目标完成情况表.xlsx").write_bytes(b"garbage")
    office.drop("古阳镇/a.xlsx", GOOD)
    with office.engine(lambda event: None) as engine:
        tally = engine.run_once(xmreport.run.Moment(at("12-08 10:00"), replayed=True))
    assert (tally.outcomes[Outcome.ACCEPTED], tally.troubles, tally.engine_faults) == (1, 1, 0)
    assert office.waiting() == []


# What went back is the unit's


@pytest.mark.parametrize("hindered", ["the file is open", "the power fails"])
def test_a_copy_that_its_unit_is_mending_is_not_sent_back_once_more(office: Office, monkeypatch, hindered: str):
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "locked") if hindered == "the file is open" else KeyboardInterrupt

    office.drop("古阳镇/a.xlsx", WRONG)
    with monkeypatch.context() as patched, contextlib.suppress(KeyboardInterrupt):
        place = xmreport.leaving if hindered == "the file is open" else Ledger
        patched.setattr(place, "remove" if place is xmreport.leaving else "finish", refuse)
        office.take("12-08 10:00", publish=True)
    [copy] = office.outbox.glob("退回/*/*.xlsx")
    mended = edited(copy.read_bytes(), "Sheet", G6=4000)
    copy.write_bytes(mended)
    office.take("12-08 10:01", publish=True)
    assert office.waiting() == []
    assert list(office.outbox.glob("退回/*/*.xlsx")) == [copy]
    assert copy.read_bytes() == mended


def test_what_was_returned_for_last_months_figure_is_taken_as_it_is_once_that_is_corrected(tmp_path):
    monthly = "    时限: 每月28日 17:00\n    起止: 2022-10-01 至 2022-12-31"
    office = Office(tmp_path, RULES.replace("    时限: 按需\n    起止: 2022-11-27 至 2022-12-31", monthly))
    november = register(("甲", "是", 600), day="2022年11月20日")

    def sent(name: str, data: bytes, now: str) -> Outcome:
        return office.send(f"县发改局/{name}.xlsx", data, now).outcome

    assert sent("十月", register(("甲", "是", 5000), day="2022年10月20日"), "2022-10-20T10:00") is Outcome.ACCEPTED
    assert sent("十一月", november, "2022-11-20T10:00") is Outcome.RETURNED
    assert sent("十一月", november, "2022-11-20T11:00") is Outcome.DUPLICATE
    assert sent("十月", register(("甲", "是", 500), day="2022年10月20日"), "2022-11-21T10:00") is Outcome.ACCEPTED
    assert sent("十一月", november, "2022-11-21T11:00") is Outcome.ACCEPTED


def test_what_lands_while_an_earlier_pass_is_being_finished_has_not_come_before_it(office: Office, monkeypatch):
    def slowly() -> None:
        time.sleep(0.5)
        office.drop("古阳镇/a.xlsx", GOOD)

    began = dt.datetime.now(CHINA)
    with office.engine(lambda _: None) as engine:
        monkeypatch.setattr(engine, "recover", slowly)
        engine.run_once(Moment(began))
    [receipt] = office.receipts()
    assert receipt.arrived_at >= began + dt.timedelta(seconds=0.5)
