from __future__ import annotations

import json
import random
from fractions import Fraction

import pytest
import sympy

from calculators import report
from calculators.derivation import SettingError
from calculators.imagination_budget import CALCULATOR
from calculators.verify import verify
from tests.steps import combinations, each_wrong_step_fails_by_its_name, shown, under_node

PAPER = {"frames": 200, "repeat": 4, "every": 4, "batch": 50, "length": 50, "horizon": 15}


@pytest.mark.parametrize("chosen", combinations(CALCULATOR), ids=shown)
@pytest.mark.parametrize("settings", [{}, PAPER, {"frames": "1/1000000", "every": "1/3", "batch": 10**6}])
def test_steps_hold_and_wrong_ones_fail(chosen: dict[str, str], settings: dict[str, object]) -> None:
    derivation = CALCULATOR.derive(**chosen, **settings)
    verify(derivation)
    each_wrong_step_fails_by_its_name(derivation)


@pytest.mark.parametrize(
    ("changes", "billions"),
    [
        # Hafner et al.: "468 billion", and what their public code's settings give.
        ({}, Fraction("468.75")),
        ({"every": 16}, Fraction("117.1875")),
        ({"every": 16, "batch": 16}, Fraction("37.5")),
        ({"every": 16, "counted_in": "frames"}, Fraction("468.75")),
    ],
)
def test_published_numbers(changes: dict[str, object], billions: Fraction) -> None:
    assert Fraction(CALCULATOR.derive(**PAPER | changes).answer.text) == billions


def test_the_number_has_its_unit() -> None:
    derivation = CALCULATOR.derive(**PAPER)
    assert "= 1875/4 = 468.75 billion [arithmetic]" in report.as_text(CALCULATOR, derivation)
    assert json.loads(report.as_json(CALCULATOR, derivation))["unit"] == "billion"
    assert r"\quad\text{billion}" in report.as_latex(CALCULATOR, derivation)


def test_what_lies_between() -> None:
    found = {quantity.id: quantity.text for quantity in CALCULATOR.derive(**PAPER).answer.quantities}
    assert found == {"decisions": "50", "updates": "25/2", "starts": "2500", "per-decision": "9375", "replay": "625"}


@pytest.mark.parametrize("counted_in", ["decisions", "frames"])
def test_counting_one_by_one(counted_in: str) -> None:
    """A small run, frame by frame, with every imagined state counted."""
    imagined = decisions = updates = 0
    for frame in range(1, 241):
        decided = frame % 3 == 0
        decisions += decided
        due = frame % 8 == 0 if counted_in == "frames" else decided and decisions % 8 == 0
        if due:
            updates += 1
            for _ in range(2 * 5):
                imagined += 7
    settings = {"frames": "240/1000000", "repeat": 3, "every": 8, "batch": 2, "length": 5, "horizon": 7}
    answer = CALCULATOR.derive(**settings, counted_in=counted_in).answer
    assert Fraction(answer.text) * 10**9 == imagined
    assert {q.id: Fraction(q.text) for q in answer.quantities}["updates"] * 10**6 == updates


def test_the_table_ends_with_the_published_row() -> None:
    row = CALCULATOR.table().rows[-1]
    assert row.title == "200"
    assert [cell.decimal for cell in row.cells] == ["468.75", "117.188", "37.5", "468.75"]


@pytest.mark.parametrize("name", ["repeat", "batch", "length", "horizon"])
def test_whole_numbers(name: str) -> None:
    for wrong in (0, "5/2"):
        with pytest.raises(SettingError, match=f"^{name} must be a whole number, 1 or more; got '{wrong}'$"):
            CALCULATOR.derive(**{name: wrong})


@pytest.mark.parametrize("chosen", combinations(CALCULATOR), ids=shown)
def test_javascript_equals_sympy_exactly(chosen: dict[str, str]) -> None:
    generator = random.Random(140)
    result = CALCULATOR.derive(**chosen).answer
    expressions = {quantity.id: quantity.expression for quantity in result.quantities} | {"result": result.expression}
    given = [
        {
            "F": str(Fraction(generator.randint(1, 10**6), generator.choice([1, 7, 1000]))),
            "u": str(Fraction(generator.randint(1, 1000), generator.choice([1, 1, 3]))),
            **{letter: str(generator.randint(1, 500)) for letter in "kBTH"},
        }
        for _ in range(1000)
    ]
    asked = [(name, settings) for settings in given for name in expressions]
    for (name, settings), answer in zip(asked, under_node(CALCULATOR, expressions, asked), strict=True):
        values = {symbol: sympy.Rational(settings[letter]) for letter, symbol in CALCULATOR.symbols.items()}
        expected = expressions[name].xreplace(values)
        assert sympy.Rational(answer["exact"]) == expected
        assert float(answer["number"]) == pytest.approx(float(expected), rel=1e-12)
