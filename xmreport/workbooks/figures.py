"""A value as a reader sees it under a number format, near enough to measure the room it needs."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache

from xmreport.model.sheets import Formula, Link
from xmreport.workbooks.formats.looks import GENERAL

DAY = "yyyy-mm-dd"
_QUOTED = re.compile(r'"([^"]*)"|\\(.)')
_DIGITS = re.compile(r"[#0][#0,]*(?:\.([0#]+))?")


def shown(content: object, number_format: str = GENERAL) -> str:
    """The text that a cell shows."""
    match content:
        case None:
            return ""
        case Formula():
            return shown(content.value, number_format)
        case Link():
            return content.text
        case dt.date():
            return content.isoformat()
        case int() | float():
            return _number(content, number_format)
    return str(content)


def _number(number: float, number_format: str) -> str:
    pattern, hundredfold, behind = _pattern(number_format)
    return format(number * 100 if hundredfold else number, pattern) + behind


@lru_cache(maxsize=256)
def _pattern(number_format: str) -> tuple[str, bool, str]:
    """How a format's numbers are written, whether a hundredfold, and what stands behind them."""
    section = number_format.split(";", maxsplit=1)[0]
    plain = _QUOTED.sub("", section)
    digits = _DIGITS.search(plain)
    if section in {GENERAL, "@"} or digits is None:
        return ".10g", False, ""
    thousands = "," if "," in digits[0] else ""
    percent = "%" in plain
    behind = ("%" if percent else "") + "".join(match[1] or match[2] or "" for match in _QUOTED.finditer(section))
    return f"{thousands}.{len(digits[1] or '')}f", percent, behind
