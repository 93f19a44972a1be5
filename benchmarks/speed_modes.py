"""What `speed.py` measures, each in a process of its own: python speed_modes.py MODE PLACE [...]

The last line printed is JSON: CPU seconds (user + system) of this process, its greatest memory, and what the mode
counted.
"""

from __future__ import annotations

import datetime as dt
import gc
import io
import json
import pickle
import resource
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
A_MINUTE = dt.timedelta(minutes=1)
MEMORY_EVERY = 1000
"""Files after which a long service is asked what it holds."""


def raw(place: Path) -> dict[str, Any]:
    """The floor: every sheet of every file through the fast reader, and nothing else."""
    from python_calamine import CalamineWorkbook

    rows = 0
    for path in sorted((place / "inbox").rglob("*.xls*")):
        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            rows += len(book.get_sheet_by_name(name).to_python())
    return {"rows": rows}


def naive(place: Path, target: str) -> dict[str, Any]:
    """A script as a clerk who programs writes it."""
    from speed_naive import main

    return main(place / "inbox", Path(target))


def intake(place: Path) -> dict[str, Any]:
    """Settle, hash, guard, read, recognise, type, check, decide, record: everything but the tables."""
    from xmreport.run import Engine

    workspace, keys = _workspace(place)
    with Engine(workspace, keys, lambda _: None) as engine:
        engine.recover()
        engine.take_settled(_moment())
        counts = {outcome.value: count for outcome, count in engine.tally.outcomes.items()}
        return {**counts, "reader_mib": _greatest_reader(engine)}


def whole(place: Path, now: str = "") -> dict[str, Any]:
    """The command, as a clerk calls it."""
    from speed_task import NOW

    from xmreport.cli import main

    sys.argv = ["xmreport", "--home", str(place), "run", "--now", now or NOW]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
    return {}


def one_more(place: Path) -> dict[str, Any]:
    """One workbook after another in a running service, for a county that holds no other."""
    return _one_after_another(place, -1)


def one_more_there(place: Path) -> dict[str, Any]:
    """The same for the first county: its tables show all that it holds."""
    return _one_after_another(place, 0)


def _one_after_another(place: Path, county: int) -> dict[str, Any]:
    """Each from settled to published; the first warm up."""
    from speed_inputs import Mix, drop_one

    from xmreport.run import Engine
    from xmreport.watch import give_back

    workspace, keys = _workspace(place)
    key = keys[county]
    costs = []
    with Engine(workspace, [key], lambda _: None) as engine:
        engine.run_once(_moment())

        def spent() -> tuple[float, float]:
            return _children_now(engine) + time.process_time(), time.perf_counter()

        for number in range(6):
            drop_one(workspace.inbox, key, 0, Mix(seed=100 + number))
            before = spent()
            engine.recover()
            engine.take_in(list(engine.found()), _moment())
            between = spent()
            if engine.publish(_moment().at):
                give_back()
            costs.append((before, between, spent()))
    steady = costs[2:]
    return {
        "each_cpu": min(after[0] - before[0] for before, _, after in steady),
        "each_wall": min(after[1] - before[1] for before, _, after in steady),
        "intake_cpu": min(between[0] - before[0] for before, between, _ in steady),
        "publish_cpu": min(after[0] - between[0] for _, between, after in steady),
    }


def long(place: Path, files: str) -> dict[str, Any]:
    """That many files through one engine, as a service takes them in: the memory it holds, every thousand files.

    A unit sends the same few workbooks in turn, each time with a mark of its own, so that none is a duplicate.
    """
    from xmreport.run import Engine, Moment
    from xmreport.watch import give_back

    workspace, keys = _workspace(place)
    bodies = [(path, path.read_bytes()) for path in sorted(workspace.inbox.rglob("*.xlsx"))]
    for path in [*workspace.inbox.rglob("*.xls*")]:
        path.unlink()
    at, most, done = _moment().at - dt.timedelta(days=2), int(files), 0
    held: list[tuple[int, float]] = []
    with Engine(workspace, keys, lambda _: None) as engine:
        while done < most:
            some = bodies[: most - done]
            for number, (path, data) in enumerate(some, done):
                path.write_bytes(_marked(data, f"{number}"))
            at += A_MINUTE
            engine.recover()
            engine.recheck(at)
            engine.take_in(list(engine.found()), Moment(at, replayed=True))
            if engine.publish(at):
                give_back()
            done += len(some)
            if done % MEMORY_EVERY < len(some) or done == most:
                held.append((done, _status_mib("self", "VmRSS")))
        outcomes = {outcome.value: count for outcome, count in engine.tally.outcomes.items()}
    assert outcomes == {"accepted": most}, outcomes
    return {"held_mib": held}


def _marked(data: bytes, text: str) -> bytes:
    """The same workbook in other bytes."""
    target = io.BytesIO(data)
    with zipfile.ZipFile(target, "a") as package:
        package.comment = text.encode()
    return target.getvalue()


def rules(place: Path) -> dict[str, Any]:
    """The rules from their files, as after an edit."""
    from xmreport.rulebook.loading.folder import load_rulebook

    begun = time.process_time()
    load_rulebook(place / "rules")
    return {"anew": time.process_time() - begun}


def stages(place: Path) -> dict[str, Any]:
    """The stages apart, in one process and one after the other over all files."""
    from xmreport.checks import ALONE, check
    from xmreport.checks.returns import Examined
    from xmreport.examine import examine, open_desk
    from xmreport.forms.recognise import FileHint, recognise
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
            if fn is examine:
                done.set_result(pickle.loads(answers[args[1], args[2]]))  # noqa: S301 - our own
            else:
                with timed("mark what goes back"):
                    done.set_result(fn(*args))
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
                    book = read(data, verdict.kind, parts=verdict.parts)
                with timed("recognise and type"):
                    seen = recognise(book, county, FileHint(found.name, found.folders[-1], day))
                with timed("check"):
                    for part in seen.parts:
                        check(ALONE, Examined(county.forms[part.form], part, part.stated or day))
            answer = examine(data, county.key, found.name, found.folders[-1], day)
            with timed("hand over"):
                answers[county.key, found.name] = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
                pickle.loads(answers[county.key, found.name])  # noqa: S301 - just written
        with timed("hash, keep, decide, record"):
            engine.take_settled(_moment())
        spent["hash, keep, decide, record"] -= spent["hand over"] / 2 + spent["mark what goes back"]
        with timed("tables"):
            engine.publish(_moment().at)
    return {name: round(seconds, 4) for name, seconds in spent.items()}


def _moment() -> Any:
    from speed_task import NOW

    from xmreport.model.dates import CHINA
    from xmreport.run import Moment

    return Moment(dt.datetime.fromisoformat(NOW).replace(tzinfo=CHINA), replayed=True)


def _workspace(place: Path) -> tuple[Any, list[str]]:
    from xmreport.workspace import Workspace

    workspace = Workspace(place)
    return workspace, list(workspace.rulebook.counties)


def _greatest_reader(engine: Any) -> float:
    """The most memory that a living worker ever held."""
    return max([_peak_mib(worker._process.pid) for worker in tuple(engine.pool._alive)], default=0.0)  # noqa: SLF001


def _peak_mib(process: int | str) -> float:
    """The most memory of a process by its own account: getrusage would count that of the one that started it too."""
    return _status_mib(process, "VmHWM")


def _status_mib(process: int | str, name: str) -> float:
    said = Path(f"/proc/{process}/status").read_text("utf-8")
    return next(int(line.split()[1]) / 1024 for line in said.splitlines() if line.startswith(name))


def _children_now(engine: Any) -> float:
    """CPU seconds of the living workers so far: the kernel adds them to ours only once they have ended."""
    workers = tuple(engine.pool._alive)  # noqa: SLF001
    spent = (Path(f"/proc/{worker._process.pid}/schedstat").read_text("ascii") for worker in workers)  # noqa: SLF001
    return sum(int(said.split()[0]) for said in spent) / 1e9


MODES: dict[str, Callable[..., dict[str, Any]]] = {
    "raw": raw, "naive": naive, "intake": intake, "whole": whole, "stages": stages, "one_more": one_more,
    "one_more_there": one_more_there, "long": long, "rules": rules,
}  # fmt: skip


PEERS = frozenset({"raw", "naive"})


def measured(mode: str, place: str, *more: str) -> dict[str, Any]:
    """What a mode cost this process alone, and what it counted."""
    if mode not in PEERS:
        gc.set_threshold(200_000, 20, 10)  # as `cli.main` does
    said = MODES[mode](Path(place), *more)
    if mode not in PEERS:
        gc.freeze()  # as `cli.main` does at its end
    own = resource.getrusage(resource.RUSAGE_SELF)
    return {"own_cpu": own.ru_utime + own.ru_stime, "own_mib": _peak_mib("self"), **said}


if __name__ == "__main__":
    print(json.dumps(measured(*sys.argv[1:]), ensure_ascii=False))
