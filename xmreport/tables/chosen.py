"""The rows that a list draws from a form: those that meet its condition and are not seen elsewhere, in its order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from xmreport.model.dates import PartialDate
from xmreport.model.sheets import Content
from xmreport.model.submission import Value
from xmreport.rulebook.book import ListOf
from xmreport.rulebook.columns import Columns, columns_of, readable
from xmreport.rulebook.listing import DAYS_LEFT
from xmreport.rulebook.names import key_of
from xmreport.tables.given import given, report_day
from xmreport.tables.head import Occasion
from xmreport.tables.indicators import Source

Chosen = dict[str, Content]
"""One row of a list: field → value, 剩余天数 among them."""


def chosen(occasion: Occasion, sources: Mapping[str, Source], each: ListOf) -> list[Chosen]:
    """The rows of a list in its order, before they are printed; none while its form has not been received.

    Args:
        occasion: county, task, period and moment.
        sources: form → its rows at that moment.
        each: the list, of rows of a form.
    """
    source = sources.get(each.rules.form or "")
    if source is None:
        return []
    merged, dates, day = source.merged, given(occasion), report_day(occasion)
    columns = columns_of(merged.form, merged.rows, each.rules.table, merged.units)
    held = each.condition.evaluate(columns.values, dates) if each.condition else [True] * len(columns.places)
    seen = _seen(sources, each, columns, dates)
    found: list[Chosen] = []
    for line, truth in enumerate(held):
        if truth is True and not seen[line]:
            values: Chosen = {name: readable(cells[line]) for name, cells in columns.values.items()}
            values[DAYS_LEFT] = days_left(values.get(each.rules.due or ""), day)
            found.append(values)
    places = _places(found, each.rules.group)
    found.sort(key=lambda row: (places[row.get(each.rules.group or "")], *_rank(row.get(each.rules.sort or ""))))
    return found


def _seen(sources: Mapping[str, Source], each: ListOf, columns: Columns, dates: Mapping[str, Value]) -> Sequence[bool]:
    """Whether each line has its like among the other form's rows; a line that lacks a value to look by has none."""
    rules = each.rules.absent
    source = sources.get(rules.form) if rules else None
    if rules is None or source is None:
        return [False] * len(columns.places)
    other = columns_of(source.merged.form, source.merged.rows, "项目", source.merged.units)
    held = each.absent.evaluate(other.values, dates) if each.absent else [True] * len(other.places)
    keys = _keys(other, list(rules.match.values()))
    known = {key for key, truth in zip(keys, held, strict=True) if truth is True}
    return [None not in key and key in known for key in _keys(columns, list(rules.match))]


def _keys(columns: Columns, names: Sequence[str]) -> list[tuple[str | None, ...]]:
    """What each line is looked up by: texts as names are compared."""
    held = [columns.values[name] for name in names]
    return [tuple(_key(readable(cell)) for cell in cells) for cells in zip(*held, strict=True)]


def _key(value: Value) -> str | None:
    return None if value is None else key_of(str(value))


def _places(found: Sequence[Chosen], group: str | None) -> dict[Content, int]:
    """Groups keep the order in which they first appear: that of the form's procedures, or of the roster."""
    return {value: place for place, value in enumerate(dict.fromkeys(row.get(group or "") for row in found))}


def _rank(value: Content) -> tuple[int, float, str]:
    """Numbers by size and dates by their last day, what is blank at the end."""
    if isinstance(value, PartialDate):
        return 0, float(value.last.toordinal()), ""
    if isinstance(value, int | float):
        return 0, float(value), ""
    return (2, 0.0, "") if value is None else (1, 0.0, str(value))


def days_left(due: Content, today: dt.date) -> str | None:
    """`剩3天`, `今日到期`, `超期5天`; a month falls due with its last day."""
    if not isinstance(due, PartialDate):
        return None
    days = (due.last - today).days
    return f"剩{days}天" if days > 0 else "今日到期" if days == 0 else f"超期{-days}天"
