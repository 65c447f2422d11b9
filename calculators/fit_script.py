"""The formulas, numbers and sentences of a fit as one JavaScript module: what `fitting` and `implied` have, for a page.

The page's script sums and searches; whatever is worked out comes from here, emitted from SymPy, and whatever is said
comes from here too, from the same templates that the shell fills.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import sympy

from calculators import emit, findings, fitting, implied, irreducible, least_squares, scaling_exponent, student, tables

Formulas = Mapping[str, tuple[tuple[sympy.Symbol, ...], sympy.Expr]]
"""Name -> (letters in the order of the arguments, expression)."""

_N, _FREE, _ALPHA, _ERROR, _T, _X, _Y, _LOW, _HIGH = sympy.symbols("n f a E t x y x_low x_high", real=True)
_TILT, _LIFT, _MIDDLE, _FLOOR, _TOTAL, _SHARE = sympy.symbols("b h x_mean y_floor S l", real=True)
_BELOW, _ABOVE, _UNIT, _BOUND, _DIMENSION, _POWER = sympy.symbols("y_low y_high U B d k", real=True)
_CONFIDENCE, _XX, _XV, _VV = sympy.symbols("C xx xv vv", real=True)
_TINY = sympy.Rational(1, round(1 / irreducible.SINGULAR))
_LAW = scaling_exponent.CALCULATOR
_SMOOTHNESS = _LAW.symbols["s"]

_SUMS = tuple(sympy.Symbol(name, real=True) for name in ("n", "Sx", "Sy", "Sxx", "Sxy", "Syy"))
_SHARED = tuple(sympy.Symbol(name, real=True) for name in ("n", "Sx", "Sv", "Sxx", "Sxv", "Svv"))

FORMULAS: Final[Formulas] = MappingProxyType(
    {
        **{name: (_SUMS[:5], least_squares.FORMULAS[name]) for name in ("slope", "intercept")},
        **{name: (_SUMS, least_squares.FORMULAS[name]) for name in ("residual_sum", "slope_variance")},
        "shared_slope_variance": (_SHARED, least_squares.FORMULAS["shared_slope_variance"]),
        **irreducible.FORMULAS,
        **student.FORMULAS,
        "own_slope_variance": ((_XX,), 1 / _XX),
        "apart": ((_XX, _XV, _VV), _XX * _VV - _XV**2 - _TINY * _XX * _VV),
        "height": ((_TILT, _LIFT, _X), _LIFT + _TILT * _X),
        "logarithm": ((_X,), sympy.log(_X)),
        "exponential": ((_X,), sympy.exp(_X)),
        "root": ((_X,), sympy.sqrt(_X)),
        "ten_to": ((_X,), sympy.Integer(10) ** _X),
        "at_zero": ((_TILT, _LIFT, _MIDDLE, _FLOOR), _FLOOR + _LIFT - _TILT * _MIDDLE),
        "cell": ((_X, _LOW, _HIGH), (_X - _LOW) / (_HIGH - _LOW) * fitting.POOLED),
        "lower": ((_ALPHA, _T, _ERROR), _ALPHA - _T * _ERROR),
        "upper": ((_ALPHA, _T, _ERROR), _ALPHA + _T * _ERROR),
        "spread": ((_TOTAL, _FREE), sympy.sqrt(_TOTAL / _FREE)),
        "error": ((_TOTAL, _FREE, _UNIT), sympy.sqrt(sympy.Max(0, _TOTAL / _FREE * _UNIT))),
        "local": ((_LOW, _HIGH, _BELOW, _ABOVE), -(_ABOVE - _BELOW) / (_HIGH - _LOW)),
        "percent": ((_CONFIDENCE,), 100 * _CONFIDENCE),
        "bound": ((_POWER, _DIMENSION), _POWER / _DIMENSION),
        "dimension": ((_POWER, _ALPHA), _POWER / _ALPHA),
        "dimension_error": ((_DIMENSION, _ERROR, _ALPHA), _DIMENSION * _ERROR / _ALPHA),
        "nearly": ((_BOUND,), _BOUND * (1 - sympy.Rational(1, round(1 / implied.EXACT)))),
        "short": ((_ALPHA, _BOUND), 100 * (1 - _ALPHA / _BOUND)),
        "errors_below": ((_ALPHA, _BOUND, _ERROR), (_BOUND - _ALPHA) / _ERROR),
    }
)
"""Everything that the page's script works out, by name."""


def javascript(fraction_url: str = "./fraction.js") -> str:
    """The text of an ES module with the formulas, numbers and sentences of a fit.

    Args:
        fraction_url: where the page finds fraction.js 5 as an ES module.

    Returns:
        A module that exports `formulas`, functions of numbers; `numbers`, what the search is made of; `words`, the
        templates of every sentence; `power(m, q, s)`, exponent times dimension as a Fraction; `status(m, q, s)`, what
        the law is worth; and `settings`, those of the law that a reader does not set.
    """
    power = implied.power()
    lines = [f"  {name}: {_function(letters, expression)}," for name, (letters, expression) in FORMULAS.items()]
    exact = emit.javascript(power, exact=True, infinite=[_SMOOTHNESS])
    statuses = [_status(verdict.status, verdict.less, verdict.than) for verdict in _LAW.verdicts]
    numbers = {
        "least": fitting.MIN_SIZES,
        "leastForFloor": irreducible.MIN_SIZES,
        "pooled": fitting.POOLED,
        "local": fitting.LOCAL,
        "grid": irreducible.GRID,
        "halvings": irreducible.HALVINGS,
        "steps": irreducible.STEPS,
        "still": irreducible.STILL,
        "trusted": irreducible.TRUSTED,
        "smallestStep": irreducible.SMALLEST_STEP,
        "rounding": irreducible.ROUNDING,
        "noError": implied.EXACT,
        "mostBytes": tables.MAX_BYTES,
        "mebibyte": 2**20,
        "shown": tables.SHOWN,
    }
    words = {
        "tables": dict(tables.MESSAGES),
        "problems": {"few": fitting.PROBLEMS["few"]},
        "comparisons": {name: words for name, words in fitting.COMPARISONS.items() if name != "equal"},
        "rises": findings.RISES,
        "verdicts": dict(implied.VERDICTS),
        "titles": findings.TITLES,
        "rows": findings.ROWS,
        "cells": {
            "absent": findings.ABSENT,
            "unbounded": findings.UNBOUNDED,
            "unidentified": findings.UNIDENTIFIED,
        },
        "which": dict(findings.WHICH),
        "rejected": dict(findings.REJECTED),
        "unsettled": findings.UNSETTLED,
        "plot": {"all": findings.PLOT, "floor": findings.PLOT_FLOOR},
    }
    fixed = implied.theory({"degree": 1, "loss_order": 2}).settings
    return "\n".join(
        [
            "// Emitted from calculators.fit_script; change the Python, not this file.",
            f"import Fraction from {json.dumps(fraction_url)};",
            "",
            "const lesser = (a, b) => (a === Infinity ? b : b === Infinity ? a : a.lt(b) ? a : b);",
            "const greater = (a, b) => (a.gt(b) ? a : b);",
            "export { Fraction };",
            "export const formulas = {",
            *lines,
            "};",
            f"export const power = (m, q, s) => {exact};",
            f"export const status = (m, q, s) => {''.join(statuses)};",
            f"export const numbers = {_data(numbers)};",
            f"export const words = {_data(words)};",
            f"export const settings = {_data(dict(fixed))};",
            "",
        ]
    )


def _function(letters: tuple[sympy.Symbol, ...], expression: sympy.Expr) -> str:
    """An arrow function.

    Raises:
        ValueError: the expression has a letter that is no argument.
    """
    if not expression.free_symbols <= set(letters):
        raise ValueError(f"a formula must be in its letters {letters}; got {expression}")
    return f"({', '.join(map(str, letters))}) => {emit.javascript(expression, exact=False)}"


def _status(status: str, less: sympy.Expr | None, than: sympy.Expr | None) -> str:
    if less is None or than is None:
        return json.dumps(status)
    left, right = (emit.javascript(side, exact=False) for side in (less, than))
    return f"{left} < {right} ? {json.dumps(status)} : "


def _data(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")
