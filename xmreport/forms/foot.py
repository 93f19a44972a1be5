"""What stands below a table: notes, signers, the unit with the day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from xmreport.forms.cleaning import half_width, is_blank, shown
from xmreport.model.grid import Grid, Scalar

_SIGNERS = (
    "填表人|填报人|审核人|制表人|经办人|复核人|联系电话|单位负责人|负责人|分管领导|主要领导|联系人|填报单位|填报时间"
)
FOOT = re.compile(
    rf"^(?:注|备注|说明|填表说明|填报说明)(?:\d{{0,2}}[:：、.]|$)|^(?:{_SIGNERS})[:：(（]"
    r"|^(?:填表人|填报人|审核人|制表人|经办人|复核人)"
)
"""How such a line begins."""
SIGNED = re.compile(rf"^(?:{_SIGNERS}):")
"""So begins no project: what stands beside may be a name, and a telephone among the amounts."""
_NOTE = re.compile(r"^\(?\d{0,2}[.、)]?(?:本表|此表|该表|表中|表内)")
_POINT = re.compile(r"^\(?\d{1,2}[.、)]")
_DAY = re.compile(r"(?:\d{4}|[〇零一二三四五六七八九]{4}|_*)年[\d一二三四五六七八九十_]*月[\d一二三四五六七八九十_]*日")
_SEALED = re.compile(r".*\([^()]*章\):?")
_NEAR = 6
"""Lines within which a note goes on, and from the last of which a table is signed."""


class Foot:
    """Tells the lines below a sheet's table by their one text."""

    def __init__(self, grid: Grid, header_bottom: int, numbers: Sequence[int]) -> None:
        self._grid = grid
        self._header_bottom = header_bottom
        self._numbers = numbers

    def is_note(self, row: int, text: str) -> bool:
        """`1.本表…`, or a point under 注 whose number stands before it or in a cell of its own."""
        return bool(_NOTE.match(text)) or (self._is_point(row, text) and self._continues_note(row))

    def is_signature(self, row: int, value: Scalar) -> bool:
        """The day at the foot of a table, the unit with its seal, or a text with the day right below it."""
        if row <= len(self._grid.rows) - _NEAR:
            return False
        if _is_day(value):
            return True
        below = [[cell for cell in cells if not is_blank(cell)] for cells in self._grid.rows[row : row + 2]]
        beneath = next(filter(None, below), [])
        is_above_day = len(beneath) == 1 and _is_day(beneath[0])
        return isinstance(value, str) and (is_above_day or bool(_SEALED.fullmatch(joined(value))))

    def _is_point(self, row: int, text: str) -> bool:
        numbers = (joined(shown(self._grid.at(row, column))) for column in self._numbers)
        return any(map(_POINT.match, (*numbers, text)))

    def _continues_note(self, row: int) -> bool:
        """Whether the lines above, each a point of its own, begin with 注 or 说明."""
        for above in range(row - 1, max(row - _NEAR, self._header_bottom), -1):
            texts = [joined(value) for value in self._grid.rows[above - 1] if isinstance(value, str)]
            if texts and (FOOT.match(texts[0]) or _NOTE.match(texts[-1])):
                return True
            if not texts or not self._is_point(above, texts[0]):
                return False
        return False


def joined(text: str) -> str:
    """A text without its blanks and line breaks, as its opening words are compared."""
    return half_width(text).replace(" ", "").replace("\n", "")


def _is_day(value: Scalar) -> bool:
    return isinstance(value, dt.date) or (isinstance(value, str) and bool(_DAY.fullmatch(joined(value))))
