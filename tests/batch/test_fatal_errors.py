"""What stops a run early, and how few calls it takes."""

import asyncio

import pytest

from klarna_om.batch.calls import CallResult, SendResult, result_of_error
from klarna_om.batch.fatal_errors import (
    EQUAL_REFUSALS_LIMIT,
    UNCONFIRMED_CALLS,
    UNRECOGNIZED_LIMIT,
    BatchStopped,
    FatalErrorGuard,
)
from klarna_om.batch.journal import Row
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Totals
from klarna_om.errors import CertificateRejected, ConnectionFailed, KlarnaError, QueueTimeout
from klarna_om.keys import Key
from klarna_om.outcome import Outcome
from tests.batch.fake_sender import (
    FakeSender,
    connection_error,
    foreign_error,
    no_answer_error,
    order_id,
    order_ids,
    response_error,
)
from tests.batch.jobs import Time, lines, load, run

DONE = CallResult(State.DONE, 204, has_failed=False)


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def guard(stop: Stop) -> FatalErrorGuard:
    return FatalErrorGuard(stop, "https://klarna.example", keep_going=False)


def observe(guard: FatalErrorGuard, error: KlarnaError | None, times: int = 1, *, is_probe: bool = False) -> None:
    for _ in range(times):
        guard.observe(DONE if error is None else result_of_error(error, in_doubt=False), is_probe=is_probe)


@pytest.mark.parametrize(
    "error",
    [
        foreign_error(200),
        foreign_error(403),
        foreign_error(404),
        foreign_error(301, location="https://www.example.com/login"),
    ],
    ids=["200", "403", "404", "301"],
)
def test_ten_answers_that_are_not_klarnas_stop_the_run(guard: FatalErrorGuard, stop: Stop, error: KlarnaError) -> None:
    observe(guard, error, 9)
    assert not stop.is_requested

    observe(guard, error)
    assert stop.is_requested
    assert isinstance(guard.error, BatchStopped)
    assert guard.error.__cause__ is error


def test_the_message_names_the_answers_and_the_host(guard: FatalErrorGuard) -> None:
    observe(guard, foreign_error(200, title="Welcome to the hotel"), 10)

    message = str(guard.error)
    assert "https://klarna.example" in message
    assert "200" in message
    assert "Welcome to the hotel" in message


def test_the_message_names_the_target_of_a_redirect(guard: FatalErrorGuard) -> None:
    observe(guard, foreign_error(301, location="https://www.example.com/login"), 10)

    assert "301 to https://www.example.com/login" in str(guard.error)


def test_the_message_shows_no_control_characters_of_a_page(guard: FatalErrorGuard) -> None:
    observe(guard, foreign_error(200, title="a\x1b[2Jb"), 10)

    assert str(guard.error).isprintable()


def test_pages_and_redirects_count_together(guard: FatalErrorGuard, stop: Stop) -> None:
    observe(guard, foreign_error(404), 5)
    observe(guard, foreign_error(302), 5)

    assert stop.is_requested


def test_time_outs_and_5xx_neither_count_nor_reset_the_count(guard: FatalErrorGuard, stop: Stop) -> None:
    observe(guard, foreign_error(404), 9)
    observe(guard, no_answer_error(), 20)
    observe(guard, response_error(503), 20)
    assert not stop.is_requested

    observe(guard, foreign_error(404))
    assert stop.is_requested


@pytest.mark.parametrize("klarnas", [None, response_error(404)], ids=["success", "refusal"])
def test_an_answer_of_klarnas_resets_the_count(guard: FatalErrorGuard, stop: Stop, klarnas: KlarnaError | None) -> None:
    observe(guard, foreign_error(404), 9)
    observe(guard, klarnas)
    observe(guard, foreign_error(404), 9)

    assert not stop.is_requested


def test_once_klarna_is_confirmed_only_probes_count(guard: FatalErrorGuard, stop: Stop) -> None:
    observe(guard, None)
    observe(guard, foreign_error(404), 100)
    observe(guard, foreign_error(404), 9, is_probe=True)
    assert not stop.is_requested

    observe(guard, foreign_error(404), is_probe=True)
    assert stop.is_requested


@pytest.mark.parametrize(
    "error", [response_error(404), response_error(403), response_error(400)], ids=["404", "403", "400"]
)
def test_fifty_equal_refusals_stop_the_run(guard: FatalErrorGuard, stop: Stop, error: KlarnaError) -> None:
    observe(guard, error, EQUAL_REFUSALS_LIMIT - 1)
    assert not stop.is_requested

    observe(guard, error)
    assert isinstance(guard.error, BatchStopped)
    assert f"{error.status} SOME_CODE" in str(guard.error)
    assert "right environment and region" in str(guard.error)
    assert "--keep-going" in str(guard.error)


@pytest.mark.parametrize(
    "other",
    [None, response_error(403), response_error(404, b'{"error_code": "OTHER"}')],
    ids=["success", "other-status", "other-code"],
)
def test_another_answer_of_klarnas_confirms_it(guard: FatalErrorGuard, stop: Stop, other: KlarnaError | None) -> None:
    observe(guard, response_error(404), 49)
    assert not guard.is_confirmed

    observe(guard, other)
    observe(guard, response_error(404), 100)

    assert guard.is_confirmed
    assert not stop.is_requested


def test_with_keep_going_the_first_refusal_confirms_klarna(stop: Stop) -> None:
    guard = FatalErrorGuard(stop, "https://klarna.example", keep_going=True)

    observe(guard, response_error(404), 100)

    assert guard.is_confirmed
    assert not stop.is_requested


def test_the_first_reason_to_stop_is_the_one_that_is_raised(guard: FatalErrorGuard) -> None:
    rejected = response_error(401)
    observe(guard, rejected)
    observe(guard, foreign_error(404), 10)

    assert guard.error is rejected


def test_a_certificate_that_is_rejected_counts_as_no_connection(guard: FatalErrorGuard, stop: Stop) -> None:
    observe(guard, CertificateRejected("wrong name"), 3)

    assert stop.is_requested
    assert isinstance(guard.error, CertificateRejected)


def test_any_answer_shows_that_the_host_is_reachable(guard: FatalErrorGuard, stop: Stop) -> None:
    observe(guard, connection_error(), 2)
    observe(guard, QueueTimeout("no place"))
    observe(guard, response_error(503))
    observe(guard, connection_error(), 10)

    assert not stop.is_requested


def test_the_error_has_the_facts_of_the_last_call(guard: FatalErrorGuard) -> None:
    observe(guard, foreign_error(403), 10)

    error = guard.error
    assert error is not None
    assert (error.status, error.outcome, error.headers["content-type"]) == (403, Outcome.UNKNOWN, "text/html")
    assert "run the same job again" in error.what_to_do()


def test_the_error_can_be_made_without_a_cause() -> None:
    assert BatchStopped("stopped").__cause__ is None


async def test_a_job_with_only_foreign_answers_stops_and_settles_no_order(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(300))
    sender.always_fail = lambda: foreign_error(404)

    with pytest.raises(BatchStopped):
        await run(journal, sender, in_flight=64)

    assert len(sender.calls) <= UNRECOGNIZED_LIMIT + UNCONFIRMED_CALLS - 1
    assert (await journal.counts()).settled == 0

    sender.always_fail = None
    assert (await run(journal, sender)).totals == Totals(done=300)
    assert set(sender.executed.values()) == {1}


async def test_a_job_whose_orders_are_all_refused_alike_stops_and_keeps_them_pending(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(300))
    sender.always_fail = lambda: response_error(404)

    with pytest.raises(BatchStopped):
        await run(journal, sender, in_flight=64)

    assert len(sender.calls) <= EQUAL_REFUSALS_LIMIT + UNCONFIRMED_CALLS - 1
    assert await journal.counts() == Totals(pending=300)

    sender.always_fail = None
    assert (await run(journal, sender)).totals == Totals(done=300)


async def test_equal_refusals_of_a_small_manifest_are_final(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(EQUAL_REFUSALS_LIMIT - 1))
    sender.always_fail = lambda: response_error(404)

    summary = await run(journal, sender)

    assert summary.totals == Totals(refused=EQUAL_REFUSALS_LIMIT - 1)
    assert {line.error_code for line in await lines(journal)} == {"SOME_CODE"}


async def test_held_refusals_are_recorded_after_another_answer(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(100))
    for number in range(1, 41):
        sender.failures[order_id(number)].append(response_error(404))
    recorded: list[Totals] = []

    async def send(row: Row, key: Key) -> SendResult:
        recorded.append(await journal.counts())
        return await sender(row, key)

    summary = await run(journal, send, in_flight=1)

    assert recorded[40].refused == 0
    assert (recorded[41].refused, recorded[41].done) == (40, 1)
    assert summary.totals == Totals(done=60, refused=40)


async def test_held_refusals_are_recorded_when_the_run_stops_for_another_reason(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(100))
    sender.on_call = lambda number: setattr(sender, "always_fail", lambda: response_error(404 if number <= 20 else 401))

    with pytest.raises(KlarnaError):
        await run(journal, sender, in_flight=1)

    assert await journal.counts() == Totals(refused=20, pending=80)


async def test_with_keep_going_every_refusal_is_recorded(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(200))
    sender.always_fail = lambda: response_error(404)

    summary = await run(journal, sender, keep_going=True)

    assert summary.totals == Totals(refused=200)


async def test_until_klarna_is_confirmed_only_four_calls_are_in_progress(
    journal: SqliteJournal, sender: FakeSender
) -> None:
    await load(journal, order_ids(200))
    four = asyncio.Barrier(UNCONFIRMED_CALLS)
    before: list[int] = []

    async def send(row: Row, key: Key) -> SendResult:
        if len(sender.calls) < 8:
            sender.failures[row.order_id].append(no_answer_error())
            async with four:
                before.append(sender.in_progress)
        return await sender(row, key)

    await asyncio.wait_for(run(journal, send, in_flight=64), 10)

    assert len(before) >= UNCONFIRMED_CALLS
    assert max(before) < UNCONFIRMED_CALLS
    assert sender.most_in_progress > UNCONFIRMED_CALLS


async def test_held_refusals_are_recorded_when_the_run_is_cancelled(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(100))
    hangs = asyncio.Event()

    async def send(row: Row, key: Key) -> SendResult:
        if len(sender.calls) == 20:
            hangs.set()
            await asyncio.Event().wait()
        return await sender(row, key)

    sender.always_fail = lambda: response_error(404)
    task = asyncio.create_task(run(journal, send, in_flight=1))
    await hangs.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await journal.counts() == Totals(refused=20, unknown=1, pending=79)


async def test_foreign_answers_during_a_run_cost_no_order(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(300))

    def block_for_a_while(number: int) -> None:
        time.seconds += 1.0
        sender.always_fail = (lambda: foreign_error(404)) if 50 < time.seconds < 130 else None

    sender.on_call = block_for_a_while
    summary = await run(journal, sender, time)

    assert summary.totals == Totals(done=300)
    assert set(sender.executed.values()) == {1}


async def test_lasting_foreign_answers_stop_the_job_after_ten_probes(
    journal: SqliteJournal, sender: FakeSender, time: Time
) -> None:
    await load(journal, order_ids(300))
    sender.on_call = lambda number: setattr(
        sender, "always_fail", (lambda: foreign_error(200)) if number > 50 else None
    )

    with pytest.raises(BatchStopped):
        await run(journal, sender, time, in_flight=1)

    assert time.slept == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    counts = await journal.counts()
    assert (counts.refused, counts.done) == (0, 50)

    sender.on_call = sender.always_fail = None
    assert (await run(journal, sender, time)).totals == Totals(done=300)


async def test_three_calls_without_a_connection_stop_the_job(journal: SqliteJournal, sender: FakeSender) -> None:
    await load(journal, order_ids(50))
    sender.always_fail = connection_error

    with pytest.raises(ConnectionFailed):
        await run(journal, sender, in_flight=1)

    assert len(sender.calls) == 3
