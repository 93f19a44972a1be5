"""The paper a template is set up for: size, margins, header and footer, what repeats, what is frozen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from openpyxl.utils import column_index_from_string
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.worksheet import Worksheet

_PAPERS = {8: (297.0, 420.0), 9: (210.0, 297.0), 11: (148.0, 210.0), 12: (257.0, 364.0), 13: (182.0, 257.0)}
"""Excel's number of a paper → millimetres upright: A3, A4, A5, B4, B5."""
A3, A4 = 8, 9
_POINTS_PER_MM = 72 / 25.4


@dataclass(frozen=True, slots=True)
class Page:
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

    @property
    def printable(self) -> tuple[float, float]:
        """Points across and down that a page leaves between its margins."""
        short, long = _PAPERS.get(self.paper, _PAPERS[A4])
        across, down = (long, short) if self.landscape else (short, long)
        left, right, top, bottom = (inches * 72 for inches in self.margins[:4])
        return across * _POINTS_PER_MM - left - right, down * _POINTS_PER_MM - top - bottom


def read_page(sheet: Worksheet) -> Page:
    """How the template's sheet is set up for printing."""
    setup, margins = sheet.page_setup, sheet.page_margins
    frozen_row, frozen_column = _frozen(sheet)
    return Page(
        paper=int(setup.paperSize or A4),
        landscape=setup.orientation == "landscape",
        margins=(
            *(float(margins.left), float(margins.right), float(margins.top), float(margins.bottom)),
            *(float(margins.header), float(margins.footer)),
        ),
        centred=bool(sheet.print_options.horizontalCentered),
        header=_codes(sheet.oddHeader),
        footer=_codes(sheet.oddFooter),
        frozen_rows=frozen_row,
        frozen_columns=frozen_column,
        repeated_rows=_rows(sheet.print_title_rows),
        repeated_columns=_columns(sheet.print_title_cols),
        gridlines=sheet.sheet_view.showGridLines is not False,
        zoom=int(sheet.sheet_view.zoomScale or 100),
    )


def _frozen(sheet: Worksheet) -> tuple[int, int]:
    if not sheet.freeze_panes:
        return 0, 0
    corner = sheet[sheet.freeze_panes]
    return corner.row - 1, max(corner.column - 2, 0)


def _rows(given: str | None) -> tuple[int, int] | None:
    found = re.findall(r"\d+", given or "")
    return (int(found[0]), int(found[-1])) if found else None


def _columns(given: str | None) -> int:
    found = re.findall(r"[A-Z]+", given or "")
    return max(column_index_from_string(found[-1]) - 1, 0) if found else 0


def _codes(item: HeaderFooterItem | None) -> str:
    """The codes of a header or footer, put together again as Excel writes them."""
    whole = ""
    for letter, side in (("L", "left"), ("C", "center"), ("R", "right")):
        part: Any = getattr(item, side, None)
        if part is not None and part.text:
            font = f'&"{part.font}"' if part.font else ""
            size = f"&{part.size}" if part.size else ""
            gap = " " if size and part.text[0].isdigit() else ""
            whole += f"&{letter}{font}{size}{gap}{part.text}"
    return whole
