"""A workbook of several sheets is judged as if each sheet had come as a file of its own, the oldest first."""

import contextlib
import shutil
import signal

import openpyxl
import pytest
from conftest import FIRST, ONE_TASK, RULES, SECOND, WEEKLY, Office, form_one, project, register, together

from xmreport.ledger import Ledger
from xmreport.model.receipts import Outcome
from xmreport.past import Past

MONTHLY = RULES.replace(
    "    时限: 按需\n    起止: 2022-11-27 至 2022-12-31", "    时限: 每月28日 17:00\n    起止: 2022-10-01 至 2022-12-31"
)
OCTOBER, NOVEMBER = (
    register(("甲", "是", figure), day=day) for figure, day in ((5000, "2022年10月20日"), (600, "2022年11月20日"))
)


def _told(receipts):
    return sorted((r.period, r.outcome, tuple(f.code for f in r.findings if f.is_error)) for r in receipts)


@pytest.mark.parametrize("turned", [False, True], ids=["oldest first", "newest first"])
def test_the_week_owed_and_the_week_at_hand_on_two_sheets_are_two_weeks(office: Office, turned: bool):
    sheets = [form_one(project("甲"), day="2022年12月9日"), form_one(project("乙"), day="2022年12月11日")]
    office.drop("古阳镇/两期.xlsx", together(*(reversed(sheets) if turned else sheets)))
    receipts = office.take("12-11 10:00", publish=True)
    assert _told(receipts) == [(FIRST, Outcome.ACCEPTED, ()), (SECOND, Outcome.ACCEPTED, ())]
    summary = openpyxl.load_workbook(office.outbox / WEEKLY / FIRST / "前期手续办理情况表汇总表.xlsx")
    cells = {cell.value for sheet in summary for row in sheet.iter_rows() for cell in row}
    assert "甲" in cells
    assert "乙" not in cells


def test_a_figure_is_held_against_the_sheet_of_the_month_before(tmp_path):
    apart, one = Office(tmp_path / "apart", MONTHLY), Office(tmp_path / "one", MONTHLY)
    apart.drop("县发改局/10.xlsx", OCTOBER)
    apart.drop("县发改局/11.xlsx", NOVEMBER)
    one.drop("县发改局/两月.xlsx", together(NOVEMBER, OCTOBER))
    told = _told(one.take("2022-11-21T10:00"))
    assert told == _told(apart.take("2022-11-21T10:00"))
    assert [codes for _, _, codes in told] == [(), ("P06",)]


def test_one_project_on_the_sheets_of_two_units_is_told_though_nothing_of_it_was_on_record(office: Office):
    office.drop("两家.xlsx", together(form_one(project("甲")), form_one(project("甲"), unit="县水利局")))
    receipts = office.take("12-08 10:00")
    assert [r.unit for r in receipts for f in r.findings if f.code == "X01"] == ["县水利局"]
    again = form_one(project("甲"), project("乙"), unit="县住建局")
    assert [f.words["单位"] for f in office.send("县住建局/a.xlsx", again, "12-08 11:00").findings] == [
        "古阳镇、县住建局"
    ]


def test_each_unit_finds_what_goes_back_in_its_own_folder(office: Office):
    wrong = [form_one(project("甲", 总投资="很多"), unit=unit) for unit in ("古阳镇", "县水利局")]
    office.drop("两家.xlsx", together(*wrong, form_one(project("乙"), unit="县住建局")))
    copies = {receipt.unit: receipt.returned_copy for receipt in office.take("12-08 10:00")}
    assert copies.pop("县住建局") is None
    assert [str(copy).split("/")[3] for copy in copies.values()] == list(copies)
    assert len({(office.home / str(copy)).read_bytes() for copy in copies.values()}) == 1
    (office.home / str(copies["县水利局"])).unlink()
    (office.home / str(copies["古阳镇"])).rename(office.home / "elsewhere.xlsx")
    for folder in sorted(office.outbox.rglob("*"), reverse=True):
        folder.rmdir() if folder.is_dir() else folder.unlink()
    office.outbox.rmdir()
    office.take("12-08 11:00", publish=True)
    assert all((office.home / str(copy)).is_file() for copy in copies.values())


def test_of_two_units_copies_the_one_that_is_being_mended_is_let_be(office: Office, monkeypatch):
    office.drop(
        "两家.xlsx", together(*(form_one(project("甲", 总投资="很多"), unit=u) for u in ("古阳镇", "县水利局")))
    )
    with monkeypatch.context() as patched, contextlib.suppress(KeyboardInterrupt):
        patched.setattr(Ledger, "finish", lambda *_: signal.raise_signal(signal.SIGINT))
        office.take("12-08 10:00")
    mended, missing = (next((office.outbox / "退回" / unit).iterdir()) for unit in ("古阳镇", "县水利局"))
    whole = missing.read_bytes()
    mended.write_bytes(b"mended by its unit")
    missing.unlink()
    office.take("12-08 10:01")
    assert (mended.read_bytes(), missing.read_bytes()) == (b"mended by its unit", whole)


def test_with_a_lost_outbox_only_the_unit_that_still_has_to_mend_gets_its_copy_again(office: Office):
    office.drop(
        "两家.xlsx", together(*(form_one(project("甲", 总投资="很多"), unit=u) for u in ("古阳镇", "县水利局")))
    )
    office.take("12-08 10:00", publish=True)
    office.send("古阳镇/改.xlsx", form_one(project("甲")), "12-08 11:00")
    shutil.rmtree(office.outbox)
    office.take("12-08 12:00", publish=True)
    assert [path.parent.name for path in office.outbox.glob("退回/*/*.xlsx")] == ["县水利局"]


def test_a_sheet_that_came_earlier_does_not_hide_what_counts_on_record(office: Office):
    office.send("县水利局/a.xlsx", form_one(project("甲"), unit="县水利局"), "12-09 10:00")
    earlier = together(form_one(project("乙"), unit="县水利局"), form_one(project("甲")))
    office.drop("两家.xlsx", earlier)
    told = {receipt.unit: [f.code for f in receipt.findings] for receipt in office.take("12-08 10:00")}
    assert told == {"县水利局": [], "古阳镇": ["X01"]}


def test_what_many_units_report_in_one_workbook_is_told_to_each_but_the_first(tmp_path):
    units = [f"单位{number:02}" for number in range(12)]
    listed = "".join(f"    - {unit}\n" for unit in units)
    office = Office(tmp_path, ONE_TASK.replace("    - 县水利局\n", f"    - 县水利局\n{listed}"))
    lines = [project(f"项目{number}") for number in range(3)]
    office.drop("各家.xlsx", together(*(form_one(*lines, unit=unit) for unit in units)))
    told = {r.unit: [f.words["采用"] for f in r.findings if f.code == "X01"] for r in office.take("12-08 10:00")}
    assert told == {units[0]: [], **{unit: [units[0]] * len(lines) for unit in units[1:]}}


def test_what_is_recorded_between_two_looks_is_read_with_its_rows(office: Office):
    """As `check` does while a service records."""
    county = office.workspace.rulebook.county("guxian")
    with Ledger.open(office.workspace.state) as ledger:
        past = Past(ledger, county)
        office.send("古阳镇/a.xlsx", form_one(project("甲")), "12-08 10:00")
        [receipt] = past.receipts
        assert [row.values["项目名称"] for row in past.rows(receipt)] == ["甲"]
