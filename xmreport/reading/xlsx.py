"""An .xlsx: values by the fast reader, everything it hides from the XML, and proof that nothing was lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache, partial

from xmreport.model.grid import Book, Grid, Scalar, address
from xmreport.model.parts import Parts
from xmreport.reading import patient
from xmreport.reading.calamine import FastBook, check_count
from xmreport.reading.failure import ReadFailure
from xmreport.reading.formats import date_styles, in_percent
from xmreport.reading.package import Package, SheetPart
from xmreport.reading.plain import PlainFacts, plain_facts
from xmreport.reading.sheet import COLUMNS, SheetFacts, survey
from xmreport.reading.stored import stored
from xmreport.reading.values import rows_of

Rows = tuple[tuple[Scalar, ...], ...]

LARGEST_AREA = 10_000_000
"""Cells of the boxes that values span: the fast reader makes room for every one of them."""


def read_xlsx(data: bytes, most: int, inflated: Parts | None = None) -> Book:
    """The book, proven to hold every value that its XML holds."""
    with Package(data, inflated) as package:
        parts = package.worksheets()
        check_count(len(parts))
        if len({part.name for part in parts}) < len(parts):
            raise ReadFailure("工作表的目录前后不一致")
        plain = None if inflated is None else _plain(inflated, package, parts, most)
        grids = plain or _walked(data, package, parts, most)
        return Book("xlsx", tuple(grids), knows_faults=True, mark=package.mark(), mode_1904=package.mode_1904())


def _plain(inflated: Parts, package: Package, parts: Sequence[SheetPart], most: int) -> list[Grid] | None:
    """The sheets of a workbook without anything that the fast reader hides; None where they have to be walked."""
    plain = {name.casefold(): cells for name, cells in inflated.plain.items()}
    found: list[PlainFacts] = []
    for part in parts:
        sheet, cells = package.get(part.part), plain.get(part.part.casefold())
        facts = None if sheet is None or cells is None else plain_facts(sheet, cells)
        if facts is None:
            return None
        found.append(facts)
    styles = package.cell_styles()
    percents = styles.percent and _with_styles(styles.percent)
    if percents and any(percents.search(package.get(part.part) or b"") for part in parts):
        return None
    if sum(facts.values for facts in found) > most or styles.struck:
        return None
    try:
        # Pictures and the like are not for it.
        xml = {name: part for name, part in inflated.content.items() if name.lower().endswith((".xml", ".rels"))}
        fast = FastBook(stored(xml))
        tables = [rows_of(fast.rows(part.name)) for part in parts]
    except ReadFailure:
        return None
    if not all(facts.holds(rows) for facts, rows in zip(found, tables, strict=True)):
        return None
    return [
        Grid(part.name, rows, facts.boxes(rows), part.hidden)
        for part, facts, rows in zip(parts, found, tables, strict=True)
    ]


def _walked(data: bytes, package: Package, parts: tuple[SheetPart, ...], most: int) -> list[Grid]:
    """The sheets, each walked through first."""
    # Measured before the fast reader sees a single sheet: it makes room for the whole box, and dies of a lie.
    facts = _facts(package, parts, most)
    try:
        tables = _fast(data, package, parts, facts)
    except ReadFailure:
        tables = _patient(package, parts, facts, most)
    return [_grid(part, each, rows) for part, each, rows in zip(parts, facts, tables, strict=True)]


def _fast(data: bytes, package: Package, parts: Sequence[SheetPart], facts: Sequence[SheetFacts]) -> list[Rows]:
    """The sheets' rows by the fast reader, where it reads them all."""
    fast = FastBook(data)
    if not {part.name for part in parts} <= {sheet.name for sheet in fast.sheets}:
        raise ReadFailure("工作表的目录前后不一致")
    tables: list[Rows] = []
    for part, each in zip(parts, facts, strict=True):
        rows = rows_of(fast.rows(part.name))
        _prove(package, part.name, each, rows)
        tables.append(rows)
    return tables


def _patient(package: Package, parts: Sequence[SheetPart], facts: Sequence[SheetFacts], most: int) -> list[Rows]:
    """The same from the XML, for a workbook that the fast reader refuses or of which it lost something."""
    strings, dates = patient.shared_strings(package.strings()), date_styles(package.styles())
    meaning = patient.Meaning(strings, dates, mode_1904=package.mode_1904())
    tables: list[Rows] = []
    for part, each in zip(parts, facts, strict=True):
        rows = patient.values(package.pieces(part.part), most, meaning)
        _prove(package, part.name, each, rows)
        tables.append(rows)
    return tables


def _facts(package: Package, parts: tuple[SheetPart, ...], most: int) -> list[SheetFacts]:
    styles = package.cell_styles()
    facts: list[SheetFacts] = []
    cells = area = 0
    for part in parts:
        if part.part not in package:
            raise ReadFailure(f"工作表“{part.name}”的内容不在文件里")
        each = survey(partial(package.pieces, part.part), styles, most - cells)
        if len(set(each.positions)) < len(each.positions):
            raise ReadFailure(f"工作表“{part.name}”中有单元格写了两次")
        cells += len(each.positions)
        area += each.bottom * each.right
        if area > LARGEST_AREA:
            raise ReadFailure("有值的单元格相隔过远", "F05")
        facts.append(each)
    return facts


def _grid(part: SheetPart, facts: SheetFacts, rows: Rows) -> Grid:
    return Grid(
        sheet=part.name,
        rows=_shown(rows, facts.percents),
        merges=facts.merges,
        hidden=part.hidden,
        hidden_rows=facts.hidden_rows,
        hidden_columns=facts.hidden_columns,
        struck_rows=facts.struck_rows,
        faults=facts.faults,
    )


def _shown(rows: Rows, percents: Sequence[tuple[int, int]]) -> Rows:
    """The rows with percentages as their cells show them: a clerk who typed 6.5% finds 6.5%, not 0.065."""
    if not percents:
        return rows
    changed = [list(row) for row in rows]
    for row, column in percents:
        cell = rows[row - 1][column - 1] if row <= len(rows) and column <= len(rows[row - 1]) else None
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            changed[row - 1][column - 1] = in_percent(cell)
    return tuple(map(tuple, changed))


@lru_cache(64)
def _with_styles(styles: frozenset[str]) -> re.Pattern[bytes]:
    """What a cell of one of these styles begins with."""
    listed = b"|".join(style.encode() for style in sorted(styles))
    return re.compile(rb"<c [^>]*\bs=[\"'](?:%s)[\"']" % listed)


def _prove(package: Package, name: str, facts: SheetFacts, rows: Rows) -> None:
    """Every cell that holds a value in the XML has one in the rows; else something was lost in silence."""
    blanks: frozenset[int] | None = None
    for position, string in zip(facts.positions, facts.strings, strict=True):
        row, column = divmod(position, COLUMNS)
        if row <= len(rows) and column < len(rows[row - 1]) and rows[row - 1][column] is not None:
            continue
        if blanks is None:
            blanks = package.blank_strings()
        if string not in blanks:
            raise ReadFailure(f"工作表“{name}”中 {address(row, column + 1)} 的内容读不出来")
