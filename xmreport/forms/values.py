"""The one place where a cell becomes a value or a finding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xmreport.forms.cleaning import is_blank, shown
from xmreport.forms.dates import read_date
from xmreport.forms.numbers import read_money, read_number
from xmreport.forms.reading import Reading, error
from xmreport.forms.words import read_choice, read_code, read_phone, read_unit, read_years
from xmreport.model.grid import UNCACHED, Scalar
from xmreport.rulebook.book import County
from xmreport.rulebook.form import Form, FormField


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

    def money_cell(self, value: Scalar, heading_unit: str | None) -> Reading:
        return read_money(value, heading_unit or self.money, self.form.file.money)

    def date_cell(self, value: Scalar, field: FormField) -> Reading:
        return read_date(value, self.today, ahead=field.column.time == "将来")

    def choice_cell(self, value: Scalar, field: FormField) -> Reading:
        return read_choice(value, field.column, self.form.meanings.get(field.column.options or "", {}))


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
