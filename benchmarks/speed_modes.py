"""What `speed.py` measures, each in a process of its own: python speed_modes.py MODE PLACE [...]

The last line printed is JSON: CPU seconds (user + system) of this process and of its workers, their greatest memory,
and what the mode counted.
"""

from __future__ import annotations

import datetime as dt
import json
import pickle
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def raw(place: Path) -> dict[str, Any]:
    """The floor: every sheet of every file through the fast reader, and nothing else."""
    from python_calamine import CalamineWorkbook

    rows = 0
    for path in sorted((place / "inbox").rglob("*.xls*")):
        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            rows += len(book.get_sheet_by_name(name).to_python())
    return {"rows": rows}


def naive(place: Path, target: Path) -> dict[str, Any]:
    """A script as a clerk who programs writes it."""
    from speed_naive import main

    return main(place / "inbox", target)


def intake(place: Path) -> dict[str, Any]:
    """Settle, hash, guard, read, recognise, type, check, decide, record: everything but the tables."""
    from xmreport.run import Engine

    workspace, keys = _workspace(place)
    with Engine(workspace, keys, lambda _: None) as engine:
        engine.recover()
        engine.take_in(engine.settled(), _moment())
        counts = {outcome.value: count for outcome, count in engine.tally.outcomes.items()}
        return {**counts, "reader_mib": _greatest_reader(engine)}


def whole(place: Path) -> dict[str, Any]:
    """The command, as a clerk calls it."""
    return _command(place, "run", "--now", _now())


def idle(place: Path) -> dict[str, Any]:
    """The command where nothing is new."""
    return _command(place, "run", "--now", _now())


def status(place: Path) -> dict[str, Any]:
    """Who reported what."""
    return _command(place, "status", "--json", "--as-of", _now())


def help_(place: Path) -> dict[str, Any]:
    """The least that can be asked."""
    return _command(place, "--help")


def bare(_: Path) -> dict[str, Any]:
    """Python alone."""
    return {}


def imports(_: Path) -> dict[str, Any]:
    """What a run with nothing new cannot do without: the engine's own modules, and no pandas."""
    import xmreport.cli
    import xmreport.printing
    import xmreport.run  # noqa: F401 - measured

    return {"pandas": "pandas" in sys.modules}


def one_more(place: Path) -> dict[str, Any]:
    """One workbook after another in a running service, each from settled to published; the first warms up."""
    from speed_inputs import Mix, drop_one

    from xmreport.run import Engine

    workspace, keys = _workspace(place)
    costs = []
    with Engine(workspace, keys[-1:], lambda _: None) as engine:
        engine.run_once(_moment())
        for number in range(6):
            drop_one(workspace.inbox, keys[-1], 0, Mix(seed=100 + number))
            before = _children_now(engine) + time.process_time()
            begun = time.perf_counter()
            engine.recover()
            engine.take_in(list(engine.found()), _moment())
            engine.publish(_moment().at)
            wall = time.perf_counter() - begun
            costs.append((wall, _children_now(engine) + time.process_time() - before))
    steady = costs[2:]
    return {"each_wall": min(wall for wall, _ in steady), "each_cpu": min(cpu for _, cpu in steady)}


def stages(place: Path) -> dict[str, Any]:
    """The stages apart, in one process and one after the other over all files."""
    from xmreport.checks import ALONE, check
    from xmreport.checks.returns import Return
    from xmreport.examine import examine, open_desk
    from xmreport.forms.recognise import Arrived, recognise
    from xmreport.intake.scan import read_bytes
    from xmreport.intake.verdict import Limits, judge
    from xmreport.reading import read
    from xmreport.run import Engine

    spent: Counter[str] = Counter()

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        before = time.process_time()
        yield
        spent[name] += time.process_time() - before

    workspace, keys = _workspace(place)
    counties = dict(workspace.rulebook.counties)
    open_desk(counties)
    answers: dict[tuple[str, str], bytes] = {}

    class Known(Executor):
        """Gives what was found before, so that only the engine's own work is left."""

        def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
            done: Future[Any] = Future()
            known = fn is examine
            done.set_result(pickle.loads(answers[args[1], args[2]]) if known else fn(*args))  # noqa: S301 - our own
            return done

    with Engine(workspace, keys, lambda _: None, Known()) as engine:
        for county, found in list(engine.found()):
            with timed("read bytes"):
                data = read_bytes(found)
            with timed("guard"):
                verdict = judge(data, Limits())
            day = _moment().at.date()
            if verdict.fault is None:
                with timed("read"):
                    book = read(data, verdict.kind)
                with timed("recognise and type"):
                    seen = recognise(book, county, Arrived(found.name, found.folders[-1], day))
                with timed("check"):
                    for part in seen.parts:
                        check(ALONE, Return(county.forms[part.form], part, part.stated or day))
            answer = examine(data, county.key, found.name, found.folders[-1], day)
            with timed("hand over"):
                answers[county.key, found.name] = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
                pickle.loads(answers[county.key, found.name])  # noqa: S301 - just written
        with timed("hash, keep, decide, record"):
            engine.take_in(engine.settled(), _moment())
        spent["hash, keep, decide, record"] -= spent["hand over"] / 2
        with timed("tables"):
            engine.publish(_moment().at)
    return {name: round(seconds, 4) for name, seconds in spent.items()}


def _now() -> str:
    from speed_inputs import NOW

    return NOW


def _moment() -> Any:
    from xmreport.model.dates import CHINA
    from xmreport.run import Moment

    return Moment(dt.datetime.fromisoformat(_now()).replace(tzinfo=CHINA), replayed=True)


def _workspace(place: Path) -> tuple[Any, list[str]]:
    from xmreport.workspace import Workspace

    workspace = Workspace(place)
    return workspace, list(workspace.rulebook.counties)


def _command(place: Path, *words: str) -> dict[str, Any]:
    from xmreport.cli import main

    sys.argv = ["xmreport", "--home", str(place), *words]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
    return {"pandas": "pandas" in sys.modules}


def _greatest_reader(engine: Any) -> float:
    """The most memory that a living worker ever held."""
    return max([_peak_mib(worker._process.pid) for worker in tuple(engine.pool._alive)], default=0.0)  # noqa: SLF001


def _peak_mib(process: int | str) -> float:
    """The most memory of a process by its own account: getrusage would count that of the one that started it too."""
    said = Path(f"/proc/{process}/status").read_text("utf-8")
    return next(int(line.split()[1]) / 1024 for line in said.splitlines() if line.startswith("VmHWM"))


def _children_now(engine: Any) -> float:
    """CPU seconds of the living workers so far."""
    total = 0.0
    for worker in tuple(engine.pool._alive):  # noqa: SLF001 - the kernel counts them only once they have ended
        fields = Path(f"/proc/{worker._process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()  # noqa: SLF001
        total += (int(fields[11]) + int(fields[12])) / 100
    return total


MODES: dict[str, Callable[..., dict[str, Any]]] = {
    "raw": raw, "naive": naive, "intake": intake, "whole": whole, "idle": idle, "status": status, "help": help_,
    "bare": bare, "imports": imports, "one_more": one_more, "stages": stages,
}  # fmt: skip


def measured(mode: str, places: list[Path]) -> dict[str, Any]:
    """What a mode cost and counted."""
    said = MODES[mode](*places)
    own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "cpu": own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime,
        "own_cpu": own.ru_utime + own.ru_stime,
        "own_mib": _peak_mib("self"),
        **said,
    }


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], list(map(Path, sys.argv[2:]))), ensure_ascii=False))
