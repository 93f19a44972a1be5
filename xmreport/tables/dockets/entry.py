"""One matter of a docket while returns are gone through: whose words stand in it, and what the engine put there."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from xmreport.model.submission import Identity, Value
from xmreport.rulebook.form import Form
from xmreport.rulebook.identity import precedence
from xmreport.rulebook.names import key_of
from xmreport.tables.dockets.events import Said

DONE, ANSWERED = "办结日", "复函日"
"""Columns of a docket's form that are set as it closes, and as the reply comes, unless somebody wrote a day there."""
RESPONSIBLE = "责任单位"
_EXACT = 6
"""Decimals to which a figure comes back from a workbook as it was printed."""


class Entry(Struct):
    """One matter while returns are gone through."""

    opened: Said
    number: str | None
    base: dict[str, Value] = {}
    office: dict[str, Value] = {}
    """What the office wrote above the base."""
    written: dict[str, str] = {}
    """Column → the minute at which it did."""
    edited: Said | None = None
    """The office's last line that changed something."""
    put: dict[str, set[object]] = {}
    """Column → everything the engine put there so far, as compared."""
    firm: frozenset[str] = frozenset()
    """Columns that the office gave as it opened the entry: units' later lines do not touch them, replies do."""
    units: dict[str, Said] = {}
    """Each unit that reported it → what it said first."""
    holders: dict[tuple[str, str | None], Said] = {}
    """(unit, form) → the line in which that unit holds it now."""
    known: set[Identity] = set()
    """The keys by which it has been known."""
    left: dt.date | None = None
    closed: dt.date | None = None

    @property
    def values(self) -> dict[str, Value]:
        """What stands in its columns, those apart that the engine alone fills."""
        return {**self.base, **self.office}

    @property
    def first(self) -> Said:
        """Of the lines in which units hold it the one that counts, as in a summary; of one unit's, the newest."""
        return min(self.holders.values(), key=self._precedence)

    def _precedence(self, said: Said) -> tuple[object, ...]:
        return *precedence(said.keys, said.unit, self.units[said.unit].receipt), -said.receipt.seq

    @property
    def is_open(self) -> bool:
        return self.closed is None and self.left is None

    def lay(self, name: str, value: Value) -> None:
        """A value of the engine's own, to be known again when it comes back."""
        self.base[name] = value
        self.put.setdefault(name, set()).add(compared(value))


class DocketState(Struct, frozen=True):
    """A docket at a moment, entries in order of opening."""

    entries: tuple[Entry, ...]
    notes: tuple[str, ...]
    """What could not be placed, for a person to look at."""


def compared(value: Value) -> object:
    """A value as two are held against each other: what printing and reading do to it makes no difference."""
    if isinstance(value, str):
        return key_of(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(float(value), _EXACT)
    return value


def responsible(form: Form) -> str | None:
    """The column that says who has to settle a matter: 责任单位, else the first unit that the form demands or knows."""
    units = [field for field in form.fields.values() if field.type == "单位"]
    ordered = sorted(units, key=lambda field: (not field.required, field.name != RESPONSIBLE))
    return ordered[0].name if ordered else None
