"""The scaling exponent with its further assumptions: every step, every switch, and things that know nothing of it."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from calculators import CATALOG, emit, implied, losses, variance_limited, widget
from calculators.derivation import Derivation, SettingError
from calculators.verify import verify
from tests import steps

ROOT = Path(__file__).parents[2]
CALCULATOR = CATALOG["scaling-exponent"]
OPTIONS = {choice.id: [option.id for option in choice.options()] for choice in CALCULATOR.choices}
NUMBERS = {
    "dimension": 8,
    "degree": 1,
    "hoelder": "1/3",
    "second_dimension": 5,
    "inputs": 20,
    "width": 22,
    "layers": 2,
    "outputs": 1,
    "measured": "0.34",
}


def combinations() -> list[dict[str, str]]:
    """Every combination that makes a difference; the loss aside, and targets where something follows from them."""
    found = []
    for resource, manifold, also in itertools.product(OPTIONS["resource"], OPTIONS["manifold"], OPTIONS["also"]):
        chosen = {"resource": resource, "manifold": manifold, "also": also}
        found += [{**chosen, "target": target} for target in OPTIONS["target"]] if manifold == "one" else [chosen]
    variance = itertools.product(OPTIONS["resource"], OPTIONS["limit"])
    return found + [{"regime": "variance", "resource": resource, "limit": limit} for resource, limit in variance]


COMBINATIONS = combinations()


@pytest.mark.parametrize("chosen", COMBINATIONS, ids=steps.shown)
def test_every_step_holds(chosen: dict[str, str]) -> None:
    verify(CALCULATOR.derive(**chosen))
    verify(CALCULATOR.derive(loss="squared", **NUMBERS, **chosen))


WITHOUT_TARGETS = [chosen for chosen in COMBINATIONS if chosen.get("target", "given") == "given"]
WITH_TARGETS = [{"target": target} for target in OPTIONS["target"] if target != "given"]


@pytest.mark.parametrize("chosen", WITHOUT_TARGETS + WITH_TARGETS, ids=steps.shown)
def test_a_wrong_step_fails_by_its_name(chosen: dict[str, str]) -> None:
    derivation = CALCULATOR.derive(**chosen)
    if derivation.result is not None:
        steps.each_wrong_step_fails_by_its_name(derivation)


SMALL = {"dimension": 8, "degree": 1, "loss": "squared"}
NET = {"inputs": 20, "width": 22, "layers": 2, "outputs": 1}


@pytest.mark.parametrize(
    ("settings", "result", "status"),
    [
        ({"target": "kinks", "degree": 1}, "m*min(2, 1 + 1/m)/d", "extension"),
        ({"target": "kinks", "degree": 1, "loss": "squared"}, "3/d", "extension"),
        ({"target": "kinks", "degree": 0, "loss": "squared"}, "2/d", "theorem"),
        ({"target": "jumps", "loss": "squared"}, "1/d", "extension"),
        ({"target": "rough", "loss": "squared"}, "2*min(q + 1, H)/d", "extension"),
        ({"manifold": "product", "degree": 1, "loss": "squared"}, "4/(d + d_2)", "estimate"),
        ({"manifold": "additive", **SMALL, "second_dimension": 12}, "1/3", "extension"),
        ({"manifold": "additive", **SMALL, "second_dimension": 4}, "1/2", "extension"),
        ({"resource": "parameters", "degree": 1, "loss": "squared"}, "4/d", "estimate"),
        ({"resource": "width", **SMALL, **NET}, "1", "extension"),
        ({"resource": "width", **SMALL, **NET, "layers": 1}, "1/2", "extension"),
        ({"also": "variance-term", **SMALL}, "1/2", "extension"),
        ({"also": "variance-term", **SMALL, "dimension": 3}, "1", "extension"),
        ({"also": "label-noise", **SMALL}, "0", "exact"),
        ({"also": "lower-bound", "degree": 1, "loss": "squared", "smoothness": 2}, "4/d", "theorem"),
        ({"also": "lower-bound", "degree": 1, "loss": "squared", "smoothness": 5}, "10/d", "theorem"),
        ({"also": "lower-bound", "smoothness": "s", "manifold": "product"}, "m*s/(d + d_2)", "theorem"),
        ({"also": "lower-bound", "loss": "squared", "target": "kinks"}, "3/d", "theorem"),
        # A step is no target of the theorems, though for the absolute error its smoothness is 1.
        ({"target": "jumps", "degree": 0, "loss": "absolute"}, "1/d", "extension"),
        ({"smoothness": 1, "degree": 0, "loss": "squared"}, "2/d", "extension"),
        ({"smoothness": "3/2", "degree": 0, "loss": "squared"}, "2/d", "theorem"),
        ({"degree": 0, "loss": "absolute"}, "1/d", "theorem"),
        ({"also": "lower-bound", "degree": 3, "loss": "squared", "smoothness": 2}, "4/d", "theorem"),
        ({"also": "measured", **SMALL, "measured": "0.34"}, "200/17", "extension"),
        ({"regime": "variance"}, "1", "theorem"),
        ({"regime": "variance", "resource": "width"}, "1", "estimate"),
        ({"regime": "variance", "resource": "parameters"}, "1/2", "estimate"),
        ({"regime": "variance", "limit": "exact"}, "m/2", "extension"),
        ({"loss": "cross-entropy-border", "degree": 1}, "2/d", "estimate"),
    ],
    ids=str,
)
def test_results(settings: dict[str, object], result: str, status: str) -> None:
    derivation = CALCULATOR.derive(**settings)
    assert CALCULATOR.same(derivation, result)
    assert derivation.answer.status == status


def quantities(**settings: object) -> dict[str, str]:
    return {quantity.id: quantity.text for quantity in CALCULATOR.derive(**settings).answer.quantities}


def test_the_floor_and_the_best_rate() -> None:
    noise = {"also": "label-noise", "loss": "squared", "dimension": 8}
    assert quantities(degree=1, **noise) == {"floor": "1/5", "above": "1/2", "minimax": "1"}
    assert quantities(degree=0, **noise) == {"floor": "1", "above": "1/4", "minimax": "1"}
    assert quantities(degree=1, smoothness=2, **noise)["minimax"] == "1/3"
    assert quantities(degree=1, manifold="product", second_dimension=4, **noise)["floor"] == "1/7"


@pytest.mark.parametrize(("width", "published"), [(8, 1.25), (22, 1.49), (108, 1.82)])
def test_the_local_slope_by_counting_arrays(width: int, published: float) -> None:
    """Networks [20, w, w, 1], as arrays: the number of their entries, and its slope from the two neighbours' widths."""

    def entries(units: int) -> int:
        layers = [20, units, units, 1]
        return sum(np.zeros((a, b)).size + np.zeros(b).size for a, b in itertools.pairwise(layers))

    found = quantities(resource="width", **SMALL, **(NET | {"width": width}))
    assert int(found["parameters"]) == entries(width)
    local = float(Fraction(found["local-slope"]))
    assert local == pytest.approx(published, abs=0.006)
    around = np.log(entries(width + 1) / entries(width - 1)) / np.log((width + 1) / (width - 1))
    assert local == pytest.approx(around, rel=2e-3)
    assert float(Fraction(found["local-exponent"])) == pytest.approx(local / 2)


def test_the_inverse_gives_back_what_was_measured() -> None:
    """Each implied setting, put in, gives the measured exponent exactly."""
    measured = {"also": "measured", **SMALL, "smoothness": 7}
    for alpha in ("1/2", "5/8", "3/4"):
        derivation = CALCULATOR.derive(**measured, measured=alpha)
        found = {quantity.id: quantity.text for quantity in derivation.answer.quantities}
        again = CALCULATOR.derive(dimension=derivation.answer.text, degree=1, loss="squared")
        assert again.answer.text == alpha
        assert CALCULATOR.derive(dimension=8, degree=1, loss_order=found["order"]).answer.text == alpha
        degree = Fraction(found["degree"])
        if degree.denominator == 1:
            assert CALCULATOR.derive(dimension=8, degree=str(degree), loss="squared").answer.text == alpha
        assert found["predicted"] == "1/2"


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"also": "label-noise", "degree": 2, "loss": "squared"}, "floor"),
        ({"also": "label-noise", "degree": 1, "loss_order": 3}, "floor"),
        ({"also": "label-noise", "degree": 1, "loss": "absolute"}, "floor"),
        ({"also": "label-noise", "degree": 1, "loss": "log-cosh"}, "floor"),
        ({"also": "label-noise", "degree": 1, "loss": "log(cosh(e))"}, "floor"),
        ({"also": "label-noise", "manifold": "additive"}, "fitted apart"),
        ({"also": "label-noise", "resource": "parameters"}, "noisy labels"),
        ({"also": "variance-term", "resource": "width"}, "number of examples"),
        ({"also": "lower-bound", "resource": "parameters"}, "not parameters"),
        ({"also": "lower-bound"}, "Set a finite s"),
        ({"also": "lower-bound", **SMALL}, "methods that use the smoothness get below any power"),
        ({"also": "measured", "manifold": "product"}, "one manifold"),
        ({"also": "measured", "regime": "variance"}, "regime resolution"),
        ({"regime": "variance", "limit": "exact", "loss": "cross-entropy-border"}, "errors have one sign"),
        ({"also": "lower-bound", "regime": "variance"}, "regime resolution"),
    ],
    ids=str,
)
def test_silence_where_the_theory_says_nothing(settings: dict[str, object], word: str) -> None:
    derivation = CALCULATOR.derive(**settings)
    assert derivation.result is None
    assert word in derivation.silence
    assert derivation.silence.startswith("The theory gives no ")
    verify(derivation)


@pytest.mark.parametrize(
    ("settings", "last"),
    [
        ({"also": "label-noise", "degree": 2, "loss": "squared"}, "resolution-law"),
        ({"also": "label-noise", "degree": 1, "loss_order": 3}, "resolution-law"),
        ({"also": "label-noise", "degree": 1, "loss": "huber"}, "resolution-law"),
        ({"also": "label-noise", "degree": 1, "loss": "absolute"}, "resolution-law"),
        ({"also": "label-noise", "degree": 1, "loss": "log(cosh(e))"}, "resolution-law"),
        ({"regime": "variance", "loss": "absolute"}, "expansion"),
        ({"regime": "variance", "limit": "exact", "loss": "cross-entropy-border"}, "size"),
    ],
    ids=str,
)
def test_where_there_is_no_answer_no_step_claims_one(settings: dict[str, object], last: str) -> None:
    derivation = CALCULATOR.derive(**settings)
    assert derivation.result is None
    assert derivation.steps[-1].id == last


def test_silences_stop_at_steps_that_there_are() -> None:
    ids = {step.id for step in widget.page_steps(CALCULATOR)}
    assert {rule.stops for rule in CALCULATOR.silences} <= ids


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"also": "label-noise", "degree": 0}, "for nearest neighbour at every new input, for linear interpolation on"),
        ({"also": "variance-term", "degree": 0, "loss": "absolute"}, "It matters where d is below m min(q + 1, s), "),
        ({"also": "measured", "resource": "width"}, "alpha >= min(2, k) m (q + 1)/d points one way"),
        ({"also": "measured", "resource": "parameters"}, "alpha >= m (q + 1)/d points one way"),
    ],
    ids=str,
)
def test_what_a_result_is_worth_is_said_for_what_is_set(settings: dict[str, object], said: str) -> None:
    assert said in CALCULATOR.derive(**settings).answer.meaning


def test_the_bound_does_not_say_where_the_estimate_holds() -> None:
    bound, estimate = (
        CALCULATOR.derive(also=question, smoothness=2).answer.holds for question in ("lower-bound", "nothing")
    )
    assert not set(bound) & set(estimate)
    assert bound[0].startswith("It is about the hardest target of a smoothness at each D.")


def test_the_bound_is_uniform_and_its_targets_do_not_depend_on_the_points() -> None:
    """Bumps are in all cells, whatever is drawn; the hard target depends on D, and that is said wherever it counts."""
    derivation = CALCULATOR.derive(also="lower-bound", smoothness=2)
    words = {step.id: step.because for step in derivation.steps}
    assert [step.id for step in derivation.steps][:4] == ["cells", "cell-size", "bump", "empty"]
    assert words["cells"].startswith("Before any point is drawn")
    assert "one bump in each of the 2D cells" in words["bump"]
    assert "fixed before the points are drawn" in words["composition"]
    assert "for each D another target is the hard one" in words["composition"]
    assert "not the exponent of one fixed target" in derivation.answer.meaning
    (against,) = (sentence for sentence in CALCULATOR.against if "refute the lower bound" in sentence)
    assert "sought anew at each D" in against


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("answer", ["zero", "nearest", "coins of its own"])
def test_no_method_gets_below_the_bound_on_the_bumps(m: int, answer: str) -> None:
    """In one dimension, s = 1: triangles of height h/2 on 2D cells, coins for signs, D random points, three methods."""
    generator = np.random.default_rng(140)
    for points in (20, 80, 320):
        cells, losses_ = 2 * points, []
        for _ in range(60):
            signs = generator.choice([-1, 1], cells)
            x = generator.random(points)
            seen = (x * cells).astype(int)
            place = np.linspace(0, 1, 9)[:-1] + 1 / 16
            bump = (0.5 - np.abs(place - 0.5)) / cells
            truth = signs[:, None] * bump
            known = np.isin(np.arange(cells), seen)
            nearest = seen[np.abs(np.arange(cells)[:, None] - seen[None]).argmin(axis=1)]
            guess = {
                "zero": np.zeros(cells),
                "nearest": signs[nearest],
                "coins of its own": generator.choice([-1, 1], cells),
            }[answer]
            found = np.where(known[:, None], truth, guess[:, None] * bump)
            losses_.append(np.mean(np.abs(found - truth) ** m))
        filled = np.mean((2 * (0.5 - np.abs(place - 0.5))) ** m)
        bound = filled / 4 * (1 / (2 * cells)) ** m
        assert np.mean(losses_) >= bound


def test_the_width_enters_the_words_of_the_inverse() -> None:
    def words(resource: str) -> str:
        found = CALCULATOR.derive(also="measured", resource=resource).steps
        return next(step.because for step in found if step.id == "implied-order")

    assert "In the width the exponent is min(2, k) times the one in P" in words("width")
    assert "width" not in words("data") + words("parameters")


@pytest.mark.parametrize(
    ("text", "dimension"), [("0.34", "200/17"), ("0.341234567891", "4000000000000/341234567891"), ("1/3", "12")]
)
def test_a_measured_exponent_is_kept_as_it_is_written(text: str, dimension: str) -> None:
    assert CALCULATOR.derive(also="measured", **SMALL, measured=text).answer.text == dimension


def test_the_law_in_the_number_of_parameters_assumes_two_layers() -> None:
    def depths(derivation: Derivation) -> list[str]:
        return [assumption.text for assumption in derivation.assumptions if assumption.id == "depth"]

    (mine,) = depths(CALCULATOR.derive(regime="variance", resource="parameters"))
    assert mine.startswith("The network has two hidden layers or more")
    assert depths(variance_limited.CALCULATOR.derive(resource="deep")) == [mine]
    assert depths(variance_limited.CALCULATOR.derive(resource="linear")) == []
    assert depths(CALCULATOR.derive(regime="variance", resource="width")) == []


def test_noise_of_a_typed_square_has_a_floor() -> None:
    assert quantities(also="label-noise", degree=1, dimension=8, loss="3*e**2")["floor"] == "1/5"


@pytest.mark.parametrize("resource", OPTIONS["resource"])
@pytest.mark.parametrize("limit", OPTIONS["limit"])
def test_the_other_regime_is_the_other_calculator(resource: str, limit: str) -> None:
    mine = CALCULATOR.derive(regime="variance", resource=resource, limit=limit)
    name = "deep" if resource == "parameters" else resource
    other = variance_limited.CALCULATOR.derive(resource=name, limit=limit)
    assert mine.answer.expression == other.answer.expression
    assert [(step.title, step.before, step.after) for step in mine.steps] == [
        (step.title, step.before, step.after) for step in other.steps
    ]


def test_a_smoothness_that_the_target_sets_must_not_be_given_too() -> None:
    with pytest.raises(SettingError) as caught:
        CALCULATOR.derive(target="kinks", loss="squared", smoothness=2)
    assert str(caught.value) == ("smoothness must be left out or equal the smoothness of target kinks, 3/2; got '2'")
    assert CALCULATOR.derive(target="kinks", loss="squared", smoothness="3/2").parameters["smoothness"] == "3/2"
    assert CALCULATOR.derive(target="kinks").parameters["smoothness"] == "1/m + 1"


def signature(derivation: Derivation) -> object:
    """What a page shows of a derivation in letters, without the steps that the two lone choices change."""
    own = ("loss-order", "break", "norm")
    lines = [(s.id, s.title, s.before, s.after, s.because) for s in derivation.steps if s.id not in own]
    result = derivation.result
    answer = result and (result.symbol, result.expression, result.status, result.quantities, result.holds)
    return lines, answer, derivation.silence, derivation.assumptions, [c.expression for c in derivation.curves]


def in_letters(chosen: dict[str, str]) -> Derivation:
    options = {choice.id: choice.read(chosen[choice.id]) for choice in CALCULATOR.choices}
    return CALCULATOR.build({p.id: p.symbol for p in CALCULATOR.parameters}, options)


def draw_options(draw: random.Random) -> dict[str, str]:
    return widget.settled(CALCULATOR, {name: draw.choice(options) for name, options in OPTIONS.items()})


def test_choices_that_stand_alone_change_only_their_own_steps() -> None:
    draw = random.Random(140)
    silent = {("label-noise", name) for name in OPTIONS["loss"]}
    for _ in range(60):
        chosen = draw_options(draw)
        for choice in ("loss", "target"):
            other = widget.settled(CALCULATOR, chosen | {choice: draw.choice(OPTIONS[choice])})
            # That other losses have no floor is said by the calculator's silences, which pages have too.
            if choice == "loss" and (chosen["also"], other["loss"]) in silent:
                continue
            assert signature(in_letters(other)) == signature(in_letters(chosen)), (chosen, other)


def test_a_hidden_choice_makes_no_difference_or_silence() -> None:
    draw = random.Random(140)
    for _ in range(60):
        free = {name: draw.choice(options) for name, options in OPTIONS.items()}
        kept = widget.settled(CALCULATOR, free)
        derivation = in_letters(free)
        if derivation.result is not None:
            assert derivation.result.expression == in_letters(kept).answer.expression


def test_the_plan_reads_as_the_derivation_does() -> None:
    """Steps, parameters and answers of the page's plan for random combinations, against each combination's own."""
    plan, draw = widget.plan(CALCULATOR), random.Random(2102)
    letters = [parameter.symbol for parameter in CALCULATOR.parameters]
    for _ in range(40):
        chosen = draw_options(draw)
        if chosen["also"] == "label-noise":
            chosen["loss"] = "squared"
        derivation = in_letters(chosen)
        shown = [
            (s.id, v) for s in plan.steps for v in s.variants if widget.Shown(v, s.choices, v.options).holds(chosen)
        ]
        assert [id_ for id_, _ in shown] == [step.id for step in derivation.steps]
        for (_, variant), step in zip(shown, derivation.steps, strict=True):
            assert (variant.title, variant.kind, variant.because) == (step.title, step.kind, step.because)
        (case,) = (case.item for case in plan.cases if case.holds(chosen))
        assert (case.silence, case.result and case.result.expression) == (
            derivation.silence,
            derivation.result and derivation.result.expression,
        )
        assert [shown.item for shown in plan.assumptions if shown.holds(chosen)] == [
            assumption.text for assumption in derivation.assumptions
        ]
        seen = {shown.item.symbol for shown in plan.parameters if shown.holds(chosen)}
        used = {
            letter for step in derivation.steps for side in (step.before, step.after) for letter in side.free_symbols
        }
        set_by_target = {CALCULATOR.symbols["s"]} if chosen["target"] != "given" else set()
        missing = (used & set(letters)) - seen - set_by_target - {CALCULATOR.symbols["m"]}
        assert not missing, (chosen, missing)


RUN = """
import {{ result, quantities, complete, settle, silence, verdict, verdicts, Fraction }} from "./calculator.mjs";
import {{ readFileSync }} from "node:fs";
const read = (text) => (text === "oo" ? Infinity : new Fraction(text));
const show = (value) => (value === Infinity ? "oo" : typeof value === "number" ? String(value) : value.toFraction());
const answers = JSON.parse(readFileSync(0, "utf8")).map(([given, chosen]) => {{
  const p = Object.fromEntries(Object.entries(given).map(([name, text]) => [name, read(text)]));
  const all = complete(p, chosen), hush = silence(all, chosen);
  return {{
    silence: hush,
    result: hush ? null : show(result(all, chosen)),
    status: hush ? null : verdicts[verdict(all, chosen)].status,
    quantities: Object.fromEntries(Object.entries(quantities(all, chosen)).map(([key, value]) => [key, show(value)])),
    settled: settle(chosen),
  }};
}});
console.log(JSON.stringify(answers));
"""


def test_javascript_equals_sympy_for_random_settings(tmp_path: Path) -> None:
    """1,250 seeded settings over random combinations: every answer and further output is the same fraction."""
    draw = random.Random(140)

    def fraction() -> str:
        return str(Fraction(draw.randint(1, draw.choice([9, 100])), draw.randint(1, draw.choice([1, 9]))))

    inputs = []
    for _ in range(1250):
        numbers = {
            "dimension": fraction(),
            "loss_order": "2",
            "degree": str(draw.choice([0, 1, 1, 2, 3])),
            "smoothness": draw.choice(["oo", fraction()]),
            "hoelder": str(Fraction(draw.randint(1, 9), 9)),
            "second_dimension": fraction(),
            "inputs": str(draw.randint(1, 99)),
            "width": str(draw.randint(1, 999)),
            "layers": str(draw.randint(1, 6)),
            "outputs": str(draw.randint(1, 9)),
            "measured": f"{draw.randint(0, 3)}.{draw.randint(1, 99):02}",
        }
        inputs.append((numbers, {name: draw.choice(options) for name, options in OPTIONS.items()}))
    url = (ROOT / "node_modules/fraction.js/dist/fraction.mjs").as_uri()
    (tmp_path / "calculator.mjs").write_text(widget.javascript_module(CALCULATOR, url), encoding="utf-8")
    (tmp_path / "run.mjs").write_text(RUN.format(), encoding="utf-8")
    run = ["node", str(tmp_path / "run.mjs")]
    done = subprocess.run(run, input=json.dumps(inputs), capture_output=True, text=True, check=True)
    answered = 0
    for (numbers, chosen), answer in zip(inputs, json.loads(done.stdout), strict=True):
        kept = widget.settled(CALCULATOR, chosen)
        assert answer["settled"] == kept
        given = {name: value for name, value in numbers.items() if name != "loss_order"}
        if kept["target"] != "given":
            given.pop("smoothness")
        derivation = CALCULATOR.derive(**given, **kept)
        assert answer["silence"] == derivation.silence
        if derivation.result is None:
            continue
        answered += 1
        assert answer["status"] == derivation.result.status
        pairs = [(answer["result"], derivation.result)]
        pairs += [(answer["quantities"][quantity.id], quantity) for quantity in derivation.result.quantities]
        for text, formula in pairs:
            assert text == emit.text(formula.expression)
    assert answered > 300


def test_theory_solves_for_the_dimension() -> None:
    law = implied.theory({"degree": 1, "loss": "squared", "target": "kinks"})
    assert (law.text, law.status, str(law.dimension)) == ("3/d", "extension", "3/alpha")
    assert law.dimension_at(0.34) == pytest.approx(3 / 0.34)
    for settings in ({"regime": "variance"}, {"manifold": "additive"}, {"also": "label-noise"}):
        with pytest.raises(implied.OpenError, match=r"^the settings must be those of a law that tells a dimension: "):
            implied.theory({"degree": 1, "loss_order": 2, **settings})


def slope(sizes: list[int], values: list[float]) -> float:
    return -float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("target", ["kinks", "jumps"])
def test_breaks_by_simulation(target: str, order: int) -> None:
    """Linear interpolation at d = 1 of |x - c| or of a step at c, 40,000 random c: m + 1, or 1; within 2 %."""
    generator = np.random.default_rng(140)
    cells, risks = [16, 64, 256, 1024], []
    for n in cells:
        place, part = generator.random(40_000), generator.random(40_000)
        left = np.floor(place * n) / n
        x = left + part / n

        def value(at: np.ndarray, place: np.ndarray = place) -> np.ndarray:
            return np.abs(at - place) if target == "kinks" else (at > place).astype(float)

        line = value(left) + part * (value(left + 1 / n) - value(left))
        # Only the cell with the break has an error: a share 1/n of all inputs.
        risks.append(float(np.mean(np.abs(line - value(x)) ** order)) / n)
    answer = CALCULATOR.derive(dimension=1, degree=1, loss_order=order, target=target).answer
    assert float(Fraction(answer.text)) == (order + 1 if target == "kinks" else 1)
    assert slope(cells, risks) == pytest.approx(float(Fraction(answer.text)), rel=0.02)


@pytest.mark.parametrize("dimension", [1, 2, 3, 6])
def test_the_floor_by_simulation(dimension: int) -> None:
    """The noise that a mean over the corners of a random simplex keeps: 200,000 draws, within four standard errors."""
    generator = np.random.default_rng(140)
    gaps = generator.exponential(size=(200_000, dimension + 1))
    weights = gaps / gaps.sum(axis=1, keepdims=True)
    noise = np.sum(weights * generator.normal(size=weights.shape), axis=1) ** 2
    expected = float(Fraction(quantities(also="label-noise", loss="squared", degree=1, dimension=dimension)["floor"]))
    assert expected == pytest.approx(2 / (dimension + 2))
    assert abs(noise.mean() - expected) < 4 * noise.std() / np.sqrt(len(noise))


def test_the_floor_of_linear_interpolation_in_one_dimension() -> None:
    """400 random points with noisy labels, interpolated by NumPy: 2/3 of the variance, within four standard errors."""
    generator = np.random.default_rng(140)
    excess = []
    for _ in range(400):
        points = np.sort(generator.random(400))
        labels = np.sin(2 * np.pi * points) + generator.normal(size=400)
        # Gaps are weighted by their length, as new inputs fall into them.
        x = generator.uniform(points[0], points[-1], 200)
        excess.append(float(np.mean((np.interp(x, points, labels) - np.sin(2 * np.pi * x)) ** 2)))
    error = np.std(excess) / np.sqrt(len(excess))
    assert abs(np.mean(excess) - 2 / 3) < 4 * error


def test_empty_cells_by_drawing_points() -> None:
    """2,000 cells, 1,000 random points, 200 times: never fewer than half are empty, and on average 61 percent."""
    generator = np.random.default_rng(140)
    shares = [1 - len(np.unique(generator.integers(0, 2000, 1000))) / 2000 for _ in range(200)]
    derivation = CALCULATOR.derive(also="lower-bound", smoothness=2)
    step = next(step for step in derivation.steps if step.id == "empty")
    assert min(shares) >= float(step.after) == 0.5
    assert any("on average 61 percent" in sentence for sentence in derivation.answer.holds)
    assert np.mean(shares) == pytest.approx(0.61, abs=0.005)


def test_certain_labels_cost_in_proportion_to_the_error() -> None:
    (loss,) = (loss for loss in losses.known() if loss.id == "cross-entropy-border")
    assert loss.one_sided and loss.limit.both_sides is False
    assert emit.text(loss.term.expression) == "e"
    for error in (1e-3, 1e-5):
        assert -np.log1p(-error) == pytest.approx(error, rel=2 * error)


@pytest.mark.parametrize("loss", ["cross-entropy", "kl", "abs(e)**3", "exp(e)-1-e"])
def test_a_loss_that_the_theorem_does_not_cover_gets_a_condition(loss: str) -> None:
    """Their second derivatives have no bound, so the theorem holds for bounded errors alone, and that is said."""
    derivation = CALCULATOR.derive(regime="variance", loss=loss)
    assert "for a loss that Theorem 1 covers" in derivation.answer.meaning
    (covered,) = (assumption.text for assumption in derivation.assumptions if assumption.id == "covered")
    assert "only as long as probabilities stay away from 0 and 1, and errors stay bounded" in covered


def test_a_term_in_1_over_d_is_not_said_to_stand_where_there_is_none() -> None:
    """The limit of endless parameters and no noise has no such term, so it cannot be assumed beside it."""
    texts = " ".join(assumption.text for assumption in CALCULATOR.derive(also="variance-term").assumptions)
    assert "everything else is plentiful" not in texts and "carry no noise" not in texts
    assert "without either there is no term 1/D" in texts


def test_the_reason_for_the_theorem_fits_nearest_neighbour() -> None:
    """A piecewise constant model has no Lipschitz constant; what bounds its error is that of the target."""
    answer = CALCULATOR.derive(degree=0, loss="squared").answer
    assert answer.status == "theorem"
    assert "the error is at most K_F h" in answer.meaning
    assert "the model's Lipschitz constant" not in answer.meaning
    generator = np.random.default_rng(140)
    points, new = generator.random((300, 2)), generator.random((500, 2))
    distance = np.linalg.norm(new[:, None] - points[None], axis=2)
    target = lambda x: np.abs(np.sin(3 * x[..., 0]) + 2 * np.abs(x[..., 1] - 0.5))  # noqa: E731
    error = np.abs(target(new) - target(points[distance.argmin(axis=1)]))
    assert np.all(error <= np.hypot(3, 2) * distance.min(axis=1))
    for m in (1, 2, 3):
        assert np.mean(error**m) <= np.hypot(3, 2) ** m * np.mean(distance.min(axis=1) ** m)


def test_a_question_without_an_answer_has_none_on_the_page_either() -> None:
    """In the regime variance a page shows what the shell says, for each question and not the exponent in its place."""
    chosen = {"regime": "variance", "also": "label-noise"}
    assert widget.settled(CALCULATOR, chosen)["also"] == "label-noise"
    plan = widget.plan(CALCULATOR)
    for question in OPTIONS["also"]:
        settled = widget.settled(CALCULATOR, {"regime": "variance", "also": question})
        (case,) = (case.item for case in plan.cases if case.holds(settled))
        assert case.silence == CALCULATOR.derive(regime="variance", also=question).silence
        assert bool(case.silence) == (question != "nothing")
