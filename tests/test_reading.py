"""Workbooks become grids: values at true addresses, and what a careless reader would hide."""

# ruff: noqa: DTZ001 - a sheet's times have no zone

import datetime as dt
import io
import json
import re
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl.styles import Font

from xmreport.intake.verdict import Limits, judge
from xmreport.model.grid import UNCACHED, Box
from xmreport.reading import ReadFailure
from xmreport.reading import read as read_once
from xmreport.reading.guard import GuardedPool

SHARED = Path(__file__).parent.parent.parent / "shared"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
CHAIN = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def read(data, kind, **options):
    """Read twice, as a worker does with the parts that were judged and without them: both must come to the same."""
    try:
        book = read_once(data, kind, **options)
    except ReadFailure as failure:
        with pytest.raises(ReadFailure, match=re.escape(str(failure))):
            read_once(data, kind, parts=judge(data, Limits()).parts, **options)
        raise
    assert read_once(data, kind, parts=judge(data, Limits()).parts, **options) == book
    return book


def written(fill, **options):
    """The bytes of a workbook that `fill` writes with xlsxwriter."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **options}) as book:
        fill(book)
    return buffer.getvalue()


def sheet_of(fill, **options):
    data = written(lambda book: fill(book, book.add_worksheet("表")), **options)
    return read(data, "xlsx").grids[0]


def saved(book):
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def replaced(data, changes):
    """A workbook with some parts rewritten: name → a function of the old text, or new bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            change = changes.get(name)
            if callable(change):
                content = change(content.decode()).encode()
            elif change is not None:
                content = change
            new.writestr(name, content)
    return buffer.getvalue()


def with_xml(xml, root=f"<worksheet {MAIN}>"):
    """A one-sheet workbook whose sheet is this XML."""
    data = written(lambda book: book.add_worksheet("表"))
    part = xml if isinstance(xml, bytes) else f"{root}{xml}</worksheet>".encode()
    return replaced(data, {"xl/worksheets/sheet1.xml": part})


def grid_of(cells, after="", before=""):
    return read(with_xml(f"{before}<sheetData>{cells}</sheetData>{after}"), "xlsx").grids[0]


# Values


def test_values_stand_at_their_true_addresses():
    def fill(book, sheet):
        sheet.write("B3", "项目名称")
        sheet.write("D3", 12.5)
        sheet.write("C5", True)

    grid = sheet_of(fill)
    assert grid.rows == ((), (), (None, "项目名称", None, 12.5), (), (None, None, True))
    assert grid.at(5, 3) is True


def test_midnight_is_a_date_and_any_other_moment_keeps_its_time():
    def fill(book, sheet):
        style = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_datetime("A1", dt.datetime(2022, 12, 9), style)
        sheet.write_datetime("B1", dt.datetime(2022, 12, 9, 16, 30), style)
        sheet.write_datetime("C1", dt.time(16, 30), style)
        sheet.write_number("D1", 44904)

    row = sheet_of(fill).rows[0]
    assert row == (dt.date(2022, 12, 9), dt.datetime(2022, 12, 9, 16, 30), dt.time(16, 30), 44904.0)
    assert type(row[0]) is dt.date


def test_dates_of_the_1904_system_come_out_right():
    def fill(book, sheet):
        sheet.write_datetime("A1", dt.datetime(2022, 12, 9), book.add_format({"num_format": "yyyy-mm-dd"}))

    assert sheet_of(fill, date_1904=True).rows == ((dt.date(2022, 12, 9),),)


def test_a_duration_beyond_a_day_is_a_number_of_days():
    def fill(book, sheet):
        sheet.write_number("A1", 1.5, book.add_format({"num_format": "[h]:mm:ss"}))

    assert sheet_of(fill).rows == ((1.5,),)


def test_text_is_cut_at_the_longest_a_cell_may_hold():
    assert len(grid_of(f'<row><c r="A1" t="inlineStr"><is><t>{"长" * 40_000}</t></is></c></row>').at(1, 1)) == 32_767


def test_text_that_looks_like_a_formula_stays_text():
    assert sheet_of(lambda _, sheet: sheet.write_string("A1", "=1+1")).rows == (("=1+1",),)


def test_a_number_that_is_none_becomes_its_text():
    assert grid_of('<row r="1"><c r="A1"><v>NaN</v></c><c r="B1"><v>1e999</v></c></row>').rows == (("nan", "inf"),)


@pytest.mark.parametrize("dimension", ["A1:A1", "A1:XFD1048576"])
def test_a_wrong_dimension_is_not_believed(dimension):
    grid = grid_of('<row r="2"><c r="C2"><v>7</v></c></row>', before=f'<dimension ref="{dimension}"/>')
    assert grid.rows == ((), (None, None, 7.0))


def test_trailing_styled_rows_and_columns_are_trimmed():
    styled = "".join(f'<row r="{r}"><c r="A{r}" s="0"/><c r="Z{r}" s="0"/></row>' for r in range(2, 200))
    assert grid_of(f'<row r="1"><c r="A1"><v>1</v></c><c r="Z1" s="0"/></row>{styled}').rows == ((1.0,),)


def test_hundreds_of_thousands_of_styled_rows_cost_little():
    styled = "".join(
        f'<row r="{r}" spans="1:3">{"".join(f"""<c r="{c}{r}" s="0"/>""" for c in "ABC")}</row>'
        for r in range(2, 200_000)
    )
    data = with_xml(f'<sheetData><row r="1"><c r="A1"><v>1</v></c></row>{styled}</sheetData>')
    begin = time.perf_counter()
    assert read(data, "xlsx").grids[0].rows == ((1.0,),)
    assert time.perf_counter() - begin < 6


def test_cells_without_addresses_stand_in_their_order():
    cells = '<row><c s="0"/><c><v>1</v></c></row><row r="3"><c r="B3" s="0"/><c><v>2</v></c></row>'
    assert grid_of(cells).rows == ((None, 1.0), (), (None, None, 2.0))


def test_a_sheet_written_with_a_prefix_is_read():
    xml = (
        f'<x:worksheet {MAIN.replace("xmlns=", "xmlns:x=")}><x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c>'
        '<x:c r="B1" t="e"><x:v>#REF!</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    grid = read(with_xml(xml.encode()), "xlsx").grids[0]
    assert (grid.rows, grid.faults) == (((1.0,),), {(1, 2): "#REF!"})


def test_an_empty_fill_in_the_styles_is_no_obstacle():
    data = written(lambda book: book.add_worksheet().write("A1", 1))
    odd = replaced(
        data, {"xl/styles.xml": lambda xml: xml.replace('<fill><patternFill patternType="none"/></fill>', "<fill/>")}
    )
    assert read(odd, "xlsx").grids[0].rows == ((1.0,),)


# What a careless reader would hide


@pytest.mark.parametrize("error", ["#REF!", "#DIV/0!", "#N/A", "#VALUE!", "#NAME?", "#NUM!"])
def test_an_error_value_is_a_fault_with_its_text(error):
    grid = grid_of(f'<row r="2"><c r="C2" t="e"><f>X1</f><v>{error}</v></c></row>')
    assert grid.faults == {(2, 3): error}
    assert grid.at(2, 3) is None


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A1"><f>B1</f><v></v></c>',  # openpyxl
        '<c r="A1"><f>B1</f><v/></c>',
        '<c r="A1"><f>B1</f></c>',  # POI, EPPlus
        '<c r="A1" t="str"><f>B1</f></c>',
        '<c r="A1"><f t="shared" si="0"/></c>',
    ],
)
def test_a_formula_without_a_value_is_a_fault(cell):
    assert grid_of(f'<row r="1">{cell}</row><row r="2"><c r="A2"><v>1</v></c></row>').faults == {(1, 1): UNCACHED}
    assert grid_of(f'<row r="1">{cell}</row>').faults == {(1, 1): UNCACHED}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c r="A1" t="str"><f>""</f><v></v></c>', None),  # Excel, WPS and LibreOffice of an empty text
        ('<c r="A1" t="str"><f>""</f><v/></c>', None),
        ('<c r="A1" t="str"><f>B1</f><v>文</v></c>', "文"),
        ('<c r="A1"><f>B1</f><v>0</v></c>', 0.0),
        ('<c r="A1" t="b"><f>B1</f><v>0</v></c>', False),
    ],
)
def test_a_formula_that_was_computed_is_none(cell, value):
    grid = grid_of(f'<row r="1">{cell}</row>')
    assert grid.faults == {}
    assert grid.at(1, 1) == value


def test_a_formula_that_openpyxl_wrote_is_uncached():
    book = openpyxl.Workbook()
    book.active["B2"] = "=SUM(A1:A9)"
    assert read(saved(book), "xlsx").grids[0].faults == {(2, 2): UNCACHED}


def test_a_formula_elsewhere_than_in_a_cell_is_no_fault():
    rule = '<extLst><ext uri="x"><f>A1</f></ext></extLst>'
    assert grid_of('<row r="1"><c r="A1" s="0"/></row>', after=rule).faults == {}


def test_merges_are_given_within_the_used_box():
    def fill(_, sheet):
        sheet.merge_range("A1:D1", "标题")
        sheet.merge_range("A2:A5000", "项目")
        sheet.write("D4", 1)

    assert set(sheet_of(fill).merges) == {Box(1, 1, 1, 4), Box(2, 1, 4, 1)}


def test_a_merge_of_one_cell_is_none_and_a_reversed_one_is_turned():
    merges = '<mergeCells><mergeCell ref="B2:A1"/><mergeCell ref="A1:A1"/></mergeCells>'
    assert grid_of('<row r="2"><c r="B2"><v>1</v></c></row>', after=merges).merges == (Box(1, 1, 2, 2),)


def test_hidden_rows_columns_and_sheets_are_told():
    def fill(book):
        sheet = book.add_worksheet("表")
        sheet.write_row("A1", [1, 2, 3])
        sheet.write_row("A2", [1, 2, 3])
        sheet.set_row(1, None, None, {"hidden": True})
        sheet.set_row(50, None, None, {"hidden": True})
        sheet.set_column("B:B", None, None, {"hidden": True})
        sheet.set_column("F:XFD", None, None, {"hidden": True})
        for name, hide in (("藏", "hide"), ("深藏", "very_hidden")):
            sheet = book.add_worksheet(name)
            sheet.write("A1", name)
            getattr(sheet, hide)()

    shown, *hidden = read(written(fill), "xlsx").grids
    assert (shown.hidden, shown.hidden_rows, shown.hidden_columns) == (False, {2}, {2})
    assert [(grid.sheet, grid.hidden, grid.rows) for grid in hidden] == [
        ("藏", True, (("藏",),)),
        ("深藏", True, (("深藏",),)),
    ]


def test_a_row_is_struck_out_when_all_its_cells_are():
    def fill(book, sheet):
        struck = book.add_format({"font_strikeout": True})
        sheet.write_row("A1", ["全", "划"], struck)
        sheet.write("A2", "半", struck)
        sheet.write("B2", "划")
        sheet.write_blank("A3", None, struck)

    assert sheet_of(fill).struck_rows == {1}


def test_a_percentage_is_read_as_its_cell_shows_it():
    def fill(book, sheet):
        percent, literal = book.add_format({"num_format": "0.0%"}), book.add_format({"num_format": '0.0"%"'})
        sheet.write_row("A1", [0.065, 1.2179, -0.005, "字"], percent)
        sheet.write_formula("E1", "=A1", percent, 0.065)
        sheet.write_blank("A2", None, percent)
        sheet.write("B2", 6.5, literal)
        sheet.write("C2", 0.065)

    assert sheet_of(fill).rows == (("6.5%", "121.79%", "-0.5%", "字", "6.5%"), (None, 6.5, 0.065))


def test_the_hidden_mark_of_our_own_blank_form_is_found():
    data = written(lambda book: (book.add_worksheet(), book.set_custom_property("xmreport", "guxian F1 v2")))
    other = written(lambda book: (book.add_worksheet(), book.set_custom_property("其他", "xmreport")))
    assert read(data, "xlsx").mark == "guxian F1 v2"
    assert read(other, "xlsx").mark is None


def test_chart_sheets_are_passed_over():
    def fill(book):
        chart = book.add_chart({"type": "bar"})
        chart.add_series({"values": "=表!$A$1:$A$2"})
        book.add_chartsheet("图").set_chart(chart)
        book.add_worksheet("表").write("A1", 1)

    assert [grid.sheet for grid in read(written(fill), "xlsx").grids] == ["表"]


# What cannot be read


def test_a_value_that_no_reader_finds_is_not_lost_in_silence():
    with pytest.raises(ReadFailure, match="A1"):
        grid_of('<row r="1"><c r="A1" t="s"><v>9</v></c></row>')


@pytest.mark.parametrize("twin", ['<c r="A1"><v>2</v></c>', '<c r="A"><v>2</v></c>'])
def test_a_cell_that_stands_twice_is_not_guessed_at(twin):
    with pytest.raises(ReadFailure):
        grid_of(f'<row r="1"><c r="A1"><v>1</v></c>{twin}</row>')


# What the fast reader refuses, or loses, is read from the XML


def test_a_sheet_in_utf_16_is_read():
    row = '<row r="1"><c r="A1"><v>1</v></c><c r="C1" t="inlineStr"><is><t>项目</t></is></c></row>'
    xml = f'<?xml version="1.0" encoding="UTF-16"?><worksheet {MAIN}><sheetData>{row}</sheetData></worksheet>'
    assert read(with_xml(xml.encode("utf-16")), "xlsx").grids[0].rows == ((1, None, "项目"),)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<dimension ref="A1:B2:C3"/>', ""),
        ('<dimension ref=""/>', ""),
        ("", '<mergeCells><mergeCell ref="nonsense"/></mergeCells>'),
    ],
)
def test_one_bad_reference_does_not_cost_the_sheet(before, after):
    assert grid_of('<row r="1"><c r="A1"><v>1.5</v></c></row>', after, before).rows == ((1.5,),)


def test_cells_of_every_type_are_read_beside_one_that_no_reader_knows():
    def fill(book):
        sheet = book.add_worksheet("表")
        sheet.write("A1", "共用")
        sheet.write_rich_string("B1", "两", book.add_format({"bold": True}), "段")
        sheet.write("C1", True)
        sheet.write_datetime("D1", dt.datetime(2022, 12, 9), book.add_format({"num_format": 'yyyy"年"m"月"'}))
        hours = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_datetime("E1", dt.datetime(2022, 12, 9, 16, 30), hours)
        sheet.write("F1", 5, book.add_format({"num_format": '0"天"'}))
        sheet.write_formula("G1", "=1+1", None, 2)
        sheet.write_formula("H1", "=NA()", None, "#N/A")
        sheet.write("I1", "甲\n乙")
        sheet.write("J1", "\x1b转义")

    def odd(xml):
        return xml.replace("</row>", '<c r="K1" t="zzz"><v>怪</v></c><c r="L1" t="d"><v>2022-12-09</v></c></row>')

    plain = written(fill)
    grid = read(replaced(plain, {"xl/worksheets/sheet1.xml": odd}), "xlsx").grids[0]
    assert grid.rows[0][:10] == read(plain, "xlsx").grids[0].rows[0]
    assert grid.rows[0][10:] == ("怪", dt.date(2022, 12, 9))
    assert grid.faults == {(1, 8): "#N/A"}


def test_the_1904_calendar_is_kept_by_the_patient_reader():
    def fill(book):
        book.add_worksheet("表").write_datetime("A1", dt.datetime(2022, 12, 9), book.add_format({"num_format": "d/m"}))

    data = written(fill, date_1904=True)
    lame = replaced(data, {"xl/worksheets/sheet1.xml": lambda xml: xml.replace('ref="A1"', 'ref=""')})
    assert lame != data
    assert read(lame, "xlsx").grids[0].rows == ((dt.date(2022, 12, 9),),)


def test_a_shared_string_without_text_is_an_honest_blank():
    data = written(lambda book: book.add_worksheet("表").write("A1", "文"))
    blank = replaced(data, {"xl/sharedStrings.xml": lambda xml: xml.replace("<t>文</t>", "<t/>")})
    assert read(blank, "xlsx").grids[0].rows == ()


def test_values_too_far_apart_are_refused_before_room_is_made():
    with pytest.raises(ReadFailure) as failure:
        grid_of('<row><c><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>')
    assert failure.value.code == "F05"


def test_too_many_values_are_refused():
    data = written(lambda book: book.add_worksheet().write_column("A1", range(30)))
    with pytest.raises(ReadFailure) as failure:
        read(data, "xlsx", most_cells=29)
    assert failure.value.code == "F06"


def test_an_entity_is_refused_even_here():
    with pytest.raises(ReadFailure) as failure:
        read(with_xml(f'<!DOCTYPE x [<!ENTITY e "1">]><worksheet {MAIN}/>'.encode()), "xlsx")
    assert failure.value.code == "F05"


@pytest.mark.parametrize("reference", ["XFE1", "A1048577", "ZZZZZZ1", "A99999999999999999999", "甲1", "1", ""])
def test_an_address_outside_the_sheet_is_refused(reference):
    with pytest.raises(ReadFailure):
        grid_of(f'<row r="1"><c r="{reference}"><v>1</v></c></row>')


def test_a_workbook_of_thousands_of_sheets_is_refused():
    data = written(lambda book: [book.add_worksheet() for _ in range(501)])
    with pytest.raises(ReadFailure, match="500"):
        read(data, "xlsx")


@pytest.mark.parametrize("kind", ["xlsx", "xls", "xlsb", "ods", "html"])
def test_rubbish_of_any_kind_fails_with_a_reason(kind):
    with pytest.raises(ReadFailure) as failure:
        read(b"PK\x03\x04 rubbish", kind)
    assert failure.value.reason


def test_a_relation_to_something_else_than_a_sheet_is_refused():
    with pytest.raises(ReadFailure):
        read(with_xml(f"<workbook {MAIN} {CHAIN}/>".encode()), "xlsx")


# Other formats


def test_an_xls_gives_all_that_an_xlsx_gives():
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    struck = xlwt.easyxf("font: struck_out true")
    sheet.write_merge(0, 0, 0, 2, "标题")
    sheet.write(1, 0, dt.datetime(2022, 12, 9), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    sheet.write(1, 1, dt.datetime(2022, 12, 9, 16, 30), xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm"))
    sheet.write(2, 0, True)
    sheet.write(2, 1, 0.065, xlwt.easyxf(num_format_str="0.0%"))
    sheet.write(2, 2, 0.85)
    sheet.row(3).set_cell_error(1, "#REF!")
    sheet.write(4, 0, "划", struck)
    sheet.write(5, 0, "", struck)
    sheet.row(2).hidden = True
    sheet.col(1).hidden = True
    book.add_sheet("藏").visibility = 1
    read_book = read(saved(book), "xls")
    grid, hidden = read_book.grids
    moments = (dt.date(2022, 12, 9), dt.datetime(2022, 12, 9, 16, 30))
    assert grid.rows == (("标题",), moments, (True, "6.5%", 0.85), (), ("划",))
    assert grid.faults == {(4, 2): "#REF!"}
    assert grid.merges == (Box(1, 1, 1, 3),)
    assert (grid.hidden_rows, grid.hidden_columns, grid.struck_rows) == ({3}, {2}, {5})
    assert (hidden.hidden, read_book.knows_faults) == (True, True)


def test_an_xls_of_the_1904_system_gives_the_right_dates():
    book = xlwt.Workbook()
    book.dates_1904 = True
    days = (dt.date(2022, 12, 9) - dt.date(1904, 1, 1)).days
    book.add_sheet("表").write(0, 0, days, xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    assert read(saved(book), "xls").grids[0].rows == ((dt.date(2022, 12, 9),),)


def test_an_ods_gives_its_values_and_says_that_it_knows_no_faults():
    document = OpenDocumentSpreadsheet()
    table, row = Table(name="表"), TableRow()
    for cell in (TableCell(valuetype="float", value="3"), TableCell(valuetype="date", datevalue="2022-12-09")):
        cell.addElement(P(text="x"))
        row.addElement(cell)
    table.addElement(row)
    document.spreadsheet.addElement(table)
    buffer = io.BytesIO()
    document.write(buffer)
    book = read(buffer.getvalue(), "ods")
    assert (book.format, book.knows_faults) == ("ods", False)
    assert book.grids[0].rows == ((3.0, dt.date(2022, 12, 9)),)


def test_fonts_struck_in_openpyxl_are_struck_here():
    book = openpyxl.Workbook()
    book.active["A1"] = "划"
    book.active["A1"].font = Font(strike=True)
    assert read(saved(book), "xlsx").grids[0].struck_rows == {1}


# Files from elsewhere


def examine(data):
    """Runs in a worker: judged first, as the engine does."""
    verdict = judge(data, Limits())
    if verdict.fault:
        return verdict.fault
    try:
        read(data, verdict.kind)
    except ReadFailure as failure:
        return failure.code
    return None


@pytest.mark.skipif(not (SHARED / "samples").exists(), reason="the sample weeks are not here")
def test_every_sample_that_ought_to_be_accepted_is_read():
    for truth in (SHARED / "samples").glob("*/truth.json"):
        waves = json.loads(truth.read_text(encoding="utf-8"))["waves"]
        for number, wave in enumerate(waves):
            for file in wave["files"]:
                path = truth.parent / f"wave{number}" / file["file"]
                if file["outcome"] == "accepted" and path.exists():
                    assert examine(path.read_bytes()) is None, path.name


@pytest.mark.skipif(not (SHARED / "corpus").exists(), reason="the corpus is not here")
@pytest.mark.parametrize("folder", ["attacks", "public/files"])
def test_no_file_from_elsewhere_kills_or_hangs_a_worker(folder):
    files = [path for path in sorted((SHARED / "corpus" / folder).iterdir()) if path.suffix != ".csv"]
    with GuardedPool(2, seconds=20) as pool:
        outcomes = {path.name: pool.submit(examine, path.read_bytes()) for path in files}
        codes = {name: future.result() for name, future in outcomes.items()}
    assert set(codes.values()) <= {None, "F01", "F02", "F03", "F04", "F05", "F06"}
    assert sum(code is None for code in codes.values()) > 80
