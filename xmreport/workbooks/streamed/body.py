"""A table's lines written row by row: measured column by column, made as they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from heapq import nlargest
from itertools import islice
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from xmreport.model.sheets import Content, Formula, Line, Link, LongTable, SheetData
from xmreport.workbooks.draft import Draft
from xmreport.workbooks.figures import shown
from xmreport.workbooks.fitting.paper import Sample
from xmreport.workbooks.formats.template import BODY, PLACEHOLDER, whole
from xmreport.workbooks.layout import PrintedCell
from xmreport.workbooks.streamed.strips import Strip

FEW = 25
"""Lines up to which a table is written cell by cell."""
LONG = 2_000
"""Lines from which a table is measured on a sample."""
_FIRST = 200
"""Lines from the top, and lines of other kinds, that are measured whatever is in them."""
_WIDEST = 3
"""Lines that are measured for each column: those with its longest texts or figures."""


def kept_by_column(data: SheetData) -> SheetData:
    """A table with its lines kept by column; one of few lines as it is."""
    return replace(data, lines=by_column(data.lines)) if len(data.lines) > FEW else data


def by_column(lines: Sequence[Line]) -> LongTable:
    """Lines as a table kept by column."""
    if isinstance(lines, LongTable):
        return lines
    body = [line for line in lines if line.kind == BODY]
    fields = dict.fromkeys(field for line in body for field in line.values)
    columns = {field: [line.values.get(field) for line in body] for field in fields}
    between = {at: line for at, line in enumerate(lines) if line.kind != BODY}
    return LongTable(columns, len(body), between)


class Body(Struct, frozen=True, dict=True):
    """The lines of a draft that is written row by row."""

    draft: Draft
    table: LongTable
    others: Mapping[str, Draft]

    @classmethod
    def of(cls, draft: Draft, others: Mapping[str, Draft]) -> Body | None:
        """None for a table that is written cell by cell: a short one, or one whose columns are not of single values."""
        table = draft.data.lines
        if len(table) <= FEW or not isinstance(table, LongTable) or BODY not in draft.printed:
            return None
        body = cls(draft, table, others)
        return body if all(map(body._is_plain, draft.printed[BODY])) else None

    @property
    def is_long(self) -> bool:
        return len(self.table) > LONG

    def _is_plain(self, cell: PrintedCell) -> bool:
        """Whether a column's cells are single values, or the same words in every line."""
        if cell.columns > 1 or cell.rows > 1:
            return False
        if whole(cell.text) is None:
            return not PLACEHOLDER.search(cell.text)
        return Link not in self._kinds(cell)

    def _kinds(self, cell: PrintedCell) -> frozenset[type]:
        """Of what kinds a printed column's values are."""
        if cell.text not in self._known:
            self._known[cell.text] = frozenset(map(type, self._values(cell)))
        return self._known[cell.text]

    @cached_property
    def _known(self) -> dict[str, frozenset[type]]:
        return {}

    def _values(self, cell: PrintedCell) -> Sequence[Content]:
        """What a printed column shows, line by line."""
        held = whole(cell.text)
        if held is None:
            return [cell.text or None] * self.table.height
        return self.table.columns[held.field] if held.field in self.table.columns else [None] * self.table.height

    @cached_property
    def places(self) -> list[int]:
        """The place of each 明细 line among all lines."""
        return list(self.draft.lines_of(BODY))

    @cached_property
    def strips(self) -> tuple[Strip, ...]:
        return tuple(Strip(self.draft, cell, self._keys(cell)) for cell in self.draft.printed[BODY])

    def _keys(self, cell: PrintedCell) -> Sequence[object]:
        """A column's values as they are looked up: formulas with addresses, each with what picks its number format."""
        values = self._values(cell)
        types = self._kinds(cell)
        held = whole(cell.text)
        if Formula in types:
            at_place = zip(self.places, values, strict=True)
            values = [self.draft.content(at, cell, value, self.others) for at, value in at_place]  # type: ignore[misc]
        if bool in types:  # True is found where 1 is kept
            values = ["是" if value is True else "否" if value is False else value for value in values]
        if held is None or held.by is None:
            return values
        return list(zip(values, map(shown, self.table.columns[held.by]), strict=True))

    def sample(self) -> Sample:
        """The cells that decide how wide the columns are: all but where the table is long."""
        lines = sorted(self._telling_lines()) if self.is_long else None
        places = islice(self.table.between, _FIRST if self.is_long else None)
        between = [entry for at in places for entry in self.draft.line(at, self.table[at], self.others)]
        rows = [self.draft.top + self.places[line] for line in (range(self.table.height) if lines is None else lines)]
        return Sample(self.draft.around(), between, tuple(strip.stripe(lines, rows) for strip in self.strips))

    def _telling_lines(self) -> set[int]:
        """The 明细 lines that a long table is measured on."""
        lines = set(range(min(_FIRST, self.table.height)))
        for cell in self.draft.printed[BODY]:
            values = self._values(cell)
            length: Callable[[Any], int] = len if self._kinds(cell) <= {str, type(None)} else _length
            held = filter(None, dict.fromkeys(values)) if length is len else dict.fromkeys(values)
            lines.update(map(values.index, nlargest(_WIDEST, held, key=length)))
        return lines


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
