"""A table's 明细 lines column by column: what each cell holds, how it looks, and what stands for it when measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from xmreport.model.dates import PartialDate
from xmreport.workbooks.cells import FilledCell, Written, fitted_all, is_day, written
from xmreport.workbooks.draft import Draft
from xmreport.workbooks.figures import shown
from xmreport.workbooks.fitting.shapes import shape, shapes
from xmreport.workbooks.fitting.widths import Stripe
from xmreport.workbooks.formats.looks import Look
from xmreport.workbooks.formats.template import whole
from xmreport.workbooks.layout import PrintedCell


class Strip(Struct, frozen=True, dict=True):
    """One printed column of single cells. A key is what a cell is looked up by: its value, or where another field's
    word picks the number format, its value and that word.
    """

    draft: Draft
    cell: PrintedCell
    keys: Sequence[object]
    """What stands in each 明细 line."""

    @cached_property
    def named(self) -> bool:
        """Whether another field's word picks the number format."""
        held = whole(self.cell.text)
        return held is not None and held.by is not None

    @cached_property
    def coloured(self) -> bool:
        """Whether words decide how a cell looks."""
        held = whole(self.cell.text)
        return held is not None and held.coloured

    @cached_property
    def _looks(self) -> dict[object, Look]:
        return {}

    def taken(self, key: object) -> tuple[Written, Look]:
        """What is written for a key, and how it looks."""
        value, word = key if self.named and isinstance(key, tuple) else (key, None)
        content = written(value)
        # All that is of one kind, and in one colour, looks alike.
        kind: tuple[object, ...] = (type(content), word)
        if isinstance(content, str):
            kind += ("\n" in content, self.coloured and self.draft.colour(content))
        elif self.coloured:
            return content, self.draft.look(self.cell, content, word)
        if kind not in self._looks:
            self._looks[kind] = self.draft.look(self.cell, content, word)
        return content, self._looks[kind]

    def longer(self, letters: int) -> list[str]:
        """The texts of more letters than this, each as often as it stands there."""
        long = {key for key in dict.fromkeys(self.keys) if isinstance(key, str) and len(key) > letters}
        return [key for key in self.keys if key in long] if long else []

    def stripe(self, lines: Sequence[int] | None, rows: Sequence[int]) -> Stripe:
        """Some of its cells, all where `lines` is None, each as one that takes as much room.

        Args:
            lines: which 明细 lines.
            rows: the row of the sheet that each of them stands in.
        """
        keys = self.keys if lines is None else [self.keys[line] for line in lines]
        first = dict(zip(reversed(keys), reversed(rows), strict=True))
        measured: dict[tuple[Look, bool, str], FilledCell] = {}
        stands: dict[object, FilledCell] = {}
        distinct = dict.fromkeys(keys)
        for alike, outlines in self._outlined(distinct):
            firsts = dict(zip(reversed(outlines), reversed(alike), strict=True))
            entries = {outline: self._measured(key, outline, first[key], measured) for outline, key in firsts.items()}
            stands |= zip(alike, map(entries.__getitem__, outlines), strict=True)
        for key in distinct:
            if key not in stands:
                content, look = self.taken(key)
                stands[key] = self._measured(key, shape(shown(content, look.number_format)), first[key], measured)
        places = {id(entry): at for at, entry in enumerate(measured.values())}
        place_of = {key: places[id(entry)] for key, entry in stands.items()}
        return Stripe(self.cell.column, tuple(measured.values()), list(map(place_of.__getitem__, keys)))

    def _measured(
        self, key: object, outline: str, row: int, measured: dict[tuple[Look, bool, str], FilledCell]
    ) -> FilledCell:
        """The cell that stands for all of a look and an outline: this one, where there is none in `measured`."""
        content, look = self.taken(key)
        return measured.setdefault(
            (look, not isinstance(content, str), outline), FilledCell(row, self.cell.column, content, look)
        )

    def _outlined(self, keys: Iterable[object]) -> Iterator[tuple[Sequence[Any], Sequence[str]]]:
        """Keys that look alike, a kind at a time, and the shape of what each shows."""
        if self.named or self.coloured:
            return
        kinds: dict[type, list[Any]] = {}
        for key in keys:
            kinds.setdefault(type(key), []).append(key)
        texts = [text for text in kinds.get(str, ()) if text and (self.cell.look.wraps or "\n" not in text)]
        if texts:
            yield texts, shapes(fitted_all(texts))
        numbers = [number for kind in (int, float) for number in kinds.get(kind, ()) if math.isfinite(number)]
        if numbers:
            _, look = self.taken(numbers[0])
            yield numbers, shapes([shown(number, look.number_format) for number in numbers])
        days = [date for date in kinds.get(PartialDate, ()) if is_day(date)]
        if days:
            yield days, shapes(list(map(str, days)))
