"""Indicators: counts, sums, quotients and entered figures over a form's rows, for the county and by unit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from xmreport.model.submission import Row, Value
from xmreport.rulebook.book import Indicator
from xmreport.rulebook.columns import columns_of, readable
from xmreport.rulebook.conditions import Condition
from xmreport.rulebook.form import Form
from xmreport.tables.entered import IN_WAN, WHOLE, Entry, entered_total, newest_entries
from xmreport.tables.merged import Merged

REPORTER = "填报单位"
UNNAMED = "（未写）"
"""Stands for the unit of a row that names none."""

Given = Mapping[str, Value]
"""The dates that conditions may name: see `tables.given`."""


@dataclass(frozen=True, slots=True)
class Figure:
    """An indicator's figure: `over` is None where it is no quotient, `part` where nothing was entered."""

    part: float | None
    over: float | None = None

    @property
    def value(self) -> float | None:
        """The unrounded figure; None for a quotient over nothing."""
        if self.over is None or self.part is None:
            return self.part
        return self.part / self.over if self.over else None


@dataclass(frozen=True)
class Source:
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
        return [str(readable(row.values.get(self.by)) or UNNAMED) for row in self.merged.rows]

    def narrowed(self, unit: str) -> tuple[list[Row], list[str]]:
        """The rows of one unit, and who reported each of them."""
        held = zip(self.merged.rows, self.merged.units, self.owners, strict=True)
        own = [(row, reporter) for row, reporter, owner in held if owner == unit]
        return [row for row, _ in own], [reporter for _, reporter in own]


def whole(indicator: Indicator, source: Source, given: Given) -> Figure:
    """The county's figure. Rates that units entered do not add up to one of the county: that has to be entered too."""
    if (
        indicator.rules.entered is not None
        and indicator.rules.unit == "%"
        and WHOLE not in entries(indicator, source, given)
    ):
        return Figure(None)
    return figure(indicator, source.merged.form, source.merged.rows, source.merged.units, given)


def entries(indicator: Indicator, source: Source, given: Given) -> dict[str, Entry]:
    """The rows that an entered figure is taken from: unit → its newest, the whole county's under `WHOLE`."""
    form, rows, units = source.merged.form, source.merged.rows, source.merged.units
    held = _held(indicator.condition, form, rows, units, given)
    return newest_entries(form, indicator.rules.entered or "", rows, units, held)


def by_unit(indicator: Indicator, source: Source, given: Given) -> dict[str, Figure]:
    """Each unit's figure; a unit that has nothing in scope is left out."""
    found: dict[str, Figure] = {}
    for unit in dict.fromkeys(source.owners):
        own = figure(indicator, source.merged.form, *source.narrowed(unit), given)
        of_county = unit == UNNAMED and indicator.rules.entered is not None
        if own.part is not None and own.over != 0 and not of_county:
            found[unit] = own
    return found


def other_reading(indicator: Indicator) -> Indicator | None:
    """The indicator as its 另一口径 reads it: what that leaves out stays as in the first reading."""
    if indicator.rules.other is None:
        return None
    return replace(
        indicator,
        condition=indicator.other_condition or indicator.condition,
        over_condition=indicator.other_over_condition or indicator.over_condition,
    )


def figure(indicator: Indicator, form: Form, rows: Sequence[Row], units: Sequence[str], given: Given) -> Figure:
    """Work an indicator out over rows.

    Args:
        indicator: what to count, add up or look up, and over what.
        form: the form the rows are of.
        rows: the rows that count.
        units: the reporting unit of each row.
        given: the dates that conditions may name.
    """
    rules = indicator.rules
    if rules.entered is not None:
        held = _held(indicator.condition, form, rows, units, given)
        return Figure(entered_total(form, rules, newest_entries(form, rules.entered, rows, units, held)))
    if indicator.each is not None:
        part = float(_all_procedures(indicator.each, form, rows, units, given))
    elif rules.count:
        part = float(_count(rules.count, indicator.condition, form, rows, units, given))
    else:
        part = _total(rules.total or "", indicator.condition, form, rows, units, given)
    if rules.over is None:
        return Figure(round(part * _scale(form, rules.total, rules.unit), 8))
    if rules.over in {"项目", "手续"}:
        return Figure(part, float(_count(rules.over, indicator.over_condition, form, rows, units, given)))
    return Figure(part, _total(rules.over, indicator.over_condition, form, rows, units, given))


def _scale(form: Form, field: str | None, unit: str) -> float:
    """What a sum is multiplied by to stand in the indicator's unit: money is kept in the form's own."""
    if field is None or form.columns[field].type != "金额" or unit not in IN_WAN:
        return 1.0
    return IN_WAN[form.file.money] / IN_WAN[unit]


def _held(
    condition: Condition | None, form: Form, rows: Sequence[Row], units: Sequence[str], given: Given
) -> list[bool]:
    """Whether each row meets a condition; what is unknown does not."""
    if condition is None:
        return [True] * len(rows)
    return [truth is True for truth in condition.evaluate(columns_of(form, rows, "项目", units).values, given)]


def _count(
    table: str, condition: Condition | None, form: Form, rows: Sequence[Row], units: Sequence[str], given: Given
) -> int:
    """Lines that meet a condition; of the procedures only those that the county requires."""
    columns = columns_of(form, rows, table, units)
    held = condition.evaluate(columns.values, given) if condition else [True] * len(columns.places)
    required = {None, *form.procedures}
    return sum(truth is True and place[1] in required for truth, place in zip(held, columns.places, strict=True))


def _total(
    field: str, condition: Condition | None, form: Form, rows: Sequence[Row], units: Sequence[str], given: Given
) -> float:
    held = _held(condition, form, rows, units, given)
    values = [readable(row.values.get(field)) for row, counts in zip(rows, held, strict=True) if counts]
    return round(math.fsum(value for value in values if isinstance(value, int | float)), 6)


def _all_procedures(condition: Condition, form: Form, rows: Sequence[Row], units: Sequence[str], given: Given) -> int:
    """How many rows have all their required procedures meet a condition."""
    columns = columns_of(form, rows, "手续", units)
    met: dict[int, bool] = {}
    for truth, (index, procedure) in zip(condition.evaluate(columns.values, given), columns.places, strict=True):
        if procedure in form.procedures:
            met[index] = met.get(index, True) and truth is True
    return sum(met.values())
