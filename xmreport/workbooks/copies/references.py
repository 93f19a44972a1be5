"""Whether what a formula, a name or a link speaks of lies within its own workbook."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

_WORD = r"[^\s'\"!()+*/&=<>^,;:{}\[\]|\\#@%-]+"
_COLUMN = r"\[(?:'.|[^\[\]'])*\]"
_SPOKEN = re.compile(
    rf"""  "(?:[^"]|"")*"                                # a text
         | \#(?:REF|DIV/0|VALUE|NULL|NUM|NAME|N/A)[!?]? # an error
         | (?:(?<=[\w.])\[|\[(?=\[?[\#@]))(?:'.|[^\[\]']|{_COLUMN})*\]  # 表[[#This Row],[列名]], or in it [@列名]
         | '((?:[^']|'')*)'!                            # '汇总 表'!
         | ({_WORD}(?::{_WORD})?)!                      # Sheet1!  or  Sheet1:Sheet3!
    """,
    re.VERBOSE,
)
_CELL = re.compile(r"\$?[a-z]{1,3}(?:\$?\d+)?|\$?\d+")
"""A cell, column or row, with which a range begins that names its sheet at both ends."""
_OUTSIDE = re.compile(
    r"""[!\[\]|\\]  # a sheet of no name here, another file's [1], a DDE link, a share
      | ://         # a site
      | \b_xll\.    # what somebody installed beside the program
      | \b(?:HYPERLINK|WEBSERVICE|IMAGE|RTD|DDE|CALL|REGISTER(?:\.ID)?|EXEC|RUN|FILES|EVALUATE|GET\.\w+|FILTERXML
             |STOCKHISTORY|TRANSLATE|DETECTLANGUAGE|COPILOT|PY|CUBE\w+|SQL\.REQUEST)\s*\(
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TOLD_OUTSIDE = re.compile(r"INDIRECT\s*\(.*(?:://|\\\\|file:|\[)", re.IGNORECASE | re.DOTALL)
"""An address given as a text: INDIRECT("'[a.xlsx]表'!A1")."""


def outside(texts: Iterable[str], sheets: AbstractSet[str]) -> bool:
    """Whether any of them reaches beyond the workbook with these sheets (their names without regard to case)."""

    def known(spoken: re.Match[str]) -> str:
        # Nothing is left of what is known: what is left is judged.
        name = (spoken[1] or "").replace("''", "'") or spoken[2]
        return " " if name is None or sheets >= _sheets_of(name.casefold()) else "!"

    return any(_OUTSIDE.search(_SPOKEN.sub(known, text)) or _TOLD_OUTSIDE.search(text) for text in texts)


def _sheets_of(name: str) -> set[str]:
    """The sheets before a `!`: one, or the first and last of several."""
    first, _, last = name.rpartition(":")
    return {last} if _CELL.fullmatch(first) else {first, last} - {""}
