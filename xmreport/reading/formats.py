"""What a number format makes of a cell's number: a day, or a share of a hundred."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from xmreport.reading.markup import Attributes, walk

_DATES = frozenset({*range(14, 23), *range(27, 37), *range(50, 59)})
_TIMES = frozenset({45, 47})
_PERCENTS = frozenset({9, 10})
_LITERAL = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]?|General|G/通用格式', re.IGNORECASE)
_CALENDAR = re.compile(r"[ymdhs年月日时分秒]", re.IGNORECASE)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_MAY_BE_PERCENT = re.compile(rb"%|numFmtId\s*=\s*[\"'](?:9|10)[\"']")


def date_styles(xml: bytes | None) -> frozenset[str]:
    """The cell styles (their index as cells write it) that show a number as a date or a time of day."""
    return frozenset() if xml is None else _styles(xml, _is_date)


def percent_styles(xml: bytes | None) -> frozenset[str]:
    """The cell styles that show a number as a percentage."""
    return frozenset() if xml is None or not _MAY_BE_PERCENT.search(xml) else _styles(xml, is_percent)


def is_percent(number: int, code: str | None) -> bool:
    """Whether a number format, known by its number or written out, shows 0.065 as 6.5%."""
    return number in _PERCENTS if code is None else "%" in _LITERAL.sub("", code)


def in_percent(number: float) -> str:
    """A number as such a cell shows it, with all its places: 0.065 → 6.5%."""
    return f"{(Decimal(repr(number)) * 100).normalize():f}%"


def _is_date(number: int, code: str | None) -> bool:
    if code is None:
        return number in _DATES | _TIMES
    return not _ELAPSED.search(code) and bool(_CALENDAR.search(_LITERAL.sub("", code.split(";")[0])))


def _styles(xml: bytes, shows: Callable[[int, str | None], bool]) -> frozenset[str]:
    formats: dict[str, str] = {}
    used: list[str] = []
    block = ""

    def number_format(attributes: Attributes) -> None:
        formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")

    def enter(name: str) -> Callable[[Attributes], None]:
        def begin(_: Attributes) -> None:
            nonlocal block
            block = name

        return begin

    def cell_format(attributes: Attributes) -> None:
        if block == "cellXfs":
            used.append(attributes.get("numFmtId", "0"))

    blocks = {name: enter(name) for name in ("cellStyleXfs", "cellXfs", "cellStyles", "dxfs")}
    walk(xml, {"numFmt": number_format, "xf": cell_format, **blocks})
    return frozenset(
        str(index)
        for index, number in enumerate(used)
        if number.isdecimal() and shows(int(number), formats.get(number))
    )
