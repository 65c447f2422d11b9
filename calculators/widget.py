"""A calculator -> what its page needs to answer while a reader drags: lines with holes, and a JavaScript module.

The module holds data and formulas and nothing else; every formula in it is emitted from SymPy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import sympy

from calculators import emit
from calculators.derivation import Calculator, Derivation, Parameter, Step, StepKind, Value


@dataclass(frozen=True)
class Variant:
    """How a step reads for some of the options of a choice."""

    options: tuple[str, ...]
    """The ids of the options; all of them when the choice makes no difference to the step."""
    before: emit.Template
    after: emit.Template
    because: str
    sign: str
    """The LaTeX of the relation between before and after."""
    relation: str
    """The relation in words."""


@dataclass(frozen=True)
class PageStep:
    """A step with holes where the reader's numbers go, in as many variants as the choice makes."""

    id: str
    title: str
    kind: StepKind
    variants: tuple[Variant, ...]


def page_steps(calculator: Calculator) -> tuple[PageStep, ...]:
    """The steps of a calculator as templates, in order.

    Args:
        calculator: one with a single choice, such as the loss.

    Returns:
        One page step for each step; `variants` has one entry for each group of options that read alike.
    """
    letters = {parameter.id: parameter.symbol for parameter in calculator.parameters}
    keys: dict[sympy.Expr, str] = {}
    (choice,) = calculator.choices
    derivations = {option.id: calculator.build(letters, {choice.id: option}) for option in choice.options()}
    steps = []
    for lines in zip(*(derivation.steps for derivation in derivations.values()), strict=True):
        alike: dict[tuple[sympy.Basic, sympy.Basic, str], list[str]] = {}
        for option, step in zip(derivations, lines, strict=True):
            alike.setdefault((step.before, step.after, step.because), []).append(option)
        by_option = dict(zip(derivations, lines, strict=True))
        variants = tuple(
            _variant(calculator, tuple(options), by_option[options[0]], keys) for options in alike.values()
        )
        steps.append(PageStep(lines[0].id, lines[0].title, lines[0].kind, variants))
    return tuple(steps)


def holes(calculator: Calculator) -> tuple[emit.Hole, ...]:
    """Every hole of a calculator's page, each once."""
    found = {
        hole.key: hole
        for step in page_steps(calculator)
        for variant in step.variants
        for line in (variant.before, variant.after)
        for hole in line.holes
    }
    return tuple(found.values())


def hole_texts(calculator: Calculator, **settings: Value) -> dict[str, str]:
    """Key -> exact text of every hole for given settings; what is left out keeps its letter or default.

    Raises:
        calculators.derivation.SettingError: a setting is wrong.
    """
    derivation = calculator.derive(**settings)
    values = {p.symbol: value for p, (_, value) in zip(calculator.parameters, derivation.settings, strict=True)}
    return {hole.key: emit.text(hole.at(values)) for hole in holes(calculator)}


def javascript_module(calculator: Calculator, fraction_url: str = "../fraction.js") -> str:
    """The text of an ES module with a calculator's data and formulas.

    Args:
        calculator: the calculator.
        fraction_url: where the page finds fraction.js 5 as an ES module.

    Returns:
        A module that exports `Fraction`, `id`, `parameters`, `choices`, `verdicts`, and these functions of
        `p = {parameter id: Fraction, or Infinity where allowed}`: `result(p)`, the exact value; `slots[key](p)`, the
        exact value of each hole; `verdict(p)`, the index in `verdicts`; and `curves[id].value(p, x)`, a number that
        is 1 at x = 1.
    """
    symbolic = _symbolic(calculator)
    slots = "\n".join(f"  {hole.key}: {_exact(calculator, hole.expression)}," for hole in holes(calculator))
    curves = "\n".join(
        f"  {json.dumps(curve.id)}: {{ title: {_data(curve.title)}, value: "
        f"{_number(calculator, curve.expression, curve.variable)} }},"
        for curve in symbolic.curves
    )
    return f"""// Emitted from calculators.{calculator.id.replace("-", "_")}; change the Python, not this file.
import Fraction from {json.dumps(fraction_url)};

const lesser = (a, b) => (a === Infinity ? b : b === Infinity ? a : a.lt(b) ? a : b);

export {{ Fraction }};
export const id = {_data(calculator.id)};
export const parameters = {_data([_parameter(parameter) for parameter in calculator.parameters])};
export const choices = {_data(_choices(calculator))};
export const verdicts = {_data([{"status": v.status, "meaning": v.meaning} for v in calculator.verdicts])};
export const result = {_exact(calculator, symbolic.result.expression)};
export const verdict = {_verdict(calculator)};
export const slots = {{
{slots}
}};
export const curves = {{
{curves}
}};
"""


def _symbolic(calculator: Calculator) -> Derivation:
    """The derivation in which every parameter keeps its letter, smoothness included."""
    return calculator.build({parameter.id: parameter.symbol for parameter in calculator.parameters}, {})


def _variant(calculator: Calculator, options: tuple[str, ...], step: Step, keys: dict[sympy.Expr, str]) -> Variant:
    """One variant; `keys` collects the holes, so that equal holes of all steps share a key."""
    letters = [parameter.symbol for parameter in calculator.parameters]
    lines = []
    for line in (step.before, step.after):
        template = emit.template(line, letters, keys)
        keys.update({hole.expression: hole.key for hole in template.holes})
        lines.append(template)
    return Variant(options, lines[0], lines[1], step.because, step.sign, step.relation)


def _parameter(parameter: Parameter) -> Mapping[str, object]:
    return {
        "name": parameter.id,
        "letter": parameter.symbol.name,
        "title": parameter.title,
        "rule": f"{parameter.id} must be {parameter.rule}",
        "integer": parameter.integer,
        "infinite": parameter.infinite,
        "minimum": str(parameter.minimum),
        "open": parameter.open,
        "start": emit.text(parameter.start),
        "slider": list(parameter.slider),
    }


def _choices(calculator: Calculator) -> Mapping[str, object]:
    return {
        choice.id: {
            "parameter": choice.parameter,
            "start": choice.start,
            "options": {
                option.id: {
                    "label": option.title,
                    "value": emit.text(option.value),
                    "latex": emit.latex(option.expression),
                }
                for option in choice.options()
            },
        }
        for choice in calculator.choices
    }


def _data(value: object) -> str:
    # </script> cannot end a script element early, should a page ever inline the module.
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


def _unpack(calculator: Calculator, *expressions: sympy.Expr) -> str:
    """The parameters that the expressions use, as a JavaScript destructuring pattern."""
    used = {letter for expression in expressions for letter in expression.free_symbols}
    return "{ " + ", ".join(f"{p.id}: {p.symbol.name}" for p in calculator.parameters if p.symbol in used) + " }"


def _infinite(calculator: Calculator) -> list[sympy.Symbol]:
    return [parameter.symbol for parameter in calculator.parameters if parameter.infinite]


def _exact(calculator: Calculator, expression: sympy.Expr) -> str:
    code = emit.javascript(expression, exact=True, infinite=_infinite(calculator))
    return f"({_unpack(calculator, expression)}) => {code}"


def _number(calculator: Calculator, expression: sympy.Expr, variable: sympy.Symbol) -> str:
    x = sympy.Symbol("x", positive=True)
    code = emit.javascript(expression.subs(variable, x), exact=False)
    used = [p for p in calculator.parameters if p.symbol in expression.free_symbols]
    numbers = ", ".join(f"{p.symbol.name} = Number(p.{p.id})" for p in used)
    return f"(p, x) => {{ const {numbers}; return {code}; }}"


def _verdict(calculator: Calculator) -> str:
    code = ""
    conditions = []
    for index, verdict in enumerate(calculator.verdicts):
        if verdict.less is None or verdict.than is None:
            code += str(index)
            break
        less, than = (
            emit.javascript(side, exact=True, infinite=_infinite(calculator)) for side in (verdict.less, verdict.than)
        )
        conditions += [verdict.less, verdict.than]
        code += f"{less}.lt({than}) ? {index} : "
    return f"({_unpack(calculator, *conditions)}) => {code}"
