"""After an edit of the rules: what was accepted and still counts, held against them anew, from the rows that are kept.

Fields that must be filled in, closed choices and the checks of rows: what is kept was read already, how a date or a
figure is written is not judged again. No outcome changes: a record stays what it was. The office is told whom to ask.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Sequence

from msgspec import Struct

from xmreport.checks import ALONE, check
from xmreport.checks.returns import Examined
from xmreport.forms.words import read_choice
from xmreport.ledger import Ledger
from xmreport.ledger.received import gone, gone_periods, with_names_of_today
from xmreport.model.dates import china_day
from xmreport.model.findings import Severity
from xmreport.model.receipts import Receipt
from xmreport.model.rows import Block, Rows
from xmreport.model.submission import Part, Row
from xmreport.past import Past
from xmreport.rulebook.book import County
from xmreport.rulebook.form import Form, FormField

log = logging.getLogger("xmreport")
MOST_NAMED = 5
"""Units that one line names."""
SHARED = "V28"
"""Found where a number stands in a merged cell."""


class Rechecked(Struct, frozen=True):
    """How many returns were looked at again, and which of them would not be accepted today."""

    county: str
    looked_at: int
    wrong: tuple[Receipt, ...]

    def __str__(self) -> str:
        told = (
            f"{self.county}的规则改过：按新规则复核了 {self.looked_at} 份本期已收下的表（用留存的数据，没有重读 Excel）"
        )
        if not self.wrong:
            return f"{told}，必填项、可选值和核验都没有发现错误。"
        named = "、".join(dict.fromkeys(str(receipt.unit) for receipt in self.wrong[:MOST_NAMED]))
        more = "等" if len(self.wrong) > MOST_NAMED else ""
        return f"{told}，其中 {len(self.wrong)} 份按新规则有错误：{named}{more}。原来的结论不变，请通知单位更正后再报。"


def recheck_once(county: County, past: Past, ledger: Ledger, now: dt.datetime) -> Rechecked | None:
    """The recheck that an edit of the rules asks for; None where they are as they were."""
    about = f"rules/{county.key}"
    before = ledger.noted(about)
    if before == county.digest:
        return None
    if before:
        _tell_gone(county, past)
    found = recheck(county, past, ledger, now) if before else None
    ledger.note(about, county.digest)
    return found


def recheck(county: County, past: Past, ledger: Ledger, now: dt.datetime) -> Rechecked | None:
    """Every return in force of a period that is still open and was judged under other rules. None where none was."""
    due = [receipt for receipt in _in_force(county, past, now) if receipt.rules != county.digest]
    if not due:
        return None
    rows = ledger.rows_of(receipt.seq for receipt in due)
    wrong = [
        receipt
        for receipt in due
        if _is_wrong(county, receipt, with_names_of_today(county, receipt.form, rows[receipt.seq]))
    ]
    return Rechecked(county.name, len(due), tuple(wrong))


def _tell_gone(county: County, past: Past) -> None:
    periods = gone_periods(county, past.receipts)
    if periods:
        most = periods.most_common(MOST_NAMED)
        named = "、".join(f"“{task}”{period}（{count} 份）" for (task, period), count in most)
        log.warning(
            "%s的规则里没有了收过表的期次：%s%s，那时收下的表不再进汇总，原来出的工作簿还在。如果是改错了时限、起止或任务名称，改回去就恢复。",
            county.name,
            named,
            "等" if len(periods) > MOST_NAMED else "",
        )
    units = gone(county.roster, past.receipts)
    if units:
        log.warning(
            "%s的名册里没有了报过表的单位：%s，它们已收下的表不再进汇总。更名的，把旧名称写进新名称的“别名”；撤并的，留着旧名称，写上“至”。",
            county.name,
            "、".join(units),
        )


def _in_force(county: County, past: Past, now: dt.datetime) -> Iterator[Receipt]:
    day = china_day(now)
    for task in county.tasks.values():
        for period in task.periods:
            if period.begins <= day <= period.ends:
                for unit in county.reporters(task, period.roster_day(day)):
                    receipt = past.in_force(task.name, period.name, unit)
                    if receipt and receipt.form in county.forms:
                        yield receipt


def _is_wrong(county: County, receipt: Receipt, rows: Sequence[Row]) -> bool:
    """Whether a rule of today finds an error in rows that were read under the rules of another day."""
    assert receipt.form
    form, blocks = county.forms[receipt.form], Rows.of(rows).blocks
    # A number in a merged cell counts for its first row: the blanks below it were told of, and let be.
    shared = {(found.sheet, found.field) for found in receipt.findings if found.code == SHARED}
    fields = [field for field in form.fields.values() if field.type != "序号"]  # which is not kept
    if any(
        _is_refused(form, field, block)
        for block in blocks
        for field in fields
        if (block.sheet, field.name) not in shared
    ):
        return True
    columns: dict[str, dict[str, int]] = {}
    for block in blocks:
        columns.setdefault(block.sheet, {}).update({name: number for number, name in enumerate(block.columns, 1)})
    part = Part(
        sheet=receipt.sheet or "",
        form=receipt.form,
        unit=receipt.unit,
        stated=None,
        rows=rows,
        nil=receipt.nil,
        columns=columns,
        findings=(),
    )
    day = receipt.day
    return any(found.is_error for found in check(ALONE, Examined(form, part, day)))


def _is_refused(form: Form, field: FormField, block: Block) -> bool:
    """Whether a field is not there though it must be, or holds a word that is none of its choices."""
    cells = block.columns.get(field.name, (None,))
    if field.required and None in cells:
        return True
    if field.type != "选项":
        return False
    meanings = form.meanings.get(field.column.options or "", {})
    words = {cell for cell in cells if isinstance(cell, str)}
    remarks = (remark for word in words for remark in read_choice(word, field.column, meanings).remarks)
    return any(remark.severity is Severity.ERROR for remark in remarks)
