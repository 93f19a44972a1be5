"""The one place where a cell becomes a value or a finding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from xmreport.forms.cleaning import clean, is_blank, shown
from xmreport.forms.dates import read_date
from xmreport.forms.numbers import is_plain_money, read_money, read_number
from xmreport.forms.reading import Reading, error
from xmreport.forms.words import read_choice, read_code, read_phone, read_unit, read_years
from xmreport.model.dates import PartialDate
from xmreport.model.grid import UNCACHED, Scalar
from xmreport.model.submission import Cell, Unreadable
from xmreport.rulebook.book import County
from xmreport.rulebook.form import Form, FormField

MOST_KNOWN, MOST_WAYS = 2000, 32
"""Cells of one column, and ways of reading sheets, that are remembered."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A cell's reading, and the cell's text where the value does not show it."""

    reading: Reading
    written: str


@dataclass(frozen=True)
class Reader:
    """Reads the cells of one sheet: the county's rules, the sheet's money unit and the report's day."""

    county: County
    form: Form
    money: str
    """The unit that the sheet's 单位：… gives to money columns without one of their own."""
    today: dt.date

    def read(self, value: Scalar, fault: str | None, field: FormField, heading_unit: str | None) -> Reading:
        """One cell: blank where it says nothing, an error value as such, else by the type of its field."""
        if fault is not None:
            return error("V26") if fault == UNCACHED else error("V25", 错误=fault)
        if is_blank(value):
            return error("V01") if field.required else Reading(None)
        reader = _READERS.get(field.type)
        reading = reader(self, value, field, heading_unit) if reader else Reading(shown(value))
        if reading.value is None and field.required:
            return error("V01")
        return reading

    def take(self, value: Scalar, field: FormField, heading_unit: str | None) -> Taken:
        """One cell without a fault, as the body needs it. What was read once is not read again: columns repeat."""
        kind, type_ = value.__class__, field.type
        if kind is str and type_ == "文本":
            assert isinstance(value, str)
            return Taken(Reading(clean(value)), "") if not is_blank(value) else self._taken(value, field, heading_unit)
        if kind is str and type_ == "代码":  # hardly ever twice
            return self._taken(value, field, heading_unit)
        if kind is float and type_ == "金额":
            assert isinstance(value, float)
            if (heading_unit or self.money) == self.form.file.money and is_plain_money(value):
                return Taken(Reading(value), "")
            return self._taken(value, field, heading_unit)
        known = self.known(field, heading_unit)
        # 1, 1.0 and 是 are one key to Python and three things to a clerk.
        key = value if kind is str or kind is dt.date else (kind, value)
        taken = known.get(key)
        if taken is None:
            if len(known) >= MOST_KNOWN:
                known.clear()
            taken = known[key] = self._taken(value, field, heading_unit)
        return taken

    def known(self, field: FormField, heading_unit: str | None) -> dict[object, Taken]:
        """What texts and dates in a column of this field gave before, in this sheet or one read the same way."""
        return self._known.setdefault((field.name, heading_unit), {})

    def _taken(self, value: Scalar, field: FormField, heading_unit: str | None) -> Taken:
        reading = self.read(value, None, field, heading_unit)
        if reading.value is value:
            return Taken(reading, "")
        written = shown(value)
        return Taken(reading, written if written != as_text(reading.value) else "")

    @cached_property
    def _known(self) -> dict[tuple[str, str | None], dict[object, Taken]]:
        """What cells gave before, in this sheet or another one read the same way."""
        own = (id(self.county), id(self.form), self.money, self.today)
        if own not in _KNOWN or _KNOWN[own][0] is not self.county:
            if len(_KNOWN) >= MOST_WAYS:
                _KNOWN.clear()
            _KNOWN[own] = (self.county, {})
        return _KNOWN[own][1]

    def money_cell(self, value: Scalar, heading_unit: str | None) -> Reading:
        return read_money(value, heading_unit or self.money, self.form.file.money)

    def date_cell(self, value: Scalar, field: FormField) -> Reading:
        return read_date(value, self.today, ahead=field.column.time == "将来")

    def choice_cell(self, value: Scalar, field: FormField) -> Reading:
        return read_choice(value, field.column, self.form.meanings.get(field.column.options or "", {}))


def as_text(value: Cell) -> str:
    """A value as it would be written in a cell."""
    if value is None or isinstance(value, Unreadable):
        return ""
    return str(value) if isinstance(value, PartialDate) else shown(value)


_KNOWN: dict[tuple[int, int, str, dt.date], tuple[County, dict[tuple[str, str | None], dict[object, Taken]]]] = {}
_READERS: Mapping[str, Callable[[Reader, Scalar, FormField, str | None], Reading]] = {
    "金额": lambda reader, value, _, unit: reader.money_cell(value, unit),
    "数": lambda _, value, *__: read_number(value),
    "日期": lambda reader, value, field, _: reader.date_cell(value, field),
    "选项": lambda reader, value, field, _: reader.choice_cell(value, field),
    "代码": lambda reader, value, *_: read_code(value, reader.county.file.code),
    "单位": lambda reader, value, *_: read_unit(value, reader.county.roster),
    "年限": lambda _, value, *__: read_years(value),
    "电话": lambda _, value, *__: read_phone(value),
}
