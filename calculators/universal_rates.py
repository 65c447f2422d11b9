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
    Source,
    Step,
)
from calculators.numeric import Range

_SAMPLES = sympy.Symbol("n", positive=True)
_ATOM = sympy.Symbol("p_t", positive=True)
_THRESHOLD = sympy.Symbol("t", positive=True)
_TAIL = sympy.Symbol("a", positive=True)
_HEAD = sympy.Symbol("h", positive=True)

_X = sympy.Symbol("x", positive=True)
_Y = sympy.Symbol("y", positive=True)
_LOG = sympy.Symbol("w", real=True)
# Letters that the opponent varies are not those that the reader sets.
_MASS = sympy.Symbol("p", positive=True)
_PLACE = sympy.Symbol("r", positive=True)
_ATOMS = sympy.Symbol("k", positive=True)
_INDEX = sympy.Symbol("i", integer=True, positive=True)

# The form of a rate: its constants may depend on the source, and n is no number there, whatever the reader sets.
_BOUNDED = sympy.Symbol("epsilon_n", positive=True)
_OUTER, _INNER = sympy.symbols("C c", positive=True)
_COUNT = sympy.Symbol("n", integer=True, positive=True)
_WORST = sympy.Symbol("W", positive=True)
_ERROR = sympy.Symbol("epsilon", positive=True)

_SHARES: tuple[tuple[sympy.Symbol, Range], ...] = (
    (_ATOM, (sympy.Rational(1, 20), sympy.Rational(19, 20))),
    (_MASS, (sympy.Rational(1, 20), sympy.Rational(19, 20))),
    (_THRESHOLD, (sympy.Rational(1, 20), sympy.Rational(19, 20))),
)

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
        "made; all other inputs that count lie below it.",
        start=sympy.Rational(1, 10),
        default=_ATOM,
        maximum=1,
        open_maximum=True,
        slider=(sympy.Rational(1, 100), sympy.Rational(99, 100)),
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
        slider=(1, 5),
    ),
    Parameter(
        "head",
        _HEAD,
        "Tail constant h",
        "The factor in h/i^(1 + a). For the pure Zipf law it is 1/zeta(1 + a): 0.61 for a = 1.",
        start=sympy.Rational(61, 100),
        default=_HEAD,
        slider=(1, 2),
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
    return sympy.Mul(p, _power(1 - p, n), evaluate=False)


def _worst_atom(n: sympy.Expr) -> sympy.Expr:
    # (1 - 1/(n + 1))^n/(n + 1) rather than n^n/(n + 1)^(n + 1), whose powers overflow in the page's arithmetic.
    return sympy.Mul(_power(1 - 1 / (n + 1), n), 1 / (n + 1), evaluate=False)


def _line_error(t: sympy.Expr, n: sympy.Expr) -> sympy.Expr:
    seen = sympy.Add(1, sympy.Mul(-1, _power(t, n + 1), evaluate=False), evaluate=False)
    return sympy.Mul(seen, 1 / (n + 1), evaluate=False)


def _zipf_error(a: sympy.Expr, h: sympy.Expr, n: sympy.Expr) -> sympy.Expr:
    return sympy.gamma(a / (1 + a)) * h ** (1 / (1 + a)) / (2 * (1 + a)) * n ** (-a / (1 + a))


def _atom_steps(v: _Values) -> tuple[Step, ...]:
    p, n = v["atom"], v["samples"]
    return (
        Step(
            "seen",
            "The curve of one source",
            "premise",
            _ERROR,
            _atom_error(p, n),
            "Thresholds on the natural numbers; the learner calls positive what lies at or above the smallest positive "
            "input it has seen. If the deciding input, of probability p_t, is the largest that occurs, the learner "
            "errs only there, and only while it has not seen it: p_t times (1 - p_t)^n. With more inputs above it this "
            "is the leading term.",
            ranges=_SHARES,
        ),
    )


def _worst_atom_steps(v: _Values) -> tuple[Step, ...]:
    n = _X
    log = sympy.log(_MASS) + n * sympy.log(1 - _MASS)
    cells = sympy.Sum((1 - _INDEX / _ATOMS) ** n / _ATOMS, (_INDEX, 1, _ATOMS))
    samples = v["samples"]
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
        Step(
            "many-atoms",
            "Many small inputs are worse",
            "premise",
            cells,
            sympy.Integral((1 - _Y) ** n, (_Y, 0, 1)),
            "Spread the probability over k equally likely positive inputs: the j-th from below costs (1 - j/k)^x/k. "
            "The sum lies below the integral, because the summand falls, and tends to it as k grows. No source can do "
            "worse than the integral, and none attains it.",
        ),
        Step(
            "worst-case",
            "The worst case over all sources",
            "identity",
            sympy.Integral((1 - _Y) ** n, (_Y, 0, 1)),
            1 / (n + 1),
            "Integrate the power.",
        ),
        _put_in(1 / sympy.Add(samples, 1, evaluate=False), 1 / (samples + 1)),
    )


def _put_in(before: sympy.Expr, after: sympy.Expr) -> Step:
    return Step("samples", "Put in the number of examples", "identity", before, after, "The same at x = n.")


def _line_steps(v: _Values, worst: bool) -> tuple[Step, ...]:
    t, n = v["threshold"], v["samples"]
    gap = sympy.Integral((1 - _Y) ** n, (_Y, 0, 1 - t))
    law = _line_error(t, n)
    first = (
        Step(
            "gap",
            "The gap above the threshold",
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
            "The error grows as the threshold, here r, goes to 0: the worst case is 1/(n + 1). Here worst case and "
            "single source differ by a factor only, and both are linear.",
            limit=Limit(_PLACE, "0", sharp=True),
        ),
    )


def _zipf_steps(v: _Values) -> tuple[Step, ...]:
    a, h, n = v["tail"], v["head"], v["samples"]
    power = 1 / (1 + a)
    # With x = e^w: over the whole line, where quadrature is at its best.
    seen = sympy.exp(-_Y * h * sympy.exp(-(1 + a) * _LOG))
    before = sympy.Integral(h * sympy.exp(-a * _LOG) * seen, (_LOG, -sympy.oo, sympy.oo)) / 2
    after = sympy.gamma(a * power) * h**power / (2 * (1 + a)) * _Y ** (-a * power)
    slope = sympy.Mul(-1, _Y, sympy.Derivative(_Y ** (-a * power), _Y), _Y ** (a * power), evaluate=False)
    at = _zipf_error(a, h, n)
    return (
        Step(
            "memorise",
            "The curve of one source",
            "premise",
            _ERROR,
            sympy.Sum(_mass(_INDEX) * (1 - _mass(_INDEX)) ** _Y, (_INDEX, 1, sympy.oo)) / 2,
            "All functions on the natural numbers: nothing about one input follows from another. The learner memorises "
            "and, on an input it has not seen after y = n examples, guesses: wrong half of the time.",
        ),
        Step(
            "sum-to-integral",
            "The sum is an integral",
            "premise",
            sympy.Sum(_mass(_INDEX) * (1 - _mass(_INDEX)) ** _Y, (_INDEX, 1, sympy.oo)) / 2,
            before,
            "With p_i = h/i^(1 + a), and i = e^w. As i grows the summand rises once and falls once, so sum and "
            "integral differ by at most its largest value, which is below 1/n (the worst case for one input); "
            "replacing (1 - p)^n by e^(-np) changes no more than that. The result is larger than 1/n, so this may be "
            "neglected.",
        ),
        Step(
            "zipf",
            "A power law",
            "identity",
            before,
            after,
            "Substitute z = n p. What is left is the integral for the gamma function.",
            ranges=((_TAIL, (sympy.Rational(1, 2), sympy.Integer(3))),),
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
        _put_in(at, at),
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
            (1 - 1 / _ATOMS) ** n / 2,
            f"Let k be large and the inputs uniform on {where}, with labels tossed by coins: the class has a member "
            "for each outcome. Whatever the learner, it is wrong half of the time on an input that it has not seen, "
            "and a given one is unseen with the probability (1 - 1/k)^n. Some outcome is at least as bad as the "
            "average.",
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


def _path(littlestone: str, vcl: str, example: Example | None) -> tuple[Step, ...]:
    """The two questions, as far as they are asked, and the rate."""
    why = "" if example is None else f" {example.title}: {example.trees}"
    tree = sympy.Function("L")(sympy.Symbol("H"))
    nodes = sympy.Function("M")(sympy.Symbol("H"))
    steps = [
        Step(
            "littlestone-tree",
            "Is there an infinite Littlestone tree?",
            "premise",
            tree,
            sympy.oo if littlestone == "yes" else sympy.Symbol("ell"),
            ("Yes" if littlestone == "yes" else "No")
            + ". L(H) is how long the questions can go on along the branches of a tree, one point at a time, both "
            "answers always possible: for ever (oo) or only to some end (ell) on each branch. The ends need not "
            "be bounded: no infinite tree is weaker than finite Littlestone dimension." + why,
            source=_BOUSQUET,
        )
    ]
    if littlestone == "yes":
        steps.append(
            Step(
                "vcl-tree",
                "Is there an infinite VCL tree?",
                "premise",
                nodes,
                sympy.oo if vcl == "yes" else sympy.Symbol("ell"),
                ("Yes" if vcl == "yes" else "No")
                + ". M(H) is the same for trees whose nodes grow: one point, then two, then three, with every pattern "
                "of answers possible at each node. Infinite VC dimension alone is not enough for an infinite one.",
                source=_BOUSQUET,
            )
        )
    return tuple(steps)


def _rate_step(rate: sympy.Expr) -> Step:
    why = (
        "No infinite Littlestone tree: for each source the error falls at least exponentially, and no faster rate "
        "holds for all of them."
        if rate.has(sympy.exp)
        else "An infinite Littlestone tree but no infinite VCL tree: 1/n is reached, and for some source nothing "
        "faster is possible."
    )
    return Step(
        "rate",
        "The rate of the class",
        "premise",
        _BOUNDED,
        rate,
        f"{why} The line is a bound: after n examples the expected error is at most this, for every n. The theorem "
        "says that each source has such constants, and not how large they are, so no number follows from it.",
        source=_BOUSQUET,
        bound=True,
    )


_HOLDS = (
    "Labels without noise: some members of the class have error as close to 0 as one likes.",
    "The class has at least three members. One classifier alone, or one and its opposite, are trivial and left out.",
    "The rate is that of the best learner for the class. Empirical risk minimisation may be slower: it has the rates "
    "e^-n, 1/n, log n/n and arbitrarily slow.",
    "For each source: the constants C and c may depend on it. The constant inside matters: the exponential rate means "
    "any exponential decay, however gentle.",
)
_CURVE_HOLDS = (
    "For this learner, this class and these sources; the curve is worked out here and is not from the paper.",
    "The curve of a Zipf source is the leading order for many examples.",
)
_WORST_HOLDS = (
    "The source is chosen anew for each number of examples n; no single learning curve follows the worst case.",
    "Labels without noise.",
)

_ASSUMPTIONS = (
    Assumption("realisable", "The labels are realisable: members of the class come as close to no error as one likes."),
    Assumption("three", "The class has three members or more."),
    Assumption("independent", "The examples are drawn independently from one source P."),
)

_SLOW = (
    "Arbitrarily slow: for every rate that goes to 0, however slowly, some source makes the error exceed it for "
    "infinitely many n. The error still falls to 0 for each source, but no rate can be given for all."
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


def _curve_steps(example: str, v: _Values) -> tuple[Step, ...]:
    """The learning curve of one source for the classes that have one here; it ends in the curve."""
    if example == "thresholds-naturals":
        return _atom_steps(v)
    if example == "thresholds-line":
        return _line_steps(v, worst=False)
    if example == "all-functions":
        return _zipf_steps(v)
    return ()


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
    return (
        Curve("atom", "One source: thresholds on the natural numbers", n, _atom_error(v["atom"], n)),
        Curve("worst-atom", "The worst single input at each n", n, _worst_atom(n)),
        Curve("worst-case", "Worst case: thresholds on the natural numbers", n, 1 / (n + 1)),
        Curve("line", "One source: thresholds on the line", n, _line_error(v["threshold"], n)),
        Curve("zipf", "One source: memorising Zipf data", n, _zipf_error(v["tail"], v["head"], n)),
        Curve("no-rate", "Worst case: all functions", n, sympy.Rational(1, 2)),
    )


def _universal(example: Example | None, littlestone: str, vcl: str, v: _Values) -> tuple[tuple[Step, ...], object]:
    """The steps of the decision and of the curve, and the result or the reason for silence."""
    path = _path(littlestone, vcl, example)
    curve = _curve_steps(example.id, v) if example is not None else ()
    quantities: tuple[Quantity, ...] = ()
    if curve:
        title = "expected error of this source after n examples"
        quantities = (Quantity("error", title, _ERROR, curve[-1].after),)
    if vcl == "yes":
        if not curve:
            return path, _SLOW
        meaning = (
            "The error of one learner on one kind of source, to leading order for many examples. The class as a whole "
            "is arbitrarily slow: heavier tails make slower curves, and no rate can be given for all of them."
        )
        return (*path, *curve), Result(_ERROR, curve[-1].after, "estimate", meaning, (*_CURVE_HOLDS, *_HOLDS))
    rate = _OUTER * sympy.exp(-_INNER * _COUNT) if littlestone == "no" else _OUTER / _COUNT
    meaning = (
        "A theorem of the paper, read in later papers that build on it: the form that bounds the expected error of the "
        "best learner for this class, for each source with constants of its own. The steps before are the theorem's "
        "two questions; it is not derived here."
    )
    found = Result(_BOUNDED, rate, "theorem", meaning, _HOLDS, quantities, bound=True)
    return (*path, *curve, _rate_step(rate)), found


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
    what = {
        "thresholds-naturals": "this class and the learner that keeps the smallest positive input: the largest "
        "expected error after n examples over all sources, which",
        "thresholds-line": "this class, uniform inputs and this learner: the largest expected error after n examples "
        "over all thresholds, which",
    }.get(
        example.id,
        "this class: the smallest error that any learner can promise after n examples for all sources, which",
    )
    meaning = f"Derived here for {what} may be chosen anew at each n."
    return steps, Result(_WORST, steps[-1].after, "exact", meaning, _WORST_HOLDS, quantities)


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
        steps, found = _universal(example, answers["littlestone"], answers["vcl"], values)
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
    against=(
        "The trichotomy is a theorem, so a proof counts against it and a measurement does not: a class of three "
        "members or more with a universal rate that is none of the three, or one whose rate is not the one that "
        "its trees name.",
        "A class in the table would be in the wrong row if somebody shows an infinite tree where the table denies "
        "one, or proves that the tree ends where the table has an infinite one.",
        "The curves are for named learners and fixed sources. A simulation of the same learner whose mean error "
        "leaves its curve by more than four standard errors, for thresholds at any n, would count against the "
        "curve.",
        "The worst case for thresholds on the natural numbers is a supremum that is not attained. One source, one "
        "n and this learner with an expected error of 1/(n + 1) or more would refute it.",
        "Zipf inputs with tail exponent a, the learner that memorises and guesses: the local slope of its exact "
        "sum must tend to a/(1 + a). For a from 1/2 to 1 a slope that is off by more than 0.01 at 10^6 examples "
        "would count against it.",
    ),
)
