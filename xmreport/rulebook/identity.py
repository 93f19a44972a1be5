"""When two rows are the same project: by 项目代码, else by 项目名称 and 项目单位; never by 序号."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeVar, cast

from xmreport.model.dates import PartialDate
from xmreport.model.receipts import Receipt
from xmreport.model.rows import Rows
from xmreport.model.submission import Cell, Identity, Row
from xmreport.rulebook.form import Form
from xmreport.rulebook.names import is_key, key_of

Thing = TypeVar("Thing")
_NAMING = {str, PartialDate}
DRIFT = 88
"""Likeness from which a new name is suggested to be an old one."""
_NUMBER = re.compile(r"\d+|(?<=第)[一二三四五六七八九十]+|[一二三四五六七八九十]+(?=[期号标段栋])")
_DIGITS = {name: str(number) for number, name in enumerate("一二三四五六七八九十", 1)}


def identity_of(form: Form, row: Row) -> Identity:
    """The keys of a row."""
    return Identity(_key(form.file.key, row), _key(form.file.spare_key, row))


def identities_of(form: Form, rows: Sequence[Row]) -> Sequence[Identity]:
    """The keys of every row."""
    if isinstance(rows, Rows) and len(rows.identities) == len(rows):
        return rows.identities
    main, spare = (
        _keys([_column(rows, name) for name in names], len(rows)) for names in (form.file.key, form.file.spare_key)
    )
    return list(map(Identity, main, spare))


def precedence(row: Row, unit: str, first: Receipt) -> tuple[bool, dt.datetime, int]:
    """Of one project from several units the responsible unit's row counts, else the one of the unit that reported first
    (M28): the least of these.

    Args:
        row: a unit's row of the project.
        unit: that unit.
        first: its first acceptable version; the one at hand, without a number yet, comes after all that are recorded.
    """
    return row.values.get("责任单位") != unit, first.arrived_at, first.seq or sys.maxsize


def name_of(form: Form, row: Row) -> str:
    """What the row's project (or person) is called."""
    return str(row.values.get(form.file.name_column) or "")


def name_key(text: str) -> str:
    """A name as it is compared: without the star that marks 省重点 and the brackets clerks put and drop (M21, M29)."""
    return re.sub(r"[()\[\]（）【】]", "", key_of(text).lstrip("☆★*"))


def near_name(name: str, others: Mapping[str, str]) -> str | None:
    """The one among other names that is so like this that it may be the same project: suggested, never merged (M29).

    Names that differ in a number are of different things: 二期 and 三期, 001 and 002.

    Args:
        name: a project's name.
        others: `name_key` of each other name → that name.
    """
    from rapidfuzz import fuzz, process  # only where a name is in doubt

    key = name_key(name)
    numbers = _numbers(key)
    alike = [other for other in others if _numbers(other) == numbers] if name else []
    near = process.extractOne(key, alike, scorer=fuzz.ratio, score_cutoff=DRIFT)
    return others[near[0]] if near else None


def _numbers(key: str) -> list[str]:
    """The numbers in a name, 二期 and 2期 alike."""
    return [_DIGITS.get(number, number) for number in _NUMBER.findall(key)]


def renamed(name: str, before: str) -> bool:
    """Whether a project goes by another name than before; the star that marks 省重点 is none."""
    return bool(name and before) and name.lstrip("☆") != before.lstrip("☆")


def _key(fields: tuple[str, ...], row: Row) -> str | None:
    return _keys([[row.values.get(field)] for field in fields], 1)[0]


def _column(rows: Sequence[Row], name: str) -> Sequence[Cell]:
    """A field of all rows, whether they are one return's or picked from many."""
    return rows.column(name) if isinstance(rows, Rows) else [row.values.get(name) for row in rows]


def _keys(columns: Sequence[Sequence[Cell]], count: int) -> list[str | None]:
    """A key for every line; None where a part of it is missing, or is neither text nor date."""
    if not columns:
        return [None] * count
    parts = list(map(_parts, columns))
    if len(parts) == 1:
        return list(parts[0])
    return ["\n".join(cells) if all(cells) else None for cells in zip(*parts, strict=True)]


def _parts(cells: Sequence[Cell]) -> Sequence[str | None]:
    """A column's share of the keys."""
    if all(cells) and {str}.issuperset(map(type, cells)):
        texts = cast("Sequence[str]", cells)
        joined = "".join(texts)
        if is_key(joined) and "*" not in joined:
            return texts
    return [key_of(str(cell)).lstrip("☆★*") if cell and cell.__class__ in _NAMING else None for cell in cells]


class Index(Generic[Thing]):
    """Finds by its project what was put in: by the main key; by the spare one where a side has no main."""

    def __init__(self) -> None:
        self._main: dict[str, Thing] = {}
        self._spare: dict[str, tuple[Thing, bool]] = {}

    @classmethod
    def of(cls, form: Form, rows: Sequence[Row]) -> Index[Row]:
        """Rows by their projects."""
        index = Index[Row]()
        for row, identity in zip(rows, identities_of(form, rows), strict=True):
            index.add(identity, row)
        return index

    def add(self, identity: Identity, thing: Thing) -> None:
        """What is put in first is found first."""
        if identity.main:
            self._main.setdefault(identity.main, thing)
        if identity.spare:
            self._spare.setdefault(identity.spare, (thing, bool(identity.main)))

    def find(self, identity: Identity) -> Thing | None:
        """What was put in for the project of these keys."""
        if identity.main and identity.main in self._main:
            return self._main[identity.main]
        thing, has_main = self._spare.get(identity.spare or "", (None, False))
        return None if identity.main and has_main else thing


def matched(form: Form, rows: Sequence[Row], last: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Each row with the same project's row of the last return, where there is one."""
    index = Index.of(form, last)
    for row, identity in zip(rows, identities_of(form, rows), strict=True):
        before = index.find(identity)
        if before is not None:
            yield row, before
