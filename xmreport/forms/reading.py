"""What reading one cell gives: a typed value, and what had to be said about it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from xmreport.model.findings import Severity
from xmreport.model.submission import Cell, Unreadable


class Remark(Struct, frozen=True):
    """A finding before it knows its place."""

    code: str
    severity: Severity
    words: Mapping[str, str] = {}


class Reading(Struct, frozen=True):
    """A value with its remarks. `beside` is a date found in a status cell (M56)."""

    value: Cell
    remarks: tuple[Remark, ...] = ()
    beside: str | None = None


def error(code: str, **words: str) -> Reading:
    """The cell could not be read: an error, and no value that a check might judge again."""
    return Reading(Unreadable(), (Remark(code, Severity.ERROR, words),))


def warning(value: Cell, code: str, **words: str) -> Reading:
    """The cell was read, with a doubt."""
    return Reading(value, (Remark(code, Severity.WARNING, words),))
