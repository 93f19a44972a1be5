"""A county's receipts with its units by the names they bear today: a record keeps the name of its own day."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from xmreport.ledger.ledger import Ledger
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.rows import Rows
from xmreport.model.submission import Cell
from xmreport.rulebook.book import County
from xmreport.rulebook.docket import ORIGIN
from xmreport.rulebook.roster import Roster


def received(ledger: Ledger, county: County, until: dt.datetime | None = None) -> Sequence[Receipt]:
    """A county's receipts in the order they were written, without rows; `until` is the last moment of arrival."""
    receipts = ledger.receipts(county.key, until)
    names = renamed(county.roster, receipts)
    if not names:
        return receipts
    return [replace(each, unit=names[each.unit]) if each.unit in names else each for each in receipts]


def renamed(roster: Roster, receipts: Sequence[Receipt]) -> dict[str, str]:
    """Names that units reported under once → those of today, which have the former ones as 别名.

    Under one and the same rules a unit has one name. Where two reported under the same, they were two units: these were
    joined, and keep their own records.
    """
    rules: dict[str, set[str]] = {}
    for receipt in receipts:
        if receipt.unit:
            rules.setdefault(receipt.unit, set()).add(receipt.rules)
    names: dict[str, list[str]] = {}
    for name in rules:
        unit = name if name in roster.by_name else roster.resolve(name)
        if unit:
            names.setdefault(unit, []).append(name)
    return {
        name: unit
        for unit, known in names.items()
        if sum(len(rules[name]) for name in known) == len(set().union(*(rules[name] for name in known)))
        for name in known
        if name != unit
    }


def gone(roster: Roster, receipts: Sequence[Receipt]) -> list[str]:
    """Names of reporting units that are none of today's, nor a former one of theirs: what they sent counts nowhere."""
    known = renamed(roster, receipts).keys() | roster.by_name.keys()
    return list(dict.fromkeys(each.unit for each in receipts if each.unit and each.unit not in known))


def gone_periods(county: County, receipts: Sequence[Receipt]) -> Counter[tuple[str, str]]:
    """Tasks and periods that something was accepted for and that the rules know no more: how many it was."""
    accepted = (each for each in receipts if each.outcome is Outcome.ACCEPTED)
    told = Counter((each.task or "", each.period or "") for each in accepted)
    known = {(task.name, period.name) for task in county.tasks.values() for period in task.periods}
    return Counter({each: count for each, count in told.items() if each not in known})


def with_names_of_today(county: County, form: str | None, rows: Rows) -> Rows:
    """Rows in which every unit bears the name it has today, in a docket's 来源 too."""
    rules = county.forms.get(form or "")
    if rules is None:
        return rows
    units = [name for name, field in rules.fields.items() if field.type == "单位"]
    printed = ORIGIN in rules.columns and rules.columns[ORIGIN].filled
    changed = {}
    for at, block in enumerate(rows.blocks):
        columns = {name: _present(county.roster, block.columns[name]) for name in units if name in block.columns}
        if printed and ORIGIN in block.columns:
            columns[ORIGIN] = _present(county.roster, block.columns[ORIGIN], "：")
        new = {name: cells for name, cells in columns.items() if cells is not None}
        if new:
            changed[at] = replace(block, columns={**block.columns, **new})
    return Rows(changed.get(at, block) for at, block in enumerate(rows.blocks)) if changed else rows


def _present(roster: Roster, cells: Sequence[Cell], until: str | None = None) -> list[Cell] | None:
    """A column with former names replaced; None where there are none. `until` ends the name within a cell."""
    former: dict[Cell, Cell] = {}
    for cell in {cell for cell in cells if isinstance(cell, str)}:
        name = cell.partition(until)[0] if until else cell
        today = None if name in roster.by_name else roster.resolve(name)
        if today:
            former[cell] = today + cell[len(name) :]
    return [former.get(cell, cell) if isinstance(cell, str) else cell for cell in cells] if former else None
