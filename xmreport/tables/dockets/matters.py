"""A docket's entries as they are printed on a day: days left, stage of escalation, where each comes from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from xmreport.model.dates import PartialDate
from xmreport.model.submission import Value
from xmreport.model.text import file_name
from xmreport.rulebook.book import Docket
from xmreport.rulebook.docket import COLOUR, ENTERED, LEFT, ORIGIN, REMAINING, Stage
from xmreport.rulebook.form import Form
from xmreport.rulebook.identity import name_key
from xmreport.rulebook.origin import origin
from xmreport.tables.dockets.entry import DONE, Entry, responsible
from xmreport.tables.dockets.events import Said
from xmreport.tables.head import minute
from xmreport.tables.lists.chosen import days_left

ALIKE = "疑似重复"


class Matter(Struct, frozen=True):
    """One entry with every column of the docket's form."""

    number: str | None
    values: Mapping[str, Value]
    opened: Said
    unit: str
    """Who has to settle it."""
    is_open: bool
    is_closed: bool
    has_left: bool
    overdue: int | None
    """Days past its time limit while it is open, below 0 before it; None without one."""
    stage: Stage | None
    """The highest stage of escalation it has reached while open."""


def matters(docket: Docket, form: Form, entries: Sequence[Entry], day: dt.date) -> list[Matter]:
    """The entries as of a day: the open ones first, the most urgent on top, then those that left, then the closed."""
    twins = _twins(docket, form, entries)
    found = [_matter(docket, form, entry, twins.get(id(entry), ()), day) for entry in entries]
    return sorted(found, key=_urgency)


def _urgency(matter: Matter) -> tuple[int, bool, int]:
    """Python's sort keeps the order of opening where this is equal."""
    if matter.is_open:
        return 0, matter.overdue is None, -(matter.overdue or 0)
    return (2 if matter.is_closed else 1), False, 0


def _matter(docket: Docket, form: Form, entry: Entry, twins: Sequence[Entry], day: dt.date) -> Matter:
    rules, held, said = docket.rules, entry.values, entry.opened
    due = held.get(rules.due or "")
    overdue = (day - due.last).days if entry.is_open and isinstance(due, PartialDate) else None
    reached = [stage for stage in rules.stages if overdue is not None and overdue >= stage.overdue]
    stage = reached[-1] if reached else None
    filled: dict[str, Value] = {
        ENTERED: PartialDate.of(said.day),
        LEFT: PartialDate.of(entry.left) if entry.left else None,
        ORIGIN: _origin(entry),
        REMAINING: days_left(due, day) if overdue is not None else None,
        COLOUR: "\n".join(_warnings(stage, twins)) or None,
    }
    if entry.closed and held.get(DONE) is None:
        filled[DONE] = PartialDate.of(entry.closed)
    if rules.number:
        filled[rules.number] = entry.number
    values = {name: filled.get(name, held.get(name)) for name in form.fields}
    unit = str(values.get(responsible(form) or "") or said.unit)
    return Matter(
        number=entry.number,
        values=values,
        opened=said,
        unit=unit,
        is_open=entry.is_open,
        is_closed=entry.closed is not None,
        has_left=entry.left is not None,
        overdue=overdue,
        stage=stage,
    )


def _warnings(stage: Stage | None, twins: Sequence[Entry]) -> Iterable[str]:
    """A colour stands first, so that the cell can be coloured by it."""
    if stage:
        yield f"{stage.colour}色：{stage.measure}"
    if twins:
        yield f"{ALIKE}：{'、'.join(dict.fromkeys(twin.number or twin.opened.unit for twin in twins))}"


def _origin(entry: Entry) -> str:
    said, edited = entry.opened, entry.edited
    others = [unit for unit in entry.units if unit != said.unit]
    last = (edited.unit, minute(edited.moment)) if edited else None
    return origin(said.unit, file_name(said.receipt.file), said.row, others, last)


def _twins(docket: Docket, form: Form, entries: Sequence[Entry]) -> dict[int, list[Entry]]:
    """Open entries that may be one matter: the same words but for brackets and width, under other keys."""
    columns = telling_columns(docket, form)
    alike: dict[tuple[str, ...], list[Entry]] = {}
    for entry in entries:
        words = tuple(name_key(str(entry.values.get(name) or "")) for name in columns)
        if entry.is_open and all(words):
            alike.setdefault(words, []).append(entry)
    groups = [group for group in alike.values() if len(group) > 1]
    return {id(entry): [other for other in group if other is not entry] for group in groups for entry in group}


def telling_columns(docket: Docket, form: Form) -> tuple[str, ...]:
    """What likeness is told by: a project's name; where one project has many matters, what tells them apart too."""
    name, number = form.file.name_column, docket.rules.number
    keys = [key for key in (form.file.key, form.file.spare_key) if key and number not in key]
    if number or name in form.file.key:
        return keys[0] if keys else (name,)
    return (name,)
