"""One county's rule file: who reports what, when, to whom, and what it has to reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from xmreport.model.outbox import BLANKS, OVERVIEW, PROOFS, RETURNED
from xmreport.rulebook.docket import DocketRules
from xmreport.rulebook.figures import IndicatorRules, Lights, TargetRules
from xmreport.rulebook.files.words import Day, FileName, Positive, Region, Rules, Whole, WindowText, wrong
from xmreport.rulebook.form import FormUse
from xmreport.rulebook.listing import ListRules, UpwardRules
from xmreport.rulebook.roster import Unit
from xmreport.rulebook.schedule import HolidayPolicy, ScheduleText

_TAKEN = frozenset({RETURNED, BLANKS, PROOFS, f"{OVERVIEW}.xlsx"})


def _own_folder(name: str) -> str:
    if name in _TAKEN:
        raise wrong(f"别的任务名称：发件文件夹里的“{name}”是程序自己用的")
    return name


TaskName = Annotated[FileName, AfterValidator(_own_folder)]
"""A task's folder in the outbox is called so."""


class TaskRules(Rules):
    """One duty: a form (or a document) that units owe by a schedule."""

    form: str | None = Field(alias="报表", default=None)
    document: str | None = Field(alias="文档", default=None)
    schedule: ScheduleText = Field(alias="时限")
    window: WindowText = Field(alias="起止")
    holidays: HolidayPolicy = Field(alias="遇节假日", default=HolidayPolicy.AS_IS)
    timing: Literal["首次报送", "首次合格"] = Field(alias="计时", default="首次报送")
    reporters: tuple[str, ...] = Field(alias="应报单位", min_length=1)
    recipient: str = Field(alias="报送至")
    owed_days: Whole = Field(alias="欠报顺延天数", default=3)
    """A report dated this many days or fewer past the due day still serves a period the unit owes."""
    late_periods: Whole = Field(alias="补报期数", default=2)
    """A period takes late returns until this many further periods have fallen due."""
    source: str = Field(alias="出处")

    @model_validator(mode="after")
    def _form_or_document(self) -> TaskRules:
        if (self.form is None) == (self.document is None):
            raise wrong("“报表”和“文档”中写且只写一项")
        return self


class BulletinRules(Rules):
    """What a task's 通报 ranks besides timeliness, and what it asks for."""

    progress: str | None = Field(alias="进度", default=None)
    """The indicator by which units are ranked on progress."""
    groups: tuple[str, ...] = Field(alias="分组", default=())
    """The categories that are ranked apart; none is all that report."""
    demands: tuple[str, ...] = Field(alias="下一步要求", default=())
    source: str = Field(alias="出处")


class Exemption(Rules):
    """A unit that need not report, why, and until when."""

    unit: str = Field(alias="单位")
    task: str = Field(alias="任务")
    since: Day | None = Field(alias="自", default=None)
    until: Day = Field(alias="至")
    reason: str = Field(alias="理由")
    approved: str = Field(alias="批准")

    @model_validator(mode="after")
    def _ordered(self) -> Exemption:
        if self.since and self.since > self.until:
            raise wrong("“自”不晚于“至”的起止")
        return self


class CountyFile(Rules):
    """One file of `rules/`, as written."""

    county: str = Field(alias="县区", min_length=2)
    level: Literal["县", "县级市", "市"] = Field(alias="层级")
    code: Region = Field(alias="区划代码")
    basis: str = Field(alias="依据")
    issued: Day = Field(alias="发文日期")
    year: Whole = Field(alias="适用年度")
    units: Mapping[str, tuple[Unit, ...]] = Field(alias="单位", min_length=1)
    tasks: Mapping[TaskName, TaskRules] = Field(alias="任务", min_length=1)
    forms: Mapping[str, FormUse] = Field(alias="报表", default_factory=dict)
    indicators: Mapping[str, IndicatorRules] = Field(alias="指标", default_factory=dict)
    targets: tuple[TargetRules, ...] = Field(alias="目标", default=())
    lights: Lights = Field(alias="亮灯", default_factory=Lights)
    lists: tuple[ListRules, ...] = Field(alias="清单", default=())
    dockets: Mapping[FileName, DocketRules] = Field(alias="台账", default_factory=dict)
    bulletins: Mapping[str, BulletinRules] = Field(alias="通报", default_factory=dict)
    upward: tuple[UpwardRules, ...] = Field(alias="上报", default=())
    exemptions: tuple[Exemption, ...] = Field(alias="豁免", default=())


class OfficeFile(Rules):
    """`rules/office.yaml`: other places for the folders, and the limits of reading."""

    inbox: str | None = Field(alias="收件文件夹", default=None)
    outbox: str | None = Field(alias="发件文件夹", default=None)
    state: str | None = Field(alias="台账文件夹", default=None)
    largest_mib: Positive = Field(alias="单个文件上限MB", default=100)
    seconds: Positive = Field(alias="读取时限秒", default=20)
    memory_mib: Whole = Field(alias="读取内存MB", default=1024, ge=256)
    workers: Positive = Field(alias="并行", default=2, le=64)
    settle_seconds: Whole = Field(alias="静置秒数", default=1)
    poll_seconds: Positive = Field(alias="巡查间隔秒", default=30)
