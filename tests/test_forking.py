"""Workers split off a small parent: ready at once, and with nothing of its that they could hold or harm."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every worker is started anew")

BEGIN = """
import os, sys, threading
from xmreport.reading.guard import GuardedPool, WorkerDied
sys.setrecursionlimit(1234)
"""
SPLIT, ANEW = "1234", str(sys.getrecursionlimit())
"""The limit that a worker tells: what is handed down with the process, and what every new one begins with."""


def said(script: str) -> list[str]:
    """The words that a process of its own prints: this one has threads, and is too large to be split."""
    ended = _run(script)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.split()


def _run(script: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BEGIN + script]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_first_workers_have_what_their_parent_imported():
    assert set(
        said(
            "with GuardedPool(2) as pool:\n"
            "    jobs = [pool.submit(sys.getrecursionlimit) for _ in range(20)]\n"
            "    print(*(job.result() for job in jobs))"
        )
    ) == {SPLIT}


def test_the_worker_after_the_first_starts_anew():
    assert said(
        "with GuardedPool(1, files_per_worker=1) as pool:\n"
        "    print(*(pool.submit(sys.getrecursionlimit).result() for _ in range(3)))"
    ) == [SPLIT, ANEW, ANEW]


def test_a_parent_with_another_thread_is_not_split():
    assert said(
        "held = threading.Event()\n"
        "threading.Thread(target=held.wait, daemon=True).start()\n"
        "with GuardedPool(1) as pool:\n"
        "    print(pool.submit(sys.getrecursionlimit).result())"
    ) == [ANEW]


def test_a_large_parent_is_not_split():
    assert said(
        "ballast = b'x' * (80 << 20)\n"
        "with GuardedPool(1) as pool:\n"
        "    print(pool.submit(sys.getrecursionlimit).result())"
    ) == [ANEW]


def test_a_split_worker_holds_no_file_of_its_parent(tmp_path):
    (tmp_path / "ledger").touch()
    opened = said(
        f"ledger = open({str(tmp_path / 'ledger')!r}, 'a')\n"
        "with GuardedPool(2) as pool:\n"
        "    found = pool.submit(os.listdir, '/proc/self/fd').result()\n"
        "    links = [pool.submit(os.path.realpath, f'/proc/self/fd/{number}').result() for number in found]\n"
        "    print(*links)"
    )
    assert any(name.startswith("/proc/") for name in opened)
    assert str(tmp_path / "ledger") not in opened


def test_a_split_worker_that_dies_takes_only_its_own_job():
    assert said(
        "with GuardedPool(1) as pool:\n"
        "    dead, alive = pool.submit(os.abort), pool.submit(abs, -1)\n"
        "    print(isinstance(dead.exception(), WorkerDied), alive.result())"
    ) == ["True", "1"]


def test_what_a_worker_cannot_be_made_ready_for_is_told_by_every_job():
    assert said(
        "with GuardedPool(1, int, ('x',)) as pool:\n"
        "    print(*(type(pool.submit(abs, -1).exception()).__name__ for _ in range(2)))"
    ) == ["ValueError", "ValueError"]


def test_split_workers_end_with_their_parent_however_it_ends():
    script = (
        "pool = GuardedPool(3)\n"
        "print(*(pool.submit(os.getpid).result() for _ in range(20)), flush=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    workers = {int(word) for word in _run(script).stdout.split()}
    until = time.monotonic() + 20
    while time.monotonic() < until and any(_runs(worker) for worker in workers):
        time.sleep(0.05)
    assert workers
    assert not [worker for worker in workers if _runs(worker)]


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
