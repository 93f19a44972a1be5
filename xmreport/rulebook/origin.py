"""Where a docket's row came from: the engine writes it into 来源, and knows it again when the docket comes back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from xmreport.model.submission import Row
from xmreport.rulebook.docket import ORIGIN
from xmreport.rulebook.form import Form

_WRITTEN = re.compile(r"(?P<unit>[^：]+)：.+第\d+行(?:；另有.+)?")


def origin(unit: str, file: str, place: Row, others: Sequence[str]) -> str:
    """Whose file, which sheet and row a matter came from, and who else spoke of it."""
    return f"{unit}：{file}，{place.sheet}第{place.row}行" + (f"；另有{'、'.join(others)}" if others else "")


def is_anothers(form: Form, row: Row, unit: str | None) -> bool:
    """Whether a docket printed this row for another unit: whoever sends it back edited it and does not report it."""
    said = row.values.get(ORIGIN)
    filled = ORIGIN in form.columns and form.columns[ORIGIN].filled
    found = _WRITTEN.fullmatch(said) if filled and isinstance(said, str) else None
    return found is not None and found["unit"] != unit
