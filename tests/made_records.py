"""A record for tests, made by the runner from the tiny configuration of a real run: nothing in it is invented."""

from dataclasses import replace
from pathlib import Path

from calculators.runs.nearest_neighbour import RUN
from calculators.runs.run import Run
from calculators.runs.running import carry_out, plan

TINY: Run = replace(RUN, presets={"cpu": RUN.presets["replay"], "replay": RUN.presets["replay"]})


def write(runs: Path) -> Path:
    """The folder of the record, in the folder of all records."""
    carry_out(plan(TINY, "cpu", runs, commit=None), say=lambda line: None)
    return runs / TINY.id
