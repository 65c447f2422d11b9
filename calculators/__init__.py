"""Theory as calculators: each derives its answer step by step and every step can be checked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from calculators import scaling_exponent
from calculators.derivation import Calculator

CALCULATORS: tuple[Calculator, ...] = (scaling_exponent.CALCULATOR,)
CATALOG: Mapping[str, Calculator] = MappingProxyType({calculator.id: calculator for calculator in CALCULATORS})

__all__ = ["CALCULATORS", "CATALOG"]
