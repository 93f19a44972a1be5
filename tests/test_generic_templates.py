"""A form without a template of its own: its blank, its summary and its lists are made from the generic ones."""

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest
from conftest import Office, at, saved
from test_recalculation import _formulas, _recalculated, _same, _value

from xmreport.issue import issue_blanks
from xmreport.model.dates import CHINA, PartialDate
from xmreport.model.receipts import Outcome
from xmreport.model.sheets import ColumnData, Line, SheetData, WorkbookData
from xmreport.tables.columns import LIST, form_columns, money_line, typed_columns
from xmreport.workbooks.formats.template import TemplateBroken, read_template
from xmreport.workbooks.official import build

SHIPPED = Path(__file__).parent.parent / "templates_xlsx"
AS_OF = dt.datetime(2022, 12, 9, 17, 0, tzinfo=CHINA)
RULES = """
县区: 沁源县
层级: 县
区划代码: 140431
依据: 沁政办发〔2022〕1号
发文日期: 2022-11-26
适用年度: 2022
单位:
  乡镇: [沁河镇, 郭道镇, 灵空山镇]
任务:
  林下经济:
    报表: 林下经济项目表
    时限: 2022-12-09 17:00
    起止: 2022-12-01 至 2022-12-09
    应报单位: [乡镇]
    报送至: 县林业局
    出处: 本办设定
报表:
  林下经济项目表:
    标题: 沁源县林下经济项目表
    附件: 附件3
    手续: [立项]
    出处: 本办设定
"""
FORM = """
报表: 林下经济项目表
识别: [林下经济]
名称列: 项目名称
主键: [项目名称]
列:
  - {名称: 序号, 类型: 序号}
  - {名称: 编号, 类型: 文本, 系统填写: 是}
  - {名称: 类别, 类型: 选项, 选项: 类别}
  - {名称: 项目名称, 类型: 文本, 必填: 是}
  - {名称: 负责单位, 类型: 单位}
  - {名称: 总投资, 类型: 金额, 必填: 是}
  - {名称: 已完成投资, 类型: 金额}
  - {名称: 完成率%, 类型: 数, 计算: 已完成投资 ÷ 总投资 × 100}
  - {名称: 种植面积, 类型: 数}
  - {名称: 开工日, 类型: 日期}
  - {组: 手续}
  - {名称: 存在问题, 类型: 文本}
手续:
  必填: [立项]
  子列:
    - {名称: 办理进展, 类型: 选项, 选项: 进展}
    - {名称: 办结时间, 类型: 日期}
选项:
  类别: {药材: [], 菌类: []}
  进展: {已办结: [], 未办理: []}
汇总:
  求和: [总投资]
"""
ASKED = [
    "序号",
    "类别",
    "项目名称*",
    "负责单位",
    "总投资*（万元）",
    "已完成投资（万元）",
    "完成率%",
    "种植面积",
    "开工日",
]
ASKED += ["立项办理进展", "立项办结时间", "存在问题"]
HEADINGS = ["序号", "填报单位", *(heading.replace("*", "") for heading in ASKED[1:])]


def plain_columns(types):
    """Columns of no form, each with its type: `{"指标": "文本", "目标": "指标值"}`."""
    return tuple(ColumnData(name, kind, name) for name, kind in types.items())


@pytest.fixture
def county(tmp_path):
    return _county(tmp_path / "office")


def _county(home):
    """A county with a form that nobody made a template for."""
    home.mkdir()
    office = Office(home, RULES, "qinyuan")
    (home / "rules" / "forms" / "林下经济项目表.yaml").write_text(FORM, "utf-8")
    return office


def _blank(office, unit="沁河镇"):
    county = office.workspace.rulebook.county(office.key)
    paths = [event.path for event in issue_blanks(office.workspace, county, "林下经济", at("12-05 09:00"))]
    return openpyxl.load_workbook(office.home / next(path for path in paths if unit in path))


def _headings(sheet, row=4):
    return [str(cell.value).replace("\n", "") for cell in sheet[row]]


def _filled(book, *lines):
    """As a unit fills its blank in: the day it reports, then project after project."""
    sheet = book.active
    column = {heading: place for place, heading in enumerate(_headings(sheet), 1)}
    day = next(cell for cell in sheet[3] if "填报时间" in str(cell.value))
    day.value = "填报时间：2022年12月8日"
    for row, line in enumerate(lines, 5):
        for heading, value in line.items():
            sheet.cell(row, column[heading], value)
    return saved(book)


def _project(name, total=100, done=50, **more):
    return {"项目名称*": name, "总投资*（万元）": total, "已完成投资（万元）": done, **more}


def _summary(office, now="12-09 17:30"):
    office.take(now, publish=True)
    path = office.outbox / "林下经济" / "2022-12-09" / "林下经济项目表汇总表.xlsx"
    return openpyxl.load_workbook(path), path


def _rules_of(sheet):
    return {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}


def test_a_blank_asks_for_every_column_in_the_forms_order_but_those_the_engine_fills(county):
    sheet = _blank(county)["林下经济项目表"]
    assert _headings(sheet) == ASKED
    assert [cell.value for cell in sheet[3] if cell.value] == [
        "填报单位（盖章）：沁河镇",
        "填报时间：    年  月  日",
        "单位：万元",
    ]
    assert sheet["A2"].value == "沁源县林下经济项目表"
    assert any("前报县林业局" in str(row[0].value) for row in sheet.rows)
    assert any(str(row[0].value).startswith("填表人") for row in sheet.rows)


def test_a_blank_has_drop_downs_dates_and_amounts(county):
    rules = {area.split(":")[0]: rule for area, rule in _rules_of(_blank(county)["林下经济项目表"]).items()}
    assert rules["B5"].formula1 == '"药材,菌类"'
    assert rules["J5"].formula1 == '"已办结,未办理"'
    assert {rules[first].type for first in ("E5", "F5", "H5")} == {"decimal"}
    assert {rules[first].operator for first in ("E5", "F5")} == {"greaterThanOrEqual"}
    assert rules["H5"].errorStyle == "warning"
    assert {rules[first].prompt[:10] for first in ("I5", "K5")} == {"写成 2022-12"}
    assert "G5" not in rules  # 完成率% is worked out


def test_a_blank_fills_one_page_with_its_frame(county):
    sheet = _blank(county)["林下经济项目表"]
    assert not sheet.row_breaks.brk
    empty = next(iter(_rules_of(sheet))).split(":")
    heights = [each.height or 15 for _, each in sorted(sheet.row_dimensions.items())]
    sides = sum(sheet.column_dimensions[letter].width * 8 * 0.75 for letter in "ABCDEFGHIJKL")
    room = (210 / 25.4 - sheet.page_margins.top - sheet.page_margins.bottom) * 72
    scale = min(1, (297 / 25.4 - sheet.page_margins.left - sheet.page_margins.right) * 72 / sides)
    assert 0.9 < sum(heights) * scale / room < 1
    assert int(empty[1][1:]) - int(empty[0][1:]) + 1 >= 8


def test_a_blank_filled_in_comes_back_recognised_without_a_finding(county):
    line = _project("黄芩种植基地", 120.5, 60.25, 类别="药材", 立项办理进展="已办结", 开工日="2022年5月", 种植面积=300)
    receipt = county.send("沁河镇/表.xlsx", _filled(_blank(county), line), "12-08 09:00")
    assert (receipt.outcome, receipt.form, receipt.row_count) == (Outcome.ACCEPTED, "林下经济项目表", 1)
    assert receipt.findings == ()


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    county = _county(tmp_path_factory.mktemp("published") / "office")
    lines = [_project("黄芩基地", 120.5, 60.25, 类别="药材", 开工日="2022年5月", **{"完成率%": 99})]
    lines += [_project("羊肚菌大棚", 30, 40, 类别="菌类", 立项办理进展="已办结", 立项办结时间="2022-11-03", 种植面积=3)]
    county.drop("沁河镇/表.xlsx", _filled(_blank(county), *lines))
    county.drop(
        "郭道镇/表.xlsx", _filled(_blank(county, "郭道镇"), _project("连翘加工厂", 0, 0, 存在问题="缺水。" * 30))
    )
    return _summary(county)


def test_a_summary_prints_number_unit_and_the_columns_of_the_form(published):
    book, _ = published
    sheet = book["汇总表"]
    assert book.sheetnames == ["汇总表", "来源"]
    assert _headings(sheet) == HEADINGS
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5, max_row=10)]
    assert [row[:4] for row in rows] == [
        [1, "沁河镇", "药材", "黄芩基地"],
        [2, "沁河镇", "菌类", "羊肚菌大棚"],
        ["沁河镇小计", None, None, "=ROWS(D5:D6)"],
        [3, "郭道镇", None, "连翘加工厂"],
        ["郭道镇小计", None, None, "=ROWS(D8)"],
        ["合计", None, None, "=SUM(D7,D9)"],
    ]
    assert sheet["A11"].value == "未纳入汇总——未报（1个单位）：灵空山镇。"


def test_only_the_columns_that_the_rules_add_up_have_totals(published):
    sheet = published[0]["汇总表"]
    assert [cell.value for cell in sheet[10] if cell.value] == ["合计", "=SUM(D7,D9)", "=SUM(F7,F9)"]
    assert [cell.value for cell in sheet[7] if cell.value] == ["沁河镇小计", "=ROWS(D5:D6)", "=SUM(F5:F6)"]
    assert (sheet["F10"].number_format, sheet["D10"].number_format) == ("0.00", '0"项"')


def test_a_computed_column_prints_what_its_formula_gives(published):
    sheet = published[0]["汇总表"]
    assert [sheet[f"H{row}"].value for row in (5, 6, 8)] == [50, pytest.approx(400 / 3), None]
    assert sheet["H5"].number_format == "0.00"


def test_a_summary_says_where_each_line_came_from_and_is_set_up_for_print(published):
    book, _ = published
    origin, sheet = book["来源"], book["汇总表"]
    assert _headings(origin)[:4] == ["序号", "填报单位", "项目名称", "来源文件"]
    assert [cell.value for cell in origin[5]][:4] == [1, "沁河镇", "黄芩基地", "表.xlsx"]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.print_title_rows, sheet.print_title_cols) == ("$4:$4", "$A:$D")
    assert sheet.freeze_panes == "E5"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet["A2"].font.name == "方正小标宋简体"


def test_a_form_without_sums_has_no_totals(county):
    path = county.home / "rules" / "forms" / "林下经济项目表.yaml"
    path.write_text(path.read_text("utf-8").split("汇总:")[0], "utf-8")
    county.drop("沁河镇/表.xlsx", _filled(_blank(county), _project("黄芩基地")))
    sheet = _summary(county, "12-09 16:00")[0]["汇总表"]
    assert [str(row[0].value)[:4] for row in sheet.iter_rows(min_row=5)] == ["1", "未纳入汇"]


def test_a_template_of_the_forms_own_name_goes_before_the_generic_one(county):
    own = openpyxl.Workbook()
    own.active.title = "汇总表"
    for row in (
        ("抬头", "{标题}"),
        ("表头", "项目", "投资"),
        ("明细", "{项目名称}", "{总投资}"),
        ("合计", "合计", "{求和}"),
    ):
        own.active.append(row)
    own.active.append(("小计", "小计", "{求和}"))
    own.active.append(("附注", "{附注}"))
    origin = own.create_sheet("来源")
    for row in (("表头", "文件"), ("明细", "{来源文件}")):
        origin.append(row)
    own.save(county.home / "templates_xlsx" / "林下经济项目表汇总表.xlsx")
    blank = openpyxl.Workbook()
    blank.active.title = "林下经济项目表"
    for row in (("抬头", "{标题}"), ("表头", "项目名称"), ("明细", "{项目名称}"), ("附注", "{附注}")):
        blank.active.append(row)
    blank.save(county.home / "templates_xlsx" / "报表" / "林下经济项目表.xlsx")
    filled = _filled(_blank_before(county), _project("黄芩基地"))
    assert _headings(_blank(county).active, 2) == ["项目名称"]
    county.drop("沁河镇/表.xlsx", filled)
    book, _ = _summary(county)
    assert book.sheetnames == ["汇总表", "来源"]
    assert _headings(book["汇总表"], 2) == ["项目", "投资"]


def _blank_before(county):
    """The generic blank, as it was issued before the office made its own."""
    own = county.home / "templates_xlsx" / "报表" / "林下经济项目表.xlsx"
    data = own.read_bytes()
    own.unlink()
    book = _blank(county)
    own.write_bytes(data)
    return book


HEAD = {"附件": "附件2", "标题": "逾期未办结问题清单", "填报单位": "县发改局", "截止时间": "2022-12-09 17:00"}
PLAIN = {"指标": "文本", "类别": "选项", "总投资": "金额", "限期": "日期", "存在问题": "文本", "状态": "选项"}
MATTER = {
    "序号": 1,
    "指标": "征地拆迁",
    "类别": "用地",
    "总投资": 1.5,
    "限期": PartialDate(2022, 12, 1),
    "存在问题": "未批",
    "状态": "督办",
}
ONE = (Line("明细", MATTER),)


def _list(columns=None, lines=ONE, template="清单", folder=SHIPPED, own="没有.xlsx", **more):
    head = {**HEAD, "金额单位": "单位：万元"}
    given = plain_columns(PLAIN) if columns is None else columns
    sheet = SheetData(template, template, head, tuple(lines), columns=given, **more)
    data = build(WorkbookData("x.xlsx", own, (sheet,), LIST), folder, AS_OF)
    return openpyxl.load_workbook(io.BytesIO(data))[template]


def _pixels(sheet, letter):
    return sheet.column_dimensions[letter].width * 8


def _width_of(kind, heading=""):
    """What the shipped template asks for a column of this type."""
    kinds = read_template(SHIPPED / LIST).kinds
    words = {
        at: (kinds.find("栏名").cells[at].text, kinds.widths[at])
        for at, cell in enumerate(kinds.row("表头").cells)
        if cell.text == kind
    }
    return next(width for given, width in words.values() if bool(given) == bool(heading) and heading in given)


def test_a_table_of_narrow_columns_alone_takes_the_room_its_page_has():
    columns = plain_columns({"责任单位": "单位"} | dict.fromkeys(("事项数", "在办", "超期", "办结"), "计数"))
    line = Line("明细", {"序号": 1} | dict.fromkeys(("责任单位", "事项数", "在办", "超期", "办结")))
    sheet = _list(columns, (line,))
    assert sum(_pixels(sheet, letter) for letter in "ABCDEF") > 700


@pytest.mark.parametrize("file", ["通用汇总表.xlsx", "通用清单.xlsx", "报表/通用报表.xlsx"])
@pytest.mark.parametrize("kind", ["数", "金额", "计算"])
def test_figures_have_two_decimals(file, kind):
    kinds = read_template(SHIPPED / file).kinds
    at = next(at for at, cell in enumerate(kinds.row("表头").cells) if cell.text == kind)
    assert kinds.row("明细").cells[at].look.number_format == "0.00"


def test_width_alignment_and_number_format_follow_from_the_type():
    sheet = _list()
    assert _pixels(sheet, "C") == pytest.approx(_width_of("选项"), abs=4)
    assert _pixels(sheet, "D") == pytest.approx(_width_of("金额"), abs=4)
    assert _pixels(sheet, "E") == pytest.approx(_width_of("日期"), abs=4)
    assert _pixels(sheet, "F") > _pixels(sheet, "B") > _pixels(sheet, "E")
    assert 950 < sum(_pixels(sheet, letter) for letter in "ABCDEFG") < 1050  # running text has what room there is
    assert [sheet[f"{letter}5"].alignment.horizontal for letter in "BCDEF"] == [
        "left",
        "center",
        "right",
        "center",
        "left",
    ]
    assert (sheet["D5"].number_format, sheet["E5"].number_format) == ("0.00", "yyyy-mm-dd")
    assert {cell.font.name for cell in sheet[5]} == {"仿宋_GB2312"}
    assert {cell.border.left.style for row in (4, 5) for cell in sheet[row]} == {"thin"}


def test_what_the_office_changes_in_the_types_changes_every_table(tmp_path):
    book = openpyxl.load_workbook(SHIPPED / LIST)
    kinds = book["列型"]
    column = next(cell for cell in kinds[1] if cell.value == "日期").column_letter
    kinds.column_dimensions[column].width = 30
    kinds[f"{column}2"].number_format = "yyyy年m月d日"
    book.save(tmp_path / LIST)
    sheet = _list(folder=tmp_path)
    assert sheet["E5"].number_format == "yyyy年m月d日"
    assert _pixels(sheet, "E") == pytest.approx(210, abs=4)


def test_words_of_a_state_are_coloured_and_running_text_is_not():
    fills = {letter: _list()[f"{letter}5"].fill.fgColor.rgb for letter in "FG"}
    assert fills == {"F": "00000000", "G": "FFFCE4D6"}


def test_a_figure_of_a_target_takes_the_format_of_its_unit():
    columns = plain_columns({"指标": "文本", "单位": "选项", "目标": "指标值"})
    values = [("开复工率", "%", 0.95), ("签约额", "亿元", 50), ("新开工", "个", 13)]
    lines = [Line("明细", {"序号": n, "指标": a, "单位": b, "目标": c}) for n, (a, b, c) in enumerate(values, 1)]
    sheet = _list(columns, lines)
    assert [sheet[f"D{row}"].number_format for row in (5, 6, 7)] == ["0.00%", "0.00", "0"]


def test_a_sheet_that_the_generic_template_does_not_name_looks_like_its_first():
    lines = (Line("分组", {"分组": "县住建局（1项）"}), Line("明细", MATTER), Line("合计", {}))
    sheet = _list(lines=lines, template="逾期清单", notes=("本期1项。",))
    assert [sheet[f"A{row}"].value for row in (5, 6, 7, 8)] == ["县住建局（1项）", 1, "合计", "本期1项。"]
    assert "A5:G5" in {str(area) for area in sheet.merged_cells.ranges}


def test_a_sheet_that_may_be_absent_is_left_out_where_no_template_has_it():
    head = {**HEAD, "金额单位": ""}
    sheets = tuple(
        SheetData(name, name, head, (), columns=plain_columns(PLAIN), optional=name == "打印版")
        for name in ("清单", "打印版")
    )
    data = build(WorkbookData("x.xlsx", "没有.xlsx", sheets, LIST), SHIPPED, AS_OF)
    assert openpyxl.load_workbook(io.BytesIO(data)).sheetnames == ["清单"]


@pytest.mark.parametrize(("columns", "paper"), [(14, 9), (22, 8)])
def test_a_table_too_wide_for_a4_goes_to_a3(columns, paper):
    types = {f"金额{number}": "金额" for number in range(columns)}
    sheet = _list(plain_columns(types), [Line("明细", {"序号": 1} | dict.fromkeys(types, 12345.5))])
    assert sheet.page_setup.paperSize == paper
    assert not sheet.col_breaks.brk


@pytest.mark.parametrize("columns", [1, 2, 3, 9, 25])
def test_the_heading_keeps_all_it_says_however_many_columns_there_are(columns):
    types = {f"栏{number}": "选项" for number in range(columns)}
    sheet = _list(plain_columns(types), [Line("明细", {"序号": 1} | dict.fromkeys(types))])
    assert sheet.max_column == columns + 1
    said = "".join(str(cell.value or "") for cell in sheet[3])
    assert "填报单位：县发改局" in said
    assert "截止时间：2022-12-09 17:00" in said
    assert "单位：万元" in said
    title = next(area for area in sheet.merged_cells.ranges if area.min_row == 2)
    assert (title.min_col, title.max_col) == (1, columns + 1)


def test_the_columns_up_to_the_one_that_names_a_line_stay_in_sight():
    columns = tuple(
        ColumnData(name, "文本", name, "计数" if name == "项目" else "") for name in ("编号", "项目", "问题", "备注")
    )
    line = Line("明细", {"序号": 1} | {column.field: None for column in columns})
    assert _list(columns, [line]).freeze_panes == "D5"
    assert _list(columns[2:], [line]).freeze_panes == "C5"


def _broken(folder, edit, *, columns=None):
    book = openpyxl.load_workbook(SHIPPED / LIST)
    edit(book)
    book.save(folder / LIST)
    with pytest.raises(TemplateBroken) as broken:
        _list(columns, folder=folder)
    assert broken.value.file == LIST
    return broken.value.sheet, broken.value.cell, broken.value.message


def test_a_generic_template_without_a_type_that_is_needed_says_so(tmp_path):
    def rename(book):
        next(cell for cell in book["列型"][1] if cell.value == "日期").value = "时间"

    sheet, cell, words = _broken(tmp_path, rename)
    assert (sheet, cell) == ("列型", "B1")
    assert "没有列型“日期”" in words


def test_a_type_whose_cell_lost_its_placeholder_is_named(tmp_path):
    def clear(book):
        column = next(cell for cell in book["列型"][1] if cell.value == "金额").column
        book["列型"].cell(2, column, "金额")
        places.append(book["列型"].cell(2, column).coordinate)

    places = []
    assert _broken(tmp_path, clear) == ("列型", *places, "这一格要写 {列.值}")


def test_a_generic_template_without_the_sheet_of_types_says_so(tmp_path):
    sheet, _, words = _broken(tmp_path, lambda book: book.remove(book["列型"]))
    assert sheet is None
    assert "列型" in words


def test_a_column_that_no_line_knows_is_named_with_its_cell(tmp_path):
    sheet, cell, words = _broken(tmp_path, lambda book: None, columns=plain_columns({"没有这一栏": "文本"}))
    assert (sheet, cell) == ("清单", "C5")
    assert "{没有这一栏}" in words


def test_without_any_template_the_generic_one_is_missed_by_name(tmp_path):
    with pytest.raises(TemplateBroken, match=f"{LIST}.*找不到"):
        _list(folder=tmp_path)


def test_columns_of_a_form_know_their_type_heading_and_total(county):
    form = county.workspace.rulebook.county("qinyuan").forms["林下经济项目表"]
    columns = typed_columns(form, ["填报单位", "总投资", "完成率%", "剩余天数"])
    assert [(column.type, column.heading, column.total) for column in columns] == [
        ("单位", "填报单位", ""),
        ("金额", "总投资\n（万元）", "求和"),
        ("计算", "完成率%", ""),
        ("文本", "剩余天数", ""),
    ]
    assert money_line(form, columns) == {"金额单位": "单位：万元"}
    assert money_line(form, columns[2:]) == money_line(None, columns) == {"金额单位": ""}
    assert [column.field for column in typed_columns(form, ["手续", "办理进展"], "手续")] == ["手续", "办理进展"]
    assert "立项.办理进展" not in [column.field for column in form_columns(form)]


@pytest.mark.libreoffice
def test_libreoffice_makes_of_the_totals_what_they_carry(published, tmp_path):
    _, path = published
    [again] = _recalculated([path], tmp_path)
    formulas = _formulas(path)
    assert len(formulas) == 6
    for cell, value in formulas.items():
        assert _same(value, _value(again, *cell))
