"""The metrics: names, units, buckets and attributes as the conventions have them, and no id in any."""

import asyncio
import gc
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError
from klarna_om.otel.attributes import Server
from klarna_om.pace.pacer import Pacer
from klarna_om.retry.budget import Budget
from tests.conftest import MakeClient
from tests.otel.conftest import Exported
from tests.support.calls import CALLS, ORDER_ID
from tests.support.wire import Answer, Broken, Cut, Wire, json_answer


async def test_each_attempt_is_in_the_duration_of_requests(
    klarna: KlarnaClient, server: Wire, exported: Exported
) -> None:
    server.will(Answer(503), Broken(Cut.RESET))

    await klarna.orders.acknowledge(ORDER_ID)

    points = exported.points("http.client.request.duration")
    common = {
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "server.port": int(server.url.rpartition(":")[2]),
        "klarna_om.operation": "orders.acknowledge",
    }
    assert [dict(point.attributes) for point in points] == [
        {**common, "http.response.status_code": 503, "error.type": "503"},
        {**common, "error.type": "ConnectionLost"},
        {**common, "http.response.status_code": 204},
    ]
    assert all(point.count == 1 and 0 < point.sum < 5 for point in points)
    assert points[0].explicit_bounds == (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)


async def test_calls_are_measured_by_outcome(klarna: KlarnaClient, server: Wire, exported: Exported) -> None:
    server.will(Answer(503), Answer(204), json_answer({"error_code": "NOT_ALLOWED"}, 403))

    await klarna.orders.acknowledge(ORDER_ID)
    with pytest.raises(KlarnaError):
        await klarna.orders.cancel(ORDER_ID)

    assert [dict(point.attributes) for point in exported.points("klarna_om.call.duration")] == [
        {"klarna_om.operation": "orders.acknowledge", "klarna_om.outcome": "done"},
        {"klarna_om.operation": "orders.cancel", "klarna_om.outcome": "refused", "error.type": "403"},
    ]


async def test_the_wait_for_the_rate_limit_is_measured(make_client: MakeClient, exported: Exported) -> None:
    klarna = make_client(telemetry=exported.telemetry, pace=Pacer(50)).with_options(lane="batch")

    await asyncio.gather(*(klarna.orders.acknowledge(ORDER_ID) for _ in range(3)))

    (point,) = exported.points("klarna_om.pace.wait")
    assert dict(point.attributes) == {"klarna_om.lane": "batch", "klarna_om.has_place": True}
    assert (point.count, 0 < point.sum < 2) == (3, True)


async def test_the_retry_budget_is_a_gauge_from_1_to_0(
    make_client: MakeClient, server: Wire, exported: Exported
) -> None:
    server.will(Answer(503), json_answer({"error_code": "NOT_ALLOWED"}, 403))
    klarna = make_client(telemetry=exported.telemetry, budget=Budget(capacity=10))

    with pytest.raises(KlarnaError):
        await klarna.orders.acknowledge(ORDER_ID)

    (point,) = exported.points("klarna_om.retry.budget")
    assert (point.value, point.attributes["server.address"]) == (0.5, "127.0.0.1")


async def test_of_several_clients_of_a_server_the_lowest_budget_counts(
    make_client: MakeClient, exported: Exported
) -> None:
    full, half = Budget(10), Budget(10)
    half.spend(5)

    kept = [make_client(telemetry=exported.telemetry, budget=budget) for budget in (half, full)]

    assert [point.value for point in exported.points("klarna_om.retry.budget")] == [0.5]
    assert len(kept) == 2


async def test_the_budget_of_a_client_that_is_gone_is_not_observed(exported: Exported) -> None:
    def make_and_forget() -> None:
        client = KlarnaClient("eu", api_key="k", telemetry=exported.telemetry)
        assert client.budget.capacity

    make_and_forget()
    gc.collect()

    assert exported.points("klarna_om.retry.budget") == []


async def test_no_attribute_of_a_metric_has_an_id(klarna: KlarnaClient, server: Wire, exported: Exported) -> None:
    server.otherwise = json_answer({"error_code": "NOT_ALLOWED"}, 403)
    for call in CALLS.values():
        await asyncio.gather(call(klarna), return_exceptions=True)
    path = f"/ordermanagement/v1/orders/{ORDER_ID}/new"
    await asyncio.gather(klarna.request("POST", path, content={}), return_exceptions=True)

    data = exported.reader.get_metrics_data()

    assert data is not None
    shown = data.to_json()
    assert ORDER_ID not in shown
    assert not any(word in shown for word in ("order_id", "idempotency_key", "correlation_id"))
    assert '"klarna_om.operation": "request"' in shown


Lag = Callable[[], float | None]


@pytest.mark.parametrize(("lag", "seen"), [(lambda: 12.5, [12.5]), (lambda: 0.0, [0.0]), (lambda: None, [])])
def test_the_lag_of_an_outbox_is_a_gauge(lag: Lag, seen: list[float], exported: Exported) -> None:
    exported.telemetry.observe_outbox(lag)

    assert [point.value for point in exported.points("klarna_om.outbox.lag")] == seen
    assert exported.points("klarna_om.outbox.intents") == []


def test_the_intents_of_an_outbox_are_counted_by_state(exported: Exported) -> None:
    counts: Mapping[str, int] = {"pending": 3, "escalated": 1}

    exported.telemetry.observe_outbox(lambda: 0.0, intents=lambda: counts)

    points: list[Any] = exported.points("klarna_om.outbox.intents")
    assert {point.attributes["klarna_om.state"]: point.value for point in points} == counts


@pytest.mark.parametrize(
    ("base_url", "address", "port"),
    [
        ("https://api.klarna.com", "api.klarna.com", 443),
        ("http://localhost", "localhost", 80),
        ("https://proxy.example:8443/klarna", "proxy.example", 8443),
    ],
)
def test_the_server_is_that_of_the_base_url(base_url: str, address: str, port: int) -> None:
    assert Server.of(base_url).attributes == {"server.address": address, "server.port": port}
