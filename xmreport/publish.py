"""From the ledger to the outbox: the official workbooks of every period that changed."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from xmreport import __version__
from xmreport.ledger import Ledger
from xmreport.ledger.states import unit_states
from xmreport.model.dates import CHINA
from xmreport.model.events import Published
from xmreport.model.receipts import Outcome, Receipt, UnitState
from xmreport.model.trouble import Trouble
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.schedule import Period
from xmreport.workspace import Workspace

if TYPE_CHECKING:  # pandas is slow to import, and a pass that finds nothing new needs none
    from xmreport.model.sheets import WorkbookData

CONTACTS = "联络人名单"
OVERVIEW = "总览"
AHEAD = 1000
"""How many of the last receipts are asked whether they lie ahead of the clock, as they do once it was set back."""
BESIDE = "+beside"
"""Behind the mark of what was written beside a workbook that somebody had open."""
_NUMBERED = re.compile(r"\(\d+\)\.xlsx$")


class Publisher:
    """Keeps one county's part of the outbox up to date."""

    def __init__(self, workspace: Workspace, county: County, ledger: Ledger) -> None:
        self.workspace = workspace
        self.county = county
        self.ledger = ledger
        self._done: object = None
        """What everything was last found to be up to date with: while that holds, only the files are looked for."""
        self._files: list[Path] = []

    def publish(self, receipts: Sequence[Receipt], now: dt.datetime) -> Iterator[Published]:
        """Write the workbooks of every period whose facts changed since they were last written, and the overview.

        One that cannot be written does not hold up the others.

        Raises:
            Trouble, OSError: the first reason why not all is written.
        """
        turn = self._turn(receipts, now)
        if turn == self._done and all(path.is_file() for path in self._files):
            return
        self._done, self._files = None, []
        held: list[Trouble | OSError] = []
        beside = yield from self._write_changed(receipts, now, held)
        if held:
            raise held[0]
        if not beside:
            self._done = turn

    def _turn(self, receipts: Sequence[Receipt], now: dt.datetime) -> object:
        """Everything that what is published depends on: it can only change where this does."""
        dues = [period.due_at for task in self.county.tasks.values() for period in task.periods if period.is_due(now)]
        ahead = sum(receipt.arrived_at > now for receipt in receipts[-AHEAD:])
        return len(receipts), ahead, len(dues), now.astimezone(CHINA).date(), _templates_stamp(self.workspace.templates)

    def _write_changed(
        self, receipts: Sequence[Receipt], now: dt.datetime, held: list[Trouble | OSError]
    ) -> Generator[Published, None, bool]:
        """True where something stands beside a workbook that somebody has open."""
        states = unit_states(self.county, receipts, now)
        look = _templates_digest(self.workspace.templates)
        facts = _Facts(self.county, receipts)
        changed = beside = False
        for task, period, own in _periods(self.county, states, now):
            folder = self.workspace.outbox / self.county.key / task.name / period.name
            mark = _fingerprint(self.county.digest, look, map(_told, own), facts(task, period, now))
            if not _current(self.ledger.published(self.workspace.shown(folder)), mark, folder):
                as_of = _as_of(period, facts(task, period, now), now)
                made = write_period(self.workspace, self.county, self.ledger, task, period, own, facts, as_of, folder)
                try:
                    yield from self._noted(folder, folder, mark, made)
                    changed = True
                except (Trouble, OSError) as trouble:
                    held.append(trouble)
            beside = self._keep_in_sight(folder, folder) or beside
        folder = self.workspace.outbox / self.county.key
        target = folder / f"{OVERVIEW}.xlsx"
        mark = _fingerprint(self.county.digest, look, map(_told, states), receipts)
        if changed or not _current(self.ledger.published(self.workspace.shown(target)), mark, folder):
            made = _overview(self.workspace, self.county, states, receipts, now)
            try:
                yield from self._noted(target, folder, mark, made)
            except (Trouble, OSError) as trouble:
                held.append(trouble)
        return self._keep_in_sight(target, folder) or beside

    def _noted(self, what: Path, folder: Path, mark: str, made: Iterable[Published]) -> Iterator[Published]:
        """Pass on what is written, then note it, and take away what stood beside a workbook that is closed by now."""
        shown = self.workspace.shown(what)
        said, *before = (self.ledger.published(shown) or "").split("/")
        written: list[str] = []
        for event in made:
            written.append(event.path.rsplit("/", 1)[-1])
            mark = mark + BESIDE if event.note and not mark.endswith(BESIDE) else mark
            yield event
        self.ledger.note_published(shown, "/".join([mark, *written]))
        if said.endswith(BESIDE):
            for name in set(before) - set(written):
                if _NUMBERED.search(name):
                    with suppress(OSError):
                        (folder / name).unlink()

    def _keep_in_sight(self, what: Path, folder: Path) -> bool:
        """These files have to be there; True where they are not all under their own names."""
        said, *names = (self.ledger.published(self.workspace.shown(what)) or "").split("/")
        self._files += [folder / name for name in names]
        return said.endswith(BESIDE)


def write_period(
    workspace: Workspace,
    county: County,
    ledger: Ledger,
    task: Task,
    period: Period,
    states: Sequence[UnitState],
    facts: _Facts,
    as_of: dt.datetime,
    folder: Path,
) -> Iterator[Published]:
    """All workbooks of one period, from the ledger alone."""
    from xmreport.tables.build import build_period

    needed = _rows_needed(task, period, states, facts, as_of)
    rows = ledger.rows_of(receipt.seq for receipt in needed)
    for data in build_period(county, task, period, states, needed, rows, as_of):
        yield _write(workspace, data, as_of, folder)


def _current(recorded: str | None, mark: str, folder: Path) -> bool:
    """Whether a folder shows these facts. What had to be written beside an open workbook waits for it to be closed."""
    shows, *written = (recorded or "").split("/")
    if not all((folder / name).is_file() for name in written):
        return False
    if shows == mark + BESIDE:
        return any(_is_open(path) for path in folder.glob("*.xlsx"))
    return shows == mark


def _is_open(path: Path) -> bool:
    """Whether somebody's spreadsheet program keeps a workbook locked, as Windows lets it."""
    try:
        path.open("r+b").close()
    except OSError:
        return True
    return False


def _write(workspace: Workspace, data: WorkbookData, as_of: dt.datetime, folder: Path) -> Published:
    from xmreport.workbooks.delivery import deliver
    from xmreport.workbooks.official import build

    delivered = deliver(build(data, workspace.templates, as_of), folder / data.file)
    return Published(workspace.shown(delivered.path), delivered.note or None)


def _periods(
    county: County, states: Iterable[UnitState], now: dt.datetime
) -> Iterator[tuple[Task, Period, list[UnitState]]]:
    grouped: dict[tuple[str, str], list[UnitState]] = {}
    for state in states:
        grouped.setdefault((state.task, state.period), []).append(state)
    for task in county.tasks.values():
        for period in task.periods:
            if period.has_begun(now):
                yield task, period, grouped.get((task.name, period.name), [])


class _Facts:
    """The receipts that a period's workbooks rest on: its own, the register's and the contacts' at its moment."""

    def __init__(self, county: County, receipts: Iterable[Receipt]) -> None:
        on_demand = {task.name for task in county.tasks.values() if task.rules.schedule.kind == "on_demand"}
        self._own: dict[tuple[str | None, str | None], list[Receipt]] = {}
        self._side: list[Receipt] = []
        for receipt in receipts:
            self._own.setdefault((receipt.task, receipt.period), []).append(receipt)
            if receipt.outcome is Outcome.ACCEPTED and (receipt.task in on_demand or receipt.form == CONTACTS):
                self._side.append(receipt)

    def __call__(self, task: Task, period: Period, now: dt.datetime) -> list[Receipt]:
        own = [r for r in self._own.get((task.name, period.name), ()) if r.arrived_at <= now]
        horizon = _horizon(period, own, now)
        beside = (r for r in self._side if r.task != task.name or r.form == CONTACTS)
        return own + [r for r in beside if r.arrived_at <= horizon]


def _horizon(period: Period, own: Sequence[Receipt], now: dt.datetime) -> dt.datetime:
    """Until when news of other tasks still changes this period: its due moment, or its own last return."""
    if period.due_at is None:
        return now
    return min(now, max([period.due_at, *(receipt.arrived_at for receipt in own)]))


def _as_of(period: Period, facts: Sequence[Receipt], now: dt.datetime) -> dt.datetime:
    """When what is shown last changed: so that nothing new means the same bytes."""
    begun = dt.datetime.combine(period.begins, dt.time(), CHINA)
    moments = [begun, *(receipt.arrived_at for receipt in facts)]
    if period.is_due(now):
        assert period.due_at
        moments.append(period.due_at)
    return min(now, max(moments))


def _rows_needed(
    task: Task, period: Period, states: Sequence[UnitState], facts: _Facts, as_of: dt.datetime
) -> list[Receipt]:
    """The receipts whose rows the workbooks of a period show."""
    own = [state.counts for state in states if state.counts]
    seqs = {receipt.seq for receipt in own}
    others = [r for r in facts(task, period, as_of) if r.outcome is Outcome.ACCEPTED]
    newest: dict[tuple[str | None, str | None], Receipt] = {}
    for receipt in sorted(others, key=lambda each: (each.arrived_at, each.seq)):
        if receipt.task != task.name:
            newest[receipt.form, receipt.unit] = receipt
    return own + [receipt for receipt in newest.values() if receipt.seq not in seqs]


def _told(state: UnitState) -> str:
    """Everything a table shows of a state, as one text."""
    due, arrived = (moment.isoformat() if moment else "" for moment in (state.due_at, state.arrived_at))
    shown = (state.task, state.period, due, state.unit, state.state, arrived, state.late_by_s, state.reason)
    return repr((*shown, state.late_total, state.missing_total, state.version, state.counts and state.counts.seq))


def _fingerprint(digest: str, look: str, states: Iterable[str], facts: Iterable[Receipt]) -> str:
    parts = [__version__, digest, look, *states, *(f"{fact.seq}" for fact in facts)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _templates_stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Tells that a template was changed without reading it."""
    named = ((path.name, path.stat()) for path in sorted(folder.glob("*.xlsx")) if not path.name.startswith("~$"))
    return tuple((name, status.st_size, status.st_mtime_ns) for name, status in named)


def _templates_digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(folder.glob("*.xlsx")):
        if not path.name.startswith("~$"):
            whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def _overview(
    workspace: Workspace,
    county: County,
    states: Sequence[UnitState],
    receipts: Sequence[Receipt],
    now: dt.datetime,
) -> Iterator[Published]:
    from xmreport.tables.overview import overview

    folder = workspace.outbox / county.key
    written = {
        (task.name, period.name): sorted(path.name for path in (folder / task.name / period.name).glob("*.xlsx"))
        for task in county.tasks.values()
        for period in task.periods
        if period.has_begun(now)
    }
    begun = [_as_of(period, [], now) for _, period, _ in _periods(county, states, now)]
    as_of = min(now, max([*begun, *(receipt.arrived_at for receipt in receipts)], default=now))
    yield _write(workspace, overview(county, states, written, receipts, as_of), as_of, folder)


def report(
    workspace: Workspace,
    county: County,
    ledger: Ledger,
    task: Task,
    period: Period,
    as_of: dt.datetime,
    folder: Path,
) -> Iterator[Published]:
    """Rebuild one period's workbooks as of a moment."""
    receipts = ledger.receipts(county.key, as_of)
    states = [
        state
        for state in unit_states(county, receipts, as_of)
        if (state.task, state.period) == (task.name, period.name)
    ]
    facts = _Facts(county, receipts)
    shown_as_of = _as_of(period, facts(task, period, as_of), as_of)
    yield from write_period(workspace, county, ledger, task, period, states, facts, shown_as_of, folder)
