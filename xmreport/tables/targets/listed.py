"""A list of targets: the county's own first, then each unit's share, each with what was reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xmreport.model.sheets import ColumnData, Content, Formula, Line
from xmreport.rulebook.figures import TargetRules
from xmreport.tables.figures.breakdown import Breakdown
from xmreport.tables.figures.indicators import FormRows
from xmreport.tables.given import report_day
from xmreport.tables.head import Occasion
from xmreport.tables.targets.verdict import Verdict
from xmreport.tables.targets.workbook import breakdowns

_FIGURE = "指标值"
"""The template's word for a column whose lines are of different units of measure."""
TARGET_COLUMNS: tuple[ColumnData, ...] = (
    ColumnData("责任单位", "单位", "责任单位"),
    ColumnData("指标", "文本", "指标"),
    ColumnData("单位", "选项", "单位"),
    ColumnData("目标", _FIGURE, "目标"),
    ColumnData("力争", _FIGURE, "力争"),
    ColumnData("完成", _FIGURE, "完成"),
    ColumnData("完成率", "计算", "完成率\n（%）"),
    ColumnData("差额", _FIGURE, "差额"),
    ColumnData("亮灯", "文本", "亮灯"),
)


def target_lines(occasion: Occasion, sources: Mapping[str, FormRows], indicators: Sequence[str]) -> Iterator[Line]:
    """A line for each target of the county, then one for each share: unit by unit in roster order.

    Args:
        occasion: county, task, period and moment.
        sources: form → its rows at that moment.
        indicators: whose targets are listed.
    """
    county = occasion.county
    made = breakdowns(occasion, sources)
    listed = [target for name in indicators for target in county.targets if target.indicator == name]
    shares: list[tuple[str, TargetRules]] = [(unit, target) for target in listed for unit in target.split]
    shares.sort(key=lambda share: county.roster.order[share[0]])
    whole = [(county.name, target) for target in listed]
    for number, (unit, target) in enumerate([*whole, *shares], 1):
        own = made.get(target.indicator)
        yield Line("明细", {"序号": number, "责任单位": unit, **_values(occasion, target, unit, own)})


def _values(occasion: Occasion, target: TargetRules, unit: str, made: Breakdown | None) -> dict[str, Content]:
    """One target, of the county or of a unit, and how it stands."""
    indicator = occasion.county.indicators[target.indicator]
    held = _share(target, unit) if unit in target.split else target
    figure = (made.of(unit) if unit in target.split else made.county) if made else None
    verdict = Verdict(
        indicator, held, figure.value if figure else None, report_day(occasion), made.month if made else None
    )
    return {
        "指标": indicator.name,
        "单位": indicator.rules.unit,
        "目标": held.firm.figure if held.firm else None,
        "力争": held.stretch.figure if held.stretch else None,
        "完成": verdict.value,
        **verdict.against_goal,
        "完成率": _hundredfold(verdict.against_goal["完成率"]),
        "亮灯": verdict.light(occasion.county.file.lights),
    }


def _hundredfold(rate: Content) -> Content:
    """A quotient under a heading that says %: a column of its type prints plain numbers."""
    if isinstance(rate, Formula) and isinstance(rate.value, int | float):
        return Formula(f"{rate.text}*100", rate.value * 100)
    return None


def _share(target: TargetRules, unit: str) -> TargetRules:
    """A unit's share as a target of its own: firm or a stretch like the whole it is part of, without milestones."""
    share = target.split[unit]
    firm, stretch = (None, share) if target.stretch and not target.firm else (share, None)
    return target.model_copy(update={"firm": firm, "stretch": stretch, "milestones": (), "split": {}})
