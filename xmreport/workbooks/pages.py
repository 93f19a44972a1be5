"""Where the pages of a sheet end, so that what belongs together stands on one: a heading with what follows, a total and
the notes with the last lines, a signature with the last paragraphs, a chart with the notes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

from xmreport.workbooks.draft import Draft
from xmreport.workbooks.formats.page import Page
from xmreport.workbooks.formats.template import SECTION, SUBTOTAL, TOTAL

_SLACK = 0.98
"""The share of a page's height that is filled: programs measure a little differently."""
_USUAL = 15.0
"""Points of a row whose height is left to the program."""
_LOOSELY, _FIRMLY = 1, 2


def page_ends(draft: Draft, page: Page, scale: float, heights: Mapping[int, float], repeated: range) -> tuple[int, ...]:
    """The rows before which a new page begins; none where one page holds them all.

    Args:
        draft: the sheet.
        page: its paper.
        scale: at which it is printed.
        heights: points by row.
        repeated: the rows that stand first on every page.
    """
    points = _points(draft, heights)
    again = sum(points[row] for row in repeated)
    room = _room(page, scale)
    bound = _bound(draft, page)
    ends: list[int] = []
    first = 0
    while (full := _filled(points, first, room - (again if ends else 0.0))) < len(points):
        first = min(range(first + 1, full + 1), key=lambda row: (bound.get(row, 0), -row))
        ends.append(first)
    return tuple(ends)


def lines_that_fit(draft: Draft, page: Page, scale: float, heights: Mapping[int, float]) -> int:
    """How many lines like its first one fill a page, with all that stands around them."""
    points = _points(draft, heights)
    around = sum(points) - sum(points[draft.top : draft.below])
    return int((_room(page, scale) - around) // points[draft.top])


def _points(draft: Draft, heights: Mapping[int, float]) -> list[float]:
    return [heights.get(row) or _USUAL for row in range(draft.rows)]


def _room(page: Page, scale: float) -> float:
    return page.printable[1] / scale * _SLACK


def _filled(points: Sequence[float], first: int, room: float) -> int:
    """The row that has no room on the page that begins with `first`; at least that one stands on it."""
    below = (row for row, used in enumerate(accumulate(points[first:]), first) if used > room)
    return max(next(below, len(points)), first + 1)


def _bound(draft: Draft, page: Page) -> Mapping[int, int]:
    """The rows that stand with the one above them, and how firmly."""
    bound = {draft.below - 1: _LOOSELY} | dict.fromkeys(range(draft.below, draft.rows), _FIRMLY)
    for at, kind in enumerate(draft.kinds, draft.top):
        if kind == SECTION:
            bound[at + 1] = _FIRMLY
        elif kind in {SUBTOTAL, TOTAL}:
            bound |= {at - 1: max(bound.get(at - 1, 0), _LOOSELY), at: _FIRMLY}
    # Notes stand with a chart as well as with the lines, and only the first of several charts needs company.
    free = [draft.below] if draft.charts and draft.data.notes else []
    free += [row for row, _ in draft.charts[1:]]
    kept = {row: how for row, how in bound.items() if row not in free}
    breaks, headings = page.breaks, draft.layout.sheet.headings
    divided = {
        at for at, (above, row) in enumerate(pairwise(headings), 1) if breaks & {*range(above.number, row.number)}
    }
    return kept | {row: _FIRMLY for row in range(1, draft.top + 1) if row not in divided}
