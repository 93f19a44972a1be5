"""Rule files that read well and would go wrong later: each slip is told, with its place and what should stand there."""

import datetime as dt
import shutil

import pytest
from building import DAY, RULES, f1, project
from building import examined as examine_sheets

from xmreport.checks import ALONE, check
from xmreport.checks.returns import Examined
from xmreport.messages import CATALOGUE, say, words_of
from xmreport.model.findings import Finding, Severity
from xmreport.rulebook.calendar import CalendarUnknown
from xmreport.rulebook.form import RULE_WORDS
from xmreport.rulebook.loading.crosscheck import Crosscheck
from xmreport.rulebook.loading.folder import load_rulebook
from xmreport.rulebook.loading.kept import read_rulebook
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
    [finding] = [each for each in check(ALONE, Examined(county.forms[part.form], part, DAY)) if each.code == "R01"]
    assert {"字段", "值", *finding.words} == RULE_WORDS
    assert {code for code in SHARED_CODES if code[0] == "R"} == {f"R0{n}" for n in range(1, 9)} | {"R90"}


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("应: 报告日 ≤ 2022-11-30", ["R90", "R90"]),
        ("应: 报告日 > 2022-11-30", []),
        ("当: 总投资 > 0, 应: 报告日 ≤ 2022-11-30", ["R90", "R90"]),
        ("当: 报告日 ≤ 2022-11-30, 应: 总投资 < 0", []),
    ],
)
def test_a_check_may_speak_of_the_day_alone(tmp_path, rule, broken):
    folder = ours(tmp_path)
    change(folder, USE, f"    核验: [{{代码: R90, {rule}, 标在: 总投资, 提示: 无。}}]\n{USE}")
    county = load_rulebook(folder).county("guxian")
    [part] = examine_sheets(f1(project(1), project(2))).parts
    found = check(ALONE, Examined(county.forms[part.form], part, DAY))
    assert [each.code for each in found if each.code == "R90"] == broken


@pytest.mark.parametrize("code", sorted(code for code in CATALOGUE if words_of(code)))
def test_a_finding_on_record_can_be_said_whatever_words_it_lacks(code):
    assert "{" not in say(Finding(code, Severity.ERROR)).message


# Forms

MONTHLY, CONTACTS = "forms/省市重点项目月调度表.yaml", "forms/联络人名单.yaml"
DEFINITIONS = {
    "a slot without its group": (
        CONTACTS,
        "  - {名称: 手机,",
        "  - {组: 手续}\n  - {名称: 手机,",
        "还要写“手续”这一项",
    ),
    "a group without its slot": (FORM, "  - {组: 手续}\n", "", "还要有一项“{组: 手续}”"),
    "a second slot": (FORM, "  - {组: 手续}\n", "  - {组: 手续}\n  - {组: 手续}\n", "只能写一处"),
    "the column of names": (CONTACTS, "名称列: 联络人", "名称列: 联络员名", "是不是“联络人”"),
    "a key": (FORM, "主键: [项目代码]", "主键: [项目编码]", "主键 › 第1项：写的是“项目编码”"),
    "a key that is never read": (FORM, "主键: [项目代码]", "主键: [序号]", "写的是“序号”；应为这张报表里的列"),
    "a spare key": (FORM, "备用主键: [项目名称, 项目单位]", "备用主键: [项目名称, 建设单位]", "备用主键 › 第2项"),
    "a sum of no column": (FORM, "求和: [总投资,", "求和: [总投资额,", "是不是“总投资”"),
    "a sum of no figure": (FORM, "求和: [总投资,", "求和: [建设性质,", "应为这张报表里的金额列或数列"),
    "what adds up": (MONTHLY, "{1至本月累计完成投资: 本月", "{1至本月累计投资: 本月", "是不是“1至本月累计完成投资”"),
    "what it is made of": (MONTHLY, "投资: 本月完成投资}", "投资: 本月投资}", "写的是“本月投资”"),
    "what may not go back": (FORM, "倒退: {列: 办理进展,", "倒退: {列: 进展,", "比对上期 › 倒退 › 列"),
    "the value it may not leave": (FORM, "值: 已办结}", "值: 已办完}", "是不是“已办结”"),
    "choices that are not there": (FORM, "选项: 建设性质,", "选项: 建设性制,", "是不是“建设性质”"),
    "a choice without choices": (FORM, "类型: 选项, 选项: 层级}", "类型: 选项}", "这里缺少“选项”这一项"),
    "a sub-column's choices": (FORM, "选项: 办理进展, 必填", "选项: 办理进度, 必填", "手续 › 子列 › 第2项 › 选项"),
    "a column twice": (
        CONTACTS,
        "{名称: 手机, 类型: 电话, 别名: [手机号",
        "{名称: 电话, 类型: 电话, 别名: [手机号",
        "“电话”（第15行）已经用了它",
    ),
    "an alias of two columns": (CONTACTS, "别名: [手机号,", "别名: [办公电话,", "“电话”（第15行）已经用了它"),
    "an alias of two procedures": (FORM, "水保: [水土保持]", "水保: [土地]", "别的手续没有用过的名称：“用地”"),
    "a way of writing two values": (FORM, "否: [×, ✗,", "否: [×, √,", "选项 › 是否 › 否：写的是“√”"),
}


@pytest.mark.parametrize("slip", sorted(DEFINITIONS))
def test_a_form_is_held_against_itself(told, slip):
    file, old, new, hint = DEFINITIONS[slip]
    assert hint in told(old, new, file)


def test_an_alias_that_is_another_column_s_own_name_harms_nobody(tmp_path):
    """The column of that name goes before it, wherever the two stand."""
    folder = ours(tmp_path)
    change(folder, "别名: [职务职称]", "别名: [职务职称, 备注]", CONTACTS)
    assert load_rulebook(folder).all_faults == ()


def test_two_tasks_whose_folders_are_one_on_windows_are_told_apart_by_name(told):
    task = (
        "  {}: {{文档: {}, 时限: 按需, 起止: 2022-12-01 至 2022-12-31, 应报单位: [部门], 报送至: 县发改局, 出处: 一}}\n"
    )
    two = task.format("PPP", "甲") + task.format("ppp", "乙")
    said = told("  联络人报送:\n", f"{two}  联络人报送:\n")
    assert "在 Windows 上与“PPP”是同一个文件夹" in said


def test_choices_that_counties_name_need_not_stand_in_the_form(tmp_path):
    folder = ours(tmp_path)
    change(folder, "      所属领域: [农林水利,", "      所属领域: [农林水利, 其他,")
    assert load_rulebook(folder).all_faults == ()


def test_what_a_county_adds_to_choices_means_one_thing_too(told):
    said = told("        县: [古县, 古县级]", "        县: [古县, 临汾]")
    assert "选项 › 层级 › 县：写的是“临汾”" in said
    assert "既是“市”，又是“县”" in said


def test_a_county_lists_a_procedure_once(told):
    assert "手续 › 第6项：写的是“立项”；应为每项手续只写一次" in told("环评, 能评]       #", "环评, 能评, 立项]  #")


def test_a_copy_of_a_form_does_not_take_its_place(tmp_path):
    folder = ours(tmp_path)
    shutil.copy(folder / FORM, folder / "forms" / "前期手续办理情况表 - 副本.yaml")
    change(folder, "标题里出现这些字", "旧的", "forms/前期手续办理情况表 - 副本.yaml")
    book = load_rulebook(folder)
    [fault] = book.all_faults
    assert "前期手续办理情况表.yaml 写的也是它" in str(fault)
    assert set(book.counties) == {"guxian"}


# A fault of ours


def test_a_county_that_the_program_stumbles_over_does_not_stop_the_others(tmp_path, monkeypatch, caplog):
    folder = ours(tmp_path)
    shutil.copy(RULES / "huozhou.yaml", folder)

    def stumble(self):
        if self.file.county == "古县":
            raise RuntimeError("没有料到")

    monkeypatch.setattr(Crosscheck, "targets", stumble)
    book = load_rulebook(folder)
    assert set(book.counties) == {"huozhou"}
    [fault] = book.faults["guxian"]
    assert "程序自身出错" in str(fault)
    assert "没有料到" in str(fault)
    assert caplog.records[0].exc_info


# Deadlines


@pytest.mark.parametrize("due", ["2021-12-06", "2022-12-06后3个工作日"])
def test_a_single_deadline_lies_in_its_window(told, due):
    said = told("时限: 2022-12-06\n", f"时限: {due}\n")
    assert f"任务 › 情况摸底 › 时限：写的是“{due}”；应为起止（2022-12-01 至 2022-12-06）之内的一天" in said


# Holidays


HOLIDAYS = {
    "no holiday at all": ("放假: []", "放假：写的是“[]”；应为这一年放假的各个日期"),
    "a day of another year": ("放假: [2022-12-31, 2023-01-01]", "应为2023年的日期"),
    "a worked day of another year": ("放假: [2023-01-01]\n  调休上班: [2024-01-01]", "应为2023年的日期"),
    "off and worked": ("放假: [2023-01-01]\n  调休上班: [2023-01-01]", "一天不能又放假又上班"),
    "no day": ("放假: [元旦]", "写的是“元旦”；应为日期"),
}


@pytest.mark.parametrize("slip", sorted(HOLIDAYS))
def test_a_year_with_a_fault_is_not_known_rather_than_taken_from_elsewhere(tmp_path, slip):
    plan, hint = HOLIDAYS[slip]
    folder = ours(tmp_path)
    (folder / "节假日.yaml").write_text(f"2023:\n  {plan}\n", "utf-8")
    book = load_rulebook(folder)
    assert hint in str(book.faults["节假日"][0])
    assert "guxian" not in book.counties
    assert all("起止" in fault.path and "rules/节假日.yaml 有错" in str(fault) for fault in book.faults["guxian"])


def test_a_fault_in_a_year_that_no_county_needs_stops_none(tmp_path):
    folder = ours(tmp_path)
    (folder / "节假日.yaml").write_text("2027:\n  放假: []\n", "utf-8")
    book = load_rulebook(folder)
    assert set(book.faults) == {"节假日"}
    with pytest.raises(CalendarUnknown, match="有错"):
        book.counties["guxian"].calendar.is_workday(dt.date(2027, 1, 4))


@pytest.mark.parametrize(
    "text", ["- 2023-01-01\n", "2023\n", "2023: {放假: [2023-01-01\n", "二三年:\n  放假: [2023-01-01]\n"]
)
def test_where_it_cannot_be_told_which_years_are_meant_none_is_known(tmp_path, text):
    folder = ours(tmp_path)
    (folder / "节假日.yaml").write_text(text, "utf-8")
    book = load_rulebook(folder)
    assert book.faults["节假日"]
    assert not book.counties


# Files


@pytest.mark.parametrize("name", ["qinyuan.yaml.txt", "qinyuan.yml", "qinyuan.YAML", "qinyuan.Yml.TXT"])
def test_rules_under_another_extension_are_told_of_and_hold_up_nobody(tmp_path, name):
    folder = ours(tmp_path)
    shutil.copy(folder / "guxian.yaml", folder / name)
    book = load_rulebook(folder)
    [fault] = book.faults["qinyuan"]
    assert str(fault).startswith(f"rules/{name} ")
    assert "文件名应为 qinyuan.yaml" in str(fault)
    assert set(book.counties) == {"guxian"}


def test_a_backup_under_another_extension_breaks_nothing(tmp_path):
    folder = ours(tmp_path)
    shutil.copy(folder / "guxian.yaml", folder / "guxian.yml")
    shutil.copy(folder / FORM, folder / f"{FORM}.txt")
    book = load_rulebook(folder)
    assert set(book.counties) == {"guxian"}
    assert set(book.faults) == {"guxian.yml", "forms"}


def test_a_form_under_another_extension_breaks_those_that_use_it(tmp_path):
    folder = ours(tmp_path)
    (folder / FORM).rename(folder / f"{FORM}.txt")
    book = load_rulebook(folder)
    [fault] = book.all_faults
    assert fault.file == f"rules/{FORM}.txt"
    assert not book.counties


def test_kept_rules_do_not_hide_a_file_under_another_extension(tmp_path):
    folder = ours(tmp_path)
    assert not read_rulebook(folder, tmp_path / "cache").faults
    assert (tmp_path / "cache").exists()
    (folder / "qinyuan.yml").write_text("县区: 沁源县\n", "utf-8")
    assert set(read_rulebook(folder, tmp_path / "cache").faults) == {"qinyuan"}


# Names of files and folders


UNSAFE = [
    "../../外面",
    "甲/乙",
    "甲\\\\乙",
    "周报：一期".replace("：", ":"),
    "周报?",
    "周报.",
    ".周报",
    "CON",
    "nul.周报",
    "COM1",
    "..",
    "甲|乙",
    "<甲>",
]


@pytest.mark.parametrize("name", UNSAFE)
def test_a_task_is_called_what_a_folder_can_be_called(told, name):
    said = told("  活动总结:\n    文档", f'  "{name}":\n    文档')
    assert "任务 › " in said
    assert "应为能作文件名的名称" in said


@pytest.mark.parametrize("name", ["退回", "空白表", "收件证明", "总览.xlsx"])
def test_a_task_does_not_take_a_folder_of_the_engine_s(told, name):
    assert f"“{name}”是程序自己用的" in told("  活动总结:\n    文档", f"  {name}:\n    文档")


NAMES = {
    "a workbook of lists": ("工作簿: 手续分解清单", "工作簿: 手续/清单", "清单 › 第1项 › 工作簿"),
    "what goes up": ("名称: 古县省市级手续及指标上报表", "名称: 上报?", "上报 › 第1项 › 名称"),
    "a docket": ("台账:\n  问题台账:", "台账:\n  问题/台账:", "台账 › 问题/台账"),
    "a unit": ("    - 县民政局", "    - 县民政/局", "单位 › 部门 › 第9项"),
}


@pytest.mark.parametrize("what", sorted(NAMES))
def test_what_names_a_file_or_a_folder_can_do_so(told, what):
    old, new, place = NAMES[what]
    said = told(old, new)
    assert place in said
    assert "应为能作文件名的名称" in said


def test_a_form_s_name_is_a_file_s_too(told):
    assert "应为能作文件名的名称" in told("报表: 现场调研表", "报表: 现场/调研表", "forms/现场调研表.yaml")


DOUBLE = {
    "a list and the bulletin": ("工作簿: 手续分解清单\n    出处", "工作簿: 通报\n    出处", "清单 › 第1项 › 工作簿"),
    "what goes up and the register": ("名称: 古县省市级手续及指标上报表", "名称: 报送情况及迟报名单", "上报 › 第1项"),
    "what goes up and a list": ("名称: 古县省市级手续及指标上报表", "名称: 手续分解清单", "上报 › 第1项 › 名称"),
    "a docket and its form's summary": ("台账:\n  问题台账:", "台账:\n  问题台账汇总表:", "台账 › 问题台账汇总表"),
}


@pytest.mark.parametrize("what", sorted(DOUBLE))
def test_no_two_workbooks_of_a_period_have_one_name(told, what):
    old, new, place = DOUBLE[what]
    said = told(old, new)
    assert place in said
    assert "每期已有一个工作簿叫" in said


def test_names_that_windows_takes_for_one_are_told_with_the_other_s_line(tmp_path):
    folder = ours(tmp_path)
    change(folder, "工作簿: 手续分解清单", "工作簿: A清单")
    change(folder, "工作簿: 手续分解清单", "工作簿: a清单")
    [fault] = load_rulebook(folder).all_faults
    line = (folder / "guxian.yaml").read_text("utf-8").split("工作簿: A清单")[0].count("\n") + 1
    assert f"“a清单”（第{line}行）" in str(fault)


# Small and silent


TARGET = "{指标: 前期手续办结率, 达到: 70%, 力争: 85%,"
SMALL = {
    "a unit's days": ("三合镇政府], 自: 2021-01-01}", "三合镇政府], 自: 2021-01-01, 至: 2020-01-01}", "“自”不晚于“至”"),
    "an exemption's days": (
        "豁免: []",
        "豁免: [{单位: 南垣乡, 任务: 活动总结, 自: 2023-03-01, 至: 2023-02-01, 理由: 无, 批准: 县发改局}]",
        "“自”不晚于“至”",
    ),
    "a region's code": ("区划代码: 141025", "区划代码: 14102", "写的是“14102”；应为六位数字"),
    "a check's code": (
        USE,
        f"    核验: [{{代码: R9, 应: 总投资 ≥ 500, 标在: 总投资, 提示: 无。}}]\n{USE}",
        "应为一个大写字母加两位数字",
    ),
    "a list's due column": ("    期限: 拟办结时限", "    期限: 办理进展", "里的日期列"),
    "a docket's due column": ("    时限: 时限", "    时限: 状态", "应为“问题台账”里不由系统填写的日期列"),
    "procedures counted": (
        "    计数: 项目\n    条件: 是否开复工 = 是\n",
        "    计数: 手续\n    条件: 是否开复工 = 是\n",
        "“省市重点项目目标任务表”没有手续",
    ),
    "procedures divided by": (
        "    条件: 是否开复工 = 是\n    除以: 项目",
        "    条件: 是否开复工 = 是\n    除以: 手续",
        "“省市重点项目目标任务表”没有手续",
    ),
    "striving for less": (TARGET, "{指标: 前期手续办结率, 达到: 70%, 力争: 65%,", "应为不小于“达到”的数（70%）"),
    "a milestone past the end": (
        "{日期: 2022-12-31, 力争: 90%",
        "{日期: 2023-01-31, 力争: 90%",
        "应为不晚于“截止”的日期",
    ),
    "a grouped number in a target": ("达到: 260亿元", "达到: 1,260亿元", "写的是“1,260亿元”；花括号里的逗号"),
    "a number of three groups": ("达到: 260亿元", "达到: 1,000,260亿元", "写的是“1,000,260亿元”；花括号里的逗号"),
    "a grouped number in a condition": (
        USE,
        f"    核验: [{{代码: R90, 应: 总投资 ≥ 1,000, 标在: 总投资, 提示: 无。}}]\n{USE}",
        "写的是“总投资 ≥ 1,000”；花括号里的逗号",
    ),
    "a day that a check does not know": (
        USE,
        f"    核验: [{{代码: R90, 应: 报告日 ≥ 本期初, 标在: 总投资, 提示: 无。}}]\n{USE}",
        "这里不知道“本期初”，能用的日期有：报告日、截止日（第7个字）",
    ),
    "a day that the end of a matter does not know": ("办结: 状态 = 销号", "办结: 截止日 ≥ 本期初", "不知道“本期初”"),
    "a number that is a day": (
        "编号列: 编号",
        "编号列: 时限",
        "编号列：写的是“时限”；应为“问题台账”里不由系统填写的文本列或代码列",
    ),
    "a word that is no choice": ("写: {状态: 发现}", "写: {状态: 胡写}", "“状态”的可选值（发现、交办、"),
    "a word in the place of a day": ("写: {状态: 发现}", "写: {时限: 尽快}", "“时限”是日期列"),
    "a word where the engine writes": ("写: {状态: 发现}", "写: {来源: 周报}", "不由系统填写的列"),
    "a word in the place of a number": ("写: {状态: 发现}", "写: {编号: 甲一}", "不由系统填写的列"),
    "a running number": ("取: {项目: 项目名称,", "取: {序号: 项目名称, 项目: 项目名称,", "不由系统填写的列"),
    "a number where the engine writes": ("编号列: 编号", "编号列: 来源", "里不由系统填写的文本列或代码列"),
    "a due day that the engine writes": ("时限: 时限", "时限: 入账日", "不由系统填写的日期列"),
    "what the engine writes anyway": (
        "取: {项目: 项目名称,",
        "取: {入账日: 项目名称, 项目: 项目名称,",
        "不由系统填写的列",
    ),
    "a mark in a column that no sheet has": (
        USE,
        f"    核验: [{{代码: R90, 应: 总投资 > 0, 标在: 填报单位, 提示: 无。}}]\n{USE}",
        "标在：写的是“填报单位”；应为这张报表里的列",
    ),
}


@pytest.mark.parametrize("slip", sorted(SMALL))
def test_a_small_slip_is_told(told, slip):
    old, new, hint = SMALL[slip]
    assert hint in told(old, new)


@pytest.mark.parametrize("table", ["核验", "清单", "入账"])
def test_a_table_of_procedures_needs_procedures(told, table):
    old, new = {
        "核验": (
            "    附件: 附件2\n",
            "    附件: 附件2\n    核验: [{代码: R90, 表: 手续, 应: 备注 为空, 标在: 备注, 提示: 无。}]\n",
        ),
        "清单": ("    报表: 前期手续办理情况表\n    表: 手续", "    报表: 联络人名单\n    表: 手续"),
        "入账": ("      - {报表: 问题台账}", "      - {报表: 问题台账, 表: 手续}"),
    }[table]
    assert "没有手续" in told(old, new)


def test_full_width_digits_of_a_region_s_code_are_digits(tmp_path):
    folder = ours(tmp_path)
    change(folder, "区划代码: 141025", "区划代码: １４１０２５")
    assert load_rulebook(folder).county("guxian").file.code == "141025"


def test_a_grouped_number_in_quotes_is_read(tmp_path):
    folder = ours(tmp_path)
    change(folder, "达到: 260亿元", '达到: "1,260亿元"')
    assert "1260亿元" in {str(target.firm) for target in load_rulebook(folder).county("guxian").targets}
