"""How far apart D points (or P pieces) lie on a manifold, on a product of two, and on each factor of a product."""

from __future__ import annotations

import sympy
from mpmath import MPContext, mpf

from calculators.derivation import Limit, Step, Witness
from calculators.numeric import Values, evaluate

DATA = sympy.Symbol("D", positive=True)
"""The number of training points."""
PARAMETERS = sympy.Symbol("P", positive=True)
"""The number of the model's parameters."""
SPACING = sympy.Symbol("h", positive=True)
"""The typical distance from a new input to the nearest training point."""
VOLUME = sympy.Symbol("V", positive=True)
"""The volume of the manifold."""
BALL = sympy.Symbol("c", positive=True)
"""The volume of the unit ball in as many dimensions."""

FAR = (2**20, 2**40, 2**80)
"""Octaves for sums of two powers, which may differ by a millionth: the larger one shows only far out."""


def random_points(dimension: sympy.Expr) -> Witness:
    """The mean distance from the centre of a d-ball to the nearest of D independent uniform points in it.

    P(nearest farther than r) = (1 - r^d)^D for a ball of radius 1, so the mean is B(1/d, D + 1)/d, which is
    Gamma(1 + 1/d) Gamma(D + 1)/Gamma(D + 1 + 1/d).

    Args:
        dimension: d, an expression in positive letters.
    """

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        points = arithmetic.ldexp(arithmetic.one, octave)
        share = 1 / evaluate(arithmetic, dimension, values)
        log = arithmetic.loggamma(1 + share) + arithmetic.loggamma(points + 1) - arithmetic.loggamma(points + 1 + share)
        return log / arithmetic.ln2

    return Witness("random points", log2)


def solved(share: sympy.Expr, d: sympy.Expr) -> tuple[sympy.Eq, sympy.Eq]:
    """The equation c h^d = V/share, and the same solved for h.

    Args:
        share: into how many parts the volume is cut.
        d: the dimension.
    """
    # Unevaluated: an equation between letters stays one, and SymPy takes long to find that out; with a number for d it
    # would take the root apart.
    cover = sympy.Eq(BALL * SPACING**d, VOLUME / share, evaluate=False)
    number, letter = share.as_coeff_Mul()
    root = sympy.Pow(VOLUME / (number * BALL), 1 / d, evaluate=False)
    return cover, sympy.Eq(SPACING, sympy.Mul(root, letter ** (-1 / d), evaluate=False), evaluate=False)


def steps(x: sympy.Symbol, d: sympy.Expr) -> tuple[Step, ...]:
    """From the volume of the manifold to h ~ x^(-1/d).

    Args:
        x: `DATA` or `PARAMETERS`.
        d: the dimension.
    """
    cover, spacing = solved(x, d)
    if x == DATA:
        share = "D points share the volume V of the manifold, so each has V/D of it to itself. "
        nearest = "h is how far a new input is, typically, from the nearest training point."
        random = (
            " Points that are drawn at random instead of laid out evenly have the same power: their mean distance is "
            "computed exactly as a check."
        )
    else:
        share = (
            "Data are plentiful, and P parameters let the model agree with the target at about P points. These share "
            "the volume V of the manifold, so each has V/P of it to itself. "
        )
        nearest = "h is how large, typically, a region is that the model covers with one piece."
        random = ""
    more = "data" if x == DATA else "parameters"
    many = "points" if x == DATA else "parameters"
    return (
        Step(
            "covering",
            "The points share the space",
            "premise",
            cover.lhs,
            cover.rhs,
            f"{share}We picture that share as a ball of radius h in d dimensions; its volume is c times h to the power "
            "d, with c the volume of the unit ball.",
        ),
        Step(
            "spacing",
            "Solve for the spacing",
            "identity",
            cover,
            spacing,
            f"Divide by c and take the d-th root. {nearest}",
        ),
        Step(
            "spacing-rate",
            f"Only the power of {x} matters",
            "leading-order",
            spacing.rhs,
            x ** (-1 / d),
            f"V and c do not change when {more} are added.{random} In many dimensions the power is small: halving the "
            f"distance takes 2 to the power d times as many {many}.",
            limit=Limit(x, "oo", (random_points(d),) if x == DATA else ()),
        ),
    )


def product_step(d: sympy.Expr, other: sympy.Expr) -> Step:
    """That the dimensions of the factors of a product add up."""
    apart = sympy.Mul(sympy.Pow(SPACING, d, evaluate=False), sympy.Pow(SPACING, other, evaluate=False), evaluate=False)
    return Step(
        "product",
        "The dimensions of a product add up",
        "identity",
        apart,
        SPACING ** (d + other),
        "A cell of a product is a cell of the one factor times a cell of the other. An arbitrary target may be "
        "different in each pair, so the whole product has to be covered, and a law for one manifold holds with the sum "
        "of the two dimensions. In what follows d stands for that sum where the words say d.",
    )


def additive_step() -> Step:
    """That the target is a sum, and that the learner knows."""
    target = sympy.Function("F")(sympy.Symbol("x"))
    first, second = (sympy.Function(f"F_{i}")(sympy.Symbol(f"x_{i}")) for i in (1, 2))
    return Step(
        "additive",
        "A sum, and a learner that uses it",
        "premise",
        target,
        first + second,
        "The target is a function of the first factor plus one of the second, and the learner fits the two apart. "
        "Seen from one factor, all D points lie on that factor alone. Both are needed: nearest neighbour does not use "
        "the sum, and has the exponent for the sum of the two dimensions even then.",
    )


def coarser_step(x: sympy.Symbol, d: sympy.Expr, other: sympy.Expr) -> Step:
    """That the factor of the larger dimension decides."""
    return Step(
        "coarser",
        "The coarser factor decides",
        "leading-order",
        x ** (-1 / d) + x ** (-1 / other),
        x ** (-1 / sympy.Max(d, other)),
        "Each factor has its own spacing, and the errors of the two fits add up. The wider spacing, that of the "
        "larger dimension, wins in the end.",
        limit=Limit(x, "oo", octaves=FAR),
    )
