"""Pacers against a server that enforces a limit, in steps of a millisecond: no socket, no waiting, always the same."""

import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Self

from attrs import define, field

from klarna_om.pace.lanes import Lane
from klarna_om.pace.pacer import Pacer
from tests.pace.scenario import answer, quota
from tests.support.time import Clock

LIMIT = 200
IN_FLIGHT = 64
QUICKEST, SLOWEST = 0.02, 0.06
"""Seconds that a request, and that an answer, is under way."""


@define
class FixedWindow:
    """Counts by the second of the clock, as the sandbox does."""

    _second: int = -1
    _used: int = 0

    def remaining_after(self, now: float) -> int:
        """Count a request. How many remain; negative where it is turned away."""
        if int(now) != self._second:
            self._second, self._used = int(now), 0
        self._used = min(LIMIT + 1, self._used + 1)
        return LIMIT - self._used


@define
class SlidingWindow:
    """Counts what was admitted in the second before."""

    _admitted: deque[float] = field(factory=deque[float])

    def remaining_after(self, now: float) -> int:
        """Count a request. How many remain; negative where it is turned away."""
        while self._admitted and self._admitted[0] <= now - 1:
            self._admitted.popleft()
        if len(self._admitted) == LIMIT:
            return -1
        self._admitted.append(now)
        return LIMIT - len(self._admitted)


Server = FixedWindow | SlidingWindow


@define
class Outage:
    """Seconds between which a share of the requests is turned away, whatever the limit."""

    start: float = 0.0
    end: float = 0.0
    share: float = 1.0


@define
class Process:
    """One process of the merchant, which always has something to send."""

    pacer: Pacer
    in_flight: int = 0


@define
class Simulation:
    """Processes of one merchant and their server; `admitted` and `refused` count by the second."""

    server: Server
    number: int = 1
    outage: Outage = field(factory=Outage)
    lane: Lane = "batch"
    has_headers: bool = True
    admitted: Counter[int] = field(factory=Counter[int])
    refused: Counter[int] = field(factory=Counter[int])
    rates: list[float] = field(factory=list[float])
    """Of the first process, at each tenth of a second."""
    _clock: Clock = field(factory=lambda: Clock(0.0))
    _chance: random.Random = field(factory=lambda: random.Random(1))
    _events: list[tuple[float, int, Callable[[], None]]] = field(factory=list[tuple[float, int, Callable[[], None]]])
    _order: Iterator[int] = field(factory=count)

    def run(self, seconds: int) -> Self:
        """Let this much time pass."""
        processes = [Process(Pacer(LIMIT, clock=self._clock, uniform=self._chance.uniform)) for _ in range(self.number)]
        for step in range(seconds * 1000):
            self._clock.now = step / 1000
            while self._events and self._events[0][0] <= self._clock.now:
                heappop(self._events)[2]()
            for process in processes:
                while process.in_flight < IN_FLIGHT and process.pacer.try_acquire(self.lane):
                    self._send(process)
            if step % 100 == 0:
                self.rates.append(processes[0].pacer.snapshot().rate)
        return self

    def used(self, start: int, end: int) -> float:
        """The share of the limit that was admitted in these seconds."""
        return sum(self.admitted[second] for second in range(start, end)) / (LIMIT * (end - start))

    def refused_share(self, start: int, end: int) -> float:
        """The share of the requests that got a 429 in these seconds."""
        refused = sum(self.refused[second] for second in range(start, end))
        return refused / (refused + LIMIT * (end - start) * self.used(start, end))

    def seconds_until(self, rate: float, start: int) -> float:
        """How long it takes from `start` until the first process has this rate."""
        return next(tenths for tenths, seen in enumerate(self.rates[start * 10 :]) if seen >= rate) / 10

    def _later(self, event: Callable[[], None]) -> None:
        heappush(self._events, (self._clock.now + self._chance.uniform(QUICKEST, SLOWEST), next(self._order), event))

    def _send(self, process: Process) -> None:
        process.in_flight += 1
        self._later(partial(self._serve, process, self._clock.now))

    def _serve(self, process: Process, sent_at: float) -> None:
        now, outage = self._clock.now, self.outage
        is_out = outage.start <= now < outage.end and self._chance.random() < outage.share
        remaining = -1 if is_out else self.server.remaining_after(now)
        (self.refused if remaining < 0 else self.admitted)[int(now)] += 1
        self._later(partial(self._observe, process, sent_at, remaining))

    def _observe(self, process: Process, sent_at: float, remaining: int) -> None:
        process.in_flight -= 1
        status, elapsed = 429 if remaining < 0 else 204, self._clock.now - sent_at
        full = quota(f"{LIMIT}, {LIMIT};w=1", str(max(0, remaining)), "1", status=status, elapsed=elapsed)
        process.pacer.observe(full if self.has_headers else answer(status, elapsed))
