"""Any form's 汇总表: the merged rows by unit, who is not in, and where each row came from."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from xmreport.messages import STATE_WORDS
from xmreport.model.dates import PartialDate
from xmreport.model.receipts import State, UnitState
from xmreport.model.sheets import ColumnData, Content, Line, SheetData, WorkbookData
from xmreport.tables.columns import SUMMARY, form_columns, money_line, typed_columns
from xmreport.tables.head import Occasion, spell
from xmreport.tables.merged import ARRIVED, COUNTS, DIGEST, FILE, ROW, SHEET, UNIT, VERSION, Merged

PRINT = "打印版"
ORIGIN = "来源"
NOT_IN = (State.RETURNED, State.MISSING, State.PENDING, State.EXEMPT)


def summary(occasion: Occasion, merged: Merged, states: Sequence[UnitState], sheets: Sequence[str]) -> WorkbookData:
    """The period's summary workbook.

    Args:
        occasion: county, task, period and moment.
        merged: the accepted rows.
        states: the state of every unit that owes this period.
        sheets: which sheets it has besides the summary itself: 打印版 (if its template has one) and 来源.
    """
    form = merged.form
    name = f"{form.name}汇总表"
    columns = tuple(_columns(merged))
    title = f"{form.title.removesuffix('汇总表').removesuffix('表')}汇总表"
    head = {**occasion.head(title, form.annex), **money_line(form, columns)}
    notes = tuple(_notes(merged, states))
    groups: Mapping[str, tuple[str, ...]] = {"手续": merged.procedures} if merged.procedures else {}
    subtotals = bool(form.file.totals.sums) and len(states) > 1
    lines = tuple(_lines(merged, subtotals=subtotals))
    table = SheetData("汇总表", "汇总表", head, lines, groups, notes, columns=columns)
    made = [table]
    if PRINT in sheets:
        made.append(replace(table, name=PRINT, template=PRINT, optional=True))
    if ORIGIN in sheets:
        named = typed_columns(form, [form.file.name_column])
        made.append(SheetData(ORIGIN, ORIGIN, head, tuple(_origins(merged)), columns=named))
    return WorkbookData(f"{name}.xlsx", f"{name}.xlsx", tuple(made), SUMMARY)


def _columns(merged: Merged) -> Iterator[ColumnData]:
    """The form's columns; of those that the engine fills only what some return has brought back."""
    for column in form_columns(merged.form, merged.procedures):
        filled = merged.form.fields[column.field].column.filled
        if column.field != UNIT and not (filled and merged.counted[column.field].isna().all()):
            yield column


def _lines(merged: Merged, *, subtotals: bool) -> Iterator[Line]:
    number = 0
    units = merged.counted.groupby(UNIT, sort=False, dropna=False)
    for unit, group in units:
        for values in group.to_dict("records"):
            number += 1
            yield Line("明细", {**_content(merged, values), "序号": number})
        if subtotals:
            yield Line("小计", {"填报单位": str(unit)})
    if merged.form.file.totals.sums:
        yield Line("合计", {})


def _content(merged: Merged, values: Mapping[Hashable, Any]) -> dict[str, Content]:
    content: dict[str, Content] = {name: values[name] for name in merged.form.fields}
    content |= {"填报单位": str(values[UNIT])}
    for procedure in merged.procedures:
        content[f"{procedure}.摘要"] = _digest(procedure, values)
    return content


def _digest(procedure: str, values: Mapping[Hashable, Any]) -> str | None:
    """One procedure in two lines: its progress, and the day it was or shall be done."""
    progress = values.get(f"{procedure}.办理进展")
    done, due = values.get(f"{procedure}.办结时间"), values.get(f"{procedure}.拟办结时限")
    if progress is None:
        return None
    if isinstance(done, PartialDate) and progress == "已办结":
        return f"{progress}\n{done}"
    if isinstance(due, PartialDate) and progress != "不需办理":
        return f"{progress}\n限{due}"
    return str(progress)


def _notes(merged: Merged, states: Sequence[UnitState]) -> Iterator[str]:
    """Below the table, never with the words that mark total rows: who is not in, who had nothing."""
    for state in NOT_IN:
        out = [each for each in states if each.state is state]
        if out:
            listed = "、".join(each.unit + _why(each) for each in out)
            yield f"未纳入汇总——{STATE_WORDS[state]}（{len(out)}个单位）：{listed}。"
    nil = [each.unit for each in states if each.state is State.NIL]
    if nil:
        yield f"零报告（{len(nil)}个单位）：{'、'.join(nil)}。"
    late = [f"{each.unit}（迟{spell(each.late_by_s)}）" for each in states if each.state is State.LATE]
    if late:
        yield f"已纳入、迟报（{len(late)}个单位）：{'、'.join(late)}。"
    for conflict in merged.conflicts:
        yield f"同一项目两家报送：“{conflict.project}”采用{conflict.counts}的一行，{conflict.leaves}的一行未纳入。"


def _why(state: UnitState) -> str:
    return f"（{state.reason}）" if state.reason else ""


def _origins(merged: Merged) -> Iterator[Line]:
    name = merged.form.file.name_column
    number = 0
    for values in merged.frame.to_dict("records"):
        number += 1 if values[COUNTS] else 0
        yield Line(
            "明细",
            {
                "序号": number if values[COUNTS] else "未纳入",
                "填报单位": values[UNIT],
                name: values[name],
                **{column: values[column] for column in (FILE, SHEET, ROW, ARRIVED, VERSION, DIGEST)},
            },
        )
