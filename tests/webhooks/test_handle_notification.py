"""A fraud notification is believed in nothing but which order to read."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from klarna_om import FraudEvent, KlarnaClient
from klarna_om.sandbox import Sandbox
from klarna_om.webhooks import PushResult, handle_notification
from klarna_om.webhooks.request import MAX_BODY, read_body
from tests.support.shop import Shop

ACCEPTED = FraudEvent.FRAUD_RISK_ACCEPTED.value


def body_of(order_id: str | None, event: object = ACCEPTED, **more: object) -> bytes:
    return json.dumps({"order_id": order_id, "event_type": event, **more}).encode()


@pytest.mark.parametrize("event", [*FraudEvent, "ORDER_ACCEPTED"])
async def test_the_order_is_read_and_handled(klarna: KlarnaClient, order_id: str, shop: Shop, event: str) -> None:
    push = await handle_notification(klarna, body_of(order_id, event, timestamp="now"), handle=shop.handle)

    assert (push.status, push.result, push.order_id, push.event) == (200, PushResult.HANDLED, order_id, event)
    assert shop.events == [(order_id, event)]


async def test_a_notification_acknowledges_nothing(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop
) -> None:
    await handle_notification(klarna, body_of(order_id), handle=shop.handle)

    assert sandbox.acknowledgements == 0


async def test_the_order_has_klarnas_status_whatever_the_body_claims(
    klarna: KlarnaClient, sandbox: Sandbox, shop: Shop
) -> None:
    order_id = sandbox.order(fraud_status="REJECTED").order_id

    push = await handle_notification(klarna, body_of(order_id, fraud_status="ACCEPTED"), handle=shop.handle)

    assert push.status == 200
    assert push.order is not None
    assert push.order.fraud_status == "REJECTED"


async def test_an_order_still_under_review_is_not_handled(klarna: KlarnaClient, sandbox: Sandbox, shop: Shop) -> None:
    order_id = sandbox.order(fraud_status="PENDING").order_id

    push = await handle_notification(klarna, body_of(order_id), handle=shop.handle)

    assert (push.status, push.result, shop.calls) == (503, PushResult.UNDECIDED, [])


async def test_one_that_comes_again_is_known(klarna: KlarnaClient, order_id: str, shop: Shop) -> None:
    results = [(await handle_notification(klarna, body_of(order_id), handle=shop.handle)).result for _ in range(2)]

    assert results == [PushResult.HANDLED, PushResult.KNOWN]


async def test_ten_at_once_are_handled_once(klarna: KlarnaClient, order_id: str, shop: Shop) -> None:
    pushes = await asyncio.gather(
        *(handle_notification(klarna, body_of(order_id), handle=shop.handle) for _ in range(10))
    )

    assert [push.status for push in pushes] == [200] * 10
    assert len(shop.calls) == 1


async def test_a_handler_that_fails_is_a_503(klarna: KlarnaClient, order_id: str, shop: Shop) -> None:
    shop.error = RuntimeError()

    push = await handle_notification(klarna, body_of(order_id), handle=shop.handle)

    assert (push.status, push.result) == (503, PushResult.HANDLER_FAILED)


async def test_a_slow_handler_is_cancelled(klarna: KlarnaClient, order_id: str, shop: Shop) -> None:
    shop.seconds = 60

    push = await handle_notification(klarna, body_of(order_id), handle=shop.handle, budget=0.3)

    assert (push.status, push.result, shop.rolled_back) == (503, PushResult.BUDGET_OVER, 1)


async def test_an_order_that_klarna_does_not_know_is_a_503(klarna: KlarnaClient, shop: Shop) -> None:
    body = body_of("00000000-0000-4000-8000-000000000000")

    push = await handle_notification(klarna, body, handle=shop.handle)

    assert (push.status, push.result) == (503, PushResult.TOO_FRESH)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"7", b"\xff", b"{}", b'{"event_type": "X"}', b"[" * 5000, None, "{}",
        body_of("x" * MAX_BODY), body_of("7849fd84-47dc-4919-a7ce-47b9f461562f", None),
        body_of("7849fd84-47dc-4919-a7ce-47b9f461562f", "X" * 65), body_of("x", "a\nline of a log"), body_of("x", 7),
    ],
    ids=lambda _: "",
)  # fmt: skip
async def test_what_is_no_notification_is_a_404_and_klarna_is_not_asked(
    klarna: KlarnaClient, sandbox: Sandbox, shop: Shop, body: Any
) -> None:
    push = await handle_notification(klarna, body, handle=shop.handle)

    assert (push.status, push.result) == (404, PushResult.REFUSED_BODY)
    assert (sandbox.request_count, shop.calls) == (0, [])


async def test_what_has_no_orders_id_is_a_404(klarna: KlarnaClient, sandbox: Sandbox, shop: Shop) -> None:
    push = await handle_notification(klarna, body_of("../orders"), handle=shop.handle)

    assert (push.status, push.result, sandbox.request_count) == (404, PushResult.REFUSED_ID, 0)


async def test_the_log_names_it(
    klarna: KlarnaClient, order_id: str, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    await handle_notification(klarna, body_of(order_id), handle=shop.handle)

    assert f"notification of order {order_id}: handled" in caplog.records[-1].getMessage()


async def parts_of(body: bytes, then: BaseException | None = None) -> AsyncIterator[bytes]:
    """A body as it arrives; at its end it breaks off, or nothing comes any more."""
    yield body[:10]
    yield body[10:]
    if then is not None:
        raise then


async def never() -> AsyncIterator[bytes]:
    """A body that is announced and does not come."""
    await asyncio.Event().wait()
    yield b""


async def test_a_body_may_be_given_as_it_arrives(klarna: KlarnaClient, order_id: str, shop: Shop) -> None:
    push = await handle_notification(klarna, parts_of(body_of(order_id)), handle=shop.handle)

    assert (push.status, push.order_id, push.event) == (200, order_id, ACCEPTED)


async def test_with_a_wrong_token_the_body_is_not_read(klarna: KlarnaClient, shop: Shop) -> None:
    push = await handle_notification(klarna, never(), handle=shop.handle, token="wrong", expected="right")

    assert (push.status, push.result) == (404, PushResult.REFUSED_TOKEN)


async def test_a_body_is_read_within_the_budget(klarna: KlarnaClient, sandbox: Sandbox, shop: Shop) -> None:
    push = await handle_notification(klarna, never(), handle=shop.handle, budget=0.1)

    assert (push.status, push.result, sandbox.request_count) == (503, PushResult.BUDGET_OVER, 0)
    assert isinstance(push.error, TimeoutError)
    assert push.duration < 1


async def test_a_body_that_breaks_off_is_none(klarna: KlarnaClient, order_id: str, shop: Shop) -> None:
    error = ConnectionResetError("the client went away")

    push = await handle_notification(klarna, parts_of(body_of(order_id), error), handle=shop.handle)

    assert (push.status, push.result, push.error, shop.calls) == (404, PushResult.REFUSED_BODY, error, [])


async def test_a_body_is_read_no_further_than_to_see_that_it_is_too_large() -> None:
    chunks: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            chunks.append(1)
            yield b"x" * 10_000

    body = await read_body(endless())

    assert MAX_BODY < len(body) <= MAX_BODY + 10_000
    assert len(chunks) == 7
