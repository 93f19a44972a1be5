"""When a task falls due: a schedule as a clerk writes it → its periods, each with the moment that counts."""

from __future__ import annotations

import calendar as months
import datetime as dt
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from msgspec import Struct
from pydantic import BeforeValidator
from pydantic.json_schema import WithJsonSchema

from xmreport.model.dates import CHINA, china_day
from xmreport.rulebook.calendar import Calendar
from xmreport.rulebook.files.words import Rules, Window, read_day, wrong

END_OF_DAY = dt.time(23, 59, 59)
"""A due date without an hour means the end of that day."""
WEEKDAYS = "一二三四五六日"
MIDDLE = 15
"""The day that ends the first half of a month."""
_MONTHLY_WORDS = {"每月最后一个工作日": "last_workday", "每半月": "half_monthly"}


class HolidayPolicy(StrEnum):
    """What a deadline on a public holiday does. No notice says; each county names its choice."""

    AS_IS = "照常"
    EARLIER = "提前到前一工作日"
    NEXT_WORKDAY = "顺延到次一工作日"
    SECOND_WORKDAY = "顺延到节后第二个工作日"
    SUSPENDED = "停报"


class Schedule(Rules):
    """When a task falls due.

    `每周五 17:00`, `每月28日 17:00`, `每半月 17:00` (the 15th and the month's last day), `每月最后一个工作日 17:00`,
    `2022-12-06`, `2020-09-29后3个工作日` (the day itself does not count), `按需`.
    """

    text: str
    kind: str
    number: int = 0
    day: dt.date | None = None
    hour: dt.time | None = None

    @classmethod
    def read(cls, value: object) -> object:
        if isinstance(value, Schedule):
            return value
        found = cls._parse(value.strip()) if isinstance(value, str) else None
        if found is None:
            raise wrong(
                "时限，如 每周五 17:00、每月28日 17:00、每半月 17:00、每月最后一个工作日 17:00、2022-12-06、"
                "2020-09-29后3个工作日、按需"
            )
        return found

    @classmethod
    def _parse(cls, text: str) -> Schedule | None:
        if text == "按需":
            return cls(text=text, kind="on_demand")
        match = re.fullmatch(r"(.*?)\s*(?:(\d{1,2})\s*[:：时点]\s*(\d{2})?分?)?", text)
        assert match
        when = match.group(1)
        hour = None
        if match.group(2):
            hours, minutes = int(match.group(2)), int(match.group(3) or 0)
            if hours > 23 or minutes > 59:
                return None
            hour = dt.time(hours, minutes)
        if weekly := re.fullmatch(r"每周([一二三四五六日天])", when):
            return cls(text=text, kind="weekly", number=WEEKDAYS.index(weekly.group(1).replace("天", "日")), hour=hour)
        if monthly := re.fullmatch(r"每月(\d{1,2})[日号]", when):
            number = int(monthly.group(1))
            return cls(text=text, kind="monthly", number=number, hour=hour) if 1 <= number <= 31 else None
        if when in _MONTHLY_WORDS:
            return cls(text=text, kind=_MONTHLY_WORDS[when], hour=hour)
        if after := re.fullmatch(r"(.+?)\s*后\s*(\d{1,2})\s*个?工作日", when):
            day = read_day(after.group(1))
            number = int(after.group(2))
            return cls(text=text, kind="workdays_after", number=number, day=day, hour=hour) if day and number else None
        day = read_day(when)
        return cls(text=text, kind="once", day=day, hour=hour) if day else None

    @property
    def recurring(self) -> bool:
        return self.kind in {"weekly", "monthly", "half_monthly", "last_workday"}

    def days(self, window: Window, calendar: Calendar) -> Iterator[dt.date]:
        """The due days as written, in order, within the window."""
        if self.kind == "once":
            assert self.day
            yield self.day
        elif self.kind == "workdays_after":
            assert self.day
            yield calendar.workday_after(self.day, self.number)
        elif self.kind == "weekly":
            first = window.first + dt.timedelta(days=(self.number - window.first.weekday()) % 7)
            while first <= window.last:
                yield first
                first += dt.timedelta(days=7)
        else:
            yield from self._monthly(window, calendar)

    def _monthly(self, window: Window, calendar: Calendar) -> Iterator[dt.date]:
        year, month = window.first.year, window.first.month
        while (year, month) <= (window.last.year, window.last.month):
            days = self._of_month(dt.date(year, month, months.monthrange(year, month)[1]), calendar)
            yield from (day for day in days if window.first <= day <= window.last)
            year, month = (year + month // 12, month % 12 + 1)

    def _of_month(self, last: dt.date, calendar: Calendar) -> tuple[dt.date, ...]:
        """The due days of the month that ends on a day."""
        if self.kind == "monthly":
            return (last.replace(day=min(self.number, last.day)),)
        if self.kind == "half_monthly":
            return last.replace(day=MIDDLE), last
        return (last if calendar.is_workday(last) else calendar.workday_after(last, -1),)


ScheduleText = Annotated[Schedule, BeforeValidator(Schedule.read), WithJsonSchema({"type": "string"})]


class Period(Struct, frozen=True):
    """One period of a task, named by its due day as written, before any holiday policy moves it."""

    name: str
    begins: dt.date
    """The first day whose reports belong to it."""
    ends: dt.date
    """The last such day: its due day, or the day a holiday moves it to, though never the next period's."""
    due_at: dt.datetime | None
    """The moment that counts; None for a task on demand."""
    suspended: bool = False
    note: str = ""

    def has_begun(self, moment: dt.datetime) -> bool:
        return china_day(moment) >= self.begins

    def roster_day(self, today: dt.date) -> dt.date:
        """The day whose roster says who reports it: its due day; for a task on demand, today."""
        return self.ends if self.due_at else today

    def is_due(self, moment: dt.datetime) -> bool:
        """Past due: exactly on the hour is still on time."""
        return self.due_at is not None and moment > self.due_at


def periods(schedule: Schedule, window: Window, policy: HolidayPolicy, calendar: Calendar) -> tuple[Period, ...]:
    """All periods of a task, in order.

    Raises:
        CalendarUnknown: a year of the window has no holiday data and the schedule needs it.
    """
    if schedule.kind == "on_demand":
        return (Period(window.first.isoformat(), window.first, dt.date.max, None),)
    found = []
    begins = window.first
    days = list(schedule.days(window, calendar))
    for day, following in zip(days, [*days, None][1:], strict=True):
        actual, suspended = _moved(day, policy, calendar)
        note = ""
        if suspended:
            note = f"{day} 为法定节假日，本期停报"
        elif actual != day:
            note = f"{day} 为法定节假日，{policy.value}，应报时间为 {actual}"
        due_at = dt.datetime.combine(actual, schedule.hour or END_OF_DAY, CHINA)
        # A long holiday may move a due day past the next one: each day still belongs to one period alone.
        ends = min(max(day, actual), following - dt.timedelta(days=1)) if following else max(day, actual)
        found.append(Period(day.isoformat(), begins, ends, due_at, suspended, note))
        begins = ends + dt.timedelta(days=1)
    return tuple(found)


def _moved(day: dt.date, policy: HolidayPolicy, calendar: Calendar) -> tuple[dt.date, bool]:
    if policy is HolidayPolicy.AS_IS or not calendar.is_holiday(day):
        return day, False
    if policy is HolidayPolicy.SUSPENDED:
        return day, True
    if policy is HolidayPolicy.EARLIER:
        return calendar.workday_after(day, -1), False
    return calendar.workday_after(day, 1 if policy is HolidayPolicy.NEXT_WORKDAY else 2), False
