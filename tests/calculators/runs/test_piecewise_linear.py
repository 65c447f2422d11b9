"""The run piecewise-linear against oracles that do not use it."""

import itertools

import numpy as np
import pytest

from calculators.runs import provenance
from calculators.runs.piecewise_linear import RUN, _rough, _target, interpolate
from calculators.runs.randomness import generator
from calculators.runs.record import from_csv, load
from calculators.runs.running import replayed

# Exponents of the squared error measured elsewhere, on grids of 8 to 48 cells an axis; those of the record are finer.
ELSEWHERE = {1: 3.99, 2: 1.98, 3: 1.32, 4: 0.98, 6: 0.66, 8: 0.48}


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
def test_a_linear_target_is_met_exactly(dimension: int) -> None:
    draw = generator(1, "linear", dimension)
    inputs, slope = draw.random((200, dimension)), draw.normal(size=dimension)
    linear, constant = interpolate(lambda points: points @ slope + 1, inputs, 7)
    assert linear == pytest.approx(inputs @ slope + 1, abs=1e-12)
    assert np.max(np.abs(constant - inputs @ slope - 1)) > 0.01


def test_the_weights_are_those_of_the_simplex_that_holds_the_input() -> None:
    """Oracle: every one of the d! simplices tried, barycentric weights solved as linear equations."""
    dimension, cells = 3, 4
    draw = generator(2, "simplices")
    table = draw.normal(size=(cells + 1,) * dimension)

    def target(points: np.ndarray) -> np.ndarray:
        return table[tuple(np.rint(points * cells).astype(int).T)]

    inputs = draw.random((50, dimension))
    linear, _ = interpolate(target, inputs, cells)
    for point, found in zip(inputs, linear, strict=True):
        corner = np.floor(point * cells)
        answers = []
        for order in itertools.permutations(range(dimension)):
            walk = [corner]
            for axis in order:
                walk.append(walk[-1] + np.eye(dimension)[axis])
            corners = np.array(walk)
            weights = np.linalg.solve(np.vstack([corners.T, np.ones(dimension + 1)]), np.append(point * cells, 1.0))
            if np.all(weights > -1e-12):
                answers.append(weights @ target(corners / cells))
        assert len(answers) == 1
        assert found == pytest.approx(answers[0], abs=1e-9)


def test_one_dimension_has_the_exact_constant() -> None:
    """Oracle: on a grid the mean square of linear interpolation is h^4 E[f''^2]/120 to leading order."""
    draw = generator(3, "constant")
    inputs, cells = draw.random((200_000, 1)), 200
    linear, _ = interpolate(lambda points: np.sin(2 * np.pi * points[:, 0]), inputs, cells)
    measured = np.mean((linear - np.sin(2 * np.pi * inputs[:, 0])) ** 2)
    curvature = (2 * np.pi) ** 4 / 2
    assert measured == pytest.approx(curvature / 120 / cells**4, rel=0.02)


@pytest.mark.parametrize("smoothness", [0.5, 1.5])
def test_a_rough_target_is_as_rough_as_it_says(smoothness: float) -> None:
    """Oracle: the root mean square of second differences over a width h falls as h^s, by differences alone."""
    draw = generator(4, "rough")
    points, logs = draw.random((4000, 1)), []
    widths = 2.0 ** -np.arange(4, 12)
    for _ in range(20):
        target = _rough(draw, smoothness)
        logs.append(
            [np.log(np.mean((target(points + w) - 2 * target(points) + target(points - w)) ** 2)) for w in widths]
        )
    slope = np.polyfit(np.log(widths), np.mean(logs, axis=0), 1)[0] / 2
    assert slope == pytest.approx(smoothness, abs=0.06)


def test_a_network_has_kinks_and_is_straight_between_them() -> None:
    target = _target(generator(5, "network"), "relu-network", 1)
    inputs = np.linspace(0, 1, 20_001)[:, None]
    bends = np.abs(np.diff(target(inputs), 2))
    assert np.mean(bends > 1e-9) < 0.1
    assert np.max(bends) > 1e-6


def test_a_replay_is_the_same_each_time_and_differs_by_seed() -> None:
    configuration = RUN.presets["replay"].configuration
    first, again, other = (replayed(RUN, configuration, seeds) for seeds in ((0, 1), (0, 1), (2, 3)))
    assert first == again
    assert [metric.value for metric in first] != [metric.value for metric in other]


def test_the_record_agrees_with_what_was_measured_elsewhere() -> None:
    """The record's losses fitted by numpy alone, beside the slopes of other code on other targets."""
    folder = provenance.RECORDS / RUN.id
    table = from_csv((folder / "losses-cpu.csv").read_text(encoding="utf-8"), "losses-cpu.csv")
    smooth = (
        (table.column("target") == "smooth") & (table.column("fit") == "linear") & (table.column("loss_order") == 2)
    )
    for dimension, expected in ELSEWHERE.items():
        rows = smooth & (table.column("dimension") == dimension)
        log_points = dimension * np.log(table.column("cells")[rows])
        slope = -np.polyfit(log_points, np.log(table.column("loss")[rows]), 1)[0]
        assert slope == pytest.approx(expected, rel=0.04), dimension


def test_a_relu_network_gives_three_over_d_and_not_four() -> None:
    record = load(provenance.RECORDS / RUN.id / "run-cpu.yml", "run-cpu.yml")
    metrics = {metric.id: metric for metric in record.metrics}
    for dimension in (1, 2, 3):
        metric = metrics[f"relu-network-d-{dimension}-linear-m-2"]
        assert metric.value == pytest.approx(3 / dimension, rel=0.05)
        assert abs(metric.value - 3 / dimension) < abs(metric.value - 4 / dimension) / 4
