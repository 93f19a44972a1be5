"""Whatever moment the engine is killed at, the next pass ends as if it had not been."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ONE_TASK, Office, form_one, project, surroundings

import xmreport.sending
from xmreport.ledger import Ledger
from xmreport.workbooks.delivery import Delivered

NOW = "12-08 10:00"
GOOD = form_one(project("甲"))
WRONG = form_one(project("乙", 总投资="3000-5000"), unit="县水利局")
MANY = [form_one(project(f"项目{number}", 总投资=number or "零")) for number in range(12)]
STEPS = ("record", "finish", "note", "note_pass")
"""What the engine does to its ledger; what it does to files is seen by an audit hook."""


def _submissions(office: Office) -> Office:
    """One file of every outcome."""
    office.drop("古阳镇/1 收下.xlsx", GOOD)
    office.drop("古阳镇/2 重复.xlsx", GOOD)
    office.drop("县水利局/退回.xlsx", WRONG)
    office.drop("县住建局/认不出.xlsx", b"\x00\x01strange")
    office.drop("古阳镇/~$收下.xlsx", b"x")
    return office


def _outcome(office: Office) -> tuple[object, ...]:
    """All that must be the same: receipts but for their numbers, published bytes, what is left in the inbox."""
    receipts = {
        (r.file, r.sha256, r.outcome, r.unit, r.task, r.period, r.row_count, r.returned_copy, repr(r.findings))
        for r in office.receipts()
    }
    assert len(receipts) == len(office.receipts()), "a file is recorded twice"
    published = {
        path.relative_to(office.outbox): path.read_bytes()
        for path in office.outbox.rglob("*.xlsx")
        if "退回" not in path.parts
    }
    copies = sorted(path.name for path in office.outbox.glob("退回/*/*.xlsx"))
    with Ledger.open(office.workspace.state) as ledger:
        assert ledger.verify() == []
        assert ledger.unfinished() == []
    return receipts, published, copies, office.waiting()


def _killed_at(step: int, work: Callable[[], object]) -> int | None:
    """Do the work in a child that kills itself at its nth durable step; None where it was done before."""

    def cut_short() -> None:
        _count_down(step)
        work()

    _, status = os.waitpid(_started(cut_short), 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else None


def _started(work: Callable[[], object]) -> int:
    """A child at work; it ends in 1 and says why where the work fails."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, the parent has to learn of it
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
        os._exit(0)
    return child


def _count_down(step: int) -> None:
    left = [step]

    def pass_one() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(event: str, _: object) -> None:
        if event in {"os.rename", "os.remove", "os.truncate"}:
            pass_one()

    sys.addaudithook(heard)
    for name in STEPS:
        setattr(Ledger, name, _watched(getattr(Ledger, name), pass_one))


def _watched(step: Callable[..., object], pass_one: Callable[[], None]) -> Callable[..., object]:
    """A step that can be the last one; before it stands another, or a file."""

    def watched(*args: object) -> object:
        result = step(*args)
        pass_one()
        return result

    return watched


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork to kill a child of")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_killed_at_any_durable_step_the_next_pass_ends_the_same(tmp_path: Path):
    whole = _submissions(Office(tmp_path / "whole", ONE_TASK))
    whole.take(NOW, publish=True)
    expected = _outcome(whole)
    halves = [_started(lambda half=half: _every_other_step(tmp_path, expected, half)) for half in (1, 2)]
    assert [os.waitpid(half, 0)[1] for half in halves] == [0, 0], "see what the child printed"


def _every_other_step(folder: Path, expected: object, step: int) -> None:
    """Killed at this step, and at every second one after it, up to the end of the work."""
    killed = True
    while killed:
        office = _submissions(Office(folder / f"{step}", ONE_TASK))
        killed = _killed_at(step, lambda office=office: office.take(NOW, publish=True)) is not None
        office.take(NOW, publish=True)
        assert _outcome(office) == expected, f"killed at step {step}"
        step += 2
    office.take(NOW, publish=True)
    assert office.events == []
    assert step > 25


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork to kill a child of")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_killed_again_while_it_recovers_it_still_ends_the_same(tmp_path: Path):
    whole = _submissions(Office(tmp_path / "whole", ONE_TASK))
    whole.take(NOW, publish=True)
    expected = _outcome(whole)
    for first in (7, 12, 18):
        office = _submissions(Office(tmp_path / f"{first}", ONE_TASK))
        for step in (first, 1, 2, 3, 4):
            assert _killed_at(step, lambda office=office: office.take(NOW, publish=True)) == signal.SIGKILL
        office.take(NOW, publish=True)
        assert _outcome(office) == expected


def test_a_copy_that_was_recorded_and_not_delivered_is_delivered_by_the_next_pass(office: Office, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr("xmreport.sending.deliver", killed)
    office.drop("古阳镇/错.xlsx", form_one(project("甲", 总投资="很多")))
    with pytest.raises(Killed):
        office.take(NOW)
    monkeypatch.undo()
    assert office.waiting() == ["古阳镇/错.xlsx"]
    [told] = office.take(NOW)
    assert (office.home / told.returned_copy).is_file()
    assert office.waiting() == []
    assert len(office.receipts()) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_real_run_killed_in_the_middle_is_finished_by_the_next(tmp_path: Path):
    offices = [Office(tmp_path / name, ONE_TASK) for name in ("whole", "killed")]
    for office in offices:
        for number, data in enumerate(MANY):
            office.drop(f"古阳镇/{number}.xlsx", data)
    whole, cut = offices
    whole.take(NOW, publish=True)
    command = cut.command("run", "--now", "2022-12-08T10:00", "--json")
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=surroundings()) as run:
        for _ in range(4):
            run.stdout.readline()
        run.kill()
    assert 4 <= len(cut.receipts()) <= 12
    cut.take(NOW, publish=True)
    assert _outcome(cut) == _outcome(whole)


def test_copies_that_were_lost_with_the_outbox_are_made_anew_unless_their_units_have_mended_them(office: Office):
    for unit in ("古阳镇", "县水利局"):
        office.send(f"{unit}/错.xlsx", form_one(project("甲", 总投资="很多"), unit=unit), NOW)
    office.send("县水利局/对.xlsx", form_one(project("甲"), unit="县水利局"), "12-08 11:00")
    [first, second] = [receipt for receipt in office.receipts() if receipt.returned_copy]
    before = (office.home / first.returned_copy).read_bytes()
    shutil.rmtree(office.outbox)
    office.take("12-08 12:00", publish=True)
    assert (office.home / first.returned_copy).read_bytes() == before
    assert not (office.home / second.returned_copy).exists()
    shutil.rmtree(office.outbox / "退回")
    office.take("12-08 13:00", publish=True)
    assert not (office.home / first.returned_copy).exists()


def test_lost_copies_that_cannot_be_made_at_once_are_made_later(office: Office, monkeypatch, caplog):
    for unit in ("古阳镇", "县水利局"):
        office.send(f"{unit}/错.xlsx", form_one(project("甲", 总投资="很多"), unit=unit), NOW)
    copies = [office.home / receipt.returned_copy for receipt in office.receipts()]
    shutil.rmtree(office.outbox)
    deliver, full = xmreport.sending.deliver, iter([False, True])

    def first_alone(data: bytes, target: Path) -> Delivered:
        if next(full):
            raise OSError(errno.ENOSPC, "No space left on device")
        return deliver(data, target)

    with monkeypatch.context() as patch:
        patch.setattr(xmreport.sending, "deliver", first_alone)
        office.take("12-08 12:00", publish=True)
    assert [copy.exists() for copy in copies] == [True, False]
    assert "没有补全" in caplog.text
    office.take("12-08 13:00", publish=True)
    assert all(copy.exists() for copy in copies)


def test_a_fault_in_a_lost_copy_keeps_nothing_from_being_taken_in(office: Office, monkeypatch, caplog):
    office.send("古阳镇/错.xlsx", form_one(project("甲", 总投资="很多")), NOW)
    shutil.rmtree(office.outbox)
    office.drop("县水利局/好.xlsx", form_one(project("乙"), unit="县水利局"))

    def fault(*_: object) -> None:
        raise ValueError("ours")

    monkeypatch.setattr(xmreport.sending, "deliver", fault)
    office.take("12-08 12:00", publish=True)
    assert "引擎自身出错" in caplog.text
    assert office.waiting() == []


def test_an_outbox_that_is_ill_keeps_nothing_from_being_taken_in(office: Office, monkeypatch):
    office.send("古阳镇/好.xlsx", form_one(project("甲")), NOW)
    office.take("12-08 11:00", publish=True)
    office.drop("县水利局/好.xlsx", form_one(project("乙"), unit="县水利局"))
    stat = Path.stat

    def stale(path: Path, **how: bool) -> os.stat_result:
        if path.is_relative_to(office.outbox):
            raise OSError(errno.ESTALE, "Stale file handle", str(path))
        return stat(path, **how)

    monkeypatch.setattr(Path, "stat", stale)
    office.take("12-08 12:00", publish=True)
    assert office.waiting() == []


def test_a_first_copy_that_could_not_go_back_is_no_lost_outbox(office: Office, monkeypatch, caplog):
    office.drop("古阳镇/错.xlsx", form_one(project("甲", 总投资="很多")))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(xmreport.sending, "deliver", full)
        office.take("12-08 12:00")
    office.take("12-08 13:00", publish=True)
    assert "出表文件夹不见了" not in caplog.text
    assert len(list(office.outbox.glob("退回/*/*.xlsx"))) == 1
