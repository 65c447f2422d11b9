"""Runs over several processes: where they meet, the numbers of one process, and one clear line when one is lost."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from calculators.runs import RUNS, hosts
from calculators.runs.record import from_csv
from calculators.runs.run import Part

PROJECT = Path(__file__).parents[3]
RUN = "teacher-student-data"


def test_where_they_meet() -> None:
    environment = {"JAX_COORDINATOR_ADDRESS": "leader:1234", "JAX_NUM_PROCESSES": "4", "JAX_PROCESS_ID": "3"}
    assert hosts.place(environment, None, None, None) == hosts.Place("leader:1234", 4, 3)
    assert hosts.place(environment, "other:99", None, 1) == hosts.Place("other:99", 4, 1)
    assert hosts.place({}, "other:99", 2, 0) == hosts.Place("other:99", 2, 0)
    assert hosts.place({}, None, None, None) is None


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("a:1", None, 0), "--distributed needs --processes too, or JAX_NUM_PROCESSES in the environment"),
        ((None, 2, 0), "--distributed needs --coordinator too, or JAX_COORDINATOR_ADDRESS in the environment"),
        (("a:1", 2, 2), "the process must be a whole number from 0 and below --processes; got 2 of 2"),
        (("leader", 2, 1), "--coordinator must be host:port; got 'leader'"),
    ],
)
def test_half_a_place_is_refused(flags, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(hosts.PlaceError) as caught:
        hosts.place({}, *flags)
    assert str(caught.value) == message


def test_a_child_that_is_lost_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    words = r"E0101 00:00 coordination service: a trace\n*** Check failure\n"
    trace = f"import os, sys; sys.stderr.write('{words}'); sys.stderr.flush(); os.abort()"
    assert hosts.watch([sys.executable, "-c", trace], hosts.Place("a:1", 2, 1), said.append) == 1
    assert said == [
        "process 1 of 2 was ended by SIGABRT: it was lost, or it gave up because another one was. Finished parts are "
        "kept by process 0; the same command on all hosts goes on from there."
    ]
    assert capsys.readouterr().err == ""


def test_a_child_that_found_another_gone_says_so() -> None:
    said: list[str] = []
    assert hosts.watch([sys.executable, "-c", "raise SystemExit(3)"], hosts.Place("a:1", 2, 1), said.append) == 1
    assert said == [
        "process 1 of 2 gave up because another one was lost. Finished parts are kept by process 0; the same command "
        "on all hosts goes on from there."
    ]


# What jax said when the other process was killed at its start, in its midst and before it came.
LOST = [
    "UNKNOWN: Gloo context initialization failed: UNAVAILABLE: Socket closed",
    "FAILED_PRECONDITION: Gloo all-reduce failed: [../pair.cc:589] Connection closed by peer [127.0.0.1]:48312",
    "DEADLINE_EXCEEDED: Barrier timed out. Id: [Init]PjRT_Client_Connect::0. This usually happens because a task died.",
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("message", "status", "printed"),
    [(message, 3, False) for message in LOST]
    + [("RESOURCE_EXHAUSTED: Out of memory while trying to allocate", 1, True)],
)
@pytest.mark.parametrize("leads", [True, False])
def test_an_error_is_told_from_a_loss(message: str, status: int, printed: bool, leads: bool) -> None:
    pytest.importorskip("jax")
    # In an interpreter of its own, which the error ends at once.
    code = f"""
import jax
from calculators.runs import hosts
def fail(*_):
    raise jax.errors.JaxRuntimeError({message!r})
hosts.join = lambda where: {leads}
hosts.follow = fail
hosts.main([], None, [hosts.CHILD], fail)
"""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=False,
    )
    assert ended.returncode == status
    assert (message in ended.stderr and "Traceback" in ended.stderr) == printed
    if not printed:
        assert ended.stderr == ""


@pytest.mark.parametrize("status", [0, 1, 2, 130])
def test_a_status_of_its_own_is_passed_on(status: int) -> None:
    said: list[str] = []
    assert hosts.watch([sys.executable, "-c", f"raise SystemExit({status})"], None, said.append) == status
    assert said == []


def started(out: Path, preset: str) -> list[subprocess.Popen[str]]:
    """Two parents on this machine, as on two hosts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    words = [sys.executable, "-m", "calculators.runs", "run", RUN, "--preset", preset, "--distributed"]
    words += ["--coordinator", address, "--processes", "2"]
    return [
        subprocess.Popen(
            [*words, "--out", str(out / str(process)), "--process", str(process)],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for process in (0, 1)
    ]


@pytest.mark.slow
def test_two_processes_give_the_numbers_of_one(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    pair = started(tmp_path, "replay")
    said = [process.communicate(timeout=300) for process in pair]
    assert [process.returncode for process in pair] == [0, 0], said
    found = from_csv((tmp_path / "0" / RUN / "losses-replay.csv").read_text(), "losses")
    run = {run.id: run for run in RUNS}[RUN]
    preset = run.presets["replay"]
    (part,) = run.parts(preset.configuration)
    assert isinstance(part, Part)
    expected = run.measure(preset.configuration, part, tuple(range(preset.seeds)))["losses"]
    for column in ("teacher", "size", "seed"):
        assert np.array_equal(found.column(column), expected.column(column))
    assert found.column("test_2") == pytest.approx(expected.column("test_2"), rel=2e-3)
    assert not (tmp_path / "1").exists()  # only the leader writes


@pytest.mark.slow
@pytest.mark.parametrize("lost", [0, 1], ids=["leader", "follower"])
def test_a_lost_process_ends_both_with_one_line(tmp_path: Path, lost: int) -> None:
    pytest.importorskip("jax")
    pair = started(tmp_path, "cpu")
    try:
        deadline = time.monotonic() + 240
        children: list[psutil.Process] = []
        # The leader's folder is there when all have met and the measuring begins.
        while not (tmp_path / "0" / RUN).exists() or len(children) < 1:
            assert time.monotonic() < deadline and pair[0].poll() is None
            children = psutil.Process(pair[lost].pid).children()
            time.sleep(0.2)
        children[0].send_signal(signal.SIGKILL)
        clock = time.monotonic()
        said = [process.communicate(timeout=120) for process in pair]
        took = time.monotonic() - clock
    finally:
        for process in pair:
            process.kill()
    assert [process.returncode for process in pair] == [1, 1], said
    for number, (_, errors) in enumerate(said):
        lines = [line for line in errors.splitlines() if "was lost" in line]
        assert len(lines) == 1 and lines[0].startswith(f"process {number} of 2 "), errors
        # Nothing else is said: not what jax and its libraries write when a connection breaks.
        rest = [piece.strip() for piece in re.split(r"[\r\n]+", errors) if piece.strip() and piece not in lines]
        assert [piece for piece in rest if not re.match(rf"{RUN}[ ,:]", piece)] == [], errors
    assert "was ended by SIGKILL" in said[lost][1]
    assert took < 100
    assert not list((tmp_path / "0" / RUN).glob("run-*.yml"))


CHILD = """
import os, sys
from calculators.runs import hosts
hosts.speak()
print("part 1 of 2", end="\\r", file=sys.stderr)
os.write(2, ({written!r} * {times}).encode())
print("part 2 of 2", file=sys.stderr, flush=True)
{end}
"""


@pytest.mark.parametrize(
    ("written", "times", "end", "status", "kept"),
    [
        ("E1128 17:30:01 agent.cc:320] UNAVAILABLE: Socket closed\n1\nRPC: /xla.Poll\n", 1, "os.abort()", 1, False),
        ("CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access\n", 1, "os.abort()", 1, True),
        ("WARNING: a note of a library\n", 10_000, "sys.exit(0)", 0, False),
    ],
    ids=["lost", "crashed", "well"],
)
def test_what_libraries_write_is_kept_apart(written: str, times: int, end: str, status: int, kept: bool) -> None:
    """It is shown only where the child broke down and no other process is to blame."""
    code = f"""
import sys
from calculators.runs import hosts
child = [sys.executable, "-c", {CHILD.format(written=written, times=times, end=end)!r}]
sys.exit(hosts.watch(child, hosts.Place("a:1", 2, 1), lambda line: print(line, file=sys.stderr)))
"""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == status
    assert done.stderr.startswith("part 1 of 2\rpart 2 of 2\n") or done.stderr.startswith("part 1 of 2\npart 2 of 2\n")
    assert (written in done.stderr) == kept
    assert ("process 1 of 2 was ended by SIGABRT" in done.stderr) == (status == 1)
    assert len(done.stderr) < 1000
