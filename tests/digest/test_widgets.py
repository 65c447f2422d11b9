"""A calculator's widget as the build makes it, before any script runs: what is shown for some settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from calculators import CATALOG
from digest import widgets
from digest.typeset import typeset

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def blueprint() -> widgets.Blueprint:
    return widgets.blueprint(CATALOG["scaling-exponent"])


@pytest.fixture(scope="module")
def mathml(blueprint: widgets.Blueprint) -> dict[widgets.Line, str]:
    found = typeset(blueprint.formulas(), PROJECT)
    assert all(isinstance(line, str) for line in found.values())
    return {formula: str(line) for formula, line in found.items()}


Make = Callable[..., widgets.Widget]


@pytest.fixture
def made(blueprint: widgets.Blueprint, mathml: dict[widgets.Line, str]) -> Make:
    """The widget for settings that a page presets."""

    def make(**settings: str) -> widgets.Widget:
        return widgets.widget(blueprint, settings, here="calculators/scaling-exponent/", mathml=mathml)

    return make


def law(widget: widgets.Widget) -> tuple[str, str]:
    """The sign and the right side of the law, a fraction over a bar as (above/below), a power as ^power."""
    (step,) = (step for step in widget.steps if step.id == "composition")
    (variant,) = (variant for variant in step.variants if variant.when.now)
    text = re.sub(r"<mfrac><mn>(\d+)</mn><mn>(\d+)</mn></mfrac>", r"(\1/\2)", variant.after)
    text = re.sub(r"<msup[^>]*><mi>(\w)</mi>(.*?)</msup>", r"\1^\2", text)
    return variant.law, re.sub(r"<[^>]*>", "", text)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"dimension": "8", "degree": "1"}, ("→", "(1/5)v")),
        ({"dimension": "5", "degree": "1"}, ("→", "(2/7)v")),
        ({"dimension": "1/2", "degree": "1"}, ("→", "(4/5)v")),
        ({"dimension": "8", "degree": "0"}, ("→", "v")),
        ({"dimension": "8", "degree": "1", "manifold": "product", "second_dimension": "4"}, ("→", "(1/7)v")),
    ],
)
def test_a_floor_is_a_limit_with_its_fraction_over_a_bar(
    made: Make, settings: dict[str, str], expected: tuple[str, str]
) -> None:
    widget = made(also="label-noise", **settings)
    assert law(widget) == expected
    derivation = CATALOG["scaling-exponent"].derive(loss="squared", also="label-noise", **settings)
    (step,) = (step for step in derivation.steps if step.id == "composition")
    floor = next(quantity for quantity in derivation.answer.quantities if quantity.id == "floor")
    assert step.after.coeff(next(iter(step.after.free_symbols))) == floor.expression


def test_other_laws_are_no_limits(made: Make) -> None:
    assert law(made(dimension="8", degree="1")) == ("∝", "D^−1/2")
    assert law(made(dimension="8", degree="1", also="lower-bound")) == ("≳", "D^−1/2")
    assert law(made(dimension="8", degree="1", resource="width")) == ("∝", "w^−1")


def shown(widget: widgets.Widget) -> list[str]:
    return [step.id for step in widget.steps if step.shown]


@pytest.mark.parametrize(
    ("settings", "last"),
    [
        ({"also": "label-noise", "loss": "absolute"}, "resolution-law"),
        ({"also": "label-noise", "loss": "log-cosh"}, "resolution-law"),
        ({"also": "label-noise", "degree": "2"}, "resolution-law"),
        ({"regime": "variance", "loss": "absolute"}, "expansion"),
    ],
)
def test_where_there_is_no_answer_the_steps_stop_before_the_first_that_does_not_hold(
    made: Make, settings: dict[str, str], last: str
) -> None:
    widget = made(**settings)
    assert widget.silence.startswith("The theory gives no ")
    assert shown(widget)[-1] == last
    calculator = CATALOG["scaling-exponent"]
    derivation = calculator.derive(**({"dimension": 8, "degree": 1, "loss": "squared"} | settings))
    assert shown(widget) == [step.id for step in derivation.steps]


def further(widget: widgets.Widget) -> dict[str, tuple[str, str]]:
    (case,) = (case for case in widget.cases if case.when.now)
    return {quantity.id: (quantity.text, quantity.decimal) for quantity in case.quantities}


def test_fractions_have_their_decimal_beside_them(made: Make) -> None:
    width = made(dimension="8", degree="1", resource="width", inputs="20", width="22", layers="2", outputs="1")
    assert further(width) == {
        "parameters": ("991", ""),
        "local-slope": ("1474/991", "≈ 1.487"),
        "local-exponent": ("737/991", "≈ 0.744"),
    }
    noise = made(dimension="8", degree="1", also="label-noise")
    assert further(noise) == {"floor": ("1/5", "= 0.2"), "above": ("1/2", "= 0.5"), "minimax": ("1", "")}


def test_what_follows_from_a_measured_exponent_is_exact(made: Make) -> None:
    widget = made(dimension="8", degree="1", also="measured", measured="0.34")
    assert (widget.result_text, widget.result_decimal, widget.result_sign) == ("200/17", "11.765", "=")
    assert further(widget)["order"] == ("34/25", "= 1.36")


def test_sliders_come_back_to_where_they_start() -> None:
    """Each start is a whole number of steps from the slider's low end, and one key moves no more than a fiftieth."""
    for id_, expected in (("universal-rates", {"head": 0.01, "tail": 0.01}), ("normalised-score", {"random": 1.0})):
        parameters = {parameter.id: parameter for parameter in CATALOG[id_].parameters}
        for name, step in expected.items():
            low, high = (float(end) for end in parameters[name].slider)
            assert widgets._step(parameters[name], low, high) == pytest.approx(step)
            places = (float(parameters[name].start) - low) / step
            assert places == pytest.approx(round(places), abs=1e-6) and low <= float(parameters[name].start) <= high


def test_no_symbol_stands_before_a_line_that_is_a_sentence() -> None:
    assert {r"\le", r"\ge", "<", r"\Longrightarrow"} == widgets._STAND_ALONE
