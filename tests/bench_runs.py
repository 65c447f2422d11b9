"""Speed of a sweep of students, in one process on one device: `python -m tests.bench_runs`.

The whole sweep as one program against the same students trained one after another (a sample of 8), and its
floating-point rate against what the device reaches on large products of the same precision. Compilation is left out of
all times; drawing teachers and points, and measuring the students once, is in them.
"""

import argparse
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from calculators.runs import sharding, students
from calculators.runs.students import Members, Task

SAMPLE = 8
WANTED_RATIO = 20
WANTED_MINUTES = 3
"""Aims for a data-centre GPU. They are aims: no such machine has been measured."""
WHOLE = (2 * 8 * 8 * 8, 40_000)
"""Students and steps of the gpu preset of `teacher-student-data`."""


def seconds(work: Callable[[], object]) -> float:
    """Seconds of the second call, which compiles nothing."""
    jax.block_until_ready(work())
    start = time.perf_counter()
    jax.block_until_ready(work())
    return time.perf_counter() - start


def sweep(count: int) -> Members:
    """So many students of `teacher-student-data`: teachers, dimensions and seeds in turn."""
    number = np.arange(count)
    return Members(
        (number % 2).astype(np.int32),
        (number // 16).astype(np.uint32),
        np.zeros(count, np.uint32),
        (2 + number // 2 % 8).astype(np.int32),
        np.full(count, 0, np.int32),
        np.full(count, 0, np.int32),
        np.full(count, 0, np.int32),
    )


def operations(task: Task) -> float:
    """Floating-point operations of one step of one student: 2 forwards and 4 backwards for each weight and point."""
    weights = task.inputs * task.width + task.width * task.width + task.width
    return 6.0 * task.batch * weights


def peak(size: int) -> float:
    """Operations a second of a square product at the precision of the runs.

    Args:
        size: of the matrices.
    """
    left = jnp.ones((size, size), jnp.float32)
    product = jax.jit(lambda x: jnp.matmul(x, x, precision=lax.Precision.HIGHEST))
    return 2.0 * size**3 / min(seconds(lambda: product(left)) for _ in range(3))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench_runs", description="Speed of a sweep of students.")
    parser.add_argument("--students", type=int, default=64, help="in the sweep; default: 64; on a GPU 512")
    parser.add_argument("--steps", type=int, default=400, help="of each student; default: 400")
    parser.add_argument("--width", type=int, default=192, help="of the students; default: 192")
    parser.add_argument("--matrix", type=int, default=2048, help="size of the large product; default: 2048")
    options = parser.parse_args()
    task = Task(9, 96, options.width, 512, 64, options.steps, 1, 512, 3e-3)
    members = sweep(options.students)
    members = members._replace(
        width=np.full(options.students, task.width, np.int32),
        size=np.full(options.students, task.points, np.int32),
        steps=np.full(options.students, task.steps, np.int32),
    )
    sample = min(SAMPLE, options.students)

    def one_after_another() -> object:
        # Waiting for each: they are to follow one another.
        each = (Members(*(values[place : place + 1] for values in members)) for place in range(sample))
        return [jax.block_until_ready(students.train(task, one)) for one in each]

    together = options.students * task.steps / seconds(lambda: sharding.run(task, members))
    alone = sample * task.steps / seconds(one_after_another)
    device = jax.devices()[0]
    # A processor's devices are its cores, and one product uses them all.
    apart = 1 if device.platform == "cpu" else len(sharding.devices())
    rate, most = together * operations(task), peak(options.matrix) * apart
    whole = WHOLE[0] * WHOLE[1] / together / 60
    print(f"{device.device_kind} ({device.platform}, {len(sharding.devices())} devices), jax {jax.__version__}")
    print(
        f"{options.students} students, width {task.width}, {task.steps} steps of {task.batch} points, float32, highest"
    )
    lines = [
        ("one program, steps a second", f"{together:,.0f}"),
        (f"one after another, steps a second ({SAMPLE} students)", f"{alone:,.0f}"),
        (f"ratio (aim on a GPU: {WANTED_RATIO})", f"{together / alone:.1f}"),
        ("operations a second", f"{rate / 1e9:,.1f} G"),
        ("large product, operations a second, all devices", f"{most / 1e9:,.1f} G"),
        ("share of it", f"{100 * rate / most:.0f} %"),
        ("students of 40,000 steps a second", f"{together / WHOLE[1]:.3g}"),
        (f"the gpu preset's {WHOLE[0]:,} students, minutes (aim on a GPU: {WANTED_MINUTES})", f"{whole:,.1f}"),
    ]
    for name, value in lines:
        print(f"  {name:<68} {value:>12}")


if __name__ == "__main__":
    main()
