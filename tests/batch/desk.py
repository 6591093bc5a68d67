"""Klarna as a job sees it through its seam: it executes a key once, and fails by script."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable

from attrs import define, field

from klarna_om.answers.error_from_response import error_from_response
from klarna_om.batch.calls import Sent
from klarna_om.errors import ConnectionFailed, KlarnaError
from klarna_om.exchange import Request, Response
from klarna_om.outcome import Outcome


def order_id(number: int) -> str:
    """The id of the n-th order."""
    return f"{number:08x}-0000-1000-8000-{number:012x}"


def order_ids(count: int) -> list[str]:
    """The ids of the first orders, from 1."""
    return [order_id(number) for number in range(1, count + 1)]


def answered(status: int, body: bytes = b'{"error_code": "SOME_CODE"}') -> KlarnaError:
    """The error that an answer of this status stands for."""
    request = Request("orders.acknowledge", "POST", "/acknowledge", headers={"Klarna-Idempotency-Key": "key"})
    return error_from_response(Response(request, status, {"Klarna-Correlation-Id": f"answer-{status}"}, body))


def stranger(status: int = 403, title: str = "Blocked", location: str = "") -> KlarnaError:
    """The error that a page of somebody else than Klarna stands for."""
    request = Request("orders.acknowledge", "POST", "/acknowledge", headers={"Klarna-Idempotency-Key": "key"})
    page = f"<html><title>{title}</title></html>".encode()
    return error_from_response(Response(request, status, {"Content-Type": "text/html", "Location": location}, page))


def unreachable() -> KlarnaError:
    """No connection was made."""
    return ConnectionFailed("connection refused")


def silent() -> KlarnaError:
    """Sent, and nobody answered."""
    error = KlarnaError("no answer")
    error.outcome = Outcome.UNKNOWN
    return error


@define(eq=False)
class Desk:
    """A `Send`. What it was told to fail with comes first, then everything succeeds."""

    calls: list[tuple[str, str]] = field(factory=list[tuple[str, str]])
    """Order id and key of each call."""
    executed: Counter[str] = field(factory=Counter[str])
    """How often each order was acknowledged in truth."""
    fails: defaultdict[str, deque[KlarnaError]] = field(factory=lambda: defaultdict[str, deque[KlarnaError]](deque))
    always: Callable[[], KlarnaError] | None = None
    """What every call fails with until this is None."""
    on_call: Callable[[int], None] | None = None
    """Told the number of each call when it comes."""
    under_way: int = 0
    most_under_way: int = 0
    _keys: set[str] = field(factory=set[str])

    async def __call__(self, order_id: str, key: str) -> Sent:
        self.calls.append((order_id, key))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self.on_call is not None:
                self.on_call(len(self.calls))
            await asyncio.sleep(0)
            return self._answer(order_id, key)
        finally:
            self.under_way -= 1

    def _answer(self, order_id: str, key: str) -> Sent:
        error = self.always() if self.always is not None else None
        if error is None and self.fails[order_id]:
            error = self.fails[order_id].popleft()
        if error is None or error.outcome in (Outcome.UNKNOWN, Outcome.DONE):
            self.executed[order_id] += key not in self._keys
            self._keys.add(key)
        if error is not None:
            raise error
        return Sent(204, f"correlation of {order_id}", 1)

    def keys_of(self, order_id: str) -> list[str]:
        """The keys under which an order was called, in order."""
        return [key for called, key in self.calls if called == order_id]
