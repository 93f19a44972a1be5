"""A county's file, checked against its forms, its own roster and the calendar: the faults no single value shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from xmreport.messages import CATALOGUE
from xmreport.rulebook.book import County, Indicator, ListOf, Task
from xmreport.rulebook.calendar import Calendar, CalendarUnknown
from xmreport.rulebook.conditions import Condition, ConditionError, parse
from xmreport.rulebook.county import CountyFile, TaskRules
from xmreport.rulebook.faults import RuleFault, nearest
from xmreport.rulebook.form import Check, Column, Form, FormFile, FormUse, RowRule
from xmreport.rulebook.names import key_of
from xmreport.rulebook.roster import Roster
from xmreport.rulebook.schedule import Period, periods
from xmreport.rulebook.source import Place, Source

SPECIAL = {"报告日": "日期", "截止日": "日期"}
"""Names a condition may use that no form has: they are given when it is evaluated."""


class _Faults(list[RuleFault]):
    """What is wrong in one file so far."""

    def __init__(self, source: Source, broken: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.source = source
        self.broken = broken

    def unknown(self, place: Place, word: str, known: Mapping[str, object] | set[str], what: str) -> None:
        if word in self.broken:
            return
        near = nearest(word, known)
        self.append(self.source.fault(place, f"{what}" + (f"；是不是“{near}”" if near else ""), word))

    def condition(self, place: Place, text: str | None, form: Form, table: str) -> Condition | None:
        if text is None:
            return None
        try:
            return parse(text, form.types(table) | SPECIAL, form.choices(table))
        except ConditionError as error:
            fault = self.source.fault(place, f"条件有误：{error.message}（第{error.column}个字）。", text)
            self.append(fault)
            return None


def resolve_county(
    key: str,
    file: CountyFile,
    source: Source,
    forms: Mapping[str, tuple[FormFile, Source]],
    calendar: Calendar,
    digest: str,
    broken: frozenset[str] = frozenset(),
) -> County | list[RuleFault]:
    """One county made whole, or every fault found on the way.

    A form that is `broken` has faults of its own: a county that uses it cannot be used, and says no more of it.
    """
    faults = _Faults(source, broken)
    roster = Roster(file.county, dict(file.units))
    _units_named_twice(roster, faults)
    used = {name: use for name, use in file.forms.items() if name in forms}
    for name in file.forms.keys() - used.keys():
        faults.unknown(("报表", name), name, set(forms), "rules/forms 里已有的报表")
    resolved = {name: _form(*forms[name], use, roster, faults) for name, use in used.items()}
    tasks = {name: _task(name, rules, resolved, roster, calendar, faults) for name, rules in file.tasks.items()}
    indicators = [found for name in file.indicators if (found := _indicator(name, file, resolved, faults))]
    lists = [each for index in range(len(file.lists)) if (each := _list(index, file, resolved, faults))]
    _targets(file, faults)
    _exemptions(file, roster, faults)
    if faults or broken & file.forms.keys():
        return list(faults)
    by_name = {indicator.name: indicator for indicator in indicators}
    return County(key, file, roster, resolved, tasks, by_name, tuple(lists), digest)


def _units_named_twice(roster: Roster, faults: _Faults) -> None:
    seen: dict[str, str] = {}
    for category, units in roster.categories.items():
        for index, unit in enumerate(units):
            for name in dict.fromkeys((unit.name, *unit.aliases)):
                owner = seen.setdefault(key_of(name), unit.name)
                if owner != unit.name or (name == unit.name and list(_names(roster)).count(name) > 1):
                    place = ("单位", category, index)
                    faults.append(faults.source.fault(place, f"不重复的名称：“{name}”已用于“{owner}”。", name))


def _names(roster: Roster) -> list[str]:
    return [unit.name for unit in roster.units]


def _form(file: FormFile, form_source: Source, use: FormUse, roster: Roster, faults: _Faults) -> Form:
    place: Place = ("报表", file.name)
    group = file.procedures
    known = {*group.required, *group.optional} if group else set()
    for index, name in enumerate(use.procedures):
        if name not in known:
            faults.unknown((*place, "手续", index), name, known, "这张报表里的手续")
    for name, office in use.offices.items():
        if name not in known:
            faults.unknown((*place, "办理部门", name), name, known, "这张报表里的手续")
        if roster.resolve(office) is None:
            faults.unknown((*place, "办理部门", name), office, set(_names(roster)), "名册里的单位")
    form = Form(
        file=file,
        title=use.title or file.name,
        annex=use.annex,
        procedures=use.procedures or (group.required if group else ()),
        options=_options(file, use, place, faults),
        offices=use.offices,
        checks=(),
    )
    shared, own = _Faults(form_source), faults
    checks = [_check(rule, form, ("核验", index), shared) for index, rule in enumerate(file.rules)]
    checks += [_check(rule, form, (*place, "核验", index), own) for index, rule in enumerate(use.rules)]
    faults.extend(shared)
    return replace(form, checks=tuple(check for check in checks if check))


def _options(
    file: FormFile, use: FormUse, place: Place, faults: _Faults
) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """The form's choices with the county's: a list replaces, a mapping adds synonyms."""
    options = {name: dict(choices) for name, choices in file.options.items()}
    wanted = {column.options for column in file.columns if isinstance(column, Column)}
    wanted |= {column.options for column in file.procedures.columns} if file.procedures else set()
    for name, change in use.options.items():
        if name not in wanted:
            faults.unknown((*place, "选项", name), name, {word for word in wanted if word}, "这张报表用到的选项")
        elif isinstance(change, Mapping):
            for value, more in change.items():
                options.setdefault(name, {})[value] = (*options.get(name, {}).get(value, ()), *more)
        else:
            options[name] = dict.fromkeys(change, ())
    return options


def _check(rule: RowRule, form: Form, place: Place, faults: _Faults) -> Check | None:
    if rule.at not in form.types(rule.table):
        faults.unknown((*place, "标在"), rule.at, dict(form.types(rule.table)), "这张报表里的列")
    if rule.code not in CATALOGUE:
        faults.unknown((*place, "代码"), rule.code, dict(CATALOGUE), "已有的问题代码；县里自己的核验写 R90")
    when = faults.condition((*place, "当"), rule.when, form, rule.table)
    must = faults.condition((*place, "应"), rule.must, form, rule.table)
    return Check(rule, when, must) if must else None


def _task(
    name: str, rules: TaskRules, forms: Mapping[str, Form], roster: Roster, calendar: Calendar, faults: _Faults
) -> Task:
    place: Place = ("任务", name)
    if rules.form and rules.form not in forms:
        faults.unknown((*place, "报表"), rules.form, dict(forms), "本文件“报表”里写了的报表")
    known = {*roster.categories, *_names(roster)}
    for index, reporter in enumerate(rules.reporters):
        if reporter not in known:
            faults.unknown((*place, "应报单位", index), reporter, known, "“单位”里的类别或单位名称")
    found: tuple[Period, ...] = ()
    years = range(rules.window.first.year, rules.window.last.year + 1)
    try:
        for year in years:
            calendar.is_holiday(dt.date(year, 6, 1))
        found = periods(rules.schedule, rules.window, rules.holidays, calendar)
    except CalendarUnknown as error:
        faults.append(faults.source.fault((*place, "起止"), f"{error}。"))
    if not found and not faults:
        faults.append(faults.source.fault((*place, "起止"), "至少含一个报送日的起止日期"))
    return Task(name, rules, found)


def _indicator(name: str, file: CountyFile, forms: Mapping[str, Form], faults: _Faults) -> Indicator | None:
    rules, place = file.indicators[name], ("指标", name)
    form = forms.get(rules.form)
    if form is None:
        faults.unknown((*place, "报表"), rules.form, dict(forms), "本文件“报表”里写了的报表")
        return None
    sums = {column.name for column in form.columns.values() if column.type == "金额"}
    for key, word in (("求和", rules.total), ("除以", rules.over)):
        if word and word not in sums | ({"项目", "手续"} if key == "除以" else set()):
            faults.unknown((*place, key), word, sums, "这张报表里的金额列")
    table = "手续" if rules.count == "手续" else "项目"
    over_table = "手续" if rules.over == "手续" else "项目"
    return Indicator(
        name,
        rules,
        faults.condition((*place, "条件"), rules.condition, form, table),
        faults.condition((*place, "每项手续"), rules.each, form, "手续"),
        faults.condition((*place, "除以条件"), rules.over_condition, form, over_table),
    )


def _list(index: int, file: CountyFile, forms: Mapping[str, Form], faults: _Faults) -> ListOf | None:
    rules, place = file.lists[index], ("清单", index)
    form = forms.get(rules.form)
    if form is None:
        faults.unknown((*place, "报表"), rules.form, dict(forms), "本文件“报表”里写了的报表")
        return None
    for key, word in (("分组", rules.group), ("排序", rules.sort)):
        if word and word not in form.types(rules.table):
            faults.unknown((*place, key), word, dict(form.types(rules.table)), "这张报表里的列")
    condition = faults.condition((*place, "条件"), rules.condition, form, rules.table)
    return ListOf(rules, condition) if condition else None


def _targets(file: CountyFile, faults: _Faults) -> None:
    for index, target in enumerate(file.targets):
        indicator = file.indicators.get(target.indicator)
        if indicator is None:
            faults.unknown(("目标", index, "指标"), target.indicator, dict(file.indicators), "“指标”里写了的指标")
            continue
        amounts = [("达到", target.firm), ("力争", target.stretch)]
        for key, amount in amounts:
            if amount and amount.unit != indicator.unit:
                faults.append(faults.source.fault(("目标", index, key), f"单位为“{indicator.unit}”的数", str(amount)))
        for number, milestone in enumerate(target.milestones):
            for key, amount in (("达到", milestone.firm), ("力争", milestone.stretch)):
                if amount and amount.unit != indicator.unit:
                    place = ("目标", index, "节点", number, key)
                    faults.append(faults.source.fault(place, f"单位为“{indicator.unit}”的数", str(amount)))


def _exemptions(file: CountyFile, roster: Roster, faults: _Faults) -> None:
    for index, exempt in enumerate(file.exemptions):
        if exempt.unit not in roster.order:
            faults.unknown(("豁免", index, "单位"), exempt.unit, set(_names(roster)), "名册里的单位")
        if exempt.task not in file.tasks:
            faults.unknown(("豁免", index, "任务"), exempt.task, dict(file.tasks), "“任务”里写了的任务")
