"""A table and a template make an official workbook, in memory, the same bytes each time."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace
from xlsxwriter import Workbook

from xmreport.model.dates import CHINA
from xmreport.model.grid import address
from xmreport.model.sheets import SheetData, WorkbookData
from xmreport.workbooks.asking import ask
from xmreport.workbooks.charts import draw
from xmreport.workbooks.draft import Draft
from xmreport.workbooks.fitting.paper import Fit, Sample, fit
from xmreport.workbooks.fitting.widths import Cuts
from xmreport.workbooks.formats.kinds import open_columns
from xmreport.workbooks.formats.page import A3, A4, Page
from xmreport.workbooks.formats.template import NOTE, Template, template_for
from xmreport.workbooks.layout import is_open, lay_out
from xmreport.workbooks.pages import lines_that_fit, page_ends
from xmreport.workbooks.pen import Formats, Pen
from xmreport.workbooks.pieces import MOST_ROWS, pieces
from xmreport.workbooks.streamed.body import Body, kept_by_column
from xmreport.workbooks.streamed.cellkinds import CellKinds
from xmreport.workbooks.streamed.package import PackedBook
from xmreport.workbooks.streamed.rows import rows
from xmreport.workbooks.streamed.stream import StreamedSheet

_LONGEST_NAME = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_OPTIONS = {
    # Column widths are counted in digits of this font: one as wide in Windows as where another font stands in.
    "default_format_properties": {"font_name": "Courier New", "font_size": 10, "font_scheme": False},
    "default_column_width": 72,
}
_OVERFULL = "有{}处文字太长，一行印不完整，全文在单元格里。"


def build(data: WorkbookData, templates: Path, as_of: dt.datetime, most_rows: int = MOST_ROWS) -> bytes:
    """The workbook `data` in the look of its template in the folder `templates`.

    Args:
        data: what stands in it.
        templates: the folder of the official formats.
        as_of: the moment it shows.
        most_rows: rows that a sheet has; a longer table goes on in further sheets.
    """
    template = template_for(templates, data.template, data.generic)
    drafts = draft_sheets(data.sheets, template, most_rows)
    with workbook(as_of, data.sheets[0].head.get("标题", "")) as (book, output):
        write_sheets(book, drafts)
    return output.getvalue()


def draft_sheets(sheets: Iterable[SheetData], template: Template, most_rows: int = MOST_ROWS) -> Mapping[str, Draft]:
    """Each sheet with its columns and rows in place, by the name its data gives it."""
    drafts: dict[str, Draft] = {}
    for data in sheets:
        if data.optional and data.template not in template.sheets:
            continue
        sheet = template.sheet(data.template).with_words(data.head)
        opened = open_columns(template.file, template.kinds, data.columns) if is_open(sheet) else ()
        layout = lay_out(sheet, data.groups, opened)
        before = ""
        for part in pieces(
            data, most_rows - len(sheet.headings) - len(data.notes) - len(sheet.foot) - len(data.charts)
        ):
            name = sheet_name(part.name, {draft.name.casefold() for draft in drafts.values()})
            drafts[part.name] = Draft(kept_by_column(part), name, layout, template.styles, before)
            before = part.name
    return drafts


@contextmanager
def workbook(as_of: dt.datetime, title: str) -> Iterator[tuple[Workbook, io.BytesIO]]:
    """An empty workbook; `output` holds its bytes once the block has ended without a fault."""
    book = PackedBook(_OPTIONS)
    moment = as_of if as_of.tzinfo else as_of.replace(tzinfo=CHINA)
    book.set_properties({"title": title, "created": moment.astimezone(dt.UTC).replace(tzinfo=None)})
    book.set_calc_mode("auto")
    yield book, book.output
    book.close()


def write_sheets(book: Workbook, drafts: Mapping[str, Draft]) -> dict[str, Pen]:
    """Writes every sheet and gives the pens, for whoever has something to add."""
    formats = Formats(book)
    bodies = {key: found for key, draft in drafts.items() if (found := Body.of(draft, drafts))}
    pens: dict[str, Pen] = {}
    for key, draft in drafts.items():
        pens[key] = Pen(book.add_worksheet(draft.name, StreamedSheet if key in bodies else None), formats)
    for key, draft in drafts.items():
        if key in bodies:
            _stream(book, pens[key], bodies[key])
        else:
            _write(book, pens[key], draft, drafts)
    ask(book, pens, drafts)
    return pens


def lines_of_a_page(draft: Draft) -> int:
    """How many lines like its first one fill a page, with all that stands around them."""
    page, fitted = _fit(draft, Sample(draft.entries({})), draft.least_heights)
    return lines_that_fit(draft, page, fitted.scale, fitted.heights)


def sheet_name(wanted: str, taken: Iterable[str]) -> str:
    """A name that Excel takes: no forbidden characters, at most 31 of them, no other sheet's."""
    clean = _cut(_FORBIDDEN.sub("_", wanted).strip().strip("'") or "表", _LONGEST_NAME)
    used = set(taken)
    name, number = clean, 2
    while name.casefold() in used:
        tail = f"({number})"
        name, number = _cut(clean, _LONGEST_NAME - len(tail)) + tail, number + 1
    return name


def _cut(text: str, units: int) -> str:
    """At most `units` UTF-16 units, which is how Excel counts a name."""
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore")


def _write(book: Workbook, pen: Pen, draft: Draft, drafts: Mapping[str, Draft]) -> None:
    """A table of few lines, or one that is out of the ordinary: cell by cell."""
    page, fitted = _fit(draft, Sample(draft.entries(drafts)), draft.least_heights)
    if fitted.overfull and draft.layout.sheet.find(NOTE) is not None:
        draft = _with_overfull_note(draft, fitted.overfull)
        page, fitted = _fit(draft, Sample(draft.entries(drafts)), draft.least_heights)
    _lay(book, pen, draft, page, fitted, page_ends(draft, page, fitted.scale, fitted.heights, _repeated(draft, page)))


def _stream(book: Workbook, pen: Pen, body: Body) -> None:
    """Any other table: its lines stand ready, or of a long one follow while the file is written.

    The pages of a long one end where they will: Excel keeps a thousand breaks at most.
    """
    draft = body.draft
    page, fitted = _fit(draft, body.sample(), draft.heights_around)
    kinds = CellKinds(pen.formats, fitted)
    overfull = sum(map(kinds.overfull, body.strips)) + (0 if body.is_long else fitted.overfull)
    if overfull and draft.layout.sheet.find(NOTE) is not None:
        draft = _with_overfull_note(draft, overfull)
        body = replace(body, draft=draft)
        page, fitted = _fit(draft, body.sample(), draft.heights_around)
        kinds = CellKinds(pen.formats, fitted)
    ends: tuple[int, ...] = ()
    lines: Iterable[tuple[float, str]] = rows(body, kinds, pen.sheet)
    if not body.is_long:
        lines = list(lines)
        heights = {at: height for at, (height, _) in enumerate(lines, draft.top)}
        ends = page_ends(draft, page, fitted.scale, {**fitted.heights, **heights}, _repeated(draft, page))
    pen.sheet.stream(draft.top, draft.below, len(fitted.widths), (text for _, text in lines))
    _lay(book, pen, draft, page, fitted, ends)


def _with_overfull_note(draft: Draft, overfull: int) -> Draft:
    """With a note on the cells whose text is longer than any row can show."""
    notes = (*draft.data.notes, _OVERFULL.format(overfull))
    return replace(draft, data=replace(draft.data, notes=notes))


def _lay(book: Workbook, pen: Pen, draft: Draft, page: Page, fitted: Fit, ends: Sequence[int]) -> None:
    for column, width in enumerate(fitted.widths):
        hidden = {} if width else {"hidden": True}
        pen.call(f"第 {column + 1} 列的宽度", pen.sheet.set_column_pixels, column, column, width or None, None, hidden)
    for row, height in fitted.heights.items():
        pen.call(f"第 {row + 1} 行的高度", pen.sheet.set_row, row, height or None)
    for entry in fitted.entries:
        pen.write(entry)
    draw(book, pen, draft, fitted)
    _set_up(pen, draft, page, fitted, ends)


def _fit(draft: Draft, sample: Sample, least: Mapping[int, float]) -> tuple[Page, Fit]:
    """The table on its template's paper; one whose columns are open goes to A3 where it is too wide for A4."""
    layout, page = draft.layout, draft.layout.sheet.page
    cuts = Cuts(layout.leading(page.repeated_columns), layout.divisible, draft.headers)
    found = fit(sample, layout.widths, page, least, cuts)
    if found.breaks and layout.opened and page.paper == A4:
        page = replace(page, paper=A3)
        found = fit(sample, layout.widths, page, least, cuts)
    return page, found


def _set_up(pen: Pen, draft: Draft, page: Page, fitted: Fit, ends: Sequence[int]) -> None:
    """Paper, print area, where pages end, what repeats and what is frozen."""
    sheet = pen.sheet
    last = len(fitted.widths) - 1
    sheet.set_paper(page.paper)
    (sheet.set_landscape if page.landscape else sheet.set_portrait)()
    left, right, top, bottom, header, footer = page.margins
    sheet.set_margins(left, right, top, bottom)
    sheet.set_header(page.header, {"margin": header})
    sheet.set_footer(page.footer, {"margin": footer})
    if fitted.breaks or ends:
        # Excel ignores breaks while it fits a sheet to pages.
        sheet.set_print_scale(round(fitted.scale * 100))
        sheet.set_v_pagebreaks(list(fitted.breaks))
        sheet.set_h_pagebreaks(list(ends))
    else:
        sheet.fit_to_pages(1, 0)
    if page.centred:
        sheet.center_horizontally()
    pen.call("打印区域", sheet.print_area, 0, 0, draft.rows - 1, last)
    _repeat(pen, draft, page)
    sheet.freeze_panes(_rows_up_to(draft, page.frozen_rows), draft.layout.leading(page.frozen_columns))
    sheet.hide_gridlines(0 if page.gridlines else 2)
    sheet.set_zoom(page.zoom)
    # A code or a telephone number is text on purpose: no green corners.
    area = f"A1:{address(max(draft.rows, 1), last + 1)}"
    pen.call("忽略的提示", sheet.ignore_errors, {"number_stored_as_text": area})


def _repeat(pen: Pen, draft: Draft, page: Page) -> None:
    rows = _repeated(draft, page)
    if rows:
        pen.call("顶端标题行", pen.sheet.repeat_rows, rows.start, rows.stop - 1)
    columns = draft.layout.leading(page.repeated_columns)
    if columns:
        pen.call("左端标题列", pen.sheet.repeat_columns, 0, columns - 1)


def _repeated(draft: Draft, page: Page) -> range:
    """The printed rows that stand first on every page."""
    first, last = page.repeated_rows or (1, 0)
    return range(_rows_up_to(draft, first - 1), _rows_up_to(draft, last))


def _rows_up_to(draft: Draft, row: int) -> int:
    """How many printed heading rows come from the template's rows 1 to `row`."""
    return sum(heading.number <= row for heading in draft.layout.sheet.headings)
