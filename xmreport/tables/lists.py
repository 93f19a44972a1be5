"""Lists that rules define: a condition over a form's rows, an order, and the sheet they are printed on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from xmreport.model.dates import CHINA, PartialDate
from xmreport.model.sheets import Content, Line, SheetData, WorkbookData
from xmreport.rulebook.book import ListOf
from xmreport.rulebook.columns import columns_of, readable
from xmreport.rulebook.listing import DAYS_LEFT
from xmreport.tables.head import Occasion
from xmreport.tables.merged import Merged


def list_workbooks(occasion: Occasion, merged: Merged) -> list[WorkbookData]:
    """The workbooks of the lists drawn from this form: one a 工作簿, one sheet a list, 附件1…N."""
    books: dict[str, list[ListOf]] = {}
    for each in occasion.county.lists:
        if each.rules.form == merged.form.name:
            books.setdefault(each.rules.workbook, []).append(each)
    return [
        WorkbookData(
            f"{name}.xlsx",
            f"{name}.xlsx",
            tuple(_sheet(occasion, merged, each, number) for number, each in enumerate(lists, 1)),
        )
        for name, lists in books.items()
    ]


def _sheet(occasion: Occasion, merged: Merged, each: ListOf, number: int) -> SheetData:
    rules = each.rules
    chosen = _chosen(occasion, merged, each)
    head = occasion.head(f"{occasion.county.name}{rules.name}", f"附件{number}")
    notes = [f"共{len(chosen)}项。依据：{occasion.county.file.basis} {rules.source}。"]
    if rules.recipient:
        notes.append(f"报送：{rules.recipient}。")
    return SheetData(rules.name, rules.name, head, tuple(_lines(chosen, rules.group)), notes=tuple(notes))


def _chosen(occasion: Occasion, merged: Merged, each: ListOf) -> list[dict[str, Content]]:
    columns = columns_of(merged.form, merged.rows, each.rules.table, merged.units)
    today = occasion.as_of.astimezone(CHINA).date()
    given = {"报告日": PartialDate.of(today), "截止日": PartialDate.of(today)}
    chosen: list[dict[str, Content]] = []
    held = each.condition.evaluate(columns.values, given) if each.condition else [True] * len(columns.places)
    for line, truth in enumerate(held):
        if truth is True:
            values: dict[str, Content] = {name: readable(cells[line]) for name, cells in columns.values.items()}
            values[DAYS_LEFT] = _days_left(values.get(each.rules.due or ""), today)
            chosen.append(values)
    sort, group = each.rules.sort, each.rules.group
    order = _order_of_first(chosen, group)
    chosen.sort(key=lambda values: (order.get(values.get(group or ""), 0), str(values.get(sort or "") or "9999")))
    return chosen


def _order_of_first(chosen: Sequence[Mapping[str, Content]], group: str | None) -> dict[Content, int]:
    """Groups keep the order in which they first appear: that of the form's procedures."""
    return {value: place for place, value in enumerate(dict.fromkeys(v.get(group) for v in chosen))} if group else {}


def _days_left(due: Content, today: dt.date) -> str | None:
    if not isinstance(due, PartialDate):
        return None
    days = (due.last - today).days
    return f"剩{days}天" if days > 0 else "今日到期" if days == 0 else f"超期{-days}天"


def _lines(chosen: Sequence[Mapping[str, Content]], group: str | None) -> Iterator[Line]:
    held: Content = None
    for number, values in enumerate(chosen, 1):
        if group and (number == 1 or values.get(group) != held):
            held = values.get(group)
            count = sum(each.get(group) == held for each in chosen)
            yield Line("分组", {group: f"{held or '（未定部门）'}（{count}项）"})
        yield Line("明细", {**values, "序号": number})
