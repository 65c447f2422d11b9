"""The run `teacher-student-parameters`: how the error of trained networks falls with their size, data being endless."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from calculators.fitting import FitError
from calculators.least_squares import Array, line
from calculators.runs import estimates, sweep
from calculators.runs.estimates import Exponent
from calculators.runs.run import (
    Configuration,
    Figure,
    Measurements,
    Metric,
    Part,
    Preset,
    Run,
    Sheet,
    Table,
    Verdict,
    number,
    numbers,
    rows_where,
)
from calculators.runs.sweep import Student

_ID = "teacher-student-parameters"
_PARTS = ("widths", "widths_in_a_part")
_HOLLOW: Verdict = "not converged"
FALLS = 0.25
"""A width counts where training twice as long lowers the loss by less than this share."""


def parameters(dimension: Array, width: Array) -> Array:
    """How many weights a student has: dw + w for the first layer, w^2 + w for the second, w + 1 for the output.

    Args:
        dimension: d, any shape; 1 or more.
        width: w, of the same shape; 1 or more.
    """
    return dimension * width + width * width + 3 * width + 1


def _parts(configuration: Configuration) -> tuple[Part, ...]:
    return sweep.parts(configuration, *_PARTS)


def _measure(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
    widths, steps = sweep.part_numbers(configuration, *_PARTS, part), number(configuration, "steps")
    those = [
        Student(teacher, dimension, width, 0, length, seed)
        for teacher, dimension, width, length, seed in product(
            sweep.TEACHERS, numbers(configuration, "dimensions"), widths, (steps, steps // 2), seeds
        )
    ]
    return {"losses": sweep.train(configuration, those, part.title).table}


def undertrained(table: Table, chosen: NDArray[np.bool_]) -> dict[float, str]:
    """Width -> how it is not converged: students trained for half as long are worse by more than a quarter of the loss.

    Args:
        table: of `sweep.COLUMNS`, with two lengths of training.
        chosen: which of its rows, shape [rows].
    """
    steps, widths = table.column("steps"), table.column("width")
    found = {}
    for width in np.unique(widths[chosen]):
        logs = [
            float(np.mean(np.log(table.column("test_2")[chosen & (widths == width) & (steps == length)])))
            for length in (steps.max(), steps.min())
        ]
        share = 1 - math.exp(logs[0] - logs[1])
        if share > FALLS:
            found[float(width)] = f"the second half of the training takes {100 * share:.0f} % of the loss"
    return found


def _cases(measured: Measurements) -> Iterator[tuple[str, int, NDArray[np.bool_], dict[float, str]]]:
    """(teacher, dimension, rows of the full training, widths not converged), teacher by teacher."""
    table = measured["losses"]
    full = table.column("steps") == table.column("steps").max()
    for teacher in sweep.SHOWN:
        for d in np.unique(table.column("dimension")).tolist():
            chosen = rows_where(table, teacher=teacher, dimension=d)
            yield teacher, d, chosen & full, undertrained(table, chosen)


def _exponent(sizes: Array, losses: Array, used: NDArray[np.bool_], name: str) -> tuple[Exponent, bool]:
    """The exponent over the widths that converged, else over all of them; and whether they converged."""
    try:
        return estimates.exponent(sizes[used], losses[used], name), True
    except FitError:
        return estimates.exponent(sizes, losses, name), False


def _metrics(configuration: Configuration, measured: Measurements) -> tuple[Metric, ...]:
    table = measured["losses"]
    by_count, by_width = [], []
    for teacher, d, chosen, out in _cases(measured):
        widths, losses = table.column("width")[chosen].astype(float), table.column("test_2")[chosen]
        counts, used = parameters(np.full(len(widths), d), widths), ~np.isin(widths, list(out))
        found, converged = _exponent(counts, losses, used, f"{_ID} P {teacher} {d}")
        note = found.note
        if out and converged:
            note += f" Left out, as not converged: width {', '.join(f'{width:g}' for width in out)}."
        if not converged:
            note += (
                " Fewer than three widths converged, so all are in the fit: longer training still lowers their loss, "
                "and the exponent says as much about the optimiser as about the width."
            )
        title = f"{sweep.TITLES[teacher]}, d = {d}"
        for suffix, smooth in (("", True),) if sweep.SMOOTH[teacher] else (("", False), ("-as-smooth", True)):
            prediction = sweep.local_linear(d, 2, smooth=smooth)
            judged = estimates.verdict(found, prediction, bound=True)
            by_count.append(
                Metric(
                    f"alpha-p-{teacher}-d{d}{suffix}",
                    f"Exponent in the parameters, {title}" + (", against the law of smooth targets" if suffix else ""),
                    "alpha_P",
                    found.alpha,
                    found.interval,
                    found.seeds,
                    prediction,
                    True,
                    judged if converged else _HOLLOW,
                    note,
                )
            )
        in_width, _ = _exponent(widths, losses, used, f"{_ID} w {teacher} {d}")
        kept = used if converged else np.ones_like(used)
        slope = line(np.log(widths[kept]), np.log(counts[kept])).slope
        by_width.append(
            Metric(
                f"alpha-w-{teacher}-d{d}",
                f"Exponent in the width, {title}",
                "alpha_w",
                in_width.alpha,
                in_width.interval,
                in_width.seeds,
                None,
                False,
                "no prediction",
                f"Between these widths P grows as w^{slope:.3g}, not yet as its square; so {slope:.3g} times the "
                "exponent in P is to be expected here, and no rate in the width by itself is derived.",
            )
        )
    return (*by_count, *by_width)


def _figures(configuration: Configuration, measured: Measurements) -> tuple[Figure, ...]:
    table = measured["losses"]
    exponents: dict[str, list[tuple[float, Exponent]]] = {teacher: [] for teacher in sweep.SHOWN}
    unsettled: dict[str, dict[float, str]] = {teacher: {} for teacher in sweep.SHOWN}
    frames = []
    for teacher in sweep.SHOWN:
        series, lines = [], []
        for name, d, chosen, out in _cases(measured):
            if name != teacher:
                continue
            widths, losses = table.column("width")[chosen].astype(float), table.column("test_2")[chosen]
            counts = parameters(np.full(len(widths), d), widths)
            found, converged = _exponent(counts, losses, ~np.isin(widths, list(out)), f"{_ID} P {teacher} {d}")
            exponents[teacher].append((float(d), found))
            if not converged:
                unsettled[teacher][float(d)] = _HOLLOW
            kind = "left out of the fit" if converged else "in the fit all the same, as too few widths converged"
            hollow = {float(parameters(np.array(d), np.array(width))): f"{kind}: {why}" for width, why in out.items()}
            points = estimates.series(f"d = {d}", counts, losses, hollow)
            series.append(points)
            prediction = sweep.local_linear(d, 2, smooth=sweep.SMOOTH[teacher])
            anchor = points if converged else replace(points, left_out=("",) * len(points.x))
            lines.append(estimates.power_line(f"slope −{prediction.text}", anchor, prediction))
        frames.append(
            Figure(
                f"losses-{teacher}",
                f"Test loss, {sweep.TITLES[teacher]}",
                "Parameters P",
                "Mean squared error",
                "log",
                "log",
                tuple(series),
                tuple(lines),
                "The test loss falls with the number of parameters, the more slowly the higher the dimension. Lines: "
                f"the predicted slope, {'4' if sweep.SMOOTH[teacher] else '3'}/d.",
                _HOLLOW,
            )
        )
    dimensions = sorted(set(table.column("dimension").tolist()))
    overview = Figure(
        "exponents",
        "The exponent in the parameters against the dimension",
        "Dimension d",
        "Exponent alpha",
        "linear",
        "linear",
        tuple(
            estimates.exponent_series(sweep.TITLES[name], tuple(found), unsettled[name])
            for name, found in exponents.items()
        ),
        tuple(sweep.local_linear_curve(name, dimensions) for name in exponents),
        "Measured exponents in the number of parameters for both kinds of teacher, beside the curves 4/d, for smooth "
        "targets, and 3/d, for targets with kinks, each in the colour of its teacher.",
        _HOLLOW,
    )
    return (overview, *frames)


def _sheets(configuration: Configuration, measured: Measurements) -> tuple[Sheet, ...]:
    table = measured["losses"]
    rows = []
    for teacher, d, chosen, out in _cases(measured):
        widths, losses = table.column("width")[chosen].astype(float), table.column("test_2")[chosen]
        counts = parameters(np.full(len(widths), d), widths)
        found, _ = _exponent(counts, losses, ~np.isin(widths, list(out)), f"{_ID} P {teacher} {d}")
        rows.append((f"{sweep.TITLES[teacher][0].upper()}{sweep.TITLES[teacher][1:]}, d = {d}, parameters P", found))
    return (estimates.local_sheet(rows),)


def _answer(metrics: tuple[Metric, ...]) -> str:
    smooth = [metric for metric in metrics if metric.id.startswith("alpha-p-tanh")]
    kinked = [metric for metric in metrics if metric.id.startswith("alpha-p-relu") and metric.id.endswith("as-smooth")]
    parts = [f"with a {name} teacher {_told(those)}" for name, those in (("smooth", smooth), ("ReLU", kinked))]
    return f"Against 4/d: {'; '.join(parts)}."


def _told(metrics: list[Metric]) -> str:
    """`consistent at d = 3, 4, not converged at d = 2`."""
    words: dict[str, list[str]] = {}
    for metric in metrics:
        words.setdefault(metric.verdict, []).append(metric.id.split("-d")[1].split("-")[0])
    return ", ".join(f"{verdict} at d = {', '.join(found)}" for verdict, found in words.items())


_LIMITS = (
    "Data are endless here, so what is left is the width and the training. A width counts only if its second half of "
    "training takes less than a quarter of the loss; small networks pass this more easily than wide ones.",
    "Random teachers on a hypercube are not natural data; the dimension is known because it was put in.",
    "4/d is the estimate for piecewise linear functions with P pieces at the best places. That training finds such "
    "functions is not part of it.",
    "The law is read in the number of parameters P. What it means for the width follows from P(w), which at these "
    "widths is not yet a square.",
)

RUN = Run(
    id=_ID,
    title="Students of random teachers: more parameters",
    question="With endless data, does the test loss of trained networks fall with their number of parameters P at "
    "least as fast as P^(−4/d)?",
    tests=("scaling-exponent",),
    items=("explaining-neural-scaling-laws",),
    presets={
        "cpu": Preset(
            {
                "teacher_width": 48,
                "dimensions": (3, 4, 6),
                "widths": (3, 6, 12, 24),
                "widths_in_a_part": 1,
                "batch": 64,
                "steps": 16_000,
                "checkpoints": 20,
                "test_points": 2000,
                "peak": 5e-3,
            },
            seeds=3,
            expect="40 s on two cores",
        ),
        "gpu": Preset(
            {
                "teacher_width": 96,
                "dimensions": (2, 3, 4, 5, 6, 7, 8, 9),
                "widths": (4, 8, 12, 16, 24, 32, 48, 64),
                "widths_in_a_part": 4,
                "batch": 512,
                "steps": 80_000,
                "checkpoints": 40,
                "test_points": 8192,
                "peak": 3e-3,
            },
            seeds=8,
            expect="2,048 students in two parts; planned for two to five minutes a part on a data-centre GPU",
        ),
        "replay": Preset(
            {
                "teacher_width": 16,
                "dimensions": (4,),
                "widths": (2, 4, 8),
                "widths_in_a_part": 3,
                "batch": 32,
                "steps": 200,
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
        "Teachers and students are of the kinds of the run “Students of random teachers: more data”: random teachers "
        "with two hidden layers of ReLU or tanh units, of width 48 in the CPU record (96 there) and 96 in the GPU's; "
        "students with two hidden layers of ReLU units, inputs even "
        "in the cube [−1, 1]^d, no noise, Adam with a learning rate that falls to 0.",
        "Every training step draws fresh points, so data never run out. Varied are the kind of teacher, d and the "
        "width w of the student, which has P = dw + w² + 3w + 1 parameters; every seed and d has a teacher of its "
        "own.",
        "Every student is also trained for half as many steps. A width counts as converged where the second half "
        "of the training takes at most a quarter of the loss.",
        "The exponent is the slope of the mean log test loss against log P, with its sign turned, over the widths "
        "that converged; where fewer than three did, over all of them, and the verdict says so.",
    ),
)
