"""A push ends in a stored, acknowledged order, or in a status after which it comes again."""

import asyncio
import logging
from typing import Any
from uuid import UUID

import pytest

from klarna_om import ConfigurationError, KlarnaClient, NotFound, Order, Retry, ServerError
from klarna_om.exchange import Request, Response
from klarna_om.middleware import Handler
from klarna_om.sandbox import Sandbox
from klarna_om.webhooks import Push, PushResult, handle_push
from klarna_om.webhooks.push import STATUS
from tests.conftest import MakeClient
from tests.support.shop import Shop
from tests.support.wire import Broken, Cut, Wire, json_answer

NOT_KNOWN = "00000000-0000-4000-8000-000000000000"


async def test_an_order_is_read_stored_and_acknowledged(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop
) -> None:
    push = await handle_push(klarna, order_id, store=shop.store)

    assert (push.status, push.result, push.order_id) == (200, PushResult.STORED, order_id)
    assert push.order == shop.orders[order_id]
    assert push.is_acknowledged
    assert [request.operation for request in sandbox.requests] == ["orders.get", "orders.acknowledge"]
    assert push.duration > 0


async def test_a_push_that_comes_again_is_known_and_acknowledged_once(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop
) -> None:
    first = await handle_push(klarna, order_id, store=shop.store)
    second = await handle_push(klarna, order_id, store=shop.store)

    assert [first.result, second.result] == [PushResult.STORED, PushResult.KNOWN]
    assert (second.status, second.is_acknowledged, sandbox.acknowledgements) == (200, True, 1)


async def test_an_order_with_a_capture_is_not_acknowledged_again(
    klarna: KlarnaClient, sandbox: Sandbox, shop: Shop
) -> None:
    order_id = sandbox.order(order_amount=1000, captured_amount=400).order_id

    push = await handle_push(klarna, order_id, store=shop.store)

    assert (push.status, push.is_acknowledged, sandbox.acknowledgements) == (200, True, 0)


async def test_a_shop_may_acknowledge_by_itself(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop
) -> None:
    push = await handle_push(klarna, order_id, store=shop.store, acknowledge=False)

    assert (push.status, push.is_acknowledged, sandbox.acknowledgements) == (200, False, 0)


@pytest.mark.parametrize("spelling", [str.upper, lambda text: f" {text}\n", UUID], ids=["upper", "blanks", "UUID"])
async def test_an_id_may_be_spelt_in_any_way(
    klarna: KlarnaClient, order_id: str, shop: Shop, spelling: type[str]
) -> None:
    push = await handle_push(klarna, spelling(order_id), store=shop.store)

    assert (push.status, push.order_id) == (200, order_id)


@pytest.mark.parametrize(
    "no_id", [None, "", "x", "{checkout.order.id}", "../x", 7, b"x", ["x"], "\ud800", "x" * 10**6], ids=lambda _: ""
)
async def test_what_is_no_id_is_a_404_without_asking_klarna(
    klarna: KlarnaClient, sandbox: Sandbox, shop: Shop, no_id: object
) -> None:
    push = await handle_push(klarna, no_id, store=shop.store)

    assert (push.status, push.result, push.order_id) == (404, PushResult.REFUSED_ID, None)
    assert (sandbox.request_count, shop.calls) == (0, [])


async def test_an_order_that_klarna_does_not_know_yet_is_a_503_and_later_a_200(
    klarna: KlarnaClient, sandbox: Sandbox, shop: Shop
) -> None:
    fresh = await handle_push(klarna, NOT_KNOWN, store=shop.store)
    sandbox.order(order_id=NOT_KNOWN)
    later = await handle_push(klarna, NOT_KNOWN, store=shop.store)

    assert (fresh.status, fresh.result, fresh.order) == (503, PushResult.TOO_FRESH, None)
    assert isinstance(fresh.error, NotFound)
    assert (later.status, later.result, len(shop.calls)) == (200, PushResult.STORED, 1)


async def test_when_klarna_is_down_the_status_is_503_within_the_budget(shop: Shop) -> None:
    async with KlarnaClient("http://127.0.0.1:1", api_key="k") as klarna:
        push = await handle_push(klarna, NOT_KNOWN, store=shop.store, budget=0.2)

    assert (push.status, push.result, shop.calls) == (503, PushResult.KLARNA_FAILED, [])
    assert push.duration < 1


async def test_a_failure_that_passes_is_retried_within_the_budget(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop
) -> None:
    sandbox.fail_next(status=503)

    push = await handle_push(klarna, order_id, store=shop.store)

    assert push.status == 200


async def test_a_store_that_fails_is_a_503_and_nothing_is_acknowledged(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop
) -> None:
    shop.error = RuntimeError("duplicate key: jane@example.com")
    failed = await handle_push(klarna, order_id, store=shop.store)
    acknowledged = sandbox.acknowledgements
    shop.error = None
    later = await handle_push(klarna, order_id, store=shop.store)

    assert (failed.status, failed.result, acknowledged) == (503, PushResult.STORE_FAILED, 0)
    assert isinstance(failed.error, RuntimeError)
    assert (later.status, later.result, sandbox.acknowledgements) == (200, PushResult.STORED, 1)


async def test_a_store_that_cannot_be_awaited_says_what_to_write(
    klarna: KlarnaClient, order_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    def store(_: Order) -> bool:
        return True

    not_async: Any = store

    push = await handle_push(klarna, order_id, store=not_async)

    assert (push.status, push.result) == (503, "store_failed")
    assert "store at" in caplog.text
    assert "must be an `async def`" in caplog.text


async def test_a_store_that_awaits_what_was_cancelled_has_failed(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def store(order: Order) -> None:
        transaction = asyncio.get_running_loop().create_future()
        transaction.cancel()
        await transaction

    push = await handle_push(klarna, order_id, store=store)

    assert (push.status, push.result, sandbox.acknowledgements) == (503, PushResult.STORE_FAILED, 0)
    assert isinstance(push.error, RuntimeError)
    assert "test_handle_push.py:" in caplog.records[-1].getMessage()


async def test_a_middleware_that_raises_is_a_klarna_that_failed(
    make_client: MakeClient, server: Wire, shop: Shop
) -> None:
    async def fail(request: Request, below: Handler) -> Response:
        if request.operation == "orders.acknowledge":
            raise LookupError
        return await below(request)

    async def fail_at_once(request: Request, below: Handler) -> Response:
        raise LookupError

    server.otherwise = json_answer({"order_id": NOT_KNOWN})

    first = await handle_push(make_client(middleware=[fail_at_once]), NOT_KNOWN, store=shop.store)
    second = await handle_push(make_client(middleware=[fail]), NOT_KNOWN, store=shop.store)

    assert [first.result, second.result] == [PushResult.KLARNA_FAILED, PushResult.NOT_ACKNOWLEDGED]


async def test_a_klarna_error_of_the_store_is_the_stores(klarna: KlarnaClient, order_id: str) -> None:
    async def store(order: Order) -> None:
        await klarna.orders.get(NOT_KNOWN)

    push = await handle_push(klarna, order_id, store=store)

    assert push.result is PushResult.STORE_FAILED


async def test_a_function_that_is_none_is_the_stores_failure_too(klarna: KlarnaClient, order_id: str) -> None:
    def store(order: Order) -> None:
        """Not a coroutine function."""

    push = await handle_push(klarna, order_id, store=store)  # type: ignore[arg-type]

    assert (push.status, push.result) == (503, PushResult.STORE_FAILED)


async def test_the_log_has_the_class_and_the_place_but_no_personal_data(
    klarna: KlarnaClient, order_id: str, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.error = RuntimeError("duplicate key: jane@example.com")

    push = await handle_push(klarna, order_id, store=shop.store)

    line = caplog.records[-1]
    assert line.levelno == logging.WARNING
    assert f"push of order {order_id}: store_failed (RuntimeError at" in line.getMessage()
    assert "shop.py:" in line.getMessage()
    assert "jane" not in caplog.text + repr(push)
    assert (line.klarna_order_id, line.klarna_result) == (order_id, "store_failed")  # type: ignore[attr-defined]


async def test_the_log_has_the_correlation_id_of_klarnas_error(
    klarna: KlarnaClient, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    push = await handle_push(klarna, NOT_KNOWN, store=shop.store)

    assert isinstance(push.error, NotFound)
    assert caplog.records[-1].klarna_correlation_id == push.error.correlation_id  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [500, 403])
async def test_when_the_acknowledgement_fails_the_next_push_makes_up_for_it(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop, status: int
) -> None:
    hasty = klarna.with_options(retry=Retry.off())
    sandbox.fail_next(2, status=status, operation="orders.acknowledge")

    failed = await handle_push(hasty, order_id, store=shop.store)
    sandbox.clear_failures()
    later = await handle_push(hasty, order_id, store=shop.store)

    assert (failed.status, failed.result, failed.is_acknowledged) == (503, PushResult.NOT_ACKNOWLEDGED, False)
    assert (later.status, later.result, sandbox.acknowledgements) == (200, PushResult.KNOWN, 1)


async def test_a_refusal_that_klarna_repeats_under_the_key_is_no_dead_end(
    make_client: MakeClient, server: Wire, shop: Shop
) -> None:
    klarna = make_client()
    server.will(json_answer({"order_id": NOT_KNOWN}), json_answer({"error_code": "NO_SUCH_ORDER"}, 404))

    push = await handle_push(klarna, NOT_KNOWN, store=shop.store)

    first, second = (request.key for request in server.requests[1:])
    assert (push.status, push.is_acknowledged) == (200, True)
    assert first != second


async def test_a_refusal_after_an_attempt_in_doubt_gets_no_other_key(
    make_client: MakeClient, server: Wire, shop: Shop
) -> None:
    refusal = json_answer({"error_code": "NOT_ALLOWED"}, 403)
    server.will(json_answer({"order_id": NOT_KNOWN}), Broken(Cut.AFTER_REQUEST), refusal)

    push = await handle_push(make_client(), NOT_KNOWN, store=shop.store)

    assert push.result is PushResult.NOT_ACKNOWLEDGED
    assert len({request.key for request in server.requests[1:]}) == 1


async def test_an_acknowledgement_whose_answer_is_cut_has_happened(
    make_client: MakeClient, server: Wire, shop: Shop
) -> None:
    klarna = make_client(retry=Retry.off())
    done = json_answer({}, 200, {"Content-Length": "100"})
    server.will(json_answer({"order_id": NOT_KNOWN}), Broken(Cut.AFTER_ANSWER_HEADERS, done))

    push = await handle_push(klarna, NOT_KNOWN, store=shop.store)

    assert (push.status, push.is_acknowledged) == (200, True)


async def test_a_cancellation_passes_and_the_store_rolls_back(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop
) -> None:
    shop.seconds = 60
    task = asyncio.create_task(handle_push(klarna, order_id, store=shop.store))
    await shop.started.wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert (shop.rolled_back, shop.orders, sandbox.acknowledgements) == (1, {}, 0)


async def test_what_is_no_exception_passes(klarna: KlarnaClient, order_id: str, shop: Shop) -> None:
    class Stop(BaseException):
        """Such as KeyboardInterrupt."""

    shop.error = Stop()

    with pytest.raises(Stop):
        await handle_push(klarna, order_id, store=shop.store)


async def test_metrics_are_told_of_each_push_and_cannot_change_the_answer(
    klarna: KlarnaClient, order_id: str, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    received: list[Push] = []

    def on_push(push: Push) -> None:
        received.append(push)
        raise RuntimeError("no such metric: jane")

    push = await handle_push(klarna, order_id, store=shop.store, on_push=on_push)
    refused = await handle_push(klarna, "x", store=shop.store, on_push=on_push)

    assert [push.status, refused.status] == [200, 404]
    assert received == [push, refused]
    assert "on_push raised RuntimeError at" in caplog.text
    assert "jane" not in caplog.text


async def not_awaited(push: Push) -> None:
    """A function that would have to be awaited."""


@pytest.mark.parametrize("on_push", [7, "x", not_awaited])
async def test_a_metric_that_is_no_plain_function_is_refused(
    klarna: KlarnaClient, order_id: str, shop: Shop, on_push: Any
) -> None:
    with pytest.raises(ConfigurationError, match="on_push is a plain function"):
        await handle_push(klarna, order_id, store=shop.store, on_push=on_push)


async def test_a_client_that_is_closed_is_a_503(klarna: KlarnaClient, order_id: str, shop: Shop) -> None:
    await klarna.aclose()

    push = await handle_push(klarna, order_id, store=shop.store)

    assert (push.status, push.result) == (503, PushResult.KLARNA_FAILED)


async def test_an_answer_of_somebody_else_stores_nothing(make_client: MakeClient, server: Wire, shop: Shop) -> None:
    server.otherwise = json_answer({"order_id": "another"}, is_signed=False)

    push = await handle_push(make_client(), NOT_KNOWN, store=shop.store)

    assert (push.status, push.result, shop.calls) == (503, PushResult.KLARNA_FAILED, [])


def test_each_result_has_its_status() -> None:
    assert set(STATUS) == set(PushResult)
    assert set(STATUS.values()) == {200, 404, 503}


async def test_an_error_of_klarna_is_in_the_result(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop
) -> None:
    sandbox.fail_next(status=500)

    push = await handle_push(klarna.with_options(retry=Retry.off()), order_id, store=shop.store)

    assert isinstance(push.error, ServerError)
    assert push.status == 503
