"""Two hundred calls at once, each with different faults: none gets anything of another call."""

import asyncio

import pytest

from klarna_om.errors import ConnectionLost
from klarna_om.exchange import KEY_HEADER, Request, Response
from klarna_om.middleware.retry import RetryMiddleware
from klarna_om.outcome import Outcome
from klarna_om.retry.budget import Budget
from klarna_om.retry.policy import Retry
from tests.support.time import Sleeps, longest


@pytest.mark.parametrize("always_failing", [5, 2])
async def test_each_call_has_its_own_attempts_delays_and_reason_to_stop(always_failing: int) -> None:
    retrying = RetryMiddleware(Retry(max_attempts=4), Budget(100_000), None, Sleeps(), longest)

    def fails(number: int) -> int:
        return 4 if number % always_failing == 0 else number % 3

    async def below(request: Request) -> Response:
        await asyncio.sleep(0)
        assert request.attempt <= 4
        if request.attempt <= fails(int(request.order_id or "")):
            raise ConnectionLost(f"{request.order_id}")
        return Response(request, 204, {}, (request.order_id or "").encode())

    async def call(number: int) -> tuple[str, list[float | None], str, bool]:
        request = Request("orders.cancel", "POST", "/", str(number), {KEY_HEADER: f"key {number}"})
        try:
            answer = await retrying(request, below)
        except ConnectionLost as lost:
            delays = [attempt.delay for attempt in lost.attempts]
            return lost.message, delays, lost.stopped, lost.outcome is not Outcome.UNKNOWN
        return answer.body.decode(), [attempt.delay for attempt in answer.attempts], "", True

    ends = await asyncio.gather(*(call(number) for number in range(200)))

    delays = [0.5, 1.0, 2.0]
    for number, end in enumerate(ends):
        failed = fails(number)
        if failed == 4:
            assert end == (str(number), [*delays, None], "attempt 4 is the last that the policy allows", False)
        else:
            assert end == (str(number), [*delays[:failed], None] if failed else [], "", True)
