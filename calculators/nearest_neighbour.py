"""The loss of the nearest neighbour on a torus with its constant, which an exponent leaves out."""

from __future__ import annotations

from collections.abc import Mapping

import sympy
from mpmath import MPContext, mpf

from calculators import losses
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
    Witness,
)
from calculators.numeric import Values

_POINTS = sympy.Symbol("D", positive=True)
_DIMENSION = sympy.Symbol("d", positive=True)
_GRADIENT = sympy.Symbol("g", positive=True)
_NOISE = sympy.Symbol("sigma", positive=True)
_VOLUME = sympy.Symbol("V", positive=True)
_RADIUS = sympy.Symbol("r", positive=True)
_SPACING = sympy.Symbol("h", positive=True)
_SLOPE = sympy.Symbol("a", positive=True)
_PART = sympy.Symbol("t", real=True)
_NORMAL = sympy.Symbol("z", positive=True)
_LOSS = sympy.Symbol("L", positive=True)
_ALPHA = sympy.Symbol("alpha", positive=True)

_BAHRI = Source(
    "Explaining Neural Scaling Laws",
    "Bahri, Dyer, Kaplan, Lee, Sharma",
    2021,
    "https://arxiv.org/abs/2102.06701",
    "Theorem 2 (the exponent's bound 1/d; the constant is our own derivation)",
)

_PARAMETERS = (
    Parameter(
        "dimension",
        _DIMENSION,
        "Dimension of the torus",
        "The number d of directions in which the inputs vary. Every direction is a circle of length 1.",
        start=sympy.Integer(2),
        default=_DIMENSION,
        integer=True,
        minimum=1,
        open=False,
        maximum=100,
        slider=(1, 16),
    ),
    Parameter(
        "points",
        _POINTS,
        "Training points",
        "How many training points D there are.",
        start=sympy.Integer(1000),
        default=_POINTS,
        real=True,
        minimum=1,
        open=False,
        slider=(1, 10**6),
        logarithmic=True,
    ),
    Parameter(
        "gradient",
        _GRADIENT,
        "Steepness of the target",
        "The mean over the inputs of |grad F|^m, the length of the target's gradient to the power m of the loss: the "
        "mean square for the squared error, the mean for the absolute error. Distances are measured in sides of the "
        "torus. For F = cos(2 pi x), squared error, it is 2 pi^2, about 19.74.",
        start=sympy.Integer(1),
        default=_GRADIENT,
        real=True,
        slider=(1, 100),
    ),
    Parameter(
        "deviation",
        _NOISE,
        "Noise of the labels",
        "The standard deviation sigma of the noise on each training label, in units of the target. It counts only "
        "when noise is switched on.",
        start=sympy.Rational(1, 10),
        default=_NOISE,
        real=True,
        slider=(0, 1),
    ),
)

_LOSSES = (
    Option("squared", "Squared error", losses.ERROR**2),
    Option("absolute", "Absolute error", sympy.Abs(losses.ERROR)),
)
_LAYOUTS = (Option("random", "Drawn at random"), Option("grid", "On a square grid"))
_NOISES = (Option("none", "Labels without noise"), Option("labels", "Noisy labels"))

_ASSUMPTIONS = (
    Assumption(
        "torus",
        "The inputs fill a torus of d dimensions evenly, every side 1 and without border; new inputs are drawn the "
        "same way.",
    ),
    Assumption("copy", "The model answers with the label of the nearest training point."),
    Assumption("smooth", "The target is smooth, and its slope does not vanish everywhere."),
    Assumption("dense", "The training points lie so densely that between neighbours the target is a straight line."),
)

_HOLDS = (
    "It is the leading term for many points. This calculator's tests simulate it in one to three dimensions with up to "
    "6,000 points; the more dimensions, the more points it takes until the leading term is all that counts.",
    "On other compact spaces of volume 1 the constant is the same as long as the border is small and the inputs are "
    "spread evenly. An uneven density changes the constant, and tails that thin out, as with Gaussian inputs, can "
    "change the exponent too.",
    "A grid has D = n^d points, n to a side. Between such numbers the formula only interpolates.",
)


def _factors(d: sympy.Expr, m: int) -> tuple[sympy.Expr, sympy.Expr]:
    """E|cos|^m, the m-th moment of a direction's share along one axis, and (V)^(-m/d) of the unit ball."""
    share = 1 / d if m == 2 else sympy.gamma(d / 2) / (sympy.sqrt(sympy.pi) * sympy.gamma((d + 1) / 2))
    return share, sympy.gamma(d / 2 + 1) ** (m / d) / sympy.pi ** sympy.Rational(m, 2)


def _constant(d: sympy.Expr, m: int, layout: str) -> sympy.Expr:
    """The loss per unit of steepness at D = 1, to leading order: what stands before D^(-m/d)."""
    if layout == "grid":
        return sympy.Rational(1, 12)
    share, volume = _factors(d, m)
    return share * sympy.gamma(1 + m / d) * volume


def _smooth_target() -> Witness:
    """The change of sin(x) from x = 1 to x = 1 + h."""

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        width = arithmetic.ldexp(arithmetic.one, -octave)
        return arithmetic.log(arithmetic.sin(1 + width) - arithmetic.sin(arithmetic.one), 2)

    return Witness("a smooth target", log2)


def _moment(power: sympy.Expr) -> sympy.Expr:
    """The integral of z^power times the bell curve exp(-z^2/2) over the positive numbers."""
    return sympy.Integral(_NORMAL**power * sympy.exp(-(_NORMAL**2) / 2), (_NORMAL, 0, sympy.oo))


_DIMENSIONS = ((_DIMENSION, (sympy.Integer(1), sympy.Integer(4))),)
"""Integrals over shells are tested where they are harmless at the centre."""


def _random_steps(d: sympy.Expr, m: int) -> tuple[Step, ...]:
    shell = sympy.Integral(_RADIUS ** (d - 1) * sympy.exp(-(_RADIUS**2)), (_RADIUS, 0, sympy.oo))
    empty = (1 - _VOLUME * _RADIUS**d) ** _POINTS
    tail = sympy.Integral(m * _RADIUS ** (m - 1) * empty, (_RADIUS, 0, _VOLUME ** (-1 / d)))
    gammas = sympy.gamma(1 + m / d) * sympy.gamma(_POINTS + 1) / sympy.gamma(_POINTS + 1 + m / d)
    exact = gammas / _VOLUME ** (m / d)
    many = sympy.gamma(1 + m / d) * sympy.Pow(_VOLUME * _POINTS, -m / d, evaluate=False)
    share, _ = _factors(d, m)
    coordinate = sympy.Integer(1) if m == 2 else sympy.sqrt(2) / sympy.sqrt(sympy.pi)
    ratio = sympy.Mul(coordinate, _moment(d - 1) / _moment(m + d - 1))
    return (
        Step(
            "ball",
            "The volume of a ball",
            "identity",
            sympy.Mul(sympy.pi ** (d / 2), sympy.Pow(d * shell, -1, evaluate=False), evaluate=False),
            sympy.pi ** (d / 2) / sympy.gamma(d / 2 + 1),
            "V is the volume of a ball of radius 1. The bell curve exp(-|x|^2) over all d dimensions is pi^(d/2); "
            "counted in shells it is V d times the integral of r^(d - 1) exp(-r^2). Solved for V.",
            ranges=_DIMENSIONS,
        ),
        Step(
            "empty-ball",
            "Nobody nearer than r",
            "premise",
            sympy.Function("P")(_RADIUS),
            empty,
            "One random point misses a ball of radius r around the new input with the probability 1 - V r^d, since "
            "the torus has the volume 1; D independent points miss it with that probability to the power D. A ball "
            "that would reach around the torus is left out: with many points it is empty with a vanishing probability.",
        ),
        Step(
            "distance",
            "The distance to the nearest",
            "identity",
            tail,
            exact,
            f"The mean of r^{m} is the integral of its derivative times the probability that nobody is nearer. "
            "Substitute the volume V r^d for r: what comes is Euler's beta function."
            if m > 1
            else "The mean of r is the integral of the probability that nobody is nearer. Substitute the volume V r^d "
            "for r: what comes is Euler's beta function.",
            ranges=_DIMENSIONS,
            letters=True,
        ),
        Step(
            "many-points",
            "Many points",
            "leading-order",
            exact,
            many,
            "For large D a quotient of gamma functions is a power: the next term is smaller by 1/D. Here the factor "
            "before the power is claimed, not the power alone.",
            limit=Limit(_POINTS, "oo", sharp=True),
            letters=True,
        ),
        _change_step(),
        Step(
            "direction",
            "The direction is random",
            "identity",
            ratio,
            share,
            "Only the part of the step along the gradient counts. A vector with independent normal coordinates has a "
            "random direction, whatever its length, so the average of "
            + (
                "cos^2 is the mean square of one coordinate, 1, over the mean square length, counted in shells."
                if m == 2
                else "|cos| is the mean size of one coordinate, the root of 2/pi, over the mean length, counted in "
                "shells."
            ),
            ranges=_DIMENSIONS,
        ),
    )


def _change_step() -> Step:
    return Step(
        "change",
        "How far the target moves",
        "leading-order",
        losses.ERROR,
        _SLOPE * _SPACING,
        "Over the short way h to the nearest point the target changes by its slope a in that direction, times h. The "
        "next term is smaller by a further h.",
        limit=Limit(_SPACING, "0", (_smooth_target(),)),
    )


def _grid_steps(d: sympy.Expr) -> tuple[Step, ...]:
    cover = sympy.Eq(_SPACING**d, 1 / _POINTS, evaluate=False)
    cell = sympy.Integral(_PART**2 / _SPACING, (_PART, -_SPACING / 2, _SPACING / 2))
    return (
        Step(
            "spacing",
            "The width of a cell",
            "identity",
            cover,
            sympy.Eq(_SPACING, sympy.Pow(_POINTS, -1 / d, evaluate=False), evaluate=False),
            "D cells of equal size fill the torus, whose volume is 1. Take the d-th root.",
        ),
        Step(
            "cell",
            "Where in the cell",
            "identity",
            cell,
            _SPACING**2 / 12,
            "Along each axis the new input is anywhere between half a cell to the left of its grid point and half a "
            "cell to the right, all places alike. This is the mean square of the way along one axis.",
        ),
        _change_step(),
    )


def _law_steps(values: tuple[sympy.Expr, ...], m: int, layout: str, noise: str) -> tuple[Step, ...]:
    """The last steps, in which the reader's number of points stands."""
    d, points, g, sigma = values
    steps: list[Step] = []
    power = sympy.Pow(points, -m / d, evaluate=False)
    if layout == "grid":
        before = sympy.Mul(g, sympy.Pow(sympy.Pow(points, -1 / d, evaluate=False), 2, evaluate=False), evaluate=False)
        before = sympy.Mul(sympy.Rational(1, 12), before, evaluate=False)
        because = (
            "The ways along the axes are independent and centred, so the squares of their changes add up: the "
            "squared slope along each axis times h^2/12, together the squared length of the gradient times h^2/12."
        )
    else:
        share, _ = _factors(d, m)
        ball = sympy.Mul(sympy.pi ** (d / 2) / sympy.gamma(d / 2 + 1), points, evaluate=False)
        before = sympy.Mul(g, share, sympy.gamma(1 + m / d), sympy.Pow(ball, -m / d, evaluate=False), evaluate=False)
        because = (
            "The steepness of the target, the share of the direction and the distance are independent, so their means "
            "multiply. V is put in, and everything but D gathered in front."
        )
    law = _loss(values, m, layout)
    steps.append(Step("composition", "Put them together", "identity", before, law, because, law="none"))
    alpha = sympy.Integer(m) / d
    shape = _POINTS ** (-alpha)
    slope = sympy.Mul(
        -1, _POINTS, sympy.Derivative(shape, _POINTS), sympy.Pow(shape, -1, evaluate=False), evaluate=False
    )
    steps.insert(
        0,
        Step(
            "exponent",
            "The exponent",
            "identity",
            slope,
            alpha,
            "The slope of the loss against D on double logarithmic axes, with its sign turned. It is the same for "
            "points at random and on a grid: everything that tells them apart is in the factor before the power.",
        ),
    )
    if noise == "labels":
        change, spread = _SLOPE, _NOISE
        steps.append(
            Step(
                "noise",
                "A copied label brings its noise along",
                "identity",
                ((change + spread) ** 2 + (change - spread) ** 2) / 2,
                change**2 + spread**2,
                "The noise of the copied label is independent of everything else and centred: it adds as often as it "
                "subtracts, and the mixed term cancels. Shown for noise of plus or minus sigma; only its mean square "
                "counts. No number of points removes it, since one label alone is copied.",
            )
        )
        # Unevaluated: with numbers the sum would hide what is added to what.
        total = sympy.Add(power * (law / power), sigma**2)
        steps.append(
            Step(
                "floor",
                "The loss against the true target",
                "identity",
                sympy.Add(before, sigma**2, evaluate=False),
                total,
                "The error from the distance, which falls with D, and the floor that the noise leaves, which does not.",
            )
        )
    return tuple(steps)


def _loss(values: tuple[sympy.Expr, ...], m: int, layout: str) -> sympy.Expr:
    d, points, g, _ = values
    return g * _constant(d, m, layout) * points ** (-m / d)


def _distance(d: sympy.Expr, points: sympy.Expr) -> sympy.Expr:
    """The root mean square distance to the nearest of many random points [sides of the torus]."""
    root = sympy.sqrt(sympy.gamma(1 + 2 / d) / sympy.pi)
    return root * sympy.gamma(d / 2 + 1) ** (1 / d) * points ** (-1 / d)


_FEW = (
    "With so few random points the leading term says nothing: it puts the nearest one farther away than a single point "
    "is on this torus, the root of d/12 in the mean square. Take more points."
)


def _quantities(values: tuple[sympy.Expr, ...], m: int, layout: str, noise: str) -> tuple[Quantity, ...]:
    d, points, g, sigma = values
    constant = g * _constant(d, m, layout)
    distance = sympy.sqrt(d / 12) * points ** (-1 / d) if layout == "grid" else _distance(d, points)
    found = [
        Quantity("exponent", "Exponent of the part that falls", _ALPHA, sympy.Integer(m) / d),
        Quantity(
            "constant",
            "What the exponent hides: the factor before the power of D",
            sympy.Symbol("C", positive=True),
            constant,
        ),
        Quantity(
            "distance",
            "Root mean square distance to the nearest point",
            _RADIUS,
            distance,
            "sides of the torus",
        ),
        Quantity(
            "halving",
            "Times as many points to halve the part that falls",
            sympy.Symbol("H", positive=True),
            sympy.Integer(2) ** (d / m),
        ),
    ]
    if m == 2:
        ratio = _constant(d, 2, "random") / _constant(d, 2, "grid")
        found.append(
            Quantity(
                "ratio",
                "Loss on random points over loss on a grid, as many points each",
                sympy.Symbol("R", positive=True),
                ratio,
            )
        )
    if noise == "labels":
        found.append(
            Quantity(
                "crossover",
                "Points at which the noise is half of the loss",
                sympy.Symbol("D_noise", positive=True),
                (constant / sigma**2) ** (d / 2),
            )
        )
    return tuple(found)


_MEANING = (
    "A closed form to leading order in 1/D, derived here: exact for straight targets and many points, and no theorem "
    "about any particular data. The exponent m/d says how fast the loss falls, not how large it is: two sets of points "
    "with the same exponent can differ by a constant factor at every size."
)

_SILENT_NOISE = (
    "With noisy labels the mean absolute error depends on the whole distribution of the noise, not on its size alone. "
    "Take the squared error, or labels without noise."
)
_SILENT_GRID = (
    "On a grid the mean absolute error depends on how the gradient lies to the axes, not on its length alone. Take the "
    "squared error, or points at random."
)


def _build(chosen: Mapping[str, sympy.Expr], options: Mapping[str, Option]) -> Derivation:
    values = tuple(chosen[parameter.id] for parameter in _PARAMETERS)
    loss, layout, noise = (options[name].id for name in ("loss", "layout", "noise"))
    m = 2 if loss == "squared" else 1
    d = values[0]
    steps = _random_steps(d, m) if layout == "random" else _grid_steps(d)
    silence = _SILENT_NOISE if (loss, noise) == ("absolute", "labels") else ""
    silence = _SILENT_GRID if (loss, layout) == ("absolute", "grid") else silence
    result: Result | None = None
    curves: tuple[Curve, ...] = ()
    if not silence:
        steps = (*steps, *_law_steps(values, m, layout, noise))
        result = Result(
            _LOSS,
            steps[-1].after,
            "estimate",
            _MEANING,
            _HOLDS,
            _quantities(values, m, layout, noise),
        )
        floor = values[3] ** 2 if noise == "labels" else sympy.Integer(0)
        unit = (d, _POINTS, values[2], values[3])
        curves = tuple(
            Curve(name, title, _POINTS, _loss(unit, m, name) + floor)
            for name, title in (("random", "Points at random"), ("grid", "Points on a grid"))
            if name == layout or m == 2
        )
    return Derivation(
        CALCULATOR.id,
        tuple((parameter.id, value) for parameter, value in zip(_PARAMETERS, values, strict=True)),
        tuple((name, option.id) for name, option in options.items()),
        _ASSUMPTIONS,
        steps,
        result,
        curves,
        silence,
        Axes((1, 10**6, "log"), (sympy.Rational(1, 10**8), 10, "log"), "Training points D", "Loss L"),
    )


CALCULATOR = Calculator(
    "nearest-neighbour",
    "The loss of the nearest neighbour, with its constant",
    "How large is the loss of a model that copies the nearest of D training points, and what does its exponent hide?",
    _PARAMETERS,
    (
        Choice("loss", "Loss", options=lambda: _LOSSES, default="squared", meaning="What an error costs."),
        Choice(
            "layout",
            "Training points",
            options=lambda: _LAYOUTS,
            default="random",
            meaning="Whether the points are drawn at random or laid out evenly.",
        ),
        Choice(
            "noise",
            "Noise",
            options=lambda: _NOISES,
            default="none",
            meaning="Whether the training labels carry noise. The loss is measured against the true target.",
        ),
    ),
    (_BAHRI,),
    _build,
    columns=tuple(
        Column(title, {"loss": loss, "layout": layout, "points": "1000", "gradient": "1"})
        for title, loss, layout in (
            ("squared error, at random", "squared", "random"),
            ("squared error, on a grid", "squared", "grid"),
            ("absolute error, at random", "absolute", "random"),
        )
    ),
    row_parameter="dimension",
    row_values=("1", "2", "3", "4", "6", "8", "12", "16"),
    belongs=("explaining-neural-scaling-laws",),
    silences=(Silence(_FEW, _DIMENSION / 12, _distance(_DIMENSION, _POINTS) ** 2, (("layout", "random"),)),),
    against=(
        "Random points on a torus, a smooth target whose mean square gradient is known, labels without noise: "
        "measured loss and formula must agree. A difference of more than 5 % at 30,000 points or more and d of at "
        "most 4, with a standard error below 1 %, would count against it.",
        "The exponent hides a factor and nothing else: on random points and on a grid of as many points the "
        "losses must have a constant quotient. A quotient that changes by more than 5 % over a decade of D beyond "
        "10,000 points, at d of at most 4, would count against it.",
        "Noisy labels: the squared loss against the true target must stop at the variance of the noise. A loss "
        "that ends more than 2 % above or below it, where the formula's other part is below 0.5 % of it, would "
        "count against it.",
        "What would not count: other slopes for inputs whose density thins out, as Gaussian inputs do, for "
        "targets with jumps, or for so few points that neighbours see a curved target. These lie outside the "
        "assumptions.",
    ),
)
