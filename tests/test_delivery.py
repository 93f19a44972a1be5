import os
import time

import pytest

from xmreport.workbooks.delivery import deliver


def _locked(monkeypatch, *names):
    replace = os.replace

    def refuse(source, target):
        if os.fspath(target).endswith(names):
            raise PermissionError(13, "另一个程序正在使用此文件", os.fspath(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)


def test_a_workbook_arrives_whole_under_its_name(tmp_path):
    target = tmp_path / "古县" / "汇总表.xlsx"
    delivered = deliver(b"one", target)
    assert delivered.path == target
    assert delivered.note == ""
    assert target.read_bytes() == b"one"
    deliver(b"two", target)
    assert target.read_bytes() == b"two"
    assert [path.name for path in target.parent.iterdir()] == ["汇总表.xlsx"]


def test_a_workbook_open_in_excel_is_left_alone_and_the_new_one_stands_beside_it(tmp_path, monkeypatch):
    target = tmp_path / "汇总表.xlsx"
    target.write_bytes(b"open in Excel")
    _locked(monkeypatch, "汇总表.xlsx")
    delivered = deliver(b"new", target)
    assert target.read_bytes() == b"open in Excel"
    assert delivered.path == tmp_path / "汇总表(2).xlsx"
    assert delivered.path.read_bytes() == b"new"
    assert "汇总表.xlsx" in delivered.note
    assert "汇总表(2).xlsx" in delivered.note
    assert sorted(path.name for path in tmp_path.iterdir()) == ["汇总表(2).xlsx", "汇总表.xlsx"]


def test_the_next_number_is_taken_where_the_numbered_one_is_open_too(tmp_path, monkeypatch):
    _locked(monkeypatch, "汇总表.xlsx", "汇总表(2).xlsx")
    assert deliver(b"new", tmp_path / "汇总表.xlsx").path.name == "汇总表(3).xlsx"


def test_a_folder_that_refuses_everything_is_reported_and_nothing_is_left(tmp_path, monkeypatch):
    _locked(monkeypatch, ".xlsx")
    with pytest.raises(PermissionError, match="权限"):
        deliver(b"new", tmp_path / "汇总表.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_while_writing_leaves_no_temporary_file_and_the_old_workbook(tmp_path, monkeypatch):
    target = tmp_path / "汇总表.xlsx"
    target.write_bytes(b"old")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        deliver(b"new", target)
    assert [path.name for path in tmp_path.iterdir()] == ["汇总表.xlsx"]
    assert target.read_bytes() == b"old"


def test_what_a_crash_left_behind_is_cleaned_but_not_what_another_is_writing(tmp_path):
    crashed, busy = tmp_path / ".xmreport-1.partial", tmp_path / ".xmreport-2.partial"
    crashed.write_bytes(b"half")
    busy.write_bytes(b"half")
    os.utime(crashed, (time.time() - 3600,) * 2)
    deliver(b"new", tmp_path / "汇总表.xlsx")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".xmreport-2.partial", "汇总表.xlsx"]
