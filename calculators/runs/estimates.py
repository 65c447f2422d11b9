"""Exponents from measured losses, the same way in every run, and what they say about a prediction.

How: the losses of all seeds at a size are averaged as logarithms, a line is fitted to log loss against log size, and
a bootstrap over seeds gives its standard error. All of it through `calculators.fitting`. Few seeds make a bootstrap's
spread too small, by sqrt((r - 1)/r) for r seeds, and a normal interval too narrow: the spread is divided by that
factor, and the interval reaches to Student's t on each side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from calculators import fitting
from calculators.fitting import Bootstrap, Fit, Points
from calculators.least_squares import Array, line
from calculators.runs.randomness import generator
from calculators.runs.rounding import between, decimals, plain
from calculators.runs.run import Line, Prediction, Series, Sheet, Verdict
from calculators.student import quantile

CONFIDENCE = 0.95
_RESAMPLES = 1000
_PARTS = 10
"""Degrees of freedom are cut off at tenths, so that few quantiles are needed."""
_CURVE = 120
"""Points of a curve of theory, less those that fall on the same whole number."""
_ERRORS = 2.0
"""A change of the exponent counts when it is this many standard errors."""


@dataclass(frozen=True)
class Exponent:
    """A fitted exponent with what is needed to judge it."""

    fit: Fit
    bootstrap: Bootstrap
    seeds: int
    """The smallest number of seeds at any size."""
    early: float
    """The exponent over the smaller half of the sizes."""
    late: float
    """The exponent over the larger half of the sizes."""
    late_interval: tuple[float, float]
    drifts: bool
    """Whether early and late differ by more than two standard errors."""
    sizes: Array
    """Shape [sizes], increasing."""
    late_sizes: Array
    """Shape [sizes of the larger half], increasing."""

    @property
    def alpha(self) -> float:
        """The exponent that a prediction for large sizes is held against: over all sizes, or where it drifts over the
        larger half.
        """
        return self.late if self.drifts else self.fit.power_law.alpha

    @property
    def interval(self) -> tuple[float, float]:
        """Of `alpha`: 95 %, Student's t times the standard error of the bootstrap over seeds."""
        return self.late_interval if self.drifts else self.bootstrap.interval

    @property
    def judged_sizes(self) -> Array:
        """The sizes of `alpha`, shape [sizes], increasing."""
        return self.late_sizes if self.drifts else self.sizes

    @property
    def note(self) -> str:
        """What a reader has to know beside the number: whether it moves, and the fit with an offset."""
        whole, whole_interval = self.fit.power_law.alpha, self.bootstrap.interval
        digits = max(_digits(whole_interval), _digits(self.late_interval))
        if self.drifts:
            text = (
                f"The exponent drifts: it is {_between(whole, whole_interval, digits)} over all sizes and "
                f"{self.early:.{digits}f} over the smaller half. The number is that of the larger half."
            )
        else:
            text = (
                f"No drift beyond the scatter: the exponent is {self.early:.{digits}f} over the smaller half of the "
                f"sizes and {_between(self.late, self.late_interval, digits)} over the larger half."
            )
        offset = self.fit.irreducible
        if offset is not None and offset.state == "identified":
            text += f" With an irreducible loss of {_plain(offset.loss)} fitted too, alpha is {offset.alpha:.3g}."
        elif offset is not None:
            text += " No irreducible loss can be told from 0 or pinned down."
        return text


def _digits(interval: tuple[float, float]) -> int:
    """The decimals that tell the ends of an interval apart, two digits of its width."""
    width = interval[1] - interval[0]
    return 3 if width <= 0 else min(6, max(2, 1 - math.floor(math.log10(width))))


def _plain(value: float) -> str:
    """A small positive number as printers write it, `7.02·10^-8`."""
    mantissa, letter, power = f"{value:.3g}".partition("e")
    return f"{mantissa}·10^{int(power)}" if letter else mantissa


def _between(value: float, interval: tuple[float, float], digits: int) -> str:
    return f"{value:.{digits}f} ({interval[0]:.{digits}f} to {interval[1]:.{digits}f})"


def exponent(sizes: Array, losses: Array, name: str, seeds: Array | None = None) -> Exponent:
    """The exponent alpha of L = k x^-alpha.

    Args:
        sizes: shape [rows], positive; at least three different ones, each with two rows or more.
        losses: shape [rows], positive; one row for each size and seed.
        name: tells this bootstrap's random numbers apart from others.
        seeds: shape [rows]; given where a seed has the same target at every size. The bootstrap then draws whole seeds,
            so that what a target does to all sizes alike does not widen the interval. None: sizes are independent.

    Raises:
        calculators.fitting.FitError: there is nothing to fit.
        ValueError: with seeds, a seed has not just one loss for each size.
    """
    sizes, losses = np.asarray(sizes, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    points = fitting.gather(sizes, losses)
    early, late = _halves(points)
    early_law, late_law = fitting.power_law(early, CONFIDENCE), fitting.power_law(late, CONFIDENCE)
    names = (name, f"{name} early", f"{name} late")
    if seeds is None:
        whole, early_spread, late_spread = (
            _bootstrap(part, words) for part, words in zip((points, early, late), names, strict=True)
        )
    else:
        whole, early_spread, late_spread = (
            _whole_seeds(sizes, losses, seeds, part, words)
            for part, words in zip((points, early, late), names, strict=True)
        )
    change = abs(late_law.alpha - early_law.alpha)
    error = math.hypot(early_spread.standard_error, late_spread.standard_error)
    return Exponent(
        fitting.fit(sizes, losses, CONFIDENCE),
        whole,
        int(points.count.min()),
        early_law.alpha,
        late_law.alpha,
        late_spread.interval,
        change > _ERRORS * error,
        points.size,
        late.size,
    )


def _bootstrap(points: Points, name: str) -> Bootstrap:
    """The spread of alpha when the seeds of every size are drawn again from themselves, without the bias of few seeds.

    Valid for: log losses that are about normal at each size; their spread may differ from size to size. Degrees of
        freedom by Welch and Satterthwaite.
    """
    count = points.count.astype(np.intp)
    if count.min() < 2:
        return fitting.bootstrap(
            points, generator(0, "bootstrap", name), _RESAMPLES, CONFIDENCE
        )  # says what is missing
    mean, many = np.repeat(points.log_loss, count), np.repeat(points.count, count)
    away = points.log_losses - mean
    # A size's mean of r seeds drawn again has the variance of the seeds, over r, times (r - 1)/r.
    stretched = replace(points, log_losses=mean + away * np.sqrt(many / (many - 1)))
    drawn = fitting.bootstrap(stretched, generator(0, "bootstrap", name), _RESAMPLES, CONFIDENCE)
    x = points.log_size - np.mean(points.log_size)
    group = np.repeat(np.arange(points.sizes), count)
    shares = x**2 * np.bincount(group, weights=away**2) / (points.count * (points.count - 1))
    squares = float(np.sum(shares**2 / (points.count - 1)))
    degrees = float(np.sum(shares)) ** 2 / squares if squares > 0 else float(count.min() - 1)
    return _spread(-line(points.log_size, points.log_loss).slope, drawn.standard_error, degrees)


def _spread(alpha: float, error: float, degrees: float) -> Bootstrap:
    """The interval about alpha that Student's t makes of its standard error."""
    reach = quantile(CONFIDENCE, max(1.0, math.floor(_PARTS * degrees) / _PARTS)) * error
    return Bootstrap(error, (alpha - reach, alpha + reach), CONFIDENCE, _RESAMPLES)


def _whole_seeds(sizes: Array, losses: Array, seeds: Array, part: Points, name: str) -> Bootstrap:
    """The spread of alpha over the sizes of `part` when whole seeds are drawn again, without the bias of few seeds.

    The slope is linear in the log losses, so with every seed at every size alpha is the mean of the seeds' own alphas.
    """
    inside = (np.log(sizes) >= part.log_size[0]) & (np.log(sizes) <= part.log_size[-1])
    alphas = []
    for seed in np.unique(seeds):
        own = inside & (seeds == seed)
        if sorted(np.log(sizes[own])) != list(part.log_size):
            raise ValueError(f"seed {seed} must have one loss for each of {part.sizes} sizes; got {int(np.sum(own))}")
        alphas.append(fitting.power_law(fitting.gather(sizes[own], losses[own]), CONFIDENCE).alpha)
    return mean_of_seeds(np.array(alphas), name)


def mean_of_seeds(values: Array, name: str) -> Bootstrap:
    """The spread of the mean of one number for each seed, when the seeds are drawn again from themselves.

    Args:
        values: shape [seeds], 2 or more.
        name: tells this bootstrap's random numbers apart from others.
    """
    count = len(values)
    drawn = generator(0, "bootstrap", name).integers(0, count, (_RESAMPLES, count))
    error = float(np.std(values[drawn].mean(axis=1), ddof=1)) * math.sqrt(count / (count - 1))
    return _spread(float(np.mean(values)), error, count - 1)


def _halves(points: Points) -> tuple[Points, Points]:
    """The smaller and the larger half of the sizes, the middle one in both; three sizes at least in each."""
    count = max(fitting.MIN_SIZES, (points.sizes + 1) // 2)
    rows = np.repeat(points.log_size, points.count.astype(np.intp))
    found = []
    for chosen in (points.log_size[:count], points.log_size[-count:]):
        inside = (rows >= chosen[0]) & (rows <= chosen[-1])
        found.append(fitting.gather(np.exp(rows[inside]), np.exp(points.log_losses[inside])))
    return found[0], found[1]


def local_sheet(found: Iterable[tuple[str, Exponent]]) -> Sheet:
    """The exponents between each size and the next, and that of the fit with an offset, in a table.

    Args:
        found: (what was measured, its exponent).
    """
    rows = []
    for title, one in found:
        steps = "; ".join(f"{part.low:,.4g} to {part.high:,.4g}: {part.alpha:.3f}" for part in one.fit.local)
        offset = one.fit.irreducible
        if offset is None:
            told = "not fitted: fewer than four sizes"
        elif offset.state == "identified":
            told = f"{offset.alpha:.3f}, identified"
        else:
            told = f"{offset.alpha:.3f}, not identified"
        rows.append((title, steps, f"{one.fit.power_law.alpha:.3f}", told))
    columns = ("what", "local exponents, from size to size", "without an offset", "with an offset")
    return Sheet("Local exponents, and the fit with an offset", columns, tuple(rows))


Law: TypeAlias = Callable[[Array], Array]
"""Sizes, shape [sizes] -> the loss that theory gives at each, not only in the limit of large ones."""


def law_exponent(sizes: Array, law: Law) -> float:
    """The exponent that a fit finds where the losses are exactly those of a law.

    Args:
        sizes: shape [sizes], two or more.
        law: positive there.
    """
    return -line(np.log(sizes), np.log(law(sizes))).slope


def law_note(found: Exponent, law: Law) -> str:
    """The exponents of a law at the sizes that were measured, in words that go on `the law has`.

    Args:
        found: from `exponent`.
        law: positive at its sizes.
    """
    whole, late = law_exponent(found.sizes, law), law_exponent(found.late_sizes, law)
    return f"the exponent {whole:.3g}, over their larger half {late:.3g}"


def verdict(found: Exponent, prediction: Prediction | None, *, bound: bool, law: Law | None = None) -> Verdict:
    """What an exponent says about a prediction, which is one for large sizes. `RULE` says the same in words.

    Args:
        found: from `exponent`.
        prediction: of the exponent; None: there is none.
        bound: whether it is a lower bound.
        law: of finite sizes, where the run knows it; its own exponent tends to the prediction.
    """
    if prediction is None:
        return "no prediction"
    target = prediction.value
    if _within(target, found.interval):
        return "consistent"
    if bound and found.alpha > target:
        return "above the bound"
    if law is not None and _within(law_exponent(found.judged_sizes, law), found.interval):
        return "not asymptotic"
    if found.drifts and (found.late - found.early) * (target - found.alpha) > 0:
        return "not asymptotic"
    return "below the bound" if bound else "not consistent"


RULE = (
    "An exponent is that over all sizes; only where it drifts, which is where the smaller and the larger half of the "
    "sizes differ by more than two standard errors, it is that of the larger half, since predictions are for large "
    "sizes. It is judged by its 95 % interval, which reaches Student’s t times its standard error to each side; seeds "
    "that are drawn again give that error, corrected for their number. “Consistent”: the prediction lies in that "
    "interval. “Above the bound”: the "
    "prediction is a lower bound, and the whole interval lies above it. “Not asymptotic”: the prediction lies outside, "
    "but the exponent drifts towards it, or the exact law of the sizes at hand, where a run has one, has an exponent "
    "inside. “Not consistent” and “below the bound”: none of these. Any other number is judged by its interval."
)
"""How verdicts come about, for readers; `verdict` and `number_verdict` do just this."""


def _within(target: float, interval: tuple[float, float]) -> bool:
    return interval[0] <= target <= interval[1]


def number_verdict(value: float, interval: tuple[float, float], target: float) -> Verdict:
    """What the interval of a measured number says about a predicted one that is no bound.

    Args:
        value: measured, in its interval.
        interval: from low to high.
        target: predicted.

    Raises:
        ValueError: the number is not in its own interval.
    """
    if not interval[0] <= value <= interval[1]:
        raise ValueError(f"a measured number must lie in its interval; got {value} and {interval}")
    return "consistent" if _within(target, interval) else "not consistent"


def mean_and_interval(values: Array) -> tuple[float, float, float]:
    """Mean, and the ends of its 95 % interval from Student's t; the mean thrice for a single value.

    Args:
        values: shape [seeds].
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, mean, mean
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    reach = quantile(CONFIDENCE, len(values) - 1) * error
    return mean, mean - reach, mean + reach


def series(
    label: str, sizes: Array, losses: Array, left_out: Mapping[float, str] = MappingProxyType({}), *, log: bool = True
) -> Series:
    """The points of a figure: the mean over seeds at each size, with its 95 % interval.

    Args:
        label: names the points.
        sizes: shape [rows].
        losses: shape [rows], positive where `log`.
        left_out: size -> why its point is hollow.
        log: whether the logarithms are averaged, as the fits do.
    """
    sizes, losses = np.asarray(sizes, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    different = np.unique(sizes)
    middle, low, high = [], [], []
    for size in different:
        values = losses[sizes == size]
        ends = mean_and_interval(np.log(values) if log else values)
        y, below, above = (math.exp(end) for end in ends) if log else ends
        middle.append(y)
        low.append(below)
        high.append(above)
    x = tuple(float(size) for size in different)
    why = tuple(left_out.get(size, "") for size in x)
    return Series(label, x, tuple(middle), tuple(low), tuple(high), why)


def power_line(label: str, points: Series, prediction: Prediction) -> Line:
    """A line of the predicted exponent through the last point that is not left out.

    Args:
        label: names the line.
        points: measured; at least one not left out.
        prediction: of the exponent.
    """
    place = max(place for place, why in enumerate(points.left_out) if not why)
    x, y = points.x[place], points.y[place]
    ends = (min(points.x), max(points.x))
    return Line(label, ends, tuple(y * (end / x) ** -prediction.value for end in ends), prediction)


def power_line_among(label: str, points: Series, prediction: Prediction) -> Line:
    """A line of the predicted exponent, fitted to the logarithms of all points that are not left out.

    Args:
        label: names the line.
        points: measured; at least one not left out.
        prediction: of the exponent.
    """
    kept = [(x, y) for x, y, why in zip(points.x, points.y, points.left_out, strict=True) if not why]
    height = float(np.mean([math.log(y) + prediction.value * math.log(x) for x, y in kept]))
    ends = (min(points.x), max(points.x))
    return Line(label, ends, tuple(math.exp(height) * end**-prediction.value for end in ends), prediction)


def shown(value: float, interval: tuple[float, float] | None) -> str:
    """A number with its interval as the pages' tables round them: `1.0 (0.7 to 1.4)`.

    Args:
        value: any number.
        interval: its ends tell how many decimals count; None: three digits of the value.
    """
    places = decimals(value, interval)
    ends = f" ({between(interval, places)})" if interval is not None else ""
    return f"{plain(value, places)}{ends}"


def whole_numbers(low: int, high: int) -> tuple[int, ...]:
    """Whole numbers at about equal distances on a logarithmic axis, dense enough to draw a curve through.

    Args:
        low: the first, 1 or more.
        high: the last, above `low`.
    """
    return tuple(np.unique(np.rint(np.geomspace(low, high, _CURVE)).astype(int)).tolist())


def exponent_series(
    label: str, found: tuple[tuple[float, Exponent], ...], left_out: Mapping[float, str] = MappingProxyType({})
) -> Series:
    """Exponents as the points of a figure, with their intervals.

    Args:
        label: names the points.
        found: (place on the horizontal axis, exponent).
        left_out: place -> why its point is hollow.
    """
    x = tuple(place for place, _ in found)
    y = tuple(one.alpha for _, one in found)
    low = tuple(one.interval[0] for _, one in found)
    high = tuple(one.interval[1] for _, one in found)
    return Series(label, x, y, low, high, tuple(left_out.get(place, "") for place in x))
