"""Which unit a name means: by names and aliases, with county, 县 or 市 dropped or put, never by likeness."""

import datetime as dt
import re
import unicodedata

import pytest
from building import counties
from hypothesis import given
from hypothesis import strategies as st

from xmreport.rulebook.names import key_of, simplified
from xmreport.rulebook.roster import Roster, Unit

ROSTERS = {"guxian": "县", "huozhou": "市", "linxian": "县", "qinshui": "县", "zhangzi": "县", "linfen": "市"}


def small(*units, county="古县"):
    made = [
        Unit.model_validate(unit if isinstance(unit, str | dict) else {"名称": unit[0], "别名": unit[1:]})
        for unit in units
    ]
    return Roster(county, {"部门": tuple(made)})


every_unit = st.sampled_from([(key, unit) for key in ROSTERS for unit in counties()[key].roster.units])


@given(every_unit, st.sampled_from(["{}", " {} ", "{}（盖章）", "{}(公章)", "\u200b{}"]))
def test_every_unit_is_known_by_its_name_and_aliases(owner, notation):
    key, unit = owner
    for name in (unit.name, *unit.aliases):
        assert counties()[key].roster.resolve(notation.format(name)) == unit.name


@given(every_unit)
def test_the_county_s_own_name_may_stand_before_every_name(owner):
    key, unit = owner
    county = counties()[key]
    assert county.roster.resolve(county.name + unit.name) in {unit.name, None}
    assert county.roster.resolve(county.name + unit.name.removeprefix(ROSTERS[key])) == unit.name


@given(every_unit)
def test_without_its_county_or_city_a_name_means_its_unit_or_none_but_never_another(owner):
    key, unit = owner
    assert counties()[key].roster.resolve(unit.name.removeprefix(ROSTERS[key])) in {unit.name, None}


@given(st.text(max_size=12))
def test_any_text_resolves_to_a_unit_or_none(text):
    for key in ROSTERS:
        roster = counties()[key].roster
        assert roster.resolve(text) in {*roster.order, None}


@pytest.mark.parametrize("text", ["县民正局", "县财政", "局", "县", "古县", "某某科", "", "县住建局办公室", "市住建局"])
def test_what_is_only_like_a_unit_is_none(text):
    assert counties()["guxian"].roster.resolve(text) is None


def test_what_two_units_could_be_is_none():
    roster = small("县水利局", "市水利局")
    assert roster.resolve("水利局") is None
    assert roster.resolve("县水利局") == "县水利局"


def test_a_written_name_beats_one_made_by_dropping():
    roster = small("县医院", ("县疾控中心", "医院"))
    assert roster.resolve("医院") == "县疾控中心"
    assert roster.resolve("县医院") == "县医院"


def test_the_city_s_office_is_never_taken_for_the_county_s():
    roster = small("县住建局")
    assert roster.resolve("住建局") == "县住建局"
    assert roster.resolve("市住建局") is None


def test_a_single_character_is_no_name():
    assert small("县办").resolve("办") is None


def test_traditional_and_full_width_characters_are_the_same_name():
    assert key_of("縣　住建局（公章）") == key_of("县住建局(公章)")


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("古阳镇前期手续办理情况表(最终版)(1)", {"古阳镇"}),
        ("古阳镇和北平镇", {"古阳镇", "北平镇"}),
        ("前期手续办理情况表", set()),
        ("县住房和城乡建设局12.9", {"县住建局"}),
        ("市生态环境局古县分局报表", {"市生态环境局古县分局"}),
    ],
)
def test_units_named_in_a_longer_text(text, units):
    assert counties()["guxian"].roster.named_in(text) == units


names = st.sampled_from(["县水利局", "水利局", "城关镇", "城关", "关镇", "镇政府", "局", "医院", "县医院"])


@given(st.lists(names, min_size=1, unique=True), st.lists(names | st.sampled_from("县 镇"), max_size=5).map("".join))
def test_of_names_that_overlap_the_longest_is_meant(units, text):
    roster = small(*units)
    rest, found = key_of(text), set()
    for name in sorted(roster._index, key=len, reverse=True):
        if roster._index[name] and len(name) > 1 and name in rest:
            found.add(roster._index[name])
            rest = rest.replace(name, "\n")
    assert roster.named_in(text) == found


@given(
    st.lists(st.sampled_from(list("县縣乾Ａ（ \n\u3000\u200bé㈠")) | st.characters(codec="utf-8"), max_size=8).map(
        "".join
    )
)
def test_a_text_is_compared_without_width_blanks_and_traditional_characters(text):
    visible = re.sub("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00-\x1f\\s]", "", unicodedata.normalize("NFKC", text))
    assert key_of(text) == simplified(visible)


def test_units_exist_between_their_days():
    unit = Unit.model_validate({"名称": "三合镇", "自": "2021-01-01", "至": "2023-12-31"})
    days = [dt.date(2020, 12, 31), dt.date(2021, 1, 1), dt.date(2023, 12, 31), dt.date(2024, 1, 1)]
    assert [unit.exists(day) for day in days] == [False, True, True, False]


def test_reporters_stand_in_roster_order_and_only_while_they_exist():
    county = counties()["guxian"]
    task = county.tasks["前期手续办理周报"]
    owing = county.reporters(task, dt.date(2022, 12, 9))
    assert list(owing) == sorted(owing, key=county.roster.order.__getitem__)
    assert "三合镇" in owing
    assert "三合镇" not in county.reporters(task, dt.date(2020, 12, 9))


def test_who_owes_a_task_is_asked_of_one_unit_as_of_all():
    for county in counties().values():
        days = {
            dt.date(2020, 12, 31),
            dt.date(2021, 1, 1),
            *(period.begins for t in county.tasks.values() for period in t.periods[:1]),
        }
        for task in county.tasks.values():
            for day in days:
                listed = county.reporters(task, day)
                assert [unit for unit in county.roster.names if county.owes(task, unit, day)] == list(listed)
                assert not county.owes(task, "没有这个单位", day)
