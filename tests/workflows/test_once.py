"""A capture or a refund happens once per reference, whatever fails in between."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from klarna_om import KlarnaClient, NotAllowed, Outcome, ServerError
from klarna_om.sandbox import Sandbox
from tests.workflows.calls import CONFIRMS, READS, Kill, Killed, Once, authorize, both, capture, new_client, operations


@both
async def test_a_new_one_takes_three_requests_and_a_repeat_one(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    first = await once(klarna, order_id)
    again = await once(klarna, order_id)

    assert first == again != ""
    assert operations(sandbox) == [READS[operation], operation, CONFIRMS[operation], READS[operation]]


@both
@pytest.mark.parametrize("hours", [24, 100])
async def test_after_24_hours_it_is_found_by_its_reference(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime, once: Once, operation: str, hours: int
) -> None:
    first = await once(klarna, order_id, first_tried=now)
    sandbox.clock.advance(hours=hours)
    again = await once(klarna, order_id, first_tried=now)

    assert (first == again, sandbox.effects(order_id, operation)) == (True, 1)


@both
@pytest.mark.parametrize("hours", [0, 23, 24, 100])
async def test_a_first_try_that_is_always_now_does_no_harm(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str, hours: int
) -> None:
    first = await once(klarna, order_id, first_tried=sandbox.clock.now)
    sandbox.clock.advance(hours=hours)
    again = await once(klarna, order_id, first_tried=sandbox.clock.now)

    assert (first == again, sandbox.effects(order_id, operation)) == (True, 1)


@both
async def test_a_write_lost_days_ago_is_made_under_a_key_that_is_new_again(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime, once: Once, operation: str
) -> None:
    sandbox.fail_next(status=503, operation=operation)
    with pytest.raises(ServerError):
        await once(klarna, order_id, first_tried=now)
    sandbox.clock.advance(days=3)

    await once(klarna, order_id, first_tried=now)

    assert sandbox.effects(order_id, operation) == 1


async def test_no_retry_is_made_after_the_24_hours_of_the_key(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime
) -> None:
    sandbox.fail_next(status=503, operation="captures.create")
    sandbox.clock.advance(hours=23)

    with pytest.raises(ServerError) as caught:
        await capture(klarna, order_id, first_tried=now)

    assert caught.value.retry_until == now + timedelta(hours=24)


@both
@pytest.mark.parametrize("fault", ["error-after", "reset-after", "cut", "html-200"])
async def test_a_write_whose_answer_was_lost_is_found_by_its_reference(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime, once: Once, operation: str, fault: str
) -> None:
    sandbox.fail_next(fault=fault, operation=operation)

    entry_id = await once(klarna, order_id, first_tried=now)

    assert sandbox.effects(order_id, operation) == 1
    assert entry_id == await once(klarna, order_id, first_tried=now)


@both
async def test_an_effect_that_is_not_found_stays_unknown(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime, once: Once, operation: str
) -> None:
    sandbox.fail_next(status=503, operation=operation)

    with pytest.raises(ServerError) as caught:
        await once(klarna, order_id, first_tried=now)

    assert caught.value.outcome is Outcome.UNKNOWN
    await once(klarna, order_id, first_tried=now)
    assert sandbox.effects(order_id, operation) == 1


@both
@pytest.mark.parametrize("is_sent", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", [1, 2, 3])
async def test_a_process_killed_at_any_request_leaves_one_effect(
    sandbox: Sandbox, order_id: str, once: Once, operation: str, step: int, is_sent: bool
) -> None:
    async with new_client(sandbox, Kill(step, is_sent)) as first:
        with pytest.raises(Killed):
            await once(first, order_id)

    async with new_client(sandbox) as second:
        entry_id = await once(second, order_id)

    assert entry_id
    assert sandbox.effects(order_id, operation) == 1


@both
@pytest.mark.parametrize("is_sent", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", [1, 2, 3, 4, 5, 6, 7])
async def test_a_process_killed_before_the_next_key_leaves_one_effect(
    sandbox: Sandbox, once: Once, operation: str, step: int, is_sent: bool
) -> None:
    order_id = sandbox.order(order_amount=1000, captured_amount=500).order_id or ""
    async with new_client(sandbox) as earlier:
        with pytest.raises(NotAllowed):
            await once(earlier, order_id, 600)
        await capture(earlier, order_id, 100, "another")
        await authorize(earlier, order_id, 3000)

    async with new_client(sandbox, Kill(step, is_sent)) as first:
        with pytest.raises(Killed):
            await once(first, order_id, 600)
    async with new_client(sandbox) as second:
        entry_id = await once(second, order_id, 600)

    assert entry_id
    assert sandbox.effects(order_id, operation) == {"captures.create": 2, "refunds.create": 1}[operation]


@both
async def test_two_references_are_two_effects_even_of_one_amount(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    first = await once(klarna, order_id, 50, "s-1")
    second = await once(klarna, order_id, 50, "s-2")

    assert first != second
    assert sandbox.effects(order_id, operation) == 2


@both
async def test_an_order_id_may_be_a_uuid(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    first = await once(klarna, UUID(order_id))

    assert first == await once(klarna, order_id)
    assert sandbox.effects(order_id, operation) == 1


async def test_the_first_try_must_have_a_time_zone(klarna: KlarnaClient, order_id: str) -> None:
    with pytest.raises(ValueError, match="first_tried must have a time zone"):
        await capture(klarna, order_id, first_tried=datetime(2026, 1, 1))


async def test_the_first_try_cannot_be_in_the_future(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime
) -> None:
    with pytest.raises(ValueError, match="first_tried is in the future"):
        await capture(klarna, order_id, first_tried=now + timedelta(minutes=1))

    assert sandbox.request_count == 0


async def test_another_machines_clock_may_be_a_little_ahead(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime
) -> None:
    await capture(klarna, order_id, first_tried=now + timedelta(seconds=20))

    assert sandbox.effects(order_id) == 1
