"""The gpu presets where there is no GPU: every part at a thousandth of its work, and the real shapes traced."""

import math

import numpy as np
import pytest

from calculators.runs import RUNS
from calculators.runs.record import from_csv, to_csv
from calculators.runs.run import Configuration, Run, Table

jax = pytest.importorskip("jax")

from calculators.runs import sharding, students, teacher_student_data, teacher_student_parameters  # noqa: E402
from calculators.runs.students import Members, Task  # noqa: E402

WITH_GPU = [run for run in RUNS if "gpu" in run.presets]
LESS = {
    "teacher_width": 4,
    "student_width": 4,
    "units": 4,
    "recurrent": 4,
    "steps": 8,
    "checkpoints": 2,
    "test_points": 32,
    "points": 200,
    "draws": 3,
    "feature_draws": 3,
    "network_draws": 2,
    "batch": 8,
    "held_out": 32,
    "nodes": 8,
    "starts": 4,
    "imagined": 8,
    "continued": 2,
}
"""What each student costs; how many there are, and of which kinds, stays as in the preset."""


def measured(run: Run, configuration: Configuration, seeds: tuple[int, ...]) -> dict[str, Table]:
    """All parts' rows by table, through the text of the files."""
    rows: dict[str, list[tuple[object, ...]]] = {}
    columns = {}
    for part in run.parts(configuration):
        for name, table in run.measure(configuration, part, seeds).items():
            rows.setdefault(name, []).extend(table.rows)
            columns[name] = table.columns
    return {name: from_csv(to_csv(Table(columns[name], tuple(rows[name]))), name) for name in rows}  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("run", WITH_GPU, ids=lambda run: run.id)
def test_every_part_leads_to_metrics_figures_and_an_answer(run: Run) -> None:
    whole = run.presets["gpu"].configuration
    configuration = {name: LESS.get(name, value) for name, value in whole.items()}
    tables = measured(run, configuration, (0, 1))
    metrics = run.metrics(configuration, tables)
    for metric in metrics:
        assert math.isfinite(metric.value), metric
    for figure in run.figures(configuration, tables):
        assert figure.series, figure.id
        for series in figure.series:
            assert np.isfinite(series.y).all(), figure.id
    answer = run.answer(metrics)
    assert answer.endswith(".") and "0 of 0" not in answer


class SeenError(Exception):
    """Ends a part before it trains; carries what it would have trained."""

    def __init__(self, task: Task, members: Members) -> None:
        self.task, self.members = task, members


@pytest.mark.slow
@pytest.mark.parametrize("run", [teacher_student_data.RUN, teacher_student_parameters.RUN], ids=lambda run: run.id)
def test_the_real_shapes_trace_and_fit_on_one_device(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def seen(task: Task, members: Members, title: str) -> None:
        raise SeenError(task, members)

    monkeypatch.setattr(sharding, "run", seen)
    preset = run.presets["gpu"]
    count = 0
    for part in run.parts(preset.configuration):
        with pytest.raises(SeenError) as caught:
            run.measure(preset.configuration, part, tuple(range(preset.seeds)))
        task, members = caught.value.task, caught.value.members
        count += len(members.seed)
        outcome = jax.eval_shape(lambda members, task=task: students.train(task, members), members)
        assert outcome.test.shape == (len(members.seed), len(students.POWERS))
        assert outcome.test.dtype == np.float32
        # 40 GB is what the smaller data-centre GPUs have; the share that is used of it is `sharding`'s own.
        assert len(members.seed) * sharding.member_bytes(task) < 0.6 * 40e9
    assert f"{count:,} students" in preset.expect
