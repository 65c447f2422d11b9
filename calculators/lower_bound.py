"""Why no method has a larger exponent for all targets of a given smoothness: bumps in cells that hold no point."""

from __future__ import annotations

import sympy

from calculators.derivation import Limit, Step
from calculators.resolution import Answer, Setting, exponent_step
from calculators.spacing import BALL, DATA, SPACING, VOLUME, solved

_ANSWER, _BUMP = sympy.Symbol("a", positive=True), sympy.Symbol("b", positive=True)
_FACTOR = sympy.Symbol("K", positive=True)


def steps(d: sympy.Expr, power: sympy.Expr, m: sympy.Expr) -> tuple[Step, ...]:
    """From empty cells to a loss of at least a constant times D^(-m power/d), up to its exponent.

    Args:
        d: the dimension.
        power: the smoothness of the targets that are allowed.
        m: the order of the loss.
    """
    cover, size = solved(2 * DATA, d)
    return (
        Step(
            "cells",
            "Twice as many cells as points",
            "premise",
            BALL * SPACING**d,
            VOLUME / (2 * DATA),
            "Cut the manifold into 2D cells of equal volume and of about the same width h in each direction. Nothing "
            "is said about the method; it may also choose where its D points lie.",
        ),
        Step(
            "cell-size",
            "How wide a cell is",
            "identity",
            cover,
            size,
            "Divide by c and take the d-th root, as for the spacing of points.",
        ),
        Step(
            "empty",
            "Many cells are empty",
            "leading-order",
            (1 - 1 / (2 * DATA)) ** DATA,
            sympy.exp(-sympy.Rational(1, 2)),
            "However the points lie, D of them fill at most D of the 2D cells, so at least half are empty. Drawn at "
            "random they miss a given cell with the probability on this line: on average 61 percent are empty.",
            limit=Limit(DATA, "oo", sharp=True),
        ),
        Step(
            "bump",
            "A bump fits into an empty cell",
            "premise",
            sympy.Function("B")(SPACING),
            SPACING**power,
            "Take targets that are 0 but for a bump in each empty cell, up or down, whose differences over a distance "
            "t are at most t to the power r, with r = min(q + 1, s). Then a bump can be as high as its width h to the "
            "power r. All these targets are 0 at every point, so no method can tell them apart.",
        ),
        Step(
            "sign",
            "Whatever the method answers",
            "identity",
            sympy.Max(sympy.Abs(_ANSWER - _BUMP), sympy.Abs(_ANSWER + _BUMP), evaluate=False),
            _ANSWER + _BUMP,
            "Say that it answers a (or -a) where the bump is b or -b high. In one of the two cases it is off by a + b, "
            "which is at least b. So when the signs come from fair coins, the mean loss there is at least half of b to "
            "the power m.",
        ),
        Step(
            "composition",
            "What that costs",
            "leading-order",
            _FACTOR / 4 * sympy.Pow(size.rhs, m * power, evaluate=False),
            DATA ** (-m * power / d),
            "Half of the cells, half of the signs, and a bump of height h to the power r in each; K is how much of a "
            "cell the bump fills and depends on its shape alone. A mean over targets that is so large has a target "
            "with a loss that is.",
            limit=Limit(DATA, "oo"),
            law="at-least",
        ),
    )


_BOUND = (
    "Proved here but for the constant: no method has a larger exponent for all targets of smoothness min(q + 1, s) in "
    "the loss's norm. The local fit reaches it for targets that are no smoother than that. It says nothing about a "
    "smaller class: where s is above q + 1 other methods can reach up to m s/d, and one that looks for a few kinks may "
    "do better on a target that has just those."
)
_ONLY_DATA = (
    "The theory gives no exponent here. The argument counts points that were seen, not parameters, and "
    "a model with few parameters may fit better than one number for each cell would."
)
_BOUND_OF_SUMS = (
    "The theory gives no answer here. The bound is for all targets of a smoothness, and those that are sums over the "
    "two parts are fewer; how much easier they are is not derived."
)


def answer(setting: Setting) -> Answer:
    """The exponent that no method exceeds for all targets of the smoothness."""
    if setting.resource != "data":
        return Answer((), None, silence=_ONLY_DATA)
    if setting.manifold == "additive":
        return Answer((), None, silence=_BOUND_OF_SUMS)
    found = (
        *steps(setting.dimension, setting.power, setting.m),
        exponent_step(DATA, setting.alpha),
    )
    return Answer(found, setting.alpha, verdict=("theorem", _BOUND))
