"""The one place where a cell becomes a value or a finding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, lru_cache
from typing import Any

from msgspec import Struct

from xmreport.forms.cleaning import clean, is_blank, shown
from xmreport.forms.dates import read_date, since_1904
from xmreport.forms.nothing import says_nothing
from xmreport.forms.numbers import is_plain_money, read_money, read_number
from xmreport.forms.reading import Reading, error
from xmreport.forms.words import read_choice, read_code, read_phone, read_unit, read_years
from xmreport.model.dates import PartialDate
from xmreport.model.grid import UNCACHED, Scalar
from xmreport.model.submission import Cell, Unreadable
from xmreport.rulebook.book import County
from xmreport.rulebook.form import Form, FormField

_TROUBLES = "问题"
"""What the name of a column holds in which troubles are told: there 否 and 没有 say that there is none."""
MOST_KNOWN, MOST_WAYS = 2000, 32
"""Cells of one column, and ways of reading sheets, that are remembered."""
_TELLING = {str, dt.date, type(None)}
"""Kinds of cells that no cell of another kind is equal to."""
_FIGURES = {float, type(None)}


class Taken(Struct, frozen=True):
    """A cell's reading, and the cell's text where the value does not show it."""

    reading: Reading
    written: str


class _Column(Struct, frozen=True):
    """What cells of a column gave before: the value of each, and what is to be told of some."""

    values: dict[Any, Cell] = {}
    told: dict[Any, Taken] = {}


class Reader(Struct, frozen=True, dict=True):
    """Reads the cells of one sheet: the county's rules, the sheet's money unit and the report's day."""

    county: County
    form: Form
    money: str
    """The unit that the sheet's 单位：… gives to money columns without one of their own."""
    today: dt.date
    mode_1904: bool = False
    """Whether the workbook counts its days from 1904."""
    format: str = "xlsx"
    """The workbook's: an .ods keeps TRUE and FALSE as 1 and 0."""

    def read(self, value: Scalar, fault: str | None, field: FormField, heading_unit: str | None) -> Reading:
        """One cell: blank where it says nothing, an error value as such, else by the type of its field."""
        if fault is not None:
            return error("V26") if fault == UNCACHED else error("V25", 错误=fault)
        kind = field.type
        if is_void(value, field):
            return error("V01") if field.required else Reading(None)
        reader = _READERS.get(kind)
        reading = reader(self, value, field, heading_unit) if reader else Reading(shown(value))
        if reading.value is None and field.required:
            return error("V01")
        return reading

    def column(
        self, cells: Sequence[Scalar], field: FormField, heading_unit: str | None
    ) -> tuple[Sequence[Cell], Sequence[tuple[int, Taken]]]:
        """A column of cells without faults: their values, and by its place each cell of which something is to be told.

        What was read once is not read again: columns repeat, in a sheet and from file to file.
        """
        kinds = set(map(type, cells))
        if field.type == "金额" and self._is_plain_money(cells, kinds, field, heading_unit):
            return cells, ()  # type: ignore[return-value]
        known = self._known.setdefault((field.name, heading_unit), _Column())
        if len(known.values) > MOST_KNOWN:
            known.values.clear()
            known.told.clear()
        # 1, 1.0 and 是 are one key to Python and three things to a clerk.
        keys: Sequence[Any] = cells if _TELLING.issuperset(kinds) else [_key(cell) for cell in cells]
        for key in set(keys).difference(known.values):
            cell = key[1] if key.__class__ is tuple else key
            if cell.__class__ is str and field.type == "文本" and not says_nothing(cell):
                known.values[key] = clean(cell)
                continue
            taken = self._taken(cell, field, heading_unit)
            known.values[key] = taken.reading.value
            if taken.written or taken.reading.remarks or taken.reading.beside:
                known.told[key] = taken
        told = [(at, known.told[key]) for at, key in enumerate(keys) if key in known.told] if known.told else ()
        return list(map(known.values.__getitem__, keys)), told

    def _is_plain_money(
        self, cells: Sequence[Scalar], kinds: AbstractSet[type], field: FormField, heading_unit: str | None
    ) -> bool:
        """Whether a column is kept as it is: figures in the form's own unit, and blanks where they may be."""
        if not _FIGURES.issuperset(kinds) or (heading_unit or self.money) != self.form.file.money:
            return False
        if type(None) in kinds and field.required:
            return False
        return all(is_plain_money(cell) for cell in cells if isinstance(cell, float))

    def _taken(self, value: Scalar, field: FormField, heading_unit: str | None) -> Taken:
        reading = self.read(value, None, field, heading_unit)
        if reading.value is value:
            return Taken(reading, "")
        written = shown(value)
        return Taken(reading, written if written != as_text(reading.value) else "")

    @cached_property
    def _known(self) -> dict[tuple[str, str | None], _Column]:
        """What cells gave before, in this sheet or another one read the same way."""
        return _read_before(self.county, self.form, self.money, self.today, self.mode_1904, self.format)

    def money_cell(self, value: Scalar, heading_unit: str | None) -> Reading:
        return read_money(value, heading_unit or self.money, self.form.file.money)

    def date_cell(self, value: Scalar, field: FormField) -> Reading:
        if self.mode_1904:
            value = since_1904(value)
        return read_date(value, self.today, ahead=field.column.time == "将来")

    def choice_cell(self, value: Scalar, field: FormField) -> Reading:
        meanings = self.form.meanings.get(field.column.options or "", {})
        if self.format == "ods" and value in (0, 1) and set(meanings.values()) == {"是", "否"}:
            value = bool(value)
        return read_choice(value, field.column, meanings)


def is_void(value: Scalar, field: FormField) -> bool:
    """Whether a cell says nothing (M23); where problems are told, there are more words to say that there is none."""
    if is_blank(value):
        return True
    return field.type == "文本" and isinstance(value, str) and _TROUBLES in field.column.name and says_nothing(value)


def as_text(value: Cell) -> str:
    """A value as it would be written in a cell."""
    if value is None or isinstance(value, Unreadable):
        return ""
    return str(value) if isinstance(value, PartialDate) else shown(value)


def _key(cell: Scalar) -> Scalar | tuple[type, Scalar]:
    return cell if cell.__class__ in _TELLING else (cell.__class__, cell)


@lru_cache(MOST_WAYS)
def _read_before(*_way: object) -> dict[tuple[str, str | None], _Column]:
    return {}


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
