"""The boundaries of the design: who imports whom, seen in a fresh interpreter, and proofs that the checks can fail."""

import ast
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

# Each module imports only from those before it (and `calculators`).
ORDER = [
    "problems",
    "mending",
    "syntax",
    "source",
    "model",
    "records",
    "dialect",
    "markup",
    "typeset",
    "opaque",
    "special",
    "addresses",
    "scores",
    "figures",
    "fits",
    "widgets",
    "corpus",
    "checking",
    "schemas",
    "evidence",
    "pages.models",
    "pages.numbers",
    "pages.site",
    "pages.measured",
    "pages.home",
    "pages.items",
    "pages.issues",
    "pages.vocabulary",
    "pages.calculators",
    "pages.checked",
    "pages.ledger",
    "pages.runs",
    "pages",
    "render",
    "assets",
    "plugin",
    "__main__",
]
# Library -> the only modules of `digest` that import it.
ONLY = {
    "yaml": {"source"},
    "pydantic": {"model", "records", "corpus"},
    "pydantic_core": {"model"},
    "markdown_it": {"dialect", "markup"},
    "nh3": {"markup"},
    "subprocess": {"typeset"},
    "jinja2": {"render"},
    "mkdocs": {"plugin"},
    "sympy": {"widgets"},
    "matplotlib": {"figures"},
}
CALCULATORS_NEVER = {"digest", "mkdocs", "jinja2", "yaml", "markdown", "pydantic", "jax"}


def imports(source: str) -> set[str]:
    """Every module that a source text imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def known(name: str) -> str | None:
    """The module of `digest` that an imported name is or is in; None where it is no module or the package itself."""
    parts = name.split(".")
    modules = [".".join(parts[1:end]) for end in range(len(parts), 1, -1)] if parts[0] == "digest" else []
    return next((module for module in modules if module in ORDER), None)


def breaches(module: str, source: str) -> list[str]:
    """What a module of `digest` imports against the rules. `from package import module` counts as the module alone."""
    later = ORDER[ORDER.index(module) :]
    names = imports(source)
    inside = {name.rpartition(".")[0] for name in names if known(name) == name.removeprefix("digest.")}
    found = [f"{module} imports {name}" for name in names - inside if known(name) in later]
    for library, allowed in ONLY.items():
        if module not in allowed and any(name == library or name.startswith(library + ".") for name in names):
            found.append(f"{module} imports {library}")
    return sorted(found)


def named(path: Path) -> str:
    """The module in a file of `digest`, without the package's name; empty for the package itself."""
    parts = path.relative_to(PROJECT / "digest").with_suffix("").parts
    return ".".join(parts).removesuffix("__init__").removesuffix(".")


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after running `code`."""
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    run = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout))


def test_order_names_every_module() -> None:
    assert sorted(ORDER) == sorted(path_of for path in (PROJECT / "digest").rglob("*.py") if (path_of := named(path)))


@pytest.mark.parametrize("module", ORDER)
def test_imports_point_one_way(module: str) -> None:
    path = next(path for path in (PROJECT / "digest").rglob("*.py") if named(path) == module)
    assert breaches(module, path.read_text(encoding="utf-8")) == []


def test_a_breach_is_seen() -> None:
    code = "import jinja2\nfrom digest import pages\ndef later():\n    from digest.render import render\n"
    assert breaches("corpus", code) == [
        "corpus imports digest.pages",
        "corpus imports digest.render",
        "corpus imports digest.render.render",
        "corpus imports jinja2",
    ]


def test_a_breach_within_the_pages_is_seen() -> None:
    code = (
        "from digest.pages import ledger, site\nfrom digest.pages.models import Page\nfrom digest.pages import pages\n"
    )
    assert breaches("pages.home", code) == [
        "pages.home imports digest.pages.ledger",
        "pages.home imports digest.pages.pages",
    ]


def within(sources: dict[str, str]) -> dict[str, set[str]]:
    """Module -> those of the same package that it imports; of `from package import module`, the module."""
    return {name: imports(source) & (set(sources) - {name}) for name, source in sources.items()}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """The modules from which no order of imports frees: those on a circle, and those that lead to one."""
    left = dict(graph)
    while free := [name for name, imported in left.items() if not imported & set(left)]:
        for name in free:
            del left[name]
    return sorted(left)


def test_calculators_import_in_one_direction() -> None:
    paths = (PROJECT / "calculators").glob("*.py")
    sources = {f"calculators.{path.stem}": path.read_text(encoding="utf-8") for path in paths}
    graph = within(sources)
    assert graph["calculators.scaling_exponent"] >= {"calculators.resolution", "calculators.inverse"}
    assert circle(graph) == []


def test_a_circle_of_imports_is_seen() -> None:
    sources = {
        "p.a": "from p import b",
        "p.b": "from p.c import C",
        "p.c": "import p.a",
        "p.d": "import p.a",
        "p.e": "",
    }
    assert circle(within(sources)) == ["p.a", "p.b", "p.c", "p.d"]


def test_calculators_load_neither_the_site_nor_its_tools() -> None:
    loaded = loaded_by("import calculators, calculators.report, calculators.verify, calculators.widget")
    assert not loaded & CALCULATORS_NEVER


def test_the_fresh_interpreter_would_show_a_breach() -> None:
    assert "yaml" in loaded_by("import calculators, yaml")


def test_checking_needs_neither_mkdocs_nor_jinja() -> None:
    assert not loaded_by("import digest.checking") & {"mkdocs", "jinja2"}


def test_matplotlib_is_loaded_only_to_draw() -> None:
    assert "matplotlib" not in loaded_by("import digest.__main__, digest.render, digest.assets, digest.plugin")


def test_core_needs_no_mkdocs() -> None:
    assert "mkdocs" not in loaded_by("import digest.__main__, digest.render, digest.assets")


@pytest.mark.parametrize("path", sorted((PROJECT / "digest" / "assets").glob("*.js")), ids=lambda path: path.name)
def test_no_formula_in_javascript(path: Path) -> None:
    """What computes comes from `calculators`; scripts may place a point on the screen and nothing more."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for word in ("Math.pow", "**", "Math.exp", "Math.sqrt", ".pow(", ".mul(", ".div(", "Math.log("):
        assert word not in text, f"{path.name} holds {word}"


@pytest.mark.parametrize("path", sorted((PROJECT / "digest" / "templates").glob("*.j2")), ids=lambda path: path.name)
def test_no_typed_exponent_in_templates(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for word in ("4/d", "2/d", "m/d", "**"):
        assert word not in text.replace("**{{", ""), f"{path.name} holds {word}"


@pytest.mark.parametrize("package", ["digest", "calculators"])
def test_no_code_is_made_from_text(package: str) -> None:
    for path in (PROJECT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                assert name not in {"eval", "exec", "sympify", "parse_expr", "lambdify", "compile_restricted"}, path
                assert not (isinstance(node.func, ast.Name) and name in {"compile", "__import__"}), path


@pytest.mark.parametrize("package", ["digest", "calculators"])
def test_modules_hold_no_state_that_changes(package: str) -> None:
    """Names bound at the top of a module are bound once, and never to an empty container that waits to be filled."""
    for path in (PROJECT / package).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not any(isinstance(node, ast.Global) for node in ast.walk(tree)), path
        for node in tree.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, (ast.Dict, ast.List)):
                filled = node.value.keys if isinstance(node.value, ast.Dict) else node.value.elts
                assert filled, f"{path}:{node.lineno}"


def test_the_state_check_sees_an_empty_cache() -> None:
    tree = ast.parse(textwrap.dedent("cache = {}"))
    assert isinstance(tree.body[0], ast.Assign) and not tree.body[0].value.keys  # type: ignore[attr-defined]
