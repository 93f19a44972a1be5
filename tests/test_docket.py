"""Dockets: what opens entries, what their numbers are, whose word stands, when they escalate, close and leave."""

import datetime as dt
import random
import re
import shutil

import openpyxl
import pytest
from building import counties
from conftest import Office, at, saved, table
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from xmreport.examine import examine, open_desk
from xmreport.facts import Facts
from xmreport.model.dates import CHINA, PartialDate
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.submission import Row
from xmreport.rulebook.loading.folder import load_rulebook
from xmreport.tables.dockets.entries import stand
from xmreport.tables.dockets.events import offices
from xmreport.tables.dockets.matters import matters
from xmreport.tables.dockets.workbooks import docket_workbooks, kept_dockets
from xmreport.tables.head import Occasion
from xmreport.tables.standing import Backlog
from xmreport.workbooks.official import build
from xmreport.workspace import shipped

COUNTY = """
县区: 长子县
层级: 县
区划代码: 140428
依据: 长子政办发〔2020〕66号
发文日期: 2020-09-01
适用年度: 2020
单位:
  部门:
    - {名称: 县住建局, 别名: [县住房和城乡建设局]}
    - 县水利局
  本办:
    - 县发改局
"""
PROBLEM_DOCKET = """
  问题台账:
    报表: 问题台账
    编号列: 编号
    编号前缀: WT
    时限: 时限
    办结: 状态 = 销号
    升级:
      - {超期: 1, 颜色: 黄, 措施: 提醒责任单位}
      - {超期: 15, 颜色: 橙, 措施: 约谈责任人}
      - {超期: 30, 颜色: 红, 措施: 提请县领导督办}
    入账:
      - 报表: 前期手续办理情况表
        条件: 需协调解决的问题 不为空
        取: {项目: 项目名称, 项目代码: 项目代码, 问题: 需协调解决的问题, 层级: 协调层级, 责任单位: 责任单位}
        写: {状态: 发现}
      - 报表: 重点项目进度台账
        条件: 前期计划完成日 < 截止日 且 前期实际完成日 为空
        取: {项目: 项目名称, 责任单位: 责任单位, 时限: 前期计划完成日}
        写: {问题: 谋划项目前期工作未按时完成, 状态: 发现}
      - 报表: 重点项目进度台账
        条件: 计划开工日 < 截止日 且 实际开工日 为空
        取: {项目: 项目名称, 责任单位: 责任单位, 时限: 计划开工日}
        写: {问题: 计划开工项目未按时开工, 状态: 发现}
      - 报表: 重点项目进度台账
        条件: 计划竣工日 < 截止日 且 实际竣工日 为空
        取: {项目: 项目名称, 责任单位: 责任单位, 时限: 计划竣工日}
        写: {问题: 在建项目未按时竣工, 状态: 发现}
      - 报表: 月调度专报
        条件: 完成时限 < 截止日 且 非 (是否落实 = 是)
        取: {项目: 项目, 责任单位: 责任单位, 时限: 完成时限}
        写: {问题: 调度任务未按时落实, 状态: 发现}
    出处: 一
"""
NOTICE_DOCKET = """
  挂牌督办:
    报表: 挂牌督办台账
    编号列: 督办编号
    编号前缀: DB
    时限: 复函期限
    推算: {列: 复函期限, 自: 送达日, 工作日: 3}
    办结: 状态 = 销号
    通知书: 是
    升级:
      - {超期: 1, 颜色: 红, 措施: 通报}
    入账:
      - {报表: 督办复函, 并入: 督办编号, 写: {状态: 已复函}}
    出处: 一
"""
POOL_DOCKET = """
  项目储备总库:
    报表: 建设项目表
    不再报送即出账: 是
    入账:
      - {报表: 建设项目表}
    出处: 一
"""
F1, PROGRESS, REPORT, PROBLEMS = "前期手续办理情况表", "重点项目进度台账", "月调度专报", "问题台账"
NOTICES, ANSWER, POOL = "挂牌督办台账", "督办复函", "建设项目表"
UNITS, BOTH, OFFICE_ONLY = "[部门]", "[部门, 本办]", "[本办]"
TASKS = {
    F1: ("手续周报", "每周五 17:00", UNITS),
    PROBLEMS: ("问题台账", "按需", BOTH),
    PROGRESS: ("进度台账", "按需", UNITS),
    REPORT: ("专报", "按需", UNITS),
    NOTICES: ("督办", "按需", OFFICE_ONLY),
    ANSWER: ("复函", "按需", UNITS),
    POOL: ("储备", "按需", BOTH),
}


def rules(forms, *dockets):
    """The county's file with a task for each of these forms."""
    task = (
        "  {0}: {{报表: {form}, 时限: {1}, 起止: 2020-09-01 至 2021-12-31, 应报单位: {2}, 报送至: 县发改局, 出处: 一}}"
    )
    tasks = "\n".join(task.format(*TASKS[form], form=form) for form in forms)
    forms_used = "\n".join(f"  {form}: {{出处: 一}}" for form in forms)
    return "\n".join([COUNTY, "任务:", tasks, "报表:", forms_used, "台账:", *dockets])


RULES = rules(TASKS, PROBLEM_DOCKET, NOTICE_DOCKET, POOL_DOCKET)
OWN = PROBLEM_DOCKET[: PROBLEM_DOCKET.index("    入账:")] + "    入账: [{报表: 问题台账}]\n    出处: 一\n"
"""The docket of problems that nothing opens but its own form."""


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    return county_of(RULES, tmp_path_factory.mktemp("rules"))


def county_of(text, folder):
    """The county whose file this is."""
    shutil.copytree(shipped("rules") / "forms", folder / "forms")
    (folder / "zhangzi.yaml").write_text(text, "utf-8")
    book = load_rulebook(folder)
    assert not book.all_faults, book.all_faults
    return book.counties["zhangzi"]


def day(text):
    return PartialDate.parse(text)


class History:
    """Returns as the ledger holds them: each with its rows."""

    def __init__(self):
        self.receipts, self.rows = [], {}

    def came(self, unit, form, moment, *lines, file=None, period=None, task=None):
        """An accepted return; the first body row is row 6."""
        seq = len(self.receipts) + 1
        self.rows[seq] = tuple(Row("Sheet1", 6 + place, line) for place, line in enumerate(lines))
        name = file or f"{unit}{form}.xlsx"
        receipt = Receipt(
            f"inbox/zhangzi/{name}",
            "0" * 64,
            1,
            Outcome.ACCEPTED,
            at(f"2020-{moment}"),
            "",
            "zhangzi",
            unit,
            form,
            task or TASKS[form][0],
            period,
            seq=seq,
        )
        self.receipts.append(receipt)
        return self

    def shuffled(self):
        return random.sample(self.receipts, len(self.receipts))


@pytest.fixture
def history():
    return History()


def standing(county, docket, history, now):
    return stand(county, county.dockets[docket], history.shuffled(), history.rows, at(f"2020-{now}"))


def shown(county, docket, history, now):
    """The docket as it is printed: one mapping an entry, blank columns left out."""
    rules = county.dockets[docket]
    found = standing(county, docket, history, now)
    form = county.forms[rules.rules.form]
    made = matters(rules, form, found.entries, at(f"2020-{now}").date())
    return [{name: value for name, value in each.values.items() if value is not None} for each in made]


def problem(project, text, **more):
    return {"项目名称": project, "需协调解决的问题": text, "协调层级": "县", "责任单位": "县住建局"} | more


def test_a_row_that_meets_the_condition_opens_an_entry_with_its_number(county, history):
    history.came("县住建局", F1, "09-18 10:00", problem("甲路", "缺用地指标"), problem("乙桥", None))
    [entry] = shown(county, "问题台账", history, "09-18 17:00")
    assert entry == {
        "编号": "WT2020-001",
        "项目": "甲路",
        "问题": "缺用地指标",
        "层级": "县",
        "责任单位": "县住建局",
        "状态": "发现",
        "入账日": day("2020-09-18"),
        "来源": "县住建局：县住建局前期手续办理情况表.xlsx，Sheet1第6行",
    }


@pytest.mark.parametrize(("day", "numbers"), [("2020-09-01", ["WT2020-001"]), ("2020-10-01", [])])
def test_a_condition_may_speak_of_the_day_alone(tmp_path, history, day, numbers):
    text = RULES.replace("条件: 需协调解决的问题 不为空", f"条件: 截止日 ≥ {day}", 1)
    history.came("县住建局", F1, "09-18 10:00", problem("甲路", "缺用地指标"))
    found = shown(county_of(text, tmp_path), PROBLEMS, history, "09-30 10:00")
    assert [each["编号"] for each in found] == numbers


def test_a_matter_may_end_on_a_day(tmp_path, history):
    text = RULES.replace("办结: 状态 = 销号", "办结: 截止日 ≥ 2020-10-01", 1)
    history.came("县住建局", F1, "09-18 10:00", problem("甲路", "缺用地指标"))
    ended = county_of(text, tmp_path)
    assert not standing(ended, PROBLEMS, history, "09-30 10:00").entries[0].closed
    assert standing(ended, PROBLEMS, history, "10-09 10:00").entries[0].closed


def test_the_same_matter_reported_again_adds_to_its_entry_and_opens_none(county, history):
    history.came("县住建局", F1, "09-18 10:00", problem("甲路", "缺用地指标"))
    history.came("县住建局", F1, "09-25 10:00", problem("甲路", "缺用地 指标", 项目代码="2009-140428-89-01-123456"))
    history.came("县水利局", F1, "09-26 10:00", problem("甲路", "缺用地指标"))
    [entry] = shown(county, "问题台账", history, "09-30 10:00")
    assert entry["编号"] == "WT2020-001"
    assert entry["项目代码"] == "2009-140428-89-01-123456"
    assert entry["来源"].endswith("Sheet1第6行；另有县水利局")


def test_numbers_follow_the_order_of_opening_and_skip_those_that_rows_bring(county, history):
    history.came(
        "县发改局",
        PROBLEMS,
        "09-10 09:00",
        {"编号": "WT2020-002", "项目": "旧事", "问题": "旧", "责任单位": "县水利局"},
    )
    history.came("县住建局", F1, "09-18 09:00", problem("甲路", "一"))
    history.came("县水利局", F1, "09-18 10:00", problem("乙桥", "二"), problem("丙库", "三"))
    numbers = {entry["项目"]: entry["编号"] for entry in shown(county, "问题台账", history, "09-20 10:00")}
    assert numbers == {"旧事": "WT2020-002", "甲路": "WT2020-001", "乙桥": "WT2020-003", "丙库": "WT2020-004"}


def test_the_number_bears_the_year_of_opening(county, history):
    history.came("县住建局", F1, "09-18 09:00", problem("甲路", "一"))
    history.came("县住建局", F1, "12-31 09:00", problem("乙桥", "二"))
    history.receipts[-1] = replace(history.receipts[-1], arrived_at=at("2021-01-04 09:00"))
    found = stand(county, county.dockets["问题台账"], history.receipts, history.rows, at("2021-02-01 00:00"))
    assert [entry.number for entry in found.entries] == ["WT2020-001", "WT2021-001"]


SENDERS = ["县住建局", "县水利局", "县发改局"]
DAYS = st.integers(1, 28).map(lambda number: f"09-{number:02d}")
LINES = st.lists(
    st.tuples(st.sampled_from("甲乙丙丁"), st.sampled_from(["一", "二"]), st.sampled_from([None, "WT2020-002", "自1"])),
    max_size=3,
)
PLANS = st.lists(st.tuples(st.sampled_from("子丑寅"), DAYS, st.none() | DAYS), max_size=2)


def test_a_number_once_given_never_changes_whatever_comes_later(county):
    # Inside, so that the county is no part of the examples: what fails is shown without it.
    @settings(max_examples=60)
    @given(
        returns=st.lists(st.tuples(st.sampled_from(SENDERS), DAYS, LINES, PLANS), max_size=7),
        moments=st.tuples(DAYS, DAYS).map(sorted),
    )
    def holds(returns, moments):
        history = History()
        for unit, came, lines, plans in sorted(returns, key=lambda each: each[1]):
            rows = [
                {"项目": name, "问题": text, "编号": number, "责任单位": "县住建局"} for name, text, number in lines
            ]
            history.came(unit, PROBLEMS, f"{came} 10:00", *rows)
            due = [
                {
                    "项目名称": name,
                    "责任单位": "县住建局",
                    "计划开工日": day(f"2020-{plan}"),
                    "实际开工日": done and day(f"2020-{done}"),
                }
                for name, plan, done in plans
            ]
            history.came(unit, PROGRESS, f"{came} 11:00", *due)

        def numbered(now):
            return [
                (entry.number, entry.opened.receipt.seq, entry.opened.row.row, entry.opened.day)
                for entry in standing(county, "问题台账", history, f"{now} 12:00").entries
            ]

        earlier, later = map(numbered, moments)
        assert later[: len(earlier)] == earlier
        assert len({number for number, *_ in later}) == len(later)

    holds()


def test_what_is_entered_afterwards_with_an_earlier_time_takes_no_number_from_what_was_there(county, history):
    history.came("县住建局", F1, "09-10 10:00", problem("甲路", "一"))
    history.came("县住建局", PROGRESS, "09-12 10:00", four_overdue(计划开工日=day("2020-09-13")))
    history.came("县水利局", F1, "09-14 10:00", problem("乙桥", "二"))
    before = [(entry["项目"], entry["编号"]) for entry in shown(county, "问题台账", history, "09-15 10:00")]
    history.came(
        "县发改局", PROBLEMS, "09-15 10:00", office_line(编号="WT2020-003", 项目="乙桥", 问题="二", 进展="在谈")
    )
    history.came("县水利局", F1, "09-09 10:00", problem("丙库", "三"), problem("乙桥", "二"))
    history.came("县住建局", PROGRESS, "09-12 11:00", four_overdue(计划开工日=day("2020-12-01")))
    after = {entry["项目"]: entry for entry in shown(county, "问题台账", history, "09-16 10:00")}
    assert before == [("煤层气", "WT2020-002"), ("甲路", "WT2020-001"), ("乙桥", "WT2020-003")]
    assert {name: entry["编号"] for name, entry in after.items()} == {
        "甲路": "WT2020-001",
        "乙桥": "WT2020-003",
        "丙库": "WT2020-004",
    }
    assert after["乙桥"]["进展"] == "在谈"
    assert after["乙桥"]["入账日"] == day("2020-09-09")


def four_overdue(**changed):
    dates = {
        "前期计划完成日": None,
        "前期实际完成日": None,
        "计划开工日": None,
        "实际开工日": None,
        "计划竣工日": None,
        "实际竣工日": None,
    }
    return {"项目名称": "煤层气", "责任单位": "县住建局"} | dates | changed


@pytest.mark.parametrize(
    ("form", "line", "text"),
    [
        (PROGRESS, four_overdue(前期计划完成日=day("2020-09-20")), "谋划项目前期工作未按时完成"),
        (PROGRESS, four_overdue(计划开工日=day("2020-09-20")), "计划开工项目未按时开工"),
        (PROGRESS, four_overdue(计划竣工日=day("2020-09-20")), "在建项目未按时竣工"),
        (
            REPORT,
            {"项目": "煤层气", "责任单位": "县住建局", "完成时限": day("2020-09-20"), "是否落实": "否"},
            "调度任务未按时落实",
        ),
    ],
)
def test_each_kind_of_overdue_opens_an_entry_on_the_day_after_its_day(county, history, form, line, text):
    history.came("县住建局", form, "09-10 10:00", line)
    assert shown(county, "问题台账", history, "09-20 23:59") == []
    [entry] = shown(county, "问题台账", history, "09-21 00:00")
    assert (entry["问题"], entry["入账日"], entry["时限"]) == (text, day("2020-09-21"), day("2020-09-20"))
    assert entry["剩余/超期（天）"] == "超期1天"


def test_a_month_is_over_on_the_first_of_the_next(county, history):
    history.came("县住建局", PROGRESS, "09-10 10:00", four_overdue(计划开工日=day("2020-09")))
    assert shown(county, "问题台账", history, "09-30 23:00") == []
    assert [entry["入账日"] for entry in shown(county, "问题台账", history, "11-05 09:00")] == [day("2020-10-01")]


def test_a_day_that_passes_after_a_newer_return_opens_nothing_for_the_older_one(county, history):
    history.came("县住建局", PROGRESS, "09-10 10:00", four_overdue(计划开工日=day("2020-09-20")))
    history.came(
        "县住建局", PROGRESS, "09-20 18:00", four_overdue(计划开工日=day("2020-09-20"), 实际开工日=day("2020-09-18"))
    )
    assert shown(county, "问题台账", history, "10-20 10:00") == []


def test_a_matter_that_was_overdue_stays_until_somebody_closes_it(county, history):
    history.came("县住建局", PROGRESS, "09-10 10:00", four_overdue(计划开工日=day("2020-09-20")))
    history.came(
        "县住建局", PROGRESS, "09-25 10:00", four_overdue(计划开工日=day("2020-09-20"), 实际开工日=day("2020-09-24"))
    )
    [entry] = shown(county, "问题台账", history, "09-26 10:00")
    assert entry["状态"] == "发现"


@pytest.mark.parametrize(
    ("now", "left", "colour"),
    [
        ("09-19 10:00", "剩1天", None),
        ("09-20 10:00", "今日到期", None),
        ("09-21 10:00", "超期1天", "黄色：提醒责任单位"),
        ("10-04 10:00", "超期14天", "黄色：提醒责任单位"),
        ("10-05 10:00", "超期15天", "橙色：约谈责任人"),
        ("10-20 10:00", "超期30天", "红色：提请县领导督办"),
    ],
)
def test_colours_deepen_by_the_day(county, history, now, left, colour):
    history.came("县发改局", PROBLEMS, "09-10 10:00", office_line(时限=day("2020-09-20")))
    [entry] = shown(county, "问题台账", history, now)
    assert (entry["剩余/超期（天）"], entry.get("预警")) == (left, colour)


def test_what_is_open_whose_is_overdue_and_what_the_colours_mean_is_told(county, history):
    lines = [office_line(问题=f"第{number}个", 时限=day(f"2020-09-{number}")) for number in (19, 20, 25)]
    history.came("县发改局", PROBLEMS, "09-10 10:00", *lines, office_line(问题="办完了的", 状态="销号"))
    task = county.tasks[county.dockets["问题台账"].task]
    occasion = Occasion(county, task, task.periods[0], at("2020-09-21 10:00"))
    [kept] = kept_dockets(occasion, (), history.receipts, history.rows)
    assert kept.backlog == Backlog("问题台账", 3, {"县住建局": 2})
    [ledger, *_] = next(docket_workbooks(occasion, [kept])).sheets
    legend = "黄色，超期满1天，提醒责任单位；橙色，超期满15天，约谈责任人；红色，超期满30天，提请县领导督办"
    assert f"注：预警：{legend}。" in ledger.notes


def office_line(**more):
    return {"项目": "甲路", "问题": "缺用地指标", "责任单位": "县住建局", "状态": "发现"} | more


def test_units_with_as_many_matters_stand_in_the_order_of_the_roster(county, history):
    units = county.roster.names
    owners = [units[2], units[1], units[0], units[2]]
    lines = [office_line(问题=f"第{at}个", 责任单位=owner) for at, owner in enumerate(owners)]
    history.came("县发改局", PROBLEMS, "09-10 10:00", *lines)
    task = county.tasks[county.dockets["问题台账"].task]
    occasion = Occasion(county, task, task.periods[0], at("2020-09-21 10:00"))
    figures = next(docket_workbooks(occasion, kept_dockets(occasion, (), history.receipts, history.rows))).sheets[1]
    told = [line.values.get("责任单位") for line in figures.lines if line.kind == "明细"]
    assert told == [units[2], units[0], units[1]]


def test_a_closed_entry_has_no_days_left_and_shows_the_day_it_closed(county, history):
    history.came("县发改局", PROBLEMS, "09-10 10:00", office_line(时限=day("2020-09-20")))
    history.came(
        "县发改局", PROBLEMS, "10-08 10:00", office_line(编号="WT2020-001", 时限=day("2020-09-20"), 状态="销号")
    )
    [entry] = shown(county, "问题台账", history, "11-30 10:00")
    assert entry["办结日"] == day("2020-10-08")
    assert "剩余/超期（天）" not in entry
    assert "预警" not in entry


def test_a_reopened_entry_forgets_the_day_it_closed_even_if_that_comes_back_in_the_workbook(county, history):
    history.came("县发改局", PROBLEMS, "09-10 10:00", office_line())
    history.came("县发改局", PROBLEMS, "10-08 10:00", office_line(编号="WT2020-001", 状态="销号"))
    history.came(
        "县发改局", PROBLEMS, "10-09 10:00", office_line(编号="WT2020-001", 状态="督办", 办结日=day("2020-10-08"))
    )
    [entry] = shown(county, "问题台账", history, "10-10 10:00")
    assert entry["状态"] == "督办"
    assert "办结日" not in entry


def test_a_reopened_entry_forgets_the_day_that_the_office_gave_as_it_closed_it(county, history):
    history.came("县发改局", PROBLEMS, "09-10 10:00", office_line())
    settled = office_line(编号="WT2020-001", 状态="销号", 办结日=day("2020-10-06"))
    history.came("县发改局", PROBLEMS, "10-08 10:00", settled)
    assert shown(county, "问题台账", history, "10-08 11:00")[0]["办结日"] == day("2020-10-06")
    for moment in ("10-09 10:00", "10-10 10:00"):
        history.came("县发改局", PROBLEMS, moment, settled | {"状态": "督办"})
        [entry] = shown(county, "问题台账", history, moment)
        assert (entry["状态"], entry.get("办结日")) == ("督办", None)


@pytest.mark.parametrize("opened_by", ["县发改局", "县住建局"])
@pytest.mark.parametrize("said", [{}, {"办结日": PartialDate(2020, 9, 8)}])
def test_a_reopened_entry_forgets_the_day_with_which_it_was_entered(tmp_path, history, opened_by, said):
    settled = office_line(状态="销号", 办结日=PartialDate(2020, 9, 8))
    history.came(opened_by, PROBLEMS, "09-10 10:00", settled)
    history.came("县发改局", PROBLEMS, "10-09 10:00", office_line(编号="WT2020-001", 状态="督办", **said))
    [entry] = shown(county_of(rules([PROBLEMS], OWN), tmp_path), PROBLEMS, history, "10-09 11:00")
    assert (entry["状态"], entry.get("办结日")) == ("督办", None)


def test_the_office_s_word_stands_above_what_units_say_later(county, history):
    history.came("县住建局", F1, "09-18 10:00", problem("甲路", "缺用地指标"))
    history.came("县发改局", PROBLEMS, "09-19 10:00", office_line(编号="WT2020-001", 层级="市", 进展="已报市局"))
    history.came("县住建局", F1, "09-25 10:00", problem("甲路", "缺用地指标", 协调层级="省"))
    [entry] = shown(county, "问题台账", history, "09-30 10:00")
    assert (entry["层级"], entry["进展"]) == ("市", "已报市局")


def test_a_cell_that_comes_back_as_it_was_printed_is_no_edit(county, history):
    history.came("县住建局", F1, "09-18 10:00", problem("甲路", "缺用地指标"))
    printed = office_line(编号="WT2020-001", 层级="县")
    history.came("县住建局", F1, "09-25 09:00", problem("甲路", "缺用地指标", 协调层级="省"))
    history.came("县发改局", PROBLEMS, "09-25 10:00", printed | {"进展": "正在组卷"})
    [entry] = shown(county, "问题台账", history, "09-30 10:00")
    assert (entry["层级"], entry["进展"]) == ("省", "正在组卷")


def test_the_office_may_take_its_own_word_back(county, history):
    history.came("县住建局", F1, "09-18 10:00", problem("甲路", "缺用地指标"))
    history.came("县发改局", PROBLEMS, "09-19 10:00", office_line(编号="WT2020-001", 状态="销号"))
    [entry] = shown(county, "问题台账", history, "09-20 10:00")
    assert entry["来源"].endswith("第6行；县发改局改于2020-09-19 10:00")
    history.came("县发改局", PROBLEMS, "09-20 11:00", entry | {"状态": "发现"})
    [entry] = shown(county, "问题台账", history, "09-21 10:00")
    assert entry["状态"] == "发现"
    assert "办结日" not in entry


def test_a_copy_kept_from_before_an_edit_does_not_undo_it(county, history):
    history.came("县住建局", F1, "09-18 10:00", problem("甲路", "缺用地指标"))
    [early] = shown(county, "问题台账", history, "09-18 12:00")
    history.came("县发改局", PROBLEMS, "09-19 10:00", early | {"状态": "督办"})
    [between] = shown(county, "问题台账", history, "09-19 12:00")
    history.came("县发改局", PROBLEMS, "09-19 13:00", between | {"层级": "省"})
    history.came("县发改局", PROBLEMS, "09-20 10:00", early | {"进展": "已会商"})
    history.came("县发改局", PROBLEMS, "09-21 10:00", between | {"责任人": "张三"})
    [entry] = shown(county, "问题台账", history, "09-22 10:00")
    assert [entry[name] for name in ("状态", "层级", "进展", "责任人")] == ["督办", "省", "已会商", "张三"]


def test_a_unit_that_fills_in_a_copy_of_the_docket_rewrites_nothing_it_left_as_it_was(county, history):
    history.came("县住建局", F1, "09-18 10:00", problem("甲路", "缺用地指标"))
    [copy] = shown(county, "问题台账", history, "09-18 12:00")
    history.came("县住建局", F1, "09-25 10:00", problem("甲路", "缺用地指标", 协调层级="省"))
    history.came("县水利局", PROBLEMS, "09-26 10:00", copy | {"进展": "已办好水保"})
    [entry] = shown(county, "问题台账", history, "09-27 10:00")
    assert (entry["层级"], entry["进展"]) == ("省", "已办好水保")


def test_a_blank_cell_and_a_deleted_row_take_nothing_away(county, history):
    history.came("县住建局", F1, "09-18 10:00", problem("甲路", "一"), problem("乙桥", "二"))
    history.came(
        "县发改局",
        PROBLEMS,
        "09-19 10:00",
        {"编号": "WT2020-001", "项目": "甲路", "问题": "一", "层级": None, "状态": "交办"},
    )
    entries = {entry["项目"]: entry for entry in shown(county, "问题台账", history, "09-30 10:00")}
    assert set(entries) == {"甲路", "乙桥"}
    assert (entries["甲路"]["层级"], entries["甲路"]["状态"]) == ("县", "交办")


def test_a_row_that_the_office_adds_opens_an_entry_that_units_do_not_rewrite(county, history):
    history.came("县发改局", PROBLEMS, "09-10 10:00", office_line(责任人="张三"))
    history.came("县住建局", PROBLEMS, "09-12 10:00", office_line(责任人="李四", 类别="用地"))
    [entry] = shown(county, "问题台账", history, "09-30 10:00")
    assert (entry["编号"], entry["责任人"], entry["类别"]) == ("WT2020-001", "张三", "用地")


def test_two_units_that_count_their_own_matters_from_one_are_not_mixed_up(county, history):
    history.came("县住建局", PROBLEMS, "09-10 10:00", office_line(编号="1"))
    history.came(
        "县水利局", PROBLEMS, "09-11 10:00", office_line(编号="1", 项目="乙库", 问题="缺资金", 责任单位="县水利局")
    )
    found = standing(county, "问题台账", history, "09-30 10:00")
    assert [(entry.number, entry.values["项目"]) for entry in found.entries] == [("1", "甲路"), ("WT2020-001", "乙库")]
    assert "县水利局“县水利局问题台账.xlsx”工作表“Sheet1”第6行写的编号“1”已用于另一事项" in found.notes[0]


def test_a_row_that_cannot_be_told_apart_is_said_and_not_entered(county, history):
    history.came("县发改局", PROBLEMS, "09-10 10:00", {"项目": "甲路", "责任单位": "县住建局"})
    found = standing(county, "问题台账", history, "09-30 10:00")
    assert found.entries == ()
    assert "没有写全项目、问题" in found.notes[0]


def test_open_entries_come_first_the_most_urgent_on_top(county, history):
    history.came(
        "县发改局",
        PROBLEMS,
        "09-10 10:00",
        office_line(项目="销号的", 状态="销号"),
        office_line(项目="没时限的"),
        office_line(项目="不急的", 时限=day("2020-12-01")),
        office_line(项目="超期的", 时限=day("2020-09-01")),
    )
    assert [entry["项目"] for entry in shown(county, "问题台账", history, "09-30 10:00")] == [
        "超期的",
        "不急的",
        "没时限的",
        "销号的",
    ]


NOTICE = {"督办对象": "县住建局", "项目": "甲路", "事项": "迟迟未开工", "送达日": day("2020-09-29"), "状态": "督办"}
REPLY = {
    "督办编号": "DB2020-001",
    "解决办法": "增加班组",
    "责任单位": "县住建局",
    "责任领导": "张三",
    "责任人": "李四",
    "解决时限": day("2020-10-31"),
}


def test_the_day_of_reply_is_three_working_days_on_over_the_holidays(county, history):
    history.came("县发改局", NOTICES, "09-29 10:00", NOTICE)
    [notice] = shown(county, "挂牌督办", history, "09-30 10:00")
    assert (notice["督办编号"], notice["复函期限"]) == ("DB2020-001", day("2020-10-10"))
    assert notice["剩余/超期（天）"] == "剩10天"


def test_another_day_of_delivery_moves_the_worked_out_day_with_it(county, history):
    history.came("县发改局", NOTICES, "09-29 10:00", NOTICE)
    edited = NOTICE | {"督办编号": "DB2020-001", "送达日": day("2020-09-30"), "复函期限": day("2020-10-10")}
    history.came("县发改局", NOTICES, "09-30 10:00", edited)
    [notice] = shown(county, "挂牌督办", history, "09-30 12:00")
    assert notice["复函期限"] == day("2020-10-12")


def test_a_reply_fills_its_columns_and_opens_nothing(county, history):
    history.came("县发改局", NOTICES, "09-29 10:00", NOTICE)
    history.came("县住建局", ANSWER, "10-09 16:00", REPLY)
    [notice] = shown(county, "挂牌督办", history, "10-12 10:00")
    assert {name: notice[name] for name in REPLY} == REPLY
    assert (notice["复函日"], notice["状态"]) == (day("2020-10-09"), "已复函")


def test_what_the_office_decides_after_a_reply_stands_when_the_reply_comes_again(county, history):
    history.came("县发改局", NOTICES, "09-29 10:00", NOTICE)
    history.came("县住建局", ANSWER, "10-09 16:00", REPLY)
    history.came("县发改局", NOTICES, "10-20 10:00", NOTICE | {"督办编号": "DB2020-001", "状态": "销号"})
    history.came("县住建局", ANSWER, "10-21 16:00", REPLY | {"责任人": "王五"})
    [notice] = shown(county, "挂牌督办", history, "10-22 10:00")
    assert (notice["状态"], notice["责任人"], notice["复函日"]) == ("销号", "王五", day("2020-10-09"))


def test_a_reply_that_comes_before_its_notice_is_kept_for_it(county, history):
    history.came("县住建局", ANSWER, "09-28 16:00", REPLY | {"督办编号": "长督2号"})
    history.came("县发改局", NOTICES, "09-29 10:00", NOTICE | {"督办编号": "长督2号"})
    [notice] = shown(county, "挂牌督办", history, "09-30 10:00")
    assert (notice["解决办法"], notice["复函日"]) == ("增加班组", day("2020-09-28"))


def test_a_reply_of_another_unit_than_the_one_asked_is_said_and_closes_nothing(county, history):
    history.came("县发改局", NOTICES, "09-29 10:00", NOTICE)
    history.came("县水利局", ANSWER, "10-09 16:00", REPLY)
    found = standing(county, "挂牌督办", history, "10-12 10:00")
    assert "编号“DB2020-001”要求县住建局答复，不是县水利局，没有并入" in found.notes[0]
    [notice] = shown(county, "挂牌督办", history, "10-12 10:00")
    assert ("复函日" in notice, notice.get("状态")) == (False, NOTICE.get("状态"))
    history.came("县发改局", ANSWER, "10-10 16:00", REPLY)  # the office may enter it for the unit
    [notice] = shown(county, "挂牌督办", history, "10-12 10:00")
    assert notice["复函日"] == day("2020-10-10")


@pytest.mark.parametrize("asked", ["县住建局、县水利局", "某某公司"])
def test_where_no_one_unit_of_the_roster_is_asked_whoever_replies_is_heard(county, history, asked):
    history.came("县发改局", NOTICES, "09-29 10:00", NOTICE | {"督办对象": asked})
    history.came("县住建局", ANSWER, "10-09 16:00", REPLY)
    [notice] = shown(county, "挂牌督办", history, "10-12 10:00")
    assert notice["复函日"] == day("2020-10-09")


def test_a_reply_to_an_unknown_number_is_said_in_a_note(county, history):
    history.came("县住建局", ANSWER, "09-28 16:00", REPLY)
    found = standing(county, "挂牌督办", history, "09-30 10:00")
    assert found.entries == ()
    assert "第6行写的编号“DB2020-001”不在台账里" in found.notes[0]


def reserve(name, **more):
    return {"项目名称": name, "项目单位": "城投", "责任单位": "县住建局", "总投资": 100.0} | more


def test_a_project_enters_leaves_and_enters_again(county, history):
    history.came("县住建局", POOL, "09-10 10:00", reserve("甲路"), reserve("乙桥"))
    history.came("县住建局", POOL, "09-20 10:00", reserve("甲路"))
    entries = {entry["项目名称"]: entry for entry in shown(county, "项目储备总库", history, "09-21 10:00")}
    assert "出账日" not in entries["甲路"]
    assert entries["乙桥"]["出账日"] == day("2020-09-20")
    history.came("县住建局", POOL, "10-10 10:00", reserve("甲路"), reserve("乙 桥", 总投资=200.0))
    entries = {
        entry["项目名称"].replace(" ", ""): entry for entry in shown(county, "项目储备总库", history, "10-11 10:00")
    }
    assert "出账日" not in entries["乙桥"]
    assert (entries["乙桥"]["总投资"], entries["乙桥"]["入账日"]) == (200.0, day("2020-09-10"))


def test_a_nil_return_empties_a_unit_s_part_and_no_other(county, history):
    history.came("县住建局", POOL, "09-10 10:00", reserve("甲路"), reserve("乙桥"))
    history.came("县水利局", POOL, "09-11 10:00", reserve("乙桥"))
    history.came("县住建局", POOL, "09-20 10:00")
    entries = {
        entry["项目名称"]: entry.get("出账日") for entry in shown(county, "项目储备总库", history, "09-21 10:00")
    }
    assert entries == {"甲路": day("2020-09-20"), "乙桥": None}


def test_a_project_of_two_units_under_two_keys_is_flagged_and_kept_apart(county, history):
    history.came("县住建局", POOL, "09-10 10:00", reserve("供水（二期）"), reserve("乙桥"))
    history.came("县水利局", POOL, "09-11 10:00", reserve("供水二期", 项目单位="水务公司"))
    flags = {entry["项目名称"]: entry.get("预警") for entry in shown(county, "项目储备总库", history, "09-12 10:00")}
    assert flags == {"供水（二期）": "疑似重复：县水利局", "供水二期": "疑似重复：县住建局", "乙桥": None}


def entry_of(county, docket, history, now, name):
    return next(each for each in shown(county, docket, history, now) if name in each.values())


def test_of_a_project_of_two_units_the_responsible_one_s_words_count_whoever_comes_last(county, history):
    history.came("县住建局", POOL, "09-10 10:00", reserve("甲路", 总投资=2000.0))
    history.came("县水利局", POOL, "09-11 10:00", reserve("甲路", 总投资=99.0, 备注="补充"))
    entry = entry_of(county, "项目储备总库", history, "09-12 10:00", "甲路")
    assert (entry["总投资"], entry["备注"]) == (2000.0, "补充")
    history.came("县住建局", POOL, "09-13 10:00", reserve("乙桥"))  # lets go of it
    assert entry_of(county, "项目储备总库", history, "09-14 10:00", "甲路")["总投资"] == 99.0
    history.came("县住建局", POOL, "09-15 10:00", reserve("甲路", 总投资=2100.0))
    history.came("县水利局", POOL, "09-16 10:00", reserve("丙渠"))
    assert entry_of(county, "项目储备总库", history, "09-17 10:00", "甲路")["总投资"] == 2100.0


def test_a_matter_settled_by_the_unit_that_is_left_with_it_keeps_its_day(county, history):
    matter = {"项目": "甲路", "问题": "缺用地指标", "责任单位": "县住建局"}
    history.came("县住建局", PROBLEMS, "09-10 10:00", matter | {"状态": "交办"})
    history.came("县水利局", PROBLEMS, "09-11 10:00", matter | {"状态": "销号"})
    history.came("县住建局", PROBLEMS, "09-12 10:00")
    for now in ("09-13 10:00", "09-20 10:00"):
        assert shown(county, "问题台账", history, now)[0]["办结日"] == day("2020-09-12")


def test_of_two_units_neither_of_them_responsible_the_first_to_report_counts(county, history):
    history.came("县水利局", POOL, "09-10 10:00", reserve("甲路", 责任单位="城投", 总投资=1.0))
    history.came("县住建局", POOL, "09-11 10:00", reserve("甲路", 责任单位="城投", 总投资=2.0))
    history.came("县水利局", POOL, "09-12 10:00", reserve("甲路", 责任单位="城投", 总投资=3.0))
    assert entry_of(county, "项目储备总库", history, "09-13 10:00", "甲路")["总投资"] == 3.0


MONTHLY = re.sub(r"时限: 按需", "时限: 每月28日 17:00", RULES).replace(
    "任务:\n",
    "任务:\n  摸底: {报表: 建设项目表, 时限: 每月28日 17:00, 起止: 2020-09-01 至 2021-12-31, 应报单位: [部门], "
    "报送至: 县发改局, 出处: 一}\n",
)
SEPTEMBER, OCTOBER = "2020-09-28", "2020-10-28"


@pytest.fixture(scope="module")
def monthly(tmp_path_factory):
    """The same county, whose returns are of months."""
    return county_of(MONTHLY, tmp_path_factory.mktemp("monthly"))


def test_a_late_return_of_an_earlier_month_is_no_news_of_a_pool(monthly, history):
    history.came("县住建局", POOL, "10-26 10:00", reserve("甲路", 总投资=500.0), reserve("乙桥"), period=OCTOBER)
    history.came("县住建局", POOL, "10-27 10:00", reserve("甲路", 总投资=300.0), reserve("丙渠"), period=SEPTEMBER)
    entries = {each["项目名称"]: each for each in shown(monthly, "项目储备总库", history, "10-28 10:00")}
    assert {name: (each["总投资"], each.get("出账日")) for name, each in entries.items()} == {
        "甲路": (500.0, None),
        "乙桥": (100.0, None),
    }


def test_a_month_that_a_late_return_opens_again_knows_nothing_of_the_next_month_s_pool(monthly, history):
    history.came("县住建局", POOL, "09-26 10:00", reserve("甲路"), period=SEPTEMBER)
    history.came("县住建局", POOL, "10-26 10:00", reserve("甲路"), reserve("乙桥"), period=OCTOBER)
    history.came("县财政局", POOL, "10-26 11:00", reserve("丁桥"), period=OCTOBER, task="摸底")
    history.came("县水利局", POOL, "10-27 10:00", reserve("丙渠"), period=SEPTEMBER)
    task, now = monthly.tasks["储备"], at("2020-10-28 10:00")
    facts = Facts(monthly, history.receipts)
    resting = {
        month: {receipt.seq for receipt in facts.material(task, task.period_named(month), [], now).history}
        for month in (SEPTEMBER, OCTOBER)
    }
    assert resting == {SEPTEMBER: {1, 4}, OCTOBER: {1, 2, 3, 4}}


def test_tasks_of_one_form_are_one_story(monthly, history):
    """A survey's return that comes after the month's is no news of it either."""
    history.came("县住建局", POOL, "10-26 10:00", reserve("甲路", 总投资=500.0), reserve("乙桥"), period=OCTOBER)
    history.came("县住建局", POOL, "10-27 10:00", reserve("甲路", 总投资=300.0), period=SEPTEMBER, task="摸底")
    entries = {each["项目名称"]: each for each in shown(monthly, "项目储备总库", history, "10-28 10:00")}
    assert {name: (each["总投资"], each.get("出账日")) for name, each in entries.items()} == {
        "甲路": (500.0, None),
        "乙桥": (100.0, None),
    }


def test_a_number_stays_when_a_late_return_is_entered_afterwards_with_an_earlier_time(monthly, history):
    history.came("县住建局", REPORT, "10-20 10:00", period=OCTOBER)
    history.came("县住建局", REPORT, "09-20 10:00", overdue("煤层气", "2020-09-25"), period=SEPTEMBER)
    [first] = shown(monthly, "问题台账", history, "10-21 10:00")
    history.came("县住建局", F1, "10-22 10:00", problem("甲路", "缺用地指标"), period=OCTOBER)
    numbers = {each["项目"]: each["编号"] for each in shown(monthly, "问题台账", history, "10-23 10:00")}
    assert numbers["煤层气"] == first["编号"]


def overdue(project, until):
    return {"项目": project, "责任单位": "县住建局", "完成时限": day(until), "是否落实": "否"}


def test_a_late_return_reopens_nothing_and_opens_what_was_never_entered(monthly, history):
    settled = {"项目": "甲路", "问题": "缺用地指标", "责任单位": "县住建局", "状态": "销号"}
    history.came("县住建局", PROBLEMS, "10-26 10:00", settled, period=OCTOBER)
    older = {"项目": "乙桥", "问题": "缺资金", "责任单位": "县住建局", "状态": "交办"}
    history.came("县住建局", PROBLEMS, "10-27 10:00", settled | {"状态": "交办"}, older, period=SEPTEMBER)
    entries = {each["项目"]: each["状态"] for each in shown(monthly, "问题台账", history, "10-28 10:00")}
    assert entries == {"甲路": "销号", "乙桥": "交办"}


def test_other_tasks_rest_on_the_latest_month_not_on_what_came_last(monthly, history):
    for period, moment in ((OCTOBER, "10-26 10:00"), (SEPTEMBER, "10-27 10:00")):
        history.came("县住建局", PROGRESS, moment, period=period)
    task = monthly.tasks["问题台账"]
    found = Facts(monthly, history.receipts).material(task, task.period_named(OCTOBER), [], at("2020-10-28 10:00"))
    assert [receipt.period for receipt in found.beside] == [OCTOBER]


def test_what_a_newer_month_says_was_begun_is_not_overdue_by_an_older_one(monthly, history):
    begun = {"项目名称": "甲路", "责任单位": "县住建局", "计划开工日": day("2020-09-20")}
    history.came("县住建局", PROGRESS, "10-26 10:00", begun | {"实际开工日": day("2020-10-01")}, period=OCTOBER)
    history.came("县住建局", PROGRESS, "10-27 10:00", begun, period=SEPTEMBER)
    assert shown(monthly, "问题台账", history, "10-28 10:00") == []


def test_two_problems_of_one_project_are_no_duplicates(county, history):
    history.came("县住建局", F1, "09-18 10:00", problem("甲路", "一"), problem("甲路", "二"))
    assert [entry.get("预警") for entry in shown(county, "问题台账", history, "09-20 10:00")] == [None, None]


def test_a_year_without_holidays_leaves_the_day_open_and_says_so(county, history):
    history.came("县发改局", NOTICES, "09-29 10:00", NOTICE | {"送达日": day("2035-09-29")})
    found = standing(county, "挂牌督办", history, "09-30 10:00")
    assert "复函期限" not in found.entries[0].values
    assert "2035年节假日安排未公布" in found.notes[0]


def test_units_are_entered_under_their_roster_names(county, history):
    history.came("县住建局", F1, "09-18 10:00", problem("甲路", "一", 责任单位="县住房和城乡建设局"))
    assert shown(county, "问题台账", history, "09-20 10:00")[0]["责任单位"] == "县住建局"


def test_nothing_of_after_the_moment_is_seen(county, history):
    history.came("县住建局", F1, "09-18 10:00", problem("甲路", "一"))
    assert shown(county, "问题台账", history, "09-18 09:59") == []
    assert dt.date(2020, 9, 18) == standing(county, "问题台账", history, "09-18 10:00").entries[0].opened.day


OFFICE, HOUSING = "县发改局", "县住建局"
PROBLEM_FIELDS = ("序号", "编号", "项目", "问题", "层级", "责任单位", "时限", "进展", "状态")
NOTICE_FIELDS = ("序号", "督办编号", "督办对象", "项目", "事项", "要求", "签发", "送达日", "状态")


@pytest.fixture
def place(tmp_path):
    """A workspace whose engine runs for real, with the problems alone."""
    return Office(tmp_path / "place", rules([PROBLEMS], OWN), "zhangzi")


def filled(title, unit, fields, *lines):
    rows = [[number if name == "序号" else line.get(name) for name in fields] for number, line in enumerate(lines, 1)]
    return table(title, f"填报单位：{unit}", fields, rows)


def printed(office, task, name, named="项目"):
    """The first sheet of a published workbook: a line a matter, heading → cell; and the workbook itself."""
    path = office.outbox / task / "2020-09-01" / name
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    top = next(row for row in range(1, 13) if sheet.cell(row, 1).value == "序号")
    headings = [str(cell.value).replace("\n", "") for cell in sheet[top]]
    lines = {}
    for row in range(top + 1, sheet.max_row + 1):
        if isinstance(sheet.cell(row, 1).value, int):
            cells = {heading: sheet.cell(row, column) for column, heading in enumerate(headings, 1)}
            lines[cells[named].value] = cells
    return lines, book


def test_the_published_ledger_is_edited_dropped_back_and_published_again_with_the_edits(place):
    opening = {"项目": "甲路", "问题": "缺用地指标", "责任单位": HOUSING, "时限": "2020-09-20", "状态": "发现"}
    place.drop(f"{HOUSING}/问题.xlsx", filled("问题台账", HOUSING, PROBLEM_FIELDS, opening, opening | {"项目": "乙桥"}))
    place.take("2020-09-18 10:00", publish=True)
    lines, book = printed(place, "问题台账", "问题台账.xlsx")
    assert lines["甲路"]["编号"].value == "WT2020-001"
    assert lines["甲路"]["剩余/超期（天）"].value == "剩2天"
    lines["甲路"]["进展"].value = "正在组卷"
    lines["甲路"]["状态"].value = "交办"
    lines["乙桥"]["状态"].value = "销号"
    sheet, row = book.worksheets[0], lines["乙桥"]["项目"].row + 1
    sheet.insert_rows(row)
    for name, value in {"项目": "丙库", "问题": "缺资金", "责任单位": "县水利局", "状态": "发现"}.items():
        sheet.cell(row, lines["乙桥"][name].column, value)
    place.drop("改好的台账.xlsx", saved(book))
    [receipt] = place.take("2020-09-22 10:00")
    assert (receipt.outcome, receipt.unit, receipt.task) == (Outcome.ACCEPTED, OFFICE, "问题台账"), receipt.findings
    assert len(receipt.rows) == 3
    # The unit sends its own list again, unchanged but for the progress: the office's words stand.
    place.drop(f"{HOUSING}/再报.xlsx", filled("问题台账", HOUSING, PROBLEM_FIELDS, opening | {"进展": "尚无"}))
    place.take("2020-09-23 10:00", publish=True)
    lines, book = printed(place, "问题台账", "问题台账.xlsx")
    assert list(lines) == ["甲路", "丙库", "乙桥"]
    assert [cells["编号"].value for cells in lines.values()] == ["WT2020-001", "WT2020-003", "WT2020-002"]
    assert (lines["甲路"]["进展"].value, lines["甲路"]["状态"].value) == ("正在组卷", "交办")
    assert (lines["甲路"]["剩余/超期（天）"].value, lines["甲路"]["预警"].value) == ("超期3天", "黄色：提醒责任单位")
    assert lines["甲路"]["预警"].fill.fgColor.rgb != lines["丙库"]["预警"].fill.fgColor.rgb
    assert lines["乙桥"]["办结日"].value == dt.datetime(2020, 9, 22)  # noqa: DTZ001 - a cell's date has no zone
    counts = {row[1]: row[2:] for row in book["统计"].iter_rows(min_row=4, values_only=True)}
    assert counts["责任单位"] == ("事项数", "在办", "超期", "黄色", "橙色", "红色", "办结")
    assert counts[HOUSING] == (2, 1, 1, 1, 0, 0, 1)
    assert counts["县水利局"] == (1, 1, 0, 0, 0, 0, 0)


def test_the_published_ledger_asks_for_what_the_office_fills_in_and_has_empty_lines_for_more(place):
    opening = {"项目": "甲路", "问题": "缺用地指标", "责任单位": HOUSING, "时限": "2020-09-20", "状态": "发现"}
    place.drop(f"{HOUSING}/问题.xlsx", filled("问题台账", HOUSING, PROBLEM_FIELDS, opening))
    place.take("2020-09-18 10:00", publish=True)
    lines, book = printed(place, "问题台账", "问题台账.xlsx")
    sheet, cells = book.worksheets[0], lines["甲路"]
    first = cells["项目"].row
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    areas = {name: f"{cell.column_letter}{first}:{cell.column_letter}{first + 5}" for name, cell in cells.items()}
    assert rules[areas["状态"]].formula1 == '"发现,交办,督办,销号"'
    assert rules[areas["时限"]].prompt.startswith("写成 2020-09-18")
    assert areas["入账日"] not in rules
    grey = {name for name, cell in cells.items() if cell.fill.fgColor.rgb == "FFEDEDED"}
    assert grey >= {"编号", "来源", "入账日"}
    assert not grey & {"项目", "问题", "状态", "时限"}
    empty = [sheet.cell(first + 5, column) for column in range(1, sheet.max_column + 1)]
    assert {cell.value for cell in empty} == {None}
    assert {cell.border.left.style for cell in empty} == {"thin"}
    assert sheet.cell(first + 6, 1).value.startswith("注：")
    # A line added at the end is taken in; those left empty are nothing.
    for name, value in {"项目": "丙库", "问题": "缺资金", "责任单位": "县水利局", "状态": "发现"}.items():
        sheet.cell(first + 2, cells[name].column, value)
    place.drop("改好的台账.xlsx", saved(book))
    [receipt] = place.take("2020-09-22 10:00")
    assert (receipt.outcome, len(receipt.rows), receipt.findings) == (Outcome.ACCEPTED, 2, ())


def test_a_ledger_dropped_back_unedited_changes_nothing(place):
    line = {"项目": "甲路", "问题": "缺用地指标，\n前后两次", "责任单位": HOUSING, "时限": "2020-09", "状态": "发现"}
    place.drop(f"{HOUSING}/问题.xlsx", filled("问题台账", HOUSING, PROBLEM_FIELDS, line))
    place.take("2020-09-18 10:00", publish=True)
    before, book = printed(place, "问题台账", "问题台账.xlsx")
    place.drop(f"{OFFICE}/台账.xlsx", saved(book))
    [receipt] = place.take("2020-09-18 11:00")
    assert (receipt.outcome, [finding.code for finding in receipt.findings if finding.code == "S15"]) == (
        Outcome.ACCEPTED,
        [],
    )
    place.drop(f"{HOUSING}/再报.xlsx", filled("问题台账", HOUSING, PROBLEM_FIELDS, line | {"层级": "市"}))
    place.take("2020-09-18 12:00", publish=True)
    after, _ = printed(place, "问题台账", "问题台账.xlsx")
    shown = {name: cell.value for name, cell in after["甲路"].items() if name != "层级"}
    assert shown == {name: cell.value for name, cell in before["甲路"].items() if name != "层级"}
    assert after["甲路"]["层级"].value == "市"
    assert after["甲路"]["来源"].value == before["甲路"]["来源"].value


def test_the_slip_beneath_a_notice_comes_back_as_the_reply(tmp_path):
    place = Office(tmp_path / "place", rules([NOTICES, ANSWER], NOTICE_DOCKET), "zhangzi")
    line = {
        "督办对象": HOUSING,
        "项目": "甲路",
        "事项": "迟迟未开工",
        "要求": "10月进场",
        "签发": "某某",
        "状态": "督办",
    }
    place.drop(f"{OFFICE}/督办.xlsx", filled("挂牌督办台账", OFFICE, NOTICE_FIELDS, line | {"送达日": "2020-09-29"}))
    place.take("2020-09-29 10:00", publish=True)
    lines, book = printed(place, "督办", "挂牌督办通知书.xlsx")
    assert {name: str(lines["甲路"][name].value) for name in ("编号", "督办对象", "事项", "要求", "签发")} == {
        "编号": "DB2020-001",
        "督办对象": HOUSING,
        "事项": "迟迟未开工",
        "要求": "10月进场",
        "签发": "某某",
    }
    assert lines["甲路"]["复函期限"].value == dt.datetime(2020, 10, 10)  # noqa: DTZ001 - a cell's date has no zone
    del book["通知书清单"]
    slip = book["DB2020-001"]
    assert slip.page_setup.orientation == "portrait"
    text = "".join(str(cell.value) for row in slip.iter_rows() for cell in row if cell.value)
    assert "并于2020年10月10日前向县发改局复函" in text
    places = {cell.value: cell for row in slip.iter_rows() for cell in row if cell.value}
    answers = {
        "解决办法": "增加班组",
        "责任单位": HOUSING,
        "责任领导": "张三",
        "责任人": "李四",
        "解决时限": "2020-10-31",
    }
    for name, value in answers.items():
        slip.cell(places[name].row + 1, places[name].column, value)
    place.drop(f"{HOUSING}/复函.xlsx", saved(book))
    [receipt] = place.take("2020-10-09 16:00", publish=True)
    assert (receipt.outcome, receipt.form) == (Outcome.ACCEPTED, ANSWER), receipt.findings
    lines, _ = printed(place, "督办", "挂牌督办.xlsx")
    assert (lines["甲路"]["状态"].value, lines["甲路"]["责任人"].value) == ("已复函", "李四")
    assert lines["甲路"]["解决时限"].value == dt.datetime(2020, 10, 31)  # noqa: DTZ001 - a cell's date has no zone


def _letter(folder, **line):
    """The letter of one notice, row by row."""
    place = Office(folder / "place", rules([NOTICES, ANSWER], NOTICE_DOCKET), "zhangzi")
    told = {"督办对象": HOUSING, "项目": "甲路", "事项": "迟迟未开工", "签发": "某某", "状态": "督办"} | line
    place.drop(f"{OFFICE}/督办.xlsx", filled("挂牌督办台账", OFFICE, NOTICE_FIELDS, told))
    place.take("2020-09-29 10:00", publish=True)
    _, book = printed(place, "督办", "挂牌督办通知书.xlsx")
    sheet = book["DB2020-001"]
    return sheet, {row: str(sheet.cell(row, 1).value or "").strip() for row in range(1, sheet.max_row + 1)}


def test_a_notice_without_a_demand_has_no_paragraph_for_it(tmp_path):
    _, text = _letter(tmp_path)
    assert [words[:4] for words in text.values() if words[1:2] == "、"] == ["一、督办", "二、复函"]
    _, text = _letter(tmp_path / "other", 要求="10月进场")
    assert [words[:4] for words in text.values() if words[1:2] == "、"] == ["一、督办", "二、督办", "三、复函"]


@pytest.mark.parametrize(("delivered", "dated"), [("2020-09-25", "2020年9月25日"), (None, "2020年9月29日")])
def test_a_notice_bears_the_day_of_its_entry_or_of_an_earlier_delivery(tmp_path, delivered, dated):
    sheet, _ = _letter(tmp_path, 送达日=delivered)
    assert dated in [cell.value for row in sheet.iter_rows() for cell in row]


def test_the_slip_beneath_a_long_notice_stands_on_one_page(tmp_path):
    sheet, text = _letter(tmp_path, 事项="用地指标未落实，征地拆迁涉及农户众多，资金缺口较大。" * 20)
    [cut] = [row for row, words in text.items() if words.startswith("（沿此线裁开")]
    assert [each.id for each in sheet.row_breaks.brk] == [cut - 1]


POOL_FIELDS = ("序号", "项目名称", "项目单位", "责任单位", "建设性质", "总投资", "年度计划投资")


def test_a_pool_that_the_office_sends_back_edited_adds_nothing_to_what_units_report(tmp_path):
    place = Office(tmp_path / "place", rules([POOL], POOL_DOCKET), "zhangzi")
    lines = [reserve(name, 建设性质="新建", 年度计划投资=50) for name in ("甲路", "乙桥")]
    place.drop(f"{HOUSING}/储备.xlsx", filled("建设项目表", HOUSING, POOL_FIELDS, *lines))
    place.take("2020-09-18 10:00", publish=True)
    _, book = printed(place, "储备", "项目储备总库.xlsx", "项目名称")
    place.drop("总库.xlsx", saved(book))
    [receipt] = place.take("2020-09-19 10:00")
    assert (receipt.outcome, receipt.unit) == (Outcome.ACCEPTED, OFFICE), receipt.findings
    assert "X01" not in {finding.code for finding in receipt.findings}
    place.drop(f"{HOUSING}/再报.xlsx", filled("建设项目表", HOUSING, POOL_FIELDS, lines[0]))
    [receipt] = place.take("2020-09-20 10:00", publish=True)
    assert "X01" not in {finding.code for finding in receipt.findings}
    lines, _ = printed(place, "储备", "项目储备总库.xlsx", "项目名称")
    assert {name: bool(cells["出账日"].value) for name, cells in lines.items()} == {"甲路": False, "乙桥": True}
    lines, _ = printed(place, "储备", "建设项目表汇总表.xlsx", "项目名称")
    assert list(lines) == ["甲路"]


def test_lists_of_any_task_rest_on_the_docket_as_its_office_left_it(tmp_path):
    """A unit's monthly return neither brings back what the office settled nor drops what it still has to settle."""
    monthly = "  储备月报: {报表: 建设项目表, 时限: 每月最后一个工作日 17:00, 起止: 2020-09-01 至 2021-12-31, "
    text = rules([POOL], POOL_DOCKET.replace("    不再报送即出账: 是\n", ""))
    text = text.replace("\n报表:\n", f"\n{monthly}应报单位: [部门], 报送至: 县发改局, 出处: 一}}\n报表:\n", 1)
    text += "清单:\n  - {名称: 非重点, 报表: 建设项目表, 条件: 省重点 = 否, 列: [项目名称], 工作簿: 清单, 出处: 一}\n"
    place = Office(tmp_path / "place", text, "zhangzi")
    fields = (*POOL_FIELDS, "省重点")
    lines = [reserve(name, 建设性质="新建", 年度计划投资=50, 省重点="否") for name in ("甲路", "乙桥")]
    place.drop(f"{HOUSING}/储备.xlsx", filled("建设项目表", HOUSING, fields, *lines))
    place.take("2020-09-18 10:00", publish=True)
    shown, book = printed(place, "储备", "项目储备总库.xlsx", "项目名称")
    shown["甲路"]["省重点"].value = "是"
    place.drop("总库.xlsx", saved(book))
    place.take("2020-09-19 10:00")
    place.drop(f"{HOUSING}/月报.xlsx", filled("建设项目表", HOUSING, fields, lines[0]))
    [receipt] = place.take("2020-10-29 10:00", publish=True)
    assert (receipt.task, receipt.period) == ("储备月报", "2020-10-30")
    sheet = openpyxl.load_workbook(place.outbox / "储备月报" / "2020-10-30" / "清单.xlsx").worksheets[0]
    assert [row[1] for row in sheet.iter_rows(values_only=True) if isinstance(row[0], int)] == ["乙桥"]


def plausible(county, field):
    """A value that a column takes."""
    by_type = {
        "日期": day("2020-12"),
        "金额": 1.0,
        "数": 1.0,
        "单位": county.roster.names[0],
        "代码": f"2009-{county.file.code}-89-01-123456",
        "年限": "2020-2022",
        "电话": "0355-8321234",
    }
    return by_type.get(field.type, field.name)


def test_every_shipped_docket_is_known_again_as_its_form_when_it_comes_back():
    shipped_counties = counties()
    open_desk(shipped_counties)
    seen = 0
    for key, county in shipped_counties.items():
        for docket in county.dockets.values():
            task, form = county.tasks[docket.task], county.forms[docket.rules.form]
            period = task.periods[0]
            moment = dt.datetime.combine(period.begins, dt.time(10), CHINA)
            values = {}
            for name, field in form.fields.items():
                choices = form.options.get(field.column.options or "")
                values[name] = next(iter(choices)) if choices else plausible(county, field)
            office = offices(county, docket)[0]
            receipt = Receipt(
                "f.xlsx", "0" * 64, 1, Outcome.ACCEPTED, moment, "", key, office, form.name, task.name, seq=1
            )
            rows = {1: (Row("Sheet1", 6, values),)}
            kept = kept_dockets(Occasion(county, task, period, moment), (), [receipt], rows)
            for data in docket_workbooks(Occasion(county, task, period, moment), kept):
                if "通知书" in data.file:
                    continue
                found = examine(build(data, shipped("templates_xlsx"), moment), key, data.file, None, moment.date())
                assert [(part.form, part.unit, len(part.rows)) for part in found.parts] == [(form.name, office, 1)], (
                    data.file
                )
                wrong = [finding for finding in found.parts[0].findings if finding.is_error and finding.code != "R90"]
                assert wrong == [], data.file
                seen += 1
    assert seen == sum(len(county.dockets) for county in shipped_counties.values()) > 0
