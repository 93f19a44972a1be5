"""The two commands, on a machine with Python 3.11+ and nothing else: `python do.py demo` and `python do.py test`.

Makes `.venv` beside this file, installs xmreport and what it needs at the versions of constraints.txt (from the folder
`wheels/` where an office without internet has put them), and runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(extra: str) -> None:
    """Install the checkout with an extra, once for each state of what it asks for."""
    wanted = extra + "".join((HERE / name).read_text("utf-8") for name in ("pyproject.toml", "constraints.txt"))
    stamp = ENVIRONMENT / f"installed-{extra or 'plain'}.txt"
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return
    if not PYTHON.is_file():
        venv.create(ENVIRONMENT, with_pip=True)
    wheels = HERE / "wheels"
    local = ["--no-index", "--find-links", str(wheels)] if wheels.is_dir() else []
    target = f"{HERE}[{extra}]" if extra else str(HERE)
    # A path file with other letters than ASCII keeps Python 3.11 and 3.12 from starting on a Chinese Windows.
    linked = ["--editable"] if str(HERE).isascii() else []
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *local]
    subprocess.run([*command, "--constraint", str(HERE / "constraints.txt"), *linked, target], check=True)
    stamp.write_text(wanted, "utf-8")


def main() -> int:
    """Install and run; the exit status is that of what was run."""
    commands = {
        "demo": ("", [str(PYTHON), "-m", "xmreport", "demo"]),
        "test": ("test", [str(PYTHON), "-m", "pytest"]),
    }
    if sys.version_info < (3, 11) or len(sys.argv) < 2 or sys.argv[1] not in commands:
        print("python do.py demo [DIR]  |  python do.py test [pytest options]  (Python 3.11+)", file=sys.stderr)
        return 2
    extra, command = commands[sys.argv[1]]
    install(extra)
    checkout = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    return subprocess.run([*command, *sys.argv[2:]], check=False, env={**os.environ, "PYTHONPATH": checkout}).returncode


if __name__ == "__main__":
    sys.exit(main())
