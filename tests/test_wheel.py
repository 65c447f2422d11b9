"""The wheel holds all that a site needs: a site is built from it, away from the project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "digest", "calculators")


@pytest.mark.slow
def test_site_from_the_wheel(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, source / name)
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, source], check=True)
    (wheel,) = tmp_path.glob("theory_digest-*.whl")
    site_packages = tmp_path / "packages"
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", site_packages, wheel], check=True)

    project = tmp_path / "project"
    shutil.copytree(PROJECT / "content", project / "content")
    settings = (PROJECT / "mkdocs.yml").read_text(encoding="utf-8")
    before_watch = settings[: settings.index("\nwatch:")]
    (project / "mkdocs.yml").write_text(before_watch, encoding="utf-8")
    (project / "node_modules").symlink_to(PROJECT / "node_modules")
    environment = {**os.environ, "PYTHONPATH": str(site_packages), "NO_MKDOCS_2_WARNING": "1"}
    where = "import digest; print(digest.__file__)"
    run = [sys.executable, "-P", "-c", where]
    shown = subprocess.run(run, cwd=project, env=environment, check=True, capture_output=True, text=True).stdout
    assert shown.startswith(str(site_packages)), "the test would build from the project's own folder"
    build = subprocess.run(
        [sys.executable, "-P", "-m", "mkdocs", "build", "--strict"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert build.returncode == 0, build.stderr
    assert (project / "site/items/dreamerv2/index.html").is_file()
    assert (project / "site/assets/digest.css").is_file()
    assert {path.parent.parent.name for path in (project / "site").rglob("*.yml")} == {"runs"}
