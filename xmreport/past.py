"""What a county has received so far, as deciding on the next file needs it: read once, kept up to date."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from operator import attrgetter

from msgspec.structs import replace

from xmreport.ledger import Ledger
from xmreport.ledger.received import received, with_names_of_today
from xmreport.model.findings import Findings
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.rows import Rows
from xmreport.model.submission import Identity, Row
from xmreport.rulebook.assignment import Assigned
from xmreport.rulebook.book import County
from xmreport.rulebook.form import Form
from xmreport.rulebook.identity import Index, identities_of

PeriodKey = tuple[str | None, str | None]
PRESUMED = 2**62
"""The first number of what is decided but not yet recorded: no ledger counts that far."""
BRIDGED = dt.timedelta(minutes=10)
"""A clock set back by no more than this does not make tables forget what came in the minutes that are repeated."""
_ORDER = attrgetter("order")
HELD_PERIODS = 2
"""Periods for each task whose projects are kept ready for comparison. Others are read again where needed."""


class Past:
    """The receipts of one county, oldest first; without their rows, which stay in the ledger.

    How many they are is known at once; they are read when first asked for: a pass that finds nothing new never asks.
    """

    def __init__(self, ledger: Ledger, county: County) -> None:
        self._ledger = ledger
        self._county = county
        self._held: dict[PeriodKey, _Held] = {}
        extent = ledger.extent(county.key)
        self.count = extent.receipts
        self.last = extent.last
        """The number of the last receipt; 0 where there is none."""
        self.newest = extent.newest
        """The latest moment of arrival."""
        self._read: _Known | None = None
        self._together = _Together()

    @contextmanager
    def together(self) -> Iterator[_Together]:
        """The parts of one file are judged one beside the other: what is added counts until all are recorded."""
        try:
            yield self._together
        finally:
            self._together = _Together()

    @property
    def receipts(self) -> Sequence[Receipt]:
        return self._known.receipts

    @property
    def _known(self) -> _Known:
        if self._read is None:
            self._read = _Known(received(self._ledger, self._county))
        return self._read

    def add(self, recorded: Iterable[Receipt]) -> None:
        """Receipts just recorded. Those of a file that was on record already are known."""
        for receipt in recorded:
            if receipt.seq <= self.last:
                continue
            if self._read:
                self._read.take(replace(receipt, rows=(), findings=Findings.parse(Findings.of(receipt.findings).text)))
            self.count += 1
            self.last = receipt.seq
            self.newest = max(self.newest or receipt.arrived_at, receipt.arrived_at)
            held = self._held.get((receipt.task, receipt.period))
            if held and receipt.outcome is Outcome.ACCEPTED and receipt.unit:
                versions = self._known.accepted[receipt.task, receipt.period][receipt.unit]
                if max(versions, key=_ORDER).seq == receipt.seq:
                    held.put(receipt.unit, receipt.seq, receipt.rows)

    def shown_at(self, clock: dt.datetime) -> dt.datetime:
        """The moment that tables show by this clock.

        Where it was set back a little that is the latest arrival: what came must not vanish from the tables.
        """
        return max(clock, self.newest) if self.newest and self.newest <= clock + BRIDGED else clock

    def ahead(self, now: dt.datetime) -> int:
        """How many arrived after this moment, as they did once the clock was set back."""
        return self._ledger.ahead(self._county.key, now) if self.newest and self.newest > now else 0

    def rows(self, receipt: Receipt) -> Sequence[Row]:
        if receipt.seq >= PRESUMED:
            return receipt.rows
        return with_names_of_today(self._county, receipt.form, self._ledger.rows(receipt.seq))

    def has_copy(self, target: str) -> bool:
        """Whether a returned copy stands under that name, or one that some disks take for the same."""
        return _written(target) in self._known.copies

    def accepted(self, task: str, period: str, unit: str) -> list[Receipt]:
        """Every acceptable version of a unit's return for a period."""
        recorded = self._known.accepted.get((task, period), {}).get(unit, [])
        own = self._together.of_unit.get(unit, ())
        return [*recorded, *(each for each in own if (each.task, each.period) == (task, period))]

    def in_force(self, task: str, period: str, unit: str) -> Receipt | None:
        """The version that counts."""
        return max(self.accepted(task, period, unit), key=_ORDER, default=None)

    def still_returned(self) -> Iterator[tuple[Sequence[Receipt], Sequence[Receipt]]]:
        """The files that went back: the receipts of each, and those of them that nothing acceptable followed."""
        files: dict[tuple[object, ...], list[Receipt]] = {}
        for receipt in self._known.receipts:
            if receipt.returned_copy:
                files.setdefault((receipt.file, receipt.sha256, receipt.arrived_at), []).append(receipt)
        for receipts in files.values():
            if left := [receipt for receipt in receipts if not self._is_mended(receipt)]:
                yield receipts, left

    def _is_mended(self, receipt: Receipt) -> bool:
        counts = self.in_force(receipt.task or "", receipt.period or "", receipt.unit or "")
        return counts is not None and counts.order > receipt.order

    def same_bytes(self, receipt: Receipt) -> Receipt | None:
        """The first return of the same bytes by the same unit for the same period.

        One that was returned is no obstacle where nothing is wrong with it now: the rules may have been at fault, or
        what it was held against.
        """
        found = []
        for before in self._known.of_bytes.get((receipt.unit, receipt.sha256), ()):
            same = (before.task, before.period, before.sheet) == (receipt.task, receipt.period, receipt.sheet)
            again = before.outcome is receipt.outcome is Outcome.RETURNED and before.rules == receipt.rules
            judged = before.outcome is Outcome.ACCEPTED or again
            if same and judged:
                found.append(before)
        return min(found, key=_ORDER, default=None)

    def last_return(self, unit: str, form: str, due: Assigned) -> Receipt | None:
        """The unit's last accepted return of a form before this period; for a task on demand, the one before this."""
        earlier = [
            receipt
            for receipt in (*self._known.of_unit.get(unit, ()), *self._together.of_unit.get(unit, ()))
            if receipt.form == form
            and receipt.outcome is Outcome.ACCEPTED
            and receipt.period
            and (receipt.period < due.period.name or due.period.due_at is None)
        ]
        return max(earlier, key=lambda receipt: (receipt.period or "", *receipt.order), default=None)

    def first(self, due: Assigned, unit: str) -> Receipt | None:
        """The unit's first acceptable version for a period."""
        return min(self.accepted(due.task.name, due.period.name, unit), key=_ORDER, default=None)

    def elsewhere(
        self, due: Assigned, unit: str, form: Form, rows: Sequence[Row]
    ) -> Iterator[tuple[Row, list[tuple[str, Row]]]]:
        """Each row whose project other units' returns in force for this period hold: those units, and their rows."""
        period = (due.task.name, due.period.name)
        held = self._held.pop(period, None) or self._reported(period, form)
        self._held[period] = held
        if len(self._held) > HELD_PERIODS * len(self._county.tasks):
            del self._held[next(iter(self._held))]
        read: dict[int, Sequence[Row]] = {}
        identities = identities_of(form, rows)
        beside = self._together.held.get(period) or _Held(form)
        if held.knows_none(identities) and beside.knows_none(identities):  # as of nearly every file
            return
        newer = {owner for owner in beside.owners if self._counts_now(period, owner)}
        # By place: the rows of a file that shares no project are never read.
        for at, identity in enumerate(identities):
            found = [each for each in held.find(identity, unit) if each[0] not in newer]
            found += [each for each in beside.find(identity, unit) if each[0] in newer]
            for _, seq, _ in found:
                if seq not in read:
                    read[seq] = self._together.rows.get(seq) or self._today(form, self._ledger.rows(seq))
            if found:
                yield rows[at], [(owner, read[seq][place]) for owner, seq, place in found]

    def _counts_now(self, period: PeriodKey, owner: str) -> bool:
        """Whether what counts of a unit is the part of the file at hand, and no later return on record."""
        counts = self.in_force(period[0] or "", period[1] or "", owner)
        return counts is not None and counts.seq >= PRESUMED

    def _reported(self, period: PeriodKey, form: Form) -> _Held:
        """The projects of the returns in force."""
        held = _Held(form)
        accepted = self._known.accepted.get(period, {})
        inforce = {owner: max(versions, key=_ORDER).seq for owner, versions in accepted.items()}
        known = self._ledger.rows_of(inforce.values())
        for owner, seq in inforce.items():
            held.put(owner, seq, self._today(form, known[seq]))
        return held

    def _today(self, form: Form, rows: Rows) -> Rows:
        return with_names_of_today(self._county, form.name, rows)


class _Known:
    """The receipts, by what is asked of them."""

    def __init__(self, receipts: Iterable[Receipt]) -> None:
        self.receipts: list[Receipt] = []
        self.of_unit: dict[str, list[Receipt]] = {}
        self.of_bytes: dict[tuple[str | None, str | None], list[Receipt]] = {}
        self.accepted: dict[PeriodKey, dict[str, list[Receipt]]] = {}
        self.copies: set[str] = set()
        for receipt in receipts:
            self.take(receipt)

    def take(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        self.of_bytes.setdefault((receipt.unit, receipt.sha256), []).append(receipt)
        if receipt.returned_copy:
            self.copies.add(_written(receipt.returned_copy))
        if receipt.unit:
            self.of_unit.setdefault(receipt.unit, []).append(receipt)
            if receipt.outcome is Outcome.ACCEPTED:
                own = self.accepted.setdefault((receipt.task, receipt.period), {})
                own.setdefault(receipt.unit, []).append(receipt)


class _InForce:
    """The return of a unit that is in force: which projects it holds, and at which place."""

    def __init__(self, seq: int, identities: Sequence[Identity]) -> None:
        self.seq = seq
        self._identities = identities
        self.keys = ({each.main for each in identities if each.main}, {each.spare for each in identities if each.spare})
        """The main keys, and the spare ones."""

    @cached_property
    def places(self) -> Index[int]:
        index = Index[int]()
        for at, identity in enumerate(self._identities):
            index.add(identity, at)
        return index


class _Held:
    """The projects of a period by their keys, each with the units that report it: the first to report comes first."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._order: dict[str, int] = {}
        self._returns: dict[str, _InForce] = {}
        self._main: dict[str, tuple[str, ...]] = {}
        self._spare: dict[str, tuple[str, ...]] = {}

    @property
    def owners(self) -> Iterable[str]:
        return self._returns

    def put(self, owner: str, seq: int, rows: Sequence[Row]) -> None:
        """The return of a unit that is in force now, in the place of its last one."""
        self._order.setdefault(owner, len(self._order))
        gone = self._returns.get(owner, _InForce(0, ()))
        now = self._returns[owner] = _InForce(seq, identities_of(self._form, rows))
        for table, before, keys in zip((self._main, self._spare), gone.keys, now.keys, strict=True):
            for key in before:
                table[key] = tuple(other for other in table[key] if other != owner)
            others = {key: table[key] for key in keys if key in table}
            table.update(dict.fromkeys(keys, (owner,)))
            table.update({key: (*owners, owner) for key, owners in others.items()})

    def knows_none(self, identities: Sequence[Identity]) -> bool:
        """Whether no unit, the own one neither, has reported any of these projects."""
        return self._main.keys().isdisjoint(each.main for each in identities) and self._spare.keys().isdisjoint(
            each.spare for each in identities
        )

    def find(self, own: Identity, unit: str) -> list[tuple[str, int, int]]:
        """Other units, each with its receipt and the place of its row."""
        by_main = self._main.get(own.main, ()) if own.main else ()
        by_spare = self._spare.get(own.spare, ()) if own.spare else ()
        if by_main in {(), (unit,)} and by_spare in {(), (unit,)}:
            return []
        found = []
        for owner in sorted({*by_main, *by_spare} - {unit}, key=lambda each: self._order[each]):
            theirs = self._returns[owner]
            place = theirs.places.find(own)
            if place is not None:
                found.append((owner, theirs.seq, place))
        return found


class _Together:
    """The parts of one file that are accepted so far, numbered as if they were recorded after all there is."""

    def __init__(self) -> None:
        self.of_unit: dict[str, list[Receipt]] = {}
        self.held: dict[PeriodKey, _Held] = {}
        self.rows: dict[int, Sequence[Row]] = {}

    def add(self, receipt: Receipt, form: Form) -> None:
        """One part more; only what is accepted counts for the others."""
        if receipt.outcome is not Outcome.ACCEPTED or receipt.unit is None:
            return
        numbered = replace(receipt, seq=PRESUMED + len(self.rows))
        self.rows[numbered.seq] = receipt.rows
        self.of_unit.setdefault(receipt.unit, []).append(numbered)
        period = (receipt.task, receipt.period)
        self.held.setdefault(period, _Held(form)).put(receipt.unit, numbered.seq, receipt.rows)


def _written(path: str) -> str:
    """A path as a disk compares it that knows neither case nor how a letter is composed."""
    return unicodedata.normalize("NFC", path).casefold()
