"""Numbers, dates and words as clerks write them: what stands in a cell becomes a value or a remark, never nothing."""

import datetime as dt

import pytest
from building import counties
from hypothesis import example, given
from hypothesis import strategies as st

from xmreport.forms.cleaning import clean, half_width, heading_key, is_blank, shown
from xmreport.forms.dates import EPOCH, make_day, read_date
from xmreport.forms.numbers import in_unit, read_money, read_number
from xmreport.forms.units import IN_YUAN, money_unit
from xmreport.forms.values import Reader
from xmreport.forms.words import read_choice, read_code, read_phone, read_years
from xmreport.messages import CATALOGUE
from xmreport.model.dates import PartialDate
from xmreport.model.grid import UNCACHED
from xmreport.model.submission import Unreadable
from xmreport.rulebook.form import Column

DAY = dt.date(2022, 12, 9)
days = st.dates(dt.date(1980, 1, 1), dt.date(2099, 12, 31))
texts = st.text(max_size=40) | st.text("0123456789.,-/年月日约万亿元l~至（）() 底前待定√是〔〕号", max_size=16)
scalars = (
    texts
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.dates()
    | st.datetimes()
    | st.times()
)
FULL = str.maketrans("0123456789.-/", "０１２３４５６７８９．－／")

NOTATIONS = [
    lambda d: d,
    lambda d: dt.datetime.combine(d, dt.time(9, 30)),
    lambda d: (d - EPOCH).days,
    lambda d: float((d - EPOCH).days),
    lambda d: str((d - EPOCH).days),
    lambda d: d.isoformat(),
    lambda d: f"{d.year}/{d.month}/{d.day}",
    lambda d: f"{d.year}.{d.month}.{d.day}",
    lambda d: f"{d.year}.{d.month:02}.{d.day:02}",
    lambda d: f"{d.year}年{d.month}月{d.day}日",
    lambda d: f"{d.year} 年 {d.month} 月 {d.day} 日",
    lambda d: f"{d.year}年{d.month}月{d.day}號",
    lambda d: f"{d:%Y%m%d}",
    lambda d: int(f"{d:%Y%m%d}"),
    lambda d: f"{d} 00:00:00",
    lambda d: f"  {d}\u200b\u3000",
    lambda d: d.isoformat().translate(FULL),
    lambda d: f"{d.year}年{d.month}月{d.day}日".translate(FULL),
]
MONTHS = [
    lambda d: f"{d.year}-{d.month}",
    lambda d: f"{d.year}.{d.month:02}",
    lambda d: f"{d.year}.{d.month}",
    lambda d: f"{d.year}/{d.month}",
    lambda d: f"{d.year}年{d.month}月",
    lambda d: f"{d.year}年{d.month}月份",
    lambda d: f"{d.year}年{d.month}月底前",
    lambda d: f"{d:%Y%m}",
    lambda d: int(f"{d:%Y%m}"),
]


# Dates


@given(days, st.sampled_from(NOTATIONS), st.booleans())
def test_any_day_in_any_notation_is_that_day_without_a_remark(day, notation, ahead):
    reading = read_date(notation(day), DAY, ahead=ahead)
    assert (reading.value, reading.remarks) == (PartialDate.of(day), ())


@given(days, st.sampled_from(MONTHS), st.booleans())
def test_any_month_in_any_notation_is_that_month_without_a_remark(day, notation, ahead):
    reading = read_date(notation(day), DAY, ahead=ahead)
    assert (reading.value, reading.remarks) == (PartialDate(day.year, day.month), ())


@given(st.integers(1980, 2099), st.integers(1, 12))
def test_the_number_of_a_month_is_that_month_unless_its_zero_may_be_lost(year, month):
    reading = read_date(float(f"{year}.{month:02}"), DAY, ahead=False)
    if month == 10:
        assert [remark.code for remark in reading.remarks] == ["V10"]
    else:
        assert reading.value == PartialDate(year, month)


separators = st.sampled_from("年/.-")


@given(st.integers(1980, 2099), separators, st.integers(1, 12), st.sampled_from("-–—/"), st.integers(1, 12))
@pytest.mark.parametrize("behind", ["", "月", "月底前", "季度", "月开工", " "])
def test_what_may_go_from_month_to_month_is_no_day(behind, year, first, month, then, last):
    written = f"{year}{first}{month}{then}{last}{behind}"
    reading = read_date(written, DAY, ahead=True)
    alike = first == then or (first == "-" and then in "–—")
    if (month < last and not alike) or "月" in behind or "季" in behind:
        assert [remark.code for remark in reading.remarks] == ["V06"], written
    else:
        assert reading.value == PartialDate(year, month, last)


@given(days, separators, st.sampled_from("-–—/."))
def test_a_day_of_two_signs_is_one_where_it_says_so(day, first, then):
    reading = read_date(f"{day.year}{first}{day.month}{then}{day.day}日", DAY, ahead=True)
    assert (reading.value, reading.remarks) == (PartialDate.of(day), ())


@given(days, st.sampled_from(["{m}月{d}日", "{m}.{d}", "{m}月{d}号前", "{m}/{d}"]), st.booleans(), days)
def test_a_day_without_a_year_is_the_nearest_on_its_side_and_always_told(day, notation, ahead, reference):
    reading = read_date(notation.format(m=day.month, d=day.day), reference, ahead=ahead)
    codes = [remark.code for remark in reading.remarks]
    if isinstance(reading.value, Unreadable):
        assert (day.month, day.day) == (2, 29) or not 1980 < reference.year < 2099
        return
    found = reading.value.last
    assert (codes, found.month, found.day) == (["V08"], day.month, day.day)
    if ahead:
        assert dt.timedelta() <= found - reference <= dt.timedelta(366)
    else:
        assert -dt.timedelta(366) <= found - reference <= dt.timedelta(31)
        assert found <= reference or found.year == reference.year


@example("1月", dt.date(2000, 1, 1), False)
@example("2022-0-5", dt.date(2022, 12, 9), True)
@given(scalars, days, st.booleans())
def test_a_date_cell_never_raises_and_never_loses_its_content_in_silence(value, reference, ahead):
    reading = read_date(value, reference, ahead=ahead)
    assert isinstance(reading.value, PartialDate | Unreadable) or reading.remarks
    assert all(remark.code in CATALOGUE for remark in reading.remarks)
    if isinstance(reading.value, PartialDate):
        found = reading.value  # a day without a month is none
        assert make_day(found.year, found.month or (0 if found.day else None), found.day or None) == found
    if isinstance(reading.value, Unreadable):
        assert reading.remarks


@pytest.mark.parametrize(
    "text",
    [
        "前" * 30_000,
        "2022年" + " " * 30_000,
        "1" * 30_000,
        "1e" * 15_000,
        "1,000" * 6_000,
        "年月日" * 10_000,
        "已办结" + "（" * 30_000,
    ],
)
def test_the_longest_cells_are_read_in_no_time(text):
    reader = _reader()
    for name in ("计划开工时间", "立项.办理进展", "总投资", "项目代码", "责任单位", "建设起止年限"):
        reading = reader.read(text, None, reader.form.fields[name], None)
        assert reading.remarks or reading.value == "2022"


# Numbers

figures = st.decimals(0, 10**8, places=4)


@given(figures, st.sampled_from(sorted(IN_YUAN)), st.sampled_from(["{}", "{}元单位", "  {} ", "{:,}"]))
def test_any_figure_as_text_is_what_it_is_as_a_number(figure, unit, notation):
    text = notation.replace("元单位", unit).format(figure)
    written = "万元" if notation != "{}元单位" else unit
    reading = read_money(text, "万元", "万元")
    assert reading.remarks == ()
    assert reading.value == in_unit(figure, written, "万元")


@pytest.mark.parametrize("written", ["37²", "6.5①%", "12⁹"])
def test_a_footnote_s_mark_is_no_figure_of_the_number(written):
    assert [remark.code for remark in read_number(written).remarks] == ["V02"]


@given(figures, st.sampled_from(sorted(IN_YUAN)), st.sampled_from(["元", "千元", "万元"]))
def test_units_of_money_convert_there_and_back(figure, one, other):
    there = in_unit(figure, one, other)
    assert there * float(IN_YUAN[other]) == pytest.approx(float(figure * IN_YUAN[one]), abs=1e-4, rel=1e-12)


@given(st.floats(0, 1e9), st.sampled_from(["万元", "亿元"]))
def test_a_number_keeps_its_value_to_a_ten_thousandth_of_a_yuan(figure, written):
    factor = 1 if written == "万元" else 10_000
    assert read_money(figure, written, "万元").value == pytest.approx(figure * factor, abs=1e-7, rel=1e-12)


@given(scalars)
def test_a_money_cell_never_raises_and_is_a_figure_or_a_remark(value):
    reading = read_money(value, "万元", "万元")
    assert isinstance(reading.value, float | Unreadable) or reading.remarks
    assert all(remark.code in CATALOGUE for remark in reading.remarks)
    if isinstance(reading.value, float):
        assert reading.value >= 0
    if reading.value == 0:
        assert "0" in half_width(value) if isinstance(value, str) else value < 1e-8


# Every type of field


def _reader(county="guxian"):
    rules = counties()[county]
    return Reader(rules, rules.forms["前期手续办理情况表"], "万元", DAY)


@given(scalars | st.none(), st.sampled_from(["guxian", "huozhou"]), st.data())
def test_no_cell_of_any_field_is_lost_in_silence(value, county, data):
    reader = _reader(county)
    field = data.draw(st.sampled_from(sorted(reader.form.fields.values(), key=lambda field: field.name)))
    reading = reader.read(value, None, field, None)
    if is_blank(value):
        assert [remark.code for remark in reading.remarks] == (["V01"] if field.required else [])
    elif reading.value is None:
        assert reading.remarks
    if isinstance(reading.value, Unreadable):
        assert reading.remarks
    assert reading.value != 0 or "0" in half_width(str(value)) or value < 1e-8


@pytest.mark.parametrize(("fault", "code"), [("#DIV/0!", "V25"), (UNCACHED, "V26")])
def test_a_fault_is_told_before_the_cell_is_called_blank(fault, code):
    reader = _reader()
    for name in ("总投资", "备注"):
        assert [r.code for r in reader.read(None, fault, reader.form.fields[name], None).remarks] == [code]


@given(texts)
def test_codes_years_and_phones_never_raise_and_keep_or_tell(text):
    for reading in (read_code(text, "141025"), read_years(text), read_phone(text)):
        assert reading.value is not None or reading.remarks


# Cleaning


@given(texts)
def test_cleaning_twice_is_cleaning_once(text):
    assert clean(clean(text)) == clean(text)


@given(texts.filter(lambda text: any(character.isalnum() for character in text)))
def test_only_words_for_nothing_are_blank(text):
    assert not is_blank(text) or any(word in text for word in ("一", "〇", "无", "無", "空"))


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("总投资（亿元）", "亿元"),
        ("总投资\n(万元)", "万元"),
        ("單位：億元", "亿元"),
        ("单位：元", "元"),
        ("总投资（百万元）", "百万元"),
        ("单位：千元", "千元"),
        ("总投资（亿）", "亿元"),
        ("总投资（万）", "万元"),
        ("总投资（十万元）", "十万元"),
        ("总投资（千万元）", "千万元"),
        ("单位：百万", "百万元"),
        ("单位：十亿元", "十亿元"),
        ("总投资（亿元人民币）", "亿元"),
        ("总投资（万元，1亿元=10000万元）", "万元"),
        ("总投资/万元", "万元"),
        ("总投资（万美元）", "万美元"),
        ("单位：美元", "美元"),
        ("总投资（亿元/万元）", "亿元/万元"),
        ("住宅单元数", None),
        ("存栏（万头）", None),
        ("单位：亩", None),
        ("单位：亿元、万kW", "亿元"),
        ("单位：万元、亿m³", "万元"),
        ("总投资", None),
    ],
)
def test_a_unit_of_money_is_heard_in_a_heading(text, unit):
    assert money_unit(text) == unit


@pytest.mark.parametrize(
    "behind", ["/万元", " 万元", "：万元", "【万元】", "\n万元", "万元", "（千万元）", "、亿元", "/元", "（万美元）"]
)
def test_a_heading_s_unit_is_no_part_of_it(behind):
    assert heading_key("总投资" + behind) == "总投资"


@pytest.mark.parametrize("heading", ["住宅单元", "投资额", "2023年完成", "单位:万元", "单位万元", "金额单位:亿元"])
def test_a_heading_s_letters_that_are_no_unit_stay(heading):
    assert heading_key(heading) == heading


def test_a_heading_s_figures_that_are_part_of_it_stay():
    assert heading_key("11月底目标") == "11月底目标"
    assert heading_key("2022年计划投资（万元）") == "2022年计划投资"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.0, "12"),
        (12.5, "12.5"),
        (True, "是"),
        (None, ""),
        (dt.date(2022, 12, 9), "2022-12-09"),
        (dt.datetime(2022, 12, 9, 8, 5), "2022-12-09 08:05"),  # noqa: DTZ001 - a sheet's times have no zone
        ("甲_x000D_\n乙", "甲\n乙"),
        (1e20, "1e+20"),
    ],
)
def test_a_value_is_shown_as_a_clerk_would_write_it(value, text):
    assert shown(value) == text


@given(st.builds(PartialDate, st.integers(1980, 2099), st.integers(1, 12), st.integers(0, 28)), days)
def test_partial_dates_compare_at_the_coarser_precision_and_print_so_that_they_can_be_read(date, day):
    other = PartialDate.of(day)
    assert date.compare(other) == -other.compare(date)
    assert PartialDate.parse(str(date)) == date
    assert date.compare(PartialDate.of(date.last)) == 0


@pytest.mark.parametrize("value", ["9" * 400, "9" * 16, 1e300, -1e15, "-" + "9" * 16])
def test_a_figure_beyond_all_reason_is_none(value):
    reading = read_number(value)
    assert [remark.code for remark in reading.remarks] == ["V02"]


@given(st.text("0123456789.,-%", min_size=1, max_size=500) | st.floats(allow_nan=False, allow_infinity=False))
def test_every_figure_can_be_written_down(value):
    number = read_number(value).value
    assert not isinstance(number, float) or abs(number) < 1e15


@pytest.mark.parametrize("written", ["办完了", "已办完", "办了"])
def test_no_value_is_suggested_that_says_something_else(written):
    meanings = {word: word for word in ("交办", "在办", "督办", "销号")}
    column = Column.model_validate({"名称": "状态", "类型": "选项"})
    [remark] = read_choice(written, column, meanings).remarks
    assert (remark.code, remark.words["建议"]) == ("V11", "")


@pytest.mark.parametrize(
    "written", ["2022-0-5", "2022-5-0", "2022年5月0日", "2022年0月", "2022-00", "0月1日", "5月0日", "00月", "22.0.5"]
)
def test_a_month_or_day_of_nought_is_no_date(written: str):
    reading = read_date(written, DAY, ahead=True)
    assert isinstance(reading.value, Unreadable)
    assert [remark.code for remark in reading.remarks] == ["V06"]


@pytest.mark.parametrize(
    ("number", "ways"),
    [(2022.1, ("2022-01", "2022-10")), (12.3, ("12月3日", "12月30日")), (12.2, ("12月2日", "12月20日"))],
)
def test_a_number_with_a_lost_zero_is_told_with_both_its_days_and_either_is_read(number: float, ways: tuple[str, str]):
    [remark] = read_date(number, DAY, ahead=True).remarks
    assert (remark.code, remark.words) == ("V10", {"一种": ways[0], "另一种": ways[1]})
    assert not any(isinstance(read_date(way, DAY, ahead=True).value, Unreadable) for way in ways)


@pytest.mark.parametrize("number", [0.1, 13.2, 45.1, -1.1, -999.1])
def test_a_number_that_is_no_date_either_way_is_told_so(number: float):
    assert [remark.code for remark in read_date(number, DAY, ahead=True).remarks] == ["V06"]
