"""Every step of a derivation checked by its kind, in numbers of 50 digits.

SymPy's `simplify(before - after) == 0` is no test: it fails on true identities and may take long. Numbers are a test
that can fail: an identity must hold at seeded points, a leading-order step must show its exponent on functions that
are not built from it. An integral over integrals alone is compared in floats, to ten digits.
"""

from __future__ import annotations

import random

import sympy
from mpmath import MPContext, mpf

from calculators import nested, numeric
from calculators.derivation import Derivation, Limit, Step, Witness
from calculators.numeric import Values
from calculators.quadrature import QuadratureError

POINTS = 8
_POINTS_INTEGRAL = 2
SLOPE = mpf(10) ** -10
"""Largest distance between a witness's slope and the stated exponent, relative to the larger of 1 and the exponent.
At the last octave the corrections are below 2^-60 where the next term is a power further on, and about 7e-13 where a
logarithm multiplies the power (smoothness exactly q + 1); a wrong exponent is off by far more."""
_GUARD_BITS = 320
"""For identities; a leading-order step says itself how many it needs."""


class StepError(AssertionError):
    """A step of a derivation is wrong; the message names the calculator and the step and says what was found."""


class UncheckedError(StepError):
    """Whether a step holds cannot be said: an integral in it does not settle at the numbers that are set."""


def verify(derivation: Derivation, draw: random.Random | None = None) -> None:
    """None, when every identity and leading-order step holds and the last step ends in the result, if there is one.

    Args:
        derivation: the derivation; premises are not checked, since they are assumed and shown so.
        draw: draws the points; by default a fresh generator with a fixed seed, so that a failure can be repeated.

    Raises:
        StepError: a step does not hold, or the last step does not end in the result.
    """
    generator = draw or random.Random(2102)
    for step in derivation.steps:
        verify_step(derivation.calculator, step, generator)
    if derivation.result is None:
        return
    last, result = derivation.steps[-1].unfolded, derivation.result.expression
    # An equation that is solved ends in its solution.
    end = last.after.rhs if isinstance(last.after, sympy.Equality) else last.after
    # The same expression needs no comparison in numbers, which takes long where there are integrals.
    if end != result and not (isinstance(end, sympy.Expr) and numeric.equal(end, result)):
        raise _error(derivation.calculator, last, f"ends in {last.after}, the result is {derivation.result.expression}")


def verify_step(calculator: str, step: Step, draw: random.Random) -> None:
    """None, when the step holds or is a premise.

    Args:
        calculator: its id, for the message.
        step: the step.
        draw: draws the points.

    Raises:
        StepError: it does not hold, or (UncheckedError) an integral in it has no value that can be computed.
    """
    step = step.unfolded
    try:
        if step.kind == "identity":
            _identity(calculator, step, draw)
        elif step.limit is not None:
            _leading_order(calculator, step, step.limit, draw)
    except QuadratureError as error:
        raise UncheckedError(f"{_error(calculator, step, 'cannot be checked at these numbers')}: {error}") from error


def _error(calculator: str, step: Step, found: str) -> StepError:
    return StepError(f"{calculator}, step {step.id} ({step.title}): {found}")


def _identity(calculator: str, step: Step, draw: random.Random) -> None:
    arithmetic = numeric.context(_GUARD_BITS)
    letters = step.before.free_symbols | step.after.free_symbols
    # A quadrature takes long; that an integral is right at two points by chance is as unlikely as at eight.
    points = POINTS if not any(line.has(sympy.Integral) for line in (step.before, step.after)) else _POINTS_INTEGRAL
    # An integral over integrals is computed in floats: 50 digits of it would take minutes.
    floats = any(nested.is_nested(line) for line in (step.before, step.after))
    residual = mpf(nested.RESIDUAL) if floats else numeric.RESIDUAL
    for _ in range(points if letters else 1):
        values = numeric.point(arithmetic, letters, draw, dict(step.ranges))
        if isinstance(step.before, sympy.Equality) and isinstance(step.after, sympy.Equality):
            # The equation before must hold for what the line after says its left side is.
            solved = values | {step.after.lhs: numeric.evaluate(arithmetic, step.after.rhs, values)}
            left, right = (numeric.evaluate(arithmetic, side, solved) for side in step.before.args)
        else:
            left, right = (numeric.evaluate(arithmetic, side, values) for side in (step.before, step.after))
        if not numeric.close(left, right, residual):
            residual = arithmetic.nstr(abs(left - right) / max(abs(left), abs(right)), 5)
            where = ", ".join(f"{letter} = {arithmetic.nstr(value, 6)}" for letter, value in values.items())
            raise _error(calculator, step, f"relative residual {residual} at {where}")


def _leading_order(calculator: str, step: Step, limit: Limit, draw: random.Random) -> None:
    sides = (1, -1) if limit.both_sides else (1,)
    witnesses = [(witness, 1) for witness in limit.witnesses]
    if limit.variable in step.before.free_symbols:
        witnesses += [(_line("the line before", step.before, limit, side), side) for side in sides]
    if not witnesses:
        raise _error(calculator, step, "has no witness")
    claims = {side: _line("the line after", step.after, limit, side) for side in sides}
    letters = (step.before.free_symbols | step.after.free_symbols | set(limit.letters)) - {limit.variable}
    arithmetic = numeric.context(limit.guard_bits)
    for _ in range(3 if letters else 1):
        values = numeric.point(arithmetic, letters, draw, dict(step.ranges))
        for witness, side in witnesses:
            # Of a claim with a logarithm or an exponential in it the slope depends on where it is taken.
            first, exponent = (
                _slope(arithmetic, claims[side], octave, values, limit)
                for octave in (witness.octaves[0], witness.octaves[-1])
            )
            slopes = [_slope(arithmetic, witness, octave, values, limit) for octave in witness.octaves]
            tolerance = SLOPE * max(1, abs(exponent))
            if abs(slopes[-1] - exponent) > tolerance:
                found, stated = arithmetic.nstr(slopes[-1], 12), arithmetic.nstr(exponent, 12)
                raise _error(calculator, step, f"slope {found} on {witness.title}; stated {stated}")
            if abs(slopes[-1] - exponent) > abs(slopes[0] - first) + tolerance:
                raise _error(calculator, step, f"slope on {witness.title} moves away from the stated exponent")
        if limit.sharp:
            _coefficient(calculator, step, limit, arithmetic, values, sides)
            for witness in limit.witnesses:
                last = witness.octaves[-1]
                distance = witness.log2(arithmetic, last, values) - claims[1].log2(arithmetic, last, values)
                _ratio(calculator, step, arithmetic, arithmetic.power(2, distance), f" on {witness.title}")


def _line(title: str, expr: sympy.Basic, limit: Limit, side: int) -> Witness:
    """A witness made of an expression in the limit's variable, approached from the side +1 or -1."""

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        x = arithmetic.ldexp(arithmetic.mpf(side), -octave if limit.towards == "0" else octave)
        return arithmetic.log(abs(numeric.evaluate(arithmetic, expr, {**values, limit.variable: x})), 2)

    return Witness(title, log2, limit.octaves)


def _slope(arithmetic: MPContext, witness: Witness, octave: int, values: Values, limit: Limit) -> mpf:
    """The log-log slope over one octave."""
    rise = witness.log2(arithmetic, octave + 1, values) - witness.log2(arithmetic, octave, values)
    return -rise if limit.towards == "0" else rise


def _coefficient(
    calculator: str, step: Step, limit: Limit, arithmetic: MPContext, values: Values, sides: tuple[int, ...]
) -> None:
    octave = limit.octaves[-1]
    for side in sides if limit.variable in step.before.free_symbols else ():
        x = arithmetic.ldexp(arithmetic.mpf(side), -octave if limit.towards == "0" else octave)
        before, after = (
            numeric.evaluate(arithmetic, line, {**values, limit.variable: x}) for line in (step.before, step.after)
        )
        _ratio(calculator, step, arithmetic, before / after)


def _ratio(calculator: str, step: Step, arithmetic: MPContext, ratio: mpf, where: str = "") -> None:
    if abs(ratio - 1) > SLOPE:
        raise _error(calculator, step, f"before/after tends to {arithmetic.nstr(ratio, 12)}{where}, not to 1")
