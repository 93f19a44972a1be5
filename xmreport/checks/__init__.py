"""Rows, and the unit's last rows, → findings. Each check is one small pure function, listed here."""

from collections.abc import Callable, Iterable, Iterator

from xmreport.checks.computed import computed_differs
from xmreport.checks.history import (
    cumulative_adds_up,
    cumulative_fell,
    money_jumped,
    name_drifted,
    nothing_changed,
    procedure_regressed,
    project_gone,
)
from xmreport.checks.returns import Examined
from xmreport.checks.rules import row_rules
from xmreport.checks.twice import same_project_twice
from xmreport.model.findings import Finding

Check = Callable[[Examined], Iterator[Finding]]

ALONE: tuple[Check, ...] = (row_rules, same_project_twice, computed_differs)
"""What one return shows by itself."""
AGAINST_LAST: tuple[Check, ...] = (
    procedure_regressed,
    project_gone,
    money_jumped,
    cumulative_fell,
    cumulative_adds_up,
    name_drifted,
    nothing_changed,
)
"""What shows only beside the unit's last return of the same form."""


def check(checks: Iterable[Check], examined: Examined) -> tuple[Finding, ...]:
    """All findings of these checks."""
    return tuple(finding for each in checks for finding in each(examined))
