"""填报单位 as the sheet states it: a bracket or a figure may be part of a unit's name, and the exact name wins."""

import pytest
from building import DAY, counties, f1, part_of, warnings, written
from msgspec.structs import replace

from xmreport.forms.recognise import FileHint, recognise
from xmreport.reading import read
from xmreport.rulebook.roster import Roster, Unit

UNITS = ("县医院", "县医院（西院）", "县第1中学", "G341改线工程指挥部", "古阳镇")


@pytest.fixture(scope="module")
def county():
    listed = tuple(Unit.model_validate(unit) for unit in UNITS)
    return replace(counties()["guxian"], roster=Roster("古县", {"部门": listed}))


def stated(county, *cells):
    """The unit of a sheet whose third line begins with these cells."""
    sheet = f1(unit=None).fill(3, cells)
    [part] = recognise(read(written(sheet), "xlsx"), county, FileHint("报表.xlsx", None, DAY)).parts
    return part.unit


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(
    "cells",
    [
        ["填报单位：{}"],
        ["填报单位（盖章）：{}"],
        ["填报单位：{}（公章）"],
        ["填报单位：{}（加盖公章）"],
        ["填报单位：（盖章）{}"],
        ["填报单位（盖章）：____{}____"],
        ["填报单位：{} 2022年12月8日"],
        ["填报单位：{}2022年第12期"],
        ["填报单位（盖章）：{}  2022.12.8"],
        ["填报单位：{} 0357-8322000"],
        ["填报单位（全称）：{}    填报时间：2022年12月8日"],
        ["填报单位（盖章）", None, "{}"],
        ["填报单位：（盖章）", None, "{}"],
        ["填报单位（盖章）", "{}（盖章）"],
    ],
)
def test_a_unit_is_the_one_that_is_written_out(county, unit, cells):
    assert stated(county, *(cell and cell.format(unit) for cell in cells)) == unit


@pytest.mark.parametrize("unit", ["县医院", "古阳镇"])
def test_a_remark_in_brackets_that_is_in_no_name_says_nothing(county, unit):
    assert stated(county, f"填报单位：{unit}（含下属单位）") == unit


@pytest.mark.parametrize("name", ["县第2中学", "县医院北院", "县第中学", "G342改线工程指挥部"])
def test_a_name_that_is_only_like_a_unit_s_is_none(county, name):
    assert stated(county, f"填报单位：{name}") is None


def test_a_name_that_no_roster_knows_is_told_as_it_is_written():
    part = part_of(f1(unit="县第1医院（西院）"))
    assert warnings(part) == [("S03", "A3")]
    assert part.findings[0].value == "县第1医院(西院)"
