"""Evenly spaced send slots (GCRA): when the next one of a lane is due, and what taking it moves."""

from collections.abc import Mapping
from typing import Final

from klarna_om.pace.lanes import Lane

LATENESS: Final = 0.02
"""Seconds of a late wake-up that are compensated, so that a coarse timer does not cost quota."""
AHEAD: Final = 0.05
"""Seconds that slots are taken ahead at most where processes share them, so that a live call of another one does not
wait behind what is planned."""
LONGEST_SPACING: Final = 60.0
"""Seconds between slots at most, where several processes share them."""
LONGEST_AHEAD: Final = 65.0
"""Seconds. Nothing is planned or held further ahead, so what a shared state has beyond is of another clock."""
BOUNDS: Final[Mapping[str, float]] = {
    "ahead": AHEAD,
    "lateness": LATENESS,
    "longest": LONGEST_AHEAD,
    "spacing": LONGEST_SPACING,
}
"""What a store needs to know of them."""


class Slots:
    """The next slot of all calls (`live`), and the next one that a batch may take besides."""

    __slots__ = ("batch", "live")

    def __init__(self) -> None:
        self.live = self.batch = 0.0

    def due(self, lane: Lane, window: float) -> float:
        """When the next slot of a lane is due. A live call may go a tenth of a window early, of a second at most."""
        return self.live - early(window) if lane == "live" else max(self.live, self.batch)

    def take(self, lane: Lane, now: float, rate: float, share: float) -> None:
        """Take it; a batch's slots are `share` of the rate."""
        spacing = 1.0 / rate
        self.live = max(self.live, now - LATENESS) + spacing
        if lane == "batch":
            self.batch = max(self.batch, now - LATENESS) + spacing / share

    def move_nearer(self, now: float, factor: float) -> None:
        """The limit is raised: planned slots come nearer with it, so that no odd report outlasts the next good one."""
        self.live = now + (self.live - now) * factor
        self.batch = now + (self.batch - now) * factor


def early(window: float) -> float:
    """Seconds that a live call may be early."""
    return min(window, 1.0) / 10
