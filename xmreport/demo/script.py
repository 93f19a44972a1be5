"""A county's case played: each scene becomes a wave of files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from xmreport.demo.cases import Case, Edit, Manner, Scene
from xmreport.demo.desk import Desk
from xmreport.demo.office import edited
from xmreport.demo.sender import Drop, Wave
from xmreport.rulebook.book import County

PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n"
_USUAL = Manner()
_OVER = dt.timedelta(days=5)
"""What is sent in the first days of a month is about the month before."""


def case_waves(county: County, case: Case) -> list[Wave]:
    """The waves of a case in order; what a unit sends follows from what it sent before."""
    desk = Desk(county, case.area, case.code_month)
    return [
        Wave(scene.at, f"{county.name} {scene.said}", tuple(_drops(desk, scene)), scene.told) for scene in case.scenes
    ]


def _drops(desk: Desk, scene: Scene) -> Iterator[Drop]:
    county, day = desk.county, scene.at.date()
    for form in scene.anew:
        desk.clear(form)
    own: dict[str, list[str]] = {}
    for form, table in scene.tables.items():
        for unit in desk.add(form, table):
            own.setdefault(unit, []).append(form)
    for form, changes in scene.changes.items():
        for project, change in changes.items():
            desk.change(form, project, change)
    for unit, forms in (_owing(county, scene, day) if scene.sending else own).items():
        manner = scene.manners.get(unit, _USUAL)
        usual = f"{unit}{forms[0]}.xlsx" if len(forms) == 1 else f"{unit}{(day - _OVER).month}月报表.xlsx"
        yield Drop(county.key, unit, manner.file or usual, desk.workbook(unit, forms, day, manner))
    for edit in scene.edits:
        yield Drop(
            county.key, edit.unit, Path(edit.path).name, partial(_opened, edit=edit, key=county.key, at=scene.at)
        )
    for paper in scene.papers:
        yield Drop(county.key, paper.unit, paper.file, PAPER)


def _owing(county: County, scene: Scene, day: dt.date) -> dict[str, list[str]]:
    """Each unit that sends → the forms it owes among those that are sent."""
    assert scene.sending
    owing: dict[str, list[str]] = {}
    for form in scene.sending.forms:
        for unit in _reporters(county, form, day):
            named = not scene.sending.only or unit in scene.sending.only
            if named and unit not in scene.sending.without:
                owing.setdefault(unit, []).append(form)
    return owing


def _reporters(county: County, form: str, day: dt.date) -> Sequence[str]:
    """The units that owe a form: of its recurring duty, where it has one."""
    tasks = [task for task in county.tasks.values() if task.rules.form == form]
    chosen = [task for task in tasks if task.rules.schedule.kind != "on_demand"] or tasks
    return list(dict.fromkeys(unit for task in chosen for unit in county.reporters(task, day)))


def _opened(outbox: Path, edit: Edit, key: str, at: dt.datetime) -> bytes:
    return edited(outbox / (edit.county or key) / edit.path, edit.cells, at)
