"""A job in numbers, as its page shows it: what a journal answers to `Journal.facts`."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen


@frozen
class Limit:
    """What the rate limit allowed from a moment on."""

    at: datetime
    ceiling: float
    """Requests a second that the job may send at most."""
    rate: float
    """Requests a second that it might send then: less than the ceiling after a 429."""


@frozen
class Group:
    """Rows or lines of the current manifest that ended alike."""

    outcome: str
    """As `Line.outcome`: `refused`, `unknown`, `escalated`, `malformed` or `conflict`."""
    status: int | None
    error_code: str | None
    count: int
    lines: tuple[int, ...]
    """The first of them in the manifest."""


@frozen
class Stretch:
    """A time in which results came, without a long pause."""

    start: datetime
    width: int
    """Seconds for each number in `requests`."""
    requests: Mapping[str, Sequence[int]]
    """By the state of the row; the requests of a row count when its result came."""

    @property
    def seconds(self) -> int:
        """How long it is."""
        return self.width * max(map(len, self.requests.values()))


@frozen
class JobFacts:
    """All of it is about the current manifest, but for the limits."""

    target: str
    created_at: datetime
    first_call: datetime | None = None
    last_result: datetime | None = None
    requests: int = 0
    groups: Sequence[Group] = ()
    """The largest first."""
    durations: Sequence[tuple[int, int]] = ()
    """Milliseconds, to three digits, and how many settled rows took so long; in ascending order."""
    stretches: Sequence[Stretch] = ()
    limits: Sequence[Limit] = ()
    """In the order of time."""
