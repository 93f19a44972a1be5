"""A cell of a streamed row as it stands in the file, behind its address."""

from __future__ import annotations

import datetime as dt
from functools import partial
from html import escape

from xmreport.model.sheets import Formula, Link
from xmreport.workbooks.cells import Written
from xmreport.workbooks.wording import literal

_escaped = partial(escape, quote=False)
_EPOCH = dt.date(1899, 12, 30).toordinal()


def markup(content: Written, style: int) -> str:
    """What follows `<c r="B7"`.

    Args:
        content: what the cell holds; a link cannot be streamed.
        style: the number of its format.
    """
    match content:
        case None:
            return f' s="{style}"/>'
        case str():
            return f' s="{style}" t="inlineStr"><is>{_text(content)}</is></c>'
        case dt.date():
            return f' s="{style}"><v>{content.toordinal() - _EPOCH}</v></c>'
        case int() | float():
            return f' s="{style}"><v>{content:.16G}</v></c>'
        case Formula(text, value):
            kind = ' t="str"' if isinstance(value, str) and value else ""
            cached = "" if value is None else _escaped(str(value))
            return f' s="{style}"{kind}><f>{_escaped(text)}</f><v>{cached}</v></c>'
        case Link():
            raise TypeError(f"a link is not streamed: {content!r}")


def _text(text: str) -> str:
    kept = ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""
    return f"<t{kept}>{_escaped(literal(text))}</t>"
