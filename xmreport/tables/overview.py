"""总览: every period of every task at a glance, linked to its workbooks; and the files that wait for a person."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from xmreport.messages import STATE_WORDS, say
from xmreport.model.outbox import BULLETIN, COMPARISON, OVERVIEW, REGISTER, TARGETS, summary_name
from xmreport.model.receipts import Outcome, Receipt, State, UnitState
from xmreport.model.sheets import Content, Line, Link, SheetData, WorkbookData
from xmreport.model.text import file_name
from xmreport.rulebook.book import County
from xmreport.tables.head import deadline, minute
from xmreport.tables.standing import is_late

FURTHER = "其他表"
LINKED = {
    "报送情况": f"{REGISTER}.xlsx",
    "目标完成": f"{TARGETS}.xlsx",
    "通报": f"{BULLETIN}.xlsx",
    "变化": f"{COMPARISON}.xlsx",
}
"""The workbooks with a column of their own, besides the summary. All others are listed on a sheet."""
_ASIDE = re.compile(r"~\$.*|.*\(\d+\)\.xlsx")
"""What somebody's spreadsheet program, or a locked workbook, leaves beside the workbooks."""


def overview(
    county: County,
    states: Sequence[UnitState],
    written: Mapping[tuple[str, str], Sequence[str]],
    receipts: Sequence[Receipt],
    as_of: dt.datetime,
) -> WorkbookData:
    """One line a period.

    Args:
        county: whose overview it is.
        states: the state of every unit in every period that has begun.
        written: (task, period) → the names of the workbooks that lie in its folder.
        receipts: everything received so far.
        as_of: the moment it shows.
    """
    grouped: dict[tuple[str, str], list[UnitState]] = {}
    for state in states:
        grouped.setdefault((state.task, state.period), []).append(state)
    lines = [_line(county, key, own, written.get(key, ())) for key, own in grouped.items()]
    head = {
        "标题": f"{county.name}报送工作总览",
        "附件": "",
        "填报单位": f"{county.name}发展和改革局",
        "截止时间": minute(as_of),
    }
    notes = (f"依据：{county.file.basis}。点蓝字可打开对应的表。",)
    sheets = [SheetData(OVERVIEW, OVERVIEW, head, tuple(lines), notes=notes)]
    further = {key: _further(county, key[0], written.get(key, ())) for key in grouped}
    if any(len(names) > 1 for names in further.values()):
        titled = {**head, "标题": f"{county.name}其他表"}
        sheets.append(
            SheetData(FURTHER, FURTHER, titled, tuple(_further_lines(further)), notes=("点蓝字可打开对应的表。",))
        )
    waiting = [receipt for receipt in receipts if _nobody_knows_of(receipt)]
    accepted = {receipt.unit: receipt.seq for receipt in receipts if receipt.outcome is Outcome.ACCEPTED}
    owed = [state for state in states if state.state in {State.MISSING, State.PENDING, State.RETURNED}]
    mended = {
        receipt.seq
        for receipt in waiting
        if accepted.get(receipt.unit, 0) > receipt.seq and not _may_be_owed(county, receipt, owed)
    }
    head = {**head, "标题": f"{county.name}待处理文件"}
    told = ("这些文件没有采用，原件已留存；处理后请重新放入收件文件夹。",) if waiting else ("没有待处理的文件。",)
    sheets.append(SheetData("待处理文件", "待处理文件", head, tuple(_waiting(waiting, mended)), notes=told))
    return WorkbookData(f"{OVERVIEW}.xlsx", f"{OVERVIEW}.xlsx", tuple(sheets))


def _nobody_knows_of(receipt: Receipt) -> bool:
    """Set aside, or sent back to nobody knows whom."""
    returned = receipt.outcome is Outcome.RETURNED and receipt.unit is None
    return returned or receipt.outcome is Outcome.QUARANTINED


def _may_be_owed(county: County, receipt: Receipt, owed: Iterable[UnitState]) -> bool:
    """Whether the unit still owes a period that was open when the file came: it may have been meant for that."""
    day = receipt.day
    periods = (county.tasks[each.task].period_named(each.period) for each in owed if each.unit == receipt.unit)
    return any(period.begins <= day <= period.ends for period in periods if period and period.due_at)


def _line(county: County, key: tuple[str, str], states: Sequence[UnitState], files: Sequence[str]) -> Line:
    task, period = key
    counts = Counter(STATE_WORDS[State.LATE if is_late(each) else each.state] for each in states)
    moments = [moment for each in states if (moment := each.counts.arrived_at if each.counts else each.arrived_at)]
    values: dict[str, Content] = {
        "任务": task,
        "期次": period,
        "应报时间": deadline(states[0].due_at) or "按需",
        "应报单位数": len(states),
        **{word: counts[word] for word in STATE_WORDS.values()},
        "汇总表": _link(key, files, _summary(county, task), "汇总表"),
        **{word: _link(key, files, name, word) for word, name in LINKED.items()},
        FURTHER: _further_link(key, _further(county, task, files)),
        "更新时间": minute(max(moments)) if moments else None,
    }
    return Line("明细", values)


def _link(key: tuple[str, str], files: Iterable[str], name: str | None, text: str) -> Link | None:
    return Link(text, "/".join((*key, name))) if name and name in files else None


def _summary(county: County, task: str) -> str | None:
    """The workbook of a task's summary; one that collects documents has none."""
    form = county.tasks[task].rules.form
    return f"{summary_name(form)}.xlsx" if form else None


def _further(county: County, task: str, files: Iterable[str]) -> list[str]:
    """Lists, dockets and whatever else lies in a period's folder."""
    known = {_summary(county, task), *LINKED.values()}
    return [name for name in files if name not in known and not _ASIDE.fullmatch(name)]


def _further_link(key: tuple[str, str], names: Sequence[str]) -> Link | None:
    """The one workbook, or the sheet that lists them."""
    if len(names) > 1:
        return Link(f"{len(names)}本", f"internal:'{FURTHER}'!A1")
    return _link(key, names, names[0], names[0].removesuffix(".xlsx")) if names else None


def _further_lines(further: Mapping[tuple[str, str], Sequence[str]]) -> Iterator[Line]:
    for key, names in further.items():
        for name in names:
            link = _link(key, names, name, name.removesuffix(".xlsx"))
            yield Line("明细", {"任务": key[0], "期次": key[1], "工作簿": link})


def _waiting(receipts: Sequence[Receipt], mended: set[int]) -> list[Line]:
    """The files set aside; `mended` are those whose unit has since sent an acceptable one."""
    return [
        Line(
            "明细",
            {
                "序号": number,
                "单位": receipt.unit,
                "文件": file_name(receipt.file),
                "收到时间": minute(receipt.arrived_at),
                "原因": say(receipt.findings[0]).message if receipt.findings else None,
                "处理办法": "该单位之后已有合格的报送，可不处理。" if receipt.seq in mended else _advice(receipt),
                "文件校验码": (receipt.sha256 or "")[:12],
            },
        )
        for number, receipt in enumerate(receipts, 1)
    ]


def _advice(receipt: Receipt) -> str | None:
    return say(receipt.findings[0]).advice if receipt.findings else None
