"""A table too long to be held cell by cell: what it measures is found on a sample, its rows are made one at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest

from xmreport.model.sheets import Content, Formula, Line, Link, LongTable, SheetData
from xmreport.workbooks.draft import Draft
from xmreport.workbooks.entries import Entry
from xmreport.workbooks.figures import shown
from xmreport.workbooks.layout import PrintedCell
from xmreport.workbooks.markup import Markup
from xmreport.workbooks.paper import Fit, divided, settled
from xmreport.workbooks.template import BODY, whole

LONG = 2_000
"""Lines from which a table is written row by row."""
_FIRST = 200
"""Lines from the top that are measured, whatever is in them."""
_WIDEST = 3
"""Lines that are measured for each column, those with its longest texts or figures."""
_REMEMBERED = 20_000
"""Cells of a column that are kept ready for the next line that says the same."""


def is_long(data: SheetData) -> bool:
    """Whether a table is written row by row: one with charts or links is not, however long."""
    if len(data.lines) <= LONG or data.charts:
        return False
    return not any(Link in set(map(type, column)) for column in by_column(data).columns.values())


def by_column(data: SheetData) -> LongTable:
    """The lines of a sheet as a table kept by column."""
    lines = data.lines
    if isinstance(lines, LongTable):
        return lines
    body = [line for line in lines if line.kind == BODY]
    fields = dict.fromkeys(field for line in body for field in line.values)
    columns = {field: [line.values.get(field) for line in body] for field in fields}
    return LongTable(columns, len(body), {at: line for at, line in enumerate(lines) if line.kind != BODY})
