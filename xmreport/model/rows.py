"""The rows of a return as columns: so they are checked, sent between processes, written down and merged.

Whoever wants single rows gets them: `Rows` is a sequence of `Row`, each a view of its line.
"""

from __future__ import annotations

import json
import string
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any, Self

from msgspec import Struct

from xmreport.model.dates import PartialDate
from xmreport.model.dormant import Dormant
from xmreport.model.submission import Cell, Identity, Row, Unreadable
from xmreport.model.text import to_json

_LETTERS = string.ascii_letters + string.digits
"""How a line names one of its column's distinct cells."""
_REPEATED = {str, PartialDate, type(None)}
"""Kinds of which equal cells are the same cell: 1, 1.0 and 是 are not."""


class Block(Struct, frozen=True):
    """Lines of one sheet that name the same fields, in columns of the same length."""

    sheet: str
    numbers: Sequence[int]
    columns: Mapping[str, Sequence[Cell]]
    originals: Mapping[int, Mapping[str, str]]
    """Place in the block → field → the text of what was normalised."""

    def rows(self) -> Iterator[Row]:
        nothing: Mapping[str, str] = {}
        for at, number in enumerate(self.numbers):
            yield Row(self.sheet, number, LineView(self.columns, at), self.originals.get(at, nothing))


class Rows(Dormant[Row]):
    """A return's rows in their order. Between processes and in the ledger they are one text, read when asked for."""

    def __init__(self, blocks: Iterable[Block], identities: Sequence[Identity] = ()) -> None:
        self.__dict__["blocks"] = tuple(blocks)
        self.identities = identities
        """The keys of each row's project, where they were worked out already; else empty."""

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Rows:
        """Any rows in this way."""
        return rows if isinstance(rows, Rows) else cls(_blocks(rows))

    @classmethod
    def parse(cls, text: str, identities: Sequence[Identity] = ()) -> Self:
        """The inverse of `text`."""
        rows = cls.__new__(cls)
        rows.__dict__["text"] = text
        rows.identities = identities
        return rows

    @cached_property
    def text(self) -> str:
        """JSON: the blocks, a column that repeats itself as its distinct cells and their places."""
        return to_json([_as_object(block) for block in self.blocks], _tagged)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(map(_block, json.loads(self.text)))

    def column(self, name: str) -> Sequence[Cell]:
        """The cells of a field, None where a row has no such field."""
        columns = [block.columns.get(name) or [None] * len(block.numbers) for block in self.blocks]
        return columns[0] if len(columns) == 1 else list(chain.from_iterable(columns))

    def __reduce__(self) -> tuple[object, ...]:
        return _parse, (self.text, len(self), *zip(*self.identities, strict=True))

    @cached_property
    def _items(self) -> tuple[Row, ...]:
        return tuple(chain.from_iterable(block.rows() for block in self.blocks))

    @cached_property
    def _count(self) -> int:
        return sum(len(block.numbers) for block in self.blocks)

    def __len__(self) -> int:
        return self._count


class LineView(Mapping[str, Cell]):
    """One line of columns: a cell is taken when it is asked for."""

    __slots__ = ("_at", "_columns")

    def __init__(self, columns: Mapping[str, Sequence[Cell]], at: int) -> None:
        self._columns, self._at = columns, at

    def __getitem__(self, name: str) -> Cell:
        return self._columns[name][self._at]

    def get(self, name: str, default: Any = None) -> Any:
        cells = self._columns.get(name)
        return default if cells is None else cells[self._at]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        return repr(dict(self))


def _parse(text: str, count: int, *keys: Sequence[str | None]) -> Rows:
    rows = Rows.parse(text, list(map(Identity, *keys)) if keys else ())
    rows.__dict__["_count"] = count
    return rows


def _blocks(rows: Iterable[Row]) -> Iterator[Block]:
    """Rows that follow each other on one sheet and name the same fields, together."""
    names: tuple[str, ...] = ()
    block: Block | None = None
    columns: dict[str, list[Cell]] = {}
    for row in rows:
        if block is None or (block.sheet, names) != (row.sheet, tuple(row.values)):
            if block is not None:
                yield block
            names = tuple(row.values)
            columns = {name: [] for name in names}
            block = Block(row.sheet, [], columns, {})
        if row.originals:
            block.originals[len(block.numbers)] = row.originals  # type: ignore[index]
        block.numbers.append(row.row)  # type: ignore[attr-defined]
        for name, cell in row.values.items():
            columns[name].append(cell)
    if block is not None:
        yield block


def _as_object(block: Block) -> dict[str, Any]:
    return {
        "sheet": block.sheet,
        "rows": list(block.numbers),
        "fields": list(block.columns),
        "columns": [_packed(cells) for cells in block.columns.values()],
        "originals": [[at, name, text] for at, texts in block.originals.items() for name, text in texts.items()],
    }


def _block(told: Mapping[str, Any]) -> Block:
    originals: dict[int, dict[str, str]] = {}
    for at, name, text in told["originals"]:
        originals.setdefault(at, {})[name] = text
    columns = dict(zip(map(sys.intern, told["fields"]), map(_unpacked, told["columns"]), strict=True))
    return Block(told["sheet"], told["rows"], columns, originals)


def _packed(cells: Sequence[Cell]) -> Any:
    """A column as JSON: texts and dates that repeat themselves are written once, and each line names its own."""
    kinds = set(map(type, cells))
    if not _REPEATED.issuperset(kinds):
        return cells
    distinct: Sequence[Any] = list(dict.fromkeys(cells))
    places = dict(zip(distinct, _LETTERS, strict=False))
    told: dict[str, Any] = {}
    if len(distinct) <= len(_LETTERS) and 2 * len(distinct) <= len(cells):
        told["at"] = "".join(map(places.__getitem__, cells))
    else:
        distinct = cells
    if str not in kinds and PartialDate in kinds:
        return {"dates": [date and _date_text(date) for date in distinct], **told}
    return {"of": distinct, **told} if told else cells


def _unpacked(column: Any) -> Sequence[Cell]:
    if column.__class__ is not dict:
        return _cells(column)
    if "dates" in column:
        distinct = [text and PartialDate.parse(text) for text in column["dates"]]
    else:
        distinct = [sys.intern(cell) if cell.__class__ is str else cell for cell in _cells(column["of"])]
    if "at" not in column:
        return distinct
    places = dict(zip(_LETTERS, distinct, strict=False))
    return list(map(places.__getitem__, column["at"]))


def _cells(values: list[Any]) -> list[Cell]:
    """What JSON has no word for stands in it as a list (a date) or an object (a cell that could not be read)."""
    kinds = set(map(type, values))
    if list not in kinds and dict not in kinds:
        return values
    return [
        PartialDate(*value) if value.__class__ is list else Unreadable() if value.__class__ is dict else value
        for value in values
    ]


@lru_cache(maxsize=16_384)
def _date_text(date: PartialDate) -> str:
    return str(date)


def _tagged(value: object) -> dict[str, Any]:
    if isinstance(value, Unreadable):
        return {"unreadable": True}
    raise TypeError(f"no cell holds a {type(value).__name__}")
