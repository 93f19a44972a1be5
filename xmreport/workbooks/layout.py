"""A template's columns as they are printed: its repeated columns written out for each name of a group.

A generic template leaves its columns open: neighbouring sample columns that all say {列.值} stand for as many columns
as a table has. What spans some of the samples above or below the table spans the same share of the printed columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate

from msgspec import Struct
from msgspec.structs import replace

from xmreport.model.grid import Box
from xmreport.workbooks.fitting.measure import POINTS
from xmreport.workbooks.formats.kinds import COLUMNS, TOTALLED, VALUE, OpenColumn
from xmreport.workbooks.formats.looks import GENERAL, Look, arranged
from xmreport.workbooks.formats.template import (
    BODY,
    COUNT,
    FOOT,
    HEAD,
    HEADER,
    LINES,
    PLACEHOLDER,
    SUBTOTAL,
    TOTAL,
    TemplateCell,
    TemplateRow,
    TemplateSheet,
    whole,
)

_FIRST_FEW = 3
_FILLED = 0.98
"""The share of a page's width that open columns may grow to."""
_STRETCH = 2.5
"""How far a column grows on a page that has room."""


class Run(Struct, frozen=True):
    """Neighbouring columns that repeat for every name of a group."""

    group: str
    first: int
    last: int
    names: tuple[str, ...]
    named_in: int
    """The header row that names the group: what stands above it spans all its columns, the rest repeats."""
    open: bool = False
    """Its columns are samples of the columns that a generic template leaves open: one is printed for each name."""

    def holds(self, first: int, last: int) -> bool:
        return self.first <= first and last <= self.last


class PrintedCell(Struct, frozen=True):
    """A cell of the template where it is printed, with the columns and rows it covers. Columns count from 0."""

    text: str
    look: Look
    cell: str
    row: int
    """The template's row."""
    column: int
    columns: int
    rows: int


class Layout(Struct, frozen=True, dict=True):
    """A template's sheet with its groups written out."""

    sheet: TemplateSheet
    runs: tuple[Run, ...]
    columns: tuple[tuple[int, str], ...]
    """What is printed: the template's column and the name it stands for ('' outside a group)."""
    opened: Mapping[str, OpenColumn]
    """The columns that the template leaves open, by field."""

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Pixels. Where a page has room left, open columns of running text share it; all of them where none is such."""
        opened = {at for at, (source, _) in enumerate(self.columns) if self._is_open(source)}
        texts = {at for at in opened if self._runs(self.columns[at][1])} or opened
        widths = [
            self.opened[name].width if self._is_open(source) else self.sheet.widths[source]
            for source, name in self.columns
        ]
        room = self.sheet.page.printable[0] / POINTS * _FILLED - sum(widths)
        share = min(max(room, 0) / max(sum(widths[at] for at in texts), 1), _STRETCH - 1)
        return tuple(int(width * (1 + share)) if at in texts else width for at, width in enumerate(widths))

    @cached_property
    def fields(self) -> Mapping[str, int]:
        """A field and the printed column that holds it."""
        found: dict[str, int] = {}
        for cell in self.printed(self.sheet.row(BODY)):
            if held := whole(cell.text):
                found.setdefault(held.field, cell.column)
        return found

    @cached_property
    def divisible(self) -> frozenset[int]:
        """Printed columns at which a page may begin: anywhere but inside one repetition of a group."""
        firsts = {run.first for run in self.runs}
        return frozenset(at for at, (source, name) in enumerate(self.columns) if not name or source in firsts)

    def before(self, source: int) -> int:
        """How many printed columns stand left of the template's column `source`."""
        return sum(column < source for column, _ in self.columns)

    def leading(self, source: int) -> int:
        """How many printed columns stay in sight where the template keeps those left of its column `source`.

        Of open columns that is up to the one that names what a line is, should it be one of the first.
        """
        run = next((run for run in self.runs if run.open and run.first < source), None)
        if run is None:
            return self.before(source)
        counted = (at for at, name in enumerate(run.names[:_FIRST_FEW]) if self.opened[name].data.total == COUNT)
        return self.before(run.first) + next(counted, 0) + 1

    def printed(self, row: TemplateRow) -> tuple[PrintedCell, ...]:
        """The cells of one row of the template where they are printed, merged cells once."""
        if row.number not in self._printed:
            self._printed[row.number] = self._laid_out(row)
        return self._printed[row.number]

    @cached_property
    def _printed(self) -> dict[int, tuple[PrintedCell, ...]]:
        return {}

    def _laid_out(self, row: TemplateRow) -> tuple[PrintedCell, ...]:
        found: list[PrintedCell] = []
        for source, cell in enumerate(row.cells):
            box = self._box(row.number, source)
            if (box.top, box.left) != (row.number, source):
                continue
            cells = list(self._spread(row, cell, box))
            if not cells and found and cell.text and row.kind in {HEAD, FOOT}:
                # Hardly any columns: what finds no room stands behind its neighbour.
                found[-1] = replace(found[-1], text=f"{found[-1].text}\u3000{cell.text}")
            found.extend(cells)
        return tuple(found)

    def _runs(self, name: str) -> bool:
        look = self.opened[name].look
        return look.wraps and look.get("align") == "left" and look.number_format == GENERAL

    def _is_open(self, source: int) -> bool:
        return any(run.open and run.holds(source, source) for run in self.runs)

    def _left(self, source: int) -> int:
        """Where a block that begins with `source` begins; inside a group, in the middle one of its repetitions."""
        run = self._run_of(source)
        if run is None or source == run.first:
            return self.before(source)
        return self._share(run, source) if run.open else self._middle(run, source)

    def _right(self, source: int) -> int:
        """Where a block that ends with `source` ends: its right neighbour begins in the next column."""
        run = self._run_of(source)
        if run is None or source == run.last:
            return self.before(source + 1) - 1
        return self._share(run, source + 1) - 1 if run.open else self._middle(run, source)

    def _share(self, run: Run, source: int) -> int:
        """The printed column, not the first, that begins nearest to where `source` stands among the sample columns."""
        first, samples = self.before(run.first), self.sheet.widths[run.first : run.last + 1]
        share = sum(samples[: source - run.first]) / max(sum(samples), 1)
        begins = [0, *accumulate(self.widths[first : first + len(run.names)])]
        return first + min(range(1, len(begins)), key=lambda at: abs(begins[at] - share * begins[-1]))

    def _run_of(self, source: int) -> Run | None:
        return next((run for run in self.runs if run.names and run.holds(source, source)), None)

    def _middle(self, run: Run, source: int) -> int:
        repeated = len(run.names) // 2 * (run.last - run.first + 1)
        return self.before(run.first) + repeated + source - run.first

    def _box(self, row: int, column: int) -> Box:
        merges = self.sheet.merges
        around = (m for m in merges if m.top <= row <= m.bottom and m.left <= column <= m.right)
        return next(around, Box(row, column, row, column))

    def _spread(self, row: TemplateRow, cell: TemplateCell, box: Box) -> Iterable[PrintedCell]:
        run = next((run for run in self.runs if run.holds(box.left, box.right)), None)
        deep = box.bottom - box.top + 1
        blank = not cell.text and box.left == box.right
        if run is None or not (_repeats(row, run) or (blank and not run.open)):
            left, right = self._left(box.left), self._right(box.right)
            if left <= right:
                yield PrintedCell(cell.text, cell.look, cell.cell, row.number, left, right - left + 1, deep)
            return
        if run.open:
            yield from self._open_cells(run, row, cell, deep) if box.left == run.first else ()
            return
        for name in run.names:
            places = [at for at, (c, n) in enumerate(self.columns) if n == name and box.left <= c <= box.right]
            text = _named(cell.text, run.group, name)
            yield PrintedCell(text, cell.look, cell.cell, row.number, places[0], len(places), deep)

    def _open_cells(self, run: Run, row: TemplateRow, cell: TemplateCell, deep: int) -> Iterable[PrintedCell]:
        """One cell for each open column: its heading, its value or what its total says."""
        for at, name in enumerate(run.names, self.before(run.first)):
            column = self.opened[name]
            text, look = cell.text, cell.look
            if row.kind == BODY:
                text, look = column.text, arranged(look, column.look)
            elif row.kind in {SUBTOTAL, TOTAL}:
                total = f"{{{column.data.total}}}" if column.data.total else ""
                text, look = text.replace(f"{{{TOTALLED}}}", total), arranged(look, column.total_look)
            else:
                text = text.replace(f"{{{COLUMNS}}}", column.data.heading)
            yield PrintedCell(text, look, cell.cell, row.number, at, 1, deep)


def is_open(sheet: TemplateSheet) -> bool:
    """Whether the template leaves columns open."""
    return any(VALUE in cell.fields for cell in sheet.row(BODY).cells)


def lay_out(sheet: TemplateSheet, groups: Mapping[str, tuple[str, ...]], opened: Sequence[OpenColumn] = ()) -> Layout:
    """The template's columns with every group in `groups`, and the open columns, written out."""
    named = {column.data.field: column for column in opened}
    wanted = {**groups, COLUMNS: tuple(named)} if named else groups
    runs = tuple(_run(sheet, group, names) for group, names in wanted.items() if _within(sheet.row(BODY), group))
    columns: list[tuple[int, str]] = []
    for source in range(len(sheet.widths)):
        run = next((run for run in runs if run.holds(source, source)), None)
        if run is None:
            columns.append((source, ""))
        elif source == run.first:
            sources = range(run.first, run.first + 1 if run.open else run.last + 1)
            columns.extend((column, name) for name in run.names for column in sources)
    return Layout(sheet, runs, tuple(columns), named)


def _within(body: TemplateRow, group: str) -> list[int]:
    return [at for at, cell in enumerate(body.cells) if any(field.startswith(f"{group}.") for field in cell.fields)]


def _run(sheet: TemplateSheet, group: str, names: tuple[str, ...]) -> Run:
    body = sheet.row(BODY)
    within = _within(body, group)
    if within != list(range(within[0], within[-1] + 1)):
        raise sheet.broken(body.cells[within[0]].cell, f"“{group}”的各栏必须挨在一起")
    headers = [row for row in sheet.rows if row.kind == HEADER]
    naming = (row.number for row in headers if _naming(row.cells[within[0] : within[-1] + 1], group))
    named_in = next(naming, headers[0].number if headers else 0)
    return Run(group, within[0], within[-1], names, named_in, open=group == COLUMNS)


def _naming(cells: Sequence[TemplateCell], group: str) -> bool:
    return any(group in cell.fields for cell in cells)


def _repeats(row: TemplateRow, run: Run) -> bool:
    return row.kind in LINES or (row.kind == HEADER and row.number >= run.named_in)


def _named(text: str, group: str, name: str) -> str:
    """`{手续}` becomes the name itself, `{手续.办理进展|着色}` the field of that name."""

    def one(match: re.Match[str]) -> str:
        inside = match[1].strip()
        if inside == group:
            return name
        return f"{{{name}{inside[len(group) :]}}}" if inside.startswith(f"{group}.") else match[0]

    return PLACEHOLDER.sub(one, text)
