"""What tests of calculators share: settings by name, steps made wrong on purpose, emitted JavaScript under Node."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import sympy

from calculators import emit
from calculators.derivation import Calculator, Derivation, Step
from calculators.verify import StepError, verify

ROOT = Path(__file__).parents[1]
GAMMA = ROOT / "node_modules/@stdlib/math-base-special-gamma"


def combinations(calculator: Calculator) -> list[dict[str, str]]:
    """Every combination of the options of all choices."""
    names = [choice.id for choice in calculator.choices]
    options = ([option.id for option in choice.options()] for choice in calculator.choices)
    return [dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*options)]


def shown(settings: Mapping[str, object]) -> str:
    """A name for a test."""
    return " ".join(str(value) for value in settings.values())


def found(derivation: Derivation) -> str:
    """The message with which a wrong derivation fails."""
    with pytest.raises(StepError) as caught:
        verify(derivation)
    return str(caught.value)


def wrong_lines(step: Step) -> Iterator[sympy.Basic]:
    """The line after, with a wrong factor, sign or exponent; none for a premise."""
    after = step.after
    if step.kind == "premise":
        return
    if isinstance(after, sympy.Equality):
        for wrong in (2 * after.rhs, after.rhs * (1 + sympy.Rational(1, 10**30)), after.rhs**2):
            yield sympy.Eq(after.lhs, wrong, evaluate=False)
    elif step.limit is None:
        share = sympy.Rational(1, 10**30)
        yield from (2 * after, -after, after * (1 + share)) if after != 0 else (share, -share, sympy.S.One)
    else:
        size = sympy.Abs(step.limit.variable)
        yield from (after * size ** sympy.Integer(power) for power in (1, -1))
        yield after * size ** sympy.Rational(1, 10**6)
        if step.limit.sharp:
            yield from (3 * after, after * (1 + sympy.Rational(1, 10**6)))


def each_wrong_step_fails_by_its_name(derivation: Derivation) -> None:
    """Nothing, when every change of every checked step is found and named."""
    for position, step in enumerate(derivation.steps):
        for line in wrong_lines(step):
            steps = (*derivation.steps[:position], replace(step, after=line), *derivation.steps[position + 1 :])
            message = found(replace(derivation, steps=steps))
            assert message.startswith(f"{derivation.calculator}, step {step.id} ({step.title}): "), line


def under_node(
    calculator: Calculator, expressions: Mapping[str, sympy.Expr], inputs: Sequence[tuple[str, Mapping[str, str]]]
) -> list[dict[str, str]]:
    """Exact fraction (where the expression has one) and number for each input, computed by emitted JavaScript.

    Args:
        calculator: its parameters are the letters.
        expressions: name -> expression in the calculator's letters.
        inputs: (name of an expression, letter -> fraction as text).
    """
    letters = ", ".join(calculator.symbols)
    numbers = ", ".join(f"{letter} = Number(settings.{letter})" for letter in calculator.symbols)
    exact, floating = [], []
    for name, expression in expressions.items():
        key = json.dumps(name)
        try:
            exact.append(f"{key}: ({{ {letters} }}) => ({emit.javascript(expression, exact=True)}).toFraction()")
        except emit.EmitError:
            exact.append(f"{key}: () => ''")
        floating.append(
            f"{key}: (settings) => {{ const {numbers}; return {emit.javascript(expression, exact=False)}; }}"
        )
    special = f"import gamma from {json.dumps((GAMMA / 'lib/index.js').as_uri())};\nconst special = {{ gamma }};"
    script = f"""
import Fraction from {json.dumps((ROOT / "node_modules/fraction.js/dist/fraction.mjs").as_uri())};
import {{ readFileSync }} from "node:fs";
{special if any(expression.has(sympy.gamma) for expression in expressions.values()) else ""}
const lesser = (a, b) => (a.lt(b) ? a : b);
const exact = {{ {", ".join(exact)} }};
const floating = {{ {", ".join(floating)} }};
const answers = JSON.parse(readFileSync(0, "utf8")).map(([name, given]) => {{
  const p = Object.fromEntries(Object.entries(given).map(([letter, text]) => [letter, new Fraction(text)]));
  return {{ exact: exact[name](p), number: String(floating[name](p)) }};
}});
console.log(JSON.stringify(answers));
"""
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script],
        input=json.dumps(inputs),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[dict[str, str]] = json.loads(done.stdout)
    return answers
