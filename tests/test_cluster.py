"""Behind the seam may stand a cluster: the same outcomes, also where one of its machines goes away midway."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import ONE_TASK, Office, at, form_one, project, surroundings

from xmreport import cluster
from xmreport.cluster import guarded
from xmreport.hands import Hands
from xmreport.model.events import FileEvent
from xmreport.model.trouble import Trouble
from xmreport.run import AT_HAND, TOGETHER, Engine, Moment

NOW = "12-08 10:00"
FILES = {
    f"古阳镇/{n}.xlsx": form_one(project(f"项目{n}", 总投资=n * 100 or "零"))
    for n in range(TOGETHER + 2 * AT_HAND + 24)
}
"""More than are recorded together and read ahead: when the first are told of, some have not been handed out."""
BROKEN = {"县水利局/坏.xlsx": b"PK\x03\x04" + bytes(40), "县水利局/好.xlsx": form_one(project("渠"), unit="县水利局")}


def _slowly() -> int:
    time.sleep(0.2)
    return os.getpid()


def test_jobs_at_a_time_in_one_worker_share_its_one_process(tmp_path: Path):
    office = Office(tmp_path / "office", ONE_TASK)
    counties = dict(office.workspace.rulebook.counties)
    try:
        with ThreadPoolExecutor(4) as threads:
            jobs = [threads.submit(guarded, "rules", counties, (20.0, 1024), _slowly, (), {}) for _ in range(4)]
            assert len({job.result() for job in jobs}) == 1
    finally:
        cluster._guards.popitem()[1].shutdown()


class Machines:
    """A scheduler and its workers, each a process of its own that listens on loopback alone."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._stack = stack
        self._folder = folder
        self._note = folder / "scheduler.json"
        self.scheduler = self.schedule("0")
        self.port = self._note.read_text("utf-8").split("tcp://127.0.0.1:")[1].split('"')[0]
        self.address = f"dask://127.0.0.1:{self.port}"

    def schedule(self, port: str) -> subprocess.Popen[bytes]:
        self._note.unlink(missing_ok=True)
        place = ("--host", "127.0.0.1", "--port", port, "--scheduler-file", str(self._note))
        process = self._start("dask_scheduler", *place)
        _until(self._note.is_file)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        options = ("--no-nanny", "--nthreads", "1", "--local-directory", str(self._folder), "--host", "127.0.0.1")
        return self._start("dask_worker", "--scheduler-file", str(self._note), *options)

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{what}", "--no-dashboard", *options]
        process = subprocess.Popen(
            command, env=surroundings(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder
        )
        self._stack.callback(_end, process)
        return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _until(holds) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed: pip install xmreport[cluster]")
    folder = tmp_path / "machines"
    folder.mkdir()
    with ExitStack() as stack:
        yield Machines(folder, stack)


def _dropped(home: Path) -> Office:
    office = Office(home, ONE_TASK)
    for place, data in (FILES | BROKEN).items():
        office.drop(place, data)
    return office


def _told(office: Office) -> set[tuple[object, ...]]:
    assert office.waiting() == []
    return {
        (r.file, r.sha256, r.outcome, r.unit, r.task, r.period, repr(r.findings), r.row_count)
        for r in office.receipts()
    }


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_two_machines_find_what_one_finds_though_one_dies_midway(tmp_path: Path, machines: Machines):
    here = _dropped(tmp_path / "here")
    here.take(NOW)
    first, _ = machines.worker(), machines.worker()
    there = _dropped(tmp_path / "there")
    events = []

    def told(event) -> None:
        events.append(event)
        first.kill()

    with Engine(there.workspace, ["guxian"], told, hands=Hands(cluster=machines.address)) as engine:
        _until(lambda: engine.pool.width == 2)
        engine.recover()
        engine.take_settled(Moment(at(NOW), replayed=True))
    assert len([event for event in events if isinstance(event, FileEvent)]) == len(FILES | BROKEN)
    assert first.wait() != 0
    assert _told(there) == _told(here)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_scheduler_that_dies_midway_harms_no_file_and_one_that_is_back_is_used(
    tmp_path: Path, machines: Machines, monkeypatch
):
    monkeypatch.setattr("xmreport.cluster._HELLO_SECONDS", 5)
    monkeypatch.setattr("xmreport.run.TOGETHER_S", 60)  # many are on record when the first copy is asked for
    office = _dropped(tmp_path)
    machines.worker()

    def told(event) -> None:
        machines.scheduler.kill()

    with Engine(office.workspace, ["guxian"], told, hands=Hands(cluster=machines.address)) as engine:
        _until(lambda: engine.pool.width == 1)
        with pytest.raises(Trouble, match="集群断开了"):
            engine.take_settled(Moment(at(NOW), replayed=True))
        recorded = len(office.receipts())
        assert 0 < recorded < len(FILES | BROKEN)
        assert len(office.waiting()) > len(FILES | BROKEN) - recorded  # those whose copy nobody could mark wait too
        begun = time.monotonic()
        engine.recover()
        assert time.monotonic() - begun < 2 * 5  # nobody is waited for twice, however many copies there are to mark
        assert len(engine.ledger.unfinished()) > 1
        with pytest.raises(Trouble, match="集群没有答复"):
            engine.take_settled(Moment(at(NOW), replayed=True))
        assert len(office.receipts()) == recorded
        machines.schedule(machines.port)
        machines.worker()
        engine.recover()
        engine.take_settled(Moment(at(NOW), replayed=True))
        assert engine.tally.engine_faults == 0
    assert len(_told(office)) == len(FILES | BROKEN)
    copies = [receipt.returned_copy for receipt in office.receipts() if receipt.returned_copy]
    assert copies
    assert [copy for copy in copies if not (office.home / copy).is_file()] == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_what_is_handed_out_while_the_scheduler_is_sought_is_not_waited_for(tmp_path: Path, machines: Machines):
    office = Office(tmp_path, ONE_TASK)
    machines.worker()
    with Engine(office.workspace, ["guxian"], lambda _: None, hands=Hands(cluster=machines.address)) as engine:
        _until(lambda: engine.pool.width == 1)
        machines.scheduler.kill()
        _until(lambda: engine.pool._client.status == "connecting")
        assert engine.pool.submit(len, "").cancelled()


def test_an_address_where_nobody_answers_is_said_in_a_sentence(tmp_path: Path):
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed: pip install xmreport[cluster]")
    office = Office(tmp_path, ONE_TASK)
    office.drop("古阳镇/1.xlsx", FILES["古阳镇/1.xlsx"])
    said = office.cli("run", "--executor", "dask://127.0.0.1:9")
    assert said.status == 2
    assert "集群没有答复" in said.err
    assert office.waiting() == ["古阳镇/1.xlsx"]


def test_an_address_of_another_kind_is_said_in_a_sentence(tmp_path: Path):
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed: pip install xmreport[cluster]")
    office = Office(tmp_path, ONE_TASK)
    office.drop("古阳镇/1.xlsx", FILES["古阳镇/1.xlsx"])
    said = office.cli("run", "--executor", "ray://127.0.0.1:9")
    assert (said.status, "dask://主机:端口" in said.err) == (2, True)
