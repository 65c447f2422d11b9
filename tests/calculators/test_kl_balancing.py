from __future__ import annotations

import math
import random
from fractions import Fraction

import numpy as np
import pytest
import sympy

from calculators.derivation import SettingError
from calculators.kl_balancing import CALCULATOR
from calculators.numeric import context, evaluate
from calculators.verify import verify
from tests.steps import each_wrong_step_fails_by_its_name, under_node

QUESTIONS = [option.id for option in CALCULATOR.choices[0].options()]
ANSWERED = [question for question in QUESTIONS if question != "no-resolution"]
NUMBERS = {"weight": "4/5", "prior": "1/4", "posterior": "3/4", "rest": "1/3", "bend": "-3/2", "separation": 10}


def value(**settings: object) -> float:
    return float(evaluate(context(), CALCULATOR.derive(**settings).answer.expression, {}))


def further(**settings: object) -> dict[str, float]:
    quantities = CALCULATOR.derive(**settings).answer.quantities
    return {quantity.id: float(evaluate(context(), quantity.expression, {})) for quantity in quantities}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"rest": "R"},
        NUMBERS,
        {"weight": "1/1000000", "prior": "1/1000", "posterior": "999/1000", "rest": 4, "bend": 0, "separation": 36},
        {"prior": "1/2", "posterior": "1/2", "bend": 1, "separation": "101/100"},
    ],
)
def test_steps_hold(question: str, settings: dict[str, object]) -> None:
    verify(CALCULATOR.derive(question=question, **settings))


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_wrong_step_fails_by_its_name(question: str) -> None:
    each_wrong_step_fails_by_its_name(CALCULATOR.derive(question=question, rest="R"))


@pytest.mark.parametrize("question", ["prior", "posterior", "straight-through"])
def test_a_wrong_step_fails_with_numbers_too(question: str) -> None:
    each_wrong_step_fails_by_its_name(CALCULATOR.derive(question=question, **NUMBERS))


def divergence(posterior: np.ndarray, prior: np.ndarray) -> float:
    """KL of two softmax distributions, from their logits."""
    q, p = (np.exp(logits) / np.exp(logits).sum() for logits in (posterior, prior))
    return float(np.sum(q * np.log(q / p)))


@pytest.mark.parametrize("classes", [2, 3, 32])
@pytest.mark.parametrize("weight", ["1/5", "4/5"])
def test_the_pulls_are_the_gradients_of_the_balanced_loss(classes: int, weight: str) -> None:
    """Central differences of the loss itself; each side is moved while the other stands still."""
    generator = np.random.default_rng(140)
    prior, posterior = generator.normal(size=(2, classes))
    nudge = np.zeros(classes)
    nudge[0] = 1e-5
    w = float(Fraction(weight))
    on_prior = w * (divergence(posterior, prior + nudge) - divergence(posterior, prior - nudge)) / 2e-5
    on_posterior = (1 - w) * (divergence(posterior + nudge, prior) - divergence(posterior - nudge, prior)) / 2e-5
    q, p = (np.exp(logits) / np.exp(logits).sum() for logits in (posterior, prior))
    rest = divergence(posterior[1:], prior[1:])
    settings = {
        "weight": weight,
        "prior": str(Fraction(p[0]).limit_denominator(10**6)),
        "posterior": str(Fraction(q[0]).limit_denominator(10**6)),
        "rest": str(Fraction(rest).limit_denominator(10**6)),
    }
    assert value(question="prior", **settings) == pytest.approx(on_prior, abs=1e-5)
    assert value(question="posterior", **settings) == pytest.approx(on_posterior, abs=1e-5)
    beside = further(question="prior", **settings)
    assert beside["other"] == pytest.approx(on_posterior, abs=1e-5)
    assert beside["divergence"] == pytest.approx(divergence(posterior, prior), abs=1e-5)
    assert beside["ratio"] == pytest.approx(w / (1 - w))


def test_the_papers_weight() -> None:
    assert CALCULATOR.derive(question="prior", weight="4/5", prior="1/4", posterior="3/4").answer.text == "-2/5"
    assert CALCULATOR.same(CALCULATOR.derive(question="prior"), "w*(p - q)")
    for question in ("prior", "posterior"):
        balanced, other = (value(question=question, **NUMBERS | {"weight": weight}) for weight in ("4/5", "1/5"))
        assert balanced / other == pytest.approx(4 if question == "prior" else 1 / 4)


@pytest.mark.parametrize("bend", [0, 1, "-3/2"])
@pytest.mark.parametrize("posterior", ["1/10", "1/2", "4/5"])
def test_the_bias_by_sampling(bend: object, posterior: str) -> None:
    """The mean of the straight-through gradient over 400,000 samples, within 4 standard errors."""
    q, c = float(Fraction(posterior)), float(Fraction(str(bend)))
    z = np.random.default_rng(140).random(400_000) < q
    gradients = np.where(z, 1 + c, 1 - c) * q * (1 - q)
    step = 1e-6
    low, high = (1 / (1 + math.exp(-(math.log(q / (1 - q)) + side * step))) for side in (-1, 1))
    true = (high - low) / (2 * step)
    error = 4 * float(gradients.std()) / math.sqrt(len(z)) + 1e-9
    biased = value(question="straight-through", posterior=posterior, bend=bend)
    assert float(gradients.mean()) - true == pytest.approx(biased, abs=error)


def test_z_and_its_square() -> None:
    assert CALCULATOR.derive(question="straight-through", bend=0).answer.text == "0"
    assert further(question="straight-through", posterior="4/5", bend=1)["mean-slope"] == pytest.approx(2 * 0.8)


@pytest.mark.parametrize("separation", ["3/2", 3, 10, 30])
def test_the_costs_by_sampling(separation: object) -> None:
    """Means over 400,000 futures, within 4 standard errors; the variance is searched for, not taken from theory."""
    rho = float(Fraction(str(separation)))
    generator = np.random.default_rng(140)
    mode = generator.choice([-1.0, 1.0], 400_000) * math.sqrt(rho)
    y = mode + generator.normal(size=len(mode))

    def minus_log(x: np.ndarray, variance: float = 1.0) -> np.ndarray:
        return x**2 / (2 * variance) + math.log(2 * math.pi * variance) / 2

    variances = np.exp(np.linspace(0, math.log(2 + 2 * rho), 400))
    best = min(variances, key=lambda v: float(np.mean(minus_log(y, v))))
    rates = minus_log(y, best) - minus_log(y - mode)
    humps = (np.exp(-minus_log(y - math.sqrt(rho))) + np.exp(-minus_log(y + math.sqrt(rho)))) / 2
    losses = minus_log(y, best) + np.log(humps)
    for question, found in (("rate", rates - math.log(2)), ("log-loss", losses)):
        error = 4 * float(found.std()) / math.sqrt(len(found)) + 1e-4
        assert value(question=question, separation=separation) == pytest.approx(float(found.mean()), abs=error)


def test_published_and_known_numbers() -> None:
    assert value(question="log-loss", separation=10) == pytest.approx(0.508, abs=5e-4)
    assert value(question="rate", separation=3) == pytest.approx(0, abs=1e-15)
    assert value(question="rate", separation="29/10") < 0 < value(question="rate", separation="31/10")
    for separation in ("101/100", 4, 36):
        information = further(question="log-loss", separation=separation)["information"]
        # No more than the label has, and no more than a Gaussian signal of the same strength would tell.
        assert 0 < information < min(math.log(2), math.log(1 + float(Fraction(str(separation)))) / 2)


def test_silence() -> None:
    derivation = CALCULATOR.derive(question="no-resolution", **NUMBERS)
    assert derivation.result is None
    assert derivation.silence.startswith("Without a resolution the question has no answer")
    assert [step.id for step in derivation.steps] == ["no-limit"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prior": 1}, "prior must be an integer or fraction, more than 0 and less than 1; got '1'"),
        ({"weight": 0}, "weight must be an integer or fraction, more than 0 and less than 1; got '0'"),
        ({"separation": 1}, "separation must be an integer or fraction, more than 1 and at most 36; got '1'"),
        ({"rest": -1}, "rest must be an integer or fraction, 0 or more; got '-1'"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        CALCULATOR.derive(**settings)
    assert caught.value.message == message


def inputs(count: int) -> list[dict[str, str]]:
    """Seeded settings: letter -> exact value."""
    generator = random.Random(140)

    def inside() -> str:
        below = generator.choice([10, 1000, 10**6])
        return str(Fraction(generator.randint(1, below - 1), below))

    return [
        {
            "w": inside(),
            "p": inside(),
            "q": inside(),
            "R": str(Fraction(generator.randint(0, 400), 100)),
            "c": str(Fraction(generator.randint(-300, 300), 100)),
            "rho": str(Fraction(generator.randint(1001, 36_000), 1000)),
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("question", [question for question in ANSWERED if question != "log-loss"])
def test_javascript_equals_sympy(question: str) -> None:
    """Fractions exactly; logarithms to 1e-12, since they cancel where q is close to p."""
    result = CALCULATOR.derive(question=question, rest="R").answer
    expressions = {quantity.id: quantity.expression for quantity in result.quantities if quantity.id != "information"}
    expressions["result"] = result.expression
    asked = [(name, given) for given in inputs(1000) for name in expressions]
    arithmetic = context()
    for (name, given), answer in zip(asked, under_node(CALCULATOR, expressions, asked), strict=True):
        values = {symbol: sympy.Rational(given[letter]) for letter, symbol in CALCULATOR.symbols.items()}
        if answer["exact"]:
            assert sympy.Rational(answer["exact"]) == expressions[name].xreplace(values)
        numbers = {symbol: evaluate(arithmetic, exact, {}) for symbol, exact in values.items()}
        expected = float(evaluate(arithmetic, expressions[name], numbers))
        assert float(answer["number"]) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_javascript_integrates() -> None:
    """1,000 settings against Gauss-Legendre nodes, 15 of them against SymPy's expression at 50 digits."""
    result = CALCULATOR.derive(question="log-loss").answer
    nodes, weights = np.polynomial.legendre.leggauss(1500)
    n = 14 * nodes
    density = 14 * weights * np.exp(-(n**2) / 2) / math.sqrt(2 * math.pi)
    asked = [("result", given) for given in inputs(1000)]
    answers = under_node(CALCULATOR, {"result": result.expression}, asked)
    for position, ((_, given), answer) in enumerate(zip(asked, answers, strict=True)):
        rho = float(Fraction(given["rho"]))
        overlap = float(np.sum(density * np.log1p(np.exp(-2 * rho - 2 * math.sqrt(rho) * n))))
        expected = math.log(1 + rho) / 2 - math.log(2) + overlap
        scale = math.log(1 + rho) / 2 + math.log(2)
        assert float(answer["number"]) == pytest.approx(expected, abs=1e-12 * scale)
        if position < 15:
            numbers = {CALCULATOR.symbols["rho"]: evaluate(context(), sympy.Rational(given["rho"]), {})}
            exact = float(evaluate(context(), result.expression, numbers))
            assert float(answer["number"]) == pytest.approx(exact, abs=1e-12 * scale)
