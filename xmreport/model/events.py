"""What happens in a pass, as it is told to whoever listens: a printer, a program."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from xmreport.model.receipts import Receipt


class FileEvent(Struct, frozen=True):
    """What became of one file, or of one part of it."""

    receipt: Receipt


class Published(Struct, frozen=True):
    """A workbook written: `path` relative to the workspace; `note` says where it went if the place was locked."""

    path: str
    note: str | None = None


Event = FileEvent | Published
Emit = Callable[[Event], None]
