"""A file on its way from the inbox to the record: what is known of it, and what is still being worked out."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future, wait
from pathlib import Path

from msgspec import Struct

from xmreport.examine import examine
from xmreport.intake.scan import Found
from xmreport.ledger import Drop
from xmreport.model.examination import Examination
from xmreport.model.findings import Finding, Severity
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.trouble import Trouble
from xmreport.reading.guard import WorkerFailure
from xmreport.rulebook.book import County


class UnderWay(Struct, frozen=True):
    """A file on its way: its bytes are being kept, and a worker examines them."""

    arrival: Receipt
    county: County
    found: Found
    job: Future[Examination] | Examination
    data: bytes | None = None
    kept: Future[str] | None = None

    def is_ready(self, until: float) -> bool:
        """Whether it can be decided on by then."""
        if isinstance(self.job, Examination) or self.job.done():
            return True
        return bool(wait([self.job], max(0.0, until - time.monotonic())).done)


def set_aside(code: str, reason: str) -> Examination:
    """What stands for the examination of a file that nobody examined to its end."""
    finding = Finding(code, Severity.ERROR, words={"原因": reason})
    return Examination(outcome=Outcome.QUARANTINED, findings=(finding,))


def examined(pool: Executor, data: bytes, arrival: Receipt) -> Examination:
    """A file that somebody names on the command line, examined while they wait."""
    name, day = arrival.file.rsplit("/", 1)[-1], arrival.arrived_at.date()
    try:
        return pool.submit(examine, data, arrival.county or "", name, arrival.unit, day).result()
    except WorkerFailure as failure:
        return set_aside("F07", failure.reason)


def is_oversized(receipts: Sequence[Receipt]) -> bool:
    """Too large to be read: moved into quarantine as it is."""
    return any(finding.code == "F10" for receipt in receipts for finding in receipt.findings)


def held(files: Iterable[UnderWay]) -> int:
    """Bytes of files that are in memory."""
    return sum(len(each.data) for each in files if each.data)


def bytes_of(path: Path, largest_mib: int) -> bytes:
    """The content of a file that somebody names on the command line.

    Raises:
        Trouble: there is no such file, it is a folder, or too large.
    """
    if path.is_dir():
        raise Trouble(f"这是文件夹，不是文件：{path}。")
    if not path.is_file():
        raise Trouble(f"没有这个文件：{path}。")
    if path.stat().st_size > largest_mib * 2**20:
        raise Trouble(f"文件太大：{path}。单个文件不能超过 {largest_mib} MB。")
    return path.read_bytes()


def drop_of(found: Found) -> Drop:
    """A file as the ledger knows it while it lies in the inbox."""
    return Drop(found.relative, found.identity)


def came_at(found: Found, now: dt.datetime, last_pass: dt.datetime | None) -> dt.datetime:
    """When a file seen for the first time came: by the file system's record, but not before the engine last looked."""
    looked = last_pass if last_pass and last_pass <= now else None  # a clock set back makes the last look tell nothing
    return min(now, max(found.changed, looked or found.changed))
