"""How much room a text needs, whichever font stands in for the official one."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from xmreport.model.sheets import Formula
from xmreport.workbooks.cells import FilledCell
from xmreport.workbooks.fitting.shapes import shape
from xmreport.workbooks.formats.looks import Look

POINTS = 0.75
"""Points of a pixel."""
SIDES = 5
"""Pixels a cell keeps free left and right of its text."""
_AROUND = 5.0
"""Points a row keeps free above and below its text."""
_PITCH = 1.45
"""Height of a line of text over its font size, in the tallest of the fonts that may stand in."""
_INDENT = 24
"""Pixels of a step of indentation: three spaces of the workbook's own font."""
_HAN = 2.0
_LATIN = 1.27
"""Units of a Latin letter or digit: 1 in the official fonts, this where another font stands in. Han take 2."""
_SLIM = dict.fromkeys(" -.,:;'|/()il", 0.8)
_TWO = 2 * _HAN
"""Two Han characters: words are not stood on end."""
_ENDLESS = 200
"""Lines that no row shows: beyond them a text is not measured to the letter."""
_UNBROKEN = re.compile(r"\d{4}-\d\d(?:-\d\d)?(?!\d)|[!-~]+?(?:[-/,.]+|(?=[^!-~])|$)|\S")
_LATIN_WORD = r"[!-~]+?(?:[-/,]+|(?=[^!-~])|$)"
_WORD = rf"{_LATIN_WORD}|."
_STUCK = rf"(?:[^!-~](?=\.))?{_LATIN_WORD}(?:[，。；：、！？]{_LATIN_WORD})*|."
_TOKENS = tuple(
    re.compile(words, re.DOTALL)
    for words in (_WORD, *(rf"[（〔《“‘]*(?:{word})[，。；：、！？）〕》”’…]*" for word in (_WORD, _STUCK)))
)
"""What is not divided. Some programs let a line begin with a full stop or end with a bracket, some do not; some divide
no Latin words between which a Chinese comma stands, nor 表 from .xlsx: the most lines that any of them needs count.
"""
_PLAIN = re.compile("[\u4e00-\u9fff!-~]+")
"""Text without punctuation or brackets that stick to a word."""
_LATIN_RUN = re.compile("([!-~]+)")


def units(text: str) -> float:
    """Width of a text in halves of a Han character."""
    return _units(shape(text))


def lines(text: str, room: float) -> int:
    """How many lines a text takes where `room` units stand side by side."""
    wide = max(room, _HAN)
    if len(text) * _HAN <= wide and "\n" not in text:
        return 1
    return _lines(shape(text), wide)


@lru_cache(maxsize=16_384)
def _units(text: str) -> float:
    return sum(map(_unit, text))


@lru_cache(maxsize=16_384)
def _lines(text: str, wide: float) -> int:
    if _units(text) > wide * _ENDLESS:
        return int(_units(text) / wide)
    return sum(_wrapped(paragraph, wide) for paragraph in text.split("\n"))


def is_figure(entry: FilledCell) -> bool:
    """Numbers and dates do not wrap: without room they show as ####."""
    content = entry.content.value if isinstance(entry.content, Formula) else entry.content
    return isinstance(content, int | float | dt.date)


def widest_piece(entry: FilledCell) -> int:
    """Pixels below which a cell's column must not fall: the whole of a figure, the longest piece of a text."""
    if is_figure(entry) or not entry.look.wraps:
        longest = units(entry.text)
    else:
        pieces = (units(piece) for piece in _UNBROKEN.findall(entry.text))
        longest = max(min(units(entry.text), _TWO), *pieces, 0.0)
    return -int(-_pixels(longest, entry.look.size) // 1) + SIDES + _indent(entry)


def height_needed(entry: FilledCell, widths: Sequence[int], size: float | None = None) -> float:
    """Points that a cell's text needs from top to bottom, in its own or another font size."""
    if entry.content is None:
        return 0.0
    points = entry.look.size if size is None else size
    if entry.look.get("rotation"):
        return units(entry.text) * points / 2 + _AROUND
    wide = sum(widths[entry.column : entry.column + entry.columns])
    room = (wide - SIDES - _indent(entry)) / _pixels(1, points)
    count = lines(entry.text, room) if entry.look.wraps else 1
    return count * points * _PITCH + _AROUND


def one_line(look: Look) -> float:
    """Points that a cell needs which shows one line."""
    return look.size * _PITCH + _AROUND


def fewest_letters(look: Look, wide: int, tallest: float) -> int:
    """A text with no more letters than this needs no more than `tallest` points in a column `wide` pixels wide."""
    room = max((wide - SIDES - int(look.get("indent") or 0) * _INDENT) / _pixels(1, look.size), _HAN)
    return int((tallest - _AROUND) / (look.size * _PITCH) * max(room / _HAN - 4, 1) / 2)


@lru_cache(maxsize=4_096)
def _unit(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WFA":
        return _HAN
    return 0.0 if unicodedata.category(letter) in {"Mn", "Me", "Cf", "Cc"} else _SLIM.get(letter, _LATIN)


def _wrapped(paragraph: str, room: float) -> int:
    if _units(paragraph) <= room:
        return 1
    if _PLAIN.fullmatch(paragraph):
        return _filled_plainly(paragraph, room)
    return max(_filled(list(map(_units, tokens.findall(paragraph))), room) for tokens in _TOKENS)


def _filled_plainly(text: str, room: float) -> int:
    """Lines that Han characters and Latin words fill: as `_filled` counts them, a run of Han characters at once."""
    count, used = 1, 0.0
    for place, run in enumerate(_LATIN_RUN.split(text)):
        if place % 2:
            for wide in map(_units, _TOKENS[0].findall(run)):
                if used and used + wide > room:
                    count, used = count + 1, 0.0
                whole, used = divmod(used + wide, room) if wide > room else (0.0, used + wide)
                count += int(whole)
            continue
        left = len(run) - int((room - used) // _HAN)
        if left <= 0:
            used += len(run) * _HAN
            continue
        a_line = int(room // _HAN)
        more = -(-left // a_line)
        count, used = count + more, (left - (more - 1) * a_line) * _HAN
    return count


def _filled(tokens: Iterable[float], room: float) -> int:
    """Lines of `room` units that tokens so wide fill one after the other."""
    count, used = 1, 0.0
    for wide in tokens:
        if used and used + wide > room:
            count, used = count + 1, 0.0
        whole, used = divmod(used + wide, room) if wide > room else (0.0, used + wide)
        count += int(whole)
    return count


def _pixels(unit: float, size: float) -> float:
    """A unit is half a Han character; a Han character is as wide as its font size in points."""
    return unit * size / 2 / POINTS


def _indent(entry: FilledCell) -> int:
    return int(entry.look.get("indent") or 0) * _INDENT
