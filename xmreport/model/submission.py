"""What one file holds once Excel is left behind: typed rows, each with its sheet and row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from xmreport.model.dates import PartialDate
from xmreport.model.findings import Finding
from xmreport.model.grid import address

Value = None | bool | int | float | str | PartialDate


class Unreadable(Struct, frozen=True):
    """Stands where a cell could not be read and a finding already says so: no check judges it again."""


Cell = Value | Unreadable


class Row(Struct, frozen=True):
    """One body row. `values` by field (`总投资`, `立项.办理进展`); `originals` the text of what was normalised."""

    sheet: str
    row: int
    values: Mapping[str, Cell]
    originals: Mapping[str, str] = {}


class Identity(NamedTuple):
    """The keys by which a row's project is found again: the main one and the spare one. Either may be missing."""

    main: str | None
    spare: str | None

    def __bool__(self) -> bool:
        return bool(self.main or self.spare)


class Part(Struct, frozen=True):
    """One unit's return inside a workbook: usually the whole of it."""

    sheet: str
    form: str
    unit: str | None
    stated: dt.date | None
    """The sheet's own 填报时间."""
    rows: Sequence[Row]
    nil: bool
    """An explicit 零报告."""
    columns: Mapping[str, Mapping[str, int]]
    """Sheet → field → 1-based column: where a finding about a missing value points."""
    findings: tuple[Finding, ...]
    stated_cell: str | None = None

    def cell(self, row: Row, name: str) -> str | None:
        """The address of a field in a row, as submitted."""
        column = self.columns.get(row.sheet, {}).get(name)
        return address(row.row, column) if column else None
