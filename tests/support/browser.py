"""Headless Chromium for the tests of the report: one browser, pages that record their errors."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_QUIET = (
    "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update"
)
WIDE, NARROW = 1280, 360


@dataclass
class Opened:
    """A page, with its errors and network requests."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self) -> None:
        page = self.page
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a browser; skip the test where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[f"--{name}" for name in _QUIET.split()])
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, path: Path, address: str = "", width: int = WIDE, scheme: str = "light"
) -> Iterator[Opened]:
    """Open a report from disk, at an address within it, and wait until it has drawn its list."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    tab = Opened(context.new_page())
    tab.watch()
    tab.page.goto(path.as_uri() + address)
    tab.page.wait_for_function("document.getElementById('status').textContent")
    yield tab
    context.close()
