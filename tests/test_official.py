"""Official workbooks made from the shipped templates, and what a spreadsheet program makes of them."""

import datetime as dt
import importlib.util
import math
import random
import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from msgspec.structs import replace

from xmreport.model.dates import CHINA, PartialDate
from xmreport.model.sheets import Chart, Formula, Line, Link, SheetData, WorkbookData
from xmreport.workbooks.cells import LONGEST, FilledCell, fitted
from xmreport.workbooks.fitting.measure import lines
from xmreport.workbooks.formats.looks import Look
from xmreport.workbooks.official import build, sheet_name, workbook
from xmreport.workbooks.pen import Formats, Pen, WriteRefused

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates_xlsx"
READER = ROOT.parent / "shared" / "samples" / "check_week.py"
AS_OF = dt.datetime(2022, 12, 9, 17, 0, tzinfo=CHINA)
PROCEDURES = ("立项", "用地", "规划", "环评", "能评", "水保", "取水", "文物", "稳评", "消防", "抗震")
HEAD = {
    "附件": "附件1",
    "标题": "古县前期手续办理情况表汇总表",
    "填报单位": "古县发改局",
    "截止时间": "2022-12-09 17:00",
}
NOTES = ("未纳入汇总：旧县镇（未报）。",)


def _project(number, unit, procedures, **more):
    chance = random.Random(number)
    values = {
        "序号": number,
        "填报单位": unit,
        "项目名称": f"{unit}老旧小区改造配套基础设施建设项目（{number}期）",
        "项目代码": "2211-141025-89-01-123456",
        "项目单位": "古县兴农农业开发有限责任公司",
        "责任单位": "县住建局",
        "建设性质": "新建",
        "所属领域": "交通城建环保",
        "是否产业项目": number % 2 == 0,
        "建设内容及规模": "新建日处理能力5000立方米污水处理站一座，铺设管网12.6公里，配套建设厂房及附属设施。",
        "建设起止年限": "2023-2025",
        "总投资": round(chance.uniform(500, 200_000), 2),
        "年度计划投资": round(chance.uniform(100, 9_000), 2),
        "计划开工时间": PartialDate(2023, 5) if number % 2 else PartialDate(2023, 4, 1),
        "需协调解决的问题": None,
        "协调层级": "县",
        "备注": None,
    }
    for name in procedures:
        values |= {f"{name}.办理层级": "县", f"{name}.办理进展": "已办结", f"{name}.拟办结时限": None}
        values |= {f"{name}.办结时间": PartialDate(2022, 11, 3), f"{name}.摘要": "已办结\n2022-11-03"}
    return Line("明细", values | more)


def _summary(projects=7, procedures=5, **more):
    names = PROCEDURES[:procedures]
    table = []
    for at, unit in enumerate(("岳阳镇", "北平镇", "古阳镇")):
        numbers = range(at + 1, projects + 1, 3)
        table += [_project(number, unit, names, **more) for number in numbers]
        table += [Line("小计", {"填报单位": unit})] if numbers else []
    table = (*table, Line("合计"))
    groups = {"手续": names}
    sheets = tuple(SheetData(name, name, HEAD, table, groups, NOTES) for name in ("汇总表", "打印版"))
    return WorkbookData("汇总表.xlsx", "前期手续办理情况表汇总表.xlsx", sheets)


def _targets():
    rows = (
        ("开复工率", "%", 0.95, 16 / 17),
        ("谋划项目数量", "个", 120, 132),
        ("谋划项目总投资", "亿元", 100, 156.789),
    )
    table = [
        Line(
            "明细",
            {
                **dict.fromkeys(("力争", "节点", "与序时进度差", "亮灯", "口径")),
                "序号": number,
                "指标": name,
                "单位": unit,
                "目标": goal,
                "完成": done,
                "完成率": Formula("{完成}/{目标}", done / goal),
                "差额": Formula("{完成}-{目标}", done - goal),
                "达标情况": "未达标" if done < goal else "达标",
            },
        )
        for number, (name, unit, goal, done) in enumerate(rows, 1)
    ]
    rate = Formula("{分子}/{分母}", 9 / 17)
    units = [
        Line(
            "明细",
            {
                "序号": 1,
                "单位": "岳阳镇",
                "计量": "个",
                "分子": 9,
                "分母": 17,
                "比率": rate,
            },
        ),
        Line("合计", {"计量": "个", "比率": rate}),
    ]
    linked = Formula("{前期手续办结率!合计.比率}", 9 / 17)
    table.append(
        Line("明细", {**table[0].values, "指标": "前期手续办结率", "完成": linked, "完成率": None, "差额": None})
    )
    head = HEAD | {"分子名": "已办结", "分母名": "应办", "比率名": "办结率"}
    sheets = (
        SheetData(
            "目标完成情况",
            "目标完成情况",
            head,
            tuple(table),
            notes=NOTES,
            charts=(Chart("bar", "完成率", "指标", ("完成率",), percent=True),),
        ),
        SheetData(
            "前期手续办结率",
            "分解比率",
            head,
            tuple(units),
            {"分解": ()},
            charts=(Chart("column", "办结率", "单位", ("比率",), percent=True),),
        ),
    )
    return WorkbookData("目标.xlsx", "目标完成情况表.xlsx", sheets)


def _open(data, *, values=False):
    return openpyxl.load_workbook(
        BytesIO(data if isinstance(data, bytes) else build(data, TEMPLATES, AS_OF)), data_only=values
    )


def _cell(sheet, heading, row):
    """The cell of the column headed `heading` (its last header row), in Excel's row `row`."""
    for at in (5, 4):
        for cell in sheet[at]:
            if str(cell.value or "").replace("\n", "").startswith(heading):
                return sheet.cell(row, cell.column)
    raise AssertionError(heading)


def test_building_twice_gives_the_same_bytes_dated_by_the_report():
    first, second = (build(_summary(), TEMPLATES, AS_OF) for _ in range(2))
    assert first == second
    assert _open(first).properties.created.isoformat() == "2022-12-09T09:00:00"
    assert first != build(_summary(), TEMPLATES, AS_OF + dt.timedelta(days=7))
    assert {part.create_system for part in ZipFile(BytesIO(first)).infolist()} == {0}, "each system would have its own"


@pytest.mark.parametrize("text", ["=1+1", "+8613800000000", "-无", "@SUM(A1)", "=cmd|'/c calc'!A1"])
def test_text_that_looks_like_a_formula_stays_text(text):
    cell = _cell(_open(_summary(1, 需协调解决的问题=text))["汇总表"], "需协调解决的问题", 6)
    assert (cell.value, cell.data_type) == (text, "s")
    assert cell.quotePrefix


def test_days_are_dates_months_stay_text_and_yes_is_a_word():
    sheet = _open(_summary(2, 计划开工时间=PartialDate(2023, 4, 1)))["汇总表"]
    cell = _cell(sheet, "计划开工时间", 6)
    assert (cell.is_date, cell.value.isoformat(), cell.number_format) == (True, "2023-04-01T00:00:00", "yyyy-mm-dd")
    month = _cell(_open(_summary(1))["汇总表"], "计划开工时间", 6)
    assert month.value == "2023-05"
    assert [_cell(sheet, "是否产业项目", row).value for row in (6, 8)] == ["否", "是"]


def test_money_is_right_aligned_with_fixed_decimals():
    cell = _cell(_open(_summary(1))["汇总表"], "总投资", 6)
    assert (cell.alignment.horizontal, cell.number_format) == ("right", "0.00")
    assert isinstance(cell.value, float)


def test_subtotals_sum_their_lines_and_the_total_sums_the_subtotals():
    data = build(_summary(7), TEMPLATES, AS_OF)
    live, cached = _open(data)["汇总表"], _open(data, values=True)["汇总表"]
    lines_, total = {"L9": "=SUM(L6:L8)", "L12": "=SUM(L10:L11)", "L15": "=SUM(L13:L14)"}, "=SUM(L9,L12,L15)"
    assert {cell: live[cell].value for cell in lines_} == lines_
    assert live["L16"].value == total
    assert live["C16"].value == "=SUM(C9,C12,C15)"
    assert cached["C16"].value == 7
    money = [line.values["总投资"] for line in _summary(7).sheets[0].lines if line.kind == "明细"]
    assert cached["L16"].value == pytest.approx(math.fsum(money), abs=1e-6)
    assert cached["L9"].value == pytest.approx(math.fsum(money[:3]), abs=1e-6)
    assert live["A9"].value == "岳阳镇小计"


def test_an_empty_table_still_has_its_header_a_total_of_zero_and_its_note():
    sheet = _open(_summary(0))["汇总表"]
    assert sheet["A6"].value == "合计"
    assert (sheet["L6"].value, sheet["M6"].value, sheet["C6"].value) == (0, 0, 0)
    assert sheet["A7"].value == NOTES[0]


def test_a_formula_finds_its_own_line_and_the_total_of_another_sheet():
    book, cached = (_open(build(_targets(), TEMPLATES, AS_OF), values=values) for values in (False, True))
    sheet = book["目标完成情况"]
    assert sheet["H5"].value == "=G5/D5"
    assert sheet["G8"].value == "='前期手续办结率'!$E$5"
    assert book["前期手续办结率"]["E5"].value == "=C5/D5"
    assert cached["目标完成情况"]["G8"].value == pytest.approx(9 / 17)


def test_a_number_takes_its_format_from_its_unit_and_a_word_its_colour_from_the_styles():
    sheet = _open(_targets())["目标完成情况"]
    assert [sheet[f"G{row}"].number_format for row in (5, 6, 7)] == ["0.00%", "0", "0.00"]
    assert sheet["K5"].fill.fgColor.rgb == "FFF8CBAD"
    assert sheet["K6"].fill.fgColor.rgb == "FFE2EFDA"
    printed = _open(_summary(1))["打印版"]
    assert printed["F6"].value == "已办结\n2022-11-03"
    assert printed["F6"].fill.fgColor.rgb == "FFE2EFDA"


@pytest.mark.parametrize("procedures", [3, 7])
def test_the_summary_writes_out_as_many_procedures_as_the_county_has(procedures):
    book = _open(_summary(2, procedures))
    sheet, printed = book["汇总表"], book["打印版"]
    heads = [cell.value for cell in sheet[4] if cell.value in PROCEDURES]
    assert heads == list(PROCEDURES[:procedures])
    assert [cell.value for cell in sheet[5]].count("办理进展") == procedures
    assert sheet.max_column == 17 + 4 * procedures
    assert printed.max_column == 6 + procedures
    assert printed["F4"].value == "前期手续办理情况（办理进展及时间）"


def test_links_open_files_beside_the_workbook_and_places_inside_it():
    values = dict.fromkeys(
        (
            "期次",
            "应报时间",
            "应报单位数",
            "按时",
            "迟报",
            "零报告",
            "退回待改",
            "未报",
            "待报",
            "免报",
            "目标完成",
            "通报",
            "变化",
            "其他表",
            "更新时间",
        )
    )
    links = {"汇总表": Link("打开", "周报/2022-12-09/汇总表.xlsx"), "报送情况": Link("见下", "internal:'总览'!A1")}
    line = Line("明细", {"任务": "周报", **values, **links})
    sheet = _open(WorkbookData("x", "总览.xlsx", (SheetData("总览", "总览", HEAD, (line,)),)))["总览"]
    assert sheet["L4"].value == "打开"
    assert sheet["L4"].hyperlink.target.replace("\\", "/") == "周报/2022-12-09/汇总表.xlsx"
    assert sheet["M4"].hyperlink.location == "'总览'!A1"


def test_paper_repeats_and_panes_come_from_the_template():
    sheet = _open(_summary(7))["汇总表"]
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (8, "landscape")
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$4:$5"
    assert sheet.freeze_panes == "D6"
    assert sheet.oddFooter.center.text == "第 &P 页，共 &N 页"
    assert sheet.print_options.horizontalCentered
    assert sheet.print_area == "'汇总表'!$A$1:$AK$17"
    assert (sheet["A2"].font.name, sheet["A2"].font.sz, sheet["A2"].font.b) == ("方正小标宋简体", 22, False)


def test_charts_stand_in_their_own_row_inside_the_print_area():
    data = build(_targets(), TEMPLATES, AS_OF)
    sheet = _open(data)["目标完成情况"]
    assert sheet.print_area == "'目标完成情况'!$A$1:$M$10"
    assert sheet.row_dimensions[10].height == pytest.approx(196, abs=0.5)
    chart = ZipFile(BytesIO(data)).read("xl/charts/chart1.xml").decode()
    assert "'目标完成情况'!$H$5:$H$7" in chart
    assert "仿宋_GB2312" in chart
    drawing = ZipFile(BytesIO(data)).read("xl/drawings/drawing1.xml").decode()
    assert drawing.count("<xdr:row>9</xdr:row>") == 2


@pytest.mark.parametrize(("bars", "height"), [(5, 196), (10, 310), (40, 409)])
def test_a_chart_of_bars_is_as_high_as_its_names_need_up_to_excel_s_highest_row(bars, height):
    data = _targets()
    lines_ = tuple(data.sheets[0].lines[0] for _ in range(bars))
    made = _open(replace(data, sheets=(replace(data.sheets[0], lines=lines_), data.sheets[1])))
    [asked] = [each.height for row, each in made["目标完成情况"].row_dimensions.items() if row == 4 + bars + 2]
    assert asked == pytest.approx(height, abs=1)


def test_a_line_without_a_figure_is_left_out_of_the_chart():
    data = _targets()
    first, second, third, last = data.sheets[0].lines
    second = replace(second, values={**second.values, "完成率": None})
    lines_ = (first, second, third, last)
    some = replace(data, sheets=(replace(data.sheets[0], lines=lines_), data.sheets[1]))
    chart = ZipFile(BytesIO(build(some, TEMPLATES, AS_OF))).read("xl/charts/chart1.xml").decode()
    assert "('目标完成情况'!$H$5:$H$5,'目标完成情况'!$H$7:$H$7)" in chart
    assert "('目标完成情况'!$B$5:$B$5,'目标完成情况'!$B$7:$B$7)" in chart
    none = [replace(line, values={**line.values, "完成率": None}) for line in data.sheets[0].lines]
    book = _open(replace(data, sheets=(replace(data.sheets[0], lines=tuple(none)), data.sheets[1])))
    assert book["目标完成情况"].print_area == "'目标完成情况'!$A$1:$M$9"


def test_a_chart_draws_its_own_part_of_the_lines():
    data = _targets()
    whole = data.sheets[0].charts[0]
    parts = tuple(replace(whole, part=part) for part in ((0, 1), (1, 3)))
    made = build(replace(data, sheets=(replace(data.sheets[0], charts=parts), data.sheets[1])), TEMPLATES, AS_OF)
    drawn = [ZipFile(BytesIO(made)).read(f"xl/charts/chart{number}.xml").decode() for number in (1, 2)]
    assert "'目标完成情况'!$H$5:$H$5" in drawn[0].replace("'目标完成情况'!$H$5<", "'目标完成情况'!$H$5:$H$5<")
    assert "$H$5" not in drawn[1]
    assert "$H$6:$H$7" in drawn[1]


def test_the_parts_of_a_quotient_have_the_decimals_of_what_they_count():
    sheet = _open(_targets())["前期手续办结率"]
    assert [sheet[cell].number_format for cell in ("C4", "C5", "E4")] == ["0", "0", "0.00%"]
    data = _targets()
    money = [replace(line, values={**line.values, "计量": "万元"}) for line in data.sheets[1].lines]
    sheet = _open(replace(data, sheets=(data.sheets[0], replace(data.sheets[1], lines=tuple(money)))))["前期手续办结率"]
    assert [sheet[cell].number_format for cell in ("C4", "D5")] == ["0.00", "0.00"]


@pytest.mark.parametrize("procedures", [3, 5, 7, 11])
def test_nothing_is_printed_below_seven_points(procedures):
    for sheet in _open(_summary(9, procedures, 总投资=1_234_567.89)).worksheets:
        long = {8: 420, 9: 297}[sheet.page_setup.paperSize]
        across = (long - 25.4 * (sheet.page_margins.left + sheet.page_margins.right)) / 25.4 * 96
        # The workbook's own font has digits of 8 pixels.
        pixels = sum(
            dimension.width * 8 * (dimension.max - dimension.min + 1) for dimension in sheet.column_dimensions.values()
        )
        fits = sheet.sheet_properties.pageSetUpPr is not None and sheet.sheet_properties.pageSetUpPr.fitToPage
        scale = min(1, across / pixels) if fits else (sheet.page_setup.scale or 100) / 100
        smallest = min(cell.font.sz for row in sheet.rows for cell in row if cell.value is not None)
        assert smallest * scale >= 7
        assert fits or sheet.col_breaks.brk or sheet.row_breaks.brk


def test_a_remark_of_three_hundred_characters_is_shown_whole():
    remark = "项目用地涉及基本农田调整，需县自然资源局牵头报市级审批；" * 11
    sheet = _open(_summary(1, 备注=remark))["汇总表"]
    cell = _cell(sheet, "备注", 6)
    height, width = sheet.row_dimensions[6].height, sheet.column_dimensions[cell.column_letter].width * 8
    assert cell.value == remark
    assert lines(remark, (width - 5) / (cell.font.sz * 2 / 3)) * cell.font.sz * 1.4 <= height <= 409
    assert (sheet["A9"].value, sheet["A10"].value) == (NOTES[0], None)


def test_a_text_longer_than_any_row_is_kept_whole_and_the_sheet_says_so():
    remark = "长" * 20_000
    sheet = _open(_summary(1, 备注=remark))["汇总表"]
    assert _cell(sheet, "备注", 6).value == remark
    assert "1处文字太长" in sheet["A10"].value


def test_text_beyond_what_a_cell_holds_is_cut_with_a_mark():
    cut = fitted("𠮷" * 20_000)
    assert cut.endswith("（原文过长，此处截断）")
    assert len(cut.encode("utf-16-le")) // 2 <= LONGEST
    assert fitted("字" * LONGEST) == "字" * LONGEST
    assert fitted("一\r\n二\ud800") == "一\n二"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Formula("{总投资}", float("nan"))])
def test_a_value_that_is_no_number_never_reaches_a_workbook(value):
    with pytest.raises(ValueError, match="不能写入"):
        build(_summary(1, 总投资=value), TEMPLATES, AS_OF)


def test_what_the_writer_refuses_is_an_error():
    with pytest.raises(WriteRefused, match="没有写进去"), workbook(AS_OF, "") as (book, _):
        Pen(book.add_worksheet("表"), Formats(book)).write(FilledCell(2_000_000, 0, "字", Look()))


def test_sheet_names_become_what_excel_takes():
    assert sheet_name("招商/签约：[1]?", []) == "招商_签约：_1__"
    assert sheet_name("长" * 40, []) == "长" * 31
    assert sheet_name("表", ["表"]) == "表(2)"
    assert sheet_name("长" * 40, ["长" * 31]) == "长" * 28 + "(2)"
    assert sheet_name("''", []) == "表"


def _recalculated(folder, names):
    """The workbooks as LibreOffice computes them, whatever values they carry."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("没有安装 LibreOffice（soffice）：无法用另一个程序重算公式")
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        '<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">'
        "<value>0</value></prop></item></oor:items>",
        encoding="utf-8",
    )
    command = [office, f"-env:UserInstallation={profile.parent.as_uri()}", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", folder / "out", *names], check=True, capture_output=True, timeout=100)
    return {name.stem: openpyxl.load_workbook(folder / "out" / name.name, data_only=True) for name in names}


def _forgotten(data):
    """The same workbook with every formula's value replaced by a wrong one."""
    old, new = ZipFile(BytesIO(data)), BytesIO()
    with ZipFile(new, "w") as changed:
        for name in old.namelist():
            text = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                text = re.sub(rb"</f><v>[^<]*</v>", b"</f><v>-1</v>", text)
            changed.writestr(name, text)
    return new.getvalue()


@pytest.mark.libreoffice
def test_libreoffice_computes_the_values_that_the_formulas_carry(tmp_path):
    built = {"summary": _summary(25, 7), "one": _summary(1), "targets": _targets()}
    names = [tmp_path / f"{name}.xlsx" for name in built]
    for name, data in zip(names, built.values(), strict=True):
        name.write_bytes(_forgotten(build(data, TEMPLATES, AS_OF)))
    compared = 0
    for name, again in _recalculated(tmp_path, names).items():
        data = build(built[name], TEMPLATES, AS_OF)
        live, cached = _open(data), _open(data, values=True)
        for sheet in live.worksheets:
            for cell in (cell for row in sheet.rows for cell in row if cell.data_type == "f"):
                carried = cached[sheet.title][cell.coordinate].value
                computed = again[sheet.title][cell.coordinate].value
                assert computed == pytest.approx(carried, rel=0, abs=1e-6), (sheet.title, cell.coordinate)
                compared += 1
    assert compared > 30


@pytest.mark.libreoffice
def test_a_changed_figure_changes_the_total_in_libreoffice(tmp_path):
    name = tmp_path / "changed.xlsx"
    book = _open(_summary(7))
    before = _open(_summary(7), values=True)["汇总表"]["L16"].value
    book["汇总表"]["L6"].value += 1000
    book.save(name)
    assert _recalculated(tmp_path, [name])["changed"]["汇总表"]["L16"].value == pytest.approx(before + 1000)


def test_an_independent_reader_finds_projects_totals_and_rates(tmp_path):
    if not READER.exists():
        pytest.skip("没有独立的读表程序 check_week.py")
    spec = importlib.util.spec_from_file_location("check_week", READER)
    reader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reader)
    data = _summary(7)
    for name, book in (("summary", data), ("targets", _targets())):
        (tmp_path / f"{name}.xlsx").write_bytes(build(book, TEMPLATES, AS_OF))
    rows, total, subtotals = reader.read_summary(tmp_path / "summary.xlsx")
    projects = [line.values for line in data.sheets[0].lines if line.kind == "明细"]
    assert [row["项目名称"] for row in rows] == [project["项目名称"] for project in projects]
    for row, project in zip(rows, projects, strict=True):
        for field in ("总投资", "年度计划投资", "计划开工时间", "立项.办理进展", "能评.办结时间", "建设起止年限"):
            assert reader.same(project[field] if isinstance(project[field], float) else str(project[field]), row[field])
    assert total["总投资"] == pytest.approx(sum(project["总投资"] for project in projects))
    assert len(subtotals) == 3
    assert reader.read_rate(tmp_path / "targets.xlsx", "前期手续办结率") == pytest.approx(9 / 17)


@pytest.mark.parametrize("name", ["报送情况", "迟报名单"])
def test_a_category_of_four_characters_stands_on_one_line(name):
    fields = (
        (
            "报表",
            "应报时间",
            "实报时间",
            "迟报时长",
            "状态",
            "版本",
            "项目数",
            "累计迟报",
            "累计未报",
            "联络人",
            "说明",
        ),
        ("状态", "应报时间", "实报时间", "迟报时长", "时长算法", "累计迟报", "累计未报", "说明"),
    )[name == "迟报名单"]
    line = Line("明细", {"序号": 1, "单位": "县财政局", "类别": "成员单位", **dict.fromkeys(fields)})
    sheet = _open(WorkbookData("x", "报送情况及迟报名单.xlsx", (SheetData(name, name, HEAD, (line,)),)))[name]
    assert sheet["C5"].value == "成员单位"
    wide, size = sheet.column_dimensions["C"].width * 8, sheet["C5"].font.sz
    assert lines("成员单位", (wide - 5) / (size / 2 / 0.75)) == 1
