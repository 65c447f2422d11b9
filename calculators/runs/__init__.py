"""Example runs: experiments that measure what the calculators predict. Importing this loads no jax."""

from __future__ import annotations

from calculators.runs import (
    discrete_latents,
    intrinsic_dimension,
    kernel_spectrum,
    nearest_neighbour,
    overoptimisation,
    piecewise_linear,
    teacher_student_data,
    teacher_student_parameters,
    universal_rates,
    variance_limited,
)
from calculators.runs.run import Run

RUNS: tuple[Run, ...] = (
    nearest_neighbour.RUN,
    piecewise_linear.RUN,
    teacher_student_data.RUN,
    teacher_student_parameters.RUN,
    variance_limited.RUN,
    kernel_spectrum.RUN,
    intrinsic_dimension.RUN,
    universal_rates.RUN,
    discrete_latents.RUN,
    overoptimisation.RUN,
)
"""Every run, in the order in which they are listed."""

__all__ = ["RUNS"]
