"""The ledger's tables, and how its file is opened: an SQLite database that only grows."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from xmreport.model.trouble import Trouble

VERSION = 3
BUSY_S = 60.0
"""How long a writer waits for another one to be done before it gives up."""
PAUSE_S = 0.01

GENESIS = ""
"""What the first receipt has for a predecessor."""

TABLES = """
CREATE TABLE receipt (
  seq           INTEGER PRIMARY KEY AUTOINCREMENT,
  file          TEXT    NOT NULL,
  sha256        TEXT,
  size          INTEGER NOT NULL,
  outcome       TEXT    NOT NULL,
  arrived_at    TEXT    NOT NULL,
  arrived_us    INTEGER NOT NULL,  -- the same moment, comparable: microseconds since 1970 UTC
  rules         TEXT    NOT NULL,
  county        TEXT,
  unit          TEXT,
  form          TEXT,
  task          TEXT,
  period        TEXT,
  due_at        TEXT,
  late_by_s     INTEGER,
  row_count     INTEGER NOT NULL,
  nil           INTEGER NOT NULL,
  returned_copy TEXT,
  sheet         TEXT,
  replayed      INTEGER NOT NULL,
  prev          TEXT    NOT NULL,
  hash          TEXT    NOT NULL,
  findings      TEXT    NOT NULL,
  rows          TEXT    NOT NULL,  -- behind the others, so that reading them never touches it
  handed_over   TEXT               -- rarely there, and as NULL read without touching the rows
);

-- What a county has received is told apart, counted and dated without touching the receipts themselves.
CREATE INDEX receipt_of_county ON receipt (county, arrived_us);

CREATE TRIGGER receipt_follows BEFORE INSERT ON receipt
WHEN NEW.seq <> coalesce((SELECT max(seq) FROM receipt), 0) + 1
  OR NEW.prev <> coalesce((SELECT hash FROM receipt ORDER BY seq DESC LIMIT 1), '')
BEGIN SELECT raise(ABORT, '账本只能在末尾追加'); END;

CREATE TRIGGER receipt_stays_as_written BEFORE UPDATE ON receipt
BEGIN SELECT raise(ABORT, '账本的记录不能修改'); END;

CREATE TRIGGER receipt_stays BEFORE DELETE ON receipt
BEGIN SELECT raise(ABORT, '账本的记录不能删除'); END;

-- Recorded files that, as far as is known, still stand in the inbox: on their way out, or staying for good.
CREATE TABLE standing (
  file     TEXT    NOT NULL,
  identity TEXT    NOT NULL,
  first    INTEGER NOT NULL REFERENCES receipt (seq),
  last     INTEGER NOT NULL REFERENCES receipt (seq),
  stays    INTEGER NOT NULL,
  PRIMARY KEY (file, identity)
);

CREATE TABLE pass (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  at   TEXT NOT NULL,
  kind TEXT NOT NULL
);

CREATE TABLE published (
  path        TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL
);
"""


class LedgerError(Trouble):
    """The ledger cannot be used; the text says why, in Chinese."""


class LedgerOfAnotherVersion(LedgerError):
    """Another version of the program has written here."""


class LedgerDamaged(LedgerError):
    """The file is not an intact database."""


def connect(path: Path) -> sqlite3.Connection:
    """Open the database, making it where there is none. Transactions are begun by hand."""
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        _prepare(db, path)
    except sqlite3.DatabaseError as error:
        db.close()
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
            raise LedgerDamaged(f"账本文件已损坏，打不开：{path}。请从备份恢复，不要删除它。") from error
        raise
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    version = _version(db)
    if version > VERSION:
        raise LedgerOfAnotherVersion(
            f"账本由更新版本的程序写成（第 {version} 版，本程序只认到第 {VERSION} 版），请先升级程序：{path}"
        )
    if 0 < version < VERSION:
        raise LedgerOfAnotherVersion(
            f"账本由早先的试用版写成（第 {version} 版），请用当时的程序查看，并另建工作文件夹：{path}"
        )
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = FULL")
    if _journal(db) != "wal":
        raise LedgerError(f"账本必须放在本机硬盘上，不能放在网络共享中：{path}")
    if version == 0:
        _create(db)


def _journal(db: sqlite3.Connection) -> str:
    """Ask for write-ahead logging. A new file must be free for that, and here SQLite does not wait by itself."""
    give_up = time.monotonic() + BUSY_S
    while True:
        try:
            return str(db.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
        time.sleep(PAUSE_S)


def _create(db: sqlite3.Connection) -> None:
    with db:
        db.execute("BEGIN IMMEDIATE")
        if _version(db) == 0:  # else another process was first
            for statement in _statements(TABLES):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")


def _statements(script: str) -> list[str]:
    """Cut a script into statements: `executescript` would commit before it starts, and two could then create."""
    statements, lines = [], ""
    for line in script.splitlines(keepends=True):
        lines += line
        if sqlite3.complete_statement(lines):
            statements.append(lines)
            lines = ""
    return statements


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
