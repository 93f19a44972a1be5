"""The marked copy: every fault coloured, explained and listed, every value where the unit wrote it."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
import shutil
import subprocess
import time
import unicodedata
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
import xlsxwriter
import xlwt
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.packaging.relationship import Relationship
from openpyxl.styles import PatternFill
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.workbook.external_link import ExternalLink
from openpyxl.workbook.external_link.external import ExternalBook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from xmreport import messages
from xmreport.messages import Explanation
from xmreport.model.dates import CHINA
from xmreport.model.findings import Finding, Severity
from xmreport.model.grid import UNCACHED, Book, Box, Grid, address
from xmreport.model.returned import PROBLEM_SHEETS
from xmreport.workbooks.copies.references import outside
from xmreport.workbooks.copies.returned import About, copy_name, marked_copy
from xmreport.workbooks.copies.slip import slip

SEAL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
"""A picture of one red dot."""
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
RED, YELLOW = "FFFF9999", "FFFFEE88"
JUDGED = dt.datetime(2022, 12, 9, 16, 31, 5, tzinfo=CHINA)
ABOUT = About(
    county="古县",
    unit="古阳镇",
    form="前期手续办理情况表",
    task="前期手续办理周报",
    period="2022-12-09",
    file="古阳镇前期手续办理情况表.xlsx",
    arrived="2022-12-09 16:31",
    judged_at=JUDGED,
)
ENTRIES = (
    Explanation("NUM", "不是数", "“{字段}”填的是“{值}”，不是一个数。", "请只填一个数，单位万元。", "", ""),
    Explanation("GAP", "必填项空缺", "“{字段}”没有填。", "请补填。", "", ""),
    Explanation("UNIT", "单位存疑", "本表标明单位“亿元”。", "请核对。", "", ""),
    Explanation("HEAD", "缺列", "表头里找不到“{字段}”。", "请恢复原表样。", "", ""),
    Explanation("LOCK", "已加密", "文件已加密，打不开。", "请取消密码后保存。", "", ""),
)


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    for entry in ENTRIES:
        monkeypatch.setitem(messages.CATALOGUE, entry.code, entry)


def error(
    cell: str | None = None, code: str = "NUM", *, sheet: str = "Sheet1", value: str | None = "3000-5000"
) -> Finding:
    return Finding(code, Severity.ERROR, sheet, cell, "总投资", value)


def warning(cell: str) -> Finding:
    return Finding("UNIT", Severity.WARNING, "Sheet1", cell, None, "单位：亿元")


def a_form() -> openpyxl.Workbook:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Sheet1"
    sheet.append(["古县2023年新建项目前期手续办理情况表", None, None, None])
    sheet.append(["序号", "项目名称", "总投资", "计划开工时间"])
    sheet.append([1, "圣王山仓储物流园项目", "3000-5000", dt.date(2023, 3, 10)])
    sheet.append([2, "永乐光伏发电项目", 1234.5, dt.date(2023, 5, 27)])
    sheet.merge_cells("A1:D1")
    return workbook


def saved(workbook: openpyxl.Workbook) -> bytes:
    target = BytesIO()
    workbook.save(target)
    return target.getvalue()


def read(data: bytes, faults: Mapping[str, str] | None = None, file_format: str = "xlsx") -> Book:
    """A book as the reader gives it; `faults` by address on the first sheet."""
    reader = CalamineWorkbook.from_filelike(BytesIO(data))
    grids = []
    for name in reader.sheet_names:
        sheet = reader.get_sheet_by_name(name)
        rows = sheet.to_python(skip_empty_area=False)
        merges = sheet.merged_cell_ranges or []
        grids.append(
            Grid(
                name,
                tuple(tuple(None if value == "" else value for value in row) for row in rows),
                tuple(Box(top + 1, left + 1, bottom + 1, right + 1) for (top, left), (bottom, right) in merges),
                faults={coordinate_to_tuple(cell): fault for cell, fault in (faults or {}).items()}
                if not grids
                else {},
            )
        )
    return Book(file_format, tuple(grids), knows_faults=True)


def returned(data: bytes, *findings: Finding, faults: Mapping[str, str] | None = None) -> bytes:
    return marked_copy(parts(data), read(data, faults), findings, ABOUT)


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(data))


def values(book: Book, *, but: str = "问题清单") -> dict[tuple[str, str], object]:
    return {
        (grid.sheet, address(row, column)): value
        for grid in book.grids
        if grid.sheet != but
        for row, cells in enumerate(grid.rows, 1)
        for column, value in enumerate(cells, 1)
        if value is not None
    }


def marked(sheet: Worksheet) -> dict[str, str]:
    return {
        cell.coordinate: cell.fill.start_color.rgb for row in sheet for cell in row if cell.fill.fill_type == "solid"
    }


def commented(sheet: Worksheet) -> dict[str, str]:
    return {cell.coordinate: cell.comment.text for row in sheet for cell in row if cell.comment}


def parts(data: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def with_parts(data: bytes, change: Mapping[str, tuple[str, str]], extra: Mapping[str, bytes] | None = None) -> bytes:
    """The package with a text replaced in some parts, and parts added."""
    assert change.keys() <= parts(data).keys()
    target = BytesIO()
    with ZipFile(target, "w") as package:
        for name, content in parts(data).items():
            old, new = change.get(name, ("", ""))
            assert old.encode() in content
            package.writestr(name, content.replace(old.encode(), new.encode()) if old else content)
        for name, content in (extra or {}).items():
            package.writestr(name, content)
    return target.getvalue()


# Marks


def test_an_error_is_red_with_message_and_advice_and_a_warning_is_yellow() -> None:
    sheet = opened(returned(saved(a_form()), error("C3"), warning("D2")))["Sheet1"]
    assert marked(sheet) == {"C3": RED, "D2": YELLOW}
    comment = sheet["C3"].comment
    assert comment.author == "发改局退回"
    assert "“总投资”填的是“3000-5000”，不是一个数。" in comment.text
    assert "请只填一个数，单位万元。" in comment.text


def test_a_cell_with_error_and_warning_is_red_and_its_findings_are_numbered_in_one_comment() -> None:
    sheet = opened(returned(saved(a_form()), warning("C3"), error("C3")))["Sheet1"]
    assert marked(sheet) == {"C3": RED}
    text = commented(sheet)["C3"]
    assert text.index("1. 本表标明单位") < text.index("2. “总投资”填的是")


def test_the_comment_box_grows_with_its_text() -> None:
    data = returned(saved(a_form()), error("C3"), error("B4", value="很长的原文" * 60))
    vml = next(content.decode() for name, content in parts(data).items() if name.endswith(".vml"))
    heights = [int(height) for height in re.findall(r"height:(\d+)px", vml)]
    assert heights[1] > heights[0] * 3


def test_an_empty_cell_beyond_the_table_can_be_marked() -> None:
    sheet = opened(returned(saved(a_form()), error("H30", "GAP")))["Sheet1"]
    assert marked(sheet) == {"H30": RED}
    assert set(commented(sheet)) == {"H30"}


def test_a_finding_inside_a_merge_marks_its_top_left_cell() -> None:
    workbook = a_form()
    workbook["Sheet1"].merge_cells("B3:B4")
    sheet = opened(returned(saved(workbook), error("B4")))["Sheet1"]
    assert marked(sheet) == {"B3": RED}
    assert set(commented(sheet)) == {"B3"}


def test_the_units_own_comment_stays_beneath_ours_and_comes_back_when_ours_goes() -> None:
    workbook = a_form()
    workbook["Sheet1"]["C3"].comment = Comment("区间待定", "张三")
    workbook["Sheet1"]["B4"].comment = Comment("不相干", "张三")
    first = returned(saved(workbook), error("C3"))
    texts = commented(opened(first)["Sheet1"])
    assert texts["C3"].index("不是一个数") < texts["C3"].index("区间待定")
    assert texts["B4"] == "不相干"
    second = opened(returned(first, error("A4")))["Sheet1"]
    assert second["C3"].comment.text == "区间待定"
    assert second["C3"].comment.author == "张三"


# The list


def test_the_list_comes_first_is_shown_and_is_the_only_selected_sheet() -> None:
    workbook = opened(returned(saved(a_form()), error("C3")))
    assert workbook.sheetnames[0] == "问题清单"
    assert workbook.active.title == "问题清单"
    assert [bool(sheet.sheet_view.tabSelected) for sheet in workbook.worksheets] == [True, False]


def test_the_list_says_whose_what_when_how_many_and_what_to_do() -> None:
    sheet = opened(returned(saved(a_form()), error("C3"), error("B4"), warning("D2")))["问题清单"]
    heading = "\n".join(str(sheet.cell(row, 1).value) for row in range(1, 5))
    for said in ("古阳镇", "前期手续办理情况表", "2022-12-09期", "2022-12-09 16:31", "错误 2 处", "提醒 1 处"):
        assert said in heading
    assert "请在原表标红处修改后，将本文件直接放回收件文件夹；本页和批注不必删除。" in heading


def test_the_list_holds_every_finding_with_a_link_errors_first() -> None:
    findings = (warning("D2"), error("C3"), error(None, "HEAD", value=None), error("B3", value="=1+1"))
    sheet = opened(returned(saved(a_form()), *findings))["问题清单"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)]
    assert rows[0] == ["序号", "级别", "工作表", "单元格", "项目/字段", "原值", "问题", "怎么改"]
    assert [row[:4] for row in rows[1:]] == [
        [1, "错误", "Sheet1", None],
        [2, "错误", "Sheet1", "B3"],
        [3, "错误", "Sheet1", "C3"],
        [4, "提醒", "Sheet1", "D2"],
    ]
    assert rows[3][4:] == ["总投资", "3000-5000", "“总投资”填的是“3000-5000”，不是一个数。", "请只填一个数，单位万元。"]
    links = [sheet.cell(row, 4).hyperlink for row in range(6, 10)]
    assert [link and link.location for link in links] == [None, "'Sheet1'!B3", "'Sheet1'!C3", "'Sheet1'!D2"]


def test_a_units_value_that_looks_like_a_formula_is_listed_as_text() -> None:
    sheet = opened(returned(saved(a_form()), error("C3", value='=HYPERLINK("http://x")')))["问题清单"]
    assert sheet["F6"].value == '=HYPERLINK("http://x")'
    assert sheet["F6"].data_type == "s"


def test_the_list_prints_on_a4_landscape_with_its_header_on_every_page() -> None:
    sheet = opened(returned(saved(a_form()), error("C3")))["问题清单"]
    assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$5:$5"
    assert sheet.oddFooter.center.text == "第 &P 页，共 &N 页"
    assert (sheet["A1"].font.name, sheet["A1"].font.size) == ("方正小标宋简体", 22)
    assert (sheet["G5"].font.name, sheet["G6"].font.name, sheet["G6"].font.size) == ("黑体", "仿宋_GB2312", 11)


def test_a_long_message_gets_a_taller_row() -> None:
    sheet = opened(returned(saved(a_form()), error("B3"), error("C3", value="原文" * 100)))["问题清单"]
    assert sheet.row_dimensions[7].height > sheet.row_dimensions[6].height * 2


def test_a_sheet_of_the_units_own_by_that_name_is_kept() -> None:
    workbook = a_form()
    workbook.create_sheet("问题清单").append(["沁水县问题清单", "办结时限"])
    data = saved(workbook)
    copy = opened(returned(data, error("C3")))
    assert copy.sheetnames == ["退回问题清单", "Sheet1", "问题清单"]
    assert copy["问题清单"]["B1"].value == "办结时限"


# Dropped straight back


def test_every_value_comes_back_from_the_copy_where_it_stood() -> None:
    data = saved(a_form())
    assert values(read(returned(data, error("C3"), warning("D2")))) == values(read(data))


def test_a_computed_formula_becomes_its_value_so_that_the_copy_is_not_uncached() -> None:
    target = BytesIO()
    with xlsxwriter.Workbook(target) as workbook:
        sheet = workbook.add_worksheet("Sheet1")
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_formula("A1", "=1+1", None, 2)
        sheet.write_formula("A2", '="a"&"b"', None, "=ab")
        sheet.write_formula("A3", "=TODAY()", day, 44927)
        sheet.write_formula("A4", '=""', None, "")
    copy = returned(target.getvalue(), error("A1"))
    assert values(read(copy)) == values(read(target.getvalue()))
    sheet = opened(copy)["Sheet1"]
    assert [sheet[cell].value for cell in ("A1", "A2", "A4")] == [2, "=ab", None]
    assert (sheet["A2"].data_type, sheet["A3"].value.date()) == ("s", dt.date(2023, 1, 1))
    assert not any(re.search(rb"<f[ />]", content) for name, content in parts(copy).items() if "worksheets/" in name)


def test_a_formula_at_fault_stays_for_the_unit_to_mend() -> None:
    workbook = a_form()
    workbook["Sheet1"]["C3"] = "=Z1/0"
    workbook["Sheet1"]["C4"] = "=SUM(Z1:Z9)"
    copy = opened(returned(saved(workbook), error("C3"), faults={"C3": "#DIV/0!", "C4": UNCACHED}))["Sheet1"]
    assert (copy["C3"].value, copy["C4"].value) == ("=Z1/0", "=SUM(Z1:Z9)")


def test_text_that_begins_with_an_equals_sign_stays_text() -> None:
    target = BytesIO()
    with xlsxwriter.Workbook(target) as workbook:
        sheet = workbook.add_worksheet("Sheet1")
        sheet.write_string("A1", "=cmd|'/c calc'!A0")
        sheet.write_string("A2", "@SUM(1)", workbook.add_format({"quote_prefix": True}))
    copy = opened(returned(target.getvalue(), error("B1")))["Sheet1"]
    assert (copy["A1"].value, copy["A1"].data_type) == ("=cmd|'/c calc'!A0", "s")
    assert copy["A2"].quotePrefix


def test_inline_text_that_begins_with_an_equals_sign_stays_text() -> None:
    data = saved(a_form())
    old = re.search(r'<c r="B3"[^>]*>.*?</c>', parts(data)["xl/worksheets/sheet1.xml"].decode()).group()
    inline = with_parts(data, {"xl/worksheets/sheet1.xml": (old, '<c r="B3" t="inlineStr"><is><t>=1+1</t></is></c>')})
    cell = opened(returned(inline, error("C3")))["Sheet1"]["B3"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_what_lies_under_a_merge_and_a_date_beyond_the_calendar_are_not_lost() -> None:
    workbook = a_form()
    workbook["Sheet1"]["D4"] = 20221206
    workbook["Sheet1"]["D4"].number_format = "yyyy-mm-dd"
    data = saved(workbook)
    merged = with_parts(data, {"xl/worksheets/sheet1.xml": ('ref="A1:D1"', 'ref="A1:D2"')})
    with pytest.warns(UserWarning, match="outside the limits for dates"):
        assert opened(merged)["Sheet1"]["D4"].value == "#VALUE!"
    assert values(read(returned(merged, error("C3")))) == values(read(merged))


def test_hidden_parts_merges_widths_and_number_formats_survive() -> None:
    workbook = a_form()
    sheet = workbook["Sheet1"]
    sheet.row_dimensions[4].hidden = True
    sheet.column_dimensions["B"].hidden = True
    sheet.column_dimensions["C"].width = 33
    sheet["C4"].number_format = "0.000"
    workbook.create_sheet("参数").sheet_state = "hidden"
    copy = opened(returned(saved(workbook), error("C3")))
    sheet = copy["Sheet1"]
    assert sheet.row_dimensions[4].hidden
    assert sheet.column_dimensions["B"].hidden
    assert sheet.column_dimensions["C"].width == 33
    assert sheet["C4"].number_format == "0.000"
    assert [str(merge) for merge in sheet.merged_cells.ranges] == ["A1:D1"]
    assert copy["参数"].sheet_state == "hidden"


def test_a_second_return_has_one_list_and_only_its_own_marks() -> None:
    first = returned(saved(a_form()), error("C3"), warning("D2"))
    second = returned(first, error("B4", "GAP"))
    copy = opened(second)
    assert copy.sheetnames == ["问题清单", "Sheet1"]
    assert marked(copy["Sheet1"]) == {"B4": RED}
    assert set(commented(copy["Sheet1"])) == {"B4"}
    assert [row[3].value for row in copy["问题清单"].iter_rows(min_row=6)] == ["B4"]


def test_marks_are_known_again_when_a_program_dropped_the_comments_author() -> None:
    first = returned(saved(a_form()), error("C3"))
    anonymous = with_parts(first, {"xl/comments1.xml": ("<author>发改局退回</author>", "<author> </author>")})
    assert set(commented(opened(returned(anonymous, error("B4")))["Sheet1"])) == {"B4"}


def test_a_units_own_fill_is_not_taken_for_ours() -> None:
    workbook = a_form()
    workbook["Sheet1"]["A2"].fill = PatternFill("solid", start_color="FFFFFF00")
    first = returned(saved(workbook), error("C3"))
    assert marked(opened(returned(first, error("B4")))["Sheet1"]) == {"A2": "FFFFFF00", "B4": RED}


# Nothing that acts or reaches outside


def linked_form() -> bytes:
    workbook = a_form()
    sheet = workbook["Sheet1"]
    link = ExternalLink(externalBook=ExternalBook(id="rId1"))
    link.file_link = Relationship(
        type="externalLinkPath", Target="file:///D:/evil-book.xlsx", TargetMode="External", Id="rId1"
    )
    workbook._external_links.append(link)
    workbook.defined_names["外部"] = DefinedName("外部", attr_text="'[1]汇总 表'!$A$1")
    workbook.defined_names["内部"] = DefinedName("内部", attr_text="Sheet1!$A$1")
    for formula in ("[1]Sheet1!$A$1:$A$9", '"新建,续建"'):
        rule = DataValidation(type="list", formula1=formula)
        rule.add("B4")
        sheet.add_data_validation(rule)
    sheet.conditional_formatting.add("A1:A9", FormulaRule(formula=["[1]Sheet1!$A$1>0"]))
    sheet.conditional_formatting.add("A1:A9", FormulaRule(formula=["$C$4>0"]))
    sheet["B3"].hyperlink = "file://evil-host/share"
    sheet["B4"].hyperlink = "#Sheet1!A1"
    sheet["C3"] = "=[1]Sheet1!A1"
    return saved(workbook)


def test_links_to_other_files_never_reach_the_copy_and_those_inside_stay() -> None:
    data = linked_form()
    assert "xl/externalLinks/externalLink1.xml" in parts(data)
    copy = returned(data, error("C3"), faults={"C3": UNCACHED})
    everything = b"".join(parts(copy).values())
    for trace in (b"evil", b"[1]", b"externalLink"):
        assert trace not in everything
    workbook = opened(copy)
    sheet = workbook["Sheet1"]
    assert list(workbook.defined_names) == ["内部"]
    assert [rule.formula1 for rule in sheet.data_validations.dataValidation] == ['"新建,续建"']
    assert [rule.formula for group in sheet.conditional_formatting for rule in group.rules] == [["$C$4>0"]]
    assert (sheet["B3"].value, sheet["B3"].hyperlink) == ("圣王山仓储物流园项目", None)
    assert (sheet["C3"].value, sheet["C3"].data_type) == ("#REF!", "e")


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def where(target: str) -> str:
    return "External" if ":" in target else "Internal"


def related(*relations: tuple[str, str, str]) -> bytes:
    """A part's relations: id, kind and target; a target with a colon lies outside."""
    listed = "".join(
        f'<Relationship Id="{id_}" Type="{OFFICE}/{kind}" Target="{target}" TargetMode="{where(target)}"/>'
        for id_, kind, target in relations
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'.encode()


def hostile_form() -> bytes:
    """Everything in one workbook that acts, fetches or looks outside; each trace of it says EVIL."""
    sheet = (
        f'<worksheet {MAIN} xmlns:r="{OFFICE}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        '<sheetViews><sheetView workbookViewId="0"><pivotSelection r:id="rIdEVIL"/></sheetView></sheetViews>'
        '<sheetData><row r="1"><c r="A1"><v>1</v></c><c r="B1" t="e"><f>WEBSERVICE("EVIL")</f><v>#N/A</v></c>'
        '<c r="C1" t="e"><f>SUM([1]EVIL:Sheet3!A1)</f><v>#REF!</v></c>'
        """<c r="D1" t="e"><f>1+'\\\\EVIL\\a.xlam'!F(1)</f><v>#REF!</v></c>"""
        '<c r="E1" cm="77"><f t="array" ref="E1">EVIL()</f><v>2</v></c>'
        '<c r="F1" t="e"><f>A1/0</f><v>#DIV/0!</v></c></row></sheetData>'
        '<conditionalFormatting sqref="A1"><cfRule type="dataBar" priority="1"><dataBar>'
        '<cfvo type="formula" val="[1]EVIL!A1"/><cfvo type="max"/><color rgb="FF00FF00"/></dataBar></cfRule>'
        "</conditionalFormatting>"
        '<dataValidations count="1"><dataValidation type="list" sqref="A1"><formula1>EVIL.xlsx!名单</formula1>'
        "</dataValidation></dataValidations>"
        '<hyperlinks><hyperlink ref="A1" r:id="rId1"/><hyperlink ref="B1" location="\\\\EVIL\\a.xlsx"/>'
        '<mc:AlternateContent><mc:Choice Requires="x"><hyperlink ref="C1" location="file:EVIL"/></mc:Choice>'
        "</mc:AlternateContent></hyperlinks>"
        '<pageSetup r:id="rIdEVIL"/><drawing r:id="rId3"/><legacyDrawing r:id="rId4"/><legacyDrawingHF r:id="rId4"/>'
        '<picture r:id="rId5"/><oleObjects><oleObject progId="EVIL" shapeId="1" r:id="rId6"/></oleObjects>'
        '<controls><control shapeId="1" r:id="rId6" name="EVIL"/></controls>'
        '<tableParts count="1"><tablePart r:id="rId7"/></tableParts>'
        '<extLst><ext uri="{EVIL}"/></extLst></worksheet>'
    )
    workbook = (
        f'<workbook {MAIN} xmlns:r="{OFFICE}"><fileVersion appName="xl"/><functionGroups><functionGroup name="EVIL"/>'
        '</functionGroups><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/><sheet name="EVIL" sheetId="2" '
        'r:id="rId2"/></sheets><externalReferences><externalReference r:id="rId3"/></externalReferences><definedNames>'
        '<definedName name="_xlnm.Auto_Open">Sheet1!$A$1</definedName><definedName name="EVIL1">EVIL!$A$1</definedName>'
        '<definedName name="EVIL2" xlm="1">Sheet1!$A$1</definedName>'
        "<definedName name=\"EVIL3\">SUM('C:\\x\\a.xlsx'!名)</definedName>"
        '<definedName name="EVIL4" function="1">Sheet1!$A$1</definedName>'
        "<definedName name=\"EVIL5\">'[1]a''b'!$A$1</definedName><definedName name=\"好\">Sheet1!$A$1</definedName>"
        "</definedNames></workbook>"
    )
    drawing = (
        f'<xdr:wsDr xmlns:xdr="{DRAWING}/spreadsheetDrawing" xmlns:a="{DRAWING}/main" xmlns:r="{OFFICE}">'
        '<xdr:absoluteAnchor><xdr:pos x="0" y="0"/><xdr:ext cx="9" cy="9"/><xdr:pic macro="EVIL"><xdr:nvPicPr>'
        '<xdr:cNvPr id="1" name="章"><a:hlinkClick r:id="rId2"/></xdr:cNvPr><xdr:cNvPicPr/></xdr:nvPicPr>'
        '<xdr:blipFill><a:blip r:embed="rId1" r:link="rId2"><a:extLst><a:ext uri="EVIL"/></a:extLst></a:blip>'
        "</xdr:blipFill><xdr:spPr/></xdr:pic><xdr:clientData/></xdr:absoluteAnchor>"
        '<xdr:absoluteAnchor><xdr:graphicFrame macro="EVIL"/></xdr:absoluteAnchor>'
        '<xdr:absoluteAnchor><xdr:grpSp><xdr:graphicFrame id="EVIL"/></xdr:grpSp></xdr:absoluteAnchor>'
        '<xdr:absoluteAnchor><xdr:pic><a:blip r:embed="rId3"/></xdr:pic></xdr:absoluteAnchor>'
        "</xdr:wsDr>"
    )
    table = (
        f'<table {MAIN} id="1" name="表" displayName="表" ref="A1:B2" tableType="queryTable" connectionId="66">'
        '<tableColumns count="1"><tableColumn id="1" name="甲" queryTableFieldId="66" totalsRowFunction="custom">'
        "<calculatedColumnFormula>[1]EVIL!A1</calculatedColumnFormula><xmlColumnPr mapId='66' xpath='EVIL'/>"
        "</tableColumn></tableColumns></table>"
    )
    content = {
        "_rels/.rels": related(("rId1", "officeDocument", "xl/workbook.xml"), ("rId2", "customUI", "EVIL.xml")),
        "xl/workbook.xml": workbook.encode(),
        "xl/_rels/workbook.xml.rels": related(
            ("rId1", "worksheet", "worksheets/sheet1.xml"),
            ("rId2", "xlMacrosheet", "EVIL.xml"),
            ("rId3", "externalLink", "EVIL.xml"),
            ("rId4", "vbaProject", "EVIL.bin"),
            ("rId5", "connections", "EVIL.xml"),
            ("rId6", "theme", "EVIL.xml"),
        ),
        "xl/worksheets/sheet1.xml": sheet.encode(),
        "xl/worksheets/_rels/sheet1.xml.rels": related(
            ("rId1", "hyperlink", "https://EVIL"),
            ("rId2", "printerSettings", "../EVIL.bin"),
            ("rId3", "drawing", "../drawings/drawing1.xml"),
            ("rId4", "vmlDrawing", "../EVIL.vml"),
            ("rId5", "image", "../EVIL.png"),
            ("rId6", "oleObject", "../EVIL.bin"),
            ("rId7", "table", "../tables/table1.xml"),
            ("rId8", "table", "../tables/EVIL.xml"),
        ),
        "xl/drawings/drawing1.xml": drawing.encode(),
        "xl/drawings/_rels/drawing1.xml.rels": related(
            ("rId1", "image", "../media/章.png"),
            ("rId2", "image", "https://EVIL"),
            ("rId3", "image", "../EVIL.svg"),
            ("rId4", "image", "../EVIL.png"),
        ),
        "xl/media/章.png": SEAL,
        "xl/tables/table1.xml": table.encode(),
        "xl/tables/EVIL.xml": table.encode(),
        **dict.fromkeys(("EVIL.xml", "xl/EVIL.xml"), f"<EVIL {MAIN}/>".encode()),
        **dict.fromkeys(("xl/EVIL.bin", "xl/EVIL.vml", "xl/EVIL.svg", "xl/EVIL.png"), b"EVIL"),
    }
    types = "".join(
        f'<Default Extension="{extension}" ContentType="{type_}"/>'
        for extension, type_ in (
            ("xml", "application/xml"), ("png", "image/png"), ("svg", "image/svg+xml"), ("bin", "application/EVIL")
        )
    )  # fmt: skip
    target = BytesIO()
    with ZipFile(target, "w") as package:
        package.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types">{types}</Types>')
        for name, part in content.items():
            package.writestr(name, part)
    return target.getvalue()


def hostile_copy() -> bytes:
    """Marked as it was read: the faults and values of its one sheet."""
    faults = {(1, 2): "#N/A", (1, 3): "#REF!", (1, 4): "#REF!", (1, 6): "#DIV/0!"}
    grid = Grid("Sheet1", ((1, None, None, None, 2, None),), faults=faults)
    book = Book("xlsx", (grid,), knows_faults=True)
    # A theme would stay, whatever stands in it: here its relation leads nowhere.
    content = {name: part for name, part in parts(hostile_form()).items() if name != "xl/EVIL.xml"}
    return marked_copy(content, book, [error("A1")], ABOUT)


def test_nothing_that_acts_or_looks_outside_is_left_in_a_copy() -> None:
    copy = parts(hostile_copy())
    assert [name for name, part in copy.items() if b"EVIL" in part or "EVIL" in name] == []
    everything = b"".join(part for name, part in copy.items() if name != "xl/media/章.png")
    for trace in (b"://EVIL", b"TargetMode", b"[1]", b"\\\\", b"Auto_Open", b"macro=", b'"77"', b'"66"', b"rIdEVIL"):
        assert trace not in everything
    assert copy["xl/media/章.png"] == SEAL
    assert copy["xl/drawings/drawing1.xml"].count(b"absoluteAnchor>") == 2
    assert "好".encode() in copy["xl/workbook.xml"]
    cells = copy["xl/worksheets/sheet1.xml"].decode()
    assert re.findall(r"<f[^>]*>([^<]*)</f>", cells) == ["A1/0"]
    assert cells.count("<v>#REF!</v>") == 3
    assert b'fullCalcOnLoad="1"' in copy["xl/workbook.xml"]


def test_what_a_part_refers_to_is_in_the_copy_and_sections_stand_in_their_order() -> None:
    """What a spreadsheet program repairs, or refuses to open: seen on a copy of everything and on one of a copy."""
    for data in (hostile_copy(), returned(returned(drawn_form(), error("B2")), error("A1"))):
        copy = parts(data)
        for name, part in copy.items():
            if name.endswith((".rels", ".png", ".vml")) or name == "[Content_Types].xml":
                continue
            folder, _, file = name.rpartition("/")
            held = set(re.findall(rb'Id="(\w+)"', copy.get(f"{folder}/_rels/{file}.rels", b"")))
            assert set(re.findall(rb' r:(?:id|embed|link)="(\w+)"', part)) <= held, name
        sheet = copy["xl/worksheets/sheet1.xml"].decode()
        order = ("sheetPr", "sheetViews", "sheetData", "conditionalFormatting", "dataValidations", "hyperlinks")
        order += ("pageMargins", "pageSetup", "drawing", "legacyDrawing", "tableParts", "extLst")
        places = [sheet.index(f"<{section}") for section in order if f"<{section}" in sheet]
        assert places == sorted(places)
        declared = copy["[Content_Types].xml"].decode()
        assert {f"/{name}" for name in copy if not name.endswith((".rels", "].xml"))} == set(
            re.findall('PartName="([^"]+)"', declared)
        )


def test_a_picture_that_wps_holds_in_a_cell_stays() -> None:
    workbook = a_form()
    workbook["Sheet1"]["D3"] = '=_xlfn.DISPIMG("ID_1",1)'
    images = (
        f'<etc:cellImages xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData" '
        f'xmlns:xdr="{DRAWING}/spreadsheetDrawing" xmlns:a="{DRAWING}/main" xmlns:r="{OFFICE}"><etc:cellImage><xdr:pic>'
        '<a:blip r:embed="rId1"/></xdr:pic></etc:cellImage></etc:cellImages>'
    )
    relation = (
        '<Relationship Id="rId99" Type="http://www.wps.cn/officeDocument/2020/cellImage" Target="cellimages.xml"/>'
    )
    data = with_parts(
        saved(workbook),
        {
            "xl/_rels/workbook.xml.rels": ("</Relationships>", f"{relation}</Relationships>"),
            "[Content_Types].xml": ("<Default ", '<Default Extension="png" ContentType="image/png"/><Default '),
        },
        {
            "xl/cellimages.xml": images.encode(),
            "xl/_rels/cellimages.xml.rels": related(("rId1", "image", "media/image1.png")),
            "xl/media/image1.png": SEAL,
        },
    )
    copy = returned(data, error("C3"))
    assert SEAL in parts(copy).values()
    assert opened(copy)["Sheet1"]["D3"].value == '=_xlfn.DISPIMG("ID_1",1)'


def test_a_merge_beyond_the_values_is_marked_where_it_shows() -> None:
    workbook = a_form()
    workbook["Sheet1"].merge_cells("C7:D9")
    assert marked(opened(returned(saved(workbook), error("D8")))["Sheet1"]) == {"C7": RED}


def test_comments_of_all_sheets_have_boxes_of_their_own() -> None:
    workbook = a_form()
    workbook.create_sheet("附表")
    findings = [error(f"A{row}", sheet=sheet) for sheet in ("Sheet1", "附表") for row in range(10, 1210)]
    copy = parts(returned(saved(workbook), *findings))
    drawings = [part.decode() for name, part in copy.items() if name.endswith(".vml")]
    ids = [int(id_) for part in drawings for id_ in re.findall(r'"_x0000_s(\d+)"', part)]
    assert len(ids) == len(set(ids)) == 2400
    for part in drawings:
        blocks = {int(block) for block in re.search(r'data="([\d,]+)"', part)[1].split(",")}
        assert {int(id_) // 1024 for id_ in re.findall(r'"_x0000_s(\d+)"', part)} == blocks


def test_a_style_sheet_with_one_fill_or_no_look_shows_the_mark_and_nothing_else() -> None:
    for block, bare in (("fills", '<fills count="1"><fill><patternFill/></fill></fills>'), ("cellXfs", "<cellXfs/>")):
        data = saved(a_form())
        old = re.search(rf"<{block}.*?</{block}>", parts(data)["xl/styles.xml"].decode())[0]
        sheet = "xl/worksheets/sheet1.xml"
        plain = re.sub(r' s="\d+"', "", parts(data)[sheet].decode())
        plain = with_parts(data, {"xl/styles.xml": (old, bare), sheet: (parts(data)[sheet].decode(), plain)})
        copy = marked_copy(parts(plain), read(data), [error("C3")], ABOUT)
        assert marked(opened(copy)["Sheet1"]) == {"C3": RED}
        assert b'patternType="gray125"' in parts(copy)["xl/styles.xml"]


@pytest.mark.parametrize("had", ['<row r="4" s="99"', '<row r="4" s="x"'])
def test_a_look_that_there_is_not_has_the_copy_rebuilt(had: str) -> None:
    sheet = "xl/worksheets/sheet1.xml"
    data = with_parts(saved(a_form()), {sheet: ('<row r="4"', had)})
    copy = marked_copy(parts(data), read(saved(a_form())), [error("F4")], ABOUT)
    assert marked(opened(copy)["Sheet1"]) == {"F4": RED}
    assert opened(copy)["Sheet1"]["C4"].border.left.style == "thin"


@pytest.mark.parametrize(
    "formula",
    [
        "[1]汇总!A1",
        "'[1]汇总 表'!A1",
        "'[1]a''b'!A1",
        "[1]Sheet1:字典!A1",
        "SUM('C:\\x\\a.xlsx'!名)",
        "a.xlsx!名",
        "没有的表!A1",
        "字典:没有的表!A1",
        "1+'\\\\srv\\a.xlam'!F(1)",
        "程序|'主题'!项",
        'DDE("soffice","a.csv","A1")',
        'webservice ("x")',
        "_xll.F(1)",
        "INDIRECT(\"'[a.xlsx]表'!A1\")",
        "表1[a'[b]+WEBSERVICE(\"x\")+表1[c']d]",
        "GET.WORKBOOK(1)",
    ],
)
def test_what_lies_outside_is_told(formula: str) -> None:
    assert outside([formula], {"sheet1", "字典", "2月 （补）"})


@pytest.mark.parametrize(
    "formula",
    [
        "A1/0",
        "SUM(字典!$A$1:字典!$A$9)",
        "sheet1!A1:B2+'字典'!$A$1:'字典'!$A$9",
        "'2月 （补）'!A1&\"[1]x!A1 http://x | \\\\\"",
        "Sheet1:字典!A1",
        "表1[[#This Row],[金额（万元）]]+[@金额]+[[#This Row],a]*2",
        "表1[[#This Row],[a'[b']]]",
        "Sheet1!#REF!+#N/A",
        "INDIRECT($A$1)",
        '"新建,续建"',
    ],
)
def test_what_lies_inside_is_not_taken_for_outside(formula: str) -> None:
    assert not outside([formula], {"sheet1", "字典", "2月 （补）"})


def test_a_look_of_no_fill_is_not_given_ours() -> None:
    data = saved(a_form())
    look = re.search(r"<cellXfs[^>]*><xf [^>]*?fillId=\"0\"", parts(data)["xl/styles.xml"].decode())[0]
    broken = with_parts(data, {"xl/styles.xml": (look, look.replace('fillId="0"', 'fillId="2"'))})
    copy = marked_copy(parts(broken), read(data), [error("C3")], ABOUT)
    assert marked(opened(copy)["Sheet1"]) == {"C3": RED}


def test_a_comment_of_an_odd_author_comes_back_as_it_was_and_never_too_long() -> None:
    workbook = a_form()
    workbook["Sheet1"]["C3"].comment = Comment("原" * 32_700, "王：李")
    data = with_parts(saved(workbook), {"xl/comments/comment1.xml": ('authorId="0"', 'authorId="-9"')})
    assert commented(opened(returned(data, error("A3")))["Sheet1"])["C3"] == "原" * 32_700
    first = returned(saved(workbook), error("C3"), *[error("C3", value="x" * 900)] * 40)
    assert len(commented(opened(first)["Sheet1"])["C3"]) <= 32_767
    short = a_form()
    short["Sheet1"]["C3"].comment = Comment("原", "王：李")
    again = opened(returned(returned(saved(short), error("C3")), error("A3")))["Sheet1"]["C3"].comment
    assert (again.author, again.text) == ("王:李", "原")


def test_a_list_with_a_number_is_known_again() -> None:
    workbook = a_form()
    for name in PROBLEM_SHEETS:
        workbook.create_sheet(name).append([name])
    first = returned(saved(workbook), error("C3"))
    assert opened(first).sheetnames[0] == "问题清单2"
    assert opened(returned(first, error("C3"))).sheetnames == ["问题清单2", "Sheet1", *PROBLEM_SHEETS]


def test_text_that_looks_like_an_escape_is_shown_as_it_is() -> None:
    copy = parts(returned(saved(a_form()), error("C3", value="_x0041_")))
    assert b">_x005F_x0041_<" in copy["xl/worksheets/sheet2.xml"]
    assert "“_x005F_x0041_”".encode() in copy["xl/comments1.xml"]


def test_macros_never_reach_the_copy() -> None:
    workbook_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    macro_type = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    data = with_parts(
        saved(a_form()), {"[Content_Types].xml": (workbook_type, macro_type)}, {"xl/vbaProject.bin": b"Auto_Open"}
    )
    copy = parts(returned(data, error("C3")))
    assert not [name for name in copy if "vba" in name.lower()]
    assert workbook_type in copy["[Content_Types].xml"].decode()


def drawn_form() -> bytes:
    """With a seal, a note in a box that leads to a site, and a chart."""
    target = BytesIO()
    with xlsxwriter.Workbook(target) as workbook:
        sheet = workbook.add_worksheet("Sheet1")
        sheet.write_row("A1", ["名称", "数"])
        sheet.write_row("A2", ["甲", 1])
        sheet.insert_image("D1", "seal.png", {"image_data": BytesIO(SEAL), "url": "https://seal.example"})
        sheet.insert_textbox("D9", "盖章处", {"url": "https://box.example", "textlink": "=[1]Sheet1!$A$1"})
        chart = workbook.add_chart({"type": "line"})
        chart.add_series({"values": "=Sheet1!$B$2:$B$2"})
        sheet.insert_chart("F9", chart)
    return target.getvalue()


def test_a_seal_and_a_box_stay_without_what_they_lead_to_and_a_chart_goes() -> None:
    copy = parts(returned(drawn_form(), error("B2")))
    assert SEAL in copy.values()
    drawing = next(content for name, content in copy.items() if "drawings/drawing" in name)
    assert drawing.count(b"<xdr:twoCellAnchor") == 2
    assert "盖章处".encode() in drawing
    everything = b"".join(copy.values())
    for trace in (b".example", b"[1]", b"chart", b"textlink"):
        assert trace not in everything


def test_what_is_not_touched_stays_as_it_was() -> None:
    data = drawn_form()
    before, after = parts(data), parts(returned(data, error("B2")))
    same = {name for name in after if before.get(name) == after[name]}
    assert {"xl/theme/theme1.xml", "xl/sharedStrings.xml", "xl/media/image1.png"} <= same


def test_names_of_a_sheet_are_still_that_sheets_behind_the_list() -> None:
    workbook = a_form()
    workbook["Sheet1"].print_title_rows = "2:2"
    other = workbook.create_sheet("附表")
    other.append(["甲"])
    other.print_area = "A1:B9"
    first = returned(saved(workbook), error("C3"))
    copy = opened(returned(first, error("C3")))
    assert copy.sheetnames == ["问题清单", "Sheet1", "附表"]
    assert copy["Sheet1"].print_title_rows == "$2:$2"
    assert copy["附表"].print_area == "'附表'!$A$1:$B$9"


def test_a_chart_on_a_sheet_of_its_own_goes_and_the_sheets_behind_it_keep_their_names() -> None:
    target = BytesIO()
    with xlsxwriter.Workbook(target) as workbook:
        chart = workbook.add_chart({"type": "line"})
        chart.add_series({"values": "=Sheet1!$B$1:$B$2"})
        workbook.add_chartsheet("图").set_chart(chart)
        sheet = workbook.add_worksheet("Sheet1")
        sheet.write_column("B1", [1, 2])
        sheet.repeat_rows(1)
    data = target.getvalue()
    book = read(data)
    book = replace(book, grids=tuple(grid for grid in book.grids if grid.sheet != "图"))
    copy = marked_copy(parts(data), book, [error("C3")], ABOUT)
    assert opened(copy).sheetnames == ["问题清单", "Sheet1"]
    assert opened(copy)["Sheet1"].print_title_rows == "$2:$2"
    assert not [name for name in parts(copy) if "chart" in name]


def test_a_formula_that_was_filled_down_is_shown_where_it_is_at_fault() -> None:
    sheet = "xl/worksheets/sheet1.xml"
    data = saved(a_form())
    rows = parts(data)[sheet].decode()
    old = rows[rows.index("<sheetData>") : rows.index("</sheetData>")]
    filled = (
        '<sheetData><row r="1"><c r="A1"><f t="shared" ref="A1:A3" si="0">B1/C1+[1]Sheet1!Z1</f><v>1</v></c></row>'
        '<row r="2"><c r="A2" t="e"><f t="shared" si="0"/><v>#DIV/0!</v></c></row>'
        '<row r="3"><c r="A3"><f t="shared" ref="A3:A5" si="1">B3/$C$1</f><v>2</v></c></row>'
        '<row r="4"><c r="A4" t="e"><f t="shared" si="1"/><v>#DIV/0!</v></c></row>'
        '<row r="5"><c r="A5"><f t="shared" si="1"/><v>3</v></c></row>'
    )
    faults = {"A2": "#DIV/0!", "A4": "#DIV/0!"}
    copy = opened(returned(with_parts(data, {sheet: (old, filled)}), error("A2"), error("A4"), faults=faults))["Sheet1"]
    assert [copy[f"A{row}"].value for row in range(1, 6)] == [1, "#DIV/0!", 2, "=B4/$C$1", 3]


def test_cells_that_do_not_say_where_they_stand_are_marked_where_they_do() -> None:
    sheet = "xl/worksheets/sheet1.xml"
    workbook = a_form()
    workbook["Sheet1"].unmerge_cells("A1:D1")
    data = saved(workbook)
    rows = parts(data)[sheet].decode()
    old = rows[rows.index("<sheetData>") : rows.index("</sheetData>")]
    bare = '<sheetData><row><c><v>1</v></c><c><v>2</v></c></row><row r="4"><c r="B4"><v>3</v></c><c><v>4</v></c></row>'
    given = with_parts(data, {sheet: (old, bare)})
    copy = opened(returned(given, error("B1"), error("A4"), error("C4"), error("B3")))["Sheet1"]
    assert set(marked(copy)) == {"B1", "A4", "C4", "B3"}
    held = [copy[cell].value for cell in ("A1", "B1", "B4", "C4")]
    assert held == [1, 2, 3, 4]


def test_an_empty_cell_keeps_the_looks_of_its_column_under_the_mark() -> None:
    target = BytesIO()
    with xlsxwriter.Workbook(target) as workbook:
        sheet = workbook.add_worksheet("Sheet1")
        sheet.set_column("B:B", 12, workbook.add_format({"num_format": "0.000"}))
        sheet.write("A1", 1)
    cell = opened(returned(target.getvalue(), error("B2", "GAP")))["Sheet1"]["B2"]
    assert (cell.number_format, cell.fill.start_color.rgb) == ("0.000", RED)


def test_a_workbook_without_a_style_sheet_is_marked() -> None:
    bare = parts(saved(a_form()))
    del bare["xl/styles.xml"]
    target = BytesIO()
    with ZipFile(target, "w") as package:
        for name, content in bare.items():
            package.writestr(name, re.sub(rb'<(?:Override|Relationship)[^>]*styles[^>]*/>| s="\d+"', b"", content))
    copy = returned(target.getvalue(), error("C3"))
    assert values(read(copy)) == values(read(target.getvalue()))
    assert marked(opened(copy)["Sheet1"]) == {"C3": RED}


def test_a_list_from_another_sheet_stays_a_list_and_one_from_another_file_goes() -> None:
    """A spreadsheet program writes such lists as an addition of its later versions."""
    listed = "".join(
        f'<x14:dataValidation type="list"><x14:formula1><xm:f>{source}</xm:f></x14:formula1>'
        f"<xm:sqref>B{row}</xm:sqref></x14:dataValidation>"
        for row, source in ((3, "参数!$A$1:$A$3"), (4, "[1]参数!$A$1:$A$3"), (5, "'D:\\[汇总.xlsx]表'!$A$1"))
    )
    added = (
        '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" '
        'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"><x14:dataValidations count="3" '
        f'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">{listed}</x14:dataValidations></ext></extLst>'
    )
    sheet = "xl/worksheets/sheet1.xml"
    workbook = a_form()
    workbook.create_sheet("参数").append(["新建"])
    data = with_parts(saved(workbook), {sheet: ("</worksheet>", f"{added}</worksheet>")})
    kept = parts(returned(data, error("C3")))[sheet].decode()
    assert re.findall(r"<xm:sqref>(\w+)</xm:sqref>", kept) == ["B3"]
    assert 'count="1"' in kept[kept.index("dataValidations") :]


# Rebuilt where the unit's own workbook cannot be marked


def test_a_workbook_with_broken_styles_is_rebuilt_with_its_values_at_their_addresses() -> None:
    broken = with_parts(saved(a_form()), {"xl/styles.xml": ("</styleSheet>", "")})
    book = read(saved(a_form()))
    copy = marked_copy(parts(broken), book, [error("C3")], ABOUT)
    assert values(read(copy)) == values(book)
    sheet = opened(copy)["Sheet1"]
    assert marked(sheet) == {"C3": RED}
    assert [str(merge) for merge in sheet.merged_cells.ranges] == ["A1:D1"]
    assert sheet["C4"].border.left.style == "thin"


def test_an_old_xls_is_rebuilt_with_dates_as_dates_and_text_as_text() -> None:
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("Sheet1")
    sheet.write(1, 1, "=1+1")
    sheet.write(2, 1, dt.date(2023, 3, 10), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    sheet.write(2, 2, 13812345678901)
    target = BytesIO()
    workbook.save(target)
    book = read(target.getvalue(), file_format="xls")
    copy = marked_copy({}, book, [error("B3")], ABOUT)
    assert values(read(copy)) == values(book)
    sheet = opened(copy)["Sheet1"]
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("=1+1", "s")
    assert (sheet["B3"].is_date, sheet["B3"].number_format) == (True, "yyyy-mm-dd")
    assert sheet["C3"].number_format == "0"
    assert marked(sheet) == {"B3": RED}


def test_a_rebuilt_copy_keeps_what_was_hidden_and_faults_stay_faults() -> None:
    grid = Grid(
        "Sheet1",
        (("名称", "数"), ("甲", None), ("乙", None)),
        hidden=True,
        hidden_rows=frozenset({2}),
        hidden_columns=frozenset({1}),
        faults={(2, 2): "#REF!", (3, 2): UNCACHED},
    )
    sheet = opened(marked_copy({}, Book("ods", (grid,), knows_faults=False), [error("B2")], ABOUT))["Sheet1"]
    assert sheet.sheet_state == "hidden"
    assert sheet.row_dimensions[2].hidden
    assert sheet.column_dimensions["A"].hidden
    assert [(sheet[cell].value, sheet[cell].data_type) for cell in ("B2", "B3")] == [("#REF!", "e"), ("#N/A", "e")]


def test_a_rebuilt_copy_of_a_returned_xls_has_one_list_and_only_its_own_marks() -> None:
    first = returned(saved(a_form()), error("C3"))
    second = opened(marked_copy({}, read(first, file_format="xls"), [error("B4")], ABOUT))
    assert second.sheetnames == ["问题清单", "Sheet1"]
    assert marked(second["Sheet1"]) == {"B4": RED}


def test_a_merge_over_the_whole_sheet_does_not_fill_the_memory() -> None:
    grid = Grid("Sheet1", (("名称",), ("甲",)), merges=(Box(1, 1, 1_048_576, 16_384),))
    sheet = opened(marked_copy({}, Book("xls", (grid,), knows_faults=True), [], ABOUT))["Sheet1"]
    assert [str(merge) for merge in sheet.merged_cells.ranges] == ["A1:A2"]


@pytest.mark.parametrize(
    "spread",
    [
        '<mergeCells><mergeCell ref="A9:XFD1048576"/></mergeCells>',
        '<hyperlinks><hyperlink ref="A9:XFD1048576" location="Sheet1!A1"/></hyperlinks>',
    ],
)
def test_what_lies_over_a_whole_sheet_does_not_fill_the_memory(spread: str) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.title = "Sheet1"
    workbook.active["B3"] = "圣王山仓储物流园项目"
    data = with_parts(saved(workbook), {"xl/worksheets/sheet1.xml": ("</sheetData>", f"</sheetData>{spread}")})
    began = time.perf_counter()
    assert values(read(returned(data, error("C3"))))["Sheet1", "B3"] == "圣王山仓储物流园项目"
    assert time.perf_counter() - began < 5


def test_a_value_that_lies_hidden_under_a_merge_is_still_there_when_the_copy_is_rebuilt() -> None:
    grid = Grid("Sheet1", (("名称", "数"), ("甲", 1), ("乙", 2)), merges=(Box(2, 2, 3, 2),))
    sheet = opened(marked_copy({}, Book("xls", (grid,), knows_faults=True), [], ABOUT))["Sheet1"]
    assert [str(merge) for merge in sheet.merged_cells.ranges] == ["B2:B3"]
    copy = marked_copy({}, Book("xls", (grid,), knows_faults=True), [], ABOUT)
    assert b"<v>2</v>" in parts(copy)["xl/worksheets/sheet1.xml"]


def test_a_sheet_of_a_million_styled_empty_rows_is_rebuilt_from_what_it_holds() -> None:
    rows = "".join(f'<row r="{row}"><c r="A{row}" s="0"/></row>' for row in range(5, 600_000))
    swollen = with_parts(saved(a_form()), {"xl/worksheets/sheet1.xml": ("</sheetData>", f"{rows}</sheetData>")})
    copy = marked_copy(parts(swollen), read(saved(a_form())), [error("C3")], ABOUT)
    assert len(copy) < 20_000
    assert values(read(copy)) == values(read(saved(a_form())))


def test_characters_that_no_workbook_may_hold_do_not_break_the_copy() -> None:
    about = About("古县", None, None, None, None, "坏\udce5名\x07.xls", "2022-12-09 16:31", JUDGED)
    grid = Grid("Sheet1", (("甲\x01乙", 1, float("inf"), dt.date(1850, 1, 1)),))
    copy = marked_copy({}, Book("ods", (grid,), knows_faults=False), [error("A1", value="甲\x01乙")], about)
    assert values(read(copy)) == {
        ("Sheet1", "A1"): "甲乙",
        ("Sheet1", "B1"): 1,
        ("Sheet1", "C1"): "inf",
        ("Sheet1", "D1"): "1850-01-01",
    }
    assert slip([error(value="\x01")], about, opened=True)


# Same input, same bytes


def test_the_same_input_gives_the_same_bytes_whatever_the_clock_says() -> None:
    data = saved(a_form())
    copy = returned(data, error("C3"))
    assert copy == returned(data, error("C3"))
    with ZipFile(BytesIO(copy)) as package:
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    properties = opened(copy).properties
    assert properties.modified == JUDGED.astimezone(dt.UTC).replace(tzinfo=None)
    assert (properties.created, properties.lastModifiedBy) == (opened(data).properties.created, "发改局退回")


def test_a_rebuilt_copy_has_the_same_bytes_whatever_the_clock_says() -> None:
    book = Book("xls", (Grid("Sheet1", (("名称",), ("甲",))),), knows_faults=True)
    first = marked_copy({}, book, [], ABOUT)
    time.sleep(1.1)
    assert marked_copy({}, book, [], ABOUT) == first


# 退回说明


def test_the_slip_says_whose_which_file_when_what_and_what_to_do_step_by_step() -> None:
    data = slip([Finding("LOCK", Severity.ERROR)], ABOUT, opened=False)
    book = read(data)
    assert [grid.sheet for grid in book.grids] == ["退回说明"]
    text = "\n".join(map(str, values(book).values()))
    for said in (
        "古阳镇",
        ABOUT.file,
        "2022-12-09 16:31",
        "文件已加密，打不开。",
        "1. 请取消密码后保存。",
        "2. ",
        "2022年12月9日",
    ):
        assert said in text


def test_the_slip_of_a_file_that_was_read_says_so_and_where_each_fault_is() -> None:
    found = [Finding("UNIT", Severity.WARNING, "前期"), Finding("GAP", Severity.ERROR, "前期", "K6", "总投资")]
    shown = [*values(read(slip(found, ABOUT, opened=True))).values()]
    assert not any("打开" in str(text) for text in shown)
    assert "1. 前期!K6：“总投资”没有填。\n2. 前期：（提醒）本表标明单位“亿元”。" in shown


def test_the_slip_prints_on_one_a4_page_upright_and_is_the_same_every_time() -> None:
    data = slip([Finding("LOCK", Severity.ERROR)], ABOUT, opened=False)
    assert data == slip([Finding("LOCK", Severity.ERROR)], ABOUT, opened=False)
    sheet = opened(data)["退回说明"]
    assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("portrait", "9")
    assert sheet["A1"].font.name == "方正小标宋简体"


def test_a_slip_for_an_unknown_unit_leaves_out_what_is_not_known() -> None:
    about = About("古县", None, None, None, None, "=1+1.xlsx", "2022-12-09 16:31", JUDGED)
    shown = values(read(slip([Finding("LOCK", Severity.ERROR)], about, opened=False)))
    assert "报送单位" not in shown.values()
    assert "=1+1.xlsx" in shown.values()
    assert not any("None" in str(text) for text in shown.values())


# The copy's name


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("古阳镇前期手续办理情况表.xlsx", "古阳镇前期手续办理情况表（退回20221209-1631）.xlsx"),
        ("情况表.et", "情况表（退回20221209-1631）.xlsx"),
        ("情况表（退回20221202-0900）.xlsx", "情况表（退回20221209-1631）.xlsx"),
        ("情况表2022.12.9", "情况表2022.12.9（退回20221209-1631）.xlsx"),
        ("../../etc/情况表.xls", "情况表（退回20221209-1631）.xlsx"),
        ("C:\\temp\\情况表.xls", "情况表（退回20221209-1631）.xlsx"),
        ("情况表\u202excod.xlsx", "情况表xcod（退回20221209-1631）.xlsx"),
        ("CON.xlsx", "报表CON（退回20221209-1631）.xlsx"),
        ("\x00.xlsx", "报表（退回20221209-1631）.xlsx"),
    ],
)
def test_a_copys_name_tells_the_file_and_the_moment(file: str, name: str) -> None:
    assert copy_name(file, JUDGED) == name


def test_a_copys_name_gives_the_moment_in_chinas_time() -> None:
    assert copy_name("表.xls", JUDGED.astimezone(dt.UTC)) == copy_name("表.xls", JUDGED)


@given(st.text(st.characters(), max_size=300))
@example("表" * 300)
@example("~$. .")
@settings(max_examples=200)
def test_any_name_becomes_one_that_every_file_system_takes(file: str) -> None:
    name = copy_name(file, JUDGED)
    assert name.endswith("（退回20221209-1631）.xlsx")
    assert len(name) <= 100
    assert len(name.encode()) <= 255
    assert not set(name) & set('<>:"/\\|?*')
    assert not {unicodedata.category(char) for char in name} & {"Cc", "Cf", "Cs"}
    assert copy_name(name, JUDGED) == name


# Real programs, real weeks


def test_a_slip_that_cannot_hold_all_faults_says_how_many_there_are():
    many = [error(value="很多", cell=f"K{row}") for row in range(5, 205)]
    [told] = [text for text in values(read(slip(many, ABOUT, opened=True))).values() if "K5" in str(text)]
    *lines, rest = told.split("\n")
    assert 10 < len(lines) < 200
    assert all(line.endswith(lines[0].rpartition("：")[2][-5:]) for line in lines)
    assert rest.startswith(f"……共 200 处，这里列出前 {len(lines)} 处")


@pytest.mark.libreoffice
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")
def test_libreoffice_opens_copy_and_slip(tmp_path: Path) -> None:
    (tmp_path / "copy.xlsx").write_bytes(returned(linked_form(), error("C4"), warning("D2"), faults={"C3": UNCACHED}))
    (tmp_path / "slip.xlsx").write_bytes(slip([Finding("LOCK", Severity.ERROR)], ABOUT, opened=False))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "ods", "--outdir", str(tmp_path / "out")]
    subprocess.run(
        [*command, str(tmp_path / "copy.xlsx"), str(tmp_path / "slip.xlsx")],
        check=True,
        timeout=100,
        capture_output=True,
    )
    resaved = read((tmp_path / "out" / "copy.ods").read_bytes(), file_format="ods")
    assert [grid.sheet for grid in resaved.grids] == ["问题清单", "Sheet1"]
    assert values(resaved)["Sheet1", "C4"] == 1234.5
    assert [grid.sheet for grid in read((tmp_path / "out" / "slip.ods").read_bytes()).grids] == ["退回说明"]


def returned_samples() -> Iterator[tuple[Path, dict[str, object]]]:
    samples = Path(__file__).resolve().parents[2] / "shared" / "samples"
    for truth in sorted(samples.glob("*/truth.json")):
        for number, wave in enumerate(json.loads(truth.read_text(encoding="utf-8"))["waves"]):
            for told in wave["files"]:
                if told["outcome"] == "returned" and told.get("cells"):
                    yield truth.parent / f"wave{number}" / told["file"], told


def test_every_sample_with_planted_faults_is_marked_at_them_and_keeps_its_values() -> None:
    samples = list(returned_samples())
    if not samples:
        pytest.skip("the weeks of sample submissions are not beside this checkout")
    for path, told in samples:
        data = path.read_bytes()
        named = {(cell["sheet"], cell["cell"]) for cell in told["cells"]}
        book = read(data)
        copy = marked_copy(parts(data), book, [error(cell, sheet=sheet) for sheet, cell in named], ABOUT)
        assert values(read(copy)) == values(book), path.name
        workbook = opened(copy)
        assert {(sheet.title, cell) for sheet in workbook.worksheets[1:] for cell in commented(sheet)} == named
