"""A cell of a streamed row as it stands in the file, behind its address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from xml.sax.saxutils import escape

from xlsxwriter.xmlwriter import XMLwriter

from xmreport.model.sheets import Formula, Link
from xmreport.workbooks.entries import Written


def markup(content: Written, style: int, day: Callable[[dt.datetime], float]) -> str:
    """What follows `<c r="B7"`.

    Args:
        content: what the cell holds; a link cannot be streamed.
        style: the number of its format.
        day: a moment as the workbook counts days.
    """
    match content:
        case None:
            return f' s="{style}"/>'
        case str():
            return f' s="{style}" t="inlineStr"><is>{_text(content)}</is></c>'
        case dt.date():
            number = day(dt.datetime.combine(content, dt.time()))
            return f' s="{style}"><v>{number:.16G}</v></c>'
        case int() | float():
            return f' s="{style}"><v>{content:.16G}</v></c>'
        case Formula(text, value):
            kind = ' t="str"' if isinstance(value, str) and value else ""
            cached = escape(value) if isinstance(value, str) else "" if value is None else f"{value:.16G}"
            return f' s="{style}"{kind}><f>{escape(text)}</f><v>{cached}</v></c>'
        case Link():
            raise TypeError(f"a link is not streamed: {content!r}")


def _text(text: str) -> str:
    kept = ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""
    plain = XMLwriter._escape_control_characters(text) if "_x" in text else text  # noqa: SLF001 - _x0041_ is no letter A
    return f"<t{kept}>{escape(plain)}</t>"
