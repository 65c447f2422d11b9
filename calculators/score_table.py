"""A table of games: three normalised scores for each, their means and medians, and the effect of one wrong baseline."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

import sympy

from calculators.derivation import SettingError, Value
from calculators.normalised_score import CALCULATOR, CLIPPED, GAMER, RECORD, SCALES, normalised

TITLE = "title"
NUMBERS = ("score", "random", "gamer", "record")
"""The columns of a table after the title, in order."""

MOST_ROWS = 100
"""More games than the Atari benchmark has; a page adds their exact fractions up within a frame."""

RULES: Mapping[str, str] = MappingProxyType(
    {
        "rows": f"a table must have 1 to {MOST_ROWS} rows; got {{count}}",
        "width": f"row {{row}}: a row must be {TITLE}, {', '.join(NUMBERS)}; got {{count}} values",
        "title": f"row {{row}}: {TITLE} must be filled in and used once; got {{value}}",
        "number": "row {row}: {column} must be {rule}; got {value}",
        "above": "row {row}: {column} must be above random; got {value} and {random}",
    }
)
"""The words for each kind of mistake; a page fills the same ones."""

_TOTAL, _COUNT, _LOW, _HIGH, _BEFORE, _AFTER = sympy.symbols("T n l h B A", real=True)
MEAN = _TOTAL / _COUNT
"""The mean of n scores with the sum T."""
MIDDLE = (_LOW + _HIGH) / 2
"""The median of an even number of scores with l and h in the middle."""
MOVED = _AFTER - _BEFORE
"""By how much an aggregate moved from B to A."""
_SHOWN = 40


class TableError(ValueError):
    """A table breaks rules; `problems` has one line for each of them."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Game:
    """One row: what was scored in a game, and the game's baselines, all in points of the game."""

    title: str
    score: Fraction
    random: Fraction
    gamer: Fraction
    record: Fraction

    def normalised(self, scale: str) -> Fraction:
        """The score on one of `SCALES`; at most 1 on the clipped one.

        Valid for: baselines above random play, which `games` checks.
        """
        baseline = self.gamer if scale == GAMER else self.record
        value = normalised(
            scale, *(sympy.Rational(n.numerator, n.denominator) for n in (self.score, self.random, baseline))
        )
        return Fraction(int(value.p), int(value.q))


@dataclass(frozen=True)
class Aggregate:
    """Mean and median of the games' scores on one scale."""

    mean: Fraction
    median: Fraction


@dataclass(frozen=True)
class Change:
    """What one changed baseline did to the aggregates, scale by scale, and to its game; the table has `count` games."""

    before: Mapping[str, Aggregate]
    after: Mapping[str, Aggregate]
    right: Game
    false: Game
    count: int


def games(rows: Sequence[Sequence[Value]]) -> tuple[Game, ...]:
    """The rows of a table as games.

    Args:
        rows: (title, score, random, gamer, record) each, the last four as whole numbers, fractions or decimals, also as
            text [points of the game]; gamer and record above random.

    Raises:
        TableError: no rows or too many, a row of another length, a title twice or empty, something that is no number, a
            baseline that is not above random play. All of these at once, in the words of `RULES`, each with its row,
            counted from 1, and its column.
    """
    problems: list[str] = []
    if not 1 <= len(rows) <= MOST_ROWS:
        problems.append(RULES["rows"].format(count=len(rows)))
    found: list[Game] = []
    titles: set[str] = set()
    for number, row in enumerate(rows[:MOST_ROWS], 1):
        if len(row) != 1 + len(NUMBERS):
            problems.append(RULES["width"].format(row=number, count=len(row)))
            continue
        title = str(row[0]).strip()
        if not title or title in titles:
            problems.append(RULES["title"].format(row=number, value=_quoted(title)))
        titles.add(title)
        values: dict[str, Fraction] = {}
        for name, value in zip(NUMBERS, row[1:], strict=True):
            try:
                values[name] = _number(name, value)
            except SettingError as error:
                words = RULES["number"].format(row=number, column=name, rule=error.message, value=_quoted(value))
                problems.append(words)
        if len(values) < len(NUMBERS):
            continue
        typed = dict(zip(NUMBERS, (str(value).strip() for value in row[1:]), strict=True))
        problems += [
            RULES["above"].format(row=number, column=name, value=typed[name], random=typed["random"])
            for name in (GAMER, RECORD)
            if values[name] <= values["random"]
        ]
        found.append(Game(title, **values))
    if problems:
        raise TableError(problems)
    return tuple(found)


def _number(name: str, value: Value) -> Fraction:
    """The number.

    Raises:
        SettingError: there is none; its message is the rule alone.
    """
    parameter = next(parameter for parameter in CALCULATOR.parameters if parameter.id == name)
    try:
        exact = parameter.read(value)
    except SettingError as error:
        rule = error.message.removeprefix(f"{name} must be ").partition("; got ")[0]
        raise SettingError(name, rule) from None
    if not isinstance(exact, sympy.Rational):  # the parameter's own letter
        raise SettingError(name, parameter.rule)
    return Fraction(int(exact.p), int(exact.q))


def _quoted(value: object) -> str:
    """What stood in a cell, in quotes on one line, cut when it is long."""
    line = " ".join(str(value).split())
    return f"'{line}'" if len(line) <= _SHOWN else f"'{line[:_SHOWN]}…'"


def aggregates(table: Sequence[Game]) -> Mapping[str, Aggregate]:
    """Scale -> mean and median over the games, exactly.

    Args:
        table: one game at least.

    The mean and the median here are the standard library's; a page has `MEAN` and `MIDDLE`, and tests compare the two.

    Source: Hafner et al. (2021), arXiv v4, section 3: median and mean of the gamer-normalised scores, mean of the
    record-normalised and of the clipped ones.
    """
    found = {}
    for scale in SCALES:
        scores = [game.normalised(scale) for game in table]
        found[scale] = Aggregate(statistics.mean(scores), statistics.median(scores))
    return MappingProxyType(found)


def wrong_baseline(table: Sequence[Game], title: str, **baselines: Value) -> Change:
    """What happens to every aggregate when one game's baselines are replaced.

    Args:
        table: the games.
        title: the game whose baselines are replaced.
        baselines: random, gamer or record -> the number that stands there instead [points]; gamer and record stay above
            random.

    Raises:
        KeyError: no game of that title.
        TableError: a baseline that is not above random play.
    """
    place = next((place for place, game in enumerate(table) if game.title == title), None)
    if place is None:
        raise KeyError(title)
    rows = [[game.title, *(getattr(game, name) for name in NUMBERS)] for game in table]
    rows[place][1:] = [baselines.get(name, getattr(table[place], name)) for name in NUMBERS]
    checked = games(rows)
    return Change(aggregates(table), aggregates(checked), table[place], checked[place], len(table))


EXAMPLE = games(
    (
        ("Game A (invented)", 60, 10, 110, 900),
        ("Game B (invented)", 1900, 100, 2100, 9000),
        ("Game C (invented)", 14, -10, 10, 12),
        ("Game D (invented)", 8100, 100, 5100, 60_100),
        ("Game E (invented)", 430, 10, 210, 700),
        ("Game F (invented)", 3200, 200, 1200, 40_200),
        ("James Bond (score and record invented)", 11_847, 7, 303, 20_000),
    )
)
"""Seven rows to begin with. Only the last row's baselines for random play and a gamer are real."""

INVENTED = (
    "Rows 1 to 6 are invented, and so are the score and the record in row 7. Real are two numbers of row 7: James "
    "Bond's random play, 7, and its gamer's score, 303. The wrong baseline is real as well: one public file of "
    "baselines has 29.0 instead of 303."
)
"""Which numbers of the example are real, for whoever shows it."""

EXAMPLE_WRONG = ("James Bond (score and record invented)", Fraction(29))
"""The game, and the gamer's score that one public file of baselines gives for it instead of 303."""


def demonstration() -> Change:
    """The example with its one wrong baseline: the gamer mean jumps, the median and the record means stay."""
    title, gamer = EXAMPLE_WRONG
    return wrong_baseline(EXAMPLE, title, gamer=gamer)


__all__ = [
    "CLIPPED",
    "EXAMPLE",
    "EXAMPLE_WRONG",
    "GAMER",
    "INVENTED",
    "MEAN",
    "MIDDLE",
    "MOST_ROWS",
    "MOVED",
    "NUMBERS",
    "RECORD",
    "RULES",
    "SCALES",
    "TITLE",
    "Aggregate",
    "Change",
    "Game",
    "TableError",
    "aggregates",
    "demonstration",
    "games",
    "wrong_baseline",
]
