"""The law asked backwards: which dimension, order of the loss or degree would give an exponent that was measured."""

from __future__ import annotations

import sympy

from calculators import resolution
from calculators.derivation import Quantity, Step
from calculators.resolution import ALPHA, Answer, Setting

_IMPLIED = {letter: sympy.Symbol(f"{letter}_obs", positive=True) for letter in "dmqs"}

_INVERTED = (
    "Our extension: the estimate read backwards, as an equation. For smooth targets alpha >= {least} points one way "
    "only, so that the dimension of the data is then at least this. It depends much on whether an irreducible loss was "
    "fitted."
)
_IN_WIDTH = " In the width the exponent is min(2, k) times the one in P, since P grows as that power of w."
_ONE_MANIFOLD = (
    "The theory gives no answer here. One exponent tells one dimension; choose one manifold. For a product that is the "
    "sum of the two, or the larger one for an additive target."
)


def answer(setting: Setting) -> Answer:
    """The dimension, and beside it the order or the degree, that would give the measured exponent."""
    if setting.manifold != "one":
        return Answer((), None, silence=_ONE_MANIFOLD)
    in_width = setting.resource == "width"
    plain = resolution.answer(setting)
    growth = sympy.Min(setting.network[2], 2) if in_width else sympy.S.One
    words = _IN_WIDTH if in_width else ""
    least = "min(2, k) m (q + 1)/d" if in_width else "m (q + 1)/d"
    m, d, measured = setting.m, setting.dimension, setting.measured
    power = setting.power

    def solve(name: str, title: str, letter: str, law: sympy.Expr, solution: sympy.Expr, because: str) -> Step:
        before = sympy.Eq(measured, law, evaluate=False)
        return Step(
            f"implied-{name}", title, "identity", before, sympy.Eq(_IMPLIED[letter], solution, evaluate=False), because
        )

    order = measured * d / (power * growth)
    degree = measured * d / (m * growth) - 1
    dimension = m * power * growth / measured
    unknown = _IMPLIED
    steps = (
        *plain.steps,
        solve(
            "order",
            "The order of the loss that gives the measured exponent",
            "m",
            unknown["m"] * power * growth / d,
            order,
            f"Put the measured exponent for alpha and solve for m, with s kept at its present value.{words} With kinks "
            "or jumps s depends on the order of the loss too; then this is the answer for the present s and not for "
            "another loss on the same target.",
        ),
        solve(
            "degree",
            "The degree that gives it, for a smooth target",
            "q",
            m * (unknown["q"] + 1) * growth / d,
            degree,
            "The same for q, for a target that is smooth enough: s must be at least one more than the degree, or no "
            "degree gives it. A degree is a whole number, so the next one above is needed.",
        ),
        solve(
            "dimension",
            "The dimension that gives it",
            "d",
            m * power * growth / unknown["d"],
            dimension,
            "The same for d. This is what is compared with a measured dimension of the data.",
        ),
    )
    return Answer(
        steps,
        dimension,
        plain.x,
        ("extension", _INVERTED.format(least=least)),
        (
            Quantity("order", "Order of the loss that would give it, with s kept as it is", unknown["m"], order),
            Quantity("degree", "Least degree, to be rounded up, were the target smooth enough", unknown["q"], degree),
            Quantity("predicted", "Exponent for what is set", ALPHA, setting.alpha * growth),
        ),
        unknown["d"],
    )
