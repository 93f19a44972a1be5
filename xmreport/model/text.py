"""Text as it may be shown: what a name or a cell hides is never passed on to a screen or a page."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, marks that turn the writing direction, zero-width blanks, bytes that are not UTF-8, line separators."""


def visible(text: str) -> str:
    """One line of what can be seen: bidi and control characters dropped, line breaks made blanks."""
    if text.isascii() and text.isprintable():
        return text
    spaced = text.replace("\r\n", " ").replace("\n", " ").replace("\r", " ").replace("\t", " ")
    return "".join(char for char in spaced if unicodedata.category(char) not in _INVISIBLE)


def file_name(path: str) -> str:
    """The name at the end of a path with forward slashes, as it may be shown."""
    return visible(path.rsplit("/", 1)[-1])


def to_json(content: Any, default: Callable[[object], Any] | None = None) -> str:
    """Compact JSON in readable Chinese. Half a surrogate pair, which no UTF-8 can hold, becomes JSON's own escape.

    `default` gives what stands for an object that JSON has no word for.
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=default)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
