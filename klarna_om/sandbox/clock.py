"""The sandbox's time: the real one, until somebody sets it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Seconds since the epoch, as the sandbox sees them; it goes on from wherever it is set.

    `Clock(lambda: 1_700_000_000.0)` stands still between calls of `advance` and `set`.
    """

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._ahead = 0.0

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self._real() + self._ahead

    @property
    def now(self) -> datetime:
        """The same moment as a date-time in UTC."""
        return datetime.fromtimestamp(self(), UTC)

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Let this much time pass at once: orders expire, keys are forgotten, quotas start again."""
        self._ahead += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()

    def set(self, moment: datetime) -> None:
        """Make it this moment; it must carry a time zone."""
        if moment.tzinfo is None:
            raise ValueError(f"{moment!r} has no time zone: write datetime(..., tzinfo=UTC)")
        self._ahead = moment.timestamp() - self._real()


def stamp(seconds: float) -> str:
    """A moment as Klarna writes it: `2022-07-08T09:48:16.680Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def midnight(seconds: float, days: int) -> float:
    """Midnight UTC so many days after the day of this moment: recorded orders expire at midnight."""
    day = datetime.fromtimestamp(seconds, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (day + timedelta(days=days)).timestamp()
