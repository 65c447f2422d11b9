from __future__ import annotations

import itertools
import json
import math
import random
import subprocess
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import sympy
from mpmath import mpf

from calculators import emit, numeric, report, widget
from calculators.derivation import Derivation, Step
from calculators.resource_planner import CALCULATOR
from calculators.verify import StepError, verify
from tests.calculators import in_node

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


@pytest.mark.parametrize("options", COMBINATIONS, ids=lambda options: "-".join(options.values()))
def test_javascript_equals_sympy(options: dict[str, str]) -> None:
    """More than 1,000 seeded inputs over all combinations, the result and every further output.

    Losses lie at least 0.1 apart and the earlier one is at least twice the present one: what is closer loses digits in
    its difference or in the logarithm of its ratio, in any arithmetic.
    """
    draw = random.Random("-".join(options.values()))
    symbols = CALCULATOR.symbols
    points = []
    for _ in range(70):
        irreducible = draw.randint(1, 300)
        target = irreducible + draw.randint(10, 300)
        loss = target + draw.randint(10, 300)
        hundredths = {
            "E": irreducible,
            "T": target,
            "L": loss,
            "S": 2 * loss + draw.randint(1, 300),
            "alpha": draw.randint(5, 300),
            "b": draw.randint(110, 10**5),
            "k": draw.randint(1, 1000),
        }
        points.append({symbols[letter]: sympy.Rational(number, 100) for letter, number in hundredths.items()})
    result = CALCULATOR.derive(**options).answer
    arithmetic = numeric.context()
    for expression in (result.expression, *(quantity.expression for quantity in result.quantities)):
        found = in_node.values(expression, [{x: float(y) for x, y in point.items()} for point in points])
        for point, answer in zip(points, found, strict=True):
            values = {x: arithmetic.mpf(int(y.p)) / int(y.q) for x, y in point.items()}
            assert answer == pytest.approx(float(numeric.evaluate(arithmetic, expression, values)), rel=1e-12), point


Answer = tuple[str, list[str], dict[str, str]]
_IN_PAGE = """
import { Fraction, parameters, quantities, result, slots } from MODULE;
import { readNumber, shown } from NUMBERS;
import { readFileSync } from "node:fs";
const answers = JSON.parse(readFileSync(0, "utf8")).map(([texts, chosen]) => {
  const read = (parameter) => readNumber(Fraction, parameter, texts[parameter.name]).value;
  const p = Object.fromEntries(parameters.map((parameter) => [parameter.name, read(parameter)]));
  const more = Object.values(quantities(p, chosen)).map(shown);
  const holes = Object.entries(slots).map(([key, value]) => [key, shown(value(p))]);
  return [shown(result(p, chosen)), more, Object.fromEntries(holes)];
});
console.log(JSON.stringify(answers));
"""


@pytest.fixture(scope="module")
def in_page(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[dict[str, str]]], list[Answer]]:
    """What a page shows for settings: the answer, the further outputs, and every hole of the steps."""
    folder = tmp_path_factory.mktemp("planner")
    fraction_url = (in_node.ROOT / "node_modules/fraction.js/dist/fraction.mjs").as_uri()
    (folder / "planner.mjs").write_text(widget.javascript_module(CALCULATOR, fraction_url), encoding="utf-8")
    numbers = (in_node.ROOT / "digest/assets/numbers.js").as_uri()
    code = _IN_PAGE.replace("MODULE", '"./planner.mjs"').replace("NUMBERS", json.dumps(numbers))
    (folder / "run.mjs").write_text(code, encoding="utf-8")

    def run(settings: list[dict[str, str]]) -> list[Answer]:
        names = {parameter.id for parameter in CALCULATOR.parameters}
        asked = [
            [
                {p.id: s.get(p.id, str(p.start)) for p in CALCULATOR.parameters},
                {name: value for name, value in s.items() if name not in names},
            ]
            for s in settings
        ]
        command = ["node", "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", str(folder / "run.mjs")]
        done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)
        return [tuple(answer) for answer in json.loads(done.stdout)]

    return run


LARGE = [
    # Half the loss at alpha = 1/2000: 2^2000.
    ({"loss": "2", "target": "1", "exponent": "0.0005"}, 2000 * math.log10(2)),
    ({"loss": "2", "target": "1", "exponent": "0.0005", "resource": "width-shallow"}, 2000 * math.log10(2)),
    ({"loss": "2", "target": "1", "exponent": "0.0002", "resource": "width"}, 2500 * math.log10(2)),
    ({"loss": "1e30", "target": "1e-30", "exponent": "0.05"}, 1200),
    ({"loss": "1e30", "target": "1e-30", "exponent": "1e-30"}, 6e31),
    # Ten times the size takes a ten-thousandth off.
    ({"earlier": "1.0001", "loss": "1", "target": "0.5", "known": "two-runs"}, math.log(2) / math.log(1.0001)),
    (
        {"loss": "2", "target": "1.25", "irreducible": "1", "floor": "given", "exponent": "0.001"},
        1000 * math.log10(4),
    ),
]


@pytest.mark.parametrize(("settings", "power"), LARGE)
def test_a_factor_beyond_all_doubles_is_a_power_of_ten(
    settings: dict[str, str], power: float, in_page: Callable[[list[dict[str, str]]], list[Answer]]
) -> None:
    derivation = CALCULATOR.derive(**START | settings)
    expected = f"10^{numeric.six_digits(mpf(power))}"
    assert derivation.answer.decimal == expected
    text = " ".join(report.as_text(CALCULATOR, derivation).split())  # a long line is wrapped
    assert f" ≈ {expected} {derivation.answer.unit} [" in text
    ((result, more, slots),) = in_page([settings])
    assert result == expected
    assert not {"∞", "–", "NaN", "Infinity"} & {result, *more}
    chosen = {choice.id: settings.get(choice.id, choice.begins) for choice in CALCULATOR.choices}
    there = {
        slots[hole.key]
        for step in widget.page_steps(CALCULATOR)
        for variant in step.variants
        if "/".join(chosen[choice] for choice in step.choices) in variant.options
        for hole in (*variant.before.holes, *variant.after.holes)
    }
    assert expected in there
    assert not {"∞", "–", "NaN", "Infinity"} & there


def test_a_factor_that_is_a_double_stays_one(
    in_page: Callable[[list[dict[str, str]]], list[Answer]],
) -> None:
    """2^1023 is one, 2^1024 is the first power of two that is none."""
    given = [{"loss": "2", "target": "1", "exponent": f"1/{power}"} for power in (1, 1023, 1024)]
    assert [answer[0] for answer in in_page(given)] == ["2", "8.98847e+307", "10^308.255"]
    decimals = [CALCULATOR.derive(**START | {**s, "known": "exponent"}).answer.decimal for s in given[1:]]
    assert decimals == ["8.98847e+307", "10^308.255"]


@pytest.mark.parametrize("alpha", ["1/4", "1/2", "2"])
def test_the_implied_dimension_is_called_the_bound_that_it_is(alpha: str) -> None:
    """Every dimension that the inequality alpha >= k/d allows is at least the implied one."""
    answer = CALCULATOR.derive(exponent=alpha, numerator=4).answer
    (implied,) = (quantity.expression for quantity in answer.quantities if quantity.id == "dimension")
    allowed = [d for d in range(1, 40) if sympy.Rational(alpha) >= sympy.Rational(4, d)]
    assert min(allowed) == implied
    text = " ".join((*answer.holds, *CALCULATOR.against))
    assert text.count("lower bound of the") == 2
    assert "upper bound" not in text
