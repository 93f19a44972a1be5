"""Working days of the People's Republic: published holidays, make-up workdays, and what an office adds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Mapping

from msgspec import Struct
from pydantic import Field

from xmreport.rulebook.files.words import Day, Rules


class CalendarUnknown(Exception):
    """The holidays of a year are not published in the data at hand."""

    def __init__(self, year: int) -> None:
        self.year = year
        super().__init__(f"{year}年节假日安排未公布：请在 rules/节假日.yaml 写上 {year} 年的放假和调休上班日期")


class CalendarBroken(CalendarUnknown):
    """What an office wrote of a year's holidays is wrong: neither that nor what was published before is sure."""

    def __init__(self, year: int) -> None:
        super().__init__(year)
        self.args = (f"rules/节假日.yaml 有错，改正以前不知道{year}年哪些天放假、上班",)


class YearPlan(Rules):
    """One year of `rules/节假日.yaml`: statutory days off, and weekend days worked instead."""

    days_off: tuple[Day, ...] = Field(alias="放假")
    worked: tuple[Day, ...] = Field(alias="调休上班", default=())


class Calendar(Struct, frozen=True):
    """The published calendar, with an office's own years on top."""

    plans: Mapping[int, YearPlan] = {}
    broken: Container[int] = frozenset()
    """Years of which an office wrote something that is wrong."""

    def _plan(self, year: int) -> YearPlan | None:
        if year in self.broken:
            raise CalendarBroken(year)
        return self.plans.get(year)

    def is_holiday(self, day: dt.date) -> bool:
        """A day of a statutory holiday; a bare weekend is none.

        Raises:
            CalendarUnknown: the year's holidays are not known.
        """
        plan = self._plan(day.year)
        if plan:
            return day in plan.days_off
        import chinese_calendar  # its data are needed only where rules are read or a day is worked out

        try:
            off, name = chinese_calendar.get_holiday_detail(day)
        except NotImplementedError as error:
            raise CalendarUnknown(day.year) from error
        return bool(off and name)

    def is_workday(self, day: dt.date) -> bool:
        """A working day, make-up workdays (调休) included.

        Raises:
            CalendarUnknown: the year's holidays are not known.
        """
        plan = self._plan(day.year)
        if plan:
            return day in plan.worked or (day.weekday() < 5 and day not in plan.days_off)
        import chinese_calendar

        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError as error:
            raise CalendarUnknown(day.year) from error

    def workday_after(self, day: dt.date, count: int) -> dt.date:
        """The `count`-th working day after a day (before it, where count is negative)."""
        step = dt.timedelta(days=1 if count > 0 else -1)
        for _ in range(abs(count)):
            day += step
            while not self.is_workday(day):
                day += step
        return day
