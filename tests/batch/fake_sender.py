"""A fake of the call that a job makes: it executes a key once, and fails as a test scripts it."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable

from attrs import define, field

from klarna_om.answers.error_from_response import error_from_response
from klarna_om.batch.calls import SendResult
from klarna_om.batch.journal import Row
from klarna_om.errors import ConnectionFailed, KlarnaError
from klarna_om.exchange import Request, Response
from klarna_om.keys import Key
from klarna_om.outcome import Outcome


def order_id(number: int) -> str:
    """The id of the n-th order."""
    return f"{number:08x}-0000-1000-8000-{number:012x}"


def order_ids(count: int) -> list[str]:
    """The ids of the first orders, from 1."""
    return [order_id(number) for number in range(1, count + 1)]


def response_error(status: int, body: bytes = b'{"error_code": "SOME_CODE"}') -> KlarnaError:
    """The error for an answer of Klarna's with this status."""
    request = Request("orders.acknowledge", "POST", "/acknowledge", headers={"Klarna-Idempotency-Key": "key"})
    return error_from_response(Response(request, status, {"Klarna-Correlation-Id": f"answer-{status}"}, body))


def foreign_error(status: int = 403, title: str = "Blocked", location: str = "") -> KlarnaError:
    """The error for an answer that is not Klarna's."""
    request = Request("orders.acknowledge", "POST", "/acknowledge", headers={"Klarna-Idempotency-Key": "key"})
    page = f"<html><title>{title}</title></html>".encode()
    return error_from_response(Response(request, status, {"Content-Type": "text/html", "Location": location}, page))


def connection_error() -> KlarnaError:
    """No connection was made."""
    return ConnectionFailed("connection refused")


def no_answer_error() -> KlarnaError:
    """Sent, and no answer came."""
    error = KlarnaError("no answer")
    error.outcome = Outcome.UNKNOWN
    return error


@define(eq=False)
class FakeSender:
    """A `Sender`. It raises the scripted errors first, then every call succeeds."""

    calls: list[tuple[str, str]] = field(factory=list[tuple[str, str]])
    """Order id and key of each call."""
    executed: Counter[str] = field(factory=Counter[str])
    """How often each order was acknowledged."""
    failures: defaultdict[str, deque[KlarnaError]] = field(factory=lambda: defaultdict[str, deque[KlarnaError]](deque))
    always_fail: Callable[[], KlarnaError] | None = None
    """Makes the error of every call, unless it is None."""
    on_call: Callable[[int], None] | None = None
    """Called with the number of each call."""
    in_progress: int = 0
    most_in_progress: int = 0
    _keys: set[str] = field(factory=set[str])

    async def __call__(self, row: Row, key: Key) -> SendResult:
        self.calls.append((row.order_id, key))
        self.in_progress += 1
        self.most_in_progress = max(self.most_in_progress, self.in_progress)
        try:
            if self.on_call is not None:
                self.on_call(len(self.calls))
            await asyncio.sleep(0)
            return self._answer(row.order_id, key)
        finally:
            self.in_progress -= 1

    def _answer(self, order_id: str, key: str) -> SendResult:
        error = self.always_fail() if self.always_fail is not None else None
        if error is None and self.failures[order_id]:
            error = self.failures[order_id].popleft()
        if error is None or error.outcome in (Outcome.UNKNOWN, Outcome.DONE):
            self.executed[order_id] += key not in self._keys
            self._keys.add(key)
        if error is not None:
            raise error
        return SendResult(204, f"correlation of {order_id}", 1)

    def keys_for(self, order_id: str) -> list[str]:
        """The keys under which an order was called, in order."""
        return [key for order, key in self.calls if order == order_id]
