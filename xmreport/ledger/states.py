"""The state of every unit in every period at a moment: a view of the receipts, never stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import attrgetter

from msgspec.structs import replace

from xmreport.model.dates import CHINA, china_day
from xmreport.model.receipts import Outcome, Receipt, State, UnitState
from xmreport.model.text import file_name
from xmreport.rulebook.assignment import lateness
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.schedule import Period

RECEIVED = frozenset({Outcome.ACCEPTED, Outcome.RETURNED, Outcome.DUPLICATE})
"""What counts as an arrival; a quarantined file does not."""


def unit_states(county: County, receipts: Iterable[Receipt], as_of: dt.datetime) -> list[UnitState]:
    """Every unit of every period that has begun by a moment, in the order of tasks, periods and roster."""
    by_owner: dict[tuple[str | None, str | None, str | None], list[Receipt]] = {}
    loose: dict[str, list[Receipt]] = {}
    for receipt in receipts:
        if receipt.arrived_at > as_of or receipt.county != county.key or receipt.outcome is Outcome.IGNORED:
            continue
        if receipt.unit and (receipt.outcome is Outcome.QUARANTINED or receipt.period is None):
            loose.setdefault(receipt.unit, []).append(receipt)
        else:
            by_owner.setdefault((receipt.task, receipt.period, receipt.unit), []).append(receipt)
    found: list[UnitState] = []
    for task in county.tasks.values():
        late: dict[str, int] = {}
        missing: dict[str, int] = {}
        for period in task.periods:
            if not period.has_begun(as_of):
                break
            for unit in county.reporters(task, period.roster_day(china_day(as_of))):
                own = by_owner.get((task.name, period.name, unit), [])
                state = _state(county, task, period, unit, own, loose.get(unit, []), as_of)
                if state.late_by_s > 0 and state.state in {State.LATE, State.NIL}:
                    late[unit] = late.get(unit, 0) + 1
                elif state.state is State.MISSING:
                    missing[unit] = missing.get(unit, 0) + 1
                if unit in late or unit in missing:
                    state = replace(state, late_total=late.get(unit, 0), missing_total=missing.get(unit, 0))
                found.append(state)
    return found


def _state(
    county: County,
    task: Task,
    period: Period,
    unit: str,
    receipts: Sequence[Receipt],
    loose: Sequence[Receipt],
    as_of: dt.datetime,
) -> UnitState:
    accepted = [receipt for receipt in receipts if receipt.outcome is Outcome.ACCEPTED]
    made = partial(UnitState, county.key, task.name, period.name, period.due_at, unit, version=len(accepted))
    exempt = county.exemption(task.name, unit, period)
    if period.suspended and accepted:  # nobody had to report; what came all the same is merged
        counts, first = (choose(accepted, key=attrgetter("order")) for choose in (max, min))
        reason = _joined(f"{period.note}；报来的照样汇总", _handed_over(receipts))
        return made(State.EXEMPT, reason=reason, counts=counts, first=first)
    if period.suspended or (exempt and not accepted):
        return made(State.EXEMPT, reason=period.note if period.suspended else f"免报：{exempt}")
    returned = [receipt for receipt in receipts if receipt.outcome is Outcome.RETURNED]
    if accepted:
        return _accepted(made, task, period, receipts, accepted, returned)
    if returned:
        arrived = min(receipt.arrived_at for receipt in returned)
        faults = sum(finding.is_error for finding in returned[-1].findings)
        reason = _joined(f"退回待改：有 {faults} 处错误", _handed_over(receipts))
        return made(State.RETURNED, arrived_at=arrived, late_by_s=lateness(period, arrived), reason=reason)
    told = _waiting(task, period, loose) if loose else None
    if period.is_due(as_of):
        return made(State.MISSING, reason=told)
    return made(State.PENDING, reason=told or period.note or None)


def _waiting(task: Task, period: Period, loose: Sequence[Receipt]) -> str | None:
    """What came while this period was asked for, and could not be counted for any."""
    last = min(period.ends, dt.date.max - dt.timedelta(task.rules.owed_days)) + dt.timedelta(task.rules.owed_days)
    came = [receipt for receipt in loose if period.begins <= receipt.day <= last]
    if not came:
        return None
    name = file_name(came[-1].file)
    if came[-1].outcome is Outcome.RETURNED:
        return f"收到的“{name}”说不清是哪一期，已退回"
    return f"收到的“{name}”认不出或读不了，已隔离"


def _accepted(
    made: Callable[..., UnitState],
    task: Task,
    period: Period,
    receipts: Sequence[Receipt],
    accepted: Sequence[Receipt],
    returned: Sequence[Receipt],
) -> UnitState:
    counts = max(accepted, key=attrgetter("order"))
    arrivals = accepted if task.rules.timing == "首次合格" else [r for r in receipts if r.outcome in RECEIVED]
    arrived = min(receipt.arrived_at for receipt in arrivals)
    late = lateness(period, arrived)
    later = [r for r in returned if r.order > counts.order]
    reason = None
    if later:
        reason = f"第{len(accepted)}版有效；之后又报的一份不合格已退回"
    elif arrived < min(receipt.arrived_at for receipt in accepted):
        reason = "按首次报送时间计；曾退回，改后合格"
        if _names_another(min(arrivals, key=attrgetter("order"))):
            reason += "；首次报的表里写的是别的单位，是否算数请核对"
    name = State.NIL if counts.nil else State.LATE if late else State.ON_TIME
    reason = _joined(reason, _handed_over(receipts))
    first = min(accepted, key=attrgetter("order"))
    return made(name, arrived_at=arrived, late_by_s=late, reason=reason, counts=counts, first=first)


def _names_another(receipt: Receipt) -> bool:
    """Whether a file was returned because it names another unit: mistyped, or put into the wrong folder."""
    return any(finding.code == "S04" for finding in receipt.findings)


def _handed_over(receipts: Sequence[Receipt]) -> str | None:
    """That files came by other means than the inbox, when, and why: what a state rests on may be a person's word."""
    told = (
        f"{receipt.arrived_at.astimezone(CHINA):%m-%d %H:%M} 由其他途径交来（{receipt.handed_over}）"
        for receipt in receipts
        if receipt.handed_over
    )
    return "；".join(dict.fromkeys(told)) or None


def _joined(*parts: str | None) -> str | None:
    return "；".join(part for part in parts if part) or None
