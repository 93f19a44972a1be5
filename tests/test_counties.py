"""What the notices demand, number by number, held against the rules as they are loaded."""

import datetime as dt

import pytest
from building import RULES, counties
from conftest import Office, table
from noticed import KEYS, notice, parts

from xmreport.model.dates import PartialDate

OFFICES = {"县重点工程项目总指挥部办公室", "县项目攻坚指挥部办公室", "县重点项目办公室"}
"""Where the notices of 临县, 沁水 and 长子 have everything reported to."""


def said(amount):
    return str(amount) if amount else None


@pytest.mark.parametrize("key", KEYS)
def test_a_county_is_named_as_in_its_notice(key):
    file = counties()[key].file
    found = {
        "name": file.county,
        "level": file.level,
        "code": file.code,
        "basis": file.basis,
        "issued": str(file.issued),
    }
    assert found == found | {name: text for name, text in notice(key).items() if name in found}


@pytest.mark.parametrize(("key", "category"), parts("roster"))
def test_a_roster_is_complete_and_in_the_notice_s_order(key, category):
    found = [unit.name for unit in counties()[key].roster.categories[category]]
    assert found == notice(key)["roster"][category]
    assert len(found) == int(notice(key)["counts"][category])


@pytest.mark.parametrize(("key", "name"), parts("tasks"))
def test_a_task_is_as_the_notice_or_the_office_sets_it(key, name):
    form, schedule, first, last, reporters, recipient = notice(key)["tasks"][name]
    rules = counties()[key].tasks[name].rules
    assert (rules.form or rules.document, rules.schedule.text, rules.recipient) == (form, schedule, recipient)
    assert (str(rules.window.first), str(rules.window.last)) == (first, last)
    assert set(rules.reporters) == set(reporters)


@pytest.mark.parametrize("key", KEYS)
def test_no_task_stands_in_the_rules_that_nobody_asked_for(key):
    assert counties()[key].tasks.keys() == notice(key)["tasks"].keys()


@pytest.mark.parametrize("key", ["linxian", "qinshui", "zhangzi", "linfen"])
def test_a_due_day_or_window_that_no_notice_sets_is_marked_as_the_office_s_own(key):
    """Of 沁水's tasks the list of procedures alone has its day in the notice; its campaign has its own window."""
    set_by_notice = {"前期手续办理清单", "项目储备总库", "问题台账", "问题困难交办"} if key == "qinshui" else set()
    unmarked = {name for name, task in counties()[key].tasks.items() if "本办设定" not in task.rules.source}
    assert unmarked == set_by_notice


@pytest.mark.parametrize("key", KEYS)
def test_the_targets_are_the_notice_s_each_in_its_own_word(key):
    found = [[t.indicator, said(t.firm), said(t.stretch), str(t.until)] for t in counties()[key].targets]
    assert sorted(found, key=str) == sorted(notice(key)["targets"], key=str)


@pytest.mark.parametrize("key", KEYS)
def test_the_milestones_are_the_notice_s_each_in_its_own_word(key):
    targets = counties()[key].targets
    found = [[t.indicator, str(m.until), said(m.firm), said(m.stretch)] for t in targets for m in t.milestones]
    assert sorted(found, key=str) == sorted(notice(key)["milestones"], key=str)


@pytest.mark.parametrize("key", KEYS)
def test_every_value_cites_its_clause(key):
    file = counties()[key].file
    cited = [*file.tasks.values(), *file.targets, *file.lists, *file.forms.values(), *file.dockets.values()]
    cited += [*file.bulletins.values(), *file.upward]
    cited += [milestone for target in file.targets for milestone in target.milestones]
    assert all(each.source for each in cited)


@pytest.mark.parametrize(("key", "workbook"), parts("packs"))
def test_the_lists_of_a_workbook_stand_in_the_notice_s_order(key, workbook):
    found = [each.rules.name for each in counties()[key].lists if each.rules.workbook == workbook]
    assert found == notice(key)["packs"][workbook]


@pytest.mark.parametrize("key", KEYS)
def test_other_names_mean_their_units(key):
    roster, aliases = counties()[key].roster, notice(key)["aliases"]
    assert {name: roster.resolve(name) for name in aliases} == aliases


# What single clauses say


def test_each_of_the_fifteen_tasks_of_linxian_is_asked_for_once_and_names_units_of_the_roster():
    county = counties()["linxian"]
    demands = [demand for bulletin in county.file.bulletins.values() for demand in bulletin.demands]
    tasks = {number: [d for d in demands if f"（重点任务{number}，" in d] for number in range(1, 16)}
    assert {number: len(found) for number, found in tasks.items()} == dict.fromkeys(range(1, 16), 1)
    assert sum("重点任务" in demand for demand in demands) == 15
    responsible = {number: county.roster.named_in(found[0].split("（重点任务")[1]) for number, found in tasks.items()}
    assert all(responsible[number] for number in {*range(1, 16)} - {12, 13})  # those are of all members of the command
    assert responsible[7] == {"县自然资源局"}
    assert responsible[9] == {"县能源局", "县行政审批局"}
    assert {"县金融事务服务中心", "县政府办"} <= responsible[6]


def test_linxian_s_entered_growth_is_never_worked_out_from_projects():
    indicators = counties()["linxian"].indicators
    for name in ("固定资产投资新增额", "固定资产投资增速"):
        assert (indicators[name].rules.form, indicators[name].rules.entered) == ("统计数据表", "数值")


@pytest.mark.parametrize(
    ("key", "filer", "responsible", "taken"),
    [
        ("qinshui", "县统计局", None, True),
        ("qinshui", "县统计局", "沁水县", False),
        ("qinshui", "龙港镇", "龙港镇", True),
        ("qinshui", "龙港镇", None, False),
        ("qinshui", "龙港镇", "全县", False),
        ("linxian", "县统计局", None, True),
        ("linxian", "县统计局", "全县", False),
    ],
)
def test_the_whole_county_s_figure_is_the_statistics_bureau_s_and_names_no_unit(
    tmp_path, key, filer, responsible, taken
):
    name, month, now = {
        "qinshui": ("四季度固定资产投资", "2023-10", "2023-11-28T10:00"),
        "linxian": ("固定资产投资新增额", "2025-02", "2025-03-28T10:00"),
    }[key]
    office = Office(tmp_path, (RULES / f"{key}.yaml").read_text("utf-8"), key)
    fields = ("序号", "指标", "责任单位", "统计期", "数值", "计量单位")
    title = counties()[key].forms["统计数据表"].title
    office.drop(
        f"{filer}/表.xlsx", table(title, f"填报单位：{filer}", fields, [[1, name, responsible, month, 4, "亿元"]])
    )
    (result,) = office.take(now)
    wrong = [(finding.code, finding.cell) for finding in result.findings if finding.is_error]
    assert wrong == ([] if taken else [("R90", "C5")])


def test_qinshui_s_overlapping_shares_of_the_library_are_never_added_up():
    indicators = counties()["qinshui"].indicators
    shares = [
        name for name in indicators if "储备" in name and any(kind in name for kind in ("产业", "民间", "省重点"))
    ]
    assert len(shares) == 6
    assert all("不相加" in indicators[name].rules.reading for name in shares)


@pytest.mark.parametrize(
    ("wan", "band"),
    [
        (49_999, None),
        (50_000, "5至10"),
        (99_999, "5至10"),
        (100_000, "10至50"),
        (499_999, "10至50"),
        (500_000, "50"),
        (9e6, "50"),
    ],
)
def test_a_band_of_new_starts_in_qinshui_holds_its_lower_bound(wan, band):
    columns = {"总投资": [wan], "建设性质": ["新建"], "拟开工月": [None]}
    held = {
        name.removeprefix("2024年新开工").split("亿元")[0]
        for name, indicator in counties()["qinshui"].indicators.items()
        if name.startswith("2024年新开工") and indicator.condition.evaluate(columns, 1) == [True]
    }
    assert held == ({band} if band else set())


def test_a_project_that_goes_on_is_no_new_start():
    indicator = counties()["qinshui"].indicators["2024年新开工50亿元以上项目数"]
    columns = {"总投资": [600_000], "建设性质": ["续建"], "拟开工月": [None]}
    assert indicator.condition.evaluate(columns, 1) == [False]


@pytest.mark.parametrize(
    ("said_begun", "real_month", "begun"),
    [("是", None, True), ("否", None, False), (None, "2025-03", True), (None, None, False)],
)
def test_a_project_of_linxian_has_begun_by_its_word_or_where_that_lacks_by_its_month(said_begun, real_month, begun):
    columns = {
        "建设性质": ["新建"],
        "级别": ["省重点"],
        "是否开复工": [said_begun],
        "实际开复工月": [PartialDate(2025, 3) if real_month else None],
        "计划开复工月": [PartialDate(2025, 3)],
    }
    given = {"截止日": PartialDate(2025, 3, 31)}
    county = counties()["linxian"]
    for name in ("新建开工率", "开复工率", "省市重点项目新建开工率", "省市重点项目开复工率"):
        assert (county.indicators[name].condition.evaluate(columns, 1, given) == [True]) is begun, name
    late = next(each for each in county.lists if each.rules.name == "未按计划开复工项目")
    assert (late.condition.evaluate(columns, 1, given) == [True]) is not begun


@pytest.mark.parametrize(("day", "late"), [(PartialDate(2020, 10, 20), False), (PartialDate(2020, 10, 21), True)])
def test_what_is_due_in_zhangzi_is_overdue_from_the_day_after(day, late):
    due, stages = PartialDate(2020, 10, 20), ("谋划", "计划开工", "在建", "调度")
    plans = ("前期计划完成日", "计划开工日", "计划竣工日", "完成时限")
    lists = [each for each in counties()["zhangzi"].lists if each.rules.workbook == "四类未按时"]
    for stage, plan, each in zip(stages, plans, lists, strict=True):
        columns = {name: [None] for name in each.condition.names} | {plan: [due], "项目阶段": [stage]}
        assert each.condition.evaluate(columns, 1, {"截止日": day}) == [late], each.rules.name


def test_the_split_that_qinshui_has_not_published_is_left_to_the_office():
    assert not any(target.split for target in counties()["qinshui"].targets)


def test_the_dockets_of_each_county_and_how_long_they_wait():
    found = {
        (key, name): [(stage.overdue, stage.colour) for stage in docket.rules.stages]
        for key in ("linxian", "qinshui", "zhangzi")
        for name, docket in counties()[key].dockets.items()
    }
    assert found == {
        ("linxian", "储备库"): [],
        ("linxian", "堵点台账"): [(1, "黄"), (8, "橙"), (16, "红")],
        ("qinshui", "项目储备总库"): [],
        ("qinshui", "问题台账"): [(1, "黄"), (8, "橙"), (31, "红")],
        ("qinshui", "问题困难交办"): [(1, "黄"), (8, "橙"), (31, "红")],
        ("zhangzi", "项目管理库"): [],
        ("zhangzi", "问题台账"): [(1, "黄"), (16, "橙"), (31, "红")],
        ("zhangzi", "挂牌督办台账"): [(1, "黄"), (3, "橙"), (7, "红")],
    }


@pytest.mark.parametrize(("key", "name"), [("linxian", "储备库"), ("qinshui", "项目储备总库")])
def test_a_rolling_library_lets_go_of_what_is_reported_no_more(key, name):
    assert counties()[key].dockets[name].rules.leaves


def test_long_undecided_problems_of_qinshui_go_the_way_the_notice_names():
    stages = counties()["qinshui"].dockets["问题台账"].rules.stages
    assert [word in stage.measure for word, stage in zip(("限期", "13710", "专题会议"), stages, strict=True)] == [
        True
    ] * 3


def test_a_notice_of_zhangzi_is_answered_within_three_working_days():
    docket = counties()["zhangzi"].dockets["挂牌督办台账"].rules
    assert (docket.worked_out.column, docket.worked_out.after, docket.worked_out.workdays) == ("复函期限", "送达日", 3)
    assert docket.notice
    reply = next(opening.rules for opening in docket_openings("zhangzi", "挂牌督办台账") if opening.rules.onto)
    assert (reply.form, reply.onto) == ("督办复函", "督办编号")
    assert set(reply.take) == {"解决办法", "责任单位", "责任领导", "责任人", "解决时限"}


def test_each_of_the_four_kinds_of_overdue_opens_an_entry_under_the_condition_of_its_list():
    lists = {
        e.rules.name: (e.rules.form, e.rules.condition)
        for e in counties()["zhangzi"].lists
        if e.rules.workbook == "四类未按时"
    }
    opened = {
        o.rules.fixed["问题"]: (o.rules.form, o.rules.condition)
        for o in docket_openings("zhangzi", "问题台账")
        if "问题" in o.rules.fixed
    }
    assert opened == lists
    assert len(lists) == 4


def docket_openings(key, name):
    return counties()[key].dockets[name].openings


def test_zhangzi_s_visits_are_looked_for_within_the_period():
    visits = next(each for each in counties()["zhangzi"].lists if each.rules.absent)
    assert (visits.rules.form, visits.rules.absent.form) == ("重点项目进度台账", "现场调研表")
    assert visits.rules.absent.condition == "调研日 ≥ 本期初"


def test_a_docket_is_written_once_a_day_on_the_office_s_own_task():
    for key in ("linxian", "qinshui", "zhangzi"):
        county = counties()[key]
        for docket in county.dockets.values():
            task = county.tasks[docket.task]
            assert not task.rules.schedule.recurring
            assert set(county.reporters(task, dt.date(2024, 1, 2))) <= OFFICES


def test_problems_that_guxian_cannot_solve_itself_are_listed_for_the_city():
    county = counties()["guxian"]
    [sent] = [each for each in county.lists if each.rules.name == "需市级协调的问题"]
    assert (sent.rules.form, sent.rules.recipient, sent.rules.source) == ("问题台账", "市领导小组办公室", "六（三）")
    columns = {"层级": ["省", "市", "县", "市"], "状态": ["发现", "交办", "发现", "销号"]}
    assert sent.condition.evaluate(columns, 4) == [True, True, False, False]


def test_what_a_county_sends_up_goes_to_a_unit_that_owes_it_to_the_city():
    city = counties()["linfen"]
    for key in ("guxian", "huozhou"):
        for upward in counties()[key].file.upward:
            unit = city.roster.resolve(upward.unit)
            for sheet in upward.sheets:
                [task] = [task for task in city.tasks.values() if task.rules.form == sheet.form]
                assert unit in city.reporters(task, dt.date(2022, 12, 9))
