"""An official table before it has a look: what a template and this make together is a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from xmreport.model.submission import Value


@dataclass(frozen=True, slots=True)
class Formula:
    """A live formula with its computed value.

    `text` has no leading '='. `{字段}` is the cell of that field in the same line; `{表名!合计.字段}` the cell of a
    field in the first total line of another sheet of the workbook.
    """

    text: str
    value: float | str | None


@dataclass(frozen=True, slots=True)
class Link:
    """Text that opens a file beside this workbook (`target` relative, forward slashes) or a place inside it."""

    text: str
    target: str


Content = Value | Formula | Link


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line: `kind` is 明细, 小计, 合计 or 分组 and names the template's row of that kind."""

    kind: str
    values: Mapping[str, Content] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns of the sheet's 明细 lines drawn below the table: `kind` is column, bar or line."""

    kind: str
    title: str
    categories: str
    series: tuple[str, ...]
    percent: bool = False


@dataclass(frozen=True, slots=True)
class ColumnData:
    """One column of a table whose template leaves the columns open: its {列} stands for each of them in turn."""

    field: str
    """Names the column's value in a line."""
    type: str
    """The template's word for how such a column looks: 金额, 日期, 单位."""
    heading: str
    total: Literal["", "求和", "计数"] = ""
    """What its 小计 and 合计 say. The column that is counted names what a line is."""


@dataclass(frozen=True, slots=True)
class SheetData:
    """One sheet: the template's sheet it takes its look from, and what stands in it."""

    name: str
    template: str
    head: Mapping[str, str]
    lines: tuple[Line, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """A repeated block of columns: {'手续': ('立项', '用地')} repeats the template's {手续.…} columns."""
    notes: tuple[str, ...] = ()
    """Lines below the table, each across its whole width: who is not included and why, how a figure is read."""
    charts: tuple[Chart, ...] = ()
    columns: tuple[ColumnData, ...] = ()
    """What a generic template prints for its {列}; a template that names its fields itself does not look here."""
    optional: bool = False
    """Left out where the template has no such sheet."""


@dataclass(frozen=True, slots=True)
class WorkbookData:
    """One official workbook: `template` names the file in templates_xlsx, `file` the one to write.

    Without that template `generic` is taken; there a sheet that it does not name looks like its first.
    """

    file: str
    template: str
    sheets: tuple[SheetData, ...]
    generic: str = ""
