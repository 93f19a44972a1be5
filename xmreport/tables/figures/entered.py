"""Figures that no form yields and an office enters: the newest row says what an indicator stands at."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

from xmreport.model.dates import PartialDate
from xmreport.model.submission import Row
from xmreport.rulebook.book import County
from xmreport.rulebook.columns import readable
from xmreport.rulebook.conditions.terms import words_of
from xmreport.rulebook.figures import IndicatorRules
from xmreport.rulebook.form import Form

RESPONSIBLE, MEASURE = "责任单位", "计量单位"
WHOLE = ""
"""The unit of a row that names none: the row is of the whole county."""
IN_WAN = {"元": 0.0001, "万元": 1.0, "亿元": 10_000.0}
"""万元 in one of these."""


class EnteredFigure(Struct, frozen=True):
    """One entered figure: as written, in which unit of measure, for which month, and who reported it."""

    figure: float
    measure: str
    when: PartialDate | None
    reporter: str


def newest_entries(
    form: Form, field: str, rows: Sequence[Row], units: Sequence[str], held: Sequence[bool]
) -> dict[str, EnteredFigure]:
    """Each unit's newest figure, and the whole county's; of one month the last row counts.

    Args:
        form: the form the rows are of.
        field: the column of the figure.
        rows: the rows that count.
        units: the reporting unit of each row.
        held: which of them meet the indicator's condition.
    """
    dated = _date_column(form)
    named = RESPONSIBLE in form.columns
    found: dict[str, EnteredFigure] = {}
    for row, reporter, counts in zip(rows, units, held, strict=True):
        number = readable(row.values.get(field))
        if not counts or not isinstance(number, int | float):
            continue
        unit = str(readable(row.values.get(RESPONSIBLE)) or WHOLE) if named else reporter
        when = readable(row.values.get(dated)) if dated else None
        entry = EnteredFigure(
            float(number),
            str(readable(row.values.get(MEASURE)) or ""),
            when if isinstance(when, PartialDate) else None,
            reporter,
        )
        if unit not in found or _day(entry) >= _day(found[unit]):
            found[unit] = entry
    return found


def entered_total(form: Form, rules: IndicatorRules, entries: Mapping[str, EnteredFigure]) -> float | None:
    """The county's own figure, else the units' together; None where none is entered."""
    if WHOLE in entries:
        return in_unit(form, rules, entries[WHOLE])
    if not entries:
        return None
    return round(math.fsum(in_unit(form, rules, entry) for entry in entries.values()), 8)


def looked_for(county: County, form: Form) -> tuple[str, ...]:
    """What the indicators that take their figures from a form look for in its name column."""
    conditions = (
        each.condition
        for each in county.indicators.values()
        if each.rules.form == form.name and each.rules.entered is not None and each.condition is not None
    )
    words = (word for condition in conditions for word in words_of(condition.root, form.file.name_column))
    return tuple(dict.fromkeys(words))


def in_unit(form: Form, rules: IndicatorRules, entry: EnteredFigure) -> float:
    """An entered figure in the indicator's unit: 6.5 of % is 0.065; money is in the form's unit, or in the row's."""
    if rules.unit == "%":
        return round(entry.figure / 100, 12)
    is_money = form.columns[rules.entered or ""].type == "金额"
    measure = form.file.money if is_money else entry.measure
    if measure in IN_WAN and rules.unit in IN_WAN:
        return round(entry.figure * IN_WAN[measure] / IN_WAN[rules.unit], 8)
    return entry.figure


def _date_column(form: Form) -> str | None:
    """The column that says what time a figure is of: a date of the key, else the form's first date."""
    ordered = (*form.file.key, *form.columns)
    return next((name for name in ordered if name in form.columns and form.columns[name].type == "日期"), None)


def _day(entry: EnteredFigure) -> dt.date:
    return entry.when.last if entry.when else dt.date.min
