"""Sweeps of teachers and students as tables: which students there are, what they came to, which of them count."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from mpmath import mpf
from numpy.typing import NDArray

from calculators import CATALOG, numeric
from calculators.runs.run import Configuration, Line, Part, Prediction, Scalar, Table, number, numbers

if TYPE_CHECKING:
    from calculators.runs.students import Layers

TEACHERS = ("relu", "tanh")
"""Names in tables, in the order of `students.TEACHERS`."""
SHOWN = ("tanh", "relu")
"""The same in the order of pages: first the smooth one, which the law is derived for."""
SMOOTH: Mapping[str, bool] = {"relu": False, "tanh": True}
"""Whether the teacher has no kinks."""
TITLES: Mapping[str, str] = {"relu": "ReLU teacher", "tanh": "smooth teacher (tanh)"}
POWERS = (1, 2, 3, 4)
"""Of the absolute error, in the order of `students.POWERS`."""
COLUMNS = ("teacher", "dimension", "width", "size", "steps", "seed", "stopped", "train", *(f"test_{m}" for m in POWERS))
"""`stopped`: the step with the smallest test loss. `train`: mean square there. `test_m`: mean of |error|^m there."""
CONVERGED = 0.1
"""A fit to data counts where its training loss is below this share of its test loss."""
DIGITS = 6
CURVE = 101
"""Points of a curve of theory."""


@dataclass(frozen=True)
class Student:
    """One student to be trained."""

    teacher: str
    dimension: int
    width: int
    size: int
    """Training points; 0: fresh points at every step."""
    steps: int
    seed: int


@dataclass(frozen=True, eq=False)
class Trained:
    """What some students came to."""

    students: tuple[Student, ...]
    table: Table
    layers: Layers | None
    """Their weights, NumPy arrays with the students in front, where they were asked for."""


def train(configuration: Configuration, students: Sequence[Student], title: str, *, keep: bool = False) -> Trained:
    """What the students came to, as one program.

    Args:
        configuration: has teacher_width, batch, checkpoints, test_points, peak; and dimensions, student_width or
            widths, sizes and steps, whose largest are the program's shape. So the numbers of a student do not depend on
            the others that are trained along, nor on how a sweep is split into parts, which share one program.
        students: some of that configuration's.
        title: of the progress bar.
        keep: whether the weights are asked for.
    """
    from calculators.runs import sharding
    from calculators.runs.students import Members, Task

    task = Task(
        inputs=max(numbers(configuration, "dimensions")),
        teacher_width=number(configuration, "teacher_width"),
        width=max(numbers(configuration, "widths" if "widths" in configuration else "student_width")),
        points=max(numbers(configuration, "sizes")) if "sizes" in configuration else 0,
        batch=number(configuration, "batch"),
        steps=number(configuration, "steps"),
        checkpoints=number(configuration, "checkpoints"),
        test=number(configuration, "test_points"),
        peak=real(configuration, "peak"),
        keep=keep,
    )
    members = Members(
        np.array([TEACHERS.index(student.teacher) for student in students], np.int32),
        np.array([student.seed for student in students], np.uint32),
        np.zeros(len(students), np.uint32),
        np.array([student.dimension for student in students], np.int32),
        np.array([student.width for student in students], np.int32),
        np.array([student.size for student in students], np.int32),
        np.array([student.steps for student in students], np.int32),
    )
    outcome = sharding.run(task, members, title)
    rows: list[tuple[Scalar, ...]] = []
    for s, step, loss, test in zip(students, outcome.step, outcome.train, outcome.test, strict=True):
        measured = (int(step), short(float(loss)), *(short(float(mean)) for mean in np.asarray(test)))
        rows.append((s.teacher, s.dimension, s.width, s.size, s.steps, s.seed, *measured))
    return Trained(tuple(students), Table(COLUMNS, tuple(rows)), outcome.student)


def short(value: float) -> float:
    """The number with the digits that a table holds.

    Raises:
        ValueError: it is not finite: the training came apart.
    """
    if not math.isfinite(value):
        raise ValueError(f"a student's loss must be finite; got {value}: the learning rate is too large")
    return float(f"{float(value):.{DIGITS}g}")


def parts(configuration: Configuration, name: str, count: str) -> tuple[Part, ...]:
    """One part for each so many of the numbers in a list of the configuration: `dimensions-2-3`.

    Args:
        configuration: has both.
        name: of the list.
        count: the name of how many numbers go into a part.
    """
    return tuple(
        Part("-".join(map(str, (name, *group))), f"{name} {', '.join(map(str, group))}")
        for group in _groups(configuration, name, count)
    )


def part_numbers(configuration: Configuration, name: str, count: str, part: Part) -> tuple[int, ...]:
    """The numbers of one of `parts`."""
    return _groups(configuration, name, count)[parts(configuration, name, count).index(part)]


def _groups(configuration: Configuration, name: str, count: str) -> list[tuple[int, ...]]:
    values, each = numbers(configuration, name), number(configuration, count)
    return [values[start : start + each] for start in range(0, len(values), each)]


def real(configuration: Configuration, name: str) -> float:
    """A number of the configuration."""
    value = configuration[name]
    if not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number; got {value!r}")
    return float(value)


def unconverged(table: Table, chosen: NDArray[np.bool_]) -> dict[float, str]:
    """Size -> why it is left out: the students' mean training loss is not below a tenth of their test loss.

    All students of a size are left out together, since leaving out single ones would choose by the outcome.

    Args:
        table: of `COLUMNS`.
        chosen: which of its rows, shape [rows].
    """
    sizes, ratio = table.column("size")[chosen], (table.column("train") / table.column("test_2"))[chosen]
    found = {}
    for size in np.unique(sizes):
        share = float(np.mean(ratio[sizes == size]))
        if share > CONVERGED:
            found[float(size)] = f"left out of the fit: training loss {100 * share:.2g} % of the test loss"
    return found


def local_linear_curve(teacher: str, dimensions: Sequence[int]) -> Line:
    """The exponent of the squared error as a curve over the dimension, for a teacher's kind of target.

    Args:
        teacher: one of `TEACHERS`.
        dimensions: d, 1 or more; the curve goes from the smallest to the largest.
    """
    smooth = SMOOTH[teacher]
    expression = CATALOG["scaling-exponent"].derive(**_settings(2, smooth=smooth)).answer.expression
    (d,) = expression.free_symbols
    x = tuple(np.linspace(min(dimensions), max(dimensions), CURVE).tolist())
    y = tuple(float(numeric.evaluate(numeric.context(), expression, {d: mpf(value)})) for value in x)
    return Line(f"{'4' if smooth else '3'}/d, {TITLES[teacher]}", x, y, None)


def local_linear(dimension: int, loss_order: int, *, smooth: bool) -> Prediction:
    """The exponent where a target is followed piecewise linearly: 2m/d, or (m + 1)/d for a target with kinks.

    Args:
        dimension: d, 1 or more.
        loss_order: m, 1 or more.
        smooth: whether the target has no kinks. Isolated kinks have the smoothness 1 + 1/m in the loss's norm.
    """
    return Prediction("scaling-exponent", {"dimension": str(dimension), **_settings(loss_order, smooth=smooth)})


def _settings(loss_order: int, *, smooth: bool) -> dict[str, Any]:
    """All settings of the calculator but the dimension."""
    settings: dict[str, Any] = {"degree": "1", "loss_order": str(loss_order)}
    if not smooth:
        settings["smoothness"] = f"{loss_order + 1}/{loss_order}" if loss_order > 1 else "2"
    return settings
