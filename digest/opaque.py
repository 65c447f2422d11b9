"""Formulas, drawings and what no search should find, taken out of page texts and put back into finished pages.

Markdown and the search take HTML apart tag by tag, and most tags of a page are in its formulas. All that either wants
of a formula is its words on one line, with the powers, indices and fractions as one would type them, since D to the
power -4/d is not D minus 4/d. Of a drawing they want nothing. So a short element goes through them in its place.

Elements with `data-search-exclude` go the same way, whole. Material's search knows that attribute, but it tells
elements apart by their names alone: where one inside has the same name, its end ends the exclusion.
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Final
from xml.etree import ElementTree

_INVISIBLE: Final = "\u2061\u2062\u2063"  # applied to, times, and: signs that are not seen
_WHOLE: Final = re.compile(r"<(math|svg)\b.*?</\1>", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]*>")
_EXCLUDED: Final = re.compile(r"<(\w+)\b[^>]*\bdata-search-exclude\b[^>]*>")
_STAND_IN: Final = re.compile(r'<(\w+) data-opaque="(\d+)">[^<]*</\1>')


class Opaque:
    """What was taken out of the texts of one build; each distinct formula or drawing is kept once."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._wholes: list[tuple[str, str]] = []  # the element, and what stands in for it

    def take_out(self, text: str) -> str:
        """The text with a stand-in for each formula, drawing and excluded element.

        Raises:
            ValueError: an excluded element does not end in the text.
        """
        parts, done = [], 0
        while found := _EXCLUDED.search(text, done):
            end = _end(text, found)
            parts += [text[done : found.start()], self._stand_in(text[found.start() : end], found[1])]
            done = end
        return _WHOLE.sub(lambda match: self._stand_in(match[0], match[1]), "".join([*parts, text[done:]]))

    def put_back(self, html: str) -> str:
        """The page with every stand-in replaced by what was taken out."""
        # A drawing may hold an excluded element, which was taken out of it before.
        return _STAND_IN.sub(lambda match: self.put_back(self._wholes[int(match[2])][0]), html)

    def _stand_in(self, whole: str, name: str) -> str:
        place = self._places.setdefault(whole, len(self._wholes))
        if place == len(self._wholes):
            line = words(whole) if name == "math" else ""
            self._wholes.append((whole, f'<{name} data-opaque="{place}">{line}</{name}>'))
        return self._wholes[place][1]


def _end(text: str, start: re.Match[str]) -> int:
    """The place after the element that starts there."""
    depth = 1
    for tag in re.compile(rf"<(/?){start[1]}\b[^>]*>").finditer(text, start.end()):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return tag.end()
    raise ValueError(f"this element has no end: {start[0]}")


def words(mathml: str) -> str:
    """A formula on one line: `D^(−4/d)`. What Markdown would read as its own signs is written as entities."""
    try:
        line = _line(ElementTree.fromstring(mathml))
    except ElementTree.ParseError:
        return _TAG.sub("", mathml)
    return re.sub(r"[\\`*_\[\]]", lambda sign: f"&#{ord(sign[0])};", escape(line, quote=False))


def _line(element: ElementTree.Element) -> str:
    parts = [_line(child) for child in element]
    match element.tag, parts:
        case (("msup" | "mover"), [base, power]):
            return f"{base}^{_bracketed(power)}"
        case (("msub" | "munder"), [base, index]):
            return f"{base}_{_bracketed(index)}"
        case (("msubsup" | "munderover"), [base, index, power]):
            return f"{base}_{_bracketed(index)}^{_bracketed(power)}"
        case "mfrac", [above, below]:
            return f"{_bracketed(above)}/{_bracketed(below)}"
        case "msqrt", _:
            return f"√({''.join(parts)})"
        case "mspace", _:
            return " "
        case _:
            return (element.text or "").strip() + "".join(_apart(list(element), parts))


def _apart(elements: list[ElementTree.Element], parts: list[str]) -> Iterator[str]:
    """The parts of a row; a fraction with a factor at its side is in brackets, since 1/5v could be 1/(5v)."""
    for place, (element, part) in enumerate(zip(elements, parts, strict=True)):
        before, after = "".join(parts[:place]).rstrip(_INVISIBLE), "".join(parts[place + 1 :]).lstrip(_INVISIBLE)
        factor = re.search(r"[\w)∞]$", before) or re.match(r"[\w(√∞∑∫]", after)
        yield f"({part})" if element.tag == "mfrac" and factor else part


def _bracketed(part: str) -> str:
    """The part in brackets, unless it is one word or one sign."""
    return part if len(part) < 2 or re.fullmatch(r"\w+", part) else f"({part})"
