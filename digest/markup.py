"""Contributor Markdown -> what it asks for (links, values, formulas, faults), and then sanitised HTML.

`parse` never raises: every mistake is a `Fault` with its offset in the text. The corpus checks what a text asks for and
computes it; `html` puts the answers in. Contributors write no HTML, and nothing they write reaches the page unescaped:
the page's elements come from `_TAGS`, nh3 removes all others, and only then the formulas and values are put in.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

import nh3
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.token import Token

from digest.dialect import DIALECT, STRAY_VALUE, VALUE
from digest.problems import did_you_mean, listed, quoted

Form: TypeAlias = Literal["exact", "decimal", "text"]
MeasuredForm: TypeAlias = Literal["value", "interval", "verdict"]

INTERNAL_SCHEMES: Final = ("item", "term", "calculator", "run", "issue", "topic")
EXTERNAL_SCHEMES: Final = ("http", "https", "mailto")
LONGEST_TEXT: Final = 50_000  # characters; the longest real summary has about 6,000
LONGEST_FORMULA: Final = 2_000  # characters, before values are put in
DEEPEST_BLOCK: Final = 12  # nested lists and quotes; the parser drops text from level 20 on

_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_METRIC: Final = re.compile(rf"run:({_ID.pattern})/({_ID.pattern})")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_SETTING: Final = re.compile(r"[A-Za-z0-9./_+-]{1,32}")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_ADDRESS: Final = re.compile(r"[^\s@?&]+@[^\s@?&]+\.[^\s@?&]+")
# Control characters, lone surrogates, and the invisible characters that make a text read differently from what it is.
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_BLOCK_START: Final = re.compile(r"(?:#{1,6}|[-*+>]|\d{1,9}[.)]|```+|~~~+)(?:\s|$)")

_TAGS: Final = frozenset(
    {"a", "blockquote", "br", "code", "div", "em", "hr", "li", "ol", "p", "pre", "strong", "ul"}
    | {"table", "tbody", "td", "th", "thead", "tr"}
)
_ATTRIBUTES: Final = {
    "a": {"href", "rel", "title"},
    "div": {"class"},
    "ol": {"start"},
    "td": {"style"},
    "th": {"style"},
    "slot": {"name"},
}
_SLOT: Final = re.compile(r'<slot name="(\d+)"></slot>')
# One for all texts: making it costs more than cleaning a sentence.
_CLEANER: Final = nh3.Cleaner(
    tags={*_TAGS, "slot"},
    attributes=_ATTRIBUTES,
    url_schemes=set(EXTERNAL_SCHEMES),
    link_rel=None,
    filter_style_properties={"text-align"},
)


@dataclass(frozen=True, order=True)
class Fault:
    """A broken rule. `offset` counts characters of the text from 0."""

    offset: int
    message: str


@dataclass(frozen=True)
class Link:
    """A link that has one of the allowed schemes. `target` is an id for the internal ones, else the whole address."""

    scheme: str
    target: str
    offset: int

    @property
    def internal(self) -> bool:
        """Whether the target is a page of this site."""
        return self.scheme in INTERNAL_SCHEMES


@dataclass(frozen=True)
class Value:
    """A calculator's result asked for by `[[calculator name=value … | form]]`, or one of its further outputs, by
    `[[calculator/quantity name=value … | form]]`. Names and values are as typed.
    """

    calculator: str
    quantity: str | None
    """The id of the further output; None for the result."""
    settings: tuple[tuple[str, str], ...]
    form: Form
    offset: int
    in_math: bool


@dataclass(frozen=True)
class Measured:
    """A run's measured number asked for by `[[run:run-id/metric-id | form]]`."""

    run: str
    metric: str
    form: MeasuredForm
    offset: int


@dataclass(frozen=True)
class Formula:
    """Math as typed, with its `[[values]]` still in it. `offset` is that of its first character after the dollars."""

    latex: str
    display: bool
    offset: int
    values: tuple[Value, ...] = ()
    _offsets: tuple[int, ...] = field(default=(), repr=False, compare=False)  # of each character, and of the end
    _spans: tuple[tuple[int, int], ...] = field(default=(), repr=False, compare=False)  # of each value


@dataclass(frozen=True)
class Text:
    """One parsed text. `values` are all of its values in order, those inside formulas included; `measured` are those of
    runs, which stand outside formulas, so that each can lead to its data.
    """

    source: str
    inline: bool
    faults: tuple[Fault, ...]
    links: tuple[Link, ...]
    values: tuple[Value, ...]
    formulas: tuple[Formula, ...]
    measured: tuple[Measured, ...] = ()
    _parts: "tuple[Part, ...]" = field(default=(), repr=False, compare=False)


# HTML of the text itself, or what is put in later; a link comes with its title.
Part: TypeAlias = str | Value | Measured | Formula | tuple[Link, str]
# What stands between double brackets outside of math.
Asked: TypeAlias = Value | Measured


def parse(source: str, *, inline: bool = False) -> Text:
    """What a text says and asks for, and every mistake in it.

    Args:
        source: Markdown as typed; any text at all.
        inline: whether it is one sentence or line (a title, a takeaway, a claim) instead of paragraphs.

    Valid for: CommonMark with tables, without headings, images, HTML, link definitions and indented code.
    """
    faults = [
        Fault(match.start(), f"text must be free of control and invisible characters; got U+{ord(match[0]):04X}")
        for match in _UNSEEN.finditer(source)
    ]
    if len(source) > LONGEST_TEXT:
        faults.append(Fault(LONGEST_TEXT, f"text must be at most {LONGEST_TEXT:,} characters; got {len(source):,}"))
        return Text(source, inline, tuple(faults), (), (), ())
    if inline:
        faults += _not_inline(_seen(source))
    tokens, reading = _read(source, inline)
    faults += reading.faults
    return Text(
        source,
        inline,
        tuple(sorted(set(faults))),
        tuple(reading.links),
        tuple(reading.values),
        tuple(reading.formulas),
        tuple(reading.measured),
        # The tokens are let go: a site has millions of them.
        tuple(_merged(_parts(tokens))),
    )


def _seen(source: str) -> str:
    """The text without invisible characters, of the same length, so that offsets stay true."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", source)


def _read(source: str, inline: bool) -> "tuple[list[Token], _Reading]":
    """The tokens of a text, with what they stand for, and what was found in them."""
    seen = _seen(source)
    tokens = DIALECT.parseInline(seen, {}) if inline else DIALECT.parse(seen, {})
    reading = _Reading()
    reading.read(tokens, seen)
    return tokens, reading


def _not_inline(source: str) -> Iterator[Fault]:
    """The faults of a line of text that is laid out as paragraphs or blocks."""
    blank = re.search(r"\n[ \t]*\n(?=\s*\S)", source)
    if blank:
        yield Fault(blank.end(), "this text is one paragraph; it must hold no blank line")
    start = len(source) - len(source.lstrip())
    block = _BLOCK_START.match(source, start)
    if block:
        rule = "this text is one paragraph; it must not begin as a list, quote, heading or code"
        yield Fault(start, f"{rule}; got {quoted(block[0].strip())}")


class _Reading:
    """A walk over the tokens of one text. Tokens get `meta["node"]`: the Link, Value or Formula they stand for."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.links: list[Link] = []
        self.values: list[Value] = []
        self.formulas: list[Formula] = []
        self.measured: list[Measured] = []

    def read(self, tokens: list[Token], source: str) -> None:
        for token in tokens:
            if token.type == "inline" and token.children:
                self._read_line(token.children, token.meta.get("offsets") or range(len(token.content) + 1))
            elif token.type == "formula_block":
                self._read_formula(token, token.meta["offsets"], display=True)
            elif token.type == "heading_open":
                self._fault(token.meta["offset"], _heading_message(token.markup))
            elif token.type == "html_block":
                self._fault(token.meta["offset"], _html_message(token.content))
            elif token.type == "fault":
                self._fault(token.meta["offset"], token.meta["message"])
        deepest = next((token for token in tokens if token.level > DEEPEST_BLOCK and token.map), None)
        if deepest and deepest.map:
            offset = sum(len(line) + 1 for line in source.split("\n")[: deepest.map[0]])
            self._fault(offset, "lists and quotes must not be nested as deeply as this")

    def _read_line(self, tokens: list[Token], offsets: "range | list[int]") -> None:
        link: tuple[int, int] | None = None  # index of the link that is open, and its offset
        strays: set[str] = set()
        for index, token in enumerate(tokens):
            offset = offsets[token.meta["at"]] if "at" in token.meta else 0
            match token.type:
                case "fault":
                    # After a stray dollar the others are paired wrongly; faults about them would mislead.
                    if not ("$" in strays and token.markup.startswith(("$", "\\"))):
                        self._fault(offset, token.meta["message"])
                    strays.add(token.markup[:1])
                case "formula":
                    end = token.meta["at"] + len(token.content) + 1
                    self._read_formula(token, offsets[token.meta["at"] : end], display=False)
                case "value":
                    self._read_value(token, offset)
                case "link_open":
                    link = index, offset
                    self._read_link(token, offset)
                case "link_close":
                    if link and not any(
                        inner.content.strip() for inner in tokens[link[0] + 1 : index] if inner.type != "fault"
                    ):
                        self._fault(link[1], "a link needs a text between its brackets, for readers who hear the page")
                    link = None
                case "image":
                    self._fault(offset, "images are not shown in text; figures come from calculators and runs")
                case "html_inline":
                    if not (token.content.startswith("</") and "<" in strays):
                        self._fault(offset, _html_message(token.content))
                    strays.add("<")

    def _read_value(self, token: Token, offset: int) -> None:
        asks = _measured if token.content.startswith("run:") else _value
        value = asks(token.content, offset)
        if isinstance(value, str):
            self._fault(offset, value)
            return
        token.meta["node"] = value
        if isinstance(value, Measured):
            self.measured.append(value)
        else:
            self.values.append(value)

    def _read_link(self, token: Token, offset: int) -> None:
        link = _link(str(token.attrs["href"]), offset)
        if isinstance(link, Link) and link.internal and token.info == "auto":
            link = f"a link to a page of this site needs a text: write [text]({link.scheme}:{link.target})"
        if isinstance(link, str):
            self._fault(offset, link)
        else:
            token.meta["node"] = link
            self.links.append(link)

    def _read_formula(self, token: Token, offsets: "range | list[int]", *, display: bool) -> None:
        latex = token.content.strip()
        leading = len(token.content) - len(token.content.lstrip())
        offsets = offsets[leading : leading + len(latex) + 1]
        if len(latex) > LONGEST_FORMULA:
            self._fault(offsets[0], f"a formula must be at most {LONGEST_FORMULA:,} characters; got {len(latex):,}")
            return
        values, spans = [], []
        for match in VALUE.finditer(latex):
            value = _value(match[1], offsets[match.start()], in_math=True)
            if isinstance(value, str):
                self._fault(offsets[match.start()], f"{value}; in math, two brackets are written [\\,[ and ]\\,]")
            else:
                values.append(value)
                spans.append(match.span())
        unclosed = VALUE.sub(lambda match: " " * len(match[0]), latex).find("[[")
        if unclosed >= 0:
            self._fault(offsets[unclosed], f"{STRAY_VALUE}; in math, two brackets are written [\\,[")
        formula = Formula(latex, display, offsets[0], tuple(values), tuple(offsets), tuple(spans))
        token.meta["node"] = formula
        self.formulas.append(formula)
        self.values += values

    def _fault(self, offset: int, message: str) -> None:
        self.faults.append(Fault(offset, message))


def _heading_message(markup: str) -> str:
    if markup.startswith("#"):
        return "headings come from the page; begin the paragraph with a bold lead: **Why it matters.** …"
    return f"a line of {markup * 3} under text makes it a heading, and those come from the page; leave a blank line"


def _html_message(content: str) -> str:
    return (
        "HTML is not read; use Markdown, put code in `backquotes`, and write < as &lt; or in $math$; "
        f"got {quoted(content.strip().splitlines()[0])}"
    )


def _measured(content: str, offset: int) -> Measured | str:
    """The measured number that `[[run:…]]` asks for, or what is wrong with it."""
    request, bar, form = content.partition("|")
    named = _METRIC.fullmatch(request.strip())
    if named is None:
        rule = (
            "a measured value is run:, the run's id, a slash and the metric's id, as in [[run:nearest-neighbour/alpha]]"
        )
        return f"{rule}; got {quoted(request.strip())}"
    form = form.strip() if bar else "value"
    for known in get_args(MeasuredForm):
        if form == known:
            return Measured(named[1], named[2], known, offset)
    forms = get_args(MeasuredForm)
    return f"after | comes {listed(forms)} for a measured value; got {quoted(form)}{did_you_mean(form, forms)}"


def _value(content: str, offset: int, *, in_math: bool = False) -> Value | str:
    """The value that `[[content]]` asks for, or what is wrong with it."""
    if content.startswith("run:"):
        return "a measured value stands outside math, so that it can lead to its data"
    request, bar, form = content.partition("|")
    calculator, *settings = request.split() or [""]
    form = form.strip() if bar else "exact"
    calculator, slash, quantity = calculator.partition("/")
    if not _ID.fullmatch(calculator) or (slash and not _ID.fullmatch(quantity)):
        rule = "a value begins with the id of a calculator, as in [[scaling-exponent degree=1]]"
        return f"{rule}; got {quoted(calculator + slash + quantity)}"
    pairs: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not (equals and name and value):
            return f"settings are written name=value without spaces; got {quoted(setting)}"
        if not _NAME.fullmatch(name):
            nearest = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
            return (
                f"names of settings are lower-case words joined by _; got {quoted(name)}{did_you_mean(name, [nearest])}"
            )
        if not _SETTING.fullmatch(value):
            return f"values of settings are up to 32 letters, digits and . / _ + -; got {quoted(value)}"
        if name in pairs:
            return f"each setting is given once; got {quoted(name)} twice"
        pairs[name] = value
    for known in get_args(Form):
        if form == known:
            if in_math and form == "text":
                return "a value in math is exact or decimal; got 'text'"
            return Value(calculator, quantity or None, tuple(pairs.items()), known, offset, in_math)
    return f"after | comes {listed(get_args(Form))}; got {quoted(form)}{did_you_mean(form, get_args(Form))}"


def _link(href: str, offset: int) -> Link | str:
    """The link to an address, or why it is refused."""
    match = _SCHEME.fullmatch(href)
    if not match or href != href.strip() or re.search(r"[\s\\]", href) or _UNSEEN.search(href):
        return _refused_link(href)
    scheme, rest = match[1].lower(), match[2]
    if scheme in INTERNAL_SCHEMES:
        if match[1] != scheme or not _ID.fullmatch(rest):
            rule = f"{scheme}: takes an id in lower case with hyphens, as in [text]({scheme}:some-id)"
            return f"{rule}; got {quoted(href)}"
        return Link(scheme, rest, offset)
    if scheme == "mailto":
        if not _ADDRESS.fullmatch(rest):
            return f"mailto: takes one plain address; got {quoted(href)}"
        return Link(scheme, f"mailto:{rest}", offset)
    if scheme in EXTERNAL_SCHEMES:
        try:
            parts = urlsplit(href)
            whole = rest.startswith("//") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a bad port or a bad IPv6 address
            whole = False
        if not whole or "@" in parts.netloc:
            return f"a web address is {scheme}://host/path, without user names; got {quoted(href)}"
        return Link(scheme, f"{scheme}:{rest}", offset)
    return _refused_link(href)


def _refused_link(href: str) -> str:
    scheme = href.partition(":")[0]
    known = [*INTERNAL_SCHEMES, *EXTERNAL_SCHEMES]
    near = did_you_mean(scheme, known) if ":" in href and scheme not in known else ""
    return (
        "a link is http(s)://…, mailto:… or a page of this site such as [text](item:dreamerv2); "
        f"the others are {', '.join(f'{name}:' for name in INTERNAL_SCHEMES[1:])}; got {quoted(href)}{near}"
    )


def _pieces(formula: Formula, value_latex: Callable[[Value], str]) -> Iterator[tuple[str, int, bool]]:
    """The expanded formula in pieces: text, where it begins in `formula.latex`, whether it is a value."""
    done = 0
    for value, (begin, end) in zip(formula.values, formula._spans, strict=True):
        yield formula.latex[done:begin], done, False
        yield f"{{{value_latex(value)}}}", begin, True
        done = end
    yield formula.latex[done:], done, False


def expand(formula: Formula, value_latex: Callable[[Value], str]) -> str:
    """The LaTeX of a formula with its values put in, each in braces, ready for `typeset`.

    Args:
        formula: from a `Text`.
        value_latex: the LaTeX of a value.
    """
    return "".join(piece for piece, _, _ in _pieces(formula, value_latex))


def locate(formula: Formula, value_latex: Callable[[Value], str], position: int | None) -> int:
    """The offset in the text of a position in the expanded LaTeX; for one inside a value, that of the value.

    Args:
        formula: from a `Text`.
        value_latex: what `expand` was given.
        position: index into what `expand` returned, or None for the formula's beginning.
    """
    if position is None:
        return formula.offset
    for piece, begin, is_value in _pieces(formula, value_latex):
        if position < len(piece):
            return formula._offsets[begin if is_value else begin + position]
        position -= len(piece)
    return formula._offsets[-1]


def html(
    text: Text, *, link: Callable[[Link], str], value: Callable[[Asked], str], math: Callable[[Formula], str]
) -> str:
    """The HTML of a text: sanitised, with values and formulas put in after that.

    Args:
        text: best without faults; what is refused is shown as plain text or left out, never as HTML.
        link: the address of a page of this site; asked for internal links only.
        value: trusted HTML of a value that stands outside math.
        math: trusted MathML of a formula.

    Returns:
        Paragraphs; for an inline text what stands inside one. Display math is in `<div class="formula">`, a table in
        `<div class="table">`, both for the style sheet to let scroll.
    """
    slots: list[str] = []

    def slot(trusted: str) -> str:
        slots.append(trusted)
        return f'<slot name="{len(slots) - 1}"></slot>'

    def rendered(part: Part) -> str:
        match part:
            case str():
                return part
            case Value() | Measured():
                return slot(value(part))
            case Formula():
                formula = slot(math(part))
                return f'<div class="formula">{formula}</div>' if part.display else formula
        to, title = part
        href = link(to) if to.internal else normalizeLink(to.target)
        named = f' title="{escape(title)}"' if title else ""
        rel = "" if to.internal else ' rel="noopener"'
        return f'<a href="{escape(href)}"{named}{rel}>'

    dirty = "".join(map(rendered, text._parts))
    return _SLOT.sub(lambda match: slots[int(match[1])], _CLEANER.clean(dirty))


def _parts(tokens: list[Token]) -> Iterator[Part]:
    """What each token is on the page."""
    for token in tokens:
        if token.type != "inline":
            yield _part(token)
            continue
        linked = False  # a refused link has no opening tag, so it must have no closing one
        for child in token.children or []:
            if child.type == "link_open":
                linked = "node" in child.meta
            if child.type != "link_close" or linked:
                yield _part(child)


def _part(token: Token) -> Part:
    node: Link | Asked | Formula | None = token.meta.get("node")
    if isinstance(node, Link):
        return node, str(token.attrs.get("title") or "")
    return _element(token) if node is None else node


def _merged(parts: Iterator[Part]) -> Iterator[Part]:
    """The parts, with neighbours that are HTML made one."""
    for is_html, run in groupby(parts, key=lambda part: isinstance(part, str)):
        if is_html:
            yield "".join(map(str, run))
        else:
            yield from run


def _element(token: Token) -> str:
    """The HTML of a token that asks for nothing: its tag when it is an allowed one, or its escaped text."""
    match token.type:
        case "softbreak":
            return "\n"
        case "hardbreak":
            return "<br>\n"
        case "hr":
            return "<hr>"
        case "fence":
            return f"<pre><code>{escape(token.content)}</code></pre>"
        case "code_inline":
            return f"<code>{escape(token.content)}</code>"
        case "table_open":
            return '<div class="table"><table>'
        case "table_close":
            return "</table></div>"
    if token.hidden or token.nesting == 0 or token.tag not in _TAGS or token.type == "link_open":
        return escape(token.content, quote=False)
    if token.nesting < 0:
        return f"</{token.tag}>"
    attributes = "".join(
        f' {name}="{escape(str(setting))}"' for name, setting in token.attrs.items() if name in ("start", "style")
    )
    return f"<{token.tag}{attributes}>"


def plain(text: Text, *, value: Callable[[Asked], str], math: Callable[[Formula], str]) -> str:
    """The text without any markup, on one line: for descriptions, feeds and search.

    Args:
        text: from `parse`.
        value: plain text of a value that stands outside math.
        math: plain text of a formula.
    """
    words: list[str] = []
    for token in _read(text.source, text.inline)[0] if text._parts else ():
        for piece in token.children or [token]:
            node = piece.meta.get("node")
            if isinstance(node, Value | Measured):
                words.append(value(node))
            elif isinstance(node, Formula):
                words.append(math(node))
            elif piece.type in ("softbreak", "hardbreak"):
                words.append(" ")
            elif not isinstance(node, Link):
                words.append(piece.content)
        if token.nesting < 0:
            words.append(" ")
    return " ".join("".join(words).split())
