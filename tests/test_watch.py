"""The service: files taken in as they land, whole and once; tables published at once and at every deadline."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest
from conftest import FIRST, WEEKLY, Office, at, form_one, project, surroundings
from msgspec.structs import replace
from watching import Shift, until

import xmreport.watch
from xmreport.ledger import FileRecord, Ledger
from xmreport.model.dates import CHINA
from xmreport.model.events import Event, FileEvent, Published
from xmreport.model.receipts import Outcome
from xmreport.watch import PATIENCE, QUIET, Watcher, give_back

GOOD = form_one(project("甲"), day=None)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def office(small: Office) -> Office:
    """What is watched here is files, not what is published of them."""
    return small


@pytest.fixture
def shift(office: Office) -> Iterator[Shift]:
    working = Shift(office, "12-08 10:00")
    yield working
    working.engine.close()


# One look after another, by an injected clock


def test_a_file_is_taken_once_it_has_held_still(office: Office, shift: Shift):
    shift.look()
    office.drop("古阳镇/a.xlsx", GOOD)
    assert shift.look(SECOND) == []
    assert shift.look(QUIET / 2) == []
    [receipt] = shift.look(QUIET)
    assert receipt.outcome is Outcome.ACCEPTED
    assert any(isinstance(event, Published) and WEEKLY in event.path for event in shift.events)
    assert shift.look(SECOND) == []
    assert office.waiting() == []


def test_a_file_that_grows_is_waited_for_and_taken_whole(office: Office, shift: Shift):
    shift.look()
    for size in range(1000, len(GOOD), 2000):
        office.drop("古阳镇/a.xlsx", GOOD[:size])
        assert shift.look(QUIET) == []
    office.drop("古阳镇/a.xlsx", GOOD)
    assert shift.look(SECOND) == []
    [receipt] = shift.look(QUIET)
    assert receipt.outcome is Outcome.ACCEPTED
    assert receipt.size == len(GOOD)


def test_a_copy_that_stalls_halfway_is_waited_for(office: Office, shift: Shift):
    office.drop("古阳镇/a.xlsx", GOOD[: len(GOOD) // 2])
    office.drop("县水利局/预留.xlsx", bytes(20_000))
    for _ in range(5):
        assert shift.look(QUIET) == []
    office.drop("古阳镇/a.xlsx", GOOD)
    shift.look(SECOND)
    assert [receipt.outcome for receipt in shift.look(QUIET)] == [Outcome.ACCEPTED]


def test_a_file_that_never_becomes_whole_is_given_up_on_and_set_aside(office: Office, shift: Shift):
    office.drop("古阳镇/a.xlsx", GOOD[: len(GOOD) // 2])
    shift.look()
    assert shift.look(PATIENCE - SECOND) == []
    [receipt] = shift.look(SECOND)
    assert (receipt.outcome, receipt.findings[0].code) == (Outcome.QUARANTINED, "F03")
    assert office.waiting() == []


def test_arrival_is_the_first_sight_not_the_moment_it_held_still(office: Office, shift: Shift):
    shift.now = at("12-09 16:59:58")
    shift.look()
    office.drop("古阳镇/a.xlsx", GOOD[:3000])
    shift.look(SECOND)
    office.drop("古阳镇/a.xlsx", GOOD)
    shift.look(5 * SECOND)
    [receipt] = shift.look(QUIET)
    assert (receipt.arrived_at, receipt.late_by_s) == (at("12-09 16:59:59"), 0)
    assert not receipt.replayed


def test_what_landed_while_nobody_watched_arrived_when_the_file_system_says(office: Office):
    office.drop("古阳镇/a.xlsx", GOOD)
    os.utime(office.inbox / "古阳镇" / "a.xlsx", (0, 0))
    landed = dt.datetime.now(CHINA)
    shift = Shift(office, "2090-01-01 08:00")
    try:
        shift.look()
        [receipt] = shift.look(QUIET)
    finally:
        shift.engine.close()
    assert abs(receipt.arrived_at - landed) < dt.timedelta(seconds=5)


def test_what_was_dropped_and_taken_away_again_leaves_no_trace(office: Office, shift: Shift):
    target = office.drop("古阳镇/a.xlsx", GOOD)
    shift.look()
    target.unlink()
    assert shift.look(QUIET) == []
    assert office.receipts() == ()


def test_droppings_are_told_once_however_they_grow(office: Office, shift: Shift):
    office.drop("古阳镇/a.xlsx.part", b"x")
    shift.look()
    for size in range(2, 9):
        office.drop("古阳镇/a.xlsx.part", b"x" * size)
        shift.look(QUIET)
    assert [receipt.outcome for receipt in office.receipts()] == [Outcome.IGNORED]


def test_a_download_renamed_into_place_is_taken_under_its_last_name(office: Office, shift: Shift):
    draft = office.drop("古阳镇/a.xlsx.tmp", GOOD)
    shift.look()
    draft.rename(draft.with_name("a.xlsx"))
    shift.look(SECOND)
    [receipt] = shift.look(QUIET)
    assert (receipt.file, receipt.outcome) == ("inbox/guxian/古阳镇/a.xlsx", Outcome.ACCEPTED)
    assert len(office.receipts()) == 1


def test_what_a_locked_folder_held_up_is_done_at_a_later_look(office: Office, shift: Shift):
    office.outbox.mkdir(parents=True)
    (office.outbox / "退回").write_text("in the way", "utf-8")
    office.drop("古阳镇/a.xlsx", form_one(project("甲", 总投资="很多"), day=None))
    shift.look()
    [receipt] = shift.look(QUIET)
    assert shift.look(SECOND) == []
    (office.outbox / "退回").unlink()
    shift.look(SECOND)
    assert (office.home / receipt.returned_copy).is_file()
    assert office.waiting() == []


def test_the_deadline_turns_pending_into_missing_without_any_file(office: Office):
    shift = Shift(office, "12-09 17:00:00")
    try:
        shift.look()
        assert _listed(office) == set()
        shift.look(SECOND)
    finally:
        shift.engine.close()
    assert _listed(office) == {"县住建局", "县水利局", "古阳镇"}


def _listed(office: Office) -> set[str]:
    """The units that the week's late list names."""
    book = openpyxl.load_workbook(office.outbox / WEEKLY / FIRST / "报送情况及迟报名单.xlsx")
    said = {cell.value for row in book["迟报名单"].iter_rows() for cell in row}
    return said & {"县住建局", "县水利局", "古阳镇"}


def test_an_idle_look_is_cheap_and_reads_no_receipt_again(office: Office, shift: Shift):
    receipt = office.send("古阳镇/a.xlsx", GOOD, "12-08 09:00")
    with Ledger.open(office.workspace.state) as ledger:
        more = (replace(receipt, file=f"{n}.xlsx", arrived_at=receipt.arrived_at + n * SECOND) for n in range(2000))
        with ledger.together():
            for each in more:
                ledger.record(FileRecord(None, (each,)))
    working = Shift(office, "12-08 10:00")
    try:
        working.look()
        done = len(working.events)
        statements: list[str] = []
        working.engine.ledger._db.set_trace_callback(statements.append)
        started = time.perf_counter()
        working.look(SECOND)
        spent = time.perf_counter() - started
    finally:
        working.engine.close()
    assert len(working.events) == done
    assert not [each for each in statements if "FROM receipt" in each]
    assert spent < 0.5


def test_an_engine_that_begins_where_all_is_published_reads_no_receipt(office: Office):
    office.send("古阳镇/a.xlsx", GOOD, "12-08 09:00")
    before = Shift(office, "12-08 09:30")
    before.look()
    before.engine.close()
    again = Shift(office, "12-08 10:00")
    statements: list[str] = []
    try:
        again.engine.ledger._db.set_trace_callback(statements.append)
        again.look()
    finally:
        again.engine.close()
    assert statements
    assert not [each for each in statements if "findings" in each]


# The service itself, for real


@contextmanager
def serving(watcher: Watcher) -> Iterator[None]:
    """A watcher at work in a thread of its own."""
    thread = threading.Thread(target=watcher.watch)
    thread.start()
    try:
        yield
    finally:
        watcher.stop()
        thread.join(20)
        assert not thread.is_alive(), "the watcher did not stop"


def test_the_service_publishes_by_itself_when_a_deadline_passes(office: Office):
    started = time.monotonic()

    def clock() -> dt.datetime:
        return at("12-09 16:59:58") + dt.timedelta(seconds=time.monotonic() - started)

    with serving(Watcher(office.workspace, ["guxian"], lambda event: None, poll=False, clock=clock)):
        until((office.outbox / WEEKLY / FIRST / "报送情况及迟报名单.xlsx").is_file)
        until(lambda: _listed(office) == {"县住建局", "县水利局", "古阳镇"}, 10)
    assert clock() > at("12-09 17:00:00")


def test_a_share_that_sends_no_events_is_looked_at_again_and_again(office: Office, monkeypatch):
    monkeypatch.setattr(xmreport.watch, "POLL_EVERY", 0.2)
    monkeypatch.setattr(xmreport.watch, "QUIET", dt.timedelta(seconds=0.3))
    taken: list[Event] = []
    with serving(Watcher(office.workspace, ["guxian"], taken.append, poll=True, clock=_december())):
        until(lambda: bool(taken))
        office.drop("古阳镇/a.xlsx", GOOD)
        until(lambda: any(isinstance(event, FileEvent) for event in taken), 15)
    assert office.waiting() == []


def test_the_inbox_may_go_away_and_come_back(office: Office, monkeypatch):
    monkeypatch.setattr(xmreport.watch, "QUIET", dt.timedelta(seconds=0.3))
    (office.home / "rules" / "office.yaml").write_text("静置秒数: 0\n并行: 1\n巡查间隔秒: 1\n", "utf-8")
    taken: list[Event] = []
    with serving(Watcher(office.workspace, ["guxian"], taken.append, poll=False, clock=_december())):
        until(lambda: bool(taken))
        away = office.inbox.rename(office.home / "away")
        time.sleep(1.2)
        away.rename(office.inbox)
        office.drop("古阳镇/a.xlsx", GOOD)
        until(lambda: any(isinstance(event, FileEvent) for event in taken), 15)


def _december() -> Callable[[], dt.datetime]:
    started = time.monotonic()
    return lambda: at("12-08 10:00") + dt.timedelta(seconds=time.monotonic() - started)


def test_a_copy_under_way_does_not_keep_the_service_spinning(office: Office, monkeypatch):
    looks: list[float] = []
    look = Watcher.look

    def counted(self: Watcher, engine: object) -> bool:
        looks.append(time.monotonic())
        return look(self, engine)

    monkeypatch.setattr(Watcher, "look", counted)
    with serving(Watcher(office.workspace, ["guxian"], lambda event: None, poll=False, clock=_december())):
        until((office.outbox / "总览.xlsx").is_file)
        time.sleep(0.5)
        idle = len(looks)
        time.sleep(1.5)
        assert len(looks) - idle <= 1
        busy, began = len(looks), time.monotonic()
        target = office.drop("古阳镇/a.xlsx", b"PK")
        with target.open("ab", buffering=0) as file:
            for _ in range(150):
                file.write(b"x")
                time.sleep(0.01)
        most = (time.monotonic() - began) / xmreport.watch.BREATH + 2
        assert len(looks) - busy <= most


def test_a_disk_or_share_in_trouble_is_told_and_does_not_end_the_service(office: Office, monkeypatch, caplog):
    (office.home / "rules" / "office.yaml").write_text("静置秒数: 0\n巡查间隔秒: 1\n", "utf-8")
    failing = [True]
    look = Watcher.look

    def troubled(self: Watcher, engine: object) -> bool:
        if failing[0]:
            raise OSError(5, "Input/output error")
        return look(self, engine)

    monkeypatch.setattr(Watcher, "look", troubled)
    with serving(Watcher(office.workspace, ["guxian"], lambda event: None, poll=False, clock=_december())):
        until(lambda: "Input/output error" in caplog.text)
        failing[0] = False
        until((office.outbox / "总览.xlsx").is_file)


# The program itself

WRITER = """
import os, sys, time
inbox, source = sys.argv[1:]
data = open(source, "rb").read()
os.makedirs(inbox + "/古阳镇")
def put(name, content):
    with open(inbox + "/古阳镇/" + name, "wb") as file:
        file.write(content)
put("删掉.xlsx", data)
os.unlink(inbox + "/古阳镇/删掉.xlsx")
put("半截.xlsx", data[: len(data) // 2])
put("改名.xlsx.tmp", data + b"")
os.rename(inbox + "/古阳镇/改名.xlsx.tmp", inbox + "/古阳镇/改名.xlsx")
for number in range(30):
    put(f"{number}.xlsx", open(f"{source}.{number}", "rb").read())
with open(inbox + "/古阳镇/慢.xlsx", "wb", buffering=0) as file:
    whole = open(source + ".slow", "rb").read()
    for start in range(0, len(whole), 1000):
        file.write(whole[start : start + 1000])
        time.sleep(0.3)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process alone")
def test_the_program_takes_in_all_that_lands_once_and_whole_and_stops_when_told(office: Office, tmp_path: Path):
    source = tmp_path / "source.xlsx"
    source.write_bytes(GOOD)
    slow = form_one(*(project(f"慢{n}") for n in range(60)), day=None)
    Path(f"{source}.slow").write_bytes(slow)
    for number in range(30):
        Path(f"{source}.{number}").write_bytes(form_one(project(f"项目{number}"), day=None))
    with _program(office) as watch:
        subprocess.run([sys.executable, "-c", WRITER, str(office.inbox), str(source)], check=True, timeout=60)
        assert office.cli("status", "--json").status == 0
        assert office.cli("check", str(source), "--county", "guxian").status == 0
        second = office.cli("run")
        assert second.status == 2
        assert f"进程号 {watch.pid}" in second.err
        until(lambda: office.waiting() == ["古阳镇/半截.xlsx"])
        until(lambda: any(office.outbox.glob("周报/2023-01-06/*汇总表.xlsx")))
        os.killpg(watch.pid, signal.SIGINT)  # Ctrl+C reaches the workers too
        out, err = watch.communicate(timeout=20)
    assert watch.returncode == 0, err
    assert "Traceback" not in out + err
    assert err == ""
    assert "已停止" in out
    receipts = office.receipts()
    assert sorted(Path(receipt.file).name for receipt in receipts) == sorted(
        ["改名.xlsx", "慢.xlsx", *(f"{number}.xlsx" for number in range(30))]
    )
    assert {receipt.outcome for receipt in receipts} == {Outcome.ACCEPTED}
    [last] = [receipt for receipt in receipts if receipt.file.endswith("慢.xlsx")]
    assert (last.size, last.row_count) == (len(slow), 60)
    assert office.cli("verify").status == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to answer")
def test_a_service_manager_stops_it_like_ctrl_c(office: Office):
    with _program(office) as watch:
        watch.terminate()
        out, err = watch.communicate(timeout=20)
    assert (watch.returncode, err) == (0, "")
    assert "已停止" in out


@contextmanager
def _program(office: Office) -> Iterator[subprocess.Popen[str]]:
    """`xmreport watch` as a process, once it watches."""
    with subprocess.Popen(
        office.command("watch"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=surroundings(PYTHONUNBUFFERED="1"),
        start_new_session=True,
    ) as process:
        try:
            assert "正在守候" in process.stdout.readline()
            yield process
        finally:
            process.kill()


# The rules are edited while the service runs


def test_an_edit_of_the_rules_takes_effect_without_a_restart(office: Office, shift: Shift):
    office.change_rules("- 县水利局", "- {名称: 县水利局, 别名: [水务处]}")
    shift.engine = shift.watcher.renewed(shift.engine)
    office.drop("水务处/一.xlsx", form_one(project("甲"), unit=None, day=None))
    shift.look()
    [receipt] = shift.look(QUIET)
    assert (receipt.unit, receipt.outcome) == ("县水利局", Outcome.ACCEPTED)


def test_the_engine_of_the_rules_before_an_edit_does_not_stay_in_memory(office: Office, shift: Shift):
    give_back()
    before = weakref.ref(shift.engine)
    office.change_rules("- 县水利局", "- {名称: 县水利局, 别名: [水务处]}")
    shift.engine = shift.watcher.renewed(shift.engine)
    give_back()
    assert before() is None


def test_an_edit_with_a_fault_is_said_and_the_old_rules_go_on(office: Office, shift: Shift, caplog):
    before = shift.engine
    office.change_rules("时限: 每周五 17:00", "时限: 每周五晚")
    assert shift.watcher.renewed(before) is before
    assert "暂按原来的规则继续" in caplog.text
    assert "时限" in caplog.text
    office.change_rules("时限: 每周五晚", "时限: 每周五 18:00")
    shift.engine = shift.watcher.renewed(before)
    assert shift.engine is not before
    office.drop("古阳镇/一.xlsx", GOOD)
    shift.look()
    [receipt] = shift.look(QUIET)
    assert receipt.due_at == at("12-09 18:00")


def test_a_fault_in_another_county_s_file_does_not_hold_up_an_edit(office: Office, shift: Shift, caplog):
    rules = office.home / "rules"
    (rules / "guxian - 副本.yaml").write_bytes((rules / "guxian.yaml").read_bytes())
    office.change_rules("- 县水利局", "- {名称: 县水利局, 别名: [水务处]}")
    before = shift.engine
    shift.engine = shift.watcher.renewed(before)
    assert shift.engine is not before
    assert "不碍正在守候的县" in caplog.text


def test_a_calendar_with_a_fault_lets_the_old_rules_go_on(office: Office, shift: Shift, caplog):
    (office.home / "rules" / "节假日.yaml").write_text("2027:\n  放假: []\n", "utf-8")
    office.change_rules("- 县水利局", "- {名称: 县水利局, 别名: [水务处]}")
    assert shift.watcher.renewed(shift.engine) is shift.engine
    assert "暂按原来的规则继续：rules/节假日.yaml 第2行" in caplog.text
    assert "不碍" not in caplog.text


def test_rules_that_cannot_be_read_yet_are_tried_again(office: Office, shift: Shift, monkeypatch, caplog):
    rules = office.home / "rules" / "guxian.yaml"
    office.change_rules("- 县水利局", "- {名称: 县水利局, 别名: [水务处]}")
    read = Path.read_bytes

    def locked(path: Path) -> bytes:
        """What Windows says of a file that an editor is writing."""
        if path == rules:
            raise PermissionError(13, "The process cannot access the file", str(path))
        return read(path)

    before = shift.engine
    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", locked)
        assert shift.watcher.renewed(before) is before
    assert "暂按原来的规则继续" in caplog.text
    shift.engine = shift.watcher.renewed(before)
    assert shift.engine is not before


@pytest.mark.parametrize("folder", ["blocked/x", "//server/share", "elsewhere"])
def test_a_ledger_cannot_be_moved_under_a_running_service(office: Office, shift: Shift, caplog, folder):
    (office.home / "blocked").write_text("no folder", "utf-8")
    settings = office.home / "rules" / "office.yaml"
    settings.write_text(settings.read_text("utf-8") + f"台账文件夹: {folder}\n", "utf-8")
    assert shift.watcher.renewed(shift.engine) is shift.engine
    assert "暂按原来的规则继续" in caplog.text
    office.drop("古阳镇/一.xlsx", GOOD)
    shift.look()
    assert shift.look(QUIET)
