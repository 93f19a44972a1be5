"""One sheet of a workbook with every cell's content and look decided, before it is measured and written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from xmreport.model.grid import column_letters
from xmreport.model.sheets import Chart, Content, Formula, Line, SheetData
from xmreport.workbooks.entries import Entry, Written, dated, fitted, written
from xmreport.workbooks.figures import shown
from xmreport.workbooks.layout import Layout, PrintedCell
from xmreport.workbooks.looks import GENERAL, Look, overlay
from xmreport.workbooks.sums import Coverage, count, coverage, total
from xmreport.workbooks.template import (
    BODY,
    CHART,
    COUNT,
    HEADER,
    NOTE,
    PLACEHOLDER,
    SUBTOTAL,
    SUM,
    TOTAL,
    Placeholder,
    TemplateRow,
    placeholder,
    whole,
)

_REFERENCE = re.compile(r"\{(?:([^{}!]+)!([^{}.]+)\.)?([^{}]+)\}")


@dataclass(frozen=True)
class Draft:
    """Rows count from 0: the headings, the table's lines, the notes, the foot, then one row a chart."""

    data: SheetData
    name: str
    """The sheet's name as Excel takes it."""
    layout: Layout
    styles: Mapping[str, Look]

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
        return [at for at in self.lines_of(BODY) if any(self._figure(at, field) for field in chart.series)]

    def _figure(self, at: int, field: str) -> bool:
        value = self.data.lines[at].values.get(field)
        return isinstance(value.value if isinstance(value, Formula) else value, int | float)

    @cached_property
    def rows(self) -> int:
        return self.below + len(self.data.notes) + len(self.layout.sheet.foot) + len(self.charts)

    @cached_property
    def least_heights(self) -> Mapping[int, float]:
        """What the template asks for each row, in points."""
        sheet = self.layout.sheet
        rows = [*sheet.headings, *(sheet.row(line.kind) for line in self.data.lines)]
        rows += [sheet.row(NOTE) for _ in self.data.notes]
        rows += [*sheet.foot, *(sheet.row(CHART) for _ in self.charts)]
        return {at: row.height for at, row in enumerate(rows)}

    def lines_of(self, kind: str) -> Iterator[int]:
        return (at for at, line in enumerate(self.data.lines) if line.kind == kind)

    def heading_of(self, column: int) -> str:
        """What the header says right above a column."""
        above = [e for e in self._headings() if e.content and e.column <= column < e.column + e.columns]
        return above[-1].text.replace("\n", "") if above else ""

    def entries(self, others: Mapping[str, Draft]) -> list[Entry]:
        """Every cell. `others` are the workbook's sheets by name, for formulas that look across."""
        self._judge_fields()
        found = [*self._headings()]
        printed = {kind: self.layout.printed(self.layout.sheet.row(kind)) for kind in self._kinds}
        for at, line in enumerate(self.data.lines):
            found.extend(self._line(at, line, printed[line.kind], others))
        for at, note in enumerate(self.data.notes, self.below):
            row = self.layout.sheet.row(NOTE)
            found.extend(self._fill(at, cell, {"附注": note}) for cell in self.layout.printed(row))
        for at, row in enumerate(self.layout.sheet.foot, self.below + len(self.data.notes)):
            found.extend(self._fill(at, cell, self.data.head) for cell in self.layout.printed(row))
        return found

    @cached_property
    def _kinds(self) -> frozenset[str]:
        return frozenset(line.kind for line in self.data.lines)

    @cached_property
    def _covered(self) -> Mapping[int, Coverage]:
        return coverage([line.kind for line in self.data.lines])

    def _judge_fields(self) -> None:
        """A field that no 明细 line knows is a slip of whoever edited the template."""
        known = {field for at in self.lines_of(BODY) for field in self.data.lines[at].values}
        for cell in self.layout.printed(self.layout.sheet.row(BODY)) if known else ():
            for inside in PLACEHOLDER.findall(cell.text):
                held = placeholder(inside)
                for field in (held.field, held.by or held.field):
                    if field not in known:
                        raise self.layout.sheet.broken(cell.cell, _unknown(field, known))

    def _headings(self) -> Iterator[Entry]:
        rows = self.layout.sheet.headings
        for at, row in enumerate(rows):
            for cell in self.layout.printed(row):
                entry = self._fill(at, cell, self.data.head)
                deep = sum(row.number <= other.number < row.number + cell.rows for other in rows)
                yield Entry(at, entry.column, entry.content, entry.look, entry.columns, deep)

    def _fill(self, row: int, cell: PrintedCell, words: Mapping[str, str]) -> Entry:
        """Running text with its placeholders filled in."""

        def one(match: re.Match[str]) -> str:
            field = placeholder(match[1]).field
            if field not in words:
                raise self.layout.sheet.broken(cell.cell, _unknown(field, set(words)))
            return words[field]

        text = fitted(PLACEHOLDER.sub(one, cell.text))
        return Entry(row, cell.column, text or None, _wrapped(cell.look, text), cell.columns)

    def _line(
        self, at: int, line: Line, cells: tuple[PrintedCell, ...], others: Mapping[str, Draft]
    ) -> Iterator[Entry]:
        for cell in cells:
            held = whole(cell.text)
            if held is None:
                content = self._words(cell, line)
            elif held.field in {SUM, COUNT}:
                content = self._total(at, cell, held.field)
            else:
                content = written(line.values.get(held.field))
                if isinstance(content, Formula):
                    content = self._live(at, cell, content, others)
            yield Entry(self.top + at, cell.column, content, self._look(cell, held, content, line), cell.columns)

    def _words(self, cell: PrintedCell, line: Line) -> Written:
        """A line's own words: text of the template, perhaps with fields in it."""

        def one(match: re.Match[str]) -> str:
            return shown(written(line.values.get(placeholder(match[1]).field)))

        return fitted(PLACEHOLDER.sub(one, cell.text)) or None

    def _total(self, at: int, cell: PrintedCell, what: str) -> Written:
        covered = self._covered[at]
        field = next((field for field, column in self.layout.fields.items() if column == cell.column), "")
        values: list[Content] = [self.data.lines[detail].values.get(field) for detail in covered.details]
        through = self.data.lines[at].kind == TOTAL and self._subtotal_has(cell, what)
        pieces = covered.pieces if through else covered.plain
        if what == SUM:
            return total(pieces, cell.column, self.top, values)
        ready = [span for span in pieces if self.data.lines[span[0]].kind == SUBTOTAL]
        rest = [span for span in pieces if span not in ready]
        return count(ready, rest, cell.column, self.top, len(covered.details))

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

    def _look(self, cell: PrintedCell, held: Placeholder | None, content: Written, line: Line) -> Look:
        look = cell.look
        if held is not None and held.by is not None:
            unit = self.styles.get(shown(line.values.get(held.by)))
            if unit is not None and unit.number_format != GENERAL:
                look = look.changed(num_format=unit.number_format)
        look = dated(look, content)
        text = shown(content, look.number_format)
        if held is not None and held.coloured:
            style = self._style(text.split("\n")[0].strip())
            look = overlay(look, style) if style is not None else look
        return _wrapped(look, text)

    def _style(self, text: str) -> Look | None:
        """How a word looks; `超期3天` and `迟报（零报告）` look like the longest word they begin with."""
        words = [word for word in self.styles if text.startswith(word)]
        return self.styles[max(words, key=len)] if words else None


def _wrapped(look: Look, text: str) -> Look:
    """Text of several lines shows them only in a cell that wraps."""
    return look if look.wraps or "\n" not in text else look.changed(text_wrap=True)


def _unknown(field: str, known: set[str]) -> str:
    return f"占位“{{{field}}}”没有对应的内容；这张表可用的有：{'、'.join(sorted(known)) or '无'}"
