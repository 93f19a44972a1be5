"""What happens to one file inside the guarded worker: a pure function of its bytes and the rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from xmreport.checks import ALONE, check
from xmreport.checks.returns import Examined
from xmreport.forms.recognise import FileHint, recognise
from xmreport.intake.verdict import Limits, judge
from xmreport.model.examination import Examination
from xmreport.model.findings import Finding, Severity
from xmreport.model.receipts import Outcome
from xmreport.reading import ReadFailure, read
from xmreport.rulebook.book import County
from xmreport.workbooks.copies.about import About

MENDABLE = frozenset({"F01", "F02", "F04"})
"""What a unit can mend by sending something else; other unreadable files are for the office to look at."""
WITH_PICTURES = 64
"""MiB of a workbook that goes back in its own shape: it may hold scanned seals."""


class Desk(Struct, frozen=True):
    """What a worker keeps between files: the rules of all counties."""

    counties: dict[str, County]


_desk = Desk({})


def open_desk(counties: dict[str, County]) -> None:
    """Called once in every worker."""
    global _desk  # noqa: PLW0603 - a worker process has one desk
    _desk = Desk(counties)


def examine(data: bytes, county: str, name: str, unit: str | None, day: dt.date) -> Examination:
    """A file's bytes → its returns with their findings, or why it cannot be used.

    Args:
        data: the file's bytes.
        county: the county in whose folder it landed.
        name: its file name.
        unit: the unit in whose folder it landed, if any.
        day: the day it arrived, in China.
    """
    rules = _desk.counties[county]
    verdict = judge(data, Limits())
    if verdict.fault:
        outcome = Outcome.RETURNED if verdict.fault in MENDABLE else Outcome.QUARANTINED
        finding = Finding(verdict.fault, Severity.ERROR, words=verdict.words)
        return Examination(outcome=outcome, findings=(finding,), kind=verdict.kind)
    try:
        book = read(data, verdict.kind, parts=verdict.parts)
    except ReadFailure as failure:
        finding = Finding(failure.code, Severity.ERROR, words={"原因": str(failure)})
        return Examination(outcome=Outcome.QUARANTINED, findings=(finding,), kind=verdict.kind)
    found = recognise(book, rules, FileHint(name, unit, day))
    parts = []
    for part in found.parts:
        checked = check(ALONE, Examined(rules.forms[part.form], part, part.stated or day))
        parts.append(replace(part, findings=(*part.findings, *checked)))
    return replace(found, parts=tuple(parts), kind=verdict.kind)


def mark(data: bytes, findings: Sequence[Finding], about: About) -> bytes:
    """The unit's own workbook with its faults marked."""
    from xmreport.workbooks.copies.returned import marked_copy

    verdict = judge(data, Limits(held_mib=WITH_PICTURES))
    content = verdict.parts.content if verdict.parts else {}
    return marked_copy(content, read(data, verdict.kind, parts=verdict.parts), findings, about)
