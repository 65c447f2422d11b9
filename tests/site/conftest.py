"""The real site, built once a session, served on this machine, and opened in Chromium."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import served
from tests.site import PROJECT
from tests.site.browsing import opened


def build(target: Path, *, project: Path = PROJECT, **environment: str) -> subprocess.CompletedProcess[str]:
    """A strict build of the real site, or of another project's, into `target`."""
    without = {key: value for key, value in os.environ.items() if key not in {"REPO_URL", "SITE_URL", "EDIT_URI"}}
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)],
        cwd=project,
        env={**without, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(PROJECT), **environment},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    target = tmp_path_factory.mktemp("site")
    done = build(target)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    return target


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the built site is served, with a slash at its end."""
    with served(site) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that may use the clipboard, and that fails the test when the console shows an error."""
    with opened(browser) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        # A test that goes offline keeps the browser from looking for the page's icon.
        assert [error for error in errors if "ERR_INTERNET_DISCONNECTED" not in error] == []
