"""A figure with its unit in running text, rounded half up as an office rounds and as Excel shows it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_HUNDREDTH = Decimal("0.01")


def hundredfold(rate: float) -> Decimal:
    """A rate as a figure of per cent to two decimals: 0.14375 is 14.38, in whatever table it stands."""
    return (Decimal(repr(round(float(rate), 12))) * 100).quantize(_HUNDREDTH, ROUND_HALF_UP)


def quantity(value: float | None, unit: str) -> str:
    """`83.33%`, `44.3亿元`, `13个`; `无数据` where there is none."""
    if value is None:
        return "无数据"
    shown = rounded(value, unit)
    return f"{shown}%" if unit == "%" else f"{shown.normalize():f}{unit}"


def rounded(value: float, unit: str) -> Decimal:
    """A figure as it is printed: a rate by the hundred."""
    return hundredfold(value) if unit == "%" else to_hundredths(value)


def to_hundredths(value: float) -> Decimal:
    """A figure to two decimals: 17567.532324 is 17567.53."""
    return Decimal(repr(float(value))).quantize(_HUNDREDTH, ROUND_HALF_UP)
