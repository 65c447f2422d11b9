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


def plot_of(**settings: str) -> tuple[list[tuple[str, str]], dict[str, int]]:
    """The titles of goodhart's axes that are shown for some settings, and the curves drawn, with their ranks."""
    plan = widgets.plan(CATALOG["goodhart"])
    chosen = widgets.settled(plan.calculator, settings)
    values = {p.symbol: p.start for p in plan.calculator.parameters}
    plot = widgets._plot(plan, values, chosen)
    assert plot is not None
    shown = [(titles.x, titles.y) for titles in plot.titles if titles.when.now]
    return shown, {curve.id: curve.rank for curve in plot.curves if curve.points}


def test_a_plot_has_the_titles_and_curves_of_its_question() -> None:
    assert plot_of() == ([("Proxy u", "True value")], {"gaussian": 1, "laplace": 2, "student-3": 3})
    titles, curves = plot_of(question="threshold", error="student")
    assert titles == [("Threshold u", "True value")] and curves == {"gaussian": 1, "laplace": 2, "student": 3}
    titles, curves = plot_of(question="best-of-n")
    assert titles[0][0].startswith("Doublings of n") and curves == {"gaussian": 1, "laplace": 2}


@pytest.mark.parametrize(("question", "other"), [("reward-best-of-n", "reward-rl"), ("reward-rl", "reward-best-of-n")])
def test_the_chosen_reward_curve_is_drawn_as_the_first(question: str, other: str) -> None:
    titles, curves = plot_of(question=question)
    assert titles == [("Distance delta from the start", "Reward")]
    assert curves == {question: 1, f"other-{other}": 2}


def test_the_third_line_of_a_plot_is_as_heavy_as_its_dots_need() -> None:
    sheet = (PROJECT / "digest" / "assets" / "digest.css").read_text(encoding="utf-8")
    (dashes,) = re.findall(r"\.td-plot__line--3 \{ [^}]*stroke-dasharray: (\d+) (\d+);", sheet)
    assert int(dashes[0]) > int(dashes[1])
    (width,) = re.findall(r"\.td-plot--framed \.td-plot__line--3 \{ stroke-width: ([\d.]+);", sheet)
    (usual,) = re.findall(r"\.td-plot--framed \.td-plot__line \{ stroke-width: ([\d.]+);", sheet)
    assert float(width) > float(usual)
