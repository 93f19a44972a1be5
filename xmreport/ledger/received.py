"""A county's receipts with its units by the names they bear today: a record keeps the name of its own day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from xmreport.ledger.ledger import Ledger
from xmreport.model.receipts import Receipt
from xmreport.rulebook.book import County
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

    Where the returns of two names come in turn, they were two units: these were joined, and keep their own records.
    """
    spans: dict[str, tuple[int, int]] = {}
    for receipt in receipts:
        if receipt.unit:
            spans[receipt.unit] = spans.get(receipt.unit, (receipt.seq, 0))[0], receipt.seq
    names: dict[str, list[str]] = {}
    for name in spans:
        unit = name if name in roster.by_name else roster.resolve(name)
        if unit:
            names.setdefault(unit, []).append(name)
    return {
        name: unit
        for unit, known in names.items()
        if _in_succession([spans[name] for name in known])
        for name in known
        if name != unit
    }


def gone(roster: Roster, receipts: Sequence[Receipt]) -> list[str]:
    """Units that reported, and that the roster does not know by any name."""
    known = renamed(roster, receipts).keys() | roster.by_name.keys()
    return list(dict.fromkeys(each.unit for each in receipts if each.unit and each.unit not in known))


def _in_succession(spans: Sequence[tuple[int, int]]) -> bool:
    ordered = sorted(spans)
    return all(before[1] < after[0] for before, after in pairwise(ordered))
