"""The engine of the sweeps against a training loop in plain NumPy; padding, chunks and devices change nothing."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from calculators.runs import sharding, students  # noqa: E402
from calculators.runs.students import Members, Task  # noqa: E402

PROJECT = Path(__file__).parents[3]
TASK = Task(inputs=3, teacher_width=12, width=10, points=40, batch=0, steps=60, checkpoints=3, test=70, peak=0.01)


def members(*rows: tuple[int, int, int, int, int], steps: int = 60, width: int = 10) -> Members:
    """Members from rows of teacher, seed, draw, dimension, size."""
    teacher, seed, draw, dimension, size = np.array(rows).T
    return Members(
        teacher.astype(np.int32),
        seed.astype(np.uint32),
        draw.astype(np.uint32),
        dimension.astype(np.int32),
        np.full(len(rows), width, np.int32),
        size.astype(np.int32),
        np.full(len(rows), steps, np.int32),
    )


def forward(weights, x, smooth=False):
    """Both hidden layers and the output of a network, float64."""
    act = np.tanh if smooth else lambda z: np.maximum(z, 0)
    first = act(x @ weights[0] + weights[1])
    second = act(first @ weights[2] + weights[3])
    return first, second, second @ weights[4] + weights[5]


def plain_loop(task: Task, member: Members) -> dict[str, object]:
    """One student trained in Python and NumPy, float64: own gradients, own Adam, own cosine, own early stopping."""
    one = Members(*(values[0] for values in member))
    taught = students.lesson(task, one)
    wide = [np.asarray(leaf, np.float64) for leaf in students.beginner(task, one)]
    teacher = [np.asarray(leaf, np.float64) for leaf in taught.teacher]
    smooth = bool(one.teacher)
    x_test = np.asarray(taught.x_test, np.float64)
    y_test = forward(teacher, x_test, smooth)[2]
    moments = [[np.zeros_like(leaf) for leaf in wide] for _ in range(2)]
    best = {"square": np.inf}
    for step in range(task.steps):
        x, y, share = (np.asarray(values, np.float64) for values in students.batch(task, one, taught, step))
        first, second, out = forward(wide, x)
        slope = 2 * share * (out - y)
        back2 = np.outer(slope, wide[4]) * (second > 0)
        back1 = back2 @ wide[2].T * (first > 0)
        gradient = [x.T @ back1, back1.sum(0), first.T @ back2, back2.sum(0), second.T @ slope, slope.sum()]
        rate = task.peak * (1 + np.cos(np.pi * min(step / one.steps, 1))) / 2
        for i, slope_i in enumerate(gradient):
            moments[0][i] = 0.9 * moments[0][i] + 0.1 * slope_i
            moments[1][i] = 0.999 * moments[1][i] + 0.001 * slope_i**2
            mean, square = moments[0][i] / (1 - 0.9 ** (step + 1)), moments[1][i] / (1 - 0.999 ** (step + 1))
            wide[i] = wide[i] - rate * mean / (np.sqrt(square) + 1e-8)
        if (step + 1) % (task.steps // task.checkpoints) == 0:
            error = np.abs(forward(wide, x_test)[2] - y_test)
            if np.mean(error**2) < best["square"]:
                best = {"square": np.mean(error**2), "step": step + 1}
                best["powers"] = [np.mean(error**m) for m in (1, 2, 3, 4)]
    best["last"] = [np.mean(error**m) for m in (1, 2, 3, 4)]
    return best


@pytest.mark.parametrize("kind", ["full batch", "batches", "fresh points"])
def test_the_program_is_the_plain_loop(kind: str) -> None:
    task = {
        "full batch": TASK,
        "batches": replace(TASK, batch=8),
        "fresh points": replace(TASK, batch=16, points=0),
    }[kind]
    both = members((0, 5, 1, 2, 30), (1, 6, 0, 3, 40))._replace(width=np.array([7, 10], np.int32))
    found = students.train(task, both)
    for place in (0, 1):
        expected = plain_loop(task, Members(*(values[place : place + 1] for values in both)))
        assert np.asarray(found.test[place]) == pytest.approx(expected["powers"], rel=2e-4)
        assert np.asarray(found.last_test[place]) == pytest.approx(expected["last"], rel=2e-4)
        assert found.step[place] == expected["step"]


def test_a_wrong_rate_is_seen() -> None:
    """The comparison above can fail: with another learning rate the numbers are others."""
    member = members((0, 5, 1, 2, 30))
    expected = plain_loop(replace(TASK, peak=0.0101), member)
    assert np.asarray(students.train(TASK, member).test[0]) != pytest.approx(expected["powers"], rel=2e-4)


def test_a_member_may_stop_earlier() -> None:
    """Half as long in a longer program is the same student as in a program of its own."""
    short = students.train(replace(TASK, steps=30), members((0, 5, 1, 2, 30), steps=30))
    long = students.train(TASK, members((0, 5, 1, 2, 30), steps=30))
    assert np.asarray(long.last_test) == pytest.approx(np.asarray(short.last_test), rel=1e-4)


def test_the_best_checkpoint_is_kept_with_its_student() -> None:
    task = replace(TASK, peak=0.1, checkpoints=30, keep=True)
    member = members((0, 1, 0, 3, 4))  # four points: soon fitted too well
    found = students.train(task, member)
    assert found.test[0, 1] < found.last_test[0, 1]
    assert 0 < found.step[0] < task.steps
    taught = students.lesson(task, Members(*(values[0] for values in member)))
    student = [np.asarray(leaf[0], np.float64) for leaf in found.student]
    error = np.abs(forward(student, np.asarray(taught.x_test, np.float64))[2] - np.asarray(taught.y_test))
    assert [np.mean(error**m) for m in (1, 2, 3, 4)] == pytest.approx(np.asarray(found.test[0]), rel=1e-4)
    fitted = forward(student, np.asarray(taught.x[:4], np.float64))[2] - np.asarray(taught.y[:4])
    assert found.train[0] == pytest.approx(np.mean(fitted**2), rel=1e-3)


def test_padding_changes_nothing() -> None:
    """A member with 20 of 40 points and an unused column is the same student as one of the exact shape."""
    padded = students.train(TASK, members((0, 7, 0, 2, 20), (1, 7, 0, 3, 40)))
    exact = students.train(replace(TASK, points=20), members((0, 7, 0, 2, 20)))
    assert np.asarray(padded.test[0]) == pytest.approx(np.asarray(exact.test[0]), rel=1e-4)
    assert padded.train[0] == pytest.approx(float(exact.train[0]), rel=1e-3)
    taught = students.lesson(TASK, Members(*(values[0] for values in members((0, 7, 0, 2, 20)))))
    assert np.all(np.asarray(taught.x)[:, 2] == 0)
    assert np.all(np.asarray(taught.teacher.w1)[2] != 0)  # drawn, but never seen


def test_unused_units_stay_out() -> None:
    """Seven of ten units: the other three have no weights, not even after training."""
    found = students.train(replace(TASK, keep=True), members((0, 5, 1, 2, 30), width=7))
    w1, b1, w2, b2, w3, _ = (np.asarray(leaf[0]) for leaf in found.student)
    assert not np.any(w1[:, 7:]) and not np.any(b1[7:]) and not np.any(b2[7:]) and not np.any(w3[7:])
    assert not np.any(w2[7:]) and not np.any(w2[:, 7:])
    assert np.all(w2[:7, :7] != 0) and np.all(w1[:2, :7] != 0) and np.all(w3[:7] != 0)


def test_teachers_are_normalised_and_data_differ() -> None:
    one, other, again = (
        students.lesson(TASK, Members(*(values[0] for values in members(row))))
        for row in [(0, 3, 0, 3, 40), (0, 3, 1, 3, 40), (0, 3, 0, 3, 39)]
    )
    assert float(np.mean(one.y_test)) == pytest.approx(0, abs=1e-5)
    assert float(np.std(one.y_test)) == pytest.approx(1, rel=1e-5)
    assert np.array_equal(one.x_test, other.x_test) and np.array_equal(one.teacher.w1, again.teacher.w1)
    assert not np.any(np.asarray(one.x) == np.asarray(other.x))
    assert not np.any(np.asarray(one.x) == np.asarray(again.x))
    error = forward([np.asarray(leaf, np.float64) for leaf in one.teacher], np.asarray(one.x, np.float64))[2] - one.y
    assert np.max(np.abs(error)) < 1e-5


def test_a_task_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^steps must be a multiple of checkpoints; got 60 and 7$"):
        replace(TASK, checkpoints=7)
    with pytest.raises(ValueError, match=r"^a full batch needs training points; got points = 0, batch = 0$"):
        replace(TASK, points=0)


SWEEP = members(*((k, s, 0, d, n) for k in (0, 1) for s in (1, 2) for d in (1, 3) for n in (10, 40)), (0, 9, 0, 2, 25))


def test_chunks_change_nothing() -> None:
    whole = students.train(replace(TASK, keep=True), SWEEP)
    few = sharding.run(replace(TASK, keep=True), SWEEP, memory=5 * sharding.member_bytes(TASK) + 1)
    for one, other in zip(jax.tree.leaves(whole), jax.tree.leaves(few), strict=True):
        assert one.shape == other.shape
        assert np.asarray(one) == pytest.approx(np.asarray(other), rel=2e-3, abs=1e-5)


@pytest.mark.parametrize(
    ("count", "devices", "memory", "size"),
    [(17, 1, 5, 5), (17, 4, 5, 20), (17, 4, 2, 8), (16, 4, 100, 16), (1, 4, 100, 4), (100, 1, 60, 50), (3, 1, 0, 1)],
)
def test_chunks_are_even_and_fit(count: int, devices: int, memory: int, size: int) -> None:
    assert sharding.chunk_size(TASK, count, devices, memory * sharding.member_bytes(TASK)) == size


ON_FOUR = """
import json, sys
import numpy as np
from tests.calculators.runs.test_students import SWEEP, TASK
from calculators.runs import sharding
import jax
found = sharding.run(TASK, SWEEP)
print(json.dumps({"devices": len(jax.devices()), "test": np.asarray(found.test).tolist()}))
"""


def test_the_default_device_decides() -> None:
    with jax.default_device(jax.devices("cpu")[0]):
        assert {device.platform for device in sharding.devices()} == {"cpu"}
    assert sharding.devices() == jax.devices()


def test_four_devices_give_the_numbers_of_one() -> None:
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=4", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", ON_FOUR], env=environment, capture_output=True, text=True, check=True, cwd=PROJECT
    )
    found = json.loads(done.stdout)
    assert found["devices"] == 4
    expected = np.asarray(students.train(TASK, SWEEP).test)
    assert np.asarray(found["test"]) == pytest.approx(expected, rel=2e-3)
