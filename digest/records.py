"""Records of runs as content: the structure of a record, with every mistake at its line and column.

The rules are those of `calculators.runs.record`: a model here has the fields of the dataclass there, so that no key is
written down twice. Every scalar of a document is text; the models turn it into what the dataclass asks for.
"""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import GenericAlias, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, BeforeValidator, TypeAdapter, ValidationError, create_model

import calculators
from calculators.runs import agreements
from calculators.runs.record import Record, RecordedMetric, RecordError, from_csv, load
from calculators.runs.run import Figure, Metric, Prediction, Run, Sheet
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
class Worked:
    """What takes long to work out of a record and depends on nothing but its files and the code."""

    problems: tuple[str, ...]
    """Lines of `verify`; where there are any, the rest is empty."""
    unchanged: bool
    answer: str
    figures: tuple[Figure, ...]
    metrics: tuple[RecordedMetric, ...]
    """As they are computed now: the recorded numbers, in today's words."""
    sheets: tuple[Sheet, ...]
    """Further tables, from the files."""


@dataclass(frozen=True)
class Recorded:
    """One record with what pages show of it. `file` is its path from the content directory."""

    file: str
    record: Record
    run: Run = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)
    """The record itself and its CSV files, by name."""
    worked: Worked = field(repr=False)
    replayed: bool
    """Whether the code has changed, and `verify` has seen that today's gives what the record's replay says."""

    @property
    def kind(self) -> str:
        """`cpu` or `gpu`."""
        return self.record.machine.kind

    @cached_property
    def metrics(self) -> Mapping[str, RecordedMetric]:
        """The metrics by id, in the record's order."""
        return {metric.id: metric for metric in self.worked.metrics}

    @property
    def described(self) -> Record:
        """The record, with words as the code has them now: text of code that changed since is never shown."""
        run = self.run
        return replace(
            self.record,
            module=run.module,
            title=run.title,
            question=run.question,
            limits=run.limits,
            metrics=self.worked.metrics,
        )


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
        kept: a folder for what takes long to work out, by what it is worked out from; None: work it out.
    """

    def __init__(self, root: Path, shown: str, declared: Sequence[Run], kept: Path | None = None) -> None:
        self.root = root
        self.shown = shown
        self.declared = {run.id: run for run in declared}
        self._kept = kept
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
        if document is None or problems:
            return None
        _, problems, _ = validate(document, RecordStructure)
        self.problems += problems
        if problems:
            return None
        try:
            record = load(folder / name, document.path)
        except RecordError as error:
            self.problems.append(_placed(str(error), document))
            return None
        files = {name: (folder / name).read_bytes()}
        for file in record.files:
            with suppress(OSError):  # a file that is missing is named by `verify`
                files[file.name] = (folder / file.name).read_bytes()
        worked = self._worked(run, preset, record, files)
        self.problems += [_placed(line, document) for line in worked.problems]
        if worked.problems:
            return None
        replayed = not worked.unchanged and agreements.remembered(run, record)
        return Recorded(f"{self.root.name}/{run.id}/{name}", record, run, files, worked, replayed)

    def _worked(self, run: Run, preset: str, record: Record, files: Mapping[str, bytes]) -> Worked:
        """What is kept for these files and this code, or else worked out and kept."""
        if self._kept is None:
            return self._work(run, preset, record, files)
        key = hashlib.sha256(f"{self.shown}\n{run.id}\n{preset}\n{self._code}\n".encode())
        for name, content in files.items():
            key.update(f"{name} {len(content)}\n".encode() + content)
        path = self._kept / f"{key.hexdigest()[:32]}.json"
        try:
            return _WORKED.validate_json(path.read_bytes())
        except (OSError, ValidationError):
            worked = self._work(run, preset, record, files)
        write_whole(path, _WORKED.dump_json(worked))
        return worked

    def _work(self, run: Run, preset: str, record: Record, files: Mapping[str, bytes]) -> Worked:
        # The replay is for `verify` in a shell: it takes time, and for some runs jax.
        finding = verify_record(run, preset, self.root, self.shown, replay=False)
        if finding.problems:
            return Worked(finding.problems, False, "", (), (), ())
        tables = {
            file.name.removesuffix(f"-{preset}.csv"): from_csv(files[file.name].decode(), file.name)
            for file in record.files
        }
        figures = run.figures(record.configuration, tables)
        answer = run.answer(tuple(map(_metric, finding.metrics)))
        sheets = run.sheets(record.configuration, tables)
        return Worked((), finding.state == "code unchanged", answer, figures, finding.metrics, sheets)

    @cached_property
    def _code(self) -> str:
        """The hash of all code that metrics, predictions and figures come from."""
        digest = hashlib.sha256(f"{version('sympy')} {version('numpy')}".encode())
        for path in sorted(Path(calculators.__file__).parent.rglob("*.py")):
            digest.update(path.read_bytes())
        return digest.hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Nothing; the file is there whole or, where the folder cannot be written, not at all."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Another build may read it now.
        with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
            part.write(content)
        Path(part.name).replace(path)


_WORKED: Final = TypeAdapter(Worked)
_RECORDS: Final = tuple(map(record_name, RECORDED))


def _hidden(path: Path) -> bool:
    return path.name.startswith((".", "#")) or path.name.endswith("~")


def _placed(line: str, document: Document) -> Problem:
    """A line of `verify` as a problem: at the value that it names where it is one of the record's."""
    path, _, rule = line.partition(": ")
    if path != document.path:
        return Problem(Mark(path), rule)
    # The value that is wrong comes first in most lines, `metrics.alpha.value`, and later in some, `machine.kind`.
    words = [rule.partition(" ")[0], *(word for word in rule.split() if "." in word)]
    keys = next((found for word in words if (found := _keys(document.data, word.split(".")))), ())
    return document.problem(keys, rule)


def _keys(data: Data, words: Sequence[str]) -> Keys:
    """Where the words lead in a document, as far as they lead somewhere; an entry of a list is named by its id."""
    keys: Keys = ()
    for word in words:
        if isinstance(data, dict) and word in data:
            keys, data = (*keys, word), data[word]
        elif isinstance(data, list):
            ids = [entry.get("id") if isinstance(entry, dict) else None for entry in data]
            if word not in ids:
                break
            keys, data = (*keys, ids.index(word)), data[ids.index(word)]
        else:
            break
    return keys
