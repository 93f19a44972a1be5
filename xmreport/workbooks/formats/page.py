"""The paper a template is set up for: size, margins, header and footer, what repeats, what is frozen."""

from __future__ import annotations

import re

from msgspec import Struct

from xmreport.workbooks.formats.stencil import StencilSheet, place_of, says_yes

_PAPERS = {8: (297.0, 420.0), 9: (210.0, 297.0), 11: (148.0, 210.0), 12: (257.0, 364.0), 13: (182.0, 257.0)}
"""Excel's number of a paper → millimetres upright: A3, A4, A5, B4, B5."""
A3, A4 = 8, 9
_MARGINS = {"left": 0.75, "right": 0.75, "top": 1.0, "bottom": 1.0, "header": 0.5, "footer": 0.5}
"""Inches where a sheet does not say."""
_SIDES = re.compile(r"(?:&L(.+?))?(?:&C(.+?))?(?:&R(.+?))?$", re.DOTALL)
_FONT = re.compile(r'&"(.+)"|&K[A-F0-9]{6}|&(\d+\s?)')
"""Font and size in a part of a header; its colour is left out."""
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_POINTS_PER_MM = 72 / 25.4


class Page(Struct, frozen=True):
    """Counts are of template rows and of printed columns (column A left out)."""

    paper: int
    landscape: bool
    margins: tuple[float, float, float, float, float, float]
    """Inches: left, right, top, bottom, header, footer."""
    centred: bool
    header: str
    footer: str
    frozen_rows: int
    frozen_columns: int
    repeated_rows: tuple[int, int] | None
    """First and last template row that repeat on every page."""
    repeated_columns: int
    gridlines: bool
    zoom: int
    breaks: frozenset[int]
    """Template rows behind which a sheet divides, should it be longer than a page."""

    @property
    def printable(self) -> tuple[float, float]:
        """Points across and down that a page leaves between its margins."""
        short, long = _PAPERS.get(self.paper, _PAPERS[A4])
        across, down = (long, short) if self.landscape else (short, long)
        left, right, top, bottom = (inches * 72 for inches in self.margins[:4])
        return across * _POINTS_PER_MM - left - right, down * _POINTS_PER_MM - top - bottom


def read_page(sheet: StencilSheet) -> Page:
    """How the template's sheet is set up for printing."""
    setup, margins, view = (sheet.part(path) for path in ("pageSetup", "pageMargins", "sheetViews/sheetView"))
    frozen_row, frozen_column = _frozen(sheet)
    left, right, top, bottom, header, footer = (float(margins.get(name, usual)) for name, usual in _MARGINS.items())
    return Page(
        paper=int(setup.get("paperSize", A4)) or A4,
        landscape=setup.get("orientation") == "landscape",
        margins=(left, right, top, bottom, header, footer),
        centred=says_yes(sheet.part("printOptions"), "horizontalCentered"),
        header=_codes(sheet.part("headerFooter/oddHeader").text),
        footer=_codes(sheet.part("headerFooter/oddFooter").text),
        frozen_rows=frozen_row,
        frozen_columns=frozen_column,
        repeated_rows=_rows(sheet.repeated),
        repeated_columns=_columns(sheet.repeated),
        gridlines=says_yes(view, "showGridLines", "1"),
        zoom=int(view.get("zoomScale", 100)) or 100,
        breaks=frozenset(int(each.get("id", 0)) for each in sheet.part("rowBreaks")),
    )


def _frozen(sheet: StencilSheet) -> tuple[int, int]:
    corner = sheet.part("sheetViews/sheetView/pane").get("topLeftCell")
    if not corner:
        return 0, 0
    row, column = place_of(corner)
    return row - 1, max(column - 2, 0)


def _rows(repeated: str) -> tuple[int, int] | None:
    found = re.search(r"!\$?(\d+):\$?(\d+)", repeated)
    return (int(found[1]), int(found[2])) if found else None


def _columns(repeated: str) -> int:
    found = re.search(r"!\$?[A-Z]+:\$?([A-Z]+)", repeated)
    return max(place_of(f"{found[1]}1")[1] - 1, 0) if found else 0


def _codes(said: str | None) -> str:
    """The codes of a header or footer in the order in which Excel writes them."""
    sides = _SIDES.match(_ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), said or ""))
    whole = ""
    for letter, words in zip("LCR", sides.groups() if sides else (), strict=False):
        text = _FONT.sub("", words or "")
        if text:
            fonts, sizes = ([each[at] for each in _FONT.findall(words) if each[at]] for at in (0, 1))
            font = f'&"{fonts[-1]}"' if fonts else ""
            size = f"&{int(sizes[-1])}" if sizes else ""
            gap = " " if size and text[0].isdigit() else ""
            whole += f"&{letter}{font}{size}{gap}{text}"
    return whole
