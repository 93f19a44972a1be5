"""The rows of a table's lines as they stand in the file, made as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

from msgspec.structs import replace

from xmreport.model.grid import column_letters
from xmreport.workbooks.fitting.paper import divided
from xmreport.workbooks.formats.template import BODY, PLACEHOLDER
from xmreport.workbooks.layout import PrintedCell
from xmreport.workbooks.streamed.body import Body
from xmreport.workbooks.streamed.cellkinds import CellKinds, Column
from xmreport.workbooks.streamed.stream import StreamedSheet

_BLOCK = 1_000
"""Lines whose cells are made together."""


class _Piece(NamedTuple):
    """A single cell, or a block of them, of a line between the 明细 lines."""

    first: int
    last: int
    texts: Sequence[str]
    """Each cell's mark-up."""
    need: float


def rows(body: Body, kinds: CellKinds, sheet: StreamedSheet) -> Iterator[tuple[float, str]]:
    """Every line: its height in points, and how it stands in the file."""
    table = body.table
    between = _Between(body, kinds, sheet)
    details = _details(body, kinds)
    first = f'><c r="{_letters(body.strips[0].cell)}'
    for at, number in enumerate(range(body.draft.top + 1, body.draft.below + 1)):
        if at in table.between:
            yield between.row(at, number)
        else:
            height, cells = next(details)
            place = f'{number}"'
            yield height, f'<row r="{place}{_height(height)}{first}{place}{place.join(cells)}'


def _details(body: Body, kinds: CellKinds) -> Iterator[tuple[float, tuple[str, ...]]]:
    """Each 明细 line: its height, and its cells, each with what stands before the row number of the next address."""
    least = body.draft.layout.sheet.row(BODY).height
    behind = [*(f'<c r="{_letters(strip.cell)}' for strip in body.strips[1:]), "</row>"]
    columns = [Column(kinds, strip, least, after) for strip, after in zip(body.strips, behind, strict=True)]
    for start in range(0, body.table.height, _BLOCK):
        blocks = [strip.keys[start : start + _BLOCK] for strip in body.strips]
        for column, block in zip(columns, blocks, strict=True):
            column.prepare(block)
        made = zip(columns, blocks, strict=True)
        cells = zip(*(map(column.made.__getitem__, block) for column, block in made), strict=True)
        tall = [(column, block) for column, block in zip(columns, blocks, strict=True) if column.needs]
        needs = [map(column.needs.get, block, repeat(least)) for column, block in tall]
        yield from zip(map(max, repeat(least), *needs) if needs else repeat(least), cells, strict=False)


class _Between:
    """Lines of other kinds, such as a 小计."""

    def __init__(self, body: Body, kinds: CellKinds, sheet: StreamedSheet) -> None:
        self._body = body
        self._kinds = kinds
        self._sheet = sheet
        self._same: dict[tuple[str, int], list[_Piece]] = {}
        """What says the same in every line of its kind."""

    def row(self, at: int, number: int) -> tuple[float, str]:
        line, draft = self._body.table.between[at], self._body.draft
        height, parts = draft.layout.sheet.row(line.kind).height, []
        for cell in draft.printed[line.kind]:
            for piece in self._pieces(at, line.kind, cell):
                height = max(height, piece.need)
                columns = range(piece.first, piece.last + 1)
                letters = map(column_letters, (column + 1 for column in columns))
                parts += [f'<c r="{each}{number}"{text}' for each, text in zip(letters, piece.texts, strict=True)]
                if piece.last > piece.first:
                    self._sheet.join(number - 1, piece.first, piece.last)
        return height, f'<row r="{number}"{_height(height)}>{"".join(parts)}</row>'

    def _pieces(self, at: int, kind: str, cell: PrintedCell) -> list[_Piece]:
        if PLACEHOLDER.search(cell.text):
            return list(self._made(at, cell))
        key = kind, cell.column
        if key not in self._same:
            self._same[key] = list(self._made(at, cell))
        return self._same[key]

    def _made(self, at: int, cell: PrintedCell) -> Iterator[_Piece]:
        body, kinds = self._body, self._kinds
        entry = body.draft.entry(at, body.table.between[at], cell, body.others)
        for each in divided([entry], kinds.fit.breaks, body.draft.headers):
            text, need = kinds.single(each)
            beside = kinds.single(replace(each, content=None))[0] if each.columns > 1 else ""
            texts = [text, *[beside] * (each.columns - 1)]
            yield _Piece(each.column, each.column + each.columns - 1, texts, need)


def _letters(cell: PrintedCell) -> str:
    return column_letters(cell.column + 1)


@lru_cache(maxsize=1_024)
def _height(points: float) -> str:
    """A row's height as it stands in the file, in whole pixels."""
    pixels = int(points * 4 / 3 + 0.5)
    return f' ht="{pixels * 0.75:.16g}" customHeight="1"' if pixels else ""
