"""From the ledger to the outbox: the official workbooks of every period that changed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xmreport import __version__
from xmreport.ledger import Ledger
from xmreport.ledger.states import unit_states
from xmreport.model.dates import CHINA
from xmreport.model.events import Published
from xmreport.model.receipts import Outcome, Receipt, UnitState
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.schedule import Period
from xmreport.workspace import Workspace

if TYPE_CHECKING:  # pandas is slow to import, and a pass that finds nothing new needs none
    from xmreport.model.sheets import WorkbookData

CONTACTS = "联络人名单"
OVERVIEW = "总览"
BESIDE = "+beside"
"""Behind the mark of what was written beside a workbook that somebody had open."""


def publish(
    workspace: Workspace,
    county: County,
    ledger: Ledger,
    receipts: Sequence[Receipt],
    now: dt.datetime,
) -> Iterator[Published]:
    """Write the workbooks of every period whose facts changed since they were last written, and the overview."""
    states = unit_states(county, receipts, now)
    look = _templates_digest(workspace.templates)
    changed = False
    for task, period, own in _periods(county, states, now):
        folder = workspace.outbox / county.key / task.name / period.name
        facts = _facts(county, task, period, receipts, now)
        mark = _fingerprint(county.digest, look, map(_told, own), facts)
        shown = workspace.shown(folder)
        if _current(ledger.published(shown), mark, folder):
            continue
        as_of = _as_of(period, facts, now)
        beside = False
        written: list[str] = []
        for event in write_period(workspace, county, ledger, task, period, own, receipts, as_of, folder):
            changed = True
            beside = beside or bool(event.note)
            written.append(event.path.rsplit("/", 1)[-1])
            yield event
        ledger.note_published(shown, "/".join([mark + BESIDE if beside else mark, *written]))
    yield from _overview(workspace, county, ledger, states, receipts, look, now, changed=changed)


def write_period(
    workspace: Workspace,
    county: County,
    ledger: Ledger,
    task: Task,
    period: Period,
    states: Sequence[UnitState],
    receipts: Sequence[Receipt],
    as_of: dt.datetime,
    folder: Path,
) -> Iterator[Published]:
    """All workbooks of one period, from the ledger alone."""
    from xmreport.tables.build import build_period

    needed = _rows_needed(county, task, period, states, receipts, as_of)
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


def _facts(county: County, task: Task, period: Period, receipts: Sequence[Receipt], now: dt.datetime) -> list[Receipt]:
    """The receipts that this period's workbooks rest on: its own, the register's and the contacts' at its moment."""
    own = [r for r in receipts if (r.task, r.period) == (task.name, period.name) and r.arrived_at <= now]
    horizon = _horizon(period, own, now)
    side = {
        other.name for other in county.tasks.values() if other.rules.schedule.kind == "on_demand" and other is not task
    }
    return own + [
        r
        for r in receipts
        if r.outcome is Outcome.ACCEPTED and r.arrived_at <= horizon and (r.task in side or r.form == CONTACTS)
    ]


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
    county: County,
    task: Task,
    period: Period,
    states: Sequence[UnitState],
    receipts: Sequence[Receipt],
    as_of: dt.datetime,
) -> list[Receipt]:
    """The receipts whose rows the workbooks of a period show."""
    own = [state.counts for state in states if state.counts]
    seqs = {receipt.seq for receipt in own}
    others = [r for r in _facts(county, task, period, receipts, as_of) if r.outcome is Outcome.ACCEPTED]
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


def _templates_digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(folder.glob("*.xlsx")):
        if not path.name.startswith("~$"):
            whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def _overview(
    workspace: Workspace,
    county: County,
    ledger: Ledger,
    states: Sequence[UnitState],
    receipts: Sequence[Receipt],
    look: str,
    now: dt.datetime,
    *,
    changed: bool,
) -> Iterator[Published]:
    folder = workspace.outbox / county.key
    target = folder / f"{OVERVIEW}.xlsx"
    shown = workspace.shown(target)
    mark = _fingerprint(county.digest, look, map(_told, states), receipts)
    if not changed and ledger.published(shown) == mark and target.is_file():
        return
    from xmreport.tables.overview import overview

    written = {
        (task.name, period.name): sorted(path.name for path in (folder / task.name / period.name).glob("*.xlsx"))
        for task in county.tasks.values()
        for period in task.periods
        if period.has_begun(now)
    }
    begun = [_as_of(period, [], now) for _, period, _ in _periods(county, states, now)]
    as_of = min(now, max([*begun, *(receipt.arrived_at for receipt in receipts)], default=now))
    yield _write(workspace, overview(county, states, written, receipts, as_of), as_of, folder)
    ledger.note_published(shown, mark)


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
    shown_as_of = _as_of(period, _facts(county, task, period, receipts, as_of), as_of)
    yield from write_period(workspace, county, ledger, task, period, states, receipts, shown_as_of, folder)
