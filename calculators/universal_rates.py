"""Which universal rate a class has, and the learning curves that can be written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
    Status,
    Step,
)
from calculators.numeric import Range

_SAMPLES = sympy.Symbol("n", positive=True)
_ATOM = sympy.Symbol("p_t", positive=True)
_THRESHOLD = sympy.Symbol("t", positive=True)
_ABOVE = sympy.Symbol("u", nonnegative=True)
_TAIL = sympy.Symbol("a", positive=True)
_HEAD = sympy.Symbol("h", positive=True)

_X = sympy.Symbol("x", positive=True)
_Y = sympy.Symbol("y", positive=True)
_LOG = sympy.Symbol("w", real=True)
# Letters that the opponent varies are not those that the reader sets.
_MASS = sympy.Symbol("p", positive=True)
_PLACE = sympy.Symbol("r", positive=True)
_SHARE = sympy.Symbol("q", positive=True)
_ATOMS = sympy.Symbol("k", integer=True, positive=True)
_INDEX = sympy.Symbol("i", integer=True, positive=True)
_FURTHER = sympy.Symbol("j", integer=True, positive=True)
_WIDTH = sympy.Symbol("z", positive=True)
FURTHER = 40
"""Positive inputs above the deciding one."""

# The form of a rate: its constants may depend on the source, and n is no number there, whatever the reader sets.
_BOUNDED = sympy.Symbol("epsilon_n", positive=True)
_OUTER, _INNER = sympy.symbols("C c", positive=True)
_SLOW_RATE = sympy.Symbol("R_n", positive=True)
_DEPTH = sympy.Symbol("d_T", positive=True)
_DEPTH_VCL = sympy.Symbol("v_T", positive=True)
_COUNT = sympy.Symbol("n", integer=True, positive=True)
_WORST = sympy.Symbol("W", positive=True)
_ERROR = sympy.Symbol("epsilon", positive=True)

_SHARES: tuple[tuple[sympy.Symbol, Range], ...] = (
    (_ATOM, (sympy.Rational(1, 20), sympy.Rational(19, 20))),
    (_MASS, (sympy.Rational(1, 20), sympy.Rational(9, 20))),
    (_PLACE, (sympy.Rational(1, 20), sympy.Rational(9, 20))),
    (_ABOVE, (sympy.Rational(1, 20), sympy.Rational(19, 20))),
    (_SHARE, (sympy.Rational(1, 20), sympy.Rational(19, 20))),
    (_THRESHOLD, (sympy.Rational(1, 20), sympy.Rational(19, 20))),
)
_FAR = (2**30, 2**35, 2**40)
"""Octaves at which 1/log n is small, and 1/n small beside any power that can be set."""

_BOUSQUET = Source(
    "A Theory of Universal Learning",
    "Bousquet, Hanneke, Moran, van Handel, Yehudayoff",
    2021,
    "https://arxiv.org/abs/2011.04483",
    "main theorem (the trichotomy)",
    second_hand=True,
)
_HUTTER = Source(
    "Learning Curve Theory",
    "Hutter",
    2021,
    "https://arxiv.org/abs/2102.04074",
    "the power law for Zipf data",
)
_HANNEKE = Source(
    "Universal Rates of Empirical Risk Minimization",
    "Hanneke, Xu",
    2024,
    "https://arxiv.org/abs/2412.02810",
    "the rates of empirical risk minimisation",
)

_PARAMETERS = (
    Parameter(
        "samples",
        _SAMPLES,
        "Examples n",
        "How many examples the learner has seen.",
        start=sympy.Integer(10),
        default=_SAMPLES,
        integer=True,
        minimum=1,
        open=False,
        slider=(1, 1000),
    ),
    Parameter(
        "atom",
        _ATOM,
        "Probability of the deciding input",
        "For thresholds on the natural numbers: the probability of the smallest positive input, where the mistakes are "
        "made.",
        start=sympy.Rational(1, 10),
        default=_ATOM,
        maximum=1,
        open_maximum=True,
        slider=(sympy.Rational(1, 100), sympy.Rational(99, 100)),
    ),
    Parameter(
        "above",
        _ABOVE,
        "Share u of the other inputs that lie above it",
        "For thresholds on the natural numbers: of the inputs other than the deciding one, the share that is positive "
        f"as well. Each of {FURTHER} inputs has half of what those before it left of that; the rest is negative.",
        start=sympy.Rational(1, 2),
        default=_ABOVE,
        open=False,
        maximum=1,
        slider=(sympy.Rational(0), sympy.Rational(1)),
        only=(("class", ("thresholds-naturals",)), ("source", ("fixed",))),
    ),
    Parameter(
        "threshold",
        _THRESHOLD,
        "Probability t of the negative inputs",
        "For thresholds on the line: inputs are uniform on [0, 1], and those of t or more are positive.",
        start=sympy.Rational(1, 2),
        default=_THRESHOLD,
        maximum=1,
        open_maximum=True,
        slider=(sympy.Rational(1, 100), sympy.Rational(99, 100)),
    ),
    Parameter(
        "tail",
        _TAIL,
        "Tail exponent a of the inputs",
        "For all functions on the natural numbers: input number i has the probability h/i^(1 + a) for large i, a Zipf "
        "law.",
        start=sympy.Integer(1),
        default=_TAIL,
        minimum=sympy.Rational(1, 100),
        open=False,
        maximum=100,
        slider=(sympy.Rational(1, 4), sympy.Integer(5)),
    ),
    Parameter(
        "head",
        _HEAD,
        "Tail constant h",
        "The factor in h/i^(1 + a), or in h/(i log^2 i). For the pure Zipf law it is 1/zeta(1 + a): 0.61 for a = 1; "
        "for 1/(i log^2 i) from i = 2 on it is 0.47.",
        start=sympy.Rational(61, 100),
        default=_HEAD,
        slider=(sympy.Rational(1, 100), sympy.Integer(2)),
    ),
)


@dataclass(frozen=True)
class Example:
    """A class from the textbooks and where it falls."""

    id: str
    title: str
    littlestone: str
    vcl: str
    trees: str
    """Why it has these trees."""


EXAMPLES = (
    Example(
        "finite",
        "A finite class of three or more",
        "no",
        "no",
        "Each answer that both branches leave possible splits the class, so a finite class runs out.",
    ),
    Example(
        "thresholds-naturals",
        "Thresholds on the natural numbers",
        "no",
        "no",
        "Any finite number of questions can be kept open, so the Littlestone dimension is infinite. But once a point x "
        "is said to be positive, only the finitely many thresholds up to x are left: no tree goes on for ever. Here is "
        "the first trap: no infinite tree is less than finite dimension.",
    ),
    Example(
        "blocks",
        "Functions on one of disjoint blocks of sizes 1, 2, 3, ...",
        "no",
        "no",
        "Each block can carry every pattern, so the VC dimension is infinite. But the first positive point tells the "
        "block, and after it the class is finite: no tree goes on for ever. Here is the second trap: infinite VC "
        "dimension is no infinite VCL tree.",
    ),
    Example(
        "thresholds-line",
        "Thresholds on the line",
        "yes",
        "no",
        "Between any two numbers lies another: halving for ever gives an infinite Littlestone tree. Two points in "
        "order never show all four patterns, so a VCL tree ends at its second node.",
    ),
    Example(
        "half-spaces",
        "Half-spaces",
        "yes",
        "no",
        "They contain thresholds along a line, hence an infinite Littlestone tree. Their VC dimension is finite, so a "
        "VCL tree ends. (Homogeneous ones need two dimensions.)",
    ),
    Example(
        "all-functions",
        "All functions on the natural numbers",
        "yes",
        "yes",
        "Every pattern on new points is always possible: take new points for each node, and the VCL tree never ends.",
    ),
    Example(
        "finite-subsets",
        "All finite subsets of the natural numbers",
        "yes",
        "yes",
        "Each path of finite length asks for finitely many points, and some finite subset has just the answers given.",
    ),
)
_OWN = "own"


def _trees(example: Example) -> str:
    """Which infinite trees a class has, and why."""
    if example.vcl == "yes":
        has = "Infinite trees of both kinds."
    else:
        has = (
            "An infinite Littlestone tree, no infinite VCL tree."
            if example.littlestone == "yes"
            else "No infinite tree."
        )
    return f"{has} {example.trees}"


_AXES = Axes(
    x=(1, 10**6, "log"),
    y=(sympy.Rational(1, 10**7), 1, "log"),
    x_title="Examples n",
    y_title="Expected error",
)

_Values = Mapping[str, sympy.Expr]


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    """A power that stays one: for numbers SymPy would write out a fraction of n digits."""
    return sympy.Pow(base, exponent, evaluate=False)


def _atom_error(p: sympy.Expr, n: sympy.Expr) -> sympy.Expr:
    """The leading term: while the deciding input is unseen it is judged wrongly."""
    return sympy.Mul(p, _power(1 - p, n), evaluate=False)


def _left(u: sympy.Expr, place: sympy.Expr) -> sympy.Expr:
    """Of the inputs other than the deciding one, what lies below or beyond so many further ones."""
    return 1 - u + u * 2 ** (-place)


def _naturals_error(p: sympy.Expr, u: sympy.Expr, n: sympy.Expr) -> sympy.Expr:
    """The exact error: the deciding input, and `FURTHER` inputs each with half of what is left of the share u."""
    further = sympy.Sum(2 ** (-_FURTHER) * _power(_left(u, _FURTHER), n), (_FURTHER, 1, FURTHER))
    inside = sympy.Add(p, sympy.Mul(u * (1 - p), further, evaluate=False), evaluate=False)
    return sympy.Mul(_power(1 - p, n), inside, evaluate=False)


def _worst_atom(n: sympy.Expr) -> sympy.Expr:
    # (1 - 1/(n + 1))^n/(n + 1) rather than n^n/(n + 1)^(n + 1), whose powers overflow in the page's arithmetic.
    return sympy.Mul(_power(1 - 1 / (n + 1), n), 1 / (n + 1), evaluate=False)


def _line_error(t: sympy.Expr, n: sympy.Expr) -> sympy.Expr:
    seen = sympy.Add(1, sympy.Mul(-1, _power(t, n + 1), evaluate=False), evaluate=False)
    return sympy.Mul(seen, 1 / (n + 1), evaluate=False)


def _zipf_error(a: sympy.Expr, h: sympy.Expr, n: sympy.Expr) -> sympy.Expr:
    return sympy.gamma(a / (1 + a)) * h ** (1 / (1 + a)) / (2 * (1 + a)) * n ** (-a / (1 + a))


def _any_source(n: sympy.Expr) -> Step:
    probabilities, below = sympy.IndexedBase("p"), sympy.IndexedBase("P")
    return Step(
        "any-source",
        "The learner and its source",
        "premise",
        _ERROR,
        sympy.Sum(probabilities[_INDEX] * (1 - below[_INDEX]) ** n, (_INDEX, 1, sympy.oo)),
        "Thresholds on the natural numbers; the learner calls positive what lies at or above the smallest positive "
        "input it has seen. Positive input number i from below has the probability p_i, and the first i together have "
        "P_i. The learner errs at number i just while it has seen none of the first i, with the probability 1 - P_i "
        "for each example.",
    )


def _atom_steps(v: _Values) -> tuple[Step, ...]:
    p, u, n = v["atom"], v["above"], v["samples"]
    share = sympy.Mul(1 - p, u, 2 ** (-_FURTHER), evaluate=False)
    unseen = sympy.Mul(1 - p, _left(u, _FURTHER), evaluate=False)
    return (
        _any_source(n),
        Step(
            "what-is-left",
            "This source",
            "identity",
            1 - p - sympy.Sum(share, (_FURTHER, 1, _ATOMS)),
            sympy.Mul(1 - p, _left(u, _ATOMS), evaluate=False),
            "The first positive input, which decides, has the probability p_t. Of all others the share u lies above "
            f"it: one has half of that, the next half of what is left, and so on to number {FURTHER}. This is 1 - P "
            "for the deciding input and k further ones, a geometric sum.",
            ranges=_SHARES,
        ),
        Step(
            "exact-curve",
            "The exact curve",
            "identity",
            _atom_error(p, n) + sympy.Sum(share * _power(unseen, n), (_FURTHER, 1, FURTHER)),
            _naturals_error(p, u, n),
            "The sum for this source, the deciding input first. Each term holds the power of 1 - p_t, which comes out.",
            ranges=_SHARES,
        ),
        Step(
            "leading-term",
            "Many examples",
            "leading-order",
            _naturals_error(p, u, _X),
            _atom_error(p, _X),
            "After x = n examples. The terms of the sum are powers of numbers below 1 and go to 0: what is left is "
            "the deciding input alone, p_t times the power of 1 - p_t. For each source the error falls exponentially.",
            ranges=_SHARES,
            limit=Limit(_X, "oo", sharp=True),
        ),
    )


def _geometric(share: sympy.Expr, n: sympy.Expr) -> sympy.Expr:
    """The error where each of endlessly many positive inputs takes a share of what is left."""
    return share * (1 - share) ** n / (1 - (1 - share) ** (n + 1))


def _worst_atom_steps(v: _Values) -> tuple[Step, ...]:
    n, samples = _X, v["samples"]
    log = sympy.log(_MASS) + n * sympy.log(1 - _MASS)
    taken = sympy.Mul(_SHARE, _power(1 - _SHARE, _FURTHER - 1), _power(1 - _SHARE, _FURTHER * n), evaluate=False)
    some = _geometric(_SHARE, n) * (1 - (1 - _SHARE) ** (_ATOMS * (n + 1)))
    stretch = (_Y, _PLACE, _PLACE + _MASS)
    return (
        Step(
            "one-source",
            "How one curve changes with p",
            "identity",
            sympy.Derivative(log, _MASS),
            1 / _MASS - n / (1 - _MASS),
            "The error p(1 - p)^n of one source with one deciding input, after x = n examples: its logarithm, "
            "differentiated by p.",
            ranges=_SHARES,
        ),
        Step(
            "worst-place",
            "The opponent's choice",
            "identity",
            sympy.Eq(1 / _MASS, n / (1 - _MASS), evaluate=False),
            sympy.Eq(_MASS, 1 / (n + 1), evaluate=False),
            "The error is largest where the derivative is 0. The worst p shrinks as n grows: at each n another source "
            "is the worst, and no single one stays so.",
        ),
        Step(
            "worst-value",
            "The upper edge for one input",
            "leading-order",
            _worst_atom(n),
            sympy.exp(-1) / n,
            "Put the worst p in: x^x/(x + 1)^(x + 1), which goes as 1/(e x). The upper edge of exponentially falling "
            "curves falls only as 1/n.",
            limit=Limit(n, "oo", sharp=True),
        ),
        _any_source(n),
        Step(
            "geometric",
            "Many inputs",
            "identity",
            sympy.Sum(taken, (_FURTHER, 1, _ATOMS)),
            some,
            "Let each positive input take the share q of what those before it left. Then p_j is q(1 - q)^(j - 1), and "
            "1 - P_j is (1 - q)^j. The first k terms are a geometric sum.",
            ranges=_SHARES,
        ),
        Step(
            "endless",
            "Endlessly many inputs",
            "leading-order",
            some,
            _geometric(_SHARE, n),
            "The last bracket goes to 1.",
            ranges=_SHARES,
            limit=Limit(_ATOMS, "oo", sharp=True),
        ),
        Step(
            "small-inputs",
            "Small inputs are worse",
            "leading-order",
            _geometric(_SHARE, n),
            1 / (n + 1),
            "The smaller the share q of each input, the closer the error comes to 1/(x + 1).",
            limit=Limit(_SHARE, "0", sharp=True),
        ),
        Step(
            "no-worse",
            "What one input costs at most",
            "identity",
            _MASS * (1 - _PLACE - _MASS) ** n,
            sympy.Integral((1 - _Y) ** n, stretch) - sympy.Integral(n * (_Y - _PLACE) * (1 - _Y) ** (n - 1), stretch),
            "An input of probability p, with r of positive inputs below it, costs p(1 - r - p)^x. Integrated by parts "
            "this is the integral of (1 - y)^x over its stretch from r to r + p, less an integral of something "
            "positive. The stretches of all inputs lie side by side between 0 and 1. So no source costs as much as "
            "the integral from 0 to 1.",
            ranges=_SHARES,
        ),
        Step(
            "worst-case",
            "The worst case over all sources",
            "identity",
            sympy.Integral((1 - _Y) ** samples, (_Y, 0, 1)),
            1 / (samples + 1),
            "Integrate the power: no source reaches 1/(n + 1), and small inputs come as near to it as one likes.",
        ),
    )


def _line_steps(v: _Values, worst: bool) -> tuple[Step, ...]:
    t, n = v["threshold"], v["samples"]
    gap = sympy.Integral((1 - _Y) ** n, (_Y, 0, 1 - t))
    law = _line_error(t, n)
    first = (
        Step(
            "gap",
            "The learner and its source",
            "premise",
            _ERROR,
            gap,
            "Inputs are uniform on [0, 1]; the learner takes the smallest positive input it has seen as the threshold. "
            "It errs between the true threshold t and that input. A point at the distance y above t is in error while "
            "no example fell between: (1 - y)^n.",
            ranges=_SHARES,
        ),
        Step(
            "line",
            "Integrate",
            "identity",
            gap,
            law,
            "A power integrated. However n grows, the error of this one source goes as 1/n: there is always a gap.",
            ranges=_SHARES,
        ),
    )
    if not worst:
        return first
    return (
        *first,
        Step(
            "worst-threshold",
            "The worst threshold",
            "leading-order",
            _line_error(_PLACE, n),
            1 / (n + 1),
            "The error grows as the threshold, here r, goes to 0, and the supremum is 1/(n + 1). Here worst case "
            "and single source differ by a factor only, and both are linear.",
            limit=Limit(_PLACE, "0", sharp=True),
        ),
    )


def _memorise() -> Step:
    return Step(
        "memorise",
        "The learner and its source",
        "premise",
        _ERROR,
        sympy.Sum(_mass(_INDEX) * (1 - _mass(_INDEX)) ** _Y, (_INDEX, 1, sympy.oo)) / 2,
        "All functions on the natural numbers: nothing about one input follows from another. The learner memorises "
        "and, on an input it has not seen after y = n examples, guesses: wrong half of the time.",
    )


def _zipf_steps(v: _Values) -> tuple[Step, ...]:
    a, h = v["tail"], v["head"]
    power = 1 / (1 + a)
    # With x = e^w: over the whole line, where quadrature is at its best.
    seen = sympy.exp(-_Y * h * sympy.exp(-(1 + a) * _LOG))
    integral = sympy.Integral(h * sympy.exp(-a * _LOG) * seen, (_LOG, -sympy.oo, sympy.oo)) / 2
    law = sympy.gamma(a * power) * h**power / (2 * (1 + a)) * _Y ** (-a * power)
    slope = sympy.Mul(-1, _Y, sympy.Derivative(_Y ** (-a * power), _Y), _Y ** (a * power), evaluate=False)
    rest = sympy.exp(-1) / (2 * _Y)
    return (
        _memorise(),
        Step(
            "sum-to-integral",
            "The sum is near an integral",
            "premise",
            sympy.Sum(_mass(_INDEX) * (1 - _mass(_INDEX)) ** _Y, (_INDEX, 1, sympy.oo)) / 2,
            integral + rest,
            "With p_i = h/i^(1 + a), and i = e^w. As i grows the summand rises once and falls once, so sum and "
            "integral differ by at most its largest value, which is below 1/(e y) (the worst case for one input); and "
            "(1 - p)^y is below e^(-y p). From below the same holds, with another number before 1/y.",
            bound=True,
        ),
        Step(
            "zipf",
            "A power law",
            "identity",
            integral,
            law,
            "Substitute z = y p. What is left is the integral for the gamma function.",
            ranges=((_TAIL, (sympy.Rational(1, 2), sympy.Integer(3))),),
        ),
        Step(
            "many-examples",
            "Many examples",
            "leading-order",
            law + rest,
            law,
            "The power law falls more slowly than 1/y, so that the difference between sum and integral may be "
            "neglected.",
            limit=Limit(_Y, "oo", sharp=True, octaves=_FAR),
        ),
        Step(
            "exponent",
            "The exponent is Hutter's",
            "identity",
            slope,
            a / (1 + a),
            "This is the law that Hutter finds for data with a Zipf tail: n^(-a/(1 + a)). The learner that memorises, "
            "for the class with the slowest rate, and the scaling law of the first item are one curve.",
            source=_HUTTER,
        ),
    )


def _log_steps(v: _Values) -> tuple[Step, ...]:
    h = v["head"]
    rarer = sympy.Function("T")
    mass = h * sympy.exp(-_X) / _X**2
    found = h * sympy.exp(-_LOG - sympy.exp(-_LOG)) / sympy.log(1 + _Y * sympy.exp(_LOG))
    return (
        _memorise(),
        Step(
            "layers",
            "In layers",
            "identity",
            sympy.exp(-_Y * _MASS),
            sympy.Integral(sympy.exp(-_WIDTH), (_WIDTH, _Y * _MASS, sympy.oo)),
            "An input of probability p counts with (1 - p)^y, which is below e^(-y p) and near it where it matters: a "
            "sum of layers e^(-z), of which it has those with z above y p.",
            ranges=_SHARES,
        ),
        Step(
            "rarer-inputs",
            "What is rarer than 1/n",
            "premise",
            sympy.Sum(_mass(_INDEX) * (1 - _mass(_INDEX)) ** _Y, (_INDEX, 1, sympy.oo)) / 2,
            sympy.Integral(sympy.exp(-_WIDTH) * rarer(_WIDTH / _Y), (_WIDTH, 0, sympy.oo)) / 2,
            "Sum the inputs in each layer first: those rarer than z/y, whose probabilities together are T(z/y). The "
            "error is about half of the probability of all inputs rarer than 1/n.",
            bound=True,
        ),
        Step(
            "beyond",
            "The inputs beyond one",
            "identity",
            sympy.Integral(h / _Y**2, (_Y, _X, sympy.oo)),
            h / _X,
            "Let p_i = h/(i log^2 i) for large i: so heavy a tail that with one factor log i less it would have no "
            "sum. With log i = y, the inputs beyond log i = x have the probability h/x together.",
        ),
        Step(
            "tail-mass",
            "In terms of their probability",
            "leading-order",
            h / _X,
            h / sympy.log(1 + 1 / mass),
            "There p = h e^(-x)/x^2, and log(1 + 1/p) is x to leading order. So T(p) goes as h/log(1 + 1/p).",
            limit=Limit(_X, "oo", sharp=True),
        ),
        Step(
            "log-law",
            "Slower than every power",
            "leading-order",
            sympy.Integral(found, (_LOG, -sympy.oo, sympy.oo)) / 2,
            _log_error(h, _Y),
            "Put T in, with z = e^(-w). As y grows the logarithm becomes log y wherever the rest of the integrand is "
            "not small, and the rest integrates to 1. A first step towards arbitrarily slow: no power of n.",
            limit=Limit(_Y, "oo", sharp=True, octaves=_FAR),
        ),
    )


def _mass(index: sympy.Expr) -> sympy.Expr:
    return sympy.Indexed(sympy.IndexedBase("p"), index)


def _free_steps(v: _Values, example: str) -> tuple[Step, ...]:
    n = v["samples"]
    where = {
        "blocks": "one block of k points",
        "all-functions": "k points",
        "finite-subsets": "the numbers 1 to k",
    }[example]
    return (
        Step(
            "random-labels",
            "Labels by coin tosses",
            "premise",
            _ERROR,
            sympy.Sum(_mass(_INDEX) * (1 - _mass(_INDEX)) ** n, (_INDEX, 1, _ATOMS)) / 2,
            f"Let the inputs be {where}, with labels tossed by coins: the class has a member for each outcome. "
            "Whatever the learner, it is wrong half of the time on an input that it has not seen, and number i is "
            "unseen with the probability (1 - p_i)^n. Some outcome is at least as bad as the average.",
        ),
        Step(
            "equal-inputs",
            "Equally likely inputs",
            "identity",
            sympy.Sum((1 - 1 / _ATOMS) ** n / _ATOMS, (_INDEX, 1, _ATOMS)) / 2,
            (1 - 1 / _ATOMS) ** n / 2,
            "Let each have the probability 1/k. The k terms are equal.",
        ),
        Step(
            "no-rate",
            "The worst case does not fall",
            "leading-order",
            (1 - 1 / _ATOMS) ** n / 2,
            sympy.Rational(1, 2),
            "As k grows, for any fixed n, nothing is learned; guessing reaches 1/2. At each n the worst case is 1/2, "
            "although for each single source the error falls to 0.",
            limit=Limit(_ATOMS, "oo", sharp=True),
        ),
    )


def _tree(id_: str, title: str, depth: sympy.Symbol, yes: bool, what: str, why: str) -> Step:
    """One of the two questions, answered."""
    no = f"No: every tree T has a branch that ends, so {depth} is finite. It need not be bounded."
    answer = f"Yes: in some tree no branch ends, so {depth} is infinite." if yes else no
    return Step(
        id_,
        title,
        "premise",
        depth,
        sympy.oo,
        f"{answer} {what} {depth} is the depth of tree T, the length of its shortest branch.{why}",
        source=_BOUSQUET,
        bound=not yes,
        order="<",
    )


def _path(littlestone: str, vcl: str, example: Example | None) -> tuple[Step, ...]:
    """The two questions, as far as they are asked, and the rate."""
    steps = [
        _tree(
            "littlestone-tree",
            "Is there an infinite Littlestone tree?",
            _DEPTH,
            littlestone == "yes",
            "A tree asks for the label of one point after another, both answers always possible, until a branch leaves "
            "no question of that kind.",
            ("" if littlestone == "yes" else " Finite Littlestone dimension would be more: one bound for all trees.")
            + ("" if example is None else f" {example.title}: {example.trees}"),
        )
    ]
    if littlestone == "yes":
        steps.append(
            _tree(
                "vcl-tree",
                "Is there an infinite VCL tree?",
                _DEPTH_VCL,
                vcl == "yes",
                "The nodes of such a tree grow: one point, then two, then three, with every pattern of answers "
                "possible at each node.",
                " Infinite VC dimension alone is not enough for an infinite one.",
            )
        )
    return tuple(steps)


_EXPONENTIAL = (
    "No infinite Littlestone tree: for each source the error falls at least exponentially, and no faster rate holds "
    "for all of them."
)
_LINEAR = (
    "An infinite Littlestone tree but no infinite VCL tree: 1/n is reached, and for some source nothing faster is "
    "possible."
)
_CONSTANTS = (
    "The line is a bound: after n examples the expected error is at most this, for every n. The theorem says that each "
    "source has such constants, and not how large they are, so no number follows from it."
)
_SLOW = (
    "An infinite VCL tree. Name any sequence R_n that goes to 0, however slowly: for every learner there is a source "
    "with an error of R_n or more for infinitely many n. The error still goes to 0 for each source, but no rate can be "
    "given for all."
)


def _rate_step(rate: sympy.Expr) -> Step:
    why = _SLOW if rate == _SLOW_RATE else f"{_EXPONENTIAL if rate.has(sympy.exp) else _LINEAR} {_CONSTANTS}"
    return Step(
        "rate",
        "The rate of the class",
        "premise",
        _BOUNDED,
        rate,
        why,
        source=_BOUSQUET,
        bound=True,
        order=">=" if rate == _SLOW_RATE else "<=",
    )


_HOLDS = (
    "Labels without noise: some members of the class have error as close to 0 as one likes.",
    "The class has at least three members. One classifier alone, or one and its opposite, are trivial and left out.",
    "The rate is that of the best learner for the class. Empirical risk minimisation may be slower: it has the rates "
    "e^-n, 1/n, log n/n and arbitrarily slow.",
    "For each source: the constants C and c may depend on it. The constant inside matters: the exponential rate means "
    "any exponential decay, however gentle.",
)
_SLOW_HOLDS = (
    _HOLDS[0],
    _HOLDS[1],
    "The sequence R_n is named first. Then each learner has a source of its own on which it is so slow, and that "
    "source does not change with n.",
)
_CURVE_HOLDS = {
    "thresholds-naturals": (
        "The curve is exact for this learner and this source; it is worked out here and is not from the paper.",
    ),
    "thresholds-line": (
        "The curve is exact for this learner and this source; it is worked out here and is not from the paper.",
    ),
    "all-functions": (
        "The curve is for this learner and this source, to leading order for many examples; it is worked out here and "
        "is not from the paper. That the sum over all inputs is so near an integral is argued, not computed.",
    ),
}
_WORST_HOLDS = (
    "The source is chosen anew for each number of examples n; no single learning curve follows the worst case.",
    "Labels without noise.",
)

_ASSUMPTIONS = (
    Assumption("realisable", "The labels are realisable: members of the class come as close to no error as one likes."),
    Assumption("three", "The class has three members or more."),
    Assumption("independent", "The examples are drawn independently from one source P."),
)

_IMPOSSIBLE = (
    "This cannot be: every infinite VCL tree holds an infinite Littlestone tree (keep one point of each node). Answer "
    "yes to the first question or no to the second."
)
_OPEN = "Answer both questions for your class, or choose one from the list."
_OWN_WORST = (
    "The worst case is decided by the VC dimension of the class, which the two questions do not tell: an infinite VCL "
    "tree makes it infinite, but the disjoint blocks have infinite VC dimension and no infinite tree at all."
)
_FINITE_WORST = (
    "The VC dimension is finite, so the worst case falls as 1/n up to a constant, by classical theory; its value "
    "depends on more than the class's name, and no closed form is derived here."
)


def _log_error(h: sympy.Expr, n: sympy.Expr) -> sympy.Expr:
    # log(1 + n), which has a value at n = 1 as well.
    return h / (2 * sympy.log(1 + n))


def _curve(example: str, inputs: str, v: _Values) -> tuple[tuple[Step, ...], tuple[Quantity, ...]]:
    """The steps to the learning curve of one source, for the classes that have one here, and its values at n."""
    n, title = v["samples"], "expected error of this source after n examples"
    if example == "thresholds-naturals":
        leading = sympy.Symbol("epsilon_t", positive=True)
        return _atom_steps(v), (
            Quantity("error", title, _ERROR, _naturals_error(v["atom"], v["above"], n)),
            Quantity("leading", "its leading term, of the deciding input alone", leading, _atom_error(v["atom"], n)),
        )
    if example == "thresholds-line":
        return _line_steps(v, worst=False), (Quantity("error", title, _ERROR, _line_error(v["threshold"], n)),)
    if example == "all-functions":
        title = "expected error of the memoriser on this source, leading order"
        if inputs == "log":
            return _log_steps(v), (Quantity("error", title, _ERROR, _log_error(v["head"], n)),)
        return _zipf_steps(v), (Quantity("error", title, _ERROR, _zipf_error(v["tail"], v["head"], n)),)
    return (), ()


def _worst_steps(example: str, v: _Values) -> tuple[Step, ...]:
    if example == "thresholds-naturals":
        return _worst_atom_steps(v)
    if example == "thresholds-line":
        return _line_steps(v, worst=True)
    if example in ("blocks", "all-functions", "finite-subsets"):
        return _free_steps(v, example)
    return ()


def _curves(v: _Values) -> tuple[Curve, ...]:
    n = _X
    # Above the 1/2 of guessing a leading term says nothing.
    zipf, log = _zipf_error(v["tail"], v["head"], n), _log_error(v["head"], n)
    return (
        Curve("atom", "One source: thresholds on the natural numbers", n, _naturals_error(v["atom"], v["above"], n)),
        # 1/(n + 1) all but hides it, so it is drawn broad and before that.
        Curve("line", "One source: thresholds on the line", n, _line_error(v["threshold"], n), broad=True),
        Curve("worst-case", "Worst case: thresholds on the natural numbers", n, 1 / (n + 1)),
        Curve("worst-atom", "The worst single input at each n", n, _worst_atom(n)),
        Curve("zipf", "One source: memorising Zipf data", n, zipf, where=sympy.Rational(1, 2) - zipf),
        Curve("no-rate", "Worst case: all functions", n, sympy.Rational(1, 2)),
        Curve("log", "One source: memorising where p is h/(i log^2 i)", n, log, where=sympy.Rational(1, 2) - log),
    )


_THEOREM = (
    "A theorem of the paper, read in later papers that build on it: the form that bounds the expected error of the "
    "best learner for this class, for each source with constants of its own. The steps before are the theorem's two "
    "questions; it is not derived here."
)
_THEOREM_SLOW = (
    "A theorem of the paper, read in later papers that build on it: the class is learned arbitrarily slowly. For every "
    "learner some source is slower than any rate that one names. The steps before are the theorem's two questions; it "
    "is not derived here."
)
_OFTEN = "for infinitely many n, whatever R_n -> 0"


def _universal(
    example: Example | None, littlestone: str, vcl: str, inputs: str, v: _Values
) -> tuple[tuple[Step, ...], Result]:
    """The steps of the decision and of the curve, and the result."""
    path = _path(littlestone, vcl, example)
    curve, quantities = _curve(example.id, inputs, v) if example is not None else ((), ())
    holds = _CURVE_HOLDS.get(example.id, ()) if example is not None else ()
    if vcl == "yes":
        rate: sympy.Expr = _SLOW_RATE
        found = Result(
            _BOUNDED,
            rate,
            "theorem",
            _THEOREM_SLOW,
            (*_SLOW_HOLDS, *holds),
            quantities,
            bound=True,
            order=">=",
            words=_OFTEN,
        )
    else:
        rate = _OUTER * sympy.exp(-_INNER * _COUNT) if littlestone == "no" else _OUTER / _COUNT
        found = Result(_BOUNDED, rate, "theorem", _THEOREM, (*_HOLDS, *holds), quantities, bound=True)
    return (*path, *curve, _rate_step(rate)), found


_WORST_MEANING = {
    "thresholds-naturals": "Derived here for this class and the learner that keeps the smallest positive input: the "
    "supremum of the expected error after n examples over all sources, which may be chosen anew at each n. No source "
    "attains it. The step marked assumed is the learner itself, and that the stretches of all inputs lie side by side "
    "is said in words; the rest is checked.",
    "thresholds-line": "Derived here for this class, uniform inputs and this learner: the supremum of the expected "
    "error after n examples over all thresholds, which may be chosen anew at each n. The step marked assumed is the "
    "learner itself; the rest is checked.",
}
_WORST_FREE = (
    "Our own argument, which is well known: after n examples no learner can promise less than this for all sources, "
    "which may be chosen anew at each n, and guessing keeps it. Equal inputs come as near to it as one likes. That "
    "coin tosses leave every learner at half is argued in the step marked assumed; the limit is checked."
)


def _worst(example: Example | None, v: _Values) -> tuple[tuple[Step, ...], object]:
    if example is None:
        return (), _OWN_WORST
    steps = _worst_steps(example.id, v)
    if not steps:
        return (), _FINITE_WORST
    quantities: tuple[Quantity, ...] = ()
    if example.id == "thresholds-naturals":
        title = "the worst single input at this n"
        quantities = (Quantity("worst-atom", title, sympy.Symbol("w", positive=True), _worst_atom(v["samples"])),)
    meaning = _WORST_MEANING.get(example.id)
    status: Status = "exact" if meaning else "extension"
    return steps, Result(_WORST, steps[-1].after, status, meaning or _WORST_FREE, _WORST_HOLDS, quantities)


def _build(values: Mapping[str, sympy.Expr], options: Mapping[str, Option]) -> Derivation:
    example = next((example for example in EXAMPLES if example.id == options["class"].id), None)
    answers = {name: options[name].id for name in ("littlestone", "vcl") if name in options}
    steps: tuple[Step, ...] = ()
    found: object
    if options["source"].id == "worst":
        steps, found = _worst(example, values)
    elif len(answers) < 2:
        found = _OPEN
    elif answers == {"littlestone": "no", "vcl": "yes"}:
        found = _IMPOSSIBLE
    else:
        steps, found = _universal(example, answers["littlestone"], answers["vcl"], options["inputs"].id, values)
    return Derivation(
        CALCULATOR.id,
        tuple((parameter.id, values[parameter.id]) for parameter in _PARAMETERS),
        tuple((name, option.id) for name, option in options.items()),
        _ASSUMPTIONS,
        steps,
        found if isinstance(found, Result) else None,
        _curves(values),
        silence=found if isinstance(found, str) else "",
        axes=_AXES,
    )


_FEW = (
    "The class is learned arbitrarily slowly, whatever is set. For this source there is no curve yet: with so few "
    "examples the leading term is above 1/2, the error of guessing alone, and so it says nothing. Take more examples."
)
_SILENCES = tuple(
    Silence(_FEW, sympy.Rational(1, 2), law, (("class", "all-functions"), ("source", "fixed"), ("inputs", inputs)))
    for inputs, law in (("zipf", _zipf_error(_TAIL, _HEAD, _SAMPLES)), ("log", _log_error(_HEAD, _SAMPLES)))
)

CALCULATOR = Calculator(
    "universal-rates",
    "The universal rate of a class",
    "If the source of the data is fixed and only the number of examples grows, how fast can the error fall?",
    _PARAMETERS,
    (
        Choice(
            "class",
            "Class",
            options=lambda: (
                Option(_OWN, "Your own: answer the two questions"),
                *(
                    Option(
                        example.id,
                        example.title,
                        fixes=MappingProxyType({"littlestone": example.littlestone, "vcl": example.vcl}),
                    )
                    for example in EXAMPLES
                ),
            ),
            default="thresholds-naturals",
            meaning="A class whose trees are known, which answers the two questions, or your own.",
        ),
        Choice(
            "littlestone",
            "An infinite Littlestone tree?",
            start="no",
            options=lambda: (Option("no", "No"), Option("yes", "Yes")),
            meaning="Can an opponent go on for ever asking for labels, one point at a time, both answers always "
            "possible?",
        ),
        Choice(
            "vcl",
            "An infinite VCL tree?",
            start="no",
            options=lambda: (Option("no", "No"), Option("yes", "Yes")),
            meaning="The same with one point, then two, then three at a time, every pattern of answers possible.",
        ),
        Choice(
            "source",
            "Who picks the source",
            start="fixed",
            options=lambda: (
                Option("fixed", "It is fixed, then n grows (universal)"),
                Option("worst", "An opponent, anew for each n (worst case)"),
            ),
            default="fixed",
            meaning="Universal rates fix the source first; worst-case rates let an opponent choose it for each n.",
        ),
        Choice(
            "inputs",
            "Probability of input i",
            options=lambda: (
                Option("zipf", "h/i^(1 + a), a Zipf law"),
                Option("log", "h/(i log^2 i), a heavier tail"),
            ),
            default="zipf",
            meaning="For all functions on the natural numbers: how fast the probabilities of rare inputs fall.",
            only=(("class", ("all-functions",)), ("source", ("fixed",))),
        ),
    ),
    (_BOUSQUET, _HUTTER, _HANNEKE),
    _build,
    columns=(
        Column("universal rate", {}, {example.id: "arbitrarily slow" for example in EXAMPLES if example.vcl == "yes"}),
        Column(
            "worst case",
            {"source": "worst"},
            {example.id: "1/n, up to a constant" for example in EXAMPLES if example.id in ("finite", "half-spaces")},
        ),
    ),
    row_parameter="class",
    row_values=tuple(example.id for example in EXAMPLES),
    row_notes=MappingProxyType({example.id: _trees(example) for example in EXAMPLES}),
    belongs=("universal-learning", "explaining-neural-scaling-laws"),
    silences=_SILENCES,
    against=(
        "The trichotomy is a theorem, so a proof counts against it and a measurement does not: a class of three "
        "members or more with a universal rate that is none of the three, or one whose rate is not the one that "
        "its trees name.",
        "A class in the table would be in the wrong row if somebody shows an infinite tree where the table denies "
        "one, or proves that the tree ends where the table has an infinite one.",
        "The curves of thresholds are exact, for named learners and fixed sources. A simulation of the same learner on "
        "the same source whose mean error leaves its curve by more than four standard errors, at any n, would count "
        "against the curve.",
        "The worst case for thresholds on the natural numbers is a supremum that is not attained. One source, one "
        "n and this learner with an expected error of 1/(n + 1) or more would refute it.",
        "Zipf inputs with tail exponent a, the learner that memorises and guesses: the local slope of its exact "
        "sum must tend to a/(1 + a). For a from 1/2 to 1 a slope that is off by more than 0.01 at 10^6 examples "
        "would count against it.",
        "Inputs with p = h/(i log^2 i), the same learner: its exact sum times 2 log(n)/h must tend to 1, slowly. A "
        "value outside of 1 to 1.2 at n = 10^50 would count against it.",
    ),
)
