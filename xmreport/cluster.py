"""Workers on other machines: an existing dask cluster behind the seam that the workers of this machine stand behind."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, TypeVar

from xmreport.examine import open_desk
from xmreport.model.trouble import Trouble
from xmreport.reading.guard import GuardedPool
from xmreport.rulebook.book import County
from xmreport.rulebook.county import OfficeFile

SCHEME = "dask://"
_HELLO_SECONDS, _LOOK_SECONDS = 10, 0.5
Result = TypeVar("Result")
_guards: dict[str, GuardedPool] = {}
"""In a worker of the cluster: its own guarded process, by the rules that it knows."""
_changing = threading.Lock()


class Cluster(Executor):
    """Hands each job to the cluster, and there to a guarded process: the same limits, the same answers.

    A machine that goes away costs nothing but time: the scheduler gives its jobs to another.
    """

    def __init__(self, address: str, counties: Mapping[str, County], office: OfficeFile) -> None:
        """Greet the scheduler and give it the rules.

        Raises:
            Trouble: the extra is not installed, or nobody answers at that address.
        """
        try:
            from distributed import Client
        except ImportError:
            raise Trouble("要用集群，请先安装：pip install xmreport[cluster]。") from None
        if not address.startswith(SCHEME):
            raise Trouble(f"看不懂的集群地址：{address}。请写成 {SCHEME}主机:端口。")
        try:
            self._client = Client(f"tcp://{address.removeprefix(SCHEME)}", timeout=_HELLO_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise Trouble(f"集群没有答复：{address}（{error}）。请检查地址，以及调度程序是否在运行。") from None
        digests = "".join(f"{key}{county.digest}" for key, county in sorted(counties.items()))
        self._key = hashlib.sha256(digests.encode()).hexdigest()
        self._limits = (float(office.seconds), int(office.memory_mib))
        # A task of its own and no scattered data: whoever loses it can have it made again.
        self._rules = self._client.submit(_same, dict(counties), pure=False)
        self._executor = self._client.get_executor(pure=False)
        self._lock = threading.Lock()
        self._jobs: set[Future[Any]] = set()
        """Those that are under way."""
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def width(self) -> int:
        """How many jobs it does at a time: one a worker, however many threads that has."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, len(threads))

    @property
    def lost(self) -> bool:
        """Whether the scheduler is gone: it has to be greeted anew, also where the client still seeks it."""
        return bool(self._client.status != "running")

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Hand out a job. One that the scheduler takes away with it is cancelled."""
        if self.lost:
            return _cancelled()
        job: Future[Result] = Future()
        with self._lock:
            self._jobs.add(job)
        answer = self._executor.submit(guarded, self._key, self._rules, self._limits, fn, args, kwargs)
        answer.add_done_callback(partial(self._pass_on, job))
        return job

    def _pass_on(self, job: Future[Result], answer: Future[Result]) -> None:
        with self._lock:
            if job not in self._jobs:
                return
            self._jobs.remove(job)
        if answer.cancelled():
            _cancel(job)
        elif error := answer.exception():
            job.set_exception(error)
        else:
            job.set_result(answer.result())

    def _watch(self) -> None:
        """Cancel what is under way once the scheduler is lost.

        The client does so itself, but forgets what was just handed out, and what it was fetching the answer of.
        """
        while not self._over.wait(_LOOK_SECONDS):
            if self.lost:
                with self._lock:
                    lost, self._jobs = self._jobs, set()
                for job in lost:
                    _cancel(job)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._over.set()
        if not self.lost:  # else there is nobody to take anything back from
            self._executor.shutdown(wait=wait and not cancel_futures)
        self._client.close()


def _cancelled() -> Future[Any]:
    future: Future[Any] = Future()
    _cancel(future)
    return future


def _cancel(job: Future[Any]) -> None:
    job.cancel()
    job.set_running_or_notify_cancel()


def guarded(
    key: str,
    counties: Mapping[str, County],
    limits: tuple[float, int],
    fn: Callable[..., Result],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Result:
    """What a worker of the cluster runs: the job in its guarded process, started under these rules."""
    with _changing:  # a worker may run several jobs at a time
        if key not in _guards:
            while _guards:
                _guards.popitem()[1].shutdown(wait=False)
            seconds, memory_mib = limits
            _guards[key] = GuardedPool(1, open_desk, (counties,), seconds=seconds, memory_mib=memory_mib)
        job = _guards[key].submit(fn, *args, **kwargs)
    return job.result()


def _same(counties: dict[str, County]) -> dict[str, County]:
    return counties
