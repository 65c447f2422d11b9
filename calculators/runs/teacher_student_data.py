"""The run `teacher-student-data`: how the error of trained networks falls with the number of training points."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from calculators.fitting import FitError
from calculators.runs import estimates, sweep
from calculators.runs.estimates import Exponent
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
    Verdict,
    number,
    numbers,
    rows_where,
)
from calculators.runs.sweep import Student

_ID = "teacher-student-data"
_SQUARE = 2
_PARTS = ("dimensions", "dimensions_in_a_part")


def _parts(configuration: Configuration) -> tuple[Part, ...]:
    return sweep.parts(configuration, *_PARTS)


def students(configuration: Configuration, dimensions: tuple[int, ...], seeds: tuple[int, ...]) -> tuple[Student, ...]:
    """Every student of these dimensions: teachers by dimensions by sizes by seeds."""
    width, steps = number(configuration, "student_width"), number(configuration, "steps")
    sizes = numbers(configuration, "sizes")
    return tuple(
        Student(teacher, dimension, width, size, steps, seed)
        for teacher, dimension, size, seed in product(sweep.TEACHERS, dimensions, sizes, seeds)
    )


def _measure(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
    those = students(configuration, sweep.part_numbers(configuration, *_PARTS, part), seeds)
    return {"losses": sweep.train(configuration, those, part.title).table}


def exponent(table: Table, teacher: str, dimension: int, power: int) -> tuple[Exponent | None, dict[float, str]]:
    """The exponent of the mean of |error|^power over the sizes that converged, None with fewer than three; what is out.

    Args:
        table: of `sweep.COLUMNS`.
        teacher: one of `sweep.TEACHERS`.
        dimension: d, one of those in the table.
        power: m, one of `sweep.POWERS`.
    """
    chosen = rows_where(table, teacher=teacher, dimension=dimension)
    out = sweep.unconverged(table, chosen)
    sizes, losses = table.column("size")[chosen], table.column(f"test_{power}")[chosen]
    used = ~np.isin(sizes, list(out))
    try:
        return estimates.exponent(sizes[used], losses[used], f"{_ID} {teacher} {dimension} {power}"), out
    except FitError:
        return None, out


_Case = tuple[str, int, Exponent | None, dict[float, str]]
"""teacher, dimension, exponent, sizes left out."""


def _cases(measured: Measurements, power: int, only: int | None = None) -> Iterator[_Case]:
    """Teacher by teacher, dimension by dimension; or one dimension only."""
    table = measured["losses"]
    for teacher in sweep.SHOWN:
        for d in _dimensions(table):
            if only in (None, d):
                yield teacher, d, *exponent(table, teacher, d, power)


def _dimensions(table: Table) -> list[int]:
    return sorted(set(table.column("dimension").tolist()))


def _metrics(configuration: Configuration, measured: Measurements) -> tuple[Metric, ...]:
    found = []
    for power in sorted(sweep.POWERS, key=lambda power: power != _SQUARE):
        only = None if power == _SQUARE else number(configuration, "power_dimension")
        for teacher, d, exponent, out in _cases(measured, power, only):
            if exponent is None:
                continue  # no three sizes converged: nothing to fit; the figure shows them
            predictions = {"": sweep.local_linear(d, power, smooth=sweep.SMOOTH[teacher])}
            if teacher == "relu" and power == _SQUARE:
                predictions["-as-smooth"] = sweep.local_linear(d, power, smooth=True)
            for suffix, prediction in predictions.items():
                found.append(_metric(teacher, d, power, exponent, out, prediction, suffix))
    return tuple(found)


def _metric(
    teacher: str, d: int, power: int, exponent: Exponent, out: dict[float, str], prediction: Prediction, suffix: str
) -> Metric:
    loss = {1: "absolute error", 2: "squared error"}.get(power, f"|error|^{power}")
    against = ", against the law of smooth targets" if suffix else ""
    note = exponent.note
    if out:
        sizes = ", ".join(f"{int(size):,}" for size in out)
        note += f" Left out, as not converged: D = {sizes}."
    return Metric(
        f"alpha-{teacher}-d{d}" + (f"-m{power}" if power != _SQUARE else "") + suffix,
        f"Exponent of the {loss}, {sweep.TITLES[teacher]}, d = {d}{against}",
        "alpha",
        exponent.alpha,
        exponent.interval,
        exponent.seeds,
        prediction,
        True,
        estimates.verdict(exponent, prediction, bound=True),
        note,
    )


def _figures(configuration: Configuration, measured: Measurements) -> tuple[Figure, ...]:
    found = (
        _exponents_figure(measured),
        *(_losses_figure(measured, teacher) for teacher in sweep.SHOWN),
        _powers_figure(configuration, measured),
    )
    return tuple(figure for figure in found if figure.series)


def _exponents_figure(measured: Measurements) -> Figure:
    cases = [(teacher, d, found) for teacher, d, found, _ in _cases(measured, _SQUARE) if found is not None]
    dimensions = sorted({d for _, d, _ in cases})
    lines = [sweep.local_linear_curve(teacher, dimensions) for teacher in sweep.SHOWN] if dimensions else []
    series = [
        estimates.exponent_series(
            sweep.TITLES[teacher], tuple((float(d), found) for name, d, found in cases if name == teacher)
        )
        for teacher in sweep.SHOWN
        if any(name == teacher for name, _, _ in cases)
    ]
    return Figure(
        "exponents",
        "The exponent against the dimension",
        "Dimension d",
        "Exponent alpha",
        "linear",
        "linear",
        tuple(series),
        tuple(lines),
        "Measured exponents of the squared error for both kinds of teacher, falling with the dimension, beside the "
        "curves 4/d, for smooth targets, and 3/d, for targets with kinks, each in the colour of its teacher.",
    )


def _losses_figure(measured: Measurements, teacher: str) -> Figure:
    table = measured["losses"]
    series, lines = [], []
    for d in _dimensions(table):
        chosen = rows_where(table, teacher=teacher, dimension=d)
        out = sweep.unconverged(table, chosen)
        points = estimates.series(f"d = {d}", table.column("size")[chosen], table.column("test_2")[chosen], out)
        series.append(points)
        if not all(points.left_out):
            prediction = sweep.local_linear(d, _SQUARE, smooth=sweep.SMOOTH[teacher])
            lines.append(estimates.power_line(f"slope −{prediction.text}", points, prediction))
    return Figure(
        f"losses-{teacher}",
        f"Test loss, {sweep.TITLES[teacher]}",
        "Training points D",
        "Mean squared error",
        "log",
        "log",
        tuple(series),
        tuple(lines),
        f"The test loss falls with the number of training points, the more slowly the higher the dimension. Lines: the "
        f"predicted slope ({'4' if sweep.SMOOTH[teacher] else '3'}/d) through the largest size that converged.",
        "not converged",
    )


def _powers_figure(configuration: Configuration, measured: Measurements) -> Figure:
    d = number(configuration, "power_dimension")
    found: dict[str, list[tuple[float, Exponent]]] = {}
    for power in sweep.POWERS:
        for teacher, _, exponent, _ in _cases(measured, power, d):
            if exponent is not None:
                found.setdefault(teacher, []).append((float(power), exponent))
    series: list[Series] = [
        estimates.exponent_series(sweep.TITLES[teacher], tuple(points)) for teacher, points in found.items()
    ]
    x = tuple(map(float, sweep.POWERS))
    lines = [
        Line(
            f"{'2m/d' if sweep.SMOOTH[teacher] else '(m + 1)/d'}, {sweep.TITLES[teacher]}",
            x,
            tuple(sweep.local_linear(d, m, smooth=sweep.SMOOTH[teacher]).value for m in sweep.POWERS),
            None,
        )
        for teacher in sweep.SHOWN
    ]
    return Figure(
        "powers",
        f"The same students' errors, raised to the power m (d = {d})",
        "Power m of the error",
        "Exponent alpha",
        "linear",
        "linear",
        tuple(series),
        tuple(lines),
        "The exponent of the mean of |error| to the power m, for one and the same students, grows along a straight "
        "line with m; each line in the colour of its teacher.",
    )


def _sheets(configuration: Configuration, measured: Measurements) -> tuple[Sheet, ...]:
    return (
        estimates.local_sheet(
            (f"{sweep.TITLES[teacher][0].upper()}{sweep.TITLES[teacher][1:]}, d = {d}", found)
            for teacher, d, found, _ in _cases(measured, _SQUARE)
            if found is not None
        ),
    )


def _answer(metrics: tuple[Metric, ...]) -> str:
    squared = [metric for metric in metrics if not any(f"-m{m}" in metric.id for m in sweep.POWERS)]
    smooth = _count([metric for metric in squared if metric.id.startswith("alpha-tanh")])
    kinked = _count([metric for metric in squared if metric.id.startswith("alpha-relu") and "smooth" not in metric.id])
    both = _count([metric for metric in squared if metric.id.endswith("-as-smooth")])
    if not squared:
        return "In no dimension did the students converge at three sizes: there is no exponent to judge."
    return (
        f"With a smooth teacher the exponent is consistent with 4/d or above it in {smooth} dimensions; with a ReLU "
        f"teacher in {both} against 4/d, and in {kinked} against the 3/d that its kinks allow."
    )


def _count(metrics: list[Metric]) -> str:
    good: tuple[Verdict, ...] = ("consistent", "above the bound")
    return f"{sum(metric.verdict in good for metric in metrics)} of {len(metrics)}"


_LIMITS = (
    "Random teachers on a hypercube are not natural data; the dimension is known here because it was put in.",
    "The students are stopped where their loss on the test points is smallest, as in the paper, which flatters them a "
    "little.",
    "4/d is the estimate for piecewise linear interpolation of a smooth target. A network is not bound to interpolate "
    "locally, so an exponent above it contradicts nothing; and it says nothing about the reason.",
    "The exponents are read off sizes within two decades or less, where they may still drift.",
    "The run intrinsic-dimension looks into the students with a smooth teacher, by the same seeds; its exponents are "
    "these, not further ones.",
    "Points are left out, all students of a size together, where the training loss is above a tenth of the test loss: "
    "there the optimiser, not the data, is the limit.",
)

_COMMON = {"teacher_width": 96}

RUN = Run(
    id=_ID,
    title="Students of random teachers: more data",
    question="Does the test loss of trained networks fall with the number of training points D at least as fast as "
    "D^(−4/d), d being the dimension of the inputs?",
    tests=("scaling-exponent",),
    items=("explaining-neural-scaling-laws",),
    presets={
        "cpu": Preset(
            _COMMON
            | {
                "student_width": 64,
                "dimensions": (2, 3, 4, 6),
                "dimensions_in_a_part": 1,
                "power_dimension": 4,
                "sizes": (32, 64, 128, 256, 512),
                "batch": 64,
                "steps": 8000,
                "checkpoints": 20,
                "test_points": 1000,
                "peak": 5e-3,
            },
            seeds=3,
            expect="40 s on two cores",
        ),
        "gpu": Preset(
            _COMMON
            | {
                "student_width": 192,
                "dimensions": (2, 3, 4, 5, 6, 7, 8, 9),
                "dimensions_in_a_part": 4,
                "power_dimension": 4,
                "sizes": (64, 128, 256, 512, 1024, 2048, 4096, 8192),
                "batch": 64,
                "steps": 40_000,
                "checkpoints": 40,
                "test_points": 8192,
                "peak": 3e-3,
            },
            seeds=8,
            expect="1,024 students; planned for at most three minutes on a data-centre GPU",
        ),
        "replay": Preset(
            {
                "teacher_width": 16,
                "student_width": 32,
                "dimensions": (4,),
                "dimensions_in_a_part": 1,
                "power_dimension": 4,
                "sizes": (8, 16, 32),
                "batch": 16,
                "steps": 400,
                "checkpoints": 4,
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
    precision="float32, matmul precision highest",
    tolerance=0.05,
    sheets=_sheets,
    method=(
        "A teacher is a random network with two hidden layers, of ReLU or of tanh units, scaled so that its "
        "outputs have mean 0 and variance 1; inputs are even in the cube [−1, 1]^d, and there is no noise.",
        "A student is a ReLU network with two hidden layers. Adam makes its mean squared error on D training "
        "points small, in batches, with a learning rate that falls along half a cosine to 0; the student is kept "
        "as it was at the checkpoint with the smallest squared test error.",
        "Varied are the kind of teacher, d and D. Every seed and d has its own teacher, test points and initial "
        "weights, and other training points for every D.",
        "The exponent is the slope of the mean log test loss against log D, with its sign turned, over those D at "
        "which the training loss is at most a tenth of the test loss. In one dimension the errors of the same "
        "students are also raised to the powers m = 1, 3 and 4.",
    ),
)
