"""Rows that an engine delivers in chunks, to one process or to several."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from klarna_om.batch.journal import JournalMismatchError, Stamp
from klarna_om.batch.runner import run_chunk
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.totals import Totals
from klarna_om.errors import Unauthorized
from tests.batch.fake_sender import FakeSender, no_answer_error, order_id, order_ids, response_error
from tests.batch.jobs import START, latest_stamp, load, make_job

CHUNK = 10


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[SqliteJournal]:
    """The journal of a job that is delivered in chunks."""
    async with SqliteJournal.open(path, window=CHUNK) as opened:
        yield opened


async def test_a_chunk_is_run_by_its_numbers_alone(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(30))

    is_through = await run_chunk(make_job(journal, sender), 11, 20)

    assert is_through
    assert sorted(order for order, _ in sender.calls) == order_ids(20)[10:]
    assert [await latest_stamp(journal, window) is not None for window in range(3)] == [False, True, False]


async def test_a_chunk_is_a_window_so_refusals_in_the_next_one_are_not_in_doubt(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(2 * CHUNK))
    await run_chunk(make_job(journal, sender), 1, CHUNK)

    sender.always_fail = lambda: response_error(403)
    is_through = await run_chunk(make_job(journal, sender, keep_going=True), CHUNK + 1, 2 * CHUNK)

    assert is_through
    assert await journal.counts() == Totals(done=CHUNK, refused=CHUNK)


async def test_a_chunk_with_an_unknown_row_is_not_through(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(3))
    sender.failures[order_id(2)].extend(no_answer_error() for _ in range(1000))

    assert not await run_chunk(make_job(journal, sender), 1, 3)

    sender.failures.clear()
    assert await run_chunk(make_job(journal, sender), 1, 3)


async def test_a_chunk_that_was_stopped_is_not_through(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(5))
    job = make_job(journal, sender, in_flight=1)
    sender.on_call = lambda number: job.stop.request() if number == 2 else None

    assert not await run_chunk(job, 1, 5)


async def test_what_is_fatal_to_the_job_is_raised(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(3))
    sender.always_fail = lambda: response_error(401)

    with pytest.raises(Unauthorized):
        await run_chunk(make_job(journal, sender), 1, 3)


async def test_whoever_runs_a_chunk_checks_the_host(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(2 * CHUNK))
    await run_chunk(make_job(journal, sender), 1, CHUNK)

    with pytest.raises(JournalMismatchError, match="other.example"):
        await run_chunk(make_job(journal, sender, target="https://other.example"), CHUNK + 1, 2 * CHUNK)
    assert len(sender.calls) == CHUNK


async def test_the_chunks_of_one_process_share_what_is_known_of_klarna(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(2 * CHUNK))
    first = make_job(journal, sender)
    await run_chunk(first, 1, CHUNK)

    second = make_job(journal, sender, breaker=first.breaker, guard=first.guard)

    assert second.guard.is_confirmed
    assert second.breaker is first.breaker


async def test_a_chunk_that_another_worker_has_is_left_to_it(
    journal: SqliteJournal, sender: FakeSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_taken(window: int, now: datetime, worker: UUID, lease: float) -> Stamp | None:
        assert (window, now, lease) == (0, START, 20.0)
        return None

    await load(journal, order_ids(3))
    monkeypatch.setattr(journal, "claim", is_taken)

    assert not await run_chunk(make_job(journal, sender), 1, 3)
    assert sender.calls == []
