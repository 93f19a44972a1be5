"""A full disk, a read-only outbox, a locked workbook, a newer ledger: said once, nothing lost, mended by itself."""

import errno
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import openpyxl
import pytest
from conftest import FIRST, ONE_TASK, RULES, WEEKLY, Here, Office, at, form_one, project

import xmreport.notes
from xmreport.examine import open_desk
from xmreport.ledger import Ledger, OriginalDamaged
from xmreport.ledger.schema import VERSION
from xmreport.model.events import Event, FileEvent, Published
from xmreport.model.receipts import Outcome
from xmreport.run import Engine
from xmreport.watch import QUIET, Watcher

NOW = "12-08 10:00"
COUNTIES = ["guxian", "huozhou"]
GOOD = form_one(project("甲"))
WRONG = form_one(project("乙", 总投资="很多"), unit="县水利局")
SUMMARY = "前期手续办理情况表汇总表"


class Service:
    """The service of two counties, with its clock in our hand; a look is what the service itself does."""

    def __init__(self, office: Office) -> None:
        self.now = at(NOW)
        self.events: list[Event] = []
        workspace = office.workspace
        open_desk(dict(workspace.rulebook.counties))
        self.engine = Engine(workspace, COUNTIES, self.events.append, Here())
        self.watcher = Watcher(workspace, COUNTIES, self.events.append, poll=False, clock=lambda: self.now)

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            self.now += QUIET
            self.watcher._look_again(self.engine)

    @property
    def told(self) -> list[str]:
        """The files that the service told of, one by one."""
        return sorted(event.receipt.file for event in self.events if isinstance(event, FileEvent))


@pytest.fixture
def office(small: Office) -> Office:
    (small.home / "rules" / "huozhou.yaml").write_text(ONE_TASK.replace("县区: 古县", "县区: 霍州市"), "utf-8")
    small.drop("古阳镇/好.xlsx", GOOD)
    small.drop("县水利局/错.xlsx", WRONG)
    small.drop("../huozhou/古阳镇/邻.xlsx", GOOD)
    return small


@pytest.fixture
def service(office: Office) -> Iterator[Service]:
    working = Service(office)
    yield working
    working.engine.close()


def all_is_well(office: Office, service: Service) -> None:
    """Every file once, its copy delivered, the tables published, nothing left over."""
    names = ["inbox/guxian/县水利局/错.xlsx", "inbox/guxian/古阳镇/好.xlsx", "inbox/huozhou/古阳镇/邻.xlsx"]
    assert sorted(receipt.file for receipt in office.receipts()) == sorted(names)
    assert service.told == sorted(names)
    assert office.waiting() == []
    [returned] = [receipt for receipt in office.receipts() if receipt.outcome is Outcome.RETURNED]
    assert (office.home / returned.returned_copy).is_file()
    assert len(list(office.outbox.glob("退回/*/*.xlsx"))) == 1
    for county in COUNTIES:
        folder = office.home / "outbox" / county
        assert (folder / "总览.xlsx").is_file()
        assert shown(folder / WEEKLY / FIRST / f"{SUMMARY}.xlsx") == ["甲"]
    assert not list((office.home / "outbox").rglob("*.partial"))
    assert not list((office.workspace.state / "originals").rglob("*.tmp"))
    with Ledger.open(office.workspace.state) as ledger:
        assert (ledger.verify(), ledger.unfinished()) == ([], [])


def shown(path: Path) -> list[str]:
    """The projects that a summary names."""
    book = openpyxl.load_workbook(path)
    return [cell.value for row in book.worksheets[0].iter_rows() for cell in row if cell.value in {"甲", "乙"}]


# A full disk


def test_a_disk_too_full_for_the_originals(office: Office, service: Service, monkeypatch, caplog):
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        service.look(5)
    assert office.receipts() == ()
    assert len(office.waiting()) == 2
    assert caplog.text.count("有文件没有收成，还在收件文件夹里") == 1
    assert "Traceback" not in caplog.text
    service.look(3)
    assert caplog.text.count("收件已恢复正常") == 1
    all_is_well(office, service)


def test_a_disk_too_full_for_the_ledger(office: Office, service: Service, caplog):
    pages = service.engine.ledger._db.execute("PRAGMA page_count").fetchone()[0]
    service.engine.ledger._db.execute(f"PRAGMA max_page_count = {pages}")
    service.look(5)
    recorded = {receipt.file for receipt in office.receipts()}
    inbox = {path.name for path in (office.home / "inbox").rglob("*.xlsx")}
    assert len(recorded) < 3
    assert {"好.xlsx", "错.xlsx", "邻.xlsx"} == inbox | {file.rsplit("/", 1)[-1] for file in recorded}
    assert caplog.text.count("这一遍没有做完") == 1
    service.engine.ledger._db.execute("PRAGMA max_page_count = 1000000")
    service.look(3)
    all_is_well(office, service)


def test_a_disk_too_full_for_the_outbox(office: Office, service: Service, monkeypatch, caplog):
    fsync = os.fsync

    def full(handle: int) -> None:
        if Path(f"/proc/self/fd/{handle}").readlink().is_relative_to(office.home / "outbox"):
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system does not tell which file a handle is")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        service.look(5)
    assert len(office.receipts()) == 3
    assert office.waiting() == ["县水利局/错.xlsx"]
    assert caplog.text.count("已记录，还没有办完") == 1
    assert caplog.text.count("的表没有出完") == 2
    service.look()
    all_is_well(office, service)


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A real disk of one MiB."""
    place = tmp_path / "tiny"
    place.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if mount is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a disk of its own cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_real_disk_that_is_really_full(office: Office, tiny: Path):
    (office.home / "rules" / "office.yaml").write_text(f"静置秒数: 0\n并行: 1\n台账文件夹: {tiny}\n", "utf-8")
    filler = tiny / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        _write_on(file)
    full = office.cli("run", "--now", "2022-12-08T10:00")
    assert full.status == 2
    assert "请检查磁盘空间" in full.err
    assert len(office.waiting()) == 2
    filler.unlink()
    again = office.cli("run", "--now", "2022-12-08T10:00")
    assert again.status == 0, again
    assert (len(office.receipts()), office.waiting()) == (3, [])


def _write_on(file: BinaryIO) -> None:
    """Until the disk ends it."""
    while True:
        file.write(bytes(4096))


# An outbox that cannot be written


def test_a_read_only_outbox_of_one_county(office: Office, service: Service, caplog):
    office.outbox.parent.mkdir(exist_ok=True)
    office.outbox.write_text("in the way", "utf-8")
    service.look(5)
    assert len(office.receipts()) == 3
    assert office.waiting() == ["县水利局/错.xlsx"]
    assert shown(office.home / "outbox" / "huozhou" / WEEKLY / FIRST / f"{SUMMARY}.xlsx") == ["甲"]
    assert caplog.text.count("已记录，还没有办完") == 1
    assert caplog.text.count("的表没有出完") == 1
    office.outbox.unlink()
    service.look()
    all_is_well(office, service)
    assert caplog.text.count("收尾已恢复正常") == 1
    assert caplog.text.count("出表已恢复正常") == 1


def test_all_is_well_is_said_of_the_last_file_held_up_and_not_of_the_first(office: Office, service: Service, caplog):
    office.drop("古阳镇/错.xlsx", form_one(project("丙", 总投资="很多")))
    for unit in ("古阳镇", "县水利局"):
        place = office.outbox / "退回" / unit
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("in the way", "utf-8")
    service.look(3)
    (office.outbox / "退回" / "古阳镇").unlink()
    service.look()
    assert office.waiting() == ["县水利局/错.xlsx"]
    assert "已恢复正常" not in caplog.text
    (office.outbox / "退回" / "县水利局").unlink()
    service.look()
    assert office.waiting() == []
    assert caplog.text.count("收尾已恢复正常") == 1


def test_a_look_that_fails_for_another_reason_is_not_well_again(service: Service, monkeypatch, caplog):
    with monkeypatch.context() as patch:
        for reason in ("甲", "乙"):
            patch.setattr(Watcher, "look", _failing(OSError(errno.EIO, reason)))
            service.look(2)
    assert caplog.text.count("这一遍没有做完") == 2
    assert "已恢复正常" not in caplog.text
    service.look()
    assert caplog.text.count("巡查已恢复正常") == 1


def _failing(error: Exception):
    def failing(*_: object) -> None:
        raise error

    return failing


def test_a_share_that_goes_away_is_not_all_being_well(office: Office, service: Service, monkeypatch, caplog):
    with monkeypatch.context() as patch:
        patch.setattr(service.engine.ledger.originals, "keep", _failing(OSError(errno.EIO, "io")))
        service.look(3)
        assert "没有收成" in caplog.text
        away = office.home / "away"
        (office.home / "inbox").rename(away)
        service.look(2)
        assert "收件已恢复正常" not in caplog.text
        away.rename(office.home / "inbox")
    service.look(3)
    assert caplog.text.count("收件已恢复正常") == 1


def test_a_damaged_original_is_said_again_when_its_file_comes_again(
    office: Office, service: Service, monkeypatch, caplog
):
    place, away = office.inbox / "古阳镇" / "好.xlsx", office.home / "away.xlsx"
    with monkeypatch.context() as patch:
        patch.setattr(service.engine.ledger.originals, "keep", _failing(OriginalDamaged("0" * 64)))
        for _ in range(2):
            service.look(3)
            place.rename(away)
            service.look()
            away.rename(place)
    assert caplog.text.count("好.xlsx 没有收") == 2
    assert "已恢复正常" not in caplog.text  # two others still wait
    service.look(3)
    assert caplog.text.count("原件已恢复正常") == 1
    all_is_well(office, service)


def test_a_screen_that_goes_away_again_is_said_again(service: Service, monkeypatch, caplog):
    event = Published("", "")
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(service.engine, "_emit", _failing(BrokenPipeError(errno.EPIPE, "Broken pipe")))
            service.engine.emit(event)
            service.engine.emit(event)
        service.engine.emit(event)
    assert caplog.text.count("结果显示不出来") == 2
    assert caplog.text.count("输出已恢复正常") == 2


def test_one_period_that_cannot_be_written_holds_up_no_other(office: Office, service: Service):
    service.now = at("12-20 10:00")
    (office.outbox / WEEKLY).mkdir(parents=True)
    (office.outbox / WEEKLY / FIRST).write_text("in the way", "utf-8")
    service.look(3)
    assert (office.outbox / WEEKLY / "2022-12-16" / f"{SUMMARY}.xlsx").is_file()
    assert (office.outbox / "总览.xlsx").is_file()
    (office.outbox / WEEKLY / FIRST).unlink()
    service.look()
    assert (office.outbox / WEEKLY / FIRST / f"{SUMMARY}.xlsx").is_file()


# A workbook that somebody has open


def test_a_locked_summary_is_written_beside_once_and_put_right_once_closed(
    office: Office, service: Service, monkeypatch
):
    folder = office.outbox / WEEKLY / FIRST
    service.look(2)
    old = (folder / f"{SUMMARY}.xlsx").read_bytes()
    replace = os.replace

    def locked(source: object, target: object) -> None:
        if str(target).endswith((f"{SUMMARY}.xlsx", "总览.xlsx")):
            raise PermissionError(13, "另一个程序正在使用此文件", str(target))
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", locked)
        patch.setattr(xmreport.notes, "_is_open", lambda path: path.name in {f"{SUMMARY}.xlsx", "总览.xlsx"})
        office.drop("县住建局/新.xlsx", form_one(project("乙"), unit="县住建局"))
        service.look(2)
        beside = folder / f"{SUMMARY}(2).xlsx"
        written = beside.stat().st_mtime_ns
        service.look(3)
        assert beside.stat().st_mtime_ns == written
        assert (folder / f"{SUMMARY}.xlsx").read_bytes() == old
        assert sorted(shown(beside)) == ["乙", "甲"]
    service.look()
    assert sorted(shown(folder / f"{SUMMARY}.xlsx")) == ["乙", "甲"]
    assert not list(office.outbox.rglob("*(2).xlsx"))


def test_what_the_rules_call_otherwise_while_another_workbook_is_open_goes_once_that_is_closed(tmp_path, monkeypatch):
    named = "清单:\n  - {{名称: 待办, 工作簿: {}, 报表: 前期手续办理情况表, 出处: 四}}\n"
    office = Office(tmp_path / "office", RULES + named.format("甲单A"))
    office.drop("古阳镇/a.xlsx", form_one(project("甲")))
    office.take("12-08 10:00", publish=True)
    folder = office.outbox / WEEKLY / FIRST
    assert (folder / "甲单A.xlsx").is_file()
    office.write_rules(RULES + named.format("乙单"))
    replace = os.replace

    def locked(source: object, target: object) -> None:
        if str(target).endswith("通报.xlsx"):
            raise PermissionError(13, "另一个程序正在使用此文件", str(target))
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", locked)
        patch.setattr(xmreport.notes, "_is_open", lambda path: path.name == "通报.xlsx")
        office.take("12-08 11:00", publish=True)
        assert (folder / "乙单.xlsx").is_file()
    office.take("12-08 12:00", publish=True)
    assert {"乙单.xlsx", "通报.xlsx"} <= {path.name for path in folder.iterdir()}
    assert not {"甲单A.xlsx", "通报(2).xlsx"} & {path.name for path in folder.iterdir()}


# A ledger that a newer version wrote


def test_a_newer_ledger_is_left_alone_and_said(office: Office):
    office.cli("run", "--now", "2022-12-08T10:00")
    office.drop("古阳镇/后.xlsx", form_one(project("丙")))
    ledger = office.workspace.state / "ledger.sqlite3"
    _say_version(ledger, 99)
    before = ledger.read_bytes()
    for command in (["run"], ["watch"], ["verify"], ["status"]):
        said = office.cli(*command)
        assert said.status == 2, said
        assert "请先升级程序" in said.err
    assert ledger.read_bytes() == before
    assert office.waiting() == ["古阳镇/后.xlsx"]
    _say_version(ledger, VERSION)
    assert office.cli("run", "--now", "2022-12-08T11:00").status == 0
    assert (len(office.receipts()), office.waiting()) == (4, [])
    assert office.cli("verify").status == 0


def _say_version(ledger: Path, version: int) -> None:
    db = sqlite3.connect(ledger)
    db.execute(f"PRAGMA user_version = {version}")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
