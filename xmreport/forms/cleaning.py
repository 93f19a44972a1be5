"""Text as it stands in cells → text as it is compared and kept."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from functools import lru_cache

from xmreport.forms.units import BEHIND
from xmreport.model.grid import Scalar
from xmreport.rulebook.names import is_plain, key_of, simplified

_ZERO_WIDTH = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_CARRIAGE = re.compile("_x000[Dd]_\n?|\r\n?")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NOTHING = re.compile(
    r"[-－‐‑–—―−_＿/／\\＼.．。…·\s]*|一|〇|[(（]?[无無空][)）]?|=?(?:_xlfn\.)?DISPIMG\([^()]*\)", re.IGNORECASE
)
"""What clerks write where nothing is to be written (M23), and a picture that stands in the cell (M42)."""
_NOTHING_LETTERS = frozenset("一〇无無空Dd")
"""The letters that such a mark may begin with."""
UNCHANGED: set[str] = set()
"""Characters known to be as they are compared, each by itself: ASCII, and simplified ideographs."""
UNDECIDED = re.compile(
    r"待定|未定|暂定|待确定|待核实|(?:春节|元旦|五一|国庆|(?<!环)节|(?<![\d\s])年)[前后]|另行通知|视情况|不详|暂无"
)
"""A word where a date or a figure is due (M15)."""


def clean(text: str) -> str:
    """The text without what no reader sees; line breaks inside it are kept."""
    if text.isprintable() and "_x000" not in text:
        return text.strip()
    text = _CARRIAGE.sub("\n", _ZERO_WIDTH.sub("", text))
    return _CONTROL.sub("", text).replace("\u3000", " ").replace("\xa0", " ").strip()


def shown(value: Scalar) -> str:
    """A cell's value as text: whole numbers without '.0', dates as 2022-12-09."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "minutes")
    return str(value)


def is_blank(value: Scalar) -> bool:
    """Nothing there, or only a mark that says so."""
    if not isinstance(value, str):
        return value is None
    # A letter or figure at the front, but for a few, means that something stands there: so it is nearly always.
    if value and (first := value[0]).isalnum() and first not in _NOTHING_LETTERS:
        return False
    return bool(_NOTHING.fullmatch(clean(value)))


def half_width(text: str) -> str:
    """Full-width digits, letters and signs as half-width ones; traditional characters simplified."""
    text = clean(text)
    if UNCHANGED.issuperset(text):
        return text
    return _normal(text)


@lru_cache(maxsize=1024)
def _normal(text: str) -> str:
    UNCHANGED.update(char for char in set(text) - UNCHANGED if char.isascii() or is_plain(char))
    return simplified(unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=4096)
def heading_key(text: str) -> str:
    """A heading as it is compared (M17, M18): no marks, no remarks in brackets, no leading code, no unit."""
    key = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】", "", key_of(text))
    key = re.sub(r"^\d{1,3}[-‐–—−_、.．]+", "", key.lstrip("*＊☆★※▲△●"))
    key = BEHIND.sub("", key.rstrip("*:;"))
    return key.strip("*:：;；,，")
