"""Which lines a 小计 or 合计 adds up, as a live formula and as its value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from xmreport.model.grid import column_letters
from xmreport.model.sheets import Content, Formula
from xmreport.workbooks.formats.template import BODY, SUBTOTAL, TOTAL

_ARGUMENTS = 200
"""Ranges that one SUM takes here; Excel allows 255."""

_NUMBERS = (int, float)

Span = tuple[int, int]


class Coverage(Struct, frozen=True):
    """The lines behind a total: `pieces` goes through the subtotals, `plain` to the 明细 lines themselves."""

    pieces: tuple[Span, ...]
    plain: tuple[Span, ...]
    details: tuple[int, ...]


def coverage(kinds: Sequence[str]) -> Mapping[int, Coverage]:
    """A 小计 covers the 明细 lines above it, back to the last 小计, 分组 or 合计; a 合计 covers the whole table."""
    found: dict[int, Coverage] = {}
    pieces: list[Span] = []
    since: list[int] = []
    for at, kind in enumerate(kinds):
        if kind == BODY:
            since.append(at)
            continue
        spans = spans_of(since)
        if kind == SUBTOTAL:
            found[at] = Coverage(spans, spans, tuple(since))
            spans = ((at, at),)
        pieces.extend(spans)
        since = []
    pieces.extend(spans_of(since))
    details = tuple(at for at, kind in enumerate(kinds) if kind == BODY)
    everything = Coverage(tuple(pieces), spans_of(details), details)
    return found | {at: everything for at, kind in enumerate(kinds) if kind == TOTAL}


def total(spans: Iterable[Span], column: int, top: int, values: Iterable[Content]) -> Formula | int:
    """The sum of a column over `spans` of lines, the first of which stands in row `top`; nothing to add is 0."""
    ranges = [_range(span, column, top) for span in spans]
    if not ranges:
        return 0
    held = (value.value if value.__class__ is Formula else value for value in values)
    return Formula(_sum(ranges), round(math.fsum(each for each in held if each.__class__ in _NUMBERS), 6))


def count(subtotals: Iterable[Span], spans: Iterable[Span], column: int, top: int, number: int) -> Formula | int:
    """How many 明细 lines: the counts in `subtotals` and the rows of `spans`."""
    parts = [f"ROWS({_range(span, column, top)})" for span in spans]
    ready = [_range(span, column, top) for span in subtotals]
    if ready:
        parts.insert(0, _sum(ready))
    return Formula("+".join(parts), number) if parts else 0


def carried(own: Formula | int, cell: str, value: float) -> Formula:
    """A total with the one of the sheet before."""
    text, number = (own.text, own.value) if isinstance(own, Formula) else (str(own), own)
    assert isinstance(number, int | float)
    return Formula(f"{cell}+{text}", round(number + value, 6))


def spans_of(lines: Iterable[int]) -> tuple[Span, ...]:
    """Lines that follow each other, as the first and the last of each run."""
    found: list[Span] = []
    for at in lines:
        if found and found[-1][1] == at - 1:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return tuple(found)


def _range(span: Span, column: int, top: int) -> str:
    letters = column_letters(column + 1)
    first, last = (f"{letters}{top + at + 1}" for at in span)
    return first if first == last else f"{first}:{last}"


def _sum(ranges: Sequence[str]) -> str:
    if len(ranges) <= _ARGUMENTS:
        return f"SUM({','.join(ranges)})"
    parts = [_sum(ranges[at : at + _ARGUMENTS]) for at in range(0, len(ranges), _ARGUMENTS)]
    return f"SUM({','.join(parts)})"
