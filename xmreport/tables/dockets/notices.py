"""挂牌督办通知书: a list of the open notices, and each as a letter with the slip for its reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xmreport.model.dates import PartialDate
from xmreport.model.outbox import notices_name
from xmreport.model.sheets import Content, Line, SheetData, WorkbookData
from xmreport.model.submission import Value
from xmreport.rulebook.book import Docket
from xmreport.rulebook.form import Form
from xmreport.tables.dockets.matters import Matter
from xmreport.tables.head import Occasion
from xmreport.tables.wording import numeral

NAME = "挂牌督办通知书"
LIST, LETTER = "通知书清单", "通知书"
"""Sheets of the template."""
_ITEMS = ("解决办法", "责任单位", "责任领导", "责任人", "解决时限")
"""五落实: what a reply has to settle."""


def notices(
    occasion: Occasion, docket: Docket, form: Form, head: Mapping[str, str], found: Sequence[Matter]
) -> WorkbookData:
    """The open matters of a docket as notices.

    Args:
        occasion: county, task, period and moment.
        docket: a docket with 通知书.
        form: its form.
        head: what stands above its ledger.
        found: its matters.
    """
    name = f"{notices_name(docket.name)}.xlsx"
    shown = [_shown(docket, form, each) for each in found if each.is_open]
    lines = tuple(Line("明细", {**values, "序号": number}) for number, values in enumerate(shown, 1))
    told = f"{occasion.county.name}督办通知书一览"
    notes = (f"在办{len(shown)}件。每件一页，见后面各表；下面的复函由督办对象填好，单独报回。",)
    sheets = [SheetData(LIST, LIST, {**head, "标题": told, "附件": ""}, lines, notes=notes)]
    for values in shown:
        words = {key: _words(value) for key, value in values.items()} | {"复函时限": _until(docket, values["复函期限"])}
        # 督办事项 comes first, 督办要求 second where there is any.
        words["复函序"] = numeral(3 if words["要求"] else 2)
        blank: dict[str, Content] = {**dict.fromkeys(_ITEMS), "编号": words["编号"]}
        top = {
            **head,
            **words,
            "标题": f"{occasion.county.name}重点项目{NAME}",
            "落款日期": words["下达日期"],
        }
        sheets.append(SheetData(words["编号"] or words["项目"], LETTER, top, (Line("明细", blank),)))
    return WorkbookData(name, name, tuple(sheets), generic=f"{NAME}.xlsx")


def _shown(docket: Docket, form: Form, matter: Matter) -> dict[str, Value]:
    """A matter under the notice's own words, whatever its form calls them."""
    rules = docket.rules
    due = rules.worked_out.column if rules.worked_out else rules.due
    return {
        **dict.fromkeys(("事项", "要求", "签发")),
        **matter.values,
        "编号": matter.number,
        "督办对象": matter.unit,
        "项目": matter.values.get(form.file.name_column),
        "复函期限": matter.values.get(due or ""),
        "下达日期": _issued(docket, matter),
    }


def _issued(docket: Docket, matter: Matter) -> PartialDate:
    """The day of the letter: that of its entry, or of its delivery where that was before."""
    entered = PartialDate.of(matter.opened.day)
    worked = docket.rules.worked_out
    delivered = matter.values.get(worked.after) if worked else None
    return min(entered, delivered) if isinstance(delivered, PartialDate) and delivered.precise else entered


def _until(docket: Docket, due: Value) -> str:
    """Until when the reply is due, as a sentence says it, also while the day of delivery is not known yet."""
    if due is not None:
        return f"{_words(due)}前"
    worked = docket.rules.worked_out
    return f"收到后{worked.workdays}个工作日内" if worked else "限期内"


def _words(value: Value) -> str:
    """As a letter says it: a day in Chinese, what is blank as nothing."""
    if isinstance(value, PartialDate):
        day = f"{value.day}日" if value.day else ""
        return f"{value.year}年" + (f"{value.month}月{day}" if value.month else "")
    return "" if value is None else str(value)
