"""What stands above and below every official table of a period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from msgspec import Struct

from xmreport.model.dates import CHINA
from xmreport.rulebook.book import County, Task
from xmreport.rulebook.schedule import Period


class Occasion(Struct, frozen=True):
    """One period of one task of one county, as of a moment."""

    county: County
    task: Task
    period: Period
    as_of: dt.datetime

    @property
    def label(self) -> str:
        return f"{self.task.name}（{self.period.name}）" if self.period.due_at else self.task.name

    def head(self, title: str, annex: str = "附件") -> Mapping[str, str]:
        """The placeholders of a template's heading rows."""
        return {
            "附件": annex,
            "标题": title,
            "县区": self.county.name,
            "填报单位": self.task.rules.recipient,
            "截止时间": minute(self.as_of),
            "任务": self.task.name,
            "期次": self.period.name,
        }


def minute(moment: dt.datetime | None) -> str:
    """A moment as tables print it: 2022-12-09 17:00."""
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}" if moment else ""


def deadline(moment: dt.datetime | None) -> str:
    """A due moment as tables print it: a day without an hour ends at its last second, and is over at 24:00."""
    if moment and moment.astimezone(CHINA).time() == dt.time(23, 59, 59):
        return f"{moment.astimezone(CHINA):%Y-%m-%d} 24:00"
    return minute(moment)


def second(moment: dt.datetime | None) -> str:
    """The same where a minute is too coarse: 2022-12-09 17:00:30."""
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M:%S}" if moment else ""


def spell(seconds: int) -> str:
    """A length of time in words: 1天2小时5分; under a minute 40秒."""
    if 0 < seconds < 60:
        return f"{seconds}秒"
    minutes = seconds // 60
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    parts = [
        f"{days}天" if days else "",
        f"{hours}小时" if hours else "",
        f"{left}分" if left or not (days or hours) else "",
    ]
    return "".join(parts)
