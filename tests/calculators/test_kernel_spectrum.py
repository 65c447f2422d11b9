from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import sympy

from calculators import emit, numeric, report
from calculators.derivation import Parameter, SettingError
from calculators.kernel_spectrum import CALCULATOR
from calculators.verify import verify
from tests import steps

Array = np.ndarray
COMBINATIONS = steps.combinations(CALCULATOR)
ANSWERED = [chosen for chosen in COMBINATIONS if chosen["target"] != "unknown"]
DIFFERENT = [
    # Label noise changes no step where features are scarce, and the kernel only the first steps.
    chosen
    for chosen in COMBINATIONS
    if (chosen["resource"], chosen["noise"]) != ("parameters", "labels")
    and (chosen["kernel"] == "spectrum" or chosen["target"] == "prior")
]
NUMBERS = [
    {"decay": "1/10", "kernel_smoothness": 1, "dimension": 12, "target_decay": "1/7"},
    {"decay": 7, "kernel_smoothness": 7, "dimension": 1, "target_decay": "21/2"},
]


def alpha(**settings: object) -> float:
    return float(Fraction(CALCULATOR.derive(**settings).answer.text))


@pytest.mark.parametrize("chosen", COMBINATIONS, ids=steps.shown)
def test_every_step_holds(chosen: dict[str, str]) -> None:
    for numbers in ({}, *NUMBERS):
        verify(CALCULATOR.derive(**chosen, **numbers))


@pytest.mark.parametrize(("resource", "limit"), [("data", 4), ("parameters", 2)])
def test_steps_hold_where_the_two_powers_are_equal_and_cost_a_logarithm(resource: str, limit: int) -> None:
    for target_decay in (limit, limit + Fraction(1, 1000), limit - Fraction(1, 1000)):
        verify(CALCULATOR.derive(decay=1, target="power", target_decay=target_decay, resource=resource))


@pytest.mark.parametrize("chosen", DIFFERENT, ids=steps.shown)
def test_a_wrong_step_fails_by_its_name(chosen: dict[str, str]) -> None:
    steps.each_wrong_step_fails_by_its_name(CALCULATOR.derive(**chosen))


def test_every_kind_of_step_is_checked_somewhere() -> None:
    checked = {
        step.id for chosen in COMBINATIONS for step in CALCULATOR.derive(**chosen).steps if step.kind != "premise"
    }
    assert checked == {
        "modes", "eigenvalues", "tail", "capacity", "threshold", "constant", "saturation", "composition", "balance",
        "log-slope",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "expected", "status"),
    [
        ({}, "a", "estimate"),
        ({"resource": "parameters"}, "a", "estimate"),
        ({"kernel": "smooth"}, "t/d", "estimate"),
        ({"kernel": "smooth", "resource": "parameters", "noise": "labels"}, "t/d", "estimate"),
        ({"target": "power"}, "min(c, 2*(1 + a))", "estimate"),
        ({"target": "power", "resource": "parameters"}, "min(c, 1 + a)", "extension"),
        ({"target": "power", "kernel": "smooth"}, "min(c, 2*(1 + t/d))", "estimate"),
        ({"noise": "labels"}, "a/(1 + a)", "extension"),
        ({"noise": "labels", "kernel": "smooth"}, "t/(t + d)", "extension"),
        ({"noise": "labels", "target": "power"}, "min(c, 2 + 2*a)/(1 + min(c, 2 + 2*a))", "extension"),
    ],
    ids=str,
)
def test_results(settings: dict[str, object], expected: str, status: str) -> None:
    derivation = CALCULATOR.derive(**settings)
    assert CALCULATOR.same(derivation, expected)
    assert not CALCULATOR.same(derivation, f"{expected} + 1/1000000")
    assert derivation.answer.status == status


def test_a_target_with_the_spectrum_of_the_prior_is_one_from_the_prior() -> None:
    for noise in ("none", "labels"):
        for resource in ("data", "parameters"):
            chosen = {"noise": noise, "resource": resource, "decay": "3/7"}
            prior = CALCULATOR.derive(target="prior", **chosen)
            power = CALCULATOR.derive(target="power", target_decay="3/7", **chosen)
            assert prior.answer.expression == power.answer.expression


def test_silence_without_a_target() -> None:
    derivation = CALCULATOR.derive(target="unknown", kernel="smooth")
    assert derivation.result is None
    assert derivation.silence.startswith("The theory gives no exponent here. ")
    assert [step.id for step in derivation.steps] == ["modes", "fourier", "eigenvalues"]


def test_the_slip_of_the_paper_is_noted_and_not_repeated() -> None:
    tail = next(step for step in CALCULATOR.derive(decay="1/2").steps if step.id == "tail")
    assert emit.text(tail.after) == "2*D**(-1/2)"
    assert "a slip that leaves the exponent alone" in tail.because


def test_a_wrong_setting_is_named() -> None:
    with pytest.raises(
        SettingError, match=r"^target must be one of prior, power, unknown; got 'priors' \(did you mean "
    ):
        CALCULATOR.derive(target="priors")
    with pytest.raises(
        SettingError, match=r"^decay must be an integer or fraction, at least 1/1000 and at most 24; got '-1'$"
    ):
        CALCULATOR.derive(decay=-1)


def test_javascript_equals_sympy() -> None:
    """1,000 seeded settings: the result exactly, the factor that halves the error to 1e-12."""
    _compare("halving")


@pytest.mark.skipif(not steps.GAMMA.exists(), reason="needs the gamma function of the page's library")
def test_javascript_of_the_factor_for_random_points() -> None:
    """1,000 seeded settings, to 1e-12."""
    _compare("random")


def _allowed(parameter: Parameter, draw: random.Random) -> str:
    """A fraction that the parameter takes; no even power of the distance, which is no kink."""
    while True:
        value = Fraction(draw.randint(1, draw.choice([9, 40])), draw.randint(1, draw.choice([1, 7])))
        least, most = (Fraction(str(bound)) for bound in (parameter.minimum, parameter.maximum))
        if least <= value <= most and (parameter.id != "kernel_smoothness" or value % 2 != 0):
            return str(value)


def _compare(quantity: str) -> None:
    draw = random.Random(140)
    results, numbers = {}, {}
    for chosen in ANSWERED:
        answer = CALCULATOR.derive(**chosen).answer
        further = {further.id: further.expression for further in answer.quantities}
        if quantity in further:
            results[steps.shown(chosen)], numbers[steps.shown(chosen)] = answer.expression, further[quantity]
    combinations = [chosen for chosen in ANSWERED if steps.shown(chosen) in results]
    inputs = [
        (draw.choice(combinations), {p.id: _allowed(p, draw) for p in CALCULATOR.parameters}) for _ in range(1000)
    ]
    letters = {parameter.id: parameter.symbol.name for parameter in CALCULATOR.parameters}
    given = [(steps.shown(chosen), {letters[name]: text for name, text in values.items()}) for chosen, values in inputs]
    exact = steps.under_node(CALCULATOR, results, given)
    floating = steps.under_node(CALCULATOR, numbers, given)
    arithmetic = numeric.context()
    for (chosen, values), result, number in zip(inputs, exact, floating, strict=True):
        answer = CALCULATOR.derive(**chosen, **values).answer
        assert result["exact"] == emit.text(answer.expression)
        expression = next(further.expression for further in answer.quantities if further.id == quantity)
        expected = float(numeric.evaluate(arithmetic, expression, {}))
        assert float(number["number"]) == pytest.approx(expected, rel=1e-12)


def slope(sizes: list[int], values: list[float]) -> float:
    return -float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def circle(decay: float, size: int, generator: np.random.Generator, noise: float) -> float:
    """The mean posterior variance of a Gaussian process on a circle, D random points, 256 random queries.

    The kernel is the sum of k^-(1+a) cos(k (x - y)), so its eigenvalues go as the power law in pairs.
    """
    grid = 2**14
    waves = np.zeros(grid)
    waves[1 : grid // 2] = np.arange(1, grid // 2) ** (-1.0 - decay)
    waves[grid // 2 + 1 :] = waves[1 : grid // 2][::-1]
    kernel = np.fft.ifft(waves).real * grid
    points, queries = generator.choice(grid, size, replace=False), generator.integers(grid, size=256)
    gram = kernel[(points[:, None] - points) % grid] + (noise + 1e-11) * np.eye(size)
    between = kernel[(points[:, None] - queries) % grid]
    return float(np.mean(kernel[0] - np.sum(between * np.linalg.solve(gram, between), axis=0)))


def mean_logs(sizes: list[int], runs: int, measure: Callable[[int, np.random.Generator], float]) -> list[float]:
    generator = np.random.default_rng(140)
    return [float(np.exp(np.mean([np.log(measure(size, generator)) for _ in range(runs)]))) for size in sizes]


@pytest.mark.parametrize("decay", ["1/2", "1", "2"])
def test_random_points_on_a_circle(decay: str) -> None:
    """A target from the prior: within 6 % of a, three standard errors over four sets of points and the next order."""
    sizes = [32, 64, 128, 256]
    a = float(Fraction(decay))
    errors = mean_logs(sizes, 4, lambda size, generator: circle(a, size, generator, 0.0))
    assert slope(sizes, errors) == pytest.approx(alpha(decay=decay), rel=0.06)


def test_label_noise_on_a_circle() -> None:
    """Noise of variance 4 on a kernel with a = 1: within 0.06 of 1/2, since directions come one by one at small D."""
    sizes = [128, 256, 512]
    errors = mean_logs(sizes, 2, lambda size, generator: circle(1.0, size, generator, 4.0))
    assert slope(sizes, errors) == pytest.approx(alpha(decay=1, noise="labels"), abs=0.06)
    assert slope(sizes, errors) < alpha(decay=1) - 0.3


def features(decay: float, weights: Array, size: int, generator: np.random.Generator) -> float:
    """The error of the best fit by P Gaussian random features to a target with mean squares `weights`, endless data."""
    eigenvalues = np.arange(1, len(weights) + 1) ** (-1.0 - decay)
    basis, _ = np.linalg.qr(np.sqrt(eigenvalues)[:, None] * generator.normal(size=(len(weights), size)))
    return float(np.sum(weights * (1 - np.sum(basis**2, axis=1))))


@pytest.mark.parametrize(("decay", "target_decay"), [(1, "1/2"), (1, 5), ("3/2", 6), (2, 1)])
def test_random_features(decay: object, target_decay: object) -> None:
    """c up to 1 + a: within 8 %, the next order of 12 features and three standard errors of 24 draws."""
    a, c = float(Fraction(decay)), float(Fraction(target_decay))
    weights = np.arange(1, 301) ** (-1 - c)
    # What the first 300 directions leave out, no fit can reach.
    rest = 300.5**-c / c
    sizes = [12, 36]
    errors = mean_logs(sizes, 24, lambda size, generator: features(a, weights, size, generator) + rest)
    expected = alpha(decay=decay, target="power", target_decay=target_decay, resource="parameters")
    assert expected == min(c, 1 + a)
    assert slope(sizes, errors) == pytest.approx(expected, rel=0.08)


def test_the_factor_for_random_features() -> None:
    """The error of 128 random features over that of the best 128 directions, a = 2: within 4 %."""
    generator = np.random.default_rng(140)
    weights = np.arange(1, 2001) ** -3.0
    error = np.mean([features(2.0, weights, 128, generator) for _ in range(2)])
    factor = next(further for further in CALCULATOR.derive(decay=2).answer.quantities if further.id == "random")
    assert error / np.sum(weights[128:]) == pytest.approx(float(factor.decimal), rel=0.04)


def test_the_factor_at_a_equal_to_1_is_pi_squared_over_4() -> None:
    factor = next(further for further in CALCULATOR.derive(decay=1).answer.quantities if further.id == "random")
    assert numeric.equal(factor.expression, sympy.pi**2 / 4)


def test_brownian_motion_between_random_points() -> None:
    """Brownian bridges over exponential gaps g of mean 1/D leave E g^2/6 / E g = 1/(3 D): a = 1, and pi^2/3 in all.

    The eigenvalues are 1/(pi (i - 1/2))^2, so their tail after D is 1/(pi^2 D).
    """
    generator = np.random.default_rng(140)
    gaps = generator.exponential(size=(2, 400_000)) / np.array([[100.0], [1000.0]])
    errors = np.sum(gaps**2 / 6, axis=1) / np.sum(gaps, axis=1)
    assert slope([100, 1000], list(errors)) == pytest.approx(alpha(decay=1), abs=0.01)
    assert errors[0] * np.pi**2 * 100 == pytest.approx(np.pi**2 / 3, rel=0.02)


@pytest.mark.parametrize("decay", [1, 2, 3])
def test_a_smooth_target_saturates_on_a_grid(decay: int) -> None:
    """One wave, interpolated from D even points: waves 1 + j D look alike, so the error is theirs over all, squared."""
    sizes, errors = [64, 128], []
    waves = np.arange(1, 10_000, dtype=float)
    for size in sizes:
        others = np.concatenate([waves * size + 1, waves * size - 1]) ** (-1.0 - decay)
        errors.append(float((np.sum(others) ** 2 + np.sum(others**2)) / (1 + np.sum(others)) ** 2))
    expected = alpha(decay=decay, target="power", target_decay=100)
    assert slope(sizes, errors) == pytest.approx(expected, rel=0.002)


@pytest.mark.parametrize(
    ("smoothness", "dimension", "measured"),
    [(3, 1, 3.00), (3, 2, 1.52), (3, 3, 1.06), (1, 1, 1.00), (1, 2, 0.53)],
)
def test_kernels_of_relu_networks(smoothness: int, dimension: int, measured: float) -> None:
    """Slopes of the prior kernel (t = 3) and the tangent kernel (t = 1), measured without training: within 7 %."""
    assert alpha(kernel="smooth", kernel_smoothness=smoothness, dimension=dimension) == pytest.approx(
        measured, rel=0.07
    )


@pytest.mark.parametrize(("dimension", "measured"), [(2, 3.1), (3, 2.8), (4, 2.65)])
def test_a_smooth_target_under_a_rough_kernel(dimension: int, measured: float) -> None:
    """Slopes of a kernel with t = 1 on a smooth target, measured without training: within 7 % of 2 (d + 1)/d."""
    settings = {"kernel": "smooth", "kernel_smoothness": 1, "dimension": dimension, "target": "power"}
    assert alpha(**settings, target_decay=100) == pytest.approx(measured, rel=0.07)


@pytest.mark.parametrize(("smoothness", "dimension"), [(1, 1), (3, 2), (5, 4)])
def test_label_noise_gives_the_classical_best_rate(smoothness: int, dimension: int) -> None:
    """Stone (1982): 2 s/(2 s + d), for a target of smoothness s = t/2."""
    s = Fraction(smoothness, 2)
    settings = {"kernel": "smooth", "kernel_smoothness": smoothness, "dimension": dimension, "noise": "labels"}
    assert CALCULATOR.derive(**settings).answer.text == str(2 * s / (2 * s + dimension))


ENDS = {p.id: (p.minimum, p.maximum) for p in CALCULATOR.parameters}


@pytest.mark.parametrize("chosen", ANSWERED, ids=steps.shown)
@pytest.mark.parametrize("end", [0, 1])
def test_every_step_holds_at_the_ends_of_what_can_be_set(chosen: dict[str, str], end: int) -> None:
    """The steps, the value and its text: none is too long to be written, and no sum fails to show its power."""
    for settings in (
        {id_: bounds[end] for id_, bounds in ENDS.items()},
        {"decay": ENDS["decay"][end], "target_decay": ENDS["target_decay"][1 - end]},
        {"kernel_smoothness": ENDS["kernel_smoothness"][end], "dimension": ENDS["dimension"][1 - end]},
    ):
        derivation = CALCULATOR.derive(**{"decay": 1, "target_decay": 1, "dimension": 1} | settings | chosen)
        verify(derivation)
        assert report.as_text(CALCULATOR, derivation)


@pytest.mark.parametrize("setting", ["50", "100", "999", "1/20000"])
def test_beyond_the_range_there_is_one_clear_line(setting: str) -> None:
    with pytest.raises(
        SettingError, match=r"^decay must be an integer or fraction, at least 1/1000 and at most 24; got"
    ):
        CALCULATOR.derive(decay=setting)


def test_an_even_power_of_the_distance_is_refused() -> None:
    """cos is even and smooth, so a kernel that begins with an even power of the distance has no kink there."""
    for even in (2, 4, 16):
        derivation = CALCULATOR.derive(kernel="smooth", kernel_smoothness=even, dimension=3)
        assert derivation.result is None and derivation.silence.startswith("The theory gives no exponent here. Even ")
        assert [step.id for step in derivation.steps] == ["modes"]
    for odd in (1, 3, 17, "5/2"):
        assert CALCULATOR.derive(kernel="smooth", kernel_smoothness=odd, dimension=3).result is not None
    assert CALCULATOR.derive(kernel="spectrum", kernel_smoothness=2).result is not None
    assert {rule.stops for rule in CALCULATOR.silences} == {"fourier"}
