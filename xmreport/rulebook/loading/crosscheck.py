"""What a county works out of its forms, checked against them: indicators, targets, lists, dockets, what goes up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from xmreport.rulebook.book import Docket, Indicator, ListOf, Opening
from xmreport.rulebook.conditions.evaluation import Condition, ConditionError, Expression, parse, parse_expression
from xmreport.rulebook.conditions.terms import GIVEN, OF_ANY_DAY
from xmreport.rulebook.county import CountyFile
from xmreport.rulebook.docket import FILLED, DocketRules
from xmreport.rulebook.figures import TargetRules
from xmreport.rulebook.files.faults import RuleFault, nearest
from xmreport.rulebook.files.source import Place, RuleSource
from xmreport.rulebook.form import FIGURES, Form
from xmreport.rulebook.listing import DAYS_LEFT, ListRules
from xmreport.rulebook.loading.unit_names import UnitNames
from xmreport.rulebook.names import key_of
from xmreport.rulebook.roster import Roster

NOBODY = Roster("", {})
"""Of a file that is looked at by itself, whoever uses it."""


class FaultList(list[RuleFault]):
    """What is wrong in one file so far."""

    def __init__(
        self, source: RuleSource, roster: Roster = NOBODY, broken: frozenset[str] = frozenset(), *, shared: bool = False
    ) -> None:
        """`shared` is a file of `rules/forms`: it need not know the county's units."""
        super().__init__()
        self.source, self.roster = source, roster
        self.broken, self.shared = broken, shared

    def unknown(self, place: Place, word: str, known: Iterable[str], what: str) -> None:
        """A word that names nothing; the nearest known one is suggested. One that names two units is told of there."""
        names = set(known)
        if word in self.broken or word in names:
            return
        near = nearest(word, names)
        self.append(self.source.fault(place, f"{what}" + (f"；是不是“{near}”" if near else ""), word))

    def add(self, place: Place, expected: str, found: str | None = None, *, key: bool = False) -> None:
        """One more, at a place: `found` is what is shown of it, where that is not the value itself."""
        self.append(self.source.fault(place, expected, found, key=key))

    def table(self, place: Place, table: str | None, form: Form) -> bool:
        """Whether a form has this table: a line a procedure only where it has procedures."""
        if table == "手续" and form.file.procedures is None:
            self.add(place, f"有“手续”的报表才能写的：“{form.name}”没有手续", table)
            return False
        return True

    def condition(
        self, place: Place, text: str | None, form: Form, table: str, given: Sequence[str] = GIVEN
    ) -> Condition | None:
        """The condition parsed, None where there is none or it is wrong. `given` are the dates it may name."""
        if text is None:
            return None
        try:
            units = UnitNames(self.roster, form, self.shared)
            return parse(text, form.types(table), form.choices(table), units, given)
        except ConditionError as error:
            self.append(self.source.fault(place, f"条件有误：{error.message}（第{error.column}个字）。", text))
            return None

    def expression(self, place: Place, text: str, form: Form) -> Expression | None:
        """Arithmetic parsed, None where it is wrong."""
        try:
            return parse_expression(text, form.types("项目"))
        except ConditionError as error:
            self.append(self.source.fault(place, f"算式有误：{error.message}（第{error.column}个字）。", text))
            return None


class Crosscheck:
    """One county's file, its forms and its roster; every fault goes into one list."""

    def __init__(self, file: CountyFile, forms: Mapping[str, Form], roster: Roster, faults: FaultList) -> None:
        self.file, self.forms, self.roster, self.faults = file, forms, roster, faults

    def _form(self, place: Place, name: str) -> Form | None:
        form = self.forms.get(name)
        if form is None:
            self.faults.unknown(place, name, self.forms, "本文件“报表”里写了的报表")
        return form

    def _columns(self, place: Place, form: Form, table: str, words: Iterable[str | None]) -> None:
        known = form.types(table)
        for word in words:
            if word and word not in known:
                self.faults.unknown(place, word, known, f"“{form.name}”里的列")

    def _date(self, place: Place, form: Form, table: str, word: str | None) -> None:
        dates = [name for name, kind in form.types(table).items() if kind == "日期"]
        if word and word not in dates:
            self.faults.unknown(place, word, dates, f"“{form.name}”里的日期列")

    def indicators(self) -> dict[str, Indicator]:
        """Every indicator that holds, by name."""
        made = {name: self._indicator(name) for name in self.file.indicators}
        return {name: indicator for name, indicator in made.items() if indicator}

    def _indicator(self, name: str) -> Indicator | None:
        rules, place = self.file.indicators[name], ("指标", name)
        form = self._form((*place, "报表"), rules.form)
        if form is None:
            return None
        asked = (("计数", rules.count), ("除以", rules.over), ("每项手续", rules.each and "手续"))
        if not all(self.faults.table((*place, key), table, form) for key, table in asked):
            return None
        figures = {column.name for column in form.columns.values() if column.type in FIGURES}
        for key, word in (("求和", rules.total), ("取值", rules.entered), ("除以", rules.over)):
            if word and word not in figures | ({"项目", "手续"} if key == "除以" else set()):
                self.faults.unknown((*place, key), word, figures, "这张报表里的金额列或数列")
        table = "手续" if rules.count == "手续" else "项目"
        over_table = "手续" if rules.over == "手续" else "项目"
        other = rules.other
        return Indicator(
            name,
            rules,
            self.faults.condition((*place, "条件"), rules.condition, form, table),
            self.faults.condition((*place, "每项手续"), rules.each, form, "手续"),
            self.faults.condition((*place, "除以条件"), rules.over_condition, form, over_table),
            self.faults.condition((*place, "另一口径", "条件"), other.condition if other else None, form, table),
            self.faults.condition(
                (*place, "另一口径", "除以条件"), other.over_condition if other else None, form, over_table
            ),
        )

    def targets(self) -> None:
        """Each of an indicator, in its unit, and each split the whole of its target."""
        for index, target in enumerate(self.file.targets):
            place: Place = ("目标", index)
            indicator = self.file.indicators.get(target.indicator)
            if indicator is None:
                self.faults.unknown((*place, "指标"), target.indicator, self.file.indicators, "“指标”里写了的指标")
                continue
            for below, amount in target.amounts():
                if amount.unit != indicator.unit:
                    wanted = f"单位为“{indicator.unit}”的数"
                    self.faults.append(self.faults.source.fault((*place, *below), wanted, str(amount)))
            self._in_order(place, target)
            self._split(place, target)

    def _in_order(self, place: Place, target: TargetRules) -> None:
        """What is striven for lies no lower than what has to be reached, and milestones lie before the end."""
        stages = [(("节点", number), each) for number, each in enumerate(target.milestones)]
        for below, each in stages:
            if each.until > target.until:
                wanted = f"不晚于“截止”的日期（{target.until}）"
                self.faults.add((*place, *below, "日期"), wanted, str(each.until))
        both = [(place, target.firm, target.stretch)]
        both += [((*place, *below), each.firm, each.stretch) for below, each in stages]
        for at, firm, stretch in both:
            if firm and stretch and firm.unit == stretch.unit and firm.figure > stretch.figure:
                self.faults.add((*at, "力争"), f"不小于“达到”的数（{firm}）", str(stretch))

    def _split(self, place: Place, target: TargetRules) -> None:
        for unit in target.split:
            if unit not in self.roster.order:
                self.faults.unknown((*place, "分解", unit), unit, self.roster.names, "名册里的单位")
        whole = target.goal
        shared = math.fsum(share.figure for share in target.split.values())
        if target.split and whole and whole.unit != "%" and not math.isclose(shared, whole.figure, abs_tol=1e-9):
            wanted = f"各单位之和等于全县目标 {whole}，现在合计 {round(shared, 6):g}{whole.unit}"
            self.faults.append(self.faults.source.fault((*place, "分解"), wanted))

    def lists(self) -> tuple[ListOf, ...]:
        """Every list that holds, in order."""
        made = [self._list(("清单", index), rules) for index, rules in enumerate(self.file.lists)]
        return tuple(each for each in made if each)

    def _list(self, place: Place, rules: ListRules) -> ListOf | None:
        if rules.form is None:
            for name in rules.targets:
                if name not in {target.indicator for target in self.file.targets}:
                    self.faults.unknown((*place, "目标"), name, self.file.indicators, "“目标”里写了的指标")
            return ListOf(rules, None, None)
        form = self._form((*place, "报表"), rules.form)
        if form is None:
            return None
        if not self.faults.table((*place, "表"), rules.table, form):
            return None
        own = {*form.types(rules.table), DAYS_LEFT}
        for number, word in enumerate(rules.columns):
            if word not in own:
                self.faults.unknown((*place, "列", number), word, own, f"“{form.name}”里的列")
        for key, named in (("分组", rules.group), ("排序", rules.sort)):
            self._columns((*place, key), form, rules.table, [named])
        self._date((*place, "期限"), form, rules.table, rules.due)
        absent = None
        if rules.absent and (other := self._form((*place, "未见于", "报表"), rules.absent.form)):
            self._columns((*place, "未见于", "对应"), form, rules.table, rules.absent.match)
            self._columns((*place, "未见于", "对应"), other, "项目", rules.absent.match.values())
            absent = self.faults.condition((*place, "未见于", "条件"), rules.absent.condition, other, "项目")
        return ListOf(rules, self.faults.condition((*place, "条件"), rules.condition, form, rules.table), absent)

    def dockets(self) -> dict[str, Docket]:
        """Every docket that holds, by name."""
        made = {name: self._docket(name, rules) for name, rules in self.file.dockets.items()}
        return {name: docket for name, docket in made.items() if docket}

    def _docket(self, name: str, rules: DocketRules) -> Docket | None:
        place: Place = ("台账", name)
        form = self._form((*place, "报表"), rules.form)
        if form is None:
            return None
        own, whose = _own(form), f"“{form.name}”里不由系统填写的"
        if rules.number:
            worded = [column for column in own if form.fields[column].type in {"文本", "代码"}]
            self.faults.unknown((*place, "编号列"), rules.number, worded, f"{whose}文本列或代码列")
        dated = [column for column in own if form.fields[column].type == "日期"]
        worked = rules.worked_out
        for at, day in (
            (("时限",), rules.due),
            (("推算", "列"), worked and worked.column),
            (("推算", "自"), worked and worked.after),
        ):
            if day:
                self.faults.unknown((*place, *at), day, dated, f"{whose}日期列")
        openings = []
        for index, opening in enumerate(rules.entering):
            below: Place = (*place, "入账", index)
            source = self._form((*below, "报表"), opening.form)
            if source is None or not self.faults.table((*below, "表"), opening.table, source):
                continue
            if opening.onto:
                both = form.types("项目").keys() & source.types(opening.table).keys()
                self.faults.unknown((*below, "并入"), opening.onto, both, f"“{form.name}”和“{source.name}”都有的列")
            writable = own - {rules.number or ""}
            for key, columns, known in (("取", opening.take, own), ("写", opening.fixed, writable)):
                for column in columns:
                    self.faults.unknown((*below, key, column), column, known, f"{whose}列")
            for column, word in opening.fixed.items():
                if column in writable:
                    self._stands((*below, "写", column), form, column, word)
            self._columns((*below, "取"), source, opening.table, opening.take.values())
            condition = self.faults.condition((*below, "条件"), opening.condition, source, opening.table)
            openings.append(Opening(opening, condition))
        task = next((key for key, task in self.file.tasks.items() if task.form == rules.form), None)
        if task is None:
            wanted = f"有一项任务收“{rules.form}”：台账改好以后要从收件文件夹收回来"
            self.faults.append(self.faults.source.fault((*place, "报表"), wanted, rules.form))
            return None
        closed = self.faults.condition((*place, "办结"), rules.closed, form, "项目", OF_ANY_DAY)
        return Docket(name, rules, task, tuple(openings), closed)

    def _stands(self, place: Place, form: Form, name: str, word: str) -> None:
        """Whether a column may hold the word that a docket writes there."""
        column = form.fields[name].column
        if column.type in FIGURES | {"日期"}:
            self.faults.add(place, f"能写成文字的列：“{name}”是{column.type}列", word)
        choices = form.choices("项目").get(name, ())
        if choices and key_of(word).upper() not in form.meanings[column.options or ""]:
            self.faults.unknown(place, word, choices, f"“{name}”的可选值（{'、'.join(choices)}）")

    def bulletins(self) -> None:
        """Each of a task, its indicator and its categories known."""
        for name, rules in self.file.bulletins.items():
            if name not in self.file.tasks:
                self.faults.unknown(("通报", name), name, self.file.tasks, "“任务”里写了的任务")
            if rules.progress and rules.progress not in self.file.indicators:
                place = ("通报", name, "进度")
                self.faults.unknown(place, rules.progress, self.file.indicators, "“指标”里写了的指标")
            for group in rules.groups:
                if group not in self.roster.categories:
                    place = ("通报", name, "分组")
                    self.faults.unknown(place, group, self.roster.categories, "“单位”里的类别")

    def upward(self) -> None:
        """Each of a task, its forms and lists known, and the columns that are renamed."""
        lists = {rules.name: rules for rules in self.file.lists}
        for index, rules in enumerate(self.file.upward):
            place: Place = ("上报", index)
            if rules.task not in self.file.tasks:
                self.faults.unknown((*place, "任务"), rules.task, self.file.tasks, "“任务”里写了的任务")
            for number, sheet in enumerate(rules.sheets):
                below: Place = (*place, "表", number)
                form = self._form((*below, "报表"), sheet.form)
                drawn = lists.get(sheet.list_name or "")
                if sheet.list_name and drawn is None:
                    self.faults.unknown((*below, "清单"), sheet.list_name, lists, "“清单”里写了的清单")
                if drawn and drawn.form is None:
                    self.faults.append(self.faults.source.fault((*below, "清单"), "从报表里挑的清单", sheet.list_name))
                if form:
                    self._columns((*below, "取"), form, "项目", sheet.take)

    def exemptions(self) -> None:
        """Each of a known unit and task."""
        for index, exempt in enumerate(self.file.exemptions):
            if exempt.unit not in self.roster.order:
                self.faults.unknown(("豁免", index, "单位"), exempt.unit, self.roster.names, "名册里的单位")
            if exempt.task not in self.file.tasks:
                self.faults.unknown(("豁免", index, "任务"), exempt.task, self.file.tasks, "“任务”里写了的任务")


def _own(form: Form) -> set[str]:
    """The columns of a docket's form that somebody fills, not the engine."""
    held = {name: form.fields[name].column for name in form.types("项目") if name in form.fields}
    return {name for name, column in held.items() if name not in FILLED and not column.filled}
