"""Measured numbers as text: as many digits as their interval allows, with the signs that printers set."""

import math
from collections.abc import Sequence
from typing import Final

from calculators.runs.rounding import between as between
from calculators.runs.rounding import decimals as decimals
from calculators.runs.rounding import plain as plain

_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SMALL, _LARGE = 1e-3, 1e5  # outside of these a number is written with a power of ten
_WHOLE, _LONG = 1e4, 1e9  # from the first on four digits leave no decimals; the second is too long to be read


def short(decimal: str) -> str:
    """A decimal without the zeros at its end: `0.500` -> `0.5`."""
    return decimal.rstrip("0").rstrip(".") if "." in decimal and "·" not in decimal else decimal


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
