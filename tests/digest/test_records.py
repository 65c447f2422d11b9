"""Records of runs as content: what is read, and every mistake with its file, line and column."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from calculators.runs.record import Record, load
from digest import records
from digest.records import RecordedRun, RunsReader
from tests import made_records
from tests.made_records import TINY

NAME = "nearest-neighbour"
YML = f"content/runs/{NAME}/run-cpu.yml"
CSV = f"content/runs/{NAME}/losses-cpu.csv"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one sound record."""
    runs = tmp_path_factory.mktemp("made") / "runs"
    made_records.write(runs)
    return runs


@dataclass
class Folder:
    """A copy of the sound record that a test may break."""

    runs: Path

    @property
    def yml(self) -> Path:
        return self.runs / NAME / "run-cpu.yml"

    @property
    def csv(self) -> Path:
        return self.runs / NAME / "losses-cpu.csv"

    def line(self, words: str) -> int:
        """The number of the first line of the record that holds some words."""
        return next(n for n, line in enumerate(self.yml.read_text().splitlines(), 1) if words in line)

    def change(self, old: str, new: str) -> None:
        text = self.yml.read_text(encoding="utf-8")
        assert old in text
        self.yml.write_text(text.replace(old, new, 1), encoding="utf-8")

    def read(self, kept: Path | None = None) -> tuple[dict[str, RecordedRun], list[str]]:
        reader = RunsReader(self.runs, "content/runs", (TINY,), kept)
        reader.read()
        return reader.runs, [str(problem) for problem in sorted(reader.problems)]

    def problems(self) -> list[str]:
        runs, problems = self.read()
        assert problems and not runs
        return problems


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Folder:
    shutil.copytree(made, tmp_path / "runs")
    return Folder(tmp_path / "runs")


def test_a_sound_record_has_everything_that_its_page_shows(folder: Folder) -> None:
    runs, problems = folder.read()
    assert problems == []
    lead = runs[NAME].lead
    assert (lead.file, lead.kind) == (f"runs/{NAME}/run-cpu.yml", "cpu")
    assert list(lead.files) == ["run-cpu.yml", "losses-cpu.csv"]
    assert list(lead.metrics) == [metric.id for metric in lead.record.metrics]
    assert lead.worked.unchanged and lead.worked.answer and lead.worked.figures


def test_what_takes_long_is_worked_out_once(folder: Folder, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    first, _ = folder.read(kept)
    (path,) = kept.iterdir()
    again, _ = folder.read(kept)
    assert again[NAME].lead.worked == first[NAME].lead.worked
    answer = first[NAME].lead.worked.answer
    path.write_text(path.read_text(encoding="utf-8").replace(answer, "From the folder."), encoding="utf-8")
    assert folder.read(kept)[0][NAME].lead.worked.answer == "From the folder."
    folder.csv.write_text(folder.csv.read_text() + "\n")
    assert folder.read(kept)[1] != []  # other data, so what is kept does not count


def test_the_structure_is_that_of_the_dataclasses() -> None:
    fields = records.RecordStructure.model_fields
    assert list(fields) == list(Record.__dataclass_fields__)
    with pytest.raises(TypeError, match="no rule for a field of a record that is"):
        records._type(bytes)


Break = Callable[[Folder], None]
MISTAKES: dict[str, tuple[Break, Callable[[Folder], list[str]]]] = {
    "unknown key": (
        lambda folder: folder.change("  device:", "  devise:"),
        lambda folder: [
            f"{YML}:{folder.line('kind: cpu')}:3: missing key 'device'",
            f"{YML}:{folder.line('devise:')}:3: unknown key 'devise' (did you mean 'device'?)",
        ],
    ),
    "values of another type": (
        lambda folder: (
            folder.change("  kind: cpu", "  kind: tpu"),
            folder.change("  bound: false", "  bound: no"),
            folder.yml.write_text(re.sub("verdict: .*", "verdict: confirmed", folder.yml.read_text(), count=1)),
        )[0],
        lambda folder: [
            f"{YML}:{folder.line('kind: tpu')}:9: kind must be 'cpu' or 'gpu'; got 'tpu' (did you mean 'gpu'?)",
            f"{YML}:{folder.line('bound: no')}:10: bound must be true or false; got 'no'",
            f"{YML}:{folder.line('confirmed')}:12: verdict must be 'consistent', 'not consistent', 'above the bound', "
            "'below the bound', 'not converged', 'not asymptotic' or 'no prediction'; got 'confirmed'",
        ],
    ),
    "not a finite number": (
        lambda folder: folder.change("seconds: ", "seconds: about "),
        lambda folder: [
            f"{YML}:{folder.line('seconds:')}:10: seconds must be a finite number; got "
            f"{folder.yml.read_text().splitlines()[folder.line('seconds:') - 1].partition(': ')[2]!r}"
        ],
    ),
    "a CPU's record under a GPU's name": (
        lambda folder: folder.yml.rename(folder.yml.with_name("run-gpu.yml")) and None,
        lambda folder: [
            f"{YML.replace('cpu', 'gpu')}:{line}:9: {rule}"
            for text in [folder.yml.with_name("run-gpu.yml").read_text().splitlines()]
            for line, rule in (
                (
                    text.index("preset: cpu") + 1,
                    f"preset gpu is none of {NAME}: it uses numpy alone, so a record of it is a processor's",
                ),
                (text.index("preset: cpu") + 1, "preset must be the one in the file's name, gpu; got 'cpu'"),
            )
        ],
    ),
    "a CPU called a GPU": (
        lambda folder: folder.change("  kind: cpu", "  kind: gpu"),
        lambda folder: [
            f"{YML}:{folder.line('machine:') + 1}:9: a record of preset cpu must be made on a cpu; "
            "machine.kind is 'gpu'"
        ],
    ),
    "another run's name": (
        lambda folder: folder.change(f"run: {NAME}", "run: nearest"),
        lambda folder: [f"{YML}:1:6: run must be the folder's name, {NAME}; got 'nearest'"],
    ),
    "a metric that does not fit": (
        lambda folder: folder.change("  seeds: 2", "  seeds: 3"),
        lambda folder: [
            f"{YML}:{folder.line('  seeds: 3')}:10: metrics.alpha-squared-d1.seeds is recorded as 3; "
            "from the files it is 2"
        ],
    ),
    "a number where text belongs": (
        lambda folder: folder.yml.write_text(re.sub("  device: .*", "  device: 7", folder.yml.read_text())) and None,
        lambda folder: [f"{YML}:{folder.line('device:')}:11: machine.device must be text; got 7"],
    ),
    "a stray file": (
        lambda folder: (folder.runs / NAME / "losses-gpu.csv").write_text("a\n1\n") and None,
        lambda folder: [
            f"content/runs/{NAME}/losses-gpu.csv:1:1: no record here names this file; a record names its CSV files "
            "under the key files (did you mean 'losses-cpu.csv'?)"
        ],
    ),
    "an unknown run": (
        lambda folder: (folder.runs / NAME).rename(folder.runs / "nearest-neighbor") and None,
        lambda folder: [
            "content/runs/nearest-neighbor:1:1: the folder's name must be the id of a run; got 'nearest-neighbor' "
            "(did you mean 'nearest-neighbour'?)"
        ],
    ),
    "a file beside the folders": (
        lambda folder: (folder.runs / "notes.txt").write_text("x") and (folder.runs / NAME / "run-cpu.yml").unlink(),
        lambda folder: [
            "content/runs/nearest-neighbour/losses-cpu.csv:1:1: no record here names this file; a record names its "
            "CSV files under the key files",
            "content/runs/notes.txt:1:1: no such kind of file here; records are runs/<run>/run-cpu.yml",
        ],
    ),
    "missing data": (
        lambda folder: folder.csv.unlink(),
        lambda folder: [f"{CSV}:1:1: cannot be read: No such file or directory"],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named_with_their_place(folder: Folder, name: str) -> None:
    spoil, expected = MISTAKES[name]
    spoil(folder)
    assert folder.problems() == expected(folder)


def test_changed_data_is_named_with_both_hashes(folder: Folder) -> None:
    then = load(folder.yml, "").files[0].sha256
    folder.csv.write_text(folder.csv.read_text().replace("1", "2", 1))
    (problem,) = folder.problems()
    assert problem.startswith(f"{CSV}:1:1: the data was changed: its sha256 must be {then[:12]}…; got ")


def test_a_changed_value_stands_at_its_metric(folder: Folder) -> None:
    value = load(folder.yml, "").metrics[0].value
    folder.change(f"value: {value!r}", "value: 7.5")
    (problem,) = folder.problems()
    place = folder.line("value: 7.5")
    assert problem == (
        f"{YML}:{place}:10: metrics.alpha-squared-d1.value is recorded as 7.5; from the files it is {value:.12g}"
    )


def test_what_is_left_behind_by_an_interrupted_run_is_no_mistake(folder: Folder) -> None:
    kept = folder.runs / NAME / ".unfinished-cpu"
    kept.mkdir()
    (kept / "d-1.json").write_text("{}")
    assert folder.read()[1] == []
