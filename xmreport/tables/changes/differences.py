"""What changed from each unit's last return to this one, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from xmreport.model.submission import Identity, Row, Value
from xmreport.rulebook.columns import procedures_of, readable
from xmreport.rulebook.form import Form
from xmreport.rulebook.identity import Index, identities_of, name_key, name_of, near_name, renamed
from xmreport.tables.merged import FILE, Merged

SAME = 0.005
"""In the form's own unit: figures that differ by less print alike."""
TOLD = frozenset({"单位", "选项", "日期", "代码", "电话"})
"""Types of columns whose change is told besides money: free text changes every time."""
SUMMED = "汇总表"
"""Stands for the column where it changed whether a row is summed, or where a row that is not comes or goes."""
LEFT_OUT = "不计入（另一单位也报了）"


class ChangeKind(StrEnum):
    """What happened to a project."""

    NEW = "新增"
    GONE = "消失"
    MOVED = "换单位报送"
    DONE = "办结"
    BACK = "倒退"
    REOPENED = "重新打开"
    MONEY = "金额变化"
    NAME = "名称变化"
    FACT = "信息变化"
    SUMMED = "计入变动"


class Held(Struct, frozen=True, eq=False):
    """A row of a merged table: whose it is, where it stands, and whether it is summed."""

    unit: str
    row: Row
    summed: bool
    place: str

    def value(self, column: str) -> Value:
        """As the summary prints it."""
        return readable(self.row.values.get(column))

    def figure(self, column: str) -> float | None:
        """A figure, None where there is none."""
        value = self.value(column)
        return float(value) if isinstance(value, int | float) else None


class Change(Struct, frozen=True):
    """One change of one row; of a row that is gone `held` is the last one."""

    kind: ChangeKind
    held: Held
    column: str | None = None
    before: Value = None
    now: Value = None


class Pairs(Struct, frozen=True):
    """The rows of two times that are the same project, and those without a counterpart."""

    same: Sequence[tuple[Held, Held]]
    """Last time's and this time's."""
    new: Sequence[Held]
    gone: Sequence[Held]


def held_rows(merged: Merged) -> list[Held]:
    """The rows of a merged table, those that another unit's row replaces included."""
    return [
        Held(
            each.source.unit,
            each.row,
            each.counts,
            f"{each.source.origin[FILE]} {each.row.sheet} 第{each.row.row}行",
        )
        for each in merged.entered
    ]


def pair(form: Form, last: Sequence[Held], now: Sequence[Held]) -> Pairs:
    """Each project within its own unit's returns; what is left over, among all units'."""
    same: list[tuple[Held, Held]] = []
    new: list[Held] = []
    before = _by_unit(last)
    for unit, own in _by_unit(now).items():
        matched, left = _matched(form, before.get(unit, ()), own)
        same += matched
        new += left
    gone = _without(last, (held for held, _ in same))
    moved, new = _matched(form, gone, new)
    return Pairs([*same, *moved], new, _without(gone, (before for before, _ in moved)))


def _by_unit(rows: Iterable[Held]) -> dict[str, list[Held]]:
    found: dict[str, list[Held]] = {}
    for held in rows:
        found.setdefault(held.unit, []).append(held)
    return found


def _matched(form: Form, last: Sequence[Held], now: Sequence[Held]) -> tuple[list[tuple[Held, Held]], list[Held]]:
    """Pairs of the same project, each row in one pair alone; and the rows of now that are in none."""
    index = Index[Held]()
    for held, identity in zip(last, _identities(form, last), strict=True):
        index.add(identity, held)
    taken: set[int] = set()
    pairs: list[tuple[Held, Held]] = []
    left: list[Held] = []
    for held, identity in zip(now, _identities(form, now), strict=True):
        before = index.find(identity)
        if before is None or id(before) in taken:
            left.append(held)
        else:
            taken.add(id(before))
            pairs.append((before, held))
    return pairs, left


def _identities(form: Form, rows: Sequence[Held]) -> Sequence[Identity]:
    return identities_of(form, [held.row for held in rows])


def _without(rows: Iterable[Held], taken: Iterable[Held]) -> list[Held]:
    out = {id(held) for held in taken}
    return [held for held in rows if id(held) not in out]


def changes_of(form: Form, pairs: Pairs, absent: frozenset[str]) -> list[Change]:
    """Every change.

    Args:
        form: the form of the rows.
        pairs: the rows of both times.
        absent: units without a return this time: their rows are not gone, they were not reported.
    """
    found: list[Change] = []
    gone = [held for held in pairs.gone if held.unit not in absent]
    left: dict[str, dict[str, str]] = {}
    for held in gone:
        name = name_of(form, held.row)
        left.setdefault(held.unit, {})[name_key(name)] = name
    for held in pairs.new:
        found.append(_whole(form, ChangeKind.NEW, held))
        found += _drifted(form, held, left.get(held.unit, {}))
    found += [_whole(form, ChangeKind.GONE, held) for held in gone]
    for before, held in pairs.same:
        found += _changed(form, before, held)
    return found


def _whole(form: Form, kind: ChangeKind, held: Held) -> Change:
    """A row that came or went, with the first of its columns that are summed."""
    column = next(iter(form.file.totals.sums), None) if held.summed else SUMMED
    figure = (held.figure(column) if column else None) if held.summed else LEFT_OUT
    return Change(kind, held, column, *((None, figure) if kind is ChangeKind.NEW else (figure, None)))


def _drifted(form: Form, held: Held, gone: Mapping[str, str]) -> Iterator[Change]:
    """A new name close to one of the unit's that are gone: shown beside both, never merged."""
    name = name_of(form, held.row)
    old = near_name(name, gone) if gone else None
    if old:
        yield Change(ChangeKind.NAME, held, f"{form.file.name_column}（疑似同一项目）", old, name)


def _changed(form: Form, before: Held, held: Held) -> Iterator[Change]:
    if before.unit != held.unit:
        yield Change(ChangeKind.MOVED, held, "填报单位", before.unit, held.unit)
    if before.summed != held.summed:
        words = {True: "计入", False: LEFT_OUT}
        yield Change(ChangeKind.SUMMED, held, SUMMED, words[before.summed], words[held.summed])
    old, name = name_of(form, before.row), name_of(form, held.row)
    if renamed(name, old):
        yield Change(ChangeKind.NAME, held, form.file.name_column, old, name)
    progressed = list(_progressed(form, before, held))
    yield from progressed
    yield from _money(form, before, held)
    told = {form.file.name_column, *(change.column for change in progressed)}
    for name, column in form.columns.items():
        was, now = before.value(name), held.value(name)
        if column.type in TOLD and not column.filled and name not in told and was != now:
            yield Change(ChangeKind.FACT, held, name, was, now)


def _progressed(form: Form, before: Held, held: Held) -> Iterator[Change]:
    """What was finished, and what was finished and is not any more: a procedure, or the row's own status."""
    regress = form.file.against.regress
    if regress is None:
        return
    procedures = [f"{name}.{regress.column}" for name in procedures_of(form, held.row)] if form.sub_columns else []
    for name in procedures or [regress.column]:
        was, now = before.value(name), held.value(name)
        if was == now:
            continue
        if now == regress.value:
            yield Change(ChangeKind.DONE, held, name, was, now)
        elif was == regress.value and now is not None:
            yield Change(ChangeKind.BACK if procedures else ChangeKind.REOPENED, held, name, was, now)


def _money(form: Form, before: Held, held: Held) -> Iterator[Change]:
    """Money columns that go on from period to period; a row that is not summed is another unit's business."""
    if not (before.summed and held.summed):
        return
    own = set(form.file.against.adds_up.values())
    money = (name for name, column in form.columns.items() if column.type == "金额" and column.computed is None)
    for name in money:
        if name in own:
            continue
        was, now = before.figure(name), held.figure(name)
        if abs((now or 0.0) - (was or 0.0)) >= SAME:
            yield Change(ChangeKind.MONEY, held, name, was, now)
