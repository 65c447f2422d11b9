"""What a fitted exponent says about the dimension of the data, and what a measured dimension says about it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import sympy

from calculators.derivation import Status, Value
from calculators.scaling_exponent import CALCULATOR

_EXACT = 1e-12


class OpenError(ValueError):
    """A setting that the dimension depends on was left open; the message is one line."""


@dataclass(frozen=True)
class Theory:
    """The exponent that the resolution-limited law gives, with the dimension left open."""

    exponent: sympy.Expr
    """alpha as an expression in d alone."""
    dimension: sympy.Expr
    """d as an expression in alpha alone: the same equation, solved."""
    text: str
    """The exponent in plain text: `4/d`."""
    settings: tuple[tuple[str, str], ...]
    """Degree, loss order and smoothness, as text."""
    status: Status

    def exponent_at(self, dimension: float) -> float:
        """The exponent for a dimension, a positive number."""
        return float(self.exponent.subs(_DIMENSION, sympy.Float(dimension, 30)))

    def dimension_at(self, alpha: float) -> float:
        """The dimension for an exponent; infinite for 0 or less."""
        return float(self.dimension.subs(_ALPHA, sympy.Float(alpha, 30))) if alpha > 0 else math.inf


@dataclass(frozen=True)
class ImpliedDimension:
    """The dimension that gives the fitted exponent."""

    dimension: float
    standard_error: float
    """To first order: d times the relative error of alpha."""
    interval: tuple[float, float]
    """Of the ends of alpha's interval; the upper end is infinite where that reaches 0."""


_DIMENSION = CALCULATOR.symbols["d"]
_LETTERS = {parameter.id: parameter.symbol.name for parameter in CALCULATOR.parameters if parameter.id != "dimension"}
_ALPHA = sympy.Symbol("alpha", positive=True)


def theory(settings: Mapping[str, Value]) -> Theory:
    """The scaling-exponent calculator's law for these settings, solved for the dimension.

    Args:
        settings: degree, and loss_order or loss; smoothness where it is not infinite. Not dimension.

    Raises:
        calculators.derivation.SettingError: a setting is not one of the calculator's, or has no such value.
        OpenError: degree, the order of the loss or the smoothness is left open.

    Valid for: the resolution-limited regime, see the calculator.
    """
    derivation = CALCULATOR.derive(**settings)
    result = derivation.answer
    exponent = result.expression
    if exponent.free_symbols - {_DIMENSION}:
        left = [name for name, text in derivation.parameters.items() if text == _LETTERS.get(name)]
        raise OpenError(f"degree, loss_order and smoothness must be numbers; left open: {', '.join(left)}")
    (solution,) = sympy.solve(sympy.Eq(_ALPHA, exponent), _DIMENSION)
    shown = tuple((name, text) for name, text in derivation.parameters.items() if name != "dimension")
    return Theory(exponent, solution, result.text, shown, result.status)


def implied_dimension(
    law: Theory, alpha: float, standard_error: float, interval: tuple[float, float]
) -> ImpliedDimension | None:
    """The dimension that gives this exponent, with its error; None when alpha is not positive.

    Args:
        law: from `theory`.
        alpha: the fitted exponent.
        standard_error: of alpha.
        interval: of alpha.
    """
    if alpha <= 0:
        return None
    d = law.dimension_at(alpha)
    ends = (law.dimension_at(interval[1]), law.dimension_at(interval[0]))
    return ImpliedDimension(d, d * standard_error / alpha, ends)


def verdict(law: Theory, alpha: float, standard_error: float, interval: tuple[float, float], dimension: float) -> str:
    """What the fitted exponent says about the bound at a measured dimension. It never confirms anything.

    Args:
        law: from `theory`; its exponent is a lower bound for alpha.
        alpha: the fitted exponent, with its standard error and interval.
        standard_error: of alpha, 0 or more.
        interval: of alpha.
        dimension: measured, positive.
    """
    bound = law.exponent_at(dimension)
    claim = f"alpha >= {law.text}"
    at = f"{law.text} = {bound:.4g} at d = {dimension:g}"
    if alpha >= bound * (1 - _EXACT):
        return f"alpha = {alpha:.4g} is consistent with {claim}: the bound is {at}."
    share = f"{100 * (1 - alpha / bound):.2g} %"
    errors = _counted((bound - alpha) / standard_error) if standard_error > _EXACT else "no error to speak of"
    below = f"alpha = {alpha:.4g} is below the bound {at} by {share}, {errors}"
    if interval[1] >= bound:
        return f"{below}; its interval reaches the bound, so it is still consistent with {claim}."
    return (
        f"{below}: not consistent with {claim}. Before that counts against the law, mind that estimated dimensions "
        "tend to be too low, which puts the bound too high."
    )


def _counted(errors: float) -> str:
    text = f"{errors:.2g}"
    return f"{text} standard error{'' if text == '1' else 's'}"
