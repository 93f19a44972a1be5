"""The words of a rule, read from left to right: names, numbers, dates, texts and operators."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from xmreport.model.dates import PartialDate
from xmreport.rulebook.conditions.terms import GIVEN, ConditionError, Constant, Node, TermKind

_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
"""Full-width letters, digits and signs → half-width, one for one, so that columns stay true."""
SPELLINGS = {
    spelling: operator
    for operator, spellings in {
        "=": "= 等于",
        "≠": "≠ != <> 不等于",
        "<": "< 小于",
        "≤": "≤ <= ≦ 不大于 小于等于",
        ">": "> 大于",
        "≥": "≥ >= ≧ 不小于 大于等于",
        "+": "+",
        "−": "− -",
        "×": "× *",
        "÷": "÷ /",
    }.items()
    for spelling in spellings.split()
} | {word: word for word in ("属于", "不属于", "包含", "不包含", "为空", "不为空", "且", "或")}
"""How an operator may be written → the operator."""
OPERATORS = sorted(SPELLINGS, key=len, reverse=True)
NUMBER = re.compile(r"[-−]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?%?")
LISTED_NUMBER = re.compile(r"[-−]?[0-9]+(?:\.[0-9]+)?%?")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?|年(?:([0-9]{1,2})月(?:([0-9]{1,2})日)?)?)")
_WORD = re.compile(r"[^\s=≠<≤>≥≦≧!()\[\]{},、+\-−×*÷/\"“”「」;:?&|%。，；：！？]+")
_QUOTES = {"“": "”", '"': '"'}
MOST_STEPS = 100
"""Operators and brackets in one rule; a longer one is better written as several."""


class Piece(Struct, frozen=True):
    """A part just read: its tree, what it is, and where it began (0-based)."""

    node: Node
    kind: TermKind
    start: int


class Scanner:
    """A rule's text and how far it is read.

    The parser says what it looks for next: a name is only tried where an operand may stand and an operator only after
    one, so 开工或复工时间 can be a name.
    """

    def __init__(self, text: str, fields: Mapping[str, str]) -> None:
        self.text = text
        self.folded = text.translate(_FOLD)
        self.fields = fields
        names = {name.translate(_FOLD): name for name in [*fields, *GIVEN]}
        self.names = dict(sorted(names.items(), key=lambda pair: len(pair[0]), reverse=True))
        self.at = 0
        self.steps = 0

    def error(self, at: int, message: str) -> ConditionError:
        return ConditionError(self.text, min(at, len(self.text)) + 1, message)

    def rest(self) -> str:
        return self.text[self.at : self.at + 12]

    def space(self) -> None:
        while self.at < len(self.text) and self.folded[self.at].isspace():
            self.at += 1

    def take(self, sign: str) -> bool:
        self.space()
        found = self.folded.startswith(sign, self.at)
        self.at += len(sign) * found
        return found

    def step(self, at: int) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise self.error(at, "这条规则太长，请拆成几条")

    def word_ends(self, at: int) -> bool:
        """Whether a name, number or date may end here: nothing follows, or a sign, or a word that is an operator."""
        return not _WORD.match(self.folded, at) or self.folded.startswith(tuple(OPERATORS), at)

    def name(self, at: int) -> str | None:
        """The longest known name that stands here whole."""
        return next((n for n in self.names if self.folded.startswith(n, at) and self.word_ends(at + len(n))), None)

    def constant(self, number: re.Pattern[str]) -> Piece:
        self.space()
        start = self.at
        if start >= len(self.text):
            raise self.error(start, "这条规则没有写完")
        if self.text[start] in _QUOTES or self.folded[start] in _QUOTES:
            return self.quoted_text(start)
        for pattern, made in ((_DATE, self.date), (number, self.number)):
            found = pattern.match(self.folded, start)
            if found and self.word_ends(found.end()):
                self.at = found.end()
                return made(found)
        word = _WORD.match(self.folded, start)
        if not word:
            raise self.error(start, f"这里应为栏名、数、日期或文字；写的是“{self.rest()}”")
        self.at = word.end()
        return Piece(Constant(self.text[start : self.at], TermKind.WORD), TermKind.WORD, start)

    def quoted_text(self, start: int) -> Piece:
        close = _QUOTES[self.folded[start]]
        end = self.folded.find(close, start + 1)
        if end < 0:
            raise self.error(start, f"引号没有配对：缺少“{close}”")
        if end == start + 1:
            raise self.error(start, "引号里没有文字；要判断没有填写，请用“为空”")
        self.at = end + 1
        return Piece(Constant(self.text[start + 1 : end], TermKind.TEXT), TermKind.TEXT, start)

    def number(self, found: re.Match[str]) -> Piece:
        written = found.group().replace(",", "").replace("−", "-")
        if len(written) > 30:
            raise self.error(found.start(), "这个数太长")
        figure = Decimal(written.rstrip("%")) / (100 if written.endswith("%") else 1)
        return Piece(Constant(float(figure), TermKind.NUMBER), TermKind.NUMBER, found.start())

    def date(self, found: re.Match[str]) -> Piece:
        parts = [int(part) for part in found.groups() if part]
        try:
            dt.date(*parts, *(1,) * (3 - len(parts)))
        except ValueError:
            said = f"没有“{found.group()}”这一天；若是相减，减号两边请留空格"
            raise self.error(found.start(), said) from None
        return Piece(Constant(PartialDate(*parts), TermKind.DATE), TermKind.DATE, found.start())
