"""The lines of a form → typed rows, and findings about what stands between them (M03, M04, M20, M46, M53–M55)."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from msgspec import Struct

from xmreport.forms.cleaning import is_blank, shown
from xmreport.forms.lines import Line, LineKind, Lines
from xmreport.forms.reading import Reading, Remark
from xmreport.forms.values import Reader, as_text, is_void
from xmreport.model.findings import Finding, Severity
from xmreport.model.grid import Box, Grid, Scalar, address
from xmreport.model.submission import Cell, Unreadable
from xmreport.rulebook.form import Form

TOLERANCE = 0.01
"""A unit's own total may differ by this much from the sum, in the form's unit of money."""


class Body(Struct):
    """What reading the lines gave so far."""

    numbers: list[int] = []
    """The sheet rows that hold a project."""
    columns: dict[str, list[Cell]] = {}
    """Field → a cell for each of them."""
    originals: dict[int, dict[str, str]] = {}
    """Place → field → the text of what was normalised."""
    findings: list[Finding] = []
    nil: bool = False


class _Section(Struct, frozen=True):
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
        self._fields = [
            (name, column, spec)
            for name, column in self.header.columns.items()
            if (spec := self.form.fields[name]).type != "序号"
        ]
        self.body.columns = {name: [] for name, _, _ in self._fields}
        self._plain: list[int] = []
        """Rows without merges over several rows and without faults, as nearly all are: taken together, by column."""

    def read(self) -> Body:
        """Every line once, in order."""
        met = list(self._lines())
        sections: list[_Section] = []
        for line in met:
            if isinstance(line, int):
                self._plain.append(line)
                continue
            self._take_plain()
            if line.kind is LineKind.SECTION:
                self._close_sections(sections, line.level)
                sections.append(_Section(line, len(self.body.numbers)))
            elif self._continues(line):
                self._continue(line)
            elif line.kind is LineKind.PROJECT:
                self._take_row(line.row)
            elif line.kind is LineKind.EXAMPLE:
                self._say("S13", Severity.WARNING, line)
            elif line.kind is LineKind.ASIDE:
                self._say("S14", Severity.WARNING, line)
        self._take_plain()
        for cells in self.body.columns.values():
            cells.extend([None] * (len(self.body.numbers) - len(cells)))
        self._close_sections(sections, 1)
        seen = [line for line in met if not isinstance(line, int)]
        self._totals(seen)
        nil_lines = [line for line in seen if line.kind is LineKind.NIL]
        self.body.nil = bool(nil_lines) and not self.body.numbers
        if nil_lines and self.body.numbers and any(line.lead and not is_blank(line.lead) for line in nil_lines):
            self._say("S12", Severity.WARNING, nil_lines[0])
        return self.body

    def _lines(self) -> Iterator[Line | int]:
        """Every line that is not blank; of a project that needs no closer look, its row."""
        plain = self.lines.plain.difference(self._closer)
        for row in range(self.header.bottom + 1, len(self.grid.rows) + 1):
            if row in plain:
                yield row
                continue
            line = self.lines.read(row)
            if line.kind is LineKind.PROJECT and row not in self._closer:
                yield row
            elif line.kind is LineKind.END:
                yield from self._after_the_end(row)
                return
            elif line.kind is not LineKind.BLANK:
                yield line

    def _after_the_end(self, end: int) -> Iterator[Line]:
        """Nothing below 以下空白 is data; a project there is told, not taken (M53)."""
        for row in range(end + 1, len(self.grid.rows) + 1):
            line = self.lines.read(row)
            if line.kind is LineKind.PROJECT:
                self._say("S17", Severity.WARNING, line)
                return
        yield from ()

    def _say(self, code: str, severity: Severity, line: Line, **words: str) -> None:
        cell = address(line.row, line.column)
        self.body.findings.append(Finding(code, severity, self.grid.sheet, cell, None, line.lead[:60], words))

    def _continues(self, line: Line) -> bool:
        """Whether a line stands under the merged name of the project above it."""
        top = self._merged.get((line.row, self._name_column or 0))
        if top is None or line.kind not in {LineKind.PROJECT, LineKind.PREFILLED}:
            return False
        return top < line.row and bool(self.body.numbers) and self.body.numbers[-1] >= top

    def _take_plain(self) -> None:
        """The plain rows met since, column by column."""
        rows, self._plain = self._plain, []
        if not rows:
            return
        first = len(self.body.numbers)
        self.body.numbers += rows
        columns = list(zip_longest(*(self.grid.rows[row - 1] for row in rows)))
        nothing = (None,) * len(rows)
        remarks: list[tuple[int, int, Finding]] = []
        beside: dict[int, dict[str, tuple[str, int]]] = {}
        for order, (name, column, spec) in enumerate(self._fields):
            cells = columns[column - 1] if column <= len(columns) else nothing
            values, told = self.reader.column(cells, spec, self._unit(column))
            self.body.columns[name] += values
            for at, taken in told:
                reading = taken.reading
                if taken.written:
                    self.body.originals.setdefault(first + at, {})[name] = taken.written
                found = (self._finding(remark, rows[at], column, name, cells[at]) for remark in reading.remarks)
                remarks += ((at, order, finding) for finding in found)
                if reading.beside and spec.procedure:
                    dated = self._dated(spec.procedure, reading.value)
                    beside.setdefault(at, {})[dated] = (reading.beside, column)
        for at, dates in beside.items():
            held = {name: self._held(first + at, name) for name in dates}
            for name, value, said in self._beside(dates, held, rows[at]):
                self._put(first + at, name, value)
                remarks += ((at, len(self._fields), finding) for finding in said)
        # As a reader meets them: row by row, and in a row from left to right.
        self.body.findings += [finding for _, _, finding in sorted(remarks, key=lambda each: each[:2])]

    def _take_row(self, row: int) -> None:
        """A row that needs the closer look."""
        values, originals = self._read_row(row)
        at = len(self.body.numbers)
        self.body.numbers.append(row)
        for name, value in values.items():
            self._put(at, name, value)
        if originals:
            self.body.originals[at] = originals

    def _held(self, at: int, name: str) -> Cell:
        cells = self.body.columns.get(name, ())
        return cells[at] if at < len(cells) else None

    def _put(self, at: int, name: str, value: Cell) -> None:
        """One cell of one project; a date found beside a status may have a column that the sheet has not."""
        cells = self.body.columns.setdefault(name, [])
        cells += [None] * (at + 1 - len(cells))
        cells[at] = value

    def _read_row(self, row: int, *, continuation: bool = False) -> tuple[dict[str, Cell], dict[str, str]]:
        """Values, and the texts of what was normalised."""
        values: dict[str, Cell] = {}
        originals: dict[str, str] = {}
        beside: dict[str, tuple[str, int]] = {}
        for name, column, spec in self._fields:
            raw, fault = self._value(row, column)
            blank_continuation = continuation and fault is None and is_void(raw, spec)
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
        for name, value, said in self._beside(beside, values, row):
            values[name] = value
            self.body.findings += said
        return values, originals

    def _beside(
        self, beside: Mapping[str, tuple[str, int]], held: Mapping[str, Cell], row: int
    ) -> Iterator[tuple[str, Cell, list[Finding]]]:
        """Dates that stood in a status cell, where their own cells are empty (M56), with what is to be said of them."""
        for name, (text, column) in beside.items():
            if held.get(name) is None and name in self.form.fields:
                found = self.reader.date_cell(text, self.form.fields[name])
                yield name, found.value, [self._finding(remark, row, column, name, text) for remark in found.remarks]

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
        at = len(self.body.numbers) - 1
        values, originals = self._read_row(line.row, continuation=True)
        for name, value in values.items():
            column = self.header.columns.get(name, 0)
            held = self._held(at, name)
            if value is None or isinstance(held, Unreadable) or self._top(line.row, column) != line.row:
                continue
            if held is None or isinstance(value, Unreadable):
                self._put(at, name, value)
            elif held != value and self.form.fields[name].type in {"文本", "电话", "单位", "年限"}:
                self._put(at, name, f"{held}；{value}")
            elif held != value:
                remark = Remark("V27", Severity.ERROR, {"首行": as_text(held)})
                self.body.findings.append(self._finding(remark, line.row, column, name, self.grid.at(line.row, column)))
        if originals:
            self.body.originals[at] = {**originals, **self.body.originals.get(at, {})}

    def _close_sections(self, sections: list[_Section], level: int) -> None:
        """The sections that a row of this level ends, and whether each held as many projects as it says (M03)."""
        while sections and sections[-1].line.level >= level:
            section = sections.pop()
            counted = len(self.body.numbers) - section.above
            if section.line.section_count not in (None, counted):
                self._say(
                    "T02", Severity.WARNING, section.line, 写的=str(section.line.section_count), 实际=str(counted)
                )

    def _totals(self, seen: list[Line]) -> None:
        """合计 rows are dropped and recomputed; where the unit's own figure differs, it is told (M04)."""
        numbers = self.body.numbers
        marks = [line for line in seen if line.kind in {LineKind.TOTAL, LineKind.SECTION}]
        first_partial = next((line.row for line in marks if _is_partial(line)), 0)
        # The first subtotal shows whether subtotals stand above their rows or below them.
        leading = bisect_left(numbers, first_partial) == 0
        edges = [0, *(line.row for line in marks), len(self.grid.rows) + 1]
        for index, line in enumerate(marks, 1):
            if _is_partial(line):
                first, last = (line.row, edges[index + 1]) if leading else (edges[index - 1], line.row)
                block = range(bisect_right(numbers, first), bisect_left(numbers, last))
                if block:
                    self._compare_total(line, block)
            elif line.kind is LineKind.TOTAL:
                self._compare_total(line, range(len(numbers)))

    def _compare_total(self, line: Line, places: Sequence[int]) -> None:
        for name, column in self.header.columns.items():
            spec = self.form.fields[name]
            raw = self.grid.at(line.row, column)
            if spec.type != "金额" or ((line.row, column) not in self.grid.faults and is_blank(raw)):
                continue
            values = [self.body.columns[name][at] for at in places]
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


def _is_partial(line: Line) -> bool:
    return line.kind is LineKind.TOTAL and "小计" in line.lead


def _vertical_merges(grid: Grid, header_bottom: int) -> dict[tuple[int, int], int]:
    """(row, column) → the first row of the merge it lies in, for merges over several body rows."""
    boxes: list[Box] = [box for box in grid.merges if box.bottom > box.top > header_bottom]
    return {
        (row, column): box.top
        for box in boxes
        for row in range(box.top, min(box.bottom, len(grid.rows)) + 1)
        for column in range(box.left, min(box.right, grid.width) + 1)
    }
