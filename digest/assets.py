"""Files that pages load: style sheets and scripts of ours, calculators as JavaScript, and what npm packages bring."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calculators import fit_script, score_script
from calculators.widget import Plan, module
from digest import special

_COMMENTS: Final = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/).)*\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)
_INDENTS: Final = re.compile(r"^(?:[ \t]+|\n)", re.MULTILINE)
_OURS: Final = Path(__file__).with_name("assets")
# Path in node_modules -> path on the site. Copied at build time, never committed.
_PACKAGES: Final = {
    "fraction.js/LICENSE": "assets/fraction.LICENSE.txt",
    # One family for text and formulas, so that a letter looks alike in both.
    "@fontsource/stix-two-math/files/stix-two-math-latin-400-normal.woff2": "assets/fonts/stix-two-math.woff2",
    "@fontsource/stix-two-text/files/stix-two-text-latin-400-normal.woff2": "assets/fonts/stix-two-text-regular.woff2",
    "@fontsource/stix-two-text/files/stix-two-text-latin-400-italic.woff2": "assets/fonts/stix-two-text-italic.woff2",
    "@fontsource/stix-two-text/files/stix-two-text-latin-600-normal.woff2": "assets/fonts/stix-two-text-semibold.woff2",
    "@fontsource/stix-two-text/LICENSE": "assets/fonts/LICENSE.txt",
    "@stdlib/math-base-special-gamma/LICENSE": "assets/special.LICENSE.txt",
    "@stdlib/math-base-special-gamma/NOTICE": "assets/special.NOTICE.txt",
}


class AssetError(Exception):
    """A package that pages need is not installed."""


@dataclass(frozen=True)
class Asset:
    """A file of the site: its path and content."""

    path: str
    content: bytes


def collect(packages: Path, plans: Iterable[Plan]) -> tuple[Asset, ...]:
    """Every asset of the site.

    Args:
        packages: the directory that holds `node_modules`.
        plans: of the calculators that pages can show.

    Raises:
        AssetError: a package is missing.
    """
    try:
        functions = Asset("assets/special.js", special.module(packages).encode())
    except special.PackageError as error:
        raise AssetError(str(error)) from error
    return (*_ours(), *_calculators(plans), functions, _fraction(packages), *_from_packages(packages))


def _ours() -> Iterator[Asset]:
    for path in sorted(_OURS.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".js":
                content = without_comments(content.decode()).encode()
            yield Asset(f"assets/{path.relative_to(_OURS).as_posix()}", content)


def without_comments(script: str) -> str:
    """A script of ours without its indentation and the lines that are comments: a page should be short on its way.

    Valid for: scripts without text that goes over several lines (a test sees to that); the first comment is kept.
    """
    first, _, rest = script.partition("\n\n")
    rest = _COMMENTS.sub("", rest)
    return f"{first}\n{_INDENTS.sub('', rest)}"


def _fraction(packages: Path) -> Asset:
    """fraction.js as its authors compress it, a CommonJS file, made an ES module."""
    source = "fraction.js/dist/fraction.min.js"
    text = _read(packages, source).decode()
    before = "const module = { exports: {} }, exports = module.exports;\n(function () {\n"
    return Asset(
        "assets/fraction.js",
        f"{before}{text}\n}}).call(globalThis);\nexport default module.exports.default;\n".encode(),
    )


def _calculators(plans: Iterable[Plan]) -> Iterator[Asset]:
    for plan in plans:
        yield Asset(f"assets/calculators/{plan.calculator.id}.js", module(plan).encode())
    yield Asset(f"assets/calculators/{score_script.MODULE}.js", score_script.javascript_module().encode())
    yield Asset("assets/fitting.js", fit_script.javascript().encode())


def _from_packages(packages: Path) -> Iterator[Asset]:
    for source, path in _PACKAGES.items():
        yield Asset(path, _read(packages, source))


def _read(packages: Path, source: str) -> bytes:
    """The bytes of a file of an npm package.

    Raises:
        AssetError: there is none.
    """
    file = packages / "node_modules" / source
    try:
        return file.read_bytes()
    except OSError as error:
        raise AssetError(f"pages need {source}, which is not in {file.parents[1]}; run: npm ci") from error
