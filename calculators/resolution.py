"""The resolution-limited law, alpha = m*min(q + 1, s)/d: the exponent, and the steps that every question shares."""

from __future__ import annotations

from typing import NamedTuple

import sympy

from calculators import losses, networks, targets
from calculators.derivation import Limit, Quantity, Source, Status, Step, Verdict
from calculators.scaling_settings import DEGREE, HOELDER, ORDER, SMOOTHNESS
from calculators.slope import power, slope_step
from calculators.spacing import DATA, SPACING

ALPHA = sympy.Symbol("alpha", positive=True)
_TERM = sympy.Symbol("j", integer=True, nonnegative=True)

BAHRI = Source(
    "Explaining Neural Scaling Laws",
    "Bahri, Dyer, Kaplan, Lee, Sharma",
    2021,
    "https://arxiv.org/abs/2102.06701",
    "Theorems 1 to 3",
)
SHARMA = Source(
    "A Neural Scaling Law from the Dimension of the Data Manifold",
    "Sharma, Kaplan",
    2020,
    "https://arxiv.org/abs/2004.10802",
    "equation 2.3",
    second_hand=True,
)


class Setting(NamedTuple):
    """What is set, and what follows from it for every question."""

    m: sympy.Expr
    q: sympy.Expr
    s: sympy.Expr
    dimension: sympy.Expr
    """Of the whole: of a product, the sum or the larger one."""
    x: sympy.Symbol
    """What grows: D or P."""
    resource: str
    manifold: str
    network: tuple[sympy.Expr, sympy.Expr, sympy.Expr, sympy.Expr]
    """Inputs, width, hidden layers, outputs."""
    measured: sympy.Expr

    @property
    def power(self) -> sympy.Expr:
        """How the output error goes with the spacing."""
        return sympy.Min(self.q + 1, self.s)

    @property
    def alpha(self) -> sympy.Expr:
        """The exponent in D or P."""
        return sympy.factor_terms(sympy.Mul(self.m, self.power, 1 / self.dimension))


class Answer(NamedTuple):
    """The last steps of a derivation, and what they say."""

    steps: tuple[Step, ...]
    result: sympy.Expr | None
    """None where the theory says nothing."""
    x: sympy.Symbol = DATA
    """What the law is a law of."""
    verdict: tuple[Status, str] | None = None
    """What the result is worth; None: as `VERDICTS` says."""
    quantities: tuple[Quantity, ...] = ()
    symbol: sympy.Symbol = ALPHA
    silence: str = ""


def error_steps(q: sympy.Expr, s: sympy.Expr, m: sympy.Expr, h: sympy.Expr, target: str) -> tuple[Step, ...]:
    """From the degree of the local fit to the size of the output error, e ~ h^min(q + 1, s).

    Args:
        q: the degree of the local fit.
        s: the smoothness of the target, perhaps infinite.
        m: the order of the loss.
        h: the Hölder exponent of a target that is rough everywhere.
        target: the id of one of `targets.options`.
    """
    coefficients = sympy.IndexedBase("a")
    if q.is_number and q <= 3:
        polynomial = sympy.Add(*(coefficients[k] * SPACING**k for k in range(int(q) + 1)))
    else:
        polynomial = sympy.Sum(coefficients[_TERM] * SPACING**_TERM, (_TERM, 0, q))
    free = q.free_symbols | s.free_symbols | (m.free_symbols if target in ("kinks", "jumps") else set())
    letters = tuple(letter for letter in (DEGREE, SMOOTHNESS, HOELDER, ORDER) if letter in free)
    return (
        Step(
            "local-fit",
            "What the model can follow",
            "premise",
            sympy.Function("f")(SPACING),
            polynomial,
            "Close to a training point the target is nearly a polynomial in the distance h. We assume that the model f "
            "gets its terms right up to degree q and no further: nearest neighbour copies the value (q = 0), a "
            "piecewise linear model also follows the slope (q = 1).",
            source=SHARMA,
        ),
        *targets.steps(target, m, h),
        Step(
            "output-error",
            "What is left over",
            "leading-order",
            losses.ERROR,
            SPACING ** sympy.Min(q + 1, s),
            "The error e of the output is the part of the target that no polynomial of degree q can express. For a "
            "smooth target that is its term of degree q + 1, which we take not to vanish. A target that is rougher "
            "than that gives the power s instead, so the smaller of the two counts. A difference of order q + 1 "
            "removes all polynomials of degree q, so its size is the check.",
            source=SHARMA,
            limit=Limit(SPACING, "0", targets.witnesses(target, q, s, m), letters=letters),
        ),
    )


def loss_step(m: sympy.Expr, loss: losses.Loss | None) -> Step:
    """What an error costs: derived for a named loss, assumed for an order m."""
    if loss is None:
        return Step(
            "loss-order",
            "What an error costs",
            "premise",
            sympy.Function("ell")(losses.ERROR),
            sympy.Abs(losses.ERROR) ** m,
            "Close to its minimum a loss is a power of the output error: m = 1 for the absolute error, m = 2 for the "
            "squared error and, around the true distribution, for cross-entropy.",
        )
    what = "the derivative of order" if loss.term.order.is_integer else "the power"
    return Step(
        "loss-order",
        "What an error costs",
        "leading-order",
        loss.expression,
        loss.term.expression,
        f"Expand the loss around its minimum at e = 0 and keep the first term that is not zero: {what} "
        f"{loss.term.order}. {loss.about}",
        limit=loss.limit,
        ranges=losses.RANGES,
    )


def law_step(setting: Setting, name: str) -> Step:
    """The three pieces put together."""

    def raised(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
        return base if exponent == 1 else sympy.Pow(base, exponent, evaluate=False)

    x = setting.x
    spaced = sympy.Pow(x, -1 / setting.dimension, evaluate=False)
    return Step(
        name,
        "Put the three together",
        "identity",
        raised(raised(spaced, setting.power), setting.m),
        sympy.Pow(x, -setting.alpha, evaluate=False),
        f"The loss goes as the error to the power m, the error as the spacing to the power min(q + 1, s), the spacing "
        f"as {x} to the power -1/d. Powers of powers multiply.",
    )


def exponent_step(x: sympy.Symbol, alpha: sympy.Expr) -> Step:
    """The exponent read off the law x^-alpha."""
    return slope_step(
        power(x, alpha),
        x,
        alpha,
        f"alpha is the slope of the loss against {x} on double logarithmic axes, with its sign turned: -{x} "
        f"L'({x})/L({x}) for L = {x} to the power -alpha.",
    )


VERDICTS = (
    Verdict(
        "extension",
        "Our extension: the estimate for smooth targets is published, the minimum with the smoothness s is our own "
        "step, for which we found no source. We check it on targets of known smoothness.",
        # s <= q + 1, turned over since s may be infinite. At s = q + 1 too: for the absolute error a step has s = 1,
        # and is no target that the theorems allow.
        1 / (DEGREE + 1),
        1 / SMOOTHNESS,
        if_open=True,
        or_equal=True,
    ),
    Verdict(
        "theorem",
        "Proved as a lower bound: alpha is at least m/d. For nearest neighbour the proof is direct: the answer is the "
        "target F at the nearest point, so for a Lipschitz target the error is at most K_F h, its Lipschitz constant "
        "times the distance, and a loss of at most C|e|^m is at most C (K_F h)^m. The theorems as printed give 1/d, "
        "for models that are Lipschitz themselves. That alpha equals m/d is the leading-order estimate.",
        DEGREE,
        sympy.Integer(1),
    ),
    Verdict(
        "estimate",
        "A leading-order estimate, not a theorem: it follows a smooth target over one small cell. What is proved is "
        "only a lower bound: alpha is at least 1/d in the theorems as printed, and at least m/d by the same line of "
        "proof, m being the order of the loss, as long as the steepest slope of the model (its Lipschitz constant) "
        "does not grow with the number of points.",
    ),
)
"""What the exponent in the data or the parameters is worth, in the order in which they are tried."""

_COUNTED = (
    "Our extension: the leading-order estimate in the number of parameters, and a count of the parameters of a fully "
    "connected network. That the number of parameters is what counts is how the papers state it; we found no theorem "
    "in the width."
)
_SEPARATED = (
    "Our extension of a published estimate, 4/max for squared error and linear pieces. It takes for granted that the "
    "learner finds the sum and fits the two parts apart; without that the dimensions add up."
)


def answer(setting: Setting) -> Answer:
    """The exponent in the data, the parameters or the width."""
    alpha = setting.alpha
    verdict: tuple[Status, str] | None = ("extension", _SEPARATED) if setting.manifold == "additive" else None
    if setting.resource != "width":
        steps = (law_step(setting, "composition"), exponent_step(setting.x, alpha))
        return Answer(steps, alpha, setting.x, verdict)
    n_in, _, layers, n_out = setting.network
    in_width = alpha * sympy.Min(layers, 2)
    return Answer(
        (
            law_step(setting, "parameter-law"),
            *networks.steps(n_in, layers, n_out),
            networks.law_step(alpha, layers),
            exponent_step(networks.WIDTH, in_width),
        ),
        in_width,
        networks.WIDTH,
        verdict or ("extension", _COUNTED),
        networks.quantities(*setting.network, alpha),
    )
