"""What 古县 and 霍州 drop week by week: contacts and register, the first stocktaking, then the weekly reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from random import Random

from xmreport.demo import habits as h
from xmreport.demo.names import EXPECTED, GUXIAN, HUOZHOU, plans
from xmreport.demo.sender import Drop, Sender, Wave, contact_list, key_register
from xmreport.demo.submission import Draft, Heading, web_page, write
from xmreport.model.dates import CHINA
from xmreport.rulebook.book import Rulebook
from xmreport.rulebook.form import Form

FIXED = "（修改）.xlsx"
OFFICE = "县发改局"
_SEED = 20221209


def two_weeks(book: Rulebook) -> tuple[list[Wave], Wave]:
    """Every wave of both counties in order of time, the same every time; and 霍州's return of the week after."""
    rng = Random(_SEED)  # noqa: S311 - made-up figures, nothing secret
    gu, huo = (
        Sender(
            key, book.counties[key].file.code, book.counties[key].forms["前期手续办理情况表"].title, plans(text), rng
        )
        for key, text in (("guxian", GUXIAN), ("huozhou", HUOZHOU))
    )
    reporters = {
        each.key: book.counties[each.key].reporters(
            book.counties[each.key].tasks["前期手续办理周报"], dt.date(2022, 12, 9)
        )
        for each in (gu, huo)
    }
    waves = [*_contacts(list(reporters["guxian"])), _stocktaking(gu, huo, reporters), *_first_week(gu, huo)]
    expected = plans(EXPECTED)
    gu.expect([plan for plan in expected if plan.unit in gu.projects], rng)
    huo.expect([plan for plan in expected if plan.unit in huo.projects], rng)
    library = book.counties["huozhou"].forms["建设项目表"]
    waves += [_checking(huo, library, reporters["huozhou"]), *_second_week(gu, huo)]
    return waves, _third_week(huo, reporters["huozhou"])


def _at(day: dt.date, hour: int, minute: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), CHINA)


def _register(day: dt.date, behind: float, told: str) -> Drop:
    return key_register("guxian", "古县2022年省市重点项目目标任务表", OFFICE, day, behind, told)


def _contacts(units: list[str]) -> list[Wave]:
    """联络人名单 by 2022-11-30, two late; and the office's first register."""
    day, late = dt.date(2022, 11, 30), dt.date(2022, 12, 1)
    title = "古县项目工作联络人名单"
    drops = [contact_list("guxian", title, unit, day, number) for number, unit in enumerate(units)]
    register = _register(dt.date(2022, 11, 29), 0.04, "本办放入省市重点项目台账")
    return [
        Wave(_at(day, 16, 30), "古县 联络人名单到期当天", (*drops[:-2], register)),
        Wave(_at(late, 9, 10), "古县 两个乡镇晚了一天", tuple(drops[-2:])),
    ]


def _stocktaking(gu: Sender, huo: Sender, reporters: dict[str, tuple[str, ...]]) -> Wave:
    """情况摸底 by 2022-12-06: nearly all, in order."""
    day = dt.date(2022, 12, 6)
    absent = {"县疾控中心", "南垣乡", "市民政局"}
    sends = [each.send(unit, day) for each in (gu, huo) for unit in reporters[each.key] if unit not in absent]
    return Wave(_at(day, 16, 20), "两县 情况摸底，三家没有报", tuple(sends))


def _checking(huo: Sender, library: Form, units: Sequence[str]) -> Wave:
    """建设项目核实: on demand, one unit has not answered."""
    day = dt.date(2022, 12, 13)
    sends = [huo.library(library, unit, day) for unit in units if unit != "市民政局"]
    return Wave(_at(day, 15, 0), "霍州 核实2023年建设项目，市民政局没有报", tuple(sends))


def _third_week(huo: Sender, units: Sequence[str]) -> Wave:
    day = dt.date(2022, 12, 22)
    return Wave(_at(day, 16, 40), "霍州 又一周，都按时报了", tuple(huo.send(unit, day) for unit in units))


def _first_week(gu: Sender, huo: Sender) -> list[Wave]:
    wed, thu, fri, sat = (dt.date(2022, 12, day) for day in (7, 8, 9, 10))
    mended = huo.send("市交运局", thu, file="市交运局" + FIXED, told="市交运局改正重报")
    return [
        Wave(_at(wed, 15, 40), "霍州 截止前一天", _huozhou_early(huo, wed)),
        Wave(_at(thu, 16, 10), "古县 截止前一天", _guxian_early(gu, thu)),
        Wave(_at(thu, 16, 58), "霍州 截止前两分钟", _huozhou_in_time(huo, thu)),
        Wave(_at(thu, 17, 20), "霍州 过了二十分钟", _huozhou_late(huo, thu)),
        Wave(_at(fri, 8, 40), "霍州 第二天早上", (mended,)),
        Wave(_at(fri, 16, 58), "古县 截止前两分钟", _guxian_in_time(gu, fri)),
        Wave(_at(fri, 17, 20), "古县 过了二十分钟", _guxian_late(gu, thu, fri)),
        Wave(_at(sat, 8, 40), "古县 第二天早上", _guxian_next_morning(gu, thu, fri)),
    ]


def _guxian_early(gu: Sender, day: dt.date) -> tuple[Drop, ...]:
    return (
        gu.send("县民政局", day, said="古县民政局", file="县民政局前期手续办理情况表(最终版)(1).xlsx"),
        gu.send("县交通运输局", day, h.in_yi, told="县交通运输局以亿元填报"),
        gu.raw(
            "县交通运输局", "~$县交通运输局前期手续办理情况表.xlsx", b"\x05office" + bytes(158), "旁边留下一个锁文件"
        ),
        gu.send("南垣乡", day, h.text_dates, h.full_width, told="南垣乡全角数字、日期四种写法"),
        gu.send("古阳镇", day, h.in_sections, h.merged_units, told="古阳镇合并单元格、夹分组行"),
        gu.send("县自然资源局", day, h.more_than_total, told="县自然资源局年度计划大于总投资"),
        gu.send("县工信局", day, h.amount_range, h.letter_for_digit, told="县工信局金额写成范围、字母l当1"),
        gu.send("北平镇", day, h.done_without_date, h.open_without_term, told="北平镇缺办结时间和时限"),
        gu.raw("县医疗集团", "县医疗集团.xls", web_page(gu.draft("县医疗集团", day)), "县医疗集团交来网页版.xls"),
    )


def _guxian_in_time(gu: Sender, day: dt.date) -> tuple[Drop, ...]:
    whole = write(gu.draft("三合镇", day))
    return (
        _register(day, 0.02, "台账更新"),
        gu.send("县经济技术开发区", day, h.added_up, h.yi_in_text, h.in_sections, told="开发区写“62亿”"),
        gu.send("县住建局", day, h.added_up_wrongly, told="县住建局合计加错"),
        gu.send("县教科局", day, h.renamed, h.moved, told="县教科局改列名、挪列"),
        gu.send("县项目推进中心", day, file="县项目推进中心.xls", told="项目推进中心.xls里其实是.xlsx"),
        gu.send(
            "市生态环境局古县分局",
            day,
            h.own_words,
            folder="生态环境局",
            said="临汾市生态环境局古县分局",
            told="分局用别名、画√",
        ),
        gu.send(
            "岳阳镇", day, h.hidden_row, with_project_of="县住建局", told="岳阳镇隐藏一行，且与县住建局报了同一项目"
        ),
        gu.send("县医疗集团", day, file="县医疗集团" + FIXED, told="县医疗集团改正重报"),
        gu.raw("县行政审批局", "12月工资表.xlsx", _payroll(), "县行政审批局误放工资表"),
        gu.raw("三合镇", "三合镇前期手续办理情况表.xlsx", whole[: len(whole) * 6 // 10], "三合镇文件只传了一半"),
    )


def _guxian_late(gu: Sender, thu: dt.date, fri: dt.date) -> tuple[Drop, ...]:
    return (
        gu.send("县行政审批局", fri, told="县行政审批局迟报"),
        gu.send("北平镇", thu, file="北平镇" + FIXED, told="北平镇改正重报"),
        gu.send("县工信局", thu, file="县工信局" + FIXED, told="县工信局改正重报"),
    )


def _guxian_next_morning(gu: Sender, thu: dt.date, fri: dt.date) -> tuple[Drop, ...]:
    return (
        gu.send("三合镇", fri, told="三合镇重传"),
        gu.send("县疾控中心", fri, h.nothing, told="县疾控中心迟来的零报告"),
        gu.send("县交通运输局", thu, h.in_yi, file="再报一次.xlsx", told="县交通运输局同一文件又放一次"),
    )


def _huozhou_early(huo: Sender, day: dt.date) -> tuple[Drop, ...]:
    return (
        huo.send("市能源局", day),
        huo.send("市水利局", day, h.text_dates, told="市水利局日期四种写法"),
        huo.send("市民政局", day, folder=""),
        huo.send("市城管局", day, said="市住建局", told="市城管局的表上写着市住建局"),
    )


def _huozhou_in_time(huo: Sender, day: dt.date) -> tuple[Drop, ...]:
    whole = write(huo.draft("市卫体局", day))
    return (
        huo.send(
            "经开区",
            day,
            h.yi_in_text,
            h.in_sections,
            with_project_of="市能源局",
            told="霍州经开区与市能源局报了同一项目",
        ),
        huo.send("市工信局", day, h.renamed, told="市工信局改列名"),
        huo.send("市农业农村局", day, h.added_up_wrongly, h.hidden_row, told="市农业农村局合计加错"),
        huo.send("市住建局", day, h.amount_range, told="市住建局金额写成范围"),
        huo.send("市交运局", day, h.column_missing, told="市交运局删了一列"),
        huo.raw("市卫体局", "市卫体局.xlsx", whole[: len(whole) // 2], "市卫体局文件只传了一半"),
    )


def _huozhou_late(huo: Sender, day: dt.date) -> tuple[Drop, ...]:
    return (
        huo.send("市卫体局", day, told="市卫体局重传"),
        huo.send("市住建局", day, file="市住建局" + FIXED, told="市住建局改正重报"),
        huo.send("市行政审批局", day, told="市行政审批局迟报"),
    )


def _second_week(gu: Sender, huo: Sender) -> list[Wave]:
    wed, thu, fri, sat = (dt.date(2022, 12, day) for day in (14, 15, 16, 17))
    late = huo.send("市行政审批局", thu, told="市行政审批局又迟了")
    mended = huo.send("市工信局", thu, file="市工信局" + FIXED, told="市工信局改正重报，市文旅局没有改")
    last = gu.send("北平镇", fri, file="北平镇" + FIXED, told="北平镇改正重报，岳阳镇没有改")
    return [
        Wave(_at(wed, 15, 40), "霍州 截止前一天", _huozhou_early_again(huo, wed)),
        Wave(_at(thu, 16, 10), "古县 截止前一天", _guxian_early_again(gu, thu)),
        Wave(_at(thu, 16, 58), "霍州 截止前两分钟", _huozhou_again(huo, thu)),
        Wave(_at(thu, 17, 20), "霍州 过了二十分钟", (late,)),
        Wave(_at(fri, 8, 40), "霍州 第二天早上", (mended,)),
        Wave(_at(fri, 16, 58), "古县 截止前两分钟", _guxian_again(gu, fri)),
        Wave(_at(fri, 17, 20), "古县 过了二十分钟", _guxian_late_again(gu, fri)),
        Wave(_at(sat, 8, 40), "古县 第二天早上", (last,)),
    ]


def _guxian_early_again(gu: Sender, day: dt.date) -> tuple[Drop, ...]:
    return (
        gu.send("县民政局", day),
        gu.send("县自然资源局", day),
        gu.send("县交通运输局", day, h.in_yi_unsaid, told="县交通运输局填了亿元却写着万元"),
        gu.send("古阳镇", day, h.reopened, told="古阳镇一项手续由已办结变回正在办理"),
        gu.send("南垣乡", day, _as_of(gu, "南垣乡", dt.date(2022, 12, 8)), told="南垣乡只改了日期"),
        gu.send("县医疗集团", day, h.date_in_status, h.about, told="县医疗集团状态和日期写在一格"),
        gu.send("县教科局", day, h.month_or_october, told="县教科局日期写成数值2023.1"),
        gu.send("北平镇", day, h.broken_formula, told="北平镇公式#REF!"),
        gu.raw("旧县镇", "旧县镇扫描件.pdf", b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n", "旧县镇交来扫描件"),
    )


def _guxian_again(gu: Sender, day: dt.date) -> tuple[Drop, ...]:
    return (
        _register(day, 0.0, "台账更新"),
        gu.send("县经济技术开发区", day, h.in_sections, h.added_up, told="开发区新增一个20亿元项目"),
        gu.send("县交通运输局", day, file="县交通运输局更正.xlsx", told="县交通运输局自己更正"),
        gu.send("县工信局", day, h.left_out, told="县工信局少报一个项目"),
        gu.send("市生态环境局古县分局", day, h.own_words, folder="生态环境局"),
        gu.send("县疾控中心", day, h.nothing, told="县疾控中心零报告"),
        gu.send("县项目推进中心", day, folder="", file="项目推进中心.xlsx"),
        gu.send("三合镇", day, h.own_column, h.hidden_column, told="三合镇多一列、藏一列"),
        gu.send(
            "岳阳镇",
            day,
            h.done_without_date,
            h.odd_status,
            h.yi_in_text,
            h.twice,
            told="岳阳镇写“差不多了”、同一项目填两行",
        ),
    )


def _guxian_late_again(gu: Sender, day: dt.date) -> tuple[Drop, ...]:
    return (
        gu.send("县住建局", day, h.added_up, told="县住建局迟报"),
        gu.send("县教科局", day, file="县教科局" + FIXED, told="县教科局改正重报"),
        gu.send("旧县镇", day, h.example_left, told="旧县镇改报表格，示例行没有删"),
    )


def _huozhou_early_again(huo: Sender, day: dt.date) -> tuple[Drop, ...]:
    return (
        huo.send("市能源局", day, told="市能源局新增一个项目"),
        huo.send("市民政局", day),
        huo.send("市水利局", day, h.open_without_term, told="市水利局缺层级和时限"),
        huo.send("市城管局", day, said="霍州市城市管理局"),
    )


def _huozhou_again(huo: Sender, day: dt.date) -> tuple[Drop, ...]:
    return (
        huo.send("经开区", day, h.added_up),
        huo.send("市住建局", day, h.in_yi, told="市住建局以亿元填报"),
        huo.send("市交运局", day, h.reopened, told="市交运局一项手续倒退"),
        huo.send("市农业农村局", day, h.merged_units),
        huo.send("市卫体局", day),
        huo.send("市水利局", day, file="市水利局" + FIXED, told="市水利局改正重报"),
        huo.send("市工信局", day, h.broken_formula, told="市工信局公式#REF!"),
        huo.send("市文旅局", day, h.done_without_date, told="市文旅局缺办结时间"),
    )


def _as_of(sender: Sender, unit: str, day: dt.date) -> Callable[[Draft], None]:
    """The habit of sending last week's lines again."""

    def resend(draft: Draft) -> None:
        draft.records = sender.draft(unit, day).records

    return resend


def _payroll() -> bytes:
    """A workbook that is none of the county's forms."""
    draft = Draft(
        "12月工资发放表",
        "县行政审批局",
        dt.date(2022, 12, 9),
        [Heading(name, name) for name in ("序号", "姓名", "应发", "实发")],
        [],
    )
    draft.records = [{"姓名": f"{surname}某", "应发": 3000, "实发": 2700} for surname in "王李张"]
    return write(draft)
