"""Where a form's header stands on a sheet, and which column holds which field (M01, M02, M17, M18, M48)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache

from msgspec import Struct

from xmreport.forms.cleaning import clean, heading_key
from xmreport.forms.units import money_unit
from xmreport.model.grid import Grid, Scalar, address
from xmreport.rulebook.form import Column, Form

LAST_HEADER_ROW = 40
DEEPEST_HEADER = 3
MOST_DECORATING = 2
"""Rows that only decorate a header: one with units, one that counts the columns."""
_STEMS = frozenset("甲乙丙丁戊己")
SEEN = LAST_HEADER_ROW + DEEPEST_HEADER + MOST_DECORATING
"""The rows that a header may have a part in."""
WIDEST = 400
"""Columns beyond this one name no field."""
CLOSE = 80
"""Likeness from which a renamed heading is taken for a known one…"""
CLEAR = 15
"""…provided that the next best candidate is this much further off."""

_Keys = tuple[tuple[str, ...], ...]
"""Rows of keys, from top to bottom."""


class Header(Struct, frozen=True, eq=False):
    """A header found on a sheet for one form."""

    top: int
    bottom: int
    columns: Mapping[str, int]
    """Field → 1-based column."""
    units: Mapping[int, str]
    """Column → the money unit its own heading names (M07)."""
    renamed: Mapping[str, str]
    """Field → the heading it was taken from by likeness."""
    extra: Mapping[int, str]
    """Column → a heading the form does not know."""
    missing: tuple[str, ...]
    """Required fields without a column."""
    cells: Mapping[int, str]
    """Column → the address of its own heading."""
    strange: int
    """How many columns stand under a label that is no heading of any form."""


class Headings:
    """The ways one form's headings are written."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._counted: dict[_Keys, int] = {}
        self._read: dict[tuple[object, ...], Header] = {}

    @cached_property
    def plain(self) -> Mapping[str, str]:
        """Heading as compared → plain field."""
        return _ways(self.form.columns)

    @cached_property
    def subs(self) -> Mapping[str, str]:
        return _ways(self.form.sub_columns)

    @cached_property
    def groups(self) -> Mapping[str, str]:
        """Heading as compared → procedure."""
        group = self.form.file.procedures
        if group is None:
            return {}
        names = dict.fromkeys((*self.form.procedures, *self.form.further_procedures))
        return {heading_key(way): name for name in names for way in (*group.aliases.get(name, ()), name)}

    @cached_property
    def joined(self) -> Mapping[str, str]:
        """One-row headings that name procedure and sub-column together: 立项办理进展."""
        return {
            group + link + sub: f"{procedure}.{name}"
            for group, procedure in self.groups.items()
            for sub, name in self.subs.items()
            for link in ("", "-", "—", ".", "/", "_")
        }

    @cached_property
    def all(self) -> frozenset[str]:
        """Every heading that names a field by itself or with another."""
        return self.known | self.subs.keys()

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset((*self.plain, *self.groups, *self.joined))

    def count(self, rows: _Keys) -> int:
        """How many fields these rows name, read as one header. The same header comes in file after file."""
        if rows not in self._counted:
            if len(self._counted) >= _MOST_KNOWN:
                self._counted.clear()
            self._counted[rows] = len({self.field(stack) for stack in stacks(rows)} - {None})
        return self._counted[rows]

    def header(self, labels: Labels, top: int, bottom: int) -> Header:
        """What a header at these rows says. The same header comes in file after file."""
        sight = labels.sight(top, bottom)
        if sight not in self._read:
            if len(self._read) >= _MOST_KNOWN:
                self._read.clear()
            self._read[sight] = _read_header(labels, self, top, bottom)
        return self._read[sight]

    def field(self, labels: Sequence[str]) -> str | None:
        """The field that a column's heading names, read from its lowest label upward."""
        for depth in range(len(labels) - 1, -1, -1):
            label = labels[depth]
            sub = self.subs.get(label)
            if sub:
                group = next((self.groups[above] for above in reversed(labels[:depth]) if above in self.groups), None)
                if group:
                    return f"{group}.{sub}"
            found = self.plain.get(label) or self.joined.get(label)
            if found and depth == len(labels) - 1:
                return found
        return None


_MOST_KNOWN = 64


@lru_cache(_MOST_KNOWN)
def headings_of(form: Form) -> Headings:
    """A form's headings, worked out once: a worker reads file after file under the same rules."""
    return Headings(form)


def _ways(columns: Mapping[str, Column]) -> dict[str, str]:
    """Aliases first, so that a column's own name wins where two columns share a word."""
    ways = {heading_key(alias): name for name, column in columns.items() for alias in column.aliases}
    return ways | {heading_key(name): name for name in columns}


class Labels:
    """A sheet's texts as headings: merged cells spread over their range, each cleaned once."""

    def __init__(self, grid: Grid, headings: frozenset[str], marked: frozenset[int]) -> None:
        """`headings` are those of all forms that the sheet may be, `marked` the rows in which one of them stands."""
        self.grid = grid
        self.headings = headings
        self.marked = marked
        self.width = min(grid.width, WIDEST)
        self._texts: dict[int, tuple[str, ...]] = {}
        self._keys: dict[int, tuple[str, ...]] = {}

    @cached_property
    def _spread(self) -> Mapping[tuple[int, int], tuple[int, int]]:
        """(row, column) → the cell that speaks for it, where cells are merged."""
        return {
            (row, column): (box.top, box.left)
            for box in self.grid.merges
            if box.top <= SEEN and box.right - box.left < WIDEST
            for row in range(box.top, min(box.bottom, SEEN) + 1)
            for column in range(box.left, box.right + 1)
        }

    def texts(self, row: int) -> tuple[str, ...]:
        """A row's texts from column A on, cleaned; what is merged stands in every cell of its range."""
        if row not in self._texts:
            places = ((row, column) for column in range(1, self.width + 1))
            values = (self.grid.at(*self._spread.get(place, place)) for place in places)
            self._texts[row] = tuple([clean(value) if isinstance(value, str) else "" for value in values])
        return self._texts[row]

    def keys(self, row: int) -> tuple[str, ...]:
        """The same as they are compared."""
        if row not in self._keys:
            self._keys[row] = tuple([heading_key(text) if text else "" for text in self.texts(row)])
        return self._keys[row]

    def key(self, row: int, column: int) -> str:
        return self.keys(row)[column - 1] if 0 < column <= self.width else ""

    @cached_property
    def worded(self) -> list[int]:
        """The rows in which a header may begin: those of two or more words."""
        rows = (row for row in sorted(self.marked) if row <= min(LAST_HEADER_ROW, len(self.grid.rows)))
        return [row for row in rows if sum(map(self.headings.__contains__, self.keys(row))) >= 2]

    def sight(self, top: int, bottom: int) -> tuple[object, ...]:
        """All that reading a header at these rows depends on."""
        last = lowest(self.grid, top, bottom)
        rows = range(top, last + 1)
        spread = tuple([self._spread.get((row, column)) for row in rows for column in range(1, self.width + 1)])
        return top, last, spread, tuple(map(self.texts, rows))

    def cell(self, top: int, bottom: int, column: int) -> str:
        """Where a column's lowest label is written."""
        row = next((row for row in range(bottom, top - 1, -1) if self.key(row, column)), top)
        return address(*self._spread.get((row, column), (row, column)))


def lowest(grid: Grid, top: int, bottom: int) -> int:
    """The last row of a header: below its labels blank rows they are merged over, and lines that only decorate it."""
    end = top + DEEPEST_HEADER - 1
    while bottom < end and _is_blank(grid, bottom + 1) and any(top <= b.top <= bottom < b.bottom for b in grid.merges):
        bottom += 1
    while bottom < end + MOST_DECORATING and decorates(grid, bottom + 1):
        bottom += 1
    return bottom


def _is_blank(grid: Grid, row: int) -> bool:
    cells = grid.rows[row - 1] if row <= len(grid.rows) else ()
    return cells.count(None) == len(cells)


def decorates(grid: Grid, row: int) -> bool:
    """A line that belongs to the header above it without naming a column: units of money, or columns counted."""
    cells = grid.rows[row - 1][:WIDEST] if row <= len(grid.rows) else ()
    values = [value for value in cells if value is not None]
    if not values:
        return False
    if all(isinstance(value, str) and money_unit(value) and not heading_key(value) for value in values):
        return True
    return len(values) > 4 and _counted(values)


def _counted(values: Sequence[Scalar]) -> bool:
    """`1 2 3 …`, also as text and in brackets; words may be counted apart, as in `甲 乙 1 2 3`."""
    if values[0] in _STEMS:
        values = [value for value in values if value not in _STEMS]
    numbers = (str(value).strip(" ()（）") if isinstance(value, str) else value for value in values)
    return all(number in (count, str(count)) for count, number in enumerate(numbers, 1))


def stacks(rows: _Keys) -> Iterator[list[str]]:
    """Each column's labels from top to bottom; a blank one takes the nearest to its left, as groups are written."""
    lowest = rows[-1]
    carried = [""] * len(rows)
    for column, below in enumerate(lowest):
        labels: list[str] = []
        for level, row in enumerate(rows):
            label = row[column]
            if label:
                carried[level] = label
            elif below and level < len(rows) - 1:
                label = carried[level]
            if label and (not labels or labels[-1] != label):
                labels.append(label)
        yield labels


def find_header(labels: Labels, headings: Headings) -> Header | None:
    """The best header for a form on a sheet, or None where nothing on it resembles one."""
    best: tuple[int, int, int] | None = None
    for top in labels.worded:
        if sum(map(headings.known.__contains__, labels.keys(top))) < 2:
            continue
        for bottom in range(top, top + DEEPEST_HEADER):
            # A row below that names no field adds none.
            if bottom > top and (bottom not in labels.marked or headings.all.isdisjoint(labels.keys(bottom))):
                continue
            fields = headings.count(tuple(map(labels.keys, range(top, bottom + 1))))
            if fields >= 2 and (best is None or fields > best[0]):
                best = (fields, top, bottom)
    return headings.header(labels, best[1], best[2]) if best else None


def _read_header(labels: Labels, headings: Headings, top: int, bottom: int) -> Header:
    stacked = dict(enumerate(stacks(tuple(map(labels.keys, range(top, bottom + 1)))), 1))
    bottom = lowest(labels.grid, top, bottom)
    columns: dict[str, int] = {}
    units: dict[int, str] = {}
    unknown: dict[int, list[str]] = {}
    fields = {column: headings.field(stack) for column, stack in stacked.items()}
    # A column under a field's own name goes before one under an alias of it, wherever they stand.
    for column in sorted(stacked, key=lambda column: not _by_its_name(fields[column], stacked[column])):
        field = fields[column]
        if field and field not in columns:
            columns[field] = column
        elif stacked[column]:
            unknown[column] = stacked[column]
    for column in stacked:
        texts = (labels.texts(row)[column - 1] for row in range(bottom, top - 1, -1))
        unit = next((unit for text in texts if (unit := money_unit(text))), None)
        if unit:
            units[column] = unit
    cells = {column: labels.cell(top, bottom, column) for column in (*columns.values(), *unknown)}
    renamed = _by_likeness(headings, columns, unknown)
    extra = {column: "·".join(stack) for column, stack in sorted(unknown.items())}
    placed = dict(sorted(columns.items(), key=lambda item: item[1]))
    missing = tuple(name for name, field in headings.form.fields.items() if field.required and name not in placed)
    above = zip(*map(labels.keys, range(top, bottom + 1)), strict=True)
    strange = sum(any(key and key not in labels.headings for key in stack) for stack in above)
    return Header(top, bottom, placed, units, renamed, extra, missing, cells, strange)


def _by_its_name(field: str | None, stack: Sequence[str]) -> bool:
    return field is not None and heading_key(field.rpartition(".")[2]) == stack[-1]


def _by_likeness(headings: Headings, columns: dict[str, int], unknown: dict[int, list[str]]) -> dict[str, str]:
    """Headings close to exactly one field that no other column holds (M48); moves them from `unknown` to `columns`."""
    renamed = {}
    for column, stack in list(unknown.items()):
        group = _group_of(headings, columns, stack)
        ways = headings.subs if group else headings.plain
        free = {way: name for way, name in ways.items() if (f"{group}.{name}" if group else name) not in columns}
        name = free.get(stack[-1]) or _close(stack[-1], free)
        if name:
            field = f"{group}.{name}" if group else name
            columns[field] = column
            renamed[field] = "·".join(stack[-2:]) if group else stack[-1]
            del unknown[column]
    return renamed


def _group_of(headings: Headings, columns: Mapping[str, int], stack: Sequence[str]) -> str | None:
    """The procedure that a column stands under, by a heading of it or one close to it; a held one is no candidate."""
    known = next((headings.groups[label] for label in reversed(stack[:-1]) if label in headings.groups), None)
    if known or len(stack) < 2 or stack[-1] not in headings.subs:
        return known
    sub = headings.subs[stack[-1]]
    free = {way: group for way, group in headings.groups.items() if f"{group}.{sub}" not in columns}
    return _close(stack[-2], free)


def _close(label: str, ways: Mapping[str, str]) -> str | None:
    """What a heading is close to, where nothing else is nearly as close."""
    from rapidfuzz import fuzz, process  # only for what is not written as expected

    best: dict[str, float] = {}
    for way, score, _ in process.extract(label, list(ways), scorer=fuzz.ratio, limit=None):
        best.setdefault(ways[way], score)
    ranked = sorted(best.items(), key=lambda item: -item[1])
    clear = len(ranked) < 2 or ranked[0][1] - ranked[1][1] >= CLEAR
    return ranked[0][0] if ranked and ranked[0][1] >= CLOSE and clear else None
