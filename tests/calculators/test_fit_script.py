"""The page's script against the shell: the same files through both, under Node, in numbers, sentences and messages."""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calculators import exponent_fit, findings, fit_script, irreducible, student
from calculators.__main__ import main
from calculators.irreducible import FORMULAS
from tests.calculators.test_tables import ALIKE, BAD, GOOD

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "digest/assets/fit.js"
FRACTION = (ROOT / "node_modules/fraction.js/dist/fraction.mjs").as_uri()
RELATIVE = 1e-9
ROUNDING = 1e-13
"""Errors and scatters of the logarithm below this are what rounding leaves of an exact law; no two ways agree on it."""
ERRORS = ("standard_error", "residual", "residual_without")

RUN = """
import { readFileSync } from "node:fs";
import * as rules from "./fitting.js";
import * as fits from FIT;
const { jobs, what } = JSON.parse(readFileSync(0, "utf8"));
const read = (text) => (text === "oo" ? Infinity : new rules.Fraction(text));
const done = {
  report: ({ file, settings, confidence, dimension }) => {
    try {
      const { sizes, losses } = fits.readTable(rules, fits.decode(rules, readFileSync(file), file), file);
      const [m, q, s] = ["loss_order", "degree", "smoothness"].map((name) => read(settings[name]));
      const fitted = fits.fit(rules, sizes, losses, confidence);
      const which = [false, true].map((fit) => fits.which(rules, fit, fitted.irreducible));
      return { document: fits.report(rules, file, fitted, { m, q, s, dimension }), sums: fitted.sums, which };
    } catch (error) {
      if (!(error instanceof fits.FitError)) throw error;
      return { problem: error.message };
    }
  },
  quantile: ({ confidence, degrees }) => fits.quantile(rules, confidence, degrees),
  general: ({ value, digits }) => fits.general(value, digits),
  formula: ({ name, values }) => rules.formulas[name](...values),
};
console.log(JSON.stringify(jobs.map((job) => done[what](job))));
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the emitted module and the program that runs it."""
    place = tmp_path_factory.mktemp("fit")
    (place / "fitting.js").write_text(fit_script.javascript(FRACTION))
    (place / "run.js").write_text(RUN.replace("FIT", json.dumps(SCRIPT.as_uri())))
    (place / "package.json").write_text('{"type": "module"}')
    return place


def under_node(folder: Path, what: str, jobs: list[Any]) -> list[Any]:
    done = subprocess.run(
        ["node", str(folder / "run.js")],
        input=json.dumps({"jobs": jobs, "what": what}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


# --- 200 files -------------------------------------------------------------------------------------------------------


def seeded_file(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sizes and losses of one kind of eight, in rows; unsorted, with duplicates, huge, tiny and many."""
    draw = np.random.default_rng(seed)
    kind = seed % 10
    count = int(draw.choice([4, 5, 8, 12, 20, 50]))
    sizes = np.round(np.exp(np.sort(draw.uniform(3, 3 + draw.uniform(3, 12), count)))) + np.arange(count)
    alpha, floor, noise = draw.uniform(0.05, 1.2), 0.0, 0.02
    if kind == 0:  # an exact power law
        noise = 0.0
    elif kind == 1:  # noise alone
        noise = draw.uniform(0.01, 0.2)
    elif kind == 2:  # an irreducible loss that shows
        floor, noise = draw.uniform(0.05, 0.5), 0.005
    elif kind == 3:  # several seeds a size, in any order
        sizes, floor = draw.permutation(np.repeat(sizes, draw.integers(2, 5))), 0.1
    elif kind == 4:  # a floor that is reached
        floor, alpha, noise = 3.0, draw.uniform(0.5, 1), 0.01
    elif kind == 5:  # four points
        sizes, floor = sizes[:4], 0.05
    elif kind == 6:  # more sizes than are kept apart
        sizes = np.arange(1, 3001) * 16.0 if seed % 20 == 6 else np.round(np.exp(draw.uniform(2, 16, 3000)), 3)
        floor = 0.2
    elif kind == 7:  # far from one
        sizes = sizes * 10.0 ** draw.integers(-200, 200)
    elif kind == 8:  # bending down: the best floor is 0
        bend = np.exp(-0.01 * np.log(sizes) ** 2 + 0.002 * draw.standard_normal(len(sizes)))
        return sizes, bend
    elif kind == 9:  # an exact law with a floor
        floor, noise = draw.uniform(0.1, 2), 0.0
    unit = 10.0 ** draw.integers(-200, 200) if kind == 7 else 1.0
    start = np.exp(np.log(sizes) - np.log(sizes).min())
    losses = (floor + 5 * start**-alpha) * np.exp(noise * draw.standard_normal(len(sizes))) * unit
    return sizes, losses


SETTINGS = [
    {"degree": "1", "loss_order": "2", "smoothness": "oo"},
    {"degree": "0", "loss_order": "1", "smoothness": "oo"},
    {"degree": "2", "loss_order": "3/2", "smoothness": "5/2"},
    {"degree": "3", "loss_order": "2", "smoothness": "3/2"},
]


def shell(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = int(stop.code or 0)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def differences(shown: object, stated: object, where: str = "") -> Iterator[str]:
    """Where two documents differ: numbers by more than 1e-9 of their size, all else at all."""
    if isinstance(shown, dict) and isinstance(stated, dict):
        if list(shown) != list(stated):
            yield f"{where}: keys {list(shown)}, not {list(stated)}"
        for key in shown.keys() & stated.keys():
            yield from differences(shown[key], stated[key], f"{where}.{key}")
    elif isinstance(shown, list) and isinstance(stated, list):
        if len(shown) != len(stated):
            yield f"{where}: {len(shown)} entries, not {len(stated)}"
        for place, (one, other) in enumerate(zip(shown, stated, strict=False)):
            yield from differences(one, other, f"{where}[{place}]")
    elif isinstance(shown, (int, float)) and isinstance(stated, (int, float)):
        near = ROUNDING if where.endswith(ERRORS) else 0.0
        if not math.isclose(shown, stated, rel_tol=RELATIVE, abs_tol=near):
            yield f"{where}: {shown!r}, not {stated!r}"
    elif shown != stated:
        yield f"{where}: {shown!r}, not {stated!r}"


def test_two_hundred_files(capsys: pytest.CaptureFixture[str], tmp_path: Path, folder: Path) -> None:
    jobs = []
    for seed in range(200):
        sizes, losses = seeded_file(seed)
        file = tmp_path / f"{seed}.csv"
        rows = zip(sizes.tolist(), losses.tolist(), strict=True)
        file.write_text("size,loss\n" + "".join(f"{size!r},{loss!r}\n" for size, loss in rows))
        confidence = (0.95, 0.9, 0.5, 0.99)[seed // 10 % 4]
        dimension = (8, None, 2.5, 40)[seed % 4]
        settings = SETTINGS[seed // 3 % 4]
        jobs.append({"file": str(file), "settings": settings, "confidence": confidence, "dimension": dimension})
    states = set()
    found = {}
    for job, answer in zip(jobs, under_node(folder, "report", jobs), strict=True):
        words = [f"--{name.replace('_', '-')}={value}" for name, value in job["settings"].items()]
        words += [] if job["dimension"] is None else [f"--dimension={job['dimension']}"]
        status, out, err = shell(
            capsys, "fit", job["file"], "--format=json", f"--confidence={job['confidence']}", *words
        )
        assert (status, err) == (0, "")
        stated = json.loads(out)
        states.add(stated["irreducible"] and stated["irreducible"]["state"])
        found[job["file"]] = list(differences(answer["document"], stated))
    wrong = {Path(name).name: lines for name, lines in found.items() if lines}
    assert wrong == {}
    assert states == {"exact", "zero", "flat", "open", "identified"}


@pytest.mark.parametrize(
    ("losses", "alpha"),
    [
        ([0.7] * 3, "0"),
        ([0.7] * 30, "0"),  # numpy's mean of these is not 0.7
        ([1.0, 2.0, 4.0, 8.0], "-1"),
        ([1.0, 1.01, 1.1, 2.0, 7.0], "-0.66"),
        ([1.0] * 9 + [1.01], "-0.000783"),
    ],
)
def test_losses_that_do_not_fall(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, folder: Path, losses: list[float], alpha: str
) -> None:
    """One sentence says so, in the shell and in the page; no fit with an irreducible loss, no dimension, no verdict."""
    file = tmp_path / "losses.csv"
    file.write_text("".join(f"{3 * 2**place},{loss}\n" for place, loss in enumerate(losses)))
    job = {"file": str(file), "settings": USUAL, "confidence": 0.95, "dimension": 8}
    (answer,) = under_node(folder, "report", [job])
    _, out, _ = shell(capsys, "fit", str(file), "--format=json", "--dimension=8")
    stated = json.loads(out)
    assert list(differences(answer["document"], stated)) == []
    assert stated["comparison"] == (
        f"The loss does not fall with size: alpha is {alpha}. A power law needs an alpha above 0, so no irreducible "
        "loss is fitted, and no dimension follows."
    )
    assert stated["irreducible"] is None
    (reading,) = stated["readings"]
    assert reading["implied_dimension"] is None
    assert reading["verdict"] is None
    _, text, _ = shell(capsys, "fit", str(file), "--dimension=8")
    assert "bound" not in text and "consistent" not in text
    for said in (out, text):
        assert not re.search(r"-0(?![.\d])|-0\.0(?!\d)", said), said


REACHED = "1,4\n10,2\n100,1.5\n1000,1.4999\n10000,1.5\n1e5,1.5\n"
"""The largest sizes have reached the floor, so the exponent above it is open."""


@pytest.mark.parametrize(
    ("content", "state"),
    [(exponent_fit.example(), "identified"), (REACHED, "open"), (GOOD, "zero")],
    ids=["identified", "open", "zero"],
)
def test_a_fit_that_is_rejected_gets_no_verdict_and_does_not_lead(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, folder: Path, content: str, state: str
) -> None:
    """Where the interval of the irreducible loss does not reach 0, in the shell and in the page."""
    file = tmp_path / "losses.csv"
    file.write_text(content)
    job = {"file": str(file), "settings": USUAL, "confidence": 0.95, "dimension": 8}
    (answer,) = under_node(folder, "report", [job])
    _, out, _ = shell(capsys, "fit", str(file), "--format=json", "--dimension=8")
    stated = json.loads(out)
    assert list(differences(answer["document"], stated)) == []
    assert stated["irreducible"]["state"] == state
    _, text, _ = shell(capsys, "fit", str(file), "--dimension=8")
    head = text.splitlines()[2]
    rejected = stated["irreducible"]["loss_interval"][0] > 0
    assert rejected == (state != "zero")
    front = stated["irreducible"] if rejected else stated["power_law"]
    assert head.startswith(f"alpha = {front['alpha']:.4g} +/- {front['standard_error']:.2g}, ")
    assert answer["which"] == [findings.which(fitted, state) for fitted in (False, True)]
    assert ("a floor shows" in findings.which(True, state)) == rejected
    *before, plain = stated["readings"]
    assert (plain["fit"], plain["rejected"]) == ("without an irreducible loss", rejected)
    assert [reading["fit"] for reading in before] == (["with it"] if state == "identified" else [])
    if rejected:
        assert plain["verdict"].startswith("A floor shows: no irreducible loss at all is rejected, its interval ")
        assert "not consistent" not in out + text
        assert "standard errors: not" not in " ".join(text.split())
    else:
        assert plain["verdict"].startswith("alpha = ")


def test_a_verdict_names_the_floor_that_is_not_ruled_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, folder: Path
) -> None:
    file = tmp_path / "losses.csv"
    file.write_text("size,loss\n1e3,2.0\n1e4,1.5\n1e5,1.2\n1e6,1.05\n")
    said = {}
    for dimension in (8, 80):
        job = {"file": str(file), "settings": USUAL, "confidence": 0.95, "dimension": dimension}
        (answer,) = under_node(folder, "report", [job])
        stated = json.loads(shell(capsys, "fit", str(file), "--format=json", f"--dimension={dimension}")[1])
        assert list(differences(answer["document"], stated)) == []
        assert stated["irreducible"]["state"] == "flat"
        (reading,) = stated["readings"]
        said[dimension] = reading["verdict"]
    unsettled = " All this takes the irreducible loss to be 0, and the table does not rule out another: with 0.8447, "
    assert unsettled + "which fits best, alpha is 0.2523." in said[8]
    # Above the bound a floor could only raise alpha further.
    assert "irreducible" not in said[80] and "is consistent with" in said[80]


# --- bad files -------------------------------------------------------------------------------------------------------

USUAL = {"degree": "1", "loss_order": "2", "smoothness": "oo"}
MORE = [
    GOOD + "1600,0.7 # and 'quotes'\n3200,it's\n",
    GOOD + 'a"b,1\n',
    GOOD + '"3200""",1\n',
    GOOD + '"3200" ,1\n',
    GOOD + "tab\there,1\n",
    GOOD + "\\,1\n",
    GOOD + "\u00a0x\u00a0y,1\n",
    GOOD + "\u200b5,1\n",
    GOOD + "\U0001f600,1\n",
    GOOD + "1e5,Infinity\n",
    GOOD + "1e5,-inf\n",
    GOOD + "1e5,.\n",
    GOOD + "0x10,1\n",
    GOOD + "1e400000,1\n",
    "größe,verlust\n" + GOOD,
    "loss,size\n1,100\n0.9,200\n0.8,400\n",
    "size,loss,size\n1,2,3\n",
    "100\n200\n300\n",
    "size\n100\n200\n",
    "100,1.5;\n200,1.2\n",
    "1,5;2\n3;4\n",
    "100 1 5\n",
    "<script>alert(1)</script>\n",
    "5,5\n5,5\n5,5\n",
    b"\x93NUMPY\x01\x00",
    b"PK\x03\x04\x00\x00",
]


def test_bad_files_get_the_same_message(capsys: pytest.CaptureFixture[str], tmp_path: Path, folder: Path) -> None:
    contents = [content for content, _ in BAD] + MORE + ALIKE
    jobs = []
    for place, content in enumerate(contents):
        file = tmp_path / f"{place}.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        jobs.append({"file": str(file), "settings": USUAL, "confidence": 0.95, "dimension": None})
    refused = 0
    for job, content, answer in zip(jobs, contents, under_node(folder, "report", jobs), strict=True):
        status, out, err = shell(capsys, "fit", job["file"], "--format=json")
        if status == 2:
            refused += 1
            named = (
                answer["problem"]
                if answer["problem"].startswith(job["file"])
                else f"{job['file']}: {answer['problem']}"
            )
            assert named + "\n" == err, content
        else:
            assert list(differences(answer["document"], json.loads(out))) == [], content
    assert refused >= len(BAD) + 18


# --- the parts -------------------------------------------------------------------------------------------------------


def test_numbers_are_written_as_python_writes_them(folder: Path) -> None:
    draw = np.random.default_rng(3)
    values = [*(draw.standard_normal(1500) * 10.0 ** draw.integers(-12, 20, 1500)).tolist()]
    values += [
        0.0,
        -0.0,
        0.5,
        2.5,
        0.03125,
        0.28125,
        -0.28125,
        0.375,
        9999.5,
        99995.0,
        1e-5,
        1e-4,
        123456.5,
        1e22,
        5e-324,
    ]
    values += [float(k) / 64 for k in range(-200, 200)]
    jobs = [{"value": value, "digits": digits} for value in values for digits in (2, 4, 6)]
    for job, answer in zip(jobs, under_node(folder, "general", jobs), strict=True):
        assert answer == f"{job['value']:.{job['digits']}g}", job


def test_quantiles_equal_those_of_the_incomplete_beta_function(folder: Path) -> None:
    degrees = [*range(1, 40), 99, 100, 1997, 1998, 99_998, 999_999]
    jobs = [{"confidence": c, "degrees": n} for n in degrees for c in (0.1, 0.5, 0.95, 0.999)]
    for job, answer in zip(jobs, under_node(folder, "quantile", jobs), strict=True):
        assert answer == pytest.approx(student.quantile(job["confidence"], job["degrees"]), rel=RELATIVE), job


def test_formulas_of_the_profile_are_those_of_the_arrays(folder: Path) -> None:
    """What the page works out for a point, and what NumPy works out for all of them at once."""
    draw = np.random.default_rng(5)
    y, tilt, lift, share = draw.uniform(0, 5, 40), -0.7, 0.4, 0.6
    x = np.sort(draw.uniform(-4, 4, 40))
    profile = irreducible._Profile(x, y, np.ones(40))
    u = lift + tilt * x
    level = profile._level(share, u)
    expected = {
        "level": (level, [[share, value] for value in u]),
        "inverse": (profile._inverse(level), [[value] for value in level]),
        "part": (profile._part(share, u), [list(pair) for pair in zip(u, level, strict=True)]),
        "excess": (1 - share * np.exp(-y), [[share, value] for value in y]),
    }
    for name, (values, rows) in expected.items():
        assert len(FORMULAS[name][0]) == len(rows[0])
        jobs = [{"name": name, "values": row} for row in rows]
        assert under_node(folder, "formula", jobs) == pytest.approx(values.tolist(), rel=1e-12), name


def test_a_changed_formula_would_be_seen(capsys: pytest.CaptureFixture[str], tmp_path: Path, folder: Path) -> None:
    """The comparison can fail: with one sign turned in the emitted module, the numbers are others."""
    (tmp_path / "fitting.js").write_text(fit_script.javascript(FRACTION).replace("h + b*x", "h - b*x"))
    for name in ("run.js", "package.json"):
        (tmp_path / name).write_text((folder / name).read_text())
    file = tmp_path / "losses.csv"
    file.write_text(GOOD)
    job = {"file": str(file), "settings": USUAL, "confidence": 0.95, "dimension": None}
    (answer,) = under_node(tmp_path, "report", [job])
    _, out, _ = shell(capsys, "fit", str(file), "--format=json")
    assert len(list(differences(answer["document"], json.loads(out)))) > 3
