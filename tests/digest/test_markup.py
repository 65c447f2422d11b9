import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.markup import (
    LONGEST_FORMULA,
    LONGEST_TEXT,
    Fault,
    Formula,
    Link,
    Text,
    Value,
    expand,
    html,
    locate,
    parse,
    plain,
)

ALLOWED_TAGS = frozenset(
    {"a", "blockquote", "br", "code", "div", "em", "hr", "li", "math", "ol", "output", "p", "pre", "strong", "ul"}
    | {"table", "tbody", "td", "th", "thead", "tr"}
)
LINK_RULE = (
    "a link is http(s)://…, mailto:… or a page of this site such as [text](item:dreamerv2); "
    "the others are term:, calculator:, run:, issue:, topic:; got "
)
HTML_RULE = "HTML is not read; use Markdown, put code in `backquotes`, and write < as &lt; or in $math$; got "
DOLLAR = (
    "this dollar sign opens no math; math is $x$ with no space inside the dollars and no digit outside touching them, "
    "and a plain dollar sign is \\$"
)
DISPLAY = (
    "display math stands on lines of its own: $$ first on its line, the closing $$ last on its line, no blank line "
    "between"
)
BRACKETS = (
    "[[ opens a value such as [[scaling-exponent degree=1 loss_order=2]] and needs its ]]; a plain bracket is \\["
)
NO_ID = "a value begins with the id of a calculator, as in [[scaling-exponent degree=1]]; got "
WEB_RULE = "a web address is https://host/path, without user names; got "
ITEM_RULE = "item: takes an id in lower case with hyphens, as in [text](item:some-id); got "
UNMADE_LINK = (
    "this is no link; a link is [text](address): no space between ] and (, none in the address, "
    "no link or value in its text"
)


def rendered(text: Text) -> str:
    return html(
        text,
        link=lambda link: f"/{link.scheme}s/{link.target}/",
        value=lambda value: f"<output>{value.calculator}</output>",
        math=lambda formula: f"<math>{formula.latex}</math>",
    )


def faults(source: str, *, inline: bool = False) -> list[tuple[int, str]]:
    return [(fault.offset, fault.message) for fault in parse(source, inline=inline).faults]


class Elements(HTMLParser):
    """The elements and attributes of an HTML text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


# ---------------------------------------------------------------------------------------------- what a text becomes


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("One *two* **three** `four`.", "<p>One <em>two</em> <strong>three</strong> <code>four</code>.</p>"),
        ("a\nb\n\nc", "<p>a\nb</p><p>c</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("> a", "<blockquote><p>a</p></blockquote>"),
        ("```python\n<x>\n```", "<pre><code>&lt;x&gt;\n</code></pre>"),
        ("a\\\nb", "<p>a<br>\nb</p>"),
        ("a\n\n***\n\nb", "<p>a</p><hr><p>b</p>"),
        ("a < b & c > d", "<p>a &lt; b &amp; c &gt; d</p>"),
        ("    indented", "<p>indented</p>"),
        ("\\(x\\) and \\[y\\]", "<p>(x) and [y]</p>"),
        (
            "| a | b |\n|---|--:|\n| 1 | 2 |",
            '<div class="table"><table><thead><tr><th>a</th><th style="text-align:right">b</th></tr></thead>'
            '<tbody><tr><td>1</td><td style="text-align:right">2</td></tr></tbody></table></div>',
        ),
        ("Let $x^2$ be", "<p>Let <math>x^2</math> be</p>"),
        ("So\n$$\na\n+ b\n$$\nholds.", '<p>So</p><div class="formula"><math>a\n+ b</math></div><p>holds.</p>'),
        ("$$ x $$", '<div class="formula"><math>x</math></div>'),
        ("- a\n  $$\n  x\n  $$", '<ul><li>a<div class="formula"><math>x</math></div></li></ul>'),
        ("> $$\n> x\n> - y\n> $$", '<blockquote><div class="formula"><math>x\n- y</math></div></blockquote>'),
        ("is [[scaling-exponent degree=1]].", "<p>is <output>scaling-exponent</output>.</p>"),
        ("[a *b*](item:dreamerv2)", '<p><a href="/items/dreamerv2/">a <em>b</em></a></p>'),
        ("[a](https://x.org/?q=1&r=é)", '<p><a href="https://x.org/?q=1&amp;r=%C3%A9" rel="noopener">a</a></p>'),
        ('[a](https://x.org "t")', '<p><a href="https://x.org" title="t" rel="noopener">a</a></p>'),
        ("<https://x.org>", '<p><a href="https://x.org" rel="noopener">https://x.org</a></p>'),
        ("<a@b.org>", '<p><a href="mailto:a@b.org" rel="noopener">a@b.org</a></p>'),
        ("[a](HTTPS://x.org)", '<p><a href="https://x.org" rel="noopener">a</a></p>'),
        ("`[[a]] $x$ <b> [a](b:c)`", "<p><code>[[a]] $x$ &lt;b&gt; [a](b:c)</code></p>"),
        ("costs $5, $1,000.50 or 7$", "<p>costs $5, $1,000.50 or 7$</p>"),
        ("between $5 and $6 million", "<p>between $5 and $6 million</p>"),
        ("a \\$ sign and \\[[no value]]", "<p>a $ sign and [[no value]]</p>"),
        ("&#36;x&#36; &lt;b&gt;", "<p>$x$ &lt;b&gt;</p>"),
        (
            "| a |\n|---|\n| $|x|$ |\n| [[a-b c=1 | decimal]] |\n| \\| |",
            '<div class="table"><table><thead><tr><th>a</th></tr></thead><tbody><tr><td><math>|x|</math></td></tr>'
            "<tr><td><output>a-b</output></td></tr><tr><td>|</td></tr></tbody></table></div>",
        ),
    ],
)
def test_html(source: str, expected: str) -> None:
    text = parse(source)
    assert text.faults == ()
    assert rendered(text) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("One $x$ in *two*", "One <math>x</math> in <em>two</em>"),
        ("1 < 2", "1 &lt; 2"),
        ("a\nb", "a\nb"),
    ],
)
def test_html_of_a_line_has_no_paragraph(source: str, expected: str) -> None:
    text = parse(source, inline=True)
    assert text.faults == ()
    assert rendered(text) == expected


def test_plain_text() -> None:
    source = "**Why** [it](item:a) is $x$:\n\n- one & [[b c=1]]\n- `two`\n\n$$\ny\n$$\n"
    text = parse(source)
    assert plain(text, value=lambda value: value.calculator, math=lambda formula: formula.latex) == (
        "Why it is x: one & b two y"
    )


# -------------------------------------------------------------------------------------------- what a text asks for


def test_requests_in_order() -> None:
    source = "[a](item:b) $x^{[[c d=1]]}$ [[e | text]] [f](https://g.org)\n\n$$\n[[h i=1/2 j=oo | decimal]]\n$$"
    text = parse(source)
    assert text.faults == ()
    assert text.links == (Link("item", "b", 0), Link("https", "https://g.org", 41))
    inner = Value("c", None, (("d", "1"),), "exact", 16, in_math=True)
    last = Value("h", None, (("i", "1/2"), ("j", "oo")), "decimal", source.index("[[h"), in_math=True)
    assert text.values == (inner, Value("e", None, (), "text", 28, in_math=False), last)
    assert text.formulas == (
        Formula("x^{[[c d=1]]}", False, 13, (inner,)),
        Formula("[[h i=1/2 j=oo | decimal]]", True, source.index("[[h"), (last,)),
    )


def test_a_value_may_run_over_a_line_break() -> None:
    [value] = parse("the [[scaling-exponent degree=1\nloss_order=2]] rate").values
    assert value.settings == (("degree", "1"), ("loss_order", "2"))


def test_internal_links_are_told_apart() -> None:
    text = parse("[a](term:b) [c](mailto:d@e.org)")
    assert [link.internal for link in text.links] == [True, False]


def test_expand_puts_values_in_braces() -> None:
    [formula] = parse("$D^{-[[a]]} + [[b]]$").formulas
    assert expand(formula, lambda value: f"\\{value.calculator}") == "D^{-{\\a}} + {\\b}"


@pytest.mark.parametrize(
    ("source", "found", "expected"),
    [
        ("see $x + \\fraq$", "\\fraq", "\\fraq"),
        ("see $[[a]] + \\fraq$", "\\fraq", "\\fraq"),
        ("see $[[a]] + \\fraq$", "VALUE", "[[a]]"),
        ("> q\n> $$\n>   x\n>  y \\fraq\n> $$", "\\fraq", "\\fraq"),
        ("- a $b\n  c \\fraq$", "\\fraq", "\\fraq"),
        ("| a |\n|---|\n| \\| $|[[a | decimal]]| \\fraq$ |", "\\fraq", "\\fraq"),
    ],
)
def test_locate_finds_the_place_in_the_text(source: str, found: str, expected: str) -> None:
    [formula] = parse(source).formulas
    latex = expand(formula, lambda _: "VALUE")
    offset = locate(formula, lambda _: "VALUE", latex.index(found))
    assert source[offset:].startswith(expected)


def test_locate_at_the_ends() -> None:
    source = "$ab$ c"
    [formula] = parse(source).formulas
    assert locate(formula, lambda _: "", None) == 1
    assert locate(formula, lambda _: "", 2) == 3
    assert locate(formula, lambda _: "", 99) == 3


# -------------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("ab\x07cd", [(2, "text must be free of control and invisible characters; got U+0007")]),
        ("a\u202eb", [(1, "text must be free of control and invisible characters; got U+202E")]),
        ("a\ud800b", [(1, "text must be free of control and invisible characters; got U+D800")]),
        ("a\r\nb", [(1, "text must be free of control and invisible characters; got U+000D")]),
        (
            "a\n\n## b",
            [(3, "headings come from the page; begin the paragraph with a bold lead: **Why it matters.** …")],
        ),
        (
            "a\n---",
            [
                (
                    0,
                    "a line of --- under text makes it a heading, and those come from the page; leave a blank line",
                )
            ],
        ),
        (
            "a\n===",
            [
                (
                    0,
                    "a line of === under text makes it a heading, and those come from the page; leave a blank line",
                )
            ],
        ),
        ("see ![a](b.png)", [(4, "images are not shown in text; figures come from calculators and runs")]),
        ("a <b>c</b>", [(2, HTML_RULE + "'<b>'")]),
        ("a </b>", [(2, HTML_RULE + "'</b>'")]),
        ("a\n\n<script>\nalert(1)\n</script>", [(3, HTML_RULE + "'<script>'")]),
        ("a <!-- b -->", [(2, HTML_RULE + "'<!-- b -->'")]),
        ("- a\n  <i>b</i>", [(6, HTML_RULE + "'<i>'")]),
        ("> a\n> <i>b</i>", [(6, HTML_RULE + "'<i>'")]),
        ("| a | b |\n|--|--|\n| c | <i> |\n| <i> | d |", [(24, HTML_RULE + "'<i>'"), (32, HTML_RULE + "'<i>'")]),
        ("[a]: https://b.org", [(0, "link definitions are not read; write [text](address) where the link is")]),
        ("[](https://a.org)", [(0, "a link needs a text between its brackets, for readers who hear the page")]),
        ("[see [[b]]](item:c)", [(10, UNMADE_LINK)]),
        ("[a](item: b)", [(2, UNMADE_LINK)]),
        ("[a] (https://b.org)", [(2, UNMADE_LINK)]),
        ("[a [b](item:c) d](item:e)", [(16, UNMADE_LINK)]),
        ("<item:b>", [(0, "a link to a page of this site needs a text: write [text](item:b)")]),
        (
            "a \\alpha b",
            [(2, "\\alpha stands outside math; write $\\alpha$, or `\\alpha` to show the letters")],
        ),
        ("a\n" + ">" * 13 + " a", [(2, "lists and quotes must not be nested as deeply as this")]),
    ],
)
def test_refused(source: str, expected: list[tuple[int, str]]) -> None:
    assert faults(source) == expected


@pytest.mark.parametrize(
    ("href", "message"),
    [
        ("javascript:alert(1)", LINK_RULE + "'javascript:alert(1)'"),
        ("JaVaScRiPt:alert(1)", LINK_RULE + "'JaVaScRiPt:alert(1)'"),
        ("java&#9;script:alert(1)", LINK_RULE + "'java\\tscript:alert(1)'"),
        ("&#106;avascript:alert(1)", LINK_RULE + "'javascript:alert(1)'"),
        ("javascript&colon;alert(1)", LINK_RULE + "'javascript:alert(1)'"),
        ("&#1;javascript:alert(1)", LINK_RULE + "'&#1;javascript:alert(1)'"),
        ("data:text/html;base64,PHN2Zz4=", LINK_RULE + "'data:text/html;base64,PHN2Zz4='"),
        ("vbscript:x", LINK_RULE + "'vbscript:x'"),
        ("file:///etc/passwd", LINK_RULE + "'file:///etc/passwd'"),
        ("ftp://a.org", LINK_RULE + "'ftp://a.org'"),
        ("//evil.org", LINK_RULE + "'//evil.org'"),
        ("\\\\\\\\evil.org", LINK_RULE + "'\\\\\\\\evil.org'"),
        ("/items/a/", LINK_RULE + "'/items/a/'"),
        ("a.md", LINK_RULE + "'a.md'"),
        ("#top", LINK_RULE + "'#top'"),
        ("", LINK_RULE + "''"),
        ("<item:a b>", LINK_RULE + "'item:a b'"),
        ("items:a", LINK_RULE + "'items:a' (did you mean 'item'?)"),
        ("item:DreamerV2", ITEM_RULE + "'item:DreamerV2'"),
        ("Item:a", ITEM_RULE + "'Item:a'"),
        ("term:", "term: takes an id in lower case with hyphens, as in [text](term:some-id); got 'term:'"),
        ("run:../x", "run: takes an id in lower case with hyphens, as in [text](run:some-id); got 'run:../x'"),
        ("https:/a.org", WEB_RULE + "'https:/a.org'"),
        ("https://", WEB_RULE + "'https://'"),
        (
            "https://a.org@evil.org",
            WEB_RULE + "'https://a.org@evil.org'",
        ),
        ("https://[::1", WEB_RULE + "'https://[::1'"),
        ("http://a.org:99999/", "a web address is http://host/path, without user names; got 'http://a.org:99999/'"),
        ("mailto:a", "mailto: takes one plain address; got 'mailto:a'"),
        ("mailto:a@b.org?bcc=c@d.org", "mailto: takes one plain address; got 'mailto:a@b.org?bcc=c@d.org'"),
    ],
)
def test_links_that_are_refused(href: str, message: str) -> None:
    text = parse(f"see [it]({href}) there")
    assert [(fault.offset, fault.message) for fault in text.faults] == [(4, message)]
    assert text.links == ()
    assert rendered(text) == "<p>see it there</p>"


@pytest.mark.parametrize(
    "source",
    [
        "<javascript:alert(1)>",
        "<data:text/html,x>",
        "[a][b]\n\n[b]: javascript:x",
        "[b]\n\n[b]: data:,x",
        "![a](javascript:x)",
    ],
)
def test_other_ways_to_a_bad_link_are_faults_too(source: str) -> None:
    text = parse(source)
    assert text.faults
    assert all(tag in ("p", "em") for tag, _ in Elements(rendered(text)).found)


@pytest.mark.parametrize(
    ("source", "offset", "message"),
    [
        ("[[]]", 0, NO_ID + "''"),
        ("[[A b=1]]", 0, NO_ID + "'A'"),
        ("[[a b = 1]]", 0, "settings are written name=value without spaces; got 'b'"),
        ("[[a b=]]", 0, "settings are written name=value without spaces; got 'b='"),
        (
            "[[a loss-order=2]]",
            0,
            "names of settings are lower-case words joined by _; got 'loss-order' (did you mean 'loss_order'?)",
        ),
        ("[[a b=x^2]]", 0, "values of settings are up to 32 letters, digits and . / _ + -; got 'x^2'"),
        (
            "[[a b=" + "1" * 33 + "]]",
            0,
            f"values of settings are up to 32 letters, digits and . / _ + -; got '{'1' * 33}'",
        ),
        ("[[a b=1 b=2]]", 0, "each setting is given once; got 'b' twice"),
        ("[[a | desimal]]", 0, "after | comes 'exact', 'decimal' or 'text'; got 'desimal' (did you mean 'decimal'?)"),
        ("[[a | ]]", 0, "after | comes 'exact', 'decimal' or 'text'; got ''"),
        ("see [[a b=1", 4, BRACKETS),
        ("see [[a] and", 4, BRACKETS),
        (
            "$x + [[a | text]]$",
            5,
            "a value in math is exact or decimal; got 'text'; in math, two brackets are written [\\,[ and ]\\,]",
        ),
        ("$x + [[0,1],[2,3]]$", 5, BRACKETS + "; in math, two brackets are written [\\,["),
        ("$[[a]] + [[b$", 9, BRACKETS + "; in math, two brackets are written [\\,["),
    ],
)
def test_values_that_are_wrong(source: str, offset: int, message: str) -> None:
    text = parse(source)
    assert text.faults == (Fault(offset, message),)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("let $x be", [(4, DOLLAR)]),
        ("let $ x $ be", [(4, DOLLAR)]),
        ("2$x$", [(1, DOLLAR)]),
        ("the $2^n points", [(4, DOLLAR)]),
        ("the $ \\alpha $ law", [(4, DOLLAR)]),  # one mistake, one fault
        ("one $x\n\ntwo $y", [(4, DOLLAR), (12, DOLLAR)]),
        ("a $$x$$ b", [(2, DISPLAY)]),
        ("$$\nx\n\ny", [(0, DISPLAY)]),
        ("$$ $$", [(0, DISPLAY)]),
        ("> a\n> - b $x\n>   c", [(10, DOLLAR)]),
        ("| a |\n|---|\n| $x | y |", [(14, DOLLAR)]),
        ("$" + "x" * (LONGEST_FORMULA + 1) + "$", [(1, "a formula must be at most 2,000 characters; got 2,001")]),
    ],
)
def test_dollars_that_are_wrong(source: str, expected: list[tuple[int, str]]) -> None:
    assert faults(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\n\nb", [(3, "this text is one paragraph; it must hold no blank line")]),
        (
            "- a",
            [(0, "this text is one paragraph; it must not begin as a list, quote, heading or code; got '-'")],
        ),
        (
            "# a",
            [(0, "this text is one paragraph; it must not begin as a list, quote, heading or code; got '#'")],
        ),
        ("see $$x$$", [(4, DISPLAY)]),
        ("a <b>", [(2, HTML_RULE + "'<b>'")]),
        ("1.5 times *more*\n", []),
    ],
)
def test_lines_that_are_wrong(source: str, expected: list[tuple[int, str]]) -> None:
    assert faults(source, inline=True) == expected


def test_a_text_that_is_too_long_is_not_parsed() -> None:
    text = parse("x" * LONGEST_TEXT + "[[a]]")
    assert text.faults == (Fault(50_000, "text must be at most 50,000 characters; got 50,005"),)
    assert rendered(text) == ""


def test_all_faults_come_at_once_and_in_order() -> None:
    source = "![a](b) $x\n\n- <i>\n- [c](d:e)\n\n| f |\n|---|\n| [[G]] |\n"
    found = faults(source)
    assert [source[offset : offset + 2] for offset, _ in found] == ["![", "$x", "<i", "[c", "[["]


def test_the_same_slip_twice_has_two_places() -> None:
    source = "a <i> b <i>\n<i>\n\n- <i>\n- c `<i>` <i>\n"
    expected = [match.start() for match in re.finditer("(?<!`)<i>", source)]
    assert [offset for offset, _ in faults(source)] == expected


# ---------------------------------------------------------------------------------------------------------- safety


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<slot name="0"></slot> $x$',
        '&lt;slot name="0"&gt;&lt;/slot&gt; $x$',
        "[a](https://b.org '<slot name=\"0\"></slot>') $x$",
        "[a](<https://b.org/\"onmouseover='alert(1)'>)",
        '[a](https://b.org "\\" onmouseover=\\"alert(1)")',
        "```\n</code></pre><script>\n```",
        "`</code><script>`",
        "a <b <c onclick=x> d",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
    ],
)
def test_nothing_written_reaches_the_page_as_html(source: str) -> None:
    elements = Elements(rendered(parse(source)))
    assert {tag for tag, _ in elements.found} <= ALLOWED_TAGS
    assert not [name for _, attributes in elements.found for name, _ in attributes if name.startswith("on")]
    assert [tag for tag, _ in elements.found].count("math") == source.count("$x$")


MARKS = r"""
$ $$ x ab 1 5 [[a [[a-b]] [[c d=1 | decimal]] ]] [ ] ( ) ](item:e) [f](item:g) [h](https://i.org) <b> </b> <!--
<j@k.org> ` ``` ~~~ \ | |-|-| --- === * ** _ # > - 1. ! & &#36; &lt; &#0; &#xD800; \alpha \$ {
"""
SPACES = (" ", "  ", "    ", "\n", "\n\n", "\n> ", "\n- ", "\n  ", "\n| ", " |\n|---|---|\n| ", "\t", "\u00a0")
ODD = ("\r\n", "\0", "\u2028", "é", "😀", "\ue000")
PIECES = st.sampled_from([*MARKS.split(), *SPACES, *SPACES, *ODD])
ALLOWED_ATTRIBUTES = {
    *[("a", "href"), ("a", "rel"), ("a", "title"), ("div", "class"), ("ol", "start")],
    *[("td", "style"), ("th", "style")],
}
TEXTS = st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=200))


@settings(max_examples=600, deadline=None)
@given(source=TEXTS, inline=st.booleans())
def test_any_text_can_be_parsed_and_shown_safely(source: str, inline: bool) -> None:
    text = parse(source, inline=inline)
    result = rendered(text)
    elements = Elements(re.sub(r"<math>.*?</math>", "<math></math>", result, flags=re.DOTALL))
    for tag, attributes in elements.found:
        assert tag in ALLOWED_TAGS
        for name, value in attributes:
            assert (tag, name) in ALLOWED_ATTRIBUTES
            if name == "href":
                assert re.match(r"https?://|mailto:|/(items|terms|calculators|runs|issues|topics)/", value or "")
    plain(text, value=lambda value: value.calculator, math=lambda formula: formula.latex)


@settings(max_examples=600, deadline=None)
@given(source=TEXTS, inline=st.booleans())
def test_offsets_point_at_what_they_name(source: str, inline: bool) -> None:
    text = parse(source, inline=inline)
    for fault in text.faults:
        assert 0 <= fault.offset <= len(source)
    for value in text.values:
        assert source.startswith("[[", value.offset)
    for link in text.links:
        assert source[link.offset] in "[<"
    for formula in text.formulas:
        # Characters that are refused were replaced, one for one; \| in a table is | in the formula.
        expected = formula.latex.split("\n")[0].split("|")[0].split("\N{REPLACEMENT CHARACTER}")[0]
        assert source.startswith(expected, formula.offset)
        if not formula.values:
            for position, char in enumerate(formula.latex):
                there = source[locate(formula, lambda _: "", position)]
                assert there == char or char == "\N{REPLACEMENT CHARACTER}"
