"""Receipts as the ledger's columns and back again, exactly."""

from __future__ import annotations

import datetime as dt
from typing import Any

from xmreport.model.dates import CHINA
from xmreport.model.findings import Findings
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.rows import Rows

Stored = None | int | str | bytes

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}

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


def from_columns(row: tuple[Any, ...]) -> Receipt:
    """The receipt without its rows: a row of the ledger's `SELECT`, taken in its order."""
    (
        seq, file, sha256, size, outcome, arrived_at, rules, county, unit, form, task, period, due_at, late_by_s,
        row_count, nil, returned_copy, sheet, replayed, findings, handed_over,
    ) = row  # fmt: skip
    return Receipt(
        file=from_text(file),
        sha256=sha256,
        size=size,
        outcome=_OUTCOMES[outcome],
        arrived_at=dt.datetime.fromisoformat(arrived_at),
        rules=rules,
        county=county,
        unit=unit,
        form=form,
        task=task,
        period=period,
        due_at=due_at and dt.datetime.fromisoformat(due_at),
        late_by_s=late_by_s,
        row_count=row_count,
        nil=bool(nil),
        findings=Findings.parse(findings),
        returned_copy=returned_copy and from_text(returned_copy),
        sheet=sheet and from_text(sheet),
        replayed=bool(replayed),
        handed_over=handed_over,
        seq=seq,
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


def from_microseconds(number: int) -> dt.datetime:
    """The inverse of `microseconds`, in China's time."""
    return (EPOCH + number * MICROSECOND).astimezone(CHINA)
