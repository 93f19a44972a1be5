"""What each line below a header is: a project, or one of the things that stand between projects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from xmreport.forms.cleaning import half_width, heading_key, is_blank, shown
from xmreport.forms.headings import Header, Labels
from xmreport.model.grid import Scalar
from xmreport.rulebook.form import Form
from xmreport.rulebook.names import key_of

TOTAL_WORDS = re.compile(r"^(?:合计|总计|小计|共计|本页小计|累计合计|全县合计|全市合计)")
NIL_WORDS = re.compile(r"^(?:[(（]?(?:本期|本周|本月)?(?:零报告|零申报|零上报|无项目|无新增)|(?:本期|本周|本月)无)")
_SECTION = re.compile(
    r"^(?:[一二三四五六七八九十]+[、.．]|\([一二三四五六七八九十]+\)|第[一二三四五六七八九十]+[类部])"
)
_SECTION_COUNT = re.compile(r"共计?[:：]?(\d+)个|(\d+)个项目")
_SIGNERS = "填表人|填报人|审核人|制表人|联系电话|单位负责人|负责人|分管领导|主要领导|联系人|填报单位|填报时间"
_FOOT = re.compile(rf"^(?:注|备注|说明|填表说明|填报说明)[:：]|^(?:{_SIGNERS})[:：(（]")
_END = re.compile(r"^(?:以下空白|此页无正文|以下无正文|本页以下空白)")
_EXAMPLE = re.compile(
    r"^[(（【\[]?(?:例|示例|样例|例如|填写示例|举例)[)）】\]]?(?:$|[:：])|^[(（【\[](?:示例|例|样例)[)）】\]]"
)


class Kind(Enum):
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


@dataclass(frozen=True, slots=True)
class Line:
    """One sheet row below the header."""

    row: int
    kind: Kind
    lead: str
    """The text that its first filled cell shows."""
    column: int
    """The 1-based column of that cell."""

    @property
    def section_count(self) -> int | None:
        match = _SECTION_COUNT.search(key_of(self.lead))
        return int(match.group(1) or match.group(2)) if match else None


class Lines:
    """Tells a sheet's lines apart for one form and header."""

    def __init__(self, labels: Labels, header: Header, form: Form) -> None:
        self.grid = labels.grid
        self.labels = labels
        self.header = header
        self.form = form
        self.columns: Mapping[int, str] = {column: name for name, column in header.columns.items()}
        self._wide = {box.top: box for box in labels.grid.merges if box.top == box.bottom and box.right - box.left >= 2}

    def read(self, row: int) -> Line:
        values = self.grid.rows[row - 1]
        filled = {
            column: value
            for column, value in enumerate(values, 1)
            if not is_blank(value) or (row, column) in self.grid.faults
        }
        for place in self.grid.faults:
            if place[0] == row:
                filled.setdefault(place[1], None)
        marks = filled or {column: value for column, value in enumerate(values, 1) if value is not None}
        column = min(marks, default=1)
        lead = shown(marks.get(column))
        return Line(row, self._kind(row, filled, marks, lead), lead, column)

    def _kind(self, row: int, filled: Mapping[int, Scalar], marks: Mapping[int, Scalar], lead: str) -> Kind:
        key = half_width(lead).replace(" ", "")
        if not filled:
            return Kind.NIL if marks and self._says_none(row, lead) else Kind.BLANK
        texts = {key_of(value) for value in filled.values() if isinstance(value, str)}
        if _END.match(key):
            return Kind.END
        if _FOOT.match(key):
            return Kind.FOOT
        if TOTAL_WORDS.match(key) and self._leads(filled):
            return Kind.TOTAL
        if any(NIL_WORDS.match(text) for text in texts):
            return Kind.NIL
        if any(_EXAMPLE.match(half_width(shown(value))) for value in list(filled.values())[:2]):
            return Kind.EXAMPLE
        if self._repeats_header(filled):
            return Kind.HEADER
        if self._is_section(row, filled, key):
            return Kind.SECTION
        fields = [self.form.fields[self.columns[column]] for column in filled if column in self.columns]
        if not fields:
            return Kind.ASIDE
        if all(field.type in {"序号", "选项", "单位"} for field in fields):
            return Kind.NIL if self._says_none(row, lead) else Kind.PREFILLED
        return Kind.PROJECT

    def _says_none(self, row: int, lead: str) -> bool:
        """无 where a project's name, or the line's first word, would stand (M46)."""
        name = self.grid.at(row, self.header.columns.get(self.form.file.name_column, 0))
        return any(isinstance(word, str) and key_of(word) == "无" for word in (name, lead))

    def _leads(self, filled: Mapping[int, Scalar]) -> bool:
        """The word stands left of every figure, so the line is not a project that happens to be called so."""
        figures = [column for column, value in filled.items() if isinstance(value, int | float) and column > 1]
        return min(filled) <= min(figures, default=len(self.grid.rows[0]) + 400)

    def _repeats_header(self, filled: Mapping[int, Scalar]) -> bool:
        """The header, or a line of the heading block, pasted again from a page break (M55)."""
        same = 0
        for column, value in filled.items():
            key = heading_key(value) if isinstance(value, str) else ""
            tops = range(self.header.top, self.header.bottom + 1)
            same += bool(key) and any(self.labels.key(top, column) == key for top in tops)
        if same >= 2 and same * 10 >= len(filled) * 8:
            return True
        above = {
            key_of(value)
            for line in self.grid.rows[: self.header.top - 1]
            for value in line
            if isinstance(value, str) and len(value) > 2
        }
        return all(isinstance(value, str) and key_of(value) in above for value in filled.values())

    def _is_section(self, row: int, filled: Mapping[int, Scalar], key: str) -> bool:
        if len(filled) > 2 or not key:
            return False
        alone = all(isinstance(value, str) for value in filled.values())
        return alone and (bool(_SECTION.match(key)) or (row in self._wide and len(filled) == 1))
