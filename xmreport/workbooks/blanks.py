"""Blank forms for the units: the template's look, empty rows, drop-downs, and a mark that says where they come from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from xmreport.model.grid import address, column_letters
from xmreport.model.sheets import Line, SheetData
from xmreport.workbooks.draft import Draft
from xmreport.workbooks.entries import Entry
from xmreport.workbooks.formats.looks import Look
from xmreport.workbooks.formats.template import BODY, template_for
from xmreport.workbooks.official import draft_sheets, workbook, write_sheets
from xmreport.workbooks.pen import Formats, Pen

FOLDER, GENERIC = "报表", "通用报表.xlsx"
MARK = "xmreport"
"""The document property that holds a form's version mark."""
_LONGEST_LIST = 255
"""UTF-16 units of a list that Excel keeps inside the rule itself."""
_LISTS = "选项"
_LATEST = 2100
_EARLIEST = 1990


def build_blank(
    data: SheetData,
    templates: Path,
    template: str,
    rows: int,
    choices: Mapping[str, tuple[str, ...]],
    dates: frozenset[str],
    money: frozenset[str],
    mark: str,
    as_of: dt.datetime,
) -> bytes:
    """A blank form of `rows` empty rows from the template file `template` in the folder 报表 of `templates`, if it is
    there, else from the generic one.

    Fields are named as printed: `建设性质`, `立项.办理进展`. A choice is held to; a date or an amount only warns.
    """
    empty = replace(data, lines=(Line(BODY),) * rows)
    drafts = draft_sheets([empty], template_for(templates / FOLDER, template, GENERIC))
    draft = drafts[data.name]
    with workbook(as_of, data.head.get("标题", "")) as (book, output):
        pen = write_sheets(book, drafts)[data.name]
        pen.call("版本标记", book.set_custom_property, MARK, mark, "text")
        held = {field: options for field, options in choices.items() if field in draft.layout.fields and options}
        places = _long_lists(book, {field: options for field, options in held.items() if _too_long(options)})
        for field, options in held.items():
            _rule(pen, draft, field, _choice(options, places.get(field)))
        for field in sorted(dates & draft.layout.fields.keys()):
            _rule(pen, draft, field, _date(_first(draft, field)))
        for field in sorted(money & draft.layout.fields.keys()):
            _rule(pen, draft, field, _MONEY)
    return output.getvalue()


_MONEY: Mapping[str, Any] = {
    "validate": "decimal",
    "criteria": ">=",
    "value": 0,
    "input_title": "金额",
    "input_message": "只填数字，按表头的单位填写，不写“万”“亿”等字。",
    "error_title": "不是数字",
    "error_message": "这里应填不小于 0 的数字。确实要这样填吗？",
    "error_type": "warning",
}


def _date(first: str) -> Mapping[str, Any]:
    """A year first, then month and perhaps day. The cells hold text: Excel would make the 1st of 2023年5月."""
    year = f"IFERROR(VALUE(LEFT({first},4)),0)"
    return {
        "validate": "custom",
        "value": f"=OR(ISNUMBER({first}),AND({year}>={_EARLIEST},{year}<={_LATEST},LEN({first})>=6))",
        "input_title": "日期",
        "input_message": "写成 2022-12-09；只能定到月份的，写 2023年5月。",
        "error_title": "看不出是哪一天",
        "error_message": "请写成 2022-12-09 或 2023年5月。确实要这样填吗？",
        "error_type": "warning",
    }


def _choice(options: tuple[str, ...], place: str | None) -> Mapping[str, Any]:
    few = "、".join(options)
    return {
        "validate": "list",
        "source": place or list(options),
        "input_title": "请选择",
        "input_message": f"从下拉列表里选：{few}" if len(few) <= 100 else "从下拉列表里选。",
        "error_title": "不在可选范围内",
        "error_message": f"只能填：{few}" if len(few) <= 100 else "只能填下拉列表里有的。",
        "error_type": "stop",
    }


def _too_long(options: tuple[str, ...]) -> bool:
    """A list that the rule cannot hold: too long, or with the comma that would divide an option."""
    return len(",".join(options).encode("utf-16-le")) // 2 > _LONGEST_LIST or any("," in option for option in options)


def _long_lists(book: Any, lists: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Options too many for a rule stand on a hidden sheet; gives the place of each field's."""
    if not lists:
        return {}
    pen = Pen(book.add_worksheet(_LISTS), Formats(book))
    pen.sheet.hide()
    places: dict[str, str] = {}
    for column, (field, options) in enumerate(lists.items()):
        for row, option in enumerate(options):
            pen.write(Entry(row, column, option, Look()))
        letters = column_letters(column + 1)
        places[field] = f"={_LISTS}!${letters}$1:${letters}${len(options)}"
    return places


def _first(draft: Draft, field: str) -> str:
    return address(draft.top + 1, draft.layout.fields[field] + 1)


def _rule(pen: Pen, draft: Draft, field: str, rule: Mapping[str, Any]) -> None:
    column = draft.layout.fields[field]
    area = (draft.top, column, draft.below - 1, column)
    pen.call(f"“{field}”的填写要求", pen.sheet.data_validation, *area, {"ignore_blank": True, **rule})
