"""What each line below a header is: a project, or one of the things that stand between projects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from functools import cache, cached_property, lru_cache
from operator import itemgetter
from typing import NamedTuple

from xmreport.forms.cleaning import clean, half_width, heading_key, is_blank, shown
from xmreport.forms.foot import FOOT, SIGNED, Foot, joined
from xmreport.forms.headings import SEEN, Header, Labels
from xmreport.forms.nothing import may_say_nil, says_nil
from xmreport.model.grid import Scalar
from xmreport.rulebook.form import Form
from xmreport.rulebook.names import key_of

_TOTAL = re.compile(r"(?:本页|累计|全县|全市)?(?:合计|总计|小计|共计)(?:\(.*\))?:?")
_TOTAL_OF = re.compile(r"^(?:合计|总计|小计|共计)|(?:合计|总计|小计)(?:\(.*\))?:?$")
_SECTION = re.compile(
    r"^(?:([一二三四五六七八九十]+)[、.．:]|\(([一二三四五六七八九十]+)\)|第[一二三四五六七八九十]+[类部])"
)
_SECTION_NUMBER = re.compile(r"[(]?[一二三四五六七八九十]+[)]?[、.．]?")
_SECTION_COUNT = re.compile(r"共计?[:：]?(\d+)[个项]|(\d+)个项目|\((\d+)[个项]\)")
_END = re.compile(r"^[-—–*\s(【\[]*(?:以下空白|此页无正文|本页无正文|以下无正文|以下无内容|本页以下空白|以下为空)")
_EXAMPLE = re.compile(r"^[(【\[]?(?:示例|样例|例如|填写示例|举例)|^[(【\[]例[)】\]]|^例\d*(?:$|[:、.])")
_NUMBER = re.compile(rf"[\d.\-()、]+|{_SECTION_NUMBER.pattern}")
_NOUGHT = frozenset({0, "0%", "-0%"})
_FIRST = 5
"""Lines below the header among which an empty form says that it is one."""

_WORDS = frozenset({"文本", "代码", "单位", "选项", "年限", "电话"})
"""Types of columns that hold words."""
_OTHERS = frozenset("本累全合总小共注备说填审制经复联单负分主以此示样例举一〇无空Dd")
"""How lines that are no projects, and blanks, may begin where they begin with a letter."""


class LineKind(Enum):
    PROJECT = auto()
    BLANK = auto()
    PREFILLED = auto()
    """Only 序号, drop-downs or the unit's own name: nothing was entered (M54)."""
    SECTION = auto()
    TOTAL = auto()
    NIL = auto()
    HEADER = auto()
    EXAMPLE = auto()
    FOOT = auto()
    END = auto()
    ASIDE = auto()
    """Filled only outside the form's columns."""


class Line(NamedTuple):
    """One sheet row below the header."""

    row: int
    kind: LineKind
    lead: str
    """What it is known by: the project's name, else the first words on the line."""
    column: int
    """The 1-based column of that cell."""
    level: int = 1
    """Of a section: `（一）` stands below `一、`."""

    @property
    def section_count(self) -> int | None:
        match = _SECTION_COUNT.search(key_of(self.lead))
        return int(next(filter(None, match.groups()))) if match else None


class _Columns:
    """What the columns of a header are to a form."""

    def __init__(self, header: Header, form: Form) -> None:
        self.names: Mapping[int, str] = {column: name for name, column in header.columns.items()}
        of_type: dict[str, list[int]] = {}
        for column, name in self.names.items():
            of_type.setdefault(form.fields[name].type, []).append(column)
        self.numbers = of_type.get("序号", [])
        self.name = header.columns.get(form.file.name_column, 0)
        required = [form.fields[name] for name in header.columns if form.fields[name].required]
        required = [field for field in required if field.type != "金额" and field.name != form.file.name_column]
        self.telling = [header.columns[field.name] for field in required]
        """The columns of required words, the name apart."""
        money = of_type.get("金额", [])
        words = [header.columns[field.name] for field in required if field.type in _WORDS][:2]
        shown_by = [self.name, *self.numbers, *money[:1], *money[-1:], *words]
        self.plainly = itemgetter(*(column - 1 for column in shown_by)) if len(shown_by) == 6 and self.name else None
        """Of a row: name, 序号, two amounts and two required words; None where a form has not got them all."""
        self.reach = max(shown_by)


@lru_cache(64)
def _columns_of(header: Header, form: Form) -> _Columns:
    """The same header comes in file after file."""
    return _Columns(header, form)


class Lines:
    """Tells a sheet's lines apart for one form and header."""

    def __init__(self, labels: Labels, header: Header, form: Form) -> None:
        self.grid = labels.grid
        self.labels = labels
        self.header = header
        self.form = form
        self._columns = _columns_of(header, form)
        self._foot = Foot(self.grid, header.bottom, self._columns.numbers)
        self._faults: dict[int, list[int]] = {}
        for row, column in self.grid.faults:
            self._faults.setdefault(row, []).append(column)

    def read(self, row: int) -> Line:
        values = self.grid.rows[row - 1]
        if row in self.plain:
            return Line(row, LineKind.PROJECT, shown(values[self._columns.name - 1]), self._columns.name)
        filled: dict[int, Scalar] = {column: value for column, value in enumerate(values, 1) if not is_blank(value)}
        for column in self._faults.get(row, ()):
            filled.setdefault(column, None)
        marks = filled or {column: value for column, value in enumerate(values, 1) if value is not None}
        column = self._first(marks)
        lead = shown(marks.get(column))
        number = next((text for text in self._numbers(row) if _SECTION_NUMBER.fullmatch(text)), lead)
        return Line(row, self._kind(row, filled, lead), lead, column, 2 if half_width(number).startswith("(") else 1)

    @cached_property
    def plain(self) -> frozenset[int]:
        """The rows that are projects beyond doubt, as nearly all are: told together, without the closer look.

        A name that begins as no line of another kind does, an amount, two of the form's required words and no text for
        a number; and the line cannot be the header over again.
        """
        plainly, reach = self._columns.plainly, self._columns.reach
        if plainly is None:
            return frozenset()
        first = self.header.bottom + 1
        return frozenset(
            [
                row
                for row, values in enumerate(self.grid.rows[first - 1 :], first)
                if len(values) >= reach
                for name, number, money, other, one, two in (plainly(values),)
                if name.__class__ is one.__class__ is two.__class__ is str
                and (money.__class__ is float or other.__class__ is float)
                and number.__class__ is not str
                and opens_plainly(one[:1])
                and opens_plainly(two[:1])
                and (opens_plainly(name[:1]) or opens_plainly(clean(name)[:1]))
                and (row in self._unlike_header or _has_figures(values))
            ]
        ).difference(self._faults)

    @cached_property
    def _unlike_header(self) -> frozenset[int]:
        """The rows that hold no heading of any form, where nearly all labels of the header are headings."""
        # A line of four filled cells or more repeats the header where four in five are as above: four cells then.
        few = self.header.strange < 4
        return frozenset(range(1, SEEN + 1)).difference(self.labels.marked) if few else frozenset()

    def _numbers(self, row: int) -> list[str]:
        return [half_width(shown(self.grid.at(row, column))) for column in self._columns.numbers]

    def _first(self, marks: Mapping[int, Scalar]) -> int:
        """The cell a line is known by: its name, else its first words; a bare number says nothing."""
        words = [column for column, value in marks.items() if self._is_word(column, value)]
        named = [column for column in (*self._columns.numbers, self._columns.name) if column in words]
        return next(iter(named or words or marks), 1)

    def _is_word(self, column: int, value: Scalar) -> bool:
        return isinstance(value, str) and not (
            column in self._columns.numbers and _NUMBER.fullmatch(half_width(shown(value)))
        )

    def _kind(self, row: int, filled: Mapping[int, Scalar], lead: str) -> LineKind:
        key = joined(lead)
        if not filled:
            return LineKind.NIL if self._says_none(row, lead) else LineKind.BLANK
        described = self._describes(filled)
        known_by = (*self._numbers(row), key)
        if (
            SIGNED.match(key)
            or (FOOT.match(key) and not (described and self._is_whole(filled)))
            or (not described and self._is_below(row, filled))
        ):
            return LineKind.FOOT
        if any(map(_END.match, known_by)) and not described:
            return LineKind.END
        if self._repeats_header(filled):
            return LineKind.HEADER
        names = self._columns.names
        ours = [column for column in filled if column in names]
        if _TOTAL.fullmatch(key) or (_TOTAL_OF.search(key) and not described):
            return LineKind.TOTAL
        if any(map(_EXAMPLE.match, known_by)):
            return LineKind.EXAMPLE
        if self._says_nil(row, filled, lead if described else None):
            return LineKind.NIL
        if not described and self._is_section(row, filled, key):
            return LineKind.SECTION
        if not ours:
            return LineKind.ASIDE
        if all(self._is_prefilled(row, column, filled) for column in ours):
            return LineKind.NIL if self._says_none(row, lead) else LineKind.PREFILLED
        return LineKind.PROJECT

    def _describes(self, filled: Mapping[int, Scalar]) -> bool:
        """Whether the line tells of a project: two or more of the form's required words stand in it.

        Then it is one, whatever it is called and whatever its remarks say.
        """
        words = sum(filled.get(column) is not None for column in self._columns.telling)
        asked = len(self._columns.telling)  # of a form that asks for little: that, and the name
        return words >= 2 or (words == asked == 1 and self._is_named(filled))

    def _is_whole(self, filled: Mapping[int, Scalar]) -> bool:
        """Whether a line that tells of a project has an amount or all words, as the names of signers have not."""
        names, asked = self._columns.names, self._columns.telling
        amounts = (column for column in filled if column in names and self.form.fields[names[column]].type == "金额")
        return any(isinstance(filled[column], float) for column in amounts) or (
            len(asked) > 2 and all(filled.get(column) is not None for column in asked)
        )

    def _is_named(self, filled: Mapping[int, Scalar]) -> bool:
        """Whether something stands where the project's name does that is not itself a nil report."""
        name = filled.get(self._columns.name)
        return name is not None and not says_nil(joined(shown(name)))

    def _is_prefilled(self, row: int, column: int, filled: Mapping[int, Scalar]) -> bool:
        """Whether a cell says nothing by itself: a number, a choice, a formula over cells still empty (M54)."""
        if self.form.fields[self._columns.names[column]].type in {"序号", "选项", "单位"}:
            return True
        return self._columns.name not in filled and self._is_nought(row, column, filled[column])

    def _is_nought(self, row: int, column: int, value: Scalar) -> bool:
        """What a formula gives while the cells it reckons with are empty."""
        return value in _NOUGHT or self.grid.faults.get((row, column)) == "#DIV/0!"

    def _is_below(self, row: int, filled: Mapping[int, Scalar]) -> bool:
        """Whether a line of one cell stands below the table, or is words that only may be a nil report."""
        told = [(column, value) for column, value in filled.items() if self._is_told(column, value)]
        if len(told) != 1 or row in self._spanned:
            return False
        [(column, value)] = told
        key = joined(shown(value))
        if self._foot.is_note(row, key) or (column != self._columns.name and self._foot.is_signature(row, value)):
            return True
        early = row <= self.header.bottom + _FIRST
        return early and may_say_nil(key) and not says_nil(key) and self._is_alone(row)

    @cached_property
    def _spanned(self) -> frozenset[int]:
        """Rows with a cell that is merged over several of them."""
        boxes = [box for box in self.grid.merges if self.header.bottom < box.bottom and box.top < box.bottom]
        return frozenset[int]().union(*(range(box.top, box.bottom + 1) for box in boxes))

    def _is_told(self, column: int, value: Scalar) -> bool:
        return value is None or column not in self._columns.numbers or self._is_word(column, value)

    def _is_alone(self, row: int) -> bool:
        """Whether no other line has a project's name."""
        first, name = self.header.bottom + 1, self._columns.name
        return all(
            is_blank(self.grid.at(other, name)) for other in range(first, len(self.grid.rows) + 1) if other != row
        )

    def _says_nil(self, row: int, filled: Mapping[int, Scalar], project: str | None) -> bool:
        """零报告 on a line without figures (M46); one that tells of a `project` must say so where its name stands.

        Where a name stands, 无 elsewhere on the line begins a matter: 无建设用地指标.
        """
        names = self._columns.names
        amounts = [column for column in filled if column in names and self.form.fields[names[column]].type == "金额"]
        if not all(self._is_nought(row, column, filled[column]) for column in amounts):
            return False
        if project is not None:
            return "零报告" in half_width(project)
        texts = [joined(value) for value in filled.values() if isinstance(value, str)]
        return any(says_nil(text) and ("零报告" in text or not self._is_named(filled)) for text in texts)

    def _says_none(self, row: int, lead: str) -> bool:
        """无 where a project's name, or the line's first word, would stand (M46)."""
        name = self.grid.at(row, self._columns.name)
        words = [half_width(word).strip("()") for word in (name, lead) if isinstance(word, str)]
        return "无" in words

    def _repeats_header(self, filled: Mapping[int, Scalar]) -> bool:
        """The header, or a line of the heading block, pasted again from a page break (M55)."""
        texts = {column: value for column, value in filled.items() if isinstance(value, str)}
        if len(texts) * 10 < len(filled) * 8:
            return False
        same = 0
        for column, value in texts.items():
            key = heading_key(value)
            tops = range(self.header.top, self.header.bottom + 1)
            same += bool(key) and any(self.labels.key(top, column) == key for top in tops)
        if same >= 2 and same * 10 >= len(filled) * 8:
            return True
        return len(texts) == len(filled) and all(key_of(value) in self._above for value in texts.values())

    @cached_property
    def _wide(self) -> frozenset[int]:
        """Rows in which three or more cells are merged into one."""
        boxes = self.grid.merges
        return frozenset(box.top for box in boxes if box.top == box.bottom and box.right - box.left >= 2)

    @cached_property
    def _above(self) -> frozenset[str]:
        """What stands above the header: titles, and statements with their blanks filled in."""
        return frozenset(
            key_of(value)
            for line in self.grid.rows[: self.header.top - 1]
            for value in line
            if isinstance(value, str) and len(value) > 2
        )

    def _is_section(self, row: int, filled: Mapping[int, Scalar], key: str) -> bool:
        """`三、促进开工（项目共计：3个）`, alone on its line or with the section's own sums beside it (M03)."""
        numbered = any(map(_SECTION_NUMBER.fullmatch, self._numbers(row)))
        texts = [value for value in filled.values() if isinstance(value, str)]
        if _SECTION.match(key) or numbered:
            return len(texts) <= 2
        return row in self._wide and len(filled) == 1 and bool(texts)


@cache
def opens_plainly(first: str) -> bool:
    """Whether a text that begins with this character can only be a name."""
    is_letter = "\u4e00" <= first <= "\u9fff" or (first.isascii() and first.isalnum())
    return is_letter and half_width(first) not in _OTHERS


def _has_figures(values: Sequence[Scalar]) -> bool:
    """Whether more than a fifth of what stands in a line is no text, as in no header."""
    texts = len([cell for cell in values if cell.__class__ is str])
    return texts < 4 * (len(values) - values.count(None) - texts)
