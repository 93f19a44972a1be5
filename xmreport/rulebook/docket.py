"""A living ledger of matters (问题台账, 堵点台账, 包保, 挂牌督办, 储备库), as a rule file writes it.

In code it is a docket: the word ledger is the engine's own record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from xmreport.rulebook.files.words import Rules, Whole, YesNo, wrong

ENTERED, LEFT, ORIGIN, REMAINING, COLOUR = "入账日", "出账日", "来源", "剩余/超期（天）", "预警"
FILLED = frozenset({ENTERED, LEFT, ORIGIN, REMAINING, COLOUR})
"""Columns that the engine fills, where a docket's form has them."""


class Entering(Rules):
    """Rows that open an entry: all of a form, or those that meet a condition."""

    form: str = Field(alias="报表")
    table: Literal["项目", "手续"] = Field(alias="表", default="项目")
    condition: str | None = Field(alias="条件", default=None)
    take: Mapping[str, str] = Field(alias="取", default_factory=dict)
    """The docket's column → the form's; of the docket's own form all columns are taken."""
    fixed: Mapping[str, str] = Field(alias="写", default_factory=dict)
    """The docket's column → the word that stands there."""
    onto: str | None = Field(alias="并入", default=None)
    """The column that names an entry: the row adds to that one and opens none (a reply to its notice)."""


class WorkedOut(Rules):
    """A due day that is worked out: so many working days after the day of another column; that day does not count."""

    column: str = Field(alias="列")
    after: str = Field(alias="自")
    workdays: Whole = Field(alias="工作日")

    @model_validator(mode="after")
    def _from_another(self) -> WorkedOut:
        if self.column == self.after:
            raise wrong("“推算”的“列”和“自”是两列")
        return self


class Stage(Rules):
    """From how many days past its time limit an entry escalates, its colour, and what is done then."""

    overdue: Whole = Field(alias="超期")
    colour: Literal["黄", "橙", "红"] = Field(alias="颜色")
    measure: str = Field(alias="措施")


class DocketRules(Rules):
    """One docket: what its entries look like, what opens and closes them, and how they escalate."""

    form: str = Field(alias="报表")
    number: str | None = Field(alias="编号列", default=None)
    prefix: str = Field(alias="编号前缀", default="")
    entering: tuple[Entering, ...] = Field(alias="入账", min_length=1)
    closed: str | None = Field(alias="办结", default=None)
    due: str | None = Field(alias="时限", default=None)
    worked_out: WorkedOut | None = Field(alias="推算", default=None)
    stages: tuple[Stage, ...] = Field(alias="升级", default=())
    leaves: YesNo = Field(alias="不再报送即出账", default=False)
    """An entry that the unit's newest return no longer holds has left (滚动储备)."""
    notice: YesNo = Field(alias="通知书", default=False)
    """Each open entry is printed as a notice with a slip for the reply."""
    source: str = Field(alias="出处")

    @model_validator(mode="after")
    def _consistent(self) -> DocketRules:
        if bool(self.number) != bool(self.prefix):
            raise wrong("“编号列”和“编号前缀”要写就一起写")
        if self.stages and not self.due:
            raise wrong("写了“升级”，还要写“时限”是哪一列")
        days = [stage.overdue for stage in self.stages]
        if days != sorted(set(days)):
            raise wrong("“升级”各档的“超期”天数由小到大")
        return self
