"""The shell: `python -m digest`."""

import json
import os
import shutil
from pathlib import Path

import pytest

from digest import schemas
from digest.__main__ import main
from tests import golden_cases


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with content and node_modules, as the working directory."""
    golden_cases.lay_out(tmp_path, {})
    (tmp_path / "node_modules").symlink_to(golden_cases.PROJECT / "node_modules")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(project: Path, case: str) -> list[str]:
    """Lay a golden case over the content; its problems."""
    read = golden_cases.read(case)
    golden_cases.lay_out(project, read.files)
    return list(read.problems)


def test_check_without_problems(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr() == ("", "no problems\n")


def test_check_text(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problems = put(project, "several-files")
    assert main(["check"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == problems
    assert err == "5 problems\n"


def test_check_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(project, "section")
    assert main(["check", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {
            "path": "content/issues/an-1/sample.yml",
            "line": 6,
            "column": 10,
            "message": "section must be one of an-1's sections, 'Highlights' or 'Other'; "
            "got 'Highlight' (did you mean 'Highlights'?)",
        }
    ]


def test_check_json_without_problems(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_check_github(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(project, "tabs")
    assert main(["check", "--format", "github"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "::error file=content/issues/an-1/sample.yml,line=5,col=12::tab character; use spaces",
        "::error file=content/issues/an-1/sample.yml,line=10,col=1::tab character; use spaces",
    ]


def test_check_of_a_path_names_its_problems_only(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problems = put(project, "several-files")
    assert main(["check", "content/glossary.yml"]) == 1
    assert capsys.readouterr().out.splitlines() == problems[:1]
    assert main(["check", "content/issues"]) == 1
    assert capsys.readouterr().out.splitlines() == problems[1:]
    assert main(["check", "content/topics.yml"]) == 0
    assert main(["check", "content"]) == 1


def test_check_of_a_file_outside_of_content(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "draft.yml").write_text(
        (project / "content/issues/an-1/sample.yml")
        .read_text()
        .replace("id: sample", "id: draft")
        .replace("4/d", "5/d")
    )
    assert main(["check", "draft.yml"]) == 1
    assert capsys.readouterr().out == (
        "draft.yml:16:89: equals must be what scaling-exponent gives for degree=1 loss_order=2, '4/d'; got '5/d'\n"
    )


def test_links_and_devices_are_named_and_not_read(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A message quotes what it finds, so a link must not lead it to other files of the machine; a device never ends."""
    folder = project / "content/issues/an-1"
    (project / "outside.yml").write_text("a secret\n", encoding="utf-8")
    (folder / "device.yml").symlink_to("/dev/zero")
    (folder / "folder.yml").mkdir()
    (folder / "itself.yml").symlink_to("itself.yml")
    (folder / "nowhere.yml").symlink_to("none.yml")
    (folder / "outside.yml").symlink_to("../../../outside.yml")
    os.mkfifo(folder / "pipe.yml")
    (folder.parent / "an-2").symlink_to("an-1")
    assert main(["check"]) == 1
    link = "content must lie here itself, and links to other places are not followed; got a symbolic link"
    assert capsys.readouterr().out.splitlines() == [
        f"content/issues/an-1/device.yml:1:1: {link}",
        "content/issues/an-1/folder.yml:1:1: this name is for a file with YAML; got a folder",
        "content/issues/an-1/itself.yml:1:1: file could not be read: too many levels of symbolic links",
        "content/issues/an-1/nowhere.yml:1:1: file could not be read: no such file or directory",
        f"content/issues/an-1/outside.yml:1:1: {link}",
        "content/issues/an-1/pipe.yml:1:1: this name is for a file with YAML; got a device or pipe",
        f"content/issues/an-2:1:1: {link}",
    ]


def test_a_name_with_any_bytes_is_shown_on_one_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = os.fsencode(project / "content/issues/an-1")
    for name in (b"new\nline.yml", b"\xff.yml"):
        Path(os.fsdecode(folder + b"/" + name)).write_text("id: a\n", encoding="utf-8")
    assert main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert {line.partition(":")[0] for line in lines} == {
        r"content/issues/an-1/new\nline.yml",
        r"content/issues/an-1/\udcff.yml",
    }
    for style in ("json", "github"):
        assert main(["check", "--format", style]) == 1
        assert capsys.readouterr().out.isascii()


def test_check_of_a_path_that_is_not_there(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "content/nothing.yml"]) == 2
    assert capsys.readouterr().err == "digest: no such file or folder: content/nothing.yml\n"


def test_check_where_there_is_no_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 1
    assert capsys.readouterr().out == (
        "content:1:1: folder is missing; run this where content/ is, or give --content\n"
    )


def test_check_without_temml(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "node_modules").unlink()
    assert main(["check"]) == 2
    assert "run: npm ci" in capsys.readouterr().err


def test_other_mistakes_are_named_without_node(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = put(project, "several-files")
    monkeypatch.setenv("PATH", str(project / "nothing"))
    unchecked = "content:1:1: formulas were not checked: formulas need Node.js 20 or newer; node was not found"
    assert main(["check"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == [unchecked, *(line for line in problems if "formula" not in line)]
    assert err == f"{len(out.splitlines())} problems\n"
    assert main(["check", "content/topics.yml"]) == 1
    assert unchecked in capsys.readouterr().out.splitlines()


def test_without_node_content_that_is_otherwise_sound_is_not_called_so(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(project / "nothing"))
    assert main(["check"]) == 2
    assert capsys.readouterr() == ("", "digest: formulas need Node.js 20 or newer; node was not found\n")


def test_render_writes_plain_files(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "out"]) == 0
    out = project / "out"
    for name in ("index.md", "items/sample.md", "issues/index.md", "issues/an-1.md", "glossary.md", "topics/index.md"):
        text = (out / name).read_text(encoding="utf-8")
        assert text.startswith("---\ntitle: ")
        assert sum(line.startswith("# ") for line in text.splitlines()) == 1
    assert (out / "assets/calculators/scaling-exponent.js").is_file()
    assert not list(out.rglob("*.yml"))
    assert "files in out" in capsys.readouterr().err


def test_render_leaves_a_folder_with_something_in_it_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "out").mkdir()
    (project / "out/mine.txt").write_text("keep")
    assert main(["render", "out"]) == 2
    assert sorted(path.name for path in (project / "out").iterdir()) == ["mine.txt"]
    assert capsys.readouterr().err == "digest: the folder to write to must be new or empty: out\n"


def test_render_writes_nothing_when_there_are_problems(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problems = put(project, "section")
    assert main(["render", "out"]) == 1
    assert capsys.readouterr().err.splitlines() == problems
    assert not (project / "out").exists()


def test_schemas_are_up_to_date() -> None:
    for name, text in schemas.texts().items():
        assert (schemas.FOLDER / name).read_text(encoding="utf-8") == text, f"{name}: run python -m digest schema"
    assert {path.name for path in schemas.FOLDER.iterdir()} == set(schemas.texts())


def test_every_key_is_documented_in_the_schema() -> None:
    for text in schemas.texts().values():
        schema = json.loads(text)
        for model in (schema, *schema.get("$defs", {}).values()):
            for name, key in model.get("properties", {}).items():
                assert key.get("description"), name


def test_schema_writes_only_what_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copytree(schemas.FOLDER, tmp_path / "schema")
    monkeypatch.setattr(schemas, "FOLDER", tmp_path / "schema")
    (tmp_path / "schema/item.schema.json").write_text("{}")
    assert [path.name for path in schemas.write()] == ["item.schema.json"]
    assert schemas.write() == []
