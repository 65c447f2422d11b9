"""What parameters take, what choices hand on, and derivations that say nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction

import pytest
import sympy

from calculators import report
from calculators.derivation import (
    Assumption,
    Calculator,
    Choice,
    Derivation,
    Option,
    Parameter,
    Quantity,
    Result,
    SettingError,
    Silence,
    Step,
)
from calculators.verify import verify

X = sympy.Symbol("x", positive=True)
Y = sympy.Symbol("y", positive=True)
RATE = Parameter("rate", X, "Rate", "A rate.", sympy.Rational(1, 2), X, real=True, maximum=10)


def _build(values: Mapping[str, sympy.Expr], options: Mapping[str, Option]) -> Derivation:
    x = values["rate"]
    step = Step(
        "root", "The root", "identity", sympy.Mul(2, sympy.sqrt(x)), 2 * x ** sympy.Rational(1, 2), "It is one."
    )
    silent = options["noise"].id == "much"
    quantity = Quantity("square", "Its square", Y, x**2, "per second")
    return Derivation(
        "root",
        (("rate", x),),
        tuple((name, option.id) for name, option in options.items()),
        (Assumption("a", "It is so."),),
        (step,),
        None if silent else Result(Y, step.after, "exact", "Twice the root.", (), (quantity,)),
        silence="Noise hides it." if silent else "",
    )


ROOT = Calculator(
    "root",
    "A root",
    "What is it?",
    (RATE,),
    (
        Choice("noise", "Noise", options=lambda: (Option("none", "No noise"), Option("much", "Noise")), default="none"),
        Choice("shape", "Shape", options=lambda: (Option("round", "Round"),)),
    ),
    (),
    _build,
    silences=(Silence("Too slow to see.", X, sympy.Rational(1, 100), (("noise", "none"),)),),
)


def test_default_options_always_arrive() -> None:
    assert ROOT.derive().choices == (("noise", "none"),)
    assert ROOT.derive(shape="round").choices == (("noise", "none"), ("shape", "round"))
    assert [choice.begins for choice in ROOT.choices] == ["none", "round"]


def test_silence() -> None:
    derivation = ROOT.derive(noise="much", rate=2)
    verify(derivation)
    assert (derivation.result, derivation.silence) == (None, "Noise hides it.")
    with pytest.raises(ValueError, match=r"^Noise hides it\.$"):
        _ = derivation.answer
    assert not ROOT.same(derivation, "2")
    shown = json.loads(report.as_json(ROOT, derivation))
    assert (shown["result"], shown["silence"]) == (None, "Noise hides it.")
    assert "\nNo answer: Noise hides it." in report.as_text(ROOT, derivation)
    assert "No answer: Noise hides it." in report.as_markdown(ROOT, derivation)
    assert "No answer: Noise hides it." in report.as_latex(ROOT, derivation)


def test_silence_by_numbers() -> None:
    assert ROOT.derive(rate="0.001").silence == "Too slow to see."
    assert ROOT.derive(rate="0.01").silence == ""
    assert ROOT.derive().silence == ""


def test_neither_result_nor_silence() -> None:
    with pytest.raises(ValueError, match=r"^a derivation must have either a result or a silence; got 'root'$"):
        Derivation("root", (), (), (), (), None)


def test_irrational_results_and_quantities() -> None:
    derivation = ROOT.derive(rate=2)
    assert (derivation.answer.text, derivation.answer.decimal) == ("2*2**(1/2)", "2.82843")
    shown = json.loads(report.as_json(ROOT, derivation))
    assert shown["quantities"] == [
        {"id": "square", "title": "Its square", "text": "4", "decimal": "4", "unit": "per second"}
    ]
    assert "y = 2*2**(1/2) ≈ 2.82843 [exact]\ny = 4 per second (Its square)\n" in report.as_text(ROOT, derivation)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("0.25", "1/4"),
        ("2.5e-3", "1/400"),
        (0.1, "1/10"),
        (".5", "1/2"),
        ("3.", "3"),
        (Fraction(1, 3), "1/3"),
        (10, "10"),
    ],
)
def test_real_values(value: str | float | Fraction, read: str) -> None:
    assert RATE.read(value) == sympy.Rational(read)


@pytest.mark.parametrize(
    "value", ["", ".", "e5", "0", "-1", "10.001", "1e400", "nan", "inf", float("nan"), "1_0", True]
)
def test_what_is_no_real_value(value: str | float) -> None:
    with pytest.raises(SettingError, match=r"^rate must be a decimal number, more than 0 and at most 10; got "):
        RATE.read(value)


def test_sizes_of_real_values() -> None:
    with pytest.raises(SettingError, match=r"^rate must be between 1e-30 and 1e30 in size; got '1e-31'$"):
        RATE.read("1e-31")


@pytest.mark.parametrize(
    ("bounds", "rule"),
    [
        ({}, "a positive integer or fraction, such as 8 or 5/2"),
        ({"infinite": True}, "a positive integer or fraction, such as 8 or 5/2, or oo"),
        ({"minimum": None}, "an integer or fraction"),
        ({"minimum": None, "real": True}, "a decimal number"),
        ({"open": False}, "an integer or fraction, 0 or more"),
        ({"maximum": 1}, "an integer or fraction, more than 0 and at most 1"),
        ({"minimum": None, "maximum": 1, "open_maximum": True}, "an integer or fraction, less than 1"),
        ({"integer": True, "open": False, "maximum": 9}, "a whole number, at least 0 and at most 9"),
        ({"integer": True, "minimum": None}, "a whole number, positive or negative"),
    ],
)
def test_rules(bounds: Mapping[str, object], rule: str) -> None:
    assert Parameter("n", X, "N", "A number.", sympy.Integer(1), X, **bounds).rule == rule  # type: ignore[arg-type]


def test_a_bound_widens_what_is_taken() -> None:
    frames = Parameter("n", X, "N", "A number.", sympy.Integer(1), X, integer=True, maximum=10**12)
    assert frames.read("468750000000") == 468750000000
    with pytest.raises(SettingError, match=r"^n must be a whole number, more than 0 and at most 1000000000000; got "):
        frames.read(10**12 + 1)
