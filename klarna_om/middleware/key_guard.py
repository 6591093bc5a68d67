"""One key, one request. Klarna compares only keys and ignores what differs; so this must be held here."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b

import msgspec
from attrs import define, field

from klarna_om.errors import IdempotencyKeyReused, KlarnaError
from klarna_om.exchange import Request, Response
from klarna_om.keys import KEY_LIFETIME, Key
from klarna_om.outcome import Outcome

Fingerprint = tuple[str, str, bytes]
"""Method, path and a digest of the body: what makes a request the same."""


# Kept by the hundred thousand: without the garbage collector's book-keeping, which would go through all of them.
class Use(msgspec.Struct, gc=False, eq=False):
    """What is known of a key in use."""

    fingerprint: Fingerprint
    first_used: float
    is_running: bool = True
    left: Outcome | None = None
    """What the calls that are over have left behind under this key."""
    followers: "asyncio.Future[Response | None] | None" = None
    """Resolved with the running call's answer; None tells the followers to send it themselves."""

    @property
    def retry_until(self) -> float:
        """When Klarna forgets the key, in seconds since the epoch."""
        return self.first_used + KEY_LIFETIME


@define(eq=False)
class KeyGuard:
    """Remember what each key was used for; after 24 hours a key is free again.

    Memory is bounded: beyond `capacity` keys the oldest are forgotten first, and with them their protection.
    """

    clock: Callable[[], float] = time.time
    capacity: int = 100_000
    _uses: "OrderedDict[str, Use]" = field(factory=OrderedDict[str, Use], init=False, repr=False)

    def use(self, key: str, request: Request) -> Use | None:
        """Take the key for this request; None when the same request is under way under it.

        Raises `IdempotencyKeyReused` when the key was used for another request within 24 hours.
        """
        now = self.clock()
        fingerprint = _fingerprint(request)
        use = self._uses.get(key)
        if use is not None and use.retry_until <= now and not use.is_running:
            del self._uses[key]
            use = None
        if use is None:
            return self._remember(key, Use(fingerprint, _first_used(key, now)))
        if use.fingerprint != fingerprint:
            raise _reused(key, request)
        if use.is_running:
            return None
        use.is_running = True
        return use

    async def follow(self, key: str) -> Response | None:
        """Wait for the answer of the call that is under way; None when it was given up."""
        use = self._uses[key]
        if use.followers is None:
            use.followers = asyncio.get_running_loop().create_future()
        return await asyncio.shield(use.followers)

    def finish(self, use: Use, result: Response | KlarnaError | None) -> None:
        """Release the key and give the followers what came of the call."""
        use.is_running = False
        followers, use.followers = use.followers, None
        if followers is None:
            return
        if isinstance(result, KlarnaError):
            followers.set_exception(result)
            followers.exception()  # marked as seen: the followers may all have been cancelled
        else:
            followers.set_result(result)

    def _remember(self, key: str, use: Use) -> Use:
        while len(self._uses) >= self.capacity:
            oldest, its_use = self._uses.popitem(last=False)
            if its_use.is_running:
                self._uses[oldest] = its_use  # at the end of the line; there are no more of these than places
                break
        self._uses[key] = use
        return use


def _first_used(key: str, now: float) -> float:
    """When the key was first used, as the caller knows it; a key that Klarna has forgotten is a new one."""
    first = key.first_used if isinstance(key, Key) else None
    return now if first is None or first + KEY_LIFETIME <= now else min(first, now)


def _fingerprint(request: Request) -> Fingerprint:
    body = blake2b(request.body, digest_size=16).digest() if request.body else b""
    return request.method, request.path, body


def _reused(key: str, request: Request) -> IdempotencyKeyReused:
    error = IdempotencyKeyReused(
        f"the idempotency key {key} was used for another request within 24 hours; Klarna would ignore this one and"
        " return the first one's answer. Give each intent a key of its own"
    )
    error.about(request)
    return error
