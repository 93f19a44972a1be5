"""A docket worked out from all returns that speak of its matters: the same returns give the same entries and numbers.

What units and rules say is an entry's base: of several units that hold it, what the one says that goes first in a
summary. What the office wrote into the docket that it dropped back stands above it:
a value that is not blank, and that is none of those the engine itself had put in that field before. A former value
counts again only over an edit that the row already showed when it was printed: an older copy undoes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from xmreport.model.dates import PartialDate, china_day
from xmreport.model.receipts import Receipt
from xmreport.model.submission import Row
from xmreport.model.text import file_name
from xmreport.rulebook.book import County, Docket
from xmreport.rulebook.calendar import CalendarUnknown
from xmreport.rulebook.conditions.evaluation import given_dates
from xmreport.rulebook.identity import Index, identity_of
from xmreport.rulebook.names import key_of
from xmreport.rulebook.origin import edited_until, is_printed
from xmreport.tables.dockets.entry import ANSWERED, DONE, DocketState, Entry, compared, responsible
from xmreport.tables.dockets.events import Arrived, Event, Said, events, offices, overtaken
from xmreport.tables.head import minute


def stand(
    county: County,
    docket: Docket,
    history: Sequence[Receipt],
    rows: Mapping[int, Sequence[Row]],
    until: dt.datetime,
) -> DocketState:
    """The docket as it stood at a moment.

    Args:
        county: whose docket it is.
        docket: its rules.
        history: every acceptable return of the forms it is made of, in any order.
        rows: receipt number → its typed rows.
        until: the moment; what came later is left aside.
    """
    came = [receipt for receipt in history if receipt.arrived_at <= until]
    late, recorded = overtaken(county, came), _as_recorded(came)
    numbered = _folded(county, docket, recorded, late, rows, until) if recorded != came else None
    return _folded(county, docket, came, late, rows, until, numbered).end(china_day(until))


def _as_recorded(history: Sequence[Receipt]) -> Sequence[Receipt]:
    """The returns as if each had come when it was recorded: what is entered afterwards with an earlier time comes last.

    Numbers go by that, so that it takes none from what was there before.
    """
    newest: dt.datetime | None = None
    moments: dict[int, dt.datetime] = {}
    for receipt in sorted(history, key=lambda each: each.seq):
        newest = moments[receipt.seq] = max(newest or receipt.arrived_at, receipt.arrived_at)
    return [replace(receipt, arrived_at=moments[receipt.seq]) for receipt in history]


def _folded(
    county: County,
    docket: Docket,
    history: Sequence[Receipt],
    late: AbstractSet[int],
    rows: Mapping[int, Sequence[Row]],
    until: dt.datetime,
    numbered: _Fold | None = None,
) -> _Fold:
    fold = _Fold(county, docket, numbered)
    for event in events(county, docket, history, late, rows, until):
        fold.take(event)
    return fold


class _Fold:
    """Goes through events in order and keeps the entries so far; `numbered` is one that has given numbers already."""

    def __init__(self, county: County, docket: Docket, numbered: _Fold | None) -> None:
        self.county, self.docket, self.rules = county, docket, docket.rules
        self.form = county.forms[docket.rules.form]
        self.entries: list[Entry] = []
        self.notes: list[str] = []
        self._offices = offices(county, docket)
        self._numbered = numbered
        self._index = Index[Entry]()
        self.numbers: dict[str, Entry] = {}
        self._given: dict[int, int] = {}
        self._early: list[Said] = []
        """Replies to numbers that stood nowhere when they came."""

    def take(self, event: Event) -> None:
        """One event after the other."""
        if isinstance(event, Arrived):
            self._release(event)
        elif event.is_reply:
            self._reply(event)
        else:
            self._line(event)

    def end(self, day: dt.date) -> DocketState:
        """The entries, once nothing more is to come."""
        for reply in self._early:
            if key_of(reply.number or "") in self.numbers:
                self._reply(reply)
            else:
                self.notes.append(f"{_place(reply)}写的编号“{reply.number or '（空）'}”不在台账里，没有并入，请核对。")
        for entry in self.entries:
            self._settle(entry, day)
        return DocketState(tuple(self.entries), tuple(dict.fromkeys(self.notes)))

    def _line(self, said: Said) -> None:
        """A line that opens an entry or adds to one."""
        entry = self._find(said)
        if said.overtaken and (entry or self.rules.leaves):  # what stands there is newer; so is that it does not
            return
        if entry is None:
            entry = self._open(said)
            if entry is None:
                return
        elif said.by_office:
            self._write(entry, said)
        if not said.by_office:
            entry.units.setdefault(said.unit, said)
            entry.holders[said.unit, said.receipt.form] = said
            entry.left = None
            self._report(entry, said)
        self._added(entry, said)

    def _find(self, said: Said) -> Entry | None:
        """The entry that a line is about: by its number, else by the form's keys.

        A number from a unit is no proof where another unit's entry bears it: each may count its own from 1.
        """
        if said.number:
            held = self.numbers.get(key_of(said.number))
            if held is None:
                return None
            if said.by_office or said.unit in held.units or self._is_alike(held, said):
                return held
            self.notes.append(f"{_place(said)}写的编号“{said.number}”已用于另一事项，这一行另行编号。")
        return self.alike(said)

    def alike(self, said: Said) -> Entry | None:
        """The entry with the keys of a line."""
        return self._index.find(identity_of(self.form, said.keys))

    def _is_alike(self, entry: Entry, said: Said) -> bool:
        now = Index.of(self.form, [Row("", 0, entry.values)])
        return now.find(identity_of(self.form, said.keys)) is not None

    def _open(self, said: Said) -> Entry | None:
        if not said.number and not identity_of(self.form, said.keys):
            keys = "、".join(self.form.file.spare_key or self.form.file.key)
            self.notes.append(f"{_place(said)}没有写全{keys}，分不清是哪一事项，没有入账，请补齐。")
            return None
        entry = Entry(said, None, firm=frozenset(said.values) if said.by_office else frozenset())
        for name, value in {**said.fixed, **said.values}.items():
            entry.lay(name, value)
        entry.number = self._number(said)
        if entry.number:
            self.numbers[key_of(entry.number)] = entry
        self.entries.append(entry)
        return entry

    def _number(self, said: Said) -> str | None:
        """The number that the line brings or its matter was given before, else the next of its year."""
        if self.rules.number is None:
            return None
        before = self._numbered.alike(said) if self._numbered else None
        for number in (said.number, before.number if before else None):
            if number and key_of(number) not in self.numbers:
                return number
        taken = self.numbers.keys() | (self._numbered.numbers.keys() if self._numbered else set())
        year = said.day.year
        while True:
            self._given[year] = self._given.get(year, 0) + 1
            number = f"{self.rules.prefix}{year}-{self._given[year]:03d}"
            if key_of(number) not in taken:
                return number

    def _report(self, entry: Entry, said: Said) -> None:
        """A unit's line: its newest words; on a copy of the docket only those that were not printed there.

        Where several units hold the matter, what the one says that goes first in a summary stands.
        """
        first = entry.first
        printed = is_printed(self.form, said.row)
        for name, value in said.values.items():
            stale = printed and compared(value) in entry.put.get(name, ())
            if name not in entry.firm and not stale and (first is said or name not in first.values):
                entry.lay(name, value)

    def _write(self, entry: Entry, said: Said) -> None:
        """The office's line: what differs from all the engine ever printed there is the office's own word."""
        seen, now = edited_until(self.form, said.row), minute(said.moment)
        for name, value in said.values.items():
            if compared(value) == compared(entry.values.get(name)):
                continue
            taken_back = seen is not None and name in entry.written and entry.written[name] <= seen
            if compared(value) not in entry.put.get(name, ()) or taken_back:
                entry.office[name], entry.written[name], entry.edited = value, now, said

    def _reply(self, said: Said) -> None:
        """An answer adds to the entry it names and opens none."""
        entry = self.numbers.get(key_of(said.number or ""))
        if entry is None:
            self._early.append(said)
            return
        asked = entry.values.get(responsible(self.form) or "")
        if asked in self.county.roster.by_name and said.unit not in {asked, *self._offices}:
            words = f"编号“{entry.number}”要求{asked}答复，不是{said.unit}"
            self.notes.append(f"{_place(said)}写的{words}，没有并入，请核对。")
            return
        for name, value in {**said.fixed, **said.values}.items():
            entry.lay(name, value)
        if ANSWERED in self.form.fields and entry.values.get(ANSWERED) is None:
            entry.lay(ANSWERED, PartialDate.of(said.receipt.day))
        self._added(entry, said)

    def _release(self, arrived: Arrived) -> None:
        """A unit's newer return lets go of what it no longer holds: another's words count now, or it has left."""
        owner, day = (arrived.receipt.unit or "", arrived.receipt.form), china_day(arrived.moment)
        for entry in self.entries:
            held = entry.holders.get(owner)
            if held is None or held.receipt.seq == arrived.receipt.seq:
                continue
            del entry.holders[owner]
            if entry.holders:
                self._report(entry, entry.first)
                self._settle(entry, day)
            elif self.rules.leaves:
                entry.left = day

    def _added(self, entry: Entry, said: Said) -> None:
        """After any change: who spoke of it, by what it is known, what follows from its dates and words."""
        if not said.by_office or entry.opened is said:
            entry.units.setdefault(said.unit, said)
        for values in (entry.base, entry.values):
            identity = identity_of(self.form, Row("", 0, values))
            if identity and identity not in entry.known:
                entry.known.add(identity)
                self._index.add(identity, entry)
        self._settle(entry, said.day)

    def _settle(self, entry: Entry, day: dt.date) -> None:
        """What follows from an entry's words on a day: its due day, and whether it is closed."""
        self._work_out(entry)
        if not self._is_closed(entry, day):
            for held in (entry.base, entry.office) if entry.closed else ():  # reopened: the day is past, too
                if DONE in held:
                    entry.put.setdefault(DONE, set()).add(compared(held.pop(DONE)))
            entry.closed = None
        elif entry.closed is None:
            entry.closed = day
            entry.put.setdefault(DONE, set()).add(PartialDate.of(day))

    def _work_out(self, entry: Entry) -> None:
        """The due day that follows from another day, unless the office gave one as it opened the entry."""
        worked = self.rules.worked_out
        after = entry.values.get(worked.after) if worked else None
        if worked is None or worked.column in entry.firm or not isinstance(after, PartialDate) or not after.precise:
            return
        try:
            entry.lay(worked.column, PartialDate.of(self.county.calendar.workday_after(after.last, worked.workdays)))
        except CalendarUnknown as unknown:
            self.notes.append(f"{entry.number or ''}“{worked.column}”没有推算：{unknown}。")

    def _is_closed(self, entry: Entry, day: dt.date) -> bool:
        if self.docket.closed is None:
            return False
        values = {"填报单位": entry.opened.unit, **entry.values, self.rules.number or "": entry.number}
        columns = {name: [values.get(name)] for name in self.docket.closed.names}
        return self.docket.closed.evaluate(columns, 1, given_dates(day, day)) == [True]


def _place(said: Said) -> str:
    return f"{said.unit}“{file_name(said.receipt.file)}”工作表“{said.row.sheet}”第{said.row.row}行"
