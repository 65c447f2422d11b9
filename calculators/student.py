"""Quantiles of Student's t."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import sympy
from mpmath import MPContext

_DIGITS = 30
_HALVINGS = 60

_T, _DEGREES, _COUNT, _COSINE, _SUM = sympy.symbols("t f k c s", positive=True)
_SINE = _T / sympy.sqrt(_DEGREES + _T**2)

FORMULAS: Mapping[str, tuple[tuple[sympy.Symbol, ...], sympy.Expr]] = MappingProxyType(
    {
        "cosine_squared": ((_T, _DEGREES), _DEGREES / (_DEGREES + _T**2)),
        "even_ratio": ((_COUNT, _COSINE), (2 * _COUNT + 1) / (2 * _COUNT + 2) * _COSINE),
        "odd_ratio": ((_COUNT, _COSINE), (2 * _COUNT + 2) / (2 * _COUNT + 3) * _COSINE),
        "even_inside": ((_T, _DEGREES, _SUM), _SINE * _SUM),
        "odd_inside": (
            (_T, _DEGREES, _SUM),
            2 / sympy.pi * (sympy.atan(_T / sympy.sqrt(_DEGREES)) + _SINE * sympy.sqrt(1 - _SINE**2) * _SUM),
        ),
    }
)
"""The share of the distribution within t of 0 for f degrees of freedom as a finite sum s, for a page's JavaScript.

s has f/2 terms for even f and (f - 1)/2 for odd f; the first is 1, and each is the one before times the ratio, where k
counts from 0 and c is the square of the cosine.

Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4; compared with `quantile` in the
    tests.
"""


@lru_cache(maxsize=256)  # fits ask for few different ones, thousands of times
def quantile(confidence: float, degrees: float) -> float:
    """The t between whose negative and positive value the share `confidence` of the distribution lies.

    Args:
        confidence: between 0 and 1, both excluded.
        degrees: degrees of freedom, 1 or more; need not be a whole number.

    Source: P(|T| > t) is the regularised incomplete beta function I_x(degrees/2, 1/2) at
        x = degrees/(degrees + t^2); bisected here.

    Raises:
        ValueError: an argument is out of its range.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1; got {confidence}")
    if degrees < 1:
        raise ValueError(f"degrees must be 1 or more; got {degrees}")
    arithmetic = MPContext()
    arithmetic.dps = _DIGITS
    half = arithmetic.mpf(1) / 2

    def outside(t: object) -> object:
        return arithmetic.betainc(degrees * half, half, 0, degrees / (degrees + t * t), regularized=True)  # type: ignore[operator]

    tail = 1 - arithmetic.mpf(confidence)
    low, high = arithmetic.mpf(0), arithmetic.mpf(1)
    while outside(high) > tail:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if outside(middle) > tail:
            low = middle
        else:
            high = middle
    return float((low + high) / 2)
