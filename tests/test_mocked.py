"""The way users test: aioresponses under the client. And whether our shim for it is still needed."""

import asyncio

import aiohttp
import pytest
from aioresponses import aioresponses
from packaging.version import Version

from klarna_om import ConnectionLost, KlarnaClient, NotAllowed, Outcome, Retry
from tests.support.calls import ORDER_ID
from tests.support.mocked import mocked

URL = "https://api.playground.klarna.com"
ORDER = f"{URL}/ordermanagement/v1/orders/{ORDER_ID}"


def make_client() -> KlarnaClient:
    return KlarnaClient("eu-playground", username="u", password="p", retry=Retry.off())


async def test_a_mocked_order_is_read_as_a_real_one() -> None:
    with mocked() as klarna_answers:
        klarna_answers.on("GET", ORDER, payload={"order_id": ORDER_ID, "status": "CAPTURED", "order_amount": 5})
        async with make_client() as klarna:
            order = await klarna.orders.get(ORDER_ID)

    assert (order.status, order.order_amount) == ("CAPTURED", 5)


async def test_a_mocked_refusal_is_the_typed_error() -> None:
    with mocked() as klarna_answers:
        klarna_answers.on("POST", f"{ORDER}/cancel", status=403, payload={"error_code": "CANCEL_NOT_ALLOWED"})
        async with make_client() as klarna:
            with pytest.raises(NotAllowed) as caught:
                await klarna.orders.cancel(ORDER_ID)

    assert caught.value.error_code == "CANCEL_NOT_ALLOWED"


@pytest.mark.parametrize("exception", [TimeoutError(), aiohttp.ServerDisconnectedError(), ConnectionResetError()])
async def test_a_mocked_break_is_silence_of_unknown_outcome(exception: Exception) -> None:
    with mocked() as klarna_answers:
        klarna_answers.on("POST", f"{ORDER}/acknowledge", exception=exception)
        async with make_client() as klarna:
            with pytest.raises(ConnectionLost) as caught:
                await klarna.orders.acknowledge(ORDER_ID)

    assert caught.value.outcome is Outcome.UNKNOWN


async def test_a_call_that_was_not_foreseen_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="calls that no answer was given for"), mocked():
        async with make_client() as klarna:
            with pytest.raises(ConnectionLost):
                await klarna.orders.get(ORDER_ID)


@pytest.mark.skipif(Version(aiohttp.__version__) < Version("3.14"), reason="older aiohttp needs no shim")
def test_the_shim_is_still_needed() -> None:
    """When this fails, aioresponses knows this aiohttp again: delete `MockedResponse` and this test."""

    async def without_shim() -> None:
        with aioresponses() as answers:
            answers.get(ORDER, payload={})
            async with aiohttp.ClientSession() as session:
                await session.get(ORDER)

    with pytest.raises(TypeError, match="stream_writer"):
        asyncio.run(without_shim())
