"""Cells as they stand in a streamed sheet, each kind of them made once: their mark-up, and the height they need."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from xmreport.model.dates import PartialDate
from xmreport.workbooks.cells import LONGEST, FilledCell, Written, fitted_all, is_day, written
from xmreport.workbooks.fitting.measure import fewest_letters, height_needed, one_line
from xmreport.workbooks.fitting.paper import Fit, settled
from xmreport.workbooks.fitting.shapes import shapes
from xmreport.workbooks.fitting.widths import TALLEST
from xmreport.workbooks.formats.looks import Look
from xmreport.workbooks.pen import ACTIVE, Formats
from xmreport.workbooks.streamed.markup import markup
from xmreport.workbooks.streamed.strips import Strip

Made = tuple[str, float]
"""A cell's mark-up and the points it needs."""
_REMEMBERED = 5_000
"""Cells of a column that are kept ready for the next line that says the same."""
_UNUSUAL = re.compile("^[=+@\\s-]|\\s$|[\0-\x1f&<>\ud800-\udfff\ufffe\uffff]|_x")
"""Text that does not stand in the file as it is, or looks otherwise than its column."""


class CellKinds:
    """How the cells of one sheet look and how tall they are, once its columns are as wide as they will be."""

    def __init__(self, formats: Formats, fit: Fit) -> None:
        self.fit = fit
        self._formats = formats
        self._styles: dict[Look, int] = {}

    def single(self, entry: FilledCell) -> Made:
        """One cell."""
        found, need = settled(entry, self.fit.widths, self.fit.smallest)
        return markup(found.content, self.style(found.look, found.content)), need

    def of_line(self, entry: FilledCell) -> Made:
        """One cell of a 明细 line. What does not wrap is as tall as its look."""
        look = entry.look
        if entry.content is None or (isinstance(entry.content, str) and look.wraps) or look.get("rotation"):
            return self.single(entry)
        return markup(entry.content, self.style(look, entry.content)), one_line(look)

    def style(self, look: Look, content: Written = None) -> int:
        if isinstance(content, str) and content.startswith(ACTIVE):
            look = look.changed(quote_prefix=True)
        if look not in self._styles:
            self._styles[look] = self._formats.of(look)._get_xf_index()  # noqa: SLF001 - what xlsxwriter itself asks
        return self._styles[look]

    def overfull(self, strip: Strip) -> int:
        """How many texts of a column no row can show whole."""
        cell, fit = strip.cell, self.fit
        if not cell.look.wraps or not fit.widths[cell.column]:
            return 0
        few = fewest_letters(cell.look, fit.widths[cell.column], TALLEST)
        outlines = Counter(shapes(fitted_all(strip.longer(few))))
        entries = ((FilledCell(0, cell.column, outline, cell.look), count) for outline, count in outlines.items())
        return sum(count for entry, count in entries if settled(entry, fit.widths, fit.smallest)[1] > TALLEST)


class Column:
    """A strip's cells, ready for the next lines.

    Args:
        kinds: the cells of its sheet.
        strip: the column.
        least: points that its rows have anyway.
        behind: what stands in the file behind each of its cells.
    """

    def __init__(self, kinds: CellKinds, strip: Strip, least: float, behind: str) -> None:
        self.made: dict[object, str] = {}
        """A key and its cell as it stands in the file, behind its address."""
        self.needs: dict[object, float] = {}
        """Keys whose cells need more than the least, and how much."""
        self._kinds = kinds
        self._strip = strip
        self._least = least
        self._behind = behind
        plain = not strip.named and not strip.coloured and not strip.cell.look.get("rotation")
        makers: dict[type, Callable[[list[Any]], None]] = {
            str: self._texts,
            float: self._numbers,
            int: self._numbers,
            PartialDate: self._dates,
        }
        self._by_type = makers if plain else {}
        self._outlines: dict[str, float] = {}

    def prepare(self, keys: Sequence[object]) -> None:
        """Have the cells of some lines ready."""
        if len(self.made) > _REMEMBERED:
            self.made.clear()
            self.needs.clear()
        new = [key for key in dict.fromkeys(keys) if key not in self.made]
        for kind in dict.fromkeys(map(type, new)):
            self._by_type.get(kind, self._singly)([key for key in new if type(key) is kind])

    def _singly(self, keys: Iterable[object]) -> None:
        for key in keys:
            content, look = self._strip.taken(key)
            text, need = self._kinds.of_line(FilledCell(0, self._strip.cell.column, content, look))
            self.made[key] = text + self._behind
            if need > self._least:
                self.needs[key] = need

    def _numbers(self, numbers: list[int | float]) -> None:
        if not all(map(math.isfinite, numbers)):
            self._singly(numbers)
            return
        _, look = self._strip.taken(numbers[0])
        start, end = f' s="{self._kinds.style(look)}"><v>', f"</v></c>{self._behind}"
        self.made.update(zip(numbers, [f"{start}{number:.16G}{end}" for number in numbers], strict=True))
        if one_line(look) > self._least:
            self.needs.update(dict.fromkeys(numbers, one_line(look)))

    def _dates(self, dates: list[PartialDate]) -> None:
        days = list(filter(is_day, dates))
        if days:
            _, look = self._strip.taken(days[0])
            style = self._kinds.style(look)
            self.made.update((day, markup(written(day), style) + self._behind) for day in days)
            if one_line(look) > self._least:
                self.needs.update(dict.fromkeys(days, one_line(look)))
        self._singly(date for date in dates if not is_day(date))

    def _texts(self, texts: list[str]) -> None:
        usual = [text for text in texts if not _UNUSUAL.search(text) and 0 < len(text) <= LONGEST // 2]
        if usual:
            _, look = self._strip.taken(usual[0])
            needs = self._measured(usual, look)
            tall = [text for text, need in zip(usual, needs, strict=True) if need > TALLEST]
            start, end = f' s="{self._kinds.style(look)}" t="inlineStr"><is><t>', f"</t></is></c>{self._behind}"
            self.made.update(zip(usual, [f"{start}{text}{end}" for text in usual], strict=True))
            self.needs.update((text, need) for text, need in zip(usual, needs, strict=True) if need > self._least)
            self._singly(tall)
        if len(usual) < len(texts):
            self._singly(text for text in texts if text not in self.made)

    def _measured(self, texts: Sequence[str], look: Look) -> Sequence[float]:
        """The points that each text needs."""
        if not look.wraps:
            return [one_line(look)] * len(texts)
        outlines = shapes(texts)
        for outline in set(outlines).difference(self._outlines):
            entry = FilledCell(0, self._strip.cell.column, outline, look)
            self._outlines[outline] = height_needed(entry, self._kinds.fit.widths)
        return [self._outlines[outline] for outline in outlines]
