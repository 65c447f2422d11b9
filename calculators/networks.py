"""The number of parameters of a fully connected network, and how it grows with the width."""

from __future__ import annotations

import sympy

from calculators.derivation import Limit, Quantity, Step
from calculators.spacing import PARAMETERS

WIDTH = sympy.Symbol("w", positive=True)
"""The width as it grows."""
_SLOPE, _LOCAL = sympy.Symbol("kappa"), sympy.Symbol("alpha_n")


def count(n_in: sympy.Expr, width: sympy.Expr, k: sympy.Expr, n_out: sympy.Expr) -> sympy.Expr:
    """Weights and biases of a network with k hidden layers of one width, layer by layer.

    Args:
        n_in: inputs, 1 or more.
        width: units of each hidden layer.
        k: hidden layers, 1 or more.
        n_out: outputs, 1 or more.
    """
    return n_in * width + width + (k - 1) * (width**2 + width) + n_out * width + n_out


def tidy(n_in: sympy.Expr, width: sympy.Expr, k: sympy.Expr, n_out: sympy.Expr) -> sympy.Expr:
    """The same by powers of the width; arguments as for `count`."""
    return (k - 1) * width**2 + (n_in + k + n_out) * width + n_out


def slope(n_in: sympy.Expr, width: sympy.Expr, k: sympy.Expr, n_out: sympy.Expr) -> sympy.Expr:
    """The local slope d log P/d log width; arguments as for `count`."""
    above = 2 * (k - 1) * width**2 + (n_in + k + n_out) * width
    return above / tidy(n_in, width, k, n_out)


def steps(n_in: sympy.Expr, k: sympy.Expr, n_out: sympy.Expr) -> tuple[Step, ...]:
    """From the layers of a network to P ~ w^min(k, 2), and the local slope.

    Args:
        n_in: inputs.
        k: hidden layers.
        n_out: outputs.
    """
    total = tidy(n_in, WIDTH, k, n_out)
    local = sympy.Mul(WIDTH, sympy.Derivative(total, WIDTH), sympy.Pow(total, -1, evaluate=False), evaluate=False)
    return (
        Step(
            "count",
            "Count the parameters",
            "identity",
            count(n_in, WIDTH, k, n_out),
            total,
            "Weights and biases, layer by layer: from n_in inputs to w units, between k hidden layers of w units each, "
            "and to n_out outputs. Biases count; normalisation layers and embeddings, if there are any, are not in "
            "here.",
        ),
        Step(
            "count-rate",
            "What grows with the width",
            "leading-order",
            total,
            WIDTH ** sympy.Min(k, 2),
            "Between two hidden layers there are w times w weights, so with two of them or more P grows as w squared. "
            "With one hidden layer there is no such pair, and P grows as w.",
            limit=Limit(WIDTH, "oo"),
        ),
        Step(
            "local-slope",
            "The slope at a width that one has",
            "identity",
            local,
            slope(n_in, WIDTH, k, n_out),
            "The slope of P against w on double logarithmic axes, by differentiating. Networks that one trains are "
            "often far from the limit: with 20 inputs, two hidden layers and one output it is 1.25 at width 8, 1.49 at "
            "22 and 1.82 at 108, not yet 2.",
        ),
    )


def law_step(alpha: sympy.Expr, k: sympy.Expr) -> Step:
    """The law in P with w^min(k, 2) for P."""
    power = sympy.Min(k, 2)
    return Step(
        "composition",
        "The same law in the width",
        "identity",
        sympy.Pow(sympy.Pow(WIDTH, power, evaluate=False), -alpha, evaluate=False),
        sympy.Pow(WIDTH, -alpha * power, evaluate=False),
        "Put the power of w for P; powers of powers multiply. The newsletter takes the width itself for the resource, "
        "X = w, and marks that as a belief. The papers count parameters, X = P, and with two hidden layers or more the "
        "exponent in w is then twice as large as the one in P.",
    )


def quantities(
    n_in: sympy.Expr, n: sympy.Expr, k: sympy.Expr, n_out: sympy.Expr, alpha: sympy.Expr
) -> tuple[Quantity, ...]:
    """What the law says at the width n; `alpha` is the exponent in P."""
    local = slope(n_in, n, k, n_out)
    return (
        Quantity("parameters", "Parameters of the network at width n", PARAMETERS, tidy(n_in, n, k, n_out)),
        Quantity("local-slope", "Local slope of P in the width, at n", _SLOPE, local),
        Quantity("local-exponent", "Exponent in the width as one would measure it around n", _LOCAL, alpha * local),
    )
