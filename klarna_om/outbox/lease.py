"""The right to work on an intent for a while, by this process's own clocks: over, nothing is sent any more."""

import time
from collections.abc import Callable

from attrs import define, field

from klarna_om.outbox.errors import LeaseLost
from klarna_om.outbox.store import Claim

MONOTONIC: Callable[[], float] = time.monotonic
WALL_CLOCK: Callable[[], float] = time.time


@define(eq=False)
class Lease:
    """Of `seconds` from before it was asked for, so it ends here before it ends in the database.

    A machine that slept has lost its leases: the monotonic clock may stand still then, so the wall clock counts too.
    """

    claim: Claim
    seconds: float
    _monotonic: Callable[[], float]
    _wall_clock: Callable[[], float]
    _ends: tuple[float, float] = field(init=False)

    def hold_from(self, asked: tuple[float, float]) -> None:
        """Note that the database granted, or renewed, it after this moment on the two clocks."""
        self._ends = asked[0] + self.seconds, asked[1] + self.seconds

    def end(self) -> None:
        """Another process has taken it over."""
        self._ends = float("-inf"), float("-inf")

    def check(self) -> None:
        """Raise `LeaseLost` where it is over."""
        if self._monotonic() < self._ends[0] and self._wall_clock() < self._ends[1]:
            return
        error = LeaseLost(
            "the lease of this intent is over: another process may be at work on it; this attempt was not sent"
        )
        error.operation, error.order_id = self.claim.intent.operation, self.claim.intent.order_id
        raise error
