"""Days, numbers and names as running text says them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from xmreport.model.dates import CHINA
from xmreport.rulebook.county import CountyFile

_NUMERALS = "〇一二三四五六七八九"


def day(date: dt.date) -> str:
    """2022年12月9日."""
    return f"{date.year}年{date.month}月{date.day}日"


def sample_dates(date: dt.date) -> dict[str, str]:
    """How a day and a month are to be written, shown by one of the reader's own year."""
    return {"示例日": date.isoformat(), "示例月": f"{date.year}年{date.month}月"}


def moment(when: dt.datetime) -> str:
    """2022年12月9日17时, with the minutes where there are any; the last second of a day is 24时."""
    local = when.astimezone(CHINA)
    if local.time() >= dt.time(23, 59, 59):
        return f"{day(local.date())}24时"
    return f"{day(local.date())}{local.hour}时" + (f"{local.minute}分" if local.minute else "")


def numeral(number: int) -> str:
    """1 → 一, 12 → 十二, 20 → 二十: what stands before a heading."""
    tens, ones = divmod(number, 10)
    front = ("" if tens == 1 else _NUMERALS[tens]) + "十" if tens else ""
    return front + (_NUMERALS[ones] if ones or not tens else "")


def numbered(parts: Sequence[str]) -> list[str]:
    """（一）…, （二）…; one alone carries no number."""
    if len(parts) == 1:
        return list(parts)
    return [f"（{numeral(number)}）{part}" for number, part in enumerate(parts, 1)]


def listed(names: Iterable[str]) -> str:
    """甲、乙、丙."""
    return "、".join(names)


def whole_county(file: CountyFile) -> str:
    """全县 or 全市."""
    return "全县" if file.level == "县" else "全市"


def office_name(county: str, office: str) -> str:
    """An office with its county's name in front: 县项目推进中心 of 古县 is 古县项目推进中心."""
    return county[:-1] + office if office[:1] == county[-1:] else office
