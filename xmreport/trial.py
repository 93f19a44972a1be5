"""A unit's own check before it reports: the same examination, nothing recorded."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from msgspec.structs import replace

from xmreport.decide import Judge
from xmreport.examine import examine, open_desk
from xmreport.ledger import Ledger
from xmreport.model.events import FileEvent
from xmreport.model.findings import Finding, Severity
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.submission import Examination
from xmreport.model.trouble import Trouble
from xmreport.past import Past
from xmreport.reading.guard import GuardedPool, WorkerFailure
from xmreport.rulebook.book import County
from xmreport.underway import bytes_of
from xmreport.workspace import Workspace


def try_files(
    workspace: Workspace, county: County, files: Sequence[Path], unit: str | None, now: dt.datetime
) -> list[FileEvent]:
    """What would become of these files if they were dropped now.

    Raises:
        Trouble: the unit is not in the county's roster.
    """
    named = county.roster.resolve(unit) if unit else None
    if unit and named is None:
        raise Trouble(f"“{unit}”不在{county.name}的名册里。")
    office = workspace.rulebook.office
    with ExitStack() as stack:
        past = Past(stack.enter_context(Ledger.open(workspace.state)), county)
        pool = stack.enter_context(
            GuardedPool(1, open_desk, ({county.key: county},), seconds=office.seconds, memory_mib=office.memory_mib)
        )
        judge = Judge(county, past, trial=True)
        return [event for path in files for event in _try(path, judge, pool, named, now, office.largest_mib)]


def _try(
    path: Path, judge: Judge, pool: GuardedPool, unit: str | None, now: dt.datetime, largest_mib: int
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
    try:
        found = pool.submit(examine, data, judge.county.key, path.name, unit, now.date()).result()
    except WorkerFailure as failure:
        finding = Finding("F07", Severity.ERROR, words={"原因": failure.reason})
        found = Examination(outcome=Outcome.QUARANTINED, findings=(finding,))
    for receipt in judge.decide(found, arrival):
        yield FileEvent(replace(receipt, row_count=len(receipt.rows)))
