"""Which job this is, and the keys that follow from it: they can be computed again after any crash."""

from uuid import UUID, uuid5

from attrs import frozen

NAMESPACE = UUID("3f6d5c1e-4b8e-5a57-9a63-7c0f2e9b1d84")

WINDOW = 1_000
"""So many rows share one stamp of when their keys were first used."""


@frozen
class Identity:
    """A job's identity, made once with its journal and on disk before anything is sent."""

    job_id: str
    operation: str

    def key(self, order_id: str, row: int, epoch: int) -> str:
        """The idempotency key of a row. It changes with the epoch, and with nothing else."""
        return str(uuid5(NAMESPACE, f"{self.job_id}/{order_id}/{self.operation}/{row}/{epoch}"))


def window_of(row: int) -> int:
    """The window that a row (from 1) belongs to."""
    return (row - 1) // WINDOW
