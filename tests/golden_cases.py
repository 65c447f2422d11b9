"""Reads the golden cases and lays them out as content directories."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "golden"
PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Case:
    """One golden case."""

    name: str
    about: str
    files: Mapping[str, str | None]
    problems: tuple[str, ...]


def read(name: str) -> Case:
    """The case in `<name>.yml`."""
    data = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    return Case(name, data["about"], data["files"], tuple(data["problems"]))


def names() -> list[str]:
    """All cases but the content that they share."""
    return sorted(path.stem for path in FOLDER.glob("*.yml") if not path.stem.startswith("_"))


def lay_out(folder: Path, files: Mapping[str, str | None]) -> Path:
    """A content directory in `folder` with the shared content and `files` over it."""
    content = folder / "content"
    for name, text in {**read("_content").files, **files}.items():
        if text is not None:
            path = content / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return content
