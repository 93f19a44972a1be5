"""The day a period's tables speak of, and the dates that conditions may name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from xmreport.model.dates import china_day
from xmreport.model.submission import Value
from xmreport.rulebook.conditions.evaluation import given_dates
from xmreport.tables.head import Occasion


def report_day(occasion: Occasion) -> dt.date:
    """The day of the tables' moment; a return that comes late is still judged as of the period's due day."""
    today = china_day(occasion.as_of)
    due = occasion.period.due_at
    return min(today, china_day(due)) if due else today


def given(occasion: Occasion) -> Mapping[str, Value]:
    """报告日, 截止日 and 本期初 of a period."""
    day = report_day(occasion)
    return given_dates(day, day, occasion.period.begins)
