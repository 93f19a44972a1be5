"""Where a docket's row came from: the engine writes it into 来源, and knows it again when the docket comes back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from xmreport.model.submission import Row
from xmreport.rulebook.docket import ORIGIN
from xmreport.rulebook.form import Form

_WRITTEN = re.compile(
    r"(?P<unit>[^：]+)：.+第\d+行(?:；另有[^；]+)?(?:；[^；]+改于(?P<edited>\d{4}-\d\d-\d\d \d\d:\d\d))?"
)


def origin(unit: str, file: str, place: Row, others: Sequence[str], edited: tuple[str, str] | None) -> str:
    """What is written: whose file, which sheet and row; who else spoke of it; who edited it last, at which minute."""
    more = [f"另有{'、'.join(others)}"] if others else []
    more += [f"{edited[0]}改于{edited[1]}"] if edited else []
    return "；".join([f"{unit}：{file}，{place.sheet}第{place.row}行", *more])


def is_printed(form: Form, row: Row) -> bool:
    """Whether a row was filled in on a printed docket."""
    return _written(form, row) is not None


def is_anothers(form: Form, row: Row, unit: str | None) -> bool:
    """Whether a docket printed this row for another unit: whoever sends it back edited it and does not report it."""
    found = _written(form, row)
    return found is not None and found["unit"] != unit


def edited_until(form: Form, row: Row) -> str | None:
    """The minute of the last edit that the docket already showed in this row when it was printed."""
    found = _written(form, row)
    return found["edited"] if found else None


def _written(form: Form, row: Row) -> re.Match[str] | None:
    said = row.values.get(ORIGIN)
    filled = ORIGIN in form.columns and form.columns[ORIGIN].filled
    return _WRITTEN.fullmatch(said.strip()) if filled and isinstance(said, str) else None
