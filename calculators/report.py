"""A derivation -> plain text, JSON, LaTeX or Markdown, for a shell or a notebook."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from types import MappingProxyType

import sympy

from calculators import emit
from calculators.derivation import Calculator, Derivation, Quantity, Result, Step

_WIDTH = 88
_KINDS: Mapping[str, str] = MappingProxyType(
    {"premise": "assumed", "identity": "exact", "leading-order": "leading order"}
)


def as_text(calculator: Calculator, derivation: Derivation) -> str:
    """Plain text of at most 88 columns, formulas aside."""
    settings = ", ".join(f"{name} = {value}" for name, value in _told(calculator, derivation).items())
    lines = [f"{calculator.title} ({calculator.id})", settings, ""]
    for number, step in enumerate(derivation.steps, 1):
        lines += [f"{number}. {step.title} [{_KINDS[step.kind]}]", f"   {_text_line(step)}"]
        lines += textwrap.wrap(step.because, _WIDTH, initial_indent="   ", subsequent_indent="   ")
        lines.append("")
    if derivation.result is None:
        lines += textwrap.wrap(f"No answer: {derivation.silence}", _WIDTH)
    else:
        result = derivation.result
        words = f" {result.words}" if result.words else ""
        sign = result.order if result.bound else "="
        lines += textwrap.wrap(f"{result.symbol} {sign} {_value(result)}{words} [{result.status}]", _WIDTH)
        lines += [f"{q.symbol} = {_value(q)} ({q.title})" for q in result.quantities]
        lines += textwrap.wrap(result.meaning, _WIDTH)
    for title, sentences in _lists(calculator, derivation):
        lines += ["", title]
        for sentence in sentences:
            lines += textwrap.wrap(sentence, _WIDTH, initial_indent="- ", subsequent_indent="  ")
    return "\n".join(lines)


def as_json(calculator: Calculator, derivation: Derivation) -> str:
    """JSON with the keys calculator, parameters, assumptions, steps and result.

    Where the theory says nothing the result is null and `silence` says why; further outputs stand under `quantities`.
    For a form without a value `order` (`<=`, `>=`) says how the symbol compares with it, `words` what belongs to it.
    `unit` is what stands after the number, where there is one.
    """
    result = derivation.result
    more: dict[str, object] = {"silence": derivation.silence} if result is None else {}
    if result is not None and result.bound:
        more |= {"order": result.order} | ({"words": result.words} if result.words else {})
    if result is not None and result.unit:
        more["unit"] = result.unit
    if result is not None and result.quantities:
        more["quantities"] = [
            {"id": q.id, "title": q.title, "text": q.text, "decimal": q.decimal, "unit": q.unit}
            for q in result.quantities
        ]
    return json.dumps(
        {
            "calculator": calculator.id,
            "parameters": derivation.parameters,
            "assumptions": [assumption.text for assumption in derivation.assumptions],
            "steps": [
                {
                    "title": step.title,
                    "kind": step.kind,
                    "before": emit.text(step.before),
                    "after": emit.text(step.after),
                    "because": step.because,
                }
                for step in derivation.steps
            ],
            "result": None if result is None else {"text": result.text, "latex": result.latex},
        }
        | more,
        indent=2,
        ensure_ascii=False,
    )


def as_latex(calculator: Calculator, derivation: Derivation) -> str:
    """An `align*` environment (package amsmath): one line a step, and the result."""
    rows = []
    for step in derivation.steps:
        left, sign, right = _relation(step)
        rows.append(rf"  {left} &{sign} {right} && \text{{{step.title} ({_KINDS[step.kind]})}} \\")
    result = derivation.result
    if result is None:
        rows.append(rf"  & && \text{{No answer: {emit.latex_text(derivation.silence)}}}")
    else:
        title = rf"\text{{{calculator.title} ({result.status})}}"
        rows.append(rf"  {emit.latex(result.symbol)} &{result.sign} {result.latex}{_words(result)} && {title}")
    return "\n".join([r"\begin{align*}", *rows, r"\end{align*}"])


def as_markdown(calculator: Calculator, derivation: Derivation) -> str:
    """Markdown with `$$…$$` formulas."""
    lines = [f"# {calculator.title}", "", calculator.question, ""]
    lines += [f"- {name}: `{value}`" for name, value in _told(calculator, derivation).items()]
    for number, step in enumerate(derivation.steps, 1):
        left, sign, right = _relation(step)
        lines += ["", f"## {number}. {step.title}", "", f"*{_KINDS[step.kind].capitalize()}.* {step.because}", ""]
        lines += [f"$${left} {sign} {right}$$"]
    if derivation.result is None:
        lines += ["", "## Result", "", f"No answer: {derivation.silence}"]
    else:
        result = derivation.result
        formula = f"{emit.latex(result.symbol)} {result.sign} {result.latex}{_words(result)}"
        lines += ["", "## Result", "", f"$${formula}$$", ""]
        lines += [f"$${emit.latex(q.symbol)} = {q.latex}$$ {q.title}\n" for q in result.quantities]
        lines += [f"**{result.status.capitalize()}.** {result.meaning}"]
    for title, sentences in _lists(calculator, derivation):
        lines += ["", f"## {title}", "", *(f"- {sentence}" for sentence in sentences)]
    return "\n".join(lines)


FORMATS: Mapping[str, Callable[[Calculator, Derivation], str]] = MappingProxyType(
    {"text": as_text, "json": as_json, "latex": as_latex, "markdown": as_markdown}
)


def _told(calculator: Calculator, derivation: Derivation) -> dict[str, str]:
    """The settings without further assumptions that are as usual."""
    usual = {p.id: p.symbol.name for p in calculator.parameters if p.further}
    usual |= {choice.id: choice.default or "" for choice in calculator.choices if choice.further}
    return {name: value for name, value in derivation.parameters.items() if usual.get(name) != value}


def _lists(calculator: Calculator, derivation: Derivation) -> tuple[tuple[str, list[str]], ...]:
    lists = (
        ("Assumptions", [assumption.text for assumption in derivation.assumptions]),
        ("Where it holds", list(derivation.result.holds if derivation.result else ())),
        ("Sources", [f"{source.text}: {source.url}" for source in calculator.sources]),
    )
    return tuple((title, sentences) for title, sentences in lists if sentences)


def _words(result: Result) -> str:
    """What belongs to the formula and is none: a form's words, a number's unit."""
    return rf"\quad\text{{{emit.latex_text(result.words or result.unit)}}}" if result.words or result.unit else ""


def _value(formula: Quantity | Result) -> str:
    """The exact value and, where it says more, the decimal: `1/2 = 0.5`, `1/3 ≈ 0.333 nats`, `sqrt(pi) ≈ 1.77245`."""
    unit = f" {formula.unit}" if formula.unit else ""
    decimal = formula.decimal
    if decimal is None or decimal == formula.text:
        return formula.text + unit
    whole = formula.expression.is_Rational and sympy.Rational(decimal) == formula.expression
    return f"{formula.text} {'=' if whole else '≈'} {decimal}{unit}"


def _text_line(step: Step) -> str:
    if step.limit is not None:
        note = "to leading order" if step.limit.sharp else "is proportional to"
        limit = f"as {step.limit.variable} -> {step.limit.towards}"
        return f"{emit.text(step.before)}  {note}  {emit.text(step.after)}  {limit}"
    if isinstance(step.before, sympy.Equality):
        return f"{emit.text(step.before)}  =>  {emit.text(step.after)}"
    return f"{emit.text(step.before)} {step.order if step.bound else '='} {emit.text(step.after)}"


def _relation(step: Step) -> tuple[str, str, str]:
    """Left side, sign and right side of a step's line; a solved equation shows its solution alone."""
    if isinstance(step.before, sympy.Equality) and isinstance(step.after, sympy.Equality):
        return emit.latex(step.after.lhs), "=", emit.latex(step.after.rhs)
    return emit.latex(step.before), step.sign, emit.latex(step.after)
