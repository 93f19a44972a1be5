"""What a returned copy says about the file it answers: whose it is, what it was for, when it came."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct


class About(Struct, frozen=True):
    """`county` is the county's Chinese name; what the engine could not tell about the file is None."""

    county: str
    unit: str | None
    form: str | None
    task: str | None
    period: str | None
    file: str
    """The file's own name, without folders."""
    arrived: str
    """When it came, as the reader shall see it: 2022-12-09 16:31."""
    judged_at: dt.datetime

    @property
    def purpose(self) -> str | None:
        """《前期手续办理情况表》（前期手续办理周报，2022-12-09期）, as far as it is known."""
        form = f"《{self.form}》" if self.form else ""
        occasion = "，".join(part for part in (self.task, f"{self.period}期" if self.period else None) if part)
        return (f"{form}（{occasion}）" if form and occasion else form or occasion) or None

    @property
    def stamp(self) -> dt.datetime:
        """`judged_at` as a workbook's properties hold it: UTC without a zone, whole seconds."""
        moment = self.judged_at
        if moment.tzinfo is not None:
            moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
        return moment.replace(microsecond=0)
