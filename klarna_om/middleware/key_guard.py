"""One key, one request. Klarna compares only keys and ignores what differs; so this must be held here.

A guard belongs to a merchant in a process: all clients of the same credentials share it, as they share the pace.
"""

import asyncio
import threading
from collections import OrderedDict
from concurrent.futures import Future
from hashlib import blake2b
from weakref import WeakValueDictionary

import msgspec
from attrs import define, field

from klarna_om.errors import IdempotencyKeyReused, InvalidRequest, KeyExpired, KlarnaError
from klarna_om.exchange import Request, Response
from klarna_om.keys import KEY_LIFETIME, Key
from klarna_om.outcome import Outcome

CAPACITY = 50_000
"""Keys that are remembered, about 350 bytes each: 17 MB at most."""


CLOCK_DIFFERENCE = 300.0
"""Seconds by which the clock of the process that used a key first may be ahead."""


# Kept by the ten thousand: without the garbage collector's book-keeping, which would go through all of them.
class Use(msgspec.Struct, gc=False, eq=False):
    """What is known of a key in use."""

    fingerprint: bytes
    """A digest of method, path and body: what makes a request the same."""
    first_used: float
    first_used_monotonic: float
    is_running: bool = True
    left: Outcome | None = None
    """What the calls that are over have left behind under this key."""
    followers: "Future[Response | None] | None" = None
    """Resolved with the running call's answer; with None the followers send it themselves."""

    @property
    def retry_until(self) -> float:
        """When Klarna forgets the key, in seconds since the epoch."""
        return self.first_used + KEY_LIFETIME

    @property
    def retry_until_monotonic(self) -> float:
        """The same on the monotonic clock."""
        return self.first_used_monotonic + KEY_LIFETIME

    def has_expired(self, now: float, monotonic: float) -> bool:
        """Has Klarna forgotten the key, by either clock?"""
        return self.retry_until <= now or self.retry_until_monotonic <= monotonic


@define(eq=False)
class KeyGuard:
    """Remember what each key was used for; after 24 hours a key is free again.

    Kept are the keys that callers chose, and of the random ones those whose outcome is unknown: a caller may repeat
    such a call. A key under which nothing was sent is free. Beyond `capacity` the oldest are forgotten first, and with
    them their protection. Times are on two clocks: seconds since the epoch (`now`), and the monotonic clock's.
    """

    capacity: int = CAPACITY
    _uses: "OrderedDict[str, Use]" = field(factory=OrderedDict[str, Use], init=False, repr=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def use(self, key: str, request: Request, now: float, monotonic: float) -> Use | None:
        """Take the key for this request; None when the same request is under way under it.

        Raises `IdempotencyKeyReused` when the key was used for another request within 24 hours, and `KeyExpired` for a
        `Key` that is older.
        """
        fingerprint = fingerprint_of(request)
        with self._lock:
            use = self._uses.get(key)
            if use is not None and use.has_expired(now, monotonic) and not use.is_running:
                del self._uses[key]
                use = None
            if use is None:
                use = first_use(key, fingerprint, now, monotonic)
                if use.has_expired(now, monotonic):
                    raise key_expired(request)
                return self._remember(key, use)
            if use.fingerprint != fingerprint:
                raise _key_reused(key, request)
            if use.is_running:
                return None
            use.is_running = True
            return use

    async def follow(self, key: str) -> Response | None:
        """Wait for the answer of the call that is under way; None when it was given up."""
        with self._lock:
            use = self._uses.get(key)
            if use is None or not use.is_running:
                return None
            if use.followers is None:
                use.followers = Future()
            followers = use.followers
        return await asyncio.shield(asyncio.wrap_future(followers))

    def finish(self, key: str, use: Use, left: Outcome, result: Response | KlarnaError | None) -> None:
        """Release the key and give the followers what came of the call."""
        with self._lock:
            # What an earlier call may have done is not undone by a later one that was not sent.
            use.left = left if left is not Outcome.NOT_SENT else use.left
            use.is_running = False
            followers, use.followers = use.followers, None
            if use.left is None:
                del self._uses[key]
        if followers is None:
            return
        if isinstance(result, KlarnaError):
            followers.set_exception(result)
        else:
            followers.set_result(result)

    def remember_doubt(self, key: str, request: Request, first_used: float, first_used_monotonic: float) -> None:
        """Keep a random key whose call is over and in doubt: the caller may repeat it."""
        use = Use(fingerprint_of(request), first_used, first_used_monotonic, is_running=False, left=Outcome.UNKNOWN)
        with self._lock:
            self._remember(key, use)

    def __len__(self) -> int:
        return len(self._uses)

    def _remember(self, key: str, use: Use) -> Use:
        while len(self._uses) >= self.capacity:
            oldest, its_use = self._uses.popitem(last=False)
            if its_use.is_running:
                self._uses[oldest] = its_use  # at the end of the line; there are no more of these than places
                break
        self._uses[key] = use
        return use


MERCHANTS = 16
"""Guards that a process keeps without a client that uses them; the one that was used longest ago goes first."""

_guards: "OrderedDict[object, KeyGuard]" = OrderedDict()
_guards_in_use: "WeakValueDictionary[object, KeyGuard]" = WeakValueDictionary()
_guards_lock = threading.Lock()


def guard_of(merchant: object) -> KeyGuard:
    """The guard of that merchant in this process; it outlives the clients, which may be made anew for each request."""
    with _guards_lock:
        guard = _guards_in_use.get(merchant)
        if guard is None:
            guard = _guards_in_use[merchant] = KeyGuard()
        _guards[merchant] = guard
        _guards.move_to_end(merchant)
        if len(_guards) > MERCHANTS:
            _guards.popitem(last=False)
        return guard


def forget_keys() -> None:
    """Begin anew, as another process would: for tests that use one key for different requests."""
    with _guards_lock:
        _guards.clear()
        _guards_in_use.clear()


def first_use(key: str, fingerprint: bytes, now: float, monotonic: float) -> Use:
    """When the key was first used, as the caller knows it; a little in the future, it is now, since clocks differ."""
    first = key.first_used if isinstance(key, Key) else None
    if first is not None and first > now + CLOCK_DIFFERENCE:
        raise InvalidRequest(
            ("idempotency_key: first_used is in the future; it is a datetime or seconds since the epoch",)
        )
    first = now if first is None else min(first, now)
    return Use(fingerprint, first, monotonic - (now - first))


def fingerprint_of(request: Request) -> bytes:
    """A digest of what makes a request the same: method, path and body."""
    digest = blake2b(f"{request.method} {request.path} ".encode("utf-8", "surrogatepass"), digest_size=16)
    digest.update(request.body or b"")
    return digest.digest()


def _key_reused(key: str, request: Request) -> IdempotencyKeyReused:
    error = IdempotencyKeyReused(
        f"the idempotency key {key} was used for another request within 24 hours; Klarna would ignore this one and"
        " return the first one's answer. give each intent its own key"
    )
    error.about(request)
    return error


def key_expired(request: Request) -> KeyExpired:
    """The error for a request whose key Klarna has forgotten."""
    error = KeyExpired(
        "the idempotency key is older than the 24 hours for which Klarna keeps it; this attempt was not sent"
    )
    error.about(request)
    key = request.idempotency_key
    if isinstance(key, Key) and key.first_used is not None:  # what its first use did is not known here
        error.outcome = Outcome.UNKNOWN
    return error
