"""What a period's workbooks rest on: its own receipts, and what other tasks had received by its moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from xmreport.ledger import Ledger
from xmreport.ledger.received import received, with_names_of_today
from xmreport.ledger.states import unit_states
from xmreport.model.dates import CHINA, china_day
from xmreport.model.receipts import Outcome, Receipt, UnitState
from xmreport.model.sheets import WorkbookData
from xmreport.model.submission import Row
from xmreport.rulebook.book import County, Docket, Task
from xmreport.rulebook.schedule import Period
from xmreport.tables.dockets.entry import DocketState
from xmreport.tables.material import CONTACTS, Material


class Shown(Struct, frozen=True):
    """One period as its workbooks show it at a moment."""

    task: Task
    period: Period
    material: Material
    resting: tuple[Receipt, ...]
    """All that it rests on: what came for the period itself, and its material."""
    as_of: dt.datetime
    """When what is shown last changed."""


class Facts:
    """One county's receipts as its periods ask for them; what has just been received is added."""

    def __init__(self, county: County, receipts: Iterable[Receipt] = ()) -> None:
        self.county = county
        self._own: dict[tuple[str | None, str | None], list[Receipt]] = {}
        self._accepted: dict[str | None, dict[str | None, list[Receipt]]] = {}
        self._loose: list[Receipt] = []
        self.add(receipts)

    def add(self, receipts: Iterable[Receipt]) -> None:
        for receipt in receipts:
            self._own.setdefault((receipt.task, receipt.period), []).append(receipt)
            if receipt.outcome is Outcome.ACCEPTED:
                self._accepted.setdefault(receipt.form, {}).setdefault(receipt.unit, []).append(receipt)
            if is_loose(receipt):
                self._loose.append(receipt)

    def states(self, task: Task, now: dt.datetime) -> list[UnitState]:
        """The state of every unit in every period of a task that has begun."""
        own = (receipt for period in task.periods for receipt in self._own.get((task.name, period.name), ()))
        return unit_states(replace(self.county, tasks={task.name: task}), [*own, *self._loose], now)

    def own(self, task: Task, period: Period, now: dt.datetime) -> list[Receipt]:
        """What came for the period itself."""
        return [r for r in self._own.get((task.name, period.name), ()) if r.arrived_at <= now]

    def shown(self, task: Task, period: Period, states: Sequence[UnitState], now: dt.datetime) -> Shown:
        """The period with the states of its units, as its workbooks show it now."""
        material = self.material(task, period, states, now)
        resting = (*self.own(task, period, now), *material.receipts)
        return Shown(task, period, material, resting, self.as_of(task, period, resting, now))

    def material(self, task: Task, period: Period, states: Sequence[UnitState], now: dt.datetime) -> Material:
        """All that the period's workbooks show, at a moment."""
        horizon = self.horizon(task, period, now)
        before = (self._before(task, period, state, horizon) for state in states)
        return Material(
            states=tuple(states),
            beside=tuple(self._beside(task, period, horizon)),
            before=tuple(found for found in before if found),
            history=tuple(self._history(task, period, horizon)),
        )

    def horizon(self, task: Task, period: Period, now: dt.datetime) -> dt.datetime:
        """Until when news of other tasks still changes this period: its due moment, or its own last return."""
        if period.due_at is None:
            return now
        return min(now, max([period.due_at, *(receipt.arrived_at for receipt in self.own(task, period, now))]))

    def forms(self, task: Task) -> frozenset[str | None]:
        """Every form whose returns may stand in the task's workbooks."""
        dockets = {form for docket in self._dockets(task) for form in docket.sources}
        return frozenset({task.rules.form, CONTACTS, *self.county.beside(task), *dockets})

    def as_of(self, task: Task, period: Period, facts: Iterable[Receipt], now: dt.datetime) -> dt.datetime:
        """When what is shown last changed: nothing new means the same bytes. An open docket ages by the day."""
        moments = [dt.datetime.combine(period.begins, dt.time(), CHINA), *(receipt.arrived_at for receipt in facts)]
        if period.is_due(now):
            assert period.due_at
            moments.append(period.due_at)
        elif self.ages(task):
            moments.append(dt.datetime.combine(china_day(now), dt.time(), CHINA))
        return min(now, max(moments))

    def ages(self, task: Task) -> bool:
        """Whether what a task shows changes with the day alone."""
        return any(docket.task == task.name for docket in self.county.dockets.values())

    def _dockets(self, task: Task) -> list[Docket]:
        """The dockets that a task writes, or draws on."""
        shown = self.county.beside(task) | {task.rules.form}
        return [each for each in self.county.dockets.values() if each.task == task.name or each.rules.form in shown]

    def _beside(self, task: Task, period: Period, horizon: dt.datetime) -> Iterator[Receipt]:
        """Each unit's return of its latest period of every other form the task draws on, and of the contacts."""
        for form in sorted(self.county.beside(task) | {CONTACTS}):
            for own in self._accepted.get(form, {}).values():
                others = (r for r in own if r.task != task.name or form == CONTACTS)
                came = [r for r in others if r.arrived_at <= horizon and not self._is_of_later(r, period)]
                if came:
                    yield max(came, key=self._recency)

    def _recency(self, receipt: Receipt) -> tuple[dt.date, dt.datetime, int]:
        """Which of a unit's returns is of the latest time: a late one of an earlier period is not."""
        day = self.county.last_day(receipt.task, receipt.period)
        return day or receipt.day, *receipt.order

    def _history(self, task: Task, period: Period, horizon: dt.datetime) -> Iterator[Receipt]:
        """Every acceptable return of the forms that the dockets it writes, or draws on, are made of."""
        dockets = self._dockets(task)
        pooled = {form for docket in dockets if docket.rules.leaves for form in docket.sources}
        for form in sorted({form for docket in dockets for form in docket.sources}):
            for own in self._accepted.get(form, {}).values():
                came = (receipt for receipt in own if receipt.arrived_at <= horizon)
                yield from (r for r in came if form not in pooled or not self._is_of_later(r, period))

    def _is_of_later(self, receipt: Receipt, period: Period) -> bool:
        """Whether what came after a period was due is of a later time, of which a period that a late return opens again
        knows nothing: what units held then, and what other tasks had then, stays.
        """
        if period.due_at is None or receipt.arrived_at <= period.due_at:
            return False
        return (self.county.last_day(receipt.task, receipt.period) or receipt.day) > period.ends

    def _before(self, task: Task, period: Period, state: UnitState, horizon: dt.datetime) -> Receipt | None:
        """The unit's last return of the form before this period; on demand, the one before the newest."""
        earlier = [
            r
            for r in self._accepted.get(task.rules.form, {}).get(state.unit, ())
            if r.arrived_at <= horizon
            and ((r.period or "") < period.name if period.due_at else not (state.counts and r.seq >= state.counts.seq))
        ]
        return max(earlier, key=lambda r: (r.period or "", *r.order), default=None)


def is_loose(receipt: Receipt) -> bool:
    """Whether a file could not be put down to a period: it may explain why a unit's return is missing from several."""
    return receipt.outcome is not Outcome.IGNORED and (receipt.outcome is Outcome.QUARANTINED or receipt.period is None)


def begun(
    county: County, states: Iterable[UnitState], now: dt.datetime
) -> Iterator[tuple[Task, Period, list[UnitState]]]:
    """Every period that has begun, with its units' states."""
    grouped: dict[tuple[str, str], list[UnitState]] = {}
    for state in states:
        grouped.setdefault((state.task, state.period), []).append(state)
    for task in county.tasks.values():
        for period in task.periods:
            if period.has_begun(now):
                yield task, period, grouped.get((task.name, period.name), [])


def period_tables(county: County, ledger: Ledger, shown: Shown) -> Iterator[WorkbookData]:
    """What the workbooks of one period hold."""
    from xmreport.tables.build import build_period

    rows = _rows(county, ledger, shown.material.receipts)
    return build_period(county, shown.task, shown.period, shown.material, rows, shown.as_of)


def all_tables(
    county: County, ledger: Ledger, now: dt.datetime
) -> Iterator[tuple[Task, Period, list[UnitState], list[WorkbookData]]]:
    """What the workbooks of every period that has begun hold under a county's rules; nothing is written."""
    receipts = received(ledger, county, now)
    facts = Facts(county, receipts)
    for task, period, own in begun(county, unit_states(county, receipts, now), now):
        yield task, period, own, list(period_tables(county, ledger, facts.shown(task, period, own, now)))


def all_dockets(county: County, ledger: Ledger, now: dt.datetime) -> Iterator[tuple[Docket, DocketState]]:
    """Every docket as it stands at a moment under a county's rules."""
    from xmreport.tables.dockets.entries import stand

    accepted = [each for each in received(ledger, county, now) if each.outcome is Outcome.ACCEPTED]
    for docket in county.dockets.values():
        history = [receipt for receipt in accepted if receipt.form in docket.sources]
        yield docket, stand(county, docket, history, _rows(county, ledger, history), now)


def _rows(county: County, ledger: Ledger, receipts: Iterable[Receipt]) -> dict[int, Sequence[Row]]:
    forms = {receipt.seq: receipt.form for receipt in receipts}
    return {seq: with_names_of_today(county, forms[seq], own) for seq, own in ledger.rows_of(forms).items()}
