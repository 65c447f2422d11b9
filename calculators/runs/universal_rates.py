"""The run `universal-rates`: learning curves that fall exponentially, as 1/n and slowly, simulated."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np

from calculators.least_squares import Array
from calculators.runs import estimates
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
    Table,
    numbers,
)

_FURTHER = 40
"""Inputs above the deciding one: as many as the calculator's curve has, and here since what is measured hangs on it."""

_ID = "universal-rates"
_ATOM = Fraction(1, 10)
_NEGATIVE = Fraction(1, 2)
_ABOVE = 1 - _NEGATIVE / (1 - _ATOM)
"""Of the inputs other than the deciding one, the share above it."""
_TAILS = {"zipf-1": Fraction(1), "zipf-quarter": Fraction(1, 4)}
_TITLES = {
    "atom": "thresholds on the natural numbers",
    "line": "thresholds on the line",
    "zipf-1": "all functions, Zipf data with tail 1",
    "zipf-quarter": "all functions, Zipf data with tail 1/4",
}


def atom_errors(draw: np.random.Generator, repetitions: int, sizes: tuple[int, ...]) -> Array:
    """Mean error after n examples of a threshold on the natural numbers, shape [sizes].

    Half of the inputs are negative; the first positive input, which decides, has the probability 1/10, the 40 after it
    share the rest, each half of what is left. The learner keeps the smallest positive input that it has seen.

    Args:
        draw: where the randomness comes from.
        repetitions: independent samples.
        sizes: numbers of examples, increasing.
    """
    left = 1 - float(_NEGATIVE) - float(_ATOM)
    inputs = np.array([float(_ATOM), *(left / 2**place for place in range(1, _FURTHER + 1))])
    # An example is its place among the positive inputs, or one behind the last for a negative one.
    edges = np.cumsum(inputs)
    places = np.searchsorted(edges, draw.random((repetitions, max(sizes))), side="right")
    smallest = np.minimum.accumulate(places, axis=1)
    # What lies between the threshold and the smallest positive input is judged wrongly.
    wrong = np.concatenate(([0.0], edges))[np.minimum(smallest, len(inputs))]
    return np.asarray(np.mean(wrong[:, np.array(sizes) - 1], axis=0))


def line_errors(draw: np.random.Generator, repetitions: int, sizes: tuple[int, ...]) -> Array:
    """Mean error after n examples of a threshold on the line, inputs uniform, half of them negative; shape [sizes].

    Args:
        draw: where the randomness comes from.
        repetitions: independent samples.
        sizes: numbers of examples, increasing.
    """
    threshold = float(_NEGATIVE)
    inputs = draw.random((repetitions, max(sizes)))
    positive = np.where(inputs >= threshold, inputs, 1.0)
    gap = np.minimum.accumulate(positive, axis=1) - threshold
    return np.asarray(np.mean(gap[:, np.array(sizes) - 1], axis=0))


def zipf_errors(draw: np.random.Generator, repetitions: int, sizes: tuple[int, ...], tail: Fraction) -> Array:
    """Mean error after n examples of one who memorises labels and guesses the rest, shape [sizes].

    Args:
        draw: where the randomness comes from.
        repetitions: independent samples.
        sizes: numbers of examples, increasing.
        tail: a; input i has a probability proportional to i^-(1 + a).
    """
    power = 1 + float(tail)
    head = float(head_constant(tail))
    total = np.zeros(len(sizes))
    for _ in range(repetitions):
        inputs, first = np.unique(draw.zipf(power, max(sizes)), return_index=True)
        seen = np.zeros(max(sizes))
        seen[first] = head * inputs.astype(np.float64) ** -power
        total += (1 - np.cumsum(seen)[np.array(sizes) - 1]) / 2
    return total / repetitions


def head_constant(tail: Fraction) -> Fraction:
    """The probability of the first input, 1/zeta(1 + a), to six decimals.

    Args:
        tail: a, above 0.
    """
    return Fraction(round(10**6 / mpmath.zeta(1 + float(tail))), 10**6)


def _parts(configuration: Configuration) -> tuple[Part, ...]:
    return tuple(Part(name, title) for name, title in _TITLES.items())


def _measure(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
    kind = "zipf" if part.id in _TAILS else part.id
    sizes, (repetitions,) = numbers(configuration, f"{kind}_sizes"), numbers(configuration, f"{kind}_repetitions")
    rows: list[tuple[str, int, int, float]] = []
    for seed in seeds:
        draw = generator(seed, _ID, part.id)
        if kind == "zipf":
            found = zipf_errors(draw, repetitions, sizes, _TAILS[part.id])
        else:
            found = (atom_errors if kind == "atom" else line_errors)(draw, repetitions, sizes)
        rows += [(part.id, n, seed, float(error)) for n, error in zip(sizes, found, strict=True)]
    return {"errors": Table(("source", "n", "seed", "error"), tuple(rows))}


def _prediction(source: str, n: int, quantity: str = "error") -> Prediction:
    settings = {"samples": str(n)}
    if source == "atom":
        settings |= {"class": "thresholds-naturals", "atom": str(_ATOM), "above": str(_ABOVE)}
        return Prediction(_ID, settings, quantity)
    if source == "line":
        return Prediction(_ID, settings | {"class": "thresholds-line", "threshold": str(_NEGATIVE)}, "error")
    tail = _TAILS[source]
    settings |= {"class": "all-functions", "tail": str(tail), "head": str(head_constant(tail))}
    return Prediction(_ID, settings, quantity)


def _metrics(configuration: Configuration, measured: Measurements) -> tuple[Metric, ...]:
    table = measured["errors"]
    found = []
    for source, title in _TITLES.items():
        rows = table.column("source") == source
        sizes, errors = table.column("n")[rows], table.column("error")[rows]
        different = np.unique(sizes)
        for n in (int(different[len(different) // 2]), int(different[-1])):
            mean, low, high = estimates.mean_and_interval(errors[sizes == n])
            prediction = _prediction(source, n)
            ratio = f"{mean / prediction.value:.3f}"
            note = f"Measured is {ratio} times the closed form."
            if source in _TAILS:
                note = f"Measured is {ratio} times the closed form, which is the leading term for many examples."
            found.append(
                Metric(
                    f"error-{source}-n{n}",
                    f"Error after {n:,} examples: {title}",
                    "epsilon",
                    mean,
                    (low, high),
                    int(np.sum(sizes == n)),
                    prediction,
                    False,
                    estimates.number_verdict(mean, (low, high), prediction.value),
                    note,
                )
            )
    return tuple(found)


def _figures(configuration: Configuration, measured: Measurements) -> tuple[Figure, ...]:
    table = measured["errors"]
    series, lines, begun, ended = [], [], [], []
    for source, title in _TITLES.items():
        rows = (table.column("source") == source) & (table.column("error") > 0)
        points = estimates.series(title, table.column("n")[rows], table.column("error")[rows])
        series.append(points)
        x = estimates.whole_numbers(int(points.x[0]), int(points.x[-1]))
        lines.append(Line(f"theory, {title}", x, _prediction(source, x[0]).along("samples", x), None))
        if source in _TAILS:
            first, last = points.y[0] / lines[-1].y[0], points.y[-1] / lines[-1].y[-1]
            begun.append(f"{first:.2f}")
            ended.append(f"{last:.2f}")
    few = lines[0].x
    leading = _prediction("atom", int(few[0]), "leading").along("samples", few)
    lines.append(Line(f"leading term, {_TITLES['atom']}", few, leading, None))
    return (
        Figure(
            "learning-curves",
            "Exponential, 1/n and slow",
            "Examples n",
            "Expected error",
            "log",
            "log",
            tuple(series),
            tuple(lines),
            "Four learning curves on logarithmic axes: one bends down ever more steeply, one falls along a line of "
            "slope −1, two along flatter lines of slope −1/2 and −1/5. The lines of both kinds of thresholds are "
            "exact; beside the one of the natural numbers stands its leading term, to which it tends. The lines of "
            "Zipf data are leading terms for many examples, and with few the points are off them: "
            f"{_listed(begun)} times as high at the smallest n, {_listed(ended)} times at the largest.",
        ),
    )


def _listed(words: list[str]) -> str:
    return " and ".join((", ".join(words[:-1]), words[-1]))


def _answer(metrics: tuple[Metric, ...]) -> str:
    good = sum(metric.verdict == "consistent" for metric in metrics)
    sizes: dict[str, list[str]] = {}
    for metric in metrics:
        source, _, n = metric.id.removeprefix("error-").rpartition("-n")
        sizes.setdefault(_TITLES[source], []).append(f"{int(n):,}")
    judged = "; ".join(f"{title}, n = {_listed(numbers)}" for title, numbers in sizes.items())
    text = f"{good} of {len(metrics)} simulated errors are consistent with the closed forms: exponential, 1/n and slow"
    off = [metric.title.removeprefix("Error after ") for metric in metrics if metric.verdict != "consistent"]
    text += f"; not yet or not: {'; '.join(off)}." if off else "."
    return f"{text} Judged are two sizes of each curve, a middle and the largest one: {judged}."


RUN = Run(
    id=_ID,
    title="Three kinds of learning curve",
    question="Do simulated learners have the exponential, the 1/n and the slow learning curve that the closed forms "
    "say?",
    tests=("universal-rates",),
    items=("universal-learning",),
    presets={
        "cpu": Preset(
            {
                "atom_sizes": (1, 2, 4, 8, 16, 24, 32, 40, 48, 56, 64),
                "atom_repetitions": 40_000,
                "line_sizes": (1, 4, 16, 64, 256, 1024),
                "line_repetitions": 2000,
                "zipf_sizes": (1, 4, 16, 64, 256, 1024, 4096, 16384),
                "zipf_repetitions": 60,
            },
            8,
            "about 10 s on one core",
        ),
        "replay": Preset(
            {
                "atom_sizes": (2, 8, 16),
                "atom_repetitions": 500,
                "line_sizes": (4, 16, 64),
                "line_repetitions": 200,
                "zipf_sizes": (4, 16, 64),
                "zipf_repetitions": 20,
            },
            2,
            "a second",
        ),
    },
    parts=_parts,
    measure=_measure,
    metrics=_metrics,
    figures=_figures,
    answer=_answer,
    limits=(
        "One source and one simple learner for each class. That no learner does better, and that the three rates are "
        "all there are, is the theorem's part and cannot be simulated.",
        "Slow is not arbitrarily slow: each Zipf source has a rate of its own, and flatter tails make slower ones.",
        "The closed forms for Zipf data are leading terms for many examples, as the notes say; they are judged at "
        "sizes where the rest is far smaller than the scatter.",
        "Of many 95 % intervals, one in twenty misses by chance.",
    ),
    jax=False,
    precision="float64",
    tolerance=1e-6,
    method=(
        "Three classes of functions, each with one source of examples and one learner, no noise. A threshold on "
        "the natural numbers, with half of the inputs negative, the first positive input drawn with "
        "probability 1/10, and 40 further ones above it, each with half of what is left: the "
        "learner takes the smallest positive input it has seen for the first, an "
        "exponential case.",
        "A threshold at 1/2 on the line, inputs even between 0 and 1: the learner puts the threshold at the "
        "smallest positive input it has seen.",
        "All functions, with inputs i = 1, 2, 3, … drawn with probability proportional to i^−(1 + a), a = 1 or "
        "1/4: the learner memorises labels and guesses at inputs that it has not seen.",
        "Varied is the number of examples n. For every simulated sample the error is computed exactly, as the "
        "probability of the inputs that the learner would judge wrongly, half of it where it guesses; it is then "
        "averaged over samples, and each seed has samples of its own.",
    ),
)
