"""All official tables of one period, from its units' states and the rows they rest on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from xmreport.model.receipts import Receipt
from xmreport.model.sheets import WorkbookData
from xmreport.model.submission import Row
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.schedule import Period
from xmreport.tables.head import Occasion, minute
from xmreport.tables.lists import list_workbooks
from xmreport.tables.material import Material
from xmreport.tables.merged import Merged, Return, merge
from xmreport.tables.register import register
from xmreport.tables.summary import ORIGIN, PRINT, summary
from xmreport.tables.targets import Source, targets

CONTACTS, PERSON, PHONE, WHERE = "联络人名单", "联络人", "电话", "单位"


def build_period(
    county: County,
    task: Task,
    period: Period,
    material: Material,
    rows: Mapping[int, tuple[Row, ...]],
    as_of: dt.datetime,
) -> Iterator[WorkbookData]:
    """The workbooks of one period: summary, register, targets and lists; a document's period has only the register.

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
        returns = [
            Return(state.unit, state.counts, state.version, rows[state.counts.seq]) for state in states if state.counts
        ]
        merged = merge(form, returns, county.roster.order)
        yield summary(occasion, merged, states, (PRINT, ORIGIN) if form.procedures else (ORIGIN,))
        sources = _sources(occasion, merged, material.beside, rows)
        if any(indicator.rules.form == form.name for indicator in county.indicators.values()):
            yield targets(occasion, sources)
        yield from list_workbooks(occasion, merged)
    yield register(occasion, states, contacts)


def _sources(
    occasion: Occasion, merged: Merged, receipts: Sequence[Receipt], rows: Mapping[int, tuple[Row, ...]]
) -> dict[str, Source]:
    """The period's own rows, and each unit's newest return of every other form."""
    county = occasion.county
    sources = {merged.form.name: Source(merged, _by(merged), "")}
    by_form: dict[str, list[Receipt]] = {}
    for receipt in receipts:
        if receipt.form and receipt.form != merged.form.name and receipt.form in county.forms:
            by_form.setdefault(receipt.form, []).append(receipt)
    for name, newest in by_form.items():
        form = county.forms[name]
        returns = [Return(receipt.unit or "", receipt, 1, rows[receipt.seq]) for receipt in newest]
        latest = max(receipt.arrived_at for receipt in newest)
        note = f"“{name}”取各单位最近一次报送（共{len(newest)}份，最晚 {minute(latest)}）。"
        kept = merge(form, returns, county.roster.order)
        sources[name] = Source(kept, _by(kept), note)
    return sources


def _by(merged: Merged) -> str:
    """A register that one office keeps is broken down by the units responsible, not by who filed it."""
    return "填报单位" if merged.form.procedures else "责任单位"


def _contacts(receipts: Sequence[Receipt], rows: Mapping[int, tuple[Row, ...]]) -> dict[str, str]:
    """Unit → its contact and telephone, as the newest list names them."""
    found: dict[str, str] = {}
    for receipt in receipts:
        if receipt.form == CONTACTS:
            for row in rows[receipt.seq]:
                unit, person, phone = (row.values.get(name) for name in (WHERE, PERSON, PHONE))
                found[str(unit or receipt.unit)] = " ".join(str(word) for word in (person, phone) if word)
    return found
