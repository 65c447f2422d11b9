"""Where a record comes from: the commit, and the machine with its versions. What is not known is None."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from calculators.runs.record import Code, Machine

ROOT = Path(__file__).parents[2]
"""The project's folder, when the package is used from it."""
RECORDS = ROOT / "content" / "runs"
"""Where records are kept."""
_COMMIT = re.compile(r"([0-9a-f]{7,64})(-dirty)?\Z")
_CUDA = re.compile(r"cuda[ _]?(?:version)?[: ]*([0-9]+(?:\.[0-9]+)?)", re.IGNORECASE)


class CommitError(ValueError):
    """What was said about the commit cannot be; the message is one line."""


def code(sha256: str, stated: str | None) -> Code:
    """The commit that git knows; or, where there is no git, the one that was stated.

    Args:
        sha256: of the run's code.
        stated: `--commit`: 7 to 64 hexadecimal digits, with `-dirty` behind them where something was changed.

    Raises:
        CommitError: it is no commit, or git says another one.
    """
    known = _git_state()
    if stated is None:
        return Code(sha256, *known) if known else Code(sha256)
    match = _COMMIT.match(stated)
    if match is None:
        raise CommitError(f"--commit must be 7 to 64 hexadecimal digits, or those and -dirty; got {stated!r}")
    if known is not None and not known[0].startswith(match[1]):
        raise CommitError(f"--commit is for where there is no git; git says {known[0]}, got {match[1]}")
    return Code(sha256, *known) if known else Code(sha256, match[1], match[2] is not None)


def _git_state() -> tuple[str, bool] | None:
    """Commit, and whether anything outside the records differs from it; None where git does not know the project."""
    top = _output(["git", "rev-parse", "--show-toplevel"])
    commit = _output(["git", "rev-parse", "HEAD"])
    # The package may lie in somebody else's repository, inside an environment.
    if top is None or commit is None or Path(top).resolve() != ROOT.resolve():
        return None
    changes = _output(["git", "status", "--porcelain", "--", ".", ":(exclude)content/runs"])
    return None if changes is None else (commit, bool(changes))


def _output(command: Sequence[str]) -> str | None:
    """What a command prints; None when it is not there or fails."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def version(package: str) -> str | None:
    """The installed version of a package, without importing it."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def installed(package: str) -> bool:
    """Whether a package can be imported, without importing it."""
    return importlib.util.find_spec(package) is not None


def processor(precision: str, *, with_jax: bool) -> Machine:
    """This machine's processor.

    Args:
        precision: of the measurements.
        with_jax: whether jax measures, so that its version counts.
    """
    return Machine(
        kind="cpu",
        device=_processor_name(),
        count=_cores(),
        numpy=version("numpy") or "unknown",
        python=platform.python_version(),
        system=platform.platform(),
        precision=precision,
        memory=_memory(),
        jax=version("jax") if with_jax else None,
    )


def gpu(precision: str) -> Machine | None:
    """The GPUs that jax sees; None when it sees none, or is missing."""
    if not installed("jax"):
        return None
    import jax

    try:
        devices = jax.devices("gpu")
    except RuntimeError:
        return None
    described = str(getattr(devices[0].client, "platform_version", ""))
    cuda = _CUDA.search(described)
    return Machine(
        kind="gpu",
        device=devices[0].device_kind,
        count=len(devices),
        numpy=version("numpy") or "unknown",
        python=platform.python_version(),
        system=platform.platform(),
        precision=precision,
        memory=_gpu_memory(),
        driver=_smi("driver_version"),
        cuda=_cuda_version(cuda[1]) if cuda else None,
        jax=version("jax"),
    )


def _cuda_version(text: str) -> str:
    """`12.9` for the 12090 that CUDA's libraries say, or a version as it stands."""
    if text.isdigit() and len(text) == 5:
        return f"{int(text) // 1000}.{int(text) % 1000 // 10}"
    return text


def _smi(field: str) -> str | None:
    said = _output(["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader,nounits"])
    return said.splitlines()[0].strip() if said else None


def _gpu_memory() -> int | None:
    mebibytes = _smi("memory.total")
    return int(mebibytes) * 2**20 if mebibytes and mebibytes.isdigit() else None


def _processor_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine() or "unknown"


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
