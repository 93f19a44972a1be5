"""Texts by what takes room in them: those of one shape are as wide, and wrap alike, and so are measured once."""

from __future__ import annotations

from collections.abc import Sequence

_SLIM_LETTERS = "il"
_APART = "\0"
"""No text on its way into a cell holds it."""


class _Alike(dict[int, str]):
    """A letter's code → the one that stands for all that are as wide and divide a text alike."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if "\u4e00" <= letter <= "\u9fff":
            stands = "一"
        elif letter.isascii() and letter.isdigit():
            stands = "0"
        elif letter.isascii() and letter.isalpha() and letter not in _SLIM_LETTERS:
            stands = "a"
        else:
            stands = letter
        self[code] = stands
        return stands


_ALIKE = _Alike()


def shape(text: str) -> str:
    """The text with every letter as the one that stands for it."""
    return text.translate(_ALIKE)


def shapes(texts: Sequence[str]) -> list[str]:
    """The shapes of many texts."""
    return _APART.join(texts).translate(_ALIKE).split(_APART) if texts else []
