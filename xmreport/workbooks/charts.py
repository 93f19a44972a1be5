"""Charts below a table: the columns of its 明细 lines, in the official fonts and sober colours."""

from __future__ import annotations

from typing import Any

from xlsxwriter import Workbook

from xmreport.model.grid import column_letters
from xmreport.model.sheets import Chart, Formula
from xmreport.workbooks.cells import Written, written
from xmreport.workbooks.draft import AROUND_BARS, Draft
from xmreport.workbooks.fitting.paper import SMALLEST, Fit
from xmreport.workbooks.formats.looks import Look
from xmreport.workbooks.formats.template import CHART
from xmreport.workbooks.pen import Pen
from xmreport.workbooks.sums import spans_of

_COLOURS = ("#1F4E79", "#C55A11", "#7F7F7F", "#548235", "#806000")
_GREY = "#D9D9D9"
_INK = "#262626"
_MARGIN = 6
"""Pixels between a chart and the edges of its row."""
_PIXELS_PER_POINT = 4 / 3
_LETTER = 0.5
"""The share of a bar's room that its name may take."""


def draw(book: Workbook, pen: Pen, draft: Draft, fit: Fit) -> None:
    """Each chart in a row of its own, as wide as the table: a page break never divides it."""
    for row, chart in draft.charts:
        drawn = _chart(book, draft, chart, fit.heights[row])
        height = int(fit.heights[row] * _PIXELS_PER_POINT) - 2 * _MARGIN
        drawn.set_size({"width": max(fit.across - 2 * _MARGIN, 240), "height": max(height, 120)})
        offset = {"x_offset": _MARGIN, "y_offset": _MARGIN, "description": chart.title}
        pen.call(f"图“{chart.title}”", pen.sheet.insert_chart, row, 0, drawn, offset)


def _chart(book: Workbook, draft: Draft, chart: Chart, height: float) -> Any:
    cells = draft.layout.sheet.row(CHART).cells
    title, words = cells[0].look, cells[min(1, len(cells) - 1)].look
    if chart.kind == "bar":
        words = _small_enough(words, (height - AROUND_BARS) / max(len(draft.charted(chart)), 1))
    colours = [str(fill) for cell in cells[2:] if (fill := cell.look.get("bg_color"))] or list(_COLOURS)
    drawn = book.add_chart({"type": chart.kind})
    for at, field in enumerate(chart.series):
        drawn.add_series(_series(draft, chart, field, colours[at % len(colours)], words))
    values = {
        "num_format": "0%" if chart.percent else "General",
        "num_font": _font(words),
        "line": {"none": True},
        "major_gridlines": {"visible": True, "line": {"color": _GREY, "width": 0.5}},
        "min": 0,
    }
    # Every name is printed, however many there are.
    names = {"num_font": _font(words), "line": {"color": _GREY}, "major_tick_mark": "none", "interval_unit": 1}
    if chart.kind == "bar":
        # The first line of the table stands at the top; the scale stays at the bottom.
        drawn.set_x_axis(values)
        drawn.set_y_axis({**names, "reverse": True, "crossing": "max"})
    else:
        # Names stay level and wrap: left to itself a program turns them once they are many.
        drawn.set_x_axis({**names, "num_font": {**_font(words), "rotation": 0}})
        drawn.set_y_axis(values)
    drawn.set_title({"name": chart.title, "name_font": _font(title), "overlay": False})
    drawn.set_legend({"position": "bottom", "font": _font(words)} if len(chart.series) > 1 else {"none": True})
    drawn.set_chartarea({"border": {"none": True}, "fill": {"color": "#FFFFFF"}})
    drawn.set_plotarea({"fill": {"none": True}})
    drawn.show_blanks_as("gap")
    return drawn


def _small_enough(words: Look, pitch: float) -> Look:
    """Letters that fit their bar, so many points from the next: some programs leave out names that come too near."""
    size = max(min(words.size, int(pitch * _LETTER)), SMALLEST)
    return words if size == words.size else words.changed(font_size=size)


def _series(draft: Draft, chart: Chart, field: str, colour: str, words: Look) -> dict[str, Any]:
    line = {"color": colour, "width": 2.0}
    shape: dict[str, Any] = (
        {"line": line, "marker": {"type": "circle", "size": 5, "fill": {"color": colour}, "border": {"color": colour}}}
        if chart.kind == "line"
        else {"fill": {"color": colour}, "border": {"none": True}, "gap": 80}
    )
    names, values = (_reference(draft, chart, each) for each in (chart.categories, field))
    labels = {"value": True, "font": _font(words)} | ({"num_format": "0.0%"} if chart.percent else {})
    return {
        "name": draft.heading_of(draft.layout.fields[field]),
        "categories": names,
        "categories_data": _drawn(draft, chart, chart.categories),
        "values": values,
        "values_data": _drawn(draft, chart, field),
        "data_labels": labels,
        **shape,
    }


def _reference(draft: Draft, chart: Chart, field: str) -> str:
    """The lines drawn of a column; several ranges where others stand between them."""
    if field not in draft.layout.fields:
        raise draft.layout.sheet.broken(None, f"图要用到“{field}”一栏，模板里没有这一栏")
    column = column_letters(draft.layout.fields[field] + 1)
    name = "'" + draft.name.replace("'", "''") + "'"
    first = draft.top + 1
    ranges = [f"{name}!${column}${first + a}:${column}${first + b}" for a, b in spans_of(draft.charted(chart))]
    return "=" + (ranges[0] if len(ranges) == 1 else f"({','.join(ranges)})")


def _drawn(draft: Draft, chart: Chart, field: str) -> list[str]:
    """What the lines drawn of a column say, for programs that do not look into the cells; of one run only."""
    if len(spans_of(draft.charted(chart))) > 1:
        return []
    return [_cached(written(value)) for value in draft.values(field, draft.charted(chart))]


def _cached(value: Written) -> str:
    """A cell's value as a chart keeps it."""
    match value:
        case None:
            return ""
        case Formula():
            return str(0 if value.value is None else value.value)
        case int() | float():
            return f"{value:.16g}"
    return str(value)


def _font(look: Look) -> dict[str, Any]:
    return {"name": look.get("font_name"), "size": look.size, "bold": bool(look.get("bold")), "color": _INK}
