"""The Markdown that contributors write: CommonMark and tables, with `$math$` and `[[values]]`.

markdown-it-py keeps line numbers only. The rules here are its own rules, wrapped so that tokens also say at which
character of the text they begin: a token made inside a line carries `meta["at"]`, an index into the text of its
`inline` token, and an `inline` token carries `meta["offsets"]`, which turns such an index into an offset of the source.
Whatever is refused becomes a token of type `fault` with `meta["message"]`, so that parsing always runs to the end.
"""

import re
from collections.abc import Callable
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, heading, html_block, lheading, paragraph, table
from markdown_it.rules_inline import StateInline, autolink, escape, html_inline, image, link

BlockRule = Callable[[StateBlock, int, int, bool], bool]
InlineRule = Callable[[StateInline, bool], bool]

VALUE: Final = re.compile(r"\[\[([^\[\]]*)\]\]")
# A dollar opens math unless a space follows it or a digit touches it from outside, so that "$5 and $6" stays money.
_MATH: Final = re.compile(r"(?<!\d)\$(?![\s$])((?:\\.|[^$\\])+)(?<!\s)\$(?![\d$])", re.DOTALL)
_MONEY: Final = re.compile(r"\$\d[\d.,]*(?:\s?(?:[kKMB]|bn|million|billion|trillion)\b)?(?=[\s.,;:!?)\]–—-]|$)")
# "$5 or $6" and "$5 or 6$" are prose: a price and then a word.
_PRICE: Final = re.compile(_MONEY.pattern + r"\s+[A-Za-z]{2,}\b")
# In a table a bar ends the cell, except inside math and values, where it has its own meaning.
_BARRED: Final = re.compile(r"\\.|(" + VALUE.pattern + "|" + _MATH.pattern + ")")
_BAR_MASK: Final = "\0"  # never in the text: `markup.parse` replaces control characters before
_UNMADE_LINK: Final = re.compile(r"\] ?\(\s*<?(?:[A-Za-z][A-Za-z0-9+.-]*:|/|www\.)")
_LATEX_COMMAND: Final = re.compile(r"\\[A-Za-z]+")
_DEFINITION: Final = re.compile(r"\[[^\]\n]+\]:(?=\s|$)")
_BREAKING: Final = ["paragraph", "reference", "blockquote", "list"]

STRAY_DOLLAR: Final = (
    "this dollar sign opens no math; math is $x$ with no space inside the dollars and no digit outside touching them, "
    "and a plain dollar sign is \\$"
)
STRAY_DISPLAY: Final = (
    "display math stands on lines of its own: $$ first on its line, the closing $$ last on its line, no blank line "
    "between"
)
STRAY_VALUE: Final = (
    "[[ opens a value such as [[scaling-exponent degree=1 loss_order=2]] and needs its ]]; a plain bracket is \\["
)
STRAY_LINK: Final = (
    "this is no link; a link is [text](address): no space between ] and (, none in the address, "
    "no link or value in its text"
)
DEFINITION: Final = "link definitions are not read; write [text](address) where the link is"


def _place_line_rule(rule: BlockRule) -> BlockRule:
    """The rule, whose tokens also say where they begin."""

    def placed(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        made = len(state.tokens)
        if not rule(state, start, end, silent):
            return False
        for token in state.tokens[made:]:
            if token.type == "inline" and token.map:
                token.meta["offsets"] = _line_offsets(state, token.content, token.map[0])
            elif token.type in ("heading_open", "html_block"):
                token.meta["offset"] = state.bMarks[start] + state.tShift[start]
        return True

    return placed


def _line_offsets(state: StateBlock, content: str, first_line: int) -> list[int]:
    """Offsets in the source of each character of a paragraph's content, and of its end.

    Each line of the content is a line of the source without what its containers put before it, so its first visible
    character fixes all others.
    """
    offsets: list[int] = []
    for number, line in enumerate(content.split("\n"), first_line):
        indent = len(line) - len(line.lstrip())
        begin = state.bMarks[number] + state.tShift[number]
        begin = max(begin, state.src.find(line.lstrip(), begin)) - indent
        places = range(begin, begin + len(line) + 1)
        offsets += places if begin >= state.bMarks[number] else (max(state.bMarks[number], place) for place in places)
    return offsets


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The table rule on a text whose bars inside math and values do not count."""
    source = state.src
    # The line after a table's head begins so; almost no line does, and this is asked at each line of a paragraph.
    if start + 1 >= end:
        return False
    second = state.bMarks[start + 1] + state.tShift[start + 1]
    if source[second : second + 1] not in ("|", "-", ":"):
        return False
    if "masked" not in state.env:
        state.env["masked"] = _BARRED.sub(
            lambda match: match[0].replace("|", _BAR_MASK) if match[1] else match[0], source
        )
    masked = state.src = state.env["masked"]
    made = len(state.tokens)
    try:
        found = table(state, start, end, silent)
    finally:
        state.src = source
    cursor, row = 0, -1
    for token in state.tokens[made:]:
        if token.type != "inline" or not token.map:
            continue
        if token.map[0] != row:
            row = token.map[0]
            cursor = state.bMarks[row] + state.tShift[row]
        offsets = []
        # A bar that is left in a cell was written \|.
        cell = masked.find(token.content.replace("|", "\\|"), cursor)
        cursor = cell if cell >= 0 else cursor
        for char in token.content:
            cursor += char == "|"
            offsets.append(cursor)
            cursor += 1
        token.meta["offsets"] = [*offsets, cursor]
        token.content = token.content.replace(_BAR_MASK, "|")
    return found


def _display_math(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Display math: `$$` first on a line, the closing `$$` last on the same or a later line."""
    begin = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith("$$", begin):
        return False
    begin += 2
    pieces: list[str] = []
    offsets: list[int] = []
    for line in range(start, end):
        if line > start:
            begin = state.bMarks[line] + state.tShift[line]
            if state.sCount[line] < state.blkIndent:
                return False
        text = state.src[begin : state.eMarks[line]]
        if line > start and not text.strip():
            return False
        body, closing, after = text.partition("$$")
        pieces.append(body)
        offsets += range(begin, begin + len(body) + 1)
        if not closing:
            continue
        if after.strip() or not "".join(pieces).strip():
            return False
        if not silent:
            token = state.push("formula_block", "math", 0)
            token.content = "\n".join(pieces)
            token.map = [start, line + 1]
            token.meta["offsets"] = offsets
            state.line = line + 1
        return True
    return False


def _definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A link definition, which is refused: where it stands nobody sees where the link goes."""
    begin = state.bMarks[start] + state.tShift[start]
    if silent or not _DEFINITION.match(state.src, begin):
        return False
    token = state.push("fault", "", 0)
    token.meta = {"offset": begin, "message": DEFINITION}
    state.line = start + 1
    return True


def _place_inline_rule(rule: InlineRule, kind: str) -> InlineRule:
    """The rule, whose first token of the kind also says where it begins."""

    def placed(state: StateInline, silent: bool) -> bool:
        begin, made = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        if not silent:
            next(token for token in state.tokens[made:] if token.type == kind).meta["at"] = begin
        return True

    return placed


def _refuse(state: StateInline, message: str, text: str) -> bool:
    """True, after leaving a fault in the tokens and the text as it stands."""
    token = state.push("fault", "", 0)
    token.meta = {"at": state.pos, "message": message}
    token.markup = text
    state.append_pending(text)
    state.pos += len(text)
    return True


def _math(state: StateInline, silent: bool) -> bool:
    """Math between single dollars, or the fault of a dollar that opens none."""
    if state.src[state.pos] != "$":
        return False
    price = _PRICE.match(state.src, state.pos, state.posMax)
    match = None if price else _MATH.match(state.src, state.pos, state.posMax)
    if match:
        if not silent:
            token = state.push("formula", "math", 0)
            token.content = match[1]
            token.meta["at"] = match.start(1)
        state.pos = match.end()
        return True
    before, after = state.src[: state.pos][-1:], state.src[state.pos + 1 : state.posMax][:1]
    double = after == "$"
    money = _MONEY.match(state.src, state.pos, state.posMax) or (before.isdigit() and not after.isalnum())
    if silent or (money and not double):
        return False
    return _refuse(state, STRAY_DISPLAY, "$$") if double else _refuse(state, STRAY_DOLLAR, "$")


def _value(state: StateInline, silent: bool) -> bool:
    """A calculator's value between double brackets, or the fault of brackets that do not close."""
    if not state.src.startswith("[[", state.pos, state.posMax):
        return False
    match = VALUE.match(state.src, state.pos, state.posMax)
    if match:
        if not silent:
            token = state.push("value", "", 0)
            token.content = match[1]
            token.meta["at"] = state.pos
        state.pos = match.end()
        return True
    return False if silent else _refuse(state, STRAY_VALUE, "[[")


def _escape(state: StateInline, silent: bool) -> bool:
    r"""A backslash escape; `\alpha` in plain text is a formula whose dollars were forgotten."""
    command = _LATEX_COMMAND.match(state.src, state.pos, state.posMax)
    if command and not silent:
        message = f"{command[0]} stands outside math; write ${command[0]}$, or `{command[0]}` to show the letters"
        return _refuse(state, message, command[0])
    return escape(state, silent)


def _unmade_link(state: StateInline, silent: bool) -> bool:
    """The fault of what looks like a link and is shown as typed: real links never come here with their bracket."""
    if silent or not _UNMADE_LINK.match(state.src, state.pos, state.posMax):
        return False
    return _refuse(state, STRAY_LINK, "]")


def _dialect() -> MarkdownIt:
    """The parser of contributors' Markdown."""
    markdown = MarkdownIt("commonmark").enable("table")
    # Text that happens to be indented by four spaces in YAML is a slip, not a program; programs are fenced.
    markdown.disable("code")
    # Links are judged when their tokens are read, so that a refused one is named instead of shown as text.
    markdown.validateLink = lambda url: True  # type: ignore[method-assign]
    markdown.normalizeLink = lambda url: url  # type: ignore[method-assign]
    markdown.normalizeLinkText = lambda link: link  # type: ignore[method-assign]

    block = markdown.block.ruler
    block.at("table", _table, {"alt": ["paragraph", "reference"]})
    block.at("reference", _definition)
    block.at("html_block", _place_line_rule(html_block), {"alt": ["paragraph", "reference", "blockquote"]})
    block.at("heading", _place_line_rule(heading), {"alt": ["paragraph", "reference", "blockquote"]})
    block.at("lheading", _place_line_rule(lheading))
    block.at("paragraph", _place_line_rule(paragraph))
    block.before("fence", "formula_block", _display_math, {"alt": _BREAKING})

    line = markdown.inline.ruler
    line.at("escape", _escape)
    line.at("link", _place_inline_rule(link, "link_open"))
    line.at("image", _place_inline_rule(image, "image"))
    line.at("autolink", _place_inline_rule(autolink, "link_open"))
    line.at("html_inline", _place_inline_rule(html_inline, "html_inline"))
    line.before("escape", "formula", _math)
    line.before("link", "value", _value)
    line.before("link", "unmade_link", _unmade_link)
    return markdown


# One parser for all texts: nothing of a text stays in it, and building it costs more than parsing a paragraph.
DIALECT: Final = _dialect()
