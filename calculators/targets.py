"""The smoothness of targets in the loss's own norm: (E|differences over h|^m)^(1/m) ~ h^s.

Kinks and jumps are rare, so how much they count depends on the loss: s = 1 + 1/m for isolated kinks, 1/m for jumps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import sympy
from mpmath import MPContext, mpf

from calculators.derivation import Limit, Option, Step, Witness
from calculators.numeric import Values, evaluate
from calculators.spacing import FAR, SPACING

_SMALL = 100
"""Octaves below which a sine is replaced by its argument: the relative error is of the order 2^-200."""
_PLACE = sympy.Symbol("u", positive=True)
_DIFFERENCE = sympy.Function("Delta")


def options(m: sympy.Expr, hoelder: sympy.Expr) -> tuple[Option, ...]:
    """What a target can be, and the smoothness that this is.

    Args:
        m: the order of the loss.
        hoelder: the Hölder exponent of a target that is rough everywhere.
    """
    return (
        Option("given", "As smooth as s says"),
        Option("kinks", "Isolated kinks, else smooth", value=1 + 1 / m),
        Option("jumps", "Jumps, else smooth", value=1 / m),
        Option("rough", "Rough everywhere", value=hoelder),
    )


def smooth(degree: sympy.Expr) -> Witness:
    """The (q+1)-th difference of a cosine, root mean square over its phase: (2 sin(h/2))^(q+1)/sqrt(2).

    The (q+1)-th difference is 0 on every polynomial of degree q, so it measures what such polynomials cannot express.
    """

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        width = arithmetic.ldexp(arithmetic.one, -octave)
        return (evaluate(arithmetic, degree, values) + 1) * arithmetic.log(2 * arithmetic.sin(width / 2), 2)

    return Witness("a smooth target", log2)


def rough(degree: sympy.Expr, smoothness: sympy.Expr) -> Witness:
    """The (q+1)-th difference of a lacunary series of smoothness s, root mean square over its random phases.

    W(x) = sum over n >= 0 of 2^(-n s) cos(2^n x + phase_n) has the mean square of its r-th difference, r = q + 1,
    (1/2) sum 2^(-2 n s) (2 sin(2^n h/2))^(2 r). At h = 2^-k 2 pi/3 every term with n >= k has sin^2 = 3/4, so that
    tail is a geometric series; and every term with 2^(n-k) < 2^-_SMALL equals its leading power to more than 50
    digits, so that head is one as well. That allows k of 2^40, which the logarithm at s = q + 1 makes necessary.
    """

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        r = evaluate(arithmetic, degree, values) + 1
        s = evaluate(arithmetic, smoothness, values)
        small = min(octave, _SMALL)
        # All terms are divided by 2^(-2 k s), which is put back at the end.
        total = 3**r / (1 - arithmetic.power(4, -s))
        for j in range(1, small + 1):
            sine = 2 * arithmetic.sin(arithmetic.ldexp(arithmetic.pi / 3, -j))
            total += arithmetic.power(4, j * s) * sine ** (2 * r)
        ratio = arithmetic.power(4, s - r)
        count = octave - small
        powers = count if ratio == 1 else ratio * (1 - ratio**count) / (1 - ratio)
        total += (2 * arithmetic.pi / 3) ** (2 * r) * ratio**small * powers
        return arithmetic.log(total, 2) / 2 - octave * s

    return Witness("a target of smoothness s", log2, octaves=(2**10, 2**20, 2**40))


def broken(degree: sympy.Expr, m: sympy.Expr, size: int) -> Witness:
    """The m-th root of the mean m-th power of the (q+1)-th difference of a cosine that is broken at one place.

    In the share h of the cells, those with the break, the difference has the size h^size: 1 for a kink, 0 for a jump.
    In all others it is that of the cosine.

    Args:
        degree: q.
        m: the order of the loss.
        size: 1 or 0.
    """

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        r, order = evaluate(arithmetic, degree, values) + 1, evaluate(arithmetic, m, values)
        width = arithmetic.ldexp(arithmetic.one, -octave)
        cells = (1 - width) * (2 * arithmetic.sin(width / 2)) ** (r * order) + width * width ** (size * order)
        return arithmetic.log(cells, 2) / order

    return Witness("a kink" if size else "a jump", log2, octaves=FAR)


def _kinks(m: sympy.Expr, hoelder: sympy.Expr) -> tuple[Step, ...]:
    h, u = SPACING, _PLACE
    moment = 2 ** (m + 1) * h ** (m + 1) / (m + 1)
    return (
        Step(
            "break",
            "A kink, seen by few cells",
            "identity",
            2 * sympy.Integral((2 * (h - u)) ** m, (u, 0, h)),
            moment,
            "Take |u| for the target across a kink at u = 0. Its second difference over h is 2 (h - |u|) closer than h "
            "to the kink and 0 farther away. So few cells see the kink, a share that goes as h, and there the "
            "difference is of the size h instead of h squared. The line is the mean of its m-th power.",
        ),
        Step(
            "norm",
            "Its size in the loss's norm",
            "leading-order",
            sympy.Pow(moment, 1 / m, evaluate=False),
            h ** (1 + 1 / m),
            "The m-th root of that mean: h to the power m from the size and one more h from the share. So s = 1 + 1/m, "
            "which is 3/2 for squared error. This is why a ReLU teacher, all kinks, gives 3/d where a smooth target "
            "gives 4/d.",
            limit=Limit(h, "0"),
        ),
    )


def _jumps(m: sympy.Expr, hoelder: sympy.Expr) -> tuple[Step, ...]:
    h, u = SPACING, _PLACE
    return (
        Step(
            "break",
            "A jump, seen by few cells",
            "identity",
            sympy.Integral(sympy.Pow(1, m, evaluate=False), (u, 0, h)),
            h,
            "The difference over h of a step of height 1 is 1 if the step lies between, and 0 otherwise. So few cells "
            "see the jump, a share of h, but there the difference does not shrink. The line is the mean of its m-th "
            "power.",
        ),
        Step(
            "norm",
            "Its size in the loss's norm",
            "leading-order",
            sympy.Pow(h, 1 / m, evaluate=False),
            h ** (1 / m),
            "The m-th root of that mean, so s = 1/m. With m times s = 1 the exponent is 1/d for every order of the "
            "loss of 1 or more: cells with the jump are simply wrong, and only their number falls.",
            limit=Limit(h, "0"),
        ),
    )


def _everywhere(m: sympy.Expr, hoelder: sympy.Expr) -> tuple[Step, ...]:
    size = SPACING**hoelder
    return (
        Step(
            "break",
            "Rough in every cell",
            "premise",
            _DIFFERENCE(SPACING),
            size,
            "Everywhere the target's differences over h are of the size h to the power H, with H its Hölder exponent: "
            "no cell is smoother than the others.",
        ),
        Step(
            "norm",
            "Its size in the loss's norm",
            "identity",
            sympy.Pow(sympy.Pow(size, m, evaluate=False), 1 / m, evaluate=False),
            size,
            "All cells count alike, so the mean changes nothing, and s = H for every loss. Where only few cells are "
            "rough, s is larger than the Hölder exponent.",
        ),
    )


_STEPS: Mapping[str, Callable[[sympy.Expr, sympy.Expr], tuple[Step, ...]]] = MappingProxyType(
    {"kinks": _kinks, "jumps": _jumps, "rough": _everywhere}
)


def steps(target: str, m: sympy.Expr, hoelder: sympy.Expr) -> tuple[Step, ...]:
    """How the smoothness of the target follows; nothing where it is given.

    Args:
        target: the id of one of `options`.
        m: the order of the loss.
        hoelder: the Hölder exponent of a target that is rough everywhere.
    """
    return _STEPS[target](m, hoelder) if target in _STEPS else ()


def witnesses(target: str, q: sympy.Expr, s: sympy.Expr, m: sympy.Expr) -> tuple[Witness, ...]:
    """Concrete targets on which the size of the error is tested.

    Args:
        target: the id of one of `options`.
        q: the degree of the local fit.
        s: the smoothness.
        m: the order of the loss.
    """
    # With letters for s, as on a page, kinks and jumps are one value of s among others.
    if target in ("kinks", "jumps") and s == {"kinks": 1 + 1 / m, "jumps": 1 / m}[target]:
        return (broken(q, m, 1 if target == "kinks" else 0),)
    found = [] if s is sympy.oo else [rough(q, s)]
    if s is sympy.oo or (s.is_number and q.is_number and s >= q + 1):
        found.append(smooth(q))
    return tuple(found)
