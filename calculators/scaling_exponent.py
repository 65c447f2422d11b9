"""The exponent of a scaling law: resolution-limited, L ∝ D^-alpha with alpha = m*min(q + 1, s)/d, or variance-limited.

The pieces of the derivation are in modules of their own: `spacing`, `targets`, `losses`, `networks`, `label_noise`,
`lower_bound` and, for the other regime, `variance_limited`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import sympy

from calculators import label_noise, losses, lower_bound, networks, spacing, targets, variance_limited
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
    Silence,
    Source,
    Status,
    Step,
    Verdict,
)
from calculators.spacing import DATA, PARAMETERS, SPACING

_TERM = sympy.Symbol("j", integer=True, nonnegative=True)
_ALPHA = sympy.Symbol("alpha", positive=True)
_FACTOR, _OTHER_FACTOR = sympy.Symbol("K", positive=True), sympy.Symbol("b", positive=True)

_DIMENSION = sympy.Symbol("d", positive=True)
_ORDER = sympy.Symbol("m", positive=True)
_DEGREE = sympy.Symbol("q", integer=True, nonnegative=True)
_SMOOTHNESS = sympy.Symbol("s", positive=True)
_HOELDER = sympy.Symbol("H", positive=True)
_SECOND_DIMENSION = sympy.Symbol("d_2", positive=True)
_INPUTS = sympy.Symbol("n_in", integer=True, positive=True)
_WIDTH = sympy.Symbol("n", integer=True, positive=True)
_LAYERS = sympy.Symbol("k", integer=True, positive=True)
_OUTPUTS = sympy.Symbol("n_out", integer=True, positive=True)
_MEASURED = sympy.Symbol("alpha_obs", positive=True)
_IMPLIED = {letter: sympy.Symbol(f"{letter}_obs", positive=True) for letter in "dmqs"}

_BAHRI = Source(
    "Explaining Neural Scaling Laws",
    "Bahri, Dyer, Kaplan, Lee, Sharma",
    2021,
    "https://arxiv.org/abs/2102.06701",
    "Theorems 1 to 3",
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
    Parameter(
        "hoelder",
        _HOELDER,
        "Hölder exponent of the target",
        "Over a distance h a target that is rough everywhere changes by h to the power H: 1/2 for the path of a "
        "Brownian motion, 1 at most.",
        start=sympy.Rational(1, 2),
        default=_HOELDER,
        maximum=1,
        slider=(sympy.Rational(1, 10), 1),
        further=True,
    ),
    Parameter(
        "second_dimension",
        _SECOND_DIMENSION,
        "Dimension of the second factor",
        "Where the manifold is a product, d is the dimension of the first factor and this that of the second.",
        start=sympy.Integer(4),
        default=_SECOND_DIMENSION,
        slider=(1, 64),
        further=True,
    ),
    Parameter(
        "inputs",
        _INPUTS,
        "Inputs of the network",
        "The number of input features, each of which has a weight to every unit of the first hidden layer.",
        start=sympy.Integer(20),
        default=_INPUTS,
        integer=True,
        minimum=1,
        open=False,
        slider=(1, 128),
        further=True,
    ),
    Parameter(
        "width",
        _WIDTH,
        "Width of the network",
        "The number n of units in each hidden layer of a network that one has.",
        start=sympy.Integer(22),
        default=_WIDTH,
        integer=True,
        minimum=1,
        open=False,
        slider=(1, 512),
        further=True,
    ),
    Parameter(
        "layers",
        _LAYERS,
        "Hidden layers",
        "The number k of hidden layers, all of one width.",
        start=sympy.Integer(2),
        default=_LAYERS,
        integer=True,
        minimum=1,
        open=False,
        slider=(1, 12),
        further=True,
    ),
    Parameter(
        "outputs",
        _OUTPUTS,
        "Outputs of the network",
        "The number of output units.",
        start=sympy.Integer(1),
        default=_OUTPUTS,
        integer=True,
        minimum=1,
        open=False,
        slider=(1, 32),
        further=True,
    ),
    Parameter(
        "measured",
        _MEASURED,
        "Measured exponent",
        "An exponent that was fitted to measured losses, for which the calculator is asked backwards.",
        start=sympy.Rational(1, 2),
        default=_MEASURED,
        real=True,
        slider=(sympy.Rational(1, 20), 2),
        further=True,
    ),
)


def _regimes() -> tuple[Option, ...]:
    return (
        Option("resolution", "Resolution-limited"),
        Option("variance", "Variance-limited"),
    )


def _resources() -> tuple[Option, ...]:
    return (
        Option("data", "Data: D examples"),
        Option("parameters", "Parameters: P of them"),
        Option("width", "Width: w units a layer"),
    )


def _limits() -> tuple[Option, ...]:
    return (
        Option("residual", "Some error is left"),
        Option("exact", "No error is left anywhere"),
    )


def _manifolds() -> tuple[Option, ...]:
    return (
        Option("one", "One manifold"),
        Option("product", "A product, any target"),
        Option("additive", "A product, learned as a sum"),
    )


def _questions() -> tuple[Option, ...]:
    return (
        Option("nothing", "Nothing else"),
        Option("variance-term", "A term 1/D in the loss"),
        Option("label-noise", "Noise on the labels"),
        Option("lower-bound", "Why no method does better"),
        Option("measured", "My measured exponent"),
    )


_BOTTLENECKS: Mapping[str, str] = MappingProxyType(
    {
        "data": "D is the only bottleneck: everything else is plentiful.",
        "parameters": "The number of parameters is the only bottleneck: everything else, data included, is plentiful.",
        "width": "The width, and through it the number of parameters, is the only bottleneck: everything else, data "
        "included, is plentiful.",
    }
)


def _assumptions(resource: str, question: str) -> tuple[Assumption, ...]:
    noise = (
        "The labels carry noise, and the model passes through the training points all the same."
        if question == "label-noise"
        else "The targets carry no noise, and the model passes through the training points."
    )
    found = (
        Assumption(
            "manifold",
            "The inputs lie on a compact manifold of dimension d, and their density is bounded away from 0 there.",
        ),
        Assumption("bottleneck", _BOTTLENECKS[resource]),
        Assumption("no-noise", noise),
        Assumption(
            "local",
            "Between training points the model interpolates locally and stably: nearby points decide, none explodes.",
        ),
        Assumption("average", "The loss is averaged over the data distribution; it is no worst case and no 0-1 loss."),
    )
    # The lower bound asks nothing of the method.
    return found if question != "lower-bound" else (found[0], found[1], found[4])


_HOLDS = (
    "It holds on compact data whose density is bounded away from 0. Where the density has tails that thin out, the "
    "exponent can be smaller: nearest neighbour on Gaussian inputs with d = 1 and squared error shows about 1.04 in "
    "place of 2.",
    "Grid points and random points share the exponent, not the factor in front of it.",
    "For the 0-1 loss of a classifier the exponent is 1/d: only the cells on a border between classes are wrong.",
    "A target that is simpler than its smoothness tells, so that its term of degree q + 1 vanishes, is learned faster. "
    "For smooth targets the exponent is therefore read as a lower bound.",
    "A target with isolated kinks, such as a ReLU network, has smoothness s = 1 + 1/m, and a jump s = 1/m. Read with "
    "the Hölder exponent as s, the formula is a lower bound only.",
    "The limit q + 1 belongs to local interpolation. Methods that use the smoothness of the target from afar, such as "
    "kernels, can do better.",
    "The newsletter expands in two quantities: its 2/d in the distance of the inputs, its 4/d in the error of the "
    "output. Here m is always a power of the output error, so nearest neighbour with the absolute error has 1/d.",
    "The newsletter says that an exponent above 4/d accords with the equality. The inequality is meant: alpha is at "
    "least 4/d.",
)


def _error_steps(q: sympy.Expr, s: sympy.Expr, m: sympy.Expr, h: sympy.Expr, target: str) -> tuple[Step, ...]:
    coefficients = sympy.IndexedBase("a")
    if q.is_number and q <= 3:
        polynomial = sympy.Add(*(coefficients[k] * SPACING**k for k in range(int(q) + 1)))
    else:
        polynomial = sympy.Sum(coefficients[_TERM] * SPACING**_TERM, (_TERM, 0, q))
    free = q.free_symbols | s.free_symbols | (m.free_symbols if target in ("kinks", "jumps") else set())
    letters = tuple(letter for letter in (_DEGREE, _SMOOTHNESS, _HOELDER, _ORDER) if letter in free)
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
            source=_SHARMA,
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
            source=_SHARMA,
            limit=Limit(SPACING, "0", targets.witnesses(target, q, s, m), letters=letters),
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


class _Setting(NamedTuple):
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


class _Answer(NamedTuple):
    """The last steps of a derivation, and what they say."""

    steps: tuple[Step, ...]
    result: sympy.Expr | None
    """None where the theory says nothing."""
    x: sympy.Symbol = DATA
    """What the law is a law of."""
    verdict: tuple[Status, str] | None = None
    """What the result is worth; None: as `_VERDICTS` says."""
    quantities: tuple[Quantity, ...] = ()
    symbol: sympy.Symbol = _ALPHA
    silence: str = ""


def _law_step(setting: _Setting, name: str) -> Step:
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


def _slope_step(x: sympy.Symbol, alpha: sympy.Expr) -> Step:
    """The exponent read off the law x^-alpha."""
    law = sympy.Pow(x, -alpha, evaluate=False)
    slope = sympy.Mul(-1, x, sympy.Derivative(law, x), sympy.Pow(law, -1, evaluate=False), evaluate=False)
    return Step(
        "log-slope",
        "Read off the exponent",
        "identity",
        slope,
        alpha,
        f"alpha is the slope of the loss against {x} on double logarithmic axes, with its sign turned: -{x} "
        f"L'({x})/L({x}) for L = {x} to the power -alpha.",
    )


_COUNTED = (
    "Our extension: the leading-order estimate in the number of parameters, and a count of the parameters of a fully "
    "connected network. That the number of parameters is what counts is how the papers state it; we found no theorem "
    "in the width."
)
_SEPARATED = (
    "Our extension of a published estimate, 4/max for squared error and linear pieces. It takes for granted that the "
    "learner finds the sum and fits the two parts apart; without that the dimensions add up."
)
_BESIDE = (
    "Our extension, and a condition: if there is a term that falls as 1/D, the slower of the two wins in the end. In "
    "the limit of infinitely many parameters and without noise there is none. For squared error and linear pieces it "
    "matters below d = 4."
)
_STOPS = (
    "Exact for independent noise and a new input that lies in the interior of its simplex; the exponent of what "
    "falls above the floor is the estimate. A method that averages more labels as data come in has no floor."
)
_BOUND = (
    "Proved here but for the constant: no method has a larger exponent for all targets of smoothness min(q + 1, s) in "
    "the loss's norm. The local fit reaches it for targets that are no smoother than that. It says nothing about a "
    "smaller class: where s is above q + 1 other methods can reach up to m s/d, and one that looks for a few kinks may "
    "do better on a target that has just those."
)
_INVERTED = (
    "Our extension: the estimate read backwards, as an equation. For smooth targets alpha >= m (q + 1)/d points one "
    "way only, so that the dimension of the data is then at least this. It depends much on whether an irreducible loss "
    "was fitted."
)
_ONLY_DATA = {
    "variance-term": "The theory gives no exponent here. The term 1/D is a term in the number of examples; for "
    "parameters or width as the bottleneck, choose the regime variance to see how chance falls with them.",
    "label-noise": "The theory gives no exponent here. With plenty of data a model need not pass through single noisy "
    "labels; what noise does beside a bottleneck of parameters is not derived.",
    "lower-bound": "The theory gives no exponent here. The argument counts points that were seen, not parameters, and "
    "a model with few parameters may fit better than one number for each cell would.",
}
_NOT_ADDITIVE = (
    "The theory gives no exponent here. How much noise is left when the two parts of a sum are fitted apart depends on "
    "how they are fitted."
)
_BOUND_OF_SUMS = (
    "The theory gives no answer here. The bound is for all targets of a smoothness, and those that are sums over the "
    "two parts are fewer; how much easier they are is not derived."
)
_ONE_MANIFOLD = (
    "The theory gives no answer here. One exponent tells one dimension; choose one manifold. For a product that is the "
    "sum of the two, or the larger one for an additive target."
)
_NOT_VARIANCE = (
    "The theory gives no answer here. This question belongs to the regime resolution: in the regime variance neither "
    "the dimension nor the smoothness of the target enters."
)
_NO_SMOOTH_LOSS = (
    "The theory gives no answer here. The expansion needs a loss that is smooth where the limit still errs, and a loss "
    "of an order below 2 has a kink. The calculator variance-limited has the absolute error with noisy labels."
)
_NO_FLOOR = (
    "The theory gives no floor here. It is derived for the squared error and for a degree of 0 or 1, nearest neighbour "
    "and linear interpolation; other losses weigh noise otherwise, and pieces of a higher degree other weights."
)


def _plain(setting: _Setting) -> _Answer:
    alpha = setting.alpha
    verdict: tuple[Status, str] | None = ("extension", _SEPARATED) if setting.manifold == "additive" else None
    if setting.resource != "width":
        steps = (_law_step(setting, "composition"), _slope_step(setting.x, alpha))
        return _Answer(steps, alpha, setting.x, verdict)
    n_in, _, layers, n_out = setting.network
    in_width = alpha * sympy.Min(layers, 2)
    return _Answer(
        (
            _law_step(setting, "parameter-law"),
            *networks.steps(n_in, layers, n_out),
            networks.law_step(alpha, layers),
            _slope_step(networks.WIDTH, in_width),
        ),
        in_width,
        networks.WIDTH,
        verdict or ("extension", _COUNTED),
        networks.quantities(*setting.network, alpha),
    )


def _with_variance_term(setting: _Setting) -> _Answer:
    alpha = setting.alpha
    if setting.resource != "data":
        return _Answer((), None, silence=_ONLY_DATA["variance-term"])
    both = _FACTOR * DATA**-alpha + _OTHER_FACTOR / DATA
    slower = sympy.Min(alpha, 1)
    return _Answer(
        (
            _law_step(setting, "resolution-law"),
            Step(
                "competitor",
                "A second term",
                "premise",
                sympy.Function("L")(DATA),
                both,
                "Suppose that chance in the data adds a term b/D, as it does in the variance-limited regime. Then two "
                "terms fall side by side; K and b are factors that the argument leaves open.",
                source=_BAHRI,
            ),
            Step(
                "composition",
                "The slower term wins",
                "leading-order",
                both,
                DATA**-slower,
                "With enough data only the term of the smaller exponent is left. Where both are close, that takes much "
                "data, and a fit over few decades shows something between.",
                limit=Limit(DATA, "oo", octaves=spacing.FAR),
            ),
            _slope_step(DATA, slower),
        ),
        slower,
        verdict=("extension", _BESIDE),
        quantities=(Quantity("resolution", "Exponent of the resolution-limited term", sympy.Symbol("alpha_0"), alpha),),
    )


def _with_label_noise(setting: _Setting) -> _Answer:
    alpha, d = setting.alpha, setting.dimension
    if setting.resource != "data" or setting.manifold == "additive":
        return _Answer((), None, silence=_ONLY_DATA["label-noise"] if setting.resource != "data" else _NOT_ADDITIVE)
    return _Answer(
        (_law_step(setting, "resolution-law"), *label_noise.steps(setting.q, d, alpha)),
        sympy.S.Zero,
        verdict=("exact", _STOPS),
        quantities=label_noise.quantities(setting.q, d, setting.s, alpha),
    )


def _lower_bound(setting: _Setting) -> _Answer:
    if setting.resource != "data":
        return _Answer((), None, silence=_ONLY_DATA["lower-bound"])
    if setting.manifold == "additive":
        return _Answer((), None, silence=_BOUND_OF_SUMS)
    steps = (
        *lower_bound.steps(setting.dimension, setting.power, setting.m),
        _slope_step(DATA, setting.alpha),
    )
    return _Answer(steps, setting.alpha, verdict=("theorem", _BOUND))


def _inverse(setting: _Setting) -> _Answer:
    if setting.manifold != "one":
        return _Answer((), None, silence=_ONE_MANIFOLD)
    plain = _plain(setting)
    growth = sympy.Min(setting.network[2], 2) if setting.resource == "width" else sympy.S.One
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
            "Put the measured exponent for alpha and solve for m, with s kept at its present value. With kinks or "
            "jumps s depends on the order of the loss too; then this is the answer for the present s and not for "
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
    return _Answer(
        steps,
        dimension,
        plain.x,
        ("extension", _INVERTED),
        (
            Quantity("order", "Order of the loss that would give it, with s kept as it is", unknown["m"], order),
            Quantity("degree", "Least degree, to be rounded up, were the target smooth enough", unknown["q"], degree),
            Quantity("predicted", "Exponent for what is set", _ALPHA, setting.alpha * growth),
        ),
        unknown["d"],
    )


_ANSWERS: Mapping[str, Callable[[_Setting], _Answer]] = MappingProxyType(
    {
        "nothing": _plain,
        "variance-term": _with_variance_term,
        "label-noise": _with_label_noise,
        "lower-bound": _lower_bound,
        "measured": _inverse,
    }
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
        "for every loss of at most C|e|^m, as long as the model's Lipschitz constant does not grow. That alpha "
        "equals m/d for nearest neighbour is the leading-order estimate.",
        _DEGREE,
        sympy.Integer(1),
    ),
    Verdict(
        "estimate",
        "A leading-order estimate, not a theorem: it follows a smooth target over one small cell. What is proved is "
        "only a lower bound: alpha is at least 1/d in the theorems as printed, and at least m/d by the same line of "
        "proof, as long as the model's Lipschitz constant does not grow with the number of points.",
    ),
)


def _variance(m: sympy.Expr, resource: str, limit: str) -> Derivation:
    """The derivation of the variance-limited calculator, for a scatter that is right on average."""
    chosen = {"resource": "deep" if resource == "parameters" else resource, "scatter": "unbiased", "limit": limit}
    named = {name: Option(id_, "") for name, id_ in chosen.items()}
    found = variance_limited.CALCULATOR.build({"loss_order": m}, named)
    # Another place in the order of steps, so another name than the step of the other regime.
    return replace(
        found, steps=tuple(replace(s, id="scatter-cost") if s.id == "loss-order" else s for s in found.steps)
    )


_MORE_ABOUT_VARIANCE = (
    "This is the calculator variance-limited with independent draws that are right on average. It has the other cases "
    "too: a bias, the absolute error with noisy labels, and what happens when less is known."
)


def _build(values: Mapping[str, sympy.Expr], options: Mapping[str, Option]) -> Derivation:
    names = tuple((name, option.id) for name, option in options.items())
    given = tuple((parameter.id, values[parameter.id]) for parameter in _PARAMETERS)
    resource, question, manifold = (options[name].id for name in ("resource", "also", "manifold"))
    target = options["target"].id
    m, q, s, d = (values[name] for name in ("loss_order", "degree", "smoothness", "dimension"))
    if options["regime"].id == "variance":
        found = _variance(m, resource, options["limit"].id)
        if found.result is not None:
            found = replace(found, result=replace(found.result, holds=(*found.result.holds, _MORE_ABOUT_VARIANCE)))
        if question != "nothing":
            found = replace(found, result=None, silence=_NOT_VARIANCE)
        return replace(found, calculator=CALCULATOR.id, settings=given, choices=names)

    x = DATA if resource == "data" else PARAMETERS
    other = values["second_dimension"]
    total = {"one": d, "product": d + other, "additive": sympy.Max(d, other)}[manifold]
    network = (values["inputs"], values["width"], values["layers"], values["outputs"])
    setting = _Setting(m, q, s, total, x, resource, manifold, network, values["measured"])
    answer = _ANSWERS[question](setting)
    loss = losses.of(options["loss"]) if "loss" in options else None
    if question == "label-noise" and answer.result is not None and not _is_squared(loss):
        answer = _Answer(answer.steps[:1], None, silence=_NO_FLOOR)

    first: tuple[Step, ...] = ()
    if manifold == "product":
        first = (spacing.product_step(d, other),)
    elif manifold == "additive":
        first = (spacing.additive_step(),)
    if question == "lower-bound":
        first += targets.steps(target, m, values["hoelder"])
    else:
        first += spacing.steps(x, d if manifold == "additive" else total)
        first += (spacing.coarser_step(x, d, other),) if manifold == "additive" else ()
        first += (*_error_steps(q, s, m, values["hoelder"], target), _loss_step(m, loss))

    result: Result | None = None
    curves: tuple[Curve, ...] = ()
    if answer.result is not None:
        verdict = answer.verdict
        if verdict is None:
            reached = next(v for v in _VERDICTS if v.applies({_DEGREE: q, _SMOOTHNESS: s}))
            verdict = (reached.status, reached.meaning)
        result = Result(answer.symbol, answer.result, *verdict, _HOLDS, answer.quantities)
        exponent = setting.alpha if question == "measured" and resource != "width" else answer.result
        if question == "measured" and resource == "width":
            exponent = setting.alpha * sympy.Min(network[2], 2)
        law = sympy.Pow(answer.x, -exponent)
        curves = (Curve("curve", f"Loss relative to its value at {answer.x} = 1", answer.x, law),)
        if resource == "data" and question == "nothing":
            title = "Spacing relative to its value at D = 1"
            curves += (Curve("spacing", title, DATA, DATA ** (-1 / total)),)
    return Derivation(
        CALCULATOR.id,
        given,
        names,
        _assumptions(resource, question),
        (*first, *answer.steps),
        result,
        curves,
        answer.silence,
    )


def _is_squared(loss: losses.Loss | None) -> bool:
    """Whether the loss is a constant times the square of the error, or left open."""
    return loss is None or not (loss.expression / losses.ERROR**2).free_symbols


_RESOLUTION = (("regime", ("resolution",)),)


def _targets() -> tuple[Option, ...]:
    return targets.options(_ORDER, _HOELDER)


def _silences() -> tuple[Silence, ...]:
    """Where nothing is derived: kinked losses in the regime variance, most floors of label noise."""
    noise = ("also", "label-noise")
    others = [loss.id for loss in losses.known() if loss.term.order == 2 and not _is_squared(loss)]
    return (
        Silence(_NO_SMOOTH_LOSS, _ORDER, sympy.Integer(2), (("regime", "variance"), ("limit", "residual"))),
        Silence(_NO_FLOOR, sympy.Integer(1), _DEGREE, (noise,)),
        Silence(_NO_FLOOR, _ORDER, sympy.Integer(2), (noise,)),
        Silence(_NO_FLOOR, sympy.Integer(2), _ORDER, (noise,)),
        *(Silence(_NO_FLOOR, sympy.S.Zero, sympy.S.One, (noise, ("loss", name))) for name in others),
    )


CALCULATOR = Calculator(
    "scaling-exponent",
    "The exponent of a scaling law",
    "When inputs lie on a d-dimensional manifold and only more data can still help, how fast does the loss fall?",
    _PARAMETERS,
    (
        Choice(
            "loss",
            "Loss",
            "loss_order",
            "squared",
            losses.options,
            free=lambda text: losses.free(text).option,
            alone=True,
        ),
        Choice(
            "regime",
            "Regime",
            options=_regimes,
            default="resolution",
            meaning="What keeps the loss from falling: data or pieces that are too far apart to show the target, or "
            "chance in a model that is right on average.",
            further=True,
        ),
        Choice(
            "resource",
            "What grows",
            options=_resources,
            default="data",
            meaning="The law in the number of examples, of parameters, or of units in a layer.",
            further=True,
        ),
        Choice(
            "limit",
            "What is left in the limit",
            options=_limits,
            default="residual",
            meaning="Where the limiting model still makes errors, chance enters by its square; where it makes none, by "
            "the order of the loss.",
            only=(("regime", ("variance",)),),
            further=True,
        ),
        Choice(
            "target",
            "Target",
            "smoothness",
            options=_targets,
            default="given",
            meaning="The smoothness s from what the target is like, measured in the loss's own norm.",
            only=_RESOLUTION,
            alone=True,
            further=True,
        ),
        Choice(
            "manifold",
            "Manifold",
            options=_manifolds,
            default="one",
            meaning="Of a product the dimensions add up, unless the target is a sum over the factors and the learner "
            "uses that; then the larger one counts.",
            only=_RESOLUTION,
            further=True,
        ),
        Choice(
            "also",
            "Consider also",
            options=_questions,
            default="nothing",
            meaning="What else may be in the loss, why no method does better, or the law asked backwards.",
            only=_RESOLUTION,
            further=True,
        ),
    ),
    (_BAHRI, _SHARMA, label_noise.STONE),
    _build,
    _VERDICTS,
    columns=tuple(
        Column(f"{model}, {loss} error", {"degree": degree, "loss": loss})
        for model, degree in (("nearest neighbour", "0"), ("piecewise linear", "1"))
        for loss in ("absolute", "squared")
    ),
    row_parameter="dimension",
    row_values=("1", "2", "3", "4", "6", "8", "12", "16", "32", "64"),
    silences=_silences(),
    against=(
        "For nearest neighbour and for linear interpolation of a smooth target on a grid or on random points of a "
        "compact manifold without noise, a slope of the average loss over the last decade that stays more than 10 % "
        "off m (q + 1)/d, at d up to 4 and with local slopes that no longer move, would count against the formula.",
        "For a network trained to a train loss below a tenth of its test loss on a smooth target of known dimension, "
        "an exponent below m (q + 1)/d by more than two standard errors would count against reading the formula as a "
        "lower bound; a larger exponent would not.",
        "Linear interpolation of targets with isolated kinks whose exponent at d = 1 is not m + 1 within 10 %, or of "
        "jumps with an exponent that is not 1, would count against s = 1 + 1/m and s = 1/m.",
        "An interpolating model on noisy labels whose excess loss falls below 2v/(d + 2) by more than four standard "
        "errors while it is linear between its points would count against the floor.",
        "A method whose worst exponent over all targets of smoothness s exceeds m s/d would refute the lower bound; "
        "one that does so for a single target would not.",
    ),
)
