import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmreport.model.dates import PartialDate
from xmreport.model.submission import Unreadable
from xmreport.rulebook.conditions.evaluation import Condition, ConditionError, parse, parse_expression
from xmreport.rulebook.conditions.terms import (
    Arithmetic,
    Blank,
    Both,
    Comparison,
    Constant,
    Contains,
    Either,
    Field,
    Given,
    Membership,
    Not,
    TermKind,
)

FIELDS = {
    "总投资": "金额",
    "年度计划投资": "金额",
    "总投资（万元）": "金额",
    "11月底目标": "比率",
    "占年度计划%": "比率",
    "办理进展": "选项",
    "立项.办理进展": "选项",
    "办理层级": "选项",
    "是否开复工": "选项",
    "办结时间": "日期",
    "拟办结时限": "日期",
    "开工或复工时间": "日期",
    "备注": "文本",
    "责任单位": "单位",
}
OPTIONS = {"办理进展": ("已办结", "正在办理", "未办理", "不需办理"), "办理层级": ("省", "市", "县")}
DAY = PartialDate(2022, 12, 9)


def read(text: str) -> Condition:
    return parse(text, FIELDS, OPTIONS)


def holds(text: str, **columns: object) -> bool | None:
    """The verdict on one row whose fields hold these values."""
    condition = read(text)
    rows = {name: [columns.get(name)] for name in FIELDS}
    (verdict,) = condition.evaluate(rows, 1, {"报告日": DAY, "截止日": PartialDate(2022, 12, 31)})
    return verdict


def complaint(text: str) -> ConditionError:
    with pytest.raises(ConditionError) as caught:
        read(text)
    return caught.value


@pytest.mark.parametrize(
    "spelling", ["≤", "<=", "≦", "＜=", "不大于", " 不大于 ", "小于等于"], ids=lambda spelling: spelling.strip()
)
def test_an_operator_may_be_written_in_several_ways(spelling):
    assert read(f"年度计划投资{spelling}总投资").root == read("年度计划投资 ≤ 总投资").root


@pytest.mark.parametrize(
    ("text", "columns", "verdict"),
    [
        ("年度计划投资 ≤ 总投资", {"年度计划投资": 5, "总投资": 5.0}, True),
        ("年度计划投资 ≤ 总投资", {"年度计划投资": 6, "总投资": 5}, False),
        ("年度计划投资 + 总投资 = 0.3", {"年度计划投资": 0.1, "总投资": 0.2}, True),
        ("总投资 − 年度计划投资 × 2 > 0", {"总投资": 10, "年度计划投资": 5}, False),
        ("(总投资 − 年度计划投资) × 2 > 0", {"总投资": 10, "年度计划投资": 5}, True),
        ("总投资 - 3 - 2 = 5", {"总投资": 10}, True),
        ("总投资 > 1,200", {"总投资": 1200.5}, True),
        ("总投资 ＞ １２００．５", {"总投资": 1200.5}, False),
        ("总投资 > -5 且 总投资 ≥ −3", {"总投资": -4}, False),
        ("11月底目标 ≥ 70%", {"11月底目标": 0.7}, True),
        ("占年度计划%≥35.1%", {"占年度计划%": 0.351}, True),
        ("总投资（万元）＞1 且 （总投资（万元） < 3）", {"总投资（万元）": 2}, True),
        ("总投资(万元) > 1", {"总投资（万元）": 2}, True),
        ("办理进展 = 已办结", {"办理进展": "已办结"}, True),
        ("立项.办理进展≠已办结", {"立项.办理进展": "未办理"}, True),
        ("「立项.办理进展」 不等于 “已办结”", {"立项.办理进展": "已办结"}, False),
        ("办理层级属于（省，市）", {"办理层级": "市"}, True),
        ("办理层级 不属于 (省、市)", {"办理层级": "县"}, True),
        ("总投资 属于 (1, 2.5)", {"总投资": 2.5}, True),
        ("备注 包含 “二 期”", {"备注": "（二 期）"}, True),
        ("备注不包含 二期", {"备注": "一期"}, True),
        ("是否开复工 = 否", {"是否开复工": False}, True),
        ("开工或复工时间为空", {"开工或复工时间": DAY}, False),
        ("开工或复工时间为空", {}, True),
        ("开工或复工时间 不为空", {"开工或复工时间": DAY}, True),
        ("办结时间 ≤ 报告日", {"办结时间": PartialDate(2022, 12, 9)}, True),
        ("办结时间 < 截止日", {"办结时间": PartialDate(2022, 12, 31)}, False),
        ("办结时间 ≤ 2022-12-7", {"办结时间": PartialDate(2022, 12)}, True),
        ("办结时间 < 2022年12月", {"办结时间": PartialDate(2022, 12, 7)}, False),
        ("办结时间 = 2022年", {"办结时间": PartialDate(2022, 3, 7)}, True),
        ("办结时间 > 拟办结时限", {"办结时间": PartialDate(2023, 1), "拟办结时限": PartialDate(2022, 12, 31)}, True),
        ("非 (总投资 > 0) 或 备注为空", {"总投资": 1, "备注": "有"}, False),
        ("非总投资大于0", {"总投资": 0}, True),
        ("办理进展 = 已办结 或 总投资 > 9 且 备注 为空", {"办理进展": "已办结", "总投资": 1, "备注": "有"}, True),
        ("总投资÷年度计划投资≥2", {"总投资": 4, "年度计划投资": 2}, True),
    ],
)
def test_a_condition_judges_a_row(text, columns, verdict):
    assert holds(text, **columns) is verdict


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("年度计划投资 ≤ 总投资", {"年度计划投资": 5}),
        ("年度计划投资 ≤ 总投资", {"年度计划投资": 5, "总投资": Unreadable()}),
        ("年度计划投资 ≠ 5", {"年度计划投资": float("nan")}),
        ("办理进展 ≠ 已办结", {}),
        ("办理层级 属于 (省, 市)", {"办理层级": Unreadable()}),
        ("备注 不包含 二期", {}),
        ("办结时间 为空", {"办结时间": Unreadable()}),
        ("办结时间 不为空", {"办结时间": Unreadable()}),
        ("总投资 ÷ 年度计划投资 > 1", {"总投资": 1, "年度计划投资": 0}),
    ],
)
def test_what_is_blank_or_unreadable_is_unknown(text, columns):
    assert holds(text, **columns) is None


def test_a_date_that_is_not_given_is_unknown():
    assert read("办结时间 ≤ 报告日").evaluate({"办结时间": [DAY, DAY]}, 2) == [None, None]


def test_a_condition_judges_whole_columns():
    condition = read("年度计划投资 ≤ 总投资")
    assert condition.names == {"年度计划投资", "总投资"}
    assert condition.text == "年度计划投资 ≤ 总投资"
    assert condition.evaluate({"年度计划投资": [1, 3, None], "总投资": [2, 2, 2]}, 3) == [True, False, None]


def test_a_condition_without_fields_holds_for_every_row():
    condition = read("报告日 ≥ 2022-12-01")
    assert condition.names == set()
    assert condition.evaluate({}, 2, {"报告日": DAY}) == [True, True]


def test_a_missing_column_and_uneven_columns_are_faults_of_the_engine():
    condition = read("年度计划投资 ≤ 总投资")
    with pytest.raises(KeyError):
        condition.evaluate({"总投资": [1]}, 1)
    with pytest.raises(ValueError, match="shorter"):
        condition.evaluate({"总投资": [1], "年度计划投资": [1, 2]}, 1)


@pytest.mark.parametrize(
    ("text", "cell"), [("总投资 > 0", "三千"), ("总投资 > 0", True), ("备注 = 甲", 3), ("办结时间 = 2022", "去年")]
)
def test_a_cell_of_another_type_is_a_fault_of_the_engine(text, cell):
    text = text.replace("2022", "2022年")
    with pytest.raises(TypeError):
        read(text).evaluate({name: [cell] for name in FIELDS}, 1)


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", 1, "没有写完"),
        ("总投资 >", 6, "没有写完"),
        ("总投资", 1, "应为条件"),
        ("办理进度 = 已办结", 1, "没有“办理进度”这一栏，是不是“办理进展”？"),
        ("总投资额 > 0", 1, "是不是“总投资”？"),
        ("「办理进度」 = 已办结", 1, "是不是“办理进展”？"),
        ("「办理进展 = 已办结", 1, "没有配对"),
        ("办理进展 = 已办", 8, "是不是“已办结”？可用的值：已办结、正在办理、未办理、不需办理"),
        ("办理进展 = “在办”", 8, "可用的值"),
        ("县 = 办理进展", 1, "“办理进展”没有“县”这个值"),
        ("办理层级 属于 (省, 乡)", 13, "可用的值：省、市、县"),
        ("总投资 > 备注", 7, "数不能与文字比较"),
        ("总投资 = 已办结", 7, "这里应为数"),
        ("总投资 > 3000万元", 7, "后面不写单位"),
        ("备注 = 3000", 6, "加引号"),
        ("办结时间 > 2022", 8, "日期写如 2022-12-31"),
        ("办结时间 > 2022-13", 8, "没有“2022-13”这一天"),
        ("办结时间 > 2022-02-30", 8, "没有“2022-02-30”这一天"),
        ("备注 > 甲", 4, "文字只能用"),
        ("总投资 + 备注 > 1", 7, "“+”两边应为数；这里是文字"),
        ("办结时间 + 3 > 报告日", 1, "“+”两边应为数；这里是日期"),
        ("0 ≤ 总投资 ≤ 5", 9, "请用“且”连接"),
        ("总投资 且 备注 为空", 1, "“且”两边应为完整的条件"),
        ("非 总投资", 3, "“非”后面应为条件"),
        ("责任单位 = 住建局或水利局", 11, "“或”前后要留空格"),
        ("办理进展=已办结且办结时间为空", 9, "“且”前后要留空格"),
        ("办理进展 = 已办结、未办理", 11, "属于 (甲, 乙)"),
        ("办理进展 属于 已办结", 9, "应为括号里的几个值"),
        ("办理进展 属于 (已办结 未办理)", 14, "应有逗号"),
        ("总投资 属于 (甲)", 9, "括号里应为数"),
        ("(总投资 > 1", 9, "第1个字的括号没有配对"),
        ("备注 = “甲", 6, "引号没有配对"),
        ('备注 = ""', 6, "请用“为空”"),
        ("备注 = “甲”乙", 9, "看不懂“乙”"),
        ("办理进展 == 已办结", 7, "这里应为栏名"),
        ("总投资 + 1 为空", 1, "前面应为一栏的名称"),
        ("总投资 包含 3", 1, "前面应为文字"),
        ("备注 包含 3", 7, "后面应为文字"),
        ("总投资 > " + "9" * 40, 7, "太长"),
        ("(" * 5000, 101, "拆成几条"),
        ("非 " * 5000 + "备注为空", 201, "拆成几条"),
        (" 且 ".join(["备注为空"] * 200), 353, "拆成几条"),
    ],
)
def test_a_wrong_condition_says_where_and_why(text, column, says):
    error = complaint(text)
    assert says in error.message
    assert error.column == column
    assert error.text == text
    assert str(error).startswith("“" + text)


def test_a_field_may_have_the_name_of_a_given_date_only_in_brackets():
    fields = {"截止日": "文本"}
    assert parse("「截止日」 = 甲", fields).names == {"截止日"}
    assert parse("截止日 > 2022-01-01", fields).names == set()


def test_an_expression_reckons_and_is_unknown_where_it_cannot():
    expression = parse_expression("年度计划投资 ÷ 总投资 × 100", FIELDS)
    assert expression.names == {"年度计划投资", "总投资"}
    columns = {"年度计划投资": [1, 1, None, 1], "总投资": [4, 0, 4, Unreadable()]}
    assert expression.evaluate(columns, 4) == [25.0, None, None, None]


@pytest.mark.parametrize(
    ("text", "says"), [("总投资 > 1", "应为算式"), ("备注", "应为算式"), ("投资额", "没有“投资额”")]
)
def test_an_expression_must_be_arithmetic(text, says):
    with pytest.raises(ConditionError, match=says):
        parse_expression(text, FIELDS)


def test_an_expression_beyond_all_numbers_is_unknown():
    assert parse_expression("总投资 × 总投资", FIELDS).evaluate({"总投资": [1e300]}, 1) == [None]


def test_conditions_and_their_errors_travel_between_processes():
    condition = read("办理层级 属于 (省, 市) 且 非 (办结时间 ≤ 2022-12 或 总投资 + 1 > 2)")
    assert pickle.loads(pickle.dumps(condition)) == condition
    error = complaint("总投资 >")
    again = pickle.loads(pickle.dumps(error))
    assert (again.text, again.column, again.message) == (error.text, error.column, error.message)


# -- properties ----------------------------------------------------------------------------------------------------

NUMBER_FIELDS = [name for name, kind in FIELDS.items() if kind in ("金额", "比率")]
DATE_FIELDS = [name for name, kind in FIELDS.items() if kind == "日期"]
DATES = st.builds(PartialDate.of, st.dates()) | st.builds(
    PartialDate, st.integers(1900, 2100), st.integers(1, 12), st.just(0)
)
FIGURES = st.decimals(-(10**6), 10**6, places=3, allow_nan=False).map(float)
WORDS = st.text(st.characters(categories=["L", "N", "P", "Zs"], exclude_characters='"“”＂'), min_size=1, max_size=8)


def number_fields():
    return st.sampled_from(NUMBER_FIELDS).map(lambda name: Field(name, TermKind.NUMBER))


numbers = st.recursive(
    number_fields() | FIGURES.map(lambda value: Constant(value, TermKind.NUMBER)),
    lambda inner: st.builds(Arithmetic, st.sampled_from("+−×÷"), inner, inner),
    max_leaves=4,
)
texts = st.sampled_from(["备注", "责任单位"]).map(lambda name: Field(name, TermKind.TEXT))
days = st.sampled_from(DATE_FIELDS).map(lambda name: Field(name, TermKind.DATE)) | st.sampled_from(
    ["报告日", "截止日"]
).map(Given)
text_constants = WORDS.map(lambda value: Constant(value, TermKind.TEXT))
day_constants = DATES.map(lambda value: Constant(value, TermKind.DATE))
number_constants = FIGURES.map(lambda value: Constant(value, TermKind.NUMBER))


def lists_of(constants):
    return st.lists(constants, min_size=1, max_size=3).map(tuple)


simple = (
    st.builds(Comparison, st.sampled_from("=≠<≤>≥"), numbers, numbers, st.just(TermKind.NUMBER))
    | st.builds(Comparison, st.sampled_from("=≠"), texts, texts | text_constants, st.just(TermKind.TEXT))
    | st.builds(Comparison, st.sampled_from("=≠<≤>≥"), days, days | day_constants, st.just(TermKind.DATE))
    | st.builds(Membership, texts, lists_of(text_constants), st.just(TermKind.TEXT))
    | st.builds(Membership, days, lists_of(day_constants), st.just(TermKind.DATE))
    | st.builds(Membership, numbers, lists_of(number_constants), st.just(TermKind.NUMBER))
    | st.builds(Contains, texts, WORDS)
    | st.builds(Blank, texts | number_fields())
)
conditions = st.recursive(
    simple,
    lambda inner: st.builds(Not, inner) | st.builds(Both, inner, inner) | st.builds(Either, inner, inner),
    max_leaves=5,
)


def written(node) -> str:
    match node:
        case Field(name) | Given(name):
            return name
        case Constant(value, TermKind.TEXT):
            return f"“{value}”"
        case Constant(value, TermKind.NUMBER):
            return f"{value:f}"
        case Constant(value):
            return str(value)
        case Arithmetic(sign, left, right):
            return f"({written(left)} {sign} {written(right)})"
        case Comparison(sign, left, right):
            return f"({written(left)}{sign}{written(right)})"
        case Membership(operand, choices):
            return f"({written(operand)} 属于 ({', '.join(map(written, choices))}))"
        case Contains(operand, part):
            return f"({written(operand)} 包含 “{part}”)"
        case Blank(field):
            return f"({written(field)}为空)"
        case Not(part):
            return f"(非 {written(part)})"
        case Both(left, right):
            return f"({written(left)} 且 {written(right)})"
        case Either(left, right):
            return f"({written(left)} 或 {written(right)})"
    raise AssertionError(node)


@given(conditions)
def test_any_condition_written_out_reads_back_as_itself(node):
    assert parse(written(node), FIELDS).root == node


@given(numbers)
def test_any_expression_written_out_reads_back_as_itself(node):
    assert parse_expression(written(node), FIELDS).root == node


PIECES = st.sampled_from(
    [
        *FIELDS,
        *'=≠<>≤≥+-×÷/%()（）“”"「」,，、 　且或非',
        "为空",
        "属于",
        "包含",
        "不",
        "报告日",
        "12",
        "2022-12",
        "已办结",
        "１",
    ]
)


@given(st.text(max_size=40) | st.lists(PIECES, max_size=12).map("".join))
def test_any_text_is_a_condition_or_a_condition_error(text):
    for reading in (read, lambda words: parse_expression(words, FIELDS)):
        try:
            rule = reading(text)
        except ConditionError as error:
            column = error.column
        else:
            column = 1
            rule.evaluate({name: [None, Unreadable()] for name in FIELDS}, 2)
        assert 1 <= column <= len(text) + 1


TRUTHS = {True: 1, False: 2, None: None}
THREE = {"甲": "数", "乙": "数", "丙": "数"}


def truth(text: str, *values: bool | None) -> bool | None:
    """A condition over 甲, 乙, 丙, each replaced by a comparison that is true, false or unknown."""
    for name in THREE:
        text = text.replace(name, f"({name} = 1)")
    cells = dict(zip(THREE, values, strict=False))
    (verdict,) = parse(text, THREE).evaluate({name: [TRUTHS[cells.get(name)]] for name in THREE}, 1)
    return verdict


ANY = st.sampled_from([True, False, None])


@given(ANY, ANY, ANY)
def test_and_or_not_obey_kleenes_laws(a, b, c):
    assert truth("非 (非 甲)", a) is a
    assert truth("非 (甲 且 乙)", a, b) is truth("非 甲 或 非 乙", a, b)
    assert truth("甲 且 乙", a, b) is truth("乙 且 甲", a, b)
    assert truth("甲 或 (乙 且 丙)", a, b, c) is truth("(甲 或 乙) 且 (甲 或 丙)", a, b, c)
    assert truth("甲 或 乙 且 丙", a, b, c) is truth("甲 或 (乙 且 丙)", a, b, c)
    assert truth("甲 且 (甲 或 乙)", a, b) is a


@pytest.mark.parametrize(
    ("a", "b", "both", "either"), [(None, False, False, None), (None, True, None, True), (None, None, None, None)]
)
def test_the_unknown_decides_only_where_the_rest_does_not(a, b, both, either):
    assert truth("甲 且 乙", a, b) is both
    assert truth("甲 或 乙", a, b) is either
