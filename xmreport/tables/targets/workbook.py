"""目标完成情况表: every target beside what was reached, and each indicator by unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from xmreport.model.outbox import TARGETS
from xmreport.model.sheets import Chart, Content, Formula, Line, SheetData, WorkbookData
from xmreport.rulebook.book import Indicator
from xmreport.rulebook.figures import Milestone, TargetRules
from xmreport.tables.figures.breakdown import Breakdown, breakdown_sheet
from xmreport.tables.figures.indicators import FormRows
from xmreport.tables.given import report_day
from xmreport.tables.head import Occasion, minute
from xmreport.tables.targets.verdict import Verdict

FIRST = "目标完成情况"


class _Entry(Struct, frozen=True):
    """One line of the first sheet: `made` is None where the indicator has no data."""

    verdict: Verdict
    made: Breakdown | None


def targets(occasion: Occasion, sources: Mapping[str, FormRows]) -> WorkbookData:
    """The county's targets, then a sheet for each indicator of which some unit has a figure or a share.

    Args:
        occasion: county, task, period and moment.
        sources: form → its rows at that moment.
    """
    made = breakdowns(occasion, sources)
    entries = _entries(occasion, made)
    chart = Chart("bar", "各项目标完成率", "指标", ("完成率",), percent=True)
    first = SheetData(
        FIRST,
        FIRST,
        occasion.head(f"{occasion.county.name}{FIRST}表"),
        tuple(_line(occasion, number, entry) for number, entry in enumerate(entries, 1)),
        notes=tuple(_notes(occasion, sources)),
        charts=(chart,) if made else (),
    )
    by_unit = (breakdown_sheet(each) for each in made.values() if each.listed)
    return WorkbookData(f"{TARGETS}.xlsx", f"{TARGETS}.xlsx", (first, *by_unit))


def breakdowns(occasion: Occasion, sources: Mapping[str, FormRows]) -> dict[str, Breakdown]:
    """Every indicator that has data, or shares of a target to hold against it, by name."""
    found: dict[str, Breakdown] = {}
    for name, indicator in occasion.county.indicators.items():
        source = sources.get(indicator.rules.form)
        if source is None or not source.received:
            continue
        made = Breakdown(occasion, indicator, source, _split_target(occasion, name))
        if made.listed or made.county.part is not None:
            found[name] = made
    return found


def _split_target(occasion: Occasion, name: str) -> TargetRules | None:
    own = [target for target in occasion.county.targets if target.indicator == name]
    return next((target for target in own if target.split), own[0] if own else None)


def _entries(occasion: Occasion, made: Mapping[str, Breakdown]) -> list[_Entry]:
    """The targets as the rules order them, then the indicators without one."""
    county = occasion.county
    aimed = {target.indicator for target in county.targets}
    pairs: list[tuple[Indicator, TargetRules | None]] = [
        *((county.indicators[target.indicator], target) for target in county.targets),
        *((indicator, None) for name, indicator in county.indicators.items() if name not in aimed),
    ]
    day = report_day(occasion)
    entries = []
    for indicator, target in pairs:
        own = made.get(indicator.name)
        entries.append(
            _Entry(Verdict(indicator, target, own.county.value if own else None, day, own.month if own else None), own)
        )
    return entries


def _line(occasion: Occasion, number: int, entry: _Entry) -> Line:
    verdict = entry.verdict
    indicator, target = verdict.indicator, verdict.target
    reached: Content = None
    if entry.made is not None and verdict.value is not None:
        reached = Formula(f"{{{entry.made.county_cell}}}", verdict.value) if entry.made.listed else verdict.value
    values: dict[str, Content] = {
        "序号": number,
        "指标": indicator.name,
        "单位": indicator.rules.unit,
        "目标": target.firm.figure if target and target.firm else None,
        "力争": target.stretch.figure if target and target.stretch else None,
        "节点": _milestone_text(verdict),
        "完成": reached,
        **verdict.against_goal,
        "与序时进度差": _against_time(verdict),
        "达标情况": verdict.word,
        "亮灯": verdict.light(occasion.county.file.lights),
        "口径": _reading(verdict, entry.made),
    }
    return Line("明细", values)


def _against_time(verdict: Verdict) -> Content:
    """Percentage points before or behind the time gone, as a formula over the line's own cells."""
    if verdict.ahead is None:
        return None
    progress = "完成" if verdict.indicator.rules.unit == "%" else "完成率"
    return Formula(f"({{{progress}}}-{verdict.months_gone}/12)*100", verdict.ahead)


def _milestone_text(verdict: Verdict) -> str | None:
    """The milestones with their days, and the target's own day unless it is one of theirs."""
    target = verdict.target
    if target is None:
        return None
    shown = [("现行", verdict.in_force), ("下一", verdict.following)]
    told = [f"{word}：{_milestone(each)}" for word, each in shown if each]
    if target.until not in {each.until for _, each in shown if each}:
        told.append(f"截止：{target.until}")
    return "\n".join(told)


def _milestone(each: Milestone) -> str:
    amount = f"达到{each.firm}" if each.firm else f"力争{each.stretch}" if each.stretch else ""
    return f"{each.until} {amount}".strip()


def _reading(verdict: Verdict, made: Breakdown | None) -> str:
    target = verdict.target
    parts = [verdict.indicator.rules.reading]
    if made is not None:
        parts += [made.other_text, made.origin]
    if verdict.ahead is not None and verdict.month and verdict.month.last < verdict.day:
        parts.append(f"序时按数据的月份（{verdict.month}）计")
    if target:
        firm = "达到" if target.firm else "力争"
        parts.append(f"完成率、差额以“{firm}”值计" if target.firm and target.stretch else "")
        parts.append("完成率、差额以节点值计" if target.goal is None and verdict.goal else "")
        parts.append(target.note)
        parts.append(f"出处：{target.source}")
    return "；".join(part for part in parts if part)


def _notes(occasion: Occasion, sources: Mapping[str, FormRows]) -> Iterator[str]:
    county = occasion.county
    yield f"数据截至 {minute(occasion.as_of)}。依据：{county.file.basis}。"
    forms = list(dict.fromkeys(indicator.rules.form for indicator in county.indicators.values()))
    yield from (sources[form].note for form in forms if form in sources and sources[form].note)
    lacking = [form for form in forms if form not in sources or not sources[form].received]
    yield from (f"还没有收到“{form}”，有关指标暂无数据。" for form in lacking)
    lights = county.file.lights
    yield (
        "亮灯：正常为绿，滞后为黄，严重滞后、逾期未达为红；"
        f"按序时进度考核的，落后{lights.behind}个百分点为滞后、{lights.far_behind}个百分点为严重滞后。"
    )
