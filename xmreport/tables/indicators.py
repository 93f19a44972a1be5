"""Indicators: counts, sums and quotients over a form's rows, for the county and by unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from xmreport.model.submission import Row
from xmreport.rulebook.book import Indicator
from xmreport.rulebook.columns import columns_of, readable
from xmreport.rulebook.conditions import Condition
from xmreport.rulebook.form import Form

IN_UNIT = {"亿元": 10_000.0}
"""万元 in one of these."""


@dataclass(frozen=True, slots=True)
class Figure:
    """An indicator's figure: `over` is None where it is no quotient."""

    part: float
    over: float | None = None

    @property
    def value(self) -> float | None:
        """The unrounded figure; None for a quotient over nothing."""
        if self.over is None:
            return self.part
        return self.part / self.over if self.over else None


def figure(indicator: Indicator, form: Form, rows: Sequence[Row], units: Sequence[str]) -> Figure:
    """Work an indicator out over rows.

    Args:
        indicator: what to count or add up, and over what.
        form: the form the rows are of.
        rows: the rows that count.
        units: the reporting unit of each row.
    """
    rules = indicator.rules
    if indicator.each is not None:
        part = float(len(_all_procedures(indicator.each, form, rows, units)))
    elif rules.count:
        part = float(_count(rules.count, indicator.condition, form, rows, units))
    else:
        part = _total(rules.total or "", indicator.condition, form, rows, units)
    if rules.over is None:
        return Figure(round(part / IN_UNIT.get(rules.unit, 1), 8))
    if rules.over in {"项目", "手续"}:
        return Figure(part, float(_count(rules.over, indicator.over_condition, form, rows, units)))
    return Figure(part, _total(rules.over, indicator.over_condition, form, rows, units))


def _count(table: str, condition: Condition | None, form: Form, rows: Sequence[Row], units: Sequence[str]) -> int:
    """Lines that meet a condition; of the procedures only those that the county requires."""
    columns = columns_of(form, rows, table, units)
    held = condition.evaluate(columns.values) if condition else [True] * len(columns.places)
    required = {None, *form.procedures}
    return sum(truth is True and place[1] in required for truth, place in zip(held, columns.places, strict=True))


def _total(field: str, condition: Condition | None, form: Form, rows: Sequence[Row], units: Sequence[str]) -> float:
    columns = columns_of(form, rows, "项目", units)
    held = condition.evaluate(columns.values) if condition else [True] * len(rows)
    values = [readable(cell) for truth, cell in zip(held, columns.values[field], strict=True) if truth is True]
    return round(math.fsum(value for value in values if isinstance(value, int | float)), 6)


def _all_procedures(condition: Condition, form: Form, rows: Sequence[Row], units: Sequence[str]) -> list[int]:
    """The rows each of whose required procedures meets a condition."""
    columns = columns_of(form, rows, "手续", units)
    met: dict[int, bool] = {}
    for truth, (index, procedure) in zip(condition.evaluate(columns.values), columns.places, strict=True):
        if procedure in form.procedures:
            met[index] = met.get(index, True) and truth is True
    return [index for index, whole in met.items() if whole]
