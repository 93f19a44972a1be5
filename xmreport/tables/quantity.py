"""A figure with its unit in running text, rounded half up as an office rounds and as Excel shows it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_HUNDREDTH = Decimal("0.01")


def half_up(value: float) -> float:
    """A figure to two decimals."""
    return float(Decimal(repr(value)).quantize(_HUNDREDTH, ROUND_HALF_UP))


def quantity(value: float | None, unit: str) -> str:
    """`83.33%`, `44.3亿元`, `13个`; `无数据` where there is none."""
    if value is None:
        return "无数据"
    exact = Decimal(repr(float(value)))
    if unit == "%":
        return f"{(exact * 100).quantize(_HUNDREDTH, ROUND_HALF_UP)}%"
    rounded = exact.quantize(_HUNDREDTH, ROUND_HALF_UP)
    return f"{rounded.normalize():f}{unit}"
