"""What a person names at the command line → what the rules know by that name, or a sentence that there is no such."""

from __future__ import annotations

from xmreport.model.trouble import Trouble
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.schedule import Period


def unit_named(county: County, name: str) -> str:
    """The unit, by any name the roster knows.

    Raises:
        Trouble: nobody, or more than one, is called so.
    """
    unit = county.roster.resolve(name)
    if unit is None:
        near = "、".join(county.roster.nearest(name))
        raise Trouble(f"“{name}”不在{county.name}的名册里，最接近的有{near}。")
    return unit


def task_named(county: County, name: str) -> Task:
    """The task.

    Raises:
        Trouble: the county has none of that name.
    """
    if name not in county.tasks:
        raise Trouble(f"{county.name}没有“{name}”这项任务；现有：{'、'.join(county.tasks)}。")
    return county.tasks[name]


def period_named(task: Task, name: str) -> Period:
    """The period of a task.

    Raises:
        Trouble: it has none of that name.
    """
    period = task.period_named(name)
    if period is None:
        raise Trouble(f"“{task.name}”没有 {name} 这一期；现有：{'、'.join(each.name for each in task.periods)}。")
    return period
