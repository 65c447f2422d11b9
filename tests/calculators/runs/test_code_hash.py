"""The hash of a run's code: what counts changes it, what does not leaves it."""

import ast

import pytest

from calculators.runs import RUNS
from calculators.runs.code_hash import NUMERIC, code_hash, source, trees

BASE = {
    "mine": '''"""A module."""
from calculators.runs.helper import twice
from calculators.fitting import fit
from calculators.emit import text

def measure(x):
    """What comes back."""
    return twice(x) + 1
''',
    "calculators.runs.helper": "def twice(x):\n    return 2 * x\n",
    "calculators.fitting": "from calculators.student import quantile\ndef fit(x):\n    return x\n",
    "calculators.student": "def quantile(x):\n    return x\n",
    "calculators.emit": "def text(x):\n    return str(x)\n",
}


def hashed(**changes: str) -> str:
    texts = BASE | {name.replace("__", "."): text for name, text in changes.items()}
    return code_hash("mine", texts.get)


@pytest.mark.parametrize(
    "text",
    [
        BASE["mine"].replace("A module.", "Another docstring."),
        BASE["mine"].replace("    return", "    # a comment\n    return"),
        BASE["mine"].replace("twice(x) + 1", "(twice( x )\n            + 1)"),
        BASE["mine"].replace('    """What comes back."""\n', ""),
        BASE["mine"] + '\nlimit = 1\n"""What it is."""\n'.replace("limit = 1\n", ""),
    ],
)
def test_words_and_layout_do_not_count(text: str) -> None:
    assert text != BASE["mine"] and hashed(mine=text) == hashed()


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("mine", "+ 1", "+ 2"),
        ("mine", "def measure(x)", "def measure(y)"),
        ("calculators.runs.helper", "2 * x", "3 * x"),
        ("calculators.fitting", "return x", "return -x"),
        ("calculators.student", "return x", "return -x"),
    ],
)
def test_what_is_computed_counts(module: str, old: str, new: str) -> None:
    changed = BASE | {module: BASE[module].replace(old, new)}
    assert changed != BASE and code_hash("mine", changed.get) != hashed()


def test_calculators_and_words_of_other_modules_do_not_count() -> None:
    assert hashed(calculators__emit="def text(x):\n    return repr(x)\n") == hashed()


def test_an_import_inside_a_function_counts() -> None:
    text = "def measure(x):\n    from calculators.runs import helper\n    return helper.twice(x)\n"
    first = BASE | {"mine": text}
    second = first | {"calculators.runs.helper": "def twice(x):\n    return x + x\n"}
    assert code_hash("mine", first.get) != code_hash("mine", second.get)


def test_a_module_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^there is no module calculators\.runs\.nothing$"):
        code_hash("calculators.runs.nothing")


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.id)
def test_everything_that_a_run_computes_with_is_hashed(run) -> None:  # type: ignore[no-untyped-def]
    """Of `calculators`, a run imports what is hashed, and what predicts or prints: nothing in between."""
    found = trees(run.module)
    assert {run.module, "calculators.runs.run"} <= set(found)
    used = set()
    for tree in found.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("calculators"):
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                used |= {name for name in {node.module, *names} if name.count(".") and source(name) is not None}
    allowed = {*NUMERIC, "calculators.runs", "calculators.emit", "calculators.numeric", "calculators.derivation"}
    assert {name for name in used if not name.startswith("calculators.runs.")} <= allowed


def test_the_hash_is_the_same_in_every_version_of_python() -> None:
    """Later versions add fields to nodes and leave empty ones out of a dump; the hash knows neither."""
    tree = ast.parse("def f(x: int) -> int:\n    return [x, f'{x:>3}'][0]\n")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert "type_params" not in node._fields or not node.type_params
    text = "def f(x: int) -> int:\n    return [x, f'{x:>3}'][0]\n"
    known = "50f8f33ff958674522f509c5f8d547daa2c3675d2df566672939ed85a48404f8"
    assert code_hash("mine", {"mine": text}.get) == known
