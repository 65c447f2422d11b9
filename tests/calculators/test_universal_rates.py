from __future__ import annotations

import csv
import itertools
import json
import math
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy

from calculators import emit, numeric, report, universal_rates, widget
from calculators.derivation import Derivation, Step
from calculators.runs import provenance
from calculators.universal_rates import CALCULATOR, EXAMPLES
from calculators.verify import StepError, verify, verify_step
from tests.calculators import in_node

CASES = [{"class": example.id, "source": source} for example in EXAMPLES for source in ("fixed", "worst")]
CASES.append({"class": "all-functions", "source": "fixed", "inputs": "log"})
NUMBERS = {"samples": 100, "atom": "1/10", "above": "4/9", "threshold": "1/2", "tail": 1, "head": "61/100"}
N = 400_000


def name(settings: dict[str, str]) -> str:
    return " ".join(settings.values())


def number(expression: sympy.Expr) -> float:
    return float(numeric.evaluate(numeric.context(), expression, {}))


@pytest.mark.parametrize("settings", CASES, ids=name)
@pytest.mark.parametrize("numbers", [{}, NUMBERS], ids=["letters", "numbers"])
def test_every_step_holds(settings: dict[str, str], numbers: dict[str, object]) -> None:
    verify(CALCULATOR.derive(**settings, **numbers))


@pytest.mark.parametrize("tail", ["1/10", "1/2", 1, "3/2", 5])
def test_the_power_law_holds_for_every_tail(tail: object) -> None:
    derivation = CALCULATOR.derive(**{"class": "all-functions"}, tail=tail)
    verify(derivation)
    exponent = next(step.after for step in derivation.steps if step.id == "exponent")
    assert exponent == sympy.Rational(str(tail)) / (1 + sympy.Rational(str(tail)))


def wrong(step: Step, change: Callable[[sympy.Expr], sympy.Expr]) -> Step:
    if isinstance(step.after, sympy.Equality):
        return replace(step, after=sympy.Eq(step.after.lhs, change(step.after.rhs), evaluate=False))
    return replace(step, after=change(step.after))


def checked(derivation: Derivation) -> list[Step]:
    return [step for step in derivation.steps if step.kind != "premise"]


@pytest.mark.parametrize("settings", CASES, ids=name)
def test_a_wrong_factor_or_exponent_fails_by_the_name_of_its_step(settings: dict[str, str]) -> None:
    for step in checked(CALCULATOR.derive(**settings)):
        letter = step.limit.variable if step.limit else sympy.Symbol("n", positive=True)
        tiny = sympy.Rational(1, 10**8 if step.kind == "leading-order" else 10**30)
        for factor in (1 + tiny, sympy.Integer(2), letter ** sympy.Rational(1, 10**6), 1 / letter):
            with pytest.raises(StepError, match=rf"^universal-rates, step {step.id} \("):
                verify_step("universal-rates", wrong(step, lambda after, f=factor: after * f), random.Random(1))


def test_which_steps_are_checked() -> None:
    def ids(**settings: str) -> list[str]:
        return [step.id for step in checked(CALCULATOR.derive(**settings))]

    assert ids() == ["what-is-left", "exact-curve", "leading-term"]
    assert ids(**{"class": "all-functions"}) == ["zipf", "many-examples", "exponent"]
    assert ids(**{"class": "all-functions", "inputs": "log"}) == ["layers", "beyond", "tail-mass", "log-law"]
    assert ids(**{"class": "thresholds-line"}) == ["line"]
    assert ids(**{"class": "thresholds-naturals", "source": "worst"}) == [
        "one-source",
        "worst-place",
        "worst-value",
        "geometric",
        "endless",
        "small-inputs",
        "no-worse",
        "worst-case",
    ]
    assert ids(**{"class": "blocks", "source": "worst"}) == ["equal-inputs", "no-rate"]


def test_a_whole_message() -> None:
    derivation = CALCULATOR.derive(**{"class": "blocks", "source": "worst"})
    *_, step = checked(derivation)
    with pytest.raises(StepError) as caught:
        verify_step("universal-rates", replace(step, after=sympy.Rational(1, 3)), random.Random(1))
    assert str(caught.value) == (
        "universal-rates, step no-rate (The worst case does not fall): before/after tends to 1.5, not to 1"
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"littlestone": "no", "vcl": "no"}, "C*exp(-c*n)"),
        ({"littlestone": "yes", "vcl": "no"}, "C/n"),
        ({"littlestone": "yes", "vcl": "yes"}, "R_n"),
        ({"class": "own", "littlestone": "yes", "vcl": "yes"}, "R_n"),
        ({"class": "all-functions"}, "R_n"),
        ({"littlestone": "no", "vcl": "yes"}, "This cannot be: "),
        ({"littlestone": "yes"}, "Answer both questions for your class, or choose one from the list."),
        ({}, "C*exp(-c*n)"),
        ({"class": "own"}, "Answer both questions for your class, or choose one from the list."),
        ({"class": "own", "littlestone": "no", "vcl": "no"}, "C*exp(-c*n)"),
        ({"class": "finite"}, "C*exp(-c*n)"),
        ({"class": "thresholds-naturals"}, "C*exp(-c*n)"),
        ({"class": "blocks"}, "C*exp(-c*n)"),
        ({"class": "thresholds-line"}, "C/n"),
        ({"class": "half-spaces"}, "C/n"),
        ({"class": "finite-subsets"}, "R_n"),
        ({"class": "thresholds-line", "littlestone": "yes", "vcl": "no"}, "C/n"),
        ({"class": "finite", "source": "worst"}, "The VC dimension is finite, "),
        ({"source": "worst", "littlestone": "no", "vcl": "no"}, "The worst case is decided by the VC dimension "),
    ],
    ids=str,
)
def test_the_decision_path(settings: dict[str, str], expected: str) -> None:
    derivation = CALCULATOR.derive(**settings)
    if derivation.result is None:
        assert derivation.silence.startswith(expected)
    else:
        assert derivation.result.text == expected
        assert derivation.result.status == "theorem"
        assert derivation.result.bound and derivation.result.decimal is None


def test_a_rate_has_no_number_whatever_is_set() -> None:
    """The constants are the source's own, so e^-10 at n = 10 says nothing; the error of the source on show is one."""
    result = CALCULATOR.derive(**NUMBERS | {"samples": 10}).answer
    assert (result.text, result.latex, result.decimal) == ("C*exp(-c*n)", r"C \exp(-c n)", None)
    assert [(quantity.symbol.name, quantity.decimal) for quantity in result.quantities] == [
        ("epsilon", "0.0413173"),
        ("epsilon_t", "0.0348678"),
    ]
    assert CALCULATOR.same(CALCULATOR.derive(samples=10), "C*exp(-c*n)")
    assert not CALCULATOR.same(CALCULATOR.derive(samples=10), "C*exp(-2*c*n)")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_a_class_answers_the_two_questions(example: universal_rates.Example) -> None:
    given = CALCULATOR.derive(**{"class": example.id}).parameters
    assert (given["littlestone"], given["vcl"]) == (example.littlestone, example.vcl)
    other = {"yes": "no", "no": "yes"}
    found = CALCULATOR.problems(
        {"class": example.id, "littlestone": other[example.littlestone], "vcl": other[example.vcl]}
    )
    assert [problem.message for problem in found] == [
        f"{name} must be left out or {right!r}, which class {example.id} has; got {other[right]!r}"
        for name, right in (("littlestone", example.littlestone), ("vcl", example.vcl))
    ]


def test_answers_of_ones_own_are_for_a_class_of_ones_own() -> None:
    assert CALCULATOR.derive(littlestone="yes", vcl="no").parameters["class"] == "own"
    assert CALCULATOR.derive().parameters["class"] == "thresholds-naturals"


def shattered(members: Iterable[frozenset[int]], points: int) -> int:
    """The VC dimension of sets of points 0 … points - 1, by trying every subset."""
    family = list(members)
    return max(
        size
        for size in range(points + 1)
        for chosen in itertools.combinations(range(points), size)
        if len({member & frozenset(chosen) for member in family}) == 2**size
    )


def littlestone(members: frozenset[frozenset[int]], points: int) -> int:
    """The Littlestone dimension: how many questions can be asked with both answers possible."""
    best = 0
    for point in range(points):
        with_point = frozenset(member for member in members if point in member)
        without = members - with_point
        if with_point and without:
            best = max(best, 1 + min(littlestone(with_point, points), littlestone(without, points)))
    return best


def test_the_two_traps_on_finite_pieces() -> None:
    """Brute force: dimensions that grow without end in classes that are nevertheless exponential."""
    for questions in (1, 2, 3):
        points = 2**questions - 1
        thresholds = frozenset(frozenset(range(low, points)) for low in range(points + 1))
        assert littlestone(thresholds, points) == questions
        assert shattered(thresholds, points) == 1
        # After a positive answer at x at most x + 1 thresholds are left.
        assert all(len([m for m in thresholds if x in m]) == x + 1 for x in range(points))
    starts = {1: 0, 2: 1, 3: 3}
    for largest in (1, 2, 3):
        blocks = [range(starts[k], starts[k] + k) for k in range(1, largest + 1)]
        members = {frozenset(c) for b in blocks for r in range(len(b) + 1) for c in itertools.combinations(b, r)}
        assert shattered(members, 6) == largest
        # After a positive answer in block k at most 2^(k - 1) members are left.
        assert all(len([m for m in members if x in m]) == 2 ** (len(b) - 1) for b in blocks for x in b)
    assert {e.id: (e.littlestone, e.vcl) for e in EXAMPLES if e.id in ("thresholds-naturals", "blocks")} == {
        "thresholds-naturals": ("no", "no"),
        "blocks": ("no", "no"),
    }


def within(found: np.ndarray, expected: float) -> None:
    """The mean is within four standard errors of what is expected."""
    assert abs(float(np.mean(found)) - expected) <= 4 * float(np.std(found)) / math.sqrt(len(found))


@pytest.mark.parametrize(
    ("atom", "above", "samples"), [("1/10", 0, 5), ("1/10", "4/9", 5), ("1/10", "4/9", 30), ("2/5", 1, 4)]
)
def test_thresholds_on_the_naturals_by_simulation(atom: str, above: object, samples: int) -> None:
    p, u = float(sympy.Rational(atom)), float(sympy.Rational(str(above)))
    masses = np.array([p, *((1 - p) * u / 2**place for place in range(1, universal_rates.FURTHER + 1))])
    below = np.cumsum(masses)
    drawn = np.random.default_rng(140).random((N // samples, samples))
    # The smallest positive input that was seen; all positive ones below it are judged wrongly.
    smallest = np.searchsorted(below, drawn, side="right").min(axis=1)
    settings = {"class": "thresholds-naturals", "atom": atom, "above": above, "samples": samples}
    exact, leading = CALCULATOR.derive(**settings).answer.quantities
    within(np.concatenate(([0.0], below))[smallest], number(exact.expression))
    if above == 0:
        assert number(exact.expression) == pytest.approx(number(leading.expression), rel=1e-12)


@pytest.mark.parametrize("samples", [1, 4, 8, 16, 64])
def test_the_exact_curve_is_the_sum_over_the_inputs(samples: int) -> None:
    """The sum of p_x (1 - P[t, x])^n term by term, in fractions; the leading term is what it tends to."""
    masses = [Fraction(1, 10), *(Fraction(2, 5) / 2**place for place in range(1, 41))]
    expected = sum(mass * (1 - sum(masses[: place + 1])) ** samples for place, mass in enumerate(masses))
    exact, leading = CALCULATOR.derive(atom="1/10", above="4/9", samples=samples).answer.quantities
    assert number(exact.expression) == pytest.approx(float(expected), rel=1e-12)
    ratio = number(exact.expression) / number(leading.expression)
    assert {1: ratio > 3, 4: ratio > 1.5, 8: ratio > 1.3, 16: ratio > 1.01, 64: abs(ratio - 1) < 1e-5}[samples]


def test_no_simulation_on_record_counts_against_the_curves_of_thresholds() -> None:
    """The rule that `against` states, applied to the record at every n: the mean within four standard errors."""
    assert any("more than four standard errors, at any n," in sentence for sentence in CALCULATOR.against)
    rows: dict[tuple[str, int], list[float]] = {}
    with (provenance.RECORDS / "universal-rates" / "errors-cpu.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault((row["source"], int(row["n"])), []).append(float(row["error"]))
    judged = {key: errors for key, errors in rows.items() if key[0] in ("atom", "line")}
    assert {n for source, n in judged if source == "atom"} >= {1, 2, 4, 8, 16, 64}
    for (source, samples), errors in judged.items():
        settings = {"class": {"atom": "thresholds-naturals", "line": "thresholds-line"}[source], "samples": samples}
        exact = CALCULATOR.derive(**settings, atom="1/10", above="4/9", threshold="1/2").answer.quantities[0]
        error = float(np.std(errors, ddof=1)) / math.sqrt(len(errors))
        assert abs(float(np.mean(errors)) - number(exact.expression)) <= 4 * error, (source, samples)


@pytest.mark.parametrize(("threshold", "samples"), [("1/2", 3), ("1/10", 20), ("9/10", 20)])
def test_thresholds_on_the_line_by_simulation(threshold: str, samples: int) -> None:
    t = float(sympy.Rational(threshold))
    x = np.random.default_rng(140).random((N // samples, samples))
    error = np.where(x >= t, x, 1.0).min(axis=1) - t
    settings = {"class": "thresholds-line", "threshold": threshold, "samples": samples}
    (quantity,) = CALCULATOR.derive(**settings).answer.quantities
    within(error, number(quantity.expression))
    assert number(quantity.expression) <= number(CALCULATOR.derive(**settings, source="worst").answer.expression)


@pytest.mark.parametrize("samples", [1, 5, 50])
def test_the_worst_case_on_the_naturals_by_search(samples: int) -> None:
    """No random source is above the worst case; many equal inputs come close to it; one input to its own edge."""
    settings = {"class": "thresholds-naturals", "source": "worst", "samples": samples}
    result = CALCULATOR.derive(**settings).answer
    worst, single = number(result.expression), number(result.quantities[0].expression)

    def error(masses: np.ndarray) -> float:
        return float(np.sum(masses * (1 - np.cumsum(masses)).clip(0) ** samples))

    generator = np.random.default_rng(140)
    for size in (1, 2, 5, 100):
        for _ in range(200):
            assert error(generator.dirichlet(np.full(size + 1, 0.5))[:-1]) < worst
    assert error(np.full(100_000, 1e-5)) == pytest.approx(worst, rel=samples * 2e-5)
    p = np.linspace(0, 1, 1_000_001)
    assert single == pytest.approx(float((p * (1 - p) ** samples).max()), rel=1e-9)
    assert single == pytest.approx(1 / (math.e * samples), rel=1 / samples)


@pytest.mark.parametrize(("tail", "samples", "tolerance"), [(1, 10**6, 0.002), ("1/2", 10**5, 0.002), (2, 10**6, 0.01)])
def test_the_memoriser_on_zipf_data_by_its_sum(tail: object, samples: int, tolerance: float) -> None:
    """The sum itself over two million inputs, and the integral of what is left; p_i = c/i^(1 + a) exactly."""
    a = float(sympy.Rational(str(tail)))
    i = np.arange(1, 2_000_001, dtype=float)
    rest = (i[-1] + 0.5) ** -a / a
    c = 1 / (float(np.sum(i ** -(1 + a))) + rest)
    p = c * i ** -(1 + a)
    # Beyond the last input n*p is small, so e^(-n p) is 1 - n p.
    far = c * rest - samples * c**2 * (i[-1] + 0.5) ** -(1 + 2 * a) / (1 + 2 * a)
    expected = 0.5 * (float(np.sum(p * np.exp(samples * np.log1p(-p)))) + far)
    head = sympy.Rational(round(c * 10**5), 10**5)
    (quantity,) = CALCULATOR.derive(
        **{"class": "all-functions"}, tail=tail, head=head, samples=samples
    ).answer.quantities
    assert number(quantity.expression) == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize(("tail", "samples"), [(1, 3), (1, 100), ("1/2", 10), (2, 1000)])
def test_the_sum_over_the_inputs_is_below_its_bound_and_near_it(tail: object, samples: int) -> None:
    """The step that is not checked: the sum itself, for the pure Zipf law, against integral and rest."""
    a = float(sympy.Rational(str(tail)))
    i = np.arange(1, 10**6 + 1, dtype=float)
    rest = (i[-1] + 0.5) ** -a / a
    head = 1 / (float(np.sum(i ** -(1 + a))) + rest)
    p = head * i ** -(1 + a)
    # What n examples hardly ever see counts in full.
    total = 0.5 * (float(np.sum(p * (1 - p) ** samples)) + head * rest)
    derivation = CALCULATOR.derive(
        **{"class": "all-functions"}, tail=tail, head=sympy.Rational(round(head * 10**6), 10**6)
    )
    step = next(step for step in derivation.steps if step.id == "sum-to-integral")
    bound = number(step.after.subs(universal_rates._Y, samples))
    assert step.bound and step.order == "<="
    assert bound - 1.5 / samples < total < bound


def test_the_heavier_tail_falls_as_one_over_log_n() -> None:
    """p = h/(i log^2 i) from i = 2 on: the sum over ten million inputs and the integral in log i of the rest."""
    i = np.arange(2, 10**7, dtype=float)
    # Between whole numbers the midpoint rule is exact to 1e-9.
    h = 1 / (float(np.sum(1 / (i * np.log(i) ** 2))) + 1 / math.log(i[-1] + 0.5))
    assert h == pytest.approx(0.474, abs=5e-4)
    p = h / (i * np.log(i) ** 2)

    def error(samples: float) -> float:
        w = np.linspace(math.log(i[-1] + 0.5), 400, 200_001)
        seen = np.exp(-samples * h * np.exp(-w) / w**2)
        rest = float(np.sum((h / w**2 * seen)[1:] + (h / w**2 * seen)[:-1]) / 2 * (w[1] - w[0])) + h / 400
        return 0.5 * (float(np.sum(p * np.exp(samples * np.log1p(-p)))) + rest)

    ratios = []
    for samples in (10**6, 10.0**20, 10.0**50):
        (quantity,) = CALCULATOR.derive(**{"class": "all-functions", "inputs": "log"}).answer.quantities
        law = float(quantity.expression.subs({CALCULATOR.symbols["n"]: samples, CALCULATOR.symbols["h"]: h}))
        ratios.append(error(samples) / law)
    assert ratios == sorted(ratios, reverse=True) and 1 < ratios[-1] < 1.2
    # The next term: log n - 2 log log n + log h + Euler's constant.
    log = 50 * math.log(10)
    assert ratios[-1] == pytest.approx(log / (log - 2 * math.log(log) + math.log(h) + 0.5772), rel=0.005)


def test_the_memoriser_guesses_what_it_has_not_seen() -> None:
    """A simulated memoriser on a short Zipf law against half of the mass it has not seen."""
    generator = np.random.default_rng(140)
    masses = 1 / np.arange(1, 51) ** 2
    masses /= masses.sum()
    samples, errors = 20, []
    for _ in range(20_000):
        labels, guesses = generator.random((2, 50)) < 0.5
        seen = np.isin(np.arange(50), generator.choice(50, samples, p=masses))
        errors.append(masses[~seen & (labels != guesses)].sum())
    within(np.array(errors), 0.5 * float(np.sum(masses * (1 - masses) ** samples)))


@pytest.mark.parametrize("example", ["blocks", "all-functions", "finite-subsets"])
def test_classes_without_a_uniform_rate(example: str) -> None:
    result = CALCULATOR.derive(**{"class": example, "source": "worst"}).answer
    assert result.text == "1/2"
    # A thousand inputs with labels by coin tosses, ten examples: nearly nothing is learned.
    generator = np.random.default_rng(140)
    unseen = [1 - len(set(generator.integers(0, 1000, 10))) / 1000 for _ in range(2000)]
    assert np.mean(unseen) / 2 == pytest.approx(0.5 * (1 - 1 / 1000) ** 10, rel=1e-4)


def test_the_table_of_textbook_classes() -> None:
    table = CALCULATOR.table()
    assert [row.title for row in table.rows] == [example.title for example in EXAMPLES]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["C*exp(-c*n)", "1/n, up to a constant"],
        ["C*exp(-c*n)", "1/(n + 1)"],
        ["C*exp(-c*n)", "1/2"],
        ["C/n", "1/(n + 1)"],
        ["C/n", "1/n, up to a constant"],
        ["arbitrarily slow", "1/2"],
        ["arbitrarily slow", "1/2"],
    ]
    for example, row in zip(EXAMPLES, table.rows, strict=True):
        assert row.note.endswith(example.trees) and row.note != example.trees
        # What is said in words is what the calculator answers, or is silent about for the reason that it gives.
        answer = CALCULATOR.derive(littlestone=example.littlestone, vcl=example.vcl).answer
        assert (row.cells[0].text == "arbitrarily slow") == (answer.text == "R_n")
        worst = CALCULATOR.derive(**{"class": example.id, "source": "worst"})
        assert (row.cells[1].text == "1/n, up to a constant") == ("falls as 1/n up to a constant" in worst.silence)


RANGES = {
    "samples": (1, 1000),
    "atom": (1, 99),
    "above": (0, 100),
    "threshold": (1, 99),
    "tail": (10, 500),
    "head": (1, 300),
}


def drawn(draw: random.Random) -> dict[sympy.Symbol, sympy.Rational]:
    return {
        parameter.symbol: sympy.Rational(draw.randint(*RANGES[parameter.id]), 1 if parameter.integer else 100)
        for parameter in CALCULATOR.parameters
    }


def test_javascript_equals_sympy() -> None:
    """1,000 points for each output and curve; up to n = 1000, where powers of doubles still have 12 digits."""
    draw = random.Random(140)
    outputs: list[sympy.Expr] = []
    for settings in CASES:
        derivation = CALCULATOR.derive(**settings)
        if derivation.result is not None:
            outputs += [] if derivation.result.bound else [derivation.result.expression]
            outputs += [quantity.expression for quantity in derivation.result.quantities]
    outputs += [curve.expression for curve in derivation.curves]
    x = universal_rates._X
    arithmetic = numeric.context()
    for expression in dict.fromkeys(outputs):
        points = [drawn(draw) | {x: sympy.Integer(draw.randint(1, 1000))} for _ in range(1000)]
        found = in_node.values(expression, [{letter: float(y) for letter, y in point.items()} for point in points])
        for point, answer in zip(points, found, strict=True):
            values = {letter: arithmetic.mpf(int(y.p)) / int(y.q) for letter, y in point.items()}
            exact = float(numeric.evaluate(arithmetic, expression, values))
            assert answer == pytest.approx(exact, rel=1e-12, abs=1e-300), (expression, point)


def test_every_curve_stays_in_the_frame() -> None:
    axes = CALCULATOR.derive(**{"class": "finite"}).axes
    assert axes is not None
    for curve in CALCULATOR.derive(**{"class": "finite"}, **NUMBERS).curves:
        assert emit.javascript(curve.expression, exact=False)
        assert 0 < number(curve.expression.subs(curve.variable, 12)) <= axes.y[1]
        assert curve.where is None or number(curve.where.subs(curve.variable, 12)) > 0


def test_a_curve_that_another_hides_is_drawn_broad_and_before_it() -> None:
    """On log axes of six decades and 240 units a line that is 2 units or less away from another is hidden by it."""
    curves = CALCULATOR.derive(**NUMBERS).curves
    x = [10 ** (place / 4) for place in range(25)]
    found = {}
    for curve in curves:
        points = [float(numeric.evaluate(numeric.floats(), curve.expression, {curve.variable: n})) for n in x[8:]]
        found[curve.id] = np.log10(np.maximum(points, 1e-7)) * 240 / 7
    for place, curve in enumerate(curves):
        for later in curves[place + 1 :]:
            seen = (found[curve.id] > -240) | (found[later.id] > -240)
            if np.all(np.abs(found[curve.id] - found[later.id])[seen] < 2):
                assert curve.broad and not later.broad, (curve.id, later.id)
    assert [curve.id for curve in curves if curve.broad] == ["line"]
    assert abs(found["line"] - found["worst-case"]).max() < 2


def test_arbitrarily_slow_is_an_answer() -> None:
    for settings in ({"class": "own", "littlestone": "yes", "vcl": "yes"}, {"class": "finite-subsets"}):
        derivation = CALCULATOR.derive(**settings)
        text = report.as_text(CALCULATOR, derivation)
        assert "\nepsilon_n >= R_n for infinitely many n, whatever R_n -> 0 [theorem]\n" in text
        assert "No answer" not in text
        data = json.loads(report.as_json(CALCULATOR, derivation))
        assert data["result"] == {"text": "R_n", "latex": "R_{n}"}
        assert (data["order"], data["words"]) == (">=", "for infinitely many n, whatever R_n -> 0")
        assert r"\epsilon_{n} &\ge R_{n}\quad\text{for infinitely many n" in report.as_latex(CALCULATOR, derivation)
        assert derivation.curves and derivation.answer.sign == r"\ge"
    assert "Arbitrarily slow" not in widget.javascript_module(CALCULATOR)


def test_no_infinite_tree_is_not_said_as_a_finite_dimension() -> None:
    """Of a tree, not of the class: each has a branch that ends, and there is no bound for all."""
    for example in EXAMPLES:
        step, *further = CALCULATOR.derive(**{"class": example.id}).steps
        infinite = example.littlestone == "yes"
        relation = "=" if infinite else "<"
        assert (emit.text(step.before), step.sign, emit.text(step.after)) == ("d_T", relation, "oo")
        assert ("It need not be bounded." in step.because) != infinite
        if infinite:
            assert further[0].sign == ("=" if example.vcl == "yes" else "<")


@pytest.mark.parametrize("settings", CASES, ids=name)
@pytest.mark.parametrize("numbers", [{}, NUMBERS], ids=["letters", "numbers"])
def test_no_step_says_that_something_is_itself(settings: dict[str, str], numbers: dict[str, object]) -> None:
    for step in CALCULATOR.derive(**settings, **numbers).steps:
        assert step.before != step.after and emit.text(step.before) != emit.text(step.after), step.id


def test_the_outputs_are_what_the_steps_arrive_at() -> None:
    n, y = CALCULATOR.symbols["n"], universal_rates._Y
    for settings, last, variable in (
        ({"class": "thresholds-naturals"}, "exact-curve", n),
        ({"class": "thresholds-line"}, "line", n),
        ({"class": "all-functions"}, "many-examples", y),
        ({"class": "all-functions", "inputs": "log"}, "log-law", y),
    ):
        derivation = CALCULATOR.derive(**settings)
        after = next(step.after for step in derivation.steps if step.id == last)
        assert numeric.equal(after.subs(variable, n), derivation.answer.output("error").expression)


def test_many_examples_make_no_long_fractions() -> None:
    for example in ("thresholds-naturals", "thresholds-line", "all-functions"):
        result = CALCULATOR.derive(**{"class": example}, **NUMBERS | {"samples": 10**6}).answer
        assert len(result.text) < 100
        assert all(len(quantity.text) < 90 for quantity in result.quantities)
    worst = CALCULATOR.derive(**{"class": "thresholds-naturals", "source": "worst"}, samples=10**6).answer
    assert worst.quantities[0].text == "(1000000/1000001)**1000000/1000001"
    assert worst.quantities[0].decimal == "3.67879e-7"


@pytest.mark.parametrize(("inputs", "few", "many"), [("zipf", 1, 1000), ("log", 1, 7)])
def test_a_leading_term_above_the_error_of_guessing_says_nothing(inputs: str, few: int, many: int) -> None:
    settings = {"class": "all-functions", "inputs": inputs, "tail": "1/4", "head": 1}
    silent = CALCULATOR.derive(**settings, samples=few)
    assert silent.result is None and silent.silence.startswith("The class is learned arbitrarily slowly, whatever is")
    assert float(CALCULATOR.derive(**settings, samples=many).answer.output("error").decimal or 1) <= 0.5
