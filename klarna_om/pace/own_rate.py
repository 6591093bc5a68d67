"""The most that one user of a shared pace sends, below what all of them may."""

from klarna_om.pace.slots import LATENESS


class OwnRate:
    """`highest` requests a second, evenly; without it, no limit."""

    __slots__ = ("_next", "_spacing")

    def __init__(self, highest: float | None) -> None:
        self._spacing = 0.0 if highest is None else 1.0 / highest
        self._next = 0.0

    def due(self) -> float:
        """When the next request may be sent, on the clock; 0 for at any time."""
        return self._next

    def count_until(self, until: float, most: int) -> int:
        """How many requests may be sent until then."""
        if not self._spacing:
            return most
        return min(most, 1 + int((until - self._next) / self._spacing)) if until >= self._next else 0

    def take(self, now: float, number: int = 1) -> None:
        """So many requests are sent."""
        if self._spacing and number:
            self._next = max(self._next, now - LATENESS) + number * self._spacing
