"""An executor whose workers may die: each job has a wall limit, and a file that kills its worker harms no other.

The pools of the standard library lose every job in flight with one dead worker, and cannot stop one that hangs.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing.util  # now, not at the first worker: its end of the program must come after ours
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from xmreport.reading.forking import can_split, open_files
from xmreport.reading.worker import serve

_SPAWN = multiprocessing.get_context("spawn")
_STARTING = threading.Lock()
_START_SECONDS = 60.0
_STOP_SECONDS = 5.0

Result = TypeVar("Result")
_Setup = tuple[int, Callable[..., object] | None, tuple[Any, ...]]
_Job = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class WorkerFailure(Exception):
    """The worker gave no answer; the job's file is suspect, other jobs are not touched."""

    reason = "读取程序没有答复"
    """What a clerk is told of it."""


class WorkerTimeout(WorkerFailure):
    """The job ran past its wall limit and its worker was killed."""

    reason = "超过了时限"


class WorkerDied(WorkerFailure):
    """The worker ended in the middle of the job: an aborted library, or the system's memory limit."""

    reason = "读取程序意外中断"


class WorkerMemory(WorkerDied):
    """The job needed more memory than a worker may have."""

    reason = "占用的内存超过了上限"


class RemoteTraceback(Exception):
    """Where in the worker an exception was raised: the cause of the exception that comes back."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"\n{self.text}"


class GuardedPool(Executor):
    """Persistent worker processes, one thread a worker handing it jobs from one queue."""

    width: int
    """How many jobs it does at a time."""

    def __init__(
        self,
        workers: int,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        seconds: float = 20,
        memory_mib: int = 1024,
        files_per_worker: int = 2000,
    ) -> None:
        self.width = workers
        self._seconds = seconds
        self._files_per_worker = files_per_worker
        self._setup = (memory_mib, initializer, initargs)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = self._abandoned = False
        self._alive: set[_Worker] = set()
        self._threads = [
            threading.Thread(target=self._dispatch, args=(first,), name=f"guarded-{number}", daemon=True)
            for number, first in enumerate(self._split_off(workers))
        ]
        for thread in self._threads:
            thread.start()
        atexit.register(self.abandon)

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Queue a job. The future gets fn's result, fn's exception, or a WorkerFailure."""
        future: Future[Result] = Future()
        with self._closing:
            if self._closed:
                raise RuntimeError("the pool is shut down")
            self._jobs.put((future, fn, args, kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the workers go once the queue is done, or drop what is still queued."""
        with self._closing:
            if cancel_futures:
                self._drop_queued()
            if not self._closed:
                self._closed = True
                for _ in self._threads:
                    self._jobs.put(None)
        if wait:
            for thread in self._threads:
                thread.join()
            atexit.unregister(self.abandon)

    def abandon(self) -> None:
        """Let the workers go at once, whatever they do: what happens when the program ends without a shutdown."""
        self._abandoned = True
        for worker in tuple(self._alive):
            worker.kill()
        self.shutdown(cancel_futures=True)

    def _drop_queued(self) -> None:
        ends = 0
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is None:
                    ends += 1
                else:
                    job[0].cancel()
                    job[0].set_running_or_notify_cancel()
        for _ in range(ends):
            self._jobs.put(None)

    def _split_off(self, workers: int) -> list[_Worker | None]:
        """The first workers, split off while this process can be; None for each that a thread has to start."""
        first: list[_Worker | None] = [None] * workers
        if can_split():
            before = _block_interrupts()
            try:
                for number in range(workers):
                    first[number] = _Worker(self._setup, split=True)
            except OSError:  # no room for another process now; later there may be
                pass
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._alive.update(worker for worker in first if worker)
        return first

    def _dispatch(self, first: _Worker | None) -> None:
        """One thread's life: start a worker ahead of need, hand it jobs, replace it when it fails or grows old."""
        _block_interrupts()
        worker: _Worker | None = None
        with contextlib.suppress(Exception):  # each job tries again, and reports what is wrong
            worker = self._ready(first or _Worker(self._setup))
        try:
            while (job := self._jobs.get()) is not None:
                future, *call = job
                if not future.set_running_or_notify_cancel():
                    continue
                if worker is not None and not worker.is_alive():  # it ended between two jobs: neither is to blame
                    self._retire(worker)
                    worker = None
                try:
                    worker = worker or self._ready(_Worker(self._setup))
                    result = worker.run(call, self._seconds)
                except BaseException as error:  # noqa: BLE001 - the future carries it to whoever asked
                    future.set_exception(error)
                else:
                    future.set_result(result)
                if worker is not None and (worker.dead or worker.worn or worker.jobs >= self._files_per_worker):
                    self._retire(worker)
                    worker = None
                # A reference held while waiting would keep a whole book alive.
                del job, future, call
                result = None
        finally:
            if worker is not None:
                self._retire(worker)

    def _ready(self, worker: _Worker) -> _Worker:
        self._alive.add(worker)
        try:
            if self._abandoned:
                worker.kill()
            worker.wait()
        except BaseException:
            self._retire(worker)
            raise
        return worker

    def _retire(self, worker: _Worker) -> None:
        worker.stop()
        self._alive.discard(worker)


class _Worker:
    """One process and the parent's end of its pipe."""

    def __init__(self, setup: _Setup, *, split: bool = False) -> None:
        self.jobs = 0
        self.dead = self.worn = False
        self._pipe, theirs = multiprocessing.Pipe()
        inherited = open_files() - {theirs.fileno()} if split else frozenset()
        process = multiprocessing.get_context("fork").Process if split else _SPAWN.Process
        try:
            with _STARTING, _deaf_to_interrupts():
                self._process: BaseProcess = process(target=serve, args=(theirs, *setup, inherited), daemon=True)
                self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            theirs.close()

    def wait(self) -> None:
        """Until it is ready; raises what its initializer raised."""
        self._answer(_START_SECONDS)

    def run(self, call: list[Any], seconds: float) -> Any:
        """The result of one job, its exception, or a WorkerFailure after which this worker is dead."""
        self.jobs += 1
        # Pickled first: a job that cannot be sent is the caller's mistake, and no fault of the worker.
        message = pickle.dumps(call, pickle.HIGHEST_PROTOCOL)
        try:
            self._pipe.send_bytes(message)
        except OSError as error:
            self.dead = True
            raise WorkerDied(self._epitaph()) from error
        return self._answer(seconds)

    def _answer(self, seconds: float) -> Any:
        try:
            if not self._pipe.poll(seconds):
                self.dead = True
                self._process.kill()
                raise WorkerTimeout(f"超过 {seconds:g} 秒没有读完")
            message = self._pipe.recv_bytes()
        except (EOFError, OSError) as error:
            self.dead = True
            raise WorkerDied(self._epitaph()) from error
        outcome, value, text, self.worn = pickle.loads(message)  # noqa: S301 - from our own worker
        if outcome == "result":
            return value
        if outcome == "raised":
            raise value from RemoteTraceback(text)
        self.dead = True
        failure = WorkerMemory if outcome == "memory" else WorkerDied
        raise failure(value) from RemoteTraceback(text)

    def _epitaph(self) -> str:
        self._process.join(_STOP_SECONDS)
        return f"读取进程中途结束（代码 {self._process.exitcode}）"

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        """End the process in the middle of whatever it does: its job, if any, fails."""
        self._process.kill()

    def stop(self) -> None:
        """End the process: an idle worker leaves when its pipe closes, a dead or hung one is killed."""
        self._pipe.close()
        self._process.join(0 if self.dead else _STOP_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Windows sends Ctrl-C to every process of a console, and has no mask: one that starts deaf stays so."""
    if sys.platform != "win32":
        yield
        return
    import ctypes

    handle = ctypes.windll.kernel32.SetConsoleCtrlHandler
    handle(None, True)
    try:
        yield
    finally:
        handle(None, False)


def _block_interrupts() -> set[int | signal.Signals]:
    """Ctrl-C is the parent's business: a worker inherits this mask, so none dies of it even while it starts.

    Returns the signals that this thread blocked before.
    """
    if hasattr(signal, "pthread_sigmask"):
        return signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    return set()


__all__ = ["GuardedPool", "RemoteTraceback", "WorkerDied", "WorkerFailure", "WorkerMemory", "WorkerTimeout"]
