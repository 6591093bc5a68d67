"""The store of idempotency keys: the first result under a key is kept for 24 hours from the first attempt.

A repeat gets that result for any path and body, since Klarna compares nothing but the key.

Klarna has not published the following; the sandbox assumes: a repeat that arrives while the first call is
still running waits for that call's result, so there is one effect either way. The ledger's refusals are kept
like its successes, unless `store_refusals=False`. Responses that did not come from the ledger are not kept:
wrong credentials, an exceeded quota, an invalid body, and every fault.
"""

import asyncio
from collections.abc import Awaitable, Callable

from klarna_om.sandbox.results import Result

KEY_LIFETIME = 24 * 60 * 60
"""Seconds. https://docs.klarna.com/api/escalation-and-retry-policy"""

_Pending = asyncio.Future[Result | None]


class KeyStore:
    """The merchant's keys, ordered by their first use: expired ones are removed from the front."""

    def __init__(self, clock: Callable[[], float], *, store_refusals: bool = True) -> None:
        self.store_refusals = store_refusals
        self.replays = 0
        """How many results came from the store."""
        self._clock = clock
        self._entries: dict[str, tuple[float, Result | _Pending]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def restart(self) -> "KeyStore":
        """A store without keys. Calls that are under way end in the old one."""
        return KeyStore(self._clock, store_refusals=self.store_refusals)

    async def run_once(self, key: str, execute: Callable[[], Awaitable[Result]]) -> Result:
        """The result under this key; `execute` runs only where there is none yet."""
        self._remove_expired()
        while (entry := self._entries.get(key)) is not None:
            stored = entry[1]
            result = stored if isinstance(stored, Result) else await asyncio.shield(stored)
            if result is not None:
                self.replays += 1
                return result
        return await self._run_first(key, execute)

    async def _run_first(self, key: str, execute: Callable[[], Awaitable[Result]]) -> Result:
        pending: _Pending = asyncio.get_running_loop().create_future()
        started_at = self._clock()
        self._entries[key] = started_at, pending
        result: Result | None = None
        try:
            result = await execute()
            return result
        finally:
            if result is not None and (result.status < 300 or self.store_refusals):
                self._entries[key] = started_at, result
            else:
                self._entries.pop(key, None)
            pending.set_result(result)

    def _remove_expired(self) -> None:
        oldest_valid = self._clock() - KEY_LIFETIME
        while self._entries:
            key, (started_at, _) = next(iter(self._entries.items()))
            if started_at >= oldest_valid:
                return
            del self._entries[key]
