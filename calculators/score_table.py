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

NUMBERS = ("score", "random", "gamer", "record")
"""The columns of a table after the title, in order."""


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
    """What one changed baseline did to the aggregates, scale by scale."""

    before: Mapping[str, Aggregate]
    after: Mapping[str, Aggregate]


def games(rows: Sequence[Sequence[Value]]) -> tuple[Game, ...]:
    """The rows of a table as games.

    Args:
        rows: (title, score, random, gamer, record) each, the last four as whole numbers, fractions or decimals, also as
            text [points of the game]; gamer and record above random.

    Raises:
        TableError: no rows, a row of another length, a title twice or empty, something that is no number, a baseline
            that is not above random play. All of these at once, each with the number of its row, counted from 1.
    """
    problems: list[str] = [] if rows else ["a table must have at least one row; got none"]
    found: list[Game] = []
    titles: set[str] = set()
    for number, row in enumerate(rows, 1):
        if len(row) != 1 + len(NUMBERS):
            problems.append(f"row {number}: a row must be title, {', '.join(NUMBERS)}; got {len(row)} values")
            continue
        title = str(row[0]).strip()
        if not title or title in titles:
            problems.append(f"row {number}: a title must be there and be used once; got {title!r}")
        titles.add(title)
        values: dict[str, Fraction] = {}
        for name, value in zip(NUMBERS, row[1:], strict=True):
            try:
                values[name] = _number(name, value)
            except SettingError as error:
                problems.append(f"row {number}: {error.message}")
        if len(values) < len(NUMBERS):
            continue
        problems += [
            f"row {number}: {name} must be above random; got {values[name]} and {values['random']}"
            for name in (GAMER, RECORD)
            if values[name] <= values["random"]
        ]
        found.append(Game(title, **values))
    if problems:
        raise TableError(problems)
    return tuple(found)


def _number(name: str, value: Value) -> Fraction:
    """A number by the rule of the calculator's parameter, so that a table takes what the calculator takes."""
    parameter = next(parameter for parameter in CALCULATOR.parameters if parameter.id == name)
    exact = parameter.read(value)
    if not isinstance(exact, sympy.Rational):
        raise SettingError(name, f"{name} must be {parameter.rule}; got {exact}")
    return Fraction(int(exact.p), int(exact.q))


def aggregates(table: Sequence[Game]) -> Mapping[str, Aggregate]:
    """Scale -> mean and median over the games, exactly.

    Args:
        table: one game at least.

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
    if title not in {game.title for game in table}:
        raise KeyError(title)
    rows = [[game.title, *(getattr(game, name) for name in NUMBERS)] for game in table]
    for row in rows:
        if row[0] == title:
            row[1:] = [baselines.get(name, value) for name, value in zip(NUMBERS, row[1:], strict=True)]
    checked = games(rows)
    return Change(aggregates(table), aggregates(checked))


EXAMPLE = games(
    (
        ("Game A (invented)", 60, 10, 110, 900),
        ("Game B (invented)", 1900, 100, 2100, 9000),
        ("Game C (invented)", 14, -10, 10, 40),
        ("Game D (invented)", 8100, 100, 5100, 60_100),
        ("Game E (invented)", 430, 10, 210, 700),
        ("Game F (invented)", 3200, 200, 1200, 40_200),
        ("James Bond (score and record invented)", 11_847, 7, 303, 20_000),
    )
)
"""Seven rows to begin with. Only the last row's baselines for random play and a gamer are real."""

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
    "NUMBERS",
    "RECORD",
    "SCALES",
    "Aggregate",
    "Change",
    "Game",
    "TableError",
    "aggregates",
    "demonstration",
    "games",
    "wrong_baseline",
]
