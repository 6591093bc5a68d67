"""CPU time, taken in turns: what a busy neighbour does to one contender it does to all.

Each round runs every contender once, in an order that moves on from round to round. A ratio is taken inside a round,
against the baseline of that very round, and the median of the rounds is reported.
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from statistics import median

from attrs import field, frozen


@frozen
class Spent:
    """What one run took for each of its calls, in seconds."""

    cpu: float
    wall: float


@frozen
class Series:
    """The runs of one contender, one each round."""

    runs: list[Spent] = field(factory=list[Spent])

    @property
    def cpu(self) -> float:
        """Seconds of CPU a call, the median of the rounds."""
        return median(run.cpu for run in self.runs)

    @property
    def rate(self) -> float:
        """Calls a second, the median of the rounds."""
        return 1 / median(run.wall for run in self.runs)

    def ratio_to(self, baseline: "Series") -> float:
        """How much more CPU than the baseline: the median of the ratios round by round."""
        return median(mine.cpu / theirs.cpu for mine, theirs in zip(self.runs, baseline.runs, strict=True))


def in_turns(contenders: Mapping[str, Callable[[], Spent]], rounds: int) -> dict[str, Series]:
    """Run every contender once a round."""
    series = {name: Series() for name in contenders}
    names = list(contenders)
    gc.collect()
    gc.freeze()  # what is there already is no part of anybody's run
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            series[name].runs.append(contenders[name]())
    gc.unfreeze()
    return series


def spent(run: Callable[[], object], calls: int) -> Spent:
    """The time that a run of so many calls takes."""
    gc.collect()  # the garbage of others is not billed
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return Spent((time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls)


async def at_once(call: Callable[[str], Awaitable[object]], ids: Iterable[str], in_flight: int) -> None:
    """Make a call for each id, so many at a time."""
    remaining = iter(ids)

    async def work() -> None:
        for one in remaining:
            await call(one)

    await asyncio.gather(*(work() for _ in range(in_flight)))


def microseconds(seconds: float) -> str:
    """Seconds as microseconds, as the tables show them."""
    return f"{seconds * 1e6:.1f}" if seconds < 1e-4 else f"{seconds * 1e6:.0f}"
