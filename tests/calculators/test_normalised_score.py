from __future__ import annotations

import random
from fractions import Fraction

import pytest
import sympy

from calculators.normalised_score import CALCULATOR, SCALES
from calculators.verify import verify
from tests.steps import combinations, each_wrong_step_fails_by_its_name, shown, under_node

JAMES_BOND = {"score": 3000, "random": "7.0", "gamer": 303, "record": 20_000, "wrong": "29.0", "games": 55}
COMBINATIONS = combinations(CALCULATOR)


@pytest.mark.parametrize("chosen", COMBINATIONS, ids=shown)
@pytest.mark.parametrize(
    "settings",
    [{}, JAMES_BOND, JAMES_BOND | {"score": 7}, JAMES_BOND | {"score": "-1.5e4", "random": "-17098.25", "games": 1}],
)
def test_steps_hold(chosen: dict[str, str], settings: dict[str, object]) -> None:
    verify(CALCULATOR.derive(**chosen, **settings))


@pytest.mark.parametrize("chosen", COMBINATIONS, ids=shown)
@pytest.mark.parametrize("settings", [{}, JAMES_BOND])
def test_wrong_steps_fail_by_their_names(chosen: dict[str, str], settings: dict[str, object]) -> None:
    each_wrong_step_fails_by_its_name(CALCULATOR.derive(**chosen, **settings))


def test_random_play_is_0_and_the_baseline_1() -> None:
    for scale in SCALES:
        top = 303 if scale == "gamer" else 20_000
        for score, expected in ((7, "0"), (top, "1")):
            assert CALCULATOR.derive(**JAMES_BOND | {"scale": scale, "score": score}).answer.text == expected
    twice = {"score": 39_993}
    assert CALCULATOR.derive(**JAMES_BOND | twice, scale="record").answer.text == "2"
    assert CALCULATOR.derive(**JAMES_BOND | twice, scale="clipped").answer.text == "1"


def test_james_bond() -> None:
    answer = CALCULATOR.derive(**JAMES_BOND, baseline="wrong").answer
    found = {quantity.id: Fraction(quantity.text) for quantity in answer.quantities}
    assert found["factor"] == Fraction(296, 22)
    assert found["false"] == Fraction(2993, 22)
    assert Fraction(answer.text) == (Fraction(2993, 22) - Fraction(2993, 296)) / 55


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("gap", [0, -1])
def test_silence_where_a_baseline_is_not_above_random_play(scale: str, gap: int) -> None:
    baseline = "gamer" if scale == "gamer" else "record"
    for settings in ({baseline: 7 + gap}, {"wrong": 7 + gap, "baseline": "wrong"}):
        derivation = CALCULATOR.derive(**JAMES_BOND | settings, scale=scale)
        assert derivation.result is None
        assert derivation.silence.startswith(
            "A normalised score means nothing when a baseline is not above random play"
        )
    # The other scale's baseline does not matter.
    other = "record" if scale == "gamer" else "gamer"
    assert CALCULATOR.derive(**JAMES_BOND | {other: 7 + gap}, scale=scale).result is not None


def test_a_scale_whose_baseline_is_not_above_random_play_has_no_score_beside_another() -> None:
    assert CALCULATOR.derive(**JAMES_BOND | {"record": -5}, scale="gamer").answer.quantities == ()


@pytest.mark.parametrize("chosen", COMBINATIONS, ids=shown)
def test_javascript_equals_sympy_exactly(chosen: dict[str, str]) -> None:
    generator = random.Random(140)
    result = CALCULATOR.derive(**chosen).answer
    expressions = {quantity.id: quantity.expression for quantity in result.quantities} | {"result": result.expression}
    given = []
    for _ in range(1000):
        low = Fraction(generator.randint(-200_000, 20_000), 10)
        above = {letter: low + Fraction(generator.randint(1, 10**6), 10) for letter in "gRb"}
        score = low + Fraction(generator.randint(-(10**4), 10**6), 10)
        values = {"r": low, "x": score, **above, "n": Fraction(generator.randint(1, 100))}
        given.append({letter: str(value) for letter, value in values.items()})
    asked = [(name, settings) for settings in given for name in expressions]
    for (name, settings), answer in zip(asked, under_node(CALCULATOR, expressions, asked), strict=True):
        values = {symbol: sympy.Rational(settings[letter]) for letter, symbol in CALCULATOR.symbols.items()}
        expected = expressions[name].xreplace(values)
        assert sympy.Rational(answer["exact"]) == expected
        # The plain numbers cancel where the score is near random play.
        assert float(answer["number"]) == pytest.approx(float(expected), rel=1e-12, abs=1e-9)
