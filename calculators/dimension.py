"""The intrinsic dimension of a cloud of points, from the distances to nearest neighbours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calculators.least_squares import Array

Divisor = Literal["k-1", "k-2"]

RELIABLE = 20
"""Above about this dimension nearest-neighbour estimates read too low."""
_READS = 15
"""What they read there: 15.8 for 4,000 points of a cube in 20 dimensions."""
MAX_NEIGHBOURS = 500

_KEPT = 0.9
_TIE = 1e-9
"""Logarithms of ratios below this are those of equal distances, rounded."""
_CELLS = 4_000_000
"""Entries of the largest table held at once: 32 MB."""
_SPARE = 8
"""Neighbours looked at beyond those asked for: the fast distances that rank them have rounding errors."""


class DimensionError(ValueError):
    """No dimension can be estimated from these points; the message is one line."""


@dataclass(frozen=True)
class Estimate:
    """An intrinsic dimension."""

    dimension: float
    standard_error: float
    method: str
    points: int
    """How many points it rests on, copies left out."""
    copies: int
    """Exact copies of other points, which were left out."""
    neighbours: int
    notes: tuple[str, ...]
    """Sentences about what to mind."""


def two_nn(points: Array) -> Estimate:
    """The dimension by TwoNN: -log(1 - F) = d log mu, mu the ratio of the second neighbour's distance to the first's.

    A line through the origin is fitted by least squares to the lowest 90 % of the mu, with F = i/N for the i-th.

    Args:
        points: shape [points, coordinates], finite, at least 10 different points.

    Raises:
        DimensionError: too few points, or neighbours at equal distances throughout.

    Valid for: a density that hardly changes over the distance to the second neighbour; d up to about 20. The standard
        error is that of the line for independent mu, widened as far as those of neighbouring points go together; it
        knows nothing of the bias.
    Source: Facco et al. 2017, as used by Sharma and Kaplan, arXiv 2004.10802.
    """
    points, copies = _different(points, 10)
    distances, near = nearest(points, 2)
    ratios = np.log(distances[:, 1] / distances[:, 0])
    ratios[ratios < _TIE] = 0
    shared = _dependence(ratios, near)
    ratios = np.sort(ratios)
    n = len(ratios)
    kept = int(_KEPT * n)
    height = -np.log1p(-np.arange(1, kept + 1) / n)
    x = ratios[:kept]
    square = float(np.sum(x * x))
    if square == 0:
        raise DimensionError(_EQUAL)
    notes = _notes(float(np.sum(x * height)) / square, copies)
    ties = float(np.mean(ratios == 0))
    if ties > 0.01:
        notes = (*notes, f"{100 * ties:.2g} % of the points have two neighbours equally far: rounded or on a grid?")
    # The i-th of n exponential variables has the covariance sum of 1/(n - k + 1)^2, k <= i, with every later one.
    tails = np.cumsum(height[::-1])[::-1]
    variance = float(np.sum((tails / (n - np.arange(kept))) ** 2)) / float(np.sum(height * height)) ** 2
    d = float(np.sum(x * height)) / square
    error = d * math.sqrt(variance * shared)
    _must_scatter(d, error, points)
    return Estimate(d, error, "twonn", n, copies, 2, notes)


def maximum_likelihood(points: Array, neighbours: int = 20, divisor: Divisor = "k-1") -> Estimate:
    """The dimension by the k-neighbour maximum-likelihood estimator, inverses averaged over the points.

    1/d = mean over the points of sum over j < k of log(T_k/T_j) / (k - 1), T_j the distance to the j-th neighbour.

    Args:
        points: shape [points, coordinates], finite, more different points than neighbours.
        neighbours: k, from 2 (3 with k-2) to 500.
        divisor: k-1 as written above; k-2 as Sharma and Kaplan have it. The latter removes the bias of one point's
            estimate; of averaged inverses it makes d smaller by the factor (k - 2)/(k - 1).

    Raises:
        DimensionError: too few points or neighbours, or neighbours at equal distances throughout.

    Valid for: a density that hardly changes over the distance to the k-th neighbour; d up to about 20. The standard
        error comes from the spread over the points, widened as far as neighbouring points go together; it knows nothing
        of the bias.
    Source: Levina and Bickel 2004; MacKay and Ghahramani 2005 for averaging the inverses; Sharma and Kaplan, arXiv
        2004.10802, for k - 2.
    """
    least = 3 if divisor == "k-2" else 2
    if not least <= neighbours <= MAX_NEIGHBOURS:
        raise DimensionError(f"neighbours must be from {least} to {MAX_NEIGHBOURS}; got {neighbours}")
    points, copies = _different(points, neighbours + 1)
    distances, near = nearest(points, neighbours)
    sums = np.sum(np.log(distances[:, -1:] / distances[:, :-1]), axis=1)
    inverse = float(np.mean(sums)) / (neighbours - (2 if divisor == "k-2" else 1))
    if inverse == 0:
        raise DimensionError(_EQUAL)
    n, d = len(points), 1 / inverse
    error = d * math.sqrt(float(np.var(sums)) * _dependence(sums, near) / n) / float(np.mean(sums))
    _must_scatter(d, error, points)
    return Estimate(d, error, "mle", n, copies, neighbours, _notes(d, copies))


def nearest(points: Array, neighbours: int) -> tuple[Array, NDArray[np.intp]]:
    """The distances to the nearest neighbours, increasing along each row, and which points they are.

    Both have the shape [points, neighbours].

    Blocks of rows are compared with all points by one matrix product; the nearest few are measured again exactly.

    Args:
        points: shape [points, coordinates], all different, more of them than neighbours.
        neighbours: 1 or more.

    Valid for: neighbours that are apart by more than 10^-7 of the cloud's size; closer ones may change places with
        others as close.
    """
    n, coordinates = points.shape
    squares = np.sum(points * points, axis=1)
    wanted = min(neighbours + _SPARE, n - 1)
    rows = max(1, min(_CELLS // n, _CELLS // ((wanted + 1) * coordinates)))
    found, which = np.empty((n, neighbours)), np.empty((n, neighbours), dtype=np.intp)
    for start in range(0, n, rows):
        block = points[start : start + rows]
        table = squares - 2 * (block @ points.T)
        table[np.arange(len(block)), np.arange(start, start + len(block))] = np.inf
        near = np.argpartition(table, wanted - 1, axis=1)[:, :wanted]
        apart = points[near] - block[:, None, :]
        exact = np.sqrt(np.einsum("ijk,ijk->ij", apart, apart))
        order = np.argsort(exact, axis=1)[:, :neighbours]
        found[start : start + rows] = np.take_along_axis(exact, order, axis=1)
        which[start : start + rows] = np.take_along_axis(near, order, axis=1)
    return found, which


def _dependence(values: Array, near: NDArray[np.intp]) -> float:
    """How much larger the variance of the mean is than for independent values, 1 or more.

    Products of the deviations of two points count where one is among the other's neighbours.
    """
    rest = values - np.mean(values)
    own = float(np.sum(rest * rest))
    if own == 0:
        return 1.0
    here = np.repeat(np.arange(len(near)), near.shape[1])
    there = near.ravel()
    pairs = np.unique(np.minimum(here, there) * len(near) + np.maximum(here, there))
    return max(1.0, 1 + 2 * float(np.sum(rest[pairs // len(near)] * rest[pairs % len(near)])) / own)


def _must_scatter(dimension: float, error: float, points: Array) -> None:
    """Nothing, if the estimate can be a dimension: points that are laid out evenly read as more than their coordinates.

    Raises:
        DimensionError: it is above the number of coordinates by more than chance gives.
    """
    coordinates = points.shape[1]
    if dimension > 1.25 * coordinates + 3 * error:
        raise DimensionError(
            "points must be scattered at random, not evenly; "
            f"in {coordinates} coordinates they read as {dimension:.3g} dimensions"
        )


_EQUAL = "distances to neighbours must differ; here each point's neighbours are equally far (a grid?)"


def _different(points: Array, least: int) -> tuple[Array, int]:
    """The different points, scaled and centred, and how many copies were left out."""
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] == 0:
        raise DimensionError(f"points must have the shape [points, coordinates]; got {list(points.shape)}")
    if not np.isfinite(points).all():
        row, column = np.argwhere(~np.isfinite(points))[0]
        raise DimensionError(
            f"coordinates must be finite; got {points[row, column]} in row {row + 1}, column {column + 1}"
        )
    # Adding 0 turns -0 into 0, which has other bytes but is the same place.
    kept = np.unique(points + 0.0, axis=0)
    if len(kept) < least:
        raise DimensionError(f"there must be at least {least} different points; got {len(kept)}")
    copies = len(points) - len(kept)
    # Largest coordinate 1: squares neither overflow nor vanish. Halves first, as the range itself might overflow.
    kept = kept / 2
    kept = kept - (kept.min(axis=0) / 2 + kept.max(axis=0) / 2)
    kept = kept / np.abs(kept).max()
    merged = np.unique(kept, axis=0)
    if len(merged) < len(kept):
        raise DimensionError("different points must stay apart at 16 digits; some lie too close for the cloud's size")
    return merged, copies


def _notes(dimension: float, copies: int) -> tuple[str, ...]:
    notes = []
    if copies:
        notes.append(f"{copies} exact {'copy' if copies == 1 else 'copies'} of other points left out.")
    if dimension > _READS:
        notes.append(
            f"Above about {RELIABLE} dimensions nearest-neighbour estimates read too low, {_READS} to 16 for "
            f"{RELIABLE}: take this as a lower bound."
        )
    return tuple(notes)
