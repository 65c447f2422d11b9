"""`mkdocs serve` while somebody edits: a mistake is named, the pages stay, and mending it brings the new page."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import golden_cases
from tests.site import PROJECT

_PATIENCE = 60  # [s]; a rebuild takes about one


def _wait(what: Callable[[], bool]) -> None:
    """Return once `what` holds."""
    end = time.monotonic() + _PATIENCE
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


@pytest.fixture
def log(tmp_path: Path, port: int) -> Iterator[Path]:
    """The log of a server over the golden content in `tmp_path`, which has answered once."""
    golden_cases.lay_out(tmp_path, {"about.md": "# About\n\nThis is what it is."})
    (tmp_path / "content/contributing.md").write_text("# Contribute\n\nLike this.")
    (tmp_path / "node_modules").symlink_to(PROJECT / "node_modules")
    settings = (PROJECT / "mkdocs.yml").read_text(encoding="utf-8")
    (tmp_path / "mkdocs.yml").write_text(settings[: settings.index("\nwatch:")], encoding="utf-8")
    output = tmp_path / "log"
    with (
        output.open("w") as stream,
        subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}"],
            cwd=tmp_path,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"},
            stdout=stream,
            stderr=subprocess.STDOUT,
        ) as server,
    ):
        try:
            _wait(lambda: "Serving on" in output.read_text() or server.poll() is not None)
            yield output
        finally:
            server.terminate()


@pytest.mark.slow
def test_a_mistake_while_serving(log: Path, port: int, tmp_path: Path) -> None:
    def page() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/items/sample/", timeout=_PATIENCE) as answer:
            text: str = answer.read().decode()
            return text

    assert "A sample" in page()
    case = golden_cases.read("section")
    golden_cases.lay_out(tmp_path, case.files)
    _wait(lambda: case.problems[0] in log.read_text())
    assert "A sample" in page()
    sample = golden_cases.read("_content").files["issues/an-1/sample.yml"]
    assert sample is not None
    golden_cases.lay_out(tmp_path, {"issues/an-1/sample.yml": sample.replace("A sample", "A mended sample")})
    _wait(lambda: "A mended sample" in page())
    assert "Traceback" not in log.read_text()
