"""A worksheet's XML that holds nothing the fast reader hides: searched, which is many times faster than a walk."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xmreport.model.grid import Box, Scalar
from xmreport.reading.failure import ReadFailure
from xmreport.reading.markup import Attributes, walk
from xmreport.reading.sheet import clipped, merged

_UTF8 = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?:<\?xml(?:(?!encoding)[^>])*(?:encoding=[\"']utf-8[\"'][^>]*)?>)?\s*<worksheet[\s>]",
    re.IGNORECASE,
)
_CELLS, _CELLS_END = b"<sheetData>", b"</sheetData>"
_TELLING = (b"<f", b"hidden", b't="e"', b"t='e'", b"<!", b"<v ", b"<v/", b"<v></v>", b"<is/", b"<is ", b"<c>", b"<c/")
"""What needs a closer look: formulas, hidden parts, errors, comments, cells and values written in rarer ways."""
_PREFIXED = re.compile(rb"<\w+:(?:c|v|is|t|row)[\s/>]")
_NOT_NEAR = re.compile(rb'<c\s(?!r="[A-Z]{1,2}\d{1,3}")')
"""A cell that does not say plainly that it stands within ZZ999."""


@dataclass(frozen=True, slots=True)
class PlainFacts:
    """What a plain worksheet part says beside its values: how many there are, and what is merged."""

    values: int
    merges: tuple[Box, ...]

    def holds(self, rows: tuple[tuple[Scalar, ...], ...]) -> bool:
        """Whether these rows hold as many values as the part: as none can be added, then none was lost."""
        return sum(len(row) - row.count(None) for row in rows) == self.values

    def boxes(self, rows: tuple[tuple[Scalar, ...], ...]) -> tuple[Box, ...]:
        return tuple(clipped(list(self.merges), len(rows), max(map(len, rows), default=0)))


def plain_facts(xml: bytes) -> PlainFacts | None:
    """The facts of a plain part; None where it has to be walked."""
    if not _UTF8.match(xml[:1024]) or any(sign in xml for sign in _TELLING):
        return None
    if xml.count(b"<row") != xml.count(b"</row>") or _NOT_NEAR.search(xml) or _PREFIXED.search(xml):
        return None
    head, found, rest = xml.partition(_CELLS)
    cells, _, tail = rest.rpartition(_CELLS_END)
    boxes: list[Box] = []

    def merge(attributes: Attributes) -> None:
        box = merged(attributes.get("ref", ""))
        if box is not None:
            boxes.append(box)

    try:
        # What stands around the cells is walked as ever: its elements have to be whole.
        walk(head + found + _CELLS_END + tail, {"mergeCell": merge})
    except ReadFailure:
        return None
    return PlainFacts(cells.count(b"<v>") + cells.count(b"<is>"), tuple(boxes))
