"""What stands around a form's table: who reports, as of when, in which unit of money (M08, M09, M58)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from xmreport.forms.cleaning import clean, half_width, shown
from xmreport.forms.dates import read_date, since_1904
from xmreport.forms.units import money_unit
from xmreport.model.dates import PartialDate
from xmreport.model.grid import Grid, Scalar, address

_WHO = "(?:填报|报送|填表|上报|编制|申报|编报)单位|单位名称(?=\\s*[:(])"
_WHEN = "填报时间|填报日期|报送时间|报送日期|填表时间|填表日期|上报时间|统计截止日|统计截止时间"
_MONEY = r"(?<![报送表制责任位])(?:金额|计量)?单位(?=\s*(?:[:(]|[十百千万亿美]*元))"
_OTHERS = "填表人|填报人|审核人|联系电话|负责人|制表人|联系人|签发人"
_LABELS = re.compile(f"({_WHO})|({_WHEN})|({_MONEY})|({_OTHERS})")
_BARE_MONEY = re.compile(r"\(?(?:人民币)?[十百千]?[万亿]?美?元\)?")
_LEFT_OPEN = re.compile(r"[年月日\s_/.:\-]*")
"""A 填报时间 in which nothing was written (M58)."""
_BRACKETS = re.compile(r"\([^()]*\)")
_SEAL = re.compile(r"\([^()]*章\)")
_BEFORE_COLON = re.compile(r"\s*(?:\([^()]*\)\s*)+:")
"""Of 填报单位（全称）：… what still belongs to the label."""
_DATED = re.compile(r"\d{4}\s*年|\d{2,4}\s*[年./-]\s*\d|\d{1,2}\s*月|\d{7}")
"""A date or a telephone behind a unit's name; any other figure may be part of the name."""
_AROUND = " :\n\t;,、_"
NEIGHBOURS = 6
"""How far to the right of a bare label its value is looked for."""


class Stated(Struct, frozen=True):
    """A word the sheet states about itself, and the cell that states it."""

    text: str
    cell: str
    value: Scalar = None


class Statements(Struct, frozen=True):
    """The sheet's own statements; None where it makes none."""

    unit: Stated | None = None
    date: Stated | None = None
    money: Stated | None = None

    def day(self, reference: dt.date, *, mode_1904: bool = False) -> dt.date | None:
        """The stated 填报时间 as a day, or None where it cannot be told to the day."""
        if self.date is None:
            return None
        return _nearest(since_1904(self.date.value) if mode_1904 else self.date.value, reference)


@lru_cache(maxsize=256, typed=True)
def _nearest(stated: Scalar, reference: dt.date) -> dt.date | None:
    """Without a year it is the nearest such day: a report may bear the day it falls due."""
    readings = [read_date(stated, reference, ahead=ahead).value for ahead in (False, True)]
    days = [found.last for found in readings if isinstance(found, PartialDate) and found.precise]
    return min(days, key=lambda day: abs(day - reference), default=None)


def unit_names(text: str) -> Iterator[str]:
    """What a stated 填报单位 may mean, to be asked for in turn: a bracket or a figure may be part of a unit's name."""
    text = _SEAL.sub("", half_width(text))
    yield text
    bare = _BRACKETS.sub("", text)
    yield bare
    for way in (text, bare):
        yield _DATED.split(way, maxsplit=1)[0].strip(_AROUND)


def read_frame(grid: Grid, header_top: int, header_bottom: int) -> Statements:
    """The statements above the header, or below the body where there are none above."""
    found: dict[str, Stated] = {}
    rows = [*range(1, header_top), *range(max(header_bottom + 1, len(grid.rows) - 12), len(grid.rows) + 1)]
    for row in rows:
        if row > header_bottom and not _begins_with_label(grid, row):
            continue
        for column, value in enumerate(grid.rows[row - 1], 1):
            if isinstance(value, str):
                _statements(grid, row, column, value, found)
    return Statements(found.get("unit"), found.get("date"), found.get("money"))


def _begins_with_label(grid: Grid, row: int) -> bool:
    """Whether a line below the header states something about the sheet: a project's remarks do not."""
    first = next((value for value in grid.rows[row - 1] if value is not None), None)
    return isinstance(first, str) and bool(_LABELS.match(half_width(first)))


def _statements(grid: Grid, row: int, column: int, value: str, found: dict[str, Stated]) -> None:
    text = half_width(value)
    matches = list(_LABELS.finditer(text))
    if _BARE_MONEY.fullmatch(text.strip()):
        found.setdefault("money", Stated(text.strip(), address(row, column), value))
    for index, match in enumerate(matches):
        kind = ("unit", "date", "money", "other")[(match.lastindex or 4) - 1]
        if kind == "other" or kind in found:
            continue
        end = matches[index + 1].start() if index + 1 < len(matches) else len(text)
        said = text[match.end() : end]
        if kind == "date":
            said = _BRACKETS.sub("", said)
        elif kind == "unit":
            said = _SEAL.sub("", _BEFORE_COLON.sub("", said, count=1))
            said = said if _BRACKETS.sub("", said).strip(_AROUND) else ""
        said = said.strip(_AROUND)
        place, answer = (row, column), said
        scalar: Scalar = said
        if not said and index + 1 == len(matches):
            beside = _neighbour(grid, row, column)
            if beside:
                place, scalar = beside
                answer = shown(scalar)
        if kind == "money" and not money_unit(answer):
            continue
        if kind == "date" and _LEFT_OPEN.fullmatch(answer):
            continue
        if answer:
            found[kind] = Stated(answer, address(*place), scalar)


def _neighbour(grid: Grid, row: int, column: int) -> tuple[tuple[int, int], Scalar] | None:
    """The next filled cell to the right of a bare label, unless it is a label itself (M58)."""
    for right in range(column + 1, column + 1 + NEIGHBOURS):
        value = grid.at(row, right)
        if value is None or (isinstance(value, str) and not clean(value)):
            continue
        if isinstance(value, str) and _LABELS.search(half_width(value)):
            return None
        return (row, right), value
    return None
