"""What is remembered under a `Klarna-Idempotency-Key`: the first answer, for 24 hours from the first attempt.

A repeat gets it whatever its path or body, since Klarna matches nothing but the key.

Published nowhere, and how it is read here: a repeat that comes while the first call is still being worked on
waits for that call's answer, so there is one effect either way. The ledger's refusals are kept like its
successes; with `store_refusals=False` they are not. Answers that never came from the ledger are not kept:
rejected credentials, a used up quota, a body that cannot be read, and every fault.
"""

import asyncio
from collections.abc import Awaitable, Callable

from klarna_om.sandbox.answers import Answer

HOLDS = 24 * 60 * 60
"""Seconds. https://docs.klarna.com/api/escalation-and-retry-policy"""

_Coming = asyncio.Future[Answer | None]


class KeyStore:
    """The merchant's keys, in order of their first use: the old ones are dropped from the front."""

    def __init__(self, clock: Callable[[], float], *, store_refusals: bool = True) -> None:
        self.store_refusals = store_refusals
        self.replays = 0
        """So many answers came from here instead of being worked for."""
        self._clock = clock
        self._held: dict[str, tuple[float, Answer | _Coming]] = {}

    def __len__(self) -> int:
        return len(self._held)

    async def once(self, key: str, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer under this key; `work` is done only where there is none yet."""
        self._forget_the_old()
        while (entry := self._held.get(key)) is not None:
            held = entry[1]
            answer = held if isinstance(held, Answer) else await asyncio.shield(held)
            if answer is not None:
                self.replays += 1
                return answer
        return await self._first(key, work)

    async def _first(self, key: str, work: Callable[[], Awaitable[Answer]]) -> Answer:
        coming: _Coming = asyncio.get_running_loop().create_future()
        began = self._clock()
        self._held[key] = began, coming
        answer: Answer | None = None
        try:
            answer = await work()
            return answer
        finally:
            if answer is not None and (answer.status < 300 or self.store_refusals):
                self._held[key] = began, answer
            else:
                self._held.pop(key, None)
            coming.set_result(answer)

    def _forget_the_old(self) -> None:
        oldest_kept = self._clock() - HOLDS
        while self._held:
            key, (began, _) = next(iter(self._held.items()))
            if began >= oldest_kept:
                return
            del self._held[key]
