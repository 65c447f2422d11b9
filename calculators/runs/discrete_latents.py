"""The run `discrete-latents`: categorical against Gaussian latents in a small world model, where futures branch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calculators.least_squares import Array
from calculators.runs import estimates
from calculators.runs.run import (
    Configuration,
    Figure,
    Line,
    Measurements,
    Metric,
    Part,
    Prediction,
    Preset,
    Run,
    Scalar,
    Series,
    Table,
    Verdict,
    numbers,
)

if TYPE_CHECKING:
    from calculators.runs.latents import Members

_ID = "discrete-latents"
_DIGITS = 5
_CURVE = tuple(np.geomspace(1.5, 36, 60).tolist())
"""Separations at which the lines of theory are drawn."""


@dataclass(frozen=True)
class Model:
    """A kind of world model; all of them are trained on the same episodes."""

    id: str
    title: str
    gaussian: bool = False
    linear: bool = False
    """A decoder without a hidden layer."""
    weights: tuple[float, float] = (1.0, 1.0)
    """Of the divergence that moves the prior, and of the one that moves the posterior."""
    image: bool = True
    """Whether the frames shape the states; the reward likewise."""
    reward: bool = True


LATENTS = (
    Model("linear", "Gaussian latent, linear decoder", gaussian=True, linear=True),
    Model("gaussian", "Gaussian latent, decoder with a hidden layer", gaussian=True),
    Model("categorical", "categorical latent, decoder with a hidden layer"),
)
"""What is compared on futures with two modes; the reward shapes none of them."""

_BALANCES: dict[str, tuple[str, tuple[float, float]]] = {
    "plain": ("no balancing, both sides at 1", (1.0, 1.0)),
    "w05": ("balancing 0.5", (0.5, 0.5)),
    "w08": ("balancing 0.8", (0.8, 0.2)),
    "w10": ("the prior's side alone", (1.0, 0.0)),
}
_KINDS = {"categorical": "categorical latent", "gaussian": "Gaussian latent"}


def _ablations() -> tuple[Model, ...]:
    found = [LATENTS[0]]
    for latent, kind in _KINDS.items():
        gaussian = latent == "gaussian"
        for name, (title, weights) in _BALANCES.items():
            found.append(Model(f"{latent}-{name}", f"{kind}, {title}", gaussian, weights=weights))
        title, weights = _BALANCES["w08"]
        for what in ("reward", "image"):
            name = f"{kind}, {title}, no {what} gradients"
            stopped = {"image": what != "image", "reward": what != "reward"}
            found.append(Model(f"{latent}-w08-no-{what}", name, gaussian, weights=weights, **stopped))
    return tuple(found)


ABLATIONS = _ablations()
"""What is compared on episodes with several leaps; the linear decoder is the one without balancing."""

_MEASURED = ("bound", "rate", "leap", "future", "reward", "imagined_reward", "between")
_COLUMNS = ("part", "model", "separation", "seed", "step", *_MEASURED)
"""`bound`, `leap`, `future`: losses above the true one [nats]; `rate`: divergence of posterior from prior [nats]; all
for one leap. The rewards: mean squares. `between`: a share. `latents.Outcome` says what each is."""

_TITLES = {"two-modes": "one leap, seen once", "ablations": "several leaps"}


def _parts(configuration: Configuration) -> tuple[Part, ...]:
    names = configuration["parts"]
    if not isinstance(names, tuple):
        raise ValueError(f"parts must be a list; got {names!r}")
    return tuple(Part(str(name), _TITLES[str(name)]) for name in names)


def _number(configuration: Configuration, key: str) -> int:
    (number,) = numbers(configuration, key)
    return number


def _measure(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
    from calculators.runs import latents
    from calculators.runs.latents import Task

    alone = part.id == "two-modes"
    hold = 1 if alone else _number(configuration, "hold")
    peak = configuration["peak"]
    if not isinstance(peak, float):
        raise ValueError(f"peak must be a number; got {peak!r}")
    task = Task(
        frames=2 if alone else hold * _number(configuration, "leaps"),
        hold=hold,
        context=hold,
        variables=1,
        peak=peak,
        checkpoints=1 if alone else _number(configuration, "checkpoints"),
        **{
            key: _number(configuration, key)
            for key in ("classes", "recurrent", "units", "batch", "steps", "held_out", "nodes")
        },
        **{key: _number(configuration, key) for key in ("starts", "imagined", "continued")},
    )
    models = LATENTS if alone else ABLATIONS
    separations = numbers(configuration, "separations" if alone else "separation")
    cases = [(model, separation, seed) for model in models for separation in separations for seed in seeds]
    found = latents.run(task, _members(cases, reward=not alone))
    steps = task.steps // task.checkpoints * np.arange(1, task.checkpoints + 1)
    rows: list[tuple[Scalar, ...]] = []
    for place, (model, separation, seed) in enumerate(cases):
        for check, step in enumerate(steps):
            values = (_short(float(getattr(found, name)[place, check])) for name in _MEASURED)
            rows.append((part.id, model.id, separation, seed, int(step), *values))
    return {"models": Table(_COLUMNS, tuple(rows))}


def _members(cases: Sequence[tuple[Model, int, int]], *, reward: bool) -> Members:
    """The members of the ensemble, NumPy arrays; `reward`: whether it may shape the states at all."""
    from calculators.runs.latents import Members

    rows = [(m.gaussian, m.linear, separation, *m.weights, m.image, m.reward and reward) for m, separation, _ in cases]
    columns = np.array(rows, dtype=np.float32).T
    return Members(np.array([seed for *_, seed in cases], np.uint32), *columns)


def _short(value: float) -> float:
    """The number with the digits that a table holds.

    Raises:
        ValueError: it is not finite: the training came apart.
    """
    if not math.isfinite(value):
        raise ValueError(f"a measurement must be finite; got {value}: the learning rate is too large")
    return float(f"{value:.{_DIGITS}g}")


# --- metrics ---------------------------------------------------------------------------------------------------------


def excess_loss(separation: float) -> Prediction:
    """What the best single Gaussian loses against the truth [nats].

    Args:
        separation: rho, from 1 to 36.
    """
    return Prediction("kl-balancing", {"question": "log-loss", "separation": f"{separation:g}"})


def rate(separation: float, quantity: str) -> Prediction:
    """A rate [nats]: `gaussian-rate` of one Gaussian, or `information`, what one frame tells about the side.

    Args:
        separation: rho, from 1 to 36.
        quantity: of the calculator.
    """
    return Prediction("kl-balancing", {"question": "log-loss", "separation": f"{separation:g}"}, quantity)


def _rows(table: Table, *, last: bool = True, **values: Scalar) -> NDArray[np.bool_]:
    """Which rows have these values; by default only those after the last step."""
    chosen = np.ones(len(table.rows), dtype=bool)
    for name, value in values.items():
        chosen &= table.column(name) == value
    steps = table.column("step")
    return chosen & (steps == steps.max()) if last else chosen


def _metric(
    name: str,
    title: str,
    values: Array,
    prediction: Prediction | None = None,
    note: str = "",
    *,
    symbol: str,
    bound: bool = False,
    unit: str = "nats",
) -> Metric:
    mean, low, high = estimates.mean_and_interval(values)
    verdict: Verdict = "no prediction"
    if prediction is not None:
        verdict = estimates.number_verdict(mean, (low, high), prediction.value)
        if bound and verdict == "not consistent":
            verdict = "above the bound" if mean > prediction.value else "below the bound"
    interval = (low, high) if len(values) > 1 else None
    return Metric(name, title, symbol, mean, interval, len(values), prediction, bound, verdict, note, unit)


_FIRST = (
    "future-categorical-w08",
    "future-gaussian-w08",
    "future-categorical-plain",
    "future-categorical-w08-no-reward",
    "future-categorical-w08-no-image",
    "early-gaussian",
    "early-categorical",
)
"""After what is predicted stands what else answers the question: the agent's setting beside one change at a time."""


def _metrics(configuration: Configuration, measured: Measurements) -> tuple[Metric, ...]:
    table = measured["models"]
    found = {metric.id: metric for metric in (*_two_modes(table), *_compared(table), *_early(table))}
    first = [*(name for name, metric in found.items() if metric.prediction is not None), *_FIRST]
    return tuple(found.pop(name) for name in first if name in found) + tuple(found.values())


def _two_modes(table: Table) -> list[Metric]:
    found = []
    part = table.column("part") == "two-modes"
    for separation in np.unique(table.column("separation")[part]).tolist():
        for model in LATENTS:
            rows = _rows(table, part="two-modes", model=model.id, separation=separation)
            linear = model.id == "linear"
            losses = table.column("leap")[rows]
            found.append(
                _metric(
                    f"loss-{model.id}-rho{separation}",
                    f"Log loss above the true one at rho = {separation}, {model.title}",
                    losses,
                    excess_loss(separation) if linear else None,
                    "With a linear decoder the next frame has the density of one Gaussian; the best is predicted."
                    if linear
                    else "No single Gaussian: the derivation says nothing about it. The truth has 0.",
                    symbol="E",
                    bound=linear,
                )
            )
            rates = {"linear": "gaussian-rate", "categorical": "information"}
            notes = {
                "linear": "The prediction is for the best model of this kind.",
                "categorical": "The prediction is for an exact posterior of two classes that has seen the one frame.",
                "gaussian": "With a hidden layer behind the latent, the derivation does not say what it has to charge.",
            }
            found.append(
                _metric(
                    f"rate-{model.id}-rho{separation}",
                    f"Rate at rho = {separation}, {model.title}",
                    table.column("rate")[rows],
                    rate(separation, rates[model.id]) if model.id in rates else None,
                    notes[model.id],
                    symbol="R",
                )
            )
    return found


def _compared(table: Table) -> list[Metric]:
    found = []
    for model in ABLATIONS:
        rows = _rows(table, part="ablations", model=model.id)
        if not rows.any():
            continue
        for column, title, symbol, unit in (
            ("future", "Log loss of imagined futures above the true one", "F", "nats a leap"),
            ("bound", "Evidence bound above the true log loss", "B", "nats a leap"),
            ("reward", "Squared error of the reward", "r", ""),
        ):
            values = table.column(column)[rows]
            name = f"{column}-{model.id}"
            note = _counterpart(table, model, column)
            found.append(_metric(name, f"{title}, {model.title}", values, note=note, symbol=symbol, unit=unit))
    return found


def _counterpart(table: Table, model: Model, column: str) -> str:
    """What a stopped gradient changes, or the other kind of latent; empty where nothing is to be compared."""
    kind, _, rest = model.id.partition("-")
    if kind not in _KINDS:
        return ""
    stopped = rest.startswith("w08-no-")
    other = f"{kind}-w08" if stopped else f"{'gaussian' if kind == 'categorical' else 'categorical'}-{rest}"
    here, there = (table.column(column)[_rows(table, part="ablations", model=name)] for name in (model.id, other))
    words = "all gradients" if stopped else f"the {_KINDS[other.partition('-')[0]]}"
    mean, low, high = estimates.mean_and_interval(here - there)
    change = f"{mean:+.2g} ({low:+.2g} to {high:+.2g})".replace("-", "−")
    return f"Less the same with {words}, seed by seed: {change}; below 0 is better."


def _early(table: Table) -> list[Metric]:
    """Whether the prior has learned more after the first tenth of the steps with balancing 0.8 than with 0.5."""
    found = []
    of_part = table.column("part") == "ablations"
    if not of_part.any():
        return []
    first = int(table.column("step")[of_part].min())
    for latent, title in _KINDS.items():
        strong, even = (
            table.column("leap")[_rows(table, last=False, part="ablations", model=f"{latent}-{name}", step=first)]
            for name in ("w08", "w05")
        )
        change = _change(_metric("early", "", strong - even, symbol="D"))
        found.append(
            _metric(
                f"early-{latent}",
                f"Log loss of the next frame after {first:,} steps, balancing 0.8 less 0.5, {title}",
                strong - even,
                note=f"{change}. Below 0 the prior foretells more with 0.8. Pairs with the same first weights and the "
                "same episodes. That it should is a reading of balancing, not a derived prediction.",
                symbol="D",
            )
        )
    return found


# --- figures and words -----------------------------------------------------------------------------------------------


def _figures(configuration: Configuration, measured: Measurements) -> tuple[Figure, ...]:
    table = measured["models"]
    figures = []
    if (table.column("part") == "two-modes").any():
        figures += [_separations_figure(table, "leap"), _separations_figure(table, "rate")]
    if (table.column("part") == "ablations").any():
        figures += [_learning_figure(table, latent) for latent in _KINDS]
    return tuple(figures)


def _separations_figure(table: Table, column: str) -> Figure:
    series = []
    for model in LATENTS:
        rows = _rows(table, part="two-modes", model=model.id)
        x, y = table.column("separation")[rows], table.column(column)[rows]
        series.append(estimates.series(model.title, x, y, log=False))
    if column == "leap":
        highest = max(series[-1].y)
        heights = excess_loss(_CURVE[0]).along("separation", _CURVE)
        return Figure(
            "two-modes-loss",
            "What a latent loses where the future has two modes",
            "Separation of the modes, rho",
            "Log loss above the true one [nats]",
            "log",
            "linear",
            tuple(series),
            (Line("theory, one Gaussian", _CURVE, heights, None),),
            "The loss of the Gaussian latent with a linear decoder rises with the separation along the line of theory. "
            "With a hidden layer in the decoder both lose less at large separations, the categorical one at most "
            f"{highest:.2g} nats.",
        )
    lines = tuple(
        Line(label, _CURVE, rate(_CURVE[0], quantity).along("separation", _CURVE), None)
        for label, quantity in (
            ("theory, one Gaussian", "gaussian-rate"),
            ("theory, what a frame tells", "information"),
        )
    )
    return Figure(
        "two-modes-rate",
        "What a latent charges where the future has two modes",
        "Separation of the modes, rho",
        "Divergence of posterior from prior [nats]",
        "log",
        "linear",
        tuple(series),
        lines,
        "The rate of the Gaussian latent with a linear decoder rises along its line of theory. That of the categorical "
        "latent stays below what a frame tells about the side, which is at most log 2.",
    )


def _learning_figure(table: Table, latent: str) -> Figure:
    series: list[Series] = []
    for name, (title, _) in _BALANCES.items():
        rows = _rows(table, last=False, part="ablations", model=f"{latent}-{name}")
        series.append(estimates.series(title, table.column("step")[rows], table.column("future")[rows], log=False))
    return Figure(
        f"futures-{latent}",
        f"Imagined futures while the model learns, {_KINDS[latent]}",
        "Training steps",
        "Log loss above the true one [nats a leap]",
        "linear",
        "linear",
        tuple(series),
        (),
        f"How badly imagined futures foretell true ones while a model with a {_KINDS[latent]} is trained, for four "
        "ways to weigh the two sides of the divergence. There is no prediction.",
    )


def _answer(metrics: tuple[Metric, ...]) -> str:
    by_id = {metric.id: metric for metric in metrics}
    sentences = []
    judged = [metric for metric in metrics if metric.prediction is not None]
    if "future-categorical-w08" in by_id:
        better, paid = (
            sum(
                by_id[f"{what}-categorical-{name}"].value < by_id[f"{what}-gaussian-{name}"].value for name in _BALANCES
            )
            for what in ("future", "reward")
        )
        whole = better == paid == len(_BALANCES) and all(metric.verdict == "consistent" for metric in judged)
        word = "Yes" if whole else "In part" if better else "No"
        sentences.append(
            f"{word}: with categorical latents futures are foretold better in {better} of {len(_BALANCES)} pairs, "
            f"rewards in {paid}."
        )
    if judged:
        linear = [metric for metric in judged if "-linear-" in metric.id]
        classes = [metric for metric in judged if "-categorical-" in metric.id]
        good, near = (sum(m.verdict == "consistent" for m in group) for group in (linear, classes))
        sentences.append(
            f"A Gaussian latent with a linear decoder loses and charges as derived in {good} of {len(linear)} cases; "
            f"classes charge as derived in {near} of {len(classes)}."
        )
    return " ".join((*sentences, "Notes tell what balancing and gradients change."))


def _change(metric: Metric) -> str:
    """A change of a loss in words: `+0.011 nats (+0.0082 to +0.013), for the worse`."""
    low, high = metric.interval or (metric.value, metric.value)
    word = "undecided" if low <= 0 <= high else "for the worse" if low > 0 else "for the better"
    return f"{metric.value:+.2g} nats ({low:+.2g} to {high:+.2g}), {word}".replace("-", "−")


_COMMON: dict[str, Scalar | tuple[Scalar, ...]] = {"separation": 16, "hold": 2}

RUN = Run(
    id=_ID,
    title="Discrete latents in a small world",
    question="Where futures branch, does a world model with a categorical latent foretell them better than one with a "
    "Gaussian latent, by as much as derived, and what do KL balancing and stopped gradients change?",
    tests=("kl-balancing",),
    items=("dreamerv2",),
    presets={
        "cpu": Preset(
            _COMMON
            | {
                "parts": ("two-modes", "ablations"),
                "separations": (2, 4, 10, 25),
                "leaps": 3,
                "classes": 4,
                "recurrent": 8,
                "units": 16,
                "batch": 32,
                "steps": 1500,
                "checkpoints": 10,
                "peak": 0.01,
                "held_out": 1024,
                "nodes": 128,
                "starts": 16,
                "imagined": 256,
                "continued": 16,
            },
            seeds=5,
            expect="about 50 s on two cores",
        ),
        "gpu": Preset(
            _COMMON
            | {
                "parts": ("two-modes", "ablations"),
                "separations": (2, 3, 4, 6, 10, 16, 25, 36),
                "leaps": 4,
                "classes": 8,
                "recurrent": 64,
                "units": 64,
                "batch": 64,
                "steps": 10_000,
                "checkpoints": 10,
                "peak": 3e-3,
                "held_out": 4096,
                "nodes": 256,
                "starts": 64,
                "imagined": 1024,
                "continued": 16,
            },
            seeds=16,
            expect="592 world models",
        ),
        "replay": Preset(
            _COMMON
            | {
                "parts": ("two-modes", "ablations"),
                "separations": (10,),
                "leaps": 2,
                "classes": 3,
                "recurrent": 4,
                "units": 6,
                "batch": 8,
                "steps": 40,
                "checkpoints": 2,
                "peak": 0.02,
                "held_out": 64,
                "nodes": 32,
                "starts": 8,
                "imagined": 32,
                "continued": 8,
            },
            seeds=2,
            expect="some seconds, nearly all of them for compiling",
        ),
    },
    parts=_parts,
    measure=_measure,
    metrics=_metrics,
    figures=_figures,
    answer=_answer,
    limits=(
        "A point that leaps to one of two sides, one latent variable, about a thousand weights: no pictures, no "
        "actions, no policy, no game. It asks the questions of the paper's ablations at a size that anyone can run, "
        "and no more; nothing here measures how well an agent plays.",
        "The paper's own ablations on Atari (arXiv v4, Table 2, gamer median): 1.64 for the agent, 1.08 without "
        "discrete latents, 0.84 without KL balancing, 1.68 without reward gradients, 0.04 without image gradients. "
        "Those are scores of play, measured by the authors; ours are losses of predictions. Their sizes cannot be "
        "compared.",
        "The world has two modes, which suits classes: it was made so that one Gaussian cannot be right. It says "
        "nothing about how often real futures branch.",
        "Without balancing each side has the weight 1; balancing with w has w and 1 - w, as in the paper. So it also "
        "weakens the divergence beside the frames, and the less the posterior is pulled, the more it tells.",
        "Classes are trained by straight-through gradients, which are biased; where the bound or the rate is far from "
        "the best, this run does not separate that bias from too little training.",
        "What would count against the reading of balancing, as the calculator states it, takes ten seeds and several "
        "games. This is one small world, so a worse result with 0.8 speaks against "
        "the reading and does not settle it.",
        "The reward is the product of two sides, so no single side foretells it. Where it alone shapes the states, "
        "they may never begin to tell sides apart; a reward that names the side could teach them.",
        "Where the rate of classes is below what a frame tells, their state knows the side less well than the frame "
        "does. The reward is then foretold worse too; that this is the whole of the difference is not shown.",
        "Imagined futures are scored by averaging over finitely many, which makes their loss a little too large.",
    ),
    jax=True,
    precision="float32, matmul precision highest",
    tolerance=0.05,
    method=(
        "The world: a point leaps to +a or −a with equal chance at known times and stays there for a while; "
        "frames show it with noise of standard deviation σ, and ρ = (a/σ)². The reward is +1 after a leap to the "
        "side of the leap before, −1 after one to the other side.",
        "The models are recurrent state-space models in miniature: a deterministic state, a prior of the latent "
        "from it, a posterior that has also seen the frame, and heads that reconstruct frame and reward. The "
        "latent is one Gaussian or one categorical variable. They are trained with Adam on the evidence bound, on "
        "fresh episodes at every step.",
        "In the first part there is one leap; varied are ρ and the latent, with a linear decoder or one with a "
        "hidden layer. In the second, with several leaps at one ρ, varied are the latent, the weights of the two "
        "sides of the divergence (KL balancing), and whether the gradients of the reward or of the frames reach "
        "the states.",
        "All numbers are from held-out episodes. “Log loss” is minus the log of the density that a model gives to "
        "what comes, less that of the true density; “imagined futures” are frames that the model draws by itself "
        "after some that it has seen. Models of one seed share episodes, so differences are taken seed by seed.",
    ),
)
