"""One Chromium for all tests of a process: the library that drives it takes no second one beside it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.chromium import chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    with chromium() as browser:
        yield browser
