"""What units do to a form: each habit changes one draft, the way real returns differ from the form sent out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import pairwise

from xmreport.demo.projects import PROCEDURES, Record
from xmreport.demo.submission import Draft, Fault, Heading

Habit = Callable[[Draft], None]
MONEY = ("总投资", "年度计划投资")
_DATE_STYLES: tuple[Callable[[dt.date], str], ...] = (
    lambda day: f"{day.year}.{day.month}.{day.day}",
    lambda day: f"{day.year}年{day.month}月{day.day}日",
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day.year}/{day.month}/{day.day} ",
)
_STATUS_WORDS = {"已办结": ("√", "已批复", "办结"), "正在办理": ("办理中", "正在报批"), "未办理": ("未启动", "否")}
_RENAMED = {
    "用地": "土地",
    "环评": "环境影响评价",
    "项目单位*": "建设单位",
    "责任单位*": "主管部门",
    "总投资*": "计划总投资",
    "年度计划投资*": "2023年度计划投资",
    "需协调解决的问题": "存在问题",
}


# 能读懂、照收的写法


def in_yi(draft: Draft) -> None:
    """The whole sheet in 亿元, and says so."""
    draft.money = "亿元"
    in_yi_unsaid(draft)


def in_yi_unsaid(draft: Draft) -> None:
    """Figures in 亿元 under 单位：万元."""
    for record in draft.records:
        for name in MONEY:
            record[name] = record[name] / 10_000


def yi_in_text(draft: Draft) -> None:
    """1.2亿 in a column of 万元, and thousands with commas."""
    for number, record in enumerate(draft.records):
        for name in MONEY:
            amount = record[name]
            record[name] = f"{amount / 10_000:g}亿" if number == 0 else f"{amount:,} "


def full_width(draft: Draft) -> None:
    """Digits typed with the wide keyboard."""
    wide = str.maketrans("0123456789,", "０１２３４５６７８９，")
    for record in draft.records:
        record["总投资"] = f"{record['总投资']:,}".translate(wide)


def about(draft: Draft) -> None:
    """约3000."""
    draft.records[0]["年度计划投资"] = f"约{draft.records[0]['年度计划投资']}"


def text_dates(draft: Draft) -> None:
    """Every date as text, each another way."""
    seen = 0
    for record in draft.records:
        for name, value in record.items():
            if isinstance(value, dt.date):
                record[name] = _DATE_STYLES[seen % len(_DATE_STYLES)](value)
                seen += 1


def own_words(draft: Draft) -> None:
    """√, 已批复, 办理中 … and 县级 for 县."""
    seen = 0
    for record in draft.records:
        for procedure in PROCEDURES:
            status = f"{procedure}.办理进展"
            words = _STATUS_WORDS.get(record[status])
            if words:
                record[status] = words[seen % len(words)]
                record[f"{procedure}.办理层级"] += "级"
                seen += 1


def date_in_status(draft: Draft) -> None:
    """已办结（2022.11.3）, with the date's own column left blank."""
    record, procedure = _first_with(draft, "已办结")
    done = record[f"{procedure}.办结时间"]
    record[f"{procedure}.办理进展"] = f"已办结（{done.year}.{done.month}.{done.day}）"
    record[f"{procedure}.办结时间"] = None


def added_up(draft: Draft) -> None:
    """A 合计 line."""
    draft.totals = {name: sum(record[name] for record in draft.records) for name in MONEY}


def added_up_wrongly(draft: Draft) -> None:
    """A 合计 line that forgot a project."""
    draft.totals = {name: sum(record[name] for record in draft.records[1:]) for name in MONEY}


def in_sections(draft: Draft) -> None:
    """Section lines between the projects."""
    half = (len(draft.records) + 1) // 2
    draft.sections = {
        0: f"一、产业类（共计：{half}个）",
        half: f"二、其他类（共计：{len(draft.records) - half}个）",
    }


def merged_units(draft: Draft) -> None:
    """One merged cell for the 责任单位 of all lines of a section."""
    starts = sorted({0, *draft.sections, len(draft.records)})
    draft.merged = [("责任单位", first, end - 1) for first, end in pairwise(starts) if end - first > 1]


def renamed(draft: Draft) -> None:
    """Headings as the unit's own old form has them."""
    draft.headings = [heading._replace(top=_RENAMED.get(heading.top, heading.top)) for heading in draft.headings]


def moved(draft: Draft) -> None:
    """备注 and 建设性质 in other places."""
    names = [heading.field for heading in draft.headings]
    note = draft.headings.pop(names.index("备注"))
    nature = draft.headings.pop(names.index("建设性质"))
    draft.headings[3:3] = [nature]
    draft.headings[12:12] = [note]


def own_column(draft: Draft) -> None:
    """A column that the form does not have."""
    draft.headings.append(Heading("包联领导", "包联领导"))
    for record in draft.records:
        record["包联领导"] = "王某"


def hidden_row(draft: Draft) -> None:
    """The last project's row is hidden."""
    draft.hidden = {len(draft.records) - 1}


def hidden_column(draft: Draft) -> None:
    """所属领域 is hidden."""
    draft.hidden_fields = {"所属领域"}


def example_left(draft: Draft) -> None:
    """The form's own example line left in."""
    draft.records.insert(0, {"项目名称": "例：某某镇某某项目", "总投资": 1000, "年度计划投资": 500})


def nothing(draft: Draft) -> None:
    """零报告."""
    draft.records = []
    draft.only_line = "零报告"


def reopened(draft: Draft) -> None:
    """A procedure that was done is under way again."""
    record, procedure = _first_with(draft, "已办结")
    record[f"{procedure}.办理进展"] = "正在办理"
    record[f"{procedure}.办结时间"] = None
    record[f"{procedure}.拟办结时限"] = draft.day + dt.timedelta(days=20)


def left_out(draft: Draft) -> None:
    """The last project of last week is gone."""
    draft.records.pop()


# 要退回的错误


def done_without_date(draft: Draft) -> None:
    """已办结 without 办结时间."""
    record, procedure = _first_with(draft, "已办结")
    record[f"{procedure}.办结时间"] = None


def open_without_term(draft: Draft) -> None:
    """Not done, and neither level nor term."""
    record, procedure = _first_with(draft, "正在办理", "未办理")
    record[f"{procedure}.办理层级"] = None
    record[f"{procedure}.拟办结时限"] = None


def amount_range(draft: Draft) -> None:
    """3000-5000."""
    amount = draft.records[0]["年度计划投资"]
    draft.records[0]["年度计划投资"] = f"{amount - 1000}-{amount}"


def letter_for_digit(draft: Draft) -> None:
    """The letter l for the digit 1."""
    amount = str(draft.records[-1]["总投资"])
    draft.records[-1]["总投资"] = "l" + amount[1:]


def more_than_total(draft: Draft) -> None:
    """年度计划投资 above 总投资."""
    record = draft.records[0]
    record["总投资"], record["年度计划投资"] = record["年度计划投资"], record["总投资"]


def odd_status(draft: Draft) -> None:
    """差不多了."""
    record, procedure = _first_with(draft, "正在办理", "未办理")
    record[f"{procedure}.办理进展"] = "差不多了"


def twice(draft: Draft) -> None:
    """The same project on two lines."""
    draft.records.append(dict(draft.records[0]))


def broken_formula(draft: Draft) -> None:
    """#REF! where an amount belongs."""
    draft.records[0]["年度计划投资"] = Fault("=#REF!", "#REF!")


def month_or_october(draft: Draft) -> None:
    """The number 2023.1: January, or October without its zero."""
    draft.records[0]["计划开工时间"] = 2023.1


def column_missing(draft: Draft) -> None:
    """建设性质 deleted."""
    draft.headings = [heading for heading in draft.headings if heading.field != "建设性质"]


def _first_with(draft: Draft, *statuses: str) -> tuple[Record, str]:
    return next(
        (record, procedure)
        for record in draft.records
        for procedure in PROCEDURES
        if record[f"{procedure}.办理进展"] in statuses
    )
