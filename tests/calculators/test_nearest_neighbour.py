from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace

import numpy as np
import pytest
import sympy

from calculators import emit, numeric
from calculators.derivation import Derivation, Step
from calculators.nearest_neighbour import CALCULATOR
from calculators.verify import StepError, verify
from tests.calculators import in_node

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
CHOICES = [choice.id for choice in CALCULATOR.choices]
COMBINATIONS = [
    dict(zip(CHOICES, options, strict=True))
    for options in itertools.product(*([option.id for option in choice.options()] for choice in CALCULATOR.choices))
]
SILENT = [c for c in COMBINATIONS if c["loss"] == "absolute" and (c["layout"] == "grid" or c["noise"] == "labels")]
SPOKEN = [c for c in COMBINATIONS if c not in SILENT]
D = sympy.Symbol("D", positive=True)


def value(**settings: object) -> float:
    result = CALCULATOR.derive(**settings).answer
    return float(result.expression)


def quantity(name: str, **settings: object) -> float:
    (found,) = (q for q in CALCULATOR.derive(**settings).answer.quantities if q.id == name)
    return float(found.expression)


@pytest.mark.parametrize("options", COMBINATIONS, ids=lambda options: "-".join(options.values()))
@pytest.mark.parametrize("numbers", [{}, {"dimension": 1, "points": 50}, {"dimension": 5, "points": "1e6"}])
def test_all_steps_hold(options: dict[str, str], numbers: dict[str, object]) -> None:
    verify(CALCULATOR.derive(**options, **numbers))


@pytest.mark.parametrize(
    "numbers",
    [
        {"dimension": 100, "points": "1e30", "gradient": "1e-30", "deviation": "1e-30"},
        {"dimension": 100, "points": 1, "gradient": "1e30", "deviation": "1e30"},
        {"dimension": 1, "points": 3, "gradient": "0.001", "deviation": "1e30"},
    ],
)
def test_steps_hold_at_the_ends_of_the_ranges(numbers: dict[str, object]) -> None:
    derivation = CALCULATOR.derive(noise="labels", **numbers)
    verify(derivation)
    assert derivation.answer.decimal is not None


@pytest.mark.parametrize("options", SILENT, ids=lambda options: "-".join(options.values()))
def test_where_there_is_no_closed_form_no_number_is_given(options: dict[str, str]) -> None:
    derivation = CALCULATOR.derive(**options)
    assert derivation.result is None
    assert derivation.silence.endswith(".")
    assert "absolute error depends on" in derivation.silence


def change(derivation: Derivation, step_id: str, **changes: object) -> Derivation:
    assert any(step.id == step_id for step in derivation.steps)
    steps = tuple(replace(step, **changes) if step.id == step_id else step for step in derivation.steps)
    return replace(derivation, steps=steps)


def checked_steps() -> list[tuple[dict[str, str], Step]]:
    return [
        (options, step) for options in SPOKEN for step in CALCULATOR.derive(**options).steps if step.kind != "premise"
    ]


def wrongs(step: Step) -> list[sympy.Basic]:
    if isinstance(step.after, sympy.Equality):
        return [sympy.Eq(step.after.lhs, f * step.after.rhs, evaluate=False) for f in (2, D ** sympy.Rational(1, 1000))]
    variable = D if step.limit is None else step.limit.variable
    factors = [variable, variable ** sympy.Rational(1, 1000)]
    if step.limit is None or step.limit.sharp:
        factors += [sympy.Integer(2), 1 + sympy.Rational(1, 10**6)]
    return [step.after * factor for factor in factors]


@pytest.mark.parametrize(
    ("options", "step"), checked_steps(), ids=lambda x: x.id if isinstance(x, Step) else "-".join(x.values())
)
def test_a_wrong_exponent_or_factor_fails_by_its_name(options: dict[str, str], step: Step) -> None:
    derivation = CALCULATOR.derive(**options)
    # Steps before it are known to hold: only the changed one is asked.
    for wrong in wrongs(step):
        with pytest.raises(StepError, match=rf"^nearest-neighbour, step {step.id} \("):
            verify(replace(change(derivation, step.id, after=wrong), steps=(replace(step, after=wrong),)))


def test_the_result_in_letters() -> None:
    assert CALCULATOR.derive().answer.text == "g*gamma(d/2 + 1)**(2/d)*D**(-2/d)*gamma(2/d + 1)/(d*pi)"
    assert CALCULATOR.derive(layout="grid").answer.text == "g*D**(-2/d)/12"
    assert CALCULATOR.derive(layout="grid", noise="labels").answer.text == "sigma**2 + g*D**(-2/d)/12"


@pytest.mark.parametrize("d", range(1, 11))
def test_against_the_formula_of_the_notes(d: int) -> None:
    """MSE = (E|grad F|^2/d) Gamma(1 + 2/d) (V_d D)^(-2/d), written again with Python's own gamma."""
    ball = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
    expected = 3 / d * math.gamma(1 + 2 / d) * (ball * 700) ** (-2 / d)
    assert value(dimension=d, points=700, gradient=3) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        # One dimension: the gap to the nearest of D random points is exponential, mean 1/(2 D), mean square 2/(2 D)^2.
        ({"dimension": 1, "points": 10, "gradient": 1}, 2 / 20**2),
        ({"dimension": 1, "points": 10, "gradient": 1, "loss": "absolute"}, 1 / 20),
        # A cell of width 1/10: h^2/12 in the mean.
        ({"dimension": 1, "points": 10, "gradient": 1, "layout": "grid"}, 1 / 1200),
        # Two dimensions: the area of the empty disc is exponential with mean 1/D, so r^2 has the mean 1/(pi D).
        ({"dimension": 2, "points": 10, "gradient": 1}, 1 / (2 * math.pi * 10)),
    ],
)
def test_cases_that_can_be_done_in_the_head(settings: dict[str, object], expected: float) -> None:
    assert value(**settings) == pytest.approx(expected, rel=1e-14)


def nearest(points: Array, x: Array) -> Array:
    """The way from each x to the nearest point on the torus, shape [len(x), dimension]."""
    ways = np.empty_like(x)
    for start in range(0, len(x), 250):
        gap = points[None] - x[start : start + 250, None]
        gap -= np.round(gap)
        best = np.argmin((gap**2).sum(axis=2), axis=1)
        ways[start : start + 250] = gap[np.arange(len(best)), best]
    return ways


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize(("loss", "noise"), [("squared", "none"), ("squared", "labels"), ("absolute", "none")])
def test_simulated_on_random_points(dimension: int, loss: str, noise: str) -> None:
    """F = sum of cos(2 pi x_i) on a torus; 16 training sets, four standard errors and what is left of 1/D and h."""
    generator = np.random.default_rng([140, dimension])
    size, power = {1: 400, 2: 3000, 3: 6000}[dimension], 2 if loss == "squared" else 1
    sigma = 0.05
    uniform = generator.random((400_000, dimension))
    length = 2 * np.pi * np.sqrt((np.sin(2 * np.pi * uniform) ** 2).sum(axis=1))
    runs = []
    for _ in range(16):
        points, x = generator.random((size, dimension)), generator.random((250, dimension))
        way = nearest(points, x)
        error = np.cos(2 * np.pi * (x + way)).sum(axis=1) - np.cos(2 * np.pi * x).sum(axis=1)
        if noise == "labels":
            error = error + sigma * generator.choice([-1.0, 1.0], len(error))
        runs.append(np.mean(np.abs(error) ** power))
    gradient = float(np.mean(length**power))
    expected = value(
        dimension=dimension, points=size, gradient=f"{gradient:.12f}", loss=loss, noise=noise, deviation=str(sigma)
    )
    error = np.std(runs, ddof=1) / 4
    assert abs(np.mean(runs) - expected) < 4 * error + 0.03 * expected
    # The tolerance is tight enough to tell the factor: half as much more would fail.
    assert 4 * error + 0.03 * expected < 0.35 * expected


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_simulated_on_a_grid(dimension: int) -> None:
    """200,000 new inputs among n^d grid points, F = sum of sin(2 pi x_i); within 2 %."""
    generator = np.random.default_rng([141, dimension])
    cells = 40
    x = generator.random((200_000, dimension))
    near = np.round(x * cells) / cells
    error = (np.sin(2 * np.pi * near) - np.sin(2 * np.pi * x)).sum(axis=1)
    expected = value(
        dimension=dimension, points=cells**dimension, gradient=f"{2 * math.pi**2 * dimension:.12f}", layout="grid"
    )
    assert np.mean(error**2) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
def test_the_distance(dimension: int) -> None:
    """Root mean square over 2,000 new inputs and 4 sets of points; within 5 %, less than 4 standard errors and 1/D."""
    generator = np.random.default_rng([142, dimension])
    squares = [
        (nearest(generator.random((1500, dimension)), generator.random((500, dimension))) ** 2).sum(axis=1)
        for _ in range(4)
    ]
    expected = quantity("distance", dimension=dimension, points=1500)
    assert math.sqrt(float(np.mean(squares))) == pytest.approx(expected, rel=0.05)


def test_what_the_exponent_hides() -> None:
    """In one dimension random points are six times worse than a grid; far up the grid is the worse one.

    The limit of the ratio is 12/(2 pi e) = 0.703: a ball against a cube of the same volume.
    """
    assert quantity("ratio", dimension=1) == pytest.approx(6)
    ratios = [quantity("ratio", dimension=d) for d in (1, 2, 4, 8, 16, 32, 64, 100)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[-1] == pytest.approx(12 / (2 * math.pi * math.e), rel=0.07)
    same = [value(dimension=2, points=10, layout=layout, gradient=1) for layout in ("random", "grid")]
    assert same[0] / same[1] == pytest.approx(quantity("ratio", dimension=2))


@pytest.mark.parametrize("options", SPOKEN, ids=lambda options: "-".join(options.values()))
def test_quantities_agree_with_the_loss(options: dict[str, str]) -> None:
    def fall(points: float) -> float:
        floor = 0.04 if options["noise"] == "labels" else 0
        return value(dimension=3, points=repr(points), gradient=2, deviation="0.2", **options) - floor

    at = {"dimension": 3, "points": 100, "gradient": 2, "deviation": "0.2", **options}
    assert -math.log2(fall(200.0) / fall(100.0)) == pytest.approx(quantity("exponent", **at))
    assert quantity("constant", **at) == pytest.approx(fall(100.0) * 100 ** quantity("exponent", **at))
    assert fall(100 * quantity("halving", **at)) == pytest.approx(fall(100.0) / 2)
    if options["noise"] == "labels":
        assert fall(quantity("crossover", **at)) == pytest.approx(0.04)


def test_curves_are_the_loss() -> None:
    derivation = CALCULATOR.derive(dimension=3, gradient=2)
    curves = {curve.id: curve for curve in derivation.curves}
    for layout, curve in curves.items():
        assert float(curve.expression.subs(curve.variable, 80)) == pytest.approx(
            value(dimension=3, gradient=2, points=80, layout=layout)
        )
    assert list(curves) == ["random", "grid"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dimension": "3/2"}, "dimension must be a whole number, at least 1 and at most 100; got '3/2'"),
        ({"dimension": 101}, "dimension must be a whole number, at least 1 and at most 100; got '101'"),
        ({"points": "0"}, "points must be a decimal number, 1 or more; got '0'"),
        ({"gradient": "-1"}, "gradient must be a decimal number, more than 0; got '-1'"),
        ({"noise": "some"}, "noise must be one of none, labels; got 'some'"),
    ],
)
def test_wrong_settings(settings: dict[str, object], message: str) -> None:
    (problem,) = CALCULATOR.problems(settings)
    assert problem.message == message


def test_everything_can_be_shown() -> None:
    for options in COMBINATIONS:
        derivation = CALCULATOR.derive(**options)
        for step in derivation.steps:
            assert emit.latex(step.before)
            assert emit.text(step.after)
        for q in derivation.result.quantities if derivation.result else ():
            assert emit.latex(q.symbol)
            assert q.latex


@pytest.mark.parametrize("options", SPOKEN, ids=lambda options: "-".join(options.values()))
def test_javascript_equals_sympy(options: dict[str, str]) -> None:
    """1,000 seeded inputs over the four combinations that have an answer, the result and every further output."""
    draw = random.Random(140)
    symbols = CALCULATOR.symbols
    points = [
        {
            symbols["d"]: sympy.Integer(draw.randint(1, 100)),
            symbols["D"]: sympy.Rational(draw.randint(10, 10**9), 10),
            symbols["g"]: sympy.Rational(draw.randint(1, 10**5), 1000),
            symbols["sigma"]: sympy.Rational(draw.randint(1, 10**4), 1000),
        }
        for _ in range(250)
    ]
    result = CALCULATOR.derive(**options).answer
    arithmetic = numeric.context()
    for expression in (result.expression, *(quantity.expression for quantity in result.quantities)):
        found = in_node.values(expression, [{x: float(y) for x, y in point.items()} for point in points])
        for point, answer in zip(points, found, strict=True):
            values = {x: arithmetic.mpf(int(y.p)) / int(y.q) for x, y in point.items()}
            assert answer == pytest.approx(float(numeric.evaluate(arithmetic, expression, values)), rel=1e-12), point


@pytest.mark.parametrize(("dimension", "points", "speaks"), [(1, 1, False), (1, 2, False), (1, 3, True), (2, 1, False)])
def test_too_few_random_points_get_no_number(dimension: int, points: int, speaks: bool) -> None:
    """Nothing is farther from the nearest of several points than from a single one: d/12 in the mean square."""
    settings = {"dimension": dimension, "points": points, "gradient": 1, "deviation": 1}
    found = CALCULATOR.derive(**settings)
    assert (found.result is not None) == speaks
    assert speaks or found.silence.startswith("With so few random points the leading term says nothing")
    assert CALCULATOR.derive(**settings, layout="grid").result is not None
