"""No attempt is sent under a key that Klarna has forgotten: checked last, after every wait.

A machine may sleep for a day in the middle of a backoff. The monotonic clock may stop then, and the wall
clock may be set back; so the key is too old by either of them.
"""

import time
from collections.abc import Awaitable, Callable

from attrs import frozen

from klarna_om.exchange import Request, Response
from klarna_om.middleware import Handler
from klarna_om.middleware.key_guard import key_expired
from klarna_om.send_check import check_before_send


@frozen(eq=False)
class KeyExpiry:
    """Refuse to send a request whose key is older than it may be."""

    wall_clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    def __call__(self, request: Request, below: Handler) -> Awaitable[Response]:
        """Send the request on, or raise `KeyExpired`."""
        return below(request) if request.retry_until is None else self._send(request, below)

    async def _send(self, request: Request, below: Handler) -> Response:
        outer = check_before_send.get()

        def check() -> None:
            self._check(request)
            if outer is not None:
                outer()

        check()
        # Once more when there is a connection: a machine may also sleep while it connects.
        token = check_before_send.set(check)
        try:
            return await below(request)
        finally:
            check_before_send.reset(token)

    def _check(self, request: Request) -> None:
        if request.retry_until is not None and self.wall_clock() >= request.retry_until:
            raise key_expired(request)
        if request.retry_until_monotonic is not None and self.monotonic() >= request.retry_until_monotonic:
            raise key_expired(request)
