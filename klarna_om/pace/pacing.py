"""What a pace does for a client, whoever shares it: this process, this machine, or many machines."""

from typing import Protocol, runtime_checkable

from attrs import frozen

from klarna_om.exchange import Response
from klarna_om.pace.lanes import Lane
from klarna_om.pace.merchant import Merchant


@frozen
class PaceSnapshot:
    """The state of the pace, for metrics."""

    rate: float
    """Requests a second now."""
    ceiling: float
    """Requests a second that the rate may grow back to."""
    held_for: float
    """Seconds for which nothing may be sent."""
    waiting_live: int
    """Calls that wait in this process."""
    waiting_batch: int


@runtime_checkable
class Pacing(Protocol):
    """Every attempt takes a slot, retries too; each answer of Klarna's is observed. It belongs to one event loop."""

    def try_acquire(self, lane: Lane, share: float = 1.0) -> bool:
        """Take a slot if one is due now and nobody waits for it.

        A batch takes at most `share` of the rate, which leaves slots for live calls; the last call sets it.
        """
        ...

    async def acquire(self, lane: Lane) -> None:
        """Wait for a slot."""
        ...

    def observe(self, response: Response) -> None:
        """Follow what an answer reports of the quota."""
        ...

    def snapshot(self) -> PaceSnapshot:
        """The state of the pace."""
        ...


@runtime_checkable
class PaceSource(Protocol):
    """Where the pace of a merchant comes from: `KlarnaClient(pace=...)` takes one, and asks it in the event loop."""

    def pacing(self, merchant: Merchant, highest: float | None = None) -> Pacing:
        """The pace of that merchant; with `highest`, one whose user sends no more than that a second."""
        ...
