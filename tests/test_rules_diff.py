"""What an edit of the rules would change in what was published, told before it is published."""

import shutil
from pathlib import Path

import pytest
from conftest import FIRST, ONE_TASK, SECOND, WEEKLY, Office, at, form_one, project

from xmreport.differ import changes
from xmreport.editions import FOLDER
from xmreport.ledger import Ledger

TARGETS = """
指标:
  前期手续办结率:
    报表: 前期手续办理情况表
    计数: 手续
    条件: 办理进展 = 已办结
    除以: 手续
    除以条件: 办理进展 ≠ 不需办理
    口径: 已办结手续数 ÷（全部手续数 − 不需办理数）
目标:
  - {指标: 前期手续办结率, 达到: 70%, 截止: 2023-02-25, 出处: 一、3}
"""
LIST = """清单:
  - 名称: 县级手续分解清单
    报表: 前期手续办理情况表
    表: 手续
    条件: 办理进展 = 正在办理
    分组: 办理部门
    工作簿: 手续分解清单
    出处: 四（三）2
"""
GOING = {"立项.办理进展": "正在办理", "立项.办结时间": None, "立项.办理层级": "县", "立项.拟办结时限": "2023-01-05"}
SUMMARY, REGISTER = "前期手续办理情况表汇总表", "报送情况及迟报名单"
PLACE = f"{WEEKLY} {FIRST}"


def _office(home: Path) -> Office:
    """With no other form than its own: rules are read anew at every step."""
    office = Office(home, ONE_TASK + TARGETS + LIST)
    for path in (home / "rules" / "forms").iterdir():
        if path.stem not in ONE_TASK:
            path.unlink()
    return office


@pytest.fixture(scope="module")
def as_published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of an office to which two units have reported and one has not; the tables are out."""
    office = _office(tmp_path_factory.mktemp("published"))
    office.drop("古阳镇/a.xlsx", form_one(project("甲"), project("乙", **GOING)))
    office.drop("县水利局/a.xlsx", form_one(project("丙"), unit="县水利局"))
    office.take("12-09 16:30", publish=True)
    return office.home


@pytest.fixture
def published(as_published: Path, tmp_path: Path) -> Office:
    """A copy of it for every test."""
    office = _office(tmp_path / "office")
    shutil.copytree(as_published, office.home, dirs_exist_ok=True)
    return office


def told(office: Office, now: str = "12-09 17:30") -> dict[str, list[str]] | None:
    """Kind of thing → what is said of it."""
    workspace = office.workspace
    with Ledger.open(workspace.state) as ledger:
        found = changes(workspace, workspace.rulebook.county(office.key), ledger, at(now))
    if found is None:
        return None
    return {about: [each.text for each in found if each.about == about] for about in {each.about for each in found}}


def test_nothing_is_held_against_rules_that_nothing_was_published_under(small: Office):
    assert told(small) is None
    small.send("古阳镇/a.xlsx", form_one(project("甲")), "12-08 10:00")
    assert told(small) is None


def test_rules_as_they_were_and_a_comment_change_nothing(published: Office):
    assert told(published) == {}
    published.change_rules("县区: 古县\n", "# 只是说明\n县区: 古县\n")
    assert told(published) == {}


def test_an_earlier_hour_makes_units_late_and_names_the_workbooks_that_say_so(published: Office):
    published.change_rules("每周五 17:00", "每周五 16:00")
    found = told(published)
    assert found["任务"][0].startswith(
        f"{WEEKLY}：{FIRST} 期应报 2022-12-09 17:00 → 2022-12-09 16:00；2022-12-16 期应报"
    )
    assert found["状态"] == [f"{PLACE} 期：县水利局、古阳镇 按时 → 迟报（迟30分）"]
    assert f"{REGISTER}：内容有变，{PLACE}" in found["出表"]
    assert "指标" not in found


def test_a_holiday_on_which_nothing_is_due_any_more_is_told(published: Office):
    published.change_rules("2022-12-07 至 2023-01-10", "2022-12-07 至 2023-02-10")
    published.take("12-09 16:40", publish=True)
    published.change_rules("遇节假日: 照常", "遇节假日: 停报")
    assert told(published) == {"任务": [f"{WEEKLY}：2023-01-27 期应报 2023-01-27 17:00 → 停报"]}


def test_another_weekday_loses_the_periods_and_what_was_received_for_them(published: Office):
    published.change_rules("每周五 17:00", "每周四 17:00")
    found = told(published)
    assert found["任务"] == [
        f"{WEEKLY}：少了 2022-12-09 至 2023-01-06 共5期，已收下的2份记在其中，不再进表",
        f"{WEEKLY}：多了 2022-12-08 至 2023-01-05 共5期",
    ]
    assert f"{WEEKLY} 2022-12-08 期（新的一期）：未报 3 个" in found["状态"]


def test_a_task_renamed_is_one_gone_and_one_new(published: Office):
    published.change_rules(f"  {WEEKLY}:\n", "  月报:\n")
    gone, fresh = told(published)["任务"]
    assert gone.startswith(f"{WEEKLY}：删去 2022-12-09 至")
    assert fresh == "月报：新任务，有 2022-12-09 至 2023-01-06 共5期"


def test_a_unit_added_a_unit_gone_a_category_and_an_alias_are_told(published: Office):
    published.change_rules("    - 县水利局\n", "    - {名称: 县林业局, 别名: [林草局]}\n")
    published.change_rules("县住房和城乡建设局", "城建局")
    published.change_rules("  本办:\n    - 县发改局\n  其他责任单位:\n", "  其他责任单位:\n    - 县发改局\n")
    found = told(published)
    assert found["名册"] == [
        "加上 县林业局（部门）",
        "县住建局：别名加上 城建局，去掉 县住房和城乡建设局（只影响以后收表）",
        "去掉 县水利局（部门）",
        "县发改局：本办 → 其他责任单位",
    ]
    assert f"{PLACE} 期：县林业局 不用报 → 未报" in found["状态"]
    assert f"{PLACE} 期：县水利局 按时 → 不用报" in found["状态"]
    assert any(text.startswith(f"{SUMMARY}：内容有变，{PLACE}") for text in found["出表"])


def test_a_unit_renamed_with_its_former_name_beside_it_is_told_once_and_changes_no_state(published: Office):
    published.change_rules("    - 县水利局\n", "    - {名称: 县水务局, 别名: [县水利局, 水务局], 至: 2023-01-06}\n")
    found = told(published)
    assert found["名册"] == [
        "更名 县水利局 → 县水务局，报过的表仍算它的",
        "县水务局：在册改为 始终 至 2023-01-06",
        "县水务局：别名加上 水务局（只影响以后收表）",
    ]
    assert "状态" not in found
    assert any(text.startswith(f"{SUMMARY}：内容有变，{PLACE}") for text in found["出表"])


def test_a_unit_joined_to_another_is_no_rename(published: Office):
    published.change_rules("    - 县水利局\n", "")
    published.change_rules("别名: [县住房和城乡建设局]", "别名: [县住房和城乡建设局, 县水利局]")
    found = told(published)
    assert found["名册"] == ["县住建局：别名加上 县水利局（只影响以后收表）", "去掉 县水利局（部门）"]
    assert f"{PLACE} 期：县水利局 按时 → 不用报" in found["状态"]


def test_another_order_and_another_time_on_the_roster_are_told(published: Office):
    published.change_rules(
        "    - {名称: 县住建局, 别名: [县住房和城乡建设局]}\n    - 县水利局\n",
        "    - {名称: 县水利局, 至: 2022-12-10}\n    - {名称: 县住建局, 别名: [县住房和城乡建设局]}\n",
    )
    found = told(published, "12-10 09:00")
    assert found["名册"] == ["县水利局：在册改为 始终 至 2022-12-10", "次序有变，各表按新的次序排"]
    assert found["状态"] == [f"{WEEKLY} {SECOND} 期：县水利局 待报 → 不用报"]


def test_of_many_units_a_line_names_a_few_and_their_number(published: Office):
    seven = "".join(f"    - 县第{number}局\n" for number in "一二三四五六七")
    published.change_rules("    - 县水利局\n", f"    - 县水利局\n{seven}")
    few = "县第一局、县第二局、县第三局、县第四局、县第五局、县第六局 等7个单位"
    assert f"{PLACE} 期：{few} 不用报 → 未报" in told(published)["状态"]


def test_an_exemption_changes_a_state(published: Office):
    exempt = "豁免: [{单位: 县住建局, 任务: 周报, 至: 2022-12-16, 理由: 没有项目, 批准: 县发改局}]\n"
    published.change_rules("指标:\n", f"{exempt}指标:\n")
    assert told(published)["状态"] == [f"{PLACE} 期：县住建局 未报 → 免报"]


def test_another_condition_changes_the_figure_worked_out_from_the_rows_in_force(published: Office):
    published.change_rules("条件: 办理进展 = 已办结\n", "条件: 办理进展 = 正在办理\n")
    found = told(published)
    assert found["指标"] == [f"前期手续办结率：{PLACE} 期 93.33%，已达标 → 6.67%，未到节点"]
    assert f"目标完成情况表：内容有变，{PLACE}" in found["出表"]
    assert not any(text.startswith(SUMMARY) for text in found["出表"])


def test_another_target_is_told_with_the_verdict_it_changes(published: Office):
    published.change_rules("达到: 70%", "达到: 95%, 力争: 99%")
    found = told(published)
    goal = "前期手续办结率：达到 70%（截止 2023-02-25） → 达到 95%、力争 99%（截止 2023-02-25）"
    assert found["目标"] == [goal]
    assert found["指标"] == [f"前期手续办结率：{PLACE} 期 93.33%，已达标 → 93.33%，未到节点"]


def test_an_indicator_dropped_and_one_added_are_told(published: Office):
    published.change_rules("  前期手续办结率:\n", "  办结率:\n")
    published.change_rules("{指标: 前期手续办结率,", "{指标: 办结率,")
    assert told(published)["指标"] == [
        f"前期手续办结率：{PLACE} 期 93.33%，已达标 → （无）",
        f"办结率：{PLACE} 期 （无） → 93.33%，已达标",
    ]


def test_a_list_says_how_many_it_holds(published: Office):
    published.change_rules("条件: 办理进展 = 正在办理", "条件: 办理进展 = 已办结")
    found = told(published)
    assert found["清单"] == [f"县级手续分解清单：{PLACE} 期 1项 → 14项"]
    assert f"手续分解清单：内容有变，{PLACE}" in found["出表"]


def test_a_workbook_that_is_no_more_and_a_new_one_are_told(published: Office):
    published.change_rules(LIST, "")
    assert f"手续分解清单：不再出，{PLACE}" in told(published)["出表"]
    published.take("12-09 16:40", publish=True)
    published.change_rules("目标:\n", f"{LIST}目标:\n")
    assert f"手续分解清单：新出，{PLACE}" in told(published)["出表"]


def test_once_published_the_edit_is_what_the_next_is_held_against(published: Office):
    published.change_rules("达到: 70%", "达到: 75%")
    published.take("12-09 16:40", publish=True)
    assert told(published) == {}
    published.change_rules("达到: 75%", "达到: 70%")
    assert told(published)["目标"] == ["前期手续办结率：达到 75%（截止 2023-02-25） → 达到 70%（截止 2023-02-25）"]
    assert len(list((published.workspace.state / FOLDER).iterdir())) == 2


def test_rules_edited_while_a_pass_runs_are_not_taken_for_those_it_published_under(small: Office):
    small.drop("古阳镇/a.xlsx", form_one(project("甲")))
    with small.engine(lambda _: None) as engine:
        small.change_rules("每周五 17:00", "每周五 16:00")
        engine.publish(at("12-09 16:30"))
    assert told(small) is None
    assert list((small.workspace.state / FOLDER).glob("*")) == []


def test_rules_under_which_not_all_could_be_published_are_not_yet_those_published_under(published: Office):
    published.change_rules("达到: 70%", "达到: 75%")
    (published.home / "templates_xlsx" / "报送情况及迟报名单.xlsx").write_bytes(b"PK\x03\x04 garbage")
    published.take("12-09 16:40", publish=True)
    assert told(published)["目标"]


def test_a_copy_that_was_altered_is_not_compared_with_and_the_next_pass_keeps_a_new_one(published: Office):
    [folder] = (published.workspace.state / FOLDER).iterdir()
    with (folder / "guxian.yaml").open("a", encoding="utf-8") as file:
        file.write("# 改过\n")
    assert told(published) is None
    shutil.rmtree(folder)
    published.take("12-09 16:40", publish=True)
    assert told(published) == {}


# The command


def test_the_command_groups_by_county_and_writes_nothing(published: Office):
    assert "没有变化" in published.cli("rules", "diff").out
    before = {path: path.stat().st_mtime_ns for path in (published.home / "outbox").rglob("*")}
    published.change_rules("达到: 70%", "达到: 75%")
    ended = published.cli("rules", "diff", "--as-of", "2022-12-09T17:30")
    assert (ended.status, ended.err) == (0, "")
    county, target, *_ = ended.out.splitlines()
    assert county == "古县"
    assert target.startswith("  目标  前期手续办结率：达到 70%")
    assert {path: path.stat().st_mtime_ns for path in (published.home / "outbox").rglob("*")} == before


def test_broken_rules_end_in_2_and_the_other_county_is_still_compared(published: Office):
    shutil.copy(published.home / "rules" / "guxian.yaml", published.home / "rules" / "huozhou.yaml")
    published.change_rules("每周五 17:00", "每周八 17:00")
    ended = published.cli("rules", "diff")
    assert ended.status == 2
    assert "每周八" in ended.err
    assert "还没有按规则出过表" in ended.out
