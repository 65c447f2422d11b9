"""Where the excess loss of an interpolating model stops when the labels carry noise."""

from __future__ import annotations

import sympy

from calculators import losses
from calculators.derivation import Limit, Quantity, Silence, Source, Step
from calculators.resolution import Answer, Setting, law_step
from calculators.scaling_settings import DEGREE, ORDER
from calculators.slope import slope_step
from calculators.spacing import DATA, FAR

STONE = Source(
    "Optimal Global Rates of Convergence for Nonparametric Regression",
    "Stone",
    1982,
    "https://doi.org/10.1214/aos/1176345969",
    "the optimal rate in the mean",
)

_VARIANCE = sympy.Symbol("v", positive=True)
_NOISE = sympy.Symbol("epsilon", real=True)
_CORNERS = sympy.Symbol("n", positive=True)
_SHARE = sympy.Symbol("t", positive=True)
_FACTOR = sympy.Symbol("K", positive=True)
_INDEX = sympy.Symbol("i", integer=True, nonnegative=True)


def floor(q: sympy.Expr, d: sympy.Expr) -> sympy.Expr:
    """The floor in units of the noise variance: 1 for nearest neighbour, 2/(d + 2) for linear interpolation.

    Args:
        q: the degree, 0 or 1.
        d: the dimension.
    """
    return 2 / (q * d + 2)


def steps(q: sympy.Expr, d: sympy.Expr, alpha: sympy.Expr) -> tuple[Step, ...]:
    """From noise on the labels to a loss that stops falling.

    Args:
        q: the degree, 0 or 1.
        d: the dimension.
        alpha: the exponent without noise.
    """
    x, n, t = sympy.Symbol("x"), _CORNERS, _SHARE
    weights, labels = sympy.IndexedBase("b"), sympy.IndexedBase("y")
    moment = 2 / ((n + 1) * (n + 2))
    stop = floor(q, d) * _VARIANCE
    # Unevaluated, or nothing would be left to differentiate.
    constant = sympy.Pow(DATA, 0, evaluate=False)
    return (
        Step(
            "noise",
            "The labels carry noise",
            "premise",
            sympy.Symbol("y"),
            sympy.Function("F")(x) + _NOISE,
            "Each label is off by its own epsilon, independent of all else, with mean 0 and variance v. The loss is "
            "the squared error; its excess is what it has above v, the error of the truth itself.",
        ),
        Step(
            "weights",
            "The model passes through noisy labels",
            "premise",
            sympy.Function("f")(x),
            sympy.Sum(weights[_INDEX] * labels[_INDEX], (_INDEX, 0, n)),
            "Between the points the model takes a mean of the labels at the n + 1 corners of a simplex, weighted so "
            "that it is linear. Nearest neighbour takes one label, n = 0; linear interpolation in d dimensions takes "
            "those of d + 1 corners, n = d.",
        ),
        Step(
            "corner",
            "How large a weight is",
            "premise",
            sympy.Function("p")(t),
            (1 - t) ** n,
            "A new input lies anywhere in its simplex. The part where one corner's weight is more than t is the same "
            "simplex shrunk by 1 - t towards that corner, so this is its share of the volume.",
        ),
        Step(
            "second-moment",
            "The mean square of a weight",
            "identity",
            sympy.Integral(2 * t * (1 - t) ** n, (t, 0, 1)),
            moment,
            "The mean of a square is the integral of 2 t times the probability of more than t.",
        ),
        Step(
            "floor",
            "The noise that is left",
            "identity",
            sympy.Mul(_VARIANCE, n + 1, moment, evaluate=False),
            2 * _VARIANCE / (n + 2),
            "The noise of the corners is independent, so the variances v times weight squared add up over n + 1 "
            "corners. How many points there are does not enter: more data bring the corners closer and leave their "
            "noise as it is.",
        ),
        Step(
            "corners", "How many corners", "premise", n, q * d, "None beside the nearest point for q = 0, d for q = 1."
        ),
        Step(
            "composition",
            "The floor wins",
            "leading-order",
            stop + _FACTOR * DATA**-alpha,
            stop,
            "The error that a model without noise would have still shrinks, and the floor stays. K is a factor that "
            "the argument leaves open.",
            limit=Limit(DATA, "oo", sharp=True, octaves=FAR),
            law="tends",
        ),
        slope_step(
            constant,
            DATA,
            sympy.S.Zero,
            "A constant has no slope. Before it shows the floor, a measured loss bends; a fit of a bare power law then "
            "gives an exponent between the two.",
        ),
    )


def quantities(q: sympy.Expr, d: sympy.Expr, s: sympy.Expr, alpha: sympy.Expr) -> tuple[Quantity, ...]:
    """The floor, the exponent above it, and the best exponent that a method can have with noise.

    Args:
        q: the degree, 0 or 1.
        d: the dimension.
        s: the smoothness of the target, perhaps infinite.
        alpha: the exponent without noise.
    """
    return (
        Quantity(
            "floor",
            "Where the excess loss stops, in units of the noise variance v",
            sympy.Symbol("L_oo"),
            floor(q, d),
        ),
        Quantity("above", "Exponent of what lies above the floor", sympy.Symbol("alpha_0"), alpha),
        Quantity(
            "minimax",
            "Exponent of the best method for noisy labels, 2s/(2s + d) (Stone 1982)",
            sympy.Symbol("alpha_best"),
            2 / (2 + d / s),
        ),
    )


_STOPS = (
    "Exact for independent noise: for nearest neighbour at every new input, for linear interpolation on average over "
    "those inside a simplex of training points. The exponent of what falls above the floor is the estimate. A method "
    "that averages more labels as data come in has no floor."
)
_ONLY_DATA = (
    "The theory gives no exponent here. With plenty of data a model need not pass through single noisy "
    "labels; what noise does beside a bottleneck of parameters is not derived."
)
_NOT_ADDITIVE = (
    "The theory gives no exponent here. How much noise is left when the two parts of a sum are fitted apart depends on "
    "how they are fitted."
)
_NO_FLOOR = (
    "The theory gives no floor here. It is derived for the squared error and for a degree of 0 or 1, nearest neighbour "
    "and linear interpolation; other losses weigh noise otherwise, and pieces of a higher degree other weights."
)


def answer(setting: Setting, loss: losses.Loss | None) -> Answer:
    """The exponent 0 with the floor; or why none is known.

    Args:
        setting: what is set.
        loss: the loss, None where only its order is known.
    """
    alpha, d = setting.alpha, setting.dimension
    if setting.resource != "data" or setting.manifold == "additive":
        return Answer((), None, silence=_ONLY_DATA if setting.resource != "data" else _NOT_ADDITIVE)
    if not _is_squared(loss):
        return Answer((law_step(setting, "resolution-law"),), None, silence=_NO_FLOOR)
    return Answer(
        (law_step(setting, "resolution-law"), *steps(setting.q, d, alpha)),
        sympy.S.Zero,
        verdict=("exact", _STOPS),
        quantities=quantities(setting.q, d, setting.s, alpha),
    )


def _is_squared(loss: losses.Loss | None) -> bool:
    """Whether the loss is a constant times the square of the error, or left open."""
    return loss is None or not (loss.expression / losses.ERROR**2).free_symbols


def silences(noise: tuple[str, str]) -> tuple[Silence, ...]:
    """Numbers and losses without a floor.

    Args:
        noise: the choice and its option by which noise is asked for.
    """
    others = [loss.id for loss in losses.known() if loss.term.order == 2 and not _is_squared(loss)]
    return (
        Silence(_NO_FLOOR, sympy.Integer(1), DEGREE, (noise,), stops="noise"),
        Silence(_NO_FLOOR, ORDER, sympy.Integer(2), (noise,), stops="noise"),
        Silence(_NO_FLOOR, sympy.Integer(2), ORDER, (noise,), stops="noise"),
        *(Silence(_NO_FLOOR, sympy.S.Zero, sympy.S.One, (noise, ("loss", name)), stops="noise") for name in others),
    )
