"""Page model -> page text: front matter, Markdown headings, HTML blocks. The only module that imports jinja2.

Headings are Markdown, so that any generator of static sites builds its table of contents, its anchors and its search
sections from them. All else is HTML on unindented lines, which Markdown leaves as it is.
"""

import json
import re
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from digest.pages import Embedding, Page

TEMPLATES: Final = Path(__file__).with_name("templates")
# What every Markdown reads as an escaped sign; Python-Markdown knows no others.
_PUNCTUATION: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!])")
# A browser may break a line between a formula and the comma after it.
_MATH_END: Final = re.compile(r"</math>(?:</a>)?[,.;:!?)]+")
# A heading cell that holds a formula alone: some readers see no text in it.
_BARE_HEAD: Final = re.compile(r"(<th\b[^>]*>)<math\b(((?!</?math\b).)*)</math></th>", re.DOTALL)
# The letters that calculators use in their sentences: alone, not the article a, not the end of a genitive.
# Perhaps with a short index: V_x, S_xx, n_out.
_GREEK: Final = {
    "alpha": "α",
    "beta": "β",
    "delta": "δ",
    "ell": "ℓ",
    "epsilon": "ε",
    "kappa": "κ",
    "lambda": "λ",
    "nu": "ν",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "zeta": "ζ",
}
_INDICES: Final = {**_GREEK, "oo": "∞"}
# The letter a, unlike the article, stands at a sign.
_LETTER_A: Final = r"a(?=[/)]| [=+−≤≥]| &[lg]t;)|(?<=[−+/])a|(?<=[=+] )a"
_LETTER: Final = re.compile(
    rf"(?:(?<![\w'’])(?<!Table )|(?<=\d)(?=[dmq]\b))({'|'.join(_GREEK)}|[A-Za-z](?=_)|[b-zB-HJ-Z]|{_LETTER_A})"
    rf"(?:_({'|'.join(_GREEK)}|[A-Za-z0-9]{{1,3}}))?(?!\w)"
)
_SIGNS: Final = {"-&gt;": "→", "&gt;=": "≥", "&lt;=": "≤", "+-": "±"}
_SUMMARY: Final = 240  # characters
_ARXIV: Final = re.compile(r"\barXiv:(\d{4}\.\d{4,5})\b")


@cache
def environment() -> Environment:
    """The templates, strict: a name that a page model lacks is an error, and plain text is escaped."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        # A heading's id is written {#id}, which would begin a comment.
        comment_start_string="<#",
        comment_end_string="#>",
    )
    env.filters["heading"] = heading
    env.filters["summary"] = summary
    env.filters["quoted"] = lambda text: Markup(json.dumps(str(text), ensure_ascii=False))
    env.filters["flat"] = flat
    env.filters["letters"] = letters
    env.filters["drawn"] = drawn
    env.filters["rounding"] = rounding
    env.filters["breakable"] = breakable
    return env


def summary(text: str) -> str:
    """What a search engine shows of a page: whole sentences as far as they fit, else whole words and an ellipsis."""
    if len(text) <= _SUMMARY:
        return text
    ends = [end.start() for end in re.finditer(r"(?<=[.?!]) ", text[: _SUMMARY + 1])]
    if ends and ends[-1] >= _SUMMARY // 3:
        return text[: ends[-1]]
    return text[:_SUMMARY].rpartition(" ")[0].rstrip(",;:–") + "…"


def heading(text: str) -> Markup:
    """Plain text for a Markdown heading: its punctuation shown as typed."""
    line = _safe(" ".join(text.split()))
    return Markup(_PUNCTUATION.sub(r"\\\1", line))


def _safe(text: str) -> str:
    """Text for the inside of an element; quotation marks stay, since what follows looks at them."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _told(cell: re.Match[str]) -> str:
    """A heading cell with its formula for the eye, and the formula's signs as text for the ear."""
    signs = re.sub(r"<[^>]*>", "", f"<math{cell[2]}")
    return f'{cell[1]}<math aria-hidden="true"{cell[2]}</math><span class="td-hear">{signs}</span></th>'


def flat(html: str) -> Markup:
    """Block HTML as Markdown leaves it alone: no blank line and no indented line outside of preformatted text."""
    parts = re.split(r"(<pre>.*?</pre>)", str(html), flags=re.DOTALL)
    flush = [re.sub(r"\n\s*", "\n", part) for part in parts[::2]]
    parts[::2] = [_BARE_HEAD.sub(_told, _glued(part)) for part in flush]
    parts[1::2] = [part.replace("\n", "&#10;") for part in parts[1::2]]
    return Markup("".join(parts).strip())


def _glued(html: str) -> str:
    """The HTML with each formula that a comma follows, and the link around it, in one element with its comma."""
    parts, done = [], 0
    for end in _MATH_END.finditer(html):
        begin = html.rfind("<math", done, end.start())
        before = html.rfind("<", done, max(begin, done))
        if html.startswith('<a class="td-value"', before) and html.find(">", before) == begin - 1:
            begin = before
        if begin >= 0:
            parts += [html[done:begin], f'<span class="td-glue">{html[begin : end.end()]}</span>']
            done = end.end()
    return "".join([*parts, html[done:]])


def letters(text: str) -> Markup:
    """A calculator's plain sentence: letters in italics, powers raised, signs as printers set them, papers as links."""
    line = re.sub(r"(?<![\w)+])-(?=[\dD]|alpha|sigma)|(?<= )-(?= )|(?<![^ (])-(?=[\w(])", "−", _safe(text))
    for typed, sign in _SIGNS.items():
        line = line.replace(typed, sign)
    line = re.sub(r"\boo\b", "∞", line)
    line = _LETTER.sub(_lettered, line)
    line = re.sub(r"\^-(?=<i>)", "^−", line)
    line = re.sub(r"\^\(((?:[^()]|\([^()]*\))*)\)", r"<sup>\1</sup>", line)
    line = _ARXIV.sub(r'<a href="https://arxiv.org/abs/\1">arXiv:\1</a>', line)
    return Markup(re.sub(r"\^(−?(?:<i>\w</i>|\d+(?:\.\d+)?))", r"<sup>\1</sup>", line))


def _lettered(match: re.Match[str]) -> str:
    """A letter in italics, its index lowered."""
    letter, index = match.groups()
    return f"<i>{_GREEK.get(letter, letter)}</i>" + (f"<sub>{_INDICES.get(index, index)}</sub>" if index else "")


def breakable(name: str) -> Markup:
    """A long name of a program in which a line may break after each underscore."""
    return Markup(_safe(name).replace("_", "_<wbr>"))


def drawn(text: str) -> Markup:
    """The same inside a drawing, whose text knows no HTML."""
    return Markup(
        str(letters(text))
        .replace("<i>", '<tspan font-style="italic">')
        .replace("<sub>", '<tspan baseline-shift="sub" font-size="75%">')
        .replace("</i>", "</tspan>")
        .replace("</sub>", "</tspan>")
    )


def rounding(exact: str, decimal: str) -> str:
    """The sign between an exact number and its decimal: equal, or about equal where digits were cut."""
    return "=" if Fraction(exact) == Fraction(decimal) else "≈"


def render(page: Page) -> str:
    """The page's text, with front matter."""
    return environment().get_template(page.template).render(page=page) + "\n"


def render_embedding(embedding: Embedding) -> str:
    """The HTML file of a calculator alone."""
    return environment().get_template("embed.html.j2").render(page=embedding) + "\n"
