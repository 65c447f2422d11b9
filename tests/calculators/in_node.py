"""Emitted JavaScript run under Node, for tests."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import sympy

from calculators import emit

ROOT = Path(__file__).parents[2]
_SPECIAL = """
const { createRequire } = require("node:module");
const load = createRequire(ROOT + "/package.json");
const lazy = (name) => (x) => load("@stdlib/math-base-special-" + name)(x);
const [gamma, loggamma, erf, erfc] = ["gamma", "gammaln", "erf", "erfc"].map(lazy);
"""


def values(expression: sympy.Expr, points: Sequence[dict[sympy.Symbol, float]]) -> list[float]:
    """What the emitted JavaScript gives at each point; infinite and undefined values are NaN."""
    letters = sorted(expression.free_symbols, key=str)
    names = ", ".join(letter.name for letter in letters)
    rows = json.dumps([[point[letter] for letter in letters] for point in points])
    code = (
        _SPECIAL.replace("ROOT", json.dumps(str(ROOT)))
        + f"const f = ({names}) => {emit.javascript(expression, exact=False)};\n"
        + f"console.log(JSON.stringify({rows}.map((row) => f(...row))));"
    )
    done = subprocess.run(["node", "-"], input=code, capture_output=True, text=True, check=True)
    return [float("nan") if value is None else float(value) for value in json.loads(done.stdout)]
