"""The row checks that rule files hold: where 当 is true, 应 has to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import compress

from xmreport.checks.returns import Examined
from xmreport.model.findings import Finding, Severity
from xmreport.model.rows import Rows
from xmreport.model.submission import Cell, Unreadable, Value
from xmreport.rulebook.columns import Columns, RowsByColumn
from xmreport.rulebook.conditions.evaluation import given_dates
from xmreport.rulebook.form import Check
from xmreport.rulebook.identity import name_of

MOST_KNOWN = 4096
"""Lines of one rule, and rules of one day, of which is remembered whether they were broken."""


def row_rules(examined: Examined) -> Iterator[Finding]:
    """R..: every rule of the form, evaluated on whole columns; what is unknown breaks no rule."""
    given = given_dates(examined.day, examined.day)
    units = [examined.part.unit or None] * len(examined.part.rows)
    frame = RowsByColumn(examined.form, partial(_known_cells, examined), units)
    for check in examined.form.checks:
        table = frame.columns(check.rule.table)
        yield from _broken(examined, check, table, _breaks(check, table, given))


def _known_cells(examined: Examined, name: str) -> Sequence[Cell]:
    """A field of all rows. Where the sheet lacks a required column it is unknown: its absence has its own finding."""
    rows = Rows.of(examined.part.rows)
    cells = rows.column(name)
    if not examined.form.fields[name].required:
        return cells
    lacking = {block.sheet for block in rows.blocks if name not in examined.part.columns.get(block.sheet, {})}
    if not lacking:
        return cells
    sheets = (block.sheet for block in rows.blocks for _ in block.numbers)
    return [Unreadable() if sheet in lacking else cell for sheet, cell in zip(sheets, cells, strict=True)]


def _breaks(check: Check, table: Columns, given: Mapping[str, Value]) -> Sequence[bool]:
    """For each line whether it breaks the rule. Lines alike are judged once, in this file and in those after it."""
    names = sorted(_asked(check))
    known = _known(check, given)
    lines = table.lines(names)
    new = list(set(lines).difference(known))
    if new:
        columns = dict(zip(names, zip(*new, strict=True), strict=True))
        known.update(zip(new, _judged(check, columns, len(new), given), strict=True))
    return list(map(known.__getitem__, lines))


def _judged(check: Check, columns: Mapping[str, Sequence[Cell]], count: int, given: Mapping[str, Value]) -> list[bool]:
    """应 is asked only of lines for which 当 holds."""
    if check.when is None:
        return [truth is False for truth in check.must.evaluate(columns, count, given)]
    concerned = [i for i, truth in enumerate(check.when.evaluate(columns, count, given)) if truth is True]
    broken = [False] * count
    if concerned:
        own = {name: [cells[i] for i in concerned] for name in check.must.names if (cells := columns[name])}
        for i, truth in zip(concerned, check.must.evaluate(own, len(concerned), given), strict=True):
            broken[i] = truth is False
    return broken


def _known(check: Check, given: Mapping[str, Value]) -> dict[tuple[Cell, ...], bool]:
    """What lines of these cells were found to be before."""
    known = _of_day(check, *given.values())
    if len(known) > MOST_KNOWN:
        known.clear()
    return known


@lru_cache(MOST_KNOWN)
def _of_day(_check: Check, *_given: Value) -> dict[tuple[Cell, ...], bool]:
    return {}


def _asked(check: Check) -> frozenset[str]:
    return check.must.names | (check.when.names if check.when else frozenset())


def _broken(examined: Examined, check: Check, table: Columns, broken: Sequence[bool]) -> Iterator[Finding]:
    rule = check.rule
    severity = Severity.ERROR if rule.severity == "错误" else Severity.WARNING
    told: set[int] = set()
    absent: set[tuple[str, str]] = set()
    for index, procedure in compress(table.places, broken):
        if rule.once_a_row and index in told:
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
