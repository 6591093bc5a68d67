"""Whoever makes many calls can withdraw those that still wait for their place: nothing of them was sent."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from klarna_om.pace.deadlines import Deadlines
from klarna_om.send_check import check_before_send

waits: ContextVar[Deadlines | None] = ContextVar("klarna_om_waits", default=None)
"""What ends the wait of the call in this context; None for a call that is never withdrawn."""


@contextmanager
def can_be_withdrawn(deadlines: Deadlines) -> Generator[None, None, None]:
    """A call inside raises `QueueTimeout` when `deadlines` are closed before any of its requests is sent."""

    def keep() -> None:
        waits.set(None)  # something is sent, so the call is carried to its end

    started, check = waits.set(deadlines), check_before_send.set(keep)
    try:
        yield
    finally:
        check_before_send.reset(check)
        waits.reset(started)
