"""Nothing is sent under a key that is older than 24 hours, whatever happened to clocks and machine meanwhile."""

from collections.abc import Callable

import aiohttp
import pytest
from aiohttp.connector import Connection

from klarna_om.errors import KeyExpired
from klarna_om.exchange import Request, Response
from klarna_om.keys import Key
from klarna_om.middleware.key_expiry import KeyExpiry
from klarna_om.outcome import Outcome
from klarna_om.types import CaptureObject
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.time import Clock
from tests.support.wire import Answer, Broken, Cut, Wire

CAPTURE = CaptureObject(captured_amount=400, reference="shipment-7")
HOUR = 3600.0


def sleep_that_moves(clock: Clock, seconds: float) -> Callable[[float], object]:
    async def sleep(_: float) -> None:
        clock.now += seconds

    return sleep


@pytest.mark.parametrize("lost", [Broken(Cut.AFTER_REQUEST), Answer(500)])
async def test_a_machine_that_sleeps_a_day_in_a_backoff_sends_no_second_capture(
    make_client: MakeClient, server: Wire, wall_clock: Clock, lost: Answer
) -> None:
    server.will(lost)
    klarna = make_client(sleep=sleep_that_moves(wall_clock, 25 * HOUR))

    with pytest.raises(KeyExpired) as caught:
        await klarna.captures.create(ORDER_ID, CAPTURE)

    assert len(server.requests) == 1
    assert caught.value.outcome is Outcome.UNKNOWN
    assert caught.value.stopped.startswith("never retried: key expired")
    assert "its key has expired: read the order back" in caught.value.explain()


async def test_a_clock_that_is_set_back_makes_no_key_younger(
    make_client: MakeClient, server: Wire, wall_clock: Clock
) -> None:
    monotonic = Clock(0.0)
    server.will(Answer(500))

    async def sleep(_: float) -> None:
        monotonic.now += 25 * HOUR
        wall_clock.now -= HOUR

    with pytest.raises(KeyExpired):
        await make_client(sleep=sleep, monotonic=monotonic).captures.create(ORDER_ID, CAPTURE)

    assert len(server.requests) == 1


async def test_within_24_hours_the_retry_is_made(make_client: MakeClient, server: Wire, wall_clock: Clock) -> None:
    server.will(Answer(500))
    klarna = make_client(sleep=sleep_that_moves(wall_clock, 23 * HOUR))

    await klarna.orders.acknowledge(ORDER_ID)

    assert len(server.requests) == 2


async def test_a_key_from_another_process_counts_its_age_from_there(
    make_client: MakeClient, server: Wire, wall_clock: Clock
) -> None:
    key = Key("shipment-7", first_used=wall_clock.now - 23 * HOUR)
    server.will(Answer(500))
    klarna = make_client(sleep=sleep_that_moves(wall_clock, 2 * HOUR))

    with pytest.raises(KeyExpired):
        await klarna.orders.acknowledge(ORDER_ID, idempotency_key=key)

    assert len(server.requests) == 1


@pytest.mark.parametrize(("wall", "ticks"), [(24 * HOUR, 0.0), (0.0, 24 * HOUR)])
async def test_a_wait_before_the_first_attempt_counts_too(wall: float, ticks: float) -> None:
    request = Request("orders.cancel", "POST", "/cancel", retry_until=24 * HOUR, retry_until_monotonic=24 * HOUR)
    expiry = KeyExpiry(Clock(wall), Clock(ticks))

    with pytest.raises(KeyExpired) as caught:
        await expiry(request, never_called)

    assert caught.value.outcome is Outcome.NOT_SENT
    assert "call again with a new key" in caught.value.explain()


async def never_called(request: Request) -> Response:
    raise AssertionError(request)


async def test_a_machine_that_sleeps_while_it_connects_sends_nothing(
    make_client: MakeClient, server: Wire, wall_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = aiohttp.TCPConnector.connect
    server.will(Answer(500, {"Connection": "close"}))

    async def connect_slowly(self: aiohttp.TCPConnector, *arguments: object) -> Connection:
        connection = await connect(self, *arguments)  # type: ignore[arg-type]
        wall_clock.now += 13 * HOUR
        return connection

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", connect_slowly)

    with pytest.raises(KeyExpired) as caught:
        await make_client().captures.create(ORDER_ID, CAPTURE)

    assert (len(server.requests), caught.value.outcome) == (1, Outcome.UNKNOWN)
