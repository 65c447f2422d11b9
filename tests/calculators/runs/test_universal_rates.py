"""The run universal-rates against exact sums that do not come from it."""

import math
from fractions import Fraction

import numpy as np
import pytest

from calculators import universal_rates as derived
from calculators.runs import provenance
from calculators.runs import universal_rates as measured
from calculators.runs.randomness import generator
from calculators.runs.record import Table, from_csv, load
from calculators.runs.running import replayed
from calculators.runs.universal_rates import RUN, atom_errors, head_constant, line_errors, zipf_errors

FOLDER = provenance.RECORDS / RUN.id


def table() -> Table:
    return from_csv((FOLDER / "errors-cpu.csv").read_text(encoding="utf-8"), "errors-cpu.csv")


INPUTS = [(0.1, 0.1), *((0.4 / 2**place, 0.1 + 0.4 * (1 - 0.5**place)) for place in range(1, 41))]
"""Probability of each positive input, and that of all up to it."""


def spread(found: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    stacked = np.array(found)
    return stacked.mean(axis=0), stacked.std(axis=0, ddof=1) / math.sqrt(len(stacked))


def test_the_atom_is_the_exact_sum() -> None:
    """E err = sum over positive x of p_x (1 - P[t, x])^n, term by term, for few examples as well."""
    sizes = (1, 2, 5, 12)
    inputs = [0.1, *(0.4 / 2**place for place in range(1, 60))]
    exact = [sum(p * (1 - sum(inputs[: place + 1])) ** n for place, p in enumerate(inputs)) for n in sizes]
    mean, error = spread([atom_errors(generator(seed, "atom"), 4000, sizes) for seed in range(12)])
    assert np.all(np.abs(mean - exact) < 4 * error)


def test_the_line_is_the_exact_mean() -> None:
    """E min(gap, 1/2) = the integral of (1 - y)^n from 0 to 1/2, added up on a grid."""
    sizes = (1, 3, 20)
    y = (np.arange(20_000) + 0.5) / 40_000
    exact = [np.sum((1 - y) ** n) / 40_000 for n in sizes]
    mean, error = spread([line_errors(generator(seed, "line"), 3000, sizes) for seed in range(12)])
    assert np.all(np.abs(mean - exact) < 4 * error)


@pytest.mark.parametrize("tail", [Fraction(1), Fraction(1, 2)])
def test_zipf_is_the_exact_sum(tail: Fraction) -> None:
    """1/2 sum p_i (1 - p_i)^n: a million terms, and for the rest, of which n examples see nothing, the integral."""
    sizes, power, terms = (1, 10, 100), 1 + float(tail), 10**6
    head = float(head_constant(tail))
    p = head * np.arange(1, terms + 1, dtype=np.float64) ** -power
    rest = head * (terms + 0.5) ** -float(tail) / float(tail)
    exact = [(np.sum(p * (1 - p) ** n) + rest) / 2 for n in sizes]
    mean, error = spread([zipf_errors(generator(seed, "zipf"), 60, sizes, tail) for seed in range(12)])
    assert np.all(np.abs(mean - exact) < 4 * error + 1e-6)


def test_the_head_is_one_over_zeta() -> None:
    assert float(head_constant(Fraction(1))) == pytest.approx(6 / math.pi**2, abs=5e-7)
    assert float(head_constant(Fraction(3))) == pytest.approx(90 / math.pi**4, abs=5e-7)


def test_the_record_shows_three_kinds_of_curve() -> None:
    """Local slopes from the data alone: the first steepens, the second is -1, the others -a/(1 + a)."""
    found = table()
    slopes = {}
    for source in ("atom", "line", "zipf-1", "zipf-quarter"):
        rows = found.column("source") == source
        sizes = np.unique(found.column("n")[rows])
        means = np.array([found.column("error")[rows & (found.column("n") == n)].mean() for n in sizes])
        slopes[source] = np.diff(np.log(means)) / np.diff(np.log(sizes))
    assert slopes["atom"][-1] < -4 < slopes["atom"][4] < slopes["atom"][0] < 0
    assert slopes["line"][-1] == pytest.approx(-1, abs=0.04)
    assert slopes["zipf-1"][-1] == pytest.approx(-1 / 2, abs=0.02)
    assert slopes["zipf-quarter"][-1] == pytest.approx(-1 / 5, abs=0.01)


def test_the_record_agrees_with_closed_forms_written_here() -> None:
    metrics = {metric.id: metric for metric in load(FOLDER / "run-cpu.yml", "run-cpu.yml").metrics}
    expected = {
        "error-atom-n24": sum(p * (1 - below) ** 24 for p, below in INPUTS),
        "error-line-n1024": (1 - 0.5**1025) / 1025,
        "error-zipf-1-n16384": 0.5 * math.gamma(0.5) * (6 / math.pi**2) ** 0.5 / 2 * 16384**-0.5,
    }
    for name, value in expected.items():
        metric = metrics[name]
        assert metric.prediction is not None and metric.prediction.value == pytest.approx(value, rel=1e-5)
        assert metric.value == pytest.approx(value, rel=0.03)


def test_a_replay_is_the_same_each_time() -> None:
    configuration = RUN.presets["replay"].configuration
    assert replayed(RUN, configuration, (0, 1)) == replayed(RUN, configuration, (0, 1))


def test_the_figure_has_a_line_for_every_curve() -> None:
    record = load(FOLDER / "run-cpu.yml", "run-cpu.yml")
    (figure,) = RUN.figures(record.configuration, {"errors": table()})
    assert len(figure.series) == 4 and len(figure.lines) == 5
    for series, line in zip(figure.series, figure.lines[:4], strict=True):
        assert len(line.x) > 50 and (line.x[0], line.x[-1]) == (series.x[0], series.x[-1])
        assert line.y[-1] == pytest.approx(series.y[-1], rel=0.15)
    atom, straight = figure.lines[:2]
    assert atom.y == pytest.approx([sum(p * (1 - below) ** n for p, below in INPUTS) for n in atom.x])
    # The exact curve goes through the points at few examples as well; the leading term is what it tends to.
    theory = dict(zip(atom.x, atom.y, strict=True))
    for n, y in zip(figure.series[0].x[:5], figure.series[0].y[:5], strict=True):
        assert y == pytest.approx(theory[n], rel=0.02)
    leading = figure.lines[-1]
    assert leading.y == pytest.approx([0.1 * 0.9**n for n in leading.x])
    assert atom.y[0] > 3 * leading.y[0] and atom.y[-1] == pytest.approx(leading.y[-1], rel=1e-4)
    assert straight.y == pytest.approx([(1 - 0.5 ** (n + 1)) / (n + 1) for n in straight.x])


def test_the_caption_says_how_far_few_examples_are_off_and_the_answer_which_sizes_are_judged() -> None:
    record = load(FOLDER / "run-cpu.yml", "run-cpu.yml")
    (figure,) = RUN.figures(record.configuration, {"errors": table()})
    errors, rows = table(), {}
    for source, n, _, error in errors.rows:
        rows.setdefault((source, n), []).append(float(error))
    first = rows["zipf-1", 1]
    law = 0.5 * math.gamma(0.5) * (6 / math.pi**2) ** 0.5 / 2
    zipf = math.exp(sum(map(math.log, first)) / len(first)) / law
    assert f"with few the points are off them: {zipf:.2f} and " in figure.alt
    answer = RUN.answer(RUN.metrics(record.configuration, {"errors": errors}))
    assert answer.startswith(
        "8 of 8 simulated errors are consistent with the closed forms: exponential, 1/n and slow. "
    )
    assert "thresholds on the natural numbers, n = 24 and 64; thresholds on the line, n = 64 and 1,024; " in answer


def test_the_source_has_as_many_inputs_as_the_curve() -> None:
    assert measured._FURTHER == derived.FURTHER
