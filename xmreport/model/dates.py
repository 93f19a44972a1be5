"""Dates as clerks give them: a day, a month or only a year, and moments in China's one time zone."""

from __future__ import annotations

import calendar
import datetime as dt
from functools import lru_cache
from typing import NamedTuple

CHINA = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")
"""Fixed UTC+8: China has had no daylight saving since 1991, and Windows has no zone data."""


def china_day(moment: dt.datetime) -> dt.date:
    """The day on which a moment falls in China."""
    return moment.astimezone(CHINA).date()


class PartialDate(NamedTuple):
    """A date to the day, the month (`day` is 0) or the year (`month` and `day` are 0)."""

    year: int
    month: int = 0
    day: int = 0

    @classmethod
    def of(cls, day: dt.date) -> PartialDate:
        return cls(day.year, day.month, day.day)

    @classmethod
    @lru_cache(maxsize=16_384)
    def parse(cls, text: str) -> PartialDate:
        """The inverse of `str`: '2022-12-06', '2022-12' or '2022'."""
        return cls(*map(int, text.split("-")))

    @property
    def last(self) -> dt.date:
        """The last day it can mean: what counts for a deadline."""
        month = self.month or 12
        return dt.date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    @property
    def precise(self) -> bool:
        return self.day > 0

    def compare(self, other: PartialDate) -> int:
        """-1, 0 or 1, at the coarser precision of the two."""
        for a, b in zip(self, other, strict=True):
            if a == 0 or b == 0:
                return 0
            if a != b:
                return -1 if a < b else 1
        return 0

    def __str__(self) -> str:
        parts = [f"{self.year:04d}"] + [f"{part:02d}" for part in (self.month, self.day) if part]
        return "-".join(parts)
