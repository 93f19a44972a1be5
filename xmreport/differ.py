"""What an edit of the rules would change in what is published: the edited rules against those last published under."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath

from msgspec import Struct

from xmreport.editions import last_published
from xmreport.facts import all_dockets, all_tables
from xmreport.ledger import Ledger
from xmreport.ledger.received import received
from xmreport.messages import STATE_WORDS
from xmreport.model.receipts import Outcome, Receipt, UnitState
from xmreport.model.sheets import Formula, SheetData, WorkbookData
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.figures import TargetRules
from xmreport.rulebook.roster import Unit
from xmreport.rulebook.schedule import Period
from xmreport.tables.dockets.renumbered import Numbered, compare, numbered
from xmreport.tables.head import deadline, spell
from xmreport.workbooks.figures import shown
from xmreport.workspace import Workspace

MOST = 6
"""How many of a kind one line names."""
NONE = "（无）"

Key = tuple[str, str]
"""Task and period."""


class Change(Struct, frozen=True):
    """One thing that would be different: `about` is what kind of thing, `text` says it whole."""

    about: str
    text: str


def changes(workspace: Workspace, county: County, ledger: Ledger, now: dt.datetime) -> list[Change] | None:
    """Everything that a county's rules as they stand would change in its published tables, as of a moment.

    None where nothing was published yet.
    """
    old = last_published(workspace, county.key, ledger)
    if old is None:
        return None
    if old.digest == county.digest:
        return []
    before, after = _Shown(old, ledger, now), _Shown(county, ledger, now)
    common = [key for key in before.states if key in after.states]
    names = _new_names(old, county)
    found: list[Change] = []
    for about, texts in (
        ("任务", _tasks(old, county, received(ledger, county, now))),
        ("名册", _roster(old, county, names)),
        ("目标", _targets(old, county)),
        ("状态", _states(before, after, names)),
        ("指标", _by_period(before.figures, after.figures, common)),
        ("清单", _by_period(before.lists, after.lists, common)),
        ("台账", _dockets(old, county, ledger, now)),
        ("出表", _workbooks(before, after, common)),
    ):
        found += [Change(about, text) for text in texts]
    return found


class _Shown:
    """What the workbooks of every period show under a county's rules."""

    def __init__(self, county: County, ledger: Ledger, now: dt.datetime) -> None:
        self.states: dict[Key, dict[str, str]] = {}
        self.figures: dict[str, dict[Key, str]] = {}
        self.lists: dict[str, dict[Key, str]] = {}
        self.books: dict[str, dict[Key, WorkbookData]] = {}
        names = {each.rules.name for each in county.lists}
        for task, period, states, books in all_tables(county, ledger, now):
            key = (task.name, period.name)
            self.states[key] = {state.unit: _state(state) for state in states}
            for book in books:
                self.books.setdefault(PurePath(book.file).stem, {})[key] = book
                for sheet in book.sheets:
                    if sheet.name in names:
                        count = sum(line.kind == "明细" for line in sheet.lines)
                        self.lists.setdefault(sheet.name, {})[key] = f"{count}项"
                    for name, figure in _figures(sheet):
                        self.figures.setdefault(name, {})[key] = figure


def _state(state: UnitState) -> str:
    word = STATE_WORDS[state.state]
    return f"{word}（迟{spell(state.late_by_s)}）" if state.late_by_s else word


def _figures(sheet: SheetData) -> Iterator[tuple[str, str]]:
    """Each indicator of a table of targets, with what was reached and whether that is enough."""
    for line in sheet.lines:
        if {"指标", "完成"} <= line.values.keys():
            reached, unit = line.values["完成"], str(line.values["单位"])
            value = reached.value if isinstance(reached, Formula) else None
            figure = "无数据" if value is None else shown(value, "0.00%") if unit == "%" else f"{shown(value)}{unit}"
            verdict = line.values.get("达标情况")
            yield str(line.values["指标"]), f"{figure}，{verdict}" if verdict and value is not None else figure


def _tasks(old: County, new: County, receipts: Sequence[Receipt]) -> Iterator[str]:
    accepted = [receipt for receipt in receipts if receipt.outcome is Outcome.ACCEPTED]
    for name in {**old.tasks, **new.tasks}:
        was, now = _periods(old.tasks.get(name)), _periods(new.tasks.get(name))
        gone, fresh = [each for each in was if each not in now], [each for each in now if each not in was]
        if gone:
            lost = sum(receipt.task == name and receipt.period in gone for receipt in accepted)
            told = f"，已收下的{lost}份记在其中，不再进表" if lost else ""
            yield f"{name}：{'删去' if not now else '少了'} {_span(gone)}{told}"
        if fresh:
            yield f"{name}：{'新任务，有' if not was else '多了'} {_span(fresh)}"
        dues = ((each, _due(was[each]), _due(now[each])) for each in was if each in now)
        moved = [f"{each} 期应报 {one} → {other}" for each, one, other in dues if one != other]
        if moved:
            yield f"{name}：{_listed(moved, '期', '；')}"


def _periods(task: Task | None) -> dict[str, Period]:
    return {period.name: period for period in task.periods} if task else {}


def _span(names: Sequence[str]) -> str:
    return f"{names[0]} 一期" if len(names) == 1 else f"{names[0]} 至 {names[-1]} 共{len(names)}期"


def _due(period: Period) -> str:
    return "停报" if period.suspended else deadline(period.due_at) or "按需"


def _new_names(old: County, new: County) -> dict[str, str]:
    """Former name → new name of each unit that has another one now. Two units joined to one are not renamed."""
    found: dict[str, list[str]] = {}
    for name in old.roster.names:
        unit = None if name in new.roster.by_name else new.roster.resolve(name)
        if unit and unit not in old.roster.by_name:
            found.setdefault(unit, []).append(name)
    return {names[0]: unit for unit, names in found.items() if len(names) == 1}


def _roster(old: County, new: County, names: Mapping[str, str]) -> Iterator[str]:
    """`names`: the former name of a unit → its new one."""
    was = {names.get(unit.name, unit.name): unit for unit in old.roster.units}
    now = new.roster.by_name
    for former, name in names.items():
        yield f"更名 {former} → {name}，报过的表仍算它的"
    for name in now:
        if name not in was:
            yield f"加上 {name}（{new.roster.category_of[name]}）"
    for name, unit in was.items():
        category = old.roster.category_of[unit.name]
        if name not in now:
            yield f"去掉 {name}（{category}）"
            continue
        if category != new.roster.category_of[name]:
            yield f"{name}：{category} → {new.roster.category_of[name]}"
        if (unit.since, unit.until) != (now[name].since, now[name].until):
            since, until = now[name].since or "始终", now[name].until or "今后"
            yield f"{name}：在册改为 {since} 至 {until}"
        more, fewer = set(now[name].aliases) - _called(unit), set(unit.aliases) - _called(now[name])
        if more or fewer:
            told = [f"加上 {_listed(sorted(more), '个')}"] if more else []
            told += [f"去掉 {_listed(sorted(fewer), '个')}"] if fewer else []
            yield f"{name}：别名{'，'.join(told)}（只影响以后收表）"
    if [name for name in was if name in now] != [name for name in now if name in was]:
        yield "次序有变，各表按新的次序排"


def _called(unit: Unit) -> set[str]:
    return {unit.name, *unit.aliases}


def _targets(old: County, new: County) -> Iterator[str]:
    was, now = _goals(old.targets), _goals(new.targets)
    for name in {**was, **now}:
        if was.get(name) != now.get(name):
            yield f"{name}：{was.get(name, NONE)} → {now.get(name, NONE)}"


def _goals(targets: Iterable[TargetRules]) -> dict[str, str]:
    found: dict[str, str] = {}
    for target in targets:
        words = [f"{word} {amount}" for word, amount in (("达到", target.firm), ("力争", target.stretch)) if amount]
        words += [f"{each.until} 节点 {each.firm or each.stretch}" for each in target.milestones]
        text = f"{'、'.join(words)}（截止 {target.until}）"
        found[target.indicator] = f"{found[target.indicator]}；{text}" if target.indicator in found else text
    return found


def _states(before: _Shown, after: _Shown, names: Mapping[str, str]) -> Iterator[str]:
    for key, now in after.states.items():
        place = " ".join(key)
        if key not in before.states:
            counted = (
                f"{word} {sum(each == word for each in now.values())} 个" for word in dict.fromkeys(now.values())
            )
            yield f"{place} 期（新的一期）：{'、'.join(counted)}"
            continue
        was = {names.get(unit, unit): state for unit, state in before.states[key].items()}
        moved: dict[Key, list[str]] = {}
        for unit in {**was, **now}:
            change = (was.get(unit, "不用报"), now.get(unit, "不用报"))
            if change[0] != change[1]:
                moved.setdefault(change, []).append(unit)
        for (one, other), units in moved.items():
            yield f"{place} 期：{_listed(units, '个单位')} {one} → {other}"


def _by_period(
    was: Mapping[str, Mapping[Key, str]], now: Mapping[str, Mapping[Key, str]], common: Sequence[Key]
) -> Iterator[str]:
    """One line a thing that has a figure in every period. A period that is new or gone is told of among the tasks."""
    for name in {**was, **now}:
        old, new = was.get(name, {}), now.get(name, {})
        moved = ((key, old.get(key, NONE), new.get(key, NONE)) for key in common)
        told = [f"{' '.join(key)} 期 {one} → {other}" for key, one, other in moved if one != other]
        if told:
            yield f"{name}：{_listed(told, '期', '；')}"


def _dockets(old: County, new: County, ledger: Ledger, now: dt.datetime) -> Iterator[str]:
    """Matters whose number changes, that vanish or double: numbers follow from the rules by which matters open."""
    was, standing = _numbered(old, ledger, now), _numbered(new, ledger, now)
    for name in (each for each in was if each in standing):
        found = compare(was[name], standing[name])
        moved = [f"{one.number or NONE} → {other.number or NONE}（{other.name}）" for one, other in found.moved]
        for told, each in (
            ("编号改变", moved),
            ("不再在账", list(map(str, found.gone))),
            ("同一事项成了两条，多出", list(map(str, found.double))),
        ):
            if each:
                yield f"{name}：{told} {_listed(each, '项')}"


def _numbered(county: County, ledger: Ledger, now: dt.datetime) -> dict[str, list[Numbered]]:
    return {
        docket.name: numbered(docket, county.forms[docket.rules.form], standing.entries)
        for docket, standing in all_dockets(county, ledger, now)
    }


def _workbooks(before: _Shown, after: _Shown, common: Sequence[Key]) -> Iterator[str]:
    """Which workbooks would hold something else; all others are written again as they are."""
    for name in {**before.books, **after.books}:
        was, now = before.books.get(name, {}), after.books.get(name, {})
        other = [" ".join(key) for key in common if key in now and was.get(key) != now[key]]
        gone = [" ".join(key) for key in common if key in was and key not in now]
        if other:
            yield f"{name}：{'内容有变' if was else '新出'}，{_listed(other, '期')}"
        if gone:
            yield f"{name}：不再出，{_listed(gone, '期')}"


def _listed(items: Sequence[str], count: str, mark: str = "、") -> str:
    """The first few; of many it is said how many there are, as `count` counts them."""
    more = f" 等{len(items)}{count}" if len(items) > MOST else ""
    return mark.join(items[:MOST]) + more
