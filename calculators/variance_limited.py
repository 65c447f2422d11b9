"""The exponent of the variance-limited scaling law: the loss above its limit falls as 1/D, as D^(-m/2), or as P^(-1/2).

The formal chain is in the steps' formulas, the intuitive one (variance 1/D, typical error 1/sqrt(D), square 1/D) in
their texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import sympy
from mpmath import MPContext, mpf

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
    Quantity,
    Result,
    Source,
    Status,
    Step,
    Witness,
)
from calculators.numeric import Values, evaluate
from calculators.slope import doubling, power, slope_step

_D = sympy.Symbol("D", positive=True)
_WIDTH = sympy.Symbol("w", positive=True)
_PARAMETER_COUNT = sympy.Symbol("P", positive=True)
_ALPHA = sympy.Symbol("alpha", positive=True)
_ORDER = sympy.Symbol("m", positive=True)

_GRADIENT = sympy.Symbol("G", real=True)
_GRADIENT_LIMIT = sympy.Symbol("G_oo", real=True)
_SCATTER = sympy.Symbol("delta", real=True)
_VARIANCE = sympy.Symbol("v", positive=True)
_COVARIANCE = sympy.Symbol("C", positive=True)
_BIAS = sympy.Symbol("b", positive=True)
_SLOPE = sympy.Symbol("ell_1", positive=True)
_CURVATURE = sympy.Symbol("ell_2", positive=True)
_REMAINDER = sympy.Symbol("R", real=True)
_NOISE = sympy.Symbol("c", positive=True)
_MOMENT = sympy.Symbol("k", positive=True)
_FEATURES = sympy.Symbol("f", positive=True)
_mean = sympy.Function("E")
_loss = sympy.Function("L")

_FAR = (64, 96, 128)
"""Octaves for means over a Gaussian, whose next term is the root of the resource further on: 2^-64 at the last."""

_BAHRI = Source(
    "Explaining Neural Scaling Laws",
    "Bahri, Dyer, Kaplan, Lee, Sharma",
    2021,
    "https://arxiv.org/abs/2102.06701",
    "Theorem 1",
)

_PARAMETERS = (
    Parameter(
        "loss_order",
        _ORDER,
        "Order of the loss",
        "The first power m of the output error that is not zero when the loss is expanded around its minimum: 1 for "
        "the absolute error, 2 for the squared error. It matters only where the limiting model makes no error at all.",
        start=sympy.Integer(2),
        default=_ORDER,
        slider=(1, 4),
    ),
)


def _resources() -> tuple[Option, ...]:
    return (
        Option("data", "Data: D training examples"),
        Option("width", "Width: w units in a layer"),
        Option("linear", "Parameters of a linear model: P random features"),
        Option("deep", "Parameters of a network of fixed depth: P weights"),
    )


def _scatters() -> tuple[Option, ...]:
    return (
        Option("unbiased", "Independent draws, right on average"),
        Option("biased", "Independent draws, a bias of order 1/D (1/w, 1/P)"),
        Option("mean-unknown", "Independent draws, nothing known about the average"),
        Option("rate-unknown", "Nothing known but that the scatter vanishes"),
    )


def _limits() -> tuple[Option, ...]:
    return (
        Option("residual", "Some error is left, and the loss is smooth there"),
        Option("noisy-absolute", "Absolute error, labels with noise"),
        Option("exact", "No error is left anywhere, loss of order m"),
    )


_ASSUMPTIONS = (
    Assumption(
        "limit",
        "When the resource grows without end and all else is kept fixed, the model tends to one limit. The loss of "
        "that limit is subtracted.",
    ),
    Assumption(
        "average",
        "To first order the gradient, and with it the trained model, responds to averages over the examples (or over "
        "the units of a layer), each with finite moments.",
    ),
    Assumption(
        "large", "The resource is already large: D beyond what the model could memorise, or a layer that is wide."
    ),
)

_HOLDS = (
    "It says how the loss approaches its limit. The limit itself has to be known, fitted, or zero; a fit of the bare "
    "loss shows a smaller exponent.",
    "The dimension of the data does not enter. That makes the law easy to tell from a resolution-limited one.",
    "The rate 1/D comes from independence. Examples that repeat one another count as fewer, and slowly fading "
    "correlations give a slower rate.",
    "It is a law for large D. Least squares with P parameters and Gaussian inputs has the excess s P/(D - P - 1), s "
    "the noise variance: its local slope, D/(D - P - 1), is above 1 and reaches 1 only far beyond P.",
    "Where a 1/D term stands beside a resolution-limited one, the slower of the two wins in the end: for d below 4 "
    "that is 1/D, if there is such a term, and not D to the power -4/d.",
)


def _scale(arithmetic: MPContext, octave: int) -> mpf:
    return arithmetic.ldexp(arithmetic.one, octave)


def _direction(power: sympy.Expr) -> Witness:
    """E|u|^k for one coordinate u of a random direction in X dimensions, times the variance: exact for every X.

    That is the mean of X Gaussian draws divided by their root mean square. It is no Gaussian at any X, and its
    moments are Gamma(X/2) Gamma((k + 1)/2)/(sqrt(pi) Gamma((X + k)/2)).
    """

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        x, k = _scale(arithmetic, octave), evaluate(arithmetic, power, values)
        log = arithmetic.loggamma(x / 2) + arithmetic.loggamma((k + 1) / 2) - arithmetic.loggamma((x + k) / 2)
        return (log - arithmetic.log(arithmetic.pi) / 2) / arithmetic.ln2

    return Witness("a normalised mean", log2)


def _gaussian_power(power: sympy.Expr, biased: bool) -> Witness:
    """E|delta|^m for a Gaussian delta of mean b/X (or 0) and variance v/X."""

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        x, m = _scale(arithmetic, octave), evaluate(arithmetic, power, values)
        log = m / 2 * arithmetic.log(2 * values[_VARIANCE] / x) + arithmetic.loggamma((m + 1) / 2)
        shift = values[_BIAS] ** 2 / (2 * values[_VARIANCE] * x) if biased else 0
        log += arithmetic.log(arithmetic.hyp1f1(-m / 2, arithmetic.mpf(1) / 2, -shift))
        return (log - arithmetic.log(arithmetic.pi) / 2) / arithmetic.ln2

    return Witness("a Gaussian scatter", log2)


def _exponential(side: int) -> Witness:
    """What the linear term leaves of A (exp(t delta) - 1), which has ell_1 = A t and ell_2 = A t^2."""

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        slope, rate = values[_SLOPE], values[_CURVATURE] / values[_SLOPE]
        delta = side * _scale(arithmetic, -octave)
        rest = slope / rate * arithmetic.expm1(rate * delta) - slope * delta
        return arithmetic.log(rest, 2)

    return Witness("an exponential loss", log2)


def _coins(biased: bool) -> Witness:
    """The mean excess of an exponential loss when delta is the mean of X coin flips of variance v, shifted by b/X."""

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        x, slope, rate = _scale(arithmetic, octave), values[_SLOPE], values[_CURVATURE] / values[_SLOPE]
        log = x * arithmetic.log(arithmetic.cosh(rate * arithmetic.sqrt(values[_VARIANCE]) / x))
        log += rate * values[_BIAS] / x if biased else 0
        return arithmetic.log(slope / rate * arithmetic.expm1(log), 2)

    return Witness("coin flips under an exponential loss", log2)


def _smoothed_absolute(biased: bool) -> Witness:
    """E[|delta| + c exp(-|delta|/c) - c] for a Gaussian delta of mean b/X (or 0) and variance v/X."""

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        x, c, root = _scale(arithmetic, octave), values[_NOISE], arithmetic.sqrt(2)
        mean = values[_BIAS] / x if biased else arithmetic.zero
        spread = arithmetic.sqrt(values[_VARIANCE] / x)
        size = spread * root / arithmetic.sqrt(arithmetic.pi) * arithmetic.exp(-((mean / spread) ** 2) / 2)
        size += mean * arithmetic.erf(mean / (spread * root))
        decay = arithmetic.zero
        for shift in (mean, -mean):
            tail = arithmetic.erfc((spread / c + shift / spread) / root)
            decay += arithmetic.exp(shift / c + (spread / c) ** 2 / 2) * tail / 2
        return arithmetic.log(size + c * decay - c, 2)

    return Witness("a Gaussian scatter", log2, octaves=_FAR)


_PIECES: Mapping[str, tuple[str, str]] = {
    "data": (
        "examples",
        "Endless data give the gradient G_oo, D examples give G, and the difference is the scatter, delta. We write "
        "one number; a network has many, and the argument goes through for each of them.",
    ),
    "linear": (
        "features",
        "Endless random features give the model G_oo, P of them give G, and the difference is the scatter, delta.",
    ),
    "width": (
        "units",
        "An infinitely wide layer gives G_oo: a network of that width behaves like a linear model with fixed features. "
        "A layer of width w gives G, and the difference is the scatter, delta.",
    ),
}


def _variance_steps(x: sympy.Symbol, resource: str) -> tuple[Step, Step, Step]:
    thing, split = _PIECES["width" if resource == "deep" else resource]
    both = sympy.Mul(x * _VARIANCE + x * (x - 1) * _COVARIANCE, x**-2, evaluate=False)
    mean = _VARIANCE / x + (1 - 1 / x) * _COVARIANCE
    return (
        Step("split", "A limit and a scatter", "premise", _GRADIENT, _GRADIENT_LIMIT + _SCATTER, split),
        Step(
            "variance",
            "The variance of a mean",
            "identity",
            both,
            mean,
            f"The scatter is a mean over {thing}. The square of their sum has {x} terms with the variance v of one of "
            f"them, and {x} ({x} - 1) terms with the covariance C of two; the mean divides by the square of {x}. "
            "Covariances do not go away by averaging.",
        ),
        Step(
            "independence",
            "Independence",
            "premise",
            mean,
            _VARIANCE / x,
            f"Two different {thing} are independent, so C = 0. This is where the rate comes from. The law of large "
            "numbers would say only that the variance vanishes. In words: the more there is to average over, the less "
            "chance decides.",
        ),
    )


def _size_step(x: sympy.Symbol) -> Step:
    return Step(
        "size",
        "The typical size of the scatter",
        "identity",
        sympy.Pow(_VARIANCE / x, sympy.Rational(1, 2), evaluate=False),
        sympy.sqrt(_VARIANCE) * x ** sympy.Rational(-1, 2),
        f"The root of the variance. In words: what is estimated from {x} independent pieces is off by about one over "
        f"the root of {x}. To first order weights inherit that from the gradient, and outputs from the weights.",
    )


def _moments_step(x: sympy.Symbol) -> Step:
    return Step(
        "moments",
        "What Theorem 1 asks",
        "leading-order",
        _mean(sympy.Abs(_SCATTER) ** _MOMENT),
        x ** (-_MOMENT / 2),
        f"Theorem 1 asks that all moments of the scatter around its mean, from the second on, are at most of order "
        f"1/{x}. They are, since the moment k goes as the power -k/2. The theorem then bounds the mean loss minus the "
        f"loss of the mean model by order 1/{x}, for losses that are polynomials, have a bounded second derivative, or "
        "are 2-Hölder.",
        source=_BAHRI,
        limit=Limit(x, "oo", (_direction(_MOMENT),)),
    )


_ON_AVERAGE: Mapping[str, str] = {
    "data": " For the gradient at fixed weights this is exact, since examples are drawn alike.",
    "linear": " For the kernel of the random features this is exact, since it is a mean over them.",
}
"""Where the scatter is right on average, by what it is averaged over; in the width there is no such place."""


def _mean_step(x: sympy.Symbol, biased: bool, resource: str) -> Step:
    because = (
        f"On average the model is off by b/{x}, as trained models usually are: the average over training runs of a "
        "nonlinear function is not the function of the average. Theorem 1 does not see this part, because it compares "
        "with the mean model, so it has to be asked for."
        if biased
        else f"We assume that the scatter helps as often as it harms.{_ON_AVERAGE.get(resource, '')} For a trained "
        f"model it is an idealisation; a remainder of order 1/{x} changes the factor but not the exponent."
    )
    return Step(
        "mean", "The mean of the scatter", "premise", _mean(_SCATTER), _BIAS / x if biased else sympy.S.Zero, because
    )


def _smooth_steps(x: sympy.Symbol, biased: bool) -> tuple[Step, ...]:
    total = (_SLOPE * _BIAS if biased else 0) + _CURVATURE * _VARIANCE / 2
    words = (
        f"The linear term leaves the bias, ell_1 b/{x}, and the square averages to the variance. Both are of order "
        f"1/{x}. In words: here the scatter does not help as often as it harms, but it is off by as little as the "
        f"square of its typical size, one over the root of {x}, squared."
        if biased
        else "The linear term averages out. The square averages to the variance. In words: to first order the scatter "
        f"helps as much as it harms, and what is left is its square, one over the root of {x}, squared."
    )
    return (
        Step(
            "expansion",
            "Expand the loss around the limit",
            "premise",
            _loss(_GRADIENT_LIMIT + _SCATTER) - _loss(_GRADIENT_LIMIT),
            _SLOPE * _SCATTER + _REMAINDER,
            "ell_1 is the slope of the loss at the limit. It need not be 0: the test loss has its minimum elsewhere as "
            "long as some error is left. R is what the linear term leaves.",
        ),
        Step(
            "remainder",
            "The remainder is quadratic",
            "leading-order",
            _REMAINDER,
            _CURVATURE * _SCATTER**2 / 2,
            "ell_2 is the second derivative of the loss at the limit, which is taken to exist.",
            limit=Limit(_SCATTER, "0", (_exponential(1), _exponential(-1)), sharp=True, letters=(_SLOPE, _CURVATURE)),
        ),
        Step(
            "average",
            "Average over the scatter",
            "leading-order",
            _mean(_SLOPE * _SCATTER + _REMAINDER),
            total / x,
            words,
            limit=Limit(x, "oo", (_coins(biased),), sharp=True, letters=(_SLOPE, _CURVATURE, _VARIANCE, _BIAS)),
        ),
    )


def _absolute_steps(x: sympy.Symbol, biased: bool) -> tuple[Step, ...]:
    size = sympy.Abs(_SCATTER)
    excess = size + _NOISE * sympy.exp(-size / _NOISE) - _NOISE
    bias = f" A bias of b/{x} enters by its square, since the limit is the median, so it is too small to matter."
    return (
        Step(
            "smoothing",
            "Noise rounds off the kink",
            "leading-order",
            excess,
            _SCATTER**2 / (2 * _NOISE),
            "Labels carry noise, here with a Laplace density of scale c around the limit. The line before is the "
            "absolute error averaged over that noise, minus its value c at delta = 0. The kink is gone: twice the "
            "density at 0, which is 1/c, is the second derivative.",
            limit=Limit(_SCATTER, "0", sharp=True, both_sides=True),
        ),
        Step(
            "average",
            "Average over the scatter",
            "leading-order",
            _mean(excess),
            _VARIANCE / (2 * _NOISE * x),
            "The square averages to the variance. In words: an absolute error against noisy labels is as forgiving as "
            f"a squared one.{bias if biased else ''}",
            limit=Limit(x, "oo", (_smoothed_absolute(biased),), sharp=True, letters=(_NOISE, _VARIANCE, _BIAS)),
        ),
    )


def _exact_steps(x: sympy.Symbol, m: sympy.Expr, biased: bool) -> tuple[Step, ...]:
    witnesses = (_gaussian_power(m, biased), *(() if biased else (_direction(m),)))
    bias = f" A bias of b/{x} is smaller than the scatter and does not count." if biased else ""
    return (
        Step(
            "loss-order",
            "What an error costs",
            "premise",
            _loss(_SCATTER),
            sympy.Abs(_SCATTER) ** m,
            "The limiting model is right everywhere, so the scatter is the error, and close to its minimum the loss is "
            "a power of the error: m = 1 for the absolute error, m = 2 for the squared one.",
        ),
        Step(
            "average",
            "Average over the scatter",
            "leading-order",
            _mean(sympy.Abs(_SCATTER) ** m),
            x ** (-m / 2),
            f"The scatter is of size one over the root of {x}, and so it is to the power m. Nothing averages out: "
            f"every error costs.{bias}",
            limit=Limit(x, "oo", witnesses, letters=(_VARIANCE, _BIAS)),
        ),
    )


def _count_steps(power: sympy.Expr) -> tuple[Step, ...]:
    weights = _WIDTH**2 + (_FEATURES + 3) * _WIDTH + 1
    root = sympy.Pow(_PARAMETER_COUNT, sympy.Rational(1, 2))
    return (
        Step(
            "count",
            "How many parameters a width takes",
            "leading-order",
            weights,
            _WIDTH**2,
            "The weights and biases of f inputs, two hidden layers of width w and one output. More hidden layers "
            "multiply the square by their number less one. With one hidden layer the count is proportional to w, and "
            "the exponent in P is the one in w.",
            limit=Limit(_WIDTH, "oo", sharp=True),
        ),
        Step(
            "exchange",
            "Width in terms of parameters",
            "identity",
            sympy.Eq(_PARAMETER_COUNT, _WIDTH**2),
            sympy.Eq(_WIDTH, root),
            "At fixed depth the width is the root of the number of parameters, so halving the scatter's variance takes "
            "four times the parameters.",
        ),
        Step(
            "composition",
            "Put the two together",
            "identity",
            sympy.Pow(root, -power, evaluate=False),
            sympy.Pow(_PARAMETER_COUNT, -power / 2),
            "The law in w, with the root of P for w. Powers of powers multiply.",
        ),
    )


def _slope_step(x: sympy.Symbol, alpha: sympy.Expr) -> Step:
    return slope_step(
        power(x, alpha),
        x,
        alpha,
        f"alpha is the slope of the excess loss against {x} on double logarithmic axes, with its sign turned. The "
        "factor in front of the power drops out.",
    )


_COVERED = Assumption(
    "covered",
    "The loss is one that Theorem 1 covers: a polynomial of finite degree, such as the squared error, or one with a "
    "bounded second derivative, or a 2-Hölder one. Cross-entropy, KL divergence and others whose second derivative has "
    "no bound are covered only as long as probabilities stay away from 0 and 1, and errors stay bounded.",
)

_THEOREM = (
    "Proved as a bound, for a loss that Theorem 1 covers (cross-entropy only as long as probabilities stay away from 0 "
    "and 1): the mean loss exceeds the loss of the mean model by at most order 1/{x}, and with a mean model that is "
    "within order 1/{x} of the limit, alpha is at least 1. That it is 1 needs a factor in front that is not 0, as it "
    "is in general."
)
_WIDE = (
    "An estimate: the same theorem with 1/w in place of 1/D. That the scatter of a wide network has the moments that "
    "it asks for rests on results about infinite width and on a limit that is well behaved."
)
_COUNTED = (
    "An estimate: the law in the width, read in the number of parameters. Not the same as the 1/P of linear models, "
    "and not the resolution-limited law, where the papers count P itself."
)
_AVERAGED = (
    "Our extension: the absolute error has a kink, which Theorem 1 leaves out. Averaged over label noise with a "
    "bounded density it has a bounded second derivative, and the argument goes through."
)
_NOTHING_LEFT = (
    "Our extension: with an error nowhere, the loss is the m-th moment of the scatter. For m = 2 this is the variance "
    "and agrees with Theorem 1; above 2 the loss falls faster than the theorem's bound, below 2 slower, and there the "
    "theorem does not apply."
)

_NO_MEAN = (
    "The theory gives no exponent here. Theorem 1 compares the mean loss with the loss of the mean model; how fast the "
    "mean model approaches its limit it leaves open, and that part may be the slower one."
)
_NO_RATE = (
    "The theory gives no exponent here. That the scatter vanishes is all that a law of large numbers says, and it may "
    "do so at any rate. The rate 1/{x} needs independence, or correlations that fade fast enough."
)


def _verdict(resource: str, limit: str, x: sympy.Symbol) -> tuple[Status, str]:
    if limit == "exact":
        return "extension", _NOTHING_LEFT
    if limit == "noisy-absolute":
        return "extension", _AVERAGED
    if resource in ("width", "deep"):
        return "estimate", _WIDE if resource == "width" else _COUNTED
    return "theorem", _THEOREM.format(x=x)


_AVERAGES: Mapping[str, Callable[[sympy.Symbol, sympy.Expr, bool], tuple[Step, ...]]] = {
    "residual": lambda x, m, biased: _smooth_steps(x, biased),
    "noisy-absolute": lambda x, m, biased: _absolute_steps(x, biased),
    "exact": _exact_steps,
}


_DEPTH = Assumption(
    "depth",
    "The network has two hidden layers or more, their number is fixed and their widths grow together, so that the "
    "number of parameters grows as the square of the width.",
)


def _build(values: Mapping[str, sympy.Expr], options: Mapping[str, Option]) -> Derivation:
    m = values["loss_order"]
    resource, scatter, limit = (options[name].id for name in ("resource", "scatter", "limit"))
    x = {"data": _D, "linear": _PARAMETER_COUNT}.get(resource, _WIDTH)
    assumptions: tuple[Assumption, ...] = (*_ASSUMPTIONS, _DEPTH) if resource == "deep" else _ASSUMPTIONS
    if limit == "residual":
        assumptions = (*assumptions, _COVERED)
    steps: tuple[Step, ...] = _variance_steps(x, resource)
    settings = (("loss_order", m),)
    choices = tuple((name, option.id) for name, option in options.items())
    if scatter == "rate-unknown":
        silence = _NO_RATE.format(x=x)
        return Derivation(CALCULATOR.id, settings, choices, assumptions, steps[:2], None, silence=silence)
    steps += (_size_step(x), _moments_step(x)) if limit != "exact" else (_size_step(x),)
    if scatter == "mean-unknown":
        return Derivation(CALCULATOR.id, settings, choices, assumptions, steps, None, silence=_NO_MEAN)
    biased = scatter == "biased"
    power = m / 2 if limit == "exact" else sympy.S.One
    steps += (_mean_step(x, biased, resource), *_AVERAGES[limit](x, m, biased))
    alpha, last = power, x
    if resource == "deep":
        steps += _count_steps(power)
        alpha, last = power / 2, _PARAMETER_COUNT
    steps += (_slope_step(last, alpha),)
    if limit != "exact":
        # What falls is the loss above what is left in the limit.
        steps = tuple(
            replace(step, law="excess") if step.id in ("composition", "log-slope") else step for step in steps
        )
    status, meaning = _verdict(resource, limit, x)
    halving = Quantity(
        "halving",
        "How many times as much halves the excess loss",
        sympy.Symbol("g"),
        doubling(alpha),
    )
    return Derivation(
        CALCULATOR.id,
        settings,
        choices,
        assumptions,
        steps,
        Result(_ALPHA, alpha, status, meaning, _HOLDS, (halving,)),
        (Curve("curve", "Loss above its limit, relative to its value at 1", last, last**-alpha),),
    )


CALCULATOR = Calculator(
    "variance-limited",
    "Variance-limited scaling",
    "When a model is right on average and only chance in its data or its units is left, how fast does the loss reach "
    "its limit?",
    _PARAMETERS,
    (
        Choice(
            "resource",
            "What grows",
            options=_resources,
            default="data",
            meaning="What the scatter is averaged over: examples, the units of a wide layer, or random features.",
        ),
        Choice(
            "scatter",
            "What is known about the scatter",
            options=_scatters,
            default="unbiased",
            meaning="Independence gives the rate, the mean of the scatter decides whether the linear term is left.",
        ),
        Choice(
            "limit",
            "What is left in the limit",
            options=_limits,
            default="residual",
            meaning="Where the limiting model still makes errors, the scatter enters by its square; where it makes "
            "none, by the power that the loss has at its minimum.",
        ),
    ),
    (_BAHRI,),
    _build,
    columns=tuple(
        Column(f"{what}, {left}", {"resource": resource, "limit": limit})
        for what, resource in (("data", "data"), ("parameters at fixed depth", "deep"))
        for left, limit in (("some error left", "residual"), ("no error left", "exact"))
    ),
    row_parameter="loss_order",
    row_values=("1", "3/2", "2", "3", "4"),
    belongs=("explaining-neural-scaling-laws",),
    against=(
        "Independent examples, some error left in the limit, a loss that is smooth there: the mean excess over a "
        "limit that was measured on its own (not fitted) must reach a local slope of 1 in D. A slope below 0.9 or "
        "above 1.1 over a whole decade, with D at least 100 times the number of parameters and a standard error "
        "below 0.03, would count against it.",
        "The same problem with inputs of another dimension: the slope must not change. Slopes at two dimensions, "
        "both in this regime, that differ by more than 0.1 and by more than three standard errors would count "
        "against it.",
        "Nothing left in the limit: with a loss of order m the slope must be m/2. A slope for the absolute error "
        "that is nearer to 1 than to 1/2, on labels without noise and with a limiting model that is exact "
        "everywhere, would count against it.",
        "Width: the mean excess over the loss of the infinitely wide network, computed from its kernel, must have "
        "a slope of 1 in w and, at two hidden layers or more, of 1/2 in the number of weights. A slope in w "
        "outside 0.9 to 1.1 over the widest decade that was trained, averaged over initialisations, would count "
        "against it.",
        "The reason that is given is independence. Examples whose correlations fade so slowly that the variance "
        "of their mean falls as the root of 1/D must show a smaller slope; if they still show 1, the reason is "
        "wrong even where the number is right.",
    ),
)
