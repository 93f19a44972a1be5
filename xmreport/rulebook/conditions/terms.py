"""What a rule is made of once it is read: a tree of frozen nodes, whose kinds already fit each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from xmreport.model.dates import PartialDate


class TermKind(StrEnum):
    """What a part of a rule is: as a clerk would call it, for the messages."""

    TEXT = "文字"
    NUMBER = "数"
    DATE = "日期"
    TRUTH = "条件"
    WORD = "未加引号的词"
    """A bare word that is no field: text once it stands beside text."""


KINDS: Mapping[str, TermKind] = {
    **dict.fromkeys(("文本", "选项", "单位", "代码", "年限", "电话"), TermKind.TEXT),
    **dict.fromkeys(("金额", "数", "整数", "比率"), TermKind.NUMBER),
    "日期": TermKind.DATE,
}
"""A field's type in the rules → what it is in a condition."""
GIVEN = ("报告日", "截止日", "本期初")
"""Dates that are handed in when a condition is evaluated."""
OF_ANY_DAY = ("报告日", "截止日")
"""Those that are known also where no period is looked at."""


class Units(Protocol):
    """Who knows the names that a field of units is compared with."""

    def today(self, field: str, name: str) -> str | None:
        """The name under which a unit is found there; None where the field never holds that one."""

    def near(self, field: str, name: str) -> str | None:
        """The name that may be meant."""


class Field(Struct, frozen=True):
    name: str
    kind: TermKind


class Given(Struct, frozen=True):
    name: str


class Constant(Struct, frozen=True):
    value: float | str | PartialDate
    kind: TermKind


class Arithmetic(Struct, frozen=True):
    """`operator` is one of + − × ÷."""

    operator: str
    left: Node
    right: Node


class Comparison(Struct, frozen=True):
    """`operator` is one of = ≠ < ≤ > ≥; both sides are of one `kind`."""

    operator: str
    left: Node
    right: Node
    kind: TermKind


class Membership(Struct, frozen=True):
    operand: Node
    choices: tuple[Constant, ...]
    kind: TermKind


class Contains(Struct, frozen=True):
    operand: Node
    part: str


class Blank(Struct, frozen=True):
    field: Field


class Not(Struct, frozen=True):
    part: Node


class Both(Struct, frozen=True):
    """且."""

    left: Node
    right: Node


class Either(Struct, frozen=True):
    """或."""

    left: Node
    right: Node


Node = Field | Given | Constant | Arithmetic | Comparison | Membership | Contains | Blank | Not | Both | Either


class ConditionError(Exception):
    """A rule that cannot be read: `column` (1-based) is where in its text, `message` why, in Chinese."""

    def __init__(self, text: str, column: int, message: str) -> None:
        super().__init__(text, column, message)
        self.text, self.column, self.message = text, column, message

    def __str__(self) -> str:
        return f"“{self.text}”第{self.column}个字：{self.message}"


def fields_of(node: Node) -> Iterator[Field]:
    """The fields a tree uses, each as often as it stands there."""
    match node:
        case Field():
            yield node
        case Blank(inner) | Membership(inner) | Contains(inner) | Not(inner):
            yield from fields_of(inner)
        case Arithmetic(_, left, right) | Comparison(_, left, right) | Both(left, right) | Either(left, right):
            yield from fields_of(left)
            yield from fields_of(right)


def words_of(node: Node, field: str) -> Iterator[str]:
    """The words of which a tree demands one of a field."""
    match node:
        case Comparison("=", Field(name), Constant(str(word))) if name == field:
            yield word
        case Membership(Field(name), choices) if name == field:
            yield from (each.value for each in choices if isinstance(each.value, str))
        case Both(left, right):
            yield from words_of(left, field)
            yield from words_of(right, field)
