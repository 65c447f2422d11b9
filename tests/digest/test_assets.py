"""Scripts as pages load them: without comments, and otherwise as they were written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from digest import assets

PROJECT = Path(__file__).parents[2]
SCRIPTS = sorted((PROJECT / "digest/assets").glob("*.js"))


def test_comments_and_indentation_go() -> None:
    script = """// What it is.

/** A sum. */
export function sum(a, b) {
  // Adds.
  const url = "https://example.org/*x*/"; // kept, as it stands behind code
  /* Several
     lines. */
  return a /* here */ + b;
}
"""
    assert assets.without_comments(script) == (
        "// What it is.\n"
        "export function sum(a, b) {\n"
        'const url = "https://example.org/*x*/"; // kept, as it stands behind code\n'
        "return a /* here */ + b;\n"
        "}\n"
    )


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_text_goes_over_several_lines(path: Path) -> None:
    """Such a text would lose its indentation."""
    assert all(line.count("`") % 2 == 0 for line in path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_stay_scripts(path: Path) -> None:
    short = assets.without_comments(path.read_text(encoding="utf-8"))
    done = subprocess.run(["node", "--check", "--input-type=module", "-"], input=short, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_fractions_are_those_of_the_package(tmp_path: Path) -> None:
    (asset,) = (asset for asset in assets.collect(PROJECT, []) if asset.path == "assets/fraction.js")
    (tmp_path / "fraction.mjs").write_bytes(asset.content)
    whole = (PROJECT / "node_modules/fraction.js/dist/fraction.mjs").as_uri()
    code = f"""
import Short from "./fraction.mjs";
import Whole from {whole!r};
const sums = [Short, Whole].map((F) => new F("7/3").add(new F(5n, 6n)).pow(3n).toFraction());
console.log(sums.join(" "));
"""
    (tmp_path / "run.mjs").write_text(code)
    done = subprocess.run(["node", str(tmp_path / "run.mjs")], capture_output=True, text=True, check=True)
    assert done.stdout == "6859/216 6859/216\n"
