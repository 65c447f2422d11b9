"""A straight line by weighted least squares, as formulas in sums.

Each formula is one function of sums that uses + - * / alone. Called with numbers it gives a number, called with
SymPy's letters it gives the expression that a page's JavaScript is emitted from: one source for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import sympy
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Number: TypeAlias = Any
"""A float, a Fraction or a SymPy expression: whatever can be added, multiplied and divided."""


def slope(n: Number, sx: Number, sy: Number, sxx: Number, sxy: Number) -> Number:
    """The slope of the line; n: sum of the weights, sx, sy, sxx, sxy: weighted sums of x, y, x^2 and x y."""
    return (n * sxy - sx * sy) / (n * sxx - sx * sx)


def intercept(n: Number, sx: Number, sy: Number, sxx: Number, sxy: Number) -> Number:
    """The height of the line at x = 0."""
    return (sy * sxx - sx * sxy) / (n * sxx - sx * sx)


def residual_sum(n: Number, sx: Number, sy: Number, sxx: Number, sxy: Number, syy: Number) -> Number:
    """The weighted sum of squared distances from the line; syy: weighted sum of y^2."""
    return syy - sy * sy / n - (n * sxy - sx * sy) * (n * sxy - sx * sy) / (n * (n * sxx - sx * sx))


def residual_variance(n: Number, sx: Number, sy: Number, sxx: Number, sxy: Number, syy: Number) -> Number:
    """The variance of one y about the line, all weights 1: the residual sum over n - 2."""
    return residual_sum(n, sx, sy, sxx, sxy, syy) / (n - 2)


def slope_variance(n: Number, sx: Number, sy: Number, sxx: Number, sxy: Number, syy: Number) -> Number:
    """The square of the slope's standard error, all weights 1."""
    return residual_variance(n, sx, sy, sxx, sxy, syy) * n / (n * sxx - sx * sx)


def shared_slope_variance(n: Number, sx: Number, sv: Number, sxx: Number, sxv: Number, svv: Number) -> Number:
    """The slope's variance for residuals of variance 1 when a third column v is fitted beside 1 and x.

    Args:
        n: sum of the weights.
        sx: weighted sum of x.
        sv: weighted sum of v.
        sxx: weighted sum of x^2.
        sxv: weighted sum of x v.
        svv: weighted sum of v^2.
    """
    xx, xv, vv = sxx - sx * sx / n, sxv - sx * sv / n, svv - sv * sv / n
    return vv / (xx * vv - xv * xv)


_N, _SX, _SY, _SXX, _SXY, _SYY, _SV, _SXV, _SVV = sympy.symbols("n Sx Sy Sxx Sxy Syy Sv Sxv Svv", real=True)

FORMULAS: Mapping[str, sympy.Expr] = MappingProxyType(
    {
        "slope": slope(_N, _SX, _SY, _SXX, _SXY),
        "intercept": intercept(_N, _SX, _SY, _SXX, _SXY),
        "residual_sum": residual_sum(_N, _SX, _SY, _SXX, _SXY, _SYY),
        "residual_variance": residual_variance(_N, _SX, _SY, _SXX, _SXY, _SYY),
        "slope_variance": slope_variance(_N, _SX, _SY, _SXX, _SXY, _SYY),
        "slope_error": sympy.sqrt(slope_variance(_N, _SX, _SY, _SXX, _SXY, _SYY)),
        "shared_slope_variance": shared_slope_variance(_N, _SX, _SV, _SXX, _SXV, _SVV),
    }
)
"""The formulas in the letters n, Sx, Sy, Sxx, Sxy, Syy (and Sv, Sxv, Svv), ready for `emit`."""


@dataclass(frozen=True)
class Line:
    """y = intercept + slope x, and what is left over."""

    slope: float
    intercept: float
    residual_sum: float
    slope_variance: float | None
    """Square of the slope's standard error; None with fewer than three points."""


def line(x: Array, y: Array) -> Line:
    """The least-squares line through points of equal weight.

    The formulas are applied twice: to x - mean(x) and y - mean(y), then to the residuals of that first line. Sums of
    numbers as they come would cancel: of a nearly perfect fit's residuals nothing would be left but rounding.

    Args:
        x: shape [n], n >= 2, not all equal.
        y: shape [n].
    """
    n = float(len(x))
    middle, height = float(np.mean(x)), float(np.mean(y))
    across, up = x - middle, y - height
    sx, sxx = float(np.sum(across)), float(np.sum(across * across))
    sy, sxy = float(np.sum(up)), float(np.sum(across * up))
    tilt, lift = slope(n, sx, sy, sxx, sxy), intercept(n, sx, sy, sxx, sxy)
    rest = up - (lift + tilt * across)
    sy, sxy, syy = float(np.sum(rest)), float(np.sum(across * rest)), float(np.sum(rest * rest))
    tilt += slope(n, sx, sy, sxx, sxy)
    lift += intercept(n, sx, sy, sxx, sxy)
    # Rounding may leave a tiny negative number where the line is exact.
    total = max(0.0, residual_sum(n, sx, sy, sxx, sxy, syy))
    variance = max(0.0, slope_variance(n, sx, sy, sxx, sxy, syy)) if n > 2 else None
    return Line(tilt, height + lift - tilt * middle, total, variance)


def weighted_line(x: Array, y: Array, weight: Array) -> tuple[float, float]:
    """Slope and intercept of the weighted least-squares line.

    Args:
        x: shape [n], at least two different values with a weight that is not 0.
        y: shape [n].
        weight: shape [n], 0 or more.
    """
    n = float(np.sum(weight))
    # About the weighted mean, for the same reason as in `line`.
    middle = float(np.sum(weight * x)) / n
    across = x - middle
    weighted = weight * across
    sums = n, float(np.sum(weighted)), float(np.sum(weight * y)), float(np.sum(weighted * across))
    sxy = float(np.sum(weighted * y))
    tilt = slope(*sums, sxy)
    return tilt, intercept(*sums, sxy) - tilt * middle
