"""The run `intrinsic-dimension`: is the exponent at least 4/d for the dimension that one *measures*?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from calculators import dimension
from calculators.least_squares import Array
from calculators.runs import estimates, sweep, teacher_student_data
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

if TYPE_CHECKING:
    from calculators.runs.students import Layers

_ID = "intrinsic-dimension"
_COLUMNS = ("source", "dimension", "seed", "method", "estimate")
_METHODS = {"twonn": "TwoNN", "mle": "maximum likelihood, 20 neighbours"}
_SHORT = {"twonn": "TwoNN", "mle": "maximum likelihood"}
_CUBE, _INPUTS, _FIRST, _SECOND = "cube", "inputs", "hidden-1", "hidden-2"
_LAYERS = {_SECOND: "second hidden layer", _FIRST: "first hidden layer", _INPUTS: "inputs"}
_TEACHER = "tanh"
_PARTS = ("dimensions", "dimensions_in_a_part")
_PLACES = 2
"""Decimals of a measured dimension that goes into a calculator."""
PUBLISHED = MappingProxyType(
    {
        "teacher–student with 8 features": (6.59, 7.36),
        "CIFAR-10 (test)": (17.83, 17.04),
        "MNIST": (5.95, 9.38),
        "FashionMNIST": (10.67, 9.92),
        "SVHN": (10.71, 11.43),
    }
)
"""4/alpha and measured dimension in Sharma and Kaplan, arXiv 2004.10802, read in a digest of the paper, not in itself.
GPT-2 small, 53 against at least 90, has no point, since its dimension is given as a bound."""


def _parts(configuration: Configuration) -> tuple[Part, ...]:
    return (Part("cubes", "cubes of known dimension"), *sweep.parts(configuration, *_PARTS))


def _measure(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
    return _cubes(configuration, seeds) if part.id == "cubes" else _students(configuration, part, seeds)


def _cubes(configuration: Configuration, seeds: tuple[int, ...]) -> Measurements:
    points = number(configuration, "points")
    found = []
    for d in numbers(configuration, "cube_dimensions"):
        for seed in seeds:
            cloud = generator(seed, _ID, "cube", d).random((points, d))
            found += [(_CUBE, d, seed, *one) for one in _estimates(cloud)]
    return {"dimensions": Table(_COLUMNS, tuple(found))}


def _estimates(cloud: Array) -> Iterator[tuple[str, float]]:
    """(method, dimension) of a cloud of points, shape [points, coordinates]."""
    yield "twonn", sweep.short(dimension.two_nn(cloud).dimension)
    yield "mle", sweep.short(dimension.maximum_likelihood(cloud).dimension)


def _students(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
    """The students of `teacher-student-data` with a smooth teacher; those with the most data are looked into."""
    everyone = teacher_student_data.students(configuration, sweep.part_numbers(configuration, *_PARTS, part), seeds)
    trained = sweep.train(
        configuration, [one for one in everyone if one.teacher == _TEACHER], "students to look into", keep=True
    )
    if trained.layers is None:
        raise ValueError("the students must be kept")
    largest, points = max(numbers(configuration, "sizes")), number(configuration, "points")
    found = []
    for place, student in enumerate(trained.students):
        if student.size != largest:
            continue
        cloud = generator(student.seed, _ID, "probe", student.dimension).uniform(-1, 1, (points, student.dimension))
        for source, values in hidden(trained.layers, place, cloud).items():
            found += [(source, student.dimension, student.seed, *one) for one in _estimates(values)]
    return {"dimensions": Table(_COLUMNS, tuple(found)), "losses": trained.table}


def hidden(layers: Layers, place: int, cloud: Array) -> dict[str, Array]:
    """What a student's layers make of a cloud: the cloud itself, and both hidden layers, each [points, units].

    Args:
        layers: of several students.
        place: which of them.
        cloud: shape [points, d].
    """
    w1, b1, w2, b2 = (np.asarray(leaf[place], dtype=np.float64) for leaf in layers[:4])
    first = np.maximum(cloud @ w1[: cloud.shape[1]] + b1, 0)  # [points, units]
    return {_INPUTS: cloud, _FIRST: first, _SECOND: np.maximum(first @ w2 + b2, 0)}


def _measured(table: Table, source: str, d: int, method: str) -> Array:
    """The estimates of all seeds."""
    return table.column("estimate")[rows_where(table, source=source, dimension=d, method=method)]


def _dimensions(table: Table, source: str) -> list[int]:
    return sorted(set(table.column("dimension")[rows_where(table, source=source)].tolist()))


def _exponents(measured: Measurements) -> Iterator[tuple[int, Exponent]]:
    table = measured["losses"]
    for d in sorted(set(table.column("dimension").tolist())):
        found, _ = teacher_student_data.exponent(table, _TEACHER, d, 2)
        if found is not None:
            yield d, found


def _bound(measured_dimension: float) -> Prediction:
    """4/d, d being what was measured, rounded."""
    text = f"{measured_dimension:.{_PLACES}f}"
    return Prediction("scaling-exponent", {"dimension": text, "degree": "1", "loss_order": "2"})


def _metrics(configuration: Configuration, measured: Measurements) -> tuple[Metric, ...]:
    table = measured["dimensions"]
    found = []
    exponents = tuple(_exponents(measured))
    for (source, layer), (method, title), (d, exponent) in product(_LAYERS.items(), _METHODS.items(), exponents):
        mean, low, high = estimates.mean_and_interval(_measured(table, source, d, method))
        prediction = _bound(mean)
        interval = f"{mean:.{_PLACES}f} ({low:.{_PLACES}f} to {high:.{_PLACES}f})"
        found.append(
            Metric(
                f"alpha-d{d}-{source}-{method}",
                f"Exponent of students with {d} inputs, against 4/d with d = {interval}, measured on the {layer} by "
                f"{title}",
                "alpha",
                exponent.alpha,
                exponent.interval,
                exponent.seeds,
                prediction,
                True,
                estimates.verdict(exponent, prediction, bound=True),
                _note(exponent, mean, (low, high)),
            )
        )
    for d in _dimensions(table, _CUBE):
        for method, title in _METHODS.items():
            mean, low, high = estimates.mean_and_interval(_measured(table, _CUBE, d, method))
            found.append(
                Metric(
                    f"dimension-cube-{d}-{method}",
                    f"Dimension of a cube of {d} dimensions by {title}",
                    "d",
                    mean,
                    (low, high),
                    len(_measured(table, _CUBE, d, method)),
                    None,
                    False,
                    "no prediction",
                    f"{100 * (mean / d - 1):+.0f} % from the {d} that were put in.".replace("-", "−"),
                )
            )
    return tuple(found)


def _note(exponent: Exponent, mean: float, interval: tuple[float, float]) -> str:
    """What the interval of the measured dimension means for 4/d and for the verdict."""
    text = f"4/alpha is {4 / exponent.alpha:.3g}, the measured dimension {mean:.{_PLACES}f}."
    low, high = interval
    if round(low, _PLACES) <= 0:
        return f"{text} The interval of the measured dimension reaches 0, so 4/d has no upper end."
    bounds = _bound(low), _bound(high)
    text += f" In its interval 4/d is from {bounds[1].value:.{_PLACES}f} to {bounds[0].value:.{_PLACES}f}"
    middle, at_low, at_high = (estimates.verdict(exponent, one, bound=True) for one in (_bound(mean), *bounds))
    if middle == at_low == at_high:
        return f"{text}, and the verdict the same throughout."
    return f"{text}; at these ends the verdict is “{at_high}” and “{at_low}”."


def _figures(configuration: Configuration, measured: Measurements) -> tuple[Figure, ...]:
    table = measured["dimensions"]
    exponents = list(_exponents(measured))
    series = []
    if exponents:
        x = [float(np.mean(_measured(table, _SECOND, d, "twonn"))) for d, _ in exponents]
        y, low, high = (
            [4 / one for one in ends] for ends in zip(*(_ends(found) for _, found in exponents), strict=True)
        )
        series.append(Series("our students", tuple(x), tuple(y), tuple(high), tuple(low), ("",) * len(x)))
    for case, (height, place) in PUBLISHED.items():
        series.append(Series(f"{case}, published", (place,), (height,), (height,), (height,), ("",)))
    ends = (1.0, max(max(one.x) for one in series) * 1.1)
    scatter = Figure(
        "scatter",
        "4/α against the measured dimension",
        "Measured dimension (second hidden layer, TwoNN)",
        "4/alpha",
        "linear",
        "linear",
        tuple(series),
        (Line("4/α = d; the bound holds below", ends, ends, None),),
        "A scatter of 4/alpha against the measured dimension. Where alpha is at least 4/d, points lie on or below the "
        "diagonal. Of the five published points (Sharma and Kaplan, arXiv:2004.10802, as digested by others) two, "
        "CIFAR-10 and FashionMNIST, lie above it by 5 to 8 %.",
    )
    cubes = []
    dimensions = _dimensions(table, _CUBE)
    for method in _METHODS:
        chosen = rows_where(table, source=_CUBE, method=method)
        values, true = table.column("estimate")[chosen], table.column("dimension")[chosen].astype(float)
        cubes.append(estimates.series(_SHORT[method], true, values, log=False))
    line = (float(dimensions[0]), float(dimensions[-1]))
    bias = Figure(
        "bias",
        "What the estimators read on cubes of known dimension",
        "Dimension put in",
        "Dimension measured",
        "linear",
        "linear",
        tuple(cubes),
        (Line("measured = put in", line, line, None),),
        " ".join(map(_bias, cubes)),
    )
    return (scatter, bias)


def _bias(points: Series) -> str:
    """What an estimator reads on the cubes, in a sentence: where too low, where too high, and how far off at most."""
    spans = list(zip(points.x, points.low, points.high, strict=True))
    low = [f"{true:g}" for true, _, high in spans if high < true]
    high = [f"{true:g}" for true, low, _ in spans if low > true]
    fair = [f"{true:g}" for true, low, high in spans if low <= true <= high]
    parts = [
        f"{words} in {_listed(those)}"
        for words, those in (("too low", low), ("too high", high), ("right within its interval", fair))
        if those
    ]
    share = points.y[-1] / points.x[-1] - 1
    most = f"; in {points.x[-1]:g} dimensions it is off by {100 * share:+.0f} %".replace("-", "−")
    return f"{points.label[0].upper()}{points.label[1:]} reads {', '.join(parts)} dimensions{most}."


def _listed(words: Sequence[str]) -> str:
    """`2, 4 and 6`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _ends(found: Exponent) -> tuple[float, float, float]:
    """The exponent and the ends of its interval, all positive."""
    low, high = found.interval
    return found.alpha, max(low, 1e-3), high


def _sheets(configuration: Configuration, measured: Measurements) -> tuple[Sheet, ...]:
    local = estimates.local_sheet((f"Students with {d} inputs", exponent) for d, exponent in _exponents(measured))
    return (_obvious(measured), local)


def _obvious(measured: Measurements) -> Sheet:
    """The newsletter's most obvious test: 4/alpha beside the measured dimension, ours and as published."""
    rows = []
    for d, found in _exponents(measured):
        mean, low, high = estimates.mean_and_interval(_measured(measured["dimensions"], _SECOND, d, "twonn"))
        least, most = sorted(4 / end for end in _ends(found)[1:])
        rows.append(
            (
                f"our students, {d} inputs, squared error",
                f"{4 / found.alpha:.2f} ({least:.2f} to {most:.2f})",
                f"{mean:.{_PLACES}f} ({low:.{_PLACES}f} to {high:.{_PLACES}f})",
                _holds(4 / found.alpha, mean),
            )
        )
    rows += [
        (f"{case}, published", f"{height:g}", f"{place:g}", _holds(height, place))
        for case, (height, place) in PUBLISHED.items()
    ]
    rows.append(("GPT-2 small, cross-entropy, published", "53", "90 or more", "yes"))
    columns = ("what", "4/α", "d, measured", "4/α at most d")
    return Sheet("The most obvious test: is α at least 4/d?", columns, tuple(rows), folded=False)


def _holds(height: float, dimension: float) -> str:
    """Whether 4/alpha is at most d, and if not, by how much it misses."""
    return "yes" if height <= dimension else f"no, by {100 * (height / dimension - 1):.0f} %"


def _answer(metrics: tuple[Metric, ...]) -> str:
    judged = [metric for metric in metrics if metric.id.endswith(f"{_SECOND}-twonn")]
    good = sum(metric.verdict in ("consistent", "above the bound") for metric in judged)
    if not judged:
        return (
            "In no dimension did our students converge at three sizes; of five published cases two miss the bound by "
            "5 to 8 %."
        )
    return (
        f"On our students alpha is consistent with 4/d or above it in {good} of {len(judged)} cases, d being measured "
        "on the second hidden layer; of five published cases two miss the bound by 5 to 8 %."
    )


_LIMITS = (
    "The inequality points one way. A point below the diagonal is consistent with it and confirms nothing.",
    "The students are those of teacher-student-data with a smooth teacher: the same seeds, the same losses, the same "
    "exponents. This run adds the dimensions and no second measurement of the exponent; each exponent is held against "
    "six measured dimensions, and these six verdicts are not independent.",
    "The verdict takes the measured dimension as it is read; the notes say what its interval, of the scatter between "
    "seeds alone, does to 4/d. The estimators' own bias is not in that interval. In high dimensions both read too low, "
    "as the figure of cubes shows, which makes 4/d too large; a reading that is too high makes 4/d too small and may "
    "hide a miss.",
    "What is measured on a hidden layer is the dimension of what the network made of the data, with the student that "
    "had the most data. That it equals the dimension of the data is an assumption.",
    "The published rows are as digested by others, not read in the paper; their errors are unknown. GPT-2 small "
    "(4/alpha = 53, dimension at least 90) is not drawn.",
    "Random teachers on a hypercube are not natural data.",
)

_CPU = teacher_student_data.RUN.presets["cpu"].configuration
_GPU = teacher_student_data.RUN.presets["gpu"].configuration
_REPLAY = teacher_student_data.RUN.presets["replay"].configuration

RUN = Run(
    id=_ID,
    title="Measured dimension against exponent",
    question="Is the exponent at least 4/d when d is measured, on the data or inside the trained network, instead of "
    "known?",
    tests=("scaling-exponent",),
    items=("explaining-neural-scaling-laws",),
    presets={
        "cpu": Preset(
            {**_CPU, "points": 1500, "cube_dimensions": (2, 4, 6, 10, 20)},
            seeds=3,
            expect="30 s on two cores",
        ),
        "gpu": Preset(
            {**_GPU, "points": 8000, "cube_dimensions": (2, 4, 6, 8, 10, 15, 20)},
            seeds=8,
            expect="512 students; planned for three minutes on a data-centre GPU and its processor",
        ),
        "replay": Preset(
            {**_REPLAY, "points": 300, "cube_dimensions": (2, 4)},
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
    precision="float32, matmul precision highest; the dimensions float64",
    tolerance=0.05,
    sheets=_sheets,
    method=(
        "The students are those of the run “Students of random teachers: more data” with a smooth teacher, "
        "trained in the same way from the same seeds; their exponents are fitted to the same losses.",
        "The dimension is estimated on random inputs, and on what the first and the second hidden layer of the "
        "students with the most training points make of these inputs.",
        "Two estimators: TwoNN, from the ratio of the distances to the second and to the first neighbour of each "
        "point, and maximum likelihood, from the distances to its 20 nearest. Both are also tried on random "
        "points in cubes, whose dimension is known.",
        "Each exponent is held against 4/d with the estimated dimension, a mean over seeds, in the place of d.",
    ),
)
