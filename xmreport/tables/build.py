"""All official tables of one period, from its units' states and the rows they rest on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from xmreport.model.receipts import Receipt, UnitState
from xmreport.model.sheets import WorkbookData
from xmreport.model.submission import Row
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.form import REPORTER, Form
from xmreport.rulebook.origin import is_anothers
from xmreport.rulebook.schedule import Period
from xmreport.tables.bulletin.workbook import bulletin
from xmreport.tables.changes.workbook import changes
from xmreport.tables.dockets.workbooks import Kept, docket_workbooks, kept_dockets
from xmreport.tables.figures.entered import RESPONSIBLE
from xmreport.tables.figures.indicators import FormRows
from xmreport.tables.head import Occasion, minute
from xmreport.tables.lists.upward import upward_workbooks
from xmreport.tables.lists.workbooks import list_workbooks
from xmreport.tables.material import CONTACTS, Material
from xmreport.tables.merged import Merged, Return, merge
from xmreport.tables.register import register
from xmreport.tables.summary import NOT_IN, ORIGIN, PRINT, summary
from xmreport.tables.targets.workbook import targets

MOST_NAMED = 8
"""Units that a note names one by one."""
PERSON, PHONE, WHERE = "联络人", "电话", "单位"


def build_period(
    county: County,
    task: Task,
    period: Period,
    material: Material,
    rows: Mapping[int, Sequence[Row]],
    as_of: dt.datetime,
) -> Iterator[WorkbookData]:
    """The workbooks of one period; a document's period has only the register.

    Args:
        county: whose period it is.
        task: the duty.
        period: the period of that duty.
        material: what they are made of.
        rows: receipt number → its typed rows.
        as_of: the moment the tables show.
    """
    occasion = Occasion(county, task, period, as_of)
    states = material.states
    contacts = _contacts(material.beside, rows)
    if task.rules.form:
        form = county.forms[task.rules.form]
        returns = [_return(form, state.counts, state.version, rows, state.first) for state in states if state.counts]
        reported = merge(form, returns, county.roster.order)
        beside = _beside(county, form, material.beside, rows)
        kept = kept_dockets(occasion, {form.name, *beside}, material.history, rows)
        dockets = tuple(each for each in kept if each.docket.task == task.name)
        merged = merge(form, dockets[0].returns, county.roster.order) if dockets else reported
        yield summary(occasion, merged, states, (PRINT, ORIGIN) if form.procedures else (ORIGIN,))
        note = "" if dockets else _lacking(occasion, form, states)
        own = FormRows(merged, _by(merged), note, received=bool(returns or merged.height))
        sources = {form.name: own, **beside, **_living(county, task, kept)}
        if any(indicator.rules.form == form.name for indicator in county.indicators.values()):
            yield targets(occasion, sources)
        yield from list_workbooks(occasion, sources)
        yield from docket_workbooks(occasion, dockets)
        yield from upward_workbooks(occasion, sources)
        before = [_return(form, receipt, 1, rows) for receipt in material.before]
        yield changes(occasion, reported, returns, before, states)
        yield bulletin(occasion, states, sources, [each.backlog for each in dockets if each.backlog])
    yield register(occasion, states, contacts)


def _lacking(occasion: Occasion, form: Form, states: Sequence[UnitState]) -> str:
    """Whose figures are not in it: those of another task may hold them at the same moment, from an earlier return."""
    out = [each.unit for each in states if each.state in NOT_IN and each.counts is None]
    if not out or len(out) == len(states) or occasion.period.due_at is None:
        return ""
    more = f"等{len(out)}个单位" if len(out) > MOST_NAMED else ""
    return f"“{form.name}”只计本期已报的，不含{'、'.join(out[:MOST_NAMED])}{more}。"


def _beside(
    county: County, own: Form, receipts: Sequence[Receipt], rows: Mapping[int, Sequence[Row]]
) -> dict[str, FormRows]:
    """Each unit's newest return of every other form."""
    sources: dict[str, FormRows] = {}
    by_form: dict[str, list[Receipt]] = {}
    for receipt in receipts:
        if receipt.form and receipt.form != own.name and receipt.form in county.forms:
            by_form.setdefault(receipt.form, []).append(receipt)
    for name, newest in by_form.items():
        form = county.forms[name]
        returns = [_return(form, receipt, 1, rows) for receipt in newest]
        latest = max(receipt.arrived_at for receipt in newest)
        note = f"“{name}”取各单位最近一次报送（共{len(newest)}份，最晚 {minute(latest)}）。"
        kept = merge(form, returns, county.roster.order)
        sources[name] = FormRows(kept, _by(kept), note)
    return sources


def _living(county: County, task: Task, kept: Sequence[Kept]) -> dict[str, FormRows]:
    """The forms of other tasks' dockets: what stands in a docket counts, as its office left it."""
    sources: dict[str, FormRows] = {}
    for each in kept:
        if each.docket.task != task.name and each.matters:
            merged = merge(each.form, each.returns, county.roster.order)
            note = f"“{each.form.name}”取自台账“{each.docket.name}”（{minute(each.until)}）。"
            sources[each.form.name] = FormRows(merged, _by(merged), note)
    return sources


def _return(
    form: Form, receipt: Receipt, version: int, rows: Mapping[int, Sequence[Row]], first: Receipt | None = None
) -> Return:
    """What a unit reports: in a docket that it sends back edited, other units' matters are not its own."""
    unit = receipt.unit or ""
    sent = rows[receipt.seq]
    printed = any(column.filled for column in form.columns.values())
    own = [row for row in sent if not is_anothers(form, row, unit)] if printed else sent
    return Return(unit, receipt, version, own, first or receipt)


def _by(merged: Merged) -> str:
    """A register that one office keeps is broken down by the units responsible, not by who filed it."""
    return REPORTER if merged.form.procedures or RESPONSIBLE not in merged.form.columns else RESPONSIBLE


def _contacts(receipts: Sequence[Receipt], rows: Mapping[int, Sequence[Row]]) -> dict[str, str]:
    """Unit → its contacts and their telephones, as the newest list names them."""
    found: dict[str, str] = {}
    for receipt in receipts:
        if receipt.form == CONTACTS:
            named: dict[str, list[str]] = {}
            for row in rows[receipt.seq]:
                unit, person, phone = (row.values.get(name) for name in (WHERE, PERSON, PHONE))
                words = " ".join(str(word) for word in (person, phone) if word)
                named.setdefault(str(unit or receipt.unit), []).append(words)
            found.update((unit, "、".join(people)) for unit, people in named.items())
    return found
