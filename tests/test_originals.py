"""The originals: bytes by hash, durable before anything else happens, never touched again."""

import hashlib
import multiprocessing
import os
import signal
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmreport.ledger import OriginalDamaged, Originals

BYTES = "古县前期手续办理情况表".encode()
SHA = hashlib.sha256(BYTES).hexdigest()
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "originals"


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def alter(root: Path, sha: str, data: bytes) -> None:
    path = root / sha[:2] / sha
    path.chmod(stat.S_IWRITE | stat.S_IREAD)
    path.write_bytes(data)


def test_bytes_are_found_again_under_their_sha256(root):
    originals = Originals(root)
    assert not originals.has(SHA)
    assert originals.keep(BYTES) == SHA
    assert originals.has(SHA)
    assert originals.read(SHA) == BYTES
    assert files(root) == [f"{SHA[:2]}/{SHA}"]


@given(data=st.binary(max_size=300))
def test_whatever_the_bytes_they_come_back(tmp_path_factory, data):
    originals = Originals(tmp_path_factory.getbasetemp() / "whatever")
    assert originals.read(originals.keep(data)) == data


def test_same_bytes_are_kept_once_and_the_first_copy_is_left_alone(root):
    originals = Originals(root)
    originals.keep(BYTES)
    before = (root / SHA[:2] / SHA).stat()
    assert originals.keep(BYTES) == SHA
    after = (root / SHA[:2] / SHA).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert files(root) == [f"{SHA[:2]}/{SHA}"]


def test_an_original_is_read_only(root):
    Originals(root).keep(BYTES)
    assert not (root / SHA[:2] / SHA).stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)


def test_an_altered_original_is_never_silently_taken_for_the_bytes_nor_replaced(root):
    originals = Originals(root)
    originals.keep(BYTES)
    alter(root, SHA, b"other")
    with pytest.raises(OriginalDamaged, match=SHA):
        originals.keep(BYTES)
    with pytest.raises(OriginalDamaged, match="原件"):
        originals.read(SHA)
    assert (root / SHA[:2] / SHA).read_bytes() == b"other"
    assert files(root) == [f"{SHA[:2]}/{SHA}"]


def test_a_lost_original_is_an_alarm_and_no_trouble_of_the_disk(root):
    originals = Originals(root)
    originals.keep(BYTES)
    (root / SHA[:2] / SHA).unlink()
    with pytest.raises(OriginalDamaged, match=f"原件 {SHA} 不见了"):
        originals.read(SHA)


def test_verify_names_only_what_was_altered(root):
    originals = Originals(root)
    assert list(originals.verify()) == []
    originals.keep(b"whole")
    originals.keep(BYTES)
    assert list(originals.verify()) == []
    alter(root, SHA, BYTES + b" ")
    assert list(originals.verify()) == [(SHA, "内容与当初不同，已被改动或损坏")]


def test_verify_names_what_cannot_be_read(root):
    (root / SHA[:2] / SHA).mkdir(parents=True)
    [(sha, problem)] = Originals(root).verify()
    assert (sha, problem[:4]) == (SHA, "读不出来")


def test_a_file_too_large_to_be_read_is_moved_as_it_is(root, tmp_path):
    large = tmp_path / "大.xlsx"
    with large.open("wb") as file:
        file.write(BYTES)
        file.truncate(1 << 40)
    Originals(root).set_aside(large, "7")
    assert not large.exists()
    assert (root / "oversize" / "7").stat().st_size == 1 << 40
    Originals(root).set_aside(large, "7")
    assert list(Originals(root).verify()) == []


def keep_beyond_the_limit(root: Path) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
    Originals(root).keep(bytes(1 << 20))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sets no limit on a file's size")
def test_a_full_disk_leaves_no_half_original(root):
    assert run(keep_beyond_the_limit, root) == 1
    assert files(root) == []


def keep_many(root: Path) -> None:
    for number in range(150):
        Originals(root).keep(BYTES * (number + 1))


def test_two_processes_may_keep_the_same_bytes_at_once(root):
    both = [SPAWN.Process(target=keep_many, args=(root,)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert len(files(root)) == 150
    assert list(Originals(root).verify()) == []


def keep_and_die(root: Path, event: str) -> None:
    def watch(name: str, args: tuple[object, ...]) -> None:
        if name == event and "originals" in str(args[0]):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    Originals(root).keep(BYTES)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("event", ["open", "os.rename", "os.chmod"])
def test_a_crash_while_keeping_leaves_all_of_an_original_or_none(root, event):
    assert run(keep_and_die, root, event) == -signal.SIGKILL
    originals = Originals(root)
    assert list(originals.verify()) == []
    assert originals.has(SHA) == (event == "os.chmod")
    assert originals.keep(BYTES) == SHA
    assert originals.read(SHA) == BYTES


def run(target, *args) -> int | None:
    process = SPAWN.Process(target=target, args=args)
    process.start()
    process.join()
    return process.exitcode
