"""What the run variance-limited says of its own reach."""

import itertools

from calculators.runs import provenance
from calculators.runs.record import from_csv, load
from calculators.runs.variance_limited import RUN

FOLDER = provenance.RECORDS / RUN.id


def test_the_answer_gives_every_exponent_with_its_interval() -> None:
    record = load(FOLDER / "run-cpu.yml", "run-cpu.yml")
    tables = {"excess": from_csv((FOLDER / "excess-cpu.csv").read_text(encoding="utf-8"), "excess-cpu.csv")}
    answer = RUN.answer(RUN.metrics(record.configuration, tables))
    judged = [metric for metric in record.metrics if metric.prediction is not None]
    assert len(judged) == 4
    for metric in judged:
        assert metric.interval is not None
        low, high = metric.interval
        assert f": {metric.value:.2f} ({low:.2f} to {high:.2f}), {metric.verdict}" in answer


def test_the_question_asks_for_nothing_that_is_not_varied() -> None:
    """One dimension of the inputs in every preset, so the question must not be about dimensions."""
    assert all(isinstance(preset.configuration["dimension"], int) for preset in RUN.presets.values())
    assert "dimension" not in RUN.question
    assert any("this run does not test it: features and networks have inputs of one dimension" in x for x in RUN.limits)


def test_the_limits_own_up_to_an_excess_that_does_not_fall_every_time() -> None:
    table = from_csv((FOLDER / "excess-cpu.csv").read_text(encoding="utf-8"), "excess-cpu.csv")
    by_width: dict[int, list[float]] = {}
    for case, size, _, _, _, excess in table.rows:
        if case == "random-features":
            by_width.setdefault(int(size), []).append(float(excess))
    means = [sum(values) / len(values) for _, values in sorted(by_width.items())]
    assert any(later > earlier for earlier, later in itertools.pairwise(means))
    assert any("in the CPU record it does not fall with every doubling of the width" in limit for limit in RUN.limits)
