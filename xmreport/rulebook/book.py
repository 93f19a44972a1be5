"""The rulebook: every county's rules, resolved and checked against each other, ready to be asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from xmreport.rulebook.calendar import Calendar
from xmreport.rulebook.conditions.evaluation import Condition
from xmreport.rulebook.county import CountyFile, OfficeFile, TaskRules
from xmreport.rulebook.docket import DocketRules, Entering
from xmreport.rulebook.figures import IndicatorRules, TargetRules
from xmreport.rulebook.files.faults import RuleFault, RulesBroken
from xmreport.rulebook.form import Form
from xmreport.rulebook.listing import ListRules
from xmreport.rulebook.roster import Roster
from xmreport.rulebook.schedule import Period


class Task(Struct, frozen=True, dict=True):
    """A duty with its periods worked out."""

    name: str
    rules: TaskRules
    periods: tuple[Period, ...]

    def period_named(self, name: str) -> Period | None:
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> Mapping[str, Period]:
        return {period.name: period for period in self.periods}


class Indicator(Struct, frozen=True):
    """An indicator with its conditions parsed."""

    name: str
    rules: IndicatorRules
    condition: Condition | None
    each: Condition | None
    over_condition: Condition | None
    other_condition: Condition | None = None
    other_over_condition: Condition | None = None


class ListOf(Struct, frozen=True):
    """A list with its conditions parsed."""

    rules: ListRules
    condition: Condition | None
    absent: Condition | None


class Opening(Struct, frozen=True):
    """What opens entries of a docket, with its condition parsed."""

    rules: Entering
    condition: Condition | None


class Docket(Struct, frozen=True):
    """A living ledger of matters with its conditions parsed, and the task on whose periods it is written."""

    name: str
    rules: DocketRules
    task: str
    openings: tuple[Opening, ...]
    closed: Condition | None

    @property
    def sources(self) -> frozenset[str]:
        """The forms whose rows it is made of."""
        return frozenset(opening.rules.form for opening in self.openings) | {self.rules.form}


class County(Struct, frozen=True, eq=False):
    """One county's rules, whole and consistent."""

    key: str
    """Its folder's name: guxian."""
    file: CountyFile
    roster: Roster
    forms: Mapping[str, Form]
    tasks: Mapping[str, Task]
    indicators: Mapping[str, Indicator]
    lists: tuple[ListOf, ...]
    dockets: Mapping[str, Docket]
    calendar: Calendar
    digest: str
    """Hash of all the rules this county is judged under, its forms and the calendar included."""

    @property
    def name(self) -> str:
        return self.file.county

    @property
    def targets(self) -> tuple[TargetRules, ...]:
        return self.file.targets

    def beside(self, task: Task) -> frozenset[str]:
        """The forms, besides a task's own, whose newest rows stand in that task's workbooks."""
        own = task.rules.form
        if own is None:
            return frozenset()
        found: set[str] = set()
        if any(indicator.rules.form == own for indicator in self.indicators.values()):
            found |= {indicator.rules.form for indicator in self.indicators.values()}
        bulletin = self.file.bulletins.get(task.name)
        if bulletin and bulletin.progress:
            found.add(self.indicators[bulletin.progress].rules.form)
        packs = {each.rules.workbook for each in self.lists if own in self.list_forms(each)}
        sent = {sheet.list_name for up in self.file.upward if up.task == task.name for sheet in up.sheets}
        for each in self.lists:
            if each.rules.workbook in packs or each.rules.name in sent:
                found |= set(self.list_forms(each))
        for docket in self.dockets.values():
            if docket.task == task.name:
                found |= docket.sources
        return frozenset(found - {own})

    def list_forms(self, each: ListOf) -> tuple[str, ...]:
        """The forms whose rows a list needs: its own, the one its rows are looked for in, its indicators'."""
        rules = each.rules
        forms = [rules.form, rules.absent and rules.absent.form]
        forms += [self.indicators[name].rules.form for name in rules.targets]
        return tuple(dict.fromkeys(form for form in forms if form))

    def reporters(self, task: Task, day: dt.date) -> tuple[str, ...]:
        """The units that owe a task on a day, in roster order: those of its categories and those it names."""
        named = set(task.rules.reporters)
        return tuple(
            unit.name
            for category, units in self.roster.categories.items()
            for unit in units
            if (category in named or unit.name in named) and unit.exists(day)
        )

    def owes(self, task: Task, unit: str, day: dt.date) -> bool:
        """Whether a unit owes a task on a day: as `reporters` says, without going through the roster."""
        found = self.roster.by_name.get(unit)
        return found is not None and found.exists(day) and self.is_reporter(task, unit)

    def is_reporter(self, task: Task, unit: str) -> bool:
        """Whether a task names a unit of the roster, by itself or by its category, whenever it exists."""
        return unit in task.rules.reporters or self.roster.category_of[unit] in task.rules.reporters

    def last_day(self, task: str | None, period: str | None) -> dt.date | None:
        """The last day of a period by its name; None on demand, and where the rules know it no more."""
        rules = self.tasks.get(task or "")
        found = rules.period_named(period or "") if rules else None
        return found.ends if found and found.due_at else None

    def exemption(self, task: str, unit: str, period: Period) -> str | None:
        """Why a unit need not report a period, or None: the day by which the period is named decides."""
        for exempt in self.file.exemptions:
            if (exempt.unit, exempt.task) == (unit, task):
                day = dt.date.fromisoformat(period.name)
                if (exempt.since is None or exempt.since <= day) and day <= exempt.until:
                    return f"{exempt.reason}（{exempt.approved}同意，至{exempt.until}）"
        return None


_SHARED = frozenset({"forms", "office", "节假日"})
"""Rule files that are no county's own."""


class Rulebook(Struct, frozen=True):
    """All counties whose rules hold, and the faults of those whose rules do not."""

    counties: Mapping[str, County]
    office: OfficeFile
    faults: Mapping[str, tuple[RuleFault, ...]]
    """County key (or `forms`, `office`, `节假日`) → what is wrong there."""

    @property
    def keys(self) -> list[str]:
        """Every county that has rules, whether they hold or not."""
        return [*self.counties, *(key for key in self.faults if key not in _SHARED)]

    @property
    def all_faults(self) -> tuple[RuleFault, ...]:
        """Every fault once, however many counties it touches."""
        return tuple(dict.fromkeys(fault for faults in self.faults.values() for fault in faults))

    def county(self, key: str) -> County:
        """The county of a key.

        Raises:
            RulesBroken: its rules hold faults.
            KeyError: there is no such county.
        """
        if key in self.counties:
            return self.counties[key]
        raise RulesBroken(self.faults[key])
