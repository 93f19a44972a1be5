"""What happens in a pass, as it is told to whoever listens: a printer, a program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xmreport.model.receipts import Receipt


@dataclass(frozen=True, slots=True)
class FileEvent:
    """What became of one file, or of one part of it."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Published:
    """A workbook written: `path` relative to the workspace; `note` says where it went if the place was locked."""

    path: str
    note: str | None = None


Event = FileEvent | Published
Emit = Callable[[Event], None]
