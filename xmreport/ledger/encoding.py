"""Receipts as the ledger's columns and back again, exactly."""

from __future__ import annotations

import datetime as dt
import sqlite3

from xmreport.model.findings import Findings
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.rows import Rows

Stored = None | int | str | bytes

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


def to_columns(receipt: Receipt) -> dict[str, Stored]:
    """Everything a receipt says, in the order of the table's columns; its links in the chain are not among it."""
    return {
        "seq": receipt.seq,
        "file": to_text(receipt.file),
        "sha256": receipt.sha256,
        "size": receipt.size,
        "outcome": receipt.outcome.value,
        "arrived_at": to_moment(receipt.arrived_at),
        "arrived_us": microseconds(receipt.arrived_at),
        "rules": receipt.rules,
        "county": receipt.county,
        "unit": receipt.unit,
        "form": receipt.form,
        "task": receipt.task,
        "period": receipt.period,
        "due_at": None if receipt.due_at is None else to_moment(receipt.due_at),
        "late_by_s": receipt.late_by_s,
        "row_count": receipt.row_count,
        "nil": int(receipt.nil),
        "returned_copy": receipt.returned_copy and to_text(receipt.returned_copy),
        "sheet": receipt.sheet and to_text(receipt.sheet),
        "replayed": int(receipt.replayed),
        "findings": Findings.of(receipt.findings).text,
        "rows": Rows.of(receipt.rows).text,
        "handed_over": receipt.handed_over,
    }


def from_columns(row: sqlite3.Row) -> Receipt:
    """The receipt without its rows."""
    return Receipt(
        file=from_text(row["file"]),
        sha256=row["sha256"],
        size=row["size"],
        outcome=Outcome(row["outcome"]),
        arrived_at=dt.datetime.fromisoformat(row["arrived_at"]),
        rules=row["rules"],
        county=row["county"],
        unit=row["unit"],
        form=row["form"],
        task=row["task"],
        period=row["period"],
        due_at=row["due_at"] and dt.datetime.fromisoformat(row["due_at"]),
        late_by_s=row["late_by_s"],
        row_count=row["row_count"],
        nil=bool(row["nil"]),
        findings=Findings.parse(row["findings"]),
        returned_copy=row["returned_copy"] and from_text(row["returned_copy"]),
        sheet=row["sheet"] and from_text(row["sheet"]),
        replayed=bool(row["replayed"]),
        handed_over=row["handed_over"],
        seq=row["seq"],
    )


def to_text(text: str) -> str | bytes:
    """A file name that is no valid Unicode (written in GBK on a Linux disk) is stored as bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def from_text(stored: str | bytes) -> str:
    """The inverse of `to_text`."""
    return stored.decode("utf-8", "surrogatepass") if isinstance(stored, bytes) else stored


def to_moment(moment: dt.datetime) -> str:
    """ISO text with the offset it was given in."""
    if moment.utcoffset() is None:
        raise ValueError(f"a moment without an offset names no instant: {moment}")
    return moment.isoformat()


def microseconds(moment: dt.datetime) -> int:
    """The instant as a number, exactly, whatever the offset."""
    return (moment - EPOCH) // MICROSECOND
