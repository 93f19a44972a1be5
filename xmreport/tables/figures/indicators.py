"""Indicators: counts, sums, quotients and entered figures over a form's rows, for the county and by unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import compress

import pandas as pd
from msgspec import Struct
from msgspec.structs import replace

from xmreport.model.submission import Value
from xmreport.rulebook.book import Indicator
from xmreport.rulebook.conditions.evaluation import Condition
from xmreport.rulebook.form import REPORTER, Form
from xmreport.tables.figures.entered import IN_WAN, WHOLE, EnteredFigure, entered_total, newest_entries
from xmreport.tables.merged import Merged

UNNAMED = "（未写）"
"""Stands for the unit of a row that names none."""

Given = Mapping[str, Value]
"""The dates that conditions may name: see `tables.given`."""


class Figure(Struct, frozen=True):
    """An indicator's figure: `over` is None where it is no quotient, `part` where nothing was entered."""

    part: float | None
    over: float | None = None

    @property
    def value(self) -> float | None:
        """The unrounded figure; None for a quotient over nothing."""
        if self.over is None or self.part is None:
            return self.part
        return self.part / self.over if self.over else None


class FormRows(Struct, frozen=True, dict=True):
    """What an indicator is worked out from: a form's merged rows, and how they are called in 口径."""

    merged: Merged
    by: str
    """The field whose units break it down: 填报单位, or 责任单位 for a register that one office keeps."""
    note: str
    received: bool = True
    """Whether any return of the form is there, one without rows included."""

    @cached_property
    def owners(self) -> list[str]:
        """The unit that each row that counts is broken down to."""
        if self.by == REPORTER:
            return self.merged.units
        return [str(value or UNNAMED) for value in self.merged.column(self.by)]


def whole(indicator: Indicator, source: FormRows, given: Given) -> Figure:
    """The county's figure. Rates that units entered do not add up to one of the county: that has to be entered too."""
    if (
        indicator.rules.entered is not None
        and indicator.rules.unit == "%"
        and WHOLE not in entries(indicator, source, given)
    ):
        return Figure(None)
    return _figures(indicator, source, [WHOLE] * source.merged.height, given).get(WHOLE) or _nothing(indicator)


def entries(indicator: Indicator, source: FormRows, given: Given) -> dict[str, EnteredFigure]:
    """The rows that an entered figure is taken from: unit → its newest, the whole county's under `WHOLE`."""
    merged = source.merged
    held = merged.frame.held("项目", indicator.condition, given)
    return newest_entries(merged.form, indicator.rules.entered or "", merged.rows, merged.units, held)


def by_unit(indicator: Indicator, source: FormRows, given: Given) -> dict[str, Figure]:
    """Each unit's figure; a unit that has nothing in scope is left out."""
    return {
        unit: own
        for unit, own in _figures(indicator, source, source.owners, given).items()
        if own.part is not None
        and own.over != 0
        and not (unit == UNNAMED and indicator.rules.entered is not None)  # that one is of the county
    }


def other_reading(indicator: Indicator) -> Indicator | None:
    """The indicator as its 另一口径 reads it: what that leaves out stays as in the first reading."""
    if indicator.rules.other is None:
        return None
    return replace(
        indicator,
        condition=indicator.other_condition or indicator.condition,
        over_condition=indicator.other_over_condition or indicator.over_condition,
    )


def _figures(indicator: Indicator, source: FormRows, owners: Sequence[str], given: Given) -> dict[str, Figure]:
    """An indicator for each owner of rows, owners as they first appear: conditions are gone through once for all."""
    rules, merged = indicator.rules, source.merged
    names = list(dict.fromkeys(owners))
    if rules.entered is not None:
        totals = _entered(indicator, merged, owners, given)
        return {name: Figure(totals[name]) for name in names}
    if indicator.each is not None:
        parts = _counted(_all_procedures(indicator.each, merged, given), owners)
    elif rules.count:
        parts = _counted(_places(rules.count, indicator.condition, merged, given), owners)
    else:
        parts = _totals(rules.total or "", indicator.condition, merged, owners, given)
    if rules.over is None:
        scale = _scale(merged.form, rules.total, rules.unit)
        return {name: Figure(round(parts.get(name, 0.0) * scale, 8)) for name in names}
    if rules.over in {"项目", "手续"}:
        overs = _counted(_places(rules.over, indicator.over_condition, merged, given), owners)
    else:
        overs = _totals(rules.over, indicator.over_condition, merged, owners, given)
    return {name: Figure(parts.get(name, 0.0), overs.get(name, 0.0)) for name in names}


def _nothing(indicator: Indicator) -> Figure:
    """The figure of no rows."""
    if indicator.rules.entered is not None:
        return Figure(None)
    return Figure(0.0, None if indicator.rules.over is None else 0.0)


def _entered(indicator: Indicator, merged: Merged, owners: Sequence[str], given: Given) -> dict[str, float | None]:
    """What each owner's rows enter."""
    rules, form = indicator.rules, merged.form
    lines: dict[str, list[int]] = {}
    for at, owner in enumerate(owners):
        lines.setdefault(owner, []).append(at)
    held = merged.frame.held("项目", indicator.condition, given)
    found: dict[str, float | None] = {}
    for owner, own in lines.items():
        rows, units = [merged.rows[at] for at in own], [merged.units[at] for at in own]
        newest = newest_entries(form, rules.entered or "", rows, units, [held[at] for at in own])
        found[owner] = entered_total(form, rules, newest)
    return found


def _scale(form: Form, field: str | None, unit: str) -> float:
    """What a sum is multiplied by to stand in the indicator's unit: money is kept in the form's own."""
    if field is None or form.columns[field].type != "金额" or unit not in IN_WAN:
        return 1.0
    return IN_WAN[form.file.money] / IN_WAN[unit]


def _places(table: str, condition: Condition | None, merged: Merged, given: Given) -> Iterable[int]:
    """The row of each line that meets a condition; of the procedures only those that the county requires."""
    places = compress(merged.frame.columns(table).places, merged.frame.held(table, condition, given))
    required = {None, *merged.form.procedures}
    return (at for at, name in places if name in required)


def _all_procedures(condition: Condition, merged: Merged, given: Given) -> Iterable[int]:
    """The rows that have all their required procedures meet a condition."""
    held, places = merged.frame.held("手续", condition, given), merged.frame.columns("手续").places
    required = frozenset(merged.form.procedures)
    met: dict[int, bool] = {}
    for truth, (at, procedure) in zip(held, places, strict=True):
        if procedure in required:
            met[at] = met.get(at, True) and truth
    return (at for at, truth in met.items() if truth)


def _counted(places: Iterable[int], owners: Sequence[str]) -> dict[str, float]:
    """How many of these rows each owner has."""
    counts = pd.Series([owners[at] for at in places], dtype=object).value_counts(sort=False)
    return {str(owner): float(count) for owner, count in counts.items()}


def _totals(
    field: str, condition: Condition | None, merged: Merged, owners: Sequence[str], given: Given
) -> dict[str, float]:
    """The sum of a column over each owner's rows that meet a condition, exact to the last decimal that is written:
    pandas makes up for what floating-point addition loses.
    """
    held = merged.frame.held("项目", condition, given)
    counted = merged.figures[field][list(held)].dropna()
    by = pd.Index([owners[at] for at in counted.index], dtype=object)
    sums = counted.groupby(by, sort=False).sum().round(6)
    return {str(owner): float(total) for owner, total in sums.items()}
