"""Conditions and expressions on whole columns, three-valued: what is blank or unreadable is unknown, never false."""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from xmreport.model.dates import PartialDate
from xmreport.model.submission import Cell, Unreadable, Value
from xmreport.rulebook.conditions import terms
from xmreport.rulebook.conditions.terms import GIVEN, ConditionError, Node, TermKind, Units, fields_of

__all__ = ["Condition", "ConditionError", "Expression", "given_dates", "parse", "parse_expression"]

ByField = Mapping[str, Sequence[Cell]]
_NOTHING: Mapping[str, Value] = MappingProxyType({})


class Condition(Struct, frozen=True):
    """A rule such as 年度计划投资 ≤ 总投资. `names` are the fields it uses; each must be among the columns."""

    text: str
    names: frozenset[str]
    root: Node

    def evaluate(self, columns: ByField, height: int, given: Mapping[str, Value] = _NOTHING) -> list[bool | None]:
        """True, False or None (unknown) for every row. A given date that is not handed in is unknown."""
        return _truths(self.root, _Table(columns, given, height))


class Expression(Struct, frozen=True):
    """Arithmetic such as 本年累计完成投资 ÷ 年度计划投资."""

    text: str
    names: frozenset[str]
    root: Node

    def evaluate(self, columns: ByField, height: int, given: Mapping[str, Value] = _NOTHING) -> list[float | None]:
        """A number for every row; None where a part of it is unknown or it divides by zero."""
        return _numbers(self.root, _Table(columns, given, height))


def parse(
    text: str,
    fields: Mapping[str, str],
    options: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    units: Units | None = None,
    given: Sequence[str] = GIVEN,
) -> Condition:
    """A condition over fields (name → type in the rules), or ConditionError.

    `options` are a field's allowed values; `units` knows the names that fields of units are compared with; `given` are
    the dates that are handed in where it is evaluated.
    """
    # Here, not above: a condition that was read before is only evaluated.
    from xmreport.rulebook.conditions.grammar import read_condition

    root = read_condition(text, fields, options, units, given)
    return Condition(text, frozenset(field.name for field in fields_of(root)), root)


def parse_expression(text: str, fields: Mapping[str, str]) -> Expression:
    """Arithmetic over fields, or ConditionError."""
    from xmreport.rulebook.conditions.grammar import read_expression

    root = read_expression(text, fields)
    return Expression(text, frozenset(field.name for field in fields_of(root)), root)


def given_dates(report: dt.date, day: dt.date, begins: dt.date | None = None) -> Mapping[str, Value]:
    """The dates that conditions may name: 报告日, 截止日, and where a period is looked at its first day, 本期初."""
    first = {"本期初": PartialDate.of(begins)} if begins else {}
    return {"报告日": PartialDate.of(report), "截止日": PartialDate.of(day), **first}


class _Table(Struct, frozen=True):
    columns: ByField
    given: Mapping[str, Value]
    height: int


_ORDERINGS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "≠": operator.ne,
    "<": operator.lt,
    "≤": operator.le,
    ">": operator.gt,
    "≥": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "−": operator.sub,
    "×": operator.mul,
    "÷": operator.truediv,
}


def _truths(node: Node, table: _Table) -> list[bool | None]:
    match node:
        case terms.Comparison(sign, left, right, kind):
            return _compared(_ORDERINGS[sign], _READ[kind](left, table), _READ[kind](right, table), _ORDER[kind])
        case terms.Membership(operand, choices, kind):
            order, values = _ORDER[kind], [choice.value for choice in choices]
            found = _READ[kind](operand, table)
            return [None if a is None else any(order(a, value) == 0 for value in values) for a in found]
        case terms.Contains(operand, part):
            return [None if text is None else part in text for text in _texts(operand, table)]
        case terms.Blank(field):
            return [None if isinstance(cell, Unreadable) else _empty(cell) for cell in table.columns[field.name]]
        case terms.Not(part):
            return [None if truth is None else not truth for truth in _truths(part, table)]
        case terms.Both(left, right):
            return [_both(a, b) for a, b in zip(_truths(left, table), _truths(right, table), strict=True)]
        case terms.Either(left, right):
            return [_either(a, b) for a, b in zip(_truths(left, table), _truths(right, table), strict=True)]
    raise TypeError(f"not a condition: {node}")


def _both(a: bool | None, b: bool | None) -> bool | None:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def _either(a: bool | None, b: bool | None) -> bool | None:
    if a is True or b is True:
        return True
    return None if a is None or b is None else False


def _compared(
    test: Callable[[int, int], bool], left: Iterable[Any], right: Iterable[Any], order: Callable[[Any, Any], int]
) -> list[bool | None]:
    return [None if a is None or b is None else test(order(a, b), 0) for a, b in zip(left, right, strict=True)]


def _order_numbers(a: float, b: float) -> int:
    """Sums of decimals that a clerk sees as equal are equal: 0.1 + 0.2 = 0.3."""
    if math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9):
        return 0
    return -1 if a < b else 1


def _order_texts(a: str, b: str) -> int:
    return int(a != b)


def _numbers(node: Node, table: _Table) -> list[float | None]:
    match node:
        case terms.Field(name):
            return [_number(cell) for cell in table.columns[name]]
        case terms.Constant(float() as value):
            return [value] * table.height
        case terms.Arithmetic(sign, left, right):
            pairs = zip(_numbers(left, table), _numbers(right, table), strict=True)
            return [_reckoned(sign, a, b) for a, b in pairs]
    raise TypeError(f"not a number: {node}")


def _reckoned(sign: str, a: float | None, b: float | None) -> float | None:
    if a is None or b is None or (sign == "÷" and b == 0):
        return None
    result = _ARITHMETIC[sign](a, b)
    return result if math.isfinite(result) else None


def _texts(node: Node, table: _Table) -> list[str | None]:
    match node:
        case terms.Field(name):
            return [_text(cell) for cell in table.columns[name]]
        case terms.Constant(str() as value):
            return [value] * table.height
    raise TypeError(f"not a text: {node}")


def _dates(node: Node, table: _Table) -> list[PartialDate | None]:
    match node:
        case terms.Field(name):
            return [_date(cell) for cell in table.columns[name]]
        case terms.Given(name):
            return [_date(table.given.get(name))] * table.height
        case terms.Constant(PartialDate() as value):
            return [value] * table.height
    raise TypeError(f"not a date: {node}")


def _empty(cell: Cell) -> bool:
    """None, or the NaN that a column of numbers holds in its place."""
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


# A cell of another type than its field's is a fault of the engine, not of the data: TypeError.


def _number(cell: Cell) -> float | None:
    if isinstance(cell, Unreadable) or _empty(cell):
        return None
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    raise TypeError(f"not a number: {cell!r}")


def _text(cell: Cell) -> str | None:
    if isinstance(cell, Unreadable) or _empty(cell):
        return None
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, str):
        return cell
    raise TypeError(f"not a text: {cell!r}")


def _date(cell: Cell) -> PartialDate | None:
    if isinstance(cell, Unreadable) or _empty(cell):
        return None
    if isinstance(cell, PartialDate):
        return cell
    raise TypeError(f"not a date: {cell!r}")


_READ: dict[TermKind, Callable[[Node, _Table], Sequence[Any]]] = {
    TermKind.NUMBER: _numbers,
    TermKind.TEXT: _texts,
    TermKind.DATE: _dates,
}
_ORDER: dict[TermKind, Callable[[Any, Any], int]] = {
    TermKind.NUMBER: _order_numbers,
    TermKind.TEXT: _order_texts,
    TermKind.DATE: PartialDate.compare,
}
