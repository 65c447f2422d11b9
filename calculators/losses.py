"""The known losses as expressions in the output error, and the order of each, derived at its minimum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy

from calculators.derivation import Option
from calculators.numeric import Range

ERROR = sympy.Symbol("e", real=True)
"""The output error: model minus target, with its sign."""
PROBABILITY = sympy.Symbol("p", positive=True)
"""The true probability of one of two labels, strictly between 0 and 1."""
THRESHOLD = sympy.Symbol("delta", positive=True)
"""Where the Huber loss changes from quadratic to linear."""

RANGES: tuple[tuple[sympy.Symbol, Range], ...] = ((PROBABILITY, (sympy.Rational(1, 4), sympy.Rational(3, 4))),)

_MAX_ORDER = 8


@dataclass(frozen=True)
class LeadingTerm:
    """coefficient * |e|**order, what a loss looks like close to its minimum."""

    order: int
    coefficient: sympy.Expr

    @property
    def expression(self) -> sympy.Expr:
        """The term in `ERROR`."""
        return self.coefficient * sympy.Abs(ERROR) ** self.order


@dataclass(frozen=True)
class Loss:
    """A loss as an expression in `ERROR` whose minimum, 0, is at 0."""

    id: str
    title: str
    expression: sympy.Expr
    about: str
    """One sentence: what the letters are and what was subtracted."""

    @property
    def option(self) -> Option:
        """The loss as a choice that sets the order."""
        return Option(self.id, self.title, self.expression, sympy.Integer(leading_term(self.expression).order))


def leading_term(loss: sympy.Expr) -> LeadingTerm:
    """The first term of a loss's Taylor expansion at its minimum that is not zero.

    Args:
        loss: an expression in `ERROR`, 0 at 0, with derivatives from the right at 0.

    Raises:
        ValueError: the loss is not 0 at 0, or its first eight derivatives from the right are all 0.

    Valid for: losses that are analytic on each side of their minimum. That the left side has the same leading term is
    checked in numbers when the step is verified.
    """
    # From the right, |e| is e and a piecewise loss is the piece at 0; a positive symbol lets SymPy see that.
    size = sympy.Symbol("t", positive=True)
    right = loss.subs(ERROR, size)
    if isinstance(right, sympy.Piecewise):
        right = next(branch for branch, condition in right.args if condition.subs(size, 0) == sympy.true)
    derivative = right
    for order in range(_MAX_ORDER + 1):
        value = sympy.factor(derivative.subs(size, 0))
        if value != 0:
            if order == 0:
                break
            return LeadingTerm(order, value / sympy.factorial(order))
        derivative = sympy.diff(derivative, size)
    raise ValueError(f"a loss must be 0 at e = 0 with a derivative that is not; got {loss}")


def known() -> tuple[Loss, ...]:
    """The losses that can be chosen by name."""
    e, p, delta = ERROR, PROBABILITY, THRESHOLD
    # Unevaluated: SymPy would turn -(1 - p) into (p - 1), which nobody writes.
    cross_entropy = sympy.Add(
        -p * sympy.log(p + e),
        sympy.Mul(-1, 1 - p, sympy.log(1 - p - e), evaluate=False),
        p * sympy.log(p),
        (1 - p) * sympy.log(1 - p),
        evaluate=False,
    )
    divergence = p * sympy.log(p / (p + e)) + (1 - p) * sympy.log((1 - p) / (1 - p - e))
    huber = sympy.Piecewise((e**2 / 2, sympy.Abs(e) <= delta), (delta * (sympy.Abs(e) - delta / 2), True))
    return (
        Loss("absolute", "Absolute error", sympy.Abs(e), "e is the error of the output."),
        Loss("squared", "Squared error", e**2, "e is the error of the output."),
        Loss(
            "cross-entropy",
            "Cross-entropy",
            cross_entropy,
            "Two labels, the true probability p strictly between 0 and 1, e the error of the predicted probability; "
            "the label entropy, which no model can remove, is subtracted. With labels that are certain (p = 0 or 1) "
            "the order is 1.",
        ),
        Loss(
            "kl",
            "KL divergence",
            divergence,
            "Two labels, the true probability p strictly between 0 and 1, e the error of the predicted probability; "
            "the divergence of the prediction from the truth.",
        ),
        Loss(
            "huber",
            "Huber loss",
            huber,
            "e is the error of the output, delta the size from which an error counts linearly; close to the minimum "
            "only the quadratic piece matters.",
        ),
        Loss("log-cosh", "Log-cosh", sympy.log(sympy.cosh(e)), "e is the error of the output."),
    )


@cache  # derived when first asked for; every setting by name asks again
def options() -> tuple[Option, ...]:
    """The losses as options of a choice, each with its order."""
    return tuple(loss.option for loss in known())
