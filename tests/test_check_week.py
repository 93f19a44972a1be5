"""Whole weeks of submissions, made outside the product, each with its truth: every figure must be full."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import surroundings

REPO = Path(__file__).parent.parent
SAMPLES = REPO.parent / "shared" / "samples"
WEEKS = sorted(path.parent.name for path in SAMPLES.glob("*/truth.json"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory):
    """All weeks at once, each in a process of its own."""
    started = {}
    for week in WEEKS:
        out = tmp_path_factory.mktemp("week") / "said.txt"
        command = [sys.executable, str(SAMPLES / "check_week.py"), str(SAMPLES / week)]
        with out.open("w", encoding="utf-8") as file:
            started[week] = (
                out,
                subprocess.Popen(
                    [*command, "--repo", str(REPO), "--python", sys.executable, "--verbose"],
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    env=surroundings(PYTHONUTF8="1"),
                ),
            )
    yield started
    for _, process in started.values():
        process.kill()
        process.wait()


@pytest.mark.skipif(not WEEKS, reason="the sample weeks (../shared/samples) are not here")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("week", WEEKS or ["none"])
def test_a_week_of_submissions_comes_out_as_it_must(runs, week: str):
    out, process = runs[week]
    status = process.wait()
    assert status == 0, out.read_text("utf-8")
