"""The service for weeks, compressed: thousands of files in every state, kills in between, and books that balance.

    python benchmarks/soak.py [--minutes 60] [--seed 1] [--wall-seconds 480]

One compressed minute stands for a day of the office. The service is the real one (`Watcher.watch`, in a process of its
own, with real folders, ledger and workers); only its clock is ours. The other process drops files and keeps the books.
Needs Linux (/proc). Exit status 1 if anything is off.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import hashlib
import io
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import openpyxl
import xlsxwriter

from xmreport.ledger import Ledger
from xmreport.model.dates import CHINA
from xmreport.model.events import Event
from xmreport.model.receipts import Outcome, Receipt
from xmreport.rulebook.book import County
from xmreport.watch import Watcher
from xmreport.workspace import Workspace, shipped

COUNTIES = ("guxian", "huozhou")
TASK = "前期手续办理周报"
SUMMARY = "前期手续办理情况表汇总表.xlsx"
BEGIN = dt.datetime(2022, 12, 7, 8, tzinfo=CHINA)
HOURS = (8.0, 9.5, 11.0, 14.0, 15.5, 16.5, 17.0, 17.001, 18.0, 22.0)
"""When in a day the clock stands still for a while; one of them a few seconds past the hour of a deadline."""
PLAIN = ("序号", "项目名称", "项目代码", "项目单位", "责任单位", "建设性质", "总投资", "年度计划投资")
PROCEDURES = ("立项", "用地", "规划", "环评", "能评")
PARTS = ("办理层级", "办理进展", "办结时间", "拟办结时限")
MOST_WAITING = 150
"""Files in the inbox at which the dropping waits for the service."""
KINDS = {
    "good": 52,
    "again": 8,
    "wrong": 10,
    "twice": 7,
    "junk": 6,
    "half": 3,
    "page": 2,
    "lock": 5,
    "renamed": 4,
    "withdrawn": 3,
}
"""What is dropped, by weight."""
EXPECTED = {
    "good": {Outcome.ACCEPTED},
    "again": {Outcome.ACCEPTED},
    "renamed": {Outcome.ACCEPTED},
    "withdrawn": {Outcome.ACCEPTED},
    "wrong": {Outcome.RETURNED},
    "twice": {Outcome.DUPLICATE, Outcome.ACCEPTED},  # the first one may have gone to the period still owed
    "junk": {Outcome.QUARANTINED},
    "half": {Outcome.QUARANTINED},
    "page": {Outcome.RETURNED},
    "lock": {Outcome.IGNORED},
    "draft": {Outcome.IGNORED},
}


class Dropped(Struct):
    """One file as the books know it."""

    kind: str
    county: str
    unit: str
    file: str
    sha256: str | None
    total: int = 0
    day: dt.date | None = None
    may_vanish: bool = False
    """Deleted or replaced before the service took it, unless it was quicker."""


class Sample(Struct):
    """What the service holds of the machine at one moment."""

    rss_mib: float
    threads: int
    handles: int
    processes: int


def form(names: list[tuple[str, int]], unit: str, day: dt.date, *, wrong: bool = False) -> bytes:
    """前期手续办理情况表 with a few lines, as a careful unit fills it in; with one amount that is none if wrong."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write(1, 0, "2023年新建项目前期手续办理情况表")
        sheet.write(2, 0, f"填报单位（盖章）：{unit}    填报时间：{day.year}年{day.month}月{day.day}日    单位：万元")
        fields = [*PLAIN, *(f"{procedure}.{part}" for procedure in PROCEDURES for part in PARTS)]
        for column, name in enumerate(fields):
            top, _, below = name.partition(".")
            sheet.write(3, column, top)
            sheet.write(4, column, below)
        for number, (name, total) in enumerate(names):
            plain = [number + 1, name, None, f"{unit}建设公司", unit, "新建", total, total // 2]
            if wrong and number == 0:
                plain[6] = "3000-5000"
            steps = [each for _ in PROCEDURES for each in (None, "已办结", "2022-11-03", None)]
            sheet.write_row(5 + number, 0, [*plain, *steps])
    return target.getvalue()


class Senders(Struct):
    """The units: what they drop, drop again, withdraw; and the books of it."""

    home: Path
    rng: random.Random
    units: list[tuple[str, str]]
    books: list[Dropped] = []
    again: list[tuple[Dropped, bytes]] = []
    number: int = 0

    def drop(self, day: dt.date) -> None:
        """One thing lands in the inbox."""
        kind = self.rng.choices(list(KINDS), list(KINDS.values()))[0]
        if kind == "twice":
            self._twice()
            return
        county, unit = self.rng.choice(self.units)
        self.number += 1
        data, total = self._content(kind, unit, day)
        name = f"{unit}{self.number}.xlsx"
        if kind == "lock":
            self._put(Dropped(kind, county, unit, f"~${name}", None), data)
            return
        if kind == "again" and (first := self._sent_on(day)):
            county, unit, name = first.county, first.unit, first.file.rsplit("/", 1)[-1]
            data, total = self._content("good", unit, day)
        entry = Dropped(kind, county, unit, name, None, total)
        if kind == "renamed":
            draft = Dropped("draft", county, unit, f"{name}.tmp", None, may_vanish=True)
            self._put(draft, data)
            place = self._place(draft)
            self._enter(entry, data)
            place.rename(place.with_suffix(""))
            return
        self._put(entry, data)
        if kind == "withdrawn":
            entry.may_vanish = True
            if self.rng.random() < 0.5:
                time.sleep(0.05)
            with contextlib.suppress(FileNotFoundError):
                self._place(entry).unlink()
        elif kind == "good":
            entry.day = day
            self.again = [*self.again[-20:], (entry, data)]

    def _content(self, kind: str, unit: str, day: dt.date) -> tuple[bytes, int]:
        if kind in {"junk", "lock"}:
            return self.rng.randbytes(self.rng.randrange(1, 4000)), 0
        if kind == "page":
            return f"<html><body><table><tr><td>{self.number}</td></tr></table></body></html>".encode(), 0
        lines = [
            (f"{unit}第{self.number}-{n}号工程", self.rng.randrange(100, 90000)) for n in range(self.rng.randint(1, 3))
        ]
        data = form(lines, unit, day, wrong=kind == "wrong")
        if kind == "half":
            return data[: len(data) // 2], 0
        return data, sum(total for _, total in lines)

    def _twice(self) -> None:
        """The same bytes under another name."""
        if not self.again:
            return
        first, data = self.rng.choice(self.again)
        self.number += 1
        self._put(Dropped("twice", first.county, first.unit, f"副本{self.number}.xlsx", None, first.total), data)

    def _sent_on(self, day: dt.date) -> Dropped | None:
        """A file of that day: its correction comes under the same name, on top of it where it still lies there."""
        same = [entry for entry, _ in self.again[-5:] if entry.day == day]
        return self.rng.choice(same) if same else None

    def _put(self, entry: Dropped, data: bytes) -> None:
        self._enter(entry, data)
        place = self._place(entry)
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # replaced in one step, as a copy onto a share is
            place.unlink()
        place.write_bytes(data)

    def _enter(self, entry: Dropped, data: bytes) -> None:
        entry.file = f"inbox/{entry.county}/{entry.unit}/{entry.file}"
        for before in self.books[-500:]:
            before.may_vanish = before.may_vanish or before.file == entry.file
        entry.sha256 = None if entry.kind in {"lock", "draft"} else hashlib.sha256(data).hexdigest()
        self.books.append(entry)

    def _place(self, entry: Dropped) -> Path:
        return self.home / entry.file


class Clock:
    """The service's clock: a file that says what time it is."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def set(self, now: dt.datetime) -> None:
        draft = self.path.with_suffix(".new")
        draft.write_text(now.isoformat(), "utf-8")
        draft.replace(self.path)

    def __call__(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.path.read_text("utf-8"))


class Service:
    """The watching process: started, killed, stopped, measured."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.kills = self.stops = 0
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, __file__, "--serve", str(self.home)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._errors(), encoding="utf-8")  # noqa: S603 - this very file
        assert process.stdout
        assert "正在守候" in process.stdout.readline(), "the service did not start"
        return process

    def _errors(self) -> int:
        return os.open(self.home / "errors.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    @property
    def said(self) -> str:
        return (self.home / "errors.txt").read_text("utf-8", "replace")

    def kill(self) -> None:
        """As a power cut would end it."""
        self.process.kill()
        self.process.wait()
        self.kills += 1
        self.process = self._start()

    def stop(self) -> int:
        """As a service manager would."""
        self.process.send_signal(signal.SIGTERM)
        self.stops += 1
        return self.process.wait(30)

    def restart(self) -> None:
        assert self.stop() == 0, "the service did not stop in order"
        self.process = self._start()

    def sample(self) -> Sample:
        place = Path("/proc") / str(self.process.pid)
        status = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines() if ":" in line)
        children = sum(len(task.read_text().split()) for task in place.glob("task/*/children"))
        handles = len(list((place / "fd").iterdir()))
        return Sample(int(status["VmRSS"].split()[0]) / 1024, int(status["Threads"]), handles, children + 1)


def unheard(_event: Event) -> None:
    """What is printed of a file stands in the ledger too."""


def serve(home: Path) -> None:
    """The service's own process."""
    workspace = Workspace(home)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with workspace.hold():
        Watcher(workspace, COUNTIES, unheard, poll=False, clock=Clock(home / "clock")).watch()


def make(home: Path) -> Workspace:
    """A workspace with the shipped rules."""
    for name in ("rules", "templates_xlsx"):
        shutil.copytree(shipped(name), home / name)
    (home / "rules" / "office.yaml").write_text("巡查间隔秒: 1\n", "utf-8")
    (home / "inbox").mkdir()
    return Workspace(home)


def reporters(counties: dict[str, County]) -> list[tuple[str, str]]:
    """Every unit that owes the weekly report, with its county."""
    return [
        (key, unit) for key in COUNTIES for unit in counties[key].reporters(counties[key].tasks[TASK], BEGIN.date())
    ]


class Soak(Struct):
    """A run: what is dropped when, and what is measured."""

    home: Path
    senders: Senders
    service: Service
    clock: Clock
    rng: random.Random
    samples: list[Sample] = []
    waited: float = 0.0

    def run(self, days: int, each_day: int, wall: float) -> None:
        """All days. Through the first third the service is killed and restarted, then it is left alone and measured."""
        pace = wall / (days * len(HOURS))
        alone_from = days // 3
        for day in range(days):
            midnight = BEGIN.replace(hour=0) + dt.timedelta(days=day)
            if day == alone_from:
                self.service.restart()
            for hour in HOURS:
                end = time.monotonic() + pace
                now = max(BEGIN, midnight + dt.timedelta(hours=hour))
                self.clock.set(now)
                for _ in range(self.rng.randint(0, 2 * each_day // len(HOURS))):
                    self.senders.drop(now.date())
                if day < alone_from and self.rng.random() < 0.08:
                    time.sleep(self.rng.random())
                    self.service.kill() if self.rng.random() < 0.7 else self.service.restart()
                self._wait(end)
                if day >= alone_from:
                    self.samples.append(self.service.sample())
        self._finish(midnight + dt.timedelta(hours=23))

    def _wait(self, end: float) -> None:
        began = time.monotonic()
        while time.monotonic() < end:
            time.sleep(0.02)
        while sum(1 for _ in self._inbox()) - len(self._ignored()) > MOST_WAITING:
            time.sleep(0.05)
            assert time.monotonic() < began + 120, "the service has stood still for two minutes"
        self.waited += max(0.0, time.monotonic() - max(end, began))

    def _finish(self, now: dt.datetime) -> None:
        """Let the service take in the rest and publish it, then stop it."""
        self.clock.set(now)
        until(lambda: set(self._inbox()) <= self._ignored(), 120, tick=lambda: self.clock.set(self.clock() + QUIET))
        until(self._still, 120)
        assert self.service.stop() == 0, "the service did not stop in order"

    def _still(self) -> bool:
        def newest() -> float:
            return max((path.stat().st_mtime for path in self.home.glob("outbox/**/*.xlsx")), default=0.0)

        before = newest()
        time.sleep(4)
        return newest() == before

    def _inbox(self) -> Iterator[str]:
        for path in (self.home / "inbox").rglob("*"):
            if not path.is_dir():
                yield path.relative_to(self.home).as_posix()

    def _ignored(self) -> set[str]:
        return {entry.file for entry in self.senders.books if entry.kind == "lock"}


QUIET = dt.timedelta(seconds=61)


def until(true: Callable[[], bool], seconds: float, tick: Callable[[], object] = lambda: None) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "the service did not come to an end with its work"
        tick()
        time.sleep(0.3)


class Balance:
    """Every file dropped against the ledger, the inbox and the outbox."""

    def __init__(self, workspace: Workspace, books: list[Dropped]) -> None:
        self.home = workspace.home
        self.books = books
        self.off: list[str] = []
        self.accounts: Counter[str] = Counter()
        self.totals = 0
        with Ledger.open(workspace.state) as ledger:
            self.receipts = ledger.receipts()
            self.off += ledger.verify()
            self.off += [f"recorded and not finished: {drop.file}" for drop, _ in ledger.unfinished()]
        self._identities()
        self._folders()
        self._sums()

    def _identities(self) -> None:
        """Each dropped file in exactly one account; no receipt of anything else."""
        found: dict[tuple[str, str | None], list[Receipt]] = {}
        for receipt in self.receipts:
            found.setdefault((receipt.file, receipt.sha256), []).append(receipt)
        self.counted: list[tuple[Dropped, Receipt]] = []
        for entry in self.books:
            own = found.pop((entry.file, entry.sha256), [])
            if not own and entry.may_vanish:
                self.accounts["deleted-before-taken"] += 1
            elif len(own) != 1:
                self.off.append(f"{entry.kind} {entry.file}: recorded {len(own)} times")
            else:
                self.accounts[own[0].outcome.value] += 1
                self.counted.append((entry, own[0]))
                if own[0].outcome not in EXPECTED[entry.kind]:
                    codes = [finding.code for finding in own[0].findings]
                    self.off.append(f"{entry.kind} {entry.file}: {own[0].outcome} {codes}")
        self.off += [f"nobody dropped {file}" for file, _ in found]

    def _folders(self) -> None:
        ignored = {entry.file for entry in self.books if entry.kind == "lock"}
        left = {p.relative_to(self.home).as_posix() for p in (self.home / "inbox").rglob("*") if not p.is_dir()}
        self.off += [f"in the inbox and not a lock file: {file}" for file in left - ignored]
        self.off += [f"an ignored file is gone: {file}" for file in ignored - left]
        for receipt in self.receipts:
            if receipt.returned_copy and not (self.home / receipt.returned_copy).is_file():
                self.off.append(f"no returned copy {receipt.returned_copy}")
        self.off += [f"half-written: {path}" for path in (self.home / "outbox").rglob("*.partial")]

    def _sums(self) -> None:
        """总投资 of every published summary against the sum of what the senders know they sent."""
        newest: dict[tuple[str, str, str], tuple[dt.datetime, int, int]] = {}
        for entry, receipt in self.counted:
            if receipt.outcome is Outcome.ACCEPTED and receipt.task == TASK and receipt.period:
                key = (entry.county, receipt.period, entry.unit)
                newest[key] = max(newest.get(key, (BEGIN, 0, 0)), (receipt.arrived_at, receipt.seq, entry.total))
        wanted: Counter[tuple[str, str]] = Counter()
        for (county, period, _), (_, _, total) in newest.items():
            wanted[county, period] += total
        for (county, period), total in sorted(wanted.items()):
            path = self.home / "outbox" / county / TASK / period / SUMMARY
            shown = _shown_total(path) if path.is_file() else None
            self.totals += 1
            if shown != total:
                self.off.append(f"{path.relative_to(self.home)}: shows {shown}, sent were {total}")


def _shown_total(path: Path) -> float | None:
    """The 总投资 of the line 合计."""
    book = openpyxl.load_workbook(path, data_only=True)
    column = None
    for row in book.worksheets[0].iter_rows(values_only=True):
        texts = [str(value).replace(" ", "") if value is not None else "" for value in row]
        if column is None and any(text.startswith("总投资") for text in texts):
            column = next(index for index, text in enumerate(texts) if text.startswith("总投资"))
        elif column is not None and any(text.startswith("合计") for text in texts):
            value = row[column]
            return float(value) if isinstance(value, int | float) else None
    return None


def flat(samples: list[Sample]) -> tuple[list[str], list[str]]:
    """First and last quarter of what the service held while it was left alone; lines to print, and what is off."""
    rest = samples[len(samples) // 10 :]  # its start apart
    quarter = max(1, len(rest) // 4)
    lines, off = [], []
    for name, slack in (("rss_mib", 0.15), ("threads", 0.0), ("handles", 0.0), ("processes", 0.0)):
        first = statistics.median(getattr(sample, name) for sample in rest[:quarter])
        last = statistics.median(getattr(sample, name) for sample in rest[-quarter:])
        lines.append(f"{name:<28}{first:>10.1f}  →{last:>10.1f}   (most {max(getattr(s, name) for s in rest):.1f})")
        if last > first * (1 + slack) + (0 if slack else 1):
            off.append(f"{name} grew from {first:.1f} to {last:.1f}")
    return lines, off


def main() -> int:
    """Run the soak, print its figures, and say whether all is in order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=60, help="compressed minutes, a day of the office each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wall-seconds", type=float, default=480.0, help="over how long they are spread at least")
    parser.add_argument("--each-day", type=int, default=60, help="files dropped a day, on average")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve)
        return 0
    home = Path(tempfile.mkdtemp(prefix="soak-"))
    workspace = make(home)
    rng = random.Random(asked.seed)  # noqa: S311 - no secret
    clock = Clock(home / "clock")
    clock.set(BEGIN)
    senders = Senders(home, rng, reporters(dict(workspace.rulebook.counties)))
    began = time.monotonic()
    soak = Soak(home, senders, Service(home), clock, rng)
    try:
        soak.run(asked.minutes, asked.each_day, asked.wall_seconds)
    finally:
        soak.service.process.kill()
        soak.service.process.wait()
    wall = time.monotonic() - began
    balance = Balance(workspace, senders.books)
    lines, grown = flat(soak.samples)
    off = balance.off + grown
    accounted = sum(balance.accounts.values())
    if accounted != len(senders.books):
        off.append(f"dropped {len(senders.books)}, accounted for {accounted}")
    print(f"{'days (compressed minutes)':<28}{asked.minutes:>10}   seed {asked.seed}")
    print(f"{'wall seconds':<28}{wall:>10.0f}   of them waiting for the service {soak.waited:.0f}")
    print(f"{'killed / restarted':<28}{soak.service.kills:>10} /{soak.service.stops - 1:>3}")
    print(f"{'dropped':<28}{len(senders.books):>10}   = {accounted} accounted for")
    for account, count in sorted(balance.accounts.items()):
        print(f"  {account:<26}{count:>10}")
    print(f"{'summaries compared':<28}{balance.totals:>10}")
    print("\n".join(lines))
    said = soak.service.said.strip()
    print(f"{'lines on standard error':<28}{len(said.splitlines()):>10}")
    for line in said.splitlines()[:20]:
        print(f"  said: {line}")
    for line in off[:40]:
        print(f"OFF  {line}")
    print(f"everything balances: {home}" if not off else f"{len(off)} things are off: {home}")
    if not off:
        shutil.rmtree(home)
    return 1 if off else 0


if __name__ == "__main__":
    sys.exit(main())
