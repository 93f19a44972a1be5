"""The chain: each receipt carries the hash of the one before, so that nothing can be changed unseen."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping

from msgspec import Struct

from xmreport.ledger.encoding import Stored, from_text
from xmreport.ledger.schema import GENESIS
from xmreport.model.text import to_json


class Link(Struct, frozen=True):
    """One receipt as it stands in the chain: `hash` is the SHA-256 of `prev` followed by `text`."""

    prev: str
    text: str
    hash: str


def link(prev: str, columns: Mapping[str, Stored]) -> str:
    """The hash of one receipt: over its predecessor's hash and all that is stored of it, byte for byte."""
    return hashlib.sha256((prev + _text(columns)).encode()).hexdigest()


def _text(columns: Mapping[str, Stored]) -> str:
    told = sorted(columns.items())
    return to_json({name: from_text(value) if isinstance(value, bytes) else value for name, value in told})


def read_link(db: sqlite3.Connection, seq: int) -> Link:
    """One receipt's link; KeyError where there is no such receipt."""
    row = db.execute("SELECT * FROM receipt WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        raise KeyError(seq)
    columns = dict(row)
    prev, own = columns.pop("prev"), columns.pop("hash")
    return Link(prev, _text(columns), own)


def first_break(db: sqlite3.Connection) -> str | None:
    """Walk the chain from its start; a Chinese sentence for the first link that does not hold."""
    seq, prev = 0, GENESIS
    for row in db.execute("SELECT * FROM receipt ORDER BY seq"):
        columns = dict(row)
        if row["seq"] != seq + 1:
            return f"账本第 {seq + 1} 号记录缺失，它以后的记录都不能作准。"
        if columns.pop("prev") != prev:
            return f"账本第 {row['seq']} 号记录与上一号接不上：上一号被换过，或这一号是后来插入的。"
        if columns.pop("hash") != link(prev, columns):
            return f"账本第 {row['seq']} 号记录（{from_text(row['file'])}）被改动过，它以后的记录都不能作准。"
        seq, prev = row["seq"], row["hash"]
    given = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'receipt'").fetchone()
    if given is not None and given["seq"] > seq:
        return f"账本末尾被截去：已编到第 {given['seq']} 号，现在只到第 {seq} 号。"
    return None
