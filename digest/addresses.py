"""The address of every page, in one place, and the relative links between them.

Addresses end in `/` and are relative to the site's root: '' is the home page, `items/dreamerv2/` an item. Links are
relative, so that the site works under any prefix and from a plain file server.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

HOME: Final = ""
GLOSSARY: Final = "glossary/"
LEDGER: Final = "ledger/"
ABOUT: Final = "about/"
CONTRIBUTING: Final = "contributing/"
EMBED: Final = "embed/"
CHECKED: Final = "calculators/checked/"

FOLDERS: Final[Mapping[str, str]] = MappingProxyType(
    {"item": "items/", "issue": "issues/", "topic": "topics/", "calculator": "calculators/", "run": "runs/"}
)


def address(scheme: str, id_: str) -> str:
    """The address of what a link such as `item:dreamerv2` or `term:width` names."""
    return f"{GLOSSARY}#{id_}" if scheme == "term" else f"{FOLDERS[scheme]}{id_}/"


def metric(run: str, id_: str) -> str:
    """The address of a run's measured number."""
    return f"{address('run', run)}#metric-{id_}"


def with_settings(url: str, settings: Mapping[str, str]) -> str:
    """The address of a calculator's page that opens with these settings."""
    return f"{url}?{urlencode(settings)}" if settings else url


def relative(here: str, there: str) -> str:
    """The link from the page `here` to the address `there`."""
    path, mark, rest = there.partition("#") if "?" not in there else there.partition("?")
    # Both start at the root and hold no `..`, so the part that they share can be read off (a page has many links).
    folder, down = here.split("/")[:-1], path.split("/")
    shared = 0
    while shared < min(len(folder), len(down) - 1) and folder[shared] == down[shared]:
        shared += 1
    link = "../" * (len(folder) - shared) + "/".join(down[shared:])
    return f"{link or './'}{mark}{rest}"


def file(url: str) -> str:
    """The Markdown file that gives a page its address: `items/dreamerv2/` -> `items/dreamerv2.md`.

    A folder that has pages below it is an `index.md`.
    """
    if url == HOME:
        return "index.md"
    return f"{url}index.md" if url in FOLDERS.values() else f"{url.rstrip('/')}.md"
