"""How the list of problems in a returned copy is known again when the copy comes straight back."""

from __future__ import annotations

PROBLEM_TITLE = "退回修改问题清单"
"""How A1 of that sheet ends."""
PROBLEM_SHEETS = ("问题清单", "退回问题清单", "发改局问题清单")
"""The sheet's name; the others for a workbook with a 问题清单 of the unit's own."""


def is_problem_list(sheet: str, first_value: object) -> bool:
    """Whether a sheet is the list that this engine put in front of a returned copy."""
    return sheet in PROBLEM_SHEETS and isinstance(first_value, str) and first_value.endswith(PROBLEM_TITLE)
