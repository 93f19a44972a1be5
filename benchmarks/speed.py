"""How fast it is, as ratios to the raw reading of the same files and to a naive script that gives the same tables.

    python benchmarks/speed.py [--files 40] [--county 1000] [--repeat 3] [--seed 1] [--faulty 0.05] [--inputs DIR]
        [--only files,…]

Everything runs in fresh processes, the modes in turn, and the smallest of the repeats counts: what disturbs a
measurement only ever adds to it. CPU is user + system of the process and of its workers, from its start to its end.
The rules of a workspace have been read once, as after `init` or `rules check`; `growth` says what that costs.
"""

from __future__ import annotations

import argparse
import compileall
import datetime as dt
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).resolve().parent))

from speed_inputs import Mix, drop, drop_all, have_rules_kept, make_county, make_workspace
from speed_task import NOW, TASK

from xmreport.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
MODES = ROOT / "benchmarks" / "speed_modes.py"
XMREPORT = ("-m", "xmreport", "--home", "{place}")
IMPORTS = """import gc
gc.set_threshold(200_000, 20, 10)
import xmreport.cli, xmreport.printing, xmreport.run
gc.freeze()
"""
COMMANDS = {
    "bare": ("-c", "pass"),
    "imports": ("-c", IMPORTS),
    "idle": (*XMREPORT, "run", "--now", NOW),
    "status": (*XMREPORT, "status", "--as-of", NOW),
    "help": (*XMREPORT, "--help"),
}
"""What is measured as it is called, without a script of ours around it.

`imports` is what no run can do without, under the same collector of garbage.
"""
REAL = "guxian"
SIZES = (40, 1000, 5000)
"""Workbooks that a workspace holds before one more comes."""
LONG_UNITS = 100
"""Units of the county whose files go through one engine, round after round."""
Figures = dict[str, Any]


class Bench:
    """One set of inputs, and what was measured on them."""

    def __init__(self, folder: Path, files: int, county: int, mix: Mix, repeat: int) -> None:
        self.folder, self.files, self.county, self.mix, self.repeat = folder, files, county, mix, repeat
        self.best: dict[str, Figures] = {}

    def inputs(self, name: str, files: int, workers: int = 1) -> Path:
        """A workspace with that many files, made once."""
        place = self.folder / f"{name}{files}-{self._mixed()}-{workers}"
        if not place.is_dir():
            counties = max(1, files // self.county)
            keys = make_workspace(place, counties, files // counties, workers)
            drop_all(place / "inbox", keys, files, self.mix)
        have_rules_kept(place)
        return place

    def full(self, files: int) -> Path:
        """A workspace that has taken in that many files and published them; beside them, a county without any."""
        place = self.folder / f"full{files}-{self._mixed()}"
        if not place.is_dir():
            draft = self.folder / "draft"
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(self.inputs("in", files), draft)
            _add_county(draft)
            _process("whole", draft)
            draft.rename(place)
        _process("idle", place)  # whatever a changed program does anew is done: nothing is left to do
        return place

    def _mixed(self) -> str:
        return f"{self.mix.seed}-{self.mix.faulty:g}"

    def measure(self, name: str, mode: str, source: Path, *, fresh: bool = True) -> None:
        """One fresh process over a copy of its own."""
        place = self.folder / "run"
        if fresh:
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(source, place)
        more = {"naive": [str(self.folder / "naive")], "long": [str(self.files)]}.get(mode, [])
        found = _process(mode, place if fresh else source, *more)
        before = self.best.get(name)
        self.best[name] = {key: _least(before, key, value) for key, value in found.items()} if before else found

    def in_turn(self, runs: Sequence[tuple[str, str, Path, bool]]) -> None:
        for _ in range(self.repeat):
            for name, mode, source, fresh in runs:
                self.measure(name, mode, source, fresh=fresh)

    def ratio(self, name: str, to: str, what: str = "cpu") -> float:
        return float(self.best[name][what]) / float(self.best[to][what])


def _process(mode: str, place: Path, *more: str) -> Figures:
    """What a fresh process says of itself, and what it cost in all: its beginning and its end, and its workers'."""
    begun = time.perf_counter()
    command = [*_command(mode, place), *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:  # noqa: S603 - our own
        assert process.stdout
        said = process.stdout.read()
        _, status, spent = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    found: Figures = {} if mode in COMMANDS else json.loads(said.splitlines()[-1])
    return {**found, "cpu": spent.ru_utime + spent.ru_stime, "wall": time.perf_counter() - begun}


def _command(mode: str, place: Path) -> list[str]:
    if mode in COMMANDS:
        return [sys.executable, *(word.format(place=place) for word in COMMANDS[mode])]
    return [sys.executable, str(MODES), mode, str(place)]


def _loads_pandas(mode: str, place: Path) -> bool:
    """Whether a command imports pandas."""
    python, *words = _command(mode, place)
    said = subprocess.run(  # noqa: S603 - our own
        [python, "-X", "importtime", *words], capture_output=True, check=True, cwd=ROOT
    )
    return b" pandas\n" in said.stderr


def _least(before: Figures, key: str, value: Any) -> Any:
    return min(before[key], value) if isinstance(value, float) else value


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    for folder in (ROOT / "xmreport", ROOT / "benchmarks"):  # as an installation does, whatever this shell is told
        compileall.compile_dir(folder, quiet=1)
    with tempfile.TemporaryDirectory() as temporary:
        folder, mix = arguments.inputs or Path(temporary), Mix(arguments.seed, faulty=arguments.faulty)
        bench = Bench(folder, arguments.files, arguments.county, mix, arguments.repeat)
        print(
            _machine(),
            f"{arguments.files} 份，每份 10–60 行 × 36 列，随机种子 {arguments.seed}，{arguments.faulty:.0%} 有错",
            sep="\n",
            flush=True,
        )
        for name, part in PARTS.items():
            if name in arguments.only:
                part(bench)


def _files(bench: Bench) -> None:
    """The intake, the whole run and the peers on the same files."""
    one, two = bench.inputs("in", bench.files), bench.inputs("in", bench.files, workers=2)
    bench.in_turn(
        [
            ("raw", "raw", one, False),
            ("intake", "intake", one, True),
            ("intake, 2 workers", "intake", two, True),
            ("whole", "whole", one, True),
            ("whole, 2 workers", "whole", two, True),
            ("naive", "naive", one, False),
        ]
    )
    print(f"{'':<20}{'CPU s':>9}{'× raw':>8}{'wall s':>9}{'MiB':>7}{'worker':>8}")
    for name in ("raw", "intake", "intake, 2 workers", "whole", "whole, 2 workers", "naive"):
        found = bench.best[name]
        numbers = f"{found['cpu']:>9.2f}{bench.ratio(name, 'raw'):>8.2f}{found['wall']:>9.2f}{found['own_mib']:>7.0f}"
        print(f"{name:<20}{numbers}{found.get('reader_mib', 0):>8.0f}")
    print(f"naive ÷ whole (CPU): {bench.ratio('naive', 'whole'):.2f}")
    for name in ("intake", "whole"):
        print(f"{name}, wall of two workers ÷ one: {bench.ratio(f'{name}, 2 workers', name, 'wall'):.2f}")


def _stages(bench: Bench) -> None:
    """The stages apart, in one process."""
    source = bench.inputs("in", bench.files)
    bench.in_turn([("raw", "raw", source, False), ("stages", "stages", source, True)])
    raw, found = bench.best["raw"]["cpu"], bench.best["stages"]
    for name in [name for name in found if " " in name or name in ("guard", "read", "check", "tables")]:
        print(f"{name:<28}{found[name] / bench.files * 1000:>8.2f} ms a file{found[name] / raw:>8.2f} × raw")


def _growth(bench: Bench) -> None:
    """One more workbook in a running service, empty and full, and the commands where nothing is new."""
    empty, full = bench.inputs("in", 1), bench.full(bench.files)
    bench.in_turn(
        [
            ("one more, empty", "one_more", empty, True),
            ("one more, full", "one_more", full, True),
            ("bare", "bare", full, False),
            ("imports", "imports", full, False),
            ("idle", "idle", full, True),
            ("help", "help", full, False),
            ("status", "status", full, False),
            ("rules", "rules", full, False),
        ]
    )
    for what in ("each_cpu", "each_wall"):
        one, other = bench.best["one more, full"][what], bench.best["one more, empty"][what]
        print(
            f"one more, {what}: {other * 1000:.0f} ms in an empty workspace, ÷ it with {bench.files}: {one / other:.2f}"
        )
    for name, to in (("idle", "imports"), ("help", "bare"), ("status", "bare")):
        pandas = " (pandas imported)" if _loads_pandas(name, full) else ""
        print(f"{name}: {bench.best[name]['cpu']:.2f} s, {bench.ratio(name, to):.1f} × {to}{pandas}")
    print(f"reading the rules, once after an edit: {bench.best['rules']['anew'] * 1000:.0f} ms")


def _sizes(bench: Bench) -> None:
    """One more workbook where so many are: in a county of its own, and in one of those that hold them."""
    sizes = [size for size in SIZES if size < bench.files] + [bench.files]
    for size in sizes:
        full = bench.full(size)
        bench.in_turn([(f"{mode} {size}", mode, full, True) for mode in ("one_more", "one_more_there")])
        beside, there = (bench.best[f"{mode} {size}"] for mode in ("one_more", "one_more_there"))
        cpu, wall = beside["each_cpu"] * 1000, beside["each_wall"] * 1000
        took, published = there["intake_cpu"] * 1000, there["publish_cpu"] * 1000
        print(f"{size:>6} there: one more beside them {cpu:.0f} ms CPU, {wall:.0f} ms wall;", end=" ")
        print(f"among them {took:.0f} ms CPU, and {published:.0f} to publish its county anew")


def _long(bench: Bench) -> None:
    """The memory of a service through whose one engine all the files go, a county's round after round."""
    bench = Bench(bench.folder, bench.files, bench.county, replace(bench.mix, faulty=0.0), 1)
    bench.measure("long", "long", bench.inputs("long", min(LONG_UNITS, bench.files)))
    held = bench.best["long"]["held_mib"]
    for files, mib in held:
        print(f"{files:>6} files: {mib:.0f} MiB")
    (first, least), (last, most) = held[0], held[-1]
    if last > first:
        print(f"growth: {(most - least) * 1024 / (last - first):.1f} KiB a file")


def _periods(bench: Bench) -> None:
    """A shipped county week after week, every unit with the same projects: what a run costs with weeks behind it."""
    place = bench.folder / "weeks"
    shutil.rmtree(place, ignore_errors=True)
    make_county(place, REAL)
    have_rules_kept(place)
    county = Workspace(place).rulebook.counties[REAL]
    task = county.tasks[TASK]
    for number, period in enumerate(task.periods, 1):
        assert period.due_at
        day = period.due_at.date() - dt.timedelta(days=1)
        units = county.reporters(task, day)
        for unit in units:
            drop(place / "inbox", REAL, unit, f"{bench.mix.seed}/{unit}", bench.mix, day)
        cpu = _process("whole", place, f"{day}T16:00")["cpu"]
        print(f"week {number:>2}, {len(units)} units: {cpu:.2f} s CPU", flush=True)


def _add_county(full: Path) -> None:
    """A county with one unit and nothing received yet, beside those that hold much."""
    with tempfile.TemporaryDirectory() as temporary:
        make_workspace(Path(temporary) / "one", 1, 1)
        rules = (Path(temporary) / "one" / "rules" / "xian0.yaml").read_text("utf-8")
        (full / "rules" / "zz.yaml").write_text(rules.replace("甲0县", "乙县"), "utf-8")


def _machine() -> str:
    named = ("python-calamine", "openpyxl", "pandas", "xlsxwriter")
    libraries = "、".join(f"{name} {version(name)}" for name in named)
    return f"{platform.platform()}，Python {platform.python_version()}，{libraries}"


PARTS: dict[str, Callable[[Bench], None]] = {
    "files": _files, "stages": _stages, "growth": _growth, "sizes": _sizes, "periods": _periods, "long": _long,
}  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=40, help="40, 1000 or 5000")
    parser.add_argument("--county", type=int, default=1000, help="units of a county at most")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faulty", type=float, default=0.05, help="the share of files with an error, which go back")
    parser.add_argument("--inputs", type=Path, help="keep the inputs in this folder")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PARTS), help="、".join(PARTS))
    return parser.parse_args()


if __name__ == "__main__":
    main()
