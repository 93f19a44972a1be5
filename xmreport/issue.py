"""Blank forms for a county's units: unit and period filled in, drop-downs, and a mark that tells where it is from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from xmreport import __version__
from xmreport.model.dates import CHINA
from xmreport.model.outbox import BLANKS
from xmreport.model.sheets import SheetData
from xmreport.model.trouble import Trouble
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.form import Form
from xmreport.rulebook.schedule import Period
from xmreport.tables.columns import blank_columns, money_line
from xmreport.tables.wording import moment
from xmreport.workbooks.blanks import build_blank
from xmreport.workbooks.delivery import deliver
from xmreport.workspace import Workspace

ROWS = 24


def issue_blanks(workspace: Workspace, county: County, named: str | None, now: dt.datetime) -> Iterator[str]:
    """Write one blank form a unit into `outbox/<county>/空白表/<task>/`; the paths written.

    Raises:
        Trouble: there is no such task, or it collects no form.
    """
    if named and named not in county.tasks:
        raise Trouble(f"{county.name}没有“{named}”这项任务；现有：{'、'.join(county.tasks)}。")
    tasks = [county.tasks[named]] if named else [task for task in county.tasks.values() if task.rules.form]
    for task in tasks:
        if task.rules.form is None:
            raise Trouble(f"“{task.name}”报的是文档（{task.rules.document}），没有空白表。")
        period = current_period(task, now)
        form = county.forms[task.rules.form]
        for unit in county.reporters(task, period.roster_day(now.astimezone(CHINA).date())):
            data = _blank(workspace, county, task, period, form, unit)
            target = workspace.outbox / county.key / BLANKS / task.name / f"{unit}{form.name}.xlsx"
            yield workspace.shown(deliver(data, target).path)


def current_period(task: Task, now: dt.datetime) -> Period:
    """The period a blank is for: the first that is not past due, else the last."""
    return next((period for period in task.periods if not period.is_due(now)), task.periods[-1])


def _blank(workspace: Workspace, county: County, task: Task, period: Period, form: Form, unit: str) -> bytes:
    columns = blank_columns(form)
    head = {
        "附件": form.annex,
        "标题": form.title,
        "填报单位": unit,
        "填报时间": "    年  月  日",
        "县区": county.name,
        **money_line(form, columns),
    }
    recipient = task.rules.recipient
    if period.due_at:
        notes = (f"请于{moment(period.due_at)}前报{recipient}（{task.name}，{period.name}期）。",)
    else:
        notes = (f"有变化时报{recipient}（{task.name}）。",)
    groups = {"手续": form.procedures} if form.procedures else {}
    sheet = SheetData(form.name, form.name, head, (), groups, notes, columns=columns)
    fields = form.fields.values()
    choices = {
        field.name: tuple(form.options[field.column.options])
        for field in fields
        if field.column.options and form.options.get(field.column.options)
    }
    return build_blank(
        sheet,
        workspace.templates,
        f"{form.name}.xlsx",
        ROWS,
        choices,
        frozenset(field.name for field in fields if field.type == "日期"),
        frozenset(field.name for field in fields if field.type == "金额"),
        f"form={form.name};county={county.key};unit={unit};task={task.name};period={period.name};version={__version__}",
        dt.datetime.combine(period.begins, dt.time(), CHINA),
    )
