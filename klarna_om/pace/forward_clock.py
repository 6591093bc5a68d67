"""A clock that never goes backwards, also when the machine's does."""

from collections.abc import Callable


class ForwardClock:
    """When the clock below is set back, time stops for that moment and continues from there.

    Without it, every slot and wait that is already planned would move away by as much as the clock was set back.
    """

    __slots__ = ("_latest", "_offset", "_read")

    def __init__(self, read: Callable[[], float]) -> None:
        """Read the time with `read`, in seconds."""
        self._read = read
        self._offset, self._latest = 0.0, float("-inf")

    def __call__(self) -> float:
        """Seconds; never fewer than before."""
        now = self._read() + self._offset
        if now < self._latest:
            self._offset += self._latest - now
            return self._latest
        self._latest = now
        return now
