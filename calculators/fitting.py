"""Power laws fitted to measured losses: exponent, errors, local exponents, with and without an irreducible loss.

How: the losses of one size are averaged as logarithms; log loss against log size by ordinary least squares, all sizes
alike; intervals from Student's t with n - 2 degrees of freedom (n different sizes), n - 3 with an irreducible loss.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from calculators import irreducible
from calculators.irreducible import Irreducible
from calculators.least_squares import Array, line
from calculators.student import quantile

MIN_SIZES = 3
POOLED = 2000
_BLOCK = 2**20
"""Numbers that a bootstrap draws at once."""
LOCAL = 12
"""At most so many local exponents are shown."""

PROBLEMS: Mapping[str, str] = MappingProxyType(
    {
        "shapes": "sizes and losses must be two lists of one length; got shapes {sizes}, {losses}",
        "positive": "{name} must be positive and finite; got {value:g}",
        "few": "a fit needs at least {least} different sizes; got {got}",
        "few-for-floor": "an irreducible loss needs at least {least} different sizes; got {got}",
        "equal": "an irreducible loss needs losses that differ; all are {loss:g}",
        "seeds": "a bootstrap over seeds needs at least 2 losses for each size; got 1 for size {size:.6g}",
    }
)
"""The sentences of `FitError`, as templates."""

COMPARISONS: Mapping[str, str] = MappingProxyType(
    {
        "few": "No irreducible loss was fitted: that needs {least} different sizes; there are {sizes}.",
        "equal": "No irreducible loss was fitted: all losses are equal.",
        "exact": "The power law alone fits to rounding: there is no irreducible loss to be seen.",
        "zero": "The irreducible loss is not identifiable: its best value is 0, the border of the search, so both fits "
        "are the same; up to {high:.4g} is possible ({percent:g} %).",
        "flat": "The irreducible loss is not identifiable: the profile is flat, everything from 0 to {high:.4g} fits "
        "nearly as well as the best value {loss:.4g} ({percent:g} %); alpha is {without:.4g} without and {alpha:.4g} "
        "with it.",
        "open": "The irreducible loss is not identifiable from above: everything from {low:.4g} to the smallest loss "
        "fits nearly as well as {loss:.4g} ({percent:g} %), so the largest sizes may have reached the floor; alpha is "
        "{without:.4g} without and {alpha:.4g} with it.",
        "identified": "An irreducible loss of {loss:.4g} ({low:.4g} to {high:.4g}, {percent:g} %) describes these "
        "points better than a pure power law: the scatter of log loss falls from {residual_without:.2g} to "
        "{scatter}; alpha is {without:.4g} without and {alpha:.4g} with it.",
        "scatter": "{residual:.2g}",
        "no-scatter": "nothing but rounding",
    }
)
"""What the two fits say beside each other, by the state of the irreducible loss; a page says the same."""


class FitError(ValueError):
    """There is nothing to fit in these numbers; the message is one line."""


@dataclass(frozen=True, eq=False)
class Points:
    """Measured losses, one point for each size."""

    size: Array
    """Shape [n], increasing."""
    log_size: Array
    """Shape [n]."""
    log_loss: Array
    """Shape [n]: the mean of the logarithms."""
    count: Array
    """Shape [n]: losses per size, whole numbers."""
    log_losses: Array
    """Shape [rows]: every loss, by size."""

    @property
    def sizes(self) -> int:
        """How many different sizes there are."""
        return len(self.log_size)

    @property
    def rows(self) -> int:
        """How many losses there are."""
        return len(self.log_losses)


@dataclass(frozen=True)
class PowerLaw:
    """L(x) = exp(log_coefficient) x^-alpha."""

    alpha: float
    standard_error: float
    interval: tuple[float, float]
    confidence: float
    log_coefficient: float
    """log k; natural logarithm."""
    residual: float
    """Standard deviation of log L about the line, n - 2 degrees of freedom."""


@dataclass(frozen=True)
class LocalExponent:
    """The exponent between two sizes."""

    low: float
    high: float
    alpha: float


@dataclass(frozen=True)
class Bootstrap:
    """How alpha spreads when the losses of each size are drawn again from themselves."""

    standard_error: float
    interval: tuple[float, float]
    confidence: float
    resamples: int


@dataclass(frozen=True)
class Fit:
    """Everything that is fitted to one set of points."""

    rows: int
    sizes: int
    power_law: PowerLaw
    local: tuple[LocalExponent, ...]
    irreducible: Irreducible | None
    """None with fewer than four sizes, or when all losses are equal."""
    comparison: str
    """What the two fits say beside each other, in words."""


def gather(sizes: Array, losses: Array) -> Points:
    """The points, sorted by size, with the losses of equal sizes averaged as logarithms.

    Args:
        sizes: shape [rows], data points, parameters or steps, positive and finite, in any order.
        losses: shape [rows], positive and finite.

    Raises:
        FitError: fewer than three different sizes, or a number that is not positive and finite.
    """
    sizes, losses = np.asarray(sizes, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    if sizes.ndim != 1 or sizes.shape != losses.shape:
        raise FitError(PROBLEMS["shapes"].format(sizes=sizes.shape, losses=losses.shape))
    for name, values in (("sizes", sizes), ("losses", losses)):
        bad = ~(np.isfinite(values) & (values > 0))
        if bad.any():
            raise FitError(PROBLEMS["positive"].format(name=name, value=values[int(np.argmax(bad))]))
    different, where, place = np.unique(np.log(sizes), return_index=True, return_inverse=True)
    if len(different) < MIN_SIZES:
        raise FitError(PROBLEMS["few"].format(least=MIN_SIZES, got=len(different)))
    order = np.argsort(place, kind="stable")
    logs = np.log(losses)[order]
    count = np.bincount(place).astype(np.float64)
    # A mean of equal numbers is that number: what is summed is the distance from each size's first loss.
    first = logs[np.concatenate(([0], np.cumsum(count)[:-1].astype(np.intp)))]
    group = place[order]
    mean = first + np.bincount(group, weights=logs - first[group]) / count
    return Points(sizes[where], different, mean, count, logs)


def power_law(points: Points, confidence: float = 0.95) -> PowerLaw:
    """The fit without an irreducible loss.

    Args:
        points: at least three sizes.
        confidence: of the interval, between 0 and 1.
    """
    straight = line(points.log_size, points.log_loss)
    free = points.sizes - 2
    error = math.sqrt(straight.slope_variance or 0.0)
    reach = quantile(confidence, free) * error
    alpha = -straight.slope
    spread = math.sqrt(straight.residual_sum / free)
    return PowerLaw(alpha, error, (alpha - reach, alpha + reach), confidence, straight.intercept, spread)


def local_exponents(points: Points, at_most: int | None = None) -> tuple[LocalExponent, ...]:
    """The exponent between each size and the next, -log(L_2/L_1)/log(x_2/x_1).

    Args:
        points: at least two sizes.
        at_most: with more than this many steps, only this many evenly chosen ones, first and last size included.
    """
    steps = points.sizes - 1
    places: NDArray[np.intp] = np.arange(points.sizes, dtype=np.intp)
    if at_most is not None and steps > at_most:
        places = np.linspace(0, steps, at_most + 1).round().astype(np.intp)
    x, y = points.log_size[places], points.log_loss[places]
    slopes = -np.diff(y) / np.diff(x)
    ends = points.size[places]
    return tuple(
        LocalExponent(float(low), float(high), float(alpha) + 0.0)
        for low, high, alpha in zip(ends[:-1], ends[1:], slopes, strict=True)
    )


def with_irreducible_loss(points: Points, confidence: float = 0.95) -> Irreducible:
    """The fit of L_inf + k x^-alpha; the algorithm is in `irreducible.fit`.

    Args:
        points: at least four sizes, losses not all equal. More than 2,000 sizes are pooled in 2,000 cells of equal
            width in log size, each cell weighing as much as the sizes in it.
        confidence: of the intervals, between 0 and 1.

    Raises:
        FitError: fewer than four sizes, or all losses are equal.
    """
    if points.sizes < irreducible.MIN_SIZES:
        raise FitError(PROBLEMS["few-for-floor"].format(least=irreducible.MIN_SIZES, got=points.sizes))
    x, y, weight = points.log_size, points.log_loss, np.ones(points.sizes)
    if np.ptp(y) == 0:
        raise FitError(PROBLEMS["equal"].format(loss=math.exp(y[0])))
    if points.sizes > POOLED:
        cell = np.minimum(((x - x[0]) / (x[-1] - x[0]) * POOLED).astype(np.intp), POOLED - 1)
        weight = np.bincount(cell, minlength=POOLED).astype(np.float64)
        filled = weight > 0
        weight = weight[filled]
        x = np.bincount(cell, weights=x, minlength=POOLED)[filled] / weight
        y = np.bincount(cell, weights=y, minlength=POOLED)[filled] / weight
    return irreducible.fit(x, y, weight, confidence)


def bootstrap(
    points: Points, generator: np.random.Generator, resamples: int = 1000, confidence: float = 0.95
) -> Bootstrap:
    """The spread of alpha over resampled seeds: each size's losses are drawn from its own, with replacement.

    Args:
        points: at least two losses for each size.
        generator: where the randomness comes from.
        resamples: 2 or more.
        confidence: of the percentile interval, between 0 and 1.

    Raises:
        FitError: a size has one loss only.

    Valid for: several seeds a size; with r seeds the spread comes out smaller by about sqrt((r - 1)/r).
    """
    if points.count.min() < 2:
        size = points.size[int(np.argmin(points.count))]
        raise FitError(PROBLEMS["seeds"].format(size=size))
    whole = points.count.astype(np.intp)
    first = np.cumsum(whole) - whole
    start, many = np.repeat(first, whole), np.repeat(points.count, whole)
    away = points.log_size - np.mean(points.log_size)
    weight = away / np.sum(away**2)  # of each size's mean in the slope
    alphas = np.empty(resamples)
    block = max(1, _BLOCK // points.rows)
    for begin in range(0, resamples, block):
        part = alphas[begin : begin + block]
        drawn = start + (generator.random((len(part), points.rows)) * many).astype(np.intp)  # [part, rows]
        means = np.add.reduceat(points.log_losses[drawn], first, axis=1) / points.count  # [part, sizes]
        part[:] = -(means @ weight)
    low, high = np.quantile(alphas, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Bootstrap(float(np.std(alphas, ddof=1)), (float(low), float(high)), confidence, resamples)


def fit(sizes: Array, losses: Array, confidence: float = 0.95) -> Fit:
    """Both fits, the local exponents and what the comparison says.

    Args:
        sizes: shape [rows], positive, in any order; the losses of equal sizes are averaged as logarithms.
        losses: shape [rows], positive.
        confidence: of all intervals, between 0 and 1.

    Raises:
        FitError: there is nothing to fit.
    """
    points = gather(sizes, losses)
    plain = power_law(points, confidence)
    offset = None
    if points.sizes >= irreducible.MIN_SIZES and np.ptp(points.log_loss) > 0:
        offset = with_irreducible_loss(points, confidence)
    words = compare(plain, offset, points.sizes)
    return Fit(points.rows, points.sizes, plain, local_exponents(points, at_most=LOCAL), offset, words)


def compare(plain: PowerLaw, offset: Irreducible | None, sizes: int) -> str:
    """What the two fits say beside each other, in one or two sentences.

    Args:
        plain: the fit without an irreducible loss.
        offset: the fit with one, if there is one.
        sizes: how many different sizes there are.
    """
    if offset is None:
        state = "few" if sizes < irreducible.MIN_SIZES else "equal"
        return COMPARISONS[state].format(least=irreducible.MIN_SIZES, sizes=sizes)
    low, high = offset.loss_interval
    left = "scatter" if offset.residual > irreducible.ROUNDING else "no-scatter"
    return COMPARISONS[offset.state].format(
        loss=offset.loss,
        low=low,
        high=high,
        percent=100 * plain.confidence,
        without=plain.alpha,
        alpha=offset.alpha,
        residual_without=offset.residual_without,
        scatter=COMPARISONS[left].format(residual=offset.residual),
    )
