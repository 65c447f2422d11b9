"""Special functions for pages: the packages of stdlib.js that compute them, put together as one ES module.

The packages are small CommonJS files that load each other by name; a browser loads one ES module. Nothing in them is
changed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

FUNCTIONS: Final[Mapping[str, str]] = {
    "gamma": "@stdlib/math-base-special-gamma",
    "loggamma": "@stdlib/math-base-special-gammaln",
    "erf": "@stdlib/math-base-special-erf",
    "erfc": "@stdlib/math-base-special-erfc",
}
"""Name in our JavaScript -> package."""

_REQUIRE: Final = re.compile(r"""require\(\s*(['"])([^'"]+)\1\s*\)""")
_COMMENT: Final = re.compile(r"/\*\*.*?\*/|//# sourceMappingURL=.*", re.DOTALL)


class PackageError(Exception):
    """A package is not installed."""


def module(packages: Path) -> str:
    """The text of an ES module that exports gamma, loggamma, erf and erfc of one number.

    Args:
        packages: the directory that holds `node_modules`.

    Raises:
        PackageError: a file is missing.
    """
    root = (packages / "node_modules").resolve()
    found: dict[str, str] = {}
    for package in FUNCTIONS.values():
        found |= dict(_with_all_that_it_loads(root, package, found))
    parts = [f"{json.dumps(name)}: (module, exports, require) => {{\n{text}\n}}," for name, text in found.items()]
    exports = [f'export const {name} = load("{package}/dist/index.js");' for name, package in FUNCTIONS.items()]
    return "\n".join(
        [
            "// Put together from packages of stdlib.js (https://stdlib.io, Apache-2.0).",
            "const loaders = {",
            *parts,
            "};",
            "const loaded = {};",
            "const load = (name) => {",
            "  if (!(name in loaded)) {",
            "    const module = (loaded[name] = { exports: {} });",
            "    loaders[name](module, module.exports, load);",
            "  }",
            "  return loaded[name].exports;",
            "};",
            *exports,
            "",
        ]
    )


def _with_all_that_it_loads(root: Path, name: str, found: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(path, text) of a file and of every file that it loads, directly or not; each once, naming others by path."""
    waiting, seen = [_file(root, root / name)], set(found)
    while waiting:
        current = waiting.pop()
        if (place := current.relative_to(root).as_posix()) in seen:
            continue
        seen.add(place)
        needed: dict[str, Path] = {}
        text = _COMMENT.sub("", current.read_text(encoding="utf-8")).strip()
        for match in _REQUIRE.finditer(text):
            start = current.parent if match[2].startswith(".") else root
            needed[match[2]] = _file(root, (start / match[2]).resolve())
        waiting += needed.values()
        yield place, _REQUIRE.sub(lambda match: f'require("{needed[match[2]].relative_to(root)}")', text)  # noqa: B023


def _file(root: Path, path: Path) -> Path:
    """The file that a name stands for; a package's dist is itself one file.

    Raises:
        PackageError: there is none.
    """
    for candidate in (path, path / "dist/index.js", path / "index.js", path / "lib/index.js"):
        if candidate.is_file():
            return candidate
    raise PackageError(f"pages need {path.name}, which is not in {root}; run: npm ci")
