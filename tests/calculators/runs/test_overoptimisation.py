"""The run overoptimisation against numbers that do not come from it."""

import math
from pathlib import Path

import numpy as np
import pytest

from calculators.runs import overoptimisation, provenance
from calculators.runs.overoptimisation import RUN
from calculators.runs.randomness import generator
from calculators.runs.record import RecordedMetric, from_csv, load
from calculators.runs.run import Prediction, Table
from calculators.runs.running import replayed

FOLDER = provenance.RECORDS / RUN.id


def metrics() -> dict[str, RecordedMetric]:
    return {metric.id: metric for metric in load(FOLDER / "run-cpu.yml", "run-cpu.yml").metrics}


def tables() -> dict[str, Table]:
    names = ("best-of-n", "observed", "distance")
    return {name: from_csv(Path(FOLDER / f"{name}-cpu.csv").read_text(encoding="utf-8"), name) for name in names}


def test_the_heavy_tail_peaks_and_falls_as_measured_elsewhere() -> None:
    """Other code, other random numbers: 0.87 near n = 32, 0.22 at n = 4,096; here within four standard errors."""
    found = metrics()
    for name, elsewhere in (("value-student-peak", 0.87), ("value-student-n4096", 0.22)):
        metric = found[name]
        assert metric.interval is not None and metric.prediction is not None
        assert metric.verdict == "consistent" and abs(metric.prediction.value - elsewhere) < 0.006
        error = (metric.interval[1] - metric.interval[0]) / 2 / 2.365  # Student's t with 7 degrees of freedom
        assert abs(metric.value - elsewhere) < 4 * error + 0.005
    best = tables()["best-of-n"]
    student = best.column("law") == "student"
    means = {n: best.column("value")[student & (best.column("n") == n)].mean() for n in (1, 32, 512, 4096)}
    assert means[1] < means[4096] < means[512] < means[32], "up, then down, and never below the start"
    proxies = [best.column("proxy")[student & (best.column("n") == n)].mean() for n in (1, 32, 512, 4096)]
    assert proxies == sorted(proxies), "the proxy itself only rises"


def test_the_gaussian_values_are_half_the_expected_maximum() -> None:
    """With equal spreads E V = E max(Z_1 ... Z_n)/sqrt(2); the maximum by quadrature in numpy, on a fine grid."""
    z = np.linspace(-10, 10, 200_001)
    below = 0.5 * (1 + np.vectorize(math.erf)(z / math.sqrt(2)))
    for n in (32, 4096):
        expected = np.sum(np.diff(below**n) * (z[1:] + z[:-1]) / 2) / math.sqrt(2)
        metric = metrics()[f"value-gaussian-n{n}"]
        assert metric.prediction is not None and metric.prediction.value == pytest.approx(expected, rel=1e-6)
        assert metric.value == pytest.approx(expected, rel=0.02)


def test_the_distance_is_the_known_one() -> None:
    for n in (2, 8, 32, 128):
        metric = metrics()[f"distance-n{n}"]
        expected = math.sqrt(math.log(n) - (n - 1) / n)
        assert metric.prediction is not None and metric.prediction.value == pytest.approx(expected)
        assert metric.value == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("law", "variance"), [("gaussian", 1.0), ("laplace", 2.0), ("student", 3.0)])
def test_the_errors_have_their_law(law: str, variance: float) -> None:
    """Medians of squares and of signs do not depend on the heavy tail: quartiles of the three laws, known exactly."""
    drawn = overoptimisation.errors(law, generator(9, "law", law), (400, 500)).ravel()
    quartile = {"gaussian": 0.674490, "laplace": math.log(2), "student": 0.764892}[law]
    error = 3 * math.sqrt(0.25 / drawn.size)
    assert abs(np.mean(np.abs(drawn) < quartile) - 0.5) < error
    assert abs(np.mean(drawn > 0) - 0.5) < error
    if law != "student":
        assert np.var(drawn) == pytest.approx(variance, rel=0.02)


def test_a_replay_is_the_same_each_time() -> None:
    configuration = RUN.presets["replay"].configuration
    assert replayed(RUN, configuration, (0, 1)) == replayed(RUN, configuration, (0, 1))


def test_the_figure_has_a_line_of_theory_for_each_law() -> None:
    record = load(FOLDER / "run-cpu.yml", "run-cpu.yml")
    (figure,) = RUN.figures(record.configuration, tables())
    assert [line.label for line in figure.lines] == [
        f"theory, {law}" for law in ("Gaussian", "Laplace", "Student-t(3)")
    ]
    assert len(figure.series) == 3 and len(figure.series[0].x) == 13
    assert figure.lines[0].y[:3] == pytest.approx(
        (0.0, 1 / math.sqrt(2 * math.pi), 3 / math.sqrt(8 * math.pi)), abs=1e-9
    )
    for line in figure.lines:
        law = line.label.removeprefix("theory, ").lower().removesuffix("-t(3)")
        assert len(line.x) > (20 if law == "student" else 50) and (line.x[0], line.x[-1]) == (1, 4096)
        for n in (32, 4096):  # between the points that are whole settings the curve has no corner
            heights = dict(zip(line.x, line.y, strict=True))
            near = min(heights, key=lambda x, n=n: abs(x - n))
            settings = {"question": "best-of-n", "error": law, "value_spread": "1", "error_scale": "1", "degrees": "3"}
            exact = Prediction("goodhart", settings | {"samples": str(near)}).value
            assert heights[near] == pytest.approx(exact, abs=1e-5)
    consistent = sum(metric.verdict == "consistent" for metric in metrics().values())
    answer = RUN.answer(RUN.metrics(record.configuration, tables()))
    assert answer.startswith(f"{consistent} of 13 simulated values are consistent with the formulas")
