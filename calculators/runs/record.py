"""Records of runs: dataclasses, their YAML, the CSV files beside them, and hashes. The only reader of YAML here.

A record is what is committed: what was run, on what, what came out. What is not known is left out, never invented.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from numbers import Integral, Real
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
import yaml

from calculators.derivation import suggestion
from calculators.runs.run import Configuration, Metric, Scalar, Table, Verdict

MAX_BYTES = 200_000
"""The most that the CSV files of one record may hold together."""
DIGITS = 9
"""Significant digits of a number in a CSV file."""
_MAX_RECORD = 2_000_000
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")

T = TypeVar("T")


class RecordError(ValueError):
    """A record or one of its files cannot be read; the message is one line that begins with the file's name."""


@dataclass(frozen=True)
class Code:
    """The code that measured."""

    sha256: str
    """Of the syntax trees, see `code_hash`."""
    commit: str | None = None
    dirty: bool | None = None
    """Whether anything outside the records differed from the commit."""


@dataclass(frozen=True)
class Machine:
    """What it ran on. None: not known, or there is no such thing."""

    kind: Literal["cpu", "gpu"]
    device: str
    """Name of the processor or of the GPU."""
    count: int
    """Processor cores that could be used, or GPUs."""
    numpy: str
    python: str
    system: str
    precision: str
    memory: int | None = None
    """Bytes: of the machine, or of one GPU."""
    driver: str | None = None
    cuda: str | None = None
    jax: str | None = None


@dataclass(frozen=True)
class DataFile:
    """One CSV file beside the record."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class RecordedPrediction:
    """What a calculator predicted when the record was made."""

    calculator: str
    settings: Mapping[str, str]
    value: float
    text: str
    quantity: str | None = None


@dataclass(frozen=True)
class RecordedMetric:
    """A metric as it was computed when the record was made."""

    id: str
    title: str
    symbol: str
    value: float
    seeds: int
    bound: bool
    verdict: Verdict
    interval: tuple[float, float] | None = None
    prediction: RecordedPrediction | None = None
    note: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Replay:
    """A tiny configuration that is measured again, on a CPU, when the code has changed."""

    configuration: Configuration
    seeds: tuple[int, ...]
    tolerance: float
    """Relative."""
    metrics: Mapping[str, float]
    sha256: str
    """Of all the above."""


@dataclass(frozen=True)
class Record:
    """One run with one preset: `run-cpu.yml` or `run-gpu.yml`."""

    run: str
    title: str
    question: str
    module: str
    preset: str
    configuration: Configuration
    seeds: tuple[int, ...]
    configuration_sha256: str
    """Of configuration and seeds."""
    code: Code
    started: str
    """ISO 8601, UTC."""
    ended: str
    seconds: float
    """What measuring took by the clock; without the pause of a run that was interrupted."""
    machine: Machine
    files: tuple[DataFile, ...]
    metrics: tuple[RecordedMetric, ...]
    replay: Replay
    limits: tuple[str, ...]
    processor_seconds: float | None = None
    """What measuring took of the processor: the same on a busy machine."""


# --- hashes and plain values -----------------------------------------------------------------------------------------


def sha256(data: bytes) -> str:
    """The hash in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(value: object) -> str:
    """The hash of plain data: the same for the same data, whatever the order of its keys."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return sha256(text.encode())


def configuration_hash(configuration: Configuration, seeds: tuple[int, ...]) -> str:
    """The hash that a record holds of its configuration and seeds."""
    return fingerprint({"configuration": configuration, "seeds": seeds})


def replay_hash(
    configuration: Configuration, seeds: tuple[int, ...], tolerance: float, metrics: Mapping[str, float]
) -> str:
    """The hash that a record holds of its replay."""
    parts = {"configuration": configuration, "seeds": seeds, "tolerance": tolerance, "metrics": metrics}
    return fingerprint(parts)


def scalar(value: object, place: str) -> Scalar:
    """A value of Python's own type; numbers of numpy become that.

    Raises:
        ValueError: it is no truth value, number or text, or the number is not finite.
    """
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        if not math.isfinite(value):
            raise ValueError(f"{place} must be finite; got {float(value)}")
        return float(value)
    if isinstance(value, str):
        return str(value)
    raise ValueError(f"{place} must be a truth value, a number or text; got {type(value).__name__}")


def plain(value: object) -> Any:
    """Dataclasses, mappings and tuples as dicts and lists, without fields that are None or empty text.

    Raises:
        ValueError: something in it cannot be written, such as a number that is not finite.
    """
    return _plain(value, "a value")


def _plain(value: object, place: str) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        shown = {field.name: getattr(value, field.name) for field in fields(value)}
        kept = {field.name for field in fields(value) if field.default is MISSING or shown[field.name] != field.default}
        return {name: _plain(one, name) for name, one in shown.items() if name in kept}
    if isinstance(value, Mapping):
        return {str(key): _plain(one, str(key)) for key, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(one, place) for one in value]
    return scalar(value, place)


# --- YAML ------------------------------------------------------------------------------------------------------------


class _Dumper(yaml.SafeDumper):
    """Writes equal lists twice instead of naming one of them."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def to_yaml(record: Record) -> str:
    """The record as YAML, keys in the order of the fields."""
    return str(yaml.dump(plain(record), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110))


def from_yaml(text: str, shown: str) -> Record:
    """The record that a text holds.

    Args:
        text: YAML.
        shown: the file's name, for messages.

    Raises:
        RecordError: it is no record; the first thing that is wrong.
    """
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark is not None else ""
        raise RecordError(f"{shown}{place}: a record must be YAML: {getattr(error, 'problem', error)}") from None
    return _build(Record, data, shown, "")


def load(path: Path, shown: str) -> Record:
    """The record in a file.

    Raises:
        RecordError: it cannot be read, or is no record.
    """
    try:
        if path.stat().st_size > _MAX_RECORD:
            raise RecordError(f"{shown}: a record must have at most {_MAX_RECORD} bytes; got {path.stat().st_size}")
        return from_yaml(path.read_text(encoding="utf-8"), shown)
    except UnicodeDecodeError:
        raise RecordError(f"{shown}: a record must be UTF-8 text") from None
    except OSError as error:
        raise RecordError(f"{shown}: cannot be read: {error.strerror}") from None


def _build(kind: type[T], data: object, shown: str, keys: str) -> T:
    """A dataclass from a mapping, field by field."""
    if not isinstance(data, dict):
        raise RecordError(f"{shown}: {keys or 'a record'} must be a mapping; got {_kind(data)}")
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key in data:
        if key not in known:
            raise RecordError(f"{shown}: unknown key {_dotted(keys, str(key))!r}{suggestion(str(key), known)}")
    values = {}
    for name, field in known.items():
        if name in data:
            values[name] = _value(hints[name], data[name], shown, _dotted(keys, name))
        elif field.default is MISSING:
            raise RecordError(f"{shown}: {_dotted(keys, name)} must be there; it is missing")
    return kind(**values)


def _dotted(keys: str, key: str) -> str:
    return f"{keys}.{key}" if keys else key


def _kind(data: object) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", type(None): "nothing"}
    return names.get(type(data), f"{data!r}")


def _value(hint: Any, data: Any, shown: str, keys: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        if data not in inner:
            raise RecordError(f"{shown}: {keys} must be one of {', '.join(map(str, inner))}; got {data!r}")
        return data
    if origin in (Union, UnionType):
        return _choice(inner, data, shown, keys)
    if origin is tuple:
        if not isinstance(data, list) or (inner[-1] is not Ellipsis and len(data) != len(inner)):
            rule = "a list" if inner[-1] is Ellipsis else f"a list of {len(inner)}"
            raise RecordError(f"{shown}: {keys} must be {rule}; got {_kind(data)}")
        return tuple(_value(inner[0], one, shown, f"{keys}.{place}") for place, one in enumerate(data))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(data, dict):
            raise RecordError(f"{shown}: {keys} must be a mapping; got {_kind(data)}")
        return {str(key): _value(inner[1], one, shown, _dotted(keys, str(key))) for key, one in data.items()}
    if is_dataclass(hint) and isinstance(hint, type):
        return _build(hint, data, shown, keys)
    if hint is float and isinstance(data, int) and not isinstance(data, bool):
        data = float(data)
    if type(data) is not hint or (hint is float and not math.isfinite(data)):
        rule = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}[hint]
        raise RecordError(f"{shown}: {keys} must be {rule}; got {_kind(data)}")
    return data


def _choice(options: tuple[Any, ...], data: Any, shown: str, keys: str) -> Any:
    """A value of one of several types: each plain type by its own name, a list by the tuple among them."""
    if data is None and type(None) in options:
        return None
    kinds = [option for option in options if option is not type(None)]
    for option in kinds:
        if option is type(data) or (isinstance(data, list) and get_origin(option) is tuple):
            return _value(option, data, shown, keys)
    return _value(kinds[-1], data, shown, keys)


# --- CSV -------------------------------------------------------------------------------------------------------------


def to_csv(table: Table) -> str:
    """The table as CSV: a header, lines that end as on Unix, numbers with at most nine significant digits.

    Raises:
        ValueError: a value cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    for row in table.rows:
        writer.writerow([_written(scalar(v, f"column {name}")) for name, v in zip(table.columns, row, strict=True)])
    return text.getvalue()


def _written(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(float(f"{value:.{DIGITS}g}"))
    if isinstance(value, str) and _read_back(value) != value:
        raise ValueError(f"text in a table must not look like a number or a truth value; got {value!r}")
    return str(value)


def _read_back(text: str) -> Scalar:
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return {"true": True, "false": False}.get(text, text)


def from_csv(text: str, shown: str) -> Table:
    """The table that a text holds; whole numbers, decimal numbers, true and false become what they look like.

    Raises:
        RecordError: it is no table.
    """
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if not rows:
        raise RecordError(f"{shown}: a table must have a header; got an empty file")
    try:
        return Table(tuple(rows[0]), tuple(tuple(_read_back(value) for value in row) for row in rows[1:]))
    except ValueError as error:
        raise RecordError(f"{shown}: {error}") from None


def recorded(metric: Metric) -> RecordedMetric:
    """A metric with its prediction's value written out."""
    prediction = None
    if (asked := metric.prediction) is not None:
        prediction = RecordedPrediction(asked.calculator, dict(asked.settings), asked.value, asked.text, asked.quantity)
    interval = None if metric.interval is None else (float(metric.interval[0]), float(metric.interval[1]))
    return RecordedMetric(
        metric.id,
        metric.title,
        metric.symbol,
        float(metric.value),
        metric.seeds,
        metric.bound,
        metric.verdict,
        interval,
        prediction,
        metric.note,
        metric.unit,
    )
