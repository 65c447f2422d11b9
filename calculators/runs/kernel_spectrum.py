"""Learning curves of kernels without any training: the prior and the tangent kernel of a ReLU network on a sphere.

A target drawn from the kernel's own prior has, after D examples without noise, the mean squared error
E[K(x, x) - k(x)^T K^-1 k(x)], half of which is the loss: it needs the kernel alone. All in float64: single precision
would floor the curves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from calculators.least_squares import Array, line
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
    Scalar,
    Series,
    Sheet,
    Table,
    number,
    numbers,
    rows_where,
)

ID = "kernel-spectrum"

Kernel: TypeAlias = Callable[[Array], Array]
"""Cosines of angles between inputs -> the kernel, 1 at cosine 1."""

_COLUMNS = ("kernel", "resource", "target", "dimension", "size", "seed", "loss")
_PRIOR, _SMOOTH = "prior", "smooth"
_DATA, _PARAMETERS = "data", "parameters"
_SMOOTHEST = "1000"
"""The decay of a smooth target's coefficients: beyond every limit that a kernel could see."""


def _arc_cosine(cosine: Array) -> Array:
    """How a layer of ReLU units turns the cosine between two inputs; 1 at 1.

    Source: Cho and Saul (2009), Kernel methods for deep learning, order 1.
    """
    cosine = np.clip(cosine, -1.0, 1.0)
    return (np.sqrt(1 - cosine * cosine) + cosine * (np.pi - np.arccos(cosine))) / np.pi


def _arc_cosine_slope(cosine: Array) -> Array:
    """The derivative of `_arc_cosine`: the share of units that both inputs switch on, doubled."""
    return (np.pi - np.arccos(np.clip(cosine, -1.0, 1.0))) / np.pi


def prior_kernel(cosine: Array) -> Array:
    """The kernel of a random ReLU network with two hidden layers (NNGP): its first kink is of the third power."""
    return _arc_cosine(_arc_cosine(cosine))


def tangent_kernel(cosine: Array) -> Array:
    """The kernel of the same network trained by gradient descent at infinite width (NTK): its kink is of power one."""
    hidden = _arc_cosine(cosine)
    first = hidden + cosine * _arc_cosine_slope(cosine)
    return (_arc_cosine(hidden) + first * _arc_cosine_slope(hidden)) / 3


KERNELS: dict[str, tuple[Kernel, int]] = {"nngp": (prior_kernel, 3), "ntk": (tangent_kernel, 1)}
"""Name -> the kernel and t, the power of the distance with which it has its first kink."""


def sphere(random: np.random.Generator, points: int, dimension: int) -> Array:
    """Uniform points on the d-dimensional unit sphere, shape [points, d + 1].

    Args:
        random: where the randomness comes from.
        points: how many.
        dimension: d, of the sphere itself.
    """
    inputs = random.normal(size=(points, dimension + 1))
    found: Array = inputs / np.linalg.norm(inputs, axis=1, keepdims=True)
    return found


def gram(kernel: Kernel, left: Array, right: Array) -> Array:
    """The kernel between two sets of inputs, shape [left, right].

    The cosine is 1 - |x - y|^2/2: as a product it would lose the digits of close points, where the kernel has its kink.
    """
    distance = np.zeros((len(left), len(right)))
    for place in range(left.shape[1]):
        distance += (left[:, place, None] - right[None, :, place]) ** 2
    return kernel(1 - distance / 2)


def _data_losses(
    configuration: Configuration, name: str, dimension: int, random: np.random.Generator
) -> list[tuple[str, int, float]]:
    """(target, D, loss) for nested sets of examples: one factor of the largest Gram matrix holds all."""
    kernel, _ = KERNELS[name]
    sizes = _sizes(configuration, name, dimension)
    inputs = sphere(random, sizes[-1], dimension)
    tests = sphere(random, number(configuration, "tests"), dimension)
    wave = random.normal(size=dimension + 1)
    wave *= number(configuration, "frequency") / np.linalg.norm(wave)
    phase = 2 * np.pi * random.random()
    factor = np.asarray(np.linalg.cholesky(gram(kernel, inputs, inputs)), dtype=np.float64)
    columns = np.column_stack([gram(kernel, inputs, tests), np.cos(inputs @ wave + phase)])
    truth = np.cos(tests @ wave + phase)
    # Forward substitution nests: the first D rows of the solution are the solution for the first D examples.
    solved = _forward(factor, columns)
    share, answer = solved[:, :-1], solved[:, -1:]
    found = []
    for size in sizes:
        missed = 1 - np.sum(share[:size] ** 2, axis=0)
        found.append((_PRIOR, size, float(np.mean(missed)) / 2))
        error = np.sum(share[:size] * answer[:size], axis=0) - truth
        found.append((_SMOOTH, size, float(np.mean(error**2)) / 2))
    return found


_BLOCK = 64
_DEGREES, _PANELS, _NODES = 2048, 256, 40
"""Harmonics of higher degrees are not looked for; a panel holds four periods of the fastest."""


def _forward(factor: Array, columns: Array) -> Array:
    """The solution X of factor X = columns, block by block; factor: lower triangular, shape [n, n]."""
    solved = np.array(columns)
    for start in range(0, len(factor), _BLOCK):
        stop = start + _BLOCK
        solved[start:stop] -= factor[start:stop, :start] @ solved[:start]
        solved[start:stop] = np.linalg.solve(factor[start:stop, start:stop], solved[start:stop])
    return solved


def spectrum(kernel: Kernel, dimension: int, count: int) -> tuple[Array, float, float]:
    """The largest eigenvalues of a kernel of the cosine on the d-sphere, with the sums of the rest and of its squares.

    An eigenvalue is the mean of the kernel times a Legendre polynomial of the dimension over the cosine of two random
    points, and it belongs to as many harmonics as there are of that degree. In the angle both factors are analytic, so
    Gauss's rule on short panels has all digits.

    Args:
        kernel: 1 at cosine 1, so all its eigenvalues add up to 1.
        dimension: d, 1 or more.
        count: at least so many, all of a degree together.

    Source: Atkinson and Han (2012), Spherical Harmonics and Approximations on the Unit Sphere, the Funk-Hecke formula.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    panels = np.arange(_PANELS)[:, None]
    angle = np.pi * ((panels + (nodes + 1) / 2) / _PANELS).ravel()
    weights = np.tile(weights, _PANELS) * np.sin(angle) ** (dimension - 1)
    weights /= np.sum(weights)
    cosine = np.cos(angle)
    values = kernel(cosine)
    before, polynomial = np.zeros_like(cosine), np.ones_like(cosine)
    found: list[float] = []
    for degree in range(_DEGREES):
        harmonics = math.comb(degree + dimension, dimension) - (
            math.comb(degree + dimension - 2, dimension) if degree >= 2 else 0
        )
        # Rounding may leave a tiny negative number where symmetry makes the eigenvalue 0.
        found += [max(0.0, float(np.sum(weights * values * polynomial)))] * harmonics
        if len(found) >= count:
            break
        following = cosine if degree == 0 else (2 * degree + dimension - 1) * cosine * polynomial - degree * before
        before, polynomial = polynomial, following / (1 if degree == 0 else degree + dimension - 1)
    head = np.sort(np.array(found))[::-1]
    rest = max(0.0, 1 - float(np.sum(head)))
    return head, rest, max(0.0, float(np.sum(weights * values**2) - np.sum(head**2)))


def _parameter_losses(
    configuration: Configuration, known: tuple[Array, float, float], random: np.random.Generator
) -> list[tuple[str, int, float]]:
    """(target, P, loss) of a linear model on P random mixtures of the kernel's features, with endless data.

    The target is a draw from the prior, its coefficient in eigenfunction i of variance l_i. The best use of P random
    mixtures A keeps tr(l Q Q^T) of the variance, Q an orthonormal basis of sqrt(l) A. Of the eigenfunctions beyond
    those that are counted, each is negligible alone; together they add, to a mixture's products with itself, the sum
    of their eigenvalues.
    """
    head, rest, rest_squares = known
    found = []
    for size in numbers(configuration, "parameters"):
        mixture = np.sqrt(head)[:, None] * random.normal(size=(len(head), size))
        basis, _ = np.linalg.qr(np.vstack([mixture, np.sqrt(rest) * np.eye(size)]))
        weight = rest_squares / rest if rest > 0 else 0.0
        kept = np.sum(head[:, None] * basis[: len(head)] ** 2) + weight * np.sum(basis[len(head) :] ** 2)
        found.append((_PRIOR, size, float(1 - kept) / 2))
    return found


def _sizes(configuration: Configuration, name: str, dimension: int) -> tuple[int, ...]:
    """Numbers of examples; fewer where the smallest eigenvalues would drown in rounding."""
    steep = name == "nngp" and dimension == 1
    return numbers(configuration, "steep_examples" if steep else "examples")


def _cases(configuration: Configuration) -> tuple[tuple[str, str, int], ...]:
    """Every (kernel, resource, dimension)."""
    return tuple(
        (name, resource, dimension)
        for name in KERNELS
        for resource in (_DATA, _PARAMETERS)
        for dimension in numbers(configuration, "dimensions")
    )


def _part(name: str, resource: str, dimension: int) -> Part:
    return Part(f"{name}-{resource}-d-{dimension}", f"{name}, {resource}, d = {dimension}")


def _parts(configuration: Configuration) -> tuple[Part, ...]:
    return tuple(_part(*case) for case in _cases(configuration))


def _measure(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
    name, resource, dimension = next(case for case in _cases(configuration) if _part(*case) == part)
    known = spectrum(KERNELS[name][0], dimension, number(configuration, "eigenvalues")) if resource != _DATA else None
    rows: list[tuple[Scalar, ...]] = []
    for seed in seeds:
        random = generator(seed, ID, part.id)
        if known is None:
            losses = _data_losses(configuration, name, dimension, random)
        else:
            losses = _parameter_losses(configuration, known, random)
        for target, size, loss in losses:
            rows.append((name, resource, target, dimension, size, seed, loss))
    return {"losses": Table(_COLUMNS, tuple(rows))}


def _prediction(name: str, resource: str, target: str, dimension: int) -> Prediction:
    settings = {
        "kernel": "smooth",
        "kernel_smoothness": str(KERNELS[name][1]),
        "dimension": str(dimension),
        "resource": resource,
        "target": _PRIOR if target == _PRIOR else "power",
    }
    if target == _SMOOTH:
        settings["target_decay"] = _SMOOTHEST
    return Prediction("kernel-spectrum", settings)


def _losses(tables: Measurements, name: str, resource: str, target: str, dimension: int) -> tuple[Array, Array, Array]:
    """Sizes, losses and seeds, shape [rows] each."""
    table = tables["losses"]
    chosen = rows_where(table, kernel=name, resource=resource, target=target, dimension=dimension)
    return table.column("size")[chosen].astype(np.float64), table.column("loss")[chosen], table.column("seed")[chosen]


_NAMES = {"nngp": "prior kernel of a ReLU network", "ntk": "tangent kernel of a ReLU network"}
_TARGETS = {_PRIOR: "a target of the kernel's own prior", _SMOOTH: "a smooth target"}


def _curves(configuration: Configuration) -> tuple[tuple[str, str, str, int], ...]:
    """Every (kernel, resource, target, dimension) that is measured."""
    return tuple(
        (name, resource, target, dimension)
        for name, resource, dimension in _cases(configuration)
        for target in ((_PRIOR, _SMOOTH) if resource == _DATA else (_PRIOR,))
    )


def _metrics(configuration: Configuration, tables: Measurements) -> tuple[Metric, ...]:
    found = []
    for name, resource, target, dimension in _curves(configuration):
        id_ = f"{name}-{resource}-{target}-d-{dimension}"
        sizes, losses, seeds = _losses(tables, name, resource, target, dimension)
        exponent = estimates.exponent(sizes, losses, id_, seeds)
        prediction = _prediction(name, resource, target, dimension)
        found.append(
            Metric(
                id_,
                f"{_NAMES[name][0].upper()}{_NAMES[name][1:]}, {_TARGETS[target]}, {resource}, d = {dimension}",
                "alpha_D" if resource == _DATA else "alpha_P",
                exponent.alpha,
                exponent.interval,
                exponent.seeds,
                prediction,
                False,
                estimates.verdict(exponent, prediction, bound=False),
                exponent.note,
            )
        )
    return (*found, *_differences(configuration, tables))


def _differences(configuration: Configuration, tables: Measurements) -> Iterator[Metric]:
    """The exponent in data less that in parameters, over the sizes that both have: the duality says 0.

    Valid for: seeds whose examples and features are drawn apart, so that the pairs by seed are independent.
    """
    for name in KERNELS:
        for dimension in numbers(configuration, "dimensions"):
            both = [_losses(tables, name, resource, _PRIOR, dimension) for resource in (_DATA, _PARAMETERS)]
            common = sorted(set(both[0][0]) & set(both[1][0]))
            if len(common) < 2:
                continue
            each = []
            for sizes, losses, seeds in both:
                used = np.isin(sizes, common)
                each.append(
                    [
                        -line(np.log(sizes[used & (seeds == seed)]), np.log(losses[used & (seeds == seed)])).slope
                        for seed in np.unique(seeds)
                    ]
                )
            mean, low, high = estimates.mean_and_interval(np.subtract(*np.array(each)))
            expected = [_prediction(name, resource, _PRIOR, dimension).value for resource in (_DATA, _PARAMETERS)]
            yield Metric(
                f"{name}-difference-d-{dimension}",
                f"{_NAMES[name][0].upper()}{_NAMES[name][1:]}, exponent in data less that in parameters, "
                f"d = {dimension}",
                "D",
                mean,
                (low, high),
                len(each[0]),
                None,
                False,
                "no prediction",
                f"At the same sizes, {common[0]:g} to {common[-1]:g}. In the limit of large sizes both are derived to "
                f"be {_prediction(name, _DATA, _PRIOR, dimension).text}, so their difference "
                f"{expected[0] - expected[1]:g}; for these sizes none is derived.",
            )


def _figure(
    id_: str,
    title: str,
    x_title: str,
    alt: str,
    tables: Measurements,
    cases: tuple[tuple[str, str, str, int, str], ...],
) -> Figure:
    """One frame of loss against size; cases: (kernel, resource, target, dimension, label)."""
    series: list[Series] = []
    lines: list[Line] = []
    for name, resource, target, dimension, label in cases:
        sizes, losses, _ = _losses(tables, name, resource, target, dimension)
        points = estimates.series(label, sizes, losses)
        prediction = _prediction(name, resource, target, dimension)
        series.append(points)
        lines.append(estimates.power_line(f"slope −{prediction.text}", points, prediction))
    return Figure(id_, title, x_title, "loss", "log", "log", tuple(series), tuple(lines), alt)


def _figures(configuration: Configuration, tables: Measurements) -> tuple[Figure, ...]:
    dimensions = numbers(configuration, "dimensions")
    prior = [
        _figure(
            name,
            f"A target of its own prior: {_NAMES[name]}",
            "training examples D",
            "Loss against the number of examples on double logarithmic axes, one row of points for each dimension, "
            f"with lines of slope {KERNELS[name][1]}/d.",
            tables,
            tuple((name, _DATA, _PRIOR, dimension, f"d = {dimension}") for dimension in dimensions),
        )
        for name in KERNELS
    ]
    smooth = [
        _figure(
            "smooth-target" if name == "ntk" else f"smooth-target-{name}",
            f"A smooth target: {_NAMES[name]}",
            "training examples D",
            "Loss against the number of examples on double logarithmic axes, one row of points for each dimension; the "
            f"lines have the slope 2(d + {KERNELS[name][1]})/d, far steeper than for a target of the kernel's own "
            "prior.",
            tables,
            tuple((name, _DATA, _SMOOTH, dimension, f"d = {dimension}") for dimension in dimensions),
        )
        for name in reversed(KERNELS)
    ]
    duality = _figure(
        "duality",
        "Examples and features: the tangent kernel in two dimensions",
        "examples D, or features P",
        "Loss against the number of examples and against the number of random features on double logarithmic axes: the "
        "two rows of points run beside each other.",
        tables,
        tuple(
            ("ntk", resource, _PRIOR, 2, label) for resource, label in ((_DATA, "examples"), (_PARAMETERS, "features"))
        )
        if 2 in dimensions
        else tuple(("ntk", resource, _PRIOR, dimensions[0], resource) for resource in (_DATA, _PARAMETERS)),
    )
    return (*prior, *smooth, duality)


def _sheets(configuration: Configuration, measured: Measurements) -> tuple[Sheet, ...]:
    found = []
    for name, resource, target, dimension in _curves(configuration):
        sizes, losses, seeds = _losses(measured, name, resource, target, dimension)
        title = f"{_NAMES[name][0].upper()}{_NAMES[name][1:]}, {_TARGETS[target]}, {resource}, d = {dimension}"
        id_ = f"{name}-{resource}-{target}-d-{dimension}"
        found.append((title, estimates.exponent(sizes, losses, id_, seeds)))
    return (estimates.local_sheet(found),)


def _answer(metrics: tuple[Metric, ...]) -> str:
    prior = [metric for metric in metrics if f"-{_PRIOR}-" in metric.id]
    agreeing = sum(metric.verdict == "consistent" for metric in prior)
    moving = sum(metric.verdict == "not asymptotic" for metric in prior)
    text = (
        f"For targets of the kernel's own prior {agreeing} of {len(prior)} exponents, in data and in parameters, are "
        f"consistent with t/d, and {moving} still move towards it"
    )
    rest = [metric for metric in prior if metric.verdict == "not consistent" and metric.prediction is not None]
    if rest:
        away = max(abs(metric.value / metric.prediction.value - 1) for metric in rest if metric.prediction is not None)
        text += f"; not consistent: {len(rest)}, off by {100 * away:.0f} % at most"
    smooth = [metric for metric in metrics if f"-{_SMOOTH}-" in metric.id]
    steep = sum(metric.verdict == "consistent" for metric in smooth)
    text += f". For a smooth target {steep} of {len(smooth)} exponents are consistent with 2(d + t)/d"
    differences = [metric for metric in metrics if "-difference-" in metric.id]
    if differences:
        alike = sum(one.interval is not None and one.interval[0] <= 0 <= one.interval[1] for one in differences)
        text += f". At equal sizes the exponents in data and in parameters are alike, within scatter, in {alike} of "
        text += f"{len(differences)} cases"
    return f"{text}."


RUN = Run(
    ID,
    "The spectrum of a kernel and its learning curve",
    "Do the learning curves of a ReLU network's kernels fall as t/d says, in data and in parameters alike?",
    ("kernel-spectrum",),
    ("explaining-neural-scaling-laws",),
    {
        "cpu": Preset(
            {
                "dimensions": (1, 2, 3, 4),
                "examples": (64, 128, 256, 512, 1024),
                "steep_examples": (16, 32, 64, 128, 256),
                "tests": 400,
                "frequency": 2,
                "parameters": (16, 32, 64, 128, 256),
                "eigenvalues": 2000,
            },
            6,
            "half a minute on two cores",
        ),
        "replay": Preset(
            {
                "dimensions": (1, 2, 3, 4),
                "examples": (16, 32, 64, 128),
                "steep_examples": (16, 32, 64),
                "tests": 50,
                "frequency": 2,
                "parameters": (8, 16, 32),
                "eigenvalues": 200,
            },
            2,
            "a second",
        ),
    },
    _parts,
    _measure,
    _metrics,
    _figures,
    _answer,
    (
        "Nothing is trained: these are the kernels that a network of infinite width would have. What a network of "
        "finite width learns beyond its kernel is not seen here.",
        "The inputs lie on a sphere, where the spectrum is known to fall as a power. Real data need not do that.",
        "A thousand examples, or some hundred features, are few: in three and four dimensions every exponent differs "
        "between the smaller and the larger sizes by more than the scatter. For targets of the prior it falls, for the "
        "smooth target under the tangent kernel it rises, and for features it falls in two dimensions already. “Not "
        "asymptotic” says that the way is towards the prediction; whether it ends there is not shown. From one size to "
        "the next the slopes scatter about this, and for the smooth target under the tangent kernel in two dimensions "
        "they end lower than predicted, within the interval.",
        "A smooth target under the prior kernel is not settled at these sizes: in one dimension the local exponents "
        "jump from doubling to doubling without a trend, in three only the last one comes near the limit. Where the "
        "verdict is “not consistent” there, larger sizes have to tell whether the theory fails or has not set in; we "
        "do not know.",
        "The steep kernel in one dimension is measured up to 256 examples only: beyond that the loss would drown in "
        "the rounding of double precision.",
        "The intervals know the scatter between seeds alone. At these sizes the eigenvalues have not settled either: "
        "over the larger half of the sizes the sum of those beyond the size falls faster than t/d, for the prior "
        "kernel by up to 4 % in two and three dimensions and by 11 to 19 % in four. A random mixture of features "
        "misses more than that sum, most where the mixtures are few, which makes exponents in P larger still, in one "
        "dimension too.",
    ),
    False,
    "float64",
    1e-6,
    sheets=_sheets,
    method=(
        "Nothing is trained. The kernels are those of a ReLU network with two hidden layers of infinite width, "
        "its prior kernel (NNGP) and its tangent kernel (NTK), both functions of the angle between two inputs; "
        "inputs are even on the d-dimensional unit sphere.",
        "A target of the kernel's own prior is a random function whose covariance is the kernel. Its expected "
        "error after D examples without noise needs the kernel alone and is averaged over random test points. The "
        "smooth target is one plane wave along a random direction, and its error is that of interpolating with "
        "the kernel.",
        "For the exponent in parameters, a linear model has P random mixtures of the kernel's features and "
        "endless data; what it cannot express of a target of the prior is computed from the kernel's eigenvalues.",
        "Varied are the kernel, the target, d, and D or P; the loss is half the mean squared error. The exponent "
        "is the slope of the mean log loss against log D or log P, with its sign turned. Exponents in data and in "
        "parameters are also compared over the sizes that both have.",
    ),
)
