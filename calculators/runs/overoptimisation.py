"""The run `overoptimisation`: the true value of the best of n by a proxy whose error has light or heavy tails."""

from __future__ import annotations

import math
from types import MappingProxyType

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
    Series,
    Table,
    numbers,
    rows_where,
)

_ID = "overoptimisation"
_LAWS = {"gaussian": "Gaussian", "laplace": "Laplace", "student": "Student-t(3)"}
_DEGREES = 3
_BLOCK = 2**20
_BINS = MappingProxyType({"gaussian": 0.02, "laplace": 0.25, "student": 0.25})
"""Half the width of the bin around an observed proxy. Proxies are denser at its lower end, which shifts the mean of a
wide bin: by 0.01 for 0.25 with Gaussian error. Where the true value hardly depends on the proxy a wide one does."""


def errors(law: str, draw: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Errors of the proxy with scale 1.

    Args:
        law: `gaussian`, `laplace` or `student`.
        draw: where the randomness comes from.
        shape: of the errors.
    """
    if law == "gaussian":
        return draw.standard_normal(shape)
    if law == "laplace":
        return draw.laplace(size=shape)
    return draw.standard_t(_DEGREES, shape)


def _parts(configuration: Configuration) -> tuple[Part, ...]:
    return (*(Part(law, f"{title} error") for law, title in _LAWS.items()), Part("distance", "distance of best of n"))


def _measure(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
    if part.id == "distance":
        return {"distance": _distances(configuration, seeds)}
    (observed,) = numbers(configuration, f"observed_{part.id}")
    counts, (trials,) = numbers(configuration, "candidates"), numbers(configuration, "trials")
    selected: list[tuple[str, int, int, float, float]] = []
    seen: list[tuple[str, int, int, int, float]] = []
    for seed in seeds:
        draw = generator(seed, _ID, part.id)
        values, proxies = dict.fromkeys(counts, 0.0), dict.fromkeys(counts, 0.0)
        inside, total = 0, 0.0
        rows = max(1, _BLOCK // max(counts))
        for start in range(0, trials, rows):
            shape = (min(rows, trials - start), max(counts))
            value = draw.standard_normal(shape)
            proxy = value + errors(part.id, draw, shape)
            for n in counts:
                best = np.argmax(proxy[:, :n], axis=1)[:, None]
                values[n] += float(np.sum(np.take_along_axis(value, best, 1)))
                proxies[n] += float(np.sum(np.take_along_axis(proxy, best, 1)))
            near = np.abs(proxy - observed) < _BINS[part.id]
            inside, total = inside + int(np.sum(near)), total + float(np.sum(value[near]))
        selected += [(part.id, n, seed, values[n] / trials, proxies[n] / trials) for n in counts]
        if inside:
            seen.append((part.id, observed, seed, inside, total / inside))
    return {
        "best-of-n": Table(("law", "n", "seed", "value", "proxy"), tuple(selected)),
        "observed": Table(("law", "proxy", "seed", "candidates", "value"), tuple(seen)),
    }


def _distances(configuration: Configuration, seeds: tuple[int, ...]) -> Table:
    """The Kullback-Leibler divergence of the best of n from one candidate, in nats, from ranks alone.

    The density of the best at a candidate of rank share F is n F^(n - 1) times that of one candidate, so the divergence
    is the mean of log(n F^(n - 1)); F is the share of an independent sample that lies below.
    """
    (reference,), (trials,) = numbers(configuration, "reference"), numbers(configuration, "trials")
    rows = []
    for seed in seeds:
        draw = generator(seed, _ID, "distance")
        sample = np.sort(draw.standard_normal(reference))
        for n in numbers(configuration, "distance_candidates"):
            best = np.max(draw.standard_normal((trials, n)), axis=1)
            below = (np.searchsorted(sample, best) + 0.5) / (reference + 1)
            rows.append((n, seed, float(math.log(n) + (n - 1) * np.mean(np.log(below)))))
    return Table(("n", "seed", "divergence"), tuple(rows))


def _best_prediction(law: str, n: int) -> Prediction:
    settings = {"question": "best-of-n", "error": law, "samples": str(n), "value_spread": "1", "error_scale": "1"}
    return Prediction("goodhart", settings | _tail(law))


def _observed_prediction(law: str, proxy: int) -> Prediction:
    settings = {"question": "observed", "error": law, "proxy": str(proxy), "value_spread": "1", "error_scale": "1"}
    return Prediction("goodhart", settings | _tail(law))


def _tail(law: str) -> dict[str, str]:
    return {"degrees": str(_DEGREES)} if law == "student" else {}


def _distance_prediction(n: int) -> Prediction:
    settings = {"question": "reward-best-of-n", "samples": str(n), "gain": "1", "cost": "1"}
    return Prediction("goodhart", settings, "distance")


def _number(name: str, title: str, symbol: str, values: Array, prediction: Prediction | None, note: str) -> Metric:
    mean, low, high = estimates.mean_and_interval(values)
    verdict = "no prediction" if prediction is None else estimates.number_verdict(mean, (low, high), prediction.value)
    interval = (low, high) if len(values) > 1 else None
    return Metric(name, title, symbol, mean, interval, len(values), prediction, False, verdict, note)


def _beside(table: Table, peak: int) -> list[int]:
    """The sizes whose heavy-tailed values cannot be told from those at the peak: seed by seed, at 95 %."""
    student, seeds = rows_where(table, law="student"), np.unique(table.column("seed"))

    def each(n: int) -> Array:
        rows = [rows_where(table, law="student", n=n, seed=int(seed)) for seed in seeds]
        return np.array([table.column("value")[row][0] for row in rows])

    near = []
    for n in np.unique(table.column("n")[student]).tolist():
        _, low, high = estimates.mean_and_interval(each(n) - each(peak))
        if n != peak and low <= 0 <= high:
            near.append(n)
    return near


def _metrics(configuration: Configuration, measured: Measurements) -> tuple[Metric, ...]:
    found = []
    table = measured["best-of-n"]
    laws, sizes, values = (table.column(name) for name in ("law", "n", "value"))
    largest = int(sizes.max())
    for law in ("gaussian", "laplace"):
        for n in sorted({min(32, largest), largest}):
            note = "The standard deviation of the value and the scale of the error are both 1."
            title = f"True value of the best of {n:,}, {_LAWS[law]} error"
            chosen = values[(laws == law) & (sizes == n)]
            found.append(_number(f"value-{law}-n{n}", title, "V", chosen, _best_prediction(law, n), note))
    student = laws == "student"
    means = {int(n): float(np.mean(values[student & (sizes == n)])) for n in np.unique(sizes)}
    peak = max(means, key=lambda n: means[n])
    title = f"Highest true value of the best of n, {_LAWS['student']} error"
    near = _beside(table, peak)
    note = f"Of the sizes that were tried n = {peak:,} has the highest mean"
    if near:
        note += f"; that of n = {', '.join(f'{n:,}' for n in near)} cannot be told from it"
    found.append(
        _number(
            "value-student-peak",
            title,
            "V",
            values[student & (sizes == peak)],
            _best_prediction("student", peak),
            f"{note}.",
        )
    )
    title = f"True value of the best of {largest:,}, {_LAWS['student']} error"
    note = "The proxy itself rises all the time."
    chosen, prediction = values[student & (sizes == largest)], _best_prediction("student", largest)
    found.append(_number(f"value-student-n{largest}", title, "V", chosen, prediction, note))
    seen = measured["observed"]
    for law in _LAWS:
        rows = seen.column("law") == law
        if not rows.any():
            continue
        proxy = int(seen.column("proxy")[rows][0])
        title = f"True value where the proxy is {proxy}, {_LAWS[law]} error"
        note = f"Mean over all candidates whose proxy is within {_BINS[law]:g} of {proxy}."
        prediction = _observed_prediction(law, proxy)
        found.append(_number(f"observed-{law}", title, "V", seen.column("value")[rows], prediction, note))
    distance = measured["distance"]
    for n in np.unique(distance.column("n")).tolist():
        roots = np.sqrt(np.maximum(distance.column("divergence")[distance.column("n") == n], 0.0))
        note = "The root of the Kullback-Leibler divergence, in nats, from the ranks of simulated candidates."
        title = f"Distance of the best of {n} from one candidate"
        found.append(_number(f"distance-n{n}", title, "delta", roots, _distance_prediction(n), note))
    return tuple(found)


def _figures(configuration: Configuration, measured: Measurements) -> tuple[Figure, ...]:
    table = measured["best-of-n"]
    laws, sizes = table.column("law"), table.column("n")
    series: list[Series] = []
    lines: list[Line] = []
    for law, title in _LAWS.items():
        rows = laws == law
        series.append(estimates.series(f"{title} error", sizes[rows], table.column("value")[rows], log=False))
        # Best of one: the formula's power F^(n - 2) has no floating-point value in the far tail, the setting has.
        x = estimates.whole_numbers(1, int(sizes.max()))
        if law == "student":
            # Each of its values takes long, and it bends slowly.
            x = (*x[:-1:3], x[-1])
        first = _best_prediction(law, 1)
        heights = (first.value, *first.along("samples", x[1:]))
        lines.append(Line(f"theory, {title}", x, heights, None))
    return (
        Figure(
            "best-of-n",
            "The true value of what the proxy likes best",
            "Candidates n",
            "True value of the best of n",
            "log",
            "linear",
            tuple(series),
            tuple(lines),
            "With Gaussian error the true value rises with n, with Laplace error it levels off towards 1, with a "
            "heavy-tailed Student error it rises for small n, is flat at a few dozen and falls back towards 0.",
        ),
    )


def _answer(metrics: tuple[Metric, ...]) -> str:
    by_id = {metric.id: metric for metric in metrics}
    judged = [metric for metric in metrics if metric.verdict != "no prediction"]
    good = sum(metric.verdict == "consistent" for metric in judged)
    last = next(metric for name, metric in by_id.items() if name.startswith("value-student-n"))
    peak = by_id["value-student-peak"]
    return (
        f"{good} of {len(judged)} simulated values are consistent with the formulas; with a heavy-tailed error the "
        f"true value rises to {peak.value:.2f} and then falls to {last.value:.2f}, while it stays above 0."
    )


RUN = Run(
    id=_ID,
    title="Choosing the best of n by a proxy that errs",
    question="Does choosing the best of n by a proxy give the true value that the formulas say, and does it fall "
    "again when the error has heavy tails?",
    tests=("goodhart",),
    items=("bootstrapped-alignment",),
    presets={
        "cpu": Preset(
            {
                "candidates": (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096),
                "trials": 1500,
                "observed_gaussian": 2,
                "observed_laplace": 6,
                "observed_student": 10,
                "reference": 200_000,
                "distance_candidates": (2, 8, 32, 128),
            },
            8,
            "about 15 s on one core",
        ),
        "replay": Preset(
            {
                "candidates": (1, 4, 32),
                "trials": 200,
                "observed_gaussian": 1,
                "observed_laplace": 2,
                "observed_student": 3,
                "reference": 2000,
                "distance_candidates": (4,),
            },
            3,
            "a second",
        ),
    },
    parts=_parts,
    measure=_measure,
    metrics=_metrics,
    figures=_figures,
    answer=_answer,
    limits=(
        "Value and error are independent. Then heavy tails bring the true value back to its mean and never below it; "
        "ending up with less than without selection needs an error that leans against the value.",
        "One-dimensional random numbers, no policy and no learned reward: the mechanism, not its size anywhere.",
        "For the heavy-tailed error the prediction for the best of n is an integral over integrals, worked out to "
        "about twelve digits and not in closed form.",
        "The sizes n share their candidates, so neighbouring points err together.",
        "Of many 95 % intervals, one in twenty misses by chance.",
    ),
    jax=False,
    precision="float64",
    tolerance=1e-6,
    method=(
        "The true value of a candidate is a standard normal number, and the proxy adds to it an independent error "
        "of scale 1: Gaussian, Laplace, or Student-t with 3 degrees of freedom.",
        "Of n candidates the one with the highest proxy is chosen; its true value is averaged over many trials. "
        "Varied are n and the law of the error. Every trial draws as many candidates as the largest n, and the "
        "smaller n choose among the first of them.",
        "“True value where the proxy is x” is the mean true value of all candidates whose proxy lies within a "
        "narrow bin around x.",
        "The distance is the root of the Kullback–Leibler divergence of the best of n from one candidate, taken "
        "from the ranks of simulated candidates alone. Intervals come from the scatter between seeds.",
    ),
)
