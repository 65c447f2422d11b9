"""Bad files, each with its whole message, and odd ones that work."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from calculators import tables
from calculators.__main__ import main

GOOD = "100,1.5\n200,1.2\n400,1\n800,0.8\n"
TEXT = "{file}: a table must be UTF-8 text or .npy; got other bytes"
NUMBER = "must be a number such as 1024 or 3.5e-2; got"


def shell(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = int(stop.code or 0)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


BAD = [
    ("", "{file}: a table must have rows with numbers; got none"),
    ("# only a comment\n\n", "{file}: a table must have rows with numbers; got none"),
    ("size,loss\n", "{file}: a table must have rows with numbers; got none"),
    ("size,loss\n100,1.5\n200,abc\n", "{file}:3: a loss " + NUMBER + " 'abc'"),
    ("size,loss\n# a comment\n\n100,1.5\n,1\n", "{file}:5: a size " + NUMBER + " ''"),
    ("100;1,5\n", "{file}:1: a loss " + NUMBER + " '1,5'"),
    (GOOD + "1_600,0.7\n", "{file}:5: a size " + NUMBER + " '1_600'"),
    (GOOD + "١٦٠٠,0.7\n", "{file}:5: a size " + NUMBER + " '١٦٠٠'"),
    (GOOD + "0,0.7\n", "{file}:5: a size must be above 0; got '0'"),
    (GOOD + "1600,0\n", "{file}:5: a loss must be above 0; got '0'"),
    (GOOD + "1600,-0.7\n", "{file}:5: a loss must be above 0; got '-0.7'"),
    (GOOD + "1600,nan\n", "{file}:5: a loss must be finite; got 'nan'"),
    (GOOD + "inf,0.7\n", "{file}:5: a size must be finite; got 'inf'"),
    (GOOD + "1e999,0.7\n", "{file}:5: a size must be finite; got '1e999'"),
    (GOOD + "1600,1e-999\n", "{file}:5: a loss must be above 0; got '1e-999'"),
    (GOOD + "1600\n", "{file}:5: a row must have two columns, size and loss; got 1"),
    (GOOD + "1600,0.7,3\n", "{file}:5: a row must have two columns, size and loss; got 3"),
    ("a,b,c\n1,2,3\n", "{file}: a header must name two columns, or size and loss among others; got 3"),
    ("seed,size,loss\n1,100,2\n1,200\n", "{file}:3: a row must have 3 columns, as the header has; got 2"),
    (GOOD + '"1600,0.7\n', "{file}:5: quotes must be closed on their line; got '\"1600,0.7'"),
    (GOOD + "x" * 100 + ",1\n", "{file}:5: a size " + NUMBER + " '" + "x" * 40 + "…'"),
    ("100,1\n200,0.5\n", "{file}: a fit needs at least 3 different sizes; got 2"),
    ("100,1\n100,0.9\n100,1.1\n100,1\n", "{file}: a fit needs at least 3 different sizes; got 1"),
    (b"\x89PNG\r\n\x1a\n\xff\xfe", TEXT),
    ("100,1\n".encode("utf-16-le"), TEXT),
    (b"100,1\n\0\0", TEXT),
]
"""Text or bytes, and the whole message."""


@pytest.mark.parametrize(("content", "message"), BAD)
def test_bad_tables(capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str | bytes, message: str) -> None:
    file = tmp_path / "losses.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert shell(capsys, "fit", str(file)) == (2, "", message.format(file=file) + "\n")


def test_files_that_are_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    missing = tmp_path / "missing.csv"
    assert shell(capsys, "fit", str(missing)) == (2, "", f"{missing}: no such file\n")
    assert shell(capsys, "fit", str(tmp_path)) == (2, "", f"{tmp_path}: a table must be a file; got a folder\n")
    assert shell(capsys, "dimension", str(missing)) == (2, "", f"{missing}: no such file\n")
    assert shell(capsys, "fit", "a\0b") == (2, "", "a\0b: cannot be read: bad name\n")
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(tables.MAX_BYTES + 2**20)
    assert shell(capsys, "fit", str(huge)) == (2, "", f"{huge}: a file must have at most 256 MiB; got 257\n")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
def test_what_has_no_end_is_not_read_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("fit", "dimension"):
        status, _, err = shell(capsys, command, "/dev/zero")
        assert (status, err) == (2, "/dev/zero: a file must have at most 256 MiB; got more\n")


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(GOOD,))
    writer.start()
    sizes, _ = tables.size_and_loss(pipe)
    writer.join()
    assert sizes.tolist() == [100, 200, 400, 800]


ALIKE = [
    GOOD,
    "\ufeffsize,loss\r\n" + GOOD.replace("\n", "\r\n"),
    "Size;Loss\n" + GOOD.replace(",", ";"),
    "n\tl\n" + GOOD.replace(",", "\t"),
    "# measured by us\n\n" + GOOD.replace(",", "   ") + "\n\n",
    '"size","loss"\n"100","1.5"\n200,1.2\n400, 1.0 # the best\n"800","0.8"',
    "seed,loss,size\n0,1.5,100\n0,1.2,200\n0,1,400\n0,0.8,800\n",
    "1e2,15e-1\r200,+1.2\r4.e2,1\r800.0,.8",
    "loss,tokens\n1.5,100\n1.2,200\n1,400\n0.8,800\n",
    "nats;Size\n1.5;100\n1.2;200\n1;400\n0.8;800\n",
]
"""Ways to write the table `GOOD`."""


@pytest.mark.parametrize(
    "content",
    ALIKE,
    ids=["plain", "bom-crlf", "semicolon", "tab", "spaces", "quotes", "named", "cr", "loss first", "size last"],
)
def test_ways_to_write_the_same(tmp_path: Path, content: str) -> None:
    file = tmp_path / "losses.txt"
    file.write_bytes(content.encode())
    sizes, losses = tables.size_and_loss(file)
    assert sizes.tolist() == [100, 200, 400, 800]
    assert losses.tolist() == [1.5, 1.2, 1, 0.8]


def test_a_million_rows(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    steps = np.arange(1, 10**6 + 1)
    losses = 0.5 + 5 * steps**-0.5
    file = tmp_path / "curve.csv"
    file.write_text("\n".join(f"{step},{loss:.9g}" for step, loss in zip(steps, losses, strict=True)))
    status, out, err = shell(capsys, "fit", str(file))
    assert (status, err) == (0, "")
    assert "L_inf = 0.5\n" in out


class Hostile:
    """What no reader of arrays may run."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return (pytest.fail, ("a pickle was run",))


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (np.ones(5), "an array must have the shape [points, coordinates]; got [5]"),
        (np.ones((2, 3, 4)), "an array must have the shape [points, coordinates]; got [2, 3, 4]"),
        (np.ones((0, 3)), "an array must have the shape [points, coordinates]; got [0, 3]"),
        (np.array([["a", "b"]]), "an array must hold real numbers; got <U1"),
        (np.ones((5, 2), dtype=complex), "an array must hold real numbers; got complex128"),
        (np.ones((5, 2), dtype=bool), "an array must hold real numbers; got bool"),
        (np.array([[1, 2], [np.nan, 3]]), "coordinates must be finite; got nan at [1, 0]"),
        (np.array([[1, np.inf], [0, 3]]), "coordinates must be finite; got inf at [0, 1]"),
        (np.ones((50, 2)), "there must be at least 10 different points; got 1"),
        (np.eye(3), "there must be at least 10 different points; got 3"),
        (
            np.stack(np.meshgrid(range(8), range(8)), axis=-1).reshape(-1, 2),
            "distances to neighbours must differ; here each point's neighbours are equally far (a grid?)",
        ),
    ],
)
def test_bad_arrays(capsys: pytest.CaptureFixture[str], tmp_path: Path, stored: np.ndarray, message: str) -> None:
    file = tmp_path / "points.npy"
    np.save(file, stored)
    assert shell(capsys, "dimension", str(file)) == (2, "", f"{file}: {message}\n")


def test_pickles_and_broken_arrays(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "points.npy"
    message = f"{file}: a .npy file must hold plain numbers, complete and without pickled objects\n"
    np.save(file, np.array([[Hostile()]], dtype=object), allow_pickle=True)
    assert shell(capsys, "dimension", str(file)) == (2, "", message)
    np.save(file, np.ones((100, 3)))
    whole = file.read_bytes()
    for broken in (whole[:-8], whole[:40], whole[:6], b"", b"nonsense", whole.replace(b"100, 3", b"900, 3")):
        file.write_bytes(broken)
        assert shell(capsys, "dimension", str(file)) == (2, "", message), broken[:60]
    file.write_bytes(whole.replace(b"(100, 3), }      ", b"(10**12, 10**12)}"))
    assert shell(capsys, "dimension", str(file)) == (2, "", message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1,2\n3,x\n", ":2: a coordinate " + NUMBER + " 'x'"),
        ("1,2\n3,4,5\n", ":2: a row must have 2 columns, as the first; got 3"),
        ("x,y\n1,inf\n", ":2: a coordinate must be finite; got 'inf'"),
        ("x,y\n", ": a table must have rows with numbers; got none"),
    ],
)
def test_bad_clouds(capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "points.csv"
    file.write_text(content)
    assert shell(capsys, "dimension", str(file)) == (2, "", f"{file}{message}\n")


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i4", "u1", ">f8"])
def test_kinds_of_numbers(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "points.npy"
    np.save(file, np.arange(12).reshape(4, 3).astype(kind))
    assert tables.cloud(file).tolist() == np.arange(12.0).reshape(4, 3).tolist()
