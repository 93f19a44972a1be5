"""Which task and which period a return belongs to: by its stated day, else by the day it arrived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from msgspec import Struct

from xmreport.model.dates import CHINA
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.names import key_of
from xmreport.rulebook.schedule import Period

Asked = Callable[[Task, Period], bool]
"""Whether a period's roster has the unit among those that report it."""
Owes = Callable[[Task, Period], bool]
"""Whether the unit still owes a period: nothing acceptable received, no exemption."""


class Assigned(Struct, frozen=True):
    """A task and its period."""

    task: Task
    period: Period


def tasks_of(county: County, unit: str, form: str | None) -> list[Task]:
    """The tasks with that form (None: with a document) that a unit reports while it exists."""
    return [task for task in county.tasks.values() if task.rules.form == form and county.is_reporter(task, unit)]


def asked_of(county: County, unit: str, today: dt.date) -> Asked:
    """What a unit is asked for: a period goes by the roster of its due day, one without by that of the day of arrival.

    A unit may so file before it joins what falls due afterwards, and after it left what it still owes.
    """
    return lambda task, period: county.owes(task, unit, period.roster_day(today))


def named_in(tasks: list[Task], file_name: str) -> list[Task]:
    """Of tasks for documents those whose 文档 stands in a file's name; all of them where none does."""
    name = key_of(file_name)
    return [task for task in tasks if task.rules.document and key_of(task.rules.document) in name] or tasks


def assign(tasks: list[Task], day: dt.date, asked: Asked, owes: Owes) -> Assigned | None:
    """The task and period of a deciding day; None where it lies before them all, or in one the unit is not asked for.

    A recurring task comes before a single one. A previous period that the unit still owes takes a report dated a few
    days past its due day (`欠报顺延天数`). A day past every span belongs to the latest period before it: a late return.
    """
    spans = [Assigned(task, period) for task in tasks for period in task.periods if period.begins <= day <= period.ends]
    spans.sort(key=lambda found: not found.task.rules.schedule.recurring)
    if not spans:
        past = [Assigned(task, period) for task in tasks for period in task.periods if period.ends < day]
        last = max(past, key=lambda found: (found.period.ends, found.task.rules.schedule.recurring), default=None)
        return last if last and asked(last.task, last.period) else None
    for found in spans:
        previous = _before(found, day)
        if previous and asked(found.task, previous) and owes(found.task, previous):
            return Assigned(found.task, previous)
        if asked(found.task, found.period):
            return found
    return None


def _before(found: Assigned, day: dt.date) -> Period | None:
    """The period before, where a report of this day may still serve it."""
    position = found.task.periods.index(found.period)
    previous = found.task.periods[position - 1] if position else None
    return previous if previous and (day - previous.ends).days <= found.task.rules.owed_days else None


def is_open(found: Assigned, moment: dt.datetime) -> bool:
    """Whether a period still takes returns: until `补报期数` further periods have fallen due; the last ones always."""
    position = found.task.periods.index(found.period) + found.task.rules.late_periods
    if position >= len(found.task.periods):
        return True
    closing = found.task.periods[position].due_at
    return closing is None or moment <= closing


def lateness(period: Period, arrived: dt.datetime) -> int:
    """Whole seconds past due; 0 for on time, which exactly on the hour still is."""
    if period.due_at is None:
        return 0
    return max(0, int((arrived.astimezone(CHINA) - period.due_at).total_seconds()))
