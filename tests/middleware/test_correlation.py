"""One log line per attempt, with the correlation id and nothing that should stay private."""

import asyncio
import logging

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import ConnectionLost, IdempotencyKeyReused, KlarnaError, NotAllowed
from klarna_om.middleware.correlation import correlation_id
from klarna_om.outcome import Outcome
from klarna_om.retry.policy import Retry
from klarna_om.types import Address, UpdateConsumer
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Broken, Cut, Wire


def extra(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name.startswith("klarna_")}


async def test_each_attempt_is_one_line_with_its_own_correlation_id(
    klarna: KlarnaClient, server: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "klarna_om")
    server.will(Answer(503, {"Klarna-Correlation-Id": "one"}), Answer(204, {"Klarna-Correlation-Id": "two"}))

    await klarna.orders.acknowledge(ORDER_ID, idempotency_key="k")

    first, second = caplog.records
    assert first.getMessage().startswith(
        f"[one] orders.acknowledge {ORDER_ID}: 503 (outcome unknown, idempotency key k) in 0."
    )
    assert second.getMessage().endswith("s, attempt 2")
    assert (first.levelname, second.levelname) == ("WARNING", "INFO")
    assert {**extra(second), "klarna_elapsed": 0} == {
        "klarna_correlation_id": "two",
        "klarna_operation": "orders.acknowledge",
        "klarna_order_id": ORDER_ID,
        "klarna_idempotency_key": "k",
        "klarna_attempt": 2,
        "klarna_result": "204",
        "klarna_outcome": Outcome.DONE,
        "klarna_elapsed": 0,
    }


async def test_silence_is_logged_with_its_outcome(
    make_client: MakeClient, server: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    server.will(Broken(Cut.RESET))

    with pytest.raises(ConnectionLost):
        await make_client(retry=Retry.off()).orders.acknowledge(ORDER_ID)

    (record,) = caplog.records
    assert "[no correlation id]" in record.getMessage()
    assert (extra(record)["klarna_result"], extra(record)["klarna_outcome"]) == ("ConnectionLost", "unknown")


@pytest.mark.parametrize(("method", "outcome"), [("POST", "unknown"), ("GET", "not_sent")])
async def test_a_cancelled_write_is_logged_as_unknown(
    klarna: KlarnaClient, server: Wire, caplog: pytest.LogCaptureFixture, method: str, outcome: str
) -> None:
    server.otherwise = Broken(Cut.HANG)
    call = asyncio.ensure_future(klarna.request(method, "/x"))  # type: ignore[arg-type]
    while not server.requests:
        await asyncio.sleep(0.001)

    call.cancel()
    await asyncio.wait([call])

    (record,) = caplog.records
    assert call.cancelled()
    assert (extra(record)["klarna_result"], extra(record)["klarna_outcome"]) == ("cancelled", outcome)


async def test_the_callers_own_lines_can_name_the_correlation_id(klarna: KlarnaClient, server: Wire) -> None:
    server.will(Answer(204, {"Klarna-Correlation-Id": "corr"}))
    assert correlation_id.get() is None

    await klarna.orders.acknowledge(ORDER_ID)

    assert correlation_id.get() == "corr"


async def test_no_body_name_or_address_is_logged(
    klarna: KlarnaClient, server: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.will(Answer(403, {}, b'{"error_code": "NOT_ALLOWED", "error_messages": ["Anna Lind"]}'))

    with pytest.raises(NotAllowed):
        await klarna.orders.update_customer_details(
            ORDER_ID, UpdateConsumer(shipping_address=Address(given_name="Anna", street_address="Storgatan"))
        )

    lines = [record.getMessage() + repr(extra(record)) for record in caplog.records]
    assert lines
    assert not any(word in line for line in lines for word in ("Anna", "Storgatan", "secret", "Basic"))


async def test_a_success_costs_no_log_line_where_nobody_listens(
    klarna: KlarnaClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "klarna_om")

    await klarna.orders.acknowledge(ORDER_ID)

    assert not caplog.records


async def test_a_cancelled_write_logs_unknown_and_its_key_in_the_message(
    klarna: KlarnaClient, server: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    server.otherwise = Broken(Cut.HANG)
    call = asyncio.create_task(klarna.orders.cancel(ORDER_ID, idempotency_key="order-7"))
    while not server.requests:
        await asyncio.sleep(0)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert "cancelled (outcome unknown, idempotency key order-7)" in caplog.text


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(Answer(403), "refused"), (Answer(500), "unknown"), (Answer(404, is_signed=False), "unknown")],
)
async def test_a_failed_status_has_its_outcome_in_the_log(
    make_client: MakeClient, server: Wire, caplog: pytest.LogCaptureFixture, answer: Answer, outcome: str
) -> None:
    server.otherwise = answer

    with pytest.raises(KlarnaError):
        await make_client(retry=Retry.off()).orders.cancel(ORDER_ID)

    assert extra(caplog.records[0])["klarna_outcome"] == outcome


async def test_the_correlation_id_is_never_that_of_an_earlier_call(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client(retry=Retry.off())
    server.will(Answer(204, {"Klarna-Correlation-Id": "first"}), Broken(Cut.AFTER_REQUEST))
    await klarna.orders.acknowledge(ORDER_ID)
    assert correlation_id.get() == "first"

    with pytest.raises(ConnectionLost):
        await klarna.orders.acknowledge(ORDER_ID)

    assert correlation_id.get() is None


async def test_a_call_that_sends_nothing_has_no_correlation_id(make_client: MakeClient, server: Wire) -> None:
    klarna = make_client()
    server.will(Answer(204, {"Klarna-Correlation-Id": "first"}))
    await klarna.orders.acknowledge(ORDER_ID, idempotency_key="k")

    with pytest.raises(IdempotencyKeyReused):
        await klarna.orders.cancel(ORDER_ID, idempotency_key="k")

    assert correlation_id.get() is None
