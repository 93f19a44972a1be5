"""The docs hold: their commands run, their links resolve, their tables name all there is and nothing else.

docs/问题代码.md is rendered here. To renew it: XMREPORT_RENEW_DOCS=1 python -m pytest tests/test_docs.py
"""

import ast
import enum
import os
import re
import runpy
import subprocess
import sys
import typing
from pathlib import Path
from string import Formatter

import openpyxl
import pytest
from pydantic import TypeAdapter

from xmreport.cli import COMMANDS
from xmreport.messages import CATALOGUE
from xmreport.model.findings import Severity
from xmreport.printing import print_entry
from xmreport.rulebook.calendar import YearPlan
from xmreport.rulebook.conditions.evaluation import ConditionError, parse, parse_expression
from xmreport.rulebook.county import BulletinRules, CountyFile, Exemption, OfficeFile, TaskRules
from xmreport.rulebook.docket import DocketRules, Entering, Stage, WorkedOut
from xmreport.rulebook.figures import IndicatorRules, Lights, Milestone, OtherReading, TargetRules
from xmreport.rulebook.files.source import load
from xmreport.rulebook.form import (
    Against,
    Column,
    FormFile,
    FormUse,
    GroupSlot,
    Procedures,
    Regress,
    RowRule,
    Totals,
)
from xmreport.rulebook.listing import Absent, ListRules, UpwardRules, UpwardSheet
from xmreport.rulebook.loading.folder import load_rulebook
from xmreport.rulebook.roster import Unit
from xmreport.workspace import create_workspace

ROOT = Path(__file__).parents[1]
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
MANUAL, RULES, CODES = (ROOT / "docs" / f"{name}.md" for name in ("使用手册", "规则参考", "问题代码"))
PAGES = [ENGLISH, CHINESE, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\S*)[ \t]*(.*?)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _text(page):
    return page.read_text("utf-8")


def _fences(page, language, about=""):
    return [body for kind, told, body in FENCE.findall(_text(page)) if (kind, told.strip()) == (language, about)]


# ---- links and pictures


def _targets():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", _text(page))):
            if not re.match(r"[a-z]+:", target):
                yield pytest.param(page, target, id=f"{page.name}-{target}")


@pytest.mark.parametrize(("page", "target"), list(_targets()))
def test_every_link_and_picture_is_there(page, target):
    assert (page.parent / target.partition("#")[0]).exists()


def test_every_decision_stands_in_the_index():
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\((\d{4}-[^)]+\.md)\)", _text(folder / "README.md"))
    assert listed == sorted(path.name for path in folder.glob("0*.md"))


# ---- commands


def _commands(page):
    """The lines of a page's `sh` blocks, in order."""
    return [line for block in _fences(page, "sh") for line in block.splitlines() if line.strip()]


def test_both_readmes_show_the_same_commands():
    assert _commands(ENGLISH) == _commands(CHINESE)
    assert _fences(ENGLISH, "text") == _fences(CHINESE, "text")


def test_the_two_commands_are_those_of_do_py(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["do.py"])
    assert runpy.run_path(str(ROOT / "do.py"))["main"]() == 2
    usage = capsys.readouterr().err
    shown = _fences(ENGLISH, "text")[0].splitlines()
    assert shown == ["python do.py demo", "python do.py test"]
    assert all(command in usage for command in shown)


def test_the_manual_lists_every_command_and_no_option_that_does_not_exist():
    known = {name: {each.name for each in command.arguments} for name, command in COMMANDS.commands.items()}
    listed = _text(MANUAL).partition("## 十四、")[2]
    rows = re.findall(r"^\| `xmreport ([^`]+)` \| (.*) \|$", listed, re.MULTILINE)
    named = {}
    for usage, told in rows:
        name = next(name for name in sorted(known, key=len, reverse=True) if f"{usage} ".startswith(f"{name} "))
        named[name] = set(re.findall(r"--[a-z-]+", usage + told))
    assert named.keys() == known.keys()
    assert all(options <= known[name] for name, options in named.items())


def _asked(line):
    """A documented command as it can be run here: at a given time, and never without end."""
    words = line.split()[1:]
    if words[0] in {"blanks", "run"}:
        words += ["--now", "2022-12-09T10:00"]
    return [*words, "--help"] if words[0] in {"watch", "demo"} else words


def test_every_command_in_the_docs_runs(tmp_path):
    lines = list(dict.fromkeys([*_commands(ENGLISH), *_commands(MANUAL)]))
    assert lines[0].startswith("xmreport init")
    where = tmp_path
    for line in lines:
        if line.startswith("cd "):
            where = where / line.removeprefix("cd ")
            continue
        words = _asked(line)
        for name in (word for word in words if word.endswith(".xlsx")):
            openpyxl.Workbook().save(where / name)
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-m", "xmreport", *words],
            cwd=where,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        # The workbook checked here is an empty one, and told so; of a unit that sent nothing, nothing is proved.
        assert done.returncode == {"check": 1, "prove": 2}.get(words[0], 0), f"{line}\n{done.stdout}{done.stderr}"
        if words[0] == "init":  # the pages speak of 古县: the years of other counties would only be printed empty
            for path in (where / words[1] / "rules").glob("*.yaml"):
                if path.stem not in {"guxian", "huozhou"}:
                    path.unlink()


# ---- finding codes

WARNINGS = frozenset(
    re.findall(
        r"\w+",
        "F08 S03 S06 S07 S08 S12 S13 S14 S15 S16 S17 S19 S20 S21 S22 S23 S24 S25 V03 V08 V09 V12 V14 V16 V17 V18 V19 "
        "V20 V21 V22 V24 V28 T01 T02 T03 R10 P01 P02 P03 P04 P05 X01 D01",
    )
)
QUARANTINED = frozenset(["F03", "F05", "F06", "F07", "F09", "F10", "F11", "S01", "S02", "S18"])
SPECIAL = {
    "R90": "按规则",
    "P06": "错误（退回）；备注有理由的为提醒",
    "S09": "错误（退回）；自查时为提醒",
    "D01": "提醒（重复，不再采用）",
}
FAMILIES = {
    "F": "F 文件：整个文件",
    "S": "S 认表：哪张表、哪个单位、哪一期",
    "V": "V 单元格：一个格子里的内容",
    "T": "T 合计：单位自己写的合计",
    "R": "R 一行之内",
    "P": "P 与上期相比",
    "X": "X 单位之间",
    "D": "D 重复报送",
}
INTRODUCTION = """# 问题代码

每个问题有一个代码，退回的表、屏幕上、`xmreport explain 代码` 里用的是同一个。

- **错误（退回）**：这份表退回，改好再报。**错误（隔离）**：读不了或认不出，留下待查。
- **提醒**：照收，请核对。
- 〔 〕里的字，实际显示时换成那一格的内容。
- 代码不改作他用；没有的号是空着的。

这一页由程序里的说明生成，不要手改。
"""


def _rule_levels():
    """Code → level, of the checks that the shipped rule files hold."""
    book = load_rulebook(ROOT / "rules")
    checks = [check for county in book.counties.values() for form in county.forms.values() for check in form.checks]
    return {check.rule.code: check.rule.severity for check in checks}


def _level(code, rules):
    plain = SPECIAL.get(code) or rules.get(code) or ("提醒" if code in WARNINGS else "错误")
    return plain if plain != "错误" else "错误（隔离）" if code in QUARANTINED else "错误（退回）"


def _blank(text):
    names = {name for _, name, _, _ in Formatter().parse(text) if name}
    return text.format(**{name: f"〔{name}〕" for name in names})


def _page_of_codes():
    rules = _rule_levels()
    parts = [INTRODUCTION]
    for letter, title in FAMILIES.items():
        parts.append(
            f"\n## {title}\n\n| 代码 | 名称 | 级别 | 意思 | 怎么办 | 错的 → 对的 |\n|---|---|---|---|---|---|\n"
        )
        for entry in CATALOGUE.values():
            if entry.code.startswith(letter):
                cells = (
                    entry.code,
                    entry.title,
                    _level(entry.code, rules),
                    _blank(entry.sentence),
                    _blank(entry.advice),
                    f"{entry.wrong} → {entry.right}",
                )
                parts.append(f"| {' | '.join(cell.replace('|', '｜') for cell in cells)} |\n")
    return "".join(parts)


def test_the_page_of_codes_is_exactly_the_catalogue():
    assert {code[0] for code in CATALOGUE} == set(FAMILIES)
    if os.environ.get("XMREPORT_RENEW_DOCS"):
        CODES.write_text(_page_of_codes(), "utf-8", newline="\n")
    assert _text(CODES) == _page_of_codes(), "renew it: XMREPORT_RENEW_DOCS=1 python -m pytest tests/test_docs.py"


def _levels_in(tree):
    """Code → levels, where a call names both."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        code = next((arg.value for arg in call.args if isinstance(arg, ast.Constant) and arg.value in CATALOGUE), None)
        levels = [arg.attr for arg in call.args if isinstance(arg, ast.Attribute) and hasattr(Severity, arg.attr)]
        if code and isinstance(call.func, ast.Name) and call.func.id in {"error", "warning"}:
            levels.append(call.func.id.upper())
        for level in levels:
            yield code, level


def test_the_page_gives_each_code_the_level_the_program_gives_it():
    told = {
        (code, level)
        for path in (ROOT / "xmreport").rglob("*.py")
        for code, level in _levels_in(ast.parse(_text(path)))
        if code and code not in SPECIAL
    }
    assert len(told) > 40
    assert told == {(code, "WARNING" if code in WARNINGS else "ERROR") for code, _ in told}
    assert not WARNINGS & QUARANTINED


@pytest.mark.parametrize("code", list(CATALOGUE))
def test_explain_knows_every_code(code, capsys):
    assert print_entry(code)
    said = capsys.readouterr().out
    assert CATALOGUE[code].title in said
    assert "{" not in said


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_code_that_a_page_names_exists(page):
    named = set(re.findall(r"(?<![A-Za-z0-9])[FSVTRPXD]\d{2}(?![A-Za-z0-9])", _text(page)))
    assert named <= CATALOGUE.keys()


# ---- the rules reference

SECTIONS = {
    "县区文件的各项": CountyFile,
    "单位": Unit,
    "任务": TaskRules,
    "报表（本县怎样用）": FormUse,
    "指标": IndicatorRules,
    "另一口径": OtherReading,
    "目标": TargetRules,
    "节点": Milestone,
    "亮灯": Lights,
    "清单": ListRules,
    "未见于": Absent,
    "台账": DocketRules,
    "入账": Entering,
    "推算": WorkedOut,
    "升级": Stage,
    "通报": BulletinRules,
    "上报": UpwardRules,
    "上报的表": UpwardSheet,
    "豁免": Exemption,
    "报表定义的各项": FormFile,
    "列": Column,
    "手续的位置": GroupSlot,
    "手续": Procedures,
    "核验": RowRule,
    "比对上期": Against,
    "倒退": Regress,
    "汇总": Totals,
    "四、office.yaml": OfficeFile,
    "五、节假日.yaml": YearPlan,
}


def _section(title):
    return re.split(r"^#{2,3} ", _text(RULES).partition(f" {title}\n")[2], flags=re.MULTILINE)[0]


def _documented(title):
    """Key → what the last-but-one column of the section's table says of its default."""
    rows = re.findall(r"^\| `([^`]+)` \|.*\| ([^|]*) \|[^|]*\|$", _section(title), re.MULTILINE)
    return {key: default.strip().strip("`") for key, default in rows}


def _default(info):
    value = None if info.is_required() else info.get_default(call_default_factory=True)
    if info.is_required():
        return "必写"
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value) if isinstance(value, int | str) and value != "" else "—"


@pytest.mark.parametrize(("title", "model"), list(SECTIONS.items()), ids=list(SECTIONS))
def test_the_rules_reference_names_every_key_with_its_default(title, model):
    assert _documented(title) == {info.alias: _default(info) for info in model.model_fields.values()}


def _choices(annotation):
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return [member.value for member in annotation]
    if typing.get_origin(annotation) is typing.Literal:
        return list(typing.get_args(annotation))
    return [choice for inner in typing.get_args(annotation) for choice in _choices(inner)]


@pytest.mark.parametrize(("title", "model"), list(SECTIONS.items()), ids=list(SECTIONS))
def test_the_rules_reference_names_every_choice(title, model):
    section = _section(title)
    for info in model.model_fields.values():
        assert [choice for choice in _choices(info.annotation) if f"`{choice}`" not in section] == []


def test_the_samples_in_the_rules_reference_are_valid(tmp_path):
    checked = set()
    for number, block in enumerate(_fences(RULES, "yaml")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block, "utf-8")
        source = load(path)
        assert not source.faults
        if "收件文件夹" in source.data:
            checked.add(OfficeFile.model_validate(source.data).inbox)
            continue
        for key, value in source.data.items():
            info = next((info for info in CountyFile.model_fields.values() if info.alias == key), None)
            assert TypeAdapter(info.annotation if info else YearPlan).validate_python(value)
            checked.add(key)
    assert checked >= {"单位", "报表", "目标", "2027"}


def test_the_conditions_in_the_rules_reference_are_conditions():
    form = load_rulebook(ROOT / "rules").counties["guxian"].forms["前期手续办理情况表"]
    types, choices = form.types("手续"), form.choices("手续")
    section = _section("六、条件怎么写")
    shown = [text for text in re.findall(r"^\| `([^`]+)`", section, re.MULTILINE) if text.split()[0] in types]
    assert len(shown) >= 12
    for text in shown:
        if "+" in text:
            assert parse_expression(text, types).names
        else:
            assert parse(text, types, choices).names
    for refused in ("0 < 总投资 < 100", "办理进展 = 办完"):
        assert refused in section
        with pytest.raises(ConditionError):
            parse(refused, types, choices)


# ---- the examples of changed rules


def _examples():
    before, after = _fences(MANUAL, "yaml", "原"), _fences(MANUAL, "yaml", "改")
    assert len(before) == len(after) >= 4
    return list(zip(before, after, strict=True))


@pytest.mark.parametrize(("before", "after"), _examples(), ids=lambda text: text.split(":")[0].strip(" -"))
def test_every_example_of_a_changed_rule_holds(tmp_path, before, after):
    workspace = create_workspace(tmp_path / "w")
    path = workspace.home / "rules" / "guxian.yaml"
    text = _text(path)
    assert text.count(before.rstrip("\n")) == 1
    path.write_text(text.replace(before.rstrip("\n"), after.rstrip("\n")), "utf-8")
    book = load_rulebook(workspace.home / "rules")
    assert not book.all_faults
    assert book.counties["guxian"].file != load_rulebook(ROOT / "rules").counties["guxian"].file


SPOILT = {
    "写的是“县区：古县”；冒号是全角的，应改为半角冒号加一个空格": ("县区: 古县", "县区：古县"),
    "写的是“县区:古县”；半角冒号后面应有一个空格": ("县区: 古县", "县区:古县"),
    "方括号里各项之间要用半角逗号": ("[部门, 乡镇]", "[部门，乡镇]"),
    "缩进里有制表符（Tab）或全角空格": ("    报表: 联络人名单", "\t报表: 联络人名单"),
    "这一行的缩进与上文对不齐": ("    出处: 六（五）\n  情况摸底", "   出处: 六（五）\n  情况摸底"),
    "没有这一项；是不是“应报单位”？": ("应报单位:", "应报单:"),
    "这里缺少“出处”这一项": ("    出处: 六（五）\n  情况摸底", "  情况摸底"),
    "第53行的“报送至”与第52行重复，只能留一个": (
        "    报送至: 县发改局\n",
        "    报送至: 县发改局\n    报送至: 县发改局\n",
    ),
    "应为“单位”里的类别或单位名称": ("[部门, 乡镇]", "[部门, 乡镇, 县林业局]"),
    "条件有误：没有“是否开工”这一栏，是不是“是否开复工”？": ("条件: 是否开复工 = 是", "条件: 是否开工 = 是"),
    "应为带单位的数，如 70%、40个、260亿元": ("达到: 70%", "达到: 70"),
    "2027年节假日安排未公布": ("2022-12-07 至 2023-02-20", "2027-12-07 至 2028-02-20"),
    "写的是“星期五下午五点”；应为时限": ("时限: 每周五 17:00", "时限: 星期五下午五点"),
}


@pytest.mark.parametrize(("said", "slip"), list(SPOILT.items()), ids=list(SPOILT))
def test_what_the_manual_reads_aloud_is_what_rules_check_says(tmp_path, said, slip):
    assert said.rpartition("”；")[2] in _text(MANUAL)
    rules = create_workspace(tmp_path / "w").home / "rules"
    text = _text(rules / "guxian.yaml")
    assert slip[0] in text
    (rules / "guxian.yaml").write_text(text.replace(*slip, 1), "utf-8")
    assert said in "\n".join(map(str, load_rulebook(rules).all_faults))
