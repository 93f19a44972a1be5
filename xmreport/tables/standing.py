"""How units stand: a nil return is on time or late like any other; what is open in a docket, and overdue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from xmreport.messages import STATE_WORDS
from xmreport.model.receipts import State, UnitState


class Backlog(Struct, frozen=True):
    """What is to be done in a docket with time limits, on a day."""

    docket: str
    open: int
    overdue: Mapping[str, int]
    """Unit → how many of its matters are past their time limit."""


def state_word(state: UnitState) -> str:
    """A state as tables print it: a nil return that came late is late."""
    return "迟报（零报告）" if state.state is State.NIL and state.late_by_s else STATE_WORDS[state.state]


def is_prompt(state: UnitState) -> bool:
    """On time, a nil return included."""
    return state.state in {State.ON_TIME, State.NIL} and not state.late_by_s


def is_late(state: UnitState) -> bool:
    """Late, a nil return included."""
    return state.state in {State.LATE, State.NIL} and state.late_by_s > 0


def counted(states: Iterable[UnitState]) -> dict[str, int]:
    """How many units are in each state; states that nobody is in are left out."""
    held = list(states)
    counts = {
        "按时": sum(map(is_prompt, held)),
        "迟报": sum(map(is_late, held)),
        **{
            STATE_WORDS[state]: sum(each.state is state for each in held)
            for state in (State.RETURNED, State.MISSING, State.PENDING, State.EXEMPT)
        },
    }
    return {word: count for word, count in counts.items() if count}


def nil_returns(states: Iterable[UnitState]) -> int:
    """How many of them have nothing to report, and said so."""
    return sum(each.state is State.NIL for each in states)
