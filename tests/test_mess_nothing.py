"""Words for nothing: what is a nil return, what only begins with 无, and what a column of problems calls no problem."""

import pytest
from building import Sheet, counties, errors, f1, f2, f4, head, part_of, project, values, warnings


def clean(part):
    assert (errors(part), warnings(part)) == ([], [])
    return part


def listed(county, form, unit, *rows):
    """A sheet of any form, with all its columns in a header of one line."""
    sheet = Sheet()
    spec = counties()[county].forms[form]
    head(sheet, spec.file.signs[0], unit, None, None)
    sheet.columns = {name: column for column, name in enumerate(spec.fields, 1)}
    sheet.body = 5
    return sheet.fill(4, list(sheet.columns)).body_rows(rows)


TOPIC = {"议题": "产业园用地问题", "提出单位": "县发改局"}
PAIRED = {"项目": "古镇保护项目", "级别": "省重点", "责任单位": "县文旅局"}
MATTER = {"项目": "标准化厂房项目"}


@pytest.mark.parametrize(
    ("county", "form", "unit", "row"),
    [
        ("zhangzi", "联席会议议题", "县发改局", TOPIC | {"问题": "无建设用地指标，影响项目落地"}),
        ("zhangzi", "联席会议议题", "县发改局", TOPIC | {"备注": "无其他情况"}),
        ("linxian", "双包联台账", "县文旅局", PAIRED | {"备注": "无特殊情况"}),
        ("linxian", "双包联台账", "县文旅局", PAIRED | {"备注": "本月无新增问题"}),
        ("linxian", "双包联台账", "县文旅局", PAIRED | {"项目": "农村饮水工程合计"}),
        ("guxian", "问题台账", "古阳镇", MATTER | {"问题": "无建设用地指标，影响项目开工", "责任单位": "古阳镇"}),
        ("guxian", "问题台账", "古阳镇", MATTER | {"问题": "无建设用地指标，影响项目开工"}),
    ],
)
def test_a_line_that_tells_of_a_project_is_no_nil_return(county, form, unit, row):
    part = part_of(listed(county, form, unit, row), county=county, unit=unit)
    assert (len(part.rows), part.nil) == (1, False)


@pytest.mark.parametrize(
    "line",
    [
        "没有",
        "没有项目",
        "北平镇无项目",
        "北平镇没有新建项目",
        "本镇2022年无新建项目",
        "2022年12月无项目",
        "县住建局本周无需要上报的项目",
        "无符合条件的项目",
        "本单位目前没有在建项目。",
        "无项目，无问题",
        "无计划开工项目",
        "无谋划项目",
        "无房建项目",
        "无2023年新建项目",
        "本单位无2023年拟新建项目",
        "无新上项目",
        "本镇无双包联项目",
        "无包保项目",
        "本月无招商引资项目",
        "无新签约项目",
        "本月无新增堵点",
        "无未开工项目",
        "本镇无已开工未入统项目",
        "无未按序时进度项目",
        "无以上项目",
    ],
)
def test_m46_further_words_of_a_nil_return(line):
    assert clean(part_of(f1({"序号": 1, "项目名称": line}))).nil


@pytest.mark.parametrize("field", ["总投资", "年度计划投资"])
def test_m46_a_formula_that_gives_nought_does_not_hide_a_nil_return(field):
    assert clean(part_of(f1({"项目名称": "零报告", field: 0}))).nil


@pytest.mark.parametrize("line", ["北平镇今年以来没有招商引资签约项目", "我镇无新近谋划的大项目", "无相关工作开展情况"])
def test_m46_what_may_be_a_nil_return_is_told_once_and_how_to_write_it(line):
    part = part_of(f1({"序号": 1, "项目名称": line}))
    assert (part.nil, errors(part)) == (False, [("S11", "B6")])


@pytest.mark.parametrize("name", ["北平镇无害化处理中心项目", "无线发射台迁建项目", "古阳镇无人机产业园"])
def test_a_project_whose_name_holds_the_word_is_none(name):
    part = part_of(f1({"序号": 1, "项目名称": name}))
    assert (part.nil, len(part.rows)) == (False, 1)


def test_with_projects_beside_it_such_a_line_is_one_too():
    assert len(part_of(f1(project(1), {"项目名称": "无新谋划的2023年项目"})).rows) == 2


NO_PROBLEM = [
    "暂无", "无问题", "没有", "暂无问题", "无需协调", "不存在问题", "目前无问题", "没有问题", "无。", "否", "N/A", "×",
    "无需协调解决", "无需要协调解决的问题", "暂无需协调解决的问题",
]  # fmt: skip


@pytest.mark.parametrize("written_as", NO_PROBLEM)
def test_m23_no_problem_is_no_problem(written_as):
    row = clean(part_of(f1(project(需协调解决的问题=written_as)))).rows[0]
    assert (row.values.get("需协调解决的问题"), row.originals["需协调解决的问题"]) == (None, written_as)


@pytest.mark.parametrize(
    "written_as", ["已解决", "0", "用地指标没有落实", "无建设用地指标", "暂无资金", "无需协调的事项已报县里", "否决"]
)
def test_m23_what_says_something_stays(written_as):
    assert values(part_of(f1(project(需协调解决的问题=written_as))), "需协调解决的问题") == [written_as]


@pytest.mark.parametrize("remark", ["否", "没有", "暂无困难"])
def test_m23_a_remark_of_no_says_so(remark):
    assert values(part_of(f1(project(备注=remark))), "备注") == [remark]


def test_m23_a_choice_of_no_is_still_no():
    assert values(part_of(f1(project(是否产业项目="否"))), "是否产业项目") == ["否"]


# M54: formulas over cells that are still empty


@pytest.mark.parametrize("nothing", [{"占年度计划%": 0}, {"序号": 7, "1至本月累计完成投资": 0.0}])
def test_m54_a_formula_that_gives_nought_on_an_empty_line_makes_no_project(nothing):
    assert len(part_of(f2().fill(6, nothing).fill(7, nothing), county="huozhou", unit="市水利局").rows) == 1


def test_m54_nor_does_one_that_shows_it_as_a_percentage():
    sheet = f2()
    for row in (6, 7):
        sheet.fill(row, {"序号": row, "占年度计划%": 0})
        sheet.formats[row, sheet.columns["占年度计划%"]] = "0.00%"
    assert len(part_of(sheet, county="huozhou", unit="市水利局").rows) == 1


def test_signers_beside_each_other_and_a_telephone_among_the_amounts_are_no_project():
    sheet = f1(project(1))
    line = {1: "填表人：", 2: "张三", 4: "审核人：", 5: "李四", 9: "联系电话："}
    for column, word in (line | {sheet.columns["总投资"]: 13812345678}).items():
        sheet.put(sheet.body + 1, column, word)
    assert len(clean(part_of(sheet)).rows) == 1


def test_m54_nor_one_that_divides_by_an_empty_cell():
    sheet = f2().put(6, "占年度计划%", "#DIV/0!").put(6, "1至本月累计完成投资", 0)
    part = part_of(sheet, county="huozhou", unit="市水利局")
    assert (len(part.rows), errors(part)) == (1, [])


def test_m54_nought_beside_a_name_is_a_figure():
    part = part_of(f4({"项目名称": "某某项目", "年度计划投资": 0}), unit="县发改局")
    assert values(part, "年度计划投资") == [0]
