"""A `rules/` folder → the rulebook, with every fault found at once."""

from __future__ import annotations

import re
from pathlib import Path

from xmreport.rulebook.book import County, Rulebook
from xmreport.rulebook.calendar import Calendar, YearPlan
from xmreport.rulebook.county import CountyFile, OfficeFile
from xmreport.rulebook.files.faults import RuleFault, validate
from xmreport.rulebook.files.source import Source, load
from xmreport.rulebook.form import FormFile
from xmreport.rulebook.loading.digests import CALENDAR_FILE, digest_of, rule_files, shared_digest
from xmreport.rulebook.loading.resolve import resolve_county

OFFICE_FILE = "office"


def load_rulebook(folder: Path) -> Rulebook:
    """Read every rule file of a `rules/` folder. A fault breaks the counties it touches, and no other."""
    faults: dict[str, tuple[RuleFault, ...]] = {}
    office = _one(folder / f"{OFFICE_FILE}.yaml", OfficeFile, OFFICE_FILE, faults) or OfficeFile()
    calendar = Calendar(_plans(folder / f"{CALENDAR_FILE}.yaml", faults))
    forms: dict[str, tuple[FormFile, Source]] = {}
    broken: set[str] = set()
    for path in rule_files(folder / "forms"):
        source = load(path)
        form, wrong = validate(FormFile, source)
        wrong = [*source.faults, *wrong]
        if form and not wrong:
            forms[form.name] = (form, source)
        else:
            faults["forms"] = (*faults.get("forms", ()), *wrong)
            broken.add(path.stem)
    counties: dict[str, County] = {}
    named: dict[str, Path] = {}
    shared = shared_digest(folder)
    for path in _county_files(folder):
        source = load(path)
        file, wrong = validate(CountyFile, source)
        wrong = [*source.faults, *wrong]
        name = source.data.get("县区") if isinstance(source.data, dict) else None
        if isinstance(name, str) and _is_copy(path, other := named.setdefault(name, path)):
            expected = f"另一个名称：{other.name} 写的也是它；备份请移出 rules 文件夹"
            wrong.append(source.fault(("县区",), expected, name))
        if file and not wrong:
            digest = digest_of(path, shared)
            found = resolve_county(path.stem, file, source, forms, calendar, digest, frozenset(broken))
            if isinstance(found, County):
                counties[path.stem] = found
                continue
            wrong = [*found, *faults.get("forms", ())] if broken & set(file.forms) else found
        faults[path.stem] = tuple(wrong)
    return Rulebook({key: counties[key] for key in sorted(counties)}, office, faults)


def _county_files(folder: Path) -> list[Path]:
    """Those of counties, the shortest names first: a copy comes behind its original."""
    found = (path for path in rule_files(folder) if path.stem not in {OFFICE_FILE, CALENDAR_FILE})
    return sorted(found, key=lambda path: (len(path.stem), path.stem))


def _is_copy(path: Path, other: Path) -> bool:
    """Whether a file was left beside another of the same county: guxian - 副本, guxian (2), guxian备份."""
    before, original, after = path.stem.partition(other.stem)
    return bool(original) and re.search(r"[^A-Za-z0-9_-]", before + after) is not None


def _one(path: Path, model: type[OfficeFile], key: str, faults: dict[str, tuple[RuleFault, ...]]) -> OfficeFile | None:
    if not path.is_file():
        return None
    source = load(path)
    found, wrong = validate(model, source)
    if source.faults or wrong:
        faults[key] = (*source.faults, *wrong)
        return None
    return found


def _plans(path: Path, faults: dict[str, tuple[RuleFault, ...]]) -> dict[int, YearPlan]:
    """`rules/节假日.yaml`: year → days off and make-up workdays, for years the shipped calendar does not know."""
    if not path.is_file():
        return {}
    source = load(path)
    wrong = list(source.faults)
    plans = {}
    for year in source.data if isinstance(source.data, dict) else ():
        plan, more = validate(YearPlan, source, (year,))
        if not year.isdigit() or len(year) != 4:
            more.append(source.fault((year,), "四位数的年份，如 2027", year, key=True))
        wrong += more
        if plan and not more:
            plans[int(year)] = plan
    if wrong:
        faults[CALENDAR_FILE] = tuple(wrong)
    return plans
