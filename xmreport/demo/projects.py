"""Projects whose procedures move on from day to day, so that one week's return follows from the last one's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from random import Random
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from xmreport.demo.names import Plan

PROCEDURES = ("立项", "用地", "规划", "环评", "能评")
INDUSTRY = frozenset({"工业产业", "现代物流", "金融外贸", "工业", "能源", "物流", "文旅"})
PROBLEMS = (
    "用地指标不足，需协调调剂",
    "环评批复前置要件较多",
    "项目资本金未到位",
    "征地补偿尚未谈妥",
    "电力接入方案待批",
)
_DONE_BETWEEN = {
    "立项": (dt.date(2022, 8, 25), dt.date(2023, 1, 12)),
    "用地": (dt.date(2022, 10, 8), dt.date(2023, 2, 20)),
    "规划": (dt.date(2022, 10, 8), dt.date(2023, 2, 20)),
    "环评": (dt.date(2022, 9, 25), dt.date(2023, 2, 17)),
    "能评": (dt.date(2022, 9, 25), dt.date(2023, 2, 10)),
}
_STEPS = (dt.date(2022, 12, 7), dt.date(2022, 12, 13))
"""Days on which many projects get one procedure further, so that each week's return differs from the last one's."""
_LEVELS = {"立项": "县县县市", "用地": "县县市省", "规划": "县县县市", "环评": "县县市市", "能评": "县市市省"}
_NEEDLESS = {"用地": "不新增用地，不需办理用地", "能评": "能耗很低，不需办理能评"}

Record = dict[str, Any]
"""Field (`总投资`, `立项.办理进展`) → what stands in the cell."""


class Procedure(Struct, frozen=True):
    """One procedure's course."""

    level: str
    begun: dt.date
    done: dt.date
    planned: dt.date

    def cells(self, name: str, day: dt.date) -> Record:
        """The four cells of a procedure as they stand on a day."""
        if self.done <= day:
            values: tuple[Any, ...] = (self.level, "已办结", self.done, None)
        else:
            values = (self.level, "正在办理" if self.begun <= day else "未办理", None, self.planned)
        fields = ("办理层级", "办理进展", "办结时间", "拟办结时限")
        return {f"{name}.{field}": value for field, value in zip(fields, values, strict=True)}


class Project(Struct, frozen=True):
    """A project and the course of its procedures; `needless` holds the reason of those it does not need."""

    plan: Plan
    base: Record
    courses: dict[str, Procedure]
    needless: dict[str, str]

    def record(self, day: dt.date) -> Record:
        """The project's line in a return of that day."""
        record = dict(self.base)
        for name in PROCEDURES:
            if name in self.needless:
                record[f"{name}.办理进展"] = "不需办理"
            else:
                record |= self.courses[name].cells(name, day)
        return record


def make_projects(plans: Iterable[Plan], region: str, rng: Random) -> list[Project]:
    """The plan's lines with everything a return asks for."""
    return [_project(plan, region, rng) for plan in plans]


def _project(plan: Plan, region: str, rng: Random) -> Project:
    small = plan.total < 20_000
    needless = {name: reason for name, reason in _NEEDLESS.items() if small and rng.random() < 0.45}
    problem = rng.choice(PROBLEMS) if rng.random() < 0.2 else None
    base: Record = {
        "项目名称": plan.name,
        "项目代码": f"22{rng.randint(7, 11):02d}-{region}-89-01-{rng.randint(100_000, 999_999)}",
        "项目单位": plan.owner,
        "责任单位": plan.unit,
        "建设性质": _nature(plan.name),
        "所属领域": plan.field,
        "是否产业项目": "是" if plan.field in INDUSTRY else "否",
        "建设内容及规模": plan.content,
        "建设起止年限": f"2023-{2024 if small else 2025 if plan.total < 100_000 else 2026}",
        "总投资": plan.total,
        "年度计划投资": plan.annual,
        "计划开工时间": f"2023年{rng.randint(2, 6)}月",
        "需协调解决的问题": problem,
        "协调层级": rng.choice("县县市") if problem else None,
        "备注": "；".join(needless.values()) or None,
    }
    courses = {name: _course(name, rng) for name in PROCEDURES}
    for day in _STEPS:
        waiting = [name for name in PROCEDURES if name not in needless and courses[name].done > day]
        if waiting and rng.random() < 0.48:
            name = rng.choice(waiting)
            begun = min(courses[name].begun, _workday(day - dt.timedelta(days=18)))
            courses[name] = replace(courses[name], begun=begun, done=day)
    return Project(plan, base, courses, needless)


def _nature(name: str) -> str:
    words = {"技术改造": "技改", "迁建": "迁建", "扩建": "扩建", "扩容": "扩建", "改建": "改建", "改造": "改建"}
    return next((nature for word, nature in words.items() if word in name), "新建")


def _course(name: str, rng: Random) -> Procedure:
    first, last = _DONE_BETWEEN[name]
    done = _workday(first + dt.timedelta(days=rng.randint(0, (last - first).days)))
    begun = _workday(done - dt.timedelta(days=rng.randint(15, 45)))
    planned = _workday(done + dt.timedelta(days=rng.randint(0, 12)))
    return Procedure(rng.choice(_LEVELS[name]), begun, done, planned)


def _workday(day: dt.date) -> dt.date:
    """Saturday and Sunday give way to the Friday before."""
    return day - dt.timedelta(days=max(0, day.weekday() - 4))
