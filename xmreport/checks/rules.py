"""The row checks that rule files hold: where 当 is true, 应 has to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, compress

from xmreport.checks.returns import Return
from xmreport.model.dates import PartialDate
from xmreport.model.findings import Finding, Severity
from xmreport.model.rows import Rows
from xmreport.model.submission import Cell, Unreadable, Value
from xmreport.rulebook.columns import Columns, columns_of
from xmreport.rulebook.form import Check
from xmreport.rulebook.identity import name_of

MOST_KNOWN = 4096
"""Lines of one rule, and rules of one day, of which is remembered whether they were broken."""
_KNOWN: dict[tuple[object, ...], tuple[Check, dict[tuple[Cell, ...], bool]]] = {}


def row_rules(examined: Return) -> Iterator[Finding]:
    """R..: every rule of the form, evaluated on whole columns; what is unknown breaks no rule."""
    given: Mapping[str, Value] = {"报告日": PartialDate.of(examined.day), "截止日": PartialDate.of(examined.day)}
    tables = {
        name: _absent_unknown(examined, _columns(examined, name)) for name in ("项目", "手续") if _names(examined, name)
    }
    for check in examined.form.checks:
        table = tables.get(check.rule.table) or _all_columns(examined, check.rule.table)
        yield from _broken(examined, check, table, _breaks(check, table, given))


def _breaks(check: Check, table: Columns, given: Mapping[str, Value]) -> Sequence[bool]:
    """For each line whether it breaks the rule. Lines alike are judged once, in this file and in those after it."""
    names = sorted(_asked(check))
    known = _known(check, given)
    lines = list(zip(*(table.values[name] for name in names), strict=True)) if names else [()] * len(table.places)
    new = list(set(lines).difference(known))
    if new:
        columns = dict(zip(names, zip(*new, strict=True), strict=True))
        known.update(zip(new, _judged(check, columns, len(new), given), strict=True))
    return list(map(known.__getitem__, lines))


def _judged(check: Check, columns: Mapping[str, Sequence[Cell]], count: int, given: Mapping[str, Value]) -> list[bool]:
    """应 is asked only of lines for which 当 holds."""
    if check.when is None:
        return [truth is False for truth in check.must.evaluate(columns, given)]
    concerned = [i for i, truth in enumerate(check.when.evaluate(columns, given)) if truth is True]
    broken = [False] * count
    if concerned:
        own = {name: [cells[i] for i in concerned] for name in check.must.names if (cells := columns[name])}
        for i, truth in zip(concerned, check.must.evaluate(own, given), strict=True):
            broken[i] = truth is False
    return broken


def _known(check: Check, given: Mapping[str, Value]) -> dict[tuple[Cell, ...], bool]:
    """What lines of these cells were found to be before."""
    own = (id(check), *given.values())
    if own not in _KNOWN or _KNOWN[own][0] is not check or len(_KNOWN[own][1]) > MOST_KNOWN:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[own] = (check, {})
    return _KNOWN[own][1]


def _asked(check: Check) -> frozenset[str]:
    return check.must.names | (check.when.names if check.when else frozenset())


def _names(examined: Return, table: str) -> frozenset[str]:
    """The fields that the rules of a table ask for."""
    rules = [check for check in examined.form.checks if check.rule.table == table]
    return frozenset().union(*map(_asked, rules))


def _columns(examined: Return, table: str) -> Columns:
    """The columns that the rules ask for; all of them where they ask for one that no unit fills in."""
    form, rows, names = examined.form, Rows.of(examined.part.rows), _names(examined, table)
    shared = {name for name, field in form.fields.items() if field.procedure is None or table == "项目"}
    subs = names & form.sub_columns.keys() if table == "手续" else frozenset()
    written = {heading.partition(".")[0] for columns in examined.part.columns.values() for heading in columns}
    if not names <= shared | subs or (table == "手续" and written & set(form.further_procedures)):
        return _all_columns(examined, table)
    kinds: Sequence[str | None] = form.procedures if table == "手续" else (None,)
    values: dict[str, Sequence[Cell]] = {}
    for name in names & shared - subs:
        cells = rows.column(name)
        values[name] = cells if len(kinds) == 1 else [cell for cell in cells for _ in kinds]
    for sub in subs:
        beside = zip(*(rows.column(f"{procedure}.{sub}") for procedure in kinds), strict=True)
        values[sub] = list(chain.from_iterable(beside))
    return Columns(values, [(index, procedure) for index in range(len(rows)) for procedure in kinds])


def _all_columns(examined: Return, table: str) -> Columns:
    rows = examined.part.rows
    return columns_of(examined.form, rows, table, [examined.part.unit or ""] * len(rows))


def _absent_unknown(examined: Return, table: Columns) -> Columns:
    """A required column that the sheet lacks is unknown in every row: its absence has its own finding."""
    rows = Rows.of(examined.part.rows)
    sheets = [examined.part.columns.get(block.sheet, {}) for block in rows.blocks]
    values: dict[str, Sequence[Cell]] = dict(table.values)
    by_procedure = any(procedure for _, procedure in table.places)
    for name, field in examined.form.fields.items():
        column = field.column.name if by_procedure else name
        if not field.required or column not in values or all(name in sheet for sheet in sheets):
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
