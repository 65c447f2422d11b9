"""Formulas and drawings, taken out of page texts and put back into finished pages.

Markdown and the search take HTML apart tag by tag, and most tags of a page are in its formulas. All that either wants
of a formula is its words, and nothing of a drawing, so a short element with these goes through them in its place.
"""

import re
from typing import Final

_WHOLE: Final = re.compile(r"<(math|svg)\b.*?</\1>", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]*>")
_STAND_IN: Final = re.compile(r'<(?:math|svg) data-opaque="(\d+)">[^<]*</(?:math|svg)>')


class Opaque:
    """What was taken out of the texts of one build; each distinct formula or drawing is kept once."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._wholes: list[tuple[str, str]] = []  # the element, and what stands in for it

    def take_out(self, text: str) -> str:
        """The text with a stand-in for each formula and drawing."""
        return _WHOLE.sub(lambda match: self._stand_in(match[0], match[1]), text)

    def put_back(self, html: str) -> str:
        """The page with every stand-in replaced by what was taken out."""
        return _STAND_IN.sub(lambda match: self._wholes[int(match[1])][0], html)

    def _stand_in(self, whole: str, name: str) -> str:
        place = self._places.setdefault(whole, len(self._wholes))
        if place == len(self._wholes):
            words = _TAG.sub("", whole) if name == "math" else ""
            self._wholes.append((whole, f'<{name} data-opaque="{place}">{words}</{name}>'))
        return self._wholes[place][1]
