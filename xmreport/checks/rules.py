"""The row checks that rule files hold: where 当 is true, 应 has to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xmreport.checks.returns import Return
from xmreport.model.dates import PartialDate
from xmreport.model.findings import Finding, Severity
from xmreport.model.submission import Cell, Unreadable, Value
from xmreport.rulebook.columns import Columns, columns_of
from xmreport.rulebook.form import Check
from xmreport.rulebook.identity import name_of


def row_rules(examined: Return) -> Iterator[Finding]:
    """R..: every rule of the form, evaluated on whole columns; what is unknown breaks no rule."""
    given: Mapping[str, Value] = {"报告日": PartialDate.of(examined.day), "截止日": PartialDate.of(examined.day)}
    tables = {
        name: _absent_unknown(examined, columns_of(examined.form, examined.part.rows, name))
        for name in ("项目", "手续")
    }
    for check in examined.form.checks:
        table = tables[check.rule.table]
        must = check.must.evaluate(table.values, given)
        when: Sequence[bool | None] = check.when.evaluate(table.values, given) if check.when else [True] * len(must)
        yield from _broken(examined, check, table, [w is True and m is False for w, m in zip(when, must, strict=True)])


def _absent_unknown(examined: Return, table: Columns) -> Columns:
    """A required column that the sheet lacks is unknown in every row: its absence has its own finding."""
    rows = examined.part.rows
    values: dict[str, Sequence[Cell]] = dict(table.values)
    for name, field in examined.form.fields.items():
        column = field.column.name if any(procedure for _, procedure in table.places) else name
        if not field.required or column not in values:
            continue
        lacking = {
            index
            for index, (row, procedure) in enumerate(table.places)
            if name not in examined.part.columns.get(rows[row].sheet, {}) and procedure in (None, field.procedure)
        }
        if lacking:
            values[column] = [Unreadable() if i in lacking else cell for i, cell in enumerate(values[column])]
    return Columns(values, table.places)


def _broken(examined: Return, check: Check, table: Columns, broken: Sequence[bool]) -> Iterator[Finding]:
    rule = check.rule
    severity = Severity.ERROR if rule.severity == "错误" else Severity.WARNING
    told: set[int] = set()
    absent: set[tuple[str, str]] = set()
    for line, (index, procedure) in enumerate(table.places):
        if not broken[line] or (rule.once_a_row and index in told):
            continue
        told.add(index)
        row = examined.part.rows[index]
        name = f"{procedure}.{rule.at}" if procedure and rule.at in examined.form.sub_columns else rule.at
        if examined.part.cell(row, name) is None:
            # The sheet has no such column: one finding says so for all its rows.
            if (row.sheet, name) in absent:
                continue
            absent.add((row.sheet, name))
            if severity is Severity.ERROR:
                yield Finding("S05", severity, row.sheet, None, name)
                continue
        words = {
            "手续": procedure or "",
            "项目": name_of(examined.form, row),
            "报告日": examined.day.isoformat(),
            "规则": rule.must,
            "提示": rule.hint or "",
        }
        yield examined.finding(rule.code, severity, row, name, row.values.get(name), **words)
