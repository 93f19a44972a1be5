"""报送情况及迟报名单: who reported what and when, and who has to be chased, in order of gravity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xmreport.model.outbox import REGISTER
from xmreport.model.receipts import State, UnitState
from xmreport.model.sheets import Content, Line, SheetData, WorkbookData
from xmreport.tables.head import Occasion, deadline, minute, second, spell
from xmreport.tables.standing import counted, is_late, nil_returns, state_word

GRAVITY = (State.MISSING, State.RETURNED, State.LATE, State.NIL)


def register(occasion: Occasion, states: Sequence[UnitState], contacts: Mapping[str, str]) -> WorkbookData:
    """The period's register and its late list.

    Args:
        occasion: county, task, period and moment.
        states: the state of every unit that owes this period.
        contacts: unit → its contact, as it named one.
    """
    county = occasion.county.name
    task = occasion.label
    first = SheetData(
        "报送情况",
        "报送情况",
        occasion.head(f"{county}{task}报送情况"),
        tuple(_line(occasion, number, state, contacts) for number, state in enumerate(states, 1)),
        notes=tuple(_register_notes(occasion, states)),
    )
    owed = _owed(states)
    late = SheetData(
        "迟报名单",
        "迟报名单",
        occasion.head(f"{county}{task}迟报名单"),
        tuple(_line(occasion, number, state, contacts) for number, state in enumerate(owed, 1)),
        notes=tuple(_late_notes(occasion, states, owed)),
    )
    return WorkbookData(f"{REGISTER}.xlsx", f"{REGISTER}.xlsx", (first, late))


def _owed(states: Sequence[UnitState]) -> list[UnitState]:
    """未报, 退回待改 and 迟报, and a nil return that came late; within each the latest first."""
    owed = [each for each in states if each.state in GRAVITY[:3] or is_late(each)]
    return sorted(owed, key=lambda each: (GRAVITY.index(each.state), -each.late_by_s))


def _line(occasion: Occasion, number: int, state: UnitState, contacts: Mapping[str, str]) -> Line:
    rules = occasion.task.rules
    late = spell(state.late_by_s) if state.late_by_s else None
    values: dict[str, Content] = {
        "序号": number,
        "单位": state.unit,
        "类别": occasion.county.roster.category_of.get(state.unit),
        "报表": rules.form or rules.document,
        "应报时间": deadline(state.due_at) or "按需",
        "实报时间": minute(state.arrived_at) or None,
        "迟报时长": late,
        "状态": state_word(state),
        "版本": state.version or None,
        "项目数": state.counts.row_count if state.counts else None,
        "累计迟报": state.late_total,
        "累计未报": state.missing_total,
        "联络人": contacts.get(state.unit),
        "时长算法": _reckoning(state, late),
        "说明": state.reason,
    }
    return Line("明细", values)


def _reckoning(state: UnitState, late: str | None) -> str | None:
    """What a state rests on; None where nothing is asked for yet, or at all."""
    by_seconds = 0 < state.late_by_s < 60
    due = f"应报{second(state.due_at) if by_seconds else deadline(state.due_at)}" if state.due_at else "按需报送"
    came = second(state.arrived_at) if by_seconds else minute(state.arrived_at)
    if late:
        return f"{due}，实报{came}，相差{late}"
    if state.state is State.MISSING:
        return f"{due}，至今未报"
    if state.state is State.RETURNED:
        return f"{due}，首次报送{came}，退回后至今没有合格的"
    return f"{due}，实报{came}" if came else None


def _register_notes(occasion: Occasion, states: Sequence[UnitState]) -> Iterator[str]:
    told = "，".join(f"{word}{count}个" for word, count in counted(states).items())
    nil = nil_returns(states)
    yield f"应报{len(states)}个单位：{told}{f'；其中零报告{nil}个' if nil else ''}。"
    timing = occasion.task.rules.timing
    basis = "以首次报送（退回的也算）的时间计" if timing == "首次报送" else "以首次合格的时间计"
    hour = "" if occasion.task.rules.schedule.hour else "；时限没有写几点，按当日24时前计"
    yield f"是否迟报{basis}；正点送到的算按时{hour}。依据：{occasion.county.file.basis} {occasion.task.rules.source}。"
    if occasion.period.note:
        yield f"{occasion.period.note}。"


def _late_notes(occasion: Occasion, states: Sequence[UnitState], owed: Sequence[UnitState]) -> Iterator[str]:
    if owed:
        yield "按未报、退回待改、迟报的次序排列。"
    elif occasion.period.is_due(occasion.as_of) or not any(each.state is State.PENDING for each in states):
        yield "本期没有未报、退回待改和迟报的单位。"
    else:
        yield "尚未到报送时限。"
