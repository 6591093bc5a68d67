"""What the page says, in words."""

from collections.abc import Sequence
from uuid import UUID

from attrs import frozen

from klarna_om.batch.page.numbers import show_count
from klarna_om.live.board import Board
from klarna_om.live.speed import Speed
from klarna_om.live.state import Allowed, Chunk, Item, JobState, State

OUTCOMES = ("done", "refused", "unknown", "escalated", "pending")
"""In the order of the bar."""


@frozen
class JobView:
    """A job, its speed, and who works on it."""

    state: JobState
    speed: Speed | None
    limit: Allowed | None
    published: int | None
    """Requests a second that Klarna publishes for the host, where no limit was recorded."""
    workers: int

    @property
    def parts(self) -> list[tuple[str, int]]:
        """Its rows by outcome, without empty ones."""
        return [(name, count) for name in OUTCOMES if (count := getattr(self.state.totals, name))]

    @property
    def eta(self) -> float | None:
        """Seconds until no row is open, at this speed; None where it is not known."""
        if self.speed is None or not self.speed.settled:
            return None
        return self.state.open / self.speed.settled


@frozen
class WorkerView:
    """The chunks of a job that a worker has, or had when it was lost."""

    worker: UUID
    job: JobState
    chunks: Sequence[Chunk]

    @property
    def seconds(self) -> float:
        """Until the first lease is over."""
        return min(chunk.seconds for chunk in self.chunks)

    @property
    def is_lost(self) -> bool:
        """Is a lease over, and nobody has taken the chunk?"""
        return self.seconds <= 0


@frozen
class Group:
    """What needs a person for the same reason."""

    outcome: str
    status: int | None
    error_code: str | None
    meaning: str
    advice: str
    what_to_do: str
    items: Sequence[Item]
    total: int
    """Of which the items are the latest, as far as it is known."""


@frozen
class View:
    """All that the page shows."""

    board: Board
    state: State
    running: Sequence[JobView]
    finished: Sequence[JobView]
    workers: Sequence[WorkerView]
    groups: Sequence[Group]
    alerts: Sequence[str]

    @property
    def for_a_person(self) -> int:
        """Rows and lines of the shown jobs that nothing settles but a person."""
        totals = [job.totals for job in self.state.jobs]
        return sum(each.refused + each.escalated for each in totals) + sum(self.state.unusable.values())

    @property
    def hidden(self) -> int:
        """Of these, those that are not listed."""
        return self.for_a_person - len(self.state.items)

    @property
    def has_placeholder(self) -> bool:
        """Does a command name no job, as its group has rows of several?"""
        return any(len({item.job for item in group.items}) > 1 for group in self.groups)

    @property
    def verdict(self) -> str:
        """The page in a sentence."""
        if self.board.state is None:
            return "The database is away."
        jobs = agree(self.state.running, "job runs", "jobs run") if self.state.running else "No job runs"
        rest = agree(self.for_a_person, "row needs a person", "rows need a person") if self.for_a_person else ""
        return f"{jobs}, {rest}." if rest else f"{jobs}, nothing needs a person."


def agree(count: int, one: str, many: str) -> str:
    """A count with the words that agree with it."""
    return f"{show_count(count)} {one if count == 1 else many}"
