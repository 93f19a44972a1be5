"""The rulebook: every county's rules, resolved and checked against each other, ready to be asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from xmreport.rulebook.conditions import Condition
from xmreport.rulebook.county import CountyFile, IndicatorRules, ListRules, OfficeFile, TargetRules, TaskRules
from xmreport.rulebook.faults import RuleFault, RulesBroken
from xmreport.rulebook.form import Form
from xmreport.rulebook.roster import Roster
from xmreport.rulebook.schedule import Period


@dataclass(frozen=True)
class Task:
    """A duty with its periods worked out."""

    name: str
    rules: TaskRules
    periods: tuple[Period, ...]

    def period_named(self, name: str) -> Period | None:
        return next((period for period in self.periods if period.name == name), None)


@dataclass(frozen=True)
class Indicator:
    """An indicator with its conditions parsed."""

    name: str
    rules: IndicatorRules
    condition: Condition | None
    each: Condition | None
    over_condition: Condition | None


@dataclass(frozen=True)
class ListOf:
    """A list with its condition parsed."""

    rules: ListRules
    condition: Condition


@dataclass(frozen=True)
class County:
    """One county's rules, whole and consistent."""

    key: str
    """Its folder's name: guxian."""
    file: CountyFile
    roster: Roster
    forms: Mapping[str, Form]
    tasks: Mapping[str, Task]
    indicators: Mapping[str, Indicator]
    lists: tuple[ListOf, ...]
    digest: str
    """Hash of all the rules this county is judged under, its forms and the calendar included."""

    @property
    def name(self) -> str:
        return self.file.county

    @property
    def targets(self) -> tuple[TargetRules, ...]:
        return self.file.targets

    def reporters(self, task: Task, day: dt.date) -> tuple[str, ...]:
        """The units that owe a task on a day, in roster order: those of its categories and those it names."""
        named = set(task.rules.reporters)
        return tuple(
            unit.name
            for category, units in self.roster.categories.items()
            for unit in units
            if (category in named or unit.name in named) and unit.exists(day)
        )

    def exemption(self, task: str, unit: str, day: dt.date) -> str | None:
        """Why a unit need not report a task on a day, or None."""
        for exempt in self.file.exemptions:
            in_force = (exempt.since is None or exempt.since <= day) and day <= exempt.until
            if (exempt.unit, exempt.task) == (unit, task) and in_force:
                return f"{exempt.reason}（{exempt.approved}同意，至{exempt.until}）"
        return None


@dataclass(frozen=True)
class Rulebook:
    """All counties whose rules hold, and the faults of those whose rules do not."""

    counties: Mapping[str, County]
    office: OfficeFile
    faults: Mapping[str, tuple[RuleFault, ...]]
    """County key (or `forms`, `office`, `节假日`) → what is wrong there."""

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
