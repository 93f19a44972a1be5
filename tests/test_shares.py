"""Network folders: no events, folders that come and go, clocks that step back, names from other systems, crowds."""

import datetime as dt
import io
import logging
import os
import sys
import threading
import time
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ONE_TASK, Office, at, form_one, project
from watchdog.observers.api import BaseObserver, EventEmitter
from watching import Shift, until

import xmreport.run
import xmreport.watch
from xmreport.ledger import Ledger
from xmreport.model.dates import CHINA
from xmreport.model.events import Event, FileEvent, Published
from xmreport.model.receipts import Outcome
from xmreport.run import Engine, Moment
from xmreport.watch import QUIET, Watcher

GOOD = form_one(project("甲"), day=None)
OTHER = form_one(project("乙"), day=None)
WRONG = form_one(project("丙", 总投资="很多"), day=None)
SECOND = dt.timedelta(seconds=1)
HOUR = dt.timedelta(hours=1)
SERVICE = "静置秒数: 0\n并行: 1\n巡查间隔秒: 1\n"


@pytest.fixture
def office(small: Office) -> Office:
    return small


@pytest.fixture
def shift(office: Office) -> Iterator[Shift]:
    working = Shift(office, "12-08 10:00", poll=True, patient=True)
    yield working
    working.engine.close()


@contextmanager
def serving(office: Office, monkeypatch: pytest.MonkeyPatch, *, poll: bool) -> Iterator[list[Event]]:
    """The service at work in a thread of its own, at a pace for tests; what it does is in the list."""
    monkeypatch.setattr(xmreport.watch, "POLL_EVERY", 0.2)
    monkeypatch.setattr(xmreport.watch, "QUIET", dt.timedelta(seconds=0.3))
    (office.home / "rules" / "office.yaml").write_text(SERVICE, "utf-8")
    events: list[Event] = []
    started = time.monotonic()
    watcher = Watcher(
        office.workspace,
        ["guxian"],
        events.append,
        poll=poll,
        clock=lambda: at("12-08 10:00") + dt.timedelta(seconds=time.monotonic() - started),
    )
    thread = threading.Thread(target=watcher.watch)
    thread.start()
    try:
        until(lambda: bool(events))
        yield events
    finally:
        watcher.stop()
        thread.join(20)
        assert not thread.is_alive(), "the watcher did not stop"


def taken(events: list[Event]) -> list[str]:
    return [event.receipt.file.rsplit("/", 1)[-1] for event in events if isinstance(event, FileEvent)]


# Folders that come and go


@pytest.mark.parametrize("poll", [True, False], ids=["polling", "events"])
@pytest.mark.parametrize("which", ["inbox", "inbox/guxian"])
def test_a_folder_goes_away_another_comes_and_the_first_one_comes_back(
    office: Office, monkeypatch, caplog, which: str, poll: bool
):
    folder = office.home / which
    with serving(office, monkeypatch, poll=poll) as events:
        away = folder.rename(office.home / "away")
        until(lambda: "打不开 inbox/guxian" in caplog.text, 15)
        office.drop("古阳镇/新.xlsx", GOOD)
        until(lambda: taken(events) == ["新.xlsx"], 15)
        folder.rename(office.home / "new")
        away.rename(folder)
        office.drop("古阳镇/旧.xlsx", OTHER)
        until(lambda: taken(events) == ["新.xlsx", "旧.xlsx"], 15)
    assert caplog.text.count("打不开 inbox/guxian") <= 2
    assert "Traceback" not in caplog.text


class Deaf(BaseObserver):
    """An observer as many shares give one: nothing ever happens."""

    def __init__(self, timeout: float = 1) -> None:
        super().__init__(Mute, timeout=timeout)


class Mute(EventEmitter):
    def queue_events(self, timeout: float) -> None:
        time.sleep(timeout)


def test_without_any_event_the_timed_look_finds_what_landed(office: Office, monkeypatch):
    monkeypatch.setattr(xmreport.watch, "Observer", Deaf)
    with serving(office, monkeypatch, poll=False) as events:
        office.drop("古阳镇/深/一层/a.xlsx", GOOD)
        until(lambda: taken(events) == ["a.xlsx"], 15)
    assert office.waiting() == []


def test_a_system_that_observes_no_more_folders_leaves_the_timed_look(office: Office, monkeypatch, caplog):
    def none_left(self: BaseObserver, *_: object, **__: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr(Deaf, "schedule", none_left)
    monkeypatch.setattr(xmreport.watch, "Observer", Deaf)
    with serving(office, monkeypatch, poll=False) as events:
        office.drop("古阳镇/a.xlsx", GOOD)
        until(lambda: taken(events) == ["a.xlsx"], 15)
    assert caplog.text.count("改为定时巡查") == 1


def test_a_file_seen_before_the_share_went_away_keeps_its_arrival(office: Office):
    shift = Shift(office, "12-09 16:59:59", poll=True, patient=True)
    try:
        shift.look()
        office.drop("古阳镇/a.xlsx", GOOD)
        shift.look()
        away = office.inbox.rename(office.home / "away")
        assert shift.look(60 * SECOND) == []
        away.rename(office.inbox)
        [receipt] = shift.look(600 * SECOND)
    finally:
        shift.engine.close()
    assert (receipt.arrived_at, receipt.late_by_s) == (at("12-09 16:59:59"), 0)


def test_while_a_folder_is_away_no_look_counts_as_one(office: Office, shift: Shift):
    shift.look()
    away = office.inbox.rename(office.home / "away")
    shift.look(HOUR)
    assert shift.engine.ledger.last_pass() == at("12-08 10:00")
    away.rename(office.inbox)
    shift.look(HOUR)
    assert shift.engine.ledger.last_pass() == at("12-08 12:00")


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")])
def test_a_folder_that_cannot_be_opened_is_told_once_and_hides_no_other(
    office: Office, shift: Shift, monkeypatch, caplog, error: OSError
):
    office.drop("县水利局/a.xlsx", form_one(project("甲"), unit="县水利局", day=None))
    office.drop("古阳镇/b.xlsx", GOOD)
    scandir = os.scandir

    def refused(folder: object) -> object:
        if str(folder).endswith("县水利局"):
            raise error
        return scandir(folder)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refused)
        shift.look()
        assert [receipt.unit for receipt in shift.look(QUIET)] == ["古阳镇"]
        for _ in range(3):
            shift.look(SECOND)
    assert caplog.text.count("打不开 inbox/guxian/县水利局") == 1
    shift.look(SECOND)
    [receipt] = shift.look(QUIET)
    assert (receipt.unit, receipt.outcome) == ("县水利局", Outcome.ACCEPTED)
    assert caplog.text.count("已恢复正常") == 1


def test_a_folder_that_vanishes_in_the_middle_of_a_look_ends_nothing(office: Office, shift: Shift, monkeypatch):
    office.drop("县水利局/a.xlsx", GOOD)
    office.drop("古阳镇/b.xlsx", OTHER)
    scandir = os.scandir

    def gone(path: Path):
        if Path(path).name == "古阳镇" and office.inbox.exists():
            office.inbox.rename(office.home / "away")
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", gone)
        assert shift.look() == []
    assert not office.inbox.exists()
    (office.home / "away").rename(office.inbox)
    shift.look(SECOND)
    assert len(shift.look(QUIET)) == 2


def test_a_file_that_cannot_be_read_to_its_end_holds_up_no_other(office: Office, shift: Shift, monkeypatch, caplog):
    office.drop("古阳镇/a.xlsx", GOOD)
    office.drop("古阳镇/b.xlsx", OTHER)
    read = xmreport.run.read_bytes

    def failing(found):
        if found.name == "a.xlsx":
            raise OSError(5, "Input/output error")
        return read(found)

    with monkeypatch.context() as patch:
        patch.setattr(xmreport.run, "read_bytes", failing)
        shift.look()
        assert [receipt.file.rsplit("/", 1)[-1] for receipt in shift.look(QUIET)] == ["b.xlsx"]
        shift.look(SECOND)
    assert caplog.text.count("Input/output error") == 1
    assert [receipt.file.rsplit("/", 1)[-1] for receipt in shift.look(SECOND)] == ["a.xlsx"]


# Files that are still on their way


def test_a_file_replaced_while_it_is_read_is_taken_as_what_replaced_it(office: Office, shift: Shift, monkeypatch):
    office.drop("古阳镇/a.xlsx", GOOD)
    read = xmreport.run.read_bytes

    def replaced(found):
        patch.undo()
        office.drop("古阳镇/a.new", OTHER).replace(found.path)
        return read(found)

    shift.look()
    patch = pytest.MonkeyPatch()
    patch.setattr(xmreport.run, "read_bytes", replaced)
    assert shift.look(QUIET) == []
    shift.look(SECOND)
    [receipt] = shift.look(QUIET)
    assert (receipt.size, receipt.outcome) == (len(OTHER), Outcome.ACCEPTED)
    assert len(office.receipts()) == 1
    assert office.waiting() == []


def test_over_a_polled_share_slow_renamed_and_locked_files_come_in_whole(office: Office, monkeypatch):
    with serving(office, monkeypatch, poll=True) as events:
        office.drop("古阳镇/~$慢.xlsx", b"x")
        target = office.drop("古阳镇/慢.xlsx", b"")
        with target.open("ab", buffering=0) as file:
            for start in range(0, len(GOOD), 1500):
                file.write(GOOD[start : start + 1500])
                time.sleep(0.15)
        draft = office.drop("古阳镇/改名.xlsx.part", OTHER)
        draft.rename(draft.with_suffix(""))
        until(lambda: set(taken(events)) >= {"慢.xlsx", "改名.xlsx"}, 20)
    assert office.waiting() == ["古阳镇/~$慢.xlsx"]
    outcomes = {receipt.file.rsplit("/", 1)[-1]: (receipt.outcome, receipt.size) for receipt in office.receipts()}
    assert outcomes["慢.xlsx"] == (Outcome.ACCEPTED, len(GOOD))
    assert outcomes["改名.xlsx"] == (Outcome.ACCEPTED, len(OTHER))


# Clocks that step back


def test_a_clock_that_steps_back_holds_no_file_up(office: Office, shift: Shift):
    shift.look()
    office.drop("古阳镇/a.xlsx", GOOD)
    shift.look(SECOND)
    assert shift.look(-HOUR) == []
    [receipt] = shift.look(QUIET)
    assert receipt.outcome is Outcome.ACCEPTED
    assert receipt.arrived_at <= shift.now
    office.drop("古阳镇/b.xlsx", OTHER)
    shift.look(SECOND)
    assert len(shift.look(QUIET)) == 1


def test_after_a_clock_was_set_back_the_last_look_makes_nobody_late(office: Office):
    now = dt.datetime.now(CHINA)
    ahead = Shift(office, now + 24 * HOUR, poll=True, patient=True)
    ahead.look()
    ahead.engine.close()
    office.drop("古阳镇/a.xlsx", GOOD)
    right = Shift(office, now + HOUR, poll=True, patient=True)
    try:
        right.look()
        [receipt] = right.look(QUIET)
    finally:
        right.engine.close()
    assert abs(receipt.arrived_at - now) < dt.timedelta(seconds=30)


def test_what_came_stays_in_the_tables_when_the_clock_is_set_back_a_little(office: Office, shift: Shift):
    office.drop("古阳镇/a.xlsx", GOOD)
    shift.look()
    shift.look(QUIET)
    before = len(shift.events)
    shift.look(-300 * SECOND)
    shift.look(60 * SECOND)
    assert not [event for event in shift.events[before:] if isinstance(event, Published)]


def test_a_run_by_a_clock_that_was_set_back_shows_what_came_or_says_that_it_does_not(office: Office, caplog):
    office.drop("古阳镇/a.xlsx", GOOD)
    with office.engine(lambda _: None) as engine:
        engine.run_once(Moment(at("12-08 10:00")))
    for back, told in ((5, 0), (24 * 60, 1)):
        caplog.clear()
        events: list[Event] = []
        with office.engine(events.append) as engine:
            engine.run_once(Moment(at("12-08 10:00") - dt.timedelta(minutes=back)))
        assert bool([event for event in events if isinstance(event, Published)]) is bool(told)
        assert caplog.text.count("请核对本机时钟") == told


# Names from other systems


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_units_folder_is_known_however_its_letters_are_composed(office: Office, form: str):
    office.change_rules("    - 古阳镇\n", "    - {名称: 古阳镇, 别名: [Gǔyáng 镇]}\n")
    receipt = office.send(f"{unicodedata.normalize(form, 'Gǔyáng 镇')}/a.xlsx", GOOD, "12-08 10:00")
    assert (receipt.unit, receipt.outcome) == ("古阳镇", Outcome.ACCEPTED)


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="here the two names are one file")
def test_two_names_that_differ_in_form_alone_are_two_files_with_two_copies(office: Office):
    for number, form in enumerate(("NFC", "NFD")):
        data = form_one(project(f"项目{number}", 总投资="很多"))
        office.drop(f"古阳镇/{unicodedata.normalize(form, '审é')}.xlsx", data)
    receipts = office.take("12-08 10:00")
    assert [receipt.outcome for receipt in receipts] == [Outcome.RETURNED] * 2
    copies = {unicodedata.normalize("NFC", receipt.returned_copy).casefold() for receipt in receipts}
    assert len(copies) == 2
    assert all((office.home / receipt.returned_copy).is_file() for receipt in receipts)
    assert office.waiting() == []


# A thousand at once

UNITS = [f"第{number}局" for number in range(20)]


def renamed(template: bytes, **words: str) -> bytes:
    """The same workbook with other words in it."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(template)) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith(("sharedStrings.xml", "sheet1.xml")):
                for word, other in words.items():
                    content = content.replace(word.encode(), other.encode())
            new.writestr(entry.filename, content)
    return target.getvalue()


def test_a_thousand_files_at_once_each_have_exactly_one_outcome(tmp_path: Path, record_property, capsys):
    roster = "".join(f"    - {unit}\n" for unit in UNITS)
    office = Office(tmp_path / "crowd", ONE_TASK.replace("    - 县水利局\n", "    - 县水利局\n" + roster))
    (office.home / "rules" / "office.yaml").write_text("静置秒数: 0\n并行: 2\n", "utf-8")
    template = form_one(project("PROJECT"), unit="UNIT")
    for unit in UNITS:
        for number in range(50):
            office.drop(f"{unit}/{number}.xlsx", renamed(template, PROJECT=f"{unit}项目{number}", UNIT=unit))
    events: list[Event] = []
    before, began = _rss_mib(), time.perf_counter()
    with Engine(office.workspace, ["guxian"], events.append) as engine:
        engine.take_in(list(engine.found()), Moment(at("12-08 10:00"), replayed=True))
        spent, held = time.perf_counter() - began, _rss_mib() - before
    receipts = office.receipts()
    assert Counter(receipt.file for receipt in receipts) == {
        f"inbox/guxian/{unit}/{number}.xlsx": 1 for unit in UNITS for number in range(50)
    }
    assert {receipt.outcome for receipt in receipts} == {Outcome.ACCEPTED}
    assert {receipt.row_count for receipt in receipts} == {1}
    assert office.waiting() == []
    with Ledger.open(office.workspace.state) as ledger:
        assert (ledger.verify(), ledger.unfinished()) == ([], [])
    assert not list((office.workspace.state / "originals").rglob("*.tmp"))
    record_property("seconds", spent)
    record_property("mib", held)
    with capsys.disabled():
        print(f"\n一次一千个文件：{spent:.1f} 秒（{spent:.1f} 毫秒/个），主进程增加 {held:.0f} MiB")
    assert held < 200


def _rss_mib() -> float:
    """What this process holds; 0 where the system does not tell."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * 4096 / 2**20 if status.is_file() else 0.0


def test_the_log_of_a_healthy_day_is_empty(office: Office, shift: Shift, caplog):
    with caplog.at_level(logging.WARNING):
        office.drop("古阳镇/a.xlsx", GOOD)
        shift.look()
        shift.look(QUIET)
    assert caplog.text == ""
