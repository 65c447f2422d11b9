from __future__ import annotations

import time

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators import CATALOG, emit
from calculators.expressions import ExpressionError, parse, result
from calculators.numeric import equal

CALCULATOR = CATALOG["scaling-exponent"]
SYMBOLS = {letter: CALCULATOR.symbols[letter] for letter in "dmqs"}
d, m, q, s = (SYMBOLS[letter] for letter in "dmqs")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4/d", 4 / d),
        (" 1/2 ", sympy.Rational(1, 2)),
        ("0.3", sympy.Rational(3, 10)),
        ("m*min(q + 1, s)/d", m * sympy.Min(q + 1, s) / d),
        ("Min(2, s)", sympy.Min(2, s)),
        ("-d**-2", -(d**-2)),
        ("+(m - 1)", m - 1),
        ("min(s, oo)", s),
        ("d**m", d**m),
        ("2**10", sympy.Integer(1024)),
    ],
)
def test_what_can_be_said(text: str, value: sympy.Expr) -> None:
    assert parse(text, SYMBOLS) == value


def test_text_is_read_back() -> None:
    for values in ({}, {"smoothness": "s"}, {"dimension": "7/3"}, {"degree": 2, "smoothness": "s"}, {"loss": "kl"}):
        expression = CALCULATOR.derive(**values).result.expression
        assert equal(parse(emit.text(expression), SYMBOLS), expression)


WRONG = {
    "": "an expression must be complete, such as 4/d; got ''",
    "4/": "an expression must be complete, such as 4/d; got '4/'",
    "4 d": "an expression must be complete, such as 4/d; got '4 d'",
    "(": "an expression must be complete, such as 4/d; got '('",
    "x": "a name must be one of d, m, q, s; got 'x'",
    "D": "a name must be one of d, m, q, s; got 'D'",
    "d^2": "a power must be written with **; got 'd^2'",
    "4/0": "an expression must not divide by zero; got '4/0'",
    "1/(d - d)": "an expression must not divide by zero; got '1/(d - d)'",
    "0**d": "a power must not have the base 0; got '0**d'",
    "0**0": "a power must not have the base 0; got '0**0'",
    "oo - oo": "an expression must have a value; got 'oo - oo'",
    "oo*0": "an expression must have a value; got 'oo*0'",
    "9**9**9": "an exponent must be at most 100; got '9**9**9'",
    "d**d**d": "an exponent must not hold a power; got 'd**d**d'",
    "d**(m**100)": "an exponent must not hold a power; got 'd**(m**100)'",
    "2**101": "an exponent must be at most 100; got '2**101'",
    "((9**99)**99)": "a number must not grow beyond 4096 bits; got '((9**99)**99)'",
    "(2*d)**-100*(999999**100)**5": "a number must not grow beyond 4096 bits; got '(2*d)**-100*(999999**100)**5'",
    "1000001": "a number must be at most 1000000; got '1000001'",
    "0.0000001": "a number must be at most 1000000; got '0.0000001'",
    "1" * 50: f"a number must be at most 1000000; got '{'1' * 50}'",
    "1e9": "an expression must use only numbers, letters, + - * / ** and min(); got '1e9'",
    "1j": "an expression must use only numbers, letters, + - * / ** and min(); got '1j'",
    "0x10": "an expression must use only numbers, letters, + - * / ** and min(); got '0x10'",
    "1_0": "an expression must use only numbers, letters, + - * / ** and min(); got '1_0'",
    "1.": "an expression must use only numbers, letters, + - * / ** and min(); got '1.'",
    "True": "an expression must use only numbers, letters, + - * / ** and min(); got 'True'",
    "d.real": "an expression must use only numbers, letters, + - * / ** and min(); got 'd.real'",
    "5//2": "an expression must use only numbers, letters, + - * / ** and min(); got '5//2'",
    "d, m": "an expression must use only numbers, letters, + - * / ** and min(); got 'd, m'",
    "not d": "an expression must use only numbers, letters, + - * / ** and min(); got 'not d'",
    "d if m else q": "an expression must use only numbers, letters, + - * / ** and min(); got 'd if m else q'",
    "lambda d": "an expression must be complete, such as 4/d; got 'lambda d'",
    "(yield)": "an expression must use only numbers, letters, + - * / ** and min(); got 'yield'",
    "min(d)": "an expression must use only numbers, letters, + - * / ** and min(); got 'min(d)'",
    "min(*d, m)": "an expression must use only numbers, letters, + - * / ** and min(); got 'min(*d, m)'",
    "exec(d, m)": "an expression must use only numbers, letters, + - * / ** and min(); got 'exec(d, m)'",
    "min(d, m)(d, m)": "an expression must use only numbers, letters, + - * / ** and min(); got 'min(d, m)(d, m)'",
    "min((-1)**(1/2), d)": "min() must be given real values; got 'min((-1)**(1/2), d)'",
    "__import__('os')": (
        "an expression must be made of letters, numbers, + - * / ** ( ) , and .; got \"__import__('os')\""
    ),
    "d\n/m": "an expression must be made of letters, numbers, + - * / ** ( ) , and .; got 'd\\n/m'",
    "½": "an expression must be made of letters, numbers, + - * / ** ( ) , and .; got '½'",
    "𝑑": "an expression must be made of letters, numbers, + - * / ** ( ) , and .; got '𝑑'",
    "d" * 201: "an expression must have at most 200 characters; got 201",
    "+".join(["d"] * 60): "an expression must have at most 100 parts; got 119",
    "(" * 99 + "d" + ")" * 99: None,
    "-" * 30 + "d": f"an expression must be nested at most 20 deep; got '{'-' * 30}d'",
    "-" * 150 + "d": "an expression must have at most 100 parts; got 151",
    "+".join(["min(d,m)"] * 5): "an expression must have at most 4 minima; got 5",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot(text: str) -> None:
    start = time.perf_counter()
    if WRONG[text] is None:
        parse(text, SYMBOLS)
    else:
        with pytest.raises(ExpressionError) as caught:
            parse(text, SYMBOLS)
        assert str(caught.value) == WRONG[text]
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    "text",
    [
        "(d+m+q+s)**100",
        "((((d+m)**99)**99)**99)**99",
        "(d+m)**100*(d+q)**100*(m+s)**100*(q+s)**100",
        "min(d**m,m**d,q**s,s**q)+min(d+m,m*d,q-s,s/q)+min(d,m,q,s)*min(d*d,m*m,q*q,s*s)",
        "999999**99*999998**99",
        "/".join(["999999"] * 28),
        "(1+1/999983)**100*(1-1/999979)**80",
        "(d**(1/97)*m**(1/89)*q**(1/83))**(99/100)",
        "(2+3**(1/2)+5**(1/3)+7**(1/5))**100",
        "(999983)**(99/100)*(999979)**(97/98)",
        "(-999983)**(1/99)+(-999979)**(1/98)",
        "**".join(["d"] * 19),
        "(((((((m**100)**100)**100)**100)**100)**100)**100)**d",
        "((((999999*d)**(99*d*999999))**(99*m*m))**(99*m/q))**(99*s)",
        "min((d - 4)**(1/2), m)",
    ],
)
def test_what_would_grow_ends_within_a_second(text: str) -> None:
    start = time.perf_counter()
    try:
        CALCULATOR.same(CALCULATOR.derive(), text)
    except ExpressionError as error:
        assert "\n" not in str(error)
    assert time.perf_counter() - start < 1


TOKENS = st.sampled_from([*"dmqs0123456789+-*/(),. ", "**", "min(", "oo", "100", "1/2", "(d+m)", "_", "e", "if", "99"])


@settings(max_examples=400, deadline=1000)
@given(st.lists(TOKENS, max_size=40).map("".join))
def test_any_text_of_its_alphabet_gives_a_value_or_one_line(text: str) -> None:
    try:
        value = parse(text, SYMBOLS)
    except ExpressionError as error:
        assert "\n" not in str(error)
    else:
        assert isinstance(value, sympy.Expr)
        assert value.free_symbols <= set(SYMBOLS.values())


@settings(max_examples=200, deadline=1000)
@given(st.text(max_size=250))
def test_any_text_at_all(text: str) -> None:
    try:
        parse(text, SYMBOLS)
    except ExpressionError as error:
        assert len(str(error).splitlines()) == 1


def test_same_compares_values_and_not_spellings() -> None:
    derivation = CALCULATOR.derive(smoothness="s")
    assert CALCULATOR.same(derivation, "min(m*s, m + m*q)/d")
    assert not CALCULATOR.same(derivation, "m*(q + 1)/d")
    assert not CALCULATOR.same(derivation, "m*s/d")
    assert not CALCULATOR.same(derivation, "oo")
    assert not CALCULATOR.same(CALCULATOR.derive(degree=1, loss_order=2), "4/m")
    assert CALCULATOR.same(CALCULATOR.derive(degree=1, loss_order=2), "2**2*d**-1")
    assert not CALCULATOR.same(CALCULATOR.derive(degree=1, loss_order=2), "4/(d - 1/1000000)")


def test_results_may_hold_exp_log_and_gamma() -> None:
    n, a = sympy.symbols("n a", positive=True)
    assert result("exp(-n)", {"n": n}) == sympy.exp(-n)
    stated = result("gamma(a/(1 + a))*log(n)", {"n": n, "a": a})
    assert stated == sympy.gamma(a / (1 + a)) * sympy.log(n)
    with pytest.raises(ExpressionError) as caught:
        parse("exp(-n)", {"n": n})
    assert "exp" in str(caught.value)


@pytest.mark.parametrize("text", ["exp(exp(9))", "gamma(gamma(n))", "exp(9)**exp(9)", "min(1, exp(gamma(n)))"])
def test_a_result_that_grows_too_fast_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        result(text, {"n": sympy.Symbol("n", positive=True)})
    assert str(caught.value) == f"an exp or gamma must not stand inside another; got {text!r}"


@pytest.mark.parametrize("text", ["gamma(0 - 3)", "log(0 - 1)", "exp(1000000**5)", "gamma(1000000)"])
def test_a_stated_value_that_is_none_or_huge_is_not_the_same(text: str) -> None:
    calculator = CATALOG["universal-rates"]
    assert not calculator.same(calculator.derive(**{"class": "blocks"}), text)
