"""How the browser tests open a page and what they hold against any of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page

from tests.site import PROJECT

PHONE, DESK = 360, 1280
Scheme = Literal["light", "dark"]
_AXE = PROJECT / "node_modules/axe-core/axe.min.js"


@contextmanager
def opened(
    browser: Browser, *, width: int = DESK, scheme: Scheme = "light", script: bool = True
) -> Iterator[BrowserContext]:
    """A reader's browser.

    Args:
        browser: what to open it in.
        width: of the window [px].
        scheme: that the reader's system prefers.
        script: whether JavaScript runs.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=script
    )
    yield context
    context.close()


def violations(page: Page) -> list[str]:
    """What axe has against the page, one line a node."""
    page.add_script_tag(path=_AXE)
    report = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in report["violations"]
        for node in violation["nodes"]
    ]
