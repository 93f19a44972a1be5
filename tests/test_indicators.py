"""Indicators over a form's rows: entered figures, other readings, given dates, units of measure."""

import pytest
from tabling import ENTERED, day, made_county, on, source

from xmreport.tables.figures.breakdown import Breakdown
from xmreport.tables.figures.entered import WHOLE
from xmreport.tables.figures.indicators import by_unit, entries, whole
from xmreport.tables.given import given, report_day
from xmreport.tables.quantity import quantity

ENTERED_RULES = """
指标:
  固投: {报表: 统计数据表, 取值: 数值, 条件: 指标 = 固投, 单位: 亿元, 口径: 取最近一期}
  增速: {报表: 统计数据表, 取值: 数值, 条件: 指标 = 增速, 单位: "%", 口径: 取最近一期}
  资金: {报表: 统计数据表, 取值: 金额, 条件: 指标 = 资金, 单位: 亿元, 口径: 取最近一期}
  家数: {报表: 统计数据表, 取值: 数值, 条件: 指标 = 家数 且 统计期 ≤ 截止日, 单位: 家, 口径: 取最近一期}
"""
RATES = """
指标:
  开工率:
    报表: 项目表
    计数: 项目
    条件: 是否开工 = 是
    除以: 项目
    口径: 已开工项目数 ÷ 全部项目数
    另一口径: {除以条件: 计划开工月 ≤ 截止日, 口径: 已开工项目数 ÷ 到期应开工项目数}
  计划投资: {报表: 项目表, 求和: 年度计划投资, 单位: 亿元, 口径: 所列项目}
  本期初以来: {报表: 项目表, 计数: 项目, 条件: 计划开工月 ≥ 本期初, 单位: 项, 口径: 本期新增}
"""


def entry(name, month, figure, unit=None, **more):
    return {"指标": name, "统计期": day(month), "数值": figure, "责任单位": unit, **more}


def project(number, **more):
    return {"项目名称": f"项目{number}", "责任单位": "古阳镇", "是否开工": "否", **more}


@pytest.fixture
def county(tmp_path):
    return made_county(tmp_path, ENTERED_RULES)


def figure(county, name, *rows, date="2022-12-20", form="统计数据表"):
    occasion = on(county, date, ENTERED)
    return whole(county.indicators[name], source(county, form, *rows), given(occasion)).value


def test_the_newest_row_of_the_whole_county_gives_an_entered_figure(county):
    rows = (
        entry("固投", "2022-11", 40.2),
        entry("固投", "2022-12", 44.1),
        entry("固投", "2022-10", 99.0),
        entry("增速", "2022-12", 6.5),
        entry("固投", "2022-12", 3.0, "古阳镇"),
    )
    assert figure(county, "固投", *rows) == 44.1


def test_of_one_month_the_last_row_counts(county):
    assert figure(county, "固投", entry("固投", "2022-12", 44.1), entry("固投", "2022-12", 44.3)) == 44.3


def test_the_month_is_told_by_the_date_of_the_key_not_by_the_first_date(county):
    early, late = (entry("固投", month, number) for month, number in (("2022-11", 1.0), ("2022-12", 2.0)))
    assert figure(county, "固投", late | {"录入日": day("2022-01-01")}, early | {"录入日": day("2023-01-01")}) == 2.0


def test_without_a_row_of_the_county_each_units_newest_adds_up(county):
    rows = (
        entry("固投", "2022-11", 10.0, "古阳镇"),
        entry("固投", "2022-12", 12.5, "古阳镇"),
        entry("固投", "2022-11", 7.25, "岳阳镇"),
    )
    assert figure(county, "固投", *rows) == 19.75
    indicator, rows_of = county.indicators["固投"], source(county, "统计数据表", *rows)
    own = by_unit(indicator, rows_of, given(on(county, "2022-12-20")))
    assert {unit: each.value for unit, each in own.items()} == {"古阳镇": 12.5, "岳阳镇": 7.25}


def test_the_county_row_is_no_unit_of_its_breakdown(county):
    rows = source(county, "统计数据表", entry("固投", "2022-12", 44.3), entry("固投", "2022-12", 12.5, "古阳镇"))
    assert list(by_unit(county.indicators["固投"], rows, given(on(county, "2022-12-20")))) == ["古阳镇"]


def test_an_entered_percentage_is_one_and_rates_of_units_do_not_make_the_countys(county):
    assert figure(county, "增速", entry("增速", "2022-12", 6.5)) == pytest.approx(0.065, abs=1e-15)
    assert figure(county, "增速", entry("增速", "2022-12", 6.5, "古阳镇")) is None
    rows = source(county, "统计数据表", entry("增速", "2022-12", 6.5, "古阳镇"))
    own = by_unit(county.indicators["增速"], rows, given(on(county, "2022-12-20")))
    assert own["古阳镇"].value == pytest.approx(0.065)


def test_money_in_wan_is_turned_into_yi_and_plain_numbers_stay(county):
    assert figure(county, "资金", entry("资金", "2022-12", None, 金额=55_000)) == 5.5
    assert figure(county, "固投", entry("固投", "2022-12", 44.3)) == 44.3
    assert figure(county, "固投", entry("固投", "2022-12", 44.3, 计量单位="亿元")) == 44.3


def test_a_number_whose_own_unit_of_measure_says_wan_is_turned_into_yi(county):
    assert figure(county, "固投", entry("固投", "2022-12", 443_000, 计量单位="万元")) == 44.3


def test_nothing_entered_is_no_figure_rather_than_zero(county):
    assert figure(county, "固投", entry("增速", "2022-12", 6.5)) is None
    assert figure(county, "固投", entry("固投", "2022-12", None)) is None
    assert figure(county, "固投", entry("固投", "2022-12", 0)) == 0


def test_conditions_of_entered_figures_know_the_day_of_the_report(county):
    rows = (entry("家数", "2022-11", 5), entry("家数", "2022-12", 9))
    assert figure(county, "家数", *rows, date="2022-11-30") == 5
    assert figure(county, "家数", *rows, date="2022-12-01") == 9


def test_where_an_entered_figure_is_from_is_told(county):
    rows = source(county, "统计数据表", entry("固投", "2022-12", 44.3, 填报单位="县统计局"))
    made = Breakdown(on(county, "2022-12-20"), county.indicators["固投"], rows, None)
    assert made.origin == "取县统计局填报的2022-12数"
    assert entries(county.indicators["固投"], rows, given(made.occasion))[WHOLE].figure == 44.3


@pytest.fixture
def rated(tmp_path):
    return made_county(tmp_path, RATES)


def test_the_other_reading_divides_by_what_was_due_and_is_printed_in_words(rated):
    begun = [project(n, 是否开工="是", 计划开工月=day("2022-03")) for n in range(5)]
    due = [project(n, 计划开工月=day("2022-12")) for n in range(5, 6)]
    ahead = [project(n, 计划开工月=day("2023-05")) for n in range(6, 10)]
    occasion = on(rated, "2022-12-20")
    made = Breakdown(occasion, rated.indicators["开工率"], source(rated, "项目表", *begun, *due, *ahead), None)
    assert made.county.value == 0.5
    assert made.other_text == "另按“已开工项目数 ÷ 到期应开工项目数”：83.33%（5÷6）"


def test_the_other_reading_keeps_the_first_ones_condition(rated):
    rows = source(rated, "项目表", project(1, 是否开工="是", 计划开工月=day("2022-01")), project(2))
    made = Breakdown(on(rated, "2022-12-20"), rated.indicators["开工率"], rows, None)
    assert made.other_text.endswith("100.00%（1÷1）")


def test_the_first_day_of_the_period_is_given(rated):
    rows = source(rated, "项目表", project(1, 计划开工月=day("2022-11-28")), project(2, 计划开工月=day("2022-11-29")))
    dates = given(on(rated, "2022-12-20"))
    assert dates["本期初"] == day("2022-11-29")
    assert whole(rated.indicators["本期初以来"], rows, dates).value == 1


def test_the_reports_day_never_passes_the_periods_due_day(rated):
    late = on(rated, "2022-12-20")
    after = type(late)(late.county, late.task, late.period, late.as_of.replace(year=2023))
    assert report_day(late).isoformat() == "2022-12-20"
    assert report_day(after).isoformat() == "2022-12-28"


def test_sums_in_yi_come_from_money_in_wan(rated):
    rows = source(rated, "项目表", project(1, 年度计划投资=12_345.6), project(2, 年度计划投资=7_654.4))
    assert whole(rated.indicators["计划投资"], rows, given(on(rated, "2022-12-20"))).value == 2.0


def test_a_row_without_a_responsible_unit_stands_under_a_name_that_says_so(rated):
    rows = source(rated, "项目表", project(1, 责任单位=None, 是否开工="是"), project(2, 是否开工="是"), project(3))
    own = by_unit(rated.indicators["开工率"], rows, given(on(rated, "2022-12-20")))
    assert {unit: each.value for unit, each in own.items()} == {"（未写）": 1.0, "古阳镇": 0.5}


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (25 / 30, "%", "83.33%"),
        (1 / 32, "%", "3.13%"),
        (0.83335, "%", "83.34%"),
        (0.83345, "%", "83.35%"),
        (0.6999999, "%", "70.00%"),
        (1, "%", "100.00%"),
        (2.125, "亿元", "2.13亿元"),
        (44.3, "亿元", "44.3亿元"),
        (200.0, "亿元", "200亿元"),
        (13, "个", "13个"),
        (None, "%", "无数据"),
    ],
)
def test_figures_in_words_are_rounded_half_up(value, unit, text):
    assert quantity(value, unit) == text
