"""What a YAML parser's error means to a person who does not know YAML, and how to read on as if it were corrected.

The parser says where it gave up and what it expected. The cause is told by the rows around that place. Lines and
columns count from 0 here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from digest.mending import Draft

Place: TypeAlias = tuple[int, int]

_KEY: Final = re.compile(r" *(?:- +)*([^\s#'\"\[{:-][^:]*?|'[^']*'|\"[^\"]*\"):(?= |$)")
_DASHES: Final = re.compile(r" *(?:- +)*")
_CONFLICT: Final = re.compile(r"<{7} |>{7} |={7}$")
_SPACELESS: Final = re.compile(r" *(?:- +)*[\w-]+:([^\S \n])")
_GLUED: Final = re.compile(r" *(?:- +)*([a-z_]+):(?=[^\s:/])")
_COLON: Final = "; put text that holds ': ' in quotes or in a | block"


@dataclass(frozen=True)
class Complaint:
    """What the parser says: where it gave up, where it had begun what it was reading, and the words for both."""

    place: Place
    problem: str
    begun: Place | None = None
    context: str = ""
    quoted: tuple[Place, Place] | None = None
    """Where the last value before it begins and ends, if that stands in quotes."""

    @property
    def words(self) -> str:
        """All of its words."""
        return " ".join(part for part in (self.context, self.problem) if part)


@dataclass(frozen=True)
class Fault:
    """A mistake where it stands. `mended`: the draft now reads as if it were corrected, and can be read again."""

    place: Place
    message: str
    mended: bool = False


def explain(complaint: Complaint, draft: Draft) -> Fault:
    """The mistake behind a complaint. Mends the draft where there is no doubt about what the writer will do."""
    rows = draft.rows
    conflict = next((number for number, row in enumerate(rows) if _CONFLICT.match(row)), None)
    if conflict is not None:
        rule = "git's mark of a conflict; keep what is right and remove the lines <<<<<<<, ======= and >>>>>>>"
        return Fault((conflict, 0), rule)
    for cause in (_unclosed, _colon, _in_brackets, _sign, _after_quote, _indentation):
        fault = cause(complaint, draft)
        if fault is not None:
            return Fault(fault.place, f"not valid YAML: {fault.message}", fault.mended)
    advice = ""
    if "block sequence entries are not allowed" in complaint.problem:
        advice = "; a list begins on a line of its own, and text that starts with '- ' needs quotes"
    elif "expected node content" in complaint.problem:
        advice = "; a value must stand here, before the sign that ends it"
    elif "mapping keys are not allowed" in complaint.problem:
        advice = "; put text that starts with '? ' in quotes"
    elif "expected <document start>" in complaint.problem:
        advice = "; all keys of the file begin in the same column, and nothing stands around them"
    return Fault(complaint.place, f"not valid YAML: {complaint.words}{advice}")


def _unclosed(complaint: Complaint, draft: Draft) -> Fault | None:
    """A key without its colon, or a quote without its end: the parser gives up far below, so it is named where it
    began to read.
    """
    expected = ("could not find expected ':'", "found unexpected end of stream")
    if complaint.begun is None or complaint.problem not in expected:
        return None
    line, column = complaint.begun
    if complaint.context == "while scanning a quoted scalar":
        rule = f"{complaint.words}; the quote that opens here needs its closing quote"
        return Fault((line, column), rule, _without_quote(draft, line, column))
    if complaint.context != "while scanning a simple key":
        return None
    if odd := _SPACELESS.match(draft.row(line)):
        rule = f"what follows the colon looks like a space and is U+{ord(odd[1]):04X}; type a plain space"
        return Fault((line, odd.start(1)), rule, draft.space(line, odd.start(1)))
    glued = _GLUED.match(draft.row(line))
    if glued and glued.start(1) == column:
        draft.put_space(line, glued.end(1) + 1)
        return Fault((line, column), f"a space is missing after the colon of {glued[1]!r}", mended=True)
    rule = "a key ends in ': ', and text on several lines is indented under its key"
    return Fault((line, column), f"{complaint.words}; {rule}")


def _colon(complaint: Complaint, draft: Draft) -> Fault | None:
    """A colon where no key can be: inside text, or after a key that stands too deep."""
    if "mapping values are not allowed" not in complaint.problem:
        return None
    line, column = complaint.place
    key = _KEY.match(draft.row(line))
    # Keys of ours are one word: a colon after several is in a text that goes on from the line above.
    if key is None or column >= key.end() or " " in key[1] or complaint.context:
        return Fault(complaint.place, complaint.words + _COLON, _as_text(draft, line, column))
    above = _holder(draft.rows, line, key.start(1))
    if above is None:
        return Fault(complaint.place, complaint.words + _COLON)
    number, name, _ = above
    rule = f"{key[1]!r} cannot be a key under the text on line {number + 1}"
    if name:
        rule = f"{key[1]!r} is indented deeper than {name!r} on line {number + 1}, whose value stands there already"
    advice = "; begin both in the same column, or" + _COLON.removeprefix(";")
    return Fault((line, key.start(1)), rule + advice)


def _holder(rows: Sequence[str], line: int, column: int) -> tuple[int, str, int] | None:
    """The nearest row above that begins before `column`, its key, empty if it has none, and the column of that."""
    for number in range(line - 1, -1, -1):
        row = rows[number]
        if row.strip() and not row.lstrip().startswith("#"):
            key = _KEY.match(row)
            begin = key.start(1) if key else len(row) - len(row.lstrip())
            if begin < column:
                return number, key[1] if key else "", begin
    return None


def _in_brackets(complaint: Complaint, draft: Draft) -> Fault | None:
    """Brackets or braces that do not end where they should."""
    if "while parsing a flow" not in complaint.context or complaint.begun is None:
        return None
    line, column = complaint.begun
    sign = draft.row(line)[column : column + 1]
    closing = {"[": "]", "{": "}"}.get(sign)
    if closing is None:
        return None
    place = complaint.place
    row = draft.row(place[0])
    key = _KEY.match(row)
    # A colon that ends the first word of a later row is that of a key, which the brackets should not hold.
    if row[place[1] : place[1] + 2] == ": " and not (key and key.end() > place[1] and place[0] > line):
        return Fault(place, complaint.words + _COLON.partition(" or ")[0], draft.stand_in(*place))
    if place[0] == line:
        advice = f"put text between {sign} and {closing} in quotes where it holds ', ', ': ', a quote or a bracket"
        return Fault(place, f"{complaint.words}; {advice}")
    return Fault((line, column), f"{complaint.words}; the {sign!r} that opens here needs its {closing!r}")


def _sign(complaint: Complaint, draft: Draft) -> Fault | None:
    """Text that begins with one of YAML's own signs, or a backslash in double quotes."""
    line, column = complaint.place
    if "escape" in complaint.problem:
        if complaint.begun and _swallows(draft.rows, complaint.begun[0], line):
            rule = "the quote that opens here needs its closing quote, before the keys below"
            return Fault(complaint.begun, rule, _without_quote(draft, *complaint.begun))
        # All of this row at once: they are one mistake.
        mended = [draft.stand_in(line, at) for at in escapes(draft.row(line), column)]
        rule = "write backslashes in single quotes or in a | block"
        if complaint.begun and complaint.begun[0] < line:
            # Perhaps the text is not meant to be in quotes at all.
            rule = f"the double quote opens on line {complaint.begun[0] + 1}; {rule}"
        return Fault((line, column), f"{complaint.words}; {rule}", any(mended))
    for context in ("a block scalar", "an alias", "an anchor", "a tag"):
        if context in complaint.context and complaint.begun is not None:
            line, column = complaint.begun
    sign = draft.row(line)[column : column + 1]
    # The mark of an alias or anchor is that of its name.
    if sign and sign in "@`%*&!|>":
        rule = f"{complaint.words}; put text that starts with {sign!r} in quotes"
        return Fault(complaint.place, rule, draft.stand_in(line, column))
    return None


def _swallows(rows: Sequence[str], line: int, end: int) -> bool:
    """Whether a text in quotes that opens on a line holds, up to `end`, a row that is a key beside its own."""
    key = _KEY.match(rows[line])
    own = key.start(1) if key else len(rows[line]) - len(rows[line].lstrip())
    keys = (_KEY.match(row) for row in rows[line + 1 : end + 1])
    return any(below and " " not in below[1] and below.start(1) <= own for below in keys)


def escapes(row: str, start: int, end: int | None = None) -> list[int]:
    """The columns of the backslashes before letters and digits in a row; not of a backslash that is itself escaped."""
    found = re.finditer(r"\\(?:([A-Za-z0-9])|.)", row[start:end])
    return [start + match.start() for match in found if match[1]]


def _after_quote(complaint: Complaint, draft: Draft) -> Fault | None:
    """Text after a closing quote or bracket."""
    if "did not find expected" not in complaint.problem or "while parsing a flow" in complaint.context:
        return None
    line = complaint.place[0]
    row = draft.row(line)
    if complaint.quoted and complaint.quoted[0][0] < complaint.quoted[1][0] == line:
        begin, end = complaint.quoted
        rule = f"the quote that opens here closes on line {end[0] + 1}, with text after it; close it where it ends"
        return Fault(begin, rule, _without_quote(draft, *begin))
    opened = re.match(r"""\s*(?:- +)*(?:[\w-]+: +)?(['"\[{])""", row)
    if opened is None or complaint.place[1] <= opened.start(1):
        return None
    sign = opened[1]
    advice = f"put text that starts with {sign!r} in quotes"
    if sign in "'\"":
        advice = "text after a closing quote belongs inside the quotes"
    return Fault(complaint.place, f"{complaint.words}; {advice}", _as_text(draft, line, opened.start(1)))


def _without_quote(draft: Draft, line: int, column: int) -> bool:
    """Whether the quote was taken for text, which is sound where the next row is a key of its own."""
    rows = draft.rows
    following = next((row for row in rows[line + 1 :] if row.strip()), None)
    own = len(rows[line]) - len(rows[line].lstrip())
    if following is not None:
        key = _KEY.match(following)
        if key is None or len(following) - len(following.lstrip()) > own:
            return False
    return _as_text(draft, line, column)


def _as_text(draft: Draft, line: int, column: int) -> bool:
    """Whether the sign at `column` counts as text now, and with it the colons and number signs in the rest of its row
    and in the rows in which the text goes on: they will stand in quotes together.
    """
    key = _KEY.match(draft.row(line))
    begin = key.start(1) if key and " " not in key[1] else len(draft.row(line)) - len(draft.row(line).lstrip())
    if key and (" " in key[1] or key.end() > column) and (above := _holder(draft.rows, line, begin)):
        begin = above[2]
    for number in range(line, len(draft.rows)):
        row = draft.rows[number]
        if number > line and row.strip() and len(row) - len(row.lstrip()) <= begin:
            break
        for inner in [*re.finditer(r":(?= |$)|(?<= )#", row)]:
            if number > line or inner.start() > column:
                draft.stand_in(number, inner.start())
    return draft.stand_in(line, column)


def _indentation(complaint: Complaint, draft: Draft) -> Fault | None:
    """A row that begins in a column where nothing above it begins, or that is of another kind than its siblings."""
    if "did not find expected" not in complaint.problem or "flow" in complaint.context:
        return None
    line = complaint.place[0]
    row = draft.row(line)
    if not row.strip() or complaint.place[1] > len(row) - len(row.lstrip()):
        return None
    begin = len(row) - len(row.lstrip())
    key = _KEY.match(row)
    if key is None and not row.lstrip().startswith("- "):
        rule = "text on several lines is indented under its key, each line at least as far as the first"
        return Fault(complaint.place, f"{complaint.words}; {rule}")
    columns = _columns(draft.rows[:line])
    if "<document start>" in complaint.problem:
        if begin in columns:
            return None
        rule = f"this line begins in column {begin + 1} and the file in column {min(columns, default=0) + 1}"
        return Fault(complaint.place, f"{rule}; all its keys begin in column 1")
    if begin not in columns:
        known = " or ".join(str(column + 1) for column in sorted(columns))
        rule = f"this line begins in column {begin + 1}, where nothing above it begins; move it to column {known}"
        return Fault(complaint.place, rule)
    rule = "the entries of a list begin with '- ' and the keys of a mapping do not; one place holds only one of the two"
    return Fault(complaint.place, f"{complaint.words}; {rule}")


def _columns(rows: Sequence[str]) -> set[int]:
    """The columns in which a further key or entry could begin after the rows."""
    columns: set[int] = set()
    least: int | None = None
    for row in reversed(rows):
        if not row.strip() or row.lstrip().startswith("#"):
            continue
        begin = len(row) - len(row.lstrip())
        key = _KEY.match(row)
        if least is not None and begin >= least:
            continue
        if key is None and not row.lstrip().startswith("- "):
            continue  # a row of a text
        least = begin
        columns |= {begin, *([key.start(1)] if key else [])}
    return columns
