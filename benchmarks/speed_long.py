"""A 200,000-row summary against xlsxwriter alone: python speed_long.py [ROWS]

Both write the same cells, each in a process of its own; the second writes them one by one in constant-memory mode.
"""

from __future__ import annotations

import datetime as dt
import io
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]


def ours(rows: int) -> None:
    """The product's own way."""
    from test_large import AS_OF, TEMPLATES, build, table, workbook

    lines = table(rows)
    begun = time.process_time()
    build(workbook(lines), TEMPLATES, AS_OF)
    _tell(begun)


def alone(rows: int) -> None:
    """The same cells, and nothing measured."""
    import xlsxwriter
    from test_large import table

    from xmreport.model.dates import PartialDate

    columns = list(table(rows).columns.values())
    begun = time.process_time()
    with xlsxwriter.Workbook(io.BytesIO(), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        plain, dated = book.add_format({"border": 1}), book.add_format({"num_format": "yyyy-mm-dd", "border": 1})
        for at, line in enumerate(zip(*columns, strict=True)):
            for column, value in enumerate(line):
                match value:
                    case PartialDate() if value.day:
                        day = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a cell has no zone
                        sheet.write_datetime(at, column, day, dated)
                    case None:
                        sheet.write_blank(at, column, None, plain)
                    case bool() | str() | PartialDate():
                        sheet.write_string(at, column, str(value), plain)
                    case _:
                        sheet.write_number(at, column, value, plain)
    _tell(begun)


def _tell(begun: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{time.process_time() - begun:.2f} {peak:.0f}")


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in {"ours", "alone"}:
        {"ours": ours, "alone": alone}[sys.argv[1]](int(sys.argv[2]))
    else:
        size = sys.argv[1] if sys.argv[1:] else "200000"
        said = {
            name: subprocess.run(  # noqa: S603 - this very script
                [sys.executable, __file__, name, size], capture_output=True, text=True, check=True
            )
            for name in ("alone", "ours")
        }
        found = {name: tuple(map(float, ended.stdout.split())) for name, ended in said.items()}
        for name, (cpu, peak) in found.items():
            print(f"{name}: {cpu:.2f} s CPU, {peak:.0f} MiB")
        print(f"ratio: {found['ours'][0] / found['alone'][0]:.2f}")
