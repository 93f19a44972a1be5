"""The cells of a streamed sheet, each kind of them made once: its mark-up, and the height it needs."""

from __future__ import annotations

from collections.abc import Iterable

from xmreport.model.sheets import Content
from xmreport.workbooks.draft import Draft
from xmreport.workbooks.entries import Entry, Written, written
from xmreport.workbooks.layout import PrintedCell
from xmreport.workbooks.looks import Look
from xmreport.workbooks.markup import markup
from xmreport.workbooks.measure import fewest_letters, one_line
from xmreport.workbooks.paper import Fit, settled
from xmreport.workbooks.pen import ACTIVE, Formats
from xmreport.workbooks.stream import StreamedSheet
from xmreport.workbooks.template import whole
from xmreport.workbooks.widths import TALLEST

Made = tuple[str, float]
"""A cell's mark-up and the points it needs."""
_REMEMBERED = 20_000
"""Cells of a column that are kept ready for the next line that says the same."""


class CellKinds:
    """How the cells of one sheet look and how tall they are, once its columns are as wide as they will be."""

    def __init__(self, draft: Draft, sheet: StreamedSheet, formats: Formats, fit: Fit) -> None:
        self.draft = draft
        self.sheet = sheet
        self.fit = fit
        self._formats = formats
        self._styles: dict[Look, int] = {}

    def single(self, entry: Entry) -> Made:
        """One cell."""
        found, need = settled(entry, self.fit.widths, self.fit.smallest)
        return markup(found.content, self._style(found.look, found.content), self.sheet._convert_date_time), need  # noqa: SLF001

    def made(self, entry: Entry) -> Made:
        """One cell of a line. What does not wrap is as tall as its look."""
        look = entry.look
        if entry.content is None or (isinstance(entry.content, str) and look.wraps) or look.get("rotation"):
            return self.single(entry)
        return markup(entry.content, self._style(look, entry.content), self.sheet._convert_date_time), one_line(look)  # noqa: SLF001

    def column(self, cell: PrintedCell) -> Column:
        return Column(self, cell)

    def overfull(self, cell: PrintedCell, values: Iterable[Content]) -> int:
        """How many texts of a column no row can show whole."""
        if not cell.look.wraps or not self.fit.widths[cell.column]:
            return 0
        few = fewest_letters(cell.look, self.fit.widths[cell.column], TALLEST)
        texts = (value for value in values if isinstance(value, str) and len(value) > few)
        entries = (Entry(0, cell.column, written(text), self.draft.look(cell, text, None)) for text in texts)
        return sum(settled(entry, self.fit.widths, self.fit.smallest)[1] > TALLEST for entry in entries)

    def _style(self, look: Look, content: Written) -> int:
        if isinstance(content, str) and content.startswith(ACTIVE):
            look = look.changed(quote_prefix=True)
        if look not in self._styles:
            self._styles[look] = self._formats.of(look)._get_xf_index()  # noqa: SLF001 - what xlsxwriter itself asks
        return self._styles[look]


class Column(dict[object, Made]):
    """A column's cells by what they hold; with the word that picks the number format, where another field has it."""

    def __init__(self, kinds: CellKinds, cell: PrintedCell) -> None:
        super().__init__()
        self._kinds = kinds
        self._cell = cell
        held = whole(cell.text)
        self._named = held is not None and held.by is not None
        self._coloured = held is not None and held.coloured
        self._looks: dict[object, Look] = {}

    def __missing__(self, key: object) -> Made:
        value, named = key if self._named and isinstance(key, tuple) else (key, None)
        content = written(value)
        look = self._look(content, named)
        found = self._kinds.made(Entry(0, self._cell.column, content, look))
        if len(self) < _REMEMBERED:
            self[key] = found
        return found

    def _look(self, content: Written, named: str | None) -> Look:
        """Where words are not coloured, all that is of one kind looks alike."""
        draft = self._kinds.draft
        if self._coloured:
            return draft.look(self._cell, content, named)
        kind = (type(content), named, isinstance(content, str) and "\n" in content)
        if kind not in self._looks:
            self._looks[kind] = draft.look(self._cell, content, named)
        return self._looks[kind]
