"""The exponent of the resolution-limited scaling law, L ∝ D^-alpha with alpha = m*min(q + 1, s)/d."""

from __future__ import annotations

from collections.abc import Mapping

import sympy
from mpmath import MPContext, mpf

from calculators import losses
from calculators.derivation import (
    Assumption,
    Calculator,
    Choice,
    Column,
    Curve,
    Derivation,
    Limit,
    Option,
    Parameter,
    Result,
    Source,
    Step,
    Verdict,
    Witness,
)
from calculators.numeric import Values, evaluate

_D = sympy.Symbol("D", positive=True)
_VOLUME = sympy.Symbol("V", positive=True)
_BALL = sympy.Symbol("c", positive=True)
_SPACING = sympy.Symbol("h", positive=True)
_TERM = sympy.Symbol("k", integer=True, nonnegative=True)
_ALPHA = sympy.Symbol("alpha", positive=True)

_SMALL = 100
"""Octaves below which a sine is replaced by its argument: the relative error is of the order 2^-200."""

_DIMENSION = sympy.Symbol("d", positive=True)
_ORDER = sympy.Symbol("m", positive=True)
_DEGREE = sympy.Symbol("q", integer=True, nonnegative=True)
_SMOOTHNESS = sympy.Symbol("s", positive=True)

_BAHRI = Source(
    "Explaining Neural Scaling Laws",
    "Bahri, Dyer, Kaplan, Lee, Sharma",
    2021,
    "https://arxiv.org/abs/2102.06701",
    "Theorems 2 and 3",
)
_SHARMA = Source(
    "A Neural Scaling Law from the Dimension of the Data Manifold",
    "Sharma, Kaplan",
    2020,
    "https://arxiv.org/abs/2004.10802",
    "equation 2.3",
    second_hand=True,
)

_PARAMETERS = (
    Parameter(
        "dimension",
        _DIMENSION,
        "Dimension of the data",
        "The intrinsic dimension d of the manifold on which the inputs lie, not the number of input features.",
        start=sympy.Integer(8),
        default=_DIMENSION,
        slider=(1, 64),
    ),
    Parameter(
        "loss_order",
        _ORDER,
        "Order of the loss",
        "The first power m of the output error that is not zero when the loss is expanded around its minimum.",
        start=sympy.Integer(2),
        default=_ORDER,
        slider=(1, 4),
    ),
    Parameter(
        "degree",
        _DEGREE,
        "Degree of the local fit",
        "The degree q of the polynomials that the model can follow between training points: 0 nearest neighbour, "
        "1 a model that is linear between them, which a ReLU network is taken to be.",
        start=sympy.Integer(1),
        default=_DEGREE,
        integer=True,
        open=False,
        slider=(0, 4),
    ),
    Parameter(
        "smoothness",
        _SMOOTHNESS,
        "Smoothness of the target",
        "The largest power s with which the target's differences over a distance h shrink, h^s, measured in the "
        "loss's own norm (the m-th root of the average m-th power). Isolated kinks have s = 1 + 1/m, jumps s = 1/m; "
        "a smooth target has s = oo.",
        start=sympy.oo,
        default=sympy.oo,
        infinite=True,
        slider=(1, 6),
    ),
)

_ASSUMPTIONS = (
    Assumption(
        "manifold",
        "The inputs lie on a compact manifold of dimension d, and their density is bounded away from 0 there.",
    ),
    Assumption(
        "bottleneck",
        "D is the only bottleneck: everything else is plentiful. Where parameters are the bottleneck, read D as "
        "their number P.",
    ),
    Assumption("no-noise", "The targets carry no noise, and the model passes through the training points."),
    Assumption(
        "local",
        "Between training points the model interpolates locally and stably: nearby points decide, none explodes.",
    ),
    Assumption("average", "The loss is averaged over the data distribution; it is no worst case and no 0-1 loss."),
)

_HOLDS = (
    "It holds on compact data whose density is bounded away from 0. Where the density has tails that thin out, as "
    "with Gaussian inputs, the exponent can be smaller.",
    "Label noise adds a floor that this law does not see.",
    "A target that is simpler than its smoothness tells, so that its term of degree q + 1 vanishes, is learned faster. "
    "For smooth targets the exponent is therefore read as a lower bound.",
    "A target with isolated kinks, such as a ReLU network, has smoothness s = 1 + 1/m, and a jump s = 1/m. Read with "
    "the Hölder exponent as s, the formula is a lower bound only.",
    "The limit q + 1 belongs to local interpolation. Methods that use the smoothness of the target from afar, such as "
    "kernels, can do better.",
)


def _random_points(dimension: sympy.Expr) -> Witness:
    """The mean distance from the centre of a d-ball to the nearest of D independent uniform points in it.

    P(nearest farther than r) = (1 - r^d)^D for a ball of radius 1, so the mean is B(1/d, D + 1)/d, which is
    Gamma(1 + 1/d) Gamma(D + 1)/Gamma(D + 1 + 1/d).
    """

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        points = arithmetic.ldexp(arithmetic.one, octave)
        share = 1 / evaluate(arithmetic, dimension, values)
        log = arithmetic.loggamma(1 + share) + arithmetic.loggamma(points + 1) - arithmetic.loggamma(points + 1 + share)
        return log / arithmetic.ln2

    return Witness("random points", log2)


def _smooth_target(degree: sympy.Expr) -> Witness:
    """The (q+1)-th difference of a cosine, root mean square over its phase: (2 sin(h/2))^(q+1)/sqrt(2).

    The (q+1)-th difference is 0 on every polynomial of degree q, so it measures what such polynomials cannot express.
    """

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        width = arithmetic.ldexp(arithmetic.one, -octave)
        return (evaluate(arithmetic, degree, values) + 1) * arithmetic.log(2 * arithmetic.sin(width / 2), 2)

    return Witness("a smooth target", log2)


def _rough_target(degree: sympy.Expr, smoothness: sympy.Expr) -> Witness:
    """The (q+1)-th difference of a lacunary series of smoothness s, root mean square over its random phases.

    W(x) = sum over n >= 0 of 2^(-n s) cos(2^n x + phase_n) has the mean square of its r-th difference, r = q + 1,
    (1/2) sum 2^(-2 n s) (2 sin(2^n h/2))^(2 r). At h = 2^-k 2 pi/3 every term with n >= k has sin^2 = 3/4, so that
    tail is a geometric series; and every term with 2^(n-k) < 2^-_SMALL equals its leading power to more than 50
    digits, so that head is one as well. That allows k of 2^40, which the logarithm at s = q + 1 makes necessary.
    """

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        r = evaluate(arithmetic, degree, values) + 1
        s = evaluate(arithmetic, smoothness, values)
        small = min(octave, _SMALL)
        # All terms are divided by 2^(-2 k s), which is put back at the end.
        total = 3**r / (1 - arithmetic.power(4, -s))
        for j in range(1, small + 1):
            sine = 2 * arithmetic.sin(arithmetic.ldexp(arithmetic.pi / 3, -j))
            total += arithmetic.power(4, j * s) * sine ** (2 * r)
        ratio = arithmetic.power(4, s - r)
        count = octave - small
        powers = count if ratio == 1 else ratio * (1 - ratio**count) / (1 - ratio)
        total += (2 * arithmetic.pi / 3) ** (2 * r) * ratio**small * powers
        return arithmetic.log(total, 2) / 2 - octave * s

    return Witness("a target of smoothness s", log2, octaves=(2**10, 2**20, 2**40))


def _spacing_steps(d: sympy.Expr) -> tuple[Step, ...]:
    # Unevaluated: an equation between letters stays one, and SymPy takes long to find that out.
    cover = sympy.Eq(_BALL * _SPACING**d, _VOLUME / _D, evaluate=False)
    # Unevaluated: with a number for d SymPy would take the root apart.
    spacing = sympy.Mul(sympy.Pow(_VOLUME / _BALL, 1 / d, evaluate=False), _D ** (-1 / d), evaluate=False)
    return (
        Step(
            "covering",
            "The points share the space",
            "premise",
            cover.lhs,
            cover.rhs,
            "D points share the volume V of the manifold, so each has V/D of it to itself. We picture that share as a "
            "ball of radius h in d dimensions; its volume is c times h to the power d, with c the volume of the unit "
            "ball.",
        ),
        Step(
            "spacing",
            "Solve for the spacing",
            "identity",
            cover,
            sympy.Eq(_SPACING, spacing, evaluate=False),
            "Divide by c and take the d-th root. h is how far a new input is, typically, from the nearest training "
            "point.",
        ),
        Step(
            "spacing-rate",
            "Only the power of D matters",
            "leading-order",
            spacing,
            _D ** (-1 / d),
            "V and c do not change when data are added. Points that are drawn at random instead of laid out evenly "
            "have the same power: their mean distance is computed exactly as a check. In many dimensions the power is "
            "small: halving the distance takes 2 to the power d times as many points.",
            limit=Limit(_D, "oo", (_random_points(d),)),
        ),
    )


def _error_steps(q: sympy.Expr, s: sympy.Expr) -> tuple[Step, ...]:
    coefficients = sympy.IndexedBase("a")
    if q.is_number and q <= 3:
        polynomial = sympy.Add(*(coefficients[k] * _SPACING**k for k in range(int(q) + 1)))
    else:
        polynomial = sympy.Sum(coefficients[_TERM] * _SPACING**_TERM, (_TERM, 0, q))
    witnesses = [] if s is sympy.oo else [_rough_target(q, s)]
    if s is sympy.oo or (s.is_number and q.is_number and s >= q + 1):
        witnesses.append(_smooth_target(q))
    letters = tuple(letter for letter in (_DEGREE, _SMOOTHNESS) if letter in q.free_symbols | s.free_symbols)
    return (
        Step(
            "local-fit",
            "What the model can follow",
            "premise",
            sympy.Function("f")(_SPACING),
            polynomial,
            "Close to a training point the target is nearly a polynomial in the distance h. We assume that the model f "
            "gets its terms right up to degree q and no further: nearest neighbour copies the value (q = 0), a "
            "piecewise linear model also follows the slope (q = 1).",
            source=_SHARMA,
        ),
        Step(
            "output-error",
            "What is left over",
            "leading-order",
            losses.ERROR,
            _SPACING ** sympy.Min(q + 1, s),
            "The error e of the output is the part of the target that no polynomial of degree q can express. For a "
            "smooth target that is its term of degree q + 1, which we take not to vanish. A target that is rougher "
            "than that gives the power s instead, so the smaller of the two counts. A difference of order q + 1 "
            "removes all polynomials of degree q, so its size is the check.",
            source=_SHARMA,
            limit=Limit(_SPACING, "0", tuple(witnesses), letters=letters),
        ),
    )


def _loss_step(m: sympy.Expr, loss: losses.Loss | None) -> Step:
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


def _result_steps(d: sympy.Expr, m: sympy.Expr, q: sympy.Expr, s: sympy.Expr) -> tuple[Step, ...]:
    power = sympy.Min(q + 1, s)
    alpha = sympy.factor_terms(sympy.Mul(m, power, 1 / d))
    law = sympy.Pow(_D, -alpha, evaluate=False)

    def raised(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
        return base if exponent == 1 else sympy.Pow(base, exponent, evaluate=False)

    chain = raised(raised(sympy.Pow(_D, -1 / d, evaluate=False), power), m)
    slope = sympy.Mul(-1, _D, sympy.Derivative(law, _D), sympy.Pow(law, -1, evaluate=False), evaluate=False)
    return (
        Step(
            "composition",
            "Put the three together",
            "identity",
            chain,
            law,
            "The loss goes as the error to the power m, the error as the spacing to the power min(q + 1, s), the "
            "spacing as D to the power -1/d. Powers of powers multiply.",
        ),
        Step(
            "log-slope",
            "Read off the exponent",
            "identity",
            slope,
            alpha,
            "alpha is the slope of the loss against D on double logarithmic axes, with its sign turned: -D L'(D)/L(D) "
            "for L = D to the power -alpha.",
        ),
    )


_VERDICTS = (
    Verdict(
        "extension",
        "Our extension: the estimate for smooth targets is published, the minimum with the smoothness s is our own "
        "step, for which we found no source. We check it on targets of known smoothness.",
        sympy.Min(_DEGREE + 1, _SMOOTHNESS),
        _DEGREE + 1,
        if_open=True,
    ),
    Verdict(
        "theorem",
        "Proved as a lower bound: alpha is at least m/d. The theorems as printed give 1/d; the same line proves m/d "
        "for every loss of at most C|e|^m, as long as the model's Lipschitz constant does not grow with D. That alpha "
        "equals m/d for nearest neighbour is the leading-order estimate.",
        _DEGREE,
        sympy.Integer(1),
    ),
    Verdict(
        "estimate",
        "A leading-order estimate, not a theorem: it follows a smooth target over one small cell. What is proved is "
        "only a lower bound: alpha is at least 1/d in the theorems as printed, and at least m/d by the same line of "
        "proof, as long as the model's Lipschitz constant does not grow with D.",
    ),
)


def _build(values: Mapping[str, sympy.Expr], options: Mapping[str, Option]) -> Derivation:
    d, m, q, s = (values[parameter.id] for parameter in _PARAMETERS)
    loss = losses.of(options["loss"]) if "loss" in options else None
    steps = (*_spacing_steps(d), *_error_steps(q, s), _loss_step(m, loss), *_result_steps(d, m, q, s))
    verdict = next(verdict for verdict in _VERDICTS if verdict.applies({_DEGREE: q, _SMOOTHNESS: s}))
    lines = {step.id: step.after for step in steps}
    return Derivation(
        CALCULATOR.id,
        tuple((parameter.id, values[parameter.id]) for parameter in _PARAMETERS),
        tuple((name, option.id) for name, option in options.items()),
        _ASSUMPTIONS,
        steps,
        Result(_ALPHA, steps[-1].after, verdict.status, verdict.meaning, _HOLDS),
        (
            Curve("curve", "Loss relative to its value at D = 1", _D, lines["composition"]),
            Curve("spacing", "Spacing relative to its value at D = 1", _D, lines["spacing-rate"]),
        ),
    )


CALCULATOR = Calculator(
    "scaling-exponent",
    "The exponent of a scaling law",
    "When inputs lie on a d-dimensional manifold and only more data can still help, how fast does the loss fall?",
    _PARAMETERS,
    (Choice("loss", "Loss", "loss_order", "squared", losses.options, free=lambda text: losses.free(text).option),),
    (_BAHRI, _SHARMA),
    _build,
    _VERDICTS,
    columns=tuple(
        Column(f"{model}, {loss} error", {"degree": degree, "loss": loss})
        for model, degree in (("nearest neighbour", "0"), ("piecewise linear", "1"))
        for loss in ("absolute", "squared")
    ),
    row_parameter="dimension",
    row_values=("1", "2", "3", "4", "6", "8", "12", "16", "32", "64"),
)
