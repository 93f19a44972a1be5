"""The one writer of cells: what cannot be written raises, and text never becomes a formula."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from xlsxwriter import Workbook

from xmreport.model.sheets import Formula, Link
from xmreport.workbooks.cells import FilledCell
from xmreport.workbooks.formats.looks import Look

_INSIDE = "internal:"
ACTIVE = ("=", "+", "-", "@")
"""Text that begins with one of these turns into a formula once somebody edits its cell."""


class WriteRefused(Exception):
    """xlsxwriter did not write what it was given."""

    def __init__(self, sheet: str, what: str, code: object) -> None:
        super().__init__(f"工作表“{sheet}”：{what} 没有写进去（返回 {code}）")


class Formats:
    """A workbook's formats, one for each look."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[Look, Any] = {}

    def of(self, look: Look) -> Any:
        if look not in self._made:
            self._made[look] = self._book.add_format(dict(look.properties))
        return self._made[look]


class Pen:
    """Writes one sheet."""

    def __init__(self, sheet: Any, formats: Formats) -> None:
        self.sheet = sheet
        self.formats = formats

    def call(self, what: str, method: Callable[..., Any], *given: Any, **named: Any) -> None:
        """Calls the writer and refuses to go on where it reports a failure."""
        code = method(*given, **named)
        if isinstance(code, int) and code < 0:
            raise WriteRefused(self.sheet.get_name(), what, code)

    def write(self, entry: FilledCell) -> None:
        look = entry.look
        if isinstance(entry.content, str) and entry.content.startswith(ACTIVE):
            look = look.changed(quote_prefix=True)
        style = self.formats.of(look)
        place = f"第 {entry.row + 1} 行第 {entry.column + 1} 列"
        if entry.rows > 1 or entry.columns > 1:
            corner = (entry.row + entry.rows - 1, entry.column + entry.columns - 1)
            self.call(place, self.sheet.merge_range, entry.row, entry.column, *corner, "", style)
        self._cell(place, entry, style)

    def _cell(self, place: str, entry: FilledCell, style: Any) -> None:
        at = (entry.row, entry.column)
        match entry.content:
            case None:
                self.call(place, self.sheet.write_blank, *at, None, style)
            case str():
                self.call(place, self.sheet.write_string, *at, entry.content, style)
            case dt.date():
                moment = dt.datetime.combine(entry.content, dt.time())
                self.call(place, self.sheet.write_datetime, *at, moment, style)
            case int() | float():
                self.call(place, self.sheet.write_number, *at, entry.content, style)
            case Formula(text, value):
                cached = "" if value is None else value
                self.call(place, self.sheet.write_formula, *at, f"={text}", style, cached)
            case Link(text, target):
                url = target if target.startswith(_INSIDE) else f"external:{target}"
                self.call(place, self.sheet.write_url, *at, url, style, text)
