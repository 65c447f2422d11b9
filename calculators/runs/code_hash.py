"""A hash of what a run's code does: its syntax trees, without docstrings, comments and layout."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

NUMERIC = (
    "calculators.dimension",
    "calculators.fitting",
    "calculators.irreducible",
    "calculators.least_squares",
    "calculators.student",
)
"""What runs compute with, outside their own package. The calculators themselves do not count: their predictions are
computed anew whenever a record is verified."""
_RUNS = "calculators.runs"

Source = Callable[[str], str | None]


def source(module: str) -> str | None:
    """The text of a module, or None when there is no such module. Packages above it are imported, the module is not."""
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None  # what stands above it is no package
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).read_text(encoding="utf-8")


def code_hash(module: str, read: Source = source) -> str:
    """The sha256 of a run's code: its module, and what it imports of this package and of `NUMERIC`, and so on.

    The hash is over syntax trees, so comments, layout and docstrings do not count, nor does the version of Python.

    Args:
        module: `calculators.runs.nearest_neighbour`.
        read: the text of a module, None where there is none.

    Raises:
        ValueError: there is no such module.
    """
    digest = hashlib.sha256()
    for name, tree in sorted(trees(module, read).items()):
        digest.update(f"{name}\n{''.join(_written(tree))}\n".encode())
    return digest.hexdigest()


def trees(module: str, read: Source = source) -> dict[str, ast.Module]:
    """Name -> syntax tree of every module that counts.

    Raises:
        ValueError: there is no such module.
    """
    found: dict[str, ast.Module] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        text = read(name)
        if text is None:
            if name == module:
                raise ValueError(f"there is no module {module}")
            continue  # a name in a module, not a module
        found[name] = ast.parse(text)
        waiting += [imported for imported in _imports(found[name]) if _counts(imported)]
    return found


def _counts(module: str) -> bool:
    return module in NUMERIC or module.startswith(f"{_RUNS}.")


def _imports(tree: ast.Module) -> Iterator[str]:
    """Everything that a tree imports, anywhere in it; of `from a import b`, both a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _written(node: object) -> Iterator[str]:
    """The tree as text. Our own, since `ast.dump` changes between versions: what is None or empty is left out."""
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for name, value in ast.iter_fields(node):
            if value is None or value == [] or name in ("ctx", "kind", "type_comment", "type_ignores"):
                continue
            yield f" {name}="
            yield from _written(value)
        yield ")"
    elif isinstance(node, list):
        yield "["
        for one in node:
            if not _is_remark(one):
                yield from _written(one)
        yield "]"
    else:
        yield repr(node)


def _is_remark(node: object) -> bool:
    """Whether a statement is nothing but text: a docstring of a module, class, function or field."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
