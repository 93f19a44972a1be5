"""The day a period's tables speak of, and the dates that conditions may name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from xmreport.model.dates import CHINA, PartialDate
from xmreport.model.submission import Value
from xmreport.tables.head import Occasion


def report_day(occasion: Occasion) -> dt.date:
    """The day of the tables' moment; a return that comes late is still judged as of the period's due day."""
    today = occasion.as_of.astimezone(CHINA).date()
    due = occasion.period.due_at
    return min(today, due.astimezone(CHINA).date()) if due else today


def given(occasion: Occasion) -> Mapping[str, Value]:
    """报告日, 截止日 and 本期初 of a period."""
    day = PartialDate.of(report_day(occasion))
    return {"报告日": day, "截止日": day, "本期初": PartialDate.of(occasion.period.begins)}
