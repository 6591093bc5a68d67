"""Every write carries an idempotency key, given once and above everything: all that is sent for a call shares it."""

from collections.abc import Awaitable, Callable

from attrs import frozen

from klarna_om.exchange import KEY_HEADER, Request, Response
from klarna_om.keys import RandomKey, random_key
from klarna_om.middleware import Handler


@frozen(eq=False)
class IdempotencyKey:
    """Give a write the key that its caller did not choose. A read has none.

    It is the outermost layer, above the caller's own middlewares: one that sends a request twice sends one key.
    """

    is_seen_by_others: bool = False
    """The caller's own middlewares see the key, so the guard must know it like one that the caller chose."""
    new_key: Callable[[], RandomKey] = random_key

    def __call__(self, request: Request, below: Handler) -> Awaitable[Response]:
        """Send the request on with its key."""
        if request.is_write:
            caller_key = request.idempotency_key
            if caller_key is None:
                key = self.new_key()
                request = request.with_header(KEY_HEADER, str.__str__(key) if self.is_seen_by_others else key)
            elif isinstance(caller_key, RandomKey):  # of an earlier call: now it is chosen
                request = request.with_header(KEY_HEADER, str.__str__(caller_key))
        return below(request)
