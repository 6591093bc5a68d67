"""The page in a real browser: it loads and executes nothing, and fits in the light, in the dark and on a phone."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, field

from klarna_om.batch.page.write import render_page
from klarna_om.batch.sqlite_journal import SqliteJournal
from tests.batch.page.jobs import CAPTURE, NOW, SCRIPT, fill
from tests.support.chromium import start_browser
from tests.support.contrast import CONTRAST

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATH = "/report.html"
PHONE, SCREEN = 360, 1280

Show = Callable[..., "Opened"]

ATTACK = '<img id="spy" src="/spy" onerror="document.title = 2"><p style="color: red">'


@define
class Server:
    """Serves the page under any path, and remembers what it was asked for."""

    source: str
    paths: list[str] = field(factory=list[str])
    url: str = ""


@define
class Opened:
    """A page that is shown, and what came of it."""

    page: "Page"
    requests: list[str] = field(factory=list[str])
    messages: list[str] = field(factory=list[str])

    def open(self, url: str) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.goto(url)

    def ask(self, script: str) -> Any:
        return self.page.evaluate(script)

    def open_all_lines(self) -> None:
        self.ask("document.querySelectorAll('details').forEach((each) => { each.open = true })")


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    with start_browser() as running:
        yield running


@pytest.fixture(scope="module")
def source() -> str:
    """The page of a job with everything in it."""

    async def make() -> str:
        async with SqliteJournal.open(None, CAPTURE) as journal:
            await fill(journal, done=60)
            return await render_page(journal, now=lambda: NOW)

    with ThreadPoolExecutor() as threads:  # in this one the browser's driver has its own event loop
        return threads.submit(asyncio.run, make()).result()


@pytest.fixture
def server(source: str) -> Iterator[Server]:
    served = Server(source)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.paths.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(served.source.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        served.url = f"http://127.0.0.1:{running.server_port}{PATH}"
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield served
        running.shutdown()
        thread.join()


@pytest.fixture
def show(chromium: "Browser", server: Server) -> Iterator[Show]:
    """Show the page in a width and a colour scheme."""
    contexts = []

    def open_page(width: int = SCREEN, scheme: Any = "light") -> Opened:
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.open(server.url)
        return opened

    yield open_page
    for context in contexts:
        context.close()


def test_it_asks_for_nothing_and_its_policy_has_nothing_to_forbid(show: Show, server: Server) -> None:
    opened = show()

    assert opened.requests == [server.url]
    assert opened.messages == []
    assert server.paths == [PATH]


def test_a_script_of_a_manifest_or_a_server_is_text(show: Show) -> None:
    opened = show()

    assert "attacked" not in opened.page.title()
    assert opened.ask("document.scripts.length") == 0
    assert SCRIPT in opened.ask("document.body.textContent")


def test_a_script_that_gets_in_is_not_executed_and_nothing_is_loaded(show: Show, server: Server) -> None:
    opened = show()
    title = opened.page.title()

    opened.ask(f"document.body.insertAdjacentHTML('beforeend', '{ATTACK}')")
    opened.ask("document.body.append(Object.assign(document.createElement('script'), {text: 'document.title = 1'}))")
    opened.page.wait_for_function("document.querySelector('#spy').complete")

    assert opened.page.title() == title
    assert server.paths == [PATH]
    assert all("Content Security Policy" in message for message in opened.messages)
    assert len(opened.messages) >= 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, SCREEN])
def test_it_fits_in_the_width_with_all_lines_open(show: Show, width: int, scheme: str) -> None:
    opened = show(width, scheme)
    opened.open_all_lines()

    assert opened.ask("document.documentElement.scrollWidth") == width
    wider = "[...document.querySelectorAll('body *')].filter((each) => each.getBoundingClientRect().right > innerWidth)"
    assert opened.ask(f"{wider}.map((each) => each.outerHTML)") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(show: Show, scheme: str) -> None:
    opened = show(SCREEN, scheme)
    opened.open_all_lines()

    assert opened.ask(CONTRAST) == []


def test_the_pictures_have_the_colours_of_the_scheme(show: Show) -> None:
    colours = "[...document.querySelectorAll('svg *')].map((each) => getComputedStyle(each).fill)"

    light, dark = [show(SCREEN, scheme).ask(colours) for scheme in ("light", "dark")]

    done = ("rgb(19, 121, 91)", "rgb(63, 182, 139)")
    assert (done[0] in light, done[1] in light, done[0] in dark, done[1] in dark) == (True, False, False, True)


def test_the_text_in_the_pictures_can_be_read_on_a_phone(show: Show) -> None:
    opened = show(PHONE)
    heights = "[...document.querySelectorAll('svg text')].map((each) => each.getBoundingClientRect().height)"

    assert min(opened.ask(heights)) >= 9


def test_the_text_for_the_support_is_selected_with_one_click(show: Show) -> None:
    opened = show()

    opened.page.locator("pre.support").click()

    selected = opened.ask("getSelection().toString()")
    assert selected.startswith("Subject: captures.create: was it executed?")
    assert "Klarna-Idempotency-Key: key-64" in selected
