"""Losses that a person types: their order, and what happens to texts that are none."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from calculators import CATALOG, emit, leading, losses
from calculators.__main__ import main
from calculators.derivation import SettingError
from calculators.expressions import ExpressionError
from calculators.verify import StepError, verify

CALCULATOR = CATALOG["scaling-exponent"]
ROOT = Path(__file__).parents[2]
e = losses.ERROR

TYPED = [
    # text, order, what is left close to 0
    ("log(cosh(e))", "2", "e**2/2"),
    ("abs(e)", "1", "abs(e)"),
    ("abs(e)**1.5", "3/2", "abs(e)**(3/2)"),
    ("abs(e)**(1/3)", "1/3", "abs(e)**(1/3)"),
    ("sqrt(1 + e**2) - 1", "2", "e**2/2"),
    ("sqrt(abs(e))", "1/2", "abs(e)**(1/2)"),
    ("exp(e) - 1 - e", "2", "e**2/2"),
    ("1 - cos(e)", "2", "e**2/2"),
    ("1 - exp(-e**2)", "2", "e**2"),
    ("cosh(e) - 1 - e**2/2 - e**4/24", "6", "e**6/720"),
    ("e**2/(1 + e**2)", "2", "e**2"),
    ("log(1 + e**2)", "2", "e**2"),
    ("log(1 + exp(e)) - log(2) - e/2", "2", "e**2/8"),
    ("tanh(e)**2", "2", "e**2"),
    ("sin(e)**4", "4", "e**4"),
    ("min(e**2, abs(e))", "2", "e**2"),
    ("max(e**2, abs(e)/3)", "1", "abs(e)/3"),
    ("max(e, -2*e)", "1", "e if 0 <= e else -2*e"),
    ("abs(e) + e/2", "1", "3*e/2 if 0 <= e else -e/2"),
    ("e**2 + abs(e)**2.5", "2", "e**2"),
    ("100*e**2 + abs(e)", "1", "abs(e)"),
    ("e**20", "20", "e**20"),
    ("(1 + e)**100 - 1 - 100*e", "2", "4950*e**2"),
    ("(abs(e) + e)/2 + e**2", "1", "e if 0 <= e else e**2"),
    ("max(e, 0) + max(-e, 0)**3", "1", "e if 0 <= e else -e**3"),
    ("max(e**3, e**2*-1) + max(-e, 0)*2", "1", "e**3 if 0 <= e else -2*e"),
    ("2**e - 1 - e*log(2)", "2", "e**2"),
]


@pytest.mark.parametrize(("text", "order", "term"), TYPED, ids=lambda value: str(value))
def test_the_order_of_what_is_typed(text: str, order: str, term: str) -> None:
    derivation = CALCULATOR.derive(loss=text, degree=1, dimension=1)
    verify(derivation)
    assert derivation.parameters["loss_order"] == order
    assert derivation.parameters["loss"] == text
    assert derivation.result is not None
    assert Fraction(derivation.result.text) == 2 * Fraction(order)
    step = next(step for step in derivation.steps if step.id == "loss-order")
    assert emit.text(step.after) == term
    assert emit.latex(step.after)
    assert emit.latex(step.before)


@pytest.mark.parametrize("text", [line[0] for line in TYPED])
def test_the_order_by_halving_the_error(text: str) -> None:
    """Python's own arithmetic as the oracle: the larger of the two sides, down to where rounding takes over."""
    order = float(losses.free(text).term.order)
    names = {name: getattr(math, name) for name in ("log", "cosh", "exp", "cos", "sin", "tanh", "sqrt")}
    scope = names | {"abs": abs, "min": min, "max": max}
    far = 1e-3 if order < 4 else 0.2
    sides = []
    for sign in (1, -1):
        near, half = (float(eval(text, scope, {"e": sign * size})) for size in (far, far / 2))
        sides.append(math.log2(near / half))
    # 4 %: the next term is at least half a power further on, at e = 1/1000 (e = 1/5 for high orders).
    assert min(sides) == pytest.approx(order, rel=0.04, abs=0.15)


@pytest.mark.parametrize("name", ["absolute", "squared", "log-cosh"])
def test_the_two_ways_to_an_order_agree(name: str) -> None:
    """Derivatives for the losses that are known by name, series for those that are typed."""
    loss = next(loss for loss in losses.known() if loss.id == name)
    typed = losses.free(emit.text(loss.expression))
    assert (typed.term.order, typed.term.expression) == (loss.term.order, loss.term.expression)


def test_where_the_two_sides_differ_the_smaller_order_counts() -> None:
    derivation = CALCULATOR.derive(loss="(abs(e) + e)/2 + e**2", degree=1)
    assert derivation.result is not None
    assert derivation.result.text == "2/d"
    step = next(step for step in derivation.steps if step.id == "loss-order")
    assert "the smaller order counts" in step.because


@pytest.mark.parametrize("text", ["(abs(e) + e)/2 + e**2", "abs(e)**1.5", "2**e - 1 - e*log(2)", "log(cosh(e))"])
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("power", [sympy.Rational(1, 100), -1])
def test_a_wrong_order_of_either_side_fails_by_its_name(text: str, side: int, power: sympy.Expr) -> None:
    derivation = CALCULATOR.derive(loss=text)
    step = next(step for step in derivation.steps if step.id == "loss-order")
    wrong = sympy.Piecewise(
        (step.after * (sympy.Abs(e) ** power if side == 1 else 1), sympy.Le(0, e, evaluate=False)),
        (step.after * (sympy.Abs(e) ** power if side == -1 else 1), True),
        evaluate=False,
    )
    changed = tuple(replace(line, after=wrong) if line is step else line for line in derivation.steps)
    with pytest.raises(StepError, match=r"^scaling-exponent, step loss-order \(What an error costs\): "):
        verify(replace(derivation, steps=changed))


RISE = "a loss must rise like a power of e from e = 0; just "
WRONG = {
    "__import__('os')": (
        "an expression must be made of letters, numbers, + - * / ** ( ) , and .; got \"__import__('os')\""
    ),
    "9**9**9**9": "an exponent must be at most 100; got '9**9**9**9'",
    "e**9**9**9": "an exponent must be at most 100; got 'e**9**9**9'",
    "(" * 10_000 + "e" + ")" * 10_000: "an expression must have at most 200 characters; got 20001",
    "-" * 40 + "e": f"an expression must be nested at most 20 deep; got '{'-' * 40}e'",
    "x + 1": "a name must be one of e; got 'x'",
    "e + os": "a name must be one of e; got 'os'",
    "e.real": None,
    "eval(e)": None,
    "sinh(e)**2": None,
    "abs(e, e)": None,
    "min(e)": None,
    "(lambda: e)()": "an expression must be made of letters, numbers, + - * / ** ( ) , and .; got '(lambda: e)()'",
    "e if e else e": None,
    "e**0.5": f"{RISE}below 0 this one is not real; got 'e**0.5'",
    "e**2.01": "an exponent must be a fraction of whole numbers up to 100; got 'e**2.01'",
    "log(e)": f"{RISE}above 0 this one holds the logarithm of a power, which is no power; got 'log(e)'",
    "e**2*log(abs(e))": (
        f"{RISE}above 0 this one holds the logarithm of a power, which is no power; got 'e**2*log(abs(e))'"
    ),
    "e": "a loss must have its minimum at e = 0; just below 0 this one falls below 0; got 'e'",
    "e**3": "a loss must have its minimum at e = 0; just below 0 this one falls below 0; got 'e**3'",
    "-e**2": "a loss must have its minimum at e = 0; just above 0 this one falls below 0; got '-e**2'",
    "e**4 - e**2": "a loss must have its minimum at e = 0; just above 0 this one falls below 0; got 'e**4 - e**2'",
    "(e - 1)**2": "a loss must be 0 at e = 0; got '(e - 1)**2'",
    "cosh(e)": "a loss must be 0 at e = 0; got 'cosh(e)'",
    "1/e**2": "a loss must be finite at e = 0; got '1/e**2'",
    "exp(-1/e**2)": f"{RISE}above 0 this one has a part that is flat to all orders; got 'exp(-1/e**2)'",
    "e**2 + exp(-1/abs(e))": (
        f"{RISE}above 0 this one has a part that is flat to all orders; got 'e**2 + exp(-1/abs(e))'"
    ),
    "exp(1/e**2)": f"{RISE}above 0 this one has a part that grows without bound; got 'exp(1/e**2)'",
    "max(e, 0)": f"{RISE}below 0 this one is 0 throughout; got 'max(e, 0)'",
    "e - e": f"{RISE}above 0 this one is 0 throughout; got 'e - e'",
    "0*cosh(e)": f"{RISE}above 0 this one is 0 throughout; got '0*cosh(e)'",
    "abs(e)**40": "a loss must have an order of at most 32; got 'abs(e)**40'",
    "sin(e)**2 + cos(e)**2 - 1": None,
    "1/(e - e)": "an expression must not divide by zero; got '1/(e - e)'",
    "1/(abs(e) - abs(-e))": None,
    "log(0) + e": None,
    "e**2*oo": None,
    "exp(exp(exp(exp(100)))) + e": None,
    "sin(cosh(999999))**0.5": ("cosh() must be given a number from -10000 to 10000; got 'sin(cosh(999999))**0.5'"),
    "(sin(cosh(9999)))**(1/3) + e": None,
    "sin(exp(9999))**2": None,
    "e**2 + cos(max(exp(-exp(9)), 7**(99/2)))": None,
    "max((sqrt(3/7))**99, cosh((sqrt(e) + cosh(2))**99))": None,
    "e**2*max(cosh(log(e)**99), 1)": None,
    "e**2/1000000**100 + e**4*1000000**100": None,
    "sin(abs(e)**(1/97))": "a loss must show its order by |e| = 2^-1024; order 1/97 does not show; got "
    "'sin(abs(e)**(1/97))'",
    "e**e": None,
    "e=e": "an expression must be made of letters, numbers, + - * / ** ( ) , and .; got 'e=e'",
    "e\n": None,
    "+".join(["cosh(e)"] * 13): "an expression must have at most 12 functions; got 13",
    "cosh(" * 12 + "e" + ")" * 12: None,
    "exp(sin(" * 6 + "e" + "))" * 6: None,
    "((((e**100)**100)**100)**100)**100": None,
    "(abs(e)**(1/99) + abs(e)**(1/98) + abs(e)**(1/97))**100": None,
    "((1 + e)**(1/99) + (1 + e)**(1/98) + (1 + e)**(1/97))**99 - 1": None,
    "exp(-1/e**100)": None,
    "cos(1/e)": None,
    "abs(e)**abs(e)": None,
    "(-1)**(1/2)*e": None,
    "(-8)**(1/3)*e**2": None,
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: repr(text)[:40])
def test_what_is_no_loss_gets_one_line_within_a_second(text: str) -> None:
    start = time.process_time()
    problems = [problem.message for problem in CALCULATOR.problems({"loss": text})]
    assert time.process_time() - start < 1
    (message,) = problems
    assert len(message.splitlines()) == 1
    assert WRONG[text] is None or message == WRONG[text]
    with pytest.raises(SettingError):
        CALCULATOR.derive(loss=text)


def test_names_are_told_apart_from_expressions() -> None:
    (problem,) = CALCULATOR.problems({"loss": "log-cos"})
    assert problem.message.endswith("got 'log-cos' (did you mean 'log-cosh'?)")
    assert CALCULATOR.derive(loss="log-cosh").parameters["loss"] == "log-cosh"
    (problem,) = CALCULATOR.problems({"loss": "abs(e)**1.5", "loss_order": 2})
    assert problem.message == ("loss_order must be left out or equal the order of loss abs(e)**1.5, 3/2; got '2'")


def test_in_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "scaling-exponent", "--set", "loss=log(cosh(e))", "--set", "degree=1"]) == 0
    assert "\nalpha = 4/d [estimate]\n" in capsys.readouterr().out
    assert main(["show", "scaling-exponent", "--set", "loss=__import__('os').system('true')"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1


def test_as_a_process() -> None:
    command = [sys.executable, "-m", "calculators", "show", "scaling-exponent", "--set", "loss=9**9**9**9"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "an exponent must be at most 100; got '9**9**9**9'\n"


def tried(text: str) -> None:
    """One line, or a loss whose order holds in numbers; within a second of reading."""
    start = time.process_time()
    try:
        loss = losses.free(text)
    except ExpressionError as error:
        assert len(str(error).splitlines()) == 1
        return
    finally:
        assert time.process_time() - start < 1
    assert 0 < loss.term.order <= 32
    verify(CALCULATOR.derive(loss=loss.id) if " " not in text else CALCULATOR.derive(loss=text))
    assert emit.latex(loss.expression)
    assert emit.text(loss.term.expression)


NUMBERS = st.sampled_from(["0", "1", "2", "3", "0.5", "1.5", "1/3", "100", "999999", "1/99", "(-1)", "oo"])
ATOMS = st.one_of(st.just("e"), st.just("abs(e)"), NUMBERS)


def grown(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = st.sampled_from(["abs", "sqrt", "exp", "log", "cosh", "tanh", "sin", "cos"])
    return st.one_of(
        st.tuples(parts, st.sampled_from("+-*/"), parts).map("({0[0]}{0[1]}{0[2]})".format),
        st.tuples(parts, NUMBERS).map("({0[0]})**({0[1]})".format),
        st.tuples(names, parts).map("{0[0]}({0[1]})".format),
        st.tuples(st.sampled_from(["min", "max"]), parts, parts).map("{0[0]}({0[1]}, {0[2]})".format),
    )


@settings(max_examples=300, deadline=None)
@given(st.recursive(ATOMS, grown, max_leaves=8))
@example("exp(-1/e**2)")
@example("min(e, (log((e-e)))**(2))")
@example("abs(e)**1.5")
@example("min(sqrt(abs(e)), e**2)")
def test_any_expression(text: str) -> None:
    tried(text)


TOKENS = st.sampled_from([*"e0123456789+-*/(),. ", "**", "abs(", "log(", "exp(", "min(", "e**2", "sqrt(", "_", "os"])


@settings(max_examples=300, deadline=None)
@given(st.lists(TOKENS, max_size=40).map("".join))
def test_any_text_of_its_alphabet(text: str) -> None:
    tried(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=250))
def test_any_text_at_all(text: str) -> None:
    tried(text)


SERIES = [
    sympy.exp(e),
    sympy.log(2 + e) * sympy.cos(e + 1),
    sympy.tanh(e) / (3 + e**2),
    sympy.sqrt(4 + e) - 2,
    sympy.cosh(sympy.sin(e)) - sympy.cos(e),
    sympy.exp(sympy.cos(e)) - sympy.E,
    (1 + e) ** sympy.Rational(5, 3) - 1 - sympy.Rational(5, 3) * e,
]


@pytest.mark.parametrize("expression", SERIES, ids=str)
@pytest.mark.parametrize("side", [1, -1])
def test_first_terms_against_sympys_own_series(expression: sympy.Expr, side: int) -> None:
    t = sympy.Symbol("t", positive=True)
    series = sympy.series(expression.subs(e, side * t), t, 0, 8).removeO().expand()
    coefficient, order = series.as_leading_term(t).as_coeff_exponent(t)
    found = leading.leading(expression, e, side)
    assert sympy.Rational(str(found.order)) == order
    assert found.sign == sympy.sign(coefficient)
    assert found.coefficient is None or found.coefficient == coefficient
    assert (found.coefficient is not None) == bool(coefficient.is_Rational)
