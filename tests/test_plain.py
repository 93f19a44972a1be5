"""What a worker is spared where a workbook is written as nearly every program writes it: the result is the same."""

import datetime as dt
import io
import zipfile

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from xmreport.intake.plain import plain_cells
from xmreport.intake.verdict import Limits, judge
from xmreport.model.parts import PlainCells
from xmreport.reading import contents, read, xlsx
from xmreport.reading.stored import stored

SHEET = "xl/worksheets/sheet1.xml"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def workbook(*sheets):
    """A workbook of these sheets, each a list of rows; its cells bordered, blank ones too."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        bordered, day = book.add_format({"border": 1}), book.add_format({"num_format": "yyyy-mm-dd"})
        for rows in sheets:
            sheet = book.add_worksheet()
            for r, row in enumerate(rows):
                for c, value in enumerate(row):
                    if isinstance(value, dt.date):
                        sheet.write_datetime(r, c, dt.datetime.combine(value, dt.time()), day)
                    else:
                        sheet.write(r, c, value, bordered)
    return buffer.getvalue()


def with_sheet(data, change):
    """The same with the first sheet's XML changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content.decode()).encode() if name == SHEET else content)
    return buffer.getvalue()


def sheet(cells, before="", after=""):
    return f"<worksheet {MAIN}>{before}<sheetData>{cells}</sheetData>{after}</worksheet>".encode()


def never(*_):
    raise AssertionError("walked")


FORM = [
    ["填报单位：古阳镇"],
    ["序号", "项目名称", "总投资", None],
    [1, "一号道路", 3000.5, dt.date(2022, 12, 9)],
    [None],
]

cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(dt.date(1901, 1, 1), dt.date(2100, 1, 1)),
    st.sampled_from(["", " ", "#REF!", "hidden", "<v>", "</c>", "a & b", "=1+1", "甲\n乙", "_x0041_", "😀"]),
    st.text(max_size=8),
)


@settings(max_examples=60)
@given(st.lists(st.lists(st.lists(cells, max_size=5), max_size=5), min_size=1, max_size=3))
def test_a_workbook_reads_the_same_with_and_without_its_parts(sheets):
    data = workbook(*sheets)
    assert read(data, "xlsx", parts=judge(data, Limits()).parts) == read(data, "xlsx")


@pytest.mark.parametrize(
    "change",
    [
        str,
        lambda xml: xml.replace("<sheetData>", '<cols><col min="1" max="2" width="12"/></cols><sheetData>'),
        lambda xml: xml.replace("</sheetData>", '</sheetData><mergeCells><mergeCell ref="A1:C1"/></mergeCells>'),
        lambda xml: xml.replace("</sheetData>", "</sheetData><dataValidations><dataValidation><formula1>1</formula1>"
                                "</dataValidation></dataValidations>"),
        lambda xml: xml.replace("</row></sheetData>", '<c r="G4"><f>1+1</f><v>2</v></c></row></sheetData>'),
        lambda xml: xml.replace("</sheetData>", '<row r="9" ht="20" customHeight="1"/></sheetData>'),
        lambda xml: xml[: xml.index("<sheetData>")] + "<sheetData/></worksheet>",
    ],
)  # fmt: skip
def test_what_forms_have_beside_their_values_costs_no_walk(change, monkeypatch):
    data = with_sheet(workbook(FORM, []), change)
    walked = read(data, "xlsx")
    monkeypatch.setattr(xlsx, "_walked", never)
    assert read(data, "xlsx", parts=judge(data, Limits()).parts) == walked


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml.replace('<row r="2"', '<row r="2" hidden="1"'),
        lambda xml: xml.replace("<sheetData>", '<cols><col min="1" max="2" hidden="1"/></cols><sheetData>'),
        lambda xml: xml.replace('r="A2" s="1" t="s"', 'r="A2" s="1" t="e"'),
        lambda xml: xml.replace("</row></sheetData>", '<c r="G4"><f>1+1</f></c></row></sheetData>'),
        lambda xml: xml.replace("</row></sheetData>", '<c r="G4"><f>1+1</f><v></v></c></row></sheetData>'),
        lambda xml: xml.replace("</row></sheetData>", '<c r="G4" t="e"><is><t>怪</t></is></c></row></sheetData>'),
        lambda xml: xml.replace("</row></sheetData>", '<c r="AAA4"><v>1</v></c></row></sheetData>'),
        lambda xml: xml.replace("<v>3000.5</v>", "<!--<v>1</v>--><v>3000.5</v>"),
    ],
)
def test_what_the_fast_reader_would_hide_is_walked(change):
    data = with_sheet(workbook(FORM), change)
    parts = judge(data, Limits()).parts
    grid = read(data, "xlsx").grids[0]
    assert read(data, "xlsx", parts=parts).grids[0] == grid
    told = grid.hidden_rows or grid.hidden_columns or grid.faults
    assert told or SHEET not in parts.plain


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        ("", 0),
        ('<row r="1"><c r="A1"><v>1</v></c></row>', 1),
        ('<row><c r="A1" s="12" t="s"><v>0</v></c><c r="B1" s="1"/><c r="ZZ999" t="n" /></row>', 1),
        ('<row r="1" spans="1:3" x14ac:dyDescent="0.25"><c r="A1" t="b"><v>1</v></c></row><row r="2"/>', 1),
        ('<row r="1"><c r="A1" t="inlineStr"><is><t xml:space="preserve"> a</t></is></c></row>', 1),
        ('<row r="1"><c r="A1"><f>B1</f><v>1</v></c><c r="B1"><f t="shared" si="0"/><v>2</v></c></row>', 2),
    ],
)
def test_plain_cells_are_counted(rows, values):
    xml = sheet(rows)
    found = plain_cells(xml)
    assert xml[found.begin : found.end] == rows.encode()
    assert found.values == values


@pytest.mark.parametrize(
    "xml",
    [
        sheet('<row r="1"><c r="A1000"><v>1</v></c></row>'),
        sheet('<row r="1"><c r="AAA1"><v>1</v></c></row>'),
        sheet('<row r="1"><c r="A0"><v>1</v></c></row>'),
        sheet('<row r="1"><c r="a1"><v>1</v></c></row>'),
        sheet('<row r="1"><c><v>1</v></c></row>'),
        sheet('<row r="a1"><c r="A1"><v>1</v></c></row>'),
        sheet('<row r="1"><c r="A1" t="e"><v>#N/A</v></c></row>'),
        sheet('<row r="1" hidden="0"><c r="A1"><v>1</v></c></row>'),
        sheet('<row r="1"><c r="A1"><v>1</v ></c></row>'),
        sheet('<row r="1"><c r="A1">1</v></c></row>'),
        sheet('<row r="1"><c r="A1"><f>1</f></c></row>'),
        sheet('<row r="1"><x:c r="XFD1048576"><x:v>1</x:v></x:c></row>'),
        sheet('<row r="1"><c r="A1"><v>1</v></c>'),
        sheet("", before='<x:sheetData><c r="XFD1048576"><v>1</v></c></x:sheetData>'),
        sheet("", after='<sheetData><c r="XFD1048576"><v>1</v></c></sheetData>'),
        b'<worksheet><sheetData/><sheetData ><c r="XFD1048576"><v>1</v></c></sheetData></worksheet>',
        b"<worksheet/>",
    ],
)
def test_cells_written_in_any_other_way_are_not_plain(xml):
    assert plain_cells(xml) is None


def test_a_sheet_without_cells_is_plain():
    assert plain_cells(f"<worksheet {MAIN}><sheetData/></worksheet>".encode()) == PlainCells(0, 0, 0)


def test_a_far_cell_among_near_ones_is_still_refused():
    far = '<c r="XFD1048576"><v>1</v></c></row></sheetData>'
    data = with_sheet(workbook(FORM), lambda xml: xml.replace("</row></sheetData>", far))
    assert judge(data, Limits()).fault == "F05"


def test_many_plain_sheets_are_measured_before_they_are_refused():
    assert judge(workbook(*[FORM] * 20), Limits()).fault is None
    assert judge(workbook(FORM, FORM), Limits(cells=15)).fault == "F06"


def test_only_a_workbook_that_may_be_opened_hands_on_its_parts():
    data = workbook(FORM)
    assert SHEET in judge(data, Limits()).parts.content
    assert judge(data, Limits(cells=1)).parts is None
    assert judge(data, Limits(held_mib=0)).parts is None
    assert judge(data, Limits()).fault is None


def test_parts_packed_without_compression_come_out_as_they_were():
    content = {"xl/workbook.xml": b"<workbook/>", "xl/表.xml": "项目".encode() * 1000, "leer": b""}
    with zipfile.ZipFile(io.BytesIO(stored(content))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == content


def test_a_small_part_is_interpreted_once_and_a_large_one_is_not_kept():
    xml = b'<r><Relationship Id="%d" Type="a/worksheet" Target="%s.xml"/></r>'
    small, large = xml % (1, b"a"), xml % (2, b"b" * 20_000)
    assert contents.relations(small, "xl") is contents.relations(bytes(bytearray(small)), "xl")
    assert contents.relations(large, "xl") is not contents.relations(large, "xl")
    assert [relation.part for relation in contents.relations(small, "")] == ["a.xml"]
    assert [relation.part for relation in contents.relations(small, "xl")] == ["xl/a.xml"]


def test_a_part_kept_from_another_file_is_no_cover_for_a_damaged_one():
    data = workbook(FORM)
    assert judge(data, Limits()).fault is None
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        theme = archive.getinfo("xl/theme/theme1.xml")
    lying = bytearray(data)
    at = data.rindex(b"xl/theme/theme1.xml") - 46
    lying[at + 16 : at + 20] = (theme.CRC ^ 1).to_bytes(4, "little")
    assert judge(bytes(lying), Limits()).fault == "F03"
