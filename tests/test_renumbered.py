"""Numbers of a docket follow from its rules: an edit that gives matters other ones is told before it is published."""

import openpyxl
import pytest
from conftest import ONE_TASK, Office, at, form_one, project, saved

from xmreport.differ import changes
from xmreport.ledger import Ledger

DOCKET = """
台账:
  问题台账:
    报表: 问题台账
    编号列: 编号
    编号前缀: 古问
    办结: 状态 = 销号
    入账:
      - 报表: 前期手续办理情况表
        条件: 备注 不为空
        取: {项目: 项目名称, 问题: 备注, 责任单位: 责任单位}
        写: {状态: 发现}
    出处: 六（三）
"""
TASK = """  问题台账:
    {报表: 问题台账, 时限: 按需, 起止: 2022-12-01 至 2022-12-31, 应报单位: [本办], 报送至: 县发改局, 出处: 六（三）}
"""
RULES = ONE_TASK.replace("报表:\n  前期", f"{TASK}报表:\n  问题台账:\n    出处: 六（三）\n  前期") + DOCKET


@pytest.fixture
def office(tmp_path) -> Office:
    """Two matters are in the docket; the office has written into it and dropped it back."""
    office = Office(tmp_path / "office", RULES)
    office.send("古阳镇/a.xlsx", form_one(project("甲路", 总投资=1500, 备注="缺用地指标")), "12-08 09:00")
    office.send("县水利局/a.xlsx", form_one(project("乙渠", 备注="缺资金"), unit="县水利局"), "12-08 10:00")
    office.take("12-08 10:30", publish=True)
    return office


def _write_and_drop_back(office: Office) -> None:
    book = openpyxl.load_workbook(next(office.outbox.rglob("问题台账.xlsx")))
    sheet = book.worksheets[0]
    places = {cell.value: cell.coordinate for row in sheet.iter_rows() for cell in row if cell.value}
    heading = next(cell for row in sheet.iter_rows() for cell in row if str(cell.value).startswith("进展"))
    row = sheet[places["古问2022-001"]].row
    sheet.cell(row, heading.column).value = "已协调"
    office.send("县发改局/问题台账.xlsx", saved(book), "12-08 11:00")
    office.take("12-08 11:30", publish=True)


def _told(office: Office) -> list[str]:
    workspace = office.workspace
    with Ledger.open(workspace.state) as ledger:
        found = changes(workspace, workspace.rulebook.county(office.key), ledger, at("12-08 12:00"))
    assert found is not None
    return [each.text for each in found if each.about == "台账"]


def test_another_prefix_gives_other_numbers_and_doubles_what_the_office_has_dropped_back(office: Office):
    office.change_rules("编号前缀: 古问", "编号前缀: GX")
    renumbered = "问题台账：编号改变 古问2022-001 → GX2022-001（甲路）、古问2022-002 → GX2022-002（乙渠）"
    assert _told(office) == [renumbered]
    office.change_rules("编号前缀: GX", "编号前缀: 古问")
    _write_and_drop_back(office)
    office.change_rules("编号前缀: 古问", "编号前缀: GX")
    assert _told(office) == [renumbered, "问题台账：同一事项成了两条，多出 古问2022-001（甲路）、古问2022-002（乙渠）"]


def test_a_narrower_entrance_takes_matters_out_and_moves_the_numbers_up(office: Office):
    office.change_rules("条件: 备注 不为空", "条件: 备注 不为空 且 总投资 > 2000")
    assert _told(office) == [
        "问题台账：编号改变 古问2022-002 → 古问2022-001（乙渠）",
        "问题台账：不再在账 古问2022-001（甲路）",
    ]


def test_a_matter_that_another_line_opens_now_is_the_same_matter(office: Office):
    office.send(
        "古阳镇/b.xlsx", form_one(project("甲路", 总投资=2500, 备注="缺用地指标"), day="2022年12月8日"), "12-08 11:00"
    )
    office.take("12-08 11:30", publish=True)
    office.change_rules("条件: 备注 不为空", "条件: 备注 不为空 且 总投资 > 2000")
    [told] = _told(office)
    assert told == "问题台账：编号改变 古问2022-001 → 古问2022-002（甲路）、古问2022-002 → 古问2022-001（乙渠）"


def test_an_edit_that_leaves_the_numbers_says_nothing_of_them(office: Office):
    _write_and_drop_back(office)
    office.change_rules("办结: 状态 = 销号", "办结: 状态 = 销号 或 状态 = 督办")
    assert _told(office) == []
