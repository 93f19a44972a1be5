"""Blank forms for the units: the template's look, empty rows, and a mark that says where they come from."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from msgspec.structs import replace

from xmreport.model.sheets import Line, SheetData
from xmreport.workbooks.formats.template import BODY, template_for
from xmreport.workbooks.official import draft_sheets, lines_of_a_page, workbook, write_sheets

FOLDER, GENERIC = "报表", "通用报表.xlsx"
MARK = "xmreport"
"""The document property that holds a form's version mark."""


def rows_of_a_page(data: SheetData, templates: Path, template: str) -> int:
    """How many empty rows fill one page, with all that stands around them."""
    one = replace(data, lines=(Line(BODY),))
    return lines_of_a_page(draft_sheets([one], template_for(templates / FOLDER, template, GENERIC))[data.name])


def build_blank(data: SheetData, templates: Path, template: str, rows: int, mark: str, as_of: dt.datetime) -> bytes:
    """A blank form of `rows` empty rows from the template file `template` in the folder 报表 of `templates`, if it is
    there, else from the generic one. Fields are named as printed: `建设性质`, `立项.办理进展`.
    """
    empty = replace(data, lines=(Line(BODY),) * rows)
    drafts = draft_sheets([empty], template_for(templates / FOLDER, template, GENERIC))
    with workbook(as_of, data.head.get("标题", "")) as (book, output):
        pen = write_sheets(book, drafts)[data.name]
        pen.call("版本标记", book.set_custom_property, MARK, mark, "text")
    return output.getvalue()
