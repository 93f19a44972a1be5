"""Dockets as workbooks: the ledger of matters that the office edits and drops back, and its figures by unit."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from xmreport.model.dates import china_day
from xmreport.model.receipts import Receipt
from xmreport.model.returned import FIGURES
from xmreport.model.sheets import Asked, ColumnData, Content, Line, SheetData, WorkbookData
from xmreport.model.submission import Row
from xmreport.rulebook.book import County, Docket
from xmreport.rulebook.docket import LEFT
from xmreport.rulebook.form import Form
from xmreport.rulebook.names import key_of
from xmreport.rulebook.roster import Roster
from xmreport.tables.columns import LIST, asked, form_columns, money_line
from xmreport.tables.dockets.entries import stand
from xmreport.tables.dockets.entry import responsible
from xmreport.tables.dockets.events import offices
from xmreport.tables.dockets.matters import Matter, matters
from xmreport.tables.dockets.notices import notices
from xmreport.tables.head import Occasion, minute
from xmreport.tables.merged import Return
from xmreport.tables.standing import Backlog
from xmreport.tables.wording import sample_dates

LEDGER = "台账"
"""The first sheet of a docket's own template; the other is called `FIGURES`."""
FURTHER = 5
"""Empty lines for what the office adds."""
_WHOLE, _OPEN, _KEPT, _OVERDUE, _CLOSED, _GONE = "事项数", "在办", "在库", "超期", "办结", "出账"


class Kept(Struct, frozen=True):
    """One docket at a period's moment."""

    docket: Docket
    form: Form
    matters: tuple[Matter, ...]
    notes: tuple[str, ...]
    until: dt.datetime

    @property
    def returns(self) -> list[Return]:
        """The matters that are in it, as the rows of the returns that opened them: what a summary is made of."""
        rows: dict[int, list[Row]] = {}
        receipts: dict[int, Receipt] = {}
        for each in self.matters:
            if not each.has_left:
                said = each.opened
                receipts[said.receipt.seq] = said.receipt
                rows.setdefault(said.receipt.seq, []).append(Row(said.row.sheet, said.row.row, each.values))
        found = ((receipts[seq], tuple(own)) for seq, own in sorted(rows.items()))
        return [Return(receipt.unit or "", receipt, 1, own, receipt) for receipt, own in found]

    @property
    def backlog(self) -> Backlog | None:
        """What a bulletin says of it; None where its matters have no time limit."""
        if self.docket.rules.due is None:
            return None
        pending = [each for each in self.matters if each.is_open]
        overdue = Counter(each.unit for each in pending if each.overdue is not None and each.overdue > 0)
        return Backlog(self.docket.name, len(pending), overdue)


def kept_dockets(
    occasion: Occasion, forms: Collection[str], history: Sequence[Receipt], rows: Mapping[int, Sequence[Row]]
) -> tuple[Kept, ...]:
    """Every docket that is written with the occasion's task, and those of the forms its lists and figures rest on.

    Args:
        occasion: county, task, period and moment.
        forms: the forms whose rows stand in the occasion's workbooks.
        history: every acceptable return of the forms those dockets are made of.
        rows: receipt number → its typed rows.
    """
    county, until = occasion.county, _moment(occasion, history)
    found = []
    for docket in county.dockets.values():
        if docket.task == occasion.task.name or docket.rules.form in forms:
            form = county.forms[docket.rules.form]
            standing = stand(county, docket, history, rows, until)
            held = matters(docket, form, standing.entries, china_day(until))
            found.append(Kept(docket, form, tuple(held), standing.notes, until))
    return tuple(found)


def docket_workbooks(occasion: Occasion, dockets: Sequence[Kept]) -> Iterator[WorkbookData]:
    """The workbooks of the dockets of a period."""
    county = occasion.county
    for kept in dockets:
        docket, form = kept.docket, kept.form
        head = {
            **occasion.head(title(county, docket, form)),
            **sample_dates(china_day(kept.until)),
            "填报单位": filer(county, docket, kept.until),
            "截止时间": minute(kept.until),
        }
        told = [f"依据：{county.file.basis} {docket.rules.source}。", *kept.notes]
        name = f"{docket.name}.xlsx"
        sheets = (
            _ledger(docket, form, head, kept.matters, told),
            _figures(county.roster, docket, form, head, kept.matters),
        )
        yield WorkbookData(name, name, sheets, generic=LIST)
        if docket.rules.notice:
            yield notices(occasion, docket, form, head, kept.matters)


def _moment(occasion: Occasion, history: Sequence[Receipt]) -> dt.datetime:
    """A period that is over shows its dockets as they stood when it fell due, or when its last late return came."""
    due = occasion.period.due_at
    return min(occasion.as_of, max([due, *(each.arrived_at for each in history)])) if due else occasion.as_of


def title(county: County, docket: Docket, form: Form) -> str:
    """What the workbook is called: as the form is, where that says it; always whose it is."""
    called = form.title if docket.name in form.title else docket.name
    return called if called.startswith(county.name) else f"{county.name}{called}"


def filer(county: County, docket: Docket, moment: dt.datetime) -> str:
    """The office's unit in whose name the workbook goes out, so that it is known when it comes back."""
    task = county.tasks[docket.task]
    reporting = county.reporters(task, china_day(moment))
    own = offices(county, docket)
    return next((unit for unit in own if unit in reporting), own[0] if own else task.rules.recipient)


def _ledger(
    docket: Docket, form: Form, head: Mapping[str, str], found: Sequence[Matter], notes: Iterable[str]
) -> SheetData:
    """The matters with all columns of their form, in its order."""
    columns = form_columns(form, form.procedures)
    says_form = any(key_of(sign) in key_of(head["标题"]) for sign in form.file.signs)
    full = {**head, "附件": form.annex if says_form else f"（{form.name}）", **money_line(form, columns)}
    blank: dict[str, Content] = dict.fromkeys([*form.fields, "序号"])
    matters = (Line("明细", {**each.values, "序号": number}) for number, each in enumerate(found, 1))
    told = [
        _standing(docket, found),
        *_legend(docket),
        "改好后把本表原样放回收件文件夹即可：改过的格以所改为准，空着的和删去的行照旧保留；新增的行由系统编号。",
        *notes,
    ]
    # 注： tells these lines from matters when the workbook comes back.
    return SheetData(
        docket.name,
        LEDGER,
        full,
        (*matters, *[Line("明细", blank)] * FURTHER),
        notes=tuple(f"注：{each}" for each in told),
        columns=columns,
        asked=_asked(docket, form),
    )


def _asked(docket: Docket, form: Form) -> Asked:
    """What the office fills in: the number of a matter is given to it."""
    own = asked(form)
    return replace(own, filled=own.filled | {docket.rules.number}) if docket.rules.number else own


def _standing(docket: Docket, found: Sequence[Matter]) -> str:
    """How many there are, and how many wait for somebody: a library of projects has neither a time limit nor an end."""
    is_open = sum(each.is_open for each in found)
    if docket.closed is None and not docket.rules.due:
        return f"共{len(found)}项，在库{is_open}项，已出库{len(found) - is_open}项。"
    overdue = f"，其中超期{sum(map(_overdue, found))}项" if docket.rules.due else ""
    return f"共{len(found)}项，在办{is_open}项{overdue}。"


def _legend(docket: Docket) -> Iterator[str]:
    """From which day each colour is shown, and what is done then."""
    told = [f"{stage.colour}色，{_from(stage.overdue)}，{stage.measure}" for stage in docket.rules.stages]
    if told:
        yield f"预警：{'；'.join(told)}。"


def _from(overdue: int) -> str:
    if overdue > 0:
        return f"超期满{overdue}天"
    return f"到期前{-overdue}天起" if overdue else "到期当天起"


def _figures(roster: Roster, docket: Docket, form: Form, head: Mapping[str, str], found: Sequence[Matter]) -> SheetData:
    """How many are open, overdue and closed, by the unit that has to settle them and by colour: who has most first,
    and of as many as the roster has them.
    """
    colours = tuple(stage.colour for stage in docket.rules.stages)
    dated = [_OVERDUE] if docket.rules.due else []
    ended = [*([_CLOSED] if docket.closed else []), *([_GONE] if LEFT in form.fields else [])]
    counted = [_WHOLE, _OPEN if docket.closed else _KEPT, *dated, *colours, *ended]
    whose = responsible(form) or "单位"
    columns = (
        ColumnData(whose, "单位", whose),
        *(ColumnData(name, "计数", _heading(docket, name, colours), "求和") for name in counted),
    )
    by_unit: dict[str, list[Matter]] = {}
    for each in found:
        by_unit.setdefault(each.unit, []).append(each)
    ordered = sorted(by_unit.items(), key=lambda each: (-len(each[1]), roster.place(each[0])))
    lines = [
        Line("明细", {"序号": number, whose: unit, **_counts(own, colours)})
        for number, (unit, own) in enumerate(ordered, 1)
    ]
    full = {**head, "标题": f"{head['标题']}{FIGURES}", "附件": "", **money_line(None, columns)}
    total = Line("合计")
    return SheetData(FIGURES, FIGURES, full, (*lines, total), columns=columns)


def _heading(docket: Docket, name: str, colours: Iterable[str]) -> str:
    if name == _GONE and docket.closed is None:
        return "出库"  # a library has no other way out
    return f"{name}色" if name in colours else name


def _counts(own: Sequence[Matter], colours: Iterable[str]) -> dict[str, Content]:
    return {
        _WHOLE: len(own),
        **dict.fromkeys((_OPEN, _KEPT), sum(each.is_open for each in own)),
        _OVERDUE: sum(_overdue(each) for each in own),
        **{colour: sum(each.stage is not None and each.stage.colour == colour for each in own) for colour in colours},
        _CLOSED: sum(each.is_closed for each in own),
        _GONE: sum(each.has_left and not each.is_closed for each in own),
    }


def _overdue(matter: Matter) -> bool:
    return matter.overdue is not None and matter.overdue > 0
