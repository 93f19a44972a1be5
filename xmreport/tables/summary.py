"""Any form's 汇总表: the merged rows by unit, who is not in, and where each row came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import accumulate

from msgspec.structs import replace

from xmreport.messages import STATE_WORDS
from xmreport.model.asked import AsAsked
from xmreport.model.dates import PartialDate
from xmreport.model.outbox import summary_name
from xmreport.model.receipts import State, UnitState
from xmreport.model.sheets import ColumnData, Content, Line, LongTable, SheetData, WorkbookData
from xmreport.model.submission import Value
from xmreport.tables.columns import SUMMARY, form_columns, money_line, typed_columns
from xmreport.tables.head import Occasion, spell
from xmreport.tables.merged import ARRIVED, DIGEST, FILE, ROW, SHEET, UNIT, VERSION, Merged
from xmreport.tables.standing import is_late

PRINT = "打印版"
PRINTABLE = 2_000
"""Rows of a summary that is also set up for printing: a longer one would be a hundred sheets of paper."""
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
    name = summary_name(form.name)
    columns = tuple(_columns(merged))
    title = f"{form.title.removesuffix('汇总表').removesuffix('表')}汇总表"
    head = {**occasion.head(title, form.annex), **money_line(form, columns)}
    notes = (*_notes(merged, states), *_replaced(occasion, merged), *_too_long(merged, sheets))
    groups: Mapping[str, tuple[str, ...]] = {"手续": merged.procedures} if merged.procedures else {}
    subtotals = bool(form.file.totals.sums) and len(states) > 1
    lines = _lines(merged, subtotals=subtotals)
    table = SheetData("汇总表", "汇总表", head, lines, groups, notes, columns=columns)
    made = [table]
    if PRINT in sheets and merged.height <= PRINTABLE:
        made.append(replace(table, name=PRINT, template=PRINT, optional=True))
    if ORIGIN in sheets:
        named = typed_columns(form, [form.file.name_column])
        made.append(SheetData(ORIGIN, ORIGIN, head, _origins(merged), columns=named))
    return WorkbookData(f"{name}.xlsx", f"{name}.xlsx", tuple(made), SUMMARY)


def _columns(merged: Merged) -> Iterator[ColumnData]:
    """The form's columns; of those that the engine fills only what some return has brought back."""
    for column in form_columns(merged.form, merged.procedures):
        filled = merged.form.fields[column.field].column.filled
        if column.field != UNIT and not (filled and all(value is None for value in merged.column(column.field))):
            yield column


def _lines(merged: Merged, *, subtotals: bool) -> LongTable:
    """The rows unit by unit, each followed by its subtotal."""
    between: dict[int, Line] = {}
    end = 0
    for unit, count in merged.sizes.items():
        end += count
        if subtotals:
            between[end + len(between)] = Line("小计", {UNIT: unit})
    if merged.form.file.totals.sums:
        between[end + len(between)] = Line("合计", {})
    own: dict[str, Callable[[], Sequence[Content]]] = {
        UNIT: lambda: merged.units,
        "序号": lambda: range(1, merged.height + 1),
        **{f"{procedure}.摘要": partial(_digests, procedure, merged) for procedure in merged.procedures},
    }
    return LongTable(AsAsked(merged.form.fields, merged.column, own), merged.height, between)


def _digests(procedure: str, merged: Merged) -> list[Content]:
    """One procedure of every row in two lines."""
    said = zip(*(merged.column(f"{procedure}.{name}") for name in ("办理进展", "办结时间", "拟办结时限")), strict=True)
    digest = lru_cache(maxsize=None)(_digest)
    return [digest(*each) for each in said]


def _digest(progress: Value, done: Value, due: Value) -> str | None:
    """Its progress, and the day it was or shall be done."""
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
        out = [each for each in states if each.state is state and each.counts is None]
        if out:
            listed = "、".join(each.unit + _why(each) for each in out)
            yield f"未纳入汇总——{STATE_WORDS[state]}（{len(out)}个单位）：{listed}。"
    nil = [each.unit for each in states if each.state is State.NIL]
    if nil:
        yield f"零报告（{len(nil)}个单位）：{'、'.join(nil)}。"
    late = [each for each in states if is_late(each)]
    if late:
        named = (f"{each.unit}（{'零报告，' * (each.state is State.NIL)}迟{spell(each.late_by_s)}）" for each in late)
        yield f"已收到、迟报（{len(late)}个单位）：{'、'.join(named)}。"
    for conflict in merged.conflicts:
        yield f"同一项目两家报送：“{conflict.project}”采用{conflict.counts}的一行，{conflict.leaves}的一行未纳入。"


def _replaced(occasion: Occasion, merged: Merged) -> Iterator[str]:
    """On demand the newest return counts: who sent earlier ones, and where all that was ever sent stands."""
    again = [each.unit for each in merged.returns if each.version > 1] if occasion.period.due_at is None else []
    if again:
        dockets = [each for each in occasion.county.dockets.values() if merged.form.name in each.sources]
        kept = f"；历次报送的都在{'、'.join(f'“{each.name}”' for each in dockets)}" if dockets else ""
        yield f"按需报送，只汇总各单位最近一份，以前还报过的：{'、'.join(again)}{kept}。"


def _too_long(merged: Merged, sheets: Sequence[str]) -> Iterator[str]:
    if PRINT in sheets and merged.height > PRINTABLE:
        yield f"共{merged.height}行，超过{PRINTABLE}行，不另出打印版。"


def _why(state: UnitState) -> str:
    return f"（{state.reason}）" if state.reason else ""


def _origins(merged: Merged) -> LongTable:
    """Where every row came from, those that are not summed included."""
    name = merged.form.file.name_column
    numbers = accumulate(map(int, merged.counts))
    blocks = [(each, block) for each in merged.returns for block in each.columns.blocks]
    columns: dict[str, Sequence[Content]] = {
        "序号": [number if counts else "未纳入" for counts, number in zip(merged.counts, numbers, strict=True)],
        UNIT: _repeated((each.unit, len(each.rows)) for each in merged.returns),
        name: merged.every(name),
        SHEET: _repeated((block.sheet, len(block.numbers)) for _, block in blocks),
        ROW: [number for _, block in blocks for number in block.numbers],
    }
    of_file = {
        column: _repeated((each.origin[column], len(each.rows)) for each in merged.returns)
        for column in (FILE, ARRIVED, VERSION, DIGEST)
    }
    return LongTable({**columns, **of_file}, len(merged.counts))


def _repeated(values: Iterable[tuple[Content, int]]) -> list[Content]:
    """Each value as often as it is said."""
    return [value for value, count in values for _ in range(count)]
