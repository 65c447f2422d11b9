"""What people type and what pages show: the page's script under Node, beside `Parameter.read` and `rounded`."""

import json
import random
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
import sympy

from calculators import widget
from calculators.derivation import Parameter, SettingError, rounded

ROOT = Path(__file__).parents[2]
N = sympy.Symbol("n", positive=True)
ONE = sympy.Integer(1)
PARAMETERS = {
    "usual": Parameter("usual", N, "N", "", ONE, N),
    "whole": Parameter("whole", N, "N", "", ONE, N, integer=True, open=False),
    "infinite": Parameter("infinite", N, "N", "", ONE, N, infinite=True),
    "share": Parameter("share", N, "N", "", ONE, N, maximum=1, open_maximum=True),
    "signed": Parameter("signed", N, "N", "", ONE, N, minimum=None),
    "many": Parameter("many", N, "N", "", ONE, N, integer=True, maximum=10**12),
    "real": Parameter("real", N, "N", "", ONE, N, real=True),
    "any": Parameter("any", N, "N", "", ONE, N, real=True, minimum=None),
    "from half": Parameter("from half", N, "N", "", ONE, N, minimum=sympy.Rational(1, 2), open=False, maximum=20),
}
LARGE = "must be at most 1000000 in size"
POSITIVE = "must be a positive integer or fraction, such as 8 or 5/2"
# (parameter, what is typed, its exact value or the rule that it breaks)
CASES = [
    ("usual", "8", "8"),
    ("usual", " 8 ", "8"),
    ("usual", "\u20038\u00a0", "8"),
    ("usual", "1/3", "1/3"),
    ("usual", "2.5", "5/2"),
    ("usual", ".5", "1/2"),
    ("usual", "3.", "3"),
    ("usual", "+8", "8"),
    ("usual", "008", "8"),
    ("usual", "1e3", "1000"),
    ("usual", "2.5e-3", "1/400"),
    ("usual", "1000000", "1000000"),
    ("usual", "1/1000000", "1/1000000"),
    ("usual", "1e9", LARGE),
    ("usual", "1000001", LARGE),
    ("usual", "9" * 47, LARGE),
    ("usual", "1e400", LARGE),
    ("usual", "9" * 101, "must be written with at most 100 characters"),
    ("usual", "1.2345678", "must be a fraction of whole numbers of at most 1000000"),
    ("usual", "1/1000001", "must be a fraction of whole numbers of at most 1000000"),
    ("usual", "1000001/2", "must be a fraction of whole numbers of at most 1000000"),
    ("usual", "1e-400", "must be a fraction of whole numbers of at most 1000000"),
    ("usual", "3/0", "must be a number, and nothing can be divided by 0"),
    ("usual", "８", "must be written with the digits 0 to 9"),
    ("usual", "٣/٤", "must be written with the digits 0 to 9"),
    ("usual", "0", POSITIVE),
    ("usual", "-0", POSITIVE),
    ("usual", "-3", POSITIVE),
    ("usual", "−3", POSITIVE),
    ("usual", "1e4000", POSITIVE),
    ("usual", "½", POSITIVE),
    ("usual", "1,5", POSITIVE),
    ("usual", "1 2", POSITIVE),
    ("usual", "1/2/3", POSITIVE),
    ("usual", "1.5/2", POSITIVE),
    ("usual", "0x10", POSITIVE),
    ("usual", "1_0", POSITIVE),
    ("usual", "--1", POSITIVE),
    ("usual", "nan", POSITIVE),
    ("usual", "oo", POSITIVE),
    ("usual", "<script>", POSITIVE),
    ("usual", "\ufeff8", POSITIVE),
    ("whole", "-0", "0"),
    ("whole", "4/2", "2"),
    ("whole", "1.5", "must be a whole number, 0 or more"),
    ("whole", "-1", "must be a whole number, 0 or more"),
    ("infinite", "oo", "oo"),
    ("infinite", " Infinity", "oo"),
    ("infinite", "∞", "oo"),
    ("infinite", "-oo", "must be a positive integer or fraction, such as 8 or 5/2, or oo"),
    ("share", "1/3", "1/3"),
    ("share", "1", "must be an integer or fraction, more than 0 and less than 1"),
    ("signed", "−1/5", "-1/5"),
    ("signed", "-0.5", "-1/2"),
    ("signed", "-1000001", LARGE),
    ("many", "468750000000", "468750000000"),
    ("many", "1e12", "1000000000000"),
    ("many", "1000000000001", "must be a whole number, more than 0 and at most 1000000000000"),
    ("real", "0.34", "17/50"),
    ("real", "1e30", str(10**30)),
    ("real", "1e400", "must be between 1e-30 and 1e30 in size"),
    ("real", "1e-31", "must be between 1e-30 and 1e30 in size"),
    ("real", "0", "must be a decimal number, more than 0"),
    ("any", "0", "0"),
    ("any", "-1e-31", "must be 0 or between 1e-30 and 1e30 in size"),
    ("any", "-2.5", "-5/2"),
    ("from half", "0.5", "1/2"),
    ("from half", "1/3", "must be an integer or fraction, at least 1/2 and at most 20"),
    ("from half", "20.1", "must be an integer or fraction, at least 1/2 and at most 20"),
]


def in_node(body: str, given: object) -> object:
    """What `body` returns for `given`, with the page's `numbers` and `Fraction` at hand."""
    script = f"""
import * as numbers from {json.dumps((ROOT / "digest/assets/numbers.js").as_uri())};
import Fraction from {json.dumps((ROOT / "node_modules/fraction.js/dist/fraction.mjs").as_uri())};
import {{ readFileSync }} from "node:fs";
const given = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(((given) => {{ {body} }})(given)));
"""
    command = ["node", "--no-warnings", "--input-type=module", "-e", script]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def read(name: str, text: str) -> str:
    """The value or the broken rule, as Python has it."""
    try:
        return str(PARAMETERS[name].read(text))
    except SettingError as error:
        return error.message.removeprefix(f"{name} ").partition("; got ")[0]


READ = """
const told = ({ value, problem }) =>
  problem ? problem.split("; ")[0] : value === Infinity ? "oo" : typeof value === "number" ? value : value.toFraction();
return given.texts.map(([name, text]) => told(numbers.readNumber(Fraction, given.parameters[name], text)));
"""


def in_page(texts: list[tuple[str, str]]) -> list[object]:
    """The same as the page's script has it; a number where it keeps no fraction."""
    parameters = {name: widget.parameter_data(parameter) for name, parameter in PARAMETERS.items()}
    found = in_node(READ, {"parameters": parameters, "texts": texts})
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(("name", "text", "expected"), CASES)
def test_a_number_or_the_rule_that_it_breaks(name: str, text: str, expected: str) -> None:
    assert read(name, text) == expected


def test_the_page_gives_the_same_numbers_and_rules() -> None:
    found = in_page([(name, text) for name, text, _ in CASES])
    for (name, text, expected), answer in zip(CASES, found, strict=True):
        if isinstance(answer, str):
            assert answer == expected, (name, text)
        else:
            assert PARAMETERS[name].real and answer == float(Fraction(expected)), (name, text)


def test_scribbles_are_read_alike() -> None:
    generator = random.Random(140)
    letters = "0123456789.-+eE/ ,_８−∞o"
    texts = [
        (generator.choice(list(PARAMETERS)), "".join(generator.choices(letters, k=generator.randint(1, 7))))
        for _ in range(5000)
    ]
    texts = [(name, text) for name, text in texts if text.strip()]
    sound = 0
    for (name, text), answer in zip(texts, in_page(texts), strict=True):
        expected = read(name, text)
        if isinstance(answer, str):
            assert answer == expected, (name, text)
        else:
            assert answer == float(Fraction(expected)), (name, text)
        sound += not str(expected).startswith("must")
    assert 200 < sound < len(texts) - 200


def test_a_decimal_that_is_too_fine_is_shown_as_the_fraction_that_it_is() -> None:
    with pytest.raises(SettingError, match=r"; got '1\.2345678', which is 6172839/5000000$"):
        PARAMETERS["usual"].read("1.2345678")
    body = "return numbers.readNumber(Fraction, given, '1.2345678').problem;"
    told = in_node(body, widget.parameter_data(PARAMETERS["usual"]))
    assert told == "must be a fraction of whole numbers of at most 1000000; 1.2345678 is 6172839/5000000"


def test_decimals_are_rounded_alike() -> None:
    generator = random.Random(7)
    values = [Fraction(n, 2000) for n in range(-9, 10)]  # every other one is half-way
    values += [Fraction(1, 10**6), Fraction(-1, 10**6), Fraction(1, 10**7), Fraction(-995, 10**9), Fraction(1, 10**22)]
    values += [Fraction(25, 2 * 10**8), Fraction(35, 2 * 10**8), Fraction(10**21), Fraction(10**21, 7), Fraction(-1, 3)]
    values += [Fraction(generator.randint(-(10**6), 10**6), generator.randint(1, 10**9)) for _ in range(1000)]
    values += [Fraction(generator.randint(-(10**15), 10**15), generator.randint(1, 10**3)) for _ in range(200)]
    found = in_node(
        "return given.map((text) => numbers.rounded(new Fraction(text)));", [str(value) for value in values]
    )
    assert found == [rounded(value) for value in values]


@pytest.mark.parametrize(
    ("value", "decimal"),
    [
        ("1/3", "0.333"),
        ("-1/3", "-0.333"),
        ("1/2000", "0.0005"),
        ("3/2000", "0.0015"),
        ("-5/2000", "-0.0025"),
        ("1/1200", "0.000833"),
        ("1/1500", "0.000667"),
        ("1/16", "0.0625"),
        ("1/97", "0.0103"),
        ("1/9", "0.111"),
        ("2001/2000", "1"),
        ("2003/2000", "1.002"),
        ("-2001/2000", "-1"),
        ("200/17", "11.765"),
        ("1/1000000", "0.000001"),
        ("-1/1000000", "-0.000001"),
        ("1/10000000", "1e-7"),
        ("1/3000", "0.000333"),
        ("2225/20000000000", "1.11e-7"),
        ("25/200000000", "1.25e-7"),
        ("999/1000000", "0.000999"),
        ("19999/20000000", "0.001"),
        ("9996/10000000", "0.001"),
        ("999/10000", "0.0999"),
        ("99999/1000000", "0.1"),
        ("0", "0"),
        ("1000000", "1000000"),
    ],
)
def test_decimals(value: str, decimal: str) -> None:
    assert rounded(Fraction(value)) == decimal
