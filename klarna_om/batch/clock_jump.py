"""A run stops when the clock of its machine jumps: the age of every key is reckoned by that clock."""

from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import define, field

from klarna_om.batch.states import CLOCK_SLACK
from klarna_om.batch.stop import Stop


@define(eq=False)
class ClockWatch:
    """Compares the time of day with the monotonic clock, which nobody sets, from the start of the run."""

    stop: Stop
    now: Callable[[], datetime]
    clock: Callable[[], float]
    _offset: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._offset = self._difference()

    def check(self) -> None:
        """Request a stop when the two clocks have moved apart by half an hour."""
        moved = timedelta(seconds=round(self._difference() - self._offset))
        if abs(moved) > CLOCK_SLACK:
            direction = "forward" if moved > timedelta() else "back"
            self.stop.request(
                f"the clock of this machine went {direction} by {abs(moved)}: it was set, or the machine slept; check"
                " that the time of day is right"
            )

    def _difference(self) -> float:
        return self.now().timestamp() - self.clock()
