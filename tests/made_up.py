"""A content directory of any size, made from the real one: `python -m tests.made_up DIR --items 2000`.

Each made-up item has the size and the parts of a real one, with other words, other letters in its formulas, other
settings of its values and checks, and other links, so that a build can reuse no more than it could with real items.
The same seed gives the same files.
"""

import argparse
import random
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import yaml

CONTENT = Path(__file__).parents[1] / "content"
FIRST_ISSUE = 1001  # above every real number, so that no real issue is in the way
_ITEMS_AN_ISSUE = 50  # a real issue has about five; a folder with many is the harder case
_MARKDOWN = ("takeaway", "summary", "opinion", "statement", "text", "caption")
_CHANGED_WORDS = 0.15  # of the long words
# Math, values, code, addresses and link targets are no words.
_NO_PROSE = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$|\[\[.+?\]\]|`[^`]*`|\]\([^)]*\)|https?://\S+", re.DOTALL)
_WORD = re.compile(r"\b[a-z]{5,}\b")
_VALUE = re.compile(r"\[\[.+?\]\]")
_LETTER = re.compile(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])")
_DIMENSION = re.compile(r"\bdimension=\d+")
_LINK = re.compile(r"\(item:[a-z0-9-]+\)")


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes long texts as `|` blocks, as people do, and never an anchor."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: Any, text: str) -> yaml.ScalarNode:
    node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)
    return node


_Dumper.add_representer(str, _text)


def write(directory: Path, items: int, *, seed: int = 140, content: Path = CONTENT) -> int:
    """Bytes of the made-up items, which are in `directory` now, beside a copy of the real content.

    Args:
        directory: a folder that does not exist yet.
        items: how many to make up, from 1.
        seed: of all choices.
        content: the real content.
    """
    shutil.copytree(content, directory)
    draw = random.Random(seed)
    real = [_load(path) for path in sorted(content.glob("issues/*/*.yml")) if path.name != "issue.yml"]
    issue = next(_load(path) for path in content.glob("issues/*/issue.yml") if "stub" not in _load(path))
    words = sorted({word for item in real for word in _WORD.findall(_NO_PROSE.sub(" ", item["summary"]))})
    ids = [f"made-up-{number:05}" for number in range(1, items + 1)]
    written = 0
    for place, id_ in enumerate(ids):
        folder = directory / "issues" / f"an-{FIRST_ISSUE + place // _ITEMS_AN_ISSUE}"
        if place % _ITEMS_AN_ISSUE == 0:
            _dump(folder / "issue.yml", _issue(issue, FIRST_ISSUE + place // _ITEMS_AN_ISSUE))
        written += _dump(folder / f"{id_}.yml", _Variation(draw, words, ids).item(real[place % len(real)], id_))
    return written


def _load(path: Path) -> dict[str, Any]:
    """A file with every scalar as the text that was typed."""
    data: dict[str, Any] = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)
    return data


def _dump(path: Path, data: Mapping[str, object]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return path.write_bytes(text.encode())


def _issue(real: Mapping[str, Any], number: int) -> dict[str, Any]:
    day = date(2021, 4, 1) + timedelta(weeks=number - FIRST_ISSUE)
    made = {"id": f"an-{number}", "number": str(number), "title": f"Made up for the benchmark ({number})"}
    return {**real, **made, "date": day.isoformat()}


class _Variation:
    """One way to change texts: which letters of formulas become which, and what the other choices are drawn from."""

    def __init__(self, draw: random.Random, words: Sequence[str], ids: Sequence[str]) -> None:
        self.draw = draw
        self.words = words
        self.ids = ids
        turned = [
            alphabet[shift:] + alphabet[:shift]
            for alphabet in (ascii_lowercase, ascii_uppercase)
            for shift in [draw.randrange(26)]
        ]
        self.letters = str.maketrans(ascii_lowercase + ascii_uppercase, "".join(turned))

    def item(self, real: Mapping[str, Any], id_: str) -> dict[str, Any]:
        """A made-up item of the same size and parts."""
        made: dict[str, Any] = self._varied(real)
        made["id"] = id_
        made["title"] = f"{real['title']} ({id_.rpartition('-')[2]})"
        made["claims"] = [self._checked(claim) if "check" in claim else claim for claim in made["claims"]]
        return made

    def _varied(self, value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            return {name: self._varied(part, name) for name, part in value.items()}
        if isinstance(value, list):
            return [self._varied(part, key) for part in value]
        return self.text(value) if key in _MARKDOWN else value

    def text(self, text: str) -> str:
        """The text with other words, letters, numbers and links."""
        parts, done = [], 0
        for match in _NO_PROSE.finditer(text):
            parts += [self._prose(text[done : match.start()]), self._other(match[0])]
            done = match.end()
        return "".join([*parts, self._prose(text[done:])])

    def _prose(self, text: str) -> str:
        return _WORD.sub(
            lambda match: self.draw.choice(self.words) if self.draw.random() < _CHANGED_WORDS else match[0], text
        )

    def _other(self, part: str) -> str:
        if part.startswith("$"):
            values = [self._value(value) for value in _VALUE.findall(part)]
            math = [_LETTER.sub(lambda m: m[0].translate(self.letters), piece) for piece in _VALUE.split(part)]
            return "".join(piece + value for piece, value in zip(math, [*values, ""], strict=True))
        if part.startswith("[["):
            return self._value(part)
        return _LINK.sub(lambda match: f"(item:{self.draw.choice(self.ids)})", part)

    def _value(self, value: str) -> str:
        return _DIMENSION.sub(lambda match: f"dimension={self.draw.randint(1, 99)}", value)

    def _checked(self, claim: Mapping[str, Any]) -> dict[str, Any]:
        """The claim with settings of its own. What it must equal is worked out here, without the calculator."""
        dimension, degree, order = self.draw.randint(1, 99), self.draw.randint(0, 4), self.draw.randint(1, 6)
        settings = {"dimension": str(dimension), "degree": str(degree), "loss_order": str(order)}
        equals = str(Fraction(order * (degree + 1), dimension))
        return {**claim, "check": {"calculator": "scaling-exponent", "settings": settings, "equals": equals}}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.made_up", description="Make up content of any size.")
    parser.add_argument("directory", type=Path, metavar="DIR", help="a folder that does not exist yet")
    parser.add_argument("--items", type=int, default=2000, metavar="N", help="default: 2000")
    parser.add_argument("--seed", type=int, default=140, metavar="N", help="default: 140")
    options = parser.parse_args()
    print(write(options.directory, options.items, seed=options.seed))


if __name__ == "__main__":
    main()
