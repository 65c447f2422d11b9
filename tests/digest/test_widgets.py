"""A calculator's widget as the build makes it, before any script runs: what is shown for some settings."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from calculators import CATALOG, emit
from calculators.widget import javascript_module
from digest import render, widgets
from digest.typeset import typeset

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def blueprint() -> widgets.Blueprint:
    return widgets.blueprint(CATALOG["scaling-exponent"])


@pytest.fixture(scope="module")
def mathml(blueprint: widgets.Blueprint) -> dict[widgets.Line, str]:
    found = typeset(blueprint.formulas(), PROJECT)
    assert all(isinstance(line, str) for line in found.values())
    return {formula: str(line) for formula, line in found.items()}


Make = Callable[..., widgets.Widget]


@pytest.fixture
def made(blueprint: widgets.Blueprint, mathml: dict[widgets.Line, str]) -> Make:
    """The widget for settings that a page presets."""

    def make(**settings: str) -> widgets.Widget:
        return widgets.widget(blueprint, settings, here="calculators/scaling-exponent/", mathml=mathml)

    return make


def law(widget: widgets.Widget) -> tuple[str, str]:
    """The sign and the right side of the law, a fraction over a bar as (above/below), a power as ^power."""
    (step,) = (step for step in widget.steps if step.id == "composition")
    (variant,) = (variant for variant in step.variants if variant.when.now)
    text = re.sub(r"<mfrac><mn>(\d+)</mn><mn>(\d+)</mn></mfrac>", r"(\1/\2)", variant.after)
    text = re.sub(r"<msup[^>]*><mi>(\w)</mi>(.*?)</msup>", r"\1^\2", text)
    return re.sub(r"<[^>]*>", "", variant.law).removeprefix("L"), re.sub(r"<[^>]*>", "", text)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"dimension": "8", "degree": "1"}, ("→", "(1/5)v")),
        ({"dimension": "5", "degree": "1"}, ("→", "(2/7)v")),
        ({"dimension": "1/2", "degree": "1"}, ("→", "(4/5)v")),
        ({"dimension": "8", "degree": "0"}, ("→", "v")),
        ({"dimension": "8", "degree": "1", "manifold": "product", "second_dimension": "4"}, ("→", "(1/7)v")),
    ],
)
def test_a_floor_is_a_limit_with_its_fraction_over_a_bar(
    made: Make, settings: dict[str, str], expected: tuple[str, str]
) -> None:
    widget = made(also="label-noise", **settings)
    assert law(widget) == expected
    derivation = CATALOG["scaling-exponent"].derive(loss="squared", also="label-noise", **settings)
    (step,) = (step for step in derivation.steps if step.id == "composition")
    floor = next(quantity for quantity in derivation.answer.quantities if quantity.id == "floor")
    assert step.after.coeff(next(iter(step.after.free_symbols))) == floor.expression


def test_other_laws_are_no_limits(made: Make) -> None:
    assert law(made(dimension="8", degree="1")) == ("∝", "D^−1/2")
    assert law(made(dimension="8", degree="1", also="lower-bound", smoothness="2")) == ("≳", "D^−1/2")
    assert law(made(dimension="8", degree="1", resource="width")) == ("∝", "w^−1")
    assert law(made(regime="variance", resource="parameters")) == ("−L∞∝", "P^−1/2")


def shown(widget: widgets.Widget) -> list[str]:
    return [step.id for step in widget.steps if step.shown]


@pytest.mark.parametrize(
    ("settings", "last"),
    [
        ({"also": "label-noise", "loss": "absolute"}, "resolution-law"),
        ({"also": "label-noise", "loss": "log-cosh"}, "resolution-law"),
        ({"also": "label-noise", "degree": "2"}, "resolution-law"),
        ({"regime": "variance", "loss": "absolute"}, "expansion"),
        ({"also": "lower-bound", "target": "kinks", "resource": "parameters"}, "norm"),
        ({"also": "lower-bound"}, None),
    ],
)
def test_where_there_is_no_answer_the_steps_stop_before_the_first_that_does_not_hold(
    made: Make, settings: dict[str, str], last: str | None
) -> None:
    widget = made(**settings)
    assert widget.silence.startswith("The theory gives no ")
    assert (shown(widget) or [None])[-1] == last
    calculator = CATALOG["scaling-exponent"]
    derivation = calculator.derive(**({"dimension": 8, "degree": 1, "loss": "squared"} | settings))
    assert shown(widget) == [step.id for step in derivation.steps]


def further(widget: widgets.Widget) -> dict[str, tuple[str, str]]:
    (case,) = (case for case in widget.cases if case.when.now)
    return {quantity.id: (quantity.text, quantity.decimal) for quantity in case.quantities}


def test_fractions_have_their_decimal_beside_them(made: Make) -> None:
    width = made(dimension="8", degree="1", resource="width", inputs="20", width="22", layers="2", outputs="1")
    assert further(width) == {
        "parameters": ("991", ""),
        "local-slope": ("1474/991", "≈ 1.487"),
        "local-exponent": ("737/991", "≈ 0.744"),
    }
    noise = made(dimension="8", degree="1", also="label-noise")
    assert further(noise) == {"floor": ("1/5", "= 0.2"), "above": ("1/2", "= 0.5"), "minimax": ("1", "")}


def test_what_follows_from_a_measured_exponent_is_exact(made: Make) -> None:
    widget = made(dimension="8", degree="1", also="measured", measured="0.34")
    assert (widget.result_text, widget.result_decimal, widget.result_sign) == ("200/17", "11.765", "=")
    assert further(widget)["order"] == ("34/25", "= 1.36")


def answer_law(id_: str, **settings: str) -> str:
    """The line above an answer as the page has it; empty where there is none."""
    blueprint = widgets.blueprint(CATALOG[id_])
    mathml = {formula: str(line) for formula, line in typeset(blueprint.formulas(), PROJECT).items()}
    made = widgets.widget(blueprint, settings, here=f"calculators/{id_}/", mathml=mathml)
    template = render.environment().get_template("_widget.md.j2").make_module({"page": None})
    found = re.search(r'<p class="td-answer__law.*?</p>', str(template.widget(made)), re.S)
    return found.group() if found else ""


@pytest.mark.parametrize("settings", [{}, {"noise": "labels"}, {"noise": "labels", "layout": "grid"}], ids=str)
def test_a_formula_with_its_constant_is_no_law_above_the_answer(settings: dict[str, str]) -> None:
    """The answer has the constant and the floor that noise leaves; a line without them would contradict it."""
    assert answer_law("nearest-neighbour", **settings) == ""


def test_a_law_that_is_a_proportionality_stands_above_the_answer() -> None:
    assert "<mo>∝</mo>" in answer_law("scaling-exponent")


def test_a_letter_without_a_field_is_named_and_other_values_are_for_the_shell(made: Make) -> None:
    """m of the scaling exponent is set by the loss; a page takes no order and no expression of a reader's own."""
    (named,) = made().named
    assert "<mi>m</mi>" in named.letter and named.title == "Order of the loss"
    assert "The first power m of the output error" in named.meaning
    assert "It follows from the choice “Loss”." in named.meaning
    assert named.shell[0] == "python -m calculators show scaling-exponent --set loss_order=3"
    assert named.shell[1].endswith('--set loss="log(cosh(e))"')
    assert CATALOG["scaling-exponent"].derive(loss="log(cosh(e))", degree=1).answer.text == "4/d"


def test_every_letter_of_a_calculator_is_listed() -> None:
    for calculator in CATALOG.values():
        fields = {parameter.id for parameter in calculator.parameters} - widgets._named(calculator)
        latex = {(emit.latex(parameter.symbol), False): "" for parameter in calculator.parameters}
        named = list(widgets._named_letters(calculator, latex))
        assert len(fields) + len(named) == len(calculator.parameters), calculator.id


def test_every_slider_can_come_back_to_where_it_starts() -> None:
    for calculator in CATALOG.values():
        blueprint = widgets.blueprint(calculator)
        values = {parameter.symbol: parameter.start for parameter in calculator.parameters}
        chosen = widgets.settled(calculator, {})
        for shown in blueprint.plan.parameters:
            if shown.item.id.startswith("sum_"):  # a table sets these, and no slider
                continue
            letters = {(emit.latex(shown.item.symbol), False): ""}
            control = widgets._control(shown, values[shown.item.symbol], chosen, letters)
            assert control.slider_minimum <= control.slider_value <= control.slider_maximum, shown.item.id
            steps = (control.slider_value - control.slider_minimum) / control.slider_step
            assert steps == pytest.approx(round(steps), abs=1e-6), f"{calculator.id}: {shown.item.id}"


@pytest.mark.parametrize(
    ("id_", "settings", "quantity", "shown"),
    [
        ("kernel-spectrum", {"decay": "1/2"}, "halving", ("=", "4")),
        ("kernel-spectrum", {"decay": "3/2"}, "halving", ("≈", "1.5874")),
        ("kernel-spectrum", {"decay": "1/40"}, "halving", ("=", "1099511627776")),
        ("nearest-neighbour", {"dimension": "2"}, "halving", ("=", "2")),
        ("nearest-neighbour", {"dimension": "3"}, "halving", ("≈", "2.82843")),
        ("variance-limited", {"limit": "exact", "loss_order": "1/2"}, "halving", ("=", "16")),
        ("normalised-score", {"score": "15", "gamer": "10"}, "record", ("≈", "0.00040014")),
        ("normalised-score", {"score": "15", "record": "-5", "scale": "gamer"}, "record", ("=", "–")),
        ("normalised-score", {"score": "15", "record": "7", "scale": "gamer"}, "clipped", ("=", "–")),
        ("normalised-score", {"score": "155", "record": "307", "scale": "gamer"}, "record", ("≈", "0.493333")),
    ],
)
def test_a_whole_power_of_two_is_exact_and_no_value_a_dash(
    id_: str, settings: dict[str, str], quantity: str, shown: tuple[str, str], tmp_path: Path
) -> None:
    """In the build and in the page's script, with the sign that says so."""
    calculator = CATALOG[id_]
    blueprint = widgets.blueprint(calculator)
    mathml = {formula: str(line) for formula, line in typeset(blueprint.formulas(), PROJECT).items()}
    made = widgets.widget(blueprint, settings, here=f"calculators/{id_}/", mathml=mathml)
    (case,) = (case for case in made.cases if case.when.now)
    (found,) = (view for view in case.quantities if view.id == quantity)
    assert (found.sign, found.text) == shown
    url = (PROJECT / "node_modules/fraction.js/dist/fraction.mjs").as_uri()
    numbers = (PROJECT / "digest/assets/numbers.js").as_uri()
    # What needs a special function is not asked for here.
    stubs = r"const \1 = () => NaN;"
    module = re.sub(r"^import \{ (\w+) \} from .*$", stubs, javascript_module(calculator, url), flags=re.M)
    (tmp_path / "calculator.mjs").write_text(module)
    given = {parameter.id: str(parameter.start) for parameter in calculator.parameters}
    given |= {name: text for name, text in settings.items() if name in given}
    chosen = {name: text for name, text in settings.items() if name not in given}
    (tmp_path / "run.mjs").write_text(
        f"""import * as module from "./calculator.mjs";
        import {{ shown, signOf }} from "{numbers}";
        const at = Object.entries({json.dumps(given)}).map(([name, text]) => [name, new module.Fraction(text)]);
        const value = module.quantities(Object.fromEntries(at), {json.dumps(chosen)}).{quantity};
        console.log(JSON.stringify([signOf(value), shown(value)]));"""
    )
    done = subprocess.run(["node", str(tmp_path / "run.mjs")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert tuple(json.loads(done.stdout)) == shown


def plot_of(**settings: str) -> tuple[list[tuple[str, str]], dict[str, int]]:
    """The titles of goodhart's axes that are shown for some settings, and the curves drawn, with their ranks."""
    plan = widgets.plan(CATALOG["goodhart"])
    chosen = widgets.settled(plan.calculator, settings)
    values = {p.symbol: p.start for p in plan.calculator.parameters}
    plot = widgets._plot(plan, values, chosen)
    assert plot is not None
    shown = [(titles.x, titles.y) for titles in plot.titles if titles.when.now]
    return shown, {curve.id: curve.rank for curve in plot.curves if curve.points}


def test_a_plot_has_the_titles_and_curves_of_its_question() -> None:
    assert plot_of() == ([("Proxy u", "True value")], {"gaussian": 1, "laplace": 2, "student-3": 3})
    titles, curves = plot_of(question="threshold", error="student")
    assert titles == [("Threshold u", "True value")] and curves == {"gaussian": 1, "laplace": 2, "student": 3}
    titles, curves = plot_of(question="best-of-n")
    assert titles[0][0].startswith("Doublings of n") and curves == {"gaussian": 1, "laplace": 2}


@pytest.mark.parametrize(("question", "other"), [("reward-best-of-n", "reward-rl"), ("reward-rl", "reward-best-of-n")])
def test_the_chosen_reward_curve_is_drawn_as_the_first(question: str, other: str) -> None:
    titles, curves = plot_of(question=question)
    assert titles == [("Distance delta from the start", "Reward")]
    assert curves == {question: 1, f"other-{other}": 2}


def test_the_third_line_of_a_plot_is_as_heavy_as_its_dots_need() -> None:
    sheet = (PROJECT / "digest" / "assets" / "digest.css").read_text(encoding="utf-8")
    (dashes,) = re.findall(r"\.td-plot__line--3 \{ [^}]*stroke-dasharray: (\d+) (\d+);", sheet)
    assert int(dashes[0]) > int(dashes[1])
    (width,) = re.findall(r"\.td-plot--framed \.td-plot__line--3 \{ stroke-width: ([\d.]+);", sheet)
    (usual,) = re.findall(r"\.td-plot--framed \.td-plot__line \{ stroke-width: ([\d.]+);", sheet)
    assert float(width) > float(usual)


def test_sliders_come_back_to_where_they_start() -> None:
    """Each start is a whole number of steps from the slider's low end, and one key moves no more than a fiftieth."""
    for id_, expected in (("universal-rates", {"head": 0.01, "tail": 0.01}), ("normalised-score", {"random": 1.0})):
        parameters = {parameter.id: parameter for parameter in CATALOG[id_].parameters}
        for name, step in expected.items():
            low, high = (float(end) for end in parameters[name].slider)
            assert widgets._step(parameters[name], low, high) == pytest.approx(step)
            places = (float(parameters[name].start) - low) / step
            assert places == pytest.approx(round(places), abs=1e-6) and low <= float(parameters[name].start) <= high


def test_no_symbol_stands_before_a_line_that_is_a_sentence() -> None:
    assert {r"\le", r"\ge", "<", r"\Longrightarrow"} == widgets._STAND_ALONE
