"""What selecting on a proxy U = V + E does to the true value V, and where fitted reward curves turn down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy
from sympy.core.function import AppliedUndef

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
    unfold,
)
from calculators.numeric import Range

_SPREAD = sympy.Symbol("sigma_V", positive=True)
_SCALE = sympy.Symbol("sigma_E", positive=True)
_PROXY = sympy.Symbol("u", positive=True)
_DEGREES = sympy.Symbol("nu", positive=True)
_SAMPLES = sympy.Symbol("n", positive=True)
_CORRELATION = sympy.Symbol("rho", real=True)
_GAIN = sympy.Symbol("a", positive=True)
_COST = sympy.Symbol("b", positive=True)

_VALUE = sympy.Symbol("v", real=True)
_ERROR = sympy.Symbol("e", real=True)
_STANDARD = sympy.Symbol("z", real=True)
_ANY = sympy.Symbol("x", positive=True)
_POINT = sympy.Symbol("x", real=True)
_MIXED = sympy.Symbol("y", real=True)
_SHARE = sympy.Symbol("t", positive=True)
_DISTANCE = sympy.Symbol("delta", positive=True)

_MEAN, _DENSITY, _RANK, _TAIL, _WEIGHT, _PRECISION = (
    sympy.Function(name) for name in ("V", "p", "F", "Q", "w", "lambda")
)

_OBSERVED = sympy.Symbol("V_u", real=True)
_ABOVE = sympy.Symbol("V_t", real=True)
_BEST = sympy.Symbol("V_n", real=True)
_PEAK = sympy.Symbol("R_max", positive=True)

_BROAD: tuple[tuple[sympy.Symbol, Range], ...] = ((_DEGREES, (sympy.Integer(1), sympy.Integer(4))),)

_CLOSE: tuple[tuple[sympy.Symbol, Range], ...] = ((_CORRELATION, (sympy.Rational(-3, 4), sympy.Rational(3, 4))),)

_MANY: tuple[tuple[sympy.Symbol, Range], ...] = ((_SAMPLES, (sympy.Integer(2), sympy.Integer(40))),)

_GARRABRANT = Source(
    "Categorizing Variants of Goodhart's Law",
    "Manheim, Garrabrant",
    2018,
    "https://arxiv.org/abs/1803.04585",
    "the regressional variant",
    second_hand=True,
)
_GAO = Source(
    "Scaling Laws for Reward Model Overoptimization",
    "Gao, Schulman, Hilton",
    2022,
    "https://arxiv.org/abs/2210.10760",
    "the fitted forms for best of n and for reinforcement learning",
)
_BEIRAMI = Source(
    "Theoretical Guarantees on the Best-of-n Alignment Policy",
    "Beirami and others",
    2024,
    "https://arxiv.org/abs/2401.01879",
    "the divergence of best of n as an upper bound",
    second_hand=True,
)

_PARAMETERS = (
    Parameter(
        "value_spread",
        _SPREAD,
        "Spread of the true value",
        "The standard deviation of the true value V among all candidates; V is Gaussian with mean 0. "
        "Only its ratio to the other scales counts, so choose the unit freely.",
        start=sympy.Integer(1),
        default=_SPREAD,
        slider=(sympy.Rational(1, 2), sympy.Rational(3, 2)),
    ),
    Parameter(
        "error_scale",
        _SCALE,
        "Scale of the error",
        "How far the proxy errs: the standard deviation of a Gaussian error, the mean size of a Laplace error, the "
        "factor in front of a Student-t variable. In the unit of the value.",
        start=sympy.Integer(2),
        default=_SCALE,
        slider=(sympy.Rational(1, 2), 5),
    ),
    Parameter(
        "proxy",
        _PROXY,
        "Proxy, or threshold",
        "The value u that the proxy shows, or, for the question about a threshold, the value t = u that it must reach. "
        "In the unit of the value, counted from the mean.",
        start=sympy.Integer(2),
        default=_PROXY,
        maximum=20,
        slider=(1, 20),
    ),
    Parameter(
        "degrees",
        _DEGREES,
        "Degrees of freedom of the Student error",
        "The tail of a Student-t error: its density falls as the power nu + 1. Small is heavy; nu = 1 has no mean.",
        start=sympy.Integer(3),
        default=_DEGREES,
        minimum=1,
        open=False,
        maximum=20,
        slider=(1, 20),
        only=(("error", ("student",)),),
    ),
    Parameter(
        "samples",
        _SAMPLES,
        "Candidates n",
        "How many candidates are drawn, of which the one with the highest proxy is kept.",
        start=sympy.Integer(16),
        default=_SAMPLES,
        integer=True,
        minimum=1,
        open=False,
        maximum=10_000,
        slider=(1, 256),
    ),
    Parameter(
        "correlation",
        _CORRELATION,
        "Correlation of error and value",
        "Used where the error depends on the value: -1 < rho < 1. Negative: the proxy flatters what is bad.",
        start=sympy.Rational(-4, 5),
        default=_CORRELATION,
        minimum=-1,
        maximum=1,
        open_maximum=True,
        slider=(sympy.Rational(-9, 10), sympy.Rational(9, 10)),
    ),
    Parameter(
        "gain",
        _GAIN,
        "Initial slope a of the reward",
        "The first coefficient of the fitted reward curve: reward for each unit of distance, near the start.",
        start=sympy.Integer(2),
        default=_GAIN,
        maximum=20,
        slider=(1, 10),
    ),
    Parameter(
        "cost",
        _COST,
        "Overoptimisation coefficient b",
        "The second coefficient of the fitted curve: how fast the slope is lost as the distance grows.",
        start=sympy.Integer(1),
        default=_COST,
        minimum=sympy.Rational(1, 50),
        open=False,
        maximum=20,
        slider=(1, 10),
    ),
)

_Values = Mapping[str, sympy.Expr]

_FARTHEST = 40
"""How many scales of a Laplace error from the mean its closed forms are computed."""

_FARTHEST_STUDENT = 30
"""How many scales of a Student-t error from the mean its share beyond a threshold is computed."""

_WIDEST = 1000
"""How many scales of a Student-t error the value may spread, for the best of n."""

_QUESTIONS = (
    Option("observed", "The proxy shows exactly u"),
    Option("threshold", "The proxy reaches at least u"),
    Option("best-of-n", "The best of n by the proxy"),
    Option("reward-best-of-n", "A fitted reward curve, best of n"),
    Option("reward-rl", "A fitted reward curve, reinforcement learning"),
)
_ERRORS = (
    Option("gaussian", "Gaussian"),
    Option("laplace", "Laplace"),
    Option("student", "Student-t"),
)
_DEPENDENCE = (
    Option("independent", "Error independent of the value"),
    Option("dependent", "Error correlated with the value"),
)

_X_TITLES = {
    "observed": "Proxy u",
    "threshold": "Threshold u",
    "best-of-n": "Doublings of n, from 1 to 4,096 candidates",
    "reward-best-of-n": "Distance delta from the start",
    "reward-rl": "Distance delta from the start",
}
_AXES = {
    question: Axes(
        x=(0, 12, "linear"),
        y=(-2, 6, "linear"),
        x_title=title,
        y_title="Reward" if question.startswith("reward") else "True value",
    )
    for question, title in _X_TITLES.items()
}
"""One frame for all questions, so that a switch moves the curves and not the frame. n = 2^x: 12 doublings are 4,096."""


def _gaussian(x: sympy.Expr, spread: sympy.Expr) -> sympy.Expr:
    """The Gaussian density without its constant factor."""
    return sympy.exp(-(x**2) / (2 * spread**2))


def _density(x: sympy.Expr, spread: sympy.Expr) -> sympy.Expr:
    return _gaussian(x, spread) / (spread * sympy.sqrt(2 * sympy.pi))


def _above(x: sympy.Expr, spread: sympy.Expr) -> sympy.Expr:
    """P(a Gaussian of this spread exceeds x)."""
    return sympy.erfc(x / (spread * sympy.sqrt(2))) / 2


def _below(x: sympy.Expr, spread: sympy.Expr) -> sympy.Expr:
    """P(a Gaussian of this spread stays below x)."""
    return (1 + sympy.erf(x / (spread * sympy.sqrt(2)))) / 2


def _student(x: sympy.Expr, scale: sympy.Expr, degrees: sympy.Expr) -> sympy.Expr:
    """The Student-t density without its constant factor."""
    return (1 + x**2 / (degrees * scale**2)) ** (-(degrees + 1) / 2)


def _whole(integrand: sympy.Expr, variable: sympy.Symbol) -> sympy.Expr:
    return sympy.Integral(integrand, (variable, -sympy.oo, sympy.oo))


def _beside_laplace(integrand: sympy.Expr, x: sympy.Expr, spread: sympy.Expr, scale: sympy.Expr) -> sympy.Expr:
    """The integral of integrand times the weight of a Laplace error x - v, split at v = x, where it has its kink."""
    kink, gap = x / spread, (x - spread * _STANDARD) / scale
    below = sympy.Integral(integrand * sympy.exp(-gap), (_STANDARD, -sympy.oo, kink))
    return below + sympy.Integral(integrand * sympy.exp(gap), (_STANDARD, kink, sympy.oo))


def _average(weighted: sympy.Expr, weight: sympy.Expr) -> sympy.Expr:
    """A quotient of two integrals that stays one."""
    return sympy.Mul(weighted, sympy.Pow(weight, -1, evaluate=False), evaluate=False)


def _laplace_sides(u: sympy.Expr, spread: sympy.Expr, scale: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """What errors below and above the proxy contribute to its density, but for a common factor."""
    root = spread * sympy.sqrt(2)
    below = sympy.exp(u / scale) * sympy.erfc((u + spread**2 / scale) / root)
    above = sympy.exp(-u / scale) * sympy.erfc((spread**2 / scale - u) / root)
    return below, above


def _laplace_proxy(u: sympy.Expr, spread: sympy.Expr, scale: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
    """The density of the proxy, P(proxy > u) and P(proxy < u), for a Laplace error."""
    below, above = _laplace_sides(u, spread, scale)
    factor = sympy.exp(spread**2 / (2 * scale**2))
    part = factor * (above - below) / 4
    return factor * (below + above) / (4 * scale), _above(u, spread) + part, _below(u, spread) - part


def _weighed(v: _Values, error: str, what: sympy.Expr) -> sympy.Expr:
    """The integral over z of `what`, times the weight of the value v = sigma_V*z, times that of the error x - v."""
    spread, scale = v["value_spread"], v["error_scale"]
    weighed = what * _gaussian(_STANDARD, sympy.Integer(1))
    gap = _ANY - spread * _STANDARD
    if error == "laplace":
        return _beside_laplace(weighed, _ANY, spread, scale)
    law = _gaussian(gap, scale) if error == "gaussian" else _student(gap, scale, v["degrees"])
    return _whole(weighed * law, _STANDARD)


def _bayes(v: _Values, error: str) -> Step:
    return Step(
        "bayes",
        "Average over what may lie behind the proxy",
        "premise",
        _MEAN(_ANY),
        _average(_weighed(v, error, v["value_spread"] * _STANDARD), _weighed(v, error, sympy.Integer(1))),
        "V(x) is the mean true value of all candidates whose proxy is x. A value sigma_V z is behind it when the error "
        "is x - sigma_V z, so z counts with its own probability times that of this error; constant factors cancel. "
        "Below the line stands p(x), the density of the proxy, but for such a factor. "
        "This is the definition of a conditional mean, with V Gaussian and the error independent of it.",
    )


_FORMULA = (
    "The one formula behind all cases: V(x) is minus the variance of V times the slope of the logarithm of p(x), the "
    "density of the proxy. To see it, differentiate p under the integral and move the derivative onto the Gaussian, "
    "where it gives -v over the variance. So only the shape of the proxy's own distribution counts."
)


def _put_in(law: sympy.Expr, u: sympy.Expr, ranges: tuple[tuple[sympy.Symbol, Range], ...] = ()) -> Step:
    return Step(
        "proxy",
        "Put in the proxy",
        "identity",
        _MEAN(u),
        law.subs(_ANY, u),
        "The same at x = u: what to expect behind the proxy u.",
        ranges=ranges,
        names=((_MEAN(_ANY), law),),
    )


def _one_formula(v: _Values, before: sympy.Expr, density: sympy.Expr, here: str) -> Step:
    """The formula that all laws of the error share, checked for the density of this one."""
    return Step(
        "one-formula",
        "Only the slope of the proxy's density counts",
        "identity",
        before,
        _slope_of_log(v, _DENSITY(_ANY)),
        f"{_FORMULA} {here}",
        letters=True,
        names=((_DENSITY(_ANY), density),),
    )


def _slope_of_log(v: _Values, density: sympy.Expr) -> sympy.Expr:
    logarithm = sympy.log(density, evaluate=False)
    return sympy.Mul(-1, v["value_spread"] ** 2, sympy.Derivative(logarithm, _ANY), evaluate=False)


def _observed_gaussian(v: _Values) -> tuple[Step, ...]:
    spread, scale = v["value_spread"], v["error_scale"]
    bayes = _bayes(v, "gaussian")
    density = _gaussian(_ANY, sympy.sqrt(spread**2 + scale**2))
    law = _ANY * spread**2 / (spread**2 + scale**2)
    return (
        bayes,
        _one_formula(v, bayes.after, density, "Here p is Gaussian, and the variances of value and error add."),
        Step(
            "slope",
            "A straight line",
            "identity",
            _slope_of_log(v, density),
            law,
            "The logarithm of a Gaussian is a parabola, and its slope a straight line. One gets less than one sees, by "
            "a fixed share; yet a higher proxy always means a higher true value, without end.",
            letters=True,
        ),
        _put_in(law, v["proxy"]),
    )


def _observed_laplace(v: _Values) -> tuple[Step, ...]:
    spread, scale = v["value_spread"], v["error_scale"]
    bayes = _bayes(v, "laplace")
    density = sympy.Add(*_laplace_sides(_ANY, spread, scale))
    law = _laplace_mean(_ANY, spread, scale)
    return (
        bayes,
        _one_formula(
            v,
            bayes.after,
            density,
            "Here p has two parts, from errors below and above 0; both integrals are Gaussian tails.",
        ),
        Step(
            "slope",
            "Take the slope",
            "identity",
            _slope_of_log(v, density),
            law,
            "The slopes of the two Gaussian tails cancel; what is left is the slopes of the two exponentials.",
        ),
        Step(
            "plateau",
            "A plateau",
            "leading-order",
            law,
            spread**2 / scale,
            "Far out only the part from errors above 0 is left. From there on a higher proxy says nothing more about "
            "the value: all of the rest is error.",
            limit=Limit(_ANY, "oo", sharp=True),
        ),
        _put_in(law, v["proxy"]),
    )


def _laplace_mean(x: sympy.Expr, spread: sympy.Expr, scale: sympy.Expr) -> sympy.Expr:
    below, above = _laplace_sides(x, spread, scale)
    return spread**2 / scale * _average(above - below, above + below)


def _observed_student(v: _Values) -> tuple[Step, ...]:
    spread, scale, nu = (v[name] for name in ("value_spread", "error_scale", "degrees"))
    bayes = _bayes(v, "student")
    gap = _ANY - spread * _STANDARD
    pull = (nu + 1) * gap / (nu * scale**2 + gap**2)
    density = _weighed(v, "student", sympy.Integer(1))
    law = spread**2 * _average(_weighed(v, "student", pull), density)
    return (
        bayes,
        _one_formula(v, bayes.after, density, "Here p has no closed form; it is the integral below the line before."),
        Step(
            "slope",
            "Take the slope under the integral",
            "identity",
            _slope_of_log(v, density),
            law,
            "The slope of p is the integral of the slope of the error's density, which is that density times minus "
            "(nu + 1) e over nu sigma_E^2 + e^2, at the error e = x - sigma_V z.",
            letters=True,
        ),
        Step(
            "tail",
            "Far out the value is lost",
            "leading-order",
            law,
            (nu + 1) * spread**2 / _ANY,
            "Far beyond both spreads p falls as the power nu + 1, so the slope of its logarithm is -(nu + 1)/x. An "
            "extreme proxy is then nearly all error: the value behind it returns to its mean, 0, and never crosses it.",
            limit=Limit(_ANY, "oo", sharp=True),
            letters=True,
        ),
        _put_in(law, v["proxy"]),
    )


def _dependent(v: _Values) -> tuple[Step, ...]:
    spread, scale, rho, u = (v[name] for name in ("value_spread", "error_scale", "correlation", "proxy"))
    shared = spread**2 + rho * spread * scale
    total = spread**2 + scale**2 + 2 * rho * spread * scale
    # Given v = sigma_V*z, a correlated Gaussian error has the mean rho*sigma_E*z and the rest of its variance.
    rest = _ANY - (spread + rho * scale) * _STANDARD
    weight = _gaussian(_STANDARD, sympy.Integer(1)) * _gaussian(rest, scale * sympy.sqrt(1 - rho**2))
    mean = _average(_whole(spread * _STANDARD * weight, _STANDARD), _whole(weight, _STANDARD))
    return (
        Step(
            "bayes",
            "Average over what may lie behind the proxy",
            "premise",
            _MEAN(_ANY),
            mean,
            "As without correlation, but the error now leans with the value: behind the value sigma_V z its mean is "
            "rho sigma_E z, and a share 1 - rho^2 of its variance is left.",
            ranges=_CLOSE,
            letters=True,
        ),
        Step(
            "covariance",
            "Covariance over variance",
            "identity",
            mean,
            _ANY * shared / total,
            "For jointly Gaussian variables the conditional mean is a straight line whose slope is the covariance of V "
            "and U over the variance of U. It is negative as soon as rho < -sigma_V/sigma_E: then selecting for the "
            "proxy selects against the value. No independent error does that.",
            ranges=_CLOSE,
            letters=True,
        ),
        _put_in(_ANY * shared / total, u, _CLOSE),
    )


def _mixed(value: sympy.Expr) -> sympy.Expr:
    """The average of a value over the precision of a Student-t error, in names."""
    return _whole(_WEIGHT(_MIXED) * value, _MIXED)


def _mixture(v: _Values) -> tuple[tuple[AppliedUndef, sympy.Expr], ...]:
    """What the names of the mixture that a Student-t error is stand for."""
    nu = v["degrees"]
    precision = sympy.exp(_MIXED - sympy.exp(-_MIXED))
    weight = (
        (1 + sympy.exp(-_MIXED))
        * (nu / 2) ** (nu / 2)
        / sympy.gamma(nu / 2)
        * sympy.exp(nu * (_MIXED - sympy.exp(-_MIXED) - _PRECISION(_MIXED)) / 2)
    )
    return (_WEIGHT(_MIXED), weight), (_PRECISION(_MIXED), precision)


def _student_proxy(v: _Values, x: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """The density of the proxy and P(proxy > x) for a Student-t error, in names of the mixture."""
    precision = _PRECISION(_MIXED)
    total = v["value_spread"] ** 2 * precision + v["error_scale"] ** 2
    density = sympy.sqrt(precision / (2 * sympy.pi * total)) * sympy.exp(-(x**2) * precision / (2 * total))
    far = x * sympy.sqrt(precision / (2 * total))
    return _mixed(density), _mixed(sympy.erfc(far) / 2)


def _student_steps(v: _Values) -> tuple[Step, ...]:
    """That a Student-t error is a mixture of Gaussian ones, and what that makes of the proxy."""
    spread, scale, nu = (v[name] for name in ("value_spread", "error_scale", "degrees"))
    precision, names = _PRECISION(_MIXED), _mixture(v)
    norm = sympy.gamma((nu + 1) / 2) / (sympy.gamma(nu / 2) * scale * sympy.sqrt(sympy.pi * nu))
    mixture = sympy.sqrt(precision / (2 * sympy.pi)) / scale * sympy.exp(-(_ERROR**2) * precision / (2 * scale**2))
    beside = _student(_POINT - spread * _STANDARD, scale, nu)
    return (
        Step(
            "weights",
            "Draw the size of the error first",
            "premise",
            _WEIGHT(_MIXED),
            names[0][1],
            "A Student-t error is a Gaussian one whose variance is drawn too: sigma_E^2 over a chi-squared variable "
            "divided by nu, here written lambda(y) = exp(y - exp(-y)), so that y runs over the whole line. w(y) is the "
            "density of y. That is a definition; the next line shows that it gives Student's law.",
            letters=True,
        ),
        Step(
            "mixture",
            "That is a Student-t error",
            "identity",
            _mixed(mixture),
            norm * _student(_ERROR, scale, nu),
            "Average the Gaussian densities of an error e over y: Student's density.",
            ranges=_BROAD,
            letters=True,
            names=names,
        ),
        Step(
            "proxy-law",
            "The density of the proxy",
            "identity",
            norm * _whole(_density(_STANDARD, sympy.Integer(1)) * beside, _STANDARD),
            _student_proxy(v, _POINT)[0],
            "For each y the error is Gaussian, and so is the proxy: the variances add. Call the average p(x).",
            ranges=_BROAD,
            letters=True,
            names=names,
        ),
    )


def _threshold(v: _Values, error: str) -> tuple[Step, ...]:
    spread, scale, u = v["value_spread"], v["error_scale"], v["proxy"]
    gap = u - _ERROR
    gain, passing = spread**2 * _density(gap, spread), _above(gap, spread)
    if error == "laplace":
        mean = _average(
            *(
                sympy.Integral(part * sympy.exp(_ERROR / scale), (_ERROR, -sympy.oo, 0))
                + sympy.Integral(part * sympy.exp(-_ERROR / scale), (_ERROR, 0, sympy.oo))
                for part in (gain, passing)
            )
        )
    else:
        law = _gaussian(_ERROR, scale) if error == "gaussian" else _student(_ERROR, scale, v["degrees"])
        mean = _average(_whole(gain * law, _ERROR), _whole(passing * law, _ERROR))
    steps = [
        Step(
            "tail-mean",
            "What a Gaussian value brings beyond a threshold",
            "identity",
            sympy.Integral(_VALUE * _density(_VALUE, spread), (_VALUE, _ANY, sympy.oo)),
            spread**2 * _density(_ANY, spread),
            "v times the Gaussian density is minus the variance times its derivative, so the integral is the density "
            "at its lower end, times the variance. It is positive wherever the threshold x lies.",
        ),
        Step(
            "mix",
            "Average over the error",
            "premise",
            _ABOVE,
            mean,
            "With an error e a candidate passes when its value is at least u - e. Average over e what such values "
            "bring, and divide by the share of candidates that pass. Everything in it is positive, whatever the law of "
            "the error: as long as the error is independent, selection never brings the value below its mean, 0.",
        ),
    ]
    names: tuple[tuple[AppliedUndef, sympy.Expr], ...] = ()
    if error == "gaussian":
        whole = sympy.sqrt(spread**2 + scale**2)
        closed = spread**2 * _average(_density(u, whole), _above(u, whole))
    elif error == "laplace":
        density, tail, _ = _laplace_proxy(u, spread, scale)
        closed = spread**2 * _average(density, tail)
    else:
        # Ids of their own: a page orders steps by their ids, and the best of n has other steps around these.
        steps += [replace(step, id=f"threshold-{step.id}") for step in _student_steps(v)]
        density, tail = _student_proxy(v, _POINT)
        steps.append(
            Step(
                "share",
                "The share that passes",
                "identity",
                sympy.Mul(-1, sympy.Derivative(tail, _POINT), evaluate=False),
                _DENSITY(_POINT),
                "For each y the share of proxies above x is a Gaussian tail. Call its average Q(x): its slope is minus "
                "the density p(x).",
                ranges=_BROAD,
                letters=True,
                names=((_DENSITY(_POINT), density), *_mixture(v)),
            )
        )
        closed = spread**2 * _DENSITY(u) / _TAIL(u)
        names = (_DENSITY(_POINT), density), (_TAIL(_POINT), tail), *_mixture(v)
    steps.append(
        Step(
            "hazard",
            "The variance times the density over the tail",
            "identity",
            mean,
            closed,
            "Averaging over the error turns the densities of the value into those of the proxy: the gain is the "
            "variance of V times the proxy's density at the threshold, divided by the share that passes."
            + (" For t errors too: it holds for any error that is independent." if names else ""),
            ranges=_BROAD if names else (),
            letters=bool(names),
            names=names,
        )
    )
    return tuple(steps)


_POSITIVE = (
    "V(x) times p(x) is minus the variance times the slope of p(x); integrate by parts. What is left is positive for n "
    "of 2 or more, and 0 for n = 1: picking the best by a proxy with an independent error never does worse than "
    "picking blindly."
)


def _best_of_n(v: _Values, error: str) -> tuple[Step, ...]:
    spread, scale, n = v["value_spread"], v["error_scale"], v["samples"]
    if n == 1:
        alone = "With one candidate there is nothing to select: its mean value is that of all candidates, 0."
        return (Step("alone", "One candidate", "premise", _BEST, sympy.Integer(0), alone),)
    if error != "gaussian":
        return _best_by_names(v, error)
    x, unit = _STANDARD, spread**2 / sympy.sqrt(spread**2 + scale**2)
    density, rank = _density(x, sympy.Integer(1)), _below(x, sympy.Integer(1))
    before = unit * _whole(x * n * density * rank ** (n - 1), x)
    # At n = 1 the factor n - 1 is 0; F, which is 0 in a page's numbers far out, must have no power below 0 then.
    after = unit * n * (n - 1) * _whole(density**2 * rank ** sympy.Max(n - 2, 0), x)
    return (
        Step(
            "highest",
            "The highest of n proxies",
            "premise",
            _BEST,
            before,
            "The highest of n independent proxies has the density n p F^(n - 1), where F is the probability of a lower "
            "proxy: any of the n may be the highest, and the others lie below. Measured in the spread of the proxy, "
            "the proxy is a standard Gaussian z, and the value behind it a straight line.",
        ),
        Step("by-parts", "Every factor is positive", "identity", before, after, _POSITIVE, ranges=_MANY),
    )


def _best_by_names(v: _Values, error: str) -> tuple[Step, ...]:
    """The steps for an error whose proxy has a density p and a rank F that are long; the lines hold their names."""
    spread, scale, n = v["value_spread"], v["error_scale"], v["samples"]
    if error == "laplace":
        density, _, rank = _laplace_proxy(_POINT, spread, scale)
        kept: tuple[tuple[AppliedUndef, sympy.Expr], ...] = ()
        mean = _laplace_mean(_POINT, spread, scale)
        weight = _density(_STANDARD, sympy.Integer(1)) / (2 * scale)
        how = "V(x) is the curve with a plateau, minus the variance times the slope of log p(x)."
        first: tuple[Step, ...] = (
            Step(
                "proxy-law",
                "The density of the proxy",
                "identity",
                _beside_laplace(weight, _POINT, spread, scale),
                density,
                "A value sigma_V z and the error x - sigma_V z together show x. Both integrals are Gaussian tails. "
                "Call the sum p(x).",
                letters=True,
            ),
        )
    else:
        density, tail = _student_proxy(v, _POINT)
        # Not the integral of the other tails: near 1, what F lacks counts, and n multiplies its error.
        rank = 1 - tail
        kept = _mixture(v)
        precision = _PRECISION(_MIXED)
        total = spread**2 * precision + scale**2
        pull = precision / total * sympy.sqrt(precision / (2 * sympy.pi * total))
        slope = _mixed(_POINT * pull * sympy.exp(-(_POINT**2) * precision / (2 * total)))
        mean = spread**2 * _average(slope, density)
        how = "V(x) is minus the variance times the slope of log p(x), as behind an exact proxy."
        first = _student_steps(v)
    named = (_DENSITY(_POINT), density), (_RANK(_POINT), rank)
    before = n * _whole(_MEAN(_POINT) * _DENSITY(_POINT) * _RANK(_POINT) ** (n - 1), _POINT)
    after = spread**2 * n * (n - 1) * _whole(_DENSITY(_POINT) ** 2 * _RANK(_POINT) ** (n - 2), _POINT)
    # For Laplace errors in units of 2 sigma_E the interval [-15, 15], which code integrates over, holds all that
    # counts for n up to 10^4, and its steps are small enough for a value as narrow as a quarter of the error.
    unit = 2 * scale if error == "laplace" else spread + scale
    at = unit * _STANDARD
    inside = _whole((unit * _DENSITY(at)) ** 2 * _RANK(at) ** (n - 2), _STANDARD)
    many = _MANY + (_BROAD if error == "student" else ())
    return (
        *first,
        Step(
            "rank",
            "The probability of a lower proxy",
            "identity",
            sympy.Derivative(rank, _POINT),
            _DENSITY(_POINT),
            "Differentiate what is to be F(x), the probability that a proxy lies below x: the slope is the density "
            "p(x), and far down it is 0.",
            ranges=many,
            letters=True,
            names=(named[0], *kept),
        ),
        Step(
            "highest",
            "The highest of n proxies",
            "premise",
            _BEST,
            before,
            "The highest of n independent proxies has the density n p F^(n - 1): any of the n may be the highest, and "
            f"the others lie below. {how}",
            letters=True,
        ),
        Step(
            "by-parts",
            "Every factor is positive",
            "identity",
            before,
            after,
            _POSITIVE
            + (
                " Yet with heavy tails it does not last: with three degrees of freedom and both scales 1 it rises to "
                "0.879 at n = 22, is 0.866 at n = 32 and falls to 0.217 at n = 4096."
                if error == "student"
                else ""
            ),
            ranges=many,
            letters=True,
            names=((_MEAN(_POINT), mean), *named, *kept),
        ),
        Step(
            "units",
            "Count in units that fit",
            "identity",
            after,
            spread**2 / unit * n * (n - 1) * inside,
            f"Put x = {'2 sigma_E z' if error == 'laplace' else '(sigma_V + sigma_E) z'}, so that the sum that "
            "stands for the integral has steps of the right size; p(x) becomes the density of z.",
            ranges=many,
            letters=True,
            names=(*named, *kept),
        ),
    )


def _divergence(n: sympy.Expr) -> sympy.Expr:
    return sympy.log(n) - (n - 1) / n


def _reward(question: str, v: _Values, distance: sympy.Expr) -> sympy.Expr:
    lost = distance if question == "reward-best-of-n" else sympy.log(distance)
    return distance * (v["gain"] - v["cost"] * lost)


def _reward_steps(question: str, v: _Values) -> tuple[Step, ...]:
    a, b, n = v["gain"], v["cost"], v["samples"]
    best_of_n = question == "reward-best-of-n"
    law = _reward(question, v, _DISTANCE)
    ratio = n * _SHARE ** (n - 1)
    peak = _peak(question, v)
    divergence = Step(
        "divergence",
        "How far best of n moves",
        "identity",
        sympy.Integral(ratio * sympy.log(ratio), (_SHARE, 0, 1)),
        _divergence(n),
        "A candidate better than a share t of the others is picked with the density n t^(n - 1) instead of 1. The "
        "integral is the divergence of what is picked from what is drawn, exact without ties and else an upper bound; "
        "the distance delta is its square root.",
        source=_BEIRAMI,
    )
    slope = a - 2 * b * _DISTANCE if best_of_n else a - b - b * sympy.log(_DISTANCE)
    level = (a, 2 * b * _DISTANCE) if best_of_n else (a - b, b * sympy.log(_DISTANCE))
    return (
        *((divergence,) if best_of_n else ()),
        Step(
            "fit",
            "The fitted curve",
            "premise",
            sympy.Function("R")(_DISTANCE),
            law,
            "A fit to measurements, not a theorem: the true reward against delta, the square root of the divergence "
            "from the start (natural logarithm), while a learned reward is optimised."
            + ("" if best_of_n else " Near delta = 0 the fit fails: its slope there is infinite."),
            source=_GAO,
        ),
        Step(
            "slope",
            "Its slope",
            "identity",
            sympy.Derivative(law, _DISTANCE),
            slope,
            "Differentiate. The slope falls all the way: what the proxy still gains, the true reward gains less and "
            "less.",
        ),
        Step(
            "peak",
            "Where it turns down",
            "identity",
            sympy.Eq(*level, evaluate=False),
            sympy.Eq(_DISTANCE, peak, evaluate=False),
            "The reward is highest where its slope is 0. Beyond that distance more optimisation makes things worse.",
        ),
        Step(
            "height",
            "How high it gets",
            "identity",
            _put_into(question, v, peak),
            a**2 / (4 * b) if best_of_n else b * peak,
            "Put the distance of the peak into the curve.",
            letters=True,
        ),
    )


def _put_into(question: str, v: _Values, peak: sympy.Expr) -> sympy.Expr:
    """The curve with the distance of the peak put in, and nothing worked out yet."""
    lost = peak if question == "reward-best-of-n" else sympy.log(peak, evaluate=False)
    taken = sympy.Mul(-1, v["cost"], lost, evaluate=False)
    return sympy.Mul(peak, sympy.Add(v["gain"], taken, evaluate=False), evaluate=False)


def _peak(question: str, v: _Values) -> sympy.Expr:
    a, b = v["gain"], v["cost"]
    return a / (2 * b) if question == "reward-best-of-n" else sympy.exp(a / b - 1)


def _quantities(question: str, error: str, v: _Values) -> tuple[Quantity, ...]:
    if question == "reward-best-of-n":
        distance = sympy.sqrt(_divergence(v["samples"]))
        reached = sympy.Symbol("delta_n", nonnegative=True)
        return (
            Quantity("peak", "distance of the peak", sympy.Symbol("delta_max", positive=True), _peak(question, v)),
            Quantity("distance", "distance of best of n", reached, distance),
            Quantity("reward", "fitted reward of best of n", sympy.Symbol("R_n"), _reward(question, v, distance)),
        )
    if question == "reward-rl":
        symbol = sympy.Symbol("delta_max", positive=True)
        return (Quantity("peak", "distance of the peak", symbol, _peak(question, v)),)
    if question == "observed" and error == "laplace":
        plateau = v["value_spread"] ** 2 / v["error_scale"]
        return (Quantity("plateau", "the plateau", sympy.Symbol("V_oo"), plateau),)
    if question == "observed" and error == "student":
        tail = (v["degrees"] + 1) * v["value_spread"] ** 2 / v["proxy"]
        return (Quantity("tail", "the law for large u alone", sympy.Symbol("V_tail"), tail),)
    return ()


_HOLDS = (
    "V is Gaussian with mean 0. With another law of V the formula changes; that an independent error never brings the "
    "mean of V below what it was stays true for a threshold and for the best of n.",
    "The error is independent of the value unless the switch says otherwise. For a threshold and for the best of n, "
    "falling below the mean needs dependence. Behind one exact proxy an independent error with several peaks could do "
    "it too; the three laws here have one peak, and none does.",
    "This illustrates the argument of the post on bootstrapped alignment. It is not from the post, which defines no "
    "quantities.",
)
_FIT_HOLDS = (
    "The form was fitted to language models trained or selected against a learned reward; elsewhere it is a guess.",
    "delta is the square root of the divergence in natural units; the coefficients change with the size of the models "
    "and belong to one setting.",
    "Which error the proxy makes does not enter: the fit describes what was measured, not why.",
    "This illustrates the argument of the post on bootstrapped alignment. It is not from the post, which defines no "
    "quantities.",
)

_ASSUMPTIONS = (
    Assumption("proxy", "One selects by U = V + E, the true value V plus an error E, and sees nothing else."),
    Assumption("gaussian", "V is Gaussian with mean 0 and standard deviation sigma_V; E is symmetric around 0."),
)
_INDEPENDENT = Assumption("independent", "The error E is independent of the true value V.")
_LEANING = Assumption("dependent", "The error E and the true value V are jointly Gaussian with correlation rho.")
_FIT_ASSUMPTIONS = (
    Assumption("fit", "The published forms of the reward curves are taken as they are, with coefficients a, b > 0."),
)

_MEANING = {
    "observed": "Exact for a Gaussian value and this error: the mean true value of all that show the proxy u. As a "
    "picture of the argument about optimisation it is an illustration.",
    "threshold": "Exact for a Gaussian value and this error: the mean true value of all that reach the threshold u. "
    "It is positive for every independent error.",
    "best-of-n": "Exact for a Gaussian value and this error: the mean true value of the one candidate that is kept. It "
    "is positive from n = 2 on for every independent error.",
    "reward-best-of-n": "The highest point of a curve that was fitted to measurements; the algebra is exact, the curve "
    "is not a law.",
    "reward-rl": "The highest point of a curve that was fitted to measurements; the algebra is exact, the curve is not "
    "a law.",
}

_SILENT_DEPENDENT = (
    "For an error that depends on the value the formula does not hold, and a correlation alone does not say what "
    "selection does: that takes their joint law. Here it is worked out for Gaussian errors and an exact proxy only."
)


def _steps(question: str, error: str, dependent: bool, v: _Values) -> tuple[Step, ...]:
    if question.startswith("reward"):
        return _reward_steps(question, v)
    if dependent:
        return _dependent(v)
    if question == "threshold":
        return _threshold(v, error)
    if question == "best-of-n":
        return _best_of_n(v, error)
    return {"gaussian": _observed_gaussian, "laplace": _observed_laplace, "student": _observed_student}[error](v)


def _reward_curves(question: str, v: _Values) -> tuple[Curve, ...]:
    """The chosen curve first; the other one has an id of its own, since a page draws a curve in one way."""
    names = {"reward-best-of-n": "Best of n", "reward-rl": "Reinforcement learning"}
    (other,) = set(names) - {question}
    return (
        Curve(question, names[question], _DISTANCE, _reward(question, v, _DISTANCE)),
        Curve(f"other-{other}", names[other], _DISTANCE, _reward(other, v, _DISTANCE)),
    )


def _curves(question: str, error: str, dependent: bool, v: _Values) -> tuple[Curve, ...]:
    if question.startswith("reward"):
        return _reward_curves(question, v)
    if dependent:
        gaussian = Curve("gaussian", "Gaussian error", _ANY, _observed_gaussian(v)[2].after)
        return gaussian, Curve("dependent", "Correlated Gaussian error", _ANY, _dependent(v)[1].after)
    name, title = "student", "Student-t error"
    if error != "student":
        # Beside another error the degrees of freedom are no setting.
        name, title, v = "student-3", "Student-t error, 3 degrees of freedom", {**v, "degrees": sympy.Integer(3)}
    spread, scale = v["value_spread"], v["error_scale"]
    wide, near = 3 * scale - spread, _FARTHEST * scale - _ANY
    if question == "best-of-n" and error == "student":
        return ()  # one number of it takes a page most of a frame, and a curve has many
    if question == "best-of-n":
        # The abscissa is the number of doublings: n = 2^x, from n = 2 on.
        many = {**v, "samples": 2**_ANY}
        return tuple(
            Curve(law, f"{law.capitalize()} error", _ANY, _law(question, law, many), where=where)
            for law, where in (("gaussian", _ANY - 1), ("laplace", sympy.Min(_ANY - 1, wide, 4 * spread - scale)))
        )
    at = {**v, "proxy": _ANY}
    close = 900 * (spread**2 + scale**2) - _ANY**2 if question == "threshold" else None
    far = _FARTHEST_STUDENT * scale - _ANY if question == "threshold" else wide
    return (
        Curve("gaussian", "Gaussian error", _ANY, _law(question, "gaussian", at), where=close),
        Curve("laplace", "Laplace error", _ANY, _law(question, "laplace", at), where=sympy.Min(wide, near)),
        Curve(name, title, _ANY, _law(question, "student", at), where=far),
    )


def _law(question: str, error: str, v: _Values) -> sympy.Expr:
    """The answer for an independent error, without its names."""
    last = _steps(question, error, False, v)[-1]
    return unfold(last.after, last.names)


def _build(values: Mapping[str, sympy.Expr], options: Mapping[str, Option]) -> Derivation:
    question, error = options["question"].id, options["error"].id
    fit = question.startswith("reward")
    dependent = options["dependence"].id == "dependent" and not fit
    silence = ""
    if dependent and (error != "gaussian" or question != "observed"):
        silence = _SILENT_DEPENDENT
    steps = () if silence else _steps(question, error, dependent, values)
    symbols = {"observed": _OBSERVED, "threshold": _ABOVE, "best-of-n": _BEST}
    result = None
    if not silence:
        meaning = _MEANING[question]
        if dependent:
            meaning = (
                "Exact for a jointly Gaussian value and error. Negative values, worse than no selection at all, need "
                "rho < -sigma_V/sigma_E."
            )
        last = steps[-1]
        result = Result(
            symbols.get(question, _PEAK),
            unfold(last.after, last.names),
            "illustration",
            meaning,
            _FIT_HOLDS if fit else _HOLDS,
            () if dependent else _quantities(question, error, values),
            # The last line in other units is the same and longer.
            letters=(last.before if last.id == "units" else last.after)
            if last.names and question != "observed"
            else None,
        )
    return Derivation(
        CALCULATOR.id,
        tuple((parameter.id, values[parameter.id]) for parameter in _PARAMETERS),
        tuple((name, option.id) for name, option in options.items()),
        _FIT_ASSUMPTIONS if fit else (*_ASSUMPTIONS, _LEANING if dependent else _INDEPENDENT),
        steps,
        result,
        _curves(question, error, dependent, values),
        silence=silence,
        axes=_AXES[question],
    )


_NARROW = (
    "For this error the true value may spread at most three times as far as the error's scale: beyond that the sums "
    "that stand for integrals lose digits, and so do the exponentials of the closed forms. A Gaussian error has no "
    "such limit, and nearly all of a proxy this good is value."
)
_SILENCES = (
    *(
        Silence(_NARROW, 3 * _SCALE, _SPREAD, (("question", question), ("error", error), ("dependence", "independent")))
        for question, error in (
            ("observed", "laplace"),
            ("observed", "student"),
            ("threshold", "laplace"),
            ("best-of-n", "laplace"),
        )
    ),
    *(
        Silence(
            f"For a Laplace error the proxy may lie at most {_FARTHEST} scales of the error above the mean: farther "
            "out the exponentials of the closed form grow beyond what numbers of a page can hold. The value there is "
            "the plateau, the variance of V over the scale, as closely as such numbers can say.",
            _FARTHEST * _SCALE,
            _PROXY,
            (("question", question), ("error", "laplace"), ("dependence", "independent")),
        )
        for question in ("observed", "threshold")
    ),
    Silence(
        f"For a Student-t error the threshold may lie at most {_FARTHEST_STUDENT} scales of the error above the mean: "
        "farther out the sum that stands for the integral has too few points where it counts. The value falls there "
        "as the threshold's inverse.",
        _FARTHEST_STUDENT * _SCALE,
        _PROXY,
        (("question", "threshold"), ("error", "student"), ("dependence", "independent")),
    ),
    Silence(
        "For a Laplace error and the best of n the error's scale may be at most four times the spread of the true "
        "value: the sum that stands for the integral has steps too wide for a narrower value.",
        4 * _SPREAD,
        _SCALE,
        (("question", "best-of-n"), ("error", "laplace"), ("dependence", "independent")),
    ),
    Silence(
        f"For a Student-t error and the best of n the true value may spread at most {_WIDEST:,} times as far as the "
        "error's scale: beyond it the sums that stand for the integrals lose digits, and a proxy is nearly all value.",
        _WIDEST * _SCALE,
        _SPREAD,
        (("question", "best-of-n"), ("error", "student"), ("dependence", "independent")),
    ),
    Silence(
        "The threshold lies more than 30 spreads of the proxy above its mean. The share that passes, below "
        "1 in 10^197, is near the smallest number that a page can hold.",
        900 * (_SPREAD**2 + _SCALE**2),
        _PROXY**2,
        (("question", "threshold"), ("error", "gaussian"), ("dependence", "independent")),
    ),
)
"""Where the arithmetic of a page ends; the mathematics does not."""

CALCULATOR = Calculator(
    "goodhart",
    "What selecting on a proxy does",
    "When one selects by a proxy that errs, how much of the true value does one get, and can one end up with less?",
    _PARAMETERS,
    (
        Choice(
            "question",
            "How one selects",
            start="observed",
            options=lambda: _QUESTIONS,
            default="observed",
            meaning="By an exact value of the proxy, by a threshold, by the best of n, or along a fitted reward curve.",
        ),
        Choice(
            "error",
            "Law of the error",
            start="gaussian",
            options=lambda: _ERRORS,
            default="gaussian",
            meaning="How heavy the tails of the proxy's error are.",
            only=(("question", ("observed", "threshold", "best-of-n")),),
        ),
        Choice(
            "dependence",
            "Error and value",
            start="independent",
            options=lambda: _DEPENDENCE,
            default="independent",
            meaning="Whether the error may lean with the value.",
            only=(("question", ("observed", "threshold", "best-of-n")),),
        ),
    ),
    (_GARRABRANT, _GAO, _BEIRAMI),
    _build,
    columns=tuple(
        Column(
            f"{error.title} error, u = {u}, n = {n:,}" + (", 3 degrees of freedom" if error.id == "student" else ""),
            {
                "error": error.id,
                "value_spread": "1",
                "error_scale": "1",
                "degrees": "3",
                "proxy": str(u),
                "samples": str(n),
                "gain": "2",
                "cost": "1",
            },
        )
        for u, n in ((2, 22), (10, 4096))
        for error in _ERRORS
    ),
    row_parameter="question",
    row_values=tuple(option.id for option in _QUESTIONS),
    row_notes={
        "observed": "Spread and scale are 1. A Gaussian error leaves a fixed share, a Laplace error a plateau at 1; "
        "with a Student-t error an extreme proxy is nearly all error.",
        "threshold": "The same order, and everywhere above 0, the mean of all candidates.",
        "best-of-n": "With a Student-t error the best of 22 is the highest of all n; at 4,096 most of it is lost.",
        "reward-best-of-n": "The peak for a = 2 and b = 1; the error's law, u and n do not enter.",
        "reward-rl": "The peak for a = 2 and b = 1; the error's law, u and n do not enter.",
    },
    belongs=("bootstrapped-alignment",),
    silences=_SILENCES,
    against=(
        "A Gaussian value, an independent error of known law and size: the mean true value of at least 10,000 "
        "candidates whose proxy is near u, that reach the threshold, or that are kept as the best of n, more than "
        "four standard errors away from the formula would count against it.",
        "An error that is independent by construction, with any law: a mean true value below the overall mean, "
        "beyond a threshold or for the best of n, by more than four standard errors would refute it. Where "
        "independence was only assumed, the same finding shows that the assumption is wrong.",
        "A Student-t error: u times the mean true value at u must tend to (nu + 1) times the variance of V. A "
        "quotient of the two that is farther than 5 % from 1, at u beyond 50 times both scales, would count "
        "against it.",
        "The fitted reward curves: policies pushed beyond the fitted peak, by a quarter of its distance or more, "
        "whose true reward is still as high as at the peak within its standard error, would count against the "
        "fitted form in that setting.",
        "Nothing here counts for or against the post. It says that every optimiser in the end fails; these are "
        "models in which some do and some do not.",
    ),
)
