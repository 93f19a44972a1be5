"""What is played in which order: one county after the other, by the year of its notice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from msgspec import Struct

from xmreport.demo.cases import Case, Look, read_case
from xmreport.demo.script import case_waves
from xmreport.demo.sender import Wave
from xmreport.demo.week import two_weeks
from xmreport.model.dates import CHINA
from xmreport.rulebook.book import Rulebook

_LATER = dt.datetime(2022, 12, 20, tzinfo=CHINA)
"""霍州's waves from here on are played by themselves: 古县's weeks end before."""


class Act(Struct, frozen=True):
    """Some counties' waves, through an engine of these counties alone."""

    said: str
    counties: tuple[str, ...]
    waves: tuple[Wave, ...]


class Programme(Struct, frozen=True):
    """All that is played, and what is worth opening afterwards."""

    acts: tuple[Act, ...]
    looks: dict[str, tuple[Look, ...]]
    """County → its workbooks."""


def programme(book: Rulebook) -> Programme:
    """Every act in order; the same every time."""
    cases = {key: read_case(key) for key in ("zhangzi", "guxian", "huozhou", "linfen", "qinshui", "linxian")}
    played = {key: case_waves(book.counties[key], case) for key, case in cases.items()}
    weeks, third_week = two_weeks(book)
    early = [wave for wave in [*weeks, *played["guxian"], *played["huozhou"]] if wave.at < _LATER]
    later = [third_week, *(wave for wave in played["huozhou"] if wave.at >= _LATER)]
    acts = (
        _act(cases, "zhangzi", played["zhangzi"]),
        Act(cases["guxian"].opening, ("guxian", "huozhou"), _in_order(early)),
        _act(cases, "linfen", played["linfen"]),
        _act(cases, "huozhou", later),
        _act(cases, "qinshui", played["qinshui"]),
        _act(cases, "linxian", played["linxian"]),
    )
    return Programme(acts, {key: case.looks for key, case in cases.items()})


def _act(cases: dict[str, Case], key: str, waves: Sequence[Wave]) -> Act:
    return Act(cases[key].opening, (key,), _in_order(waves))


def _in_order(waves: Sequence[Wave]) -> tuple[Wave, ...]:
    return tuple(sorted(waves, key=lambda wave: wave.at))
