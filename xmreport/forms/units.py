"""Units of money, as headings, 单位：… lines and cells write them (M06–M09)."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from xmreport.rulebook.names import key_of

_TENS = {"": 1, "十": 10, "百": 100, "千": 1_000}
_MYRIADS = {"": 1, "万": 10_000, "亿": 100_000_000}
IN_YUAN = {f"{ten}{myriad}元": Decimal(_TENS[ten] * _MYRIADS[myriad]) for ten in _TENS for myriad in _MYRIADS}
"""元, 千元, 万元, 十亿元 … → how many yuan."""
IN_CELL = "[十百千]?[万亿]元?|[十百千]?元"
"""A unit behind a figure."""
_FOREIGN = r"美元|美金|欧元|日元|港元|港币|韩元|加元|澳元|台币|英镑|卢布|外币|USD|[$€£]"
_WRITTEN = re.compile(
    rf"(?<![\d十百千万亿单多公纪])(?:[十百千]?[万亿]?(?:元(?![旦月素])|{_FOREIGN})|[十百千]?[万亿](?![\u4e00-\u9fff\dA-Za-z]))"
)
"""A unit in other words: not one behind a figure (1亿元=10000万元), nor 单元."""
BEHIND = re.compile(rf"(?<!单位)(?:[/:,、;-]+(?:人民币)?(?:{IN_CELL})|(?<![/:,、;-])(?:[十百千]?[万亿]|[百千])元)$")
"""A heading's unit without brackets: 总投资/万元, 总投资：元, 总投资万元; but 单位：万元 is no heading."""
LETTERS = frozenset("十百千万亿元人民币")
"""What may stand in a heading for its unit's sake alone."""


@lru_cache(maxsize=1024)
def money_unit(text: str) -> str | None:
    """The unit of money that a heading or a 单位：… line names.

    One that is not in `IN_YUAN` cannot be reckoned with: another currency, or two units of which none is chosen.
    """
    found = [unit + "元" if unit[-1] in "万亿" else unit for unit in _WRITTEN.findall(key_of(text))]
    return "/".join(dict.fromkeys(found)) or None
