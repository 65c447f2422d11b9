"""A file's text with its small mistakes mended, so that one of them does not hide the others.

What must not be there is left out, a tab becomes a space, and a sign that YAML takes for its own although it stands in
text gives way to a stand-in, which `restored` turns back. So the parser reads what the contributor will have once the
mistakes are corrected, and `place` leads from there to the line and column of the file as it is.
"""

import re
from collections.abc import Iterator
from typing import Final

# Control characters other than newline (and tab, which has a message of its own), the characters that reorder text on
# screen so that a reviewer reads something else than what is there (CVE-2021-42574), and our own stand-ins.
UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_ODD_SPACE: Final = re.compile(r"^ *([^\S \t\n])")  # what editors and web pages put where a plain space should be
_SIGNS: Final = "\\#:@`%*&!|>?'\"[{"
# Characters that Unicode keeps free for such use: YAML takes them for letters, and UNSEEN refuses them in files.
_STAND_INS: Final = {sign: chr(0xFDD0 + number) for number, sign in enumerate(_SIGNS)}
_BACK: Final = str.maketrans({stand_in: sign for sign, stand_in in _STAND_INS.items()})
# With these it is not known what was meant: a comment or text, a quotation or a slip.
_DOUBTFUL: Final = frozenset(_STAND_INS[sign] for sign in "#'\"[{|>?&!")


def restored(text: str) -> str:
    """The text with the signs that were typed."""
    return text.translate(_BACK)


def doubtful(text: str) -> bool:
    """Whether a value was mended in a way that its writer may not mean."""
    return not _DOUBTFUL.isdisjoint(text)


class Draft:
    """The lines of a file while they are mended. Lines and columns count from 0 here."""

    def __init__(self, text: str) -> None:
        """Take all of the file, with plain newlines, and leave out what must not be there."""
        self.typed = text.split("\n")
        self.rows = [self._cleaned(row) for row in self.typed]
        self._put_in: dict[int, int] = {}
        self._left_out = {
            line: [match.start() for match in UNSEEN.finditer(row)]
            for line, row in enumerate(self.typed)
            if UNSEEN.search(row)
        }

    @staticmethod
    def _cleaned(row: str) -> str:
        row = UNSEEN.sub("", row).replace("\t", " ")
        while odd := _ODD_SPACE.match(row):
            row = f"{row[: odd.start(1)]} {row[odd.end(1) :]}"
        return row

    @property
    def text(self) -> str:
        """What the parser reads."""
        return "\n".join(self.rows)

    def row(self, line: int) -> str:
        """A line of it; empty below the last, where the parser may stand when it gives up."""
        return self.rows[line] if line < len(self.rows) else ""

    def unseen(self) -> Iterator[tuple[int, int, str]]:
        """(line, column, what is wrong) for each character that cannot be seen; for tabs, the first on its line."""
        for line, row in enumerate(self.typed):
            tab = row.find("\t")
            if tab >= 0:
                yield line, tab, "tab character; use spaces"
            for match in UNSEEN.finditer(row):
                yield line, match.start(), f"invisible or control character U+{ord(match[0]):04X}; remove it"
            odd = _ODD_SPACE.match(row)
            if odd and not UNSEEN.match(odd[1]):
                rule = f"U+{ord(odd[1]):04X} in the indentation looks like a space and is none; use spaces"
                yield line, odd.start(1), rule

    def indented_oddly(self, line: int) -> bool:
        """Whether the indentation of a line, or of one above it, was typed with tabs or the like: how deep it was meant
        to be is not known.
        """
        return any(re.match(r" *[^\S ]", row) for row in self.typed[: line + 1])

    def stand_in(self, line: int, column: int) -> bool:
        """Whether the sign there was replaced; False when it is none that can be."""
        row = self.row(line)
        sign = row[column : column + 1]
        if sign not in _STAND_INS:
            return False
        self.rows[line] = row[:column] + _STAND_INS[sign] + row[column + 1 :]
        return True

    def put_space(self, line: int, column: int) -> None:
        """Put a space before the character there; at most one a line."""
        row = self.rows[line]
        self.rows[line] = f"{row[:column]} {row[column:]}"
        self._put_in[line] = column

    def space(self, line: int, column: int) -> bool:
        """Whether the character there gave way to a plain space."""
        row = self.row(line)
        if row[column : column + 1] in ("", " "):
            return False
        self.rows[line] = f"{row[:column]} {row[column + 1 :]}"
        return True

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in the file of a place in the mended text."""
        column -= column > self._put_in.get(line, column)
        for left_out in self._left_out.get(line, ()):
            column += left_out <= column
        return line, column
