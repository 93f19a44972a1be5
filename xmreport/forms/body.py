"""The lines of a form → typed rows, and findings about what stands between them (M03, M04, M20, M46, M53–M55)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from xmreport.forms.cleaning import is_blank, shown
from xmreport.forms.lines import Kind, Line, Lines
from xmreport.forms.reading import Reading, Remark
from xmreport.forms.values import Reader, as_text
from xmreport.model.findings import Finding, Severity
from xmreport.model.grid import Box, Grid, Scalar, address
from xmreport.model.submission import Cell, Row, Unreadable
from xmreport.rulebook.form import Form

TOLERANCE = 0.01
"""A unit's own total may differ by this much from the sum, in the form's unit of money."""


@dataclass
class Body:
    """What reading the lines gave so far."""

    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    nil: bool = False


@dataclass(frozen=True, slots=True)
class _Section:
    """A section row, and how many projects stood above it."""

    line: Line
    above: int


class BodyReader:
    """Reads all lines below one header."""

    def __init__(self, lines: Lines, reader: Reader) -> None:
        self.lines = lines
        self.reader = reader
        self.grid: Grid = lines.grid
        self.form: Form = lines.form
        self.header = lines.header
        self.body = Body()
        self._merged = _vertical_merges(self.grid, self.header.bottom)
        self._closer = {row for row, _ in (*self._merged, *self.grid.faults)}
        """Rows in which a cell may not speak for itself."""
        self._name_column = self.header.columns.get(self.form.file.name_column)
        fields = ((name, column, self.form.fields[name]) for name, column in self.header.columns.items())
        self._columns = [
            (name, column, field, self._unit(column), self.reader.known(field, self._unit(column)))
            for name, column, field in fields
            if field.type != "序号"
        ]

    def read(self) -> Body:
        """Every line once, in order."""
        seen = list(self._lines())
        sections: list[_Section] = []
        for line in seen:
            if line.kind is Kind.SECTION:
                self._close_sections(sections, line.level)
                sections.append(_Section(line, len(self.body.rows)))
            elif line.kind is Kind.PROJECT or (line.kind is Kind.PREFILLED and self._continues(line)):
                self._project(line)
            elif line.kind is Kind.EXAMPLE:
                self._say("S13", Severity.WARNING, line)
            elif line.kind is Kind.ASIDE:
                self._say("S14", Severity.WARNING, line)
        self._close_sections(sections, 1)
        self._totals(seen)
        nil_lines = [line for line in seen if line.kind is Kind.NIL]
        self.body.nil = bool(nil_lines) and not self.body.rows
        if nil_lines and self.body.rows and any(line.lead and not is_blank(line.lead) for line in nil_lines):
            self._say("S12", Severity.WARNING, nil_lines[0])
        return self.body

    def _lines(self) -> Iterator[Line]:
        for row in range(self.header.bottom + 1, len(self.grid.rows) + 1):
            line = self.lines.read(row)
            if line.kind is Kind.END:
                yield from self._after_the_end(row)
                return
            if line.kind is not Kind.BLANK:
                yield line

    def _after_the_end(self, end: int) -> Iterator[Line]:
        """Nothing below 以下空白 is data; a project there is told, not taken (M53)."""
        for row in range(end + 1, len(self.grid.rows) + 1):
            line = self.lines.read(row)
            if line.kind is Kind.PROJECT:
                self._say("S17", Severity.WARNING, line)
                return
        yield from ()

    def _say(self, code: str, severity: Severity, line: Line, **words: str) -> None:
        cell = address(line.row, line.column)
        self.body.findings.append(Finding(code, severity, self.grid.sheet, cell, None, line.lead[:60], words))

    def _continues(self, line: Line) -> bool:
        """Whether a line stands under the merged name of the project above it."""
        top = self._merged.get((line.row, self._name_column or 0))
        return top is not None and top < line.row and bool(self.body.rows) and self.body.rows[-1].row >= top

    def _project(self, line: Line) -> None:
        """One body row, or a further line of the project above."""
        if self._continues(line):
            self._continue(line)
        elif line.row in self._closer:
            self.body.rows.append(self._read_row(line.row))
        else:
            self.body.rows.append(self._read_plain(line.row))

    def _read_plain(self, row: int) -> Row:
        """A row without merges over several rows and without faults: as nearly all are."""
        values: dict[str, Cell] = {}
        originals: dict[str, str] = {}
        cells = self.grid.rows[row - 1]
        width = len(cells)
        beside: dict[str, tuple[str, int]] = {}
        for name, column, spec, unit, known in self._columns:
            raw = cells[column - 1] if column <= width else None
            kind = raw.__class__
            taken = known.get(raw) if kind is str or kind is dt.date else None
            if taken is None:
                if raw is None and not spec.required:
                    values[name] = None
                    continue
                taken = self.reader.take(raw, spec, unit)
            reading, written = taken.reading, taken.written
            values[name] = reading.value
            if written:
                originals[name] = written
            if reading.remarks:
                self._remark(reading, row, column, name, raw)
            if reading.beside and spec.procedure:
                beside[self._dated(spec.procedure, reading.value)] = (reading.beside, column)
        self._put_beside(values, beside, row)
        return Row(self.grid.sheet, row, values, originals)

    def _read_row(self, row: int, *, continuation: bool = False) -> Row:
        values: dict[str, Cell] = {}
        originals: dict[str, str] = {}
        beside: dict[str, tuple[str, int]] = {}
        for name, column in self.header.columns.items():
            spec = self.form.fields[name]
            if spec.type == "序号":
                continue
            raw, fault = self._value(row, column)
            blank_continuation = continuation and fault is None and is_blank(raw)
            reading = Reading(None) if blank_continuation else self.reader.read(raw, fault, spec, self._unit(column))
            if self._top(row, column) == row:
                self._remark(reading, row, column, name, raw)
            elif spec.type == "金额":
                self._tell_shared(row, column, name)
                raw, reading = None, Reading(None)
            values[name] = reading.value
            if reading.beside and spec.procedure:
                beside[self._dated(spec.procedure, reading.value)] = (reading.beside, column)
            written = shown(raw)
            if written and written != as_text(reading.value):
                originals[name] = written
        self._put_beside(values, beside, row)
        return Row(self.grid.sheet, row, values, originals)

    def _put_beside(self, values: dict[str, Cell], beside: Mapping[str, tuple[str, int]], row: int) -> None:
        """Dates that stood in a status cell, where their own cells are empty (M56)."""
        for name, (text, column) in beside.items():
            if values.get(name) is None and name in self.form.fields:
                found = self.reader.date_cell(text, self.form.fields[name])
                self._remark(found, row, column, name, text)
                values[name] = found.value

    def _dated(self, procedure: str, status: Cell) -> str:
        """Which date a status was written with (M56): its completion where it is done, else the one still to come."""
        regress = self.form.file.against.regress
        done = regress is not None and status == regress.value
        time = "过去" if done else "将来"
        columns = self.form.sub_columns.values()
        named = next((column.name for column in columns if column.type == "日期" and column.time == time), "")
        return f"{procedure}.{named}"

    def _top(self, row: int, column: int) -> int:
        """The row that speaks for a cell: its own, or the first of the merge it lies in."""
        return self._merged.get((row, column), row)

    def _value(self, row: int, column: int) -> tuple[Scalar, str | None]:
        """The cell's own value, or the text of the merge it lies in (M20)."""
        top = self._top(row, column)
        return self.grid.at(top, column), self.grid.faults.get((top, column))

    def _tell_shared(self, row: int, column: int, name: str) -> None:
        """A number in a merge belongs to its first row (M20): another project's row has none of its own."""
        top = self._top(row, column)
        figure = self.grid.at(top, column)
        if not is_blank(figure) and self._top(row, self._name_column or 0) == row:
            remark = Remark("V28", Severity.WARNING, {"首行": str(top)})
            self.body.findings.append(self._finding(remark, row, column, name, figure))

    def _unit(self, column: int) -> str | None:
        return self.header.units.get(column)

    def _remark(self, reading: Reading, row: int, column: int, name: str, raw: Scalar) -> None:
        for remark in reading.remarks:
            self.body.findings.append(self._finding(remark, row, column, name, raw))

    def _finding(self, remark: Remark, row: int, column: int, name: str, raw: Scalar) -> Finding:
        cell = address(row, column)
        value = self.grid.faults.get((row, column)) or shown(raw)[:200]
        return Finding(remark.code, remark.severity, self.grid.sheet, cell, name, value, remark.words)

    def _continue(self, line: Line) -> None:
        """A further line of one project: its texts join the first line's, its figures must not contradict them."""
        first = self.body.rows[-1]
        further = self._read_row(line.row, continuation=True)
        values = dict(first.values)
        for name, value in further.values.items():
            column = self.header.columns.get(name, 0)
            held = values.get(name)
            if value is None or isinstance(held, Unreadable) or self._top(line.row, column) != line.row:
                continue
            if held is None or isinstance(value, Unreadable):
                values[name] = value
            elif held != value and self.form.fields[name].type in {"文本", "电话", "单位", "年限"}:
                values[name] = f"{held}；{value}"
            elif held != value:
                remark = Remark("V27", Severity.ERROR, {"首行": as_text(held)})
                self.body.findings.append(self._finding(remark, line.row, column, name, self.grid.at(line.row, column)))
        self.body.rows[-1] = Row(first.sheet, first.row, values, {**further.originals, **first.originals})

    def _close_sections(self, sections: list[_Section], level: int) -> None:
        """The sections that a row of this level ends, and whether each held as many projects as it says (M03)."""
        while sections and sections[-1].line.level >= level:
            section = sections.pop()
            counted = len(self.body.rows) - section.above
            if section.line.section_count not in (None, counted):
                self._say(
                    "T02", Severity.WARNING, section.line, 写的=str(section.line.section_count), 实际=str(counted)
                )

    def _totals(self, seen: list[Line]) -> None:
        """合计 rows are dropped and recomputed; where the unit's own figure differs, it is told (M04)."""
        rows = self.body.rows
        marks = [line for line in seen if line.kind in {Kind.TOTAL, Kind.SECTION}]
        partial = [line for line in marks if line.kind is Kind.TOTAL and "小计" in line.lead]
        # The first subtotal shows whether subtotals stand above their rows or below them.
        leading = bool(partial) and not any(row.row < partial[0].row for row in rows)
        edges = [0, *(line.row for line in marks), len(self.grid.rows) + 1]
        for index, line in enumerate(marks, 1):
            if line in partial:
                first, last = (line.row, edges[index + 1]) if leading else (edges[index - 1], line.row)
                block = [row for row in rows if first < row.row < last]
                if block:
                    self._compare_total(line, block)
            elif line.kind is Kind.TOTAL:
                self._compare_total(line, rows)

    def _compare_total(self, line: Line, rows: list[Row]) -> None:
        for name, column in self.header.columns.items():
            spec = self.form.fields[name]
            raw = self.grid.at(line.row, column)
            if spec.type != "金额" or ((line.row, column) not in self.grid.faults and is_blank(raw)):
                continue
            values = [row.values.get(name) for row in rows]
            figures = [value for value in values if isinstance(value, int | float)]
            stated = self.reader.money_cell(raw, self._unit(column)).value if raw is not None else None
            if not isinstance(stated, int | float):
                self._total_finding("T03", line, column, name, raw)
            elif len(figures) == sum(value is not None for value in values):
                actual = math.fsum(figures)
                if abs(stated - actual) > TOLERANCE:
                    words = {"写的": f"{stated:.10g}", "实际": f"{round(actual, 6):.10g}"}
                    self._total_finding("T01", line, column, name, raw, words)

    def _total_finding(
        self, code: str, line: Line, column: int, name: str, raw: Scalar, words: Mapping[str, str] | None = None
    ) -> None:
        remark = Remark(code, Severity.WARNING, words or {})
        self.body.findings.append(self._finding(remark, line.row, column, name, raw))


def _vertical_merges(grid: Grid, header_bottom: int) -> dict[tuple[int, int], int]:
    """(row, column) → the first row of the merge it lies in, for merges over several body rows."""
    boxes: list[Box] = [box for box in grid.merges if box.bottom > box.top > header_bottom]
    return {
        (row, column): box.top
        for box in boxes
        for row in range(box.top, min(box.bottom, len(grid.rows)) + 1)
        for column in range(box.left, min(box.right, grid.width) + 1)
    }
