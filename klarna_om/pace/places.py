"""How many requests may be under way at once: it bounds what a crash can repeat, and sizes the pool."""

from klarna_om.pace.lanes import Lane, Lanes


class Places:
    """A semaphore of two lanes."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError("in_flight must be at least 1")
        self.capacity = capacity
        self.taken = 0
        self._lanes = Lanes()

    def take_at_once(self) -> bool:
        """Take a place if one is free; whoever gives one back has already offered it to those who wait."""
        if self.taken >= self.capacity:
            return False
        self.taken += 1
        return True

    async def take(self, lane: Lane) -> None:
        """Wait for a place."""
        turn = self._lanes.join(lane)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give_back()  # the place came in the same moment as the cancellation
            raise

    def give_back(self) -> None:
        """Hand the place to whoever waits longest, the live lane first."""
        if self._lanes.are_empty or not (self._lanes.call("live") or self._lanes.call("batch")):
            self.taken -= 1

    def waiting(self, lane: Lane) -> int:
        """How many wait in a lane."""
        return self._lanes.count(lane)
