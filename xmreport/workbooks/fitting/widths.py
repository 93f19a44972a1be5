"""Column widths: wider for what must show, narrower to stay on the page, and where a page ends if they cannot."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from xmreport.workbooks.cells import FilledCell
from xmreport.workbooks.fitting.measure import SIDES, height_needed, is_figure, widest_piece

TALLEST = 409.0
"""Points of Excel's tallest row."""
_NARROWER = (0.8, 0.7, 0.6, 0.5)
"""How far columns of words may be narrowed for a table to stay on one page, tried in turn."""
_FAIR = 0.4
"""The share of a page's width that one very long text may claim."""
_STEP = 6
"""Pixels by which columns are tried out."""
_NOTHING = ((0.0, -1), (0.0, -1))
"""What a row without words needs, in no column."""
_NO_WORDS = -1.0
"""What a cell without words needs: less than nothing."""


class Cuts(Struct, frozen=True):
    """Where a table too wide for one page may be cut."""

    repeated: int
    """How many columns stand first on every page."""
    allowed: frozenset[int]
    """Columns that may begin a page: never the middle of a repeated group."""
    headers: range
    """The rows of the header: a block of theirs that is cut says the same on both pages."""


class Stripe(Struct, frozen=True):
    """A column of lines, each different need of room once."""

    column: int
    measured: tuple[FilledCell, ...]
    """Cells of which one needs as much room as each of the column's."""
    lines: Sequence[int]
    """Line by line, which of them."""


def widened(entries: Iterable[FilledCell], widths: Sequence[int], across: float) -> list[int]:
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


def narrowed(entries: Sequence[FilledCell], stripes: Sequence[Stripe], widths: list[int], room: float) -> list[int]:
    """Columns of words narrowed to stand in `room` pixels, where that can be: each as far as it may, then widened again
    where rows gain most.

    Args:
        entries: the cells, but for those of the lines that stand in `stripes`.
        stripes: lines by column.
        widths: of the columns, in pixels.
        room: pixels.
    """
    if sum(widths) <= room:
        return widths
    every = [*entries, *(entry for stripe in stripes for entry in stripe.measured)]
    tries = (_least(every, widths, share) for share in _NARROWER)
    wide = next((least for least in tries if sum(least) <= room), None)
    if wide is None:
        return widths
    rows = _Rows([entry for entry in entries if _is_of_words(entry)], stripes, wide)
    while sum(wide) + _STEP <= room:
        column = rows.tightest([at for at, w in enumerate(wide) if w + _STEP <= widths[at]])
        if column is None:
            break
        wide[column] += _STEP
        rows.measure(column, wide)
    return wide


def _is_of_words(entry: FilledCell) -> bool:
    """Whether a cell's text may take more lines in a narrower column."""
    return entry.columns == 1 and entry.content is not None and entry.look.wraps and not is_figure(entry)


class _Rows:
    """How tall each cell of words makes its row."""

    def __init__(self, words: Sequence[FilledCell], stripes: Sequence[Stripe], wide: Sequence[int]) -> None:
        self._words = words
        self._stripes = {each.column: each for each in stripes if any(map(_is_of_words, each.measured))}
        self._single: dict[int, dict[int, float]] = defaultdict(dict)
        self._striped: dict[int, list[float]] = {}
        for column in {entry.column for entry in words} | self._stripes.keys():
            self.measure(column, wide)

    def measure(self, column: int, wide: Sequence[int]) -> None:
        """Measure a column's cells, in points."""
        for entry in self._words:
            if entry.column == column:
                self._single[entry.row][column] = height_needed(entry, wide)
        if column in self._stripes:
            stripe = self._stripes[column]
            needs = [height_needed(entry, wide) if _is_of_words(entry) else _NO_WORDS for entry in stripe.measured]
            self._striped[column] = [needs[at] for at in stripe.lines]

    def tightest(self, columns: Sequence[int]) -> int | None:
        """The column whose text makes rows taller than any other column does."""
        votes: Counter[int] = Counter()
        rows = Counter(zip(*self._striped.values(), strict=True))
        named = [(zip(needs, self._striped, strict=True), count) for needs, count in rows.items()]
        single = [(((need, at) for at, need in cells.items()), 1) for cells in self._single.values()]
        for cells, count in [*named, *single]:
            (most, at), (second, _) = sorted((*cells, *_NOTHING), reverse=True)[:2]
            votes[at] += (round(most - second) + 1) * count
        return max((at for at in columns if votes[at]), key=votes.__getitem__, default=columns[0] if columns else None)


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


def _least(entries: Iterable[FilledCell], widths: Sequence[int], share: float) -> list[int]:
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
