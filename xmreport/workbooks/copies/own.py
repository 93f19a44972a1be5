"""The unit's own workbook, opened to be given back: all its looks, nothing in it that acts or reaches outside."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from lxml import etree

from xmreport.model.grid import UNCACHED, Book, Grid, address
from xmreport.workbooks.copies.package import RELATION, RELATION_ID, Package, Tree, Unmarkable, named
from xmreport.workbooks.copies.sheets import Sheet, Workbook, discard, element, remove, write_text
from xmreport.workbooks.formats.stencil import place_of

LARGEST_XML = 16 * 1024 * 1024
"""Inflated bytes of XML still worth loading; more is mostly empty cells with a border."""

_OUTSIDE = re.compile(
    r"""'[^']*\[[^\]']+\][^']*'!  # '[1]汇总 表'!  or  'C:\x\[a.xlsx]Sheet1'!
      | \[[^\[\]]+\][\w.]*!       # [1]Sheet1!     ([列名] of a table is not followed by '!')
      | \|'?[^!]*!                # a DDE link, 程序|'主题'!项
      | ^'?\\\\                   # a share
      | ://                       # a site
      | \b(?:HYPERLINK|WEBSERVICE|IMAGE|RTD|CALL|REGISTER(?:\.ID)?|EXEC|FILTERXML|CUBE\w+|SQL\.REQUEST)\s*\(
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LISTS = {"{78C0D931-6437-407d-A8EE-F0AAD7539E65}", "{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"}
"""Additions of later versions that stay: conditional formats and drop-down lists which look at another sheet."""
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_DRAWN = {f"{{{_DRAWING}/spreadsheetDrawing}}{name}" for name in ("pic", "sp", "cxnSp", "grpSp")}
"""Pictures such as a scanned seal, text boxes and arrows. Charts may draw on another file; controls act."""


def opened(parts: Mapping[str, bytes], book: Book) -> Workbook:
    """The workbook without macros, links and connections.

    Raises:
        Unmarkable: it has to be rebuilt from `book`.
    """
    if book.format != "xlsx":
        raise Unmarkable(f"a workbook of the kind {book.format}")
    if sum(len(part) for name, part in parts.items() if name.lower().endswith(".xml")) > LARGEST_XML:
        raise Unmarkable("too large")
    workbook = Workbook(Package(parts))
    for grid in book.grids:
        _hold_values(workbook.sheet(grid.sheet), grid)
    _have_computed(workbook)
    _drop_names(workbook)
    for sheet in workbook.sheets:
        _drop_rules(sheet, "dataValidation")
        _drop_rules(sheet, "cfRule")
        _drop_additions(sheet)
        _drop_links(sheet)
        _drop_tables(sheet)
        _drop_drawn(sheet)
    return workbook


def _outside(texts: Iterable[str]) -> bool:
    return any(map(_OUTSIDE.search, texts))


# Values


def _hold_values(sheet: Sheet, grid: Grid) -> None:
    """What was read is what the copy holds.

    Formulas give way to the values they came to: they may look into other files, and a program that did not compute
    them anew would turn each into a fault when the copy comes back. A formula that is itself the fault stays, for the
    unit to see and mend. A number past all bounds becomes text: Excel would not open it.
    """
    formulas = list(sheet.root.iter(named("f")))
    shared = {each.get("si"): each for each in formulas if each.get("t") == "shared" and each.text}
    texts = [_formula(each, shared) for each in formulas]
    for formula, text in zip(formulas, texts, strict=True):
        cell = formula.getparent()
        at = place_of(cell.get("r"))
        if at in grid.faults:
            _leave_fault(cell, formula, text, grid.faults[at])
            continue
        cell.remove(formula)
        if grid.at(*at) is None:  # it came to an empty text
            del cell[:]
            cell.attrib.pop("t", None)
    for row, values in enumerate(grid.rows, 1):
        for column, value in enumerate(values, 1):
            if isinstance(value, float) and not math.isfinite(value):
                write_text(sheet.cell(address(row, column)), str(value))
    for cell in sheet.root.xpath("//*[@cm or @vm]"):  # what an array spills into, and what stands behind a picture
        cell.attrib.pop("cm", None)
        cell.attrib.pop("vm", None)


def _formula(formula: Tree, shared: dict[str, Tree]) -> str:
    """A formula as it would be written into its cell alone; nothing where that cannot be said."""
    if formula.get("t", "normal") in {"normal", "array"}:
        return formula.text or ""
    first = shared.get(formula.get("si", "")) if formula.get("t") == "shared" else None
    if first is None or first is formula:
        return "" if first is None else formula.text
    from openpyxl.formula.translate import Translator

    here, there = formula.getparent().get("r"), first.getparent().get("r")
    return str(Translator(f"={first.text}", there).translate_formula(here))[1:]


def _leave_fault(cell: Tree, formula: Tree, text: str, fault: str) -> None:
    """The formula at fault; where it cannot travel with the copy, an error that is a fault just the same."""
    if text and not _outside([text]):
        if formula.get("t") == "shared":
            formula.attrib.clear()
            formula.text = text
        return
    del cell[:]
    cell.set("t", "e")
    lost = "#N/A" if fault == UNCACHED else fault
    etree.SubElement(cell, named("v")).text = "#REF!" if text else lost


def _have_computed(workbook: Workbook) -> None:
    """A formula that was never computed is, as soon as somebody opens the copy."""
    calculation = workbook.root.find(named("calcPr"))
    if calculation is None:
        calculation = element("calcPr", {})
        workbook.put(calculation)
    calculation.set("fullCalcOnLoad", "1")


# Ties


def _drop_names(workbook: Workbook) -> None:
    for name in workbook.defined_names():
        if _outside(name.itertext()) or not {"xlm", "function", "vbProcedure"}.isdisjoint(name.attrib):
            remove(name)


def _drop_rules(sheet: Sheet, kind: str) -> None:
    """Drop-down lists and conditional formats that look into another file."""
    for rule in list(sheet.root.iter(named(kind))):
        if _outside([*rule.itertext(), *(each.get("val", "") for each in rule.iter(named("cfvo")))]):
            discard(rule)


def _drop_additions(sheet: Sheet) -> None:
    for addition in sheet.entries("extLst"):
        if addition.get("uri") not in _LISTS or _outside(addition.itertext()):
            discard(addition)


def _drop_links(sheet: Sheet) -> None:
    """Links to places in the workbook stay; those to files, shares and sites go, their text stays."""
    for link in sheet.entries("hyperlinks"):
        if link.get(RELATION_ID) or _outside([link.get("location", "")]):
            discard(link)
    for page in sheet.root.iter(named("pageSetup")):
        page.attrib.pop(RELATION_ID, None)  # a printer of the unit's


def _drop_tables(sheet: Sheet) -> None:
    """Tables that a query fills; the others, but for what they would compute from another file."""
    tables = dict(sheet.package.all_related(sheet.part, "table"))
    for entry in sheet.entries("tableParts"):
        id_ = entry.get(RELATION_ID)
        table = sheet.package.tree(tables[id_]) if id_ in tables else None
        if table is None or table.get("tableType") == "queryTable" or table.get("connectionId"):
            discard(entry)
            if table is not None:
                sheet.package.sever(sheet.part, id_)
            continue
        for formula in [*table.iter(named("calculatedColumnFormula")), *table.iter(named("totalsRowFormula"))]:
            if _outside([formula.text or ""]):
                remove(formula)


def _drop_drawn(sheet: Sheet) -> None:
    """Pictures, text boxes and arrows stay, with nothing behind them that acts; all else that is drawn goes."""
    for boxes in sheet.root.findall(named("legacyDrawing")):
        remove(boxes)  # those of comments: `marks` draws them anew
    drawings = dict(sheet.package.all_related(sheet.part, "drawing"))
    for shown in sheet.root.findall(named("drawing")):
        id_ = shown.get(RELATION_ID)
        if id_ in drawings and _keep_harmless(sheet.package, drawings[id_]):
            continue
        remove(shown)
        if id_ in drawings:
            sheet.package.sever(sheet.part, id_)


def _keep_harmless(package: Package, part: str) -> bool:
    """Whether anything is left of a drawing."""
    drawing = package.tree(part)
    images = dict(package.all_related(part, "image"))
    for anchor in list(drawing):
        if not _is_harmless(anchor, images):
            drawing.remove(anchor)
    return len(drawing) > 0


def _is_harmless(anchor: Tree, images: dict[str, str]) -> bool:
    """Whether what is drawn is one of those kinds and needs nothing that is not in the copy; stripped of what acts."""
    for extra in [*anchor.iter("{*}extLst", "{*}hlinkClick", "{*}hlinkHover")]:
        remove(extra)
    for each in anchor.iter():
        each.attrib.pop("macro", None)
        each.attrib.pop("textlink", None)
    needed = {
        value for each in anchor.iter() for key, value in each.attrib.items() if key.startswith(f"{{{RELATION}}}")
    }
    foreign = next(anchor.iter("{*}graphicFrame", "{*}contentPart", "{*}AlternateContent"), None)
    return any(child.tag in _DRAWN for child in anchor) and foreign is None and needed <= set(images)
