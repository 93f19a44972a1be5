"""Whether what a formula, a name or a link speaks of lies within its own workbook."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

_WORD = r"[^\s'\"!()+*/&=<>^,;:{}\[\]|\\#@%-]+"
_SPOKEN = re.compile(
    rf"""  "(?:[^"]|"")*"                                # a text
         | \#(?:REF|DIV/0|VALUE|NULL|NUM|NAME|N/A)[!?]? # an error
         | (?<=[\w.])\[(?:[^\[\]]|\[[^\[\]]*\])*\]      # 表[[#This Row],[列名]]
         | '((?:[^']|'')*)'!                            # '汇总 表'!
         | ({_WORD}(?::{_WORD})?)!                      # Sheet1!  or  Sheet1:Sheet3!
    """,
    re.VERBOSE,
)
_OUTSIDE = re.compile(
    r"""[!\[\]|\\]  # a sheet of no name here, another file's [1], a DDE link, a share
      | ://         # a site
      | \b(?:HYPERLINK|WEBSERVICE|IMAGE|RTD|CALL|REGISTER(?:\.ID)?|EXEC|FILTERXML|STOCKHISTORY|PY
             |CUBE\w+|SQL\.REQUEST)\s*\(
    """,
    re.VERBOSE | re.IGNORECASE,
)


def outside(texts: Iterable[str], sheets: AbstractSet[str]) -> bool:
    """Whether any of them reaches beyond the workbook with these sheets (their names without regard to case)."""

    def known(spoken: re.Match[str]) -> str:
        name = (spoken[1] or "").replace("''", "'") or spoken[2]
        # Nothing is left of what is known: what is left is judged.
        return " " if name is None or sheets >= set(name.casefold().split(":")) else "!"

    return any(_OUTSIDE.search(_SPOKEN.sub(known, text)) for text in texts)
