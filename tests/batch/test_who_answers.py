"""A job over real sockets, with answers that are not Klarna's: a portal, a firewall, another service."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from klarna_om.batch import BatchStopped, Stop, acknowledge_all
from klarna_om.batch.totals import Progress, Totals
from klarna_om.client import KlarnaClient
from tests.batch.fake_sender import order_ids
from tests.support.time import Sleeps
from tests.support.wire import Answer, Wire, json_answer

HTML = {"Content-Type": "text/html"}
OK = Answer(204)
PORTAL = Answer(200, HTML, b"<html><title>Welcome to the hotel wifi</title></html>", is_signed=False)
FIREWALL = Answer(403, HTML, b"<html><title>Blocked</title></html>", is_signed=False)
EMPTY = Answer(403, is_signed=False)
NOT_FOUND = Answer(404, HTML, b"<html><title>Not found</title></html>", is_signed=False)
OTHER_SERVICE = json_answer({"message": "no Route matched"}, 404, is_signed=False)
REDIRECT = Answer(301, {"Location": "https://www.example.com/login"}, is_signed=False)
NO_SUCH_ORDER = json_answer({"error_code": "NO_SUCH_ORDER", "error_messages": ["no"]}, 404)
DOWN = Answer(503, HTML, b"<html><title>down</title></html>", is_signed=False)

FOREIGN_ANSWERS = [PORTAL, FIREWALL, EMPTY, NOT_FOUND, OTHER_SERVICE, REDIRECT]
NAMES = ["portal", "firewall", "empty", "not-found", "other-service", "redirect"]


@pytest.fixture
async def klarna(server: Wire, sleeps: Sleeps) -> AsyncIterator[KlarnaClient]:
    async with KlarnaClient(server.url, username="shop", password="secret", pace="off", sleep=sleeps) as client:
        yield client


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


async def acknowledge(klarna: KlarnaClient, journal: Path, count: int, *, keep_going: bool = False) -> Totals:
    """The totals of a run whose waits take no time."""
    summary = await acknowledge_all(
        klarna, order_ids(count), journal=journal, keep_going=keep_going, stop=Stop(Sleeps())
    )
    return summary.totals


def keys_for(server: Wire) -> dict[str, set[str | None]]:
    """The keys under which each order was called."""
    keys: dict[str, set[str | None]] = {}
    for request in server.requests:
        keys.setdefault(request.path, set()).add(request.key)
    return keys


@pytest.mark.parametrize("answer", FOREIGN_ANSWERS, ids=NAMES)
async def test_a_job_with_only_foreign_answers_stops_and_settles_all_later(
    server: Wire, klarna: KlarnaClient, journal: Path, answer: Answer
) -> None:
    server.otherwise = answer
    with pytest.raises(BatchStopped, match=server.url):
        await acknowledge(klarna, journal, 300)
    assert len(server.requests) <= 60

    server.otherwise = OK
    assert await acknowledge(klarna, journal, 300) == Totals(done=300)
    assert {len(keys) for keys in keys_for(server).values()} == {1}


async def test_a_job_whose_orders_are_all_unknown_stops_and_settles_all_later(
    server: Wire, klarna: KlarnaClient, journal: Path
) -> None:
    server.otherwise = NO_SUCH_ORDER
    with pytest.raises(BatchStopped, match="404 NO_SUCH_ORDER"):
        await acknowledge(klarna, journal, 300)
    assert len(server.requests) <= 60

    server.otherwise = OK
    assert await acknowledge(klarna, journal, 300) == Totals(done=300)


async def test_with_keep_going_unknown_orders_are_refused(server: Wire, klarna: KlarnaClient, journal: Path) -> None:
    server.otherwise = NO_SUCH_ORDER

    assert await acknowledge(klarna, journal, 100, keep_going=True) == Totals(refused=100)


@pytest.mark.parametrize("answer", FOREIGN_ANSWERS, ids=NAMES)
async def test_foreign_answers_for_a_moment_during_a_run_cost_no_order(
    server: Wire, klarna: KlarnaClient, journal: Path, answer: Answer
) -> None:
    # Enough for the job to pause and probe; a redirect is not retried, so it takes fewer.
    server.will(*[OK] * 100, *[answer] * (45 if answer is REDIRECT else 150))

    assert await acknowledge(klarna, journal, 300) == Totals(done=300)
    assert {len(keys) for keys in keys_for(server).values()} == {1}


@pytest.mark.parametrize("answer", FOREIGN_ANSWERS, ids=NAMES)
async def test_a_foreign_answer_to_every_tenth_call_costs_no_order(
    server: Wire, klarna: KlarnaClient, journal: Path, answer: Answer
) -> None:
    server.will(*itertools.chain.from_iterable([answer, *[OK] * 9] for _ in range(60)))

    assert await acknowledge(klarna, journal, 300) == Totals(done=300)
    assert {len(keys) for keys in keys_for(server).values()} == {1}


async def test_a_small_job_waits_out_an_outage(server: Wire, klarna: KlarnaClient, journal: Path) -> None:
    server.will(*[OK] * 50, *[DOWN] * 400)

    assert await acknowledge(klarna, journal, 300) == Totals(done=300)


async def test_a_gateways_503_from_the_first_call_on_is_waited_out_and_shown(
    server: Wire, klarna: KlarnaClient, journal: Path
) -> None:
    seen: list[Progress] = []
    server.will(*[DOWN] * 200)

    summary = await acknowledge_all(
        klarna, order_ids(100), journal=journal, stop=Stop(Sleeps()), on_progress=seen.append
    )

    assert summary.totals == Totals(done=100)
    causes = {progress.pause.cause for progress in seen if progress.pause is not None}
    assert causes == {f"the last answer was 503 (text/html) from {server.url}"}


async def test_huge_refusals_leave_a_small_journal(server: Wire, klarna: KlarnaClient, journal: Path) -> None:
    message = "y" * 100_000
    server.otherwise = json_answer({"error_code": "BAD_VALUE", "error_messages": [message, message]}, 400)

    await acknowledge(klarna, journal, 49)

    assert journal.stat().st_size < 200_000
