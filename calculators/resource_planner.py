"""How much more data, parameters or width a target loss needs, if the power law goes on."""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from calculators.derivation import (
    Assumption,
    Axes,
    Calculator,
    Choice,
    Column,
    Curve,
    Derivation,
    Limit,
    Option,
    Parameter,
    Quantity,
    Result,
    Silence,
    Source,
    Step,
)
from calculators.numeric import Range

_LOSS = sympy.Symbol("L", positive=True)
_TARGET = sympy.Symbol("T", positive=True)
_IRREDUCIBLE = sympy.Symbol("E", positive=True)
_ALPHA = sympy.Symbol("alpha", positive=True)
_FOUND = sympy.Symbol("alpha_b", positive=True)
"""The exponent that two runs give; alpha itself is what a reader sets."""
_EARLIER = sympy.Symbol("S", positive=True)
_GROWTH = sympy.Symbol("b", positive=True)
_NUMERATOR = sympy.Symbol("k", positive=True)

_SIZE = sympy.Symbol("X", positive=True)
_HEIGHT = sympy.Symbol("A", positive=True)
_FACTOR = sympy.Symbol("F", positive=True)
_WIDER = sympy.Symbol("F_w", positive=True)
_WIDTH = sympy.Symbol("w", positive=True)
_INPUTS = sympy.Symbol("i", positive=True)
_OUTPUTS = sympy.Symbol("o", positive=True)
_DIMENSION = sympy.Symbol("d", positive=True)
_TOTAL = sympy.Symbol("alpha_L", positive=True)

_BAHRI = Source(
    "Explaining Neural Scaling Laws",
    "Bahri, Dyer, Kaplan, Lee, Sharma",
    2021,
    "https://arxiv.org/abs/2102.06701",
    "Theorems 2 and 3, for the exponent behind the implied dimension",
)
_SHARMA = Source(
    "A Neural Scaling Law from the Dimension of the Data Manifold",
    "Sharma, Kaplan",
    2020,
    "https://arxiv.org/abs/2004.10802",
    "equations 2.3 and 2.6, and the comparison of 4/α with measured dimensions",
    second_hand=True,
)


def _real(
    name: str,
    symbol: sympy.Symbol,
    title: str,
    meaning: str,
    start: str,
    slider: tuple[sympy.Expr, sympy.Expr],
    only: tuple[tuple[str, tuple[str, ...]], ...] = (),
) -> Parameter:
    number = sympy.Rational(start)
    return Parameter(name, symbol, title, meaning, start=number, default=symbol, real=True, slider=slider, only=only)


_PARAMETERS = (
    _real(
        "loss",
        _LOSS,
        "Loss now",
        "The test loss L at the present size, in any unit as long as all losses have the same.",
        "2.6",
        (0, 5),
    ),
    _real("target", _TARGET, "Target loss", "The test loss T to be reached.", "2", (0, 5)),
    _real(
        "irreducible",
        _IRREDUCIBLE,
        "Irreducible loss",
        "The loss E that no size of this resource removes: noise in the labels, the entropy of text, or what another "
        "resource leaves. It counts only when it is switched on.",
        "1.7",
        (0, 5),
    ),
    _real(
        "exponent",
        _ALPHA,
        "Exponent",
        "The exponent alpha of the part of the loss that falls: with data for data, with the parameter count for "
        "parameters and width. It counts only when it is taken as known.",
        "0.34",
        (0, 2),
        only=(("known", ("exponent",)),),
    ),
    _real(
        "earlier",
        _EARLIER,
        "Loss of a smaller run",
        "The test loss S at a smaller size. It counts only when the exponent is taken from two runs.",
        "3",
        (0, 5),
    ),
    Parameter(
        "growth",
        _GROWTH,
        "Growth between the two runs",
        "How many times as much data, or as many parameters, the present size has as the smaller run.",
        start=sympy.Integer(10),
        default=_GROWTH,
        real=True,
        minimum=1,
        slider=(1, 1000),
        logarithmic=True,
    ),
    Parameter(
        "numerator",
        _NUMERATOR,
        "Exponent times dimension",
        "What the exponent times the dimension is in theory, m min(q + 1, s): 4 for a piecewise linear model and "
        "squared loss or cross-entropy, 2 for nearest neighbour. See the calculator of the scaling exponent.",
        start=sympy.Integer(4),
        default=_NUMERATOR,
        slider=(1, 8),
    ),
)

_KNOWN = (Option("exponent", "Known exponent"), Option("two-runs", "From two runs"))
_FLOORS = (Option("none", "No irreducible loss"), Option("given", "With an irreducible loss"))
_RESOURCES = (
    Option("data", "Training data"),
    Option("parameters", "Parameters"),
    Option("width", "Width, two hidden layers or more"),
    Option("width-shallow", "Width, one hidden layer"),
)

_ASSUMPTIONS = (
    Assumption("law", "The loss falls as a power of the resource, from the smallest size used to the one asked for."),
    Assumption(
        "bottleneck",
        "The resource is the only bottleneck at every size on the way: whatever else the loss depends on is plentiful "
        "or grows along, and training is as good at every size.",
    ),
    Assumption("irreducible", "The irreducible loss is the same at every size."),
)

_RANGES: tuple[tuple[sympy.Symbol, Range], ...] = (
    (_EARLIER, (sympy.Integer(5), sympy.Integer(8))),
    (_LOSS, (sympy.Rational(5, 2), sympy.Integer(4))),
    (_TARGET, (sympy.Integer(1), sympy.Integer(2))),
    (_IRREDUCIBLE, (sympy.Rational(1, 4), sympy.Rational(3, 4))),
    (_GROWTH, (sympy.Integer(2), sympy.Integer(9))),
)
"""Where the losses lie in the order that the formulas ask for."""

_SHORT = 100
"""Up to this numerator and denominator powers of numbers are worked out exactly."""

_HOLDS = (
    "It is arithmetic on an assumed law. A power law seen over two decades says nothing about the third.",
    "Small errors of alpha grow, since the ratio of the losses is raised to the power 1/alpha: an error of 10 % in "
    "alpha turns a factor of 1,000 into one of about 530 or 2,200.",
    "An irreducible loss that is left out makes the exponent too small and the implied dimension too large; two runs "
    "cannot tell how large it is.",
    "The implied dimension reads alpha = k/d as an equation. Theory gives alpha >= k/d for smooth targets as an "
    "estimate, so d >= k/alpha: it is a lower bound of the dimension at best, and never confirms one.",
    "Width enters here through the parameter count, at fixed depth. The law for the loss that a finite width adds, "
    "through its variance, is another one.",
)
_MEANING = (
    "Arithmetic: if the power law holds as far as the target, the size must grow by this factor. Whether it holds that "
    "far is for measurements to say."
)


def _equal(left: sympy.Expr, right: sympy.Expr) -> sympy.Equality:
    return sympy.Eq(left, right, evaluate=False)


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    """base**exponent, left as it is where SymPy would multiply out or factor numbers of many digits."""
    short = all(abs(number.p) <= _SHORT and number.q <= _SHORT for number in (base, exponent) if number.is_Rational)
    return sympy.Pow(base, exponent, evaluate=short)


_LETTERS = {"exponent": _ALPHA, "two-runs": _FOUND}


def _exponent_steps(values: Mapping[str, sympy.Expr], floor: sympy.Expr, known: str) -> tuple[Step, ...]:
    loss, earlier, growth = values["loss"], values["earlier"], values["growth"]
    letter = _LETTERS[known]
    law = _HEIGHT * _SIZE ** (-letter)
    if floor != 0:
        law = _IRREDUCIBLE + law
    steps = [
        Step(
            "law",
            "The law",
            "premise",
            sympy.Function("L")(_SIZE),
            law,
            "The loss at the size X of the resource: a power of X"
            + (" on top of an irreducible loss E that does not change." if floor != 0 else " and nothing else."),
        ),
        Step(
            "ratio",
            "Grow by a factor",
            "identity",
            sympy.Mul(
                _HEIGHT * sympy.Pow(_FACTOR * _SIZE, -letter, evaluate=False),
                sympy.Pow(_HEIGHT * sympy.Pow(_SIZE, -letter, evaluate=False), -1, evaluate=False),
                evaluate=False,
            ),
            _FACTOR ** (-letter),
            "The part that falls, at F times the size, over itself at the present size: the height A and the size X "
            "cancel, so neither has to be known.",
        ),
    ]
    if known == "two-runs":
        steps.append(
            Step(
                "two-runs",
                "The exponent from two runs",
                "identity",
                _equal(growth**-letter, (loss - floor) / (earlier - floor)),
                _equal(letter, _exponent(values, floor, known)),
                "The present run is b times the size of the smaller one. Take logarithms of the line above and solve "
                "for the exponent. Two runs always give a number; whether the law holds takes more of them.",
                ranges=_RANGES,
            )
        )
    return tuple(steps)


def _exponent(values: Mapping[str, sympy.Expr], floor: sympy.Expr, known: str) -> sympy.Expr:
    if known == "exponent":
        return values["exponent"]
    above = sympy.log((values["earlier"] - floor) / (values["loss"] - floor))
    return above / sympy.log(values["growth"])


def _dimension_steps(
    values: Mapping[str, sympy.Expr], floor: sympy.Expr, alpha: sympy.Expr, known: str
) -> tuple[Step, ...]:
    k, letter = values["numerator"], _LETTERS[known]
    steps = [
        Step(
            "dimension",
            "The implied dimension",
            "identity",
            _equal(letter, k / _DIMENSION),
            _equal(_DIMENSION, k / letter),
            "If alpha is k/d, as the theory of data on a manifold estimates, d is k/alpha.",
            source=_SHARMA,
        )
    ]
    if floor != 0:
        total = _IRREDUCIBLE + _HEIGHT * _SIZE ** (-letter)
        slope = sympy.Mul(
            -1, _SIZE, sympy.Derivative(total, _SIZE), sympy.Pow(total, -1, evaluate=False), evaluate=False
        )
        steps.append(
            Step(
                "slope-of-the-total",
                "What one sees without subtracting",
                "identity",
                slope,
                letter * (1 - _IRREDUCIBLE / total),
                "The local slope of the whole loss on double logarithmic axes is smaller than alpha, by the share of "
                "the loss that can still fall: (L - E)/L at the present size. Who fits a line without an irreducible "
                "loss finds a smaller exponent and a larger dimension.",
            )
        )
    return tuple(steps)


def _width_steps(shallow: bool) -> tuple[Step, ...]:
    w, i, o = _WIDTH, _INPUTS, _OUTPUTS
    count = w * i + w + w * o + o
    if not shallow:
        count += w**2 + w
    return (
        Step(
            "parameters-of-width",
            "Parameters of a width",
            "leading-order",
            count,
            (i + o + 1) * w if shallow else w**2,
            "Weights and biases of a network with i inputs, o outputs and one hidden layer of w units: each unit has i "
            "weights in, o weights out and a bias."
            if shallow
            else "Weights and biases of a network with i inputs, o outputs and two hidden layers of w units. The "
            "square comes from the weights between the hidden layers; every further layer adds another w^2. Narrow "
            "networks are not there yet: with 20 inputs and one output the local slope is 1.25 at 8 units, 1.82 at "
            "108.",
            limit=Limit(w, "oo", sharp=True),
        ),
    )


def _answer_steps(
    values: Mapping[str, sympy.Expr], floor: sympy.Expr, alpha: sympy.Expr, resource: str
) -> tuple[Step, ...]:
    loss, target = values["loss"], values["target"]
    ratio = (loss - floor) / (target - floor)
    factor = _power(ratio, 1 / alpha)
    inverse = sympy.Mul(target - floor, sympy.Pow(loss - floor, -1, evaluate=False), evaluate=False)
    steps = [
        Step(
            "factor",
            "Solve for the factor",
            "identity",
            _equal(sympy.Pow(_FACTOR, -alpha, evaluate=False), inverse),
            _equal(_FACTOR, factor),
            "The part that can still fall has to shrink from L - E to T - E. Raise both sides to the power -1/alpha."
            if floor != 0
            else "The loss has to shrink from L to T. Raise both sides to the power -1/alpha.",
            ranges=_RANGES,
        )
    ]
    if resource == "width":
        wider = _power(ratio, 1 / (2 * alpha))
        steps.append(
            Step(
                "wider",
                "From parameters to width",
                "identity",
                _equal(_WIDER**2, factor),
                _equal(_WIDER, wider),
                "Parameters go as the square of the width, so the width grows by the root of the factor.",
                ranges=_RANGES,
            )
        )
        factor = wider
    names = {
        "data": "times as much data",
        "parameters": "times as many parameters",
        "width": "times as wide, at the same depth",
        "width-shallow": "times as wide: with one hidden layer parameters are proportional to the width",
    }
    steps.append(
        Step(
            "answer",
            "The answer",
            "identity",
            sympy.exp(
                sympy.Mul(sympy.log(ratio), sympy.Pow(2 * alpha if resource == "width" else alpha, -1), evaluate=False),
                evaluate=False,
            ),
            factor,
            f"{names[resource].capitalize()}. As a logarithm: log F is the logarithm of the ratio of the losses over "
            + ("twice the exponent." if resource == "width" else "the exponent."),
            ranges=_RANGES,
        )
    )
    return tuple(steps)


def _quantities(
    values: Mapping[str, sympy.Expr], floor: sympy.Expr, alpha: sympy.Expr, known: str
) -> tuple[Quantity, ...]:
    k, loss = values["numerator"], values["loss"]
    found = []
    if known == "two-runs":
        found.append(Quantity("alpha", "Exponent from the two runs", _FOUND, alpha))
    found.append(Quantity("dimension", "Implied dimension", _DIMENSION, k / alpha))
    if floor != 0:
        without = _exponent(values, sympy.Integer(0), known) if known == "two-runs" else alpha * (loss - floor) / loss
        found += [
            Quantity("alpha-without", "Exponent if no irreducible loss were subtracted", _TOTAL, without),
            Quantity(
                "dimension-without",
                "Implied dimension if no irreducible loss were subtracted",
                sympy.Symbol("d_L", positive=True),
                k / without,
            ),
            Quantity(
                "share",
                "Share of the present loss that can still fall",
                sympy.Symbol("R", positive=True),
                (loss - floor) / loss,
            ),
        ]
    return tuple(found)


def _build(given: Mapping[str, sympy.Expr], options: Mapping[str, Option]) -> Derivation:
    known, irreducible, resource = (options[name].id for name in ("known", "floor", "resource"))
    numbers = {parameter.symbol: given[parameter.id] for parameter in _PARAMETERS}
    chosen = {name: option.id for name, option in options.items()}
    silence = next((rule.sentence for rule in _SILENCES if rule.applies(numbers, chosen)), "")
    # Numbers without an answer would divide by zero in the steps: those then stay in letters.
    values = {parameter.id: parameter.symbol for parameter in _PARAMETERS} if silence else given
    floor = values["irreducible"] if irreducible == "given" else sympy.Integer(0)
    alpha = _exponent(values, floor, known)
    steps = (
        *_exponent_steps(values, floor, known),
        *_dimension_steps(values, floor, alpha, known),
        *(_width_steps(resource == "width-shallow") if resource.startswith("width") else ()),
        *_answer_steps(values, floor, alpha, resource),
    )
    loss = values["loss"]
    power = 2 * alpha if resource == "width" else alpha
    result = Result(
        _WIDER if resource.startswith("width") else _FACTOR,
        steps[-1].after,
        "arithmetic",
        _MEANING,
        _HOLDS,
        _quantities(values, floor, alpha, known),
        unit="times the width" if resource.startswith("width") else f"times the {resource}",
    )
    return Derivation(
        CALCULATOR.id,
        tuple((parameter.id, given[parameter.id]) for parameter in _PARAMETERS),
        tuple((name, option.id) for name, option in options.items()),
        _ASSUMPTIONS,
        steps,
        None if silence else result,
        (
            Curve("loss", "Loss", _SIZE, floor / loss + (1 - floor / loss) * _SIZE**-power),
            Curve("target", "Target", _SIZE, values["target"] / loss + 0 * _SIZE),
        ),
        silence,
        Axes(
            (1, 1000, "log"),
            (0, 1, "linear"),
            "Size over the present size",
            "Loss over the loss now",
        ),
    )


_TWO = (("known", "two-runs"),)
_GIVEN = (("floor", "given"),)

_SILENCES = (
    Silence("The target is above the loss that there is now: nothing has to grow.", _LOSS, _TARGET),
    Silence(
        "The present loss is not above the irreducible loss, so nothing is left that could fall.",
        _LOSS,
        _IRREDUCIBLE,
        _GIVEN,
        or_equal=True,
    ),
    Silence(
        "The target is not above the irreducible loss: by this law no size reaches it.",
        _TARGET,
        _IRREDUCIBLE,
        _GIVEN,
        or_equal=True,
    ),
    Silence(
        "The larger run is not better than the smaller one, so the two runs show no law that falls.",
        _EARLIER,
        _LOSS,
        _TWO,
        or_equal=True,
    ),
)

CALCULATOR = Calculator(
    "resource-planner",
    "What a target loss costs",
    "How much more data, parameters or width does a target loss need, and which dimension of the data does the "
    "exponent imply?",
    _PARAMETERS,
    (
        Choice("resource", "What grows", options=lambda: _RESOURCES, default="data", meaning="The only bottleneck."),
        Choice(
            "floor",
            "Irreducible loss",
            options=lambda: _FLOORS,
            default="none",
            meaning="Whether a part of the loss stays whatever the size.",
        ),
        Choice(
            "known",
            "Exponent",
            options=lambda: _KNOWN,
            default="exponent",
            meaning="Whether the exponent is known or follows from two runs.",
        ),
    ),
    (_BAHRI, _SHARMA),
    _build,
    columns=tuple(
        Column(
            title,
            {"resource": resource, "loss": "2", "target": "1", "numerator": "4"},
        )
        for title, resource in (("half the loss: data", "data"), ("half the loss: width", "width"))
    ),
    row_parameter="exponent",
    row_values=("0.05", "0.076", "0.1", "0.2", "0.34", "0.5", "1", "2"),
    belongs=("explaining-neural-scaling-laws",),
    against=(
        "The arithmetic cannot fail, the law can. Train at the size that is named, with everything else as "
        "plentiful as before: a loss farther from the target than the errors of alpha and of the irreducible loss "
        "allow, by more than two standard errors, would count against the law in that range.",
        "One power law over the whole range: local slopes of the loss above its irreducible part that drift in "
        "one direction, by more than two standard errors between the first and the last third of at least six "
        "sizes, would count against it.",
        "The implied dimension k/alpha is at best a lower bound of the measured one. For a smooth target, a measured "
        "dimension whose whole interval lies below k/alpha, with TwoNN's bias allowed for, would count against "
        "alpha of at least k/d; a larger one would not count for it.",
        "Width by way of parameters, at a fixed depth of two or more hidden layers: networks whose exponent in w "
        "is not the one in P times the local slope of log P against log w, by more than two standard errors of "
        "both, would count against it.",
    ),
    silences=_SILENCES,
)
