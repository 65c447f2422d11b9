"""The calculator against things that know nothing of it: simulations, hand-written losses, published relations."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from calculators import CATALOG, losses

Array = np.ndarray
Target = Callable[[Array], Array]
CALCULATOR = CATALOG["scaling-exponent"]


def alpha(**settings: object) -> float:
    return float(Fraction(CALCULATOR.derive(**settings).result.text))


def slope(sizes: list[int], values: list[float]) -> float:
    """Minus the least-squares slope of log value against log size."""
    return -float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def smooth_target(dimension: int, generator: np.random.Generator) -> Target:
    """A random trigonometric polynomial of period 1 in every coordinate, x: [n, d] -> [n]."""
    waves = generator.integers(-1, 2, (6, dimension))
    waves[:, 0] = 1
    phases, heights = generator.uniform(0, 2 * np.pi, 6), generator.normal(size=6)
    return lambda x: np.cos(2 * np.pi * x @ waves.T + phases) @ heights


def on_grid(target: Target, x: Array, cells: int, degree: int) -> Array:
    """Interpolation of the target from a periodic grid: constant, or linear on Kuhn's simplices.

    Kuhn's simplex of a point is found by sorting the fractional parts: from the lower corner walk along the axes in
    falling order of the fraction; the differences of successive fractions are the barycentric weights.
    """
    corner = np.floor(x * cells)
    part = x * cells - corner
    if degree == 0:
        return target((corner + (part > 0.5)) / cells)
    order = np.argsort(-part, axis=1)
    ordered = np.take_along_axis(part, order, axis=1)
    padded = np.concatenate([np.ones((len(x), 1)), ordered, np.zeros((len(x), 1))], axis=1)
    weights = padded[:, :-1] - padded[:, 1:]
    vertex = corner.copy()
    total = weights[:, 0] * target(vertex / cells)
    for k in range(x.shape[1]):
        vertex[np.arange(len(x)), order[:, k]] += 1
        total += weights[:, k + 1] * target(vertex / cells)
    return total


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
@pytest.mark.parametrize("degree", [0, 1])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_interpolation_on_a_grid(dimension: int, degree: int, order: int) -> None:
    """Within 5 %: what is left of the next order at 12 to 48 cells an axis, and of 4,000 queries."""
    generator = np.random.default_rng(140)
    target = smooth_target(dimension, generator)
    x = generator.random((4000, dimension))
    cells = [12, 17, 24, 34, 48]
    risks = [float(np.mean(np.abs(on_grid(target, x, n, degree) - target(x)) ** order)) for n in cells]
    measured = slope([n**dimension for n in cells], risks)
    assert measured == pytest.approx(alpha(dimension=dimension, degree=degree, loss_order=order), rel=0.05)


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("order", [1, 2])
def test_nearest_neighbour_on_random_points(dimension: int, order: int) -> None:
    """Within 7 %: three standard errors of the slope over four training sets, plus the next order."""
    sizes = [256, 512, 1024, 2048]
    generator = np.random.default_rng(140)
    target = smooth_target(dimension, generator)
    logs = np.zeros((4, len(sizes)))
    for run in range(4):
        for column, size in enumerate(sizes):
            points, x = generator.random((size, dimension)), generator.random((1000, dimension))
            gap = np.zeros((len(x), size))
            for axis in range(dimension):
                difference = np.abs(x[:, axis, None] - points[None, :, axis])
                gap += np.minimum(difference, 1 - difference) ** 2
            nearest = points[np.argmin(gap, axis=1)]
            logs[run, column] = np.log(np.mean(np.abs(target(nearest) - target(x)) ** order))
    measured = slope(sizes, list(np.exp(logs.mean(axis=0))))
    assert measured == pytest.approx(alpha(dimension=dimension, degree=0, loss_order=order), rel=0.07)


@pytest.mark.parametrize("smoothness", ["1/2", "3/2"])
@pytest.mark.parametrize("degree", [0, 1])
def test_rough_targets(smoothness: str, degree: int) -> None:
    """A lacunary series of known smoothness, d = 1, squared loss; within 0.06, as such series oscillate."""
    s = float(Fraction(smoothness))
    generator = np.random.default_rng(140)
    n = np.arange(22)
    measured = []
    for _ in range(12):
        phases = generator.uniform(0, 2 * np.pi, len(n))

        def target(x: Array, phases: Array = phases) -> Array:
            return np.cos(2 * np.pi * x * 2.0**n + phases) @ 2.0 ** (-s * n)

        x = generator.random((2000, 1))
        cells = [32, 64, 128, 256, 512]
        risks = [float(np.mean((on_grid(target, x, c, degree) - target(x)) ** 2)) for c in cells]
        measured.append(slope(cells, risks))
    expected = alpha(dimension=1, degree=degree, loss_order=2, smoothness=smoothness)
    assert np.mean(measured) == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_kinks_have_smoothness_one_plus_one_over_m(order: int) -> None:
    """Linear interpolation of |x - c| for 40,000 random c, d = 1: exponent m + 1, within 2 %.

    Only the cell that holds the kink has an error, so the mean over that cell counts with the share 1/n of inputs.
    """
    generator = np.random.default_rng(140)
    cells = [16, 64, 256, 1024]
    risks = []
    for n in cells:
        kink = generator.random(40_000)
        left = np.floor(kink * n) / n
        x = left + generator.random(40_000) / n
        ends = (np.abs(left - kink), np.abs(left + 1 / n - kink))
        line = ends[0] + (x - left) * n * (ends[1] - ends[0])
        risks.append(float(np.mean(np.abs(line - np.abs(x - kink)) ** order)) / n)
    expected = alpha(dimension=1, degree=1, loss_order=order, smoothness=str(1 + Fraction(1, order)))
    assert expected == order + 1
    assert slope(cells, risks) == pytest.approx(expected, rel=0.02)


LOSSES: dict[str, Callable[[float], float]] = {
    "absolute": abs,
    "squared": lambda e: e * e,
    "cross-entropy": lambda e: -0.3 * math.log1p(e / 0.3) - 0.7 * math.log1p(-e / 0.7),
    "cross-entropy-border": lambda e: -math.log1p(-e),
    "kl": lambda e: 0.3 * math.log(0.3 / (0.3 + e)) + 0.7 * math.log(0.7 / (0.7 - e)),
    "huber": lambda e: e * e / 2 if abs(e) <= 1 else abs(e) - 0.5,
    "log-cosh": lambda e: math.log(math.cosh(e)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_order_of_a_loss_by_halving_the_error(name: str) -> None:
    loss = LOSSES[name]
    measured = math.log2(loss(2e-3) / loss(1e-3))
    assert CALCULATOR.derive(loss=name).parameters["loss_order"] == str(round(measured))
    assert measured == pytest.approx(round(measured), abs=0.01)


def test_every_known_loss_has_an_oracle() -> None:
    assert [loss.id for loss in losses.known()] == list(LOSSES)


@pytest.mark.parametrize(("name", "at"), [("cross-entropy", 1 / (2 * 0.3 * 0.7)), ("huber", 0.5), ("log-cosh", 0.5)])
def test_the_coefficient_of_a_loss(name: str, at: float) -> None:
    (loss,) = (loss for loss in losses.known() if loss.id == name)
    coefficient = loss.term.expression.subs(losses.ERROR, 1)
    assert float(coefficient.subs({losses.PROBABILITY: 0.3})) == pytest.approx(at)
    assert LOSSES[name](1e-4) / 1e-8 == pytest.approx(at, rel=1e-3)


def test_a_loss_without_a_minimum_at_zero_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a loss must be 0 at e = 0 with a derivative that is not; got e \+ 1$"):
        losses.leading_term(losses.ERROR + 1)
    with pytest.raises(ValueError, match=r"got e\*\*9$"):
        losses.leading_term(losses.ERROR**9)


@pytest.mark.parametrize(
    ("settings", "published"),
    [
        # Bahri et al., Theorems 2 and 3: a Lipschitz loss.
        ({"degree": 0, "loss_order": 1}, "1/d"),
        # The newsletter: nearest neighbour, and piecewise linear with squared loss.
        ({"degree": 0, "loss_order": 2}, "2/d"),
        ({"degree": 1, "loss_order": 2}, "4/d"),
        # Sharma and Kaplan, eq. 2.3 with s = D^(-1/d), and eq. 3.4 for ReLU networks.
        ({}, "(q + 1)*m/d"),
        ({"degree": 1}, "2*m/d"),
        # Their KL divergence is quadratic at leading order.
        ({"degree": 1, "loss": "kl"}, "4/d"),
        # A ReLU teacher: 3/d for squared loss.
        ({"degree": 1, "loss_order": 2, "smoothness": "3/2"}, "3/d"),
    ],
)
def test_published_relations(settings: dict[str, object], published: str) -> None:
    derivation = CALCULATOR.derive(**settings)
    assert CALCULATOR.same(derivation, published)
    assert not CALCULATOR.same(derivation, f"{published} + 1/1000000")
