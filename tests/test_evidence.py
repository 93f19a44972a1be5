"""收件证明: all it holds can be checked with nothing but a SHA-256 tool."""

import hashlib
import io
import os
import zipfile

import openpyxl
import pytest
from conftest import at, form_one, project

from xmreport.cli import answer
from xmreport.evidence import write_evidence
from xmreport.model.trouble import Trouble


def _evidence(office, unit, period=None):
    target = office.home / "证明.zip"
    workspace = office.workspace
    count, _ = write_evidence(workspace, workspace.rulebook.county(office.key), unit, period, at("12-20 09:00"), target)
    return count, zipfile.ZipFile(target)


def _rows(archive):
    sheet = openpyxl.load_workbook(io.BytesIO(archive.read("收件证明.xlsx"))).active
    table = [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]
    return [row for row in table if isinstance(row[0] if row else None, int)]


def test_proof_that_somebody_has_open_is_left_and_the_new_one_is_named(small, monkeypatch, capsys):
    small.send("古阳镇/一.xlsx", form_one(project("供热管网")), "12-08 10:00")
    replace = os.replace

    def refuse(source, target):
        if os.fspath(target).endswith("古阳镇收件证明.zip"):
            raise PermissionError(13, "另一个程序正在使用此文件", os.fspath(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    assert answer(["--home", str(small.home), "prove", "guxian", "--unit", "古阳镇"]) == 0
    said = capsys.readouterr()
    assert said.out.strip().endswith("古阳镇收件证明(2).zip")
    assert "古阳镇收件证明(2).zip" in said.err


def test_content_and_record_can_be_recomputed_by_hand(small):
    data = form_one(project("供热管网"))
    small.send("古阳镇/一.xlsx", data, "12-08 10:00")
    small.send("县水利局/二.xlsx", form_one(project("河道治理"), unit="县水利局"), "12-08 11:00")
    small.send("古阳镇/三.xlsx", form_one(project("供热管网", 总投资=4000)), "12-09 18:00")
    count, archive = _evidence(small, "古阳镇")
    assert count == 2
    headed = openpyxl.load_workbook(io.BytesIO(archive.read("收件证明.xlsx"))).active
    assert headed["A3"].value == "台账号"  # the ledger's own number, by which the originals are called
    assert archive.read("原件/1.xlsx") == data
    rows = _rows(archive)
    assert [row[0] for row in rows] == [1, 3]
    for row in rows:
        number, content, record = row[0], row[-2], row[-1]
        assert hashlib.sha256(archive.read(f"原件/{number}.xlsx")).hexdigest() == content
        chained = archive.read(f"记录/{number}-上一号.txt") + archive.read(f"记录/{number}-记录.json")
        assert hashlib.sha256(chained).hexdigest() == record


def test_only_one_period_where_one_is_asked_for(small):
    small.send("古阳镇/一.xlsx", form_one(project("供热管网")), "12-08 10:00")
    small.send("古阳镇/二.xlsx", form_one(project("供热管网"), day="2022年12月15日"), "12-15 10:00")
    count, archive = _evidence(small, "古阳镇", "2022-12-16")
    assert count == 1
    assert [row[0] for row in _rows(archive)] == [2]


@pytest.mark.parametrize("unit", ["古阳镇", "某某局"])
def test_nothing_on_record_and_nobody_by_that_name_are_told(small, unit):
    with pytest.raises(Trouble, match=unit):
        _evidence(small, unit)


def test_a_folder_is_no_place_for_a_proof_and_says_so(small, tmp_path, capsys):
    small.send("古阳镇/一.xlsx", form_one(project("供热管网")), "12-08 10:00")
    prove = ["--home", str(small.home), "prove", "guxian", "--unit", "古阳镇", "--to"]
    assert answer([*prove, str(tmp_path)]) == 2
    assert "要写到一个 .zip 文件" in capsys.readouterr().err
    assert list(tmp_path.glob("*.zip")) == []
