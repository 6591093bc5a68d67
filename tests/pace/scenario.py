"""Pacers at exactly 100 requests a second, and the answers that they observe."""

from klarna_om.exchange import Request, Response
from klarna_om.pace.lanes import Lane
from klarna_om.pace.pacer import Pacer
from klarna_om.pace.pacing import Pacing
from tests.support.time import Clock, longest

REQUEST = Request("orders.get", "GET", "/x")
LIMIT = 100 / 0.95


def answer(status: int = 200, elapsed: float = 0.0, **headers: str) -> Response:
    """An answer with headers; `X_Ratelimit_Reset="1"` is `X-Ratelimit-Reset: 1`."""
    by_name = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(REQUEST, status, by_name, b"", elapsed)


def quota(
    limit: str, remaining: str = "5", reset: str = "1", status: int = 200, elapsed: float = 0.0, **headers: str
) -> Response:
    """An answer with the three headers of the quota."""
    return answer(
        status,
        elapsed,
        X_Ratelimit_Limit=limit,
        X_Ratelimit_Remaining=remaining,
        X_Ratelimit_Reset=reset,
        **headers,
    )


def pacer_at(clock: Clock, limit: float = LIMIT, highest: float | None = None) -> Pacer:
    return Pacer(limit, clock=clock, uniform=longest, highest=highest)


def count_slots(pacer: Pacing, clock: Clock, seconds: float, lane: Lane = "batch", share: float = 1.0) -> int:
    """How many slots a hungry caller gets, asking every millisecond."""
    count = 0
    for _ in range(round(seconds * 1000)):
        while pacer.try_acquire(lane, share):
            count += 1
        clock.now += 0.001
    return count
