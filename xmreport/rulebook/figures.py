"""Indicators and the targets they are held against, as a rule file writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field, model_validator

from xmreport.rulebook.files.words import Amount, AmountText, Day, Rules, Whole, YesNo, wrong


class OtherReading(Rules):
    """A second way in which a notice may be read: worked out too, and printed beside the first."""

    condition: str | None = Field(alias="条件", default=None)
    over_condition: str | None = Field(alias="除以条件", default=None)
    reading: str = Field(alias="口径")


class IndicatorRules(Rules):
    """A figure worked out from one form: a count, a sum, the quotient of two, or a figure that is entered."""

    form: str = Field(alias="报表")
    count: Literal["项目", "手续"] | None = Field(alias="计数", default=None)
    total: str | None = Field(alias="求和", default=None)
    entered: str | None = Field(alias="取值", default=None)
    """The column of an entered figure: the newest row that meets the condition gives it."""
    condition: str | None = Field(alias="条件", default=None)
    each: str | None = Field(alias="每项手续", default=None)
    """Counts the projects each of whose procedures meets this."""
    over: str | None = Field(alias="除以", default=None)
    over_condition: str | None = Field(alias="除以条件", default=None)
    unit: Literal["%", "个", "亿元", "万元", "项", "家"] = Field(alias="单位", default="%")
    pro_rata: YesNo = Field(alias="序时", default=False)
    """Held against the share of the year that has passed."""
    reading: str = Field(alias="口径")
    other: OtherReading | None = Field(alias="另一口径", default=None)

    @model_validator(mode="after")
    def _one_source(self) -> IndicatorRules:
        if sum(word is not None for word in (self.count, self.total, self.entered)) != 1:
            raise wrong("“计数”“求和”“取值”中写且只写一项")
        if self.entered is not None:
            if self.over is not None:
                raise wrong("“取值”的指标不写“除以”")
        elif (self.unit == "%") != (self.over is not None):
            raise wrong("比率（单位 %）要写“除以”，其他单位不写")
        return self


class Milestone(Rules):
    """What must be reached by a day before the end."""

    until: Day = Field(alias="日期")
    firm: AmountText | None = Field(alias="达到", default=None)
    stretch: AmountText | None = Field(alias="力争", default=None)
    source: str = Field(alias="出处")

    @property
    def goal(self) -> Amount | None:
        """The firm value, else the stretch one."""
        return self.firm or self.stretch


class TargetRules(Rules):
    """What an indicator has to reach: 达到/确保 is firm, 力争 a stretch; each keeps the notice's own word."""

    indicator: str = Field(alias="指标")
    firm: AmountText | None = Field(alias="达到", default=None)
    stretch: AmountText | None = Field(alias="力争", default=None)
    until: Day = Field(alias="截止")
    milestones: tuple[Milestone, ...] = Field(alias="节点", default=())
    split: Mapping[str, AmountText] = Field(alias="分解", default_factory=dict)
    """Unit → its share of the county's target; the shares reconcile with the whole."""
    note: str = Field(alias="说明", default="")
    source: str = Field(alias="出处")

    @model_validator(mode="after")
    def _something(self) -> TargetRules:
        if not (self.firm or self.stretch or self.milestones):
            raise wrong("“达到”“力争”“节点”中至少写一项")
        return self

    @property
    def goal(self) -> Amount | None:
        """What the figure is held against: the firm value, else the stretch one."""
        return self.firm or self.stretch

    def amounts(self) -> Iterator[tuple[tuple[str | int, ...], Amount]]:
        """Every figure of the target with its place below the target's own."""
        for key, amount in (("达到", self.firm), ("力争", self.stretch)):
            if amount:
                yield (key,), amount
        for number, milestone in enumerate(self.milestones):
            for key, amount in (("达到", milestone.firm), ("力争", milestone.stretch)):
                if amount:
                    yield ("节点", number, key), amount
        for unit, share in self.split.items():
            yield ("分解", unit), share


class Lights(Rules):
    """Percentage points behind the time gone from which a target is 滞后, and from which it is 严重滞后."""

    behind: Whole = Field(alias="滞后", default=5)
    far_behind: Whole = Field(alias="严重滞后", default=15)

    @model_validator(mode="after")
    def _ordered(self) -> Lights:
        if self.behind > self.far_behind:
            raise wrong("“滞后”不大于“严重滞后”")
        return self
