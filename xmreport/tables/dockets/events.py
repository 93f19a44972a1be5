"""What returns say of a docket's matters, each with the moment from which it is so, in that order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from xmreport.model.dates import CHINA, PartialDate, china_day
from xmreport.model.receipts import Receipt
from xmreport.model.rows import LineView
from xmreport.model.submission import Cell, Row, Value
from xmreport.rulebook.book import County, Docket, Opening
from xmreport.rulebook.columns import Columns, RowsByColumn, readable
from xmreport.rulebook.conditions.evaluation import given_dates
from xmreport.rulebook.docket import FILLED, Entering
from xmreport.rulebook.form import FIGURES, Form
from xmreport.rulebook.names import key_of
from xmreport.rulebook.roster import Roster

OFFICE = "本办"
"""The category of units whose word in a docket stands above what others say."""
_DAY = dt.timedelta(days=1)


class Said(Struct, frozen=True):
    """One line of a return that opens an entry or adds to one."""

    moment: dt.datetime
    receipt: Receipt
    row: Row
    values: Mapping[str, Value]
    """By the docket's columns; blank ones are left out."""
    fixed: Mapping[str, Value]
    """What the rules write into an entry that opens with it."""
    number: str | None
    """The entry it names."""
    by_office: bool = False
    is_reply: bool = False
    """It answers to the entry it names, and opens none."""
    overtaken: bool = False
    """The unit's return of a later period was in already: this one is no news of what stands."""

    @property
    def day(self) -> dt.date:
        return china_day(self.moment)

    @property
    def unit(self) -> str:
        return self.receipt.unit or ""

    @property
    def keys(self) -> Row:
        """What it is known by."""
        return Row(self.row.sheet, self.row.row, {**self.fixed, **self.values})


class Arrived(Struct, frozen=True):
    """A return is in: what the unit's last one held and this one does not is held no more."""

    moment: dt.datetime
    receipt: Receipt


Event = Said | Arrived


def offices(county: County, docket: Docket) -> tuple[str, ...]:
    """The units whose word in the docket is the office's: those of 本办, and the one its task is reported to."""
    recipient = county.roster.resolve(county.tasks[docket.task].rules.recipient)
    own = [unit.name for unit in county.roster.categories.get(OFFICE, ())]
    return tuple(dict.fromkeys([*([recipient] if recipient else []), *own]))


def events(
    county: County,
    docket: Docket,
    history: Sequence[Receipt],
    late: AbstractSet[int],
    rows: Mapping[int, Sequence[Row]],
    until: dt.datetime,
) -> list[Event]:
    """Everything that was said up to a moment, in the order in which it came to be so.

    A line whose condition turns on the day counts from the first day on which it holds while its return is the unit's
    newest. That order never changes later: what comes later is said later.
    """
    reader = _Reader(county, docket, rows)
    found: list[tuple[dt.datetime, int, int, Event]] = []
    ordered = _in_order(receipt for receipt in history if receipt.arrived_at <= until)
    for receipt, superseded in _following(receipt for receipt in ordered if receipt.seq not in late):
        place = 0
        for place, event in enumerate(reader.read(receipt, superseded, until)):
            found.append((event.moment, receipt.seq, place, event))
        found.append((receipt.arrived_at, receipt.seq, place + 1, Arrived(receipt.arrived_at, receipt)))
    for receipt in (receipt for receipt in ordered if receipt.seq in late):
        for place, event in enumerate(reader.read_late(receipt)):
            found.append((event.moment, receipt.seq, place, event))
    found.sort(key=lambda each: each[:3])
    return [event for *_, event in found]


def overtaken(county: County, history: Iterable[Receipt]) -> AbstractSet[int]:
    """The returns that came when the unit's return of a later period was in already on that form, of whatever task."""
    reached: dict[tuple[str | None, str | None], dt.date] = {}
    late: set[int] = set()
    for receipt in _in_order(history):
        owner = receipt.unit, receipt.form
        day = county.last_day(receipt.task, receipt.period) or reached.get(owner, dt.date.min)
        if day < reached.setdefault(owner, day):
            late.add(receipt.seq)
        reached[owner] = max(day, reached[owner])
    return late


def _in_order(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Each return once, oldest first."""
    return sorted({each.seq: each for each in receipts}.values(), key=attrgetter("order"))


def _following(receipts: Iterable[Receipt]) -> list[tuple[Receipt, dt.datetime | None]]:
    """Each return with the moment at which the unit's next one of that form took its place."""
    following: dict[tuple[str | None, str | None], dt.datetime] = {}
    found: list[tuple[Receipt, dt.datetime | None]] = []
    for receipt in reversed(list(receipts)):
        held = (receipt.unit, receipt.form)
        found.append((receipt, following.get(held)))
        following[held] = receipt.arrived_at
    return found[::-1]


class _Reader:
    """Reads one county's returns for one docket."""

    def __init__(self, county: County, docket: Docket, rows: Mapping[int, Sequence[Row]]) -> None:
        self.county, self.docket, self.rows = county, docket, rows
        self.form = county.forms[docket.rules.form]
        self.offices = frozenset(offices(county, docket))
        named = {opening.rules.form for opening in docket.openings}
        self._implied = self.form.name not in named
        """Whether units' returns of the docket's own form open entries although no rule says so."""

    def read(
        self, receipt: Receipt, superseded: dt.datetime | None, until: dt.datetime, *, by_day: bool = True
    ) -> Iterator[Said]:
        """All that a return says up to a moment or until another takes its place, or all that turns on no day."""
        last = until if superseded is None else min(until, superseded - dt.datetime.resolution)
        form = self.county.forms[receipt.form or ""]
        rows = self.rows[receipt.seq]
        own = form.name == self.form.name
        by_office = own and receipt.unit in self.offices
        if by_office or (own and self._implied):
            for row in rows:
                yield self._said(receipt.arrived_at, receipt, row, row.values, None, by_office=by_office)
        if by_office:
            return
        for opening in self.docket.openings:
            if opening.rules.form == form.name and (by_day or not _turns_on_the_day(opening)):
                yield from self._opened(opening, form, receipt, rows, last)

    def read_late(self, receipt: Receipt) -> Iterator[Said]:
        """The same of a return of an earlier period that came last: what turned on its day is of a day gone by."""
        for said in self.read(receipt, None, receipt.arrived_at, by_day=False):
            yield said if said.by_office or said.is_reply else replace(said, overtaken=True)

    def _opened(
        self, opening: Opening, form: Form, receipt: Receipt, rows: Sequence[Row], last: dt.datetime
    ) -> Iterator[Said]:
        columns = RowsByColumn.of(form, rows, receipt.unit).columns(opening.rules.table)
        moments = self._moments(opening, receipt, columns, last)
        for at, moment in sorted(moments.items()):
            row = rows[columns.places[at][0]]
            line = LineView(columns.values, at)
            yield self._said(moment, receipt, row, line, opening.rules, by_office=False)

    def _moments(
        self, opening: Opening, receipt: Receipt, columns: Columns, last: dt.datetime
    ) -> dict[int, dt.datetime]:
        """Line → the moment from which its condition holds.

        Every return of the past is read for each docket: what its condition does not name is not looked at.
        """
        condition, count = opening.condition, len(columns.places)
        if condition is None:
            return dict.fromkeys(range(count), receipt.arrived_at)
        came = receipt.day
        begins = self._begins(receipt)
        named = {name: columns.values.get(name) or [None] * count for name in condition.names}

        def holds(chosen: Sequence[int], day: dt.date) -> list[int]:
            cells = {name: [column[at] for at in chosen] for name, column in named.items()}
            truths = condition.evaluate(cells, len(chosen), given_dates(came, day, begins))
            return [at for at, truth in zip(chosen, truths, strict=True) if truth is True]

        found = dict.fromkeys(holds(range(count), came), receipt.arrived_at)
        waiting: dict[dt.date, list[int]] = {}
        if _turns_on_the_day(opening):
            for at in range(count):
                for day in _turns((column[at] for column in named.values()), came) if at not in found else ():
                    waiting.setdefault(day, []).append(at)
        for day in sorted(waiting):
            moment = dt.datetime.combine(day, dt.time(), CHINA)
            if moment > last:
                break
            for at in holds([at for at in waiting[day] if at not in found], day):
                found[at] = moment
        return found

    def _begins(self, receipt: Receipt) -> dt.date | None:
        task = self.county.tasks.get(receipt.task or "")
        period = task.period_named(receipt.period or "") if task else None
        return period.begins if period else None

    def _said(
        self,
        moment: dt.datetime,
        receipt: Receipt,
        row: Row,
        line: Mapping[str, Cell],
        rules: Entering | None,
        *,
        by_office: bool,
    ) -> Said:
        values = self._fitting((name, line.get(source)) for name, source in self._taken(rules, line).items())
        fixed = self._fitting(rules.fixed.items() if rules else ())
        own = values.pop(self.docket.rules.number or "", None)
        named = line.get(rules.onto) if rules and rules.onto else own
        number = str(named).strip() if isinstance(named, str | int) else ""
        is_reply = bool(rules and rules.onto)
        return Said(moment, receipt, row, values, fixed, number or None, by_office=by_office, is_reply=is_reply)

    def _taken(self, rules: Entering | None, line: Mapping[str, Cell]) -> dict[str, str]:
        """The docket's column → the line's: all of the docket's own form, and of a reply those called alike."""
        taken = dict(rules.take) if rules else {}
        if rules is None or rules.form == self.form.name:
            return {name: name for name in self.form.fields} | taken
        if rules.onto and not taken:
            return {name: name for name in self.form.fields if name in line and name != rules.onto}
        return taken

    def _fitting(self, given: Iterable[tuple[str, Cell]]) -> dict[str, Value]:
        """Those that stand in a column of the docket which the engine does not fill by itself."""
        fields = self.form.fields
        held = {
            name: fitting(self.county.roster, self.form, name, cell)
            for name, cell in given
            if name in fields and name not in FILLED and not fields[name].column.filled
        }
        return {name: value for name, value in held.items() if value is not None}


def fitting(roster: Roster, form: Form, name: str, cell: Cell) -> Value:
    """A value as the docket's column holds it, so that it comes back from the printed docket as the same value.

    None where it is blank or of a kind that the column cannot hold.
    """
    value, column = readable(cell), form.fields[name].column
    if value is None or value == "":
        return None
    if column.type == "日期":
        return value if isinstance(value, PartialDate) else None
    if column.type in FIGURES:
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None
    text = str(value)
    if column.type == "单位":
        return roster.resolve(text) or text
    return form.meanings.get(column.options or "", {}).get(key_of(text).upper(), text)


def _turns_on_the_day(opening: Opening) -> bool:
    return opening.condition is not None and "截止日" in opening.condition.text


def _turns(cells: Iterable[Cell], after: dt.date) -> set[dt.date]:
    """The days on which a condition over these cells can turn true: the day after each date's last day."""
    dates = {cell.last for cell in cells if isinstance(cell, PartialDate)}
    return {day + _DAY for day in dates if day + _DAY > after and day < dt.date.max}
