"""A table too long to be held cell by cell: what it measures is found on a sample, its rows are made one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import nlargest
from itertools import islice

from xmreport.model.grid import column_letters
from xmreport.model.sheets import Content, Formula, Line, Link, LongTable, SheetData
from xmreport.workbooks.cellkinds import CellKinds
from xmreport.workbooks.draft import Draft
from xmreport.workbooks.entries import Entry
from xmreport.workbooks.figures import shown
from xmreport.workbooks.layout import PrintedCell
from xmreport.workbooks.paper import Fit, divided
from xmreport.workbooks.template import BODY, CHART, PLACEHOLDER, whole

LONG = 2_000
"""Lines from which a table is written row by row."""
_FIRST = 200
"""Lines from the top, and lines of other kinds, that are measured whatever is in them."""
_WIDEST = 3
"""Lines that are measured for each column: those with its longest texts or figures."""


def kept_by_column(data: SheetData) -> SheetData:
    """A long table with its lines kept by column; any other as it is."""
    return replace(data, lines=by_column(data.lines)) if len(data.lines) > LONG else data


def by_column(lines: Sequence[Line]) -> LongTable:
    """Lines as a table kept by column."""
    if isinstance(lines, LongTable):
        return lines
    body = [line for line in lines if line.kind == BODY]
    fields = dict.fromkeys(field for line in body for field in line.values)
    columns = {field: [line.values.get(field) for line in body] for field in fields}
    between = {at: line for at, line in enumerate(lines) if line.kind != BODY}
    return LongTable(columns, len(body), between)


@dataclass(frozen=True)
class Long:
    """A draft that is written row by row."""

    draft: Draft
    table: LongTable
    others: Mapping[str, Draft]

    @classmethod
    def of(cls, draft: Draft, others: Mapping[str, Draft]) -> Long | None:
        """None for a table that is written cell by cell: a short one, or one with charts or links."""
        table = draft.data.lines
        if len(table) <= LONG or not isinstance(table, LongTable) or BODY not in draft.printed:
            return None
        if draft.data.charts and draft.layout.sheet.find(CHART) is not None:
            return None
        long = cls(draft, table, others)
        return long if all(map(long._streams, draft.printed[BODY])) else None

    def _streams(self, cell: PrintedCell) -> bool:
        """Whether a column's cells are single values, or the same words in every line."""
        if cell.columns > 1 or cell.rows > 1:
            return False
        if whole(cell.text) is None:
            return not PLACEHOLDER.search(cell.text)
        return Link not in set(map(type, self._column(cell)))

    def _column(self, cell: PrintedCell) -> Sequence[Content]:
        """What a printed column shows, line by line."""
        held = whole(cell.text)
        return self.table.columns[held.field] if held else [cell.text or None] * self.table.height

    @cached_property
    def places(self) -> list[int]:
        """The place of each 明细 line among all lines."""
        return [at for at, kind in enumerate(self.draft.kinds) if kind == BODY]

    def sample(self) -> list[Entry]:
        """The cells that decide how wide the columns are."""
        rows = set(range(min(_FIRST, self.table.height)))
        for cell in self.draft.printed[BODY]:
            column = self._column(cell)
            rows.update(map(column.index, nlargest(_WIDEST, dict.fromkeys(column), key=_length)))
        places = {*(self.places[row] for row in rows), *islice(self.table.between, _FIRST)}
        lines = (self.draft.line(at, self.table[at], self.others) for at in sorted(places))
        return [*self.draft.around(), *(entry for line in lines for entry in line)]

    def overfull(self, kinds: CellKinds) -> int:
        """Cells whose text is longer than any row can show."""
        return sum(kinds.overfull(cell, self._column(cell)) for cell in self.draft.printed[BODY])

    def rows(self, kinds: CellKinds, fit: Fit) -> Iterator[str]:
        """Every line as it stands in the file."""
        draft = self.draft
        cells = draft.printed[BODY]
        columns = [kinds.column(cell) for cell in cells]
        letters = [column_letters(cell.column + 1) for cell in cells]
        least = draft.layout.sheet.row(BODY).height
        body = zip(*map(self._contents, cells), strict=True)
        for at, kind in enumerate(draft.kinds):
            number = draft.top + at + 1
            if kind != BODY:
                yield self._other(at, number, kinds, fit)
                continue
            made = [column[value] for column, value in zip(columns, next(body), strict=True)]
            parts = [f'<c r="{letter}{number}"{text}' for letter, (text, _) in zip(letters, made, strict=True)]
            yield _row(number, max(least, *(need for _, need in made)), parts)

    def _contents(self, cell: PrintedCell) -> Iterable[object]:
        """A column's values as they are looked up: formulas with addresses, each with what picks its number format."""
        values = self._column(cell)
        types = set(map(type, values))
        held = whole(cell.text)
        if Formula in types:
            at_place = zip(self.places, values, strict=True)
            values = [self.draft.content(at, cell, value, self.others) for at, value in at_place]  # type: ignore[misc]
        if bool in types:  # True is found where 1 is kept
            values = ["是" if value is True else "否" if value is False else value for value in values]
        if held is None or held.by is None:
            return values
        return zip(values, map(shown, self.table.columns[held.by]), strict=True)

    def _other(self, at: int, number: int, kinds: CellKinds, fit: Fit) -> str:
        """A line of another kind, such as a 小计."""
        entries = divided(list(self.draft.line(at, self.table[at], self.others)), fit.breaks, self.draft.headers)
        height, parts = self.draft.layout.sheet.row(self.draft.kinds[at]).height, []
        for entry in entries:
            text, need = kinds.single(entry)
            height = max(height, need)
            blank = kinds.single(replace(entry, content=None))[0] if entry.columns > 1 else ""
            last = entry.column + entry.columns - 1
            letters = [column_letters(column + 1) for column in range(entry.column, last + 1)]
            parts += [f'<c r="{each}{number}"{blank if at_right else text}' for at_right, each in enumerate(letters)]
            if last > entry.column:
                kinds.sheet.join(number - 1, entry.column, last)
        return _row(number, height, parts)


def _row(number: int, points: float, cells: Sequence[str]) -> str:
    pixels = int(points * 4 / 3 + 0.5)
    height = f' ht="{pixels * 0.75:.16g}" customHeight="1"' if pixels else ""
    return f'<row r="{number}"{height}>{"".join(cells)}</row>'


def _length(value: Content) -> int:
    """How much room a value needs, roughly."""
    match value:
        case str():
            return len(value)
        case Formula():
            return len(shown(value.value))
        case bool() | None:
            return 0
        case int() | float():
            return len(f"{value:.10g}")
    return 10
