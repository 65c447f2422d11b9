"""Positions, and that no text at all makes reading fail."""

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import KINDS, Item, markdown, validate
from digest.problems import Mark
from digest.source import LARGEST_FILE, MOST_MENDINGS, Document, Keys, parse, read

ITEM = (Path(__file__).parents[2] / "content/issues/an-140/dreamerv2.yml").read_text(encoding="utf-8")


def document(text: str) -> Document:
    found, problems = parse(text, "f.yml")
    assert problems == ()
    assert found is not None
    return found


def test_values_stay_the_text_that_was_typed() -> None:
    read_ = document("a: NO\nb: 2001.08360\nc: 2024-02-30\nd: 0x1F\ne: ~\nf: 'it''s'\ng:\nh: [1e3, yes]\n")
    assert read_.data == {
        "a": "NO",
        "b": "2001.08360",
        "c": "2024-02-30",
        "d": "0x1F",
        "e": "~",
        "f": "it's",
        "g": None,
        "h": ["1e3", "yes"],
    }


def test_every_value_has_its_place() -> None:
    read_ = document("a: x\nb:\n  - c: y\n    d: [z, w]\n")
    assert read_.mark(("a",)) == Mark("f.yml", 1, 4)
    assert read_.mark(("b", 0, "d", 1)) == Mark("f.yml", 4, 12)
    assert read_.key_mark(("b", 0, "d")) == Mark("f.yml", 4, 5)
    assert read_.mark(("b", 0, "missing")) == Mark("f.yml", 3, 5)


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("a: |\n  one\n  two $x$\n", 8, (3, 7)),
        ("a: |\n    one\n\n      two\n", 7, (4, 7)),
        ("a: plain text\n", 6, (1, 10)),
        ("a: 'quoted text'\n", 7, (1, 12)),
        ("a: >-\n  folded\n  text\n", 9, (1, 4)),
        ("- - a: |\n      x\n", 0, (2, 7)),
    ],
)
def test_places_inside_a_text(text: str, offset: int, place: tuple[int, int]) -> None:
    read_ = document(text)
    (keys,) = read_.scalars
    value = read_.data
    for key in keys:
        value = value[key]  # type: ignore[index, call-overload]
    assert isinstance(value, str)
    assert read_.mark_in(keys, value, offset) == Mark("f.yml", *place)


def test_places_in_the_real_item_hold_the_word_that_stands_there() -> None:
    read_ = document(ITEM)
    item, problems, _ = validate(read_, Item)
    assert problems == () and item is not None
    lines = ITEM.split("\n")
    seen = 0
    for keys, text, _ in markdown(item):
        scalar = read_.scalars[keys]
        if scalar.indent is None and scalar.quote is None:
            continue
        for offset in range(0, len(text), 37):
            if text[offset] not in "\n'":
                mark = read_.mark_in(keys, text, offset)
                if "''" not in lines[mark.line - 1]:
                    assert lines[mark.line - 1][mark.column - 1] == text[offset]
                    seen += 1
    assert seen > 200


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"a: b\nc: \xff\xfe\r\nd: \xc3\xa4\xe4\r\nd: e\n")
    found, problems = read(tmp_path / "a.yml", "a.yml")
    assert found is not None
    assert [str(p) for p in problems] == [
        "a.yml:2:4: file must be UTF-8 text; got the byte 0xff",
        "a.yml:3:5: file must be UTF-8 text; got the byte 0xe4",
        "a.yml:4:1: duplicate key 'd'; it is already on line 3",
    ]
    for number, encoding in enumerate(("utf-16", "utf-16-le", "utf-16-be")):
        (tmp_path / f"{number}.yml").write_bytes("id: a\ntitle: ä\n".encode(encoding))
        assert [str(p) for p in read(tmp_path / f"{number}.yml", "a.yml")[1]] == [
            "a.yml:1:1: file must be UTF-8 text; got UTF-16, or no text at all; save it as UTF-8"
        ]
    (tmp_path / "b.yml").mkdir()
    assert [str(p) for p in read(tmp_path / "b.yml", "b.yml")[1]] == [
        "b.yml:1:1: this name is for a file with YAML; got a folder"
    ]
    os.mkfifo(tmp_path / "d.yml")
    assert [str(p) for p in read(tmp_path / "d.yml", "d.yml")[1]] == [
        "d.yml:1:1: this name is for a file with YAML; got a device or pipe"
    ]
    (tmp_path / "c.yml").write_bytes(b"a" * (LARGEST_FILE + 1024))
    assert [str(p) for p in read(tmp_path / "c.yml", "c.yml")[1]] == [
        "c.yml:1:1: file must have at most 256 kB; got 257 kB"
    ]


def test_windows_line_ends_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes("\ufeffa: |\r\n  x\r\n  y\r\n".encode())
    found, problems = read(tmp_path / "a.yml", "a.yml")
    assert problems == () and found is not None
    assert found.data == {"a": "x\ny\n"}


def test_places_behind_what_is_left_out_are_those_of_the_file() -> None:
    found, problems = parse("a\x00: \x07x\x07 y\nb: |\n  \u200bone $z$\n", "f.yml")
    assert found is not None and found.data == {"a": "x y", "b": "one $z$\n"}
    assert [(p.mark.line, p.mark.column) for p in problems] == [(1, 2), (1, 5), (1, 7), (3, 3)]
    assert found.mark(("a",)) == Mark("f.yml", 1, 6)
    assert found.mark_in(("a",), "x y", 2) == Mark("f.yml", 1, 9)
    assert found.mark_in(("b",), "one $z$\n", 5) == Mark("f.yml", 3, 9)
    found, _ = parse("a: b\nc:\x00 d: e\nf:gh\n", "f.yml")
    assert found is not None and found.data == {"a": "b", "c": "d: e", "f": "gh"}
    assert (found.mark(("f",)), found.mark_in(("f",), "gh", 1)) == (Mark("f.yml", 3, 3), Mark("f.yml", 3, 4))


@pytest.mark.parametrize(
    ("text", "data", "doubtful"),
    [
        ("a: b: c\n", {"a": "b: c"}, set()),
        ("a: b: c: d #e\n", {"a": "b: c: d #e"}, {("a",)}),
        ("a: b #c\nd: [e #f, g]\n", {"a": "b #c", "d": ["e #f", "g"]}, {("a",), ("d", 0)}),
        ('a: "$\\alpha \\nu \\gamma \\\\x$"\n', {"a": "$\\alpha \\nu \\gamma \\x$"}, set()),
        ('a: "one\\n two"\n', {"a": "one\n two"}, None),
        ("a: @b\nc: %d\ne: **f** g\n", {"a": "@b", "c": "%d", "e": "**f** g"}, set()),
        ("a: 'b: c' d\ne: f\n", {"a": "'b: c' d", "e": "f"}, {("a",)}),
        ("a: 'b\nc: d\n", {"a": "'b", "c": "d"}, {("a",)}),
        ("a: [b] c\n", {"a": "[b] c"}, {("a",)}),
        ("a:\n\tb: c\n", {"a": {"b": "c"}}, set()),
        ("a: *b\nc: !d e\n", {"a": None, "c": "e"}, {("a",), ("c",)}),
        ("id: a\ntitle:b\nc: d\n", {"id": "a", "title": "b", "c": "d"}, set()),
        ("a: b\n---\na: c\n", {"a": "b"}, set()),
    ],
)
def test_what_is_mended_reads_as_it_will_when_corrected(text: str, data: object, doubtful: set[Keys] | None) -> None:
    """`doubtful` None: nothing is wrong with the text."""
    found, problems = parse(text, "f.yml")
    assert found is not None
    assert bool(problems) == (doubtful is not None)
    assert (found.data, found.doubtful) == (data, doubtful or set())


def test_the_tabs_are_named_and_not_what_follows_from_them() -> None:
    found, problems = parse("a:\n  b: c\n\td: e\n", "f.yml")
    assert found is None
    assert [str(p) for p in problems] == ["f.yml:3:1: tab character; use spaces"]


def test_two_kinds_of_mending_in_one_reading() -> None:
    """The escape that makes a character and the one that is an error further down are both named."""
    found, problems = parse('a: "\\alpha"\nb: c: d\ne: "\\gamma"\n', "f.yml")
    assert found is not None and found.data == {"a": "\\alpha", "b": "c: d", "e": "\\gamma"}
    assert [problem.mark.line for problem in problems] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "data", "places"),
    [
        # A block without its sign: every colon of its text is the one mistake.
        (
            "a:\n  b: One: two.\n\n    Three: four #5.\n  c: d\n",
            {"b": "One: two.\nThree: four #5.", "c": "d"},
            [(2, 9)],
        ),
        (
            "a:\n  b: One.\n    And two: three: four.\n  c: d\n",
            {"b": "One. And two: three: four.", "c": "d"},
            [(3, 12)],
        ),
        # A quote that is not closed, with LaTeX far below it.
        ('a:\n  b: "One.\n  c: $\\gamma$\n  d: "e"\n', {"b": '"One.', "c": "$\\gamma$", "d": "e"}, [(2, 6)]),
    ],
)
def test_one_mistake_with_many_consequences_is_one_problem(
    text: str, data: object, places: list[tuple[int, int]]
) -> None:
    found, problems = parse(text, "f.yml")
    assert found is not None and found.data == {"a": data}
    assert [(problem.mark.line, problem.mark.column) for problem in problems] == places


def test_a_file_with_more_mistakes_than_are_mended() -> None:
    found, problems = parse("".join(f"a{n}: b: c\n" for n in range(2 * MOST_MENDINGS)), "f.yml")
    assert found is None and len(problems) == MOST_MENDINGS


@given(st.one_of(st.text(max_size=200), st.text(alphabet="a: -#'\"[]{},|>&*!%@`?\\\n\t", max_size=60)))
def test_any_text_gives_a_document_or_problems(text: str) -> None:
    found, problems = parse(text, "f.yml")
    assert found is not None or problems
    assert all(problem.mark.line >= 1 and problem.mark.column >= 1 for problem in problems)


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_item_gives_problems_and_no_traceback(seed: int) -> None:
    """The real item with letters lost, doubled, swapped for YAML's own signs: every outcome is data."""
    draw = random.Random(seed)
    letters = list(ITEM)
    for _ in range(draw.randint(1, 6)):
        place = draw.randrange(len(letters))
        letters[place] = draw.choice(
            ["", letters[place] * 2, ":", "-", "{", "]", "'", '"', "\n", "  ", "#", "&", "|", "\t", "\x00"]
        )
    found, problems = parse("".join(letters), "f.yml")
    for kind in KINDS.values():
        if found is not None:
            model, rules, _ = validate(found, kind)
            assert model is not None or rules
            problems = (*problems, *rules)
    assert all("\n" not in str(problem) for problem in problems)
