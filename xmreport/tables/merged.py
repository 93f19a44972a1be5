"""The merged table: every accepted row of a period, each with its file, sheet and row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from xmreport.model.receipts import Receipt
from xmreport.model.submission import Identity, Row, Value
from xmreport.model.text import file_name
from xmreport.rulebook.columns import columns_of
from xmreport.rulebook.form import FIGURES, Form
from xmreport.rulebook.identity import identity_of, name_of
from xmreport.tables.frame import Frame, readable_all

UNIT, FILE, SHEET, ROW, ARRIVED, VERSION, DIGEST = (
    "填报单位",
    "来源文件",
    "工作表",
    "行号",
    "报送时间",
    "版本",
    "文件校验码",
)


@dataclass(frozen=True)
class Return:
    """The version in force of one unit, with its rows."""

    unit: str
    receipt: Receipt
    version: int
    rows: Sequence[Row]

    @cached_property
    def origin(self) -> Mapping[str, str | int]:
        """Where the rows came from, as the tables print it."""
        return {
            FILE: file_name(self.receipt.file),
            ARRIVED: f"{self.receipt.arrived_at:%Y-%m-%d %H:%M}",
            VERSION: self.version,
            DIGEST: (self.receipt.sha256 or "")[:12],
        }


@dataclass(frozen=True)
class Conflict:
    """One project reported by two units: whose row counts, and whose leaves the totals (M28)."""

    project: str
    counts: str
    leaves: str


@dataclass(frozen=True, slots=True)
class Entered:
    """A row of the merged table: the return it is from, and whether it is summed."""

    row: Row
    source: Return
    counts: bool

    @property
    def origin(self) -> dict[str, str | int]:
        """Where the row came from, as the tables print it."""
        return {**self.source.origin, SHEET: self.row.sheet, ROW: self.row.row}


@dataclass(frozen=True)
class Merged:
    """One form's rows of all units, in roster order."""

    form: Form
    entered: tuple[Entered, ...]
    conflicts: tuple[Conflict, ...]

    @cached_property
    def rows(self) -> list[Row]:
        """The rows that count."""
        return [each.row for each in self.entered if each.counts]

    @cached_property
    def units(self) -> list[str]:
        """The reporting unit of each row that counts."""
        return [each.source.unit for each in self.entered if each.counts]

    @cached_property
    def figures(self) -> pd.DataFrame:
        """The rows that count: the reporting unit, and every column of figures, NaN where there is none."""
        names = [name for name, field in self.form.fields.items() if field.type in FIGURES]
        return pd.DataFrame({UNIT: self.units, **{name: _numbers(self.column(name)) for name in names}})

    @cached_property
    def by_unit(self) -> Mapping[str, Sequence[Row]]:
        """The rows that count of each unit, units and rows in their order."""
        groups = self.figures.groupby(UNIT, sort=False).indices
        return {str(unit): [self.rows[at] for at in places] for unit, places in groups.items()}

    @cached_property
    def procedures(self) -> tuple[str, ...]:
        """The county's procedures, and further ones that some row speaks of."""
        used = {name for names in self.frame.spoken_of for name in names} if self.form.further_procedures else set()
        further = (name for name in self.form.further_procedures if name in used)
        return (*self.form.procedures, *further)

    @cached_property
    def frame(self) -> Frame:
        """The rows that count, by column."""
        return Frame(self.form, self.rows, self.units)

    def column(self, field: str) -> Sequence[Value]:
        """A field of all rows that count; nothing in each where the form has no such field."""
        columns = self.frame.columns("项目").values
        return readable_all(columns[field]) if field in self.form.fields else [None] * len(self.rows)


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
    leaving, conflicts = _conflicts(form, returns)
    entered = (Entered(row, each, id(row) not in leaving) for each in ordered for row in each.rows)
    return Merged(form, tuple(entered), tuple(conflicts))


def _worked_out(form: Form, rows: Sequence[Row]) -> Sequence[Row]:
    """Rows with their computed columns as the formulas give them: nothing where a formula lacks a part."""
    if not form.computed:
        return rows
    columns = columns_of(form, rows, "项目").values
    found = {name: expression.evaluate(columns) for name, expression in form.computed.items()}
    return tuple(
        replace(row, values={**row.values, **{name: results[at] for name, results in found.items()}})
        for at, row in enumerate(rows)
    )


def _conflicts(form: Form, returns: Sequence[Return]) -> tuple[set[int], list[Conflict]]:
    """Rows that leave the totals: of one project from two units the responsible unit's row counts, else the first."""
    leaving: set[int] = set()
    conflicts: list[Conflict] = []
    reported = _Reported()
    for each in sorted(returns, key=lambda one: (one.receipt.arrived_at, one.receipt.seq)):
        own = [(row, identity_of(form, row)) for row in each.rows]
        for row, identity in own:
            found = reported.find(identity)
            if found is None:
                continue
            first, held = found
            takes_over = row.values.get("责任单位") == each.unit and held.values.get("责任单位") != first
            counts, leaves = (each.unit, first) if takes_over else (first, each.unit)
            leaving.add(id(held if takes_over else row))
            conflicts.append(Conflict(name_of(form, row), counts, leaves))
        for row, identity in own:
            reported.add(identity, each.unit, row)
    return leaving, conflicts


class _Reported:
    """The first unit to report a project, with its row; found by keys as `Index` finds a row within one return."""

    def __init__(self) -> None:
        self._main: dict[str, tuple[str, Row]] = {}
        self._spare: dict[str, tuple[str, Row, bool]] = {}

    def add(self, identity: Identity, unit: str, row: Row) -> None:
        if identity.main:
            self._main.setdefault(identity.main, (unit, row))
        if identity.spare:
            self._spare.setdefault(identity.spare, (unit, row, bool(identity.main)))

    def find(self, identity: Identity) -> tuple[str, Row] | None:
        if identity.main and identity.main in self._main:
            return self._main[identity.main]
        if identity.spare is None or identity.spare not in self._spare:
            return None
        unit, row, has_main = self._spare[identity.spare]
        return None if identity.main and has_main else (unit, row)
