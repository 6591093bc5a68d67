"""When an intent was first tried, as the shop wrote it down: the age of its key."""

from datetime import datetime

from klarna_om.keys import KEY_LIFETIME, Key

CLOCK_DIFFERENCE = 30.0
"""Seconds by which the clock of another machine may be ahead."""


def first_use_of(first_tried: datetime | None, now: float) -> float | None:
    """When the key was first used, in seconds since the epoch; None where Klarna has forgotten it, or nobody knows.

    Raises `ValueError` for a moment without a time zone, and for one in the future.
    """
    if first_tried is None:
        return None
    if first_tried.tzinfo is None:
        raise ValueError("first_tried must have a time zone, as datetime.now(UTC) has")
    moment = first_tried.timestamp()
    if moment > now + CLOCK_DIFFERENCE:
        raise ValueError(f"first_tried is in the future ({first_tried.isoformat()}); give the moment of the first try")
    return min(moment, now) if now < moment + KEY_LIFETIME else None


def key_with_age(key: str, first_use: float | None) -> Key:
    """The key with its age, so that no retry outlives it."""
    return Key(key, first_use)
