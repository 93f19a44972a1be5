"""The due dates that each county's schedules yield, and what holidays do to them."""

import datetime as dt
import shutil

import pytest
from building import RULES, counties
from noticed import KEYS, notice

from xmreport.model.dates import CHINA
from xmreport.rulebook.calendar import Calendar
from xmreport.rulebook.files.words import Window
from xmreport.rulebook.loading.folder import load_rulebook
from xmreport.rulebook.schedule import HolidayPolicy, Schedule, periods

AS_IS, EARLIER, NEXT, SECOND, SUSPENDED = HolidayPolicy
CALENDAR = Calendar()
DUE = {(key, task): each["days"] for key in KEYS for each in notice(key)["due"] for task in each["tasks"]}
"""(county, task) → every due day."""


def day(text):
    return dt.date.fromisoformat(text)


def moved(county, task, name, policy):
    """A period of a county's task as it would be under another policy."""
    rules = counties()[county].tasks[task].rules
    found = periods(rules.schedule, rules.window, policy, CALENDAR)
    return next(period for period in found if period.name == name)


@pytest.mark.parametrize(("county", "task"), DUE)
def test_the_due_days_of_a_task(county, task):
    assert [period.name for period in counties()[county].tasks[task].periods] == DUE[county, task]


@pytest.mark.parametrize(
    ("county", "task", "count"),
    [("guxian", "前期手续办理周报", 11), ("huozhou", "前期手续办理周报", 12), ("huozhou", "重点项目月调度", 2)],
)
def test_the_due_days_are_as_many_as_the_notice_implies(county, task, count):
    assert len(counties()[county].tasks[task].periods) == count


def test_every_task_with_a_due_day_is_told_here():
    dated = {(key, name) for key in KEYS for name, t in counties()[key].tasks.items() if t.periods[0].due_at}
    assert dated == DUE.keys()


def test_on_demand_there_is_one_standing_period_that_never_falls_due():
    tasks = [task for county in counties().values() for task in county.tasks.values() if not task.periods[0].due_at]
    assert {task.rules.schedule.text for task in tasks} == {"按需"}
    assert all(len(task.periods) == 1 and task.periods[0].name == str(task.rules.window.first) for task in tasks)
    assert len(tasks) >= 12


@pytest.mark.parametrize(
    ("county", "task", "name", "moment"),
    [
        ("guxian", "前期手续办理周报", "2022-12-09", "2022-12-09 17:00"),
        ("guxian", "活动总结", "2023-02-25", "2023-02-25 23:59:59"),  # a Saturday
        ("huozhou", "重点项目月调度", "2022-12-28", "2022-12-28 17:00"),
        ("linxian", "开复工台账", "2025-08-29", "2025-08-29 17:00"),  # the 30th and 31st are a weekend
        ("qinshui", "前期手续办理清单", "2023-11-25", "2023-11-25 23:59:59"),  # a Saturday, no hour given
        ("qinshui", "包保调度", "2023-12-15", "2023-12-15 23:59:59"),
        ("zhangzi", "月调度专报", "2020-10-30", "2020-10-30 17:00"),
        ("linfen", "省市级手续上报", "2022-12-12", "2022-12-12 17:00"),
    ],
)
def test_the_moment_that_counts(county, task, name, moment):
    period = counties()[county].tasks[task].period_named(name)
    assert period.due_at == dt.datetime.fromisoformat(moment).replace(tzinfo=CHINA)


# Holidays: the days from 21 to 27 January 2023 are off, Saturday the 28th and Sunday the 29th are worked


@pytest.mark.parametrize(
    ("policy", "actual", "suspended"),
    [
        (AS_IS, "{}", False),
        (EARLIER, "2023-01-20", False),
        (NEXT, "2023-01-28", False),
        (SECOND, "2023-01-29", False),
        (SUSPENDED, "{}", True),
    ],
)
@pytest.mark.parametrize(("county", "name"), [("guxian", "2023-01-27"), ("huozhou", "2023-01-26")])
def test_a_weekly_report_in_the_spring_festival(county, name, policy, actual, suspended):
    period = moved(county, "前期手续办理周报", name, policy)
    assert (str(period.due_at.date()), period.suspended) == (actual.format(name), suspended)
    assert period.due_at.hour == 17


def test_a_make_up_saturday_is_a_workday_and_never_rolls():
    assert CALENDAR.is_workday(day("2023-01-28"))
    assert not CALENDAR.is_holiday(day("2023-01-28"))
    schedule = Schedule.read("2023-01-28 17:00")
    window = Window(first=day("2023-01-28"), last=day("2023-01-28"))
    for policy in HolidayPolicy:
        [period] = periods(schedule, window, policy, CALENDAR)
        assert (period.due_at.date(), period.suspended) == (day("2023-01-28"), False)


@pytest.mark.parametrize("county", ["guxian", "qinshui"])
def test_a_saturday_that_a_notice_names_stays_under_every_policy(county):
    task, name = {"guxian": ("活动总结", "2023-02-25"), "qinshui": ("前期手续办理清单", "2023-11-25")}[county]
    assert {moved(county, task, name, policy).due_at.date() for policy in HolidayPolicy} == {day(name)}


@pytest.mark.parametrize(
    ("name", "policy", "actual"),
    [
        ("2023-12-31", AS_IS, "2023-12-31"),
        ("2023-12-31", EARLIER, "2023-12-29"),
        ("2023-12-31", NEXT, "2024-01-02"),
        ("2023-12-31", SECOND, "2024-01-03"),
        ("2024-02-15", EARLIER, "2024-02-09"),
        ("2024-02-15", NEXT, "2024-02-18"),  # a Sunday that is worked
        ("2024-02-15", SECOND, "2024-02-19"),
        ("2023-12-15", NEXT, "2023-12-15"),
    ],
)
def test_a_half_month_that_ends_in_a_holiday(name, policy, actual):
    assert moved("qinshui", "包保调度", name, policy).due_at.date() == day(actual)


@pytest.mark.parametrize(("name", "actual"), [("2023-01-02", "2023-01-03"), ("2023-01-23", "2023-01-28")])
def test_the_city_s_monday_in_a_holiday_goes_to_the_next_working_day(name, actual):
    period = counties()["linfen"].tasks["省市级手续上报"].period_named(name)
    assert period.due_at.date() == day(actual)
    assert actual in period.note


def test_a_month_whose_last_days_are_off_ends_on_its_last_working_day():
    """2022-12-31 is a Saturday of the New Year holiday; 2024-02-29 a Thursday; 2021-02-20 a Saturday that is worked."""
    schedule = Schedule.read("每月最后一个工作日 17:00")
    found = periods(schedule, Window(first=day("2022-12-01"), last=day("2022-12-31")), AS_IS, CALENDAR)
    assert [period.name for period in found] == ["2022-12-30"]


# Working days


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2020-09-29", "2020-10-10"),  # 1 to 8 October are off; Saturday the 10th is worked
        ("2020-11-02", "2020-11-05"),
        ("2020-11-05", "2020-11-10"),
        ("2021-02-09", "2021-02-19"),  # the Spring Festival; 20 February is a worked Saturday
        ("2020-12-30", "2021-01-05"),
    ],
)
def test_three_working_days_after_a_notice_was_received(received, due):
    schedule = Schedule.read(f"{received}后3个工作日")
    [period] = periods(schedule, Window(first=day(received), last=day(due)), AS_IS, CALENDAR)
    assert period.name == due
    rules = counties()["zhangzi"].dockets["挂牌督办台账"].rules.worked_out
    assert counties()["zhangzi"].calendar.workday_after(day(received), rules.workdays) == day(due)


# A year whose holidays nobody has published


@pytest.fixture
def far_ahead(tmp_path):
    """临县's rules moved to a year that no calendar knows."""
    folder = tmp_path / "rules"
    shutil.copytree(
        RULES, folder, ignore=shutil.ignore_patterns(*(f"{key}.yaml" for key in set(counties()) - {"linxian"}))
    )
    path = folder / "linxian.yaml"
    path.write_text(path.read_text("utf-8").replace("2025-03-21 至 2025-12-31", "2031-03-21 至 2031-12-31"), "utf-8")
    return folder


def test_a_missing_year_is_a_rules_error_that_says_how_to_mend_it(far_ahead):
    book = load_rulebook(far_ahead)
    assert not book.counties
    faults = book.faults["linxian"]
    assert len(faults) == len(counties()["linxian"].tasks)
    for fault in faults:
        assert fault.path.startswith("任务 › ")
        assert fault.path.endswith("起止")
        assert "2031年节假日安排未公布" in str(fault)
        assert "rules/节假日.yaml" in str(fault)


def test_the_missing_year_is_mended_as_the_error_says(far_ahead):
    plan = "2031:\n  放假: [2031-05-01, 2031-10-01, 2031-10-31]\n  调休上班: [2031-11-30]\n"
    (far_ahead / "节假日.yaml").write_text(plan, "utf-8")
    task = load_rulebook(far_ahead).county("linxian").tasks["开复工台账"]
    assert [period.name for period in task.periods][-3:] == ["2031-10-30", "2031-11-30", "2031-12-31"]
