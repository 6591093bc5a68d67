"""A capture or a refund by the shop's reference happens once, whatever goes wrong between."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from klarna_om import (
    CaptureObject,
    KlarnaClient,
    KlarnaError,
    NotAllowed,
    NotFound,
    Outcome,
    ReferenceTaken,
    RefundObject,
    ServerError,
    UnreadableAnswer,
    capture_once,
    refund_once,
)
from klarna_om.sandbox import Sandbox

Once = Callable[..., Awaitable[str]]


async def capture(
    klarna: KlarnaClient, order_id: str, amount: int = 100, reference: str = "s-1", **more: object
) -> str:
    return await capture_once(klarna, order_id, CaptureObject(captured_amount=amount, reference=reference), **more)  # type: ignore[arg-type]


async def refund(klarna: KlarnaClient, order_id: str, amount: int = 100, reference: str = "s-1", **more: object) -> str:
    return await refund_once(klarna, order_id, RefundObject(refunded_amount=amount, reference=reference), **more)  # type: ignore[arg-type]


both = pytest.mark.parametrize(
    ("once", "operation"), [(capture, "captures.create"), (refund, "refunds.create")], ids=["capture", "refund"]
)


@pytest.fixture
def order_id(sandbox: Sandbox) -> str:
    """An order of 1000, of which 500 are captured."""
    return sandbox.order(order_amount=1000, captured_amount=500).order_id or ""


def reads(sandbox: Sandbox) -> int:
    return sum(seen.operation in ("captures.list", "orders.get") for seen in sandbox.requests)


@both
async def test_calling_it_again_gives_the_first_id(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    first = await once(klarna, order_id)
    again = await once(klarna, order_id)

    assert first == again != ""
    assert sandbox.effects(order_id, operation) == 1


@both
async def test_within_24_hours_of_the_first_try_nothing_is_read(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime, once: Once, operation: str
) -> None:
    first = await once(klarna, order_id, first_tried=now)
    sandbox.clock.advance(hours=23)
    again = await once(klarna, order_id, first_tried=now)

    assert (first == again, reads(sandbox), sandbox.effects(order_id, operation)) == (True, 0, 1)


@both
@pytest.mark.parametrize("hours", [24, 100])
async def test_after_24_hours_it_is_found_by_its_reference(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime, once: Once, operation: str, hours: int
) -> None:
    first = await once(klarna, order_id, first_tried=now)
    sandbox.clock.advance(hours=hours)
    again = await once(klarna, order_id, first_tried=now)

    assert (first == again, reads(sandbox), sandbox.effects(order_id, operation)) == (True, 1, 1)


@both
@pytest.mark.parametrize("fault", ["error-after", "reset-after", "cut"])
async def test_what_happened_in_silence_is_found_by_its_reference(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime, once: Once, operation: str, fault: str
) -> None:
    sandbox.fail_next(fault=fault, operation=operation)

    made = await once(klarna, order_id, first_tried=now)

    assert sandbox.effects(order_id, operation) == 1
    assert made == await once(klarna, order_id, first_tried=now)


@both
async def test_what_cannot_be_found_may_still_come_so_the_doubt_is_told(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime, once: Once, operation: str
) -> None:
    sandbox.fail_next(status=503, operation=operation)

    with pytest.raises(ServerError) as caught:
        await once(klarna, order_id, first_tried=now)

    assert caught.value.outcome is Outcome.UNKNOWN
    await once(klarna, order_id, first_tried=now)
    assert sandbox.effects(order_id, operation) == 1


@both
async def test_a_refusal_is_a_refusal(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime, once: Once, operation: str
) -> None:
    with pytest.raises(NotAllowed) as caught:
        await once(klarna, order_id, 9_999, first_tried=now)

    assert (caught.value.outcome, reads(sandbox)) == (Outcome.REFUSED, 1)


@both
async def test_a_refusal_that_echoes_an_effect_nobody_heard_of_is_no_refusal(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime, once: Once, operation: str
) -> None:
    made = await once(klarna, order_id, first_tried=now)
    sandbox.fail_next(status=403, operation=operation)

    assert await once(klarna, order_id, first_tried=now) == made


@both
async def test_an_order_that_klarna_does_not_know_is_not_looked_into(
    klarna: KlarnaClient, sandbox: Sandbox, now: datetime, once: Once, operation: str
) -> None:
    with pytest.raises(NotFound):
        await once(klarna, "00000000-0000-4000-8000-000000000000", first_tried=now)

    assert reads(sandbox) == 0


@both
async def test_after_a_refusal_the_next_generation_is_a_new_try(
    klarna: KlarnaClient, sandbox: Sandbox, now: datetime, once: Once, operation: str
) -> None:
    order_id = sandbox.order(order_amount=1000, captured_amount=100).order_id or ""
    amount = {"captures.create": 950, "refunds.create": 150}[operation]
    with pytest.raises(NotAllowed):
        await once(klarna, order_id, amount, first_tried=now)

    await once(klarna, order_id, amount - 50, first_tried=now, generation=1)

    assert sandbox.effects(order_id, operation) == 1


@both
async def test_a_reference_that_stands_for_another_amount_is_told_before_sending(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    await once(klarna, order_id, 100)

    with pytest.raises(ReferenceTaken, match=r"'s-1' stands for \[100\] at Klarna, not for 70") as caught:
        await once(klarna, order_id, 70)

    assert (caught.value.outcome, sandbox.effects(order_id, operation)) == (Outcome.NOT_SENT, 1)


@both
async def test_two_references_are_two_intents_even_of_one_amount(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    first = await once(klarna, order_id, 50, "s-1")
    second = await once(klarna, order_id, 50, "s-2")

    assert first != second
    assert sandbox.effects(order_id, operation) == 2


@both
@pytest.mark.parametrize("reference", ["", None])
async def test_without_a_reference_nothing_could_be_found_again(
    klarna: KlarnaClient, order_id: str, once: Once, operation: str, reference: str | None
) -> None:
    with pytest.raises(ValueError, match="reference must be set to your own name of this intent"):
        await once(klarna, order_id, 100, reference)


async def test_the_first_try_must_be_a_moment_and_no_wall_clock_reading(klarna: KlarnaClient, order_id: str) -> None:
    with pytest.raises(ValueError, match="first_tried must have a time zone"):
        await capture(klarna, order_id, first_tried=datetime(2026, 1, 1))


async def test_a_success_whose_answer_named_no_id_is_found(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fail_next(fault="html-200", operation="captures.create")

    made = await capture(klarna, order_id, first_tried=now)

    assert made in {captured.capture_id for captured in await klarna.captures.list(order_id)}


async def test_another_amount_found_in_doubt_leaves_the_doubt(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime
) -> None:
    await capture(klarna, order_id, 100, first_tried=now)
    sandbox.fail_next(status=503, operation="captures.create")

    with pytest.raises(ReferenceTaken) as caught:
        await capture(klarna, order_id, 70, first_tried=now, generation=1)

    assert caught.value.outcome is Outcome.UNKNOWN


async def test_when_reading_back_fails_too_that_is_told(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime
) -> None:
    sandbox.fail_next(2, status=503)

    with pytest.raises(KlarnaError) as caught:
        await capture(klarna, order_id, first_tried=now)

    assert not isinstance(caught.value, UnreadableAnswer)
    assert isinstance(caught.value.__context__, ServerError)
