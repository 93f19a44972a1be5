"""通报: who ranks where, what the notice says, and that its figures are those of the other tables."""

import datetime as dt

import openpyxl
import pytest
from conftest import PROCEDURES, RULES, Office, at, form_one, project, register
from occasions import county_of, merged, occasion, opened, returned, row, sources, state

from xmreport.model.receipts import State
from xmreport.tables.bulletin.ranking import ranks, timeliness
from xmreport.tables.bulletin.text import INDENT
from xmreport.tables.bulletin.workbook import bulletin
from xmreport.tables.head import spell
from xmreport.tables.quantity import hundredfold
from xmreport.tables.standing import Backlog
from xmreport.tables.wording import moment, numbered, numeral, office_name

MORE = RULES.replace("    - 县水利局\n", "    - 县水利局\n    - 县交通局\n    - 县工信局\n    - 县民政局\n").replace(
    "    - 古阳镇\n", "    - 古阳镇\n    - 北平镇\n"
)
BULLETIN = """通报:
  周报: {进度: 前期手续办结率, 分组: [部门, 乡镇], 出处: 六（四）}
"""
REGISTER = "通报:\n  重点项目台账: {进度: 省市重点项目开复工率, 分组: [部门, 其他责任单位], 出处: 六（四）}\n"


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    return county_of(tmp_path_factory.mktemp("ranked"), MORE + BULLETIN)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The same county without rules for its bulletins."""
    return county_of(tmp_path_factory.mktemp("plain"), MORE)


@pytest.fixture(scope="module")
def friday(county):
    """A Friday on which nearly everything happened."""
    where = occasion(county)
    return where, [
        state(where, "县住建局", State.ON_TIME, late_total=0),
        state(where, "县水利局", State.LATE, late=20 * 60, late_total=2),
        state(where, "县交通局", State.NIL),
        state(where, "县工信局", State.MISSING, missing_total=1),
        state(where, "县民政局", State.RETURNED),
        state(where, "古阳镇", State.NIL, late=3600, late_total=1),
        state(where, "北平镇", State.EXEMPT),
    ]


def _done(share):
    """Procedures of one project, so many of the five done and the others under way."""
    return {f"{name}.办理进展": "已办结" if at < share else "正在办理" for at, name in enumerate(PROCEDURES)}


def _text(data):
    return [line.values["正文"].removeprefix(INDENT) for line in data.sheets[0].lines]


def _lines(data, name):
    """(unit, rank on timeliness, rank on progress) down a sheet's units."""
    [sheet] = [sheet for sheet in data.sheets if sheet.name == name]
    units = [line.values for line in sheet.lines if line.kind == "明细"]
    return [(v["单位"], v.get("报送时效.名次"), v.get("前期手续办结率.名次")) for v in units]


def test_equal_results_rank_equal_and_the_next_rank_is_left_out():
    assert ranks({"甲": 2.0, "乙": 1.0, "丙": 2.0, "丁": 3.0}) == {"乙": 1, "甲": 2, "丙": 2, "丁": 4}
    assert ranks({}) == {}


def test_on_time_then_late_by_how_late_then_returned_and_who_has_not_reported_has_no_rank(friday):
    where, states = friday
    results = {each.unit: timeliness(each) for each in states}
    assert results.pop("北平镇") is None
    assert results.pop("县工信局") is None
    assert timeliness(state(where, "古阳镇", State.PENDING)) is None
    assert sorted(results, key=results.__getitem__) == [
        "县住建局",
        "县交通局",
        "县水利局",
        "古阳镇",
        "县民政局",
    ]
    assert results["县住建局"] == results["县交通局"]


@pytest.mark.parametrize(("first", "second", "equal"), [(1200, 1259, True), (1200, 1260, False), (1, 59, True)])
def test_returns_late_by_the_minutes_that_are_printed_rank_equal(friday, first, second, equal):
    where, _ = friday
    one, other = (timeliness(state(where, "古阳镇", State.LATE, late=late)) for late in (first, second))
    assert (one == other) is equal


def test_each_category_is_ranked_apart_best_first(friday):
    made = bulletin(*friday, {})
    assert [sheet.name for sheet in made.sheets] == ["通报", "部门排名", "乡镇排名"]
    assert _lines(made, "部门排名") == [
        ("县住建局", 1, None),
        ("县交通局", 1, None),
        ("县水利局", 3, None),
        ("县民政局", 4, None),
        ("县工信局", "—", None),
    ]
    assert _lines(made, "乡镇排名") == [("古阳镇", 1, None), ("北平镇", "—", None)]


def test_without_rules_every_category_that_reports_is_ranked(plain):
    where = occasion(plain)
    states = [state(where, unit, State.ON_TIME) for unit in ("县水利局", "县住建局", "古阳镇", "北平镇")]
    assert [sheet.name for sheet in bulletin(where, states, {}).sheets] == ["通报", "部门排名", "乡镇排名"]


def test_a_unit_alone_in_its_category_is_ranked_nowhere(plain):
    where = occasion(plain)
    states = [state(where, unit, State.MISSING, missing_total=1) for unit in ("县水利局", "县住建局", "古阳镇")]
    made = bulletin(where, states, {})
    assert [sheet.name for sheet in made.sheets] == ["通报", "部门排名", "其他单位"]
    assert _lines(made, "其他单位") == [("古阳镇", "—", None)]
    assert made.sheets[1].lines[0].values["报送时效.累计未报"].value == 3
    assert [sheet.name for sheet in bulletin(where, states[:1], {}).sheets] == ["通报"]


def test_reporting_units_of_no_ranked_category_are_listed_without_a_rank(tmp_path):
    county = county_of(tmp_path, MORE + BULLETIN.replace("[部门, 乡镇]", "[部门]"))
    where = occasion(county)
    states = [
        state(where, "县水利局", State.LATE, late=60, late_total=1),
        state(where, "县住建局", State.ON_TIME, late_total=0),
        state(where, "古阳镇", State.LATE, late=60, late_total=2),
    ]
    made = bulletin(where, states, {})
    assert [sheet.name for sheet in made.sheets] == ["通报", "部门排名", "其他单位"]
    assert _lines(made, "其他单位") == [("古阳镇", "—", None)]
    total = made.sheets[1].lines[0]
    assert (total.kind, total.values["报送时效.累计迟报"].value) == ("合计", 3)


def test_the_county_stands_first_with_the_sums_of_all_sheets(friday, office: Office):
    data = bulletin(*friday, {})
    live = opened(data, office.home / "templates_xlsx", live=True)["部门排名"]
    cached = opened(data, office.home / "templates_xlsx")["部门排名"]
    assert [cached["A6"].value, cached["B6"].value] == ["全县合计", "—"]
    assert cached["C6"].value == "按时2、迟报2、退回待改1、未报1、免报1"
    assert (live["G6"].value, cached["G6"].value) == ("='部门排名'!$G$12+'乡镇排名'!$G$9", 3)
    assert (live["G12"].value, cached["G12"].value, cached["H6"].value) == ("=SUM(G7:G11)", 2, 1)
    assert cached["A12"].value == "部门小计"
    assert cached["F9"].value == "20分"
    assert cached.max_column == 8  # no progress, no columns for it


def test_units_are_ranked_on_progress_and_the_county_has_its_own_figure(friday, office: Office):
    where, states = friday
    table = merged(
        where,
        returned("县住建局", row(6, "甲", **_done(3)), seq=1),
        returned("县水利局", row(6, "乙", **_done(5)), seq=2),
        returned("县交通局", seq=3),
        returned("古阳镇", row(6, "丙", **_done(3)), row(7, "丁", **_done(3)), seq=4),
    )
    made = bulletin(where, states, sources(table))
    assert _lines(made, "部门排名")[:3] == [("县住建局", 1, 2), ("县交通局", 1, "—"), ("县水利局", 3, 1)]
    sheet = opened(made, office.home / "templates_xlsx")["部门排名"]
    live = opened(made, office.home / "templates_xlsx", live=True)["部门排名"]
    assert sheet["I4"].value == "前期手续办结率"
    assert [sheet[cell].value for cell in ("I6", "J6", "K6", "L6")] == [14, 20, 0.7, "—"]
    assert live["K7"].value == '=IF(J7=0,"",I7/J7)'
    assert [sheet[cell].value for cell in ("I12", "J12", "K12")] == [8, 10, 0.8]


def test_equal_progress_ranks_equal_and_the_worst_are_named(friday):
    where, states = friday
    table = merged(
        where,
        returned("县住建局", row(6, "甲", **_done(2)), seq=1),
        returned("县水利局", row(6, "乙", **_done(4)), row(7, "戊", **_done(4)), seq=2),
        returned("县交通局", row(6, "丙", **_done(2)), seq=3),
        returned("古阳镇", row(6, "丁", **_done(0)), seq=4),
    )
    made = bulletin(where, states, sources(table))
    ranked = {unit: ahead for unit, _, ahead in _lines(made, "部门排名")}
    assert (ranked["县水利局"], ranked["县住建局"], ranked["县交通局"]) == (1, 2, 2)
    text = _text(made)
    assert any("部门：县住建局（40.00%）、县交通局（40.00%）；乡镇：古阳镇（0.00%）" in line for line in text)
    assert any("排名靠前的，部门：县水利局（80.00%）。" in line for line in text)
    told = next(line for line in text if line.startswith("进度方面"))
    assert told == (
        "进度方面，全县前期手续办结率为48.00%，目标为达到70%、力争85%（截止2023-02-25），距70%还差22.00个百分点。"
    )


def test_a_rate_that_prints_like_the_county_s_is_not_below_it(friday):
    where, states = friday
    housing = [row(at, f"甲{at}", **_done(3)) for at in range(2000)]
    water = [row(at, f"乙{at}", **_done(3)) for at in range(1999)]
    table = merged(
        where,
        returned("县住建局", *housing[:-1], row(5000, "甲末", **_done(2)), seq=1),
        returned("县水利局", *water, row(5000, "乙末", **_done(4)), seq=2),
        returned("县交通局", row(6, "丙", **_done(1)), seq=3),
    )
    text = _text(bulletin(where, states, sources(table)))
    # The county's 12001 of 20005 and 县住建局's 5999 of 10000, a little less, print alike.
    assert [line for line in text if line.endswith("排名靠前的，部门：县水利局（60.01%）、县住建局（59.99%）。")]
    [behind] = [line for line in text if "排名靠后的" in line]
    assert behind.endswith("排名靠后的，部门：县交通局（20.00%）。")


def test_a_target_that_is_met_to_the_last_digit_is_called_met(friday):
    where, states = friday
    half = returned("县住建局", row(6, "甲", **_done(3)), row(7, "乙", **_done(4)), seq=1)
    text = _text(bulletin(where, states, sources(merged(where, half))))
    assert any("为70.00%，目标为达到70%、力争85%（截止2023-02-25），已达到70%。" in line for line in text)


def test_the_notice_counts_and_names(friday):
    text = _text(bulletin(*friday, {}))
    assert [line for line in text if line[1:2] == "、"] == ["一、基本情况", "二、存在问题", "三、下一步要求"]
    assert text[2] == (
        "按照古政办发〔2022〕69号（四（三）2）要求，周报（2022-12-09）应于2022年12月9日17时前报送县项目推进中心。"
        "截至2022年12月10日9时，全县应报7个单位，按时2个、迟报2个、退回待改1个、未报1个、免报1个；其中零报告2个。"
        "按时报送率33.33%。"
    )
    assert text[3].startswith("其中，部门应报5个单位，按时2个、迟报1个、退回待改1个、未报1个；乡镇应报2个单位")
    assert text[4] == "自2022年12月7日以来，累计迟报3次，累计未报1次。"
    assert "还没有收到“前期手续办理情况表”，前期手续办结率暂无数据。" in text
    assert "（一）未报1个单位：县工信局。" in text
    assert "（二）报送的表有错、退回后尚未改报1个单位：县民政局。" in text
    assert "（三）迟报2个单位：古阳镇（迟1小时）、县水利局（迟20分）。" in text
    assert "（四）多次迟报、未报的单位：县水利局（累计迟报2次）。" in text
    assert any("下一期应于2022年12月16日17时前报送县项目推进中心。" in line for line in text)
    assert text[-1] == "附：1. 部门排名；2. 乡镇排名"


def test_the_notice_is_signed_by_the_office_that_receives(friday, office: Office):
    sheet = opened(bulletin(*friday, {}), office.home / "templates_xlsx")["通报"]
    words = [cell.value for (cell,) in sheet.iter_rows() if cell.value]
    assert words[-1] == "古县项目推进中心　　\n2022年12月10日　　"
    assert words[:3] == ["关于周报工作情况的通报", "（2022-12-09期，截至2022年12月10日9时）", "各有关单位："]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("portrait", 9)
    body = sheet["A5"]
    assert (body.font.name, body.font.sz, body.alignment.wrap_text) == ("仿宋_GB2312", 16, True)
    assert sheet["A1"].font.name == "方正小标宋简体"


def test_the_rules_own_demands_stand_in_the_notice(tmp_path):
    asked = BULLETIN.replace("出处", "下一步要求: [提高认识。, 加快办理。], 出处")
    where = occasion(county_of(tmp_path, MORE + asked))
    text = _text(bulletin(where, [state(where, "古阳镇", State.MISSING)], {}))
    assert text[text.index("三、下一步要求") + 1 :] == ["（一）提高认识。", "（二）加快办理。"]


def test_when_all_are_on_time_there_is_no_problem_to_tell(county):
    where = occasion(county)
    text = _text(bulletin(where, [state(where, "古阳镇", State.ON_TIME)], {}))
    problems = text[text.index("二、存在问题") + 1 : text.index("三、下一步要求")]
    assert problems == ["本期没有未报、退回待改和迟报的单位。"]
    assert not any("立即补报" in line for line in text)


def test_before_the_deadline_nobody_is_missing(county):
    where = occasion(county, now="12-08 09:00")
    states = [state(where, "古阳镇", State.ON_TIME), state(where, "县水利局", State.PENDING)]
    made = bulletin(where, states, {})
    assert _lines(made, "其他单位") == [("县水利局", "—", None), ("古阳镇", "—", None)]
    text = _text(made)
    assert any(line.endswith("按时1个、待报1个。报送时限未到。") for line in text)
    assert "尚未到报送时限。" in text


def test_a_task_on_demand_is_ranked_on_progress_alone_by_the_units_responsible(tmp_path, office: Office):
    county = county_of(tmp_path / "register", RULES + REGISTER)
    where = occasion(county, "重点项目台账", "2022-11-27")
    name = "省市重点项目目标任务表"
    begun = [("县住建局", "是"), ("县住建局", "否"), ("县水利局", "是"), ("县财政局", "否")]
    rows = [row(at, f"项目{at}", 责任单位=unit, 是否开复工=said) for at, (unit, said) in enumerate(begun)]
    sent = returned("县发改局", *rows, form=name)
    mine = state(where, "县发改局", State.ON_TIME, counts=sent.receipt)
    made = bulletin(where, [mine], sources(merged(where, sent, form=name)))
    assert [sheet.name for sheet in made.sheets] == ["通报", "部门排名"]  # 县财政局 is alone in its category
    sheet = opened(made, office.home / "templates_xlsx")["部门排名"]
    assert sheet["B4"].value == "省市重点项目开复工率"
    values = [[cell.value for cell in line] for line in sheet.iter_rows(min_row=6, max_row=8)]
    assert values == [
        ["全县合计", 2, 4, 0.5, "—"],
        ["县水利局", 1, 1, 1, 1],
        ["县住建局", 1, 2, 0.5, 2],
    ]
    assert not any("迟报" in line or "未报" in line for line in _text(made))


def test_every_period_of_a_task_that_collects_tables_has_one_and_a_document_has_none(office: Office):
    office.write_rules(RULES + BULLETIN)
    office.drop("县发改局/台账.xlsx", register(("甲", "是", 500), ("乙", "否", 0)))
    office.drop("古阳镇/a.xlsx", form_one(project("桥")))
    office.take("12-09 16:00", publish=True)
    folders = {path.parent.relative_to(office.outbox).as_posix() for path in office.outbox.rglob("通报.xlsx")}
    assert folders == {
        "联络人报送/2022-11-30",
        "情况摸底/2022-12-06",
        "周报/2022-12-09",
        "重点项目台账/2022-11-27",
    }
    office.take("2023-02-22 16:00", publish=True)
    assert [path.name for path in (office.outbox / "活动总结" / "2023-02-25").iterdir()] == ["报送情况及迟报名单.xlsx"]


def test_the_county_figure_is_that_of_the_target_table(office: Office):
    office.write_rules(RULES + BULLETIN)
    doing = {"环评.办理进展": "正在办理", "环评.办结时间": None, "环评.办理层级": "县", "环评.拟办结时限": "2023-02-01"}
    office.drop("古阳镇/a.xlsx", form_one(project("桥"), project("路", **doing)))
    office.take("12-09 16:00", publish=True)
    folder = office.outbox / "周报" / "2022-12-09"
    rates = [
        openpyxl.load_workbook(folder / name, data_only=True)[sheet]
        for name, sheet in (("通报.xlsx", "部门排名"), ("目标完成情况表.xlsx", "前期手续办结率"))
    ]
    values = [{cell.value for line in sheet.iter_rows() for cell in line} for sheet in rates]
    assert all(0.9 in each for each in values)


@pytest.mark.parametrize(
    ("number", "said"), [(1, "一"), (9, "九"), (10, "十"), (11, "十一"), (20, "二十"), (35, "三十五")]
)
def test_numerals(number, said):
    assert numeral(number) == said


def test_words_of_running_text():
    assert moment(at("12-09 17:00")) == "2022年12月9日17时"
    assert moment(at("12-09 17:05")) == "2022年12月9日17时5分"
    assert moment(dt.datetime.combine(dt.date(2022, 11, 30), dt.time(23, 59, 59), at("12-09 17:00").tzinfo)) == (
        "2022年11月30日24时"
    )
    assert numbered(["甲。"]) == ["甲。"]
    assert numbered(["甲。", "乙。"]) == ["（一）甲。", "（二）乙。"]
    assert (office_name("古县", "县项目推进中心"), office_name("霍州市", "市发改局")) == (
        "古县项目推进中心",
        "霍州市发改局",
    )
    assert office_name("古县", "领导小组办公室") == "领导小组办公室"
    # 23 ÷ 160: multiplied as a float it is 14.374999…
    assert [str(hundredfold(rate)) for rate in (23 / 160, 0.22, 0.7 - 0.14375)] == ["14.38", "22.00", "55.63"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1秒"), (59, "59秒"), (60, "1分"), (3600, "1小时"), (90061, "1天1小时1分")]
)
def test_a_length_of_time_is_told_to_the_minute_and_a_shorter_one_to_the_second(seconds, words):
    assert spell(seconds) == words


def test_before_the_hour_it_is_a_draft(county):
    before, after = (occasion(county, now=now) for now in ("12-09 16:00", "12-10 09:00"))
    heads = [bulletin(where, [], {}).sheets[0].head["副题"] for where in (before, after)]
    assert ["草稿" in head for head in heads] == [True, False]


def test_what_is_overdue_in_a_docket_is_a_problem_and_what_is_not_is_told(friday):
    late = Backlog("问题台账", 10, {"古阳镇": 1, "县水利局": 2, "县住建局": 1})
    text = _text(bulletin(*friday, {}, [late, Backlog("堵点台账", 4, {})]))
    assert "“问题台账”在办10项，其中超期4项。" in text
    assert "“堵点台账”在办4项，没有超期的。" in text
    assert [
        each for each in text if "“问题台账”超期未办结4项：县水利局（2项）、县住建局（1项）、古阳镇（1项）。" in each
    ]
    assert not [each for each in text if "“堵点台账”超期" in each]
    assert [each for each in text if "有超期事项的单位要逐项说明原因" in each]
