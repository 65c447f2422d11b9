"""Records checked: files by their hashes, metrics computed anew from the files, predictions anew by the calculators.

When the code has changed since, the record's tiny configuration is measured again: a refactoring strands no record, a
real change does.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from calculators.derivation import suggestion
from calculators.runs import agreements, provenance
from calculators.runs.code_hash import code_hash
from calculators.runs.record import (
    Record,
    RecordedMetric,
    RecordError,
    configuration_hash,
    from_csv,
    load,
    recorded,
    replay_hash,
    sha256,
)
from calculators.runs.run import Run, Table
from calculators.runs.running import UNFINISHED, on_cpu, record_name, replayed

EXACT = 1e-9
"""Relative; metrics from the same files and predictions from the same calculators."""
RECORDED = ("gpu", "cpu")
"""The presets whose records are kept, the one that a page leads with first."""

State = Literal["code unchanged", "code changed since, replay agrees", "code changed since, not replayed", "wrong"]


@dataclass(frozen=True)
class Finding:
    """What verifying one record found."""

    run: str
    preset: str
    shown: str
    """The record's path, for messages."""
    state: State
    problems: tuple[str, ...]
    """One line each, with the file's name first; empty when all is well."""
    metrics: tuple[RecordedMetric, ...] = ()
    """As they are computed now, in today's words; empty where they cannot be."""


def verify(
    runs: Sequence[Run],
    records: Path,
    shown: str,
    *,
    only: Sequence[str] = (),
    every: bool = True,
    out: str = "",
    replay: bool = True,
) -> tuple[Finding, ...]:
    """What was found, a finding for each record and one for each thing that lies wrong.

    Args:
        runs: every run there is.
        records: the folder with a folder for each run.
        shown: its name in messages.
        only: ids of the runs to look at; empty: all, and what else lies in the folder.
        every: whether each run must have a record there, even if `only` does not name it; else one of them must.
        out: what a command that measures has to say to write there: ` --out DIR`.
        replay: whether to replay where the code has changed.
    """
    if not records.is_dir():
        rule = "must be a folder that holds a folder for each run"
        what = "it is a file" if records.exists() else "there is no such folder"
        return (Finding("", "", shown, "wrong", (f"{shown}: {rule}; {what}",)),)
    found: list[Finding] = []
    for run in runs:
        if only and run.id not in only:
            continue
        presets = [preset for preset in RECORDED if (records / run.id / record_name(preset)).is_file()]
        if not presets and (every or only or (records / run.id).exists()):
            found.append(_without_record(run, records, shown, out))
            continue
        found += [verify_record(run, preset, records, shown, out=out, replay=replay) for preset in presets]
        found += _strays(run.id, presets, records, shown)
    if not only:
        ids = [run.id for run in runs]
        for folder in sorted(records.iterdir()):
            if folder.name not in ids:
                near = suggestion(folder.name, ids)
                problem = f"{shown}/{folder.name}: must have the name of a run; got {folder.name!r}{near}"
                found.append(Finding(folder.name, "", f"{shown}/{folder.name}", "wrong", (problem,)))
    if not found:
        found.append(Finding("", "", shown, "wrong", (f"{shown}: must hold the record of a run; it is empty",)))
    return tuple(found)


def _without_record(run: Run, records: Path, shown: str, out: str) -> Finding:
    """What is wrong where a run has no record that is kept; a replay's is none."""
    place = f"{shown}/{run.id}"
    if (records / run.id / record_name("replay")).is_file():
        problem = (
            f"{place}/{record_name('replay')}: a replay's record is not for keeping, and nothing verifies it; "
            f"make one that is with {_command(run, 'cpu', out)}"
        )
    else:
        problem = f"{place}: a run must have a record; make it with {_command(run, 'cpu', out)}"
    return Finding(run.id, "", place, "wrong", (problem,))


def _command(run: Run, preset: str, out: str) -> str:
    """The command that makes a record anew."""
    wanted = "" if preset == "cpu" else f" --preset {preset}"
    return f"python -m calculators.runs run {run.id}{wanted}{out}"


def _strays(run: str, presets: Sequence[str], records: Path, shown: str) -> Iterator[Finding]:
    """What lies in a run's folder and belongs to no record."""
    folder = records / run
    if not folder.is_dir():
        return
    named = {record_name(preset) for preset in presets}
    for preset in presets:
        try:
            named |= {file.name for file in load(folder / record_name(preset), "").files}
        except RecordError:
            return
    for path in sorted(folder.iterdir()):
        if path.name not in named and not path.name.startswith(UNFINISHED):
            place = f"{shown}/{run}/{path.name}"
            yield Finding(run, "", place, "wrong", (f"{place}: must be named by a record; none does",))


def verify_record(run: Run, preset: str, records: Path, shown: str, *, out: str = "", replay: bool = True) -> Finding:
    """What was found in one record.

    Args:
        run: its run.
        preset: `cpu` or `gpu`.
        records: the folder with a folder for each run.
        shown: its name in messages.
        out: what a command that measures has to say to write there: ` --out DIR`.
        replay: whether to replay where the code has changed.
    """
    folder = records / run.id
    place = f"{shown}/{run.id}"
    name = f"{place}/{record_name(preset)}"
    try:
        record = load(folder / record_name(preset), name)
    except RecordError as error:
        return Finding(run.id, preset, name, "wrong", (str(error),))
    unchanged = code_hash(run.module) == record.code.sha256
    problems = [f"{name}: {problem}" for problem in _declared(run, preset, record)]
    problems += [f"{name}: {problem}" for problem in _outdated(run, preset, record, _command(run, preset, out))]
    if unchanged:
        problems += [f"{name}: {problem}" for problem in _reworded(run, record)]
    tables, broken = _tables(record, folder, place)
    problems += broken
    now: dict[str, RecordedMetric] = {}
    if not broken:
        try:
            now = {metric.id: recorded(metric) for metric in run.metrics(record.configuration, tables)}
            problems += [f"{name}: {problem}" for problem in _metrics(record, now, words=unchanged)]
        except (KeyError, ValueError, IndexError, TypeError, ArithmeticError) as error:
            problems.append(f"{name}: metrics cannot be computed from the files: {type(error).__name__}: {error}")
    state: State = "code unchanged"
    if not unchanged:
        state = "code changed since, not replayed"
        if replay:
            state = "code changed since, replay agrees"
            missed = [f"{name}: {problem}" for problem in _replay(run, record)]
            problems += missed
            if not missed:
                agreements.remember(run, record)
    return Finding(run.id, preset, name, "wrong" if problems else state, tuple(problems), tuple(now.values()))


def _declared(run: Run, preset: str, record: Record) -> Iterator[str]:
    """What the record says that cannot be so."""
    if record.run != run.id:
        yield f"run must be the folder's name, {run.id}; got {record.run!r}"
    if record.preset != preset:
        yield f"preset must be the one in the file's name, {preset}; got {record.preset!r}"
    machine = record.machine
    if preset not in run.presets:
        yield f"preset {preset} is none of {run.id}: it uses numpy alone, so a record of it is a processor's"
    elif machine.kind != preset:
        yield f"a record of preset {preset} must be made on a {preset}; machine.kind is {machine.kind!r}"
    if not machine.device.strip():
        yield f"machine.device must name the {machine.kind}; got {machine.device!r}"
    if run.jax and machine.jax is None:
        yield f"machine.jax must be the version of jax, with which {run.id} measures; it is missing"
    if machine.count < 1:
        yield f"machine.count must be 1 or more; got {machine.count}"
    yield from _times(record)
    for key, stated, computed in (
        ("configuration", record.configuration_sha256, configuration_hash(record.configuration, record.seeds)),
        ("replay", record.replay.sha256, _replay_hash(record)),
    ):
        if stated != computed:
            yield f"{key} was changed: its sha256 must be {stated[:12]}…; got {computed[:12]}…"


def _times(record: Record) -> Iterator[str]:
    """Where start and end are no times in UTC, or the wrong way round."""
    found = []
    for key in ("started", "ended"):
        text = getattr(record, key)
        try:
            moment = datetime.datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.utcoffset() != datetime.timedelta(0):
            yield f"{key} must be a time in UTC like 2021-03-04T05:06:07+00:00; got {text!r}"
        else:
            found.append(moment)
    if len(found) == 2 and found[0] > found[1]:
        yield f"started must not be after ended; got {record.started} and {record.ended}"


def _outdated(run: Run, preset: str, record: Record, command: str) -> Iterator[str]:
    """Where the record's configuration and seeds are not those of the preset as it is now."""
    if preset not in run.presets:
        return
    declared = run.presets[preset]
    then, now = record.configuration, declared.configuration
    for key in (*now, *(key for key in then if key not in now)):
        if then.get(key) != now.get(key):
            was, is_now = (_told(values[key]) if key in values else "nothing" for values in (then, now))
            yield f"configuration.{key} is {was}, preset {preset} now has {is_now}; measure again: {command}"
    first = record.seeds[0] if record.seeds else 0
    if record.seeds != tuple(range(first, first + declared.seeds)):
        rule = f"seeds must be {declared.seeds} in a row, as preset {preset} has"
        yield f"{rule}; got {_told(record.seeds)}; measure again: {command}"


def _told(value: object) -> str:
    return f"({', '.join(map(str, value))})" if isinstance(value, tuple) else f"{value}"


def _reworded(run: Run, record: Record) -> Iterator[str]:
    """Where the same code has other words than the record; words of code that changed are taken from the code."""
    for key in ("module", "title", "question", "limits"):
        was, is_now = getattr(record, key), getattr(run, key)
        if was != is_now:
            yield f"{key} was changed: the run says {is_now!r}; got {was!r}"


def _replay_hash(record: Record) -> str:
    replay = record.replay
    return replay_hash(replay.configuration, replay.seeds, replay.tolerance, replay.metrics)


def _tables(record: Record, folder: Path, place: str) -> tuple[dict[str, Table], list[str]]:
    """The tables in the record's files, and what is wrong with the files."""
    tables: dict[str, Table] = {}
    problems = []
    suffix = f"-{record.preset}.csv"
    for file in record.files:
        name = f"{place}/{file.name}"
        if Path(file.name).name != file.name or not file.name.endswith(suffix):
            problems.append(f"{name}: a file of this record must be a name that ends with {suffix}")
            continue
        try:
            data = (folder / file.name).read_bytes()
        except OSError as error:
            problems.append(f"{name}: cannot be read: {error.strerror}")
            continue
        if (digest := sha256(data)) != file.sha256:
            problems.append(f"{name}: the data was changed: its sha256 must be {file.sha256[:12]}…; got {digest[:12]}…")
            continue
        try:
            table = from_csv(data.decode(), name)
        except (RecordError, UnicodeDecodeError) as error:
            problems.append(str(error) if isinstance(error, RecordError) else f"{name}: must be UTF-8 text")
            continue
        if len(table.rows) != file.rows:
            problems.append(f"{name}: must have the {file.rows} rows that the record says; got {len(table.rows)}")
        tables[file.name.removesuffix(suffix)] = table
    return tables, problems


def _metrics(record: Record, now: Mapping[str, RecordedMetric], *, words: bool) -> Iterator[str]:
    """Where the recorded metrics are not those of the files."""
    then = {metric.id: metric for metric in record.metrics}
    if len(then) != len(record.metrics):
        yield "metrics must have different ids"
    for name in (*then, *(name for name in now if name not in then)):
        if name not in now:
            yield f"metrics.{name} is recorded, and the run has no such metric{suggestion(name, now)}"
        elif name not in then:
            yield f"metrics.{name} is not recorded; from the files it is {now[name].value:.9g}"
        else:
            yield from _differences(then[name], now[name], words=words)


def _differences(then: RecordedMetric, now: RecordedMetric, *, words: bool) -> Iterator[str]:
    numbers: list[tuple[str, float | None, float | None, str]] = [("value", then.value, now.value, "from the files")]
    for place, end in enumerate(("low", "high")):
        old, new = (None if metric.interval is None else metric.interval[place] for metric in (then, now))
        numbers.append((f"interval.{end}", old, new, "from the files"))
    old, new = (None if metric.prediction is None else metric.prediction.value for metric in (then, now))
    numbers.append(("prediction", old, new, f"by the calculator {now.prediction and now.prediction.calculator}"))
    for key, one, other, source in numbers:
        same = one is other if one is None or other is None else close(one, other, EXACT)
        if not same:
            yield f"metrics.{then.id}.{key} is recorded as {_shown(one)}; {source} it is {_shown(other)}"
    keys = ["seeds", "bound", "verdict", *(["title", "symbol", "note", "unit"] if words else [])]
    for key in keys:
        if getattr(then, key) != getattr(now, key):
            was, is_now = getattr(then, key), getattr(now, key)
            yield f"metrics.{then.id}.{key} is recorded as {was!r}; from the files it is {is_now!r}"
    if then.prediction and now.prediction:
        for key in ("calculator", "settings", "quantity", "text"):
            was, is_now = getattr(then.prediction, key), getattr(now.prediction, key)
            if was != is_now:
                yield f"metrics.{then.id}.prediction.{key} is recorded as {was!r}; now it is {is_now!r}"


def close(one: float, other: float, tolerance: float) -> bool:
    """Whether two numbers are equal within a relative tolerance; near 0, within as much in absolute terms."""
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance * 1e-3)


def _shown(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.12g}"


def _replay(run: Run, record: Record) -> Iterator[str]:
    """Where the replay differs from the recorded one."""
    if run.jax and not provenance.installed("jax"):
        yield "the code changed since, and the replay needs jax: pip install -e '.[runs]'"
        return
    with on_cpu(run):
        try:
            metrics = replayed(run, record.replay.configuration, record.replay.seeds)
        except (KeyError, ValueError, IndexError, TypeError, ArithmeticError) as error:
            yield f"stale: the code changed since, and its replay fails: {type(error).__name__}: {error}"
            return
    now = {metric.id: float(metric.value) for metric in metrics}
    yield from stale(record.replay.metrics, now, record.replay.tolerance)


def stale(then: Mapping[str, float], now: Mapping[str, float], tolerance: float) -> Iterator[str]:
    """One line for each replayed metric that is not what it was.

    Args:
        then: id -> value, recorded.
        now: id -> value, measured again.
        tolerance: relative.
    """
    for name in sorted({*then, *now}):
        old, new = then.get(name), now.get(name)
        if old is None or new is None or not close(old, new, tolerance):
            was = f"the replay gave {name} = {_shown(old)}"
            yield f"stale: the code changed since; {was}, now it gives {_shown(new)} (tolerance {tolerance:g})"


def report(findings: Iterable[Finding]) -> tuple[str, tuple[str, ...]]:
    """What is well, a line for each record, and every problem, one a line.

    Args:
        findings: from `verify`.
    """
    well: list[str] = []
    problems: list[str] = []
    for finding in findings:
        problems += finding.problems
        if not finding.problems:
            well.append(f"{finding.shown}: {len(finding.metrics)} metrics computed anew; {finding.state}")
    return "\n".join(well), tuple(problems)
