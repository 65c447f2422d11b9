"""The value of an integral over integrals, in Python's floats: at 50 digits it would take minutes.

All points of the outer sum are taken at once, as an array to which each inner integral adds an axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy

from calculators.quadrature import QuadratureError

RESIDUAL = 1e-10
"""Largest relative difference of equal values; the sums settle to a hundredth of it."""

_FIRST, _LAST = 16, 256
"""Points of a unit at first, and at most."""
_CENTRE, _FAR = 4, 60
"""Every sum reaches so far; none goes on so far."""
_NEGLIGIBLE = 1e-18

LEAST = -1 + 2.0**-53
"""What takes the place of a lack that rounding makes 1 or more."""

_Array = np.ndarray[Any, np.dtype[np.float64]]


def lacking(power: sympy.Pow) -> sympy.Expr | None:
    """X where the power is one of 1 + X with an integral in it: near 1 a large power needs X and not the sum."""
    base = power.base
    return base - 1 if isinstance(base, sympy.Add) and sympy.S.One in base.args and base.has(sympy.Integral) else None


def is_nested(expr: sympy.Basic) -> bool:
    """Whether an integral stands under another."""
    return any(part.function.has(sympy.Integral) for part in expr.atoms(sympy.Integral))


def value(expr: sympy.Expr, values: Mapping[sympy.Symbol, float]) -> float:
    """The value of an expression with integrals over the whole line, perhaps one in another, to about 12 digits.

    The outer variable is sinh t, which reaches far out; the inner ones are taken as they are.

    Args:
        expr: numbers, pi, e, symbols, sums, products, powers, max of two, exp, log, erf, erfc, gamma, integrals.
        values: symbol -> number for every free symbol.

    Raises:
        QuadratureError: the sums have not settled with 256 points in a unit, or are no finite number.
        TypeError: a node of another type.

    Valid for: analytic integrands that fall off fast; the outer one may fall as a power.
    """
    known = {letter: np.asarray(number, dtype=float) for letter, number in values.items()}
    before, parts = math.nan, _FIRST
    while parts <= _LAST:
        with np.errstate(all="ignore"):
            found = float(_evaluate(expr, known, parts, outermost=True))
        if abs(found - before) <= RESIDUAL / 100 * abs(found):
            return found
        before, parts = found, parts * 2
    raise QuadratureError(f"an integral over integrals must settle; got {found}")


def _evaluate(expr: sympy.Basic, values: Mapping[sympy.Symbol, _Array], parts: int, *, outermost: bool) -> _Array:
    if isinstance(expr, sympy.Symbol):
        return values[expr]
    if isinstance(expr, sympy.Expr) and expr.is_number and not expr.has(sympy.Integral):
        return np.asarray(float(expr))
    if isinstance(expr, sympy.Integral) and [limit[1:] for limit in expr.limits] == [(-sympy.oo, sympy.oo)]:
        return _integral(expr, values, parts, outermost=outermost)
    args = [_evaluate(arg, values, parts, outermost=outermost) for arg in expr.args]
    if isinstance(expr, (sympy.Add, sympy.Mul)):
        total = args[0]
        for arg in args[1:]:
            total = total + arg if isinstance(expr, sympy.Add) else total * arg
        return total
    if isinstance(expr, sympy.Pow):
        if (lack := lacking(expr)) is not None:
            short = np.maximum(_evaluate(lack, values, parts, outermost=outermost), LEAST)
            return np.asarray(np.exp(args[1] * np.log1p(short)))
        return np.power(*args)
    if isinstance(expr, sympy.Max):
        return np.maximum(*args)
    if type(expr) in _FUNCTIONS:
        return _FUNCTIONS[type(expr)](args[0])
    raise TypeError(f"no value for {type(expr).__name__}; got {expr}")


def _integral(expr: sympy.Integral, values: Mapping[sympy.Symbol, _Array], parts: int, *, outermost: bool) -> _Array:
    """The sum over the points of one integral, from the centre out until nothing more comes."""
    (variable,) = expr.variables
    wider = {letter: number[..., None] for letter, number in values.items()}

    def terms(t: _Array) -> _Array:
        x, weight = (np.sinh(t), np.cosh(t)) if outermost else (t, np.ones_like(t))
        inside = _evaluate(expr.function, {**wider, variable: x}, parts, outermost=False)
        return np.asarray(weight * inside / parts)

    total = np.sum(terms(np.arange(-_CENTRE * parts, _CENTRE * parts + 1) / parts), axis=-1)
    for side in (1, -1):
        for unit in range(_CENTRE, _FAR):
            more = terms(side * np.arange(unit * parts + 1, (unit + 1) * parts + 1) / parts)
            total = total + np.sum(more, axis=-1)
            # Where all is 0 so far, what counts lies farther out.
            if np.all((np.abs(more).max(axis=-1) <= _NEGLIGIBLE * np.abs(total)) & (total != 0)):
                break
    return np.asarray(total)


def _each(function: Callable[[float], float]) -> Callable[[_Array], _Array]:
    elementwise = np.frompyfunc(function, 1, 1)
    return lambda x: np.asarray(elementwise(x), dtype=float)


_FUNCTIONS: Mapping[type, Callable[[_Array], _Array]] = {
    sympy.exp: np.exp,
    sympy.log: np.log,
    sympy.erf: _each(math.erf),
    sympy.erfc: _each(math.erfc),
    sympy.gamma: _each(math.gamma),
}
