"""Messy layouts: headers, statements, units, sheets and files (M01, M02, M07–M09, M17, M18, M30, M35, M37, M41 …)."""

import datetime as dt

import pytest
from building import (
    DAY,
    F1_AFTER,
    F1_BEFORE,
    PROCEDURES,
    SUBS,
    Sheet,
    contact,
    errors,
    examined,
    f1,
    f4,
    f5,
    ods,
    part_of,
    project,
    register,
    values,
    warnings,
    written,
    xls,
    xlsx,
)

from xmreport.messages import say

COUNTIES = ["guxian", "huozhou"]
WAITING = {"立项.办理进展": "正在办理", "立项.办结时间": None, "立项.拟办结时限": dt.date(2023, 1, 20)}


def clean(part):
    assert (errors(part), warnings(part)) == ([], [])
    return part


# M01, M02: the header


@pytest.mark.parametrize("county", COUNTIES)
@pytest.mark.parametrize("merged", [True, False])
def test_m01_a_header_of_two_lines_is_read_merged_or_not(county, merged):
    part = clean(part_of(f1(county=county, merged=merged), county=county))
    assert len(part.columns["Sheet1"]) == len(F1_BEFORE) + 4 * len(PROCEDURES) + len(F1_AFTER)
    assert values(part, "能评.办结时间") == ["2022-11-03"]


def test_m01_a_header_three_lines_deep_with_a_line_of_sections_on_top():
    sheet = f1(top=2)
    sheet.cells = {(row + (row >= 5), column): value for (row, column), value in sheet.cells.items()}
    sheet.merges = [(top + 1, left, bottom + 1, right) for top, left, bottom, right in sheet.merges]
    sheet.body += 1
    sheet.put(5, 1, "项目基本情况").merge(5, 1, 5, 13)
    sheet.put(5, 14, "前期手续办理情况").merge(5, 14, 5, 33)
    assert values(clean(part_of(sheet)), "用地.办理进展") == ["已办结"]


def test_m01_a_third_header_line_with_units_of_money_is_no_project_and_gives_the_units():
    sheet = f1(project(总投资=5.2, 年度计划投资=1000), money=None)
    sheet.cells = {(row + (row >= sheet.body), column): value for (row, column), value in sheet.cells.items()}
    sheet.put(sheet.body, "总投资", "（亿元）").put(sheet.body, "年度计划投资", "（万元）")
    part = clean(part_of(sheet))
    assert (values(part, "总投资"), values(part, "年度计划投资")) == ([52000.0], [1000.0])


def test_m01_a_line_that_numbers_the_columns_is_no_project():
    sheet = f1()
    sheet.cells = {(row + (row >= sheet.body), column): value for (row, column), value in sheet.cells.items()}
    sheet.fill(sheet.body, list(range(1, 37)))
    assert len(clean(part_of(sheet)).rows) == 1


def pushed(sheet, first, by=1):
    """The sheet with its lines from `first` on further down."""
    sheet.cells = {(row + by * (row >= first), column): value for (row, column), value in sheet.cells.items()}
    sheet.body += by
    return sheet


def over_two_rows(sheet):
    """A one-line header whose cells are merged with the blank ones below."""
    pushed(sheet, 5)
    for column in sheet.columns.values():
        sheet.merge(4, column, 5, column)
    return sheet


NUMBERINGS = {
    "numbers": lambda count: list(range(1, count + 1)),
    "texts": lambda count: [str(number) for number in range(1, count + 1)],
    "in brackets": lambda count: [f"（{number}）" for number in range(1, count + 1)],
    "words apart": lambda count: ["甲", "乙", *range(1, count - 1)],
}


@pytest.mark.parametrize("numbering", NUMBERINGS.values(), ids=NUMBERINGS)
@pytest.mark.parametrize(
    "make", [f1, lambda: f1(merged=False), f4, f5, lambda: over_two_rows(f4()), lambda: over_two_rows(f5())]
)
def test_m01_a_line_that_counts_the_columns_is_no_line_of_the_body(make, numbering):
    sheet = make()
    top = sheet.body
    pushed(sheet, top).fill(top, numbering(len(sheet.columns)))
    part = clean(part_of(sheet, unit=None, day=dt.date(2022, 11, 30) if len(sheet.columns) == 8 else DAY))
    assert [row.row for row in part.rows] == [top + 1]


@pytest.mark.parametrize("counted", [False, True])
def test_m01_a_line_of_units_under_merged_headings_gives_the_units(counted):
    sheet = over_two_rows(f4(register(年度计划投资=0.3, 总投资=9000), money=None))
    sheet = pushed(sheet, 6).put(6, "年度计划投资", "（亿元）").put(6, "总投资", "（万元）")
    if counted:
        pushed(sheet, 7).fill(7, list(range(1, 17)))
    part = clean(part_of(sheet, unit=None))
    assert (values(part, "年度计划投资"), values(part, "总投资")) == ([3000.0], [9000.0])


def test_m01_such_lines_are_seen_in_each_sheet_anew():
    plain, counted = over_two_rows(f4()), over_two_rows(f4())
    pushed(counted, 6).fill(6, list(range(1, 17)))
    for sheet, row in ((plain, 6), (counted, 7), (plain, 6), (counted, 7)):
        assert [found.row for found in part_of(sheet, unit=None).rows] == [row]


def test_m01_headings_of_one_line_may_join_procedure_and_column():
    sheet = Sheet()
    fields = [*F1_BEFORE, *[f"{p}.{s}" for p in PROCEDURES for s in SUBS], *F1_AFTER]
    sheet.columns = {field: column for column, field in enumerate(fields, 1)}
    sheet.put(1, 1, "古县2023年新建项目前期手续办理情况表").put(2, 1, "填报单位：县住建局")
    sheet.fill(3, [field.replace(".", "") for field in fields])
    sheet.body = 4
    sheet.body_rows([project()])
    assert values(clean(part_of(sheet)), "规划.办理进展") == ["已办结"]


@pytest.mark.parametrize("top", [1, 3, 6, 20])
def test_m02_the_header_is_found_by_its_headings_however_low_it_stands(top):
    part = clean(part_of(f1(project(1), project(2), top=top)))
    assert [row.row for row in part.rows] == [top + 5, top + 6]
    assert part.stated == dt.date(2022, 12, 9)


def test_m02_a_table_that_begins_at_column_c_keeps_true_addresses():
    sheet = f1(project(总投资="大约"))
    sheet.cells = {(row, column + 2): value for (row, column), value in sheet.cells.items()}
    sheet.merges = [(top, left + 2, bottom, right + 2) for top, left, bottom, right in sheet.merges]
    assert errors(part_of(sheet)) == [("V02", "M6")]


# M07, M08, M09: units of money


def test_m07_each_heading_gives_its_own_unit():
    part = clean(
        part_of(
            f1(
                project(总投资=1.2, 年度计划投资=3000),
                headings={"总投资": "总投资（亿元）", "年度计划投资": "年度计划投资\n（万元）"},
            )
        )
    )
    assert values(part, "总投资") == [12000.0]
    assert part.rows[0].originals["总投资"] == "1.2"


@pytest.mark.parametrize(
    "heading", ["总投资/亿元", "总投资 亿元", "总投资：亿元", "总投资【亿元】", "总投资\n亿元", "总投资（亿）"]
)
@pytest.mark.parametrize("merged", [True, False])
def test_m07_a_heading_s_unit_needs_no_brackets(heading, merged):
    part = clean(part_of(f1(project(总投资=1.2), headings={"总投资": heading}, merged=merged)))
    assert values(part, "总投资") == [12000.0]


@pytest.mark.parametrize(
    ("unit", "figure"),
    [("千万元", 12), ("百万", 120), ("十亿元", 0.12), ("百万元", 120), ("十万元", 1200), ("万", 12000)],
)
def test_m07_units_of_tens_hundreds_and_thousands(unit, figure):
    part = clean(part_of(f1(project(总投资=figure), headings={"总投资": f"总投资（{unit}）"})))
    assert values(part, "总投资") == [12000.0]
    sheet = part_of(f1(project(总投资=figure, 年度计划投资=figure), money=unit))
    assert (errors(sheet), values(sheet, "年度计划投资")) == ([], [12000.0])
    written_out = part_of(f1(project(总投资=f"{figure}{unit}")))
    assert values(written_out, "总投资") == [12000.0]


@pytest.mark.parametrize("unit", ["万美元", "美元", "亿元/万元", "万欧元"])
def test_m07_a_unit_that_cannot_be_reckoned_with_is_one_error_at_the_heading(unit):
    part = part_of(f1(project(1), project(2, 总投资="3000万元"), headings={"总投资": f"总投资（{unit}）"}))
    assert (errors(part), warnings(part)) == ([("S26", "K4")], [])


@pytest.mark.parametrize("unit", ["万美元", "美元", "万元或亿元"])
def test_m08_such_a_unit_of_the_sheet_is_one_error_at_the_statement(unit):
    assert errors(part_of(f1(money=unit))) == [("S26", "K3")]
    named = f1(money=unit, headings={"总投资": "总投资（万元）", "年度计划投资": "年度计划投资（万元）"})
    assert errors(part_of(named)) == []


def test_m08_a_heading_goes_before_the_sheet_and_the_conflict_is_told_as_it_is():
    headings = {"总投资": "总投资（万元）", "年度计划投资": "年度计划投资（万元）"}
    part = part_of(f1(project(总投资=1200), headings=headings, money="亿元"))
    assert (errors(part), warnings(part), values(part, "总投资")) == ([], [("S25", "K3")], [1200])
    said = say(part.findings[0]).message
    assert said == "“总投资、年度计划投资”的列名写万元，表内单位写亿元；已按列名读，没有按亿元换算。"


def test_m08_where_one_heading_is_silent_its_column_is_converted_and_both_are_told():
    part = part_of(f1(project(总投资=12000, 年度计划投资=0.5), headings={"总投资": "总投资（万元）"}, money="亿元"))
    assert sorted(warnings(part)) == [("S20", "K3"), ("S25", "K3")]
    assert (values(part, "总投资"), values(part, "年度计划投资")) == ([12000], [5000.0])


def test_m08_headings_and_sheet_in_one_other_unit_agree():
    headings = {"总投资": "总投资（亿元）", "年度计划投资": "年度计划投资（亿元）"}
    part = clean(part_of(f1(project(总投资=1.2, 年度计划投资=0.5), headings=headings, money="亿元")))
    assert values(part, "总投资") == [12000.0]


@pytest.mark.parametrize("said", ["亿元", "亿", "人民币亿元", "亿元、亩"])
def test_m08_a_sheet_in_yi_is_converted_with_a_warning_at_the_statement(said):
    part = part_of(f1(project(总投资=5.932565, 年度计划投资=3.43638), money=said))
    assert (errors(part), warnings(part)) == ([], [("S20", "K3")])
    assert (values(part, "总投资"), values(part, "年度计划投资")) == ([59325.65], [34363.8])
    assert part.rows[0].originals["总投资"] == "5.932565"


def test_m08_a_heading_that_names_a_unit_beats_the_sheet():
    part = part_of(
        f1(project(总投资=5, 年度计划投资=3000), money="亿元", headings={"年度计划投资": "年度计划投资（万元）"})
    )
    assert values(part, "年度计划投资") == [3000.0]


@pytest.mark.parametrize("said", ["万元、亩", "亩、万元", "人民币万元", "万元", "萬元", "万元/亩"])
def test_m09_a_second_unit_beside_wan_changes_nothing(said):
    assert values(clean(part_of(f1(money=said))), "总投资") == [1200.0]


@pytest.mark.parametrize("words", ["单位 亿元", "单位（亿元）", "（亿元）", "金额单位：亿元", "计量单位:亿元"])
def test_m08_the_unit_of_money_is_heard_without_a_colon_too(words):
    sheet = f1(project(总投资=2, 年度计划投资=1), money=None).put(3, 11, words)
    part = part_of(sheet)
    assert warnings(part) == [("S20", "K3")]
    assert values(part, "总投资") == [20000.0]


# M17, M18, M31, M48: headings


@pytest.mark.parametrize(
    ("field", "heading"),
    [
        ("项目名称", "*项目名称"),
        ("项目名称", "项 目 名 称"),
        ("项目名称", "项目名称*"),
        ("项目名称", "☆项目名称："),
        ("建设内容及规模", "建设内容及规模（占地、面积、产能等）"),
        ("建设内容及规模", "建 设 规 模"),
        ("责任单位", "責任單位"),
        ("备注", "備註"),
        ("总投资", "總投資（萬元）"),
        ("总投资", "总\u200b投资"),
        ("建设性质", "建设性质\n（新建、续建）"),
        ("立项", "01-立项"),
        ("立项", "1．立项"),
        ("用地", "02—用地"),
        ("环评", "環評"),
        ("能评", "＊能评"),
        ("规划.办理进展", "*办理进展"),
        ("规划.办理进展", "辦理進展"),
        ("规划.拟办结时限", "拟办结\n时限"),
    ],
)
def test_m17_m18_m31_decorated_headings_are_the_same_headings(field, heading):
    clean(part_of(f1(headings={field: heading})))


@pytest.mark.parametrize(
    ("field", "alias"),
    [
        ("用地", "土地"),
        ("立项", "审批核准备案"),
        ("环评", "环境影响评价"),
        ("能评", "节能审查"),
        ("项目单位", "建设单位"),
        ("年度计划投资", "2023年计划投资"),
        ("需协调解决的问题", "存在问题"),
        ("环评.办结时间", "批复时间"),
    ],
)
def test_m48_a_column_renamed_to_an_alias_is_taken_as_it_is(field, alias):
    clean(part_of(f1(headings={field: alias})))


@pytest.mark.parametrize(
    ("field", "heading", "cell"),
    [
        ("建设性质", "建设的性质", "F4"),
        ("总投资", "总投资额", "K4"),
        ("年度计划投资", "年度计划投资额", "L4"),
        ("需协调解决的问题", "需要协调解决问题", "AH4"),
        ("立项.办结时间", "办结时间点", "P5"),
    ],
)
def test_m48_a_column_renamed_to_something_close_is_taken_with_a_warning_at_its_heading(field, heading, cell):
    part = part_of(f1(project(需协调解决的问题="资金缺口"), headings={field: heading}))
    assert (errors(part), warnings(part)) == ([], [("S06", cell)])
    assert values(part, field) != [None]


def test_m48_a_group_renamed_to_something_close_is_taken_with_a_warning():
    part = part_of(f1(headings={"立项": "项目立项情"}))
    assert errors(part) == []
    assert warnings(part) == [("S06", f"{letter}5") for letter in "NOPQ"]


def test_m48_a_heading_as_close_to_two_columns_stays_unknown():
    """项目名称单位 is as like 项目单位 as 项目名称 when both are free."""
    part = part_of(f1(project(), without=["项目单位", "项目名称"], extra=["项目名称单位"]))
    assert [code for code, _ in errors(part)] == ["S05", "S05"]


@pytest.mark.parametrize(("alias", "field"), [("开工时间", "计划开工时间"), ("说明", "备注"), ("名称", "项目名称")])
def test_m48_a_field_s_own_heading_goes_before_an_alias_to_its_left(alias, field):
    order = [alias, *F1_BEFORE, *PROCEDURES, *F1_AFTER]
    part = part_of(f1(project(1, {alias: "别的"}, 备注="甲"), order=order))
    assert (errors(part), warnings(part)) == ([], [("S07", "A4")])
    assert values(part, field) != ["别的"]


def test_m48_a_column_added_inside_a_procedure_s_group_is_only_added():
    sheet = f1(project(1))
    sheet.cells = {(row, column + (column >= 17)): value for (row, column), value in sheet.cells.items()}
    moved = [(t, left + (left >= 17), b, right + (right >= 17)) for t, left, b, right in sheet.merges]
    sheet.merges = [(t, left, b, 18 if (t, left) == (4, 14) else right) for t, left, b, right in moved]
    part = part_of(sheet.put(5, 17, "批复文号").put(6, 17, "古审批〔2022〕1号"))
    assert (errors(part), warnings(part)) == ([], [("S07", "Q5")])


def test_m48_moved_columns_are_found_by_their_headings():
    order = [*PROCEDURES[::-1], *F1_AFTER, *F1_BEFORE[::-1]]
    part = clean(part_of(f1(project(1), project(2, WAITING), order=order)))
    assert values(part, "立项.拟办结时限") == [None, "2023-01-20"]
    assert values(part, "总投资") == [1200.0, 2400.0]


def test_m48_an_added_column_is_told_at_its_heading_and_kept_apart():
    part = part_of(f1(project(包联领导="常务副县长"), extra=["包联领导"]))
    assert (errors(part), warnings(part)) == ([], [("S07", "AK4")])


@pytest.mark.parametrize(
    "missing", ["项目名称", "项目单位", "责任单位", "建设性质", "总投资", "年度计划投资", "能评.办理进展"]
)
def test_m48_a_required_column_missing_is_one_error_however_many_rows(missing):
    part = part_of(f1(project(1), project(2), project(3), without=[missing]))
    assert [(f.code, f.field) for f in part.findings if f.is_error] == [("S05", missing)]


def test_m48_a_whole_procedure_missing_is_one_error():
    assert [(f.code, f.field) for f in part_of(f1(without=["能评"])).findings] == [("S05", "能评.办理进展")]


@pytest.mark.parametrize("missing", ["立项.办理层级", "立项.拟办结时限"])
def test_m48_a_column_that_unfinished_procedures_need_is_missed_once(missing):
    part = part_of(f1(project(1, WAITING), project(2, WAITING), without=[missing]))
    assert [(f.code, f.field) for f in part.findings] == [("S05", missing)]


def test_m48_optional_columns_may_be_missing():
    optional = [
        "序号",
        "项目代码",
        "所属领域",
        "是否产业项目",
        "建设内容及规模",
        "建设起止年限",
        "计划开工时间",
        *F1_AFTER,
    ]
    clean(part_of(f1(without=optional)))


@pytest.mark.parametrize("county", COUNTIES)
def test_a_county_s_further_procedure_is_read_where_a_sheet_has_it(county):
    procedures = (*PROCEDURES, "消防")
    part = clean(
        part_of(f1(project(county=county, procedures=procedures), county=county, procedures=procedures), county=county)
    )
    assert values(part, "消防.办理进展") == ["已办结"]


def test_a_further_procedure_left_blank_is_none_of_the_project():
    procedures = (*PROCEDURES, "招投标")
    clean(part_of(f1(project(), procedures=procedures)))


# M33, M34, M35: files


@pytest.mark.parametrize("form", [xlsx, written, xls])
def test_m35_the_same_sheet_reads_alike_from_every_format(form):
    part = clean(part_of(f1(project(1), project(2, WAITING)), form=form))
    assert values(part, "立项.拟办结时限") == [None, "2023-01-20"]


def test_m40_an_ods_reads_alike_with_the_advice_to_save_as_xlsx():
    part = part_of(f1(project(1), project(2, WAITING)), form=ods)
    assert (errors(part), warnings(part)) == ([], [("F08", None)])
    assert values(part, "总投资") == [1200.0, 2400.0]


def test_m43_the_file_s_name_and_extension_decide_nothing():
    for name in ("古阳镇前期手续办理情况表(最终版)(1).xlsx", "新建 Microsoft Excel 工作表.xls", "副本.et"):
        assert clean(part_of(f1(), name=name, form=xls)).unit == "县住建局"


def test_m35_a_web_page_saved_as_xls_is_returned():
    found = examined(b"<html><body><table><tr><td>1</td></tr></table></body></html>", name="x.xls")
    assert (found.outcome, [f.code for f in found.findings]) == ("returned", ["F02"])


@pytest.mark.parametrize(
    ("data", "code"), [(b"PK\x05\x06" + b"\0" * 18, "F04"), (b"%PDF-1.4\n", "F04"), (b"\xff\xd8\xff\xe0", "F04")]
)
def test_m60_archives_papers_and_photographs_are_returned(data, code):
    found = examined(data)
    assert (found.outcome, [f.code for f in found.findings]) == ("returned", [code])


# M37, M41, M52: sheets


def test_m37_the_form_may_stand_among_other_sheets():
    notes = Sheet("说明").put(1, 1, "填报说明：请如实填写")
    part = part_of(notes, f1(name="前期手续"), Sheet("Sheet3"))
    assert (errors(part), warnings(part)) == ([], [("S15", None)])
    assert part.sheet == "前期手续"


def test_m37_one_project_a_sheet_makes_one_return():
    sheets = [f1(project(number), name=f"项目{number}") for number in (1, 2, 3)]
    part = clean(part_of(*sheets))
    assert [(row.sheet, row.row) for row in part.rows] == [("项目1", 6), ("项目2", 6), ("项目3", 6)]


@pytest.mark.parametrize("unit", ["", None])
def test_m37_sheets_that_leave_unit_and_day_to_the_first_belong_to_it(unit):
    sheets = [
        f1(project(1), name="一"),
        f1(project(2), name="二", unit=None, stated=None),
        f1(project(3), name="三", stated="    年  月  日"),
    ]
    part = clean(part_of(*sheets, unit=unit))
    assert (part.unit, part.stated, len(part.rows)) == ("县住建局", dt.date(2022, 12, 9), 3)


def test_m37_sheets_dated_within_one_period_are_one_return():
    part = part_of(f1(project(1), stated="2022年12月8日"), f1(project(2), name="二"))
    assert (len(part.rows), part.stated) == (2, dt.date(2022, 12, 9))


def test_m37_sheets_of_two_periods_are_two_returns():
    found = examined(f1(project(1), stated="2022年12月9日"), f1(project(1), name="二", stated="2022年12月16日"))
    assert [part.stated for part in found.parts] == [dt.date(2022, 12, 9), dt.date(2022, 12, 16)]


def test_m37_an_empty_form_left_on_a_second_sheet_is_nothing():
    empty = f1({}, name="Sheet2")
    assert len(clean(part_of(f1(), empty)).rows) == 1


def test_m41_a_hidden_sheet_counts_and_is_told():
    second = f1(project(2), name="二")
    second.hidden = True
    part = part_of(f1(project(1)), second)
    assert (len(part.rows), errors(part), warnings(part)) == (2, [], [("S24", None)])


def test_m41_hidden_rows_and_columns_count_and_are_told():
    sheet = f1(project(1), project(2))
    sheet.hidden_rows, sheet.hidden_columns = {7}, {11}
    part = part_of(sheet)
    assert (values(part, "总投资"), errors(part)) == ([1200.0, 2400.0], [])
    assert warnings(part) == [("S21", "A7"), ("S23", "K4")]


def test_m41_a_hidden_column_of_a_group_is_told_at_its_own_heading():
    sheet = f1(project(1))
    sheet.hidden_columns = {sheet.columns["用地.办结时间"]}
    assert warnings(part_of(sheet)) == [("S23", sheet.at("用地.办结时间", 5))]


def test_m61_struck_out_rows_count_and_are_told():
    sheet = f1(project(1), project(2))
    sheet.struck_rows = {6}
    part = part_of(sheet)
    assert (len(part.rows), errors(part), warnings(part)) == (2, [], [("S22", "A6")])


def test_m61_dates_of_the_1904_system_are_the_same_days():
    assert values(clean(part_of(written(f1(), date_1904=True))), "立项.办结时间") == ["2022-11-03"]


@pytest.mark.parametrize("serial", [43406, 43406.0, 43406.5])
def test_m61_a_bare_number_of_a_day_is_that_day_in_either_calendar(serial):
    later = f1(project(1, {"立项.办结时间": serial}))
    usual = f1(project(1, {"立项.办结时间": serial + 1462}))
    for _ in range(2):
        assert values(clean(part_of(written(later, date_1904=True))), "立项.办结时间") == ["2022-11-03"]
        assert values(clean(part_of(written(usual))), "立项.办结时间") == ["2022-11-03"]
        assert values(part_of(written(later)), "立项.办结时间") == ["2018-11-02"]


def test_m61_the_stated_day_may_be_such_a_number_too():
    sheet = f1(stated=None).put(3, 6, "填报时间：").put(3, 7, 44904 - 1462)
    assert part_of(written(sheet, date_1904=True)).stated == DAY


def test_m61_an_xls_of_1904():
    assert values(clean(part_of(xls(f1(project(1, {"立项.办结时间": 43406})), mode_1904=True))), "立项.办结时间") == [
        "2022-11-03"
    ]


def test_m52_two_units_in_the_county_s_own_folder_are_two_returns():
    found = examined(f1(), f1(unit="古阳镇", name="二"), unit=None)
    assert [(part.unit, part.sheet, len(part.rows), errors(part)) for part in found.parts] == [
        ("县住建局", "Sheet1", 1, []),
        ("古阳镇", "二", 1, []),
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_m52_a_second_unit_s_sheet_in_a_unit_s_folder_returns_the_file(order):
    sheets = [f1(), f1(project(2, 总投资="错"), unit="古阳镇", name="二")][::order]
    part = part_of(*sheets)
    assert part.unit == "县住建局"
    assert [(f.code, f.sheet, f.cell) for f in part.findings if f.is_error] == [("S04", "二", "A3")]


# M30, M43, M58: who reports


@pytest.mark.parametrize(
    ("county", "name", "unit"),
    [
        ("guxian", "住建局", "县住建局"),
        ("guxian", "古县住建局", "县住建局"),
        ("guxian", "縣住建局", "县住建局"),
        ("guxian", "县住房和城乡建设局", "县住建局"),
        ("guxian", "古县岳阳镇", "岳阳镇"),
        ("guxian", "舊縣鎮", "旧县镇"),
        ("guxian", "临汾市生态环境局古县分局", "市生态环境局古县分局"),
        ("guxian", "生态环境局古县分局", "市生态环境局古县分局"),
        ("guxian", "县 教 科 局", "县教科局"),
        ("guxian", "县教科局（公章）", "县教科局"),
        ("huozhou", "城市管理局", "市城管局"),
        ("huozhou", "霍州市城管局", "市城管局"),
        ("huozhou", "霍州市交通运输局", "市交运局"),
        ("huozhou", "霍州经济技术开发区", "经开区"),
        ("huozhou", "市經開區", "经开区"),
        ("huozhou", "民政局", "市民政局"),
    ],
)
def test_m30_a_unit_is_known_by_its_names(county, name, unit):
    assert clean(part_of(f1(county=county, unit=name), county=county, unit=None)).unit == unit


def test_m43_the_folder_against_the_sheet_is_one_error_at_the_statement():
    part = part_of(f1(unit="北平镇"), unit="古阳镇")
    assert (part.unit, errors(part)) == ("古阳镇", [("S04", "A3")])


def test_m43_a_unit_that_no_roster_knows_is_told_and_the_folder_decides():
    part = part_of(f1(unit="某某科"), unit="古阳镇")
    assert (part.unit, errors(part), warnings(part)) == ("古阳镇", [], [("S03", "A3")])


def test_m43_without_folder_and_statement_the_file_s_name_is_a_hint():
    part = part_of(f1(unit=None), unit=None, name="古阳镇前期手续办理情况表(最终版)(1).xlsx")
    assert (part.unit, warnings(part)) == ("古阳镇", [("S19", None)])


def test_m43_a_name_that_names_two_units_is_no_hint():
    assert part_of(f1(unit=None), unit=None, name="古阳镇和北平镇.xlsx").unit is None


def test_a_form_of_another_county_is_not_this_county_s_unit():
    part = part_of(f1(county="huozhou", unit="市能源局"), unit=None)
    assert (part.unit, errors(part)) == (None, [("S02", "A3")])


@pytest.mark.parametrize("label", ["填报单位", "填报单位（盖章）：", "填報單位：", "报送单位:", "填报单位（公章）"])
def test_m58_the_unit_in_the_cell_beside_is_read(label):
    sheet = f1(unit=None).put(3, 1, label).put(3, 3, "县教科局").merge(3, 1, 3, 2)
    assert clean(part_of(sheet, unit=None)).unit == "县教科局"


def test_m58_the_day_in_the_cell_beside_is_read_as_a_date_or_a_serial():
    for value in (dt.date(2022, 12, 8), 44903, "2022.12.8"):
        sheet = f1(stated=None).put(3, 6, "填报时间：").put(3, 7, value)
        assert clean(part_of(sheet)).stated == dt.date(2022, 12, 8)


@pytest.mark.parametrize("blank", ["    年  月  日", "", "年月日", "  年   月", "____年__月__日"])
def test_m58_a_day_left_open_is_no_day(blank):
    assert clean(part_of(f1(stated=blank))).stated is None


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2022年12月9日", (2022, 12, 9)),
        ("2022 年 12 月 9 日", (2022, 12, 9)),
        ("2022-12-09 17:00", (2022, 12, 9)),
        ("２０２２．１２．８", (2022, 12, 8)),
        ("20221208", (2022, 12, 8)),
        ("12月9日", (2022, 12, 9)),
        ("12月l0日", (2022, 12, 10)),
    ],
)
def test_m49_the_stated_day_in_its_many_notations(said, day):
    part = clean(part_of(f1(stated=said), day=dt.date(2022, 12, 8)))
    assert part.stated == dt.date(*day)


@pytest.mark.parametrize("said", ["2022年12月", "下周五", "2022年13月45日", "12月", "待定"])
def test_m49_a_day_that_cannot_be_told_is_a_warning_at_its_cell(said):
    part = part_of(f1(stated=said))
    assert (part.stated, errors(part), warnings(part)) == (None, [], [("S16", "F3")])


def test_m58_title_unit_day_and_money_in_one_merged_cell():
    sheet = f1(project(总投资=2, 年度计划投资=1), unit=None, stated=None, money=None)
    sheet.put(
        2,
        1,
        "古县2023年新建项目前期手续办理情况表\n填报单位（盖章）：县教科局    填报时间：2022年12月8日    单位：亿元",
    )
    sheet.merge(2, 1, 3, 36)
    part = part_of(sheet, unit=None)
    assert (part.unit, part.stated, values(part, "总投资")) == ("县教科局", dt.date(2022, 12, 8), [20000.0])
    assert (errors(part), warnings(part)) == ([], [("S20", "A2")])


def test_m58_a_day_without_a_label_does_not_spoil_the_unit_before_it():
    assert part_of(f1(unit="县教科局    2022年12月9日", stated=None), unit=None).unit == "县教科局"


def test_m58_words_in_the_body_are_no_statements_of_the_sheet():
    remark = "上报时间：2022年10月1日，填报单位：古阳镇，单位：亿元"
    part = clean(part_of(f1(project(备注=remark), stated="    年  月  日", unit=None, money=None), unit="县教科局"))
    assert (part.unit, part.stated, values(part, "总投资")) == ("县教科局", None, [1200.0])


def test_m39_statements_below_the_table_are_heard():
    sheet = f1(unit=None, stated=None).put(9, 1, "填报单位：县教科局").put(9, 6, "填报时间：2022年12月8日")
    part = clean(part_of(sheet, unit=None))
    assert (part.unit, part.stated) == ("县教科局", dt.date(2022, 12, 8))


# Which form


def test_each_form_is_known_by_its_headings():
    for sheet, form in ((f1(), "前期手续办理情况表"), (f4(), "省市重点项目目标任务表"), (f5(), "联络人名单")):
        assert part_of(sheet, unit=None).form == form


def test_a_form_without_its_title_is_known_all_the_same():
    sheet = f1(title="附表").put(2, 1, "汇总表")
    assert clean(part_of(sheet)).form == "前期手续办理情况表"


def test_a_wage_list_is_no_form():
    wages = Sheet("工资").fill(1, ["姓名", "岗位", "工资"]).fill(2, ["甲", "科员", 3500])
    found = examined(wages)
    assert (found.outcome, [f.code for f in found.findings]) == ("quarantined", ["S01"])


@pytest.mark.parametrize("sheet", [Sheet().put(1, 1, "你好"), Sheet().put(1, 1, 5)])
def test_a_sheet_of_anything_else_is_set_aside(sheet):
    assert examined(sheet).outcome == "quarantined"


def test_f5_several_phones_and_a_second_contact():
    part = clean(part_of(f5(contact(1, 电话="0357-8322000/13812345678"), contact(2, 手机=13912345678))))
    assert values(part, "电话") == ["0357-8322000、13812345678", "0357-8322002"]
    assert values(part, "手机") == [None, "13912345678"]
