"""The same over sockets: a client against the sandbox's quota, by one clock that moves instead of waiting."""

from collections.abc import AsyncIterator

import pytest

from klarna_om import KlarnaClient, RateLimited, Retry
from klarna_om.pace.lanes import Lane
from klarna_om.pace.pacer import Pacer
from klarna_om.sandbox import Clock, Sandbox
from tests.support.time import NOW, longest
from tests.support.time import Clock as StandingClock

LIMIT = 20


class MovingPacer(Pacer):
    """A pacer that moves the clock where others wait."""

    def __init__(self, clock: StandingClock) -> None:
        super().__init__(LIMIT, clock=clock, uniform=longest)
        self.standing_clock = clock

    async def acquire(self, lane: Lane) -> None:
        while not self.try_acquire(lane):
            self.standing_clock.now += 0.005


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(NOW)


@pytest.fixture
async def sandbox(clock: StandingClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=Clock(clock), limit=LIMIT) as served:
        yield served


async def call_until(klarna: KlarnaClient, sandbox: Sandbox, clock: StandingClock, end: float) -> int:
    """Call as often as the pace allows; how many calls got a 429."""
    order_id, refused = next(iter(sandbox.order_ids)), 0
    while clock.now < end:
        try:
            await klarna.orders.acknowledge(order_id)
        except RateLimited:
            refused += 1
    return refused


async def test_after_75_seconds_of_429_the_client_is_back_within_15_and_meets_no_other(
    sandbox: Sandbox, clock: StandingClock
) -> None:
    sandbox.order()
    pacer = MovingPacer(clock)
    async with KlarnaClient(
        sandbox.url, username="sandbox", password="sandbox", pace=pacer, retry=Retry.off(), lane="batch"
    ) as klarna:
        assert await call_until(klarna, sandbox, clock, NOW + 3) == 0
        sandbox.faults = "burst-429=1:1"
        assert await call_until(klarna, sandbox, clock, NOW + 78) > 50
        sandbox.faults = "none"

        refused = await call_until(klarna, sandbox, clock, NOW + 94)

    assert pacer.snapshot().rate >= 0.9 * LIMIT
    assert refused == 0
