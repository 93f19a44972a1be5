"""总览: every workbook of every period opens from there."""

from pathlib import Path

import openpyxl
import pytest
from conftest import Office, contacts, form_one, project
from occasions import county_of, occasion, opened, printed, state

from xmreport.model.receipts import State
from xmreport.tables.overview import overview
from xmreport.workbooks.cells import FilledCell
from xmreport.workbooks.fitting.measure import height_needed, one_line
from xmreport.workbooks.formats.template import read_template

TEMPLATES = Path(__file__).parent.parent / "templates_xlsx"

KEY = ("周报", "2022-12-09")
OWN = (
    "前期手续办理情况表汇总表.xlsx",
    "报送情况及迟报名单.xlsx",
    "目标完成情况表.xlsx",
    "通报.xlsx",
    "核对与变化.xlsx",
)


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    return county_of(tmp_path_factory.mktemp("overview"))


def _made(county, files):
    where = occasion(county)
    return overview(county, [state(where, "古阳镇", State.ON_TIME)], {KEY: files}, [], where.as_of)


def _links(made):
    values = made.sheets[0].lines[0].values
    words = ("汇总表", "报送情况", "目标完成", "通报", "变化", "其他表")
    return {word: values[word] and values[word].target for word in words}


def test_each_standard_workbook_has_a_link_of_its_own(county):
    assert _links(_made(county, OWN)) == {
        "汇总表": "周报/2022-12-09/前期手续办理情况表汇总表.xlsx",
        "报送情况": "周报/2022-12-09/报送情况及迟报名单.xlsx",
        "目标完成": "周报/2022-12-09/目标完成情况表.xlsx",
        "通报": "周报/2022-12-09/通报.xlsx",
        "变化": "周报/2022-12-09/核对与变化.xlsx",
        "其他表": None,
    }


def test_a_workbook_that_is_not_there_has_no_link(county):
    assert set(_links(_made(county, ())).values()) == {None}


def test_one_further_workbook_opens_at_once(county):
    made = _made(county, (*OWN, "手续分解清单.xlsx"))
    assert made.sheets[0].lines[0].values["其他表"].text == "手续分解清单"
    assert _links(made)["其他表"] == "周报/2022-12-09/手续分解清单.xlsx"
    assert [sheet.name for sheet in made.sheets] == ["总览", "待处理文件"]


def test_several_further_workbooks_are_listed_on_a_sheet(county, office: Office):
    made = _made(county, (*OWN, "五张清单.xlsx", "统计汇总表.xlsx", "问题台账.xlsx"))
    assert made.sheets[0].lines[0].values["其他表"].text == "3本"
    assert _links(made)["其他表"] == "internal:'其他表'!A1"
    assert _links(made)["汇总表"] == "周报/2022-12-09/前期手续办理情况表汇总表.xlsx"
    sheet = opened(made, office.home / "templates_xlsx")["其他表"]
    assert [line["工作簿"] for line in printed(sheet, "工作簿")[:3]] == ["五张清单", "统计汇总表", "问题台账"]
    assert sheet["C4"].hyperlink.target.replace("\\", "/") == "周报/2022-12-09/五张清单.xlsx"


def test_what_lies_beside_an_open_workbook_is_no_further_workbook(county):
    assert _links(_made(county, (*OWN, "通报(2).xlsx", "~$通报.xlsx")))["其他表"] is None


def test_every_link_of_a_published_overview_leads_to_a_file(office: Office):
    office.drop("古阳镇/a.xlsx", form_one(project("桥")))
    office.take("12-09 16:00", publish=True)
    book = openpyxl.load_workbook(office.outbox / "总览.xlsx")
    found = [cell.hyperlink.target for line in book["总览"].iter_rows() for cell in line if cell.hyperlink]
    assert len(found) > 10
    assert all((office.outbox / target.replace("\\", "/")).is_file() for target in found)


def test_a_file_set_aside_is_settled_once_nothing_is_owed_that_it_may_have_been(office: Office):
    office.send("古阳镇/坏的.xlsx", b"PK\x03\x04" + bytes(40), "12-08 09:00")
    office.drop("古阳镇/联络人.xlsx", contacts(("古阳镇", "张三", "13800000000"), day="2022年11月29日"))
    office.take("12-08 10:00", publish=True)
    assert "可不处理" not in _advice(office)
    office.drop("古阳镇/好的.xlsx", form_one(project("甲")))
    office.take("12-08 11:00", publish=True)
    assert "可不处理" in _advice(office)


def test_what_was_sent_back_to_nobody_knows_whom_is_told(office: Office):
    page = b"<html><head><title>x</title></head><body><table><tr><td>1</td></tr></table></body></html>"
    office.drop("坏的.xlsx", page)
    office.take("12-08 10:00", publish=True)
    assert "不是真正的 Excel 工作簿" in _advice(office)


def _advice(office: Office) -> str:
    sheet = openpyxl.load_workbook(office.outbox / "总览.xlsx")["待处理文件"]
    [row] = [row for row in sheet.iter_rows(values_only=True) if "坏的.xlsx" in row]
    return " ".join(map(str, row))


def test_the_office_s_name_stands_on_one_line_above_the_other_tables():
    sheet = read_template(TEMPLATES / "总览.xlsx").sheets["其他表"]
    row = next(row for row in sheet.rows if any("{填报单位}" in cell.text for cell in row.cells))
    at, cell = next((at, cell) for at, cell in enumerate(row.cells) if "{填报单位}" in cell.text)
    box = next((box for box in sheet.merges if box.top == row.number and box.left == at), None)
    wide = sum(sheet.widths[at : (box.right if box else at) + 1])
    entry = FilledCell(0, 0, "填报单位：长子县发展和改革局", cell.look)
    assert height_needed(entry, [wide]) <= one_line(cell.look)
