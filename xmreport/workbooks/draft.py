"""One sheet of a workbook with every cell's content and look decided, before it is measured and written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import compress

from msgspec import Struct

from xmreport.model.grid import column_letters
from xmreport.model.sheets import Chart, Content, Formula, Line, LongTable, SheetData
from xmreport.workbooks.cells import FilledCell, Written, dated, fitted, written
from xmreport.workbooks.figures import shown
from xmreport.workbooks.fitting.widths import TALLEST
from xmreport.workbooks.formats.looks import GENERAL, Look, overlay
from xmreport.workbooks.formats.template import (
    BODY,
    CHART,
    COUNT,
    HEADER,
    NOTE,
    PLACEHOLDER,
    SUBTOTAL,
    SUM,
    TOTAL,
    TemplateRow,
    placeholder,
    whole,
)
from xmreport.workbooks.layout import Layout, PrintedCell
from xmreport.workbooks.sums import Coverage, carried, count, coverage, total

_REFERENCE = re.compile(r"\{(?:([^{}!]+)!([^{}.]+)\.)?([^{}]+)\}")

FILLED = "系统填写"
"""The style of the cells that the engine fills in where people fill in others."""
AROUND_BARS, A_BAR = 70.0, 24.0
"""Points that a chart of bars needs: for its title and scale, and for each bar with its name."""


class Draft(Struct, frozen=True, dict=True):
    """Rows count from 0: the headings, the table's lines, the notes, the foot, then one row a chart."""

    data: SheetData
    name: str
    """The sheet's name as Excel takes it."""
    layout: Layout
    styles: Mapping[str, Look]
    before: str = ""
    """The sheet that this one goes on from, its totals carried forward; '' for a table on one sheet."""

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The table's lines, each made once."""
        return tuple(self.data.lines)

    @cached_property
    def kinds(self) -> Sequence[str]:
        """The kind of each line."""
        return self.data.lines.kinds if isinstance(self.data.lines, LongTable) else [line.kind for line in self.lines]

    @cached_property
    def known(self) -> frozenset[str]:
        """The fields of the 明细 lines."""
        if isinstance(self.data.lines, LongTable):
            return frozenset(self.data.lines.columns) if self.data.lines.height else frozenset()
        return frozenset(field for at in self.lines_of(BODY) for field in self.lines[at].values)

    def values(self, field: str, places: Sequence[int]) -> Sequence[Content]:
        """A field of the 明细 lines at these places, which ascend."""
        if isinstance(self.data.lines, LongTable):
            return self.data.lines.values(field, places)
        return [self.lines[at].values.get(field) for at in places]

    @cached_property
    def top(self) -> int:
        """The row of the first line."""
        return len(self.layout.sheet.headings)

    @cached_property
    def headers(self) -> range:
        """The rows of the header, below the heading block."""
        kinds = [row.kind for row in self.layout.sheet.headings]
        return range(kinds.index(HEADER) if HEADER in kinds else self.top, self.top)

    @cached_property
    def below(self) -> int:
        """The row after the last line."""
        return self.top + len(self.data.lines)

    @cached_property
    def charts(self) -> tuple[tuple[int, Chart], ...]:
        """The row of each chart. A template without a 图表 row prints none, nor is there one without figures."""
        if self.layout.sheet.find(CHART) is None:
            return ()
        first = self.below + len(self.data.notes) + len(self.layout.sheet.foot)
        return tuple(enumerate((chart for chart in self.data.charts if self.charted(chart)), first))

    def charted(self, chart: Chart) -> list[int]:
        """The 明细 lines that have a figure to draw: a name without one would leave a gap in the chart."""
        places = list(self.lines_of(BODY))[slice(*chart.part or (None,))]
        columns = (self.values(field, places) for field in chart.series)
        drawn = [any(map(_is_figure, values)) for values in zip(*columns, strict=True)]
        return list(compress(places, drawn))

    @cached_property
    def rows(self) -> int:
        return self.below + len(self.data.notes) + len(self.layout.sheet.foot) + len(self.charts)

    @cached_property
    def least_heights(self) -> Mapping[int, float]:
        """What the template asks for each row, in points."""
        lines = {self.top + at: self.layout.sheet.row(kind).height for at, kind in enumerate(self.kinds)}
        return {**lines, **self.heights_around}

    @cached_property
    def heights_around(self) -> Mapping[int, float]:
        """What the template asks for the rows above and below the lines."""
        sheet = self.layout.sheet
        under = [*(sheet.row(NOTE) for _ in self.data.notes), *sheet.foot]
        rows = [*enumerate(sheet.headings), *enumerate(under, self.below)]
        charts = {at: self._height_of(chart) for at, chart in self.charts}
        return {**{at: row.height for at, row in rows}, **charts}

    def _height_of(self, chart: Chart) -> float:
        """What the template asks for; more where its bars, one below the other, would else lose their names."""
        asked = self.layout.sheet.row(CHART).height
        bars = len(self.charted(chart)) if chart.kind == "bar" else 0
        return max(asked, min(AROUND_BARS + bars * A_BAR, TALLEST))

    def lines_of(self, kind: str) -> Iterator[int]:
        return (at for at, each in enumerate(self.kinds) if each == kind)

    def heading_of(self, column: int) -> str:
        """What the header says right above a column."""
        above = [e for e in self._headings() if e.content and e.column <= column < e.column + e.columns]
        return above[-1].text.replace("\n", "") if above else ""

    def entries(self, others: Mapping[str, Draft]) -> list[FilledCell]:
        """Every cell. `others` are the workbook's sheets by name, for formulas that look across."""
        found = [*self._headings()]
        for at, line in enumerate(self.lines):
            found.extend(self.line(at, line, others))
        return [*found, *self._below()]

    def around(self) -> list[FilledCell]:
        """Every cell above and below the lines."""
        return [*self._headings(), *self._below()]

    def _below(self) -> Iterator[FilledCell]:
        for at, note in enumerate(self.data.notes, self.below):
            row = self.layout.sheet.row(NOTE)
            yield from (self._fill(at, cell, {"附注": note}) for cell in self.layout.printed(row))
        for at, row in enumerate(self.layout.sheet.foot, self.below + len(self.data.notes)):
            yield from (self._fill(at, cell, self.data.head) for cell in self.layout.printed(row))

    @cached_property
    def _covered(self) -> Mapping[int, Coverage]:
        return coverage(self.kinds)

    @cached_property
    def printed(self) -> Mapping[str, tuple[PrintedCell, ...]]:
        """The cells of each kind of line. A field that no 明细 line knows is a slip of whoever edited the template."""
        known = self.known
        for cell in self.layout.printed(self.layout.sheet.row(BODY)) if known else ():
            for inside in PLACEHOLDER.findall(cell.text):
                held = placeholder(inside)
                for field in (held.field, held.by or held.field):
                    if field not in known:
                        raise self.layout.sheet.broken(cell.cell, _unknown(field, known))
        return {kind: self.layout.printed(self.layout.sheet.row(kind)) for kind in dict.fromkeys(self.kinds)}

    def _headings(self) -> Iterator[FilledCell]:
        rows = self.layout.sheet.headings
        for at, row in enumerate(rows):
            for cell in self.layout.printed(row):
                entry = self._fill(at, cell, self.data.head)
                deep = sum(row.number <= other.number < row.number + cell.rows for other in rows)
                yield FilledCell(at, entry.column, entry.content, entry.look, entry.columns, deep)

    def _fill(self, row: int, cell: PrintedCell, words: Mapping[str, str]) -> FilledCell:
        """Running text with its placeholders filled in."""

        def one(match: re.Match[str]) -> str:
            field = placeholder(match[1]).field
            if field not in words:
                raise self.layout.sheet.broken(cell.cell, _unknown(field, set(words)))
            return words[field]

        text = fitted(PLACEHOLDER.sub(one, cell.text))
        return FilledCell(row, cell.column, text or None, _wrapped(cell.look, text), cell.columns)

    def line(self, at: int, line: Line, others: Mapping[str, Draft]) -> Iterator[FilledCell]:
        """The cells of one line."""
        return (self.entry(at, line, cell, others) for cell in self.printed[line.kind])

    def entry(self, at: int, line: Line, cell: PrintedCell, others: Mapping[str, Draft]) -> FilledCell:
        """One cell of a line."""
        held = whole(cell.text)
        if held is None:
            content = self._words(cell, line)
        elif held.field in {SUM, COUNT}:
            content = self._total(at, cell, held.field, others)
        else:
            content = self.content(at, cell, line.values.get(held.field), others)
        named = shown(line.values.get(held.by)) if held is not None and held.by is not None else None
        return FilledCell(self.top + at, cell.column, content, self.look(cell, content, named), cell.columns)

    def content(self, at: int, cell: PrintedCell, value: Content, others: Mapping[str, Draft]) -> Written:
        """A field's value as its cell takes it."""
        content = written(value)
        return self._live(at, cell, content, others) if isinstance(content, Formula) else content

    def _words(self, cell: PrintedCell, line: Line) -> Written:
        """A line's own words: text of the template, perhaps with fields in it."""

        def one(match: re.Match[str]) -> str:
            return shown(written(line.values.get(placeholder(match[1]).field)))

        return fitted(PLACEHOLDER.sub(one, cell.text)) or None

    def _total(self, at: int, cell: PrintedCell, what: str, others: Mapping[str, Draft]) -> Written:
        covered = self._covered[at]
        is_total = self.kinds[at] == TOTAL
        through = is_total and self._subtotal_has(cell, what)
        pieces = covered.pieces if through else covered.plain
        if what == SUM:
            field = next((field for field, column in self.layout.fields.items() if column == cell.column), "")
            found = total(pieces, cell.column, self.top, self.values(field, covered.details))
        else:
            ready = [span for span in pieces if self.kinds[span[0]] == SUBTOTAL]
            rest = [span for span in pieces if self.kinds[span[0]] != SUBTOTAL]
            found = count(ready, rest, cell.column, self.top, len(covered.details))
        if is_total and self.before:
            return carried(found, *others[self.before].total_at(cell, what, others))
        return found

    def total_at(self, cell: PrintedCell, what: str, others: Mapping[str, Draft]) -> tuple[str, float]:
        """Where this sheet's 合计 of a column stands, as another sheet names it, and what it says."""
        at = next(self.lines_of(TOTAL))
        found = self._total(at, cell, what, others)
        value = found.value if isinstance(found, Formula) else found
        assert isinstance(value, int | float)
        quoted = self.name.replace("'", "''")
        return f"'{quoted}'!${column_letters(cell.column + 1)}${self.top + at + 1}", value

    def _subtotal_has(self, cell: PrintedCell, what: str) -> bool:
        row: TemplateRow | None = self.layout.sheet.find(SUBTOTAL)
        if row is None:
            return False
        same = (other for other in self.layout.printed(row) if other.column == cell.column)
        return any((held := whole(other.text)) is not None and held.field == what for other in same)

    def _live(self, at: int, cell: PrintedCell, formula: Formula, others: Mapping[str, Draft]) -> Formula:
        """A formula with its fields turned into addresses."""

        def one(match: re.Match[str]) -> str:
            sheet, kind, field = match[1], match[2], match[3]
            if sheet is None:
                return column_letters(self._column(cell, field) + 1) + str(self.top + at + 1)
            other = others.get(sheet)
            if other is None or (line := next(other.lines_of(kind), None)) is None:
                raise self.layout.sheet.broken(cell.cell, f"公式要用到“{sheet}”的“{kind}”行，这本工作簿里没有")
            column = column_letters(other._column(cell, field) + 1)  # noqa: SLF001 - a sheet of the same kind
            quoted = other.name.replace("'", "''")
            return f"'{quoted}'!${column}${other.top + line + 1}"

        return Formula(_REFERENCE.sub(one, formula.text), formula.value)

    def _column(self, cell: PrintedCell, field: str) -> int:
        if field not in self.layout.fields:
            raise self.layout.sheet.broken(cell.cell, f"公式要用到“{field}”一栏，工作表“{self.name}”的模板里没有这一栏")
        return self.layout.fields[field]

    def look(self, cell: PrintedCell, content: Written, named: str | None) -> Look:
        """How a cell of a line looks; `named` is the word that picks its number format, where another field has it."""
        look, held = cell.look, whole(cell.text)
        if named is not None:
            unit = self.styles.get(named)
            if unit is not None and unit.number_format != GENERAL:
                look = look.changed(num_format=unit.number_format)
        if held is not None and held.field in self.data.asked.filled and FILLED in self.styles:
            look = overlay(look, self.styles[FILLED])
        look = dated(look, content)
        text = shown(content, look.number_format)
        if held is not None and held.coloured:
            style = self.colour(text)
            look = overlay(look, style) if style is not None else look
        return _wrapped(look, text)

    def colour(self, text: str) -> Look | None:
        """The look of the word that a text begins with; `超期3天` and `迟报（零报告）` have that of the longest."""
        found = self._coloured.match(text.split("\n", maxsplit=1)[0].strip())
        return self.styles[found[0]] if found else None

    @cached_property
    def _coloured(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, sorted(self.styles, key=len, reverse=True))) or "(?!)")


def _is_figure(value: Content) -> bool:
    return isinstance(value.value if isinstance(value, Formula) else value, int | float)


def _wrapped(look: Look, text: str) -> Look:
    """Text of several lines shows them only in a cell that wraps."""
    return look if look.wraps or "\n" not in text else look.changed(text_wrap=True)


def _unknown(field: str, known: Iterable[str]) -> str:
    return f"占位“{{{field}}}”没有对应的内容；这张表可用的有：{'、'.join(sorted(known)) or '无'}"
