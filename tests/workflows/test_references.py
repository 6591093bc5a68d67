"""A reference has one amount: an id is returned only where Klarna has that amount under it."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from klarna_om import (
    CaptureObject,
    IdempotencyKeyReused,
    KlarnaClient,
    NotConfirmed,
    Outcome,
    ReferenceTaken,
    Request,
)
from klarna_om.sandbox import Sandbox
from klarna_om.workflows.reference import is_same_reference
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Wire, json_answer
from tests.workflows.calls import BeforeWrite, Once, both, capture, new_client, refund

COMPOSED, DECOMPOSED = "retur-\u00e5", "retur-a\u030a"


@both
async def test_a_reference_with_another_amount_is_reported_before_writing(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, now: datetime, once: Once, operation: str
) -> None:
    await once(klarna, order_id, 100, first_tried=now)

    with pytest.raises(ReferenceTaken, match=r"'s-1' has the amount \[100\] at Klarna, not 70") as caught:
        await once(klarna, order_id, 70, first_tried=now)

    assert (caught.value.outcome, sandbox.effects(order_id, operation)) == (Outcome.NOT_SENT, 1)
    assert (caught.value.operation, caught.value.order_id) == (operation, order_id)


@both
async def test_two_processes_at_once_never_get_each_others_id(
    sandbox: Sandbox, order_id: str, now: datetime, once: Once, operation: str
) -> None:
    async with new_client(sandbox) as one, new_client(sandbox) as two:
        results = await asyncio.gather(
            once(one, order_id, 100, first_tried=now),
            once(two, order_id, 70, first_tried=now),
            return_exceptions=True,
        )

    assert sorted(type(result).__name__ for result in results) == ["ReferenceTaken", "str"]
    assert sandbox.effects(order_id, operation) == 1


@both
async def test_an_answer_for_another_amount_is_not_returned(
    sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    async with new_client(sandbox) as other:
        between = BeforeWrite(lambda _: once(other, order_id, 100))
        async with new_client(sandbox, between) as klarna:
            with pytest.raises(ReferenceTaken, match=r"has the amount \[100\] at Klarna, not 70") as caught:
                await once(klarna, order_id, 70)

    assert (caught.value.outcome, sandbox.effects(order_id, operation)) == (Outcome.NOT_SENT, 1)
    assert "this call made nothing" in caught.value.explain()


@both
async def test_two_parcels_of_one_amount_under_one_reference_are_one_capture(
    sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    async with new_client(sandbox) as one, new_client(sandbox) as two:
        assert await once(one, order_id, 100, "order-1") == await once(two, order_id, 100, "order-1")

    assert sandbox.effects(order_id, operation) == 1


async def test_among_several_captures_the_right_amount_is_found(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str
) -> None:
    await klarna.captures.create(order_id, CaptureObject(captured_amount=70, reference="s-1"))
    right = await klarna.captures.create(order_id, CaptureObject(captured_amount=100, reference="s-1"))

    assert await capture(klarna, order_id) == right


@both
@pytest.mark.parametrize("fault", ["reset-before", "html-200"])
async def test_another_amount_found_in_doubt_leaves_the_doubt(
    sandbox: Sandbox, order_id: str, once: Once, operation: str, fault: str
) -> None:
    async with new_client(sandbox) as other:

        async def capture_another_amount(_: Request) -> None:
            await once(other, order_id, 100)
            sandbox.fail_next(fault=fault, operation=operation)

        async with new_client(sandbox, BeforeWrite(capture_another_amount)) as klarna:
            with pytest.raises(ReferenceTaken) as caught:
                await once(klarna, order_id, 70)

    assert caught.value.outcome is Outcome.UNKNOWN


@both
async def test_another_amount_found_after_a_refusal_leaves_no_doubt(
    sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    async with new_client(sandbox) as other:
        between = BeforeWrite(lambda _: once(other, order_id, 500, generation=1))
        async with new_client(sandbox, between) as klarna:
            with pytest.raises(ReferenceTaken) as caught:
                await once(klarna, order_id, 400)

    assert caught.value.outcome is Outcome.NOT_SENT
    assert sandbox.effects(order_id, operation) == 1


@both
async def test_a_corrected_amount_in_the_same_process_is_an_error_that_says_what_to_do(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, once: Once, operation: str
) -> None:
    with pytest.raises(Exception, match="403"):
        await once(klarna, order_id, 900)

    with pytest.raises(IdempotencyKeyReused) as caught:
        await once(klarna, order_id, 400)
    await once(klarna, order_id, 400, generation=1)

    assert "call again with generation=1" in caught.value.explain()
    assert (caught.value.outcome, sandbox.effects(order_id, operation)) == (Outcome.NOT_SENT, 1)


async def test_a_key_used_by_a_finished_equal_call_is_a_repeat(sandbox: Sandbox, order_id: str) -> None:
    longer = CaptureObject(captured_amount=100, reference="s-1", description="the same, with a description")

    async def capture_in_the_same_process(request: Request) -> None:
        await klarna.captures.create(order_id, longer, idempotency_key=request.idempotency_key)

    async with new_client(sandbox, BeforeWrite(capture_in_the_same_process)) as klarna:
        made = await capture(klarna, order_id)

    assert made
    assert sandbox.effects(order_id) == 1


async def test_letters_are_one_reference_however_they_are_composed(sandbox: Sandbox, order_id: str) -> None:
    async with new_client(sandbox) as one, new_client(sandbox) as two:
        first = await capture(one, order_id, reference=COMPOSED)
        sandbox.clock.advance(days=2)
        again = await capture(two, order_id, reference=DECOMPOSED)

    assert (first == again, sandbox.effects(order_id)) == (True, 1)


@pytest.mark.parametrize(
    ("at_klarna", "is_same"),
    [
        ("s-1", True),
        (" s-1 ", True),
        ("s-1\u00a0", True),
        ("S-1", False),
        ("s-10", False),
        ("s 1", False),
        ("", False),
        (None, False),
    ],
)
def test_white_space_around_a_reference_is_ignored_and_case_matters(at_klarna: str | None, is_same: bool) -> None:
    assert is_same_reference(at_klarna, "s-1") is is_same


@both
@pytest.mark.parametrize("reference", ["", None])
async def test_without_a_reference_nothing_could_be_found_again(
    klarna: KlarnaClient, order_id: str, once: Once, operation: str, reference: str | None
) -> None:
    with pytest.raises(ValueError, match="reference must be set to your own id of this capture or refund"):
        await once(klarna, order_id, 100, reference)


@both
@pytest.mark.parametrize("reference", [" s-1", "s-1\n"])
async def test_white_space_around_a_given_reference_is_refused(
    klarna: KlarnaClient, order_id: str, once: Once, operation: str, reference: str
) -> None:
    with pytest.raises(ValueError, match="has white space around it"):
        await once(klarna, order_id, 100, reference)


async def test_a_reference_is_a_string(klarna: KlarnaClient, order_id: str) -> None:
    with pytest.raises(TypeError, match="reference must be a string"):
        await capture(klarna, order_id, reference=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(("is_listed", "requests"), [(True, 1), (False, 3)])
async def test_an_amount_that_klarna_leaves_out_confirms_nothing(
    make_client: MakeClient, server: Wire, is_listed: bool, requests: int
) -> None:
    shown = {"capture_id": "c-1", "reference": "s-1"}
    created = Answer(201, {"Capture-Id": "c-1", "Klarna-Correlation-Id": "c", "Location": "https://k/c-1"})
    server.will(*((json_answer([shown]),) if is_listed else (json_answer([]), created, json_answer(shown))))

    with pytest.raises(NotConfirmed) as caught:
        await capture(make_client(), ORDER_ID)

    assert (caught.value.entry_id, caught.value.outcome) == ("c-1", Outcome.UNKNOWN)
    assert len(server.requests) == requests


async def test_an_id_that_has_another_reference_is_not_returned(make_client: MakeClient, server: Wire) -> None:
    created = Answer(201, {"Capture-Id": "c-1", "Klarna-Correlation-Id": "c", "Location": "https://k/c-1"})
    server.will(
        json_answer([]), created, json_answer({"capture_id": "c-1", "captured_amount": 100, "reference": "s-2"})
    )

    with pytest.raises(NotConfirmed) as caught:
        await capture(make_client(), ORDER_ID)

    assert (caught.value.entry_id, caught.value.outcome) == ("c-1", Outcome.UNKNOWN)


async def test_the_time_of_the_first_try_is_a_datetime(klarna: KlarnaClient, order_id: str) -> None:
    seconds: Any = 1700000000.0

    with pytest.raises(TypeError, match=r"first_tried is a datetime, such as datetime.now\(UTC\)"):
        await capture(klarna, order_id, first_tried=seconds)


async def test_an_old_refund_has_no_id(make_client: MakeClient, server: Wire) -> None:
    server.will(json_answer({"order_id": ORDER_ID, "refunds": [{"refunded_amount": 100, "reference": "s-1"}]}))

    assert await refund(make_client(), ORDER_ID) == ""
