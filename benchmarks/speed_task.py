"""What the units of the benchmarks report, and when: apart from the inputs, whose writers nobody measured imports."""

from __future__ import annotations

import datetime as dt

TASK = "前期手续办理周报"
DAY = dt.date(2022, 12, 8)
NOW = "2022-12-09T16:00"
