"""The service: a folder and a clock → settled files taken in, tables published at once and at every deadline."""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from xmreport.intake.scan import Found
from xmreport.model.dates import CHINA
from xmreport.model.events import Emit
from xmreport.rulebook.book import County
from xmreport.run import Engine, Moment, arrival
from xmreport.workspace import Workspace

log = logging.getLogger("xmreport")
QUIET = dt.timedelta(seconds=2)
"""How long a file has to hold still before it is taken."""
BREATH = 0.2
"""Seconds after an event before the look it asks for: a copy under way sends hundreds."""
PATIENCE = dt.timedelta(seconds=60)
"""How long a file that cannot be read yet is waited for: a copy may still be under way."""
POLL_EVERY = 2.0

Clock = Callable[[], dt.datetime]


def china_now() -> dt.datetime:
    """The clock a service goes by."""
    return dt.datetime.now(CHINA)


class _Waker(FileSystemEventHandler):
    """Events only wake the scan: what they say is never relied on."""

    def __init__(self, wake: threading.Event) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in {"opened", "closed_no_write"}:
            self._wake.set()


@dataclass
class _Sight:
    """One file as it was last seen."""

    identity: str
    first: dt.datetime
    still_since: dt.datetime


class Watcher:
    """Watches the inboxes of some counties until it is told to stop."""

    def __init__(
        self, workspace: Workspace, keys: Sequence[str], emit: Emit, *, poll: bool, clock: Clock = china_now
    ) -> None:
        self.workspace = workspace
        self.keys = keys
        self.emit = emit
        self.poll = poll
        self.clock = clock
        self.stopping = threading.Event()
        self._wake = threading.Event()
        self._sights: dict[str, _Sight] = {}

    def stop(self) -> None:
        """From another thread, or a signal: finish the file at hand and return."""
        self.stopping.set()
        self._wake.set()

    def watch(self) -> None:
        """Take in and publish until stopped."""
        with Engine(self.workspace, self.keys, self.emit) as engine:
            observer = self._observe()
            print("正在守候收件文件夹，按 Ctrl+C 停止。", flush=True)
            try:
                while not self.stopping.is_set():
                    observer = self._alive(observer)
                    waiting = self._look_again(engine)
                    self._sleep(engine, waiting=waiting)
            except KeyboardInterrupt:
                print("已停止。", flush=True)
            finally:
                observer.stop()
                observer.join()

    def _look_again(self, engine: Engine) -> bool:
        """A look. A share that went away or a full disk is said and waited for: it must not end the service."""
        try:
            return self.look(engine)
        except (OSError, sqlite3.OperationalError) as error:
            log.error("这一遍没有做完，稍后再来：%s", error)  # noqa: TRY400 - a sentence, not a fault of ours
            return False

    def look(self, engine: Engine) -> bool:
        """One look: what has settled is taken in, what changed is published; True while files are still settling."""
        now = self.clock()
        engine.recover()
        present = list(engine.found())
        self._note(present, now, engine.ledger.last_pass())
        ready = [(county, found) for county, found in present if self._ready(found, now)]
        if ready:
            seen = {relative: sight.first for relative, sight in self._sights.items()}
            engine.take_in(ready, Moment(now), seen)
        else:
            engine.ledger.note_pass(now, "watch")
        engine.publish(now)
        return len(present) > len(ready)

    def _note(self, present: Sequence[tuple[County, Found]], now: dt.datetime, last_look: dt.datetime | None) -> None:
        """First sight of a file is its arrival, or its landing since the last look; a change starts its quiet anew."""
        kept: dict[str, _Sight] = {}
        for _, found in present:
            sight = self._sights.get(found.relative)
            if sight is None:
                sight = _Sight(found.identity, arrival(found, now, last_look), now)
            elif sight.identity != found.identity:
                sight = _Sight(found.identity, sight.first, now)
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
        if self._wake.wait(seconds):
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

    def _observe(self) -> BaseObserver:
        observer: BaseObserver = PollingObserver(timeout=POLL_EVERY) if self.poll else Observer()
        for key in self.keys:
            folder = self.workspace.inbox / key
            folder.mkdir(parents=True, exist_ok=True)
            observer.schedule(_Waker(self._wake), str(folder), recursive=True)
        observer.start()
        return observer

    def _alive(self, observer: BaseObserver) -> BaseObserver:
        """A folder that went away and came back leaves a dead emitter behind: start anew."""
        if all(emitter.is_alive() for emitter in observer.emitters):
            return observer
        folders = [self.workspace.inbox / key for key in self.keys]
        if not all(folder.is_dir() for folder in folders):
            return observer
        observer.stop()
        observer.join()
        log.info("重新守候收件文件夹")
        return self._observe()


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
