"""The progress and the result of a job, in numbers that add up."""

from datetime import datetime

from attrs import frozen


@frozen
class Totals:
    """Every line of the manifest, once."""

    done: int = 0
    refused: int = 0
    unknown: int = 0
    escalated: int = 0
    """Rows whose outcome is unknown, and that a person must look at."""
    pending: int = 0
    duplicate: int = 0
    """Lines that name an order which an earlier line named."""
    blank: int = 0
    malformed: int = 0
    """Lines that cannot be sent as they are; nothing was sent for them."""
    conflict: int = 0
    """Lines with another request under a reference that is in use; nothing was sent for them."""

    @property
    def settled(self) -> int:
        """Orders for which Klarna's answer is known."""
        return self.done + self.refused

    @property
    def unusable(self) -> int:
        """Lines with data for which nothing was sent."""
        return self.malformed + self.conflict

    @property
    def orders(self) -> int:
        """Different orders in the manifest."""
        return self.done + self.refused + self.unknown + self.escalated + self.pending

    @property
    def lines(self) -> int:
        """Lines in the manifest."""
        return self.orders + self.duplicate + self.blank + self.malformed + self.conflict

    def __str__(self) -> str:
        counts = {
            "done": self.done,
            "refused": self.refused,
            "unknown": self.unknown,
            "escalated": self.escalated,
            "pending": self.pending,
            "duplicate": self.duplicate,
            "blank": self.blank,
            "malformed": self.malformed,
            "conflict": self.conflict,
        }
        always_fail = ("done", "refused", "unknown")
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count or name in always_fail)


@frozen
class Pause:
    """Most calls fail, so a job sends only one probe at a time."""

    cause: str
    """Why the last call failed."""
    next_try_in: float
    """Seconds until the next probe; 0 while one is in progress."""


@frozen
class Progress:
    """The progress of a job. What it counts as done, refused or unknown is on disk."""

    totals: Totals
    rate: float | None = None
    """Orders per second, over the last ten seconds; None until it is measured."""
    eta: float | None = None
    """Seconds until no order is pending at this rate; None where that is not known."""
    pause: Pause | None = None
    """Set while the job is paused."""
    summary: "Summary | None" = None
    """The result of the run, in the last progress of `Job.run`."""

    @property
    def is_paused(self) -> bool:
        """Is only one probe sent at a time?"""
        return self.pause is not None


@frozen
class Summary:
    """The result of a run."""

    job_id: str
    totals: Totals
    elapsed: float = 0.0
    """Seconds that this run took."""
    settled_now: int = 0
    """Orders that this run settled; the rest of `totals.settled` was settled before."""
    due: datetime | None = None
    """When the first of the rows that are still unknown is to be tried again, by Klarna's schedule."""
    stopped_by: str = ""
    """Why the run stopped before it had tried all rows."""

    @property
    def rate(self) -> float:
        """Orders per second that this run settled."""
        return self.settled_now / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def is_complete(self) -> bool:
        """Every order of the manifest is settled: done, or refused by Klarna."""
        return self.totals.settled == self.totals.orders
