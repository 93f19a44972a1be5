"""The text of a bulletin: 一、基本情况 二、存在问题 三、下一步要求, with this period's figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from xmreport.model.dates import china_day
from xmreport.model.outbox import BULLETIN
from xmreport.model.receipts import State, UnitState
from xmreport.model.sheets import Line, SheetData
from xmreport.tables.bulletin.ranking import Ranking, rules_of
from xmreport.tables.figures.breakdown import Breakdown
from xmreport.tables.given import report_day
from xmreport.tables.head import Occasion, spell
from xmreport.tables.quantity import hundredfold, quantity, rounded
from xmreport.tables.standing import Backlog, counted, is_late, is_prompt, nil_returns
from xmreport.tables.targets.verdict import Verdict
from xmreport.tables.wording import day, listed, moment, numbered, office_name, whole_county

INDENT = "　　"
NAMED = 3
"""How many ranks are named from the top and from the bottom; all of a rank are named."""
OFTEN = 2
"""Times late or missing from which a unit is named for it."""


class Text(Struct, frozen=True):
    """One period's bulletin in words."""

    occasion: Occasion
    states: Sequence[UnitState]
    rankings: Sequence[Ranking]
    progress: Breakdown | None
    annexes: Sequence[str]
    """The sheets that follow."""
    backlogs: Sequence[Backlog]

    def sheet(self) -> SheetData:
        """The first sheet of the workbook."""
        occasion, now = self.occasion, moment(self.occasion.as_of)
        about = [f"{occasion.period.name}期"] if occasion.period.due_at else []
        draft = ["草稿"] if occasion.period.due_at and not self._is_due else []
        head = {
            **occasion.head(f"关于{occasion.task.name}工作情况的通报"),
            "副题": f"（{'，'.join([*about, f'截至{now}', *draft])}）",
            "落款": office_name(occasion.county.name, occasion.task.rules.recipient),
            "日期": day(china_day(occasion.as_of)),
        }
        return SheetData(BULLETIN, BULLETIN, head, tuple(self._lines()))

    def _lines(self) -> Iterator[Line]:
        yield Line("明细", {"正文": "各有关单位："})
        sections = {
            "一、基本情况": list(self._situation()),
            "二、存在问题": numbered(list(self._problems())) or ["暂无突出问题。"],
            "三、下一步要求": numbered(list(self._demands())),
        }
        for heading, paragraphs in sections.items():
            yield Line("分组", {"正文": INDENT + heading})
            yield from (Line("明细", {"正文": INDENT + paragraph}) for paragraph in paragraphs)
        if self.annexes:
            several = len(self.annexes) > 1
            told = "；".join(f"{number}. {name}" if several else name for number, name in enumerate(self.annexes, 1))
            yield Line("明细", {"正文": f"{INDENT}附：{told}"})

    def _situation(self) -> Iterator[str]:
        yield self._duty() + self._received()
        ranked = [each for each in self.rankings if each.states]
        if len(ranked) > 1:
            yield "其中，" + "；".join(f"{each.category}{_counts(each.states)}" for each in ranked) + "。"
        rules = self.occasion.task.rules
        if rules.schedule.recurring and self._is_due:
            late, missing = (
                sum(each.late_total for each in self.states),
                sum(each.missing_total for each in self.states),
            )
            yield f"自{day(rules.window.first)}以来，累计迟报{late}次，累计未报{missing}次。"
        for each in self.backlogs:
            late = sum(each.overdue.values())
            yield f"“{each.docket}”在办{each.open}项，" + (f"其中超期{late}项。" if late else "没有超期的。")
        if self.progress:
            yield from self._progressed(self.progress)
        else:
            yield from self._without_progress()

    @property
    def _is_due(self) -> bool:
        return self.occasion.period.is_due(self.occasion.as_of) or self.occasion.as_of == self.occasion.period.due_at

    def _duty(self) -> str:
        occasion, rules = self.occasion, self.occasion.task.rules
        due = occasion.period.due_at
        # What the office set itself is in the rules for its own sake, and no word of the notice.
        clause = "；".join(part for part in rules.source.split("；") if "本办设定" not in part)
        basis = f"按照{occasion.county.file.basis}{f'（{clause}）' if clause else ''}要求，{occasion.task.name}"
        if due is None:
            return f"{basis}有变化时随时报送{rules.recipient}。"
        if occasion.period.suspended:
            return f"{basis}（{occasion.period.name}）停报：{occasion.period.note}。"
        return f"{basis}（{occasion.period.name}）应于{moment(due)}前报送{rules.recipient}。"

    def _received(self) -> str:
        county, now = whole_county(self.occasion.county.file), moment(self.occasion.as_of)
        if self.occasion.period.due_at is None:
            came = [each for each in self.states if each.counts]
            told = f"，已有{len(came)}个报送" if came else "，还没有单位报送"
            return f"截至{now}，{county}应报{len(self.states)}个单位{told}。"
        owing = [each for each in self.states if each.state not in {State.EXEMPT, State.PENDING}]
        nil = nil_returns(self.states)
        told = f"截至{now}，{county}{_counts(self.states)}"
        told += f"；其中零报告{nil}个" if nil else ""
        if not self._is_due:
            return f"{told}。报送时限未到。"
        return told + (f"。按时报送率{quantity(sum(map(is_prompt, owing)) / len(owing), '%')}。" if owing else "。")

    def _progressed(self, progress: Breakdown) -> Iterator[str]:
        name, unit, value = progress.indicator.name, progress.indicator.rules.unit, progress.county.value
        county = whole_county(self.occasion.county.file)
        if value is None:
            yield f"进度方面，{county}{name}还没有数据。"
            return
        verdict = Verdict(progress.indicator, progress.target, value, report_day(self.occasion), progress.month)
        yield f"进度方面，{county}{name}为{quantity(value, unit)}{against_target(verdict)}。"
        ahead = self._named(lambda own: own >= rounded(value, unit))
        if ahead:
            yield f"{name}排名靠前的，{ahead}。"

    def _without_progress(self) -> Iterator[str]:
        rules = rules_of(self.occasion)
        if rules and rules.progress:
            form = self.occasion.county.indicators[rules.progress].rules.form
            yield f"还没有收到“{form}”，{rules.progress}暂无数据。"

    def _problems(self) -> Iterator[str]:
        yield from self._untimely()
        for each in self.backlogs:
            if each.overdue:
                place = self.occasion.county.roster.place
                ordered = sorted(each.overdue.items(), key=lambda held: (-held[1], place(held[0])))
                named = listed(f"{unit}（{count}项）" for unit, count in ordered)
                yield f"“{each.docket}”超期未办结{sum(each.overdue.values())}项：{named}。"
        behind = self._behind()
        if behind and self.progress:
            county = whole_county(self.occasion.county.file)
            yield f"{self.progress.indicator.name}低于{county}水平、排名靠后的，{behind}。"

    def _untimely(self) -> Iterator[str]:
        missing = [each for each in self.states if each.state is State.MISSING]
        if missing:
            yield f"未报{len(missing)}个单位：{listed(each.unit for each in missing)}。"
        returned = [each for each in self.states if each.state is State.RETURNED]
        if returned:
            yield f"报送的表有错、退回后尚未改报{len(returned)}个单位：{listed(each.unit for each in returned)}。"
        late = sorted(filter(is_late, self.states), key=lambda each: -each.late_by_s)
        if late:
            yield f"迟报{len(late)}个单位：{listed(f'{each.unit}（迟{spell(each.late_by_s)}）' for each in late)}。"
        if not (missing or returned or late) and self.occasion.period.due_at is not None:
            yield "本期没有未报、退回待改和迟报的单位。" if self._is_due else "尚未到报送时限。"
        often = [each for each in self.states if max(each.late_total, each.missing_total) >= OFTEN]
        if often:
            yield f"多次迟报、未报的单位：{listed(each.unit + _often(each) for each in often)}。"

    def _behind(self) -> str:
        """The last ranks of each category, as far as they are below the county's figure; the worst first."""
        value = self.progress.county.value if self.progress else None
        if self.progress is None or value is None:
            return ""
        level = rounded(value, self.progress.indicator.rules.unit)
        return self._named(lambda own: own < level, worst=True)

    def _named(self, chosen: Callable[[Decimal], bool], *, worst: bool = False) -> str:
        """部门：甲（90.00%）、乙（85.00%）；乡镇：…: the first few ranks, or the last, of those `chosen` as printed."""
        measure = self.progress.indicator.rules.unit if self.progress else ""
        told = []
        for ranking in self.rankings:
            figures = [
                (each.ahead, each.own.value, each.unit)
                for each in ranking.standings
                if each.ahead is not None and each.own and each.own.value is not None
            ]
            named = [each for each in figures if chosen(rounded(each[1], measure))]
            held = sorted(named, key=lambda each: each[0], reverse=worst)
            last = list(dict.fromkeys(place for place, _, _ in held))[:NAMED]
            words = [f"{unit}（{quantity(own, measure)}）" for place, own, unit in held if place in last]
            told += [f"{ranking.category}：{listed(words)}"] if words else []
        return "；".join(told)

    def _demands(self) -> Iterator[str]:
        rules = rules_of(self.occasion)
        if rules and rules.demands:
            yield from rules.demands
            return
        recipient = self.occasion.task.rules.recipient
        if any(each.state in {State.MISSING, State.RETURNED} for each in self.states):
            yield f"未报和退回待改的单位要立即补报、改报，并向{recipient}说明原因。"
        if any(each.overdue for each in self.backlogs):
            yield f"有超期事项的单位要逐项说明原因，抓紧办结，并报{recipient}。"
        following = self._following()
        if following:
            yield f"各单位要明确专人，按时报送。下一期应于{following}前报送{recipient}。"
        yield "各单位要加强审核，对所报数据的真实、准确、完整负责，不得漏报、错报。"
        if self._behind():
            yield "进度靠后的单位要逐个项目查找原因，明确办结时限，加快推进。"

    def _following(self) -> str:
        """When the next period falls due."""
        periods = self.occasion.task.periods
        after = (later for own, later in pairwise(periods) if own.name == self.occasion.period.name)
        due = next((later.due_at for later in after), None)
        return moment(due) if due else ""


def _counts(states: Sequence[UnitState]) -> str:
    """应报12个单位，按时10个、迟报2个."""
    told = listed(f"{word}{count}个" for word, count in counted(states).items())
    return f"应报{len(states)}个单位，{told}" if states else "没有应报单位"


def _often(state: UnitState) -> str:
    told = [
        f"累计{word}{count}次"
        for word, count in (("迟报", state.late_total), ("未报", state.missing_total))
        if count >= OFTEN
    ]
    return f"（{'、'.join(told)}）"


def against_target(verdict: Verdict) -> str:
    """The county's figure against its target, as the table of targets holds it."""
    held, goal, value, unit = verdict.holder, verdict.goal, verdict.value, verdict.indicator.rules.unit
    if held is None or goal is None or value is None:
        return ""
    words = [f"{word}{figure}" for word, figure in (("达到", held.firm), ("力争", held.stretch)) if figure]
    told = f"，目标为{listed(words)}（截止{held.until}）"
    if verdict.reached:
        return f"{told}，已{words[0]}" if len(words) > 1 else f"{told}，已达标"
    gap = goal.figure - value
    lacking = f"{hundredfold(gap)}个百分点" if unit == "%" else quantity(gap, unit)
    return f"{told}，" + (f"距{goal}还差{lacking}" if len(words) > 1 else f"还差{lacking}")
