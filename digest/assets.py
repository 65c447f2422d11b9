"""Files that pages load: style sheets and scripts of ours, calculators as JavaScript, and what npm packages bring."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calculators import CATALOG, fit_script, score_script
from calculators.widget import javascript_module
from digest import special

_OURS: Final = Path(__file__).with_name("assets")
# Path in node_modules -> path on the site. Copied at build time, never committed.
_PACKAGES: Final = {
    "fraction.js/dist/fraction.mjs": "assets/fraction.js",
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


def collect(packages: Path) -> tuple[Asset, ...]:
    """Every asset of the site.

    Args:
        packages: the directory that holds `node_modules`.

    Raises:
        AssetError: a package is missing.
    """
    try:
        functions = Asset("assets/special.js", special.module(packages).encode())
    except special.PackageError as error:
        raise AssetError(str(error)) from error
    return (*_ours(), *_calculators(), functions, *_from_packages(packages))


def _ours() -> Iterator[Asset]:
    for path in sorted(_OURS.rglob("*")):
        if path.is_file():
            yield Asset(f"assets/{path.relative_to(_OURS).as_posix()}", path.read_bytes())


def _calculators() -> Iterator[Asset]:
    for calculator in CATALOG.values():
        yield Asset(f"assets/calculators/{calculator.id}.js", javascript_module(calculator).encode())
    yield Asset(f"assets/calculators/{score_script.MODULE}.js", score_script.javascript_module().encode())
    yield Asset("assets/fitting.js", fit_script.javascript().encode())


def _from_packages(packages: Path) -> Iterator[Asset]:
    for source, path in _PACKAGES.items():
        file = packages / "node_modules" / source
        try:
            yield Asset(path, file.read_bytes())
        except OSError as error:
            raise AssetError(f"pages need {source}, which is not in {file.parents[1]}; run: npm ci") from error
