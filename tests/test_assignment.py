"""Which task and period a return belongs to."""

import datetime as dt

import pytest
from building import counties
from hypothesis import given
from hypothesis import strategies as st

from xmreport.model.dates import CHINA
from xmreport.rulebook.assignment import Assigned, asked_of, assign, is_open, lateness, tasks_of

FORM = "前期手续办理情况表"
COUNTIES = ["guxian", "huozhou"]
UNIT = {"guxian": "县住建局", "huozhou": "市住建局"}


def day(text):
    return dt.date.fromisoformat(text)


def moment(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=CHINA)


def nothing_owed(task, period):
    return False


def all_owed(task, period):
    return True


def of_unit(county, on, owes, form=FORM):
    place, unit = counties()[county], UNIT[county]
    return assign(tasks_of(place, unit, form), on, asked_of(place, unit, on), owes)


def assigned(date, owes=nothing_owed, county="guxian", form=FORM):
    on = day(date) if isinstance(date, str) else date
    found = of_unit(county, on, owes, form)
    return (found.task.name, found.period.name) if found else None


@pytest.mark.parametrize(
    ("county", "date", "task", "period"),
    [
        ("guxian", "2022-12-01", "情况摸底", "2022-12-06"),
        ("guxian", "2022-12-06", "情况摸底", "2022-12-06"),
        ("guxian", "2022-12-07", "前期手续办理周报", "2022-12-09"),
        ("guxian", "2022-12-09", "前期手续办理周报", "2022-12-09"),
        ("guxian", "2022-12-10", "前期手续办理周报", "2022-12-16"),
        ("guxian", "2023-01-28", "前期手续办理周报", "2023-02-03"),
        ("guxian", "2023-02-17", "前期手续办理周报", "2023-02-17"),
        ("guxian", "2023-02-20", "前期手续办理周报", "2023-02-17"),
        ("huozhou", "2022-12-08", "前期手续办理周报", "2022-12-08"),
        ("huozhou", "2022-12-09", "前期手续办理周报", "2022-12-15"),
        ("huozhou", "2022-12-06", "情况摸底", "2022-12-06"),
    ],
)
def test_the_deciding_day_s_span_names_task_and_period(county, date, task, period):
    assert assigned(date, county=county) == (task, period)


@pytest.mark.parametrize("county", COUNTIES)
def test_a_day_before_every_task_belongs_to_none(county):
    assert assigned("2022-11-01", county=county) is None


def test_another_form_has_its_own_task():
    assert assigned("2022-11-28", form="联络人名单") == ("联络人报送", "2022-11-30")
    assert assigned("2023-02-24", form=None) == ("活动总结", "2023-02-25")
    assert assigned("2022-12-09", form="省市重点项目目标任务表") is None


@pytest.mark.parametrize(
    ("date", "period"), [("2022-12-10", "2022-12-09"), ("2022-12-12", "2022-12-09"), ("2022-12-13", "2022-12-16")]
)
def test_a_period_still_owed_is_served_first_for_three_days(date, period):
    assert assigned(date, all_owed) == ("前期手续办理周报", period)


def test_only_the_previous_period_is_served():
    only_first = lambda _, period: period.name == "2022-12-09"  # noqa: E731
    assert assigned("2022-12-17", only_first) == ("前期手续办理周报", "2022-12-23")


def test_the_first_weekly_period_owes_nothing_to_the_task_before_it():
    assert assigned("2022-12-07", all_owed) == ("前期手续办理周报", "2022-12-09")


@pytest.mark.parametrize("county", COUNTIES)
@given(date=st.dates(dt.date(2022, 12, 1), dt.date(2023, 3, 31)), owed=st.booleans())
def test_every_day_from_the_first_task_on_has_one_period_that_has_begun(county, date, owed):
    found = of_unit(county, date, all_owed if owed else nothing_owed)
    assert found is not None
    assert found.period.begins <= date
    assert found.period in found.task.periods


def weekly(period):
    task = counties()["guxian"].tasks["前期手续办理周报"]
    return Assigned(task, task.period_named(period))


@pytest.mark.parametrize(
    ("period", "at", "still"),
    [
        ("2022-12-09", "2022-12-23 17:00:00", True),
        ("2022-12-09", "2022-12-23 17:00:01", False),
        ("2023-02-10", "2024-01-01 00:00:00", True),
        ("2023-02-17", "2024-01-01 00:00:00", True),
        ("2023-02-03", "2023-02-17 17:00:01", False),
    ],
)
def test_a_period_is_open_until_the_second_after_it_falls_due(period, at, still):
    assert is_open(weekly(period), moment(at)) is still


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        ("2022-12-09 17:00:00", 0),
        ("2022-12-09 16:59:59", 0),
        ("2022-12-09 17:00:01", 1),
        ("2022-12-10 17:00:00", 86400),
    ],
)
def test_exactly_on_the_hour_is_on_time(at, seconds):
    assert lateness(weekly("2022-12-09").period, moment(at)) == seconds


def test_lateness_is_counted_in_china_wherever_the_clock_stands():
    utc = dt.datetime(2022, 12, 9, 9, 0, 30, tzinfo=dt.UTC)
    assert lateness(weekly("2022-12-09").period, utc) == 30


def test_a_register_is_never_late():
    (period,) = counties()["guxian"].tasks["重点项目台账"].periods
    assert lateness(period, moment("2030-01-01 00:00:00")) == 0
