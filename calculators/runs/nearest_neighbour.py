"""The run `nearest-neighbour`: how the loss of copying the nearest training point falls with their number."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from calculators.least_squares import Array
from calculators.runs import estimates
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
    Sheet,
    Table,
    numbers,
    rows_where,
)

_ID = "nearest-neighbour"
_LOSSES = {"squared": 2, "absolute": 1}
_SAMPLE = 20_000
_CURVE = 101
_BLOCK = 2**20
"""Distances that are held at once: few enough for the processor's cache."""


def target(inputs: Array, phases: Array) -> Array:
    """F(x) = sum over i of cos(2 pi (x_i + phase_i)), shape [points].

    Args:
        inputs: shape [points, d], in sides of the torus.
        phases: shape [d].
    """
    return np.asarray(np.sum(np.cos(2 * math.pi * (inputs + phases)), axis=1))


def steepness(dimension: int) -> float:
    """The mean over the torus of |grad F|^2: (2 pi)^2/2 from each coordinate.

    Args:
        dimension: d, 1 or more.
    """
    return 2 * math.pi**2 * dimension


def nearest(queries: Array, points: Array) -> NDArray[np.intp]:
    """The place of the nearest point for each query, on a torus with sides 1; shape [queries].

    Args:
        queries: shape [queries, d], in [0, 1).
        points: shape [points, d], in [0, 1).
    """
    rows = max(1, _BLOCK // len(points))
    found = [_nearest_block(queries[start : start + rows], points) for start in range(0, len(queries), rows)]
    return np.concatenate(found)


def _nearest_block(queries: Array, points: Array) -> NDArray[np.intp]:
    squares = np.zeros((len(queries), len(points)))
    for axis in range(points.shape[1]):
        way = np.subtract.outer(queries[:, axis], points[:, axis])
        way -= np.rint(way)
        way *= way
        squares += way
    return np.asarray(np.argmin(squares, axis=1))


def finite_losses(dimension: int, points: Array) -> dict[str, Array]:
    """The squared and the absolute error at finite D, by loss; shape [points] each.

    The distance to the nearest of D even points exceeds r with the probability (1 − V r^d)^D, V being the volume of the
    unit ball; its direction and the phases of the cosines are even too. The mean over all three is taken over one fixed
    sample, the same for every D, so that its error hardly enters the slope. The powers of r beyond the first are what
    the closed form leaves out.

    Args:
        dimension: d, 1 or more.
        points: D, shape [points], 1 or more.

    Valid for: D so large that nothing beyond half a side of the torus counts; the sample is good to a few per cent for
        the loss, to 0.0005 for its slope over two decades.
    """
    draw = generator(0, _ID, "finite", dimension)
    uniform = (np.arange(_SAMPLE) + draw.random(_SAMPLE)) / _SAMPLE
    way = draw.standard_normal((_SAMPLE, dimension))
    way /= np.linalg.norm(way, axis=1)[:, None]
    waves = 2 * np.sin(2 * math.pi * draw.random((_SAMPLE, dimension)))
    ball = math.pi ** (dimension / 2) / math.gamma(dimension / 2 + 1)
    squared, absolute = [], []
    for count in np.asarray(points, dtype=np.float64):
        radius = (-np.expm1(np.log1p(-uniform) / count) / ball) ** (1 / dimension)
        errors = np.sum(waves * np.sin(math.pi * radius[:, None] * way), axis=1)
        squared.append(float(np.mean(errors**2)))
        absolute.append(float(np.mean(np.abs(errors))))
    return {"squared": np.array(squared), "absolute": np.array(absolute)}


def _parts(configuration: Configuration) -> tuple[Part, ...]:
    return tuple(Part(f"d-{d}", f"d = {d}") for d in numbers(configuration, "dimensions"))


def _measure(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
    dimension = int(part.id.removeprefix("d-"))
    (queries,) = numbers(configuration, "queries")
    rows: list[tuple[int, int, int, float, float]] = []
    for seed in seeds:
        for power in numbers(configuration, "log2_points"):
            draw = generator(seed, _ID, part.id, power)
            phases = draw.random(dimension)
            points, asked = draw.random((2**power, dimension)), draw.random((queries, dimension))
            copied = target(points, phases)[nearest(asked, points)]
            errors = copied - target(asked, phases)
            rows.append((dimension, 2**power, seed, float(np.mean(errors**2)), float(np.mean(np.abs(errors)))))
    return {"losses": Table(("dimension", "points", "seed", "squared", "absolute"), tuple(rows))}


def _exponents(measured: Measurements) -> Iterator[tuple[str, int, Exponent]]:
    """(loss, dimension, exponent), loss by loss."""
    table = measured["losses"]
    dimensions = table.column("dimension")
    for loss in _LOSSES:
        for d in np.unique(dimensions).tolist():
            rows = rows_where(table, dimension=d)
            sizes, losses = table.column("points")[rows], table.column(loss)[rows]
            yield loss, d, estimates.exponent(sizes, losses, f"{_ID} {loss} {d}")


def _exponent_prediction(loss: str, dimension: int) -> Prediction:
    return Prediction(_ID, {"dimension": str(dimension), "loss": loss}, "exponent")


def _loss_prediction(dimension: int, points: int) -> Prediction:
    settings = {"dimension": str(dimension), "points": str(points), "gradient": repr(steepness(dimension))}
    return Prediction(_ID, settings | {"loss": "squared"})


def _metrics(configuration: Configuration, measured: Measurements) -> tuple[Metric, ...]:
    found = []
    for loss, d, exponent in _exponents(measured):
        prediction = _exponent_prediction(loss, d)

        def law(points: Array, loss: str = loss, d: int = d) -> Array:
            return finite_losses(d, points)[loss]

        title = f"Exponent of the {loss} error, d = {d}"
        known = estimates.law_note(exponent, law)
        found.append(
            Metric(
                f"alpha-{loss}-d{d}",
                title,
                "alpha",
                exponent.alpha,
                exponent.interval,
                exponent.seeds,
                prediction,
                False,
                estimates.verdict(exponent, prediction, bound=False, law=law),
                f"{exponent.note} At these sizes the law of the nearest distance itself has {known}.",
            )
        )
    table = measured["losses"]
    for d in np.unique(table.column("dimension")).tolist():
        largest = int(table.column("points")[table.column("dimension") == d].max())
        rows = rows_where(table, dimension=d, points=largest)
        values = table.column("squared")[rows]
        mean, low, high = estimates.mean_and_interval(values)
        prediction = _loss_prediction(d, largest)
        share = 100 * (mean / prediction.value - 1)
        found.append(
            Metric(
                f"loss-d{d}",
                f"Squared error at D = {largest:,}, d = {d}",
                "L",
                mean,
                (low, high),
                len(values),
                prediction,
                False,
                estimates.number_verdict(mean, (low, high), prediction.value),
                f"The closed form with its constant, to leading order in 1/D; measured is {abs(share):.2g} % "
                f"{'above' if share > 0 else 'below'} it. This is the mean over seeds; the figure averages logarithms, "
                "as the fits do, which gives a slightly smaller number.",
            )
        )
    return tuple(found)


def _figures(configuration: Configuration, measured: Measurements) -> tuple[Figure, ...]:
    table = measured["losses"]
    dimensions = np.unique(table.column("dimension")).tolist()
    frames = []
    for loss in _LOSSES:
        series, lines = [], []
        for d in dimensions:
            rows = table.column("dimension") == d
            points = estimates.series(f"d = {d}", table.column("points")[rows], table.column(loss)[rows])
            series.append(points)
            if loss == "squared":
                ends = (int(min(points.x)), int(max(points.x)))
                heights = tuple(_loss_prediction(d, end).value for end in ends)
                lines.append(Line(f"theory, d = {d}", ends, heights, _loss_prediction(d, ends[1])))
            else:
                lines.append(estimates.power_line(f"slope −1/{d}", points, _exponent_prediction(loss, d)))
        what = "closed form, with its constant" if loss == "squared" else "predicted slope, through the last point"
        frames.append(
            Figure(
                f"{loss}-error",
                f"The {loss} error of the nearest neighbour",
                "Training points D",
                f"Mean {loss} error",
                "log",
                "log",
                tuple(series),
                tuple(lines),
                f"The mean {loss} error falls along straight lines on logarithmic axes, the flatter the higher the "
                f"dimension, from d = {dimensions[0]} to d = {dimensions[-1]}. Lines: the {what}.",
            )
        )
    return (_exponents_figure(measured), *frames)


def _exponents_figure(measured: Measurements) -> Figure:
    exponents = list(_exponents(measured))
    series, lines = [], []
    for loss, order in _LOSSES.items():
        found = [(d, exponent) for name, d, exponent in exponents if name == loss]
        series.append(estimates.exponent_series(f"{loss} error, measured", tuple((float(d), one) for d, one in found)))
        x = tuple(np.linspace(min(d for d, _ in found), max(d for d, _ in found), _CURVE).tolist())
        y = _exponent_prediction(loss, found[0][0]).along("dimension", x)
        lines.append(Line(f"{order}/d", x, y, None))
    return Figure(
        "exponents",
        "The exponent against the dimension",
        "Dimension d",
        "Exponent alpha",
        "linear",
        "linear",
        tuple(series),
        tuple(lines),
        "Measured exponents fall with the dimension along the curves 2/d for the squared and 1/d for the absolute "
        "error; where the points are too few for the dimension they lie below.",
    )


def _sheets(configuration: Configuration, measured: Measurements) -> tuple[Sheet, ...]:
    return (
        estimates.local_sheet(
            (f"{loss[0].upper()}{loss[1:]} error, d = {d}", exponent) for loss, d, exponent in _exponents(measured)
        ),
    )


def _answer(metrics: tuple[Metric, ...]) -> str:
    alphas = [metric for metric in metrics if metric.id.startswith("alpha-")]
    good = [metric for metric in alphas if metric.verdict == "consistent"]
    text = f"{len(good)} of {len(alphas)} measured exponents are consistent with 2/d and 1/d"
    early = [metric for metric in alphas if metric.verdict == "not asymptotic"]
    if early:
        text += (
            f"; not asymptotic at {_places(early)}, where the exact law of so few points has an exponent inside the "
        )
        text += "interval"
    rest = [metric for metric in alphas if metric.verdict == "not consistent"]
    if rest:
        text += f"; not consistent at {_places(rest)}"
    constants = [metric for metric in metrics if metric.id.startswith("loss-")]
    near = sum(metric.verdict == "consistent" for metric in constants)
    return f"{text}; the loss itself is consistent with the closed form in {near} of {len(constants)} dimensions."


def _places(metrics: list[Metric]) -> str:
    """`d = 4, 5 (squared) and d = 4 (absolute)`."""
    found: dict[str, list[str]] = {}
    for metric in metrics:
        _, loss, dimension = metric.id.split("-")
        found.setdefault(loss, []).append(dimension.removeprefix("d"))
    return " and ".join(f"d = {', '.join(dimensions)} ({loss})" for loss, dimensions in found.items())


RUN = Run(
    id=_ID,
    title="The nearest neighbour on a torus",
    question="Does the error of copying the nearest of D training points fall as D^(−2/d), squared, and D^(−1/d), "
    "absolute, and with the constant of the closed form?",
    tests=("nearest-neighbour", "scaling-exponent"),
    items=("explaining-neural-scaling-laws",),
    presets={
        "cpu": Preset(
            {"dimensions": (1, 2, 3, 4, 5, 6), "log2_points": (8, 9, 10, 11, 12, 13, 14, 15), "queries": 800},
            6,
            "about 30 s on one core",
        ),
        "replay": Preset({"dimensions": (1, 3), "log2_points": (5, 6, 7, 8), "queries": 100}, 2, "a second"),
    },
    parts=_parts,
    measure=_measure,
    metrics=_metrics,
    figures=_figures,
    answer=_answer,
    limits=(
        "One target, a sum of cosines, on a torus without border and with points spread evenly; an uneven density or a "
        "border changes the constant, thin tails can change the exponent.",
        "Nothing here is a network: this is the model for which the theory is simplest.",
        "The prediction is a limit for many points. From four dimensions on tens of thousands are few: the law of the "
        "nearest distance itself, which the notes on the numbers quote, is then flatter than its limit by 2 to 6 %. "
        "“Not asymptotic” says that the measured exponent is consistent with that law instead.",
    ),
    jax=False,
    precision="float64",
    tolerance=1e-6,
    sheets=_sheets,
    method=(
        "Inputs are drawn evenly from a torus with d dimensions and sides of length 1: a cube whose opposite "
        "faces are joined, so that there is no border.",
        "The target is a sum of cosines of period 1, one for each coordinate, with random phases; its values are "
        "known without noise.",
        "Nothing is trained: the model answers each query with the value at the nearest of D random training "
        "points, distances being taken around the torus.",
        "Varied are d and D; every seed has phases, training points and queries of its own at every D. The loss "
        "is the mean over the queries of the squared, and of the absolute, error.",
        "The exponent is the slope of the mean log loss against log D, with its sign turned.",
    ),
)
