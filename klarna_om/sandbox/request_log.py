"""The sandbox's request log: one entry per request. The latest are kept, all are counted."""

from collections import Counter, deque
from collections.abc import Mapping

from attrs import frozen

MAX_ENTRIES = 20_000
"""How many requests are kept."""
_SECRET_HEADERS = frozenset(["authorization", "cookie", "proxy-authorization"])


@frozen(kw_only=True)
class LoggedRequest:
    """One request and its response."""

    operation: str
    method: str
    path: str
    order_id: str
    headers: Mapping[str, str]
    """Without the credentials."""
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


def headers_to_log(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers as they were sent, without the credentials."""
    return {name: value for name, value in headers.items() if name.lower() not in _SECRET_HEADERS}


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
