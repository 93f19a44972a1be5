"""How names and headings are compared: one key for all the ways a clerk's keyboard writes the same words."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import opencc

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00-\x1f\\s]")


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def _traditional(character: str) -> bool:
    return bool(_converter().convert(character) != character)


def simplified(text: str) -> str:
    """Traditional characters to simplified; text without any is returned as it is, which is nearly all there is."""
    if text.isascii() or not any(map(_traditional, text)):
        return text
    return str(_converter().convert(text))


def is_plain(char: str) -> bool:
    """Whether a character is an ideograph that stays as it is, and where it is, when texts are compared."""
    return "\u4e00" <= char <= "\u9fff" and not _traditional(char)


@lru_cache(maxsize=4096)
def key_of(text: str) -> str:
    """A name as it is compared: full and half width alike, no blanks, no invisible characters, simplified."""
    if _KEPT.issuperset(text):
        return text
    _KEPT.update(filter(is_plain, text))
    return simplified(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))


def is_key(text: str) -> bool:
    """Whether a text is surely as it is compared, and all its parts are."""
    return _KEPT.issuperset(text)


_KEPT = set(map(chr, range(0x21, 0x7F)))
"""Characters known to be as they are compared, each by itself: ASCII, and simplified ideographs."""
