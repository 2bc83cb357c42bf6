"""A running portal for the session, and a browser; pictures of every step go to `var/pictures/`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.e2e.stack import ROOT, Stack, portal

PICTURES = ROOT / "var" / "pictures"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# One row of a long table is as the next.
AXE_RUN = """contrast => axe.run({exclude: ['tbody tr:nth-child(n+9)']},
    {resultTypes: ['violations'], rules: {'color-contrast': {enabled: contrast}}})"""
ENDED_WITH_THE_PAGE = ("htmx:afterRequest", "htmx:sendAbort")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with portal(tmp_path_factory.mktemp("portal"), gateway_options=("--fault", "latency:0.3")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("Chromium was not found: install Debian's package chromium, or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """Somebody at a browser: signs in, walks, and takes pictures."""

    def __init__(self, stack: Stack, context: BrowserContext, name: str) -> None:
        self.stack = stack
        self.page: Page = context.new_page()
        self.name = name
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("console", self._console)
        self.page.on("response", self._response)

    def _console(self, message: object) -> None:
        text = getattr(message, "text", "")
        # A page that is left ends what it was asking for, and htmx says so of each.
        if getattr(message, "type", "") == "error" and not text.startswith(ENDED_WITH_THE_PAGE):
            self.faults.append(f"console: {text}")

    def _response(self, response: object) -> None:
        if getattr(response, "status", 0) >= 500:
            self.faults.append(f"{getattr(response, 'status', 0)}: {getattr(response, 'url', '')}")

    def go(self, path: str) -> None:
        self.page.goto(self.stack.url + path)

    def sign_in(self, username: str) -> None:
        from amoot_comms.demo.staff import PASSWORD  # the apps are not ready when this file is read

        self.go("/accounts/login/")
        self.page.fill("[name=login]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("form[action*=login] button[type=submit]")
        expect(self.page.locator("#content")).to_be_visible()

    def picture(self, step: str, *, whole: bool = False) -> None:
        """A picture of what is on screen (or of the whole page), once it has finished loading.

        Chromium refuses a capture now and then while it swaps one page for the next, and takes the same
        one a moment later: a journey is not to end at that. Whatever else a capture fails on is raised.
        """
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_load_state()
        for tries_left in (2, 1, 0):
            try:
                self.page.screenshot(path=PICTURES / f"{self.name}-{step}.png", full_page=whole)
                return
            except PlaywrightError as error:
                if "Unable to capture screenshot" not in error.message or not tries_left:
                    raise
                self.page.wait_for_timeout(500)

    def check_width(self) -> None:
        """The page is no wider than the screen: nothing has to be scrolled sideways."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 1, f"{self.page.url} is {wide}px too wide"

    def check_access(self, *, contrast: bool = True) -> None:
        """The page breaks no rule of axe: names, labels, landmarks, headings, and `contrast`, which takes
        longer than all others together."""
        before = len(self.faults)
        self.page.evaluate(axe())
        found: list[dict[str, Any]] = self.page.evaluate(AXE_RUN, contrast)["violations"]
        # axe measures by styles of its own, which the admin's CSP refuses and the console then tells.
        self.faults[before:] = [one for one in self.faults[before:] if "Content Security Policy" not in one]
        rules = [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}" for one in found]
        assert not rules, "\n".join([f"{self.page.url} as {self.name}", *rules])


@cache
def axe() -> str:
    return AXE.read_text(encoding="utf-8")


@pytest.fixture
def desktop(stack: Stack, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    yield from _visitor(stack, browser, request, 1280, 860)


@pytest.fixture
def phone(stack: Stack, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    yield from _visitor(stack, browser, request, 390, 844)


def _visitor(
    stack: Stack, browser: Browser, request: pytest.FixtureRequest, width: int, height: int
) -> Iterator[Visitor]:
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US")
    context.set_default_timeout(15_000)
    visitor = Visitor(stack, context, request.node.name.removeprefix("test_"))
    yield visitor
    context.close()
    assert not visitor.faults, "\n".join([*visitor.faults, stack.logs()])


@pytest.fixture
def windows(stack: Stack) -> Iterator[Windows]:
    windows = Windows(stack)
    yield windows
    windows.set(8 * 60, 22 * 60)


class Windows:
    """The hours of promotional SMS, moved so that a test does not depend on when it runs."""

    def __init__(self, stack: Stack) -> None:
        self.database = stack.environment["DATABASE_OWNER_URL"]

    def set(self, opens: int, closes: int) -> None:
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(
                "UPDATE channels_sendingwindow SET opens = %s, closes = %s WHERE purpose = 'promotional'"
                " AND channel_id = (SELECT id FROM channels_channel WHERE code = 'sms')",
                [opens, closes],
            )


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
