"""报送情况及迟报名单: how each unit's line accounts for its state."""

import datetime as dt

import pytest
from conftest import at
from msgspec.structs import replace
from occasions import county_of, occasion

from xmreport.model.receipts import State, UnitState
from xmreport.tables.head import Occasion
from xmreport.tables.register import register

DUE, CAME = at("12-09 17:00"), at("12-09 10:00")
ASKED = "应报2022-12-09 17:00"


@pytest.fixture(scope="module")
def where(tmp_path_factory) -> Occasion:
    return occasion(county_of(tmp_path_factory.mktemp("register")))


def _reckoned(where: Occasion, state: State, **more: object) -> object:
    unit = replace(UnitState("guxian", "周报", "2022-12-09", DUE, "古阳镇", state), **more)
    return register(where, [unit], {}).sheets[0].lines[0].values["时长算法"]


@pytest.mark.parametrize(
    ("state", "more", "told"),
    [
        (State.MISSING, {}, f"{ASKED}，至今未报"),
        (State.LATE, {"arrived_at": at("12-09 18:00"), "late_by_s": 3600}, f"{ASKED}，实报2022-12-09 18:00，相差1小时"),
        (State.RETURNED, {"arrived_at": CAME}, f"{ASKED}，首次报送2022-12-09 10:00，退回后至今没有合格的"),
        (State.ON_TIME, {"arrived_at": CAME}, f"{ASKED}，实报2022-12-09 10:00"),
        (State.ON_TIME, {"arrived_at": CAME, "due_at": None}, "按需报送，实报2022-12-09 10:00"),
        (
            State.RETURNED,
            {"arrived_at": CAME, "due_at": None},
            "按需报送，首次报送2022-12-09 10:00，退回后至今没有合格的",
        ),
        (State.PENDING, {}, None),
        (State.EXEMPT, {"due_at": None}, None),
    ],
)
def test_what_a_state_rests_on_is_told_as_it_is(
    where: Occasion, state: State, more: dict[str, dt.datetime], told: str | None
):
    assert _reckoned(where, state, **more) == told
