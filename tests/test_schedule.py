"""When a task falls due: what a clerk writes, the counties' own dates, holidays, leap days, windows."""

import datetime as dt

import pytest
from building import counties
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from xmreport.model.dates import CHINA
from xmreport.rulebook.calendar import Calendar, CalendarUnknown, YearPlan
from xmreport.rulebook.files.words import Window
from xmreport.rulebook.schedule import HolidayPolicy, Schedule, periods

AS_IS, EARLIER, NEXT, SECOND, SUSPENDED = HolidayPolicy
KNOWN = Calendar()


def day(text):
    return dt.date.fromisoformat(text)


def window(first, last):
    return Window(first=day(first), last=day(last))


def schedule(text):
    found = Schedule.read(text)
    assert isinstance(found, Schedule)
    return found


def due(text, first, last, policy=AS_IS, calendar=KNOWN):
    return periods(schedule(text), window(first, last), policy, calendar)


def names(found):
    return [period.name for period in found]


# As a clerk writes it


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("每周五 17:00", dt.time(17)),
        ("每周五17：00", dt.time(17)),
        ("每周五 17点", dt.time(17)),
        ("每周五 17时30分", dt.time(17, 30)),
        ("每周五 9:05", dt.time(9, 5)),
        ("每周五", None),
        (" 每周五 17:00 ", dt.time(17)),
    ],
)
def test_a_weekly_hour_in_its_notations(text, hour):
    assert (schedule(text).kind, schedule(text).number, schedule(text).hour) == ("weekly", 4, hour)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("每周日 17:00", "weekly"),
        ("每周天 17:00", "weekly"),
        ("每月28日 17:00", "monthly"),
        ("每月28号", "monthly"),
        ("每月最后一个工作日 17:00", "last_workday"),
        ("每半月 17:00", "half_monthly"),
        ("2020-09-29后3个工作日", "workdays_after"),
        ("2020年9月29日 后 3 工作日 17:00", "workdays_after"),
        ("2022-12-06", "once"),
        ("2022年12月6日 17:00", "once"),
        ("2022.12.6", "once"),
        ("按需", "on_demand"),
    ],
)
def test_what_kind_of_schedule_is_written(text, kind):
    assert schedule(text).kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "每周八",
        "每月32日",
        "每月0日",
        "每周五 25:00",
        "每周五 17:75",
        "周五",
        "2022-13-01",
        "",
        "每两周",
        "后3个工作日",
        "2020-09-29后0个工作日",
        5,
        None,
    ],
)
def test_what_is_no_schedule_is_refused_with_examples(text):
    with pytest.raises(PydanticCustomError, match="每周五 17:00"):
        Schedule.read(text)


# The counties' own dates


def test_guxian_s_weekly_report_falls_due_on_eleven_fridays():
    found = counties()["guxian"].tasks["前期手续办理周报"].periods
    assert names(found) == [str(day("2022-12-09") + dt.timedelta(weeks=week)) for week in range(11)]
    assert found[-1].name == "2023-02-17"
    assert found[0].due_at == dt.datetime(2022, 12, 9, 17, tzinfo=CHINA)
    assert (found[0].begins, found[1].begins) == (day("2022-12-07"), day("2022-12-10"))


def test_huozhou_s_weekly_report_falls_due_on_twelve_thursdays():
    found = counties()["huozhou"].tasks["前期手续办理周报"].periods
    assert names(found) == [str(day("2022-12-08") + dt.timedelta(weeks=week)) for week in range(12)]
    assert found[-1].name == "2023-02-23"


@pytest.mark.parametrize(
    ("county", "task", "last_moment"),
    [
        ("guxian", "联络人报送", "2022-11-30 23:59:59"),
        ("guxian", "情况摸底", "2022-12-06 23:59:59"),
        ("guxian", "活动总结", "2023-02-25 23:59:59"),
        ("huozhou", "情况摸底", "2022-12-06 23:59:59"),
    ],
)
def test_a_date_without_an_hour_ends_with_its_day_on_a_saturday_too(county, task, last_moment):
    (period,) = counties()[county].tasks[task].periods
    assert period.due_at == dt.datetime.fromisoformat(last_moment).replace(tzinfo=CHINA)


def test_the_register_has_one_standing_period_that_never_falls_due():
    (period,) = counties()["guxian"].tasks["重点项目台账"].periods
    assert (period.name, period.due_at) == ("2022-11-27", None)
    assert not period.is_due(dt.datetime(2099, 1, 1, tzinfo=CHINA))


# Holidays


@pytest.mark.parametrize(
    ("policy", "moved"),
    [
        (AS_IS, "2023-01-27"),
        (EARLIER, "2023-01-20"),
        (NEXT, "2023-01-28"),
        (SECOND, "2023-01-29"),
        (SUSPENDED, "2023-01-27"),
    ],
)
@pytest.mark.parametrize(("text", "name"), [("每周五 17:00", "2023-01-27"), ("每周四 17:00", "2023-01-26")])
def test_a_deadline_in_the_spring_festival(policy, moved, text, name):
    found = {period.name: period for period in due(text, "2022-12-07", "2023-02-24", policy)}[name]
    expected = name if policy in (AS_IS, SUSPENDED) else moved
    assert found.due_at == dt.datetime.combine(day(expected), dt.time(17), CHINA)
    assert found.suspended is (policy is SUSPENDED)
    assert bool(found.note) is (policy is not AS_IS)


@pytest.mark.parametrize("policy", list(HolidayPolicy))
@pytest.mark.parametrize("date", ["2023-01-28", "2023-01-29", "2022-12-10", "2022-12-09"])
def test_make_up_saturdays_bare_weekends_and_workdays_never_roll(policy, date):
    (period,) = due(date, date, date, policy)
    assert (period.due_at.date(), period.suspended) == (day(date), False)


@pytest.mark.parametrize("policy", [NEXT, SECOND])
def test_the_period_after_a_moved_one_begins_after_it(policy):
    found = {period.name: period for period in due("每周五 17:00", "2022-12-07", "2023-02-20", policy)}
    moved = found["2023-01-27"]
    assert moved.ends == moved.due_at.date()
    assert found["2023-02-03"].begins == moved.ends + dt.timedelta(days=1)


def test_a_due_day_moved_past_the_next_one_takes_no_day_from_it():
    """Saturday 2023-01-21 moves to the 29th; the next Saturday is a working one."""
    first, second = due("每周六", "2023-01-16", "2023-01-28", SECOND)
    assert (first.due_at.date(), first.ends, second.begins) == (day("2023-01-29"), day("2023-01-27"), day("2023-01-28"))


def test_an_office_s_own_year_plan_goes_before_the_published_one():
    plan = YearPlan.model_validate({"放假": ["2031-01-01"], "调休上班": ["2031-01-04"]})
    calendar = Calendar({2031: plan})
    assert calendar.is_holiday(day("2031-01-01"))
    assert calendar.is_workday(day("2031-01-04"))
    assert not calendar.is_workday(day("2031-01-05"))
    assert calendar.workday_after(day("2031-01-01"), 3) == day("2031-01-04")


@pytest.mark.parametrize("ask", ["is_holiday", "is_workday"])
def test_a_year_without_data_is_an_error_never_no_holidays(ask):
    with pytest.raises(CalendarUnknown, match="2031年节假日安排未公布"):
        getattr(KNOWN, ask)(day("2031-05-01"))
    with pytest.raises(CalendarUnknown):
        KNOWN.workday_after(day("2026-12-31"), 1)


# Months and windows


def test_a_month_s_day_that_the_month_lacks_is_its_last():
    assert names(due("每月31日", "2024-01-01", "2024-04-30")) == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-31",
        "2024-04-30",
    ]
    assert names(due("每月29日", "2023-02-01", "2023-02-28")) == ["2023-02-28"]


def test_huozhou_s_monthly_dispatch():
    assert names(due("每月28日 17:00", "2022-11-25", "2022-12-31")) == ["2022-11-28", "2022-12-28"]


def test_the_last_working_day_of_a_month_knows_holidays():
    found = names(due("每月最后一个工作日 17:00", "2022-09-01", "2023-01-31"))
    assert found == ["2022-09-30", "2022-10-31", "2022-11-30", "2022-12-30", "2023-01-31"]
    assert names(due("每月最后一个工作日", "2023-04-01", "2023-04-30")) == ["2023-04-28"]


def test_half_a_month_ends_on_the_fifteenth_and_on_the_last_day():
    found = due("每半月 17:00", "2023-11-01", "2024-02-20")
    assert names(found) == [
        "2023-11-15",
        "2023-11-30",
        "2023-12-15",
        "2023-12-31",
        "2024-01-15",
        "2024-01-31",
        "2024-02-15",
    ]
    assert (found[1].begins, found[1].ends) == (day("2023-11-16"), day("2023-11-30"))


def test_working_days_after_an_event_count_from_the_day_after_and_count_make_up_saturdays():
    (reply,) = due("2020-09-29后3个工作日", "2020-09-29", "2020-12-31")
    assert (reply.name, reply.begins) == ("2020-10-10", day("2020-09-29"))
    assert day(reply.name).weekday() == 5


def test_a_window_holds_its_own_ends():
    assert names(due("每周五", "2022-12-09", "2022-12-16")) == ["2022-12-09", "2022-12-16"]
    assert names(due("每周五", "2022-12-10", "2022-12-15")) == []


recurring = st.sampled_from(
    [*[f"每周{weekday} 17:00" for weekday in "一二三四五六日"], "每月28日", "每月31日", "每半月", "每月最后一个工作日"]
)


@given(
    recurring,
    st.sampled_from(list(HolidayPolicy)),
    st.dates(dt.date(2018, 1, 1), dt.date(2025, 12, 31)),
    st.integers(7, 200),
)
def test_every_day_up_to_the_last_due_day_belongs_to_exactly_one_period(text, policy, first, length):
    last = min(first + dt.timedelta(days=length), dt.date(2025, 12, 31))
    found = periods(schedule(text), Window(first=first, last=last), policy, KNOWN)
    covered = [
        period.begins + dt.timedelta(days=n) for period in found for n in range((period.ends - period.begins).days + 1)
    ]
    assert covered == [first + dt.timedelta(days=n) for n in range(len(covered))]
    assert all(first <= day(period.name) <= last and day(period.name) <= period.ends for period in found)
    if found:
        assert found[-1].ends >= day(found[-1].name)


@given(st.sampled_from(list(HolidayPolicy)), st.dates(dt.date(2018, 1, 10), dt.date(2025, 12, 10)))
def test_where_a_deadline_is_moved_it_is_moved_to_a_working_day(policy, date):
    (period,) = periods(schedule(str(date)), Window(first=date, last=date), policy, KNOWN)
    actual = period.due_at.date()
    assert actual == date or (KNOWN.is_workday(actual) and KNOWN.is_holiday(date))
    assert (actual < date) <= (policy is EARLIER)
