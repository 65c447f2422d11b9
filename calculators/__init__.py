"""Theory as calculators: each derives its answer step by step and every step can be checked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from calculators import (
    exponent_fit,
    goodhart,
    imagination_budget,
    kernel_spectrum,
    kl_balancing,
    nearest_neighbour,
    normalised_score,
    resource_planner,
    scaling_exponent,
    universal_rates,
    variance_limited,
)
from calculators.derivation import Calculator

CALCULATORS: tuple[Calculator, ...] = (
    scaling_exponent.CALCULATOR,
    variance_limited.CALCULATOR,
    kernel_spectrum.CALCULATOR,
    nearest_neighbour.CALCULATOR,
    resource_planner.CALCULATOR,
    exponent_fit.CALCULATOR,
    universal_rates.CALCULATOR,
    goodhart.CALCULATOR,
    kl_balancing.CALCULATOR,
    imagination_budget.CALCULATOR,
    normalised_score.CALCULATOR,
)
CATALOG: Mapping[str, Calculator] = MappingProxyType({calculator.id: calculator for calculator in CALCULATORS})

__all__ = ["CALCULATORS", "CATALOG"]
