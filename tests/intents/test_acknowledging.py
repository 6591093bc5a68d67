"""An order is acknowledged, or it is known why not."""

import pytest

from klarna_om import ConnectionFailed, KlarnaClient, NotAllowed, NotFound, Retry, ServerError, ensure_acknowledged
from klarna_om.sandbox import Sandbox


async def test_an_order_is_acknowledged(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    order_id = sandbox.order().order_id or ""

    await ensure_acknowledged(klarna, order_id)
    await ensure_acknowledged(klarna, order_id)

    assert sandbox.is_acknowledged(order_id)


@pytest.mark.parametrize("status", [503, 403])
async def test_a_capture_shows_that_it_is_acknowledged(klarna: KlarnaClient, sandbox: Sandbox, status: int) -> None:
    order_id = sandbox.order(order_amount=100, captured_amount=100).order_id or ""
    sandbox.fail_next(status=status, operation="orders.acknowledge")

    await ensure_acknowledged(klarna, order_id)


@pytest.mark.parametrize(("status", "error"), [(503, ServerError), (403, NotAllowed)])
async def test_without_a_capture_the_error_stands(
    klarna: KlarnaClient, sandbox: Sandbox, status: int, error: type[Exception]
) -> None:
    order_id = sandbox.order(order_amount=100).order_id or ""
    sandbox.fail_next(status=status, operation="orders.acknowledge")

    with pytest.raises(error):
        await ensure_acknowledged(klarna, order_id)


async def test_an_order_that_klarna_does_not_know_is_told(klarna: KlarnaClient, sandbox: Sandbox) -> None:
    with pytest.raises(NotFound):
        await ensure_acknowledged(klarna, "00000000-0000-4000-8000-000000000000")

    assert sandbox.request_count == 1


async def test_where_nothing_was_sent_nothing_is_read() -> None:
    async with KlarnaClient("http://127.0.0.1:1", api_key="k", retry=Retry.off()) as klarna:
        with pytest.raises(ConnectionFailed):
            await ensure_acknowledged(klarna, "x")
