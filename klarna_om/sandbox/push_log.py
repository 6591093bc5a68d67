"""The sandbox's log of what it sent to the merchant."""

from attrs import frozen

MAX_PUSHES = 20_000
"""How many are kept."""


@frozen(kw_only=True)
class SentPush:
    """One push or notification that was sent, and its answer."""

    kind: str
    """`push`, or `notification` for the end of a fraud review."""
    order_id: str
    url: str
    due: float
    """When Klarna's schedule has it, on the sandbox's clock, in seconds since the epoch."""
    time: float
    """When it was sent: later than `due` where the clock was set forward."""
    status: int | None
    """Of the answer; None where there was none in time."""
    duration: float
    """Seconds until the answer, or until the sandbox gave up."""
    error: str = ""
    """Why there was no answer."""
