"""The page is complete in itself, and what others wrote stays text in it."""

import asyncio
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from attrs import define, field

from klarna_om.batch.job_facts import Limit
from klarna_om.batch.page.advice import SOURCES
from klarna_om.batch.page.write import render_page
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from tests.batch.fake_sender import order_id, order_ids
from tests.batch.jobs import START, load
from tests.batch.page.jobs import CONTENT, NOW, SCRIPT, fill, result


@define(slots=False)
class Page(HTMLParser):
    """What a page has: its elements, with their attributes, and its text."""

    source: str
    elements: list[tuple[str, dict[str, str | None]]] = field(factory=list[tuple[str, dict[str, str | None]]])
    words: list[str] = field(factory=list[str])

    def __attrs_post_init__(self) -> None:
        super().__init__()
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def values(self, name: str) -> list[str | None]:
        return [attributes[name] for _, attributes in self.elements if name in attributes]


@pytest.fixture
async def page(captures: SqliteJournal) -> Page:
    """The page of a job with everything in it."""
    await fill(captures)
    return Page(await render_page(captures, now=lambda: NOW))


async def test_it_has_the_totals_and_the_verdict(page: Page) -> None:
    assert "20 of 27 rows are done, 7 need a person, 2 are for the next run." in page.text
    assert "30 lines of the manifest, each of them once." in page.text
    assert "done 20 66.7 % Klarna did it" in page.text


async def test_it_has_each_row_that_needs_a_person_with_its_ids(page: Page) -> None:
    for number in (21, 22, 23, 24):
        assert f"line {number} {order_id(number)} reference shipment-{number} shop_order A-{number}" in page.text
        assert f"correlation id correlation-{number} idempotency key key-{number}" in page.text


async def test_the_picture_of_the_codes_names_each_answer(page: Page) -> None:
    names = ("403 CAPTURE_NOT_ALLOWED, refused", "502, escalated", "not sent, refused", "without an answer, unknown")

    assert [name for name in names if name not in page.text] == []


async def test_it_has_what_klarna_advises_and_what_to_do(page: Page) -> None:
    assert "403 CAPTURE_NOT_ALLOWED 2 lines It means The order is cancelled or expired" in page.text
    assert "What to do Correct what Klarna names, then klarna-om batch retry JOURNAL --refused" in page.text
    assert "Subject: captures.create: was it executed? (1 call)" in page.text


async def test_it_names_the_times_and_the_speed(page: Page) -> None:
    assert "First call (UTC) 2026-11-23 12:00:00 Last result (UTC) 2026-11-23 12:00:26 Requests 75" in page.text
    assert "mean 2.88 peak 3 limit 190" in page.text
    assert "what was left of it after a 429" in page.text
    assert "50 % 184 ms 95 % 261 ms 99 % 282 ms slowest 282 ms" in page.text


async def test_it_loads_nothing_and_links_to_klarnas_documentation_only(page: Page) -> None:
    tags = {tag for tag, _ in page.elements}
    links = {value for value in page.values("href") if value is not None and not value.startswith("#")}

    assert not {"script", "img", "link", "iframe", "object", "embed", "form", "base", "input"} & tags
    assert links == set(SOURCES.values())
    assert page.values("src") == []
    assert "url(http" not in page.source
    assert "@import" not in page.source


async def test_no_element_has_a_style_or_a_handler_of_its_own(page: Page) -> None:
    names = {name for _, attributes in page.elements for name in attributes}

    assert "style" not in names
    assert [name for name in names if name.startswith("on")] == []


async def test_no_id_is_there_twice(page: Page) -> None:
    ids = page.values("id")

    assert len(ids) == len(set(ids)) > 5


async def test_what_a_manifest_or_a_server_wrote_is_text(page: Page) -> None:
    assert "<script" not in page.source
    assert page.text.count(SCRIPT) >= 4  # a cell, a column's name, a malformed line, and Klarna's message


@pytest.mark.parametrize("code", ["$\\frac{x$", "\x00\x1b[31m", "<b>&amp;", "\u7b7e\u540d", "X" * 900, "\ud7ff]]>"])
async def test_an_error_code_may_be_any_text(captures: SqliteJournal, code: str) -> None:
    await fill(captures)
    await captures.record(result(27, State.REFUSED, status=400, error_code=code))

    page = Page(await render_page(captures, now=lambda: NOW))

    assert "Outcomes by error code" in page.text
    assert "8 need a person" in page.text


async def test_it_has_no_bodies(page: Page) -> None:
    assert CONTENT not in page.source


async def test_the_same_journal_gives_the_same_page(captures: SqliteJournal) -> None:
    await fill(captures)

    pages = {await render_page(captures, now=lambda: NOW) for _ in range(2)}

    assert len(pages) == 1


async def test_a_job_that_has_not_begun_has_a_page(captures: SqliteJournal) -> None:
    page = Page(await render_page(captures, now=lambda: NOW))

    assert "No row could be called." in page.text
    assert "What needs a person Nothing does." in page.text
    assert "Rate" not in page.words


async def test_a_job_that_is_done_needs_nobody(journal: SqliteJournal) -> None:
    await load(journal, order_ids(3))
    for number in (1, 2, 3):
        await journal.record(result(number, State.DONE, status=204))

    page = Page(await render_page(journal, now=lambda: NOW))

    assert "Everything is done." in page.text
    assert "no limit was recorded" in page.text
    assert "Outcomes by error code" not in page.text


async def test_a_job_that_was_never_slowed_down_has_one_limit_only(journal: SqliteJournal) -> None:
    await load(journal, order_ids(1))
    await journal.record(result(1, State.DONE))
    await journal.record_limit(Limit(START, 190.0, 190.0))

    page = Page(await render_page(journal, now=lambda: NOW))

    assert "limit 190" in page.text
    assert "what was left of it" not in page.text


async def test_times_without_results_are_left_out_and_late_repeats_are_counted(journal: SqliteJournal) -> None:
    await load(journal, order_ids(400))
    for number in range(1, 301):
        await journal.record(result(number, State.DONE))
    await journal.record(result(400, State.DONE, finished=START.replace(hour=20)))

    page = Page(await render_page(journal, now=lambda: NOW))

    assert "left out, and so are 3 requests in short times between them." in page.text


async def test_a_job_of_two_nights_shows_both(journal: SqliteJournal) -> None:
    await load(journal, order_ids(399))
    for number in range(1, 400):
        day = START.replace(day=23 + number // 200)
        await journal.record(result(number, State.DONE, finished=day, started=day))

    page = Page(await render_page(journal, now=lambda: NOW))

    assert {"2026-11-23", "2026-11-24"} <= set(page.words)
    assert "Times without results for more than three minutes are left out." in page.text


async def test_a_job_of_a_week_has_days_on_its_axis(journal: SqliteJournal) -> None:
    rows = 7 * 24 * 30
    await load(journal, order_ids(rows))
    times = [START + timedelta(minutes=2 * number) for number in range(rows)]
    await asyncio.gather(*(journal.record(result(row, State.DONE, finished=time)) for row, time in enumerate(times, 1)))

    page = Page(await render_page(journal, now=lambda: NOW))

    assert "11-26" in page.words


async def test_a_job_that_was_only_postponed_shows_its_rate_and_no_latency(journal: SqliteJournal) -> None:
    await load(journal, order_ids(1))
    await journal.record(result(1, State.UNKNOWN, status=503))

    page = Page(await render_page(journal, now=lambda: NOW))

    assert "Rate" in page.words
    assert "Latency" not in page.words
