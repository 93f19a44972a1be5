"""Columns that a generic template leaves open: each looks as the sheet 列型 says of its type.

There the row 表头 names a type in each column, as often as its columns come in different looks; the column's width and
the look of the row 明细 are those of a printed column, and its `{列.值|着色}` says whether words are coloured. Words in
the row 栏名 send a column there by its heading; the one without words is for all others of that type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from xmreport.model.sheets import ColumnData
from xmreport.workbooks.formats.looks import Look
from xmreport.workbooks.formats.template import (
    BODY,
    COUNT,
    HEADER,
    KINDS,
    WORDS,
    TemplateBroken,
    TemplateSheet,
)

COLUMNS = "列"
"""The name under which a template's cells speak of an open column: {列}, {列.值}, {列.合计}."""
VALUE, TOTALLED = f"{COLUMNS}.值", f"{COLUMNS}.合计"
_APART = re.compile(r"[、，,\s]+")


class OpenColumn(Struct, frozen=True):
    """An open column with its type's look: `width` in pixels, `text` the placeholder of its 明细 cells."""

    data: ColumnData
    width: int
    text: str
    look: Look
    total_look: Look


def open_columns(file: str, kinds: TemplateSheet | None, columns: Iterable[ColumnData]) -> tuple[OpenColumn, ...]:
    """The columns with the looks that `kinds`, the sheet 列型 of the template `file`, has for them."""
    if kinds is None:
        raise TemplateBroken(file, None, None, f"有 {{{COLUMNS}}} 的模板要有工作表“{KINDS}”，写明各种列的宽度和格式")
    return tuple(_opened(kinds, column) for column in columns)


def _opened(kinds: TemplateSheet, column: ColumnData) -> OpenColumn:
    at = _place(kinds, column.type, column.heading)
    header, body = kinds.row(HEADER), kinds.row(BODY)
    if at is None:
        what = f"没有列型“{column.type}”：请加一列，表头行写“{column.type}”，设好列宽和明细行的格式"
        raise kinds.broken(header.cells[0].cell, what)
    cell = body.cells[at]
    if VALUE not in cell.fields:
        raise kinds.broken(cell.cell, f"这一格要写 {{{VALUE}}}")
    counted = _place(kinds, COUNT, "") if column.total == COUNT else None
    total = cell if counted is None else body.cells[counted]
    return OpenColumn(column, kinds.widths[at], cell.text.replace(VALUE, column.field), cell.look, total.look)


def _place(kinds: TemplateSheet, kind: str, heading: str) -> int | None:
    """The column of the sheet 列型 for a type: the first with a word of the heading, else the one without words."""
    row = kinds.find(WORDS)
    words = {
        at: [word for word in _APART.split(row.cells[at].text) if word] if row else []
        for at, cell in enumerate(kinds.row(HEADER).cells)
        if cell.text.strip() == kind
    }
    named = (at for at, given in words.items() if any(word in heading for word in given))
    plain = (at for at, given in words.items() if not given)
    return next(named, next(plain, None))
