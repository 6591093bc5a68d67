"""The sandbox's request log: one entry per request. The latest are kept, all are counted."""

from collections import Counter, deque

from attrs import frozen

MAX_ENTRIES = 20_000
"""How many requests are kept."""


@frozen(kw_only=True)
class LoggedRequest:
    """One request and its response."""

    operation: str
    order_id: str
    key: str | None
    """Its `Klarna-Idempotency-Key`."""
    body_digest: str
    """A digest of the body's bytes, the same for the same bytes; empty for no body."""
    status: int | None
    """Of the response; None where none was sent in full (a reset, a hang, truncated headers)."""
    fault: str
    """The fault that it met; empty for none."""
    time: float
    """On the sandbox's clock, in seconds since the epoch."""


class RequestLog:
    """The requests with valid credentials, in the order in which they were answered."""

    def __init__(self) -> None:
        self.latest: deque[LoggedRequest] = deque(maxlen=MAX_ENTRIES)
        self.statuses: Counter[int | None] = Counter()
        self.faults: Counter[str] = Counter()

    def add(self, entry: LoggedRequest) -> None:
        """Keep and count one request."""
        self.latest.append(entry)
        self.statuses[entry.status] += 1
        if entry.fault:
            self.faults[entry.fault] += 1

    @property
    def total(self) -> int:
        """How many requests were logged."""
        return self.statuses.total()
