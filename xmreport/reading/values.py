"""Cells as the fast reader gives them → the grid's own scalars."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from xlrd.xldate import xldate_as_datetime

from xmreport.model.grid import Scalar

LONGEST = 32_767
"""Excel's own limit of a cell's text: more is never legitimate."""
_DAY = dt.timedelta(days=1)
_ANY_DAY = dt.datetime(1900, 1, 1)  # noqa: DTZ001 - a sheet's times have no zone


def rows_of(raw: Sequence[list[Any]]) -> tuple[tuple[Scalar, ...], ...]:
    """The rows with true values, without trailing blanks; blank cells become None. Takes the lists apart."""
    rows: list[tuple[Scalar, ...]] = []
    last = 0
    for cells in raw:
        # Counting first: a sheet may hold a million blank rows, and this is the fastest way past one.
        if cells.count("") == len(cells):
            rows.append(())
            continue
        while cells[-1] == "":
            cells.pop()
        # Texts, days and finite numbers here and at once: that is what nearly all cells are.
        rows.append(
            tuple(
                [
                    (cell if len(cell) <= LONGEST else cell[:LONGEST]) or None
                    if (kind := cell.__class__) is str
                    else cell
                    if kind is dt.date or (kind is float and cell - cell == 0)
                    else scalar(cell)
                    for cell in cells
                ]
            )
        )
        last = len(rows)
    return tuple(rows[:last])


def scalar(cell: Any) -> Scalar:
    """One value. `''` is blank, midnight is a date, a duration of a day or more a number of days."""
    kind = cell.__class__
    if kind is str:
        return cell[:LONGEST] or None
    if kind is float:
        return cell if math.isfinite(cell) else str(cell)
    if kind is dt.datetime:
        return moment(cell)
    if kind is dt.timedelta:
        return duration(cell)
    return cell  # type: ignore[no-any-return]


def moment(value: dt.datetime) -> dt.date | dt.datetime:
    """A day where the time is midnight."""
    return value.date() if value.time() == dt.time() else value


def duration(value: dt.timedelta) -> dt.time | float:
    """A time of day, or a number of days where it is none."""
    if dt.timedelta() <= value < _DAY:
        return (_ANY_DAY + value).time()
    return value / _DAY


@lru_cache(4096)  # a year has few days, and files name the same ones
def day_of(serial: float, mode_1904: bool) -> Scalar:
    """A number shown as a date; one that names no day stays the number it is."""
    if 0 <= serial < 1:
        return duration(dt.timedelta(days=serial))
    try:
        return moment(xldate_as_datetime(serial, int(mode_1904))) if serial > 0 else scalar(serial)
    except (OverflowError, ValueError):
        return scalar(serial)


def trimmed(rows: Iterable[list[Scalar]]) -> tuple[tuple[Scalar, ...], ...]:
    """Rows that already hold scalars, without trailing blanks."""
    kept: list[tuple[Scalar, ...]] = []
    last = 0
    for cells in rows:
        while cells and cells[-1] is None:
            cells.pop()
        kept.append(tuple(cells))
        if cells:
            last = len(kept)
    return tuple(kept[:last])
