"""A `rules/` folder → the rulebook, with every fault found at once."""

from __future__ import annotations

import datetime as dt
import logging
import re
import traceback
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from xmreport.rulebook.book import County, Rulebook
from xmreport.rulebook.calendar import Calendar, YearPlan
from xmreport.rulebook.county import CountyFile, OfficeFile
from xmreport.rulebook.files.faults import RuleFault, validate
from xmreport.rulebook.files.source import RuleSource, load, name_of
from xmreport.rulebook.form import FormFile
from xmreport.rulebook.loading.definition import definition_faults
from xmreport.rulebook.loading.digests import CALENDAR_FILE, digest_of, misnamed_files, rule_files, shared_digest
from xmreport.rulebook.loading.resolve import resolve_county

OFFICE_FILE = "office"
FORMS = "forms"

Faults = dict[str, tuple[RuleFault, ...]]
log = logging.getLogger("xmreport")


class _Shared(Struct, frozen=True):
    """What all counties of a folder go by."""

    forms: Mapping[str, tuple[FormFile, RuleSource]]
    broken: frozenset[str]
    """The forms that have faults of their own."""
    wrong: tuple[RuleFault, ...]
    """Those faults."""
    calendar: Calendar
    digest: str


def load_rulebook(folder: Path) -> Rulebook:
    """Read every rule file of a `rules/` folder. A fault breaks the counties it touches, and no other."""
    faults: Faults = {}
    office = _one(folder / f"{OFFICE_FILE}.yaml", OfficeFile, OFFICE_FILE, faults) or OfficeFile()
    calendar = _calendar(folder / f"{CALENDAR_FILE}.yaml", faults)
    forms, broken = _forms(folder / FORMS, faults)
    shared = _Shared(forms, broken, faults.get(FORMS, ()), calendar, shared_digest(folder))
    counties: dict[str, County] = {}
    named: dict[str, Path] = {}
    for path in _county_files(folder):
        try:
            found = _county(path, named, shared)
        except Exception as error:  # noqa: BLE001 - a fault of ours in one county must not stop the others
            found = [_own_fault(path, error)]
        if isinstance(found, County):
            counties[path.stem] = found
        else:
            faults[path.stem] = tuple(found)
    for path, meant in misnamed_files(folder).items():
        key = path.name if meant.is_file() else meant.stem
        faults[key] = (*faults.get(key, ()), _misnamed(path, meant))
    return Rulebook({key: counties[key] for key in sorted(counties)}, office, faults)


def _forms(folder: Path, faults: Faults) -> tuple[Mapping[str, tuple[FormFile, RuleSource]], frozenset[str]]:
    """The forms that hold, by name, and the names of those that do not."""
    forms: dict[str, tuple[FormFile, RuleSource]] = {}
    named: dict[str, Path] = {}
    broken: set[str] = set()
    wrong: list[RuleFault] = []
    for path in sorted(rule_files(folder), key=lambda path: (len(path.stem), path.stem)):
        source = load(path)
        form, found = validate(FormFile, source)
        found = [*source.faults, *found, *(definition_faults(form, source) if form else ())]
        if form and (other := named.setdefault(form.name, path)) != path:  # a copy left beside it breaks nobody
            wrong.append(source.fault(("报表",), f"另一个名称：{other.name} 写的也是它；备份请移出 rules 文件夹"))
        elif form and not found:
            forms[form.name] = (form, source)
        else:
            broken |= {path.stem} | ({form.name} if form else set())
        wrong += found
    for path, meant in misnamed_files(folder).items():
        wrong.append(_misnamed(path, meant))
        broken |= set() if meant.is_file() else {meant.stem}
    if wrong:
        faults[FORMS] = tuple(wrong)
    return forms, frozenset(broken)


def _county(path: Path, named: dict[str, Path], shared: _Shared) -> County | list[RuleFault]:
    """One county made whole, or all that is wrong with it."""
    source = load(path)
    file, wrong = validate(CountyFile, source)
    wrong = [*source.faults, *wrong]
    name = source.data.get("县区") if isinstance(source.data, dict) else None
    if isinstance(name, str) and _is_copy(path, other := named.setdefault(name, path)):
        expected = f"另一个名称：{other.name} 写的也是它；备份请移出 rules 文件夹"
        wrong.append(source.fault(("县区",), expected, name))
    if file is None or wrong:
        return wrong
    digest = digest_of(path, shared.digest)
    found = resolve_county(path.stem, file, source, shared.forms, shared.calendar, digest, shared.broken)
    if isinstance(found, list) and shared.broken & set(file.forms):
        found += shared.wrong
    return found


def _county_files(folder: Path) -> list[Path]:
    """Those of counties, the shortest names first: a copy comes behind its original."""
    found = (path for path in rule_files(folder) if path.stem not in {OFFICE_FILE, CALENDAR_FILE})
    return sorted(found, key=lambda path: (len(path.stem), path.stem))


def _is_copy(path: Path, other: Path) -> bool:
    """Whether a file was left beside another of the same county: guxian - 副本, guxian (2), guxian备份."""
    before, original, after = path.stem.partition(other.stem)
    return bool(original) and re.search(r"[^A-Za-z0-9_-]", before + after) is not None


def _misnamed(path: Path, meant: Path) -> RuleFault:
    beside = f"旁边已有 {meant.name}，备份请移出 rules 文件夹" if meant.is_file() else f"文件名应为 {meant.name}"
    return RuleFault(name_of(path), 1, 1, "", "", f"这个文件没有读：规则文件的扩展名只能是“.yaml”；{beside}。")


def _own_fault(path: Path, error: Exception) -> RuleFault:
    """A county that the program itself stumbled over. Where it did so stands in the fault: there may be no log yet."""
    log.error("读 %s 时程序自身出错。", name_of(path), exc_info=error)
    at = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{error!r}，{Path(at.filename).name}:{at.lineno}"
    told = f"程序自身出错，没有读成（{where}）；请把这句话和这个文件交给维护人员，别的县照常。"
    return RuleFault(name_of(path), 1, 1, "", "", told)


def _one(path: Path, model: type[OfficeFile], key: str, faults: Faults) -> OfficeFile | None:
    if not path.is_file():
        return None
    source = load(path)
    found, wrong = validate(model, source)
    if source.faults or wrong:
        faults[key] = (*source.faults, *wrong)
        return None
    return found


def _calendar(path: Path, faults: Faults) -> Calendar:
    """`rules/节假日.yaml`: year → days off and make-up workdays, on top of the shipped calendar.

    A year with a fault is not known at all; where it cannot be told which years are meant, none is.
    """
    if not path.is_file():
        return Calendar()
    source = load(path)
    wrong = list(source.faults)
    plans, broken = {}, set()
    if not isinstance(source.data, dict) and not source.faults and source.data is not None:
        wrong.append(source.fault((), "一年一组“年份: {放假: […], 调休上班: […]}”"))
    years = source.data if isinstance(source.data, dict) else {}
    for year in years:
        plan, more = validate(YearPlan, source, (year,))
        if not _is_year(year):
            more.append(source.fault((year,), "四位数的年份，如 2027", year, key=True))
        elif plan:
            more += _days_of(plan, year, source)
            plans[int(year)] = plan
        if more and _is_year(year):
            broken.add(int(year))
        wrong += more
    if wrong:
        faults[CALENDAR_FILE] = tuple(wrong)
    certain = isinstance(source.data, dict) and not source.faults and all(map(_is_year, years))
    return Calendar(plans, broken if certain or not wrong else range(dt.MINYEAR, dt.MAXYEAR + 1))


def _is_year(text: str) -> bool:
    return re.fullmatch("[0-9]{4}", text) is not None


def _days_of(plan: YearPlan, year: str, source: RuleSource) -> list[RuleFault]:
    """A year without a holiday; days of another year, never looked for here; days said to be both off and worked."""
    found = [] if plan.days_off else [source.fault((year, "放假"), "这一年放假的各个日期，现在一天也没有")]
    for key, days in (("放假", plan.days_off), ("调休上班", plan.worked)):
        for index, day in enumerate(days):
            if day.year != int(year):
                found.append(source.fault((year, key, index), f"{year}年的日期；跨年的，写到它自己那一年下面"))
            elif key == "调休上班" and day in plan.days_off:
                found.append(source.fault((year, key, index), "“放假”里没有的日期：一天不能又放假又上班"))
    return found
