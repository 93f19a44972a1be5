"""通报: a notice of how a period went, and units ranked on timeliness and on progress."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xmreport.model.outbox import BULLETIN
from xmreport.model.receipts import UnitState
from xmreport.model.sheets import Content, Formula, Line, SheetData, WorkbookData
from xmreport.tables.bulletin.ranking import OTHERS, Ranked, Ranking, progress_of, rankings
from xmreport.tables.bulletin.text import Text
from xmreport.tables.figures.breakdown import Breakdown, measure_of
from xmreport.tables.figures.indicators import Figure, FormRows
from xmreport.tables.head import Occasion, deadline, minute, spell
from xmreport.tables.standing import Backlog, counted, state_word
from xmreport.tables.wording import listed, whole_county

TEMPLATE = "排名"
TIMELINESS, RATE, NUMBER = "时效", "比率", "数值"
"""The template's blocks of columns: timeliness, progress by a rate, progress by a number; each is printed or not."""
TIMED = "报送时效"
"""What stands above the columns of timeliness; above those of progress stands the indicator."""
NO_RANK = "—"


def bulletin(
    occasion: Occasion,
    states: Sequence[UnitState],
    sources: Mapping[str, FormRows],
    backlogs: Sequence[Backlog] = (),
) -> WorkbookData:
    """The period's bulletin.

    Args:
        occasion: county, task, period and moment.
        states: the state of every unit that owes this period.
        sources: form → its rows at that moment.
        backlogs: what is open in the dockets that are written with it.
    """
    progress = progress_of(occasion, sources)
    ranked = rankings(occasion, states, progress)
    names = [each.category if each.category == OTHERS else f"{each.category}{TEMPLATE}" for each in ranked]
    sheets = [
        _sheet(occasion, ranking, name, number, progress, states, names)
        for number, (ranking, name) in enumerate(zip(ranked, names, strict=True), 1)
    ]
    text = Text(occasion, states, ranked, progress, names, backlogs)
    return WorkbookData(f"{BULLETIN}.xlsx", f"{BULLETIN}.xlsx", (text.sheet(), *sheets))


def _sheet(
    occasion: Occasion,
    ranking: Ranking,
    name: str,
    number: int,
    progress: Breakdown | None,
    states: Sequence[UnitState],
    names: Sequence[str],
) -> SheetData:
    timed = occasion.period.due_at is not None
    over = progress is not None and progress.indicator.rules.over is not None
    groups = {
        TIMELINESS: (TIMED,) if timed else (),
        RATE: (progress.indicator.name,) if progress and over else (),
        NUMBER: (progress.indicator.name,) if progress and not over else (),
    }
    lines = [
        Line("合计", {**_county(occasion, states, names), **_figures(progress, progress.county if progress else None)}),
        *(Line("明细", {**_unit(each), **_figures(progress, each.own, each.ahead)}) for each in ranking.standings),
        Line("小计", {"单位": ranking.category, **_subtotal(ranking, progress)}),
    ]
    head = occasion.head(f"{occasion.county.name}{occasion.label}{name}", f"附件{number}")
    return SheetData(name, TEMPLATE, head, tuple(lines), groups, tuple(_notes(occasion, ranking, progress)))


def _unit(standing: Ranked) -> dict[str, Content]:
    state = standing.state
    if state is None:
        blank = ("状态", "应报时间", "实报时间", "迟报时长", "累计迟报", "累计未报")
        return {"单位": standing.unit, f"{TIMED}.名次": NO_RANK, **{f"{TIMED}.{name}": None for name in blank}}
    return {
        "单位": standing.unit,
        f"{TIMED}.名次": standing.prompt or NO_RANK,
        f"{TIMED}.状态": state_word(state),
        f"{TIMED}.应报时间": deadline(state.due_at),
        f"{TIMED}.实报时间": minute(state.arrived_at) or None,
        f"{TIMED}.迟报时长": spell(state.late_by_s) if state.late_by_s else None,
        f"{TIMED}.累计迟报": state.late_total,
        f"{TIMED}.累计未报": state.missing_total,
    }


def _county(occasion: Occasion, states: Sequence[UnitState], names: Sequence[str]) -> dict[str, Content]:
    """The first line: all that owe the period, their sums taken from every sheet's own."""
    totals = {"累计迟报": sum(s.late_total for s in states), "累计未报": sum(s.missing_total for s in states)}
    sums = {
        f"{TIMED}.{name}": Formula("+".join(f"{{{sheet}!小计.{TIMED}.{name}}}" for sheet in names), total)
        for name, total in totals.items()
    }
    return {
        "单位": f"{whole_county(occasion.county.file)}合计",
        f"{TIMED}.名次": NO_RANK,
        f"{TIMED}.状态": _counts(states),
        f"{TIMED}.应报时间": deadline(occasion.period.due_at),
        **sums,
    }


def _subtotal(ranking: Ranking, progress: Breakdown | None) -> dict[str, Content]:
    values: dict[str, Content] = {f"{TIMED}.状态": _counts(ranking.states)}
    if progress is not None and progress.indicator.rules.over is not None:
        own = [each.own for each in ranking.standings if each.own]
        parts, overs = sum(each.part or 0.0 for each in own), sum(each.over or 0.0 for each in own)
        values |= {"计量": measure_of(progress), **_quotient(progress.indicator.name, Figure(parts, overs))}
    return values


def _counts(states: Sequence[UnitState]) -> str:
    return listed(f"{word}{count}" for word, count in counted(states).items())


def _figures(progress: Breakdown | None, own: Figure | None, rank: int | None = None) -> dict[str, Content]:
    """An indicator's figure, of a unit with its rank."""
    if progress is None:
        return {}
    name = progress.indicator.name
    values: dict[str, Content] = {"计量": measure_of(progress), f"{name}.名次": rank or NO_RANK}
    if progress.indicator.rules.over is None:
        return {**values, f"{name}.完成": own.part if own else None}
    blank: dict[str, Content] = {f"{name}.{field}": None for field in ("完成", "总量", "比率")}
    return {**values, **blank, **(_quotient(name, own) if own else {})}


def _quotient(name: str, own: Figure) -> dict[str, Content]:
    ratio = Formula(f'IF({{{name}.总量}}=0,"",{{{name}.完成}}/{{{name}.总量}})', "" if own.value is None else own.value)
    return {f"{name}.完成": own.part, f"{name}.总量": own.over, f"{name}.比率": ratio}


def _notes(occasion: Occasion, ranking: Ranking, progress: Breakdown | None) -> Iterator[str]:
    if ranking.category == OTHERS:
        yield "这些单位不参加排名。"
    elif ranking.states:
        yield (
            "时效名次：按时（含按时的零报告）在前，迟报的按迟报时长由短到长，退回待改在后；"
            "结果相同的名次并列，其后名次顺延；未报、待报、免报不参加排名。"
        )
    if progress:
        yield f"进度名次：{progress.indicator.name}由高到低，按四舍五入前的数，相同的并列；没有数据的不参加排名。"
        yield f"口径：{progress.indicator.rules.reading}。{progress.source.note}"
    if occasion.period.note:
        yield f"{occasion.period.note}。"
