"""Whatever is changed in a record, its files or the code is named; a refactoring is not."""

import dataclasses
import re
from pathlib import Path

import pytest

from calculators.runs import RUNS, agreements, provenance, verifying
from calculators.runs.__main__ import main
from calculators.runs.record import configuration_hash, from_yaml, load, to_yaml
from calculators.runs.run import Run
from calculators.runs.running import carry_out, plan
from calculators.runs.verifying import report, stale, verify
from tests.calculators.runs.made_up import made_up, metrics

RECORD = "runs/made-up/run-cpu.yml"


@pytest.fixture
def records(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(agreements, "FOLDER", tmp_path_factory.mktemp("replays"))
    carry_out(plan(made_up(), "cpu", tmp_path), say=print)
    return tmp_path


def problems(records: Path, run=None) -> tuple[str, ...]:  # type: ignore[no-untyped-def]
    return report(verify([run or made_up()], records, "runs"))[1]


def edit(records: Path, old: str, new: str, file: str = "run-cpu.yml") -> None:
    path = records / "made-up" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_all_is_well(records: Path) -> None:
    well, wrong = report(verify([made_up()], records, "runs"))
    assert wrong == ()
    assert well == f"{RECORD}: 2 metrics computed anew; code unchanged"


def test_changed_data_is_named(records: Path) -> None:
    path = records / "made-up/losses-cpu.csv"
    then = load(records / "made-up/run-cpu.yml", "").files[0].sha256
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:-1], lines[-1].replace("3,1,", "3,1,1")]))
    (line,) = problems(records)
    start = f"runs/made-up/losses-cpu.csv: the data was changed: its sha256 must be {then[:12]}…; got "
    assert line.startswith(start) and re.fullmatch(r"[0-9a-f]{12}…", line.removeprefix(start))


def test_missing_and_stray_files_are_named(records: Path) -> None:
    (records / "made-up/losses-cpu.csv").rename(records / "made-up/loses-cpu.csv")
    assert problems(records) == (
        "runs/made-up/losses-cpu.csv: cannot be read: No such file or directory",
        "runs/made-up/loses-cpu.csv: must be named by a record; none does",
    )


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("milliseconds: 0", "milliseconds: 7", "configuration"),
        ("seeds:\n- 0\n- 1", "seeds:\n- 1\n- 2", "configuration"),
        ("tolerance: 1.0e-06", "tolerance: 0.5", "replay"),
        ("  sizes:\n    - 5", "  sizes:\n    - 6", "replay"),
    ],
)
def test_a_changed_configuration_is_named(records: Path, old: str, new: str, what: str) -> None:
    edit(records, old, new)
    line = problems(records)[0]
    assert re.fullmatch(rf"{RECORD}: {what} was changed: its sha256 must be [0-9a-f]{{12}}…; got [0-9a-f]{{12}}…", line)


def test_a_changed_metric_is_named(records: Path) -> None:
    record = load(records / "made-up/run-cpu.yml", "")
    first = record.metrics[0]
    assert first.interval is not None and first.prediction is not None
    changed = dataclasses.replace(
        first,
        value=first.value * (1 + 1e-8),
        interval=(first.interval[0], first.interval[1] + 0.25),
        verdict="consistent",
        note="Confirmed.",
        prediction=dataclasses.replace(first.prediction, value=1.5, text="3/2"),
    )
    renamed = dataclasses.replace(record.metrics[1], id="larges")
    text = to_yaml(dataclasses.replace(record, metrics=(changed, renamed)))
    (records / "made-up/run-cpu.yml").write_text(text, encoding="utf-8")
    assert problems(records) == (
        f"{RECORD}: metrics.mean.value is recorded as {changed.value:.12g}; from the files it is {first.value:.12g}",
        f"{RECORD}: metrics.mean.interval.high is recorded as {first.interval[1] + 0.25:.12g}; "
        f"from the files it is {first.interval[1]:.12g}",
        f"{RECORD}: metrics.mean.prediction is recorded as 1.5; by the calculator scaling-exponent it is 1",
        f"{RECORD}: metrics.mean.verdict is recorded as 'consistent'; from the files it is 'not consistent'",
        f"{RECORD}: metrics.mean.note is recorded as 'Confirmed.'; from the files it is 'A note.'",
        f"{RECORD}: metrics.mean.prediction.text is recorded as '3/2'; now it is '1'",
        f"{RECORD}: metrics.larges is recorded, and the run has no such metric (did you mean 'largest'?)",
        f"{RECORD}: metrics.largest is not recorded; from the files it is {record.metrics[1].value:.9g}",
    )


def test_a_change_below_the_ninth_digit_is_rounding(records: Path) -> None:
    record = load(records / "made-up/run-cpu.yml", "")
    nearly = dataclasses.replace(record.metrics[1], value=record.metrics[1].value * (1 + 1e-11))
    text = to_yaml(dataclasses.replace(record, metrics=(record.metrics[0], nearly)))
    (records / "made-up/run-cpu.yml").write_text(text, encoding="utf-8")
    assert problems(records) == ()


def forge(records: Path, change) -> None:  # type: ignore[no-untyped-def]
    """A record as somebody would make it up who knows how its hashes are computed."""
    path = records / "made-up/run-cpu.yml"
    record = change(load(path, ""))
    digest = configuration_hash(record.configuration, record.seeds)
    path.write_text(to_yaml(dataclasses.replace(record, configuration_sha256=digest)), encoding="utf-8")


def as_gpu(records: Path) -> None:
    folder = records / "made-up"
    edit(records, "preset: cpu", "preset: gpu")
    edit(records, "losses-cpu.csv", "losses-gpu.csv")
    (folder / "run-cpu.yml").rename(folder / "run-gpu.yml")
    (folder / "losses-cpu.csv").rename(folder / "losses-gpu.csv")


def with_gpu() -> Run:
    run = made_up()
    presets = {"cpu": run.presets["cpu"], "gpu": run.presets["cpu"], "replay": run.presets["replay"]}
    return dataclasses.replace(run, jax=True, presets=presets)


def test_a_processor_is_never_a_gpu(tmp_path: Path) -> None:
    carry_out(plan(with_gpu(), "cpu", tmp_path), say=print)
    as_gpu(tmp_path)
    assert problems(tmp_path, with_gpu()) == (
        "runs/made-up/run-gpu.yml: a record of preset gpu must be made on a gpu; machine.kind is 'cpu'",
    )


def test_a_run_that_has_no_gpu_preset_has_no_gpu_record(records: Path) -> None:
    edit(records, "kind: cpu", "kind: gpu")
    as_gpu(records)
    assert problems(records) == (
        "runs/made-up/run-gpu.yml: preset gpu is none of made-up: it uses numpy alone, "
        "so a record of it is a processor's",
    )


def test_a_gpu_is_named_and_has_jax(tmp_path: Path) -> None:
    carry_out(plan(with_gpu(), "cpu", tmp_path), say=print)
    forge(
        tmp_path,
        lambda record: dataclasses.replace(
            record, machine=dataclasses.replace(record.machine, kind="gpu", device=" ", jax=None, count=0)
        ),
    )
    as_gpu(tmp_path)
    path = "runs/made-up/run-gpu.yml"
    assert problems(tmp_path, with_gpu()) == (
        f"{path}: machine.device must name the gpu; got ' '",
        f"{path}: machine.jax must be the version of jax, with which made-up measures; it is missing",
        f"{path}: machine.count must be 1 or more; got 0",
    )


def test_a_configuration_or_seeds_that_are_no_longer_the_preset_are_named(records: Path) -> None:
    again = "measure again: python -m calculators.runs run made-up"
    forge(records, lambda record: dataclasses.replace(record, configuration={"sizes": (1, 2, 3), "pause": 1}))
    assert problems(records)[:2] == (
        f"{RECORD}: configuration.milliseconds is nothing, preset cpu now has 0; {again}",
        f"{RECORD}: configuration.pause is 1, preset cpu now has nothing; {again}",
    )
    forge(
        records,
        lambda record: dataclasses.replace(record, configuration={"sizes": (1, 2, 4), "milliseconds": 0}, seeds=(0, 2)),
    )
    assert problems(records) == (
        f"{RECORD}: configuration.sizes is (1, 2, 4), preset cpu now has (1, 2, 3); {again}",
        f"{RECORD}: seeds must be 2 in a row, as preset cpu has; got (0, 2); {again}",
    )


def test_other_seeds_in_a_row_are_as_good(tmp_path: Path) -> None:
    carry_out(plan(made_up(), "cpu", tmp_path, first_seed=7), say=print)
    assert problems(tmp_path) == ()


def test_words_that_the_run_does_not_say_are_named(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forge(
        records,
        lambda record: dataclasses.replace(
            record, module="elsewhere", title="Proved", question="Is it so?", limits=("None.",)
        ),
    )
    module = made_up().module
    expected = (
        f"{RECORD}: module was changed: the run says {module!r}; got 'elsewhere'",
        f"{RECORD}: title was changed: the run says 'Made up'; got 'Proved'",
        f"{RECORD}: question was changed: the run says 'What is the mean of random numbers?'; got 'Is it so?'",
        f"{RECORD}: limits was changed: the run says ('It shows nothing.',); got ('None.',)",
    )
    assert problems(records) == expected
    # Words of code that has changed since strand no record: pages take them from the code.
    monkeypatch.setattr(verifying, "code_hash", lambda module: "another")
    assert problems(records) == ()


def test_times_are_in_order(records: Path) -> None:
    late, early = "2021-03-04T05:06:08+00:00", "2021-03-04T05:06:07+00:00"
    forge(records, lambda record: dataclasses.replace(record, started=late, ended=early))
    assert problems(records) == (f"{RECORD}: started must not be after ended; got {late} and {early}",)
    forge(records, lambda record: dataclasses.replace(record, started="yesterday", ended="2021-03-04T05:06:07"))
    rule = "must be a time in UTC like 2021-03-04T05:06:07+00:00"
    assert problems(records) == (
        f"{RECORD}: started {rule}; got 'yesterday'",
        f"{RECORD}: ended {rule}; got '2021-03-04T05:06:07'",
    )


def test_a_record_of_another_run_or_preset_is_named(records: Path) -> None:
    edit(records, "run: made-up", "run: other")
    edit(records, "preset: cpu", "preset: gpu")
    assert problems(records) == (
        f"{RECORD}: run must be the folder's name, made-up; got 'other'",
        f"{RECORD}: preset must be the one in the file's name, cpu; got 'gpu'",
        "runs/made-up/losses-cpu.csv: a file of this record must be a name that ends with -gpu.csv",
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title:", "ttle:", "unknown key 'ttle' (did you mean 'title'?)"),
        ("kind: cpu", "kind: tpu", "machine.kind must be one of cpu, gpu; got 'tpu'"),
        ("preset: cpu\n", "", "preset must be there; it is missing"),
        ("\nseconds: ", "\nseconds: about ", "seconds must be a number; got text"),
        ("  rows: 6", "  rows: six", "files.0.rows must be a whole number; got text"),
        ("  rows: 6", "  rows: true", "files.0.rows must be a whole number; got True"),
        ("limits:\n- It shows nothing.", "limits: nothing", "limits must be a list; got text"),
        ("machine:\n  kind: cpu", "machine:\n  knd: cpu", "unknown key 'machine.knd' (did you mean 'kind'?)"),
    ],
)
def test_a_record_with_a_mistake_is_named(records: Path, old: str, new: str, message: str) -> None:
    edit(records, old, new)
    assert problems(records)[0] == f"{RECORD}: {message}"


def test_what_is_no_record_is_one_line(records: Path) -> None:
    path = records / "made-up/run-cpu.yml"
    path.write_text("a: [1", encoding="utf-8")
    assert problems(records)[0] == f"{RECORD}:1:6: a record must be YAML: expected ',' or ']', but got '<stream end>'"
    path.write_text("- 1", encoding="utf-8")
    assert problems(records)[0] == f"{RECORD}: a record must be a mapping; got a list"
    path.write_bytes(b"\xff")
    assert problems(records)[0] == f"{RECORD}: a record must be UTF-8 text"


def test_records_that_are_missing_or_of_no_run_are_named(records: Path) -> None:
    (records / "made-up").rename(records / "maed-up")
    command = "python -m calculators.runs run made-up"
    assert problems(records) == (
        f"runs/made-up: a run must have a record; make it with {command}",
        "runs/maed-up: must have the name of a run; got 'maed-up' (did you mean 'made-up'?)",
    )


def test_a_refactoring_is_replayed_and_agrees(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "code_hash", lambda module: "another")
    (finding,) = verify([made_up()], records, "runs")
    assert (finding.state, finding.problems) == ("code changed since, replay agrees", ())
    record = load(records / "made-up/run-cpu.yml", "")
    assert agreements.remembered(made_up(), record)
    # Another code, or another replay, would have to be replayed again.
    assert not agreements.remembered(
        made_up(), dataclasses.replace(record, replay=dataclasses.replace(record.replay, sha256="0" * 64))
    )
    monkeypatch.setattr(agreements, "code_hash", lambda module: "a third")
    assert not agreements.remembered(made_up(), record)
    (finding,) = verify([made_up()], records, "runs", replay=False)
    assert finding.state == "code changed since, not replayed"


def test_a_real_change_makes_the_record_stale(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "code_hash", lambda module: "another")
    real = made_up().measure

    def other(configuration, part, seeds):  # type: ignore[no-untyped-def]
        return real(configuration, part, tuple(seed + 1 for seed in seeds))

    run = made_up(measured=other)
    then = load(records / "made-up/run-cpu.yml", "").replay.metrics
    now = {
        m.id: m.value
        for m in metrics({}, other({"sizes": (5,), "milliseconds": 0}, run.parts({"sizes": 5})[0], (0, 1)))
    }
    lines = problems(records, run)
    assert lines[0] == (
        f"{RECORD}: stale: the code changed since; the replay gave largest = {then['largest']:.12g}, "
        f"now it gives {now['largest']:.9g} (tolerance 1e-06)"
    )
    assert len(lines) == 2
    assert not agreements.remembered(run, load(records / "made-up/run-cpu.yml", ""))


def test_a_replay_within_the_tolerance_agrees() -> None:
    assert list(stale({"a": 1.0}, {"a": 1.0009}, 1e-3)) == []
    assert list(stale({"a": 1.0, "b": 2.0}, {"a": 1.1, "c": 3.0}, 1e-3)) == [
        "stale: the code changed since; the replay gave a = 1, now it gives 1.1 (tolerance 0.001)",
        "stale: the code changed since; the replay gave b = 2, now it gives nothing (tolerance 0.001)",
        "stale: the code changed since; the replay gave c = nothing, now it gives 3 (tolerance 0.001)",
    ]


def test_a_replay_that_needs_jax_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    carry_out(plan(with_gpu(), "cpu", tmp_path), say=print)
    monkeypatch.setattr(verifying, "code_hash", lambda module: "another")
    monkeypatch.setattr(provenance, "installed", lambda package: False)
    assert problems(tmp_path, with_gpu()) == (
        f"{RECORD}: the code changed since, and the replay needs jax: pip install -e '.[runs]'",
    )


def test_the_command_says_what_is_well_and_what_is_wrong(records: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--out", str(records)], [made_up()]) == 0
    assert capsys.readouterr() == (f"{records}/made-up/run-cpu.yml: 2 metrics computed anew; code unchanged\n", "")
    edit(records, "preset: cpu", "preset: gpu", "run-cpu.yml")
    assert main(["verify", "made-up", "--out", str(records)], [made_up()]) == 1
    assert capsys.readouterr().err.splitlines()[0] == (
        f"{records}/made-up/run-cpu.yml: preset must be the one in the file's name, cpu; got 'gpu'"
    )
    assert main(["verify", "mad-up", "--out", str(records)], [made_up()]) == 2
    expected = "a run must be one of made-up; got 'mad-up' (did you mean 'made-up'?)\n"
    assert capsys.readouterr() == ("", expected)


def test_a_folder_of_ones_own_need_not_hold_every_run(records: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = dataclasses.replace(made_up(), id="other")
    runs = [made_up(), other]
    assert main(["verify", "--out", str(records)], runs) == 0
    assert capsys.readouterr().err == ""
    assert main(["verify", "other", "--out", str(records)], runs) == 1
    assert capsys.readouterr().err == (
        f"{records}/other: a run must have a record; make it with "
        f"python -m calculators.runs run other --out {records}\n"
    )


def test_what_is_no_folder_of_records_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, empty, replayed = tmp_path / "file", tmp_path / "empty", tmp_path / "replayed"
    file.write_text("")
    empty.mkdir()
    carry_out(plan(made_up(), "replay", replayed), say=print)
    rule = "must be a folder that holds a folder for each run"
    command = f"python -m calculators.runs run made-up --out {replayed}"
    for folder, line in (
        (tmp_path / "missing", f"{rule}; there is no such folder"),
        (file, f"{rule}; it is a file"),
        (empty, "must hold the record of a run; it is empty"),
        (
            replayed,
            "made-up/run-replay.yml: a replay's record is not for keeping, and nothing verifies it; "
            f"make one that is with {command}",
        ),
    ):
        capsys.readouterr()
        assert main(["verify", "--out", str(folder)], [made_up()]) == 1
        between = "/" if line.startswith("made-up/") else ": "
        assert capsys.readouterr() == ("", f"{folder}{between}{line}\n")


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.id)
def test_the_committed_records_are_right(run) -> None:  # type: ignore[no-untyped-def]
    findings = verify(RUNS, provenance.RECORDS, "content/runs", only=[run.id])
    assert report(findings)[1] == ()
    recorded = {finding.preset for finding in findings}
    assert "cpu" in recorded


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.id)
def test_the_committed_records_are_of_committed_code(run) -> None:  # type: ignore[no-untyped-def]
    for path in sorted((provenance.RECORDS / run.id).glob("run-*.yml")):
        record = load(path, path.name)
        assert record.code.commit and record.code.dirty is False, path
        assert from_yaml(to_yaml(record), "again") == record


def test_nothing_else_lies_among_the_records() -> None:
    known = {run.id for run in RUNS}
    if provenance.RECORDS.is_dir():
        assert {path.name for path in provenance.RECORDS.iterdir()} <= known
