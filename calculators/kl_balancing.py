"""What KL balancing does to either side of a divergence, and what discrete latents cost and save beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import sympy

from calculators import straight_through, two_modes
from calculators.derivation import (
    Assumption,
    Axes,
    Calculator,
    Choice,
    Column,
    Curve,
    Derivation,
    Option,
    Parameter,
    Quantity,
    Result,
    Source,
    Step,
)
from calculators.numeric import Range

_WEIGHT = sympy.Symbol("w", positive=True)
_PRIOR = sympy.Symbol("p", positive=True)
_POSTERIOR = sympy.Symbol("q", positive=True)
_REST = sympy.Symbol("R", nonnegative=True)
_BEND = sympy.Symbol("c", real=True)
_SEPARATION = sympy.Symbol("rho", positive=True)

_DIVERGENCE = sympy.Symbol("K", positive=True)
_LOGIT = sympy.Symbol("u", real=True)
"""The logit of the class that is followed, less the log of the sum of the others' exponentials."""
_PRIOR_SHARE = sympy.Symbol("a", positive=True)
_POSTERIOR_SHARE = sympy.Symbol("b", positive=True)
"""How a class among the others shares what they have, for prior and posterior."""

_HAFNER = Source(
    "Mastering Atari with Discrete World Models",
    "Hafner, Lillicrap, Norouzi, Ba",
    2021,
    "https://arxiv.org/abs/2010.02193",
    "arXiv v4, section 2.1 and Algorithm 2",
)

_PARAMETERS = (
    Parameter(
        "weight",
        _WEIGHT,
        "Weight of the prior's side",
        "The share w of the loss that moves the prior; 1 - w moves the posterior. The paper takes 0.8.",
        start=sympy.Rational(4, 5),
        default=_WEIGHT,
        maximum=1,
        open_maximum=True,
        slider=(sympy.Rational(1, 20), sympy.Rational(19, 20)),
    ),
    Parameter(
        "prior",
        _PRIOR,
        "Prior probability",
        "The probability p that the prior, which has not seen the frame, gives to the class that is followed.",
        start=sympy.Rational(1, 4),
        default=_PRIOR,
        maximum=1,
        open_maximum=True,
        slider=(sympy.Rational(1, 100), sympy.Rational(99, 100)),
    ),
    Parameter(
        "posterior",
        _POSTERIOR,
        "Posterior probability",
        "The probability q that the posterior, which has seen the frame, gives to that class. Latents are sampled from "
        "it while the world model learns.",
        start=sympy.Rational(3, 4),
        default=_POSTERIOR,
        maximum=1,
        open_maximum=True,
        slider=(sympy.Rational(1, 100), sympy.Rational(99, 100)),
    ),
    Parameter(
        "rest",
        _REST,
        "Divergence among the other classes",
        "The divergence R of posterior from prior once the class that is followed is ruled out [nats]. With two "
        "classes it is 0.",
        start=sympy.Integer(0),
        default=sympy.Integer(0),
        open=False,
        slider=(0, 4),
    ),
    Parameter(
        "bend",
        _BEND,
        "How the function is written",
        "The number c in z + c (z squared - z): 0 writes z, 1 writes z squared. On 0 and 1 they are the same function.",
        start=sympy.Integer(1),
        default=_BEND,
        minimum=None,
        slider=(-2, 2),
    ),
    Parameter(
        "separation",
        _SEPARATION,
        "Separation of the modes",
        "rho, the square of a/sigma: two modes at +a and -a, seen with the resolution sigma. At 1 or below there is "
        "only one hump; at 36 the modes are 12 sigma apart, and the integral is below 10^-8.",
        start=sympy.Integer(10),
        default=_SEPARATION,
        minimum=1,
        maximum=36,
        slider=(2, 36),
    ),
)

_INSIDE: Range = (sympy.Rational(1, 4), sympy.Rational(3, 4))
_INSIDE_RANGES = tuple((letter, _INSIDE) for letter in (_PRIOR, _POSTERIOR, _PRIOR_SHARE, _POSTERIOR_SHARE, _WEIGHT))

_BALANCING = (
    Assumption("one-variable", "One categorical latent is followed. Independent latents add, each with its own terms."),
    Assumption(
        "logits", "Prior and posterior are softmax functions of logits, and the gradients are those for the logits."
    ),
    Assumption(
        "descent", "A positive gradient means that the logit is lowered, since training walks down the gradient."
    ),
)
_SAMPLING = (Assumption("binary", "One yes-or-no latent z, sampled from the posterior with probability q of 1."),)
_MODES = (
    Assumption("modes", "Two equally likely futures, +a and -a, seen with Gaussian noise of the known size sigma."),
    Assumption("natural", "Rates and losses are in nats: natural logarithms, 1 bit = 0.693 nats."),
)


def _divergence(p: sympy.Expr, q: sympy.Expr, rest: sympy.Expr) -> sympy.Expr:
    """KL(q || p) of a categorical variable, told as one class against the others, which diverge by `rest`."""
    return q * sympy.log(q / p) + (1 - q) * sympy.log((1 - q) / (1 - p)) + (1 - q) * rest


def _common_steps(w: sympy.Expr, p: sympy.Expr, q: sympy.Expr) -> tuple[Step, ...]:
    moves_prior, moves_posterior = sympy.symbols("K_p K_q", positive=True)
    a, b = _PRIOR_SHARE, _POSTERIOR_SHARE
    second = (1 - q) * b * sympy.log((1 - q) * b / ((1 - p) * a))
    third = (1 - q) * (1 - b) * sympy.log((1 - q) * (1 - b) / ((1 - p) * (1 - a)))
    among = b * sympy.log(b / a) + (1 - b) * sympy.log((1 - b) / (1 - a))
    return (
        Step(
            "loss",
            "The balanced loss",
            "premise",
            sympy.Symbol("L"),
            sympy.Add(
                sympy.Mul(w, moves_prior, evaluate=False),
                sympy.Mul(1 - w, moves_posterior, evaluate=False),
                evaluate=False,
            ),
            "K_p and K_q stand for one divergence, KL(q || p), of the posterior q from the prior p. In K_p the "
            "posterior is a copy that the gradient does not see (stop-gradient), so K_p moves the prior alone, with "
            "the weight w; in K_q the prior is such a copy, and K_q moves the posterior alone.",
            source=_HAFNER,
        ),
        Step(
            "value",
            "Its value is unchanged",
            "identity",
            sympy.Add(
                sympy.Mul(w, _DIVERGENCE, evaluate=False), sympy.Mul(1 - w, _DIVERGENCE, evaluate=False), evaluate=False
            ),
            _DIVERGENCE,
            "A copy has the same value as what it copies. Balancing changes no loss value, only the gradients.",
        ),
        Step(
            "grouping",
            "One class against the others",
            "identity",
            sympy.Add(q * sympy.log(q / p), second, third, evaluate=False),
            _divergence(p, q, among),
            "Shown for three classes; more go the same way. a and b are the shares of the second class in what prior "
            "and posterior leave to the other two. The last bracket is R, the divergence among the others. The logit "
            "of the first class moves p or q, but neither the shares nor R.",
            ranges=_INSIDE_RANGES,
            letters=True,
        ),
    )


def _prior_steps(w: sympy.Expr, p: sympy.Expr, q: sympy.Expr, rest: sympy.Expr) -> tuple[Step, ...]:
    u = _LOGIT
    share = 1 / (1 + sympy.exp(-u))
    # log p = -log(1 + exp(-u)) and log(1 - p) = -log(1 + exp(u)).
    divergence = sympy.Add(
        q * (sympy.log(q) + sympy.log(1 + sympy.exp(-u))),
        (1 - q) * (sympy.log(1 - q) + sympy.log(1 + sympy.exp(u)) + rest),
        evaluate=False,
    )
    return (
        *_common_steps(w, p, q),
        Step(
            "prior-slope",
            "The slope for the prior's logit",
            "identity",
            sympy.Derivative(divergence, u),
            share - q,
            "The softmax gives p = 1/(1 + exp(-u)), where u is the logit of the class less a number that the other "
            "logits fix. The terms in q and R alone drop out, so the number of classes no longer matters.",
            ranges=_INSIDE_RANGES,
            letters=True,
        ),
        Step(
            "prior-pull",
            "In terms of the probabilities",
            "identity",
            sympy.Add(1 / (1 + (1 - p) / p), -q, evaluate=False),
            p - q,
            "exp(-u) is (1 - p)/p. The plain pull on the prior is the difference of the probabilities.",
            ranges=_INSIDE_RANGES,
        ),
        Step(
            "prior-weighted",
            "With the prior's weight",
            "identity",
            sympy.Add(sympy.Mul(w, p, evaluate=False), sympy.Mul(-1, w, q, evaluate=False), evaluate=False),
            w * (p - q),
            "Only K_p reaches the prior, with the weight w.",
            ranges=_INSIDE_RANGES,
        ),
    )


def _posterior_steps(w: sympy.Expr, p: sympy.Expr, q: sympy.Expr, rest: sympy.Expr) -> tuple[Step, ...]:
    u = _LOGIT
    share = 1 / (1 + sympy.exp(-u))
    complement = 1 / (1 + sympy.exp(u))
    divergence = sympy.Add(
        sympy.Mul(share, -sympy.log(1 + sympy.exp(-u)) - sympy.log(p), evaluate=False),
        sympy.Mul(complement, -sympy.log(1 + sympy.exp(u)) - sympy.log(1 - p) + rest, evaluate=False),
        evaluate=False,
    )
    logits = sympy.log(q / (1 - q)) - sympy.log(p / (1 - p)) - rest
    return (
        *_common_steps(w, p, q),
        Step(
            "posterior-slope",
            "The slope for the posterior's logit",
            "identity",
            sympy.Derivative(divergence, u),
            sympy.Mul(share, complement, u - sympy.log(p / (1 - p)) - rest, evaluate=False),
            "Now q = 1/(1 + exp(-u)) moves, and with it 1 - q = 1/(1 + exp(u)). The slope of q is q (1 - q); the "
            "slopes of the logarithms cancel.",
            ranges=_INSIDE_RANGES,
            letters=True,
        ),
        Step(
            "posterior-pull",
            "In terms of the probabilities",
            "identity",
            sympy.Mul(q, sympy.log(q / p) - _divergence(p, q, rest), evaluate=False),
            sympy.Mul(q, 1 - q, logits, evaluate=False),
            "u is log(q/(1 - q)). The same is often written q (log(q/p) - K), which holds for any number of classes. "
            "Both the cross-entropy and the entropy inside K pull here, not the entropy alone.",
            ranges=_INSIDE_RANGES,
        ),
        Step(
            "posterior-weighted",
            "With the posterior's weight",
            "identity",
            sympy.Add(
                sympy.Mul(q, 1 - q, logits, evaluate=False),
                sympy.Mul(-1, w, q, 1 - q, logits, evaluate=False),
                evaluate=False,
            ),
            (1 - w) * q * (1 - q) * logits,
            "Only K_q reaches the posterior, with the weight 1 - w.",
            ranges=_INSIDE_RANGES,
        ),
    )


_Values = Mapping[str, sympy.Expr]


@dataclass(frozen=True)
class _Question:
    """One thing that can be asked, and how it is answered."""

    title: str
    steps: Callable[[_Values], tuple[Step, ...]]
    assumptions: tuple[Assumption, ...]
    symbol: sympy.Symbol
    meaning: str
    holds: tuple[str, ...]
    quantities: Callable[[_Values], tuple[Quantity, ...]] = lambda values: ()
    curves: tuple[Curve, ...] = ()
    unit: str = ""
    silence: str = ""
    """Why there is no answer; empty where there is one."""


def _balancing(side: Callable[..., tuple[Step, ...]]) -> Callable[[_Values], tuple[Step, ...]]:
    return lambda values: side(*(values[name] for name in ("weight", "prior", "posterior", "rest")))


def _beside_a_pull(other: Quantity, values: _Values) -> tuple[Quantity, ...]:
    w, p, q, rest = (values[name] for name in ("weight", "prior", "posterior", "rest"))
    return (
        other,
        Quantity("divergence", "The divergence, whatever w is", _DIVERGENCE, _divergence(p, q, rest), "nats"),
        Quantity("ratio", "Weight of the prior's side over the posterior's", sympy.Symbol("r"), w / (1 - w)),
    )


def _beside_prior(values: _Values) -> tuple[Quantity, ...]:
    pull = _balancing(_posterior_steps)(values)[-1].after
    return _beside_a_pull(Quantity("other", "Pull on the posterior's logit", sympy.Symbol("g_q"), pull), values)


def _beside_posterior(values: _Values) -> tuple[Quantity, ...]:
    pull = _balancing(_prior_steps)(values)[-1].after
    return _beside_a_pull(Quantity("other", "Pull on the prior's logit", sympy.Symbol("g_p"), pull), values)


def _beside_bias(values: _Values) -> tuple[Quantity, ...]:
    q, c = values["posterior"], values["bend"]
    return (
        Quantity("true-gradient", "True gradient for the logit", sympy.Symbol("g"), q * (1 - q)),
        Quantity("mean-slope", "Mean slope that the rule uses; 1 is true", sympy.Symbol("s"), 1 + c * (2 * q - 1)),
    )


def _beside_costs(values: _Values) -> tuple[Quantity, ...]:
    rho = values["separation"]
    known = sympy.log(2) - two_modes.overlap(rho)
    return (
        Quantity("gaussian-rate", "Rate of one Gaussian", sympy.Symbol("G"), sympy.log(1 + rho) / 2, "nats"),
        Quantity("categorical-rate", "Rate of two classes", sympy.Symbol("C"), sympy.log(2), "nats"),
        Quantity("information", "What the future tells about the mode", sympy.Symbol("I"), known, "nats"),
    )


_COSTS = (
    Curve("rate", "Excess rate", _SEPARATION, two_modes.excess_rate(_SEPARATION)),
    Curve("log-loss", "Excess log loss", _SEPARATION, two_modes.excess_log_loss(_SEPARATION)),
)
_AXES = Axes(
    (1, 36, "log"),
    (sympy.Rational(-1, 2), 2, "linear"),
    "Separation of the modes, rho",
    "What one Gaussian costs more [nats]",
)

_PULL_HOLDS = (
    "It holds for every number of classes: R carries what the others contribute, and is 0 for two.",
    "Both pulls are 0 when posterior and prior agree. Balancing does not move that point; it decides which side walks "
    "towards the other.",
    "A plain divergence pulls both sides with weight 1. Balancing slows the prior to w and the posterior to 1 - w of "
    "that; what it means for the speed of learning depends on the optimiser.",
    "The posterior also feels the reconstruction of the frame, which is not in this loss.",
)
_MODE_HOLDS = (
    "It holds for any resolution sigma above 0 and a separation above 1. At 1 and below, the density has one hump.",
    "Without a resolution the question has no answer: as sigma shrinks, the cost of the Gaussian grows without bound.",
    "It shows that a categorical variable can save much where futures branch. It does not show that this is why "
    "categorical latents helped in the experiments; the authors list it as one hypothesis among several.",
)

_QUESTIONS: Mapping[str, _Question] = MappingProxyType(
    {
        "prior": _Question(
            "The pull on the prior",
            _balancing(_prior_steps),
            _BALANCING,
            sympy.Symbol("g_p"),
            "The exact gradient of the balanced loss for the prior's logit: w times the plain one. At w = 0.8 the "
            "prior keeps four fifths of its pull.",
            _PULL_HOLDS,
            _beside_prior,
        ),
        "posterior": _Question(
            "The pull on the posterior",
            _balancing(_posterior_steps),
            _BALANCING,
            sympy.Symbol("g_q"),
            "The exact gradient of the balanced loss for the posterior's logit: 1 - w times the plain one. At w = 0.8 "
            "the posterior keeps one fifth, so a prior that has learned little yet drags a good posterior less.",
            _PULL_HOLDS,
            _beside_posterior,
        ),
        "straight-through": _Question(
            "The bias of the straight-through gradient",
            lambda values: straight_through.steps(values["posterior"], values["bend"]),
            _SAMPLING,
            sympy.Symbol("B"),
            "The exact mean error of the straight-through gradient for the logit. It depends on how one and the same "
            "function is written: none for z, (2q - 1) q (1 - q) for z squared.",
            (
                "It is the bias for one yes-or-no latent and a function of it alone. In a network the function is not "
                "known as a formula, and neither is the sign of the bias.",
                "A biased gradient can still be useful, since it varies little. The paper says openly that it is "
                "biased.",
            ),
            _beside_bias,
        ),
        "rate": _Question(
            "One Gaussian for two modes: the rate",
            lambda values: two_modes.rate_steps(values["separation"]),
            _MODES,
            sympy.Symbol("E"),
            "Exact in this small world. The rate is what the divergence of the posterior from the prior charges: one "
            "Gaussian pays more than two classes when rho is above 3, and less below.",
            _MODE_HOLDS,
            _beside_costs,
            _COSTS,
            "nats",
        ),
        "log-loss": _Question(
            "One Gaussian for two modes: the log loss",
            lambda values: two_modes.log_loss_steps(values["separation"]),
            _MODES,
            sympy.Symbol("E"),
            "Exact in this small world, with one integral that has no closed form. It is what the best single Gaussian "
            "loses against the truth; two classes, each with its own Gaussian, lose nothing.",
            _MODE_HOLDS,
            _beside_costs,
            _COSTS,
            "nats",
        ),
        "no-resolution": _Question(
            "One Gaussian for two modes, seen without limit",
            lambda values: two_modes.limit_steps(),
            _MODES[1:],
            sympy.Symbol("E"),
            "",
            (),
            silence="Without a resolution the question has no answer: as sigma tends to 0 the separation grows without "
            "bound, and with it the cost of one Gaussian. A resolution has to be named first.",
        ),
    }
)


def _build(values: _Values, options: Mapping[str, Option]) -> Derivation:
    question = _QUESTIONS[options["question"].id]
    steps = question.steps(values)
    result = None
    if not question.silence:
        expression = steps[-1].after
        quantities, unit = question.quantities(values), question.unit
        result = Result(question.symbol, expression, "exact", question.meaning, question.holds, quantities, unit=unit)
    return Derivation(
        CALCULATOR.id,
        tuple((parameter.id, values[parameter.id]) for parameter in _PARAMETERS),
        tuple((name, option.id) for name, option in options.items()),
        question.assumptions,
        steps,
        result,
        question.curves,
        silence=question.silence,
        axes=_AXES if question.curves else None,
    )


CALCULATOR = Calculator(
    "kl-balancing",
    "KL balancing and discrete latents",
    "Which side does KL balancing pull, and how hard; how far off is a straight-through gradient; and what does one "
    "Gaussian cost where the future has two modes?",
    _PARAMETERS,
    (
        Choice(
            "question",
            "What is asked",
            options=lambda: tuple(Option(name, question.title) for name, question in _QUESTIONS.items()),
            default="prior",
        ),
    ),
    (_HAFNER,),
    _build,
    columns=tuple(
        Column(f"pull on the {side}, p = {p}, q = {q}", {"question": side, "prior": p, "posterior": q})
        for p, q in (("1/4", "3/4"), ("1/100", "99/100"))
        for side in ("prior", "posterior")
    ),
    row_parameter="weight",
    row_values=("1/5", "1/2", "4/5", "9/10"),
    belongs=("dreamerv2",),
    against=(
        "The pulls are exact. The balanced loss with its two stopped gradients, differentiated by any tool for "
        "automatic differentiation in double precision, must give them; a relative difference above 10^-9, away "
        "from probabilities below 10^-6, would refute them.",
        "The bias of the straight-through gradient is exact: the mean of the rule's gradient over samples of z, "
        "more than four standard errors away from the true gradient plus the bias, would refute it.",
        "Two modes and one Gaussian: a single Gaussian, of any mean and variance, whose log loss exceeds the true "
        "density's by less than the stated excess would refute it.",
        "A reading, not derived: with more weight on the prior it learns faster, while the posterior stays free. "
        "If the prior's cross-entropy after the first tenth of training is no lower at w = 0.8 than at w = 0.5, "
        "over ten seeds and several games, the reading is wrong, and the gradients stand. The run “Discrete latents in "
        "a small world” asks the same of one small world; its answer says how that came out.",
    ),
)
