"""核对与变化: what changed since each unit's last return, how the totals moved, and what is still to be checked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from msgspec import Struct

from xmreport.messages import say
from xmreport.model.findings import Finding, Severity
from xmreport.model.outbox import COMPARISON
from xmreport.model.receipts import UnitState
from xmreport.model.sheets import Content, Formula, Line, SheetData, WorkbookData
from xmreport.model.submission import Value
from xmreport.model.text import file_name
from xmreport.rulebook.identity import name_of
from xmreport.tables.changes.differences import Change, ChangeKind, Pairs, changes_of, held_rows, pair
from xmreport.tables.changes.movement import PROJECTS, Movement, movements
from xmreport.tables.head import Occasion
from xmreport.tables.merged import Merged, Return, merge

BY_UNIT, TOTALS, CHANGES, WARNINGS = "变化汇总", "总数核对", "变化", "核对"
COUNTED = {
    "新增": (ChangeKind.NEW,),
    "消失": (ChangeKind.GONE,),
    "办结": (ChangeKind.DONE,),
    "倒退": (ChangeKind.BACK, ChangeKind.REOPENED),
    "金额变化": (ChangeKind.MONEY,),
    "名称变化": (ChangeKind.NAME,),
    "其他变化": (ChangeKind.MOVED, ChangeKind.FACT, ChangeKind.SUMMED),
}
"""The columns of the first sheet and what is counted in each."""
ONCE = frozenset({ChangeKind.NEW, ChangeKind.GONE, ChangeKind.DONE, ChangeKind.BACK, ChangeKind.REOPENED})
"""Counted of rows that are summed alone: a project that two units report came, went or moved on once."""
CONFLICT = "X01"
"""Two units reported one project: told as it stands now, not as it stood when a file came."""
_ORDER = list(ChangeKind)


class Comparison(Struct, frozen=True, dict=True):
    """A period's accepted rows beside those of the time before."""

    occasion: Occasion
    merged: Merged
    returns: Sequence[Return]
    before: Sequence[Return]
    """Each unit's last return before this period."""
    states: Sequence[UnitState]

    @cached_property
    def pairs(self) -> Pairs:
        if not self.before:
            return Pairs((), (), ())
        order = self.occasion.county.roster.order
        last = merge(self.merged.form, self.before, order)
        return pair(self.merged.form, held_rows(last), held_rows(self.merged))

    @cached_property
    def reported_before(self) -> frozenset[str]:
        """Units with a return to compare with."""
        return frozenset(each.unit for each in self.before)

    @cached_property
    def absent(self) -> frozenset[str]:
        """Units that reported before and have nothing acceptable this time."""
        return self.reported_before - {each.unit for each in self.returns}

    @cached_property
    def changes(self) -> list[Change]:
        """By unit in roster order, then by kind; none where there is nothing to compare with."""
        if not self.before:
            return []
        order = self.occasion.county.roster.order
        found = changes_of(self.merged.form, self.pairs, self.absent)
        return sorted(
            found, key=lambda each: (order.get(each.held.unit, len(order)), _ORDER.index(each.kind), each.held.row.row)
        )

    @cached_property
    def movements(self) -> list[Movement]:
        return movements(self.merged.form, self.pairs, self.absent) if self.before else []


def changes(
    occasion: Occasion,
    merged: Merged,
    returns: Sequence[Return],
    before: Sequence[Return],
    states: Sequence[UnitState],
) -> WorkbookData:
    """The workbook of one period.

    Args:
        occasion: county, task, period and moment.
        merged: the accepted rows.
        returns: the versions in force they are from.
        before: each unit's last return of the same form before this period.
        states: the state of every unit that owes this period.
    """
    made = Comparison(occasion, merged, returns, before, states)
    sheets = (_by_unit(made), _totals(made), _changes(made), _warnings(made))
    return WorkbookData(f"{COMPARISON}.xlsx", f"{COMPARISON}.xlsx", sheets)


def _sheet(made: Comparison, name: str, title: str, lines: Sequence[Line], notes: Sequence[str]) -> SheetData:
    form = made.merged.form
    money = any(column.type == "金额" for column in form.columns.values())
    head = {
        **made.occasion.head(f"{made.occasion.county.name}{made.occasion.label}{title}", ""),
        "金额单位": f"　　单位：{form.file.money}" if money else "",
    }
    return SheetData(name, name, head, tuple(lines), notes=tuple(notes))


def _by_unit(made: Comparison) -> SheetData:
    told = (each for each in made.changes if each.held.summed or each.kind not in ONCE)
    counts = Counter((each.held.unit, each.kind) for each in told)
    last = Counter(held.unit for held in (*(before for before, _ in made.pairs.same), *made.pairs.gone) if held.summed)
    now = Counter(made.merged.units)
    lines = []
    for number, state in enumerate(made.states, 1):
        unit = state.unit
        values: dict[str, Content] = {
            "序号": number,
            "单位": unit,
            "上期项目数": last[unit] if unit in made.reported_before else None,
            "本期项目数": now[unit] if state.counts else None,
            **{word: sum(counts[unit, kind] for kind in kinds) or None for word, kinds in COUNTED.items()},
            "说明": _standing(made, state),
        }
        lines.append(Line("明细", values))
    return _sheet(made, BY_UNIT, "变化汇总表", [*lines, Line("合计")], list(_notes(made)))


def _standing(made: Comparison, state: UnitState) -> str | None:
    if state.unit in made.absent:
        return "本期没有合格的报送，上期的项目不算消失"
    if state.counts is None:
        return "本期没有合格的报送"
    if made.before and state.unit not in made.reported_before:
        return "以前没有报过，项目都算新增"
    return None


def _notes(made: Comparison) -> Iterator[str]:
    form = made.merged.form
    if not made.before:
        yield f"没有可比的上期：本期以前，各单位都没有报过合格的“{form.name}”。"
        return
    times = Counter(f"{each.receipt.task}{each.receipt.period}" for each in made.before)
    told = "、".join(f"{time}（{count}个单位）" for time, count in sorted(times.items()))
    yield f"“上期”是各单位本期以前最近一次合格的报送：{told}。"
    yield (
        "新增、消失按项目计；办结、倒退按手续（或事项）计；两个单位都报的项目只在计入汇总的单位计；"
        "金额变化、其他变化按栏计。逐条见“变化”。"
    )
    for each in made.movements:
        if each.measure == PROJECTS or form.columns[each.measure].type == "金额":
            yield _movement(each)


def _movement(each: Movement) -> str:
    """总投资：上期 120.00 万元，新增 30.00，消失 10.00，增减 +5.00，本期 145.00 万元。"""
    shape = ".0f" if each.measure == PROJECTS else ".2f"
    absent = f"，本期未报 {each.absent:{shape}}" if each.absent else ""
    return (
        f"{each.measure}：上期 {each.last:{shape}}{each.unit}{absent}，新增 {each.new:{shape}}，"
        f"消失 {each.gone:{shape}}，增减 {each.changed:+{shape}}，本期 {each.now:{shape}}{each.unit}。"
    )


def _totals(made: Comparison) -> SheetData:
    merged = made.merged
    lines = []
    for number, each in enumerate(made.movements, 1):
        name = each.measure
        total = float(merged.height) if name == PROJECTS else _sum(merged.column(name))
        moved = each.last - each.absent + each.new - each.gone + each.changed
        values: dict[str, Content] = {
            "序号": number,
            "项目": name,
            "计量": each.unit,
            "上期": each.last,
            "未报": each.absent,
            "新增": each.new,
            "消失": each.gone,
            "增减": each.changed,
            "本期": Formula("{上期}-{未报}+{新增}-{消失}+{增减}", round(moved, 6)),
            "汇总表": total,
            "核对": Formula(
                'IF(ABS({本期}-{汇总表})<0.005,"相符","不符")', "相符" if abs(moved - total) < 0.005 else "不符"
            ),
        }
        lines.append(Line("明细", values))
    notes = (
        [
            "上期合计 − 本期未报单位 + 新增 − 消失 + 原有项目增减 = 本期合计，应与汇总表相符。",
            "上期合计是各单位最近一次合格报送之和；有单位上期没有报的，取它更早的一次，所以可能与上期汇总表不同。",
        ]
        if made.before
        else list(_notes(made))
    )
    return _sheet(made, TOTALS, "总数核对表", lines, notes)


def _sum(values: Iterable[Value]) -> float:
    return round(math.fsum(value for value in values if isinstance(value, int | float)), 6)


def _changes(made: Comparison) -> SheetData:
    form = made.merged.form
    lines = []
    for number, each in enumerate(made.changes, 1):
        code = each.held.row.values.get("项目代码")
        values: dict[str, Content] = {
            "序号": number,
            "单位": each.held.unit,
            "项目名称": name_of(form, each.held.row),
            "项目代码": code if isinstance(code, str) else None,
            "变化类型": each.kind.value,
            "列": (each.column or "").replace(".", "·") or None,
            "上期": each.before,
            "本期": each.now,
            "增减": _difference(each),
            "来源": each.held.place,
        }
        lines.append(Line("明细", values))
    notes = list(_notes(made))[:1]
    if made.before and not lines:
        notes.append("本期与上期相比没有变化。")
    return _sheet(made, CHANGES, "变化明细表", lines, notes)


def _difference(each: Change) -> Formula | None:
    figures = [value for value in (each.before, each.now) if isinstance(value, int | float)]
    if each.kind not in {ChangeKind.NEW, ChangeKind.GONE, ChangeKind.MONEY} or not figures:
        return None
    before, now = (float(value) if isinstance(value, int | float) else 0.0 for value in (each.before, each.now))
    return Formula("{本期}-{上期}", round(now - before, 6))


def _warnings(made: Comparison) -> SheetData:
    lines = [Line("明细", {"序号": number, **values}) for number, values in enumerate(_doubts(made), 1)]
    told = "以上各处已经采用，请通知单位核实；确有错误的改后重报。" if lines else "收下的报送没有要核对的地方。"
    return _sheet(made, WARNINGS, "核对表", lines, [told])


def _doubts(made: Comparison) -> Iterator[dict[str, Content]]:
    """The warnings of the versions in force, then projects that two units report."""
    order = made.occasion.county.roster.order
    for each in sorted(made.returns, key=lambda one: order.get(one.unit, len(order))):
        for finding in each.receipt.findings:
            if not finding.is_error and finding.code != CONFLICT:
                yield _doubt(each.unit, finding, file_name(each.receipt.file))
    for conflict in made.merged.conflicts:
        words = {"项目": conflict.project, "单位": f"{conflict.counts}、{conflict.leaves}", "采用": conflict.counts}
        yield _doubt(conflict.leaves, Finding(CONFLICT, Severity.WARNING, words=words), None)


def _doubt(unit: str, finding: Finding, file: str | None) -> dict[str, Content]:
    said = say(finding)
    return {
        "单位": unit,
        "代码": finding.code,
        "问题": said.title,
        "工作表": finding.sheet,
        "单元格": finding.cell,
        "说明": said.message,
        "处理建议": said.advice,
        "来源": file,
    }
