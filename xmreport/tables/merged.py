"""The merged table: every accepted row of a period in one frame, each with its file, sheet and row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from xmreport.model.receipts import Receipt
from xmreport.model.submission import Row
from xmreport.model.text import file_name
from xmreport.rulebook.columns import columns_of, procedures_of, readable
from xmreport.rulebook.form import Form
from xmreport.rulebook.identity import Index, identity_of, name_of

UNIT, FILE, SHEET, ROW, ARRIVED, VERSION, DIGEST = (
    "填报单位",
    "来源文件",
    "工作表",
    "行号",
    "报送时间",
    "版本",
    "文件校验码",
)
RECORD, COUNTS = "_row", "_counts"


@dataclass(frozen=True)
class Return:
    """The version in force of one unit, with its rows."""

    unit: str
    receipt: Receipt
    version: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Conflict:
    """One project reported by two units: whose row counts, and whose leaves the totals (M28)."""

    project: str
    counts: str
    leaves: str


@dataclass(frozen=True)
class Merged:
    """One form's rows of all units, in roster order. `frame` has a line a project; `_counts` says which are summed."""

    form: Form
    frame: pd.DataFrame
    conflicts: tuple[Conflict, ...]

    @cached_property
    def counted(self) -> pd.DataFrame:
        return self.frame[self.frame[COUNTS]]

    @cached_property
    def rows(self) -> list[Row]:
        """The rows that count, as records."""
        return list(self.counted[RECORD])

    @cached_property
    def units(self) -> list[str]:
        """The reporting unit of each row that counts."""
        return list(self.counted[UNIT])

    @cached_property
    def procedures(self) -> tuple[str, ...]:
        """The county's procedures, and further ones that some row speaks of."""
        used = {name for row in self.rows for name in procedures_of(self.form, row)}
        further = (name for name in self.form.further_procedures if name in used)
        return (*self.form.procedures, *further)


def merge(form: Form, returns: Sequence[Return], order: Mapping[str, int]) -> Merged:
    """Join the returns in force into one table. What a form works out says what its formula gives, in the rows too.

    Args:
        form: the form as its county uses it.
        returns: the version in force of each unit.
        order: unit → its place in the roster.
    """
    returns = [replace(each, rows=_worked_out(form, each.rows)) for each in returns]
    ordered = sorted(returns, key=lambda each: order.get(each.unit, len(order)))
    loser, conflicts = _conflicts(form, returns)
    lines = [
        {
            **{name: readable(row.values.get(name)) for name in form.fields},
            UNIT: each.unit,
            FILE: file_name(each.receipt.file),
            SHEET: row.sheet,
            ROW: row.row,
            ARRIVED: f"{each.receipt.arrived_at:%Y-%m-%d %H:%M}",
            VERSION: each.version,
            DIGEST: (each.receipt.sha256 or "")[:12],
            RECORD: row,
            COUNTS: id(row) not in loser,
        }
        for each in ordered
        for row in each.rows
    ]
    columns = [*form.fields, UNIT, FILE, SHEET, ROW, ARRIVED, VERSION, DIGEST, RECORD, COUNTS]
    frame = pd.DataFrame(lines, columns=columns, dtype=object)
    frame[COUNTS] = frame[COUNTS].astype(bool)
    return Merged(form, frame, tuple(conflicts))


def _worked_out(form: Form, rows: tuple[Row, ...]) -> tuple[Row, ...]:
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
    index = Index(form)
    holder: dict[int, str] = {}
    for each in sorted(returns, key=lambda one: (one.receipt.arrived_at, one.receipt.seq)):
        own: list[Row] = []
        for row in each.rows:
            held = index.find(row) if identity_of(form, row) else None
            own.append(row)
            if held is None:
                continue
            first = holder[id(held)]
            takes_over = row.values.get("责任单位") == each.unit and held.values.get("责任单位") != first
            counts, leaves = (each.unit, first) if takes_over else (first, each.unit)
            leaving.add(id(held if takes_over else row))
            conflicts.append(Conflict(name_of(form, row), counts, leaves))
        for row in own:
            index.add(row)
            holder[id(row)] = each.unit
    return leaving, conflicts
