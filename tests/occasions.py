"""One period of a task by hand: states, receipts and rows without files, and what the official tables make of them."""

import datetime as dt
from io import BytesIO

import openpyxl
from conftest import PROCEDURES, RULES, Office, at

from xmreport.model.receipts import Outcome, Receipt, State, UnitState
from xmreport.model.submission import Row
from xmreport.tables.figures.entered import RESPONSIBLE
from xmreport.tables.figures.indicators import REPORTER, FormRows
from xmreport.tables.head import Occasion
from xmreport.tables.merged import Return, merge
from xmreport.workbooks.official import build

NOON = "12-10 09:00"
"""The morning after the first Friday."""
F1 = "前期手续办理情况表"


def county_of(folder, rules=RULES):
    """The small office's county, perhaps with more rules."""
    return Office(folder / "office", rules).workspace.rulebook.county("guxian")


def occasion(county, task="周报", period="2022-12-09", now=NOON):
    duty = county.tasks[task]
    return Occasion(county, duty, duty.period_named(period), at(now))


def state(where, unit, name, *, late=0, **more):
    """A unit's state; `late` in seconds past the due moment."""
    due = where.period.due_at
    came = due + dt.timedelta(seconds=late) if due and name not in {State.MISSING, State.PENDING} else None
    told = {"arrived_at": came, "late_by_s": late} | more
    return UnitState(where.county.key, where.task.name, where.period.name, due, unit, name, **told)


def row(number, name, **values):
    """One project of F1, all of its procedures done unless a test says otherwise."""
    plain = {"项目名称": name, "项目单位": "古县城投公司", "责任单位": "县住建局", "建设性质": "新建"}
    money = {"总投资": 3000, "年度计划投资": 1000}
    progress = {f"{procedure}.办理进展": "已办结" for procedure in PROCEDURES}
    return Row("Sheet1", number, plain | money | progress | values)


def returned(unit, *rows, seq=1, period="2022-12-09", findings=(), came="12-08 10:00", form=F1, task="周报"):
    """An accepted return of a unit."""
    receipt = Receipt(
        f"inbox/guxian/{unit}/{unit}.xlsx",
        "0" * 64,
        1,
        Outcome.ACCEPTED,
        at(came),
        "",
        county="guxian",
        unit=unit,
        form=form,
        task=task,
        period=period,
        findings=findings,
        row_count=len(rows),
        seq=seq,
    )
    return Return(unit, receipt, 1, rows, receipt)


def merged(where, *returns, form=F1):
    return merge(where.county.forms[form], returns, where.county.roster.order)


def sources(table):
    """A merged table as indicators are worked out from it."""
    by = REPORTER if table.form.procedures else RESPONSIBLE
    return {table.form.name: FormRows(table, by, "")}


def opened(data, templates, now=NOON, *, live=False):
    """The workbook that a table makes, with the values its formulas carry."""
    return openpyxl.load_workbook(BytesIO(build(data, templates, at(now))), data_only=not live)


def printed(sheet, heading):
    """Lines below the header row that holds `heading`, as dicts by the last heading above each column."""
    rows = [[cell.value for cell in line] for line in sheet.iter_rows()]
    top = max(at for at, line in enumerate(rows[:6]) if heading in line)
    names = [str(name or "").replace("\n", "") for name in rows[top]]
    return [dict(zip(names, line, strict=True)) for line in rows[top + 1 :]]
