"""The score table in a page: the emitted formulas and the shared words, under Node, against the Python ones."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
import sympy

from calculators.derivation import rounded
from calculators.normalised_score import CALCULATOR
from calculators.score_script import javascript_module, verdict
from calculators.score_table import (
    EXAMPLE,
    EXAMPLE_WRONG,
    INVENTED,
    MEAN,
    MIDDLE,
    NUMBERS,
    SCALES,
    TableError,
    demonstration,
    games,
    wrong_baseline,
)

ROOT = Path(__file__).parents[2]
ROWS = ROOT / "digest/assets/score-rows.js"
FRACTION = ROOT / "node_modules/fraction.js/dist/fraction.mjs"
ATARI = 57


def under_node(folder: Path, body: str, given: object) -> object:
    """What `body` returns for `given`, with `rows` (the page's functions) and `module` (the emitted one) at hand."""
    (folder / "module.mjs").write_text(javascript_module(FRACTION.as_uri()), encoding="utf-8")
    script = f"""
import * as rows from {json.dumps(ROWS.as_uri())};
import * as module from {json.dumps((folder / "module.mjs").as_uri())};
import {{ readFileSync }} from "node:fs";
const given = JSON.parse(readFileSync(0, "utf8"));
const answer = ((given) => {{ {body} }})(given);
console.log(JSON.stringify(answer));
"""
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def typed(generator: random.Random, low: int, high: int) -> str:
    """A number in one of the ways that people type one."""
    value = generator.randint(low, high)
    match generator.randrange(6):
        case 0:
            return f"{value}.{generator.randint(0, 99):02d}"
        case 1:
            return f"{value}e{generator.randint(0, 2)}"
        case 2:
            return f" {value} "
        case 3:
            return f"{value}/{generator.randint(1, 12)}"
        case _:
            return str(value)


def made_up(generator: random.Random, count: int) -> list[list[str]]:
    """A sound table as typed: baselines above random play, whatever the score."""
    return [
        [
            f"game {number}",
            typed(generator, -(10**4), 10**6),
            str(generator.randint(-1000, 0)),
            *(typed(generator, 1, 10**5) for _ in range(2)),
        ]
        for number in range(count)
    ]


ANSWER = """
const shown = (value) => value.toFraction();
return given.map(({ table, wrong }) => {
  const row = table.length - 1;
  const changed = table.map((cells, index) => (index === row ? [...cells.slice(0, 3), wrong, cells[4]] : cells));
  const [right, false_] = [table, changed].map((cells) => rows.check(module, cells));
  if (right.problems.length || false_.problems.length) return [right.problems, false_.problems];
  const [before, after] = [right, false_].map(({ games }) => rows.aggregates(module, games));
  const shift = module.shift({
    ...right.games[row], wrong: false_.games[row].gamer, games: new module.Fraction(table.length),
  });
  return {
    shift: shown(shift),
    words: rows.verdict(module, right.games[row], false_.games[row], before, after),
    ...Object.fromEntries(Object.keys(module.scales).map((scale) => [scale, {
      scores: before[scale].scores.map(shown),
      before: [shown(before[scale].mean), shown(before[scale].median)],
      after: [shown(after[scale].mean), shown(after[scale].median)],
      moved: shown(module.moved({ before: before[scale].mean, after: after[scale].mean })),
    }])),
  };
});
"""


def test_a_thousand_tables_have_the_same_fractions_in_python_and_in_the_page(tmp_path: Path) -> None:
    generator = random.Random(140)
    given = [
        {"table": made_up(generator, generator.randint(1, 12)), "wrong": typed(generator, 1, 500)} for _ in range(998)
    ]
    same = made_up(generator, 5)
    given.append({"table": same, "wrong": same[-1][3]})
    given.append({"table": made_up(generator, ATARI), "wrong": "29.0"})
    found = under_node(tmp_path, ANSWER, given)
    assert isinstance(found, list) and len(found) == 1000
    for case, answer in zip(given, found, strict=True):
        table = games(case["table"])
        change = wrong_baseline(table, table[-1].title, gamer=case["wrong"])
        for scale in SCALES:
            before, after = change.before[scale], change.after[scale]
            assert [Fraction(score) for score in answer[scale]["scores"]] == [game.normalised(scale) for game in table]
            assert [Fraction(value) for value in answer[scale]["before"]] == [before.mean, before.median]
            assert [Fraction(value) for value in answer[scale]["after"]] == [after.mean, after.median]
            assert Fraction(answer[scale]["moved"]) == after.mean - before.mean
        assert answer["words"] == list(verdict(change))
        assert Fraction(answer["shift"]) == change.after["gamer"].mean - change.before["gamer"].mean


BAD_TABLES: Sequence[list[list[str]]] = (
    [],
    [["A", "1", "0", "2", "3"]] * 2,
    [["A", "1", "0", "2"], ["B"], ["C", "1", "0", "2", "3", "4"]],
    [["", "1", "0", "2", "3"], ["  ", "1", "0", "2", "3"]],
    [["A", "", "0", "2", "3"], ["B", "x", "r", "g", "R"], ["C", "1,5", "0", "2", "3"]],
    [["A", "1", "0", "0", "-3"], ["B", "1", "7.0", "7", "6.5"], ["C", "1", "1/2", "0.5", "1/3"]],
    [["A", "1e31", "1e-31", "-1e40", "1e-99"], ["B", "nan", "inf", "oo", "Infinity"]],
    [["A", "1/0", "0x10", "1_000", "٣"], ["B", "1e", "e1", ".", "--1"], ["C", "1e100", "1 2", "+ 1", "½"]],
    [["A", "fast\tand  loose\n" + "long " * 20, "0", "2", "3"], ["B", 'it\'s "so"', "\xa01\u3000", "\x1c2", "3"]],
    [["A" * 60, "1", "0", "2", "3"], ["A" * 60, "😀" * 60, "0", "2", "3"], ["\u2003A\x85", "1", "\ufeff1", "2", "3"]],
    [["{value}", "{row}", "{column}", "2", "3"], ["{value}", "1", "2", "1", "1"]],
    [[f"game {number}", "1", "0", "2", "bad"] for number in range(101)],
)


@pytest.mark.parametrize("place", range(len(BAD_TABLES)))
def test_bad_tables_get_the_same_words_in_python_and_in_the_page(tmp_path: Path, place: int) -> None:
    table = BAD_TABLES[place]
    with pytest.raises(TableError) as caught:
        games(table)
    found = under_node(tmp_path, "return rows.check(module, given).problems.map(({ text }) => text);", table)
    assert found == list(caught.value.problems)


def test_ten_thousand_scribbles_are_read_alike(tmp_path: Path) -> None:
    generator = random.Random(140)
    scribbles = ["".join(generator.choices("0123456789.-+eE/ x,_", k=generator.randint(1, 8))) for _ in range(10_000)]
    found = under_node(
        tmp_path,
        'const row = (text) => [["A", text, "-1e30", "1e30", "1e30"]];'
        "return given.map((text) => rows.check(module, row(text)).problems.map((problem) => problem.text));",
        scribbles,
    )
    assert isinstance(found, list)
    sound = 0
    for text, problems in zip(scribbles, found, strict=True):
        try:
            games([["A", text, "-1e30", "1e30", "1e30"]])
            expected: list[str] = []
            sound += 1
        except TableError as error:
            expected = list(error.problems)
        assert problems == expected, text
    assert 500 < sound < 9500


def test_a_problem_names_the_cell_to_the_page(tmp_path: Path) -> None:
    table = [["A", "1", "0", "2", "3"], ["A", "1", "0", "-2", "bad"]]
    found = under_node(tmp_path, "return rows.check(module, given).problems;", table)
    assert found == [
        {"row": 2, "column": "title", "text": "row 2: title must be filled in and used once; got 'A'"},
        {"row": 2, "column": "record", "text": "row 2: record must be a decimal number; got 'bad'"},
    ]


def test_decimals_are_rounded_as_the_build_rounds_them(tmp_path: Path) -> None:
    generator = random.Random(140)
    values = [Fraction(generator.randint(-(10**6), 10**6), generator.randint(1, 10**7)) for _ in range(1000)]
    values += [Fraction(n, 2000) for n in range(-5, 6)] + [
        Fraction(10**30),
        Fraction(1, 10**30),
        Fraction(-1, 7 * 10**9),
    ]
    values += [value**40 for value in values[:5]]
    body = "return given.map((text) => rows.decimal(new module.Fraction(text)));"
    assert under_node(tmp_path, body, [str(value) for value in values]) == [rounded(value) for value in values]


def test_formulas_of_the_page_are_the_mean_and_the_median() -> None:
    total, count, low, high = sympy.symbols("T n l h", real=True)
    assert MEAN.subs({total: 12, count: 8}) == sympy.Rational(3, 2)
    assert MIDDLE.subs({low: 1, high: 2}) == sympy.Rational(3, 2)
    for scale in SCALES:
        letters = {symbol.name for symbol in CALCULATOR.derive(scale=scale).answer.expression.free_symbols}
        assert letters == ({"x", "r", "g"} if scale == "gamer" else {"x", "r", "R"}), "record means know no gamer"


def test_the_bounds_of_a_number_are_those_of_the_calculator(tmp_path: Path) -> None:
    least, largest = under_node(tmp_path, "return [module.least, module.largest].map((b) => b.toFraction());", None)
    parameter = next(parameter for parameter in CALCULATOR.parameters if parameter.id == "score")
    for bound, beyond in ((least, Fraction(99, 100)), (largest, Fraction(101, 100))):
        assert parameter.read(Fraction(bound)) == sympy.Rational(bound)
        with pytest.raises(ValueError, match="in size"):
            parameter.read(Fraction(bound) * beyond)


CSV = [
    ["title", "score"],
    ['The "best", they say', "-20.7"],
    ["=HYPERLINK(1)", "1/2"],
    ["@home; away", "+5"],
    ["'quoted", "-x"],
    ["two\nlines", "  "],
]


def test_csv_comes_back_as_it_went_and_no_spreadsheet_runs_it(tmp_path: Path) -> None:
    text = under_node(tmp_path, "return rows.csv(given);", CSV)
    assert text == (
        "title,score\r\n"
        '"The ""best"", they say",-20.7\r\n'
        '"\'=HYPERLINK(1)",1/2\r\n'
        '"\'@home; away",+5\r\n'
        '"\'quoted","\'-x"\r\n'
        '"two\nlines","  "\r\n'
    )
    assert under_node(tmp_path, "return rows.parse(rows.csv(given));", CSV) == CSV


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Pong\t20\t-20.7\nBoxing\t1\t0\n", [["Pong", "20", "-20.7"], ["Boxing", "1", "0"]]),
        ("Pong, 20 ,-20.7\r\n\r\nBoxing,1,0", [["Pong", "20", "-20.7"], ["Boxing", "1", "0"]]),
        ("Pong;1,5;2\rBoxing;1;0", [["Pong", "1,5", "2"], ["Boxing", "1", "0"]]),
        ('"a, ""b""",2', [['a, "b"', "2"]]),
        ("  \n\n", []),
        ("one", [["one"]]),
        ('"open,2\n3', [["open,2\n3"]]),
    ],
)
def test_pasted_text_becomes_cells(tmp_path: Path, text: str, rows: list[list[str]]) -> None:
    assert under_node(tmp_path, "return rows.parse(given);", text) == rows


def test_a_row_of_names_is_a_header(tmp_path: Path) -> None:
    given = [["Game", "Score", " random", "gamer", "record"], ["score", "1", "2", "3", "4"], ["x"]]
    assert under_node(tmp_path, "return given.map((cells) => rows.isHeader(module, cells));", given) == [
        True,
        False,
        False,
    ]


def test_the_words_about_the_example() -> None:
    assert verdict(demonstration()) == (
        "The wrong number moves the gamer mean. It leaves the gamer median, the record mean, the record median, the "
        "clipped record mean and the clipped record median where they are.",
        "The gamer mean moves by (538.182 − 40)/7 ≈ 71.169: one game's error, divided by the number of games and by "
        "nothing else.",
        "A median moves at most to the score of a neighbouring game.",
        "The record means hold no gamer's score, so they cannot move.",
    )


def test_what_is_said_to_be_real_in_the_example_is_in_it() -> None:
    title, wrong = EXAMPLE_WRONG
    last = EXAMPLE[-1]
    assert last.title == title and title.startswith("James Bond")
    for name, value in (("random play", last.random), ("gamer's score", last.gamer)):
        assert f"{name}, {value}" in INVENTED
    assert f"{float(wrong)} instead of {last.gamer}" in INVENTED
    assert [game.title.endswith("(invented)") for game in EXAMPLE] == [True] * 6 + [False]
    assert f"Rows 1 to {len(EXAMPLE) - 1}" in INVENTED and f"row {len(EXAMPLE)}" in INVENTED
    assert NUMBERS == ("score", "random", "gamer", "record")
