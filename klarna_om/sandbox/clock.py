"""The sandbox's time: the real time, until it is set."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Seconds since the epoch on the sandbox's clock; after `set` it continues from there.

    `Clock(lambda: 1_700_000_000.0)` stands still between calls of `advance` and `set`.
    """

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._offset = 0.0
        self._subscribers: list[Callable[[], None]] = []

    def __call__(self) -> float:
        """Seconds since the epoch."""
        return self._real() + self._offset

    @property
    def now(self) -> datetime:
        """The current time as a date-time in UTC."""
        return datetime.fromtimestamp(self(), UTC)

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the clock forward: orders expire, idempotency keys are forgotten, quotas start again."""
        self._offset += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
        self._tell()

    def set(self, moment: datetime) -> None:
        """Set the clock to this moment, which must have a time zone."""
        if moment.tzinfo is None:
            raise ValueError(f"{moment!r} has no time zone: write datetime(..., tzinfo=UTC)")
        self._offset = moment.timestamp() - self._real()
        self._tell()

    def reset(self) -> None:
        """Show the real time again."""
        self._offset = 0.0
        self._tell()

    def subscribe(self, subscriber: Callable[[], None]) -> None:
        """Call this whenever the clock was set or advanced, in the thread that does it."""
        self._subscribers.append(subscriber)

    def unsubscribe(self, subscriber: Callable[[], None]) -> None:
        """Do not call it any more."""
        self._subscribers.remove(subscriber)

    def _tell(self) -> None:
        for subscriber in tuple(self._subscribers):
            subscriber()


def format_timestamp(seconds: float) -> str:
    """A moment as Klarna writes it: `2022-07-08T09:48:16.680Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def midnight_after(seconds: float, days: int) -> float:
    """Midnight UTC, this number of days after the day of the moment: recorded orders expire at midnight."""
    day = datetime.fromtimestamp(seconds, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (day + timedelta(days=days)).timestamp()
