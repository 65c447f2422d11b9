"""A calculator -> the page model of its widget: controls, answer, plot, derivation, table, all computed for a preset.

Without JavaScript the page shows this as it is. With it, the widget's script puts the values of the emitted module into
the same elements: every part of a step that depends on the reader's numbers is an element with `data-slot`.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import sympy
from markupsafe import Markup, escape
from mpmath import mpf

from calculators import emit, numeric
from calculators.derivation import Axes, Axis, Calculator, Curve, Derivation, Parameter, Result, Table, rounded
from calculators.widget import (
    WHOLE_POWERS,
    PageStep,
    Plan,
    Shown,
    fixed,
    is_exact,
    is_power_of_two,
    plan,
    settled,
)
from digest import addresses, fits

Line = tuple[str, bool]  # a formula's LaTeX, and whether it is displayed on a line of its own

_SLOT: Final = re.compile(r"<mtext[^>]*>⟦(\w+)([/*]?)⟧</mtext>")
_FORMS: Final = {"/": ' data-form="slash"', "*": ' data-form="factor"', "": ""}
_STAND_ALONE: Final = {r"\Longrightarrow", r"\le", r"\ge", "<"}  # signs of lines that are whole sentences
_PLOT_POINTS: Final = 49
_SHORT: Final = 24  # characters of a formula's text that a cell of a table has room for
_MOST_PLACES: Final = 10**6  # of a slider; one with more would take too long to move by keys
_PLAIN: Final = re.compile(r"-?\d+(/\d+)?|–")


@dataclass(frozen=True)
class Blueprint:
    """A calculator with its steps as templates, which take long to derive and are the same on every page."""

    calculator: Calculator
    plan: Plan
    table: Table

    @property
    def general(self) -> str | None:
        """LaTeX of the answer in letters, for what a page begins with; None where there is none."""
        result = self.plan.cases[0].item.result
        return result.general if result else None

    @property
    def cells(self) -> dict[str, str]:
        """The LaTeX of each cell of the table whose text is a formula; empty where that is too long for a cell."""
        return {
            cell.text: cell.latex if len(cell.text) <= _SHORT else ""
            for row in self.table.rows
            for cell in row.cells
            if not _PLAIN.fullmatch(cell.text) and not cell.latex.startswith(r"\text")
        }

    def formulas(self) -> Iterator[Line]:
        """Every formula that a page of the calculator shows."""
        for case in self.plan.cases:
            if (result := case.item.result) is not None:
                yield result.latex_inline, False
                yield result.general, False
                yield emit.latex(result.symbol), False
                yield result.sign, False
                for quantity in result.quantities:
                    yield emit.latex(quantity.symbol), False
        if self.calculator.id == fits.CALCULATOR:
            yield fits.LAW, False
        for parameter in self.calculator.parameters:
            yield emit.latex(parameter.symbol), False
        for latex in self.cells.values():
            if latex:
                yield latex, False
        for step in self.plan.steps:
            for variant in step.variants:
                yield variant.before.latex, False
                yield variant.sign, False
                yield variant.after.latex, False


def blueprint(calculator: Calculator) -> Blueprint:
    """The calculator with what its pages need, derived once."""
    return Blueprint(calculator, plan(calculator), calculator.table())


@dataclass(frozen=True)
class When:
    """For which options something is shown, as the page's script reads it, and whether it is for the preset."""

    choices: str
    options: str
    now: bool


@dataclass(frozen=True)
class Control:
    """A number that the reader sets. `value` is empty for infinity."""

    name: str
    letter: Markup
    title: str
    meaning: str
    rule: str
    integer: bool
    infinite: bool
    value: str
    slider_minimum: float
    slider_maximum: float
    slider_step: float
    slider_value: float
    logarithmic: bool
    further: bool
    when: When


@dataclass(frozen=True)
class ChoiceControl:
    """A list from which the reader picks.

    `told`: whether its option is worth naming in a line. `locked`: whether other options leave no freedom.
    """

    name: str
    title: str
    meaning: str
    options: tuple[tuple[str, str], ...]
    value: str
    further: bool
    told: bool
    locked: bool
    when: When


@dataclass(frozen=True)
class StepVariant:
    """How a step reads for some options."""

    when: When
    title: str
    kind: str
    source: str | None
    before: Markup
    sign: Markup
    law: str
    """The sign between the loss and `after`, where the step is the law; empty where it is not shown as one."""
    relation: str
    leads: bool
    """Whether the answer's symbol may stand before the line with a sign of equality."""
    after: Markup
    because: str


@dataclass(frozen=True)
class StepView:
    """One step. `shown`: whether the preset has it; `number` counts those that it has."""

    id: str
    number: int
    shown: bool
    variants: tuple[StepVariant, ...]


@dataclass(frozen=True)
class QuantityView:
    """A further output for the preset."""

    id: str
    title: str
    symbol: Markup
    sign: str
    """Whether it equals what is shown, or about."""
    text: str
    decimal: str
    """The rounded value with its sign, `≈ 1.489`, where the text is a fraction; else empty."""
    unit: str


@dataclass(frozen=True)
class CaseView:
    """An answer for some options. Without symbol and formula where the theory says nothing."""

    when: When
    symbol: Markup
    sign: Markup
    general: Markup
    bound: bool
    """Whether the formula is a form that has no value."""
    order: str
    """The sign between the symbol and such a form."""
    words: str
    """What belongs to such a form and is no formula."""
    unit: str
    quantities: tuple[QuantityView, ...]
    letter: str
    """The letter on the x axis of the fixed plot."""
    excess: bool
    """Whether what falls is the loss above its limit."""


@dataclass(frozen=True)
class Sentence:
    """A sentence that is said for some options."""

    text: str
    when: When


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place in the drawing and its number, or its power of ten."""

    at: float
    text: str
    power: int | None


@dataclass(frozen=True)
class CurveView:
    """One line of a plot."""

    id: str
    title: str
    points: str
    rank: int
    """Which way of drawing tells it from the others, from 1."""
    broad: bool


@dataclass(frozen=True)
class AxisTitles:
    """What the axes of a plot are called for some options."""

    when: When
    x: str
    y: str


@dataclass(frozen=True)
class Plot:
    """A plot with fixed axes, so that what one sees change is the curve. Lengths in the drawing's units.

    Without titles of its own it is log-log, its axes span as many decades, and only its first curve is drawn.
    """

    width: int
    height: int
    left: int
    top: int
    right: int
    bottom: int
    decades: int
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    titles: tuple[AxisTitles, ...]
    """Empty for the plot without titles of its own."""
    curves: tuple[CurveView, ...]


@dataclass(frozen=True)
class SourceView:
    """A paper that a calculator rests on."""

    text: str
    href: str


@dataclass(frozen=True)
class NamedLetter:
    """A letter that has no field, since a choice by name sets it."""

    letter: Markup
    title: str
    meaning: str
    """What it is, and how it is set."""
    shell: tuple[str, ...]
    """Commands that set it otherwise: what no option has is for the shell."""


@dataclass(frozen=True)
class Widget:
    """Everything that a calculator shows. `uid` keeps the ids of two widgets on one page apart."""

    id: str
    uid: str
    title: str
    question: str
    href: str
    module: str
    caption: Markup | None
    controls: tuple[Control, ...]
    named: tuple[NamedLetter, ...]
    choices: tuple[ChoiceControl, ...]
    opened: bool
    """Whether one of the further assumptions is not as the calculator begins."""
    cases: tuple[CaseView, ...]
    result_text: str | Markup
    """The value, or the formula of a form that has none."""
    result_words: str
    """What belongs to such a form and is no formula."""
    result_sign: str
    result_decimal: str | None
    silence: str
    status: str
    meaning: str
    holds: tuple[Sentence, ...]
    assumptions: tuple[Sentence, ...]
    steps: tuple[StepView, ...]
    plot: Plot | None
    table: Table
    cells: Mapping[str, Markup]
    """The table's formulas, typeset, by their text; empty where the decimal alone is shown."""
    sources: tuple[SourceView, ...]
    shell: str
    fit: fits.Fit | None
    """For the calculator that fits a reader's table: the table that it begins with."""


LAWS: Final[Mapping[str, Markup]] = {
    "falls": Markup("<mi>L</mi><mo>∝</mo>"),
    "excess": Markup("<mi>L</mi><mo>−</mo><msub><mi>L</mi><mi>∞</mi></msub><mo>∝</mo>"),
    "tends": Markup("<mi>L</mi><mo>→</mo>"),
    "at-least": Markup("<mi>L</mi><mo>≳</mo>"),
    "none": Markup(""),
}
"""What stands before the law in the answer, as MathML; empty where the step is not shown there."""
ORDERS: Final[Mapping[str, str]] = {"<=": "≤", ">=": "≥", "<": "<"}
KINDS: Final[Mapping[str, str]] = {"premise": "assumed", "identity": "exact", "leading-order": "leading order"}


def widget(
    blueprint: Blueprint,
    settings: Mapping[str, str],
    *,
    here: str,
    mathml: Mapping[Line, str],
    caption: Markup | None = None,
    place: int = 0,
) -> Widget:
    """The widget of a calculator on the page `here`.

    Args:
        blueprint: the calculator.
        settings: what the content presets; the rest starts where the calculator says.
        here: the page's address.
        mathml: MathML of the formulas of `Blueprint.formulas`.
        caption: what to look at.
        place: how many widgets precede this one on the page.
    """
    calculator = blueprint.calculator
    preset = _preset(calculator, settings)
    derivation = calculator.derive(**preset)
    begins = settled(calculator, {})
    numbers = dict(derivation.settings)
    values = {parameter.symbol: numbers[parameter.id] for parameter in calculator.parameters}
    chosen = settled(calculator, dict(derivation.choices))
    locked = fixed(calculator, chosen)
    result, named = derivation.result, _named(calculator)
    general = next((case.item.result for case in blueprint.plan.cases if case.holds(chosen)), None)
    exact = general is not None and is_exact(calculator, general.expression)
    steps = tuple(_steps(blueprint, derivation, values, chosen, mathml))
    return Widget(
        id=calculator.id,
        uid=_uid(calculator.id, place),
        title=calculator.title,
        question=calculator.question,
        href=_href(calculator.id, here),
        module=_module(calculator.id, here),
        caption=caption,
        controls=tuple(
            _control(shown, numbers[shown.item.id], chosen, mathml)
            for shown in blueprint.plan.parameters
            if shown.item.id not in named
        ),
        named=tuple(_named_letters(calculator, mathml)),
        choices=tuple(
            ChoiceControl(
                choice.id,
                choice.title,
                choice.meaning,
                tuple((option.id, option.title) for option in choice.options()),
                chosen[choice.id],
                choice.further,
                choice.id not in locked and (not choice.further or chosen[choice.id] != choice.begins),
                choice.id in locked,
                _when(shown, chosen),
            )
            for shown in blueprint.plan.choices
            for choice in [shown.item]
        ),
        opened=any(choice.further and chosen[choice.id] != begins[choice.id] for choice in calculator.choices),
        cases=tuple(_case(calculator, case, values, chosen, mathml) for case in blueprint.plan.cases),
        result_text=_answer(result, exact, values, mathml) if result else "",
        result_words=result.words if result else "",
        result_sign=ORDERS[result.order] if result and result.bound else "=" if exact else "≈",
        result_decimal=result.decimal if result and exact else None,
        silence=derivation.silence,
        status=result.status if result else "",
        meaning=result.meaning if result else "",
        holds=tuple(Sentence(shown.item, _when(shown, chosen)) for shown in blueprint.plan.holds),
        assumptions=tuple(Sentence(shown.item, _when(shown, chosen)) for shown in blueprint.plan.assumptions),
        steps=steps,
        plot=_plot(blueprint.plan, values, chosen),
        table=blueprint.table,
        cells={text: Markup(mathml[latex, False] if latex else "") for text, latex in blueprint.cells.items()},
        sources=tuple(SourceView(source.text, source.url) for source in calculator.sources),
        shell=" ".join(
            [
                f"python -m calculators show {calculator.id}",
                *(f"--set {name}={value}" for name, value in _told(blueprint, preset, chosen)),
            ]
        ),
        fit=fits.fit({name: emit.text(value) for name, value in numbers.items()}, Markup(mathml[fits.LAW, False]))
        if calculator.id == fits.CALCULATOR
        else None,
    )


class Widgets:
    """The widgets of a site. What does not depend on the page is made once for each calculator and its settings."""

    def __init__(self, blueprints: Mapping[str, Blueprint], mathml: Mapping[Line, str]) -> None:
        self._blueprints = blueprints
        self._mathml = mathml
        self._made: dict[tuple[str, tuple[tuple[str, str], ...]], Widget] = {}

    def widget(
        self,
        calculator: str,
        settings: Mapping[str, str],
        *,
        here: str,
        caption: Markup | None = None,
        place: int = 0,
    ) -> Widget:
        """The widget of the calculator with that id; the other arguments are those of the function `widget`."""
        key = calculator, tuple(settings.items())
        if key not in self._made:
            self._made[key] = widget(self._blueprints[calculator], settings, here=here, mathml=self._mathml)
        return replace(
            self._made[key],
            uid=_uid(calculator, place),
            href=_href(calculator, here),
            module=_module(calculator, here),
            caption=caption,
        )


def _uid(calculator: str, place: int) -> str:
    return f"{calculator}-{place}"


def _href(calculator: str, here: str) -> str:
    return addresses.relative(here, addresses.address("calculator", calculator))


def _module(calculator: str, here: str) -> str:
    return addresses.relative(here, f"assets/calculators/{calculator}.js")


def _answer(
    result: Result, exact: bool, values: Mapping[sympy.Symbol, sympy.Expr], mathml: Mapping[Line, str]
) -> str | Markup:
    """The value as a page shows it: exact, or six digits; the formula of a form that has no value."""
    if result.bound:
        return Markup(mathml[result.latex_inline, False])
    return result.text if exact else numeric.six_digits(_number(result.expression, values))


def _named(calculator: Calculator) -> set[str]:
    """The parameters that a choice always sets, so that they need no field."""
    return {
        choice.parameter
        for choice in calculator.choices
        if choice.parameter and all(option.value is not None for option in choice.options())
    }


def _named_letters(calculator: Calculator, mathml: Mapping[Line, str]) -> Iterator[NamedLetter]:
    """The letters without a field: which choice sets each, and the shell's commands for what no option has."""
    named = _named(calculator)
    for parameter in calculator.parameters:
        for choice in calculator.choices:
            if choice.parameter == parameter.id and parameter.id in named:
                how = f"It follows from the choice “{choice.title}”."
                settings = (f"{parameter.id}=3", f'{choice.id}="log(cosh(e))"') if choice.free is not None else ()
                yield NamedLetter(
                    Markup(mathml[emit.latex(parameter.symbol), False]),
                    parameter.title,
                    f"{parameter.meaning} {how}",
                    tuple(f"python -m calculators show {calculator.id} --set {setting}" for setting in settings),
                )


def _told(blueprint: Blueprint, preset: Mapping[str, str], chosen: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The settings that make a difference, further assumptions only where they are not as the calculator begins."""
    silent = {shown.item.id for shown in blueprint.plan.parameters if not shown.holds(chosen)}
    silent |= fixed(blueprint.calculator, chosen).keys()
    for shown in blueprint.plan.choices:
        if not shown.holds(chosen) or (shown.item.further and chosen[shown.item.id] == shown.item.begins):
            silent.add(shown.item.id)
    return ((name, value) for name, value in preset.items() if name not in silent)


def _when(shown: Shown[object], chosen: Mapping[str, str]) -> When:
    return When(" ".join(shown.choices), " ".join(shown.options), shown.holds(chosen))


def _case(
    calculator: Calculator,
    case: Shown[Derivation],
    values: Mapping[sympy.Symbol, sympy.Expr],
    chosen: Mapping[str, str],
    mathml: Mapping[Line, str],
) -> CaseView:
    when, result = _when(case, chosen), case.item.result
    variable = case.item.curves[0].variable if case.item.curves else None
    letter = variable.name if variable is not None else ""
    excess = any(step.law == "excess" for step in case.item.steps)
    if result is None:
        return CaseView(when, Markup(""), Markup(""), Markup(""), False, "", "", "", (), letter, excess)
    return CaseView(
        when,
        Markup(mathml[emit.latex(result.symbol), False]),
        Markup(mathml[result.sign, False]),
        Markup(mathml[result.general, False]),
        result.bound,
        ORDERS[result.order],
        result.words,
        result.unit,
        tuple(
            QuantityView(
                quantity.id,
                quantity.title,
                Markup(mathml[emit.latex(quantity.symbol), False]),
                "=" if nowhere or _is_exact_at(calculator, quantity.expression, values) else "≈",
                *(
                    ("", "")
                    if not when.now
                    else ("–", "")
                    if nowhere
                    else _with_decimal(calculator, quantity.expression, values)
                ),
                quantity.unit,
            )
            for quantity in result.quantities
            for nowhere in [quantity.where is not None and quantity.where.subs(values) <= 0]
        ),
        letter,
        excess,
    )


def _is_exact_at(calculator: Calculator, expression: sympy.Expr, values: Mapping[sympy.Symbol, sympy.Expr]) -> bool:
    """Whether the page's script has an exact value for these values of the letters."""
    if is_exact(calculator, expression):
        return True
    power = expression.exp.subs(values) if is_power_of_two(calculator, expression) else None
    return isinstance(power, sympy.Integer) and abs(power) <= WHOLE_POWERS


def _shown_value(calculator: Calculator, expression: sympy.Expr, values: Mapping[sympy.Symbol, sympy.Expr]) -> str:
    """An exact text where the page's script has one too, else six digits; a dash where there is no value."""
    if _is_exact_at(calculator, expression, values):
        return emit.text(expression.subs(values))
    try:
        return numeric.six_digits(_number(expression, values))
    except (ArithmeticError, TypeError, ValueError, KeyError):
        return "–"


def _with_decimal(
    calculator: Calculator, expression: sympy.Expr, values: Mapping[sympy.Symbol, sympy.Expr]
) -> tuple[str, str]:
    """A value as it is shown, and for a fraction the decimal with its sign: `1/3` and `≈ 0.333`."""
    text = _shown_value(calculator, expression, values)
    if "/" not in text:
        return text, ""
    value = Fraction(text)
    decimal = rounded(value)
    return text, f"{'=' if Fraction(decimal) == value else '≈'} {decimal}"


def _number(expression: sympy.Expr, values: Mapping[sympy.Symbol, sympy.Expr]) -> mpf:
    """The value, which may be larger than any double.

    Raises:
        ArithmeticError, TypeError, ValueError: there is none that is real.
    """
    arithmetic = numeric.context()
    numbers = {letter: numeric.evaluate(arithmetic, value, {}) for letter, value in values.items()}
    value = numeric.evaluate(arithmetic, expression, numbers)
    float(value)  # raises where it is not real
    return value


def page_settings(calculator: Calculator, settings: Mapping[str, str]) -> dict[str, str]:
    """Settings as a page's controls know them: an order that a named loss has becomes that loss.

    What no control can show (a letter left open, an order that no listed loss has) is left out.
    """
    names = {choice.id for choice in calculator.choices}
    shown = {name: value for name, value in settings.items() if not value.isalpha() or name in names}
    for choice in calculator.choices:
        order = shown.pop(choice.parameter, None) if choice.parameter in _named(calculator) else None
        if order is not None and choice.id not in shown:
            same = [
                option.id
                for option in choice.options()
                if option.value is not None and emit.text(option.value) == order
            ]
            # The loss that a page starts with, where it has that order; else the first that has.
            shown |= {choice.id: choice.begins if choice.begins in same else same[0]} if same else {}
    return shown


def _preset(calculator: Calculator, settings: Mapping[str, str]) -> dict[str, str]:
    """A value for every control: the content's, or the calculator's own start."""
    given = page_settings(calculator, settings)
    named = _named(calculator)
    start = {p.id: emit.text(p.start) for p in calculator.parameters if p.id not in named}
    start |= settled(calculator, given)
    for choice in calculator.choices:
        option = next((option for option in choice.options() if option.id == given.get(choice.id)), None)
        if choice.parameter and option and option.value is not None:
            start.pop(choice.parameter, None)
    return start | given


def _control(
    shown: Shown[Parameter], value: sympy.Expr, chosen: Mapping[str, str], mathml: Mapping[Line, str]
) -> Control:
    parameter = shown.item
    low, high = (float(end) for end in parameter.slider)
    if parameter.logarithmic:
        low, high, step = math.log10(low), math.log10(high), 0.01
    elif parameter.integer or not (
        parameter.real or _is_fraction(parameter.start) or low != int(low) or high != int(high)
    ):
        step = 0.5 if parameter.infinite else 1
    else:
        step = _step(parameter, low, high)
    if value is sympy.oo:
        at = high + 1
    else:
        at = math.log10(float(value)) if parameter.logarithmic and value > 0 else float(value)
    return Control(
        parameter.id,
        Markup(mathml[emit.latex(parameter.symbol), False]),
        parameter.title,
        parameter.meaning,
        parameter.rule,
        parameter.integer,
        parameter.infinite,
        "" if value is sympy.oo else _decimal(value),
        _tidy(low),
        _tidy(high + 1 if parameter.infinite else high),
        _tidy(step),
        _tidy(at),
        parameter.logarithmic,
        parameter.further,
        _when(shown, chosen),
    )


def _is_fraction(value: sympy.Expr) -> bool:
    return isinstance(value, sympy.Rational) and not isinstance(value, sympy.Integer)


def _step(parameter: Parameter, low: float, high: float) -> float:
    """How far one key moves a slider that is not logarithmic: a power of ten of at most a fiftieth of its range, and so
    small that it can come back to where it starts.
    """
    power = math.floor(math.log10((high - low) / 50))
    above = Fraction(str(parameter.start)) - Fraction(str(parameter.slider[0]))
    while (above / Fraction(10) ** power).denominator != 1 and 10.0**power > (high - low) / _MOST_PLACES:
        power -= 1
    return 10.0**power


def _tidy(number: float) -> float:
    """A whole number without its point, another one with the digits that matter on a slider."""
    return int(number) if number == int(number) else float(f"{number:.9g}")


def _decimal(value: sympy.Expr) -> str:
    """A rational as a field shows it: a decimal where that ends after at most 15 digits, else a fraction."""
    decimal = f"{float(value):.15g}"
    return decimal if Fraction(decimal) == Fraction(int(value.p), int(value.q)) else f"{value.p}/{value.q}"


def _steps(
    blueprint: Blueprint,
    derivation: Derivation,
    values: Mapping[sympy.Symbol, sympy.Expr],
    chosen: Mapping[str, str],
    mathml: Mapping[Line, str],
) -> Iterator[StepView]:
    number = 0
    there = {step.id for step in derivation.steps}
    for step in blueprint.plan.steps:
        # Where numbers leave no answer the derivation stops earlier than the options say.
        known = values if step.id in there else None
        variants = tuple(_variants(blueprint.calculator, step, known, chosen, mathml))
        shown = any(variant.when.now for variant in variants) and step.id in there
        number += shown
        yield StepView(step.id, number, shown, variants)


def _variants(
    calculator: Calculator,
    step: PageStep,
    values: Mapping[sympy.Symbol, sympy.Expr] | None,
    chosen: Mapping[str, str],
    mathml: Mapping[Line, str],
) -> Iterator[StepVariant]:
    for variant in step.variants:
        when = _when(Shown(variant, step.choices, variant.options), chosen)
        # What is not shown has no values yet: the script fills it in, and here it might have none.
        known = values if when.now else None
        yield StepVariant(
            when,
            variant.title,
            KINDS[variant.kind],
            variant.source.text if variant.source else None,
            _filled(calculator, variant.before, known, mathml),
            Markup(mathml[variant.sign, False]),
            LAWS[variant.law],
            variant.relation,
            variant.sign not in _STAND_ALONE,
            _filled(calculator, variant.after, known, mathml),
            variant.because,
        )


def _filled(
    calculator: Calculator,
    template: emit.Template,
    values: Mapping[sympy.Symbol, sympy.Expr] | None,
    mathml: Mapping[Line, str],
) -> Markup:
    """The template's MathML with the values in its holes."""
    texts = {
        hole.key: "…" if values is None else _shown_value(calculator, hole.expression, values)
        for hole in template.holes
    }
    return Markup(_SLOT.sub(lambda match: _slot(match[1], texts[match[1]], match[2]), mathml[template.latex, False]))


def _slot(key: str, text: str, form: str = "") -> str:
    """A hole with a value in it: a minus sign of its own, infinity as its sign, `10^602.06` as a power.

    Args:
        key: the hole's key.
        text: what stands in it.
        form: how a fraction reads there, as `emit.HOLE` says.
    """
    shown, _, power = ("∞" if text == "oo" else text.removeprefix("-")).partition("^")
    minus = "<mo>−</mo>" if text.startswith("-") else ""
    above, _, below = shown.partition("/")
    number = f"<mn>{escape(shown)}</mn>"
    if power:
        number = f"<msup>{number}<mn>{escape(power)}</mn></msup>"
    elif below and form != "/":
        number = f"<mfrac><mn>{escape(above)}</mn><mn>{escape(below)}</mn></mfrac>"
    elif form == "*" and shown == "1":
        number = ""
    return f'<mrow data-slot="{escape(key)}"{_FORMS[form]}>{minus}{number}</mrow>'


_LEFT, _TOP, _SIDE, _DECADES = 46, 14, 240, 6


def _plot(plan: Plan, values: Mapping[sympy.Symbol, sympy.Expr], chosen: Mapping[str, str]) -> Plot | None:
    """The plot's frame, with a line for each curve that any options have; those of the preset are drawn."""
    curves: dict[str, Curve] = {}
    for case in plan.cases:
        drawn = case.item.curves if plan.axes else case.item.curves[:1]
        curves |= {curve.id: curve for curve in drawn if curve.id not in curves}
    if not curves:
        return None
    now = next(case.item for case in plan.cases if case.holds(chosen))
    lines = {curve.id: _points(curve, plan.axes, values) for curve in now.curves if curve.id in curves}
    right, bottom = _LEFT + _SIDE, _TOP + _SIDE
    if plan.axes is None:
        unit = _SIDE / _DECADES
        x_ticks = tuple(Tick(_LEFT + power * unit, "", power) for power in range(_DECADES + 1))
        y_ticks = tuple(Tick(_TOP + power * unit, "", -power) for power in range(_DECADES + 1))
    else:
        x_ticks = tuple(_ticks(plan.axes.x, _LEFT, _SIDE))
        y_ticks = tuple(_ticks(plan.axes.y, bottom, -_SIDE))
    return Plot(
        right + 14,
        bottom + 40,
        _LEFT,
        _TOP,
        right,
        bottom,
        _DECADES,
        x_ticks,
        y_ticks,
        tuple(AxisTitles(_when(shown, chosen), shown.item.x_title, shown.item.y_title) for shown in plan.titles),
        tuple(
            CurveView(id_, curve.title, lines.get(id_, ""), plan.ranks[id_], curve.broad)
            for id_, curve in curves.items()
        ),
    )


def _points(curve: Curve, axes: Axes | None, values: Mapping[sympy.Symbol, sympy.Expr]) -> str:
    """The preset's line, where it has values."""
    points = []
    count = _PLOT_POINTS if axes else _DECADES + 1
    arithmetic = numeric.floats()
    numbers = {letter: numeric.evaluate(arithmetic, value, {}) for letter, value in values.items()}
    for index in range(count):
        share = index / (count - 1)
        x = _along(axes.x, share) if axes else 10.0**index
        here = {**numbers, curve.variable: arithmetic.mpf(x)}
        try:
            if curve.where is not None and numeric.evaluate(arithmetic, curve.where, here) < 0:
                continue
            y = float(numeric.evaluate(arithmetic, curve.expression, here))
            up = _share(axes.y, y) if axes else 1 + math.log10(y) / _DECADES
        except (ArithmeticError, TypeError, ValueError, KeyError):
            continue
        if math.isfinite(up):
            # Far outside the frame a line may end anywhere.
            points.append(f"{_LEFT + share * _SIDE:.1f},{_TOP + (1 - max(-4.0, min(5.0, up))) * _SIDE:.1f}")
    return " ".join(points)


def _along(axis: Axis, share: float) -> float:
    """The number at a share of an axis's length."""
    low, high = float(axis[0]), float(axis[1])
    return float(low * (high / low) ** share if axis[2] == "log" else low + (high - low) * share)


def _share(axis: Axis, number: float) -> float:
    """Where a number lies on an axis, from 0 to 1 within it."""
    low, high = float(axis[0]), float(axis[1])
    if axis[2] == "log":
        return math.log(number / low) / math.log(high / low)
    return (number - low) / (high - low)


def _ticks(axis: Axis, start: float, length: float) -> Iterator[Tick]:
    """The powers of ten on a logarithmic axis, four to eight round numbers on a linear one."""
    low, high = float(axis[0]), float(axis[1])
    if axis[2] == "log":
        powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
        every = max(1, math.ceil(len(powers) / 6))
        for power in powers:
            if power % every == 0:
                yield Tick(round(start + length * _share(axis, 10.0**power), 1), "", power)
        return
    rough = (high - low) / 4
    base = 10.0 ** math.floor(math.log10(rough))
    step = max(size * base for size in (1, 2, 2.5, 5) if size * base <= rough)
    for count in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
        at = round(start + length * _share(axis, count * step), 1)
        yield Tick(at, f"{count * step:g}".replace("-", "−"), None)
