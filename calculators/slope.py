"""The last step of a scaling law: its exponent, read off as a slope on double logarithmic axes."""

from __future__ import annotations

import sympy

from calculators.derivation import Step


def slope_step(law: sympy.Expr, x: sympy.Symbol, alpha: sympy.Expr, because: str) -> Step:
    """The identity -x L'(x)/L(x) = alpha, shown with the derivative still to be taken.

    Args:
        law: L(x) without the factors in front, which drop out.
        x: what is made larger.
        alpha: the exponent.
        because: in words, with what the slope is taken of.
    """
    slope = sympy.Mul(-1, x, sympy.Derivative(law, x), sympy.Pow(law, -1, evaluate=False), evaluate=False)
    return Step("log-slope", "Read off the exponent", "identity", slope, alpha, because)


def power(x: sympy.Symbol, alpha: sympy.Expr) -> sympy.Expr:
    """The law x to the power -alpha, left as it is when alpha is a number."""
    return sympy.Pow(x, -alpha, evaluate=False)


_LONG = 1000
"""Powers of two beyond this are not written out."""


def doubling(alpha: sympy.Expr) -> sympy.Expr:
    """How many times as much halves a loss that falls with this exponent: 2^(1/alpha), as a power where it is huge."""
    power = 1 / alpha
    return sympy.Pow(2, power, evaluate=not (power.is_Rational and power > _LONG))
