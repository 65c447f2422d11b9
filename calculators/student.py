"""Quantiles of Student's t."""

from __future__ import annotations

from mpmath import MPContext

_DIGITS = 30
_HALVINGS = 60


def quantile(confidence: float, degrees: int) -> float:
    """The t between whose negative and positive value the share `confidence` of the distribution lies.

    Args:
        confidence: between 0 and 1, both excluded.
        degrees: degrees of freedom, 1 or more.

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
