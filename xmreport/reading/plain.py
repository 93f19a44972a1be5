"""A worksheet's XML that holds nothing the fast reader hides: searched, which is many times faster than a walk."""

from __future__ import annotations

import re

from msgspec import Struct

from xmreport.model.grid import Box, Scalar
from xmreport.model.parts import PlainCells
from xmreport.reading.failure import ReadFailure
from xmreport.reading.markup import Attributes, walk
from xmreport.reading.sheet import clipped, merged

_UTF8 = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?:<\?xml(?:(?!encoding)[^>])*(?:encoding=[\"']utf-8[\"'][^>]*)?>)?\s*<worksheet[\s>]",
    re.IGNORECASE,
)


class PlainFacts(Struct, frozen=True):
    """What a plain worksheet part says beside its values: how many there are, and what is merged."""

    values: int
    merges: tuple[Box, ...]

    def holds(self, rows: tuple[tuple[Scalar, ...], ...]) -> bool:
        """Whether these rows hold as many values as the part: as none can be added, then none was lost."""
        return sum(len(row) - row.count(None) for row in rows) == self.values

    def boxes(self, rows: tuple[tuple[Scalar, ...], ...]) -> tuple[Box, ...]:
        return tuple(clipped(self.merges, len(rows), max(map(len, rows), default=0)))


def plain_facts(xml: bytes, cells: PlainCells) -> PlainFacts | None:
    """The facts of a part whose cells are plain; None where it has to be walked."""
    head, tail = xml[: cells.begin], xml[cells.end :]
    if not _UTF8.match(xml[:1024]) or b"hidden" in head or b"hidden" in tail:
        return None
    boxes: list[Box] = []

    def merge(attributes: Attributes) -> None:
        box = merged(attributes.get("ref", ""))
        if box is not None:
            boxes.append(box)

    try:
        # What stands around the cells is walked as ever: its elements have to be whole.
        walk((head, tail), {"mergeCell": merge})
    except ReadFailure:
        return None
    return PlainFacts(cells.values, tuple(boxes))
