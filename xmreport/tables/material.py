"""What one period's workbooks are made of."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from xmreport.model.receipts import Receipt, UnitState

CONTACTS = "联络人名单"
"""The form in which units name their contacts, whom the register prints."""


class Material(Struct, frozen=True):
    """Receipts without their rows: whoever builds the tables reads those that are needed."""

    states: tuple[UnitState, ...]
    """The state of every unit that owes the period."""
    beside: tuple[Receipt, ...]
    """Each unit's newest return of every other form that the workbooks draw on, and the contacts."""
    before: tuple[Receipt, ...]
    """Each unit's last return of the same form before this period."""
    history: tuple[Receipt, ...]
    """Every acceptable return that a docket rests on, in no order."""

    @property
    def receipts(self) -> Iterator[Receipt]:
        """All of them, some more than once."""
        yield from (state.counts for state in self.states if state.counts)
        yield from self.beside
        yield from self.before
        yield from self.history
