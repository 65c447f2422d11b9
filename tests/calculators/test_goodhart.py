from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import sympy
from sympy.core.function import AppliedUndef

from calculators import emit, nested, numeric, widget
from calculators.derivation import Derivation, Step
from calculators.goodhart import CALCULATOR
from calculators.verify import StepError, verify, verify_step
from tests.calculators import in_node

EXACT = [
    {"question": "observed", "error": "gaussian"},
    {"question": "observed", "error": "gaussian", "dependence": "dependent"},
    {"question": "observed", "error": "laplace"},
    {"question": "observed", "error": "student"},
    {"question": "threshold", "error": "gaussian"},
    {"question": "threshold", "error": "laplace"},
    {"question": "threshold", "error": "student"},
    {"question": "best-of-n", "error": "gaussian"},
    {"question": "best-of-n", "error": "laplace"},
    {"question": "best-of-n", "error": "student"},
    {"question": "reward-best-of-n"},
    {"question": "reward-rl"},
]
"""Where a page has code for the answer."""
NUMBERS = {
    "value_spread": 1,
    "error_scale": 1,
    "proxy": 2,
    "degrees": 3,
    "samples": 16,
    "correlation": "-4/5",
    "gain": 2,
    "cost": 1,
}


def name(settings: dict[str, str]) -> str:
    return " ".join(settings.values())


def value(**settings: object) -> float:
    return float(numeric.evaluate(numeric.context(), CALCULATOR.derive(**NUMBERS | settings).answer.expression, {}))


@pytest.mark.parametrize("settings", EXACT, ids=name)
def test_every_step_holds(settings: dict[str, str]) -> None:
    verify(CALCULATOR.derive(**settings))


@pytest.mark.parametrize("settings", EXACT, ids=name)
def test_every_step_holds_for_numbers(settings: dict[str, str]) -> None:
    verify(CALCULATOR.derive(**NUMBERS | settings))


def wrong(step: Step, change: Callable[[sympy.Expr], sympy.Expr]) -> Step:
    if isinstance(step.after, sympy.Equality):
        return replace(step, after=sympy.Eq(step.after.lhs, change(step.after.rhs), evaluate=False))
    return replace(step, after=change(step.after))


def checked(derivation: Derivation) -> list[Step]:
    return [step for step in derivation.steps if step.kind != "premise"]


@pytest.mark.parametrize("settings", EXACT, ids=name)
def test_a_wrong_factor_fails_by_the_name_of_its_step(settings: dict[str, str]) -> None:
    for step in checked(CALCULATOR.derive(**settings)):
        floats = any(nested.is_nested(side) for side in (step.unfolded.before, step.unfolded.after))
        tiny = 1 + sympy.Rational(1, 10**8 if step.kind == "leading-order" or floats else 10**30)
        with pytest.raises(StepError, match=rf"^goodhart, step {step.id} \("):
            verify_step("goodhart", wrong(step, lambda after, tiny=tiny: after * tiny), random.Random(1))


@pytest.mark.parametrize("settings", EXACT, ids=name)
def test_a_wrong_exponent_fails_by_the_name_of_its_step(settings: dict[str, str]) -> None:
    for step in checked(CALCULATOR.derive(**settings)):
        # Where sigma_V does not occur it is a letter like any other: a factor that should not be there.
        letter = step.limit.variable if step.limit else sympy.Symbol("sigma_V", positive=True)
        with pytest.raises(StepError, match=rf"^goodhart, step {step.id} \("):
            verify_step(
                "goodhart", wrong(step, lambda after, x=letter: after * x ** sympy.Rational(1, 10**6)), random.Random(1)
            )


DRAWS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "gaussian": lambda generator, shape: generator.normal(size=shape),
    "laplace": lambda generator, shape: generator.laplace(size=shape),
    "student": lambda generator, shape: generator.standard_t(3, size=shape),
}


def within(found: np.ndarray, expected: float, bias: float = 0.0) -> None:
    """The mean is within four standard errors (and a stated bias) of what is expected."""
    error = float(np.std(found) / math.sqrt(len(found)))
    assert abs(float(np.mean(found)) - expected) <= 4 * error + bias


@pytest.mark.parametrize("error", DRAWS)
@pytest.mark.parametrize("proxy", [1, 3, 6])
def test_what_lies_behind_a_proxy(error: str, proxy: int) -> None:
    """Candidates whose proxy is within 0.05 of u; the curve bends by less than 0.002 in that window."""
    generator = np.random.default_rng(140)
    v, e = generator.normal(size=4_000_000), DRAWS[error](generator, (4_000_000,))
    within(v[np.abs(v + e - proxy) < 0.05], value(error=error, proxy=proxy), 0.002)


def test_a_correlated_error_pushes_the_value_below_its_mean() -> None:
    generator = np.random.default_rng(140)
    v, w = generator.normal(size=(2, 2_000_000))
    rho, scale = -0.8, 1.5
    e = scale * (rho * v + math.sqrt(1 - rho**2) * w)
    expected = value(dependence="dependent", error_scale="3/2")
    assert expected < 0
    within(v[np.abs(v + e - 2) < 0.05], expected, 0.002)


@pytest.mark.parametrize("error", DRAWS)
@pytest.mark.parametrize("threshold", [1, 3])
def test_what_passes_a_threshold(error: str, threshold: int) -> None:
    generator = np.random.default_rng(140)
    v, e = generator.normal(size=2_000_000), DRAWS[error](generator, (2_000_000,))
    expected = value(question="threshold", error=error, proxy=threshold)
    assert expected > 0
    within(v[v + e >= threshold], expected)


@pytest.mark.parametrize("error", DRAWS)
@pytest.mark.parametrize("n", [1, 2, 16, 256])
def test_the_best_of_n(error: str, n: int) -> None:
    generator = np.random.default_rng(140)
    v, e = generator.normal(size=(20_000, n)), DRAWS[error](generator, (20_000, n))
    best = np.argmax(v + e, axis=1)
    within(v[np.arange(len(v)), best], value(question="best-of-n", error=error, samples=n))


@pytest.mark.parametrize(("n", "known"), [(1, 0.0), (2, 1 / math.sqrt(math.pi)), (3, 1.5 / math.sqrt(math.pi))])
def test_the_known_means_of_the_highest_of_a_few_gaussians(n: int, known: float) -> None:
    assert value(question="best-of-n", samples=n) == pytest.approx(known / math.sqrt(2), rel=1e-14)


def test_the_published_mean_of_the_highest_of_ten_gaussians() -> None:
    """1.53875, as tables of order statistics have it."""
    assert value(question="best-of-n", samples=10) * math.sqrt(2) == pytest.approx(1.53875, abs=1e-5)


@pytest.mark.parametrize(("n", "known"), [(22, 0.8785), (32, 0.8656), (4096, 0.217)])
def test_the_best_of_n_with_student_errors_by_another_quadrature(n: int, known: float) -> None:
    """Numbers of an adaptive quadrature of someone else, cut to the digits that are given."""
    assert 0 <= best_with_student_errors(n) - known < 10.0 ** -len(str(known)[2:])


def best_with_student_errors(n: int) -> float:
    return value(question="best-of-n", error="student", samples=n)


def test_where_the_best_of_n_with_student_errors_is_highest() -> None:
    found = {n: best_with_student_errors(n) for n in (2, 8, 20, 21, 22, 23, 24, 32, 128, 4096)}
    assert max(found, key=lambda n: found[n]) == 22
    (step,) = (s for s in CALCULATOR.derive(question="best-of-n", error="student").steps if s.id == "by-parts")
    assert f"rises to {found[22]:.3f} at n = 22, is {found[32]:.3f} at n = 32" in step.because
    assert f"and falls to {found[4096]:.3f} at n = 4096" in step.because


def test_the_best_of_thousands_with_student_errors_by_simulation() -> None:
    generator = np.random.default_rng(140)
    picked = []
    for _ in range(8):
        v, e = generator.normal(size=(500, 4096)), generator.standard_t(3, size=(500, 4096))
        picked.append(v[np.arange(500), np.argmax(v + e, axis=1)])
    within(np.concatenate(picked), best_with_student_errors(4096))


@pytest.mark.parametrize("threshold", [1, 2, 6])
@pytest.mark.parametrize("degrees", [1, 3, 20])
def test_a_threshold_with_student_errors_on_a_grid(threshold: int, degrees: int) -> None:
    """Values on a grid, and for each the share of errors that lift it over the threshold, from NumPy's own sums."""
    v = np.linspace(-9, 9, 2001)
    e = np.sinh(np.linspace(-16, 16, 400_001))
    density = (1 + e**2 / degrees) ** (-(degrees + 1) / 2)
    pieces = (density[1:] + density[:-1]) / 2 * np.diff(e)
    above = np.append(np.cumsum(pieces[::-1])[::-1], 0.0) / pieces.sum()
    weight = np.exp(-(v**2) / 2) * np.interp(threshold - v, e, above)
    expected = float(np.sum(v * weight) / np.sum(weight))
    found = value(question="threshold", error="student", proxy=threshold, degrees=degrees)
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("scale", ["1/1000", 1000])
def test_the_best_of_many_with_student_errors_of_any_size(scale: object) -> None:
    """A small error leaves the best of n values, a large one the error's own best: 0 but for rounding, and positive."""
    found = value(question="best-of-n", error="student", samples=10_000, error_scale=scale, degrees=20)
    highest = value(question="best-of-n", samples=10_000, error_scale="1/1000000")
    assert found == pytest.approx(highest, rel=1e-5) if scale == "1/1000" else 0 < found < 0.01


@pytest.mark.parametrize("error", DRAWS)
def test_with_one_candidate_nothing_is_selected(error: str) -> None:
    derivation = CALCULATOR.derive(**NUMBERS | {"question": "best-of-n", "error": error, "samples": 1})
    assert derivation.answer.expression == 0
    verify(derivation)


def test_the_one_formula_stands_in_the_derivation_for_every_error() -> None:
    for error in DRAWS:
        by_id = {step.id: step for step in CALCULATOR.derive(error=error).steps}
        assert emit.text(by_id["one-formula"].after) == "-sigma_V**2*diff(log(p(x)), x)"
        assert by_id["one-formula"].kind == "identity"
        # The next line holds the concrete density, and the derivative is still to be taken.
        assert by_id["slope"].before.has(sympy.Derivative, sympy.log)
        assert not by_id["slope"].before.has(AppliedUndef)


@pytest.mark.parametrize("settings", EXACT, ids=name)
def test_no_checked_step_says_the_same_twice(settings: dict[str, str]) -> None:
    for step in checked(CALCULATOR.derive(**settings)):
        assert emit.latex(step.before) != emit.latex(step.after), step.id


def test_the_height_is_the_curve_with_the_peak_put_in() -> None:
    for question, before in (
        ("reward-best-of-n", r"\left(a - b \frac{a}{2 b}\right) \frac{a}{2 b}"),
        (
            "reward-rl",
            r"\left(a - b \log\left(\exp\left(\frac{a}{b} - 1\right)\right)\right) "
            r"\exp\left(\frac{a}{b} - 1\right)",
        ),
    ):
        assert emit.latex(CALCULATOR.derive(question=question).steps[-1].before) == before


def test_the_assumptions_say_whether_the_error_is_independent() -> None:
    for settings in EXACT:
        derivation = CALCULATOR.derive(**settings)
        said = [a.id for a in derivation.assumptions if a.id in ("independent", "dependent")]
        if settings["question"].startswith("reward"):
            assert said == []
        else:
            assert said == [settings.get("dependence", "independent")]


@pytest.mark.parametrize("settings", EXACT, ids=name)
def test_a_page_has_the_steps_in_their_order(settings: dict[str, str]) -> None:
    order = [step.id for step in widget.plan(CALCULATOR).steps]
    places = [order.index(step.id) for step in CALCULATOR.derive(**settings).steps]
    assert places == sorted(places)


def test_what_would_count_against_the_threshold_is_above_it() -> None:
    first = CALCULATOR.against[0]
    assert "that reach the threshold" in first and "below" not in first


def test_long_lines_are_shortened_by_names() -> None:
    for settings in (
        {"question": "best-of-n", "error": "laplace"},
        {"question": "best-of-n", "error": "student"},
        {"question": "threshold", "error": "student"},
    ):
        derivation = CALCULATOR.derive(**settings)
        assert len(derivation.answer.general) < 120
        for step in derivation.steps:
            if step.id in ("highest", "by-parts", "units"):
                assert max(len(emit.latex(side)) for side in (step.before, step.after)) < 200
        # A name is there before it is used: p and F in lines of their own.
        used = {f.func.__name__ for f in derivation.answer.letters.atoms(AppliedUndef)}
        told = " ".join(step.because for step in derivation.steps)
        assert all(f"{letter}(x)" in told for letter in used)


def test_the_table_tells_the_errors_apart() -> None:
    table = CALCULATOR.table()
    decimals = {row.title: [float(str(cell.decimal)) for cell in row.cells] for row in table.rows}
    observed, threshold, best, peak, learned = decimals.values()
    assert observed[3:] == [5, 1, 0.407808] and threshold[3] > threshold[4] > threshold[5] > 0
    assert best[2] == 0.878563 and best[5] == 0.217109
    assert set(peak) == {1.0} and set(learned) == {2.71828}
    assert "3 degrees of freedom" in table.columns[2] and "n = 4,096" in table.columns[5]


def test_the_plot_follows_the_question() -> None:
    plan = widget.plan(CALCULATOR)
    titles = {shown.options[0].split("/")[0]: shown.item.x_title for shown in plan.titles}
    assert titles["threshold"] == "Threshold u" and "Doublings of n" in titles["best-of-n"]
    for question in ("threshold", "best-of-n"):
        for error in ("gaussian", "laplace", "student"):
            derivation = CALCULATOR.derive(**NUMBERS | {"question": question, "error": error})
            if (question, error) == ("best-of-n", "student"):
                assert derivation.curves == (), "each point would take most of a frame"
                continue
            (gaussian,) = (curve for curve in derivation.curves if curve.id == "gaussian")
            at = {"threshold": {"proxy": 5}, "best-of-n": {"samples": 32}}[question]
            height = numeric.evaluate(numeric.context(), gaussian.expression, {gaussian.variable: 5})
            assert float(height) == pytest.approx(value(question=question, **at), rel=1e-12)


@pytest.mark.parametrize("question", ["reward-best-of-n", "reward-rl"])
def test_the_chosen_reward_curve_is_the_accent_line(question: str) -> None:
    curves = CALCULATOR.derive(question=question).curves
    ranks = widget.plan(CALCULATOR).ranks
    assert [ranks[curve.id] for curve in curves] == [1, 2]
    assert curves[0].id == question and curves[0].expression == CALCULATOR.derive(question=question).steps[-4].after


def test_the_best_of_n_with_student_errors_at_the_corners() -> None:
    """In the page's code and in Python, for the heaviest and the lightest tail, the narrowest and the widest value."""
    expression = CALCULATOR.derive(question="best-of-n", error="student").answer.expression
    symbols = CALCULATOR.symbols
    points = [
        {symbols["sigma_V"]: spread, symbols["sigma_E"]: scale, symbols["nu"]: degrees, symbols["n"]: n}
        for spread, scale in ((1.0, 0.001), (3.0, 1.0), (1.0, 10.0), (1.0, 1000.0))
        for degrees in (1.0, 1.5, 20.0)
        for n in (2.0, 300.0, 10_000.0)
    ]
    for point, answer in zip(points, in_node.values(expression, points), strict=True):
        assert answer == pytest.approx(nested.value(expression, point), rel=1e-12), point
    (alone,) = in_node.values(expression, [points[0] | {symbols["n"]: 1.0}])
    assert alone == 0


def test_far_out() -> None:
    assert value(error="laplace", proxy=20) == pytest.approx(1, rel=1e-6)
    assert value(error="student", proxy=20) == pytest.approx(4 / 20, rel=0.02)
    assert value(error="student", proxy=20) < value(error="student", proxy=3) > value(error="student", proxy=1)
    assert value(proxy=20) == 10


@pytest.mark.parametrize("error", DRAWS)
def test_an_independent_error_never_pushes_below_the_mean(error: str) -> None:
    for spread in ("1/2", 1, "3/2"):
        for scale in ("1/2", 2):
            for proxy in ("1/100", 1, 14):
                settings = {"error": error, "value_spread": spread, "error_scale": scale, "proxy": proxy}
                assert value(question="threshold", **settings) > 0
                assert value(question="observed", **settings) > 0


@pytest.mark.parametrize("question", ["reward-best-of-n", "reward-rl"])
@pytest.mark.parametrize(("a", "b"), [(2, 1), (1, 2), (5, 3)])
def test_the_peak_of_a_reward_by_search(question: str, a: int, b: int) -> None:
    d = np.linspace(1e-4, 12, 2_000_001)
    reward = d * (a - b * (d if question == "reward-best-of-n" else np.log(d)))
    result = CALCULATOR.derive(**NUMBERS | {"question": question, "gain": a, "cost": b}).answer
    assert float(result.expression) == pytest.approx(reward.max(), rel=1e-9)
    assert float(result.quantities[0].expression) == pytest.approx(d[reward.argmax()], abs=1e-5)


def test_the_divergence_of_best_of_n_by_simulation() -> None:
    n = 16
    share = np.random.default_rng(140).random(1_000_000) ** (1 / n)
    distance = CALCULATOR.derive(**NUMBERS | {"question": "reward-best-of-n"}).answer.quantities[1].expression
    within(np.log(n * share ** (n - 1)), float(distance) ** 2)


@pytest.mark.parametrize("question", ["observed", "threshold", "best-of-n"])
@pytest.mark.parametrize("error", ["gaussian", "laplace", "student"])
def test_silence_where_the_theory_says_nothing(question: str, error: str) -> None:
    dependent = CALCULATOR.derive(question=question, error=error, dependence="dependent")
    if (question, error) == ("observed", "gaussian"):
        assert dependent.result is not None
    else:
        assert dependent.result is None
        assert dependent.silence.startswith("For an error that depends on the value the formula does not hold")
    assert CALCULATOR.derive(question=question, error=error).result is not None


RANGES = {
    "value_spread": (50, 150),
    "error_scale": (50, 200),
    "proxy": (1, 2000),
    "degrees": (100, 2000),
    "samples": (1, 10_000),
    "correlation": (-95, 95),
    "gain": (1, 2000),
    "cost": (2, 2000),
}


def drawn(draw: random.Random) -> dict[sympy.Symbol, sympy.Rational]:
    return {
        parameter.symbol: sympy.Rational(draw.randint(*RANGES[parameter.id]), 1 if parameter.integer else 100)
        for parameter in CALCULATOR.parameters
    }


@pytest.mark.parametrize("settings", EXACT, ids=name)
def test_javascript_equals_sympy(settings: dict[str, str]) -> None:
    """1,000 points of each formula, to 50 digits; 12 of those that hold an integral, and their other 988 in floats."""
    draw = random.Random(140)
    result = CALCULATOR.derive(**settings).answer
    for expression in (result.expression, *(quantity.expression for quantity in result.quantities)):
        points = [drawn(draw) for _ in range(1000)]
        found = in_node.values(expression, [{x: float(y) for x, y in point.items()} for point in points])
        arithmetic = numeric.context()
        for index, (point, answer) in enumerate(zip(points, found, strict=True)):
            if expression.has(sympy.Integral) and index >= 12:
                floats = nested.value(expression, {x: float(y) for x, y in point.items()})
                assert answer == pytest.approx(floats, rel=1e-12), point
                continue
            exact = numeric.evaluate(
                arithmetic, expression, {x: arithmetic.mpf(int(y.p)) / int(y.q) for x, y in point.items()}
            )
            # A reward is a difference; it is compared relative to what is subtracted.
            scale = float(abs(exact)) if settings["question"] != "reward-best-of-n" else max(abs(float(exact)), 1.0)
            assert answer == pytest.approx(float(exact), abs=1e-12 * scale, rel=0), point


def test_every_curve_can_be_emitted() -> None:
    for settings in EXACT:
        for curve in CALCULATOR.derive(**settings).curves:
            assert emit.javascript(curve.expression, exact=False)


@pytest.mark.parametrize("error", ["gaussian", "laplace"])
def test_a_page_has_the_answer_for_one_candidate(error: str) -> None:
    expression = CALCULATOR.derive(question="best-of-n", error=error).answer.expression
    point = {p.symbol: float(sympy.Rational(str(NUMBERS[p.id]))) for p in CALCULATOR.parameters}
    assert in_node.values(expression, [point | {CALCULATOR.symbols["n"]: 1.0}]) == [0.0]


def test_the_page_says_that_it_is_an_illustration() -> None:
    for settings in EXACT:
        result = CALCULATOR.derive(**settings).answer
        assert result.status == "illustration"
        assert any("not from the post" in sentence for sentence in result.holds)
    assert CALCULATOR.belongs == ("bootstrapped-alignment",)


@pytest.mark.parametrize("scale", ["1/1000", 3, 1000])
def test_a_gaussian_error_has_no_limit_of_scale(scale: object) -> None:
    s = float(sympy.Rational(str(scale)))
    assert value(error_scale=scale) == pytest.approx(2 / (1 + s**2), rel=1e-12)
    assert 0 < value(error_scale=scale, question="best-of-n") < 2


@pytest.mark.parametrize(
    ("settings", "begins"),
    [
        ({"error": "laplace", "error_scale": "33/100"}, "For this error the true value may spread at most three times"),
        ({"error": "student", "error_scale": "33/100"}, "For this error the true value may spread at most three times"),
        (
            {"error": "laplace", "value_spread": "1/9", "error_scale": "1/21"},
            "For a Laplace error the proxy may lie at",
        ),
        ({"error": "laplace", "question": "best-of-n", "error_scale": 5}, "For a Laplace error and the best of n the"),
        ({"error": "student", "question": "threshold", "error_scale": "1/16"}, "For a Student-t error the threshold"),
        (
            {"question": "threshold", "value_spread": "1/30", "error_scale": "1/30"},
            "The threshold lies more than 30 spr",
        ),
    ],
    ids=str,
)
def test_where_the_arithmetic_ends_the_reason_is_said(settings: dict[str, object], begins: str) -> None:
    derivation = CALCULATOR.derive(**NUMBERS | settings)
    assert derivation.result is None and derivation.silence.startswith(begins)
    # The fitted curves have no error at all.
    assert CALCULATOR.derive(**NUMBERS | settings | {"question": "reward-rl"}).result is not None


ENDS: list[dict[str, object]] = [
    {"error": "student", "error_scale": 500, "proxy": "1/2", "degrees": 1},
    {"error": "student", "value_spread": 3, "error_scale": 1, "proxy": 20, "degrees": 1},
    {"error": "laplace", "error_scale": 200},
    {"error": "laplace", "value_spread": 3, "error_scale": 1, "proxy": 20},
    {"error": "laplace", "value_spread": "1/50", "error_scale": "1/2", "proxy": 20},
    {"error": "laplace", "question": "threshold", "error_scale": 200},
    {"error": "laplace", "question": "threshold", "value_spread": "1/50", "error_scale": "1/2", "proxy": 20},
    {"error": "laplace", "question": "best-of-n", "error_scale": 4},
    {"error": "laplace", "question": "best-of-n", "error_scale": 4, "samples": 10_000},
    {"error": "laplace", "question": "best-of-n", "value_spread": 3, "error_scale": 1, "samples": 10_000},
    {"error": "student", "question": "threshold", "error_scale": "2/3", "proxy": 20, "degrees": 20},
    {"error": "student", "question": "threshold", "error_scale": "2/3", "proxy": 20, "degrees": 1},
    {"error": "student", "question": "threshold", "value_spread": 100, "proxy": 20},
    {"error": "student", "question": "threshold", "value_spread": "1/50", "error_scale": 1, "proxy": 20},
    {"error": "laplace", "question": "best-of-n", "value_spread": 3, "error_scale": 1},
    {"question": "threshold", "value_spread": "1/3", "error_scale": "3/5", "proxy": 20},
    {"question": "best-of-n", "error_scale": 1000},
]


@pytest.mark.parametrize("settings", ENDS, ids=str)
def test_javascript_equals_sympy_up_to_where_the_arithmetic_ends(settings: dict[str, object]) -> None:
    asked = {key: text for key, text in settings.items() if key in ("error", "question")}
    given = {key: sympy.Rational(str(text)) for key, text in (NUMBERS | settings).items() if key not in asked}
    (found,) = in_node.values(
        CALCULATOR.derive(**asked).answer.expression,
        [{parameter.symbol: float(given[parameter.id]) for parameter in CALCULATOR.parameters}],
    )
    assert found == pytest.approx(value(**settings), rel=1e-11)


def test_degrees_of_freedom_are_asked_for_a_student_error_only() -> None:
    plan = widget.plan(CALCULATOR)
    (degrees,) = (shown for shown in plan.parameters if shown.item.id == "degrees")
    for settings in EXACT[:6]:
        chosen = widget.settled(CALCULATOR, settings)
        assert degrees.holds(chosen) == (settings.get("error") == "student")
    assert all("student" in text.split("/") for text in degrees.options)
