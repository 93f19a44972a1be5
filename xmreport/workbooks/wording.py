"""Text on its way into a cell or a comment: what a workbook may hold, and how much room it takes."""

from __future__ import annotations

import math
import re
import unicodedata

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML part may hold; lone surrogates stand for bytes of a name that is not UTF-8."""

_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def clean(text: str) -> str:
    """The text without what would break a workbook, line ends as Excel writes them."""
    return _FORBIDDEN.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def is_clean(text: str) -> bool:
    """Whether a workbook may hold the text as it is."""
    return "\r" not in text and not _FORBIDDEN.search(text)


def literal(text: str) -> str:
    """The text as a part of a workbook has to hold it so that `_x0041_` is not read as a letter A."""
    return _ESCAPE.sub("_x005F_", text) if "_x" in text else text


def clipped(text: str, limit: int) -> str:
    """At most `limit` characters: a list is to be read, the whole text stands in the unit's own cell."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def display_width(text: str) -> int:
    """Half-width columns that a line takes: a Han character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


def line_count(text: str, room: float) -> int:
    """Lines that wrapped text takes in a cell `room` half-width columns wide."""
    return sum(max(1, math.ceil(display_width(line) / max(room, 1.0))) for line in text.split("\n"))
