"""The benchmark runs and says what it should. How fast anything is depends on the machine and is not tested."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_prints_the_ratio_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.bench", "--items", "6", "--json", str(tmp_path / "figures.json")]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ratio .* +\d+\.\d\d +\d+\.\d\d$", done.stdout, re.MULTILINE)
    figures = json.loads((tmp_path / "figures.json").read_text())
    # The made-up content holds the real items as well.
    real = len([path for path in ROOT.glob("content/issues/*/*.yml") if path.name != "issue.yml"])
    assert [site["items"] for site in figures["sites"]] == [real, real + 6]
    assert all(site["ours"]["peak"] > site["weight"]["largest"] > 0 for site in figures["sites"])
    assert not list(scratch.iterdir())
