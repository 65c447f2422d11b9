"""Further tables of the run pages: local exponents beside the fit with an offset, and the most obvious test."""

import re

import numpy as np
import pytest

from calculators.runs import RUNS, estimates, intrinsic_dimension, provenance, variance_limited
from calculators.runs.record import from_csv, load
from calculators.runs.run import Run, Sheet, Table

FITTING = [run for run in RUNS if run.sheets is not type(run).__dataclass_fields__["sheets"].default]


def sheets(run: Run) -> tuple[Sheet, ...]:
    folder = provenance.RECORDS / run.id
    record = load(folder / "run-cpu.yml", "run-cpu.yml")
    tables = {
        file.name.removesuffix("-cpu.csv"): from_csv((folder / file.name).read_text(encoding="utf-8"), file.name)
        for file in record.files
    }
    return run.sheets(record.configuration, tables)


def test_every_run_that_fits_exponents_shows_local_ones() -> None:
    fitting = {run.id for run in RUNS if "exponent" in estimates.RULE and re.search("slope of", " ".join(run.method))}
    assert fitting <= {run.id for run in FITTING}
    assert len(fitting) >= 6


@pytest.mark.parametrize("run", FITTING, ids=lambda run: run.id)
def test_local_exponents_are_shown_with_and_without_an_offset(run: Run) -> None:
    (local,) = (sheet for sheet in sheets(run) if sheet.title.startswith("Local exponents"))
    assert local.rows and local.folded
    for _, steps, alone, offset in local.rows:
        assert re.fullmatch(r"\S+ to \S+: -?\d+\.\d{3}(; \S+ to \S+: -?\d+\.\d{3})+", steps)
        float(alone)
        assert re.fullmatch(r"-?\d+\.\d{3}, (not )?identified|not fitted: fewer than four sizes", offset)


def test_local_exponents_are_those_of_neighbouring_sizes() -> None:
    sizes = np.repeat([1.0, 2.0, 4.0, 8.0], 2)
    losses = np.repeat([1.0, 1 / 2, 1 / 8, 1 / 16], 2) * np.tile([0.99, 1 / 0.99], 4)
    (row,) = estimates.local_sheet([("made up", estimates.exponent(sizes, losses, "local"))]).rows
    assert row[:2] == ("made up", "1 to 2: 1.000; 2 to 4: 2.000; 4 to 8: 1.000")


def test_the_most_obvious_test_names_every_case() -> None:
    first = sheets(intrinsic_dimension.RUN)[0]
    assert not first.folded
    names = [row[0] for row in first.rows]
    assert names[:4] == [f"our students, {d} inputs, squared error" for d in (2, 3, 4, 6)]
    assert "GPT-2 small, cross-entropy, published" in names and len(names) == 10
    told = {row[0]: row[3] for row in first.rows}
    assert told["CIFAR-10 (test), published"] == "no, by 5 %" and told["FashionMNIST, published"] == "no, by 8 %"
    assert all(re.search(r"\(.* to .*\)", cell) for row in first.rows[:4] for cell in row[1:3])


def test_variance_limited_shows_what_it_fits() -> None:
    rows = [
        ("least-squares-far", size, seed, 0.0, 0.0, (1 + seed / 10) / size) for size in (1, 2, 4) for seed in (0, 1)
    ]
    tables = {"excess": Table(variance_limited._COLUMNS, tuple(rows))}
    (sheet,) = variance_limited.RUN.sheets({}, tables)
    assert sheet.rows == (
        ("least squares, many data", "1 to 2: 1.000; 2 to 4: 1.000", "1.000", "not fitted: fewer than four sizes"),
    )
