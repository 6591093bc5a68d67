"""What the sandbox saw: one line a request, the latest ones kept."""

from collections import Counter, deque

from attrs import frozen

KEPT = 20_000
"""So many requests are remembered; all are counted."""


@frozen
class Seen:
    """One request as it arrived, and what became of it."""

    operation: str
    order_id: str
    key: str | None
    """Its `Klarna-Idempotency-Key`."""
    body: str
    """A digest of its bytes, empty for no body: equal for equal bytes."""
    status: int | None
    """Of the answer that was sent; None where none was (a reset, a hang, a cut head)."""
    fault: str
    """The fault that it met; empty for none."""
    at: float
    """On the sandbox's clock."""


class Record:
    """The requests that passed the credentials check, in the order in which they were answered."""

    def __init__(self) -> None:
        self.latest: deque[Seen] = deque(maxlen=KEPT)
        self.statuses: Counter[int | None] = Counter()
        self.faults: Counter[str] = Counter()

    def add(self, seen: Seen) -> None:
        """One more."""
        self.latest.append(seen)
        self.statuses[seen.status] += 1
        if seen.fault:
            self.faults[seen.fault] += 1

    @property
    def total(self) -> int:
        """How many there were."""
        return self.statuses.total()
