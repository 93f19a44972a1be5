"""A county's file, checked against its forms, its own roster and the calendar: the faults no single value shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from msgspec.structs import replace

from xmreport.messages import CATALOGUE, words_of
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.calendar import Calendar, CalendarUnknown
from xmreport.rulebook.conditions.evaluation import Expression
from xmreport.rulebook.conditions.terms import OF_ANY_DAY
from xmreport.rulebook.county import CountyFile, TaskRules
from xmreport.rulebook.files.faults import RuleFault
from xmreport.rulebook.files.source import Place, RuleSource
from xmreport.rulebook.form import RULE_WORDS, Check, Column, Form, FormFile, FormUse, RowRule
from xmreport.rulebook.loading.crosscheck import Crosscheck, FaultList
from xmreport.rulebook.loading.definition import ways_twice
from xmreport.rulebook.loading.outgoing import workbooks_named_twice
from xmreport.rulebook.names import key_of
from xmreport.rulebook.roster import Roster
from xmreport.rulebook.schedule import Period, periods

OWN = "R90"
"""The code of checks whose words a rule file brings itself."""
OWN_CODES = frozenset({OWN})
SHARED_CODES = frozenset(code for code in CATALOGUE if code[0] in "RV" and words_of(code) <= RULE_WORDS)
"""What a form's own checks may say: of rows and cells, in words that a check has."""


def resolve_county(
    key: str,
    file: CountyFile,
    source: RuleSource,
    forms: Mapping[str, tuple[FormFile, RuleSource]],
    calendar: Calendar,
    digest: str,
    broken: frozenset[str] = frozenset(),
) -> County | list[RuleFault]:
    """One county made whole, or every fault found on the way.

    A form that is `broken` has faults of its own: a county that uses it cannot be used, and says no more of it.
    """
    roster = Roster(file.county, dict(file.units))
    faults = FaultList(source, roster, broken)
    _units_named_twice(roster, faults)
    used = {name: use for name, use in file.forms.items() if name in forms}
    for name in file.forms.keys() - used.keys():
        faults.unknown(("报表", name), name, set(forms), "rules/forms 里已有的报表")
    resolved = {name: _form(*forms[name], use, roster, faults) for name, use in used.items()}
    tasks = {name: _task(name, rules, resolved, roster, calendar, faults) for name, rules in file.tasks.items()}
    beyond = Crosscheck(file, resolved, roster, faults)
    indicators, lists, dockets = beyond.indicators(), beyond.lists(), beyond.dockets()
    beyond.targets()
    beyond.bulletins()
    beyond.upward()
    beyond.exemptions()
    if faults or broken & file.forms.keys():
        return list(faults)
    county = County(key, file, roster, resolved, tasks, indicators, lists, dockets, calendar, digest)
    return workbooks_named_twice(county, source) or county


def _units_named_twice(roster: Roster, faults: FaultList) -> None:
    seen: dict[str, tuple[str, Place]] = {}
    for category, units in roster.categories.items():
        for index, unit in enumerate(units):
            for name in dict.fromkeys((unit.name, *unit.aliases)):
                place: Place = ("单位", category, index)
                owner, first = seen.setdefault(key_of(name), (unit.name, place))
                if place != first:
                    line = faults.source.fault(first, "").line
                    told = f"别的单位没有用过的名称：“{owner}”（第{line}行）已经用了它"
                    faults.append(faults.source.fault(place, told, name))


def _form(file: FormFile, form_source: RuleSource, use: FormUse, roster: Roster, faults: FaultList) -> Form:
    place: Place = ("报表", file.name)
    group = file.procedures
    known = {*group.required, *group.optional} if group else set()
    for index, name in enumerate(use.procedures):
        if name not in known:
            faults.unknown((*place, "手续", index), name, known, "这张报表里的手续")
        elif name in use.procedures[:index]:
            faults.add((*place, "手续", index), "每项手续只写一次", name)
    for name, office in use.offices.items():
        if name not in known:
            faults.unknown((*place, "办理部门", name), name, known, "这张报表里的手续")
        if roster.resolve(office) is None:
            faults.unknown((*place, "办理部门", name), office, roster.names, "名册里的单位")
    form = Form(
        file=file,
        title=use.title or file.name,
        annex=use.annex,
        procedures=use.procedures or (group.required if group else ()),
        options=_options(file, use, place, faults),
        offices={name: roster.resolve(office) or office for name, office in use.offices.items()},
        checks=(),
    )
    shared, own = FaultList(form_source, roster, shared=True), faults
    checks = [_check(rule, form, ("核验", index), shared, SHARED_CODES) for index, rule in enumerate(file.rules)]
    checks += [_check(rule, form, (*place, "核验", index), own, OWN_CODES) for index, rule in enumerate(use.rules)]
    faults.extend(shared)
    computed = _computed(form, FaultList(form_source, roster, shared=True), faults)
    return replace(form, checks=tuple(check for check in checks if check), computed=computed)


def _computed(form: Form, shared: FaultList, faults: FaultList) -> Mapping[str, Expression]:
    """Each computed column with its arithmetic."""
    found = {}
    for index, column in enumerate(form.file.columns):
        if isinstance(column, Column) and column.computed:
            expression = shared.expression(("列", index, "计算"), column.computed, form)
            if expression:
                found[column.name] = expression
    faults.extend(shared)
    return found


def _options(
    file: FormFile, use: FormUse, place: Place, faults: FaultList
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
        for way, first, second in ways_twice(options.get(name, {})):
            value = second if second in change else first
            told = f"只有一个意思的写法：“{way}”既是“{first}”，又是“{second}”"
            faults.add((*place, "选项", name, value), told, way)
    return options


def _check(rule: RowRule, form: Form, place: Place, faults: FaultList, codes: frozenset[str]) -> Check | None:
    if not faults.table((*place, "表"), rule.table, form):
        return None
    on_the_sheet = {name for name in form.types(rule.table) if name in form.fields or name in form.sub_columns}
    if rule.at not in on_the_sheet:
        faults.unknown((*place, "标在"), rule.at, on_the_sheet, "这张报表里的列")
    if rule.code not in codes:
        own = f"{OWN}：县里自己的核验一律用它"
        faults.add((*place, "代码"), own if codes == OWN_CODES else "核验能用的问题代码，如 R01、R90", rule.code)
    elif rule.code == OWN and not rule.hint:
        faults.add((*place, "提示"), f"这里缺少“提示”这一项：代码 {OWN} 的话由它来说。", "")
    when = faults.condition((*place, "当"), rule.when, form, rule.table, OF_ANY_DAY)
    must = faults.condition((*place, "应"), rule.must, form, rule.table, OF_ANY_DAY)
    return Check(rule, when, must) if must else None


def _task(
    name: str, rules: TaskRules, forms: Mapping[str, Form], roster: Roster, calendar: Calendar, faults: FaultList
) -> Task:
    place: Place = ("任务", name)
    if rules.form and rules.form not in forms:
        faults.unknown((*place, "报表"), rules.form, dict(forms), "本文件“报表”里写了的报表")
    known = {*roster.categories, *roster.names}
    for index, reporter in enumerate(rules.reporters):
        if reporter not in known:
            faults.unknown((*place, "应报单位", index), reporter, known, "“单位”里的类别或单位名称")
    found: tuple[Period, ...] = ()
    window = rules.window
    years = range(window.first.year, window.last.year + 1)
    try:
        for year in years:
            calendar.is_holiday(dt.date(year, 6, 1))
        found = periods(rules.schedule, window, rules.holidays, calendar)
    except CalendarUnknown as error:
        faults.append(faults.source.fault((*place, "起止"), f"{error}。"))
    for period in found:
        if not window.first <= dt.date.fromisoformat(period.name) <= window.last:
            within = f"起止（{window.first} 至 {window.last}）之内的一天，现在到 {period.name}"
            faults.add((*place, "时限"), within, rules.schedule.text)
    if not found and not faults:
        faults.append(faults.source.fault((*place, "起止"), "至少含一个报送日的起止日期"))
    return Task(name, rules, found)
