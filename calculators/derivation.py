"""What a calculator is made of: parameters, assumptions, steps, a derivation with its result.

Steps are data. Whether a step is right is decided elsewhere (`verify`), how it looks is decided elsewhere (`emit`,
`report`); here is only what it says.
"""

from __future__ import annotations

import difflib
import itertools
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Literal, TypeAlias

import sympy
from mpmath import MPContext, mpf
from sympy.core.function import AppliedUndef
from sympy.logic.boolalg import BooleanAtom

from calculators import emit, expressions, numeric
from calculators.numeric import Values

StepKind = Literal["premise", "identity", "leading-order"]
Law = Literal["falls", "excess", "tends", "at-least", "none"]
Order = Literal["<=", ">=", "<"]
"""How what stands before a bound compares with it."""
Status = Literal["theorem", "estimate", "extension", "exact", "illustration", "arithmetic"]
Value: TypeAlias = "int | float | Fraction | str | sympy.Rational"
"""What a parameter can be given: an exact number, its text, its own letter, or `oo` where infinity is allowed; a float
where the parameter is real."""

MAX_PART = 10**6
"""The largest numerator and denominator of a setting."""

_DECIMAL = re.compile(r"([+-]?)(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?\Z")
_RATIO = re.compile(r"([+-]?[0-9]+)/([0-9]+)\Z")
_INFINITY = frozenset({"oo", "inf", "infinity", "∞"})
_LONGEST = 100
"""Characters of a typed number; what is longer is out of every parameter's bounds, or false precision."""
_REAL_EXPONENT = 30
"""Real settings lie between 10^-30 and 10^30 in size, or are 0."""
Rule = Literal["kind", "digits", "divided", "long", "real", "size", "parts"]
"""Which rule of a parameter a value breaks."""
_WORD = re.compile(r"(?!e\Z)[A-Za-z]+(?:-[A-Za-z]+)*\Z|\Z")
"""What is meant as a name rather than as an expression."""
_SHOWN = 40


class SettingError(ValueError):
    """A setting breaks a rule of its parameter."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter
        """The name of the setting, as it was given."""
        self.message = message
        """One line: the rule; what was given; what was perhaps meant."""


@dataclass(frozen=True)
class Source:
    """A paper and the place in it."""

    title: str
    authors: str
    year: int
    url: str
    place: str
    second_hand: bool = False
    """True: read in a digest of the paper, not in the paper itself."""

    @property
    def text(self) -> str:
        """One line, for example `Bahri et al. (2021), Explaining Neural Scaling Laws, Theorem 2`."""
        note = " (as digested by others)" if self.second_hand else ""
        return f"{self.authors} ({self.year}), {self.title}, {self.place}{note}"


@dataclass(frozen=True)
class Parameter:
    """One thing that a reader can set."""

    id: str
    symbol: sympy.Symbol
    title: str
    meaning: str
    start: sympy.Rational
    """The value that a page begins with, unless it is told another."""
    default: sympy.Expr
    """The value when nothing is set: the letter itself, or `oo`."""
    integer: bool = False
    infinite: bool = False
    """Whether `oo` is a value."""
    minimum: int | sympy.Rational | None = 0
    open: bool = True
    """True: the minimum itself is not allowed."""
    slider: tuple[int | sympy.Rational, int | sympy.Rational] = (1, 32)
    """The range of a page's slider; the field beside it takes every allowed value."""
    real: bool = False
    """True: a decimal number such as 0.34 or 1.5e9 (kept exactly); results in it are given as decimals on pages."""
    maximum: int | sympy.Rational | None = None
    open_maximum: bool = False
    """True: the maximum itself is not allowed."""
    logarithmic: bool = False
    """True: a page's slider moves through the powers of ten between the ends of `slider`."""
    further: bool = False
    """True: a page shows its control among the further assumptions, which are folded at first."""
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(choice id, option ids) of choices without which this makes no difference; a page hides its control then."""
    parts: int = MAX_PART
    """The largest numerator and denominator of a fraction; a decimal with k digits after its point has 10^k below."""

    @property
    def rule(self) -> str:
        """What the value must be, as part of a sentence."""
        usual = self.minimum == 0 and self.open and self.maximum is None and not self.real
        if self.integer:
            rule = "a whole number" if self._bounds else "a whole number, positive or negative"
            rule += f", {self._bounds}" if self._bounds else ""
        elif usual:
            rule = "a positive integer or fraction, such as 8 or 5/2"
        else:
            number = "a decimal number" if self.real else "an integer or fraction"
            rule = f"{number}, {self._bounds}" if self._bounds else number
        return f"{rule}, or oo" if self.infinite else rule

    @property
    def _bounds(self) -> str:
        """The bounds as part of a sentence: `0 or more`, `more than 0 and at most 1`."""
        if self.maximum is None:
            if self.minimum is None:
                return ""
            return f"more than {self.minimum}" if self.open else f"{self.minimum} or more"
        high = f"less than {self.maximum}" if self.open_maximum else f"at most {self.maximum}"
        if self.minimum is None:
            return high
        return f"{'more than' if self.open else 'at least'} {self.minimum} and {high}"

    @property
    def largest(self) -> int:
        """The largest numerator that is taken."""
        bounds = [bound for bound in (self.minimum, self.maximum) if bound is not None]
        return max([self.parts, *(abs(int(bound)) for bound in bounds)])

    @property
    def rules(self) -> Mapping[Rule, str]:
        """What each rule demands, as part of a sentence; pages say the same words."""
        nothing = "0 or " if self._within(Fraction(0)) else ""
        return MappingProxyType(
            {
                "kind": self.rule,
                "digits": "written with the digits 0 to 9",
                "divided": "a number, and nothing can be divided by 0",
                "long": f"written with at most {_LONGEST} characters",
                "real": f"{nothing}between 1e-{_REAL_EXPONENT} and 1e{_REAL_EXPONENT} in size",
                "size": f"at most {self.largest} in size",
                "parts": f"a fraction of whole numbers of at most {self.largest}",
            }
        )

    def read(self, value: Value) -> sympy.Expr:
        """The exact value.

        Raises:
            SettingError: the value is not what `rule` says, or has more than 10^6 (or the parameter's own bound)
                above or below the fraction line; for a real one, is not 0 and not between 10^-30 and 10^30 in size.
        """
        if isinstance(value, str) and value.strip() == self.symbol.name:
            return self.symbol
        if self.infinite and (value is sympy.oo or (isinstance(value, str) and value.strip().lower() in _INFINITY)):
            return sympy.oo
        number = _typed(value) if isinstance(value, str) else _exact(value, floats=self.real)
        broken = self._broken(number) if isinstance(number, Fraction) else number
        if broken is not None or not isinstance(number, Fraction):
            message = f"{self.id} must be {self.rules[broken or 'kind']}; got {_shown(value)}"
            if broken == "parts" and isinstance(value, str) and "/" not in value:
                message += f", which is {number}"
            raise SettingError(self.id, message)
        return sympy.Rational(number.numerator, number.denominator)

    def _broken(self, number: Fraction) -> Rule | None:
        """The first rule that a number breaks."""
        if (self.integer and number.denominator != 1) or not self._within(number):
            return "kind"
        if self.real:
            small = number and not Fraction(1, 10**_REAL_EXPONENT) <= abs(number) <= 10**_REAL_EXPONENT
            return "real" if small else None
        if number.denominator == 1:
            return "size" if abs(number) > self.largest else None
        return "parts" if abs(number.numerator) > self.largest or number.denominator > self.parts else None

    def _within(self, number: Fraction) -> bool:
        """Whether a number keeps the bounds."""
        for bound, is_open, side in ((self.minimum, self.open, 1), (self.maximum, self.open_maximum, -1)):
            if bound is None:
                continue
            distance = side * (number - Fraction(int(sympy.numer(bound)), int(sympy.denom(bound))))
            if distance < 0 or (is_open and distance == 0):
                return False
        return True


def _typed(text: str) -> Fraction | Rule:
    """The number that a text says, exactly (`8`, `2.5e-3`, `5/2`), or the rule that it breaks."""
    text = text.strip().replace("−", "-")
    if len(text) > _LONGEST:
        return "long"
    if match := _RATIO.match(text):
        above, below = int(match[1]), int(match[2])
        return Fraction(above, below) if below else "divided"
    if match := _DECIMAL.match(text):
        sign, whole, part, exponent = match.groups(default="")
        size = Fraction(f"{whole or 0}.{part or 0}") * Fraction(10) ** int(exponent or 0)
        return -size if sign == "-" else size
    return "digits" if any(sign.isdecimal() and not sign.isascii() for sign in text) else "kind"


def _exact(value: object, *, floats: bool) -> Fraction | None:
    """The exact value of what is a number already; of floats only where a decimal number is meant."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Fraction)):
        return Fraction(value)
    if isinstance(value, sympy.Rational) and value.is_finite:
        return Fraction(int(value.p), int(value.q))
    if floats and isinstance(value, float) and math.isfinite(value):
        return Fraction(repr(value))
    return None


def _shown(value: object) -> str:
    """A value in quotes on one line, cut when it is long."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 4 * _SHOWN:
        return f"an integer of {value.bit_length()} bits"
    shown = repr(value) if isinstance(value, str) else f"'{value}'"
    shown = " ".join(shown.split())
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def suggestion(word: str, known: Collection[str]) -> str:
    """` (did you mean 'x'?)` for the known word nearest to `word`, or the empty text."""
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


@dataclass(frozen=True)
class Option:
    """One named possibility of a choice."""

    id: str
    title: str
    expression: sympy.Expr | None = None
    """What the value is derived from, where there is something."""
    value: sympy.Expr | None = None
    """What the option sets the choice's parameter to, perhaps in letters of parameters that are set before it; None
    where the choice has no parameter, and where the option leaves the parameter as it is."""
    fixes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Choice id -> option id of later choices that are not free beside this option."""


@dataclass(frozen=True)
class Choice:
    """A setting by name: an assumption that can be switched, or a name for a parameter's value."""

    id: str
    title: str
    parameter: str | None = None
    """The id of the parameter that is set, if any."""
    start: str = ""
    """The option that a page begins with; empty: the default, or else the first."""
    options: Callable[[], tuple[Option, ...]] = tuple
    """The options; called when needed, since their values are derived first."""
    free: Callable[[str], Option] | None = None
    """Makes an option of an expression that a person typed, or raises `expressions.ExpressionError`."""
    default: str | None = None
    """The option when nothing is chosen; None: the choice may be left open, and `build` then receives none."""
    meaning: str = ""
    """What is switched, a sentence or two."""
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(choice id, option ids) of earlier choices without which this one makes no difference; a page hides it then."""
    alone: bool = False
    """True: in letters its options change some steps and what they set, and nothing else, whatever else is chosen. A
    page then builds each of them once instead of once for each combination."""
    further: bool = False
    """True: a page shows it among the further assumptions, which are folded at first."""

    def counts(self, chosen: Mapping[str, str]) -> bool:
        """Whether the choice makes a difference beside these options (choice id -> option id)."""
        return all(chosen[choice] in options for choice, options in self.only)

    @property
    def begins(self) -> str:
        """The id of the option that a page begins with."""
        return self.start or self.default or self.options()[0].id

    def usual(self, id_: str, given: Collection[str]) -> str:
        """The option when this choice is left out: `id_`, or the first that fixes nothing where that one fixes what is
        given.

        Args:
            id_: the option that is meant when nothing at all is given.
            given: the ids of the choices that are given.
        """
        options = {option.id: option for option in self.options()}
        if not any(name in given for name in options[id_].fixes):
            return id_
        return next((option.id for option in options.values() if not option.fixes), id_)

    def read(self, name: object) -> Option:
        """The option of that name.

        Raises:
            SettingError: there is none.
        """
        options = {option.id: option for option in self.options()}
        if isinstance(name, str) and name.strip() in options:
            return options[name.strip()]
        if self.free is not None and isinstance(name, str) and not _WORD.match(name.strip()):
            try:
                return self.free(name.strip())
            except expressions.ExpressionError as error:
                raise SettingError(self.id, str(error)) from None
        near = suggestion(name, options) if isinstance(name, str) else ""
        raise SettingError(self.id, f"{self.id} must be one of {', '.join(options)}; got {_shown(name)}{near}")


@dataclass(frozen=True)
class Assumption:
    """Something that is taken for granted in every step."""

    id: str
    text: str


@dataclass(frozen=True)
class Witness:
    """A concrete function on which a leading-order step is tested."""

    title: str
    log2: Callable[[MPContext, int, Values], mpf]
    """(arithmetic, k, values of the letters) -> log2 of the function at c·2^-k (towards 0) or c·2^k (towards oo)."""
    octaves: tuple[int, ...] = (16, 32, 64)
    """The k at which the slope is taken; the last must show the exponent within the tolerance."""


@dataclass(frozen=True)
class Limit:
    """How a leading-order step is to be read and tested."""

    variable: sympy.Symbol
    towards: Literal["0", "oo"]
    witnesses: tuple[Witness, ...] = ()
    """Besides `before` itself, which is a witness whenever it depends on the variable."""
    sharp: bool = False
    """True: the coefficient is claimed too, so before/after tends to 1, and so does each witness/after, the witness
    being taken at the variable itself (c = 1). False: the exponent alone."""
    both_sides: bool = False
    """True: the variable tends to 0 from below as well."""
    letters: tuple[sympy.Symbol, ...] = ()
    """Letters that the witnesses use beyond those in `before` and `after`."""
    octaves: tuple[int, ...] = (16, 32, 64)
    """The k at which `before` is a witness, c·2^-k or c·2^k; the last must show the exponent within the tolerance."""
    guard_bits: int = 320
    """Binary digits on top of 50 decimal ones. A loss cancels to its order: at e = 2^-64 and order 2 that costs 128
    bits. Powers of 10^6 cost 20 bits each."""


_ORDERS: Mapping[Order, tuple[str, str]] = MappingProxyType(
    {"<=": (r"\le", "is at most"), ">=": (r"\ge", "is at least"), "<": ("<", "is less than")}
)


def unfold(line: sympy.Basic, names: tuple[tuple[AppliedUndef, sympy.Expr], ...]) -> sympy.Basic:
    """A line with what its names stand for, in the order of the names: an earlier one may stand for later ones."""
    for name, meaning in names:
        (variable,) = name.args

        def put(argument: sympy.Expr, meaning: sympy.Expr = meaning, variable: sympy.Basic = variable) -> sympy.Expr:
            return meaning.subs(variable, argument)

        line = line.replace(name.func, put)
    return line


@dataclass(frozen=True)
class Step:
    """One line of a derivation: `before`, then `after`, and why."""

    id: str
    title: str
    kind: StepKind
    before: sympy.Basic
    after: sympy.Basic
    because: str
    source: Source | None = None
    limit: Limit | None = None
    """For leading-order steps, and only for those."""
    ranges: tuple[tuple[sympy.Symbol, tuple[sympy.Rational, sympy.Rational]], ...] = ()
    """Where letters may be drawn from when the step is tested, if not from [1/4, 4]."""
    law: Law = "falls"
    """For a step that ends in the law: the loss falls as `after`, its part above a limit does (excess), it tends to
    `after`, or it is at least a constant times it.
    none: `after` has its constant and perhaps not all of the loss, so it is not shown as a law."""
    bound: bool = False
    """True, for a premise only: `before` compares with `after` as `order` says, and is not equal to it."""
    order: Order = "<="
    """For a bound."""
    letters: bool = False
    """Whether a page keeps the letters of the line, which with numbers in their places would be hard to follow."""
    names: tuple[tuple[AppliedUndef, sympy.Expr], ...] = ()
    """What short names in the line stand for: (p(x), its expression in x), …; the check puts the latter in."""

    def __post_init__(self) -> None:
        if (self.kind == "leading-order") != (self.limit is not None):
            raise ValueError(f"a step must have a limit just when it is of leading order; got {self.id!r}")
        if self.bound and self.kind != "premise":
            raise ValueError(f"a step that bounds must be a premise, since it is not checked; got {self.id!r}")

    @property
    def unfolded(self) -> Step:
        """The same step with what its names stand for, which is what is checked."""
        if not self.names:
            return self
        sides = (unfold(side, self.names) for side in (self.before, self.after))
        return replace(self, **dict(zip(("before", "after"), sides, strict=True)), names=())

    @property
    def sign(self) -> str:
        """The LaTeX of the relation between before and after."""
        if self.limit is not None:
            return r"\sim" if self.limit.sharp else r"\propto"
        if self.bound:
            return _ORDERS[self.order][0]
        return r"\Longrightarrow" if isinstance(self.before, sympy.Equality) else "="

    @property
    def relation(self) -> str:
        """The relation in words, for text and for those who listen."""
        if self.limit is not None:
            limit = f"as {self.limit.variable} -> {self.limit.towards}"
            return f"to leading order {limit}" if self.limit.sharp else f"is proportional to, {limit}"
        if self.bound:
            return _ORDERS[self.order][1]
        return "therefore" if isinstance(self.before, sympy.Equality) else "is"


@dataclass(frozen=True)
class Curve:
    """A relation that a page can plot. Without axes of the derivation: the value relative to 1 at x = 1."""

    id: str
    title: str
    variable: sympy.Symbol
    expression: sympy.Expr
    where: sympy.Expr | None = None
    """The curve is drawn only where this is 0 or more, in its variable and the parameters; None: everywhere."""
    broad: bool = False
    """True: drawn broad and pale, so that a later curve on top of it does not hide it."""


AxisScale = Literal["log", "linear"]
Axis: TypeAlias = "tuple[int | sympy.Rational, int | sympy.Rational, AxisScale]"
"""(low, high, scale) of one axis of a plot."""


@dataclass(frozen=True)
class Axes:
    """The frame of one plot that holds all curves of a derivation; the same for all settings of a calculator, but for
    its titles.
    """

    x: Axis
    y: Axis
    x_title: str
    y_title: str


def rounded(value: Fraction) -> str:
    """At most three decimals, half to even (`0.333`), or three digits where those begin later (`0.000833`)."""
    if value and abs(value) * 10 < 1:
        places = 4
        while abs(value) * 10**places < 100:
            places += 1
        return numeric.six_digits(mpf(f"{round(value * 10**places)}e-{places}"))
    thousandths = round(value * 1000)
    whole, part = divmod(abs(thousandths), 1000)
    sign = "-" if thousandths < 0 else ""
    return f"{sign}{whole}.{part:03d}".rstrip("0").rstrip(".")


class _Formula:
    """The forms of an expression that is shown, each made once: some decimals are integrals at 50 digits."""

    expression: sympy.Expr

    @cached_property
    def text(self) -> str:
        """Plain exact text: `1/2`, `4/d`."""
        return emit.text(self.expression)

    @cached_property
    def latex(self) -> str:
        r"""LaTeX for a line of its own: `\frac{4}{d}`."""
        return emit.latex(self.expression)

    @cached_property
    def latex_inline(self) -> str:
        """LaTeX for running text and exponents: `4/d`."""
        return emit.latex(self.expression, inline=True)

    @cached_property
    def decimal(self) -> str | None:
        """Rational: as `rounded` has it; else six digits.

        None while letters are left.
        """
        if self.expression.is_Rational:
            return rounded(Fraction(int(self.expression.p), int(self.expression.q)))
        if self.expression.free_symbols or self.expression is sympy.oo:
            return None
        return numeric.six_digits(numeric.evaluate(numeric.context(), self.expression, {}))


@dataclass(frozen=True)
class Quantity(_Formula):
    """A further output, shown beside the result."""

    id: str
    title: str
    symbol: sympy.Symbol
    expression: sympy.Expr
    unit: str = ""
    where: sympy.Expr | None = None
    """A page shows a value only where this is above 0, or always where it is None."""


@dataclass(frozen=True)
class Result(_Formula):
    """What a derivation arrives at."""

    symbol: sympy.Symbol
    expression: sympy.Expr
    status: Status
    meaning: str
    """One or two sentences: what is proved, what is estimated."""
    holds: tuple[str, ...]
    """Sentences: where the result holds and where it does not."""
    quantities: tuple[Quantity, ...] = ()
    """Further outputs."""
    bound: bool = False
    """True: the symbol compares with the expression as `order` says, a form whose constants the theory leaves open. It
    has no value, whatever is set: `decimal` is None, and a page shows the form."""
    order: Order = "<="
    """For a bound."""
    words: str = ""
    """What belongs to a bound and is no formula, after it: `for infinitely many n`."""
    letters: sympy.Expr | None = None
    """How a page writes the answer in letters, with the names of the last step, where the expression is too long."""
    unit: str = ""
    """What stands after the number: `billion`, `nats`."""

    @property
    def general(self) -> str:
        """LaTeX for running text, in letters."""
        return self.latex_inline if self.letters is None else emit.latex(self.letters, inline=True)

    @property
    def sign(self) -> str:
        """The LaTeX of the relation between the symbol and the expression."""
        return _ORDERS[self.order][0] if self.bound else "="

    def output(self, quantity: str | None = None) -> Result | Quantity:
        """The further output with this id, or the result itself.

        Raises:
            KeyError: there is none with this id.
        """
        return self if quantity is None else {output.id: output for output in self.quantities}[quantity]


@dataclass(frozen=True)
class Silence:
    """Numbers for which a calculator gives no answer: those with `less` < `than`, or <= where equal ones have none."""

    sentence: str
    """Why."""
    less: sympy.Expr
    than: sympy.Expr
    options: tuple[tuple[str, str], ...] = ()
    """(choice id, option id) pairs that must all be chosen for the rule to count."""
    or_equal: bool = False
    """Whether equal sides mean silence too."""
    stops: str = ""
    """The id of the first step that does not hold for these numbers: it and those after it are left out."""

    def applies(self, values: Mapping[sympy.Symbol, sympy.Expr], chosen: Mapping[str, str]) -> bool:
        """Whether there is silence; never while letters leave the comparison open."""
        if any(chosen.get(choice) != option for choice, option in self.options):
            return False
        compare = sympy.Le if self.or_equal else sympy.Lt
        answer = compare(self.less.subs(values), self.than.subs(values))
        return isinstance(answer, BooleanAtom) and bool(answer)


@dataclass(frozen=True)
class Verdict:
    """What a result is worth, and when: if `less` < `than`, or, without the two, in all cases that are left."""

    status: Status
    meaning: str
    """One or two sentences: what is proved, what is estimated."""
    less: sympy.Expr | None = None
    than: sympy.Expr | None = None
    if_open: bool = False
    """Whether the verdict is taken when letters leave the comparison open; the weaker one must be."""
    or_equal: bool = False
    """Whether it is reached where both sides are equal too."""

    def applies(self, values: Mapping[sympy.Symbol, sympy.Expr]) -> bool:
        """Whether the verdict is reached for these values of the letters."""
        if self.less is None or self.than is None:
            return True
        compare = sympy.Le if self.or_equal else sympy.Lt
        answer = compare(self.less.subs(values), self.than.subs(values))
        return self.if_open if not isinstance(answer, BooleanAtom) else bool(answer)


@dataclass(frozen=True)
class Derivation:
    """The steps from the assumptions to the result, for given settings."""

    calculator: str
    settings: tuple[tuple[str, sympy.Expr], ...]
    choices: tuple[tuple[str, str], ...]
    """The options chosen by name."""
    assumptions: tuple[Assumption, ...]
    steps: tuple[Step, ...]
    result: Result | None
    """None where the theory says nothing; `silence` then says why."""
    curves: tuple[Curve, ...] = ()
    silence: str = ""
    axes: Axes | None = None
    """The frame of the plot; None: the fixed log-log frame, in which the first curve is drawn."""

    def __post_init__(self) -> None:
        if (self.result is None) != bool(self.silence):
            raise ValueError(f"a derivation must have either a result or a silence; got {self.calculator!r}")

    @property
    def answer(self) -> Result:
        """The result.

        Raises:
            ValueError: there is none.
        """
        if self.result is None:
            raise ValueError(self.silence)
        return self.result

    @property
    def parameters(self) -> dict[str, str]:
        """Name -> text of every parameter, and of the choices that were made."""
        return {name: emit.text(value) for name, value in self.settings} | dict(self.choices)


@dataclass(frozen=True)
class Column:
    """One column of a calculator's table of values."""

    title: str
    settings: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Value of the row -> what the cell says where the answer is known and is no formula."""


@dataclass(frozen=True)
class Cell:
    """One computed value of a table."""

    settings: Mapping[str, str]
    text: str
    latex: str
    decimal: str | None


@dataclass(frozen=True)
class Row:
    """One row of a table: what is set in it, and a cell for each column."""

    title: str
    cells: tuple[Cell, ...]
    note: str = ""
    """Why it is so, a sentence or two."""


@dataclass(frozen=True)
class Table:
    """Computed values for those who cannot or do not want to drag."""

    corner: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Calculator:
    """A question, what can be set, and the derivation that answers it."""

    id: str
    title: str
    question: str
    parameters: tuple[Parameter, ...]
    choices: tuple[Choice, ...]
    sources: tuple[Source, ...]
    build: Callable[[Mapping[str, sympy.Expr], Mapping[str, Option]], Derivation] = field(repr=False)
    """(parameter id -> value, choice id -> option) -> derivation."""
    verdicts: tuple[Verdict, ...] = ()
    """In the order in which they are tried; the last one has no condition."""
    columns: tuple[Column, ...] = ()
    row_parameter: str = ""
    row_values: tuple[str, ...] = ()
    row_notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Value of a row -> why its answers are what they are."""
    belongs: tuple[str, ...] = ()
    """Ids of the items that the calculator belongs to."""
    silences: tuple[Silence, ...] = ()
    """Numbers without an answer, in the order in which they are tried; silence that follows from the options alone is
    for `build` to say."""
    against: tuple[str, ...] = ()
    """For each prediction what would count against it, in sentences: the observable, the conditions, the size."""

    @property
    def symbols(self) -> dict[str, sympy.Symbol]:
        """Letter -> symbol of every parameter."""
        return {parameter.symbol.name: parameter.symbol for parameter in self.parameters}

    def problems(self, settings: Mapping[str, Value]) -> tuple[SettingError, ...]:
        """Everything that is wrong with the settings, in their order; empty when `derive` takes them."""
        return self._read(settings)[2]

    def derive(self, **settings: Value) -> Derivation:
        """The derivation for these settings.

        Args:
            settings: parameter or choice id -> value; what is left out keeps its default.

        Raises:
            SettingError: the first thing that is wrong (`problems` has all).
        """
        values, options, problems = self._read(settings)
        if problems:
            raise problems[0]
        derivation = self.build(values, options)
        if derivation.result is None:
            return derivation
        numbers = {parameter.symbol: values[parameter.id] for parameter in self.parameters}
        chosen = {name: option.id for name, option in options.items()}
        rule = next((rule for rule in self.silences if rule.applies(numbers, chosen)), None)
        if rule is None:
            return derivation
        steps = tuple(itertools.takewhile(lambda step: step.id != rule.stops, derivation.steps))
        return replace(derivation, steps=steps, result=None, silence=rule.sentence)

    def same(self, derivation: Derivation, text: str, quantity: str | None = None) -> bool:
        """Whether there is a result and it equals the expression that `text` says, compared at 50 digits.

        Args:
            derivation: of this calculator.
            text: an expression in its letters.
            quantity: the id of a further output, to compare that instead of the result.

        Raises:
            calculators.expressions.ExpressionError: `text` is no expression in this calculator's letters.
            KeyError: the result has no such further output.
        """
        result = derivation.result
        # The constants of a form are its own letters, and go before those that can be set.
        own = {letter.name: letter for letter in result.expression.free_symbols} if result and result.bound else {}
        expected = expressions.result(text, self.symbols | own)
        if result is None:
            return False
        found = result.output(quantity).expression
        return bool(found == expected) or numeric.equal(found, expected)

    def table(self) -> Table:
        """The table of values, every cell derived."""
        titles = {
            option.id: option.title
            for choice in self.choices
            if choice.id == self.row_parameter
            for option in choice.options()
        }
        rows = []
        for value in self.row_values:
            cells = []
            for column in self.columns:
                settings = {self.row_parameter: value, **column.settings}
                result = self.derive(**settings).result
                words = column.words.get(value, "–" if result is None else "")
                shown: tuple[str, str, str | None] = (words, rf"\text{{{words}}}", None)
                if result is not None and not words:
                    shown = (result.text, result.latex, result.decimal)
                cells.append(Cell(MappingProxyType(settings), *shown))
            rows.append(Row(titles.get(value, value), tuple(cells), self.row_notes.get(value, "")))
        letter = next((p.symbol.name for p in self.parameters if p.id == self.row_parameter), "")
        return Table(letter, tuple(column.title for column in self.columns), tuple(rows))

    def _read(
        self, settings: Mapping[str, Value]
    ) -> tuple[dict[str, sympy.Expr], dict[str, Option], tuple[SettingError, ...]]:
        by_id = {parameter.id: parameter for parameter in self.parameters}
        choice_by_id = {choice.id: choice for choice in self.choices}
        values: dict[str, sympy.Expr] = {}
        options: dict[str, Option] = {}
        problems: list[SettingError] = []
        for name, value in settings.items():
            try:
                if name in by_id:
                    values[name] = by_id[name].read(value)
                elif name in choice_by_id:
                    options[name] = choice_by_id[name].read(value)
                else:
                    known = [*by_id, *choice_by_id]
                    meant = next((id_ for id_, parameter in by_id.items() if parameter.symbol.name == name), None)
                    near = f" (did you mean {meant!r}?)" if meant else suggestion(name, known)
                    rule = f"a setting must be one of {', '.join(known)}"
                    raise SettingError(name, f"{rule}; got {_shown(name)}{near}")
            except SettingError as error:
                problems.append(error)
        wrong = {problem.parameter for problem in problems}
        for choice in self.choices:
            if choice.default is not None and choice.id not in wrong and choice.id not in options:
                options[choice.id] = choice.read(choice.usual(choice.default, options))
        for choice in self.choices:
            for name, fixed in options[choice.id].fixes.items() if choice.id in options else ():
                if name in options and options[name].id != fixed:
                    rule = f"{name} must be left out or {fixed!r}, which {choice.id} {options[choice.id].id} has"
                    problems.append(SettingError(name, f"{rule}; got {_shown(options[name].id)}"))
                options[name] = choice_by_id[name].read(fixed)
        # In the order of the choices, however they were given.
        options = {choice.id: options[choice.id] for choice in self.choices if choice.id in options}
        for name, option in options.items():
            set_by = choice_by_id[name].parameter
            if set_by is None or option.value is None:
                continue
            parameter = by_id[set_by]
            given = values.get(parameter.id, parameter.symbol)
            # What it is set to may depend on a parameter that an earlier choice has set.
            value = option.value.subs({p.symbol: values.get(p.id, p.default) for p in self.parameters})
            if given not in (parameter.symbol, value):
                noun = parameter.title.split()[0].lower()
                problems.append(
                    SettingError(
                        parameter.id,
                        f"{parameter.id} must be left out or equal the {noun} of {name} {option.id}, "
                        f"{emit.text(value)}; got '{emit.text(given)}'",
                    )
                )
            values[parameter.id] = value
        complete = {p.id: values.get(p.id, p.default) for p in self.parameters}
        return complete, options, tuple(problems)
