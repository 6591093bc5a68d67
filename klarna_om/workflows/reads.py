"""Reads around a write: one that fails never changes what is known of the write."""

from collections.abc import Awaitable
from typing import TypeVar

from klarna_om.errors import KlarnaError, NoAnswer, NotFound, StatusError, Unauthorized, UnreadableAnswer
from klarna_om.outcome import Outcome

T = TypeVar("T")

IN_DOUBT = (Outcome.UNKNOWN, Outcome.DONE)
"""After these outcomes the order is read: it may show what the answer did not."""


async def read_first(read: Awaitable[T]) -> T:
    """Read before anything is written.

    Where that fails, its error is raised with the outcome UNKNOWN: this call has written nothing, but an earlier one
    may have, in another process too. A 403 or 404 refused the read, not the write.
    """
    try:
        return await read
    except (NoAnswer, StatusError, UnreadableAnswer) as error:
        error.outcome = Outcome.UNKNOWN
        error.advice = f"this call wrote nothing, an earlier one may have: {_what_to_mend(error)}call again"
        raise


def _what_to_mend(error: KlarnaError) -> str:
    if isinstance(error, NotFound):
        return "check the order id, the environment and the region, then "
    return "correct the credentials, then " if isinstance(error, Unauthorized) else ""


async def read_back(write: KlarnaError, read: Awaitable[T]) -> T:
    """Read after a write that did not succeed. Where the read fails too, the write's own error is raised."""
    try:
        return await read
    except KlarnaError as failure:
        write.add_note(f"Reading back failed too: {failure}")
        raise write from failure
