"""The exponent of a scaling law: resolution-limited, L ∝ D^-alpha with alpha = m*min(q + 1, s)/d, or variance-limited.

Here the calculator is put together. What can be set is in `scaling_settings`. The derivation and the answer to each
question have modules of their own: `resolution` (of the pieces `spacing`, `targets`, `losses` and `networks`),
`variance_term`, `label_noise`, `lower_bound` and `inverse`; the other regime is `variance_limited`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import sympy

from calculators import (
    inverse,
    label_noise,
    losses,
    lower_bound,
    resolution,
    scaling_settings,
    spacing,
    targets,
    variance_limited,
    variance_term,
)
from calculators.derivation import (
    Assumption,
    Calculator,
    Choice,
    Column,
    Curve,
    Derivation,
    Option,
    Result,
    Silence,
    Step,
)
from calculators.resolution import BAHRI, SHARMA, VERDICTS, Answer, Setting, error_steps, loss_step
from calculators.scaling_settings import DEGREE, ORDER, PARAMETERS, SMOOTHNESS
from calculators.spacing import DATA

_BOTTLENECKS: Mapping[str, str] = MappingProxyType(
    {
        "data": "D is the only bottleneck: everything else is plentiful.",
        "parameters": "The number of parameters is the only bottleneck: everything else, data included, is plentiful.",
        "width": "The width, and through it the number of parameters, is the only bottleneck: everything else, data "
        "included, is plentiful.",
    }
)


_WITH_A_SECOND_TERM = (
    Assumption(
        "bottleneck",
        "D grows and everything else stays as it is; what it is makes chance in the data leave a term of order 1/D.",
    ),
    Assumption(
        "no-noise",
        "The model may be of finite size, or the labels may carry noise: without either there is no term 1/D. Noise "
        "that an interpolating model copies adds a floor besides, which is left out here.",
    ),
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
    if question == "variance-term":
        # Without noise and with endless parameters there is no such term.
        found = (found[0], *_WITH_A_SECOND_TERM, *found[3:])
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

_BOUND_HOLDS = (
    "It is about the hardest target of a smoothness at each D. For a single target, or for a smaller class, a method "
    "can have a larger exponent.",
    "It holds on compact data whose density is bounded away from 0, so that the unseen cells get their share of new "
    "inputs.",
    "It needs no noise on the labels and holds with noise too. With noise the best exponent for squared error is "
    "smaller, 2s/(2s + d).",
    "Points that are drawn at random leave more cells unseen than the half that is counted: on average 61 percent.",
)

_NOT_VARIANCE = (
    "The theory gives no answer here. This question belongs to the regime resolution: in the regime variance neither "
    "the dimension nor the smoothness of the target enters."
)
_NO_SMOOTH_LOSS = (
    "The theory gives no answer here. The expansion needs a loss that is smooth where the limit still errs, and a loss "
    "of an order below 2 has a kink. The calculator variance-limited has the absolute error with noisy labels."
)
_ONE_SIDED = (
    "The theory gives no answer here. Beside a label that is certain, errors have one sign, so a scatter that is right "
    "on average would have to vanish."
)

_ANSWERS: Mapping[str, Callable[[Setting], Answer]] = MappingProxyType(
    {
        "nothing": resolution.answer,
        "variance-term": variance_term.answer,
        "lower-bound": lower_bound.answer,
        "measured": inverse.answer,
    }
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
    given = tuple((parameter.id, values[parameter.id]) for parameter in PARAMETERS)
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

    x = DATA if resource == "data" else spacing.PARAMETERS
    other = values["second_dimension"]
    total = {"one": d, "product": d + other, "additive": sympy.Max(d, other)}[manifold]
    network = (values["inputs"], values["width"], values["layers"], values["outputs"])
    setting = Setting(m, q, s, total, x, resource, manifold, network, values["measured"])
    loss = losses.of(options["loss"]) if "loss" in options else None
    answer = label_noise.answer(setting, loss) if question == "label-noise" else _ANSWERS[question](setting)

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
        first += (*error_steps(q, s, m, values["hoelder"], target), loss_step(m, loss))

    result: Result | None = None
    curves: tuple[Curve, ...] = ()
    if answer.result is not None:
        verdict = answer.verdict
        if verdict is None:
            reached = next(v for v in VERDICTS if v.applies({DEGREE: q, SMOOTHNESS: s}))
            verdict = (reached.status, reached.meaning)
        result = Result(
            answer.symbol,
            answer.result,
            *verdict,
            _BOUND_HOLDS if question == "lower-bound" else _HOLDS,
            answer.quantities,
        )
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


def _silences() -> tuple[Silence, ...]:
    """Where nothing is derived: kinked and one-sided losses in the regime variance, most floors of label noise."""
    exact = (("regime", "variance"), ("limit", "exact"))
    one_sided = [loss.id for loss in losses.known() if loss.one_sided]
    return (
        *(Silence(_ONE_SIDED, sympy.S.Zero, sympy.S.One, (*exact, ("loss", name)), stops="mean") for name in one_sided),
        Silence(
            _NO_SMOOTH_LOSS, ORDER, sympy.Integer(2), (("regime", "variance"), ("limit", "residual")), stops="remainder"
        ),
        *label_noise.silences(("also", "label-noise")),
        *lower_bound.silences(("also", "lower-bound")),
    )


_RESOLUTION = (("regime", ("resolution",)),)

CALCULATOR = Calculator(
    "scaling-exponent",
    "The exponent of a scaling law",
    "When inputs lie on a d-dimensional manifold and only more data can still help, how fast does the loss fall?",
    PARAMETERS,
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
            options=scaling_settings.regimes,
            default="resolution",
            meaning="What keeps the loss from falling: data or pieces that are too far apart to show the target, or "
            "chance in a model that is right on average.",
            further=True,
        ),
        Choice(
            "resource",
            "What grows",
            options=scaling_settings.resources,
            default="data",
            meaning="The law in the number of examples, of parameters, or of units in a layer.",
            further=True,
        ),
        Choice(
            "limit",
            "What is left in the limit",
            options=scaling_settings.limits,
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
            options=scaling_settings.target_options,
            default="given",
            meaning="The smoothness s from what the target is like, measured in the loss's own norm.",
            only=_RESOLUTION,
            alone=True,
            further=True,
        ),
        Choice(
            "manifold",
            "Manifold",
            options=scaling_settings.manifolds,
            default="one",
            meaning="Of a product the dimensions add up, unless the target is a sum over the factors and the learner "
            "uses that; then the larger one counts.",
            only=_RESOLUTION,
            further=True,
        ),
        Choice(
            "also",
            "Consider also",
            options=scaling_settings.questions,
            default="nothing",
            meaning="What else may be in the loss, why no method does better, or the law asked backwards. In the "
            "regime variance these questions have no answer.",
            further=True,
        ),
    ),
    (BAHRI, SHARMA, label_noise.STONE),
    _build,
    VERDICTS,
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
        "A method whose worst expected loss over all targets of smoothness s, the worst one sought anew at each D, "
        "falls with an exponent above m s/d would refute the lower bound; one that does so for a single target would "
        "not.",
    ),
)
