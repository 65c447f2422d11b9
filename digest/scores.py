"""The score table of a calculator's page: the example with its numbers, computed when the site is built.

Without JavaScript the page shows this as it is. With it, the reader edits the rows, and the table's script puts what
the emitted module answers into the same cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from calculators import normalised_score, score_script
from calculators.derivation import rounded
from calculators.score_table import (
    EXAMPLE,
    EXAMPLE_WRONG,
    GAMER,
    INVENTED,
    NUMBERS,
    SCALES,
    TITLE,
    demonstration,
)
from digest import addresses

CALCULATOR: Final = normalised_score.CALCULATOR.id
"""The calculator that the table belongs to."""


@dataclass(frozen=True)
class Number:
    """A computed number: its decimals, and the exact fraction where the decimals are not all of it and it is short."""

    decimal: str
    exact: str


@dataclass(frozen=True)
class GameRow:
    """A game: its cells as typed, its score on each scale; `false` is its gamer score with the wrong baseline."""

    number: int
    cells: tuple[str, ...]
    scores: tuple[tuple[str, Number], ...]
    false: Number | None


@dataclass(frozen=True)
class AggregateRow:
    """A mean or median before and after the wrong baseline."""

    id: str
    title: str
    before: Number
    after: Number
    moved: Number


@dataclass(frozen=True)
class Column:
    """A column of numbers: its id, its title, and what it holds."""

    id: str
    title: str
    meaning: str


@dataclass(frozen=True)
class ScoreTable:
    """Everything that the table shows. `module`: the address of the emitted formulas."""

    module: str
    page: str
    columns: tuple[Column, ...]
    scales: tuple[Column, ...]
    rows: tuple[GameRow, ...]
    aggregates: tuple[AggregateRow, ...]
    note: str
    wrong: GameRow
    wrong_value: str
    words: tuple[str, ...]


_MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        TITLE: "The game, in any words; each once.",
        "score": "What the agent scored [points of the game].",
        "random": "The mean score of random play [points].",
        "gamer": "The score of a professional player [points].",
        "record": "The human world record [points].",
    }
)


def score_table(here: str) -> ScoreTable:
    """The example on the page `here`."""
    change = demonstration()
    title, wrong = EXAMPLE_WRONG
    last = next(game for game in EXAMPLE if game.title == title)
    rows = tuple(
        GameRow(
            number,
            (game.title, *(_typed(getattr(game, name)) for name in NUMBERS)),
            tuple((scale, _number(game.normalised(scale))) for scale in SCALES),
            _number(change.false.normalised(GAMER)) if game is last else None,
        )
        for number, game in enumerate(EXAMPLE, 1)
    )
    return ScoreTable(
        module=addresses.relative(here, f"assets/calculators/{score_script.MODULE}.js"),
        page=addresses.relative(here, addresses.address("calculator", CALCULATOR)),
        columns=tuple(Column(name, name, _MEANINGS[name]) for name in (TITLE, *NUMBERS)),
        scales=tuple(Column(scale, name, "") for scale, name in SCALES.items()),
        rows=rows,
        aggregates=tuple(
            AggregateRow(
                f"{scale}-{statistic}",
                name,
                _number(getattr(change.before[scale], statistic)),
                _number(getattr(change.after[scale], statistic)),
                _number(getattr(change.after[scale], statistic) - getattr(change.before[scale], statistic)),
            )
            for (scale, statistic), name in score_script.AGGREGATES.items()
        ),
        note=INVENTED,
        wrong=rows[EXAMPLE.index(last)],
        wrong_value=_typed(wrong),
        words=score_script.verdict(change),
    )


def _typed(value: Fraction) -> str:
    """A number as a person types it: decimals where they end."""
    text = rounded(value)
    return text if Fraction(text) == value else str(value)


def _number(value: Fraction) -> Number:
    decimal, exact = rounded(value), str(value)
    return Number(decimal, "" if Fraction(decimal) == value or len(exact) > score_script.LONGEST else exact)
