"""目标完成情况表: every target beside what was reached, and each indicator by unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xmreport.model.dates import CHINA
from xmreport.model.sheets import Chart, Content, Formula, Line, SheetData, WorkbookData
from xmreport.rulebook.book import Indicator
from xmreport.rulebook.figures import Milestone, TargetRules
from xmreport.rulebook.words import Amount
from xmreport.tables.head import Occasion, minute
from xmreport.tables.indicators import Figure, figure
from xmreport.tables.merged import Merged

NAME = "目标完成情况表"
BREAKDOWN = "分解"
FIRST = "目标完成情况"
NO_DATA = "无数据"


@dataclass(frozen=True)
class Source:
    """What an indicator is worked out from: a form's merged rows, and how they are called in 口径."""

    merged: Merged
    by: str
    """The field whose units break it down: 填报单位, or 责任单位 for a register that one office keeps."""
    note: str


def targets(occasion: Occasion, sources: Mapping[str, Source]) -> WorkbookData:
    """The county's targets, then a sheet for each indicator that has data.

    Args:
        occasion: county, task, period and moment.
        sources: form → its rows at that moment.
    """
    county = occasion.county
    breakdowns: list[SheetData] = []
    figures: dict[str, Figure] = {}
    for name, indicator in county.indicators.items():
        source = sources.get(indicator.rules.form)
        if source is not None and source.merged.rows:
            sheet, figures[name] = _breakdown(occasion, indicator, source)
            breakdowns.append(sheet)
    names = {indicator: sheet.name for indicator, sheet in zip(figures, breakdowns, strict=True)}
    lines: list[Line] = []
    done: set[str] = set()
    for target in county.targets:
        done.add(target.indicator)
        lines.append(_line(occasion, len(lines) + 1, county.indicators[target.indicator], target, figures, names))
    for name, indicator in county.indicators.items():
        if name not in done:
            lines.append(_line(occasion, len(lines) + 1, indicator, None, figures, names))
    notes = _notes(occasion, sources)
    chart = Chart("bar", "各项目标完成率", "指标", ("完成率",), percent=True)
    first = SheetData(
        FIRST,
        FIRST,
        occasion.head(f"{county.name}{FIRST}表"),
        tuple(lines),
        notes=notes,
        charts=(chart,) if figures else (),
    )
    return WorkbookData(f"{NAME}.xlsx", f"{NAME}.xlsx", (first, *breakdowns))


def _breakdown(occasion: Occasion, indicator: Indicator, source: Source) -> tuple[SheetData, Figure]:
    """One indicator by unit. Each line's quotient is a live formula over its own cells, the total's over the sums."""
    merged, rules = source.merged, indicator.rules
    owners = (
        [str(row.values.get(source.by) or "（未写）") for row in merged.rows]
        if source.by != "填报单位"
        else merged.units
    )
    order = occasion.county.roster.order
    lines: list[Line] = []
    for unit in sorted(set(owners), key=lambda name: order.get(name, len(order))):
        rows = [row for row, owner in zip(merged.rows, owners, strict=True) if owner == unit]
        own = figure(indicator, merged.form, rows, [unit] * len(rows))
        if own.over != 0:  # nothing of this unit's is in scope
            values: dict[str, Content] = {"序号": len(lines) + 1, "单位": unit, "计量": _measure(indicator)}
            lines.append(Line("明细", {**values, **_quotient(own)}))
    whole = figure(indicator, merged.form, merged.rows, merged.units)
    lines.append(Line("合计", {"计量": _measure(indicator), **_quotient(whole)}))
    part, over = _column_names(indicator)
    head = {
        **occasion.head(f"{occasion.county.name}{indicator.name}分单位情况"),
        "分子名": part,
        "分母名": over,
        "比率名": indicator.name if rules.over else "",
    }
    ratio = rules.over is not None
    chart = Chart("column", f"{indicator.name}（分单位）", "单位", ("比率" if ratio else "分子",), percent=ratio)
    template = f"{BREAKDOWN}比率" if ratio else f"{BREAKDOWN}数量"
    notes = (f"口径：{rules.reading}。{source.note}",)
    return SheetData(indicator.name[:31], template, head, tuple(lines), notes=notes, charts=(chart,)), whole


def _quotient(own: Figure) -> dict[str, Content]:
    if own.over is None:
        return {"分子": own.part}
    ratio = Formula('IF({分母}=0,"",{分子}/{分母})', own.value if own.value is not None else "")
    return {"分子": own.part, "分母": own.over, "比率": ratio}


def _measure(indicator: Indicator) -> str:
    """What the parts of an indicator are counted in: it says how many decimals they have."""
    rules = indicator.rules
    return rules.unit if rules.over is None else "万元" if rules.total else "个"


def _column_names(indicator: Indicator) -> tuple[str, str]:
    """What the parts of an indicator are called above their columns."""
    rules = indicator.rules
    unit = _measure(indicator)
    part = rules.reading.split("÷")[0].strip() if rules.over else indicator.name
    over = rules.reading.split("÷")[1].strip(" （）()") if rules.over and "÷" in rules.reading else ""
    if rules.total or unit in {"亿元", "万元"}:
        part = f"{part}（{unit}）"
        over = f"{over}（{unit}）" if over else ""
    return part, over


def _line(
    occasion: Occasion,
    number: int,
    indicator: Indicator,
    target: TargetRules | None,
    figures: Mapping[str, Figure],
    names: Mapping[str, str],
) -> Line:
    own = figures.get(indicator.name)
    value = own.value if own else None
    milestone, following = _milestones(occasion, target)
    goal = _goal(target, milestone)
    reached: Content = None
    if own is not None and value is not None:
        field = "比率" if indicator.rules.over else "分子"
        reached = Formula(f"{{{names[indicator.name]}!合计.{field}}}", value)
    values: dict[str, Content] = {
        "序号": number,
        "指标": indicator.name,
        "单位": indicator.rules.unit,
        "目标": target.firm.figure if target and target.firm else None,
        "力争": target.stretch.figure if target and target.stretch else None,
        "节点": _milestone_text(target, milestone, following),
        "完成": reached,
        "完成率": None,
        "差额": None,
        "与序时进度差": None,
        "达标情况": _verdict(occasion, target, milestone, value),
        "口径": _reading(indicator, target),
    }
    if goal is not None and value is not None:
        column = _goal_column(target)
        goal_text = f"{{{column}}}" if column else repr(goal.figure)
        if goal.figure:
            values["完成率"] = Formula(f"{{完成}}/{goal_text}", value / goal.figure)
        values["差额"] = Formula(f"{{完成}}-{goal_text}", value - goal.figure)
    if indicator.rules.pro_rata and value is not None:
        month = _months_gone(occasion, target)
        values["与序时进度差"] = Formula(f"({{完成}}-{month}/12)*100", (value - month / 12) * 100)
    return Line("明细", values)


def _months_gone(occasion: Occasion, target: TargetRules | None) -> int:
    """序时进度 in months of the target's own year: all twelve once that year is over."""
    today = occasion.as_of.astimezone(CHINA).date()
    return 12 if target and today.year > target.until.year else today.month


def _goal(target: TargetRules | None, milestone: Milestone | None) -> Amount | None:
    """What the figure is held against: the firm value, else the stretch one, else the milestone in force."""
    if target is None:
        return None
    return target.firm or target.stretch or (milestone and (milestone.firm or milestone.stretch)) or None


def _goal_column(target: TargetRules | None) -> str | None:
    if target is None:
        return None
    return "目标" if target.firm else "力争" if target.stretch else None


def _milestones(occasion: Occasion, target: TargetRules | None) -> tuple[Milestone | None, Milestone | None]:
    """The milestone in force (the last whose day has come), and the next."""
    if target is None:
        return None, None
    today = occasion.as_of.astimezone(CHINA).date()
    ordered = sorted(target.milestones, key=lambda each: each.day)
    past = [each for each in ordered if each.day <= today]
    ahead = [each for each in ordered if each.day > today]
    return (past[-1] if past else None), (ahead[0] if ahead else None)


def _milestone_text(target: TargetRules | None, milestone: Milestone | None, following: Milestone | None) -> str | None:
    """The milestones with their days, and the target's own day unless it is one of theirs."""
    told = []
    for word, each in (("现行", milestone), ("下一", following)):
        if each:
            amount = f"达到{each.firm}" if each.firm else f"力争{each.stretch}"
            told.append(f"{word}：{each.day} {amount}")
    if target and target.until not in {each.day for each in (milestone, following) if each}:
        told.append(f"截止：{target.until}")
    return "\n".join(told) or None


def _verdict(
    occasion: Occasion, target: TargetRules | None, milestone: Milestone | None, value: float | None
) -> str | None:
    """Decided on the unrounded figure. Before its day a target that is not reached yet is 未到节点."""
    if target is None:
        return None
    if value is None:
        return NO_DATA
    goal = _goal(target, milestone)
    if goal is None or value >= goal.figure - 1e-12:
        return "已达标"
    in_force = milestone and (milestone.firm or milestone.stretch)
    missed = "未达标" if (milestone.firm if milestone else target.firm) else "未达力争"
    if in_force and value < in_force.figure - 1e-12:
        return missed
    return "未到节点" if occasion.as_of.astimezone(CHINA).date() < target.until else missed


def _reading(indicator: Indicator, target: TargetRules | None) -> str:
    parts = [indicator.rules.reading]
    if target:
        firm = "达到" if target.firm else "力争"
        parts.append(f"完成率、差额以“{firm}”值计" if target.firm and target.stretch else "")
        parts.append(target.note)
        parts.append(f"出处：{target.source}")
    return "；".join(part for part in parts if part)


def _notes(occasion: Occasion, sources: Mapping[str, Source]) -> tuple[str, ...]:
    notes = [f"数据截至 {minute(occasion.as_of)}。依据：{occasion.county.file.basis}。"]
    notes += [source.note for source in sources.values() if source.note]
    lacking: Sequence[str] = [
        form
        for form in dict.fromkeys(i.rules.form for i in occasion.county.indicators.values())
        if form not in sources or not sources[form].merged.rows
    ]
    notes += [f"还没有收到“{form}”，有关指标暂无数据。" for form in lacking]
    return tuple(notes)
