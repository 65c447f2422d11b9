from __future__ import annotations

from fractions import Fraction

import pytest
import sympy

from calculators import CATALOG
from calculators.derivation import Calculator, SettingError

CALCULATOR = CATALOG["scaling-exponent"]
OTHERS = {
    "hoelder": "H",
    "second_dimension": "d_2",
    "inputs": "n_in",
    "width": "n",
    "layers": "k",
    "outputs": "n_out",
    "measured": "alpha_obs",
}
USUAL = {
    "regime": "resolution",
    "resource": "data",
    "limit": "residual",
    "target": "given",
    "manifold": "one",
    "also": "nothing",
}


@pytest.mark.parametrize(
    ("settings", "text", "latex", "inline", "decimal"),
    [
        ({}, "m*(q + 1)/d", r"\frac{m (q + 1)}{d}", "m (q + 1)/d", None),
        ({"degree": 1, "loss_order": 2}, "4/d", r"\frac{4}{d}", "4/d", None),
        ({"degree": 0, "loss_order": 2}, "2/d", r"\frac{2}{d}", "2/d", None),
        ({"degree": 0}, "m/d", r"\frac{m}{d}", "m/d", None),
        ({"dimension": 8, "degree": 1, "loss": "squared"}, "1/2", r"\frac{1}{2}", "1/2", "0.5"),
        ({"dimension": 12, "degree": 1, "loss_order": 2}, "1/3", r"\frac{1}{3}", "1/3", "0.333"),
        ({"dimension": 2, "degree": 1, "loss_order": 2}, "2", "2", "2", "2"),
        ({"dimension": 8, "loss": "kl"}, "(q + 1)/4", r"\frac{q + 1}{4}", "(q + 1)/4", None),
        ({"smoothness": "s"}, "m*min(q + 1, s)/d", r"\frac{m \min(q + 1, s)}{d}", r"m \min(q + 1, s)/d", None),
        ({"smoothness": "s", "degree": 1}, "m*min(2, s)/d", r"\frac{m \min(2, s)}{d}", r"m \min(2, s)/d", None),
        ({"smoothness": "3/2", "degree": 1, "loss_order": 2}, "3/d", r"\frac{3}{d}", "3/d", None),
        ({"dimension": "5/2", "degree": 0, "loss_order": "2.5"}, "1", "1", "1", "1"),
    ],
)
def test_results(settings: dict[str, object], text: str, latex: str, inline: str, decimal: str | None) -> None:
    result = CALCULATOR.derive(**settings).result
    assert (result.text, result.latex, result.latex_inline, result.decimal) == (text, latex, inline, decimal)
    assert CALCULATOR.same(CALCULATOR.derive(**settings), text)


@pytest.mark.parametrize(
    "value", [8, "8", " 8 ", "16/2", "8.0", Fraction(8), sympy.Integer(8), sympy.Rational(16, 2), "+8"]
)
def test_one_number_can_be_given_in_many_ways(value: object) -> None:
    assert CALCULATOR.derive(dimension=value, degree=1, loss_order=2).result.text == "1/2"


def test_decimals_are_read_exactly() -> None:
    assert CALCULATOR.derive(dimension="0.3", degree=0, loss_order="0.1").result.text == "1/3"


@pytest.mark.parametrize(
    ("settings", "messages"),
    [
        ({"dimension": "0"}, ["dimension must be a positive integer or fraction, such as 8 or 5/2; got '0'"]),
        ({"dimension": -3}, ["dimension must be a positive integer or fraction, such as 8 or 5/2; got '-3'"]),
        ({"dimension": "8/0"}, ["dimension must be a number, and nothing can be divided by 0; got '8/0'"]),
        ({"dimension": "oo"}, ["dimension must be a positive integer or fraction, such as 8 or 5/2; got 'oo'"]),
        ({"dimension": sympy.oo}, ["dimension must be a positive integer or fraction, such as 8 or 5/2; got 'oo'"]),
        ({"dimension": True}, ["dimension must be a positive integer or fraction, such as 8 or 5/2; got 'True'"]),
        ({"dimension": 2.5}, ["dimension must be a positive integer or fraction, such as 8 or 5/2; got '2.5'"]),
        ({"dimension": None}, ["dimension must be a positive integer or fraction, such as 8 or 5/2; got 'None'"]),
        ({"dimension": "m"}, ["dimension must be a positive integer or fraction, such as 8 or 5/2; got 'm'"]),
        ({"dimension": "８"}, ["dimension must be written with the digits 0 to 9; got '８'"]),
        ({"dimension": "1\n2"}, ["dimension must be a positive integer or fraction, such as 8 or 5/2; got '1\\n2'"]),
        (
            {"dimension": "1000001"},
            ["dimension must be at most 1000000 in size; got '1000001'"],
        ),
        (
            {"dimension": 10**5000},
            ["dimension must be at most 1000000 in size; got an integer of 16610 bits"],
        ),
        (
            {"loss_order": "9" * 100},
            ["loss_order must be at most 1000000 in size; got '" + "9" * 39 + "…"],
        ),
        ({"degree": "1/2"}, ["degree must be a whole number, 0 or more; got '1/2'"]),
        ({"degree": -1}, ["degree must be a whole number, 0 or more; got '-1'"]),
        ({"smoothness": "0"}, ["smoothness must be a positive integer or fraction, such as 8 or 5/2, or oo; got '0'"]),
        (
            {"loss": "sqared"},
            [
                "loss must be one of absolute, squared, cross-entropy, cross-entropy-border, kl, huber, log-cosh; "
                "got 'sqared' "
                "(did you mean 'squared'?)"
            ],
        ),
        (
            {"loss": 2},
            [
                "loss must be one of absolute, squared, cross-entropy, cross-entropy-border, kl, huber, log-cosh; "
                "got '2'"
            ],
        ),
        (
            {"dimenson": 8},
            [
                "a setting must be one of dimension, loss_order, degree, smoothness, hoelder, second_dimension, "
                "inputs, width, layers, outputs, measured, loss, regime, resource, limit, target, manifold, also; got "
                "'dimenson' "
                "(did you mean 'dimension'?)"
            ],
        ),
        (
            {"loss": "squared", "loss_order": 3},
            ["loss_order must be left out or equal the order of loss squared, 2; got '3'"],
        ),
        (
            {"degree": "x", "dimension": "y"},
            [
                "degree must be a whole number, 0 or more; got 'x'",
                "dimension must be a positive integer or fraction, such as 8 or 5/2; got 'y'",
            ],
        ),
    ],
)
def test_wrong_settings(settings: dict[str, object], messages: list[str]) -> None:
    assert [problem.message for problem in CALCULATOR.problems(settings)] == messages
    with pytest.raises(SettingError) as caught:
        CALCULATOR.derive(**settings)
    assert str(caught.value) == messages[0]
    assert caught.value.parameter == next(iter(settings)) or "loss" in settings


def test_a_loss_and_its_own_order_agree() -> None:
    assert CALCULATOR.derive(loss="squared", loss_order=2, degree=1).result.text == "4/d"
    assert CALCULATOR.derive(loss="squared", loss_order="m", degree=1).result.text == "4/d"


def test_parameters_are_told_as_text() -> None:
    assert CALCULATOR.derive(dimension="5/2", loss="kl").parameters == {
        "dimension": "5/2",
        "loss_order": "2",
        "degree": "q",
        "smoothness": "oo",
        **OTHERS,
        "loss": "kl",
        **USUAL,
    }
    usual = {"dimension": "d", "loss_order": "m", "degree": "q", "smoothness": "oo", **OTHERS, **USUAL}
    assert CALCULATOR.derive().parameters == usual


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"degree": 0}, "theorem"),
        ({"degree": 0, "smoothness": "1000000/999999"}, "theorem"),
        ({"degree": 0, "smoothness": 1}, "extension"),
        ({"degree": 0, "smoothness": "s"}, "extension"),
        ({"degree": 1}, "estimate"),
        ({"degree": 1, "smoothness": "1000000/499999"}, "estimate"),
        ({"degree": 1, "smoothness": 2}, "extension"),
        ({"degree": 1, "smoothness": "3/2"}, "extension"),
        ({"degree": 1, "smoothness": "s"}, "extension"),
        ({}, "estimate"),
        ({"smoothness": "s"}, "extension"),
        ({"smoothness": 2}, "extension"),
    ],
)
def test_what_is_proved_and_what_is_not(settings: dict[str, object], status: str) -> None:
    result = CALCULATOR.derive(**settings).result
    assert result.status == status
    assert {"theorem": "Proved as a lower bound", "estimate": "estimate, not a theorem", "extension": "Our extension"}[
        status
    ] in result.meaning


def test_steps_hold_the_numbers_that_were_set() -> None:
    steps = {step.id: step for step in CALCULATOR.derive(dimension=8, degree=1, loss="log-cosh").steps}
    assert list(steps) == [
        "covering",
        "spacing",
        "spacing-rate",
        "local-fit",
        "output-error",
        "loss-order",
        "composition",
        "log-slope",
    ]
    assert [step.kind for step in steps.values()] == [
        "premise",
        "identity",
        "leading-order",
        "premise",
        "leading-order",
        "leading-order",
        "identity",
        "identity",
    ]
    from calculators.emit import text

    assert [(text(step.before), text(step.after)) for step in steps.values()] == [
        ("c*h**8", "V/D"),
        ("c*h**8 = V/D", "h = (V/c)**(1/8)*D**(-1/8)"),
        ("(V/c)**(1/8)*D**(-1/8)", "D**(-1/8)"),
        ("f(h)", "a_0 + a_1*h"),
        ("e", "h**2"),
        ("log(cosh(e))", "e**2/2"),
        ("((D**(-1/8))**2)**2", "D**(-1/2)"),
        ("-D*diff(D**(-1/2), D)/D**(-1/2)", "1/2"),
    ]


def test_the_table_is_computed() -> None:
    table = CALCULATOR.table()
    assert table.corner == "d"
    assert table.columns == (
        "nearest neighbour, absolute error",
        "nearest neighbour, squared error",
        "piecewise linear, absolute error",
        "piecewise linear, squared error",
    )
    for row in table.rows:
        dimension = int(row.title)
        assert [Fraction(cell.text) for cell in row.cells] == [Fraction(n, dimension) for n in (1, 2, 2, 4)]
    assert [cell.decimal for cell in table.rows[2].cells] == ["0.333", "0.667", "0.667", "1.333"]


def test_every_calculator_is_found_by_its_id() -> None:
    assert list(CATALOG) == [
        "scaling-exponent",
        "variance-limited",
        "kernel-spectrum",
        "nearest-neighbour",
        "resource-planner",
        "exponent-fit",
        "universal-rates",
        "goodhart",
        "kl-balancing",
        "imagination-budget",
        "normalised-score",
    ]
    assert all(isinstance(c, Calculator) and c.id == key for key, c in CATALOG.items())
    with pytest.raises(TypeError):
        CATALOG["other"] = CALCULATOR  # type: ignore[index]
