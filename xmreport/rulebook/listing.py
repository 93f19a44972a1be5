"""Lists drawn from rows, and what a county sends up the ladder, as a rule file writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from xmreport.rulebook.files.words import FileName, Rules, YesNo, wrong

DAYS_LEFT = "剩余天数"
"""A list's own column: days until the day of 期限, or past it."""


class Absent(Rules):
    """Puts a row on a list for want of a row of another form: `对应` names columns of this form and of the other."""

    form: str = Field(alias="报表")
    match: Mapping[str, str] = Field(alias="对应", min_length=1)
    condition: str | None = Field(alias="条件", default=None)


class ListRules(Rules):
    """A list: rows of a form that meet a condition, or the county's targets by unit; its columns and order."""

    name: str = Field(alias="名称", min_length=1, max_length=31)
    title: str | None = Field(alias="标题", default=None)
    form: str | None = Field(alias="报表", default=None)
    table: Literal["项目", "手续"] = Field(alias="表", default="项目")
    condition: str | None = Field(alias="条件", default=None)
    absent: Absent | None = Field(alias="未见于", default=None)
    targets: tuple[str, ...] = Field(alias="目标", default=())
    """The indicators whose targets it lists, the county first and then each unit of their 分解."""
    columns: tuple[str, ...] = Field(alias="列", default=())
    """What is printed; none where the workbook's own template says so."""
    group: str | None = Field(alias="分组", default=None)
    sort: str | None = Field(alias="排序", default=None)
    due: str | None = Field(alias="期限", default=None)
    """The date column that 剩余天数 counts to."""
    workbook: FileName = Field(alias="工作簿")
    recipient: str = Field(alias="报送", default="")
    source: str = Field(alias="出处")

    @model_validator(mode="after")
    def _one_source(self) -> ListRules:
        if (self.form is None) == (not self.targets):
            raise wrong("“报表”和“目标”中写且只写一项")
        return self


class UpwardSheet(Rules):
    """One form of the level above: filled from a list, or with the county's own totals."""

    form: str = Field(alias="报表")
    list_name: str | None = Field(alias="清单", default=None)
    totals: YesNo = Field(alias="指标汇总", default=False)
    take: Mapping[str, str] = Field(alias="取", default_factory=dict)
    """The form's column → the list's, where they are called differently."""

    @model_validator(mode="after")
    def _one_source(self) -> UpwardSheet:
        if (self.list_name is None) != self.totals:
            raise wrong("“清单”和“指标汇总”中写且只写一项")
        return self


class UpwardRules(Rules):
    """A workbook that the level above takes in as this county's return."""

    name: FileName = Field(alias="名称")
    task: str = Field(alias="任务")
    """The task with whose periods it is written."""
    unit: str = Field(alias="填报单位")
    recipient: str = Field(alias="报送")
    sheets: tuple[UpwardSheet, ...] = Field(alias="表", min_length=1)
    source: str = Field(alias="出处")
