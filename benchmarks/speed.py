"""How fast it is, as ratios to the raw reading of the same files and to a naive script that gives the same tables.

    python benchmarks/speed.py [--files 40] [--repeat 3] [--seed 1] [--inputs DIR] [--only raw,intake,…]

Everything runs in fresh processes, the modes in turn, and the smallest of the repeats counts: what disturbs a
measurement only ever adds to it. CPU is user + system of the process and of its workers.
"""

from __future__ import annotations

import argparse
import json
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

sys.path.insert(0, str(Path(__file__).resolve().parent))

from speed_inputs import Mix, drop_all, make_workspace

MODES = Path(__file__).with_name("speed_modes.py")
LARGEST_COUNTY = 1000
Figures = dict[str, Any]


class Bench:
    """One set of inputs, and what was measured on them."""

    def __init__(self, folder: Path, files: int, mix: Mix, repeat: int) -> None:
        self.folder, self.files, self.mix, self.repeat = folder, files, mix, repeat
        self.best: dict[str, Figures] = {}

    def inputs(self, name: str, files: int, workers: int = 1) -> Path:
        """A workspace with that many files, made once."""
        place = self.folder / f"{name}{files}-{self.mix.seed}-{workers}"
        if not place.is_dir():
            counties = max(1, files // LARGEST_COUNTY)
            keys = make_workspace(place, counties, files // counties, workers)
            drop_all(place / "inbox", keys, files, self.mix)
        return place

    def measure(self, name: str, mode: str, source: Path, *, fresh: bool = True) -> None:
        """One fresh process over a copy of its own."""
        place = self.folder / "run"
        if fresh:
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(source, place)
        more = [str(self.folder / "naive")] if mode == "naive" else []
        begun = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, str(MODES), mode, str(place if fresh else source), *more],
            stdout=subprocess.PIPE,
            check=True,
        )
        wall = time.perf_counter() - begun
        found: Figures = {**json.loads(done.stdout.splitlines()[-1]), "wall": wall}
        before = self.best.get(name)
        self.best[name] = {key: _least(before, key, value) for key, value in found.items()} if before else found

    def in_turn(self, runs: Sequence[tuple[str, str, Path, bool]]) -> None:
        for _ in range(self.repeat):
            for name, mode, source, fresh in runs:
                self.measure(name, mode, source, fresh=fresh)

    def ratio(self, name: str, to: str, what: str = "cpu") -> float:
        return float(self.best[name][what]) / float(self.best[to][what])


def _least(before: Figures, key: str, value: Any) -> Any:
    return min(before[key], value) if isinstance(value, float) else value


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as temporary:
        bench = Bench(arguments.inputs or Path(temporary), arguments.files, Mix(arguments.seed), arguments.repeat)
        print(
            _machine(),
            f"{arguments.files} 份，每份 10–60 行 × {36} 列，随机种子 {arguments.seed}",
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
    empty, full = bench.inputs("in", 1), bench.folder / f"full{bench.files}-{bench.mix.seed}"
    if not full.is_dir():
        place = bench.inputs("in", bench.files)
        shutil.copytree(place, full)
        subprocess.run(  # noqa: S603 - our own script
            [sys.executable, str(MODES), "whole", str(full)], stdout=subprocess.PIPE, check=True
        )
        _add_county(full)
    bench.in_turn(
        [
            ("one more, empty", "one_more", empty, True),
            ("one more, full", "one_more", full, True),
            ("bare", "bare", full, False),
            ("imports", "imports", full, False),
            ("idle", "idle", full, True),
            ("help", "help", full, False),
            ("status", "status", full, False),
        ]
    )
    for what in ("each_cpu", "each_wall"):
        one, other = bench.best["one more, full"][what], bench.best["one more, empty"][what]
        print(
            f"one more, {what}: {other * 1000:.0f} ms in an empty workspace, ÷ it with {bench.files}: {one / other:.2f}"
        )
    for name, to in (("idle", "imports"), ("help", "bare"), ("status", "bare")):
        pandas = " (pandas imported)" if bench.best[name].get("pandas") else ""
        print(f"{name}: {bench.best[name]['cpu']:.2f} s, {bench.ratio(name, to):.1f} × {to}{pandas}")


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


PARTS: dict[str, Callable[[Bench], None]] = {"files": _files, "stages": _stages, "growth": _growth}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=40, help="40, 1000 or 5000")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inputs", type=Path, help="keep the inputs in this folder")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PARTS), help="、".join(PARTS))
    return parser.parse_args()


if __name__ == "__main__":
    main()
