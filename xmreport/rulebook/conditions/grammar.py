"""The small language of rules: text → a tree, every name and kind checked. Nothing is evaluated here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xmreport.rulebook.conditions.scanner import LISTED_NUMBER, NUMBER, OPERATORS, SPELLINGS, Piece, Scanner
from xmreport.rulebook.conditions.terms import (
    GIVEN,
    KINDS,
    Arithmetic,
    Blank,
    Both,
    Comparison,
    Constant,
    Contains,
    Either,
    Field,
    Given,
    Membership,
    Node,
    Not,
    TermKind,
    Units,
)
from xmreport.rulebook.files.faults import nearest


def read_condition(
    text: str,
    fields: Mapping[str, str],
    options: Mapping[str, tuple[str, ...]],
    units: Units | None,
    given: Sequence[str],
) -> Node:
    """The tree of a whole condition."""
    return _Parser(text, fields, options, units, given).whole(TermKind.TRUTH)


def read_expression(text: str, fields: Mapping[str, str]) -> Node:
    """The tree of arithmetic alone."""
    return _Parser(text, fields, {}, None, GIVEN).whole(TermKind.NUMBER)


_BINDING = {"或": 1, "且": 2, "+": 5, "−": 5, "×": 6, "÷": 6}
_COMPARING = 4
"""How tightly an operator binds; 非 binds looser than a comparison and tighter than 且."""


class _Parser(Scanner):
    """Reads one rule by the binding of its operators."""

    def __init__(
        self,
        text: str,
        fields: Mapping[str, str],
        options: Mapping[str, tuple[str, ...]],
        units: Units | None,
        given: Sequence[str],
    ) -> None:
        super().__init__(text, fields)
        self.options, self.units, self.given = options, units, given

    def whole(self, kind: TermKind) -> Node:
        piece = self.expression(0)
        if self.at < len(self.text):
            raise self.error(self.at, f"看不懂“{self.rest()}”。{self.advice()}")
        if piece.kind is not kind:
            self.known(piece)
            wanted = "条件，如 总投资 > 0" if kind is TermKind.TRUTH else "算式，如 总投资 − 年度计划投资"
            raise self.error(piece.start, f"应为{wanted}；写的是{piece.kind}")
        return piece.node

    def advice(self) -> str:
        if self.folded.startswith((",", "、"), self.at):
            return "要列出几个值，请写：属于 (甲, 乙)"
        return "这里应为运算符，如 =、≤、且；含空格或符号的文字请加引号"

    def expression(self, floor: int) -> Piece:
        left = self.prefix()
        while True:
            self.space()
            spelling = next((s for s in OPERATORS if self.folded.startswith(s, self.at)), None)
            operator = SPELLINGS[spelling] if spelling else ""
            binding = _BINDING.get(operator, _COMPARING)
            if spelling is None or binding < floor:
                return left
            start = self.at
            self.step(start)
            self.at += len(spelling)
            left = self.joined(operator, left, start, binding)

    def joined(self, operator: str, left: Piece, start: int, binding: int) -> Piece:
        if operator in ("为空", "不为空"):
            return self.blank(operator, left)
        if operator in ("属于", "不属于"):
            return self.membership(operator, left)
        if operator in ("包含", "不包含"):
            return self.contains(operator, left)
        right = self.expression(binding + 1)
        if operator in ("且", "或"):
            self.need(left, TermKind.TRUTH, operator)
            self.need(right, TermKind.TRUTH, operator)
            joined: Node = (Both if operator == "且" else Either)(left.node, right.node)
            return Piece(joined, TermKind.TRUTH, left.start)
        if binding > _COMPARING:
            self.need(left, TermKind.NUMBER, operator)
            self.need(right, TermKind.NUMBER, operator)
            return Piece(Arithmetic(operator, left.node, right.node), TermKind.NUMBER, left.start)
        return self.comparison(operator, left, right, start)

    def need(self, piece: Piece, kind: TermKind, operator: str) -> None:
        self.known(piece)
        if piece.kind is not kind:
            wanted = "完整的条件" if kind is TermKind.TRUTH else "数"
            raise self.error(piece.start, f"“{operator}”两边应为{wanted}；这里是{piece.kind}")

    def known(self, piece: Piece, beside: TermKind = TermKind.WORD) -> None:
        """A word that is still bare names nothing; `beside` is what it stands beside."""
        if piece.kind is TermKind.WORD and isinstance(piece.node, Constant):
            word = str(piece.node.value)
            close = nearest(word, self.fields)
            hint = f"，是不是“{close}”？" if close else "。"
            if beside in (TermKind.NUMBER, TermKind.DATE):
                hint += f"这里应为{beside}" + ("，后面不写单位" if word[0].isdigit() else "")
            else:
                hint += "若是文字，请加引号"
            raise self.error(piece.start, f"没有“{word}”这一栏{hint}")

    def comparison(self, operator: str, left: Piece, right: Piece, start: int) -> Piece:
        for piece in (left, right):
            if piece.kind is TermKind.TRUTH:
                raise self.error(start, "比较不能连写，请用“且”连接，如 0 ≤ 完成率 且 完成率 ≤ 1")
        left, right = self.worded(left, right), self.worded(right, left)
        self.known(left, right.kind)
        self.known(right, left.kind)
        if left.kind is not right.kind:
            raise self.error(right.start, f"{left.kind}不能与{right.kind}比较{self.unlike(left, right)}")
        if left.kind is TermKind.TEXT and operator not in "=≠":
            raise self.error(start, f"文字只能用 =、≠、属于、包含，不能用 {operator}")
        self.allowed(left, right)
        self.allowed(right, left)
        left, right = self.of_today(right, left), self.of_today(left, right)
        return Piece(Comparison(operator, left.node, right.node, left.kind), TermKind.TRUTH, left.start)

    def worded(self, piece: Piece, other: Piece) -> Piece:
        """A bare word beside text is text."""
        if piece.kind is TermKind.WORD and other.kind is TermKind.TEXT and isinstance(piece.node, Constant):
            word = str(piece.node.value)
            for letter in "且或":  # 已办结且办结时间为空 would silently be one text
                if letter in word:
                    at = piece.start + word.index(letter)
                    raise self.error(at, f"“{letter}”前后要留空格；若“{word}”整个是文字，请加引号")
            return Piece(Constant(piece.node.value, TermKind.TEXT), TermKind.TEXT, piece.start)
        return piece

    def unlike(self, left: Piece, right: Piece) -> str:
        if {left.kind, right.kind} == {TermKind.TEXT, TermKind.NUMBER}:
            return "；若要比较文字，请给数加引号"
        return "；日期写如 2022-12-31" if TermKind.DATE in (left.kind, right.kind) else ""

    def allowed(self, field: Piece, constant: Piece) -> None:
        if isinstance(field.node, Field) and isinstance(constant.node, Constant):
            choices = self.options.get(field.node.name, ())
            if choices and constant.node.value not in choices:
                close = nearest(str(constant.node.value), choices)
                hint = f"是不是“{close}”？" if close else ""
                listed = "、".join(choices)
                said = f"“{field.node.name}”没有“{constant.node.value}”这个值。{hint}可用的值：{listed}"
                raise self.error(constant.start, said)

    def of_today(self, field: Piece, piece: Piece) -> Piece:
        """What is compared with a field of units, by the name that the unit has today."""
        if not isinstance(piece.node, Constant):
            return piece
        return Piece(self.constant_of_today(field, piece.node, piece.start), piece.kind, piece.start)

    def constant_of_today(self, field: Piece, constant: Constant, start: int) -> Constant:
        if self.units is None or not isinstance(field.node, Field) or self.fields[field.node.name] != "单位":
            return constant
        word, name = str(constant.value), field.node.name
        unit = self.units.today(name, word)
        if unit is None:
            close = self.units.near(name, word)
            raise self.error(start, f"“{name}”不会是“{word}”，没有这个单位" + (f"，是不是“{close}”？" if close else ""))
        return Constant(unit, constant.kind)

    def blank(self, operator: str, left: Piece) -> Piece:
        self.known(left)
        if not isinstance(left.node, Field):
            raise self.error(left.start, f"“{operator}”前面应为一栏的名称")
        node = Blank(left.node)
        return Piece(Not(node) if operator == "不为空" else node, TermKind.TRUTH, left.start)

    def membership(self, operator: str, left: Piece) -> Piece:
        self.known(left)
        if left.kind is TermKind.TRUTH:
            raise self.error(left.start, f"“{operator}”前面应为一栏的名称；这里是条件")
        if not self.take("("):
            raise self.error(self.at, f"“{operator}”后面应为括号里的几个值，如 {operator} (甲, 乙)")
        choices: list[Constant] = []
        while True:
            self.step(self.at)
            piece = self.constant(LISTED_NUMBER)
            piece = self.worded(piece, left)
            if piece.kind is not left.kind or not isinstance(piece.node, Constant):
                raise self.error(piece.start, f"括号里应为{left.kind}；这里是{piece.kind}")
            self.allowed(left, piece)
            choices.append(self.constant_of_today(left, piece.node, piece.start))
            if self.take(")"):
                break
            if not (self.take(",") or self.take("、")):
                raise self.error(self.at, "括号里的各个值之间应有逗号，最后应有“)”")
        node = Membership(left.node, tuple(choices), left.kind)
        return Piece(Not(node) if operator == "不属于" else node, TermKind.TRUTH, left.start)

    def contains(self, operator: str, left: Piece) -> Piece:
        self.known(left)
        if left.kind is not TermKind.TEXT:
            raise self.error(left.start, f"“{operator}”前面应为文字；这里是{left.kind}")
        piece = self.worded(self.constant(NUMBER), left)
        if piece.kind is not TermKind.TEXT or not isinstance(piece.node, Constant):
            raise self.error(piece.start, f"“{operator}”后面应为文字，如 {operator} “二期”")
        node = Contains(left.node, str(piece.node.value))
        return Piece(Not(node) if operator == "不包含" else node, TermKind.TRUTH, left.start)

    def prefix(self) -> Piece:
        """A field, a constant, something in brackets, or 非 with the condition it turns round."""
        self.space()
        start = self.at
        name = self.name(start)
        if name is not None:
            self.at += len(name)
            return self.named(self.names[name], start)
        if self.take("「"):
            return self.quoted_name(start)
        if self.folded.startswith("非", start) and self.turns_round(start + 1):
            self.step(start)
            self.at += 1
            operand = self.expression(_COMPARING - 1)
            if operand.kind is not TermKind.TRUTH:
                self.known(operand)
                raise self.error(operand.start, f"“非”后面应为条件；这里是{operand.kind}")
            return Piece(Not(operand.node), TermKind.TRUTH, start)
        if self.take("("):
            self.step(start)
            inner = self.expression(0)
            if not self.take(")"):
                raise self.error(self.at, f"第{start + 1}个字的括号没有配对")
            return Piece(inner.node, inner.kind, start)
        return self.constant(NUMBER)

    def turns_round(self, at: int) -> bool:
        """Whether 非 before this place is the operator and not the beginning of a word."""
        return at < len(self.text) and (self.folded[at] in "(「" or self.folded[at].isspace() or bool(self.name(at)))

    def named(self, name: str, start: int) -> Piece:
        if name in GIVEN:
            if name not in self.given:
                raise self.error(start, f"这里不知道“{name}”，能用的日期有：{'、'.join(self.given)}")
            return Piece(Given(name), TermKind.DATE, start)
        kind = KINDS[self.fields[name]]
        return Piece(Field(name, kind), kind, start)

    def quoted_name(self, start: int) -> Piece:
        end = self.text.find("」", self.at)
        if end < 0:
            raise self.error(start, "“「”没有配对的“」”")
        name = self.text[self.at : end]
        if name not in self.fields:
            close = nearest(name, self.fields)
            raise self.error(start, f"没有“{name}”这一栏" + (f"，是不是“{close}”？" if close else ""))
        self.at = end + 1
        kind = KINDS[self.fields[name]]
        return Piece(Field(name, kind), kind, start)
