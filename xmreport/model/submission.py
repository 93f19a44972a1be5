"""What one file holds once Excel is left behind: typed rows, each with its sheet and row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from xmreport.model.dates import PartialDate
from xmreport.model.findings import Finding
from xmreport.model.grid import address

Value = None | bool | int | float | str | PartialDate


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands where a cell could not be read and a finding already says so: no check judges it again."""


Cell = Value | Unreadable


@dataclass(frozen=True, slots=True)
class Row:
    """One body row. `values` by field (`总投资`, `立项.办理进展`); `originals` the text of what was normalised."""

    sheet: str
    row: int
    values: Mapping[str, Cell]
    originals: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """One unit's return inside a workbook: usually the whole of it."""

    sheet: str
    form: str
    unit: str | None
    stated: dt.date | None
    """The sheet's own 填报时间."""
    rows: tuple[Row, ...]
    nil: bool
    """An explicit 零报告."""
    columns: Mapping[str, Mapping[str, int]]
    """Sheet → field → 1-based column: where a finding about a missing value points."""
    findings: tuple[Finding, ...]
    stated_cell: str | None = None
    extra_columns: tuple[str, ...] = ()
    """Headings the form does not know: kept in the archive, listed, never merged."""

    def cell(self, row: Row, name: str) -> str | None:
        """The address of a field in a row, as submitted."""
        column = self.columns.get(row.sheet, {}).get(name)
        return address(row.row, column) if column else None

    def __reduce__(self) -> tuple[object, ...]:
        """On its way between processes its rows are columns, whose names are written once."""
        others = [getattr(self, name) for name in self.__slots__ if name != "rows"]
        return _part, (pack(self.rows), others)

    @property
    def acceptable(self) -> bool:
        return not any(finding.is_error for finding in self.findings)


Packed = list[tuple[str, int, tuple[str, ...], list[Any], Mapping[str, str]]]


def pack(rows: tuple[Row, ...]) -> Packed:
    """Rows in plain lists, dates as triples: many times quicker to send than objects."""
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    packed: Packed = []
    for row in rows:
        names = tuple(row.values)
        cells = [(c.year, c.month, c.day) if isinstance(c, PartialDate) else c for c in row.values.values()]
        packed.append((row.sheet, row.row, known.setdefault(names, names), cells, row.originals))
    return packed


def unpack(packed: Packed) -> tuple[Row, ...]:
    """The inverse of `pack`."""
    rows = []
    for sheet, row, names, packed_cells, originals in packed:
        cells = [_day(cell) if cell.__class__ is tuple else cell for cell in packed_cells]
        rows.append(Row(sheet, row, dict(zip(names, cells, strict=True)), originals))
    return tuple(rows)


@lru_cache(maxsize=8192)
def _day(triple: tuple[int, int, int]) -> PartialDate:
    return PartialDate(*triple)


def _part(packed: Packed, others: list[Any]) -> Part:
    names = (name for name in Part.__slots__ if name != "rows")
    return Part(rows=unpack(packed), **dict(zip(names, others, strict=True)))


@dataclass(frozen=True, slots=True)
class Examination:
    """What examining a file gave: its parts, or why there are none.

    `outcome` is None where the parts decide; `returned` or `quarantined` where the file as a whole could not be used.
    """

    parts: tuple[Part, ...] = ()
    outcome: str | None = None
    findings: tuple[Finding, ...] = ()
    kind: str = ""
    """What the file is by its content: xlsx, xls, document, html …"""
