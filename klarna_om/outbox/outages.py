"""The database is away: everything waits and tries again, and it is logged, again about every minute."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from attrs import define

from klarna_om.batch.calls import in_one_line
from klarna_om.batch.stop import Stop

LOG_AGAIN = 60.0
"""Seconds of waiting after which an outage is logged again."""

T = TypeVar("T")

logger = logging.getLogger("klarna_om.outbox")

FIRST_DELAY, MAX_DELAY = 0.25, 5.0
"""Seconds before the second try, and at most before any."""


@define(eq=False)
class Outages:
    """Repeats what failed because of the database, for as long as it takes."""

    failures: tuple[type[Exception], ...]
    patience: float | None = None
    """Seconds of waiting after which the failure is raised; None for as long as it takes."""
    _delay: float = FIRST_DELAY
    _waited: float = 0.0
    _logged_at: float | None = None

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
        """Note a failure; returns the seconds to wait, or raises it when it has lasted too long."""
        if self.patience is not None and self._waited >= self.patience:
            raise reason
        if self._logged_at is None or self._waited - self._logged_at >= LOG_AGAIN:
            message = in_one_line(f"{type(reason).__name__}: {reason}")
            logger.warning("the database of the outbox cannot be used, trying again: %s", message)
            self._logged_at = self._waited
        delay, self._delay = self._delay, min(2 * self._delay, MAX_DELAY)
        self._waited += delay
        return delay

    def end(self) -> None:
        """It answers."""
        if self._logged_at is not None:
            logger.info("the database of the outbox can be used again")
        self._logged_at, self._waited, self._delay = None, 0.0, FIRST_DELAY
