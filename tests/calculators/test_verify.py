from __future__ import annotations

import random
from dataclasses import replace

import pytest
import sympy

from calculators import CATALOG, nested, numeric
from calculators.derivation import Derivation, Limit, Step, Witness
from calculators.quadrature import QuadratureError
from calculators.verify import StepError, verify, verify_step

CALCULATOR = CATALOG["scaling-exponent"]
LOSSES = [option.id for option in CALCULATOR.choices[0].options()]
D, h, e = sympy.Symbol("D", positive=True), sympy.Symbol("h", positive=True), sympy.Symbol("e", real=True)


@pytest.mark.parametrize("degree", ["q", 0, 1, 3])
@pytest.mark.parametrize("smoothness", ["oo", "s", "1/2", 1, "3/2", 2, "1999/1000"])
def test_steps_hold_for_every_smoothness(degree: object, smoothness: object) -> None:
    verify(CALCULATOR.derive(degree=degree, smoothness=smoothness))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dimension", ["d", 8])
def test_steps_hold_for_every_loss(loss: str, dimension: object) -> None:
    verify(CALCULATOR.derive(loss=loss, dimension=dimension))


@pytest.mark.parametrize(
    "settings",
    [
        {"dimension": 10**6, "degree": 10**6, "loss_order": 10**6},
        {"dimension": "1/1000000", "smoothness": "1/1000000", "loss_order": "1/1000000"},
        {"dimension": 1, "degree": 0, "loss_order": 1},
        {"dimension": "5/2", "degree": 1, "loss_order": "5/2", "smoothness": "999999/1000000"},
    ],
)
def test_steps_hold_at_the_ends_of_the_ranges(settings: dict[str, object]) -> None:
    verify(CALCULATOR.derive(**settings))


def test_the_points_can_be_drawn_anew() -> None:
    for seed in range(3):
        verify(CALCULATOR.derive(smoothness="s"), random.Random(seed))


def change(derivation: Derivation, step_id: str, **changes: object) -> Derivation:
    assert any(step.id == step_id for step in derivation.steps)
    steps = tuple(replace(step, **changes) if step.id == step_id else step for step in derivation.steps)
    return replace(derivation, steps=steps)


def found(derivation: Derivation) -> str:
    with pytest.raises(StepError) as caught:
        verify(derivation)
    return str(caught.value)


def step(derivation: Derivation, step_id: str) -> Step:
    return next(step for step in derivation.steps if step.id == step_id)


SETTINGS = [
    {"loss": "log-cosh"},
    {"dimension": 8, "degree": 1, "loss": "squared"},
    {"dimension": 3, "degree": 0, "loss": "cross-entropy", "smoothness": "1/2"},
    {"loss": "huber", "smoothness": "s"},
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("wrong", [lambda x: 2 * x, lambda x: x**2, lambda x: x * D ** sympy.Rational(1, 1000)])
def test_a_wrong_spacing_fails_by_its_name(settings: dict[str, object], wrong: object) -> None:
    derivation = CALCULATOR.derive(**settings)
    right = step(derivation, "spacing").after
    assert found(change(derivation, "spacing", after=sympy.Eq(right.lhs, wrong(right.rhs)))).startswith(
        "scaling-exponent, step spacing (Solve for the spacing): relative residual "
    )


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("step_id", ["composition", "log-slope"])
@pytest.mark.parametrize("wrong", [lambda x: 2 * x, lambda x: x * (1 + sympy.Rational(1, 10**30)), lambda x: -x])
def test_a_wrong_identity_fails_by_its_name(settings: dict[str, object], step_id: str, wrong: object) -> None:
    derivation = CALCULATOR.derive(**settings)
    message = found(change(derivation, step_id, after=wrong(step(derivation, step_id).after)))
    assert message.startswith(f"scaling-exponent, step {step_id} (")
    assert "relative residual" in message


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize(
    ("step_id", "variable"), [("spacing-rate", D), ("output-error", h), ("loss-order", e), ("composition", D)]
)
@pytest.mark.parametrize("power", [1, -1, sympy.Rational(1, 10**6)])
def test_a_wrong_exponent_fails_by_its_name(
    settings: dict[str, object], step_id: str, variable: sympy.Symbol, power: sympy.Expr
) -> None:
    derivation = CALCULATOR.derive(**settings)
    factor = sympy.Abs(variable) ** power
    message = found(change(derivation, step_id, after=step(derivation, step_id).after * factor))
    assert message.startswith(f"scaling-exponent, step {step_id} (")


@pytest.mark.parametrize("loss", LOSSES)
def test_a_wrong_coefficient_of_a_loss_fails_by_its_name(loss: str) -> None:
    derivation = CALCULATOR.derive(loss=loss)
    right = step(derivation, "loss-order").after
    assert found(change(derivation, "loss-order", after=3 * right)) == (
        "scaling-exponent, step loss-order (What an error costs): before/after tends to 0.333333333333, not to 1"
    )


def test_a_wrong_line_before_fails_by_its_name() -> None:
    derivation = CALCULATOR.derive(dimension=8)
    before = step(derivation, "spacing-rate").before * D
    assert found(change(derivation, "spacing-rate", before=before)) == (
        "scaling-exponent, step spacing-rate (Only the power of D matters): "
        "slope 0.875 on the line before; stated -0.125"
    )


def test_whole_messages() -> None:
    derivation = CALCULATOR.derive(dimension=8, degree=1, loss_order=2)
    assert found(change(derivation, "output-error", after=h**3)) == (
        "scaling-exponent, step output-error (What is left over): slope 2.0 on a smooth target; stated 3.0"
    )
    assert found(change(derivation, "spacing-rate", after=1 / D)) == (
        "scaling-exponent, step spacing-rate (Only the power of D matters): slope -0.125 on random points; stated -1.0"
    )
    rough = CALCULATOR.derive(dimension=8, degree=1, smoothness="3/2")
    assert found(change(rough, "output-error", after=h**2)) == (
        "scaling-exponent, step output-error (What is left over): slope 1.5 on a target of smoothness s; stated 2.0"
    )


def test_a_derivation_must_end_in_its_result() -> None:
    derivation = CALCULATOR.derive(degree=1, loss_order=2)
    wrong = replace(derivation, result=replace(derivation.result, expression=2 * derivation.result.expression))
    assert found(wrong) == ("scaling-exponent, step log-slope (Read off the exponent): ends in 4/d, the result is 8/d")


def test_a_one_sided_loss_fails() -> None:
    derivation = CALCULATOR.derive(loss="absolute")
    lopsided = sympy.Piecewise((e, sympy.Le(0, e)), (-2 * e, True))
    assert found(change(derivation, "loss-order", before=lopsided)) == (
        "scaling-exponent, step loss-order (What an error costs): before/after tends to 2.0, not to 1"
    )


def test_a_leading_order_step_needs_a_limit_and_a_witness() -> None:
    with pytest.raises(ValueError, match=r"^a step must have a limit just when it is of leading order; got 'x'$"):
        Step("x", "X", "leading-order", D, D, "because")
    with pytest.raises(ValueError, match=r"^a step must have a limit just when it is of leading order; got 'x'$"):
        Step("x", "X", "identity", D, D, "because", limit=Limit(D, "oo"))
    derivation = CALCULATOR.derive()
    assert found(change(derivation, "output-error", limit=Limit(h, "0"))) == (
        "scaling-exponent, step output-error (What is left over): has no witness"
    )


def test_premises_are_not_checked() -> None:
    verify(change(CALCULATOR.derive(), "covering", after=D))


def test_a_sharp_step_checks_the_coefficient_on_its_witnesses_too() -> None:
    right = Witness("a witness", lambda arithmetic, octave, values: arithmetic.mpf(octave + 1))
    sharp = Step("x", "X", "leading-order", sympy.Symbol("f"), 2 * D, "", limit=Limit(D, "oo", (right,), sharp=True))
    derivation = CALCULATOR.derive()
    verify(replace(derivation, steps=(sharp, *derivation.steps)))
    wrong = replace(sharp, after=3 * D)
    assert found(replace(derivation, steps=(wrong, *derivation.steps))) == (
        "scaling-exponent, step x (X): before/after tends to 0.666666666667 on a witness, not to 1"
    )


def test_a_line_can_be_looked_at_farther_out() -> None:
    slow = Step("x", "X", "leading-order", D + D ** sympy.Rational(3, 4), D, "", limit=Limit(D, "oo", sharp=True))
    derivation = CALCULATOR.derive()
    assert "slope 0.99" in found(replace(derivation, steps=(slow, *derivation.steps)))
    far = replace(slow, limit=Limit(D, "oo", sharp=True, octaves=(64, 128, 256)))
    verify(replace(derivation, steps=(far, *derivation.steps)))


def test_the_sum_of_a_power_has_a_value() -> None:
    i = sympy.Symbol("i", integer=True, positive=True)
    tail = sympy.Sum(i**-2, (i, D + 1, sympy.oo))
    step = Step("x", "X", "leading-order", tail, 1 / D, "", limit=Limit(D, "oo", sharp=True))
    derivation = CALCULATOR.derive()
    verify(replace(derivation, steps=(step, *derivation.steps)))
    for other in (sympy.Sum(i**2, (i, 1, D)), sympy.Sum(2 ** (-i), (i, D, sympy.oo))):
        with pytest.raises(TypeError, match=r"^no value for this sum; got Sum\("):
            verify(replace(derivation, steps=(replace(step, before=other), *derivation.steps)))


x, y = sympy.Symbol("x", real=True), sympy.Symbol("y", real=True)


def over(integrand: sympy.Expr, variable: sympy.Symbol) -> sympy.Expr:
    return sympy.Integral(integrand, (variable, -sympy.oo, sympy.oo))


def test_an_integral_over_integrals_is_compared_to_ten_digits() -> None:
    inner = over(sympy.exp(-D * (x - y) ** 2), y)
    step = Step("twice", "Twice", "identity", over(sympy.exp(-(x**2)) * inner, x), sympy.pi / sympy.sqrt(D), "…")
    ranges = ((D, (sympy.Integer(1), sympy.Integer(4))),)
    verify_step("c", replace(step, ranges=ranges), random.Random(1))
    for tiny, fails in ((10**9, True), (10**12, False)):
        other = replace(step, ranges=ranges, after=step.after * (1 + sympy.Rational(1, tiny)))
        if fails:
            with pytest.raises(StepError, match="step twice"):
                verify_step("c", other, random.Random(1))
        else:
            verify_step("c", other, random.Random(1))


def test_an_integral_over_integrals_that_does_not_settle_is_no_number() -> None:
    with pytest.raises(QuadratureError, match="must settle"):
        nested.value(over(sympy.exp(-(x**2)) * over(sympy.exp(-(10**6) * (x - y) ** 2), y), x), {})


def test_the_slope_of_an_integral_has_forty_digits() -> None:
    arithmetic = numeric.context()
    smooth = over(sympy.exp(-((y - x) ** 2)) / (1 + y**2), y)
    under = over(2 * (y - x) * sympy.exp(-((y - x) ** 2)) / (1 + y**2), y)
    at = {x: arithmetic.mpf(3) / 4}
    slope = numeric.evaluate(arithmetic, sympy.Derivative(smooth, x), at)
    assert numeric.close(slope, numeric.evaluate(arithmetic, under, at))


def test_names_stand_for_what_a_step_says() -> None:
    p, f = sympy.Function("p"), sympy.Function("f")
    names = ((f(x), p(x) ** 2), (p(x), sympy.exp(3 * x)))
    step = Step("square", "A square", "identity", f(h), sympy.exp(6 * h), "…", names=names)
    verify_step("c", step, random.Random(1))
    assert step.unfolded.before == sympy.exp(6 * h)
    with pytest.raises(StepError, match="step square"):
        verify_step("c", replace(step, after=sympy.exp(5 * h)), random.Random(1))
