"""The demonstration itself: wave after wave into the inbox, and the real engine over each."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from xmreport.demo.acts import Act, programme
from xmreport.demo.place import finish_place, make_place
from xmreport.demo.sender import Drop
from xmreport.demo.telling import tell_act, tell_ending, tell_opening, tell_wave
from xmreport.hands import OWN
from xmreport.model.events import Event, FileEvent
from xmreport.model.receipts import Receipt
from xmreport.run import Engine, Moment
from xmreport.workspace import Workspace

LATECOMERS = dt.timedelta(days=2)
"""A wave that follows another more closely belongs to the same deadline."""


def run_demo(folder: Path) -> None:
    """Build a workspace in `folder`, let the counties' made-up weeks pass through it, and say what to open.

    Raises:
        Trouble: the folder holds something that is not an earlier demonstration.
    """
    workspace = make_place(folder)
    whole = programme(workspace.rulebook)
    tell_opening(folder, whole)
    receipts: list[Receipt] = []
    with workspace.hold(), _workers(workspace) as workers, _progress() as progress:
        task = progress.add_task("收表、出表", total=sum(len(act.waves) for act in whole.acts))
        for act in whole.acts:
            tell_act(act)
            for came in _play(workspace, act, workers):
                receipts += came
                progress.advance(task)
    finish_place(folder)
    tell_ending(folder, workspace, whole, receipts)


def _play(workspace: Workspace, act: Act, workers: Executor) -> Iterator[list[Receipt]]:
    """Every wave of an act through the engine; the receipts of each.

    Tables come out once a deadline and its latecomers are over, and before somebody needs them: what they hold in the
    end is the same as if they came out after every wave.
    """
    events: list[Event] = []
    with Engine(workspace, act.counties, events.append, workers) as engine:
        published = act.waves[0].at
        for wave, following in zip(act.waves, [*act.waves[1:], None], strict=True):
            for drop in wave.drops:
                _put(workspace, drop)
            moment = Moment(wave.at, replayed=True)
            engine.take_in(list(engine.found()), moment)
            if (
                following is None
                or following.needs_tables
                or (following.at - wave.at > LATECOMERS and _fell_due(engine, published, moment.at))
            ):
                engine.publish(moment.at)
                published = moment.at
            came = [event.receipt for event in events if isinstance(event, FileEvent)]
            tell_wave(wave, came, len(events) - len(came))
            yield came
            events.clear()


def _fell_due(engine: Engine, since: dt.datetime, until: dt.datetime) -> bool:
    """Whether any period of the engine's counties was still open at one moment and is past due at another."""
    periods = (
        period for county in engine.counties.values() for task in county.tasks.values() for period in task.periods
    )
    return any(period.is_due(until) and not period.is_due(since) for period in periods)


def _workers(workspace: Workspace) -> Executor:
    """The guarded workers that read for every county, one after the other."""
    return OWN.pool(workspace.rulebook.counties, workspace.rulebook.office)


def _put(workspace: Workspace, drop: Drop) -> None:
    folder = workspace.inbox / drop.county / drop.folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / drop.file).write_bytes(drop.made(workspace.outbox))


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on standard error where that is a screen; nothing where it is not."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    shared = sys.stdout.isatty()
    with Progress(
        *columns, console=console, disable=not console.is_terminal, redirect_stdout=shared, transient=True
    ) as bar:
        yield bar
