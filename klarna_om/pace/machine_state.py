"""The numbers that the processes of a machine share, read and written under the lock of their file.

The cells are: the format, the next live and the next batch slot, the end of the hold, and the numbers of the rate.
Times are on the monotonic clock, which begins with the machine.
"""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path

from klarna_om.pace.adaptive_rate import are_possible
from klarna_om.pace.lanes import Lane
from klarna_om.pace.machine_file import MachineFile
from klarna_om.pace.merchant_limit import MerchantLimit
from klarna_om.pace.slots import LONGEST_AHEAD, LONGEST_SPACING, Slots

FORMAT = 1.0
_RATE = 4
"""The first cell of the rate's numbers."""
CHECKED_EVERY = 1.0
"""Seconds after which a process looks whether its file is still the one that others open."""


class MachineState:
    """What was last read; it is what everybody knows between `lock` and `unlock`."""

    def __init__(self, path: Path, limit: MerchantLimit) -> None:
        self.limit, self.slots = limit, Slots()
        self._path, self._file = path, MachineFile(path)
        self._checked_at = 0.0
        self._known: Sequence[float] | None = None

    def lock(self, now: float, tries: int) -> bool:
        """Have the numbers for oneself; False where another process has them."""
        if now - self._checked_at >= CHECKED_EVERY:
            self._checked_at = now
            if not self._file.is_usable():
                self._file = MachineFile(self._path)
        if not self._file.try_lock(tries):
            return False
        self._read(now)
        return True

    def unlock(self) -> None:
        """Let others have them."""
        self._file.unlock()

    def due(self, lane: Lane) -> float:
        """When the next slot of a lane is due."""
        return max(self.slots.due(lane, self.limit.rate.window), self.limit.held_until)

    def take(self, lane: Lane, now: float, share: float) -> None:
        """Take it, for all to see."""
        slots, cells = self.slots, self._file.cells
        self.limit.rate.grow(now)
        slots.take(lane, now, self.limit.rate.value, share)
        slots.live, slots.batch = min(slots.live, now + LONGEST_SPACING), min(slots.batch, now + LONGEST_SPACING)
        cells[1], cells[2] = slots.live, slots.batch

    def write(self) -> None:
        """Write everything, each number by itself."""
        limit, slots = self.limit, self.slots
        self._known = [*limit.rate.numbers()]
        for index, number in enumerate((FORMAT, slots.live, slots.batch, limit.held_until, *self._known)):
            self._file.cells[index] = number

    def forget(self) -> None:
        """What is known was changed for this process alone: read all of it the next time."""
        self._known = None

    def _read(self, now: float) -> None:
        """Take over what is there; where that cannot be, write what this process knows."""
        form, live, batch, held_until, *rate = self._file.cells.tolist()
        if form != FORMAT or not _is_near(now, live, batch, held_until):
            self.write()
            return
        if rate != self._known:
            if not are_possible(rate, now):
                self.write()
                return
            self.limit.rate.restore(rate)
            self._known = [*rate]
        self.slots.live, self.slots.batch, self.limit.held_until = live, batch, held_until


def _is_near(now: float, *times: float) -> bool:
    return all(isfinite(time) and time <= now + LONGEST_AHEAD for time in times)
