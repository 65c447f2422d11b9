"""Piecewise linear interpolation on a grid of simplices: how its loss falls with the number of grid points.

Kuhn's simplices cut every cell of a grid of width h = 1/n along its main diagonals: sorting the fractional parts of an
input gives its simplex, and the differences of the sorted parts are the weights of the corners. Only d + 1 corners of
an input's own cell are ever evaluated, so a grid of D = n^d points costs nothing: eight dimensions are as easy as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

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
    Scalar,
    Series,
    Sheet,
    Table,
    numbers,
    rows_where,
)

ID = "piecewise-linear"
ORDERS = (1, 2, 3)
"""Powers of the error that are averaged."""

Target: TypeAlias = Callable[[Array], Array]
"""Inputs of shape [points, d] -> values of shape [points]."""

_COLUMNS = ("target", "dimension", "fit", "loss_order", "cells", "seed", "loss")
_SMOOTH, _KINKS, _JUMPS, _NETWORK = "smooth", "kinks", "jumps", "relu-network"
_ROUGH = {"rough-1-2": "1/2", "rough-3-2": "3/2", "rough-5-2": "5/2"}
"""Target -> its smoothness."""
_OCTAVES = 24
"""Terms of a rough target: the finest has a period far below any grid's width."""
_WAVES = 24
_CORNERS = 16
_WIDTH = 96


def interpolate(target: Target, inputs: Array, cells: int) -> tuple[Array, Array]:
    """The target as a piecewise linear and as a piecewise constant model of its grid values see it.

    Args:
        target: what is interpolated; defined beyond the unit cube too, so that no cell lacks a corner.
        inputs: shape [points, d], in [0, 1).
        cells: n, of each axis; the grid's width is 1/n.

    Returns:
        Linear on Kuhn's simplices, and the value at the nearest grid point; shape [points] each.

    Source: Kuhn (1960), Some combinatorial lemmas in topology, for the simplices.
    """
    count, dimension = inputs.shape
    scaled = inputs * cells
    corner = np.floor(scaled)
    part = scaled - corner
    order = np.argsort(-part, axis=1)  # shape [points, d]: the axes along which one walks, the longest part first
    falling = np.take_along_axis(part, order, axis=1)
    value = (1 - falling[:, 0]) * target(corner / cells)
    everyone = np.arange(count)
    for place in range(dimension):
        corner[everyone, order[:, place]] += 1
        following = falling[:, place + 1] if place + 1 < dimension else 0.0
        value = value + (falling[:, place] - following) * target(corner / cells)
    return value, target(np.rint(scaled) / cells)


def _smooth(random: np.random.Generator, dimension: int) -> Target:
    """A sum of plane waves with frequencies -1, 0 or 1 along each axis."""
    waves = random.integers(-1, 2, (_WAVES, dimension))
    height, phase = random.normal(size=_WAVES), random.random(_WAVES)
    return lambda inputs: np.cos(2 * np.pi * (inputs @ waves.T + phase)) @ height


def _rough(random: np.random.Generator, smoothness: float) -> Target:
    """A lacunary series, sum over n of 2^(-n s) cos(2 pi (2^n x + phase_n)): everywhere of smoothness s."""
    frequency, phase = 2.0 ** np.arange(_OCTAVES), random.random(_OCTAVES)
    return lambda inputs: np.cos(2 * np.pi * (inputs[:, :1] * frequency + phase)) @ frequency**-smoothness


def _cornered(random: np.random.Generator, power: int) -> Target:
    """Jumps (power 0) or kinks (power 1) at random places of the unit interval, straight between them.

    Curvature between kinks would fall faster than what the kinks leave, but only on grids far finer than these.
    """
    place, height = random.random(_CORNERS), random.normal(size=_CORNERS)
    return lambda inputs: (inputs > place) * (inputs - place) ** power @ height


def _network(random: np.random.Generator, dimension: int) -> Target:
    """A random ReLU network with two hidden layers: it has kinks, and no curvature between them."""
    first = random.normal(size=(dimension, _WIDTH)) * np.sqrt(2 / dimension)
    second = random.normal(size=(_WIDTH, _WIDTH)) * np.sqrt(2 / _WIDTH)
    last = random.normal(size=_WIDTH) / np.sqrt(_WIDTH)
    shift, lift = random.normal(size=(2, _WIDTH)) / 2
    return lambda inputs: np.maximum(np.maximum((inputs - 0.5) @ first + shift, 0) @ second + lift, 0) @ last


def _target(random: np.random.Generator, name: str, dimension: int) -> Target:
    if name == _SMOOTH:
        return _smooth(random, dimension)
    if name in _ROUGH:
        return _rough(random, float(Fraction(_ROUGH[name])))
    if name == _NETWORK:
        return _network(random, dimension)
    return _cornered(random, 1 if name == _KINKS else 0)


def _part(target: str, dimension: int) -> Part:
    return Part(f"{target}-d-{dimension}", f"{target.replace('-', ' ')}, d = {dimension}")


def _cases(configuration: Configuration) -> tuple[tuple[str, int, str], ...]:
    """Every (target, dimension, beginning of the settings that list its grids and its inputs)."""
    smooth = tuple((_SMOOTH, dimension, "") for dimension in numbers(configuration, "dimensions"))
    line = tuple((target, 1, "line_") for target in (*_ROUGH, _KINKS, _JUMPS))
    network = tuple((_NETWORK, dimension, "network_") for dimension in numbers(configuration, "network_dimensions"))
    return smooth + line + network


def _parts(configuration: Configuration) -> tuple[Part, ...]:
    return tuple(_part(target, dimension) for target, dimension, _ in _cases(configuration))


def _measure(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
    target, dimension, group = next(case for case in _cases(configuration) if _part(case[0], case[1]) == part)
    (queries,) = numbers(configuration, f"{group}queries")
    rows: list[tuple[Scalar, ...]] = []
    for seed in seeds:
        random = generator(seed, ID, part.id)
        truth = _target(random, target, dimension)
        inputs = random.random((queries, dimension))
        values = truth(inputs)
        for cells in numbers(configuration, f"{group}cells"):
            linear, constant = interpolate(truth, inputs, cells)
            for order in ORDERS:
                loss = float(np.mean(np.abs(linear - values) ** order))
                rows.append((target, dimension, "linear", order, cells, seed, loss))
            if target == _SMOOTH:
                loss = float(np.mean((constant - values) ** 2))
                rows.append((target, dimension, "constant", 2, cells, seed, loss))
    return {"losses": Table(_COLUMNS, tuple(rows))}


def _settings(target: str, dimension: int, fit: str, order: int) -> dict[str, str]:
    """The settings of the scaling-exponent calculator for a measurement."""
    settings = {"dimension": str(dimension), "degree": "1" if fit == "linear" else "0", "loss_order": str(order)}
    if target == _JUMPS:
        settings["target"] = "jumps"
    elif target in (_KINKS, _NETWORK):
        settings["target"] = "kinks"
    elif target in _ROUGH:
        settings["smoothness"] = _ROUGH[target]
    return settings


def _losses(tables: Measurements, target: str, dimension: int, fit: str, order: int) -> tuple[Array, Array, Array]:
    """Grid points D = n^d, losses and seeds, shape [rows] each."""
    table = tables["losses"]
    chosen = rows_where(table, target=target, dimension=dimension, fit=fit, loss_order=order)
    sizes = table.column("cells")[chosen].astype(np.float64) ** dimension
    return sizes, table.column("loss")[chosen], table.column("seed")[chosen]


_TITLES = {
    _SMOOTH: "a smooth target",
    "rough-1-2": "a rough target, s = 1/2",
    "rough-3-2": "a rough target, s = 3/2",
    "rough-5-2": "a rough target, s = 5/2",
    _KINKS: "a target with isolated kinks",
    _JUMPS: "a target with jumps",
    _NETWORK: "a random ReLU network",
}


def _metrics(configuration: Configuration, tables: Measurements) -> tuple[Metric, ...]:
    found = []
    for target, dimension, _ in _cases(configuration):
        fits = [("linear", order) for order in ORDERS] + ([("constant", 2)] if target == _SMOOTH else [])
        for fit, order in fits:
            name = f"{target}-d-{dimension}-{fit}-m-{order}"
            sizes, losses, seeds = _losses(tables, target, dimension, fit, order)
            exponent = estimates.exponent(sizes, losses, name, seeds)
            prediction = Prediction("scaling-exponent", _settings(target, dimension, fit, order))
            found.append(
                Metric(
                    name,
                    f"{_TITLES[target][0].upper()}{_TITLES[target][1:]}, d = {dimension}, piecewise {fit}, m = {order}",
                    "alpha",
                    exponent.alpha,
                    exponent.interval,
                    exponent.seeds,
                    prediction,
                    False,
                    estimates.verdict(exponent, prediction, bound=False),
                    exponent.note,
                )
            )
    return tuple(found)


def _figure(
    id_: str, title: str, alt: str, tables: Measurements, cases: tuple[tuple[str, int, str, int, str], ...]
) -> Figure:
    """One frame of loss against grid points; cases: (target, dimension, fit, order, label)."""
    series: list[Series] = []
    lines: list[Line] = []
    for target, dimension, fit, order, label in cases:
        sizes, losses, _ = _losses(tables, target, dimension, fit, order)
        points = estimates.series(label, sizes, losses)
        prediction = Prediction("scaling-exponent", _settings(target, dimension, fit, order))
        series.append(points)
        lines.append(estimates.power_line(f"slope −{prediction.text}", points, prediction))
    return Figure(id_, title, "grid points D", "loss", "log", "log", tuple(series), tuple(lines), alt)


def _figures(configuration: Configuration, tables: Measurements) -> tuple[Figure, ...]:
    dimensions = numbers(configuration, "dimensions")
    networks = numbers(configuration, "network_dimensions")
    return (
        _figure(
            "smooth",
            "A smooth target: squared error of a piecewise linear model",
            "Loss against the number of grid points on double logarithmic axes, one row of points for each dimension "
            "and a line of slope 4/d through each; the more dimensions, the flatter the line.",
            tables,
            tuple((_SMOOTH, dimension, "linear", 2, f"d = {dimension}") for dimension in dimensions),
        ),
        _figure(
            "limited-smoothness",
            "Targets of limited smoothness in one dimension",
            "Squared error against the number of grid points on double logarithmic axes for targets with kinks, with "
            "jumps and of smoothness 1/2, 3/2 and 5/2, each with its line of slope 2 min(2, s).",
            tables,
            tuple((target, 1, "linear", 2, _TITLES[target]) for target in (*_ROUGH, _KINKS, _JUMPS)),
        ),
        _figure(
            "relu-network",
            "A random ReLU network as the target",
            "Squared error against the number of grid points on double logarithmic axes for random ReLU networks, one "
            "row of points for each dimension, with lines of slope 3/d.",
            tables,
            tuple((_NETWORK, dimension, "linear", 2, f"d = {dimension}") for dimension in networks),
        ),
    )


def _sheets(configuration: Configuration, measured: Measurements) -> tuple[Sheet, ...]:
    found = []
    for target, dimension, _ in _cases(configuration):
        sizes, losses, seeds = _losses(measured, target, dimension, "linear", 2)
        title = f"{_TITLES[target][0].upper()}{_TITLES[target][1:]}, d = {dimension}, piecewise linear, m = 2"
        found.append((title, estimates.exponent(sizes, losses, f"{target}-d-{dimension}-linear-m-2", seeds)))
    return (estimates.local_sheet(found),)


def _answer(metrics: tuple[Metric, ...]) -> str:
    agreeing = sum(metric.verdict == "consistent" for metric in metrics)
    away = [
        abs(metric.value / metric.prediction.value - 1)
        for metric in metrics
        if metric.prediction is not None and metric.verdict != "consistent"
    ]
    rest = f", and the other {len(away)} within {_up(100 * max(away))} % of it" if away else ""
    return (
        f"{agreeing} of {len(metrics)} measured exponents are consistent with m·min(q + 1, s)/d{rest}: 2m/d for a "
        "smooth target and a piecewise linear model, less where kinks, jumps or roughness limit the target, so 3/d "
        "and not 4/d for the squared error on a random ReLU network."
    )


def _up(share: float) -> str:
    """A percentage rounded up to a tenth."""
    return f"{math.ceil(10 * share) / 10:g}"


RUN = Run(
    ID,
    "Piecewise linear interpolation on a grid",
    "Does the loss of a piecewise linear model fall as D to the power −2m/d, and what if the target is not smooth?",
    ("scaling-exponent",),
    ("explaining-neural-scaling-laws",),
    {
        "cpu": Preset(
            {
                "dimensions": (1, 2, 3, 4, 6, 8),
                "cells": (24, 32, 48, 64, 96, 128),
                "queries": 4000,
                "line_cells": (192, 384, 768, 1536, 3072),
                "line_queries": 50_000,
                "network_dimensions": (1, 2, 3),
                "network_cells": (256, 512, 1024, 2048, 4096),
                "network_queries": 16_000,
            },
            8,
            "half a minute on a free core, up to a minute and a half on a busy machine",
        ),
        "replay": Preset(
            {
                "dimensions": (1, 3),
                "cells": (8, 16, 32),
                "queries": 500,
                "line_cells": (24, 48, 96),
                "line_queries": 500,
                "network_dimensions": (1,),
                "network_cells": (32, 64, 128),
                "network_queries": 500,
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
        "The points lie on a grid. Random points have the same exponents for a smooth target, but other constants.",
        "The model interpolates; nothing is trained. Whether a trained network behaves like its local fit is for the "
        "teacher–student runs to say.",
        "The intervals know the scatter between targets alone, and of 48 of them two or three miss by chance. Some are "
        "so short that they also see that the grids are finite: for a smooth target the exponent is still up to 0.7 % "
        "below its limit, most in eight dimensions.",
        "Kinks and jumps are few and at random places; on the finest grids in one dimension few inputs fall into a "
        "cell that holds one, so their intervals are wide.",
    ),
    False,
    "float64",
    1e-6,
    sheets=_sheets,
    method=(
        "The model knows the target, without noise, at the D = n^d points of an even grid of width 1/n. Each cell "
        "of the grid is cut into Kuhn simplices: one for each order in which the coordinates of a point, as parts "
        "of the cell, can be sorted, with d + 1 corners each. On every simplex the model is linear and equal to "
        "the target at the corners. For smooth targets a piecewise constant model, the value at the nearest grid "
        "point, is measured too.",
        "A smooth target is a random sum of 24 plane waves, each of which has one period, or none, along every "
        "axis. In one dimension there are also rough targets, sums of 24 cosines, each with twice the frequency "
        "of the one before and a height that falls as the frequency to the power −s, which gives them the "
        "smoothness s everywhere, and targets with 16 kinks or jumps at random places, straight in between. The "
        "random ReLU network has two hidden layers of 96 units.",
        "Varied are the target, d, n and the power m of the error. The loss is the mean of |error|^m over random "
        "queries in the unit cube; every seed has one target and one set of queries, the same for all n.",
        "The exponent is the slope of the mean log loss against log D, with its sign turned.",
    ),
)
