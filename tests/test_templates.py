"""Templates as an office edits them, and the blank forms made from them."""

import datetime as dt
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color

from xmreport.model.dates import CHINA
from xmreport.model.grid import column_letters
from xmreport.model.sheets import Asked, Line, SheetData, WorkbookData
from xmreport.workbooks.blanks import build_blank
from xmreport.workbooks.formats.template import TemplateBroken, read_template
from xmreport.workbooks.official import build

SHIPPED = Path(__file__).parent.parent / "templates_xlsx"
AS_OF = dt.datetime(2022, 12, 9, 17, 0, tzinfo=CHINA)
PLAIN = [
    ("抬头", "{标题}"),
    ("表头", "项目名称", "总投资"),
    ("明细", "{项目名称}", "{总投资}"),
    ("合计", "合计", "{求和}"),
    ("附注", "{附注}"),
]


def _template(folder, rows=PLAIN, edit=None):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "表"
    for row in rows:
        sheet.append(row)
    if edit:
        edit(book, sheet)
    book.save(folder / "t.xlsx")
    return folder


def _data(*lines, groups=None, head=None):
    sheet = SheetData("表", "表", head or {"标题": "汇总表"}, tuple(lines), groups or {})
    return WorkbookData("x.xlsx", "t.xlsx", (sheet,))


def _built(folder, data):
    return openpyxl.load_workbook(BytesIO(build(data, folder, AS_OF)))["表"]


LINE = Line("明细", {"项目名称": "甲", "总投资": 10.5})


def _without(kind):
    return [row for row in PLAIN if row[0] != kind]


LETTERS = {"通知书"}
"""A letter of one page has neither a header to repeat nor pages to number."""


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("*.xlsx")), ids=lambda path: path.stem)
def test_every_shipped_template_can_be_read_and_is_set_up_for_print(path):
    template = read_template(path)
    assert template.sheets
    for sheet in template.sheets.values():
        assert sheet.page.paper in {8, 9}
        assert sheet.page.centred
        if sheet.name not in LETTERS:
            assert "第 &P 页，共 &N 页" in sheet.page.footer
            assert sheet.page.repeated_rows is not None
            assert sheet.page.frozen_rows == len(sheet.headings)
        title = next(cell for row in sheet.headings for cell in row.cells if "{标题}" in cell.text)
        assert title.look.get("font_name") == "方正小标宋简体"
        assert not title.look.get("bold")


def test_the_templates_are_shipped():
    assert {"通用汇总表", "通用清单", "通报", "核对与变化"} <= {path.stem for path in SHIPPED.glob("*.xlsx")}
    assert "通用报表" in {path.stem for path in (SHIPPED / "报表").glob("*.xlsx")}


@pytest.mark.parametrize(
    ("rows", "cell", "words"),
    [
        (_without("明细"), None, "没有“明细”行"),
        ([*PLAIN, ("明细", "{项目名称}", "{总投资}")], "A6", "只能有一行"),
        ([*PLAIN, ("合 计", "合计")], "A6", "不认识的行标记"),
        ([*PLAIN, (None, "忘了写标记")], "B6", "A 列"),
        ([*_without("明细"), ("明细", "{项目名称", "{总投资}")], "B5", "成对"),
        ([*_without("明细"), ("明细", "{项目名称|涂色}", "{总投资}")], "B5", "不认识的写法"),
        ([*_without("明细"), ("明细", "{项目名称}", "{求和}")], "C5", "小计行或合计行"),
        ([*_without("明细"), ("明细", "{项目名称}", "{总投姿}")], "C5", "总投姿"),
        ([*_without("抬头"), ("抬头", "{标提}")], "B5", "标提"),
        (_without("合计"), None, "缺少“合计”行"),
    ],
)
def test_a_broken_template_is_named_with_its_cell_and_what_to_do(tmp_path, rows, cell, words):
    with pytest.raises(TemplateBroken) as broken:
        build(_data(LINE, Line("合计")), _template(tmp_path, rows), AS_OF)
    assert (broken.value.file, broken.value.sheet, broken.value.cell) == ("t.xlsx", "表", cell)
    assert words in broken.value.message
    assert "t.xlsx" in str(broken.value)


def test_a_missing_template_or_sheet_and_a_file_that_is_no_workbook_are_broken_templates(tmp_path):
    with pytest.raises(TemplateBroken, match="找不到"):
        read_template(tmp_path / "没有.xlsx")
    (tmp_path / "坏.xlsx").write_bytes(b"<html>")
    with pytest.raises(TemplateBroken, match="打不开"):
        read_template(tmp_path / "坏.xlsx")
    _template(tmp_path)
    with pytest.raises(TemplateBroken, match="没有工作表“别的”，现有：表"):
        read_template(tmp_path / "t.xlsx").sheet("别的")


def test_an_empty_table_does_not_call_the_fields_of_its_template_unknown(tmp_path):
    sheet = _built(_template(tmp_path), _data(Line("合计")))
    assert [cell.value for cell in sheet[3]] == ["合计", 0]


def test_column_a_and_the_explanations_are_never_printed(tmp_path):
    def explained(book, _sheet):
        book.create_sheet("说明").append(("怎样修改这本模板",))

    sheet = _built(_template(tmp_path, edit=explained), _data(LINE))
    assert [[cell.value for cell in row] for row in sheet.rows] == [
        ["汇总表", None],
        ["项目名称", "总投资"],
        ["甲", 10.5],
    ]


def test_what_an_office_changes_in_excel_changes_the_official_table(tmp_path):
    def edit(_book, sheet):
        sheet["C3"].font = Font(name="楷体", size=14, bold=True, color=Color(theme=4, tint=-0.25))
        sheet["C3"].fill = PatternFill("solid", fgColor=Color(theme=0, tint=-0.15))
        sheet["C3"].number_format = "#,##0.000"
        sheet.column_dimensions["C"].width = 40
        sheet.row_dimensions[3].height = 50
        sheet.freeze_panes = "C3"
        sheet.page_setup.orientation = "landscape"

    sheet = _built(_template(tmp_path, edit=edit), _data(LINE))
    cell = sheet["B3"]
    assert (cell.font.name, cell.font.sz, cell.font.b, cell.font.color.rgb) == ("楷体", 14, True, "FF376092")
    assert cell.fill.fgColor.rgb == "FFD9D9D9"
    assert cell.number_format == "#,##0.000"
    assert sheet.column_dimensions["B"].width * 8 == pytest.approx(280, abs=2)
    assert sheet.row_dimensions[3].height == pytest.approx(50, abs=0.5)
    assert sheet.freeze_panes == "B3"
    assert sheet.page_setup.orientation == "landscape"


def test_a_template_saved_by_a_chinese_program_counts_widths_in_its_own_font(tmp_path):
    _template(tmp_path, edit=lambda _book, sheet: setattr(sheet.column_dimensions["C"], "width", 20))
    old = ZipFile(tmp_path / "t.xlsx")
    with ZipFile(tmp_path / "u.xlsx", "w") as new:
        for name in old.namelist():
            text = old.read(name).replace(b'name="Normal"', 'name="常规"'.encode())
            new.writestr(name, text.replace(b'val="Calibri"', 'val="宋体"'.encode()))
    assert read_template(tmp_path / "t.xlsx").sheet("表").widths[1] == 140
    assert read_template(tmp_path / "u.xlsx").sheet("表").widths[1] == 160


def test_a_column_that_was_moved_or_removed_in_the_template_moves_or_goes(tmp_path):
    rows = [("抬头", "{标题}"), ("表头", "总投资"), ("明细", "{总投资}"), ("合计", "{求和}")]
    sheet = _built(_template(tmp_path, rows), _data(LINE, Line("合计")))
    assert [[cell.value for cell in row] for row in sheet.rows] == [["汇总表"], ["总投资"], [10.5], ["=SUM(A3)"]]


@pytest.mark.parametrize(
    ("text", "colour"),
    [("超期3天", "FFF8CBAD"), ("迟报（零报告）", "FFFFF2CC"), ("剩10天", "00000000"), (None, "00000000")],
)
def test_a_coloured_text_looks_like_the_longest_word_it_begins_with(tmp_path, text, colour):
    def words(book, _sheet):
        for row, (word, fill) in enumerate({"超期": "F8CBAD", "迟报": "FFF2CC", "迟": "FF0000"}.items(), 1):
            cell = book["样式"].cell(row, 1, word) if row > 1 else book.create_sheet("样式").cell(1, 1, word)
            cell.fill = PatternFill("solid", fgColor=fill)

    folder = _template(tmp_path, [("表头", "剩余"), ("明细", "{剩余|着色}")], words)
    assert _built(folder, _data(Line("明细", {"剩余": text})))["A2"].fill.fgColor.rgb == colour


GROUPED = [
    ("抬头", "{标题}"),
    ("表头", "名称", "前期手续", None, "备注"),
    ("表头", None, "{手续}", None, None),
    ("表头", None, "进展", "时间", None),
    ("明细", "{名称}", "{手续.进展}", "{手续.时间}", "{备注}"),
]


def _grouped(folder):
    def merge(_book, sheet):
        for area in ("B1:E1", "B2:B4", "C2:D2", "C3:D3", "E2:E4"):
            sheet.merge_cells(area)

    return _template(folder, GROUPED, merge)


@pytest.mark.parametrize("names", [("立项",), ("立项", "用地", "规划"), tuple("一二三四五六七")])
def test_a_repeated_group_is_written_out_for_each_name(tmp_path, names):
    values = {f"{name}.{part}": f"{name}{part}" for name in names for part in ("进展", "时间")}
    line = Line("明细", {"名称": "甲", "备注": "乙", **values})
    sheet = _built(_grouped(tmp_path), _data(line, groups={"手续": names}))
    last = 2 + 2 * len(names)
    assert sheet.max_column == last
    assert [cell.value for cell in sheet[3]][1:-1:2] == list(names)
    assert [cell.value for cell in sheet[4]][1:-1] == ["进展", "时间"] * len(names)
    assert [cell.value for cell in sheet[5]] == ["甲", *values.values(), "乙"]
    letter, inner = column_letters(last), column_letters(last - 1)
    merged = {str(area) for area in sheet.merged_cells.ranges}
    assert {f"A1:{letter}1", "A2:A4", f"B2:{inner}2", f"{letter}2:{letter}4", "B3:C3"} <= merged
    assert len(merged) == 4 + len(names)


def test_a_group_without_names_leaves_no_columns(tmp_path):
    sheet = _built(_grouped(tmp_path), _data(Line("明细", {"名称": "甲", "备注": "乙"}), groups={"手续": ()}))
    assert [cell.value for cell in sheet[5]] == ["甲", "乙"]


def test_the_columns_of_a_group_must_stand_together(tmp_path):
    rows = [("表头", "进展", "名称", "时间"), ("明细", "{手续.进展}", "{名称}", "{手续.时间}")]
    with pytest.raises(TemplateBroken, match="挨在一起"):
        build(_data(groups={"手续": ("立项",)}), _template(tmp_path, rows), AS_OF)


def _blank(rows=5, choices=None):
    head = {
        "附件": "附件1",
        "标题": "古县2023年新建项目前期手续办理情况表",
        "填报单位": "古阳镇",
        "填报时间": "2022-12-09",
        "示例日": "2023-12-09",
        "示例月": "2023年12月",
    }
    name = "前期手续办理情况表"
    asked = Asked(
        choices or {"建设性质": ("新建", "续建"), "规划.办理进展": ("已办结", "未办理"), "没有这一栏": ("甲",)},
        dates=frozenset({"规划.办结时间", "计划开工时间"}),
        money=frozenset({"总投资"}),
    )
    data = SheetData(name, name, head, (), {"手续": ("立项", "用地", "规划")}, asked=asked)
    return build_blank(data, SHIPPED, f"{name}.xlsx", rows, "guxian/F1/0123abcd", AS_OF)


def _validations(sheet):
    return {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}


def test_a_blank_form_has_empty_bordered_rows_and_says_where_it_comes_from():
    data = _blank()
    assert data == _blank()
    book = openpyxl.load_workbook(BytesIO(data))
    sheet = book["前期手续办理情况表"]
    assert book.sheetnames == ["前期手续办理情况表"]
    assert book.custom_doc_props["xmreport"].value == "guxian/F1/0123abcd"
    assert sheet["A3"].value == "填报单位（盖章）：古阳镇"
    assert {cell.value for row in sheet["A6:AB10"] for cell in row} == {None}
    assert {cell.border.left.style for row in sheet["A6:AB10"] for cell in row} == {"thin"}
    assert str(sheet["A11"].value).startswith("填表人")
    assert sheet["C6"].number_format == "@"
    assert not sheet.protection.sheet
    assert sheet.freeze_panes == "C6"


def test_choices_are_held_to_while_dates_and_amounts_only_warn():
    rules = _validations(openpyxl.load_workbook(BytesIO(_blank()))["前期手续办理情况表"])
    assert len(rules) == 5
    nature, money, start = rules["F6:F10"], rules["K6:K10"], rules["M6:M10"]
    assert (nature.type, nature.formula1, nature.errorStyle) == ("list", '"新建,续建"', None)
    assert "新建、续建" in nature.error
    assert (money.type, money.operator, money.errorStyle) == ("decimal", "greaterThanOrEqual", "warning")
    assert (start.type, start.errorStyle) == ("custom", "warning")
    assert "写成 2023-12-09；只能定到月份的，写 2023年12月。" in start.prompt


def test_a_list_too_long_for_a_rule_stands_on_a_hidden_sheet():
    units = tuple(f"县第{number}项目推进中心" for number in range(60))
    book = openpyxl.load_workbook(BytesIO(_blank(choices={"责任单位": units})))
    assert book["选项"].sheet_state == "hidden"
    assert _validations(book["前期手续办理情况表"])["E6:E10"].formula1 == "选项!$A$1:$A$60"
    assert [row[0].value for row in book["选项"].rows] == list(units)


def test_blank_forms_with_a_template_of_their_own_can_be_built():
    words = ("附件", "标题", "填报单位", "填报时间", "示例日", "示例月")
    head = dict.fromkeys(words, "")
    for path in set((SHIPPED / "报表").glob("*.xlsx")) - {SHIPPED / "报表" / "通用报表.xlsx"}:
        sheet = SheetData(path.stem, path.stem, head, (), {"手续": ("立项",)})
        data = build_blank(sheet, SHIPPED, path.name, 3, "m", AS_OF)
        assert "docProps/custom.xml" in ZipFile(BytesIO(data)).namelist()
