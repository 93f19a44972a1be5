"""The style sheet of a unit's own workbook, and what the copy adds to it."""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from xmreport.workbooks.copies.package import SHEET, Package, Tree, Unmarkable, named, number
from xmreport.workbooks.copies.sheets import Workbook, remove

RED, YELLOW = "FFFF9999", "FFFFEE88"
"""No stock colours: a fill of just this colour in a returned copy is ours."""

_BLOCKS = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs")
"""The order in which Excel insists on them."""
_PLAIN = {
    "fonts": '<font><sz val="11"/><name val="宋体"/></font>',
    "fills": '<fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>',
    "borders": "<border><left/><right/><top/><bottom/><diagonal/></border>",
    "cellStyleXfs": '<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>',
    "cellXfs": '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>',
    "cellStyles": '<cellStyle name="常规" xfId="0" builtinId="0"/>',
}
"""What stands first in each block of a style sheet that lacks it."""
THIN = "".join(f'<{side} style="thin"><color auto="1"/></{side}>' for side in ("left", "right", "top", "bottom"))
"""Thin lines all round."""


class Styles:
    """Looks of cells by the number that cells give. Fonts, fills and so on are given as the inside of their element.

    Raises:
        Unmarkable: it is no style sheet of the usual kind.
    """

    def __init__(self, package: Package) -> None:
        part = package.related(package.book, "styles")
        if part is None:
            empty = f'<styleSheet xmlns="{SHEET}"/>'.encode()
            _, part = package.add(package.book, "styles", "xl/styles.xml", empty)
        self._root = package.tree(part)
        if self._root.tag != named("styleSheet"):
            raise Unmarkable("no style sheet of the usual kind")
        for block, first in _PLAIN.items():
            held = self._root.find(named(block))
            if held is not None and not len(held):
                self._root.remove(held)
            if held is None or not len(held):
                later = {named(each) for each in _BLOCKS[_BLOCKS.index(block) + 1 :]}
                at = next((i for i, each in enumerate(self._root) if each.tag in later), self._end())
                self._root.insert(at, _element(block, first))
        fills = self._block("fills")
        if len(fills) == 1:  # the first two are what they are, whatever a file writes there
            fills.append(_element("fill", '<patternFill patternType="gray125"/>'))
        for addition in self._block("cellXfs").findall(f"{named('xf')}/{named('extLst')}"):
            remove(addition)  # such as a tick box, which is told in a part that does not travel
        for look in self._block("cellXfs"):
            for named_by, block in (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders")):
                if number(look, named_by, 0) >= len(self._block(block)):
                    raise Unmarkable(f"a look of no {block}")
        self._known: dict[tuple[str, ...], int] = {}

    def hold_against(self, workbook: Workbook) -> None:
        """Refuse looks that the style sheet does not have: what has them would take on the copy's own.

        Raises:
            Unmarkable: there are such.
        """
        count = len(self._block("cellXfs"))
        used = set[str]().union(*(sheet.looks() for sheet in workbook.sheets))
        if not all(style.isdecimal() and int(style) < count for style in used):
            raise Unmarkable("looks that there are not")

    def unmark(self) -> None:
        """Our fills become no fill."""
        ground = f"{named('patternFill')}[@patternType='solid']/{named('fgColor')}"
        fills = [fill.find(ground) for fill in self._block("fills")]
        ours = {str(n) for n, fill in enumerate(fills) if fill is not None and fill.get("rgb") in {RED, YELLOW}}
        for look in self._block("cellXfs"):
            if look.get("fillId") in ours:
                look.set("fillId", "0")

    def filled(self, style: str, colour: str) -> str:
        """The look of a cell, with its whole ground in one colour."""
        key = ("filled", style, colour)
        if key not in self._known:
            looks = self._block("cellXfs")
            look = deepcopy(looks[int(style)])
            look.set("fillId", str(self._fill(colour)))
            look.set("applyFill", "1")
            self._known[key] = self._add("cellXfs", look)
        return str(self._known[key])

    def look(self, font: str, alignment: str, *, border: str = "", fill: str = "") -> str:
        """A look of the copy's own."""
        key = ("look", font, alignment, border, fill)
        if key not in self._known:
            numbers = {
                "numFmtId": 0,
                "fontId": self._part("font", font),
                "fillId": self._fill(fill) if fill else 0,
                "borderId": self._part("border", border) if border else 0,
                "xfId": 0,
            }
            look = _element("xf", alignment, {name: str(number) for name, number in numbers.items()})
            for applied in ("applyFont", "applyFill", "applyBorder", "applyAlignment"):
                look.set(applied, "1")
            self._known[key] = self._add("cellXfs", look)
        return str(self._known[key])

    def _fill(self, colour: str) -> int:
        return self._part("fill", f'<patternFill patternType="solid"><fgColor rgb="{colour}"/></patternFill>')

    def _part(self, name: str, inside: str) -> int:
        """The number of a font, fill or border of the copy's own."""
        if (name, inside) not in self._known:
            self._known[name, inside] = self._add(f"{name}s", _element(name, inside))
        return self._known[name, inside]

    def _add(self, block: str, element: Tree) -> int:
        held = self._block(block)
        held.append(element)
        held.set("count", str(len(held)))
        return len(held) - 1

    def _block(self, name: str) -> Tree:
        return self._root.find(named(name))

    def _end(self) -> int:
        """Behind the last block: other things may follow."""
        blocks = {named(each) for each in _BLOCKS}
        return max((i + 1 for i, each in enumerate(self._root) if each.tag in blocks), default=0)


def _element(name: str, inside: str, attributes: dict[str, str] | None = None) -> Tree:
    """An element of a style sheet from what stands in it."""
    element = etree.fromstring(f'<{name} xmlns="{SHEET}">{inside}</{name}>')
    element.attrib.update(attributes or {})
    return element
