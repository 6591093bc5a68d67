"""What ends a run before its time, and how few calls it takes."""

import asyncio

import pytest

from klarna_om.batch.calls import Call, Sent, ended
from klarna_om.batch.fatal_errors import (
    EQUAL_REFUSALS_LIMIT,
    UNCONFIRMED_CALLS,
    UNRECOGNIZED_LIMIT,
    BatchStopped,
    FatalErrorGuard,
)
from klarna_om.batch.sqlite_journal import SqliteJournal
from klarna_om.batch.states import State
from klarna_om.batch.stop import Stop
from klarna_om.batch.totals import Totals
from klarna_om.errors import CertificateRejected, ConnectionFailed, KlarnaError, QueueTimeout
from klarna_om.outcome import Outcome
from tests.batch.desk import Desk, answered, order_id, order_ids, silent, stranger, unreachable
from tests.batch.running import Time, lines, load, run

DONE = Call(State.DONE, 204, has_failed=False)


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def guard(stop: Stop) -> FatalErrorGuard:
    return FatalErrorGuard(stop, "https://klarna.example")


def observe(guard: FatalErrorGuard, error: KlarnaError | None, times: int = 1, *, is_probe: bool = False) -> None:
    for _ in range(times):
        guard.observe(DONE if error is None else ended(error, in_doubt=False), is_probe=is_probe)


@pytest.mark.parametrize(
    "error",
    [stranger(200), stranger(403), stranger(404), stranger(301, location="https://www.example.com/login")],
    ids=["200", "403", "404", "301"],
)
def test_ten_answers_that_are_not_klarnas_stop_the_run(guard: FatalErrorGuard, stop: Stop, error: KlarnaError) -> None:
    observe(guard, error, 9)
    assert not stop.is_requested

    observe(guard, error)
    assert stop.is_requested
    assert isinstance(guard.error, BatchStopped)
    assert guard.error.__cause__ is error


def test_the_reason_names_what_came_and_from_where(guard: FatalErrorGuard) -> None:
    observe(guard, stranger(200, title="Welcome to the hotel"), 10)

    message = str(guard.error)
    assert "https://klarna.example" in message
    assert "200" in message
    assert "Welcome to the hotel" in message


def test_the_reason_names_where_a_redirect_leads(guard: FatalErrorGuard) -> None:
    observe(guard, stranger(301, location="https://www.example.com/login"), 10)

    assert "301 to https://www.example.com/login" in str(guard.error)


def test_the_reason_shows_no_control_characters_of_a_page(guard: FatalErrorGuard) -> None:
    observe(guard, stranger(200, title="a\x1b[2Jb"), 10)

    assert str(guard.error).isprintable()


def test_pages_and_redirects_count_together(guard: FatalErrorGuard, stop: Stop) -> None:
    observe(guard, stranger(404), 5)
    observe(guard, stranger(302), 5)

    assert stop.is_requested


def test_time_outs_and_5xx_neither_count_nor_reset_the_count(guard: FatalErrorGuard, stop: Stop) -> None:
    observe(guard, stranger(404), 9)
    observe(guard, silent(), 20)
    observe(guard, answered(503), 20)
    assert not stop.is_requested

    observe(guard, stranger(404))
    assert stop.is_requested


@pytest.mark.parametrize("klarnas", [None, answered(404)], ids=["success", "refusal"])
def test_an_answer_of_klarnas_resets_the_count(guard: FatalErrorGuard, stop: Stop, klarnas: KlarnaError | None) -> None:
    observe(guard, stranger(404), 9)
    observe(guard, klarnas)
    observe(guard, stranger(404), 9)

    assert not stop.is_requested


def test_once_klarna_is_confirmed_only_probes_count(guard: FatalErrorGuard, stop: Stop) -> None:
    observe(guard, None)
    observe(guard, stranger(404), 100)
    observe(guard, stranger(404), 9, is_probe=True)
    assert not stop.is_requested

    observe(guard, stranger(404), is_probe=True)
    assert stop.is_requested


@pytest.mark.parametrize("error", [answered(404), answered(403), answered(400)], ids=["404", "403", "400"])
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
    [None, answered(403), answered(404, b'{"error_code": "OTHER"}')],
    ids=["success", "other-status", "other-code"],
)
def test_another_answer_of_klarnas_confirms_it(guard: FatalErrorGuard, stop: Stop, other: KlarnaError | None) -> None:
    observe(guard, answered(404), 49)
    assert not guard.is_confirmed

    observe(guard, other)
    observe(guard, answered(404), 100)

    assert guard.is_confirmed
    assert not stop.is_requested


def test_whoever_keeps_going_takes_the_first_refusal_for_klarnas(stop: Stop) -> None:
    guard = FatalErrorGuard(stop, keep_going=True)

    observe(guard, answered(404), 100)

    assert guard.is_confirmed
    assert not stop.is_requested


def test_the_first_reason_to_stop_is_the_one_that_is_raised(guard: FatalErrorGuard) -> None:
    rejected = answered(401)
    observe(guard, rejected)
    observe(guard, stranger(404), 10)

    assert guard.error is rejected


def test_a_certificate_that_is_rejected_counts_as_no_connection(guard: FatalErrorGuard, stop: Stop) -> None:
    observe(guard, CertificateRejected("wrong name"), 3)

    assert stop.is_requested
    assert isinstance(guard.error, CertificateRejected)


def test_any_answer_says_that_somebody_is_at_the_address(guard: FatalErrorGuard, stop: Stop) -> None:
    observe(guard, unreachable(), 2)
    observe(guard, QueueTimeout("no place"))
    observe(guard, answered(503))
    observe(guard, unreachable(), 10)

    assert not stop.is_requested


def test_the_error_says_what_the_last_call_said(guard: FatalErrorGuard) -> None:
    observe(guard, stranger(403), 10)

    error = guard.error
    assert error is not None
    assert (error.status, error.outcome, error.headers["content-type"]) == (403, Outcome.UNKNOWN, "text/html")
    assert "run the same job again" in error.what_to_do()


def test_the_error_can_be_made_without_a_cause() -> None:
    assert BatchStopped("stopped").__cause__ is None


async def test_a_job_among_strangers_stops_and_no_order_is_settled(journal: SqliteJournal, desk: Desk) -> None:
    await load(journal, order_ids(300))
    desk.always = lambda: stranger(404)

    with pytest.raises(BatchStopped):
        await run(journal, desk, in_flight=64)

    assert len(desk.calls) <= UNRECOGNIZED_LIMIT + UNCONFIRMED_CALLS - 1
    assert (await journal.counts()).settled == 0

    desk.always = None
    assert (await run(journal, desk)).totals == Totals(done=300)
    assert set(desk.executed.values()) == {1}


async def test_a_job_whose_orders_are_all_refused_alike_stops_and_leaves_them_open(
    journal: SqliteJournal, desk: Desk
) -> None:
    await load(journal, order_ids(300))
    desk.always = lambda: answered(404)

    with pytest.raises(BatchStopped):
        await run(journal, desk, in_flight=64)

    assert len(desk.calls) <= EQUAL_REFUSALS_LIMIT + UNCONFIRMED_CALLS - 1
    assert await journal.counts() == Totals(pending=300)

    desk.always = None
    assert (await run(journal, desk)).totals == Totals(done=300)


async def test_equal_refusals_of_a_small_manifest_are_final(journal: SqliteJournal, desk: Desk) -> None:
    await load(journal, order_ids(EQUAL_REFUSALS_LIMIT - 1))
    desk.always = lambda: answered(404)

    summary = await run(journal, desk)

    assert summary.totals == Totals(refused=EQUAL_REFUSALS_LIMIT - 1)
    assert {line.error_code for line in await lines(journal)} == {"SOME_CODE"}


async def test_refusals_are_recorded_once_something_else_comes(journal: SqliteJournal, desk: Desk) -> None:
    await load(journal, order_ids(100))
    for number in range(1, 41):
        desk.fails[order_id(number)].append(answered(404))
    recorded: list[Totals] = []

    async def send(order_id: str, key: str) -> Sent:
        recorded.append(await journal.counts())
        return await desk(order_id, key)

    summary = await run(journal, send, in_flight=1)

    assert recorded[40].refused == 0
    assert (recorded[41].refused, recorded[41].done) == (40, 1)
    assert summary.totals == Totals(done=60, refused=40)


async def test_refusals_held_back_are_recorded_when_the_run_ends_for_another_reason(
    journal: SqliteJournal, desk: Desk
) -> None:
    await load(journal, order_ids(100))
    desk.on_call = lambda number: setattr(desk, "always", lambda: answered(404 if number <= 20 else 401))

    with pytest.raises(KlarnaError):
        await run(journal, desk, in_flight=1)

    assert await journal.counts() == Totals(refused=20, pending=80)


async def test_whoever_keeps_going_gets_every_refusal_recorded(journal: SqliteJournal, desk: Desk) -> None:
    await load(journal, order_ids(200))
    desk.always = lambda: answered(404)

    summary = await run(journal, desk, keep_going=True)

    assert summary.totals == Totals(refused=200)


async def test_until_klarna_is_confirmed_only_four_calls_are_under_way(journal: SqliteJournal, desk: Desk) -> None:
    await load(journal, order_ids(200))
    four = asyncio.Barrier(UNCONFIRMED_CALLS)
    before: list[int] = []

    async def send(order_id: str, key: str) -> Sent:
        if len(desk.calls) < 8:
            desk.fails[order_id].append(silent())
            async with four:
                before.append(desk.under_way)
        return await desk(order_id, key)

    await asyncio.wait_for(run(journal, send, in_flight=64), 10)

    assert len(before) >= UNCONFIRMED_CALLS
    assert max(before) < UNCONFIRMED_CALLS
    assert desk.most_under_way > UNCONFIRMED_CALLS


async def test_refusals_held_back_are_recorded_when_the_run_is_cancelled(journal: SqliteJournal, desk: Desk) -> None:
    await load(journal, order_ids(100))
    hangs = asyncio.Event()

    async def send(order_id: str, key: str) -> Sent:
        if len(desk.calls) == 20:
            hangs.set()
            await asyncio.Event().wait()
        return await desk(order_id, key)

    desk.always = lambda: answered(404)
    task = asyncio.create_task(run(journal, send, in_flight=1))
    await hangs.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await journal.counts() == Totals(refused=20, unknown=1, pending=79)


async def test_strangers_in_mid_run_cost_no_order(journal: SqliteJournal, desk: Desk, time: Time) -> None:
    await load(journal, order_ids(300))

    def block_for_a_while(number: int) -> None:
        time.seconds += 1.0
        desk.always = (lambda: stranger(404)) if 50 < time.seconds < 130 else None

    desk.on_call = block_for_a_while
    summary = await run(journal, desk, time)

    assert summary.totals == Totals(done=300)
    assert set(desk.executed.values()) == {1}


async def test_strangers_who_stay_in_mid_run_stop_the_job_after_ten_probes(
    journal: SqliteJournal, desk: Desk, time: Time
) -> None:
    await load(journal, order_ids(300))
    desk.on_call = lambda number: setattr(desk, "always", (lambda: stranger(200)) if number > 50 else None)

    with pytest.raises(BatchStopped):
        await run(journal, desk, time, in_flight=1)

    assert time.slept == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    counts = await journal.counts()
    assert (counts.refused, counts.done) == (0, 50)

    desk.on_call = desk.always = None
    assert (await run(journal, desk, time)).totals == Totals(done=300)


async def test_nobody_at_the_address_is_known_after_three_calls(journal: SqliteJournal, desk: Desk) -> None:
    await load(journal, order_ids(50))
    desk.always = unreachable

    with pytest.raises(ConnectionFailed):
        await run(journal, desk, in_flight=1)

    assert len(desk.calls) == 3
