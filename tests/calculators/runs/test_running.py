"""A run from start to record: checked first, resumed part by part, written all or nothing."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from calculators.runs import provenance, running
from calculators.runs.__main__ import main
from calculators.runs.record import Record, load
from calculators.runs.run import Configuration, Measurements, Part, Preset, Run, Table
from calculators.runs.running import StartError, carry_out, plan
from calculators.runs.verifying import report, verify
from tests.calculators.runs.made_up import made_up, measure

PROJECT = Path(__file__).parents[3]
SCRIPT = """
import sys
from calculators.runs.__main__ import main
from tests.calculators.runs.made_up import made_up
sys.exit(main(sys.argv[1:], [made_up(sizes=(1, 2, 3, 4, 5, 6), milliseconds=300)]))
"""


def shell(capsys: pytest.CaptureFixture[str], runs: tuple[Run, ...], *arguments: str) -> tuple[int, str, str]:
    try:
        status = main(arguments, runs)
    except SystemExit as left:
        status = int(left.code or 0)
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def counted(calls: list[str]) -> Callable[..., Measurements]:
    def measured(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
        calls.append(part.id)
        return measure(configuration, part, seeds)

    # The code that is hashed is that of the module that measures.
    measured.__module__ = measure.__module__
    return measured


def failing_at(name: str) -> Callable[..., Measurements]:
    def measured(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
        if part.id == name:
            raise KeyboardInterrupt
        return measure(configuration, part, seeds)

    measured.__module__ = measure.__module__
    return measured


def record_of(folder: Path) -> Record:
    return load(folder / "made-up/run-cpu.yml", "record")


def without_times(record: Record) -> Record:
    return dataclasses.replace(record, started="", ended="", seconds=0, processor_seconds=0)


def test_a_run_writes_its_record_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = shell(capsys, (made_up(),), "run", "made-up", "--out", str(tmp_path))
    assert status == 0, err
    record = record_of(tmp_path)
    lines = out.splitlines()
    assert (
        lines[0] == f"{tmp_path}/made-up/run-cpu.yml: {record.seconds:g} s, {record.processor_seconds:g} s of processor"
    )
    mean = record.metrics[0]
    low, high = mean.interval or (0, 0)
    shown = f"m = {mean.value:.4g} ({low:.4g} to {high:.4g}); theory 1: not consistent"
    assert lines[1:] == [
        f"    The mean: {shown}",
        f"    The largest: M = {record.metrics[1].value:.4g}",
        f"    It is {mean.value:.3g}.",
    ]
    assert sorted(path.name for path in (tmp_path / "made-up").iterdir()) == ["losses-cpu.csv", "run-cpu.yml"]
    assert (tmp_path / "made-up/losses-cpu.csv").read_text().splitlines()[0] == "size,seed,loss"
    assert record.seeds == (0, 1)
    assert record.configuration == {"sizes": (1, 2, 3), "milliseconds": 0}
    assert record.machine.kind == "cpu" and record.machine.count >= 1 and record.machine.memory
    assert record.machine.driver is record.machine.cuda is record.machine.jax is None
    assert "3 of 3 parts" in err and "left" in err


def test_a_record_survives_its_yaml(tmp_path: Path) -> None:
    record = carry_out(plan(made_up(), "cpu", tmp_path), say=print).record
    assert record_of(tmp_path) == record


def test_metrics_come_from_what_is_in_the_files(tmp_path: Path) -> None:
    def third(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
        return {"losses": Table(("size", "loss"), ((1, 1 / 3),))}

    third.__module__ = measure.__module__
    record = carry_out(plan(made_up(measured=third), "cpu", tmp_path), say=print).record
    assert record.metrics[0].value == 0.333333333 != 1 / 3


def test_other_seeds_are_recorded_and_give_other_numbers(tmp_path: Path) -> None:
    first = carry_out(plan(made_up(), "cpu", tmp_path / "0"), say=print).record
    again = carry_out(plan(made_up(), "cpu", tmp_path / "0 again"), say=print).record
    other = carry_out(plan(made_up(), "cpu", tmp_path / "7", first_seed=7), say=print).record
    assert (first.seeds, other.seeds, other.replay.seeds) == ((0, 1), (7, 8), (7, 8))
    assert first.metrics == again.metrics and first.metrics[0].value != other.metrics[0].value


def test_killed_in_the_middle_it_goes_on_and_gives_the_same(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}

    def start(out: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", SCRIPT, "run", "made-up", "--out", str(out)]
        return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    process = start(killed)
    kept = killed / "made-up/.unfinished-cpu"
    deadline = time.monotonic() + 60
    while len(list(kept.glob("part-*.json"))) < 2:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (killed / "made-up/run-cpu.yml").exists()
    finished = len(list(kept.glob("part-*.json")))
    assert 2 <= finished < 6
    times = {path.name: path.stat().st_mtime_ns for path in kept.glob("part-*.json")}

    second = start(killed)
    _, err = second.communicate()
    assert second.returncode == 0, err
    assert f"made-up: {len(times)} of 6 parts are kept from the run that was interrupted" in err
    assert start(whole).communicate() and (killed / "made-up/run-cpu.yml").exists() and not kept.exists()
    csv = "made-up/losses-cpu.csv"
    assert (killed / csv).read_bytes() == (whole / csv).read_bytes()
    assert without_times(record_of(killed)) == without_times(record_of(whole))


def interrupted(out: Path, run: Run | None = None, **options: Any) -> None:
    run = run or made_up(measured=failing_at("part-3"))
    with pytest.raises(KeyboardInterrupt):
        carry_out(plan(run, "cpu", out, **options), say=print)


def test_finished_parts_are_not_measured_again(tmp_path: Path) -> None:
    interrupted(tmp_path)
    calls: list[str] = []
    carry_out(plan(made_up(measured=counted(calls)), "cpu", tmp_path), say=print)
    assert calls == ["part-3", "part-5"]  # and the replay's one part


def test_another_commit_of_the_same_code_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(tmp_path)
    calls: list[str] = []
    said: list[str] = []
    monkeypatch.setattr(provenance, "_git_state", lambda: ("0123456789", True))
    carry_out(plan(made_up(measured=counted(calls)), "cpu", tmp_path), say=said.append)
    assert calls == ["part-3", "part-5"]
    assert said == ["made-up: 2 of 3 parts are kept from the run that was interrupted"]
    assert record_of(tmp_path).code.commit == "0123456789"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("configuration", "the configuration or the seeds"),
        ("seed", "the configuration or the seeds"),
        ("code", "the code"),
        ("machine", "the machine"),
    ],
)
def test_parts_of_anything_else_are_not_used(
    tmp_path: Path, change: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(tmp_path)
    calls: list[str] = []
    said: list[str] = []
    run = made_up(measured=counted(calls))
    options: Mapping[str, Any] = {}
    if change == "configuration":
        other = Preset({"sizes": (1, 2, 3), "milliseconds": 1}, 2, "nothing")
        run = dataclasses.replace(run, presets={"cpu": other, "replay": run.presets["replay"]})
    elif change == "seed":
        options = {"first_seed": 1}
    elif change == "code":
        monkeypatch.setattr(running, "code_hash", lambda module: "another")
    else:
        monkeypatch.setattr(provenance, "_processor_name", lambda: "Another processor")
    carry_out(plan(run, "cpu", tmp_path, **options), say=said.append)
    assert calls == ["part-1", "part-2", "part-3", "part-5"]
    assert said == [f"made-up: parts of an interrupted run are there and not used, since {what} changed"]


def test_a_part_that_is_cut_off_is_measured_again(tmp_path: Path) -> None:
    interrupted(tmp_path)
    part = tmp_path / "made-up/.unfinished-cpu/part-2.json"
    part.write_text(part.read_text()[:-20])
    calls: list[str] = []
    carry_out(plan(made_up(measured=counted(calls)), "cpu", tmp_path), say=print)
    assert calls == ["part-2", "part-3", "part-5"]


def test_the_old_record_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    carry_out(plan(made_up(), "cpu", tmp_path), say=print)
    folder = tmp_path / "made-up"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    interrupted(tmp_path, first_seed=5)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    assert verify([made_up()], tmp_path, "runs")[0].problems == ()
    record = carry_out(plan(made_up(), "cpu", tmp_path, first_seed=5), say=print).record
    assert record_of(tmp_path) == record and record.seeds == (5, 6)
    assert sorted(path.name for path in folder.iterdir()) == sorted(before)


def test_a_table_of_the_old_record_goes_with_it(tmp_path: Path) -> None:
    def two_tables(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
        return {**measure(configuration, part, seeds), "more": Table(("x",), ((1,),))}

    two_tables.__module__ = measure.__module__
    carry_out(plan(made_up(measured=two_tables), "cpu", tmp_path), say=print)
    assert (tmp_path / "made-up/more-cpu.csv").exists()
    carry_out(plan(made_up(), "cpu", tmp_path), say=print)
    assert report(verify([made_up()], tmp_path, "runs"))[1] == ()


def test_a_crash_between_two_renamings_is_healed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    carry_out(plan(made_up(), "cpu", tmp_path), say=print)
    planned = plan(made_up(), "cpu", tmp_path, first_seed=5)
    replace = Path.replace

    def crash(self: Path, target: Path) -> Path:
        if target.name == "run-cpu.yml":
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", crash)
        carry_out(planned, say=print)
    calls: list[str] = []
    record = carry_out(plan(made_up(measured=counted(calls)), "cpu", tmp_path, first_seed=5), say=print).record
    assert calls == ["part-5"], "only the replay"
    assert record.seeds == (5, 6) and report(verify([made_up()], tmp_path, "runs"))[1] == ()


def test_too_large_a_table_is_refused(tmp_path: Path) -> None:
    def large(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
        return {"losses": Table(("loss",), tuple((index / 7,) for index in range(9000)))}

    large.__module__ = measure.__module__
    with pytest.raises(StartError, match=r"^made-up: the tables of a record must have at most 200000 bytes; got \d+$"):
        carry_out(plan(made_up(measured=large), "cpu", tmp_path), say=print)


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    def bad(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
        return {"losses": Table(("loss",), ((float("nan"),),))}

    bad.__module__ = measure.__module__
    with pytest.raises(ValueError, match=r"^table losses must be finite; got nan$"):
        carry_out(plan(made_up(measured=bad), "cpu", tmp_path), say=print)


def test_what_cannot_start_says_so_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    calls: list[str] = []
    runs = (made_up(measured=counted(calls)),)
    assert shell(capsys, runs, "run", "made-up", "--out", str(blocked)) == (
        2,
        "",
        f"{blocked}/made-up: cannot be written: Not a directory\n",
    )
    assert shell(capsys, runs, "run", "made-up", "--preset", "gpu", "--out", str(tmp_path)) == (
        2,
        "",
        "made-up has no preset gpu: it uses numpy alone, on a CPU\n",
    )
    assert shell(capsys, runs, "run", "maed-up", "--out", str(tmp_path)) == (
        2,
        "",
        "a run must be one of made-up; got 'maed-up' (did you mean 'made-up'?)\n",
    )
    assert shell(capsys, runs, "run", "made-up", "--preset", "replay") == (
        2,
        "",
        "--out must name a folder for preset replay: its record is not for keeping\n",
    )
    status, out, err = shell(capsys, runs, "run", "made-up", "--seed", "-1")
    assert (status, out) == (2, "")
    assert err == (
        "python -m calculators.runs run: argument --seed: must be a whole number from 0 to 999999999; got '-1'\n"
    )
    assert calls == []
    # What is refused leaves nothing behind.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]
    for words in (("verify",), ("run", "made-up")):
        status, out, err = shell(capsys, runs, *words, "--out", "")
        assert (status, out) == (2, "")
        assert err == f"python -m calculators.runs {words[0]}: argument --out: must name a folder; got ''\n"


def test_interrupting_anything_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    module = "calculators.runs.__main__"
    monkeypatch.setattr(f"{module}.plan", interrupt)
    monkeypatch.setattr(f"{module}.verify", interrupt)
    goes_on = "interrupted; the same command goes on from what is finished\n"
    assert shell(capsys, (made_up(),), "run", "made-up", "--out", str(tmp_path)) == (130, "", "interrupted\n")
    (tmp_path / "made-up/.unfinished-cpu").mkdir(parents=True)
    (tmp_path / "made-up/.unfinished-cpu/part-1.json").touch()
    assert shell(capsys, (made_up(),), "run", "made-up", "--out", str(tmp_path)) == (130, "", goes_on)
    assert shell(capsys, (made_up(),), "verify") == (130, "", "interrupted\n")


def test_the_bar_says_what_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = shell(capsys, (made_up(),), "run", "made-up", "--out", str(tmp_path))
    assert "made-up, n = 1:   0 % " in err and "3 of 3 parts" in err
    assert ": :" not in err and "::" not in err


def test_a_folder_without_permission_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may write everywhere, so the refusal is made.
    def refuse(**_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(running.tempfile, "TemporaryFile", refuse)
    with pytest.raises(StartError) as caught:
        plan(made_up(), "cpu", tmp_path)
    assert str(caught.value) == f"{tmp_path}/made-up: cannot be written: Permission denied"


def with_jax() -> Run:
    run = made_up()
    presets = {"cpu": run.presets["cpu"], "gpu": run.presets["cpu"], "replay": run.presets["replay"]}
    return dataclasses.replace(run, jax=True, presets=presets)


def test_missing_jax_and_tqdm_are_one_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "installed", lambda package: False)
    with pytest.raises(StartError) as caught:
        plan(with_jax(), "gpu", tmp_path)
    assert str(caught.value).splitlines() == [
        "made-up needs jax and optax: pip install -e '.[runs]'",
        "running needs tqdm: pip install -e '.[runs]'",
    ]


def test_a_missing_gpu_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "gpu", lambda precision: None)
    with pytest.raises(StartError) as caught:
        plan(with_jax(), "gpu", tmp_path)
    assert str(caught.value) == "made-up with preset gpu needs a GPU that jax sees; there is none"


def test_jax_is_named_where_it_measures(tmp_path: Path) -> None:
    record = carry_out(plan(with_jax(), "cpu", tmp_path), say=print).record
    assert record.machine.jax == provenance.version("jax") and record.machine.kind == "cpu"


def test_a_stated_commit_counts_only_where_git_knows_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "_git_state", lambda: None)
    stated = "0123456789abcdef0123456789abcdef01234567"
    assert plan(made_up(), "cpu", tmp_path).code.commit is None
    clean, dirty = (plan(made_up(), "cpu", tmp_path, commit=text).code for text in (stated, f"{stated}-dirty"))
    assert (clean.commit, clean.dirty) == (stated, False)
    assert (dirty.commit, dirty.dirty) == (stated, True)
    with pytest.raises(StartError) as caught:
        plan(made_up(), "cpu", tmp_path, commit="main")
    assert str(caught.value) == "--commit must be 7 to 64 hexadecimal digits, or those and -dirty; got 'main'"
    monkeypatch.setattr(provenance, "_git_state", lambda: ("fedcba9876", False))
    with pytest.raises(StartError) as caught:
        plan(made_up(), "cpu", tmp_path, commit=stated)
    assert str(caught.value) == f"--commit is for where there is no git; git says fedcba9876, got {stated}"


def test_a_project_outside_git_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    assert provenance._git_state() is None


def test_dirty_means_anything_but_the_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    (tmp_path / "code.py").write_text("")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    state = provenance._git_state()
    assert state is not None and len(state[0]) == 40 and state[1] is False
    records = tmp_path / "content/runs/made-up"
    records.mkdir(parents=True)
    (records / "run-cpu.yml").write_text("new")
    assert provenance._git_state() == state
    (tmp_path / "code.py").write_text("changed = 1\n")
    assert provenance._git_state() == (state[0], True)


def test_all_skips_what_is_there_when_only_the_missing_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[str] = []
    runs = (made_up(measured=counted(calls)),)
    for arguments, measured in (([], 4), (["--missing"], 4), ([], 8), (["--missing", "--seed", "3"], 12)):
        assert shell(capsys, runs, "all", "--out", str(tmp_path), *arguments)[0] == 0
        assert len(calls) == measured
    assert shell(capsys, runs, "all", "--preset", "gpu", "--out", str(tmp_path)) == (0, "", "")


def test_list_names_every_run(capsys: pytest.CaptureFixture[str]) -> None:
    expected = "made-up  What is the mean of random numbers?\n    cpu: nothing\n    replay: nothing\n"
    assert shell(capsys, (made_up(),), "list") == (0, expected, "")


def test_interrupting_is_no_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = (made_up(measured=failing_at("part-2")),)
    status, out, err = shell(capsys, runs, "run", "made-up", "--out", str(tmp_path))
    assert (status, out) == (130, "")
    assert err.endswith("interrupted; the same command goes on from what is finished\n")
    kept = json.loads((tmp_path / "made-up/.unfinished-cpu/part-1.json").read_text())
    assert sorted(kept) == ["ended", "grounds", "part", "processor_seconds", "seconds", "started", "tables"]
