"""An order is acknowledged, or the error gives the reason why not."""

from uuid import UUID

import pytest

from klarna_om import (
    ConnectionFailed,
    KlarnaClient,
    KlarnaError,
    NotAllowed,
    NotFound,
    Outcome,
    Retry,
    ServerError,
    ensure_acknowledged,
)
from klarna_om.sandbox import Sandbox


async def test_an_order_is_acknowledged(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order().order_id or ""

    await ensure_acknowledged(klarna, order_id)
    await ensure_acknowledged(klarna, order_id)

    assert sandbox.is_acknowledged(order_id)


async def test_an_order_id_may_be_a_uuid(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order().order_id or ""

    await ensure_acknowledged(klarna, UUID(order_id))

    assert sandbox.is_acknowledged(order_id)


@pytest.mark.parametrize("status", [503, 403, 409])
async def test_a_capture_shows_that_it_is_acknowledged(klarna: KlarnaClient, sandbox: Sandbox, status: int) -> None:
    order_id = sandbox.order(order_amount=100, captured_amount=100).order_id or ""
    sandbox.fail_next(status=status, operation="orders.acknowledge")

    await ensure_acknowledged(klarna, order_id)


@pytest.mark.parametrize(("status", "error"), [(503, ServerError), (403, NotAllowed)])
async def test_without_a_capture_the_error_is_raised(
    klarna: KlarnaClient, sandbox: Sandbox, status: int, error: type[Exception]
) -> None:
    order_id = sandbox.order(order_amount=100).order_id or ""
    sandbox.fail_next(status=status, operation="orders.acknowledge")

    with pytest.raises(error):
        await ensure_acknowledged(klarna, order_id)


async def test_an_order_that_klarna_does_not_know_is_an_error(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    with pytest.raises(NotFound):
        await ensure_acknowledged(klarna, "00000000-0000-4000-8000-000000000000")

    assert sandbox.request_count == 1


async def test_where_nothing_was_sent_nothing_is_read() -> None:
    async with KlarnaClient("http://127.0.0.1:1", api_key="k", retry=Retry.off()) as klarna:
        with pytest.raises(ConnectionFailed):
            await ensure_acknowledged(klarna, "x")


@pytest.mark.parametrize(("status", "outcome"), [(503, Outcome.UNKNOWN), (403, Outcome.REFUSED)])
@pytest.mark.parametrize("bad", [403, 404, 503])
async def test_when_the_order_cannot_be_read_the_error_of_the_call_is_raised(
    klarna: KlarnaClient, sandbox: Sandbox, status: int, outcome: Outcome, bad: int
) -> None:
    order_id = sandbox.order(order_amount=100, captured_amount=100).order_id or ""
    sandbox.fail_next(status=status, operation="orders.acknowledge")
    sandbox.fail_next(status=bad, operation="orders.get")

    with pytest.raises(KlarnaError) as caught:
        await ensure_acknowledged(klarna, order_id)

    assert (caught.value.operation, caught.value.outcome) == ("orders.acknowledge", outcome)
    assert isinstance(caught.value.__cause__, KlarnaError)
