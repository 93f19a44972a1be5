"""Drop-downs and hints in the cells that people fill in: what is expected there, said before it is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from xmreport.model.grid import address, column_letters
from xmreport.workbooks.cells import FilledCell
from xmreport.workbooks.draft import Draft
from xmreport.workbooks.formats.looks import Look
from xmreport.workbooks.pen import Formats, Pen

_LONGEST_LIST = 255
"""UTF-16 units of a list that Excel keeps inside the rule itself."""
_LISTS = "选项"
_LATEST = 2100
_EARLIEST = 1990
_MOST = 1e12


def ask(book: Any, pens: Mapping[str, Pen], drafts: Mapping[str, Draft]) -> None:
    """Lays the rules over the lines of every sheet that asks for something."""
    lists = [options for draft in drafts.values() for options in _lists(draft) if _too_long(options)]
    places = _long_lists(book, dict.fromkeys(lists))
    for key, draft in drafts.items():
        for field, rule in _rules(draft, places):
            _lay(pens[key], draft, field, rule)


def _lists(draft: Draft) -> Iterator[tuple[str, ...]]:
    asked = draft.data.asked
    both = {**asked.choices, **asked.names}
    return (options for field, options in both.items() if field in draft.layout.fields and options)


def _rules(draft: Draft, places: Mapping[tuple[str, ...], str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each printed field that is asked for, with its rule."""
    asked, fields = draft.data.asked, draft.layout.fields
    for field in fields:
        if options := asked.choices.get(field):
            yield field, _choice(options, places.get(options))
        elif options := asked.names.get(field):
            yield field, {**_choice(options, places.get(options)), **_OTHERS}
        elif field in asked.dates:
            yield field, _date(address(draft.top + 1, fields[field] + 1), draft.data.head)
        elif field in asked.money:
            yield field, _MONEY
        elif field in asked.numbers:
            yield field, _NUMBER


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


_NUMBER: Mapping[str, Any] = {
    "validate": "decimal",
    "criteria": "between",
    "minimum": -_MOST,
    "maximum": _MOST,
    "input_title": "数字",
    "input_message": "只填数字，计量单位写在它自己的栏里。",
    "error_title": "不是数字",
    "error_message": "这里应填数字。确实要这样填吗？",
    "error_type": "warning",
}
_OTHERS: Mapping[str, Any] = {
    "error_title": "不是列出的名称",
    "error_message": "写成别的名称不参加指标计算。确实要这样填吗？",
    "error_type": "warning",
}


def _date(first: str, head: Mapping[str, str]) -> Mapping[str, Any]:
    """A year first, then month and perhaps day. The cells hold text: Excel would make the 1st of 2023年5月."""
    year = f"IFERROR(VALUE(LEFT({first},4)),0)"
    return {
        "validate": "custom",
        "value": f"=OR(ISNUMBER({first}),AND({year}>={_EARLIEST},{year}<={_LATEST},LEN({first})>=6))",
        "input_title": "日期",
        "input_message": f"写成 {head['示例日']}；只能定到月份的，写 {head['示例月']}。",
        "error_title": "看不出是哪一天",
        "error_message": f"请写成 {head['示例日']} 或 {head['示例月']}。确实要这样填吗？",
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


def _long_lists(book: Any, lists: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """Options too many for a rule stand on a hidden sheet; gives the place of each list."""
    places: dict[tuple[str, ...], str] = {}
    pen: Pen | None = None
    for column, options in enumerate(lists):
        if pen is None:
            pen = Pen(book.add_worksheet(_LISTS), Formats(book))
            pen.sheet.hide()
        for row, option in enumerate(options):
            pen.write(FilledCell(row, column, option, Look()))
        letters = column_letters(column + 1)
        places[options] = f"={_LISTS}!${letters}$1:${letters}${len(options)}"
    return places


def _lay(pen: Pen, draft: Draft, field: str, rule: Mapping[str, Any]) -> None:
    column = draft.layout.fields[field]
    area = (draft.top, column, draft.below - 1, column)
    pen.call(f"“{field}”的填写要求", pen.sheet.data_validation, *area, {"ignore_blank": True, **rule})
