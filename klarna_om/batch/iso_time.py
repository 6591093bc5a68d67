"""A time as journals and reports show it."""

from datetime import UTC, datetime


def to_iso(moment: datetime | None) -> str | None:
    """UTC, to the millisecond."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")
