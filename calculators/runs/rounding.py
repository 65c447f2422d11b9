"""Measured numbers as text, the same in a run's answer and in the tables of its page."""

from __future__ import annotations

import math
from typing import Final

_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SMALL, _LARGE = 1e-3, 1e5  # outside of these a number is written with a power of ten
_MOST = 6  # decimals


def decimals(value: float, interval: tuple[float, float] | None) -> int:
    """How many decimals of a number mean something.

    Args:
        value: the number.
        interval: in which it lies; without one, three digits are shown.
    """
    half = (interval[1] - interval[0]) / 2 if interval else 0.0
    if half <= 0:
        return max(0, min(_MOST, 2 - _power(value)))
    # One digit of the uncertainty, two where that digit is a 1: 0.031 -> 2 decimals, 0.012 -> 3.
    digits = -_power(half) + (half / 10.0 ** _power(half) < 2)
    return max(0, min(_MOST, digits))


def plain(value: float, places: int) -> str:
    """The number to so many decimals, or with a power of ten where it is very small or very large."""
    if value and not _SMALL <= abs(value) < _LARGE:
        mantissa, _, power = f"{value:.2e}".partition("e")
        return f"{mantissa}·10{str(int(power)).translate(_RAISED)}".replace("-", "−")
    return f"{value:,.{places}f}".replace("-", "−")


def between(interval: tuple[float, float], places: int) -> str:
    """The interval in words: `1.95 to 2.01`."""
    return f"{plain(interval[0], places)} to {plain(interval[1], places)}"


def _power(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else 0
