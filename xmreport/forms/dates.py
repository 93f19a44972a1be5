"""Dates as clerks write them → a date to the day or the month (M11–M15, M31, M56, M57)."""

from __future__ import annotations

import datetime as dt
import re

from xmreport.forms.cleaning import UNDECIDED, half_width
from xmreport.forms.reading import Reading, error, warning
from xmreport.model.dates import PartialDate
from xmreport.model.grid import Scalar
from xmreport.model.submission import Unreadable

EPOCH = dt.date(1899, 12, 30)
_LATER_BY = 1462
"""Days between the two calendars of Excel."""
_FIRST_YEAR, _LAST_YEAR = 1980, 2099
_SEPARATOR = r"\s*[年./\-–—]\s*"
_YEAR = r"(\d{4}|\d{2}(?=年))"
_DASHES = re.compile("[–—]")
_FULL = re.compile(rf"{_YEAR}{_SEPARATOR}(\d{{1,2}})\s*[月./\-–—]\s*(\d{{1,2}})\s*[日号]?")
_MONTH = re.compile(rf"(\d{{4}}|\d{{2}}(?=年)){_SEPARATOR}(\d{{1,2}})\s*月?份?")
_SHORT_YEAR = re.compile(r"(\d{2})[./-](\d{1,2})[./-](\d{1,2})日?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_COMPACT_MONTH = re.compile(r"(\d{4})(0[1-9]|1[0-2])")
_NO_YEAR = re.compile(r"(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*[日号]?")
_NO_YEAR_MONTH = re.compile(r"(\d{1,2})\s*月份?")
_ENDING = re.compile(r"(?:(月)?(?:底|末|中旬|上旬|下旬|中|初)(?:之?前)?|之?前|左右|前后|完成|办结|取得|批复|开工)$")
_LEADING = re.compile(r"^(?:预计|计划|拟定?|约|力争|争取|预期|预)(?:于|在)?")
_CLOCK = re.compile(r"[\sT]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?$")
_SPAN_END = {"上半年": 6, "下半年": 12, "年底": 12, "年末": 12, "一季度": 3, "二季度": 6, "三季度": 9, "四季度": 12}
_SPAN = re.compile(r"(?:(\d{4})年?)?第?(上半年|下半年|年底|年末|[一二三四1-4]季度)(?:之?前)?")
_NEAR_YEARS = 5
_AHEAD_BY_SLIP = dt.timedelta(days=31)
"""A completion without a year may lie this far ahead of the report: it is this year's, and a check will say so."""
_DOCUMENT = re.compile(r"[〔\[(]\d{4}[〕\])]\s*第?\d+\s*号|[字发审批证]第?\d+号")
_SERIAL = re.compile(r"\d{5}(?:\.0+)?")
_ONES = re.compile(r"(?<![A-Za-z])[lI|]{1,2}(?=[\d年月日.\-/])|(?<=[\d年月.\-/])[lI|]{1,2}(?![A-Za-z])")
_LONGEST_DATE = 60
"""Longer text is no date, though it may hold one."""
_INSIDE = re.compile(r"(?<!\d)(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})日?(?![\d月季])")
_TWO_MONTHS = re.compile(
    r"(?<![\d./-])(?:\d{4}|\d{2}(?=年))\s*([年./-])\s*(\d{1,2})\s*([/-])\s*(\d{1,2})(?!\d|\s*[日号])"
)
"""`2023.3-5`, `2023年3-5月`: another sign before the last figure than behind the year."""


def make_day(year: int, month: int | None = None, day: int | None = None) -> PartialDate | None:
    """A date that exists, or None."""
    if year < 100:
        year += 2000
    try:
        dt.date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        return None
    return PartialDate(year, month or 0, day or 0) if _FIRST_YEAR <= year <= _LAST_YEAR else None


def read_date(value: Scalar, reference: dt.date, *, ahead: bool) -> Reading:
    """One date cell.

    Args:
        value: what stands in the cell.
        reference: the report's day, from which a missing year is completed.
        ahead: a date still to come (a deadline), else one behind (a completion).
    """
    if isinstance(value, dt.date):
        found = make_day(value.year, value.month, value.day)
        return Reading(found) if found else error("V06")
    if isinstance(value, bool | dt.time):
        return error("V06")
    if isinstance(value, int | float):
        return _from_number(float(value), reference, ahead=ahead)
    assert isinstance(value, str)
    return _from_text(value, reference, ahead=ahead)


def since_1904(value: Scalar) -> Scalar:
    """A cell of a workbook that counts its days from 1904: what may be such a count, as usual workbooks have it."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 10_000 <= value < 100_000:
        return value + _LATER_BY
    return value


def _from_number(number: float, reference: dt.date, *, ahead: bool) -> Reading:
    if 10_000 <= number < 100_000:
        return _from_serial(number)
    if number.is_integer():
        return _from_text(str(int(number)), reference, ahead=ahead)
    whole, _, fraction = repr(round(number, 4)).partition(".")
    if fraction in {"1", "2", "3"} and not (fraction != "1" and len(whole) == 4):
        # A number keeps no trailing zero: 2022.1 may have been 2022.10, 12.3 may have been 12.30.
        months, days = (f"{whole}-01", f"{whole}-10"), (f"{whole}月{fraction}日", f"{whole}月{fraction}0日")
        one, other = months if len(whole) == 4 else days
        if not any(isinstance(_from_text(way, reference, ahead=ahead).value, Unreadable) for way in (one, other)):
            return error("V10", 一种=one, 另一种=other)
    return _from_text(f"{whole}.{fraction}", reference, ahead=ahead)


def _from_serial(number: float) -> Reading:
    """Excel's count of days, whether the cell is formatted as a date or not (M11)."""
    day = EPOCH + dt.timedelta(days=int(number))
    found = make_day(day.year, day.month, day.day)
    return Reading(found) if found else error("V06")


def _from_text(written: str, reference: dt.date, *, ahead: bool) -> Reading:
    text = _digits(half_width(written))
    text = _CLOCK.sub("", text).strip()
    if UNDECIDED.search(text):
        return warning(None, "V09")
    if _SERIAL.fullmatch(text):
        return _from_serial(float(text))
    return _from_words(text, reference, ahead=ahead) if len(text) <= _LONGEST_DATE else _from_inside(text)


def _from_words(text: str, reference: dt.date, *, ahead: bool) -> Reading:
    bare = _LEADING.sub("", text)
    vague = bare != text
    found = _exact(bare)
    if found and not found.month:
        return warning(found, "V08", 读作=str(found))
    if found:
        return warning(found, "V14", 读作=str(found)) if vague else Reading(found)
    stages = _shorn(bare)
    found = next((date for stage in stages if (date := _exact(stage) or _span(stage, reference, ahead=ahead))), None)
    if found:
        exact = found.month and not found.day and re.match(r"\d{4}", bare) and not re.search("旬|初", bare)
        loose = vague or not exact
        return warning(found, "V08", 读作=str(found)) if loose else Reading(found)
    found = _completed(stages[-1], reference, ahead=ahead) or _short_year(stages[-1], reference)
    if found:
        return warning(found, "V08", 读作=str(found))
    return _from_inside(text)


def _from_inside(text: str) -> Reading:
    """A date, or the number of a document, among other words (M56)."""
    inside = {make_day(*map(int, match)) for match in _INSIDE.findall(text)} - {None}
    if len(inside) == 1 and not _names_two_months(text):
        day = inside.pop()
        return warning(day, "V16", 读作=str(day))
    if _DOCUMENT.search(text):
        # The cell is filled: a check that wants a date must not call it empty as well.
        return Reading(Unreadable(), warning(None, "V17").remarks)
    return error("V06")


def _names_two_months(text: str) -> bool:
    """Whether it may go from one month to another, where a day of the first could be meant as well."""
    found = _TWO_MONTHS.finditer(_DASHES.sub("-", text))
    return any(match[1] != match[3] and int(match[2]) < int(match[4]) <= 12 for match in found)


def _digits(text: str) -> str:
    """The letters l, I and O typed for digits beside digits or date words: `12月l日`, `l2月` (M31)."""
    text = _ONES.sub(lambda found: "1" * len(found[0]), text)
    return re.sub(r"(?<=\d)[oO](?![A-Za-z])", "0", text)


def _shorn(text: str) -> list[str]:
    """The text, and what is left of it as the words behind a date go: `2023年3月底前`, then `2023年3月`."""
    stages = [text]
    while (shorter := _ENDING.sub(r"\1", stages[-1]).strip()) != stages[-1]:
        stages.append(shorter)
    return stages


def _short_year(text: str, reference: dt.date) -> PartialDate | None:
    """`22.12.6`, where its first figure can be a year at all."""
    match = _SHORT_YEAR.fullmatch(text)
    found = make_day(*map(int, match.groups())) if match else None
    return found if found and abs(found.year - reference.year) <= _NEAR_YEARS else None


def _exact(text: str) -> PartialDate | None:
    """A date with its year."""
    for pattern in (_FULL, _MONTH, _COMPACT, _COMPACT_MONTH):
        match = pattern.fullmatch(text)
        if match:
            return None if _names_two_months(text) else make_day(*map(int, match.groups()))
    match = re.fullmatch(r"(\d{4})年?", text)
    return make_day(int(match.group(1))) if match else None


def _span(text: str, reference: dt.date, *, ahead: bool) -> PartialDate | None:
    """`年底前`, `2023年上半年`, `一季度`: the span's last month."""
    match = _SPAN.fullmatch(text)
    if not match:
        return None
    word = match.group(2)
    month = _SPAN_END.get(word) or 3 * int(word[0])
    if match.group(1):
        return make_day(int(match.group(1)), month)
    return _nearest(month, None, reference, ahead=ahead)


def _completed(text: str, reference: dt.date, *, ahead: bool) -> PartialDate | None:
    """A month, or a month and a day, with the year it must mean."""
    match = _NO_YEAR.fullmatch(text) or _NO_YEAR_MONTH.fullmatch(text)
    if not match:
        return None
    month, day = int(match.group(1)), int(match.group(2)) if match.lastindex == 2 else None
    return _nearest(month, day, reference, ahead=ahead)


def _nearest(month: int, day: int | None, reference: dt.date, *, ahead: bool) -> PartialDate | None:
    """The next such date from the reference day, or the latest one up to it (M14)."""
    years = (reference.year, reference.year + (1 if ahead else -1))
    found = [date for year in years if (date := make_day(year, month, day))]
    if ahead:
        return next((date for date in found if date.last >= reference), None)
    latest = PartialDate.of(reference + _AHEAD_BY_SLIP)
    return next((date for date in found if date.compare(latest) <= 0), None)
