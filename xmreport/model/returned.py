"""How sheets that this engine made are known again when the workbook they stand in comes back."""

from __future__ import annotations

PROBLEM_TITLE = "退回修改问题清单"
"""How A1 of that sheet ends."""
PROBLEM_SHEETS = ("问题清单", "退回问题清单", "发改局问题清单")
"""The sheet's name; the others, at last with a number, for a workbook with a 问题清单 of the unit's own."""


def is_problem_list(sheet: str, first_value: object) -> bool:
    """Whether a sheet is the list that this engine put in front of a returned copy."""
    ours = sheet.rstrip("0123456789") in PROBLEM_SHEETS
    return ours and isinstance(first_value, str) and first_value.endswith(PROBLEM_TITLE)


FIGURES = "统计"
"""The sheet behind a docket's own, and how its title ends."""


def is_figures(sheet: str, title: object) -> bool:
    """Whether a sheet is what this engine counted behind a docket of its own: no return, and no news to anybody."""
    return sheet == FIGURES and isinstance(title, str) and title.endswith(FIGURES)
