"""An official table before it has a look: what a template and this make together is a workbook."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, overload

from msgspec import Struct

from xmreport.model.submission import Value


class Formula(Struct, frozen=True):
    """A live formula with its computed value.

    `text` has no leading '='. `{字段}` is the cell of that field in the same line; `{表名!合计.字段}` the cell of a
    field in the first total line of another sheet of the workbook.
    """

    text: str
    value: float | str | None


class Link(Struct, frozen=True):
    """Text that opens a file beside this workbook (`target` relative, forward slashes) or a place inside it."""

    text: str
    target: str


Content = Value | Formula | Link


class Line(Struct, frozen=True):
    """One printed line: `kind` is 明细, 小计, 合计 or 分组 and names the template's row of that kind."""

    kind: str
    values: Mapping[str, Content] = {}


class LongTable(Sequence[Line]):
    """The lines of a table that may grow very long, kept by column: a line is made when it is looked at."""

    def __init__(
        self, columns: Mapping[str, Sequence[Content]], height: int, between: Mapping[int, Line] | None = None
    ) -> None:
        self.columns = columns
        """Field → its value in each 明细 line."""
        self.height = height
        """How many 明细 lines there are."""
        self.between = dict(sorted((between or {}).items()))
        """Place among all lines → a line of another kind."""
        self._places = list(self.between)

    @property
    def kinds(self) -> list[str]:
        """The kind of each line."""
        return [self.between[at].kind if at in self.between else "明细" for at in range(len(self))]

    def values(self, field: str, places: Sequence[int]) -> Sequence[Content]:
        """A field of the 明细 lines at these places among all lines, which ascend."""
        column = self.columns.get(field)
        if column is None or not places:
            return [None] * len(places)
        if len(places) == self.height:
            return column
        before = bisect_left(self._places, places[0])
        if places[-1] - places[0] == len(places) - 1 and bisect_left(self._places, places[-1]) == before:
            return column[places[0] - before : places[-1] - before + 1]
        return [column[place - bisect_left(self._places, place)] for place in places]

    def part(self, first: int, end: int) -> LongTable:
        """The lines from `first` up to `end`, that one not included."""
        left = bisect_left(self._places, first)
        right = bisect_left(self._places, end)
        columns = {name: self.columns[name][first - left : end - right] for name in self.columns}
        between = {at - first: self.between[at] for at in self._places[left:right]}
        return LongTable(columns, end - first - (right - left), between)

    def __len__(self) -> int:
        return self.height + len(self.between)

    @overload
    def __getitem__(self, at: int) -> Line: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Line, ...]: ...
    def __getitem__(self, at: int | slice) -> Line | tuple[Line, ...]:
        if isinstance(at, slice):
            return tuple(self[place] for place in range(len(self))[at])
        place = range(len(self))[at]
        if place in self.between:
            return self.between[place]
        row = place - bisect_left(self._places, place)
        return Line("明细", {name: values[row] for name, values in self.columns.items()})

    def __iter__(self) -> Iterator[Line]:
        return (self[at] for at in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(Line.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]  # compared by content, as lists are


class Chart(Struct, frozen=True):
    """Columns of the sheet's 明细 lines drawn below the table: `kind` is column, bar or line."""

    kind: str
    title: str
    categories: str
    series: tuple[str, ...]
    percent: bool = False
    part: tuple[int, int] | None = None
    """Which of the 明细 lines are drawn, from the first up to the second; all where it is None."""


class ColumnData(Struct, frozen=True):
    """One column of a table whose template leaves the columns open: its {列} stands for each of them in turn."""

    field: str
    """Names the column's value in a line."""
    type: str
    """The template's word for how such a column looks: 金额, 日期, 单位."""
    heading: str
    total: Literal["", "求和", "计数"] = ""
    """What its 小计 and 合计 say. The column that is counted names what a line is."""


class Asked(Struct, frozen=True):
    """What people are asked to fill into a sheet's 明细 lines, by field: a choice is held to, all else only warns."""

    choices: Mapping[str, tuple[str, ...]] = {}
    names: Mapping[str, tuple[str, ...]] = {}
    """Texts that are looked for; others may stand there too."""
    dates: frozenset[str] = frozenset()
    money: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    filled: frozenset[str] = frozenset()
    """What the engine fills itself."""


class SheetData(Struct, frozen=True):
    """One sheet: the template's sheet it takes its look from, and what stands in it."""

    name: str
    template: str
    head: Mapping[str, str]
    lines: Sequence[Line]
    groups: Mapping[str, tuple[str, ...]] = {}
    """A repeated block of columns: {'手续': ('立项', '用地')} repeats the template's {手续.…} columns."""
    notes: tuple[str, ...] = ()
    """Lines below the table, each across its whole width: who is not included and why, how a figure is read."""
    charts: tuple[Chart, ...] = ()
    columns: tuple[ColumnData, ...] = ()
    """What a generic template prints for its {列}; a template that names its fields itself does not look here."""
    optional: bool = False
    """Left out where the template has no such sheet."""
    asked: Asked = Asked()


class WorkbookData(Struct, frozen=True):
    """One official workbook: `template` names the file in templates_xlsx, `file` the one to write.

    Without that template `generic` is taken; there a sheet that it does not name looks like its first.
    """

    file: str
    template: str
    sheets: tuple[SheetData, ...]
    generic: str = ""
