"""A county nobody has thought of: a rule file, written as the page for clerks writes it, and nothing else."""

import re
from pathlib import Path

import openpyxl
import pytest
from conftest import Office, table

from xmreport.cli import COMMANDS

PAGE = Path(__file__).parents[1] / "docs" / "新增一个县.md"
FILES = dict(re.findall(r"^```yaml (rules/\S+)\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL))
RULES = FILES["rules/anze.yaml"]
TASK, PERIOD = "开复工月报", "2024-03-29"
FIELDS = (
    "序号",
    "项目名称",
    "建设性质",
    "责任单位",
    "总投资",
    "年度计划投资",
    "计划开复工月",
    "实际开复工月",
    "是否开复工",
    "未开工原因",
)


def ledger(unit, day, *projects):
    """开复工台账 as a unit files it: (name, 责任单位, 总投资, planned month, real month) a project."""
    rows = [
        [
            number,
            name,
            "新建",
            office,
            money,
            money / 2,
            planned,
            real,
            "是" if real else "否",
            None if real else "征迁未完成",
        ]
        for number, (name, office, money, planned, real) in enumerate(projects, 1)
    ]
    title = "安泽县2024年重点项目开复工台账"
    return table(title, f"填报单位：{unit}    填报时间：{day}    单位：万元", FIELDS, rows)


def lines(path, sheet=0):
    """The lines of a table below its heading, each by heading; cells as a reader sees them."""
    rows = list(openpyxl.load_workbook(path, data_only=True).worksheets[sheet].iter_rows(values_only=True))
    top = next(at for at, row in enumerate(rows) if row[0] == "序号")
    headings = [str(cell or "").replace("\n", "") for cell in rows[top]]
    return [dict(zip(headings, row, strict=True)) for row in rows[top + 1 :] if any(cell is not None for cell in row)]


@pytest.fixture(scope="module")
def anze(tmp_path_factory):
    """Two units report, one of them late; a third does not."""
    office = Office(tmp_path_factory.mktemp("sixth") / "office", RULES, "anze")
    office.drop(
        "县住建局/台账.xlsx",
        ledger(
            "县住建局",
            "2024年3月28日",
            ("城东供热站项目", "县住建局", 4000, "2024-03", "2024-03"),
            ("污水管网项目", "县住房和城乡建设局", 6000, "2024-02", "2024-03"),
            ("文化广场项目", "县住建局", 2000, "2024-03", None),
        ),
    )
    first = office.take("2024-03-28T16:00", publish=True)
    office.drop(
        "府城镇/台账.xlsx",
        ledger("府城镇人民政府", "2024年3月29日", ("冷链物流项目", "府城镇", 3000, "2024-05", "2024-03")),
    )
    second = office.take("2024-04-01T09:00", publish=True)
    assert [(r.outcome.value, r.unit, r.task, r.period) for r in (*first, *second)] == [
        ("accepted", "县住建局", TASK, PERIOD),
        ("accepted", "府城镇", TASK, PERIOD),
    ]
    return office


def test_no_template_names_the_form(anze):
    names = [path.name for path in (anze.home / "templates_xlsx").rglob("*.xlsx")]
    assert not [name for name in names if "开复工" in name or "安泽" in name]
    assert [path.name for path in (anze.home / "rules").glob("*.yaml")].count("anze.yaml") == 1


def test_the_summary_holds_every_project_under_its_unit_and_adds_up(anze):
    found = lines(anze.outbox / TASK / PERIOD / "开复工台账汇总表.xlsx")
    projects = [(line["填报单位"], line["项目名称"], line["责任单位"]) for line in found if line["责任单位"]]
    assert projects == [
        ("县住建局", "城东供热站项目", "县住建局"),
        ("县住建局", "污水管网项目", "县住建局"),
        ("县住建局", "文化广场项目", "县住建局"),
        ("府城镇", "冷链物流项目", "府城镇"),
    ]
    money = next(heading for heading in found[0] if heading.startswith("总投资"))
    sums = [line[money] for line in found if not line["责任单位"] and isinstance(line[money], int | float)]
    assert sums == [12_000, 3_000, 15_000]


def test_the_register_tells_who_was_on_time_late_and_missing(anze):
    found = {
        line["单位"]: line for line in lines(anze.outbox / TASK / PERIOD / "报送情况及迟报名单.xlsx") if line["单位"]
    }
    assert {unit: line["状态"] for unit, line in found.items()} == {
        "县住建局": "按时",
        "县水利局": "未报",
        "府城镇": "迟报",
    }
    assert {unit: line["类别"] for unit, line in found.items()} == {
        "县住建局": "部门",
        "县水利局": "部门",
        "府城镇": "乡镇",
    }
    assert "2天16小时" in found["府城镇"]["迟报时长"]
    assert found["县住建局"]["项目数"] == 3


def test_the_target_table_holds_the_figure_against_the_notice(anze):
    [line] = [each for each in lines(anze.outbox / TASK / PERIOD / "目标完成情况表.xlsx") if each["指标"] == "开复工率"]
    assert (line["目标"], line["完成"]) == (0.8, 0.75)
    assert line["完成率"] == pytest.approx(0.9375)
    assert line["差额"] == pytest.approx(-0.05)
    assert line["达标情况"] == "未到节点"
    assert "2024-03-31 达到50%" in line["节点"]


def test_the_list_names_what_was_planned_and_has_not_begun(anze):
    found = lines(anze.outbox / TASK / PERIOD / "开复工跟进清单.xlsx")
    assert [line["项目名称"] for line in found if line["项目名称"]] == ["文化广场项目"]


def test_its_blanks_come_without_a_template_too(anze):
    assert anze.cli("blanks", "anze", "--now", "2024-03-20T10:00").status == 0
    made = sorted(path.name for path in (anze.outbox / "空白表").rglob("*.xlsx"))
    assert len(made) == 3
    assert any("府城镇" in name for name in made)


def test_a_form_of_its_own_needs_a_definition_and_no_template(tmp_path):
    form = "民生实事进度表"
    task = (
        "  民生实事月报:\n    报表: 民生实事进度表\n    时限: 每月28日 17:00\n    起止: 2024-03-01 至 2024-06-30\n"
        "    应报单位: [部门, 乡镇]\n    报送至: 县发改局\n    出处: 三\n"
    )
    use = re.search(r"`(民生实事进度表: \{.*?\})`", PAGE.read_text("utf-8")).group(1)
    rules = RULES.replace("\n报表:\n", f"{task}\n报表:\n  {use}\n", 1)
    office = Office(tmp_path / "office", rules, "anze")
    (office.home / f"rules/forms/{form}.yaml").write_text(FILES[f"rules/forms/{form}.yaml"], "utf-8")
    fields = ("序号", "事项", "责任单位", "总投资", "是否完成", "完成日")
    filed = "填报单位：府城镇    填报时间：2024年3月27日    单位：万元"
    good = [[1, "改造幼儿园", "府城镇", 500, "√", "2024-03-20"], [2, "修建停车场", "县住建局", 300, "否", None]]
    office.drop("府城镇/对.xlsx", table("安泽县民生实事进度表", filed, fields, good))
    office.drop(
        "县水利局/错.xlsx",
        table(
            "安泽县民生实事进度表",
            filed.replace("府城镇", "县水利局"),
            fields,
            [[1, "饮水", "县水利局", 9, "是", None]],
        ),
    )
    found = {r.unit: r for r in office.take("2024-03-27T10:00", publish=True)}
    assert {unit: r.outcome.value for unit, r in found.items()} == {"府城镇": "accepted", "县水利局": "returned"}
    assert [(f.code, f.field) for f in found["县水利局"].findings] == [("R90", "完成日")]
    summary = lines(office.outbox / "民生实事月报" / "2024-03-28" / f"{form}汇总表.xlsx")
    filled = [(line["事项"], line["是否完成"]) for line in summary if line["责任单位"]]
    assert filled == [("改造幼儿园", "是"), ("修建停车场", "否")]


def test_every_command_of_the_page_is_one():
    blocks = re.findall(r"^```text\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    commands = [line.split()[1:] for block in blocks for line in block.splitlines()]
    assert [words[0] for words in commands] == ["rules", "blanks", "check", "run"]
    known = COMMANDS.commands
    assert {words[0] for words in commands if words[0] != "rules"} <= known.keys()
    assert "rules check" in known
    options = {argument.name for argument in known["check"].arguments}
    assert {word for words in commands for word in words if word.startswith("--")} <= options
