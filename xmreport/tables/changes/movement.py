"""How last time's total became this time's: what came, what went, what changed, and who has not reported."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from xmreport.rulebook.form import Form
from xmreport.tables.changes.differences import Held, Pairs

PROJECTS = "项目数"


class Movement(Struct, frozen=True):
    """One measure of the whole county: last − absent + new − gone + changed = now."""

    measure: str
    unit: str
    last: float
    absent: float
    new: float
    gone: float
    changed: float
    now: float


def movements(form: Form, pairs: Pairs, absent: frozenset[str]) -> list[Movement]:
    """The number of projects, then every column that the summary adds up.

    Args:
        form: the form of the rows.
        pairs: the rows of both times.
        absent: units without a return this time.
    """
    counted = _movement(PROJECTS, "个", _one, pairs, absent)
    return [counted, *(_of_column(form, column, pairs, absent) for column in form.file.totals.sums)]


def _one(_: Held) -> float:
    return 1.0


def _of_column(form: Form, column: str, pairs: Pairs, absent: frozenset[str]) -> Movement:
    unit = form.file.money if form.columns[column].type == "金额" else ""
    return _movement(column, unit, lambda held: held.figure(column) or 0.0, pairs, absent)


def _movement(
    measure: str, unit: str, worth: Callable[[Held], float], pairs: Pairs, absent: frozenset[str]
) -> Movement:
    """Rows that are not summed are worth nothing."""

    def total(rows: Iterable[Held]) -> float:
        return round(math.fsum(worth(held) for held in rows if held.summed), 6)

    before: Sequence[Held] = [before for before, _ in pairs.same]
    now: Sequence[Held] = [now for _, now in pairs.same]
    return Movement(
        measure,
        unit,
        last=total([*before, *pairs.gone]),
        absent=total(held for held in pairs.gone if held.unit in absent),
        new=total(pairs.new),
        gone=total(held for held in pairs.gone if held.unit not in absent),
        changed=round(total(now) - total(before), 6),
        now=total([*now, *pairs.new]),
    )
