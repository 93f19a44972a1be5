"""What a county's rules send out: no two tasks in one folder, no two workbooks of one period under one name."""

from __future__ import annotations

from collections.abc import Iterator

from xmreport.model.outbox import BULLETIN, COMPARISON, REGISTER, TARGETS, notices_name, summary_name
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.files.faults import Place, RuleFault
from xmreport.rulebook.files.source import RuleSource

Workbook = tuple[str, Place]
"""A workbook's name, and where the rules say it; the engine's own stand nowhere."""


def workbooks_named_twice(county: County, source: RuleSource) -> list[RuleFault]:
    """Every name that would have one workbook written over another: on Windows 甲A and 甲a are one name."""
    found: dict[Place, RuleFault] = {}
    folders: dict[str, str] = {}
    for task in county.tasks.values():
        other = folders.setdefault(task.name.casefold(), task.name)
        if other != task.name:
            folder: Place = ("任务", task.name)
            expected = f"别的名称：在 Windows 上与“{other}”是同一个文件夹"
            found[folder] = source.fault(folder, expected, task.name, key=True)
        places: dict[str, Place] = {}
        for name, place in _workbooks(county, task):
            first = places.setdefault(name.casefold(), place)
            if first != place and place not in found:
                other = f"（第{source.fault(first, '', key=True).line}行）" if first else ""
                expected = f"别的名称：“{task.name}”每期已有一个工作簿叫“{name}”{other}"
                found[place] = source.fault(place, expected, name, key=place[:1] == ("台账",))
    return list(found.values())


def _workbooks(county: County, task: Task) -> Iterator[Workbook]:
    """The workbooks of a task's periods; the lists of one 工作簿 are one."""
    form = task.rules.form
    if form is None:  # a document's period has only its register
        return
    yield from ((name, ()) for name in (summary_name(form), REGISTER, COMPARISON, BULLETIN, TARGETS))
    packs: dict[str, Place] = {}
    for index, each in enumerate(county.lists):
        if each.rules.workbook not in packs and form in county.list_forms(each):
            packs[each.rules.workbook] = ("清单", index, "工作簿")
    yield from packs.items()
    for name, docket in county.dockets.items():
        if docket.task == task.name:
            yield name, ("台账", name)
            if docket.rules.notice:
                yield notices_name(name), ("台账", name, "通知书")
    for index, rules in enumerate(county.file.upward):
        if rules.task == task.name:
            yield rules.name, ("上报", index, "名称")
