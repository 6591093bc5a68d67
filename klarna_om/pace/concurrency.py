"""How many requests may be under way at once: it bounds what a crash can repeat, and sizes the pool."""

from klarna_om.pace.lanes import Lane, Lanes


class ConcurrencyLimiter:
    """A semaphore of two lanes: an eighth of the places is kept for live calls, so that no batch can fill them all."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError("in_flight must be at least 1")
        self.taken = 0
        self._lanes = Lanes()
        self.capacity = capacity
        self._for_batch = capacity - capacity // 8

    def try_acquire(self, lane: Lane = "live") -> bool:
        """Take a place if one is free; a released one has already been offered to those who wait."""
        if self.taken >= (self.capacity if lane == "live" else self._for_batch):
            return False
        self.taken += 1
        return True

    async def acquire(self, lane: Lane) -> None:
        """Wait for a place."""
        turn = self._lanes.join(lane)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.release()  # the place came in the same moment as the cancellation
            raise

    def release(self) -> None:
        """Hand the place to the first who waits, the live lane first."""
        if not self._lanes.are_empty:
            if self._lanes.wake_next("live"):
                return
            if self.taken <= self._for_batch and self._lanes.wake_next("batch"):
                return
        self.taken -= 1

    def waiting(self, lane: Lane) -> int:
        """How many wait in a lane."""
        return self._lanes.count(lane)
