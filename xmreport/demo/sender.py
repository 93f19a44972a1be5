"""A county's units at their desks: what each of them puts into the inbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

from msgspec import Struct

from xmreport.demo.desk import headings_of
from xmreport.demo.habits import Habit
from xmreport.demo.names import KEY_PROJECTS, POSTS, SURNAMES, Plan, listed
from xmreport.demo.projects import Project, Record, make_projects
from xmreport.demo.submission import CONTACTS, PROGRESS, REGISTER, Draft, write
from xmreport.rulebook.form import Form


class Drop(Struct, frozen=True):
    """One file put into an inbox."""

    county: str
    folder: str
    """The unit's folder; empty for the county's own."""
    file: str
    data: bytes | Callable[[Path], bytes]
    """What lies in it; of a workbook that the engine wrote before, how it is made from the outbox."""
    told: str = ""
    """What a spectator should know about it."""

    def made(self, outbox: Path) -> bytes:
        """Its bytes, as they are when it is dropped."""
        return self.data if isinstance(self.data, bytes) else self.data(outbox)


class Wave(Struct, frozen=True):
    """Files that lie in the inbox at a moment."""

    at: dt.datetime
    said: str
    drops: tuple[Drop, ...]
    told: tuple[str, ...] = ()
    """What a spectator should know about the whole of it."""

    @property
    def needs_tables(self) -> bool:
        """Whether somebody drops what the engine wrote."""
        return any(not isinstance(drop.data, bytes) for drop in self.drops)


class Sender:
    """One county's units and their projects."""

    def __init__(self, key: str, region: str, title: str, plans: Iterable[Plan], rng: Random) -> None:
        self.key = key
        self.title = title
        self.region = region
        self.projects: dict[str, list[Project]] = {}
        self.expect(plans, rng)

    def expect(self, plans: Iterable[Plan], rng: Random) -> None:
        """Further projects: returns made from now on have them."""
        for project in make_projects(plans, self.region, rng):
            self.projects.setdefault(project.plan.unit, []).append(project)

    def draft(self, unit: str, day: dt.date) -> Draft:
        """A unit's return as it should be on that day."""
        records = [project.record(day) for project in self.projects.get(unit, [])]
        return Draft(self.title, unit, day, list(PROGRESS), records)

    def send(
        self,
        unit: str,
        day: dt.date,
        *habits: Habit,
        told: str = "",
        file: str = "",
        folder: str | None = None,
        said: str = "",
        with_project_of: str = "",
    ) -> Drop:
        """A unit's return of a day with its habits.

        Args:
            unit: who reports.
            day: 填报时间; the projects stand as on that day.
            habits: what the unit does to the form.
            told: what a spectator should know.
            file: the file's name, else the form's usual one.
            folder: the folder it is dropped in, else the unit's.
            said: the name that the unit writes for itself, else its own.
            with_project_of: another unit whose first project this one reports as well.
        """
        draft = self.draft(unit, day)
        if with_project_of:
            draft.records.append(self.projects[with_project_of][0].record(day))
        for habit in habits:
            habit(draft)
        draft.unit = said or unit
        name = file or f"{unit}前期手续办理情况表.xlsx"
        return Drop(self.key, unit if folder is None else folder, name, write(draft), told)

    def library(self, form: Form, unit: str, day: dt.date) -> Drop:
        """The unit's projects as the county's library asks for them."""
        records = [
            project.base
            | {
                "拟开工月": project.base["计划开工时间"],
                "民间投资": "否" if project.plan.owner == unit else "是",
                "资金来源": "县" if project.plan.owner == unit else "自筹",
            }
            for project in self.projects.get(unit, [])
        ]
        draft = Draft(form.title, unit, day, headings_of(form), records, annex=form.annex)
        return Drop(self.key, unit, f"{unit}{form.name}.xlsx", write(draft))

    def raw(self, unit: str, file: str, data: bytes, told: str) -> Drop:
        """Anything else that a unit drops."""
        return Drop(self.key, unit, file, data, told)


def contact_list(key: str, title: str, unit: str, day: dt.date, number: int) -> Drop:
    """A unit's 联络人名单: surnames only, numbers that nobody has."""
    leader, person = (SURNAMES[(number * step) % len(SURNAMES)] + "某" for step in (5, 7))
    record: Record = {
        "单位": unit,
        "分管领导": leader,
        "联络人": person,
        "职务": POSTS[number % len(POSTS)],
        "电话": f"0357-0000{100 + number}",
        "手机": f"1000000{1000 + number}",
    }
    draft = Draft(title, unit, day, list(CONTACTS), [record], annex="附件2", money=None)
    return Drop(key, unit, f"{unit}联络人名单.xlsx", write(draft))


def key_register(key: str, title: str, office: str, day: dt.date, behind: float, told: str) -> Drop:
    """The register of key projects as the office keeps it; `behind` is how far investment trails the last version."""
    records = [
        _key_record(unit, line, number, day, behind)
        for number, (unit, line) in enumerate(
            (unit, line) for unit, lines in listed(KEY_PROJECTS).items() for line in lines
        )
    ]
    draft = Draft(title, office, day, list(REGISTER), records, annex="附件3")
    return Drop(key, office, f"省市重点项目目标任务表{day:%m%d}.xlsx", write(draft), told)


def _key_record(unit: str, line: list[str], number: int, day: dt.date, behind: float) -> Record:
    name, level, nature, total, annual, share = line
    begun = dt.date(2022, 12, 12) if 0 < float(share) < 0.5 else dt.date(2022, 3 + number % 4, 5 + number)
    started = float(share) > 0 and begun <= day
    return {
        "项目名称": name,
        "项目代码": f"21{number % 12 + 1:02d}-141025-89-01-{310_000 + number * 3917}",
        "级别": level,
        "建设性质": nature,
        "总投资": int(total),
        "年度计划投资": int(annual),
        "11月底目标": "完成主体工程" if started else "完成前期手续",
        "12月底目标": "完成年度任务" if started else "开工建设",
        "计划开复工月": f"2022年{begun.month}月" if float(share) else "2022年12月",
        "是否开复工": "是" if started else "否",
        "开复工时间": begun if started else None,
        "本年累计完成投资": round(int(annual) * max(0.02, float(share) - behind)) if started else 0,
        "责任单位": unit,
        "责任人": SURNAMES[number % len(SURNAMES)] + "某",
    }
