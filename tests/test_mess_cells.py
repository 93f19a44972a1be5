"""Messy cells: numbers, dates, statuses, codes, units, phones (M05, M06, M10–M16, M19, M22, M23, M31, M32, M50 …)."""

import datetime as dt

import pytest
from building import contact, errors, f1, f4, f5, ods, part_of, project, register, values, warnings

WAITING = {"立项.办理进展": "正在办理", "立项.办结时间": None, "立项.拟办结时限": dt.date(2023, 1, 20)}
BOTH = pytest.mark.parametrize("county", ["guxian", "huozhou"])


def told(part):
    return errors(part), warnings(part)


def one(changes, **more):
    """The part of a sheet with one project, some cells changed."""
    return part_of(f1(project(1, changes)), **more)


# M05, M06, M10: money


FIGURES = [
    ("1200.5", 1200.5),
    ("1200.5  ", 1200.5),
    ("1,200.5", 1200.5),
    ("１，２００．５", 1200.5),
    ("1，200", 1200.0),
    ("1,234,567.89", 1234567.89),
    ("1 200", 1200.0),
    ("1200\u200b", 1200.0),
    ("\u30001200\xa0", 1200.0),
    ("￥1200", 1200.0),
    ("1200万元", 1200.0),
    ("2000万", 2000.0),
    ("2000（万元）", 2000.0),
    ("1.2亿", 12000.0),
    ("3亿元", 30000.0),
    ("３億元", 30000.0),
    ("65亿", 650000.0),
    ("5000000元", 500.0),
    ("3千万元", 3000.0),
    ("1200_x000D_", 1200.0),
]


@BOTH
def test_m05_m06_a_number_however_it_is_written(county):
    rows = [project(n, 总投资=written, 年度计划投资=100, county=county) for n, (written, _) in enumerate(FIGURES, 1)]
    part = part_of(f1(*rows, county=county), county=county)
    assert told(part) == ([], [])
    assert values(part, "总投资") == [figure for _, figure in FIGURES]


def test_what_is_normalised_keeps_the_original_text_beside_it():
    part = part_of(
        f1(
            project(1, 总投资="１，２００", 年度计划投资=0.05, 责任单位="住建局", 备注="不变"),
            headings={"年度计划投资": "年度计划投资（亿元）"},
        )
    )
    assert dict(part.rows[0].originals) == {"总投资": "１，２００", "年度计划投资": "0.05", "责任单位": "住建局"}


@pytest.mark.parametrize("written", ["约3000", "3000左右", "约3000万元", "近0.3亿", "大约3000", "預計3000"])
def test_m10_a_rough_number_is_taken_with_a_warning(written):
    part = one({"总投资": written})
    assert told(part) == ([], [("V03", "K6")])
    assert values(part, "总投资") == [3000.0]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("3000-5000", "V04"),
        ("3000～5000", "V04"),
        ("3000至5000", "V04"),
        ("3000—5000万元", "V04"),
        ("3000万-5000万", "V04"),
        ("l200", "V02"),
        ("12O0", "V02"),
        ("-300", "V05"),
        (-300, "V05"),
        ("－３００", "V05"),
        ("三千万", "V02"),
        ("1200/1500", "V02"),
        ("12,00", "V02"),
        ("1亿2000万", "V02"),
        ("见附件", "V02"),
        ("1200²", "V02"),
        ("1200①", "V02"),
        ("③1200", "V02"),
        ("1200₁", "V02"),
        (dt.date(2022, 1, 1), "V02"),
        (True, "V02"),
    ],
)
def test_m10_what_is_no_one_number_is_one_error_at_its_cell(written, code):
    part = one({"总投资": written})
    assert told(part) == ([(code, "K6")], [])


@pytest.mark.parametrize("written", ["待定", "未定", "暂无", "/", "无", "—", "　", "——", "／", "…"])
def test_m15_m23_required_money_left_open_is_one_error(written):
    assert told(one({"总投资": written})) == ([("V01", "K6")], [])


def test_zero_is_a_number():
    assert values(one({"年度计划投资": 0}), "年度计划投资") == [0.0]


# M11–M14, M31, M56, M57: dates


DAYS = [
    (dt.date(2022, 12, 6), "2022-12-06"),
    (dt.datetime(2022, 12, 6, 9, 30), "2022-12-06"),  # noqa: DTZ001 - a sheet's times have no zone
    (44901, "2022-12-06"),
    (44901.5, "2022-12-06"),
    ("44901", "2022-12-06"),
    ("2022-12-06", "2022-12-06"),
    ("2022/12/6", "2022-12-06"),
    ("2022.12.6", "2022-12-06"),
    ("20221206", "2022-12-06"),
    (20221206, "2022-12-06"),
    ("2022年12月6日", "2022-12-06"),
    ("2022年12月6号", "2022-12-06"),
    ("2022年12月6號", "2022-12-06"),
    ("22年12月6日", "2022-12-06"),
    ("２０２２．１２．６", "2022-12-06"),
    ("2022 年 12 月 6 日", "2022-12-06"),
    ("2022-12-06 00:00:00", "2022-12-06"),
    ("2022年12月l日", "2022-12-01"),
    ("2022年ll月9日", "2022-11-09"),
    ("2022年11月ll日", "2022-11-11"),
    ("2022.ll.9", "2022-11-09"),
    ("2022年l2月6日", "2022-12-06"),
    ("2O22.12.6", "2022-12-06"),
    ("2022\u200b.12.6", "2022-12-06"),
    ("2022.12", "2022-12"),
    ("2022-12", "2022-12"),
    ("2022/12", "2022-12"),
    ("2022年12月", "2022-12"),
    ("2022年12月份", "2022-12"),
    ("202212", "2022-12"),
    (202212, "2022-12"),
    (2022.12, "2022-12"),
    (2022.2, "2022-02"),
    ("2022.1", "2022-01"),
    ("2022年12月底", "2022-12"),
    ("2022年底前", "2022-12"),
]


@BOTH
def test_m11_m12_m31_a_date_however_it_is_written(county):
    rows = [project(n, {"立项.办结时间": written}, county=county) for n, (written, _) in enumerate(DAYS, 1)]
    part = part_of(f1(*rows, county=county, stated="2022.12.31"), county=county, day=dt.date(2022, 12, 31))
    assert told(part) == ([], [])
    assert values(part, "立项.办结时间") == [day for _, day in DAYS]


@pytest.mark.parametrize("written", [2022.1, 12.1, 12.3])
def test_m13_a_number_that_lost_its_zero_is_one_error(written):
    assert told(one({"立项.办结时间": written})) == ([("V10", "P6")], [])


@pytest.mark.parametrize(
    ("written", "month"),
    [
        ("12月底", "2022-12"),
        ("12月中旬", "2022-12"),
        ("12月底前完成", "2022-12"),
        ("年底前", "2022-12"),
        ("12.30", "2022-12-30"),
        (12.9, "2022-12-09"),
        ("12月30日", "2022-12-30"),
        ("1月15日", "2023-01-15"),
        ("3月底前", "2023-03"),
        ("一季度", "2023-03"),
        ("上半年", "2023-06"),
        ("2月29日前", None),
        ("2023年1月15日前", "2023-01-15"),
        ("2023年3月上旬", "2023-03"),
        ("22.12.30", "2022-12-30"),
        ("2023", "2023"),
    ],
)
def test_m14_a_deadline_without_a_year_is_the_next_such_date_with_a_warning(written, month):
    part = one(WAITING | {"立项.拟办结时限": written})
    if month is None:
        assert errors(part) == [("V06", "Q6")]
    else:
        assert told(part) == ([], [("V08", "Q6")])
        assert values(part, "立项.拟办结时限") == [month]
        assert part.rows[0].originals.get("立项.拟办结时限", month) == str(written)


@pytest.mark.parametrize(
    ("written", "day"), [("11.3", "2022-11-03"), ("1月5日", "2022-01-05"), ("11月", "2022-11"), ("11月下旬", "2022-11")]
)
def test_m14_a_completion_without_a_year_is_the_latest_such_date_with_a_warning(written, day):
    part = one({"立项.办结时间": written})
    assert told(part) == ([], [("V08", "P6")])
    assert values(part, "立项.办结时间") == [day]


def test_m14_in_january_a_completion_of_december_is_last_year_s():
    part = part_of(f1(project(1, {"立项.办结时间": "12.28"}), stated="2023年1月6日"), day=dt.date(2023, 1, 6))
    assert values(part, "立项.办结时间") == ["2022-12-28"]


def test_m14_a_completion_a_few_days_ahead_is_this_year_s_and_too_late():
    part = one({"立项.办结时间": "12月15日"})
    assert errors(part) == [("R03", "P6")]


@pytest.mark.parametrize("written", ["待定", "春节后", "春节前", "未定", "年后", "节后", "另行通知"])
def test_m15_an_open_date_is_blank_with_a_warning(written):
    part = one({"计划开工时间": written})
    assert told(part) == ([], [("V09", "M6")])
    assert values(part, "计划开工时间") == [None]
    assert part.rows[0].originals["计划开工时间"] == written


def test_m15_an_open_date_where_one_is_needed_is_one_error():
    part = one(WAITING | {"立项.拟办结时限": "待定"})
    assert told(part) == ([("R05", "Q6")], [("V09", "Q6")])


@pytest.mark.parametrize(
    "written", ["2022.13.45", "马上", "12/6/22", "6/12/2022", "2月30日", 0, -5, True, 1234567890, "0"]
)
def test_what_is_no_date_is_one_error_at_its_cell(written):
    assert told(one({"计划开工时间": written})) == ([("V06", "M6")], [])


@pytest.mark.parametrize("written", ["预计2023年3月", "計劃2023.3", "拟于2023年3月", "力争2023-03"])
def test_m57_an_expected_date_is_taken_with_a_warning(written):
    part = one({"计划开工时间": written})
    assert told(part) == ([], [("V14", "M6")])
    assert values(part, "计划开工时间") == ["2023-03"]


@BOTH
@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("已办结（2022.11.3）", "2022-11-03"),
        ("已办结(2022年11月3日)", "2022-11-03"),
        ("已批 2022-11-03", "2022-11-03"),
        ("√2022.11", "2022-11"),
        ("已辦結，2022/11/3", "2022-11-03"),
        ("2022年11月3日已办结", "2022-11-03"),
        ("已办结（20221103）", "2022-11-03"),
    ],
)
def test_m56_a_date_beside_the_status_is_split_off_with_one_warning(county, written, day):
    changes = {"立项.办理进展": written, "立项.办结时间": None}
    part = part_of(f1(project(1, changes, county=county), county=county), county=county)
    assert told(part) == ([], [("V16", "O6")])
    assert (values(part, "立项.办理进展"), values(part, "立项.办结时间")) == (["已办结"], [day])
    assert part.rows[0].originals["立项.办理进展"] == written


def test_m56_the_date_s_own_cell_beats_the_one_beside_the_status():
    part = one({"立项.办理进展": "已办结（2022.11.3）", "立项.办结时间": dt.date(2022, 11, 8)})
    assert values(part, "立项.办结时间") == ["2022-11-08"]


def test_m56_a_date_beside_an_unfinished_status_is_its_deadline():
    part = one(WAITING | {"立项.办理进展": "正在办理（预计2023年1月）", "立项.拟办结时限": None})
    assert errors(part) == []
    assert (values(part, "立项.办理进展"), values(part, "立项.拟办结时限")) == (["正在办理"], ["2023-01"])


def test_m56_a_date_beside_the_status_that_is_none_is_one_error():
    assert errors(one({"立项.办理进展": "已办结（2022.13.45）", "立项.办结时间": None})) == [("V06", "O6")]


@pytest.mark.parametrize("written", ["古发改审批〔2022〕15号", "古审批发[2022]15号", "（2022）第15号"])
def test_m56_a_document_s_number_without_a_date_is_a_warning_only(written):
    assert told(one({"立项.办结时间": written})) == ([], [("V17", "P6")])


def test_m56_a_document_s_number_with_its_date_gives_the_date():
    part = one({"立项.办结时间": "古审批发〔2022〕15号（2022.11.3）"})
    assert told(part) == ([], [("V16", "P6")])
    assert values(part, "立项.办结时间") == ["2022-11-03"]


# M16: years


@pytest.mark.parametrize(
    ("written", "years"),
    [
        ("2013-2015", "2013-2015"),
        ("2021/2023", "2021-2023"),
        ("2021—2023年", "2021-2023"),
        ("２０２１－２０２３", "2021-2023"),
        ("2021年至2023年", "2021-2023"),
        ("2021～2023", "2021-2023"),
        ("2023-2023", "2023-2023"),
        ("2023年", "2023"),
        (2023, "2023"),
        ("2023.3-2024.10", "2023.3-2024.10"),
        ("2023年3月-2024年10月", "2023年3月-2024年10月"),
    ],
)
def test_m16_a_range_of_years(written, years):
    part = one({"建设起止年限": written})
    assert told(part) == ([], [])
    assert values(part, "建设起止年限") == [years]


@pytest.mark.parametrize("written", ["2025-2023", "2025年—2023年", "2025.3-2024.10", "2024.10-2024.3"])
def test_m16_a_start_after_the_end_is_one_error(written):
    assert told(one({"建设起止年限": written})) == ([("V13", "J6")], [])


def test_m16_other_words_are_kept_with_a_warning():
    part = one({"建设起止年限": "两年"})
    assert (told(part), values(part, "建设起止年限")) == (([], [("V22", "J6")]), ["两年"])


# M18, M22, M23, M31: choices


DONE = [
    "已办结",
    "是",
    "√",
    "✓",
    "已批",
    "已取得",
    "已完成",
    "办结",
    "已 办 结",
    "已辦結",
    "已批。",
    True,
    "已办\u200b结",
    "01-已办结",
]


@BOTH
def test_m22_done_in_its_many_words(county):
    rows = [project(n, {"立项.办理进展": written}, county=county) for n, written in enumerate(DONE, 1)]
    part = part_of(f1(*rows, county=county), county=county)
    assert told(part) == ([], [])
    assert set(values(part, "立项.办理进展")) == {"已办结"}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("正在报批", "正在办理"),
        ("办理中", "正在办理"),
        ("在办", "正在办理"),
        ("正在辦理", "正在办理"),
        ("否", "未办理"),
        ("未办", "未办理"),
        ("未启动", "未办理"),
        ("×", "未办理"),
    ],
)
def test_m22_not_yet_in_its_many_words(written, value):
    part = one(WAITING | {"立项.办理进展": written})
    assert (told(part), values(part, "立项.办理进展")) == (([], []), [value])


@pytest.mark.parametrize("written", ["无需办理", "不涉及", "不需办理", "不需要办理"])
def test_m22_not_needed_in_its_many_words(written):
    blank = {"立项.办理层级": None, "立项.办理进展": written, "立项.办结时间": None, "备注": "不新增用地"}
    part = one(blank)
    assert (told(part), values(part, "立项.办理进展")) == (([], []), ["不需办理"])


def test_r06_not_needed_without_a_reason_is_one_warning_a_project():
    blank = {f"{p}.{s}": None for p in ("立项", "用地") for s in ("办理层级", "办结时间")}
    part = one(blank | {"立项.办理进展": "不需办理", "用地.办理进展": "不涉及"})
    assert told(part) == ([], [("R06", "AJ6")])


@pytest.mark.parametrize(
    ("county", "written", "level"),
    [
        ("guxian", "省级", "省"),
        ("guxian", "市级", "市"),
        ("guxian", "临汾市", "市"),
        ("guxian", "县级", "县"),
        ("guxian", "縣級", "县"),
        ("guxian", "古县", "县"),
        ("huozhou", "霍州市级", "县"),
        ("huozhou", "本级", "县"),
        ("huozhou", "市", "市"),
        ("huozhou", "市级", "市"),
        ("huozhou", "临汾市级", "市"),
    ],
)
def test_m22_levels_mean_what_they_mean_in_the_county(county, written, level):
    part = part_of(f1(project(1, {"立项.办理层级": written}, county=county), county=county), county=county)
    assert (told(part), values(part, "立项.办理层级")) == (([], []), [level])


def test_m22_an_unknown_status_is_one_error_with_the_nearest_value():
    part = one({"立项.办理进展": "已办毕", "立项.办结时间": None})
    assert told(part) == ([("V11", "O6")], [])
    assert "已办结" in part.findings[0].words["建议"]


@pytest.mark.parametrize(
    ("field", "written"),
    [("建设性质", "新"), ("是否产业项目", "产业"), ("立项.办理层级", "村"), ("立项.办理进展", "正在办理2")],
)
def test_m22_values_that_no_table_knows_are_errors(field, written):
    sheet = f1(project(1, {field: written}))
    assert told(part_of(sheet)) == ([("V11", sheet.at(field))], [])


def test_a_field_of_work_that_the_notice_does_not_name_is_kept_with_a_warning():
    part = one({"所属领域": "工业类"})
    assert (told(part), values(part, "所属领域")) == (([], [("V12", "G6")]), ["工业类"])
    free = part_of(f1(project(1, 所属领域="工业类", county="huozhou"), county="huozhou"), county="huozhou")
    assert told(free) == ([], [])


@pytest.mark.parametrize(
    "mark", ["/", "—", "无", "-", "   ", "－", "——", "／", "無", "（无）", "\u3000", "--", "\\", "。"]
)
def test_m23_marks_for_nothing_are_blank_where_nothing_is_due_and_errors_where_it_is(mark):
    optional = {"项目代码": mark, "计划开工时间": mark, "备注": mark, "协调层级": mark, "建设起止年限": mark}
    part = one(optional)
    assert told(part) == ([], [])
    assert [values(part, field) for field in optional] == [[None]] * 5
    assert told(one({"项目单位": mark})) == ([("V01", "D6")], [])


def test_m23_a_blank_status_is_one_error():
    assert told(one({"能评.办理进展": None})) == ([("V01", "AE6")], [])


# The rules of a procedure


def test_r02_done_without_a_day_is_one_error_at_the_empty_cell():
    assert told(one({"立项.办结时间": None})) == ([("R02", "P6")], [])


def test_r03_done_after_the_report_is_one_error():
    assert told(one({"立项.办结时间": dt.date(2022, 12, 10)})) == ([("R03", "P6")], [])
    assert told(one({"立项.办结时间": dt.date(2022, 12, 9)})) == ([], [])
    assert told(one({"立项.办结时间": "2022年12月"})) == ([], []), "a month is compared by month"


def test_r03_without_a_stated_day_the_day_of_arrival_decides():
    sheet = f1(project(1, {"立项.办结时间": dt.date(2022, 12, 10)}), stated=None)
    assert told(part_of(sheet, day=dt.date(2022, 12, 10))) == ([], [])
    assert errors(part_of(sheet, day=dt.date(2022, 12, 9))) == [("R03", "P6")]


def test_r04_r05_unfinished_without_level_and_deadline_are_two_faults():
    part = one(WAITING | {"立项.办理层级": None, "立项.拟办结时限": None})
    assert told(part) == ([("R04", "N6"), ("R05", "Q6")], [])


def test_r01_a_year_s_plan_above_the_total_is_one_error_at_the_plan():
    assert told(one({"总投资": 1000, "年度计划投资": 1000.01})) == ([("R01", "L6")], [])
    assert told(one({"总投资": 1000, "年度计划投资": 1000})) == ([], [])
    assert told(one({"总投资": "0.1亿", "年度计划投资": 1000})) == ([], [])


# M32: codes


@pytest.mark.parametrize(
    "written",
    [
        "2211-141025-89-01-100001",
        "2211—141025—89—01—100001",
        "2211－141025－89－01－100001",
        "２２１１-141025-89-01-100001",
        "22111410258901100001",
        "2211 141025 89 01 100001",
        " 2211-141025-89-01-100001\n",
        "2211-14102589-01-100001",
        "2211-141025-89-01-10000X",
        "2211-141000-89-01-100001",
        "2211-140000-89-01-100001",
    ],
)
def test_m32_a_code_however_it_is_hyphenated(written):
    part = one({"项目代码": written})
    assert told(part) == ([], [])
    assert len(values(part, "项目代码")[0]) == 24


@pytest.mark.parametrize(
    ("written", "code"),
    [("2211-141082-89-01-100001", "V18"), ("2017-141025-48-03-012345", "V19"), ("发改备2015012345", None)],
)
def test_m32_another_region_or_an_older_code_is_a_warning(written, code):
    part = one({"项目代码": written})
    assert told(part) == (([], [(code, "C6")]) if code else ([("V15", "C6")], []))


@pytest.mark.parametrize(
    "written",
    [
        "2213-141025-89-01-100001",
        "2200-141025-89-01-100001",
        "2211-141025-89-01-10001",
        "2211-141025-89-01-1000012",
        22111410258901100001.0,
        "代码",
    ],
)
def test_m32_a_code_that_cannot_be_is_one_error(written):
    assert told(one({"项目代码": written})) == ([("V15", "C6")], [])


@pytest.mark.parametrize(
    ("written", "letters"),
    [
        ("22l1-141025-89-01-100001", "l"),
        ("2211-141O25-89-OI-100001", "O、I"),
        ("2211－141025－89－01－1oo001", "o"),
        ("22111410258901l0000A", "l"),
    ],
)
def test_m31_letters_typed_for_figures_in_a_code_are_told_as_such(written, letters):
    part = one({"项目代码": written})
    assert told(part) == ([("V15", "C6")], [])
    assert part.findings[0].words["原因"] == f"里面的“{letters}”是字母，应为数字"


@pytest.mark.parametrize(("written", "value"), [(1, "是"), (0, "否")])
def test_true_and_false_are_yes_and_no_also_as_an_ods_keeps_them(written, value):
    assert values(one({"是否产业项目": bool(written)}), "是否产业项目") == [value]
    assert values(part_of(f1(project(是否产业项目=written)), form=ods), "是否产业项目") == [value]
    assert told(one({"是否产业项目": written}))[0] == [("V11", "H6")]


@pytest.mark.parametrize("written", [2, 1.5, -1, 0, 1])
def test_any_other_number_is_neither(written):
    assert told(one({"是否产业项目": written}))[0] == [("V11", "H6")]


# M30, M59: responsible units


@BOTH
def test_m30_a_responsible_unit_by_any_of_its_names(county):
    names = {"guxian": ["住建局", "古县住建局", "縣住建局"], "huozhou": ["住建局", "霍州市住建局", "霍州住建局"]}[
        county
    ]
    for name in names:
        part = part_of(f1(project(1, county=county, 责任单位=name), county=county), county=county)
        assert (told(part), values(part, "责任单位")) == (([], []), ["县住建局" if county == "guxian" else "市住建局"])


@pytest.mark.parametrize(
    "written", ["县住建局、县水利局", "住建局/水利局", "县住建局\n县水利局", "县住建局 县水利局", "住建局和水利局"]
)
def test_m59_of_two_units_the_first_leads_with_a_warning(written):
    part = one({"责任单位": written})
    assert (told(part), values(part, "责任单位")) == (([], [("V20", "E6")]), ["县住建局"])


def test_a_unit_that_no_roster_knows_is_kept_with_a_warning_never_guessed():
    part = one({"责任单位": "县民正局"})
    assert (told(part), values(part, "责任单位")) == (([], [("V21", "E6")]), ["县民正局"])


# M50, M51: text


@pytest.mark.parametrize("written", ["+增补", "-核减", "@某", "'引号", "a" * 32767, "第一行\n第二行\t末"])
def test_m50_m51_text_is_kept_as_it_is(written):
    part = one({"备注": written})
    assert (told(part), values(part, "备注")) == (([], []), [written])


def test_m50_text_that_begins_with_an_equals_sign_is_text():
    from building import written

    part = one({"备注": "=1+1需核实"}, form=written)
    assert (told(part), values(part, "备注")) == (([], []), ["=1+1需核实"])


@pytest.mark.parametrize("picture", ['=DISPIMG("ID_0A1B",1)', '=_xlfn.DISPIMG("ID_0A1B",1)', 'DISPIMG("ID_0A1B",1)'])
def test_m42_a_picture_in_a_cell_is_nothing(picture):
    from building import written

    assert (told(part := one({"备注": picture}, form=written)), values(part, "备注")) == (([], []), [None])


def test_m51_invisible_characters_never_tell_two_projects_apart():
    part = part_of(
        f1(
            project(1, 项目代码=None),
            project(1, 项目代码=None, 项目名称="第1\u200b供水站_x000D_\n项 目", 项目单位="城南\u3000建设有限公司"),
        )
    )
    assert errors(part) == [("R09", "B7")]


# M19, and the register


@pytest.mark.parametrize(
    ("written", "phones"),
    [
        ("0357-8322000", "0357-8322000"),
        ("13812345678", "13812345678"),
        (13812345678, "13812345678"),
        ("0357-8322000/13812345678", "0357-8322000、13812345678"),
        ("13812345678，13912345678", "13812345678、13912345678"),
        ("138 1234 5678", "13812345678"),
        ("（0357）8322000", "(0357)8322000"),
        ("８３２２０００", "8322000"),
    ],
)
def test_m19_one_or_several_phones(written, phones):
    part = part_of(f5(contact(1, 电话=written)))
    assert (told(part), values(part, "电话")) == (([], []), [phones])


@pytest.mark.parametrize("written", ["1.88E+10", 1.88e10, "1.88e10"])
def test_m19_a_phone_that_lost_its_digits_is_one_error(written):
    assert told(part_of(f5(contact(1, 电话=written)))) == ([("V23", "F5")], [])


def test_m19_an_odd_phone_is_kept_with_a_warning():
    assert told(part_of(f5(contact(1, 手机="12")))) == ([], [("V24", "G5")])


@pytest.mark.parametrize("missing", ["单位", "联络人", "电话"])
def test_f5_needs_unit_name_and_phone(missing):
    sheet = f5(contact(1, {missing: None}))
    assert told(part_of(sheet)) == ([("V01", sheet.at(missing))], [])


def test_f4_started_and_not_started():
    part = part_of(
        f4(register(1, 是否开复工="已开工"), register(2, 是否开复工="未开工", 开复工时间=None, 本年累计完成投资=0)),
        unit="县发改局",
    )
    assert (told(part), values(part, "是否开复工")) == (([], []), ["是", "否"])


def test_f4_money_without_a_start_and_a_start_without_a_day_are_warnings():
    part = part_of(f4(register(1, 是否开复工="否", 开复工时间=None), register(2, 开复工时间=None)), unit="县发改局")
    assert told(part) == ([], [("R07", "M5"), ("R08", "L6")])


def test_f4_levels_and_months():
    part = part_of(
        f4(register(1, 级别="省级重点", 计划开复工月="2022年3月", **{"11月底目标": "完成87%"})), unit="县发改局"
    )
    assert told(part) == ([], [])
    assert (values(part, "级别"), values(part, "计划开复工月"), values(part, "11月底目标")) == (
        ["省重点"],
        ["2022-03"],
        ["完成87%"],
    )
