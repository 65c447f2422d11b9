"""The value of an integral over the whole line, by the trapezoid rule with the step halved until nothing changes.

For analytic integrands that fall off fast the rule's error falls exponentially in the number of points: halving the
step doubles the number of right digits.
"""

from __future__ import annotations

from collections.abc import Callable

from mpmath import MPContext, mpf

_HALVINGS = 9
_SMALL_TERMS = 4
"""So many negligible terms in a row end a sum."""
_REACH = 3.5
"""No sum ends before |t| = 3.5, |x| = 16.5: log(1 + exp(-100)) is 0 but for its last digits, far out."""


class QuadratureError(ArithmeticError):
    """The sums do not settle."""


def whole_line(arithmetic: MPContext, f: Callable[[mpf], mpf]) -> mpf:
    """The integral of f from -oo to oo, with the arithmetic's digits but ten, relative to the integral of |f|.

    Args:
        arithmetic: the numbers that f takes and returns.
        f: analytic on the line.

    Raises:
        QuadratureError: f has kinks or sharp peaks, so that the sums have not settled after 9 halvings.

    Valid for: integrands that fall off faster than 1/|x|; best for those that fall as a Gaussian.
    """
    digits = arithmetic.dps - 10

    def term(t: mpf) -> mpf:
        # x = sinh t reaches far out in few steps, and keeps a Gaussian's centre as it is.
        return f(arithmetic.sinh(t)) * arithmetic.cosh(t)

    step = arithmetic.mpf(1) / 4
    middle = term(arithmetic.zero)
    total, size = _sums(arithmetic, term, step, step, digits)
    total, size = total + middle, size + abs(middle)
    for _ in range(_HALVINGS):
        more, larger = _sums(arithmetic, term, step / 2, step, digits)
        before, total, size, step = total * step, total + more, size + larger, step / 2
        # The next halving would double the digits that agree now, so a little more than half of them are enough.
        if abs(total * step - before) <= arithmetic.mpf(10) ** (-digits // 2 - 3) * size * step:
            return total * step
    raise QuadratureError(f"an integral must settle; got a change of {arithmetic.nstr(total * step - before, 5)}")


def _sums(arithmetic: MPContext, term: Callable[[mpf], mpf], start: mpf, step: mpf, digits: int) -> tuple[mpf, mpf]:
    """The sums of the terms, and of their sizes, at ±start, ±(start + step), … until they are negligible."""
    total = size = arithmetic.zero
    for side in (1, -1):
        t, small = start, 0
        while small < _SMALL_TERMS:
            value = term(side * t)
            total, size = total + value, size + abs(value)
            negligible = t >= _REACH and abs(value) <= arithmetic.mpf(10) ** (-digits - 2) * size
            small = small + 1 if negligible else 0
            t += step
    return total, size
