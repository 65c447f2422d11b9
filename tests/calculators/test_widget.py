from __future__ import annotations

import json
import random
import re
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
import sympy

from calculators import CATALOG, emit, numeric, widget
from calculators.derivation import Calculator, SettingError
from tests import steps

ROOT = Path(__file__).parents[2]
CALCULATOR = CATALOG["scaling-exponent"]
RUN = """
import {{ Fraction, result, verdict, verdicts, slots, curves, id, parameters, choices }} from {module};
import {{ readFileSync }} from "node:fs";
const read = (text) => (text === "oo" ? Infinity : new Fraction(text));
const plain = (value) => (typeof value === "number" ? String(value) : value.toFraction());
// Beyond all doubles a value is a power of ten.
const show = (value) => (value === Infinity ? "oo" : "tens" in Object(value) ? `10^${{value.tens}}` : plain(value));
// As on the page, what throws has no value.
const tried = (compute) => {{
  try {{
    return compute();
  }} catch {{
    return "–";
  }}
}};
const answers = JSON.parse(readFileSync(0, "utf8")).map((given) => {{
  const p = Object.fromEntries(Object.entries(given).map(([name, text]) => [name, read(text)]));
  return {{
    result: show(result(p)),
    status: verdicts[verdict(p)].status,
    slots: Object.fromEntries(Object.entries(slots).map(([key, value]) => [key, tried(() => show(value(p)))])),
    curves: Object.fromEntries(Object.entries(curves).map(([key, curve]) => [key, curve.value(p, 10)])),
  }};
}});
console.log(JSON.stringify({{ answers, id, parameters, choices }}));
"""


def draw() -> list[dict[str, str]]:
    """1,000 seeded settings: small and large fractions, and smoothness oo in a third of them."""
    generator = random.Random(140)

    def fraction() -> str:
        top = generator.choice([9, 100, 10**6])
        return str(Fraction(generator.randint(1, top), generator.randint(1, generator.choice([1, 9, top]))))

    settings = []
    for _ in range(1000):
        degree = generator.choice([0, 0, 1, 1, 2, 3, generator.randint(0, 499_999)])
        smoothness = generator.choice(["oo", fraction(), str(degree + 1), str(Fraction(2 * degree + 1, 2))])
        settings.append(
            {
                "dimension": fraction(),
                "loss_order": fraction(),
                "degree": str(degree),
                "smoothness": smoothness,
                "hoelder": str(Fraction(generator.randint(1, 9), 9)),
                "second_dimension": fraction(),
                "inputs": str(generator.randint(1, 1000)),
                "width": str(generator.randint(1, 10**6)),
                "layers": str(generator.randint(1, 9)),
                "outputs": str(generator.randint(1, 1000)),
                "measured": f"{generator.randint(1, 9)}.{generator.randint(0, 9)}",
            }
        )
    return settings


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("module")
    fraction_url = (ROOT / "node_modules/fraction.js/dist/fraction.mjs").as_uri()
    (folder / "calculator.mjs").write_text(widget.javascript_module(CALCULATOR, fraction_url), encoding="utf-8")
    (folder / "run.mjs").write_text(RUN.format(module='"./calculator.mjs"'), encoding="utf-8")
    done = subprocess.run(
        ["node", str(folder / "run.mjs")], input=json.dumps(draw()), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_javascript_equals_sympy_exactly(emitted: dict[str, list[dict[str, object]]]) -> None:
    holes, choose = widget.holes(CALCULATOR), random.Random(41)
    assert len(emitted["answers"]) == 1000
    for settings, answer in zip(draw(), emitted["answers"], strict=True):
        derivation = CALCULATOR.derive(**settings)
        assert answer["result"] == derivation.result.text
        assert answer["status"] == derivation.result.status
        values = {p.symbol: p.read(settings[p.id]) for p in CALCULATOR.parameters}
        for hole in choose.sample(holes, 6):
            expected = hole.at(values)
            if not expected.is_finite and hole.expression != CALCULATOR.symbols["s"]:
                assert settings["smoothness"] == "oo"
                assert answer["slots"][hole.key].lstrip("-") in ("–", "oo", "Infinity")
            elif widget.is_exact(CALCULATOR, hole.expression):
                assert answer["slots"][hole.key] == emit.text(expected)
            elif (shown := answer["slots"][hole.key]).startswith("10^"):
                arithmetic = numeric.context()
                size = arithmetic.log10(numeric.evaluate(arithmetic, expected, {}))
                assert size > 308 and float(shown.removeprefix("10^")) == pytest.approx(float(size), rel=1e-9)
            elif expected.is_finite:
                numeric_value = float(numeric.evaluate(numeric.context(), expected, {}))
                assert float(shown.replace("oo", "inf")) == pytest.approx(numeric_value, rel=1e-9, abs=1e-300)
        alpha, d = derivation.result.expression, values[CALCULATOR.symbols["d"]]
        for name, exponent in (("curve", alpha), ("spacing", 1 / d)):
            expected = float(sympy.Float(10, 30) ** -exponent)
            assert answer["curves"][name] == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_javascript_equals_a_formula_written_by_hand(emitted: dict[str, list[dict[str, object]]]) -> None:
    for settings, answer in zip(draw(), emitted["answers"], strict=True):
        d, m, q = (Fraction(settings[name]) for name in ("dimension", "loss_order", "degree"))
        power = q + 1 if settings["smoothness"] == "oo" else min(q + 1, Fraction(settings["smoothness"]))
        assert Fraction(answer["result"]) == m * power / d


def test_the_module_carries_what_the_page_needs(emitted: dict[str, object]) -> None:
    assert emitted["id"] == "scaling-exponent"
    assert [parameter["name"] for parameter in emitted["parameters"]] == [p.id for p in CALCULATOR.parameters]
    assert emitted["parameters"][2] == {
        "name": "degree",
        "letter": "q",
        "title": "Degree of the local fit",
        "rules": dict(CALCULATOR.parameters[2].rules),
        "integer": True,
        "infinite": False,
        "minimum": "0",
        "open": False,
        "largest": "1000000",
        "start": "1",
        "slider": [0, 4],
    }
    assert {key: option["value"] for key, option in emitted["choices"]["loss"]["options"].items()} == {
        "absolute": "1",
        "squared": "2",
        "cross-entropy": "2",
        "cross-entropy-border": "1",
        "kl": "2",
        "huber": "2",
        "log-cosh": "2",
    }


def test_the_module_touches_no_page() -> None:
    text = widget.javascript_module(CALCULATOR)
    assert text.startswith("// Emitted from calculators.scaling_exponent; change the Python, not this file.\n")
    assert 'import Fraction from "../fraction.js";' in text
    assert not re.search(r"\b(document|window|fetch|eval|globalThis)\b", text)


def test_steps_for_the_page() -> None:
    steps = {step.id: step for step in widget.page_steps(CALCULATOR)}
    usual = [step.id for step in CALCULATOR.derive().steps]
    assert [id_ for id_ in steps if id_ in usual] == usual
    losses = tuple(option.id for option in CALCULATOR.choices[0].options())
    for step in steps.values():
        # Only the step about the loss depends on it, and only those about the target's breaks on the target.
        assert ("loss" in step.choices) == (step.id == "loss-order")
        assert ("target" in step.choices) == (step.id in ("break", "norm"))
    place = steps["loss-order"].choices.index("loss")
    found = [{option.split("/")[place] for option in variant.options} for variant in steps["loss-order"].variants]
    assert sorted(next(iter(names)) for names in found if len(names) == 1) == sorted(losses)
    start = {choice.id: choice.begins for choice in CALCULATOR.choices}
    for id_, step in steps.items():
        shown = [v for v in step.variants if widget.Shown(v, step.choices, v.options).holds(start)]
        assert len(shown) == (1 if id_ in usual else 0)
    composition = next(v for v in steps["composition"].variants if "resolution/data/residual/one/nothing" in v.options)
    assert composition.after.symbolic == r"D^{-m \min(q + 1, s)/d}"
    assert [key for key, _ in emit.HOLE.findall(composition.before.latex)] == [
        hole.key for hole in composition.before.holes
    ]
    assert (composition.sign, composition.relation) == ("=", "is")
    spacing = steps["spacing"].variants[0]
    assert (spacing.sign, spacing.relation) == (r"\Longrightarrow", "therefore")
    rate = steps["spacing-rate"].variants[0]
    assert (rate.sign, rate.relation) == (r"\propto", "is proportional to, as D -> oo")
    squared = next(v for v in steps["loss-order"].variants if v.options[0].startswith("squared/"))
    assert (squared.sign, squared.relation) == (r"\sim", "to leading order as e -> 0")


def test_equal_holes_share_a_key() -> None:
    holes = widget.holes(CALCULATOR)
    assert len({hole.expression for hole in holes}) == len({hole.key for hole in holes}) == len(holes)


def test_texts_for_the_holes() -> None:
    texts = widget.hole_texts(CALCULATOR, dimension=8, degree=1, loss="squared", smoothness=5)
    by_latex = {hole.latex: texts[hole.key] for hole in widget.holes(CALCULATOR)}
    expected = {
        "d": "8",
        "1/d": "1/8",
        "-1/d": "-1/8",
        "q": "1",
        r"\min(q + 1, s)": "2",
        "m": "2",
        r"-m \min(q + 1, s)/d": "-1/2",
        r"m \min(q + 1, s)/d": "1/2",
    }
    assert {key: by_latex[key] for key in expected} == expected


@pytest.mark.parametrize("id_", CATALOG)
def test_the_steps_of_a_page_come_in_the_order_of_their_derivation(id_: str) -> None:
    """For every combination of the options; a page knows steps that some numbers leave out."""
    calculator, planned = CATALOG[id_], widget.plan(CATALOG[id_])
    for chosen in {tuple(widget.settled(calculator, chosen).items()) for chosen in steps.combinations(calculator)}:
        options = dict(chosen)
        shown = [
            part.id
            for part in planned.steps
            for key in ["/".join(options[choice] for choice in part.choices)]
            if any(key in variant.options for variant in part.variants)
        ]
        derived = [part.id for part in calculator.derive(**options).steps]
        assert [id_ for id_ in shown if id_ in derived] == derived, options


def test_parts_that_have_no_common_order_are_named() -> None:
    assert widget.in_one_order([["a", "c"], ["b", "c", "d"], ["c", "e", "d"]]) == ["a", "b", "c", "e", "d"]
    with pytest.raises(ValueError, match="parts must be in one order in all derivations; got b, c in several"):
        widget.in_one_order([["a", "b", "c"], ["c", "b"]])


def test_sources_of_one_author_and_year_have_keys_of_their_own() -> None:
    for calculator in CATALOG.values():
        keys = re.findall(r"^@misc\{(\w+),$", widget.bibtex(calculator.sources), re.MULTILINE)
        assert len(keys) == len(set(keys)) == len(calculator.sources), calculator.id


@pytest.mark.parametrize("calculator", CATALOG.values(), ids=list(CATALOG))
def test_no_step_solves_for_what_a_reader_sets_or_holds_what_no_control_shows(calculator: Calculator) -> None:
    """A page fills the reader's numbers in: `alpha = log(S/L)/log(b)` would become `0.34 = 0.062`."""
    set_by_reader = {parameter.symbol for parameter in calculator.parameters}
    for chosen in steps.combinations(calculator):
        try:
            derivation = calculator.derive(**chosen)
        except SettingError:  # an option that others rule out
            continue
        hidden = {
            parameter.symbol
            for parameter in calculator.parameters
            if any(chosen[choice] not in options for choice, options in parameter.only)
        }
        for step in derivation.steps:
            if isinstance(step.after, sympy.Equality):
                assert not step.after.lhs.free_symbols & set_by_reader, f"{step.id}: {chosen}"
            assert not (step.before.free_symbols | step.after.free_symbols) & hidden, f"{step.id}: {chosen}"
