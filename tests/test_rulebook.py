"""The rules an office writes: every fault with its place, and the counties' notices held against what is loaded."""

import datetime as dt
import shutil

import pytest
from building import RULES, counties

from xmreport.rulebook.files.faults import RulesBroken
from xmreport.rulebook.loading.folder import load_rulebook
from xmreport.rulebook.loading.schema import SCHEMAS, schema_text, write_schemas

PERMITTED = dt.date(2022, 12, 9)
SHIPPED = {"guxian", "huozhou", "linfen", "linxian", "qinshui", "zhangzi"}


@pytest.fixture
def edited(tmp_path):
    """The shipped rules in a folder of their own, with words of one file replaced: guxian's alone, or all counties'."""

    def edit(*changes, file="guxian.yaml", others=False):
        folder = tmp_path / "rules"
        if not folder.exists():
            left_out = [] if others else [f"{key}.yaml" for key in SHIPPED - {"guxian"}]
            shutil.copytree(RULES, folder, ignore=shutil.ignore_patterns(*left_out))
        path = folder / file
        text = path.read_text("utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        path.write_text(text, "utf-8")
        return folder

    return edit


def line_of(folder, words, file="guxian.yaml"):
    lines = (folder / file).read_text("utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if words in line)


def test_the_shipped_rules_have_no_fault():
    book = load_rulebook(RULES)
    assert (book.all_faults, set(book.counties)) == ((), SHIPPED)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_the_shipped_schemas_are_the_ones_the_models_give(name):
    assert (RULES / "schema" / f"{name}.schema.json").read_text("utf-8") == schema_text(name)


def test_schemas_are_written_as_they_are_shipped(tmp_path):
    for path in write_schemas(tmp_path / "schema"):
        assert path.read_bytes() == (RULES / "schema" / path.name).read_bytes()


# One fault each

FAULTS = {
    "a key twice": ("层级: 县\n", "层级: 县\n层级: 县\n", "层级: 县\n层级", 6, "层级", "第5行"),
    "a full-width colon": ("层级: 县\n", "层级：县\n", "层级：县", None, "", "半角"),
    "an unknown field in a condition": (
        "条件: 是否产业项目 = 是",
        "条件: 是否工业项目 = 是",
        "是否工业项目",
        None,
        "产业项目年度计划投资占比 › 条件",
        "是否工业项目",
    ),
    "an alias that another unit has": (
        "别名: [县教育科技局, ",
        "别名: [审批局, ",
        "别名: [审批局",
        None,
        "单位 › 部门 › 第8项",
        "审批局",
    ),
    "a target without its indicator": (
        "{指标: 2023年谋划项目数量, 力争",
        "{指标: 2023年谋划项目个数, 力争",
        "2023年谋划项目个数",
        None,
        "目标 › 第5项 › 指标",
        "2023年谋划项目数量",
    ),
    "a target in another unit": ("力争: 40个", "力争: 40亿元", "力争: 40亿元", None, "目标 › 第5项 › 力争", "个"),
    "a year without a calendar": (
        "起止: 2022-12-07 至 2023-02-20",
        "起止: 2031-01-01 至 2031-03-01",
        "2031-01-01",
        None,
        "任务 › 前期手续办理周报 › 起止",
        "2031年节假日安排未公布",
    ),
    "an unknown key": (
        "    计时: 首次报送",
        "    记时: 首次报送",
        "记时",
        None,
        "任务 › 前期手续办理周报 › 记时",
        "计时",
    ),
    "a wrong value": (
        "计时: 首次报送",
        "计时: 最后报送",
        "最后报送",
        None,
        "任务 › 前期手续办理周报 › 计时",
        "首次报送",
    ),
    "a wrong schedule": (
        "时限: 每周五 17:00",
        "时限: 每周八 17:00",
        "每周八",
        None,
        "任务 › 前期手续办理周报 › 时限",
        "每周五 17:00",
    ),
    "a window the wrong way round": (
        "起止: 2022-12-07 至 2023-02-20",
        "起止: 2023-02-20 至 2022-12-07",
        "2023-02-20 至",
        None,
        "任务 › 前期手续办理周报 › 起止",
        "先起后止",
    ),
    "a window without a due day": (
        "起止: 2022-12-07 至 2023-02-20",
        "起止: 2022-12-10 至 2022-12-12",
        "2022-12-10 至",
        None,
        "任务 › 前期手续办理周报 › 起止",
        "报送日",
    ),
    "an unknown reporter": (
        "应报单位: [县发改局]",
        "应报单位: [县发展局]",
        "县发展局",
        None,
        "任务 › 重点项目台账 › 应报单位 › 第1项",
        "县发改局",
    ),
    "an unknown form": (
        "    报表: 联络人名单\n",
        "    报表: 联络员名单\n",
        "报表: 联络员名单",
        None,
        "任务 › 联络人报送 › 报表",
        "联络人名单",
    ),
    "an unknown procedure": (
        "手续: [立项, 用地, 规划, 环评, 能评]",
        "手续: [立项, 用地, 规化, 环评, 能评]",
        "规化",
        None,
        "报表 › 前期手续办理情况表 › 手续 › 第3项",
        "规划",
    ),
    "an office that no roster knows": (
        "      立项: 县行政审批局",
        "      立项: 县审批中心",
        "县审批中心",
        None,
        "报表 › 前期手续办理情况表 › 办理部门 › 立项",
        "名册",
    ),
    "a list sorted by an unknown column": (
        "    排序: 拟办结时限",
        "    排序: 办结期限",
        "办结期限",
        None,
        "清单 › 第1项 › 排序",
        "拟办结时限",
    ),
    "a figure without a unit": ("达到: 260亿元", "达到: 260", "达到: 260,", None, "目标 › 第6项 › 达到", "70%"),
    "an exemption for no unit": (
        "豁免: []",
        "豁免: [{单位: 南恒乡, 任务: 前期手续办理周报, 至: 2022-12-31, 理由: 无, 批准: 县发改局}]",
        "南恒乡",
        None,
        "豁免 › 第1项 › 单位",
        "南垣乡",
    ),
    "a day that does not exist": (
        "发文日期: 2022-11-26",
        "发文日期: 2022-11-31",
        "2022-11-31",
        None,
        "发文日期",
        "2022-12-09",
    ),
    "a code that is none": ("区划代码: 141025", "区划代码: 14102", "14102", None, "区划代码", ""),
    "an indicator in percent of nothing": (
        "    除以: 手续\n    除以条件: 办理进展 ≠ 不需办理\n",
        "",
        "前期手续办结率:",
        164,
        "指标 › 前期手续办结率",
        "除以",
    ),
}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_one_fault_is_told_once_with_file_line_column_and_path(edited, name):
    old, new, words, line, path, hint = FAULTS[name]
    folder = edited((old, new))
    book = load_rulebook(folder)
    (fault,) = book.all_faults
    assert "guxian" not in book.counties
    assert fault.file == "rules/guxian.yaml"
    assert fault.line == (line or line_of(folder, words))
    assert fault.column >= 1
    assert path in fault.path
    assert hint in str(fault)
    assert str(fault).startswith(f"rules/guxian.yaml 第{fault.line}行第{fault.column}列")


@pytest.mark.parametrize("second", ["县住建局", "{名称: 县建设局, 别名: [县住建局]}"])
def test_a_unit_named_twice_is_told_once_with_both_lines(edited, second):
    folder = edited(("    - 县财政局\n", f"    - 县财政局\n    - {second}\n"))
    [fault] = load_rulebook(folder).all_faults
    assert fault.line == line_of(folder, f"    - {second}")
    first = line_of(folder, "名称: 县住建局")
    assert str(fault).endswith(f"写的是“县住建局”；应为别的单位没有用过的名称：“县住建局”（第{first}行）已经用了它")


def test_several_faults_are_all_told_at_once_in_the_order_of_the_file(edited):
    folder = edited(
        ("发文日期: 2022-11-26", "发文日期: 昨天"), ("计时: 首次报送", "记时: 首次报送"), ("力争: 40个", "力争: 四十个")
    )
    faults = load_rulebook(folder).all_faults
    assert [fault.line for fault in faults] == [line_of(folder, words) for words in ("昨天", "记时", "四十个")]
    assert all(any("\u4e00" <= character <= "\u9fff" for character in fault.path) for fault in faults)


def test_several_faults_of_meaning_are_all_told_at_once(edited):
    folder = edited(
        ("应报单位: [县发改局]", "应报单位: [县发展局]"),
        ("    排序: 拟办结时限", "    排序: 办结期限"),
        ("力争: 40个", "力争: 40亿元"),
    )
    assert {fault.found for fault in load_rulebook(folder).all_faults} == {"县发展局", "办结期限", "40亿元"}


def test_one_county_s_fault_leaves_the_others_working(edited):
    book = load_rulebook(edited(("层级: 县\n", "层级: 区\n"), others=True))
    assert set(book.counties) == SHIPPED - {"guxian"}
    with pytest.raises(RulesBroken, match="层级"):
        book.county("guxian")
    with pytest.raises(KeyError):
        book.county("nowhere")


def test_a_fault_in_a_shared_form_is_told_once_at_its_own_file(edited):
    file = "forms/前期手续办理情况表.yaml"
    file = "forms/前期手续办理情况表.yaml"
    folder = edited(("应: 年度计划投资 ≤ 总投资", "应: 年度计划投资 ≤ 总额"), file=file)
    book = load_rulebook(folder)
    (fault,) = book.all_faults
    assert (fault.file, fault.line) == (f"rules/{file}", line_of(folder, "≤ 总额", file))
    assert not book.counties


def test_a_county_s_own_check_speaks_with_the_common_code(edited):
    rule = "    核验: [{代码: R90, 应: 总投资 ≥ 500, 标在: 总投资, 提示: 总投资须在500万元以上。}]\n"
    old = "    出处: 四（三）、五\n"
    assert load_rulebook(edited((old, rule + old))).all_faults == ()
    (fault,) = load_rulebook(edited(("R90", "Q77"))).all_faults
    assert fault.found == "Q77"


# Read as meant


def test_bare_hours_and_short_dates_are_read_as_meant(edited):
    folder = edited(
        ("发文日期: 2022-11-26", "发文日期: 2022-11-6"),
        ("时限: 2022-11-30", "时限: 2022年11月30日 17:00"),
        ("起止: 2022-12-07 至 2023-02-20", "起止: 2022-12-7 至 2023年2月20日"),
    )
    county = load_rulebook(folder).county("guxian")
    assert county.file.issued == dt.date(2022, 11, 6)
    assert county.tasks["联络人报送"].periods[0].due_at.hour == 17
    assert county.tasks["前期手续办理周报"].rules.window.first == dt.date(2022, 12, 7)


@pytest.mark.parametrize("copy", ["guxian - 副本", "guxian备份", "guxian (2)", "复件 guxian"])
def test_a_copy_left_beside_a_county_s_rules_is_no_second_county(edited, copy):
    folder = edited()
    shutil.copy(folder / "guxian.yaml", folder / f"{copy}.yaml")
    book = load_rulebook(folder)
    assert set(book.counties) == {"guxian"}
    (folder / "guxian.yaml").write_text(
        (folder / "guxian.yaml").read_text("utf-8").replace("层级: 县", "层级: 乡"), "utf-8"
    )
    assert set(load_rulebook(folder).counties) == set()  # nor does it take the place of one that has a fault
    [fault] = book.faults[copy]
    line = line_of(folder, "县区:")
    assert str(fault).startswith(f"rules/{copy}.yaml 第{line}行")
    assert "guxian.yaml 写的也是它" in str(fault)


def test_an_office_s_calendar_makes_a_further_year_known(edited):
    folder = edited(("起止: 2022-12-07 至 2023-02-20", "起止: 2031-01-01 至 2031-01-31"))
    (folder / "节假日.yaml").write_text("2031:\n  放假: [2031-01-03]\n  调休上班: [2031-01-04]\n", "utf-8")
    periods = load_rulebook(folder).county("guxian").tasks["前期手续办理周报"].periods
    assert periods[0].name == "2031-01-03"


@pytest.mark.parametrize("text", ["31:\n  放假: [2031-01-01]\n", "2031:\n  放假: [明天]\n", "2031:\n  假: []\n"])
def test_a_fault_in_the_calendar_is_told(edited, text):
    folder = edited()
    (folder / "节假日.yaml").write_text(text, "utf-8")
    assert [fault.file for fault in load_rulebook(folder).faults["节假日"]][:1] == ["rules/节假日.yaml"]


def test_the_office_s_settings_have_defaults_and_faults(edited):
    folder = edited()
    assert load_rulebook(folder).office.largest_mib == 100
    (folder / "office.yaml").write_text("单个文件上限MB: 50\n并行: 3\n", "utf-8")
    assert (load_rulebook(folder).office.largest_mib, load_rulebook(folder).office.workers) == (50, 3)
    (folder / "office.yaml").write_text("单个文件上限: 50\n", "utf-8")
    assert [fault.path for fault in load_rulebook(folder).faults["office"]] == ["单个文件上限"]


@pytest.mark.parametrize(
    "setting", ["单个文件上限MB: 0", "读取时限秒: 0", "读取内存MB: 10", "并行: 0", "并行: 500", "巡查间隔秒: 0"]
)
def test_a_setting_with_which_nothing_could_be_taken_in_is_a_fault(edited, setting):
    folder = edited()
    (folder / "office.yaml").write_text(f"{setting}\n", "utf-8")
    (fault,) = load_rulebook(folder).faults["office"]
    assert (fault.path, fault.line) == (setting.partition(":")[0], 1)


def test_the_digest_changes_with_every_file_a_county_is_judged_under(edited):
    digests = [load_rulebook(edited()).county("guxian").digest]
    for file, change in (
        ("guxian.yaml", ("力争: 40个", "力争: 41个")),
        ("forms/联络人名单.yaml", ("[联络员, ", "[联络官, 联络员, ")),
    ):
        digests.append(load_rulebook(edited(change, file=file)).county("guxian").digest)
    assert len(set(digests)) == 3


# What the notices demand


def targets(county):
    return {
        (t.indicator, str(t.firm) if t.firm else None, str(t.stretch) if t.stretch else None, str(t.until))
        for t in counties()[county].targets
    }


def test_guxian_s_targets():
    assert targets("guxian") == {
        ("省市重点项目开复工率", "100%", None, "2022-12-31"),
        ("省重点项目开复工率", "100%", None, "2022-12-31"),
        ("省市重点项目年度投资完成率", None, "90%", "2022-12-31"),
        ("省重点项目年度投资完成率", "100%", None, "2022-12-31"),
        ("2023年谋划项目数量", None, "40个", "2023-02-25"),
        ("2023年谋划项目总投资", "260亿元", None, "2023-02-25"),
        ("2023年谋划项目年度计划投资", "30亿元", None, "2023-02-25"),
        ("产业项目年度计划投资占比", "50%", None, "2023-02-25"),
        ("前期手续办结率", "70%", "85%", "2023-02-25"),
    }
    (milestoned,) = [target for target in counties()["guxian"].targets if target.milestones]
    assert [(str(m.until), str(m.stretch), m.firm) for m in milestoned.milestones] == [
        ("2022-11-30", "87%", None),
        ("2022-12-31", "90%", None),
    ]


def test_huozhou_s_targets_for_2023():
    assert targets("huozhou") >= {
        ("2023年谋划项目数量", None, "70个", "2023-02-28"),
        ("2023年谋划项目总投资", "300亿元", None, "2023-02-28"),
        ("2023年谋划项目年度计划投资", "50亿元", None, "2023-02-28"),
        ("产业项目年度计划投资占比", "48%", None, "2023-02-28"),
        ("前期手续办结率", "65%", "80%", "2023-02-28"),
    }


@pytest.mark.parametrize("county", ["guxian", "huozhou"])
def test_every_value_cites_its_clause(county):
    file = counties()[county].file
    cited = [*file.tasks.values(), *file.targets, *file.lists, *file.forms.values()]
    cited += [milestone for target in file.targets for milestone in target.milestones]
    assert all(each.source for each in cited)
    assert file.basis


def test_guxian_s_roster():
    county = counties()["guxian"]
    assert county.reporters(county.tasks["前期手续办理周报"], PERMITTED) == (
        "县经济技术开发区", "县住建局", "县交通运输局", "县行政审批局", "县自然资源局", "市生态环境局古县分局",
        "县工信局", "县教科局", "县民政局", "县医疗集团", "县疾控中心", "县项目推进中心",
        "岳阳镇", "北平镇", "古阳镇", "旧县镇", "三合镇", "南垣乡",
    )  # fmt: skip
    assert (county.name, county.file.code, str(county.file.issued)) == ("古县", "141025", "2022-11-26")


def test_huozhou_s_roster():
    county = counties()["huozhou"]
    assert county.reporters(county.tasks["前期手续办理周报"], PERMITTED) == (
        "经开区", "市工信局", "市能源局", "市住建局", "市城管局", "市交运局", "市水利局", "市卫体局", "市文旅局",
        "市行政审批局", "市农业农村局", "市民政局",
    )  # fmt: skip
    assert len(county.roster.categories["街道乡镇"]) == 12
    assert (county.name, county.file.code, str(county.file.issued)) == ("霍州市", "141082", "2022-11-25")


@pytest.mark.parametrize(
    ("county", "task", "schedule", "first", "last", "recipient"),
    [
        ("guxian", "联络人报送", "2022-11-30", "2022-11-26", "2022-11-30", "县发改局"),
        ("guxian", "情况摸底", "2022-12-06", "2022-12-01", "2022-12-06", "县项目推进中心"),
        ("guxian", "前期手续办理周报", "每周五 17:00", "2022-12-07", "2023-02-20", "县项目推进中心"),
        ("guxian", "活动总结", "2023-02-25", "2023-02-21", "2023-02-25", "县项目推进中心"),
        ("guxian", "重点项目台账", "按需", "2022-11-27", "2022-12-31", "县发改局"),
        ("huozhou", "情况摸底", "2022-12-06", "2022-12-01", "2022-12-06", "市项目推进中心"),
        ("huozhou", "前期手续办理周报", "每周四 17:00", "2022-12-07", "2023-02-24", "市项目推进中心"),
    ],
)
def test_the_counties_tasks(county, task, schedule, first, last, recipient):
    rules = counties()[county].tasks[task].rules
    assert (rules.schedule.text, str(rules.window.first), str(rules.window.last)) == (schedule, first, last)
    assert rules.recipient == recipient


def test_the_eight_fields_of_work_of_guxian_and_the_five_procedures():
    form = counties()["guxian"].forms["前期手续办理情况表"]
    assert list(form.options["所属领域"]) == [
        "农林水利", "工业产业", "现代物流", "交通城建环保", "新型城镇化", "社会事业", "金融外贸", "双城建设",
    ]  # fmt: skip
    assert form.procedures == ("立项", "用地", "规划", "环评", "能评")
    assert set(form.further_procedures) == {"水保", "取水", "文物", "稳评", "施工许可", "消防", "抗震", "招投标"}


def test_a_level_means_the_county_in_huozhou_where_guxian_has_none():
    for county, words in (("guxian", ["古县", "县级", "本级"]), ("huozhou", ["霍州市级", "霍州市", "本级"])):
        meanings = counties()[county].forms["前期手续办理情况表"].meanings["层级"]
        assert [meanings[word] for word in words] == ["县"] * 3
        assert (meanings["市"], meanings["临汾市"], meanings["省级"]) == ("市", "市", "省")
