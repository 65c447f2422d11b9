"""Formulas, drawings and excluded elements come back as they were; what stands in for a formula has its words."""

import pytest

from digest.opaque import Opaque

FORMULA = "<math><mrow><mi>α</mi><mo>&lt;</mo><mn>1</mn></mrow></math>"
DRAWING = '<svg viewBox="0 0 1 1"><text>10</text>\n<path d="M0 0"/></svg>'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<p>No formula, α &lt; 1.</p>",
        f"<p>{FORMULA}</p>",
        f"<p>{FORMULA}, {FORMULA} and <code>&lt;math&gt;</code></p>\n{DRAWING}{DRAWING}\n",
        f'<math display="block">\n{FORMULA.removeprefix("<math>")}<p>{DRAWING}',
        f"<ul><li data-search-exclude>{FORMULA}<ul><li>{DRAWING}</li></ul></li><li>{FORMULA}</li></ul>",
        "<svg><text hidden data-search-exclude>x</text><text>y</text></svg>",
        f"<p data-search-exclude>{DRAWING}</p><svg><g data-search-exclude>{FORMULA}</g></svg>",
    ],
)
def test_everything_comes_back(text: str) -> None:
    opaque = Opaque()
    assert opaque.put_back(opaque.take_out(text)) == text


def test_a_formula_leaves_its_words_and_a_drawing_leaves_nothing() -> None:
    assert Opaque().take_out(f"{FORMULA} {DRAWING} {FORMULA}") == (
        '<math data-opaque="0">α&lt;1</math> <svg data-opaque="1"></svg> <math data-opaque="0">α&lt;1</math>'
    )


@pytest.mark.parametrize(
    ("mathml", "words"),
    [
        (
            "<msup><mi>D</mi><mrow><mo>−</mo><mn>4</mn><mo>/</mo><mi>d</mi></mrow></msup>",
            "D^(−4/d)",
        ),
        ("<msup><mi>w</mi><mn>2</mn></msup><mo>&lt;</mo><mn>1</mn>", "w^2&lt;1"),
        ("<msub><mi>σ</mi><mi>V</mi></msub><mo>*</mo><mi>u</mi>", "σ&#95;V&#42;u"),
        (
            "<mfrac><mrow><mi>a</mi><mo>+</mo><mn>1</mn></mrow><mrow data-slot='v1'><mn>12</mn></mrow></mfrac>",
            "(a+1)/12",
        ),
        (
            "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>&gt;</mo><mi>D</mi></mrow><mi>∞</mi></munderover><mi>a</mi>",
            "∑&#95;(i&gt;D)^∞a",
        ),
        ("<mfrac><mn>1</mn><mn>5</mn></mfrac><mo>&#x2062;</mo><mi>v</mi>", "(1/5)\u2062v"),
        ("<mi>v</mi><mfrac><mn>1</mn><mn>5</mn></mfrac><mo>+</mo><mi>x</mi>", "v(1/5)+x"),
        ("<mo>[</mo><msqrt><mi>x</mi><mo>+</mo><mi>y</mi></msqrt><mo>]</mo><mspace/>", "&#91;√(x+y)&#93; "),
    ],
)
def test_the_words_are_a_line_as_one_would_type_it(mathml: str, words: str) -> None:
    """A power stays a power, and nothing in it is a sign of Markdown's."""
    assert Opaque().take_out(f"<math>{mathml}</math>") == f'<math data-opaque="0">{words}</math>'


def test_an_excluded_element_goes_whole_with_elements_of_its_own_name() -> None:
    text = '<div class="a" data-search-exclude>x<div>y<div hidden>z</div></div>w</div><div>seen</div>'
    assert Opaque().take_out(text) == '<div data-opaque="0"></div><div>seen</div>'


def test_excluded_elements_in_a_row_and_inside_each_other() -> None:
    text = "<p data-search-exclude><b data-search-exclude>x</b></p>a<p data-search-exclude>y</p>b<prefix>c</prefix>"
    assert Opaque().take_out(text) == '<p data-opaque="0"></p>a<p data-opaque="1"></p>b<prefix>c</prefix>'


def test_an_excluded_element_without_an_end_is_named() -> None:
    with pytest.raises(ValueError, match="this element has no end: <p data-search-exclude>"):
        Opaque().take_out("<p data-search-exclude>x<pre></pre>")


def test_texts_of_a_build_do_not_mix() -> None:
    opaque = Opaque()
    first, second = opaque.take_out(FORMULA), opaque.take_out(DRAWING + FORMULA)
    assert opaque.put_back(second) == DRAWING + FORMULA
    assert opaque.put_back(first) == FORMULA
