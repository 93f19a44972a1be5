"""Which form a sheet is, and where its header stands: worked out once for all sheets laid out alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter

from msgspec import Struct

from xmreport.forms.cleaning import clean, heading_key
from xmreport.forms.headings import SEEN, WIDEST, Header, Labels, find_header, headings_of, lowest
from xmreport.forms.units import LETTERS
from xmreport.model.grid import Grid, Scalar
from xmreport.rulebook.book import County
from xmreport.rulebook.form import Form
from xmreport.rulebook.names import is_plain, key_of

ENOUGH = 0.5
"""A sheet is taken for a form from this share of its usual headings on; a title that says so counts for a fifth."""
TITLE_BONUS = 0.2
USUAL_DEPTH = 8
"""Nearly all headers end above this row."""
MOST_LAYOUTS, MOST_TEXTS, MOST_COUNTIES = 64, 4096, 64
"""Layouts of sheets and texts that are remembered for a county, and counties."""

_OPENING = re.compile(r"[(（﹙⁽₍︵\[［﹇【]")
"""Brackets: from here on anything may stand in a heading."""
_place = attrgetter("top", "left", "bottom", "right")
_Layout = tuple[int, tuple[object, ...], tuple[tuple[int, tuple[Scalar, ...] | None], ...]]
"""A sheet's width, the merges and the rows that finding a header depends on."""


class Match(Struct, frozen=True):
    """The form a sheet is, with its header and all texts as headings."""

    form: Form
    header: Header
    labels: Labels


class _Candidate(Struct, frozen=True):
    """A form with a header on the sheet, and the share of its usual headings that stand in it."""

    form: Form
    header: Header
    share: float


class Matcher:
    """Matches sheets with the forms of one county."""

    def __init__(self, county: County) -> None:
        self.county = county
        self.headings: frozenset[str] = frozenset().union(*(headings_of(form).all for form in county.forms.values()))
        self._openings = {heading[:1] for heading in self.headings}
        self._letters = LETTERS.union("".join(self.headings))
        self._ascii = any(map(str.isascii, self.headings))
        self._shut: set[str] = set()
        """Characters met that no heading begins with, however it is written."""
        self._foreign: set[str] = set()
        """Characters met that are in no heading, nor in its unit."""
        self._known: dict[str, bool] = {}
        self._found: dict[_Layout, tuple[_Candidate, ...]] = {}

    def match(self, grid: Grid, mark: str | None) -> Match | None:
        """The form that most of its headings speak for; of two there in full, the one that explains more of it.

        Forms alike in every column are told apart by the title or the sheet's name; where neither says, none is chosen.
        """
        marked = self._marked(grid)
        labels = Labels(grid, self.headings, frozenset(marked))
        layout = _layout(labels, marked)
        candidates = self._found.get(layout)
        if candidates is None:
            if len(self._found) >= MOST_LAYOUTS:
                self._found.clear()
            candidates = self._found[layout] = tuple(_within_reach(self._candidates(labels)))
        if len(candidates) == 1 and candidates[0].share >= ENOUGH:
            return Match(candidates[0].form, candidates[0].header, labels)
        found = []
        for candidate in candidates:
            score = candidate.share + TITLE_BONUS * _titled(grid, candidate, mark)
            if score >= ENOUGH:
                found.append(((score, len(candidate.header.columns)), candidate))
        found.sort(key=lambda each: each[0], reverse=True)
        if not found or (len(found) > 1 and found[0][0] == found[1][0]):
            return None
        return Match(found[0][1].form, found[0][1].header, labels)

    def _candidates(self, labels: Labels) -> Iterable[_Candidate]:
        for form in self.county.forms.values():
            header = find_header(labels, headings_of(form))
            if header is not None:
                asked = [field for field in form.fields.values() if not field.column.filled]
                usual = [field.name for field in asked if field.procedure is None or field.required]
                yield _Candidate(form, header, sum(name in header.columns for name in usual) / len(usual))

    def _marked(self, grid: Grid) -> list[int]:
        """The rows, of those that a header may have a part in, in which a heading of any form stands."""
        top, below = grid.rows[:USUAL_DEPTH], grid.rows[USUAL_DEPTH:SEEN]
        headings = self._spelled(top)
        marked = [row for row, cells in enumerate(top, 1) if not headings.isdisjoint(cells)]
        further = self._spelled(below)
        if further:
            marked += [row for row, cells in enumerate(below, len(top) + 1) if not further.isdisjoint(cells)]
            headings |= further
        spread = [
            row
            for box in grid.merges
            if box.bottom > box.top and box.top <= SEEN and grid.at(box.top, box.left) in headings
            for row in range(box.top, min(box.bottom, SEEN) + 1)
        ]
        return sorted({*marked, *spread}) if spread else marked

    def _spelled(self, rows: Sequence[tuple[Scalar, ...]]) -> set[Scalar]:
        """The texts in these rows that are headings, in whatever way they are written."""
        shut = self._shut
        return {
            text
            for text in set[Scalar]().union(*rows)
            if text.__class__ is str and text[:1] not in shut and self._is_heading(text)
        }

    def _is_heading(self, text: str) -> bool:
        """Whether a text is a heading; mostly it is none, and an ideograph in it, which is in no heading, says so."""
        known = self._known.get(text)
        if known is not None:
            return known
        if text.isascii() and not self._ascii:
            return False
        if not self._foreign.isdisjoint(text) and not self._foreign.isdisjoint(_OPENING.split(text, 1)[0]):
            first = text[:1]
            if first not in self._openings and is_plain(first):
                self._shut.add(first)
            return False
        self._foreign.update(char for char in set(text) - self._letters if is_plain(char))
        if len(self._known) >= MOST_TEXTS:
            self._known.clear()
        known = self._known[text] = heading_key(clean(text)) in self.headings
        return known


@lru_cache(MOST_COUNTIES)
def matcher_of(county: County) -> Matcher:
    """A county's matcher: a worker reads file after file under the same rules."""
    return Matcher(county)


def _layout(labels: Labels, marked: Sequence[int]) -> _Layout:
    """All that finding a header depends on, given the rows in which headings stand.

    A header begins and ends with such a row. It is read with what stands between, with rows below it that decorate
    it, and with what merged cells bring from further up.
    """
    grid = labels.grid
    rows = set(marked)
    for row in marked:
        if row + 2 in rows:
            rows.add(row + 1)
    for row in marked:
        rows.update(range(row + 1, lowest(grid, row, row) + 1))
    merges = [box for box in grid.merges if box.top <= SEEN and not rows.isdisjoint(range(box.top, box.bottom + 1))]
    rows.update(box.top for box in merges)
    told = tuple([(row, grid.rows[row - 1][:WIDEST] if row <= len(grid.rows) else None) for row in sorted(rows)])
    return labels.width, tuple(map(_place, merges)), told


def _within_reach(candidates: Iterable[_Candidate]) -> Iterator[_Candidate]:
    """Those that a title could make the best one."""
    found = list(candidates)
    least = max([ENOUGH, *(candidate.share for candidate in found)])
    return (candidate for candidate in found if candidate.share + TITLE_BONUS >= least)


def _titled(grid: Grid, candidate: _Candidate, mark: str | None) -> bool:
    """Whether a title above the header, the sheet's name or a blank's mark says that it is this form."""
    form = candidate.form
    if form.name == _marked_form(mark):
        return True
    above = (cell for row in grid.rows[: candidate.header.top - 1] for cell in row if isinstance(cell, str))
    top = key_of(grid.sheet) + "".join(key_of(clean(cell)) for cell in above)
    return any(key_of(sign) in top for sign in form.file.signs)


def _marked_form(mark: str | None) -> str | None:
    """The form a blank of ours was issued for: the hidden mark reads `form=…;unit=…;task=…;period=…`."""
    return dict(part.partition("=")[::2] for part in (mark or "").split(";")).get("form")
