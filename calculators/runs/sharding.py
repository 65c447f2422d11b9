"""An ensemble on all devices there are: members in chunks that fit into memory, each chunk shared out evenly."""

from __future__ import annotations

import contextlib
import os
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from numpy.typing import NDArray
from tqdm import tqdm

from calculators.runs import students
from calculators.runs.students import Members, Outcome, Task

_AXIS = "members"
_SHARE = 0.5
"""Of a device's memory, as the compiler's own buffers are not in the estimate."""
_UNKNOWN = 2 * 2**30
"""Bytes to use where a device does not tell its memory, as CPUs do not."""


def run(task: Task, members: Members, title: str = "", memory: int | None = None) -> Outcome:
    """What every member comes to, as NumPy arrays whose first axis has the length M.

    The same numbers as `students.train` on one device; every process of a run over hosts calls this with the same
    arguments and gets the whole outcome.

    Args:
        task: what the members share.
        members: what they differ in, NumPy arrays of the shape [M].
        title: of the progress bar, which counts members; none is drawn where nobody looks at a terminal.
        memory: bytes to use on each device; by default half of what it has.
    """
    mesh = Mesh(np.array(devices()), (_AXIS,))
    count = len(members.seed)
    size = chunk_size(task, count, mesh.size, memory or _memory(mesh))
    pieces = []
    with tqdm(total=count, desc=title, unit="student", leave=False, disable=None) as bar:
        for start in range(0, count, size):
            # The last chunk is filled up with copies of its last member: one shape, one compilation.
            which = np.minimum(np.arange(start, start + size), count - 1)  # [size]
            chunk = Members(*(_shared(np.asarray(values)[which], mesh) for values in members))
            piece = _gathered(_train(task, chunk, mesh))
            used = min(size, count - start)
            pieces.append(jax.tree.map(lambda values, used=used: values[:used], piece))
            bar.update(used)
    return jax.tree.map(lambda *values: np.concatenate(values), *pieces)


def devices() -> list[jax.Device]:
    """All devices to compute on, of every process: JAX's own choice of kind, or the kind of `jax.default_device`."""
    use_all_cores()
    default = getattr(jax.config, "jax_default_device", None)
    return jax.devices(getattr(default, "platform", default))


def use_all_cores() -> None:
    """Nothing; from here on a CPU counts as one device a core, unless JAX has already been used or told otherwise.

    One device would compute many small products one after another and leave the other cores idle.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    told = "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", "")
    if not told and getattr(jax.config, "jax_num_cpu_devices", -1) < 0:
        with contextlib.suppress(RuntimeError):  # raised once there are devices; then it stays as it is
            jax.config.update("jax_num_cpu_devices", cores)


def chunk_size(task: Task, count: int, devices: int, memory: int) -> int:
    """How many members go in one chunk: a multiple of the devices, chunks as even as can be.

    Args:
        task: what they share.
        count: M, 1 or more.
        devices: how many.
        memory: bytes to use on each device.
    """
    each = max(1, memory // member_bytes(task))
    chunks = -(-count // (each * devices))
    return -(-count // (chunks * devices)) * devices


def member_bytes(task: Task) -> int:
    """About how many bytes one member takes on its device: weights, Adam's memory, points, and layers held at once."""
    inputs, width = task.inputs, task.width
    weights = inputs * width + width * width + 3 * width + 1
    copies = 6 if task.keep else 5  # weights, gradient, two moments, an update, the best so far
    points = (task.points + task.test) * (inputs + 2)
    block = max(task.batch or task.points, min(students.BLOCK, max(task.test, task.points)))
    layers = block * (6 * max(width, task.teacher_width) + inputs)
    return 4 * (copies * weights + points + layers)


@partial(jax.jit, static_argnames=("task", "mesh"))
def _train(task: Task, members: Members, mesh: Mesh) -> Outcome:
    # Members never look at one another, so each device runs the program on its own share without a word to the others.
    share = jax.shard_map(
        partial(students.train, task),
        mesh=mesh,
        in_specs=PartitionSpec(_AXIS),
        out_specs=PartitionSpec(_AXIS),
        check_vma=False,
    )
    return share(members)


def _shared(values: NDArray[Any], mesh: Mesh) -> jax.Array:
    """The values [M], each device holding its share, also where other devices belong to other processes."""
    sharding = NamedSharding(mesh, PartitionSpec(_AXIS))
    return jax.make_array_from_callback(values.shape, sharding, lambda index: values[index])


def _gathered(outcome: Outcome) -> Outcome:
    """The whole outcome as NumPy arrays, in every process."""
    if jax.process_count() > 1:
        return multihost_utils.process_allgather(outcome, tiled=True)
    return jax.device_get(outcome)


def _memory(mesh: Mesh) -> int:
    """Bytes to use on each device: the least that any process may, so that all make the same chunks."""
    (device, *_) = (device for device in mesh.devices.flat if device.process_index == jax.process_index())
    here = int((device.memory_stats() or {}).get("bytes_limit", _UNKNOWN / _SHARE) * _SHARE)
    if jax.process_count() == 1:
        return here
    # In mebibytes, since without 64-bit numbers bytes would not fit.
    return int(np.min(multihost_utils.process_allgather(np.int32(here // 2**20)))) * 2**20
