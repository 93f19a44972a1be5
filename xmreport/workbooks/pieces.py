"""A table with more lines than a sheet of Excel has rows, as several sheets that carry their totals forward."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from xmreport.model.sheets import Line, LongTable, SheetData
from xmreport.workbooks.formats.template import SUBTOTAL, TOTAL
from xmreport.workbooks.streamed.body import by_column

MOST_ROWS = 1_048_576
"""Rows that a sheet of Excel has."""
_NOTE = "共{lines}行，一张工作表放不下，分为{count}张，这是第{number}张，从第{first}行起；合计含前面各张。"


def pieces(data: SheetData, room: int) -> list[SheetData]:
    """The sheet itself where its lines fit into `room` rows; else as many as it takes, in order."""
    if len(data.lines) <= room:
        return [data]
    table = by_column(data.lines)
    is_totalled = TOTAL in {line.kind for line in table.between.values()}
    # A row for the note, and one for the total that is carried forward.
    spans = list(_spans(table, room - 2))
    found = []
    for number, (first, end) in enumerate(spans, 1):
        part = table.part(first, end)
        if is_totalled and number < len(spans):
            part = LongTable(part.columns, part.height, {**part.between, len(part): Line(TOTAL)})
        words = {"lines": len(table), "count": len(spans), "number": number, "first": first + 1}
        name = data.name if number == 1 else f"{data.name}（{number}）"
        found.append(replace(data, name=name, lines=part, notes=(_NOTE.format(**words), *data.notes)))
    return found


def _spans(table: LongTable, room: int) -> Iterator[tuple[int, int]]:
    """Where each sheet begins and ends: behind a 小计 where there is one, so that none is divided."""
    subtotals = [at for at, line in table.between.items() if line.kind == SUBTOTAL]
    first = 0
    while len(table) - first > room:
        behind = [at + 1 for at in subtotals if first < at + 1 <= first + room]
        end = behind[-1] if behind else first + room
        yield first, end
        first = end
    yield first, len(table)
