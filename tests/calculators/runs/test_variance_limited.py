"""What the run variance-limited says of its own reach."""

import itertools

import numpy as np
import pytest

from calculators.runs import provenance, variance_limited
from calculators.runs.record import from_csv, load
from calculators.runs.run import Series
from calculators.runs.variance_limited import RUN, noisy
from digest.pages import numbers

FOLDER = provenance.RECORDS / RUN.id


def test_the_answer_gives_every_exponent_with_its_interval() -> None:
    record = load(FOLDER / "run-cpu.yml", "run-cpu.yml")
    tables = {"excess": from_csv((FOLDER / "excess-cpu.csv").read_text(encoding="utf-8"), "excess-cpu.csv")}
    answer = RUN.answer(RUN.metrics(record.configuration, tables))
    judged = [metric for metric in record.metrics if metric.prediction is not None]
    assert len(judged) == 4
    for metric in judged:
        assert metric.interval is not None
    for metric in RUN.metrics(record.configuration, tables):
        if metric.prediction is not None:
            assert metric.interval is not None
            places = numbers.decimals(metric.value, metric.interval)
            number = f"{numbers.plain(metric.value, places)} ({numbers.between(metric.interval, places)})"
            assert f": {number}, {metric.verdict}" in answer, "rounded as in the table of the page"


def test_the_question_asks_for_nothing_that_is_not_varied() -> None:
    """One dimension of the inputs in every preset, so the question must not be about dimensions."""
    assert all(isinstance(preset.configuration["dimension"], int) for preset in RUN.presets.values())
    assert "dimension" not in RUN.question
    assert any("this run does not test it: features and networks have inputs of one dimension" in x for x in RUN.limits)


def test_sizes_are_left_out_by_their_scatter_and_with_all_larger_ones() -> None:
    sizes = np.repeat([1.0, 2.0, 4.0, 8.0], 3)
    losses = np.array([8.0, 9, 10, 4, 5, 6, 0.1, 0.2, 2.0, 1, 1.1, 1.2])
    assert list(noisy(sizes, losses)) == [4.0, 8.0]
    assert list(noisy(sizes[:6], losses[:6])) == []
    assert list(noisy(sizes[:6], np.array([8.0, 9, 10, 4, 5, -1]))) == [2.0]


def test_captions_and_lines_come_from_all_points() -> None:
    record = load(FOLDER / "run-cpu.yml", "run-cpu.yml")
    tables = {"excess": from_csv((FOLDER / "excess-cpu.csv").read_text(encoding="utf-8"), "excess-cpu.csv")}
    for figure in RUN.figures(record.configuration, tables):
        if figure.id == "least-squares":
            continue
        (points,), (line,) = figure.series, figure.lines
        steps = list(itertools.pairwise(points.y))
        falls = sum(b < a for a, b in steps)
        assert (f"at {falls} of {len(steps)} steps" if falls < len(steps) else "at every step") in figure.alt
        height = np.exp(np.mean(np.log(points.y)) + np.mean(np.log(points.x)))
        assert line.y == pytest.approx([height / x for x in line.x])
    made = Series("made", (1.0, 2.0, 4.0), (4.0, 1.0, 2.5), (4.0, 1.0, 2.5), (4.0, 1.0, 2.5), ("", "", ""))
    assert variance_limited._caption(made).startswith("The excess loss falls at 1 of 2 steps from one size to the next")
