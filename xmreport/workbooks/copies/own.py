"""The unit's own workbook, opened to be given back: all its looks, nothing in it that acts or reaches outside."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from lxml import etree

from xmreport.model.grid import UNCACHED, Book, Grid, address
from xmreport.workbooks.copies.package import RELATION, RELATION_ID, Package, Tree, Unmarkable, named
from xmreport.workbooks.copies.references import outside
from xmreport.workbooks.copies.sheets import Sheet, Workbook, discard, element, remove, write_text
from xmreport.workbooks.formats.stencil import place_of

_ADDITIONS = {"{78C0D931-6437-407d-A8EE-F0AAD7539E65}", "{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"}
"""Those of later versions that stay: conditional formats and drop-down lists which look at another sheet."""
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_DRAWN = {f"{{{_DRAWING}/spreadsheetDrawing}}{name}" for name in ("pic", "sp", "cxnSp", "grpSp")}
"""Pictures such as a scanned seal, text boxes and arrows. Charts may draw on another file; controls act."""
_PICTURE = re.compile(r'(?:_xlfn\.)?DISPIMG\("\w+",\d+\)')
"""How WPS holds a picture in a cell: it stands among the workbook's cell images."""


def opened(parts: Mapping[str, bytes], book: Book) -> Workbook:
    """The workbook without macros, links and connections.

    Raises:
        Unmarkable: it has to be rebuilt from `book`.
    """
    if book.format != "xlsx":
        raise Unmarkable(f"a workbook of the kind {book.format}")
    workbook = Workbook(Package(parts))
    grids = {grid.sheet: grid for grid in book.grids}
    if sorted(workbook.names) != sorted(grids):
        raise Unmarkable("other sheets than were read")
    inside = frozenset(map(str.casefold, workbook.names))
    left = [_hold_values(sheet, grids[sheet.name], inside) for sheet in workbook.sheets]
    if any(left):
        _have_computed(workbook)
    _drop_names(workbook, inside)
    for sheet in workbook.sheets:
        _drop_rules(sheet, inside)
        _drop_links(sheet, inside)
        _plain_tables(sheet, inside)
        _drop_drawn(sheet)
    for _, images in workbook.package.all_related(workbook.package.book, "cellImage"):
        _keep_harmless(workbook.package, images)
    return workbook


# Values


def _hold_values(sheet: Sheet, grid: Grid, inside: AbstractSet[str]) -> bool:
    """What was read is what the copy holds. True where formulas are left.

    Formulas give way to the values they came to: they may look into other files, and a program that did not compute
    them anew would turn each into a fault when the copy comes back. A formula that is itself the fault stays, for the
    unit to see and mend. A number past all bounds becomes text: Excel would not open it.
    """
    left = False
    shared: dict[str, Tree] = {}
    formulas = [
        (each, _formula(each, shared) if _at(each) in grid.faults else None) for each in _formulas(sheet, shared)
    ]
    for formula, text in formulas:
        cell, at = formula.getparent(), _at(formula)
        if text is not None:
            left = _leave(formula, text, grid.faults[at], inside) or left
        elif not _PICTURE.fullmatch(_whole(formula)):
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
    return left


def _formulas(sheet: Sheet, shared: dict[str, Tree]) -> Iterator[Tree]:
    """The formulas of a sheet in their order; `shared` holds meanwhile the latest of those filled into others."""
    for cell in sheet.cells.values():
        formula, *more = cell.findall(named("f")) or [None]
        for other in more:
            cell.remove(other)
        if formula is None:
            continue
        if formula.get("t") == "shared" and formula.text:
            shared[formula.get("si", "")] = formula
        yield formula


def _whole(element: Tree) -> str:
    """All text of an element, as one."""
    return "".join(element.itertext())


def _at(formula: Tree) -> tuple[int, int]:
    return place_of(formula.getparent().get("r"))


def _formula(formula: Tree, shared: Mapping[str, Tree]) -> str:
    """A formula as it would be written into its cell alone; nothing where that cannot be said."""
    if formula.get("t", "normal") in {"normal", "array"} or formula.text:
        return _whole(formula)
    first = shared.get(formula.get("si", ""))
    if first is None or "#" in first.text or "[" in first.text:  # neither of which is carried over as it should
        return ""
    from openpyxl.formula.tokenizer import TokenizerError
    from openpyxl.formula.translate import Translator, TranslatorError

    here, there, text = formula.getparent().get("r"), first.getparent().get("r"), f"={first.text}"
    try:
        return str(Translator(text, there).translate_formula(here))[1:]
    except (TokenizerError, TranslatorError):
        return ""


def _leave(formula: Tree, text: str, fault: str, inside: AbstractSet[str]) -> bool:
    """Leave the formula at fault; where it cannot travel with the copy, an error that is a fault just the same."""
    cell = formula.getparent()
    if text and not outside([text], inside):
        if formula.get("t") == "shared":
            formula.attrib.clear()
        del formula[:]
        formula.text = text
        return True
    del cell[:]
    cell.set("t", "e")
    lost = "#N/A" if fault == UNCACHED else fault
    etree.SubElement(cell, named("v")).text = "#REF!" if text else lost
    return False


def _have_computed(workbook: Workbook) -> None:
    """A formula that was never computed is, as soon as somebody opens the copy."""
    calculation = workbook.root.find(named("calcPr"))
    if calculation is None:
        calculation = element("calcPr", {})
        workbook.put(calculation)
    calculation.set("fullCalcOnLoad", "1")


# Ties


def _drop_names(workbook: Workbook, inside: AbstractSet[str]) -> None:
    for name in workbook.defined_names():
        acts = not {"xlm", "function", "vbProcedure"}.isdisjoint(name.attrib) or "_xlnm.Auto_" in name.get("name", "")
        if acts or outside([_whole(name)], inside):
            remove(name)


def _drop_rules(sheet: Sheet, inside: AbstractSet[str]) -> None:
    """Drop-down lists and conditional formats that look into another file."""
    for addition in sheet.entries("extLst"):
        if addition.get("uri") not in _ADDITIONS:
            discard(addition)
    for rule in list(sheet.root.iter("{*}dataValidation", "{*}cfRule")):
        said = [*map(_whole, rule.iter()), *(each.get("val", "") for each in rule.iter("{*}cfvo"))]
        if outside(said, inside):
            discard(rule)
    for group in list(sheet.root.iter("{*}conditionalFormatting")):
        if next(group.iter("{*}cfRule"), None) is None:
            discard(group)


def _drop_links(sheet: Sheet, inside: AbstractSet[str]) -> None:
    """Links to places in the workbook stay; those to files, shares and sites go, their text stays."""
    for link in sheet.entries("hyperlinks"):
        place = link.get("location", "")
        if link.tag != named("hyperlink") or link.get(RELATION_ID) or "/" in place or outside([place], inside):
            discard(link)
    for page in sheet.root.iter(named("pageSetup")):
        page.attrib.pop(RELATION_ID, None)  # a printer of the unit's
    for selection in list(sheet.root.iter(named("pivotSelection"))):
        remove(selection)


def _plain_tables(sheet: Sheet, inside: AbstractSet[str]) -> None:
    """A table that a query or a map fills is a table like any other here, and computes nothing from another file."""
    for _, part in sheet.package.all_related(sheet.part, "table"):
        table = sheet.package.tree(part)
        for attribute in ("tableType", "connectionId"):
            table.attrib.pop(attribute, None)
        for mapped in list(table.iter(named("xmlColumnPr"))):
            remove(mapped)
        for column in table.iter(named("tableColumn")):
            column.attrib.pop("queryTableFieldId", None)
            for formula in column.findall("*"):
                if outside([_whole(formula)], inside):
                    remove(formula)
                    column.attrib.pop("totalsRowFunction", None)
    _sever_unused(sheet, "table", sheet.entries("tableParts"))


def _sever_unused(sheet: Sheet, kind: str, users: Iterable[Tree]) -> None:
    """What no element of the sheet names does not travel; nor does an element that names nothing."""
    related = dict(sheet.package.all_related(sheet.part, kind))
    used = set()
    for user in users:
        id_ = user.get(RELATION_ID)
        used.add(id_)
        if id_ not in related:
            discard(user)
    for id_ in set(related) - used:
        sheet.package.sever(sheet.part, id_)


def _drop_drawn(sheet: Sheet) -> None:
    """Pictures, text boxes and arrows stay, with nothing behind them that acts; all else that is drawn goes."""
    for boxes in sheet.root.findall(named("legacyDrawing")):
        remove(boxes)  # those of comments: `marks` draws them anew
    drawings = dict(sheet.package.all_related(sheet.part, "drawing"))
    for shown in sheet.root.findall(named("drawing")):
        part = drawings.get(shown.get(RELATION_ID))
        if part and not _keep_harmless(sheet.package, part):
            remove(shown)
    _sever_unused(sheet, "drawing", sheet.root.findall(named("drawing")))


def _keep_harmless(package: Package, part: str) -> bool:
    """Whether anything is left of a drawing."""
    drawing = package.tree(part)
    images = dict(package.all_related(part, "image"))
    shown = [anchor for anchor in drawing if _is_harmless(anchor, images)]
    drawing[:] = shown
    for id_ in set(images).difference(*map(_needed, shown)):
        package.sever(part, id_)
    return bool(shown)


def _is_harmless(anchor: Tree, images: dict[str, str]) -> bool:
    """Whether what is drawn is one of those kinds and needs nothing that is not in the copy; stripped of what acts."""
    for extra in [*anchor.iter("{*}extLst", "{*}hlinkClick", "{*}hlinkHover", "{*}hlinkMouseOver")]:
        remove(extra)
    for each in anchor.iter():
        each.attrib.pop("macro", None)
        each.attrib.pop("textlink", None)
        if f"{{{RELATION}}}embed" in each.attrib:
            each.attrib.pop(f"{{{RELATION}}}link", None)  # the picture itself is there, wherever it came from
    foreign = next(anchor.iter("{*}graphicFrame", "{*}contentPart", "{*}AlternateContent"), None)
    return any(child.tag in _DRAWN for child in anchor) and foreign is None and _needed(anchor) <= set(images)


def _needed(anchor: Tree) -> set[str]:
    """The relations that what is drawn names."""
    attributes = (attribute for each in anchor.iter() for attribute in each.attrib.items())
    return {value for key, value in attributes if key.startswith(f"{{{RELATION}}}")}
