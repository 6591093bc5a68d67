"""What an engine delivers: which rows of which job, and nothing of an order."""

from typing import Any
from uuid import UUID

from attrs import frozen

VERSION = 1


@frozen
class Message:
    """The rows from `low` to `high` of a job: one chunk."""

    job: UUID
    low: int
    high: int

    def encode(self) -> dict[str, Any]:
        """As an engine stores it."""
        return {"v": VERSION, "job": str(self.job), "low": self.low, "high": self.high}


def decode(message: dict[str, Any]) -> Message:
    """Raises `ValueError` for the message of another release: its rows are delivered again by `sweep`."""
    if message.get("v") != VERSION:
        raise ValueError(f"a message of version {message.get('v')}; this klarna_om knows version {VERSION}")
    return Message(UUID(message["job"]), message["low"], message["high"])


def chunk_message(job: UUID, chunk: int, size: int) -> Message:
    """The message for a chunk, counted from 0."""
    return Message(job, chunk * size + 1, (chunk + 1) * size)
