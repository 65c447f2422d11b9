"""The known losses as expressions in the output error, and the order of each, derived at its minimum."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache, lru_cache

import sympy

from calculators import expressions, leading
from calculators.derivation import Limit, Option, Step
from calculators.numeric import Range
from calculators.verify import StepError, verify_step

ERROR = sympy.Symbol("e", real=True)
"""The output error: model minus target, with its sign."""
PROBABILITY = sympy.Symbol("p", positive=True)
"""The true probability of one of two labels, strictly between 0 and 1."""
THRESHOLD = sympy.Symbol("delta", positive=True)
"""Where the Huber loss changes from quadratic to linear."""

RANGES: tuple[tuple[sympy.Symbol, Range], ...] = ((PROBABILITY, (sympy.Rational(1, 4), sympy.Rational(3, 4))),)

_MAX_ORDER = 8
_MAX_FREE_ORDER = 32
_FAR = 1024
"""Octaves for losses that a person typed: there the next term may be a small fraction of a power further on."""
_FAR_BITS = 8192
"""So many bits of a loss may cancel at the last octave: a loss of high order is tested less far, or it takes long."""


@dataclass(frozen=True)
class LeadingTerm:
    """What a loss looks like close to its minimum."""

    order: sympy.Rational
    """The power of |e|; where the two sides of the minimum differ, the smaller one."""
    expression: sympy.Expr
    """The term in `ERROR`: coefficient * |e|**order, or one such term for each side."""
    sharp: bool = True
    """Whether the coefficient is meant too, or the order alone."""


@dataclass(frozen=True)
class Loss:
    """A loss as an expression in `ERROR` whose minimum, 0, is at 0."""

    id: str
    title: str
    expression: sympy.Expr
    about: str
    """A sentence or two: what the letters are and what was subtracted."""
    term: LeadingTerm
    octaves: tuple[int, ...] = (16, 32, 64)
    """The k at which the term is tested, |e| = 2^-k."""
    one_sided: bool = False
    """True: errors are 0 or more, and the loss has a value for those only."""

    @property
    def option(self) -> Option:
        """The loss as a choice that sets the order."""
        return Option(self.id, self.title, self.expression, self.term.order)

    @property
    def limit(self) -> Limit:
        """How the term is to be read and tested."""
        # The loss cancels to its order: that many bits an octave are lost.
        bits = 320 + int(self.term.order * self.octaves[-1]) if self.octaves[-1] > 64 else 320
        return Limit(
            ERROR, "0", sharp=self.term.sharp, both_sides=not self.one_sided, octaves=self.octaves, guard_bits=bits
        )


def leading_term(loss: sympy.Expr, *, one_sided: bool = False) -> LeadingTerm:
    """The first term of a loss's Taylor expansion at its minimum that is not zero.

    Args:
        loss: an expression in `ERROR`, 0 at 0, with derivatives from the right at 0.
        one_sided: True: errors are 0 or more, so the term is a power of e, not of |e|.

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
            term = value / sympy.factorial(order) * (ERROR if one_sided else sympy.Abs(ERROR)) ** order
            return LeadingTerm(sympy.Integer(order), term)
        derivative = sympy.diff(derivative, size)
    raise ValueError(f"a loss must be 0 at e = 0 with a derivative that is not; got {loss}")


def _known(name: str, title: str, expression: sympy.Expr, about: str) -> Loss:
    return Loss(name, title, expression, about, leading_term(expression))


@cache  # derived when first asked for; every setting by name asks again
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
    certain = -sympy.log(1 - e)
    huber = sympy.Piecewise((e**2 / 2, sympy.Abs(e) <= delta), (delta * (sympy.Abs(e) - delta / 2), True))
    return (
        _known("absolute", "Absolute error", sympy.Abs(e), "e is the error of the output."),
        _known("squared", "Squared error", e**2, "e is the error of the output."),
        _known(
            "cross-entropy",
            "Cross-entropy",
            cross_entropy,
            "Two labels, the true probability p strictly between 0 and 1, e the error of the predicted probability; "
            "the label entropy, which no model can remove, is subtracted. With labels that are certain (p = 0 or 1) "
            "the order is 1.",
        ),
        Loss(
            "cross-entropy-border",
            "Cross-entropy, certain labels",
            certain,
            "One of two labels is certain. The model gives it the probability 1 - e, and since no probability is above "
            "1 the error e is never negative: the minimum lies at the border, where the loss still has a slope. "
            "The error is that of the probability; a model whose output is a logit never gets there.",
            leading_term(certain, one_sided=True),
            one_sided=True,
        ),
        _known(
            "kl",
            "KL divergence",
            divergence,
            "Two labels, the true probability p strictly between 0 and 1, e the error of the predicted probability; "
            "the divergence of the prediction from the truth.",
        ),
        _known(
            "huber",
            "Huber loss",
            huber,
            "e is the error of the output, delta the size from which an error counts linearly; close to the minimum "
            "only the quadratic piece matters.",
        ),
        _known("log-cosh", "Log-cosh", sympy.log(sympy.cosh(e)), "e is the error of the output."),
    )


def options() -> tuple[Option, ...]:
    """The losses as options of a choice, each with its order."""
    return tuple(loss.option for loss in known())


@lru_cache(maxsize=32)  # asked for once when a setting is read and once more when its step is built
def free(text: str) -> Loss:
    """The loss that a person typed, with its order.

    Args:
        text: an expression in `e`, such as `log(cosh(e))` or `abs(e)**1.5`; see `expressions.parse`.

    Valid for: losses whose smallest value close to e = 0 is 0, at e = 0, and which rise on both sides of it like a
        power of the error, of an order of at most 32. How the loss runs far from 0 is not looked at.

    Raises:
        calculators.expressions.ExpressionError: the text is no such loss; the message is one line.
    """
    expression = expressions.parse(text, {ERROR.name: ERROR}, expressions.ELEMENTARY, "log(cosh(e))")
    right, left = (_side(text, expression, side) for side in (1, -1))
    orders = [sympy.Rational(term.order.numerator, term.order.denominator) for term in (right, left)]
    exact = right.coefficient is not None and left.coefficient is not None
    coefficients = (right.coefficient, left.coefficient) if exact else (sympy.Integer(1), sympy.Integer(1))
    if orders[0] == orders[1] and coefficients[0] == coefficients[1]:
        term = coefficients[0] * sympy.Abs(ERROR) ** orders[0]
    else:
        # 0 <= e, which the printers know, and not e >= 0, into which SymPy would turn it.
        term = sympy.Piecewise(
            (coefficients[0] * ERROR ** orders[0], sympy.Le(0, ERROR, evaluate=False)),
            (coefficients[1] * (-ERROR) ** orders[1], True),
            evaluate=False,
        )
    about = "e is the error of the output."
    if orders[0] != orders[1]:
        about += (
            " The two sides of the minimum differ; errors of both signs occur, so on average the smaller order counts."
        )
    if not exact:
        about += " Its coefficient is no fraction and is left out."
    name = " ".join(text.split())
    loss = Loss(name, name, expression, about, LeadingTerm(min(orders), term, exact), _octaves(max(orders)))
    _confirm(text, loss)
    return loss


def _octaves(order: sympy.Rational) -> tuple[int, ...]:
    """Where a typed loss of this order is tested."""
    last = min(_FAR, int(_FAR_BITS / order))
    return (last // 4, last // 2, last)


def of(option: Option) -> Loss:
    """The loss that an option stands for, known or typed.

    Raises:
        calculators.expressions.ExpressionError: it is neither.
    """
    return next((loss for loss in known() if loss.id == option.id), None) or free(option.id)


def _side(text: str, expression: sympy.Expr, side: int) -> leading.Term:
    where = "above" if side > 0 else "below"
    try:
        term = leading.leading(expression, ERROR, side)
    except leading.LeadingError as error:
        raise _wrong(f"a loss must rise like a power of e from e = 0; just {where} 0 this one {error}", text) from None
    if term.order == 0:
        raise _wrong("a loss must be 0 at e = 0", text)
    if term.order < 0:
        raise _wrong("a loss must be finite at e = 0", text)
    if term.sign < 0:
        raise _wrong(f"a loss must have its minimum at e = 0; just {where} 0 this one falls below 0", text)
    if term.order > _MAX_FREE_ORDER:
        raise _wrong(f"a loss must have an order of at most {_MAX_FREE_ORDER}", text)
    return term


def _confirm(text: str, loss: Loss) -> None:
    """Nothing, if the order shows in numbers: the series is not its own judge."""
    step = Step("order", "Order", "leading-order", loss.expression, loss.term.expression, "", limit=loss.limit)
    try:
        verify_step("loss", step, random.Random(2102))
    except (StepError, ArithmeticError, TypeError, ValueError):
        rule = f"a loss must show its order by |e| = 2^-{loss.octaves[-1]}"
        raise _wrong(f"{rule}; order {loss.term.order} does not show", text) from None


def _wrong(rule: str, text: str) -> expressions.ExpressionError:
    return expressions.ExpressionError(f"{rule}; got {text!r}")
