"""A run over several processes, on one host or many: who leads, who follows, and what is said when one is lost.

On each host a parent starts and watches one child. The children join by `jax.distributed`; the first leads, runs the
whole of a run and writes its record, the others measure along. A child that is lost takes the others with it, with a
C++ trace on each; the parents say one line instead, and what is finished is kept with the leader. So that nothing has
to be told apart by its looks, a child speaks through a descriptor of its own, and the libraries write to the usual one.
"""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any, NoReturn

import numpy as np

from calculators.runs.run import Configuration, Measurements, Part, Run

CHILD = "--child"
"""Tells a process that it is the one that computes, not the one that watches."""
_HEARTBEAT = 10
"""Seconds without a sign of life after which a process counts as lost."""
_START = 120
"""Seconds in which all processes have to come."""
_TOLD = 2**15
"""Bytes of one message of the leader."""
_OWN = (0, 1, 2, 130)
"""Exit statuses that a child chooses itself, having said why."""
_GAVE_UP = 3
"""Exit status of a child that found another one gone."""
_GONE = re.compile(
    r"Gloo|NCCL|[Cc]oordination|heartbeat|Socket closed|Connection (closed|refused|reset)|UNAVAILABLE|DEADLINE_EXCEEDED"
)
"""What JAX's errors say when another process does not answer, by the library that finds out first."""
_SPOKEN = "THEORY_DIGEST_STDERR"
"""Names, to a child, the descriptor of what it says itself; what C++ libraries write goes to the usual one."""
_TAIL = 2**14
"""Bytes of what libraries wrote last that a parent keeps."""


class PlaceError(ValueError):
    """It is not known where the processes meet; the message is one line."""


@dataclass(frozen=True)
class Place:
    """Where the processes of a run meet, and which of them this is."""

    coordinator: str
    """host:port of the leader."""
    processes: int
    process: int
    """From 0, the leader."""


def place(
    environment: Mapping[str, str], coordinator: str | None, processes: int | None, process: int | None
) -> Place | None:
    """Where to meet: from the flags, else from JAX's variables; None: JAX asks the cluster (Slurm, MPI) itself.

    Args:
        environment: with JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES, JAX_PROCESS_ID, or without.
        coordinator: host:port.
        processes: how many.
        process: from 0.

    Raises:
        PlaceError: some are known and others not, or they do not fit together.
    """
    names = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID")
    texts = [
        str(flag) if flag is not None else environment.get(name)
        for flag, name in zip((coordinator, processes, process), names, strict=True)
    ]
    if not any(texts):
        return None
    if None in texts:
        missing = ("--coordinator", "--processes", "--process")[texts.index(None)]
        raise PlaceError(f"--distributed needs {missing} too, or {names[texts.index(None)]} in the environment")
    address, count, number = (str(text) for text in texts)
    if not (count.isdigit() and number.isdigit() and int(number) < int(count)):
        raise PlaceError(f"the process must be a whole number from 0 and below --processes; got {number} of {count}")
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise PlaceError(f"--coordinator must be host:port; got {address!r}")
    return Place(address, int(count), int(number))


# --- the parent ------------------------------------------------------------------------------------------------------


def watch(command: Sequence[str], where: Place | None, say: Callable[[str], None]) -> int:
    """The exit status: the child's own, or 1 and one line when a process was lost.

    Args:
        command: starts the child.
        where: they meet.
        say: is told the line.
    """
    spoken = os.dup(2)
    told = bytearray()
    environment = {**os.environ, _SPOKEN: str(spoken)}
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE, pass_fds=(spoken,), env=environment) as child,
        _ended_with(child),
    ):
        os.close(spoken)
        reader = threading.Thread(target=_kept, args=(child.stderr, told))
        reader.start()
        status = child.wait()
        reader.join()
    if status in _OWN:
        return status
    who = "this process" if where is None else f"process {where.process} of {where.processes}"
    written = told.decode(errors="replace")
    if status == _GAVE_UP:
        what = "gave up because another one was lost"
    else:
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        what = f"{how}: it was lost, or it gave up because another one was"
        if written and _GONE.search(written) is None:
            # No other process is to blame, so what a library said is what there is to go by.
            say(written.rstrip())
    say(f"{who} {what}. Finished parts are kept by process 0; the same command on all hosts goes on from there.")
    return 1


def _kept(written: IO[bytes], told: bytearray) -> None:
    """Nothing; `told` holds the end of what was written."""
    while more := os.read(written.fileno(), _TAIL):
        told += more
        del told[:-_TAIL]


@contextmanager
def _ended_with(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Signals that end this process are for the child, which does not outlive it."""
    asked = (signal.SIGTERM, signal.SIGINT)
    old = {number: signal.signal(number, lambda number, _: child.send_signal(number)) for number in asked}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        if child.poll() is None:
            child.kill()


# --- the children ----------------------------------------------------------------------------------------------------


def speak() -> None:
    """Nothing; from now on what Python says here goes where the parent's words go, apart from what libraries write."""
    descriptor = os.environ.get(_SPOKEN)
    if descriptor is not None:
        sys.stderr = os.fdopen(int(descriptor), "w", buffering=1, encoding="utf-8", errors="backslashreplace")


def join(where: Place | None) -> bool:
    """Whether this process leads; it has met the others.

    Args:
        where: they meet; None: JAX asks the cluster.
    """
    import jax

    from calculators.runs.sharding import use_all_cores

    use_all_cores()
    jax.distributed.initialize(
        where.coordinator if where else None,
        where.processes if where else None,
        where.process if where else None,
        initialization_timeout=_START,
        heartbeat_timeout_seconds=_HEARTBEAT,
    )
    return jax.process_index() == 0


def leading(run: Run) -> Run:
    """The run, whose measuring makes all other processes measure along.

    Args:
        run: one of those that the others know.
    """

    @functools.wraps(run.measure)
    def measure(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
        _tell({"run": run.id, "configuration": dict(configuration), "part": part.id, "seeds": seeds, "on": _kind()})
        return run.measure(configuration, part, seeds)

    return replace(run, measure=measure) if run.jax else run


def follow(runs: Sequence[Run]) -> int:
    """0, when the leader is done; until then whatever it measures is measured along.

    Args:
        runs: those that the leader may name.
    """
    import jax

    known = {run.id: run for run in runs}
    while (told := _heard()) is not None:
        run = known[told["run"]]
        configuration = {name: tuple(v) if isinstance(v, list) else v for name, v in told["configuration"].items()}
        (part,) = (part for part in run.parts(configuration) if part.id == told["part"])
        device = jax.local_devices(backend=told["on"])[0] if told["on"] else None
        with jax.default_device(device):
            run.measure(configuration, part, tuple(told["seeds"]))
    return 0


def done() -> None:
    """Nothing; lets the followers go. Called by the leader."""
    _tell(None)


def _kind() -> str | None:
    """The kind of device that was asked for, if any was."""
    import jax

    default = getattr(jax.config, "jax_default_device", None)
    return getattr(default, "platform", default)


def _tell(what: object) -> None:
    from jax.experimental import multihost_utils

    text = json.dumps(what).encode()
    if len(text) > _TOLD:
        raise ValueError(f"what the leader tells must have at most {_TOLD} bytes; got {len(text)}")
    message = np.zeros(_TOLD, dtype=np.uint8)
    message[: len(text)] = np.frombuffer(text, dtype=np.uint8)
    multihost_utils.broadcast_one_to_all(message, is_source=True)


def _heard() -> Any:
    from jax.experimental import multihost_utils

    message = multihost_utils.broadcast_one_to_all(np.zeros(_TOLD, dtype=np.uint8), is_source=False)
    return json.loads(np.asarray(message).tobytes().rstrip(b"\0"))


def main(
    runs: Sequence[Run], where: Place | None, arguments: Sequence[str], lead: Callable[[Sequence[Run]], int]
) -> int:
    """The exit status of a process of a run over hosts, parent or child.

    Args:
        runs: all runs.
        where: they meet.
        arguments: the words of the command line.
        lead: measures, given runs, and returns the exit status.
    """
    if CHILD not in arguments:
        command = [sys.executable, "-m", "calculators.runs", *arguments, CHILD]
        # A progress bar may stand there without an end.
        return watch(command, where, lambda line: print(f"\n{line}", file=sys.stderr))  # noqa: T201
    speak()
    try:
        if not join(where):
            return follow(runs)
        status = lead([leading(run) for run in runs])
        done()
    except Exception as error:
        # Leaving at once, because the others wait for a word that will not come, and so would an orderly end.
        _leave(_GAVE_UP if _found_another_gone(error) else 1, error)
    return status


def _found_another_gone(error: Exception) -> bool:
    """Whether a library of JAX says that another process does not answer."""
    import jax

    return isinstance(error, jax.errors.JaxRuntimeError) and _GONE.search(str(error)) is not None


def _leave(status: int, error: Exception) -> NoReturn:
    """Ends this process; says the error, but for one that the parent puts in words."""
    if status != _GAVE_UP:
        traceback.print_exception(error)
    sys.stderr.flush()
    sys.stdout.flush()
    os._exit(status)
