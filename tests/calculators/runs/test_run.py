"""The parts of a run's declaration refuse what cannot be; a prediction is computed, and jax is not loaded."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calculators.runs import RUNS
from calculators.runs.run import Figure, Line, Metric, Part, Prediction, Preset, Run, Series, Table
from tests.calculators.runs.made_up import made_up

PROJECT = Path(__file__).parents[3]


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_the_runs_load_without_jax() -> None:
    assert not loaded_by("import calculators.runs") & {"jax", "jaxlib", "optax", "tqdm", "digest", "mkdocs", "pydantic"}


def test_a_fresh_interpreter_would_show_jax() -> None:
    assert "jax" in loaded_by("import calculators.runs, jax")


def test_the_calculators_load_without_the_runs() -> None:
    assert "yaml" not in loaded_by("import calculators")


def test_ids_are_different() -> None:
    assert len({run.id for run in RUNS}) == len(RUNS)


def test_a_prediction_is_what_the_calculator_derives() -> None:
    prediction = Prediction("scaling-exponent", {"dimension": "3", "degree": "1", "loss_order": "2"})
    assert (prediction.value, prediction.text) == (4 / 3, "4/3")
    settings = {"dimension": "2", "points": "1000", "gradient": "1"}
    constant = Prediction("nearest-neighbour", settings, "constant")
    # Two dimensions: Gamma(2)/(2 pi).
    assert constant.value == pytest.approx(1 / (2 * np.pi), rel=1e-14)


def test_a_prediction_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a prediction must be a number; scaling-exponent gives 4/d$"):
        _ = Prediction("scaling-exponent", {"degree": "1", "loss_order": "2"}).value
    settings = {"dimension": "2", "points": "1000", "gradient": "1"}
    known = "exponent, constant, distance, halving, ratio"
    with pytest.raises(ValueError, match=rf"^nearest-neighbour has no quantity 'slope'; it has {known}$"):
        _ = Prediction("nearest-neighbour", settings, "slope").text


def test_a_table_has_columns() -> None:
    table = Table(("dimension", "loss"), ((1, 0.5), (2, 0.25)))
    assert table.column("loss").tolist() == [0.5, 0.25]
    with pytest.raises(ValueError, match=r"^a row must have 2 values; got \(1,\)$"):
        Table(("dimension", "loss"), ((1,),))
    with pytest.raises(ValueError, match=r"^columns must be different lower-case words joined by underscores; got"):
        Table(("dimension", "dimension"), ())


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a preset must have at least 1 seed; got 0$"):
        Preset({}, 0, "")
    with pytest.raises(ValueError, match=r"^a part's id must be lower-case words joined by hyphens; got '\.\./up'$"):
        Part("../up", "")
    with pytest.raises(ValueError, match=r"^metric alpha must have a prediction just when its verdict is not 'no pred"):
        Metric("alpha", "Exponent", "alpha", 1.0, None, 1, None, False, "consistent")
    with pytest.raises(ValueError, match=r"^metric alpha must have an interval from low to high; got \(2, 1\)$"):
        Metric("alpha", "Exponent", "alpha", 1.0, (2, 1), 1, None, False, "no prediction")
    with pytest.raises(ValueError, match=r"^series 'one' must have as many of each; got \[0, 1\]$"):
        Series("one", (1.0,), (1.0,), (1.0,), (1.0,), ())
    line = Line("zero", (1.0, 2.0), (0.0, 1.0), None)
    with pytest.raises(ValueError, match=r"^figure loss, 'zero': cannot be drawn on a log axis: 0\.0$"):
        Figure("loss", "Loss", "D", "L", "log", "log", (), (line,), "A line.")


def test_a_run_that_does_not_say_what_was_done_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^run made-up must say what was done; its method is empty$"):
        replace(made_up(), method=("", " "))


def test_a_curve_of_theory_is_the_formula_with_one_letter_open() -> None:
    squared = Prediction("scaling-exponent", {"dimension": "2", "degree": "1", "loss_order": "2"})
    assert squared.along("dimension", (1, 1.5, 8)) == pytest.approx((4, 4 / 1.5, 0.5))
    assert squared.along("dimension", (2,)) == pytest.approx((squared.value,))
    with pytest.raises(ValueError, match=r"^without target just one letter must be open; scaling-exponent gives 2$"):
        squared.along("target", (1,))
    open_ = Prediction("scaling-exponent", {"degree": "1", "loss_order": "2"})
    with pytest.raises(ValueError, match=r"^without loss_order just one letter must be open; scaling-exponent gives "):
        open_.along("loss_order", (2,))


def flags(run: Run, preset: str) -> dict[str, object]:
    """What decides which way the code goes: kinds of parts, words, and which numbers are 0."""
    configuration = run.presets[preset].configuration
    found: dict[str, object] = {"parts": {re.sub(r"(-\d+)+", "", part.id) for part in run.parts(configuration)}}
    for name, value in configuration.items():
        values = value if isinstance(value, tuple) else (value,)
        words = {one for one in values if isinstance(one, str)}
        found[name] = (words, any(one == 0 for one in values), any(one != 0 for one in values))
    return found


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.id)
def test_a_replay_goes_every_way_that_a_record_goes(run: Run) -> None:
    """Else a change to what the record rests on would pass as `replay agrees`."""
    expected = flags(run, "cpu")
    assert flags(run, "replay") == expected
    if "gpu" in run.presets:
        assert flags(run, "gpu") == expected


def test_the_replay_of_kernels_has_every_dimension_of_the_record() -> None:
    """The weight of the sphere, the harmonics and the numbers of examples depend on it."""
    (run,) = (run for run in RUNS if run.id == "kernel-spectrum")
    assert run.presets["replay"].configuration["dimensions"] == run.presets["cpu"].configuration["dimensions"]
