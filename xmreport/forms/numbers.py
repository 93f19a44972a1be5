"""Money as clerks write it → a number in the form's unit (M05, M06, M07, M10)."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from xmreport.forms.cleaning import UNDECIDED, half_width
from xmreport.forms.reading import Reading, error, warning
from xmreport.forms.units import IN_CELL, IN_YUAN
from xmreport.model.grid import Scalar
from xmreport.model.submission import Unreadable

_TOO_MUCH = Decimal(10) ** 15
_TOO_MANY = float(_TOO_MUCH)
_NUMBER = r"[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_MONEY = re.compile(rf"(约|大约|近|约为|预计|估算)?[¥￥]?({_NUMBER})({IN_CELL})?(人民币)?(左右|上下)?")
_NOTE_MARK = re.compile("[\u00b2\u00b3\u00b9\u2070-\u2089\u2460-\u24ff\u2776-\u2793\u3251-\u325f\u32b1-\u32bf]")
"""A footnote's ² or ①, which in half width would be one more figure of the number before it."""
_RANGE = re.compile(rf"{_NUMBER}\s*(?:{IN_CELL})?\s*[-~—–至到]+\s*{_NUMBER}\s*(?:{IN_CELL})?")


def is_plain_money(number: float) -> bool:
    """A figure that is kept as it is where no unit has to be turned into another."""
    return 0 <= number < _TOO_MANY and round(number, 8) == number


def in_unit(number: Decimal, written: str, unit: str) -> float:
    """A figure written in one unit, in another; exact to a ten-thousandth of a yuan."""
    return float(round(number * IN_YUAN[written] / IN_YUAN[unit], 8))


def read_money(value: Scalar, written: str, unit: str) -> Reading:
    """One money cell.

    Args:
        value: what stands in the cell.
        written: the unit that its heading, sheet or form gives it.
        unit: the unit the form keeps, usually 万元.
    """
    if isinstance(value, bool | dt.date | dt.time):
        return error("V02")
    if isinstance(value, int | float):
        return _signed(Decimal(repr(value)), written, unit)
    assert isinstance(value, str)
    if _NOTE_MARK.search(value):
        return error("V02")
    text = re.sub(r"\s", "", half_width(value))
    text = re.sub(rf"\(({IN_CELL})\)$", r"\1", text)
    match = _MONEY.fullmatch(text)
    if match:
        about, digits, suffix, _, around = match.groups()
        number = Decimal(digits.replace(",", "").replace("−", "-"))
        reading = _signed(number, _full_unit(suffix) or written, unit)
        if reading.remarks or not (about or around):
            return reading
        return warning(reading.value, "V03")
    if _RANGE.fullmatch(text):
        return error("V04")
    if UNDECIDED.search(text):
        return warning(None, "V09")
    return error("V02")


def read_number(value: Scalar) -> Reading:
    """One cell of a plain number, such as 37, -2.5 or 6.5%: the figure as it is written, in the unit of its column."""
    if isinstance(value, bool | dt.date | dt.time):
        return error("V02")
    if isinstance(value, int | float):
        return _bounded(float(value))
    assert isinstance(value, str)
    match = re.fullmatch(rf"({_NUMBER})[%％个项家]?", re.sub(r"\s", "", half_width(value)))
    if match and not _NOTE_MARK.search(value):
        return _bounded(float(match[1].replace(",", "").replace("−", "-")))
    return warning(None, "V09") if UNDECIDED.search(value) else error("V02")


def _bounded(number: float) -> Reading:
    return Reading(number) if abs(number) < _TOO_MANY else error("V02")


def _full_unit(suffix: str | None) -> str | None:
    if not suffix:
        return None
    return suffix if suffix.endswith("元") else suffix + "元"


def _signed(number: Decimal, written: str, unit: str) -> Reading:
    if number < 0:
        return error("V05")
    if written not in IN_YUAN:
        return Reading(Unreadable())  # its heading, or the sheet, is told once
    # A telephone or a project's code has strayed into the column.
    return Reading(in_unit(number, written, unit)) if number < _TOO_MUCH else error("V02")
