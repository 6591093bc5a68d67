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
class CallTime:
    """Seconds for each call of one run."""

    cpu: float
    wall: float


@frozen
class Series:
    """The runs of one contender, one each round."""

    runs: list[CallTime] = field(factory=list[CallTime])

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


def in_turns(contenders: Mapping[str, Callable[[], CallTime]], rounds: int) -> dict[str, Series]:
    """Run every contender once a round."""
    series = {name: Series() for name in contenders}
    names = list(contenders)
    gc.collect()
    gc.freeze()  # existing objects are no part of any run
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            series[name].runs.append(contenders[name]())
    gc.unfreeze()
    return series


def time_calls(run: Callable[[], object], calls: int) -> CallTime:
    """The time for each call of a run."""
    gc.collect()  # earlier garbage is not counted
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return CallTime((time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls)


async def at_once(call: Callable[[str], Awaitable[object]], ids: Iterable[str], in_flight: int) -> None:
    """Make a call for each id, at most `in_flight` at a time."""
    remaining = iter(ids)

    async def work() -> None:
        for one in remaining:
            await call(one)

    await asyncio.gather(*(work() for _ in range(in_flight)))


def microseconds(seconds: float) -> str:
    """Seconds as microseconds, as the tables show them."""
    return f"{seconds * 1e6:.1f}" if seconds < 1e-4 else f"{seconds * 1e6:.0f}"
