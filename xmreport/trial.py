"""A unit's own check before it reports: the same examination, nothing recorded."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path

from msgspec.structs import replace

from xmreport.decide import Judge
from xmreport.hands import SINGLE
from xmreport.ledger import Ledger
from xmreport.model.events import FileEvent
from xmreport.model.receipts import Outcome, Receipt
from xmreport.named import unit_named
from xmreport.past import Past
from xmreport.rulebook.book import County
from xmreport.underway import bytes_of, examined
from xmreport.workspace import Workspace


def try_files(
    workspace: Workspace, county: County, files: Sequence[Path], unit: str | None, now: dt.datetime
) -> list[FileEvent]:
    """What would become of these files if they were dropped now.

    Raises:
        Trouble: the unit is not in the county's roster.
    """
    named = unit_named(county, unit) if unit else None
    office = workspace.rulebook.office
    with ExitStack() as stack:
        past = Past(stack.enter_context(Ledger.open(workspace.state)), county)
        pool = stack.enter_context(SINGLE.pool({county.key: county}, office))
        judge = Judge(county, past, trial=True)
        return [event for path in files for event in _try(path, judge, pool, named, now, office.largest_mib)]


def _try(
    path: Path, judge: Judge, pool: Executor, unit: str | None, now: dt.datetime, largest_mib: int
) -> Iterator[FileEvent]:
    data = bytes_of(path, largest_mib)
    arrival = Receipt(
        file=path.as_posix(),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        outcome=Outcome.QUARANTINED,
        arrived_at=now,
        rules=judge.county.digest,
        county=judge.county.key,
        unit=unit,
    )
    for receipt in judge.decide(examined(pool, data, arrival), arrival):
        yield FileEvent(replace(receipt, row_count=len(receipt.rows)))
