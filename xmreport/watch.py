"""The service: a folder and a clock → settled files taken in, tables published at once and at every deadline."""

from __future__ import annotations

import datetime as dt
import gc
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from xmreport.hands import OWN, Hands
from xmreport.intake.scan import Found
from xmreport.model.dates import CHINA
from xmreport.model.events import Emit
from xmreport.model.trouble import Trouble
from xmreport.rulebook.book import County
from xmreport.rulebook.loading.digests import CALENDAR_FILE
from xmreport.run import Engine, Moment
from xmreport.underway import came_at
from xmreport.workspace import Workspace

QUIET = dt.timedelta(seconds=2)
"""How long a file has to hold still before it is taken."""
BREATH = 0.2
"""Seconds after an event before the look it asks for: a copy under way sends hundreds."""
LISTENING = 1.0
"""Seconds that one wait lasts at most: on Windows Ctrl+C is heard between two of them."""
PATIENCE = dt.timedelta(seconds=60)
"""How long a file that cannot be read yet is waited for: a copy may still be under way."""
POLL_EVERY = 2.0
logging.getLogger("watchdog").addHandler(logging.NullHandler())
"""An event that comes while an observer stops is told of as an error, and is none: the next look finds the file."""

log = logging.getLogger("xmreport")

Clock = Callable[[], dt.datetime]


def china_now() -> dt.datetime:
    """The clock a service goes by."""
    return dt.datetime.now(CHINA)


def give_back() -> None:
    """The memory of what was written: a workbook and its sheets know each other, and would be held for long.

    What outlives this, rules and receipts, is not looked through again the next time.
    """
    gc.collect()
    gc.freeze()


class _Waker(FileSystemEventHandler):
    """Events only wake the scan: what they say is never relied on."""

    def __init__(self, wake: threading.Event) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in {"opened", "closed_no_write"}:
            self._wake.set()


class _Sight(Struct):
    """One file as it was last seen."""

    identity: str
    first: dt.datetime
    still_since: dt.datetime


class Watcher:
    """Watches the inboxes of some counties until it is told to stop."""

    def __init__(
        self,
        workspace: Workspace,
        keys: Sequence[str],
        emit: Emit,
        *,
        poll: bool,
        clock: Clock = china_now,
        hands: Hands = OWN,
    ) -> None:
        self.workspace = workspace
        self.keys = keys
        self.emit = emit
        self.poll = poll
        self.clock = clock
        self.hands = hands
        self.stopping = threading.Event()
        self._wake = threading.Event()
        self._sights: dict[str, _Sight] = {}
        self._rules = workspace.rules_as_read
        self._observer: BaseObserver | None = None
        self._observed: dict[Path, tuple[int, int]] = {}

    def stop(self) -> None:
        """From another thread, or a signal: finish what is just being recorded or written, and return."""
        self.stopping.set()
        self._wake.set()

    def watch(self) -> None:
        """Take in and publish until stopped."""
        engine = self._engine(self.workspace)
        try:
            self._make_folders(engine)
            self._observe(engine)
            print("正在守候收件文件夹，按 Ctrl+C 停止。", flush=True)
            while not self.stopping.is_set():
                engine = self.renewed(engine)
                self._observe(engine)
                waiting = self._look_again(engine)
                self._sleep(engine, waiting=waiting)
        finally:
            engine.close()
            self._rest()
        print("已停止。", flush=True)

    def renewed(self, engine: Engine) -> Engine:
        """The engine under the rules as they stand now. An edit that breaks a county at hand is said, and waits."""
        try:
            stand = self.workspace.rules_stand()
        except OSError:  # a file that an editor is just replacing: the next look sees it whole
            return engine
        if stand == self._rules:
            engine.lasting.keep("规则文件", ())
            return engine
        try:
            renewed = self._under_new_rules(engine)
        except (OSError, Trouble, sqlite3.Error) as error:  # tried again at the next look
            engine.lasting.tell("规则文件", f"规则文件改动后还用不了，暂按原来的规则继续，稍后再试：{error}")
            return engine
        self._rules = stand
        if renewed is None:
            return engine
        engine.close()
        gc.unfreeze()  # what the engine before held is given back with the next publishing
        self.workspace = renewed.workspace
        log.warning("规则文件已改动，按新的规则继续。")
        return renewed

    def _under_new_rules(self, engine: Engine) -> Engine | None:
        """None where the new rules break a county at hand. Every fault is said."""
        workspace = Workspace(self.workspace.home)
        for path in workspace.rule_files:
            path.read_bytes()  # one that its editor still holds is no fault of the rules
        faults = workspace.rulebook.all_faults
        told = "；".join(map(str, faults[:3]))
        shared = {"office", CALENDAR_FILE} & workspace.rulebook.faults.keys()
        if shared or not set(self.keys) <= workspace.rulebook.counties.keys():
            log.warning("规则文件改动后有错，暂按原来的规则继续：%s", told or "正在守候的县没有了规则文件")
            return None
        if told:
            log.warning("规则文件有错，不碍正在守候的县：%s", told)
        if workspace.state != engine.workspace.state:
            raise Trouble("台账文件夹换了地方，请停下服务再启动。")
        return self._engine(workspace)

    def _engine(self, workspace: Workspace) -> Engine:
        return Engine(workspace, self.keys, self.emit, hands=self.hands, stopping=self.stopping.is_set)

    def _look_again(self, engine: Engine) -> bool:
        """A look. A share that went away or a full disk is said and waited for: it must not end the service."""
        wrong = set()
        try:
            return self.look(engine)
        except (OSError, sqlite3.Error, Trouble) as error:
            wrong.add(f"巡查 {error!r}")
            engine.lasting.tell(f"巡查 {error!r}", f"这一遍没有做完，稍后再来：{error}")
        except Exception as error:  # noqa: BLE001 - a fault of ours in one look must not end the service
            wrong.add(f"巡查 {error!r}")
            engine.lasting.tell(f"巡查 {error!r}", "这一遍没有做完，是引擎自身出错，稍后再来。", error)
        finally:
            engine.lasting.keep("巡查 ", wrong)
        return False

    def look(self, engine: Engine) -> bool:
        """One look: what has settled is taken in, what changed is published; True while files are still settling."""
        engine.recover()
        engine.recheck(self.clock())
        now = self.clock()
        present = list(engine.found())
        self._note(present, now, engine.ledger.last_pass(), whole=engine.inbox.saw_all)
        ready = [(county, found) for county, found in present if self._ready(found, now)]
        whole = len(ready) == len(present)
        seen = {relative: sight.first for relative, sight in self._sights.items()}
        engine.take_in(ready, Moment(now), seen, whole=whole)
        if engine.publish(now, by_clock=True):
            give_back()
        return not whole

    def _note(
        self,
        present: Sequence[tuple[County, Found]],
        now: dt.datetime,
        last_look: dt.datetime | None,
        *,
        whole: bool,
    ) -> None:
        """First sight of a file is its arrival, or its landing since the last look; a change starts its quiet anew.

        So does a clock that was set back. Where not every folder could be looked at, what is not seen is remembered.
        """
        kept = {} if whole else dict(self._sights)
        for _, found in present:
            sight = self._sights.get(found.relative)
            if sight is None:
                sight = _Sight(found.identity, came_at(found, now, last_look), now)
            elif sight.identity != found.identity or sight.still_since > now:
                sight = _Sight(found.identity, min(sight.first, now), now)
            kept[found.relative] = sight
        self._sights = kept

    def _ready(self, found: Found, now: dt.datetime) -> bool:
        """Quiet long enough; and looking whole, or waited for long enough."""
        still = now - self._sights[found.relative].still_since
        if not found.regular:
            return True
        return still >= QUIET and (found.dropping or still >= PATIENCE or looks_whole(found))

    def _sleep(self, engine: Engine, *, waiting: bool) -> None:
        """Until an event, the next deadline, or the next timed look, whichever is first."""
        seconds = float(engine.office.poll_seconds)
        if waiting:
            seconds = QUIET.total_seconds() / 2
        else:
            due = self._next_due(engine, self.clock())
            if due is not None:
                seconds = min(seconds, max(0.1, due))
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._wake.wait(min(left, LISTENING)):
            pass
        if self._wake.is_set():
            self.stopping.wait(BREATH)
            self._wake.clear()

    def _next_due(self, engine: Engine, now: dt.datetime) -> float | None:
        """Seconds until just past the next deadline: on the hour itself is still on time."""
        ahead = [
            period.due_at
            for county in engine.counties.values()
            for task in county.tasks.values()
            for period in task.periods
            if period.due_at and period.due_at >= now
        ]
        return (min(ahead) - now).total_seconds() + 1 if ahead else None

    def _make_folders(self, engine: Engine) -> None:
        for key in self.keys:
            folder = self.workspace.inbox / key
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:  # a share that is not there yet
                engine.lasting.tell(f"收件文件夹inbox/{key}", f"打不开 inbox/{key}，恢复后再收：{error}")

    def _observe(self, engine: Engine) -> None:
        """Have every folder observed. One that went away and came back, or another in its place, needs it anew."""
        present = _identities(self.workspace.inbox / key for key in self.keys)
        observer = self._observer
        if observer and self._observed == present and all(emitter.is_alive() for emitter in observer.emitters):
            return
        self._rest()
        observer = PollingObserver(timeout=POLL_EVERY) if self.poll else Observer()
        try:
            for folder in present:
                observer.schedule(_Waker(self._wake), str(folder), recursive=True)
            observer.start()
        except OSError as error:  # gone again, or the system observes no more folders: the timed look finds all
            observer.unschedule_all()
            engine.lasting.tell("守候", f"收件文件夹现在不能即时守候，改为定时巡查：{error}")
            return
        engine.lasting.keep("守候", ())
        self._observer, self._observed = observer, present

    def _rest(self) -> None:
        if self._observer:
            self._observer.stop()
            self._observer.join()
            self._observer = None


def _identities(folders: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """The folders that are there, each with what tells it from another of the same name."""
    found = {}
    for folder in folders:
        with suppress(OSError):
            status = folder.stat()
            found[folder] = (status.st_dev, status.st_ino)
    return found


def looks_whole(found: Found) -> bool:
    """A quick look at whether a container is complete: a zip has its directory at the end, others cannot be told."""
    try:
        with found.path.open("rb") as file:
            head = file.read(4)
            if not head.startswith(b"PK"):
                return any(head)  # nothing yet, or room kept for what is still to come
            file.seek(max(0, found.size - 66_000))
            return b"PK\x05\x06" in file.read()
    except OSError:
        return False
