"""While what is shared is out of reach, a process paces by itself, at a quarter of the rate."""

import logging

from klarna_om.pace.lanes import Lane
from klarna_om.pace.merchant_limit import MerchantLimit
from klarna_om.pace.slots import Slots

SHARE = 0.25
"""Of the rate. Four processes that each pace alone stay within the limit."""
PATIENCE = 0.25
"""Seconds without an answer of what is shared, after which a process paces alone."""

_log = logging.getLogger("klarna_om")


class Alone:
    """Slots of this process's own, at a share of the last rate that was known."""

    def __init__(self, what: str) -> None:
        """`what` is out of reach, for the log."""
        self._what, self._slots = what, Slots()
        self.is_on = False

    def start(self, reason: str) -> None:
        """Log it once, when it begins."""
        if not self.is_on:
            self.is_on, self._slots = True, Slots()
            _log.warning("%s: %s; this process paces alone, at a quarter of the rate", self._what, reason)

    def stop(self) -> None:
        """What is shared is back."""
        if self.is_on:
            self.is_on = False
            _log.warning("%s is back; the pace is shared again", self._what)

    def due(self, lane: Lane, limit: MerchantLimit) -> float:
        """When the next slot is due."""
        return max(self._slots.due(lane, limit.rate.window * SHARE), limit.held_until)

    def take(self, lane: Lane, now: float, limit: MerchantLimit, share: float) -> None:
        """Take it."""
        self._slots.take(lane, now, limit.rate.value * SHARE, share)
