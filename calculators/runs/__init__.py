"""Example runs: experiments that measure what the calculators predict. Importing this loads no jax."""

from __future__ import annotations

from calculators.runs import nearest_neighbour
from calculators.runs.run import Run

RUNS: tuple[Run, ...] = (nearest_neighbour.RUN,)
"""Every run, in the order in which they are listed."""

__all__ = ["RUNS"]
