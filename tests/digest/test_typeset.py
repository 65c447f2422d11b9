import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from digest import typeset as module
from digest.typeset import MathFault, TypesetError, typeset

ROOT = Path(__file__).parents[2]
NOT_MATHEMATICS = "a formula holds mathematics only, no links, images, labels or styles; got "
NO_MACROS = "macros are not defined in formulas; write the formula out; got "
NO_COLOURS = "formulas have the colour of the page; got "
NO_OVERLAYS = "a formula must not move or overlay its parts by hand; got "

GOOD = {
    r"\frac12": "<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>",
    r"\alpha": "<math><mi>α</mi></math>",
    "a<b>c": "<math><mrow><mi>a</mi><mo>&lt;</mo><mi>b</mi><mo>&gt;</mo><mi>c</mi></mrow></math>",
    r"\text{<script>alert(1)</script>}": "<math><mtext>&lt;script&gt;alert(1)&lt;/script&gt;</mtext></math>",
    r"\text{5 \%}": "<math><mtext>5\u00a0%</mtext></math>",
    r"\operatorname{<b>}": None,
    r"{4/d}^{}": None,
    r"\mathbb{E}_{x\sim p}\left[\ell(f(x))\right] = \mathcal{O}\!\left(D^{-1/d}\right)": None,
    r"\sum_{i>D} i^{-(1+a)} \approx \frac{D^{-a}}{a}": None,
    r"\begin{aligned} a &= b \\ c &= d \end{aligned}": None,
    r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}": None,
    r"\begin{array}{c|c} 1 & 2 \\ \hline 3 & 4 \end{array}": None,
    r"\underbrace{x}_{y} \overbrace{x}^{y} \widehat{xyz} \vec{v} \cancel{x} \xrightarrow{a} \sqrt[3]{x}": None,
    r"\boxed{x} \overline{x} \underline{x} \tilde{x} \bar{x} \dot{x} \stackrel{a}{=} \overset{a}{b}": None,
    r"\lVert x\rVert, \langle x\rangle, \big|, \binom{n}{k}, \operatorname*{arg\,min}_x, x'', \not\in, \ne": None,
    r"\mathrm{d}x\ \mathbf{x}\ \mathsf{x}\ \mathtt{x}\ \mathfrak{x}\ \mathscr{x}\ \boldsymbol{x}": None,
}

WRONG = {
    "": MathFault("a formula must not be empty"),
    " \n": MathFault("a formula must not be empty"),
    "{}": MathFault("a formula must show something"),
    r"\quad": MathFault("a formula must show something"),
    r"\fraq{1}{2}": MathFault(r"unknown command \fraq (did you mean \frac?)", 0),
    r"x + \aplha": MathFault(r"unknown command \aplha (did you mean \alpha?)", 4),
    r"\text{\zzzzz}": MathFault(r"unknown command \zzzzz", 6),
    r"\frac{1}": MathFault("Unexpected end of input in a macro argument, expected '}'", 8),
    "{x": MathFault("Expected '}', got the end", 2),
    "x}": MathFault("'}' has no place here", 1),
    r"\left( x": MathFault(r"Expected '\right', got the end", 8),
    r"\left( x \rihgt)": MathFault(r"unknown command \rihgt (did you mean \right?)", 9),
    r"\sqrt": MathFault(r"Expected group as argument to '\sqrt'", 5),
    "x^2^3": MathFault("Double superscript", 3),
    "x^": MathFault("something is missing after ^", 1),
    "{x_ }": MathFault("something is missing after _", 2),
    r"\mathord\upgamma": MathFault("something is missing or out of place"),
    "a & b": MathFault("'&' has no place here", 2),
    "#": MathFault("'#' has no place here", 0),
    "$x$": MathFault("Can't use function '$' in math mode", 0),
    r"\(x\)": MathFault(r"Can't use function '\(' in math mode", 0),
    "x\\": MathFault("Unexpected character: '\\'", 1),
    "5 % of": MathFault(r"% begins a comment, which hides the rest; a percent sign is \%", 2),
    "é": MathFault('Accented Unicode text character "é" used in math mode', 0),
    "\N{GRINNING FACE} + x": MathFault('Unicode text character "\N{REPLACEMENT CHARACTER}" used in math mode', 0),
    r"\text{\N{GRINNING FACE}} \fraq".replace(r"\N{GRINNING FACE}", "\N{GRINNING FACE}"): MathFault(
        r"unknown command \fraq (did you mean \frac?)", 9
    ),
    r"\begin{foo}x\end{foo}": MathFault("No such environment: foo", 6),
    r"\begin{array}{c} a & b\end{array}": MathFault("Too few columns specified in the {array} column argument", 19),
    r"\begin{align} a &= b \end{align}": MathFault("formulas are not numbered: use aligned instead of align", 0),
    r"\begin{equation} a \end{equation}": MathFault("formulas are not numbered: use $$ alone instead of equation", 0),
    r"\tag{1} x": MathFault(r"formulas are not numbered; got \tag", 0),
    r"\large x": MathFault(r"Command \large is invalid in math mode"),
    r"x\verb|<b>|": MathFault(r"letters as they stand go into \text{…}; got \verb", 1),
    r"\char60": MathFault(r"write the sign itself or its command; got \char", 0),
    r"\rule{9em}{9em}": MathFault(r"a formula holds mathematics only, no drawn boxes; got \rule", 0),
    r"\hspace{-100em}x": MathFault("spaces and boxes must be between -1em and 12em; got -100em"),
    r"\@binrel{a}{b}": MathFault(r"unknown command \@binrel", 0),
    "\x01": MathFault("Unexpected character: '\x01'", 0),
    "x" * 20_001: MathFault("a formula must be at most 20,000 characters with its values; got 20,001"),
    **{
        f"\\{command}{{https://a.org}}{{x}}": MathFault(f"{NOT_MATHEMATICS}\\{command}", 0)
        for command in ("href", "url", "includegraphics", "class", "id", "style", "data", "ref", "eqref", "label")
    },
    **{
        f"\\\\ \\{command} \\a b": MathFault(f"{NO_MACROS}\\{command}", 3)
        for command in ("def", "gdef", "edef", "xdef", "let", "futurelet", "newcommand", "renewcommand")
    },
    **{
        f"\\{command}{{red}}{{x}}": MathFault(f"{NO_COLOURS}\\{command}", 0)
        for command in ("color", "textcolor", "colorbox", "fcolorbox", "definecolor")
    },
    **{
        f"\\{command}{{x}}": MathFault(f"{NO_OVERLAYS}\\{command}", 0)
        for command in ("mathllap", "mathrlap", "llap", "raisebox", "smash", "reflectbox")
    },
}


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, bool], str | MathFault]:
    """All formulas of this file, good and wrong, through one process: a wrong one must not stop the others."""
    return typeset([(latex, False) for latex in [*WRONG, *GOOD]] + [("x", True)], ROOT)


@pytest.mark.parametrize("latex", GOOD)
def test_mathml(latex: str, answers: dict[tuple[str, bool], str | MathFault]) -> None:
    mathml = answers[latex, False]
    assert isinstance(mathml, str), mathml
    assert {element.tag for element in ElementTree.fromstring(mathml).iter()}.isdisjoint(
        {"script", "a", "img", "merror"}
    )
    assert "/>" not in mathml  # HTML would take it for an opening tag
    assert not re.search(r"undefined|position|javascript|color", mathml)
    if GOOD[latex] is not None:
        assert mathml == GOOD[latex]


@pytest.mark.parametrize("latex", WRONG)
def test_faults(latex: str, answers: dict[tuple[str, bool], str | MathFault]) -> None:
    assert answers[latex, False] == WRONG[latex]


def test_display_math_is_a_block(answers: dict[tuple[str, bool], str | MathFault]) -> None:
    mathml = answers["x", True]
    assert isinstance(mathml, str)
    assert ElementTree.fromstring(mathml).get("display") == "block"


def test_the_style_of_a_short_row_holds_no_settings_of_temml() -> None:
    [mathml] = typeset([(r"\begin{cases} a & b \\ c \end{cases}", False)], ROOT).values()
    assert isinstance(mathml, str)
    styles = {element.get("style") for element in ElementTree.fromstring(mathml).iter("mtd")}
    assert styles == {"padding-left:0em;padding-right:0em;", "padding-left:1em;padding-right:0em;"}


def test_deep_nesting_is_a_fault_and_no_crash() -> None:
    deep = "{" * 9_000 + "x" + "}" * 9_000
    answers = typeset([(deep, False), ("x", False)], ROOT)
    assert answers["x", False] == "<math><mi>x</mi></math>"
    fault = answers[deep, False]
    assert isinstance(fault, str) or fault == MathFault("nested too deeply")


def test_formulas_do_not_share_state() -> None:
    answers = typeset([(r"\tau", False), (r"\begin{aligned} a &= b \end{aligned}", True), (r"\tau ", False)], ROOT)
    assert answers[r"\tau", False] == answers[r"\tau ", False]


def test_no_formula_needs_no_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert typeset([], tmp_path) == {}
    assert typeset([("", False)], tmp_path) == {("", False): MathFault("a formula must not be empty")}


def test_temml_that_is_not_installed_is_said_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(TypesetError) as error:
        typeset([("x", False)], tmp_path)
    assert str(error.value) == f"formulas need Temml, which is not in {tmp_path / 'node_modules'}; run: npm ci"


def test_node_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TypesetError) as error:
        typeset([("x", False)], ROOT)
    assert str(error.value) == "formulas need Node.js 20 or newer; node was not found"


def test_a_process_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.001)
    with pytest.raises(TypesetError) as error:
        typeset([("x", False)], ROOT)
    assert str(error.value) == "1 formulas took more than 0.001 s"


def test_a_build_with_thousands_of_formulas_needs_seconds() -> None:
    formulas = [
        (rf"\alpha_{{{number}}} = \frac{{m\min(q+1,s)}}{{d}} + x^{{{number}}}", False) for number in range(5_000)
    ]
    answers = typeset([*formulas, *formulas], ROOT)
    assert len(answers) == 5_000
    assert all(isinstance(answer, str) for answer in answers.values())


@pytest.mark.parametrize(
    ("mathml", "message"),
    [
        ("<math><a href='#x'>x</a></math>", "the formula gives <a>, which is not mathematics"),
        ("<math><script>x</script></math>", "the formula gives <script>, which is not mathematics"),
        ("<math><mi onclick='x'>x</mi></math>", "the formula gives the attribute onclick, which is not allowed"),
        ("<math><mi href='x'>x</mi></math>", "the formula gives the attribute href, which is not allowed"),
        ("<math><mi mathcolor='red'>x</mi></math>", "the formula gives the attribute mathcolor, which is not allowed"),
        ("<math><mi>x</math>", "the formula gives broken MathML"),
        ("<math></math>", "a formula must show something"),
        ("<a href='#x'></a>", "a formula must show something"),
    ],
)
def test_what_temml_gives_is_checked_again(mathml: str, message: str) -> None:
    assert module._checked(mathml) == MathFault(message)
