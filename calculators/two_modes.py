"""What one Gaussian costs against a two-way categorical variable, for a future that has two modes.

The future is at +a or at -a with equal chance and is seen with the resolution sigma. Lengths are counted in sigma, so
that one number is left: the separation rho = (a/sigma)^2.
"""

from __future__ import annotations

import sympy

from calculators.derivation import Limit, Step

NOISE = sympy.Symbol("n", real=True)
"""A standard normal number: what the resolution leaves open."""
PLACE = sympy.Symbol("y", real=True)
"""Where the future is seen, in units of sigma."""
VARIANCE = sympy.Symbol("v", positive=True)
"""The variance of the one Gaussian, in units of sigma^2."""
BREAK_EVEN = sympy.Symbol("rho_0", positive=True)
"""The separation at which both variables have the same rate."""
MODE, RESOLUTION = sympy.Symbol("a", positive=True), sympy.Symbol("sigma", positive=True)


def _density(distance: sympy.Expr) -> sympy.Expr:
    """The standard normal density."""
    # Unevaluated: SymPy would take the root apart.
    return sympy.exp(-(distance**2) / 2) * sympy.Pow(2 * sympy.pi, -sympy.Rational(1, 2), evaluate=False)


def _normal_mean(function: sympy.Expr) -> sympy.Integral:
    """The mean of a function of `NOISE` over the standard normal distribution, not evaluated."""
    return sympy.Integral(_density(NOISE) * function, (NOISE, -sympy.oo, sympy.oo))


def overlap(separation: sympy.Expr) -> sympy.Integral:
    """What one does not know about the mode after having seen the future [nats]: log 2 minus the information.

    Args:
        separation: rho, positive.

    Source: the capacity of the Gaussian channel with two inputs; textbook.
    """
    return _normal_mean(sympy.log(1 + sympy.exp(-2 * separation - 2 * sympy.sqrt(separation) * NOISE)))


def excess_rate(separation: sympy.Expr) -> sympy.Expr:
    """What the rate of one Gaussian is above that of two classes [nats]; `rate_steps` derives it."""
    return sympy.log(1 + separation) / 2 - sympy.log(2)


def excess_log_loss(separation: sympy.Expr) -> sympy.Expr:
    """What the log loss of one Gaussian is above that of the truth [nats]; `log_loss_steps` derives it."""
    return excess_rate(separation) + overlap(separation)


def _surplus(rho: sympy.Expr) -> sympy.Expr:
    """(x - 1 - log x)/2 at x = (1 + rho)/v: what a variance v other than 1 + rho adds."""
    ratio = (1 + rho) / VARIANCE
    return (ratio - 1 - sympy.log(ratio)) / 2


def _world(rho: sympy.Expr) -> Step:
    return Step(
        "two-modes",
        "A future with two modes",
        "premise",
        PLACE,
        sympy.sqrt(rho) + NOISE,
        "The future is at +a or -a with equal chance and is seen with the resolution sigma: in units of sigma it is "
        "the square root of rho plus a standard normal number n, or minus that root. By symmetry it is enough to "
        "follow the plus. This is the smallest world in which a Gaussian cannot be right; it is ours, not the paper's.",
    )


def rate_steps(separation: sympy.Expr) -> tuple[Step, ...]:
    """The steps to the excess rate of one Gaussian [nats], log(1 + rho)/2 - log 2.

    Args:
        separation: rho, positive.

    Valid for: a prior that knows nothing about the mode, a posterior that knows it.
    """
    rho, v, n = separation, VARIANCE, NOISE
    ratio = (sympy.sqrt(rho) + n) ** 2 / (2 * v) - n**2 / 2 + sympy.log(v) / 2
    divergence = (sympy.log(v) + (1 + rho) / v - 1) / 2
    return (
        _world(rho),
        Step(
            "divergence",
            "The rate of one Gaussian",
            "identity",
            _normal_mean(ratio),
            divergence,
            "The posterior is a Gaussian of variance 1 at the mode that was seen, the prior one of variance v around "
            "0. The rate is the divergence of the first from the second: the mean of the log of their ratio.",
        ),
        Step(
            "best-prior",
            "The best variance",
            "identity",
            divergence,
            sympy.Add(sympy.log(1 + rho) / 2, _surplus(rho), evaluate=False),
            "The second part is half of x - 1 - log x with x = (1 + rho)/v, which is never negative and 0 at x = 1 "
            "alone. So v = 1 + rho is best, and half the log of 1 + rho is left.",
        ),
        Step(
            "break-even",
            "Where the two are even",
            "identity",
            sympy.Eq(sympy.log(1 + BREAK_EVEN) / 2, sympy.log(2), evaluate=False),
            sympy.Eq(BREAK_EVEN, sympy.Integer(3), evaluate=False),
            "A categorical variable with two equally likely classes names the mode at the rate log 2. The two rates "
            "are equal at 1 + rho = 4.",
        ),
        Step(
            "excess-rate",
            "What the Gaussian pays more",
            "identity",
            sympy.log(sympy.Mul(sympy.sqrt(1 + rho), sympy.Rational(1, 2), evaluate=False), evaluate=False),
            excess_rate(rho),
            "Subtract log 2. Read as the log of a quotient: the Gaussian pays for the square root of 1 + rho places "
            "that it could tell apart, although only two of them are ever taken.",
        ),
    )


def log_loss_steps(separation: sympy.Expr) -> tuple[Step, ...]:
    """The steps to the excess log loss of one Gaussian [nats], log(1 + rho)/2 - I(rho) with I = log 2 - overlap.

    Args:
        separation: rho, positive.

    Valid for: the best single Gaussian against the true distribution, which a two-way categorical variable with a
    Gaussian for each class can express.
    """
    rho, v, n = separation, VARIANCE, NOISE
    constant = sympy.log(2 * sympy.pi) / 2
    cross_entropy = sympy.log(2 * sympy.pi * v) / 2 + (1 + rho) / (2 * v)
    best = sympy.log(2 * sympy.pi * (1 + rho)) / 2 + sympy.Rational(1, 2)
    doubt = sympy.exp(-2 * rho - 2 * sympy.sqrt(rho) * n)
    density = (_density(n) + _density(n + 2 * sympy.sqrt(rho))) / 2
    entropy = sympy.Add(constant, sympy.Rational(1, 2), sympy.log(2), -overlap(rho), evaluate=False)
    return (
        _world(rho),
        Step(
            "cross-entropy",
            "The loss of one Gaussian",
            "identity",
            _normal_mean((sympy.sqrt(rho) + n) ** 2 / (2 * v) + sympy.log(2 * sympy.pi * v) / 2),
            cross_entropy,
            "Predict with one Gaussian of variance v around 0. Its log loss is the mean of minus the log of its "
            "density; the mean square of the future is 1 + rho.",
        ),
        Step(
            "best-gaussian",
            "The best variance",
            "identity",
            cross_entropy,
            sympy.Add(best, _surplus(rho), evaluate=False),
            "The last part is half of x - 1 - log x with x = (1 + rho)/v, which is never negative and 0 at x = 1 "
            "alone. So v = 1 + rho is best, the Gaussian with the right variance.",
        ),
        Step(
            "surprise",
            "The loss of the truth, at one point",
            "identity",
            -sympy.log(density),
            n**2 / 2 + constant + sympy.log(2) - sympy.log(1 + doubt),
            "The true density has two humps: at the place that was seen, one is n away, the other n plus twice the "
            "root of rho. Minus its log is what the truth itself pays there, and so does a two-way categorical "
            "variable with a Gaussian for each class. The exponential is the odds of the wrong mode.",
        ),
        Step(
            "blur",
            "Its mean, the part that the blur makes",
            "identity",
            _normal_mean(n**2 / 2),
            sympy.Rational(1, 2),
            "The mean square of a standard normal number is 1. The last term has no such closed form; its mean stays "
            "an integral. It is how unsure one remains of the mode after having seen the future, so log 2 less the "
            "integral is I, what the future tells about the mode.",
        ),
        Step(
            "excess-loss",
            "What the Gaussian loses",
            "identity",
            sympy.Add(best, -entropy, evaluate=False),
            excess_log_loss(rho),
            "Subtract the loss of the truth: half the log of 1 + rho, less I. It is positive for every rho, and larger "
            "than the excess rate by the integral.",
        ),
    )


def limit_steps() -> tuple[Step, ...]:
    """The step that shows why there is no answer when the resolution sigma tends to 0."""
    ratio = MODE / RESOLUTION
    return (
        Step(
            "no-limit",
            "Ever more places to tell apart",
            "leading-order",
            sympy.sqrt(1 + ratio**2),
            ratio,
            "With the resolution sigma one Gaussian pays the log of the left side, the number of places that it could "
            "tell apart. When sigma tends to 0 that number grows as a/sigma, beyond every bound, while two classes go "
            "on paying log 2.",
            limit=Limit(RESOLUTION, "0", sharp=True),
        ),
    )
