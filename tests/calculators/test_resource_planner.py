from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace

import numpy as np
import pytest
import sympy

from calculators import emit
from calculators.derivation import Derivation, Step
from calculators.resource_planner import CALCULATOR
from calculators.verify import StepError, verify

CHOICES = [choice.id for choice in CALCULATOR.choices]
COMBINATIONS = [
    dict(zip(CHOICES, options, strict=True))
    for options in itertools.product(*([option.id for option in choice.options()] for choice in CALCULATOR.choices))
]
START = {parameter.id: parameter.start for parameter in CALCULATOR.parameters}


def answers(**settings: object) -> dict[str, float]:
    result = CALCULATOR.derive(**settings).answer
    return {"result": float(result.expression)} | {q.id: float(q.expression) for q in result.quantities}


@pytest.mark.parametrize("options", COMBINATIONS, ids=lambda options: "-".join(options.values()))
@pytest.mark.parametrize("numbers", [{}, START], ids=["letters", "start"])
def test_all_steps_hold(options: dict[str, str], numbers: dict[str, object]) -> None:
    derivation = CALCULATOR.derive(**options, **numbers)
    verify(derivation)
    for step in derivation.steps:
        assert emit.latex(step.before)
        assert emit.text(step.after)
    assert all(emit.latex(q.symbol) and q.latex for q in derivation.answer.quantities)


def change(derivation: Derivation, step_id: str, **changes: object) -> Derivation:
    (step,) = (step for step in derivation.steps if step.id == step_id)
    return replace(derivation, steps=(replace(step, **changes),))


def wrongs(step: Step) -> list[sympy.Basic]:
    right = step.after.rhs if isinstance(step.after, sympy.Equality) else step.after
    tilt = sympy.Rational(1, 1000)
    variable = step.limit.variable if step.limit is not None else sympy.Symbol("L", positive=True)
    values = [2 * right, right * (1 + sympy.Rational(1, 10**6)), right * variable**tilt, 1 / right]
    if isinstance(step.after, sympy.Equality):
        return [sympy.Eq(step.after.lhs, value, evaluate=False) for value in values]
    return values


@pytest.mark.parametrize("options", COMBINATIONS, ids=lambda options: "-".join(options.values()))
def test_a_wrong_exponent_or_factor_fails_by_its_name(options: dict[str, str]) -> None:
    derivation = CALCULATOR.derive(**options)
    checked = [step for step in derivation.steps if step.kind != "premise"]
    assert len(checked) >= 4
    for step in checked:
        for wrong in wrongs(step):
            with pytest.raises(StepError, match=rf"^resource-planner, step {step.id} \("):
                verify(change(derivation, step.id, after=wrong))


def test_the_result_in_letters() -> None:
    assert CALCULATOR.derive().answer.text == "(L/T)**(1/alpha)"
    assert CALCULATOR.derive(floor="given").answer.text == "((L - E)/(T - E))**(1/alpha)"
    assert CALCULATOR.derive(resource="width").answer.text == "(L/T)**(1/(2*alpha))"
    assert CALCULATOR.derive(known="two-runs").answer.text == "(L/T)**(log(b)/log(S/L))"


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("resource", ["data", "width"])
def test_it_finds_the_size_at_which_a_made_up_law_reaches_the_target(seed: int, resource: str) -> None:
    """A law with known numbers; the size is found by bisection on the law, and the exponent by two of its values."""
    draw = random.Random(seed)
    alpha, floor, height = draw.uniform(0.1, 2), draw.uniform(0.5, 2), draw.uniform(1, 9)

    def law(size: float) -> float:
        return floor + height * size**-alpha

    small, now = 10.0, 70.0
    target = law(now * draw.uniform(1.5, 50))
    low, high = now, now * 1e3
    for _ in range(200):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if law(middle) > target else (low, middle)
    factor = low / now
    given = {
        "loss": repr(law(now))[:16],
        "target": repr(target)[:16],
        "irreducible": repr(floor)[:16],
        "exponent": repr(alpha)[:16],
        "earlier": repr(law(small))[:16],
        "growth": 7,
        "numerator": 4,
        "floor": "given",
        "resource": resource,
    }
    for known in ("exponent", "two-runs"):
        found = answers(known=known, **given)
        expected = factor if resource == "data" else math.sqrt(factor)
        assert found["result"] == pytest.approx(expected, rel=1e-8)
        assert found["dimension"] == pytest.approx(4 / alpha, rel=1e-8)
        assert found.get("alpha", alpha) == pytest.approx(alpha, rel=1e-8)
        assert found["dimension-without"] > found["dimension"]
    # What one sees without subtracting: the local slope of the whole loss, by a small difference.
    step = 1e-5
    slope = -math.log(law(now * (1 + step)) / law(now * (1 - step))) / math.log((1 + step) / (1 - step))
    assert answers(known="exponent", **given)["alpha-without"] == pytest.approx(slope, rel=1e-6)
    line = np.polyfit(np.log([small, now]), np.log([law(small), law(now)]), 1)
    assert answers(known="two-runs", **given)["alpha-without"] == pytest.approx(-line[0], rel=1e-6)


@pytest.mark.parametrize(("exponent", "dimension"), [("0.34", 12), ("0.076", 53)])
def test_published_exponents(exponent: str, dimension: int) -> None:
    """Language models: with a fitted irreducible loss alpha = 0.34, without one 0.076, so 4/alpha is 12 or 53."""
    assert round(answers(**START | {"exponent": exponent})["dimension"]) == dimension


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        # Half the loss: 2^(1/alpha).
        ({"loss": 2, "target": 1, "exponent": "0.5"}, 4),
        ({"loss": 2, "target": 1, "exponent": "0.1"}, 1024),
        ({"loss": 2, "target": 1, "exponent": "0.1", "resource": "parameters"}, 1024),
        ({"loss": 2, "target": 1, "exponent": "0.1", "resource": "width"}, 32),
        ({"loss": 2, "target": 1, "exponent": "0.1", "resource": "width-shallow"}, 1024),
        ({"loss": 2, "target": 2}, 1),
        # From 2 - 1 to 1.25 - 1: a quarter of what can fall.
        ({"loss": 2, "target": "1.25", "irreducible": 1, "exponent": "0.5", "floor": "given"}, 16),
        # Ten times the size halved the loss: so does the next factor of ten.
        ({"earlier": 4, "loss": 2, "target": 1, "growth": 10, "known": "two-runs"}, 10),
        (
            {
                "earlier": 5,
                "loss": 3,
                "target": 2,
                "irreducible": 1,
                "growth": 10,
                "known": "two-runs",
                "floor": "given",
            },
            10,
        ),
    ],
)
def test_cases_that_can_be_done_in_the_head(settings: dict[str, object], expected: float) -> None:
    assert answers(**START | settings)["result"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("layers", [1, 2])
def test_parameters_of_a_width(layers: int) -> None:
    """The count is that of the matrices and biases, summed; at w = 8 and 108 its local slope is the published one."""
    derivation = CALCULATOR.derive(resource="width" if layers == 2 else "width-shallow")
    (step,) = (step for step in derivation.steps if step.id == "parameters-of-width")
    w, i, o = (sympy.Symbol(letter, positive=True) for letter in "wio")
    for width in (3, 8, 108):
        sizes = [20, *([width] * layers), 1]
        count = sum(a * b + b for a, b in itertools.pairwise(sizes))
        assert step.before.subs({w: width, i: 20, o: 1}) == count
    if layers == 2:
        slope = (w * sympy.diff(step.before, w) / step.before).subs({i: 20, o: 1})
        assert [round(float(slope.subs(w, width)), 2) for width in (8, 22, 108)] == [1.25, 1.49, 1.82]


@pytest.mark.parametrize(
    ("settings", "silence"),
    [
        ({"loss": 2, "target": 3}, "The target is above the loss that there is now: nothing has to grow."),
        (
            {"loss": 2, "irreducible": 2, "target": 1, "floor": "given"},
            "The present loss is not above the irreducible loss, so nothing is left that could fall.",
        ),
        (
            {"loss": 2, "irreducible": 1, "target": 1, "floor": "given"},
            "The target is not above the irreducible loss: by this law no size reaches it.",
        ),
        (
            {"loss": 2, "irreducible": "1.5", "target": 1, "floor": "given"},
            "The target is not above the irreducible loss: by this law no size reaches it.",
        ),
        (
            {"loss": 2, "earlier": 2, "target": 1, "known": "two-runs"},
            "The larger run is not better than the smaller one, so the two runs show no law that falls.",
        ),
    ],
)
def test_where_the_law_says_nothing(settings: dict[str, object], silence: str) -> None:
    derivation = CALCULATOR.derive(**START | settings)
    assert (derivation.result, derivation.silence) == (None, silence)


def test_what_is_switched_off_is_not_asked() -> None:
    numbers = START | {"loss": 2, "target": 1, "irreducible": 3, "earlier": 1}
    assert CALCULATOR.derive(**numbers).result is not None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "0"}, "loss must be a decimal number, more than 0; got '0'"),
        ({"growth": 1}, "growth must be a decimal number, more than 1; got '1'"),
        ({"exponent": "nan"}, "exponent must be a decimal number, more than 0; got 'nan'"),
        ({"resource": "compute"}, "resource must be one of data, parameters, width, width-shallow; got 'compute'"),
    ],
)
def test_wrong_settings(settings: dict[str, object], message: str) -> None:
    (problem,) = CALCULATOR.problems(settings)
    assert problem.message == message


def test_curves_start_at_the_loss_now_and_cross_the_target_at_the_answer() -> None:
    for options in COMBINATIONS:
        derivation = CALCULATOR.derive(**START | options)
        loss, target = derivation.curves
        x = loss.variable
        assert float(loss.expression.subs(x, 1)) == pytest.approx(1)
        factor = float(derivation.answer.expression)
        if options["resource"] != "width-shallow" or options["known"] == "exponent":
            assert float(loss.expression.subs(x, factor)) == pytest.approx(float(target.expression))
