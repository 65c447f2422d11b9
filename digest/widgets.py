"""A calculator -> the page model of its widget: controls, answer, plot, derivation, table, all computed for a preset.

Without JavaScript the page shows this as it is. With it, the widget's script puts the values of the emitted module into
the same elements: every part of a step that depends on the reader's numbers is an element with `data-slot`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import sympy
from markupsafe import Markup, escape

from calculators import emit
from calculators.derivation import Calculator, Derivation, Parameter, Table
from calculators.widget import PageStep, page_steps
from digest import addresses

Line = tuple[str, bool]  # a formula's LaTeX, and whether it is displayed on a line of its own

_SLOT: Final = re.compile(r"<mtext[^>]*>⟦(\w+)⟧</mtext>")
_PLOT_POINTS: Final = 25


@dataclass(frozen=True)
class Blueprint:
    """A calculator with its steps as templates, which take long to derive and are the same on every page."""

    calculator: Calculator
    steps: tuple[PageStep, ...]
    general: Derivation
    table: Table

    def formulas(self) -> Iterator[Line]:
        """Every formula that a page of the calculator shows."""
        yield self.general.result.latex_inline, False
        yield self.general.result.symbol.name, False
        yield emit.latex(self.general.result.symbol), False
        for parameter in self.calculator.parameters:
            yield emit.latex(parameter.symbol), False
        for step in self.steps:
            for variant in step.variants:
                yield variant.before.latex, False
                yield variant.sign, False
                yield variant.after.latex, False


def blueprint(calculator: Calculator) -> Blueprint:
    """The calculator with what its pages need, derived once."""
    letters = {parameter.id: parameter.symbol.name for parameter in calculator.parameters}
    return Blueprint(calculator, page_steps(calculator), calculator.derive(**letters), calculator.table())


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
    slider_minimum: int
    slider_maximum: int


@dataclass(frozen=True)
class ChoiceControl:
    """A list from which the reader picks."""

    name: str
    title: str
    options: tuple[tuple[str, str], ...]
    value: str


@dataclass(frozen=True)
class StepVariant:
    """How a step reads while the choice has one of `options`. `shown`: whether the preset has."""

    options: tuple[str, ...]
    before: Markup
    sign: Markup
    relation: str
    after: Markup
    because: str
    shown: bool


@dataclass(frozen=True)
class StepView:
    """One step, with the word for its kind."""

    id: str
    number: int
    title: str
    kind: str
    source: str | None
    variants: tuple[StepVariant, ...]


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place in the drawing and its power of ten."""

    at: float
    power: int


@dataclass(frozen=True)
class Plot:
    """A log-log plot with fixed axes, so that the slope is what one sees change. Lengths in the drawing's units."""

    width: int
    height: int
    left: int
    top: int
    right: int
    bottom: int
    decades: int
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    curve: str
    title: str
    points: str


@dataclass(frozen=True)
class SourceView:
    """A paper that a calculator rests on."""

    text: str
    href: str


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
    choices: tuple[ChoiceControl, ...]
    symbol: Markup
    general: Markup
    result_text: str
    result_decimal: str | None
    status: str
    meaning: str
    holds: tuple[str, ...]
    assumptions: tuple[str, ...]
    steps: tuple[StepView, ...]
    plot: Plot
    table: Table
    sources: tuple[SourceView, ...]
    shell: str


_KINDS: Final = {"premise": "assumed", "identity": "exact", "leading-order": "leading order"}


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
    numbers = dict(derivation.settings)
    values = {parameter.symbol: numbers[parameter.id] for parameter in calculator.parameters}
    chosen = dict(derivation.choices)
    curve = derivation.curves[0]
    return Widget(
        id=calculator.id,
        uid=f"{calculator.id}-{place}",
        title=calculator.title,
        question=calculator.question,
        href=addresses.relative(here, addresses.address("calculator", calculator.id)),
        module=addresses.relative(here, f"assets/calculators/{calculator.id}.js"),
        caption=caption,
        controls=tuple(
            _control(parameter, numbers[parameter.id], mathml)
            for parameter in calculator.parameters
            if parameter.id not in {choice.parameter for choice in calculator.choices}
        ),
        choices=tuple(
            ChoiceControl(
                choice.id,
                choice.title,
                tuple((option.id, option.title) for option in choice.options()),
                chosen[choice.id],
            )
            for choice in calculator.choices
        ),
        symbol=Markup(mathml[emit.latex(derivation.result.symbol), False]),
        general=Markup(mathml[blueprint.general.result.latex_inline, False]),
        result_text=derivation.result.text,
        result_decimal=derivation.result.decimal,
        status=derivation.result.status,
        meaning=derivation.result.meaning,
        holds=derivation.result.holds,
        assumptions=tuple(assumption.text for assumption in derivation.assumptions),
        steps=tuple(
            _step(number, step, source, values, chosen, mathml)
            for number, (step, source) in enumerate(
                zip(blueprint.steps, [s.source for s in derivation.steps], strict=True), 1
            )
        ),
        plot=_plot(curve.id, curve.title, curve.variable, curve.expression),
        table=blueprint.table,
        sources=tuple(SourceView(source.text, source.url) for source in calculator.sources),
        shell=" ".join(
            [
                f"python -m calculators show {calculator.id}",
                *(f"--set {name}={value}" for name, value in preset.items()),
            ]
        ),
    )


def page_settings(calculator: Calculator, settings: Mapping[str, str]) -> dict[str, str]:
    """Settings as a page's controls know them: an order that a named loss has becomes that loss.

    What no control can show (a letter left open, an order that no listed loss has) is left out.
    """
    names = {choice.id for choice in calculator.choices}
    shown = {name: value for name, value in settings.items() if not value.isalpha() or name in names}
    for choice in calculator.choices:
        order = shown.pop(choice.parameter, None)
        if order is not None and choice.id not in shown:
            same = [option.id for option in choice.options() if emit.text(option.value) == order]
            # The loss that a page starts with, where it has that order; else the first that has.
            shown |= {choice.id: choice.start if choice.start in same else same[0]} if same else {}
    return shown


def _preset(calculator: Calculator, settings: Mapping[str, str]) -> dict[str, str]:
    """A value for every control: the content's, or the calculator's own start."""
    given = page_settings(calculator, settings)
    by_choice = {choice.parameter for choice in calculator.choices}
    start = {p.id: emit.text(p.start) for p in calculator.parameters if p.id not in by_choice}
    start |= {choice.id: choice.start for choice in calculator.choices}
    return start | given


def _control(parameter: Parameter, value: sympy.Expr, mathml: Mapping[Line, str]) -> Control:
    low, high = parameter.slider
    return Control(
        parameter.id,
        Markup(mathml[emit.latex(parameter.symbol), False]),
        parameter.title,
        parameter.meaning,
        parameter.rule,
        parameter.integer,
        parameter.infinite,
        "" if value is sympy.oo else _decimal(value),
        low,
        high,
    )


def _decimal(value: sympy.Expr) -> str:
    """A rational as a number field takes it: exact where it ends, else to 15 digits."""
    return str(value.p) if value.is_Integer else f"{float(value):.15g}"


def _step(
    number: int,
    step: PageStep,
    source: object,
    values: Mapping[sympy.Symbol, sympy.Expr],
    chosen: Mapping[str, str],
    mathml: Mapping[Line, str],
) -> StepView:
    options = set(chosen.values())
    variants = tuple(
        StepVariant(
            variant.options,
            _filled(variant.before, values, mathml),
            Markup(mathml[variant.sign, False]),
            variant.relation,
            _filled(variant.after, values, mathml),
            variant.because,
            bool(options & set(variant.options)),
        )
        for variant in step.variants
    )
    text = getattr(source, "text", None)
    return StepView(step.id, number, step.title, _KINDS[step.kind], text, variants)


def _filled(template: emit.Template, values: Mapping[sympy.Symbol, sympy.Expr], mathml: Mapping[Line, str]) -> Markup:
    """The template's MathML with the values in its holes."""
    texts = {hole.key: emit.text(hole.at(values)) for hole in template.holes}
    return Markup(_SLOT.sub(lambda match: _slot(match[1], texts[match[1]]), mathml[template.latex, False]))


def _slot(key: str, text: str) -> str:
    """A hole with a value in it: `-1/8` as a minus sign and a number, infinity as its sign."""
    shown = "∞" if text == "oo" else text.removeprefix("-")
    minus = "<mo>−</mo>" if text.startswith("-") else ""
    return f'<mrow data-slot="{escape(key)}">{minus}<mn>{escape(shown)}</mn></mrow>'


def _plot(curve: str, title: str, variable: sympy.Symbol, expression: sympy.Expr) -> Plot:
    """The plot's frame and the preset's line. Both axes span as many decades, so a slope of 1 is the diagonal."""
    left, top, side, decades = 46, 14, 240, 6
    right, bottom = left + side, top + side
    unit = side / decades
    points = []
    for index in range(_PLOT_POINTS):
        x = decades * index / (_PLOT_POINTS - 1)
        value = expression.subs(variable, sympy.Float(10) ** x)
        y = -float(sympy.log(value, 10))
        points.append(f"{left + x * unit:.1f},{top + y * unit:.1f}")
    return Plot(
        right + 14,
        bottom + 40,
        left,
        top,
        right,
        bottom,
        decades,
        tuple(Tick(left + power * unit, power) for power in range(decades + 1)),
        tuple(Tick(top + power * unit, -power) for power in range(decades + 1)),
        curve,
        title,
        " ".join(points),
    )
