"""How a sheet fits its paper: nothing cut off, nothing too small to read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from xmreport.workbooks.cells import FilledCell
from xmreport.workbooks.fitting.measure import POINTS, height_needed
from xmreport.workbooks.fitting.widths import TALLEST, Cuts, Stripe, narrowed, page_breaks, widened, widest_page
from xmreport.workbooks.formats.page import Page

SMALLEST = 7.0
"""Points below which nothing is printed."""
_SLACK = 0.955
"""The share of the paper that is filled: programs round their scale down and measure a little differently."""
_SNUG = 0.985
"""The share of a page's width that its columns take: told a scale, programs measure a little differently."""
_STEP = 0.5
"""Points by which letters shrink in a row that is too tall."""


class Fit(Struct, frozen=True):
    """What a sheet's columns and rows measure."""

    widths: tuple[int, ...]
    """Pixels."""
    breaks: tuple[int, ...]
    """The columns before which a new page begins: none, unless the letters would become too small on one."""
    scale: float
    """At most 1."""
    heights: Mapping[int, float]
    """Points by row."""
    entries: tuple[FilledCell, ...]
    """The cells, a few of them with smaller letters so that a very long text still shows."""
    overfull: int
    """Cells whose text is longer than any row can show."""
    smallest: float
    """Points below which no letter may shrink."""

    @property
    def across(self) -> int:
        """Pixels from side to side of the first page."""
        return sum(self.widths[: self.breaks[0] if self.breaks else None])


class Sample(Struct, frozen=True):
    """The cells that decide how wide a sheet's columns are."""

    entries: Sequence[FilledCell]
    """Those that are laid out as they are."""
    lines: Sequence[FilledCell] = ()
    """Cells of single lines that are laid out elsewhere."""
    stripes: Sequence[Stripe] = ()
    """Lines that are laid out elsewhere, by column."""


def fit(sample: Sample, widths: Sequence[int], page: Page, least: Mapping[int, float], cuts: Cuts) -> Fit:
    """Room for every text: columns first, then rows."""
    single = [*sample.entries, *sample.lines]
    striped = (entry for stripe in sample.stripes for entry in stripe.measured)
    every = sorted([*single, *striped], key=attrgetter("row"))
    smallest = min((entry.look.size for entry in every if entry.content is not None), default=SMALLEST)
    across = page.printable[0] / POINTS
    # Programs scale by whole percentages.
    room = across / (math.ceil(SMALLEST / smallest * 100) / 100) * _SLACK
    wide = narrowed(single, sample.stripes, widened(every, widths, across), room)
    breaks = page_breaks(wide, room, cuts) if sum(wide) > room else ()
    scale = min(1.0, math.floor(across * _SNUG / widest_page(wide, breaks, cuts.repeated) * 100) / 100)
    smallest = SMALLEST / scale
    heights, fitted, overfull = _heights(divided(sample.entries, breaks, cuts.headers), wide, least, smallest)
    return Fit(tuple(wide), breaks, scale, heights, tuple(fitted), overfull, smallest)


def divided(entries: Sequence[FilledCell], breaks: Sequence[int], headers: range) -> list[FilledCell]:
    """No block reaches over the edge of a page: a title stands whole on the first."""
    found: list[FilledCell] = []
    for entry in entries:
        end = entry.column + entry.columns
        if entry.columns == 1:
            found.append(entry)
            continue
        edges = [entry.column, *(at for at in breaks if entry.column < at < end), end]
        for first, last in pairwise(edges):
            shown = entry.content if first == entry.column or entry.row in headers else None
            found.append(replace(entry, column=first, columns=last - first, content=shown))
    return found


def _heights(
    entries: Sequence[FilledCell], widths: Sequence[int], least: Mapping[int, float], smallest: float
) -> tuple[dict[int, float], list[FilledCell], int]:
    """Rows as tall as their tallest cell; letters shrink only where Excel has no taller row."""
    heights = dict(least)
    found: list[FilledCell] = []
    overfull = 0
    for each in entries:
        entry, need = settled(each, widths, smallest)
        overfull += need > TALLEST
        found.append(entry)
        if entry.rows == 1:
            heights[entry.row] = min(max(heights.get(entry.row, 0.0), need), TALLEST)
    for entry in entries:
        if entry.rows > 1:
            _stretch(heights, entry, height_needed(entry, widths))
    return heights, found, overfull


def settled(entry: FilledCell, widths: Sequence[int], smallest: float) -> tuple[FilledCell, float]:
    """A cell with letters as large as the tallest row can show, and the points it needs."""
    size = entry.look.size
    need = height_needed(entry, widths)
    while need > TALLEST and entry.rows == 1 and size - _STEP >= smallest:
        size -= _STEP
        need = height_needed(entry, widths, size)
    return entry if size == entry.look.size else replace(entry, look=entry.look.changed(font_size=size)), need


def _stretch(heights: dict[int, float], entry: FilledCell, need: float) -> None:
    """A block of several rows that is too low shares what it lacks among them."""
    rows = range(entry.row, entry.row + entry.rows)
    lacking = need - sum(heights.get(row, 0.0) for row in rows)
    for row in rows if lacking > 0 else ():
        heights[row] = min(heights.get(row, 0.0) + lacking / entry.rows, TALLEST)
