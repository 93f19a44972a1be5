"""Lists that rules define, as workbooks: one a 工作簿, one sheet a list, 附件1…N."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from xmreport.model.asked import AsAsked
from xmreport.model.dates import china_day
from xmreport.model.sheets import Line, LongTable, SheetData, WorkbookData
from xmreport.rulebook.book import ListOf
from xmreport.rulebook.form import Form
from xmreport.rulebook.listing import DAYS_LEFT, ListRules
from xmreport.tables.columns import LIST, UNIT, money_line, typed_columns
from xmreport.tables.figures.indicators import FormRows
from xmreport.tables.given import report_day
from xmreport.tables.head import Occasion
from xmreport.tables.lists.chosen import Chosen, chosen
from xmreport.tables.targets.listed import TARGET_COLUMNS, target_lines

UNDECIDED = "（未定部门）"


def list_workbooks(occasion: Occasion, sources: Mapping[str, FormRows]) -> Iterator[WorkbookData]:
    """The packs that the occasion's task takes part in: every pack with a list that is drawn from its form.

    Args:
        occasion: county, task, period and moment.
        sources: form → its rows at that moment; a form that is not among them has not been received.
    """
    county = occasion.county
    packs: dict[str, list[ListOf]] = {}
    for each in county.lists:
        packs.setdefault(each.rules.workbook, []).append(each)
    for name, lists in packs.items():
        if any(occasion.task.rules.form in county.list_forms(each) for each in lists):
            sheets = tuple(_sheet(occasion, sources, each, number) for number, each in enumerate(lists, 1))
            yield WorkbookData(f"{name}.xlsx", f"{name}.xlsx", sheets, generic=LIST)


def _sheet(occasion: Occasion, sources: Mapping[str, FormRows], each: ListOf, number: int) -> SheetData:
    county, rules = occasion.county, each.rules
    form = county.forms[rules.form] if rules.form else None
    if form is None:
        columns = TARGET_COLUMNS
        lines: Sequence[Line] = tuple(target_lines(occasion, sources, rules.targets))
        count = ""
    else:
        columns = typed_columns(form, _columns(form, rules), rules.table)
        rows = chosen(occasion, sources, each)
        lines = _lines(rows, rules.group)
        count = f"共{len(rows)}项。" if len(rows) else "本期无。"
    head = {
        **occasion.head(rules.title or f"{county.name}{rules.name}", f"附件{number}"),
        **money_line(form, columns),
    }
    notes = tuple(_notes(occasion, sources, each, count))
    return SheetData(rules.name, rules.name, head, lines, notes=notes, columns=columns)


def _columns(form: Form, rules: ListRules) -> list[str]:
    """What is printed: as the rules say, else all columns of the form's table; 剩余天数 beside its date."""
    names = list(rules.columns or [UNIT, *(name for name in form.types(rules.table) if name != UNIT)])
    if rules.due and DAYS_LEFT not in names:
        names.insert(names.index(rules.due) + 1 if rules.due in names else len(names), DAYS_LEFT)
    return names


def _lines(rows: Chosen, group: str | None) -> LongTable:
    """The rows with their numbers, each group under its heading."""
    headings: dict[int, Line] = {}
    groups = rows.columns[group] if group and len(rows) else []
    counts = Counter(groups)
    for at, held in enumerate(groups):
        if group and (at == 0 or held != groups[at - 1]):
            words = f"{held or UNDECIDED}（{counts[held]}项）"
            headings[at + len(headings)] = Line("分组", {"分组": words, group: words})
    columns = AsAsked(rows.columns, rows.columns.__getitem__, {"序号": lambda: range(1, len(rows) + 1)})
    return LongTable(columns, len(rows), headings)


def _notes(occasion: Occasion, sources: Mapping[str, FormRows], each: ListOf, count: str) -> Iterator[str]:
    """How many, what they rest on, and which forms have not been received yet."""
    rules = each.rules
    forms = occasion.county.list_forms(each)
    lacking = [form for form in forms if form not in sources or not sources[form].received]
    said = f"还没有收到“{rules.form}”，这张清单暂无数据。" if rules.form in lacking else count
    yield f"{said}依据：{occasion.county.file.basis} {rules.source}。"
    day = report_day(occasion)
    if rules.due and day < china_day(occasion.as_of):
        yield f"剩余天数、是否到期都按应报之日 {day} 算。"
    for form in lacking:
        if rules.targets:
            yield f"还没有收到“{form}”，有关指标暂无数据。"
        elif form != rules.form:
            yield f"还没有收到“{form}”，所列各项都没有与它对照。"
    yield from (sources[form].note for form in forms if form in sources and sources[form].note)
    if rules.recipient:
        yield f"报送：{rules.recipient}。"
