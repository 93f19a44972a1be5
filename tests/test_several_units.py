"""One project from several units (M28): one row counts, whatever came in which order, and all are told the same."""

import openpyxl
import pytest
from conftest import FIRST, WEEKLY, Office, at, form_one, project

from xmreport.ledger import Ledger
from xmreport.model.rows import Rows
from xmreport.model.submission import Identity
from xmreport.past import Past
from xmreport.rulebook.assignment import Assigned
from xmreport.run import Moment

OFFICE, WATER, TOWN, OUTSIDE = "县住建局", "县水利局", "古阳镇", "县财政局"


def report(office: Office, *sent: tuple[str, str, float]) -> tuple[float, list[str], list[str]]:
    """Units send the project one after the other: the county's total, what the summary says of it, what units are told.

    Args:
        office: where.
        sent: unit, whom it names as responsible, and its figure.
    """
    told = []
    with office.engine(lambda _: None) as engine:
        for hour, (unit, responsible, figure) in enumerate(sent, 9):
            data = form_one(project("同一项目", 责任单位=responsible, 总投资=figure), unit=unit)
            office.drop(f"{unit}/第{hour}份.xlsx", data)
            engine.take_in(list(engine.found()), Moment(at(f"12-08 {hour:02}:00"), replayed=True))
            engine.publish(at(f"12-08 {hour:02}:00"))
            last = office.receipts()[-1]
            told += [finding.words["采用"] for finding in last.findings if finding.code == "X01"]
    [path] = (office.outbox / WEEKLY / FIRST).glob("*情况表汇总表.xlsx")
    rows = list(openpyxl.load_workbook(path, data_only=True).worksheets[0].iter_rows(values_only=True))
    [total] = [row for row in rows if row[0] == "合计"]
    notes = [str(row[0]) for row in rows if "两家报送" in str(row[0])]
    figures = [value for value in total[1:] if isinstance(value, int | float)]
    return figures[1], [note.split("采用")[1] for note in notes], told


def test_another_unit_s_return_is_read_once_however_many_of_its_projects_are_reported(office, monkeypatch):
    read = []
    rows = Ledger.rows
    monkeypatch.setattr(Ledger, "rows", lambda ledger, seq: read.append(seq) or rows(ledger, seq))
    for unit in (OFFICE, WATER):
        lines = [project(f"项目{number}", 责任单位=unit) for number in range(30)]
        [receipt] = [office.send(f"{unit}/表.xlsx", form_one(*lines, unit=unit), "12-08 10:00")]
    assert [finding.code for finding in receipt.findings].count("X01") == 30
    assert read == [1]


def test_rows_that_share_no_project_are_never_read(office):
    county = office.workspace.rulebook.county(office.key)
    task = county.tasks[WEEKLY]
    rows = Rows.parse("no JSON at all", [Identity("项目代码", "项目名称")])
    vars(rows).update(_count=1)  # as it comes from a worker
    with Ledger.open(office.workspace.state) as ledger:
        due, form = Assigned(task, task.periods[0]), county.forms[task.rules.form]
        assert list(Past(ledger, county).elsewhere(due, WATER, form, rows)) == []


@pytest.mark.parametrize(
    ("sent", "total", "notes", "told"),
    [
        pytest.param(
            [(OFFICE, OUTSIDE, 1000), (WATER, WATER, 2000), (TOWN, TOWN, 4000)],
            2000,
            [f"{WATER}的一行，{OFFICE}的一行未纳入。", f"{WATER}的一行，{TOWN}的一行未纳入。"],
            [WATER, WATER],
            id="two call themselves responsible: the first of them",
        ),
        pytest.param(
            [(OFFICE, OUTSIDE, 1000), (WATER, WATER, 2000), (TOWN, OUTSIDE, 4000)],
            2000,
            [f"{WATER}的一行，{OFFICE}的一行未纳入。", f"{WATER}的一行，{TOWN}的一行未纳入。"],
            [WATER, WATER],
            id="a third one that is not responsible stands behind the one that is",
        ),
        pytest.param(
            [(OFFICE, OUTSIDE, 1000), (WATER, OUTSIDE, 2000), (OFFICE, OUTSIDE, 1000.5)],
            1000.5,
            [f"{OFFICE}的一行，{WATER}的一行未纳入。"],
            [OFFICE, OFFICE],
            id="who reported first stays the first with a correction",
        ),
    ],
)
def test_one_row_counts_and_all_are_told_which(small: Office, sent, total, notes, told):
    assert report(small, *sent) == (total, notes, told)


CODES = ("2208-141025-89-01-463825", "2208-141025-89-01-463826")


def test_projects_of_one_name_with_codes_of_their_own_are_not_one(small: Office):
    sent = ((WATER, None, 1000), (OFFICE, CODES[0], 2000), (TOWN, CODES[1], 4000))
    with small.engine(lambda _: None) as engine:
        for hour, (unit, code, figure) in enumerate(sent, 9):
            line = project("道路改造", 责任单位=OUTSIDE if code is None else unit, 项目代码=code, 总投资=figure)
            small.drop(f"{unit}/表.xlsx", form_one(line, unit=unit))
            engine.take_in(list(engine.found()), Moment(at(f"12-08 {hour:02}:00"), replayed=True))
            engine.publish(at(f"12-08 {hour:02}:00"))
    [path] = (small.outbox / WEEKLY / FIRST).glob("*情况表汇总表.xlsx")
    [total] = [row for row in openpyxl.load_workbook(path, data_only=True).worksheets[0].values if row[0] == "合计"]
    assert [value for value in total[1:] if isinstance(value, int | float)][1] == 6000


def test_two_names_under_one_code_are_both_told(small: Office):
    small.send("古阳镇/a.xlsx", form_one(project("产业园", 项目代码="2212-141025-89-01-000001")), "12-08 10:00")
    theirs = form_one(project("供热管网", 项目代码="2212-141025-89-01-000001"), unit="县水利局")
    [told] = [f for f in small.send("县水利局/a.xlsx", theirs, "12-08 11:00").findings if f.code == "X01"]
    assert told.words == {"项目": "供热管网", "单位": "古阳镇（写作“产业园”）、县水利局", "采用": "古阳镇"}
