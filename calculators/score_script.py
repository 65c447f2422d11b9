"""The formulas and the words of `score_table` as a JavaScript module, for a page whose reader edits the table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

import sympy

from calculators import emit
from calculators.normalised_score import CALCULATOR, GAMER, RECORD, SCALES
from calculators.score_table import MEAN, MIDDLE, MOST_ROWS, MOVED, NUMBERS, RULES, TITLE, reading_rule

MODULE = "normalised-score-table"
"""The module's name, beside the calculators' own modules."""

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "T": "total",
        "n": "games",
        "l": "low",
        "h": "high",
        "B": "before",
        "A": "after",
        **{parameter.symbol.name: parameter.id for parameter in CALCULATOR.parameters},
    }
)
"""Letter of a formula -> the name that the page's script knows it by."""


def javascript_module(fraction_url: str = "../fraction.js") -> str:
    """The text of an ES module; every number in it is a `Fraction` of fraction.js 5.

    Args:
        fraction_url: where the page finds fraction.js as an ES module.

    Returns:
        A module that exports `Fraction`; `title`, `numbers` and `mostRows`; `scales`, scale -> its title and the column
        of its baseline; `rules`, kind of mistake -> words with `{places}`; `readings`, what a number must be; `least`
        and `largest`, the bounds of its size; and these functions: `normalised[scale]({score, random, gamer, record})`,
        `mean({total, games})`, `middle({low, high})`, `moved({before, after})`, and
        `shift({score, random, gamer, wrong, games})`, by how much a wrong gamer's score moves the gamer mean.
    """
    scales = {}
    scores = []
    for scale in SCALES:
        answer = CALCULATOR.derive(scale=scale).answer
        scales[scale] = {"title": SCALES[scale], "baseline": GAMER if scale == GAMER else RECORD}
        scores.append(f"  {scale}: {_function(answer.expression)},")
    shift = CALCULATOR.derive(scale=GAMER, baseline="wrong").answer.expression
    least, largest = (emit.javascript(bound, exact=True) for bound in _bounds())
    listed = "\n".join(scores)
    return f"""// Emitted from calculators.score_script; change the Python, not this file.
import Fraction from {json.dumps(fraction_url)};

const lesser = (a, b) => (a.lt(b) ? a : b);

export {{ Fraction }};
export const title = {_data(TITLE)};
export const numbers = {_data(NUMBERS)};
export const mostRows = {MOST_ROWS};
export const scales = {_data(scales)};
export const rules = {_data(dict(RULES))};
export const readings = {_data({"number": reading_rule("?"), "size": reading_rule("1e31")})};
export const least = {least};
export const largest = {largest};
export const normalised = {{
{listed}
}};
export const mean = {_function(MEAN)};
export const middle = {_function(MIDDLE)};
export const moved = {_function(MOVED)};
export const shift = {_function(shift)};
"""


def _bounds() -> tuple[sympy.Rational, sympy.Rational]:
    """The size of the smallest number besides 0 that a cell takes, and of the largest."""
    return sympy.Rational(1, 10**30), sympy.Integer(10**30)


def _function(expression: sympy.Expr) -> str:
    letters = sorted(symbol.name for symbol in expression.free_symbols)
    names = ", ".join(f"{_WORDS[letter]}: {letter}" for letter in letters)
    return f"({{ {names} }}) => {emit.javascript(expression, exact=True)}"


def _data(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
