"""The live page in a real browser: it updates by itself, and fits in the light, in the dark and on a phone."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest

from klarna_om.batch.postgres import Database, PostgresJournal
from tests.live.jobs import CAPTURE, CHUNK, SCRIPT, fill, hold
from tests.live.server import serve_in_thread
from tests.support.chromium import start_browser
from tests.support.contrast import CONTRAST
from tests.support.postgres import database_with_journals

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PHONE, SCREEN = 360, 1280

Show = Callable[..., "Page"]

RECORD = """
update klarna_om.rows set state = 'done', status = 201 where (job, row) in (
    select job, row from klarna_om.rows where state = 'pending' order by row limit 1)"""

REFUSE = RECORD.replace("'done', status = 201", "'refused', status = 422, error_code = 'BAD_VALUE'")


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    with start_browser() as running:
        yield running


@pytest.fixture
def filled(postgres_server: str) -> Iterator[str]:
    """A database with one job that has something of everything, and a worker that was lost."""

    async def make(dsn: str) -> None:
        async with PostgresJournal.open(dsn, None, CAPTURE, window=CHUNK) as journal, Database.connect(dsn) as database:
            await fill(journal)
            await hold(database, journal, 0, -30)

    with database_with_journals(postgres_server) as dsn:
        with ThreadPoolExecutor() as threads:  # in this one the browser's driver has its own event loop
            threads.submit(asyncio.run, make(dsn)).result()
        yield dsn


@pytest.fixture
def url(filled: str) -> Iterator[str]:
    with serve_in_thread(filled) as served:
        yield served


@pytest.fixture
def show(chromium: "Browser") -> Iterator[Show]:
    """Show the page in a width and a colour scheme; what the browser complains of fails the test."""
    contexts = []
    messages: list[str] = []

    def open_page(url: str, width: int = SCREEN, scheme: Any = "light", **more: Any) -> "Page":
        context = chromium.new_context(viewport={"width": width, "height": 600}, color_scheme=scheme, **more)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(url, wait_until="domcontentloaded")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [message for message in messages if "ERR_CONNECTION_REFUSED" not in message] == []


def wait_for(page: "Page", condition: str) -> None:
    """Playwright's own way needs `eval`, which the page's policy forbids."""
    while not page.evaluate(condition):
        page.wait_for_timeout(20)


def change(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


def test_a_row_that_is_recorded_appears_without_a_reload(show: Show, url: str, filled: str) -> None:
    page = show(url)
    page.evaluate("window.isSamePage = true; scrollTo(0, 300)")
    page.get_by_text("2 done").wait_for()

    change(filled, RECORD)
    page.get_by_text("3 done").wait_for()
    change(filled, REFUSE)
    page.get_by_text("BAD_VALUE").first.wait_for()

    assert page.evaluate("[window.isSamePage, scrollY]") == [True, 300]
    assert page.title() == "1 job runs, 6 rows need a person. klarna-om jobs"
    assert page.locator("h1").text_content() == "1 job runs, 6 rows need a person."


def test_what_is_being_copied_is_not_replaced_until_it_is_copied(show: Show, url: str, filled: str) -> None:
    page = show(url)
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#jobs .numbers li'))")

    change(filled, RECORD)
    wait_for(page, "waiting.get('jobs')?.includes('3 done')")

    assert page.evaluate("getSelection().toString()") == "2 done"
    page.evaluate("getSelection().removeAllRanges()")
    page.get_by_text("3 done").wait_for()


def test_a_page_that_is_not_seen_leaves_the_database_alone(show: Show, url: str) -> None:
    page = show(url)
    wait_for(page, "source?.readyState === EventSource.OPEN")
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"

    page.evaluate(f"{hide % 'true'}; document.dispatchEvent(new Event('visibilitychange'))")
    assert page.evaluate("source.readyState === EventSource.CLOSED")

    page.evaluate(f"{hide % 'false'}; document.dispatchEvent(new Event('visibilitychange'))")
    wait_for(page, "source.readyState === EventSource.OPEN")


def test_a_server_that_is_gone_is_said_and_found_again(show: Show, filled: str) -> None:
    with serve_in_thread(filled) as first:
        page = show(first)
        wait_for(page, "source?.readyState === EventSource.OPEN")
        assert not page.locator("#lost").is_visible()
    page.locator("#lost").wait_for(state="visible")

    change(filled, RECORD)
    with serve_in_thread(filled, port=urlsplit(first).port or 0):
        page.locator("#lost").wait_for(state="hidden")

        page.get_by_text("3 done").wait_for()
        page.close()


def test_text_of_a_manifest_or_a_server_is_inert(show: Show, url: str, filled: str) -> None:
    page = show(url)
    change(filled, RECORD)
    page.get_by_text("3 done").wait_for()

    assert "attacked" not in page.title()
    assert page.evaluate("[document.scripts.length, document.images.length]") == [1, 0]
    assert page.evaluate("document.getElementById('person').textContent").count(SCRIPT) >= 3


def test_without_scripts_the_page_shows_the_state_and_reloads_itself(show: Show, url: str) -> None:
    page = show(url, java_script_enabled=False)

    assert page.locator("h1").text_content() == "1 job runs, 5 rows need a person."
    assert page.locator("noscript meta[http-equiv=refresh]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, SCREEN])
def test_it_fits_in_the_width_and_can_be_read(show: Show, url: str, width: int, scheme: str) -> None:
    page = show(url, width, scheme)
    wider = "[...document.querySelectorAll('body *')].filter((each) => each.getBoundingClientRect().right > innerWidth)"

    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(f"{wider}.map((each) => each.outerHTML)") == []
    assert page.evaluate(CONTRAST) == []
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert background == {"light": "rgb(246, 247, 249)", "dark": "rgb(17, 19, 24)"}[scheme]


def test_its_parts_have_headings_and_its_tables_headers(show: Show, url: str) -> None:
    page = show(url)

    headings = [each.text_content() for each in page.get_by_role("heading", level=2).all()]
    regions = [each.get_attribute("id") for each in page.get_by_role("region").all()]

    assert headings[:2] == ["Running jobs", "What needs a person"]
    assert regions == ["jobs", "person", "workers", "codes", "finished"]
    assert [each.text_content() for each in page.locator("#workers").get_by_role("columnheader").all()] == [
        "Worker",
        "Job",
        "Chunks",
        "Lease",
    ]
    assert page.locator("[role=status], [aria-live]").count() == 2
