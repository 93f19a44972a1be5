"""From the ledger to the outbox: the official workbooks of every period that changed."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from xmreport import __version__
from xmreport.editions import keep_rules
from xmreport.facts import Facts, Shown, begun, is_loose, period_tables
from xmreport.ledger import Ledger
from xmreport.ledger.received import received
from xmreport.ledger.states import unit_states
from xmreport.model.dates import china_day
from xmreport.model.events import Published
from xmreport.model.outbox import OVERVIEW
from xmreport.model.receipts import Outcome, Receipt, UnitState
from xmreport.model.trouble import Trouble
from xmreport.notes import HALF_WRITTEN, Note, stands
from xmreport.past import Past
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.schedule import Period
from xmreport.tally import Tally
from xmreport.workspace import Workspace

if TYPE_CHECKING:  # whoever finds nothing new builds no tables
    from xmreport.model.sheets import WorkbookData


class _Turn(Struct, frozen=True):
    """Everything that what is published depends on: it can only change where this does."""

    receipts: int
    ahead: int
    begun: int
    due: int
    day: dt.date | None
    """Where something changes with the day alone."""
    templates: tuple[tuple[str, int, int], ...]

    def mark(self, county: County, last: int) -> str:
        return hashlib.sha256(repr((__version__, county.digest, last, self)).encode()).hexdigest()


class Publisher:
    """Keeps one county's part of the outbox up to date."""

    def __init__(self, workspace: Workspace, county: County, ledger: Ledger) -> None:
        self.workspace = workspace
        self.county = county
        self.ledger = ledger
        self._folder = workspace.outbox / county.key
        self._facts = Facts(county)
        self._taken = 0
        self._states: dict[str, list[UnitState]] = {}
        self._templates: tuple[tuple[tuple[str, int, int], ...], str] = ((), "")
        self._done: _Turn | None = None
        """What everything was last found to be up to date with: while that holds, only the files are looked for."""
        self._files: dict[Path, list[Path]] = {}

    def publish(self, past: Past, now: dt.datetime) -> Iterator[Published]:
        """Write the workbooks of every period whose facts changed since they were last written, and the overview.

        One that cannot be written does not hold up the others.

        Raises:
            Trouble, OSError: the first reason why not all is written.
        """
        turn = self._turn(past, now)
        what, mark = f"{self.workspace.shown(self._folder)}/*", turn.mark(self.county, past.last)
        if self._done is None and self.ledger.noted(what) == mark:
            self._look_for_files(now)
            keep_rules(self.workspace, self.county, self.ledger)
            self._done = turn
        whole = all(stands(path) for paths in self._files.values() for path in paths)
        if turn == self._done and whole:
            return
        self.ledger.note(what, HALF_WRITTEN)
        receipts = past.receipts
        news = self._news(receipts, turn) if whole else None
        self._done = None
        held: list[Trouble | OSError] = []
        beside = yield from self._write_changed(receipts, now, news, held)
        if held:
            raise held[0]
        keep_rules(self.workspace, self.county, self.ledger)
        if not beside:
            self._done = turn
            self.ledger.note(what, mark)

    def _turn(self, past: Past, now: dt.datetime) -> _Turn:
        tasks = self.county.tasks.values()
        periods = [period for task in tasks for period in task.periods if period.has_begun(now)]
        ages = any(self._facts.ages(task) or task.rules.schedule.kind == "on_demand" for task in tasks)
        return _Turn(
            past.count,
            past.ahead(now),
            len(periods),
            sum(period.is_due(now) for period in periods),
            china_day(now) if ages else None,
            _templates_stamp(self.workspace.templates),
        )

    def _look_for_files(self, now: dt.datetime) -> None:
        """What an earlier process wrote has to be there."""
        for task in self.county.tasks.values():
            for period in task.periods:
                if period.has_begun(now):
                    self._keep_in_sight(self._folder / task.name / period.name, self._folder / task.name / period.name)
        self._keep_in_sight(self._folder / f"{OVERVIEW}.xlsx", self._folder)

    def _news(self, receipts: Sequence[Receipt], turn: _Turn) -> Sequence[Receipt] | None:
        """What was received since all was up to date, where nothing else changed; None: all has to be looked at."""
        if self._done is None or not self._states or turn.receipts <= self._done.receipts:
            return None
        if replace(turn, receipts=0) != replace(self._done, receipts=0):
            return None
        news = receipts[self._done.receipts :]
        return None if any(map(is_loose, news)) else news

    def _gather(self, receipts: Sequence[Receipt], now: dt.datetime, news: Sequence[Receipt] | None) -> None:
        """Facts and states as they are now."""
        if news is None:
            self._facts, self._taken, self._files = Facts(self.county, receipts), len(receipts), {}
            self._states = {task.name: self._facts.states(task, now) for task in self.county.tasks.values()}
            return
        self._facts.add(receipts[self._taken :])
        self._taken = len(receipts)
        for name in {receipt.task for receipt in news if receipt.task in self._states}:
            assert name
            self._states[name] = self._facts.states(self.county.tasks[name], now)

    def _touched(self, task: Task, period: Period, news: Sequence[Receipt], now: dt.datetime) -> bool:
        """Whether what was just received may stand in a period's workbooks; a task's totals run on to later periods."""
        forms, horizon = self._facts.forms(task), self._facts.horizon(task, period, now)
        return any(
            (r.task == task.name and (period.due_at is None or (r.period or "") <= period.name))
            or (r.outcome is Outcome.ACCEPTED and r.form in forms and r.arrived_at <= horizon)
            for r in news
        )

    def _write_changed(
        self,
        receipts: Sequence[Receipt],
        now: dt.datetime,
        news: Sequence[Receipt] | None,
        held: list[Trouble | OSError],
    ) -> Generator[Published, None, bool]:
        """True where something stands beside a workbook that somebody has open."""
        self._gather(receipts, now, news)
        states = [state for task in self.county.tasks for state in self._states[task]]
        look, facts = self._look(), self._facts
        changed = beside = False
        for task, period, own in begun(self.county, states, now):
            if news is not None and not self._touched(task, period, news, now):
                continue
            folder = self._folder / task.name / period.name
            shown = facts.shown(task, period, own, now)
            told = [*map(_text_of, own), shown.as_of.isoformat()]
            mark = _fingerprint(self.county.digest, look, told, shown.resting)
            if not self._note(folder).shows(mark, folder):
                made = _write_period(self.workspace, self.county, self.ledger, shown, folder)
                try:
                    yield from self._noted(folder, folder, mark, made)
                    changed = True
                except (Trouble, OSError) as trouble:
                    held.append(trouble)
            beside = self._keep_in_sight(folder, folder) or beside
        target = self._folder / f"{OVERVIEW}.xlsx"
        receipts = [receipt for receipt in receipts if receipt.outcome is not Outcome.IGNORED]
        mark = _fingerprint(self.county.digest, look, map(_text_of, states), receipts)
        if changed or not self._note(target).shows(mark, self._folder):
            made = self._overview(states, receipts, now)
            try:
                yield from self._noted(target, self._folder, mark, made)
            except (Trouble, OSError) as trouble:
                held.append(trouble)
        return self._keep_in_sight(target, self._folder) or beside

    def _look(self) -> str:
        """What the templates hold: read again only where their files have changed."""
        stamp = _templates_stamp(self.workspace.templates)
        if stamp != self._templates[0]:
            self._templates = (stamp, _templates_digest(self.workspace.templates))
        return self._templates[1]

    def _overview(
        self, states: Sequence[UnitState], receipts: Sequence[Receipt], now: dt.datetime
    ) -> Iterator[Published]:
        from xmreport.tables.overview import overview

        periods = [(task, period) for task, period, _ in begun(self.county, states, now)]
        written = {
            (task.name, period.name): sorted(
                path.name for path in (self._folder / task.name / period.name).glob("*.xlsx")
            )
            for task, period in periods
        }
        moments = [self._facts.as_of(task, period, [], now) for task, period in periods]
        as_of = min(now, max([*moments, *(receipt.arrived_at for receipt in receipts)], default=now))
        yield _write(self.workspace, overview(self.county, states, written, receipts, as_of), as_of, self._folder)

    def _noted(self, what: Path, folder: Path, mark: str, made: Iterable[Published]) -> Iterator[Published]:
        """Pass on what is written, then note it, and take away what was written before and is no longer.

        Such is a workbook by a name that the rules no longer give it, or what stood beside one that is closed by now.
        What cannot be removed stays, and is tried again with the next news.
        """
        before = self._note(what)
        self._keep(what, replace(before, mark=HALF_WRITTEN))
        written: list[str] = []
        beside = False
        for event in made:
            written.append(event.path.rsplit("/", 1)[-1])
            beside = beside or event.note is not None
            yield replace(event, note=f"{event.note}关闭原文件后，下次会自动更新。") if event.note else event
        kept = {name.casefold() for name in written}
        former = [name for name in before.files if name.casefold() not in kept]
        if not beside:
            former = [name for name in former if not _taken_away(folder / name)]
        self._keep(what, Note(mark, (*written, *former), beside))

    def _note(self, what: Path) -> Note:
        return Note.parse(self.ledger.noted(self.workspace.shown(what)))

    def _keep(self, what: Path, note: Note) -> None:
        self.ledger.note(self.workspace.shown(what), note.text)

    def _keep_in_sight(self, what: Path, folder: Path) -> bool:
        """These files have to be there; True where they are not all under their own names."""
        note = self._note(what)
        self._files[what] = [folder / name for name in note.files]
        return note.beside


def _taken_away(path: Path) -> bool:
    """Whether a workbook is gone; one that somebody has open may stay."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _write_period(
    workspace: Workspace, county: County, ledger: Ledger, shown: Shown, folder: Path
) -> Iterator[Published]:
    """All workbooks of one period, from the ledger alone."""
    for data in period_tables(county, ledger, shown):
        yield _write(workspace, data, shown.as_of, folder)


def _write(workspace: Workspace, data: WorkbookData, as_of: dt.datetime, folder: Path) -> Published:
    from xmreport.workbooks.delivery import deliver
    from xmreport.workbooks.official import build

    delivered = deliver(build(data, workspace.templates, as_of), folder / data.file)
    return Published(workspace.shown(delivered.path), delivered.note or None)


def _text_of(state: UnitState) -> str:
    """Everything a table shows of a state, as one text."""
    due, arrived = (moment.isoformat() if moment else "" for moment in (state.due_at, state.arrived_at))
    shown = (state.task, state.period, due, state.unit, state.state, arrived, state.late_by_s, state.reason)
    return repr((*shown, state.late_total, state.missing_total, state.version, state.counts and state.counts.seq))


def _fingerprint(digest: str, look: str, states: Iterable[str], facts: Iterable[Receipt]) -> str:
    parts = [__version__, digest, look, *states, *(f"{fact.seq}" for fact in facts)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _templates(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every template under the name it is asked for by, those for the level above in their folder included."""
    for path in sorted(folder.rglob("*.xlsx")):
        if not path.name.startswith("~$"):
            yield path.relative_to(folder).as_posix(), path


def _templates_stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Tells that a template was changed without reading it."""
    named = ((name, path.stat()) for name, path in _templates(folder))
    return tuple((name, status.st_size, status.st_mtime_ns) for name, status in named)


def _templates_digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for name, path in _templates(folder):
        whole.update(name.encode() + path.read_bytes())
    return whole.hexdigest()


@contextmanager
def held_up(county: County, tally: Tally, tell: Callable[[str, Exception | None], None]) -> Iterator[None]:
    """What keeps a county's tables from being complete is counted and told, and ends nothing else.

    `tell` gets a sentence, and the error where it is a fault of ours.
    """
    try:
        yield
    except (Trouble, OSError, sqlite3.OperationalError) as trouble:
        tally.troubles += 1
        tell(f"{county.name}的表没有出完，下次再出：{_why(trouble)}", None)
    except Exception as error:  # noqa: BLE001 - one county's tables must not stop another's
        tally.engine_faults += 1
        tell(f"{county.name}的表没有出完，是引擎自身出错。", error)


def _why(trouble: Exception) -> str:
    """A trouble in words; of the system's own, which speaks of the machine, what to look at."""
    if isinstance(trouble, OSError) and trouble.filename:
        return f"读写不了 {trouble.filename}（{trouble.strerror}）。请检查这个文件夹在不在、能不能读写、磁盘满没满。"
    return str(trouble)


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
    receipts = received(ledger, county, as_of)
    states = [
        state
        for state in unit_states(county, receipts, as_of)
        if (state.task, state.period) == (task.name, period.name)
    ]
    shown = Facts(county, receipts).shown(task, period, states, as_of)
    yield from _write_period(workspace, county, ledger, shown, folder)
