"""A calculator -> what its page needs to answer while a reader drags: lines with holes, and a JavaScript module.

A page knows every combination of the choices' options that makes a difference (`Choice.only`, `Choice.alone`). A part
that reads alike in several of them is there once, with the options for which it is shown. The module holds data and
formulas and nothing else; every formula in it is emitted from SymPy.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import sympy

from calculators import emit
from calculators.derivation import (
    MAX_PART,
    Axes,
    Calculator,
    Choice,
    Curve,
    Derivation,
    Law,
    Parameter,
    Quantity,
    Source,
    Step,
    StepKind,
    Value,
    Verdict,
)

MOST_COMBINATIONS = 512
"""More make a page that takes long to build and to load."""

_SPECIAL = re.compile(r"(?<![\w.])(gamma|loggamma|erf|erfc)\(")
_NO_CODE = "This combination has no closed form that a page could compute; the shell and Python have the derivation."

Key = tuple[str, ...]
"""One option id of each choice that matters, in the order of the calculator's choices."""
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Shown(Generic[T_co]):
    """Something that is shown for some of the options."""

    item: T_co
    choices: tuple[str, ...]
    """The ids of the choices that decide; empty when it is always shown."""
    options: tuple[str, ...]
    """For which options of those choices: `a` or, for two choices, `a/b`; the empty text when it is always shown."""

    def holds(self, chosen: Mapping[str, str]) -> bool:
        """Whether it is shown for these options (choice id -> option id)."""
        return "/".join(chosen[choice] for choice in self.choices) in self.options


@dataclass(frozen=True)
class Variant:
    """How a step reads for some of the options."""

    options: tuple[str, ...]
    """For which options of the step's choices, as in `Shown`."""
    title: str
    kind: StepKind
    before: emit.Template
    after: emit.Template
    because: str
    source: Source | None
    law: Law
    sign: str
    """The LaTeX of the relation between before and after."""
    relation: str
    """The relation in words."""


@dataclass(frozen=True)
class PageStep:
    """A step with holes where the reader's numbers go, in as many variants as the choices make."""

    id: str
    choices: tuple[str, ...]
    """The ids of the choices that make a difference to the step."""
    variants: tuple[Variant, ...]
    """Without an entry for options that have no such step."""

    @property
    def title(self) -> str:
        """The title in the first variant."""
        return self.variants[0].title

    @property
    def kind(self) -> StepKind:
        """The kind in the first variant."""
        return self.variants[0].kind


@dataclass(frozen=True)
class Plan:
    """A calculator's derivations in letters for all combinations of options, merged for a page."""

    calculator: Calculator
    steps: tuple[PageStep, ...]
    cases: tuple[Shown[Derivation], ...]
    """The answers that differ: result, silence, further outputs and curves; the first is that of the page's start."""
    assumptions: tuple[Shown[str], ...]
    holds: tuple[Shown[str], ...]
    parameters: tuple[Shown[Parameter], ...]
    """The parameters, with the options for which they make a difference."""
    choices: tuple[Shown[Choice], ...]
    """The choices, with the options of others for which they make a difference."""

    @property
    def holes(self) -> tuple[emit.Hole, ...]:
        """Every hole of the page, each once."""
        found = {
            hole.key: hole
            for step in self.steps
            for variant in step.variants
            for line in (variant.before, variant.after)
            for hole in line.holes
        }
        return tuple(found.values())

    @property
    def axes(self) -> Axes | None:
        """The frame of the plot, None for the fixed one; its titles are those of the first answer.

        Raises:
            ValueError: two combinations have different frames.
        """
        frames = [case.item.axes for case in self.cases if case.item.curves]
        if len({axes and (axes.x, axes.y) for axes in frames}) > 1:
            raise ValueError(f"all curves of a calculator must have the same axes; got {self.calculator.id}")
        return next(iter(frames), None)

    @property
    def titles(self) -> tuple[Shown[Axes], ...]:
        """The titles of the axes, with the options for which they are said."""
        found: dict[Axes, list[Shown[Derivation]]] = {}
        for case in self.cases:
            if case.item.axes is not None:
                found.setdefault(case.item.axes, []).append(case)
        return tuple(
            Shown(axes, cases[0].choices, tuple(option for case in cases for option in case.options))
            for axes, cases in found.items()
        )

    @property
    def ranks(self) -> Mapping[str, int]:
        """Curve id -> its place among the curves of its answer, from 1, which is how a page tells them apart; among all
        curves where that place is not the same in all answers.
        """
        places: dict[str, set[int]] = {}
        for case in self.cases:
            for place, curve in enumerate(case.item.curves, 1):
                places.setdefault(curve.id, set()).add(place)
        if all(len(found) == 1 for found in places.values()):
            return {id_: next(iter(found)) for id_, found in places.items()}
        return {id_: place for place, id_ in enumerate(places, 1)}


@dataclass(frozen=True)
class _Built:
    """The derivations in letters (smoothness included) of which a page is made."""

    calculator: Calculator
    combined: Mapping[Key, Derivation]
    """For each combination that makes a difference; choices that stand alone are as the page begins."""
    alone: Mapping[tuple[str, str], Derivation]
    """(choice that stands alone, option) -> derivation; all else is as the page begins."""
    crossed: Sequence[Derivation]
    """Options that stand alone and have other steps than the rest, in each combination: for the order of the steps."""

    @property
    def start(self) -> Key:
        """What the page begins with."""
        return tuple(settled(self.calculator, {}).values())


def settled(calculator: Calculator, chosen: Mapping[str, str]) -> dict[str, str]:
    """The options (choice id -> option id), those that are left out or make no difference as the page begins."""
    found: dict[str, str] = {}
    for choice in calculator.choices:
        usual = choice.usual(choice.begins, chosen)
        free = chosen.get(choice.id, usual) if choice.counts(found) else usual
        found[choice.id] = fixed(calculator, found).get(choice.id, free)
    return found


def fixed(calculator: Calculator, chosen: Mapping[str, str]) -> dict[str, str]:
    """Choice id -> option id of what other options (choice id -> option id) leave no freedom for."""
    return {
        name: option_id
        for choice in calculator.choices
        for option in choice.options()
        if option.id == chosen.get(choice.id)
        for name, option_id in option.fixes.items()
    }


def plan(calculator: Calculator) -> Plan:
    """The steps, answers, assumptions and limits of a calculator for every combination of its options.

    Raises:
        ValueError: there are more than `MOST_COMBINATIONS`, or a choice that is to stand alone changes an answer.
    """
    built = _build(calculator)
    keys: dict[sympy.Expr, str] = {}
    steps = []
    for id_, entries in _merged(built, lambda d: {step.id: step for step in d.steps}, _step_signature).items():
        choices, groups = _groups(calculator, entries, _step_signature)
        variants = [
            _variant(calculator, tuple("/".join(key) for key in found), step, keys)
            for step, found in groups
            if step is not None
        ]
        steps.append(PageStep(id_, choices, tuple(variants)))
    answers: dict[Key, Derivation | None] = {**built.combined}
    deciding, alike = _groups(calculator, answers, _case_signature)
    cases = [Shown(case, deciding, tuple("/".join(key) for key in found)) for case, found in alike if case is not None]
    cases.sort(key=lambda case: not case.holds(_named(calculator, built.start)))
    return Plan(
        calculator,
        tuple(steps),
        tuple(cases),
        _sentences(built, lambda d: [assumption.text for assumption in d.assumptions]),
        _sentences(built, lambda d: d.result.holds if d.result else ()),
        tuple(_parameter_shown(built, parameter) for parameter in calculator.parameters),
        tuple(_choice_shown(choice) for choice in calculator.choices),
    )


def page_steps(calculator: Calculator) -> tuple[PageStep, ...]:
    """The steps of a calculator as templates, in order; `variants` has one entry for options that read alike."""
    return plan(calculator).steps


def holes(calculator: Calculator) -> tuple[emit.Hole, ...]:
    """Every hole of a calculator's page, each once."""
    return plan(calculator).holes


def hole_texts(calculator: Calculator, **settings: Value) -> dict[str, str]:
    """Key -> exact text of every hole for given settings; what is left out keeps its letter or default.

    Raises:
        calculators.derivation.SettingError: a setting is wrong.
    """
    derivation = calculator.derive(**settings)
    values = {p.symbol: value for p, (_, value) in zip(calculator.parameters, derivation.settings, strict=True)}
    return {hole.key: emit.text(hole.at(values)) for hole in holes(calculator)}


def is_exact(calculator: Calculator, expression: sympy.Expr) -> bool:
    """Whether a page can give the value as a fraction; else it gives a decimal."""
    if any(parameter.real and parameter.symbol in expression.free_symbols for parameter in calculator.parameters):
        return False
    try:
        emit.javascript(expression, exact=True, infinite=_infinite(calculator))
    except emit.EmitError:
        return False
    return True


def is_power_of_two(calculator: Calculator, expression: sympy.Expr) -> bool:
    """Whether it is 2 to a power that a page knows exactly: then the value is exact where that is a whole number."""
    return isinstance(expression, sympy.Pow) and expression.base == 2 and is_exact(calculator, expression.exp)


WHOLE_POWERS = 50
"""Up to this exponent powers of two are written out, which takes 16 digits; beyond they have six and a power of ten."""


def is_computable(calculator: Calculator, expression: sympy.Basic) -> bool:
    """Whether a page can give the value at all."""
    if not isinstance(expression, sympy.Expr):
        return False
    try:
        _code(calculator, expression)
    except emit.EmitError:
        return False
    return True


def javascript_module(
    calculator: Calculator, fraction_url: str = "../fraction.js", special_url: str = "../special.js"
) -> str:
    """The text of an ES module with a calculator's data and formulas.

    Args:
        calculator: the calculator.
        fraction_url: where the page finds fraction.js 5 as an ES module.
        special_url: where the page finds gamma, loggamma, erf and erfc as an ES module.

    Returns:
        A module that exports `Fraction`, `id`, `parameters`, `choices`, `bibtex`, `axes`, `verdicts`, and these
        functions of `p = {parameter id: Fraction, Infinity where allowed, or a number where real}` and
        `chosen = {choice id: option id}` (left out: what the page begins with): `settle(chosen)`, with all that makes
        no difference as the page begins and all that options fix as they have it; `fixed(chosen)`, the latter alone;
        `complete(p, chosen)`, with what the options set; `result(p, chosen)`, a Fraction, or a number where it is
        irrational or depends on real parameters, or the text of a form that has no value, or {tens} with its decimal
        logarithm where it is larger than any double, or null where the theory says nothing; `silence(p, chosen)`, why,
        or the empty text; `stops(p, chosen)`, the id of the first step that does not hold then, if there is one;
        `quantities(p, chosen)`, id -> value; `verdict(p, chosen)`, the index in `verdicts`; `latex(chosen)`, the
        formula in letters; `slots[key](p)`, the value of each hole; and `curves[id].value(p, x, chosen)`, a number, or
        NaN where the curve is not drawn.
    """
    return module(plan(calculator), fraction_url, special_url)


def module(plan: Plan, fraction_url: str = "../fraction.js", special_url: str = "../special.js") -> str:
    """The text of the module for a plan; see `javascript_module`."""
    calculator = plan.calculator
    slots = "\n".join(f"  {hole.key}: {_function(calculator, hole.expression)}," for hole in plan.holes)
    verdicts: dict[tuple[str, str], int] = {}
    for verdict in calculator.verdicts:
        verdicts.setdefault((verdict.status, verdict.meaning), len(verdicts))
    cases = ",\n".join(_case(calculator, case.item, verdicts) for case in plan.cases)
    places = {option: place for place, case in enumerate(plan.cases) for option in case.options}
    curves: dict[str, str] = {}
    for case in plan.cases:
        curves |= {curve.id: curve.title for curve in case.item.curves if curve.id not in curves}
    lines = ",\n".join(
        f"  {json.dumps(id_)}: {{ title: {_data(title)}, "
        f"value: (p, x, chosen) => at(chosen).curves[{json.dumps(id_)}]?.(p, x) ?? NaN }}"
        for id_, title in curves.items()
    )
    silences = ",\n".join(
        f"  {{ sentence: {_data(rule.sentence)}, options: {_data(rule.options)}, "
        f"{f'stops: {_data(rule.stops)}, ' if rule.stops else ''}"
        f"test: {_comparison(calculator, rule.less, rule.than, or_equal=rule.or_equal)} }}"
        for rule in calculator.silences
    )
    body = f"""
export {{ Fraction }};
export const id = {_data(calculator.id)};
export const parameters = {_data([parameter_data(parameter) for parameter in calculator.parameters])};
export const choices = {_data(_choices(calculator))};
export const bibtex = {_data(bibtex(calculator.sources))};
export const axes = {_data(_axes(plan.axes))};
export const tens = (x) => {emit.javascript(10 ** sympy.Symbol("x"), exact=False)};
export const verdicts = {_data([{"status": status, "meaning": meaning} for status, meaning in verdicts])};

const deciding = {_data(plan.cases[0].choices)};
const places = {_data(places)};
const cases = [
{cases},
];
const silences = [
{silences}
];
const sets = {{
{_sets(calculator)}
}};
export const fixed = (chosen) =>
  Object.assign({{}}, ...Object.entries(choices).map(([id, {{ options }}]) => options[chosen[id]]?.fixes));
const usual = (chosen, {{ start, options }}) =>
  Object.keys(options[start].fixes ?? {{}}).some((name) => chosen?.[name] !== undefined)
    ? (Object.keys(options).find((option) => !options[option].fixes) ?? start)
    : start;
export const settle = (chosen) => {{
  const found = {{}};
  for (const [id, choice] of Object.entries(choices)) {{
    const counts = (choice.only ?? []).every(([other, options]) => options.includes(found[other]));
    found[id] = fixed(found)[id] ?? ((counts && chosen?.[id]) || usual(chosen, choice));
  }}
  return found;
}};
const at = (chosen) => {{
  const found = settle(chosen);
  return cases[places[deciding.map((choice) => found[choice]).join("/")]];
}};
const hushed = (p, chosen) => {{
  const found = settle(chosen);
  return silences.find((rule) => rule.options.every(([choice, option]) => found[choice] === option) && rule.test(p));
}};

export const complete = (p, chosen) => {{
  const all = {{ ...p }};
  for (const [id, option] of Object.entries(settle(chosen)))
    if (sets[id]?.[option]) all[choices[id].parameter] = sets[id][option](all);
  return all;
}};
export const silence = (p, chosen) => at(chosen).silence || (hushed(p, chosen)?.sentence ?? "");
export const stops = (p, chosen) => (at(chosen).silence ? undefined : hushed(p, chosen)?.stops);
export const result = (p, chosen) => (silence(p, chosen) ? null : at(chosen).result(p));
export const quantities = (p, chosen) =>
  Object.fromEntries(
    silence(p, chosen) ? [] : Object.entries(at(chosen).quantities).map(([key, value]) => [key, value(p)]),
  );
export const latex = (chosen) => at(chosen).latex;
export const verdict = (p, chosen) => at(chosen).verdict(p);
export const slots = {{
{slots}
}};
export const curves = {{
{lines}
}};
"""
    special = sorted(set(_SPECIAL.findall(body)))
    imports = [f"import Fraction from {json.dumps(fraction_url)};"]
    if special:
        imports.append(f"import {{ {', '.join(special)} }} from {json.dumps(special_url)};")
    source = calculator.id.replace("-", "_")
    huge = (
        "const huge = (value, power) => {\n"
        "  const tens = value === Infinity ? power() : NaN;\n"
        "  return Number.isFinite(tens) ? { tens } : value;\n};\n"
    )
    return (
        f"// Emitted from calculators.{source}; change the Python, not this file.\n"
        + "\n".join(imports)
        + "\n\nconst lesser = (a, b) => (a === Infinity ? b : b === Infinity ? a : a.lt(b) ? a : b);"
        + "\nconst greater = (a, b) => (a.gt(b) ? a : b);"
        + "\nconst reciprocal = (a) => (a === Infinity ? new Fraction(0n) : a.inverse());\n"
        + (huge if "huge(" in body else "")
        + body
    )


def bibtex(sources: Sequence[Source]) -> str:
    """The sources as BibTeX entries."""
    entries = []
    keys: Counter[str] = Counter()
    for source in sources:
        names = [name.strip() for name in re.split(r",|\band\b|\bet al\.?", source.authors) if name.strip()]
        people = names + (["others"] if "et al" in source.authors else [])
        word = re.sub(r"[^a-z]", "", (names or ["anonymous"])[0].casefold().split()[-1])
        key = f"{word}{source.year}"
        keys[key] += 1
        entry = [
            # A second source of the same author and year is hafner2021b.
            f"@misc{{{key}{'abcdefgh'[keys[key] - 1] if keys[key] > 1 else ''},",
            f"  title = {{{emit.latex_text(source.title)}}},",
            f"  author = {{{' and '.join(people)}}},",
            f"  year = {{{source.year}}},",
            f"  howpublished = {{\\url{{{source.url}}}}},",
            f"  note = {{{emit.latex_text(source.place)}}},",
            "}",
        ]
        entries.append("\n".join(entry))
    return "\n\n".join(entries)


def _named(calculator: Calculator, key: Key) -> dict[str, str]:
    return {choice.id: option for choice, option in zip(calculator.choices, key, strict=True)}


def _build(calculator: Calculator) -> _Built:
    """What a page is made of.

    Raises:
        ValueError: there are too many combinations, or a choice that is to stand alone changes an answer.
    """
    options = {choice.id: {option.id: option for option in choice.options()} for choice in calculator.choices}
    keys: list[Key] = [()]
    for place, choice in enumerate(calculator.choices):
        earlier = calculator.choices[:place]
        keys = [
            (*key, option)
            for key in keys
            for before in [{other.id: key[at] for at, other in enumerate(earlier)}]
            for option in options[choice.id]
            if fixed(calculator, before).get(choice.id, option) == option
            and (
                option == choice.begins
                or choice.id in fixed(calculator, before)
                or (not choice.alone and choice.counts(before))
            )
        ]
    if len(keys) > MOST_COMBINATIONS:
        raise ValueError(
            f"the choices of a calculator must have at most {MOST_COMBINATIONS} combinations; "
            f"got {len(keys)} in {calculator.id}"
        )
    letters = {parameter.id: parameter.symbol for parameter in calculator.parameters}

    def derivation(key: Key) -> Derivation:
        chosen = _named(calculator, key).items()
        return calculator.build(letters, {choice: options[choice][option] for choice, option in chosen})

    start = tuple(settled(calculator, {}).values())
    alone = {
        (choice.id, option): derivation((*start[:place], option, *start[place + 1 :]))
        for place, choice in enumerate(calculator.choices)
        if choice.alone
        for option in options[choice.id]
    }
    own: dict[tuple[str, ...], tuple[int, str]] = {}
    for (choice_id, option), other in alone.items():
        place = next(at for at, choice in enumerate(calculator.choices) if choice.id == choice_id)
        own.setdefault(tuple(step.id for step in other.steps), (place, option))
    crossed = [
        derivation((*key[:place], option, *key[place + 1 :]))
        for place, option in own.values()
        if option != calculator.choices[place].begins
        for key in keys
        if calculator.choices[place].counts(_named(calculator, key))
    ]
    built = _Built(calculator, {key: derivation(key) for key in keys}, alone, crossed)
    answer = _case_signature(built.combined[start])
    for (choice_id, option), other in alone.items():
        if _case_signature(other) != answer:
            raise ValueError(f"a choice that stands alone must not change the answer; got {choice_id} {option}")
    return built


def _merged(
    built: _Built, parts: Callable[[Derivation], Mapping[str, T]], signature: Callable[[T], Hashable]
) -> dict[str, dict[Key, T | None]]:
    """Part id -> what it is in each derivation, None where it is not; in an order that agrees with every derivation."""
    found = {key: parts(derivation) for key, derivation in built.combined.items()}
    alone = {key: parts(derivation) for key, derivation in built.alone.items()}
    merged: dict[str, dict[Key, T | None]] = {}
    for id_ in in_one_order([*found.values(), *alone.values(), *map(parts, built.crossed)]):
        entries = merged[id_] = {key: named.get(id_) for key, named in found.items()}
        usual = found[built.start].get(id_)
        for place, choice in enumerate(built.calculator.choices):
            others = {option: named.get(id_) for (choice_id, option), named in alone.items() if choice_id == choice.id}
            if all(_same(other, usual, signature) for other in others.values()):
                continue
            for key, named in found.items():
                # Where the part is what it is at the start, the option makes of it what it makes of it there.
                here = named.get(id_)
                follows = _same(here, usual, signature) and choice.counts(_named(built.calculator, key))
                for option, other in others.items():
                    entries[(*key[:place], option, *key[place + 1 :])] = other if follows else here
    return merged


def in_one_order(sequences: Sequence[Iterable[str]]) -> list[str]:
    """Every id once, in an order in which each sequence's ids follow each other as they do there.

    Where that leaves a choice, what comes first in an earlier sequence is first.

    Raises:
        ValueError: there is no such order.
    """
    before: dict[str, set[str]] = {}
    for sequence in sequences:
        ids = list(sequence)
        for place, id_ in enumerate(ids):
            before.setdefault(id_, set()).update(ids[:place][-1:])
    order: list[str] = []
    while waiting := [id_ for id_ in before if id_ not in order]:
        free = [id_ for id_ in waiting if before[id_] <= set(order)]
        if not free:
            raise ValueError(f"parts must be in one order in all derivations; got {', '.join(waiting)} in several")
        order.append(free[0])
    return order


def _same(part: T | None, other: T | None, signature: Callable[[T], Hashable]) -> bool:
    if part is None or other is None:
        return part is other
    return signature(part) == signature(other)


def _groups(
    calculator: Calculator, entries: Mapping[Key, T | None], signature: Callable[[T], Hashable]
) -> tuple[tuple[str, ...], list[tuple[T | None, list[Key]]]]:
    """The choices that make a difference, and what there is for each group of their options."""
    signatures = {key: None if entry is None else signature(entry) for key, entry in entries.items()}
    kept = []
    for place in range(len(calculator.choices)):
        others: dict[Key, set[Hashable]] = {}
        for key, found in signatures.items():
            others.setdefault((*key[:place], *key[place + 1 :]), set()).add(found)
        if any(len(found) > 1 for found in others.values()):
            kept.append(place)
    groups: dict[Hashable, tuple[T | None, list[Key]]] = {}
    for key, entry in entries.items():
        short = tuple(key[place] for place in kept)
        _, keys = groups.setdefault(signatures[key], (entry, []))
        if short not in keys:
            keys.append(short)
    return tuple(calculator.choices[place].id for place in kept), list(groups.values())


def _sentences(built: _Built, parts: Callable[[Derivation], Iterable[str]]) -> tuple[Shown[str], ...]:
    """Sentences with the options for which they are said."""
    shown = []
    for text, entries in _merged(built, lambda d: {part: part for part in parts(d)}, lambda part: part).items():
        choices, groups = _groups(built.calculator, entries, lambda part: part)
        keys = next(found for part, found in groups if part is not None)
        shown.append(Shown(text, choices, tuple("/".join(key) for key in keys)))
    return tuple(shown)


def _parameter_shown(built: _Built, parameter: Parameter) -> Shown[Parameter]:
    """A parameter with the options whose derivation holds its letter and that do not set it; with all, when none does.

    Where there is no answer those of the first settings stay, for the reader to go on with.
    """
    calculator, letter = built.calculator, parameter.symbol
    stays = not parameter.further and letter in _letters(built.combined[built.start])
    used: dict[Key, bool | None] = {
        key: True if (stays and d.result is None) or letter in _letters(d) else None
        for key, d in built.combined.items()
    }
    for key in used:
        if any(_named(calculator, key)[choice] not in options for choice, options in parameter.only):
            used[key] = None
    in_usual = letter in _letters(built.combined[built.start])
    for place, choice in enumerate(calculator.choices):
        options = [option for option in choice.options() if choice.alone]
        sets = {option.id for option in options if choice.parameter == parameter.id and option.value is not None}
        adds = {option.id for option in options if letter in _letters(built.alone[choice.id, option.id])}
        if not sets and (in_usual or not adds):
            continue
        for key, use in list(used.items()):
            counts = choice.counts(_named(calculator, key))
            for option in options:
                mine = use or (True if counts and not in_usual and option.id in adds else None)
                used[*key[:place], option.id, *key[place + 1 :]] = None if counts and option.id in sets else mine
    choices, groups = _groups(calculator, used, lambda use: use)
    keys = next((found for use, found in groups if use), None)
    return Shown(parameter, choices, tuple("/".join(key) for key in keys)) if keys else Shown(parameter, (), ("",))


def _choice_shown(choice: Choice) -> Shown[Choice]:
    """A choice with the options of others for which it makes a difference."""
    keys = itertools.product(*(options for _, options in choice.only))
    return Shown(choice, tuple(other for other, _ in choice.only), tuple("/".join(key) for key in keys))


def _letters(derivation: Derivation) -> set[sympy.Symbol]:
    """Every letter of a derivation."""
    result = derivation.result
    parts = [side for step in derivation.steps for side in (step.before, step.after)]
    parts += [curve.expression for curve in derivation.curves]
    parts += [quantity.expression for quantity in result.quantities] + [result.expression] if result else []
    return {letter for part in parts for letter in part.free_symbols}


def _step_signature(step: Step) -> Hashable:
    words = step.because, step.source, step.law, step.sign, step.relation
    return step.title, step.kind, step.before, step.after, words


def _case_signature(derivation: Derivation) -> Hashable:
    result = derivation.result
    answer = result and (
        result.symbol,
        result.sign,
        result.words,
        result.expression,
        result.status,
        result.meaning,
        result.quantities,
    )
    return answer, derivation.silence, derivation.curves, derivation.axes


def _variant(calculator: Calculator, options: tuple[str, ...], step: Step, keys: dict[sympy.Expr, str]) -> Variant:
    """One variant; `keys` collects the holes, so that equal holes of all steps share a key."""
    letters = [parameter.symbol for parameter in calculator.parameters]

    def computable(node: sympy.Expr) -> bool:
        try:
            emit.javascript(node, exact=False)
        except emit.EmitError:
            return False
        return True

    def line(expression: sympy.Basic) -> emit.Template:
        template = emit.template(expression, letters, keys, computable, partial(is_exact, calculator))
        keys.update({hole.expression: hole.key for hole in template.holes})
        return template

    def valued(expression: sympy.Basic) -> emit.Template:
        """The expression in letters and its value, as far as that is one number."""
        formula, value = emit.latex(expression), line(expression)
        if not expression.free_symbols or [hole.expression for hole in value.holes] != [expression]:
            return emit.Template(formula, ())
        sign = "=" if is_exact(calculator, value.holes[0].expression) else r"\approx"
        return emit.Template(f"{formula} {sign} {value.latex}", value.holes)

    wanted = frozenset(letters)
    if step.letters or all(
        isinstance(side, sympy.Expr) and side.free_symbols <= wanted for side in (step.before, step.after)
    ):
        # With numbers on both sides the line would say 1/2 = 1/2: it keeps its letters, and the value comes last.
        before, after = emit.Template(emit.latex(step.before), ()), valued(step.after)
    elif _rounds(calculator, step):
        # A bare decimal would say nothing of where it comes from, and would not be equal to what is before it.
        before, after = line(step.before), valued(step.after)
    else:
        before, after = line(step.before), line(step.after)
    words = step.because, step.source, step.law, step.sign, step.relation
    return Variant(options, step.title, step.kind, before, after, *words)


def _rounds(calculator: Calculator, step: Step) -> bool:
    """Whether a line in numbers would be a letter and one rounded decimal."""
    letters = {parameter.symbol for parameter in calculator.parameters}
    return (
        isinstance(step.after, sympy.Expr)
        and bool(step.after.free_symbols)
        and step.after.free_symbols <= letters
        and not step.before.free_symbols & letters
        and is_computable(calculator, step.after)
        and not is_exact(calculator, step.after)
    )


def parameter_data(parameter: Parameter) -> Mapping[str, object]:
    """A parameter as the page's script knows it."""
    data: dict[str, object] = {
        "name": parameter.id,
        "letter": parameter.symbol.name,
        "title": parameter.title,
        "rules": dict(parameter.rules),
        "integer": parameter.integer,
        "infinite": parameter.infinite,
        "minimum": None if parameter.minimum is None else str(parameter.minimum),
        "open": parameter.open,
        "largest": str(parameter.largest),
        "start": emit.text(parameter.start),
        "slider": [int(end) if end == int(end) else float(end) for end in parameter.slider],
    }
    if parameter.maximum is not None:
        data |= {"maximum": str(parameter.maximum), "openMaximum": parameter.open_maximum}
    if parameter.parts != MAX_PART:
        data["parts"] = str(parameter.parts)
    if parameter.real:
        data["real"] = True
    if parameter.logarithmic:
        data["logarithmic"] = True
    return data


def _choices(calculator: Calculator) -> Mapping[str, object]:
    return {
        choice.id: {
            "parameter": choice.parameter,
            "start": choice.begins,
            "options": {
                option.id: {"label": option.title}
                | ({} if option.value is None else {"value": emit.text(option.value)})
                | ({} if option.expression is None else {"latex": emit.latex(option.expression)})
                | ({"fixes": dict(option.fixes)} if option.fixes else {})
                for option in choice.options()
            },
        }
        | ({"only": choice.only} if choice.only else {})
        | ({"further": True} if choice.further else {})
        for choice in calculator.choices
    }


def _sets(calculator: Calculator) -> str:
    """What options set their choice's parameter to, as functions of the parameters."""
    lines = []
    for choice in calculator.choices:
        options = [option for option in choice.options() if option.value is not None]
        functions = ", ".join(
            f"{json.dumps(option.id)}: {_function(calculator, option.value)}"
            for option in options
            if option.value is not None
        )
        if choice.parameter and options:
            lines.append(f"  {json.dumps(choice.id)}: {{ {functions} }},")
    return "\n".join(lines)


def _axes(axes: Axes | None) -> object:
    if axes is None:
        return None
    return {"x": [float(axes.x[0]), float(axes.x[1]), axes.x[2]], "y": [float(axes.y[0]), float(axes.y[1]), axes.y[2]]}


def _data(value: object) -> str:
    # </script> cannot end a script element early, should a page ever inline the module.
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


def _infinite(calculator: Calculator) -> list[sympy.Symbol]:
    return [parameter.symbol for parameter in calculator.parameters if parameter.infinite]


def _unpack(calculator: Calculator, letters: Iterable[sympy.Symbol]) -> str:
    """The parameters with these letters, as a JavaScript destructuring pattern."""
    used = set(letters)
    return "{ " + ", ".join(f"{p.id}: {p.symbol.name}" for p in calculator.parameters if p.symbol in used) + " }"


def _numbers(calculator: Calculator, letters: Iterable[sympy.Symbol]) -> str:
    """Statements that make plain numbers of the parameters with these letters."""
    used = set(letters)
    return "".join(f"const {p.symbol.name} = Number(given.{p.id}); " for p in calculator.parameters if p.symbol in used)


def _code(calculator: Calculator, expression: sympy.Expr) -> tuple[bool, str]:
    """Whether the code is exact, and the code.

    Raises:
        emit.EmitError: the expression has no code, or letters that are no parameters.
    """
    strange = expression.free_symbols - {parameter.symbol for parameter in calculator.parameters}
    if strange:
        raise emit.EmitError(f"a page knows its parameters only; got {', '.join(sorted(map(str, strange)))}")
    if is_exact(calculator, expression):
        return True, emit.javascript(expression, exact=True, infinite=_infinite(calculator))
    return False, emit.javascript(expression, exact=False)


def _function(calculator: Calculator, expression: sympy.Expr) -> str:
    exact, code = _code(calculator, expression)
    if exact:
        return f"({_unpack(calculator, expression.free_symbols)}) => {code}"
    whole = ""
    if is_power_of_two(calculator, expression):
        power = emit.javascript(expression.exp, exact=True, infinite=_infinite(calculator))
        whole = f"const power = (({_unpack(calculator, expression.free_symbols)}) => {power})(given); "
        whole += f"if (power.d === 1n && power.n <= {WHOLE_POWERS}n) return new Fraction(2n).pow(power); "
    if (tens := _tens(expression)) is not None:
        code = f"huge({code}, () => {emit.javascript(tens, exact=False)})"
    return f"(given) => {{ {whole}{_numbers(calculator, expression.free_symbols)}return {code}; }}"


def _tens(expression: sympy.Expr) -> sympy.Expr | None:
    """The power of ten of a power whose exponent the reader sets: it has a value where the power is no double."""
    if isinstance(expression, sympy.exp):
        return expression.args[0] / sympy.log(10)
    if isinstance(expression, sympy.Pow) and expression.exp.free_symbols:
        return expression.exp * sympy.log(expression.base) / sympy.log(10)
    return None


def _comparison(calculator: Calculator, less: sympy.Expr, than: sympy.Expr, *, or_equal: bool = False) -> str:
    letters = less.free_symbols | than.free_symbols
    if is_exact(calculator, less) and is_exact(calculator, than):
        left, right = (emit.javascript(side, exact=True, infinite=_infinite(calculator)) for side in (less, than))
        return f"({_unpack(calculator, letters)}) => {left}.{'lte' if or_equal else 'lt'}({right})"
    left, right = (emit.javascript(side, exact=False) for side in (less, than))
    return f"(given) => {{ {_numbers(calculator, letters)}return {left} {'<=' if or_equal else '<'} {right}; }}"


def _case(calculator: Calculator, derivation: Derivation, verdicts: dict[tuple[str, str], int]) -> str:
    """One answer as a JavaScript object; `verdicts` collects the words for what results are worth."""
    result = derivation.result
    if result is None or not (result.bound or is_computable(calculator, result.expression)):
        sentence = _data(derivation.silence or _NO_CODE)
        return f"  {{ silence: {sentence}, result: () => null, verdict: () => -1, quantities: {{}}, curves: {{}} }}"
    own = (result.status, result.meaning)
    if own in {(verdict.status, verdict.meaning) for verdict in calculator.verdicts}:
        verdict = _verdict(calculator, calculator.verdicts, verdicts)
    else:
        verdict = f"() => {verdicts.setdefault(own, len(verdicts))}"
    words = rf"\quad\text{{{emit.latex_text(result.words)}}}" if result.words else ""
    formula = _data(f"{emit.latex(result.symbol)} {result.sign} {result.latex}{words}")
    value = f"() => {_data(result.text)}" if result.bound else _function(calculator, result.expression)
    quantities = ", ".join(
        f"{json.dumps(quantity.id)}: {_quantity(calculator, quantity)}"
        for quantity in result.quantities
        if is_computable(calculator, quantity.expression)
    )
    curves = ", ".join(
        f"{json.dumps(curve.id)}: {code}" for curve in derivation.curves if (code := _curve(calculator, curve))
    )
    return (
        f'  {{\n    silence: "",\n    latex: {formula},\n'
        f"    result: {value},\n    verdict: {verdict},\n"
        f"    quantities: {{ {quantities} }},\n    curves: {{ {curves} }},\n  }}"
    )


def _quantity(calculator: Calculator, quantity: Quantity) -> str:
    """A function of the parameters, whose value is NaN where the quantity has none."""
    value = _function(calculator, quantity.expression)
    if quantity.where is None:
        return value
    nowhere = _comparison(calculator, quantity.where, sympy.Integer(0), or_equal=True)
    return f"(given) => (({nowhere})(given) ? NaN : ({value})(given))"


def _curve(calculator: Calculator, curve: Curve) -> str:
    """A function of the parameters and x, or the empty text when there is no code for it."""
    x = sympy.Symbol("abscissa", positive=True)  # no letter of a formula
    try:
        code = emit.javascript(curve.expression.subs(curve.variable, x), exact=False)
    except emit.EmitError:
        return ""
    letters = curve.expression.free_symbols
    if curve.where is not None:
        letters |= curve.where.free_symbols
        code = f"{emit.javascript(curve.where.subs(curve.variable, x), exact=False)} < 0 ? NaN : {code}"
    return f"(given, abscissa) => {{ {_numbers(calculator, letters - {curve.variable})}return {code}; }}"


def _verdict(calculator: Calculator, conditions: Sequence[Verdict], verdicts: Mapping[tuple[str, str], int]) -> str:
    code = ""
    for verdict in conditions:
        index = verdicts[verdict.status, verdict.meaning]
        if verdict.less is None or verdict.than is None:
            code += str(index)
            break
        comparison = _comparison(calculator, verdict.less, verdict.than, or_equal=verdict.or_equal)
        code += f"({comparison})(given) ? {index} : "
    return f"(given) => {code}"
