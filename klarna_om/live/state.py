"""What a database says about its jobs at one moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import frozen

from klarna_om.batch.totals import Totals


@frozen
class Allowed:
    """What a rate limit allows: requests a second."""

    rate: float
    """Now: less than the ceiling after a 429."""
    ceiling: float


@frozen
class JobState:
    """A job and how far it is."""

    job: UUID
    operation: str
    target: str
    created_at: datetime
    totals: Totals
    """Of its rows; lines that are no row are not counted."""
    requests: int
    limit: Allowed | None = None
    """As the job has recorded it; workers of many machines do not."""

    @property
    def open(self) -> int:
        """Rows that workers will call."""
        return self.totals.pending + self.totals.unknown


@frozen
class Chunk:
    """A chunk that a worker has, or had when it was lost."""

    job: UUID
    number: int
    worker: UUID
    seconds: float
    """Until its lease is over; negative since it is."""


@frozen
class Pace:
    """The rate limit that all machines of a merchant share in this database."""

    allowed: Allowed
    held: float
    """Seconds for which nothing may be sent; negative where it may."""


@frozen
class Item:
    """A row, or a line that is none, that needs a person."""

    job: UUID
    line: int
    order: str
    """The order id, or the line itself where it has none."""
    reference: str
    outcome: str
    status: int | None = None
    error_code: str | None = None
    correlation_id: str | None = None
    idempotency_key: str | None = None
    finished_at: datetime | None = None
    detail: str | None = None


@frozen
class Code:
    """Rows that ended alike."""

    outcome: str
    status: int | None
    error_code: str
    """Its first 200 characters."""
    count: int


@frozen
class State:
    """One reading. Lists are bounded; the numbers beside them are not."""

    jobs: Sequence[JobState] = ()
    """Those with open rows first."""
    running: int = 0
    """Jobs with open rows."""
    all_jobs: int = 0
    chunks: Sequence[Chunk] = ()
    """The lease that ends first is the first."""
    paces: Sequence[Pace] = ()
    codes: Sequence[Code] = ()
    items: Sequence[Item] = ()
    """Escalated, refused and unusable ones, in this order; the latest first."""
    unusable: Mapping[str, int] = {}
    """Lines by their problem, at most 10,000 of a job."""
