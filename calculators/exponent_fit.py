"""The exponent of a reader's own losses: the line through their logarithms, and the dimension that it implies."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import sympy

from calculators import fitting, implied, least_squares, scaling_exponent
from calculators.derivation import (
    Assumption,
    Calculator,
    Choice,
    Derivation,
    Option,
    Parameter,
    Quantity,
    Result,
    Silence,
    Source,
    Step,
)
from calculators.least_squares import Array
from calculators.numeric import Range

_N = sympy.Symbol("n", positive=True)
_SXY, _SXV = sympy.symbols("S_xy S_xv", real=True)
_SXX, _SYY, _SVV = sympy.symbols("S_xx S_yy S_vv", positive=True)
# The sums before the means are taken off; the reader's table gives those about the means, and they are not the same.
_TX, _TY, _TXY = sympy.symbols("T_x T_y T_xy", real=True)
_TXX, _TYY = sympy.symbols("T_xx T_yy", positive=True)
_WEIGHT = sympy.Symbol("W", positive=True)
_X, _Y, _SLOPE, _HEIGHT = sympy.symbols("x y b h", real=True)
_SIZE = sympy.Symbol("X", positive=True)
_FACTOR = sympy.Symbol("k", positive=True)
_FLOOR = sympy.Symbol("E", positive=True)
_NOISE = sympy.Symbol("sigma", positive=True)
_LEFT = sympy.Symbol("R", positive=True)
_CONFIDENCE = sympy.Symbol("c", positive=True)
_QUANTILE = sympy.Symbol("t", positive=True)
_LEVEL = sympy.Symbol("u", real=True)
_ALPHA = sympy.Symbol("alpha", positive=True)
_ERROR = sympy.Symbol("epsilon", positive=True)

_LAW = scaling_exponent.CALCULATOR
_BY_ID = {parameter.id: parameter for parameter in _LAW.parameters}
_SHARED = ("dimension", "degree", "loss_order", "smoothness")
_IMPLIED = sympy.Symbol("d_alpha", positive=True)
"""The dimension that the exponent implies; d is the one that was measured."""

_SHARMA = Source(
    "A Neural Scaling Law from the Dimension of the Data Manifold",
    "Sharma, Kaplan",
    2020,
    "https://arxiv.org/abs/2004.10802",
    "the comparison of 4/α with measured dimensions",
    second_hand=True,
)
_BAHRI = Source(
    "Explaining Neural Scaling Laws",
    "Bahri, Dyer, Kaplan, Lee, Sharma",
    2021,
    "https://arxiv.org/abs/2102.06701",
    "Theorems 2 and 3, for the exponent behind the implied dimension",
)

# --- the example -----------------------------------------------------------------------------------------------------

EXAMPLE_LAW = sympy.Rational(1, 10) + 4 / sympy.sqrt(_SIZE)
"""The law that the example is made from."""
EXAMPLE_NOISE = sympy.Rational(1, 50)
EXAMPLE_SEED = 140
EXAMPLE_NAME = "example.csv"
_EXAMPLE_SIZES = tuple(2**power for power in range(8, 18))


def example() -> str:
    """A made-up table of size and loss: `EXAMPLE_LAW` times the exponential of noise drawn from `EXAMPLE_SEED`."""
    draw = np.random.default_rng(EXAMPLE_SEED).standard_normal(len(_EXAMPLE_SIZES))
    rows = [
        f"{size},{float(EXAMPLE_LAW.subs(_SIZE, size)) * float(np.exp(float(EXAMPLE_NOISE) * noise)):.4f}"
        for size, noise in zip(_EXAMPLE_SIZES, draw.tolist(), strict=True)
    ]
    return "\n".join(["size,loss", *rows, ""])


def example_points() -> tuple[Array, Array]:
    """Sizes and losses of the example, as they stand in its text."""
    rows = [line.split(",") for line in example().splitlines()[1:]]
    return np.array([float(size) for size, _ in rows]), np.array([float(loss) for _, loss in rows])


def _sums() -> dict[str, sympy.Rational]:
    """The example's sums for the fit with an irreducible loss, weighted and about the weighted means, to six digits."""
    points = fitting.gather(*example_points())
    found = fitting.with_irreducible_loss(points)
    floor = float(points.log_loss.min())
    u = found.log_coefficient - floor - found.alpha * points.log_size
    level = np.logaddexp(math.log(found.loss) - floor, u)
    part = np.exp(u - level)
    weight = part**2
    columns = {"x": points.log_size, "y": u + (points.log_loss - floor - level) / part, "v": np.exp(-level) / part}
    about = {name: column - np.average(column, weights=weight) for name, column in columns.items()}
    values = {f"sum_{a}{b}": np.sum(weight * about[a] * about[b]) for a, b in ("xx", "xy", "yy", "xv", "vv")}
    return {name: sympy.Rational(f"{float(value):.6g}") for name, value in values.items()}


# --- what can be set -------------------------------------------------------------------------------------------------


def _sum(
    name: str, symbol: sympy.Symbol, title: str, meaning: str, start: sympy.Rational, *, signed: bool
) -> Parameter:
    return Parameter(
        name,
        symbol,
        title,
        meaning,
        start=start,
        default=symbol,
        real=True,
        minimum=None if signed else 0,
        slider=(-100, 100) if signed else (0, 100),
    )


def _parameters() -> tuple[Parameter, ...]:
    sums = _sums()
    about = "weighted, about the weighted means, when an irreducible loss is fitted"
    return (
        *(_BY_ID[name] for name in _SHARED),
        Parameter(
            "confidence",
            _CONFIDENCE,
            "Confidence",
            "How often intervals made like this one contain the true value, if the noise is as assumed.",
            start=sympy.Rational(19, 20),
            default=_CONFIDENCE,
            real=True,
            maximum=1,
            open_maximum=True,
            slider=(sympy.Rational(1, 2), sympy.Rational(199, 200)),
        ),
        Parameter(
            "sizes",
            _N,
            "Different sizes",
            "The number n of different sizes in the table. Losses of one size are averaged as logarithms first.",
            start=sympy.Integer(len(_EXAMPLE_SIZES)),
            default=_N,
            integer=True,
            minimum=3,
            open=False,
            slider=(3, 50),
        ),
        _sum(
            "sum_xx",
            _SXX,
            "Sum of squares of x",
            f"x is the logarithm of a size, measured from the mean of all; {about}.",
            sums["sum_xx"],
            signed=False,
        ),
        _sum(
            "sum_xy",
            _SXY,
            "Sum of products of x and y",
            f"y is the logarithm of a loss, measured from the mean of all; {about}.",
            sums["sum_xy"],
            signed=True,
        ),
        _sum("sum_yy", _SYY, "Sum of squares of y", f"As for x, {about}.", sums["sum_yy"], signed=False),
        _sum(
            "sum_xv",
            _SXV,
            "Sum of products of x and v",
            "v says how the irreducible loss would move a point: 1/e^u, the loss above the floor being e^u. It counts "
            "only when an irreducible loss is fitted.",
            sums["sum_xv"],
            signed=True,
        ),
        _sum(
            "sum_vv",
            _SVV,
            "Sum of squares of v",
            "It counts only when an irreducible loss is fitted.",
            sums["sum_vv"],
            signed=False,
        ),
    )


_PARAMETERS = _parameters()
SUMS = ("sizes", "sum_xx", "sum_xy", "sum_yy", "sum_xv", "sum_vv")
"""The parameters that a table gives; a page fills them in and keeps them out of its address."""

_NONE, _FITTED = "none", "fitted"
_FLOORS = (Option(_NONE, "No irreducible loss"), Option(_FITTED, "With an irreducible loss"))

_ASSUMPTIONS = (
    Assumption("law", "The loss falls as one power of the size over the whole range of the table."),
    Assumption(
        "noise",
        "The logarithms of the losses scatter about the law independently, alike at every size, and nearly normally.",
    ),
    Assumption("alike", "Every size counts the same, however many losses it has."),
)
_FLOOR_ASSUMPTION = Assumption(
    "floor", "The irreducible loss is the same at every size, and nothing else bends the curve."
)
_RANGES: tuple[tuple[sympy.Symbol, Range], ...] = (
    (_N, (sympy.Integer(5), sympy.Integer(9))),
    (_WEIGHT, (sympy.Integer(5), sympy.Integer(9))),
    (_TX, (sympy.Rational(1, 4), sympy.Integer(1))),
    (_TXX, (sympy.Integer(2), sympy.Integer(4))),
)
"""Where a table's sums can lie: n T_xx is more than the square of T_x."""

_HOLDS = (
    "Errors and intervals come from the scatter about the line. They know nothing of a curve that is bent: look at the "
    "local slopes, which drift where one power is not enough.",
    "A fit without an irreducible loss reads too small an exponent, and so too large a dimension, wherever there is "
    "one. Where the interval of the irreducible loss does not reach 0, that fit is rejected and gets no verdict. Where "
    "it does, and the two exponents differ by more than their errors, neither is safe without more sizes.",
    "A fitted irreducible loss lies below the smallest loss of the table, by construction: every size must have "
    "something left to lose. With little scatter its interval is as wide as it should be; where scatter is about as "
    "large as what is left to lose, it is too narrow.",
    "Losses of runs that share data, seeds or a schedule are not independent, and the errors then come out too small.",
    "The implied dimension d_alpha reads alpha = m min(q + 1, s)/d as an equation. For smooth targets that is an "
    "estimate of the least alpha, so d_alpha is at best a lower bound of d, and a fit can be consistent with the bound "
    "on alpha but never confirms a dimension.",
)
_AGAINST = (
    "One power law over the range: local slopes that drift in one direction, by more than two standard errors between "
    "the first and the last third of at least six sizes, would count against it, and with them against the exponent.",
    "An irreducible loss: a run at a size well beyond the table whose loss lies below the floor's interval, by more "
    "than the interval is wide, would count against the floor that was fitted.",
    "The bound on alpha: for a smooth target and a measured dimension with its own error, an exponent whose whole "
    "interval lies below m min(q + 1, s)/d, by more than two standard errors of both, would count against the law. A "
    "larger exponent does not.",
)


# --- the derivation --------------------------------------------------------------------------------------------------


def _equal(left: sympy.Expr, right: sympy.Expr) -> sympy.Equality:
    return sympy.Eq(left, right, evaluate=False)


def _over(above: sympy.Expr, below: sympy.Expr) -> sympy.Expr:
    return sympy.Mul(above, sympy.Pow(below, -1, evaluate=False), evaluate=False)


def _least(yy: sympy.Expr, xy: sympy.Expr, xx: sympy.Expr) -> sympy.Expr:
    """The smallest sum of squares with the slope put in, before it is tidied up."""
    slope = _over(xy, xx)
    terms = sympy.Mul(-2, slope, xy, evaluate=False), sympy.Mul(slope**2, xx, evaluate=False)
    return sympy.Add(yy, *terms, evaluate=False)


def _line_steps(values: Mapping[str, sympy.Expr], fitted: bool) -> tuple[Step, ...]:
    """The best line through a table's points; with an irreducible loss they are weighted."""
    b, h = _SLOPE, _HEIGHT
    count = _WEIGHT if fitted else values["sizes"]
    squares = _TYY + count * h**2 + b**2 * _TXX - 2 * h * _TY - 2 * b * _TXY + 2 * b * h * _TX
    best_height = (_TY - b * _TX) / count
    slope = least_squares.slope(count, _TX, _TY, _TXX, _TXY)
    added = (
        "Summed over the points, each with its weight p^2: x becomes the weighted sum T_x, its square T_xx, and so on, "
        "and W is the sum of the weights; y stands for u + r/p."
        if fitted
        else "Summed over n points: x becomes the sum T_x, its square T_xx, and so on."
    )
    return (
        Step(
            "one-point",
            "One point's distance from a line",
            "identity",
            (_Y - h - b * _X) ** 2,
            _Y**2 + h**2 + b**2 * _X**2 - 2 * h * _Y - 2 * b * _X * _Y + 2 * b * h * _X,
            "The square of how far the point (x, y) lies above the line h + b x.",
        ),
        Step(
            "sum-of-squares",
            "Add all points",
            "premise",
            sympy.Symbol("S", positive=True),
            squares,
            f"{added} Least squares takes the h and b that make S smallest; for normal noise they are the most likely "
            "ones.",
        ),
        Step(
            "height",
            "No slope in h",
            "identity",
            sympy.Derivative(squares, h),
            2 * (count * h + b * _TX - _TY),
            "At the smallest S its derivative by h is 0: the first normal equation.",
        ),
        Step(
            "best-height",
            "Solve for h",
            "identity",
            _equal(count * h + b * _TX, _TY),
            _equal(h, best_height),
            "The best line goes through the mean of the points.",
            ranges=_RANGES,
        ),
        Step(
            "slope",
            "No slope in b",
            "identity",
            sympy.Derivative(squares, b),
            2 * (b * _TXX + h * _TX - _TXY),
            "The second normal equation says that this is 0 as well.",
        ),
        Step(
            "best-slope",
            "Solve for b",
            "identity",
            _equal(b * _TXX + best_height * _TX, _TXY),
            _equal(b, slope),
            "Put the best h into the second equation. S is a square in each letter, so this is its only minimum.",
            ranges=_RANGES,
        ),
        Step(
            "from-the-means",
            "Measure from the means",
            "identity",
            _over(
                sympy.Mul(count, values["sum_xy"], evaluate=False), sympy.Mul(count, values["sum_xx"], evaluate=False)
            ),
            values["sum_xy"] / values["sum_xx"],
            f"If x and y are measured from their {'weighted ' if fitted else ''}means, T_x and T_y are 0, and what is "
            "left of T_xy and T_xx are S_xy and S_xx, the sums of the table: a quotient of the two. The slope does not "
            "change by this, and in a computer nothing cancels.",
        ),
    )


def _floor_steps() -> tuple[Step, ...]:
    total = _FLOOR + sympy.exp(_LEVEL)
    rest = _Y - sympy.log(total)
    return (
        Step(
            "floor-law",
            "A floor below the line",
            "premise",
            sympy.Function("L")(_SIZE),
            _FLOOR + _FACTOR * _SIZE ** (-_ALPHA),
            "E is the irreducible loss. With u for the logarithm of the part that falls, u is a straight line in the "
            "logarithm of X.",
        ),
        Step(
            "share-that-falls",
            "How the loss answers to the line",
            "identity",
            sympy.Derivative(sympy.log(total), _LEVEL),
            sympy.exp(_LEVEL) / total,
            "The derivative p of the log loss by u is the share of the loss that can still fall. For a given E the "
            "best line is found by steps: each is the weighted line through r/p with weights p^2, r being how far the "
            "log loss lies above the curve (Gauss and Newton). At the end the step is 0, so the line fits u + r/p.",
        ),
        Step(
            "profile",
            "How the squares answer to the floor",
            "identity",
            sympy.Mul(-sympy.Rational(1, 2), sympy.Derivative(rest**2, _FLOOR), evaluate=False),
            rest / total,
            "Summed over the points, this is minus half the slope of the smallest S for a given E. That the best line "
            "changes with E adds nothing, since S is flat in the line there. The search looks at 41 values of E from 0 "
            "to just below the smallest loss, finds where the sum changes its sign, and takes the smallest minimum.",
        ),
        Step(
            "floor-interval",
            "Which floors fit nearly as well",
            "premise",
            sympy.Symbol("S", positive=True),
            sympy.Symbol("S_min", positive=True) * (1 + _QUANTILE**2 / (_N - 3)),
            "The interval of E ends where the smallest S has risen to this, with t the quantile of Student's t for "
            "n - 3 degrees of freedom. If E = 0 or the smallest loss lies within it, the table does not tell.",
        ),
    )


def _error_steps(values: Mapping[str, sympy.Expr], fitted: bool) -> tuple[Step, ...]:
    xx, xy, yy = values["sum_xx"], values["sum_xy"], values["sum_yy"]
    unit, free = _unit_variance(values, fitted), values["sizes"] - (3 if fitted else 2)
    steps = [
        Step(
            "left-over",
            "What the line leaves",
            "identity",
            yy - xy**2 / xx if xx.is_number else _least(yy, xy, xx),
            yy - xy**2 / xx,
            "The smallest sum of squares R: put the slope into S, all measured from the means.",
        ),
        Step(
            "noise-of-the-slope",
            "Noise of the slope",
            "identity",
            _over(_NOISE**2 * _SXX, sympy.Mul(_SXX, _SXX, evaluate=False)),
            _NOISE**2 / _SXX,
            "The slope is a sum of y with the factors x/S_xx. Independent noise of variance sigma^2 in each y adds up "
            "by the squares of these factors.",
            letters=True,
        ),
    ]
    if fitted:
        steps.append(
            Step(
                "shared",
                "The floor takes its share",
                "identity",
                _over(sympy.Integer(1), _SXX - _over(_SXV**2, _SVV)),
                _SVV / (_SXX * _SVV - _SXV**2),
                "The floor is fitted beside slope and height, and what v has in common with x cannot be told from it: "
                "only the part of x that v does not explain counts. The sums are weighted by p^2.",
                ranges=(
                    (_SXV, (sympy.Rational(1, 4), sympy.Integer(1))),
                    (_SXX, (sympy.Integer(2), sympy.Integer(4))),
                    (_SVV, (sympy.Integer(2), sympy.Integer(4))),
                ),
            )
        )
    fits = "three numbers are" if fitted else "two numbers are"
    steps += [
        Step(
            "noise",
            "Size of the noise",
            "premise",
            _NOISE**2,
            _LEFT / (_N - (3 if fitted else 2)),
            f"R is shared by n less {3 if fitted else 2} degrees of freedom, since {fits} fitted to n points.",
        ),
        Step(
            "standard-error",
            "Standard error",
            "premise",
            _ERROR**2,
            (yy - xy**2 / xx) / free * unit,
            "The two above, one put into the other: the standard error of alpha is the root of this."
            + (" It is the linearised one." if fitted else ""),
        ),
        Step(
            "interval",
            "Interval",
            "premise",
            _CONFIDENCE,
            sympy.Function("P")(_QUANTILE),
            "For normal noise, alpha over its error follows Student's t with as many degrees of freedom. P(t) is the "
            "share of that distribution between -t and t; where it is c, the interval reaches t standard errors to "
            "each side.",
        ),
    ]
    return tuple(steps)


def _unit_variance(values: Mapping[str, sympy.Expr], fitted: bool) -> sympy.Expr:
    xx, xv, vv = values["sum_xx"], values["sum_xv"], values["sum_vv"]
    return vv / (xx * vv - xv**2) if fitted else 1 / xx


def _power(values: Mapping[str, sympy.Expr]) -> sympy.Expr:
    return implied.power().subs({_BY_ID[name].symbol: values[name] for name in _SHARED})


def _build(values: Mapping[str, sympy.Expr], options: Mapping[str, Option]) -> Derivation:
    fitted = options["floor"].id == _FITTED
    silence = next(
        (
            rule.sentence
            for rule in _SILENCES
            if rule.applies({p.symbol: values[p.id] for p in _PARAMETERS}, {name: o.id for name, o in options.items()})
        ),
        "",
    )
    shown = {p.id: p.symbol for p in _PARAMETERS} if silence else values
    alpha = -shown["sum_xy"] / shown["sum_xx"]
    power = _power(shown)
    free = shown["sizes"] - (3 if fitted else 2)
    left = shown["sum_yy"] - shown["sum_xy"] ** 2 / shown["sum_xx"]
    steps = (
        Step(
            "law",
            "The law",
            "premise",
            sympy.Function("L")(_SIZE),
            _FACTOR * _SIZE ** (-_ALPHA),
            "The loss is a power of the size X. X may be training data, parameters or steps: whichever is the "
            "bottleneck.",
        ),
        Step(
            "straight",
            "A straight line in logarithms",
            "identity",
            sympy.log(_FACTOR * _SIZE ** (-_ALPHA), evaluate=False),
            sympy.log(_FACTOR) - _ALPHA * sympy.log(_SIZE),
            "With x = log X and y = log L the law is a line whose slope b is -alpha.",
        ),
        *(_floor_steps() if fitted else ()),
        *_line_steps(shown, fitted),
        *_error_steps(shown, fitted),
        Step(
            "dimension",
            "The implied dimension",
            "identity",
            _equal(_ALPHA, power / _IMPLIED),
            _equal(_IMPLIED, power / _ALPHA),
            "If alpha is what the calculator of the scaling exponent derives, m min(q + 1, s) over the dimension, then "
            "the dimension is this. Its letter is not d, which is the dimension that was measured.",
            source=_SHARMA,
        ),
        Step(
            "exponent",
            "The exponent",
            "identity",
            sympy.Mul(-1, _over(shown["sum_xy"], shown["sum_xx"]), evaluate=False),
            alpha,
            "alpha is the slope with its sign turned."
            + (" x and y = u + r/p are measured from their means weighted by p^2." if fitted else ""),
        ),
    )
    quantities = (
        Quantity(
            "standard-error",
            "Standard error of alpha",
            _ERROR,
            sympy.sqrt(left / free * _unit_variance(shown, fitted)),
        ),
        Quantity("scatter", "Scatter of log loss", _NOISE, sympy.sqrt(left / free)),
        Quantity("power", "Exponent times dimension, in theory", sympy.Symbol("K", positive=True), power),
        Quantity("implied-dimension", "Implied dimension", _IMPLIED, power / alpha),
        Quantity(
            "bound", "Bound on alpha at the measured dimension", sympy.Symbol("alpha_d"), power / shown["dimension"]
        ),
    )
    meaning = "Measured: the slope of the least-squares line through the logarithms of size and loss, its sign turned"
    meaning += ", above the irreducible loss that fits best." if fitted else ". No irreducible loss is taken off."
    return Derivation(
        CALCULATOR.id,
        tuple((parameter.id, values[parameter.id]) for parameter in _PARAMETERS),
        tuple((name, option.id) for name, option in options.items()),
        (*_ASSUMPTIONS, _FLOOR_ASSUMPTION) if fitted else _ASSUMPTIONS,
        steps,
        None if silence else Result(_ALPHA, steps[-1].after, "arithmetic", meaning, _HOLDS, quantities),
        silence=silence,
    )


_SILENCES = (
    Silence(
        "The error of a fit with an irreducible loss needs four sizes or more.",
        _N,
        sympy.Integer(4),
        (("floor", _FITTED),),
    ),
    Silence("These sums belong to no table: the square of S_xy is at most S_xx times S_yy.", _SXX * _SYY, _SXY**2),
    Silence(
        "These sums belong to no table: the square of S_xv is less than S_xx times S_vv.",
        _SXX * _SVV,
        _SXV**2,
        (("floor", _FITTED),),
        or_equal=True,
    ),
    Silence(
        "The loss does not fall with size, so there is no exponent to read and no dimension.",
        -_SXY,
        sympy.Integer(0),
        or_equal=True,
    ),
)

CALCULATOR = Calculator(
    "exponent-fit",
    "The exponent of your own losses",
    "How fast do the losses of my own runs fall with size, and which dimension of the data would that imply?",
    _PARAMETERS,
    (
        Choice(
            "floor",
            "Irreducible loss",
            options=lambda: _FLOORS,
            default=_FITTED,
            meaning="Whether the exponent in front is the one above an irreducible loss. Both fits are always made; "
            "a table begins with the one that it does not reject.",
        ),
    ),
    (_SHARMA, _BAHRI),
    _build,
    belongs=("explaining-neural-scaling-laws",),
    silences=_SILENCES,
    against=_AGAINST,
)
