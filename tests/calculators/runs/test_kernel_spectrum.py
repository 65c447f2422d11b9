"""The run kernel-spectrum against oracles that do not use it."""

import math

import numpy as np
import pytest

from calculators.runs import kernel_spectrum, provenance
from calculators.runs.kernel_spectrum import KERNELS, RUN, gram, prior_kernel, spectrum, sphere, tangent_kernel
from calculators.runs.randomness import generator
from calculators.runs.record import from_csv, load
from calculators.runs.run import Table
from calculators.runs.running import replayed

# Exponents measured elsewhere for targets of the kernel's own prior, d = 1 ... 4.
ELSEWHERE = {"nngp": (3.00, 1.52, 1.06, 0.84), "ntk": (1.00, 0.53, 0.39, 0.34)}


def test_the_kernels_are_those_of_wide_networks() -> None:
    """Oracle: a random network, its outputs' products and its parameters' gradients, worked out layer by layer."""
    draw = generator(1, "wide")
    left, right = sphere(draw, 2, 2)
    cosine = np.array([left @ right])
    width, products, slopes = 2000, [], []
    for _ in range(20):
        first = draw.normal(size=(width, 3)) * math.sqrt(2)
        second = draw.normal(size=(width, width)) * math.sqrt(2 / width)
        last = draw.normal(size=width)
        parts = []
        for point in (left, right):
            before = first @ point
            hidden = np.maximum(before, 0)
            above = second @ hidden
            top = np.maximum(above, 0)
            back = last * (above > 0)
            below = (second.T @ back) * (before > 0)
            parts.append((top, back, hidden, below, point))
        (top, back, hidden, below, point), (top_, back_, hidden_, below_, point_) = parts
        products.append(top @ top_ / width)
        slopes.append(
            (top @ top_ + (back @ back_) * (hidden @ hidden_) * 2 / width + (below @ below_) * (point @ point_) * 2)
            / (3 * width)
        )
    for kernel, values in ((prior_kernel, products), (tangent_kernel, slopes)):
        error = np.std(values) / math.sqrt(len(values))
        assert abs(np.mean(values) - kernel(cosine)[0]) < 4 * error + 0.01


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_is_one_at_one_and_has_its_kink_there(name: str) -> None:
    kernel, power = KERNELS[name]
    assert kernel(np.array([1.0]))[0] == pytest.approx(1)
    # The even powers of the angle have no kink; odd differences across 0 of the even continuation see the odd ones.
    angle = np.array([0.02, 0.01])
    values = kernel(np.cos(np.outer(angle, [1, 2, 3, 4])))
    if power == 1:
        slope = np.diff(np.log(1 - values[:, 0])) / np.diff(np.log(angle))
        assert slope[0] == pytest.approx(1, abs=0.05)
    else:
        # 1 - K = a x^2 - b x^3 + …: the combination leaves the cube.
        cube = 4 * (1 - values[:, 0]) - (1 - values[:, 1])
        slope = np.diff(np.log(np.abs(cube))) / np.diff(np.log(angle))
        assert slope[0] == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize("dimension", [1, 2, 4])
@pytest.mark.parametrize("name", KERNELS)
def test_the_spectrum_is_that_of_a_large_gram_matrix(name: str, dimension: int) -> None:
    """Oracle: eigenvalues of the Gram matrix of many random points, which tend to the kernel's own."""
    kernel, power = KERNELS[name]
    head, rest, squares = spectrum(kernel, dimension, 60)
    points = sphere(generator(2, "gram", dimension), 1500, dimension)
    seen = np.linalg.eigvalsh(gram(kernel, points, points) / len(points))[::-1]
    assert np.sum(head) + rest == pytest.approx(1, abs=1e-9)
    assert head[0] == pytest.approx(seen[0], rel=0.02)
    assert np.sum(head[1 : dimension + 2]) == pytest.approx(np.sum(seen[1 : dimension + 2]), rel=0.05)
    assert 0 <= squares <= rest * head[-1]
    large, _, _ = spectrum(kernel, dimension, 1500)
    places = np.arange(1, len(large) + 1)
    # Harmonics of one degree share an eigenvalue: a staircase in four dimensions, hence the wide tolerance there.
    slope = np.polyfit(np.log(places[100:]), np.log(large[100:]), 1)[0]
    assert slope == pytest.approx(-1 - power / dimension, rel=0.03 if dimension < 3 else 0.12)


def test_the_prior_s_error_is_that_of_drawn_targets() -> None:
    """Oracle: targets drawn from the kernel itself and predicted by plain linear algebra."""
    configuration = {"dimensions": (2,), "examples": (16, 32), "tests": 200, "frequency": 2}
    found = kernel_spectrum._data_losses(configuration, "ntk", 2, generator(3, "prior"))
    formula = [loss for target, _, loss in found if target == "prior"]
    draw = generator(3, "prior")
    inputs, tests = sphere(draw, 32, 2), sphere(draw, 200, 2)
    everything = np.vstack([inputs, tests])
    whole = gram(tangent_kernel, everything, everything)
    values = np.linalg.cholesky(whole + 1e-12 * np.eye(len(whole))) @ generator(4, "draws").normal(
        size=(len(whole), 2000)
    )
    for size, expected in zip((16, 32), formula, strict=True):
        known = whole[:size, :size]
        predicted = whole[32:, :size] @ np.linalg.solve(known, values[:size])
        losses = np.mean((predicted - values[32:]) ** 2, axis=0) / 2
        assert abs(losses.mean() - expected) < 4 * losses.std() / math.sqrt(len(losses))


def test_a_replay_is_the_same_each_time_and_differs_by_seed() -> None:
    configuration = RUN.presets["replay"].configuration
    first, again, other = (replayed(RUN, configuration, seeds) for seeds in ((0, 1), (0, 1), (2, 3)))
    assert first == again
    assert [metric.value for metric in first] != [metric.value for metric in other]


def test_the_record_agrees_with_what_was_measured_elsewhere() -> None:
    record = load(provenance.RECORDS / RUN.id / "run-cpu.yml", "run-cpu.yml")
    metrics = {metric.id: metric for metric in record.metrics}
    for name, slopes in ELSEWHERE.items():
        for dimension, expected in enumerate(slopes, 1):
            assert metrics[f"{name}-data-prior-d-{dimension}"].value == pytest.approx(expected, rel=0.12)
    for dimension, expected in ((2, 3.1), (3, 2.8)):
        assert metrics[f"ntk-data-smooth-d-{dimension}"].value == pytest.approx(expected, rel=0.15)


def test_the_limits_say_which_way_the_exponents_drift() -> None:
    """Slopes of the recorded mean log losses over the first and the last three sizes, by numpy."""
    folder = provenance.RECORDS / RUN.id
    table = from_csv((folder / "losses-cpu.csv").read_text(encoding="utf-8"), "losses-cpu.csv")
    losses: dict[tuple[object, ...], dict[float, list[float]]] = {}
    for kernel, resource, target, dimension, size, _, loss in table.rows:
        curve = losses.setdefault((kernel, resource, target, dimension), {})
        curve.setdefault(float(size), []).append(math.log(float(loss)))
    rise = {}
    for case, curve in losses.items():
        x, y = np.log(list(curve)), [sum(logs) / len(logs) for logs in curve.values()]
        rise[case] = np.polyfit(x[:3], y[:3], 1)[0] - np.polyfit(x[-3:], y[-3:], 1)[0]
    falling = [
        case for case in rise if case[2] == "prior" and (case[3] in (3, 4) or case[1:] == ("parameters", "prior", 2))
    ]
    assert len(falling) == 10 and all(rise[case] < -0.03 for case in falling)
    assert all(rise["ntk", "data", "smooth", d] > 0.1 for d in (3, 4))
    limits = " ".join(RUN.limits)
    assert (
        "For targets of the prior it falls, for the smooth target under the tangent kernel it rises, and for features "
        "it falls in two" in limits
    )
    answer = RUN.answer(RUN.metrics(load(folder / "run-cpu.yml", "x").configuration, {"losses": table}))
    assert "5 of 8 exponents are consistent with 2(d + t)/d" in answer


def test_data_and_parameters_are_compared_over_the_same_sizes() -> None:
    """Losses made up: half as steep in data beyond the sizes that parameters have, which must not count."""
    rows = []
    for name in KERNELS:
        for seed, tilt in ((0, -0.01), (1, 0.01)):
            for size in (16, 32, 64, 128, 256, 512, 1024):
                data = size**-1.0 if size <= 256 else 256**-0.5 * size**-0.5
                rows.append((name, "data", "prior", 2, size, seed, data))
                if size <= 256:
                    rows.append((name, "parameters", "prior", 2, size, seed, size ** (-0.8 - tilt)))
    tables = {"losses": Table(kernel_spectrum._COLUMNS, tuple(rows))}
    found = list(kernel_spectrum._differences({"dimensions": (2,)}, tables))
    assert [metric.id for metric in found] == ["nngp-difference-d-2", "ntk-difference-d-2"]
    for metric in found:
        assert metric.interval is not None and metric.interval[0] < 0.2 < metric.interval[1]
        assert metric.value == pytest.approx(0.2)
        assert "so their difference 0" in metric.note


def test_both_kernels_learn_a_smooth_target() -> None:
    found = replayed(RUN, RUN.presets["replay"].configuration, (0, 1))
    dimensions = RUN.presets["replay"].configuration["dimensions"]
    assert isinstance(dimensions, tuple)
    for name, t in (("nngp", 3), ("ntk", 1)):
        for d in map(int, dimensions):
            (metric,) = (one for one in found if one.id == f"{name}-data-smooth-d-{d}")
            assert metric.prediction is not None and metric.prediction.value == pytest.approx(2 * (d + t) / d)
