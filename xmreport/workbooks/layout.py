"""A template's columns as they are printed: its repeated columns written out for each name of a group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xmreport.model.grid import Box
from xmreport.workbooks.looks import Look
from xmreport.workbooks.template import (
    BODY,
    HEADER,
    LINES,
    PLACEHOLDER,
    TemplateCell,
    TemplateRow,
    TemplateSheet,
    whole,
)


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring columns that repeat for every name of a group."""

    group: str
    first: int
    last: int
    names: tuple[str, ...]
    named_in: int
    """The header row that names the group: what stands above it spans all its columns, the rest repeats."""

    def holds(self, first: int, last: int) -> bool:
        return self.first <= first and last <= self.last


@dataclass(frozen=True, slots=True)
class PrintedCell:
    """A cell of the template where it is printed, with the columns and rows it covers. Columns count from 0."""

    text: str
    look: Look
    cell: str
    row: int
    """The template's row."""
    column: int
    columns: int
    rows: int


@dataclass(frozen=True)
class Layout:
    """A template's sheet with its groups written out."""

    sheet: TemplateSheet
    runs: tuple[Run, ...]
    columns: tuple[tuple[int, str], ...]
    """What is printed: the template's column and the name it stands for ('' outside a group)."""

    @cached_property
    def widths(self) -> tuple[int, ...]:
        return tuple(self.sheet.widths[source] for source, _ in self.columns)

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

    def printed(self, row: TemplateRow) -> tuple[PrintedCell, ...]:
        """The cells of one row of the template where they are printed, merged cells once."""
        found: list[PrintedCell] = []
        for source, cell in enumerate(row.cells):
            box = self._box(row.number, source)
            if (box.top, box.left) == (row.number, source):
                found.extend(self._spread(row, cell, box))
        return tuple(found)

    def _left(self, source: int) -> int:
        """Where a block that begins with `source` begins; inside a group, in the middle one of its repetitions."""
        run = self._run_of(source)
        return self.before(source) if run is None or source == run.first else self._middle(run, source)

    def _right(self, source: int) -> int:
        """Where a block that ends with `source` ends: its right neighbour begins in the next column."""
        run = self._run_of(source)
        return self.before(source + 1) - 1 if run is None or source == run.last else self._middle(run, source)

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
        if run is None or not (_repeats(row, run) or (not cell.text and box.left == box.right)):
            left, right = self._left(box.left), self._right(box.right)
            if left <= right:
                yield PrintedCell(cell.text, cell.look, cell.cell, row.number, left, right - left + 1, deep)
            return
        for name in run.names:
            places = [at for at, (c, n) in enumerate(self.columns) if n == name and box.left <= c <= box.right]
            text = _named(cell.text, run.group, name)
            yield PrintedCell(text, cell.look, cell.cell, row.number, places[0], len(places), deep)


def lay_out(sheet: TemplateSheet, groups: Mapping[str, tuple[str, ...]]) -> Layout:
    """The template's columns with every group in `groups` written out."""
    runs = tuple(_run(sheet, group, names) for group, names in groups.items() if _within(sheet.row(BODY), group))
    columns: list[tuple[int, str]] = []
    for source in range(len(sheet.widths)):
        run = next((run for run in runs if run.holds(source, source)), None)
        if run is None:
            columns.append((source, ""))
        elif source == run.first:
            columns.extend((column, name) for name in run.names for column in range(run.first, run.last + 1))
    return Layout(sheet, runs, tuple(columns))


def _within(body: TemplateRow, group: str) -> list[int]:
    return [at for at, cell in enumerate(body.cells) if any(field.startswith(f"{group}.") for field in cell.fields)]


def _run(sheet: TemplateSheet, group: str, names: tuple[str, ...]) -> Run:
    body = sheet.row(BODY)
    within = _within(body, group)
    if within != list(range(within[0], within[-1] + 1)):
        raise sheet.broken(body.cells[within[0]].cell, f"“{group}”的各栏必须挨在一起")
    headers = [row for row in sheet.rows if row.kind == HEADER]
    naming = (row.number for row in headers if _naming(row.cells[within[0] : within[-1] + 1], group))
    return Run(group, within[0], within[-1], names, next(naming, headers[0].number if headers else 0))


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
