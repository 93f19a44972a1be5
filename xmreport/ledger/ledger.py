"""The ledger: an append-only record of what arrived and what was decided."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from xmreport.ledger import chain, encoding, schema
from xmreport.ledger.chain import Link
from xmreport.ledger.originals import Originals
from xmreport.model.findings import Findings
from xmreport.model.receipts import Receipt
from xmreport.model.rows import Rows

SELECT = """
SELECT seq, file, sha256, size, outcome, arrived_at, rules, county, unit, form, task, period, due_at, late_by_s,
       row_count, nil, returned_copy, sheet, replayed, findings, handed_over
  FROM receipt
 WHERE {of_county}
   AND (:until IS NULL OR arrived_us <= :until)
   AND seq BETWEEN :first AND :last
"""

INSERT = """
INSERT INTO receipt VALUES (
  :seq, :file, :sha256, :size, :outcome, :arrived_at, :arrived_us, :rules, :county, :unit, :form, :task, :period,
  :due_at, :late_by_s, :row_count, :nil, :returned_copy, :sheet, :replayed, :prev, :hash, :findings, :rows,
  :handed_over)
"""

EXTENT = "SELECT count(*) AS receipts, max(seq) AS last, max(arrived_us) AS newest FROM receipt WHERE county = ?"
AHEAD = "SELECT count(*) AS receipts FROM receipt WHERE county = ? AND arrived_us > ?"

NAMED = "SELECT sha256, file, min(seq) AS seq FROM receipt WHERE sha256 IS NOT NULL GROUP BY sha256 ORDER BY min(seq)"


class Drop(Struct, frozen=True):
    """A file as it lies in the inbox: `identity` tells it from another one put there later under the same name."""

    file: str
    identity: str


class FileRecord(Struct, frozen=True):
    """What became of one file: a receipt, or one for each of its parts.

    `drop` is None where the file was handed over by other means: there is nothing to take out of the inbox.
    """

    drop: Drop | None
    receipts: tuple[Receipt, ...]
    stays: bool = False
    """The file is left in the inbox for good, as links, pipes and all that is ignored are."""


class Extent(Struct, frozen=True):
    """How far a county's receipts reach."""

    receipts: int
    last: int
    """The number of the last one, 0 where there is none."""
    newest: dt.datetime | None
    """The latest moment of arrival."""


class Ledger:
    """One workspace's ledger, with the originals beside it."""

    def __init__(self, db: sqlite3.Connection, originals: Originals) -> None:
        self._db = db
        self.originals = originals
        self._last = (0, schema.GENESIS)
        """The end of the chain, while nobody else can add to it."""

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the ledger in the state folder, making it where there is none."""
        folder.mkdir(parents=True, exist_ok=True)
        path, originals = folder / "ledger.sqlite3", Originals(folder / "originals")
        if not (path.exists() and path.stat().st_size) and (kept := originals.count()):
            raise schema.LedgerDamaged(
                f"台账文件不见了或是空的，却留有 {kept} 份原件：{path}。请从备份恢复，不要另建一个。"
            )
        return cls(schema.connect(path), originals)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def record(self, entry: FileRecord) -> list[Receipt]:
        """Write all of it or nothing, and return the receipts with their numbers.

        A file that is recorded and still stands in the inbox is not recorded again: its receipts are returned.
        """
        if not self._db.in_transaction:
            with self.together():
                return self.record(entry)
        return self._known(entry) or self._enter(entry)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is recorded meanwhile becomes durable at the end and all at once, or not at all."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._last = self.head()
            yield
            self.originals.settle()  # the bytes come before the record

    def unfinished(self) -> list[tuple[Drop, tuple[Receipt, ...]]]:
        """What is recorded but, as far as is known, has not left the inbox; the receipts come without rows."""
        standing = self._db.execute("SELECT * FROM standing WHERE NOT stays ORDER BY first").fetchall()
        return [
            (
                Drop(encoding.from_text(row["file"]), encoding.from_text(row["identity"])),
                self._select(first=row["first"], last=row["last"]),
            )
            for row in standing
        ]

    def finish(self, drops: Sequence[Drop]) -> None:
        """These have left the inbox."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("DELETE FROM standing WHERE file = ? AND identity = ? AND NOT stays", map(_key, drops))

    def staying(self) -> set[Drop]:
        """The files that are recorded as staying in the inbox."""
        found = self._db.execute("SELECT file, identity FROM standing WHERE stays")
        return {Drop(encoding.from_text(row["file"]), encoding.from_text(row["identity"])) for row in found}

    def receipts(self, county: str | None = None, until: dt.datetime | None = None) -> tuple[Receipt, ...]:
        """All receipts in the order they were written, without rows; `until` is the last moment of arrival."""
        return self._select(county=county, until=until)

    def extent(self, county: str) -> Extent:
        """How many receipts a county has, without reading them."""
        found = self._db.execute(EXTENT, (county,)).fetchone()
        newest = None if found["newest"] is None else encoding.from_microseconds(found["newest"])
        return Extent(found["receipts"], found["last"] or 0, newest)

    def ahead(self, county: str, moment: dt.datetime) -> int:
        """How many of a county's receipts arrived after a moment, as they did once the clock was set back."""
        found = self._db.execute(AHEAD, (county, encoding.microseconds(moment))).fetchone()
        return int(found["receipts"])

    def rows(self, seq: int) -> Rows:
        """The typed rows of one receipt; KeyError where there is no such receipt."""
        return self.rows_of([seq])[seq]

    def rows_of(self, seqs: Iterable[int]) -> dict[int, Rows]:
        found = self._db.execute(
            "SELECT seq, rows FROM receipt WHERE seq IN (SELECT value FROM json_each(?))", (json.dumps(list(seqs)),)
        )
        return {row["seq"]: Rows.parse(row["rows"]) for row in found}

    def last_pass(self) -> dt.datetime | None:
        """When the engine last looked at the inbox: what it finds now cannot have arrived before."""
        row = self._db.execute("SELECT at FROM pass").fetchone()
        return None if row is None else dt.datetime.fromisoformat(row["at"])

    def note_pass(self, at: dt.datetime) -> None:
        self._db.execute("INSERT OR REPLACE INTO pass VALUES (1, ?, 'pass')", (encoding.to_moment(at),))

    def noted(self, about: str) -> str | None:
        """What was last noted of a place in the workspace: by what a folder of the outbox stands (`notes`), under which
        rules a county was published or held against (`editions`, `recheck`), whether its copies were lost (`leaving`).
        """
        row = self._db.execute(
            "SELECT fingerprint FROM published WHERE path = ?", (encoding.to_text(about),)
        ).fetchone()
        return None if row is None else str(row["fingerprint"])

    def note(self, about: str, text: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO published VALUES (?, ?)", (encoding.to_text(about), text))

    def links(self, seqs: Sequence[int]) -> list[Link]:
        """These receipts as links of the chain, in the order given."""
        return [chain.read_link(self._db, seq) for seq in seqs]

    def head(self) -> tuple[int, str]:
        """The number and the hash of the last receipt: noted elsewhere, it proves all before it."""
        last = self._db.execute("SELECT seq, hash FROM receipt ORDER BY seq DESC LIMIT 1").fetchone()
        return (last["seq"], last["hash"]) if last else (0, schema.GENESIS)

    def verify(self) -> list[str]:
        """Chinese sentences on all that was altered or is missing; empty when the ledger and originals are whole."""
        try:
            with self._db:
                self._db.execute("BEGIN")
                problems = self._damage()
                named = self._db.execute(NAMED).fetchall()
        except sqlite3.DatabaseError as error:
            return [f"账本文件已损坏，读不下去（{error}）。请从备份恢复。"]
        where = {row["sha256"]: f"（第 {row['seq']} 号记录：{encoding.from_text(row['file'])}）" for row in named}
        problems += [f"原件不见了：{sha}{place}。" for sha, place in where.items() if not self.originals.has(sha)]
        problems += [f"原件 {sha} {problem}{where.get(sha, '')}。" for sha, problem in self.originals.verify()]
        kept = self.originals.count()
        if kept and not self.head()[0]:
            problems.append(f"台账是空的，却留有 {kept} 份原件：台账文件可能被删除或换过。请从备份恢复。")
        return problems

    def _damage(self) -> list[str]:
        said = [row[0] for row in self._db.execute("PRAGMA quick_check(1)")]
        problems = [f"账本文件已损坏（{text}）。请从备份恢复。" for text in said if text != "ok"]
        broken = chain.first_break(self._db)
        return problems if broken is None else [*problems, broken]

    def _known(self, entry: FileRecord) -> list[Receipt]:
        """The receipts of a file that is recorded already, with their rows."""
        if entry.drop is None:
            return []
        row = self._db.execute("SELECT * FROM standing WHERE file = ? AND identity = ?", _key(entry.drop)).fetchone()
        if row is None or (row["stays"] and not entry.stays):  # what once stayed may leave under other rules
            return []
        receipts = self._select(first=row["first"], last=row["last"])
        rows = self.rows_of(receipt.seq for receipt in receipts)
        return [replace(receipt, rows=rows[receipt.seq]) for receipt in receipts]

    def _enter(self, entry: FileRecord) -> list[Receipt]:
        receipts = [self._append(receipt) for receipt in entry.receipts]
        if entry.drop is not None:
            self._db.execute(
                "INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?)",
                (*_key(entry.drop), receipts[0].seq, receipts[-1].seq, entry.stays),
            )
        return receipts

    def _append(self, receipt: Receipt) -> Receipt:
        if receipt.sha256 is not None and not self.originals.has(receipt.sha256):
            raise ValueError(f"the bytes come before the record: no original {receipt.sha256} of {receipt.file!r}")
        seq, prev = self._last
        rows = receipt.row_count or len(receipt.rows)
        numbered = replace(receipt, seq=seq + 1, row_count=rows, findings=Findings.of(receipt.findings))
        columns = encoding.to_columns(numbered)
        self._last = (numbered.seq, chain.link(prev, columns))
        self._db.execute(INSERT, {**columns, "prev": prev, "hash": self._last[1]})
        return numbered

    def _select(
        self,
        *,
        county: str | None = None,
        until: dt.datetime | None = None,
        first: int = 1,
        last: int = sys.maxsize,
    ) -> tuple[Receipt, ...]:
        moment = None if until is None else encoding.microseconds(until)
        statement = SELECT.format(of_county="TRUE" if county is None else "county = :county")
        found = self._db.execute(statement, {"county": county, "until": moment, "first": first, "last": last})
        # SQLite would sort whole rows: finding them by county is an order of its own.
        return tuple(sorted(map(encoding.from_columns, found), key=attrgetter("seq")))


def _key(drop: Drop) -> tuple[str | bytes, str | bytes]:
    return encoding.to_text(drop.file), encoding.to_text(drop.identity)
