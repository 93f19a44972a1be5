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
from xmreport.editions import keep_rules
from xmreport.ledger import Ledger
from xmreport.ledger.states import unit_states
from xmreport.model.dates import CHINA
from xmreport.model.events import Published
from xmreport.model.receipts import Outcome, Receipt, UnitState
from xmreport.model.trouble import Trouble
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.schedule import Period
from xmreport.tables.material import Material
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
        keep_rules(self.workspace, self.county, self.ledger)
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
            received, material = facts.own(task, period, now), facts.material(task, period, own, now)
            resting = [*received, *material.receipts]
            as_of = _as_of(self.county, task, period, resting, now)
            mark = _fingerprint(self.county.digest, look, [*map(_told, own), as_of.isoformat()], resting)
            if not _current(self.ledger.published(self.workspace.shown(folder)), mark, folder):
                made = write_period(self.workspace, self.county, self.ledger, task, period, material, as_of, folder)
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
    material: Material,
    as_of: dt.datetime,
    folder: Path,
) -> Iterator[Published]:
    """All workbooks of one period, from the ledger alone."""
    for data in _tables(county, ledger, task, period, material, as_of):
        yield _write(workspace, data, as_of, folder)


def _tables(
    county: County, ledger: Ledger, task: Task, period: Period, material: Material, as_of: dt.datetime
) -> Iterator[WorkbookData]:
    from xmreport.tables.build import build_period

    rows = ledger.rows_of(receipt.seq for receipt in material.receipts)
    return build_period(county, task, period, material, rows, as_of)


def all_tables(
    county: County, ledger: Ledger, now: dt.datetime
) -> Iterator[tuple[Task, Period, list[UnitState], list[WorkbookData]]]:
    """What the workbooks of every period that has begun hold under a county's rules; nothing is written."""
    receipts = ledger.receipts(county.key, now)
    facts = _Facts(county, receipts)
    for task, period, own in _periods(county, unit_states(county, receipts, now), now):
        material = facts.material(task, period, own, now)
        as_of = _as_of(county, task, period, [*facts.own(task, period, now), *material.receipts], now)
        yield task, period, own, list(_tables(county, ledger, task, period, material, as_of))


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
    """The receipts that a period's workbooks rest on: its own, and what other tasks had received by its moment."""

    def __init__(self, county: County, receipts: Iterable[Receipt]) -> None:
        self._county = county
        self._own: dict[tuple[str | None, str | None], list[Receipt]] = {}
        self._accepted: dict[str | None, dict[str | None, list[Receipt]]] = {}
        for receipt in receipts:
            self._own.setdefault((receipt.task, receipt.period), []).append(receipt)
            if receipt.outcome is Outcome.ACCEPTED:
                self._accepted.setdefault(receipt.form, {}).setdefault(receipt.unit, []).append(receipt)

    def own(self, task: Task, period: Period, now: dt.datetime) -> list[Receipt]:
        """What came for the period itself."""
        return [r for r in self._own.get((task.name, period.name), ()) if r.arrived_at <= now]

    def material(self, task: Task, period: Period, states: Sequence[UnitState], now: dt.datetime) -> Material:
        """All that the period's workbooks show, at a moment."""
        horizon = _horizon(period, self.own(task, period, now), now)
        before = (self._before(task, period, state, horizon) for state in states)
        return Material(
            states=tuple(states),
            beside=tuple(self._beside(task, horizon)),
            before=tuple(found for found in before if found),
            history=tuple(self._history(task, horizon)),
        )

    def _beside(self, task: Task, horizon: dt.datetime) -> Iterator[Receipt]:
        """Each unit's newest return of every other form the task draws on, and of the contacts."""
        for form in sorted(self._county.beside(task) | {CONTACTS}):
            for own in self._accepted.get(form, {}).values():
                came = [r for r in own if r.arrived_at <= horizon and (r.task != task.name or form == CONTACTS)]
                if came:
                    yield max(came, key=_arrival)

    def _history(self, task: Task, horizon: dt.datetime) -> Iterator[Receipt]:
        """Every acceptable return of the forms that the task's dockets are made of."""
        dockets = [docket for docket in self._county.dockets.values() if docket.task == task.name]
        for form in sorted({form for docket in dockets for form in docket.sources}):
            for own in self._accepted.get(form, {}).values():
                yield from (r for r in own if r.arrived_at <= horizon)

    def _before(self, task: Task, period: Period, state: UnitState, horizon: dt.datetime) -> Receipt | None:
        """The unit's last return of the form before this period; on demand, the one before the newest."""
        earlier = [
            r
            for r in self._accepted.get(task.rules.form, {}).get(state.unit, ())
            if r.arrived_at <= horizon
            and (period.due_at is None or (r.period or "") < period.name)
            and not (state.counts and r.seq >= state.counts.seq)
        ]
        return max(earlier, key=lambda r: (r.period or "", *_arrival(r)), default=None)


def _arrival(receipt: Receipt) -> tuple[dt.datetime, int]:
    return receipt.arrived_at, receipt.seq


def _horizon(period: Period, own: Sequence[Receipt], now: dt.datetime) -> dt.datetime:
    """Until when news of other tasks still changes this period: its due moment, or its own last return."""
    if period.due_at is None:
        return now
    return min(now, max([period.due_at, *(receipt.arrived_at for receipt in own)]))


def _as_of(county: County, task: Task, period: Period, facts: Sequence[Receipt], now: dt.datetime) -> dt.datetime:
    """When what is shown last changed: nothing new means the same bytes. What a docket shows ages by the day."""
    begun = dt.datetime.combine(period.begins, dt.time(), CHINA)
    moments = [begun, *(receipt.arrived_at for receipt in facts)]
    if period.is_due(now):
        assert period.due_at
        moments.append(period.due_at)
    if any(docket.task == task.name for docket in county.dockets.values()):
        moments.append(dt.datetime.combine(now.astimezone(CHINA).date(), dt.time(), CHINA))
    return min(now, max(moments))


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
    begun = [_as_of(county, task, period, [], now) for task, period, _ in _periods(county, states, now)]
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
    material = facts.material(task, period, states, as_of)
    resting = [*facts.own(task, period, as_of), *material.receipts]
    shown_as_of = _as_of(county, task, period, resting, as_of)
    yield from write_period(workspace, county, ledger, task, period, material, shown_as_of, folder)
