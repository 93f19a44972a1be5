"""When two rows are the same project: by 项目代码, else by 项目名称 and 项目单位; never by 序号."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from xmreport.model.dates import PartialDate
from xmreport.model.rows import Rows
from xmreport.model.submission import Cell, Identity, Row
from xmreport.rulebook.form import Form
from xmreport.rulebook.names import is_key, key_of

_NAMING = {str, PartialDate}
DRIFT = 88
"""Likeness from which a new name is suggested to be an old one."""


def identity_of(form: Form, row: Row) -> Identity:
    """The keys of a row."""
    return Identity(_key(form.file.key, row), _key(form.file.spare_key, row))


def identities_of(form: Form, rows: Sequence[Row]) -> Sequence[Identity]:
    """The keys of every row."""
    columns = Rows.of(rows)
    if len(columns.identities) == len(columns):
        return columns.identities
    main, spare = (
        _keys([columns.column(name) for name in names], len(columns)) for names in (form.file.key, form.file.spare_key)
    )
    return list(map(Identity, main, spare))


def name_of(form: Form, row: Row) -> str:
    """What the row's project (or person) is called."""
    return str(row.values.get(form.file.name_column) or "")


def name_key(text: str) -> str:
    """A name as it is compared: without the star that marks 省重点 and the brackets clerks put and drop (M21, M29)."""
    return re.sub(r"[()\[\]（）【】]", "", key_of(text).lstrip("☆★*"))


def near_name(name: str, others: Mapping[str, str]) -> str | None:
    """The one among other names that is so like this that it may be the same project: suggested, never merged (M29).

    Args:
        name: a project's name.
        others: `name_key` of each other name → that name.
    """
    from rapidfuzz import fuzz, process  # only where a name is in doubt

    near = process.extractOne(name_key(name), list(others), scorer=fuzz.ratio, score_cutoff=DRIFT) if name else None
    return others[near[0]] if near else None


def renamed(name: str, before: str) -> bool:
    """Whether a project goes by another name than before; the star that marks 省重点 is none."""
    return bool(name and before) and name.lstrip("☆") != before.lstrip("☆")


def _key(fields: tuple[str, ...], row: Row) -> str | None:
    return _keys([[row.values.get(field)] for field in fields], 1)[0]


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


class Index:
    """Finds the row that is the same project among many: by the main key; by the spare one where a side has no main."""

    def __init__(self, form: Form, rows: Sequence[Row] = ()) -> None:
        self.form = form
        self._main: dict[str, Row] = {}
        self._spare: dict[str, tuple[Row, bool]] = {}
        for row, identity in zip(rows, identities_of(form, rows), strict=True):
            self._add(row, identity)

    def add(self, row: Row) -> None:
        """Rows added first are found first."""
        self._add(row, identity_of(self.form, row))

    def _add(self, row: Row, identity: Identity) -> None:
        if identity.main:
            self._main.setdefault(identity.main, row)
        if identity.spare:
            self._spare.setdefault(identity.spare, (row, bool(identity.main)))

    def find(self, row: Row) -> Row | None:
        """The row that is the same project as this one."""
        return self.found(identity_of(self.form, row))

    def found(self, identity: Identity) -> Row | None:
        """The row of the project of these keys."""
        if identity.main and identity.main in self._main:
            return self._main[identity.main]
        row, has_main = self._spare.get(identity.spare or "", (None, False))
        return None if identity.main and has_main else row


def matched(form: Form, rows: Sequence[Row], last: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Each row with the same project's row of the last return, where there is one."""
    index = Index(form, last)
    for row, identity in zip(rows, identities_of(form, rows), strict=True):
        before = index.found(identity)
        if before is not None:
            yield row, before
