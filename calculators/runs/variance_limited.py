"""The run `variance-limited`: how the loss approaches its limit when data or width grow beyond what the task needs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from calculators.least_squares import Array
from calculators.runs import estimates, sweep
from calculators.runs.estimates import Exponent
from calculators.runs.randomness import generator
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
    Series,
    Sheet,
    Table,
    number,
    numbers,
    rows_where,
)

_ID = "variance-limited"
_COLUMNS = ("case", "size", "seed", "loss", "limit", "excess")
_TITLES = {
    "least-squares-near": "least squares, few data",
    "least-squares-far": "least squares, many data",
    "random-features": "random features, width",
    "networks": "networks of 16 units, data",
}


def excess(points: Array, parameters: int, noise: float) -> Array:
    """The mean excess loss of ordinary least squares, s P/(D − P − 1) for labels with noise of variance s.

    Args:
        points: D, any shape; P + 2 or more.
        parameters: P, 1 or more.
        noise: s, positive.

    Valid for: inputs that are Gaussian with mean 0, no intercept; exact.
    """
    return noise * parameters / (np.asarray(points, dtype=np.float64) - parameters - 1)


def least_squares(draw: np.random.Generator, points: int, parameters: int, noise: float, draws: int) -> float:
    """The measured excess loss of ordinary least squares, a mean over data sets.

    Args:
        draw: draws inputs and noise.
        points: D, P + 2 or more.
        parameters: P.
        noise: variance of the labels' noise.
        draws: how many data sets.
    """
    inputs = draw.standard_normal((draws, points, parameters))  # [draws, D, P]
    labels = math.sqrt(noise) * draw.standard_normal((draws, points))  # the true weights are 0
    across = np.swapaxes(inputs, 1, 2)  # [draws, P, D]
    weights = np.linalg.solve(across @ inputs, across @ labels[:, :, None])[:, :, 0]  # [draws, P]
    return float(np.mean(np.sum(weights**2, axis=1)))


def kernel(left: Array, right: Array) -> Array:
    """The kernel of endlessly many random ReLU features with a bias, shape [left, right].

    Args:
        left: shape [left, d].
        right: shape [right, d].

    Source: the arc-cosine kernel of order 1, Cho and Saul 2009, of the inputs with a 1 appended.
    """
    a, b = (np.concatenate([x, np.ones((len(x), 1))], axis=1) for x in (left, right))
    lengths = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    cosine = np.clip(a @ b.T / lengths, -1, 1)
    angle = np.arccos(cosine)
    return np.asarray(lengths * (np.sin(angle) + (math.pi - angle) * cosine) / math.pi)


def features(draw: np.random.Generator, inputs: Array, width: int) -> Array:
    """Random ReLU features whose products are, on average, the kernel; shape [points, width].

    Args:
        draw: draws their directions.
        inputs: shape [points, d].
        width: how many.
    """
    directions = draw.standard_normal((inputs.shape[1] + 1, width))
    return np.asarray(np.maximum(inputs @ directions[:-1] + directions[-1], 0) * math.sqrt(2 / width))


def _ridge_loss(within: Array, across: Array, y: Array, y_test: Array, ridge: float) -> float:
    """The test loss of ridge regression, given products [points, points] and [test, points]."""
    fitted = across @ np.linalg.solve(within + ridge * np.eye(len(y)), y)
    return float(np.mean((fitted - y_test) ** 2))


def _parts(configuration: Configuration) -> tuple[Part, ...]:
    return (
        Part("least-squares", "least squares"),
        Part("random-features", "random features"),
        Part("networks", "networks"),
    )


def _measure(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
    measured = {"least-squares": _least_squares, "random-features": _random_features, "networks": _networks}
    rows = [
        (case, size, seed, sweep.short(loss), sweep.short(limit), sweep.short(loss - limit))
        for case, size, seed, loss, limit in measured[part.id](configuration, seeds)
    ]
    return {"excess": Table(_COLUMNS, tuple(rows))}


_Rows = Iterator[tuple[str, int, int, float, float]]
"""case, size, seed, loss, its limit."""


def _least_squares(configuration: Configuration, seeds: tuple[int, ...]) -> _Rows:
    noise = sweep.real(configuration, "noise")
    parameters, draws = number(configuration, "parameters"), number(configuration, "draws")
    for case in ("near", "far"):
        for seed in seeds:
            for size in numbers(configuration, f"points_{case}"):
                draw = generator(seed, _ID, case, size)
                yield f"least-squares-{case}", size, seed, least_squares(draw, size, parameters, noise, draws), 0.0


def _random_features(configuration: Configuration, seeds: tuple[int, ...]) -> _Rows:
    d, points = number(configuration, "dimension"), number(configuration, "feature_points")
    draws, ridge = number(configuration, "feature_draws"), sweep.real(configuration, "ridge")
    for seed in seeds:
        draw = generator(seed, _ID, "random-features")
        x, x_test = draw.uniform(-1, 1, (points, d)), draw.uniform(-1, 1, (4 * points, d))
        direction, phase = draw.standard_normal(d), draw.uniform(0, 2 * math.pi)
        y, y_test = (np.sin(inputs @ direction + phase) for inputs in (x, x_test))
        limit = _ridge_loss(kernel(x, x), kernel(x_test, x), y, y_test, ridge)
        both = np.concatenate([x, x_test])
        for width in numbers(configuration, "feature_widths"):
            losses = []
            for _ in range(draws):
                held = features(draw, both, width)  # [points + test, width]
                within, across = held[:points] @ held[:points].T, held[points:] @ held[:points].T
                losses.append(_ridge_loss(within, across, y, y_test, ridge))
            yield "random-features", width, seed, float(np.mean(losses)), limit


def _networks(configuration: Configuration, seeds: tuple[int, ...]) -> _Rows:
    """Networks of 16 units on growing data; the limit is the same training on points that never come twice."""
    from calculators.runs import sharding
    from calculators.runs.students import SQUARE, TEACHERS, Members, Task

    sizes, draws = numbers(configuration, "network_points"), number(configuration, "network_draws")
    losses: dict[tuple[int, int], float] = {}
    for points, group in ((max(sizes), sizes), (0, (0,))):
        task = Task(
            inputs=number(configuration, "dimension"),
            teacher_width=number(configuration, "teacher_width"),
            width=number(configuration, "student_width"),
            points=points,
            batch=number(configuration, "batch"),
            steps=number(configuration, "steps"),
            checkpoints=1,  # the law is about the trained network, so none is stopped early
            test=number(configuration, "test_points"),
            peak=sweep.real(configuration, "peak"),
        )
        cells = [(seed, size, draw) for seed in seeds for size in group for draw in range(draws)]
        count = len(cells)
        seed, size, draw = np.array(cells).T
        members = Members(
            np.full(count, TEACHERS.index("tanh"), np.int32),
            seed.astype(np.uint32),
            draw.astype(np.uint32),
            np.full(count, task.inputs, np.int32),
            np.full(count, task.width, np.int32),
            size.astype(np.int32),
            np.full(count, task.steps, np.int32),
        )
        test = np.asarray(sharding.run(task, members, "networks").last_test)[:, SQUARE]  # [count]
        for one in seeds:
            for given in group:
                losses[one, given] = float(np.mean(test[(seed == one) & (size == given)], dtype=np.float64))
    for one in seeds:
        for given in sizes:
            yield "networks", given, one, losses[one, given], losses[one, 0]


def _cases(measured: Measurements) -> Iterator[tuple[str, Array, Array, Array, dict[float, str]]]:
    """(case, sizes, excess losses, seeds, sizes left out)."""
    table = measured["excess"]
    for case in _TITLES:
        chosen = rows_where(table, case=case)
        sizes, found = table.column("size")[chosen].astype(float), table.column("excess")[chosen]
        yield case, sizes, found, table.column("seed")[chosen], noisy(sizes, found)


def noisy(sizes: Array, losses: Array) -> dict[float, str]:
    """Size -> why it is left out: there the spread between seeds is as large as their mean, or at a smaller size.

    From the first such size on all are left out, so that no size is in the fit for having come out well.

    Args:
        sizes: shape [rows].
        losses: above the limit, shape [rows]; may be negative.
    """
    out: dict[float, str] = {}
    for size in np.unique(sizes):
        values = losses[sizes == size]
        if out or np.std(values, ddof=1) >= np.mean(values) or np.min(values) <= 0:
            out[float(size)] = "lost in the scatter"
    return out


def _exponents(measured: Measurements) -> Iterator[tuple[str, Exponent, dict[float, str]]]:
    for case, sizes, found, seeds, out in _cases(measured):
        used: NDArray[np.bool_] = ~np.isin(sizes, list(out))
        if len(np.unique(sizes[used])) >= 3:
            # Features and networks of one seed have the same target at every size.
            same = None if case.startswith("least-squares") else seeds[used]
            yield case, estimates.exponent(sizes[used], found[used], f"{_ID} {case}", same), out


def _prediction(case: str) -> Prediction:
    resource = "width" if case == "random-features" else "data"
    return Prediction(_ID, {"loss_order": "2", "resource": resource, "scatter": "unbiased", "limit": "residual"})


def _metrics(configuration: Configuration, measured: Measurements) -> tuple[Metric, ...]:
    parameters, noise = number(configuration, "parameters"), sweep.real(configuration, "noise")
    found = []
    for case, exponent, out in _exponents(measured):
        prediction = _prediction(case)
        law = partial(excess, parameters=parameters, noise=noise) if case.startswith("least-squares") else None
        note = exponent.note
        if law is not None:
            note += f" At these sizes the exact law, s P/(D − P − 1), has {estimates.law_note(exponent, law)}."
        if out:
            note += f" Left out, as lost in the scatter: {', '.join(f'{size:,g}' for size in out)}."
        found.append(
            Metric(
                f"alpha-{case}",
                f"Exponent of the excess loss: {_TITLES[case]}",
                "alpha",
                exponent.alpha,
                exponent.interval,
                exponent.seeds,
                prediction,
                False,
                estimates.verdict(exponent, prediction, bound=False, law=law),
                note,
            )
        )
    return (*found, _ratio(configuration, measured))


def _ratio(configuration: Configuration, measured: Measurements) -> Metric:
    """Least squares beside its exact law, at all sizes."""
    table = measured["excess"]
    chosen = rows_where(table, case="least-squares-near") | rows_where(table, case="least-squares-far")
    sizes, seeds = table.column("size")[chosen], table.column("seed")[chosen]
    exact = excess(sizes, number(configuration, "parameters"), sweep.real(configuration, "noise"))
    ratio = table.column("excess")[chosen] / exact
    each = np.array([float(np.mean(ratio[seeds == seed])) for seed in np.unique(seeds)])
    mean, low, high = estimates.mean_and_interval(each)
    return Metric(
        "least-squares-over-exact",
        "Least squares: measured excess loss over the exact s P/(D − P − 1)",
        "ratio",
        mean,
        (low, high) if len(each) > 1 else None,
        len(each),
        None,
        False,
        "no prediction",
        "1 where the simulation is right; it checks the run, not the theory.",
    )


def _figures(configuration: Configuration, measured: Measurements) -> tuple[Figure, ...]:
    parameters, noise = number(configuration, "parameters"), sweep.real(configuration, "noise")
    points = {}
    for case, sizes, found, _, out in _cases(measured):
        kept = ~np.isin(sizes, list(out))  # an excess that is not positive has no place on a logarithmic axis
        if kept.any():
            points[case] = estimates.series(_TITLES[case], sizes[kept], found[kept])
    regression = [series for case, series in points.items() if case.startswith("least-squares")]
    ends = [x for series in regression for x in series.x]
    curve = np.geomspace(min(ends), max(ends), 60)
    exact = Line(
        "exact: s P/(D − P − 1)", tuple(curve.tolist()), tuple(excess(curve, parameters, noise).tolist()), None
    )
    figures = [
        Figure(
            "least-squares",
            "Least squares: the loss above its limit",
            "Training points D",
            "Excess loss",
            "log",
            "log",
            tuple(regression),
            (exact, estimates.power_line("slope −1", points["least-squares-far"], _prediction("least-squares-far"))),
            "The excess loss falls steeply while D is near the number of parameters, and bends into a line of slope "
            "−1. All points lie on the exact curve.",
        )
    ]
    for case, axis in (("random-features", "Width w"), ("networks", "Training points D")):
        if case in points:
            figures.append(
                Figure(
                    case,
                    f"{_TITLES[case][0].upper()}{_TITLES[case][1:]}: the loss above its limit",
                    axis,
                    "Excess loss",
                    "log",
                    "log",
                    (points[case],),
                    (estimates.power_line_among("slope −1", points[case], _prediction(case)),),
                    _caption(points[case]),
                )
            )
    return tuple(figures)


def _sheets(configuration: Configuration, measured: Measurements) -> tuple[Sheet, ...]:
    return (estimates.local_sheet((_TITLES[case], exponent) for case, exponent, _ in _exponents(measured)),)


def _caption(points: Series) -> str:
    """What the figure shows, from its points."""
    steps = list(itertools.pairwise(points.y))
    falls = sum(later < earlier for earlier, later in steps)
    how = "at every step" if falls == len(steps) else f"at {falls} of {len(steps)} steps"
    return (
        f"The excess loss falls {how} from one size to the next, in all from {points.y[0]:.2g} to {points.y[-1]:.2g}. "
        "The line has the slope −1 and lies as near to all points as it can."
    )


def _answer(metrics: tuple[Metric, ...]) -> str:
    told = []
    for metric in metrics:
        if metric.prediction is not None:
            number = estimates.shown(metric.value, metric.interval)
            told.append(f"{metric.title.split(': ')[1]}: {number}, {metric.verdict}")
    return f"Against the exponent 1: {'; '.join(told)}."


_LIMITS = (
    "The law is one for large D or w. Where D is near the number of parameters the apparent exponent is far above 1, "
    "and nothing in the slope itself tells that it is not final.",
    "The limit has to be known: least squares and random features have theirs in closed form; that of the networks is "
    "measured, by the same training on points that never come twice, and its own error limits the largest D.",
    "What is varied is the amount of data and the width. That the exponent is the same whatever the dimension of the "
    "data is part of the theory, and this run does not test it: features and networks have inputs of one dimension.",
    "The excess of features and networks is a small difference of two losses, so it scatters, the more the smaller it "
    "is. From the first size on at which the spread between seeds is as large as their mean, sizes are left out. Wide "
    "intervals are consistent with exponents far from 1 too.",
)

RUN = Run(
    id=_ID,
    title="Approaching the limit",
    question="When data or width are plentiful, is the loss above its limit inversely proportional to them?",
    tests=("variance-limited",),
    items=("explaining-neural-scaling-laws",),
    presets={
        "cpu": Preset(
            {
                "parameters": 16,
                "noise": 0.25,
                "points_near": (32, 48, 64, 96),
                "points_far": (512, 1024, 2048, 4096),
                "draws": 100,
                "dimension": 4,
                "feature_points": 48,
                "feature_widths": (64, 128, 256, 512),
                "feature_draws": 300,
                "ridge": 0.5,
                "teacher_width": 48,
                "student_width": 16,
                "network_points": (512, 1024, 2048, 4096),
                "network_draws": 4,
                "batch": 64,
                "steps": 4000,
                "test_points": 2000,
                "peak": 5e-3,
            },
            seeds=4,
            expect="40 s on two cores",
        ),
        "gpu": Preset(
            {
                "parameters": 16,
                "noise": 0.25,
                "points_near": (32, 48, 64, 96),
                "points_far": (512, 1024, 2048, 4096, 8192),
                "draws": 200,
                "dimension": 4,
                "feature_points": 48,
                "feature_widths": (64, 128, 256, 512, 1024),
                "feature_draws": 1000,
                "ridge": 0.5,
                "teacher_width": 96,
                "student_width": 16,
                "network_points": (512, 1024, 2048, 4096, 8192, 16_384),
                "network_draws": 64,
                "batch": 64,
                "steps": 40_000,
                "test_points": 8192,
                "peak": 3e-3,
            },
            seeds=8,
            expect="3,584 small students; planned for about two minutes on a data-centre GPU",
        ),
        "replay": Preset(
            {
                "parameters": 4,
                "noise": 0.25,
                "points_near": (8, 10, 12),
                "points_far": (64, 128, 256),
                "draws": 100,
                "dimension": 2,
                "feature_points": 12,
                "feature_widths": (16, 32, 64),
                "feature_draws": 100,
                "ridge": 0.5,
                "teacher_width": 16,
                "student_width": 8,
                "network_points": (16, 32, 64),
                "network_draws": 4,
                "batch": 16,
                "steps": 300,
                "test_points": 200,
                "peak": 0.01,
            },
            seeds=2,
            expect="a few seconds",
        ),
    },
    parts=_parts,
    measure=_measure,
    metrics=_metrics,
    figures=_figures,
    answer=_answer,
    limits=_LIMITS,
    jax=True,
    precision="float64; the networks float32, matmul precision highest",
    tolerance=0.05,
    sheets=_sheets,
    method=(
        "Three models whose loss has a limit, with what is left above the limit measured while data or width "
        "grow. Least squares: P weights fitted to D Gaussian inputs, with labels that are noise of variance s; "
        "the limit is the error of the true weights.",
        "Random features: ridge regression on w random ReLU features of a few training points that stay the same, "
        "the target a sine wave of the inputs; the limit is the same regression with the kernel of endlessly many "
        "features, computed without drawing any.",
        "Networks: ReLU students with two hidden layers of 16 units, taught by a random tanh teacher without "
        "noise, trained on D points for a fixed number of steps; the limit is the same training on points that "
        "never come twice.",
        "Varied is the number of training points D, or the width w. The inputs of features and networks have one "
        "and the same dimension throughout, so how the exponent depends on it is not measured.",
        "The excess is the mean squared test error over several draws, less the limit; the exponent is the slope "
        "of its mean log against log D or log w, with its sign turned.",
    ),
)
