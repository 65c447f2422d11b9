"""The digest in a shell: `python -m digest check | render | schema`."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from digest import assets, checking, problems
from digest.typeset import TypesetError


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 without problems, 1 with problems in the content, 2 for a command that cannot be run."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except (TypesetError, assets.AssetError, OSError) as error:
        print(f"digest: {error}", file=sys.stderr)
        return 2
    return status


def _check(options: argparse.Namespace) -> int:
    missing = [path for path in options.paths if not path.exists()]
    for path in missing:
        print(f"digest: no such file or folder: {path}", file=sys.stderr)
    if missing:
        return 2
    found = checking.check(options.paths, content=options.content, packages=Path.cwd())
    sys.stdout.write(problems.FORMATS[options.format](found))
    if options.format == "text":
        count = f"{len(found)} problem{'' if len(found) == 1 else 's'}" if found else "no problems"
        print(count, file=sys.stderr)
    return 1 if found else 0


def _render(options: argparse.Namespace) -> int:
    from digest import corpus, figures, pages, render

    loaded, found = corpus.load(options.content, shown=os.path.relpath(options.content), packages=Path.cwd())
    if loaded is None:
        sys.stderr.write(problems.as_text(found))
        return 1
    if options.directory.exists() and (not options.directory.is_dir() or any(options.directory.iterdir())):
        print(f"digest: the folder to write to must be new or empty: {options.directory}", file=sys.stderr)
        return 2
    drawings = figures.Drawings(Path.cwd() / ".cache" / "figures")
    # Everything is made before anything is written, so that a failure leaves no half of a site behind.
    files = {page.file: render.render(page).encode() for page in pages.pages(loaded, drawings=drawings)}
    files |= {bare.file: render.render_embedding(bare).encode() for bare in pages.embeddings(loaded)}
    files |= {kept.path: kept.content for kept in pages.files(loaded, drawings)}
    files |= {asset.path: asset.content for asset in assets.collect(Path.cwd(), loaded.plans)}
    files |= {path.name: path.read_bytes() for path in sorted(options.content.glob("*.md"))}
    for name, content in files.items():
        path = options.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    print(f"{len(files)} files in {options.directory}", file=sys.stderr)
    return 0


def _schema(options: argparse.Namespace) -> int:
    from digest import schemas

    changed = schemas.write()
    print("\n".join(f"wrote {path}" for path in changed) or "schemas are up to date", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m digest", description="Check and render the digest's content.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="name every problem in the content")
    check.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files or folders; default: all content")
    check.add_argument("--format", choices=sorted(problems.FORMATS), default="text", help="default: text")
    check.set_defaults(run=_check)
    render = commands.add_parser("render", help="write the pages as plain files for any generator of static sites")
    render.add_argument("directory", type=Path, metavar="DIR", help="a new or empty folder")
    render.set_defaults(run=_render)
    schema = commands.add_parser("schema", help="write the JSON Schemas that editors use")
    schema.set_defaults(run=_schema)
    for command in (check, render):
        command.add_argument(
            "--content", type=Path, default=Path("content"), metavar="DIR", help="the content; default: content"
        )
    return parser


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):  # not on Windows
        # A reader that stops early, such as `head`, ends this quietly, as it ends other commands.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
