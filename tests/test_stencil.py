"""Templates are read without openpyxl; what openpyxl says of the same cells holds."""

import shutil
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.colors import Color

from xmreport.workbooks.formats.looks import Palette, look_of
from xmreport.workbooks.formats.page import read_page
from xmreport.workbooks.formats.stencil import read_stencil
from xmreport.workbooks.formats.template import TemplateBroken, read_template

SHIPPED = Path(__file__).parents[1] / "templates_xlsx"
LINES = {"thin": 1, "medium": 2, "dashed": 3, "dotted": 4, "thick": 5, "double": 6, "hair": 7}
THEME = ("FFFFFF", "000000")


def colour(said):
    if said is None or (said.type == "theme" and said.theme >= len(THEME)):
        return None
    return "#" + (said.rgb[-6:] if said.type == "rgb" else THEME[said.theme])


def looks(cell) -> dict[str, object]:
    """What openpyxl says of a cell, in the writer's words."""
    font, aligned = cell.font, cell.alignment
    turned = int(aligned.textRotation or 0)
    found = {
        "font_name": font.name,
        "font_size": font.sz,
        "bold": bool(font.b),
        "italic": bool(font.i),
        "underline": {"single": 1, "double": 2}.get(font.u),
        "font_color": colour(font.color),
        "bg_color": colour(cell.fill.fgColor) if cell.fill.fill_type == "solid" else None,
        "num_format": cell.number_format if cell.number_format != "General" else None,
        "align": aligned.horizontal if aligned.horizontal != "general" else None,
        "valign": {"center": "vcenter"}.get(aligned.vertical, aligned.vertical),
        "text_wrap": bool(aligned.wrap_text),
        "shrink": bool(aligned.shrink_to_fit),
        "indent": int(aligned.indent or 0),
        "rotation": 270 if turned == 255 else 90 - turned if turned > 90 else turned,
    }
    for name in ("left", "right", "top", "bottom"):
        side = getattr(cell.border, name)
        if side is not None and side.style:
            found |= {name: LINES[side.style], f"{name}_color": colour(side.color)}
    return {name: value for name, value in found.items() if value not in (None, False, "")}


def hidden(sheet) -> set[tuple[int, int]]:
    """The cells that merges cover."""
    return {
        (row, column)
        for box in sheet.merged_cells.ranges
        for row in range(box.min_row, box.max_row + 1)
        for column in range(box.min_col, box.max_col + 1)
        if (row, column) != (box.min_row, box.min_col)
    }


def compare(path: Path) -> int:
    """How many cells of a workbook are the same to both."""
    book, compared = read_stencil(path), 0
    palette = Palette.read(book.theme)
    expected = openpyxl.load_workbook(path)
    assert [sheet.title for sheet in book.sheets] == expected.sheetnames
    for sheet in book.sheets:
        other = expected[sheet.title]
        for row in other.iter_rows():
            for cell in row:
                place = (cell.row, cell.column)
                if place not in hidden(other):
                    said = "" if cell.value is None else str(cell.value)
                    assert sheet.text(*place) == said, (sheet.title, cell.coordinate)
                    assert dict(look_of(sheet.cell(*place), palette).properties) == looks(cell), cell.coordinate
                    compared += 1
        page = read_page(sheet)
        assert page.landscape == (other.page_setup.orientation == "landscape")
        assert page.margins[:2] == (other.page_margins.left, other.page_margins.right)
        assert page.gridlines == (other.sheet_view.showGridLines is not False)
        assert bool(page.repeated_rows) == bool(other.print_title_rows)
        assert {row: height for row, height in sheet.heights.items() if height} == {
            row: each.height for row, each in other.row_dimensions.items() if each.height
        }
    return compared


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("*.xlsx")), ids=lambda path: path.stem)
def test_a_shipped_template_is_read_as_openpyxl_reads_it(path):
    assert compare(path) > 20


def test_whatever_a_clerk_may_format_is_read(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    thin = Side(style="thin", color="FF123456")
    styles = [
        {"font": Font(name="黑体", sz=20, b=True, i=True, u="double", strike=False, color="FF00FF00")},
        {"font": Font(name="宋体", color=Color(theme=1))},
        {"fill": PatternFill("solid", start_color="FFDDEEFF"), "number_format": "0.00%"},
        {"fill": PatternFill("gray125"), "number_format": '0"个"'},
        {"border": Border(left=thin, right=Side(style="double"), bottom=Side(style="hair"))},
        {"alignment": Alignment("distributed", "top", textRotation=135, wrap_text=True, indent=2)},
        {"alignment": Alignment("centerContinuous", "center", textRotation=255, shrink_to_fit=True)},
        {"number_format": "General"},
        {"number_format": "@"},
    ]
    for row, style in enumerate(styles, 1):
        for column, value in enumerate(("字", 12, 1.5, True, None, "=A1+1"), 1):
            cell = sheet.cell(row, column, value)
            for name, what in style.items():
                setattr(cell, name, what)
    sheet["A20"].border, sheet["C22"].border = Border(left=thin, top=thin), Border(right=thin, bottom=thin)
    sheet["A20"] = "合并"
    sheet.merge_cells("A20:C22")
    sheet.row_dimensions[3].height = 33.5
    sheet.print_title_rows = "2:3"
    sheet.page_setup.orientation = "landscape"
    book.save(tmp_path / "a.xlsx")
    found = read_stencil(tmp_path / "a.xlsx").sheets[0]
    corner = dict(look_of(found.cell(20, 1), Palette()).properties)
    assert {"left", "right", "top", "bottom"} <= corner.keys()
    sheet["A7"].alignment = Alignment("center")
    for row in range(6, 8):
        for cell in sheet[row]:
            cell.alignment = Alignment("center", "bottom", textRotation=180 if row == 6 else 255)
    book.save(tmp_path / "b.xlsx")
    assert compare(tmp_path / "b.xlsx") > 50


def test_strings_kept_apart_and_runs_of_letters_are_read(tmp_path):
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet, bold = book.add_worksheet("表"), book.add_format({"bold": True})
        sheet.write_rich_string(0, 0, "前", bold, "后", "再")
        sheet.write_string(1, 0, "一样")
        sheet.write_string(2, 0, "一样")
    found = read_stencil(tmp_path / "a.xlsx").sheets[0]
    assert [found.text(row, 1) for row in (1, 2, 3)] == ["前后再", "一样", "一样"]


@pytest.mark.parametrize("part", ["xl/styles.xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_template_with_a_part_that_is_no_xml_is_told(tmp_path, part):
    source, target = SHIPPED / "总览.xlsx", tmp_path / "总览.xlsx"
    with ZipFile(source) as whole, ZipFile(target, "w") as broken:
        for name in whole.namelist():
            broken.writestr(name, b"<a><b></a>" if name == part else whole.read(name))
    with pytest.raises(TemplateBroken, match="打不开"):
        read_template(target)


def test_a_template_cut_short_is_told(tmp_path):
    target = tmp_path / "总览.xlsx"
    shutil.copy(SHIPPED / "总览.xlsx", target)
    target.write_bytes(target.read_bytes()[:-40])
    with pytest.raises(TemplateBroken, match="打不开"):
        read_template(target)
