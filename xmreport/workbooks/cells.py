"""What stands in each printed cell, before it is measured and written."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

from msgspec import Struct

from xmreport.model.dates import PartialDate
from xmreport.model.sheets import Content, Formula, Link
from xmreport.workbooks.figures import DAY, shown
from xmreport.workbooks.formats.looks import GENERAL, Look
from xmreport.workbooks.wording import clean, is_clean

LONGEST = 32_767
"""UTF-16 units that a cell of Excel holds."""
_CUT = "……（原文过长，此处截断）"
_FIRST_DAY = (1900, 3, 1)
"""Excel believes in 29 February 1900: before this day its numbers mean other days than those of other programs."""

Written = None | str | int | float | dt.date | Formula | Link


class FilledCell(Struct, frozen=True):
    """One cell or merged block: 0-based place, extent, what is written and how it looks."""

    row: int
    column: int
    content: Written
    look: Look
    columns: int = 1
    rows: int = 1

    @property
    def text(self) -> str:
        """What a reader sees, for measuring."""
        return shown(self.content, self.look.number_format)


def written(content: Content) -> Written:
    """A table's value as a cell takes it. A value that no cell can hold is our own fault and raises."""
    match content:
        case None:
            return None
        case bool():
            return "是" if content else "否"
        case int() | float():
            return _finite(content)
        case str():
            return fitted(content) or None
        case PartialDate():
            return dt.date(content.year, content.month, content.day) if is_day(content) else str(content)
        case Formula():
            if isinstance(content.value, float | int):
                _finite(content.value)
            return content
        case Link():
            return Link(fitted(content.text), content.target)
    raise TypeError(f"单元格不能写入 {type(content).__name__}：{content!r}")


def is_day(date: PartialDate) -> bool:
    """Whether a date stands in a cell as one; a year or a month alone, or a day that not all programs know, is text."""
    return date.precise and date >= _FIRST_DAY


def dated(look: Look, content: Written) -> Look:
    """A real date shows as one: in the template's own date format, else yyyy-mm-dd."""
    plain = isinstance(content, dt.date) and look.number_format in {GENERAL, "@"}
    return look.changed(num_format=DAY) if plain else look


def fitted(text: str) -> str:
    """Text as a cell can hold it: one kind of line break, no broken characters, not too long."""
    whole = clean(text)
    if _units(whole) <= LONGEST:
        return whole
    room = (LONGEST - _units(_CUT)) * 2
    return whole.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + _CUT


def fitted_all(texts: Sequence[str]) -> Sequence[str]:
    """Many texts as cells can hold them."""
    if is_clean("".join(texts)) and max(map(len, texts), default=0) <= LONGEST // 2:
        return texts
    return list(map(fitted, texts))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"单元格不能写入 {number}")
    return number
