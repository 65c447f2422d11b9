"""The first term of an expression in one letter close to 0, by power series that are cut off.

SymPy's own series can run without end on what a person types. Here every operation has a bounded cost: a series keeps
at most `TERMS` terms, a coefficient is an exact fraction while it is short and a number of `_DIGITS` digits after that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import sympy
from mpmath import MPContext, mpf

TERMS = 16
"""How many terms a series keeps, and to which power a function is expanded."""
_LARGEST_POWER = 100
_WORK = 20_000
"""How many products of coefficients one expansion may take: about a third of a second."""
_LARGEST_ARGUMENT = 10**4
_BITS = 512
_DIGITS = 150
_ZERO = mpf(10) ** -100
"""A sum that is smaller than this share of its largest part has cancelled: it is taken for 0."""

Coefficient: TypeAlias = "Fraction | mpf"


class LeadingError(ValueError):
    """An expression has no first term of the form coefficient * t^order; the message is the end of a sentence."""


@dataclass(frozen=True)
class Term:
    """coefficient * t^order, for t from 0 upwards."""

    order: Fraction
    coefficient: sympy.Rational | None
    """None when it is not a fraction."""
    sign: int
    """Of the coefficient: 1 or -1."""


@dataclass(frozen=True)
class _Series:
    """A sum of terms, and the power from which on it is unknown."""

    terms: tuple[tuple[Fraction, Coefficient], ...]
    """(power, coefficient that is not 0), by increasing power."""
    known: Fraction | None = None
    """Terms of smaller powers are all there; None: there are no others at all."""


def leading(expr: sympy.Expr, variable: sympy.Symbol, side: int) -> Term:
    """The first term of the expression in t = side * variable, as t goes to 0 from above.

    Args:
        expr: numbers and the variable in sums, products, powers, min, max, abs, log, exp, cosh, tanh, cos, sin.
        variable: real.
        side: 1: the variable comes from above 0; -1: from below.

    Valid for: expressions with a series in (perhaps broken) powers of t.

    Raises:
        LeadingError: the expression is not real there, not defined, not a power to leading order, or flat.
    """
    arithmetic = MPContext()
    arithmetic.dps = _DIGITS
    series = _Expansion(arithmetic, variable, Fraction(side)).of(expr)
    if not series.terms:
        raise LeadingError(
            "is 0 throughout" if series.known is None else f"is flat at least to order {_shown(series.known)}"
        )
    order, coefficient = series.terms[0]
    exact = (
        sympy.Rational(coefficient.numerator, coefficient.denominator) if isinstance(coefficient, Fraction) else None
    )
    return Term(order, exact, 1 if coefficient > 0 else -1)


def _shown(power: Fraction) -> str:
    return str(power) if power.denominator < 1000 else f"{float(power):.3g}"


def _lesser(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    return b if a is None else a if b is None else min(a, b)


class _Expansion:
    """Expands one expression at 0 on one side."""

    def __init__(self, arithmetic: MPContext, variable: sympy.Symbol, side: Fraction) -> None:
        self._arithmetic = arithmetic
        self._variable = variable
        self._side = side
        self._work = 0

    def of(self, expr: sympy.Basic) -> _Series:
        if isinstance(expr, sympy.Rational):
            return self._constant(Fraction(int(expr.p), int(expr.q)))
        if expr is sympy.E:
            return self._constant(self._arithmetic.exp(1))
        if expr == self._variable:
            return _Series(((Fraction(1), self._side),))
        if isinstance(expr, sympy.Pow):
            return self._raise(expr)
        parts = [self.of(arg) for arg in expr.args]
        if isinstance(expr, sympy.Add):
            return self._fold(self._add, parts)
        if isinstance(expr, sympy.Mul):
            return self._fold(self._multiply, parts)
        if isinstance(expr, sympy.Min):
            return self._fold(lambda a, b: self._lower(a, b, 1), parts)
        if isinstance(expr, sympy.Max):
            return self._fold(lambda a, b: self._lower(a, b, -1), parts)
        if isinstance(expr, sympy.Abs):
            return parts[0] if self._sign(parts[0]) >= 0 else self._scale(parts[0], Fraction(-1))
        if type(expr) in _FUNCTIONS:
            return _FUNCTIONS[type(expr)](self, parts[0])
        raise LeadingError(f"holds {type(expr).__name__}, which has no series here")

    # Numbers.

    def _number(self, value: Coefficient) -> mpf:
        if isinstance(value, Fraction):
            return self._arithmetic.mpf(value.numerator) / value.denominator
        return value

    def _short(self, value: Coefficient) -> Coefficient:
        """The value, as a number of many digits once it is a long fraction."""
        if isinstance(value, Fraction) and max(value.numerator.bit_length(), value.denominator.bit_length()) > _BITS:
            return self._number(value)
        return value

    def _product(self, a: Coefficient, b: Coefficient) -> Coefficient:
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return self._short(a * b)
        return self._number(a) * self._number(b)

    def _sum(self, values: list[Coefficient]) -> Coefficient:
        if all(isinstance(value, Fraction) for value in values):
            return self._short(sum(values, Fraction(0)))
        numbers = [self._number(value) for value in values]
        total = self._arithmetic.fsum(numbers)
        return Fraction(0) if abs(total) <= _ZERO * max(abs(number) for number in numbers) else total

    # Sums and products of series.

    def _constant(self, value: Coefficient) -> _Series:
        return _Series(((Fraction(0), value),)) if value else _Series(())

    def _fold(self, operation: Callable[[_Series, _Series], _Series], parts: list[_Series]) -> _Series:
        first, *rest = parts
        for part in rest:
            first = operation(first, part)
        return first

    def _collect(self, terms: list[tuple[Fraction, Coefficient]], known: Fraction | None) -> _Series:
        by_power: dict[Fraction, list[Coefficient]] = {}
        for power, coefficient in terms:
            if known is None or power < known:
                by_power.setdefault(power, []).append(coefficient)
        kept = [(power, value) for power in sorted(by_power) if (value := self._sum(by_power[power]))]
        if len(kept) > TERMS:
            known = kept[TERMS][0]
        if kept and abs(kept[0][0]) > _LARGEST_POWER:
            raise LeadingError(f"holds a power beyond {_LARGEST_POWER}")
        return _Series(tuple(kept[:TERMS]), known)

    def _add(self, a: _Series, b: _Series) -> _Series:
        return self._collect([*a.terms, *b.terms], _lesser(a.known, b.known))

    def _scale(self, a: _Series, factor: Coefficient) -> _Series:
        return _Series(tuple((power, self._product(value, factor)) for power, value in a.terms), a.known)

    def _multiply(self, a: _Series, b: _Series) -> _Series:
        if (not a.terms and a.known is None) or (not b.terms and b.known is None):
            return _Series(())
        self._work += len(a.terms) * len(b.terms)
        if self._work > _WORK:
            raise LeadingError("takes too many terms")
        known = None
        for one, other in ((a, b), (b, a)):
            if one.known is not None:
                start = other.terms[0][0] if other.terms else other.known
                known = _lesser(known, one.known + (start or 0))
        terms = [(p + r, self._product(x, y)) for p, x in a.terms for r, y in b.terms if known is None or p + r < known]
        return self._collect(terms, known)

    def _sign(self, a: _Series) -> int:
        return 0 if not a.terms else 1 if a.terms[0][1] > 0 else -1

    def _lower(self, a: _Series, b: _Series, sign: int) -> _Series:
        """The smaller one (sign 1) or the larger one (sign -1); where they agree, what is known of both."""
        order = sign * self._sign(self._add(a, self._scale(b, Fraction(-1))))
        if order == 0:
            return self._collect(list(a.terms), _lesser(a.known, b.known))
        return a if order < 0 else b

    # Powers and functions.

    def _raise(self, expr: sympy.Pow) -> _Series:
        base = self.of(expr.base)
        if isinstance(expr.exp, sympy.Rational):
            return self._power(base, Fraction(int(expr.exp.p), int(expr.exp.q)))
        return self.exp(self._multiply(self.of(expr.exp), self.log(base)))

    def _power(self, base: _Series, exponent: Fraction) -> _Series:
        if not base.terms:
            if exponent < 0:
                raise LeadingError("divides by something that is flat")
            return _Series((), None if base.known is None else base.known * exponent)
        (start, first), *rest = base.terms
        if first < 0 and exponent.denominator != 1:
            raise LeadingError("is not real")
        # base = first t^start (1 + u)
        inverse = 1 / first if isinstance(first, Fraction) else self._arithmetic.one / first
        u = self._collect(
            [(power - start, self._product(value, inverse)) for power, value in rest],
            None if base.known is None else base.known - start,
        )
        binomials = [Fraction(1)]
        for k in range(1, TERMS):
            binomials.append(binomials[-1] * (exponent - k + 1) / k)
        whole = exponent.denominator == 1 and 0 <= exponent < TERMS
        series = self._taylor(list(binomials), u, ends=whole)
        factor = self._constant_power(first, exponent)
        return self._multiply(_Series(((start * exponent, factor),)), series)

    def _constant_power(self, base: Coefficient, exponent: Fraction) -> Coefficient:
        if isinstance(base, Fraction):
            roots = [sympy.integer_nthroot(abs(part), exponent.denominator) for part in base.as_integer_ratio()]
            bits = max(part.bit_length() for part in base.as_integer_ratio())
            if all(exact for _, exact in roots) and bits * abs(exponent) <= 4 * _BITS:
                root = Fraction(int(roots[0][0]), int(roots[1][0])) * (1 if base > 0 else -1)
                return self._short(root**exponent.numerator)
        number = self._number(base)
        if exponent.denominator == 1:
            return number**exponent.numerator
        return number ** (self._arithmetic.mpf(exponent.numerator) / exponent.denominator)

    def _taylor(self, coefficients: list[Coefficient], u: _Series, *, ends: bool = False) -> _Series:
        """The sum of coefficient_k u^k, where u tends to 0; `ends`: all further coefficients are 0."""
        if not u.terms and u.known is None:
            return self._constant(coefficients[0])
        start = u.terms[0][0] if u.terms else u.known
        # The remainder is of the power TERMS * start, unless there is none.
        rest = None if ends else (start or Fraction(0)) * TERMS
        total = self._constant(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            total = self._add(self._multiply(total, u), self._constant(coefficient))
        return self._collect(list(total.terms), _lesser(total.known, rest))

    def _split(self, a: _Series) -> tuple[Coefficient, _Series]:
        """The value at 0, and what tends to 0."""
        if a.terms and a.terms[0][0] < 0:
            raise LeadingError("has a part that grows without bound")
        if a.known is not None and a.known <= 0:
            raise LeadingError("is not known well enough")
        if a.terms and a.terms[0][0] == 0:
            value = a.terms[0][1]
            if abs(value) > _LARGEST_ARGUMENT:
                raise LeadingError(f"takes a function of a number beyond {_LARGEST_ARGUMENT}")
            return value, _Series(a.terms[1:], a.known)
        return Fraction(0), a

    def _at(self, function: Callable[[mpf], mpf], value: Coefficient, at_zero: int) -> Coefficient:
        return Fraction(at_zero) if value == 0 else function(self._number(value))

    def exp(self, a: _Series) -> _Series:
        if a.terms and a.terms[0][0] < 0 and self._sign(a) < 0:
            raise LeadingError("has a part that is flat to all orders")
        value, u = self._split(a)
        return self._taylor(self._cycle([self._at(self._arithmetic.exp, value, 1)]), u)

    def log(self, a: _Series) -> _Series:
        if not a.terms:
            raise LeadingError("takes the logarithm of something that is flat")
        power, first = a.terms[0]
        if first < 0:
            raise LeadingError("is not real")
        if power != 0:
            raise LeadingError("holds the logarithm of a power, which is no power")
        inverse = 1 / first if isinstance(first, Fraction) else self._arithmetic.one / first
        u = self._scale(_Series(a.terms[1:], a.known), inverse)
        constant = Fraction(0) if first == 1 else self._arithmetic.log(self._number(first))
        return self._taylor([constant, *(Fraction((-1) ** (k + 1), k) for k in range(1, TERMS))], u)

    def _cycle(self, derivatives: list[Coefficient]) -> list[Coefficient]:
        """Taylor coefficients of a function whose derivatives repeat."""
        coefficients, factorial = [], 1
        for k in range(TERMS):
            factorial *= max(k, 1)
            coefficients.append(self._product(derivatives[k % len(derivatives)], Fraction(1, factorial)))
        return coefficients

    def cosh(self, a: _Series) -> _Series:
        value, u = self._split(a)
        cosh, sinh = self._at(self._arithmetic.cosh, value, 1), self._at(self._arithmetic.sinh, value, 0)
        return self._taylor(self._cycle([cosh, sinh]), u)

    def sinh(self, a: _Series) -> _Series:
        value, u = self._split(a)
        cosh, sinh = self._at(self._arithmetic.cosh, value, 1), self._at(self._arithmetic.sinh, value, 0)
        return self._taylor(self._cycle([sinh, cosh]), u)

    def cos(self, a: _Series) -> _Series:
        value, u = self._split(a)
        cos, sin = self._at(self._arithmetic.cos, value, 1), self._at(self._arithmetic.sin, value, 0)
        return self._taylor(self._cycle([cos, -sin, -cos, sin]), u)

    def sin(self, a: _Series) -> _Series:
        value, u = self._split(a)
        cos, sin = self._at(self._arithmetic.cos, value, 1), self._at(self._arithmetic.sin, value, 0)
        return self._taylor(self._cycle([sin, cos, -sin, -cos]), u)

    def tanh(self, a: _Series) -> _Series:
        return self._multiply(self.sinh(a), self._power(self.cosh(a), Fraction(-1)))


_FUNCTIONS: dict[type, Callable[[_Expansion, _Series], _Series]] = {
    sympy.exp: _Expansion.exp,
    sympy.log: _Expansion.log,
    sympy.cosh: _Expansion.cosh,
    sympy.tanh: _Expansion.tanh,
    sympy.cos: _Expansion.cos,
    sympy.sin: _Expansion.sin,
}
