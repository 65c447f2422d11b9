"""The formulas and the words of `score_table` as a JavaScript module, for a page whose reader edits the table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, get_args

import sympy

from calculators import emit
from calculators.derivation import Parameter, rounded
from calculators.normalised_score import CALCULATOR, GAMER, RECORD, SCALES
from calculators.score_table import MEAN, MIDDLE, MOST_ROWS, MOVED, NUMBERS, RULES, TITLE, Change

Statistic = Literal["mean", "median"]

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

AGGREGATES: Mapping[tuple[str, Statistic], str] = MappingProxyType(
    {
        (scale, statistic): f"{title.removesuffix('-normalised').lower()} {statistic}"
        for scale, title in SCALES.items()
        for statistic in get_args(Statistic)
    }
)
"""(scale, statistic) -> what a page calls it."""

LONGEST = 24
"""Signs of an exact fraction that a page shows beside its decimals; longer ones are in the copied results alone."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "moved": "The wrong number moves {moved}. It leaves {still} where they are.",
        "nothing": "The wrong number moves none of the six.",
        "shift": "The gamer mean moves by ({false} − {right})/{count} {sign} {shift}: one game's error, divided by the "
        "number of games and by nothing else.",
        "median": "A median moves at most to the score of a neighbouring game.",
        "record": "The record means hold no gamer's score, so they cannot move.",
    }
)
"""What is said about one wrong baseline; a page fills the same words."""


def verdict(change: Change) -> tuple[str, ...]:
    """What a wrong gamer's score moved and what not, in sentences."""
    moved: list[str] = []
    still: list[str] = []
    for (scale, statistic), name in AGGREGATES.items():
        before, after = (getattr(side[scale], statistic) for side in (change.before, change.after))
        (still if before == after else moved).append(name)
    right, false = (game.normalised(GAMER) for game in (change.right, change.false))
    shift = change.after[GAMER].mean - change.before[GAMER].mean
    exact = all(Fraction(rounded(value)) == value for value in (right, false, shift))
    first = WORDS["moved"].format(moved=_listed(moved), still=_listed(still)) if moved else WORDS["nothing"]
    return (
        first,
        WORDS["shift"].format(
            false=rounded(false),
            right=rounded(right),
            count=change.count,
            sign="=" if exact else "≈",
            shift=rounded(shift),
        ),
        WORDS["median"],
        WORDS["record"],
    )


def _listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`, each with its article."""
    named = [f"the {name}" for name in names]
    return " and ".join(filter(None, [", ".join(named[:-1]), named[-1]]))


def javascript_module(fraction_url: str = "../fraction.js") -> str:
    """The text of an ES module; every number in it is a `Fraction` of fraction.js 5.

    Args:
        fraction_url: where the page finds fraction.js as an ES module.

    Returns:
        A module that exports `Fraction`; `title`, `numbers` and `mostRows`; `scales`, scale -> its title and the column
        of its baseline; `rules`, kind of mistake -> words with `{places}`; `readings`, what a number must be; `words`,
        what is said about a wrong baseline; `aggregates`, [scale, statistic, name] each; `longest`, the signs of a
        fraction that is shown; `least` and `largest`, the bounds of a number's size; and these functions:
        `normalised[scale]({score, random, gamer, record})`, `mean({total, games})`, `middle({low, high})`,
        `moved({before, after})`, and `shift({score, random, gamer, wrong, games})`, by how much a wrong gamer's score
        moves the gamer mean.
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
export const readings = {_data(dict(_score().rules))};
export const words = {_data(dict(WORDS))};
export const aggregates = {_data([[scale, statistic, name] for (scale, statistic), name in AGGREGATES.items()])};
export const longest = {LONGEST};
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


def _score() -> Parameter:
    """The parameter whose rules every number of a row keeps."""
    return next(parameter for parameter in CALCULATOR.parameters if parameter.id == NUMBERS[0])


def _bounds() -> tuple[sympy.Rational, sympy.Rational]:
    """The size of the smallest number besides 0 that a cell takes, and of the largest."""
    return sympy.Rational(1, 10**30), sympy.Integer(10**30)


def _function(expression: sympy.Expr) -> str:
    letters = sorted(symbol.name for symbol in expression.free_symbols)
    names = ", ".join(f"{_WORDS[letter]}: {letter}" for letter in letters)
    return f"({{ {names} }}) => {emit.javascript(expression, exact=True)}"


def _data(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
