"""Example runs: experiments that measure what the calculators predict. Importing this loads no jax."""

from __future__ import annotations

from calculators.runs import (
    nearest_neighbour,
    overoptimisation,
    teacher_student_data,
    teacher_student_parameters,
    universal_rates,
)
from calculators.runs.run import Run

RUNS: tuple[Run, ...] = (
    nearest_neighbour.RUN,
    teacher_student_data.RUN,
    teacher_student_parameters.RUN,
    universal_rates.RUN,
    overoptimisation.RUN,
)
"""Every run, in the order in which they are listed."""

__all__ = ["RUNS"]
