"""Measured numbers as text: as many digits as their interval allows, with the signs that printers set."""

import math
from collections.abc import Sequence
from typing import Final

_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SMALL, _LARGE = 1e-3, 1e5  # outside of these a number is written with a power of ten
_WHOLE, _LONG = 1e4, 1e9  # from the first on four digits leave no decimals; the second is too long to be read
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


def short(decimal: str) -> str:
    """A decimal without the zeros at its end: `0.500` -> `0.5`."""
    return decimal.rstrip("0").rstrip(".") if "." in decimal and "·" not in decimal else decimal


def between(interval: tuple[float, float], places: int) -> str:
    """The interval in words: `1.95 to 2.01`."""
    return f"{plain(interval[0], places)} to {plain(interval[1], places)}"


def four_digits(value: float) -> str:
    """The number to four digits, for a table of points."""
    if value and not _SMALL <= abs(value) < _LARGE:
        return plain(value, 0)
    if abs(value) >= _WHOLE - 0.5:
        return f"{value:,.0f}".replace("-", "−")  # five digits rather than a power of ten
    return f"{value:,.4g}".replace("-", "−")


def size(value: float) -> str:
    """A size on an axis, for a table of points: a whole number in full, `16,384`, unless it is very long."""
    if value == int(value) and abs(value) < _LONG:
        return f"{int(value):,}".replace("-", "−")
    return four_digits(value)


def listed(numbers: Sequence[int]) -> str:
    """Whole numbers in words: `0 to 7` where they follow each other, else all of them."""
    if len(numbers) > 2 and list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(map(str, numbers))


def _power(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else 0
