"""One indicator by unit: each unit's figure, its share of the target, and how the units add up to the county."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise

from msgspec import Struct

from xmreport.model.dates import PartialDate
from xmreport.model.sheets import Chart, Content, Formula, Line, SheetData
from xmreport.rulebook.book import Indicator
from xmreport.rulebook.figures import TargetRules
from xmreport.rulebook.files.words import Amount
from xmreport.tables.figures.entered import WHOLE, EnteredFigure
from xmreport.tables.figures.indicators import Figure, FormRows, by_unit, entries, other_reading, whole
from xmreport.tables.given import given
from xmreport.tables.head import Occasion
from xmreport.tables.quantity import quantity
from xmreport.tables.wording import numeral, whole_county

SHARE = "分解"
"""The template's columns about a unit's share of the target: printed where there are shares."""
MOST_COLUMNS, MOST_BARS = 15, 20
"""Units whose names can be read side by side below a chart; one below the other, beside it."""
COUNTY, TOTAL = "分组", "合计"
"""The line of a county's own entered figure, and that of the units' sum."""


class Breakdown(Struct, frozen=True, dict=True):
    """One indicator at a moment, for the county and by unit."""

    occasion: Occasion
    indicator: Indicator
    source: FormRows
    target: TargetRules | None
    """The target that is split among units, else the indicator's first."""

    @cached_property
    def county(self) -> Figure:
        return whole(self.indicator, self.source, given(self.occasion))

    @cached_property
    def units(self) -> Mapping[str, Figure]:
        return by_unit(self.indicator, self.source, given(self.occasion))

    @cached_property
    def entries(self) -> Mapping[str, EnteredFigure]:
        """Where an entered figure is from; empty for figures that are worked out."""
        if self.indicator.rules.entered is None:
            return {}
        return entries(self.indicator, self.source, given(self.occasion))

    @property
    def month(self) -> PartialDate | None:
        """The month that the county's entered figure is of; None where it is worked out from rows, or none is named."""
        own = [self.entries[WHOLE]] if WHOLE in self.entries else self.entries.values()
        return max((entry.when for entry in own if entry.when), default=None)

    @cached_property
    def shares(self) -> Mapping[str, Amount]:
        return self.target.split if self.target else {}

    @property
    def listed(self) -> list[str]:
        """The units that have a figure or a share, in roster order."""
        order = self.occasion.county.roster.order
        return sorted(dict.fromkeys((*self.units, *self.shares)), key=lambda name: order.get(name, len(order)))

    def of(self, unit: str) -> Figure | None:
        """A unit's figure: one that has a share and sent nothing stands at nothing, unless its figure is a rate."""
        own = self.units.get(unit)
        if own is None and self.indicator.rules.over is None and self.indicator.rules.entered is None:
            return Figure(0.0)
        return own

    @property
    def sheet_name(self) -> str:
        return self.indicator.name[:31]

    @property
    def county_cell(self) -> str:
        """Where the county's figure stands, as formulas of the workbook's other sheets name it."""
        line = COUNTY if WHOLE in self.entries else TOTAL
        return f"{self.sheet_name}!{line}.{'比率' if self.indicator.rules.over is not None else '分子'}"

    @property
    def other_text(self) -> str:
        """The figure by the other reading: `另按“…”：83.33%（25÷30）`."""
        reading = other_reading(self.indicator)
        if reading is None or self.indicator.rules.other is None:
            return ""
        own = whole(reading, self.source, given(self.occasion))
        parts = f"（{quantity(own.part, '')}÷{quantity(own.over, '')}）" if own.part is not None and own.over else ""
        return f"另按“{self.indicator.rules.other.reading}”：{quantity(own.value, self.indicator.rules.unit)}{parts}"

    @property
    def called(self) -> str:
        """全县 or 全市."""
        return whole_county(self.occasion.county.file)

    @property
    def origin(self) -> str:
        """Where the county's entered figure is from."""
        if not self.entries:
            return ""
        if WHOLE not in self.entries:
            return "" if self.county.part is None else f"{self.called}数为各单位最近一次填报数之和"
        entry = self.entries[WHOLE]
        return f"取{entry.reporter}填报的{entry.when or '最近一次'}数"


def breakdown_sheet(made: Breakdown) -> SheetData:
    """One indicator by unit. Each line's quotient is a live formula over its own cells, the total's over the sums."""
    rules, name = made.indicator.rules, made.indicator.name
    part, over = _column_names(made)
    head = {
        **made.occasion.head(f"{made.occasion.county.name}{name}分单位情况"),
        "分子名": part,
        "分母名": over,
        "比率名": name if rules.over else "",
    }
    percent = rules.unit == "%"
    series = ("比率" if rules.over else "分子", *([f"{SHARE}.目标"] if made.shares else []))
    charts = tuple(_charts(f"{name}（分单位）", series, len(made.listed), percent=percent))
    template = "分解比率" if rules.over else "分解取值" if rules.entered else "分解数量"
    groups = {SHARE: (SHARE,) if made.shares else ()}
    return SheetData(made.sheet_name, template, head, tuple(_lines(made)), groups, tuple(_notes(made)), charts)


def _charts(title: str, series: tuple[str, ...], units: int, *, percent: bool) -> Iterator[Chart]:
    """One chart; of many units as many as it takes for each name to be read, all of about as many bars."""
    if units <= MOST_COLUMNS:
        yield Chart("column", title, "单位", series, percent=percent)
        return
    parts = math.ceil(units / MOST_BARS)
    ends = [units * part // parts for part in range(parts + 1)]
    for number, (first, end) in enumerate(pairwise(ends), 1):
        named = f"{title}之{numeral(number)}" if parts > 1 else title
        yield Chart("bar", named, "单位", series, percent=percent, part=(first, end))


def _lines(made: Breakdown) -> Iterator[Line]:
    measure = measure_of(made)
    county = {"计量": measure, **_cells(made, made.county, made.target.goal if made.target else None)}
    own_row = WHOLE in made.entries
    if own_row:
        yield Line(COUNTY, {"单位": made.occasion.county.name, **_entered(made, WHOLE), **county})
    for number, unit in enumerate(made.listed, 1):
        own = _cells(made, made.of(unit), made.shares.get(unit))
        yield Line("明细", {"序号": number, "单位": unit, "计量": measure, **_entered(made, unit), **own})
    if made.indicator.rules.entered is None or (made.units and made.indicator.rules.unit != "%"):
        yield Line(TOTAL, {"计量": measure} if own_row else county)


def _entered(made: Breakdown, unit: str) -> dict[str, Content]:
    entry = made.entries.get(unit)
    return {"统计期": entry.when if entry else None, "填报单位": entry.reporter if entry else None}


def _cells(made: Breakdown, own: Figure | None, goal: Amount | None) -> dict[str, Content]:
    """The figure, and how it stands against a share of the target."""
    values: dict[str, Content] = {"分子": own.part if own else None, "分母": own.over if own else None, "比率": None}
    field = "分子"
    if own is not None and own.over is not None:
        field = "比率"
        values[field] = Formula('IF({分母}=0,"",{分子}/{分母})', own.value if own.value is not None else "")
    values |= {f"{SHARE}.目标": goal.figure if goal else None, f"{SHARE}.完成率": None, f"{SHARE}.差额": None}
    value = own.value if own else None
    if goal is not None and value is not None and made.shares:
        if goal.figure:
            values[f"{SHARE}.完成率"] = Formula(f"{{{field}}}/{{{SHARE}.目标}}", value / goal.figure)
        values[f"{SHARE}.差额"] = Formula(f"{{{field}}}-{{{SHARE}.目标}}", value - goal.figure)
    return values


def measure_of(made: Breakdown) -> str:
    """What the parts of an indicator are counted in: it says how many decimals they have."""
    rules, form = made.indicator.rules, made.source.merged.form
    if rules.over is None:
        return rules.unit
    if rules.total is None:
        return "个"
    return form.file.money if form.columns[rules.total].type == "金额" else ""


def _column_names(made: Breakdown) -> tuple[str, str]:
    """What the parts of an indicator are called above their columns."""
    rules = made.indicator.rules
    measure = measure_of(made)
    part = rules.reading.split("÷")[0].strip() if rules.over else made.indicator.name
    over = rules.reading.split("÷")[1].strip(" （）()") if rules.over and "÷" in rules.reading else ""
    if rules.total or measure in {"亿元", "万元"}:
        shown = f"（{measure}）" if measure else ""
        part, over = f"{part}{shown}", f"{over}{shown}" if over else ""
    return part, over


def _notes(made: Breakdown) -> Iterator[str]:
    """How the figure is read, and how the units add up to the county."""
    said = "；".join(each for each in (made.indicator.rules.reading, made.other_text, made.origin) if each)
    yield f"口径：{said}。{made.source.note}"
    yield from _shares_told(made)
    if made.indicator.rules.entered is not None and made.units:
        yield from _entries_told(made)


def _shares_told(made: Breakdown) -> Iterator[str]:
    if made.target is None or not made.shares:
        return
    unit, goal = made.indicator.rules.unit, made.target.goal
    shared = math.fsum(each.figure for each in made.shares.values())
    told = f"，合计{quantity(shared, unit)}" if unit != "%" else ""
    county = f"；{made.called}目标{goal}" if goal else ""
    yield f"目标分解到{len(made.shares)}个单位{told}{county}。出处：{made.target.source}。"
    without = [name for name in made.listed if name not in made.shares]
    if without:
        yield f"没有分解目标的单位（{len(without)}个）：{'、'.join(without)}。"


def _entries_told(made: Breakdown) -> Iterator[str]:
    unit, county = made.indicator.rules.unit, made.county.value
    if county is None:
        yield f"各单位的比率不能相加：{made.called}数请另填一行，“责任单位”留空。"
    elif WHOLE in made.entries and unit != "%":
        together = math.fsum(own.value or 0.0 for own in made.units.values())
        gap = round(abs(county - together), 8)
        apart = f"相差{quantity(gap, unit)}" if gap else "两者一致"
        told = f"各单位填报数共{quantity(together, unit)}，{made.called}填报数{quantity(county, unit)}"
        yield f"{told}，{apart}。"
