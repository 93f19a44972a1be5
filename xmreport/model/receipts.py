"""What the ledger says became of a file, and what a unit's state is at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from xmreport.model.dates import china_day
from xmreport.model.findings import Finding
from xmreport.model.submission import Row


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    RETURNED = "returned"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    IGNORED = "ignored"


class State(StrEnum):
    ON_TIME = "on_time"
    LATE = "late"
    RETURNED = "returned"
    NIL = "nil"
    MISSING = "missing"
    PENDING = "pending"
    EXEMPT = "exempt"


class Receipt(Struct, frozen=True):
    """One outcome of one file (or of one part of it, told apart by `sheet`). Immutable once written."""

    file: str
    """Path relative to the workspace when found, forward slashes."""
    sha256: str | None
    """None where the bytes were never read: links, pipes, oversized files."""
    size: int
    outcome: Outcome
    arrived_at: dt.datetime
    rules: str
    """Hash of the rules it was judged under."""
    county: str | None = None
    unit: str | None = None
    form: str | None = None
    task: str | None = None
    period: str | None = None
    """The period's due date as written in the rules: 2022-12-09."""
    due_at: dt.datetime | None = None
    late_by_s: int | None = None
    rows: Sequence[Row] = ()
    row_count: int = 0
    """How many rows were taken in; the ledger fills it, also where it leaves `rows` out."""
    nil: bool = False
    findings: Sequence[Finding] = ()
    returned_copy: str | None = None
    sheet: str | None = None
    """The part's sheet where one file holds several parts, else None."""
    replayed: bool = False
    """Arrival was given by a person (--now, --at), not seen by the engine."""
    handed_over: str | None = None
    """Why it was entered by hand, where it came by other means than the inbox."""
    seq: int = 0
    """The ledger's own number, given when it is written."""

    @property
    def order(self) -> tuple[dt.datetime, int]:
        """Of two receipts the one with the greater came later."""
        return self.arrived_at, self.seq

    @property
    def day(self) -> dt.date:
        """The day on which it came."""
        return china_day(self.arrived_at)


class UnitState(Struct, frozen=True):
    """One unit in one period of one task, at one moment."""

    county: str
    task: str
    period: str
    due_at: dt.datetime | None
    unit: str
    state: State
    arrived_at: dt.datetime | None = None
    late_by_s: int = 0
    reason: str | None = None
    late_total: int = 0
    missing_total: int = 0
    version: int = 0
    """How many acceptable versions were received."""
    counts: Receipt | None = None
    """The version that counts, where one is accepted."""
    first: Receipt | None = None
    """The first acceptable version."""
