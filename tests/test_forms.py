"""Every form in `rules/forms`: from its own columns it is known for what it is, and its checks find what is wrong."""

import datetime as dt
import shutil
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from building import RULES, Sheet, counties, flat, written
from conftest import Office

from xmreport.checks import AGAINST_LAST, check
from xmreport.checks.returns import Examined
from xmreport.examine import examine, open_desk
from xmreport.forms.cleaning import heading_key
from xmreport.forms.headings import headings_of
from xmreport.rulebook.conditions.evaluation import parse, parse_expression
from xmreport.rulebook.docket import FILLED
from xmreport.rulebook.loading.folder import load_rulebook

NAMES = sorted(path.stem for path in (RULES / "forms").glob("*.yaml"))
F2 = "省市重点项目月调度表"
LAGGING = ("未开工项目表", "已开工未入统项目表", "未按序时进度项目表")
"""Alike in every column: their titles tell them apart."""
EARLIER = ("前期手续办理情况表", "省市重点项目目标任务表", "联络人名单")
"""Whose checks have their cases in tests/cases."""
DAY = dt.date(2022, 12, 9)
PAST, AHEAD, TOO_LATE = dt.date(2022, 11, 3), dt.date(2023, 3, 1), dt.date(2023, 1, 9)

FIGURES = {
    "总投资": 9000,
    "年度计划投资": 3000,
    "至上年底累计完成投资": 2000,
    "本月完成投资": 300,
    "1至本月累计完成投资": 2400,
    "占年度计划%": 80,
    "自开工累计完成投资": 4400,
    "申请额": 2000,
    "下达额": 1000,
}
CLOSED = {"状态": "销号"}
GOOD = {
    "统计数据表": {"统计期": "2022年11月"},
    "问题台账": CLOSED,
    "堵点台账": CLOSED,
    "问题困难交办表": CLOSED,
    "挂牌督办台账": {"状态": "已复函"},
    "月调度专报": {"是否落实": "否"},
}
"""Form → what a row without any finding has besides what `cell` makes."""


@lru_cache(maxsize=1)
def all_in_one():
    """古县 as if it used every form there is, with a task for each: no form has it harder to be known."""
    text = (RULES / "guxian.yaml").read_text("utf-8")
    duty = "时限: 按需, 起止: 2022-11-27 至 2023-12-31, 应报单位: [部门], 报送至: 县发改局, 出处: 试"
    tasks = "".join(f"  {name}: {{报表: {name}, {duty}}}\n" for name in NAMES)
    forms = "".join(f"  {name}: {{出处: 试}}\n" for name in NAMES)
    with TemporaryDirectory() as home:
        shutil.copytree(RULES / "forms", Path(home) / "forms")
        head = text[: text.index("\n任务:")]
        (Path(home) / "guxian.yaml").write_text(f"{head}\n任务:\n{tasks}\n报表:\n{forms}", "utf-8")
        return load_rulebook(Path(home)).county("guxian")


def fields_of(form):
    """What a unit is asked for: the engine's own columns and procedures that are not wanted are left out."""
    return {name: field for name, field in form.fields.items() if not field.column.filled and _wanted(form, field)}


def _wanted(form, field):
    return field.procedure is None or field.procedure in form.procedures


def cell(county, form, field, number):
    """A value such as the field asks for."""
    column = field.column
    choices = list(form.options.get(column.options or "", {"社会事业": ()}))
    made = {
        "序号": number,
        "金额": FIGURES.get(column.name, 500),
        "数": FIGURES.get(column.name, 37.5),
        "日期": PAST if column.time == "过去" else AHEAD,
        "年限": "2023-2025",
        "代码": f"2211-{county.file.code}-89-01-{100000 + number}",
        "单位": next(iter(county.roster.names)),
        "选项": choices[0],
        "电话": "0357-8322001",
        "文本": f"第{number}项{column.name}",
    }
    return made[column.type]


def line(county, form, number=1, *, required_only=False, **changes):
    """A row of a form: full, or what it cannot do without (a done procedure needs its day, a figure its unit)."""
    asked = {"责任单位"} if form.name == "统计数据表" else set()
    needed = [
        name for name, field in form.fields.items() if field.required or name.endswith(".办结时间") or name in asked
    ]
    fields = {name: field for name, field in fields_of(form).items() if name in needed or not required_only}
    row = {name: cell(county, form, field, number) for name, field in fields.items()}
    return row | {name: value for name, value in GOOD.get(form.name, {}).items() if name in row} | changes


def sheet_of(county, form, *rows, title=None, name="Sheet1"):
    """A sheet as a unit sends it: frame, a header of one line, rows."""
    unit = next(iter(county.roster.names))
    fields = [field.replace(".", "") for field in fields_of(form)]
    lines = [{key.replace(".", ""): value for key, value in row.items()} for row in rows]
    return flat(fields, title or form.title, lines, unit=unit, name=name)


def read(county, *sheets):
    open_desk({county.key: county})
    return examine(written(*sheets), county.key, "报表.xlsx", next(iter(county.roster.names)), DAY)


def only_part(found):
    assert len(found.parts) == 1, found
    return found.parts[0]


def told(findings):
    return [(finding.code, finding.field, finding.is_error) for finding in findings]


USED = [(key, name) for key, county in sorted(counties().items()) for name in county.forms]


def test_every_form_is_used_by_a_county():
    assert {name for _, name in USED} == set(NAMES)


@pytest.mark.parametrize(("key", "name"), USED)
def test_a_submission_is_known_in_each_county_that_uses_its_form(key, name):
    county = counties()[key]
    form = county.forms[name]
    part = only_part(
        read(county, sheet_of(county, form, line(county, form), line(county, form, 2, required_only=True)))
    )
    assert part.form == name
    assert set(part.columns["Sheet1"]) == set(fields_of(form))
    assert len(part.rows) == 2
    assert not [finding for finding in part.findings if finding.is_error or finding.code[0] in "ST"]


@pytest.mark.parametrize("name", NAMES)
def test_a_row_in_order_leaves_no_finding_even_where_all_forms_are_used(name):
    county = all_in_one()
    form = county.forms[name]
    part = only_part(read(county, sheet_of(county, form, line(county, form), line(county, form, 2))))
    assert (part.form, told(part.findings)) == (name, [])


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(LAGGING)))
def test_a_form_is_known_by_its_headings_alone(name):
    county = all_in_one()
    form = county.forms[name]
    part = only_part(read(county, sheet_of(county, form, line(county, form), title="表")))
    assert (part.form, told(part.findings)) == (name, [])


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"前期手续办理情况表"}))
def test_a_sheet_whose_columns_go_by_other_names_is_read_alike(name):
    county = all_in_one()
    form = county.forms[name]
    ways = {field: (*found.column.aliases, field)[0] for field, found in fields_of(form).items()}
    row = {ways[field]: value for field, value in line(county, form).items()}
    sheet = flat(list(row), form.title, [row], unit=next(iter(county.roster.names)))
    part = only_part(read(county, sheet))
    assert (part.form, told(part.findings)) == (name, [])
    assert set(part.columns["Sheet1"]) == set(ways)


@pytest.mark.parametrize("name", NAMES)
def test_no_heading_means_two_columns_and_no_way_of_writing_two_values(name):
    form = all_in_one().forms[name]
    headings = [(heading_key(way), field) for field, column in form.columns.items() for way in (field, *column.aliases)]
    assert len(dict(headings)) == len(headings)
    assert all(headings_of(form).field([way]) == field for way, field in headings)
    for choices in form.options.values():
        ways = [way for value, others in choices.items() for way in (value, *others)]
        assert len(set(ways)) == len(ways)


@pytest.mark.parametrize("name", NAMES)
def test_the_columns_that_a_form_names_are_its_own(name):
    form = all_in_one().forms[name]
    file = form.file
    adding = [*file.against.adds_up, *file.against.adds_up.values()]
    assert {file.name_column, *file.key, *file.spare_key, *file.totals.sums, *adding} <= set(form.columns)
    assert all(form.columns[sum_of].type == "金额" for sum_of in file.totals.sums)
    assert {column.options for column in form.columns.values() if column.options} <= {*file.options, "所属领域"}
    assert {column.name for column in form.columns.values() if column.filled} <= FILLED


def test_sheets_alike_in_every_column_are_told_apart_by_title_or_by_the_sheet_s_name():
    county = all_in_one()
    forms = [county.forms[name] for name in LAGGING]
    titled = [sheet_of(county, form, line(county, form), name=f"表{at}") for at, form in enumerate(forms)]
    named = [sheet_of(county, form, line(county, form), title="清单", name=form.name) for form in forms]
    for sheets in (titled, named):
        assert [part.form for part in read(county, *sheets).parts] == list(LAGGING)


def test_of_sheets_alike_in_every_column_none_is_guessed():
    county = all_in_one()
    form = county.forms[LAGGING[0]]
    found = read(county, sheet_of(county, form, line(county, form), title="清单"))
    assert (found.parts, [finding.code for finding in found.findings]) == ((), ["S01"])
    assert all(f"“{name}”" in found.findings[0].words["最像"] for name in LAGGING)


def test_a_docket_that_comes_back_is_read_with_what_the_engine_filled():
    county = all_in_one()
    form = county.forms["问题台账"]
    filled = {"入账日": PAST, "来源": "县水利局 周报.xlsx 第6行", "剩余/超期（天）": "超期3天", "预警": "黄：催办"}
    row = line(county, form) | filled
    sheet = flat(list(form.columns), "问题台账", [row], unit="县发改局")
    part = only_part(read(county, Sheet("空"), sheet))
    assert part.form == "问题台账"
    assert {name: str(part.rows[0].values[name]) for name in filled} == {k: str(v) for k, v in filled.items()}


def test_a_project_table_with_its_owner_s_columns_under_one_heading():
    county = counties()["huozhou"]
    form = county.forms["建设项目表"]
    fields = list(fields_of(form))
    sheet = flat(fields, form.title, [], unit=next(iter(county.roster.names)))
    owner = {"项目单位": "单位", "法人代表": "法人代表", "联系人": "联系人", "联系电话": "电话"}
    for field, column in sheet.columns.items():
        if field in owner:
            sheet.put(4, column, None).put(5, column, owner[field])
        else:
            sheet.merge(4, column, 5, column)
    first, last = sheet.columns["项目单位"], sheet.columns["联系电话"]
    sheet.put(4, first, "项目业主").merge(4, first, 4, last)
    sheet.body = 6
    sheet.body_rows([line(county, form, 资金来源="中央、自筹")])
    part = only_part(read(county, sheet))
    assert (part.form, set(part.columns["Sheet1"])) == ("建设项目表", set(fields))
    assert [part.rows[0].values[name] for name in ("项目单位", "联系电话")] == ["第1项项目单位", "0357-8322001"]
    assert (part.rows[0].values["资金来源"], told(part.findings)) == ("中央、自筹", [])


# What is wrong


def broken(at, *, code="R90", error=True, **changes):
    """One row with some cells changed, and the one finding that follows."""
    return changes, (code, at, error)


def late(field, **more):
    """A day that cannot have come yet when the report is made."""
    return broken(field, **{field: TOO_LATE}, **more)


MATTER = [
    broken("办结日", error=False, 办结日=None),
    broken("状态", error=False, 状态="交办"),
    late("办结日"),
]
"""What any docket of matters says of 状态 and 办结日."""
LAG = [
    late("完成日"),
    broken("拟完成日", error=False, 完成日=None, 拟完成日=PAST),
    broken("原因", code="V01", 原因="无"),
]
CASES = {
    "前期手续办理情况表": [broken("年度计划投资", code="R01", 年度计划投资=9001)],
    "省市重点项目目标任务表": [broken("级别", code="V11", 级别="国重点")],
    "联络人名单": [broken("联络人", code="V01", 联络人="—")],
    F2: [
        broken("年度计划投资", code="R01", 年度计划投资=9600, **{"占年度计划%": 25}),
        broken("1至本月累计完成投资", 本月完成投资=2500),
        broken("自开工累计完成投资", 至上年底累计完成投资=None, 自开工累计完成投资=2399),
        broken("自开工累计完成投资", error=False, 自开工累计完成投资=4401),
        broken("本月完成投资", error=False, 是否开复工="否"),
        broken("开工或复工时间", code="R08", error=False, 开工或复工时间=None),
        late("开工或复工时间"),
        broken("占年度计划%", code="R10", error=False, **{"占年度计划%": 85}),
        broken("占年度计划%", code="V02", **{"占年度计划%": "八成"}),
        broken("级别", code="V11", 级别="国重点"),
    ],
    "建设项目表": [
        broken("年度计划投资", code="R01", 年度计划投资=9001),
        broken("民间投资", code="V11", 民间投资="部分"),
    ],
    "统计数据表": [
        broken("统计期", 统计期="2023年1月"),
        broken("数值", code="V02", 数值="三十七"),
        broken("数值", error=False, 数值=0.065, 计量单位="%"),
        broken("责任单位", code="V21", error=False, 责任单位="某某科"),
    ],
    "问题台账": [
        *MATTER,
        broken("时限", error=False, 时限=dt.date(2022, 11, 2)),
        broken("层级", code="V11", 层级="国"),
    ],
    "堵点台账": [
        *MATTER,
        late("提出日", 时限=AHEAD),
        broken("时限", error=False, 时限=dt.date(2022, 11, 2)),
        broken("类别", code="V11", 类别="天气"),
    ],
    "问题困难交办表": [
        *MATTER,
        late("交办日"),
        broken("办结时限", error=False, 办结时限=dt.date(2022, 11, 2)),
        broken("责任科室", code="V01", 责任科室=None),
    ],
    "开复工台账": [
        broken("年度计划投资", code="R01", 年度计划投资=9001),
        broken("实际开复工月", error=False, 实际开复工月=None),
        broken("是否开复工", error=False, 是否开复工="否"),
        late("实际开复工月"),
        broken(
            "未开工原因", error=False, 是否开复工="否", 实际开复工月=None, 计划开复工月="2022年12月", 未开工原因=None
        ),
    ],
    "双包联台账": [late("最近调研日"), broken("责任单位", code="V01", 责任单位=None)],
    "重大项目清单": [
        broken("年度计划投资", code="R01", 年度计划投资=9001),
        broken("下达额", error=False, 下达额=2001),
        broken("申请额", error=False, 申请额=9001),
        broken("清单类别", code="V11", 清单类别="其他清单"),
    ],
    "招商项目台账": [
        late("签约日", 是否开工="否", 开工日=None),
        broken("开工日", error=False, 开工日=None),
        broken("是否开工", error=False, 是否开工="否"),
        late("开工日"),
        broken("开工日", error=False, 开工日=dt.date(2022, 11, 2)),
    ],
    "包保台账": [late("最近调度日"), broken("包保领导", code="V01", 包保领导=None)],
    **dict.fromkeys(LAGGING, LAG),
    "项目说明书": [
        late("前期工作完成日"),
        broken("前期工作完成时限", error=False, 前期工作完成日=None, 前期工作完成时限=PAST),
        broken("板块", code="V11", 板块="农业"),
    ],
    "招商落地台账": [
        *(late(f"{stage}实际日") for stage in ("前期", "评估", "签约", "落地")),
        broken("签约实际日", error=False, 阶段="落地", 签约实际日=None),
        broken("阶段", code="V11", 阶段="洽谈"),
    ],
    "月调度专报": [broken("是否落实", error=False, 完成时限=PAST), broken("落实情况", code="V01", 落实情况=None)],
    "现场调研表": [late("调研日"), broken("包联领导", code="V01", 包联领导=None)],
    "督办复函": [broken("解决时限", code="V01", 解决时限=None), broken("督办编号", code="V01", 督办编号=None)],
    "挂牌督办台账": [
        late("送达日", 复函日=None, 状态="督办"),
        broken("复函日", 复函日=dt.date(2022, 11, 2)),
        broken("复函日", error=False, 复函日=None),
    ],
    "联席会议议题": [broken("提出单位", code="V01", 提出单位=None)],
    "重点项目进度台账": [
        late("前期实际完成日"),
        late("实际竣工日"),
        late("实际开工日", 实际竣工日=None),
        broken("实际竣工日", 实际竣工日=dt.date(2022, 11, 2)),
        broken("计划竣工日", error=False, 计划竣工日=dt.date(2023, 2, 1)),
        broken("实际开工日", error=False, 项目阶段="在建", 实际开工日=None),
        broken("实际竣工日", error=False, 项目阶段="竣工", 实际竣工日=None),
    ],
    "协调办理手续清单": [broken("手续", code="V01", 手续=None), broken("办理层级", code="V11", 办理层级="国")],
}


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_value_has_its_finding_and_no_other_and_every_check_has_its_case(name):
    county = all_in_one()
    form = county.forms[name]
    said = set()
    for changes, expected in CASES[name]:
        part = only_part(read(county, sheet_of(county, form, line(county, form, **changes))))
        assert told(part.findings) == [expected], changes
        said |= {(finding.code, finding.field, finding.words.get("提示", "")) for finding in part.findings}
    if name not in EARLIER:
        assert {(rule.code, rule.at, rule.hint or "") for rule in form.file.rules} <= said
        assert all(rule.hint for rule in form.file.rules if rule.code == "R90")


# 月调度: one month after another


def month(**changes):
    """霍州's return of one project, and the rules it is held against."""
    county = counties()["huozhou"]
    form = county.forms[F2]
    return form, only_part(read(county, sheet_of(county, form, line(county, form, **changes))))


def against(last, *, same_year=True, follows=True, **changes):
    """What a month shows beside the one before."""
    form, before = month(**last)
    _, part = month(**changes)
    examined = Examined(form, part, DAY, before.rows, "2022-11-28", follows, same_year)
    return told(check(AGAINST_LAST, examined))


NOVEMBER = {"1至本月累计完成投资": 2100, "自开工累计完成投资": 4100, "占年度计划%": 70}


def test_a_month_that_continues_the_last_one_is_in_order():
    assert against(NOVEMBER) == []


def test_a_cumulative_figure_that_is_not_the_last_one_and_this_month_s_together():
    assert against(NOVEMBER, 本月完成投资=200) == [("P07", "1至本月累计完成投资", True)]
    assert against(NOVEMBER, follows=False, 本月完成投资=200) == []


@pytest.mark.parametrize(("reason", "is_error"), [(None, True), ("核减多报的投资", False)])
def test_a_cumulative_figure_that_fell(reason, is_error):
    last = {"1至本月累计完成投资": 2500, "自开工累计完成投资": 4500, "占年度计划%": None}
    fell = [("P06", name, is_error) for name in ("1至本月累计完成投资", "自开工累计完成投资")]
    assert against(last, 备注=reason) == fell


def test_a_new_year_begins_anew_but_not_what_is_counted_since_the_work_began():
    fresh = {"1至本月累计完成投资": 300, "占年度计划%": 10, "至上年底累计完成投资": 4400}
    assert against({}, same_year=False, 自开工累计完成投资=4700, **fresh) == []
    fell = {"至上年底累计完成投资": 3000, "自开工累计完成投资": 3300, "备注": None}
    assert against({}, same_year=False, **fresh | fell) == [("P06", "自开工累计完成投资", True)]


def test_more_than_the_year_s_plan_is_legal():
    more = {"1至本月累计完成投资": 3600, "自开工累计完成投资": 5600, "占年度计划%": 120}
    _, part = month(**more)
    assert (told(part.findings), part.rows[0].values["占年度计划%"]) == ([], 120)


@pytest.mark.parametrize("written_as", [80, 80.0, "80%", 0.8, None])
def test_a_share_of_the_plan_may_be_written_as_per_cent_or_fraction_or_left_out(written_as):
    _, part = month(**{"占年度计划%": written_as})
    assert told(part.findings) == []


def test_a_project_not_begun_that_reports_investment_is_asked_about_and_taken():
    _, part = month(是否开复工="否", 开工或复工时间=None)
    assert told(part.findings) == [("R90", "本月完成投资", False)]
    _, part = month(是否开复工="否", 开工或复工时间=None, 本月完成投资=0)
    assert told(part.findings) == []


def test_headings_that_name_the_month_itself():
    county = counties()["huozhou"]
    form = county.forms[F2]
    sheet = sheet_of(county, form, line(county, form))
    sheet.put(4, "本月完成投资", "12月份完成投资（万元）").put(4, "1至本月累计完成投资", "1至12月累计完成投资")
    sheet.put(4, "占年度计划%", "占年度计划（%）").put(4, "年度计划投资", "2022年计划投资")
    part = only_part(read(county, sheet))
    assert (set(part.columns["Sheet1"]), told(part.findings)) == (set(fields_of(form)), [])


def test_two_months_through_the_engine(tmp_path):
    office = Office(tmp_path, (RULES / "huozhou.yaml").read_text("utf-8"), "huozhou")
    county = office.workspace.rulebook.county("huozhou")
    form = county.forms[F2]

    def sent(stated, now, **changes):
        row = line(county, form, **changes)
        sheet = flat(list(row), form.title, [row], unit="市水利局", stated=stated)
        return office.send("市水利局/月调度表.xlsx", written(sheet), now)

    first = sent("2022年11月28日", "2022-11-28T16:00", **NOVEMBER)
    wrong = sent("2022年12月28日", "2022-12-28T16:00", 本月完成投资=200)
    mended = sent("2022年12月28日", "2022-12-28T16:30")
    assert [receipt.outcome.name for receipt in (first, wrong, mended)] == ["ACCEPTED", "RETURNED", "ACCEPTED"]
    assert [receipt.period for receipt in (first, wrong, mended)] == ["2022-11-28", "2022-12-28", "2022-12-28"]
    assert [finding.code for finding in wrong.findings if finding.is_error] == ["P07"]


# Names that look like figures and signs


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1至本月累计完成投资 ≥ 本月完成投资", {"1至本月累计完成投资", "本月完成投资"}),
        ("占年度计划%>100 且 1至本月累计完成投资>0", {"占年度计划%", "1至本月累计完成投资"}),
        ("占年度计划％ ÷ 100 > 50%", {"占年度计划%"}),
        ("非 占年度计划% > 100", {"占年度计划%"}),
    ],
)
def test_a_column_whose_name_holds_figures_and_signs_is_known_in_a_condition(text, names):
    form = counties()["huozhou"].forms[F2]
    assert parse(text, form.types("项目"), form.choices("项目")).names == names


def test_a_column_whose_name_holds_strokes_and_brackets_is_known_in_a_condition():
    form = all_in_one().forms["问题台账"]
    for text in ("剩余/超期（天） 包含 超期", "剩余/超期(天)不为空", "「剩余/超期（天）」 不为空"):
        assert parse(text, form.types("项目"), form.choices("项目")).names == {"剩余/超期（天）"}


def test_arithmetic_over_such_names():
    types = counties()["huozhou"].forms[F2].types("项目")
    expression = parse_expression("1至本月累计完成投资 ÷ 年度计划投资 × 100", types)
    assert expression.evaluate({"1至本月累计完成投资": [2400.0], "年度计划投资": [3000.0]}, 1) == [80.0]


# What the counties do with the forms


@pytest.mark.parametrize("key", ["guxian", "huozhou"])
def test_a_matter_that_is_entered_by_itself_has_what_the_docket_cannot_do_without(key):
    county = counties()[key]
    for docket in county.dockets.values():
        required = {name for name, field in county.forms[docket.rules.form].fields.items() if field.required}
        for opening in docket.openings:
            if opening.rules.form != docket.rules.form:
                assert required <= {*opening.rules.take, *opening.rules.fixed}, docket.name


@pytest.mark.parametrize("key", ["guxian", "huozhou"])
def test_what_goes_up_has_every_column_that_is_required_there(key):
    county = counties()[key]
    for upward in county.file.upward:
        for sheet in upward.sheets:
            if sheet.list_name:
                drawn = next(each.rules for each in county.lists if each.rules.name == sheet.list_name)
                known = county.forms[drawn.form].types(drawn.table)
                form = county.forms[sheet.form]
                required = [name for name, field in form.fields.items() if field.required]
                assert all(sheet.take.get(name, name) in known for name in required)


@pytest.mark.parametrize("key", ["guxian", "huozhou"])
def test_the_ranking_of_a_bulletin_rests_on_the_form_of_its_task(key):
    county = counties()[key]
    for name, bulletin in county.file.bulletins.items():
        assert county.indicators[bulletin.progress].rules.form == county.tasks[name].rules.form
        assert bulletin.demands
        assert set(bulletin.groups) <= set(county.tasks[name].rules.reporters) | set(county.roster.categories)
