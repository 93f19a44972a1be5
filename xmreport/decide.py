"""An examination and the ledger's past → receipts: which task and period, which outcome, whether in time."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from xmreport.checks import AGAINST_LAST, check
from xmreport.checks.returns import Examined
from xmreport.model.dates import CHINA
from xmreport.model.examination import Examination
from xmreport.model.findings import Finding, Severity
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.submission import Part, Row
from xmreport.model.text import file_name
from xmreport.past import Past
from xmreport.rulebook.assignment import Assigned, asked_of, assign, is_open, lateness, named_in, tasks_of
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.identity import name_key, name_of, precedence
from xmreport.rulebook.names import key_of
from xmreport.rulebook.origin import is_anothers
from xmreport.rulebook.schedule import Period

UNKNOWN_UNIT = "单位不明"


class Judge(Struct, frozen=True):
    """Decides on the files of one county."""

    county: County
    past: Past
    trial: bool = False
    """A unit's own check: what the file holds counts, not whether it was received before or its period is closed."""
    meant: Assigned | None = None
    """Task and period as a person named them: nothing is derived, whatever day the file states."""

    def decide(self, found: Examination, arrival: Receipt) -> tuple[Receipt, ...]:
        """The receipts of one file: one for each of its parts, or one for the file as a whole.

        Args:
            found: what examining it gave.
            arrival: what is known of the file itself; its unit is that of the folder it landed in.
        """
        if found.outcome is not None:
            return (self._whole(found, arrival),)
        if len(found.parts) == 1:
            return (self._part(found.parts[0], arrival),)
        decided = []
        with self.past.together() as before:  # as if each part had come as a file of its own, the oldest first
            for part in sorted(found.parts, key=lambda part: part.stated or arrival.day):
                decided.append(self._part(part, replace(arrival, sheet=part.sheet)))
                before.add(decided[-1], self.county.forms[part.form])
        return tuple(decided)

    def _whole(self, found: Examination, arrival: Receipt) -> Receipt:
        """A file that could not be read as a workbook: a document where one is due, else what is wrong with it."""
        unit = arrival.unit or self._unit_in_name(arrival)
        if found.kind == "document" and unit:
            due = self._assigned(unit, arrival, None)
            if due and (self.meant or is_open(due, arrival.arrived_at)):
                return self._settled(replace(arrival, unit=unit), due, Outcome.ACCEPTED, ())
        if found.outcome is Outcome.QUARANTINED:
            return replace(arrival, outcome=Outcome.QUARANTINED, unit=unit, findings=found.findings)
        receipt = replace(arrival, outcome=Outcome.RETURNED, unit=unit, findings=found.findings)
        due = self._likely(unit, arrival) if unit else None
        return self._settled(receipt, due, Outcome.RETURNED, found.findings) if due else receipt

    def _unit_in_name(self, arrival: Receipt) -> str | None:
        units = self.county.roster.named_in(arrival.file.rsplit("/", 1)[-1])
        return units.pop() if len(units) == 1 else None

    def _likely(self, unit: str, arrival: Receipt) -> Assigned | None:
        """What an unreadable workbook must have been meant for: the one task with a span on that day, if there is one.

        A recurring task comes before a single one, as for a readable file; of several, the one that its name names.
        """
        if self.meant:
            return self.meant
        day = arrival.day
        tasks = [task for task in self.county.tasks.values() if task.rules.form]
        spanned = [task for task in tasks if self.county.is_reporter(task, unit) and _spans(task, day)]
        owed = [found for task in spanned if (found := self._assign([task], unit, day, arrival))]
        recurring = [found for found in owed if found.task.rules.schedule.recurring]
        chosen = recurring or [found for found in owed if found.task.rules.schedule.kind == "once"]
        if len(chosen) > 1:
            name = key_of(file_name(arrival.file))
            chosen = [found for found in owed if any(key_of(word) in name for word in self._called(found.task))]
        return chosen[0] if len(chosen) == 1 else None

    def _called(self, task: Task) -> Sequence[str]:
        """What a file for a task may be called: by the task, its form, or the form's heading here."""
        form = self.county.forms[task.rules.form or ""]
        return task.name, form.name, form.title

    def _part(self, part: Part, arrival: Receipt) -> Receipt:
        receipt = replace(arrival, form=part.form, unit=part.unit, rows=part.rows, nil=part.nil)
        if part.unit is None:
            return self._quarantined(receipt, part)
        due = self._assigned(part.unit, arrival, part)
        day, tasks = part.stated or arrival.day, tasks_of(self.county, part.unit, part.form)
        if due is None:
            if not tasks or any(task.periods[0].begins <= day for task in tasks):
                words = {"单位": part.unit, "报表": part.form}
                unowed = Finding("S18", Severity.ERROR, part.sheet, words=words)
                return self._quarantined(receipt, replace(part, findings=(unowed, *part.findings)))
            return self._returned_for_date(receipt, part, "S10", {"填报日": day.isoformat()})
        if self.meant:
            return self._judged(receipt, part, due, part.findings)
        current = self._assign(tasks, part.unit, arrival.day, arrival)
        words = {
            "填报日": day.isoformat(),
            "期次": f"{due.task.name} {due.period.name}",
            "当前": f"{current.task.name} {current.period.name}" if current else "（无）",
        }
        if not due.period.has_begun(arrival.arrived_at):
            return self._returned_for_date(receipt, part, "S10", words)
        if day > arrival.day and not any(_spans(task, day) for task in tasks):
            return self._returned_for_date(receipt, part, "S10", words)
        findings = list(part.findings)
        if not is_open(due, arrival.arrived_at):
            if not self.trial:
                return self._returned_for_date(receipt, part, "S09", words)
            findings.append(Finding("S09", Severity.WARNING, part.sheet, part.stated_cell, "填报时间", words=words))
        elif current and current.period != due.period:
            findings.append(Finding("S08", Severity.WARNING, part.sheet, part.stated_cell, "填报时间", words=words))
        return self._judged(receipt, part, due, findings)

    def _judged(self, receipt: Receipt, part: Part, due: Assigned, findings: Sequence[Finding]) -> Receipt:
        """The receipt of a return that belongs to a period: accepted unless there is an error in it."""
        findings = (*findings, *self._against_past(part, receipt, due, part.stated or receipt.day))
        outcome = Outcome.RETURNED if any(finding.is_error for finding in findings) else Outcome.ACCEPTED
        return self._settled(receipt, due, outcome, findings)

    def _quarantined(self, receipt: Receipt, part: Part) -> Receipt:
        return replace(receipt, outcome=Outcome.QUARANTINED, rows=(), findings=part.findings)

    def _returned_for_date(self, receipt: Receipt, part: Part, code: str, words: dict[str, str]) -> Receipt:
        """The date alone is at fault: what was only held against it is not."""
        finding = Finding(code, Severity.ERROR, part.sheet, part.stated_cell, "填报时间", words=words)
        others = (each for each in part.findings if not re.search("报告日|截止日", each.words.get("规则", "")))
        return replace(receipt, outcome=Outcome.RETURNED, findings=(finding, *others))

    def _assign(self, tasks: list[Task], unit: str, day: dt.date, arrival: Receipt) -> Assigned | None:
        """Which of these tasks, and which period, a unit's day means."""

        def owes(task: Task, period: Period) -> bool:
            exempt = period.suspended or self.county.exemption(task.name, unit, period)
            return not exempt and not self.past.accepted(task.name, period.name, unit)

        return assign(tasks, day, asked_of(self.county, unit, arrival.day), owes)

    def _assigned(self, unit: str, arrival: Receipt, part: Part | None) -> Assigned | None:
        if self.meant:
            return self.meant if self.meant.task.rules.form == (part.form if part else None) else None
        day = (part.stated if part else None) or arrival.day
        tasks = tasks_of(self.county, unit, part.form if part else None)
        likely = tasks if part else named_in(tasks, file_name(arrival.file))
        return self._assign(likely, unit, day, arrival) or self._assign(tasks, unit, day, arrival)

    def _against_past(self, part: Part, receipt: Receipt, due: Assigned, day: dt.date) -> list[Finding]:
        """Findings that show only beside the unit's last return, and beside what other units report."""
        assert part.unit
        form = self.county.forms[part.form]
        found: list[Finding] = []
        last = self.past.last_return(part.unit, part.form, due)
        if last:
            positions = [period.name for period in due.task.periods]
            at = positions.index(due.period.name)
            examined = Examined(
                form,
                part,
                day,
                self.past.rows(last),
                last.period or "",
                follows=at > 0 and (last.task, last.period) == (due.task.name, positions[at - 1]),
                same_year=_year(due.period, day) == _year(due.period, last.day, last.period),
            )
            found += check(AGAINST_LAST, examined)
        for row, others in self.past.elsewhere(due, part.unit, form, part.rows):
            held = [(other, its) for other, its in others if not is_anothers(form, its, other)]
            if held and not is_anothers(form, row, part.unit):
                found.append(self._conflict(part, receipt, due, row, held))
        return found

    def _conflict(
        self, part: Part, receipt: Receipt, due: Assigned, row: Row, others: Sequence[tuple[str, Row]]
    ) -> Finding:
        """Whose row counts is told as the summary decides it."""
        assert part.unit
        order = {
            unit: precedence(its, unit, self.past.first(due, unit) or receipt)
            for unit, its in (*others, (part.unit, row))
        }
        counts = min(order, key=order.__getitem__)
        other = counts if counts != part.unit else min(order.keys() - {part.unit}, key=order.__getitem__)
        form = self.county.forms[part.form]
        name, column = name_of(form, row), form.file.name_column
        theirs = next(name_of(form, its) for unit, its in others if unit == other)
        called = other if name_key(theirs) == name_key(name) else f"{other}（写作“{theirs}”）"
        words = {"项目": name, "单位": f"{called}、{part.unit}", "采用": counts}
        return Finding("X01", Severity.WARNING, row.sheet, part.cell(row, column), column, name, words)

    def _settled(self, receipt: Receipt, due: Assigned, outcome: Outcome, findings: tuple[Finding, ...]) -> Receipt:
        """The receipt with its period, its lateness, and whether the same bytes were received for it before."""
        settled = replace(
            receipt,
            outcome=outcome,
            task=due.task.name,
            period=due.period.name,
            due_at=due.period.due_at,
            late_by_s=lateness(due.period, receipt.arrived_at),
            findings=findings,
        )
        before = None if self.trial else self.past.same_bytes(settled)
        if before is None or (self.meant and before.arrived_at > settled.arrived_at):  # its earlier arrival counts
            return settled
        inforce = self.past.in_force(due.task.name, due.period.name, settled.unit or "")
        if inforce is None:
            state = "那一份已退回，请改正后再报"
        elif inforce.seq == before.seq:
            state = "那一份有效"
        else:
            state = f"有效的仍是 {_minute(inforce.arrived_at)} 收到的“{file_name(inforce.file)}”"
        words = {"时间": _minute(before.arrived_at), "文件": file_name(before.file), "现状": state}
        finding = Finding("D01", Severity.WARNING, words=words)
        return replace(settled, outcome=Outcome.DUPLICATE, rows=(), findings=(finding,))


def _spans(task: Task, day: dt.date) -> bool:
    return any(period.begins <= day <= period.ends for period in task.periods)


def _year(period: Period, day: dt.date, name: str | None = None) -> str:
    """The year a return is of: its period's; on demand, its own day's."""
    return str(day.year) if period.due_at is None else (name or period.name)[:4]


def _minute(moment: dt.datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"


def folder_unit(county: County, folders: Sequence[str]) -> str | None:
    """The unit in whose folder a file landed: the innermost folder whose name means one."""
    for folder in reversed(folders):
        unit = county.roster.resolve(key_of(folder))
        if unit:
            return unit
    return None
