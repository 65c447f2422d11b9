from __future__ import annotations

import math
import subprocess
from collections.abc import Callable
from fractions import Fraction

import pytest
import sympy

from calculators import CATALOG, emit, nested
from tests.calculators import in_node

d, m, q, s = (CATALOG["scaling-exponent"].symbols[letter] for letter in "dmqs")
x, y = sympy.symbols("x y", positive=True)
D = sympy.Symbol("D", positive=True)
z = sympy.Symbol("z", real=True)
k = sympy.Symbol("k", integer=True, nonnegative=True)
a = sympy.IndexedBase("a")

LINES = [
    # expression, text, LaTeX on a line of its own, LaTeX in running text
    (4 / d, "4/d", r"\frac{4}{d}", "4/d"),
    (sympy.Rational(-1, 2), "-1/2", r"-\frac{1}{2}", "-1/2"),
    (sympy.Integer(-3), "-3", "-3", "-3"),
    (sympy.oo, "oo", r"\infty", r"\infty"),
    (m * sympy.Min(q + 1, s) / d, "m*min(q + 1, s)/d", r"\frac{m \min(q + 1, s)}{d}", r"m \min(q + 1, s)/d"),
    (D ** (-4 / d), "D**(-4/d)", "D^{-4/d}", "D^{-4/d}"),
    (D ** sympy.Rational(-1, 8), "D**(-1/8)", "D^{-1/8}", "D^{-1/8}"),
    (x / sympy.sqrt(sympy.pi), "x/pi**(1/2)", r"\frac{x}{\sqrt{\pi}}", r"x/\sqrt{\pi}"),
    (x / sympy.sqrt(x + y), "x/(y + x)**(1/2)", r"\frac{x}{\sqrt{y + x}}", r"x/\sqrt{y + x}"),
    (1 / (x * y), "1/(x*y)", r"\frac{1}{x y}", "1/(x y)"),
    (x / y**2, "x/y**2", r"\frac{x}{y^{2}}", "x/y^{2}"),
    ((x + 1) / (y + 2), "(x + 1)/(y + 2)", r"\frac{x + 1}{y + 2}", "(x + 1)/(y + 2)"),
    (1 - x, "1 - x", "1 - x", "1 - x"),
    (-x - y, "-y - x", "-y - x", "-y - x"),
    (x * (1 - y), "x*(1 - y)", "x (1 - y)", "x (1 - y)"),
    (-1 / (x * (x - 1)), "1/(x*(1 - x))", r"\frac{1}{x (1 - x)}", "1/(x (1 - x))"),
    ((x + y) ** 2, "(y + x)**2", "(y + x)^{2}", "(y + x)^{2}"),
    (sympy.Rational(1, 2) ** x, "(1/2)**x", r"\left(\frac{1}{2}\right)^{x}", "(1/2)^{x}"),
    (sympy.Abs(z) ** m, "abs(z)**m", r"\left|z\right|^{m}", r"\left|z\right|^{m}"),
    (sympy.log(sympy.cosh(z)), "log(cosh(z))", r"\log(\cosh(z))", r"\log(\cosh(z))"),
    (sympy.exp(x), "exp(x)", r"\exp(x)", r"\exp(x)"),
    (sympy.Eq(x, y / 2), "x = y/2", r"x = \frac{y}{2}", "x = y/2"),
    (sympy.Sum(a[k] * x**k, (k, 0, q)), "sum(a_k*x**k, k=0..q)", r"\sum_{k=0}^{q} a_{k} x^{k}", None),
    (
        sympy.Integral(x * z, (z, -sympy.oo, y)),
        "integral(x*z, z=-oo..y)",
        r"\int_{-\infty}^{y} x z \,\mathrm{d}z",
        None,
    ),
    (sympy.Derivative(x**2, x), "diff(x**2, x)", r"\frac{\mathrm{d}}{\mathrm{d}x} x^{2}", None),
    (
        sympy.Piecewise((x, sympy.Le(x, 1)), (1, True)),
        "x if x <= 1 else 1",
        r"\begin{cases} x & \text{if } x \le 1 \\ 1 & \text{otherwise} \end{cases}",
        None,
    ),
    (sympy.Function("ell")(z), "ell(z)", r"\ell(z)", None),
    (sympy.Symbol("G_oo"), "G_oo", r"G_{\infty}", None),
]


@pytest.mark.parametrize(("expression", "text", "latex", "inline"), LINES, ids=[line[1] for line in LINES])
def test_text_and_latex(expression: sympy.Basic, text: str, latex: str, inline: str | None) -> None:
    assert emit.text(expression) == text
    assert emit.latex(expression) == latex
    assert inline is None or emit.latex(expression, inline=True) == inline


UNKNOWN = [
    sympy.I * x,
    sympy.EulerGamma,
    sympy.tan(x),
    sympy.Float(0.5),
    sympy.zoo,
    sympy.nan,
    -sympy.oo,
    sympy.Integral(x, x),
    sympy.Integral(x, (x, 0, 1), (y, 0, 1)),
    sympy.Product(x, (k, 0, 1)),
    sympy.Derivative(x * y, x, y),
    sympy.Piecewise((x, sympy.Le(x, 1))),
    sympy.Piecewise((x, sympy.Ne(x, 1)), (1, True)),
    sympy.Matrix([[1]]),
    sympy.true,
]


@pytest.mark.parametrize("expression", UNKNOWN, ids=str)
def test_what_no_printer_knows(expression: sympy.Basic) -> None:
    printers = (
        emit.text,
        emit.latex,
        emit.python,
        lambda e: emit.javascript(e, exact=True),
        lambda e: emit.javascript(e, exact=False),
    )
    for printer in printers:
        with pytest.raises(emit.EmitError):
            printer(expression)


@pytest.mark.parametrize(
    "expression",
    [
        sympy.Sum(x, (k, 0, sympy.oo)),
        sympy.Eq(x, y),
        sympy.Derivative(x**2, x),
        a[k],
        sympy.Function("f")(x),
        sympy.Piecewise((x, sympy.Le(x, 1)), (1, True)),
    ],
    ids=str,
)
def test_what_is_shown_but_not_computed(expression: sympy.Basic) -> None:
    assert emit.text(expression)
    for printer in (emit.python, lambda e: emit.javascript(e, exact=True), lambda e: emit.javascript(e, exact=False)):
        with pytest.raises(emit.EmitError, match=r"^no code for "):
            printer(expression)


@pytest.mark.parametrize("printer", [emit.python, lambda e: emit.javascript(e, exact=False)])
def test_code_integrates_over_the_whole_line_only(printer: Callable[[sympy.Basic], str]) -> None:
    with pytest.raises(emit.EmitError, match=r"^no code for an integral that is not over the whole line; got Integral"):
        printer(sympy.Integral(x, (x, 0, 1)))
    with pytest.raises(emit.EmitError, match=r"^no exact JavaScript for Integral"):
        emit.javascript(sympy.Integral(x, (x, -sympy.oo, sympy.oo)), exact=True)


@pytest.mark.parametrize("name", ["return", "new", "Math", "Infinity", "lesser", "await", "Fraction", "eval", "let"])
@pytest.mark.parametrize("exact", [True, False])
def test_reserved_words_of_javascript(name: str, exact: bool) -> None:
    with pytest.raises(emit.EmitError, match=f"^a name must not be a reserved word; got '{name}'$"):
        emit.javascript(sympy.Symbol(name, positive=True) + 1, exact=exact)


@pytest.mark.parametrize("name", ["lambda", "math", "Fraction", "None"])
def test_reserved_words_of_python(name: str) -> None:
    with pytest.raises(emit.EmitError, match=f"^a name must not be a reserved word; got '{name}'$"):
        emit.python(sympy.Symbol(name) + 1)


@pytest.mark.parametrize("name", ["a b", "x);alert(1", "α", "", "1x", "x__1"])
def test_names_that_are_none(name: str) -> None:
    for printer in (emit.python, lambda e: emit.javascript(e, exact=True), lambda e: emit.javascript(e, exact=False)):
        with pytest.raises(emit.EmitError, match=r"^a name must be letters and digits; got "):
            printer(sympy.Symbol(name) + 1)


def test_exact_javascript() -> None:
    infinite = [s]
    assert emit.javascript(m * sympy.Min(q + 1, s) / d, exact=True, infinite=infinite) == (
        "m.mul(lesser(q.add(new Fraction(1n)), s)).div(d)"
    )
    assert emit.javascript(s, exact=True, infinite=infinite) == "s"
    assert emit.javascript(m * s / d, exact=True, infinite=infinite) == "m.mul(reciprocal(reciprocal(s))).div(d)"
    assert emit.javascript(sympy.oo, exact=True) == "Infinity"
    assert emit.javascript(-2 * x / (3 * y), exact=True) == "new Fraction(2n).mul(x).div(new Fraction(3n)).div(y).neg()"
    assert emit.javascript(x**-2 + x**3, exact=True) == "x.pow(3n).add(x.pow(-2n))"
    with pytest.raises(
        emit.EmitError,
        match=r"^a symbol that may be infinite must stand alone, in a minimum, in a product or below a line; got s$",
    ):
        emit.javascript(s + 1, exact=True, infinite=infinite)
    with pytest.raises(emit.EmitError, match=r"^a minimum must have an argument that is finite; got Min\(d, s\)$"):
        emit.javascript(sympy.Min(s, d), exact=True, infinite=[s, d])
    with pytest.raises(emit.EmitError, match=r"^no exact JavaScript for Pow; got sqrt\(x\)$"):
        emit.javascript(sympy.sqrt(x), exact=True)
    with pytest.raises(emit.EmitError, match=r"^no exact JavaScript for log; got log\(x\)$"):
        emit.javascript(sympy.log(x), exact=True)


NUMERIC = [
    x ** (-m * sympy.Min(q + 1, s) / d),
    -(x**2),
    (-x) ** 3 + sympy.Rational(1, 3),
    x ** sympy.Rational(-1, 8) / (m * d),
    (x - 1) / (2 - x * y),
    sympy.log(sympy.cosh(x)) - sympy.Abs(1 - x) + sympy.exp(-x) * sympy.sin(y),
    2 ** (x - y) ** 2,
    sympy.Integral(sympy.exp(-(z**2) / 2) * sympy.log(1 + sympy.exp(x * z)), (z, -sympy.oo, sympy.oo)) - y,
    x - (y - (m - d)),
    x / (y / (m / d)),
]


def test_python_and_javascript_compute_what_sympy_computes() -> None:
    values = {d: 3.5, m: 1.25, q: 2.0, s: 1.75, x: 0.625, y: 2.25}
    script = "const [d, m, q, s, x, y] = [3.5, 1.25, 2, 1.75, 0.625, 2.25];\n"
    script += "".join(f"console.log({emit.javascript(expression, exact=False)});\n" for expression in NUMERIC)
    output = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True).stdout.split()
    for expression, printed in zip(NUMERIC, output, strict=True):
        expected = float(expression.subs(values))
        assert float(printed) == pytest.approx(expected, rel=1e-12)
        scope = {symbol.name: value for symbol, value in values.items()} | {"math": math, "Fraction": Fraction}
        assert float(eval(emit.python(expression), scope)) == pytest.approx(expected, rel=1e-12)


def test_templates_have_holes_for_what_the_reader_sets() -> None:
    parameters = [d, m, q, s]
    template = emit.template(sympy.Eq(x * y**d, D ** (-1 / d) * m * s), parameters)
    assert template.latex == r"x y^{\text{⟦v1/⟧}} = \text{⟦v2⟧} \cdot \text{⟦v3⟧} D^{\text{⟦v4/⟧}}"
    assert template.symbolic == r"x y^{d} = m \cdot s D^{-1/d}"
    filled = template.filled({"v1": "8", "v2": "2", "v3": r"\infty", "v4": "-1/8"})
    assert filled == r"x y^{8} = 2 \cdot \infty D^{-1/8}"
    assert [(hole.key, hole.latex) for hole in template.holes] == [
        ("v1", "d"),
        ("v2", "m"),
        ("v3", "s"),
        ("v4", "-1/d"),
    ]
    again = emit.template(D ** (-1 / d) + q, parameters, {hole.expression: hole.key for hole in template.holes})
    assert {hole.key: hole.latex for hole in again.holes} == {"v4": "-1/d", "v5": "q"}
    assert emit.template(m / d, parameters).latex == r"\text{⟦v1⟧}"
    assert emit.template(x + 1, parameters) == emit.Template("x + 1", ())


@pytest.mark.parametrize(
    ("expression", "latex", "symbolic", "holes"),
    [
        # 2 x/10 in two pieces would read 2x1/10: the number is part of the hole, and the hole stands first.
        (2 * x / (d * q + 2), r"\text{⟦v1*⟧} x", r"\frac{2}{d q + 2} x", {"v1": 2 / (d * q + 2)}),
        (-2 * x * (d + 1), r"-\text{⟦v1*⟧} x", "-(2 d + 2) x", {"v1": 2 * (d + 1)}),
        (x / 2 - m * y / 3, r"\frac{x}{2} - \text{⟦v1*⟧} y", r"\frac{x}{2} - \frac{m}{3} y", {"v1": m / 3}),
        (x * (m + 1) + y, r"y + \text{⟦v1*⟧} x", "y + (m + 1) x", {"v1": m + 1}),
        # Several holes keep apart, with a dot, since a step may be about their product: 2 and 3 are not 23.
        (
            sympy.Mul(3, m, 1 / d, x, evaluate=False),
            r"3 \cdot \text{⟦v1⟧} \cdot \text{⟦v2⟧} x",
            r"3 \cdot m \cdot \frac{1}{d} x",
            {"v1": m, "v2": 1 / d},
        ),
        (
            m / d / x,
            r"\frac{\text{⟦v1⟧} \cdot \text{⟦v2⟧}}{x}",
            r"\frac{m \cdot \frac{1}{d}}{x}",
            {"v1": m, "v2": 1 / d},
        ),
        (sympy.Mul(m, s**x, evaluate=False), r"\text{⟦v1⟧} \cdot \text{⟦v2⟧}^{x}", "", {"v1": m, "v2": s}),
    ],
)
def test_numbers_of_a_template_do_not_run_together(
    expression: sympy.Expr, latex: str, symbolic: str, holes: dict[str, sympy.Expr]
) -> None:
    template = emit.template(expression, [d, m, q, s])
    assert template.latex == latex
    assert {hole.key: hole.expression for hole in template.holes} == holes
    assert not symbolic or template.symbolic == symbolic


def test_what_an_integrand_holds_twice_is_computed_once() -> None:
    z = sympy.Symbol("z", real=True)
    twice = sympy.erfc(z) ** 2 * sympy.exp(-(z**2)) * (1 + sympy.erfc(z))
    code = emit.javascript(sympy.Integral(twice, (z, -sympy.oo, sympy.oo)), exact=False)
    assert code.count("erfc(z)") == 1 and "const shared0 = erfc(z); total +=" in code


def test_an_integral_over_integrals_is_a_loop_over_prepared_points() -> None:
    z, y = sympy.symbols("z y", real=True)
    inner = sympy.Integral(sympy.exp(-(y**2)) * (1 - sympy.exp(-(z**2)) / 2), (y, -sympy.oo, sympy.oo))
    outer = sympy.Integral(inner * sympy.exp(-(z**2)), (z, -sympy.oo, sympy.oo))
    (found,) = in_node.values(outer, [{}])
    assert found == pytest.approx(math.pi * (1 - 1 / math.sqrt(8)), rel=1e-13)
    # A large power of what is near 1: the lack of 1e-17 at z = 0 has to be seen.
    lack = sympy.Integral(sympy.exp(-(y**2)) * sympy.exp(-(z**2)) / 10**17, (y, -sympy.oo, sympy.oo))
    power = sympy.Integral((1 - lack) ** sympy.Integer(10**17) * sympy.exp(-(z**2)), (z, -sympy.oo, sympy.oo))
    expected = sum(math.exp(-math.sqrt(math.pi) * math.exp(-((k / 64) ** 2)) - (k / 64) ** 2) for k in range(-640, 641))
    assert in_node.values(power, [{}]) == [pytest.approx(expected / 64, rel=1e-12)]
    assert nested.value(power, {}) == pytest.approx(expected / 64, rel=1e-12)


def test_an_inner_integral_whose_points_cannot_be_prepared_has_no_code() -> None:
    z, y, x = sympy.symbols("z y x", real=True)
    whole = (-sympy.oo, sympy.oo)
    inner = sympy.Integral(sympy.exp(-((y - z) ** 2)), (y, *whole))
    with pytest.raises(emit.EmitError, match="a factor of their own"):
        emit.javascript(sympy.Integral(inner**2 * sympy.exp(-(z**2)), (z, *whole)), exact=False)
    deep = sympy.Integral(
        sympy.exp(-(y**2)) * sympy.Integral(sympy.exp(-(x**2) * y**2 * z**2), (x, *whole)), (y, *whole)
    )
    with pytest.raises(emit.EmitError, match="three deep"):
        emit.javascript(sympy.Integral(deep * sympy.exp(-(z**2)), (z, *whole)), exact=False)


def test_a_sum_between_whole_numbers_has_code() -> None:
    k, x = sympy.Symbol("k", integer=True), sympy.Symbol("x", positive=True)
    total = sympy.Sum(x**k, (k, 1, 3))
    assert emit.python(total) == "sum(x**k for k in range(1, 4))"
    assert emit.javascript(total, exact=False) == (
        "(() => { let total = 0; for (let k = 1; k <= 3; k += 1) total += Math.pow(x, k); return total; })()"
    )


@pytest.mark.parametrize(
    ("words", "latex"),
    [
        ("for infinitely many n, whatever R_n -> 0", r"for infinitely many n, whatever $R_{n}$ $\to$ 0"),
        ("below 1 in 10^197", "below 1 in $10^{197}$"),
        ("rho < -sigma_V/sigma_E", r"rho $<$ -$\sigma_{V}$/$\sigma_{E}$"),
        ("h/i^(1 + a), 5 % & more", r"h/$i^{1 + a}$, 5 \% \& more"),
        ("", ""),
    ],
)
def test_words_in_latex(words: str, latex: str) -> None:
    assert emit.latex_text(words) == latex
