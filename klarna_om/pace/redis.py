"""The pace of all machines, by a script in Redis: `KlarnaClient(pace=RedisPace(url))`."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from klarna_om.errors import ConfigurationError
from klarna_om.pace.adaptive_rate import AdaptiveRate
from klarna_om.pace.merchant import Merchant
from klarna_om.pace.redis_lua import FETCH, WRITE
from klarna_om.pace.slots import BOUNDS, early
from klarna_om.pace.store import Ask, Grant, grant_of
from klarna_om.pace.store_pace import StorePace
from klarna_om.settings.credentials import hide

TIMEOUT = 5
"""Seconds to connect, and for one request."""


class RedisPace(StorePace):
    """One limit for all processes and machines that use the same Redis.

        async with RedisPace("redis://...") as pace, KlarnaClient("eu", pace=pace) as klarna: ...

    It needs the extra `redis`, and Redis 5 or newer. Close it after its clients; it belongs to one event loop. The
    keys are `klarna_om:pace:...`; what evicts them costs nothing but what was learned of the rate.
    """

    def __init__(self, url_or_client: Any) -> None:
        """With a URL it keeps a connection; a `redis.asyncio.Redis` of your own is used and left open."""
        super().__init__()
        self._is_own = isinstance(url_or_client, str)
        self._client = _connect(hide(url_or_client)) if self._is_own else url_or_client

    def _store(self, merchant: Merchant) -> "RedisStore":
        return RedisStore(self._client, merchant.name, AdaptiveRate(merchant.limit, 1.0, None))

    async def aclose(self) -> None:
        """Close what was opened here; after the clients that use it."""
        await super().aclose()
        if self._is_own:
            await self._client.aclose()


class RedisStore:
    """One merchant's key."""

    def __init__(self, client: Any, name: str, rate: AdaptiveRate) -> None:
        """`rate` is what a new key begins with."""
        self._keys = (f"klarna_om:pace:{name}",)
        self._fetch, self._write = client.register_script(FETCH), client.register_script(WRITE)
        self._new = (rate.value, _text_of(rate.numbers()), early(rate.window))

    def __str__(self) -> str:
        return "Redis"

    async def fetch(self, ask: Ask, share: float) -> Grant:
        """Take slots."""
        *numbers, rate = await self._fetch(self._keys, (ask["live"], ask["batch"], share, *BOUNDS.values(), *self._new))
        return grant_of([*numbers, [float(number) for number in rate.split()]])

    async def write(
        self, version: int, rate: Sequence[float], per_second: float, held_until: float, nearer: float
    ) -> bool:
        """Write a rate and a hold, if nobody has since `version`."""
        values = (version, _text_of(rate), repr(per_second), repr(held_until), early(rate[1]), repr(nearer))
        return bool(await self._write(self._keys, values))

    def abort(self) -> None:
        """Nothing to do: a request of this driver ends when it is cancelled."""

    async def close(self) -> None:
        """The connection belongs to all merchants."""


def _text_of(rate: Sequence[float]) -> str:
    return " ".join(map(repr, rate))


def _connect(url: str) -> Any:
    if find_spec("redis") is None:
        raise ConfigurationError("a pace in Redis needs redis: pip install 'klarna-om[redis]'")
    client: Any = import_module("redis.asyncio")
    once: Any = import_module("redis.asyncio.retry").Retry(import_module("redis.backoff").NoBackoff(), 0)
    timeouts = {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT}
    return client.Redis.from_url(str.__str__(url), retry=once, **timeouts)
