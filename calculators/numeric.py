"""The value of an expression at a point, with 50 digits and without any simplification by SymPy."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping
from decimal import Decimal
from types import MappingProxyType

import mpmath
import sympy
from mpmath import MPContext, mpf, nstr

from calculators import nested, quadrature

DIGITS = 50
POINTS = 32
RESIDUAL = mpf(10) ** -40
"""Largest relative difference of equal values: 50 digits less ten for rounding in nested powers and in numeric
derivatives."""

_QUADRATURE_BITS = 60

Values = Mapping[sympy.Symbol, mpf]
Range = tuple[sympy.Rational, sympy.Rational]
_RANGE: Range = (sympy.Rational(1, 4), sympy.Integer(4))


def context(guard_bits: int = 0) -> MPContext:
    """An arithmetic of `DIGITS` decimal digits of its own, so that nobody else's precision is changed.

    Args:
        guard_bits: binary digits on top, for values that cancel.
    """
    arithmetic = MPContext()
    arithmetic.dps = DIGITS
    arithmetic.prec += guard_bits
    return arithmetic


def floats() -> MPContext:
    """Python's floats as an arithmetic, for drawings: 15 digits, and integrals of 5, many times as fast."""
    return mpmath.fp


def point(
    arithmetic: MPContext,
    letters: Collection[sympy.Symbol],
    draw: random.Random,
    ranges: Mapping[sympy.Symbol, Range] = MappingProxyType({}),
) -> dict[sympy.Symbol, mpf]:
    """A value for every letter: 0 (1, where it is positive) to 4 for whole numbers, else strictly inside the letter's
    range (1/4 to 4).
    """
    values = {}
    for letter in sorted(letters, key=str):
        if letter.is_integer:
            values[letter] = arithmetic.mpf(draw.randint(1 if letter.is_positive else 0, 4))
        else:
            low, high = ranges.get(letter, _RANGE)
            share = sympy.Rational(draw.randint(1, 999_999), 10**6)
            values[letter] = evaluate(arithmetic, low + (high - low) * share, {})
    return values


def close(a: mpf, b: mpf, residual: mpf = RESIDUAL) -> bool:
    """Whether two values agree to `residual`, relative to the larger one."""
    scale = max(abs(a), abs(b))
    # Infinite values are close to themselves only: inf <= residual * inf would be true.
    return bool(a == b or (scale < mpf("inf") and abs(a - b) <= residual * scale))


def equal(left: sympy.Expr, right: sympy.Expr, draw: random.Random | None = None) -> bool:
    """Whether two expressions have the same value at `POINTS` seeded points.

    Args:
        left: an expression in positive letters (whole numbers where the symbol says so).
        right: another one.
        draw: draws the points; by default a fresh generator with a fixed seed, so that an answer can be repeated.
    """
    arithmetic, generator = context(), draw or random.Random(2102)
    letters = left.free_symbols | right.free_symbols
    for _ in range(POINTS if letters else 1):
        values = point(arithmetic, letters, generator)
        try:
            if not close(evaluate(arithmetic, left, values), evaluate(arithmetic, right, values)):
                return False
        except (ZeroDivisionError, TypeError, ValueError, OverflowError):
            # No value here, or one that is not real and so has no place in a minimum.
            return False
    return True


def six_digits(value: mpf) -> str:
    """A number with six significant digits as JavaScript writes it: `0.56419`, `468750000000`, `1.5e-7`.

    Beyond the largest double a power of ten with six digits in the exponent, as pages show it: `10^602.06`.
    """
    if math.isinf(float(value)):
        if not mpmath.isfinite(value):
            return str(nstr(value, 6, strip_zeros=True))
        arithmetic = context()
        power = arithmetic.log10(abs(arithmetic.convert(value)))
        return f"{'-' if value < 0 else ''}10^{six_digits(power)}"
    rounded = float(f"{float(value):.5e}")
    if rounded == 0 or 1e-6 <= abs(rounded) < 1e21:
        plain = f"{Decimal(repr(rounded)):f}"
        return plain.removesuffix(".0") if rounded else "0"
    mantissa, _, exponent = f"{rounded:.5e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent):+d}"


def evaluate(arithmetic: MPContext, expr: sympy.Basic, values: Values) -> mpf:
    """The value of an expression.

    Args:
        arithmetic: sets the number of digits.
        expr: numbers, pi, e, symbols, sums, products, powers, min, max, abs, log, exp, sin, cos, cosh, tanh, gamma,
            loggamma, erf, erfc, piecewise, derivatives.
        values: symbol -> number for every free symbol.

    Raises:
        TypeError: a node of another type.
        KeyError: a symbol without a value.
    """
    if isinstance(expr, sympy.Rational):
        return arithmetic.mpf(int(expr.p)) / int(expr.q)
    if expr is sympy.oo or expr is -sympy.oo:
        return arithmetic.inf if expr is sympy.oo else -arithmetic.inf
    if expr is sympy.pi:
        return +arithmetic.pi
    if expr is sympy.E:
        return +arithmetic.e
    if isinstance(expr, sympy.Symbol):
        return values[expr]
    if isinstance(expr, sympy.Derivative) and len(expr.variables) == 1:
        (variable,) = expr.variables
        if expr.expr.has(sympy.Integral):
            return _slope(arithmetic, expr.expr, variable, values)
        # A numeric derivative, so that SymPy's own is not its own judge.
        return arithmetic.diff(lambda x: evaluate(arithmetic, expr.expr, {**values, variable: x}), values[variable])
    if isinstance(expr, sympy.Integral) and [len(limit) for limit in expr.limits] == [3]:
        return _integral(arithmetic, expr, values)
    if isinstance(expr, sympy.Sum):
        return _sum(arithmetic, expr, values)
    if isinstance(expr, sympy.Piecewise):
        return evaluate(arithmetic, _branch(arithmetic, expr, values), values)
    args = [evaluate(arithmetic, arg, values) for arg in expr.args]
    if isinstance(expr, sympy.Add):
        return arithmetic.fsum(args)
    if isinstance(expr, sympy.Mul):
        return arithmetic.fprod(args)
    if isinstance(expr, sympy.Pow):
        return args[0] ** args[1]
    if isinstance(expr, (sympy.Min, sympy.Max)):
        return min(args) if isinstance(expr, sympy.Min) else max(args)
    functions = {
        sympy.Abs: abs,
        sympy.log: arithmetic.log,
        sympy.exp: arithmetic.exp,
        sympy.cosh: arithmetic.cosh,
        sympy.tanh: arithmetic.tanh,
        sympy.sin: arithmetic.sin,
        sympy.cos: arithmetic.cos,
        sympy.gamma: arithmetic.gamma,
        sympy.loggamma: arithmetic.loggamma,
        sympy.erf: arithmetic.erf,
        sympy.erfc: arithmetic.erfc,
    }
    if type(expr) in functions:
        return functions[type(expr)](args[0])
    raise TypeError(f"no value for {type(expr).__name__}; got {expr}")


_STENCIL = ((1, sympy.Rational(3, 4)), (2, -sympy.Rational(3, 20)), (3, sympy.Rational(1, 60)))
"""How often its step to either side, and the weight: a central difference that is exact for polynomials of degree 6."""
_STEP_BITS = 32


def _slope(arithmetic: MPContext, expr: sympy.Expr, variable: sympy.Symbol, values: Values) -> mpf:
    """The derivative of what holds an integral, to 45 digits where nothing is singular within 1/8: an integral has
    digits of its own, which steps as small as those of other derivatives would lose.
    """
    inner = context(_QUADRATURE_BITS) if isinstance(arithmetic, MPContext) else arithmetic
    known = {letter: inner.convert(value) for letter, value in values.items()}
    step = inner.ldexp(inner.mpf(1), -_STEP_BITS if isinstance(arithmetic, MPContext) else -8)
    total = inner.zero
    for times, weight in _STENCIL:
        above, below = (
            evaluate(inner, expr, {**known, variable: known[variable] + side * times * step}) for side in (1, -1)
        )
        total += evaluate(inner, weight, {}) * (above - below)
    return arithmetic.convert(total / step)


def _integral(arithmetic: MPContext, expr: sympy.Integral, values: Values) -> mpf:
    """An integral with digits of its own (more than needed take long): tanh-sinh, and over the whole line the
    trapezoid rule, which a far and narrow peak does not mislead.
    """
    variable, low, high = expr.limits[0]
    if nested.is_nested(expr):
        return arithmetic.convert(nested.value(expr, {letter: float(value) for letter, value in values.items()}))
    inner = context(_QUADRATURE_BITS) if isinstance(arithmetic, MPContext) else arithmetic
    known = {letter: inner.convert(value) for letter, value in values.items()}
    ends = [evaluate(inner, end, known) for end in (low, high)]

    def integrand(x: mpf) -> mpf:
        return evaluate(inner, expr.function, {**known, variable: x})

    if ends == [-inner.inf, inner.inf]:
        return arithmetic.convert(quadrature.whole_line(inner, integrand))
    total = inner.quad(integrand, ends)
    # At an end a base may be 0 but for rounding, and a power of it not real.
    if abs(inner.im(total)) > RESIDUAL * abs(total):
        raise TypeError(f"an integral must be real; got {expr}")
    return arithmetic.convert(inner.re(total))


_MOST_TERMS = 10**5


def _sum(arithmetic: MPContext, expr: sympy.Sum, values: Values) -> mpf:
    """A sum over whole numbers, term by term; to infinity of powers only.

    Raises:
        TypeError: another sum without an end, or one with more than 10^5 terms.
    """
    index, low, high = expr.limits[0]
    if high is sympy.oo:
        return _power_sum(arithmetic, expr, values)
    first, last = (int(evaluate(arithmetic, end, values)) for end in (low, high))
    if len(expr.limits) > 1 or last - first >= _MOST_TERMS:
        raise TypeError(f"no value for this sum; got {expr}")
    return arithmetic.fsum(
        evaluate(arithmetic, expr.function, {**values, index: arithmetic.mpf(k)}) for k in range(first, last + 1)
    )


def _power_sum(arithmetic: MPContext, expr: sympy.Sum, values: Values) -> mpf:
    """The sum of k^-p over all whole k from some k on, by Hurwitz's zeta function."""
    index, low, high = expr.limits[0]
    term = expr.function
    if len(expr.limits) > 1 or high is not sympy.oo or not isinstance(term, sympy.Pow) or term.base != index:
        raise TypeError(f"no value for this sum; got {expr}")
    power = -evaluate(arithmetic, term.exp, values)
    # zeta also has values where the sum has none.
    return arithmetic.zeta(power, evaluate(arithmetic, low, values)) if power > 1 else arithmetic.inf


def _branch(arithmetic: MPContext, expr: sympy.Piecewise, values: Values) -> sympy.Expr:
    for branch, condition in expr.args:
        if condition is sympy.true:
            return branch
        if not isinstance(condition, (sympy.LessThan, sympy.GreaterThan)):
            raise TypeError(f"no value for {type(condition).__name__}; got {condition}")
        if evaluate(arithmetic, condition.lts, values) <= evaluate(arithmetic, condition.gts, values):
            return branch
    raise TypeError(f"a piecewise expression must end with a branch for all else; got {expr}")
