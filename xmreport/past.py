"""What a county has received so far, as deciding on the next file needs it: read once, kept up to date."""

from __future__ import annotations

from collections.abc import Iterable

from xmreport.ledger import Ledger
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.submission import Row
from xmreport.rulebook.assignment import Assigned
from xmreport.rulebook.form import Form
from xmreport.rulebook.identity import Index

Period = tuple[str | None, str | None]


class Past:
    """The receipts of one county, oldest first."""

    def __init__(self, ledger: Ledger, county: str) -> None:
        self._ledger = ledger
        self.receipts: list[Receipt] = []
        self._of_unit: dict[str, list[Receipt]] = {}
        self._indexes: dict[Period, dict[str, Index]] = {}
        for receipt in ledger.receipts(county):
            self._take(receipt)

    def add(self, receipts: Iterable[Receipt]) -> None:
        """Receipts just recorded."""
        for receipt in receipts:
            self._take(receipt)
            if receipt.outcome is Outcome.ACCEPTED:
                self._indexes.pop((receipt.task, receipt.period), None)

    def _take(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        if receipt.unit:
            self._of_unit.setdefault(receipt.unit, []).append(receipt)

    def rows(self, receipt: Receipt) -> tuple[Row, ...]:
        return receipt.rows or self._ledger.rows(receipt.seq)

    def accepted(self, task: str, period: str, unit: str) -> list[Receipt]:
        """Every acceptable version of a unit's return for a period."""
        return [
            receipt
            for receipt in self._of_unit.get(unit, ())
            if (receipt.task, receipt.period, receipt.outcome) == (task, period, Outcome.ACCEPTED)
        ]

    def in_force(self, task: str, period: str, unit: str) -> Receipt | None:
        """The version that counts."""
        return max(self.accepted(task, period, unit), key=_newest, default=None)

    def same_bytes(self, receipt: Receipt) -> Receipt | None:
        """An earlier return of the same bytes by the same unit for the same period.

        One that was returned under other rules is no obstacle: the rules may have been at fault.
        """
        for before in self._of_unit.get(receipt.unit or "", ()):
            same = (before.sha256, before.task, before.period, before.sheet) == (
                receipt.sha256,
                receipt.task,
                receipt.period,
                receipt.sheet,
            )
            judged = before.outcome is Outcome.ACCEPTED or (
                before.outcome is Outcome.RETURNED and before.rules == receipt.rules
            )
            if same and judged:
                return before
        return None

    def last_return(self, unit: str, form: str, due: Assigned) -> Receipt | None:
        """The unit's last accepted return of a form before this period; for a task on demand, the one before this."""
        earlier = [
            receipt
            for receipt in self._of_unit.get(unit, ())
            if receipt.form == form
            and receipt.outcome is Outcome.ACCEPTED
            and receipt.period
            and (receipt.period < due.period.name or due.period.due_at is None)
        ]
        return max(earlier, key=lambda receipt: (receipt.period or "", *_newest(receipt)), default=None)

    def elsewhere(self, due: Assigned, unit: str, form: Form, row: Row) -> tuple[str, Row] | None:
        """Another unit whose return in force for this period holds the same project, with its row."""
        period = (due.task.name, due.period.name)
        if period not in self._indexes:
            owners = {r.unit for r in self.receipts if (r.task, r.period) == period and r.unit}
            in_force = {owner: self.in_force(*period, owner) for owner in owners}
            self._indexes[period] = {o: Index(form, self.rows(r)) for o, r in in_force.items() if r}
        held = ((o, index.find(row)) for o, index in self._indexes[period].items() if o != unit)
        return next(((o, found) for o, found in held if found), None)


def _newest(receipt: Receipt) -> tuple[object, int]:
    return receipt.arrived_at, receipt.seq
