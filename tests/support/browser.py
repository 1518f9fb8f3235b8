"""A real browser for pages, and a fresh page for each test that watches what the page does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
REQUIRED = "INTROSPECT_BROWSER"


def _no_browser(reason: str) -> Any:
    """Skips; fails where the environment says that there must be a browser."""
    sentence = f"The pages are tested in a real browser: {reason}."
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(f"{sentence} {REQUIRED}=required asks for it.")
    return pytest.skip(sentence)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window. (For one module: while it is open, its event loop would be in the way of others.)"""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ModuleNotFoundError:
        _no_browser("the package playwright is not installed")
    command = next(filter(None, map(shutil.which, _COMMANDS)), None)
    if command is None:
        _no_browser(f"none of {', '.join(_COMMANDS)} is installed")
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=command, args=arguments)
        except Error as error:
            _no_browser(f"{command} does not start ({error})")
        yield opened
        opened.close()


class Watched:
    """A browser's page, and what it said, asked for and failed at since it was opened."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("dialog", self._asked)
        page.context.on("request", lambda request: self.requests.append(request.url))

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    def _asked(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, path: Path, fragment: str = "") -> Any:
        """Opens a file from the disk. Another fragment of the same file is opened anew too."""
        self.page.goto("about:blank")
        self.page.goto(f"{path.as_uri()}{fragment}")
        return self.page

    def check(self, path: Path) -> None:
        """Nothing was complained about, and nothing was asked for but the file itself and what it holds."""
        assert self.complaints == []
        own = path.as_uri()
        foreign = [
            url for url in self.requests if url.partition("#")[0] != own and not url.startswith(("data:", "about:"))
        ]
        assert foreign == []


@pytest.fixture
def watched(browser: Any, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A fresh page; `parametrize("watched", [{"color_scheme": "dark"}], indirect=True)` says which."""
    options = {"viewport": {"width": 1400, "height": 900}, **getattr(request, "param", {})}
    context = browser.new_context(**options)
    context.set_default_timeout(20_000)
    yield Watched(context.new_page())
    context.close()
