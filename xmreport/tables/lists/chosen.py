"""The rows that a list draws from a form: those that meet its condition and are not seen elsewhere, in its order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial

from msgspec import Struct

from xmreport.model.asked import AsAsked
from xmreport.model.dates import PartialDate
from xmreport.model.sheets import Content
from xmreport.model.submission import Cell, Value
from xmreport.rulebook.book import County, ListOf
from xmreport.rulebook.columns import Columns, readable, readable_all
from xmreport.rulebook.listing import DAYS_LEFT, ListRules
from xmreport.rulebook.names import key_of
from xmreport.tables.figures.indicators import FormRows
from xmreport.tables.given import given, report_day
from xmreport.tables.head import Occasion

_PROCEDURE = "手续"


class Chosen(Struct, frozen=True):
    """The rows of a list by column: field → its values, 剩余天数 among them."""

    columns: Mapping[str, Sequence[Content]]
    height: int

    def __len__(self) -> int:
        return self.height

    def __iter__(self) -> Iterator[dict[str, Content]]:
        """One row after the other."""
        return ({name: values[at] for name, values in self.columns.items()} for at in range(self.height))


def chosen(occasion: Occasion, sources: Mapping[str, FormRows], each: ListOf) -> Chosen:
    """The rows of a list in its order, before they are printed; none while its form has not been received.

    Args:
        occasion: county, task, period and moment.
        sources: form → its rows at that moment.
        each: the list, of rows of a form.
    """
    source = sources.get(each.rules.form or "")
    if source is None:
        return Chosen({}, 0)
    rules, dates, day = each.rules, given(occasion), report_day(occasion)
    frame = source.merged.frame
    columns = frame.columns(rules.table)
    seen = _seen(sources, each, columns, dates)
    held = frame.held(rules.table, each.condition, dates)
    unordered = _taken(columns, [line for line, truth in enumerate(held) if truth and not seen[line]], rules.due, day)
    groups, ranks = (unordered.columns[name] if name else [None] * len(unordered) for name in (rules.group, rules.sort))
    places = _places(occasion.county, rules, groups)
    order = sorted(range(len(unordered)), key=lambda at: (places[groups[at]], *_rank(ranks[at])))
    return Chosen(_in_order(unordered.columns, order), len(order))


def _places(county: County, rules: ListRules, groups: Sequence[Content]) -> Mapping[Content, tuple[bool, int, int]]:
    """Where each group stands: in the order of the form's options or procedures, else of the roster; what neither knows
    as it first appears, and what is blank at the end.
    """
    form = county.forms[rules.form or ""]
    column = {**form.columns, **form.sub_columns}.get(rules.group or "")
    options = (
        form.options.get(column.options or "", {}) if column else form.procedures if rules.group == _PROCEDURE else ()
    )
    known = {name: place for place, name in enumerate(options)} or county.roster.order
    return {
        value: (not value, known.get(str(value), len(known)), place)
        for place, value in enumerate(dict.fromkeys(groups))
    }


def _taken(columns: Columns, lines: Sequence[int], due: str | None, day: dt.date) -> Chosen:
    """Some lines of a form's table."""
    left = lru_cache(maxsize=None)(partial(days_left, today=day))

    def taken(name: str) -> Sequence[Content]:
        values = readable_all(columns.values[name])
        return list(map(values.__getitem__, lines))

    def days() -> Sequence[Content]:
        return [left(columns.values[due][at] if due else None) for at in lines]

    return Chosen(AsAsked(columns.values, taken, {DAYS_LEFT: days}), len(lines))


def _in_order(columns: Mapping[str, Sequence[Content]], order: Sequence[int]) -> Mapping[str, Sequence[Content]]:
    return AsAsked(columns, lambda name: list(map(columns[name].__getitem__, order)))


def _seen(
    sources: Mapping[str, FormRows], each: ListOf, columns: Columns, dates: Mapping[str, Value]
) -> Sequence[bool]:
    """Whether each line has its like among the other form's rows; a line that lacks a value to look by has none."""
    rules = each.rules.absent
    source = sources.get(rules.form) if rules else None
    if rules is None or source is None:
        return [False] * len(columns.places)
    other = source.merged.frame.columns("项目")
    held = source.merged.frame.held("项目", each.absent, dates)
    keys = _keys(other, list(rules.match.values()))
    known = {key for key, truth in zip(keys, held, strict=True) if truth}
    return [None not in key and key in known for key in _keys(columns, list(rules.match))]


def _keys(columns: Columns, names: Sequence[str]) -> list[tuple[str | None, ...]]:
    """What each line is looked up by: texts as names are compared."""
    held = [columns.values[name] for name in names]
    return [tuple(_key(readable(cell)) for cell in cells) for cells in zip(*held, strict=True)]


def _key(value: Value) -> str | None:
    return None if value is None else key_of(str(value))


def _rank(value: Content) -> tuple[int, float, str]:
    """Numbers by size and dates by their last day, what is blank at the end."""
    if isinstance(value, PartialDate):
        return 0, float(value.last.toordinal()), ""
    if isinstance(value, int | float):
        return 0, float(value), ""
    return (2, 0.0, "") if value is None else (1, 0.0, str(value))


def days_left(due: Content | Cell, today: dt.date) -> str | None:
    """`剩3天`, `今日到期`, `超期5天`; a month falls due with its last day."""
    if not isinstance(due, PartialDate):
        return None
    days = (due.last - today).days
    return f"剩{days}天" if days > 0 else "今日到期" if days == 0 else f"超期{-days}天"
