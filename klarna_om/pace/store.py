"""What a pace between machines asks of a database: a row for each merchant, decided there by the database's clock."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen

from klarna_om.pace.lanes import Lane

Ask = Mapping[Lane, int]
"""How many slots each lane could use."""


@frozen
class Grant:
    """What a store has answered. Times are in seconds since the epoch, on the store's clock."""

    now: float
    slots: Mapping[Lane, Sequence[float]]
    """The instants of the granted slots."""
    due: Mapping[Lane, float]
    """When the slot after them is due."""
    held_until: float
    version: int
    """Of the rate."""
    rate: Sequence[float]
    """`AdaptiveRate.numbers()`."""


class Store(Protocol):
    """One merchant's row. Whatever a method raises means that the store is away."""

    async def fetch(self, ask: Ask, share: float) -> Grant:
        """Take up to so many slots, at most `AHEAD` seconds ahead together with those of all other processes."""
        ...

    async def write(
        self, version: int, rate: Sequence[float], per_second: float, held_until: float, nearer: float
    ) -> bool:
        """Write a rate and a hold; False where somebody else has written since `version`."""
        ...

    def abort(self) -> None:
        """Let the method that runs end at once."""
        ...

    async def close(self) -> None:
        """Close what was opened here."""
        ...


def grant_of(answer: Sequence[Any]) -> Grant:
    """The grant in a row of PostgreSQL, or in what the script in Redis returns."""
    *numbers, rate = answer
    now, live, live_from, batch, batch_from, next_live, next_batch, held_until, early, *rest = map(float, numbers)
    per_second, batch_per_second, version = rest
    slots: dict[Lane, list[float]] = {
        "live": [max(live_from - early + number / per_second, held_until, now) for number in range(int(live))],
        "batch": [batch_from + number / batch_per_second for number in range(int(batch))],
    }
    due: dict[Lane, float] = {
        "live": max(next_live - early, held_until),
        "batch": max(next_live, next_batch, held_until),
    }
    return Grant(now, slots, due, held_until, int(version), rate)
