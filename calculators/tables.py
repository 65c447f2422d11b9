"""Numbers from files that people bring: CSV and .npy, with the line of whatever is wrong."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from calculators.least_squares import Array

MAX_BYTES = 256 * 2**20
SHOWN = 40
"""Letters of a field that a message repeats."""
_NAMES = ("size", "loss")
_NPY = b"\x93NUMPY"


MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "size": "a file must have at most {most} MiB; got {got}",
        "bytes": "a table must be UTF-8 text or .npy; got other bytes",
        "empty": "a table must have rows with numbers; got none",
        "header": "a header must name two columns, or size and loss among others; got {got}",
        "two": "a row must have two columns, size and loss; got {got}",
        "width": "a row must have {width} columns, as the header has; got {got}",
        "quotes": "quotes must be closed on their line; got {got}",
        "number": "{what} must be a number such as 1024 or 3.5e-2; got {got}",
        "finite": "{what} must be finite; got {got}",
        "positive": "{what} must be above 0; got {got}",
    }
)
"""What is wrong with a table of size and loss, as templates; a page says the same."""


class TableError(ValueError):
    """A file cannot be read as numbers; the message is one line that begins with the file's name."""


def size_and_loss(path: Path) -> tuple[Array, Array]:
    """The columns size and loss of a text file, as they stand there.

    Columns are separated by commas, semicolons, tabs or spaces, whichever the first row shows. Empty lines and what
    follows a `#` are skipped; a first row without numbers is a header. There are two columns, size first unless the
    header names the first as the loss or the second as the size, or a header with `size` and `loss` among its names.

    Args:
        path: of a UTF-8 text of at most 256 MiB.

    Raises:
        TableError: no such file, no text, or a number that is not positive and finite.
    """
    header, rows = _open(path, _content(path))
    places = (0, 1)
    if header:
        names = [name.lower() for name in header]
        if all(names.count(name) == 1 for name in _NAMES):
            places = (names.index("size"), names.index("loss"))
        elif len(names) != 2:
            raise _wrong(path, "header", got=len(names))
        elif names[0] == "loss" or names[1] == "size":
            places = (1, 0)  # one name may be known; the other column is the other quantity
    sizes, losses = [], []
    width = len(header) if header else 2
    for number, fields in rows:
        if len(fields) != width:
            raise _wrong(path, "two" if width == 2 else "width", number, width=width, got=len(fields))
        sizes.append(_positive(fields[places[0]], "a size", path, number))
        losses.append(_positive(fields[places[1]], "a loss", path, number))
    if not sizes:
        raise _wrong(path, "empty")
    return np.array(sizes), np.array(losses)


def cloud(path: Path) -> Array:
    """Points from a .npy or text file, shape [points, coordinates], all finite.

    Args:
        path: .npy holding real numbers of two axes (never pickled objects), or text as for `size_and_loss` with as many
            columns as there are coordinates.

    Raises:
        TableError: no such file, or it holds something else.
    """
    content = _content(path)
    if content.startswith(_NPY) or path.suffix == ".npy":
        return _npy(path)
    _, rows = _open(path, content)
    points: list[list[float]] = []
    for number, fields in rows:
        if points and len(fields) != len(points[0]):
            raise TableError(
                f"{path}:{number}: a row must have {len(points[0])} columns, as the first; got {len(fields)}"
            )
        points.append([_number(field, "a coordinate", path, number) for field in fields])
    if not points:
        raise _wrong(path, "empty")
    return np.array(points)


def _npy(path: Path) -> Array:
    try:
        # Mapped, not read: a header that promises more than the file holds must not make room for it.
        stored = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError, OverflowError):
        raise TableError(f"{path}: a .npy file must hold plain numbers, complete and without pickled objects") from None
    if not isinstance(stored, np.ndarray) or stored.dtype.kind not in "fiu":
        kind = getattr(stored, "dtype", type(stored).__name__)
        raise TableError(f"{path}: an array must hold real numbers; got {kind}")
    if stored.ndim != 2 or 0 in stored.shape:
        raise TableError(f"{path}: an array must have the shape [points, coordinates]; got {list(stored.shape)}")
    if stored.nbytes > MAX_BYTES:
        raise _wrong(path, "size", most=MAX_BYTES // 2**20, got=stored.nbytes // 2**20)
    points = np.array(stored, dtype=np.float64)
    bad = ~np.isfinite(points)
    if bad.any():
        row, column = (int(place) for place in np.argwhere(bad)[0])
        raise TableError(f"{path}: coordinates must be finite; got {points[row, column]} at [{row}, {column}]")
    return points


def _content(path: Path) -> bytes:
    """The bytes of a file that exists and is not too large; a pipe can be read only once, and need not end."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise TableError(f"{path}: a table must be a file; got a folder") from None
    except FileNotFoundError:
        raise TableError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "bad name"
        raise TableError(f"{path}: cannot be read: {reason}") from None
    if len(content) > MAX_BYTES:
        got = path.stat().st_size // 2**20 if path.is_file() else "more"
        raise _wrong(path, "size", most=MAX_BYTES // 2**20, got=got)
    return content


def _open(path: Path, content: bytes) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header, empty where there is none, and the rows after it with their line numbers."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong(path, "bytes") from None
    if "\0" in text:
        raise _wrong(path, "bytes")
    rows = _rows(text, path)
    first = next(rows, None)
    if first is None:
        raise _wrong(path, "empty")
    if not any(_is_number(field) for field in first[1]) and all(field[:1].isalpha() for field in first[1]):
        return first[1], rows
    return [], _chain(first, rows)


def _chain(first: tuple[int, list[str]], rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from rows


def _rows(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    delimiter = ""
    # Not splitlines(): that also ends a line at characters that no editor counts.
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        if not delimiter:
            delimiter = next((sign for sign in (";", "\t", ",") if sign in content), " ")
        if delimiter == " ":
            yield number, content.split()
        elif '"' not in content:
            yield number, [field.strip() for field in content.split(delimiter)]
        else:
            try:
                fields = next(csv.reader([content], delimiter=delimiter, skipinitialspace=True, strict=True))
            except csv.Error:
                raise _wrong(path, "quotes", number, got=_short(content)) from None
            yield number, [field.strip() for field in fields]


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return field.isascii() and "_" not in field


def _number(field: str, what: str, path: Path, number: int) -> float:
    if not _is_number(field):
        raise _wrong(path, "number", number, what=what, got=_short(field))
    value = float(field)
    if not math.isfinite(value):
        raise _wrong(path, "finite", number, what=what, got=_short(field))
    return value


def _positive(field: str, what: str, path: Path, number: int) -> float:
    value = _number(field, what, path, number)
    if value <= 0:
        raise _wrong(path, "positive", number, what=what, got=_short(field))
    return value


def _wrong(path: Path, rule: str, number: int | None = None, **values: object) -> TableError:
    """The error of a rule of `MESSAGES`, with the file and, where there is one, the line."""
    return TableError(f"{path}{'' if number is None else f':{number}'}: {MESSAGES[rule].format(**values)}")


def _short(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
