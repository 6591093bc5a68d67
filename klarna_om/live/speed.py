"""How fast the jobs are, over the last minute, from the readings of that minute."""

from collections import deque
from collections.abc import Iterable, Mapping
from uuid import UUID

from attrs import frozen

from klarna_om.live.state import JobState

WINDOW = 60.0
"""Seconds that a rate is about."""

LEAST = 2.0
"""Seconds of readings, before there is a rate."""

Counts = Mapping[UUID, tuple[int, int]]


@frozen
class Speed:
    """What a job did in a second, on average."""

    requests: float
    settled: float
    """Rows that were done or refused."""
    seconds: float
    """The time that it is about."""


class SpeedMeter:
    """Remembers the readings of the last minute."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, Counts]] = deque()

    def add(self, at: float, jobs: Iterable[JobState]) -> Mapping[UUID, Speed]:
        """Add a reading; returns the speed of each job that was there before."""
        counts = {job.job: (job.requests, job.totals.settled) for job in jobs}
        while self._readings and at - self._readings[0][0] > WINDOW:
            self._readings.popleft()
        self._readings.append((at, counts))
        return {job: speed for job in counts if (speed := self._speed_of(job, at, counts[job])) is not None}

    def _speed_of(self, job: UUID, now: float, counts: tuple[int, int]) -> Speed | None:
        at, before = next((at, known[job]) for at, known in self._readings if job in known)
        if (seconds := now - at) < LEAST:
            return None
        requests, settled = (max(0, after - earlier) / seconds for after, earlier in zip(counts, before, strict=True))
        return Speed(requests, settled, seconds)
