"""What an example run is made of: presets, parts, tables, metrics, figures, and the run that declares them.

A run measures; it never decides where its files go, how they are written or what a page looks like.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from calculators import CATALOG, emit, numeric
from calculators.derivation import Quantity, Result

Scalar: TypeAlias = bool | int | float | str
"""A value of a configuration or of a table."""
Configuration: TypeAlias = Mapping[str, Scalar | tuple[Scalar, ...]]
"""What is measured, as plain data that is written to YAML as it is."""
Verdict = Literal[
    "consistent",
    "not consistent",
    "above the bound",
    "below the bound",
    "not converged",
    "not asymptotic",
    "no prediction",
]
"""What a measurement says about a prediction; nothing is ever confirmed. The bounds are for predictions that are lower
bounds, `not consistent` for those that are not."""
Scale = Literal["log", "linear"]
"""The scale of an axis."""

PRESETS = ("cpu", "gpu", "replay")
"""`cpu`: at most a minute on two cores, shows the effect. `gpu`: the real size; a run that computes with numpy alone
has none, since no record made on a processor is called a GPU's. `replay`: a few seconds on a processor."""

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_COLUMN = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*\Z")


def _check_id(what: str, name: str) -> None:
    if not _ID.match(name):
        raise ValueError(f"{what} must be lower-case words joined by hyphens; got {name!r}")


def numbers(configuration: Configuration, key: str) -> tuple[int, ...]:
    """The whole numbers of a configuration under a key; one number is a tuple of one.

    Raises:
        ValueError: something else stands there, or nothing.
    """
    value = configuration.get(key)
    listed = value if isinstance(value, tuple) else (value,)
    found = tuple(one for one in listed if isinstance(one, int) and not isinstance(one, bool))
    if len(found) != len(listed):
        raise ValueError(f"{key} must be whole numbers; got {value!r}")
    return found


def number(configuration: Configuration, key: str) -> int:
    """The whole number of a configuration under a key.

    Raises:
        ValueError: something else stands there, or nothing, or several numbers.
    """
    found = numbers(configuration, key)
    if len(found) != 1:
        raise ValueError(f"{key} must be one whole number; got {configuration.get(key)!r}")
    return found[0]


@dataclass(frozen=True)
class Preset:
    """One size of a run."""

    configuration: Configuration
    seeds: int
    """How many repetitions with seeds of their own, 1 or more."""
    expect: str
    """What it costs, in words: `40 s on two cores`."""

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise ValueError(f"a preset must have at least 1 seed; got {self.seeds}")


@dataclass(frozen=True)
class Part:
    """What is measured in one go: an interrupted run goes on from its last finished part."""

    id: str
    title: str
    """What the progress bar shows."""

    def __post_init__(self) -> None:
        _check_id("a part's id", self.id)


@dataclass(frozen=True)
class Table:
    """Measurements, one observation a row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]

    def __post_init__(self) -> None:
        if len(set(self.columns)) != len(self.columns) or not all(map(_COLUMN.match, self.columns)):
            raise ValueError(f"columns must be different lower-case words joined by underscores; got {self.columns}")
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row must have {len(self.columns)} values; got {row}")

    def column(self, name: str) -> NDArray[Any]:
        """The values of one column, shape [rows].

        Raises:
            ValueError: there is no such column.
        """
        return np.array([row[self.columns.index(name)] for row in self.rows])


def rows_where(table: Table, **values: Scalar) -> NDArray[np.bool_]:
    """Which rows have the given values in the columns named, shape [rows].

    Raises:
        ValueError: there is no such column.
    """
    found = np.ones(len(table.rows), dtype=bool)
    for column, value in values.items():
        found &= table.column(column) == value
    return found


@dataclass(frozen=True)
class Prediction:
    """A number that a calculator derives for given settings; it is computed whenever it is asked for, never typed."""

    calculator: str
    settings: Mapping[str, str]
    quantity: str | None = None
    """The id of one of the result's quantities; None: the result itself."""

    @property
    def value(self) -> float:
        """The number.

        Raises:
            ValueError: a letter is left open, or the calculator has no answer or no such quantity.
        """
        expression = self._formula().expression
        if expression.free_symbols:
            raise ValueError(f"a prediction must be a number; {self.calculator} gives {emit.text(expression)}")
        return float(numeric.evaluate(numeric.context(), expression, {}))

    @property
    def text(self) -> str:
        """The exact value in plain text: `4/3`.

        Raises:
            ValueError: the calculator has no answer or no such quantity.
        """
        return self._formula().text

    def along(self, setting: str, values: Sequence[float]) -> tuple[float, ...]:
        """The numbers while one setting moves: the points of a curve of theory.

        Args:
            setting: which one; its letter is left open in the formula, so it may also lie between whole numbers.
            values: that it takes.

        Raises:
            ValueError: the formula does not depend on the setting, another letter is open, or there is no answer.

        Valid for: drawings, with 15 digits, and integrals of 5.
        """
        left = {name: value for name, value in self.settings.items() if name != setting}
        expression = replace(self, settings=left)._formula().expression
        if len(expression.free_symbols) != 1:
            raise ValueError(
                f"without {setting} just one letter must be open; {self.calculator} gives {emit.text(expression)}"
            )
        (letter,) = expression.free_symbols
        arithmetic = numeric.floats()
        return tuple(
            float(numeric.evaluate(arithmetic, expression, {letter: arithmetic.mpf(value)})) for value in values
        )

    def _formula(self) -> Result | Quantity:
        answer = CATALOG[self.calculator].derive(**self.settings).answer
        if self.quantity is None:
            return answer
        quantities = {quantity.id: quantity for quantity in answer.quantities}
        if self.quantity not in quantities:
            known = ", ".join(quantities) or "none"
            raise ValueError(f"{self.calculator} has no quantity {self.quantity!r}; it has {known}")
        return quantities[self.quantity]


@dataclass(frozen=True)
class Metric:
    """One measured number, beside what theory predicts for it."""

    id: str
    title: str
    symbol: str
    """Short plain text: `alpha`."""
    value: float
    interval: tuple[float, float] | None
    """95 %, where one was computed."""
    seeds: int
    """How many independent repetitions the number rests on."""
    prediction: Prediction | None
    bound: bool
    """True: the prediction is a lower bound."""
    verdict: Verdict
    note: str = ""
    """What a reader has to know about the number, one or two sentences."""
    unit: str = ""

    def __post_init__(self) -> None:
        _check_id("a metric's id", self.id)
        if self.verdict not in get_args(Verdict):
            raise ValueError(f"a verdict must be one of {', '.join(get_args(Verdict))}; got {self.verdict!r}")
        if (self.prediction is None) != (self.verdict == "no prediction"):
            raise ValueError(f"metric {self.id} must have a prediction just when its verdict is not 'no prediction'")
        if self.interval is not None and not self.interval[0] <= self.interval[1]:
            raise ValueError(f"metric {self.id} must have an interval from low to high; got {self.interval}")


@dataclass(frozen=True)
class Series:
    """Measured points of a figure, with intervals."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    left_out: tuple[str, ...]
    """A text for each point: empty, or why it is hollow: `left out: too few points`. The words before the colon are the
    same for all points of a kind."""

    def __post_init__(self) -> None:
        lengths = {len(values) for values in (self.x, self.y, self.low, self.high, self.left_out)}
        if len(lengths) != 1:
            raise ValueError(f"series {self.label!r} must have as many of each; got {sorted(lengths)}")


@dataclass(frozen=True)
class Line:
    """A line of theory."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    prediction: Prediction | None
    """What the line shows, where it is one number, such as its slope."""

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            raise ValueError(f"line {self.label!r} must have as many x as y; got {len(self.x)} and {len(self.y)}")


@dataclass(frozen=True)
class Figure:
    """Measured points and lines of theory in one frame."""

    id: str
    title: str
    x_title: str
    y_title: str
    x_scale: Scale
    y_scale: Scale
    series: tuple[Series, ...]
    lines: tuple[Line, ...]
    alt: str
    """What the figure shows, for those who cannot see it: a sentence or two."""
    hollow: str = "left out of the fit"
    """What the hollow points are, those with a text in `left_out`."""

    def __post_init__(self) -> None:
        _check_id("a figure's id", self.id)
        for name, values in [(s.label, (s.x, s.y)) for s in self.series] + [(s.label, (s.x, s.y)) for s in self.lines]:
            for scale, numbers in zip((self.x_scale, self.y_scale), values, strict=True):
                for number in numbers:
                    if not math.isfinite(number) or (scale == "log" and number <= 0):
                        raise ValueError(f"figure {self.id}, {name!r}: cannot be drawn on a {scale} axis: {number}")


@dataclass(frozen=True)
class Sheet:
    """A further table of a run's page, made from the measurements whenever the page is made; no record holds it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    folded: bool = True

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"sheet {self.title!r} must have {len(self.columns)} cells in each row")


Measurements: TypeAlias = Mapping[str, Table]
"""Table name -> table. A name becomes a file name: lower-case words joined by hyphens."""


@dataclass(frozen=True)
class Run:
    """An experiment: a question, how it is measured, and what the measurements say about the calculators."""

    id: str
    title: str
    question: str
    method: tuple[str, ...] = field(kw_only=True)
    """What was done, in a few short paragraphs: the data, the model, what is varied, how the number is read off."""
    tests: tuple[str, ...]
    """Ids of the calculators whose predictions are tested."""
    items: tuple[str, ...]
    """Ids of the items that it belongs to."""
    presets: Mapping[str, Preset]
    """`cpu`, `gpu` (only where jax measures) and `replay`."""
    parts: Callable[[Configuration], tuple[Part, ...]] = field(repr=False)
    measure: Callable[[Configuration, Part, tuple[int, ...]], Measurements] = field(repr=False)
    """(configuration, part, seeds) -> this part's rows of each table; the columns are the same for all parts. All
    randomness comes from the seeds, the run's id and the part."""
    metrics: Callable[[Configuration, Measurements], tuple[Metric, ...]] = field(repr=False)
    """(configuration, whole tables, read back from the files) -> metrics. No randomness but from fixed seeds."""
    figures: Callable[[Configuration, Measurements], tuple[Figure, ...]] = field(repr=False)
    answer: Callable[[tuple[Metric, ...]], str] = field(repr=False)
    """The answer to the question in a sentence or two, from the metrics."""
    limits: tuple[str, ...]
    """Sentences: what the run does not show."""
    jax: bool
    """Whether measuring needs jax; nothing else ever does."""
    precision: str
    """Of the measurements: `float64`, or `float32, matmul precision highest`."""
    sheets: Callable[[Configuration, Measurements], tuple[Sheet, ...]] = field(
        default=lambda configuration, measured: (), repr=False, kw_only=True
    )
    """Further tables of the page, such as local exponents."""
    tolerance: float
    """How far a replay's metrics may be from the recorded ones, relative, on a machine of another kind."""

    def __post_init__(self) -> None:
        _check_id("a run's id", self.id)
        expected = PRESETS if self.jax else ("cpu", "replay")
        if tuple(self.presets) != expected:
            raise ValueError(f"run {self.id} must have presets {', '.join(expected)}; got {', '.join(self.presets)}")
        for calculator in self.tests:
            if calculator not in CATALOG:
                raise ValueError(f"run {self.id} must test calculators of the catalogue; got {calculator!r}")
        if not any(paragraph.strip() for paragraph in self.method):
            raise ValueError(f"run {self.id} must say what was done; its method is empty")
        if not 0 < self.tolerance < 1:
            raise ValueError(f"run {self.id} must have a tolerance between 0 and 1; got {self.tolerance}")

    @property
    def module(self) -> str:
        """The module that measures: `calculators.runs.nearest_neighbour`."""
        return self.measure.__module__
