"""Which problems belong to which paths: all content, a folder of it, or one file, even one that lies elsewhere."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from digest import corpus
from digest.problems import Mark, Problem


def check(paths: Sequence[Path], *, content: Path, packages: Path) -> tuple[Problem, ...]:
    """Every problem in the given files and folders, or in all of `content`, sorted.

    Files are always checked together with the content around them, since ids refer across files; only problems in
    what was asked for are reported.

    Args:
        paths: existing files and folders; none for all of `content`.
        content: the content directory used where a path lies in none.
        packages: the directory that holds `node_modules`.

    Raises:
        digest.typeset.TypesetError: Node or Temml is missing, and nothing else is wrong.
    """
    if not paths:
        return _whole(content, packages)
    found: set[Problem] = set()
    for path in paths:
        root = _root(path)
        if root is not None:
            asked = Path(os.path.relpath(path)).as_posix()
            # What is said of the content as a whole concerns each part of it.
            whole = _shown(root)
            found |= {
                p for p in _whole(root, packages) if asked == "." or _within(p.mark.path, asked) or p.mark.path == whole
            }
        else:
            for file in _files(path):
                found |= set(corpus.check_file(file, _shown(file), content=content, packages=packages))
    return tuple(sorted(found))


def _whole(root: Path, packages: Path) -> tuple[Problem, ...]:
    if not root.is_dir():
        return (Problem(Mark(root.as_posix()), "folder is missing; run this where content/ is, or give --content"),)
    return corpus.problems(root, shown=_shown(root), packages=packages)


def _shown(path: Path) -> str:
    """The path as it is shown: from the working directory where it lies below it, else in full."""
    relative = Path(os.path.relpath(path)).as_posix()
    return path.resolve().as_posix() if relative.startswith("..") else relative


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _root(path: Path) -> Path | None:
    """The content directory that a path is or lies in: the nearest folder with topics.yml and issues/."""
    here = path.resolve()
    for folder in (here, *here.parents):
        if (folder / "issues").is_dir() and (folder / "topics.yml").is_file():
            return folder
    return None


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    else:
        yield from sorted(path.rglob("*.y*ml"))
