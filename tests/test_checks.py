"""Every finding code of the families S, V, T, R and P: a case that shows it and one that does not, held as data."""

import datetime as dt
import re
import shutil
from pathlib import Path

import pytest
import yaml
from building import RULES, Sheet, contact, counties, dispatch, f1, f2, f4, f5, project, register
from building import examined as examine_sheets

from xmreport import messages
from xmreport.checks import AGAINST_LAST, check
from xmreport.checks.returns import Examined
from xmreport.decide import Judge
from xmreport.examine import examine, open_desk
from xmreport.ledger import Ledger
from xmreport.messages import CATALOGUE, say
from xmreport.model.dates import CHINA
from xmreport.model.findings import Finding, Severity
from xmreport.model.receipts import Outcome, Receipt
from xmreport.past import Past
from xmreport.rulebook.loading.folder import load_rulebook

SOURCE = Path(messages.__file__).parent
FAMILIES = "SVTRP"
CASES = {
    code: case
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for code, case in yaml.safe_load(path.read_text("utf-8")).items()
}
GOOD = {"f1": project, "f2": dispatch, "f4": register, "f5": contact}
SHEETS = {"f1": f1, "f2": f2, "f4": f4, "f5": f5}
FOLDERS = {"f1": "县住建局", "f2": "市水利局", "f4": "县发改局", "f5": "县住建局"}
AFTER = ("merge", "hidden", "hidden_rows", "hidden_columns", "struck_rows", "around", "bare")
DAY = dt.date(2022, 12, 9)


def sheets_of(case, side):
    """The sheets of one side of a case: `wrong`, `right` or `last`."""
    form = case.get("form", "f1")
    changes = case.get(side, {})
    around = case.get(f"{side}_sheet", case.get("sheet", {}))
    lines, asides = [], {}
    for number, change in enumerate(changes if isinstance(changes, list) else [changes], 1):
        asides |= {number: change["aside"]} if "aside" in change else {}
        lines.append(change["line"] if "line" in change else {} if "aside" in change else GOOD[form](number, change))
    given = {key: value for key, value in around.items() if key not in AFTER}
    sheet = SHEETS[form](*lines, **given)
    for index, words in asides.items():
        sheet.put(sheet.body + index - 1, 60, words)
    if "merge" in around:
        sheet.merge(*around["merge"])
    sheet.hidden = around.get("hidden", False)
    sheet.hidden_rows = set(around.get("hidden_rows", ()))
    sheet.hidden_columns = set(around.get("hidden_columns", ()))
    sheet.struck_rows = set(around.get("struck_rows", ()))
    if "bare" in around:
        return [Sheet().fill(1, around["bare"])]
    visible = Sheet("说明").put(1, 1, around["around"]) if around.get("around") else Sheet("空")
    return [visible, sheet]


def findings_of(case, side, tmp_path):
    """What the engine says of one side of a case."""
    folder = case.get("folder", FOLDERS[case.get("form", "f1")])
    key = "huozhou" if case.get("form") == "f2" else "guxian"
    county = counties()[key]
    arrived = case.get("arrived")
    day = dt.date.fromisoformat(arrived[:10]) if arrived else DAY
    found = examine_sheets(*sheets_of(case, side), county=key, unit=folder, name=case.get("name", "表.xlsx"), day=day)
    if "rule" in case:
        county = _with_rule(case["rule"], tmp_path)
        open_desk({"guxian": county})
        found = examine(_bytes(case, side), "guxian", "表.xlsx", folder, day)
    if arrived:
        moment = dt.datetime.fromisoformat(arrived).replace(tzinfo=CHINA)
        receipt = Receipt("inbox/guxian/表.xlsx", "0" * 64, 1, Outcome.IGNORED, moment, "", "guxian", folder)
        with Ledger.open(tmp_path / side) as ledger:
            return [f for one in Judge(county, Past(ledger, county)).decide(found, receipt) for f in one.findings]
    findings = [finding for part in found.parts for finding in part.findings] or list(found.findings)
    if "last" in case:
        (part,) = found.parts
        before = examine_sheets(*sheets_of(case, "last"), county=key, unit=folder, day=day).parts[0]
        examined = Examined(county.forms[part.form], part, day, before.rows, "2022-12-02", follows=True)
        findings += check(AGAINST_LAST, examined)
    return findings


def _bytes(case, side):
    from building import xlsx

    return xlsx(*sheets_of(case, side))


def _with_rule(rule, tmp_path):
    """古县 with one more check of its own."""
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder, dirs_exist_ok=True)
    path = folder / "guxian.yaml"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("    出处: 四（三）、五\n", f"    核验:\n      - {rule}\n    出处: 四（三）、五\n"), "utf-8"
    )
    book = load_rulebook(folder)
    assert not book.all_faults
    return book.counties["guxian"]


@pytest.mark.parametrize("code", sorted(CASES))
def test_each_fault_is_found_once_where_it_is_as_the_only_error_and_can_be_said(code, tmp_path):
    found = findings_of(CASES[code], "wrong", tmp_path)
    assert [finding.field for finding in found if finding.code == code] == [CASES[code].get("field")]
    assert {finding.code for finding in found if finding.is_error} <= {code}
    for finding in found:
        said = say(finding)
        assert all(said)
        assert "{" not in said.message


@pytest.mark.parametrize(
    "code", sorted(code for code, case in CASES.items() if "right" in case or "right_sheet" in case)
)
def test_what_is_right_is_not_found_at_fault(code, tmp_path):
    found = findings_of(CASES[code], "right", tmp_path)
    assert code not in {finding.code for finding in found}
    assert not [finding for finding in found if finding.is_error]


def test_every_code_of_these_families_has_a_case():
    assert {code for code in CATALOGUE if code[0] in FAMILIES} == set(CASES)


def test_a_case_without_a_right_side_is_one_that_can_have_none():
    assert {code for code, case in CASES.items() if "right" not in case and "right_sheet" not in case} == {"S01", "S18"}


def test_every_code_that_is_used_is_in_the_catalogue_and_every_entry_is_used():
    texts = [path.read_text("utf-8") for path in SOURCE.rglob("*.py") if path.name != "messages.py"]
    texts += [path.read_text("utf-8") for path in RULES.rglob("*.yaml")]
    used = {code for text in texts for code in re.findall(r"""(?:"|代码: )([DFPRSTVX]\d\d)\b""", text)}
    assert used - {"R90"} == set(CATALOGUE) - {"R90"}


def test_every_entry_says_what_is_wrong_what_is_right_and_what_to_do():
    for code, entry in CATALOGUE.items():
        assert entry.code == code
        assert all((entry.title, entry.sentence, entry.advice, entry.wrong, entry.right)), code
        assert entry.wrong != entry.right or code in {"F11", "R90"}


DESCRIBED = {"V01", "V10", "V18", "V25", "V26"}
"""Their examples are described in the catalogue, not written out."""
CELLS = (
    {code for code, case in CASES.items() if code[0] == "V" and isinstance(case["wrong"], dict)} - DESCRIBED - {"V16"}
)


@pytest.mark.parametrize("code", sorted(CELLS))
def test_the_catalogue_s_own_examples_of_a_cell_are_true(code, tmp_path):
    entry, field = CATALOGUE[code], CASES[code]["field"]
    case = CASES[code] | {"wrong": {field: entry.wrong}, "right": {field: entry.right}}
    assert code in {finding.code for finding in findings_of(case, "wrong", tmp_path)}
    assert code not in {finding.code for finding in findings_of(case, "right", tmp_path)}


# Against the last return


def last_week(before, now, form="f1"):
    case = {"form": form, "last": before, "wrong": now}
    return [(f.code, f.severity) for f in findings_of(case, "wrong", Path()) if f.code[0] == "P"]


def test_m26_a_reason_in_the_remarks_makes_a_lower_cumulative_figure_a_warning():
    assert last_week({"本年累计完成投资": 900}, {"本年累计完成投资": 800}, "f4") == [("P06", Severity.ERROR)]
    reasoned = {"本年累计完成投资": 800, "备注": "审计核减"}
    assert last_week({"本年累计完成投资": 900}, reasoned, "f4") == [("P06", Severity.WARNING)]


@pytest.mark.parametrize(
    ("now", "found"), [(5.2, True), (520000000, True), (3.1, True), (520, False), (52000, False), (60000, False)]
)
def test_m08_only_a_jump_of_about_ten_thousand_casts_doubt_on_the_unit(now, found):
    codes = last_week({"总投资": 52000, "年度计划投资": 1}, {"总投资": now, "年度计划投资": 1, "备注": "变了"})
    assert (("P03", Severity.WARNING) in codes) is found


def test_m27_not_needed_after_done_is_a_step_back_too_and_an_unreadable_status_is_not():
    step = {"立项.办理进展": "不需办理", "立项.办结时间": None, "备注": "重新核定"}
    assert last_week({}, step) == [("P01", Severity.WARNING)]
    assert last_week({}, {"立项.办理进展": "乱写"}) == []


def test_m29_a_drifted_name_is_suggested_and_the_project_is_not_called_gone_when_its_code_stands():
    assert last_week({"项目名称": "供水站二期"}, {"项目名称": "供水站（二期）扩建"}) == [("P05", Severity.WARNING)]
    for before, now, same in (
        ("标准化厂房建设项目一期", "标准化厂房建设项目1期", True),
        ("标准化厂房建设项目一期", "标准化厂房建设项目二期", False),
        ("县城第二小学教学楼扩建工程", "县城第三小学教学楼扩建工程", False),
    ):
        told = last_week({"项目名称": before, "项目代码": None}, {"项目名称": now, "项目代码": None})
        assert (("P05", Severity.WARNING) in told) is same
    drifted = last_week({"项目名称": "供水站二期", "项目代码": None}, {"项目名称": "供水站（二期)", "项目代码": None})
    assert drifted == [("P02", Severity.WARNING), ("P05", Severity.WARNING)]


def test_m47_only_the_order_changed_is_nothing_changed():
    rows = [project(1), project(2, 备注="乙")]
    before, now = f1(*rows), f1(*rows[::-1])
    county = counties()["guxian"]
    part, last = examine_sheets(now).parts[0], examine_sheets(before).parts[0]
    found = check(AGAINST_LAST, Examined(county.forms[part.form], part, DAY, last.rows, "2022-12-02"))
    assert [finding.code for finding in found] == ["P04"]


def test_a_finding_s_words_are_short_enough_to_read():
    long = Finding("V21", Severity.WARNING, "表", "E6", "责任单位", "长" * 200)
    assert len(say(long).message) < 260
