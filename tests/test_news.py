"""A running engine looks again only at what news can change, and writes what a fresh look at everything would."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import openpyxl
from conftest import FIRST, RULES, SECOND, WEEKLY, Office, at, contacts, form_one, project, register

from xmreport.model.events import Published
from xmreport.run import Moment

SENT = (
    ("12-05 09:00", "古阳镇/摸底.xlsx", lambda: form_one(project("甲"), unit="古阳镇", day="2022年12月5日")),
    ("12-08 10:00", "县住建局/一.xlsx", lambda: form_one(project("乙"), unit="县住建局", day="2022年12月8日")),
    ("12-08 11:00", "县发改局/台账.xlsx", lambda: register(("丙", "是", 500.0), ("丁", "否", 0.0))),
    (
        "12-08 12:00",
        "古阳镇/一.xlsx",
        lambda: form_one(project("甲"), project("戊"), unit="古阳镇", day="2022年12月8日"),
    ),
    ("12-09 18:00", "县水利局/迟.xlsx", lambda: form_one(project("己"), unit="县水利局", day="2022年12月9日")),
    ("12-13 09:00", "古阳镇/联络人.xlsx", lambda: contacts(("古阳镇", "张三", "13800000000"))),
    ("12-13 10:00", "县住建局/二.xlsx", lambda: form_one(project("庚"), unit="县住建局", day="2022年12月13日")),
    ("12-13 11:00", "县住建局/晚.xlsx", lambda: form_one(project("乙改"), unit="县住建局", day="2022年12月9日")),
    ("12-13 12:00", "县水利局/坏.xlsx", lambda: b"PK no workbook"),
)


def shown(office: Office) -> dict[str, bytes]:
    return {path.relative_to(office.outbox).as_posix(): path.read_bytes() for path in office.outbox.rglob("*.xlsx")}


def afresh(office: Office, now: str) -> dict[str, bytes]:
    """The outbox as an engine writes it that has published nothing yet."""
    shutil.rmtree(office.outbox)
    with sqlite3.connect(office.workspace.state / "ledger.sqlite3") as db:
        db.execute("DELETE FROM published")
    db.close()
    with office.engine(lambda _: None) as engine:
        engine.publish(at(now))
    return shown(office)


def test_after_every_file_the_outbox_is_what_a_fresh_look_at_everything_writes(office: Office):
    with office.engine(lambda _: None) as engine:
        for now, place, data in SENT:
            office.drop(place, data())
            engine.take_in(list(engine.found()), Moment(at(now), replayed=True))
            engine.publish(at(now))
    before = {name: data for name, data in shown(office).items() if not name.startswith("退回/")}
    assert before == {name: data for name, data in afresh(office, SENT[-1][0]).items() if not name.startswith("退回/")}


def test_a_file_of_one_week_leaves_the_workbooks_of_earlier_weeks_alone(office: Office):
    told = []
    with office.engine(told.append) as engine:
        for now, place, data in SENT[:2]:
            office.drop(place, data())
            engine.take_in(list(engine.found()), Moment(at(now), replayed=True))
            engine.publish(at(now))
        told.clear()
        office.drop("古阳镇/一.xlsx", SENT[3][2]())
        engine.take_in(list(engine.found()), Moment(at("12-08 12:00"), replayed=True))
        engine.publish(at("12-08 12:00"))
    written = {event.path.split("/")[2] for event in told if isinstance(event, Published)}
    assert WEEKLY in written
    assert "情况摸底" not in written


def test_a_workbook_that_was_deleted_comes_back_in_a_new_process(office: Office):
    office.drop("古阳镇/一.xlsx", SENT[3][2]())
    office.take("12-08 12:00", publish=True)
    path = office.outbox / WEEKLY / FIRST / "报送情况及迟报名单.xlsx"
    path.unlink()
    office.take("12-08 12:00", publish=True)
    assert path.is_file()


def test_a_lock_file_that_somebody_s_program_leaves_rewrites_nothing(office: Office):
    office.drop("古阳镇/一.xlsx", SENT[3][2]())
    office.take("12-08 12:00", publish=True)
    before = shown(office)
    office.drop("古阳镇/~$一.xlsx", b"x")
    office.take("12-08 13:00", publish=True)
    assert {event.path for event in office.events if isinstance(event, Published)} == set()
    assert shown(office) == before


LIST = """
清单:
  - 名称: 待办清单
    工作簿: {workbook}
    报表: 前期手续办理情况表
    表: 项目
    出处: 四
"""


def test_a_workbook_that_the_rules_call_otherwise_takes_its_old_one_s_place(tmp_path):
    office = Office(tmp_path / "office", RULES + LIST.format(workbook="旧名"))
    office.drop("古阳镇/一.xlsx", SENT[3][2]())
    office.take("12-08 12:00", publish=True)
    folder = office.outbox / WEEKLY / FIRST
    assert (folder / "旧名.xlsx").is_file()
    (folder / "办公室自己的.xlsx").write_bytes(b"of the office")
    office.write_rules(RULES + LIST.format(workbook="新名"))
    office.take("12-08 12:01", publish=True)
    names = {path.name for path in folder.iterdir()}
    assert {"新名.xlsx", "办公室自己的.xlsx"} <= names
    assert "旧名.xlsx" not in names


def test_a_template_for_the_level_above_is_taken_up_when_it_is_edited(office: Office):
    office.drop("古阳镇/一.xlsx", SENT[3][2]())
    office.take("12-08 12:00", publish=True)
    folder = office.home / "templates_xlsx" / "报表"
    template = next(folder.glob("*.xlsx"))
    shutil.copy(template, folder / "另一张.xlsx")
    office.take("12-08 12:00", publish=True)
    assert any(isinstance(event, Published) for event in office.events)


PROGRAM = """
import sys
from xmreport.cli import main
sys.argv = ["xmreport", "--home", {home!r}, "run", "--now", "2022-12-08T12:00"]
try:
    main()
except SystemExit:
    pass
print(sorted({{"pandas", "openpyxl", "xlsxwriter"}} & set(sys.modules)))
"""


def test_a_run_with_nothing_new_builds_no_table_and_needs_no_spreadsheet_library(office: Office):
    office.drop("古阳镇/一.xlsx", SENT[3][2]())
    office.take("12-08 12:00", publish=True)
    before = {path: path.stat().st_mtime_ns for path in office.outbox.rglob("*.xlsx")}
    program = PROGRAM.format(home=str(office.home))
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert ended.stdout.splitlines()[-1] == "[]", ended.stderr
    assert {path: path.stat().st_mtime_ns for path in office.outbox.rglob("*.xlsx")} == before


def test_what_was_half_written_is_written_again_when_the_edit_is_taken_back(office: Office):
    office.drop("古阳镇/一.xlsx", form_one(project("甲")))
    office.take("12-08 12:00", publish=True)
    before = shown(office)
    rules, template = office.home / "rules" / "guxian.yaml", office.home / "templates_xlsx" / "通报.xlsx"
    were = rules.read_bytes(), template.read_bytes()
    office.change_rules("办理进展 = 已办结", "办理进展 = 未办理")
    template.write_bytes(b"broken")
    office.take("12-08 12:00", publish=True)
    assert shown(office) != before
    rules.write_bytes(were[0])
    template.write_bytes(were[1])
    office.take("12-08 12:00", publish=True)
    assert shown(office) == before


def test_this_week_is_compared_with_last_week_as_it_was_corrected(small: Office):
    weeks = (("12-08 09:00", 3000, "2022年12月8日"), ("12-12 09:00", 3200, "2022年12月12日"))
    for now, figure, day in (*weeks, ("12-13 09:00", 3100, "2022年12月9日")):
        small.drop("古阳镇/表.xlsx", form_one(project("甲", 总投资=figure), day=day))
        small.take(now, publish=True)
    book = openpyxl.load_workbook(small.outbox / WEEKLY / SECOND / "核对与变化.xlsx", data_only=True)
    cells = [value for row in book["变化"].iter_rows(values_only=True) for value in row]
    assert {3100, 3200} <= set(cells)
    assert 3000 not in cells


def test_what_stands_beside_a_workbook_goes_once_it_too_is_closed(small: Office, monkeypatch):
    """On Windows a workbook that somebody has open can be neither replaced nor removed."""
    opened: set[Path] = set()

    def guarded(act):
        def acting(*places, **how):
            if any(isinstance(place, Path) and place in opened for place in places):
                raise PermissionError(13, "open", str(places[-1]))
            return act(*places, **how)

        return acting

    small.send("古阳镇/a.xlsx", form_one(project("甲")), "12-08 10:00")
    small.take("12-08 10:01", publish=True)
    folder = small.outbox / WEEKLY / FIRST
    names = {path.name for path in folder.iterdir()}
    for owner, name in ((os, "replace"), (Path, "unlink"), (Path, "open")):
        monkeypatch.setattr(owner, name, guarded(getattr(owner, name)))
    opened.add(folder / "前期手续办理情况表汇总表.xlsx")
    small.drop("县水利局/a.xlsx", form_one(project("乙"), unit="县水利局"))
    small.take("12-08 11:00", publish=True)
    [beside] = [path for path in folder.iterdir() if path.name not in names]
    opened.clear()
    opened.add(beside)
    small.drop("县住建局/a.xlsx", form_one(project("丙"), unit="县住建局"))
    small.take("12-08 12:00", publish=True)
    assert beside.is_file()
    opened.clear()
    small.take("12-08 12:30", publish=True)
    assert [event for event in small.events if isinstance(event, Published)] == []
    small.drop("古阳镇/b.xlsx", form_one(project("甲"), project("丁")))
    small.take("12-08 13:00", publish=True)
    assert {path.name for path in folder.iterdir()} == names


def test_a_late_correction_brings_an_old_period_nothing_of_another_tasks_later_time(office: Office):
    def rate() -> list[object]:
        book = openpyxl.load_workbook(office.outbox / WEEKLY / FIRST / "目标完成情况表.xlsx")
        rows = [row for sheet in book for row in sheet.iter_rows(values_only=True)]
        return [cell for row in rows if "省市重点项目开复工率" in row for cell in row]

    office.send("县发改局/一.xlsx", register(("国道", "否", 0)), "12-08 09:00")
    office.send("古阳镇/一.xlsx", form_one(project("甲")), "12-08 10:00")
    office.take("12-10 10:00", publish=True)
    before = rate()
    assert before
    office.send("县发改局/二.xlsx", register(("国道", "是", 10), day="2022年12月15日"), "12-15 09:00")
    office.send("古阳镇/补.xlsx", form_one(project("甲"), project("乙"), day="2022年12月9日"), "12-20 10:00")
    office.take("12-20 11:00", publish=True)
    assert rate() == before
