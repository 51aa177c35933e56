"""One browser, and a few reports, for all tests of the page."""

import contextlib
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from report_world import make_content, make_results, summaries_over_time

from evalkit.metrics.summaries.history import history
from evalkit.report.page.write import write_report

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
GATES = ("score.correct >= 90%", "error_rate <= 50%")


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """Two experiments, 24 examples, 2 repetitions each."""
    return make_results(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def compared(world):
    """The content of a report on both."""
    return make_content(world, gates=GATES)


@pytest.fixture(scope="session")
def reports(world, compared, tmp_path_factory):
    """Paths of reports by name: two experiments, one, three, and beside a trace file."""
    folder = tmp_path_factory.mktemp("reports")
    three = make_results(folder / "store", examples=12, repetitions=1, names=("a", "b", "c"))
    nights = list(summaries_over_time(world[1]))
    marks = [
        replace(each.scores["correct"], fingerprint=f"{n // 7}") for n, each in enumerate(nights)
    ]
    nights = [
        replace(each, scores={**each.scores, "correct": mark})
        for each, mark in zip(nights, marks, strict=True)
    ]
    strips = history(nights, baseline=nights[0])
    made = {
        "two": compared,
        "one": make_content(world[1:]),
        "three": make_content(three),
        "history": make_content(world[1:], history=strips),
    }
    for name, content in made.items():
        write_report(content, folder / f"{name}.html")
    write_report(compared, folder / "side.html", traces="side")
    write_report(compared, folder / "none.html", traces="none")
    return {path.stem: path for path in folder.glob("*.html")}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A Chromium without a network; gone after the module, for its loop runs in this thread."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM} on this machine")
    with sync_api.sync_playwright() as playwright:
        profile = tmp_path_factory.mktemp("profile")
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            args=ARGS,
            viewport={"width": 1360, "height": 900},
            accept_downloads=True,
        )
        context.route(re.compile("^https?://(?!127\\.0\\.0\\.1[:/])"), lambda route: route.abort())
        yield context
        context.close()


class Opened:
    """A page with what it said on the console and what it asked of the network."""

    def __init__(self, page) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"error {error}"))
        page.on("request", self._request)
        page.on("dialog", self._dialog)

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type} {message.text}")

    def _request(self, request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:", "about:")):
            self.problems.append(f"request {request.url}")

    def _dialog(self, dialog) -> None:
        self.problems.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def go(self, path: Path, address: str = "#/"):
        """Open a report at an address, anew, and wait for its data."""
        self.page.goto("about:blank")
        self.page.goto(path.resolve().as_uri() + address)
        self.page.evaluate("window.evalkitReport && window.evalkitReport.data()")
        return self.page

    def to(self, address: str) -> None:
        """Follow a link inside the open report."""
        self.page.evaluate("to => { location.hash = to; }", address)

    def until(self, expression: str, seconds: float = 20) -> None:
        """Wait for an expression; not by polling inside the page, which its policy forbids."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(f"() => !!({expression})"):
            assert time.monotonic() < end, f"never true: {expression}"
            self.page.evaluate("() => new Promise((go) => requestAnimationFrame(go))")

    def text(self, selector: str) -> str:
        """Return the text of the first element that fits."""
        return self.page.locator(selector).first.inner_text()


@pytest.fixture
def opened(browser):
    """A fresh tab."""
    page = browser.new_page()
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1360, "height": 900})
    yield Opened(page)
    with contextlib.suppress(Exception):
        page.evaluate("() => { try { localStorage.clear(); } catch {} }")
    page.close()
