"""What stands between and beside projects: sections, sums, merges, nil returns, footnotes, error values."""

import datetime as dt

import pytest
from building import (
    Sheet,
    contact,
    errors,
    f1,
    f4,
    f5,
    part_of,
    project,
    register,
    values,
    warnings,
    xls,
)

WAITING = {"立项.办理进展": "正在办理", "立项.办结时间": None, "立项.拟办结时限": dt.date(2023, 1, 20)}
BOTH = pytest.mark.parametrize("county", ["guxian", "huozhou"])


def clean(part):
    assert (errors(part), warnings(part)) == ([], [])
    return part


def lined(*lines, **more):
    """An F1 sheet whose body holds these lines: projects, and texts that stand in column A."""
    return f1(*[line if isinstance(line, dict) else {} for line in lines], **more).body_rows(
        [{1: line} if isinstance(line, str) else {} for line in lines]
    )


# M03: sections


@BOTH
@pytest.mark.parametrize(
    "title",
    [
        "三、促进开工（项目共计：2个）",
        "一、新建项目（项目共计：2个，总投资3600万元）",
        "（一）新建项目（2个）",
        "二、续建项目",
        "第一类 新建（共2个项目）",
        "三、促進開工（項目共計：２個）",
    ],
)
def test_m03_a_section_row_is_skipped(county, title):
    part = clean(
        part_of(lined(title, project(1, county=county), project(2, county=county), county=county), county=county)
    )
    assert [row.row for row in part.rows] == [7, 8]


def test_m03_a_section_row_merged_across_the_table_needs_no_number():
    sheet = lined("新建项目", project(1)).merge(6, 1, 6, 36)
    assert len(clean(part_of(sheet)).rows) == 1


@pytest.mark.parametrize("number", ["一", "（一）", "二、"])
def test_m03_a_section_row_may_have_its_number_apart_and_its_sums_beside(number):
    section = {"序号": number, "项目名称": "新建项目（2个）", "总投资": 3600, "年度计划投资": 1500}
    clean(part_of(f1(section, project(1), project(2))))


def test_m03_a_wrong_count_is_a_warning_at_the_section():
    part = part_of(
        lined("三、促进开工（项目共计：3个）", project(1), project(2), "四、竣工（项目共计：1个）", project(3))
    )
    assert (errors(part), warnings(part)) == ([], [("T02", "A6")])


def test_m03_an_outer_section_counts_the_projects_of_its_inner_ones():
    lines = [
        "一、新建（3个）",
        "（一）工业（2个）",
        project(1),
        project(2),
        "（二）农业（1个）",
        project(3),
        "二、续建（1个）",
        project(4),
    ]
    clean(part_of(lined(*lines)))


def test_m03_a_project_whose_name_begins_like_a_section_is_a_project():
    assert len(clean(part_of(f1(project(项目名称="一、二期供水工程")))).rows) == 1


# M04: sums


@BOTH
@pytest.mark.parametrize("word", ["合计", "总计", "合  计", "合计：", "共计", "合計", "合计（万元）", "全县合计"])
def test_m04_a_total_is_dropped_and_agrees(county, word):
    total = {"序号": word, "总投资": 3600, "年度计划投资": 1500}
    rows = [project(1, county=county), project(2, county=county)]
    for lines in ([*rows, total], [total, *rows]):
        assert len(clean(part_of(f1(*lines, county=county), county=county)).rows) == 2


def test_m04_a_wrong_total_is_a_warning_at_its_cell():
    part = part_of(f1(project(1), {"序号": "合计", "总投资": 1300, "年度计划投资": 500}))
    assert (errors(part), warnings(part)) == ([], [("T01", "K7")])


@pytest.mark.parametrize("number", [None, 3, "3"])
def test_m04_the_word_may_stand_under_the_name_behind_a_number(number):
    clean(part_of(f1(project(1), project(2), {"序号": number, "项目名称": "合计", "总投资": 3600})))


def test_m04_a_subtotal_a_section_and_a_total_over_all():
    lines = [
        {"序号": "一、新建"},
        project(1),
        project(2),
        {"序号": "小计", "总投资": 3600},
        {"序号": "二、续建"},
        project(3),
        {"序号": "小计", "总投资": 3600},
        {"序号": "合计", "总投资": 7200},
    ]
    clean(part_of(f1(*lines)))
    lines[6]["总投资"] = 3500
    assert warnings(part_of(f1(*lines))) == [("T01", "K12")]


def test_m04_subtotals_above_their_rows_add_up_what_follows():
    lines = [
        {"序号": "合计", "总投资": 7200},
        {"项目名称": "新建小计", "总投资": 3600},
        project(1),
        project(2),
        {"项目名称": "续建小计", "总投资": 3600},
        project(3),
    ]
    clean(part_of(f1(*lines)))


def test_m04_m08_a_total_in_yi_is_compared_in_yi():
    rows = [project(1, 总投资=1.5, 年度计划投资=1), project(2, 总投资=2.25, 年度计划投资=1)]
    part = part_of(f1(*rows, {"序号": "合计", "总投资": 3.75}, money="亿元"))
    assert warnings(part) == [("S20", "K3")]


@pytest.mark.parametrize("formula", ["=SUM(K6:K7)", "#REF!"])
def test_m04_a_total_that_cannot_be_read_is_only_a_warning(formula):
    part = part_of(f1(project(1), project(2), {"序号": "合计", "总投资": formula}))
    assert (errors(part), warnings(part)) == ([], [("T03", "K8")])


def test_m04_a_total_with_counts_under_the_procedures_is_a_total():
    clean(
        part_of(
            f1(
                project(1),
                {"序号": "合计", "总投资": 1200, "立项.办理进展": 1, "用地.办理进展": "1个", "规划.办理进展": "1个"},
            )
        )
    )


def test_m04_a_project_whose_name_ends_like_a_total_is_a_project():
    assert len(clean(part_of(f1(project(项目名称="财务小计", 序号=None)))).rows) == 1


def test_m04_a_sum_over_an_unreadable_figure_is_not_called_wrong():
    part = part_of(f1(project(1), project(2, 总投资="l200"), {"序号": "合计", "总投资": 2400}))
    assert (errors(part), warnings(part)) == ([("V02", "K7")], [])


# M20: merged cells


@BOTH
def test_m20_a_unit_merged_over_its_rows_is_each_row_s(county):
    rows = [project(1, county=county), *[project(n, county=county, 责任单位=None) for n in (2, 3)]]
    sheet = f1(*rows, county=county).merge(6, "责任单位", 8, "责任单位")
    assert len(set(values(clean(part_of(sheet, county=county)), "责任单位"))) == 1


def test_m20_text_is_filled_within_the_merge_only():
    sheet = f1(project(1), project(2, 责任单位=None), project(3, 责任单位=None)).merge(6, "责任单位", 7, "责任单位")
    assert errors(part_of(sheet)) == [("V01", "E8")]


def test_m20_one_merged_fault_is_one_finding():
    for word, code in ((None, "V01"), ("#REF!", "V25")):
        rows = [project(1, 责任单位=word), project(2, 责任单位=None), project(3, 责任单位=None)]
        sheet = f1(*rows).merge(6, "责任单位", 8, "责任单位")
        assert errors(part_of(sheet)) == [(code, "E6")]
    rows = [project(1, {"立项.办理进展": "差不多"}), project(2, {"立项.办理进展": None})]
    assert errors(part_of(f1(*rows).merge(6, "立项.办理进展", 7, "立项.办理进展"))) == [("V11", "O6")]


def test_m20_a_number_in_a_merge_is_its_first_row_s_and_the_others_are_told():
    sheet = f1(project(1), project(2, 总投资=None)).merge(6, "总投资", 7, "总投资")
    part = part_of(sheet)
    assert (values(part, "总投资"), errors(part), warnings(part)) == ([1200.0, None], [], [("V28", "K7")])


def test_m20_rows_under_one_merged_name_are_one_project():
    more = {"建设内容及规模": "配套管网", "立项.办理进展": "已办结", "备注": "分两期"}
    sheet = f1(project(1), more, project(2)).merge(6, "项目名称", 7, "项目名称")
    part = clean(part_of(sheet))
    assert [row.row for row in part.rows] == [6, 8]
    assert values(part, "建设内容及规模") == ["建设供水站一座；配套管网", "建设供水站一座"]
    assert values(part, "备注") == ["分两期", None]


def test_m20_a_further_line_of_choices_alone_is_not_lost():
    first = project(1, {"能评.办理进展": None, "能评.办结时间": None, "能评.办理层级": None}, 协调层级=None)
    sheet = f1(first, {"协调层级": "市"}).merge(6, "项目名称", 7, "项目名称")
    part = part_of(sheet)
    assert (values(part, "协调层级"), errors(part)) == (["市"], [("V01", "AE6")])


def test_m20_a_project_with_everything_merged_over_two_rows():
    sheet = f1(project(1))
    sheet.put(7, "需协调解决的问题", "用地指标").put(6, "需协调解决的问题", "资金")
    for field in (
        "序号",
        "项目名称",
        "项目代码",
        "项目单位",
        "责任单位",
        "建设性质",
        "总投资",
        "年度计划投资",
        "立项.办理进展",
    ):
        sheet.merge(6, field, 7, field)
    part = clean(part_of(sheet))
    assert (values(part, "需协调解决的问题"), values(part, "总投资")) == (["资金；用地指标"], [1200.0])


def test_m20_one_project_with_two_figures_is_one_error():
    sheet = f1(project(1), {"总投资": 900}).merge(6, "项目名称", 7, "项目名称")
    assert errors(part_of(sheet)) == [("V27", "K7")]


def test_m20_a_date_found_beside_a_further_status_needs_no_column():
    sheet = f1(project(1), {"立项.办理进展": "已办结（2022.11.3）"}, without=["立项.办结时间"])
    part = part_of(sheet.merge(6, "项目名称", 7, "项目名称"))
    assert (errors(part), values(part, "立项.办结时间")) == ([], ["2022-11-03"])


# M38, M39, M54: what surrounds the rows


@BOTH
def test_m38_blank_and_bordered_rows_are_no_rows(county):
    sheet = f1(project(1, county=county), county=county)
    for row in range(7, 201):
        sheet.put(row, 1, "").put(row, 5, " ").put(row, 36, "\u3000")
    assert len(clean(part_of(sheet, county=county)).rows) == 1


def test_m38_a_gap_between_projects_ends_nothing():
    assert len(clean(part_of(f1(project(1), {}, {}, project(2)))).rows) == 2


@pytest.mark.parametrize(
    "foot",
    [
        ["注：总投资以批复为准。"],
        ["填表人：甲", None, "审核人：乙", None, "联系电话：0000-0000000"],
        ["填表人", "甲", None, "审核人", "乙"],
        ["备注：本表每周五报送"],
        ["说明：1.总投资含建设期利息"],
        ["单位负责人（签字）：", None, None, "填报人："],
        ["填報人：甲"],
    ],
)
def test_m39_footnotes_and_signers_are_no_data(foot):
    assert len(clean(part_of(f1(project(1)).fill(7, foot))).rows) == 1


@pytest.mark.parametrize(
    "lines",
    [
        [{1: "注", 2: "总投资以批复为准"}],
        [{2: "1.本表每周五报送"}, {2: "2.总投资以批复为准"}],
        [{1: "注："}, {1: "1.", 2: "总投资以批复为准"}, {1: "2.", 2: "代码以平台为准"}],
        [{1: "注：1.总投资以批复为准"}, {2: "2.代码以平台为准"}, {2: "3、金额单位为万元"}],
        [{30: "古县住房和城乡建设局"}, {30: "2022年12月8日"}],
        [{30: "古县住房和城乡建设局"}, {31: dt.date(2022, 12, 8)}],
        [{30: "县住建局（盖章）"}, {}, {30: "年   月   日"}],
        [{33: "二〇二二年十二月八日"}],
    ],
)
def test_m39_notes_in_cells_of_their_own_and_the_signature_at_the_right_are_no_data(lines):
    sheet = f1(project(1), project(2))
    for row, line in enumerate(lines, 9):
        sheet.fill(row, line)
    assert len(clean(part_of(sheet)).rows) == 2


@pytest.mark.parametrize(
    "line", [{"项目名称": "1.某某供水项目"}, {"立项.办结时间": "2022年11月3日", "用地.办理进展": "已办结"}]
)
def test_m39_a_line_that_is_only_poor_in_words_is_still_a_row(line):
    assert len(part_of(f1(project(1), line, *[project(number) for number in range(2, 9)])).rows) == 9


def test_m39_a_project_is_no_signer_for_its_name():
    names = ["审核人才公寓项目", "填报人之家建设项目", "以下空白地块整治项目"]
    assert len(clean(part_of(f1(*[project(number, 项目名称=name) for number, name in enumerate(names, 1)]))).rows) == 3
    assert len(part_of(f4(*[register(number, 项目名称=name) for number, name in enumerate(names, 1)])).rows) == 3


@BOTH
def test_m54_numbers_and_choices_filled_in_beforehand_are_no_rows(county):
    sheet = f1(project(1, county=county), county=county)
    for row in range(7, 61):
        sheet.fill(
            row, {"序号": row - 5, "责任单位": "县住建局" if county == "guxian" else "市住建局", "建设性质": "新建"}
        )
    assert len(clean(part_of(sheet, county=county)).rows) == 1


def test_m54_a_column_of_row_formulas_is_no_row():
    sheet = f1(project(1, 序号="=ROW()-5"))
    for row in range(7, 30):
        sheet.put(row, 1, "=ROW()-5")
    assert len(clean(part_of(sheet)).rows) == 1


# M46: nil returns


@BOTH
@pytest.mark.parametrize(
    "line",
    [
        ["零报告"],
        [1, "无"],
        [None, "无"],
        ["無"],
        [1, "零報告"],
        [1, "（零报告）"],
        [1, "无", "无", "/", "—", None, None, None, "无"],
        ["本周无新增项目"],
        [None, "本期无"],
        [None, "暂无项目"],
        ["本单位无新建项目"],
        ["无新增"],
        [1, "本周零报告"],
        ["零 报 告"],
    ],
)
def test_m46_a_nil_return_in_its_many_words(county, line):
    sheet = f1({}, county=county).fill(6, line)
    for row in range(7, 20):
        sheet.put(row, 1, row - 5)
    part = clean(part_of(sheet.put(21, 1, "注：总投资以批复为准。"), county=county))
    assert (part.nil, part.rows) == (True, ())


def test_m46_with_choices_filled_in_beforehand_it_is_still_nil():
    part = clean(part_of(f1({"序号": 1, "项目名称": "零报告", "责任单位": "县住建局", "建设性质": "新建"})))
    assert part.nil


@pytest.mark.parametrize(
    "title", ["古县2023年新建项目前期手续办理情况表（零报告）", "古县2023年新建项目前期手续办理情况表 零报告"]
)
def test_m46_an_empty_form_marked_nil_in_its_title(title):
    assert clean(part_of(f1({}, title=title))).nil


def test_m46_an_empty_form_without_the_words_is_one_error_at_the_first_name():
    sheet = f1({})
    for row in range(6, 20):
        sheet.put(row, 1, row - 5)
    part = part_of(sheet)
    assert (part.nil, errors(part)) == (False, [("S11", "B6")])


@pytest.mark.parametrize(
    "note",
    [
        "注：没有内容可报的，请写“零报告”。",
        "注：没有项目的，在项目名称第一格写“零报告”。",
        "说明：如本周无新增项目，应填写零报告",
    ],
)
def test_m46_a_note_that_tells_how_to_report_nothing_reports_nothing(note):
    assert errors(part_of(f1({}).put(8, 1, note))) == [("S11", "B6")]


@pytest.mark.parametrize("remark", ["本周无新增问题", "本周无", "无新增", "无项目用地问题", "零报告"])
def test_m46_a_project_s_remarks_never_make_it_a_nil_return(remark):
    part = clean(part_of(f1(project(1, 备注=remark), project(2, 需协调解决的问题=remark))))
    assert (len(part.rows), part.nil) == (2, False)


def test_m46_a_project_is_not_nil_for_its_name():
    assert len(clean(part_of(f1(project(项目名称="无烟煤洗选项目")))).rows) == 1


def test_m46_this_week_without_change_is_no_nil_return():
    assert not part_of(f1({}).put(6, 1, "本周无变化")).nil


def test_m46_nil_beside_projects_is_a_warning_and_the_projects_count():
    part = part_of(f1({"项目名称": "零报告"}, project(1)))
    assert (part.nil, len(part.rows), errors(part), warnings(part)) == (False, 1, [], [("S12", "B6")])


# M53, M55


@BOTH
@pytest.mark.parametrize("words", ["以下空白", "此页无正文", "（以下空白）", "——以下空白——", "以下无正文"])
@pytest.mark.parametrize("column", ["序号", "项目名称"])
def test_m53_the_table_ends_at_these_words(county, words, column):
    end = {"序号": 2} | {column: words}
    sheet = f1(project(1, county=county), end, county=county).put(9, 1, "填表人：甲").put(8, 1, 2)
    assert len(clean(part_of(sheet, county=county)).rows) == 1


def test_m53_a_project_below_the_end_is_told_and_not_taken():
    part = part_of(f1(project(1), {"序号": "以下空白"}, project(2)))
    assert (len(part.rows), errors(part), warnings(part)) == (1, [], [("S17", "B8")])


def test_m55_a_header_pasted_again_with_its_titles_is_skipped():
    sheet = f1(project(1), project(2))
    block = {(row, column): value for (row, column), value in sheet.cells.items() if row < 6}
    sheet.cells |= {(row + 7, column): value for (row, column), value in block.items()}
    sheet.fill(13, project(3))
    assert [row.row for row in clean(part_of(sheet)).rows] == [6, 7, 13]


@pytest.mark.parametrize(
    "example",
    [
        {"序号": "例", "项目名称": "某某项目"},
        {"项目名称": "例：某某项目"},
        {"项目名称": "（示例）某某项目"},
        {"序号": 0, "项目名称": "示例项目"},
        {"序号": "示例"},
        {"序号": "（例）"},
    ],
)
def test_m55_the_template_s_example_is_a_warning_and_no_project(example):
    part = part_of(f1(project(9, example), project(1)))
    assert ([row.row for row in part.rows], errors(part)) == ([7], [])
    assert [code for code, _ in warnings(part)] == ["S13"]


def test_a_line_filled_only_beside_the_table_is_told():
    part = part_of(f1(project(1)).put(7, 40, "核对过"))
    assert (errors(part), warnings(part)) == ([], [("S14", "AN7")])


# M40: error values


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("总投资", "#REF!", "V25"),
        ("年度计划投资", "=K6*0.5", "V26"),
        ("建设起止年限", "#DIV/0!", "V25"),
        ("备注", "#N/A", "V25"),
        ("立项.办理进展", "=A1", "V26"),
        ("立项.办结时间", "#REF!", "V25"),
        ("项目名称", "=B1", "V26"),
        ("项目代码", "#N/A", "V25"),
    ],
)
def test_m40_an_error_value_or_an_uncomputed_formula_is_one_error_at_its_cell(field, value, code):
    sheet = f1(project(1, {field: value}))
    assert errors(part_of(sheet)) == [(code, sheet.at(field))]


# The same project twice, and other rows of the whole return


@pytest.mark.parametrize(
    "second",
    [
        {},
        {"项目代码": "2211－141025－89－01－100001", "项目名称": "改过的名称"},
        {"项目代码": None},
        {"项目名称": "☆第1供水站项目", "项目代码": None},
    ],
)
def test_the_same_project_twice_is_one_error_at_the_second(second):
    assert errors(part_of(f1(project(1), project(1, second, 序号=2)))) == [("R09", "B7")]


def test_the_same_project_on_two_sheets_is_one_error_at_the_second():
    part = part_of(f1(project(1)), f1(project(1), name="二"))
    assert [(f.code, f.sheet, f.cell) for f in part.findings] == [("R09", "二", "B6")]


def test_one_name_under_two_codes_or_two_owners_is_two_projects():
    clean(part_of(f1(project(1), project(2, 项目名称="第1供水站项目"))))
    clean(part_of(f1(project(1, 项目代码=None), project(1, 项目代码=None, 项目单位="城北建设有限公司"))))


def test_m21_the_star_of_a_provincial_project_changes_nothing():
    assert len(clean(part_of(f1(project(项目名称="☆第1供水站项目")))).rows) == 1


# Messes together


@BOTH
def test_many_messes_at_once(county):
    unit = {"guxian": "住建局", "huozhou": "霍州市住建局"}[county]
    owner = {"guxian": "縣住建局", "huozhou": "住建局"}[county]
    rows = [
        project(1, county=county, 总投资="１，２００．００ ", 年度计划投资="0.05亿", 责任单位=owner),
        project(2, WAITING, county=county, 责任单位=None, 建设起止年限="2023—2025年"),
    ]
    sheet = f1(
        {"序号": "一、新建项目（共2个）"}, *rows, {"序号": "小计", "总投资": "3600 "}, {"序号": "以下空白"},
        county=county, unit=unit, stated="    年  月  日", money="万元、亩", top=4,
        headings={"用地": "土  地", "项目名称": "*项目名称", "备注": "備註"}, extra=["包联领导"], order=None,
    )  # fmt: skip
    sheet.merge(10, "责任单位", 11, "责任单位").put(30, 1, "填表人：甲")
    part = clean(part_of(Sheet("说明"), sheet, Sheet("Sheet3"), county=county, unit=None, form=xls))
    assert (values(part, "总投资"), values(part, "年度计划投资")) == ([1200.0, 2400.0], [500.0, 1000.0])
    assert len(set(values(part, "责任单位"))) == 1


def test_f4_and_f5_know_the_same_lines():
    rows = [
        {"序号": "一、省重点（2个）"},
        register(1),
        register(2),
        {"序号": "合计", "年度计划投资": 6000, "本年累计完成投资": 4800},
    ]
    assert len(clean(part_of(f4(*rows), unit="县发改局")).rows) == 2
    assert len(clean(part_of(f5(contact(1), {"序号": 2}, {"序号": "以下空白"}))).rows) == 1
