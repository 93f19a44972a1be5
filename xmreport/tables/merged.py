"""The merged table: every accepted row of a period, each with its file, sheet and row."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, compress, islice
from typing import TypeVar

import pandas as pd
from msgspec import Struct
from msgspec.structs import replace

from xmreport.model.receipts import Receipt
from xmreport.model.rows import Rows
from xmreport.model.submission import Cell, Row, Value
from xmreport.model.text import file_name
from xmreport.rulebook.columns import RowsByColumn, readable_all
from xmreport.rulebook.form import FIGURES, Form
from xmreport.rulebook.identity import Index, identities_of, name_of, precedence

UNIT, FILE, SHEET, ROW, ARRIVED, VERSION, DIGEST = (
    "填报单位",
    "来源文件",
    "工作表",
    "行号",
    "报送时间",
    "版本",
    "文件校验码",
)


class Return(Struct, frozen=True, dict=True):
    """The version in force of one unit, with its rows."""

    unit: str
    receipt: Receipt
    version: int
    rows: Sequence[Row]
    first: Receipt
    """The unit's first acceptable version of it."""

    def precedence(self, row: int) -> tuple[bool, dt.datetime, int]:
        """Which of several units' rows of one project counts: the least."""
        return precedence(self.rows[row], self.unit, self.first)

    @cached_property
    def columns(self) -> Rows:
        """The rows by column."""
        return Rows.of(self.rows)

    @cached_property
    def origin(self) -> Mapping[str, str | int]:
        """Where the rows came from, as the tables print it."""
        return {
            FILE: file_name(self.receipt.file),
            ARRIVED: f"{self.receipt.arrived_at:%Y-%m-%d %H:%M}",
            VERSION: self.version,
            DIGEST: (self.receipt.sha256 or "")[:12],
        }


class Conflict(Struct, frozen=True):
    """One project reported by two units: whose row counts, and whose leaves the totals (M28)."""

    project: str
    counts: str
    leaves: str


class Entered(Struct, frozen=True):
    """A row of the merged table: the return it is from, and whether it is summed."""

    row: Row
    source: Return
    counts: bool

    @property
    def origin(self) -> dict[str, str | int]:
        """Where the row came from, as the tables print it."""
        return {**self.source.origin, SHEET: self.row.sheet, ROW: self.row.row}


Held = TypeVar("Held")
Place = tuple[int, int]
"""A return's place in the merged table, and a row's place in the return."""


class Merged(Struct, frozen=True, dict=True):
    """One form's rows of all units, in roster order."""

    form: Form
    returns: tuple[Return, ...]
    leaving: frozenset[Place]
    """The rows that are not summed."""
    conflicts: tuple[Conflict, ...]

    @cached_property
    def entered(self) -> tuple[Entered, ...]:
        """Every row."""
        rows = ((row, each) for each in self.returns for row in each.rows)
        return tuple(Entered(row, each, counts) for (row, each), counts in zip(rows, self.counts, strict=True))

    @cached_property
    def counts(self) -> Sequence[bool]:
        """Whether each row is summed."""
        places = ((at, row) for at, each in enumerate(self.returns) for row in range(len(each.rows)))
        return [place not in self.leaving for place in places]

    @cached_property
    def rows(self) -> list[Row]:
        """The rows that count."""
        return self._summed(each.rows for each in self.returns)

    @cached_property
    def units(self) -> list[str]:
        """The reporting unit of each row that counts."""
        return self._summed([each.unit] * len(each.rows) for each in self.returns)

    @cached_property
    def figures(self) -> pd.DataFrame:
        """The rows that count: the reporting unit, and every column of figures, NaN where there is none."""
        names = [name for name, field in self.form.fields.items() if field.type in FIGURES]
        return pd.DataFrame({UNIT: self.units, **{name: _numbers(self.column(name)) for name in names}})

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """How many rows of each unit count, units in their order."""
        return Counter(self.units)

    @property
    def height(self) -> int:
        """How many rows count."""
        return len(self.units)

    @cached_property
    def procedures(self) -> tuple[str, ...]:
        """The county's procedures, and further ones that some row speaks of."""
        further = (name for name in self.form.further_procedures if any(self.frame.spoken_of(name)))
        return (*self.form.procedures, *further)

    @cached_property
    def frame(self) -> RowsByColumn:
        """The rows that count, by column."""
        return RowsByColumn(self.form, self._cells, self.units)

    def column(self, field: str) -> Sequence[Value]:
        """A field of all rows that count; nothing in each where the form has no such field."""
        columns = self.frame.columns("项目").values
        return readable_all(columns[field]) if field in self.form.fields else [None] * self.height

    def every(self, field: str) -> Sequence[Value]:
        """A field of all rows, those that are not summed included."""
        return readable_all([cell for each in self.returns for cell in each.columns.column(field)])

    def _cells(self, field: str) -> Sequence[Cell]:
        return self._summed(each.columns.column(field) for each in self.returns)

    def _summed(self, parts: Iterable[Sequence[Held]]) -> list[Held]:
        """What the rows that count have, of every return's."""
        every = chain.from_iterable(parts)
        return list(compress(every, self.counts) if self.leaving else every)


def _numbers(values: Sequence[Value]) -> pd.Series:
    return pd.Series([value if isinstance(value, int | float) else None for value in values], dtype="float64")


def merge(form: Form, returns: Sequence[Return], order: Mapping[str, int]) -> Merged:
    """Join the returns in force into one table. What a form works out says what its formula gives, in the rows too.

    Args:
        form: the form as its county uses it.
        returns: the version in force of each unit.
        order: unit → its place in the roster.
    """
    returns = [replace(each, rows=_worked_out(form, each.rows)) for each in returns]
    met = {each.unit: place for place, each in reversed(list(enumerate(returns)))}
    ordered = sorted(returns, key=lambda each: (order.get(each.unit, len(order)), met[each.unit]))
    leaving, conflicts = _conflicts(form, ordered)
    return Merged(form, tuple(ordered), frozenset(leaving), tuple(conflicts))


def _worked_out(form: Form, rows: Sequence[Row]) -> Sequence[Row]:
    """Rows with their computed columns as the formulas give them: nothing where a formula lacks a part."""
    if not form.computed:
        return rows
    columns = RowsByColumn.of(form, rows, None).columns("项目").values
    found = {name: iter(expression.evaluate(columns, len(rows))) for name, expression in form.computed.items()}
    return Rows(
        replace(block, columns={**block.columns, **_next(found, len(block.numbers))}) for block in Rows.of(rows).blocks
    )


def _next(found: Mapping[str, Iterator[Cell]], count: int) -> dict[str, Sequence[Cell]]:
    return {name: list(islice(values, count)) for name, values in found.items()}


def _conflicts(form: Form, returns: Sequence[Return]) -> tuple[set[Place], list[Conflict]]:
    """Rows that leave the totals: of one project from several units only one counts."""
    leaving: set[Place] = set()
    conflicts: list[Conflict] = []
    standing, known = Index[_Standing](), set[str | None]()
    for at, each in sorted(enumerate(returns), key=lambda one: one[1].first.order):
        own = [((at, row), identity) for row, identity in enumerate(identities_of(form, each.rows))]
        keys = {key for _, identity in own for key in identity} - {None}
        met = not known.isdisjoint(keys)
        known |= keys
        found = [standing.find(identity) if met else None for _, identity in own]
        for (place, identity), held in zip(own, found, strict=True):
            if held is None or (identity.main and held.main and identity.main != held.main):
                standing.add(identity, _Standing(place, identity.main))
                continue
            before = returns[held.place[0]]
            takes_over = each.precedence(place[1]) < before.precedence(held.place[1])
            counts, leaves = (each.unit, before.unit) if takes_over else (before.unit, each.unit)
            leaving.add(held.place if takes_over else place)
            conflicts.append(Conflict(name_of(form, each.rows[place[1]]), counts, leaves))
            if takes_over:
                held.place = place
            held.main = held.main or identity.main
            standing.add(identity, held)
    return leaving, conflicts


class _Standing(Struct):
    """Whose row counts for a project, of those met so far; and the project's main key, once one of them has it."""

    place: Place
    main: str | None
