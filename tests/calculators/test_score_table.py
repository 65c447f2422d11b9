from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from calculators.normalised_score import CALCULATOR, SCALES
from calculators.score_table import EXAMPLE, NUMBERS, Game, TableError, aggregates, demonstration, games, wrong_baseline


def made_up(generator: np.random.Generator, count: int) -> tuple[Game, ...]:
    """A table of random games with one decimal."""
    rows = []
    for number in range(count):
        low = generator.integers(-1000, 1000)
        score, gamer, record = (low + generator.integers(1, 10**5, 3)).tolist()
        rows.append((f"game {number}", *(f"{value / 10}" for value in (score, low, gamer, record))))
    return games(rows)


@pytest.mark.parametrize("count", [1, 2, 7, 55])
def test_aggregates_as_numpy_has_them(count: int) -> None:
    table = made_up(np.random.default_rng(140), count)
    columns = {name: np.array([float(getattr(game, name)) for game in table]) for name in NUMBERS}
    gamer, record = (
        (columns["score"] - columns["random"]) / (columns[name] - columns["random"]) for name in ("gamer", "record")
    )
    found = aggregates(table)
    assert list(found) == list(SCALES)
    for scale, scores in (("gamer", gamer), ("record", record), ("clipped", np.minimum(record, 1))):
        assert float(found[scale].mean) == pytest.approx(float(np.mean(scores)), rel=1e-12)
        assert float(found[scale].median) == pytest.approx(float(np.median(scores)), rel=1e-12)


def test_the_mean_moves_as_the_calculator_says_and_the_median_to_a_neighbour_at_most() -> None:
    generator = np.random.default_rng(140)
    for count in (3, 7, 55):
        table = made_up(generator, count)
        game = table[int(generator.integers(count))]
        wrong = game.random + Fraction(int(generator.integers(1, 10**4)), 10)
        change = wrong_baseline(table, game.title, gamer=wrong)
        settings = {"random": game.random, "score": game.score, "gamer": game.gamer, "wrong": wrong, "games": count}
        shift = CALCULATOR.derive(scale="gamer", baseline="wrong", **settings).answer
        assert change.after["gamer"].mean - change.before["gamer"].mean == Fraction(shift.text)
        others = sorted(other.normalised("gamer") for other in table if other is not game)
        low, high = others[(count - 1) // 2 - 1], others[(count - 1) // 2]
        for median in (change.before["gamer"].median, change.after["gamer"].median):
            assert low <= median <= high
        for scale in ("record", "clipped"):
            assert change.before[scale] == change.after[scale]


def test_the_demonstration() -> None:
    change = demonstration()
    before, after = change.before["gamer"], change.after["gamer"]
    assert len(EXAMPLE) == 7
    assert (round(float(before.mean), 2), round(float(after.mean), 2)) == (7.04, 78.21)
    assert before.median == after.median == Fraction(8, 5)
    # A wrong record moves the record mean, but the clipped mean by 1/n at most.
    record = wrong_baseline(EXAMPLE, EXAMPLE[-1].title, record=Fraction(8))
    assert record.after["record"].mean - record.before["record"].mean > 1000
    assert 0 < record.after["clipped"].mean - record.before["clipped"].mean <= Fraction(1, 7)


def test_every_problem_of_a_table_is_named() -> None:
    rows = [
        ("Pong", 20, "-20.7", "14.6", 21),
        ("Pong", 20, "-20.7", "14.6", 21),
        ("Skiing", "fast", -17098, -4337, "nan"),
        ("", 1, 2, 3, 4),
        ("Short", 1, 2),
        ("Flat", 1, 7, 7, 6),
        ("Letter", "x", 0, 1, 2),
    ]
    with pytest.raises(TableError) as caught:
        games(rows)
    assert caught.value.problems == (
        "row 2: title must be filled in and used once; got 'Pong'",
        "row 3: score must be a decimal number; got 'fast'",
        "row 3: record must be a decimal number; got 'nan'",
        "row 4: title must be filled in and used once; got ''",
        "row 5: a row must be title, score, random, gamer, record; got 3 values",
        "row 6: gamer must be above random; got 7 and 7",
        "row 6: record must be above random; got 6 and 7",
        "row 7: score must be a decimal number; got 'x'",
    )
    with pytest.raises(TableError, match=r"^a table must have 1 to 100 rows; got 0$"):
        games([])


def test_a_wrong_baseline_is_checked_as_well() -> None:
    with pytest.raises(TableError, match=r"^row 1: gamer must be above random; got 5 and 10$"):
        wrong_baseline(EXAMPLE, EXAMPLE[0].title, gamer=Fraction(5))
    with pytest.raises(KeyError):
        wrong_baseline(EXAMPLE, "no such game", gamer=Fraction(5))
