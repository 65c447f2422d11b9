"""How far the straight-through gradient of a sampled yes-or-no variable is from the true one, on average."""

from __future__ import annotations

import sympy

from calculators.derivation import Step
from calculators.numeric import Range

SAMPLE = sympy.Symbol("z", real=True)
"""The sampled variable: 1 with probability q, else 0. In the slope it is treated as if it were any number."""
LOGIT = sympy.Symbol("u", real=True)
"""The variable's logit: q = 1/(1 + exp(-u))."""

_INSIDE: Range = (sympy.Rational(1, 4), sympy.Rational(3, 4))


def steps(probability: sympy.Expr, bend: sympy.Expr) -> tuple[Step, ...]:
    """The steps to the bias c (2q - 1) q (1 - q) of the estimated gradient for the logit.

    Args:
        probability: q, the probability that z is 1, between 0 and 1.
        bend: c, any number; z + c (z^2 - z) is z itself for c = 0 and z^2 for c = 1.
    """
    q, c, z, u = probability, bend, SAMPLE, LOGIT
    ranges = tuple((letter, _INSIDE) for letter in sorted(q.free_symbols, key=str))
    sigmoid = 1 / (1 + sympy.exp(-u))
    function = z + c * (z**2 - z)
    scale = sympy.Mul(q, 1 - q, evaluate=False)
    estimate = sympy.Mul(1 + c * (2 * q - 1), scale, evaluate=False)
    return (
        Step(
            "one-function",
            "One function, many formulas",
            "premise",
            sympy.Function("f")(z),
            function,
            "z is 0 or 1, so z squared equals z, and f is the same function whatever c is: f(0) = 0 and f(1) = 1. With "
            "c = 0 it is written z, with c = 1 it is written z squared.",
        ),
        Step(
            "true-gradient",
            "The true gradient",
            "identity",
            sympy.Derivative(sigmoid, u),
            sympy.Mul(sigmoid, 1 - sigmoid, evaluate=False),
            "The mean of f is the probability q, and q = 1/(1 + exp(-u)) for the logit u. So the true gradient is "
            "q (1 - q), for every c.",
        ),
        Step(
            "sample-slope",
            "The slope that the rule uses",
            "identity",
            sympy.Derivative(function, z),
            1 + c * (2 * z - 1),
            "The straight-through rule takes the derivative of the formula at the sample, as if z could be any number, "
            "and hands it on to q. This slope does depend on c.",
        ),
        Step(
            "mean-slope",
            "Its mean over samples",
            "identity",
            sympy.Add(q * (1 + c), (1 - q) * (1 - c), evaluate=False),
            1 + c * (2 * q - 1),
            "z is 1 with probability q, where the slope is 1 + c, and 0 otherwise, where it is 1 - c. The true value "
            "is 1.",
            ranges=ranges,
        ),
        Step(
            "bias",
            "What is left over",
            "identity",
            sympy.Add(estimate, -q * (1 - q), evaluate=False),
            c * (2 * q - 1) * q * (1 - q),
            "Both are multiplied by q (1 - q) on the way to the logit; subtract the true gradient. Nothing is left for "
            "c = 0, where f is linear in z, and at q = 1/2, where the two slopes average out.",
            ranges=ranges,
        ),
    )
