"""YAML text -> plain data and the position of every value. The only module that imports yaml.

A deliberately small YAML: mappings, lists and text. Every scalar stays the text that was typed (so that `NO`,
`2001.08360` and `2021-02-30` are not turned into something else); the model asks for the few other types. Anchors,
aliases, tags and several documents in one file are refused: nothing here needs them, and they hide what a file says.
The tree is built from the parser's events with a stack of our own, so that depth is a rule and not a crash.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from digest.problems import Mark, Problem

Data: TypeAlias = "str | list[Data] | dict[str, Data] | None"
Keys: TypeAlias = tuple[str | int, ...]

LARGEST_FILE = 256 * 1024  # [bytes]; the longest real item has about 25 kB
DEEPEST = 12  # nested mappings and lists; the model needs 5

# Control characters other than newline (and tab, which has a message of its own), and the characters that reorder
# text on screen so that a reviewer reads something else than what is there (CVE-2021-42574).
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff]"
)
_CONFLICT = re.compile(r"<{7} |>{7} |={7}$")
_CUT_BY_COMMENT = re.compile(r"[ ]+(#\S+)")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser where the wheel has it; events are the same


@dataclass(frozen=True, slots=True)
class Scalar:
    """Where a text stands in the file, so that a place inside the text has a line and a column."""

    mark: Mark
    indent: int | None = None  # of a literal block: columns before its text; None: not a literal block
    quote: int | None = None  # of text on one line: characters between the mark and the text; None: on several

    def at(self, text: str, offset: int) -> Mark:
        """The position in the file of the character at `offset` of `text`.

        Valid for: exact in literal blocks (`|`) and in text on one line; the start of the text for folded ones,
        where YAML has moved the line breaks.
        """
        before = text[:offset]
        if self.indent is not None:
            lines = before.split("\n")
            return Mark(self.mark.path, self.mark.line + len(lines), self.indent + len(lines[-1]) + 1)
        if self.quote is None:
            return self.mark
        return Mark(self.mark.path, self.mark.line, self.mark.column + self.quote + len(before))


@dataclass(frozen=True)
class Document:
    """One file: its data, and where each value and each key stands. `path` is the path shown to people."""

    path: str
    data: Data
    values: Mapping[Keys, Mark] = field(repr=False)
    keys: Mapping[Keys, Mark] = field(repr=False)
    scalars: Mapping[Keys, Scalar] = field(repr=False)

    def mark(self, keys: Keys = ()) -> Mark:
        """Where the value at `keys` stands, or the nearest value around it that exists."""
        while keys and keys not in self.values:
            keys = keys[:-1]
        return self.values.get(keys, Mark(self.path))

    def key_mark(self, keys: Keys) -> Mark:
        """Where the key of the value at `keys` stands, or the value itself in a list."""
        return self.keys.get(keys) or self.mark(keys)

    def mark_in(self, keys: Keys, text: str, offset: int) -> Mark:
        """Where the character at `offset` of the text at `keys` stands."""
        scalar = self.scalars.get(keys)
        return scalar.at(text, offset) if scalar else self.mark(keys)

    def problem(self, keys: Keys, message: str) -> Problem:
        """A problem at the value that `keys` leads to."""
        return Problem(self.mark(keys), message)


class _RefusedError(Exception):
    """Reading stops here: the rest of the file could not be trusted to mean what it says."""

    def __init__(self, mark: Mark, message: str) -> None:
        self.problem = Problem(mark, message)


@dataclass
class _Node:
    """A mapping or list while its events arrive."""

    keys: Keys
    data: list[Data] | dict[str, Data]
    key: str | None = None
    ignored: bool = False  # the value of a duplicate key: read, checked, not kept


def read(file: Path, shown: str) -> tuple[Document | None, tuple[Problem, ...]]:
    """The document in `file`, or None and every problem that reading it gave.

    Args:
        file: the YAML file.
        shown: its path as contributors know it, used in every mark.
    """
    try:
        size = file.stat().st_size
        if size > LARGEST_FILE:
            rule = f"file must have at most {LARGEST_FILE // 1024} kB; got {size // 1024} kB"
            return None, (Problem(Mark(shown), rule),)
        raw = file.read_bytes()
    except OSError as error:
        return None, (Problem(Mark(shown), f"file could not be read: {(error.strerror or 'unknown error').lower()}"),)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        rule = f"file must be UTF-8 text; got the byte 0x{raw[error.start]:02x}"
        return None, (Problem(Mark(shown, line), rule),)
    return parse(text, shown)


def parse(text: str, shown: str) -> tuple[Document | None, tuple[Problem, ...]]:
    """The document in `text`, or None and every problem. `shown` as in `read`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return None, (Problem(Mark(shown), "file is empty"),)
    unseen = tuple(_unseen(text, shown))
    if unseen:
        return None, unseen
    builder = _Builder(text, shown)
    event: yaml.Event | None = None
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except _RefusedError as refused:
        builder.problems.append(refused.problem)
    except yaml.MarkedYAMLError as error:
        builder.problems.append(_syntax(error, text, shown, event))
    except yaml.YAMLError as error:  # pragma: no cover - the reader's errors are caught by _unseen
        builder.problems.append(Problem(Mark(shown), f"not valid YAML: {str(error).splitlines()[0]}"))
    if builder.problems:
        return None, tuple(sorted(builder.problems))
    if builder.root in (None, [], {}):
        return None, (Problem(Mark(shown), "file has no values, only comments"),)
    return Document(shown, builder.root, builder.values, builder.key_marks, builder.scalars), ()


def _unseen(text: str, shown: str) -> Iterator[Problem]:
    """A problem for each tab and each character that cannot be seen."""
    for number, line in enumerate(text.split("\n"), 1):
        tab = line.find("\t")
        if tab >= 0:
            yield Problem(Mark(shown, number, tab + 1), "tab character; use spaces")
        for match in _UNSEEN.finditer(line):
            name = f"U+{ord(match.group()):04X}"
            yield Problem(Mark(shown, number, match.start() + 1), f"invisible or control character {name}; remove it")


def _syntax(error: yaml.MarkedYAMLError, text: str, shown: str, last: yaml.Event | None) -> Problem:
    """A parser's error in words that a person who does not know YAML can act on.

    Args:
        error: what the parser says.
        text: all of the file.
        shown: its path as contributors know it.
        last: the parser's last event, None before the first.
    """
    line, column = _place(error.problem_mark or error.context_mark)
    rows = text.split("\n")
    conflict = next((number for number, row in enumerate(rows, 1) if _CONFLICT.match(row)), None)
    if conflict is not None:
        rule = "git's mark of a conflict; keep what is right and remove the lines <<<<<<<, ======= and >>>>>>>"
        return Problem(Mark(shown, conflict), rule)
    words = " ".join(part for part in (error.context, error.problem) if part)
    # Where the parser gives up can be far below the mistake: these two begin where it began to read.
    begun = {
        "while scanning a simple key": "; a key ends in ': ', and text on several lines is indented under its key",
        "while scanning a quoted scalar": "; the quote that opens here needs its closing quote",
    }.get(error.context or "")
    if begun and error.problem in ("could not find expected ':'", "found unexpected end of stream"):
        line, column = _place(error.context_mark)
        return Problem(Mark(shown, line + 1, column + 1), f"not valid YAML: {words}{begun}")
    row = rows[line] if line < len(rows) else ""
    advice = ""
    expected = "did not find expected" in (error.problem or "")
    if expected and isinstance(last, yaml.ScalarEvent) and last.style in ("'", '"'):
        first, ends = _place(last.start_mark), _place(last.end_mark)
        if first[0] < ends[0]:
            rule = f"the quote that opens here closes on line {ends[0] + 1}, with text after it; close it where it ends"
            return Problem(Mark(shown, first[0] + 1, first[1] + 1), f"not valid YAML: {rule}")
    if error.problem and "mapping values are not allowed" in error.problem:
        advice = "; put text that holds ': ' in quotes or in a | block"
    elif error.problem and "block sequence entries are not allowed" in error.problem:
        advice = "; a list begins on a line of its own, and text that starts with '- ' needs quotes"
    elif row[column : column + 1] in ("@", "`", "%", "*", "&", "!"):
        advice = f"; put text that starts with {row[column]!r} in quotes"
    elif error.problem and "escape" in error.problem:
        advice = "; write backslashes in single quotes or in a | block"
    elif expected and re.search(r"""^\s*(- )?([\w-]+: )?['"]""", row):
        advice = "; text after a closing quote belongs inside the quotes"
    elif expected and (opened := re.search(r"^\s*(?:- )?(?:[\w-]+: )?([\[{])", row)):
        advice = f"; put text that starts with {opened[1]!r} in quotes"
    return Problem(Mark(shown, line + 1, column + 1), f"not valid YAML: {words}{advice}")


class _Builder:
    """Data and positions, from the parser's events, one at a time."""

    def __init__(self, text: str, shown: str) -> None:
        self.text = text
        self.lines: Sequence[str] = text.split("\n")
        self.shown = shown
        self.root: Data = None
        self.values: dict[Keys, Mark] = {}
        self.key_marks: dict[Keys, Mark] = {}
        self.scalars: dict[Keys, Scalar] = {}
        self.problems: list[Problem] = []
        self._stack: list[_Node] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Record one event.

        Raises:
            _RefusedError: what follows cannot be read on.
        """
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise _RefusedError(self._mark(event), "file must hold one document; remove the second '---'")
            case yaml.AliasEvent():
                raise _RefusedError(self._mark(event), f"alias '*{event.anchor}' is not allowed; write the value out")
            case yaml.ScalarEvent():
                self._no_anchor_or_tag(event)
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._no_anchor_or_tag(event)
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._stack.pop()

    def _mark(self, event: yaml.Event) -> Mark:
        line, column = _place(event.start_mark)
        return Mark(self.shown, line + 1, column + 1)

    def _no_anchor_or_tag(self, event: yaml.NodeEvent) -> None:
        if event.anchor:
            raise _RefusedError(self._mark(event), f"anchor '&{event.anchor}' is not allowed; write the value out")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag:
            raise _RefusedError(self._mark(event), f"tag '{event.tag}' is not allowed; plain text is all that is read")

    def _open(self, event: yaml.Event) -> None:
        if len(self._stack) >= DEEPEST:
            raise _RefusedError(self._mark(event), f"nested too deeply: at most {DEEPEST} levels")
        parent = self._stack[-1] if self._stack else None
        if parent is not None and isinstance(parent.data, dict) and parent.key is None:
            raise _RefusedError(self._mark(event), "a key must be plain text; got a list or a mapping")
        data: list[Data] | dict[str, Data] = {} if isinstance(event, yaml.MappingStartEvent) else []
        keys, ignored = self._place(data, self._mark(event))
        self._stack.append(_Node(keys, data, ignored=ignored))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        parent = self._stack[-1] if self._stack else None
        mark = self._mark(event)
        if parent is not None and isinstance(parent.data, dict) and parent.key is None:
            self._key(parent, event.value, mark)
            return
        plain = event.style in (None, "")
        value = None if plain and event.value == "" else event.value
        keys, ignored = self._place(value, mark)
        if not ignored:
            self.scalars[keys] = self._located(event, mark)
        self._inspect(event, mark, plain)

    def _key(self, parent: _Node, key: str, mark: Mark) -> None:
        parent.key = key
        path = (*parent.keys, key)
        if key in parent.data and not parent.ignored:
            first = self.key_marks[path].line
            self.problems.append(Problem(mark, f"duplicate key {key!r}; it is already on line {first}"))
        elif not parent.ignored:
            self.key_marks[path] = mark
        if key == "<<":
            raise _RefusedError(mark, "merge key '<<' is not allowed; write the values out")

    def _place(self, value: Data, mark: Mark) -> tuple[Keys, bool]:
        """The path at which `value` was put into the tree, and whether it was ignored as a duplicate."""
        if not self._stack:
            self.root = value
            self.values[()] = mark
            return (), False
        parent = self._stack[-1]
        ignored = parent.ignored
        if isinstance(parent.data, list):
            keys: Keys = (*parent.keys, len(parent.data))
            parent.data.append(value)
        else:
            key = parent.key
            assert key is not None  # _key has run for it
            keys = (*parent.keys, key)
            ignored = ignored or key in parent.data
            if not ignored:
                parent.data[key] = value
            parent.key = None
        if not ignored:
            self.values[keys] = mark
        return keys, ignored

    def _located(self, event: yaml.ScalarEvent, mark: Mark) -> Scalar:
        if event.style == "|":
            for line in self.lines[mark.line :]:
                if line.strip():
                    return Scalar(mark, indent=len(line) - len(line.lstrip(" ")))
            return Scalar(mark, indent=0)
        if event.style == ">" or _place(event.end_mark)[0] + 1 != mark.line:
            return Scalar(mark)
        return Scalar(mark, quote=1 if event.style in ("'", '"') else 0)

    def _inspect(self, event: yaml.ScalarEvent, mark: Mark, plain: bool) -> None:
        """Two traps that YAML springs without a word: an escape that eats a backslash, a comment that eats text."""
        hidden = _UNSEEN.search(event.value) or ("\t" in event.value and re.search("\t", event.value))
        if hidden:
            name = f"U+{ord(hidden.group()):04X}"
            advice = "double quotes turn a backslash into it; write LaTeX in single quotes or in a | block"
            self.problems.append(Problem(mark, f"control character {name} in the text; {advice}"))
        line, column = _place(event.end_mark)
        cut = _CUT_BY_COMMENT.match(self.lines[line], column) if plain and line < len(self.lines) else None
        if cut:
            rule = f"{cut[1]!r} starts a comment and is cut from the text; put the text in quotes"
            self.problems.append(Problem(Mark(self.shown, line + 1, cut.start(1) + 1), rule))


def _place(mark: Any) -> tuple[int, int]:
    """Line and column from 0 of a parser's mark; the C and the Python parser have classes of their own for it."""
    return (mark.line, mark.column) if mark else (0, 0)
