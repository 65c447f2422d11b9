from __future__ import annotations

import random

import numpy as np
import pytest
import sympy

from calculators import emit, exponent_fit, fitting, implied, numeric, tables
from calculators.derivation import SettingError
from calculators.exponent_fit import CALCULATOR
from calculators.verify import verify
from tests import steps
from tests.calculators import in_node

COMBINATIONS = steps.combinations(CALCULATOR)
START = {parameter.id: parameter.start for parameter in CALCULATOR.parameters}
LINE = START | {"floor": "none"}
LETTERS = {letter: CALCULATOR.symbols[letter] for letter in CALCULATOR.symbols}


def centred(x: np.ndarray, y: np.ndarray) -> dict[str, sympy.Rational]:
    """The sums about the means, exactly as floats have them."""
    a, b = x - x.mean(), y - y.mean()
    values = {"sum_xx": a @ a, "sum_xy": a @ b, "sum_yy": b @ b}
    return {name: sympy.Rational(float(value)) for name, value in values.items()}


@pytest.mark.parametrize("options", COMBINATIONS, ids=steps.shown)
@pytest.mark.parametrize("numbers", [{}, START], ids=["letters", "start"])
def test_every_step_holds(options: dict[str, str], numbers: dict[str, object]) -> None:
    derivation = CALCULATOR.derive(**options, **numbers)
    verify(derivation)
    for step in derivation.steps:
        assert emit.latex(step.before) and emit.text(step.after)


@pytest.mark.parametrize("options", COMBINATIONS, ids=steps.shown)
def test_a_wrong_step_fails_by_its_name(options: dict[str, str]) -> None:
    derivation = CALCULATOR.derive(**options)
    assert sum(step.kind == "identity" for step in derivation.steps) >= 10
    steps.each_wrong_step_fails_by_its_name(derivation)


@pytest.mark.parametrize("seed", range(20))
def test_the_sums_give_what_numpy_fits(seed: int) -> None:
    draw = np.random.default_rng(seed)
    x = np.log(2.0 ** np.arange(4, 4 + draw.integers(4, 20)))
    y = 1 - draw.uniform(0.1, 1) * x + 0.1 * draw.standard_normal(len(x))
    (slope, _), covariance = np.polyfit(x, y, 1, cov=True)
    result = CALCULATOR.derive(**LINE | centred(x, y) | {"sizes": len(x)}).answer
    found = {quantity.id: float(quantity.expression) for quantity in result.quantities}
    assert float(result.expression) == pytest.approx(-slope, rel=1e-10)
    assert found["standard-error"] == pytest.approx(covariance[0, 0] ** 0.5, rel=1e-8)
    assert found["implied-dimension"] == pytest.approx(-4 / slope, rel=1e-10)
    assert found["bound"] == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_the_shared_variance_is_that_of_three_columns(seed: int) -> None:
    """Slope, height and floor fitted together: the inverse of the matrix of all products of the columns."""
    draw = np.random.default_rng(seed)
    x, v, y = draw.standard_normal((3, 9))
    y = 0.1 * y - x
    a, b = x - x.mean(), v - v.mean()
    sums = centred(x, y) | {"sum_xv": sympy.Rational(float(a @ b)), "sum_vv": sympy.Rational(float(b @ b))}
    result = CALCULATOR.derive(**START | sums | {"sizes": 9, "floor": "fitted"}).answer
    columns = np.stack([np.ones(9), x, v], axis=1)
    left = float(sums["sum_yy"] - sums["sum_xy"] ** 2 / sums["sum_xx"])
    expected = (left / 6 * np.linalg.inv(columns.T @ columns)[1, 1]) ** 0.5
    assert float(result.quantities[0].expression) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(
    ("settings", "power"),
    [
        ({"degree": 1, "loss_order": 2}, 4),
        ({"degree": 0, "loss_order": 2}, 2),
        ({"degree": 3, "loss_order": 2, "smoothness": "3/2"}, 3),
        ({"degree": 1, "loss_order": "3/2"}, 3),
    ],
)
def test_the_implied_dimension_is_that_of_the_law(settings: dict[str, object], power: int) -> None:
    result = CALCULATOR.derive(**START | settings).answer
    found = {quantity.id: quantity.expression for quantity in result.quantities}
    assert found["power"] == power
    law = implied.theory(settings)
    assert float(found["implied-dimension"]) == pytest.approx(law.dimension_at(float(result.expression)), rel=1e-12)
    assert float(found["bound"]) == law.exponent_at(8)


def test_the_implied_dimension_has_a_letter_of_its_own() -> None:
    """d is the measured one: no step solves for it, and no further output is called so."""
    derivation = CALCULATOR.derive()
    (step,) = (step for step in derivation.steps if step.id == "dimension")
    assert step.after.lhs == sympy.Symbol("d_alpha", positive=True)
    assert CALCULATOR.symbols["d"] not in step.before.free_symbols | step.after.free_symbols
    outputs = {quantity.id: quantity.symbol for quantity in derivation.answer.quantities}
    assert outputs["implied-dimension"] == step.after.lhs
    assert CALCULATOR.symbols["d"] not in outputs.values()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"sizes": 3, "floor": "fitted"}, "The error of a fit with an irreducible loss needs four sizes or more."),
        (
            {"sum_xy": 3, "sum_yy": 9, "sum_xx": 9},
            "The loss does not fall with size, so there is no exponent to read and no dimension.",
        ),
        (
            {"sum_xx": 1, "sum_yy": 1, "sum_xy": -2},
            "These sums belong to no table: the square of S_xy is at most S_xx times S_yy.",
        ),
        (
            {"sum_xx": 1, "sum_vv": 1, "sum_xv": 2, "sum_yy": 9, "sum_xy": -1, "floor": "fitted"},
            "These sums belong to no table: the square of S_xv is less than S_xx times S_vv.",
        ),
    ],
)
def test_silence(settings: dict[str, object], sentence: str) -> None:
    derivation = CALCULATOR.derive(**START | settings)
    assert (derivation.result, derivation.silence) == (None, sentence)


def test_two_sizes_are_too_few() -> None:
    with pytest.raises(SettingError, match=r"sizes must be a whole number, 3 or more; got '2'\Z"):
        CALCULATOR.derive(sizes=2)


@pytest.mark.parametrize("options", COMBINATIONS, ids=steps.shown)
def test_javascript_equals_sympy(options: dict[str, str]) -> None:
    """500 seeded inputs for each of two options, the result and every further output.

    S_xy is at most nine tenths of what S_xx and S_yy allow: what comes closer loses digits in their difference.
    """
    draw = random.Random("-".join(options.values()))
    points = []
    for _ in range(500):
        xx, yy, vv = (sympy.Rational(draw.randint(100, 3000), 100) for _ in range(3))
        share, other = (sympy.Rational(draw.randint(5, 90), 100) for _ in range(2))
        xy, xv = (-round(float(share * (xx * yy) ** 0.5), 3), round(float(other * (xx * vv) ** 0.5), 3))
        letters = {"S_xx": xx, "S_yy": yy, "S_vv": vv, "S_xy": sympy.Rational(str(xy)), "S_xv": sympy.Rational(str(xv))}
        letters |= {"n": sympy.Integer(draw.randint(4, 60)), "d": sympy.Rational(draw.randint(1, 200), 4)}
        letters |= {"m": sympy.Rational(draw.randint(1, 12), 3), "q": sympy.Integer(draw.randint(0, 4))}
        letters |= {"s": sympy.Rational(draw.randint(1, 20), 4)}
        points.append({LETTERS[letter]: value for letter, value in letters.items()})
    result = CALCULATOR.derive(**options, smoothness="s").answer
    arithmetic = numeric.context()
    for expression in (result.expression, *(quantity.expression for quantity in result.quantities)):
        found = in_node.values(expression, [{x: float(y) for x, y in point.items()} for point in points])
        for point, answer in zip(points, found, strict=True):
            values = {x: arithmetic.mpf(int(y.p)) / int(y.q) for x, y in point.items()}
            assert answer == pytest.approx(float(numeric.evaluate(arithmetic, expression, values)), rel=1e-12), point


# --- the example -----------------------------------------------------------------------------------------------------


def test_the_example_is_what_it_says() -> None:
    """Written again: the law times the exponential of seeded noise, to four decimals."""
    draw = np.random.default_rng(140).standard_normal(10)
    sizes, losses = exponent_fit.example_points()
    assert sizes.tolist() == [2.0**k for k in range(8, 18)]
    assert losses == pytest.approx((0.1 + 4 / np.sqrt(sizes)) * np.exp(0.02 * draw), abs=5.01e-5)


def test_the_example_shows_why_a_floor_matters() -> None:
    fit = fitting.fit(*exponent_fit.example_points())
    assert fit.irreducible is not None and fit.irreducible.state == "identified"
    low, high = fit.irreducible.interval
    assert fit.power_law.interval[1] < 0.5 and low < 0.5 < high
    assert fit.irreducible.loss_interval[0] < 0.1 < fit.irreducible.loss_interval[1]


def test_the_example_can_be_read_as_a_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / exponent_fit.EXAMPLE_NAME
    file.write_text(exponent_fit.example())
    sizes, losses = tables.size_and_loss(file)
    assert [sizes.tolist(), losses.tolist()] == [points.tolist() for points in exponent_fit.example_points()]


def test_the_start_is_the_example() -> None:
    """With the fit that its table does not reject."""
    found = CALCULATOR.derive(**START).answer
    fitted = fitting.fit(*exponent_fit.example_points()).irreducible
    assert fitted is not None and fitted.state == "identified"
    assert float(found.expression) == pytest.approx(fitted.alpha, rel=1e-5)
    (error,) = (quantity for quantity in found.quantities if quantity.id == "standard-error")
    assert float(error.expression) == pytest.approx(fitted.standard_error, rel=1e-3)


@pytest.mark.parametrize("floor", ["none", "fitted"])
def test_the_normal_equations_hold_for_the_numbers_that_are_put_in(floor: str) -> None:
    """A table whose means are not 0: what the letters stand for, summed as the sentences say, makes each line true."""
    x, y, weight = np.array([1.0, 2.0, 4.0, 7.0]), np.array([5.0, 4.0, 4.5, 1.0]), np.array([1.0, 0.9, 0.5, 0.2])
    weight = weight if floor == "fitted" else np.ones(4)
    a, b = x - np.average(x, weights=weight), y - np.average(y, weights=weight)
    about = {"sum_xx": weight @ a**2, "sum_xy": weight @ (a * b), "sum_yy": weight @ b**2}
    sums = {name: sympy.Rational(repr(float(value))) for name, value in about.items()}
    derivation = CALCULATOR.derive(**START | sums | {"sizes": 4, "floor": floor})
    raw = {"T_x": x, "T_y": y, "T_xx": x**2, "T_xy": x * y, "T_yy": y**2}
    values = {name: float(weight @ column) for name, column in raw.items()} | {"W": float(weight.sum())}
    slope, height = np.polyfit(x, y, 1, w=np.sqrt(weight))
    values |= {"b": float(slope), "h": float(height)}
    found = {step.id: step for step in derivation.steps}

    def at(expression: sympy.Expr) -> float:
        return float(expression.subs({letter: values[letter.name] for letter in expression.free_symbols}))

    left = weight @ (y - height - slope * x) ** 2
    assert at(found["sum-of-squares"].after) == pytest.approx(left, rel=1e-9)
    assert at(found["left-over"].after) == pytest.approx(left, rel=1e-9)
    assert at(found["height"].after) == pytest.approx(0, abs=1e-9)
    assert at(found["slope"].after) == pytest.approx(0, abs=1e-9)
    assert at(found["best-height"].after.rhs) == pytest.approx(height, rel=1e-9)
    assert at(found["best-slope"].after.rhs) == pytest.approx(slope, rel=1e-9)
    assert at(found["from-the-means"].after) == pytest.approx(slope, rel=1e-9)
