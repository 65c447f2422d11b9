"""The power law with an irreducible loss, L(x) = L_inf + k x^-alpha: the profile over L_inf and its minimum."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import sympy
from sympy.codegen.cfunctions import expm1, log1p

from calculators.least_squares import Array, shared_slope_variance, weighted_line
from calculators.student import quantile

MIN_SIZES = 4
"""Three numbers are fitted, and one more is needed to see how well."""

GRID = tuple(1 - 2 ** (-j / 2) for j in range(41))
"""Where the profile is looked at first, as shares of the smallest loss: 0 to 1 - 2^-20, denser towards 1."""
HALVINGS = 60
STEPS = 100
STILL = 1e-12
TRUSTED = 1e-6
"""A Gauss-Newton step that moves no point by more is taken as it is: whether S grows is then hidden by rounding."""
SMALLEST_STEP = 1e-9
"""A Gauss-Newton step is not halved below this share of itself."""
_LEAST, _MOST = 1e-50, 1e40
"""Bounds of e^u/m and 1/m, so that no data, however absurd, overflow."""
ROUNDING = 1e-12
"""A root mean square residual of the log loss below which a fit is exact but for rounding."""
SINGULAR = 1e-14
"""Below this share of the product of two sums of squares, what is left of it is rounding."""

_SHARE, _Y, _U, _LEVEL, _WEIGHT, _PART, _REST, _INVERSE = sympy.symbols("l y u v w p r i", real=True)
_EXCESS, _TOTAL, _FREE, _QUANTILE = sympy.symbols("e S f t", real=True)

FORMULAS: Mapping[str, tuple[tuple[sympy.Symbol, ...], sympy.Expr]] = MappingProxyType(
    {
        "excess": ((_SHARE, _Y), (1 - _SHARE) - _SHARE * expm1(-_Y)),
        "beginning": ((_Y, _EXCESS), _Y + sympy.log(_EXCESS)),
        "beginning_weight": ((_WEIGHT, _EXCESS), _WEIGHT * _EXCESS**2),
        "level": (
            (_SHARE, _U),
            sympy.Max(sympy.log(_SHARE), _U) + log1p(sympy.exp(-sympy.Abs(_U - sympy.log(_SHARE)))),
        ),
        "inverse": ((_LEVEL,), sympy.exp(sympy.Min(-_LEVEL, sympy.log(sympy.Integer(10) ** 40)))),
        "part": ((_U, _LEVEL), sympy.Max(sympy.exp(_U - _LEVEL), sympy.Rational(1, 10**50))),
        "rest": ((_Y, _LEVEL), _Y - _LEVEL),
        "working": ((_REST, _PART), _REST / _PART),
        "working_weight": ((_WEIGHT, _PART), _WEIGHT * _PART**2),
        "squared": ((_WEIGHT, _REST), _WEIGHT * _REST**2),
        "pull": ((_WEIGHT, _REST, _INVERSE), _WEIGHT * _REST * _INVERSE),
        "column": ((_INVERSE, _PART), _INVERSE / _PART),
        "threshold": ((_TOTAL, _QUANTILE, _FREE), _TOTAL * (1 + _QUANTILE**2 / _FREE)),
    }
)
"""What is worked out for each point and for the interval, in the letters of `fit` (v: log m, e: (e^y - l)/e^y, i: 1/m,
f: n - 3), as a page's JavaScript is emitted from; the same as the arrays below, which the tests compare."""

State = Literal["exact", "zero", "flat", "open", "identified"]


@dataclass(frozen=True)
class Irreducible:
    """L(x) = loss + exp(log_coefficient) x^-alpha, least squares in log L."""

    loss: float
    """L_inf, in the unit of the losses."""
    loss_interval: tuple[float, float]
    """Where the profile stays below its confidence level; 0 and the smallest loss are the ends of the search."""
    alpha: float
    standard_error: float
    interval: tuple[float, float]
    log_coefficient: float
    """log k; natural logarithm, as k itself can be too large for a float."""
    residual: float
    """Standard deviation of log L about the curve, n - 3 degrees of freedom."""
    residual_without: float
    """The same with L_inf = 0, n - 2 degrees of freedom."""
    state: State
    """identified: the interval of L_inf ends inside the search. zero: the best L_inf is 0. flat: 0 is in the interval.
    open: the interval reaches the smallest loss. exact: L_inf = 0 fits to rounding."""


@dataclass(frozen=True)
class _Curve:
    """The best curve for one L_inf."""

    tilt: float
    lift: float
    total: float
    pull: float
    """Minus half the derivative of `total` by L_inf: positive where a larger L_inf would fit better."""


@dataclass(frozen=True)
class _Profile:
    """Points whose losses are in units of the smallest one."""

    x: Array
    y: Array
    """log(loss / smallest loss), 0 or more."""
    weight: Array

    def at(self, share: float) -> _Curve:
        # 1 - share e^-y without cancellation, and without e^y, which can be too large for a float.
        excess = (1 - share) - share * np.expm1(-self.y)
        tilt, lift = weighted_line(self.x, self.y + np.log(excess), self.weight * excess**2)
        curve = self._curve(share, tilt, lift)
        for _ in range(STEPS):
            u = curve.lift + curve.tilt * self.x
            part = self._part(share, u)
            rest = (self.y - self._level(share, u)) / part
            tilt, lift = weighted_line(self.x, rest, self.weight * part**2)
            size, moved = 1.0, float(np.max(np.abs(lift + tilt * self.x)))
            step = self._curve(share, curve.tilt + tilt, curve.lift + lift)
            if not moved < TRUSTED:
                while not step.total <= curve.total and size > SMALLEST_STEP:
                    size /= 2
                    step = self._curve(share, curve.tilt + size * tilt, curve.lift + size * lift)
                if not step.total <= curve.total:
                    break
            curve = step
            if size * moved < STILL:
                break
        return curve

    @staticmethod
    def _level(share: float, u: Array) -> Array:
        """log(share + e^u), which for share = 0 is u whatever its size."""
        return u if share == 0 else np.logaddexp(math.log(share), u)

    @staticmethod
    def _inverse(level: Array) -> Array:
        return np.exp(np.minimum(-level, math.log(_MOST)))

    def _part(self, share: float, u: Array) -> Array:
        # e^u / (share + e^u); kept from 0, by which the residuals are divided.
        return np.maximum(np.exp(u - self._level(share, u)), _LEAST)

    def _curve(self, share: float, tilt: float, lift: float) -> _Curve:
        level = self._level(share, lift + tilt * self.x)
        rest = self.y - level
        total = float(np.sum(self.weight * rest * rest))
        return _Curve(tilt, lift, total, float(np.sum(self.weight * rest * self._inverse(level))))

    def unit_variance(self, share: float, curve: _Curve) -> float:
        """The variance of the slope when L_inf is fitted too, for residuals of variance 1."""
        u = curve.lift + curve.tilt * self.x
        part = self._part(share, u)
        w = self.weight * part**2
        v = self._inverse(self._level(share, u)) / part
        n = float(np.sum(w))
        x, v = self.x - float(np.sum(w * self.x)) / n, v - float(np.sum(w * v)) / n
        sums = (n, *(float(np.sum(w * column)) for column in (x, v, x * x, x * v, v * v)))
        _, _, _, xx, xv, vv = sums
        if xx * vv - xv * xv > SINGULAR * xx * vv:
            return float(shared_slope_variance(*sums))
        # In floating point L_inf has no say beside slope and height: theirs alone.
        return 1 / xx if xx > 0 else 0.0


def fit(x: Array, y: Array, weight: Array, confidence: float) -> Irreducible:
    """The least-squares curve in log loss, with where L_inf may lie.

    The noise is taken to be the same in log L everywhere, as in the fit without L_inf; that fit is this one at
    L_inf = 0, so the two can be compared. The algorithm, in units of the smallest loss (y: log loss in these units,
    l: share of the smallest loss that is irreducible, u = a + b x, m = l + e^u, p = e^u/m, r = y - log m):

    1. For a given l, start with the line through log(e^y - l) with weights ((e^y - l)/e^y)^2. Then repeat: the
       weighted line through r/p with weights p^2 is added to u (Gauss-Newton); a step that moves u by more than
       10^-6 somewhere is halved while the sum S of r^2 grows; stop when u moves by less than 10^-12 at every point,
       or after 100 steps.
    2. g(l) = sum of r/m is minus half the slope of the profile S(l). Where g turns from positive to negative between
       two neighbours of the grid 1 - 2^(-j/2), j = 0 ... 40, its root is found by 60 bisections. l = 0 is a minimum
       when g(0) <= 0, the grid's last point when g is positive there. The minimum with the smallest S wins.
    3. The interval of L_inf is where S(l) <= S_min (1 + t^2/(n - 3)), t the Student-t quantile: outwards from the
       minimum to the first grid point above that level, then 60 bisections.

    Args:
        x: shape [n], n >= 4, logarithms of the sizes, increasing.
        y: shape [n], logarithms of the losses, not all equal.
        weight: shape [n], how many sizes each point stands for; multiplies r^2 throughout.
        confidence: between 0 and 1.

    Valid for: residuals that are small beside 1; the standard error of alpha is the linearised one.
    """
    middle, floor = float(np.mean(x)), float(np.min(y))
    profile = _Profile(x - middle, y - floor, weight)
    free = len(x) - 3
    curves = [profile.at(share) for share in GRID]
    shares = [*GRID]
    best = _minimum(profile, curves)
    curve, plain = profile.at(best), curves[0]
    exact = math.sqrt(plain.total / float(np.sum(weight))) < ROUNDING
    if exact:
        best, curve = 0.0, plain
    level = curve.total * (1 + quantile(confidence, free) ** 2 / free)

    def above(share: float) -> bool:
        return profile.at(share).total > level

    below = [j for j, share in enumerate(shares) if share < best and curves[j].total > level]
    beyond = [j for j, share in enumerate(shares) if share > best and curves[j].total > level]
    low = _bisect(above, shares[below[-1]], min(best, shares[below[-1] + 1])) if below and not exact else 0.0
    high = (
        _bisect(lambda share: not above(share), max(best, shares[beyond[0] - 1]), shares[beyond[0]]) if beyond else 1.0
    )
    state: State = "identified"
    if exact:
        state, high = "exact", 0.0
    elif best == 0:
        state = "zero"
    elif not below:
        state = "flat"
    elif not beyond:
        state = "open"
    unit = math.exp(floor)
    variance = curve.total / free
    error = math.sqrt(max(0.0, variance * profile.unit_variance(best, curve)))
    alpha, reach = -curve.tilt, quantile(confidence, free) * error
    return Irreducible(
        best * unit,
        (low * unit, high * unit),
        alpha,
        error,
        (alpha - reach, alpha + reach),
        floor + curve.lift - curve.tilt * middle,
        math.sqrt(variance),
        math.sqrt(plain.total / (free + 1)),
        state,
    )


def _minimum(profile: _Profile, curves: list[_Curve]) -> float:
    """The share with the smallest residuals."""
    found = [(curves[0].total, 0.0)] if curves[0].pull <= 0 else []
    if curves[-1].pull > 0:
        found.append((curves[-1].total, GRID[-1]))
    for j in range(len(GRID) - 1):
        if curves[j].pull > 0 >= curves[j + 1].pull:
            root = _bisect(lambda share: profile.at(share).pull > 0, GRID[j], GRID[j + 1])
            found.append((profile.at(root).total, root))
    return min(found)[1]


def _bisect(still: Callable[[float], bool], low: float, high: float) -> float:
    """Where `still` changes from true at `low` to false at `high`."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if still(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2
