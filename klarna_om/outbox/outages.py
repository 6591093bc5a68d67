"""The database is away: everything waits and tries again, and it is logged once."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from attrs import define

from klarna_om.batch.calls import in_one_line
from klarna_om.batch.stop import Stop

T = TypeVar("T")

logger = logging.getLogger("klarna_om.outbox")

FIRST_DELAY, MAX_DELAY = 0.25, 5.0
"""Seconds before the second try, and at most before any."""


@define(eq=False)
class Outages:
    """Repeats what failed because of the database, for as long as it takes."""

    failures: tuple[type[Exception], ...]
    _delay: float = FIRST_DELAY
    _is_away: bool = False

    async def persist(self, action: Callable[[], Awaitable[T]], sleep: Callable[[float], Awaitable[object]]) -> T:
        """Repeat the action until it succeeds."""
        while True:
            try:
                result = await action()
            except self.failures as reason:
                await sleep(self.note(reason))
            else:
                self.end()
                return result

    async def until_stopped(self, action: Callable[[], Awaitable[T]], stop: Stop) -> T | None:
        """The same, but give up when a stop is requested."""
        while not stop.is_requested:
            try:
                result = await action()
            except self.failures as reason:
                await stop.sleep(self.note(reason))
            else:
                self.end()
                return result
        return None

    def note(self, reason: Exception) -> float:
        """Note a failure; returns the seconds to wait."""
        if not self._is_away:
            message = in_one_line(f"{type(reason).__name__}: {reason}")
            logger.warning("the database of the outbox cannot be used, trying again: %s", message)
        self._is_away = True
        delay, self._delay = self._delay, min(2 * self._delay, MAX_DELAY)
        return delay

    def end(self) -> None:
        """It answers."""
        if self._is_away:
            logger.info("the database of the outbox can be used again")
        self._is_away, self._delay = False, FIRST_DELAY
