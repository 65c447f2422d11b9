"""The special functions that pages load, against mpmath."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import mpmath
import pytest

from digest import special

PROJECT = Path(__file__).parents[2]
RANGES = {"gamma": (0.01, 150.0), "loggamma": (0.01, 1e6), "erf": (-6.0, 6.0), "erfc": (-6.0, 20.0)}
RUN = """
import * as special from "./special.mjs";
import { readFileSync } from "node:fs";
const asked = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(([name, x]) => special[name](x))));
"""


def test_accuracy(tmp_path: Path) -> None:
    draw = random.Random(140)
    asked = [(name, draw.uniform(*ends)) for name, ends in RANGES.items() for _ in range(250)]
    (tmp_path / "special.mjs").write_text(special.module(PROJECT), encoding="utf-8")
    (tmp_path / "run.mjs").write_text(RUN, encoding="utf-8")
    done = subprocess.run(
        ["node", str(tmp_path / "run.mjs")], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    for (name, x), answer in zip(asked, json.loads(done.stdout), strict=True):
        assert answer == pytest.approx(float(getattr(mpmath, name)(x)), rel=1e-12, abs=1e-300), (name, x)


def test_a_package_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    with pytest.raises(
        special.PackageError, match=r"^pages need math-base-special-gamma, which is not in .*; run: npm ci$"
    ):
        special.module(tmp_path)
