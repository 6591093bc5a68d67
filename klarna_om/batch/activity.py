"""When did a job do something? It may pause for hours, and a picture of all that time would show nothing."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from klarna_om.batch.job_facts import Stretch

QUIET = timedelta(minutes=3)
"""Without a result for longer than this a stretch is over: what is unknown is repeated after five minutes."""

MOST_STRETCHES = 4
"""That are pictured, those with the most requests."""

LEAST_SHARE = 0.01
"""Of all requests, for a stretch that is pictured."""

MOST_BINS = 120
"""Of a stretch."""

WIDTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600)
"""Seconds that a bin may have."""


class Minute(NamedTuple):
    """The results of a minute of the clock."""

    first: datetime
    last: datetime
    requests: int


class Window(NamedTuple):
    """The times of a stretch, and the seconds of its bins."""

    start: datetime
    end: datetime
    width: int

    @property
    def bins(self) -> int:
        """How many bins it has."""
        return int((self.end - self.start).total_seconds()) // self.width + 1


def find_windows(minutes: Iterable[Minute]) -> list[Window]:
    """The stretches to picture, in the order of time, from minutes in that order."""
    found: list[Minute] = []
    for minute in minutes:
        if found and minute.first - found[-1].last <= QUIET:
            found[-1] = Minute(found[-1].first, minute.last, found[-1].requests + minute.requests)
        else:
            found.append(minute)
    least = LEAST_SHARE * sum(stretch.requests for stretch in found)
    busiest = sorted(found, key=lambda stretch: -stretch.requests)[:MOST_STRETCHES]
    return [_window(stretch) for stretch in sorted(busiest) if stretch.requests >= least]


def make_stretch(window: Window, counts: Iterable[tuple[str, int, int]]) -> Stretch:
    """A stretch from its counts: the state, the number of the bin, and the requests."""
    requests: dict[str, list[int]] = {}
    for state, number, count in counts:
        bins = requests.setdefault(state, [0] * window.bins)
        bins[min(max(number, 0), window.bins - 1)] += count
    return Stretch(window.start, window.width, requests)


def _window(stretch: Minute) -> Window:
    start = stretch.first.replace(microsecond=0)
    seconds = (stretch.last - start).total_seconds()
    return Window(start, stretch.last, _width(seconds, WIDTHS))


def _width(seconds: float, widths: Sequence[int]) -> int:
    return next((width for width in widths if seconds / width < MOST_BINS), widths[-1])
