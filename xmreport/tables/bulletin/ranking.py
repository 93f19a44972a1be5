"""Who stands where: units ranked on timeliness and on progress, each category apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from xmreport.model.receipts import State, UnitState
from xmreport.rulebook.county import BulletinRules
from xmreport.tables.figures.breakdown import Breakdown
from xmreport.tables.figures.indicators import Figure, FormRows
from xmreport.tables.head import Occasion

Result = TypeVar("Result", float, tuple[int, int])

OTHERS = "其他单位"
"""Those that report and belong to no category that is ranked."""
_DIGITS = 12
"""Decimals to which figures are told apart: beyond them lies only how a computer adds."""


class Ranked(Struct, frozen=True):
    """One unit: what it is ranked on, and its rank; None where it is not ranked."""

    unit: str
    state: UnitState | None
    prompt: int | None
    own: Figure | None
    ahead: int | None


class Ranking(Struct, frozen=True):
    """One category, best first."""

    category: str
    standings: tuple[Ranked, ...]

    @property
    def states(self) -> list[UnitState]:
        return [each.state for each in self.standings if each.state]


def progress_of(occasion: Occasion, sources: Mapping[str, FormRows]) -> Breakdown | None:
    """How far the units are by the task's indicator; None where it names none, or its form has not been received."""
    rules = rules_of(occasion)
    if rules is None or rules.progress is None:
        return None
    indicator = occasion.county.indicators[rules.progress]
    source = sources.get(indicator.rules.form)
    if source is None or not source.received:
        return None
    target = next((each for each in occasion.county.targets if each.indicator == indicator.name), None)
    return Breakdown(occasion, indicator, source, target)


def rules_of(occasion: Occasion) -> BulletinRules | None:
    """What the county's rules say of this task's bulletin."""
    return occasion.county.file.bulletins.get(occasion.task.name)


def rankings(occasion: Occasion, states: Sequence[UnitState], progress: Breakdown | None) -> list[Ranking]:
    """Every category that is ranked, then the other reporting units, unranked: a unit alone ranks nowhere."""
    timed = occasion.period.due_at is not None
    by_name = {state.unit: state for state in states} if timed else {}
    members = [
        unit for unit in occasion.county.roster.names if unit in by_name or (progress and unit in progress.units)
    ]
    category_of = occasion.county.roster.category_of
    rules = rules_of(occasion)
    asked = rules.groups if rules else ()
    reporting = {category_of[unit] for unit in by_name or members}
    wanted = asked or [name for name in occasion.county.roster.categories if name in reporting]
    found = [
        _ranking(category, [unit for unit in members if category_of[unit] == category], by_name, progress)
        for category in wanted
    ]
    ranked = [each for each in found if len(each.standings) > 1]
    listed = {each.unit for ranking in ranked for each in ranking.standings}
    alone = (unit for unit in members if unit in by_name and unit not in listed)
    rest = tuple(Ranked(unit, by_name[unit], None, None, None) for unit in alone)
    return [*ranked, Ranking(OTHERS, rest)] if len(listed) + len(rest) > 1 and rest else ranked


def _ranking(
    category: str, members: Sequence[str], states: Mapping[str, UnitState], progress: Breakdown | None
) -> Ranking:
    figures = progress.units if progress else {}
    values = {unit: figures[unit].value for unit in members if unit in figures}
    ahead = ranks({unit: -round(value, _DIGITS) for unit, value in values.items() if value is not None})
    results = {unit: timeliness(states[unit]) for unit in members if unit in states}
    prompt = ranks({unit: result for unit, result in results.items() if result is not None})
    last = len(members) + 1
    ordered = sorted(members, key=lambda unit: (prompt.get(unit, last), ahead.get(unit, last)))
    return Ranking(
        category,
        tuple(Ranked(unit, states.get(unit), prompt.get(unit), figures.get(unit), ahead.get(unit)) for unit in ordered),
    )


def ranks(results: Mapping[str, Result]) -> dict[str, int]:
    """Each unit's rank, the least result first: equal results rank equal, and the next rank is left out (并列)."""
    first: dict[Result, int] = {}
    for place, result in enumerate(sorted(results.values()), 1):
        first.setdefault(result, place)
    return {unit: first[result] for unit, result in results.items()}


def timeliness(state: UnitState) -> tuple[int, int] | None:
    """按时 first, then 迟报 by the minutes that are printed, then 退回待改; None is not ranked."""
    match state.state:
        case State.ON_TIME | State.LATE | State.NIL:
            return (1, max(1, state.late_by_s // 60)) if state.late_by_s else (0, 0)
        case State.RETURNED:
            return 2, 0
        case State.MISSING | State.PENDING | State.EXEMPT:
            return None
