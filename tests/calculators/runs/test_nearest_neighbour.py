"""The run nearest-neighbour against oracles that do not use it."""

import math

import numpy as np
import pytest

from calculators.runs import provenance
from calculators.runs.nearest_neighbour import RUN, finite_losses, nearest, steepness, target
from calculators.runs.randomness import generator
from calculators.runs.record import from_csv, load
from calculators.runs.running import replayed

# Slopes of squared error measured elsewhere: D = 256 ... 4096, 1,500 queries, two seeds.
ELSEWHERE = {1: 1.98, 2: 1.01, 3: 0.65, 4: 0.44, 6: 0.265}


@pytest.mark.parametrize("dimension", [1, 2, 3, 6])
def test_the_nearest_is_the_nearest_of_all_copies_of_the_points(dimension: int) -> None:
    """Oracle: the torus unrolled, every point in 3^d copies, plain distances."""
    draw = generator(1, "nearest", dimension)
    points, queries = draw.random((40, dimension)), draw.random((60, dimension))
    shifts = np.stack(np.meshgrid(*[(-1, 0, 1)] * dimension, indexing="ij"), axis=-1).reshape(-1, dimension)
    copies = (points[None] + shifts[:, None]).reshape(-1, dimension)
    expected = [int(np.argmin(np.linalg.norm(copies - query, axis=1))) % len(points) for query in queries]
    assert nearest(queries, points).tolist() == expected


def test_the_steepness_is_that_of_the_target() -> None:
    """Oracle: differences over 10^-6 at 20,000 random places."""
    draw = generator(2, "steepness")
    inputs, phases, step = draw.random((20_000, 3)), draw.random(3), 1e-6
    slopes = [(target(inputs + step * axis, phases) - target(inputs, phases)) / step for axis in np.eye(3)]
    squares = np.sum(np.square(slopes), axis=0)
    error = squares.std() / math.sqrt(len(squares))
    assert abs(squares.mean() - steepness(3)) < 4 * error


def test_one_dimension_has_the_exact_mean_at_every_size() -> None:
    """Oracle: the distance to the nearest of D points on a circle has E r^2 = 1/(2 (D + 1)(D + 2)), by integration."""
    draw, size = generator(4, "exact"), 16
    squares = []
    for _ in range(300):
        points, queries = draw.random((size, 1)), draw.random((40, 1))
        way = np.abs(points[nearest(queries, points)] - queries)
        squares.append(np.mean(np.minimum(way, 1 - way) ** 2))
    error = np.std(squares) / math.sqrt(len(squares))
    assert abs(np.mean(squares) - 1 / (2 * (size + 1) * (size + 2))) < 4 * error


@pytest.mark.parametrize("dimension", [1, 2, 4, 6])
def test_the_law_of_finite_sizes_is_that_of_the_series(dimension: int) -> None:
    """Oracle: d (1 − E cos 2 pi delta), term by term: E u^p = Gamma(1 + p) Gamma(D + 1)/Gamma(D + 1 + p), u = V r^d."""
    sizes = 2.0 ** np.arange(8, 16)
    log_ball = dimension / 2 * math.log(math.pi) - math.lgamma(dimension / 2 + 1)
    exact = []
    for size in sizes:
        total = 0.0
        for k in range(1, 40):
            p = 2 * k / dimension
            moment = math.lgamma(1 + p) + math.lgamma(size + 1) - math.lgamma(size + 1 + p) - p * log_ball
            angle = math.lgamma(dimension / 2) - math.lgamma(k + 1) - math.lgamma(k + dimension / 2)
            total -= (-1) ** k * math.exp(2 * k * math.log(math.pi) + moment + angle)
        exact.append(dimension * total)
    found = finite_losses(dimension, sizes)
    assert found["squared"] == pytest.approx(exact, rel=0.05)
    slopes = {loss: np.polyfit(np.log(sizes), np.log(values), 1)[0] for loss, values in found.items()}
    assert slopes["squared"] == pytest.approx(np.polyfit(np.log(sizes), np.log(exact), 1)[0], abs=5e-4)
    # To leading order the absolute error is the root of the squared one, and so is the first correction.
    assert slopes["absolute"] == pytest.approx(slopes["squared"] / 2, rel=0.002)


def test_a_replay_is_the_same_each_time_and_differs_by_seed() -> None:
    configuration = RUN.presets["replay"].configuration
    first, again, other = (replayed(RUN, configuration, seeds) for seeds in ((0, 1), (0, 1), (2, 3)))
    assert first == again
    assert [metric.value for metric in first] != [metric.value for metric in other]


def test_the_record_agrees_with_what_was_measured_elsewhere() -> None:
    """The sizes 256 to 4,096 of the record, fitted here by numpy, beside the slopes of other code on another target.

    Where the law has set in (d <= 3) the target makes no difference; in four and six dimensions it does, and ours,
    which is smoother, must lie between those slopes and the limit 2/d.
    """
    folder = provenance.RECORDS / RUN.id
    table = from_csv((folder / "losses-cpu.csv").read_text(encoding="utf-8"), "losses-cpu.csv")
    for dimension, expected in ELSEWHERE.items():
        rows = (table.column("dimension") == dimension) & (table.column("points") <= 4096)
        log_losses = np.log(table.column("squared")[rows])
        slope = -np.polyfit(np.log(table.column("points")[rows]), log_losses, 1)[0]
        if dimension <= 3:
            # Two seeds there: the scatter of such a slope is about 2 % of it, the shift from few points as much.
            assert abs(slope - expected) < 0.05 * expected, (dimension, slope)
        else:
            assert expected < slope < 2 / dimension, (dimension, slope)


def test_the_record_says_what_the_theory_says_of_it() -> None:
    record = load(provenance.RECORDS / RUN.id / "run-cpu.yml", "run-cpu.yml")
    assert record.machine.jax is None and record.machine.precision == "float64"
    metrics = {metric.id: metric for metric in record.metrics}
    for d in range(1, 7):
        for loss, order in (("squared", 2), ("absolute", 1)):
            metric = metrics[f"alpha-{loss}-d{d}"]
            assert metric.prediction is not None and metric.prediction.value == pytest.approx(order / d)
            assert metric.value == pytest.approx(order / d, rel=0.06)
        volume = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
        closed = steepness(d) / d * math.gamma(1 + 2 / d) * (volume * 32768) ** (-2 / d)
        loss_metric = metrics[f"loss-d{d}"]
        assert loss_metric.prediction is not None and loss_metric.prediction.value == pytest.approx(closed)


def test_the_figures_show_every_dimension_beside_its_theory() -> None:
    folder = provenance.RECORDS / RUN.id
    record = load(folder / "run-cpu.yml", "run-cpu.yml")
    tables = {"losses": from_csv((folder / "losses-cpu.csv").read_text(encoding="utf-8"), "losses-cpu.csv")}
    figures = {figure.id: figure for figure in RUN.figures(record.configuration, tables)}
    assert list(figures) == ["exponents", "squared-error", "absolute-error"]
    assert [len(figure.series) for figure in figures.values()] == [2, 6, 6]
    assert [len(figure.lines) for figure in figures.values()] == [2, 6, 6]
    for line, order in zip(figures["exponents"].lines, (2, 1), strict=True):
        assert len(line.x) > 50 and line.y == pytest.approx([order / d for d in line.x])
    for line, points in zip(figures["squared-error"].lines, figures["squared-error"].series, strict=True):
        assert line.y[-1] == pytest.approx(points.y[-1], rel=0.1)


def test_the_answer_counts_verdicts() -> None:
    record = load(provenance.RECORDS / RUN.id / "run-cpu.yml", "run-cpu.yml")
    folder = provenance.RECORDS / RUN.id
    tables = {"losses": from_csv((folder / "losses-cpu.csv").read_text(encoding="utf-8"), "losses-cpu.csv")}
    metrics = RUN.metrics(record.configuration, tables)
    consistent = sum(metric.verdict == "consistent" for metric in metrics if metric.id.startswith("alpha-"))
    assert RUN.answer(metrics).startswith(f"{consistent} of 12 measured exponents are consistent with 2/d and 1/d")


def test_the_note_on_a_loss_says_how_far_it_is_from_theory_with_digits_that_count() -> None:
    folder = provenance.RECORDS / RUN.id
    record = load(folder / "run-cpu.yml", "run-cpu.yml")
    tables = {"losses": from_csv((folder / "losses-cpu.csv").read_text(encoding="utf-8"), "losses-cpu.csv")}
    rows = [row for row in tables["losses"].rows if row[:2] == (1, 32768)]
    measured = sum(float(row[3]) for row in rows) / len(rows)
    found = {metric.id: metric for metric in RUN.metrics(record.configuration, tables)}
    closed = found["loss-d1"].prediction
    assert closed is not None
    share = 100 * (measured / closed.value - 1)
    side = "above" if share > 0 else "below"
    assert f"measured is {abs(share):.2g} % {side} it. This is the mean over seeds" in found["loss-d1"].note
    assert not any(" 0 %" in metric.note or "0.0 %" in metric.note for metric in found.values())
