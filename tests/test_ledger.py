"""The ledger: append-only, chained, all or nothing, and whole after any crash."""

import datetime as dt
import hashlib
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from xmreport.ledger import Drop, Extent, FileRecord, Ledger, LedgerDamaged, LedgerOfAnotherVersion
from xmreport.model.dates import CHINA, PartialDate
from xmreport.model.findings import Finding, Severity
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.rows import Rows
from xmreport.model.submission import Row, Unreadable

FILE = "inbox/guxian/古阳镇/前期手续.xlsx"
DROP = Drop(FILE, "1-2-3")
T = dt.datetime(2022, 12, 9, 16, 31, 0, 250_000, tzinfo=CHINA)
SPAWN = multiprocessing.get_context("spawn")
ROWS = (
    Row("Sheet1", 6, {"项目名称": "滨河路", "总投资": 3000.5, "序号": 1, "立项.办结时间": PartialDate(2022, 12)}),
    Row("Sheet1", 7, {"项目名称": None, "总投资": Unreadable(), "序号": 2.0, "开工": True}, {"开工": "√"}),
)
FINDINGS = (
    Finding("V01", Severity.ERROR, "Sheet1", "G7", "总投资", "3000-5000", {"单位": "万元"}),
    Finding("S01", Severity.WARNING),
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / ".xmreport"


@pytest.fixture
def ledger(state):
    with Ledger.open(state) as opened:
        yield opened


def receipt(**changes) -> Receipt:
    plain = Receipt(FILE, None, 10, Outcome.RETURNED, T, rules="r1", county="guxian", unit="古阳镇")
    return replace(plain, **changes)


def entry(number: int = 1, **changes) -> FileRecord:
    file = f"inbox/guxian/{number}.xlsx"
    return FileRecord(Drop(file, str(number)), (receipt(file=file, **changes),))


def record_all(ledger: Ledger, *entries: FileRecord) -> None:
    """In one transaction."""
    with ledger.together():
        for each in entries:
            ledger.record(each)


def raw(state: Path) -> sqlite3.Connection:
    return sqlite3.connect(state / "ledger.sqlite3", isolation_level=None)


# What goes in comes out


def test_a_receipt_comes_back_as_it_was_written(ledger):
    sha = ledger.originals.keep(b"bytes")
    full = receipt(
        sha256=sha,
        outcome=Outcome.ACCEPTED,
        form="F1",
        task="前期手续办理周报",
        period="2022-12-09",
        due_at=T,
        late_by_s=0,
        rows=ROWS,
        findings=FINDINGS,
        returned_copy="outbox/guxian/退回/古阳镇/a.xlsx",
        sheet="Sheet1",
        replayed=True,
    )
    [written] = ledger.record(FileRecord(DROP, (full,)))
    assert written == replace(full, seq=1, row_count=2)
    assert ledger.receipts() == (replace(written, rows=()),)
    assert ledger.rows(1) == ROWS


def test_a_nil_return_has_no_rows_and_says_so(ledger):
    ledger.record(entry(nil=True, outcome=Outcome.ACCEPTED))
    [nil] = ledger.receipts()
    assert (nil.nil, nil.row_count, ledger.rows(1)) == (True, 0, ())


def test_a_count_given_by_the_caller_is_kept(ledger):
    ledger.record(entry(rows=ROWS, row_count=1))
    assert ledger.receipts()[0].row_count == 1


months = st.builds(PartialDate, st.integers(1900, 2100), st.integers(1, 12), st.integers(0, 28))
texts = st.text(max_size=12) | st.just("半个\ud83d字")
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
cells = st.none() | st.booleans() | numbers | texts | months | st.builds(Unreadable)
some_rows = st.lists(
    st.builds(Row, texts, st.integers(1, 1 << 20), st.dictionaries(texts, cells), st.dictionaries(texts, texts))
)


@given(rows=some_rows)
def test_typed_rows_survive_exactly_with_their_types_and_order(rows):
    back = Rows.parse(Rows.of(rows).text)
    assert repr(back) == repr(tuple(rows))  # repr tells 1 from 1.0 and True, and keeps the order of fields


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(finding=st.builds(Finding, texts, value=st.none() | texts, words=st.dictionaries(texts, texts)), file=texts)
def test_any_finding_and_any_file_name_survive(ledger, finding, file):
    drop = Drop(file, "half a pair \ud83d")
    [written] = ledger.record(FileRecord(drop, (receipt(file=file, sheet=file, findings=(finding,)),)))
    assert ledger.receipts()[-1] == written
    assert (drop, (written,)) in ledger.unfinished()
    ledger.finish([drop])


def test_a_value_that_no_cell_holds_is_refused():
    for value in (float("nan"), float("inf"), dt.date(2022, 12, 9)):
        with pytest.raises((ValueError, TypeError)):
            _ = Rows.of([Row("S", 1, {"a": value})]).text


def test_a_moment_without_an_offset_is_refused(ledger):
    with pytest.raises(ValueError, match="offset"):
        ledger.record(entry(arrived_at=dt.datetime(2022, 12, 9)))  # noqa: DTZ001
    assert ledger.receipts() == ()


def test_rows_of_a_receipt_that_is_not_there(ledger):
    with pytest.raises(KeyError):
        ledger.rows(1)


# Asking


def test_receipts_come_in_the_order_they_were_written_not_arrived(ledger):
    record_all(ledger, entry(1, arrived_at=T), entry(2, arrived_at=T - dt.timedelta(days=1)))
    assert [found.seq for found in ledger.receipts()] == [1, 2]


def test_receipts_of_one_county(ledger):
    record_all(ledger, entry(1), entry(2, county="linxian"), entry(3, county=None))
    assert [found.seq for found in ledger.receipts(county="linxian")] == [2]


def test_how_far_a_county_reaches_is_told_without_reading_it(ledger):
    assert ledger.extent("guxian") == Extent(0, 0, None)
    for number, (county, hour) in enumerate((("guxian", 9), ("guxian", 11), ("huozhou", 12), ("guxian", 10)), 1):
        ledger.record(entry(number, county=county, arrived_at=T.replace(hour=hour)))
    assert ledger.extent("guxian") == Extent(3, 4, T.replace(hour=11))
    assert [ledger.ahead("guxian", T.replace(hour=hour)) for hour in (8, 10, 11)] == [3, 1, 0]


def test_until_is_a_moment_whatever_the_offset_it_is_written_in(ledger):
    utc, tokyo = dt.UTC, dt.timezone(dt.timedelta(hours=9))
    microsecond = dt.timedelta(microseconds=1)
    record_all(
        ledger,
        entry(1, arrived_at=T.astimezone(utc)),
        entry(2, arrived_at=T),
        entry(3, arrived_at=T.astimezone(tokyo)),
    )
    for zone in (utc, CHINA, tokyo):
        assert len(ledger.receipts(until=T.astimezone(zone))) == 3
        assert ledger.receipts(until=(T - microsecond).astimezone(zone)) == ()
    assert [found.arrived_at.utcoffset() for found in ledger.receipts()] == [
        t.utcoffset(T) for t in (utc, CHINA, tokyo)
    ]


def test_rows_of_many_receipts_at_once(ledger):
    record_all(ledger, *(entry(number, rows=ROWS[:number]) for number in (1, 2, 3)))
    assert ledger.rows_of([1, 2]) == {1: ROWS[:1], 2: ROWS}


def test_the_last_pass_and_what_was_published_are_remembered(state):
    with Ledger.open(state) as ledger:
        assert ledger.last_pass() is None
        assert ledger.noted("outbox/guxian/总览.xlsx") is None
        for minute in (0, 1):
            ledger.note_pass(T + dt.timedelta(minutes=minute))
            ledger.note("outbox/guxian/总览.xlsx", f"f{minute}")
    with Ledger.open(state) as ledger:
        assert ledger.last_pass() == T + dt.timedelta(minutes=1)
        assert ledger.noted("outbox/guxian/总览.xlsx") == "f1"
        assert ledger.noted("outbox/guxian/通报.xlsx") is None


# The way out of the inbox


def test_a_recorded_drop_is_unfinished_until_it_has_left(ledger):
    parts = (receipt(sheet="甲"), receipt(sheet="乙"))
    record_all(ledger, entry(7), FileRecord(DROP, parts), entry(8))
    pending = dict(ledger.unfinished())
    assert [found.sheet for found in pending[DROP]] == ["甲", "乙"]
    ledger.finish([drop for drop in pending if drop != DROP])
    assert [drop for drop, _ in ledger.unfinished()] == [DROP]
    ledger.finish([DROP])
    assert ledger.unfinished() == []
    assert len(ledger.receipts()) == 4


def test_a_drop_that_still_stands_in_the_inbox_is_not_recorded_twice(ledger):
    first = ledger.record(FileRecord(DROP, (receipt(rows=ROWS),)))
    assert ledger.record(FileRecord(DROP, (receipt(arrived_at=T + dt.timedelta(hours=1)),))) == first
    assert len(ledger.receipts()) == 1
    ledger.finish([DROP])
    ledger.record(FileRecord(DROP, (receipt(),)))
    assert len(ledger.receipts()) == 2


def test_an_ignored_file_is_recorded_once_and_stays(ledger):
    lock = FileRecord(DROP, (receipt(outcome=Outcome.IGNORED),), stays=True)
    assert DROP not in ledger.staying()
    assert ledger.record(lock) == ledger.record(lock)
    assert DROP in ledger.staying()
    assert replace(DROP, identity="another file of that name") not in ledger.staying()
    assert ledger.unfinished() == []
    ledger.finish([DROP])
    assert DROP in ledger.staying()
    assert len(ledger.receipts()) == 1


def test_a_link_is_recorded_once_and_stays(ledger):
    link = FileRecord(DROP, (receipt(outcome=Outcome.QUARANTINED),), stays=True)
    record_all(ledger, link, link)
    assert DROP in ledger.staying()
    assert ledger.unfinished() == []
    assert len(ledger.receipts()) == 1


def test_what_was_ignored_under_old_rules_can_still_be_taken_in(ledger):
    ledger.record(FileRecord(DROP, (receipt(outcome=Outcome.IGNORED),), stays=True))
    ledger.record(FileRecord(DROP, (receipt(outcome=Outcome.ACCEPTED),)))
    assert DROP not in ledger.staying()
    assert [found.seq for _, (found,) in ledger.unfinished()] == [2]


def test_a_file_handed_over_by_other_means_has_nothing_to_take_out(ledger):
    ledger.record(FileRecord(None, (receipt(),)))
    assert ledger.unfinished() == []
    assert len(ledger.receipts()) == 1


# All or nothing, and only appended


def test_one_that_cannot_be_written_takes_the_others_back(ledger):
    with pytest.raises(ValueError, match="bytes come before the record"):
        record_all(ledger, entry(1), entry(2, sha256="0" * 64))
    assert (ledger.receipts(), ledger.unfinished()) == ((), [])
    assert [found.seq for found in ledger.record(entry(3))] == [1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE receipt SET outcome = 'accepted'",
        "DELETE FROM receipt",
        "INSERT OR REPLACE INTO receipt SELECT * FROM receipt",
        "INSERT INTO receipt SELECT 2, {others} FROM receipt",
        "INSERT INTO receipt SELECT 3, {others_linked} FROM receipt",
    ],
)
def test_the_database_itself_refuses_anything_but_the_next_receipt(state, ledger, statement):
    ledger.record(entry())
    db = raw(state)
    others = ", ".join(name for _, name, *_ in db.execute("PRAGMA table_info(receipt)") if name != "seq")
    linked = others.replace("prev", "hash")
    with pytest.raises(sqlite3.IntegrityError, match="账本"):
        db.execute(statement.format(others=others, others_linked=linked))
    db.close()
    assert ledger.verify() == []


def test_the_chain_is_a_sha256_over_all_that_is_stored(state, ledger):
    record_all(ledger, entry(1, rows=ROWS, findings=FINDINGS), entry(2))
    db = raw(state)
    db.row_factory = sqlite3.Row
    prev = ""
    for row in db.execute("SELECT * FROM receipt ORDER BY seq"):
        stored = dict(row)
        given = stored.pop("hash")
        assert stored.pop("prev") == prev
        text = json.dumps(stored, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        assert hashlib.sha256((prev + text).encode()).hexdigest() == given
        prev = given
    db.close()


def test_the_hash_of_a_known_receipt_never_changes(state, ledger):
    ledger.record(entry(1, rows=ROWS, findings=FINDINGS))
    db = raw(state)
    assert db.execute("SELECT hash FROM receipt").fetchone() == (KNOWN_HASH,)
    db.close()


KNOWN_HASH = "60c92f5e403230ca6e011e50efe58b7570317383a442bef4fe3e5da0f5326847"


# What verify sees


def filled(state: Path) -> list[str]:
    with Ledger.open(state) as ledger:
        shas = [ledger.originals.keep(f"bytes {number}".encode()) for number in (1, 2, 3)]
        entries = [entry(number, sha256=sha, rows=ROWS, findings=FINDINGS) for number, sha in enumerate(shas, 1)]
        record_all(ledger, *entries)
        ledger.record(entry(4, sha256=shas[0], outcome=Outcome.DUPLICATE))
        assert ledger.verify() == []
    return shas


def tamper(state: Path, *statements: str) -> None:
    """As somebody would who knows SQLite."""
    db = raw(state)
    for trigger in ("receipt_follows", "receipt_stays_as_written", "receipt_stays"):
        db.execute(f"DROP TRIGGER {trigger}")
    db.execute("PRAGMA foreign_keys = OFF")
    for statement in statements:
        assert db.execute(statement).rowcount == 1
    db.close()


def verified(state: Path) -> list[str]:
    with Ledger.open(state) as ledger:
        return ledger.verify()


@pytest.mark.parametrize(
    "change",
    [
        "outcome = 'accepted'",
        "unit = '北平镇'",
        "arrived_at = '2022-12-09T08:00:00+08:00'",
        "arrived_us = arrived_us - 1",
        "late_by_s = 0",
        "size = 11",
        "findings = '[]'",
        "rows = replace(rows, '3000.5', '3000.6')",
    ],
)
def test_verify_names_the_receipt_that_was_changed(state, change):
    filled(state)
    tamper(state, f"UPDATE receipt SET {change} WHERE seq = 2")
    [problem] = verified(state)
    assert "第 2 号记录（inbox/guxian/2.xlsx）被改动过" in problem


def test_verify_names_a_receipt_that_is_gone(state):
    filled(state)
    tamper(state, "DELETE FROM receipt WHERE seq = 2")
    assert "第 2 号记录缺失" in verified(state)[0]


def test_verify_sees_that_the_end_was_cut_off(state):
    filled(state)
    tamper(state, "DELETE FROM receipt WHERE seq = 4")
    assert verified(state) == ["账本末尾被截去：已编到第 4 号，现在只到第 3 号。"]


def test_verify_sees_a_receipt_whose_hash_was_made_to_fit(state, tmp_path):
    filled(state)
    with Ledger.open(tmp_path / "forged") as forged:
        sha = forged.originals.keep(b"bytes 1")
        forged.record(entry(1, sha256=sha, outcome=Outcome.ACCEPTED))
    other = raw(tmp_path / "forged")
    outcome, rows, findings, row_count, digest = other.execute(
        "SELECT outcome, rows, findings, row_count, hash FROM receipt"
    ).fetchone()
    other.close()
    tamper(
        state,
        f"UPDATE receipt SET outcome = '{outcome}', rows = '{rows}', findings = '{findings}',"
        f" row_count = {row_count}, hash = '{digest}' WHERE seq = 1",
    )
    [problem] = verified(state)
    assert "第 2 号记录与上一号接不上" in problem


def test_verify_names_an_original_that_is_missing_and_one_that_was_altered(state):
    missing, altered, _ = filled(state)
    for sha, act in ((missing, Path.unlink), (altered, lambda path: path.write_bytes(b"!"))):
        path = state / "originals" / sha[:2] / sha
        path.chmod(0o600)
        act(path)
    assert verified(state) == [
        f"原件不见了：{missing}（第 1 号记录：inbox/guxian/1.xlsx）。",
        f"原件 {altered} 内容与当初不同，已被改动或损坏（第 2 号记录：inbox/guxian/2.xlsx）。",
    ]


def test_verify_speaks_of_a_damaged_database_and_does_not_stumble(state):
    filled(state)
    path = state / "ledger.sqlite3"
    content = bytearray(path.read_bytes())
    content[4096:] = random.Random(1).randbytes(len(content) - 4096)
    path.write_bytes(content)
    problems = verified(state)
    assert problems
    assert "账本文件已损坏" in problems[0]


# Opening


@pytest.mark.parametrize(("version", "said"), [(99, "请先升级程序"), (2, "早先的试用版")])
def test_a_ledger_of_another_version_is_refused_untouched(state, version, said):
    filled(state)
    db = raw(state)
    db.execute(f"PRAGMA user_version = {version}")
    db.close()
    before = (state / "ledger.sqlite3").read_bytes()
    with pytest.raises(LedgerOfAnotherVersion, match=said):
        Ledger.open(state)
    assert (state / "ledger.sqlite3").read_bytes() == before


def test_a_file_that_is_no_ledger_is_refused_untouched(state):
    state.mkdir()
    (state / "ledger.sqlite3").write_bytes(b"not a database" * 100)
    with pytest.raises(LedgerDamaged, match="账本文件已损坏"):
        Ledger.open(state)
    assert (state / "ledger.sqlite3").read_bytes() == b"not a database" * 100


# Two at once


def write_pairs(state: Path, name: str, start) -> None:
    start.wait()
    with Ledger.open(state) as ledger:
        sha = ledger.originals.keep(b"the same for both")
        for number in range(150):
            pair = (receipt(sha256=sha, rules=name, rows=ROWS), receipt(sha256=sha, rules=name))
            drop = Drop(FILE, f"{name}{number}")
            ledger.record(FileRecord(drop, pair))
            ledger.finish([drop])


def test_two_processes_open_and_write_at_once_and_the_chain_holds(state):
    start = SPAWN.Barrier(2)
    writers = [SPAWN.Process(target=write_pairs, args=(state, name, start)) for name in "甲乙"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    with Ledger.open(state) as ledger:
        written = ledger.receipts()
        assert [found.seq for found in written] == list(range(1, 601))
        assert all(first.rules == second.rules for first, second in zip(written[::2], written[1::2], strict=True))
        assert ledger.unfinished() == []
        assert ledger.verify() == []


def test_a_reader_works_beside_a_writer_and_sees_only_what_is_done(state, ledger):
    ledger.record(entry(1))
    writer = raw(state)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO published VALUES ('a', 'b')")
    started = time.monotonic()
    assert len(ledger.receipts()) == 1
    assert ledger.noted("a") is None
    assert ledger.verify() == []
    assert time.monotonic() - started < 5
    writer.execute("COMMIT")
    writer.close()
    assert ledger.noted("a") == "b"


# Crashes: a small corridor, killed for real at every step and started again


def take_in(state: Path, inbox: Path) -> None:
    with Ledger.open(state) as ledger:
        for drop, _ in ledger.unfinished():
            path = inbox / drop.file
            if path.exists() and drop_of(path) == drop:
                path.unlink()
            ledger.finish([drop])
        for path in sorted(inbox.iterdir()):
            drop = drop_of(path)
            sha = ledger.originals.keep(path.read_bytes())
            ledger.record(FileRecord(drop, (receipt(file=path.name, sha256=sha, rows=ROWS),)))
            path.unlink()
            ledger.finish([drop])


def drop_of(path: Path) -> Drop:
    stat = path.stat()
    return Drop(path.name, f"{stat.st_ino}-{stat.st_size}-{stat.st_mtime_ns}")


def take_in_and_die(state: Path, inbox: Path, point: str) -> None:
    """Die just before the named thing happens: an event of the interpreter, or a statement of the database."""

    def watch(name: str, args: tuple[object, ...]) -> None:
        if f"{name} {args[0] if args else ''}".startswith(point):
            os.kill(os.getpid(), signal.SIGKILL)

    def trace(statement: str) -> None:
        watch(statement.strip(), ())

    connect = sqlite3.connect

    def connect_traced(*args, **options) -> sqlite3.Connection:
        db = connect(*args, **options)
        db.set_trace_callback(trace)
        return db

    sqlite3.connect = connect_traced
    sys.addaudithook(watch)
    take_in(state, inbox)


def fill(inbox: Path, count: int) -> dict[str, str]:
    inbox.mkdir()
    for number in range(count):
        (inbox / f"{number:03}.xlsx").write_bytes(b"%d" % number * 2000)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in inbox.iterdir()}


def assert_nothing_lost_nothing_doubled(state: Path, inbox: Path, files: dict[str, str]) -> None:
    assert list(inbox.iterdir()) == []
    with Ledger.open(state) as ledger:
        assert sorted((found.file, found.sha256) for found in ledger.receipts()) == sorted(files.items())
        assert ledger.unfinished() == []
        assert ledger.verify() == []


POINTS = [
    "open {state}/originals",
    "os.rename",
    "os.chmod",
    "BEGIN IMMEDIATE",
    "INSERT INTO receipt",
    "INSERT OR REPLACE INTO standing",
    "COMMIT",
    "os.remove {inbox}",
    "DELETE FROM standing",
]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    ("start", "point"),
    [("first", point) for point in ("CREATE TABLE receipt", "PRAGMA user_version =", "COMMIT")]
    + [("later", point) for point in POINTS],
)
def test_a_crash_at_any_step_loses_nothing_and_doubles_nothing(state, tmp_path, start, point):
    if start == "later":
        Ledger.open(state).close()
    inbox = tmp_path / "inbox"
    files = fill(inbox, 2)
    process = SPAWN.Process(target=take_in_and_die, args=(state, inbox, point.format(inbox=inbox, state=state)))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    take_in(state, inbox)
    assert_nothing_lost_nothing_doubled(state, inbox, files)


def test_crashes_at_any_moment_lose_nothing_and_double_nothing(state, tmp_path):
    inbox = tmp_path / "inbox"
    files = fill(inbox, 200)
    killed = 0
    for _ in range(5):
        process = SPAWN.Process(target=take_in, args=(state, inbox))
        process.start()
        before = len(list(inbox.iterdir()))
        while process.is_alive() and len(list(inbox.iterdir())) == before:
            time.sleep(0.001)
        time.sleep(random.uniform(0, 0.05))
        process.kill()
        process.join()
        killed += process.exitcode != 0
    assert killed > 0
    take_in(state, inbox)
    assert_nothing_lost_nothing_doubled(state, inbox, files)


def test_a_ledger_that_was_taken_away_from_its_originals_is_told(tmp_path):
    with Ledger.open(tmp_path) as ledger:
        ledger.originals.keep(b"kept")
        assert [problem for problem in ledger.verify() if "台账是空的" in problem]
    path = tmp_path / "ledger.sqlite3"
    for lose in (path.unlink, path.touch):
        lose()
        with pytest.raises(LedgerDamaged, match="留有 1 份原件"):
            Ledger.open(tmp_path)
    assert path.stat().st_size == 0
