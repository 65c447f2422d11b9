"""Contributors' mistakes as data: where, which rule, what was found, what was meant.

A checker yields `Problem`s and never raises for bad content. `FORMATS` turns them into text for people, into
annotations for a pull request, or into JSON for a program; each format is a pure function of the problems.
"""

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

_LONGEST_QUOTE = 60


@dataclass(frozen=True, order=True, slots=True)
class Mark:
    """A place in a file: path as shown to the contributor, line and column counted from 1."""

    path: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, order=True)
class Problem:
    """One broken rule at one place. Problems sort by path, line, column, message."""

    mark: Mark
    message: str

    def __str__(self) -> str:
        """The line a contributor reads: `path:line:column: message`."""
        return f"{_visible(self.mark.path)}:{self.mark.line}:{self.mark.column}: {self.message}"


def _visible(path: str) -> str:
    """A path on one line and in characters that can be printed: a file's name can hold any bytes."""
    if path.isprintable():
        return path
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in path)


def quoted(value: object) -> str:
    """A value as it is shown in a message: text in quotes on one line and cut when long; structures by name."""
    match value:
        case None:
            return "nothing"
        case str():
            text = value if len(value) <= _LONGEST_QUOTE else value[: _LONGEST_QUOTE - 1] + "…"
            return repr(text)
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a mapping"
        case _:
            return repr(value)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the known word nearest to `word`, or nothing when none is near."""
    nearest = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""


def listed(words: Iterable[str]) -> str:
    """`'a', 'b' or 'c'`: the allowed words of a rule."""
    *head, last = [repr(word) for word in words]
    return f"{', '.join(head)} or {last}" if head else last


def as_text(problems: Iterable[Problem]) -> str:
    """One line a problem: `path:line:column: message`."""
    return "".join(f"{problem}\n" for problem in problems)


def as_github(problems: Iterable[Problem]) -> str:
    """One workflow command a problem, which GitHub shows beside the line of the pull request.

    Source: the escaping of `%`, newline, `:` and `,` follows GitHub's workflow-command syntax.
    """

    def data(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    def attribute(text: str) -> str:
        return data(text).replace(":", "%3A").replace(",", "%2C")

    return "".join(
        f"::error file={attribute(_visible(p.mark.path))},line={p.mark.line},col={p.mark.column}::{data(p.message)}\n"
        for p in problems
    )


def as_json(problems: Iterable[Problem]) -> str:
    """A JSON array of objects with `path`, `line`, `column`, `message`."""
    rows = [
        {"path": _visible(p.mark.path), "line": p.mark.line, "column": p.mark.column, "message": p.message}
        for p in problems
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


FORMATS: Mapping[str, Callable[[Iterable[Problem]], str]] = MappingProxyType(
    {"text": as_text, "github": as_github, "json": as_json}
)
