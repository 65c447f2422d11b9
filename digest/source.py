"""YAML text -> plain data and the position of every value. The only module that imports yaml.

A deliberately small YAML: mappings, lists and text. Every scalar stays the text that was typed (so that `NO`,
`2001.08360` and `2021-02-30` are not turned into something else); the model asks for the few other types. Anchors,
aliases, tags and several documents in one file are refused: nothing here needs them, and they hide what a file says.
The tree is built from the parser's events with a stack of our own, so that depth is a rule and not a crash.

A mistake does not hide those behind it: where it is plain what will stand there once it is corrected, the file is read
as if it stood there already (`mending`, `syntax`).
"""

import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from digest.mending import UNSEEN, Draft, doubtful, restored
from digest.problems import Mark, Problem
from digest.syntax import Complaint, Fault, escapes, explain

Data: TypeAlias = "str | list[Data] | dict[str, Data] | None"
Keys: TypeAlias = tuple[str | int, ...]

LARGEST_FILE = 256 * 1024  # [bytes]; the longest real item has about 25 kB
DEEPEST = 12  # nested mappings and lists; the model needs 5
MOST_MENDINGS = 50  # each costs one more reading of the file

_CUT_BY_COMMENT = re.compile(r"[ ]+(#\S+)")
# What double quotes turn into a character that nobody sees: "\alpha" rings a bell, "\nu" begins a new line.
_ESCAPED_LINE = re.compile(r"\\[nNLPr](?=[a-z])")
_NO_UTF8 = re.compile("[\ud800-\udfff]")
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
    """One file: its data, and where each value and each key stands. `path` is the path shown to people.

    The last three are empty for a file without problems: values of which it is not known what they should be, mappings
    that may have further keys, and keys that are given more than once, of which only the first is in the data.
    """

    path: str
    data: Data
    values: Mapping[Keys, Mark] = field(repr=False)
    keys: Mapping[Keys, Mark] = field(repr=False)
    scalars: Mapping[Keys, Scalar] = field(repr=False)
    draft: Draft | None = field(default=None, repr=False)
    doubtful: frozenset[Keys] = frozenset()
    incomplete: frozenset[Keys] = frozenset()
    repeated: frozenset[Keys] = frozenset()

    def mark(self, keys: Keys = ()) -> Mark:
        """Where the value at `keys` stands, or the nearest value around it that exists."""
        while keys and keys not in self.values:
            keys = keys[:-1]
        return self._typed(self.values.get(keys, Mark(self.path)))

    def key_mark(self, keys: Keys) -> Mark:
        """Where the key of the value at `keys` stands, or the value itself in a list."""
        return self._typed(self.keys[keys]) if keys in self.keys else self.mark(keys)

    def mark_in(self, keys: Keys, text: str, offset: int) -> Mark:
        """Where the character at `offset` of the text at `keys` stands."""
        scalar = self.scalars.get(keys)
        return self._typed(scalar.at(text, offset)) if scalar else self.mark(keys)

    def problem(self, keys: Keys, message: str) -> Problem:
        """A problem at the value that `keys` leads to."""
        return Problem(self.mark(keys), message)

    def _typed(self, mark: Mark) -> Mark:
        return _typed(mark, self.draft)


def _typed(mark: Mark, draft: Draft | None) -> Mark:
    """The place in the file of a place in the mended text."""
    if draft is None:
        return mark
    line, column = draft.place(mark.line - 1, mark.column - 1)
    return Mark(mark.path, line + 1, column + 1)


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
    """The document in `file`, and every problem that reading it gave. None: it cannot be read to its end.

    A document with problems is what the file will hold when they are corrected, as far as that is known; so the rules
    for its values find the other mistakes in the same run.

    Args:
        file: the YAML file.
        shown: its path as contributors know it, used in every mark.
    """
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            # A device or a pipe would be read without an end.
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "a device or pipe"
            return None, (Problem(Mark(shown), f"this name is for a file with YAML; got {what}"),)
        if status.st_size > LARGEST_FILE:
            rule = f"file must have at most {LARGEST_FILE // 1024} kB; got {status.st_size // 1024} kB"
            return None, (Problem(Mark(shown), rule),)
        raw = file.read_bytes()
    except OSError as error:
        return None, (Problem(Mark(shown), f"file could not be read: {(error.strerror or 'unknown error').lower()}"),)
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or raw.count(0) > len(raw) // 4:
        rule = "file must be UTF-8 text; got UTF-16, or no text at all; save it as UTF-8"
        return None, (Problem(Mark(shown), rule),)
    text = raw.decode("utf-8-sig", "surrogateescape")
    document, problems = parse(_NO_UTF8.sub("\N{REPLACEMENT CHARACTER}", text), shown)
    return document, tuple(sorted({*problems, *_no_utf8(text, shown)}))


def _no_utf8(text: str, shown: str) -> Iterator[Problem]:
    """A problem for each line of a text, decoded with `surrogateescape`, that holds bytes which are not UTF-8."""
    for number, line in enumerate(re.split("\r\n|\r|\n", text), 1):
        if byte := _NO_UTF8.search(line):
            rule = f"file must be UTF-8 text; got the byte 0x{ord(byte[0]) - 0xDC00:02x}"
            yield Problem(Mark(shown, number, byte.start() + 1), rule)


def parse(text: str, shown: str) -> tuple[Document | None, tuple[Problem, ...]]:
    """The document in `text`, and every problem. `shown` and what comes back as in `read`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return None, (Problem(Mark(shown), "file is empty"),)
    draft = Draft(text)
    problems = {Problem(Mark(shown, line + 1, column + 1), rule) for line, column, rule in draft.unseen()}
    builder = _Builder(draft, shown)
    for _ in range(MOST_MENDINGS):
        builder = _Builder(draft, shown)
        fault = _build(builder)
        problems |= {Problem(_typed(problem.mark, draft), problem.message) for problem in builder.problems}
        if builder.mended and not (fault and fault.mended):
            continue
        if fault is None:
            break
        line, column = fault.place
        if fault.mended or not draft.indented_oddly(line):
            problems.add(Problem(_typed(Mark(shown, line + 1, column + 1), draft), fault.message))
        if not fault.mended:
            return None, tuple(sorted(problems))
    else:
        return None, tuple(sorted(problems))
    if builder.root in (None, [], {}):
        problems = problems or {Problem(Mark(shown), "file has no values, only comments")}
        return None, tuple(sorted(problems))
    document = Document(
        shown,
        builder.root,
        builder.values,
        builder.key_marks,
        builder.scalars,
        draft if problems else None,
        frozenset(builder.doubtful),
        frozenset(builder.incomplete),
        frozenset(builder.repeated),
    )
    return document, tuple(sorted(problems))


def _build(builder: "_Builder") -> Fault | None:
    """The mistake that ended the reading, already mended where that can be done; None when all was read."""
    last: yaml.Event | None = None
    draft = builder.draft
    try:
        for event in yaml.parse(draft.text, Loader=_LOADER):
            builder.take(event)
            last = event
    except _RefusedError as refused:
        return Fault((refused.problem.mark.line - 1, refused.problem.mark.column - 1), refused.problem.message)
    except yaml.MarkedYAMLError as error:
        quoted = None
        if isinstance(last, yaml.ScalarEvent) and last.style in ("'", '"'):
            quoted = _place(last.start_mark), _place(last.end_mark)
        complaint = Complaint(
            _place(error.problem_mark or error.context_mark),
            error.problem or "",
            _place(error.context_mark) if error.context_mark else None,
            error.context or "",
            quoted,
        )
        return explain(complaint, draft)
    except yaml.YAMLError as error:  # pragma: no cover - the reader's errors are about characters that are left out
        return Fault((0, 0), f"not valid YAML: {str(error).splitlines()[0]}")
    return None


class _Builder:
    """Data and positions, from the parser's events, one at a time."""

    def __init__(self, draft: Draft, shown: str) -> None:
        self.draft = draft
        self.lines: Sequence[str] = draft.rows
        self.shown = shown
        self.root: Data = None
        self.values: dict[Keys, Mark] = {}
        self.key_marks: dict[Keys, Mark] = {}
        self.scalars: dict[Keys, Scalar] = {}
        self.problems: list[Problem] = []
        self.mended = False  # the draft reads differently now
        self.doubtful: set[Keys] = set()
        self.incomplete: set[Keys] = set()
        self.repeated: set[Keys] = set()
        self._ended = False
        self._stack: list[_Node] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Record one event.

        Raises:
            _RefusedError: what follows cannot be read on.
        """
        if self._ended:
            return
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._ended = True
                    self._problem(event, "file must hold one document; remove the second '---'")
            case yaml.AliasEvent():
                if self._at_key():
                    raise _RefusedError(self._mark(event), "a key must be plain text; got an alias")
                self._problem(event, f"alias '*{event.anchor}' is not allowed; write the value out")
                keys, ignored = self._place(None, self._mark(event))
                self._doubt(keys, ignored)
            case yaml.ScalarEvent():
                self._no_anchor(event)
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._no_anchor(event)
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._stack.pop()

    def _problem(self, event: yaml.Event, message: str) -> None:
        self.problems.append(Problem(self._mark(event), message))

    def _at_key(self) -> bool:
        """Whether what comes next is a key."""
        return bool(self._stack) and isinstance(self._stack[-1].data, dict) and self._stack[-1].key is None

    def _doubt(self, keys: Keys, ignored: bool) -> None:
        if not ignored:
            self.doubtful.add(keys)

    def _mark(self, event: yaml.Event) -> Mark:
        line, column = _place(event.start_mark)
        return Mark(self.shown, line + 1, column + 1)

    def _no_anchor(self, event: yaml.NodeEvent) -> None:
        if event.anchor:
            self._problem(event, f"anchor '&{event.anchor}' is not allowed; write the value out")

    def _no_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, keys: Keys, ignored: bool) -> None:
        if event.tag:
            self._problem(event, f"tag '{event.tag}' is not allowed; plain text is all that is read")
            self._doubt(keys, ignored)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        if len(self._stack) >= DEEPEST:
            raise _RefusedError(self._mark(event), f"nested too deeply: at most {DEEPEST} levels")
        if self._at_key():
            rule = "a key must be plain text; got a list or a mapping; text that starts with '{' or '[' needs quotes"
            raise _RefusedError(self._mark(event), rule)
        data: list[Data] | dict[str, Data] = {} if isinstance(event, yaml.MappingStartEvent) else []
        keys, ignored = self._place(data, self._mark(event))
        self._no_tag(event, keys, ignored)
        self._stack.append(_Node(keys, data, ignored=ignored))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        mark = self._mark(event)
        if self._at_key():
            self._key(self._stack[-1], restored(event.value), mark)
            return
        plain = event.style in (None, "")
        value = None if plain and event.value == "" else restored(event.value)
        keys, ignored = self._place(value, mark)
        self._no_tag(event, keys, ignored)
        if doubtful(event.value):
            self._doubt(keys, ignored)
        if not ignored:
            self.scalars[keys] = self._located(event, mark)
        self._inspect(event, mark, plain)

    def _key(self, parent: _Node, key: str, mark: Mark) -> None:
        parent.key = key
        path = (*parent.keys, key)
        if key == "<<":
            self.problems.append(Problem(mark, "merge key '<<' is not allowed; write the values out"))
            self.incomplete.add(parent.keys)
        elif key in parent.data and not parent.ignored:
            first = self.key_marks[path].line
            self.problems.append(Problem(mark, f"duplicate key {key!r}; it is already on line {first}"))
            self.repeated.add(path)
        elif not parent.ignored:
            self.key_marks[path] = mark

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
            ignored = ignored or key in parent.data or key == "<<"
            if not ignored:
                parent.data[key] = value
            parent.key = None
        if not ignored:
            self.values[keys] = mark
        return keys, ignored

    def _located(self, event: yaml.ScalarEvent, mark: Mark) -> Scalar:
        if event.style == "|":
            for number in range(mark.line, len(self.lines)):
                line = self.lines[number]
                if line.strip():
                    return Scalar(mark, indent=len(line) - len(line.lstrip(" ")))
            return Scalar(mark, indent=0)
        if event.style == ">" or _place(event.end_mark)[0] + 1 != mark.line:
            return Scalar(mark)
        return Scalar(mark, quote=1 if event.style in ("'", '"') else 0)

    def _inspect(self, event: yaml.ScalarEvent, mark: Mark, plain: bool) -> None:
        """Two traps that YAML springs without a word: an escape that eats a backslash, a comment that eats text. Both
        are mended, so that the text is there when it is read again.
        """
        line, column = _place(event.end_mark)
        if event.style == '"':
            hidden = UNSEEN.search(event.value) or re.search("\t", event.value)
            typed = self.lines[mark.line - 1 : line + 1]
            lost = _ESCAPED_LINE.search("\n".join(typed))
            if hidden or lost:
                what = f"control character U+{ord(hidden.group()):04X}" if hidden else "line break"
                advice = "double quotes turn a backslash into it; write LaTeX in single quotes or in a | block"
                if restored(event.value) == event.value:  # else it was said
                    self.problems.append(Problem(mark, f"{what} in the text; {advice}"))
                for number in range(mark.line - 1, line + 1):
                    start = mark.column if number == mark.line - 1 else 0
                    for at in escapes(self.lines[number], start, column if number == line else None):
                        self.mended |= self.draft.stand_in(number, at)
        cut = _CUT_BY_COMMENT.match(self.lines[line], column) if plain and line < len(self.lines) else None
        if cut:
            rule = f"{cut[1]!r} starts a comment and is cut from the text; put the text in quotes"
            self.problems.append(Problem(Mark(self.shown, line + 1, cut.start(1) + 1), rule))
            self.mended |= self.draft.stand_in(line, cut.start(1))


def _place(mark: Any) -> tuple[int, int]:
    """Line and column from 0 of a parser's mark; the C and the Python parser have classes of their own for it."""
    return (mark.line, mark.column) if mark else (0, 0)
