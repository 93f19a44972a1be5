"""What a county sends up the ladder: forms of the level above, filled from its lists and its own totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xmreport.model.dates import PartialDate, china_day
from xmreport.model.sheets import Content, Line, SheetData, WorkbookData
from xmreport.rulebook.book import Indicator
from xmreport.rulebook.form import Form
from xmreport.rulebook.listing import UpwardRules, UpwardSheet
from xmreport.tables.columns import blank_columns, money_line
from xmreport.tables.figures.entered import WHOLE
from xmreport.tables.figures.indicators import FormRows, entries, whole
from xmreport.tables.given import given, report_day
from xmreport.tables.head import Occasion
from xmreport.tables.lists.chosen import chosen
from xmreport.tables.quantity import rounded
from xmreport.tables.wording import sample_dates

FOLDER, GENERIC = "报表", "通用报表.xlsx"
NIL = "零报告"

Values = dict[str, Content]


def upward_workbooks(occasion: Occasion, sources: Mapping[str, FormRows]) -> Iterator[WorkbookData]:
    """The workbooks for the level above that are written with the occasion's task.

    A sheet whose data has not been received is left out: nothing received is no nil return.

    Args:
        occasion: county, task, period and moment.
        sources: form → its rows at that moment.
    """
    for rules in occasion.county.file.upward:
        if rules.task != occasion.task.name:
            continue
        sheets = tuple(found for sheet in rules.sheets if (found := _sheet(occasion, sources, rules, sheet)))
        if sheets:
            forms = {sheet.form for sheet in rules.sheets}
            own = forms.pop() if len(forms) == 1 else rules.name
            yield WorkbookData(f"{rules.name}.xlsx", f"{FOLDER}/{own}.xlsx", sheets, generic=f"{FOLDER}/{GENERIC}")


def _sheet(
    occasion: Occasion, sources: Mapping[str, FormRows], rules: UpwardRules, sheet: UpwardSheet
) -> SheetData | None:
    form = occasion.county.forms[sheet.form]
    found = _totals(occasion, sources, rules, form) if sheet.totals else _listed(occasion, sources, sheet, form)
    if found is None:
        return None
    columns = blank_columns(form)
    lines = [Line("明细", {**values, "序号": number}) for number, values in enumerate(found, 1)]
    if not lines:
        blank: Values = dict.fromkeys(column.field for column in columns)
        lines.append(Line("明细", {**blank, form.file.name_column: NIL, "序号": None}))
    day = report_day(occasion)
    head = {
        **occasion.head(form.title, form.annex),
        "填报单位": rules.unit,
        "填报时间": f"{day.year}年{day.month}月{day.day}日",
        **money_line(form, columns),
        **sample_dates(day),
    }
    notes = (f"注：报送{rules.recipient}。依据：{occasion.county.file.basis} {rules.source}。",)
    groups = {"手续": form.procedures} if form.procedures else {}
    return SheetData(sheet.list_name or form.name, form.name, head, tuple(lines), groups, notes, columns=columns)


def _listed(occasion: Occasion, sources: Mapping[str, FormRows], sheet: UpwardSheet, form: Form) -> list[Values] | None:
    """The rows of a list under the form's headings; None while the form it is drawn from has not been received."""
    each = next(each for each in occasion.county.lists if each.rules.name == sheet.list_name)
    source = sources.get(each.rules.form or "")
    if source is None or not source.received:
        return None
    return [
        {name: row.get(sheet.take.get(name, name)) for name in form.fields} for row in chosen(occasion, sources, each)
    ]


def _totals(occasion: Occasion, sources: Mapping[str, FormRows], rules: UpwardRules, form: Form) -> list[Values] | None:
    """Each indicator's figure for the whole county; None where there is none yet. A rate of 6.5% is the figure 6.5."""
    dates = given(occasion)
    found: list[Values] = []
    for name, indicator in occasion.county.indicators.items():
        source = sources.get(indicator.rules.form)
        value = whole(indicator, source, dates).value if source and source.received else None
        if source is not None and value is not None:
            own: Values = {
                "指标": name,
                "责任单位": rules.unit,
                "统计期": _month(occasion, indicator, source),
                "数值": float(rounded(value, indicator.rules.unit)),
                "计量单位": indicator.rules.unit,
                "数据来源": f"{occasion.county.name}“{indicator.rules.form}”",
                "备注": indicator.rules.reading,
            }
            found.append({**dict.fromkeys(form.fields), **own})
    return found or None


def _month(occasion: Occasion, indicator: Indicator, source: FormRows) -> PartialDate:
    """The month that a figure is of: the one entered with it; of a docket, which lives on, the report's own; else that
    of the newest return.
    """
    day = report_day(occasion)
    if indicator.rules.entered is not None:
        held = entries(indicator, source, given(occasion))
        counts = [held[WHOLE]] if WHOLE in held else held.values()
        days = [each.when.last for each in counts if each.when]
    elif any(docket.rules.form == indicator.rules.form for docket in occasion.county.dockets.values()):
        days = [day]
    else:
        receipts = (each.receipt for each in source.merged.returns)
        days = [china_day(each.due_at or each.arrived_at) for each in receipts]
    newest = min(max(days, default=day), day)
    return PartialDate(newest.year, newest.month)
