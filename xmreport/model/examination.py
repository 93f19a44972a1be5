"""What examining a file gave, before anything is decided on."""

from __future__ import annotations

from msgspec import Struct

from xmreport.model.findings import Finding
from xmreport.model.receipts import Outcome
from xmreport.model.submission import Part


class Examination(Struct, frozen=True):
    """What examining a file gave: its parts, or why there are none.

    `outcome` is None where the parts decide; what becomes of the file where it could not be used as a whole.
    """

    parts: tuple[Part, ...] = ()
    outcome: Outcome | None = None
    findings: tuple[Finding, ...] = ()
    kind: str = ""
    """What the file is by its content: xlsx, xls, document, html …"""
