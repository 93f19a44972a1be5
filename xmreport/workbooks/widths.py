"""Column widths: wider for what must show, narrower to stay on the page, and where a page ends if they cannot."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from xmreport.workbooks.entries import Entry
from xmreport.workbooks.measure import SIDES, height_needed, is_figure, widest_piece

TALLEST = 409.0
"""Points of Excel's tallest row."""
_NARROWER = (0.8, 0.7, 0.6, 0.5)
"""How far columns of words may be narrowed for a table to stay on one page, tried in turn."""
_FAIR = 0.4
"""The share of a page's width that one very long text may claim."""
_STEP = 6
"""Pixels by which columns are tried out."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where a table too wide for one page may be cut."""

    repeated: int
    """How many columns stand first on every page."""
    allowed: frozenset[int]
    """Columns that may begin a page: never the middle of a repeated group."""
    headers: range
    """The rows of the header: a block of theirs that is cut says the same on both pages."""


def widened(entries: Iterable[Entry], widths: Sequence[int], across: float) -> list[int]:
    """Columns grow for a figure that would show as ####, and for a text too long for the tallest row."""
    wide = list(widths)
    for entry in entries:
        at = entry.column
        if entry.columns > 1 or entry.content is None or not wide[at]:
            continue
        if is_figure(entry):
            wide[at] = max(wide[at], widest_piece(entry))
        while wide[at] < across * _FAIR and height_needed(entry, wide) > TALLEST:
            wide[at] += SIDES
    return wide


def narrowed(entries: Sequence[Entry], widths: list[int], room: float) -> list[int]:
    """Columns of words narrowed to stand in `room` pixels, where that can be: each as far as it may, then widened again
    where rows gain most.
    """
    if sum(widths) <= room:
        return widths
    tries = (_least(entries, widths, share) for share in _NARROWER)
    wide = next((least for least in tries if sum(least) <= room), None)
    if wide is None:
        return widths
    words = [e for e in entries if e.columns == 1 and e.content is not None and e.look.wraps and not is_figure(e)]
    rows: dict[int, dict[int, float]] = defaultdict(dict)
    for entry in words:
        rows[entry.row][entry.column] = height_needed(entry, wide)
    while sum(wide) + _STEP <= room:
        column = _tightest(rows.values(), [at for at, w in enumerate(wide) if w + _STEP <= widths[at]])
        if column is None:
            break
        wide[column] += _STEP
        for entry in words:
            if entry.column == column:
                rows[entry.row][column] = height_needed(entry, wide)
    return wide


def page_breaks(widths: Sequence[int], room: float, cuts: Cuts) -> tuple[int, ...]:
    """As few pages side by side as `room` pixels each allow, and those as equally filled as can be."""
    fewest = _breaks(widths, room, cuts)
    tries = (_breaks(widths, room * share / 100, cuts) for share in range(50, 100))
    return next((breaks for breaks in tries if len(breaks) == len(fewest)), fewest)


def widest_page(widths: Sequence[int], breaks: Sequence[int], repeated: int) -> int:
    """Pixels of the widest page."""
    edges = [0, *breaks, len(widths)]
    pages = [sum(widths[a:b]) + (sum(widths[:repeated]) if a else 0) for a, b in pairwise(edges)]
    return max(*pages, 1)


def _least(entries: Iterable[Entry], widths: Sequence[int], share: float) -> list[int]:
    """How narrow each column may become: figures keep their room, words that of their longest piece."""
    least = [math.ceil(width * share) for width in widths]
    for entry in entries:
        at = entry.column
        if entry.columns > 1 or entry.content is None:
            continue
        least[at] = min(max(least[at], widest_piece(entry)), widths[at])
        while least[at] < widths[at] and height_needed(entry, least) > TALLEST:
            least[at] += 1
    return least


def _tightest(rows: Iterable[dict[int, float]], columns: Sequence[int]) -> int | None:
    """The column whose text makes rows taller than any other column does."""
    votes: Counter[int] = Counter()
    for cells in rows:
        first, second, *_ = [
            *sorted(((need, at) for at, need in cells.items()), reverse=True)[:2],
            (0.0, -1),
            (0.0, -1),
        ]
        votes[first[1]] += round(first[0] - second[0]) + 1
    return max((at for at in columns if votes[at]), key=votes.__getitem__, default=columns[0] if columns else None)


def _breaks(widths: Sequence[int], room: float, cuts: Cuts) -> tuple[int, ...]:
    starts = [*sorted(at for at in cuts.allowed if at > cuts.repeated), len(widths)]
    found: list[int] = []
    used = sum(widths[: starts[0]])
    for first, end in pairwise(starts):
        block = sum(widths[first:end])
        if used + block > room:
            found.append(first)
            used = sum(widths[: cuts.repeated])
        used += block
    return tuple(found)
