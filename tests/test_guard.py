"""An executor whose workers may die without harm to any other job."""

import importlib.util
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from xmreport.reading.guard import GuardedPool, RemoteTraceback, WorkerDied, WorkerFailure, WorkerMemory, WorkerTimeout
from xmreport.reading.worker import LARGEST_DRAFT


def taken(mebibytes):
    """Runs in a worker: room for so much, at once."""
    return len(bytearray(mebibytes << 20))


def test_the_result_of_a_job_comes_back():
    with GuardedPool(2) as pool:
        assert list(pool.map(pow, range(20), [2] * 20)) == [n * n for n in range(20)]
        assert pool.submit(int, "11", base=2).result() == 3


def test_an_exception_comes_back_with_its_traceback():
    with GuardedPool(1) as pool:
        error = pool.submit(int, "x").exception()
    assert isinstance(error, ValueError)
    assert isinstance(error.__cause__, RemoteTraceback)
    assert "invalid literal" in str(error.__cause__)


def test_a_job_past_its_time_fails_alone():
    with GuardedPool(1, seconds=0.5) as pool:
        slow, next_one = pool.submit(time.sleep, 60), pool.submit(abs, -1)
        begin = time.perf_counter()
        with pytest.raises(WorkerTimeout):
            slow.result()
        assert next_one.result() == 1
        assert time.perf_counter() - begin < 20


@pytest.mark.parametrize("death", [(os._exit, 3), (os.abort,), (sys.exit, 1)])
def test_a_worker_that_dies_takes_only_its_own_job(death):
    with GuardedPool(2) as pool:
        before = [pool.submit(abs, n) for n in range(5)]
        dead = pool.submit(*death)
        after = [pool.submit(abs, n) for n in range(5)]
        with pytest.raises(WorkerDied):
            dead.result()
        assert [future.result() for future in before + after] == [*range(5), *range(5)]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_worker_that_ended_between_two_jobs_costs_neither():
    with GuardedPool(1) as pool:
        first = pool.submit(os.getpid).result()
        os.kill(first, signal.SIGKILL)
        while multiprocessing.active_children():
            time.sleep(0.01)
        assert pool.submit(os.getpid).result() != first


@pytest.mark.skipif(importlib.util.find_spec("resource") is None, reason="this system has no limit of address space")
def test_a_job_that_needs_too_much_memory_fails_alone():
    with GuardedPool(1, memory_mib=512) as pool:
        with pytest.raises(WorkerMemory):
            pool.submit(bytearray, 1 << 30).result()
        assert len(pool.submit(bytearray, 64 << 20).result()) == 64 << 20


@pytest.mark.skipif(importlib.util.find_spec("resource") is None, reason="this system has no limit of file size")
def test_a_job_fills_no_disk(tmp_path):
    draft = tmp_path / "draft"
    draft.touch()
    with GuardedPool(1) as pool, pytest.raises(OSError, match="large"):
        pool.submit(os.truncate, draft, LARGEST_DRAFT + 1).result()


def test_a_limit_of_a_gibibyte_leaves_room_for_the_readers():
    with GuardedPool(1, importlib.import_module, ("xmreport.reading",)) as pool:
        assert pool.submit(taken, 800).result() == 800 << 20


def test_an_answer_that_cannot_be_sent_fails_and_the_worker_lives():
    with GuardedPool(1) as pool:
        pid = pool.submit(os.getpid).result()
        with pytest.raises(RuntimeError, match="lock"):
            pool.submit(threading.Lock).result()
        assert pool.submit(os.getpid).result() == pid


def test_a_job_that_cannot_be_sent_fails_and_the_worker_lives():
    with GuardedPool(1) as pool:
        pid = pool.submit(os.getpid).result()
        with pytest.raises(Exception, match="pickle"):
            pool.submit(lambda: 1).result()
        assert pool.submit(os.getpid).result() == pid


def test_a_worker_grows_old_and_is_replaced():
    with GuardedPool(1, files_per_worker=2) as pool:
        pids = [pool.submit(os.getpid).result() for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_a_worker_is_made_ready_before_its_first_job():
    with GuardedPool(1, sys.setrecursionlimit, (1234,)) as pool:
        assert pool.submit(sys.getrecursionlimit).result() == 1234


def test_a_worker_that_cannot_be_made_ready_fails_every_job():
    with GuardedPool(1, int, ("x",)) as pool:
        for _ in range(2):
            with pytest.raises(ValueError, match="invalid literal"):
                pool.submit(abs, -1).result()


def test_no_process_and_no_thread_is_left_behind():
    threads = threading.active_count()
    with GuardedPool(2, seconds=0.5) as pool:
        failed = [pool.submit(time.sleep, 60), pool.submit(os._exit, 1)]
        assert all(isinstance(future.exception(), WorkerFailure) for future in failed)
    assert multiprocessing.active_children() == []
    assert threading.active_count() == threads


def test_a_pool_that_is_shut_down_takes_no_job():
    pool = GuardedPool(1)
    pool.shutdown()
    pool.shutdown()
    with pytest.raises(RuntimeError):
        pool.submit(abs, -1)


def test_queued_jobs_are_dropped_on_demand():
    pool = GuardedPool(1)
    running = pool.submit(time.sleep, 0.5)
    queued = [pool.submit(abs, n) for n in range(5)]
    while not running.running():
        time.sleep(0.01)
    pool.shutdown(cancel_futures=True)
    assert running.result() is None
    assert all(future.cancelled() for future in queued)


@pytest.mark.skipif(sys.platform == "win32", reason="a Ctrl-C cannot be sent to one group of processes there")
@pytest.mark.parametrize("pause", [0, 1])
def test_an_interrupt_is_the_parents_alone(pause):
    script = (
        "import time\n"
        "from xmreport.reading.guard import GuardedPool\n"
        "pool = GuardedPool(2, seconds=60)\n"
        "jobs = [pool.submit(time.sleep, 30) for _ in range(2)]\n"
        "try:\n"
        "    print('ready', flush=True)\n"
        "    for _ in range(600):\n"  # no lock, where Python itself stumbles over an interrupt, and no long sleep
        "        time.sleep(0.1)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as parent:
        assert parent.stdout.readline() == "ready\n"
        time.sleep(pause)
        os.killpg(parent.pid, signal.SIGINT)
        said, errors = parent.communicate(timeout=20)
    assert (said, errors, parent.returncode) == ("interrupted\n", "", 0)
