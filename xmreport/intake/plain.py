"""A worksheet written as nearly every program writes one: a single pattern tells that nothing in its cells is odd."""

from __future__ import annotations

import re

from xmreport.model.parts import PlainCells

_ROW = rb'<row(?: r="[1-9]\d{0,5}")?+(?: (?!hidden|r=)[\w:]+="[^"<>]*+")*+ ?+'
_FORMULA = rb"<f(?: [^<>]*+)?+(?:(?<=/)>|(?<!/)>[^<]*+</f>)"
_VALUE = rb"(?:<v>[^<]++</v>|<is><t[^<>]*+>[^<]++</t></is>)"
_CELL = (
    rb'<c r="[A-Z]{1,2}[1-9]\d{0,2}"(?: s="\d++")?+(?: t="(?:s|n|str|b|inlineStr)")?+ ?+'
    rb"(?:/>|>(?:" + _FORMULA + rb")?+" + _VALUE + rb"</c>)"
)
_ROWS = re.compile(rb"(?:" + _ROW + rb"(?:/>|>(?:" + _CELL + rb")*+</row>))*+")
"""Nothing in it is tried twice, so that its time grows with the part and no faster."""
_NAME = b"sheetData"
_BEGIN, _END, _NONE = b"<sheetData>", b"</sheetData>", b"<sheetData/>"
NEAR = 702, 999
"""Columns to ZZ and rows to 999: where plain cells stand."""


def plain_cells(xml: bytes) -> PlainCells | None:
    """The cells of a worksheet part that is plain; None of another."""
    begin = xml.find(_BEGIN) + len(_BEGIN)
    if begin < len(_BEGIN):
        return PlainCells(0, 0, 0) if _NONE in xml and xml.count(_NAME) == 1 else None
    rows = _ROWS.match(xml, begin)
    end = rows.end() if rows else begin
    # No other cells before or behind: a reader might take those.
    if not xml.startswith(_END, end) or xml.count(_NAME, 0, begin) > 1 or xml.count(_NAME, end) > 1:
        return None
    return PlainCells(begin, end, xml.count(b"</c>", begin, end))
