"""`acknowledge_all`, as a web service uses it, against the sandbox."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from klarna_om.batch import JournalError, SqliteJournal, Stop, acknowledge_all, write_report
from klarna_om.batch.totals import Progress, Totals
from klarna_om.client import KlarnaClient
from klarna_om.errors import Unauthorized
from klarna_om.sandbox import Sandbox
from tests.batch.fake_sender import order_id
from tests.support.time import Sleeps


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox with a hundred orders and no rate limit."""
    async with Sandbox(orders=100, limit=None) as served:
        yield served


@pytest.fixture
async def klarna(sandbox: Sandbox, sleeps: Sleeps) -> AsyncIterator[KlarnaClient]:
    client = KlarnaClient(sandbox.url, username="sandbox", password="sandbox", pace="off", sleep=sleeps)
    async with client:
        yield client


async def test_every_order_is_acknowledged_once(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    summary = await acknowledge_all(klarna, sandbox.order_ids)

    assert summary.totals == Totals(done=100)
    assert summary.is_complete
    assert (sandbox.acknowledgements, sandbox.repeated_orders("orders.acknowledge")) == (100, ())


async def test_faults_before_and_after_the_effect_leave_one_effect(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    sandbox.faults = "error-before=0.2,error-after=0.2,reset-after=0.2,cut=0.1,in-a-row=6"

    summary = await acknowledge_all(klarna, sandbox.order_ids, stop=Stop(Sleeps()))

    assert summary.totals == Totals(done=100)
    assert (sandbox.acknowledged_orders, sandbox.repeated_orders("orders.acknowledge")) == (100, ())


async def test_a_refusal_is_reported_and_the_rest_is_done(
    klarna: KlarnaClient, sandbox: Sandbox, tmp_path: Path
) -> None:
    known = next(sandbox.order_ids)

    async with SqliteJournal.open(tmp_path / "journal") as journal:
        summary = await acknowledge_all(klarna, [known, order_id(7), "junk", known], journal=journal)
        await write_report(journal, tmp_path / "report.csv")

    assert summary.totals == Totals(done=1, refused=1, malformed=1, duplicate=1)

    refused = (tmp_path / "report.csv").read_text().splitlines()[2]

    assert refused.startswith(f"2,{order_id(7)},,,refused,404,NO_SUCH_ORDER,")


async def test_the_same_call_again_continues_where_it_was(
    klarna: KlarnaClient, sandbox: Sandbox, tmp_path: Path
) -> None:
    journal, ids, stop = tmp_path / "journal", list(sandbox.order_ids), Stop()

    def stop_early(progress: Progress) -> None:
        stop.request()

    first = await acknowledge_all(klarna, ids, journal=journal, stop=stop, on_progress=stop_early)

    second = await acknowledge_all(klarna, ids, journal=str(journal))

    assert not first.is_complete
    assert (second.totals, second.job_id) == (Totals(done=100), first.job_id)
    assert second.settled_now == 100 - first.totals.done
    assert sandbox.acknowledgements == 100


async def test_a_cancelled_call_is_repeated_under_the_same_keys(
    klarna: KlarnaClient, sandbox: Sandbox, tmp_path: Path
) -> None:
    ids = list(sandbox.order_ids)
    sandbox.fail_next(1000, fault="slow", seconds=0.2)
    task = asyncio.create_task(acknowledge_all(klarna, ids, journal=tmp_path / "journal", in_flight=8))
    while sandbox.acknowledgements < 8:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    sandbox.fail_next(1000, fault="slow", seconds=0.0)

    summary = await acknowledge_all(klarna, ids, journal=tmp_path / "journal")

    assert summary.totals == Totals(done=100)
    assert sandbox.repeated_orders("orders.acknowledge") == ()


async def test_the_event_loop_has_a_turn_at_least_every_fifty_rows(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await acknowledge_all(klarna, [*sandbox.order_ids, *("junk" for _ in range(20_000))])
    counting.cancel()

    assert turns >= 20_000 / 50


async def test_order_ids_may_come_from_an_asynchronous_generator(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    async def pushed() -> AsyncIterator[str]:
        for each in sandbox.order_ids:
            yield each

    assert (await acknowledge_all(klarna, pushed())).totals == Totals(done=100)


async def test_uuid_objects_are_acknowledged(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    summary = await acknowledge_all(klarna, [UUID(each) for each in sandbox.order_ids])

    assert (summary.totals, sandbox.acknowledgements) == (Totals(done=100), 100)


async def test_a_value_that_is_no_order_id_is_named_and_nothing_is_sent(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    with pytest.raises(TypeError, match=r"row number 101 is 7, of type int: an order id \(a str or a uuid\.UUID\)"):
        await acknowledge_all(klarna, [*sandbox.order_ids, 7])  # type: ignore[list-item]

    assert sandbox.request_count == 0


async def test_wrong_credentials_are_raised(sandbox: Sandbox) -> None:
    async with KlarnaClient(sandbox.url, username="sandbox", password="wrong", pace="off") as client:
        with pytest.raises(Unauthorized):
            await acknowledge_all(client, sandbox.order_ids)

    assert sandbox.acknowledgements == 0


async def test_a_journal_of_another_operation_is_refused(klarna: KlarnaClient, tmp_path: Path) -> None:
    async with SqliteJournal.open(tmp_path / "journal", "orders.cancel") as journal:
        with pytest.raises(JournalError, match="a job of orders.cancel"):
            await acknowledge_all(klarna, [order_id(1)], journal=journal)


async def test_one_string_is_not_taken_for_many_order_ids(klarna: KlarnaClient) -> None:
    with pytest.raises(TypeError, match="one string"):
        await acknowledge_all(klarna, order_id(1))


async def test_an_unknown_policy_is_refused_before_anything_is_done(klarna: KlarnaClient, tmp_path: Path) -> None:
    unknown: Any = "verify"

    with pytest.raises(ValueError, match=r"on_expired='verify' is not for .*: use 'resend' or 'fail'"):
        await acknowledge_all(klarna, [], journal=tmp_path / "journal", on_expired=unknown)

    assert list(tmp_path.iterdir()) == []
