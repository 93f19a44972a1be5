"""What a unit worked out itself, held against the same worked out again."""

from __future__ import annotations

from collections.abc import Iterator

from xmreport.checks.returns import Examined
from xmreport.model.findings import Finding, Severity
from xmreport.rulebook.columns import RowsByColumn, readable


def computed_differs(examined: Examined) -> Iterator[Finding]:
    """R10: a computed column says something else than its formula gives; tables print what the formula gives.

    A percentage may be written as 87.5 or, in a cell formatted as per cent, be held as 0.875.
    """
    if not examined.form.computed:
        return
    columns = RowsByColumn.of(examined.form, examined.part.rows, examined.part.unit).columns("项目")
    for name, expression in examined.form.computed.items():
        worked = expression.evaluate(columns.values, len(columns.places))
        for row, worked_out in zip(examined.part.rows, worked, strict=True):
            written = readable(row.values.get(name))
            if worked_out is None or not isinstance(written, int | float):
                continue
            if all(abs(reading - worked_out) > _precision(written) for reading in (written, written * 100)):
                words = {"算式": expression.text, "应为": f"{worked_out:.2f}"}
                yield examined.finding("R10", Severity.WARNING, row, name, written, **words)


def _precision(written: float) -> float:
    """One unit of the last place that is written, up to two decimals: rounding either way is no fault."""
    return 1.0 if written == round(written) and written > 1 else 0.1 if written == round(written, 1) else 0.011
