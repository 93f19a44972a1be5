"""The corridor: every stage of a file's way, in order, and the only place that commits."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from xmreport.decide import Judge, folder_unit
from xmreport.examine import examine
from xmreport.hands import OWN, Hands
from xmreport.inbox import Inbox
from xmreport.intake.scan import Changed, Found, read_bytes
from xmreport.lasting import Lasting
from xmreport.leaving import LOST, Leaving, Recorded
from xmreport.ledger import FileRecord, Ledger, OriginalDamaged
from xmreport.model.dates import CHINA
from xmreport.model.events import Emit, Event, FileEvent
from xmreport.model.examination import Examination
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.trouble import Trouble
from xmreport.past import Past
from xmreport.publish import Publisher, held_up
from xmreport.reading.guard import WorkerFailure
from xmreport.recheck import recheck_once
from xmreport.rulebook.book import County
from xmreport.sending import Sender
from xmreport.tally import Tally
from xmreport.underway import UnderWay, came_at, drop_of, held, is_oversized, set_aside
from xmreport.workspace import Workspace

log = logging.getLogger("xmreport")
TOGETHER, TOGETHER_S = 64, 0.25
"""Files recorded in one transaction at most, and how long the first of them waits for the others."""
KEEPING = 4
"""Threads that make originals durable: what they wait for is the disk."""
AT_HAND, HELD_MIB = 16, 256
"""Files a worker that are read ahead of the one being decided on, and the size from which no further one is."""
_CLOCK = "本机时钟"


class Moment(Struct, frozen=True):
    """When a pass takes place: now, or a time given by --now, at which all it finds is said to have arrived."""

    at: dt.datetime
    replayed: bool = False


class Engine:
    """One workspace's engine: a ledger, guarded workers, and the way of a file from inbox to outbox."""

    def __init__(
        self,
        workspace: Workspace,
        keys: Sequence[str],
        emit: Emit,
        executor: Executor | None = None,
        hands: Hands = OWN,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`emit` is told of every file and workbook; once `stopping` says so, what is not begun is left."""
        self.workspace = workspace
        self._emit = emit
        self._stopping = stopping
        self.tally = Tally()
        self.counties: dict[str, County] = {key: workspace.rulebook.county(key) for key in keys}
        self.ledger = Ledger.open(workspace.state)
        self.office = workspace.rulebook.office
        self._pool = executor
        self._own_pool = executor is None
        self._hands = hands
        self.lasting = Lasting()
        self._past = {key: Past(self.ledger, county) for key, county in self.counties.items()}
        self._publishers = {key: Publisher(workspace, county, self.ledger) for key, county in self.counties.items()}
        self._sender = Sender(workspace, self.counties, self.ledger.originals, lambda: self.pool, self.tally)
        self._leaving = Leaving(workspace, self.ledger, self._sender, self.lasting, self.tally)
        met = {key for key, past in self._past.items() if past.count}
        self.inbox = Inbox(workspace, self.counties, self.ledger, self.lasting, met)

    @property
    def pool(self) -> Executor:
        """The guarded workers, started when the first file needs one; or the executor that was handed in."""
        if self._pool is None:
            self._pool = self._hands.pool(self.counties, self.office)
        return self._pool

    @property
    def _width(self) -> int:
        """How many files are examined at a time."""
        return int(getattr(self.pool, "width", self.office.workers))

    def close(self) -> None:
        if self._pool is not None and self._own_pool:
            self._pool.shutdown(cancel_futures=True)
        self.ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run_once(self, moment: Moment) -> Tally:
        """One pass: what was begun is finished, what has settled is taken in, what changed is published."""
        began = time.monotonic()
        self.recover()
        self.recheck(moment.at)
        if not moment.replayed:  # what lands while the former is being finished has not come before it landed
            moment = Moment(moment.at + dt.timedelta(seconds=time.monotonic() - began))
        self.take_settled(moment)
        self.publish(moment.at, by_clock=not moment.replayed)
        if not self.inbox.saw_all:
            self.tally.troubles += 1
        return self.tally

    def recheck(self, now: dt.datetime) -> None:
        """Once after an edit of the rules: hold against them what is accepted, and say what came of it."""
        for key, county in self.counties.items():
            found = recheck_once(county, self._past[key], self.ledger, now)
            if found:
                log.warning("%s", found)

    def recover(self) -> None:
        """Finish what a crash, or a locked file, left between its record and its leaving the inbox."""
        if self._own_pool and getattr(self._pool, "lost", False):  # a cluster that is back is greeted anew
            self._pool = None
        self._leaving.look_again()
        self._leaving.note_lost(self._past)
        for drop, receipts in self.ledger.unfinished():
            told = self._leaving.is_stuck(drop)
            if receipts[0].county in self.counties and self._leaving.clear_again(drop, receipts):
                self._leaving.finish([drop])
                if not told:
                    self._tell(receipts)
        self._leaving.restore(self._past, self._stopping)
        self._leaving.keep_telling()

    def found(self) -> Iterator[tuple[County, Found]]:
        """Everything in the inboxes of this engine's counties that is still to be taken in."""
        return ((county, found) for county, found in self.inbox.found() if not self._leaving.is_stuck(drop_of(found)))

    def take_settled(self, moment: Moment) -> None:
        """Take in what holds still during a short look."""
        first = {found.relative: found.identity for _, found in self.found()}
        if first:
            time.sleep(self.office.settle_seconds)
        present = list(self.found()) if first else []
        still = [(county, found) for county, found in present if first.get(found.relative) == found.identity]
        self.take_in(still, moment, whole=len(still) == len(present))

    def take_in(
        self,
        drops: Iterable[tuple[County, Found]],
        moment: Moment,
        seen: dict[str, dt.datetime] | None = None,
        *,
        whole: bool = True,
    ) -> None:
        """Files on their way: bytes kept, examined by guarded workers, decided on in order of arrival, recorded.

        Args:
            drops: the files.
            moment: when this pass takes place.
            seen: when each was seen first, where that is known.
            whole: whether these are all that were found. A pass that left some lying, for whatever reason, is not noted
                as one: what is taken in later was there before.
        """
        last_pass = self.ledger.last_pass()
        arrivals = [
            (self._arrival(found, county, moment, last_pass, (seen or {}).get(found.relative)), county, found)
            for county, found in drops
        ]
        arrivals.sort(key=lambda each: (each[0].arrived_at, each[2].changed, each[2].relative))
        line = iter(arrivals)
        ahead: deque[UnderWay] = deque()
        refused: dict[str, str] = {}
        most = AT_HAND * self._width if arrivals else 0
        recorded = 0
        with ThreadPoolExecutor(KEEPING) as keepers:

            def read_ahead() -> None:
                while len(ahead) < most and held(ahead) < HELD_MIB * 2**20 and (each := next(line, None)):
                    with self._telling(each[2], refused):
                        ahead.append(self._open(*each, keepers))

            read_ahead()
            while ahead and not self._stopping():
                recorded += self._settle_some(ahead, read_ahead, refused)
        for about, text in refused.items():
            self.lasting.tell(about, text)
        if whole and self.inbox.saw_all and not self._stopping():  # what was not tried may still be refused
            for kind in ("收件 ", "原件 "):
                self.lasting.keep(kind, refused)
        if whole and recorded == len(arrivals):
            self._note_pass(moment)

    def _note_pass(self, moment: Moment) -> None:
        """All that was there is taken in: what is found later came later. A replay says nothing of when it looked."""
        if self.inbox.saw_all and not moment.replayed:
            self.ledger.note_pass(moment.at)

    def _arrival(
        self, found: Found, county: County, moment: Moment, last_pass: dt.datetime | None, seen: dt.datetime | None
    ) -> Receipt:
        """When it came: first seen, else by the file system's own record, never before the engine's last pass."""
        came = moment.at if moment.replayed else seen or came_at(found, moment.at, last_pass)
        return Receipt(
            file=found.relative,
            sha256=None,
            size=found.size,
            outcome=Outcome.QUARANTINED,
            arrived_at=came.astimezone(CHINA),
            rules=county.digest,
            county=county.key,
            unit=folder_unit(county, found.folders),
            replayed=moment.replayed,
        )

    @contextmanager
    def _telling(self, found: Found, refused: dict[str, str]) -> Iterator[None]:
        """What keeps a file from being taken in leaves it where it is, and is told, unless it is just being written."""
        try:
            yield
        except Changed:
            pass
        except OriginalDamaged as damaged:
            refused[f"原件 {found.relative}"] = f"{found.relative} 没有收：{damaged}"
            self.tally.troubles += 1
        except OSError as error:
            why = f"{found.relative}：{error.strerror or error}"
            refused[f"收件 {error.errno}"] = f"有文件没有收成，还在收件文件夹里，下次再收：{why}"
            self.tally.troubles += 1

    def _open(self, arrival: Receipt, county: County, found: Found, keepers: Executor) -> UnderWay:
        """Have the bytes kept and a worker examine them; odd things are never opened."""
        if found.dropping:
            return UnderWay(arrival, county, found, Examination(outcome=Outcome.IGNORED))
        if not found.regular:
            return UnderWay(arrival, county, found, set_aside("F09", "链接、管道或设备"))
        try:
            if found.size > self.office.largest_mib * 2**20:
                return UnderWay(arrival, county, found, set_aside("F10", f"{found.size / 2**20:.0f} MB"))
            data = read_bytes(found)
        except PermissionError:
            return UnderWay(arrival, county, found, set_aside("F09", "读不了的文件（没有权限，或别的程序正占着它）"))
        kept = keepers.submit(self.ledger.originals.keep, data)
        job = self.pool.submit(examine, data, county.key, found.name, arrival.unit, arrival.arrived_at.date())
        return UnderWay(arrival, county, found, job, data, kept)

    def _settle_some(self, ahead: deque[UnderWay], read_ahead: Callable[[], None], refused: dict[str, str]) -> int:
        """Decide on the next files, record them durably, and only then send back what has to go back and clear them.

        One transaction for several: its cost is the disk's, and hardly grows with what it holds. Returns how many.
        """
        settled: list[Recorded] = []
        until = time.monotonic() + TOGETHER_S
        try:
            with self.ledger.together():
                while ahead and len(settled) < TOGETHER and (not settled or ahead[0].is_ready(until)):
                    each = ahead.popleft()
                    with self._telling(each.found, refused):
                        settled.append(self._recorded(each))
                    read_ahead()
        except BaseException:
            # Nothing of it is on record: what was received has to be read anew.
            self._past = {key: Past(self.ledger, county) for key, county in self.counties.items()}
            raise
        gone = []
        for entry, receipts, has_left in self._leaving.clear_in_turn(settled, 2 * self._width):
            gone += [entry.drop] if has_left and entry.drop else []
            self._tell(receipts)
        self._leaving.finish(gone)
        return len(settled)

    def _recorded(self, each: UnderWay) -> Recorded:
        arrival = replace(each.arrival, sha256=each.kept.result()) if each.kept else each.arrival
        receipts = self._decided(arrival, each.county, each.job)
        past = self._past[each.county.key]
        stays = arrival.sha256 is None and not is_oversized(receipts)
        drop = drop_of(each.found)
        entry = FileRecord(drop, self._sender.addressed(receipts, each.county, past), stays=stays)
        recorded = self.ledger.record(entry)
        past.add(recorded)
        return each, entry, recorded

    def _tell(self, receipts: Sequence[Receipt]) -> None:
        self.tally.take(receipts)
        for receipt in receipts:
            self.emit(FileEvent(receipt))

    def emit(self, event: Event) -> None:
        """Tell whoever listens. That a screen or a pipe is gone must not end what is being taken in or published."""
        try:
            self._emit(event)
        except OSError as error:
            self.lasting.tell("输出", f"结果显示不出来，收表、出表照常进行：{error.strerror or error}")
        else:
            self.lasting.keep("输出", ())

    def _decided(self, arrival: Receipt, county: County, job: Future[Examination] | Examination) -> tuple[Receipt, ...]:
        """The receipts of a file. A fault of ours sets that file aside; the rest goes on."""
        try:
            found = job if isinstance(job, Examination) else job.result()
            if found.outcome is Outcome.IGNORED:
                return (replace(arrival, outcome=Outcome.IGNORED),)
            return Judge(county, self._past[county.key]).decide(found, arrival)
        except WorkerFailure as failure:
            found = set_aside("F07", failure.reason)
        except CancelledError as lost:
            # Whoever examines is gone: that says nothing of the file, which stays where it is.
            raise Trouble(f"{LOST}，这一遍没有收完；没收的还在收件文件夹里，恢复后再运行一次。") from lost
        except Exception as error:  # noqa: BLE001 - the boundary of one file: whatever fails here must not stop the others
            self.tally.fault(f"处理 {arrival.file} 时引擎出错，已另存待查，其他文件不受影响。", error)
            found = set_aside("F11", "")
        return (replace(arrival, findings=found.findings),)

    def _tell_of_the_clock(self, now: dt.datetime) -> None:
        """Of a clock that was set back far nobody knows which is right: what came since is not shown."""
        beyond = [past.newest for past in self._past.values() if past.newest and past.shown_at(now) < past.newest]
        if beyond:
            came, clock = (f"{each.astimezone(CHINA):%Y-%m-%d %H:%M}" for each in (max(beyond), now))
            told = f"本机时钟是 {clock}，台账里却有 {came} 收到的表；在那以前出的表里没有它，也不算它收到了"
            self.lasting.tell(_CLOCK, f"{told}。请核对本机时钟。")
        self.lasting.keep(_CLOCK, [_CLOCK] if beyond else ())

    def publish(self, now: dt.datetime, *, by_clock: bool = False) -> bool:
        """Write the official workbooks of what changed; whether there were any.

        Args:
            now: the moment that the tables show.
            by_clock: whether that is the machine's clock, which may have been set back.
        """
        if by_clock:
            self._tell_of_the_clock(now)
        held, wrote = set(), False

        def tell(text: str, error: Exception | None) -> None:
            held.add(about)
            self.lasting.tell(about, text, error)

        for key, county in self.counties.items():
            about = f"出表 {key}"
            with held_up(county, self.tally, tell):
                past = self._past[key]
                for event in self._publishers[key].publish(past, past.shown_at(now) if by_clock else now):
                    self.emit(event)
                    wrote = True
                    if self._stopping():
                        return wrote
        self.lasting.keep("出表 ", held)
        return wrote
