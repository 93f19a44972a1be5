"""A file handed over by other means than the inbox: judged as any other, and the record says so."""

import datetime as dt
import io
import sqlite3
from pathlib import Path

import openpyxl
import pytest
from conftest import FIRST, ONE_TASK, SECOND, WEEKLY, Office, at, contacts, form_one, project, saved

from xmreport.ledger import FileRecord, Ledger
from xmreport.model.events import Event, FileEvent, Published
from xmreport.model.receipts import Outcome, Receipt, State
from xmreport.model.trouble import Trouble
from xmreport.receive import HandedOver, receive_file
from xmreport.tally import Tally

GOOD = form_one(project("甲"))
WRONG = form_one(project("甲", 总投资="3000-5000"))
REASON = "U盘当面交来，收件箱不通"
PDF = b"%PDF-1.7 \xe6\xb4\xbb\xe5\x8a\xa8\xe6\x80\xbb\xe7\xbb\x93"
SUMMARY = """  活动总结:
    文档: 活动总结
    时限: 每周四 17:00
    起止: 2022-12-07 至 2023-01-10
    应报单位: [乡镇]
    报送至: 县项目推进中心
    出处: 四（三）3
报表:
"""


@pytest.fixture
def small(small: Office) -> Office:
    """With no other form than its own: rules are read anew at every step."""
    for path in (small.home / "rules" / "forms").iterdir():
        if path.stem not in ONE_TASK:
            path.unlink()
    return small


def hand_over(office: Office, data: bytes, when: str, now: str = "12-09 18:00", **said: str) -> Receipt:
    """A clerk enters a file that lies somewhere else; its receipt."""
    office.events, _ = entered(office, data, when, now, **said)
    [receipt] = [event.receipt for event in office.events if isinstance(event, FileEvent)]
    return receipt


def entered(office: Office, data: bytes, when: str, now: str, **said: str) -> tuple[list[Event], Tally]:
    """What is told of it, and what is counted."""
    file = office.home.parent / "桌面" / "交来的.xlsx"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data)
    plain = {"unit": "古阳镇", "task": WEEKLY, "period": FIRST, "reason": REASON}
    handed = HandedOver(path=file, at=at(when), **(plain | said))
    events = []
    workspace = office.workspace
    with workspace.hold():
        tally = receive_file(workspace, workspace.rulebook.county(office.key), handed, at(now), events.append)
    assert file.read_bytes() == data  # it stays where it is
    return events, tally


def _with(one: bytes, other: bytes) -> bytes:
    """A workbook with the sheet of another one behind its own."""
    book, further = (openpyxl.load_workbook(io.BytesIO(data)) for data in (one, other))
    sheet = book.create_sheet("另一张")
    for row in further.active.iter_rows():
        for cell in row:
            sheet[cell.coordinate] = cell.value
    return saved(book)


def codes(receipt: Receipt) -> list[str]:
    return [finding.code for finding in receipt.findings]


def test_it_is_accepted_by_the_time_it_was_handed_over_and_the_record_says_so(small: Office):
    receipt = hand_over(small, GOOD, "12-09 16:40")
    assert (receipt.outcome, receipt.late_by_s, receipt.row_count) == (Outcome.ACCEPTED, 0, 1)
    [kept] = small.receipts()
    assert (kept.handed_over, kept.arrived_at, kept.replayed, kept.file) == (
        REASON,
        at("12-09 16:40"),
        True,
        "交来的.xlsx",
    )
    with Ledger.open(small.workspace.state) as ledger:
        assert ledger.originals.read(kept.sha256) == GOOD
        assert REASON in ledger.links([1])[0].text
        assert ledger.verify() == []
        assert ledger.unfinished() == []


def test_the_tables_are_published_and_the_register_says_that_it_was_handed_over_and_why(small: Office):
    hand_over(small, GOOD, "12-09 16:40")
    assert any(isinstance(event, Published) for event in small.events)
    sheet = openpyxl.load_workbook(small.outbox / WEEKLY / FIRST / "报送情况及迟报名单.xlsx")["报送情况"]
    [row] = [[cell.value for cell in row] for row in sheet.iter_rows() if "古阳镇" in [cell.value for cell in row]]
    assert {"按时", "2022-12-09 16:40", f"12-09 16:40 由其他途径交来（{REASON}）"} <= set(row)


def test_what_is_wrong_goes_back_marked_and_the_state_says_both(small: Office):
    receipt = hand_over(small, WRONG, "12-09 16:40")
    assert (receipt.outcome, codes(receipt)) == (Outcome.RETURNED, ["V04"])
    copy = openpyxl.load_workbook(small.home / receipt.returned_copy)["Sheet"]["G6"]
    assert copy.comment is not None
    state = small.state("古阳镇", "12-09 18:00")
    assert state.state is State.RETURNED
    assert "有 1 处错误" in state.reason
    assert REASON in state.reason


def test_an_earlier_arrival_of_what_came_late_into_the_inbox_counts(small: Office):
    small.send("古阳镇/a.xlsx", GOOD, "12-09 17:30")
    assert small.state("古阳镇", "12-09 18:00").state is State.LATE
    assert hand_over(small, GOOD, "12-09 16:40").outcome is Outcome.ACCEPTED
    state = small.state("古阳镇", "12-09 18:00")
    assert (state.state, state.arrived_at) == (State.ON_TIME, at("12-09 16:40"))


def test_the_same_bytes_once_more_are_a_duplicate(small: Office):
    small.send("古阳镇/a.xlsx", GOOD, "12-09 17:30")
    hand_over(small, GOOD, "12-09 16:40")
    again = hand_over(small, GOOD, "12-09 16:50")
    assert (again.outcome, codes(again)) == (Outcome.DUPLICATE, ["D01"])


def test_task_and_period_are_those_named_whatever_day_the_sheet_states(small: Office, caplog):
    dated = form_one(project("甲"), day="2022年12月15日")
    receipt = hand_over(small, dated, "12-15 10:00", now="12-15 11:00")
    assert (receipt.outcome, receipt.period, receipt.due_at) == (Outcome.ACCEPTED, FIRST, at("12-09 17:00"))
    assert "填报时间 2022-12-15 不在 2022-12-09 这一期之内" in caplog.text
    assert small.send("古阳镇/a.xlsx", dated, "12-15 12:00").period == SECOND


def test_a_period_that_takes_no_more_returns_takes_what_a_person_enters(small: Office):
    dated = form_one(project("甲"), day="2022年12月9日")
    assert codes(small.send("古阳镇/a.xlsx", dated, "2023-01-08 10:00")) == ["S09"]
    entered = hand_over(small, dated, "2023-01-08 10:00", now="2023-01-08 11:00")
    assert (entered.outcome, entered.period) == (Outcome.ACCEPTED, FIRST)


def test_a_sheet_that_names_another_unit_goes_back(small: Office):
    receipt = hand_over(small, GOOD, "12-09 16:40", unit="县水利局")
    assert (receipt.outcome, receipt.unit, codes(receipt)) == (Outcome.RETURNED, "县水利局", ["S04"])


def test_a_document_serves_a_task_that_asks_for_one_and_goes_back_where_a_table_is_due(tmp_path: Path):
    office = Office(tmp_path / "office", ONE_TASK.replace("报表:\n  前期", f"{SUMMARY}  前期"))
    summary = hand_over(office, PDF, "12-08 10:00", task="活动总结", period="2022-12-08")
    assert (summary.outcome, summary.task, summary.period) == (Outcome.ACCEPTED, "活动总结", "2022-12-08")
    late = hand_over(office, PDF + b"2", "2023-01-08 10:00", "2023-01-08 11:00", task="活动总结", period="2022-12-08")
    assert (late.outcome, late.period) == (Outcome.ACCEPTED, "2022-12-08")
    instead = hand_over(office, PDF, "12-08 11:00")
    assert (instead.outcome, instead.task, instead.period) == (Outcome.RETURNED, WEEKLY, FIRST)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"unit": "某某局"}, "不在古县的名册里"),
        ({"unit": "县财政局"}, "不在“周报”的应报单位之中"),
        ({"task": "月报"}, "没有“月报”这项任务"),
        ({"period": "2022-12-10"}, "没有 2022-12-10 这一期"),
        ({"period": "2023-01-06"}, "还没有开始"),
        ({"when": "12-09 18:01"}, "还没有到"),
        ({"reason": " \u200b\n"}, "请用 --reason 写明"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_be_is_said_and_nothing_is_recorded(small: Office, said: dict[str, str], told: str):
    with pytest.raises(Trouble, match=told):
        hand_over(small, GOOD, **({"when": "12-09 16:40"} | said))
    assert small.receipts() == ()


def test_another_form_than_the_task_asks_for_is_said_and_neither_kept_nor_recorded(office: Office):
    with pytest.raises(Trouble, match="“联络人报送”要的是《联络人名单》，这份文件里是《前期手续办理情况表》"):
        hand_over(office, GOOD, "12-09 16:40", task="联络人报送", period="2022-11-30")
    assert office.receipts() == ()
    with Ledger.open(office.workspace.state) as ledger:
        assert ledger.originals.count() == 0


def test_two_periods_in_one_workbook_are_to_be_entered_one_by_one(small: Office):
    with pytest.raises(Trouble, match="有 2 份《前期手续办理情况表》"):
        hand_over(small, _with(GOOD, form_one(project("甲"), day="2022年12月15日")), "12-09 16:40")
    assert small.receipts() == ()


def test_a_sheet_of_another_form_in_the_workbook_is_not_used_and_that_is_said(office: Office):
    receipt = hand_over(office, _with(GOOD, contacts(("古阳镇", "某某", "13800000000"))), "12-09 16:40")
    assert (receipt.outcome, receipt.task, receipt.sheet, codes(receipt)) == (Outcome.ACCEPTED, WEEKLY, None, ["S15"])
    assert len(office.receipts()) == 1


def test_a_file_over_the_limit_is_refused(small: Office):
    (small.home / "rules" / "office.yaml").write_text("单个文件上限MB: 1\n", "utf-8")
    with pytest.raises(Trouble, match="文件太大"):
        hand_over(small, GOOD + bytes(2**20), "12-09 16:40")
    assert small.receipts() == ()


@pytest.mark.parametrize(
    ("error", "counted"), [(sqlite3.OperationalError("database is locked"), (1, 0)), (ZeroDivisionError(), (0, 1))]
)
def test_what_is_entered_is_so_whatever_keeps_its_tables_from_being_written(
    small: Office, monkeypatch, caplog, error: Exception, counted: tuple[int, int]
):
    def publish(*_: object) -> None:
        raise error

    monkeypatch.setattr("xmreport.publish.Publisher.publish", publish)
    events, tally = entered(small, GOOD, "12-09 16:40", "12-09 18:00")
    assert (len(events), len(small.receipts()), tally.files) == (1, 1, 1)
    assert (tally.troubles, tally.engine_faults) == counted
    assert "已经补登，古县的表没有出完" in caplog.text


def test_the_command_prints_the_events_of_run_and_needs_the_workspace_for_itself(small: Office, tmp_path: Path):
    file = tmp_path / "交来的.xlsx"
    file.write_bytes(GOOD)
    options = {"--county": "guxian", "--unit": "古阳镇", "--task": WEEKLY, "--period": FIRST}
    words = [word for pair in options.items() for word in pair]
    command = ["receive", str(file), *words, "--at", "2022-12-09T09:40:00+00:00", "--reason", REASON, "--json"]
    with small.workspace.hold():
        assert small.cli(*command).status == 2
    told = small.cli(*command)
    assert (told.status, told.err) == (0, "")
    [line] = told.of("file")
    shown = ("file", "outcome", "arrived_at", "timeliness", "late_by_s")
    assert [line[key] for key in shown] == ["交来的.xlsx", "accepted", "2022-12-09T17:40:00+08:00", "late", 2400]
    assert told.of("published")
    assert told.lines[-1] == told.lines[-1] | {"event": "done", "files": 1, "accepted": 1}


# The record

T = dt.datetime.fromisoformat("2022-12-09T16:40:00+08:00")


def _record(state: Path, *reasons: str | None) -> None:
    with Ledger.open(state) as ledger:
        for reason in reasons:
            receipt = Receipt("a.xlsx", None, 1, Outcome.RETURNED, T, rules="r", handed_over=reason)
            ledger.record(FileRecord(None, (receipt,)))


@pytest.mark.parametrize(("seq", "value"), [(1, "'编的'"), (2, "NULL"), (2, "'改的'")])
def test_a_reason_put_in_taken_out_or_altered_is_seen(tmp_path: Path, seq: int, value: str):
    _record(tmp_path, None, REASON)
    db = sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)
    db.execute("DROP TRIGGER receipt_stays_as_written")
    db.execute(f"UPDATE receipt SET handed_over = {value} WHERE seq = {seq}")
    db.close()
    with Ledger.open(tmp_path) as ledger:
        assert f"第 {seq} 号记录（a.xlsx）被改动过" in ledger.verify()[0]


def test_that_nobody_reads_along_keeps_no_table_from_being_written(small: Office, tmp_path: Path):
    def gone(_: object) -> None:
        raise BrokenPipeError

    file = tmp_path / "表.xlsx"
    file.write_bytes(form_one(project("甲")))
    handed = HandedOver(file, "古阳镇", WEEKLY, FIRST, at("12-09 16:00"), "微信交来")
    workspace = small.workspace
    with workspace.hold():
        tally = receive_file(workspace, workspace.rulebook.county(small.key), handed, at("12-10 09:00"), gone)
    assert (tally.troubles, tally.engine_faults) == (0, 0)
    assert list((small.outbox / WEEKLY / FIRST).glob("*汇总表.xlsx"))
