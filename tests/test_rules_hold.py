"""Rule files that read well and would go wrong later: each is told before, with the place and what should stand there."""

import shutil

import pytest
from building import DAY, RULES, f1, project
from building import examined as examine_sheets

from xmreport.checks import ALONE, check
from xmreport.checks.returns import Return
from xmreport.messages import CATALOGUE, say, words_of
from xmreport.model.findings import Finding, Severity
from xmreport.rulebook.form import RULE_WORDS
from xmreport.rulebook.loading.folder import load_rulebook
from xmreport.rulebook.loading.resolve import SHARED_CODES

FORM = "forms/前期手续办理情况表.yaml"
REGISTER = "forms/省市重点项目目标任务表.yaml"
USE = "    出处: 四（三）、五\n"
"""Behind what 古县 adds to 前期手续办理情况表."""


@pytest.fixture
def told(tmp_path):
    """What is said of 古县's rules and the shared forms after words of one file were replaced: one fault, as a line."""

    def told(old, new, file="guxian.yaml"):
        folder = ours(tmp_path)
        change(folder, old, new, file)
        [fault] = load_rulebook(folder).all_faults
        assert fault.file == f"rules/{file}"
        return str(fault)

    return told


def ours(tmp_path):
    """古县's rules and the shared forms, in a folder of their own."""
    folder = tmp_path / "rules"
    if not folder.exists():
        (folder / "forms").mkdir(parents=True)
        shutil.copy(RULES / "guxian.yaml", folder)
        for path in (RULES / "forms").glob("*.yaml"):
            shutil.copy(path, folder / "forms")
    return folder


def change(folder, old, new, file="guxian.yaml"):
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), "utf-8")


# Codes


@pytest.mark.parametrize("code", ["V11", "R01", "S11"])
def test_a_county_s_own_check_has_the_common_code(told, code):
    rule = f"    核验: [{{代码: {code}, 应: 总投资 ≥ 500, 标在: 总投资, 提示: 总投资须在500万元以上。}}]\n"
    assert f"写的是“{code}”；应为R90：县里自己的核验一律用它" in told(USE, rule + USE)


def test_a_check_with_the_common_code_brings_its_words(told):
    said = told(USE, "    核验: [{代码: R90, 应: 总投资 ≥ 500, 标在: 总投资}]\n" + USE)
    assert "核验 › 第1项 › 提示：这里缺少“提示”这一项" in said


@pytest.mark.parametrize("code", ["V11", "R09", "P01", "F01"])
def test_a_form_s_check_has_a_code_whose_sentence_a_check_can_say(told, code):
    assert f"写的是“{code}”；应为核验能用的问题代码" in told("{代码: R01,", f"{{代码: {code},", FORM)


def test_a_form_s_check_with_the_common_code_brings_its_words_too(told):
    assert "这里缺少“提示”" in told("{代码: R01,", "{代码: R90,", FORM)


def test_every_check_says_what_its_code_may_ask_for():
    """Held against a finding that the row rules really made."""
    part = examine_sheets(f1(project(1, 年度计划投资=99999999))).parts[0]
    county = load_rulebook(RULES).county("guxian")
    [finding] = [each for each in check(ALONE, Return(county.forms[part.form], part, DAY)) if each.code == "R01"]
    assert RULE_WORDS == {"字段", "值", *finding.words}
    assert {code for code in SHARED_CODES if code[0] == "R"} == {f"R0{n}" for n in range(1, 9)} | {"R90"}


@pytest.mark.parametrize("code", sorted(code for code in CATALOGUE if words_of(code)))
def test_a_finding_on_record_can_be_said_whatever_words_it_lacks(code):
    assert "{" not in say(Finding(code, Severity.ERROR)).message
