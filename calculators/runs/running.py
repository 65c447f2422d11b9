"""A run from its declaration to its record: checked at the start, part by part, resumed, written all or nothing."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calculators.runs import provenance
from calculators.runs.code_hash import code_hash
from calculators.runs.record import (
    MAX_BYTES,
    Code,
    DataFile,
    Machine,
    Record,
    RecordError,
    Replay,
    configuration_hash,
    from_csv,
    load,
    plain,
    recorded,
    replay_hash,
    scalar,
    sha256,
    to_csv,
    to_yaml,
)
from calculators.runs.run import Configuration, Measurements, Metric, Part, Run, Table

UNFINISHED = ".unfinished-"
"""Begins the name of the folder that keeps the finished parts of an interrupted run."""


class StartError(ValueError):
    """A run cannot start; each line of the message is one reason."""


@dataclass(frozen=True)
class Plan:
    """A run that can start: everything has been checked that can be checked before."""

    run: Run
    preset: str
    seeds: tuple[int, ...]
    folder: Path
    """Where the record will be."""
    code: Code
    machine: Machine

    @property
    def configuration(self) -> Configuration:
        """What is measured."""
        return self.run.presets[self.preset].configuration

    @property
    def kept(self) -> Path:
        """The folder of the finished parts."""
        return self.folder / f"{UNFINISHED}{self.preset}"

    @property
    def grounds(self) -> Mapping[str, str]:
        """Everything that a finished part rests on, in words for a message: what it is -> its hash or name.

        A commit may change without the code, which is hashed; a machine may not, since a record names one.
        """
        return {
            "the code": self.code.sha256,
            "the configuration or the seeds": configuration_hash(self.configuration, self.seeds),
            "the machine": f"{self.machine.kind}, {self.machine.device}",
        }


# --- before ----------------------------------------------------------------------------------------------------------


def plan(run: Run, preset: str, out: Path, *, first_seed: int = 0, commit: str | None = None) -> Plan:
    """What will be run, with everything checked that would otherwise fail after an hour.

    Args:
        run: what to run.
        preset: `cpu`, `gpu` or `replay`.
        out: the folder that holds a folder for each run; made, when it is missing, as soon as there is something.
        first_seed: 0 or more; the seeds are this one and those after it.
        commit: stated where there is no git.

    Raises:
        StartError: with one line for each reason.
    """
    reasons = []
    if preset not in run.presets:
        reasons.append(f"{run.id} has no preset {preset}: it uses numpy alone, on a CPU")
    if run.jax:
        missing = [name for name in ("jax", "optax") if not provenance.installed(name)]
        if missing:
            reasons.append(f"{run.id} needs {' and '.join(missing)}: pip install -e '.[runs]'")
    if not provenance.installed("tqdm"):
        reasons.append("running needs tqdm: pip install -e '.[runs]'")
    folder = out / run.id
    if (reason := _unwritable(folder)) is not None:
        reasons.append(reason)
    try:
        code = provenance.code(code_hash(run.module), commit)
    except provenance.CommitError as error:
        reasons.append(str(error))
    machine = None
    if preset == "gpu" and run.jax and provenance.installed("jax"):
        machine = provenance.gpu(run.precision)
        if machine is None:
            reasons.append(f"{run.id} with preset gpu needs a GPU that jax sees; there is none")
    if reasons:
        raise StartError("\n".join(reasons))
    count = run.presets[preset].seeds
    seeds = tuple(range(first_seed, first_seed + count))
    return Plan(run, preset, seeds, folder, code, machine or provenance.processor(run.precision, with_jax=run.jax))


def _unwritable(folder: Path) -> str | None:
    """Why nothing can be written in a folder; None when it can. A folder that is missing is not made yet."""
    try:
        there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
        with tempfile.TemporaryFile(dir=there):
            return None
    except OSError as error:
        return f"{folder}: cannot be written: {error.strerror}"


# --- measuring -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FinishedPart:
    """What one part gave, and when."""

    started: str
    ended: str
    seconds: float
    processor_seconds: float
    tables: Mapping[str, Table]


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    record: Record
    answer: str
    """The answer to the run's question, in one sentence."""


def carry_out(planned: Plan, *, say: Callable[[str], None]) -> Outcome:
    """The record and the answer; the record and its files are written when all parts are done, and only then.

    Args:
        planned: from `plan`.
        say: is told what is worth a line.

    Raises:
        StartError: the measurements cannot be recorded, for example because they are too many.
    """
    run, configuration = planned.run, planned.configuration
    with _on(planned.machine.kind, run):
        parts = _finished_parts(planned, say)
    with _on("cpu", run):
        replay = make_replay(run, planned.seeds[0])
    tables = _joined([part.tables for part in parts])
    texts = {f"{name}-{planned.preset}.csv": to_csv(table) for name, table in tables.items()}
    size = sum(len(text.encode()) for text in texts.values())
    if size > MAX_BYTES:
        raise StartError(f"{run.id}: the tables of a record must have at most {MAX_BYTES} bytes; got {size}")
    # What is published is computed from what is in the files, digit for digit.
    read = {name: from_csv(texts[f"{name}-{planned.preset}.csv"], name) for name in tables}
    metrics = run.metrics(configuration, read)
    record = Record(
        run=run.id,
        title=run.title,
        question=run.question,
        module=run.module,
        preset=planned.preset,
        configuration=configuration,
        seeds=planned.seeds,
        configuration_sha256=configuration_hash(configuration, planned.seeds),
        code=planned.code,
        started=parts[0].started,
        ended=parts[-1].ended,
        seconds=round(sum(part.seconds for part in parts), 3),
        machine=planned.machine,
        files=tuple(
            DataFile(name, len(tables[name.removesuffix(f"-{planned.preset}.csv")].rows), sha256(text.encode()))
            for name, text in texts.items()
        ),
        metrics=tuple(recorded(metric) for metric in metrics),
        replay=replay,
        limits=run.limits,
        processor_seconds=round(sum(part.processor_seconds for part in parts), 3),
    )
    _write(planned, record, texts)
    return Outcome(record, run.answer(metrics))


def is_current(planned: Plan) -> bool:
    """Whether there is a record already of this code, configuration, seeds and kind of machine.

    Args:
        planned: from `plan`.
    """
    try:
        record = load(planned.folder / record_name(planned.preset), "")
    except RecordError:
        return False
    same_code = record.code.sha256 == planned.code.sha256 and record.machine.kind == planned.machine.kind
    return same_code and record.configuration_sha256 == configuration_hash(planned.configuration, planned.seeds)


def make_replay(run: Run, first_seed: int) -> Replay:
    """The replay that a record holds: the tiny configuration, measured here and now.

    Args:
        run: what to replay.
        first_seed: of the record.
    """
    preset = run.presets["replay"]
    seeds = tuple(range(first_seed, first_seed + preset.seeds))
    metrics = {metric.id: float(metric.value) for metric in replayed(run, preset.configuration, seeds)}
    digest = replay_hash(preset.configuration, seeds, run.tolerance, metrics)
    return Replay(preset.configuration, seeds, run.tolerance, metrics, digest)


def replayed(run: Run, configuration: Configuration, seeds: tuple[int, ...]) -> tuple[Metric, ...]:
    """The metrics of a configuration, measured here and now, through the text of its files.

    Args:
        run: what to measure.
        configuration: small.
        seeds: one or more.
    """
    tables = _joined([run.measure(configuration, part, seeds) for part in run.parts(configuration)])
    return run.metrics(configuration, {name: from_csv(to_csv(table), name) for name, table in tables.items()})


@contextmanager
def on_cpu(run: Run) -> Iterator[None]:
    """Nothing; inside, jax computes on the processor, if the run uses jax at all."""
    if not run.jax:
        yield
        return
    import jax

    from calculators.runs.sharding import use_all_cores

    use_all_cores()  # before jax is asked for its devices: afterwards their number is fixed
    with jax.default_device(jax.devices("cpu")[0]):
        yield


@contextmanager
def _on(kind: str, run: Run) -> Iterator[None]:
    if kind == "cpu":
        with on_cpu(run):
            yield
    else:
        yield


def _finished_parts(planned: Plan, say: Callable[[str], None]) -> list[FinishedPart]:
    from tqdm import tqdm

    run = planned.run
    parts = run.parts(planned.configuration)
    done, changed = _kept_parts(planned, parts)
    if done:
        say(f"{run.id}: {len(done)} of {len(parts)} parts are kept from the run that was interrupted")
    if changed:
        say(f"{run.id}: parts of an interrupted run are there and not used, since {' and '.join(changed)} changed")
    try:
        planned.kept.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"{planned.kept}: cannot be made: {error.strerror}") from None
    # The description ends with a colon of its own.
    form = "{desc}{percentage:3.0f} % {bar:24} {n_fmt} of {total_fmt} parts, {elapsed} gone, {remaining} left"
    with tqdm(total=len(parts), initial=len(done), desc=run.id, bar_format=form, file=sys.stderr, ascii=" -=") as bar:
        for part in parts:
            if part.id in done:
                continue
            bar.set_description(f"{run.id}, {part.title}")
            done[part.id] = _measured_part(planned, part)
            bar.update()
    return [done[part.id] for part in parts]


def _measured_part(planned: Plan, part: Part) -> FinishedPart:
    """One part, measured and kept."""
    started, clock, work = _now(), time.perf_counter(), time.process_time()
    tables = planned.run.measure(planned.configuration, part, planned.seeds)
    seconds, worked = round(time.perf_counter() - clock, 3), round(time.process_time() - work, 3)
    finished = FinishedPart(started, _now(), seconds, worked, _plain_tables(tables))
    text = json.dumps({"part": part.id, "grounds": dict(planned.grounds)} | plain(finished), allow_nan=False)
    _replace(planned.kept / f"{part.id}.json", text.encode())
    return finished


def _kept_parts(planned: Plan, parts: Sequence[Part]) -> tuple[dict[str, FinishedPart], list[str]]:
    """The parts that were finished before on the same grounds, by id; and what changed under the others."""
    done: dict[str, FinishedPart] = {}
    changed: set[str] = set()
    for path in sorted(planned.kept.glob("*.json")):
        try:
            data: Any = json.loads(path.read_text(encoding="utf-8"))
            differing = {ground for ground, now in planned.grounds.items() if data["grounds"].get(ground) != now}
            if differing:
                changed |= differing
                continue
            tables = {
                name: Table(tuple(table["columns"]), tuple(tuple(row) for row in table["rows"]))
                for name, table in data["tables"].items()
            }
            finished = FinishedPart(data["started"], data["ended"], data["seconds"], data["processor_seconds"], tables)
            if path.stem == data["part"] and any(part.id == path.stem for part in parts):
                done[path.stem] = finished
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # cut off while it was written: measured again
    return done, [ground for ground in planned.grounds if ground in changed]


def _plain_tables(tables: Measurements) -> dict[str, Table]:
    return {
        name: Table(table.columns, tuple(tuple(scalar(v, f"table {name}") for v in row) for row in table.rows))
        for name, table in tables.items()
    }


def _joined(parts: Sequence[Measurements]) -> dict[str, Table]:
    """The rows of all parts, table by table.

    Raises:
        ValueError: a table has other columns in another part.
    """
    rows: dict[str, list[tuple[Any, ...]]] = {}
    columns: dict[str, tuple[str, ...]] = {}
    for part in parts:
        for name, table in part.items():
            if columns.setdefault(name, table.columns) != table.columns:
                raise ValueError(f"table {name} must have the same columns in all parts; got {table.columns}")
            rows.setdefault(name, []).extend(table.rows)
    return {name: Table(columns[name], tuple(found)) for name, found in rows.items()}


# --- writing ---------------------------------------------------------------------------------------------------------


def record_name(preset: str) -> str:
    """The record's file name: `run-cpu.yml`."""
    return f"run-{preset}.yml"


def _write(planned: Plan, record: Record, texts: Mapping[str, str]) -> None:
    """Nothing; all files under temporary names first, then renamed, the record last, then the parts removed.

    A crash before the renaming leaves the old record as it was. One in between, which takes milliseconds, leaves the
    parts: the same command then writes the same files again.
    """
    path = planned.folder / record_name(planned.preset)
    new = {planned.folder / name: text for name, text in texts.items()} | {path: to_yaml(record)}
    waiting = [(_written_beside(target, text.encode()), target) for target, text in new.items()]
    old = _files_of(path)
    for temporary, target in waiting:
        temporary.replace(target)
    for name in old - {target.name for target in new}:
        (planned.folder / name).unlink(missing_ok=True)
    shutil.rmtree(planned.kept, ignore_errors=True)


def _files_of(path: Path) -> set[str]:
    """The names of the files that the record there owns; empty when there is none that can be read."""
    try:
        return {file.name for file in load(path, path.name).files if Path(file.name).name == file.name}
    except RecordError:
        return set()


def _replace(path: Path, data: bytes) -> None:
    """Nothing; the file is there whole or not at all."""
    _written_beside(path, data).replace(path)


def _written_beside(path: Path, data: bytes) -> Path:
    """A hidden file beside the path, written and on the disk."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
