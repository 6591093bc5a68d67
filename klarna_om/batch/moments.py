"""Times for people: UTC, without the letters that machines want."""

from datetime import UTC, datetime


def show_moment(moment: str | datetime | None) -> str:
    """A time as the journal has it, to the second; empty where there is none."""
    if moment is None:
        return ""
    known = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{known.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
