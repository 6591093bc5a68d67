"""With the instrumentation of aiohttp switched on, nothing is counted twice and no trace header goes to Klarna."""

from collections.abc import Iterator

import aiohttp
import pytest
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.trace import SpanKind

from klarna_om.client import KlarnaClient
from tests.conftest import MakeClient
from tests.otel.conftest import Exported
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Wire


@pytest.fixture
def instrumented(exported: Exported, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in a service that instruments every aiohttp session of its process."""
    instrumentor = AioHttpClientInstrumentor()
    instrumentor.instrument(tracer_provider=exported.tracer_provider, meter_provider=exported.meter_provider)
    yield
    instrumentor.uninstrument()


@pytest.mark.usefixtures("instrumented")
async def test_an_attempt_has_one_span_and_is_counted_once(
    klarna: KlarnaClient, server: Wire, exported: Exported
) -> None:
    server.will(Answer(503))

    await klarna.orders.acknowledge(ORDER_ID)

    assert [span.kind for span in exported.spans()] == [SpanKind.CLIENT, SpanKind.CLIENT, SpanKind.INTERNAL]
    assert sum(point.count for point in exported.points("http.client.request.duration")) == 2
    assert "http.client.duration" not in exported.names()  # its name for the same in the older conventions


@pytest.mark.usefixtures("instrumented")
async def test_no_trace_header_goes_to_klarna(klarna: KlarnaClient, server: Wire) -> None:
    await klarna.orders.acknowledge(ORDER_ID)

    assert "traceparent" not in server.requests[0].headers


@pytest.mark.usefixtures("instrumented")
async def test_other_requests_of_the_service_are_still_traced(
    make_client: MakeClient, server: Wire, exported: Exported
) -> None:
    async with aiohttp.ClientSession() as session:
        klarna = make_client(telemetry=exported.telemetry, session=session)
        await klarna.orders.acknowledge(ORDER_ID)
        await (await session.get(server.url)).read()

    assert [span.name.partition(" ")[0] for span in exported.spans()] == ["POST", "orders.acknowledge", "GET"]
    assert ["traceparent" in request.headers for request in server.requests] == [False, True]
