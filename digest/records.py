"""Records of runs as content: the structure of a record, with every mistake at its line and column.

The rules are those of `calculators.runs.record`: a model here has the fields of the dataclass there, so that no key is
written down twice. Every scalar of a document is text; the models turn it into what the dataclass asks for.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from types import GenericAlias, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, BeforeValidator, create_model

from calculators.runs.record import Record, RecordedMetric, from_csv, load
from calculators.runs.run import Figure, Measurements, Metric, Prediction, Run
from calculators.runs.running import record_name
from calculators.runs.verifying import RECORDED, verify_record
from digest.model import Flag, Structure, breach, validate
from digest.problems import Mark, Problem, did_you_mean
from digest.source import Data, Document, Keys, read

_WHOLE = re.compile(r"[+-]?[0-9]+")


def _whole(value: object) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise breach("must be a whole number")


def _number(value: object) -> float:
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return number
    raise breach("must be a finite number")


def _settings(value: object) -> object:
    """A mapping of plain values, or lists of them."""
    if not isinstance(value, Mapping):
        raise breach("must be a mapping of keys to values")
    for entry in value.values():
        if any(not isinstance(one, str) for one in (entry if isinstance(entry, list) else [entry])):
            raise breach("must hold plain values, or lists of them")
    return value


def _pair(value: object) -> object:
    if not isinstance(value, list) or len(value) != 2:
        raise breach("must be a list of two numbers")
    return value


_SCALARS: Mapping[Any, Any] = {
    bool: Flag,
    int: Annotated[int, BeforeValidator(_whole)],
    float: Annotated[float, BeforeValidator(_number)],
    str: str,
}


def mirrored(kind: type[Any]) -> type[BaseModel]:
    """A model with the fields of a dataclass, for documents in which every scalar is text."""
    hints = get_type_hints(kind)
    given: dict[str, Any] = {
        one.name: (_type(hints[one.name]), ... if one.default is MISSING else one.default) for one in fields(kind)
    }
    return create_model(kind.__name__, __base__=Structure, **given)


def _type(hint: Any) -> Any:
    """What a field of a model is for a field of a dataclass.

    Raises:
        TypeError: there is no rule for it yet.
    """
    origin, inner = get_origin(hint), get_args(hint)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if is_dataclass(hint) and isinstance(hint, type):
        return mirrored(hint)
    if origin is Literal:
        return hint
    if origin in (Union, UnionType) and type(None) in inner and len(inner) == 2:
        return _type(next(one for one in inner if one is not type(None))) | None
    if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:
        return GenericAlias(tuple, (_type(inner[0]), ...))
    if origin is tuple and inner == (float, float):
        return Annotated[GenericAlias(tuple, (_SCALARS[float],) * 2), BeforeValidator(_pair)]
    if origin is not None and issubclass(origin, Mapping) and inner[1] is float:
        return GenericAlias(dict, (str, _SCALARS[float]))
    if origin is not None and issubclass(origin, Mapping):
        return Annotated[Mapping[str, Any], BeforeValidator(_settings)]
    raise TypeError(f"no rule for a field of a record that is {hint}")


RecordStructure: type[BaseModel] = mirrored(Record)
"""The structure of `run-cpu.yml` and `run-gpu.yml`."""


@dataclass(frozen=True)
class Recorded:
    """One record with what pages show of it. `file` is its path from the content directory."""

    file: str
    record: Record
    run: Run = field(repr=False)
    tables: Measurements = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)
    """The CSV files and the record itself, by name."""
    unchanged: bool
    """Whether the code is still what measured."""

    @property
    def kind(self) -> str:
        """`cpu` or `gpu`."""
        return self.record.machine.kind

    @cached_property
    def metrics(self) -> Mapping[str, RecordedMetric]:
        """The metrics by id, in the record's order."""
        return {metric.id: metric for metric in self.record.metrics}

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """What is to be drawn."""
        return self.run.figures(self.record.configuration, self.tables)

    @cached_property
    def answer(self) -> str:
        """The answer to the run's question, in one sentence."""
        return self.run.answer(tuple(map(_metric, self.record.metrics)))


@dataclass(frozen=True)
class RecordedRun:
    """A run that has a record, or one for each kind of machine. The GPU's comes first."""

    run: Run
    records: tuple[Recorded, ...]

    @property
    def lead(self) -> Recorded:
        """The record that pages lead with."""
        return self.records[0]


def _metric(then: RecordedMetric) -> Metric:
    """A recorded metric as the run computed it."""
    asked = then.prediction
    prediction = None if asked is None else Prediction(asked.calculator, asked.settings, asked.quantity)
    return Metric(
        id=then.id,
        title=then.title,
        symbol=then.symbol,
        value=then.value,
        interval=then.interval,
        seeds=then.seeds,
        prediction=prediction,
        bound=then.bound,
        verdict=then.verdict,
        note=then.note,
        unit=then.unit,
    )


class RunsReader:
    """Reads the folder of records. What did not load has ids that count as known, so that one mistake is one line.

    Args:
        root: the folder with a folder for each run.
        shown: its path as contributors know it.
        declared: every run there is.
    """

    def __init__(self, root: Path, shown: str, declared: Sequence[Run]) -> None:
        self.root = root
        self.shown = shown
        self.declared = {run.id: run for run in declared}
        self.problems: list[Problem] = []
        self.runs: dict[str, RecordedRun] = {}
        self.broken: set[str] = set()

    def read(self) -> None:
        """Read every folder."""
        found = sorted(self.root.iterdir()) if self.root.is_dir() else []
        folders = {path.name for path in found if path.is_dir() and not _hidden(path)}
        for path in found:
            if not path.is_dir() and not _hidden(path):
                self._problem(path.name, "no such kind of file here; records are runs/<run>/run-cpu.yml")
        for name in sorted(folders - set(self.declared)):
            rule = f"the folder's name must be the id of a run; got {name!r}"
            self._problem(name, rule + did_you_mean(name, self.declared))
            self.broken.add(name)
        for run in self.declared.values():
            if run.id in folders:
                self._folder(run)

    def _problem(self, place: str, rule: str) -> None:
        self.problems.append(Problem(Mark(f"{self.shown}/{place}"), rule))

    def _folder(self, run: Run) -> None:
        folder = self.root / run.id
        there = [preset for preset in RECORDED if (folder / record_name(preset)).is_file()]
        before = len(self.problems)
        records = [record for preset in there if (record := self._record(run, preset)) is not None]
        if len(records) == len(there):  # else nobody knows which files the broken one names
            named = {name for record in records for name in record.files}
            for path in sorted(folder.rglob("*")):
                name = path.relative_to(folder).as_posix()
                if not (name in named or path.is_dir() or any(part.startswith(".") for part in name.split("/"))):
                    rule = "no record here names this file; a record names its CSV files under the key files"
                    self._problem(f"{run.id}/{name}", rule + did_you_mean(name, named | set(_RECORDS)))
        if len(self.problems) > before:
            self.broken.add(run.id)
        elif records:
            self.runs[run.id] = RecordedRun(run, tuple(records))

    def _record(self, run: Run, preset: str) -> Recorded | None:
        """A record that is sound in itself, or None and its problems."""
        folder, name = self.root / run.id, record_name(preset)
        shown = f"{self.shown}/{run.id}"
        document, problems = read(folder / name, f"{shown}/{name}")
        self.problems += problems
        if document is None:
            return None
        _, problems, _ = validate(document, RecordStructure)
        self.problems += problems
        if problems:
            return None
        # Its replay is for `verify`: it takes time, and for some runs jax.
        finding = verify_record(run, preset, self.root, self.shown, replay=False)
        if finding.problems:
            self.problems += [_placed(line, document) for line in finding.problems]
            return None
        record = load(folder / name, name)
        files = {file: (folder / file).read_bytes() for file in (name, *(file.name for file in record.files))}
        tables = {
            file.name.removesuffix(f"-{preset}.csv"): from_csv(files[file.name].decode(), file.name)
            for file in record.files
        }
        unchanged = finding.state == "code unchanged"
        return Recorded(f"{self.root.name}/{run.id}/{name}", record, run, tables, files, unchanged)


_RECORDS: Final = tuple(map(record_name, RECORDED))


def _hidden(path: Path) -> bool:
    return path.name.startswith((".", "#")) or path.name.endswith("~")


def _placed(line: str, document: Document) -> Problem:
    """A line of `verify` as a problem: at the value that it names where it is one of the record's."""
    path, _, rule = line.partition(": ")
    if path != document.path:
        return Problem(Mark(path), rule)
    keys: Keys = ()
    here: Data = document.data
    for word in rule.partition(" ")[0].split("."):
        if isinstance(here, dict) and word in here:
            keys, here = (*keys, word), here[word]
        elif isinstance(here, list):
            ids = [entry.get("id") if isinstance(entry, dict) else None for entry in here]
            if word in ids:
                keys, here = (*keys, ids.index(word)), here[ids.index(word)]
    return document.problem(keys, rule)
