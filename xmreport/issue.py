"""Blank forms for a county's units: unit and period filled in, drop-downs, and a mark that tells where it is from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from xmreport import __version__
from xmreport.model.dates import CHINA, china_day
from xmreport.model.events import Published
from xmreport.model.outbox import BLANKS
from xmreport.model.sheets import SheetData
from xmreport.model.trouble import Trouble
from xmreport.named import task_named
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.form import Form
from xmreport.rulebook.schedule import Period
from xmreport.tables.columns import asked, blank_columns, money_line
from xmreport.tables.figures.entered import looked_for
from xmreport.tables.wording import moment, sample_dates
from xmreport.workbooks.blanks import build_blank, rows_of_a_page
from xmreport.workbooks.delivery import deliver
from xmreport.workspace import Workspace

FEWEST = 8
"""Empty rows of a blank whose frame would leave room for fewer on one page."""


def issue_blanks(workspace: Workspace, county: County, named: str | None, now: dt.datetime) -> Iterator[Published]:
    """Write one blank form a unit into `outbox/<county>/空白表/<task>/`.

    Raises:
        Trouble: there is no such task, or it collects no form.
    """
    today = china_day(now)
    tasks = [task_named(county, named)] if named else [task for task in county.tasks.values() if task.rules.form]
    for task in tasks:
        if task.rules.form is None:
            raise Trouble(f"“{task.name}”报的是文档（{task.rules.document}），没有空白表。")
        period = current_period(task, now)
        form = county.forms[task.rules.form]
        for unit in county.reporters(task, period.roster_day(today)):
            if county.exemption(task.name, unit, period):
                continue
            data = _blank(workspace, county, task, period, form, unit, today)
            target = workspace.outbox / county.key / BLANKS / task.name / f"{unit}{form.name}.xlsx"
            delivered = deliver(data, target)
            yield Published(workspace.shown(delivered.path), delivered.note or None)


def current_period(task: Task, now: dt.datetime) -> Period:
    """The period a blank is for: the first that is not past due and not suspended, else the last."""
    asked_for = (period for period in task.periods if not period.is_due(now) and not period.suspended)
    return next(asked_for, task.periods[-1])


def _blank(
    workspace: Workspace, county: County, task: Task, period: Period, form: Form, unit: str, today: dt.date
) -> bytes:
    columns = blank_columns(form)
    head = {
        "附件": form.annex,
        "标题": form.title,
        "填报单位": unit,
        "填报时间": "    年  月  日",
        "县区": county.name,
        **money_line(form, columns),
    }
    sheet = SheetData(
        form.name,
        form.name,
        {**head, **sample_dates(period.ends if period.due_at else today)},
        (),
        {"手续": form.procedures} if form.procedures else {},
        tuple(_notes(task, period, form)),
        columns=columns,
        asked=asked(form, {form.file.name_column: looked_for(county, form)}),
    )
    template = f"{form.name}.xlsx"
    return build_blank(
        sheet,
        workspace.templates,
        template,
        max(FEWEST, rows_of_a_page(sheet, workspace.templates, template)),
        f"form={form.name};county={county.key};unit={unit};task={task.name};period={period.name};version={__version__}",
        dt.datetime.combine(period.begins, dt.time(), CHINA),
    )


def _notes(task: Task, period: Period, form: Form) -> Iterator[str]:
    """Until when and to whom, and how nothing is reported where something is due."""
    recipient = task.rules.recipient
    if period.due_at is None:
        yield f"有变化时报{recipient}（{task.name}）。"
        return
    yield f"请于{moment(period.due_at)}前报{recipient}（{task.name}，{period.name}期）。"
    yield f"没有可报的，在“{form.file.name_column}”第一格写“零报告”。"
