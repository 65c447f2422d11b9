"""Why no method has a smaller error on the worst target of a given smoothness: bumps of either sign in every cell."""

from __future__ import annotations

import sympy

from calculators.derivation import Limit, Silence, Step
from calculators.resolution import Answer, Setting, exponent_step
from calculators.scaling_settings import SMOOTHNESS
from calculators.spacing import BALL, DATA, SPACING, VOLUME, solved

_ANSWER, _BUMP = sympy.Symbol("a", positive=True), sympy.Symbol("b", positive=True)
_FACTOR = sympy.Symbol("K", positive=True)


def steps(d: sympy.Expr, s: sympy.Expr, m: sympy.Expr) -> tuple[Step, ...]:
    """From bumps in all cells to an expected loss of at least a constant times D^(-m s/d), up to its exponent.

    Args:
        d: the dimension.
        s: the smoothness of the targets that are allowed, finite.
        m: the order of the loss.
    """
    cover, size = solved(2 * DATA, d)
    seen = sympy.Add(2 * DATA, -DATA, evaluate=False)
    return (
        Step(
            "cells",
            "Twice as many cells as points",
            "premise",
            BALL * SPACING**d,
            VOLUME / (2 * DATA),
            "Before any point is drawn, cut the manifold into 2D cells of equal volume and of about the same width h "
            "in each direction. Nothing is said about the method; it may also choose where its D points lie.",
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
            "bump",
            "A bump in every cell, up or down",
            "premise",
            sympy.Function("B")(SPACING),
            SPACING**s,
            "Take the targets that have one bump in each of the 2D cells, up or down, and are 0 on the borders. Their "
            "differences over a distance t may be at most t to the power s, so a bump can be as high as its width h to "
            "the power s. Let a fair coin for each cell choose the sign. The coins know nothing of the points, and the "
            "points, drawn or chosen, nothing of coins that they have not seen.",
        ),
        Step(
            "empty",
            "At least half of the cells stay unseen",
            "identity",
            sympy.Mul(seen, sympy.Pow(2 * DATA, -1, evaluate=False), evaluate=False),
            sympy.Rational(1, 2),
            "However D points lie, they fall into at most D of the 2D cells. The signs in all others, at least D, are "
            "independent of everything that the method has seen.",
        ),
        Step(
            "sign",
            "Whatever the method answers",
            "identity",
            sympy.Max(sympy.Abs(_ANSWER - _BUMP), sympy.Abs(_ANSWER + _BUMP), evaluate=False),
            _ANSWER + _BUMP,
            "Say that in an unseen cell it answers a (or -a) where the bump is b or -b high. For one of the two "
            "signs, which are equally likely still, it is off by a + b, which is at least b. So averaged over the "
            "coin its loss there is at least half of b to the power m.",
        ),
        Step(
            "composition",
            "What that costs",
            "leading-order",
            _FACTOR / 4 * sympy.Pow(size.rhs, m * s, evaluate=False),
            DATA ** (-m * s / d),
            "Half of the cells, half of the signs, and a bump of height h to the power s in each; K is how much of a "
            "cell the bump fills, and how thin the density can be. So much is the loss averaged over the coins, for "
            "every set of points and hence on average over the points. An average over patterns of signs has a pattern "
            "that is no better: one target, fixed before the points are drawn, has at least this expected loss. The "
            "pattern depends on D, since the cells do: for each D another target is the hard one.",
            limit=Limit(DATA, "oo"),
            law="at-least",
        ),
    )


_BOUND = (
    "Proved but for the constant, and uniformly: at each D, every method has a target of smoothness s in the loss's "
    "norm on which its expected loss is at least of this order. For each D that may be another target, so it bounds "
    "the worst case at D and not the exponent of one fixed target. The local fit reaches it where s is at most q + 1; "
    "where s is larger, other methods can do better than the local fit, up to this."
)
_SMOOTH = (
    "The theory gives no bound here. It is m s/d for targets of smoothness s, and a smooth target, with s infinite, "
    "is in the class of every s, so nothing is left of it: methods that use the smoothness get below any power. Set a "
    "finite s; at s = q + 1 it is the exponent of the local fit."
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
    """The exponent that no method exceeds on the worst target of the smoothness at each D."""
    if setting.resource != "data":
        return Answer((), None, silence=_ONLY_DATA)
    if setting.manifold == "additive":
        return Answer((), None, silence=_BOUND_OF_SUMS)
    if setting.s is sympy.oo:
        return Answer((), None, silence=_SMOOTH)
    exponent = sympy.factor_terms(sympy.Mul(setting.m, setting.s, 1 / setting.dimension))
    found = (*steps(setting.dimension, setting.s, setting.m), exponent_step(DATA, exponent))
    return Answer(found, exponent, verdict=("theorem", _BOUND))


def silences(asked: tuple[str, str]) -> tuple[Silence, ...]:
    """Smooth targets, of which the bound says nothing.

    Args:
        asked: the choice and its option by which the bound is asked for.
    """
    return tuple(
        Silence(
            _SMOOTH, 1 / SMOOTHNESS, sympy.S.Zero, (asked, ("manifold", manifold), ("resource", "data")), True, "cells"
        )
        for manifold in ("one", "product")
    )
