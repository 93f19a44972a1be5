"""What a check is given: one return, its rules, its day, and the unit's last return where there was one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property

from msgspec import Struct

from xmreport.model.findings import Finding, Severity
from xmreport.model.submission import Part, Row
from xmreport.rulebook.form import Form
from xmreport.rulebook.identity import matched


class Examined(Struct, frozen=True, dict=True):
    """One unit's return under one form."""

    form: Form
    part: Part
    day: dt.date
    """The report's day: its 填报时间, else the day it arrived."""
    last: Sequence[Row] = ()
    last_period: str = ""
    follows: bool = False
    """Whether the last return is of the period just before this one, so that this period's figures continue its."""
    same_year: bool = True
    """Whether both are of one year: what is cumulative within a year begins anew with the next."""

    @cached_property
    def pairs(self) -> Sequence[tuple[Row, Row]]:
        """Each row with the same project's row of the last return, where there is one."""
        return list(matched(self.form, self.part.rows, self.last))

    def finding(
        self, code: str, severity: Severity, row: Row, name: str, value: object = None, **words: str
    ) -> Finding:
        """A finding at a field of a row."""
        shown = f"{value:.10g}" if isinstance(value, float) else "" if value is None else str(value)[:200]
        return Finding(code, severity, row.sheet, self.part.cell(row, name), name, shown, words)
