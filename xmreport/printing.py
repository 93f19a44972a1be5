"""What the commands print: JSON Lines for programs, sentences for clerks."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from string import Formatter
from typing import Any

from xmreport.messages import CATALOGUE, OUTCOME_WORDS, STATE_WORDS, say
from xmreport.model.events import Event, FileEvent, Published
from xmreport.model.findings import Finding
from xmreport.model.receipts import Outcome, Receipt, UnitState
from xmreport.model.text import visible
from xmreport.rulebook.book import Rulebook
from xmreport.tables.head import deadline, spell

_UNSEEN = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Characters that a screen acts on or that UTF-8 cannot hold."""


class Printer:
    """Prints events as they happen."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def __call__(self, event: Event) -> None:
        if self._as_json:
            _line(_published(event) if isinstance(event, Published) else _file(event.receipt))
        elif isinstance(event, Published):
            print(f"出表  {visible(event.path)}")
        else:
            _tell(event)
        if isinstance(event, Published):
            _note(event)


def print_written(events: Iterable[Published]) -> None:
    """Where workbooks that were asked for stand."""
    for event in events:
        print(visible(event.path))
        _note(event)


def _note(event: Published) -> None:
    """What the office should know about a workbook, on the other stream."""
    if event.note:
        print(visible(event.note), file=sys.stderr)


def print_done(files: int, outcomes: Mapping[Outcome, int]) -> None:
    """The last line of `--json`."""
    _line({"event": "done", "files": files, **{outcome.value: outcomes.get(outcome, 0) for outcome in Outcome}})


def _line(content: Any) -> None:
    # Readable Chinese, and every name exact: what a screen would act on, or no UTF-8 can hold, as JSON's own escape.
    text = json.dumps(content, ensure_ascii=False)
    print(_UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], text), flush=True)


def _published(event: Published) -> dict[str, Any]:
    return {"event": "published", "path": event.path}


def _file(receipt: Receipt) -> dict[str, Any]:
    timely = receipt.task is not None and receipt.outcome is not Outcome.QUARANTINED
    content: dict[str, Any] = {
        "event": "file",
        "file": receipt.file,
        "sha256": receipt.sha256,
        "county": receipt.county,
        "unit": receipt.unit,
        "task": receipt.task,
        "period": receipt.period,
        "outcome": receipt.outcome.value,
        "arrived_at": receipt.arrived_at.isoformat(),
        "due_at": receipt.due_at.isoformat() if receipt.due_at else None,
        "timeliness": ("late" if receipt.late_by_s else "on_time") if timely else None,
        "late_by_s": receipt.late_by_s,
        "rows": receipt.row_count,
        "findings": [_finding(finding) for finding in receipt.findings],
        "returned_copy": receipt.returned_copy,
    }
    if receipt.sheet:
        content["sheet"] = receipt.sheet
    return content


def _finding(finding: Finding) -> dict[str, Any]:
    said = say(finding)
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "sheet": finding.sheet,
        "cell": finding.cell,
        "field": finding.field,
        "value": finding.value,
        "message": said.message,
        "advice": said.advice,
    }


def _tell(event: FileEvent) -> None:
    receipt = event.receipt
    about = " ".join(word for word in (receipt.unit, receipt.task, receipt.period) if word)
    late = f"，这一份迟 {spell(receipt.late_by_s)}" if receipt.late_by_s else ""
    rows = f"，{receipt.row_count} 个项目" if receipt.row_count else "，零报告" if receipt.nil else ""
    print(f"{OUTCOME_WORDS[receipt.outcome]}  {visible(receipt.file)}  {about}{rows}{late}")
    for finding in receipt.findings:
        said = say(finding)
        place = f"{finding.sheet}!{finding.cell}  " if finding.cell else ""
        mark = "错误" if finding.is_error else "提醒"
        print(visible(f"      {mark} {finding.code}  {place}{said.message}{said.advice if finding.is_error else ''}"))
    if receipt.returned_copy:
        print(f"      退回的表：{receipt.returned_copy}")


def print_states(states: Sequence[UnitState], book: Rulebook, *, as_json: bool) -> None:
    """`status`: one array for programs, a table a period for clerks."""
    if as_json:
        _line([_state(state) for state in states])
        return
    heading: tuple[str, ...] = ()
    for state in states:
        if heading != (state.county, state.task, state.period):
            heading = (state.county, state.task, state.period)
            due = deadline(state.due_at) or "按需"
            print(f"\n{book.counties[state.county].name}  {state.task}  {state.period}  （应报 {due}）")
        came = f"{state.arrived_at:%m-%d %H:%M}" if state.arrived_at else ""
        late = f"迟 {spell(state.late_by_s)}" if state.late_by_s else ""
        told = visible(state.reason or "")
        print("  ".join(part for part in (f"  {STATE_WORDS[state.state]}", state.unit, came, late, told) if part))


def _state(state: UnitState) -> dict[str, Any]:
    return {
        "county": state.county,
        "task": state.task,
        "period": state.period,
        "due_at": state.due_at.isoformat() if state.due_at else None,
        "unit": state.unit,
        "state": state.state.value,
        "arrived_at": state.arrived_at.isoformat() if state.arrived_at else None,
        "late_by_s": state.late_by_s,
        "late_total": state.late_total,
        "missing_total": state.missing_total,
        "reason": state.reason,
    }


def print_entry(code: str) -> bool:
    """`explain`: one entry of the catalogue; False where there is none."""
    entry = CATALOGUE.get(code)
    if entry is None:
        return False
    blank = {name: f"〔{name}〕" for name in _names(entry.sentence + entry.advice)}
    print(f"{entry.code}  {entry.title}")
    print(f"  意思：{entry.sentence.format(**blank)}")
    print(f"  怎么办：{entry.advice.format(**blank)}")
    print(f"  错的例子：{entry.wrong}")
    print(f"  对的例子：{entry.right}")
    return True


def _names(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name]
