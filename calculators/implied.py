"""What a fitted exponent says about the dimension of the data, and what a measured dimension says about it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import sympy

from calculators.derivation import Status, Value
from calculators.scaling_exponent import CALCULATOR

EXACT = 1e-12
"""Below the bound by no more than this share is at the bound; standard errors below it are none."""

VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "consistent": "alpha = {alpha:.4g} is consistent with alpha >= {law}: the bound is {law} = {bound:.4g} at "
        "d = {dimension:g}.",
        "reaches": "alpha = {alpha:.4g} is below the bound {law} = {bound:.4g} at d = {dimension:g} by {share} %, "
        "{errors}; its interval reaches the bound, so it is still consistent with alpha >= {law}.",
        "below": "alpha = {alpha:.4g} is below the bound {law} = {bound:.4g} at d = {dimension:g} by {share} %, "
        "{errors}: not consistent with alpha >= {law}. Before that counts against the law, mind that estimated "
        "dimensions tend to be too low, which puts the bound too high.",
        "no-error": "no error to speak of",
        "one-error": "{errors} standard error",
        "errors": "{errors} standard errors",
    }
)
"""What an exponent says about the bound at a measured dimension, as templates; a page says the same."""


def two_digits(value: float) -> str:
    """A number with two digits, written out below a million: `250`, where `.2g` has `2.5e+02`."""
    return f"{float(f'{value:.2g}'):g}"


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
    """Degree, loss order and smoothness, and what else was set, as text."""
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
_MEASURED = CALCULATOR.symbols["alpha_obs"]
_ALPHA = sympy.Symbol("alpha", positive=True)
_ASKED = {"also": "measured"}
"""The question to which the dimension is the answer."""
_SHOWN = ("degree", "loss_order", "smoothness", "loss", "resource", "target")


def theory(settings: Mapping[str, Value]) -> Theory:
    """The scaling-exponent calculator's law for these settings, solved for the dimension.

    Args:
        settings: degree, and loss_order or loss; smoothness or target where it is not infinite; resource where it is
            not data. Not dimension, and nothing that leaves more than one dimension or none.

    Raises:
        calculators.derivation.SettingError: a setting is not one of the calculator's, or has no such value.
        OpenError: degree, the order of the loss or the smoothness is left open; or the settings are those of a law that
            tells no dimension.

    Valid for: the resolution-limited regime, see the calculator.
    """
    derivation = CALCULATOR.derive(**settings)
    inverse = CALCULATOR.derive(**settings, **_ASKED) if "also" not in settings else derivation
    if derivation.result is None or inverse.result is None or "also" in settings:
        reason = derivation.silence or inverse.silence or "also must be left out"
        raise OpenError(f"the settings must be those of a law that tells a dimension: {reason}")
    exponent = derivation.result.expression
    free = exponent.free_symbols - {_DIMENSION}
    if free:
        left = [parameter.id for parameter in CALCULATOR.parameters if parameter.symbol in free]
        raise OpenError(f"degree, loss_order and smoothness must be numbers; left open: {', '.join(left)}")
    solution = inverse.result.expression.subs(_MEASURED, _ALPHA)
    usual = {choice.id: choice.default for choice in CALCULATOR.choices}
    shown = tuple(
        (name, text) for name, text in derivation.parameters.items() if name in _SHOWN and usual.get(name) != text
    )
    return Theory(exponent, solution, derivation.result.text, shown, derivation.result.status)


def power() -> sympy.Expr:
    """Exponent times dimension, m*min(q + 1, s), in the letters of the scaling-exponent calculator."""
    exponent = CALCULATOR.derive(smoothness=CALCULATOR.symbols["s"].name).answer.expression
    (solution,) = sympy.solve(sympy.Eq(_ALPHA, exponent), _DIMENSION)
    return sympy.factor_terms(solution * _ALPHA)


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
    if alpha >= bound * (1 - EXACT):
        key, errors = "consistent", ""
    else:
        key = "reaches" if interval[1] >= bound else "below"
        errors = VERDICTS["no-error"]
        if standard_error > EXACT:
            counted = two_digits((bound - alpha) / standard_error)
            errors = VERDICTS["one-error" if counted == "1" else "errors"].format(errors=counted)
    share = two_digits(100 * (1 - alpha / bound))
    return VERDICTS[key].format(alpha=alpha, law=law.text, bound=bound, dimension=dimension, share=share, errors=errors)
