from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from calculators import CATALOG
from calculators.__main__ import main
from calculators.quadrature import QuadratureError

ROOT = Path(__file__).parents[2]
EIGHT = ["--set", "dimension=8", "--set", "degree=1", "--set", "loss_order=2"]


def shell(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = int(stop.code or 0)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = shell(capsys, "list")
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == list(CATALOG)
    assert out.startswith("scaling-exponent  ")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = shell(capsys, "show", "scaling-exponent", *EIGHT, "--format", "json")
    assert (status, err) == (0, "")
    shown = json.loads(out)
    assert list(shown) == ["calculator", "parameters", "assumptions", "steps", "result"]
    assert shown["calculator"] == "scaling-exponent"
    given = {"dimension": "8", "loss_order": "2", "degree": "1", "smoothness": "oo"}
    assert given.items() <= shown["parameters"].items()
    assert list(shown["parameters"]) == [
        *(parameter.id for parameter in CATALOG["scaling-exponent"].parameters),
        *(choice.id for choice in CATALOG["scaling-exponent"].choices if choice.default),
    ]
    assert all(isinstance(text, str) and text.endswith(".") for text in shown["assumptions"])
    assert all(list(step) == ["title", "kind", "before", "after", "because"] for step in shown["steps"])
    assert {step["kind"] for step in shown["steps"]} == {"premise", "identity", "leading-order"}
    assert shown["steps"][-1]["after"] == "1/2"
    assert shown["result"] == {"text": "1/2", "latex": r"\frac{1}{2}"}


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = shell(capsys, "show", "scaling-exponent", *EIGHT)
    assert status == 0
    assert out.startswith(
        "The exponent of a scaling law (scaling-exponent)\n"
        "dimension = 8, loss_order = 2, degree = 1, smoothness = oo\n"
        "\n"
        "1. The points share the space [assumed]\n"
        "   c*h**8 = V/D\n"
    )
    assert "\nalpha = 1/2 = 0.5 [estimate]\n" in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_latex(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = shell(capsys, "show", "scaling-exponent", "--format", "latex")
    assert status == 0
    assert out.splitlines()[0] == r"\begin{align*}"
    assert out.splitlines()[-2:] == [
        r"  \alpha &= \frac{m (q + 1)}{d} && \text{The exponent of a scaling law (estimate)}",
        r"\end{align*}",
    ]
    assert out.count("{") == out.count("}")


def test_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = shell(capsys, "show", "scaling-exponent", "--set", "degree=0", "--format", "markdown")
    assert status == 0
    assert out.startswith("# The exponent of a scaling law\n")
    assert "\n$$\\alpha = \\frac{m}{d}$$\n" in out
    assert "**Theorem.** Proved as a lower bound" in out


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (
            ["show", "scaling-exponent", "--set", "dimension=0"],
            ["dimension must be a positive integer or fraction, such as 8 or 5/2; got '0'"],
        ),
        (["show", "scaling-exponent", "--set", "degree="], ["degree must be a whole number, 0 or more; got ''"]),
        (["show", "scaling-exponent", "--set", "degree"], ["--set must be followed by NAME=VALUE; got 'degree'"]),
        (
            ["show", "scaling-exponent", "--set", "degree=1", "--set", "degree=2"],
            ["degree must be set once; got '1' and '2'"],
        ),
        (
            ["show", "scaling-exponent", "--set", "degree=x", "--set", "loss=sqared", "--set", "los=x"],
            [
                "degree must be a whole number, 0 or more; got 'x'",
                "loss must be one of absolute, squared, cross-entropy, cross-entropy-border, kl, huber, log-cosh; "
                "got 'sqared' "
                "(did you mean 'squared'?)",
                "a setting must be one of dimension, loss_order, degree, smoothness, hoelder, second_dimension, "
                "inputs, width, layers, outputs, measured, loss, regime, resource, limit, target, manifold, also; "
                "got 'los' "
                "(did you mean 'loss'?)",
            ],
        ),
        (
            ["show", "scaling-exponnt"],
            [
                f"a calculator must be one of {', '.join(CATALOG)}; got 'scaling-exponnt' "
                "(did you mean 'scaling-exponent'?)"
            ],
        ),
        (
            ["show", "scaling-exponent", "--set", "loss=huber", "--set", "loss_order=1"],
            ["loss_order must be left out or equal the order of loss huber, 2; got '1'"],
        ),
    ],
)
def test_bad_values(capsys: pytest.CaptureFixture[str], arguments: list[str], lines: list[str]) -> None:
    assert shell(capsys, *arguments) == (2, "", "".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize("arguments", [[], ["shw"], ["show"], ["show", "scaling-exponent", "--format", "pdf"]])
def test_bad_usage_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    status, out, err = shell(capsys, *arguments)
    assert (status, out, len(err.splitlines())) == (2, "", 1)


def test_as_a_process() -> None:
    command = [sys.executable, "-m", "calculators", "show", "scaling-exponent", *EIGHT, "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(done.stdout)["result"]["text"] == "1/2"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("dimension", "told"), [("8", "1/2 = 0.5"), ("12", "1/3 ≈ 0.333"), ("4800", "1/1200 ≈ 0.000833")]
)
def test_a_decimal_whose_digits_were_cut_is_about_equal(
    capsys: pytest.CaptureFixture[str], dimension: str, told: str
) -> None:
    _, out, _ = shell(capsys, "show", "scaling-exponent", *EIGHT[2:], "--set", f"dimension={dimension}")
    assert f"\nalpha = {told} [estimate]\n" in out


@pytest.mark.skipif(sys.platform == "win32", reason="no broken pipes there")
def test_a_reader_that_stops_early_gets_no_traceback() -> None:
    command = [sys.executable, "-m", "calculators", "show", "imagination-budget", "--format", "json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_where_the_answer_is_silence_steps_that_cannot_be_checked_are_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wide = ["question=best-of-n", "error=student", "samples=16", "value_spread=5000", "error_scale=1", "degrees=3"]
    status, out, err = shell(capsys, "show", "goodhart", *(word for pair in wide for word in ("--set", pair)))
    assert (status, err) == (0, "")
    assert "No answer: For a Student-t error and the best of n the true value may spread at most" in out
    assert "\n1. " not in out


def test_an_answer_whose_step_cannot_be_checked_is_not_given(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsettled(*_: object) -> None:
        raise QuadratureError("an integral must settle; got a change of 2")

    monkeypatch.setattr("calculators.verify._identity", unsettled)
    status, out, err = shell(capsys, "show", "goodhart")
    assert (status, out) == (1, "")
    assert err.startswith("goodhart, step ") and err.count("\n") == 1
    assert err.endswith("cannot be checked at these numbers: an integral must settle; got a change of 2\n")
