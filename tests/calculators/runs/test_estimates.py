"""Exponents, intervals and verdicts on losses whose law is known."""

import numpy as np
import pytest

from calculators.runs import estimates
from calculators.runs.randomness import generator
from calculators.runs.run import Prediction

ALPHA_ONE = Prediction("scaling-exponent", {"dimension": "4", "degree": "1", "loss_order": "2"})
SIZES = np.repeat(2.0 ** np.arange(5, 13), 8)


def losses(law, noise: float = 0.02, seed: int = 0):  # type: ignore[no-untyped-def]
    return law(SIZES) * np.exp(noise * generator(seed, "test").standard_normal(SIZES.size))


def test_a_power_law_is_found_and_judged() -> None:
    found = estimates.exponent(SIZES, losses(lambda x: 3 / x), "test")
    low, high = found.interval
    assert low < 1 < high and high - low < 0.02
    assert found.seeds == 8 and not found.drifts
    assert estimates.verdict(found, ALPHA_ONE, bound=False) == "consistent"
    assert estimates.verdict(found, None, bound=False) == "no prediction"


@pytest.mark.parametrize(
    ("law", "bound", "expected"),
    [
        (lambda x: x**-0.9, False, "not consistent"),
        (lambda x: x**-0.9, True, "below the bound"),
        (lambda x: x**-1.1, False, "not consistent"),
        (lambda x: x**-1.1, True, "above the bound"),
        (lambda x: 1 / (x + 100), False, "not asymptotic"),
        (lambda x: 1 / x + 0.02, False, "not consistent"),
        (lambda x: 1 / x + 20 / x**2, False, "consistent"),
    ],
)
def test_verdicts(law, bound: bool, expected: str) -> None:  # type: ignore[no-untyped-def]
    """The last law flattens towards the prediction and has nearly arrived in the larger half."""
    resolution = 0.05 if expected == "consistent" else 0.0
    found = estimates.exponent(SIZES, losses(law, 0.01), "test")
    assert estimates.verdict(found, ALPHA_ONE, bound=bound, resolution=resolution) == expected


def test_the_resolution_is_relative() -> None:
    found = estimates.exponent(SIZES, losses(lambda x: x**-0.97, 0.001), "test")
    assert estimates.verdict(found, ALPHA_ONE, bound=False) == "not consistent"
    assert estimates.verdict(found, ALPHA_ONE, bound=False, resolution=0.04) == "consistent"


def test_the_note_tells_of_movement_and_offset() -> None:
    found = estimates.exponent(SIZES, losses(lambda x: 1 / x + 0.02, 0.001), "test")
    assert found.drifts and found.early > found.late
    assert "With an irreducible loss of 0.02 fitted too, alpha is 0.999" in found.note
    assert f"Over the larger half of the sizes alpha is {found.late:.3g} (" in found.note
    plain = estimates.exponent(SIZES, losses(lambda x: 1 / x), "test")
    assert plain.note.endswith("No irreducible loss can be told from 0 or pinned down.")


def test_intervals_cover_as_often_as_they_say() -> None:
    """Student's t: of 400 intervals from five normal numbers, 95 % hold the mean, within three standard errors."""
    draw = generator(3, "coverage")
    hits = 0
    for _ in range(400):
        _, low, high = estimates.mean_and_interval(draw.normal(2.0, 1.0, 5))
        hits += low <= 2.0 <= high
    assert abs(hits / 400 - 0.95) < 3 * (0.95 * 0.05 / 400) ** 0.5


def test_points_of_a_figure_are_geometric_means() -> None:
    points = estimates.series("loss", np.array([1.0, 1.0, 2.0]), np.array([1.0, 4.0, 3.0]), {2.0: "not converged"})
    assert points.x == (1.0, 2.0) and points.y == pytest.approx((2.0, 3.0))
    assert points.low[1] == points.high[1] == pytest.approx(3.0)
    assert points.left_out == ("", "not converged")
    line = estimates.power_line("slope", points, ALPHA_ONE)
    assert line.y == pytest.approx((2.0, 1.0)), "through the last point that counts"


def test_generators_differ_by_every_name() -> None:
    drawn = {
        generator(seed, *names).random() for seed in (0, 1) for names in (("a",), ("b",), ("a", 1), ("a", 11), ("a1",))
    }
    assert len(drawn) == 10
    assert generator(0, "a").random() == generator(0, "a").random()
