"""A file handed over by other means than the inbox: a person says whose it is, what for, when it came, and why."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from contextlib import ExitStack, suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from xmreport.decide import Judge
from xmreport.hands import SINGLE
from xmreport.ledger import FileRecord, Ledger
from xmreport.model.dates import CHINA, china_day
from xmreport.model.events import Emit, Event, FileEvent
from xmreport.model.examination import Examination
from xmreport.model.findings import Finding, Severity
from xmreport.model.receipts import Outcome, Receipt
from xmreport.model.text import visible
from xmreport.model.trouble import Trouble
from xmreport.named import period_named, task_named, unit_named
from xmreport.past import Past
from xmreport.publish import Publisher, held_up
from xmreport.rulebook.assignment import Assigned
from xmreport.rulebook.book import County
from xmreport.sending import Sender
from xmreport.tally import Tally
from xmreport.underway import bytes_of, examined
from xmreport.workspace import Workspace

log = logging.getLogger("xmreport")


class HandedOver(Struct, frozen=True):
    """A file, and what a person says of it."""

    path: Path
    unit: str
    task: str
    period: str
    at: dt.datetime
    """When it was handed over: what its timeliness goes by."""
    reason: str


def receive_file(workspace: Workspace, county: County, handed: HandedOver, now: dt.datetime, emit: Emit) -> Tally:
    """Judge a file as any that was dropped, record it with its reason, and publish. The file stays where it is.

    Its record comes last: what is cut short before it left no trace in the ledger and is simply done again.

    Raises:
        Trouble: what is said of it cannot be, and nothing was recorded.
    """
    unit, due = _named(county, handed, now)
    reason = visible(handed.reason).strip()
    if not reason:
        raise Trouble("请用 --reason 写明怎么交来的、为什么没有走收件文件夹。")
    office, tally = workspace.rulebook.office, Tally()
    data = bytes_of(handed.path, office.largest_mib)
    arrival = Receipt(
        file=handed.path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        outcome=Outcome.QUARANTINED,
        arrived_at=handed.at.astimezone(CHINA),
        rules=county.digest,
        county=county.key,
        unit=unit,
        replayed=True,
        handed_over=reason,
    )
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger.open(workspace.state))
        counties = {county.key: county}
        pool = stack.enter_context(SINGLE.pool(counties, office))
        past = Past(ledger, county)
        found = _asked_for(examined(pool, data, arrival), due)
        receipts = Judge(county, past, meant=due).decide(found, arrival)
        sender = Sender(workspace, counties, ledger.originals, lambda: pool, tally)
        receipts = sender.addressed(receipts, county, past)
        ledger.originals.keep(data)
        if any(receipt.returned_copy for receipt in receipts):
            sender.send_back(receipts)
        recorded = ledger.record(FileRecord(None, receipts))
        past.add(recorded)
        tally.take(recorded)
        for receipt in recorded:
            _tell(emit, FileEvent(receipt))
        with held_up(county, tally, lambda text, error: log.error("已经补登，%s", text, exc_info=error)):
            for event in Publisher(workspace, county, ledger).publish(past, now):
                _tell(emit, event)
    return tally


def _tell(emit: Emit, event: Event) -> None:
    """That nobody reads along any more must not end what is being published."""
    with suppress(BrokenPipeError):
        emit(event)


def _named(county: County, handed: HandedOver, now: dt.datetime) -> tuple[str, Assigned]:
    """The unit, and the task's period, that the person means."""
    unit, task = unit_named(county, handed.unit), task_named(county, handed.task)
    period = period_named(task, handed.period)
    if handed.at > now:
        raise Trouble(f"交来的时间 {handed.at:%Y-%m-%d %H:%M} 还没有到，请核对 --at。")
    if not period.has_begun(now):
        raise Trouble(f"“{task.name}”{period.name} 这一期还没有开始，请核对 --period。")
    if not county.owes(task, unit, period.roster_day(china_day(handed.at))):
        raise Trouble(f"{unit}不在“{task.name}”的应报单位之中；若应由它报送，请先改规则。")
    return unit, Assigned(task, period)


def _asked_for(found: Examination, due: Assigned) -> Examination:
    """The one return in a workbook that the task asks for; sheets of other forms are not used, and that is said."""
    if not found.parts:
        return found
    form = due.task.rules.form
    own = [part for part in found.parts if part.form == form]
    if not own:
        holds = "、".join(dict.fromkeys(f"《{part.form}》" for part in found.parts))
        asked = f"《{form}》" if form else f"文档（{due.task.rules.document}）"
        raise Trouble(f"“{due.task.name}”要的是{asked}，这份文件里是{holds}；没有补登，请核对 --task。")
    if len(own) > 1:
        raise Trouble(f"这个工作簿里有 {len(own)} 份《{form}》，是几期的，请分开另存，各补登一次。")
    [part] = own
    if part.stated and not due.period.begins <= part.stated <= due.period.ends:
        log.warning("表上的填报时间 %s 不在 %s 这一期之内，按您写明的期次记。", part.stated, due.period.name)
    unused = tuple(
        Finding("S15", Severity.WARNING, words={"工作表": other.sheet}) for other in found.parts if other is not part
    )
    return replace(found, parts=(replace(part, findings=(*part.findings, *unused)),))
