"""How a figure stands against its target on a day: what it is held against, the verdict and the light."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from msgspec import Struct

from xmreport.model.dates import PartialDate
from xmreport.model.sheets import Content, Formula
from xmreport.rulebook.book import Indicator
from xmreport.rulebook.figures import Lights, Milestone, TargetRules
from xmreport.rulebook.files.words import Amount

NO_DATA = "无数据"
_HAIR = 1e-12
"""What sums of decimals may lack without a reader seeing it."""
_POINT = 1e-9


class Light(StrEnum):
    """亮灯: green, yellow, orange and red, as the template colours them; 未到期 has no colour."""

    ON_COURSE = "正常"
    NOT_DUE = "未到期"
    BEHIND = "滞后"
    FAR_BEHIND = "严重滞后"
    OVERDUE = "逾期未达"


class Verdict(Struct, frozen=True):
    """One indicator's figure on a day, held against a target or against none."""

    indicator: Indicator
    target: TargetRules | None
    value: float | None
    """Unrounded."""
    day: dt.date
    month: PartialDate | None = None
    """The month whose statistics the figure is, where an office enters it: the time gone is reckoned to its end."""

    @property
    def in_force(self) -> Milestone | None:
        """The last milestone whose day has come."""
        return max((m for m in self._milestones if m.until <= self.day), key=lambda m: m.until, default=None)

    @property
    def following(self) -> Milestone | None:
        """The next milestone."""
        return min((m for m in self._milestones if m.until > self.day), key=lambda m: m.until, default=None)

    @property
    def _milestones(self) -> tuple[Milestone, ...]:
        return self.target.milestones if self.target else ()

    @property
    def holder(self) -> TargetRules | Milestone | None:
        """What gives the goal: the target itself, where it has none the milestone in force, else the next one."""
        if self.target is None or self.target.goal:
            return self.target
        return self.in_force or self.following

    @property
    def goal(self) -> Amount | None:
        """The firm value, else the stretch one."""
        return self.holder.goal if self.holder else None

    @property
    def goal_column(self) -> str | None:
        """The column that prints the goal; None where a milestone is the goal."""
        if self.target is None or self.target.goal is None:
            return None
        return "目标" if self.target.firm else "力争"

    @property
    def reached(self) -> bool:
        return self.goal is not None and self._at(self.goal)

    def _at(self, amount: Amount | None) -> bool:
        """Decided on the unrounded figure."""
        return amount is None or (self.value is not None and self.value >= amount.figure - _HAIR)

    @property
    def word(self) -> str | None:
        """达标情况. Before its day a target that is not reached yet is 未到节点."""
        if self.target is None:
            return None
        if self.value is None:
            return NO_DATA
        if self.reached:
            return "已达标"
        missed = [bool(self.target.firm)] if self.day >= self.target.until else []
        if self.in_force and not self._at(self.in_force.goal):
            missed.append(bool(self.in_force.firm))
        if not missed:
            return "未到节点"
        return "未达标" if any(missed) else "未达力争"

    @property
    def against_goal(self) -> dict[str, Content]:
        """完成率 and 差额 as formulas over the line's own cells 完成 and 目标 or 力争."""
        values: dict[str, Content] = {"完成率": None, "差额": None}
        if self.goal is not None and self.value is not None:
            goal = f"{{{self.goal_column}}}" if self.goal_column else repr(self.goal.figure)
            if self.goal.figure:
                values["完成率"] = Formula(f"{{完成}}/{goal}", self.value / self.goal.figure)
            values["差额"] = Formula(f"{{完成}}-{goal}", self.value - self.goal.figure)
        return values

    @property
    def months_gone(self) -> int:
        """Months of the target's own year that have begun: none before it, all twelve once it is over."""
        day = min(self.day, self.month.last) if self.month else self.day
        if self.target is None or day.year == self.target.until.year:
            return day.month
        return 12 if day.year > self.target.until.year else 0

    @property
    def ahead(self) -> float | None:
        """Percentage points before the time gone, behind it where negative; None where the notice asks for no 序时.

        A rate is itself held against the time gone, an amount as a share of its goal.
        """
        progress = self.value
        if self.indicator.rules.unit != "%" and progress is not None:
            progress = progress / self.goal.figure if self.goal and self.goal.figure else None
        if not self.indicator.rules.pro_rata or progress is None:
            return None
        return (progress - self.months_gone / 12) * 100

    def light(self, lights: Lights) -> Light | None:
        """亮灯; None where there is no target or no figure."""
        if self.target is None or self.value is None:
            return None
        if self.reached:
            return Light.ON_COURSE
        missed = min([self.target.until, *(each.until for each in self._milestones if not self._at(each.goal))])
        if missed < self.day:
            return Light.OVERDUE
        behind = -(self.ahead or 0.0)
        if behind >= lights.far_behind - _POINT:
            return Light.FAR_BEHIND
        # On its day itself nothing is overdue yet, but what is not reached by then is not well either.
        if behind >= lights.behind - _POINT or missed == self.day:
            return Light.BEHIND
        # Without 序时 or a milestone that is reached nobody can say whether what is not due yet is on course.
        return Light.NOT_DUE if self.ahead is None and self.in_force is None else Light.ON_COURSE
