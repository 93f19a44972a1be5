"""Which task and which period a return belongs to: by its stated day, else by the day it arrived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from xmreport.model.dates import CHINA
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.names import key_of
from xmreport.rulebook.schedule import Period

Owes = Callable[[Task, Period], bool]
"""Whether the unit still owes a period: nothing acceptable received, no exemption."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """A task and its period."""

    task: Task
    period: Period


def tasks_of(county: County, unit: str, day: dt.date, form: str | None) -> list[Task]:
    """The tasks with that form (None: with a document) that a unit has to report."""
    return [task for task in county.tasks.values() if task.rules.form == form and county.owes(task, unit, day)]


def named_in(tasks: list[Task], file_name: str) -> list[Task]:
    """Of tasks for documents those whose 文档 stands in a file's name; all of them where none does."""
    name = key_of(file_name)
    return [task for task in tasks if task.rules.document and key_of(task.rules.document) in name] or tasks


def assign(tasks: list[Task], day: dt.date, owes: Owes) -> Assigned | None:
    """The task and period of a deciding day; None where it lies before them all.

    A recurring task comes before a single one. A previous period that the unit still owes takes a report dated a few
    days past its due day (`欠报顺延天数`). A day past every span belongs to the latest period before it: a late return.
    """
    spans = [Assigned(task, period) for task in tasks for period in task.periods if period.begins <= day <= period.ends]
    spans.sort(key=lambda found: not found.task.rules.schedule.recurring)
    if not spans:
        past = [Assigned(task, period) for task in tasks for period in task.periods if period.ends < day]
        return max(past, key=lambda found: (found.period.ends, found.task.rules.schedule.recurring), default=None)
    found = spans[0]
    position = found.task.periods.index(found.period)
    if position:
        previous = found.task.periods[position - 1]
        if (day - previous.ends).days <= found.task.rules.owed_days and owes(found.task, previous):
            return Assigned(found.task, previous)
    return found


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
