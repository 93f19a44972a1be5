"""A rule file as it is written: every scalar as text, and the line and column of every value and key."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct
from yaml import CollectionEndEvent, CollectionStartEvent, Mark, MarkedYAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from xmreport.rulebook.files.faults import Place, Position, RuleFault, Tree, show, spoken
from xmreport.rulebook.files.wording import COMPLAINTS, CUT, FULL_WIDTH, NO_SPACE, OTHERWISE

__all__ = ["Place", "Position", "RuleSource", "Tree", "load", "name_of", "show", "spoken"]

DEEPEST = 50
MOST_VALUES = 200_000
"""Beyond these a file is not a rule file; aliases that multiply themselves stop here too."""


class RuleSource(Struct, frozen=True):
    """One rule file. With faults, `data` is what could still be read (None where nothing could)."""

    path: Path
    data: Tree
    positions: Mapping[Place, Position]
    faults: tuple[RuleFault, ...] = ()
    key_positions: Mapping[Place, Position] = {}

    @property
    def name(self) -> str:
        """The file with its folder: rules/guxian.yaml."""
        return name_of(self.path)

    def at(self, place: Place) -> Tree:
        """The value at a place; KeyError where the file has none."""
        if place and place not in self.positions:
            raise KeyError(place)
        node: Any = self.data
        for step in place:
            node = node[step]
        tree: Tree = node
        return tree

    def fault(self, place: Place, expected: str, found: str | None = None, *, key: bool = False) -> RuleFault:
        """A fault at a place: of its key, or of its value, which is then shown unless `found` is given."""
        known = place
        while known and known not in self.positions:
            known = known[:-1]
        value = self.positions.get(known, Position(1, 1))
        line, column = self.key_positions.get(known, value) if key else value
        shown = show(self.at(known)) if found is None else found
        return RuleFault(self.name, line, column, spoken(place), shown, expected)


def load(path: Path) -> RuleSource:
    """Read a rule file. What is wrong with it as YAML is in the source's faults, never an exception."""
    text = _text(path)
    if isinstance(text, RuleFault):
        return RuleSource(path, None, {}, (text,))
    draft = _Draft(name_of(path), text)
    root = draft.compose()
    builder = _Builder(draft)
    data = builder.value(root, ()) if root is not None else None
    faults = sorted(draft.faults, key=lambda fault: (fault.line, fault.column))
    return RuleSource(path, data, builder.positions, tuple(faults), builder.key_positions)


def name_of(path: Path) -> str:
    """A rule file with its folder, as it is spoken of: rules/guxian.yaml."""
    parts = path.parts
    return "/".join(parts[-3:] if parts[-2:-1] == ("forms",) else parts[-2:])


def _text(path: Path) -> str | RuleFault:
    """The file's text, whichever encoding Notepad saved it in."""
    try:
        raw = path.read_bytes()
    except OSError:
        return RuleFault(name_of(path), 1, 1, "", "", "这个文件打不开：应存在，且没有被其他程序占用。")
    utf16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "gb18030"):
        try:
            return re.sub("\r\n?|[\x85\u2028\u2029]", "\n", raw.decode(encoding))
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
    return RuleFault(name_of(path), line, 1, "", "", "这一行有认不出的字符：文件应以 UTF-8 编码保存。")


_QUICK = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml, where the installed PyYAML has it."""


def _compose(text: str) -> Node | None:
    """The root node. Of what is wrong PyYAML's own parser tells more than libyaml, at the place where it is."""
    try:
        return _composed_by(_QUICK, text)
    except yaml.YAMLError:
        return _composed_by(yaml.SafeLoader, text)


def _composed_by(loader: type[yaml.SafeLoader], text: str) -> Node | None:
    depth = 0
    for event in yaml.parse(text, Loader=loader):  # composing is recursive, and in libyaml without a limit
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST and (at := event.start_mark) is not None:
            raise MarkedYAMLError(problem="maximum depth", problem_mark=Mark("", 0, at.line, at.column, None, 0))
    root: Node | None = yaml.compose(text, Loader=loader)
    return root


_MARKERS = r"(?P<lead> *(?:- +)*)"
_KEY = r"(?P<key>[^\s:：，。；！？#'\"“‘{}\[\],&*!|>%@`-][^\s:：，。；！？,]{0,29})"
_SLIP = re.compile(rf"{_MARKERS}{_KEY}(?P<colon>：|(?<=[^\W0-9a-zA-Z_]):(?=\S))(?P<rest>.*)", re.DOTALL)
"""A key whose colon is full-width, or (after a Chinese key) has no space behind it. 每周五17：00 holds none."""
_HOUR, _MINUTES = re.compile(r"[0-9]$"), re.compile(r"[0-5][0-9](?![0-9])")
_UNSEEN = " \t\u3000\xa0\u200b\ufeff"
_INDENT = re.compile(r" *[\t\u3000\xa0\u200b\ufeff][\s\u200b\ufeff]*(?=[^\s#])")


def _slip(text: str) -> re.Match[str] | None:
    match = _SLIP.match(text)
    return None if match and _HOUR.search(match["key"]) and _MINUTES.match(match["rest"]) else match


class _Draft:
    """The text on its way to nodes. A slip of the pen is reported, mended, and reading goes on to the next."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = text.split("\n")
        self.faults: list[RuleFault] = []
        self._widened: dict[int, int] = {}
        """Line → the column (both 0-based) where mending put in a space."""

    def compose(self) -> Node | None:
        """The root node, or None where the text is empty or cannot be read."""
        while True:
            try:
                root = _compose("\n".join(self.lines))
            except ReaderError as error:
                self._strange_character(error.position)
                return None
            except MarkedYAMLError as error:
                if not self._mend(self._near(error)):
                    self._explain(error)
                    return None
            except yaml.YAMLError:
                self.report(Position(1, 1), "", OTHERWISE)
                return None
            else:
                if not self._mend(line for node in _strings(root) for line in _span(node)):
                    return root

    def position(self, mark: Mark) -> Position:
        widened = mark.column > self._widened.get(mark.line, mark.column)
        return Position(mark.line + 1, mark.column + 1 - widened)

    def report(self, position: Position, found: str, expected: str, place: Place = ()) -> None:
        self.faults.append(RuleFault(self.name, *position, spoken(place), show(found) if found else "", expected))

    def _near(self, error: MarkedYAMLError) -> Iterator[int]:
        """The lines that may have caused an error: where it began, where it showed, and the line above that."""
        for mark in (error.context_mark, error.problem_mark):
            if mark is not None:
                yield mark.line
        if error.problem_mark is not None:
            above = range(min(error.problem_mark.line, len(self.lines)) - 1, -1, -1)
            yield from [number for number in above if self.lines[number].split("#")[0].strip()][:1]

    def _mend(self, numbers: Iterator[int]) -> bool:
        """Report and mend the keys without a proper colon in these lines; False where there were none."""
        mended = False
        for number in sorted(set(numbers)):
            match = _slip(self.lines[number]) if number < len(self.lines) else None
            if match:
                start, end = match.span("colon")
                expected = FULL_WIDTH if match["colon"] == "：" else NO_SPACE
                self.report(Position(number + 1, start + 1), self.lines[number].strip(), expected)
                self.lines[number] = f"{self.lines[number][:start]}: {self.lines[number][end:]}"
                self._widened[number] = start + 1
                mended = True
        return mended

    def _strange_character(self, offset: int) -> None:
        before = "\n".join(self.lines)[:offset]
        column = len(before) - before.rfind("\n")
        self.report(Position(before.count("\n") + 1, column), "", "这里有一个不可见的控制字符，应删去。")

    def _explain(self, error: MarkedYAMLError) -> None:
        crooked = [number for number, line in enumerate(self.lines) if _INDENT.match(line)]
        if set(self._near(error)) & set(crooked):
            self._crooked(crooked)
        else:
            self._translate(error)

    def _crooked(self, numbers: Sequence[int]) -> None:
        """All lines whose indentation is not of spaces alone: what was meant cannot be told, so reading ends."""
        first = self.lines[numbers[0]]
        column = len(first) - len(first.lstrip(" ")) + 1
        listed = "、".join(str(number + 1) for number in numbers[:10]) + ("…" if len(numbers) > 10 else "")
        expected = f"缩进里有制表符（Tab）或全角空格：第{listed}行；缩进只能用半角空格。"
        self.report(Position(numbers[0] + 1, column), "", expected)

    def _translate(self, error: MarkedYAMLError) -> None:
        """YAML's own complaint in Chinese, at the place where it helps most."""
        said = f"{error.context or ''} | {error.problem or ''}"
        expected, at_start = next((entry[1:] for entry in COMPLAINTS if re.search(entry[0], said)), (OTHERWISE, False))
        mark = error.context_mark if at_start and error.context_mark is not None else error.problem_mark
        if error.context_mark is not None and (mark is None or not "".join(self.lines[mark.line :]).strip()):
            mark = error.context_mark
        assert mark is not None  # every complaint of the parser and the composer has its place
        start = error.context_mark.line + 1 if error.context_mark is not None else 1
        line = self.lines[mark.line] if mark.line < len(self.lines) else ""
        wide = "".join(dict.fromkeys(re.findall("[，：｛｝［］＂＇“”]", line)))
        hint = f"这一行有全角符号 {wide} ，若是用来分隔的，应改为半角。" if wide else ""
        self.report(self.position(mark), line.strip(), expected.format(start=start) + hint)


def _strings(node: Node | None) -> Iterator[ScalarNode]:
    """Plain texts that stand where a key was probably meant: the whole file, a list's item, an indented line, a key."""
    stack: list[tuple[Node | None, bool]] = [(node, True)]
    seen: set[int] = set()
    while stack:
        node, alone = stack.pop()
        if isinstance(node, ScalarNode) and not node.style and alone and _slip(node.value):
            yield node
        elif isinstance(node, SequenceNode | MappingNode) and id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, SequenceNode):
                stack += [(item, not node.flow_style) for item in node.value]
            else:
                stack += [(value, value.start_mark.line > key.end_mark.line) for key, value in node.value]
                stack += [(key, not node.flow_style) for key, _ in node.value]


def _span(node: ScalarNode) -> range:
    return range(node.start_mark.line, node.end_mark.line + 1)


_BEFORE_COMMA = re.compile(r".*(?<![\d.])\d{1,3}(?:,\d{3})*", re.DOTALL)
_BEHIND_COMMA = re.compile(r"\d{3}(?!\d).*", re.DOTALL)


def _is_empty(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.style and not node.value


def _is_cut(value: Tree, key: str) -> bool:
    """Whether a value and the key behind it are two ends of one number: inside {…} a comma begins a further entry."""
    return isinstance(value, str) and bool(_BEFORE_COMMA.fullmatch(value) and _BEHIND_COMMA.fullmatch(key))


_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp"))
_TAGS = _PLAIN_TAGS | {f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "merge", "value")}


class _Builder:
    """Nodes → plain values, with the position of each."""

    def __init__(self, draft: _Draft) -> None:
        self.draft = draft
        self.positions: dict[Place, Position] = {}
        self.key_positions: dict[Place, Position] = {}
        self._open: set[int] = set()
        self._met: set[int] = set()
        self._too_much = False

    def value(self, node: Node, place: Place) -> Tree:
        position = self.positions[place] = self.draft.position(node.start_mark)
        if id(node) in self._open:
            self.draft.report(position, "", "引用了自己（“*”和“&”绕成了圈），应把内容写出来。", place)
            return None
        if len(place) > DEEPEST or len(self.positions) > MOST_VALUES:
            if not self._too_much:
                self.draft.report(position, "", "内容太多或套得太深，后面的没有再读。", place[:1])
            self._too_much = True
            return None
        if id(node) not in self._met:
            self._met.add(id(node))
            if str(node.tag) not in _TAGS:
                self.draft.report(position, str(node.tag), "不支持以“!”开头的标记；若是文字，请加引号。", place)
        if isinstance(node, ScalarNode):
            return _scalar(node)
        self._open.add(id(node))
        tree = self._list(node, place) if isinstance(node, SequenceNode) else self._mapping(node, place)
        self._open.discard(id(node))
        return tree

    def _list(self, node: SequenceNode, place: Place) -> Tree:
        items = [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        for index, item in enumerate(node.value):
            if node.flow_style and isinstance(item, ScalarNode) and not item.style:
                if "，" in item.value:
                    expected = "方括号里各项之间要用半角逗号“,”；若整句是文字，请加引号。"
                    self.draft.report(self.positions[*place, index], item.value, expected, (*place, index))
                elif match := _slip(item.value):
                    self._report_slip(match, self.positions[*place, index], (*place, index))
                    items[index] = self._meant(match, (*place, index))
        return items

    def _mapping(self, node: Node, place: Place) -> Tree:
        tree: dict[str, Tree] = {}
        flow = isinstance(node, MappingNode) and node.flow_style
        last, cut = "", set()
        for key_node, value_node in node.value:
            position = self.draft.position(key_node.start_mark)
            key = _scalar(key_node) if isinstance(key_node, ScalarNode) else None
            inner = (*place, key or "")
            if key is None:
                self.draft.report(position, "", "这里的键应为文字。", place)
            elif str(key_node.tag) == "tag:yaml.org,2002:merge":
                self.draft.report(position, "<<", "不支持用“<<”合并，应把内容写全，或用“沿用”。", place)
            elif flow and _is_empty(value_node) and _is_cut(tree.get(last), key):
                tree[last] = f"{tree[last]},{key}"
                cut.add(last)
            elif inner in self.key_positions:
                first = self.key_positions[inner].line
                expected = f"第{position.line}行的“{key}”与第{first}行重复，只能留一个。"
                self.draft.report(position, key, expected, inner)
            elif not key_node.style and (match := _slip(key)):
                self._report_slip(match, position, place)
                if value_node.value == "":
                    tree.update(self._meant(match, place))
            else:
                if not key_node.style and key.strip(_UNSEEN) != key:
                    expected = "这个键的前后有全角空格或不可见字符，应删去或改为半角空格。"
                    self.draft.report(position, key.strip(_UNSEEN), expected, place)
                self.key_positions[inner] = position
                tree[key] = self.value(value_node, inner)
                last = key
        for key in cut:
            self.draft.report(self.positions[*place, key], str(tree[key]), CUT, (*place, key))
        return tree

    def _meant(self, match: re.Match[str], place: Place) -> dict[str, Tree]:
        """What a key with a wrong colon was meant to say, so that later checks do not stumble over it again."""
        key, value = match["key"], match["rest"].strip() or None
        self.key_positions[*place, key] = self.positions[*place, key] = self.positions[place]
        return {key: value}

    def _report_slip(self, match: re.Match[str], position: Position, place: Place) -> None:
        colon = Position(position.line, position.column + match.start("colon"))
        self.draft.report(colon, match.group(), FULL_WIDTH if match["colon"] == "：" else NO_SPACE, place)


def _scalar(node: ScalarNode) -> str | None:
    """The text as it is written; None for nothing, `~` and `null`. A quoted text is always text."""
    return None if not node.style and str(node.tag).endswith(":null") else str(node.value)
