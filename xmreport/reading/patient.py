"""Values straight from a worksheet's XML: slower than the fast reader, and not put off by what is merely odd.

The fast reader refuses a whole workbook for one bad dimension, one cell of an unknown type, one date beyond its
calendar or a part in UTF-16. Such a workbook opens in WPS and Excel, so it is read here instead.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet

from xmreport.model.grid import Scalar
from xmreport.reading.markup import Attributes, Start, walk
from xmreport.reading.sheet import COLUMNS, CellStyles, Scan
from xmreport.reading.values import day_of, moment, scalar, trimmed

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def shared_strings(xml: bytes | None) -> list[str]:
    """The texts that cells point at, without the reading aids of East Asian text."""
    found: list[list[str]] = []
    listening = aid = False

    def string(_: Attributes) -> None:
        found.append([])

    def begin(_: Attributes) -> None:
        nonlocal listening
        listening = not aid

    def end() -> None:
        nonlocal listening
        listening = False

    def enter_aid(_: Attributes) -> None:
        nonlocal aid
        aid = True

    def leave_aid() -> None:
        nonlocal aid
        aid = False

    def text(text: str) -> None:
        if listening and found:
            found[-1].append(text)

    if xml is not None:
        walk(xml, {"si": string, "t": begin, "rPh": enter_aid}, text, {"t": end, "rPh": leave_aid})
    return ["".join(pieces) for pieces in found]


class Meaning:
    """What a cell's text stands for in one workbook."""

    def __init__(self, strings: Sequence[str], dates: AbstractSet[str], *, mode_1904: bool) -> None:
        self._strings, self._dates, self._mode_1904 = strings, dates, mode_1904

    def of(self, kind: str, style: str, text: str) -> Scalar:
        """A value; text that is not what its type says stays text, so that somebody sees it."""
        if kind == "s":
            return self._shared(text)
        if kind in ("str", "inlineStr"):
            return scalar(_unescaped(text))
        if kind == "b" and text.strip() in ("0", "1", "true", "false"):
            return text.strip() in ("1", "true")
        if kind == "d":
            return _iso(text.strip())
        try:
            number = float(text)
        except ValueError:
            return scalar(text.strip())
        return day_of(number, self._mode_1904) if style in self._dates else scalar(number)

    def _shared(self, text: str) -> Scalar:
        try:
            index = int(text)
        except ValueError:
            return None
        return scalar(_unescaped(self._strings[index])) if 0 <= index < len(self._strings) else None


class _Collecting(Scan):
    """A walk that keeps what the cells hold."""

    def __init__(self, most: int, meaning: Meaning) -> None:
        super().__init__(CellStyles(), most)
        self.rows: dict[int, dict[int, Scalar]] = {}
        self.ends: dict[str, Callable[[], None]] = {"v": self._end, "t": self._end, "rPh": self._end, "c": self._put}
        self._meaning = meaning
        self._attributes: Attributes = {}
        self._pieces: list[str] = []
        self._inside = False
        self._held = 0
        for name in ("v", "t"):
            self.starts[name] = self._then_inside(self.starts[name])
        self.starts["c"] = self._then_keep(self.starts["c"])
        self.starts["rPh"] = lambda _: None

    def _then_inside(self, first: Start) -> Start:
        def begin(attributes: Attributes) -> None:
            first(attributes)
            self._inside = True

        return begin

    def _then_keep(self, first: Start) -> Start:
        def begin(attributes: Attributes) -> None:
            first(attributes)
            self._attributes, self._pieces, self._held = attributes, [], len(self._positions)

        return begin

    def _end(self) -> None:
        self._inside = False

    def text(self, text: str) -> None:
        super().text(text)
        if self._inside:
            self._pieces.append(text)

    def _put(self) -> None:
        self._inside = False
        if len(self._positions) > self._held:
            row, column = divmod(self._positions[-1], COLUMNS)
            kind, style = self._attributes.get("t", "n"), self._attributes.get("s", "0")
            self.rows.setdefault(row, {})[column] = self._meaning.of(kind, style, "".join(self._pieces))


def values(pieces: Iterable[bytes], most: int, meaning: Meaning) -> tuple[tuple[Scalar, ...], ...]:
    """The rows of a worksheet part."""
    scan = _Collecting(most, meaning)
    walk(pieces, scan.starts, scan.text, scan.ends)
    rows = scan.rows
    return trimmed(
        [rows[row].get(column) for column in range(max(rows[row]) + 1)] if row in rows else []
        for row in range(1, max(rows, default=0) + 1)
    )


def _unescaped(text: str) -> str:
    """_x000D_ stands for the character of that number."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _iso(text: str) -> Scalar:
    """A cell of type `d`: a day, a moment, or the text that is none."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return scalar(text)
    return moment(found.replace(tzinfo=None))
