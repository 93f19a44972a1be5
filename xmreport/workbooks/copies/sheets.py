"""The sheets of a unit's own workbook: their order, their cells by address, the sections of each in their due order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import count

from lxml import etree

from xmreport.model.grid import address
from xmreport.workbooks.copies.package import RELATION_ID, Package, Tree, Unmarkable, named, number
from xmreport.workbooks.formats.stencil import place_of
from xmreport.workbooks.wording import clean, literal

_BOOK_SECTIONS = (
    "fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets", "definedNames", "calcPr",
)  # fmt: skip
_SHEET_SECTIONS = (
    "sheetPr", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetProtection", "protectedRanges", "autoFilter",
    "sortState", "mergeCells", "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions",
    "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks", "ignoredErrors", "drawing", "legacyDrawing",
    "tableParts", "extLst",
)  # fmt: skip
"""What is kept of a worksheet, in the order in which Excel insists on it. Controls, objects and links are not."""
PRESERVED = "{http://www.w3.org/XML/1998/namespace}space"
_ADDRESS = re.compile(r"[A-Z]{1,3}[1-9]\d{0,6}")


class Sheet:
    """One worksheet.

    Raises:
        Unmarkable: it is no worksheet of the usual kind.
    """

    def __init__(self, package: Package, part: str, entry: Tree) -> None:
        self.package = package
        self.part = part
        self.entry = entry
        """The workbook's own line for it."""

    @property
    def name(self) -> str:
        return str(self.entry.get("name"))

    @cached_property
    def root(self) -> Tree:
        root = self.package.tree(self.part)
        if root.tag != named("worksheet") or root.find(named("sheetData")) is None:
            raise Unmarkable("no worksheet")
        _keep(root, _SHEET_SECTIONS)
        _number(root)
        return root

    def entries(self, section: str) -> list[Tree]:
        """What a section lists; nothing where the sheet does not have it."""
        return [entry for held in self.root.iterfind(named(section)) for entry in held]

    def put(self, section: Tree) -> None:
        """A section into its place."""
        _put(self.root, section, _SHEET_SECTIONS)

    def cell(self, at: str) -> Tree:
        """The cell at an address, made where there is none."""
        if at not in self.cells:
            self.cells[at] = self._made(at)
        return self.cells[at]

    @cached_property
    def cells(self) -> dict[str, Tree]:
        """By address, in the order in which they stand there."""
        cells = {cell.get("r"): cell for cell in self.root.iter(named("c"))}
        if not all(map(is_address, cells)):
            raise Unmarkable("cells at no address")
        texts = self.package.related(self.package.book, "sharedStrings")
        if texts is None and any(cell.get("t") == "s" for cell in cells.values()):
            raise Unmarkable("texts that nothing refers to")
        return cells

    def looks(self) -> set[str]:
        """The numbers of the looks that cells, rows and columns have."""
        rows = (each.get("s", "0") for each in self.root.iter(named("c"), named("row")))
        return {*rows, *(each.get("style", "0") for each in self.root.iter(named("col")))}

    @cached_property
    def _rows(self) -> dict[int, Tree]:
        return {number(row, "r", 0): row for row in self.root.iter(named("row"))}

    def _made(self, at: str) -> Tree:
        row, column = place_of(at)
        line = self._row(row)
        line.attrib.pop("spans", None)
        cell = element("c", {"r": at, "s": self._blank_style(line, column)})
        after = (each for each in line.iterchildren(named("c")) if place_of(each.get("r"))[1] > column)
        _before(next(after, None), cell, line)
        return cell

    def _row(self, row: int) -> Tree:
        if row not in self._rows:
            line = element("row", {"r": str(row)})
            later = self._rows.get(min((each for each in self._rows if each > row), default=0))
            _before(later, line, self.root.find(named("sheetData")))
            self._rows[row] = line
        return self._rows[row]

    def _blank_style(self, line: Tree, column: int) -> str:
        """How an empty cell looks that the file does not hold: as its row, else as its column."""
        if line.get("s"):
            return str(line.get("s"))
        columns = self.root.iterfind(f"{named('cols')}/{named('col')}")
        around = (each for each in columns if number(each, "min", 0) <= column <= number(each, "max", 0))
        return next((each.get("style", "0") for each in around), "0")


class Workbook:
    """The worksheets of a package in their order.

    Raises:
        Unmarkable: it is no workbook of the usual kind.
    """

    def __init__(self, package: Package) -> None:
        self.package = package
        self.root = package.tree(package.book)
        entries = self.root.find(named("sheets"))
        if self.root.tag != named("workbook") or entries is None:
            raise Unmarkable("no workbook of the usual kind")
        _keep(self.root, _BOOK_SECTIONS)
        self._entries = entries
        parts = dict(package.all_related(package.book, "worksheet"))
        if any(len(entry.xpath("@*[local-name()='id']")) > 1 for entry in entries):
            raise Unmarkable("a sheet with two parts")
        self.sheets = [Sheet(package, parts.get(entry.get(RELATION_ID), ""), entry) for entry in list(entries)]
        known = [sheet.part for sheet in self.sheets if sheet.part]
        if len(set(known)) < len(known):
            raise Unmarkable("a part that is two sheets")
        for sheet in list(self.sheets):
            if not sheet.part:
                self.drop(sheet)

    @property
    def names(self) -> list[str]:
        return [sheet.name for sheet in self.sheets]

    def sheet(self, name: str) -> Sheet:
        """The sheet of that name."""
        return next(sheet for sheet in self.sheets if sheet.name == name)

    def put(self, section: Tree) -> None:
        """A section into its place."""
        _put(self.root, section, _BOOK_SECTIONS)

    def defined_names(self) -> Iterator[Tree]:
        """The names the workbook gives to cells and formulas, each of which may be removed meanwhile."""
        return iter(self.root.findall(f"{named('definedNames')}/{named('definedName')}"))

    def drop(self, sheet: Sheet) -> None:
        """Take a sheet out, with the names that are its own."""
        position = self.sheets.index(sheet)
        for name in self.defined_names():
            if name.get("localSheetId") == str(position):
                remove(name)
        self._renumber(position, -1)
        remove(sheet.entry)
        self.sheets.remove(sheet)
        if sheet.part:
            self.package.sever(self.package.book, sheet.entry.get(RELATION_ID))

    def insert_first(self, name: str, content: bytes) -> Sheet:
        """A new sheet in front of all others."""
        id_, part = self.package.add(self.package.book, "worksheet", "xl/worksheets/sheet{}.xml", content)
        taken = {number(each.entry, "sheetId", 0) for each in self.sheets}
        free = next(n for n in count(1) if n not in taken)
        entry = element("sheet", {"name": name, "sheetId": str(free), RELATION_ID: id_})
        self._entries.insert(0, entry)
        self._renumber(0, 1)
        sheet = Sheet(self.package, part, entry)
        self.sheets.insert(0, sheet)
        return sheet

    def name_cells(self, name: str, sheet: Sheet, cells: str) -> None:
        """Give cells of a sheet a name that is the sheet's own, such as its print area."""
        names = self.root.find(named("definedNames"))
        if names is None:
            names = element("definedNames", {})
            self.put(names)
        given = element("definedName", {"name": name, "localSheetId": str(self.sheets.index(sheet))})
        given.text = f"{quoted(sheet.name)}!{cells}"
        names.append(given)

    def _renumber(self, first: int, by: int) -> None:
        """Names that are a sheet's own tell it by its position."""
        for name in self.defined_names():
            position = number(name, "localSheetId", -1)
            if position >= first:
                name.set("localSheetId", str(position + by))


def remove(extra: Tree) -> None:
    """Take an element out of its tree."""
    extra.getparent().remove(extra)


def discard(entry: Tree) -> None:
    """Take an entry out of its list; a list that holds no other goes with it, and so does what holds that alone."""
    held = entry.getparent()
    held.remove(entry)
    if not len(held):
        discard(held)
    elif held.get("count"):
        held.set("count", str(len(held)))


def quoted(name: str) -> str:
    """A sheet's name as an address begins with it."""
    doubled = name.replace("'", "''")
    return f"'{doubled}'"


def is_address(text: str) -> bool:
    """Whether a text is a cell's address as Excel writes it."""
    return bool(_ADDRESS.fullmatch(text))


def element(name: str, attributes: Mapping[str, str]) -> Tree:
    """A new element of a worksheet or workbook."""
    return etree.Element(named(name), dict(attributes))


def write_text(cell: Tree, text: str) -> None:
    """Text stays text, even where it begins with '=' or reads like an error."""
    del cell[:]
    cell.set("t", "inlineStr")
    held = etree.SubElement(etree.SubElement(cell, named("is")), named("t"))
    held.set(PRESERVED, "preserve")
    held.text = literal(clean(text))


def _keep(root: Tree, sections: tuple[str, ...]) -> None:
    kept = {named(section) for section in sections}
    for child in list(root):
        if child.tag not in kept:
            root.remove(child)


def _put(root: Tree, section: Tree, sections: tuple[str, ...]) -> None:
    later = {named(each) for each in sections[sections.index(etree.QName(section).localname) + 1 :]}
    _before(next((child for child in root if child.tag in later), None), section, root)


def _before(later: Tree | None, new: Tree, parent: Tree) -> None:
    if later is None:
        parent.append(new)
    else:
        later.addprevious(new)


def _number(root: Tree) -> None:
    """Rows and cells may leave out where they stand: one behind the other. Here each says so."""
    if not root.xpath("//*[local-name()='row' or local-name()='c'][not(@r)][1]"):
        return
    row = 0
    for line in root.iter(named("row")):
        row = number(line, "r", row + 1)
        line.set("r", str(row))
        column = 0
        for cell in line.iterchildren(named("c")):
            column += 1
            if is_address(cell.get("r", "")):
                own, column = place_of(cell.get("r"))
                if own != row:
                    raise Unmarkable("a cell of another row")
            cell.set("r", address(row, column))
